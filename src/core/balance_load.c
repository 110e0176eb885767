/* SPDX-License-Identifier: BSD-2-Clause */
/* balance_load.c - who serves how much in one set of failures, and who should. */
#include <string.h>

#include "balance_internal.h"

unsigned
balance_load(const struct plan_lists *lists, unsigned servers, uint64_t failed,
    unsigned load[PLAN_SERVERS])
{
	unsigned unserved = 0;

	memset(load, 0, sizeof(*load) * PLAN_SERVERS);
	for (unsigned a = 0; a < lists->addresses; a++) {
		const uint8_t *list = lists->server + (size_t)a * lists->tiers;
		unsigned t = 0;
		while (t < lists->tiers && list[t] < servers && set_has(failed, list[t]))
			t++;
		if (t < lists->tiers && list[t] < servers)
			load[list[t]]++;
		else
			unserved++;
	}
	return unserved;
}

/* Whose turn is it to take one more? The one with the least (have + 1) / weight. */
static unsigned
next_taker(const unsigned *weight, unsigned servers, const unsigned have[PLAN_SERVERS])
{
	unsigned best = servers;

	for (unsigned s = 0; s < servers; s++)
		if (weight[s] > 0 &&
		    (best == servers || (uint64_t)(have[s] + 1) * weight[best] <
					    (uint64_t)(have[best] + 1) * weight[s]))
			best = s;
	return best;
}

/* Weights of those that are left; the drained count only when nobody else is. */
static unsigned
weights_left(const struct plan_server *server, unsigned servers, uint64_t failed,
    unsigned weight[PLAN_SERVERS])
{
	unsigned total = 0, alive = 0;

	for (unsigned s = 0; s < servers; s++) {
		weight[s] = set_has(failed, s) ? 0 : server[s].weight;
		total += weight[s];
	}
	if (total > 0)
		return total;
	for (unsigned s = 0; s < servers; s++)
		alive += weight[s] = !set_has(failed, s);
	return alive;
}

void
balance_bound(const struct plan_server *server, unsigned servers, unsigned addresses,
    uint64_t failed, unsigned bound[PLAN_SERVERS])
{
	unsigned weight[PLAN_SERVERS];
	unsigned total = weights_left(server, servers, failed, weight);
	unsigned placed = 0, last = servers;

	memset(bound, 0, sizeof(*bound) * PLAN_SERVERS);
	if (total == 0)
		return;
	for (unsigned s = 0; s < servers; s++)
		placed += bound[s] = (unsigned)((uint64_t)addresses * weight[s] / total);
	/* D'Hondt from here: fewer than SERVERS are left to hand out. */
	for (; placed < addresses; placed++)
		bound[last = next_taker(weight, servers, bound)]++;
	/* The last one set the ratio; whoever has room below it may have as much. */
	for (unsigned s = 0; last < servers && s < servers; s++)
		bound[s] = (unsigned)((uint64_t)bound[last] * weight[s] / weight[last]);
}
