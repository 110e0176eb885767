/* SPDX-License-Identifier: BSD-2-Clause */
/* walk_internal.h - what the walk's files share; the bounds as walk.c explains them. */
#ifndef VLBD_SIM_WALK_INTERNAL_H
#define VLBD_SIM_WALK_INTERNAL_H

#include "walk.h"
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
	TRAIL = 16
};

/* Of hashes. */
struct set {
	uint64_t *slot; /* 0: empty */
	size_t limit, count;
};

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

/* walk.c: everything that can follow from WORLD, which is used up. */
void walk_descend(struct walk *walk, struct world *world, struct budget budget);

/* walk_calm.c: two or three servers that back each other up; to be freed. */
struct conf *walk_conf(unsigned servers);
/* A world in which all is calm. */
struct world *walk_calm(struct walk *walk);
/* Dice that end leases soon, whatever they are rolled for first. */
uint64_t walk_dice(void);

/* walk_state.c: a copy that shares nothing that changes; world_free() it. */
struct world *walk_copy(const struct world *from);
/* Every byte that anything can depend on, as one number. */
uint64_t walk_state(struct world *world);
/* What a person would call the state. */
uint64_t walk_abstract(const struct world *world);
uint64_t walk_mix(uint64_t hash, uint64_t value);
/* False: it was there. */
bool walk_set_add(struct set *set, uint64_t value);
/* The next event becomes the first of the queue, the one after it the second. */
void walk_sort_queue(struct world *world);

/* walk_moves.c: everything that can follow if a fault, or bad luck of the next frame,
 * falls here. */
void walk_try_faults(
    struct walk *walk, const struct world *world, const struct budget *budget);
void walk_try_lucks(struct walk *walk, struct world *world, struct budget *budget);
void walk_apply_fault(
    const struct walk *walk, struct world *world, const struct choice *choice);
void walk_apply_luck(struct world *world, const struct choice *choice);

/* walk_check.c: one event; what the kernel and the routers roll is always the same.
 * False: a promise is broken. */
bool walk_step(struct walk *walk, struct world *world);
/* WORLD broke a promise; the first history that does is kept. */
void walk_broken(struct walk *walk, const struct world *world);
/* A promise is broken for each address that is not where it belongs. */
void walk_not_in_place(struct world *world, const char *when);
/* All was calm, and SERVER has just lost its power. */
void walk_demand_takeover(
    struct walk *walk, const struct world *crashed, unsigned server);
/* Nothing goes wrong any more: everything must find its place. */
void walk_finish(struct walk *walk, struct world *world);

/* walk_tell.c */
void walk_tell_result(struct walk *walk);

#endif
