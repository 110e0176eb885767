/* SPDX-License-Identifier: BSD-2-Clause */
/* progress.h - how far a long run is, for whoever sits at the terminal. */
#ifndef VLBD_PLAN_PROGRESS_H
#define VLBD_PLAN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;
	uint64_t begin_ms; /* 0: not begun */
	unsigned shown;    /* percent; what is on the terminal now */
	bool visible;
};

#define PROGRESS(WHAT) ((struct progress){ .what = (WHAT) })

/* Show it, if stderr is a terminal and half a second has passed. */
void progress_show(struct progress *progress, unsigned permille);
/* Take it off the terminal again. */
void progress_end(struct progress *progress);

#endif
