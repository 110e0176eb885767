/* SPDX-License-Identifier: BSD-2-Clause */
/* story_internal.h - a run of a story, for those who tell it and those who demand. */
#ifndef VLBD_SIM_STORY_INTERNAL_H
#define VLBD_SIM_STORY_INTERNAL_H

#include "story.h"
#include "world_internal.h"

struct run {
	const struct story *story;
	const struct story_listener *listener;
	struct story_result *result;
	uint64_t
	    touched[CONF_ADDRESSES / 64];  /* addresses that moved, since the last look */
	uint64_t own[CONF_ADDRESSES / 64]; /* that the dead had */
};

/* story_demand.c: what must be true in the end, and how long it takes. */
void story_demand_end(struct run *run, struct world *world);

#endif
