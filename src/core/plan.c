/* SPDX-License-Identifier: BSD-2-Clause */
/* plan.c - lists for a request, in steps: each variant is built, polished and scored, and
 * the best one kept. */
#include "vlbd/plan.h"

#include <assert.h>
#include <string.h>

#include "plan_internal.h"

enum {
	STEP_CELLS = 1 << 18 /* visited in one step, or a little more */
};

/* Cuts the memory into arrays. With BASE NULL it only counts. */
struct cutter {
	uint8_t *base;
	size_t used;
};

static void *
cut(struct cutter *cutter, size_t count, size_t size)
{
	size_t at = cutter->used;

	cutter->used += (count * size + 7) / 8 * 8;
	return cutter->base != NULL ? cutter->base + at : NULL;
}

static void
cut_all(struct plan *plan, struct cutter *cutter)
{
	size_t m = plan->addresses, cells = (size_t)plan->rows * plan->servers;

	cut(cutter, 1, sizeof(*plan));
	plan->prefix = cut(cutter, m, sizeof(*plan->prefix));
	plan->info = cut(cutter, plan->rows, sizeof(*plan->info));
	plan->hit = cut(cutter, PLAN_HITS + PLAN_EXTRAS, sizeof(*plan->hit));
	plan->load = cut(cutter, cells, sizeof(*plan->load));
	plan->cap = cut(cutter, plan->weighted ? cells : 0, sizeof(*plan->cap));
	plan->order = cut(cutter, m, sizeof(*plan->order));
	plan->scratch = cut(cutter, m, sizeof(*plan->scratch));
	plan->pin = cut(cutter, m, 1);
	plan->list = cut(cutter, m * plan->tiers, 1);
	plan->best = cut(cutter, m * plan->tiers, 1);
}

/* Everything that follows from the request alone. */
static void
set_up(struct plan *plan, const struct plan_request *request)
{
	uint16_t weight = request->server[0].weight;

	memset(plan, 0, sizeof(*plan));
	plan->servers = request->servers;
	plan->addresses = request->addresses;
	plan->tiers = request->tiers;
	memcpy(plan->server, request->server, sizeof(plan->server));
	plan->everybody = set_of(plan->servers);
	for (unsigned s = 0; s < plan->servers; s++) {
		plan->weighted = plan->weighted || request->server[s].weight != weight;
		if (request->server[s].weight > 0)
			plan->active |= set_bit(s);
	}
	for (unsigned s = 0; s < plan->servers; s++)
		plan->weight[s] = plan->weighted ? request->server[s].weight : 1;
	plan_rows_init(plan);
}

size_t
plan_memory(const struct plan_request *request)
{
	struct cutter cutter = { NULL, 0 };
	struct plan plan;

	set_up(&plan, request);
	cut_all(&plan, &cutter);
	return cutter.used;
}

/* Roughly what a variant costs, for progress only. */
static uint64_t
guess_cells(const struct plan *plan)
{
	uint64_t cells = plan->rows, over = plan->rows;

	for (unsigned k = 1; k < plan->tiers && over > 1; k++) {
		over /= plan->depth == plan->servers ? 2 : plan->servers / plan->depth;
		cells += (uint64_t)plan->addresses * over * (k == 1 ? 1 : 5);
	}
	return cells + (uint64_t)plan->addresses * plan->tiers;
}

static void
guess_total(struct plan *plan)
{
	uint64_t most = plan->guess * plan->candidates;
	uint64_t budget = PLAN_BUDGET + plan->guess;

	plan->total = most < budget ? most : budget;
}

struct plan *
plan_begin(void *memory, const struct plan_request *request)
{
	struct cutter cutter = { memory, 0 };
	struct plan *plan = memory;

	assert(plan_check(request) == PLAN_OK);
	set_up(plan, request);
	cut_all(plan, &cutter);
	for (unsigned l = 0; l < plan->addresses; l++) {
		plan->pin[l] = request->primary != NULL ? request->primary[l] : PLAN_NONE;
		plan->pinned = plan->pinned || plan->pin[l] != PLAN_NONE;
	}
	plan_seed_survey(plan);
	plan->guess = guess_cells(plan);
	guess_total(plan);
	return plan;
}

static void
begin_variant(struct plan *plan)
{
	plan_seed(plan);
	plan_build_begin(plan);
	plan->phase = PHASE_SORT;
}

static void
begin_sweep(struct plan *plan)
{
	unsigned deepest = plan->tiers - 2;

	plan->tier = deepest < plan->depth ? deepest : plan->depth;
	plan->at = 0;
	plan->swapped = false;
	plan->phase = plan->tier < plan->seeded ? PHASE_SCORE : PHASE_POLISH;
}

static void
place(struct plan *plan)
{
	plan_build_place(plan);
	if (++plan->at < plan->addresses)
		return;
	if (plan->tier == 0)
		plan_build_spread(plan);
	plan->phase = PHASE_SORT;
	if (++plan->tier < plan->tiers)
		return;
	plan->sweep = 0;
	begin_sweep(plan);
}

static void
polish(struct plan *plan)
{
	plan_polish_try(plan);
	if (++plan->at < plan->addresses)
		return;
	plan->at = 0;
	if (plan->tier-- > plan->seeded)
		return;
	if (plan->swapped && ++plan->sweep < PLAN_SWEEPS)
		begin_sweep(plan);
	else
		plan->phase = PHASE_SCORE;
}

static void
keep_if_better(struct plan *plan)
{
	struct plan_score score;

	plan_score(plan, &score);
	plan->cells += plan->rows;
	if (plan->have_best && !plan_better(&score, &plan->best_score))
		return;
	uint8_t *lists = plan->list;
	plan->list = plan->best;
	plan->best = lists;
	plan->best_score = score;
	plan->best_shape = plan->shape;
	plan->have_best = true;
}

/* Put the best lists in the order of their servers in TIER; those with the same one stay
 * as they are. */
static void
sort_by(struct plan *plan, unsigned tier)
{
	uint8_t *from = plan->best, *to = plan->list;
	size_t size = plan->tiers;

	for (unsigned s = 0; s < plan->servers; s++)
		for (unsigned l = 0; l < plan->addresses; l++) {
			if (from[l * size + tier] != s)
				continue;
			memcpy(to, from + l * size, size);
			to += size;
		}
	to = plan->list;
	plan->list = plan->best;
	plan->best = to;
}

/* Which address has which list is all the same for the load. People like a server's
 * addresses to be neighbours: they are shorter to write, and easier to see. */
static void
lay_out(struct plan *plan)
{
	if (plan->pinned)
		return;
	sort_by(plan, 1);
	sort_by(plan, 0);
}

/* Where there are racks, a plan without the closed form is tried in any case. */
static void
end_variant(struct plan *plan)
{
	bool tried = plan->shape != PLAN_CLOSED || plan->racks == 0;

	keep_if_better(plan);
	plan->candidate++;
	plan->guess = plan->cells / plan->candidate;
	guess_total(plan);
	plan->phase =
	    plan->candidate < plan->candidates && (!tried || plan->cells < PLAN_BUDGET)
		? PHASE_BEGIN
		: PHASE_READY;
	if (plan->phase == PHASE_READY)
		lay_out(plan);
}

/* The smallest piece of work. */
static void
advance(struct plan *plan)
{
	switch (plan->phase) {
	case PHASE_ROWS:
		plan_rows_tell(plan, plan->row++);
		plan->cells++;
		if (plan->row == plan->rows)
			plan->phase = PHASE_BEGIN;
		break;
	case PHASE_BEGIN:
		begin_variant(plan);
		break;
	case PHASE_SORT:
		plan_build_sort(plan);
		plan->phase = PHASE_PLACE;
		break;
	case PHASE_PLACE:
		place(plan);
		break;
	case PHASE_POLISH:
		polish(plan);
		break;
	case PHASE_SCORE:
		end_variant(plan);
		break;
	case PHASE_READY:
		break;
	}
}

bool
plan_step(struct plan *plan)
{
	uint64_t enough = plan->cells + STEP_CELLS;

	while (plan->phase != PHASE_READY && plan->cells < enough)
		advance(plan);

	uint64_t permille = plan->cells * 1000 / (plan->total + 1);
	if (permille > 999)
		permille = 999;
	if (permille > plan->permille)
		plan->permille = (unsigned)permille;
	if (plan->phase == PHASE_READY)
		plan->permille = 1000;
	return plan->phase != PHASE_READY;
}

unsigned
plan_permille(const struct plan *plan)
{
	return plan->permille;
}

struct plan_lists
plan_lists(const struct plan *plan)
{
	assert(plan->phase == PHASE_READY);
	return (struct plan_lists){ plan->addresses, plan->tiers, plan->best };
}

enum plan_shape
plan_shape(const struct plan *plan)
{
	return plan->best_shape;
}
