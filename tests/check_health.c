/* SPDX-License-Identifier: BSD-2-Clause */
/* check_health.c - unhealthy servers stand behind healthy ones, and addresses that moved
 * too often stay where they are. First the machine of one check, then stories of three
 * servers: 1 is A's, then B's, then C's; 2 A's, C's, B's; 3 B's, A's, C's; 4 B's, C's,
 * A's; 5 C's, A's, B's; 6 C's, B's, A's. A check takes a second, 2 successes, 3 failures.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "vlbd/health.h"

enum { A, B, C };

#define HOME "AABBCC"
#define MAP(map) ck_assert_str_eq(cluster_map(cl), map)
#define CHECKED "check = web; failback = 5s"

static struct cluster *cl;

static void
up(const char *timing)
{
	cl = cluster_new(3, timing);
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

/* --- one check ---------------------------------------------------------------------- */

static const struct health_rule rule = { 1000, 2, 3 };

static bool
result(struct health *health, bool passed, uint64_t *now_ns)
{
	*now_ns = health->next_ns;
	ck_assert(health_begin(health, *now_ns));
	ck_assert(!health_begin(health, *now_ns));
	*now_ns += 10;
	return health_result(health, &rule, passed, "refused", *now_ns);
}

START_TEST(the_first_result_decides)
{
	struct health health;
	uint64_t now;

	health_init(&health, 500);
	ck_assert_int_eq(health.state, HEALTH_UNKNOWN);
	ck_assert(!health_begin(&health, 499));
	ck_assert(result(&health, true, &now));
	ck_assert_int_eq(health.state, HEALTH_GOOD);
	health_init(&health, 500);
	ck_assert(result(&health, false, &now));
	ck_assert_int_eq(health.state, HEALTH_BAD);
	ck_assert_str_eq(health.why, "refused");
	ck_assert_uint_eq(health.since_ns, 510);
}
END_TEST

START_TEST(only_so_many_in_a_row_change_it)
{
	struct health health;
	uint64_t now;

	health_init(&health, 0);
	result(&health, true, &now);
	ck_assert(!result(&health, false, &now));
	ck_assert(!result(&health, false, &now));
	ck_assert(!result(&health, true, &now)); /* begins anew */
	ck_assert(!result(&health, false, &now));
	ck_assert(!result(&health, false, &now));
	ck_assert_int_eq(health.state, HEALTH_GOOD);
	ck_assert(result(&health, false, &now));
	ck_assert_int_eq(health.state, HEALTH_BAD);
	ck_assert(!result(&health, true, &now));
	ck_assert(!result(&health, false, &now));
	ck_assert(!result(&health, true, &now));
	ck_assert_int_eq(health.state, HEALTH_BAD);
	ck_assert(result(&health, true, &now));
	ck_assert_int_eq(health.state, HEALTH_GOOD);
	ck_assert_str_eq(health.why, "");
	ck_assert_uint_eq(health.passed, 5);
	ck_assert_uint_eq(health.failed, 6);
}
END_TEST

START_TEST(it_is_due_an_interval_after_it_began)
{
	struct health health;
	uint64_t now;

	health_init(&health, 0);
	result(&health, true, &now);
	ck_assert_uint_eq(health.next_ns, 1000);
	ck_assert(health_begin(&health, 1200));
	ck_assert_uint_eq(health.next_ns, UINT64_MAX);
	health_result(&health, &rule, true, "", 5000); /* it took long */
	ck_assert_uint_eq(health.next_ns, 5000);
	ck_assert(!health_result(&health, &rule, false, "", 5000)); /* nobody waits */
	ck_assert_uint_eq(health.failed, 0);
}
END_TEST

START_TEST(a_reason_is_one_printable_line)
{
	struct health health;
	char text[200];

	health_init(&health, 0);
	health_begin(&health, 0);
	health_result(&health, &rule, false, "a\n\"b\\\x80", 0);
	ck_assert_str_eq(health.why, "a??b??");
	memset(text, 'x', sizeof(text));
	text[199] = '\0';
	health_begin(&health, 5000);
	health_result(&health, &rule, false, text, 5000);
	ck_assert_uint_eq(strlen(health.why), HEALTH_WHY - 1);
}
END_TEST

/* --- stories ------------------------------------------------------------------------ */

/* Run, and see that every address is in somebody's kernel all the time. */
static void
run_served(uint64_t ns)
{
	for (uint64_t t = 0; t < ns; t += MS_NS) {
		cluster_run(cl, MS_NS);
		ck_assert_msg(strchr(cluster_map(cl), '-') == NULL,
		    "an address is served by nobody: %s", cluster_map(cl));
	}
}

static void
sicken(unsigned server)
{
	cl->server[server].sick = true;
}

static void
cure(unsigned server)
{
	cl->server[server].sick = false;
}

static const struct report *
last_state_of(unsigned server, unsigned number)
{
	struct ip ip = cluster_ip(number);
	const struct report *last = NULL;

	for (unsigned i = 0; i < cl->tolds; i++)
		if (cl->told[i].from == server &&
		    cl->told[i].report.kind == REPORT_STATE &&
		    ip_equal(&cl->told[i].report.ip, &ip))
			last = &cl->told[i].report;
	return last;
}

/* How often SERVER's kernel got 10.77.0.NUMBER... as its log has it. */
static unsigned
takes(unsigned server, unsigned number)
{
	struct ip ip = cluster_ip(number);
	unsigned count = 0;

	for (unsigned i = 0; i < cl->tolds; i++) {
		const struct report *report = &cl->told[i].report;
		count += cl->told[i].from == server && report->kind == REPORT_STATE &&
			 ip_equal(&report->ip, &ip) &&
			 failover_state_serves(report->to) &&
			 !failover_state_serves(report->from);
	}
	return count;
}

START_TEST(an_unhealthy_server_hands_over_without_a_gap)
{
	up(CHECKED);
	MAP(HOME);
	sicken(A);
	run_served(2 * SEC_NS); /* two failures are not enough */
	MAP(HOME);
	run_served(2 * SEC_NS);
	MAP("BCBBCC");
	ck_assert_int_eq(engine_standing(cl->server[A].engine), STANDING_UNHEALTHY);
	ck_assert_uint_eq(cluster_count_told(cl, A, REPORT_CHECK), 1);
	ck_assert_int_eq(last_state_of(B, 1)->reason.kind, REASON_UNHEALTHY);
	ck_assert(engine_view_peer(cl->server[B].engine, A, cl->now_ns).unhealthy);
	ck_assert(engine_view_peer(cl->server[C].engine, A, cl->now_ns).unhealthy);
	ck_assert(!engine_view_peer(cl->server[B].engine, C, cl->now_ns).unhealthy);
	ck_assert_int_eq(cluster_router_thinks(cl, 1), 'B');
	run_served(20 * SEC_NS);
	MAP("BCBBCC");
}
END_TEST

START_TEST(the_handover_takes_no_longer_than_a_frame)
{
	up(CHECKED);
	sicken(A);
	while (engine_health(cl->server[A].engine) != HEALTH_BAD)
		cluster_run(cl, MS_NS);
	cluster_run(cl, 2 * MS_NS);
	MAP("BCBBCC");
}
END_TEST

START_TEST(it_takes_them_back_after_its_failback_delay)
{
	up(CHECKED);
	sicken(A);
	cluster_run(cl, 4 * SEC_NS);
	MAP("BCBBCC");
	cure(A);
	run_served(6 * SEC_NS); /* one or two for the second success, less than 5 since */
	MAP("BCBBCC");
	run_served(2 * SEC_NS);
	MAP(HOME);
	ck_assert(!engine_view_peer(cl->server[B].engine, A, cl->now_ns).unhealthy);
}
END_TEST

START_TEST(who_fails_again_waits_longer)
{
	up("check = web; failback = 5s; max_moves = off");
	for (unsigned turn = 0; turn < 3; turn++) {
		sicken(A);
		cluster_run(cl, 4 * SEC_NS);
		MAP("BCBBCC");
		cure(A);
		while (engine_health(cl->server[A].engine) != HEALTH_GOOD)
			cluster_run(cl, MS_NS);
		cluster_run(cl, (5 * SEC_NS << turn) - 100 * MS_NS);
		MAP("BCBBCC");
		cluster_run(cl, 200 * MS_NS);
		MAP(HOME);
	}
}
END_TEST

START_TEST(the_next_in_the_list_is_passed_over_when_it_is_unhealthy)
{
	up(CHECKED);
	sicken(B);
	cluster_run(cl, 4 * SEC_NS);
	MAP("AAACCC");
	cluster_crash(cl, A); /* 1's list goes on with B */
	cluster_run(cl, 200 * MS_NS);
	MAP("CCCCCC");
	ck_assert_uint_eq(takes(B, 1), 0);
	cluster_run(cl, 10 * SEC_NS);
	MAP("CCCCCC");
}
END_TEST

START_TEST(a_drained_server_hands_over_past_an_unhealthy_one)
{
	up(CHECKED);
	sicken(B);
	cluster_run(cl, 4 * SEC_NS);
	cluster_admin(cl, A, ADMIN_DRAIN);
	run_served(100 * MS_NS);
	MAP("CCCCCC");
	ck_assert_uint_eq(takes(B, 1), 0);
}
END_TEST

START_TEST(when_all_are_unhealthy_those_that_served_serve_on)
{
	up(CHECKED);
	sicken(A);
	sicken(B);
	sicken(C);
	run_served(30 * SEC_NS);
	/* The first one to notice hands over; with the last one nobody is left. */
	char map[8];
	snprintf(map, sizeof(map), "%s", cluster_map(cl));
	ck_assert_ptr_null(strchr(map, '*'));
	ck_assert_uint_ge(cluster_count_told(cl, C, REPORT_SERVES_ON), 1);
	cluster_forget(cl);
	run_served(60 * SEC_NS);
	MAP(map);
	for (unsigned s = A; s <= C; s++)
		ck_assert_uint_eq(cluster_count_told(cl, s, REPORT_STATE), 0);
}
END_TEST

/* They do not fail at one moment: two have, then the third. */
static void
all_sick(void)
{
	sicken(A);
	cluster_run(cl, 4 * SEC_NS);
	MAP("BCBBCC");
	sicken(B);
	cluster_run(cl, 4 * SEC_NS);
	MAP("CCCCCC");
	cluster_forget(cl);
	sicken(C);
	run_served(20 * SEC_NS);
	MAP("CCCCCC");
	ck_assert_uint_eq(cluster_count_told(cl, C, REPORT_SERVES_ON), 1);
}

START_TEST(the_last_healthy_one_keeps_what_it_has_when_it_fails_too)
{
	up(CHECKED);
	all_sick();
}
END_TEST

START_TEST(the_first_to_recover_relieves_all_at_once)
{
	up("check = web; failback = manual; max_moves = 8");
	all_sick();
	cure(B);
	run_served(1100 * MS_NS);
	MAP("CCCCCC");
	run_served(1000 * MS_NS);
	MAP("BBBBBB");
	ck_assert_int_eq(last_state_of(B, 1)->reason.kind, REASON_UNHEALTHY);
}
END_TEST

START_TEST(the_unhealthy_serve_when_the_last_healthy_one_dies)
{
	up(CHECKED);
	sicken(A);
	sicken(B);
	cluster_run(cl, 6 * SEC_NS);
	MAP("CCCCCC");
	cluster_crash(cl, C);
	cluster_run(cl, 200 * MS_NS);
	MAP("AABBAB"); /* the lists' order is that of the unhealthy, too */
	ck_assert_uint_ge(cluster_count_told(cl, A, REPORT_SERVES_ON), 1);
	/* C comes back healthy: it takes them all, without its failback delay. */
	cluster_start(cl, C);
	cluster_run(cl, 1500 * MS_NS);
	MAP("CCCCCC");
}
END_TEST

START_TEST(who_is_not_known_to_be_healthy_claims_nothing_yet)
{
	cl = cluster_new(3, CHECKED);
	cl->server[A].hangs = true;
	cluster_start_all(cl);
	MAP("BCBBCC");
	ck_assert_int_eq(engine_standing(cl->server[A].engine), STANDING_STARTING);
	cluster_checked(cl, A, false);
	cluster_run(cl, 20 * SEC_NS);
	MAP("BCBBCC");
	ck_assert_int_eq(engine_standing(cl->server[A].engine), STANDING_UNHEALTHY);
}
END_TEST

START_TEST(a_first_success_lets_it_take_part)
{
	cl = cluster_new(3, CHECKED);
	for (unsigned s = A; s <= C; s++)
		cl->server[s].hangs = true;
	cluster_start_all(cl);
	cluster_run(cl, 10 * SEC_NS);
	MAP("------");
	for (unsigned s = A; s <= C; s++)
		cluster_checked(cl, s, true);
	cluster_run(cl, 500 * MS_NS);
	ck_assert_ptr_null(strchr(cluster_map(cl), '-'));
	cluster_run(cl, 6 * SEC_NS); /* as after any cold start */
	MAP(HOME);
}
END_TEST

START_TEST(a_restarted_daemon_serves_on_before_its_first_result)
{
	up(CHECKED);
	cluster_kill(cl, A);
	cl->server[A].hangs = true;
	cluster_start(cl, A);
	run_served(3 * SEC_NS);
	MAP(HOME);
	cluster_checked(cl, A, false);
	run_served(SEC_NS);
	MAP("BCBBCC");
}
END_TEST

START_TEST(who_comes_back_sick_takes_nothing)
{
	up(CHECKED);
	cluster_crash(cl, A);
	cluster_run(cl, SEC_NS);
	sicken(A);
	cluster_start(cl, A);
	cluster_run(cl, 30 * SEC_NS);
	MAP("BCBBCC");
	ck_assert_uint_eq(takes(A, 1), 0);
}
END_TEST

static bool
between_servers(struct cluster *cluster, unsigned from, int to, const struct arp *arp)
{
	(void)cluster, (void)arp;
	return from < CLUSTER_SERVERS && to >= 0;
}

START_TEST(two_unhealthy_claimants_go_by_the_list)
{
	up(CHECKED);
	sicken(A);
	sicken(B);
	cluster_run(cl, 6 * SEC_NS);
	cl->lose = between_servers;
	cluster_crash(cl, C);
	cluster_run(cl, 10 * SEC_NS);
	MAP("******");
	cl->lose = NULL;
	cluster_run(cl, SEC_NS);
	MAP("AABBAB");
}
END_TEST

START_TEST(a_sick_daemon_that_hangs_is_not_relieved_while_its_lease_runs)
{
	up(CHECKED);
	sicken(B);
	sicken(C);
	cluster_run(cl, 6 * SEC_NS);
	MAP("AAAAAA");
	sicken(A);
	cluster_run(cl, 6 * SEC_NS);
	MAP("AAAAAA");
	cluster_freeze(cl, A); /* its kernel answers, and it could not yield */
	cure(B);
	cluster_run(cl, 3 * SEC_NS);
	ck_assert_int_eq(engine_health(cl->server[B].engine), HEALTH_GOOD);
	MAP("AAAAAA");
	cluster_run(cl, 5 * SEC_NS); /* its lease has run out */
	MAP("BBBBBB");
}
END_TEST

/* C, which is behind B, waits for B, although it alone has heard that A is sick. */
START_TEST(the_first_healthy_one_of_the_list_relieves)
{
	struct arp hello = {
		.dst = mac_broadcast,
		.src = cluster_mac(A),
		.op = ARP_REPLY,
		.sha = cluster_mac(A),
		.spa = cluster_ip(1),
		.tha = mac_broadcast,
		.note = { .present = true, .demoted = true },
	};

	up(CHECKED);
	hello.tpa = cl->conf->router[0];
	cl->server[B].deaf = true;
	cluster_inject(cl, &hello);
	cl->server[B].deaf = false;
	cluster_run(cl, 10 * MS_NS);
	ck_assert_uint_eq(takes(C, 1), 0);
}
END_TEST

START_TEST(without_hellos_a_claim_tells_it)
{
	up("hello = off; failback = 1s; check = web; max_moves = off");
	for (unsigned number = 1; number <= 6; number++)
		cluster_solicit(cl, number);
	cluster_run(cl, 3 * SEC_NS);
	MAP(HOME);
	sicken(A);
	run_served(5 * SEC_NS);
	MAP("BCBBCC");
	cure(A);
	run_served(5 * SEC_NS);
	MAP(HOME);
}
END_TEST

START_TEST(a_reload_without_the_check_heals)
{
	up(CHECKED);
	sicken(A);
	cluster_run(cl, 4 * SEC_NS);
	MAP("BCBBCC");
	struct conf *conf = cluster_conf(3, "failback = 5s", true);
	cluster_reload(cl, A, conf, A);
	run_served(6 * SEC_NS);
	MAP(HOME);
	cluster_free(cl);
	cl = NULL;
	free(conf);
}
END_TEST

START_TEST(a_reload_forgets_no_result)
{
	up(CHECKED);
	sicken(A);
	cluster_run(cl, 4 * SEC_NS);
	struct conf *conf = cluster_conf(3, CHECKED, true);
	cluster_reload(cl, A, conf, A);
	ck_assert_int_eq(engine_health(cl->server[A].engine), HEALTH_BAD);
	run_served(10 * SEC_NS);
	MAP("BCBBCC");
	ck_assert_uint_gt(engine_view_check(cl->server[A].engine, 0)->failed, 10);
	cluster_free(cl);
	cl = NULL;
	free(conf);
}
END_TEST

/* --- moves -------------------------------------------------------------------------- */

/* The most moves of 10.77.0.NUMBER within three minutes, by who took it when. */
static unsigned
most_moves(unsigned number)
{
	struct ip ip = cluster_ip(number);
	uint64_t at_ns[1000];
	unsigned count = 0, most = 0;

	for (unsigned i = 0; i < cl->tolds && count < 1000; i++) {
		const struct report *report = &cl->told[i].report;
		if (report->kind == REPORT_STATE && ip_equal(&report->ip, &ip) &&
		    failover_state_serves(report->to) &&
		    !failover_state_serves(report->from))
			at_ns[count++] = cl->told[i].at_ns;
	}
	for (unsigned i = 0, from = 0; i < count; i++) {
		while (at_ns[i] - at_ns[from] >= 180 * SEC_NS)
			from++;
		most = i - from + 1 > most ? i - from + 1 : most;
	}
	return most;
}

static void
keep_rebooting(unsigned turns)
{
	while (turns-- > 0) {
		cluster_crash(cl, A);
		cluster_run(cl, 3 * SEC_NS);
		cluster_start(cl, A); /* it remembers nothing */
		cluster_run(cl, 12 * SEC_NS);
	}
}

START_TEST(a_machine_that_keeps_rebooting_moves_no_address_five_times)
{
	up(NULL); /* failback 5s */
	keep_rebooting(40);
	ck_assert_uint_ge(takes(A, 1), 3); /* it is not locked out for ever */
	ck_assert_uint_eq(most_moves(1), 4);
	ck_assert_uint_le(most_moves(2), 4);
	cluster_run(cl, 185 * SEC_NS);
	MAP(HOME);
}
END_TEST

/* Its failback delay is over before anybody has had time to tell it. */
START_TEST(nor_does_one_that_would_not_wait)
{
	up("failback = 0s");
	keep_rebooting(40);
	ck_assert_uint_ge(takes(A, 1), 3);
	ck_assert_uint_eq(most_moves(1), 4);
	ck_assert_uint_eq(most_moves(2), 4);
	cluster_run(cl, 185 * SEC_NS);
	MAP(HOME);
}
END_TEST

START_TEST(a_service_that_keeps_failing_does_not_either)
{
	up(CHECKED);
	for (unsigned turn = 0; turn < 40; turn++) {
		sicken(A);
		cluster_run(cl, 5 * SEC_NS);
		cure(A);
		cluster_run(cl, 10 * SEC_NS);
	}
	ck_assert_uint_ge(takes(A, 1), 2);
	ck_assert_uint_le(most_moves(1), 4);
	/* 32 times its failback delay */
	cluster_run(cl, 185 * SEC_NS);
	MAP(HOME);
}
END_TEST

START_TEST(services_that_fail_in_turn_do_not_either)
{
	up("check = web; failback = 0s");
	for (unsigned turn = 0; turn < 60; turn++) {
		unsigned server = turn % 3;
		sicken(server);
		sicken((server + 1) % 3);
		cure((server + 2) % 3);
		run_served(5 * SEC_NS);
	}
	for (unsigned number = 1; number <= 6; number++) {
		ck_assert_uint_ge(most_moves(number), 3);
		ck_assert_uint_le(most_moves(number), 4);
	}
	/* After three calm minutes all that is forgotten. */
	for (unsigned s = A; s <= C; s++)
		cure(s);
	run_served(200 * SEC_NS);
	MAP(HOME);
	sicken(A);
	run_served(4 * SEC_NS);
	MAP("BCBBCC");
}
END_TEST

START_TEST(max_moves_can_be_set_and_switched_off)
{
	static const struct {
		const char *timing;
		unsigned most;
	} rows[] = { { "failback = 1s; max_moves = 2", 2 },
		{ "failback = 1s; max_moves = 3", 3 },
		{ "failback = 1s; max_moves = 8", 8 },
		{ "failback = 1s; max_moves = off", 24 } };

	up(rows[_i].timing);
	for (unsigned turn = 0; turn < 12; turn++) {
		cluster_crash(cl, A);
		cluster_run(cl, 2 * SEC_NS);
		cluster_start(cl, A);
		cluster_run(cl, 4 * SEC_NS);
	}
	ck_assert_uint_le(most_moves(1), rows[_i].most);
	ck_assert_uint_ge(most_moves(1) + 1, rows[_i].most);
}
END_TEST

START_TEST(resume_does_not_wait_for_it)
{
	up(NULL);
	keep_rebooting(3);
	MAP("BCBBCC");
	ck_assert_uint_gt(
	    engine_view_stay_ns(cl->server[A].engine, cluster_address(cl, 1), cl->now_ns),
	    100 * SEC_NS);
	cluster_admin(cl, A, ADMIN_RESUME);
	cluster_run(cl, 100 * MS_NS);
	MAP(HOME);
}
END_TEST

START_TEST(what_nobody_serves_is_taken_however_often_it_moved)
{
	up(NULL);
	keep_rebooting(3);
	MAP("BCBBCC");
	cluster_crash(cl, B);
	cluster_run(cl, 300 * MS_NS);
	ck_assert_int_eq(cluster_holder(cl, 1), 'A');
}
END_TEST

/* --- the host ----------------------------------------------------------------------- */

static void
set_fit(unsigned server, bool fit)
{
	engine_fitness(cl->server[server].engine, fit, cl->now_ns);
	cluster_run(cl, 10 * SEC_NS);
}

START_TEST(a_host_that_cannot_serve_is_relieved)
{
	up("failback = 0s; max_moves = off");
	cluster_settle(cl);
	MAP(HOME);
	set_fit(A, false);
	MAP("BCBBCC");
	ck_assert_int_eq(engine_standing(cl->server[A].engine), STANDING_UNHEALTHY);
	cluster_reload(cl, A, cl->conf, A);
	cluster_run(cl, 10 * SEC_NS);
	MAP("BCBBCC");
	set_fit(A, true);
	MAP(HOME);
	ck_assert_int_eq(engine_standing(cl->server[A].engine), STANDING_SERVING);
}
END_TEST

START_TEST(where_no_host_can_serve_nobody_lets_go)
{
	up("failback = 0s; max_moves = off");
	cluster_settle(cl);
	for (unsigned s = A; s <= C; s++)
		engine_fitness(cl->server[s].engine, false, cl->now_ns);
	cluster_run(cl, 10 * SEC_NS);
	MAP(HOME);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("health");
	TCase *one = tcase_create("check");
	TCase *tc = tcase_create("stories");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(one, the_first_result_decides);
	tcase_add_test(one, only_so_many_in_a_row_change_it);
	tcase_add_test(one, it_is_due_an_interval_after_it_began);
	tcase_add_test(one, a_reason_is_one_printable_line);
	suite_add_tcase(suite, one);
	tcase_add_checked_fixture(tc, NULL, down);
	tcase_set_timeout(tc, 30);
#define ADD(test) tcase_add_test(tc, test)
	ADD(an_unhealthy_server_hands_over_without_a_gap);
	ADD(the_handover_takes_no_longer_than_a_frame);
	ADD(it_takes_them_back_after_its_failback_delay);
	ADD(who_fails_again_waits_longer);
	ADD(the_next_in_the_list_is_passed_over_when_it_is_unhealthy);
	ADD(a_drained_server_hands_over_past_an_unhealthy_one);
	ADD(when_all_are_unhealthy_those_that_served_serve_on);
	ADD(the_last_healthy_one_keeps_what_it_has_when_it_fails_too);
	ADD(the_first_to_recover_relieves_all_at_once);
	ADD(the_unhealthy_serve_when_the_last_healthy_one_dies);
	ADD(a_host_that_cannot_serve_is_relieved);
	ADD(where_no_host_can_serve_nobody_lets_go);
	ADD(who_is_not_known_to_be_healthy_claims_nothing_yet);
	ADD(a_first_success_lets_it_take_part);
	ADD(a_restarted_daemon_serves_on_before_its_first_result);
	ADD(who_comes_back_sick_takes_nothing);
	ADD(two_unhealthy_claimants_go_by_the_list);
	ADD(a_sick_daemon_that_hangs_is_not_relieved_while_its_lease_runs);
	ADD(the_first_healthy_one_of_the_list_relieves);
	ADD(without_hellos_a_claim_tells_it);
	ADD(a_reload_without_the_check_heals);
	ADD(a_reload_forgets_no_result);
	ADD(a_machine_that_keeps_rebooting_moves_no_address_five_times);
	ADD(nor_does_one_that_would_not_wait);
	ADD(a_service_that_keeps_failing_does_not_either);
	ADD(services_that_fail_in_turn_do_not_either);
	tcase_add_loop_test(tc, max_moves_can_be_set_and_switched_off, 0, 4);
	ADD(resume_does_not_wait_for_it);
	ADD(what_nobody_serves_is_taken_however_often_it_moved);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
