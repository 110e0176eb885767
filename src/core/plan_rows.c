/* SPDX-License-Identifier: BSD-2-Clause */
/* plan_rows.c - which sets of failed servers are looked at, and where their loads are. */
#include "plan_internal.h"

#include "vlbd/balance.h"

static void
find_racks(struct plan *plan)
{
	for (unsigned s = 0; s < plan->servers; s++) {
		uint64_t mates = 0;
		for (unsigned x = 0; x < plan->servers; x++)
			if (x == s || (plan->server[s].rack != 0 &&
					  plan->server[x].rack == plan->server[s].rack))
				mates |= set_bit(x);
		plan->mates[s] = mates;
		if (set_count(mates) > 1 && set_first(mates) == s &&
		    mates != plan->everybody)
			plan->rack[plan->racks++] = mates;
	}
}

static void
find_depth(struct plan *plan)
{
	unsigned n = plan->servers, sets = 0;

	for (unsigned i = 0; i <= n; i++)
		for (unsigned j = 0; j < PLAN_DEPTH + 2; j++)
			plan->choose[i][j] = j == 0   ? 1
					     : i == 0 ? 0
						      : plan->choose[i - 1][j - 1] +
							    plan->choose[i - 1][j];
	if (n <= PLAN_DENSE) {
		plan->depth = n;
		plan->sets = 1U << n;
		return;
	}
	for (unsigned f = 0; f <= PLAN_DEPTH; f++) {
		if (sets + plan->choose[n][f] > PLAN_ROWS)
			break;
		plan->base[f] = sets;
		plan->depth = f;
		sets += plan->choose[n][f];
	}
	plan->base[plan->depth + 1] = plan->sets = sets;
}

void
plan_rows_init(struct plan *plan)
{
	find_racks(plan);
	find_depth(plan);
	for (unsigned r = 0; r < plan->racks; r++)
		if (set_count(plan->rack[r]) > plan->depth)
			plan->extra[plan->extras++] = plan->rack[r];
	for (unsigned r = 0; r < plan->racks; r++)
		for (uint64_t left = plan->everybody & ~plan->rack[r]; left != 0;
		     left &= left - 1)
			if (set_count(plan->rack[r]) >= plan->depth)
				plan->extra[plan->extras++] =
				    plan->rack[r] | (left & -left);
	plan->rows = plan->sets + plan->extras;
}

unsigned
plan_row(const struct plan *plan, uint64_t set)
{
	if (plan->servers <= PLAN_DENSE)
		return (unsigned)set;

	if (set_count(set) > plan->depth)
		for (unsigned x = 0; x < plan->extras; x++)
			if (set == plan->extra[x])
				return plan->sets + x;

	/* Of the sets of one size, ordered by their largest members. */
	unsigned row = plan->base[set_count(set)];
	for (unsigned i = 1; set != 0; i++, set &= set - 1)
		row += plan->choose[set_first(set)][i];
	return row;
}

uint64_t
plan_row_set(const struct plan *plan, unsigned row)
{
	uint64_t set = 0;
	unsigned f = 0;

	if (row >= plan->sets)
		return plan->extra[row - plan->sets];
	if (plan->servers <= PLAN_DENSE)
		return row;
	while (row >= plan->base[f + 1])
		f++;
	row -= plan->base[f];
	for (unsigned s = plan->servers; f > 0; f--) {
		do
			s--;
		while (plan->choose[s][f] > row);
		row -= plan->choose[s][f];
		set |= set_bit(s);
	}
	return set;
}

static enum plan_level
level_of(const struct plan *plan, uint64_t set)
{
	unsigned f = set_count(set);

	if (f < 2)
		return f == 0 ? LEVEL_NONE : LEVEL_ONE;
	for (unsigned r = 0; r < plan->racks; r++) {
		if (set == plan->rack[r])
			return LEVEL_RACK;
		if ((plan->rack[r] & ~set) == 0 && f == set_count(plan->rack[r]) + 1)
			return LEVEL_RACK_AND_ONE;
	}
	if (f < 4)
		return f == 2 ? LEVEL_PAIR : LEVEL_TRIPLE;
	return (enum plan_level)(LEVEL_FOUR + (f - 4));
}

void
plan_rows_tell(struct plan *plan, unsigned row)
{
	uint64_t set = plan_row_set(plan, row);
	unsigned left = plan->servers - set_count(set);
	unsigned bound[PLAN_SERVERS];

	plan->info[row].level = (uint8_t)level_of(plan, set);
	plan->info[row].bound = 0;
	if (left > 0)
		plan->info[row].bound = (uint16_t)((plan->addresses + left - 1) / left);
	if (!plan->weighted)
		return;
	balance_bound(plan->server, plan->servers, plan->addresses, set, bound);
	for (unsigned s = 0; s < plan->servers; s++)
		plan->cap[(size_t)row * plan->servers + s] = (uint16_t)bound[s];
	plan->cells += plan->servers;
}

/* SET and every set with up to MORE of FREE added. */
static void
hit_with(struct plan *plan, uint64_t set, uint64_t free, unsigned more)
{
	plan->hit[plan->hits++] = plan_row(plan, set);
	while (more > 0 && free != 0) {
		uint64_t next = free & -free;
		free ^= next;
		hit_with(plan, set | next, free, more - 1);
	}
}

void
plan_over(struct plan *plan, uint64_t set, uint64_t without)
{
	uint64_t free = plan->everybody & ~(set | without);
	unsigned f = set_count(set);

	plan->hits = 0;
	if (plan->servers <= PLAN_DENSE)
		for (uint64_t some = free;; some = (some - 1) & free) {
			plan->hit[plan->hits++] = (uint32_t)(set | some);
			if (some == 0)
				return;
		}
	if (f <= plan->depth)
		hit_with(plan, set, free, plan->depth - f);
	for (unsigned x = 0; x < plan->extras; x++)
		if ((set & ~plan->extra[x]) == 0 && (without & plan->extra[x]) == 0)
			plan->hit[plan->hits++] = plan->sets + x;
}
