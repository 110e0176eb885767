/* SPDX-License-Identifier: BSD-2-Clause */
/* rewrite.h - the text of a vlb.ini(5) with other servers and lists in it, and everything
 * else as it was: comments, blank lines, other sections, the order of sections and keys,
 * how keys are indented, and lines whose list stays the same. */
#ifndef VLBD_PLAN_REWRITE_H
#define VLBD_PLAN_REWRITE_H

#include <stdio.h>

#include "vlbd/conf.h"

/* Write TEXT, a good file that says BEFORE, to OUT so that it says AFTER. Servers are the
 * same if their names are: those that AFTER lacks lose their sections, those that BEFORE
 * lacks get one behind the last. Only servers and lists may differ. 0; or -1: no memory.
 */
int rewrite(FILE *out, const char *text, size_t size, const struct conf *before,
    const struct conf *after);

#endif
