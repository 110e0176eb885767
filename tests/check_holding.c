/* SPDX-License-Identifier: BSD-2-Clause */
/* check_holding.c - wishes, results, leases, retries. */
#include <check.h>
#include <stdlib.h>

#include "vlbd/conf.h"
#include "vlbd/holding.h"

#define NOW (100 * SEC_NS)
#define LEASE (5 * SEC_NS)

static struct holding h;

static void
setup(void)
{
	holding_init(&h);
}

static void
held(void)
{
	h.want = true;
	ck_assert_int_eq(holding_next(&h, NOW), HOLDING_ADD);
	ck_assert(holding_done(&h, HOLDING_ADD, true, NOW + MS_NS, LEASE));
}

START_TEST(a_wish_is_asked_for_once)
{
	h.want = true;
	ck_assert_int_eq(holding_next(&h, NOW), HOLDING_ADD);
	ck_assert_int_eq(holding_next(&h, NOW), HOLDING_NONE);
	ck_assert(!h.have);
	holding_done(&h, HOLDING_ADD, true, NOW, LEASE);
	ck_assert(h.have);
	ck_assert_int_eq(holding_next(&h, NOW), HOLDING_NONE);
}
END_TEST

START_TEST(a_change_of_mind_waits_for_the_result)
{
	h.want = true;
	holding_next(&h, NOW);
	h.want = false;
	ck_assert_int_eq(holding_next(&h, NOW), HOLDING_NONE);
	holding_done(&h, HOLDING_ADD, true, NOW, LEASE);
	ck_assert_int_eq(holding_next(&h, NOW), HOLDING_REMOVE);
}
END_TEST

START_TEST(failures_back_off)
{
	uint64_t now = NOW, last = 0;

	h.want = true;
	for (unsigned i = 0; i < 20; i++) {
		ck_assert_int_eq(holding_next(&h, now), HOLDING_ADD);
		holding_done(&h, HOLDING_ADD, false, now, LEASE);
		ck_assert_int_eq(holding_next(&h, now), HOLDING_NONE);
		ck_assert_uint_ge(h.retry_ns - now, last);
		last = h.retry_ns - now;
		now = h.retry_ns;
	}
	ck_assert_uint_eq(last, 5 * SEC_NS);
}
END_TEST

START_TEST(the_lease_counts_from_the_question)
{
	held();
	ck_assert(!holding_lapsed(&h, NOW + 4900 * MS_NS));
	ck_assert(holding_lapsed(&h, NOW + 5 * SEC_NS)); /* stricter than the kernel */
	h.want = false;
	ck_assert(!holding_lapsed(&h, NOW + 9 * SEC_NS)); /* it is leaving anyway */
}
END_TEST

START_TEST(a_renewal_prolongs)
{
	held();
	ck_assert(holding_renew(&h, NOW + SEC_NS));
	ck_assert(!holding_renew(&h, NOW + SEC_NS)); /* one at a time */
	ck_assert(holding_done(&h, HOLDING_RENEW, true, NOW + SEC_NS, LEASE));
	ck_assert(!holding_lapsed(&h, NOW + 5500 * MS_NS));
}
END_TEST

START_TEST(a_renewal_past_the_end_is_told)
{
	held();
	ck_assert(holding_renew(&h, NOW + 4 * SEC_NS));
	ck_assert(!holding_done(&h, HOLDING_RENEW, true, NOW + 6 * SEC_NS, LEASE));
}
END_TEST

START_TEST(without_a_lease_nothing_lapses)
{
	h.want = true;
	holding_next(&h, NOW);
	holding_done(&h, HOLDING_ADD, true, NOW, 0);
	ck_assert(!holding_lapsed(&h, UINT64_MAX - 1));
}
END_TEST

START_TEST(a_removal_by_others_is_told_and_mended_with_back_off)
{
	held();
	ck_assert(holding_gone(&h, NOW + SEC_NS));
	ck_assert_int_eq(holding_next(&h, NOW + SEC_NS), HOLDING_ADD); /* at once */
	holding_done(&h, HOLDING_ADD, true, NOW + SEC_NS, LEASE);
	ck_assert(holding_gone(&h, NOW + SEC_NS));
	ck_assert_int_eq(holding_next(&h, NOW + SEC_NS), HOLDING_NONE);
	ck_assert_int_eq(holding_next(&h, NOW + 2 * SEC_NS), HOLDING_ADD);
}
END_TEST

START_TEST(news_of_our_own_removal_is_none)
{
	held();
	h.want = false;
	ck_assert_int_eq(holding_next(&h, NOW), HOLDING_REMOVE);
	ck_assert(!holding_gone(&h, NOW));
	holding_done(&h, HOLDING_REMOVE, true, NOW, LEASE);
	ck_assert(!holding_gone(&h, NOW));
	ck_assert(!h.have);
}
END_TEST

START_TEST(an_adopted_address_is_had)
{
	holding_adopt(&h, NOW + SEC_NS);
	h.want = true;
	ck_assert_int_eq(holding_next(&h, NOW), HOLDING_NONE);
	ck_assert(holding_renew(&h, NOW));
	ck_assert(holding_lapsed(&h, NOW + SEC_NS));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("holding");
	TCase *tc = tcase_create("holding");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_wish_is_asked_for_once);
	tcase_add_test(tc, a_change_of_mind_waits_for_the_result);
	tcase_add_test(tc, failures_back_off);
	tcase_add_test(tc, the_lease_counts_from_the_question);
	tcase_add_test(tc, a_renewal_prolongs);
	tcase_add_test(tc, a_renewal_past_the_end_is_told);
	tcase_add_test(tc, without_a_lease_nothing_lapses);
	tcase_add_test(tc, a_removal_by_others_is_told_and_mended_with_back_off);
	tcase_add_test(tc, news_of_our_own_removal_is_none);
	tcase_add_test(tc, an_adopted_address_is_had);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
