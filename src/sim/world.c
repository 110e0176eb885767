/* SPDX-License-Identifier: BSD-2-Clause */
/* world.c - a world is made, and asked: what time it is, who has an address, who should.
 */
#include <stdlib.h>
#include <string.h>

#include "world_internal.h"

enum { START_SPREAD_MS = 1000 };

static void
add_router(struct world *world, unsigned r)
{
	struct world_router *router = &world->router[r];

	router->ip = world->conf->router[r];
	router->mac = (struct mac){ { 2, 0, 0, 0, 1, (uint8_t)(r + 1) } };
	router->entry = calloc(world->conf->addresses, sizeof(*router->entry));
	if (router->entry == NULL)
		abort();
	router_reboot(world, r);
}

struct world *
world_new(const struct conf *conf, uint64_t seed)
{
	struct world *world = calloc(1, sizeof(*world));

	if (world == NULL)
		return NULL;
	world->conf = conf;
	dice_seed(&world->dice, seed);
	world->now_ns = world->started_ns = 1000 * SEC_NS;
	world->check = true;
	world->step_ns = world->now_ns;
	wire_reset(world);
	world->twin_ns = malloc(conf->addresses * sizeof(*world->twin_ns));
	world->untwin_ns = calloc(conf->addresses, sizeof(*world->untwin_ns));
	if (conf->checks > 0)
		world->unwell_ns = malloc(conf->addresses * sizeof(*world->unwell_ns));
	if (world->twin_ns == NULL || world->untwin_ns == NULL ||
	    (conf->checks > 0 && world->unwell_ns == NULL))
		abort();
	for (unsigned a = 0; conf->checks > 0 && a < conf->addresses; a++)
		world->unwell_ns[a] = NEVER;
	memset(world->twin_ns, 0xff, conf->addresses * sizeof(*world->twin_ns));
	world->routers = conf->routers < WORLD_ROUTERS ? conf->routers : WORLD_ROUTERS;
	for (unsigned r = 0; r < world->routers; r++)
		add_router(world, r);
	for (unsigned s = 0; s < conf->servers; s++) {
		struct world_server *server = &world->server[s];
		server->conf = conf;
		server->power = server->carrier = true;
		server->paused_ns = server->sweep_ns = NEVER;
		server->heard_ns = 0;
		server->halted_ns = world->now_ns;
		server->lease_ns = calloc(conf->addresses, sizeof(*server->lease_ns));
		server->inbox = malloc(WORLD_INBOX * sizeof(*server->inbox));
		server->sent_ns =
		    calloc(conf->timing.max_rate + 1u, sizeof(*server->sent_ns));
		server->got_ns = calloc(conf->addresses, sizeof(*server->got_ns));
		if (server->lease_ns == NULL || server->got_ns == NULL ||
		    server->inbox == NULL || server->sent_ns == NULL)
			abort();
		struct fault start = {
			.at_ns = dice_below(&world->dice, START_SPREAD_MS * MS_NS),
			.kind = FAULT_START,
			.server = (int)s,
			.address = CONF_NONE,
		};
		world_fault(world, &start);
	}
	return world;
}

void
world_free(struct world *world)
{
	if (world == NULL)
		return;
	for (unsigned s = 0; s < world->conf->servers; s++) {
		free(world->server[s].memory);
		free(world->server[s].lease_ns);
		free(world->server[s].got_ns);
		free(world->server[s].inbox);
		free(world->server[s].sent_ns);
	}
	for (unsigned r = 0; r < world->routers; r++)
		free(world->router[r].entry);
	free(world->queue);
	free(world->twin_ns);
	free(world->untwin_ns);
	free(world->unwell_ns);
	free(world);
}

bool
world_fault(struct world *world, const struct fault *fault)
{
	unsigned at = world->faults;

	if (world->faults == WORLD_FAULTS)
		return false;
	while (at > world->fault_at && world->fault[at - 1].at_ns > fault->at_ns) {
		world->fault[at] = world->fault[at - 1];
		at--;
	}
	world->fault[at] = *fault;
	world->faults++;
	return true;
}

uint64_t
world_time(const struct world *world)
{
	return world->now_ns - world->started_ns;
}

uint64_t
world_holders(const struct world *world, unsigned address)
{
	uint64_t holders = 0;

	for (unsigned s = 0; s < world->conf->servers; s++)
		if (world->server[s].lease_ns[address] != 0)
			holders |= UINT64_C(1) << s;
	return holders;
}

bool
world_able(const struct world *world, unsigned s)
{
	const struct world_server *server = &world->server[s];

	return server->power && server->carrier && server->engine != NULL &&
	       !server->leaves;
}

int
world_best(const struct world *world, unsigned address)
{
	const struct conf_address *listed = &world->conf->address[address];
	int sick = CONF_NONE;

	for (unsigned t = 0; t < listed->tiers; t++) {
		if (!world_able(world, listed->server[t]))
			continue;
		if (!world->server[listed->server[t]].sick)
			return listed->server[t];
		if (sick == CONF_NONE)
			sick = listed->server[t];
	}
	return sick;
}

bool
world_hear_each_other(const struct world *world, unsigned a, unsigned b)
{
	return wire_clear(world, a, b) && wire_clear(world, b, a) &&
	       ears_clear(world, a, b) && ears_clear(world, b, a);
}

const char *
server_name(const struct world *world, int server)
{
	return server == CONF_NONE ? "nobody" : world->conf->server[server].name;
}
