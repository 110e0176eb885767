/* SPDX-License-Identifier: BSD-2-Clause */
/* scribe.h - files written for the loop, by a thread of its own: a disk that hangs holds
 * up the file, and never a hello.
 *
 * The thread starts with the first job, so after privileges were dropped: what it may is
 * what the loop may. It touches nothing but its jobs. */
#ifndef VLBD_SCRIBE_H
#define VLBD_SCRIBE_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

struct scribe;

/* A job is done, told from the loop; ERROR is errno, or 0. */
typedef void scribe_done(void *user, int error);

/* NULL: out of memory. */
struct scribe *scribe_open(struct ev_loop *loop);
/* Put LEN bytes of TEXT, which is taken over, in the place of the file PATH: readers see
 * the old one or the new one, whole. SYNC: DONE is called when the disk has it. False
 * with errno: too much waits already (EBUSY), or no thread could be made; DONE is not
 * called, and TEXT is freed. */
bool scribe_write(struct scribe *scribe, const char *path, char *text, size_t len,
    bool sync, scribe_done *done, void *user);
/* Likewise take the file away; that there is none is no error. */
bool scribe_remove(
    struct scribe *scribe, const char *path, scribe_done *done, void *user);
/* Finish what waits, but in a second at most. DONE is no longer called. NULL is fine. */
void scribe_close(struct scribe *scribe);

#endif
