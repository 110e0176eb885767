/* SPDX-License-Identifier: BSD-2-Clause */
/* ctlsock_internal.h - what the files of the control socket share, and nobody else.
 *
 *   ctlsock.c         the listening socket, and its clients' slots
 *   ctlsock_client.c  one client: its request, its reply, its patience
 *   ctlsock_peer.c    who a client is, and what it may */
#ifndef VLBD_CTLSOCK_INTERNAL_H
#define VLBD_CTLSOCK_INTERNAL_H

#include <ev.h>
#include <sys/un.h>

#include "ctlsock.h"

enum {
	CTLSOCK_CLIENTS = 8,
	CTLSOCK_RESERVED = 2,             /* of them, for those who may steer */
	CTLSOCK_FOLLOWERS = 4,            /* of them, at most */
	CTLSOCK_REQUEST = 128,            /* bytes of a request, with its end */
	CTLSOCK_MUCH = 64 * 1024,         /* bytes that wait for a follower: send now */
	CTLSOCK_BEHIND = 2 * 1024 * 1024, /* that it may be behind */
};

struct client {
	struct ctlsock *ctlsock; /* NULL: the slot is free */
	int fd;
	ev_io io;
	ev_timer patience;
	ev_tstamp begin;
	struct ctlsock_asker asker;
	char request[CTLSOCK_REQUEST + 1];
	size_t asked;
	bool follows;
	unsigned channel;
	char *reply;
	size_t len, sent, size;
};

struct ctlsock {
	struct ev_loop *loop;
	int fd;
	ev_io io;
	ev_timer recovery;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	bool bound;
	uid_t own; /* who started the daemon */
	struct ctlsock_rights rights;
	ctlsock_answer *answer;
	void *user;
	unsigned long tickets;
	struct client clients[CTLSOCK_CLIENTS];
};

enum ctlsock_may { CTLSOCK_NOTHING, CTLSOCK_ASK, CTLSOCK_STEER };

/* What the other end of FD may do. */
enum ctlsock_may ctlsock_peer(const struct ctlsock *ctlsock, int fd);

/* Serve FD in a free slot. */
void client_begin(struct client *client, struct ctlsock *ctlsock, int fd, bool may_steer);
/* Take over TEXT as the reply, and end when it is sent. NULL: cut off. */
void client_reply(struct client *client, char *text, size_t len);
/* Send more, or cut off who is too far behind. */
void client_append(struct client *client, const char *text, size_t len);
/* Send what can be sent at once. */
void client_flush(struct client *client);
/* Free the slot. A free one is fine. */
void client_drop(struct client *client);

#endif
