/* SPDX-License-Identifier: BSD-2-Clause */
/* checks.h - checks of services, run on the loop: connections and commands under way.
 *
 * tcp and http open a non-blocking socket each, with a numeric address: no name is looked
 * up, and nothing is forked. Commands are the runner's. Whatever hangs is given up after
 * the check's timeout. When a check is due, and what its result means, is for the engine
 * to say. */
#ifndef VLBD_CHECKS_H
#define VLBD_CHECKS_H

#include <ev.h>
#include <stdbool.h>

#include "runner.h"
#include "vlbd/conf.h"

struct checks;

/* Check INDEX has ended: it PASSED, or WHY not. From the loop, or out of checks_run(). */
typedef void checks_done(void *user, unsigned index, bool passed, const char *why);

/* RUNNER may be NULL: then commands fail. NULL: out of memory. */
struct checks *checks_open(
    struct ev_loop *loop, struct runner *runner, checks_done *done, void *user);
/* Begin check INDEX of CONF, which must stay until the end; SERVER is self's index, for
 * the environment of commands. */
void checks_run(
    struct checks *checks, const struct conf *conf, unsigned server, unsigned index);
/* Give up all that are under way: DONE is not called for them. */
void checks_forget(struct checks *checks);
/* NULL is fine. */
void checks_close(struct checks *checks);

#endif
