/* SPDX-License-Identifier: BSD-2-Clause */
/* check_pace.c - a rolling second. */
#include <check.h>
#include <stdlib.h>

#include "vlbd/conf.h"
#include "vlbd/pace.h"

static struct pace pace;

START_TEST(no_limit_is_no_limit)
{
	pace_init(&pace, 0);
	for (unsigned i = 0; i < 10000; i++)
		pace_spend(&pace, SEC_NS);
	ck_assert_uint_eq(pace_room(&pace, SEC_NS), PACE_UNLIMITED);
	ck_assert_uint_eq(pace_when(&pace, 5, SEC_NS), SEC_NS);
}
END_TEST

START_TEST(room_is_spent_and_comes_back_after_a_second)
{
	pace_init(&pace, 14);
	for (unsigned i = 0; i < 14; i++) {
		ck_assert_uint_eq(pace_room(&pace, 10 * SEC_NS + i * MS_NS), 14 - i);
		pace_spend(&pace, 10 * SEC_NS + i * MS_NS);
	}
	ck_assert_uint_eq(pace_room(&pace, 10 * SEC_NS + 14 * MS_NS), 0);
	ck_assert_uint_eq(pace_when(&pace, 1, 10 * SEC_NS + 14 * MS_NS), 11 * SEC_NS);
	ck_assert_uint_eq(
	    pace_when(&pace, 3, 10 * SEC_NS + 14 * MS_NS), 11 * SEC_NS + 2 * MS_NS);
	ck_assert_uint_eq(
	    pace_when(&pace, 99, 10 * SEC_NS + 14 * MS_NS), 11 * SEC_NS + 13 * MS_NS);
	ck_assert_uint_eq(pace_room(&pace, 11 * SEC_NS - 1), 0);
	ck_assert_uint_eq(pace_room(&pace, 11 * SEC_NS), 1);
	ck_assert_uint_eq(pace_room(&pace, 12 * SEC_NS), 14);
}
END_TEST

START_TEST(a_fast_limit_is_kept_over_a_shorter_window)
{
	pace_init(&pace, 100000);
	unsigned sent = 0;
	for (uint64_t now = SEC_NS; now < 2 * SEC_NS; now += 1000)
		while (pace_room(&pace, now) > 0) {
			pace_spend(&pace, now);
			sent++;
		}
	ck_assert_uint_le(sent, 100000 + PACE_FRAMES);
	ck_assert_uint_ge(sent, 99000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pace");
	TCase *tc = tcase_create("pace");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tc, no_limit_is_no_limit);
	tcase_add_test(tc, room_is_spent_and_comes_back_after_a_second);
	tcase_add_test(tc, a_fast_limit_is_kept_over_a_shorter_window);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
