/* SPDX-License-Identifier: BSD-2-Clause */
/* say_claim.c - claims: their forms, repeated until the routers confirm, and defended.
 *
 * The forms follow what routers and switches were measured to believe: a unicast request
 * to the router is learnt in every state of its entry and acknowledged; hosts differ in
 * which of the two announcements they take; a broadcast reply whose THA is ff:ff:..
 * passes ARP-suppressing switches and strict inspection. */
#include "engine_internal.h"

enum {
	DEFEND_FIRST_MS = 3, /* between two defences of one address; then twice that .. */
	DEFEND_MS = 100,     /* .. and so on to this */
	DEFEND_CALM_MS = 1000, /* after which it begins again */
	REFRESH_S = 30 /* between two requests from an address that is confirmed */
};

/* After a claim: soon, in case the first frame was lost; beyond the lock time that a
 * router grants a fresh entry (1 s); then with back-off. */
static const uint64_t repeat_ms[] = { 100, 1100, 3000, 7000, 15000, 30000 };
enum { REPEATS = sizeof(repeat_ms) / sizeof(repeat_ms[0]), REPEAT_LAST_MS = 60000 };
/* Without a router to confirm, that many repetitions have to do. */
enum { REPEATS_BLIND = 3 };

static void
confirm(struct engine *engine, unsigned address, unsigned router, uint64_t now_ns)
{
	const struct ip *ip = &engine->conf->address[address].ip;
	struct arp request = say_frame_from(engine, ARP_REQUEST, ip);

	request.tpa = engine->conf->router[router];
	if (!mac_is_zero(&engine->router[router].mac))
		request.dst = engine->router[router].mac;
	say_emit(engine, FRAME_CLAIM, &request, now_ns);
}

static bool
confirmed_by_all(const struct engine *engine, const struct announcing *announcing)
{
	return engine->conf->routers > 0 &&
	       announcing->confirmed == (1u << engine->conf->routers) - 1;
}

void
say_confirm_all(struct engine *engine, unsigned router, uint64_t now_ns)
{
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		struct announcing *announcing = &engine->address[a].announcing;

		if (announcing->claimed_ns == NEVER ||
		    (announcing->confirmed & 1u << router) != 0)
			continue;
		if (pace_room(&engine->pace, now_ns) > 0)
			confirm(engine, a, router, now_ns);
	}
}

/* A claim that every switch lets through to the peers: a broadcast reply to the router.
 * Without one, to anybody but IP: a switch that suppresses ARP swallows what has SPA =
 * TPA. */
struct arp
say_audible_claim(const struct engine *engine, const struct ip *ip)
{
	struct arp reply = say_frame_from(engine, ARP_REPLY, ip);

	reply.tha = mac_broadcast;
	if (engine->conf->routers > 0)
		reply.tpa = engine->conf->router[0];
	else if (!ip_equal(ip, &engine->self.base))
		reply.tpa = say_base(engine);
	else
		reply.tpa = engine->conf->address[0].ip;
	return reply;
}

/* The forms of a claim: what routers believe differs. False: max_rate holds it back. */
static bool
announce(struct engine *engine, unsigned address, uint64_t now_ns)
{
	const struct ip *ip = &engine->conf->address[address].ip;
	struct announcing *announcing = &engine->address[address].announcing;
	uint32_t need = engine->conf->routers + 3;

	if (!engine->link)
		return false;
	if (engine->pace.limit != 0 && need > engine->pace.limit)
		need = engine->pace.limit;
	if (pace_room(&engine->pace, now_ns) < need) {
		engine->counters.delayed++;
		announcing->next_ns = pace_when(&engine->pace, need, now_ns);
		if (engine->owed_ns == NEVER ||
		    now_ns >= engine->owed_ns + 3 * OWED_MS * MS_NS)
			engine->owed_ns = now_ns;
		return false;
	}
	engine->owed_ns = NEVER;
	for (unsigned r = 0; r < engine->conf->routers; r++)
		if ((announcing->confirmed & 1u << r) == 0)
			confirm(engine, address, r, now_ns);
	struct arp request = say_frame_from(engine, ARP_REQUEST, ip);
	say_emit(engine, FRAME_CLAIM, &request, now_ns);
	struct arp reply = say_frame_from(engine, ARP_REPLY, ip);
	reply.tha = reply.sha;
	say_emit(engine, FRAME_CLAIM, &reply, now_ns);
	/* And one for the peers: a switch that suppresses ARP swallows both
	 * announcements. */
	struct arp audible = say_audible_claim(engine, ip);
	say_emit(engine, FRAME_CLAIM, &audible, now_ns);
	return true;
}

void
say_claim(struct engine *engine, unsigned address, uint64_t now_ns)
{
	struct announcing *announcing = &engine->address[address].announcing;

	announcing->confirmed = 0;
	announcing->sent = 0;
	announcing->claimed_ns = now_ns;
	announcing->next_ns = now_ns + repeat_ms[0] * MS_NS;
	for (unsigned r = 0; r < CONF_ROUTERS; r++)
		announcing->took_ns[r] = NEVER;
	announcing->defend_ns = NEVER;
	if (!announce(engine, address, now_ns) && !engine->link)
		announcing->next_ns = NEVER; /* engine_link() announces anew */
	engine_wake_addresses(engine, announcing->next_ns);
}

/* One claim comes in several frames, and after a cold start several servers may claim at
 * once: the pause is short at first, and doubles as long as it goes on. */
static void
defend(struct engine *engine, unsigned address, uint64_t now_ns)
{
	struct announcing *announcing = &engine->address[address].announcing;
	bool calm = announcing->defended_ns == 0 ||
		    now_ns - announcing->defended_ns > DEFEND_CALM_MS * MS_NS;

	announcing->pause_ns = calm ? DEFEND_FIRST_MS * MS_NS : 2 * announcing->pause_ns;
	if (announcing->pause_ns > DEFEND_MS * MS_NS)
		announcing->pause_ns = DEFEND_MS * MS_NS;
	announcing->defended_ns = now_ns;
	say_claim(engine, address, now_ns);
}

void
say_defence(struct engine *engine, unsigned address, uint64_t now_ns)
{
	struct announcing *announcing = &engine->address[address].announcing;
	uint64_t next_ns = announcing->defended_ns + announcing->pause_ns;

	if (announcing->defended_ns != 0 && now_ns < next_ns) {
		/* Held back, not forgotten: the winner speaks last. */
		announcing->defend_ns = next_ns;
		engine_wake_addresses(engine, next_ns);
		return;
	}
	defend(engine, address, now_ns);
}

/* A router may have been told wrong since, and hellos have a form that some ignore: ask
 * it again from the address, now and then. */
static void
refresh(struct engine *engine, unsigned address, uint64_t now_ns)
{
	struct announcing *announcing = &engine->address[address].announcing;

	uint64_t first_ns = announcing->claimed_ns + REFRESH_S * SEC_NS;

	if (engine->every_ns == 0) {
		announcing->next_ns = NEVER; /* passive: silent at rest */
		return;
	}
	if (now_ns < first_ns) {
		announcing->next_ns = first_ns;
		return;
	}
	/* All or none: with few frames to spend the last router would never have its
	 * turn. */
	unsigned more = engine->conf->routers - 1;
	if (!say_room(engine, SAY_ANSWER + more, now_ns)) {
		announcing->next_ns = say_when(engine, SAY_ANSWER + more, now_ns);
		return;
	}
	announcing->next_ns = now_ns + REFRESH_S * SEC_NS;
	for (unsigned r = 0; r < engine->conf->routers; r++)
		confirm(engine, address, r, now_ns);
}

static void
repeat(struct engine *engine, unsigned address, uint64_t now_ns)
{
	struct announcing *announcing = &engine->address[address].announcing;
	bool blind = engine->conf->routers == 0;

	if (announcing->claimed_ns == NEVER ||
	    (blind && announcing->sent >= REPEATS_BLIND && engine->every_ns == 0)) {
		announcing->next_ns = NEVER;
		return;
	}
	if (confirmed_by_all(engine, announcing)) {
		refresh(engine, address, now_ns);
		return;
	}
	if (!announce(engine, address, now_ns))
		return; /* the pace has set the next time */
	announcing->sent++;
	if (blind && announcing->sent >= REPEATS_BLIND) {
		/* Routers that nobody has named may ignore the form of a hello too. */
		announcing->sent = REPEATS_BLIND;
		announcing->next_ns = now_ns + REFRESH_S * SEC_NS;
		return;
	}
	announcing->next_ns =
	    announcing->sent < REPEATS
		? announcing->claimed_ns + repeat_ms[announcing->sent] * MS_NS
		: now_ns + REPEAT_LAST_MS * MS_NS;
	if (announcing->next_ns <= now_ns)
		announcing->next_ns = now_ns + repeat_ms[0] * MS_NS;
}

void
say_tick_address(struct engine *engine, unsigned address, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	struct announcing *announcing = &a->announcing;

	if (!failover_serves(&a->failover) || !a->holding.have || !engine->link) {
		announcing->next_ns = NEVER;
		announcing->defend_ns = NEVER;
		return;
	}
	if (now_ns >= announcing->defend_ns)
		defend(engine, address, now_ns);
	if (now_ns >= announcing->next_ns)
		repeat(engine, address, now_ns);
}

uint64_t
say_deadline_address(const struct engine *engine, unsigned address)
{
	const struct announcing *announcing = &engine->address[address].announcing;

	return announcing->next_ns < announcing->defend_ns ? announcing->next_ns
							   : announcing->defend_ns;
}
