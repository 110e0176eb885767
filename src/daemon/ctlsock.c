/* SPDX-License-Identifier: BSD-2-Clause */
/* ctlsock.c - the control socket: short questions, one answer each.
 *
 * Clients are strangers to the loop: each has a slot, a bounded request and a deadline,
 * and is cut off when it exceeds one of them. */
#include "ctlsock.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

enum { CLIENTS = 8, REQUEST = 128, BACKLOG = 16 };
#define PATIENCE_S 2.0 /* without progress */
#define RECOVERY_S 1.0 /* after accept(2) failed, before it is tried again */

struct client {
	struct ctlsock *ctlsock; /* NULL: the slot is free */
	int fd;
	ev_io io;
	ev_timer patience;
	char request[REQUEST + 1];
	size_t asked;
	char *reply;
	size_t len, sent;
};

struct ctlsock {
	struct ev_loop *loop;
	int fd;
	ev_io io;
	ev_timer recovery;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	bool bound;
	ctlsock_answer *answer;
	void *user;
	struct client clients[CLIENTS];
};

static void
drop(struct client *client)
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
on_writable(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct client *client = watcher->data;

	(void)revents;
	ssize_t sent = send(client->fd, client->reply + client->sent,
	    client->len - client->sent, MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent > 0) {
		client->sent += (size_t)sent;
		ev_timer_again(loop, &client->patience);
	}
	if (sent <= 0 || client->sent == client->len)
		drop(client);
}

static void
reply_to(struct client *client, char *line)
{
	struct ctlsock *ctlsock = client->ctlsock;

	client->reply = ctlsock->answer(ctlsock->user, line, &client->len);
	if (client->reply == NULL) {
		drop(client);
		return;
	}
	ev_io_stop(ctlsock->loop, &client->io);
	ev_io_init(&client->io, on_writable, client->fd, EV_WRITE);
	ev_io_start(ctlsock->loop, &client->io);
}

static void
on_readable(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct client *client = watcher->data;

	(void)loop, (void)revents;
	ssize_t got =
	    recv(client->fd, client->request + client->asked, REQUEST - client->asked, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		drop(client);
		return;
	}
	client->asked += (size_t)got;
	char *end = memchr(client->request, '\n', client->asked);
	if (end != NULL) {
		*end = '\0';
		reply_to(client, client->request);
	} else if (client->asked == REQUEST) {
		drop(client); /* no request is that long */
	}
}

static void
on_impatience(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	(void)loop, (void)revents;
	drop(watcher->data);
}

static void
on_recovery(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	struct ctlsock *ctlsock = watcher->data;

	(void)revents;
	ev_io_start(loop, &ctlsock->io);
}

/* Out of descriptors or memory: the client waits in the queue, and would wake the loop
 * without end. */
static void
rest(struct ctlsock *ctlsock)
{
	ev_io_stop(ctlsock->loop, &ctlsock->io);
	ev_timer_set(&ctlsock->recovery, RECOVERY_S, 0.);
	ev_timer_start(ctlsock->loop, &ctlsock->recovery);
}

static void
turn_away(int fd)
{
	static const char busy[] =
	    "error the daemon has too many clients already; try again\n";

	(void)send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL);
	close(fd);
}

static void
on_client(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct ctlsock *ctlsock = watcher->data;
	struct client *client = NULL;

	(void)revents;
	int fd = accept4(ctlsock->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			rest(ctlsock);
		return;
	}
	for (unsigned i = 0; i < CLIENTS && client == NULL; i++)
		if (ctlsock->clients[i].ctlsock == NULL)
			client = &ctlsock->clients[i];
	if (client == NULL) {
		turn_away(fd);
		return;
	}
	*client = (struct client){ .ctlsock = ctlsock, .fd = fd };
	ev_io_init(&client->io, on_readable, fd, EV_READ);
	ev_init(&client->patience, on_impatience);
	client->patience.repeat = PATIENCE_S;
	client->io.data = client->patience.data = client;
	ev_io_start(loop, &client->io);
	ev_timer_again(loop, &client->patience);
}

/* True: somebody answers at the address; false with errno otherwise. */
static bool
is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	bool alive = connect(fd, (const struct sockaddr *)(const void *)address,
			 sizeof(*address)) == 0 ||
		     errno == EAGAIN || errno == EINPROGRESS;
	int error = errno;
	close(fd);
	errno = error;
	return alive;
}

/* Under /run a directory is gone with the last boot, and made again; elsewhere a missing
 * one is a slip of the pen. */
static int
make_parent(const char *path)
{
	char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];

	if (strncmp(path, "/run/", 5) != 0)
		return 0;
	strcpy(copy, path);
	return mkdir(dirname(copy), 0755) == 0 || errno == EEXIST ? 0 : -1;
}

static int
bind_to(struct ctlsock *ctlsock)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat found;

	strcpy(address.sun_path, ctlsock->path);
	if (make_parent(ctlsock->path) != 0) {
		log_err("cannot make the directory of %s", ctlsock->path);
		return -1;
	}
	if (is_alive(&address)) {
		log_errx(
		    "another vlbd answers at %s; stop it, or use -s for another socket",
		    ctlsock->path);
		return -1;
	}
	if (lstat(ctlsock->path, &found) == 0) {
		if (!S_ISSOCK(found.st_mode)) {
			log_errx("%s exists and is no socket; remove it, or use -s",
			    ctlsock->path);
			return -1;
		}
		(void)unlink(ctlsock->path); /* a killed daemon's */
	}
	mode_t mask = umask(0117);
	int status =
	    bind(ctlsock->fd, (struct sockaddr *)(void *)&address, sizeof(address));
	umask(mask);
	if (status != 0) {
		log_err("cannot make the control socket %s; -s takes another path",
		    ctlsock->path);
		return -1;
	}
	ctlsock->bound = true;
	return 0;
}

struct ctlsock *
ctlsock_open(struct ev_loop *loop, const char *path, ctlsock_answer *answer, void *user)
{
	struct ctlsock *ctlsock = calloc(1, sizeof(*ctlsock));

	if (ctlsock == NULL) {
		log_err("out of memory");
		return NULL;
	}
	ctlsock->loop = loop;
	ctlsock->answer = answer;
	ctlsock->user = user;
	ctlsock->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (strlen(path) >= sizeof(ctlsock->path)) {
		log_errx("the control socket's path is longer than the %zu bytes that it "
			 "may have: %s",
		    sizeof(ctlsock->path) - 1, path);
		goto bad;
	}
	strcpy(ctlsock->path, path);
	if (ctlsock->fd < 0) {
		log_err("cannot make the control socket");
		goto bad;
	}
	if (bind_to(ctlsock) != 0)
		goto bad;
	if (listen(ctlsock->fd, BACKLOG) != 0) {
		log_err("cannot listen at %s", path);
		goto bad;
	}
	ev_io_init(&ctlsock->io, on_client, ctlsock->fd, EV_READ);
	ev_init(&ctlsock->recovery, on_recovery);
	ctlsock->io.data = ctlsock->recovery.data = ctlsock;
	ev_io_start(loop, &ctlsock->io);
	return ctlsock;
bad:
	ctlsock_close(ctlsock);
	return NULL;
}

void
ctlsock_close(struct ctlsock *ctlsock)
{
	if (ctlsock == NULL)
		return;
	for (unsigned i = 0; i < CLIENTS; i++)
		drop(&ctlsock->clients[i]);
	if (ctlsock->io.data != NULL) {
		ev_io_stop(ctlsock->loop, &ctlsock->io);
		ev_timer_stop(ctlsock->loop, &ctlsock->recovery);
	}
	if (ctlsock->bound)
		(void)unlink(ctlsock->path);
	if (ctlsock->fd >= 0)
		close(ctlsock->fd);
	free(ctlsock);
}
