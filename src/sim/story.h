/* SPDX-License-Identifier: BSD-2-Clause */
/* story.h - a seed's history: a world, what befalls it, and what must be true in the end.
 */
#ifndef VLBD_SIM_STORY_H
#define VLBD_SIM_STORY_H

#include "world.h"

struct story {
	uint64_t seed;
	struct conf *conf;
	struct conf *old_conf; /* NULL: no server has an older file */
	struct fault fault[WORLD_FAULTS];
	unsigned faults;
	uint64_t heal_ns; /* when everything is put right */
	int victim;       /* who crashes when all is calm again; CONF_NONE: nobody */
	/* What the world is made of. */
	enum router_kind kind[WORLD_ROUTERS];
	enum router_belief belief[WORLD_ROUTERS];
	bool suppresses;
	uint64_t deaf_ns;
	int64_t drift_ppm[CONF_SERVERS];
};

/* What was seen of a run. */
struct story_result {
	struct violation violation;
	uint64_t world_ns; /* how long it was */
	uint64_t events, frames, checks, moves;
	unsigned faults;
	uint64_t
	    hash; /* of all that was reported: the same for the same story, everywhere */
};

/* Who listens to a run; every member may be NULL. */
struct story_listener {
	void (*tell)(void *user, const struct world *world, int server,
	    const struct report *report);
	void (*saw)(void *user, const struct world *world, const struct arp *arp);
	void (*fault)(void *user, const struct world *world, const struct fault *fault);
	void *user;
};

/* Roll a story out of SEED. False: out of memory. */
bool story_roll(struct story *story, uint64_t seed);
void story_free(struct story *story);
/* Let it happen. */
void story_run(const struct story *story, const struct story_listener *listener,
    struct story_result *result);
/* Leave out faults one by one as long as the same promise stays broken. How many runs it
 * took. */
unsigned story_shrink(struct story *story, enum promise promise);
/* How long after the last fault everything is in its place. */
uint64_t story_bound_ns(const struct story *story);

#endif
