/* SPDX-License-Identifier: BSD-2-Clause */
/* decide.c - self serves an address when it may, and no better tier is alive.
 *
 * Evidence becomes events here: a claim heard, a peer buried, a release, an ask that
 * nobody answered. What an event does to an address is failover.c's table. */
#include <assert.h>

#include "engine_internal.h"

enum {
	LEAVE_TRIES = 40, /* releases without a new owner before self gives up waiting */
	SETBACK_WINDOW_S = 180,
	SETBACK_DOUBLINGS = 5,
	ASK_PROBES_PACED = 2 /* of an ask under max_rate */
};

bool
decide_may_claim(const struct engine *engine)
{
	return engine->link && engine->mac_ok && !engine->drained && !engine->stopping &&
	       !engine->isolated && !engine->starting && !engine->cut;
}

static bool
passive(const struct engine *engine)
{
	return engine->conf->timing.hello_ns == 0;
}

static enum peer_state
peer_state(const struct engine *engine, unsigned server)
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
static bool
better_serves(const struct engine *engine, unsigned address)
{
	const struct engine_address *a = &engine->address[address];
	const struct conf_address *listed = &engine->conf->address[address];

	for (unsigned t = 0; t < listed->tiers; t++)
		if (is_before(engine, address, t) &&
		    (a->silent & UINT64_C(1) << t) == 0 &&
		    peer_state(engine, listed->server[t]) != PEER_DEAD)
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
static unsigned
better_candidates(const struct engine *engine, unsigned address, uint64_t now_ns)
{
	const struct engine_address *a = &engine->address[address];
	const struct conf_address *listed = &engine->conf->address[address];
	unsigned count = 0;

	for (unsigned t = 0; t < listed->tiers; t++)
		if (is_before(engine, address, t) &&
		    peer_state(engine, listed->server[t]) == PEER_ALIVE &&
		    !just_left(a, listed->server[t], now_ns))
			count++;
	return count;
}

static unsigned
places_before(const struct engine *engine, unsigned address)
{
	unsigned count = 0;

	for (unsigned t = 0; t < engine->conf->address[address].tiers; t++)
		count += is_before(engine, address, t);
	return count;
}

/* Somebody of the list is heard only through its kernel: it may have the address without
 * being able to say so. */
static bool
silent_holder(const struct engine *engine, unsigned address, uint64_t now_ns)
{
	const struct conf_address *listed = &engine->conf->address[address];

	for (unsigned t = 0; t < listed->tiers; t++)
		if (listed->server[t] != engine->self.server &&
		    !just_left(&engine->address[address], listed->server[t], now_ns) &&
		    peer_state(engine, listed->server[t]) == PEER_SUSPECT)
			return true;
	return false;
}

/* Anybody else in the list who may be there. */
static bool
anybody_else(const struct engine *engine, unsigned address)
{
	const struct conf_address *listed = &engine->conf->address[address];

	for (unsigned t = 0; t < listed->tiers; t++)
		if (listed->server[t] != engine->self.server &&
		    peer_state(engine, listed->server[t]) != PEER_DEAD)
			return true;
	return differ_any(engine); /* whose files may list somebody else */
}

/* Longer each time, for a server that keeps losing its addresses. */
static uint64_t
failback_ns(const struct engine *engine, unsigned address, uint64_t now_ns)
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
ask(struct engine *engine, unsigned address, uint64_t now_ns)
{
	const struct conf_address *listed = &engine->conf->address[address];
	struct engine_address *a = &engine->address[address];
	/* With few frames to spend, self's own turns go first: whoever is better asks
	 * too. */
	enum say_rank rank =
	    better_candidates(engine, address, now_ns) > 0 ? SAY_ASK_BEHIND : SAY_ASK;

	if (a->failover.tries == 1)
		a->asked_ns = now_ns;
	for (; a->ask_tier < listed->tiers; a->ask_tier++) {
		unsigned server = listed->server[a->ask_tier];
		/* The dead too: loss may have buried somebody alive. */
		if (server == engine->self.server)
			continue;
		if (!say_room(engine, rank, now_ns)) {
			/* Not asked is not unanswered: the round goes on when there is
			 * room. */
			a->failover.tries--;
			a->failover.deadline_ns =
			    say_when(engine, rank, now_ns) + engine->timing.ask_ns;
			return;
		}
		say_probe(engine, server, &listed->ip, now_ns);
	}
	a->ask_tier = 0;
	if (say_needs_witness(engine, a->asked_ns, a->failover.tries))
		say_witness(engine, now_ns);
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
		steps = places_before(engine, address);
	if (event == ON_LATER)
		steps = better_candidates(engine, address, now_ns);
	if (event == ON_BEHIND)
		engine->timing.failback_ns = failback_ns(engine, address, now_ns);
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
		ask(engine, address, now_ns);
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
	    (!passive(engine) && peer_state(engine, owner) == PEER_SUSPECT))
		return false;
	if (better_candidates(engine, address, now_ns) == 0)
		decide_step(engine, address, ON_VACANT, &reason, now_ns);
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
	if (better_serves(engine, address)) {
		if (phase != PHASE_WATCH)
			decide_step(engine, address, ON_BETTER, reason, now_ns);
		return;
	}
	if (a->owner != CONF_NONE &&
	    peer_state(engine, (unsigned)a->owner) != PEER_DEAD) {
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
	if (passive(engine)) {
		/* Nobody can be asked: a primary comes back after its delay, as if
		 * somebody served it; the others wait until the router asks. */
		if (!a->vacant) {
			if (a->tier == 0 && phase == PHASE_WATCH)
				decide_step(engine, address, ON_BEHIND, NULL, now_ns);
			return;
		}
	}
	if (better_candidates(engine, address, now_ns) > 0) {
		if (phase == PHASE_WATCH)
			decide_step(engine, address, ON_LATER, reason, now_ns);
		return;
	}
	/* What was known long ago is asked anew: whoever was dead for self then may have
	 * been deaf for it only. (Not with few frames to spend: deaths are told apart
	 * slowly then.) */
	bool fresh =
	    engine->pace.limit != 0 || now_ns - a->vacant_ns <= 2 * engine->detect_ns;
	bool sure = a->vacant && (passive(engine) ||
				     (fresh && !silent_holder(engine, address, now_ns)));
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

/* Asked often enough, and nobody answered: what does that prove? */
static void
conclude(struct engine *engine, unsigned address, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	struct reason reason = { .kind = REASON_UNSERVED, .server = CONF_NONE };

	if (engine->heard_ns == NEVER || engine->heard_ns < a->asked_ns) {
		/* Nothing: perhaps nobody can hear self. Whatever is heard within a hello
		 * interval proves the opposite; else it is asked again. */
		uint64_t again_ns = engine->peer_timing.again_ns;
		if (now_ns - a->asked_ns >= again_ns)
			a->failover.tries = 0;
		a->failover.deadline_ns = now_ns + again_ns;
		return;
	}
	a->owner = CONF_NONE;
	a->vacant = true;
	a->silent = UINT64_MAX;
	decide_step(engine, address, ON_VACANT, &reason, now_ns);
}

/* With few frames to spend, a second of silence counts for more than a fifth question. */
static bool
asked_enough(const struct engine *engine, const struct engine_address *a)
{
	unsigned enough =
	    engine->pace.limit != 0 ? ASK_PROBES_PACED : engine_burst_probes(engine);

	return a->failover.tries >= enough;
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
		if (!passive(engine) && a->owner == CONF_NONE) {
			/* Whoever served it is not heard any more, but may still have it.
			 */
			decide_step(engine, address, ON_TURN, NULL, now_ns);
			return;
		}
		if (differ_holds_back(engine, address, now_ns)) {
			a->failover.deadline_ns = now_ns + engine->timing.hold_ns;
			return;
		}
		/* A server that is only heard through its kernel could not yield. */
		if (!passive(engine) &&
		    peer_state(engine, (unsigned)a->owner) == PEER_SUSPECT) {
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
		reason = (struct reason){
			.kind = a->hurried ? REASON_RESUME : REASON_FAILBACK,
			.server = a->owner,
		};
		decide_step(engine, address, ON_TIMEOUT, &reason, now_ns);
	} else if (phase == PHASE_WATCH && passive(engine)) {
		a->silent = UINT64_MAX;
		decide_step(engine, address, ON_VACANT, &reason, now_ns);
	} else if (phase == PHASE_ASK && asked_enough(engine, a)) {
		conclude(engine, address, now_ns);
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
		if (a->failover.tries >= LEAVE_TRIES || !anybody_else(engine, address)) {
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

void
decide_start_over(struct engine *engine, uint64_t now_ns)
{
	for (unsigned s = 0; s < engine->conf->servers; s++) {
		peer_init(&engine->peer[s].peer, &engine->peer_timing, now_ns);
		engine->peer[s].heard = false;
		deaf_forget(engine, s);
	}
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		struct engine_address *address = &engine->address[a];
		address->silent = UINT64_MAX;
		address->vacant = false;
		if (!failover_serves(&address->failover))
			address->owner = CONF_NONE;
		address->released_by = CONF_NONE;
	}
	engine->heard_ns = NEVER;
	engine->alone_ns = now_ns;
	engine->isolated = false;
	engine->starting = true;
	engine->listen_ns = passive(engine) ? now_ns : NEVER;
	engine_wake_addresses(engine, now_ns);
}

void
decide_cut(struct engine *engine, const struct reason *reason, uint64_t now_ns)
{
	bool lost = false;

	engine->cut = true;
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		lost = lost || failover_serves(&engine->address[a].failover);
		decide_step(engine, a, ON_CUT, reason, now_ns);
	}
	if (lost)
		decide_setback(engine, now_ns);
}

void
decide_resume(struct engine *engine, const struct reason *reason, uint64_t now_ns)
{
	if (!engine->link || !engine->mac_ok)
		return;
	engine->cut = false;
	if (engine->drained || engine->stopping)
		return;
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		decide_step(engine, a, ON_RESUME, reason, now_ns);
		decide_consider(engine, a, reason, now_ns);
	}
}

void
decide_lapsed(struct engine *engine, uint64_t now_ns)
{
	struct reason reason = { .kind = REASON_LAPSED, .server = CONF_NONE };
	struct report report = { .kind = REPORT_LAPSED };

	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		if (!holding_lapsed(&engine->address[a].holding, now_ns))
			continue;
		report.count++;
		decide_step(engine, a, ON_LAPSED, &reason, now_ns);
	}
	if (report.count == 0)
		return;
	engine->counters.lapses += report.count;
	engine_report(engine, &report);
	decide_setback(engine, now_ns);
	decide_start_over(engine, now_ns);
}
