/* SPDX-License-Identifier: BSD-2-Clause */
/* notify.h - news for the operator's own command, one after the other.
 *
 * Each piece of news has a key (an address, or nothing): of one key they are told in
 * order and one at a time, of different keys up to NOTIFY_AT_ONCE run side by side.
 * Whatever must wait is queued; of too many the oldest are dropped, counted and logged.
 * Nothing here waits: the runner executes the command, and kills what takes too long. */
#ifndef VLBD_NOTIFY_H
#define VLBD_NOTIFY_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runner.h"
#include "vlbd/conf.h"
#include "vlbd/ctl.h"

#define NOTIFY_AT_ONCE 4  /* most commands at once */
#define NOTIFY_QUEUE 4096 /* most pieces of news that wait */
#define NOTIFY_KEY 16     /* bytes of a key, with its end */
#define NOTIFY_BYTES 1000 /* bytes of all variables of a piece */

struct notify;

/* RUNNER must outlive it. NULL: out of memory. */
struct notify *notify_open(struct runner *runner);
/* From now on execute COMMAND; none: news are dropped uncounted. False: out of memory
 * (then there is none). */
bool notify_configure(struct notify *notify, const struct conf_command *command);
/* Tell VARIABLES ("VLBD_ADDRESS=10.77.0.1", ...; ends in NULL), in KEY's turn. */
void notify_tell(struct notify *notify, const char *key, const char *const *variables);
/* Something is queued, or runs. */
bool notify_busy(const struct notify *notify);
struct ctl_notified notify_counters(const struct notify *notify);
/* Drop what waits, and do not hear of what runs. NULL is fine. */
void notify_close(struct notify *notify);

#endif
