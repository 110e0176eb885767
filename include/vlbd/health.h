/* SPDX-License-Identifier: BSD-2-Clause */
/* health.h - one check as a state machine: when it is due, and what its results mean.
 *
 * Pure: the caller brings the time and the results, and runs what is to be run. */
#ifndef VLBD_HEALTH_H
#define VLBD_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEALTH_WHY 96 /* most bytes of a reason, with its end */

enum health_state {
	HEALTH_UNKNOWN, /* no result yet */
	HEALTH_GOOD,
	HEALTH_BAD,
	HEALTH_STATES
};

struct health_rule {
	uint64_t
	    interval_ns; /* from one beginning to the next; results may take longer */
	unsigned rise;   /* successes in a row that make it good again */
	unsigned fall;   /* failures in a row that make it bad */
};

struct health {
	enum health_state state;
	unsigned against;        /* results in a row that speak against the state */
	bool under_way;          /* begun, and no result yet */
	uint64_t next_ns;        /* when it is due; NEVER while it is under way */
	uint64_t began_ns;       /* the last time */
	uint64_t since_ns;       /* of the state */
	uint64_t passed, failed; /* how often */
	char why[HEALTH_WHY];    /* of the last failure; "" after a success */
};

/* Due at once. */
void health_init(struct health *self, uint64_t now_ns);
/* True when it is due: it counts as begun from then. */
bool health_begin(struct health *self, uint64_t now_ns);
/* Its result; WHY it failed, one line. The first result decides at once: nobody knows
 * better. True: the state has changed. A result that nobody waits for is ignored. */
bool health_result(struct health *self, const struct health_rule *rule, bool passed,
    const char *why, uint64_t now_ns);
/* "unknown", "good", "bad" */
const char *health_state_name(enum health_state state);

#endif
