/* SPDX-License-Identifier: BSD-2-Clause */
/* check_frugal.c - clusters with little to go by: few frames a second to spend, or no
 * router to ask. Stories on a perfect wire, as in check_engine.c. Found by simulation. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

enum { A, B, C, D, E, F };

static struct cluster *cl;

static void
up(unsigned servers, const char *timing)
{
	cl = cluster_new(servers, timing);
	for (unsigned s = A; s < servers; s++)
		cluster_start(cl, s);
	cluster_run(cl, 30 * SEC_NS);
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
reload_same(unsigned s)
{
	cluster_reload(cl, s, cl->conf, s);
	cluster_run(cl, 0);
}

/* The most frames that SERVER sent within a second, of KIND or (FRAME_KINDS) of any. */
static unsigned
busiest_second(unsigned server, enum frame_kind kind)
{
	unsigned most = 0;

	for (unsigned i = 0; i < cl->sents; i++) {
		unsigned count = 0;
		for (unsigned j = i; j < cl->sents; j++)
			count += cl->sent[j].from == server &&
				 (kind == FRAME_KINDS || cl->sent[j].frame == kind) &&
				 cl->sent[j].at_ns - cl->sent[i].at_ns < SEC_NS;
		most = count > most ? count : most;
	}
	return most;
}

/* --- max_rate ----------------------------------------------------------------------- */

START_TEST(a_reload_does_not_forget_what_was_sent)
{
	up(6, "max_rate = 14; failback = 0s");
	cluster_crash(cl, A);
	cluster_run(cl, 2100 * MS_NS);
	for (unsigned i = 0; i < 10; i++) {
		cluster_run(cl, 150 * MS_NS);
		reload_same(B);
	}
	cluster_run(cl, 5 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	ck_assert_uint_le(busiest_second(B, FRAME_KINDS), 14);
}
END_TEST

START_TEST(no_two_hellos_come_closer_after_a_late_one)
{
	uint64_t last_ns = 0;

	up(3, "hello = 1s; max_rate = 10; lease = 5s");
	for (unsigned i = 0; i < 10; i++) {
		cluster_freeze(cl, B);
		cluster_run(cl, 700 * MS_NS);
		cluster_thaw(cl, B);
		cluster_run(cl, 2300 * MS_NS);
	}
	for (unsigned i = 0; i < cl->sents; i++) {
		if (cl->sent[i].from != B || cl->sent[i].frame != FRAME_HELLO)
			continue;
		if (last_ns != 0)
			ck_assert_uint_ge(cl->sent[i].at_ns - last_ns, SEC_NS);
		last_ns = cl->sent[i].at_ns;
	}
	ck_assert_uint_ne(last_ns, 0);
}
END_TEST

/* A switch that polices ARP counts what a kernel answers, too. */
START_TEST(a_daemon_that_hangs_does_not_make_its_kernel_talk_too_much)
{
	unsigned questions = 0;

	up(6, "max_rate = 14; lease = 60s");
	cluster_freeze(cl, A);
	cluster_run(cl, 2 * SEC_NS);
	cluster_forget(cl);
	cluster_run(cl, 10 * SEC_NS);
	for (unsigned s = B; s <= F; s++)
		questions += cluster_count_sent(cl, s, FRAME_PROBE);
	ck_assert_uint_gt(questions, 20);
	ck_assert_uint_le(questions, 10 * 14 / 2 + 5);
}
END_TEST

START_TEST(the_last_survivor_finds_frames_for_its_claims)
{
	static const char *const timings[] = { "max_rate = 8; failback = 0s",
		"max_rate = 10; failback = 0s", "max_rate = 14; failback = 0s" };

	up(3, timings[_i]);
	cluster_crash(cl, B);
	cluster_crash(cl, C);
	cluster_run(cl, 20 * SEC_NS);
	ck_assert_str_eq(cluster_map(cl), "AAAAAA");
	cluster_forget(cl);
	cluster_run(cl, 20 * SEC_NS);
	/* Nor does it think that it is cut off time and again. */
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_ISOLATED), 0);
}
END_TEST

/* Routers are asked for news of the world when nobody was heard, not before each
 * question. */
START_TEST(questions_to_routers_leave_room_for_the_others)
{
	cl = cluster_new(6, "max_rate = 10; failback = 0s");
	for (unsigned s = A; s <= F; s++)
		cluster_start(cl, s);
	cluster_run(cl, 5 * SEC_NS);
	for (unsigned s = A; s <= F; s++)
		ck_assert_uint_le(cluster_count_sent(cl, s, FRAME_WITNESS), 5);
}
END_TEST

/* Of six, with two routers to tell: each claim takes all five frames of a second. */
START_TEST(the_last_of_six_is_known_to_the_routers_in_time)
{
	static const unsigned theirs[] = { 1, 2, 3, 4, 5, 6, 11, 16, 21, 26 };

	cl = cluster_new(6, "max_rate = 10; failback = 0s");
	cl->conf->router[1] = cluster_ip(0xfffd);
	cl->conf->routers = 2;
	for (unsigned s = A; s <= F; s++)
		cluster_start(cl, s);
	cluster_run(cl, 60 * SEC_NS);
	for (unsigned s = B; s <= F; s++)
		cluster_crash(cl, s);
	cluster_run(cl, 17 * SEC_NS);
	for (unsigned i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++)
		ck_assert_int_eq(cluster_router_thinks(cl, theirs[i]), 'A');
}
END_TEST

/* With five frames a second to ask with. */
START_TEST(a_cold_start_asks_in_the_right_order)
{
	cl = cluster_new(6, "max_rate = 10; failback = 0s");
	for (unsigned s = A; s <= F; s++)
		cluster_start(cl, s);
	cluster_run(cl, 17 * SEC_NS);
	ck_assert_str_eq(cluster_map(cl), "AAAAABBBBBCCCCCDDDDDEEEEEFFFFF");
}
END_TEST

/* Each router from each of its two addresses, every 30 s. */
START_TEST(each_router_is_asked_again)
{
	unsigned asked[2] = { 0, 0 };

	cl = cluster_new(3, "max_rate = 10; failback = 0s");
	cl->conf->router[1] = cluster_ip(0xfffd);
	cl->conf->routers = 2;
	for (unsigned s = A; s <= C; s++)
		cluster_start(cl, s);
	cluster_run(cl, 60 * SEC_NS);
	cluster_forget(cl);
	cluster_run(cl, 60 * SEC_NS);
	for (unsigned i = 0; i < cl->sents; i++)
		for (unsigned r = 0; r < 2; r++)
			asked[r] += cl->sent[i].from == B &&
				    cl->sent[i].frame == FRAME_CLAIM &&
				    ip_equal(&cl->sent[i].arp.tpa, &cl->conf->router[r]);
	ck_assert_uint_ge(asked[0], 3);
	ck_assert_uint_ge(asked[1], 3);
}
END_TEST

/* --- no router ---------------------------------------------------------------------- */

/* A switch that suppresses ARP swallows what has SPA = TPA. */
START_TEST(without_a_router_peers_hear_each_other_through_any_switch)
{
	cl = cluster_new(3, "failback = 0s");
	cl->conf->routers = 0;
	for (unsigned s = A; s <= C; s++)
		cluster_start(cl, s);
	cluster_run(cl, 5 * SEC_NS);
	unsigned hellos = 0, audible = 0, claims = 0;
	for (unsigned i = 0; i < cl->sents; i++) {
		const struct arp *arp = &cl->sent[i].arp;
		bool heard = arp->op == ARP_REPLY && !ip_equal(&arp->spa, &arp->tpa) &&
			     mac_equal(&arp->tha, &mac_broadcast);
		if (cl->sent[i].frame == FRAME_HELLO) {
			hellos++;
			ck_assert(heard);
		}
		claims += cl->sent[i].frame == FRAME_CLAIM;
		audible += cl->sent[i].frame == FRAME_CLAIM && heard;
	}
	ck_assert_uint_gt(hellos, 100);
	ck_assert_uint_eq(claims, 3 * audible);
	ck_assert_uint_gt(claims, 0);
}
END_TEST

/* A burst of questions may fall between two hellos of the only other one; what is heard a
 * little later proves as much. */
START_TEST(without_a_router_two_find_each_other_whatever_the_phase)
{
	cl = cluster_new(3, "hello = 1s; probes = 1; failback = 0s");
	cl->conf->routers = 0;
	cluster_start(cl, A);
	cluster_run(cl, (uint64_t)_i * 50 * MS_NS);
	cluster_start(cl, B);
	cluster_run(cl, 6 * SEC_NS);
	for (unsigned number = 1; number <= 6; number++)
		ck_assert_msg(strchr("AB", cluster_holder(cl, number)) != NULL,
		    "10.77.0.%u: %s", number, cluster_map(cl));
}
END_TEST

START_TEST(without_a_router_claims_are_repeated_now_and_then)
{
	cl = cluster_new(3, "failback = 0s");
	cl->conf->routers = 0;
	for (unsigned s = A; s <= C; s++)
		cluster_start(cl, s);
	cluster_run(cl, 20 * SEC_NS);
	cluster_forget(cl);
	cluster_run(cl, 60 * SEC_NS);
	/* Two addresses each, three frames a claim, every 30 s. */
	for (unsigned s = A; s <= C; s++)
		ck_assert_uint_eq(cluster_count_sent(cl, s, FRAME_CLAIM), 2 * 3 * 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("frugal");
	TCase *tc = tcase_create("frugal");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(tc, NULL, down);
	tcase_set_timeout(tc, 20);
#define ADD(test) tcase_add_test(tc, test)
	ADD(a_reload_does_not_forget_what_was_sent);
	ADD(no_two_hellos_come_closer_after_a_late_one);
	ADD(a_daemon_that_hangs_does_not_make_its_kernel_talk_too_much);
	tcase_add_loop_test(tc, the_last_survivor_finds_frames_for_its_claims, 0, 3);
	ADD(each_router_is_asked_again);
	ADD(the_last_of_six_is_known_to_the_routers_in_time);
	ADD(a_cold_start_asks_in_the_right_order);
	ADD(questions_to_routers_leave_room_for_the_others);
	ADD(without_a_router_peers_hear_each_other_through_any_switch);
	tcase_add_loop_test(
	    tc, without_a_router_two_find_each_other_whatever_the_phase, 0, 20);
	ADD(without_a_router_claims_are_repeated_now_and_then);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
