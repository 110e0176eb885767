/* SPDX-License-Identifier: BSD-2-Clause */
/* plan_internal.h - what the files of the planner share, and nobody else.
 *
 * A *set* is a bit mask of servers. The *table* has a row for each set of failed servers
 * that is looked at, and in it each survivor's load, counting the tiers placed so far. Up
 * to PLAN_DENSE servers the set is the row's number; beyond, only sets of up to .depth
 * servers have rows, and whole racks, alone and with one server more. */
#ifndef PLAN_INTERNAL_H
#define PLAN_INTERNAL_H

#include "set.h"
#include "vlbd/plan.h"

enum {
	PLAN_DENSE = 16,     /* servers up to which every set has a row */
	PLAN_ROWS = 1 << 16, /* most rows, but for racks */
	PLAN_HITS = 1 << 14, /* most rows that one entry of tier 1 or deeper touches */
	PLAN_DEPTH = 8,      /* most failures in a sparse table */
	PLAN_RACKS = 32,     /* of two servers and more */
	PLAN_EXTRAS = PLAN_RACKS * (PLAN_SERVERS - 1), /* most rows of racks */
	PLAN_FAR = 11,         /* the last tier filled by load where there are no rows */
	PLAN_VARIANTS = 16,    /* ways to order the tie-breaks */
	PLAN_SWEEPS = 12,      /* of polish, at most */
	PLAN_BUDGET = 40000000 /* cells after which no other variant is begun */
};

/* Kinds of failure, the most important ones first. Four servers and more follow. */
enum plan_level {
	LEVEL_NONE,
	LEVEL_ONE,
	LEVEL_RACK,
	LEVEL_PAIR,
	LEVEL_RACK_AND_ONE,
	LEVEL_TRIPLE,
	LEVEL_FOUR,
	LEVELS = LEVEL_FOUR + PLAN_DENSE
};

/* What must be known of a row but its loads. */
struct plan_row {
	uint16_t bound; /* of each survivor, where weights are equal */
	uint8_t level;
};

/* How much a choice cares that a rack is not in the list yet. */
enum plan_care {
	CARE_FIRST,  /* more than for anything but even load */
	CARE_STRONG, /* more than for even load, as long as it is within the bound */
	CARE_LATER,  /* after a look at one more failure */
	CARE_NOT,    /* first come, first served */
	CARES
};

enum plan_phase {
	PHASE_ROWS,   /* levels and bounds */
	PHASE_BEGIN,  /* a variant */
	PHASE_SORT,   /* lists by what they have so far, before each tier */
	PHASE_PLACE,  /* one entry */
	PHASE_POLISH, /* one swap is considered */
	PHASE_SCORE,
	PHASE_READY
};

/* The largest excess at each level. */
struct plan_score {
	uint16_t excess[LEVELS];
	unsigned unserved; /* most addresses that one rack takes with it */
	unsigned together; /* addresses whose tier 1 is in the rack of tier 0 */
	unsigned rest;     /* sum of excess from LEVEL_FOUR on */
};

struct plan {
	unsigned servers, addresses, tiers;
	struct plan_server server[PLAN_SERVERS];
	uint64_t everybody, active;    /* active: weight > 0 */
	uint32_t weight[PLAN_SERVERS]; /* 1 each where they are equal */
	bool weighted;
	bool pinned; /* some primaries are given */
	unsigned racks;
	uint64_t rack[PLAN_RACKS]; /* those of two servers and more */
	uint64_t mates[PLAN_SERVERS];

	/* Rows. */
	unsigned depth;      /* most failures that have rows */
	unsigned sets, rows; /* rows by size; with those of racks that are larger */
	unsigned extras;     /* rows - sets */
	uint64_t extra[PLAN_EXTRAS];
	uint32_t choose[PLAN_SERVERS + 1][PLAN_DEPTH + 2]; /* binomials */
	uint32_t base[PLAN_DEPTH + 2];                     /* first row by size */
	unsigned hits;

	/* Where the work stands. */
	enum plan_phase phase;
	unsigned row;
	unsigned candidate, candidates;
	enum plan_shape shape;
	bool closed; /* the first candidate is the closed form */
	unsigned cares;
	unsigned variant;
	enum plan_care care;
	unsigned seeded;   /* so many tiers are given before building */
	unsigned tier, at; /* place: AT counts in .order; polish: .at is the list */
	unsigned sweep;
	bool swapped;
	uint64_t cells;        /* visited so far: the measure of work */
	uint64_t guess, total; /* cells of a variant; of all */
	unsigned permille;
	bool have_best;
	enum plan_shape best_shape;
	struct plan_score best_score;

	/* Of the variant at hand. */
	uint32_t used[PLAN_SERVERS];                /* entries in this tier */
	int32_t before[PLAN_SERVERS][PLAN_SERVERS]; /* [s][x]: s precedes x so often */
	uint64_t far_set; /* set that .far has the loads of; 0: of none */
	uint16_t far[PLAN_SERVERS];

	/* In the memory behind, in this order. */
	uint64_t *prefix; /* set of what each list has so far */
	struct plan_row *info;
	uint32_t *hit;  /* rows that plan_over() found */
	uint16_t *load; /* rows * servers */
	uint16_t *cap;  /* likewise, only if weighted */
	uint16_t *order, *scratch;
	uint8_t *pin, *list, *best;
};

static inline uint8_t *
plan_list_of(const struct plan *plan, unsigned l)
{
	return plan->list + (size_t)l * plan->tiers;
}

static inline uint16_t *
plan_loads(const struct plan *plan, unsigned row)
{
	return plan->load + (size_t)row * plan->servers;
}

static inline int
plan_bound(const struct plan *plan, unsigned row, unsigned s)
{
	return plan->weighted ? plan->cap[(size_t)row * plan->servers + s]
			      : plan->info[row].bound;
}

/* plan_rows.c */
void plan_rows_init(struct plan *plan);
/* Level and bounds of one row. */
void plan_rows_tell(struct plan *plan, unsigned row);
/* The row of SET, which has one. */
unsigned plan_row(const struct plan *plan, uint64_t set);
uint64_t plan_row_set(const struct plan *plan, unsigned row);
/* .hit = the rows of every set that has all of SET and nobody of WITHOUT. */
void plan_over(struct plan *plan, uint64_t set, uint64_t without);

/* plan_seed.c: the tiers that are known beforehand. */
/* What is worth trying: .closed, .cares, .candidates. */
void plan_seed_survey(struct plan *plan);
/* The lists begin as .candidate wants it. */
void plan_seed(struct plan *plan);

/* plan_build.c */
void plan_build_begin(struct plan *plan);
void plan_build_sort(struct plan *plan);
/* One entry of .tier for the list .order[.at]. */
void plan_build_place(struct plan *plan);
/* Tier 0 is complete: every row has its loads. */
void plan_build_spread(struct plan *plan);

/* plan_choose.c: the best server for the next entry of list L. */
unsigned plan_choose(struct plan *plan, unsigned l);

/* plan_polish.c */
/* Swap entries .tier and .tier + 1 of the list .at, if that is better. */
void plan_polish_try(struct plan *plan);
void plan_score(const struct plan *plan, struct plan_score *score);
bool plan_better(const struct plan_score *a, const struct plan_score *b);

#endif
