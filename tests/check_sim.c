/* SPDX-License-Identifier: BSD-2-Clause */
/* check_sim.c - the simulator itself: chance is the same everywhere, a calm world is in
 * order, and each promise is noticed when it is broken. Worlds are broken here by faults
 * that come when none may come any more, or by a hand in their kernels. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "story.h"
#include "tell.h"
#include "world_internal.h"

enum { STILL_S = 3 /* story_demand.c's */, PATIENCE_S = 120 };

/* --- chance ------------------------------------------------------------------------- */

START_TEST(the_same_numbers_on_every_machine)
{
	static const struct {
		uint64_t seed, number[4];
	} vectors[] = {
		{ 0, { UINT64_C(0x99ec5f36cb75f2b4), UINT64_C(0xbf6e1f784956452a),
			 UINT64_C(0x1a5f849d4933e6e0), UINT64_C(0x6aa594f1262d2d2c) } },
		{ 1, { UINT64_C(0xb3f2af6d0fc710c5), UINT64_C(0x853b559647364cea),
			 UINT64_C(0x92f89756082a4514), UINT64_C(0x642e1c7bc266a3a7) } },
		{ UINT64_MAX,
		    { UINT64_C(0x8f5520d52a7ead08), UINT64_C(0xc476a018caa1802d),
			UINT64_C(0x81de31c0d260469e), UINT64_C(0xbf658d7e065f3c2f) } },
	};
	struct dice dice;

	for (unsigned v = 0; v < sizeof(vectors) / sizeof(vectors[0]); v++) {
		dice_seed(&dice, vectors[v].seed);
		for (unsigned i = 0; i < 4; i++)
			ck_assert_uint_eq(dice_next(&dice), vectors[v].number[i]);
	}
}
END_TEST

START_TEST(chance_keeps_within_its_bounds)
{
	struct dice dice;
	unsigned hits = 0;
	bool low = false, high = false;

	dice_seed(&dice, 7);
	ck_assert_uint_eq(dice_below(&dice, 0), 0);
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t number = dice_between(&dice, 3, 9);
		ck_assert(number >= 3 && number <= 9);
		low = low || number == 3;
		high = high || number == 9;
		hits += dice_chance(&dice, 250000);
		ck_assert(!dice_chance(&dice, 0));
		ck_assert(dice_chance(&dice, 1000000));
	}
	ck_assert(low && high);
	ck_assert(hits > 24000 && hits < 26000);
}
END_TEST

START_TEST(a_seed_is_a_history)
{
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct story story;
		struct story_result first, second;
		ck_assert(story_roll(&story, seed));
		story_run(&story, NULL, &first);
		story_free(&story);
		ck_assert(story_roll(&story, seed));
		story_run(&story, NULL, &second);
		story_free(&story);
		ck_assert_uint_eq(first.hash, second.hash);
		ck_assert_uint_eq(first.frames, second.frames);
		ck_assert_uint_eq(first.events, second.events);
		ck_assert_uint_eq(first.checks, second.checks);
		ck_assert_uint_eq(first.world_ns, second.world_ns);
	}
}
END_TEST

/* --- kept --------------------------------------------------------------------------- */

static void
must_hold(const struct story *story, struct story_result *result)
{
	story_run(story, NULL, result);
	if (result->violation.promise != PROMISE_NONE)
		ck_abort_msg("seed %" PRIu64 " breaks %s: %s", story->seed,
		    promise_name(result->violation.promise), result->violation.text);
}

START_TEST(without_faults_everything_is_in_its_place)
{
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct story story;
		struct story_result result;
		ck_assert(story_roll(&story, seed));
		story.faults = 0;
		must_hold(&story, &result);
		ck_assert_uint_ge(result.checks, story.conf->addresses);
		ck_assert_uint_ge(result.moves, story.conf->addresses);
		story_free(&story);
	}
}
END_TEST

START_TEST(old_offenders_hold)
{
	const char *source = getenv("srcdir");
	char path[4096], line[256];
	unsigned count = 0;

	snprintf(path, sizeof(path), "%s/tests/data/seeds.txt", source ? source : ".");
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		struct story story;
		struct story_result result;
		char *end;
		uint64_t seed = strtoull(line, &end, 10);
		if (end == line)
			continue;
		ck_assert(story_roll(&story, seed));
		must_hold(&story, &result);
		story_free(&story);
		count++;
	}
	fclose(file);
	ck_assert_uint_ge(count, 14);
}
END_TEST

/* --- broken ------------------------------------------------------------------------- */

/* A story in which nothing happens, of three servers or more; somebody dies at last. */
static void
roll_calm(struct story *story)
{
	for (uint64_t seed = 1;; seed++) {
		ck_assert(story_roll(story, seed));
		story->faults = 0;
		story->victims = 1;
		story->victim[0] = 0;
		if (story->conf->servers >= 3 && story->deaf_ns == 0)
			return;
		story_free(story);
	}
}

static uint64_t
end_of(const struct story *story)
{
	return story->heal_ns + story_bound_ns(story);
}

static void
add(struct story *story, uint64_t at_ns, enum fault_kind kind, int server)
{
	story->fault[story->faults++] = (struct fault){
		.at_ns = at_ns, .kind = kind, .server = server, .address = CONF_NONE
	};
}

static int
primary(const struct conf *conf, unsigned address)
{
	return conf->address[address].server[0];
}

static int
secondary(const struct conf *conf, unsigned address)
{
	return conf->address[address].server[1];
}

/* A daemon is killed when there is no time left to notice. */
static void
break_converge(struct story *story)
{
	add(story, end_of(story) - MS_NS, FAULT_KILL, primary(story->conf, 0));
}

/* A router forgets everything just before it is looked at. */
static void
break_routed(struct story *story)
{
	add(story, end_of(story) - 1, FAULT_ROUTER, 0);
}

/* A server dies while nothing may happen. */
static void
break_still(struct story *story)
{
	add(story, end_of(story) + 100 * MS_NS, FAULT_CRASH, primary(story->conf, 0));
}

/* Together with the victim somebody else goes. */
static void
break_own_only(struct story *story)
{
	add(story, end_of(story) + STILL_S * SEC_NS + 2 * MS_NS, FAULT_DRAIN,
	    story->victim[0] == 0 ? 1 : 0);
}

/* Who should take over hangs when the victim dies. */
static void
break_outage(struct story *story)
{
	story->victim[0] = primary(story->conf, 0);
	add(story, end_of(story) + STILL_S * SEC_NS, FAULT_FREEZE,
	    secondary(story->conf, 0));
}

static void
befall(struct world *world, enum fault_kind kind, int server, uint64_t amount)
{
	struct fault fault = { .at_ns = world_time(world) + 1,
		.kind = kind,
		.server = server,
		.address = CONF_NONE,
		.amount = amount };

	ck_assert(world_fault(world, &fault));
	world_run(world, world_time(world) + US_NS);
}

static void
claim(struct world *world, unsigned server, unsigned address)
{
	struct report report = {
		.kind = REPORT_STATE,
		.ip = world->conf->address[address].ip,
		.from = WATCHING,
		.to = CLAIMED,
	};

	promise_report(world, server, &report);
}

static void
give(struct world *world, unsigned server, unsigned address)
{
	world->server[server].lease_ns[address] = NEVER;
	promise_holders(world, address);
}

/* A kernel has what is in nobody's list for it. */
static void
break_listed(struct world *world)
{
	for (unsigned a = 0; a < world->conf->addresses; a++)
		for (unsigned s = 0; s < world->conf->servers; s++)
			if (conf_tier(world->conf, a, s) == CONF_NONE) {
				give(world, s, a);
				return;
			}
	ck_abort_msg("everybody is in every list");
}

static void
break_not_deaf(struct world *world)
{
	world->server[0].heard_ns = 0;
	claim(world, 0, 0);
}

/* A hanging daemon's address is claimed by one that could have asked its kernel. */
static void
break_no_twin(struct world *world)
{
	struct fault freeze = { .at_ns = world_time(world) + 1,
		.kind = FAULT_FREEZE,
		.server = primary(world->conf, 0),
		.address = CONF_NONE };
	uint64_t wait_ns =
	    4 * world->conf->timing.hello_ns +
	    2 * world->conf->timing.probes * world->conf->timing.probe_interval_ns +
	    100 * MS_NS;

	ck_assert(world_fault(world, &freeze));
	world_run(world, world_time(world) + wait_ns);
	ck_assert_int_eq(world->violation.promise, PROMISE_NONE);
	world->server[primary(world->conf, 0)].lease_ns[0] = NEVER;
	claim(world, (unsigned)secondary(world->conf, 0), 0);
}

/* Two kernels have one address, and no daemon minds. */
static void
break_agree(struct world *world)
{
	give(world, (unsigned)secondary(world->conf, 0), 0);
	world_run(world, world_time(world) + 60 * SEC_NS);
}

/* The same, and one of the two does not hear the other. */
static void
break_gives_way(struct world *world)
{
	unsigned first = (unsigned)primary(world->conf, 0);
	unsigned second = (unsigned)secondary(world->conf, 0);

	world->net.unheard[second] |= UINT64_C(1) << first;
	world->loss_ns = world->now_ns;
	world_run(world, world_time(world) + 30 * SEC_NS);
	ck_assert_int_eq(world->violation.promise, PROMISE_NONE);
	ck_assert_uint_eq(world->server[first].lease_ns[0], 0); /* it gave way */
	give(world, first, 0);
	world_run(world, world_time(world) + 60 * SEC_NS);
}

/* Nor is it missed where the fault is of the daemon's ear alone. */
static void
break_gives_way_by_ear(struct world *world)
{
	unsigned first = (unsigned)primary(world->conf, 0);

	befall(world, FAULT_EAR_FROM, secondary(world->conf, 0), first);
	world_run(world, world_time(world) + 30 * SEC_NS);
	ck_assert_int_eq(world->violation.promise, PROMISE_NONE);
	ck_assert_uint_eq(world->server[first].lease_ns[0], 0);
	give(world, first, 0);
	world_run(world, world_time(world) + 60 * SEC_NS);
}

/* A server dies where nothing may be wrong but a few frames. */
static void
break_steady(struct world *world)
{
	struct fault crash = { .at_ns = world_time(world) + 1,
		.kind = FAULT_CRASH,
		.server = primary(world->conf, 0),
		.address = CONF_NONE };

	world->steady = true;
	ck_assert(world_fault(world, &crash));
	world_run(world, world_time(world) + 10 * SEC_NS);
}

/* Its peers cannot hear that the primary is unhealthy. */
static void
break_relieved(struct world *world)
{
	world->net.pads = true;
	world->server[primary(world->conf, 0)].sick = true;
	world_run(world, world_time(world) + 60 * SEC_NS);
}

/* One frame too many. */
static void
break_paced(struct world *world)
{
	for (unsigned i = 0; i < world->conf->timing.max_rate; i++)
		promise_sent(world, 0);
	ck_assert_int_eq(world->violation.promise, PROMISE_PACED);
	world->violation.promise = PROMISE_NONE;
	world->now_ns += 2 * SEC_NS;
	for (unsigned i = 0; i < world->conf->timing.max_rate; i++)
		promise_sent(world, 0);
	ck_assert_int_eq(world->violation.promise, PROMISE_NONE);
	promise_sent(world, 0);
}

static const struct {
	void (*story)(struct story *story); /* when all should be calm */
	void (*world)(struct world *world); /* by hand, in a calm world */
} breakers[PROMISES] = {
	[PROMISE_LISTED] = { .world = break_listed },
	[PROMISE_NOT_DEAF] = { .world = break_not_deaf },
	[PROMISE_NO_TWIN] = { .world = break_no_twin },
	[PROMISE_AGREE] = { .world = break_agree },
	[PROMISE_GIVES_WAY] = { .world = break_gives_way },
	[PROMISE_STEADY] = { .world = break_steady },
	[PROMISE_PACED] = { .world = break_paced },
	[PROMISE_RELIEVED] = { .world = break_relieved },
	[PROMISE_CONVERGE] = { .story = break_converge },
	[PROMISE_ROUTED] = { .story = break_routed },
	[PROMISE_STILL] = { .story = break_still },
	[PROMISE_OWN_ONLY] = { .story = break_own_only },
	[PROMISE_OUTAGE] = { .story = break_outage },
};

static enum promise
broken_by_hand(const struct story *story, void (*breaker)(struct world *world))
{
	struct world *world = world_new(story->conf, story->seed);

	ck_assert_ptr_nonnull(world);
	world_run(world, 10 * SEC_NS);
	ck_assert_int_eq(world->violation.promise, PROMISE_NONE);
	breaker(world);
	enum promise promise = world->violation.promise;
	world_free(world);
	return promise;
}

/* Some list leaves somebody out. */
static bool
has_stranger(const struct conf *conf)
{
	return conf->address[0].tiers < conf->servers;
}

START_TEST(each_promise_is_noticed_when_it_is_broken)
{
	enum promise promise = (enum promise)_i;
	struct story story;
	struct story_result result;
	uint64_t seed = 0;

	do
		ck_assert(story_roll(&story, ++seed));
	while (
	    (story.conf->servers < 3 || story.deaf_ns != 0 || !has_stranger(story.conf) ||
		(promise == PROMISE_RELIEVED &&
		    (story.conf->checks == 0 || story.conf->timing.max_moves != 0))) &&
	    (story_free(&story), true));
	story.faults = 0;
	story.victims = 1;
	story.victim[0] = 0;
	if (promise == PROMISE_PACED)
		story.conf->timing.max_rate = 100;
	if (breakers[promise].world != NULL) {
		result.violation.promise =
		    broken_by_hand(&story, breakers[promise].world);
	} else {
		ck_assert_msg(breakers[promise].story != NULL,
		    "nothing shows that %s can be broken", promise_name(promise));
		breakers[promise].story(&story);
		story_run(&story, NULL, &result);
	}
	ck_assert_str_eq(promise_name(result.violation.promise), promise_name(promise));
	story_free(&story);
}
END_TEST

START_TEST(two_owners_are_noticed_though_kernels_hear_each_other)
{
	struct story story;

	roll_calm(&story);
	ck_assert_int_eq(
	    broken_by_hand(&story, break_gives_way_by_ear), PROMISE_GIVES_WAY);
	story_free(&story);
}
END_TEST

START_TEST(a_scenario_shrinks_to_what_matters)
{
	struct story story;
	struct story_result result;

	roll_calm(&story);
	for (unsigned i = 0; i < 3; i++) {
		add(&story, (6 + i) * SEC_NS, FAULT_FREEZE, (int)i);
		add(&story, (7 + i) * SEC_NS, FAULT_THAW, (int)i);
	}
	break_converge(&story);
	add(&story, 8 * SEC_NS, FAULT_ROUTER, 0);
	ck_assert_uint_eq(story.faults, 8);
	story_run(&story, NULL, &result);
	ck_assert_int_eq(result.violation.promise, PROMISE_CONVERGE);
	ck_assert_uint_ge(story_shrink(&story, PROMISE_CONVERGE), 8);
	ck_assert_uint_eq(story.faults, 1);
	ck_assert_int_eq(story.fault[0].kind, FAULT_KILL);
	story_run(&story, NULL, &result);
	ck_assert_int_eq(result.violation.promise, PROMISE_CONVERGE);
	story_free(&story);
}
END_TEST

/* --- two ears ----------------------------------------------------------------------- */

/* A calm world with a lease and a router, in which the faults of ears.c come one by one.
 */
static struct world *
calm_world(struct story *story)
{
	roll_calm(story);
	struct world *world = world_new(story->conf, story->seed);

	ck_assert_ptr_nonnull(world);
	ck_assert_uint_gt(story->conf->routers, 0);
	ck_assert_uint_gt(story->conf->timing.lease_ns, 0);
	world_run(world, 10 * SEC_NS);
	return world;
}

static void
run_for(struct world *world, uint64_t ns)
{
	world_run(world, world_time(world) + ns);
	ck_assert_msg(world->violation.promise == PROMISE_NONE, "%s: %s",
	    promise_name(world->violation.promise), world->violation.text);
}

static struct arp
frame_from(const struct mac *src, const struct mac *dst)
{
	return (struct arp){ .src = *src, .sha = *src, .dst = *dst, .op = ARP_REPLY };
}

START_TEST(a_daemon_hears_what_its_ear_lets_through)
{
	struct story story;
	struct world *world = calm_world(&story);
	struct mac self = server_mac(0), other = server_mac(1), third = server_mac(2);
	struct arp broadcast = frame_from(&other, &mac_broadcast);
	struct arp unicast = frame_from(&other, &self);
	struct arp others = frame_from(&third, &self);
	struct arp routers = frame_from(&world->router[0].mac, &self);

	ck_assert(ears_clear(world, 1, 0));
	befall(world, FAULT_EAR, 0, EARS_BROADCAST);
	ck_assert(!ears_daemon_hears(world, 0, &broadcast));
	ck_assert(ears_daemon_hears(world, 0, &unicast));
	ck_assert(!ears_clear(world, 1, 0) && ears_clear(world, 0, 1));
	befall(world, FAULT_EAR, 0, EARS_UNICAST);
	ck_assert(ears_daemon_hears(world, 0, &broadcast));
	ck_assert(!ears_daemon_hears(world, 0, &unicast));
	befall(world, FAULT_EAR, 0, 0);
	befall(world, FAULT_EAR_FROM, 0, 1);
	ck_assert(!ears_daemon_hears(world, 0, &broadcast));
	ck_assert(ears_daemon_hears(world, 0, &others));
	ck_assert(!ears_clear(world, 1, 0) && ears_clear(world, 2, 0));
	befall(world, FAULT_EAR_FROM, 0, world->conf->servers);
	ck_assert(!ears_daemon_hears(world, 0, &routers));
	befall(world, FAULT_EAR, 0, 0);
	ck_assert(ears_daemon_hears(world, 0, &broadcast));
	ck_assert(ears_daemon_hears(world, 0, &routers));
	world_free(world);
	story_free(&story);
}
END_TEST

/* Its kernel answers, so it is not taken for dead; it lets go when its lease is over, and
 * each address has one owner then. */
START_TEST(a_daemon_that_hears_nothing_lets_go)
{
	struct story story;
	struct world *world = calm_world(&story);
	unsigned deaf = (unsigned)primary(story.conf, 0);
	uint64_t moves = world->moves;

	befall(world, FAULT_EAR, (int)deaf, EARS_BROADCAST | EARS_UNICAST);
	run_for(world, story.conf->timing.lease_ns / 2);
	ck_assert_uint_eq(world->moves, moves);
	run_for(world, story.conf->timing.lease_ns + 5 * SEC_NS);
	for (unsigned a = 0; a < story.conf->addresses; a++) {
		uint64_t holders = world_holders(world, a);
		ck_assert_uint_eq(holders >> deaf & 1, 0);
		ck_assert(holders != 0 && (holders & (holders - 1)) == 0);
	}
	befall(world, FAULT_EAR, (int)deaf, 0);
	run_for(world, 10 * SEC_NS + 2 * story.conf->timing.failback_ns);
	ck_assert_uint_eq(world_holders(world, 0), UINT64_C(1) << deaf);
	world_free(world);
	story_free(&story);
}
END_TEST

/* While daemons speak nothing moves; but when one hangs, its kernel's silence is its
 * death. */
START_TEST(a_kernel_that_answers_nobody_is_noticed_when_its_daemon_hangs)
{
	struct story story;
	struct world *world = calm_world(&story);
	int silent = primary(story.conf, 0);
	uint64_t moves = world->moves;

	befall(world, FAULT_ARP_OFF, silent, 0);
	run_for(world, 60 * SEC_NS);
	ck_assert_uint_eq(world->moves, moves);
	befall(world, FAULT_FREEZE, silent, 0);
	run_for(world, SEC_NS);
	ck_assert_uint_ne(world_holders(world, 0) & ~(UINT64_C(1) << silent), 0);
	world_free(world);
	story_free(&story);
}
END_TEST

START_TEST(each_story_of_its_family_has_a_fault_of_an_ear)
{
	unsigned kinds[FAULTS] = { 0 };

	for (uint64_t i = 1; i <= 200; i++) {
		struct story story;
		unsigned ears = 0;
		ck_assert(story_roll(&story, FAMILY_EARS * FAMILY_SEEDS + i));
		for (unsigned f = 0; f < story.faults; f++) {
			kinds[story.fault[f].kind]++;
			ears += story.fault[f].kind == FAULT_EAR ||
				story.fault[f].kind == FAULT_EAR_FROM ||
				story.fault[f].kind == FAULT_ARP_OFF;
			ck_assert(story.fault[f].kind != FAULT_EAR_FROM ||
				  (int)story.fault[f].amount != story.fault[f].server);
		}
		ck_assert_uint_gt(ears, 0);
		story_free(&story);
	}
	ck_assert_uint_gt(kinds[FAULT_EAR], 0);
	ck_assert_uint_gt(kinds[FAULT_EAR_FROM], 0);
	ck_assert_uint_gt(kinds[FAULT_ARP_OFF], 0);
	ck_assert_uint_gt(kinds[FAULT_ARP_ON], 0);
	ck_assert_uint_gt(kinds[FAULT_CRASH], 0);
}
END_TEST

/* --- words -------------------------------------------------------------------------- */

START_TEST(every_fault_has_words)
{
	char text[TELL_TEXT], other[TELL_TEXT] = "";
	struct story story;

	roll_calm(&story);
	for (unsigned kind = 0; kind < FAULTS; kind++) {
		struct fault fault = { .kind = (enum fault_kind)kind, .amount = 3 };
		tell_fault(&fault, story.conf, text);
		ck_assert_msg(strstr(text, "(null)") == NULL && text[0] != ' ', "%u: %s",
		    kind, text);
		ck_assert_str_ne(text, other);
		strcpy(other, text);
	}
	struct fault loss = { .kind = FAULT_LOSS, .server = FAULT_ALL, .amount = 125000 };
	ck_assert_str_eq(
	    tell_fault(&loss, story.conf, text), "loss on every cable: 12.5%");
	ck_assert(tell_is_injury(&loss));
	loss.amount = 0;
	ck_assert(!tell_is_injury(&loss));
	story_free(&story);
}
END_TEST

START_TEST(addresses_are_told_in_short)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	uint64_t set[TELL_SET] = { 0 };
	char text[200], tiny[40];

	ck_assert_ptr_nonnull(conf);
	conf->addresses = 300;
	for (unsigned a = 0; a < conf->addresses; a++)
		conf->address[a].ip = ip_v4(0x0a4d00fcu + a);
	ck_assert_str_eq(tell_addresses(set, conf, text, sizeof(text)), "-");
	set[0] = 0x17; /* .252 .253 .254, and 10.77.1.0 */
	ck_assert_str_eq(
	    tell_addresses(set, conf, text, sizeof(text)), "10.77.0.252-254, 10.77.1.0");
	set[0] |= 0x140;
	ck_assert_str_eq(tell_addresses(set, conf, text, sizeof(text)),
	    "10.77.0.252-254, 10.77.1.0, .2, .4");
	ck_assert_str_eq(
	    tell_addresses(set, conf, tiny, sizeof(tiny)), "10.77.0.252-254, 3 more");
	free(conf);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim");
	TCase *tc = tcase_create("sim");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, PATIENCE_S);
	tcase_add_test(tc, the_same_numbers_on_every_machine);
	tcase_add_test(tc, chance_keeps_within_its_bounds);
	tcase_add_test(tc, a_seed_is_a_history);
	tcase_add_test(tc, without_faults_everything_is_in_its_place);
	tcase_add_test(tc, old_offenders_hold);
	tcase_add_loop_test(
	    tc, each_promise_is_noticed_when_it_is_broken, PROMISE_NONE + 1, PROMISES);
	tcase_add_test(tc, two_owners_are_noticed_though_kernels_hear_each_other);
	tcase_add_test(tc, a_scenario_shrinks_to_what_matters);
	tcase_add_test(tc, a_daemon_hears_what_its_ear_lets_through);
	tcase_add_test(tc, a_daemon_that_hears_nothing_lets_go);
	tcase_add_test(tc, a_kernel_that_answers_nobody_is_noticed_when_its_daemon_hangs);
	tcase_add_test(tc, each_story_of_its_family_has_a_fault_of_an_ear);
	tcase_add_test(tc, every_fault_has_words);
	tcase_add_test(tc, addresses_are_told_in_short);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
