/* SPDX-License-Identifier: BSD-2-Clause */
/* promise_step.c - what must not last: promises that take time to go wrong are looked at
 * now and then. */
#include "world_internal.h"

enum {
	STEP_MS = 50, /* between two looks */
	GIVE_WAY_CLAIMS = 10
};

static bool
serves_freely(const struct world *world, unsigned s)
{
	const struct world_server *server = &world->server[s];

	return server->power && server->halted_ns == NEVER && server->engine != NULL &&
	       !server->leaves && server->change_ns == 0 && server->change_fails_ppm == 0;
}

static bool
is_current(const struct world *world, unsigned s)
{
	return serves_freely(world, s) && world->server[s].conf == world->conf;
}

/* How long two that hear each other may both serve: until a hello of the one for it has
 * been heard by the other. */
static uint64_t
agree_ns(const struct world *world, unsigned a, unsigned b)
{
	unsigned most = 0;

	for (unsigned i = 0; i < 2; i++) {
		unsigned s = i == 0 ? a : b, has = 0;
		for (unsigned x = 0; x < world->conf->addresses; x++)
			has += world->server[s].lease_ns[x] != 0;
		most = has > most ? has : most;
	}
	return (most + 2) * promise_every_ns(world->conf) +
	       promise_detect_ns(world->conf) + 500 * MS_NS;
}

/* Since when nothing has changed about A, B, and their having ADDRESS. */
static uint64_t
both_since_ns(const struct world *world, unsigned a, unsigned b, unsigned address)
{
	uint64_t since_ns = world->server[a].got_ns[address];
	const uint64_t later[] = { world->server[b].got_ns[address],
		world->server[a].disturbed_ns, world->server[b].disturbed_ns,
		world->loss_ns, world->net.port[a].forwards_ns,
		world->net.port[b].forwards_ns };

	for (unsigned i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		since_ns = later[i] > since_ns ? later[i] : since_ns;
	return since_ns;
}

/* Something that FROM says does not reach TO's daemon, but what TO says reaches FROM's.
 */
static bool
hears_one_way(const struct world *world, unsigned from, unsigned to)
{
	bool blocked = world->from[from].cut || world->to[to].cut ||
		       (world->net.unheard[to] >> from & 1) != 0 ||
		       !ears_clear(world, from, to);

	return blocked && wire_clear(world, to, from) && ears_clear(world, to, from);
}

/* Until so many claims were heard in spite of every defence, a burst was in vain, and one
 * more claim was heard. */
static uint64_t
give_way_ns(const struct world *world, unsigned a, unsigned b)
{
	const struct conf_timing *timing = &world->conf->timing;

	return GIVE_WAY_CLAIMS * agree_ns(world, a, b) +
	       4 * timing->probes * timing->probe_interval_ns;
}

static void
agree_two(struct world *world, unsigned a, unsigned b, unsigned address)
{
	enum promise promise = PROMISE_AGREE;
	uint64_t bound_ns = agree_ns(world, a, b);

	if (!world_hear_each_other(world, a, b)) {
		if ((!hears_one_way(world, a, b) && !hears_one_way(world, b, a)) ||
		    !is_current(world, a) || !is_current(world, b) ||
		    world->conf->timing.max_rate != 0)
			return;
		promise = PROMISE_GIVES_WAY;
		bound_ns = give_way_ns(world, a, b);
	}
	uint64_t since_ns = both_since_ns(world, a, b, address);
	world->checks++;
	if (world->now_ns > since_ns && world->now_ns - since_ns > bound_ns)
		promise_broken(world, promise, (int)a, (int)b, (int)address,
		    "%s and %s both serve it for %u ms, although %s",
		    server_name(world, (int)a), server_name(world, (int)b),
		    (unsigned)((world->now_ns - since_ns) / MS_NS),
		    promise == PROMISE_AGREE ? "they hear each other"
					     : "one of them hears the other");
}

static void
agree(struct world *world, unsigned address)
{
	uint64_t holders = world_holders(world, address);

	for (unsigned a = 0; a < world->conf->servers; a++) {
		if ((holders >> a & 1) == 0 || !serves_freely(world, a))
			continue;
		for (unsigned b = a + 1; b < world->conf->servers; b++)
			if ((holders >> b & 1) != 0 && serves_freely(world, b))
				agree_two(world, a, b, address);
	}
}

/* S could serve in the place of somebody unhealthy. */
static bool
is_well(const struct world *world, unsigned s)
{
	const struct world_server *server = &world->server[s];

	return is_current(world, s) && server->paused_ns == NEVER &&
	       engine_health(server->engine) == HEALTH_GOOD &&
	       engine_standing(server->engine) == STANDING_SERVING;
}

/* All of the list that have power can, and hear each other: none is waited for in vain,
 * and none does not know. The latest that any of them was disturbed; NEVER: not so. */
static uint64_t
undisturbed_ns(const struct world *world, unsigned address)
{
	const struct conf_address *listed = &world->conf->address[address];
	uint64_t last_ns = world->loss_ns;

	for (unsigned t = 0; t < listed->tiers; t++) {
		unsigned s = listed->server[t];
		if (!is_current(world, s) || world->server[s].paused_ns != NEVER)
			return NEVER;
		/* Its kernel refused when it was told last; it tries again later. */
		struct engine_address_view view =
		    engine_view_address(world->server[s].engine, address);
		if (failover_state_serves(view.state) && !view.configured)
			return NEVER;
		for (unsigned u = 0; u < t; u++)
			if (!world_hear_each_other(world, s, listed->server[u]))
				return NEVER;
		const uint64_t later[] = { world->server[s].disturbed_ns,
			world->net.port[s].forwards_ns };
		for (unsigned i = 0; i < sizeof(later) / sizeof(later[0]); i++)
			last_ns = later[i] > last_ns ? later[i] : last_ns;
	}
	return last_ns;
}

/* Who has it alone is unhealthy, and somebody of its list is well: CONF_NONE, or who. */
static int
could_relieve(const struct world *world, unsigned address, unsigned *owner)
{
	uint64_t holders = world_holders(world, address);
	const struct conf_address *listed = &world->conf->address[address];
	int well = CONF_NONE;

	if (holders == 0 || (holders & (holders - 1)) != 0)
		return CONF_NONE;
	for (*owner = 0; (holders >> *owner & 1) == 0;)
		++*owner;
	if (!is_current(world, *owner) ||
	    engine_health(world->server[*owner].engine) != HEALTH_BAD)
		return CONF_NONE;
	for (unsigned t = 0; t < listed->tiers && well == CONF_NONE; t++)
		if (is_well(world, listed->server[t]))
			well = listed->server[t];
	return well;
}

static void
relieved(struct world *world, unsigned address)
{
	unsigned owner = 0;
	int well = could_relieve(world, address, &owner);
	uint64_t since_ns = well != CONF_NONE ? undisturbed_ns(world, address) : NEVER;

	if (since_ns == NEVER) {
		world->unwell_ns[address] = NEVER;
		return;
	}
	if (world->unwell_ns[address] == NEVER)
		world->unwell_ns[address] = world->now_ns;
	if (world->unwell_ns[address] > since_ns)
		since_ns = world->unwell_ns[address];
	world->checks++;
	uint64_t within_ns =
	    agree_ns(world, owner, (unsigned)well) +
	    world->conf->timing.answer_timeout_ns * world->conf->address[address].tiers;
	if (world->now_ns > since_ns && world->now_ns - since_ns > within_ns)
		promise_broken(world, PROMISE_RELIEVED, (int)owner, well, (int)address,
		    "%s, which is unhealthy, has it for %u ms, and %s could",
		    server_name(world, (int)owner),
		    (unsigned)((world->now_ns - since_ns) / MS_NS),
		    server_name(world, well));
}

void
promise_step(struct world *world)
{
	world->step_ns = world->now_ns + STEP_MS * MS_NS;
	if (!world->check || world->conf->timing.hello_ns == 0)
		return;
	for (unsigned a = 0; a < world->conf->addresses; a++)
		if (world->twin_ns[a] != NEVER)
			agree(world, a);
	/* With max_moves it may have to stay. */
	if (world->unwell_ns == NULL || world->conf->timing.max_moves != 0)
		return;
	for (unsigned a = 0; a < world->conf->addresses; a++)
		relieved(world, a);
}
