/* SPDX-License-Identifier: BSD-2-Clause */
/* deaf.c - who does not hear self, though self hears it.
 *
 * A fault of one direction between just two servers leaves both serving: the one that
 * hears nothing takes the other for dead, and its claims go on in spite of every defence.
 * It cannot know; but the other can: it asks, and is answered only by who hears it. Then
 * the one that knows gives way, whoever is better, and does not come back before a
 * question has been answered.
 *
 * A peer has two ears: its kernel may hear what its daemon does not. Then questions are
 * answered, also for the very address that is in dispute, and nobody but a daemon that
 * hears no defence would go on claiming it. Such a daemon is asked by broadcast, which a
 * daemon answers too, and in a form of its own. */
#include "engine_internal.h"

enum {
	DOUBT_CLAIMS = 8, /* against self's defence; one claim is three frames */
	REST_MS = 1000    /* after a question that was answered, between two that only a
			   * daemon answers, and without hellos */
};

/* Between two questions to somebody deaf. */
static uint64_t
again_ns(const struct engine *engine)
{
	uint64_t again_ns = engine->peer_timing.again_ns;

	return again_ns == NEVER ? REST_MS * MS_NS : again_ns;
}

bool
deaf_is(const struct engine *engine, unsigned server)
{
	return engine->peer[server].deaf;
}

void
deaf_doubt(struct engine *engine, unsigned server, unsigned address, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];
	unsigned unheeded = engine->address[address].unheeded;

	if (unheeded < DOUBT_CLAIMS || peer->deaf || peer->ear_ns != NEVER ||
	    (peer->ear_heard_ns != 0 && now_ns - peer->ear_heard_ns < REST_MS * MS_NS))
		return;
	peer->ear_asked = 0;
	peer->ear_address = address;
	peer->ear_ns = now_ns;
	engine_wake(engine, now_ns);
}

void
deaf_answered(struct engine *engine, unsigned server, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];

	if (peer->kernel_hears)
		return;
	peer->deaf = false;
	peer->ear_ns = NEVER;
	peer->ear_heard_ns = now_ns;
}

void
deaf_answered_for(
    struct engine *engine, unsigned server, unsigned address, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];
	const struct engine_address *a = &engine->address[address];

	/* Passive peers would claim what is asked for by broadcast and not answered. */
	if (decide_is_passive(engine) || peer->ear_ns == NEVER || peer->ear_asked == 0 ||
	    peer->ear_address != address || a->failover.phase != PHASE_SERVE ||
	    a->unheeded < DOUBT_CLAIMS)
		return;
	peer->deaf = peer->kernel_hears = true;
	peer->ear_ns = now_ns + REST_MS * MS_NS;
	engine_wake(engine, peer->ear_ns);
}

void
deaf_heeded(struct engine *engine, unsigned server, uint64_t now_ns)
{
	if (!engine->peer[server].kernel_hears)
		return;
	engine->peer[server].kernel_hears = false;
	deaf_answered(engine, server, now_ns);
}

void
deaf_forget(struct engine *engine, unsigned server)
{
	engine->peer[server].deaf = engine->peer[server].kernel_hears = false;
	engine->peer[server].ear_ns = NEVER;
}

/* Whoever serves what is asked for by broadcast answers, its daemon too. Only about what
 * it serves: others take such a question for a router's. */
static void
ask_daemon(struct engine *engine, unsigned server, uint64_t now_ns)
{
	struct ip from = say_base(engine);
	struct arp request = say_frame_from(engine, ARP_REQUEST, &from);
	unsigned a = 0;

	while (a < engine->conf->addresses && engine->address[a].owner != (int)server)
		a++;
	if (a == engine->conf->addresses)
		return;
	request.tpa = engine->conf->address[a].ip;
	say_emit(engine, FRAME_PROBE, &request, now_ns);
}

void
deaf_tick(struct engine *engine, unsigned server, uint64_t now_ns)
{
	struct engine_peer *peer = &engine->peer[server];

	if (now_ns < peer->ear_ns)
		return;
	if (!peer->deaf && peer->ear_asked >= engine_burst_probes(engine))
		peer->deaf = true;
	if (!say_room(engine, SAY_PROBE, now_ns)) {
		peer->ear_ns =
		    say_when(engine, SAY_PROBE, now_ns) + engine->peer_timing.interval_ns;
		return;
	}
	if (peer->kernel_hears) {
		ask_daemon(engine, server, now_ns);
		peer->ear_ns = now_ns + REST_MS * MS_NS;
		return;
	}
	/* What it claims, its kernel has; later that may be something else. */
	const struct ip *ip = NULL;
	if (peer->deaf || peer->ear_asked % 2 == 1)
		ip = say_target(engine, server);
	if (ip == NULL)
		ip = &engine->conf->address[peer->ear_address].ip;
	say_probe(engine, server, ip, now_ns);
	peer->ear_asked++;
	peer->ear_ns =
	    now_ns + (peer->deaf ? again_ns(engine) : engine->peer_timing.interval_ns);
}
