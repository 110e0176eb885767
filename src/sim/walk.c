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
#include <stdlib.h>

#include "walk_internal.h"

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
	uint64_t state = walk_mix(walk_state(world), budget->last_ns);
	bool offered = world->queued > 0 && world->queue[0].sequence == budget->offered;

	state = walk_mix(
	    state, (uint64_t)budget->faults << 32 | budget->drops << 1 | offered);
	return !walk_set_add(&walk->states, walk_mix(state, budget->abstract));
}

/* Everything that can follow from WORLD, which is used up. */
void
walk_descend(struct walk *walk, struct world *world, struct budget budget)
{
	bool changed = true;
	bool looked = false; /* that was no event, but a look at the promises */

	while (!over(walk, world, &budget)) {
		if (!looked && fault_due(world, &budget, changed))
			walk_try_faults(walk, world, &budget);
		if (!looked && luck_due(world, &budget))
			walk_try_lucks(walk, world, &budget);
		uint64_t look_ns = world->step_ns;
		budget.step++;
		if (!walk_step(walk, world)) {
			walk_broken(walk, world);
			return;
		}
		looked = world->step_ns != look_ns;
		if (!looked) {
			uint64_t abstract = walk_abstract(world);
			changed = abstract != budget.abstract;
			budget.abstract = abstract;
			if (changed)
				walk_set_add(&walk->abstracts, abstract);
		} else if (budget.begun && been_here(walk, world, &budget)) {
			walk->histories++;
			walk->merged++;
			return;
		}
	}
	walk_finish(walk, world);
}

int
walk(FILE *out, const struct walk_options *options)
{
	struct conf *conf = walk_conf(options->servers == 2 ? 2 : 3);
	struct walk walk = { .options = options, .conf = conf, .out = out };
	bool lucky = options->drops == 0;

	assert(options->faults + options->drops <= TRAIL);
	walk.dice = walk_dice();
	walk.first_ns = (lucky ? RENEW_MS : FIRST_MS) * MS_NS;
	struct world *world = walk_calm(&walk);
	if (world->violation.promise == PROMISE_NONE)
		walk_not_in_place(world, "in the calm before");
	if (world->violation.promise != PROMISE_NONE)
		walk_broken(&walk, world);
	struct budget budget = { .faults = options->faults,
		.drops = options->drops,
		.begun = options->faults == 0,
		.last_ns = world->now_ns };
	walk.calm_moves = world->moves;
	if (walk.violations == 0)
		walk_descend(&walk, world, budget);
	world_free(world);
	walk_tell_result(&walk);
	free(walk.states.slot);
	free(walk.abstracts.slot);
	free(conf);
	return walk.violations == 0 ? 0 : 1;
}
