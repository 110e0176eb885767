/* SPDX-License-Identifier: BSD-2-Clause */
/* decide_turn.c - whose turn it is: an address's list, and what is known of the servers
 * in it.
 *
 * Questions only; nothing is changed here. */
#include "engine_internal.h"

bool
decide_is_passive(const struct engine *engine)
{
	return engine->conf->timing.hello_ns == 0;
}

enum peer_state
decide_peer_state(const struct engine *engine, unsigned server)
{
	return engine->peer[server].peer.state;
}

/* Those before self, by demote_rank(), are those of better tiers, as long as all are
 * healthy. */
static bool
is_before(const struct engine *engine, unsigned address, unsigned tier)
{
	const struct engine_address *a = &engine->address[address];

	return (int)tier != a->tier &&
	       (a->tier == CONF_NONE ||
		   demote_rank(engine, address, tier) <
		       demote_rank(engine, address, (unsigned)a->tier));
}

bool
decide_is_better(const struct engine *engine, unsigned address, unsigned server)
{
	int tier = conf_tier(engine->conf, address, server);

	return tier != CONF_NONE && is_before(engine, address, (unsigned)tier);
}

/* Somebody better is known to serve it. */
bool
decide_better_serves(const struct engine *engine, unsigned address)
{
	const struct engine_address *a = &engine->address[address];
	const struct conf_address *listed = &engine->conf->address[address];

	for (unsigned t = 0; t < listed->tiers; t++)
		if (is_before(engine, address, t) &&
		    (a->silent & UINT64_C(1) << t) == 0 &&
		    decide_peer_state(engine, listed->server[t]) != PEER_DEAD)
			return true;
	return false;
}

/* It said a moment ago that it leaves; not being dead, it may come back later. */
static bool
just_left(const struct engine_address *a, unsigned server, uint64_t now_ns)
{
	return a->released_by == (int)server && now_ns < a->released_ns;
}

/* How many better ones live, do not serve it, and may therefore be about to. */
unsigned
decide_candidates(const struct engine *engine, unsigned address, uint64_t now_ns)
{
	const struct engine_address *a = &engine->address[address];
	const struct conf_address *listed = &engine->conf->address[address];
	unsigned count = 0;

	for (unsigned t = 0; t < listed->tiers; t++)
		if (is_before(engine, address, t) &&
		    decide_peer_state(engine, listed->server[t]) == PEER_ALIVE &&
		    !just_left(a, listed->server[t], now_ns))
			count++;
	return count;
}

unsigned
decide_places_before(const struct engine *engine, unsigned address)
{
	unsigned count = 0;

	for (unsigned t = 0; t < engine->conf->address[address].tiers; t++)
		count += is_before(engine, address, t);
	return count;
}

/* Somebody of the list is heard only through its kernel: it may have the address without
 * being able to say so. */
bool
decide_silent_holder(const struct engine *engine, unsigned address, uint64_t now_ns)
{
	const struct conf_address *listed = &engine->conf->address[address];

	for (unsigned t = 0; t < listed->tiers; t++)
		if (listed->server[t] != engine->self.server &&
		    !just_left(&engine->address[address], listed->server[t], now_ns) &&
		    decide_peer_state(engine, listed->server[t]) == PEER_SUSPECT)
			return true;
	return false;
}

/* Anybody else in the list who may be there. */
bool
decide_anybody_else(const struct engine *engine, unsigned address)
{
	const struct conf_address *listed = &engine->conf->address[address];

	for (unsigned t = 0; t < listed->tiers; t++)
		if (listed->server[t] != engine->self.server &&
		    decide_peer_state(engine, listed->server[t]) != PEER_DEAD)
			return true;
	return differ_any(engine); /* whose files may list somebody else */
}
