/* SPDX-License-Identifier: BSD-2-Clause */
/* demote.c - an unhealthy server stands behind all healthy ones, and is not gone.
 *
 * Self's checks are due here, and what their results mean for self; here is kept what
 * peers say of themselves, in the notes of their frames. What follows is one number:
 * demote_rank(), a server's place in an address's list, with all unhealthy ones behind.
 * "Better" and "worse" mean that number everywhere. So whoever is healthy relieves an
 * unhealthy owner at once (decide.c), as a returning primary relieves its stand-in: make
 * before break. And where everybody is unhealthy, the order among them is the old one,
 * nobody relieves anybody, and those that served go on serving. */
#include <assert.h>
#include <string.h>

#include "engine_internal.h"

bool
demote_is(const struct engine *engine, unsigned server)
{
	return server == engine->self.server ? engine->health == HEALTH_BAD
					     : engine->peer[server].demoted;
}

unsigned
demote_rank(const struct engine *engine, unsigned address, unsigned tier)
{
	unsigned server = engine->conf->address[address].server[tier];

	return demote_is(engine, server) ? tier + CONF_TIERS : tier;
}

/* Does somebody healthy live who could serve it? */
static bool
anybody_healthy(const struct engine *engine, unsigned address)
{
	const struct conf_address *listed = &engine->conf->address[address];

	for (unsigned t = 0; t < listed->tiers; t++)
		if (listed->server[t] != engine->self.server &&
		    engine->peer[listed->server[t]].peer.state == PEER_ALIVE &&
		    !engine->peer[listed->server[t]].demoted)
			return true;
	return false;
}

void
demote_look(struct engine *engine)
{
	struct report report = { .kind = REPORT_SERVES_ON };

	if (engine->health == HEALTH_BAD && engine->conf->timing.hello_ns != 0)
		for (unsigned a = 0; a < engine->conf->addresses; a++)
			report.count +=
			    engine->address[a].failover.phase == PHASE_SERVE &&
			    !anybody_healthy(engine, a);
	if (report.count > 0 && !engine->serves_on)
		engine_report(engine, &report);
	engine->serves_on = report.count > 0;
}

static enum health_state
overall(const struct engine *engine)
{
	enum health_state state = HEALTH_GOOD;

	if (engine->unfit)
		return HEALTH_BAD;
	for (unsigned c = 0; c < engine->conf->checks; c++) {
		if (engine->check[c].state == HEALTH_BAD)
			return HEALTH_BAD;
		if (engine->check[c].state == HEALTH_UNKNOWN)
			state = HEALTH_UNKNOWN;
	}
	return state;
}

static void
consider_all(struct engine *engine, const struct reason *reason, uint64_t now_ns)
{
	for (unsigned a = 0; a < engine->conf->addresses; a++)
		decide_consider(engine, a, reason, now_ns);
}

/* Tell the peers at once. Who says no hellos claims what it has: that is heard too. */
static void
tell_peers(struct engine *engine, uint64_t now_ns)
{
	if (engine->every_ns != 0) {
		engine->hello_ns = now_ns;
		engine_wake(engine, now_ns);
		return;
	}
	for (unsigned a = 0; a < engine->conf->addresses; a++)
		if (engine->address[a].failover.phase == PHASE_SERVE &&
		    engine->address[a].holding.have)
			say_claim(engine, a, now_ns);
}

static bool
serves_any(const struct engine *engine)
{
	for (unsigned a = 0; a < engine->conf->addresses; a++)
		if (failover_serves(&engine->address[a].failover))
			return true;
	return false;
}

void
demote_settle(struct engine *engine, uint64_t now_ns)
{
	enum health_state was = engine->health;

	engine->health = overall(engine);
	if (engine->health == was)
		return;
	engine_wake(engine, now_ns);
	if (engine->health == HEALTH_BAD) {
		engine->counters.demotions++;
		if (serves_any(engine))
			decide_setback(engine, now_ns);
	}
	if (engine->health == HEALTH_BAD || was == HEALTH_BAD) {
		tell_peers(engine, now_ns);
		consider_all(engine, NULL, now_ns);
		demote_look(engine);
	}
}

void
demote_init(struct engine *engine, uint64_t now_ns)
{
	for (unsigned c = 0; c < engine->conf->checks; c++)
		health_init(&engine->check[c], now_ns);
	engine->health = overall(engine);
}

/* The same check: what is known of it stays true. */
static bool
same_check(const struct conf_check *a, const struct conf_check *b)
{
	return a->kind == b->kind && strcmp(a->target, b->target) == 0 &&
	       strcmp(a->host, b->host) == 0 && a->expects == b->expects &&
	       memcmp(a->expect, b->expect, sizeof(a->expect)) == 0 &&
	       strcmp(a->command.user, b->command.user) == 0;
}

void
demote_carry(struct engine *to, const struct engine *from, uint64_t now_ns)
{
	to->unfit = from->unfit;
	to->health = from->health;
	to->serves_on = from->serves_on;
	for (unsigned c = 0; c < to->conf->checks; c++) {
		int same = conf_check_by_name(from->conf, to->conf->check[c].name);
		if (same == CONF_NONE ||
		    !same_check(&from->conf->check[same], &to->conf->check[c]))
			continue;
		to->check[c] = from->check[same];
		/* The caller has given up what was under way. */
		to->check[c].under_way = false;
		to->check[c].next_ns = now_ns;
	}
}

void
demote_tick(struct engine *engine, uint64_t now_ns)
{
	for (unsigned c = 0; c < engine->conf->checks; c++) {
		struct action action = { .kind = ACTION_CHECK, .check = c };
		if (health_begin(&engine->check[c], now_ns))
			engine_push(engine, &action);
	}
}

uint64_t
demote_deadline(const struct engine *engine)
{
	uint64_t at_ns = NEVER;

	for (unsigned c = 0; c < engine->conf->checks; c++)
		if (engine->check[c].next_ns < at_ns)
			at_ns = engine->check[c].next_ns;
	return at_ns;
}

void
engine_checked(
    struct engine *engine, unsigned check, bool passed, const char *why, uint64_t now_ns)
{
	assert(check < engine->conf->checks);
	const struct conf_check *conf = &engine->conf->check[check];
	const struct health_rule rule = { conf->interval_ns, conf->rise, conf->fall };
	struct health *health = &engine->check[check];

	engine_begin(engine, now_ns);
	if (health_result(health, &rule, passed, why, now_ns)) {
		struct report report = {
			.kind = REPORT_CHECK,
			.count = check,
			.up = passed,
			.text = health->why,
		};
		report.healthy = overall(engine) != HEALTH_BAD;
		engine_report(engine, &report);
		demote_settle(engine, now_ns);
	}
	engine_wake(engine, health->next_ns);
}

void
engine_fitness(struct engine *engine, bool fit, uint64_t now_ns)
{
	engine_begin(engine, now_ns);
	engine->unfit = !fit;
	demote_settle(engine, now_ns);
}

void
demote_hear(
    struct engine *engine, unsigned server, const struct arp_note *note, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];
	struct reason reason = { .kind = REASON_UNHEALTHY, .server = (int)server };
	struct report report = {
		.kind = REPORT_PEER_HEALTH,
		.server = (int)server,
		.up = !note->demoted,
	};

	/* What overtook it on the way is newer. */
	if (!note->present || note->demoted == peer->demoted ||
	    (peer->demoted_ns != 0 &&
		now_ns - peer->demoted_ns < engine->timing.hold_ns / 2))
		return;
	peer->demoted = note->demoted;
	peer->demoted_ns = now_ns;
	engine_report(engine, &report);
	for (unsigned a = 0; a < engine->conf->addresses; a++)
		if (engine->address[a].owner == (int)server ||
		    conf_tier(engine->conf, a, server) != CONF_NONE)
			decide_consider(engine, a, &reason, now_ns);
	demote_look(engine);
}
