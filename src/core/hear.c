/* SPDX-License-Identifier: BSD-2-Clause */
/* hear.c - what a frame means: who speaks, and about what.
 *
 * Everything here comes from the wire and may be a lie. A frame can cost a counter, a log
 * line per second, or an answer that is rate-limited; only servers of the cluster, known
 * by their hardware addresses, can move an address. Claims go on in hear_claim.c, signs
 * of life in hear_peer.c, routers in hear_router.c. */
#include "engine_internal.h"

enum {
	CLONE_S = 10, /* between two log lines about a stolen hardware address */
	ECHO_S = 2    /* how long an echo of our own last claim may travel */
};

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

/* Several clusters may share an interface, and so its hardware address: what a daemon of
 * another cluster says concerns self only where it is about an address of self's. */
static bool
of_another_cluster(const struct engine *engine, const struct arp *arp)
{
	return arp->note.present && arp->note.cluster != 0 &&
	       arp->note.cluster != engine->cluster;
}

/* A frame with our own hardware address: an echo, or somebody who has the same. */
static void
hear_self(struct engine *engine, const struct arp *arp, uint64_t now_ns)
{
	int index = conf_address_by_ip(engine->conf, &arp->spa);
	bool ours = ip_is_none(&arp->spa) || ip_equal(&arp->spa, &engine->self.base);

	engine->counters.echoes++;
	if (index == CONF_NONE && of_another_cluster(engine, arp))
		return;
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
		hear_peer(engine, server, arp, now_ns);
	} else if (arp->op == ARP_REPLY && to_self && ip_equal(&arp->spa, &peer->base) &&
		   arp_probe_proves(engine, server, arp, now_ns)) {
		deaf_answered(engine, server, now_ns);
		/* It serves nothing; this was asked. */
		if (engine_view_peer(engine, server, now_ns).addresses == 0)
			hear_peer_answer(engine, server, now_ns);
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
	if (!ip_is_none(&arp->spa)) /* not that of an ARP Probe */
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
	struct ip asker = say_base(engine);

	if (server == CONF_NONE) {
		hear_foreign(engine, address, arp, now_ns);
		return;
	}
	if (answer) {
		engine->counters.answers++;
		if (!arp_probe_proves(engine, (unsigned)server, arp, now_ns))
			return;
		deaf_answered_for(engine, (unsigned)server, address, now_ns);
		hear_peer_answer(engine, (unsigned)server, now_ns);
	} else {
		engine->counters.claims++;
		if (ip_equal(&arp->tpa, &asker))
			deaf_heeded(engine, (unsigned)server, now_ns);
		differ_hear(engine, (unsigned)server, &arp->note, now_ns);
		hear_peer(engine, (unsigned)server, arp, now_ns);
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
	hear_something(engine, now_ns);
	hear_wake_doubted(engine, now_ns);

	int router = conf_router_by_ip(engine->conf, &arp->spa);
	if (router != CONF_NONE && server == CONF_NONE)
		hear_router(engine, (unsigned)router, arp, now_ns);

	int spoken = conf_address_by_ip(engine->conf, &arp->spa);
	int asked = arp->op == ARP_REQUEST ? conf_address_by_ip(engine->conf, &arp->tpa)
					   : CONF_NONE;
	if (spoken == CONF_NONE && asked == CONF_NONE && of_another_cluster(engine, arp))
		return;
	if (server != CONF_NONE)
		demote_hear(engine, (unsigned)server, &arp->note, now_ns);
	if (spoken != CONF_NONE)
		hear_spoken(engine, (unsigned)spoken, server, arp, now_ns);
	else if (asked != CONF_NONE)
		hear_request(engine, (unsigned)asked, server, arp, now_ns);
	else if (server != CONF_NONE)
		hear_server(engine, (unsigned)server, arp, now_ns);
}
