/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_tick.c - what time brings: a turn, whatever was due, and the next turn.
 *
 * A turn that comes too late tells that self was stopped: what it knows is old then. */
#include "engine_internal.h"

enum {
	ISOLATED_S = 5, /* how long to hold on to addresses when there is no lease */
	RENEWALS = 4,   /* in one lease */
	DOUBT_TURNS = 3 /* so often the routers could have been asked */
};

void
engine_excuse_all(struct engine *engine, uint64_t now_ns)
{
	for (unsigned s = 0; s < engine->conf->servers; s++) {
		peer_excuse(&engine->peer[s].peer, &engine->peer_timing, now_ns);
		if (!deaf_is(engine, s))
			deaf_forget(engine, s);
	}
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		struct failover *failover = &engine->address[a].failover;
		if (failover->phase != PHASE_ASK)
			continue;
		failover->tries = 0;
		failover->deadline_ns = now_ns;
	}
	engine_wake_addresses(engine, now_ns);
}

bool
engine_late(const struct engine *engine, uint64_t now_ns)
{
	return engine->deadline_ns != NEVER && now_ns >= engine->deadline_ns &&
	       now_ns - engine->deadline_ns >= engine->late_ns;
}

/* If self was away, its knowledge is old, and so may its leases be. */
void
engine_begin(struct engine *engine, uint64_t now_ns)
{
	if (!engine_late(engine, now_ns))
		return;
	struct report report = { .kind = REPORT_LATE,
		.took_ns = now_ns - engine->deadline_ns };

	engine->counters.late_turns++;
	engine_report(engine, &report);
	engine->woke_ns = now_ns;
	engine->alone_ns = now_ns;
	engine_excuse_all(engine, now_ns);
	/* It judges nobody, and claims nothing, before it has heard something and
	 * listened. */
	engine->starting = true;
	engine->listen_ns = engine->every_ns == 0 ? now_ns : NEVER;
	decide_lapsed(engine, now_ns);
	engine->deadline_ns = now_ns;
}

unsigned
engine_burst_probes(const struct engine *engine)
{
	static const struct {
		unsigned loss, percent;
	} steps[] = { { 410, 400 }, { 205, 300 }, { 100, 200 }, { 40, 140 } };

	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (engine->loss >= steps[i].loss)
			return engine->conf->timing.probes * steps[i].percent / 100;
	return engine->conf->timing.probes;
}

static void
peer_died(struct engine *engine, unsigned server, uint64_t silent_ns, unsigned probes,
    uint64_t now_ns)
{
	struct reason reason = {
		.kind = REASON_DEAD,
		.server = (int)server,
		.silent_ns = silent_ns,
		.probes = probes,
	};
	struct report report = {
		.kind = REPORT_PEER,
		.server = (int)server,
		.peer = PEER_DEAD,
		.reason = reason,
	};

	engine_report(engine, &report);
	deaf_forget(engine, server);
	for (unsigned a = 0; a < engine->conf->addresses; a++)
		if (engine->address[a].owner == (int)server ||
		    conf_tier(engine->conf, a, server) != CONF_NONE)
			decide_lost(engine, a, server, &reason, now_ns);
	differ_settle(engine, now_ns);
	demote_look(engine);
}

static void
tick_peers(struct engine *engine, uint64_t now_ns)
{
	for (unsigned s = 0; s < engine->conf->servers; s++) {
		struct peer *peer = &engine->peer[s].peer;
		if (s == engine->self.server)
			continue;
		deaf_tick(engine, s, now_ns);
		arp_probe_tick(engine, s, now_ns);
		unsigned sent = peer->sent;
		unsigned todo = peer_tick(peer, &engine->peer_timing, now_ns,
		    engine_burst_probes(engine), engine->heard_ns);
		if (todo & PEER_DO_SUSPECT)
			for (unsigned a = 0; a < engine->conf->addresses; a++)
				decide_doubt(engine, a, s, now_ns);
		if (todo & PEER_DO_PROBE)
			say_probe_next(engine, s, now_ns);
		if (todo & PEER_DO_BURY)
			peer_died(engine, s, now_ns - peer->heard_ns, sent, now_ns);
	}
}

/* Is it self that is cut off? Only a witness or a peer can tell. */
static void
tick_isolation(struct engine *engine, uint64_t now_ns)
{
	const struct conf_timing *timing = &engine->conf->timing;
	uint64_t since_ns = engine->alone_ns;
	uint64_t patience_ns =
	    timing->lease_ns != 0 ? timing->lease_ns : ISOLATED_S * SEC_NS;

	if (engine->every_ns == 0 || !engine->link)
		return;
	if (engine->heard_ns != NEVER && engine->heard_ns > since_ns)
		since_ns = engine->heard_ns;
	uint64_t silent_ns = now_ns - since_ns;
	uint64_t doubt_ns = engine->detect_ns;
	/* The routers must have been asked, be it by a claim that goes before. */
	if (engine->pace.limit != 0)
		doubt_ns += engine->pace.window_ns + DOUBT_TURNS * engine->ask_routers_ns;
	if (!engine->isolated && silent_ns >= doubt_ns) {
		struct report report = { .kind = REPORT_ISOLATED, .took_ns = silent_ns };
		engine->isolated = true;
		engine->counters.isolations++;
		engine_report(engine, &report);
	}
	/* Without a router nobody could tell a deaf server from a lone survivor: it keeps
	 * what it has. */
	if (engine->isolated && !engine->cut && engine->conf->routers > 0 &&
	    silent_ns >= patience_ns) {
		struct reason reason = {
			.kind = REASON_ISOLATED,
			.server = CONF_NONE,
			.silent_ns = silent_ns,
		};
		decide_cut(engine, &reason, now_ns);
	}
	uint64_t next_ns = since_ns + (engine->isolated ? patience_ns : doubt_ns);
	if (next_ns > now_ns)
		engine_wake(engine, next_ns);
}

static void
tick_listening(struct engine *engine, uint64_t now_ns)
{
	if (!engine->starting || now_ns < engine->listen_ns || !engine->link ||
	    engine->health == HEALTH_UNKNOWN)
		return;
	struct report report = { .kind = REPORT_READY };
	struct reason reason = { .kind = REASON_LISTEN, .server = CONF_NONE };

	engine->starting = false;
	engine_report(engine, &report);
	/* What was said while self listened is no proof either: whoever may have an
	 * address is asked before self claims it. */
	for (unsigned a = 0; a < engine->conf->addresses; a++)
		engine->address[a].vacant = false;
	decide_resume(engine, &reason, now_ns);
}

static void
tick_leases(struct engine *engine, uint64_t now_ns)
{
	uint64_t lease_ns = engine->conf->timing.lease_ns;

	if (now_ns < engine->renew_ns)
		return;
	/* There is no "renew only": a lease that has run out must not come back. */
	decide_lapsed(engine, now_ns);
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		if (!holding_renew(&engine->address[a].holding, now_ns))
			continue;
		struct action action = {
			.kind = ACTION_ADDRESS,
			.address = { HOLDING_RENEW, engine->conf->address[a].ip,
			    lease_ns },
		};
		engine_push(engine, &action);
	}
	engine->renew_ns = lease_ns == 0 ? NEVER : now_ns + lease_ns / RENEWALS;
}

/* Most turns are about a hello or a peer, and no address waits for them. */
static void
tick_addresses(struct engine *engine, uint64_t now_ns)
{
	uint64_t next_ns = NEVER;

	engine->addresses_ns = NEVER;
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		const struct engine_address *address = &engine->address[a];
		decide_tick(engine, a, now_ns);
		say_tick_address(engine, a, now_ns);
		uint64_t said_ns = say_deadline_address(engine, a);
		next_ns = said_ns < next_ns ? said_ns : next_ns;
		if (address->failover.deadline_ns < next_ns)
			next_ns = address->failover.deadline_ns;
		if (address->holding.retry_ns < next_ns)
			next_ns = address->holding.retry_ns;
	}
	engine_wake_addresses(engine, next_ns);
}

/* The earliest of everything that waits. Things that happen meanwhile may put one off;
 * an early turn is harmless. */
static uint64_t
earliest(const struct engine *engine, uint64_t now_ns)
{
	uint64_t at_ns = engine->renew_ns;

#define SOONER(ns) at_ns = (ns) < at_ns ? (ns) : at_ns
	if (engine->link && engine->every_ns != 0) {
		SOONER(engine->hello_ns);
		SOONER(engine->witness_ns);
	}
	if (engine->starting && engine->link && engine->health != HEALTH_UNKNOWN)
		SOONER(engine->listen_ns);
	for (unsigned s = 0; engine->link && s < engine->conf->servers; s++)
		if (s != engine->self.server) {
			SOONER(engine->peer[s].peer.deadline_ns);
			SOONER(engine->peer[s].ear_ns);
			SOONER(engine->peer[s].trial_ns);
		}
	SOONER(engine->addresses_ns);
	SOONER(demote_deadline(engine));
#undef SOONER
	return at_ns > now_ns ? at_ns : now_ns;
}

void
engine_tick(struct engine *engine, uint64_t now_ns)
{
	engine_begin(engine, now_ns);
	engine->deadline_ns = NEVER;
	tick_leases(engine, now_ns);
	demote_tick(engine, now_ns);
	tick_listening(engine, now_ns);
	if (engine->link)
		tick_peers(engine, now_ns);
	if (now_ns >= engine->addresses_ns)
		tick_addresses(engine, now_ns);
	say_tick(engine, now_ns);
	tick_isolation(engine, now_ns);
	engine_wake(engine, earliest(engine, now_ns));
	engine_check_stopped(engine);
}
