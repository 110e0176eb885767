/* SPDX-License-Identifier: BSD-2-Clause */
/* story.h - a seed's history: a world, what befalls it, and what must be true in the end.
 */
#ifndef VLBD_SIM_STORY_H
#define VLBD_SIM_STORY_H

#include "world.h"

#define STORY_VICTIMS 3

/* What kind of world a seed is about: its thousands of millions of millions say. */
#define FAMILY_SEEDS UINT64_C(1000000000000000)
enum story_family {
	FAMILY_COMMON,  /* what most sites have, and everything that can go wrong */
	FAMILY_ODD,     /* what few have: no hellos, no failback, no router, many servers,
			 * a limited rate and a switch that polices, cables that are bad in
			 * one direction */
	FAMILY_STEADY,  /* few frames are lost, and nothing else is wrong */
	FAMILY_ONE_WAY, /* as the common ones; and some do not hear some */
	FAMILY_EARS, /* as the common ones or the odd; and some daemons do not hear what
		      * their kernels do, or the reverse */
	FAMILIES
};

struct story {
	uint64_t seed;
	enum story_family family;
	struct conf *conf;
	struct conf *old_conf; /* NULL: no server has an older file */
	struct fault fault[WORLD_FAULTS];
	unsigned faults;
	uint64_t heal_ns;   /* when everything is put right */
	uint64_t steady_ns; /* from then until all is mended nothing may move; NEVER: it
			       may */
	/* Who crash when all is calm again. */
	int victim[STORY_VICTIMS];
	unsigned victims;
	bool together; /* at one moment, not one when the other one's are taken over */
	/* What the world is made of. */
	enum router_kind kind[WORLD_ROUTERS];
	enum router_belief belief[WORLD_ROUTERS];
	bool suppresses;
	uint32_t polices; /* frames a second; 0: any */
	bool late_sweeps; /* as struct world has it */
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

enum story_family story_family(uint64_t seed);
/* Roll a story out of SEED. False: out of memory. */
bool story_roll(struct story *story, uint64_t seed);
void story_free(struct story *story);
/* Let it happen. */
void story_run(const struct story *story, const struct story_listener *listener,
    struct story_result *result);
/* Leave out faults one by one as long as the same promise stays broken. How many runs it
 * took. */
unsigned story_shrink(struct story *story, enum promise promise);
/* How long after the last fault everything is in its place; NEVER: no word of it. */
uint64_t story_bound_ns(const struct story *story);
/* How long after the crash of COUNT servers at once their addresses are out. */
uint64_t story_outage_ns(const struct story *story, unsigned count);
/* What may be lost without anything moving: frames in a million at each end of each
 * cable, singly or in bursts; and for how long a cable may be dead. */
uint32_t story_steady_ppm(const struct conf *conf);
uint32_t story_steady_burst_ppm(const struct conf *conf);
uint64_t story_steady_gap_ns(const struct conf *conf);

#endif
