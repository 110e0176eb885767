/* SPDX-License-Identifier: BSD-2-Clause */
/* arp_probe.c - how a peer's kernel is asked, and which answers prove something.
 *
 * A question with SPA 0.0.0.0, an ARP Probe (RFC 5227), is answered only by a host that
 * has the address itself: neither a host with proxy_arp or proxy_arp_pvlan nor a switch
 * that suppresses ARP answers it in another's place, as they do a question with a sender
 * address (Linux, net/ipv4/arp.c, net/bridge/br_arp_nd_proxy.c). But switches that
 * inspect ARP may drop it (Cisco: `ip arp inspection validate ip' without `allow zeros').
 *
 * So each living peer is asked that way now and then. Once it has answered, no other form
 * is used, and answers to another prove nothing: a host with proxy_arp and a route to the
 * address on another interface answers even announcements. Where it does not answer,
 * questions have self's base address as SPA. Along with that a living peer is asked for
 * an address that another server has: whoever answers that question is told of, since it
 * answers the routers' too. */
#include "engine_internal.h"

enum {
	FIRST_MS = 1000,   /* after a peer is first heard */
	SPREAD_MS = 10,    /* between two pairs of servers, so that not all ask at once */
	EVERY_MS = 60000,  /* between two trials */
	RETRY_MS = 1000,   /* after one that was not answered */
	TRIALS = 3,        /* so often in a row, and the peer counts as not answering */
	DECOY_MS = 1000,   /* how long an answer to the other question may take */
	SILENT_DECOYS = 2, /* unanswered in a row, and it no longer answers for others */
	LEFT_MS = 3000     /* so long who had an address may still have it */
};

static bool
is_probe(const struct arp *answer)
{
	return ip_is_none(&answer->tpa);
}

struct ip
arp_probe_sender(struct engine *engine, unsigned server)
{
	struct engine_peer *peer = &engine->peer[server];

	/* As long as nothing is known, both forms take turns. */
	peer->other_form = peer->probes == PROBES_UNTRIED && !peer->other_form;
	if (peer->probes == PROBES_ANSWERED ||
	    (peer->probes == PROBES_UNTRIED && !peer->other_form))
		return ip_v4(0);
	return say_base(engine);
}

/* The next address that somebody other than SERVER is known to have; NULL: none is. */
static const struct ip *
decoy(struct engine *engine, unsigned server, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];
	const struct conf *conf = engine->conf;

	for (unsigned i = 1; i <= conf->addresses; i++) {
		unsigned index = (peer->decoy + i) % conf->addresses;
		const struct engine_address *a = &engine->address[index];
		bool own = a->owner == (int)engine->self.server;
		if (a->owner == CONF_NONE || a->owner == (int)server ||
		    (a->moved_ns[0] != 0 && now_ns - a->moved_ns[0] < LEFT_MS * MS_NS))
			continue;
		if (own ? !a->holding.have
			: engine->peer[a->owner].peer.state != PEER_ALIVE)
			continue;
		peer->decoy = index;
		return &conf->address[index].ip;
	}
	return NULL;
}

static void
tell(struct engine *engine, unsigned server, bool proxies)
{
	struct engine_peer *peer = &engine->peer[server];
	struct report report = {
		.kind = REPORT_PROXY,
		.server = (int)server,
		.ip = engine->conf->address[peer->decoy].ip,
		.up = !proxies,
	};

	peer->proxies = proxies;
	engine_report(engine, &report);
}

static void
ask_for_decoy(struct engine *engine, unsigned server, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];
	struct ip from = say_base(engine);

	if (peer->proxies && peer->decoy_ns != 0 &&
	    ++peer->silent_decoys >= SILENT_DECOYS)
		tell(engine, server, false);
	peer->decoy_ns = 0;
	if (ip_is_none(&from))
		return; /* a proxy does not answer that */
	const struct ip *ip = decoy(engine, server, now_ns);
	if (ip == NULL || !say_room(engine, SAY_ASK_BEHIND, now_ns))
		return;
	peer->decoy_ns = now_ns;
	say_probe_from(engine, server, &from, ip, now_ns);
}

static void
try_probe(struct engine *engine, unsigned server, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];
	const struct ip none = ip_v4(0);
	const struct ip *ip = say_target(engine, server);

	if (ip == NULL)
		return;
	if (++peer->trials > TRIALS)
		peer->probes = PROBES_UNANSWERED;
	say_probe_from(engine, server, &none, ip, now_ns);
}

void
arp_probe_tick(struct engine *engine, unsigned server, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];

	/* Who comes back is tried soon: arp_probe_begin(). */
	if (peer->peer.state == PEER_DEAD)
		peer->trial_ns = NEVER;
	if (now_ns < peer->trial_ns)
		return;
	peer->trial_ns = now_ns + RETRY_MS * MS_NS;
	if (peer->peer.state != PEER_ALIVE || !say_room(engine, SAY_ASK_BEHIND, now_ns))
		return;
	/* What was tried and answered comes round once more, for the answer to come. */
	bool again = peer->trials > 0 && peer->trials <= TRIALS;
	if (!again)
		ask_for_decoy(engine, server, now_ns);
	try_probe(engine, server, now_ns);
	if (peer->probes == PROBES_UNANSWERED)
		peer->trial_ns = now_ns + EVERY_MS * MS_NS;
}

void
arp_probe_begin(struct engine *engine, unsigned server, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];
	unsigned pair = engine->self.server * engine->conf->servers + server;

	if (peer->trial_ns == NEVER && !decide_is_passive(engine))
		peer->trial_ns =
		    now_ns + FIRST_MS * MS_NS + pair % 100 * SPREAD_MS * MS_NS;
}

void
arp_probe_forget(struct engine *engine, unsigned server)
{
	struct engine_peer *peer = &engine->peer[server];

	peer->trial_ns = NEVER;
	peer->trials = 0;
	peer->probes = PROBES_UNTRIED;
	peer->other_form = false;
	peer->decoy_ns = 0;
}

bool
arp_probe_proves(
    struct engine *engine, unsigned server, const struct arp *answer, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];
	int address = conf_address_by_ip(engine->conf, &answer->spa);

	if (is_probe(answer)) {
		if (peer->trials > 0 && peer->trial_ns != NEVER)
			peer->trial_ns = now_ns + EVERY_MS * MS_NS;
		peer->probes = PROBES_ANSWERED;
		peer->trials = 0;
		return true;
	}
	if (peer->decoy_ns != 0 && now_ns - peer->decoy_ns < DECOY_MS * MS_NS &&
	    address == (int)peer->decoy &&
	    engine->address[address].owner != (int)server) {
		peer->decoy_ns = 0;
		peer->silent_decoys = 0;
		if (!peer->proxies)
			tell(engine, server, true);
		return false;
	}
	return peer->probes != PROBES_ANSWERED;
}
