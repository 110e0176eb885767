/* SPDX-License-Identifier: BSD-2-Clause */
/* check_rules.c - rules that show seldom: what a mutant of the core has shown nobody else
 * to watch over (tests/mutants). Each is a story on a perfect wire, as in check_engine.c.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "vlbd/holding.h"

enum { A, B, C, D, E, F };

static struct cluster *cl;

static void
up(unsigned servers, const char *timing)
{
	cl = cluster_new(servers, timing);
	cluster_start_all(cl);
	cluster_forget(cl);
}

static void
down(void)
{
	if (cl != NULL)
		cluster_free(cl);
	cl = NULL;
}

static void
inject_claim(unsigned server, unsigned number)
{
	struct arp claim = {
		.dst = mac_broadcast,
		.src = cluster_mac(server),
		.op = ARP_REQUEST,
		.sha = cluster_mac(server),
		.spa = cluster_ip(number),
		.tpa = cluster_ip(number),
	};

	cluster_inject(cl, &claim);
}

static unsigned
probes_to(unsigned from, unsigned to)
{
	struct mac mac = cluster_mac(to);
	unsigned count = 0;

	for (unsigned i = 0; i < cl->sents; i++)
		count += cl->sent[i].from == from && cl->sent[i].frame == FRAME_PROBE &&
			 mac_equal(&cl->sent[i].arp.dst, &mac);
	return count;
}

/* SERVER was CLAIMED of 10.77.0.NUMBER, be it for a moment. */
static bool
has_claimed(unsigned server, unsigned number)
{
	struct ip ip = cluster_ip(number);

	for (unsigned i = 0; i < cl->tolds; i++)
		if (cl->told[i].from == server &&
		    cl->told[i].report.kind == REPORT_STATE &&
		    cl->told[i].report.to == CLAIMED &&
		    ip_equal(&cl->told[i].report.ip, &ip))
			return true;
	return false;
}

/* CONF, in which it has the index SELF, takes the place of what SERVER has read. */
static void
reload_as(unsigned server, struct conf *conf, unsigned self_index)
{
	cluster_reload(cl, server, conf, self_index);
	cluster_run(cl, MS_NS);
}

static void
reload(unsigned server, struct conf *conf)
{
	reload_as(server, conf, server);
}

/* --- who is quiet ------------------------------------------------------------------- */

START_TEST(a_drained_server_does_not_say_that_it_is_there)
{
	up(3, NULL);
	cluster_admin(cl, A, ADMIN_DRAIN);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(engine_standing(cl->server[A].engine), STANDING_DRAINED);
	cluster_forget(cl);
	cluster_run(cl, SEC_NS);
	/* It would be waited for by those who are further down. */
	ck_assert_uint_eq(cluster_count_sent(cl, A, FRAME_HELLO), 0);
}
END_TEST

START_TEST(an_isolated_server_that_serves_nothing_does_not_either)
{
	up(3, "failback = 60s");
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	cluster_start(cl, A); /* and waits */
	cluster_run(cl, SEC_NS);
	ck_assert_uint_gt(cluster_count_sent(cl, A, FRAME_HELLO), 0);
	cl->server[A].deaf = true;
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(engine_standing(cl->server[A].engine), STANDING_ISOLATED);
	cluster_forget(cl);
	cluster_run(cl, SEC_NS);
	ck_assert_uint_eq(cluster_count_sent(cl, A, FRAME_HELLO), 0);
}
END_TEST

START_TEST(what_is_not_in_the_kernel_yet_is_neither_answered_for_nor_defended)
{
	up(3, NULL);
	cl->server[B].hold_results = true;
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_state(cl, B, 1), CLAIMED);
	cluster_solicit(cl, 1);
	inject_claim(C, 1); /* a worse tier */
	cluster_run(cl, MS_NS);
	ck_assert_uint_eq(cluster_count_sent(cl, B, FRAME_ANSWER), 0);
	ck_assert_uint_eq(cluster_count_sent(cl, B, FRAME_CLAIM), 0);
}
END_TEST

/* --- after a conflict ----------------------------------------------------------------
 */

START_TEST(a_hold_down_lasts_two_hellos)
{
	up(6, NULL);
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	inject_claim(A, 1); /* and then is gone again */
	cluster_run(cl, 150 * MS_NS);
	ck_assert_int_eq(cluster_state(cl, B, 1), RELEASED);
	cluster_run(cl, 60 * MS_NS);
	ck_assert_int_ne(cluster_state(cl, B, 1), RELEASED);
}
END_TEST

START_TEST(who_yields_knows_the_owner)
{
	up(6, NULL);
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	inject_claim(A, 1);
	ck_assert_int_eq(
	    engine_view_address(cl->server[B].engine, cluster_address(cl, 1)).owner, A);
}
END_TEST

START_TEST(what_could_not_be_removed_is_announced_when_it_is_claimed_again)
{
	up(6, NULL);
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	cl->server[B].fail = 1;
	inject_claim(A, 1); /* and then is gone again */
	cluster_forget(cl);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_state(cl, B, 1), CLAIMED);
	ck_assert(cl->server[B].has[cluster_address(cl, 1)]);
	ck_assert_uint_gt(cluster_count_sent(cl, B, FRAME_CLAIM), 0);
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'B');
}
END_TEST

static bool
a_and_b_apart(struct cluster *cluster, unsigned from, int to, const struct arp *arp)
{
	(void)cluster, (void)arp;
	return (from == A && to == B) || (from == B && to == A);
}

static bool
router_misses_strangers(
    struct cluster *cluster, unsigned from, int to, const struct arp *arp)
{
	(void)cluster, (void)arp;
	return from >= CLUSTER_SERVERS && to < 0;
}

START_TEST(who_yields_asks_the_winner_to_speak_last)
{
	up(6, NULL);
	cl->lose = a_and_b_apart;
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), '*');
	cl->router_entry[cluster_address(cl, 1)] = cluster_mac(B); /* the last to speak */
	cl->lose = router_misses_strangers;
	cluster_forget(cl);
	inject_claim(A, 1);
	cluster_run(cl, MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'A');
	ck_assert_uint_gt(cluster_count_sent(cl, B, FRAME_RELEASE), 0);
}
END_TEST

/* --- a handover that loses frames ----------------------------------------------------
 */

static bool
nothing_of_b(struct cluster *cluster, unsigned from, int to, const struct arp *arp)
{
	(void)cluster, (void)arp;
	return from == B && to == A;
}

START_TEST(a_release_that_is_heard_again_is_answered_with_a_claim)
{
	up(6, NULL);
	cl->lose = nothing_of_b;
	cluster_admin(cl, A, ADMIN_DRAIN);
	ck_assert_int_eq(cluster_holder(cl, 1), '*');
	cl->lose = NULL;
	cluster_run(cl, 60 * MS_NS); /* long before B's next hello of this address */
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
}
END_TEST

START_TEST(who_left_once_is_waited_for_again_when_it_is_back)
{
	up(3, "failback = 0s");
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	cluster_admin(cl, C, ADMIN_DRAIN); /* it had 2 (A, C, B), and B has it now */
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 2), 'B');
	cluster_start(cl, A);
	cluster_run(cl, SEC_NS);
	cluster_admin(cl, C, ADMIN_RESUME);
	cluster_run(cl, SEC_NS);
	ck_assert_str_eq(cluster_map(cl), "AABBCC");
	cluster_forget(cl);
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 2), 'C');
	ck_assert(!has_claimed(B, 2));
}
END_TEST

START_TEST(a_release_is_not_believed_against_a_silent_holder)
{
	up(3, NULL);
	unsigned a = cluster_address(cl, 1);
	/* C has had it in spite of A, and hangs. */
	cluster_freeze(cl, C);
	cl->server[C].has[a] = true;
	cl->server[C].lease_ns[a] = UINT64_MAX;
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(
	    engine_view_peer(cl->server[B].engine, C, cl->now_ns).state, PEER_SUSPECT);
	cluster_admin(cl, A, ADMIN_DRAIN);
	cluster_run(cl, 100 * MS_NS);
	ck_assert(!cl->server[B].has[a]);
	ck_assert_int_ne(cluster_state(cl, B, 1), CLAIMED);
}
END_TEST

START_TEST(a_release_heard_while_listening_is_checked)
{
	up(3, "failback = 0s");
	cluster_crash(cl, C);
	cluster_run(cl, SEC_NS);
	cluster_start(cl, C);
	cluster_run(cl, 60 * MS_NS);
	ck_assert_int_eq(engine_standing(cl->server[C].engine), STANDING_STARTING);
	cl->server[B].deaf = true; /* so that nobody else takes it */
	cluster_admin(cl, A, ADMIN_DRAIN);
	cluster_forget(cl);
	while (engine_standing(cl->server[C].engine) == STANDING_STARTING)
		cluster_run(cl, MS_NS);
	/* The list of 2 is A, C, B. */
	ck_assert_int_ne(cluster_state(cl, C, 2), CLAIMED);
	cluster_run(cl, 100 * MS_NS);
	ck_assert_uint_gt(probes_to(C, B), 0);
	ck_assert_int_eq(cluster_holder(cl, 2), 'C');
}
END_TEST

/* --- what proves a death --------------------------------------------------------------
 */

START_TEST(a_question_that_only_the_deaf_have_asked_proves_nothing)
{
	up(6, "answer_timeout = 100ms");
	cluster_freeze(cl, A);
	cluster_run(cl, 10 * MS_NS);
	cluster_solicit(cl, 1);
	cl->server[B].deaf = true;
	/* It asks after 100 ms, and is known to be cut off after 175 only. */
	for (unsigned i = 0; i < 100; i++) {
		cluster_run(cl, 10 * MS_NS);
		ck_assert_int_eq(cluster_holder(cl, 1), 'A');
	}
}
END_TEST

START_TEST(who_hears_again_buries_nobody_at_once)
{
	up(6, NULL);
	cl->server[A].deaf = true; /* in vain it asks everybody */
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(engine_standing(cl->server[A].engine), STANDING_ISOLATED);
	cluster_forget(cl);
	cl->server[A].deaf = false;
	cluster_run(cl, SEC_NS);
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_STATE), 0);
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_PEER), 0);
}
END_TEST

START_TEST(an_idle_peer_that_hangs_is_suspect_not_dead)
{
	up(3, "failback = 60s");
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	cluster_start(cl, A); /* and waits, serving nothing */
	cluster_run(cl, SEC_NS);
	cluster_freeze(cl, A);
	cluster_run(cl, 2 * SEC_NS);
	ck_assert_int_eq(
	    engine_view_peer(cl->server[B].engine, A, cl->now_ns).state, PEER_SUSPECT);
}
END_TEST

START_TEST(a_burst_asks_for_one_address_after_another)
{
	bool asked[31] = { false };

	up(6, NULL);
	cluster_crash(cl, B);
	cluster_run(cl, 200 * MS_NS);
	for (unsigned i = 0; i < cl->sents; i++)
		if (cl->sent[i].from == C && cl->sent[i].frame == FRAME_PROBE)
			asked[ip_v4_value(&cl->sent[i].arp.tpa) & 0xff] = true;
	for (unsigned n = 6; n <= 10; n++)
		ck_assert(asked[n]);
}
END_TEST

START_TEST(a_sleep_is_not_taken_for_silence)
{
	up(6, "lease = off");
	cluster_freeze(cl, A); /* for longer than a deaf server may keep what it has */
	cluster_run(cl, 20 * SEC_NS);
	cl->server[A].ringed = 0; /* old news, which a late daemon throws away */
	cluster_thaw(cl, A);
	cluster_run(cl, 2 * SEC_NS);
	ck_assert_str_eq(cluster_map(cl), "AAAAABBBBBCCCCCDDDDDEEEEEFFFFF");
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_STATE), 0);
}
END_TEST

START_TEST(who_was_away_does_not_believe_what_it_knew)
{
	up(3, "failback = 0s");
	cluster_crash(cl, C);
	cluster_run(cl, SEC_NS);
	cluster_link(cl, B, false);
	cluster_admin(cl, A, ADMIN_DRAIN);
	cluster_run(cl, 3 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), '-');
	/* A lives, and its kernel answers, but not for 1. */
	cluster_link(cl, B, true);
	cluster_run(cl, 2 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
}
END_TEST

START_TEST(who_sleeps_past_its_lease_again_and_again_waits_longer)
{
	up(6, "failback = 2s; max_moves = off");
	for (unsigned wait_s = 2, turn = 0; turn < 3; turn++, wait_s *= 2) {
		cluster_freeze(cl, A);
		cluster_run(cl, 6 * SEC_NS);
		cluster_thaw(cl, A);
		cluster_run(cl, wait_s * SEC_NS);
		ck_assert_int_eq(cluster_holder(cl, 1), 'B');
		cluster_run(cl, SEC_NS);
		ck_assert_int_eq(cluster_holder(cl, 1), 'A');
	}
}
END_TEST

static bool
nothing_of_a(struct cluster *cluster, unsigned from, int to, const struct arp *arp)
{
	(void)cluster, (void)arp;
	return from == A && to == C;
}

START_TEST(the_buried_are_asked_too_before_a_claim)
{
	up(3, "failback = 0s");
	cluster_crash(cl, C);
	cluster_run(cl, SEC_NS);
	cl->lose = nothing_of_a;
	cluster_start(cl, C);
	while (engine_view_peer(cl->server[C].engine, A, cl->now_ns).state != PEER_DEAD)
		cluster_run(cl, MS_NS);
	cl->lose = NULL; /* it was loss */
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 2), 'A');
	ck_assert(!has_claimed(C, 2));
}
END_TEST

/* Of five probes the first four are lost. */
static bool
four_of_five(struct cluster *cluster, unsigned from, int to, const struct arp *arp)
{
	static unsigned count;
	bool probe = from == B && to == A && arp->op == ARP_REQUEST &&
		     mac_equal(&arp->dst, &(struct mac){ { 2, 0, 0, 0, 0, A + 1 } });

	(void)cluster;
	return probe && count++ % 5 != 4;
}

START_TEST(where_probes_are_lost_a_burst_is_longer)
{
	up(6, "lease = off");
	cluster_crash(cl, C);
	cluster_run(cl, 174 * MS_NS);
	unsigned usual = probes_to(B, C);
	cluster_freeze(cl, A); /* it is asked again and again, and answers */
	cl->lose = four_of_five;
	cluster_run(cl, 20 * SEC_NS);
	cl->lose = NULL;
	cluster_forget(cl);
	cluster_crash(cl, D);
	cluster_run(cl, SEC_NS);
	ck_assert_uint_ge(probes_to(B, D), 2 * usual);
	ck_assert_int_eq(
	    engine_view_peer(cl->server[B].engine, D, cl->now_ns).state, PEER_DEAD);
}
END_TEST

/* --- routers and kernels ------------------------------------------------------------ */

START_TEST(a_router_that_moved_is_told_at_once_what_it_has_not_confirmed)
{
	up(6, NULL);
	cl->router_down = true;
	cluster_crash(cl, A);
	cluster_run(cl, 5 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'A');
	cl->router_down = false; /* another one, in its place */
	cl->router_mac.byte[5] = 0xfd;
	cluster_solicit(cl, 6);
	cluster_run(cl, MS_NS);
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'B');
}
END_TEST

START_TEST(an_answer_to_the_first_broadcast_confirms_nothing)
{
	cl = cluster_new(6, NULL);
	cl->router_down = true; /* a switch answers in its place */
	cluster_start(cl, A);
	struct arp answer = {
		.dst = cluster_mac(A),
		.src = cl->router_mac,
		.op = ARP_REPLY,
		.sha = cl->router_mac,
		.spa = cl->conf->router[0],
		.tha = cluster_mac(A),
		.tpa = cluster_ip(1),
	};
	struct arp word = answer;
	word.sha = word.src = cluster_mac(F);
	word.dst = word.tha = mac_broadcast;
	word.spa = cluster_ip(26);
	word.tpa = answer.spa;
	for (unsigned i = 0; i < 10; i++) { /* so that A hears something */
		cluster_inject(cl, &word);
		cluster_run(cl, 50 * MS_NS);
	}
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
	unsigned a = cluster_address(cl, 1);
	cluster_inject(cl, &answer);
	ck_assert(!engine_view_address(cl->server[A].engine, a).confirmed);
	cluster_inject(cl, &answer); /* now it knows whom to ask, and did */
	ck_assert(engine_view_address(cl->server[A].engine, a).confirmed);
}
END_TEST

START_TEST(after_a_renewal_that_came_too_late_it_listens)
{
	up(6, NULL);
	struct ip ip = cluster_ip(1);
	cl->server[A].hold_results = true;
	cluster_run(cl, 1500 * MS_NS); /* renewals are asked for, and hang */
	cl->server[A].hold_results = false;
	engine_done(
	    cl->server[A].engine, HOLDING_RENEW, &ip, 0, cl->now_ns + 10 * SEC_NS);
	ck_assert_int_eq(engine_standing(cl->server[A].engine), STANDING_STARTING);
}
END_TEST

START_TEST(a_lease_ends_before_the_kernel_may_end_it)
{
	struct holding holding;

	holding_init(&holding);
	holding.want = true;
	ck_assert_int_eq(holding_next(&holding, SEC_NS), HOLDING_ADD);
	holding_done(&holding, HOLDING_ADD, true, SEC_NS, 5 * SEC_NS);
	/* 23 ms early were seen. */
	ck_assert(holding_lapsed(&holding, 6 * SEC_NS - 23 * MS_NS));
	ck_assert(!holding_lapsed(&holding, 6 * SEC_NS - 100 * MS_NS));
}
END_TEST

START_TEST(all_leases_of_a_server_end_together)
{
	up(6, NULL);
	cluster_run(cl, 300 * MS_NS);
	cluster_crash(cl, A);
	cluster_run(cl, 200 * MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	for (unsigned n = 6; n <= 10; n++)
		ck_assert_uint_eq(cl->server[B].lease_ns[cluster_address(cl, n)],
		    cl->server[B].lease_ns[cluster_address(cl, 1)]);
}
END_TEST

START_TEST(a_removal_that_fails_is_tried_again_soon)
{
	struct holding holding;
	uint64_t now_ns = SEC_NS;

	holding_adopt(&holding, UINT64_MAX);
	for (unsigned i = 0; i < 20; i++) {
		ck_assert_int_eq(holding_next(&holding, now_ns), HOLDING_REMOVE);
		holding_done(&holding, HOLDING_REMOVE, false, now_ns, 0);
		ck_assert_uint_le(holding.retry_ns - now_ns, 200 * MS_NS);
		now_ns = holding.retry_ns;
	}
}
END_TEST

/* --- reload --------------------------------------------------------------------------
 */

START_TEST(a_reload_knows_who_is_dead)
{
	up(6, NULL);
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	cluster_forget(cl);
	reload(B, cl->conf);
	ck_assert_int_eq(
	    engine_view_peer(cl->server[B].engine, A, cl->now_ns).state, PEER_DEAD);
	ck_assert_int_eq(
	    engine_view_peer(cl->server[B].engine, C, cl->now_ns).state, PEER_ALIVE);
	cluster_run(cl, SEC_NS);
	ck_assert_uint_eq(
	    cluster_count_told(cl, B, REPORT_PEER), 0); /* no second burial */
}
END_TEST

START_TEST(a_reload_leaves_the_drained_drained)
{
	up(6, "failback = 0s");
	cluster_admin(cl, A, ADMIN_DRAIN);
	cluster_run(cl, SEC_NS);
	reload(A, cl->conf);
	cluster_run(cl, 2 * SEC_NS);
	ck_assert_str_eq(cluster_map(cl), "BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	ck_assert_int_eq(engine_standing(cl->server[A].engine), STANDING_DRAINED);
}
END_TEST

START_TEST(a_reload_goes_on_leaving)
{
	up(6, NULL);
	cluster_freeze(cl, B);
	cluster_admin(cl, A, ADMIN_STOP);
	ck_assert(!cl->server[A].stopped);
	reload(A, cl->conf);
	cluster_thaw(cl, B);
	cluster_run(cl, SEC_NS);
	ck_assert(cl->server[A].stopped);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
}
END_TEST

START_TEST(a_reload_of_a_deaf_server_lets_it_return)
{
	up(6, "failback = 1s");
	cl->server[A].deaf = true;
	cluster_run(cl, 6 * SEC_NS);
	ck_assert_int_eq(cluster_state(cl, A, 1), RELEASED);
	reload(A, cl->conf);
	cl->server[A].deaf = false;
	cluster_run(cl, 3 * SEC_NS);
	ck_assert_str_eq(cluster_map(cl), "AAAAABBBBBCCCCCDDDDDEEEEEFFFFF");
}
END_TEST

START_TEST(a_reload_knows_servers_by_name)
{
	up(6, NULL);
	/* The same file with A's and F's sections exchanged. */
	struct conf *conf = cluster_conf(6, NULL, true);
	struct conf_server first = conf->server[A];
	conf->server[A] = conf->server[F];
	conf->server[F] = first;
	for (unsigned a = 0; a < conf->addresses; a++)
		for (unsigned t = 0; t < conf->address[a].tiers; t++) {
			uint8_t *server = &conf->address[a].server[t];
			*server = *server == A ? F : *server == F ? A : *server;
		}
	for (unsigned s = A; s <= F; s++)
		reload_as(s, conf, s == A ? F : s == F ? A : s);
	ck_assert_int_eq(
	    engine_view_address(cl->server[B].engine, cluster_address(cl, 1)).owner, F);
	cluster_run(cl, 2 * SEC_NS);
	ck_assert_str_eq(cluster_map(cl), "AAAAABBBBBCCCCCDDDDDEEEEEFFFFF");
	for (unsigned s = A; s <= F; s++) {
		ck_assert_uint_eq(cluster_count_told(cl, s, REPORT_STATE), 0);
		cluster_kill(cl, s);
	}
	free(conf);
}
END_TEST

START_TEST(a_reload_hands_over_what_the_new_file_gives_to_others)
{
	up(6, NULL);
	struct conf *conf = cluster_conf(6, NULL, true);
	struct conf_address *first = &conf->address[cluster_address(cl, 1)];
	first->server[0] = B; /* it was A, B */
	first->server[1] = C;
	for (unsigned s = A; s <= F; s++)
		reload(s, conf);
	cluster_run(cl, 200 * MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	ck_assert_int_eq(cluster_holder(cl, 2), 'A');
	for (unsigned s = A; s <= F; s++)
		cluster_kill(cl, s);
	free(conf);
}
END_TEST

/* One claim comes in several frames, and several servers may claim at once. */
START_TEST(the_last_word_follows_soon)
{
	up(6, NULL);
	for (unsigned i = 0; i < 4; i++)
		inject_claim(B, 1);
	cluster_run(cl, 1 * MS_NS);
	inject_claim(B, 1);
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'B');
	cluster_run(cl, 3 * MS_NS);
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'A');
}
END_TEST

START_TEST(a_flood_of_claims_is_answered_ten_times_a_second)
{
	up(6, NULL);
	for (unsigned i = 0; i < 1000; i++) {
		inject_claim(B, 1);
		cluster_run(cl, 10 * MS_NS);
	}
	unsigned claims = cluster_count_sent(cl, A, FRAME_CLAIM);
	ck_assert_uint_ge(claims, 4 * 100);
	ck_assert_uint_le(claims, 4 * 115);
}
END_TEST

static bool
b_does_not_hear_a(struct cluster *cluster, unsigned from, int to, const struct arp *arp)
{
	(void)cluster;
	(void)arp;
	return from == A && to == B;
}

static unsigned
times_given_up(unsigned server, unsigned number)
{
	struct ip ip = cluster_ip(number);
	unsigned count = 0;

	for (unsigned i = 0; i < cl->tolds; i++)
		count += cl->told[i].from == server &&
			 cl->told[i].report.kind == REPORT_STATE &&
			 failover_state_serves(cl->told[i].report.from) &&
			 !failover_state_serves(cl->told[i].report.to) &&
			 ip_equal(&cl->told[i].report.ip, &ip);
	return count;
}

/* B takes A for dead, and has what both may serve; A knows that it is not heard. */
START_TEST(who_is_not_heard_gives_way_and_comes_back_when_it_is)
{
	up(6, "failback = 0s");
	cl->lose = b_does_not_hear_a;
	cluster_run(cl, 20 * SEC_NS);
	ck_assert_str_eq(cluster_map(cl), "BAAAABBBBBCCCCCDDDDDEEEEEFFFFF");
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'B');
	ck_assert_uint_eq(times_given_up(A, 1), 1);
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_UNHEARD), 1);
	cl->lose = NULL;
	cluster_run(cl, 5 * SEC_NS);
	ck_assert_str_eq(cluster_map(cl), "AAAAABBBBBCCCCCDDDDDEEEEEFFFFF");
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'A');
}
END_TEST

/* B's kernel hears A and answers, its daemon does not: that is no better. */
START_TEST(whose_daemon_alone_does_not_hear_is_given_way_to)
{
	up(6, "failback = 0s");
	cl->unheard = b_does_not_hear_a;
	cluster_run(cl, 60 * SEC_NS);
	ck_assert_str_eq(cluster_map(cl), "BAAAABBBBBCCCCCDDDDDEEEEEFFFFF");
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'B');
	ck_assert_uint_eq(times_given_up(A, 1), 1);
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_UNHEARD), 1);
	cl->unheard = NULL;
	cluster_run(cl, 5 * SEC_NS);
	ck_assert_str_eq(cluster_map(cl), "AAAAABBBBBCCCCCDDDDDEEEEEFFFFF");
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'A');
}
END_TEST

/* Where nobody says hello, whether it hears again could not be asked: what is asked for
 * by broadcast and not answered others claim. */
START_TEST(without_hellos_nobody_gives_way_to_a_kernel_that_answers)
{
	up(6, "hello = off\nfailback = 0s");
	cl->server[B].has[cluster_address(cl, 1)] = true;
	cl->server[B].lease_ns[cluster_address(cl, 1)] = UINT64_MAX;
	for (unsigned i = 0; i < 200; i++) {
		inject_claim(B, 1);
		cluster_run(cl, 20 * MS_NS);
	}
	ck_assert_uint_gt(probes_to(A, B), 0);
	ck_assert_uint_eq(times_given_up(A, 1), 0);
}
END_TEST

/* A server whose kernel answers nobody is alive as long as its daemon speaks. */
START_TEST(whose_kernel_does_not_answer_is_alive_while_its_daemon_speaks)
{
	up(6, "failback = 0s");
	cl->server[B].no_arp = true;
	cluster_run(cl, 20 * SEC_NS);
	ck_assert_str_eq(cluster_map(cl), "AAAAABBBBBCCCCCDDDDDEEEEEFFFFF");
	cluster_freeze(cl, B);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_router_thinks(cl, 6), 'A');
}
END_TEST

/* Its claims alone prove nothing: its kernel answers, so it hears. */
START_TEST(who_answers_is_not_given_way_to)
{
	up(6, "failback = 0s");
	for (unsigned i = 0; i < 500; i++) {
		inject_claim(B, 1);
		cluster_run(cl, 20 * MS_NS);
	}
	ck_assert_uint_eq(times_given_up(A, 1), 0);
	ck_assert_uint_gt(probes_to(A, B), 0);
	ck_assert_uint_le(probes_to(A, B), 10 * 2); /* at most once a second */
}
END_TEST

static unsigned questions;

static bool
the_first_questions_are_lost(
    struct cluster *cluster, unsigned from, int to, const struct arp *arp)
{
	(void)cluster;
	return from == A && to == B && arp->op == ARP_REQUEST &&
	       !mac_is_group(&arp->dst) && questions++ < 4;
}

START_TEST(a_lost_question_proves_nothing)
{
	up(6, "failback = 0s");
	questions = 0;
	cl->lose = the_first_questions_are_lost;
	for (unsigned i = 0; i < 200; i++) {
		inject_claim(B, 1);
		cluster_run(cl, 2 * MS_NS);
	}
	ck_assert_uint_gt(questions, 4);
	ck_assert_uint_eq(times_given_up(A, 1), 0);
}
END_TEST

/* Who gave way, and the one that did not hear it dies: it takes over as ever. */
START_TEST(who_gave_way_takes_over_from_the_deaf_when_they_die)
{
	up(6, "failback = 0s");
	cl->lose = b_does_not_hear_a;
	cluster_run(cl, 20 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	cluster_crash(cl, B);
	cluster_run(cl, 300 * MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rules");
	TCase *tc = tcase_create("rules");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(tc, NULL, down);
	tcase_set_timeout(tc, 10);
#define ADD(test) tcase_add_test(tc, test)
	ADD(a_drained_server_does_not_say_that_it_is_there);
	ADD(an_isolated_server_that_serves_nothing_does_not_either);
	ADD(what_is_not_in_the_kernel_yet_is_neither_answered_for_nor_defended);
	ADD(a_hold_down_lasts_two_hellos);
	ADD(who_yields_knows_the_owner);
	ADD(what_could_not_be_removed_is_announced_when_it_is_claimed_again);
	ADD(who_yields_asks_the_winner_to_speak_last);
	ADD(a_release_that_is_heard_again_is_answered_with_a_claim);
	ADD(who_left_once_is_waited_for_again_when_it_is_back);
	ADD(a_release_is_not_believed_against_a_silent_holder);
	ADD(a_release_heard_while_listening_is_checked);
	ADD(a_question_that_only_the_deaf_have_asked_proves_nothing);
	ADD(who_hears_again_buries_nobody_at_once);
	ADD(an_idle_peer_that_hangs_is_suspect_not_dead);
	ADD(a_burst_asks_for_one_address_after_another);
	ADD(a_sleep_is_not_taken_for_silence);
	ADD(who_was_away_does_not_believe_what_it_knew);
	ADD(who_sleeps_past_its_lease_again_and_again_waits_longer);
	ADD(the_buried_are_asked_too_before_a_claim);
	ADD(where_probes_are_lost_a_burst_is_longer);
	ADD(a_router_that_moved_is_told_at_once_what_it_has_not_confirmed);
	ADD(an_answer_to_the_first_broadcast_confirms_nothing);
	ADD(after_a_renewal_that_came_too_late_it_listens);
	ADD(a_lease_ends_before_the_kernel_may_end_it);
	ADD(all_leases_of_a_server_end_together);
	ADD(a_removal_that_fails_is_tried_again_soon);
	ADD(a_reload_knows_who_is_dead);
	ADD(a_reload_leaves_the_drained_drained);
	ADD(a_reload_goes_on_leaving);
	ADD(a_reload_of_a_deaf_server_lets_it_return);
	ADD(a_reload_knows_servers_by_name);
	ADD(who_is_not_heard_gives_way_and_comes_back_when_it_is);
	ADD(whose_daemon_alone_does_not_hear_is_given_way_to);
	ADD(without_hellos_nobody_gives_way_to_a_kernel_that_answers);
	ADD(whose_kernel_does_not_answer_is_alive_while_its_daemon_speaks);
	ADD(who_answers_is_not_given_way_to);
	ADD(a_lost_question_proves_nothing);
	ADD(who_gave_way_takes_over_from_the_deaf_when_they_die);
	ADD(the_last_word_follows_soon);
	ADD(a_flood_of_claims_is_answered_ten_times_a_second);
	ADD(a_reload_hands_over_what_the_new_file_gives_to_others);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
