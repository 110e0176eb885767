/* SPDX-License-Identifier: BSD-2-Clause */
/* ctlsock.h - the control socket that vlbctl asks (unix(7), stream).
 *
 * A client sends one line of at most 128 bytes, "addresses --json\n", and gets one reply
 * and the end of the stream. The first line of a reply is "ok" or "error TEXT"; what
 * follows is printed as it is. A client that is slow, silent or noisy costs one of a few
 * slots for a bounded time, and never the loop. */
#ifndef VLBD_CTLSOCK_H
#define VLBD_CTLSOCK_H

#include <ev.h>
#include <stddef.h>

struct ctlsock;

/* Answer REQUEST (no line end): return a malloc()ed reply, whole with its first line, and
 * its length; ctlsock frees it. NULL: out of memory; the client is cut off. */
typedef char *ctlsock_answer(void *user, const char *request, size_t *len);

/* Listen at PATH, mode 0660, and serve on LOOP. A socket file that nobody listens on any
 * more (a killed daemon's) is replaced; one with a living listener is an error that names
 * it. Under /run a missing directory is made (0755). NULL: logged. */
struct ctlsock *ctlsock_open(
    struct ev_loop *loop, const char *path, ctlsock_answer *answer, void *user);
/* Close and unlink. NULL is fine. */
void ctlsock_close(struct ctlsock *ctlsock);

#endif
