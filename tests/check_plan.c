/* SPDX-License-Identifier: BSD-2-Clause */
/* check_plan.c - plans keep what the mathematics promises. Loads are counted here by a
 * few plain lines of their own, not by balance.h (check_balance.c compares the two). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "vlbd/balance.h"
#include "vlbd/plan.h"

static struct plan_request request;
static uint8_t primary[PLAN_ADDRESSES];
static void *memory;
static struct plan_lists lists;
static enum plan_shape shape;
static bool quick; /* under valgrind: tests/all runs it without forks */

static void
setup(void)
{
	const char *fork = getenv("CK_FORK");

	quick = fork != NULL && strcmp(fork, "no") == 0;
	memset(&request, 0, sizeof(request));
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
	request.addresses = addresses;
	request.tiers = tiers;
	for (unsigned s = 0; s < servers; s++)
		request.server[s].weight = 1;
}

/* Racks of SIZE neighbours. */
static void
rack(unsigned size)
{
	for (unsigned s = 0; s < request.servers; s++)
		request.server[s].rack = (uint8_t)(s / size + 1);
}

static void
check_lists(void)
{
	for (unsigned a = 0; a < lists.addresses; a++) {
		uint64_t seen = 0;
		for (unsigned t = 0; t < lists.tiers; t++) {
			unsigned s = lists.server[a * lists.tiers + t];
			ck_assert_uint_lt(s, request.servers);
			ck_assert_msg(
			    (seen >> s & 1) == 0, "address %u has server %u twice", a, s);
			seen |= UINT64_C(1) << s;
		}
	}
}

/* What was in the memory before must not matter. */
static void
make(int junk)
{
	size_t size = plan_memory(&request);
	unsigned before = 0;

	ck_assert_int_eq(plan_check(&request), PLAN_OK);
	free(memory);
	memory = malloc(size);
	ck_assert_ptr_nonnull(memory);
	memset(memory, junk, size);
	struct plan *plan = plan_begin(memory, &request);
	while (plan_step(plan)) {
		ck_assert_uint_ge(plan_permille(plan), before);
		before = plan_permille(plan);
		ck_assert_uint_lt(before, 1000);
	}
	ck_assert_uint_eq(plan_permille(plan), 1000);
	lists = plan_lists(plan);
	shape = plan_shape(plan);
	ck_assert_uint_eq(lists.addresses, request.addresses);
	ck_assert_uint_eq(lists.tiers, request.tiers);
	check_lists();
}

/* --- Loads, counted plainly ------------------------------------------------------------
 */

/* Excess of the most loaded survivor of FAILED; UINT_MAX if an address is unserved. */
static unsigned
excess_of(uint64_t failed)
{
	unsigned load[PLAN_SERVERS] = { 0 }, bound[PLAN_SERVERS], most = 0;

	for (unsigned a = 0; a < lists.addresses; a++) {
		unsigned t = 0;
		while (t < lists.tiers &&
		       (failed >> lists.server[a * lists.tiers + t] & 1) != 0)
			t++;
		if (t == lists.tiers)
			return UINT32_MAX;
		load[lists.server[a * lists.tiers + t]]++;
	}
	balance_bound(request.server, request.servers, request.addresses, failed, bound);
	for (unsigned s = 0; s < request.servers; s++)
		if ((failed >> s & 1) == 0 && load[s] > bound[s] + most)
			most = load[s] - bound[s];
	return most;
}

/* The largest excess if LEFT servers from FIRST on fail besides FAILED. */
static unsigned
worst_with(uint64_t failed, unsigned first, unsigned left)
{
	unsigned worst = 0;

	if (left == 0)
		return excess_of(failed);
	for (unsigned s = first; s + left <= request.servers; s++) {
		unsigned excess = worst_with(failed | UINT64_C(1) << s, s + 1, left - 1);
		if (excess > worst)
			worst = excess;
	}
	return worst;
}

static unsigned
excess(unsigned failures)
{
	return worst_with(0, 0, failures);
}

static unsigned
excess_of_racks(void)
{
	unsigned worst = 0;

	for (unsigned rack = 1; rack <= request.servers; rack++) {
		uint64_t failed = 0;
		for (unsigned s = 0; s < request.servers; s++)
			if (request.server[s].rack == rack)
				failed |= UINT64_C(1) << s;
		if (failed != 0 && excess_of(failed) > worst)
			worst = excess_of(failed);
	}
	return worst;
}

/* --- The table -------------------------------------------------------------------------
 */

/* Sum over servers of how many secondaries two failures allow, as a proof of what cannot
 * be: with EXCESS there is no room for all addresses. Written differently from the
 * planner's advice: the best multiset of so many secondaries from each other server. */
static unsigned
room(unsigned n, unsigned m, unsigned excess)
{
	unsigned total = 0;

	for (unsigned s = 0; s < n; s++) {
		unsigned have = m / n + (s < m % n);
		unsigned one = (m + n - 2) / (n - 1) - have;
		unsigned two = (m + n - 3) / (n - 2) + excess - have;
		unsigned best = 0;
		for (unsigned top = 0; top <= one && top <= two; top++) {
			unsigned others = top < two - top ? top : two - top;
			if (top + (n - 2) * others > best)
				best = top + (n - 2) * others;
		}
		total += best;
	}
	return total;
}

struct cell {
	uint8_t servers;
	uint16_t addresses;
	uint8_t two, three; /* excess after so many failures */
};

static const struct cell table[] = { { 6, 16, 1, 0 }, { 6, 32, 0, 0 }, { 6, 64, 0, 0 },
	{ 6, 128, 0, 0 }, { 6, 256, 0, 0 }, { 6, 24, 0, 0 }, { 6, 30, 0, 0 },
	{ 7, 16, 0, 1 }, { 7, 32, 0, 1 }, { 7, 64, 0, 0 }, { 7, 128, 0, 0 },
	{ 7, 256, 0, 0 }, { 7, 35, 0, 0 }, { 7, 42, 0, 0 }, { 8, 16, 1, 0 },
	{ 8, 32, 0, 0 }, { 8, 64, 0, 1 }, { 8, 128, 0, 0 }, { 8, 256, 0, 0 },
	{ 8, 48, 0, 0 }, { 8, 56, 0, 0 }, { 9, 16, 0, 1 }, { 9, 32, 0, 0 },
	{ 9, 64, 0, 1 }, { 9, 128, 0, 0 }, { 9, 256, 0, 1 }, { 9, 63, 0, 0 },
	{ 9, 72, 0, 1 }, { 10, 16, 1, 1 }, { 10, 32, 1, 1 }, { 10, 64, 1, 0 },
	{ 10, 128, 1, 0 }, { 10, 256, 0, 1 }, { 10, 80, 0, 0 }, { 10, 90, 0, 1 },
	{ 11, 16, 1, 2 }, { 11, 32, 1, 2 }, { 11, 64, 0, 1 }, { 11, 128, 0, 1 },
	{ 11, 256, 0, 1 }, { 11, 99, 0, 0 }, { 11, 110, 0, 1 }, { 12, 16, 1, 1 },
	{ 12, 32, 0, 1 }, { 12, 64, 0, 0 }, { 12, 128, 0, 1 }, { 12, 256, 0, 1 },
	{ 12, 120, 0, 0 }, { 12, 132, 0, 1 }, { 13, 16, 1, 1 }, { 13, 32, 1, 1 },
	{ 13, 64, 1, 1 }, { 13, 128, 0, 1 }, { 13, 256, 0, 1 }, { 13, 143, 0, 0 },
	{ 13, 156, 0, 1 }, { 14, 16, 1, 1 }, { 14, 32, 1, 2 }, { 14, 64, 0, 1 },
	{ 14, 128, 0, 1 }, { 14, 256, 0, 0 }, { 14, 168, 0, 0 }, { 14, 182, 0, 1 },
	{ 15, 16, 1, 1 }, { 15, 32, 1, 2 }, { 15, 64, 1, 1 }, { 15, 128, 1, 1 },
	{ 15, 256, 1, 1 }, { 15, 195, 0, 0 }, { 15, 210, 0, 1 }, { 16, 16, 0, 1 },
	{ 16, 32, 1, 1 }, { 16, 64, 1, 2 }, { 16, 128, 0, 1 }, { 16, 256, 0, 1 },
	{ 16, 224, 0, 0 }, { 16, 240, 0, 1 } };
enum { CELLS = sizeof(table) / sizeof(table[0]) };

static void
check_cell(const struct cell *cell)
{
	unsigned n = cell->servers, m = cell->addresses, two, three;

	ask(n, m, n);
	make(0xa5);
	ck_assert_uint_eq(excess(0), 0);
	ck_assert_uint_eq(excess(1), 0);
	two = excess(2);
	three = excess(3);
	ck_assert_msg(two == cell->two && three <= cell->three,
	    "%u servers, %u addresses: %u %u", n, m, two, three);
	if (two > 0)
		ck_assert_uint_lt(room(n, m, two - 1), m);
}

START_TEST(the_table_is_reached)
{
	const struct cell *cell = &table[_i];

	/* Of the slow ones a sample; tests/bench/plan has them all. */
	bool slow = cell->servers >= (quick ? 9 : 12);
	if (slow && (quick || cell->addresses % 64 == 0 || cell->addresses == 16))
		return;
	check_cell(cell);
}
END_TEST

START_TEST(any_number_of_addresses)
{
	unsigned n = (unsigned)_i, most = quick ? 20 : 120 - 5 * n;

	for (unsigned m = n; m <= most; m += n < 6 ? 1 : 3) {
		ask(n, m, n < 4 ? n : n - (m & 1));
		make(0);
		ck_assert_uint_eq(excess(0), 0);
		ck_assert_uint_eq(excess(1), 0);
		if (n < 3 || request.tiers < 3)
			continue;
		unsigned two = excess(2);
		ck_assert_msg(two == 0 || room(n, m, two - 1) < m,
		    "%u servers, %u addresses: %u after two failures", n, m, two);
		if (n > 3 && request.tiers > 3)
			ck_assert_uint_le(excess(3), 2);
	}
}
END_TEST

START_TEST(some_numbers_are_flat_whoever_fails)
{
	static const struct cell flat[] = { { 2, 2, 0, 0 }, { 3, 6, 0, 0 },
		{ 4, 12, 0, 0 }, { 5, 60, 0, 0 }, { 6, 60, 0, 0 } };

	for (unsigned i = 0; i < sizeof(flat) / sizeof(flat[0]); i++) {
		ask(flat[i].servers, flat[i].addresses, flat[i].servers);
		make(0xff);
		for (unsigned f = 0; f < flat[i].servers; f++)
			ck_assert_uint_eq(excess(f), 0);
	}
}
END_TEST

/* N(N-2) addresses: nothing in excess of the bound after three failures. */
START_TEST(the_sweet_spot)
{
	unsigned n = (unsigned)_i;

	if (n > (quick ? 9 : 12) && (quick || n < 17))
		return;
	ask(n, n * (n - 2), n < 17 ? n : 4);
	make(0);
	for (unsigned f = 0; f <= (n < 17 ? 3 : 2); f++)
		ck_assert_uint_eq(excess(f), 0);
}
END_TEST

/* Pinned primaries that have the right numbers, in a wild order, do not disturb it. */
START_TEST(the_sweet_spot_with_primaries_that_are_given)
{
	if (quick)
		return;
	ask(36, 36 * 34, 3);
	for (unsigned a = 0; a < request.addresses; a++)
		primary[a] = a % 7 == 3 ? PLAN_NONE : (uint8_t)(a * 7 / 3 % 36);
	unsigned have[36] = { 0 };
	for (unsigned a = 0; a < request.addresses; a++)
		if (primary[a] != PLAN_NONE && ++have[primary[a]] > 34)
			primary[a] = PLAN_NONE;
	request.primary = primary;
	make(0);
	ck_assert_int_eq(shape, PLAN_CLOSED);
	for (unsigned a = 0; a < request.addresses; a++)
		if (primary[a] != PLAN_NONE)
			ck_assert_uint_eq(lists.server[a * 3], primary[a]);
	for (unsigned f = 0; f <= 2; f++)
		ck_assert_uint_eq(excess(f), 0);
}
END_TEST

START_TEST(multiples_of_the_sweet_spot)
{
	for (unsigned n = 6; n <= (quick ? 6 : 10); n++)
		for (unsigned copies = 1; copies <= 4 && copies < n; copies++) {
			unsigned flat = (3 * copies + n - 4) / (n - 3);
			unsigned peak = copies < 3 ? copies : 3;
			ask(n, copies * n * (n - 2), n);
			make(0);
			for (unsigned f = 0; f <= 2; f++)
				ck_assert_uint_eq(excess(f), 0);
			ck_assert_uint_eq(excess(3), peak > flat ? peak - flat : 0);
		}
}
END_TEST

/* --- Fewer tiers, more servers ---------------------------------------------------------
 */

START_TEST(one_failure_fewer_than_tiers_leaves_nothing_unserved)
{
	for (unsigned tiers = 2; tiers <= 5; tiers++) {
		ask(7, 40, tiers);
		make(0);
		for (unsigned f = 0; f < tiers; f++)
			ck_assert_uint_le(excess(f), f < 2 ? 0 : 2);
	}
}
END_TEST

/* Only sets of a few failures are looked at, beyond 16 servers. */
START_TEST(large_clusters)
{
	static const struct {
		unsigned servers, addresses, tiers;
	} some[] = { { 17, 289, 3 }, { 36, 100, 8 }, { 40, 512, 3 }, { 64, 128, 6 } };

	for (unsigned i = quick; i < (quick ? 2 : 4); i++) {
		ask(some[i].servers, some[i].addresses, some[i].tiers);
		make(0);
		ck_assert_uint_eq(excess(0), 0);
		ck_assert_uint_eq(excess(1), 0);
		ck_assert_uint_le(excess(2), 1);
	}
}
END_TEST

/* --- Weights ---------------------------------------------------------------------------
 */

static unsigned
roll(uint32_t *dice, unsigned sides)
{
	*dice = *dice * 1664525 + 1013904223;
	return (*dice >> 16) % sides;
}

START_TEST(weights_share_in_proportion)
{
	uint32_t dice = 7;
	unsigned two = 0, three = 0, count = quick ? 10 : 60;

	for (unsigned i = 0; i < count; i++) {
		unsigned n = 4 + i % 5;
		ask(n, n + roll(&dice, 90), n);
		for (unsigned s = 0; s < n; s++)
			request.server[s].weight = (uint16_t)(1 + roll(&dice, 4));
		make(0);
		ck_assert_uint_eq(excess(0), 0);
		ck_assert_uint_eq(excess(1), 0);
		ck_assert_uint_le(excess(2), 2);
		ck_assert_uint_le(excess(3), 3);
		two += excess(2) == 2;
		three += excess(3) == 3;
	}
	ck_assert_uint_le(two, 1); /* of 400 there are 5 and 2 */
	ck_assert_uint_eq(three, 0);
}
END_TEST

START_TEST(only_the_proportion_of_weights_counts)
{
	uint8_t kept[30 * 6];

	ask(6, 30, 6);
	make(0);
	memcpy(kept, lists.server, sizeof(kept));
	for (unsigned s = 0; s < 6; s++)
		request.server[s].weight = PLAN_WEIGHT;
	make(0);
	ck_assert_mem_eq(kept, lists.server, sizeof(kept));
}
END_TEST

START_TEST(the_drained_serve_when_nobody_else_is_left)
{
	for (unsigned addresses = 7; addresses < 40; addresses += 8) {
		ask(7, addresses, 7);
		request.server[2].weight = request.server[5].weight = 0;
		make(0);
		for (unsigned a = 0; a < addresses; a++)
			for (unsigned t = 0; t < 5; t++) {
				ck_assert_uint_ne(lists.server[a * 7 + t], 2);
				ck_assert_uint_ne(lists.server[a * 7 + t], 5);
			}
		for (unsigned f = 0; f <= 1; f++)
			ck_assert_uint_eq(excess(f), 0);
	}
	/* 5 * 3 addresses for the five others: the closed form sees only them. */
	ask(7, 15, 7);
	request.server[0].weight = request.server[3].weight = 0;
	make(0);
	for (unsigned f = 0; f <= 3; f++)
		ck_assert_uint_eq(excess(f), 0);
}
END_TEST

/* --- Racks -----------------------------------------------------------------------------
 */

static bool
racks_differ(unsigned tier)
{
	for (unsigned a = 0; a < lists.addresses; a++) {
		const uint8_t *list = lists.server + a * lists.tiers;
		if (request.server[list[0]].rack == request.server[list[tier]].rack)
			return false;
	}
	return true;
}

START_TEST(racks_apart_for_nothing)
{
	static const struct {
		unsigned servers, size;
	} racks[] = { { 6, 2 }, { 6, 3 }, { 8, 2 }, { 9, 3 }, { 12, 3 }, { 12, 4 },
		{ 12, 6 }, { 16, 4 }, { 16, 8 } };

	for (unsigned i = 0; i < (quick ? 4 : 9); i++) {
		unsigned n = racks[i].servers, size = racks[i].size;
		ask(n, n * (n - size), n < 12 ? n : 4);
		rack(size);
		if (size >= request.tiers)
			request.tiers = size + 1;
		make(0);
		ck_assert_int_eq(shape == PLAN_FILLED, 0);
		ck_assert(racks_differ(1));
		for (unsigned f = 0; f <= 2; f++)
			ck_assert_uint_eq(excess(f), 0);
		ck_assert_uint_eq(excess_of_racks(), 0);
	}
}
END_TEST

START_TEST(racks_are_preferred_apart)
{
	static const struct {
		unsigned servers, size, addresses;
	} some[] = { { 6, 3, 27 }, { 8, 4, 43 }, { 10, 5, 87 }, { 10, 2, 101 },
		{ 12, 6, 110 } };

	for (unsigned i = 0; i < (quick ? 2 : 5); i++) {
		unsigned n = some[i].servers;
		ask(n, some[i].addresses, n);
		make(0);
		rack(some[i].size);
		if (i > 0)
			ck_assert_uint_gt(excess_of_racks(), 0);
		make(0);
		ck_assert_uint_eq(excess_of_racks(), 0);
		ck_assert_uint_eq(excess(0), 0);
		ck_assert_uint_eq(excess(1), 0);
		ck_assert_uint_le(excess(2), 1);
	}

	/* Two tiers, so that a whole rack takes some addresses with it unless apart. */
	ask(6, 36, 2);
	rack(2);
	make(0);
	ck_assert(racks_differ(1));

	/* Racks of three and four in a large cluster; servers without a rack. */
	ask(36, 90, 5);
	rack(4);
	request.server[0].rack = request.server[35].rack = 0;
	make(0);
	ck_assert_uint_le(excess_of_racks(), 1);
	ck_assert_uint_eq(excess(1), 0);
}
END_TEST

/* --- Changes ---------------------------------------------------------------------------
 */

static void
take_primaries(void)
{
	for (unsigned a = 0; a < lists.addresses; a++)
		primary[a] = lists.server[a * lists.tiers];
}

START_TEST(a_server_comes)
{
	uint8_t old[90];
	unsigned differ = 0;

	ask(9, 90, 9);
	make(0);
	take_primaries();
	memcpy(old, primary, sizeof(old));
	ask(10, 90, 10);
	struct plan_moves moves = plan_move(&request, primary);
	ck_assert_uint_eq(moves.moved, 9);
	ck_assert_uint_eq(moves.least, 9);
	for (unsigned a = 0; a < 90; a++)
		differ += old[a] != primary[a];
	ck_assert_uint_eq(differ, 9);
	request.primary = primary;
	make(0);
	for (unsigned a = 0; a < 90; a++)
		ck_assert_uint_eq(lists.server[a * 10], primary[a]);
	for (unsigned f = 0; f <= 2; f++)
		ck_assert_uint_eq(excess(f), 0);
	ck_assert_uint_le(excess(3), 1);
}
END_TEST

START_TEST(a_server_goes)
{
	ask(9, 90, 9);
	make(0);
	take_primaries();
	for (unsigned a = 0; a < 90; a++)
		primary[a] = primary[a] == 4  ? PLAN_GONE
			     : primary[a] > 4 ? (uint8_t)(primary[a] - 1)
					      : primary[a];
	ask(8, 90, 8);
	struct plan_moves moves = plan_move(&request, primary);
	ck_assert_uint_eq(moves.orphans, 10);
	ck_assert_uint_eq(moves.moved, 10);
	ck_assert_uint_eq(moves.least, 10);
	request.primary = primary;
	make(0);
	for (unsigned f = 0; f <= 2; f++)
		ck_assert_uint_eq(excess(f), 0);
	ck_assert_uint_le(excess(3), 1);
}
END_TEST

START_TEST(more_addresses)
{
	uint8_t old[90];

	ask(10, 90, 10);
	make(0);
	take_primaries();
	memcpy(old, primary, sizeof(old));
	memset(primary + 90, PLAN_NONE, 33);
	ask(10, 123, 10);
	struct plan_moves moves = plan_move(&request, primary);
	ck_assert_uint_eq(moves.moved, 0);
	ck_assert_uint_eq(moves.added, 33);
	ck_assert_mem_eq(old, primary, sizeof(old));
	request.primary = primary;
	make(0);
	ck_assert_uint_eq(excess(0), 0);
	ck_assert_uint_eq(excess(1), 0);
}
END_TEST

/* The fewest moves to any balanced primaries of three servers, by trying them all. */
static unsigned
fewest(const uint8_t *old, unsigned m)
{
	unsigned best = m, all = 1;

	for (unsigned a = 0; a < m; a++)
		all *= 3;
	for (unsigned code = 0; code < all; code++) {
		unsigned load[3] = { 0 }, moved = 0, rest = code;
		for (unsigned a = 0; a < m; a++, rest /= 3) {
			load[rest % 3]++;
			moved += old[a] != PLAN_NONE && old[a] != rest % 3;
		}
		unsigned low = m / 3, high = (m + 2) / 3, fits = 0;
		for (unsigned s = 0; s < 3; s++)
			fits += load[s] >= low && load[s] <= high;
		if (fits == 3 && moved < best)
			best = moved;
	}
	return best;
}

START_TEST(no_change_moves_fewer)
{
	static const uint8_t any[] = { 0, 0, 1, 2, PLAN_GONE, PLAN_NONE };
	uint32_t dice = 3;

	for (unsigned i = 0; i < (quick ? 5 : 100); i++) {
		unsigned m = 3 + roll(&dice, 6);
		uint8_t old[8], now[8];
		for (unsigned a = 0; a < m; a++)
			old[a] = now[a] = any[roll(&dice, 6)];
		ask(3, m, 2);
		struct plan_moves moves = plan_move(&request, now);
		ck_assert_uint_eq(moves.moved, fewest(old, m));
		ck_assert_uint_eq(moves.least, moves.moved);
	}
}
END_TEST

START_TEST(changes_with_weights_move_the_fewest_too)
{
	uint32_t dice = 5;

	for (unsigned i = 0; i < 300; i++) {
		unsigned n = 2 + roll(&dice, 8), m = n + roll(&dice, 60);
		unsigned have[PLAN_SERVERS] = { 0 }, bound[PLAN_SERVERS];
		ask(n, m, 2);
		for (unsigned s = 0; s < n; s++)
			request.server[s].weight = (uint16_t)roll(&dice, 5);
		request.server[0].weight++;
		for (unsigned a = 0; a < m; a++)
			primary[a] = (uint8_t)(roll(&dice, n + 1));
		for (unsigned a = 0; a < m; a++)
			primary[a] = primary[a] == n ? PLAN_GONE : primary[a];
		struct plan_moves moves = plan_move(&request, primary);
		ck_assert_uint_eq(moves.moved, moves.least);
		balance_bound(request.server, n, m, 0, bound);
		for (unsigned a = 0; a < m; a++)
			have[primary[a]]++;
		for (unsigned s = 0; s < n; s++)
			ck_assert_uint_le(have[s], bound[s]);
		struct plan_moves again = plan_move(&request, primary);
		ck_assert_uint_eq(again.moved, 0);
	}
}
END_TEST

/* --- Advice ----------------------------------------------------------------------------
 */

static unsigned
advised(unsigned servers, unsigned paths)
{
	struct plan_choice choice[PLAN_CHOICES];
	unsigned count = plan_advise(servers, paths, choice), found = 0, m = 0;

	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			ck_assert_uint_gt(choice[i].addresses, choice[i - 1].addresses);
		ck_assert_uint_ge(choice[i].addresses, servers);
		if (paths != 0)
			ck_assert_uint_le(choice[i].addresses, paths);
		if (choice[i].advised) {
			m = choice[i].addresses;
			found++;
		}
	}
	ck_assert_uint_eq(found, 1);
	return m;
}

START_TEST(advice_for_64_paths)
{
	static const uint8_t want[17] = { 0, 0, 2, 6, 12, 15, 24, 35, 48, 63, 60, 60, 64,
		60, 64, 56, 60 };

	for (unsigned n = 2; n <= 16; n++)
		ck_assert_msg(
		    advised(n, 64) == want[n], "%u servers: %u", n, advised(n, 64));
}
END_TEST

START_TEST(advice_for_any_cluster)
{
	struct plan_choice choice[PLAN_CHOICES];

	ck_assert_uint_eq(plan_advise(10, 9, choice), 0);
	ck_assert_uint_eq(advised(10, 0), 80);
	ck_assert_uint_eq(advised(10, 10), 10);
	ck_assert_uint_eq(advised(64, 0), 3968);
	for (unsigned n = 2; n <= PLAN_SERVERS; n++)
		for (unsigned paths = n; paths <= 600; paths += paths / 5 + 1)
			ck_assert_uint_ge(advised(n, paths), n);
}
END_TEST

/* After two failures no more is promised than is possible, and no less. */
START_TEST(advice_knows_what_is_possible)
{
	struct plan_choice choice[PLAN_CHOICES];

	for (unsigned n = 3; n <= 40; n++)
		for (unsigned paths = n; paths < 300; paths += 7) {
			unsigned count = plan_advise(n, paths, choice);
			for (unsigned i = 0; i < count; i++) {
				unsigned m = choice[i].addresses,
					 two = choice[i].excess[2];
				ck_assert_uint_ge(room(n, m, two), m);
				if (two > 0)
					ck_assert_uint_lt(room(n, m, two - 1), m);
				ck_assert_uint_eq(
				    choice[i].excess[0] + choice[i].excess[1], 0);
			}
		}
}
END_TEST

/* Known figures: 10 servers with 80, 64, and 90 addresses. */
START_TEST(advice_in_figures)
{
	struct plan_choice choice[PLAN_CHOICES];
	unsigned count = plan_advise(10, 90, choice), seen = 0;

	for (unsigned i = 0; i < count; i++) {
		if (choice[i].addresses == 80) {
			ck_assert_int_eq(choice[i].reason, PLAN_SWEET);
			ck_assert_uint_eq(choice[i].overload[0], 1000);
			ck_assert_uint_eq(choice[i].overload[1], 1013);
			ck_assert_uint_eq(choice[i].overload[2], 1000);
			seen++;
		}
		if (choice[i].addresses == 16) {
			ck_assert_uint_eq(choice[i].excess[2], 1);
			ck_assert_uint_eq(choice[i].overload[2], 1500);
			seen++;
		}
		if (choice[i].addresses == 90) {
			ck_assert_int_eq(choice[i].reason, PLAN_FLAT);
			ck_assert_uint_eq(choice[i].flat, 1);
			ck_assert_uint_eq(choice[i].overload[2], 1067);
			ck_assert_uint_eq(choice[i].excess[3], 1);
			seen++;
		}
	}
	ck_assert_uint_eq(seen, 3);
}
END_TEST

/* --- The same everywhere ---------------------------------------------------------------
 */

static uint64_t
hash(void)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < (size_t)lists.addresses * lists.tiers; i++)
		h = (h ^ lists.server[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* Lists of an earlier version. Whoever changes the planner such that these change must
 * say so: with [plan] in vlb.ini, servers of both versions disagree until all are new. */
static const struct frozen {
	uint8_t servers, tiers;
	uint16_t addresses;
	uint8_t rack;        /* size; 0: no racks */
	const char *weights; /* a digit each */
	uint64_t hash;
} frozen[] = { { 2, 2, 2, 0, NULL, UINT64_C(0x447f617f98e8f873) },
	{ 6, 6, 30, 0, NULL, UINT64_C(0x0ae33206800bc59f) },
	{ 6, 3, 24, 0, NULL, UINT64_C(0x7709670943b55779) },
	{ 6, 6, 24, 2, NULL, UINT64_C(0x9e363f222a3f7025) },
	{ 8, 8, 64, 4, NULL, UINT64_C(0x46a8bd18d81da01d) },
	{ 10, 10, 90, 0, NULL, UINT64_C(0xc9f096bc06b2359b) },
	{ 10, 4, 80, 0, NULL, UINT64_C(0xa0f95a6719440909) },
	{ 12, 12, 96, 4, NULL, UINT64_C(0x7b21b90441362169) },
	{ 7, 7, 50, 0, "1234012", UINT64_C(0x4538b87fcbd34f9f) },
	{ 5, 4, 33, 2, "31022", UINT64_C(0x190c8b0794f018eb) },
	{ 36, 4, 1224, 0, NULL, UINT64_C(0x2124828389e31aee) },
	{ 36, 5, 100, 4, NULL, UINT64_C(0xb2a864cf6741e0a2) },
	{ 36, 4, 77, 0, "123456789012345678123456789012345678",
	    UINT64_C(0x8f6a55976d8e682d) } };

START_TEST(the_same_plan_again)
{
	uint64_t before;

	ask(9, 70, 9);
	rack(3);
	make(0);
	before = hash();
	make(0xff);
	ck_assert_uint_eq(before, hash());
}
END_TEST

START_TEST(the_same_plan_everywhere)
{
	const struct frozen *f = &frozen[_i];

	if (quick && f->servers > 12)
		return;
	ask(f->servers, f->addresses, f->tiers);
	if (f->rack > 0)
		rack(f->rack);
	for (unsigned s = 0; f->weights != NULL && s < f->servers; s++)
		request.server[s].weight = (uint16_t)(f->weights[s] - '0');
	make(0x5a);
	ck_assert_msg(hash() == f->hash, "%u servers, %u addresses: 0x%016llx",
	    f->servers, f->addresses, (unsigned long long)hash());
	make(0);
	ck_assert_uint_eq(hash(), f->hash);
}
END_TEST

/* --- Bad requests ----------------------------------------------------------------------
 */

START_TEST(bad_requests_are_told_apart)
{
	ask(1, 4, 2);
	ck_assert_int_eq(plan_check(&request), PLAN_FEW_SERVERS);
	ask(4, 16, 4);
	request.servers = 65;
	ck_assert_int_eq(plan_check(&request), PLAN_MANY_SERVERS);
	ask(4, 3, 2);
	ck_assert_int_eq(plan_check(&request), PLAN_FEW_ADDRESSES);
	ask(4, 4097, 2);
	ck_assert_int_eq(plan_check(&request), PLAN_MANY_ADDRESSES);
	ask(4, 16, 1);
	ck_assert_int_eq(plan_check(&request), PLAN_FEW_TIERS);
	ask(4, 16, 5);
	ck_assert_int_eq(plan_check(&request), PLAN_MANY_TIERS);
	ask(4, 16, 4);
	request.server[3].weight = 1001;
	ck_assert_int_eq(plan_check(&request), PLAN_HEAVY);
	ask(4, 16, 4);
	for (unsigned s = 0; s < 4; s++)
		request.server[s].weight = 0;
	ck_assert_int_eq(plan_check(&request), PLAN_NO_WEIGHT);
	ask(4, 16, 4);
	memset(primary, PLAN_NONE, 16);
	primary[15] = 4;
	request.primary = primary;
	ck_assert_int_eq(plan_check(&request), PLAN_NO_SUCH_PRIMARY);
	primary[15] = 3;
	ck_assert_int_eq(plan_check(&request), PLAN_OK);
	for (int v = 0; v < PLAN_VERDICTS; v++)
		ck_assert_uint_gt(strlen(plan_verdict_text((enum plan_verdict)v)), 10);
	ck_assert_str_eq(plan_verdict_text(PLAN_VERDICTS), "?");
}
END_TEST

static void
add_plans(TCase *tc)
{
	tcase_add_loop_test(tc, the_table_is_reached, 0, CELLS);
	tcase_add_loop_test(tc, any_number_of_addresses, 2, 10);
	tcase_add_test(tc, some_numbers_are_flat_whoever_fails);
	tcase_add_loop_test(tc, the_sweet_spot, 4, 18);
	tcase_add_test(tc, the_sweet_spot_with_primaries_that_are_given);
	tcase_add_test(tc, multiples_of_the_sweet_spot);
	tcase_add_test(tc, one_failure_fewer_than_tiers_leaves_nothing_unserved);
	tcase_add_test(tc, large_clusters);
	tcase_add_test(tc, weights_share_in_proportion);
	tcase_add_test(tc, only_the_proportion_of_weights_counts);
	tcase_add_test(tc, the_drained_serve_when_nobody_else_is_left);
	tcase_add_test(tc, racks_apart_for_nothing);
	tcase_add_test(tc, racks_are_preferred_apart);
	tcase_add_loop_test(
	    tc, the_same_plan_everywhere, 0, sizeof(frozen) / sizeof(frozen[0]));
	tcase_add_test(tc, the_same_plan_again);
	tcase_add_test(tc, bad_requests_are_told_apart);
}

static void
add_changes(TCase *tc)
{
	tcase_add_test(tc, a_server_comes);
	tcase_add_test(tc, a_server_goes);
	tcase_add_test(tc, more_addresses);
	tcase_add_test(tc, no_change_moves_fewer);
	tcase_add_test(tc, changes_with_weights_move_the_fewest_too);
	tcase_add_test(tc, advice_for_64_paths);
	tcase_add_test(tc, advice_for_any_cluster);
	tcase_add_test(tc, advice_knows_what_is_possible);
	tcase_add_test(tc, advice_in_figures);
}

int
main(void)
{
	Suite *suite = suite_create("plan");
	TCase *tc = tcase_create("plan");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120); /* valgrind */
	add_plans(tc);
	add_changes(tc);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
