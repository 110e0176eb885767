/* SPDX-License-Identifier: BSD-2-Clause */
/* ctlsock_client.c - one client: a bounded request, one reply, or a stream to follow.
 *
 * It is cut off when it is silent for too long, when it takes too long in all, when its
 * request has no end, or when it reads slower than what it follows is written. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctlsock_internal.h"

#define PATIENCE_S 2.0 /* without progress */
#define LATER_S 30.0   /* for a reply of ours that takes time */
#define WHOLE_S 30.0   /* for a request and its reply */

void
client_drop(struct client *client)
{
	struct ctlsock *ctlsock = client->ctlsock;

	if (ctlsock == NULL)
		return;
	ev_io_stop(ctlsock->loop, &client->io);
	ev_timer_stop(ctlsock->loop, &client->patience);
	close(client->fd);
	free(client->reply);
	*client = (struct client){ .fd = -1 };
}

static void
wait_for(
    struct client *client, void (*callback)(struct ev_loop *, ev_io *, int), int events)
{
	ev_io_stop(client->ctlsock->loop, &client->io);
	ev_io_init(&client->io, callback, client->fd, events);
	ev_io_start(client->ctlsock->loop, &client->io);
}

static void
be_patient(struct client *client, double seconds)
{
	client->patience.repeat = seconds; /* 0: for ever */
	ev_timer_again(client->ctlsock->loop, &client->patience);
}

/* A follower has nothing to say; that it reads, or has gone, is seen here. */
static void
on_follower(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct client *client = watcher->data;
	char byte;

	(void)loop, (void)revents;
	ssize_t got = recv(client->fd, &byte, sizeof(byte), 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	client_drop(client);
}

static void
on_writable(struct ev_loop *loop, ev_io *watcher, int revents)
{
	(void)loop, (void)revents;
	client_flush(watcher->data);
}

/* All that there was is sent. */
static void
rest(struct client *client)
{
	if (!client->follows) {
		client_drop(client);
		return;
	}
	client->len = client->sent = 0;
	if (client->size > CTLSOCK_MUCH) { /* what a burst has left behind */
		free(client->reply);
		client->reply = NULL;
		client->size = 0;
	}
	be_patient(client, 0.);
	wait_for(client, on_follower, EV_READ);
}

void
client_flush(struct client *client)
{
	ssize_t sent = send(client->fd, client->reply + client->sent,
	    client->len - client->sent, MSG_NOSIGNAL);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent <= 0) {
		client_drop(client);
		return;
	}
	client->sent += (size_t)sent;
	be_patient(client, PATIENCE_S);
	if (client->sent == client->len)
		rest(client);
	else if (!client->follows &&
		 ev_now(client->ctlsock->loop) - client->begin > WHOLE_S)
		client_drop(client);
}

void
client_reply(struct client *client, char *text, size_t len)
{
	client->reply = text;
	client->len = client->size = len;
	if (text == NULL || len == 0) {
		client_drop(client);
		return;
	}
	be_patient(client, PATIENCE_S);
	wait_for(client, on_writable, EV_WRITE);
}

/* Room for LEN more bytes behind those that wait. In steps of twice as much, and moved
 * down only when half of it is free: a long burst of short lines must not cost the loop
 * their square. */
static bool
make_room(struct client *client, size_t len)
{
	if (client->len + len <= client->size)
		return true;
	if (client->sent > 0 && client->sent >= client->size / 2) {
		client->len -= client->sent;
		memmove(client->reply, client->reply + client->sent, client->len);
		client->sent = 0;
	}
	if (client->len + len <= client->size)
		return true;
	size_t size = 2 * (client->len + len);
	char *more = realloc(client->reply, size);
	if (more == NULL)
		return false;
	client->reply = more;
	client->size = size;
	return true;
}

void
client_append(struct client *client, const char *text, size_t len)
{
	bool idle = client->sent == client->len;

	if (client->len - client->sent + len > CTLSOCK_BEHIND ||
	    !make_room(client, len)) {
		client_drop(client);
		return;
	}
	memcpy(client->reply + client->len, text, len);
	client->len += len;
	if (idle) {
		be_patient(client, PATIENCE_S);
		wait_for(client, on_writable, EV_WRITE);
	} else if (client->len - client->sent > CTLSOCK_MUCH) {
		client_flush(
		    client); /* we may be in a burst, and not in the loop for long */
	}
}

static bool
room_for_followers(const struct ctlsock *ctlsock)
{
	unsigned followers = 0;

	for (unsigned i = 0; i < CTLSOCK_CLIENTS; i++)
		followers += ctlsock->clients[i].follows;
	return followers < CTLSOCK_FOLLOWERS;
}

static void
ask(struct client *client)
{
	struct ctlsock *ctlsock = client->ctlsock;

	client->asker.ticket = ++ctlsock->tickets;
	struct ctlsock_reply reply =
	    ctlsock->answer(ctlsock->user, &client->asker, client->request);
	if (reply.then == CTLSOCK_LATER) {
		/* Its request is read; whether it still waits is seen when we write. */
		ev_io_stop(ctlsock->loop, &client->io);
		be_patient(client, LATER_S);
		return;
	}
	if (reply.then == CTLSOCK_FOLLOW && !room_for_followers(ctlsock)) {
		static const char full[] =
		    "error the daemon has too many followers already\n";
		free(reply.text);
		reply = (struct ctlsock_reply){ .text = strdup(full),
			.len = sizeof(full) - 1 };
	}
	client->follows = reply.then == CTLSOCK_FOLLOW;
	client->channel = reply.channel;
	client_reply(client, reply.text, reply.len);
}

static void
on_readable(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct client *client = watcher->data;

	(void)loop, (void)revents;
	ssize_t got = recv(client->fd, client->request + client->asked,
	    CTLSOCK_REQUEST - client->asked, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		client_drop(client);
		return;
	}
	client->asked += (size_t)got;
	char *end = memchr(client->request, '\n', client->asked);
	if (end != NULL) {
		*end = '\0';
		ask(client);
	} else if (client->asked == CTLSOCK_REQUEST) {
		client_drop(client); /* no request is that long */
	}
}

static void
on_impatience(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	(void)loop, (void)revents;
	client_drop(watcher->data);
}

void
client_begin(struct client *client, struct ctlsock *ctlsock, int fd, bool may_steer)
{
	*client = (struct client){
		.ctlsock = ctlsock,
		.fd = fd,
		.begin = ev_now(ctlsock->loop),
		.asker = { .may_steer = may_steer },
	};
	ev_io_init(&client->io, on_readable, fd, EV_READ);
	ev_init(&client->patience, on_impatience);
	client->io.data = client->patience.data = client;
	ev_io_start(ctlsock->loop, &client->io);
	be_patient(client, PATIENCE_S);
}
