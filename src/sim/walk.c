/* SPDX-License-Identifier: BSD-2-Clause */
/* walk.c - small worlds, completely.
 *
 * Two or three servers, two addresses, one router, nothing by chance. All is calm; then
 * every history is walked in which at most K faults happen and at most D frames have bad
 * luck. What "every" covers:
 *
 * When. The world is a sequence of events: a server's turn, a frame that arrives, a lease
 * that ends, a router's timer. A fault may fall between any two of them, also between two
 * of the same instant. The first fault falls within FIRST_MS (every phase of the hellos;
 * without drops every phase of the renewals too), each later one within LATER_MS of the
 * one before, and after that, until END_MS, wherever the abstract state has just changed,
 * which is where leases and failback delays end.
 *
 * What. Power lost and back, carrier lost and back, daemon killed and started, frozen and
 * thawed, stopped, drained and resumed, a cable silent from, to or both ways, and not any
 * more: on each server, whatever its state allows. One fault too, with its end, is a
 * daemon that is frozen, or a cable that is silent to or both ways, for BLINK_MS.
 *
 * Frames. Each frame that arrives within LUCK_MS of a fault (of the calm, where there is
 * none) may be lost for each receiver, lost for all, late by more than a probe interval
 * (so that later ones overtake it), or come after another station's frame or the
 * receiver's own turn of the same instant.
 *
 * promise.c looks on all the time. Where nothing but frames went wrong no address may
 * move; where a server crashes in the calm only its own may, in time. At the end of each
 * history everything must find its place, first with what is left (if nobody hangs or is
 * silent), then once more when all has been put right.
 *
 * What it does not cover: a fault in the middle of a gap differs from one at its
 * beginning only in the phase of the timers that it starts, and only the beginning is
 * walked. Leases end within SWEEP_MS, clocks do not drift, address changes succeed at
 * once, cables take what they take, there is one kind of router. The hunt rolls dice for
 * all of that.
 *
 * Histories that lead to the very same state of the whole world (every byte that anything
 * can depend on, times included) go on in the same way, and only one of them does; states
 * are told apart by a hash of 64 bits. */
#include "walk.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../core/engine_internal.h" /* to copy an engine, and to compare two */
#include "tell.h"
#include "world_internal.h"

enum {
	CALM_MS = 5000, /* before the first fault */
	FIRST_MS = 100, /* a hello interval */
	RENEW_MS = 250, /* between two renewals of a lease */
	LATER_MS = 400, /* detection, claim, confirmation, hold-down */
	LUCK_MS = 250,  /* frames may have bad luck for that long after a fault */
	BLINK_MS = 200, /* longer than a detection */
	END_MS = 2500,  /* the end of a lease and what follows */
	LOOK_MS = 50,   /* between two looks at the end */
	LOOKS = 12,     /* that must be content, one after another */
	SWEEP_MS = 50,
	SLACK_MS = 25, /* as the promise of the outage has it */
	LATE_MS = 6,   /* a probe interval, and more */
	TRAIL = 16,
	ADDRESSES = 2
};

/* --- sets of hashes ----------------------------------------------------------------- */

struct set {
	uint64_t *slot; /* 0: empty */
	size_t limit, count;
};

static bool set_add(struct set *set, uint64_t value);

static void
set_grow(struct set *set)
{
	struct set more = { .limit = set->limit == 0 ? 1u << 16 : 2 * set->limit };

	more.slot = calloc(more.limit, sizeof(*more.slot));
	if (more.slot == NULL)
		abort();
	for (size_t i = 0; i < set->limit; i++)
		if (set->slot[i] != 0)
			set_add(&more, set->slot[i]);
	free(set->slot);
	*set = more;
}

/* False: it was there. */
static bool
set_add(struct set *set, uint64_t value)
{
	value += value == 0;
	if (4 * (set->count + 1) > 3 * set->limit)
		set_grow(set);
	size_t at = (size_t)(value >> 17) & (set->limit - 1);
	for (; set->slot[at] != 0; at = (at + 1) & (set->limit - 1))
		if (set->slot[at] == value)
			return false;
	set->slot[at] = value;
	set->count++;
	return true;
}

/* --- one history -------------------------------------------------------------------- */

enum luck {
	LUCK_LOST,   /* for the ports in .ports */
	LUCK_LATE,   /* for all */
	LUCK_SECOND, /* another frame of the same instant comes first */
	LUCK_TURN,   /* its receiver's turn of the same instant comes first */
	LUCK_FAULT,  /* no frame: .fault */
};

struct choice {
	enum luck luck;
	uint64_t step; /* how many steps after the calm */
	uint64_t at_ns;
	struct fault fault;
	bool blink; /* which ends by itself */
	struct arp arp;
	uint64_t ports[2];
};

struct walk {
	const struct walk_options *options;
	const struct conf *conf;
	FILE *out;
	struct set states, abstracts;
	uint64_t dice; /* rolled anew before each event, so that nothing is by chance */
	uint64_t first_ns;
	uint64_t calm_moves;
	uint64_t histories, merged, events;
	/* The history under way. */
	struct choice trail[TRAIL];
	unsigned choices;
	/* The first one that broke a promise. */
	struct choice broken[TRAIL];
	unsigned broken_choices;
	struct violation violation;
	uint64_t violations;
	uint64_t broken_ns;
	uint64_t mended_ns; /* 0: not yet when it broke */
	uint64_t mend_ns;   /* of the history under way */
};

/* What is left of a history's bounds. */
struct budget {
	unsigned faults, drops;
	bool begun;       /* a fault has happened */
	uint64_t last_ns; /* the last one */
	uint64_t step;
	uint64_t offered; /* the frame that luck was last offered for */
	uint64_t abstract;
};

/* --- a copy of a world -------------------------------------------------------------- */

static void *
copy_of(const void *from, size_t size)
{
	void *copy = malloc(size);

	if (copy == NULL)
		abort();
	return memcpy(copy, from, size);
}

/* The queue of actions is empty between two events, and its place is left as it is. */
static struct engine *
copy_engine(const struct engine *from, const struct conf *conf)
{
	const uint8_t *begin = (const uint8_t *)from;
	size_t addresses = (size_t)((const uint8_t *)from->address - begin);
	size_t actions = (size_t)((const uint8_t *)from->actions - begin);
	uint8_t *memory = malloc(engine_size(conf));

	if (memory == NULL)
		abort();
	assert(addresses < actions && from->action_head == from->action_tail);
	memcpy(memory, from, actions);
	struct engine *engine = (struct engine *)(void *)memory;
	engine->address = (struct engine_address *)(void *)(memory + addresses);
	engine->actions = (struct action *)(void *)(memory + actions);
	return engine;
}

static struct world *
copy_world(const struct world *from)
{
	struct world *world = copy_of(from, sizeof(*from));
	const struct conf *conf = from->conf;

	for (unsigned s = 0; s < conf->servers; s++) {
		struct world_server *server = &world->server[s];
		server->memory = NULL;
		if (server->engine != NULL)
			server->memory = server->engine =
			    copy_engine(server->engine, conf);
		server->lease_ns = copy_of(
		    server->lease_ns, conf->addresses * sizeof(*server->lease_ns));
		server->got_ns =
		    copy_of(server->got_ns, conf->addresses * sizeof(*server->got_ns));
		/* As large as world_new() makes it; only what is in it is copied. */
		struct arp *inbox = malloc(WORLD_INBOX * sizeof(*inbox));
		if (inbox == NULL)
			abort();
		memcpy(inbox, server->inbox, server->inbox_len * sizeof(*inbox));
		server->inbox = inbox;
		server->sent_ns = copy_of(server->sent_ns,
		    (conf->timing.max_rate + 1u) * sizeof(*server->sent_ns));
	}
	for (unsigned r = 0; r < world->routers; r++)
		world->router[r].entry = copy_of(world->router[r].entry,
		    conf->addresses * sizeof(*world->router[r].entry));
	world->queue_limit = from->queued + 64;
	world->queue = malloc(world->queue_limit * sizeof(*world->queue));
	if (world->queue == NULL)
		abort();
	memcpy(world->queue, from->queue, from->queued * sizeof(*world->queue));
	world->twin_ns =
	    copy_of(from->twin_ns, conf->addresses * sizeof(*world->twin_ns));
	world->untwin_ns =
	    copy_of(from->untwin_ns, conf->addresses * sizeof(*world->untwin_ns));
	return world;
}

/* --- the state of a world as one number --------------------------------------------- */

static uint64_t
mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9fb21c651e98df25);
	return hash ^ hash >> 32;
}

/* In four lanes, which a processor mixes at the same time. */
static uint64_t
mix_bytes(uint64_t hash, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint64_t lane[4] = { hash, 1, 2, 3 };
	uint64_t word[4];

	for (; size >= sizeof(word); size -= sizeof(word), at += sizeof(word)) {
		memcpy(word, at, sizeof(word));
		for (unsigned i = 0; i < 4; i++)
			lane[i] = mix(lane[i], word[i]);
	}
	memset(word, 0, sizeof(word));
	memcpy(word, at, size);
	for (unsigned i = 0; i < 4; i++)
		lane[i] = mix(lane[i], word[i]);
	return mix(mix(lane[0], lane[1]), mix(lane[2], lane[3]));
}

/* All but what only counts, what is used by nobody here, and where it is in memory.
 * Padding may make two equal states differ; then both are walked. */
static uint64_t
mix_engine(uint64_t hash, const struct engine *engine)
{
#define END(member) (offsetof(struct engine, member) + sizeof(engine->member))
	const struct conf *conf = engine->conf;
	const struct {
		size_t from, to;
	} spans[] = {
		{ END(conf), offsetof(struct engine, address) },
		{ END(address), offsetof(struct engine, peer[conf->servers]) },
		{ END(peer), offsetof(struct engine, router[conf->routers]) },
		{ END(router), offsetof(struct engine, counters) },
		{ END(counters), offsetof(struct engine, pace) },
		{ END(pace), offsetof(struct engine, actions) },
	};
#undef END

	static_assert(
	    offsetof(struct engine, conf) == 0, "the first span begins after it");
	assert(engine->action_head == engine->action_tail && engine->pace.limit == 0);
	for (unsigned i = 0; i < sizeof(spans) / sizeof(spans[0]); i++)
		hash = mix_bytes(hash, (const uint8_t *)engine + spans[i].from,
		    spans[i].to - spans[i].from);
	return mix_bytes(
	    hash, engine->address, conf->addresses * sizeof(*engine->address));
}

static uint64_t
flags_of(const struct world *world, unsigned s)
{
	const struct world_server *server = &world->server[s];
	const bool flag[] = { server->engine != NULL, server->frozen, server->leaves,
		server->stops, server->power, server->carrier, server->flapped,
		world->from[s].cut, world->to[s].cut };
	uint64_t flags = 0;

	for (unsigned i = 0; i < sizeof(flag) / sizeof(flag[0]); i++)
		flags = flags << 1 | flag[i];
	return flags;
}

static uint64_t
mix_server(uint64_t hash, const struct world *world, unsigned s)
{
	const struct world_server *server = &world->server[s];

	hash = mix(hash, flags_of(world, s));
	hash = mix(mix(hash, server->halted_ns), server->sweep_ns);
	hash = mix(mix(hash, server->heard_ns), server->disturbed_ns);
	hash = mix(hash, world->net.port[s].forwards_ns);
	for (unsigned a = 0; a < world->conf->addresses; a++)
		hash = mix(mix(hash, server->lease_ns[a]), server->got_ns[a]);
	hash = mix_bytes(hash, server->inbox, server->inbox_len * sizeof(*server->inbox));
	return server->engine == NULL ? hash : mix_engine(hash, server->engine);
}

/* The queue's heap may be arranged in more than one way; in order it is a heap too. */
static int
by_time(const void *a, const void *b)
{
	const struct world_event *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static void
sort_queue(struct world *world)
{
	if (world->queued > 1)
		qsort(world->queue, world->queued, sizeof(*world->queue), by_time);
}

/* What the switch has learnt is left out: it knows everybody, and nobody moves. */
static uint64_t
state_of(struct world *world)
{
	uint64_t hash = mix(1, world->now_ns);

	sort_queue(world);
	for (unsigned i = 0; i < world->queued; i++) {
		const struct world_event *event = &world->queue[i];
		hash = mix(mix(hash, event->at_ns), event->frame.ports[0]);
		hash = mix(hash, event->frame.ports[1]);
		hash = mix_bytes(hash, &event->frame.arp, sizeof(event->frame.arp));
	}
	for (unsigned s = 0; s < world->conf->servers; s++)
		hash = mix_server(hash, world, s);
	for (unsigned r = 0; r < world->routers; r++)
		hash = mix_bytes(hash, world->router[r].entry,
		    world->conf->addresses * sizeof(*world->router[r].entry));
	for (unsigned a = 0; a < world->conf->addresses; a++)
		hash = mix(mix(hash, world->twin_ns[a]), world->untwin_ns[a]);
	for (unsigned i = world->fault_at; i < world->faults; i++)
		hash = mix(mix(hash, world->fault[i].at_ns),
		    (uint64_t)world->fault[i].kind << 32 |
			(unsigned)world->fault[i].server);
	return mix(hash, world->step_ns);
}

/* What a person would call the state: who stands how, who serves what, who is thought to
 * be alive, where the routers send. */
static uint64_t
abstract_of(const struct world *world)
{
	uint64_t hash = 2;

	for (unsigned s = 0; s < world->conf->servers; s++) {
		const struct world_server *server = &world->server[s];
		hash = mix(hash, flags_of(world, s));
		uint64_t word = 0;
		for (unsigned a = 0; a < world->conf->addresses; a++) {
			const struct engine *engine = server->engine;
			word = word << 8 | (server->lease_ns[a] != 0 ? 16u : 0u);
			if (engine != NULL)
				word |= engine->address[a].failover.phase;
		}
		if (server->engine != NULL)
			word = word << 4 | engine_standing(server->engine);
		for (unsigned p = 0; server->engine != NULL && p < world->conf->servers;
		     p++)
			word = word << 2 | server->engine->peer[p].peer.state;
		hash = mix(hash, word);
	}
	for (unsigned r = 0; r < world->routers; r++)
		for (unsigned a = 0; a < world->conf->addresses; a++) {
			const struct router_entry *entry = &world->router[r].entry[a];
			bool known = entry->state >= ENTRY_REACHABLE;
			hash = mix(hash, known ? entry->mac.byte[5] : 0u);
		}
	return hash;
}

/* --- the end of a history ----------------------------------------------------------- */

static void
broken(struct walk *walk, const struct world *world)
{
	if (walk->violations++ > 0)
		return;
	walk->violation = world->violation;
	walk->broken_ns = world_time(world);
	walk->mended_ns = walk->mend_ns;
	memcpy(walk->broken, walk->trail, sizeof(walk->trail));
	walk->broken_choices = walk->choices;
}

/* One event; what the kernel and the routers roll is always the same. False: a promise is
 * broken. */
static bool
step(struct walk *walk, struct world *world)
{
	dice_seed(&world->dice, walk->dice);
	walk->events++;
	world_step(world, UINT64_MAX / 2);
	return world->violation.promise == PROMISE_NONE;
}

static bool
in_place(const struct world *world, unsigned a)
{
	int best = world_best(world, a);
	uint64_t wanted = best == CONF_NONE ? 0 : UINT64_C(1) << best;

	if (world_holders(world, a) != wanted)
		return false;
	for (unsigned r = 0; best != CONF_NONE && r < world->routers; r++) {
		const struct router_entry *entry = &world->router[r].entry[a];
		struct mac mac = server_mac((unsigned)best);
		if (entry->state < ENTRY_REACHABLE || !mac_equal(&entry->mac, &mac))
			return false;
	}
	return true;
}

static void
not_in_place(struct world *world, const char *when)
{
	for (unsigned a = 0; a < world->conf->addresses; a++) {
		int best = world_best(world, a);
		if (in_place(world, a))
			continue;
		promise_broken(world,
		    world_holders(world, a) ==
			    (best == CONF_NONE ? 0 : UINT64_C(1) << best)
			? PROMISE_ROUTED
			: PROMISE_CONVERGE,
		    best, CONF_NONE, (int)a,
		    "%s it is not in its place (best %d, had by %llx)", when, best,
		    (unsigned long long)world_holders(world, a));
	}
}

static uint64_t
bound_ns(const struct conf *conf)
{
	return 10 * SEC_NS + conf->timing.lease_ns + 32 * conf->timing.failback_ns +
	       conf->servers * conf->timing.answer_timeout_ns;
}

/* Until all is in its place, and has stayed there for a while. False: never, or nobody
 * needs to know, for another history has been here. */
static bool
settle(struct walk *walk, struct world *world, unsigned part)
{
	uint64_t end_ns = world->now_ns + bound_ns(world->conf);
	uint64_t abstract = 0;

	for (unsigned content = 0; content < LOOKS;) {
		uint64_t look_ns = world->step_ns;
		/* Now and then is enough, if it is the same time for all. */
		if (world_time(world) / (LOOK_MS * MS_NS) % 4 == 0 &&
		    !set_add(&walk->states, mix(state_of(world), part))) {
			walk->merged++;
			return false;
		}
		while (world->step_ns == look_ns) {
			if (!step(walk, world)) {
				broken(walk, world);
				return false;
			}
		}
		uint64_t now = abstract_of(world);
		if (now != abstract)
			set_add(&walk->abstracts, now);
		abstract = now;
		bool good = true;
		for (unsigned a = 0; a < world->conf->addresses; a++)
			good = good && in_place(world, a);
		content = good ? content + 1 : 0;
		if (content == 0 && world->now_ns > end_ns) {
			not_in_place(world,
			    part == 1 ? "with what is left" : "all is mended, and");
			broken(walk, world);
			return false;
		}
	}
	return true;
}

/* Each server either takes part or does not; nobody hangs, nobody is half heard. */
static bool
clear(const struct world *world)
{
	for (unsigned s = 0; s < world->conf->servers; s++) {
		const struct world_server *server = &world->server[s];
		bool away = !server->power || (server->engine == NULL && !server->frozen);
		bool cut = world->from[s].cut || world->to[s].cut;
		if (!away && (server->frozen || cut))
			return false;
	}
	return true;
}

/* No server has had a fault, so nothing may have moved. */
static void
demand_stillness(struct walk *walk, struct world *world)
{
	for (unsigned i = 0; i < walk->choices; i++)
		if (walk->trail[i].luck == LUCK_FAULT)
			return;
	if (world->moves == walk->calm_moves)
		return;
	promise_broken(world, PROMISE_STILL, CONF_NONE, CONF_NONE, CONF_NONE,
	    "an address moved although nothing but frames went wrong");
	broken(walk, world);
}

static void
finish(struct walk *walk, struct world *world)
{
	struct fault mend = {
		.kind = FAULT_RETURN, .server = FAULT_ALL, .address = CONF_NONE
	};

	walk->histories++;
	while (world->fault_at < world->faults)
		if (!step(walk, world)) {
			broken(walk, world);
			return;
		}
	if (clear(world) && !settle(walk, world, 1))
		return;
	demand_stillness(walk, world);
	mend.at_ns = walk->mend_ns = world_time(world);
	dice_seed(&world->dice, walk->dice);
	fault_apply(world, &mend);
	if (world->violation.promise == PROMISE_NONE)
		settle(walk, world, 2);
	walk->mend_ns = 0;
}

/* --- every history ------------------------------------------------------------------ */

static void descend(struct walk *walk, struct world *world, struct budget budget);

static void
choose(struct walk *walk, const struct world *world, const struct budget *budget,
    const struct choice *choice)
{
	assert(walk->choices < TRAIL);
	walk->trail[walk->choices] = *choice;
	walk->trail[walk->choices].step = budget->step;
	walk->trail[walk->choices++].at_ns = world_time(world);
}

/* All was calm, and SERVER has just lost its power. */
static void
demand_takeover(struct walk *walk, const struct world *crashed, unsigned server)
{
	const struct conf_timing *timing = &crashed->conf->timing;
	struct world *world = copy_world(crashed);
	uint64_t end_ns = world->now_ns + timing->hello_ns + timing->hello_ns / 2 +
			  timing->probes * timing->probe_interval_ns + SLACK_MS * MS_NS;

	while (world->now_ns < end_ns && step(walk, world))
		;
	for (unsigned a = 0; a < world->conf->addresses; a++)
		if (!in_place(world, a))
			promise_broken(world, PROMISE_OUTAGE, world_best(world, a),
			    (int)server, (int)a, "is not in its place after the crash");
	unsigned own = 0;
	for (unsigned a = 0; a < world->conf->addresses; a++)
		own += world->conf->address[a].server[0] == server;
	if (world->moves > walk->calm_moves + own)
		promise_broken(world, PROMISE_OWN_ONLY, (int)server, CONF_NONE, CONF_NONE,
		    "more moved than it had served");
	if (world->violation.promise != PROMISE_NONE)
		broken(walk, world);
	world_free(world);
}

static void
apply_fault(const struct walk *walk, struct world *world, const struct choice *choice)
{
	struct fault end = choice->fault;

	dice_seed(&world->dice, walk->dice);
	fault_apply(world, &choice->fault);
	if (!choice->blink)
		return;
	end.at_ns += BLINK_MS * MS_NS;
	end.kind = choice->fault.kind == FAULT_FREEZE ? FAULT_THAW : FAULT_SILENCE;
	end.amount = 0;
	world_fault(world, &end);
}

static void
try_fault(struct walk *walk, const struct world *world, struct budget budget,
    const struct choice *choice)
{
	struct world *other = copy_world(world);

	choose(walk, world, &budget, choice);
	apply_fault(walk, other, choice);
	if (walk->choices == 1 && choice->fault.kind == FAULT_CRASH)
		demand_takeover(walk, other, (unsigned)choice->fault.server);
	budget.faults--;
	budget.begun = true;
	budget.last_ns = world->now_ns;
	if (other->violation.promise != PROMISE_NONE)
		broken(walk, other);
	else
		descend(walk, other, budget);
	walk->choices--;
	world_free(other);
}

static void
try_faults(struct walk *walk, const struct world *world, const struct budget *budget)
{
	for (unsigned s = 0; s < world->conf->servers; s++) {
		const struct world_server *server = &world->server[s];
		const bool power = server->power, carrier = server->carrier;
		const bool daemon = server->engine != NULL;
		const bool runs = daemon && !server->frozen;
		const unsigned cut = world->from[s].cut | (unsigned)world->to[s].cut << 1;
		const struct {
			bool may;
			enum fault_kind kind;
			unsigned amount;
			bool blink;
		} menu[] = {
			{ power, FAULT_CRASH, 0, false },
			{ !power, FAULT_RETURN, 0, false },
			{ power && carrier, FAULT_CUT, 0, false },
			{ power && !carrier, FAULT_MEND, 0, false },
			{ daemon, FAULT_KILL, 0, false },
			{ power && !daemon, FAULT_START, 0, false },
			{ runs, FAULT_FREEZE, 0, false },
			{ server->frozen, FAULT_THAW, 0, false },
			{ runs && !server->stops, FAULT_STOP, 0, false },
			{ runs && !server->leaves, FAULT_DRAIN, 0, false },
			{ runs && !server->stops, FAULT_RESUME, 0, false },
			{ power && cut != 0, FAULT_SILENCE, 0, false },
			{ power && cut != 1, FAULT_SILENCE, 1, false },
			{ power && cut != 2, FAULT_SILENCE, 2, false },
			{ power && cut != 3, FAULT_SILENCE, 3, false },
			{ runs, FAULT_FREEZE, 0, true },
			{ power && cut == 0, FAULT_SILENCE, 2, true },
			{ power && cut == 0, FAULT_SILENCE, 3, true },
		};
		for (unsigned i = 0; i < sizeof(menu) / sizeof(menu[0]); i++) {
			struct choice choice = { .luck = LUCK_FAULT,
				.fault = { .at_ns = world_time(world),
				    .kind = menu[i].kind,
				    .server = (int)s,
				    .address = CONF_NONE,
				    .amount = menu[i].amount },
				.blink = menu[i].blink };
			if (menu[i].may)
				try_fault(walk, world, *budget, &choice);
		}
	}
}

static void
apply_luck(struct world *world, const struct choice *choice)
{
	struct world_event *head = world->queue;

	sort_queue(world);
	switch (choice->luck) {
	case LUCK_LOST:
		head->frame.ports[0] &= ~choice->ports[0];
		head->frame.ports[1] &= ~choice->ports[1];
		break;
	case LUCK_LATE:
		head->at_ns += LATE_MS * MS_NS;
		break;
	case LUCK_TURN:
		head->at_ns++;
		break;
	case LUCK_SECOND: {
		/* The first one of another station moves to the front. */
		unsigned i = 1;
		while (mac_equal(&head->frame.arp.sha, &head[i].frame.arp.sha))
			i++;
		uint64_t sequence = head->sequence;
		for (unsigned j = 0; j < i; j++)
			head[j].sequence = head[j + 1].sequence;
		head[i].sequence = sequence;
		break;
	}
	case LUCK_FAULT:
	default:
		break;
	}
	sort_queue(world);
}

static void
try_luck(struct walk *walk, const struct world *world, struct budget budget,
    enum luck luck, const uint64_t ports[2])
{
	struct choice choice = { .luck = luck,
		.arp = world->queue[0].frame.arp,
		.ports = { ports[0], ports[1] } };
	struct world *other = copy_world(world);

	choose(walk, world, &budget, &choice);
	apply_luck(other, &choice);
	budget.drops--;
	descend(walk, other, budget);
	walk->choices--;
	world_free(other);
}

/* Who would notice the frame? */
static bool
listens(const struct world *world, unsigned port)
{
	return port >= CONF_SERVERS ||
	       (world->server[port].power && world->server[port].carrier);
}

static void
try_lucks(struct walk *walk, struct world *world, struct budget *budget)
{
	sort_queue(world);
	if (world->queued == 0 || world->queue[0].sequence == budget->offered)
		return;
	const struct world_event *head = &world->queue[0];
	const uint64_t *ports = head->frame.ports;
	unsigned listeners = 0;
	bool turn = false, second = false;

	budget->offered = head->sequence;
	for (unsigned port = 0; port < WORLD_PORTS; port++) {
		uint64_t one[2] = { 0, 0 };
		if ((ports[port / 64] >> port % 64 & 1) == 0 || !listens(world, port))
			continue;
		one[port / 64] = UINT64_C(1) << port % 64;
		listeners++;
		try_luck(walk, world, *budget, LUCK_LOST, one);
		turn = turn ||
		       (port < CONF_SERVERS && world->server[port].engine != NULL &&
			   engine_deadline(world->server[port].engine) == head->at_ns);
	}
	if (listeners > 1)
		try_luck(walk, world, *budget, LUCK_LOST, ports);
	if (listeners == 0)
		return;
	try_luck(walk, world, *budget, LUCK_LATE, ports);
	for (unsigned i = 1; i < world->queued && head[i].at_ns == head->at_ns; i++)
		second =
		    second || !mac_equal(&head[i].frame.arp.sha, &head->frame.arp.sha);
	if (second)
		try_luck(walk, world, *budget, LUCK_SECOND, ports);
	if (turn)
		try_luck(walk, world, *budget, LUCK_TURN, ports);
}

/* May a fault fall here? */
static bool
fault_due(const struct world *world, const struct budget *budget, bool changed)
{
	uint64_t after_ns = world->now_ns - budget->last_ns;

	if (budget->faults == 0)
		return false;
	if (!budget->begun)
		return true;
	return after_ns <= LATER_MS * MS_NS || changed;
}

static bool
luck_due(const struct world *world, const struct budget *budget)
{
	return budget->begun && budget->drops > 0 &&
	       world->now_ns - budget->last_ns <= LUCK_MS * MS_NS;
}

static bool
over(const struct walk *walk, const struct world *world, const struct budget *budget)
{
	uint64_t after_ns = world->now_ns - budget->last_ns;

	if (!budget->begun)
		return after_ns > walk->first_ns;
	if (budget->faults > 0)
		return after_ns > END_MS * MS_NS;
	return budget->drops == 0 || after_ns > LUCK_MS * MS_NS;
}

/* Another history has led here, with as much left to go wrong. */
static bool
been_here(struct walk *walk, struct world *world, const struct budget *budget)
{
	uint64_t state = mix(state_of(world), budget->last_ns);
	bool offered = world->queued > 0 && world->queue[0].sequence == budget->offered;

	state = mix(state, (uint64_t)budget->faults << 32 | budget->drops << 1 | offered);
	return !set_add(&walk->states, mix(state, budget->abstract));
}

/* Everything that can follow from WORLD, which is used up. */
static void
descend(struct walk *walk, struct world *world, struct budget budget)
{
	bool changed = true;
	bool looked = false; /* that was no event, but a look at the promises */

	while (!over(walk, world, &budget)) {
		if (!looked && fault_due(world, &budget, changed))
			try_faults(walk, world, &budget);
		if (!looked && luck_due(world, &budget))
			try_lucks(walk, world, &budget);
		uint64_t look_ns = world->step_ns;
		budget.step++;
		if (!step(walk, world)) {
			broken(walk, world);
			return;
		}
		looked = world->step_ns != look_ns;
		if (!looked) {
			uint64_t abstract = abstract_of(world);
			changed = abstract != budget.abstract;
			budget.abstract = abstract;
			if (changed)
				set_add(&walk->abstracts, abstract);
		} else if (budget.begun && been_here(walk, world, &budget)) {
			walk->histories++;
			walk->merged++;
			return;
		}
	}
	finish(walk, world);
}

/* --- the beginning ------------------------------------------------------------------ */

/* A backs B up and B backs A up; with three, the other two in turn. */
static struct conf *
small_conf(unsigned servers)
{
	static const char *const two[][2] = { { "1", "2" }, { "2", "1" } };
	static const char *const three[][3] = { { "1", NULL, "2" }, { "2", "1", NULL },
		{ NULL, "2", "1" } };
	struct conf *conf = malloc(sizeof(*conf));
	struct conf_reader *reader = malloc(conf_reader_size());
	int line = 1;

	if (conf == NULL || reader == NULL)
		abort();
	conf_begin(reader, conf);
	conf_section(reader, line++, "cluster");
	conf_set(reader, line++, "interface", "eth1");
	conf_set(reader, line++, "router", "10.77.255.254");
	conf_section(reader, line++, "timing");
	conf_set(reader, line++, "lease", "1s");
	conf_set(reader, line++, "failback", "100ms");
	conf_set(reader, line++, "answer_timeout", "100ms");
	conf_set(reader, line++, "max_moves", "off"); /* returns would take minutes */
	for (unsigned s = 0; s < servers; s++) {
		char text[64];
		snprintf(text, sizeof(text), "server %c", (char)('A' + s));
		conf_section(reader, line++, text);
		snprintf(text, sizeof(text), "02:00:00:00:00:%02x", s + 1);
		conf_set(reader, line++, "mac", text);
		for (unsigned t = 0; t < servers; t++) {
			const char *number = servers == 2 ? two[s][t] : three[s][t];
			if (number == NULL)
				continue;
			char key[16];
			snprintf(key, sizeof(key), "tier%u", t + 1);
			snprintf(text, sizeof(text), "10.77.0.%s", number);
			conf_set(reader, line++, key, text);
		}
	}
	if (!conf_finish(reader))
		abort();
	free(reader);
	return conf;
}

/* A world in which all is calm. */
static struct world *
calm(struct walk *walk)
{
	struct world *world = world_new(walk->conf, walk->dice);

	if (world == NULL)
		abort();
	world->late_sweeps = true;
	/* Not in step: real servers never are. */
	for (unsigned s = 0; s < walk->conf->servers; s++) {
		world->fault[s].at_ns = s * 37 * MS_NS;
		world->fault[s].server = (int)s;
	}
	while (world_time(world) < CALM_MS * MS_NS && step(walk, world))
		;
	return world;
}

/* Dice that end leases soon, whatever they are rolled for first. */
static uint64_t
find_dice(void)
{
	for (uint64_t seed = 1;; seed++) {
		struct dice dice;
		dice_seed(&dice, seed);
		if (dice_below(&dice, 1100 * MS_NS) < SWEEP_MS * MS_NS)
			return seed;
	}
}

/* --- what is told ------------------------------------------------------------------- */

static void
tell_choice(const struct walk *walk, const struct choice *choice)
{
	static const char *const lucks[] = {
		[LUCK_LOST] = "lost",
		[LUCK_LATE] = "late",
		[LUCK_SECOND] = "overtaken",
		[LUCK_TURN] = "heard after the turn of the same instant",
	};
	char text[TELL_TEXT];

	fprintf(walk->out, "%12.6f  !! ", (double)choice->at_ns / 1e9);
	if (choice->luck == LUCK_FAULT) {
		fprintf(walk->out, "%s", tell_fault(&choice->fault, walk->conf, text));
		if (choice->blink)
			fprintf(walk->out, " (for %u ms)", (unsigned)BLINK_MS);
		fprintf(walk->out, "\n");
		return;
	}
	fprintf(walk->out, "%s: %s", lucks[choice->luck],
	    tell_frame(&choice->arp, walk->conf, text));
	for (unsigned s = 0; choice->luck == LUCK_LOST && s < walk->conf->servers; s++)
		if ((choice->ports[0] >> s & 1) != 0)
			fprintf(walk->out, " (for %s)", walk->conf->server[s].name);
	if (choice->luck == LUCK_LOST &&
	    choice->ports[PORT_ROUTER / 64] >> PORT_ROUTER % 64)
		fprintf(walk->out, " (for the router)");
	fprintf(walk->out, "\n");
}

static void
tell_report(
    void *user, const struct world *world, int server, const struct report *report)
{
	const struct walk *walk = user;
	char text[300];

	report_format(report, world->conf, text, sizeof(text));
	fprintf(walk->out, "%12.6f  %s  %s\n", (double)world_time(world) / 1e9,
	    world->conf->server[server].name, text);
}

/* The broken history once more, with all that was said. */
static void
tell_history(struct walk *walk)
{
	struct world *world = calm(walk);
	uint64_t steps = 0;
	bool mended = false;

	world->tell = tell_report;
	world->user = walk;
	for (unsigned i = 0; i < walk->broken_choices; i++) {
		struct choice *choice = &walk->broken[i];
		while (steps < choice->step && step(walk, world))
			steps++;
		tell_choice(walk, choice);
		if (choice->luck == LUCK_FAULT) {
			apply_fault(walk, world, choice);
		} else {
			apply_luck(world, choice);
		}
	}
	while (world_time(world) < walk->broken_ns && step(walk, world)) {
		if (mended || walk->mended_ns == 0 || world_time(world) < walk->mended_ns)
			continue;
		struct fault mend = { .at_ns = world_time(world),
			.kind = FAULT_RETURN,
			.server = FAULT_ALL,
			.address = CONF_NONE };
		fprintf(walk->out, "%12.6f  -- everything is mended\n",
		    (double)world_time(world) / 1e9);
		fault_apply(world, &mend);
		mended = true;
	}
	world_free(world);
}

static void
tell_result(struct walk *walk)
{
	char ip[IP_TEXT];

	fprintf(walk->out,
	    "%u servers, %u addresses, at most %u faults and %u frames with bad luck: "
	    "%" PRIu64 " histories (%" PRIu64
	    " of them ended in one walked before), %zu abstract "
	    "states, %" PRIu64 " events, %" PRIu64 " violations\n",
	    walk->options->servers, walk->conf->addresses, walk->options->faults,
	    walk->options->drops, walk->histories, walk->merged, walk->abstracts.count,
	    walk->events, walk->violations);
	if (walk->violations == 0)
		return;
	const struct violation *violation = &walk->violation;
	fprintf(walk->out, "BROKEN: %s, at %.6f", promise_name(violation->promise),
	    (double)walk->broken_ns / 1e9);
	if (violation->address != CONF_NONE)
		fprintf(walk->out, ", %s",
		    ip_format(&walk->conf->address[violation->address].ip, ip));
	fprintf(walk->out, ": %s\n", violation->text);
	for (unsigned i = 0; i < walk->broken_choices; i++)
		tell_choice(walk, &walk->broken[i]);
	fprintf(walk->out, "The same with all that was said:\n");
	tell_history(walk);
}

int
walk(FILE *out, const struct walk_options *options)
{
	struct conf *conf = small_conf(options->servers == 2 ? 2 : 3);
	struct walk walk = { .options = options, .conf = conf, .out = out };
	bool lucky = options->drops == 0;

	assert(options->faults + options->drops <= TRAIL);
	walk.dice = find_dice();
	walk.first_ns = (lucky ? RENEW_MS : FIRST_MS) * MS_NS;
	struct world *world = calm(&walk);
	if (world->violation.promise == PROMISE_NONE)
		not_in_place(world, "in the calm before");
	if (world->violation.promise != PROMISE_NONE)
		broken(&walk, world);
	struct budget budget = { .faults = options->faults,
		.drops = options->drops,
		.begun = options->faults == 0,
		.last_ns = world->now_ns };
	walk.calm_moves = world->moves;
	if (walk.violations == 0)
		descend(&walk, world, budget);
	world_free(world);
	tell_result(&walk);
	free(walk.states.slot);
	free(walk.abstracts.slot);
	free(conf);
	return walk.violations == 0 ? 0 : 1;
}
