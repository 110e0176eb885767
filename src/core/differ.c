/* SPDX-License-Identifier: BSD-2-Clause */
/* differ.c - servers whose plans differ: who they are, and what waits until they agree.
 *
 * Each server goes by its own file. As long as a file is changed on one server after the
 * other, two of them may both see themselves as the better one. So, between servers that
 * are known to have different plans:
 *
 * - nobody takes an address away from who serves it, nor from under a better server that
 *   may want it when it has the new file too, or has just read it: everything stays where
 *   it is, and moves once, when the plans agree (differ_holds_back());
 * - of two that both serve an address the one with the smaller digest gives way, whatever
 *   the lists say: both see the same two numbers (differ_wins()). But an unhealthy one
 *   gives way to a healthy one, here as everywhere;
 * - who is no longer listed serves on until somebody who is listed claims the address, or
 *   until the plans agree and it can be handed over (differ_settle()).
 *
 * The digest comes with what a daemon says; a peer that tells none (an older version)
 * counts as having the same plan. Nothing else is changed: it is people who know which
 * file is right. */
#include "engine_internal.h"

enum { TOLD_S = 1 }; /* between two log lines about one peer */

bool
differ_peer(const struct engine *engine, unsigned server)
{
	const struct engine_peer *peer = &engine->peer[server];

	return server != engine->self.server && peer->plan != 0 &&
	       peer->plan != engine->plan && peer->peer.state != PEER_DEAD;
}

bool
differ_any(const struct engine *engine)
{
	for (unsigned s = 0; s < engine->conf->servers; s++)
		if (differ_peer(engine, s))
			return true;
	return false;
}

bool
differ_wins(const struct engine *engine, unsigned server)
{
	bool sick = demote_is(engine, engine->self.server);

	if (sick != demote_is(engine, server))
		return sick;
	return engine->peer[server].plan > engine->plan;
}

/* Its plan changed less than WITHIN_NS ago. */
static bool
is_new(const struct engine *engine, unsigned server, uint64_t within_ns, uint64_t now_ns)
{
	uint64_t plan_ns = engine->peer[server].plan_ns;

	return plan_ns != 0 && now_ns - plan_ns < within_ns;
}

bool
differ_holds_back(const struct engine *engine, unsigned address, uint64_t now_ns)
{
	const struct engine_address *a = &engine->address[address];
	const uint8_t *list = engine->conf->address[address].server;
	uint64_t look_ns = 2 * engine->timing.hold_ns;
	uint64_t return_ns = engine->conf->timing.failback_ns;
	bool owner_is_new;

	/* Passive servers may say nothing for days, also when they have the new file. */
	if (a->owner == CONF_NONE || engine->every_ns == 0)
		return false;
	/* An unhealthy one is relieved all the same. */
	if (demote_is(engine, (unsigned)a->owner) &&
	    !demote_is(engine, engine->self.server))
		return false;
	if (differ_peer(engine, (unsigned)a->owner))
		return true;
	owner_is_new = is_new(engine, (unsigned)a->owner, look_ns, now_ns);
	for (int t = 0; t < a->tier; t++) {
		if (demote_is(engine, list[t]) ||
		    (a->released_by == (int)list[t] && now_ns < a->released_ns))
			continue;
		if (differ_peer(engine, list[t]))
			return true;
		/* It waits out its failback delay, or looks as often as self. */
		if (engine->peer[list[t]].peer.state == PEER_ALIVE &&
		    (owner_is_new ||
			(return_ns != CONF_NEVER &&
			    is_new(engine, list[t], return_ns + look_ns, now_ns))))
			return true;
	}
	return false;
}

void
differ_settle(struct engine *engine, uint64_t now_ns)
{
	struct reason reason = { .kind = REASON_RELOAD, .server = CONF_NONE };

	if (differ_any(engine))
		return;
	for (unsigned a = 0; a < engine->conf->addresses; a++)
		if (engine->address[a].tier == CONF_NONE &&
		    engine->address[a].failover.phase == PHASE_SERVE)
			decide_step(engine, a, ON_LEAVE, &reason, now_ns);
}

/* Once per change, and a liar gets no more than a line a second. */
static void
tell(struct engine *engine, unsigned server, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];
	bool differs = peer->plan != 0 && peer->plan != engine->plan;

	if (differs == peer->plan_told ||
	    (differs && peer->plan_told_ns != 0 &&
		now_ns - peer->plan_told_ns < TOLD_S * SEC_NS))
		return;
	peer->plan_told = differs;
	peer->plan_told_ns = now_ns;
	struct report report = {
		.kind = REPORT_PLAN,
		.server = (int)server,
		.up = !differs,
		.plan = engine->plan,
		.peer_plan = peer->plan,
	};
	engine_report(engine, &report);
}

void
differ_hear(
    struct engine *engine, unsigned server, const struct arp_note *note, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];

	if (!note->present || note->plan == 0)
		return;
	bool changed = peer->plan != note->plan;
	if (changed && peer->plan != 0)
		peer->plan_ns = now_ns;
	peer->plan = note->plan;
	engine->counters.plan_differs += note->plan != engine->plan;
	tell(engine, server, now_ns);
	if (changed)
		differ_settle(engine, now_ns);
}

void
differ_reload(struct engine *engine, uint64_t now_ns)
{
	for (unsigned s = 0; s < engine->conf->servers; s++)
		if (s != engine->self.server && engine->peer[s].peer.state != PEER_DEAD)
			tell(engine, s, now_ns);
}
