/* SPDX-License-Identifier: BSD-2-Clause */
/* plan_build.c - lists grow tier by tier, and the table of loads with them. */
#include <string.h>

#include "plan_internal.h"

void
plan_build_begin(struct plan *plan)
{
	memset(plan->load, 0, sizeof(*plan->load) * plan->servers);
	memset(plan->before, 0, sizeof(plan->before));
	memset(plan->prefix, 0, sizeof(*plan->prefix) * plan->addresses);
	plan->tier = 0;
}

/* Primaries that are given count before any other is chosen. */
static void
order_given_first(struct plan *plan)
{
	unsigned at = 0;

	for (unsigned given = 2; given-- > 0;)
		for (unsigned l = 0; l < plan->addresses; l++)
			if ((plan_list_of(plan, l)[0] != PLAN_NONE) == (given != 0))
				plan->order[at++] = (uint16_t)l;
}

/* Merge sorted runs of WIDTH from FROM into runs of twice that. */
static void
merge_runs(const struct plan *plan, const uint16_t *from, uint16_t *to, unsigned width)
{
	unsigned n = plan->addresses;

	for (unsigned low = 0; low < n; low += 2 * width) {
		unsigned mid = low + width < n ? low + width : n;
		unsigned high = mid + width < n ? mid + width : n;
		unsigned a = low, b = mid;
		for (unsigned i = low; i < high; i++) {
			bool left = b == high || (a < mid && plan->prefix[from[a]] <=
								 plan->prefix[from[b]]);
			to[i] = left ? from[a++] : from[b++];
		}
	}
}

void
plan_build_sort(struct plan *plan)
{
	memset(plan->used, 0, sizeof(plan->used));
	plan->at = 0;
	plan->far_set = 0;
	if (plan->tier == 0) {
		order_given_first(plan);
		return;
	}
	for (unsigned l = 0; l < plan->addresses; l++)
		plan->order[l] = (uint16_t)l;
	for (unsigned width = 1; width < plan->addresses; width *= 2) {
		uint16_t *from = plan->order;
		merge_runs(plan, from, plan->scratch, width);
		plan->order = plan->scratch;
		plan->scratch = from;
	}
	plan->cells += plan->addresses;
}

/* Under every set that has the whole list so far, and not S, S serves one more. */
static void
count_load(struct plan *plan, uint64_t prefix, unsigned s)
{
	if (plan->tier == 0) {
		plan->load[s]++; /* plan_build_spread() does the others */
		return;
	}
	plan_over(plan, prefix, set_bit(s));
	for (unsigned h = 0; h < plan->hits; h++)
		plan_loads(plan, plan->hit[h])[s]++;
	plan->cells += plan->hits;
	if (plan->far_set == prefix)
		plan->far[s]++;
}

void
plan_build_place(struct plan *plan)
{
	unsigned l = plan->order[plan->at];
	uint8_t *entry = &plan_list_of(plan, l)[plan->tier];
	unsigned s = *entry;

	if (s == PLAN_NONE)
		s = plan_choose(plan, l);
	*entry = (uint8_t)s;
	plan->used[s]++;
	count_load(plan, plan->prefix[l], s);
	plan->prefix[l] |= set_bit(s);
	for (uint64_t rest = plan->everybody & ~plan->prefix[l]; rest != 0;
	     rest &= rest - 1)
		plan->before[s][set_first(rest)]++;
	plan->cells++;
}

void
plan_build_spread(struct plan *plan)
{
	for (unsigned r = 1; r < plan->rows; r++)
		memcpy(
		    plan_loads(plan, r), plan->load, sizeof(*plan->load) * plan->servers);
	plan->cells += plan->rows;
}
