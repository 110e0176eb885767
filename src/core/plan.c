/* SPDX-License-Identifier: BSD-2-Clause */
/* plan.c - lists for a request. */
#include "vlbd/plan.h"

#include <string.h>

struct plan {
	struct plan_request request;
	unsigned next;
	uint8_t list[];
};

size_t
plan_memory(const struct plan_request *request)
{
	return sizeof(struct plan) + (size_t)request->addresses * request->tiers;
}

struct plan *
plan_begin(void *memory, const struct plan_request *request)
{
	struct plan *plan = memory;

	plan->request = *request;
	plan->next = 0;
	for (unsigned a = 0; a < request->addresses; a++) {
		uint8_t pin = request->primary != NULL ? request->primary[a] : PLAN_NONE;
		plan->list[(size_t)a * request->tiers] =
		    pin != PLAN_NONE ? pin : (uint8_t)(a % request->servers);
	}
	return plan;
}

bool
plan_step(struct plan *plan)
{
	unsigned n = plan->request.servers, t = plan->request.tiers;

	if (plan->next < plan->request.addresses) {
		uint8_t *list = plan->list + (size_t)plan->next * t;
		unsigned shift = plan->next / n % (n - 1);
		for (unsigned k = 1; k < t; k++)
			list[k] =
			    (uint8_t)((list[0] + 1 + (shift + k - 1) % (n - 1)) % n);
		plan->next++;
	}
	return plan->next < plan->request.addresses;
}

unsigned
plan_permille(const struct plan *plan)
{
	return plan->next * 1000 / plan->request.addresses;
}

struct plan_lists
plan_lists(const struct plan *plan)
{
	return (struct plan_lists){ plan->request.addresses, plan->request.tiers,
		plan->list };
}

enum plan_shape
plan_shape(const struct plan *plan)
{
	(void)plan;
	return PLAN_FILLED;
}

struct plan_moves
plan_move(const struct plan_request *request, uint8_t *primary)
{
	struct plan_moves moves = { 0, 0, 0, 0 };

	for (unsigned a = 0; a < request->addresses; a++) {
		if (primary[a] < request->servers)
			continue;
		moves.added += primary[a] == PLAN_NONE;
		moves.orphans += primary[a] == PLAN_GONE;
		primary[a] = (uint8_t)(a % request->servers);
	}
	moves.moved = moves.least = moves.orphans;
	return moves;
}

unsigned
plan_advise(unsigned servers, unsigned paths, struct plan_choice out[PLAN_CHOICES])
{
	if (paths != 0 && paths < servers)
		return 0;
	memset(out, 0, sizeof(*out));
	out->addresses = servers;
	out->reason = PLAN_LEAST;
	out->advised = true;
	for (unsigned f = 0; f < PLAN_FAILURES; f++)
		out->overload[f] = 1000;
	return 1;
}
