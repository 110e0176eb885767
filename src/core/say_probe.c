/* SPDX-License-Identifier: BSD-2-Clause */
/* say_probe.c - what is said to one server or router: questions, answers, releases.
 *
 * A kernel answers a probe if it has the address; a router answers if self is heard. */
#include "engine_internal.h"

enum {
	ANSWER_MS = 100,    /* between two answers to solicitations of one address */
	BROADCAST_EVERY = 4 /* a router that does not answer is looked for anew */
};

void
say_answer(
    struct engine *engine, unsigned address, const struct ip *asker, uint64_t now_ns)
{
	struct announcing *announcing = &engine->address[address].announcing;

	if (announcing->answered_ns != 0 &&
	    now_ns < announcing->answered_ns + ANSWER_MS * MS_NS)
		return;
	if (!say_room(engine, SAY_ANSWER, now_ns)) {
		engine->counters.dropped++;
		return;
	}
	struct arp reply =
	    say_frame_from(engine, ARP_REPLY, &engine->conf->address[address].ip);
	reply.tpa = *asker;
	reply.tha = mac_broadcast;
	say_emit(engine, FRAME_ANSWER, &reply, now_ns);
	announcing->answered_ns = now_ns;
}

void
say_release_of(
    struct engine *engine, const struct ip *ip, unsigned server, uint64_t now_ns)
{
	struct ip from = say_base(engine);
	struct arp request = say_frame_from(engine, ARP_REQUEST, &from);

	if (!engine->link)
		return;
	request.dst = engine->peer[server].mac;
	request.tha = request.sha; /* what tells it from a probe */
	request.tpa = *ip;
	say_emit(engine, FRAME_RELEASE, &request, now_ns);
}

void
say_release_to(struct engine *engine, unsigned address, unsigned server, uint64_t now_ns)
{
	say_release_of(engine, &engine->conf->address[address].ip, server, now_ns);
}

bool
say_release(struct engine *engine, unsigned address, uint64_t now_ns)
{
	const struct conf_address *listed = &engine->conf->address[address];
	bool said = false;

	for (unsigned t = 0; t < listed->tiers; t++) {
		if (listed->server[t] == engine->self.server ||
		    !say_room(engine, SAY_PROBE, now_ns))
			continue;
		say_release_to(engine, address, listed->server[t], now_ns);
		said = true;
	}
	/* And those whose own files may list them. */
	for (unsigned s = 0; s < engine->conf->servers; s++) {
		if (!differ_peer(engine, s) ||
		    conf_tier(engine->conf, address, s) != CONF_NONE ||
		    !say_room(engine, SAY_PROBE, now_ns))
			continue;
		say_release_to(engine, address, s, now_ns);
		said = true;
	}
	return said;
}

void
say_probe(struct engine *engine, unsigned server, const struct ip *ip, uint64_t now_ns)
{
	struct ip from = arp_probe_sender(engine, server);

	say_probe_from(engine, server, &from, ip, now_ns);
}

void
say_probe_from(struct engine *engine, unsigned server, const struct ip *from,
    const struct ip *ip, uint64_t now_ns)
{
	struct arp request = say_frame_from(engine, ARP_REQUEST, from);

	request.dst = engine->peer[server].mac;
	request.tpa = *ip;
	say_emit(engine, FRAME_PROBE, &request, now_ns);
}

/* The next address that SERVER should own: one that it was heard to own, else one that it
 * is the primary of, else its own base address. */
const struct ip *
say_target(struct engine *engine, unsigned server)
{
	struct engine_peer *peer = &engine->peer[server];
	const struct conf *conf = engine->conf;
	int primary = CONF_NONE;

	for (unsigned i = 1; i <= conf->addresses; i++) {
		unsigned a = (peer->next + i) % conf->addresses;
		if (engine->address[a].owner == (int)server) {
			peer->next = a;
			return &conf->address[a].ip;
		}
		if (primary == CONF_NONE && conf->address[a].server[0] == server)
			primary = (int)a;
	}
	if (!ip_is_none(&peer->base))
		return &peer->base;
	if (primary == CONF_NONE)
		return NULL;
	peer->next = (unsigned)primary;
	return &conf->address[primary].ip;
}

void
say_probe_next(struct engine *engine, unsigned server, uint64_t now_ns)
{
	struct peer *peer = &engine->peer[server].peer;
	const struct ip *ip = say_target(engine, server);

	if (say_needs_witness(engine, peer->burst_ns, peer->sent))
		say_witness(engine, now_ns);
	if (ip == NULL)
		return;
	if (!say_room(engine, SAY_PROBE, now_ns)) {
		/* A probe that did not leave proves nothing: the burst waits for its
		 * turn. */
		peer->sent--;
		peer->deadline_ns = say_when(engine, SAY_PROBE, now_ns);
		if (peer->deadline_ns < now_ns + engine->peer_timing.interval_ns)
			peer->deadline_ns = now_ns + engine->peer_timing.interval_ns;
		return;
	}
	say_probe(engine, server, ip, now_ns);
}

bool
say_needs_witness(const struct engine *engine, uint64_t since_ns, unsigned sent)
{
	if (engine->pace.limit != 0 && sent <= 1)
		return false;
	return engine->heard_ns == NEVER || since_ns == NEVER ||
	       engine->heard_ns < since_ns;
}

static void
ask_router(struct engine *engine, unsigned r, uint64_t now_ns)
{
	struct engine_router *router = &engine->router[r];
	struct ip from = say_base(engine);
	struct arp request = say_frame_from(engine, ARP_REQUEST, &from);

	request.tpa = engine->conf->router[r];
	if (!mac_is_zero(&router->mac) &&
	    router->unanswered % BROADCAST_EVERY != BROADCAST_EVERY - 1)
		request.dst = router->mac;
	router->unanswered++;
	say_emit(engine, FRAME_WITNESS, &request, now_ns);
}

void
say_witness(struct engine *engine, uint64_t now_ns)
{
	/* With few frames to spend, one at a time. */
	unsigned count = engine->pace.limit == 0 ? engine->conf->routers : 1;

	if (engine->conf->routers == 0 ||
	    (engine->witnessed_ns != 0 &&
		now_ns < engine->witnessed_ns + engine->ask_routers_ns))
		return;
	for (unsigned i = 0; i < count; i++) {
		if (!say_room(engine, SAY_WITNESS, now_ns))
			return;
		ask_router(engine, engine->witness, now_ns);
		engine->witness = (engine->witness + 1) % engine->conf->routers;
	}
	engine->witnessed_ns = now_ns;
}
