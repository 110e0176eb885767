/* SPDX-License-Identifier: BSD-2-Clause */
/* check_differ.c - servers whose plans differ: they see it, say so, and do not fight.
 *
 * Real engines on a perfect wire in virtual time (cluster.h), each with a file of its
 * own. A plan is written as one word for each address 10.77.0.1, .2, ...: its servers in
 * their order, or "-" for an address that this file does not have. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "vlbd/ctl.h"

enum { A, B, C, D, E, F, CONFS = 64 };

static struct cluster *cl;
static struct conf *confs[CONFS];
static unsigned made;
static const char *timing = "failback = 1s";

/* A file that knows SERVERS ("ABC") and has PLAN ("AB BA CA"). */
static const struct conf *
file_of(const char *servers, const char *plan)
{
	struct conf *conf = cluster_conf(6, timing, true);

	ck_assert_uint_lt(made, CONFS);
	conf->servers = 0;
	for (const char *at = servers; *at != '\0'; at++) {
		struct conf_server *server = &conf->server[conf->servers++];
		snprintf(server->name, sizeof(server->name), "%c", *at);
		server->mac[0] = cluster_mac((unsigned)(*at - 'A'));
		server->macs = 1;
	}
	conf->addresses = 0;
	for (unsigned number = 1; *plan != '\0'; number++) {
		size_t len = strcspn(plan, " ");
		struct conf_address *address = &conf->address[conf->addresses];
		if (*plan != '-') {
			conf->addresses++;
			address->ip = cluster_ip(number);
			address->tiers = (uint8_t)len;
			for (size_t t = 0; t < len; t++) {
				const char name[] = { plan[t], '\0' };
				address->server[t] =
				    (uint8_t)conf_server_by_name(conf, name);
			}
		}
		plan += len + (plan[len] != '\0');
	}
	confs[made++] = conf;
	return conf;
}

static void
reload(unsigned s, const struct conf *conf)
{
	const char name[] = { (char)('A' + s), '\0' };

	cluster_reload(cl, s, conf, (unsigned)conf_server_by_name(conf, name));
	cluster_run(cl, MS_NS);
}

/* The daemon was killed, and its successor has CONF. */
static void
restart(unsigned s, const struct conf *conf)
{
	struct cluster_server *server = &cl->server[s];
	const char name[] = { (char)('A' + s), '\0' };
	struct engine_self self = *engine_self(server->engine);

	self.server = (unsigned)conf_server_by_name(conf, name);
	cluster_kill(cl, s);
	server->memory = malloc(engine_size(conf));
	server->engine = engine_init(server->memory, conf, &self, cl->now_ns);
	for (unsigned a = 0; a < cl->conf->addresses; a++)
		if (server->has[a])
			engine_adopt(server->engine, &cl->conf->address[a].ip,
			    server->lease_ns[a], cl->now_ns);
	cluster_run(cl, MS_NS);
}

/* All addresses and servers that a story is about, and the file that all start with. */
static void
up(const struct conf *all, const struct conf *first)
{
	cl = cluster_new(6, NULL);
	free(cl->conf);
	cl->conf = malloc(sizeof(*cl->conf));
	*cl->conf = *all;
	for (unsigned s = 0; s < first->servers; s++) {
		cluster_start(cl, s);
		reload(s, first);
		cluster_run(cl, 13 * MS_NS);
	}
	cluster_run(cl, 5 * SEC_NS);
	cluster_forget(cl);
}

static void
down(void)
{
	if (cl != NULL)
		cluster_free(cl);
	cl = NULL;
	while (made > 0)
		free(confs[--made]);
	timing = "failback = 1s";
}

#define MAP(text) ck_assert_str_eq(cluster_map(cl), text)

static bool
sees_it(unsigned s, unsigned peer)
{
	return engine_view_peer(cl->server[s].engine, peer, cl->now_ns).plan_differs;
}

/* What vlbctl would show. */
static const char *
say(unsigned s, enum ctl_command command, bool json)
{
	static char text[20000];
	const struct ctl_request request = { .command = command, .json = json };
	const struct ctl_scene scene = {
		.engine = cl->server[s].engine,
		.version = "0",
		.cluster = "c",
		.now_ns = cl->now_ns,
	};

	ck_assert_uint_lt(ctl_answer(&scene, &request, text, sizeof(text)), sizeof(text));
	return text;
}

/* --- noticing ------------------------------------------------------------------------
 */

START_TEST(a_plan_that_differs_is_told_once_and_so_is_its_end)
{
	const struct conf *old = file_of("ABC", "ABC BCA CAB");
	const struct conf *new = file_of("ABC", "ACB BCA CAB");

	up(old, old);
	reload(B, new);
	cluster_run(cl, 10 * SEC_NS);
	MAP("ABC");
	for (unsigned s = A; s <= C; s++) {
		ck_assert_uint_eq(cluster_count_told(cl, s, REPORT_PLAN), s == B ? 2 : 1);
		for (unsigned peer = A; peer <= C; peer++)
			ck_assert_int_eq(
			    sees_it(s, peer), (s == B || peer == B) && s != peer);
		ck_assert_uint_eq(cluster_count_told(cl, s, REPORT_STATE), 0);
	}
	ck_assert_uint_gt(engine_counters(cl->server[A].engine)->plan_differs, 90);
	cluster_forget(cl);
	reload(B, old);
	cluster_run(cl, 10 * SEC_NS);
	for (unsigned s = A; s <= C; s++) {
		ck_assert_uint_eq(cluster_count_told(cl, s, REPORT_PLAN), s == B ? 2 : 1);
		for (unsigned peer = A; peer <= C; peer++)
			ck_assert(!sees_it(s, peer));
	}
}
END_TEST

START_TEST(a_new_plan_is_told_at_once)
{
	const struct conf *old = file_of("ABC", "ABC BCA CAB");

	up(old, old);
	cluster_run(cl, 7 * MS_NS);
	reload(B, file_of("ABC", "ACB BCA CAB"));
	ck_assert(sees_it(A, B));
	ck_assert(!sees_it(A, C));
}
END_TEST

START_TEST(a_peer_that_tells_no_plan_has_the_same)
{
	const struct conf *old = file_of("AB", "AB BA");
	struct arp hello = {
		.dst = mac_broadcast,
		.src = cluster_mac(B),
		.op = ARP_REPLY,
		.sha = cluster_mac(B),
		.spa = cluster_ip(2),
		.tha = mac_broadcast,
		.tpa = cluster_ip(99),
	};

	up(old, old);
	cluster_inject(cl, &hello);
	hello.note.present = true;
	cluster_inject(cl, &hello);
	ck_assert(!sees_it(A, B));
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_PLAN), 0);
	/* And from somebody else it means nothing. */
	hello.note.plan = 77;
	hello.src = hello.sha = (struct mac){ { 2, 0x66, 0, 0, 0, 1 } };
	cluster_inject(cl, &hello);
	ck_assert(!sees_it(A, B));
	hello.src = hello.sha = cluster_mac(B);
	cluster_inject(cl, &hello);
	ck_assert(sees_it(A, B));
	/* Nor is it known what somebody has who has said nothing yet. */
	reload(A, file_of("ABC", "AB BA"));
	hello.note.plan = 0;
	hello.src = hello.sha = cluster_mac(C);
	cluster_inject(cl, &hello);
	ck_assert(!sees_it(A, C));
	hello.src = hello.sha = cluster_mac(B);
	/* A liar is not told of with each lie. */
	for (unsigned i = 0; i < 100; i++) {
		hello.note.plan = i % 2 != 0 ? 77 : conf_digest(old);
		cluster_inject(cl, &hello);
	}
	ck_assert_uint_le(cluster_count_told(cl, A, REPORT_PLAN), 2);
}
END_TEST

START_TEST(the_dead_differ_no_longer)
{
	const struct conf *old = file_of("ABC", "ABC BCA CAB");

	up(old, old);
	reload(B, file_of("ABC", "ACB BCA CAB"));
	ck_assert(sees_it(A, B));
	cluster_crash(cl, B);
	cluster_run(cl, SEC_NS);
	ck_assert(!sees_it(A, B));
	MAP("ACC");
}
END_TEST

/* --- nobody takes away ---------------------------------------------------------------
 */

START_TEST(an_address_moves_when_both_have_the_new_file_whoever_is_first)
{
	const struct conf *old = file_of("ABC", "ABC BCA CAB");
	const struct conf *new = file_of("ABC", "BAC BCA CAB");
	unsigned first = _i == 0 ? A : B, second = _i == 0 ? B : A;

	up(old, old);
	reload(first, new);
	cluster_run(cl, 10 * SEC_NS);
	MAP("ABC");
	reload(second, new);
	cluster_run(cl, 3 * SEC_NS);
	MAP("BBC");
	/* C still has the old file, and sees no reason to do anything. */
	ck_assert_uint_eq(cluster_count_told(cl, C, REPORT_STATE), 0);
	reload(C, new);
	cluster_run(cl, 3 * SEC_NS);
	MAP("BBC");
}
END_TEST

START_TEST(nobody_takes_it_from_under_a_better_one_that_has_the_old_file)
{
	const struct conf *old = file_of("ABC", "ABC BCA CAB");
	const struct conf *new = file_of("ABC", "BCA BCA CAB");

	up(old, old);
	reload(A, new);
	reload(C, new);
	/* C is better than A now; but B will be better still. */
	cluster_run(cl, 10 * SEC_NS);
	MAP("ABC");
	reload(B, new);
	cluster_run(cl, 3 * SEC_NS);
	MAP("BBC");
	ck_assert_int_eq(cluster_state(cl, C, 1), WATCHING);
	/* It waited to return, and then B was there. */
	ck_assert_uint_eq(cluster_count_told(cl, C, REPORT_STATE), 2);
}
END_TEST

START_TEST(who_returns_waits_until_the_plans_agree)
{
	const struct conf *old = file_of("ABC", "ABC BCA CAB");
	const struct conf *new = file_of("ABC", "ABC BAC CAB");

	up(old, old);
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	MAP("BBC");
	reload(B, new);
	cluster_start(cl, A);
	reload(A, old);
	cluster_run(cl, 10 * SEC_NS);
	MAP("BBC");
	reload(A, new);
	cluster_run(cl, 3 * SEC_NS);
	MAP("ABC");
}
END_TEST

/* --- both serve ----------------------------------------------------------------------
 */

/* A and B cannot hear each other; then they can. */
static bool
between_a_and_b(struct cluster *cluster, unsigned from, int to, const struct arp *arp)
{
	(void)cluster, (void)arp;
	return (from == A && to == (int)B) || (from == B && to == (int)A);
}

START_TEST(of_two_that_both_serve_the_smaller_digest_gives_way_whatever_the_lists_say)
{
	/* Each sees itself as the better one, or the other. */
	const struct conf *mine[] = { file_of("AB", "AB AB"), file_of("AB", "BA AB") };
	const struct conf *a = mine[_i], *b = mine[1 - _i];
	bool b_wins = conf_digest(b) > conf_digest(a);

	up(a, a);
	cl->lose = between_a_and_b;
	cluster_run(cl, SEC_NS);
	reload(B, b);
	cluster_run(cl, SEC_NS);
	MAP("**");
	cl->lose = NULL;
	cluster_run(cl, SEC_NS);
	MAP(b_wins ? "BB" : "AA");
	cluster_forget(cl);
	cluster_run(cl, 10 * SEC_NS);
	MAP(b_wins ? "BB" : "AA");
	for (unsigned s = A; s <= B; s++) {
		ck_assert_uint_eq(cluster_count_told(cl, s, REPORT_STATE), 0);
		ck_assert_uint_eq(cluster_count_told(cl, s, REPORT_CONFLICT), 0);
	}
	reload(A, b);
	cluster_run(cl, 3 * SEC_NS);
	MAP(_i == 0 ? "BA" : "AA");
}
END_TEST

/* The loser leaves as if it had been asked to, and may take part again later. */
START_TEST(who_serves_unlisted_and_loses_lets_go_for_good)
{
	const struct conf *all = file_of("ABC", "ABC BCA CAB");
	const struct conf *without = file_of("ABC", "BC BCA CAB");

	up(all, all);
	reload(A, without);
	cluster_run(cl, 5 * SEC_NS);
	MAP("ABC");
	ck_assert_int_eq(engine_view_address(cl->server[A].engine, 0).tier, CONF_NONE);
	/* C loses sight of A. */
	struct arp claim = {
		.dst = mac_broadcast,
		.src = cluster_mac(C),
		.op = ARP_REQUEST,
		.sha = cluster_mac(C),
		.spa = cluster_ip(1),
		.tpa = cluster_ip(1),
		.note = { .present = true, .plan = UINT64_C(0x00ffffffffffffff) },
	};
	cluster_inject(cl, &claim);
	MAP("-BC");
	cluster_run(cl, 5 * SEC_NS);
	reload(A, all);
	cluster_run(cl, 5 * SEC_NS);
	MAP("ABC");
}
END_TEST

/* B's file does not know G's like: here F. To B it is a stranger, to whom nobody yields.
 */
START_TEST(who_is_not_known_to_the_other_gives_way)
{
	const struct conf *five = file_of("ABCDE", "AB BA CD DE EA");
	const struct conf *six = file_of("ABCDEF", "FB FA CD DE EA");

	/* By the digests, F would stay. */
	if (conf_digest(six) < conf_digest(five))
		six = file_of("ABCDEF", "FB FA CD DE ED");
	ck_assert_uint_gt(conf_digest(six), conf_digest(five));
	up(six, five);
	MAP("ABCDE");
	cluster_start(cl, F);
	cluster_run(cl, 5 * SEC_NS);
	MAP("ABCDE"); /* F knows them, and that they differ */
	reload(A, six);
	cluster_run(cl, 3 * SEC_NS);
	MAP("FBCDE");
	cluster_crash(cl, A);
	cluster_run(cl, 3 * SEC_NS);
	/* It tried. */
	ck_assert_uint_gt(cluster_count_told(cl, F, REPORT_CONFLICT), 0);
	ck_assert_uint_gt(cluster_count_told(cl, F, REPORT_UNHEARD), 0);
	MAP("BBCDE");
	cluster_forget(cl);
	cluster_run(cl, 5 * SEC_NS);
	ck_assert_uint_eq(cluster_count_told(cl, F, REPORT_STATE), 0);
	ck_assert_uint_eq(cluster_count_told(cl, B, REPORT_FOREIGN), 0);
	for (unsigned s = B; s <= E; s++)
		reload(s, six);
	cluster_run(cl, 3 * SEC_NS);
	MAP("FFCDE");
}
END_TEST

/* Whatever the digests: health comes first. */
START_TEST(an_unhealthy_server_is_relieved_all_the_same)
{
	timing = "failback = 1s; check = web";
	const struct conf *mine[] = { file_of("ABC", "ABC BCA CAB"),
		file_of("ABC", "ABC BAC CAB") };
	const struct conf *a = mine[_i], *b = mine[1 - _i];

	up(a, a);
	reload(B, b);
	cluster_run(cl, 3 * SEC_NS);
	MAP("ABC");
	cl->server[A].sick = true;
	cluster_run(cl, 30 * SEC_NS);
	MAP("BBC");
	cluster_forget(cl);
	cl->server[A].sick = false;
	cluster_run(cl, 30 * SEC_NS);
	MAP("BBC"); /* once well, A waits for the plans */
	for (unsigned s = A; s <= C; s++)
		ck_assert_uint_eq(cluster_count_told(cl, s, REPORT_CONFLICT), 0);
	reload(B, a);
	cluster_run(cl, 3 * SEC_NS);
	MAP("ABC");
}
END_TEST

/* --- lists that self is no longer in -------------------------------------------------
 */

START_TEST(who_is_no_longer_listed_serves_until_somebody_listed_claims_it)
{
	const struct conf *old = file_of("ABC", "AB BC CA");
	const struct conf *new = file_of("ABC", "CB BC CA");

	up(old, old);
	reload(A, new);
	for (unsigned i = 0; i < 100; i++) {
		cluster_run(cl, 100 * MS_NS);
		MAP("ABC");
	}
	cluster_solicit(cl, 1);
	ck_assert_uint_gt(cluster_count_sent(cl, A, FRAME_ANSWER), 0);
	ck_assert_ptr_nonnull(strstr(say(A, CTL_ADDRESSES, true),
	    "{\"address\":\"10.77.0.1\",\"tier\":null,"
	    "\"state\":\"CLAIMED\""));
	ck_assert_ptr_nonnull(strstr(say(A, CTL_ADDRESSES, false),
	    "10.77.0.1       A               - CLAIMED   yes "));
	ck_assert_ptr_nonnull(
	    strstr(say(A, CTL_STATUS, false), "plan differs at 2 peers"));
	ck_assert_ptr_nonnull(strstr(say(A, CTL_PEERS, false), "plan differs"));
	ck_assert_ptr_nonnull(strstr(say(A, CTL_PEERS, true), "\"plan_differs\":true"));
	reload(C, new);
	cluster_run(cl, 3 * SEC_NS);
	MAP("CBC");
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'C');
	reload(B, new);
	cluster_run(cl, 3 * SEC_NS);
	MAP("CBC");
}
END_TEST

START_TEST(when_the_plans_agree_it_is_handed_over)
{
	const struct conf *old = file_of("ABC", "AB BC CA");
	const struct conf *new = file_of("ABC", "CB BC CA");

	up(old, old);
	reload(C, new);
	reload(B, new);
	cluster_run(cl, 3 * SEC_NS);
	MAP("ABC");
	reload(A, new);
	cluster_run(cl, 100 * MS_NS);
	MAP("CBC"); /* at once, without the failback delay */
}
END_TEST

/* Not kept, as by a reload: its successor cannot know whose it is now. */
START_TEST(a_restart_with_the_new_file_releases_what_it_leaves)
{
	const struct conf *old = file_of("ABC", "AB BC CA");
	const struct conf *new = file_of("ABC", "CB BC CA");

	up(old, old);
	restart(A, new);
	MAP("BBC");
	restart(B, new);
	cluster_run(cl, 3 * SEC_NS);
	MAP("BBC"); /* as the secondary */
	restart(C, new);
	cluster_run(cl, 3 * SEC_NS);
	MAP("CBC");
}
END_TEST

/* They say nothing of their own accord, so nobody waits for them to agree. */
START_TEST(passive_servers_go_by_their_files)
{
	timing = "hello = off; failback = 1s";
	const struct conf *old = file_of("ABC", "AB BC CA");
	const struct conf *new = file_of("ABC", "BC CB CA");

	up(old, old);
	MAP("ABC");
	reload(A, new);
	MAP("BBC"); /* released */
	reload(B, new);
	reload(C, new);
	cluster_run(cl, 5 * SEC_NS);
	MAP("BCC");
	cluster_run(cl, 100 * SEC_NS);
	MAP("BCC");
}
END_TEST

START_TEST(the_last_one_with_another_plan_dies)
{
	const struct conf *old = file_of("ABC", "AB BC CA");
	const struct conf *new = file_of("ABC", "CB BC CA");

	up(old, old);
	reload(A, new);
	reload(B, new);
	cluster_run(cl, 3 * SEC_NS);
	MAP("ABC");
	cluster_crash(cl, C);
	cluster_run(cl, SEC_NS);
	MAP("BBA");
}
END_TEST

/* A knows of B that it served the address, not that it gave way to C. */
START_TEST(who_was_heard_last_is_who_serves)
{
	const struct conf *old = file_of("ABC", "BCA BCA CAB");
	const struct conf *new = file_of("ABC", "CA BCA CAB");

	up(old, old);
	reload(B, new);
	reload(C, new);
	cluster_run(cl, 3 * SEC_NS);
	MAP("CBC");
	cluster_crash(cl, C);
	cluster_run(cl, 2 * SEC_NS);
	MAP("ABA");
}
END_TEST

START_TEST(a_drained_server_asks_those_too_whose_files_may_list_them)
{
	const struct conf *old = file_of("ABC", "AC BC CA");

	up(old, old);
	reload(A, file_of("ABC", "AB BC CA"));
	cluster_run(cl, SEC_NS);
	cluster_admin(cl, A, ADMIN_DRAIN);
	cluster_run(cl, 20 * MS_NS);
	MAP("CBC");
}
END_TEST

START_TEST(a_removed_address_is_served_as_long_as_anybodys_file_has_it)
{
	const struct conf *old = file_of("ABC", "ABC BCA CAB");
	const struct conf *new = file_of("ABC", "- BCA CAB");

	up(old, old);
	reload(A, new);
	cluster_run(cl, 10 * MS_NS);
	MAP("BBC");
	reload(B, new);
	cluster_run(cl, 500 * MS_NS);
	MAP("CBC");
	reload(C, new);
	cluster_run(cl, 10 * MS_NS);
	MAP("-BC");
}
END_TEST

START_TEST(an_added_address_is_served_as_soon_as_anybodys_file_has_it)
{
	const struct conf *old = file_of("ABC", "- BCA CAB");
	const struct conf *new = file_of("ABC", "ABC BCA CAB");

	up(new, old);
	MAP("-BC");
	reload(C, new);
	cluster_run(cl, 2 * SEC_NS);
	MAP("CBC");
	reload(B, new);
	cluster_run(cl, 3 * SEC_NS);
	MAP("CBC"); /* A may want it */
	reload(A, new);
	cluster_run(cl, 3 * SEC_NS);
	MAP("ABC");
}
END_TEST

/* A reload may give up more than a small new file has room for. */
START_TEST(a_large_file_makes_way_for_a_small_one)
{
	const struct conf *small = file_of("AB", "AB");
	struct conf *large = malloc(sizeof(*large));

	*large = *small;
	confs[made++] = large;
	large->addresses = 2000;
	for (unsigned a = 0; a < large->addresses; a++) {
		large->address[a] = small->address[0];
		large->address[a].ip = cluster_ip(a + 1);
	}
	up(large, large);
	ck_assert_int_eq(cluster_holder(cl, 2000), 'A');
	reload(A, small);
	reload(B, small);
	cluster_run(cl, 3 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
	for (unsigned n = 2; n <= 2000; n++)
		ck_assert_int_eq(cluster_holder(cl, n), '-');
}
END_TEST

/* --- any change, in any order --------------------------------------------------------
 */

static unsigned dice;

static unsigned throw(unsigned below)
{
	dice = dice * 1103515245u + 12345u;
	return (dice >> 16) % below;
}

enum { ROLL_SERVERS = 5, ROLL_ADDRESSES = 8 };

/* Lists of TIERS servers, in any order. */
static const struct conf *
any_file(unsigned tiers)
{
	char plan[128] = "";
	size_t len = 0;

	for (unsigned a = 0; a < ROLL_ADDRESSES; a++) {
		char list[] = "ABCDE";
		for (unsigned i = 0; i < tiers; i++) {
			unsigned j = i + throw(ROLL_SERVERS - i);
			char swap = list[i];
			list[i] = list[j];
			list[j] = swap;
		}
		len += (size_t)snprintf(plan + len, sizeof(plan) - len, "%s%.*s",
		    a > 0 ? " " : "", (int)tiers, list);
	}
	return file_of("ABCDE", plan);
}

static char
best(const struct conf *conf, unsigned a)
{
	return (char)('A' + conf->address[a].server[0]);
}

/* Every address is answered for all the time, by one server, moves once at most, and is
 * in its place in the end. */
START_TEST(a_rolling_change_moves_each_address_once)
{
	char was[ROLL_ADDRESSES];
	unsigned moves[ROLL_ADDRESSES] = { 0 };
	char order[] = "ABCDE";

	dice = (unsigned)_i;
	unsigned tiers = 2 + throw(4);
	const struct conf *old = any_file(tiers), *new = any_file(2 + throw(4));
	up(old, old);
	cluster_run(cl, 181 * SEC_NS); /* what moved at the start is forgotten */
	for (unsigned a = 0; a < ROLL_ADDRESSES; a++)
		was[a] = best(old, a);
	for (unsigned step = 0; step < ROLL_SERVERS; step++) {
		unsigned pick = step + throw(ROLL_SERVERS - step);
		char name = order[pick];
		order[pick] = order[step];
		reload((unsigned)(name - 'A'), new);
		unsigned looks = throw(2) != 0 ? 600 : throw(30);
		if (step == ROLL_SERVERS - 1)
			looks = 800;
		for (unsigned look = 0; look < looks; look++) {
			for (unsigned a = 0; a < ROLL_ADDRESSES; a++) {
				char is = cluster_holder(cl, a + 1);
				ck_assert_msg(is >= 'A', "%u: .%u has %c, step %u at %u",
				    _i, a + 1, is, step, look);
				moves[a] += is != was[a];
				was[a] = is;
			}
			cluster_run(cl, 5 * MS_NS);
		}
	}
	for (unsigned a = 0; a < ROLL_ADDRESSES; a++) {
		ck_assert_msg(was[a] == best(new, a), "%u: .%u is at %c, not %c", _i,
		    a + 1, was[a], best(new, a));
		ck_assert_msg(
		    moves[a] <= 1, "%u: .%u moved %u times", _i, a + 1, moves[a]);
	}
}
END_TEST

/* The best server of the list that lives; '-': nobody. */
static char
best_but(const struct conf *conf, unsigned a, char dead)
{
	for (unsigned t = 0; t < conf->address[a].tiers; t++)
		if ('A' + conf->address[a].server[t] != dead)
			return (char)('A' + conf->address[a].server[t]);
	return '-';
}

/* Whenever it happens: in the end everything is in its place, and nobody fights. */
START_TEST(a_death_during_a_rolling_change_is_mended)
{
	char order[] = "ABCDE";

	dice = 1000 + (unsigned)_i;
	const struct conf *old = any_file(2 + throw(4)), *new = any_file(2 + throw(4));
	unsigned when = throw(ROLL_SERVERS);
	char dead = (char)('A' + throw(ROLL_SERVERS));
	up(old, old);
	cluster_run(cl, 181 * SEC_NS);
	for (unsigned step = 0; step < ROLL_SERVERS; step++) {
		unsigned pick = step + throw(ROLL_SERVERS - step);
		char name = order[pick];
		order[pick] = order[step];
		if (step == when)
			cluster_crash(cl, (unsigned)(dead - 'A'));
		if (name != dead || step < when)
			reload((unsigned)(name - 'A'), new);
		cluster_run(cl, throw(2000) * MS_NS);
	}
	cluster_run(cl, 5 * SEC_NS);
	for (unsigned look = 0; look < 50; look++) {
		for (unsigned a = 0; a < ROLL_ADDRESSES; a++)
			ck_assert_msg(cluster_holder(cl, a + 1) == best_but(new, a, dead),
			    "%u: .%u is at %c, not %c", _i, a + 1,
			    cluster_holder(cl, a + 1), best_but(new, a, dead));
		cluster_run(cl, 20 * MS_NS);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("differ");
	TCase *tc = tcase_create("stories");

	tcase_set_timeout(tc, 60); /* sanitizers and valgrind are slow */
	tcase_add_checked_fixture(tc, NULL, down);
	tcase_add_test(tc, a_plan_that_differs_is_told_once_and_so_is_its_end);
	tcase_add_test(tc, a_new_plan_is_told_at_once);
	tcase_add_test(tc, a_peer_that_tells_no_plan_has_the_same);
	tcase_add_test(tc, the_dead_differ_no_longer);
	tcase_add_loop_test(
	    tc, an_address_moves_when_both_have_the_new_file_whoever_is_first, 0, 2);
	tcase_add_test(tc, nobody_takes_it_from_under_a_better_one_that_has_the_old_file);
	tcase_add_test(tc, who_returns_waits_until_the_plans_agree);
	tcase_add_loop_test(tc,
	    of_two_that_both_serve_the_smaller_digest_gives_way_whatever_the_lists_say, 0,
	    2);
	tcase_add_loop_test(tc, an_unhealthy_server_is_relieved_all_the_same, 0, 2);
	tcase_add_test(tc, who_serves_unlisted_and_loses_lets_go_for_good);
	tcase_add_test(tc, who_is_not_known_to_the_other_gives_way);
	tcase_add_test(
	    tc, who_is_no_longer_listed_serves_until_somebody_listed_claims_it);
	tcase_add_test(tc, when_the_plans_agree_it_is_handed_over);
	tcase_add_test(tc, a_restart_with_the_new_file_releases_what_it_leaves);
	tcase_add_test(tc, passive_servers_go_by_their_files);
	tcase_add_test(tc, the_last_one_with_another_plan_dies);
	tcase_add_test(tc, who_was_heard_last_is_who_serves);
	tcase_add_test(tc, a_drained_server_asks_those_too_whose_files_may_list_them);
	tcase_add_test(tc, a_removed_address_is_served_as_long_as_anybodys_file_has_it);
	tcase_add_test(tc, an_added_address_is_served_as_soon_as_anybodys_file_has_it);
	tcase_add_test(tc, a_large_file_makes_way_for_a_small_one);
	tcase_add_loop_test(tc, a_rolling_change_moves_each_address_once, 0, 40);
	tcase_add_loop_test(tc, a_death_during_a_rolling_change_is_mended, 0, 40);
	suite_add_tcase(suite, tc);

	SRunner *runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT); /* the TAP carries the verdict */
	srunner_free(runner);
	return 0;
}
