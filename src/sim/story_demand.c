/* SPDX-License-Identifier: BSD-2-Clause */
/* story_demand.c - what is demanded when the last fault is over: everything in its place,
 * stillness, and takeovers in time. */
#include <string.h>

#include "story_internal.h"

enum {
	STILL_S = 3,  /* nothing moves for that long, once all is in place */
	UNSAID_S = 20 /* looked on, where nothing is demanded in the end */
};

/* Whoever of its list has it alone; else who should. */
static int
holder_or_best(const struct world *world, unsigned a)
{
	uint64_t holders = world_holders(world, a);

	for (unsigned s = 0; s < world->conf->servers; s++)
		if (holders == UINT64_C(1) << s && world_able(world, s) &&
		    conf_tier(world->conf, a, s) != CONF_NONE)
			return (int)s;
	return world_best(world, a);
}

/* Who should have it in the end. Where nobody takes anything back by himself, whoever has
 * it may keep it. */
static int
wanted(const struct world *world, unsigned a)
{
	return world->conf->timing.failback_ns == CONF_NEVER ? holder_or_best(world, a)
							     : world_best(world, a);
}

/* Who should take it over. With few frames to spend some know of a death sooner than
 * others, and whoever is further down may be first. */
static int
heir(const struct world *world, unsigned a)
{
	return world->conf->timing.max_rate != 0 ? holder_or_best(world, a)
						 : world_best(world, a);
}

static void
demand_place(struct world *world, unsigned a)
{
	uint64_t holders = world_holders(world, a);
	int best = wanted(world, a);
	uint64_t right = best == CONF_NONE ? 0 : UINT64_C(1) << best;

	world->checks++;
	if (holders != right)
		promise_broken(world, PROMISE_CONVERGE, best, CONF_NONE, (int)a,
		    "should be served by %s alone; holders %llx",
		    server_name(world, best), (unsigned long long)holders);
}

static void
demand_route(struct world *world, unsigned a, unsigned r, int best, enum promise promise)
{
	const struct router_entry *entry = &world->router[r].entry[a];

	world->checks++;
	if (best == CONF_NONE)
		return;
	struct mac mac = server_mac((unsigned)best);
	if (entry->state < ENTRY_REACHABLE || !mac_equal(&entry->mac, &mac))
		promise_broken(world, promise, best, (int)r, (int)a,
		    "router %u does not send to %s", r, server_name(world, best));
}

static bool
touched(const struct run *run, unsigned a)
{
	return (run->touched[a / 64] >> a % 64 & 1) != 0;
}

static void
demand_all(struct world *world)
{
	for (unsigned a = 0; a < world->conf->addresses; a++) {
		demand_place(world, a);
		for (unsigned r = 0; r < world->routers; r++)
			demand_route(world, a, r, wanted(world, a), PROMISE_ROUTED);
	}
}

static void
demand_stillness(struct run *run, struct world *world, uint64_t until_ns)
{
	memset(run->touched, 0, sizeof(run->touched));
	world_run(world, until_ns);
	for (unsigned a = 0; a < world->conf->addresses; a++) {
		world->checks++;
		if (touched(run, a))
			promise_broken(world, PROMISE_STILL, CONF_NONE, CONF_NONE, (int)a,
			    "moved although nothing had happened");
	}
}

/* Whatever the dead served, and nothing else, has moved to where it belongs. */
static void
demand_heirs(const struct run *run, struct world *world, int victim, uint64_t bound_ns)
{
	for (unsigned a = 0; a < world->conf->addresses; a++) {
		world->checks++;
		bool was_own = (run->own[a / 64] >> a % 64 & 1) != 0;
		if (touched(run, a) && !was_own)
			promise_broken(world, PROMISE_OWN_ONLY, victim, CONF_NONE, (int)a,
			    "moved although the server that died did not serve it");
		uint64_t holders = world_holders(world, a);
		int best = heir(world, a);
		if (!was_own || best == CONF_NONE || bound_ns == NEVER)
			continue;
		if (holders != UINT64_C(1) << best)
			promise_broken(world, PROMISE_OUTAGE, best, victim, (int)a,
			    "is not served by %s %u ms after the crash",
			    server_name(world, best), (unsigned)(bound_ns / MS_NS));
		for (unsigned r = 0; r < world->routers; r++)
			demand_route(world, a, r, best, PROMISE_OUTAGE);
	}
}

/* All is calm; COUNT servers crash at once, and nothing but their addresses may move. */
static void
demand_takeover(struct run *run, struct world *world, const int *victim, unsigned count)
{
	uint64_t bound_ns = story_outage_ns(run->story, count);
	uint64_t at_ns = world_time(world) + MS_NS;

	/* Where no time is promised, what was taken over before may still move. */
	if (bound_ns != NEVER)
		memset(run->own, 0, sizeof(run->own));
	memset(run->touched, 0, sizeof(run->touched));
	for (unsigned v = 0; v < count; v++) {
		struct fault crash = { .at_ns = at_ns,
			.kind = FAULT_CRASH,
			.server = victim[v],
			.address = CONF_NONE };
		for (unsigned a = 0; a < world->conf->addresses; a++)
			if ((world_holders(world, a) >> victim[v] & 1) != 0)
				run->own[a / 64] |= UINT64_C(1) << a % 64;
		world_fault(world, &crash);
	}
	world_run(world, at_ns + (bound_ns == NEVER ? STILL_S * SEC_NS : bound_ns));
	if (world->violation.promise == PROMISE_NONE)
		demand_heirs(run, world, victim[0], bound_ns);
}

static void
demand_takeovers(struct run *run, struct world *world)
{
	const struct story *story = run->story;
	unsigned each = story->together ? story->victims : 1;

	for (unsigned v = 0; v < story->victims; v += each)
		if (world->violation.promise == PROMISE_NONE)
			demand_takeover(run, world, &story->victim[v], each);
}

/* What must be true in the end, and how long it takes. */
void
story_demand_end(struct run *run, struct world *world)
{
	uint64_t bound_ns = story_bound_ns(run->story);
	uint64_t at_ns = run->story->heal_ns + bound_ns;

	if (bound_ns == NEVER) {
		world_run(world, run->story->heal_ns + UNSAID_S * SEC_NS);
		return;
	}
	world_run(world, at_ns);
	if (world->violation.promise == PROMISE_NONE)
		demand_all(world);
	if (world->violation.promise == PROMISE_NONE)
		demand_stillness(run, world, at_ns + STILL_S * SEC_NS);
	if (world->violation.promise == PROMISE_NONE)
		demand_takeovers(run, world);
}
