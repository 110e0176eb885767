/* SPDX-License-Identifier: BSD-2-Clause */
/* change.h - from one cluster to another: what moves, why no less, and in which order to
 * do it while the cluster serves. */
#ifndef VLBD_PLAN_CHANGE_H
#define VLBD_PLAN_CHANGE_H

#include <stdio.h>

#include "options.h"
#include "vlbd/conf.h"

struct change {
	struct conf *before, *after;
	unsigned added, removed;         /* servers */
	unsigned new_addresses, dropped; /* addresses */
	unsigned moved;                  /* addresses that stay, with another primary */
	unsigned orphaned;               /* of these: their primary is removed */
	unsigned least;                  /* no balanced lists move fewer */
	unsigned deeper; /* addresses whose primary stays, with another list */
};

/* What OPTIONS makes of the file with TEXT. 0, or an exit status with the reason told.
 * change_free() it in any case. */
int change_make(
    struct change *change, const struct options *options, char *text, size_t size);
/* What it means for the cluster that runs, in words. */
void change_explain(FILE *out, const struct change *change, const char *file);
void change_free(struct change *change);

#endif
