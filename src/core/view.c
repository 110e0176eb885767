/* SPDX-License-Identifier: BSD-2-Clause */
/* view.c - what self believes, for others to read. Changes nothing. */
#include <assert.h>

#include "engine_internal.h"

const struct conf *
engine_conf(const struct engine *engine)
{
	return engine->conf;
}

const struct engine_self *
engine_self(const struct engine *engine)
{
	return &engine->self;
}

const struct engine_counters *
engine_counters(const struct engine *engine)
{
	return &engine->counters;
}

enum engine_standing
engine_standing(const struct engine *engine)
{
	if (!engine->link)
		return STANDING_NO_CARRIER;
	if (!engine->mac_ok)
		return STANDING_WRONG_MAC;
	if (engine->stopping || engine->drained) {
		for (unsigned a = 0; a < engine->conf->addresses; a++)
			if (failover_serves(&engine->address[a].failover))
				return STANDING_LEAVING;
		return STANDING_DRAINED;
	}
	if (engine->isolated)
		return STANDING_ISOLATED;
	if (engine->starting)
		return STANDING_STARTING;
	return engine->health == HEALTH_BAD ? STANDING_UNHEALTHY : STANDING_SERVING;
}

const char *
engine_standing_name(enum engine_standing standing)
{
	static const char *const names[STANDINGS] = {
		[STANDING_STARTING] = "starting",
		[STANDING_SERVING] = "serving",
		[STANDING_UNHEALTHY] = "unhealthy",
		[STANDING_DRAINED] = "drained",
		[STANDING_LEAVING] = "leaving",
		[STANDING_ISOLATED] = "isolated",
		[STANDING_NO_CARRIER] = "no carrier",
		[STANDING_WRONG_MAC] = "wrong mac",
	};

	assert(standing < STANDINGS);
	return names[standing];
}

struct engine_address_view
engine_view_address(const struct engine *engine, unsigned address)
{
	assert(address < engine->conf->addresses);
	const struct engine_address *a = &engine->address[address];
	unsigned all = (1u << engine->conf->routers) - 1;

	return (struct engine_address_view){
		.tier = a->tier,
		.state = failover_state(&a->failover, a->tier == 0),
		.phase = a->failover.phase,
		.owner = a->owner,
		.configured = a->holding.have,
		.confirmed = failover_serves(&a->failover) && all != 0 &&
			     a->announcing.claimed_ns != NEVER &&
			     a->announcing.confirmed == all,
		.since_ns = a->since_ns,
		.deadline_ns = a->failover.deadline_ns,
		.expires_ns = a->holding.have ? a->holding.expires_ns : NEVER,
	};
}

struct engine_confirmation
engine_view_confirmation(const struct engine *engine, unsigned address, unsigned router)
{
	assert(address < engine->conf->addresses && router < engine->conf->routers);
	const struct announcing *announcing = &engine->address[address].announcing;
	bool confirmed = announcing->claimed_ns != NEVER &&
			 (announcing->confirmed & 1u << router) != 0;

	return (struct engine_confirmation){
		.confirmed = confirmed,
		.took_ns = confirmed ? announcing->took_ns[router] : NEVER,
	};
}

struct engine_peer_view
engine_view_peer(const struct engine *engine, unsigned server, uint64_t now_ns)
{
	assert(server < engine->conf->servers);
	const struct engine_peer *peer = &engine->peer[server];
	struct engine_peer_view view = {
		.state = peer->peer.state,
		.mac = peer->mac,
		.silence_ns = peer->heard ? now_ns - peer->peer.heard_ns : NEVER,
		.plan = peer->plan,
		.plan_differs = differ_peer(engine, server),
		.unhealthy = peer->demoted && peer->peer.state != PEER_DEAD,
		.proxies = peer->proxies,
	};

	for (unsigned a = 0; a < engine->conf->addresses; a++)
		view.addresses += engine->address[a].owner == (int)server;
	return view;
}

struct engine_router_view
engine_view_router(const struct engine *engine, unsigned router)
{
	assert(router < engine->conf->routers);
	return (struct engine_router_view){
		.mac = engine->router[router].mac,
		.heard_ns = engine->router[router].heard_ns,
	};
}

uint64_t
engine_view_plan(const struct engine *engine)
{
	return engine->plan;
}

enum health_state
engine_health(const struct engine *engine)
{
	return engine->health;
}

const struct health *
engine_view_check(const struct engine *engine, unsigned check)
{
	assert(check < engine->conf->checks);
	return &engine->check[check];
}

uint64_t
engine_view_stay_ns(const struct engine *engine, unsigned address, uint64_t now_ns)
{
	assert(address < engine->conf->addresses);
	return moves_wait_ns(engine, address, now_ns);
}
