/* SPDX-License-Identifier: BSD-2-Clause */
/* engine.c - one server: events in, actions out, and when to be woken.
 *
 * It owns time, the link, the kernel's results and the action queue. What frames mean is
 * in hear.c, what follows from it in decide.c, what is said in say.c. */
#include <assert.h>
#include <string.h>

#include "engine_internal.h"

enum {
	PASSIVE_HOLD_MS = 1000, /* hold-down without hellos */
	LEAVE_MS = 50,          /* between repeated releases */
	LATE_MS = 50,           /* least delay of a turn that counts as a stop */
	ISOLATED_S = 5,    /* how long to hold on to addresses when there is no lease */
	RENEWALS = 4,      /* in one lease */
	HELLO_SHARE = 2,   /* of max_rate: a half */
	DOUBT_TURNS = 3,   /* so often the routers could have been asked */
	WITNESS_SHARE = 2, /* of what hellos leave of it: a half */
	ASKERS_SHARE = 2 /* the same, of the answers of a kernel whose daemon is silent */
};

static size_t
aligned(size_t size)
{
	const size_t unit = _Alignof(max_align_t);

	return (size + unit - 1) / unit * unit;
}

/* The most that one event can ask for: every address a change, a report and its frames,
 * to every router or every server of its list, twice over. */
static unsigned
action_limit(const struct conf *conf)
{
	unsigned each = 2 * (6 + CONF_ROUTERS + conf->servers);

	return conf->addresses * each + conf->servers * 8 + CONF_CHECKS * 2 + 64;
}

size_t
engine_size(const struct conf *conf)
{
	return aligned(sizeof(struct engine)) +
	       aligned(conf->addresses * sizeof(struct engine_address)) +
	       action_limit(conf) * sizeof(struct action);
}

/* How often a peer that is heard only through its kernel is asked. Everybody asks it, and
 * a switch that polices ARP counts the kernel's answers too: of max_rate, all askers
 * together may have a half. */
static uint64_t
again_ns(const struct conf *conf, uint64_t hello_ns)
{
	uint64_t rate = conf->timing.max_rate;

	if (rate == 0 || conf->servers < 2)
		return hello_ns;
	uint64_t turn_ns = ASKERS_SHARE * (conf->servers - 1) * SEC_NS / rate;
	return turn_ns > hello_ns ? turn_ns : hello_ns;
}

static void
set_timing(struct engine *engine)
{
	const struct conf_timing *timing = &engine->conf->timing;
	bool passive = timing->hello_ns == 0;
	uint64_t hello_ns = timing->hello_ns;

	/* Under max_rate hellos have a share of their own, half of it at most: if
	 * anything could starve them, everybody would suspect everybody. Every server has
	 * the same file, and so the same interval. */
	if (!passive && timing->max_rate != 0 &&
	    hello_ns < HELLO_SHARE * SEC_NS / timing->max_rate)
		hello_ns = HELLO_SHARE * SEC_NS / timing->max_rate;
	uint32_t hellos = passive ? 0 : (uint32_t)((SEC_NS + hello_ns - 1) / hello_ns);
	uint32_t others = timing->max_rate > hellos ? timing->max_rate - hellos : 1;
	pace_init(&engine->pace, timing->max_rate == 0 ? 0 : others);
	engine->every_ns = hello_ns;

	engine->peer_timing = (struct peer_timing){
		.suspect_ns = passive ? NEVER : hello_ns + hello_ns / 2,
		.again_ns = passive ? NEVER : again_ns(engine->conf, hello_ns),
		.interval_ns = timing->probe_interval_ns,
	};
	engine->timing = (struct failover_timing){
		.answer_ns = timing->answer_timeout_ns,
		.ask_ns = timing->probe_interval_ns,
		.leave_ns = LEAVE_MS * MS_NS,
		.hold_ns = passive ? PASSIVE_HOLD_MS * MS_NS : 2 * hello_ns,
		.failback_ns = timing->failback_ns,
	};
	/* When nobody is heard. With few frames to spend, half of them at most. */
	engine->ask_routers_ns = 2 * timing->probe_interval_ns;
	uint64_t turn_ns = engine->pace.limit == 0 ? 0 : WITNESS_SHARE * SEC_NS / others;
	if (engine->ask_routers_ns < turn_ns)
		engine->ask_routers_ns = turn_ns;
	engine->detect_ns = passive ? 0
				    : engine->peer_timing.suspect_ns +
					  timing->probes * timing->probe_interval_ns;
	engine->late_ns = hello_ns > LATE_MS * MS_NS ? hello_ns : LATE_MS * MS_NS;
}

struct engine *
engine_init(void *memory, const struct conf *conf, const struct engine_self *self,
    uint64_t now_ns)
{
	struct engine *engine = memory;
	uint8_t *at = memory;

	assert(self->server < conf->servers);
	memset(engine, 0, sizeof(*engine));
	at += aligned(sizeof(*engine));
	engine->address = (struct engine_address *)(void *)at;
	at += aligned(conf->addresses * sizeof(struct engine_address));
	engine->actions = (struct action *)(void *)at;
	engine->action_limit = action_limit(conf);

	engine->conf = conf;
	engine->self = *self;
	engine->plan = conf_digest(conf);
	set_timing(engine);
	engine->link = true;
	engine->mac_ok = true;
	engine->hello_ns = engine->every_ns == 0 ? NEVER : now_ns;
	engine->renew_ns = conf->timing.lease_ns == 0 ? NEVER : now_ns;
	engine->witness_ns = now_ns;
	engine->owed_ns = NEVER;
	for (unsigned a = 0; a < conf->addresses; a++) {
		struct engine_address *address = &engine->address[a];
		*address = (struct engine_address){
			.tier = conf_tier(conf, a, self->server),
			.owner = CONF_NONE,
			.last_owner = CONF_NONE,
			.stay_by = CONF_NONE,
			.since_ns = now_ns,
		};
		failover_init(&address->failover);
		holding_init(&address->holding);
		address->announcing.claimed_ns = NEVER;
		address->announcing.next_ns = address->announcing.defend_ns = NEVER;
	}
	for (unsigned s = 0; s < conf->servers; s++)
		engine->peer[s].mac = conf->server[s].mac[0];
	for (unsigned r = 0; r < conf->routers; r++)
		engine->router[r].heard_ns = NEVER;
	demote_init(engine, now_ns);
	decide_start_over(engine, now_ns);
	engine->deadline_ns = now_ns;
	return engine;
}

/* The limit holds for everything that self does of its own accord. What comes from the
 * wire is rate-limited, but a flood within one turn may still ask for more: then words
 * are lost, deeds never. */
void
engine_push(struct engine *engine, const struct action *action)
{
	if (engine->action_tail == engine->action_limit) {
		engine->action_tail -= engine->action_head;
		memmove(engine->actions, engine->actions + engine->action_head,
		    engine->action_tail * sizeof(*engine->actions));
		engine->action_head = 0;
	}
	if (engine->action_tail >= engine->action_limit - engine->conf->addresses &&
	    (action->kind == ACTION_SEND || action->kind == ACTION_REPORT)) {
		engine->counters.dropped++;
		return;
	}
	assert(engine->action_tail < engine->action_limit);
	engine->actions[engine->action_tail++] = *action;
}

bool
engine_action(struct engine *engine, struct action *out)
{
	if (engine->action_head == engine->action_tail) {
		engine->action_head = engine->action_tail = 0;
		return false;
	}
	*out = engine->actions[engine->action_head++];
	return true;
}

void
engine_report(struct engine *engine, const struct report *report)
{
	struct action action = { .kind = ACTION_REPORT, .report = *report };

	engine_push(engine, &action);
}

void
engine_wake(struct engine *engine, uint64_t at_ns)
{
	if (at_ns < engine->deadline_ns)
		engine->deadline_ns = at_ns;
}

void
engine_wake_addresses(struct engine *engine, uint64_t at_ns)
{
	if (at_ns < engine->addresses_ns)
		engine->addresses_ns = at_ns;
	engine_wake(engine, at_ns);
}

uint64_t
engine_deadline(const struct engine *engine)
{
	return engine->deadline_ns;
}

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
	engine->alone_ns = now_ns;
	engine_excuse_all(engine, now_ns);
	/* It judges nobody, and claims nothing, before it has heard something and
	 * listened. */
	engine->starting = true;
	engine->listen_ns = engine->every_ns == 0 ? now_ns : NEVER;
	decide_lapsed(engine, now_ns);
	engine->deadline_ns = now_ns;
}

/* Has everything been handed over, as ADMIN_STOP asked? */
static void
check_stopped(struct engine *engine)
{
	if (!engine->stopping || engine->stopped)
		return;
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		const struct engine_address *address = &engine->address[a];
		if (failover_serves(&address->failover) || address->holding.have ||
		    address->holding.pending != HOLDING_NONE)
			return;
	}
	struct action action = { .kind = ACTION_STOPPED };
	engine->stopped = true;
	engine_push(engine, &action);
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
	check_stopped(engine);
}

void
engine_frame(struct engine *engine, const uint8_t *frame, size_t len, uint64_t now_ns)
{
	struct arp arp;
	enum arp_verdict verdict = arp_parse(frame, len, &arp);

	if (verdict != ARP_OK) {
		engine->counters.received[verdict]++;
		return;
	}
	engine_hear(engine, &arp, now_ns);
}

void
engine_hear(struct engine *engine, const struct arp *arp, uint64_t now_ns)
{
	engine_begin(engine, now_ns);
	engine->counters.received[ARP_OK]++;
	if (!engine->link)
		return; /* from before the carrier was lost */
	hear_frame(engine, arp, now_ns);
}

void
engine_link(struct engine *engine, bool up, uint64_t now_ns)
{
	engine_begin(engine, now_ns);
	if (engine->link == up)
		return;
	struct report report = { .kind = REPORT_CARRIER, .up = up };
	struct reason reason = { .kind = REASON_CARRIER, .server = CONF_NONE };

	engine_report(engine, &report);
	engine->link = up;
	if (!up) {
		decide_cut(engine, &reason, now_ns);
		return;
	}
	/* A switch may forward nothing yet: listen as at the start. */
	decide_start_over(engine, now_ns);
	engine->witness_ns = now_ns;
	if (engine->every_ns != 0)
		engine->hello_ns = now_ns;
}

void
engine_identity(
    struct engine *engine, const struct mac *mac, const struct ip *base, uint64_t now_ns)
{
	engine_begin(engine, now_ns);
	bool known = conf_server_by_mac(engine->conf, mac) == (int)engine->self.server;
	struct reason reason = { .kind = REASON_MAC, .server = CONF_NONE };

	engine->self.base = *base;
	if (mac_equal(mac, &engine->self.mac) && known == engine->mac_ok)
		return;
	engine->self.mac = *mac;
	if (!known) {
		struct report report = { .kind = REPORT_WRONG_MAC, .mac = *mac };
		engine_report(engine, &report);
		engine->mac_ok = false;
		decide_cut(engine, &reason, now_ns);
		return;
	}
	if (!engine->mac_ok) {
		engine->mac_ok = true;
		decide_start_over(engine, now_ns);
		return;
	}
	/* Another of self's own (a bond): the routers must learn it. */
	for (unsigned a = 0; a < engine->conf->addresses; a++)
		if (failover_serves(&engine->address[a].failover) &&
		    engine->address[a].holding.have)
			say_claim(engine, a, now_ns);
}

void
engine_done(struct engine *engine, enum holding_verb verb, const struct ip *ip, int error,
    uint64_t now_ns)
{
	int index = conf_address_by_ip(engine->conf, ip);
	struct report failed = {
		.kind = REPORT_FAILED, .ip = *ip, .verb = verb, .error = error
	};

	if (error != 0) {
		engine->counters.failed_changes++;
		engine_report(engine, &failed);
	}
	if (index == CONF_NONE)
		return;
	struct engine_address *a = &engine->address[index];
	bool had = a->holding.have;
	if (!holding_done(
		&a->holding, verb, error == 0, now_ns, engine->conf->timing.lease_ns)) {
		struct reason reason = { .kind = REASON_LAPSED, .server = CONF_NONE };
		engine->counters.lapses++;
		decide_step(engine, (unsigned)index, ON_LAPSED, &reason, now_ns);
		decide_start_over(engine, now_ns);
	}
	if (!had && a->holding.have && failover_serves(&a->failover)) {
		say_claim(engine, (unsigned)index, now_ns);
		/* All leases end together, or a peer's probes might ask for those that
		 * have ended, and take a later one for ended too. */
		if (engine->conf->timing.lease_ns != 0) {
			engine->renew_ns = now_ns;
			engine_wake(engine, now_ns);
		}
	}
	decide_hold(engine, (unsigned)index, now_ns);
	check_stopped(engine);
}

void
engine_gone(struct engine *engine, const struct ip *ip, uint64_t now_ns)
{
	int index = conf_address_by_ip(engine->conf, ip);

	engine_begin(engine, now_ns);
	if (index == CONF_NONE)
		return;
	struct engine_address *a = &engine->address[index];
	if (holding_gone(&a->holding, now_ns)) {
		struct report report = { .kind = REPORT_GONE, .ip = *ip };
		engine->counters.put_backs++;
		engine_report(engine, &report);
		decide_hold(engine, (unsigned)index, now_ns);
	}
	check_stopped(engine);
}

void
engine_adopt(
    struct engine *engine, const struct ip *ip, uint64_t expires_ns, uint64_t now_ns)
{
	int index = conf_address_by_ip(engine->conf, ip);
	struct action stray = { .kind = ACTION_ADDRESS,
		.address = { HOLDING_REMOVE, *ip, 0 } };

	if (index == CONF_NONE || engine->address[index].tier == CONF_NONE) {
		engine_push(engine, &stray);
		/* A new file has come with a new daemon. Whoever has the old one takes
		 * self for the owner. */
		for (unsigned s = 0; index != CONF_NONE && s < engine->conf->servers; s++)
			if (s != engine->self.server)
				say_release_of(engine, ip, s, now_ns);
		return;
	}
	struct engine_address *a = &engine->address[index];
	struct reason reason = { .kind = REASON_ADOPTED, .server = CONF_NONE };
	holding_adopt(&a->holding, expires_ns);
	decide_step(engine, (unsigned)index, ON_VACANT, &reason, now_ns);
	engine->renew_ns = now_ns;
}

static void
drain(struct engine *engine, const struct reason *reason, uint64_t now_ns)
{
	for (unsigned a = 0; a < engine->conf->addresses; a++)
		decide_step(engine, a, ON_LEAVE, reason, now_ns);
}

static void
resume(struct engine *engine, uint64_t now_ns)
{
	struct reason reason = { .kind = REASON_RESUME, .server = CONF_NONE };

	engine->drained = false;
	engine->setbacks = 0;
	/* Also while isolated or listening: whether it may claim is asked later. */
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		/* A drained server stays as it is when its link comes back. */
		if (!engine->cut || engine->address[a].failover.phase != PHASE_CUT)
			decide_step(engine, a, ON_RESUME, &reason, now_ns);
		decide_consider(engine, a, &reason, now_ns);
	}
	/* Nor does it wait any longer; at the latest when whoever serves it can be heard.
	 */
	for (unsigned a = 0; a < engine->conf->addresses; a++)
		if (engine->address[a].failover.phase == PHASE_RETURN) {
			engine->address[a].failover.deadline_ns = now_ns;
			engine->address[a].hurried = true;
		}
	engine_wake_addresses(engine, now_ns);
}

void
engine_admin(struct engine *engine, enum engine_admin admin, uint64_t now_ns)
{
	struct reason reason = { .kind = REASON_DRAIN, .server = CONF_NONE };

	engine_begin(engine, now_ns);
	if (engine->stopping && admin != ADMIN_STOP)
		return; /* it is on its way out */
	switch (admin) {
	case ADMIN_DRAIN:
		engine->drained = true;
		drain(engine, &reason, now_ns);
		break;
	case ADMIN_STOP:
		engine->stopping = true;
		drain(engine, &reason, now_ns);
		break;
	case ADMIN_RESUME:
		resume(engine, now_ns);
		break;
	default:
		assert(false && "no such admin request");
	}
	check_stopped(engine);
	engine_wake(engine, now_ns);
}
