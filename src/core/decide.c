/* SPDX-License-Identifier: BSD-2-Clause */
/* decide.c - self serves an address when it may, and no better tier is alive.
 *
 * Evidence becomes events here: a claim heard, a peer buried, a release, an ask that
 * nobody answered. What an event does to an address is failover.c's table. Who is before
 * self is in decide_turn.c, the proof that nobody serves in decide_ask.c, coming back in
 * decide_failback.c, and what befalls all addresses at once in decide_all.c. */
#include "engine_internal.h"

enum {
	LEAVE_TRIES = 40 /* releases without a new owner before self gives up waiting */
};

void
decide_hold(struct engine *engine, unsigned address, uint64_t now_ns)
{
	struct holding *holding = &engine->address[address].holding;
	enum holding_verb verb = holding_next(holding, now_ns);

	if (verb != HOLDING_NONE) {
		struct action action = {
			.kind = ACTION_ADDRESS,
			.address = { verb, engine->conf->address[address].ip,
			    engine->conf->timing.lease_ns },
		};
		engine_push(engine, &action);
	}
	engine_wake_addresses(engine, holding->retry_ns);
}

static void
report_state(struct engine *engine, unsigned address, enum failover_state from,
    enum failover_state to, const struct reason *reason, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	struct report report = {
		.kind = REPORT_STATE,
		.ip = engine->conf->address[address].ip,
		.from = from,
		.to = to,
	};

	if (reason != NULL)
		report.reason = *reason;
	a->reason = report.reason;
	a->since_ns = now_ns;
	engine_report(engine, &report);
}

unsigned
decide_step(struct engine *engine, unsigned address, enum failover_event event,
    const struct reason *reason, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	enum failover_state from = failover_state(&a->failover, a->tier == 0);
	unsigned steps = 0;

	if (a->tier == CONF_NONE && !failover_serves(&a->failover))
		return event == ON_FOREIGN ? DO_ALARM : 0; /* only looked at */

	if (event == ON_SOLICITED)
		steps = decide_places_before(engine, address);
	if (event == ON_LATER)
		steps = decide_candidates(engine, address, now_ns);
	if (event == ON_BEHIND)
		engine->timing.failback_ns = decide_failback_ns(engine, address, now_ns);
	unsigned todo =
	    failover_step(&a->failover, event, now_ns, &engine->timing, steps);
	enum failover_state to = failover_state(&a->failover, a->tier == 0);

	struct reason unserved = { .kind = REASON_UNSERVED, .server = CONF_NONE };
	if (reason == NULL && event == ON_VACANT)
		reason = &unserved;
	if (from != to)
		report_state(engine, address, from, to, reason, now_ns);
	if (todo & DO_ADD) {
		a->holding.want = true;
		a->owner = (int)engine->self.server;
		a->vacant = false;
		moves_note(engine, address, engine->self.server, now_ns);
		if (!engine->serves_on)
			demote_look(engine);
		a->hurried = false;
		a->unheeded = 0;
		a->announcing.told = 0;
		engine->counters.takeovers++;
		/* The kernel has it already: it was to be removed, but is not yet. */
		if (a->holding.have && a->holding.pending == HOLDING_NONE)
			say_claim(engine, address, now_ns);
	}
	if (todo & DO_REMOVE) {
		a->holding.want = false;
		a->left_ns = now_ns;
		a->announcing.claimed_ns = a->announcing.next_ns =
		    a->announcing.defend_ns = NEVER;
		if (a->owner == (int)engine->self.server)
			a->owner = CONF_NONE;
	}
	if (todo & (DO_ADD | DO_REMOVE))
		decide_hold(engine, address, now_ns);
	if ((todo & DO_DEFEND) && a->holding.have)
		say_defence(engine, address, now_ns);
	if (todo & DO_PROBE)
		decide_ask(engine, address, now_ns);
	/* What could not be said does not count as tried. */
	if ((todo & DO_RELEASE) && !say_release(engine, address, now_ns) &&
	    a->failover.phase == PHASE_LEAVE)
		a->failover.tries--;
	engine_wake_addresses(engine, a->failover.deadline_ns);
	return todo;
}

/* Somebody worse serves it, and lives. When one of the two is unhealthy: who is unhealthy
 * itself relieves nobody, and whoever is not relieves an unhealthy owner at once. True:
 * that is decided. */
static bool
relieve(struct engine *engine, unsigned address, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	unsigned owner = (unsigned)a->owner;
	struct reason reason = { .kind = REASON_UNHEALTHY, .server = a->owner };

	if (demote_is(engine, engine->self.server)) {
		if (a->failover.phase != PHASE_WATCH)
			decide_step(engine, address, ON_BETTER, &reason, now_ns);
		return true;
	}
	/* Who is heard only through its kernel could not yield. */
	if (!demote_is(engine, owner) || !moves_may_relieve(engine, address, now_ns) ||
	    differ_holds_back(engine, address, now_ns) ||
	    (!decide_is_passive(engine) &&
		decide_peer_state(engine, owner) == PEER_SUSPECT))
		return false;
	/* While self was away somebody else may have relieved it: then that one's kernel
	 * has the address, also where its daemon is silent. */
	bool sure = decide_is_passive(engine) || a->owner_ns >= engine->woke_ns;
	if (decide_candidates(engine, address, now_ns) == 0)
		decide_step(engine, address, sure ? ON_VACANT : ON_TURN, &reason, now_ns);
	else if (a->failover.phase == PHASE_WATCH)
		decide_step(engine, address, ON_LATER, &reason, now_ns);
	return true;
}

void
decide_consider(
    struct engine *engine, unsigned address, const struct reason *reason, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	enum failover_phase phase = a->failover.phase;

	if (a->tier == CONF_NONE || !decide_may_claim(engine))
		return;
	if (phase != PHASE_WATCH && phase != PHASE_ASK && phase != PHASE_RETURN)
		return;
	if (decide_better_serves(engine, address)) {
		if (phase != PHASE_WATCH)
			decide_step(engine, address, ON_BETTER, reason, now_ns);
		return;
	}
	if (a->owner != CONF_NONE &&
	    decide_peer_state(engine, (unsigned)a->owner) != PEER_DEAD) {
		if (relieve(engine, address, now_ns))
			return;
		struct reason behind = {
			.kind = REASON_WORSE,
			.server = a->owner,
			.silent_ns = moves_wait_ns(engine, address, now_ns),
		};
		decide_step(engine, address, ON_BEHIND, &behind, now_ns);
		return;
	}
	if (decide_is_passive(engine)) {
		/* Nobody can be asked: a primary comes back after its delay, as if
		 * somebody served it; the others wait until the router asks. */
		if (!a->vacant) {
			if (a->tier == 0 && phase == PHASE_WATCH)
				decide_step(engine, address, ON_BEHIND, NULL, now_ns);
			return;
		}
	}
	if (decide_candidates(engine, address, now_ns) > 0) {
		if (phase == PHASE_WATCH)
			decide_step(engine, address, ON_LATER, reason, now_ns);
		return;
	}
	/* What was known long ago is asked anew: whoever was dead for self then may have
	 * been deaf for it only. (Not with few frames to spend: deaths are told apart
	 * slowly then.) */
	bool fresh =
	    engine->pace.limit != 0 || now_ns - a->vacant_ns <= 2 * engine->detect_ns;
	bool sure =
	    a->vacant && (decide_is_passive(engine) ||
			     (fresh && !decide_silent_holder(engine, address, now_ns)));
	decide_step(engine, address, sure ? ON_VACANT : ON_TURN, reason, now_ns);
}

void
decide_lost(struct engine *engine, unsigned address, unsigned server,
    const struct reason *reason, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	int tier = conf_tier(engine->conf, address, server);

	bool owned = a->owner == (int)server;

	if (tier != CONF_NONE)
		a->silent |= UINT64_C(1) << tier;
	if (owned) {
		a->owner = CONF_NONE;
		a->vacant = true;
		a->vacant_ns = now_ns;
	}
	if (tier != CONF_NONE || owned) /* an older file may have listed it */
		decide_consider(engine, address, reason, now_ns);
}

void
decide_doubt(struct engine *engine, unsigned address, unsigned server, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	int tier = conf_tier(engine->conf, address, server);
	struct reason reason = { .kind = REASON_UNSERVED, .server = CONF_NONE };

	if (tier == CONF_NONE || a->owner == (int)server)
		return;
	a->silent |= UINT64_C(1) << tier;
	decide_consider(engine, address, &reason, now_ns);
}

static void
timeout_unserved(struct engine *engine, unsigned address, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	enum failover_phase phase = a->failover.phase;
	struct reason reason = { .kind = REASON_SOLICITED, .server = CONF_NONE };

	if (!decide_may_claim(engine)) {
		a->failover.deadline_ns = now_ns + engine->timing.hold_ns;
		return;
	}
	if (phase == PHASE_RETURN) {
		decide_return(engine, address, now_ns);
	} else if (phase == PHASE_WATCH && decide_is_passive(engine)) {
		a->silent = UINT64_MAX;
		decide_step(engine, address, ON_VACANT, &reason, now_ns);
	} else if (phase == PHASE_ASK && decide_asked_enough(engine, a)) {
		decide_conclude(engine, address, now_ns);
	} else {
		decide_step(engine, address, ON_TIMEOUT, NULL, now_ns);
	}
}

/* A new file has taken self out of the list while self waited for its turn, for an
 * answer, or out a delay. It only looks on now. */
static void
forget_waiting(struct engine *engine, unsigned address, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	struct reason reason = { .kind = REASON_RELOAD, .server = CONF_NONE };
	enum failover_state from = failover_state(&a->failover, false);

	failover_init(&a->failover);
	enum failover_state to = failover_state(&a->failover, false);
	if (from != to)
		report_state(engine, address, from, to, &reason, now_ns);
}

void
decide_tick(struct engine *engine, unsigned address, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];

	if (now_ns >= a->holding.retry_ns)
		decide_hold(engine, address, now_ns);
	if (now_ns < a->failover.deadline_ns)
		return;
	if (a->tier == CONF_NONE && !failover_serves(&a->failover)) {
		forget_waiting(engine, address, now_ns);
		return;
	}
	switch (a->failover.phase) {
	case PHASE_WATCH:
	case PHASE_ASK:
	case PHASE_RETURN:
		timeout_unserved(engine, address, now_ns);
		break;
	case PHASE_LEAVE:
		if (a->failover.tries >= LEAVE_TRIES ||
		    !decide_anybody_else(engine, address)) {
			struct reason reason = { .kind = REASON_NOBODY,
				.server = CONF_NONE };
			decide_step(engine, address, ON_GIVE_UP, &reason, now_ns);
			break;
		}
		decide_step(engine, address, ON_TIMEOUT, NULL, now_ns);
		break;
	case PHASE_YIELDED: {
		struct reason reason = { .kind = REASON_LISTEN, .server = CONF_NONE };
		decide_step(engine, address, ON_TIMEOUT, &reason, now_ns);
		decide_consider(engine, address, NULL, now_ns);
		break;
	}
	case PHASE_SERVE:
	case PHASE_DRAINED:
	case PHASE_CUT:
	case PHASES:
	default:
		a->failover.deadline_ns = NEVER;
		break;
	}
	engine_wake_addresses(engine, a->failover.deadline_ns);
}
