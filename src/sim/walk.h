/* SPDX-License-Identifier: BSD-2-Clause */
/* walk.h - small worlds, completely: every history within bounds, none left out. */
#ifndef VLBD_SIM_WALK_H
#define VLBD_SIM_WALK_H

#include <stdio.h>

struct walk_options {
	unsigned servers; /* 2 or 3 */
	unsigned faults;  /* at most so many in one history */
	unsigned drops;   /* and so many frames lost, late or overtaken */
};

/* Walk them all, and print to OUT how many there were. 0: every promise was kept. 1: one
 * was broken; the first history that did it is printed, and what happened in it. */
int walk(FILE *out, const struct walk_options *options);

#endif
