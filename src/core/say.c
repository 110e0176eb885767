/* SPDX-License-Identifier: BSD-2-Clause */
/* say.c - every frame that self sends, and when it is due.
 *
 * The forms follow what routers and switches were measured to believe: a unicast request
 * to the router is learnt in every state of its entry and acknowledged; hosts differ in
 * which of the two announcements they take; a broadcast reply whose THA is ff:ff:..
 * passes ARP-suppressing switches and strict inspection. */
#include <assert.h>

#include "engine_internal.h"

enum {
	DEFEND_FIRST_MS = 3, /* between two defences of one address; then twice that .. */
	DEFEND_MS = 100,     /* .. and so on to this */
	DEFEND_CALM_MS = 1000, /* after which it begins again */
	OWED_MS = 1000,        /* a claim that max_rate holds back longer goes first */
	ANSWER_MS = 100,       /* the same for answers to solicitations */
	REFRESH_S = 30,     /* between two requests from an address that is confirmed */
	FORGET_SHIFT = 8,   /* the loss estimate halves in some 180 hellos */
	BROADCAST_EVERY = 4 /* a router that does not answer is looked for anew */
};

/* After a claim: soon, in case the first frame was lost; beyond the lock time that a
 * router grants a fresh entry (1 s); then with back-off. */
static const uint64_t repeat_ms[] = { 100, 1100, 3000, 7000, 15000, 30000 };
enum { REPEATS = sizeof(repeat_ms) / sizeof(repeat_ms[0]), REPEAT_LAST_MS = 60000 };
/* Without a router to confirm, that many repetitions have to do. */
enum { REPEATS_BLIND = 3 };

static void
emit(struct engine *engine, enum frame_kind frame, const struct arp *arp, uint64_t now_ns)
{
	struct action action = { .kind = ACTION_SEND, .send = { frame, *arp } };
	int claimed = conf_address_by_ip(engine->conf, &arp->spa);

	action.send.arp.note.present = true;
	action.send.arp.note.plan = engine->plan;
	action.send.arp.note.demoted = demote_is(engine, engine->self.server);
	if (claimed != CONF_NONE)
		action.send.arp.note.stay_s =
		    moves_tell(engine, (unsigned)claimed, now_ns);
	if (frame != FRAME_HELLO)
		pace_spend(&engine->pace, now_ns);
	engine->counters.sent[frame]++;
	engine_push(engine, &action);
}

/* A limit so low that nothing would be left over is shared by all. */
static uint32_t
reserve(const struct engine *engine, unsigned rank)
{
	return rank < engine->pace.limit ? rank : engine->pace.limit - 1;
}

/* A claim has waited for so long that everything else waits for it: with a limit of a few
 * frames it needs them all, and questions that trickle out would never leave it as many.
 * But not for ever, in case it has become needless. */
static bool
owing(const struct engine *engine, uint64_t now_ns)
{
	return engine->owed_ns != NEVER && now_ns >= engine->owed_ns + OWED_MS * MS_NS &&
	       now_ns < engine->owed_ns + 3 * OWED_MS * MS_NS;
}

bool
say_room(struct engine *engine, unsigned rank, uint64_t now_ns)
{
	if (!engine->link)
		return false;
	if (engine->pace.limit == 0)
		return true;
	if (!owing(engine, now_ns) &&
	    pace_room(&engine->pace, now_ns) > reserve(engine, rank))
		return true;
	engine->counters.delayed++;
	return false;
}

uint64_t
say_when(const struct engine *engine, unsigned rank, uint64_t now_ns)
{
	if (engine->pace.limit == 0)
		return now_ns;
	if (owing(engine, now_ns))
		return now_ns + engine->pace.window_ns / engine->pace.limit;
	return pace_when(&engine->pace, reserve(engine, rank) + 1, now_ns);
}

static struct arp
frame_from(const struct engine *engine, uint16_t op, const struct ip *spa)
{
	return (struct arp){
		.dst = mac_broadcast,
		.src = engine->self.mac,
		.op = op,
		.sha = engine->self.mac,
		.spa = *spa,
		.tpa = *spa,
	};
}

static struct ip
base(const struct engine *engine)
{
	/* RFC 5227's probe: 0.0.0.0 asks without claiming anything. */
	return ip_is_none(&engine->self.base) ? ip_v4(0) : engine->self.base;
}

static void
confirm(struct engine *engine, unsigned address, unsigned router, uint64_t now_ns)
{
	const struct ip *ip = &engine->conf->address[address].ip;
	struct arp request = frame_from(engine, ARP_REQUEST, ip);

	request.tpa = engine->conf->router[router];
	if (!mac_is_zero(&engine->router[router].mac))
		request.dst = engine->router[router].mac;
	emit(engine, FRAME_CLAIM, &request, now_ns);
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
static struct arp
audible_claim(const struct engine *engine, const struct ip *ip)
{
	struct arp reply = frame_from(engine, ARP_REPLY, ip);

	reply.tha = mac_broadcast;
	if (engine->conf->routers > 0)
		reply.tpa = engine->conf->router[0];
	else if (!ip_equal(ip, &engine->self.base))
		reply.tpa = base(engine);
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
	struct arp request = frame_from(engine, ARP_REQUEST, ip);
	emit(engine, FRAME_CLAIM, &request, now_ns);
	struct arp reply = frame_from(engine, ARP_REPLY, ip);
	reply.tha = reply.sha;
	emit(engine, FRAME_CLAIM, &reply, now_ns);
	/* And one for the peers: a switch that suppresses ARP swallows both
	 * announcements. */
	struct arp audible = audible_claim(engine, ip);
	emit(engine, FRAME_CLAIM, &audible, now_ns);
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
	    frame_from(engine, ARP_REPLY, &engine->conf->address[address].ip);
	reply.tpa = *asker;
	reply.tha = mac_broadcast;
	emit(engine, FRAME_ANSWER, &reply, now_ns);
	announcing->answered_ns = now_ns;
}

void
say_release_of(
    struct engine *engine, const struct ip *ip, unsigned server, uint64_t now_ns)
{
	struct ip from = base(engine);
	struct arp request = frame_from(engine, ARP_REQUEST, &from);

	if (!engine->link)
		return;
	request.dst = engine->peer[server].mac;
	request.tha = request.sha; /* what tells it from a probe */
	request.tpa = *ip;
	emit(engine, FRAME_RELEASE, &request, now_ns);
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
	struct ip from = base(engine);
	struct arp request = frame_from(engine, ARP_REQUEST, &from);

	request.dst = engine->peer[server].mac;
	request.tpa = *ip;
	emit(engine, FRAME_PROBE, &request, now_ns);
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
	struct ip from = base(engine);
	struct arp request = frame_from(engine, ARP_REQUEST, &from);

	request.tpa = engine->conf->router[r];
	if (!mac_is_zero(&router->mac) &&
	    router->unanswered % BROADCAST_EVERY != BROADCAST_EVERY - 1)
		request.dst = router->mac;
	router->unanswered++;
	emit(engine, FRAME_WITNESS, &request, now_ns);
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

/* One hello for all: of the next address that self serves, so that they take turns and a
 * router's wrong entry is put right within one turn. A server that serves nothing says
 * that it is there, from its base address: it may be the next in line. */
static void
hello(struct engine *engine, uint64_t now_ns)
{
	const struct conf *conf = engine->conf;
	const struct ip *ip = NULL;

	for (unsigned i = 1; i <= conf->addresses && ip == NULL; i++) {
		unsigned a = (engine->hello_address + i) % conf->addresses;
		const struct engine_address *address = &engine->address[a];
		if (address->failover.phase != PHASE_SERVE || !address->holding.have)
			continue;
		engine->hello_address = a;
		ip = &conf->address[a].ip;
	}
	if (ip == NULL && decide_may_claim(engine) && !ip_is_none(&engine->self.base))
		ip = &engine->self.base;
	if (ip == NULL)
		return;
	struct arp word = audible_claim(engine, ip);
	emit(engine, FRAME_HELLO, &word, now_ns);
}

void
say_tick(struct engine *engine, uint64_t now_ns)
{
	uint64_t every_ns = engine->every_ns;

	if (every_ns == 0 || !engine->link)
		return;
	/* Whatever the reason for an early one, under max_rate no two come closer. */
	if (engine->pace.limit != 0 && engine->said_ns != 0 &&
	    engine->hello_ns < engine->said_ns + every_ns)
		engine->hello_ns = engine->said_ns + every_ns;
	if (now_ns >= engine->hello_ns) {
		hello(engine, now_ns);
		engine->loss -= engine->loss >> FORGET_SHIFT;
		/* Keep the beat; after a gap, start a new one. */
		engine->said_ns = now_ns;
		engine->hello_ns += every_ns;
		if (engine->hello_ns <= now_ns)
			engine->hello_ns = now_ns + every_ns;
	}
	/* When nobody is heard, the routers are asked whether it is self that is cut off.
	 */
	if (now_ns >= engine->witness_ns) {
		uint64_t quiet_ns =
		    engine->heard_ns == NEVER
			? now_ns
			: engine->heard_ns + engine->peer_timing.suspect_ns;
		if (now_ns < quiet_ns) {
			engine->witness_ns = quiet_ns;
			return;
		}
		say_witness(engine, now_ns);
		engine->witness_ns = now_ns + engine->ask_routers_ns;
		if (engine->isolated && engine->witness_ns < now_ns + every_ns)
			engine->witness_ns = now_ns + every_ns;
	}
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
