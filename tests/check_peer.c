/* SPDX-License-Identifier: BSD-2-Clause */
/* check_peer.c - the failure detector alone. Hello 100, burst of 5 probes 5 apart. */
#include <check.h>
#include <stdlib.h>

#include "vlbd/peer.h"

static const struct peer_timing timing = {
	.suspect_ns = 150, .again_ns = 100, .interval_ns = 5
};
static struct peer peer;

static void
heard_at_1000(void)
{
	peer_init(&peer, &timing, 900);
	peer_heard(&peer, &timing, 1000);
}

/* Tick at every deadline until UNTIL; the union of what was to be done. */
static unsigned
run(uint64_t until, uint64_t others_ns, unsigned *probes)
{
	unsigned all = 0;

	*probes = 0;
	while (peer.deadline_ns <= until) {
		uint64_t now = peer.deadline_ns;
		unsigned todo = peer_tick(&peer, &timing, now, 5, others_ns);
		*probes += (todo & PEER_DO_PROBE) != 0;
		all |= todo;
	}
	return all;
}

START_TEST(hellos_keep_it_alive)
{
	for (uint64_t now = 1000; now < 5000; now += 100) {
		peer_heard(&peer, &timing, now);
		ck_assert_uint_eq(peer_tick(&peer, &timing, now + 99, 5, now), 0);
		ck_assert_int_eq(peer.state, PEER_ALIVE);
	}
}
END_TEST

START_TEST(silence_brings_suspicion_then_a_burst_then_death)
{
	unsigned probes;

	ck_assert_uint_eq(peer_tick(&peer, &timing, 1149, 5, 1149), 0);
	ck_assert_uint_eq(
	    peer_tick(&peer, &timing, 1150, 5, 1150), PEER_DO_SUSPECT | PEER_DO_PROBE);
	ck_assert_uint_eq(run(1174, 1160, &probes), PEER_DO_PROBE);
	ck_assert_uint_eq(probes, 4);
	ck_assert_int_eq(peer.state, PEER_SUSPECT);
	ck_assert_uint_eq(peer_tick(&peer, &timing, 1175, 5, 1160), PEER_DO_BURY);
	ck_assert_int_eq(peer.state, PEER_DEAD);
	ck_assert_uint_eq(peer.deadline_ns, NEVER);
}
END_TEST

START_TEST(an_answer_leaves_it_suspect_and_asked_again)
{
	unsigned probes;

	run(1155, NEVER, &probes);
	ck_assert_uint_eq(probes, 2);
	ck_assert_uint_eq(
	    peer_answered(&peer, &timing, 1156), 1); /* the first was lost */
	ck_assert_int_eq(peer.state, PEER_SUSPECT);
	ck_assert_uint_eq(peer.deadline_ns, 1256);
	run(1256, 1256, &probes);
	ck_assert_uint_eq(probes, 1);
}
END_TEST

START_TEST(a_claim_ends_suspicion_and_revives_the_dead)
{
	unsigned probes;

	run(1160, 1160, &probes);
	peer_heard(&peer, &timing, 1161);
	ck_assert_int_eq(peer.state, PEER_ALIVE);
	run(1500, 1450, &probes);
	ck_assert_int_eq(peer.state, PEER_DEAD);
	peer_heard(&peer, &timing, 1600);
	ck_assert_int_eq(peer.state, PEER_ALIVE);
}
END_TEST

START_TEST(nobody_is_buried_while_nothing_is_heard)
{
	unsigned probes, todo = 0;

	todo = run(5000, 1149, &probes); /* others were last heard before the burst */
	ck_assert_uint_eq(todo & PEER_DO_BURY, 0);
	ck_assert_int_eq(peer.state, PEER_SUSPECT);
	ck_assert_uint_gt(probes, 20); /* it goes on asking */
}
END_TEST

START_TEST(a_doubted_peer_is_judged_when_somebody_speaks)
{
	unsigned probes;

	run(1175, 1149, &probes);
	ck_assert(peer.doubted);
	ck_assert_uint_eq(peer_tick(&peer, &timing, 1180, 5, 1180), PEER_DO_BURY);
}
END_TEST

START_TEST(an_excuse_starts_the_silence_anew)
{
	unsigned probes;

	run(1165, 1160, &probes);
	peer_excuse(&peer, &timing, 1165);
	ck_assert_uint_eq(peer.deadline_ns, 1315);
	peer_left(&peer);
	peer_excuse(&peer, &timing, 1400);
	ck_assert_int_eq(peer.state, PEER_DEAD); /* no resurrection */
}
END_TEST

START_TEST(passive_peers_never_die)
{
	const struct peer_timing passive = {
		.suspect_ns = NEVER, .again_ns = NEVER, .interval_ns = 5
	};

	peer_init(&peer, &passive, 1000);
	ck_assert_uint_eq(peer.deadline_ns, NEVER);
	peer_heard(&peer, &passive, 2000);
	ck_assert_uint_eq(peer.deadline_ns, NEVER);
	ck_assert_uint_eq(peer_tick(&peer, &passive, UINT64_MAX - 1, 5, 2000), 0);
}
END_TEST

START_TEST(a_late_answer_does_not_shorten_a_hello)
{
	peer_heard(&peer, &timing, 2000);
	ck_assert_uint_eq(peer_answered(&peer, &timing, 2001), 0);
	ck_assert_int_eq(peer.state, PEER_ALIVE);
	ck_assert_uint_eq(peer.deadline_ns, 2150);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("peer");
	TCase *tc = tcase_create("detector");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(tc, heard_at_1000, NULL);
	tcase_add_test(tc, hellos_keep_it_alive);
	tcase_add_test(tc, silence_brings_suspicion_then_a_burst_then_death);
	tcase_add_test(tc, an_answer_leaves_it_suspect_and_asked_again);
	tcase_add_test(tc, a_claim_ends_suspicion_and_revives_the_dead);
	tcase_add_test(tc, nobody_is_buried_while_nothing_is_heard);
	tcase_add_test(tc, a_doubted_peer_is_judged_when_somebody_speaks);
	tcase_add_test(tc, an_excuse_starts_the_silence_anew);
	tcase_add_test(tc, passive_peers_never_die);
	tcase_add_test(tc, a_late_answer_does_not_shorten_a_hello);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
