/* SPDX-License-Identifier: BSD-2-Clause */
/* decide_failback.c - coming back: how long self waits before it takes an address from a
 * worse one, and whether it may when it has waited. */
#include "engine_internal.h"

enum { SETBACK_WINDOW_S = 180, SETBACK_DOUBLINGS = 5 };

/* Longer each time, for a server that keeps losing its addresses. */
uint64_t
decide_failback_ns(const struct engine *engine, unsigned address, uint64_t now_ns)
{
	uint64_t wait_ns = engine->conf->timing.failback_ns;
	uint64_t stay_ns = moves_wait_ns(engine, address, now_ns);
	unsigned doublings = engine->setbacks > 0 ? engine->setbacks - 1 : 0;

	if (wait_ns == CONF_NEVER)
		return NEVER;
	if (engine->setbacks > 0 &&
	    now_ns - engine->setback_ns <= SETBACK_WINDOW_S * SEC_NS)
		wait_ns <<= doublings < SETBACK_DOUBLINGS ? doublings : SETBACK_DOUBLINGS;
	return stay_ns > wait_ns ? stay_ns : wait_ns;
}

void
decide_setback(struct engine *engine, uint64_t now_ns)
{
	if (engine->setbacks > 0 &&
	    now_ns - engine->setback_ns > SETBACK_WINDOW_S * SEC_NS)
		engine->setbacks = 0;
	engine->setbacks++;
	engine->setback_ns = now_ns;
}

void
decide_return(struct engine *engine, unsigned address, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];

	if (!decide_is_passive(engine) && a->owner == CONF_NONE) {
		/* Whoever served it is not heard any more, but may still have it. */
		decide_step(engine, address, ON_TURN, NULL, now_ns);
		return;
	}
	if (differ_holds_back(engine, address, now_ns)) {
		a->failover.deadline_ns = now_ns + engine->timing.hold_ns;
		return;
	}
	/* A server that is only heard through its kernel could not yield. */
	if (!decide_is_passive(engine) &&
	    decide_peer_state(engine, (unsigned)a->owner) == PEER_SUSPECT) {
		a->failover.deadline_ns = now_ns + engine->peer_timing.again_ns;
		return;
	}
	/* Nor one that does not hear self. */
	if (a->owner != CONF_NONE && deaf_is(engine, (unsigned)a->owner)) {
		a->failover.deadline_ns = now_ns + engine->timing.hold_ns;
		return;
	}
	uint64_t unheard_ns = moves_unheard_ns(engine, address, now_ns);
	if (unheard_ns != 0) {
		a->failover.deadline_ns = unheard_ns;
		return;
	}
	struct reason reason = {
		.kind = a->hurried ? REASON_RESUME : REASON_FAILBACK,
		.server = a->owner,
	};
	decide_step(engine, address, ON_TIMEOUT, &reason, now_ns);
}
