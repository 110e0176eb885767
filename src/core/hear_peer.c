/* SPDX-License-Identifier: BSD-2-Clause */
/* hear_peer.c - signs of life: somebody is heard, a daemon speaks, a kernel answers. */
#include "engine_internal.h"

enum {
	LOSS_SHIFT = 4 /* weight of one burst in the loss estimate: 1/16 */
};

/* Anything from anybody proves that self is not cut off. */
void
hear_something(struct engine *engine, uint64_t now_ns)
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
void
hear_wake_doubted(struct engine *engine, uint64_t now_ns)
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

void
hear_peer(struct engine *engine, unsigned server, const struct arp *arp, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];
	enum peer_state before = peer->peer.state;
	bool first = !peer->heard;

	peer->mac = arp->sha;
	peer->heard = true;
	peer_heard(&peer->peer, &engine->peer_timing, now_ns);
	engine_wake(engine, peer->peer.deadline_ns);
	arp_probe_begin(engine, server, now_ns);
	if (before == PEER_DEAD || first)
		report_peer(engine, server);
}

void
hear_peer_answer(struct engine *engine, unsigned server, uint64_t now_ns)
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
