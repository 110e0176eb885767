/* SPDX-License-Identifier: BSD-2-Clause */
/* check_engine.c - the rules of the protocol, each by name, and the races between them.
 *
 * Real engines on a perfect wire in virtual time (cluster.h). Times are exact: hello 100
 * ms, 5 probes 5 ms apart, so a death is known 175 ms after the last word. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

enum { A, B, C, D, E, F };

static struct cluster *cl;

static void
up_six(const char *timing)
{
	cl = cluster_new(6, timing);
	cluster_start_all(cl);
	cluster_forget(cl);
}

static void
up_three(const char *timing)
{
	cl = cluster_new(3, timing);
	cluster_start_all(cl);
	cluster_forget(cl);
}

static void
down(void)
{
	cluster_free(cl);
	cl = NULL;
}

#define MAP(text) ck_assert_str_eq(cluster_map(cl), text)
#define ALL_HOME "AAAAABBBBBCCCCCDDDDDEEEEEFFFFF"

static struct arp
claim_by(struct mac sha, unsigned number)
{
	return (struct arp){
		.dst = mac_broadcast,
		.src = sha,
		.op = ARP_REQUEST,
		.sha = sha,
		.spa = cluster_ip(number),
		.tpa = cluster_ip(number),
	};
}

static const struct mac stranger = { { 2, 0x66, 0, 0, 0, 1 } };

static const struct arp *
last_sent(unsigned from, enum frame_kind frame)
{
	for (unsigned i = cl->sents; i-- > 0;)
		if (cl->sent[i].from == from && cl->sent[i].frame == frame)
			return &cl->sent[i].arp;
	return NULL;
}

/* --- the main job ------------------------------------------------------------------- */

START_TEST(a_cluster_that_starts_together_has_everything_at_home)
{
	cl = cluster_new(6, "failback = 1s");
	cluster_start_all(cl);
	MAP(ALL_HOME);
	for (unsigned n = 1; n <= 30; n++)
		ck_assert_int_eq(cluster_router_thinks(cl, n), cluster_holder(cl, n));
}
END_TEST

START_TEST(each_address_of_the_dead_goes_to_a_different_survivor)
{
	static const char *const expect[] = {
		"BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF",
		"AAAAAACDEFCCCCCDDDDDEEEEEFFFFF",
		"AAAAABBBBBABDEFDDDDDEEEEEFFFFF",
		"AAAAABBBBBCCCCCABCEFEEEEEFFFFF",
		"AAAAABBBBBCCCCCDDDDDABCDFFFFFF",
		"AAAAABBBBBCCCCCDDDDDEEEEEABCDE",
	};

	up_six("failback = 0s");
	cluster_crash(cl, (unsigned)_i);
	cluster_run(cl, 400 * MS_NS);
	MAP(expect[_i]);
	for (unsigned n = 1; n <= 30; n++)
		ck_assert_int_eq(cluster_router_thinks(cl, n), cluster_holder(cl, n));
	cluster_start(cl, (unsigned)_i);
	cluster_settle(cl);
	MAP(ALL_HOME);
}
END_TEST

START_TEST(a_death_is_known_after_one_and_a_half_hellos_and_a_burst)
{
	up_six(NULL);
	uint64_t died_ns = cl->now_ns;
	cluster_crash(cl, A);
	cluster_run(cl, 400 * MS_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	for (unsigned i = 0; i < cl->tolds; i++)
		if (cl->told[i].report.kind == REPORT_STATE)
			ck_assert_uint_le(cl->told[i].at_ns - died_ns, 175 * MS_NS);
}
END_TEST

START_TEST(two_dead_servers_leave_what_nobody_else_may_serve)
{
	up_six("failback = 0s");
	cluster_crash(cl, A);
	cluster_crash(cl, B);
	cluster_run(cl, SEC_NS);
	/* 1 (A, B) and 6 (B, A) have nobody left. */
	MAP("-CDEF-CDEFCCCCCDDDDDEEEEEFFFFF");
}
END_TEST

START_TEST(a_tertiary_claims_only_when_primary_and_secondary_are_gone)
{
	up_three("failback = 0s");
	MAP("AABBCC");
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	MAP("BCBBCC"); /* 1: A B C, 2: A C B */
	ck_assert_int_eq(cluster_state(cl, C, 1), WATCHING);
	cluster_crash(cl, B);
	cluster_run(cl, SEC_NS);
	MAP("CCCCCC");
	cluster_start(cl, B);
	cluster_settle(cl);
	MAP("BCBBCC");
}
END_TEST

/* --- rules ----------------------------------------------------------------------------
 */

START_TEST(a_lost_hello_costs_probes_and_no_takeover)
{
	up_six(NULL);
	cl->server[A].mute = true;
	cluster_run(cl, 50 * MS_NS); /* one at most */
	cl->server[A].mute = false;
	cluster_run(cl, SEC_NS);
	MAP(ALL_HOME);
	ck_assert_uint_eq(cluster_count_told(cl, B, REPORT_STATE), 0);
}
END_TEST

START_TEST(the_kernel_of_a_frozen_daemon_keeps_its_addresses)
{
	up_six(NULL);
	cluster_freeze(cl, A);
	cluster_run(cl, 3 * SEC_NS);
	MAP(ALL_HOME);
	ck_assert_int_eq(
	    engine_view_peer(cl->server[B].engine, A, cl->now_ns).state, PEER_SUSPECT);
	cluster_thaw(cl, A);
	cluster_run(cl, SEC_NS);
	MAP(ALL_HOME);
	ck_assert_int_eq(
	    engine_view_peer(cl->server[B].engine, A, cl->now_ns).state, PEER_ALIVE);
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_STATE), 0);
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_LATE), 1);
}
END_TEST

START_TEST(a_daemon_frozen_past_its_lease_takes_nothing_back_at_once)
{
	up_six("failback = 2s");
	cluster_freeze(cl, A);
	cluster_run(cl, 6 * SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	cluster_thaw(cl, A);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF"); /* no late renewal */
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_LAPSED), 1);
	cluster_run(cl, SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	cluster_run(cl, 3 * SEC_NS);
	MAP(ALL_HOME);
}
END_TEST

START_TEST(a_restart_within_the_lease_adopts_and_nothing_moves)
{
	up_six(NULL);
	cluster_kill(cl, A);
	cluster_run(cl, 2 * SEC_NS);
	MAP(ALL_HOME);
	cluster_start(cl, A);
	for (unsigned n = 1; n <= 5; n++)
		ck_assert_int_eq(cluster_state(cl, A, n), PRIMARY);
	cluster_run(cl, 8 * SEC_NS);
	MAP(ALL_HOME);
	ck_assert_uint_eq(cluster_count_told(cl, B, REPORT_STATE), 0);
}
END_TEST

START_TEST(a_killed_daemon_loses_its_addresses_with_the_lease)
{
	up_six(NULL);
	cluster_kill(cl, A);
	cluster_run(cl, 3500 * MS_NS); /* renewed up to 1.25 s before */
	MAP(ALL_HOME);
	cluster_run(cl, 2 * SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
}
END_TEST

START_TEST(a_planned_handover_makes_before_it_breaks)
{
	up_six(NULL);
	unsigned a = cluster_address(cl, 1);
	cluster_admin(cl, A, ADMIN_STOP);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	ck_assert(cl->server[A].stopped);
	/* The release is unicast to the servers in the list, with THA = SHA. */
	const struct arp *release = last_sent(A, FRAME_RELEASE);
	ck_assert_ptr_nonnull(release);
	ck_assert(mac_equal(&release->tha, &release->sha));
	ck_assert(!mac_is_group(&release->dst));
	ck_assert(!cl->server[A].has[a]);
	for (unsigned n = 1; n <= 5; n++)
		ck_assert_int_eq(cluster_router_thinks(cl, n), cluster_holder(cl, n));
}
END_TEST

START_TEST(a_leaver_serves_until_the_new_owner_is_heard)
{
	up_six(NULL);
	cl->server[B].frozen = true; /* nobody else may serve address 1 */
	cluster_admin(cl, A, ADMIN_DRAIN);
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
	ck_assert_int_eq(cluster_holder(cl, 2), 'C');
	ck_assert_int_eq(engine_standing(cl->server[A].engine), STANDING_LEAVING);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
	cluster_thaw(cl, B);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	ck_assert_int_eq(engine_standing(cl->server[A].engine), STANDING_DRAINED);
}
END_TEST

START_TEST(a_leaver_gives_up_waiting)
{
	up_six(NULL);
	cl->server[B].frozen = true;
	cluster_admin(cl, A, ADMIN_STOP);
	cluster_run(cl, 2500 * MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), '-');
	ck_assert(cl->server[A].stopped);
}
END_TEST

START_TEST(a_lost_release_is_said_again)
{
	up_six(NULL);
	cl->server[B].deaf = true;
	cluster_admin(cl, A, ADMIN_DRAIN);
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
	cl->server[B].deaf = false;
	cluster_run(cl, 60 * MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
}
END_TEST

START_TEST(a_late_hello_after_a_release_changes_nothing)
{
	up_six(NULL);
	cluster_admin(cl, A, ADMIN_DRAIN);
	struct arp late = claim_by(cluster_mac(A), 1);
	cluster_inject(cl, &late);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	ck_assert_uint_eq(engine_counters(cl->server[B].engine)->late_claims, 1);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
}
END_TEST

START_TEST(drained_stays_away_until_resumed)
{
	up_six("failback = 1s");
	cluster_admin(cl, A, ADMIN_DRAIN);
	cluster_run(cl, 10 * SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	ck_assert_uint_eq(cluster_count_sent(cl, A, FRAME_CLAIM), 0);
	cluster_admin(cl, A, ADMIN_RESUME);
	cluster_run(cl, 200 * MS_NS);
	MAP(ALL_HOME);
}
END_TEST

START_TEST(drained_stays_drained_over_a_link_flap)
{
	up_six("failback = 0s");
	cluster_admin(cl, A, ADMIN_DRAIN);
	cluster_run(cl, SEC_NS);
	cluster_link(cl, A, false);
	cluster_run(cl, SEC_NS);
	cluster_link(cl, A, true);
	cluster_run(cl, 5 * SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	cluster_admin(cl, A, ADMIN_RESUME);
	cluster_run(cl, SEC_NS);
	MAP(ALL_HOME);
}
END_TEST

START_TEST(a_claim_from_a_better_tier_is_yielded_to)
{
	up_six(NULL);
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	struct arp claim = claim_by(cluster_mac(A), 1);
	cluster_inject(cl, &claim);
	ck_assert_int_eq(cluster_holder(cl, 1), '-');
	ck_assert_int_eq(cluster_state(cl, B, 1), RELEASED);
	cluster_run(cl, 210 * MS_NS);
	ck_assert_int_ne(cluster_state(cl, B, 1), RELEASED); /* a short hold-down */
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B'); /* it was only one claim */
}
END_TEST

START_TEST(a_claim_from_a_worse_tier_is_answered_and_the_winner_speaks_last)
{
	up_six(NULL);
	struct arp claim = claim_by(cluster_mac(B), 1);
	cluster_inject(cl, &claim);
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'A');
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_CONFLICT), 1);
	/* Again, within the rate limit: the answer comes late, but it comes. */
	cluster_inject(cl, &claim);
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'B');
	cluster_run(cl, 101 * MS_NS);
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'A');
}
END_TEST

START_TEST(a_foreign_claim_is_never_yielded_to)
{
	up_six(NULL);
	struct arp claim = claim_by(stranger, 1);
	for (unsigned i = 0; i < 50; i++)
		cluster_inject(cl, &claim);
	MAP(ALL_HOME);
	ck_assert_uint_eq(engine_counters(cl->server[A].engine)->foreign_claims, 50);
	ck_assert_uint_eq(
	    cluster_count_told(cl, A, REPORT_FOREIGN), 1); /* not fifty lines */
	ck_assert_uint_le(cluster_count_sent(cl, A, FRAME_CLAIM), 4);
	cluster_run(cl, 101 * MS_NS);
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'A');
	ck_assert_int_eq(
	    engine_view_address(cl->server[B].engine, cluster_address(cl, 1)).owner, A);
}
END_TEST

START_TEST(a_claim_by_a_server_outside_the_list_moves_nothing)
{
	up_six(NULL);
	struct arp claim = claim_by(cluster_mac(F), 1); /* the list is A, B */
	cluster_inject(cl, &claim);
	MAP(ALL_HOME);
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_UNLISTED), 1);
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'A');
}
END_TEST

START_TEST(a_solicitation_is_answered_for_watchers_to_hear)
{
	up_six(NULL);
	for (unsigned i = 0; i < 10; i++)
		cluster_solicit(cl, 1);
	ck_assert_uint_eq(cluster_count_sent(cl, A, FRAME_ANSWER), 1); /* rate-limited */
	const struct arp *answer = last_sent(A, FRAME_ANSWER);
	ck_assert(mac_equal(&answer->dst, &mac_broadcast));
	ck_assert(mac_equal(&answer->tha, &mac_broadcast));
	ck_assert_int_eq(answer->op, ARP_REPLY);
	cluster_run(cl, 2 * SEC_NS);
	MAP(ALL_HOME);
	ck_assert_uint_eq(cluster_count_sent(cl, B, FRAME_CLAIM), 0);
}
END_TEST

START_TEST(an_unanswered_solicitation_is_checked_before_a_claim)
{
	up_six(NULL);
	cluster_freeze(cl, A); /* its kernel answers the router unheard by others */
	cluster_solicit(cl, 1);
	cluster_run(cl, 2 * SEC_NS);
	MAP(ALL_HOME);
	ck_assert_uint_gt(cluster_count_sent(cl, B, FRAME_PROBE), 0);
}
END_TEST

START_TEST(an_address_that_a_living_peer_lost_is_claimed_when_asked_for)
{
	up_six(NULL);
	cluster_freeze(cl, A);
	cl->server[A].has[cluster_address(cl, 1)] = false;
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), '-');
	cluster_solicit(cl, 1);
	cluster_run(cl, 400 * MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	ck_assert_int_eq(cluster_holder(cl, 2), 'A');
}
END_TEST

START_TEST(a_returning_primary_waits_out_its_failback_delay)
{
	up_six(NULL);
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	cluster_start(cl, A);
	cluster_run(cl, 4900 * MS_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	ck_assert_int_eq(cluster_state(cl, A, 1), RELEASED);
	cluster_run(cl, 500 * MS_NS);
	MAP(ALL_HOME);
}
END_TEST

START_TEST(a_returning_primary_does_not_wait_when_nobody_serves)
{
	up_six(NULL);
	cluster_crash(cl, A);
	cluster_crash(cl, B);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), '-');
	cluster_start(cl, A);
	cluster_run(cl, 300 * MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
	ck_assert_int_eq(cluster_holder(cl, 2), 'C'); /* served: waits */
}
END_TEST

START_TEST(a_waiting_primary_steps_in_when_its_stand_in_dies)
{
	up_six("failback = 60s");
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	cluster_start(cl, A);
	cluster_run(cl, 2 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	cluster_crash(cl, B);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
	ck_assert_int_eq(cluster_holder(cl, 2), 'C');
}
END_TEST

START_TEST(failback_manual_waits_for_resume)
{
	up_six("failback = manual");
	MAP(ALL_HOME);
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	cluster_start(cl, A);
	cluster_run(cl, 600 * SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	cluster_admin(cl, A, ADMIN_RESUME);
	cluster_run(cl, 200 * MS_NS);
	MAP(ALL_HOME);
}
END_TEST

START_TEST(a_server_that_keeps_failing_waits_longer_each_time)
{
	up_six("failback = 2s; max_moves = off");
	for (unsigned wait_s = 2, turn = 0; turn < 4; turn++, wait_s *= 2) {
		cluster_link(cl, A, false);
		cluster_run(cl, SEC_NS);
		MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
		cluster_link(cl, A, true);
		cluster_run(cl, wait_s * SEC_NS);
		MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
		cluster_run(cl, SEC_NS);
		MAP(ALL_HOME);
	}
}
END_TEST

START_TEST(a_frozen_stand_in_is_not_taken_over_from)
{
	up_six("failback = 1s");
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	cluster_start(cl, A);
	cluster_run(cl, 500 * MS_NS);
	cluster_freeze(cl, B); /* its kernel answers for 1, and could not yield */
	cluster_run(cl, 2 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	ck_assert_int_eq(cluster_holder(cl, 2), 'A');
	cluster_thaw(cl, B);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
}
END_TEST

/* --- am I the one who is dead?
 * ---------------------------------------------------------- */

START_TEST(a_server_that_hears_nothing_claims_nothing)
{
	up_six(NULL);
	cl->server[A].deaf = true;
	cluster_run(cl, 3 * SEC_NS);
	MAP(ALL_HOME); /* its hellos are heard: nobody takes over */
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_ISOLATED), 1);
	ck_assert_int_eq(engine_standing(cl->server[A].engine), STANDING_ISOLATED);
	for (unsigned s = B; s <= F; s++)
		ck_assert_int_ne(
		    engine_view_peer(cl->server[A].engine, s, cl->now_ns).state,
		    PEER_DEAD);
}
END_TEST

START_TEST(a_deaf_server_releases_after_a_lease)
{
	up_six("failback = 1s");
	cl->server[A].deaf = true;
	cluster_run(cl, 5200 * MS_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	cl->server[A].deaf = false;
	cluster_run(cl, SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	cluster_run(cl, 3 * SEC_NS);
	MAP(ALL_HOME);
}
END_TEST

START_TEST(a_server_cut_off_both_ways_claims_nothing_and_returns)
{
	up_six(NULL);
	cl->server[A].deaf = cl->server[A].mute = true;
	cluster_run(cl, 2 * SEC_NS);
	for (unsigned n = 6; n <= 26; n += 5)
		ck_assert_int_eq(cluster_state(cl, A, n), WATCHING);
	ck_assert_int_eq(
	    cluster_holder(cl, 1), '*'); /* A holds on for a lease, B serves */
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'B');
	cl->server[A].deaf = cl->server[A].mute = false;
	cluster_run(cl, 200 * MS_NS);
	MAP(ALL_HOME);
	for (unsigned n = 1; n <= 5; n++)
		ck_assert_int_eq(cluster_router_thinks(cl, n), 'A');
}
END_TEST

START_TEST(a_server_cut_off_for_longer_than_its_lease_waits_out_failback)
{
	up_six("failback = 2s");
	cl->server[A].deaf = cl->server[A].mute = true;
	cluster_run(cl, 8 * SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	cl->server[A].deaf = cl->server[A].mute = false;
	cluster_run(cl, 2 * SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	cluster_run(cl, SEC_NS);
	MAP(ALL_HOME);
}
END_TEST

START_TEST(the_router_is_witness_for_a_lone_survivor)
{
	up_six(NULL);
	for (unsigned s = B; s <= F; s++)
		cluster_crash(cl, s);
	cluster_run(cl, 2 * SEC_NS);
	MAP("AAAAAA----A----A----A----A----");
	cluster_run(cl, 20 * SEC_NS);
	MAP("AAAAAA----A----A----A----A----");
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_ISOLATED), 0);
}
END_TEST

START_TEST(without_a_witness_a_lone_survivor_keeps_what_it_has)
{
	cl = cluster_new(6, NULL);
	free(cl->conf);
	cl->conf = cluster_conf(6, "failback = 0s", false);
	cluster_start_all(cl);
	MAP(ALL_HOME);
	for (unsigned s = B; s <= F; s++)
		cluster_crash(cl, s);
	cluster_run(cl, 20 * SEC_NS);
	MAP("AAAAA-------------------------");
}
END_TEST

static bool
halves(struct cluster *cluster, unsigned from, int to, const struct arp *arp)
{
	(void)cluster, (void)arp;
	if (to < 0 || from >= CLUSTER_SERVERS)
		return false; /* the router is on both sides */
	return (from <= C) != (to <= C);
}

START_TEST(a_partition_heals_with_everything_at_home)
{
	up_six(NULL);
	cl->lose = halves;
	cluster_run(cl, 3 * SEC_NS);
	ck_assert_int_eq(
	    cluster_holder(cl, 3), '*'); /* A and D, who do not hear each other */
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
	cl->lose = NULL;
	cluster_run(cl, SEC_NS);
	MAP(ALL_HOME);
	for (unsigned n = 1; n <= 30; n++)
		ck_assert_int_eq(cluster_router_thinks(cl, n), cluster_holder(cl, n));
}
END_TEST

START_TEST(a_mute_server_is_taken_over_from_and_returns)
{
	up_six(NULL);
	cl->server[A].mute = true;
	cluster_run(cl, SEC_NS);
	for (unsigned n = 1; n <= 5; n++)
		ck_assert_int_eq(cluster_router_thinks(cl, n), "BCDEF"[n - 1]);
	cluster_run(cl, 10 * SEC_NS);
	ck_assert_uint_gt(cluster_count_told(cl, A, REPORT_UNHEARD), 0);
	cl->server[A].mute = false;
	cluster_run(cl, SEC_NS);
	MAP(ALL_HOME);
	for (unsigned n = 1; n <= 5; n++)
		ck_assert_int_eq(cluster_router_thinks(cl, n), 'A');
}
END_TEST

START_TEST(no_carrier_releases_everything)
{
	up_six("failback = 1s");
	cluster_link(cl, A, false);
	for (unsigned n = 1; n <= 5; n++)
		ck_assert_int_eq(cluster_state(cl, A, n), RELEASED);
	ck_assert_int_eq(cluster_holder(cl, 1), '-');
	cluster_run(cl, SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	cluster_link(cl, A, true);
	cluster_run(cl, 100 * MS_NS);
	ck_assert_int_eq(engine_standing(cl->server[A].engine), STANDING_STARTING);
	cluster_run(cl, 2 * SEC_NS);
	MAP(ALL_HOME);
}
END_TEST

START_TEST(a_port_that_forwards_nothing_at_first_makes_nobody_claim)
{
	up_six(NULL);
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	cl->server[A].mute = cl->server[A].deaf = true; /* spanning tree */
	cluster_start(cl, A);
	cluster_run(cl, 30 * SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	ck_assert_uint_eq(cluster_count_sent(cl, A, FRAME_CLAIM), 0);
	cl->server[A].mute = cl->server[A].deaf = false;
	cluster_run(cl, 4 * SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	cluster_run(cl, 2 * SEC_NS);
	MAP(ALL_HOME);
}
END_TEST

/* --- races
 * ------------------------------------------------------------------------------ */

static bool
b_cannot_hear_a(struct cluster *cluster, unsigned from, int to, const struct arp *arp)
{
	(void)cluster, (void)arp;
	return (from == B && to == C) || (from == A);
}

START_TEST(two_watchers_that_claim_at_once_end_with_the_better_one)
{
	up_three("failback = 0s");
	/* C does not hear B, and believes it dead: both claim 1 when A dies. */
	cl->lose = b_cannot_hear_a;
	cluster_run(cl, SEC_NS);
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	cl->lose = NULL;
	cluster_run(cl, 2 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'B');
}
END_TEST

static bool
lose_first_claims_of_b(
    struct cluster *cluster, unsigned from, int to, const struct arp *arp)
{
	(void)to;
	return from == B && cluster->now_ns < 1005 * SEC_NS &&
	       conf_address_by_ip(cluster->conf, &arp->spa) == 0;
}

START_TEST(a_lost_claim_is_repeated_until_the_router_confirms)
{
	up_six(NULL);
	ck_assert_uint_lt(cl->now_ns, 1004 * SEC_NS);
	cl->lose = lose_first_claims_of_b;
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'A');
	ck_assert(
	    !engine_view_address(cl->server[B].engine, cluster_address(cl, 1)).confirmed);
	cluster_run(cl, 5 * SEC_NS);
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'B');
	ck_assert(
	    engine_view_address(cl->server[B].engine, cluster_address(cl, 1)).confirmed);
}
END_TEST

START_TEST(own_echoes_are_dropped_and_counted)
{
	up_six(NULL);
	struct arp echo = claim_by(cluster_mac(A), 1);
	engine_hear(cl->server[A].engine, &echo, cl->now_ns);
	MAP(ALL_HOME);
	ck_assert_uint_eq(engine_counters(cl->server[A].engine)->echoes, 1);
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_CLONE), 0);
}
END_TEST

START_TEST(another_station_with_our_hardware_address_is_a_loud_error)
{
	up_six(NULL);
	struct action action;
	struct arp clone = claim_by(cluster_mac(A), 9);
	engine_hear(cl->server[A].engine, &clone, cl->now_ns);
	ck_assert(engine_action(cl->server[A].engine, &action));
	ck_assert_int_eq(action.kind, ACTION_REPORT);
	ck_assert_int_eq(action.report.kind, REPORT_CLONE);
	ck_assert_int_eq(report_level(&action.report), REPORT_ERR);
	engine_hear(cl->server[A].engine, &clone, cl->now_ns);
	ck_assert(!engine_action(cl->server[A].engine, &action)); /* once in a while */
}
END_TEST

/* A crashed peer of A's, whose card something is still heard of every 50 ms. */
static void
hear_of_the_dead(const struct arp *arp)
{
	cluster_crash(cl, B);
	for (unsigned i = 0; i < 20; i++) {
		cluster_run(cl, 50 * MS_NS);
		engine_hear(cl->server[A].engine, arp, cl->now_ns);
	}
}

/* An interface in promiscuous mode hears what a kernel answers others. */
START_TEST(frames_to_other_stations_are_not_heard)
{
	up_six(NULL);
	struct arp answer = claim_by(cluster_mac(B), 6);
	answer.op = ARP_REPLY;
	answer.dst = cluster_mac(C);
	hear_of_the_dead(&answer);
	ck_assert_int_eq(
	    engine_view_peer(cl->server[A].engine, B, cl->now_ns).state, PEER_DEAD);
	ck_assert_uint_eq(
	    engine_counters(cl->server[A].engine)->received[ARP_OTHER_STATION], 20);
}
END_TEST

/* What the daemon of another cluster on B says: its hello, with its plan and its health.
 */
static struct arp
sisters_hello(unsigned server)
{
	struct arp hello = claim_by(cluster_mac(server), 1);

	hello.op = ARP_REPLY;
	hello.tha = mac_broadcast;
	hello.spa = hello.tpa = ip_v4(0x0a4e0001);
	hello.note = (struct arp_note){
		.present = true, .demoted = true, .plan = 77, .cluster = 4711
	};
	return hello;
}

START_TEST(another_clusters_daemon_is_no_sign_of_life)
{
	up_six(NULL);
	struct arp hello = sisters_hello(B);
	hear_of_the_dead(&hello);
	struct engine_peer_view view =
	    engine_view_peer(cl->server[A].engine, B, cl->now_ns);
	ck_assert_int_eq(view.state, PEER_DEAD);
	hello = sisters_hello(C);
	engine_hear(cl->server[A].engine, &hello, cl->now_ns);
	cluster_run(cl, SEC_NS);
	view = engine_view_peer(cl->server[A].engine, C, cl->now_ns);
	ck_assert(!view.unhealthy);
	ck_assert(!view.plan_differs);
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_PLAN), 0);
}
END_TEST

START_TEST(another_clusters_daemon_on_this_interface_is_no_clone)
{
	up_six(NULL);
	struct arp hello = sisters_hello(A);
	engine_hear(cl->server[A].engine, &hello, cl->now_ns);
	cluster_run(cl, SEC_NS);
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_CLONE), 0);
}
END_TEST

/* A cluster that is renamed on server after server. */
START_TEST(a_claim_counts_whatever_the_cluster_is_called)
{
	up_six(NULL);
	uint64_t before = engine_counters(cl->server[A].engine)->claims;
	struct arp claim = claim_by(cluster_mac(B), 6);
	claim.note = (struct arp_note){ .present = true, .cluster = 4711 };
	engine_hear(cl->server[A].engine, &claim, cl->now_ns);
	ck_assert_uint_eq(engine_counters(cl->server[A].engine)->claims, before + 1);
}
END_TEST

START_TEST(a_changed_hardware_address_releases_everything)
{
	up_six("failback = 0s");
	struct ip base = engine_self(cl->server[A].engine)->base;
	struct mac mac = cluster_mac(A);
	engine_identity(cl->server[A].engine, &stranger, &base, cl->now_ns);
	cluster_run(cl, SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_WRONG_MAC), 1);
	engine_identity(cl->server[A].engine, &mac, &base, cl->now_ns);
	cluster_run(cl, 2 * SEC_NS);
	MAP(ALL_HOME);
}
END_TEST

/* --- the kernel's results
 * ---------------------------------------------------------------- */

START_TEST(words_follow_deeds)
{
	up_six(NULL);
	cl->server[B].hold_results = true;
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_state(cl, B, 1), CLAIMED);
	ck_assert_uint_eq(cluster_count_sent(cl, B, FRAME_CLAIM), 0);
	struct ip ip = cluster_ip(1);
	engine_done(cl->server[B].engine, HOLDING_ADD, &ip, 0, cl->now_ns);
	cluster_run(cl, MS_NS);
	ck_assert_uint_gt(cluster_count_sent(cl, B, FRAME_CLAIM), 0);
}
END_TEST

START_TEST(a_failed_change_is_tried_again)
{
	up_six(NULL);
	cl->server[B].fail = 1;
	cluster_crash(cl, A);
	cluster_run(cl, 2 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), '-');
	ck_assert_uint_gt(cluster_count_told(cl, B, REPORT_FAILED), 2);
	cl->server[B].fail = 0;
	cluster_run(cl, 6 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
}
END_TEST

START_TEST(an_address_that_was_removed_is_put_back)
{
	up_six(NULL);
	cluster_steal(cl, A, 1);
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_GONE), 1);
	/* Again and again within one turn: with back-off. */
	for (unsigned i = 0; i < 3; i++)
		cluster_steal(cl, A, 1);
	ck_assert_int_eq(cluster_holder(cl, 1), '-');
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
}
END_TEST

START_TEST(a_renewal_that_comes_back_too_late_is_undone)
{
	up_six(NULL);
	unsigned a = cluster_address(cl, 1);
	struct ip ip = cluster_ip(1);
	struct action action;
	cl->server[A].hold_results = true;
	cluster_run(cl, 1500 * MS_NS); /* renewals are asked for, and hang */
	cl->server[A].hold_results = false;
	engine_done(
	    cl->server[A].engine, HOLDING_RENEW, &ip, 0, cl->now_ns + 10 * SEC_NS);
	bool removed = false;
	while (engine_action(cl->server[A].engine, &action))
		removed = removed || (action.kind == ACTION_ADDRESS &&
					 action.address.verb == HOLDING_REMOVE &&
					 ip_equal(&action.address.ip, &ip));
	ck_assert(removed);
	ck_assert_int_eq(engine_view_address(cl->server[A].engine, a).state, WATCHING);
}
END_TEST

START_TEST(leftovers_of_others_are_taken_away_at_the_start)
{
	cl = cluster_new(6, NULL);
	unsigned stray = cluster_address(cl, 7); /* not in A's lists */
	cl->server[A].has[stray] = true;
	cl->server[A].lease_ns[stray] = UINT64_MAX;
	cluster_start(cl, A);
	ck_assert(!cl->server[A].has[stray]);
}
END_TEST

/* --- passive
 * ------------------------------------------------------------------------------ */

START_TEST(passive_servers_go_by_the_routers_questions_alone)
{
	up_six("hello = off; failback = 0s");
	MAP(ALL_HOME);
	cluster_run(cl, 10 * SEC_NS);
	for (unsigned s = A; s <= F; s++) {
		ck_assert_uint_eq(cluster_count_sent(cl, s, FRAME_HELLO), 0);
		ck_assert_uint_eq(cluster_count_sent(cl, s, FRAME_PROBE), 0);
	}
	cluster_crash(cl, A);
	cluster_run(cl, 10 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), '-');
	cluster_solicit(cl, 1);
	cluster_run(cl, 299 * MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), '-');
	cluster_run(cl, 2 * MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	ck_assert_int_eq(cluster_holder(cl, 2), '-');
}
END_TEST

START_TEST(passive_tertiary_waits_twice_as_long)
{
	up_three("hello = off; failback = 0s");
	cluster_crash(cl, A);
	cluster_crash(cl, B);
	cluster_solicit(cl, 1);
	cluster_run(cl, 599 * MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), '-');
	cluster_run(cl, 2 * MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'C');
}
END_TEST

START_TEST(passive_watchers_are_calmed_by_the_owners_answer)
{
	up_six("hello = off; failback = 0s");
	for (unsigned i = 0; i < 20; i++) {
		cluster_solicit(cl, 1);
		cluster_run(cl, 250 * MS_NS);
	}
	MAP(ALL_HOME);
}
END_TEST

START_TEST(passive_handover_works)
{
	up_six("hello = off; failback = 0s");
	cluster_admin(cl, A, ADMIN_STOP);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	ck_assert(cl->server[A].stopped);
}
END_TEST

/* --- what is said
 * -------------------------------------------------------------------------- */

START_TEST(a_claim_has_four_forms_and_is_confirmed)
{
	up_six(NULL);
	cluster_crash(cl, A);
	cluster_run(cl, 200 * MS_NS);
	unsigned unicast = 0, request = 0, reply = 0, audible = 0;
	for (unsigned i = 0; i < cl->sents; i++) {
		const struct arp *arp = &cl->sent[i].arp;
		if (cl->sent[i].from != B || cl->sent[i].frame != FRAME_CLAIM)
			continue;
		unicast +=
		    mac_equal(&arp->dst, &cl->router_mac) && arp->op == ARP_REQUEST;
		request += ip_equal(&arp->spa, &arp->tpa) && arp->op == ARP_REQUEST &&
			   mac_is_zero(&arp->tha);
		reply += ip_equal(&arp->spa, &arp->tpa) && arp->op == ARP_REPLY &&
			 mac_equal(&arp->tha, &arp->sha);
		audible += arp->op == ARP_REPLY && mac_equal(&arp->dst, &mac_broadcast) &&
			   mac_equal(&arp->tha, &mac_broadcast) &&
			   !ip_equal(&arp->spa, &arp->tpa);
	}
	ck_assert_uint_eq(unicast, 1);
	ck_assert_uint_eq(request, 1);
	ck_assert_uint_eq(reply, 1);
	ck_assert_uint_eq(audible, 1);
	ck_assert_uint_eq(cluster_count_told(cl, B, REPORT_CONFIRMED), 1);
	ck_assert(
	    engine_view_address(cl->server[B].engine, cluster_address(cl, 1)).confirmed);
}
END_TEST

START_TEST(hellos_take_turns_over_the_addresses)
{
	bool seen[6] = { false };

	up_six(NULL);
	cluster_run(cl, 500 * MS_NS);
	ck_assert_uint_eq(cluster_count_sent(cl, A, FRAME_HELLO), 5);
	for (unsigned i = 0; i < cl->sents; i++) {
		const struct arp *arp = &cl->sent[i].arp;
		if (cl->sent[i].from != A || cl->sent[i].frame != FRAME_HELLO)
			continue;
		ck_assert_int_eq(arp->op, ARP_REPLY);
		ck_assert(mac_equal(&arp->dst, &mac_broadcast));
		ck_assert(mac_equal(&arp->tha, &mac_broadcast));
		unsigned number = ip_v4_value(&arp->spa) & 0xff;
		ck_assert_uint_le(number, 5);
		seen[number] = true;
	}
	for (unsigned n = 1; n <= 5; n++)
		ck_assert(seen[n]);
}
END_TEST

START_TEST(at_rest_nothing_but_hellos_is_sent)
{
	up_six(NULL);
	cluster_run(cl, 10 * SEC_NS);
	for (unsigned s = A; s <= F; s++) {
		ck_assert_uint_eq(cluster_count_sent(cl, s, FRAME_HELLO), 100);
		ck_assert_uint_eq(cluster_count_sent(cl, s, FRAME_PROBE), 0);
		ck_assert_uint_eq(cluster_count_sent(cl, s, FRAME_WITNESS), 0);
		ck_assert_uint_eq(cluster_count_sent(cl, s, FRAME_CLAIM), 0);
	}
}
END_TEST

START_TEST(max_rate_is_kept_in_every_second)
{
	uint64_t at_ns[CLUSTER_LOG];
	unsigned count = 0;

	up_six("max_rate = 14; failback = 0s");
	cluster_run(cl, 30 * SEC_NS);
	cluster_forget(cl);
	MAP(ALL_HOME);
	cluster_crash(cl, A);
	cluster_run(cl, 5 * SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	for (unsigned i = 0; i < cl->sents; i++)
		if (cl->sent[i].from == B)
			at_ns[count++] = cl->sent[i].at_ns;
	ck_assert_uint_gt(count, 30);
	for (unsigned i = 14; i < count; i++)
		ck_assert_uint_ge(at_ns[i] - at_ns[i - 14], SEC_NS);
}
END_TEST

/* Six frames a second have to do for asking and claiming: whose turn it is goes first. */
START_TEST(under_max_rate_a_cold_start_takes_seconds_not_minutes)
{
	cl = cluster_new(6, "max_rate = 12; failback = 0s");
	for (unsigned s = A; s <= F; s++)
		cluster_start(cl, s);
	cluster_run(cl, 25 * SEC_NS);
	MAP(ALL_HOME);
}
END_TEST

/* --- reload
 * -------------------------------------------------------------------------------- */

static void
reload(unsigned s, struct conf *conf)
{
	cluster_reload(cl, s, conf, s);
	cluster_run(cl, 0);
}

START_TEST(a_reload_of_the_same_file_says_and_does_nothing)
{
	up_six(NULL);
	struct conf *conf = cluster_conf(6, NULL, true);
	for (unsigned s = A; s <= F; s++)
		reload(s, conf);
	cluster_run(cl, 10 * SEC_NS);
	MAP(ALL_HOME);
	for (unsigned s = A; s <= F; s++) {
		ck_assert_uint_eq(cluster_count_told(cl, s, REPORT_STATE), 0);
		ck_assert_uint_eq(cluster_count_sent(cl, s, FRAME_CLAIM), 0);
		ck_assert_uint_eq(cluster_count_sent(cl, s, FRAME_HELLO), 100);
	}
	for (unsigned s = A; s <= F; s++)
		cluster_kill(cl, s);
	free(conf);
}
END_TEST

START_TEST(a_reload_in_the_middle_of_a_takeover_keeps_it)
{
	up_six("failback = 60s");
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	cluster_start(cl, A);
	cluster_run(cl, SEC_NS);
	struct conf *conf = cluster_conf(6, "failback = 60s", true);
	for (unsigned s = A; s <= F; s++)
		reload(s, conf);
	cluster_run(cl, 10 * SEC_NS);
	MAP("BCDEFBBBBBCCCCCDDDDDEEEEEFFFFF");
	cluster_run(cl, 60 * SEC_NS);
	MAP(ALL_HOME);
	for (unsigned s = A; s <= F; s++)
		cluster_kill(cl, s);
	free(conf);
}
END_TEST

START_TEST(who_drops_out_of_a_list_hands_over_to_those_who_reloaded_before)
{
	up_six(NULL);
	struct conf *conf = cluster_conf(6, NULL, true);
	struct conf_address *first = &conf->address[cluster_address(cl, 1)];
	first->server[0] = B;
	first->server[1] = C;
	for (unsigned s = F + 1; s-- > A;)
		reload(s, conf);
	cluster_run(cl, 200 * MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	for (unsigned s = A; s <= F; s++)
		cluster_kill(cl, s);
	free(conf);
}
END_TEST

/* It waits for nothing any more, and its clock goes on. */
START_TEST(who_drops_out_of_a_list_while_it_waits_forgets_what_for)
{
	up_six("failback = 2s");
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	cluster_start(cl, A);
	cluster_run(cl, SEC_NS);
	ck_assert_int_eq(cluster_state(cl, A, 1), RELEASED);
	struct conf *conf = cluster_conf(6, "failback = 2s", true);
	struct conf_address *first = &conf->address[cluster_address(cl, 1)];
	first->server[0] = B;
	first->server[1] = C;
	for (unsigned s = A; s <= F; s++)
		reload(s, conf);
	for (unsigned i = 0; i < 50; i++) {
		cluster_run(cl, 100 * MS_NS);
		ck_assert_uint_gt(
		    engine_deadline(cl->server[A].engine), cl->now_ns - SEC_NS);
	}
	ck_assert_int_eq(cluster_state(cl, A, 1), WATCHING);
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_LATE), 0);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
	ck_assert_int_eq(cluster_holder(cl, 2), 'A');
	for (unsigned s = A; s <= F; s++)
		cluster_kill(cl, s);
	free(conf);
}
END_TEST

START_TEST(who_missed_a_release_does_not_wait_for_the_leaver_for_ever)
{
	up_three("failback = 0s");
	cl->server[B].deaf = true;
	cluster_admin(cl, A, ADMIN_DRAIN);
	cluster_run(cl, 400 * MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'C');
	cl->server[B].deaf = false;
	cluster_run(cl, 2 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'B');
}
END_TEST

/* A has served B's addresses for a while. Then both leave at once, A a moment earlier,
 * and its kernel lives on: it must not be taken for somebody who still serves them. */
START_TEST(two_who_leave_at_once_leave_no_address_behind)
{
	up_three("failback = 0s");
	cluster_crash(cl, B);
	cluster_run(cl, 2 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 3), 'A');
	cluster_start(cl, B);
	cluster_run(cl, 2 * SEC_NS);
	ck_assert_int_eq(cluster_holder(cl, 3), 'B');
	cluster_admin(cl, A, ADMIN_STOP);
	cluster_kill(cl, A);
	cluster_admin(cl, B, ADMIN_STOP);
	cluster_run(cl, SEC_NS);
	MAP("CCCCCC");
	ck_assert(cl->server[B].stopped);
}
END_TEST

/* --- hostile wires
 * -------------------------------------------------------------------------- */

START_TEST(a_flood_within_one_turn_loses_words_and_never_a_deed)
{
	up_six(NULL);
	struct engine *engine = cl->server[B].engine;
	struct action action;
	for (unsigned i = 0; i < 200000; i++) {
		struct arp arp = claim_by(stranger, 1 + i % 30);
		if (i % 2 == 0) { /* a router that seems to move with every frame */
			arp.spa = cl->conf->router[0];
			arp.tpa = cluster_ip(6);
			arp.sha.byte[5] = arp.src.byte[5] = (uint8_t)i;
		}
		engine_hear(engine, &arp, cl->now_ns);
		if (i % 1000 == 0)
			cl->now_ns += 200 * MS_NS;
	}
	engine_link(engine, false, cl->now_ns);
	unsigned removed = 0;
	while (engine_action(engine, &action))
		removed += action.kind == ACTION_ADDRESS &&
			   action.address.verb == HOLDING_REMOVE;
	ck_assert_uint_eq(removed, 5);
}
END_TEST

START_TEST(a_peer_that_does_not_hear_us_is_told_of_seldom)
{
	up_six(NULL);
	struct arp claim = claim_by(cluster_mac(B), 1);
	for (unsigned i = 0; i < 1000; i++)
		engine_hear(cl->server[A].engine, &claim, cl->now_ns);
	cluster_run(cl, 1);
	ck_assert_uint_le(cluster_count_told(cl, A, REPORT_UNHEARD), 1);
	ck_assert_uint_le(cluster_count_told(cl, A, REPORT_CONFLICT), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine");
	TCase *tc = tcase_create("stories");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(tc, NULL, down);
	tcase_set_timeout(tc, 10);
	tcase_add_test(tc, a_cluster_that_starts_together_has_everything_at_home);
	tcase_add_loop_test(
	    tc, each_address_of_the_dead_goes_to_a_different_survivor, 0, 6);
#define ADD(test) tcase_add_test(tc, test)
	ADD(a_death_is_known_after_one_and_a_half_hellos_and_a_burst);
	ADD(two_dead_servers_leave_what_nobody_else_may_serve);
	ADD(a_tertiary_claims_only_when_primary_and_secondary_are_gone);
	ADD(a_lost_hello_costs_probes_and_no_takeover);
	ADD(the_kernel_of_a_frozen_daemon_keeps_its_addresses);
	ADD(a_daemon_frozen_past_its_lease_takes_nothing_back_at_once);
	ADD(a_restart_within_the_lease_adopts_and_nothing_moves);
	ADD(a_killed_daemon_loses_its_addresses_with_the_lease);
	ADD(a_planned_handover_makes_before_it_breaks);
	ADD(a_leaver_serves_until_the_new_owner_is_heard);
	ADD(a_leaver_gives_up_waiting);
	ADD(a_lost_release_is_said_again);
	ADD(a_late_hello_after_a_release_changes_nothing);
	ADD(drained_stays_away_until_resumed);
	ADD(drained_stays_drained_over_a_link_flap);
	ADD(a_claim_from_a_better_tier_is_yielded_to);
	ADD(a_claim_from_a_worse_tier_is_answered_and_the_winner_speaks_last);
	ADD(a_foreign_claim_is_never_yielded_to);
	ADD(a_claim_by_a_server_outside_the_list_moves_nothing);
	ADD(a_solicitation_is_answered_for_watchers_to_hear);
	ADD(an_unanswered_solicitation_is_checked_before_a_claim);
	ADD(an_address_that_a_living_peer_lost_is_claimed_when_asked_for);
	ADD(a_returning_primary_waits_out_its_failback_delay);
	ADD(a_returning_primary_does_not_wait_when_nobody_serves);
	ADD(a_waiting_primary_steps_in_when_its_stand_in_dies);
	ADD(failback_manual_waits_for_resume);
	ADD(a_server_that_keeps_failing_waits_longer_each_time);
	ADD(a_frozen_stand_in_is_not_taken_over_from);
	ADD(a_server_that_hears_nothing_claims_nothing);
	ADD(a_deaf_server_releases_after_a_lease);
	ADD(a_server_cut_off_both_ways_claims_nothing_and_returns);
	ADD(a_server_cut_off_for_longer_than_its_lease_waits_out_failback);
	ADD(the_router_is_witness_for_a_lone_survivor);
	ADD(without_a_witness_a_lone_survivor_keeps_what_it_has);
	ADD(a_partition_heals_with_everything_at_home);
	ADD(a_mute_server_is_taken_over_from_and_returns);
	ADD(no_carrier_releases_everything);
	ADD(a_port_that_forwards_nothing_at_first_makes_nobody_claim);
	ADD(two_watchers_that_claim_at_once_end_with_the_better_one);
	ADD(a_lost_claim_is_repeated_until_the_router_confirms);
	ADD(own_echoes_are_dropped_and_counted);
	ADD(another_station_with_our_hardware_address_is_a_loud_error);
	ADD(frames_to_other_stations_are_not_heard);
	ADD(another_clusters_daemon_is_no_sign_of_life);
	ADD(another_clusters_daemon_on_this_interface_is_no_clone);
	ADD(a_claim_counts_whatever_the_cluster_is_called);
	ADD(a_changed_hardware_address_releases_everything);
	ADD(words_follow_deeds);
	ADD(a_failed_change_is_tried_again);
	ADD(an_address_that_was_removed_is_put_back);
	ADD(a_renewal_that_comes_back_too_late_is_undone);
	ADD(leftovers_of_others_are_taken_away_at_the_start);
	ADD(passive_servers_go_by_the_routers_questions_alone);
	ADD(passive_tertiary_waits_twice_as_long);
	ADD(passive_watchers_are_calmed_by_the_owners_answer);
	ADD(passive_handover_works);
	ADD(a_claim_has_four_forms_and_is_confirmed);
	ADD(hellos_take_turns_over_the_addresses);
	ADD(at_rest_nothing_but_hellos_is_sent);
	ADD(max_rate_is_kept_in_every_second);
	ADD(under_max_rate_a_cold_start_takes_seconds_not_minutes);
	ADD(who_drops_out_of_a_list_hands_over_to_those_who_reloaded_before);
	ADD(who_drops_out_of_a_list_while_it_waits_forgets_what_for);
	ADD(who_missed_a_release_does_not_wait_for_the_leaver_for_ever);
	ADD(two_who_leave_at_once_leave_no_address_behind);
	ADD(a_flood_within_one_turn_loses_words_and_never_a_deed);
	ADD(a_peer_that_does_not_hear_us_is_told_of_seldom);
	ADD(a_reload_of_the_same_file_says_and_does_nothing);
	ADD(a_reload_in_the_middle_of_a_takeover_keeps_it);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
