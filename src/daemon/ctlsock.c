/* SPDX-License-Identifier: BSD-2-Clause */
/* ctlsock.c - the control socket, and the slots of its clients.
 *
 * Clients are strangers to the loop: the kernel says who each one is, and each has a slot
 * or is turned away. */
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

#include "ctlsock_internal.h"
#include "log.h"

enum { BACKLOG = 16 };
#define RECOVERY_S 1.0 /* after accept(2) failed, before it is tried again */

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
turn_away(int fd, const char *why)
{
	(void)send(fd, why, strlen(why), MSG_NOSIGNAL);
	close(fd);
}

/* A free slot, or NULL. The last ones are kept for those who may steer. */
static struct client *
free_slot(struct ctlsock *ctlsock, enum ctlsock_may may)
{
	unsigned reserved = may == CTLSOCK_STEER ? 0 : CTLSOCK_RESERVED;
	struct client *client = NULL;
	unsigned slots = 0;

	for (unsigned i = 0; i < CTLSOCK_CLIENTS; i++) {
		if (ctlsock->clients[i].ctlsock != NULL)
			continue;
		client = &ctlsock->clients[i];
		slots++;
	}
	return slots > reserved ? client : NULL;
}

static void
on_client(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct ctlsock *ctlsock = watcher->data;

	(void)loop, (void)revents;
	int fd = accept4(ctlsock->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			rest(ctlsock);
		return;
	}
	enum ctlsock_may may = ctlsock_peer(ctlsock, fd);
	struct client *client = free_slot(ctlsock, may);
	if (may == CTLSOCK_NOTHING)
		turn_away(fd, "denied you may not ask this daemon: be root, or of the "
			      "group " CTLSOCK_READERS "\n");
	else if (client == NULL)
		turn_away(
		    fd, "error the daemon has too many clients already; try again\n");
	else
		client_begin(client, ctlsock, fd, may == CTLSOCK_STEER);
}

/* True: a program has the socket at the address, be it of another type (EPROTOTYPE).
 * False with errno: ENOENT, or ECONNREFUSED where the socket is nobody's any more. */
static bool
is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	bool alive = connect(fd, (const struct sockaddr *)(const void *)address,
			 sizeof(*address)) == 0 ||
		     errno == EAGAIN || errno == EINPROGRESS || errno == EPROTOTYPE;
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
		    "another program, perhaps another vlbd, has the socket %s; stop it, "
		    "or use -s for another one",
		    ctlsock->path);
		return -1;
	}
	bool abandoned = errno == ECONNREFUSED;
	if (lstat(ctlsock->path, &found) == 0) {
		if (!S_ISSOCK(found.st_mode)) {
			log_errx("%s exists and is no socket; remove it, or use -s",
			    ctlsock->path);
			return -1;
		}
		if (!abandoned) {
			log_errx(
			    "cannot find out whose socket %s is; remove it, or use -s",
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
	/* Without the right to give it away, root alone will get through. What is the
	 * group's already is not given: a sandbox may forbid chown(2) altogether. */
	if (ctlsock->rights.readers != CTLSOCK_NO_GROUP &&
	    ctlsock->rights.readers != getegid() &&
	    chown(ctlsock->path, (uid_t)-1, ctlsock->rights.readers) != 0)
		log_warn("cannot give %s to the group %s, so only root can use it",
		    ctlsock->path, CTLSOCK_READERS);
	return 0;
}

struct ctlsock *
ctlsock_open(struct ev_loop *loop, const char *path, const struct ctlsock_rights *rights,
    ctlsock_answer *answer, void *user)
{
	static const struct ctlsock_rights nobody = { CTLSOCK_NO_GROUP,
		CTLSOCK_NO_GROUP };
	struct ctlsock *ctlsock = calloc(1, sizeof(*ctlsock));

	if (ctlsock == NULL) {
		log_err("out of memory");
		return NULL;
	}
	ctlsock->loop = loop;
	ctlsock->own = getuid();
	ctlsock->rights = rights != NULL ? *rights : nobody;
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
ctlsock_finish(struct ctlsock *ctlsock, unsigned long ticket, char *text, size_t len)
{
	for (unsigned i = 0; i < CTLSOCK_CLIENTS; i++) {
		struct client *client = &ctlsock->clients[i];
		if (client->ctlsock == NULL || client->asker.ticket != ticket)
			continue;
		client_reply(client, text, len);
		return;
	}
	free(text);
}

bool
ctlsock_followed(const struct ctlsock *ctlsock, unsigned channel)
{
	for (unsigned i = 0; ctlsock != NULL && i < CTLSOCK_CLIENTS; i++)
		if (ctlsock->clients[i].follows && ctlsock->clients[i].channel == channel)
			return true;
	return false;
}

void
ctlsock_publish(struct ctlsock *ctlsock, unsigned channel, const char *text, size_t len)
{
	for (unsigned i = 0; i < CTLSOCK_CLIENTS; i++)
		if (ctlsock->clients[i].follows && ctlsock->clients[i].channel == channel)
			client_append(&ctlsock->clients[i], text, len);
}

void
ctlsock_close(struct ctlsock *ctlsock)
{
	if (ctlsock == NULL)
		return;
	for (unsigned i = 0; i < CTLSOCK_CLIENTS; i++) {
		struct client *client = &ctlsock->clients[i];
		if (client->ctlsock != NULL && client->sent < client->len)
			client_flush(client);
		client_drop(client);
	}
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
