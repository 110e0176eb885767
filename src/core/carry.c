/* SPDX-License-Identifier: BSD-2-Clause */
/* carry.c - what outlives a change of configuration.
 *
 * Servers are matched by name, addresses and routers by number. What both files know goes
 * on as it was; only what the change itself demands is done. */
#include <assert.h>
#include <string.h>

#include "engine_internal.h"

static int
same_server(const struct engine *to, const struct engine *from, int server)
{
	if (server == CONF_NONE)
		return CONF_NONE;
	return conf_server_by_name(to->conf, from->conf->server[server].name);
}

static bool
is_mac_of(const struct conf *conf, unsigned server, const struct mac *mac)
{
	return conf_server_by_mac(conf, mac) == (int)server;
}

static void
carry_self(struct engine *to, const struct engine *from)
{
	to->link = from->link;
	to->drained = from->drained;
	to->stopping = from->stopping;
	to->stopped = from->stopped;
	to->isolated = from->isolated;
	to->starting = from->starting;
	to->cut = from->cut;
	to->listen_ns = from->listen_ns;
	to->woke_ns = from->woke_ns;
	to->heard_ns = from->heard_ns;
	to->alone_ns = from->alone_ns;
	to->setback_ns = from->setback_ns;
	to->setbacks = from->setbacks;
	to->loss = from->loss;
	to->counters = from->counters;
	if (to->hello_ns != NEVER && from->hello_ns != NEVER)
		to->hello_ns = from->hello_ns; /* keep the beat */
	to->said_ns = from->said_ns;
}

static void
carry_peers(struct engine *to, const struct engine *from, uint64_t now_ns)
{
	for (unsigned s = 0; s < from->conf->servers; s++) {
		int same = same_server(to, from, (int)s);
		if (same == CONF_NONE)
			continue;
		struct engine_peer *peer = &to->peer[same];
		struct mac first = peer->mac;
		*peer = from->peer[s];
		peer->next = peer->decoy = 0;
		peer->decoy_ns = 0;
		if (!is_mac_of(to->conf, (unsigned)same, &peer->mac))
			peer->mac = first;
		/* The old intervals may be longer than the new ones. */
		peer_excuse(&peer->peer, &to->peer_timing, now_ns);
	}
	for (unsigned r = 0; r < from->conf->routers; r++) {
		int same = conf_router_by_ip(to->conf, &from->conf->router[r]);
		if (same != CONF_NONE)
			to->router[same] = from->router[r];
	}
}

static void
carry_announcing(struct engine *to, const struct engine *from,
    struct announcing *announcing, uint64_t now_ns)
{
	uint8_t confirmed = 0;
	uint64_t took_ns[CONF_ROUTERS];

	for (unsigned r = 0; r < CONF_ROUTERS; r++)
		took_ns[r] = NEVER;
	for (unsigned r = 0; r < to->conf->routers; r++) {
		int same = conf_router_by_ip(from->conf, &to->conf->router[r]);
		if (same != CONF_NONE && (announcing->confirmed & 1u << same) != 0) {
			confirmed |= (uint8_t)(1u << r);
			took_ns[r] = announcing->took_ns[same];
		} else if (same == CONF_NONE && announcing->claimed_ns != NEVER) {
			announcing->next_ns = now_ns; /* a new router must learn it */
			announcing->sent = 0;
		}
	}
	announcing->confirmed = confirmed;
	memcpy(announcing->took_ns, took_ns, sizeof(took_ns));
}

static void
carry_address(
    struct engine *to, struct engine *from, unsigned a, unsigned old, uint64_t now_ns)
{
	struct engine_address *address = &to->address[a];
	int tier = address->tier;

	*address = from->address[old];
	address->tier = tier;
	address->owner = same_server(to, from, address->owner);
	address->last_owner = same_server(to, from, address->last_owner);
	address->stay_by = same_server(to, from, address->stay_by);
	address->released_by = same_server(to, from, address->released_by);
	address->reason.server = same_server(to, from, address->reason.server);
	address->silent = 0;
	for (unsigned t = 0; t < to->conf->address[a].tiers; t++) {
		int server = conf_server_by_name(
		    from->conf, to->conf->server[to->conf->address[a].server[t]].name);
		int was = server == CONF_NONE
			      ? CONF_NONE
			      : conf_tier(from->conf, old, (unsigned)server);
		bool silent = was == CONF_NONE ||
			      (from->address[old].silent & UINT64_C(1) << was) != 0;
		if (silent)
			address->silent |= UINT64_C(1) << t;
	}
	carry_announcing(to, from, &address->announcing, now_ns);
}

/* Self's place in the list of an address that it serves has changed. */
static void
settle_tier(struct engine *engine, unsigned a, int old_tier)
{
	struct engine_address *address = &engine->address[a];
	struct report report = {
		.kind = REPORT_STATE,
		.ip = engine->conf->address[a].ip,
		.from = failover_state(&address->failover, old_tier == 0),
		.to = failover_state(&address->failover, address->tier == 0),
		.reason = { .kind = REASON_RELOAD, .server = CONF_NONE },
	};

	if (report.from != report.to)
		engine_report(engine, &report);
}

/* Addresses that are no longer in self's file; those who have not read the new one yet
 * may serve them until they do. */
static void
release_removed(struct engine *to, const struct engine *from, uint64_t now_ns)
{
	for (unsigned o = 0; o < from->conf->addresses; o++) {
		const struct conf_address *listed = &from->conf->address[o];

		if (!failover_serves(&from->address[o].failover) ||
		    conf_address_by_ip(to->conf, &listed->ip) != CONF_NONE)
			continue;
		for (unsigned t = 0; t < listed->tiers; t++) {
			int server = same_server(to, from, listed->server[t]);
			if (server != CONF_NONE && server != (int)to->self.server &&
			    say_room(to, SAY_PROBE, now_ns))
				say_release_of(to, &listed->ip, (unsigned)server, now_ns);
		}
	}
}

size_t
engine_reload_size(const struct conf *conf, const struct engine *old)
{
	return engine_size(conf) + old->conf->addresses * sizeof(struct action);
}

struct engine *
engine_reload(void *memory, const struct conf *conf, const struct engine_self *self,
    struct engine *old, uint64_t now_ns)
{
	struct engine *engine = engine_init(memory, conf, self, now_ns);
	struct reason reason = { .kind = REASON_RELOAD, .server = CONF_NONE };

	engine->action_limit += old->conf->addresses;
	carry_self(engine, old);
	pace_carry(&engine->pace, &old->pace);
	carry_peers(engine, old, now_ns);
	engine->mac_ok = is_mac_of(conf, self->server, &self->mac);
	for (unsigned o = 0; o < old->conf->addresses; o++) {
		struct engine_address *was = &old->address[o];
		int a = conf_address_by_ip(conf, &old->conf->address[o].ip);
		if (a == CONF_NONE && (was->holding.have || was->holding.want)) {
			struct action action = {
				.kind = ACTION_ADDRESS,
				.address = { HOLDING_REMOVE, old->conf->address[o].ip,
				    0 },
			};
			engine_push(engine, &action);
		}
		if (a == CONF_NONE)
			continue;
		carry_address(engine, old, (unsigned)a, o, now_ns);
		settle_tier(engine, (unsigned)a, was->tier);
	}
	demote_carry(engine, old, now_ns);
	release_removed(engine, old, now_ns);
	differ_reload(engine, now_ns);
	if (engine->plan != old->plan && engine->hello_ns != NEVER)
		engine->hello_ns = now_ns; /* tell it at once */
	/* Those whose turn it is may not know it yet. */
	bool stays = engine->every_ns != 0 && differ_any(engine);
	for (unsigned a = 0; a < conf->addresses; a++) {
		struct failover *failover = &engine->address[a].failover;
		bool listed = engine->address[a].tier != CONF_NONE;
		if (engine->drained || engine->stopping)
			decide_step(engine, a, ON_LEAVE, NULL, now_ns);
		else if (!listed && !stays)
			decide_step(engine, a, ON_LEAVE, &reason, now_ns);
		else if (!engine->cut && failover->phase == PHASE_DRAINED)
			decide_step(engine, a, ON_RESUME, &reason, now_ns);
		decide_consider(engine, a, &reason, now_ns);
	}
	if (!engine->mac_ok) {
		struct report report = { .kind = REPORT_WRONG_MAC, .mac = self->mac };
		reason.kind = REASON_MAC;
		engine_report(engine, &report);
		decide_cut(engine, &reason, now_ns);
	} else if (!old->mac_ok) {
		decide_start_over(engine, now_ns);
	}
	demote_settle(engine, now_ns);
	engine_wake_addresses(engine, now_ns);
	return engine;
}
