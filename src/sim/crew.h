/* SPDX-License-Identifier: BSD-2-Clause */
/* crew.h - processes that run stories side by side, and what they find. */
#ifndef VLBD_SIM_CREW_H
#define VLBD_SIM_CREW_H

#include "story.h"

#define CREW_JOBS 256
#define FINDING_FAULTS 64

/* Which seeds: COUNT from FIRST on, or those of LIST. */
struct seeds {
	uint64_t first, count;
	const uint64_t *list; /* NULL: none */
};

/* A seed that broke a promise, or the program. Small enough to go through a pipe in one
 * piece. */
struct finding {
	uint64_t seed;
	struct violation violation; /* PROMISE_NONE: see .status */
	uint64_t world_ns;
	int status; /* as waitpid(2) tells, of a process that died of this seed */
	bool hung;  /* it was killed, for it never came to an end */
	/* The shortest scenario. */
	unsigned faults; /* in .fault are the first FINDING_FAULTS of them */
	unsigned runs;   /* that it took to find it */
	struct fault fault[FINDING_FAULTS];
};

struct tally {
	uint64_t seeds, server_ns, faults, checks, frames, moves;
};

struct crew;

/* Begin, with JOBS processes. SEEDS' list must outlive it. NULL: why was told. */
struct crew *crew_start(const struct seeds *seeds, unsigned jobs);
enum crew_news {
	CREW_FOUND, /* *out is filled */
	CREW_BUSY,  /* nothing in so much time */
	CREW_DONE   /* all seeds are through, or it was told to stop */
};
/* Wait for news, MS at most. */
enum crew_news crew_wait(struct crew *crew, int ms, struct finding *out);
/* Finish the seeds that are begun, and no more. May be called by a signal handler. */
void crew_stop(struct crew *crew);
void crew_sum(const struct crew *crew, struct tally *out);
/* Kills whoever is still at work. NULL is legal. */
void crew_end(struct crew *crew);

#endif
