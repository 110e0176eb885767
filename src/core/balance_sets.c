/* SPDX-License-Identifier: BSD-2-Clause */
/* balance_sets.c - which sets of servers fail: all, or a fair part of too many. */
#include "balance_internal.h"

/* So many sets of K out of N; it fits for N = 64. */
static uint64_t
combinations(unsigned n, unsigned k)
{
	uint64_t line[PLAN_SERVERS + 1] = { 1 };

	for (unsigned i = 1; i <= n; i++)
		for (unsigned j = i; j > 0; j--)
			line[j] += line[j - 1];
	return line[k];
}

static uint64_t
pairs_of_rack_and_one(const struct balance_sets *sets)
{
	uint64_t pairs = 0;

	for (unsigned r = 0; r < sets->racks; r++)
		pairs += sets->servers - set_count(sets->rack[r]);
	return pairs;
}

void
balance_sets_begin(struct balance_sets *sets, uint64_t budget)
{
	sets->of = sets->kind == BALANCE_RACK ? 1
		   : sets->kind == BALANCE_SERVERS
		       ? combinations(sets->servers, sets->failures)
		       : pairs_of_rack_and_one(sets);
	sets->tries = budget != 0 && budget < sets->of ? budget : sets->of;
	sets->given = 0;
	sets->dice = sets->failures;
	sets->now = 0;
	sets->heads = sets->lists->addresses;
	if (sets->heads > sets->tries / 2)
		sets->heads = (unsigned)(sets->tries / 2);
}

/* The next larger number with as many bits. */
static uint64_t
next_combination(uint64_t set)
{
	uint64_t low = set & -set, sum = set + low;

	return sum | (((set ^ sum) >> 2) / low);
}

/* splitmix64: small, and the same everywhere. */
static uint64_t
roll(uint64_t *dice)
{
	uint64_t z = *dice += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* The first servers of list L, and if it is short others by chance: if anything is wrong
 * with lists, then when the heads of many are the same. */
static uint64_t
head_of(struct balance_sets *sets, unsigned l)
{
	const uint8_t *list = sets->lists->server + (size_t)l * sets->lists->tiers;
	unsigned have = 0;
	uint64_t set = 0;

	for (unsigned t = 0; t < sets->lists->tiers && have < sets->failures; t++)
		if (list[t] < sets->servers && !set_has(set, list[t])) {
			set |= set_bit(list[t]);
			have++;
		}
	while (have < sets->failures) {
		uint64_t bit = set_bit((unsigned)(roll(&sets->dice) % sets->servers));
		have += (set & bit) == 0;
		set |= bit;
	}
	return set;
}

static uint64_t
draw(struct balance_sets *sets)
{
	uint64_t set = 0;

	for (unsigned have = 0; have < sets->failures;) {
		uint64_t bit = set_bit((unsigned)(roll(&sets->dice) % sets->servers));
		have += (set & bit) == 0;
		set |= bit;
	}
	return set;
}

static uint64_t
rack_and_one(const struct balance_sets *sets, uint64_t number)
{
	for (unsigned r = 0; r < sets->racks; r++)
		for (unsigned s = 0; s < sets->servers; s++)
			if (!set_has(sets->rack[r], s) && number-- == 0)
				return sets->rack[r] | set_bit(s);
	return 0;
}

bool
balance_sets_next(struct balance_sets *sets, uint64_t *set, bool *drawn)
{
	bool some = sets->tries < sets->of;
	uint64_t number = sets->given++;

	if (number >= sets->tries)
		return false;
	*drawn = !some || number >= sets->heads;
	if (sets->kind == BALANCE_RACK)
		*set = sets->rack[0];
	else if (sets->kind == BALANCE_RACK_AND_ONE)
		*set = rack_and_one(sets, number);
	else if (some)
		*set = *drawn ? draw(sets) : head_of(sets, (unsigned)number);
	else if (number == 0)
		*set = sets->failures == 0 ? 0 : set_of(sets->failures);
	else
		*set = next_combination(sets->now);
	sets->now = *set;
	return true;
}
