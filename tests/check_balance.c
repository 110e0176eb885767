/* SPDX-License-Identifier: BSD-2-Clause */
/* check_balance.c - the figures of any lists, against a count that is as plain as can be.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "vlbd/balance.h"

enum { MOST = 600 * 16 };

static struct balance_request request;
static uint8_t server[MOST];
static void *memory;
static struct balance *balance;

static void
setup(void)
{
	memory = NULL;
}

static void
teardown(void)
{
	free(memory);
}

static void
ask(unsigned servers, unsigned addresses, unsigned tiers)
{
	memset(&request, 0, sizeof(request));
	request.servers = servers;
	request.failures = servers - 1;
	for (unsigned s = 0; s < servers; s++)
		request.server[s].weight = 1;
	request.lists = (struct plan_lists){ addresses, tiers, server };
}

static void
look(void)
{
	unsigned before = 0;

	free(memory);
	memory = malloc(balance_memory(&request));
	ck_assert_ptr_nonnull(memory);
	balance = balance_begin(memory, &request);
	do {
		ck_assert_uint_ge(balance_permille(balance), before);
		before = balance_permille(balance);
		ck_assert_uint_lt(before, 1000);
	} while (balance_step(balance));
	ck_assert_uint_eq(balance_permille(balance), 1000);
}

/* a, a+1, a+2, ... */
static void
cyclic(void)
{
	for (unsigned a = 0; a < request.lists.addresses; a++)
		for (unsigned t = 0; t < request.lists.tiers; t++)
			server[a * request.lists.tiers + t] =
			    (uint8_t)((a + t) % request.servers);
}

static unsigned
roll(uint32_t *dice, unsigned sides)
{
	*dice = *dice * 1664525 + 1013904223;
	return (*dice >> 16) % sides;
}

/* Lists as people might write them: any order, any length, even none. */
static void
ragged(uint32_t *dice)
{
	for (unsigned a = 0; a < request.lists.addresses; a++) {
		uint8_t *list = server + a * request.lists.tiers;
		unsigned length = roll(dice, request.lists.tiers + 1);
		uint64_t seen = 0;
		memset(list, PLAN_NONE, request.lists.tiers);
		for (unsigned t = 0; t < length; t++) {
			unsigned s = roll(dice, request.servers);
			while ((seen >> s & 1) != 0)
				s = (s + 1) % request.servers;
			seen |= UINT64_C(1) << s;
			list[t] = (uint8_t)s;
		}
	}
}

/* --- The plain count -------------------------------------------------------------------
 */

static unsigned
plain_load(uint64_t failed, unsigned load[PLAN_SERVERS])
{
	unsigned unserved = 0;

	memset(load, 0, sizeof(*load) * PLAN_SERVERS);
	for (unsigned a = 0; a < request.lists.addresses; a++) {
		int who = -1;
		for (unsigned t = request.lists.tiers; t-- > 0;) {
			uint8_t s = server[a * request.lists.tiers + t];
			if (s != PLAN_NONE && (failed >> s & 1) == 0)
				who = s;
		}
		if (who < 0)
			unserved++;
		else
			load[who]++;
	}
	return unserved;
}

/* The least ratio with room for all addresses: one of x / w, so try them all. */
static void
plain_bound(uint64_t failed, unsigned bound[PLAN_SERVERS])
{
	unsigned weight[PLAN_SERVERS], total = 0, m = request.lists.addresses;
	uint64_t best_x = 0, best_w = 0;

	for (unsigned s = 0; s < request.servers; s++)
		total += weight[s] =
		    (failed >> s & 1) != 0 ? 0 : request.server[s].weight;
	for (unsigned s = 0; total == 0 && s < request.servers; s++)
		weight[s] = (failed >> s & 1) == 0;
	for (unsigned i = 0; i < request.servers; i++)
		for (uint64_t x = 1; weight[i] > 0 && x <= m; x++) {
			uint64_t room = 0, w = weight[i];
			if (best_w != 0 && x * best_w >= best_x * w)
				break;
			for (unsigned s = 0; s < request.servers; s++)
				room += x * weight[s] / w;
			if (room < m)
				continue;
			best_x = x;
			best_w = w;
		}
	for (unsigned s = 0; s < PLAN_SERVERS; s++)
		bound[s] = s < request.servers && best_w != 0
			       ? (unsigned)(best_x * weight[s] / best_w)
			       : 0;
}

struct plain {
	unsigned sets, worst, excess, unserved;
	uint64_t served, survivors, worsts;
};

static void
add_set(struct plain *plain, uint64_t failed)
{
	unsigned load[PLAN_SERVERS], bound[PLAN_SERVERS], worst = 0;
	unsigned unserved = plain_load(failed, load);

	plain_bound(failed, bound);
	for (unsigned s = 0; s < request.servers; s++) {
		if ((failed >> s & 1) != 0)
			continue;
		plain->survivors++;
		plain->served += load[s];
		if (load[s] > worst)
			worst = load[s];
		if (load[s] > bound[s] + plain->excess)
			plain->excess = load[s] - bound[s];
	}
	plain->sets++;
	plain->worsts += worst;
	if (worst > plain->worst)
		plain->worst = worst;
	if (unserved > plain->unserved)
		plain->unserved = unserved;
}

static bool
is_whole_rack(uint64_t failed, unsigned rack)
{
	for (unsigned s = 0; s < request.servers; s++)
		if ((request.server[s].rack == rack) != ((failed >> s & 1) != 0))
			return false;
	return true;
}

static bool
is_rack_and_one(uint64_t failed)
{
	for (unsigned s = 0; s < request.servers; s++)
		for (unsigned rack = 1; rack <= request.servers; rack++) {
			uint64_t others = failed & ~(UINT64_C(1) << s);
			if (others != failed && (others & (others - 1)) != 0 &&
			    request.server[s].rack != rack && is_whole_rack(others, rack))
				return true;
		}
	return false;
}

static bool
belongs(const struct balance_row *row, uint64_t failed)
{
	switch (row->kind) {
	case BALANCE_SERVERS:
		return (unsigned)__builtin_popcountll(failed) == row->failures;
	case BALANCE_RACK:
		return is_whole_rack(failed, row->rack);
	case BALANCE_RACK_AND_ONE:
		return is_rack_and_one(failed);
	}
	return false;
}

/* What the row says of its worst set must be true of that set. */
static void
check_worst(const struct balance_row *row)
{
	unsigned load[PLAN_SERVERS], bound[PLAN_SERVERS];

	ck_assert(belongs(row, row->failed));
	plain_load(row->failed, load);
	plain_bound(row->failed, bound);
	ck_assert_uint_eq(load[row->server], row->load);
	ck_assert_uint_eq(bound[row->server], row->bound);
	ck_assert_uint_eq(
	    row->load > row->bound ? row->load - row->bound : 0, row->excess);
	if (row->unserved > 0)
		ck_assert_uint_eq(plain_load(row->unserved_set, load), row->unserved);
}

static void
check_rows(void)
{
	for (unsigned i = 0; i < balance_rows(balance); i++) {
		const struct balance_row *row = balance_row(balance, i);
		struct plain plain = { 0 };
		for (uint64_t failed = 0; failed < UINT64_C(1) << request.servers;
		     failed++)
			if (belongs(row, failed))
				add_set(&plain, failed);
		ck_assert(!row->sampled);
		ck_assert_uint_eq(row->of, plain.sets);
		ck_assert_uint_eq(row->sets, plain.sets);
		ck_assert_uint_eq(row->worst, plain.worst);
		ck_assert_uint_eq(row->excess, plain.excess);
		ck_assert_uint_eq(row->unserved, plain.unserved);
		ck_assert_uint_eq(row->mean_milli, plain.served * 1000 / plain.survivors);
		ck_assert_uint_eq(
		    row->mean_worst_milli, plain.worsts * 1000 / plain.sets);
		check_worst(row);
	}
}

START_TEST(any_lists_are_counted_right)
{
	uint32_t dice = (uint32_t)_i;
	unsigned n = 2 + (unsigned)_i % 6;

	ask(n, 1 + roll(&dice, 60), 1 + roll(&dice, n));
	for (unsigned s = 0; s < n; s++) {
		if (_i % 3 == 1)
			request.server[s].weight = (uint16_t)roll(&dice, 5);
		if (_i % 2 == 1)
			request.server[s].rack = (uint8_t)roll(&dice, 4);
	}
	ragged(&dice);
	look();
	check_rows();
}
END_TEST

START_TEST(bounds_are_the_least_that_can_be)
{
	unsigned bound[PLAN_SERVERS], plain[PLAN_SERVERS];
	uint32_t dice = 9;

	for (unsigned i = 0; i < 300; i++) {
		unsigned n = 2 + roll(&dice, 7);
		ask(n, 1 + roll(&dice, 200), 1);
		for (unsigned s = 0; s < n; s++)
			request.server[s].weight =
			    (uint16_t)roll(&dice, i % 2 ? 4 : 1001);
		uint64_t failed = roll(&dice, 1U << n);
		balance_bound(request.server, n, request.lists.addresses, failed, bound);
		plain_bound(failed, plain);
		for (unsigned s = 0; s < n; s++)
			ck_assert_uint_eq(bound[s], plain[s]);
	}
}
END_TEST

START_TEST(nobody_is_left)
{
	unsigned load[PLAN_SERVERS], bound[PLAN_SERVERS];

	ask(3, 9, 3);
	cyclic();
	ck_assert_uint_eq(balance_load(&request.lists, 3, 7, load), 9);
	balance_bound(request.server, 3, 9, 7, bound);
	for (unsigned s = 0; s < 3; s++)
		ck_assert_uint_eq(load[s] + bound[s], 0);
	request.failures = 99; /* all but one, then */
	look();
	ck_assert_uint_eq(balance_rows(balance), 3);
	ck_assert_uint_eq(balance_row(balance, 2)->worst, 9);
}
END_TEST

START_TEST(a_list_goes_back_to_where_it_was)
{
	unsigned load[PLAN_SERVERS];

	ask(4, 1, 3);
	memcpy(server, (uint8_t[]){ 2, 0, PLAN_NONE }, 3);
	ck_assert_uint_eq(balance_load(&request.lists, 4, 0, load), 0);
	ck_assert_uint_eq(load[2], 1);
	ck_assert_uint_eq(balance_load(&request.lists, 4, 1 << 2, load), 0);
	ck_assert_uint_eq(load[0], 1);
	ck_assert_uint_eq(balance_load(&request.lists, 4, 1 << 2 | 1, load), 1);
}
END_TEST

/* The table of naive plans, where no chance is in it. */
START_TEST(cyclic_lists_are_as_bad_as_they_are_known_to_be)
{
	static const unsigned known[][5] = { { 6, 30, 4, 7, 10 }, { 10, 90, 8, 15, 23 },
		{ 16, 240, 14, 27, 41 } };

	for (unsigned i = 0; i < 3; i++) {
		ask(known[i][0], known[i][1], known[i][0]);
		request.failures = 3;
		cyclic();
		look();
		for (unsigned f = 1; f <= 3; f++)
			ck_assert_uint_eq(
			    balance_row(balance, f)->excess, known[i][f + 1]);
	}
}
END_TEST

/* Too many sets to try them all: what is wrong with cyclic lists is found all the same,
 * since their heads are tried first. */
START_TEST(a_sample_says_so_and_finds_what_matters)
{
	ask(40, 400, 9);
	request.failures = 8;
	request.budget = 1000;
	cyclic();
	look();
	ck_assert_uint_eq(balance_row(balance, 2)->sets, 780);
	ck_assert(!balance_row(balance, 2)->sampled);
	const struct balance_row *row = balance_row(balance, 8);
	ck_assert(row->sampled);
	ck_assert_uint_eq(row->sets, 1000);
	ck_assert_uint_eq(row->of, 76904685);
	ck_assert_uint_eq(row->worst, 90);
	ck_assert_uint_eq(row->unserved, 0);
	check_worst(row);
}
END_TEST

/* Means are as if all had been tried: the heads, which are worse, do not count. */
START_TEST(a_sample_is_fair)
{
	struct balance_row sample;

	ask(16, 160, 6);
	request.failures = 5;
	request.budget = 1000;
	cyclic();
	look();
	sample = *balance_row(balance, 5);
	look();
	ck_assert_mem_eq(&sample, balance_row(balance, 5), sizeof(sample));
	request.budget = 0;
	look();
	const struct balance_row *all = balance_row(balance, 5);
	ck_assert(sample.sampled);
	ck_assert(!all->sampled);
	ck_assert_uint_eq(sample.mean_milli, all->mean_milli);
	ck_assert_uint_le(sample.mean_worst_milli, all->mean_worst_milli * 51 / 50);
	ck_assert_uint_ge(sample.mean_worst_milli, all->mean_worst_milli * 49 / 50);
}
END_TEST

START_TEST(sixty_four_servers)
{
	ask(64, 64, 2);
	request.failures = 63;
	request.budget = 64;
	cyclic();
	look();
	ck_assert_uint_eq(balance_rows(balance), 64);
	ck_assert_uint_eq(balance_row(balance, 1)->sets, 64);
	ck_assert(!balance_row(balance, 1)->sampled);
	ck_assert_uint_eq(balance_row(balance, 63)->of, 64);
	ck_assert_uint_eq(balance_row(balance, 32)->of, UINT64_C(1832624140942590534));
	ck_assert_uint_eq(balance_row(balance, 2)->unserved, 1);
	ck_assert_uint_eq(balance_row(balance, 63)->unserved, 62);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("balance");
	TCase *tc = tcase_create("balance");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60); /* valgrind */
	tcase_add_loop_test(tc, any_lists_are_counted_right, 0, 60);
	tcase_add_test(tc, bounds_are_the_least_that_can_be);
	tcase_add_test(tc, nobody_is_left);
	tcase_add_test(tc, a_list_goes_back_to_where_it_was);
	tcase_add_test(tc, cyclic_lists_are_as_bad_as_they_are_known_to_be);
	tcase_add_test(tc, a_sample_says_so_and_finds_what_matters);
	tcase_add_test(tc, a_sample_is_fair);
	tcase_add_test(tc, sixty_four_servers);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
