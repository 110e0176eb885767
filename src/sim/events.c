/* SPDX-License-Identifier: BSD-2-Clause */
/* events.c - the queue of events, and whose turn is next. */
#include <stdlib.h>

#include "world_internal.h"

/* --- the queue: a binary heap ------------------------------------------------------- */

static bool
before(const struct world_event *a, const struct world_event *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->sequence < b->sequence;
}

void
world_push(struct world *world, struct world_event *event)
{
	if (world->queued == world->queue_limit) {
		unsigned limit = world->queue_limit == 0 ? 1024 : 2 * world->queue_limit;
		struct world_event *more = realloc(world->queue, limit * sizeof(*more));
		if (more == NULL)
			abort();
		world->queue = more;
		world->queue_limit = limit;
	}
	event->sequence = world->sequence++;
	unsigned at = world->queued++;
	while (at > 0 && before(event, &world->queue[(at - 1) / 2])) {
		world->queue[at] = world->queue[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	world->queue[at] = *event;
}

static struct world_event
pop(struct world *world)
{
	struct world_event first = world->queue[0];
	const struct world_event *last = &world->queue[--world->queued];
	unsigned at = 0;

	for (;;) {
		unsigned child = 2 * at + 1;
		if (child >= world->queued)
			break;
		if (child + 1 < world->queued &&
		    before(&world->queue[child + 1], &world->queue[child]))
			child++;
		if (!before(&world->queue[child], last))
			break;
		world->queue[at] = world->queue[child];
		at = child;
	}
	world->queue[at] = *last;
	return first;
}

/* --- turns -------------------------------------------------------------------------- */

static void
deliver(struct world *world, const struct world_event *event)
{
	for (unsigned word = 0; word < 2; word++) {
		uint64_t bits = event->frame.ports[word];
		while (bits != 0) {
			unsigned port = word * 64 + (unsigned)__builtin_ctzll(bits);
			bits &= bits - 1;
			if (port < CONF_SERVERS)
				server_hear(world, port, &event->frame.arp);
			else if (port < PORT_STRANGER)
				router_hear(world, port - PORT_ROUTER, &event->frame.arp);
		}
	}
}

static void
handle(struct world *world)
{
	struct world_event event = pop(world);

	world->events++;
	if (event.kind == EVENT_FRAME)
		deliver(world, &event);
	else
		server_finish_change(world, &event);
}

/* Who is next? Ties go to faults, then frames, then servers by number: always the same.
 */
enum turn {
	TURN_END,
	TURN_FAULT,
	TURN_EVENT,
	TURN_TICK,
	TURN_SWEEP,
	TURN_ROUTER,
	TURN_STEP
};

static enum turn
next_turn(const struct world *world, uint64_t end_ns, uint64_t *at_ns, unsigned *who)
{
	enum turn turn = TURN_END;

#define SOONER(when, what, number)                                                       \
	do {                                                                             \
		uint64_t when_ns = (when);                                               \
		if (when_ns < *at_ns) {                                                  \
			*at_ns = when_ns;                                                \
			turn = (what);                                                   \
			*who = (number);                                                 \
		}                                                                        \
	} while (0)

	*at_ns = end_ns;
	*who = 0;
	if (world->fault_at < world->faults)
		SOONER(world->started_ns + world->fault[world->fault_at].at_ns,
		    TURN_FAULT, 0);
	if (world->queued > 0)
		SOONER(world->queue[0].at_ns, TURN_EVENT, 0);
	for (unsigned s = 0; s < world->conf->servers; s++) {
		const struct world_server *server = &world->server[s];
		if (server_runs(server))
			SOONER(
			    server_world_time(world, s, engine_deadline(server->engine)),
			    TURN_TICK, s);
		SOONER(server->sweep_ns, TURN_SWEEP, s);
	}
	for (unsigned r = 0; r < world->routers; r++)
		SOONER(world->router[r].tick_ns, TURN_ROUTER, r);
	SOONER(world->step_ns, TURN_STEP, 0);
#undef SOONER
	return turn;
}

bool
world_step(struct world *world, uint64_t until_ns)
{
	uint64_t at_ns;
	unsigned who;

	if (world->violation.promise != PROMISE_NONE)
		return false;
	enum turn turn = next_turn(world, world->started_ns + until_ns, &at_ns, &who);
	if (at_ns > world->now_ns)
		world->now_ns = at_ns;
	switch (turn) {
	case TURN_FAULT:
		fault_apply(world, &world->fault[world->fault_at++]);
		break;
	case TURN_EVENT:
		handle(world);
		break;
	case TURN_TICK:
		world->events++;
		engine_tick(world->server[who].engine, server_time(world, who));
		server_perform(world, who);
		break;
	case TURN_SWEEP:
		kernel_sweep(world, who);
		break;
	case TURN_ROUTER:
		router_tick(world, who);
		break;
	case TURN_STEP:
		promise_step(world);
		break;
	case TURN_END:
	default:
		return false;
	}
	return true;
}

void
world_run(struct world *world, uint64_t until_ns)
{
	while (world_step(world, until_ns))
		;
}
