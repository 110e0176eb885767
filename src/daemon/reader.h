/* SPDX-License-Identifier: BSD-2-Clause */
/* reader.h - the file read anew, in a thread beside the loop. */
#ifndef VLBD_READER_H
#define VLBD_READER_H

#include <ev.h>
#include <stdbool.h>

#include "vlbd/conf.h"

struct reader;

/* In the loop: the file has been read. CONF is malloc()ed and the receiver's; NULL: it is
 * wrong, as load_file() has told. */
typedef void reader_done(void *user, struct conf *conf);

/* Reads FILE, which stays the caller's, whenever asked. NULL: out of memory. */
struct reader *reader_open(
    struct ev_loop *loop, const char *file, reader_done *done, void *user);
/* Begin; DONE follows. False: it cannot (logged). Not while reader_busy(). */
bool reader_start(struct reader *reader);
bool reader_busy(const struct reader *reader);
/* What is being read is forgotten. NULL is fine. */
void reader_close(struct reader *reader);

#endif
