/* SPDX-License-Identifier: BSD-2-Clause */
/* check_arp_probe.c - how peers' kernels are asked, and which answers are believed. */
#include <check.h>
#include <stdlib.h>

#include "cluster.h"

enum { A, B, C };

static struct cluster *cluster;

static bool
is_arp_probe(const struct arp *arp)
{
	return arp->op == ARP_REQUEST && ip_is_none(&arp->spa);
}

/* A switch that inspects ARP, and allows no zeros. */
static bool
lose_arp_probes(struct cluster *in, unsigned from, int to, const struct arp *arp)
{
	(void)in, (void)from, (void)to;
	return is_arp_probe(arp);
}

static void
up(void)
{
	cluster = cluster_new(3, "failback = 0s; max_moves = off");
	cluster_start_all(cluster);
	cluster_settle(cluster);
}

static void
up_inspected(void)
{
	cluster = cluster_new(3, "failback = 0s; max_moves = off");
	cluster->lose = lose_arp_probes;
	cluster_start_all(cluster);
	cluster_settle(cluster);
}

static void
down(void)
{
	cluster_free(cluster);
}

/* Questions that FROM has sent to TO's kernel since cluster_forget(), with a sender
 * address or without. */
static unsigned
asked(unsigned from, unsigned to, bool sender)
{
	struct mac mac = cluster_mac(to);
	unsigned count = 0;

	for (unsigned i = 0; i < cluster->sents; i++)
		count += cluster->sent[i].from == from &&
			 cluster->sent[i].frame == FRAME_PROBE &&
			 mac_equal(&cluster->sent[i].arp.dst, &mac) &&
			 ip_is_none(&cluster->sent[i].arp.spa) != sender;
	return count;
}

static void
run_s(unsigned seconds)
{
	cluster_run(cluster, seconds * SEC_NS);
}

static enum peer_state
sees(unsigned server, unsigned peer)
{
	return engine_view_peer(cluster->server[server].engine, peer, cluster->now_ns)
	    .state;
}

START_TEST(who_answers_arp_probes_is_asked_in_no_other_form)
{
	run_s(3);
	cluster_forget(cluster);
	cluster_freeze(cluster, B);
	run_s(2);
	ck_assert_int_eq(sees(A, B), PEER_SUSPECT);
	ck_assert_uint_gt(asked(A, B, false), 10);
	ck_assert_uint_eq(asked(A, B, true), 0);
	ck_assert_int_eq(cluster_holder(cluster, 3), 'B');
}
END_TEST

START_TEST(living_peers_are_tried_once_a_minute)
{
	run_s(3);
	cluster_forget(cluster);
	run_s(120);
	for (unsigned from = A; from <= C; from++)
		for (unsigned to = A; to <= C; to++)
			if (from != to) {
				ck_assert_uint_eq(asked(from, to, false), 2);
				ck_assert_uint_eq(asked(from, to, true), 2);
			}
}
END_TEST

/* Its kernel drops the addresses when their lease ends, and goes on answering. */
START_TEST(a_proxy_does_not_keep_a_dead_daemon_alive)
{
	cluster->server[B].proxies = true;
	run_s(3);
	cluster_kill(cluster, B);
	run_s(4);
	ck_assert_int_eq(sees(A, B), PEER_SUSPECT);
	ck_assert_int_eq(cluster_holder(cluster, 3), 'B');
	run_s(3);
	ck_assert_int_eq(sees(A, B), PEER_DEAD);
	ck_assert_int_eq(cluster_holder(cluster, 3), 'A');
	ck_assert_int_eq(cluster_holder(cluster, 4), 'C');
	run_s(60); /* and not for a moment only */
	ck_assert_int_eq(sees(A, B), PEER_DEAD);
	ck_assert_int_eq(cluster_holder(cluster, 3), 'A');
}
END_TEST

/* So it is with a switch that answers in a dead server's place. */
START_TEST(who_answers_for_the_dead_is_not_believed)
{
	run_s(3);
	cluster_crash(cluster, B);
	cluster->server[B].crashed = false; /* its kernel has no address, and answers */
	cluster->server[B].proxies = true;
	run_s(1);
	ck_assert_int_eq(sees(A, B), PEER_DEAD);
	ck_assert_int_eq(cluster_holder(cluster, 3), 'A');
}
END_TEST

START_TEST(a_proxy_is_told_of_once_and_so_is_its_end)
{
	cluster->server[B].proxies = true;
	run_s(130);
	ck_assert_uint_eq(cluster_count_told(cluster, A, REPORT_PROXY), 1);
	ck_assert_uint_eq(cluster_count_told(cluster, C, REPORT_PROXY), 1);
	ck_assert_uint_eq(cluster_count_told(cluster, B, REPORT_PROXY), 0);
	ck_assert(
	    engine_view_peer(cluster->server[A].engine, B, cluster->now_ns).proxies);
	ck_assert(
	    !engine_view_peer(cluster->server[A].engine, C, cluster->now_ns).proxies);
	ck_assert_str_eq(cluster_map(cluster), "AABBCC");
	ck_assert_int_eq(sees(A, B), PEER_ALIVE);
	for (unsigned s = A; s <= C; s++) /* its answers are no claims */
		ck_assert_uint_eq(
		    engine_counters(cluster->server[s].engine)->conflicts, 0);
	cluster->server[B].proxies = false;
	run_s(240);
	ck_assert_uint_eq(cluster_count_told(cluster, A, REPORT_PROXY), 2);
	ck_assert(
	    !engine_view_peer(cluster->server[A].engine, B, cluster->now_ns).proxies);
}
END_TEST

/* Not even where a kernel still has what another server has taken over. */
START_TEST(nobody_is_told_of_without_a_reason)
{
	for (unsigned round = 0; round < 5; round++) {
		run_s(61);
		cluster_kill(cluster, B);
		run_s(7);
		cluster_start(cluster, B);
		run_s(20);
		cluster_admin(cluster, C, ADMIN_DRAIN);
		run_s(7);
		cluster_admin(cluster, C, ADMIN_RESUME);
	}
	for (unsigned s = A; s <= C; s++)
		ck_assert_uint_eq(cluster_count_told(cluster, s, REPORT_PROXY), 0);
}
END_TEST

START_TEST(where_arp_probes_are_dropped_other_questions_do)
{
	run_s(10);
	cluster_forget(cluster);
	cluster_freeze(cluster, B);
	run_s(3);
	ck_assert_int_eq(sees(A, B), PEER_SUSPECT);
	ck_assert_uint_eq(asked(A, B, false), 0);
	ck_assert_int_eq(cluster_holder(cluster, 3), 'B');
	cluster_thaw(cluster, B);
	run_s(1);
	uint64_t before_ns = cluster->now_ns;
	cluster_crash(cluster, B);
	while (cluster_holder(cluster, 3) != 'A') {
		cluster_run(cluster, 5 * MS_NS);
		ck_assert_uint_lt(cluster->now_ns - before_ns, 200 * MS_NS);
	}
}
END_TEST

/* C's kernel is slow to remove what C hands back to A, when A's first trial comes, which
 * asks for that address. */
START_TEST(who_has_just_left_an_address_may_still_have_it)
{
	cluster_crash(cluster, A);
	run_s(1);
	ck_assert_int_eq(cluster_holder(cluster, 2), 'C');
	cluster->server[C].hold_results = true;
	cluster_start(cluster, A);
	cluster_run(cluster, 1500 * MS_NS);
	ck_assert_int_eq(cluster_state(cluster, A, 2), PRIMARY);
	ck_assert_int_eq(cluster_holder(cluster, 2), '*');
	ck_assert_uint_eq(cluster_count_told(cluster, A, REPORT_PROXY), 0);
}
END_TEST

/* As for a second after the start: either form is answered or lost. */
START_TEST(before_anything_is_known_a_frozen_daemon_keeps_its_addresses)
{
	run_s(10);
	cluster_link(cluster, A, false); /* so that A starts over */
	run_s(1);
	cluster_link(cluster, A, true);
	cluster_run(cluster, 300 * MS_NS);
	cluster_freeze(cluster, B);
	run_s(2);
	ck_assert_int_eq(sees(A, B), PEER_SUSPECT);
	ck_assert_int_eq(cluster_holder(cluster, 3), 'B');
}
END_TEST

/* It may be another machine, or have been set up anew. */
START_TEST(who_comes_back_is_tried_soon)
{
	run_s(10);
	cluster_link(cluster, B, false);
	run_s(1);
	cluster_link(cluster, B, true);
	cluster_run(cluster, 500 * MS_NS);
	ck_assert_int_eq(sees(A, B), PEER_ALIVE);
	cluster_forget(cluster);
	run_s(2);
	ck_assert_uint_eq(asked(A, B, false), 1);
	ck_assert_uint_eq(asked(A, B, true), 1);
	ck_assert_uint_eq(asked(A, C, false), 0); /* it was not away */
}
END_TEST

/* An administrator switches the inspection on while all runs. */
START_TEST(who_no_longer_answers_arp_probes_is_asked_otherwise)
{
	run_s(3);
	cluster->lose = lose_arp_probes;
	run_s(70);
	cluster_freeze(cluster, B);
	run_s(3);
	ck_assert_int_eq(sees(A, B), PEER_SUSPECT);
	ck_assert_int_eq(cluster_holder(cluster, 3), 'B');
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("arp_probe");
	TCase *tc = tcase_create("stories");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, up, down);
	tcase_add_test(tc, who_answers_arp_probes_is_asked_in_no_other_form);
	tcase_add_test(tc, living_peers_are_tried_once_a_minute);
	tcase_add_test(tc, who_comes_back_is_tried_soon);
	tcase_add_test(tc, a_proxy_does_not_keep_a_dead_daemon_alive);
	tcase_add_test(tc, who_answers_for_the_dead_is_not_believed);
	tcase_add_test(tc, a_proxy_is_told_of_once_and_so_is_its_end);
	tcase_add_test(tc, nobody_is_told_of_without_a_reason);
	tcase_add_test(tc, before_anything_is_known_a_frozen_daemon_keeps_its_addresses);
	tcase_add_test(tc, who_has_just_left_an_address_may_still_have_it);
	tcase_add_test(tc, who_no_longer_answers_arp_probes_is_asked_otherwise);
	suite_add_tcase(suite, tc);
	tc = tcase_create("inspected");
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, up_inspected, down);
	tcase_add_test(tc, where_arp_probes_are_dropped_other_questions_do);
	tcase_add_test(tc, before_anything_is_known_a_frozen_daemon_keeps_its_addresses);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
