/* SPDX-License-Identifier: BSD-2-Clause */
/* walk_check.c - what must be true in a history that is walked: after a crash in the
 * calm, and in the end. promise.c looks on besides. */
#include <string.h>

#include "walk_internal.h"

void
walk_broken(struct walk *walk, const struct world *world)
{
	if (walk->violations++ > 0)
		return;
	walk->violation = world->violation;
	walk->broken_ns = world_time(world);
	walk->mended_ns = walk->mend_ns;
	memcpy(walk->broken, walk->trail, sizeof(walk->trail));
	walk->broken_choices = walk->choices;
}

/* One event; what the kernel and the routers roll is always the same. False: a promise is
 * broken. */
bool
walk_step(struct walk *walk, struct world *world)
{
	dice_seed(&world->dice, walk->dice);
	walk->events++;
	world_step(world, UINT64_MAX / 2);
	return world->violation.promise == PROMISE_NONE;
}

static bool
in_place(const struct world *world, unsigned a)
{
	int best = world_best(world, a);
	uint64_t wanted = best == CONF_NONE ? 0 : UINT64_C(1) << best;

	if (world_holders(world, a) != wanted)
		return false;
	for (unsigned r = 0; best != CONF_NONE && r < world->routers; r++) {
		const struct router_entry *entry = &world->router[r].entry[a];
		struct mac mac = server_mac((unsigned)best);
		if (entry->state < ENTRY_REACHABLE || !mac_equal(&entry->mac, &mac))
			return false;
	}
	return true;
}

void
walk_not_in_place(struct world *world, const char *when)
{
	for (unsigned a = 0; a < world->conf->addresses; a++) {
		int best = world_best(world, a);
		if (in_place(world, a))
			continue;
		promise_broken(world,
		    world_holders(world, a) ==
			    (best == CONF_NONE ? 0 : UINT64_C(1) << best)
			? PROMISE_ROUTED
			: PROMISE_CONVERGE,
		    best, CONF_NONE, (int)a,
		    "%s it is not in its place (best %d, had by %llx)", when, best,
		    (unsigned long long)world_holders(world, a));
	}
}

static uint64_t
bound_ns(const struct conf *conf)
{
	return 10 * SEC_NS + conf->timing.lease_ns + 32 * conf->timing.failback_ns +
	       conf->servers * conf->timing.answer_timeout_ns;
}

/* Until all is in its place, and has stayed there for a while. False: never, or nobody
 * needs to know, for another history has been here. */
static bool
settle(struct walk *walk, struct world *world, unsigned part)
{
	uint64_t end_ns = world->now_ns + bound_ns(world->conf);
	uint64_t abstract = 0;

	for (unsigned content = 0; content < LOOKS;) {
		uint64_t look_ns = world->step_ns;
		/* Now and then is enough, if it is the same time for all. */
		if (world_time(world) / (LOOK_MS * MS_NS) % 4 == 0 &&
		    !walk_set_add(&walk->states, walk_mix(walk_state(world), part))) {
			walk->merged++;
			return false;
		}
		while (world->step_ns == look_ns) {
			if (!walk_step(walk, world)) {
				walk_broken(walk, world);
				return false;
			}
		}
		uint64_t now = walk_abstract(world);
		if (now != abstract)
			walk_set_add(&walk->abstracts, now);
		abstract = now;
		bool good = true;
		for (unsigned a = 0; a < world->conf->addresses; a++)
			good = good && in_place(world, a);
		content = good ? content + 1 : 0;
		if (content == 0 && world->now_ns > end_ns) {
			walk_not_in_place(world,
			    part == 1 ? "with what is left" : "all is mended, and");
			walk_broken(walk, world);
			return false;
		}
	}
	return true;
}

/* Each server either takes part or does not; nobody hangs, nobody is half heard. */
static bool
clear(const struct world *world)
{
	for (unsigned s = 0; s < world->conf->servers; s++) {
		const struct world_server *server = &world->server[s];
		bool away = !server->power || (server->engine == NULL && !server->frozen);
		bool cut = world->from[s].cut || world->to[s].cut;
		if (!away && (server->frozen || cut))
			return false;
	}
	return true;
}

/* No server has had a fault, so nothing may have moved. */
static void
demand_stillness(struct walk *walk, struct world *world)
{
	for (unsigned i = 0; i < walk->choices; i++)
		if (walk->trail[i].luck == LUCK_FAULT)
			return;
	if (world->moves == walk->calm_moves)
		return;
	promise_broken(world, PROMISE_STILL, CONF_NONE, CONF_NONE, CONF_NONE,
	    "an address moved although nothing but frames went wrong");
	walk_broken(walk, world);
}

void
walk_finish(struct walk *walk, struct world *world)
{
	struct fault mend = {
		.kind = FAULT_RETURN, .server = FAULT_ALL, .address = CONF_NONE
	};

	walk->histories++;
	while (world->fault_at < world->faults)
		if (!walk_step(walk, world)) {
			walk_broken(walk, world);
			return;
		}
	if (clear(world) && !settle(walk, world, 1))
		return;
	demand_stillness(walk, world);
	mend.at_ns = walk->mend_ns = world_time(world);
	dice_seed(&world->dice, walk->dice);
	fault_apply(world, &mend);
	if (world->violation.promise == PROMISE_NONE)
		settle(walk, world, 2);
	walk->mend_ns = 0;
}

/* All was calm, and SERVER has just lost its power. */
void
walk_demand_takeover(struct walk *walk, const struct world *crashed, unsigned server)
{
	const struct conf_timing *timing = &crashed->conf->timing;
	struct world *world = walk_copy(crashed);
	uint64_t end_ns = world->now_ns + timing->hello_ns + timing->hello_ns / 2 +
			  timing->probes * timing->probe_interval_ns + SLACK_MS * MS_NS;

	while (world->now_ns < end_ns && walk_step(walk, world))
		;
	for (unsigned a = 0; a < world->conf->addresses; a++)
		if (!in_place(world, a))
			promise_broken(world, PROMISE_OUTAGE, world_best(world, a),
			    (int)server, (int)a, "is not in its place after the crash");
	unsigned own = 0;
	for (unsigned a = 0; a < world->conf->addresses; a++)
		own += world->conf->address[a].server[0] == server;
	if (world->moves > walk->calm_moves + own)
		promise_broken(world, PROMISE_OWN_ONLY, (int)server, CONF_NONE, CONF_NONE,
		    "more moved than it had served");
	if (world->violation.promise != PROMISE_NONE)
		walk_broken(walk, world);
	world_free(world);
}
