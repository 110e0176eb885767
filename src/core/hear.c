/* SPDX-License-Identifier: BSD-2-Clause */
/* hear.c - what a frame means.
 *
 * Everything here comes from the wire and may be a lie. A frame can cost a counter, a log
 * line per second, or an answer that is rate-limited; only servers of the cluster, known
 * by their hardware addresses, can move an address. */
#include "engine_internal.h"

enum {
	ALARM_S = 1,    /* between two log lines about one address */
	CLONE_S = 10,   /* between two about a stolen hardware address */
	ECHO_S = 2,     /* how long an echo of our own last claim may travel */
	NEWS_MS = 100,  /* between two rounds of claims to a router that moved */
	UNHEEDED = 10,  /* claims against our defence: we are not heard */
	UNHEARD_S = 10, /* between two log lines about that */
	LOSS_SHIFT = 4  /* weight of one burst in the loss estimate: 1/16 */
};

static bool
alarm_due(struct engine_address *a, uint64_t now_ns)
{
	if (a->alarmed_ns != 0 && now_ns - a->alarmed_ns < ALARM_S * SEC_NS)
		return false;
	a->alarmed_ns = now_ns;
	return true;
}

/* Anything from anybody proves that self is not cut off. */
static void
heard_something(struct engine *engine, uint64_t now_ns)
{
	engine->heard_ns = now_ns;
	if (engine->starting && engine->listen_ns == NEVER) {
		engine->listen_ns = now_ns + engine->detect_ns;
		engine_excuse_all(engine, now_ns);
		engine_wake(engine, engine->listen_ns);
	}
	if (!engine->isolated)
		return;

	struct report report = { .kind = REPORT_HEARING };
	engine_report(engine, &report);
	engine->isolated = false;
	engine_excuse_all(engine, now_ns);
	if (engine->cut) {
		decide_start_over(engine, now_ns);
		engine->heard_ns = now_ns;
		engine->listen_ns = now_ns + engine->detect_ns;
		return;
	}
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		/* Whoever took over meanwhile yields to this, and the routers return. */
		if (engine->address[a].failover.phase == PHASE_SERVE &&
		    engine->address[a].holding.have)
			say_claim(engine, a, now_ns);
		decide_consider(engine, a, NULL, now_ns);
	}
}

/* Peers whose last burst nobody could have heard are judged as soon as somebody speaks.
 */
static void
wake_for_doubted(struct engine *engine, uint64_t now_ns)
{
	for (unsigned s = 0; s < engine->conf->servers; s++)
		if (engine->peer[s].peer.doubted)
			engine_wake(engine, now_ns);
}

static void
report_peer(struct engine *engine, unsigned server)
{
	struct report report = {
		.kind = REPORT_PEER,
		.server = (int)server,
		.peer = engine->peer[server].peer.state,
	};

	engine_report(engine, &report);
}

static void
peer_speaks(
    struct engine *engine, unsigned server, const struct arp *arp, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];
	enum peer_state before = peer->peer.state;
	bool first = !peer->heard;

	peer->mac = arp->sha;
	peer->heard = true;
	peer_heard(&peer->peer, &engine->peer_timing, now_ns);
	engine_wake(engine, peer->peer.deadline_ns);
	if (before == PEER_DEAD || first)
		report_peer(engine, server);
}

static void
peer_answers(struct engine *engine, unsigned server, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];
	enum peer_state before = peer->peer.state;
	bool asked = peer->peer.burst_ns != NEVER;
	bool known =
	    peer->heard; /* before that it may not have had what it was asked for */
	unsigned lost = peer_answered(&peer->peer, &engine->peer_timing, now_ns);

	deaf_answered(engine, server, now_ns);
	peer->heard = true;
	engine_wake(engine, peer->peer.deadline_ns);
	if (asked && known) {
		/* One burst: LOST probes of LOST + 1 were in vain. */
		unsigned share = lost * 1024 / (lost + 1);
		engine->loss += (share >> LOSS_SHIFT) - (engine->loss >> LOSS_SHIFT);
	}
	if (before == PEER_DEAD &&
	    known) /* too late: the burst was too short for this network */
		engine->loss += (1023 >> LOSS_SHIFT) - (engine->loss >> LOSS_SHIFT);
	if (before == PEER_DEAD)
		report_peer(engine, server);
}

static void
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

static void
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

static void
hear_release(struct engine *engine, unsigned address, unsigned server, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	struct reason reason = { .kind = REASON_LEFT, .server = (int)server };

	engine->counters.releases++;
	if (conf_tier(engine->conf, address, server) == CONF_NONE &&
	    a->owner != (int)server)
		return;
	a->released_by = (int)server;
	a->released_ns = now_ns + engine->timing.hold_ns / 2;
	if (a->owner == CONF_NONE)
		a->owner = (int)server; /* it should know */
	decide_lost(engine, address, server, &reason, now_ns);
	/* Heard again although self has taken it over: our claim was lost. */
	if (a->failover.phase == PHASE_SERVE && a->holding.have)
		say_defence(engine, address, now_ns);
}

static void
hear_solicitation(
    struct engine *engine, unsigned address, const struct arp *arp, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];

	engine->counters.solicitations++;
	if (a->tier == CONF_NONE && !failover_serves(&a->failover))
		return;
	if (decide_step(engine, address, ON_SOLICITED, NULL, now_ns) & DO_ANSWER &&
	    a->holding.have)
		say_answer(engine, address, &arp->spa, now_ns);
}

static void
hear_router(struct engine *engine, unsigned r, const struct arp *arp, uint64_t now_ns)
{
	struct engine_router *router = &engine->router[r];
	bool news = !mac_equal(&router->mac, &arp->sha);
	bool to_self = mac_equal(&arp->dst, &engine->self.mac);

	if (arp->op == ARP_REPLY && to_self) {
		router->heard_ns = now_ns;
		router->unanswered = 0;
	}
	router->mac = arp->sha;
	/* Claims went out without it, or to another one. */
	if (news &&
	    (router->news_ns == 0 || now_ns - router->news_ns > NEWS_MS * MS_NS)) {
		router->news_ns = now_ns;
		say_confirm_all(engine, r, now_ns);
	}
	if (arp->op != ARP_REPLY || !to_self)
		return;

	int index = conf_address_by_ip(engine->conf, &arp->tpa);
	if (index == CONF_NONE)
		return;
	struct engine_address *a = &engine->address[index];
	uint8_t bit = (uint8_t)(1u << r);
	/* An answer in the same turn in which the router became known is to the
	 * broadcast, which a switch may have answered in its place. */
	if (news || a->announcing.claimed_ns == NEVER ||
	    (a->announcing.confirmed & bit) != 0)
		return;
	a->announcing.confirmed |= bit;
	a->announcing.took_ns[r] = now_ns - a->announcing.claimed_ns;
	engine->counters.confirmations++;
	if ((a->announcing.told & bit) != 0)
		return; /* confirmed again, after a defence */
	a->announcing.told |= bit;
	struct report report = {
		.kind = REPORT_CONFIRMED,
		.ip = arp->tpa,
		.router = arp->spa,
		.took_ns = a->announcing.took_ns[r],
	};
	engine_report(engine, &report);
}

/* A frame with our own hardware address: an echo, or somebody who has the same. */
static void
hear_self(struct engine *engine, const struct arp *arp, uint64_t now_ns)
{
	int index = conf_address_by_ip(engine->conf, &arp->spa);
	bool ours = ip_is_none(&arp->spa) || ip_equal(&arp->spa, &engine->self.base);

	engine->counters.echoes++;
	if (index != CONF_NONE) {
		const struct engine_address *a = &engine->address[index];
		ours = failover_serves(&a->failover) ||
		       (a->left_ns != 0 && now_ns - a->left_ns < ECHO_S * SEC_NS);
	}
	if (ours ||
	    (engine->cloned_ns != 0 && now_ns - engine->cloned_ns < CLONE_S * SEC_NS))
		return;
	engine->cloned_ns = now_ns;
	struct report report = { .kind = REPORT_CLONE, .ip = arp->spa, .mac = arp->sha };
	engine_report(engine, &report);
}

/* What a known server says beside claims. */
static void
hear_server(
    struct engine *engine, unsigned server, const struct arp *arp, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];
	bool to_self = mac_equal(&arp->dst, &engine->self.mac);
	bool presence = arp->op == ARP_REPLY && mac_equal(&arp->dst, &mac_broadcast) &&
			mac_equal(&arp->tha, &mac_broadcast);

	if (presence) {
		differ_hear(engine, server, &arp->note, now_ns);
		peer->base = arp->spa;
		peer_speaks(engine, server, arp, now_ns);
	} else if (arp->op == ARP_REPLY && to_self && ip_equal(&arp->spa, &peer->base)) {
		deaf_answered(engine, server, now_ns);
		/* It serves nothing; this was asked. */
		if (engine_view_peer(engine, server, now_ns).addresses == 0)
			peer_answers(engine, server, now_ns);
	}
}

static void
hear_request(struct engine *engine, unsigned address, int server, const struct arp *arp,
    uint64_t now_ns)
{
	bool to_self = mac_equal(&arp->dst, &engine->self.mac);

	if (server == CONF_NONE || !to_self) {
		hear_solicitation(engine, address, arp, now_ns);
		return;
	}
	engine->peer[server].base = arp->spa;
	differ_hear(engine, (unsigned)server, &arp->note, now_ns);
	if (mac_equal(&arp->tha, &arp->sha))
		hear_release(engine, address, (unsigned)server, now_ns);
	else
		engine->counters.probes++; /* our kernel answers it, or does not */
}

static void
hear_spoken(struct engine *engine, unsigned address, int server, const struct arp *arp,
    uint64_t now_ns)
{
	bool answer = arp->op == ARP_REPLY && mac_equal(&arp->dst, &engine->self.mac);

	if (server == CONF_NONE) {
		hear_foreign(engine, address, arp, now_ns);
		return;
	}
	if (answer) {
		engine->counters.answers++;
		peer_answers(engine, (unsigned)server, now_ns);
	} else {
		engine->counters.claims++;
		differ_hear(engine, (unsigned)server, &arp->note, now_ns);
		peer_speaks(engine, (unsigned)server, arp, now_ns);
		moves_told(engine, address, (unsigned)server, &arp->note, now_ns);
	}
	hear_claim(engine, address, (unsigned)server, now_ns);
}

void
hear_frame(struct engine *engine, const struct arp *arp, uint64_t now_ns)
{
	int server = conf_server_by_mac(engine->conf, &arp->sha);

	if (mac_equal(&arp->sha, &engine->self.mac) ||
	    server == (int)engine->self.server) {
		hear_self(engine, arp, now_ns);
		return;
	}
	heard_something(engine, now_ns);
	wake_for_doubted(engine, now_ns);
	if (server != CONF_NONE)
		demote_hear(engine, (unsigned)server, &arp->note, now_ns);

	int router = conf_router_by_ip(engine->conf, &arp->spa);
	if (router != CONF_NONE && server == CONF_NONE)
		hear_router(engine, (unsigned)router, arp, now_ns);

	int spoken = conf_address_by_ip(engine->conf, &arp->spa);
	if (spoken != CONF_NONE) {
		hear_spoken(engine, (unsigned)spoken, server, arp, now_ns);
		return;
	}
	int asked = arp->op == ARP_REQUEST ? conf_address_by_ip(engine->conf, &arp->tpa)
					   : CONF_NONE;
	if (asked != CONF_NONE)
		hear_request(engine, (unsigned)asked, server, arp, now_ns);
	else if (server != CONF_NONE)
		hear_server(engine, (unsigned)server, arp, now_ns);
}
