/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_init.c - an engine out of a configuration: its memory, and how long it waits.
 *
 * All times and shares of max_rate that follow from the [timing] section are worked out
 * here, once. */
#include <assert.h>
#include <string.h>

#include "engine_internal.h"

enum {
	PASSIVE_HOLD_MS = 1000, /* hold-down without hellos */
	LEAVE_MS = 50,          /* between repeated releases */
	LATE_MS = 50,           /* least delay of a turn that counts as a stop */
	HELLO_SHARE = 2,        /* of max_rate: a half */
	WITNESS_SHARE = 2,      /* of what hellos leave of it: a half */
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
	engine->cluster = conf_cluster_digest(conf);
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
