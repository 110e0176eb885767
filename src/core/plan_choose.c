/* SPDX-License-Identifier: BSD-2-Clause */
/* plan_choose.c - who should be next in a list: a chain of tie-breaks.
 *
 * Water filling comes first: the least loaded survivor once all of the list so far are
 * down. That alone is the best possible for this number of failures. The others look
 * ahead, so that later tiers find room. */
#include <string.h>

#include "plan_internal.h"

enum {
	SWAP_PAIRS = 1, /* who precedes whom counts before pairs of failures */
	NO_ORDER = 2,   /* who precedes whom does not count */
	BACKWARDS = 4,  /* remaining ties rotate backwards */
	NO_ROTATION = 8 /* ... or do not rotate */
};

/* One choice. */
struct choice {
	struct plan *plan;
	unsigned l;
	uint64_t prefix;
	uint64_t tied; /* servers that are the best so far */
	const uint32_t *weight;
	int64_t value[PLAN_SERVERS];
};

static const uint32_t ones[PLAN_SERVERS] = {
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 16 */
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 32 */
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 48 */
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1  /* 64 */
};

/* Keep those with the least value / weight^POWER. */
static void
narrow(struct choice *choice, unsigned power)
{
	uint64_t kept = 0;
	int64_t best = 0, best_by = 1;

	for (uint64_t left = choice->tied; left != 0; left &= left - 1) {
		unsigned s = set_first(left);
		int64_t by = 1;
		for (unsigned p = 0; p < power; p++)
			by *= choice->weight[s];
		int64_t mine = choice->value[s] * best_by, theirs = best * by;
		if (kept == 0 || mine < theirs) {
			kept = set_bit(s);
			best = choice->value[s];
			best_by = by;
		} else if (mine == theirs) {
			kept |= set_bit(s);
		}
	}
	choice->tied = kept;
}

/* Loads if the whole prefix is down, where the table has no row for that. */
static const uint16_t *
far_loads(struct plan *plan, uint64_t prefix)
{
	if (plan->far_set == prefix)
		return plan->far;
	plan->far_set = prefix;
	for (unsigned s = 0; s < plan->servers; s++)
		plan->far[s] = plan->load[s];
	for (unsigned l = 0; l < plan->addresses; l++) {
		const uint8_t *list = plan_list_of(plan, l);
		unsigned t = 0;
		if (!set_has(prefix, list[0]))
			continue;
		while (
		    t <= plan->tier && list[t] != PLAN_NONE && set_has(prefix, list[t]))
			t++;
		if (t <= plan->tier && list[t] != PLAN_NONE)
			plan->far[list[t]]++;
		plan->cells++;
	}
	return plan->far;
}

/* Water filling. */
static void
by_load(struct choice *choice)
{
	struct plan *plan = choice->plan;
	const uint16_t *load;

	if (plan->tier <= plan->depth)
		load = plan_loads(plan, plan_row(plan, choice->prefix));
	else if (plan->tier <= PLAN_FAR)
		load = far_loads(plan, choice->prefix);
	else
		return;
	for (uint64_t left = choice->tied; left != 0; left &= left - 1)
		choice->value[set_first(left)] = load[set_first(left)] + 1;
	narrow(choice, 1);
}

/* Whoever has room below the bound, if anybody has. */
static void
by_room(struct choice *choice)
{
	struct plan *plan = choice->plan;
	uint64_t room = 0;

	if (plan->tier > plan->depth)
		return;
	unsigned row = plan_row(plan, choice->prefix);
	for (uint64_t left = choice->tied; left != 0; left &= left - 1) {
		unsigned s = set_first(left);
		if (plan_loads(plan, row)[s] < plan_bound(plan, row, s))
			room |= set_bit(s);
	}
	if (room != 0)
		choice->tied = room;
}

/* While all of the list are of one rack: the least loaded once the whole rack is down. */
static void
by_loss_of_rack(struct choice *choice)
{
	struct plan *plan = choice->plan;
	uint64_t rack = plan->tier > 0 ? plan->mates[set_first(choice->prefix)] : 0;

	if ((choice->prefix & ~rack) != 0 || (choice->tied & rack) != 0 ||
	    set_count(rack) < 2)
		return;
	const uint16_t *load = plan_loads(plan, plan_row(plan, rack));
	for (uint64_t left = choice->tied; left != 0; left &= left - 1)
		choice->value[set_first(left)] = load[set_first(left)] + 1;
	narrow(choice, 1);
}

/* Somebody whose rack is not in the list yet, if there is one. */
static void
by_rack(struct choice *choice)
{
	uint64_t elsewhere = 0;

	for (uint64_t left = choice->tied; left != 0; left &= left - 1)
		if ((choice->plan->mates[set_first(left)] & choice->prefix) == 0)
			elsewhere |= set_bit(set_first(left));
	if (elsewhere != 0)
		choice->tied = elsewhere;
}

/* Three names, for three places in the order of rules. */
static void
by_rack_strongly(struct choice *choice)
{
	by_rack(choice);
}

static void
by_rack_first(struct choice *choice)
{
	by_rack(choice);
	by_loss_of_rack(choice);
}

static void
by_rack_later(struct choice *choice)
{
	by_rack(choice);
	by_loss_of_rack(choice);
}

/* With one more failure: the largest load, then the sum of loads. */
static void
by_one_more(struct choice *choice)
{
	struct plan *plan = choice->plan;
	int64_t sum[PLAN_SERVERS] = { 0 };

	if (plan->tier + 1 > plan->depth)
		return;
	memset(choice->value, 0, sizeof(choice->value));
	for (uint64_t others = plan->everybody & ~choice->prefix; others != 0;
	     others &= others - 1) {
		uint64_t x = others & -others;
		const uint16_t *load =
		    plan_loads(plan, plan_row(plan, choice->prefix | x));
		for (uint64_t left = choice->tied & ~x; left != 0; left &= left - 1) {
			unsigned s = set_first(left);
			if (load[s] > choice->value[s])
				choice->value[s] = load[s];
			sum[s] += load[s];
		}
		plan->cells++;
	}
	narrow(choice, 1);
	memcpy(choice->value, sum, sizeof(sum));
	narrow(choice, 1);
}

/* With two more failures: the sum of the squares of loads. */
static void
by_two_more(struct choice *choice)
{
	struct plan *plan = choice->plan;
	uint64_t xs = plan->everybody & ~choice->prefix;

	if (plan->tier + 2 > plan->depth)
		return;
	memset(choice->value, 0, sizeof(choice->value));
	for (; xs != 0; xs &= xs - 1) {
		uint64_t x = xs & -xs;
		for (uint64_t ys = xs & (xs - 1); ys != 0; ys &= ys - 1) {
			uint64_t pair = x | (ys & -ys);
			const uint16_t *load =
			    plan_loads(plan, plan_row(plan, choice->prefix | pair));
			for (uint64_t left = choice->tied & ~pair; left != 0;
			     left &= left - 1) {
				unsigned s = set_first(left);
				choice->value[s] += (int64_t)load[s] * load[s];
			}
			plan->cells++;
		}
	}
	narrow(choice, 2);
}

/* Far tiers: nobody should precede another more often than he is preceded. */
static void
by_order(struct choice *choice)
{
	struct plan *plan = choice->plan;

	for (uint64_t left = choice->tied; left != 0; left &= left - 1) {
		unsigned s = set_first(left);
		int64_t sum = 0;
		for (uint64_t xs = plan->everybody & ~(choice->prefix | set_bit(s));
		     xs != 0; xs &= xs - 1)
			sum += plan->before[s][set_first(xs)] -
			       plan->before[set_first(xs)][s];
		choice->value[s] = sum;
	}
	narrow(choice, 0);
}

static void
by_use(struct choice *choice)
{
	for (uint64_t left = choice->tied; left != 0; left &= left - 1)
		choice->value[set_first(left)] = choice->plan->used[set_first(left)];
	narrow(choice, 1);
}

/* One remains: whose number is next after the list's. */
static unsigned
by_number(struct choice *choice)
{
	const struct plan *plan = choice->plan;
	unsigned n = plan->servers, best = n;
	unsigned shift = (plan->variant & NO_ROTATION) != 0 ? 0 : choice->l % n;

	for (uint64_t left = choice->tied; left != 0; left &= left - 1) {
		unsigned key = (set_first(left) + n - shift) % n;
		if ((plan->variant & BACKWARDS) != 0)
			key = n - 1 - key;
		if (key < best)
			best = key;
	}
	if ((plan->variant & BACKWARDS) != 0)
		best = n - 1 - best;
	return (best + shift) % n;
}

/* In the order in which they decide; the second line is for SWAP_PAIRS. */
enum { RULES = 9 };
typedef void choice_rule(struct choice *);
static choice_rule *const rules[2][RULES] = {
	{ by_room, by_rack_strongly, by_load, by_rack_first, by_one_more, by_rack_later,
	    by_two_more, by_order, by_use },
	{ by_room, by_rack_strongly, by_load, by_rack_first, by_one_more, by_rack_later,
	    by_order, by_two_more, by_use },
};

/* Does RULE count for this choice? */
static bool
applies(const struct plan *plan, choice_rule *rule)
{
	if (rule == by_order)
		return (plan->variant & NO_ORDER) == 0;
	/* Before there are secondaries, looking ahead shows nothing new. */
	if (rule == by_one_more || rule == by_two_more)
		return plan->tier > 0;
	if (rule == by_room || rule == by_rack_strongly)
		return plan->care == CARE_STRONG;
	if (rule == by_rack_first)
		return plan->care == CARE_FIRST || plan->care == CARE_STRONG;
	if (rule == by_rack_later)
		return plan->care == CARE_LATER;
	return true;
}

unsigned
plan_choose(struct plan *plan, unsigned l)
{
	struct choice choice = { .plan = plan, .l = l, .prefix = plan->prefix[l] };
	choice_rule *const *rule = rules[(plan->variant & SWAP_PAIRS) != 0];

	choice.tied = plan->active & ~choice.prefix;
	choice.weight = plan->weight;
	if (choice.tied == 0) { /* only the drained are left */
		choice.tied = plan->everybody & ~choice.prefix;
		choice.weight = ones;
	}
	for (unsigned i = 0; i < RULES && (choice.tied & (choice.tied - 1)) != 0; i++)
		if (applies(plan, rule[i]))
			rule[i](&choice);
	return by_number(&choice);
}
