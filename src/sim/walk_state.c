/* SPDX-License-Identifier: BSD-2-Clause */
/* walk_state.c - a state of a small world: copied, as one number, remembered. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../core/engine_internal.h" /* to copy an engine, and to compare two */
#include "walk_internal.h"

/* --- sets of hashes ----------------------------------------------------------------- */

static void
set_grow(struct set *set)
{
	struct set more = { .limit = set->limit == 0 ? 1u << 16 : 2 * set->limit };

	more.slot = calloc(more.limit, sizeof(*more.slot));
	if (more.slot == NULL)
		abort();
	for (size_t i = 0; i < set->limit; i++)
		if (set->slot[i] != 0)
			walk_set_add(&more, set->slot[i]);
	free(set->slot);
	*set = more;
}

/* False: it was there. */
bool
walk_set_add(struct set *set, uint64_t value)
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

struct world *
walk_copy(const struct world *from)
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

uint64_t
walk_mix(uint64_t hash, uint64_t value)
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
			lane[i] = walk_mix(lane[i], word[i]);
	}
	memset(word, 0, sizeof(word));
	memcpy(word, at, size);
	for (unsigned i = 0; i < 4; i++)
		lane[i] = walk_mix(lane[i], word[i]);
	return walk_mix(walk_mix(lane[0], lane[1]), walk_mix(lane[2], lane[3]));
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

	hash = walk_mix(hash, flags_of(world, s));
	hash = walk_mix(walk_mix(hash, server->halted_ns), server->sweep_ns);
	hash = walk_mix(walk_mix(hash, server->heard_ns), server->disturbed_ns);
	hash = walk_mix(hash, world->net.port[s].forwards_ns);
	for (unsigned a = 0; a < world->conf->addresses; a++)
		hash = walk_mix(walk_mix(hash, server->lease_ns[a]), server->got_ns[a]);
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

void
walk_sort_queue(struct world *world)
{
	if (world->queued > 1)
		qsort(world->queue, world->queued, sizeof(*world->queue), by_time);
}

/* What the switch has learnt is left out: it knows everybody, and nobody moves. */
uint64_t
walk_state(struct world *world)
{
	uint64_t hash = walk_mix(1, world->now_ns);

	walk_sort_queue(world);
	for (unsigned i = 0; i < world->queued; i++) {
		const struct world_event *event = &world->queue[i];
		hash = walk_mix(walk_mix(hash, event->at_ns), event->frame.ports[0]);
		hash = walk_mix(hash, event->frame.ports[1]);
		hash = mix_bytes(hash, &event->frame.arp, sizeof(event->frame.arp));
	}
	for (unsigned s = 0; s < world->conf->servers; s++)
		hash = mix_server(hash, world, s);
	for (unsigned r = 0; r < world->routers; r++)
		hash = mix_bytes(hash, world->router[r].entry,
		    world->conf->addresses * sizeof(*world->router[r].entry));
	for (unsigned a = 0; a < world->conf->addresses; a++)
		hash = walk_mix(walk_mix(hash, world->twin_ns[a]), world->untwin_ns[a]);
	for (unsigned i = world->fault_at; i < world->faults; i++)
		hash = walk_mix(walk_mix(hash, world->fault[i].at_ns),
		    (uint64_t)world->fault[i].kind << 32 |
			(unsigned)world->fault[i].server);
	return walk_mix(hash, world->step_ns);
}

/* What a person would call the state: who stands how, who serves what, who is thought to
 * be alive, where the routers send. */
uint64_t
walk_abstract(const struct world *world)
{
	uint64_t hash = 2;

	for (unsigned s = 0; s < world->conf->servers; s++) {
		const struct world_server *server = &world->server[s];
		hash = walk_mix(hash, flags_of(world, s));
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
		hash = walk_mix(hash, word);
	}
	for (unsigned r = 0; r < world->routers; r++)
		for (unsigned a = 0; a < world->conf->addresses; a++) {
			const struct router_entry *entry = &world->router[r].entry[a];
			bool known = entry->state >= ENTRY_REACHABLE;
			hash = walk_mix(hash, known ? entry->mac.byte[5] : 0u);
		}
	return hash;
}
