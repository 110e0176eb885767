/* SPDX-License-Identifier: BSD-2-Clause */
/* moves.c - how often an address has moved of late, and who has to wait for that.
 *
 * Switches and fabrics guard against duplicate addresses by counting moves: five within
 * three minutes are usual, and the address is frozen. What takes an address from a server
 * that is gone cannot wait; what gives it back can. So a better tier takes it back only
 * when, with the failure that may come next, it has not moved more than `max_moves' times
 * within the window.
 *
 * A machine that keeps rebooting forgets all this each time. Whoever serves its addresses
 * remembers, and tells in the note of what it says for each of them how long it should
 * stay. */
#include <string.h>

#include "engine_internal.h"

/* Somebody else, before SERVER in its list, is known to serve it: SERVER's claim was
 * under way when that happened. */
static bool
overtaken(const struct engine *engine, unsigned address, unsigned server)
{
	const struct engine_address *a = &engine->address[address];
	const struct conf_address *listed = &engine->conf->address[address];
	int tier = conf_tier(engine->conf, address, server);

	if (tier == CONF_NONE)
		return false;
	for (unsigned t = 0; t < listed->tiers; t++) {
		unsigned other = listed->server[t];
		if (other == engine->self.server || (a->silent & UINT64_C(1) << t) != 0 ||
		    engine->peer[other].peer.state == PEER_DEAD)
			continue;
		if (demote_rank(engine, address, t) <
		    demote_rank(engine, address, (unsigned)tier))
			return true;
	}
	return false;
}

void
moves_note(struct engine *engine, unsigned address, unsigned server, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];

	if (a->last_owner == (int)server)
		return;
	if (server != engine->self.server && overtaken(engine, address, server))
		return;
	if (a->last_owner != CONF_NONE) {
		memmove(&a->moved_ns[1], &a->moved_ns[0],
		    (CONF_MOVES - 1) * sizeof(a->moved_ns[0]));
		a->moved_ns[0] = now_ns;
	}
	a->last_owner = (int)server;
}

/* Until when more than ALLOWED moves lie in the window; 0: they do not. */
static uint64_t
until_ns(const struct engine *engine, unsigned address, unsigned allowed, uint64_t now_ns)
{
	const struct engine_address *a = &engine->address[address];
	uint64_t moved_ns = a->moved_ns[allowed];

	if (moved_ns == 0 || moved_ns + CONF_MOVES_NS <= now_ns)
		return 0;
	return moved_ns + CONF_MOVES_NS;
}

/* Until when nobody should take it back, by what self has seen; 0: one may. */
static uint64_t
return_ns(const struct engine *engine, unsigned address, uint64_t now_ns)
{
	unsigned most = engine->conf->timing.max_moves;

	/* The return itself, and the failure that may follow it. */
	return most == 0 ? 0 : until_ns(engine, address, most - 2, now_ns);
}

bool
moves_may_relieve(const struct engine *engine, unsigned address, uint64_t now_ns)
{
	unsigned most = engine->conf->timing.max_moves;

	return most == 0 || until_ns(engine, address, most - 1, now_ns) == 0;
}

uint64_t
moves_wait_ns(const struct engine *engine, unsigned address, uint64_t now_ns)
{
	uint64_t at_ns = return_ns(engine, address, now_ns);
	uint64_t told_ns = engine->address[address].stay_ns;

	if (engine->conf->timing.max_moves != 0 && told_ns > at_ns)
		at_ns = told_ns;
	return at_ns > now_ns ? at_ns - now_ns : 0;
}

uint8_t
moves_tell(const struct engine *engine, unsigned address, uint64_t now_ns)
{
	uint64_t at_ns = return_ns(engine, address, now_ns);

	return at_ns == 0 ? 0 : (uint8_t)((at_ns - now_ns + SEC_NS - 1) / SEC_NS);
}

uint64_t
moves_unheard_ns(const struct engine *engine, unsigned address, uint64_t now_ns)
{
	const struct engine_address *a = &engine->address[address];
	unsigned turn = 2; /* of its hellos: one for each that it serves, and slack */

	if (engine->conf->timing.max_moves == 0 || engine->every_ns == 0 ||
	    a->owner == CONF_NONE || a->stay_by == a->owner || a->hurried)
		return 0;
	for (unsigned i = 0; i < engine->conf->addresses; i++)
		turn += engine->address[i].owner == a->owner;
	uint64_t until_ns = a->since_ns + turn * engine->every_ns;
	return until_ns > now_ns ? until_ns : 0;
}

void
moves_told(struct engine *engine, unsigned address, unsigned server,
    const struct arp_note *note, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	uint64_t stay_ns = note->stay_s * SEC_NS;

	if (!note->present)
		return;
	a->stay_by = (int)server;
	a->stay_ns = now_ns + (stay_ns < CONF_MOVES_NS ? stay_ns : CONF_MOVES_NS);
	if (a->failover.phase != PHASE_RETURN || a->hurried ||
	    engine->conf->timing.max_moves == 0)
		return;
	if (a->failover.deadline_ns < a->stay_ns)
		a->failover.deadline_ns = a->stay_ns;
}
