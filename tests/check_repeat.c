/* SPDX-License-Identifier: BSD-2-Clause */
/* check_repeat.c - the budget of lines that come again and again. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vlbd/conf.h"
#include "vlbd/repeat.h"

enum { MANY = 200 };

static struct repeat repeat;
static struct repeat_end end;

static void
set_up(void)
{
	repeat_init(&repeat, SEC_NS);
}

/* So many of COUNT lines of that KIND are written. */
static unsigned
written(unsigned kind, unsigned count, uint64_t now_ns)
{
	unsigned passed = 0;
	char text[40];

	for (unsigned i = 1; i <= count; i++) {
		snprintf(text, sizeof(text), "line %u", i);
		passed += repeat_line(&repeat, kind, REPORT_WARN, text, now_ns);
	}
	return passed;
}

START_TEST(within_the_budget_all_are_written)
{
	ck_assert_uint_eq(written(REPORT_FOREIGN, REPEAT_LINES, SEC_NS), REPEAT_LINES);
	ck_assert_uint_eq(repeat_deadline(&repeat), UINT64_MAX);
	ck_assert(!repeat_next(&repeat, true, &end, 1000 * SEC_NS));
}
END_TEST

START_TEST(what_is_left_out_is_counted_and_told)
{
	const uint64_t later_ns = SEC_NS + REPEAT_GROWS_NS;

	ck_assert_uint_eq(written(REPORT_FOREIGN, MANY, SEC_NS), REPEAT_LINES);
	ck_assert_uint_eq(repeat_deadline(&repeat), later_ns);
	ck_assert(!repeat_next(&repeat, false, &end, later_ns - 1));
	ck_assert(repeat_next(&repeat, false, &end, later_ns));
	ck_assert_uint_eq(end.kind, REPORT_FOREIGN);
	ck_assert_int_eq(end.level, REPORT_WARN);
	ck_assert_uint_eq(end.count, MANY - REPEAT_LINES);
	ck_assert_uint_eq(end.within_ns, REPEAT_GROWS_NS);
	ck_assert_str_eq(end.last, "line 200");
	ck_assert(!repeat_next(&repeat, false, &end, later_ns));
	ck_assert_uint_eq(repeat_deadline(&repeat), UINT64_MAX);
}
END_TEST

/* COUNT lines each PERIOD_NS for a day: what is written and what is told to be left out
 * are all there was. Returns the lines that this takes. */
static unsigned
lines_of_a_day(unsigned count, uint64_t period_ns)
{
	const uint64_t day_ns = 86400 * SEC_NS;
	unsigned all = 0, told = 0, lines = 0;

	for (uint64_t now_ns = SEC_NS; now_ns < day_ns; now_ns += period_ns) {
		unsigned passed = written(REPORT_GONE, count, now_ns);
		all += count;
		told += passed;
		lines += passed;
		while (repeat_next(&repeat, false, &end, now_ns)) {
			told += end.count;
			lines++;
		}
	}
	while (repeat_next(&repeat, true, &end, day_ns))
		told += end.count;
	ck_assert_uint_eq(told, all);
	return lines;
}

/* The times until it is told how many double up to ten minutes. */
START_TEST(a_flood_of_a_day_costs_few_lines)
{
	ck_assert_uint_le(lines_of_a_day(MANY, SEC_NS), REPEAT_LINES + 5 + 86400 / 600);
}
END_TEST

START_TEST(slow_repetition_is_bounded_too)
{
	ck_assert_uint_le(lines_of_a_day(1, 2 * SEC_NS), REPEAT_LINES + 5 + 86400 / 600);
	set_up();
	ck_assert_uint_le(lines_of_a_day(1, 29 * SEC_NS), 2 * REPEAT_LINES + 86400 / 30);
}
END_TEST

START_TEST(times_double_while_it_goes_on_and_no_longer)
{
	uint64_t now_ns = SEC_NS, told_ns = SEC_NS;
	static const unsigned wanted_s[] = { 30, 60, 120, 240, 480, 600, 600 };

	for (unsigned i = 0; i < sizeof(wanted_s) / sizeof(wanted_s[0]); i++) {
		do {
			written(REPORT_FOREIGN, MANY, now_ns);
			now_ns += SEC_NS;
		} while (!repeat_next(&repeat, false, &end, now_ns));
		ck_assert_uint_eq(now_ns - told_ns, wanted_s[i] * SEC_NS);
		told_ns = now_ns;
	}
	/* The flood ends: it is told soon, not after ten minutes. */
	written(REPORT_FOREIGN, MANY, now_ns);
	while (!repeat_next(&repeat, false, &end, now_ns))
		now_ns += SEC_NS;
	ck_assert_uint_eq(now_ns - told_ns, REPEAT_GROWS_NS);
	/* And another one begins with short times. */
	now_ns += 10 * REPEAT_LINES * REPEAT_GROWS_NS;
	written(REPORT_FOREIGN, MANY, now_ns);
	ck_assert_uint_eq(repeat_deadline(&repeat), now_ns + REPEAT_GROWS_NS);
}
END_TEST

START_TEST(what_comes_seldom_is_always_written)
{
	for (uint64_t now_ns = SEC_NS; now_ns < 86400 * SEC_NS; now_ns += REPEAT_GROWS_NS)
		ck_assert_uint_eq(written(REPORT_FOREIGN, 1, now_ns), 1);
}
END_TEST

/* Whatever else is flooded, each kind has a line of its own, and is told of when more of
 * it was left out. */
START_TEST(no_kind_hides_another)
{
	uint64_t now_ns = SEC_NS;

	ck_assert_uint_eq(written(REPORT_FOREIGN, MANY, now_ns), REPEAT_LINES);
	now_ns += SEC_NS;
	ck_assert_uint_eq(written(REPORT_CLONE, 3, now_ns), 1);
	now_ns = SEC_NS + REPEAT_GROWS_NS;
	ck_assert(repeat_next(&repeat, false, &end, now_ns));
	ck_assert_uint_eq(end.kind, REPORT_FOREIGN);
	written(REPORT_FOREIGN, MANY, now_ns);
	now_ns += REPEAT_GROWS_NS;
	/* Neither may a kind of which nothing is left out take what others wait for. */
	ck_assert_uint_eq(written(REPORT_GONE, 5, now_ns), 1);
	ck_assert(repeat_next(&repeat, false, &end, now_ns));
	ck_assert_uint_eq(end.kind, REPORT_CLONE);
	ck_assert_uint_eq(end.count, 2);
	ck_assert_str_eq(end.last, "line 3");
	ck_assert(!repeat_next(&repeat, false, &end, now_ns));
}
END_TEST

/* Before the next line there is none to tell it with. */
START_TEST(without_a_line_nothing_is_due)
{
	written(REPORT_FOREIGN, MANY, SEC_NS);
	written(REPORT_CONFLICT, MANY, SEC_NS);
	ck_assert(repeat_next(&repeat, false, &end, SEC_NS + REPEAT_GROWS_NS));
	ck_assert_uint_eq(repeat_deadline(&repeat), SEC_NS + 2 * REPEAT_GROWS_NS);
	ck_assert(!repeat_next(&repeat, false, &end, SEC_NS + 2 * REPEAT_GROWS_NS - 1));
	ck_assert(repeat_next(&repeat, false, &end, SEC_NS + 2 * REPEAT_GROWS_NS));
}
END_TEST

START_TEST(a_kinds_own_line_comes_back)
{
	uint64_t now_ns = SEC_NS;

	written(REPORT_FOREIGN, MANY, now_ns);
	ck_assert_uint_eq(written(REPORT_CLONE, 1, now_ns), 1);
	/* Others take all that the budget grows by. */
	for (; now_ns < SEC_NS + REPEAT_RESERVE_NS; now_ns += SEC_NS)
		for (unsigned kind = REPEAT_SENDING; kind < REPEAT_KINDS; kind++) {
			written(kind, MANY, now_ns);
			(void)repeat_next(&repeat, false, &end, now_ns);
		}
	repeat.lines = 0;
	ck_assert_uint_eq(written(REPORT_CLONE, 2, now_ns), 1);
}
END_TEST

START_TEST(the_budget_has_a_bound)
{
	uint64_t now_ns = 365 * 86400 * SEC_NS;

	ck_assert_uint_eq(written(REPEAT_SENDING, MANY, now_ns), REPEAT_LINES);
	now_ns += 2 * REPEAT_LINES * REPEAT_GROWS_NS;
	ck_assert(repeat_next(&repeat, false, &end, now_ns));
	ck_assert_uint_eq(written(REPEAT_OVERRUN, MANY, now_ns), REPEAT_LINES - 1);
}
END_TEST

START_TEST(the_last_chance_needs_no_budget)
{
	written(REPORT_FOREIGN, MANY, SEC_NS);
	written(REPORT_CONFLICT, 3, SEC_NS);
	ck_assert(repeat_next(&repeat, true, &end, SEC_NS));
	ck_assert(repeat_next(&repeat, true, &end, SEC_NS));
	ck_assert(!repeat_next(&repeat, true, &end, SEC_NS));
}
END_TEST

START_TEST(state_changes_are_never_under_it)
{
	static const enum report_kind never[] = { REPORT_STATE, REPORT_CONFIRMED,
		REPORT_PEER, REPORT_LAPSED, REPORT_ISOLATED, REPORT_HEARING,
		REPORT_CARRIER, REPORT_CHECK };
	unsigned covered = 0;

	for (unsigned i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		ck_assert(!repeat_covers(never[i]));
	for (unsigned kind = 0; kind < REPORTS; kind++)
		covered += repeat_covers((enum report_kind)kind);
	ck_assert_uint_eq(covered, REPORTS - sizeof(never) / sizeof(never[0]));
}
END_TEST

START_TEST(the_line_says_how_many_and_which)
{
	char text[100];

	report_format_more(170, 30 * SEC_NS, "10.77.0.1: and so on", text, sizeof(text));
	ck_assert_str_eq(
	    text, "170 more like it in 30.0s, the last: 10.77.0.1: and so on");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("repeat");
	TCase *tc = tcase_create("repeat");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, within_the_budget_all_are_written);
	tcase_add_test(tc, what_is_left_out_is_counted_and_told);
	tcase_add_test(tc, a_flood_of_a_day_costs_few_lines);
	tcase_add_test(tc, slow_repetition_is_bounded_too);
	tcase_add_test(tc, times_double_while_it_goes_on_and_no_longer);
	tcase_add_test(tc, without_a_line_nothing_is_due);
	tcase_add_test(tc, what_comes_seldom_is_always_written);
	tcase_add_test(tc, no_kind_hides_another);
	tcase_add_test(tc, a_kinds_own_line_comes_back);
	tcase_add_test(tc, the_budget_has_a_bound);
	tcase_add_test(tc, the_last_chance_needs_no_budget);
	tcase_add_test(tc, state_changes_are_never_under_it);
	tcase_add_test(tc, the_line_says_how_many_and_which);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
