/* SPDX-License-Identifier: BSD-2-Clause */
/* ctlsock.h - the control socket that vlbctl asks (unix(7), stream).
 *
 * A client sends one line of at most 128 bytes, "addresses --json\n", and gets one reply
 * and the end of the stream. The first line of a reply is "ok", or "error TEXT" and the
 * like; what follows is printed as it is. A client that follows stays, and is sent what
 * is published. A client that is slow, silent or noisy costs one of a few slots for a
 * bounded time, and never the loop. */
#ifndef VLBD_CTLSOCK_H
#define VLBD_CTLSOCK_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ctlsock;

#define CTLSOCK_NO_GROUP ((gid_t)-1)
#define CTLSOCK_READERS "vlbd"      /* members may ask */
#define CTLSOCK_ADMINS "vlbd-admin" /* members may ask and steer */

/* Whose members may do what, besides root and the user who started the daemon. The kernel
 * vouches for them (SO_PEERCRED, SO_PEERGROUPS). */
struct ctlsock_rights {
	gid_t readers; /* the socket file is theirs too, mode 0660 */
	gid_t admins;
};

/* The groups of this host by name; one that is not there is CTLSOCK_NO_GROUP. It may
 * ask a directory service: not for the loop. */
struct ctlsock_rights ctlsock_rights(void);

struct ctlsock_asker {
	unsigned long ticket; /* of this request, for ctlsock_finish() */
	bool may_steer;
};

struct ctlsock_reply {
	enum {
		CTLSOCK_END,    /* .text is all */
		CTLSOCK_LATER,  /* .text is NULL; ctlsock_finish() brings it */
		CTLSOCK_FOLLOW, /* after .text, what is published on .channel */
	} then;
	char *text; /* malloc()ed; ctlsock frees it. NULL: out of memory, or later */
	size_t len;
	unsigned channel;
};

/* Answer REQUEST (no line end). */
typedef struct ctlsock_reply ctlsock_answer(
    void *user, const struct ctlsock_asker *asker, const char *request);

/* Listen at PATH, mode 0660, and serve on LOOP. A socket file that nobody listens on any
 * more (a killed daemon's) is replaced; one with a living listener is an error that names
 * it. Under /run a missing directory is made (0755). RIGHTS NULL: for root and ourselves
 * only. NULL: logged. */
struct ctlsock *ctlsock_open(struct ev_loop *loop, const char *path,
    const struct ctlsock_rights *rights, ctlsock_answer *answer, void *user);
/* The reply to the request of TICKET; TEXT is freed. The client may have gone. */
void ctlsock_finish(
    struct ctlsock *ctlsock, unsigned long ticket, char *text, size_t len);
/* Somebody follows CHANNEL. NULL is fine: nobody. */
bool ctlsock_followed(const struct ctlsock *ctlsock, unsigned channel);
/* Send it to all who follow CHANNEL; who is too slow for it is cut off. */
void ctlsock_publish(
    struct ctlsock *ctlsock, unsigned channel, const char *text, size_t len);
/* Close and unlink. NULL is fine. */
void ctlsock_close(struct ctlsock *ctlsock);

#endif
