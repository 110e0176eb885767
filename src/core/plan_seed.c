/* SPDX-License-Identifier: BSD-2-Clause */
/* plan_seed.c - numbers of addresses for which the first tiers are known beforehand. */
#include <string.h>

#include "plan_internal.h"

/* The active servers, which all have the same weight here. */
struct ring {
	unsigned size;
	uint8_t server[PLAN_SERVERS];
};

static bool
find_ring(const struct plan *plan, struct ring *ring)
{
	ring->size = 0;
	for (uint64_t left = plan->active; left != 0; left &= left - 1)
		ring->server[ring->size++] = (uint8_t)set_first(left);
	for (unsigned i = 1; i < ring->size; i++)
		if (plan->server[ring->server[i]].weight !=
		    plan->server[ring->server[0]].weight)
			return false;
	return true;
}

/* Primaries that are given leave room for EACH on every active server. */
static bool
pins_fit(const struct plan *plan, unsigned each)
{
	unsigned have[PLAN_SERVERS] = { 0 };

	for (unsigned l = 0; l < plan->addresses; l++)
		if (plan->pin[l] != PLAN_NONE &&
		    (!set_has(plan->active, plan->pin[l]) || ++have[plan->pin[l]] > each))
			return false;
	return true;
}

/* How often N(N-2) goes into the addresses, if it does and can be used; else 0. */
static unsigned
closed_copies(const struct plan *plan, const struct ring *ring)
{
	unsigned n = ring->size, once = n * (n - 2);

	if (n < 3 || plan->addresses % once != 0 || plan->addresses / once > n - 1)
		return 0;
	return pins_fit(plan, plan->addresses / n) ? plan->addresses / once : 0;
}

/* Active servers in each rack, if that is the same number everywhere, two at least, and
 * there are two racks at least; else 0. */
static unsigned
rack_size(const struct plan *plan, const struct ring *ring)
{
	unsigned size = set_count(plan->mates[ring->server[0]] & plan->active);

	for (unsigned i = 1; i < ring->size; i++)
		if (set_count(plan->mates[ring->server[i]] & plan->active) != size)
			return 0;
	return size >= 2 && size < ring->size ? size : 0;
}

/* Can tier 1 never be in the rack of tier 0, for nothing? */
static bool
rackable(const struct plan *plan, const struct ring *ring)
{
	unsigned r = rack_size(plan, ring), n = ring->size;

	return r != 0 && plan->addresses == n * (n - r) && pins_fit(plan, n - r);
}

void
plan_seed_survey(struct plan *plan)
{
	struct ring ring;
	bool even = find_ring(plan, &ring);
	bool apart = even && rackable(plan, &ring);

	/* With racks of three and more the closed form would not keep them apart. */
	plan->closed = even && closed_copies(plan, &ring) > 0 &&
		       (!apart || rack_size(plan, &ring) == 2);
	plan->cares = plan->racks > 0 && !apart ? CARES : 1;
	plan->candidates = PLAN_VARIANTS * plan->cares + plan->closed;
}

/* Primaries: those given, then whoever has room, in turn. */
static void
seed_primaries(struct plan *plan, const struct ring *ring, unsigned each)
{
	unsigned have[PLAN_SERVERS] = { 0 }, next = 0;

	for (unsigned l = 0; l < plan->addresses; l++)
		if (plan->pin[l] != PLAN_NONE)
			have[plan->pin[l]]++;
	for (unsigned l = 0; l < plan->addresses; l++) {
		if (plan->pin[l] != PLAN_NONE)
			continue;
		while (have[ring->server[next % ring->size]] == each)
			next++;
		plan_list_of(plan, l)[0] = ring->server[next % ring->size];
		have[ring->server[next++ % ring->size]]++;
	}
}

/* The J-th of the ring after place A that is not in EXCEPT. */
static uint8_t
follower(const struct ring *ring, unsigned a, unsigned j, uint64_t except)
{
	for (unsigned i = 1;; i++) {
		uint8_t s = ring->server[(a + i) % ring->size];
		if (!set_has(except, s) && j-- == 0)
			return s;
	}
}

/* The reserve of the server at place A, in copy I of the closed form. */
static uint8_t
reserve(const struct plan *plan, const struct ring *ring, unsigned a, unsigned i)
{
	uint64_t mate = plan->mates[ring->server[a]] & plan->active;

	mate &= ~set_bit(ring->server[a]);
	if (i == 0 && plan->addresses == ring->size * (ring->size - 2) &&
	    rack_size(plan, ring) == 2)
		return (uint8_t)set_first(mate);
	return ring->server[(a + i + 1) % ring->size];
}

/* Lists (a, b, reserve of a) for each b but these two; or (a, b) for each b of the other
 * racks. */
static void
seed_lists(struct plan *plan, const struct ring *ring)
{
	unsigned seen[PLAN_SERVERS] = { 0 }, place[PLAN_SERVERS] = { 0 };
	unsigned others = ring->size - 2;

	for (unsigned i = 0; i < ring->size; i++)
		place[ring->server[i]] = i;
	for (unsigned l = 0; l < plan->addresses; l++) {
		uint8_t *list = plan_list_of(plan, l);
		unsigned a = place[list[0]], j = seen[list[0]]++;
		if (plan->shape == PLAN_RACKED) {
			list[1] = follower(ring, a, j, plan->mates[list[0]]);
			continue;
		}
		uint8_t last = reserve(plan, ring, a, j / others);
		list[1] = follower(ring, a, j % others, set_bit(list[0]) | set_bit(last));
		if (plan->tiers > 2)
			list[2] = last;
	}
}

void
plan_seed(struct plan *plan)
{
	struct ring ring;
	bool even = find_ring(plan, &ring);
	bool closed = plan->closed && plan->candidate == 0;
	unsigned number = closed ? 0 : plan->candidate - plan->closed;

	plan->variant = number / plan->cares;
	plan->care = (enum plan_care)(number % plan->cares);
	plan->shape = closed                          ? PLAN_CLOSED
		      : even && rackable(plan, &ring) ? PLAN_RACKED
						      : PLAN_FILLED;
	plan->seeded = closed ? 3 : 2;
	memset(plan->list, PLAN_NONE, (size_t)plan->addresses * plan->tiers);
	for (unsigned l = 0; l < plan->addresses; l++)
		plan_list_of(plan, l)[0] = plan->pin[l];
	if (plan->shape == PLAN_FILLED)
		return;
	seed_primaries(plan, &ring, plan->addresses / ring.size);
	seed_lists(plan, &ring);
}
