/* SPDX-License-Identifier: BSD-2-Clause */
/* plan_polish.c - swaps of neighbours in a list that make excess smaller; and how good
 * the result is. */
#include <string.h>

#include "plan_internal.h"

/* What a swap does to the excess, squared, at each level; and to the loads, squared. */
struct change {
	int64_t by_level[LEVELS];
	int64_t squares; /* half of it */
};

/* U gives one address to V under each set that plan_over() found. */
static void
weigh(const struct plan *plan, unsigned u, unsigned v, struct change *change)
{
	memset(change, 0, sizeof(*change));
	for (unsigned h = 0; h < plan->hits; h++) {
		unsigned row = plan->hit[h];
		const uint16_t *load = plan_loads(plan, row);
		int over_u = load[u] - plan_bound(plan, row, u);
		int over_v = load[v] - plan_bound(plan, row, v);
		int by = (over_v >= 0 ? 2 * over_v + 1 : 0) -
			 (over_u >= 1 ? 2 * over_u - 1 : 0);
		change->by_level[plan->info[row].level] += by;
		change->squares += load[v] - load[u] + 1;
	}
}

static bool
is_better(const struct change *change)
{
	int64_t rest = 4 * change->by_level[LEVEL_FOUR];

	for (unsigned level = 0; level < LEVEL_FOUR; level++)
		if (change->by_level[level] != 0)
			return change->by_level[level] < 0;
	for (unsigned level = LEVEL_FOUR + 1; level < LEVELS; level++)
		rest += change->by_level[level];
	return rest != 0 ? rest < 0 : change->squares < 0;
}

void
plan_polish_try(struct plan *plan)
{
	uint8_t *list = plan_list_of(plan, plan->at);
	unsigned u = list[plan->tier], v = list[plan->tier + 1];
	uint64_t prefix = 0;
	struct change change;

	if (!set_has(plan->active, v) && set_has(plan->active, u))
		return; /* the drained stay behind */
	for (unsigned t = 0; t < plan->tier; t++)
		prefix |= set_bit(list[t]);
	plan_over(plan, prefix, set_bit(u) | set_bit(v));
	plan->cells += 2 * (uint64_t)plan->hits;
	weigh(plan, u, v, &change);
	if (!is_better(&change))
		return;
	for (unsigned h = 0; h < plan->hits; h++) {
		plan_loads(plan, plan->hit[h])[u]--;
		plan_loads(plan, plan->hit[h])[v]++;
	}
	list[plan->tier] = (uint8_t)v;
	list[plan->tier + 1] = (uint8_t)u;
	plan->swapped = true;
}

static unsigned
count_together(const struct plan *plan)
{
	unsigned together = 0;

	for (unsigned l = 0; l < plan->addresses; l++)
		together += set_has(
		    plan->mates[plan_list_of(plan, l)[0]], plan_list_of(plan, l)[1]);
	return together;
}

void
plan_score(const struct plan *plan, struct plan_score *score)
{
	memset(score, 0, sizeof(*score));
	score->together = count_together(plan);
	for (unsigned row = 0; row < plan->rows; row++) {
		const uint16_t *load = plan_loads(plan, row);
		uint16_t *excess = &score->excess[plan->info[row].level];
		unsigned served = 0;
		for (uint64_t left = plan->everybody & ~plan_row_set(plan, row);
		     left != 0; left &= left - 1) {
			unsigned s = set_first(left);
			int over = load[s] - plan_bound(plan, row, s);
			if (over > *excess)
				*excess = (uint16_t)over;
			served += load[s];
		}
		if (plan->info[row].level == LEVEL_RACK &&
		    plan->addresses - served > score->unserved)
			score->unserved = plan->addresses - served;
	}
	for (unsigned level = LEVEL_FOUR; level < LEVELS; level++)
		score->rest += score->excess[level];
}

bool
plan_better(const struct plan_score *a, const struct plan_score *b)
{
	for (unsigned level = 0; level < LEVEL_FOUR; level++) {
		if (level == LEVEL_RACK && a->unserved != b->unserved)
			return a->unserved < b->unserved;
		if (level == LEVEL_RACK_AND_ONE && a->together != b->together)
			return a->together < b->together;
		if (a->excess[level] != b->excess[level])
			return a->excess[level] < b->excess[level];
	}
	return a->rest < b->rest;
}
