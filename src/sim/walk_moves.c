/* SPDX-License-Identifier: BSD-2-Clause */
/* walk_moves.c - what may go wrong at one point of a history: each fault that a server's
 * state allows, and each kind of bad luck that a frame may have. */
#include <assert.h>
#include <string.h>

#include "walk_internal.h"

static void
choose(struct walk *walk, const struct world *world, const struct budget *budget,
    const struct choice *choice)
{
	assert(walk->choices < TRAIL);
	walk->trail[walk->choices] = *choice;
	walk->trail[walk->choices].step = budget->step;
	walk->trail[walk->choices++].at_ns = world_time(world);
}

void
walk_apply_fault(
    const struct walk *walk, struct world *world, const struct choice *choice)
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
	struct world *other = walk_copy(world);

	choose(walk, world, &budget, choice);
	walk_apply_fault(walk, other, choice);
	if (walk->choices == 1 && choice->fault.kind == FAULT_CRASH)
		walk_demand_takeover(walk, other, (unsigned)choice->fault.server);
	budget.faults--;
	budget.begun = true;
	budget.last_ns = world->now_ns;
	if (other->violation.promise != PROMISE_NONE)
		walk_broken(walk, other);
	else
		walk_descend(walk, other, budget);
	walk->choices--;
	world_free(other);
}

void
walk_try_faults(struct walk *walk, const struct world *world, const struct budget *budget)
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

void
walk_apply_luck(struct world *world, const struct choice *choice)
{
	struct world_event *head = world->queue;

	walk_sort_queue(world);
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
	walk_sort_queue(world);
}

static void
try_luck(struct walk *walk, const struct world *world, struct budget budget,
    enum luck luck, const uint64_t ports[2])
{
	struct choice choice = { .luck = luck,
		.arp = world->queue[0].frame.arp,
		.ports = { ports[0], ports[1] } };
	struct world *other = walk_copy(world);

	choose(walk, world, &budget, &choice);
	walk_apply_luck(other, &choice);
	budget.drops--;
	walk_descend(walk, other, budget);
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

void
walk_try_lucks(struct walk *walk, struct world *world, struct budget *budget)
{
	walk_sort_queue(world);
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
