/* SPDX-License-Identifier: BSD-2-Clause */
/* hear_claim.c - somebody claims an address: a server of the cluster, or a stranger. */
#include "engine_internal.h"

enum {
	ALARM_S = 1,   /* between two log lines about one address */
	UNHEEDED = 10, /* claims against our defence: we are not heard */
	UNHEARD_S = 10 /* between two log lines about that */
};

static bool
alarm_due(struct engine_address *a, uint64_t now_ns)
{
	if (a->alarmed_ns != 0 && now_ns - a->alarmed_ns < ALARM_S * SEC_NS)
		return false;
	a->alarmed_ns = now_ns;
	return true;
}

void
hear_foreign(
    struct engine *engine, unsigned address, const struct arp *arp, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	unsigned todo = decide_step(engine, address, ON_FOREIGN, NULL, now_ns);

	engine->counters.foreign_claims++;
	if ((todo & DO_ALARM) == 0 || !alarm_due(a, now_ns))
		return;
	struct report report = {
		.kind = REPORT_FOREIGN,
		.ip = engine->conf->address[address].ip,
		.mac = arp->sha,
		.up = failover_serves(&a->failover),
	};
	engine_report(engine, &report);
}

/* A server that should yield claims an address that self serves. False: it differs and
 * does not yield, perhaps since its file does not know self; so self has to. */
static bool
hear_conflict(struct engine *engine, unsigned address, unsigned server, bool listed,
    uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	struct report report = {
		.kind = listed ? REPORT_CONFLICT : REPORT_UNLISTED,
		.ip = engine->conf->address[address].ip,
		.server = (int)server,
	};

	engine->counters.conflicts++;
	if (now_ns - a->conflict_ns > UNHEARD_S * SEC_NS)
		a->unheeded = 0;
	a->conflict_ns = now_ns;
	if (++a->unheeded >= UNHEEDED &&
	    (a->unheard_ns == 0 || now_ns - a->unheard_ns > UNHEARD_S * SEC_NS)) {
		a->unheard_ns = now_ns;
		report.kind = REPORT_UNHEARD;
		engine_report(engine, &report);
	} else if (alarm_due(a, now_ns)) {
		engine_report(engine, &report);
	}
	if (listed && !differ_peer(engine, server))
		deaf_doubt(engine, server, address, now_ns);
	return a->unheeded < UNHEEDED || !differ_peer(engine, server);
}

/* A server that does not hear self claims what self serves: self gives way, since only
 * one of the two can know. */
static bool
hear_deaf(struct engine *engine, unsigned address, unsigned server)
{
	struct report report = {
		.kind = REPORT_UNHEARD,
		.ip = engine->conf->address[address].ip,
		.server = (int)server,
	};

	if (engine->address[address].failover.phase != PHASE_SERVE ||
	    conf_tier(engine->conf, address, server) == CONF_NONE ||
	    differ_peer(engine, server) || !deaf_is(engine, server))
		return false;
	engine_report(engine, &report);
	return true;
}

void
hear_claim(struct engine *engine, unsigned address, unsigned server, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	int tier = conf_tier(engine->conf, address, server);
	struct reason reason = { .kind = REASON_BETTER, .server = (int)server };

	if (a->released_by == (int)server && now_ns < a->released_ns) {
		engine->counters.late_claims++; /* sent before it said that it leaves */
		return;
	}
	if (a->released_by == (int)server)
		a->released_by = CONF_NONE;
	if (tier != CONF_NONE)
		a->silent &= ~(UINT64_C(1) << tier);

	bool differs = differ_peer(engine, server);
	bool better = decide_is_better(engine, address, server);
	bool serving = failover_serves(&a->failover);
	if (serving && differs)
		better = differ_wins(engine, server);
	if (serving && !differs && !better)
		better = hear_deaf(engine, address, server);
	if (a->failover.phase == PHASE_SERVE && !better &&
	    (!a->holding.have ||
		hear_conflict(engine, address, server, tier != CONF_NONE, now_ns))) {
		decide_step(engine, address, ON_WORSE, NULL, now_ns);
		return;
	}
	if (a->failover.phase == PHASE_SERVE && a->tier == CONF_NONE)
		decide_step(engine, address, ON_GIVE_UP, &reason, now_ns);
	if (a->failover.phase == PHASE_LEAVE && tier == CONF_NONE && !differs)
		return; /* nobody to leave it to */
	if (a->failover.phase == PHASE_LEAVE)
		reason.kind = REASON_TAKEN;
	/* Who is heard only through its kernel may have left it, unheard by self. If it
	 * has it all the same, its next answer says so. */
	const struct conf_address *listed = &engine->conf->address[address];
	for (unsigned t = 0; t < listed->tiers; t++)
		if ((int)t != tier &&
		    (engine->peer[listed->server[t]].peer.state == PEER_SUSPECT ||
			differs || differ_peer(engine, listed->server[t])))
			a->silent |= UINT64_C(1) << t;
	moves_note(engine, address, server, now_ns);
	a->owner = (int)server;
	a->owner_ns = now_ns;
	a->vacant = false;
	decide_step(
	    engine, address, better || serving ? ON_BETTER : ON_WORSE, &reason, now_ns);
	if (serving) {
		engine->counters.yields++;
		/* It answers with a claim: the winner speaks last, and the routers
		 * return. */
		if (better && say_room(engine, SAY_PROBE, now_ns))
			say_release_to(engine, address, server, now_ns);
	}
	decide_consider(engine, address, &reason, now_ns);
}
