/* SPDX-License-Identifier: BSD-2-Clause */
/* instance.c - at most one daemon for a cluster on an interface. */
#include "instance.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

enum { BACKLOG = 64 }; /* those who only ask whether somebody has it */

struct instance {
	int fd;
	struct ev_loop *loop;
	ev_io io;
};

/* Who asks is answered by being connected. */
static void
on_asker(struct ev_loop *loop, ev_io *watcher, int revents)
{
	const struct instance *instance = watcher->data;

	(void)loop, (void)revents;
	int fd = accept4(instance->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
}

/* The address for DIGEST: its first byte, NUL, makes the name an abstract one. */
static struct sockaddr_un
address_of(uint32_t digest, socklen_t *len)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int text = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
	    "vlbd/%08" PRIx32, digest);

	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)text);
	return address;
}

/* Who has it. False: nobody does. */
static bool
find_holder(uint32_t digest, struct ucred *out)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t len, size = sizeof(*out);
	struct sockaddr_un address = address_of(digest, &len);

	if (fd < 0)
		return false;
	bool found = connect(fd, (struct sockaddr *)(void *)&address, len) == 0 &&
		     getsockopt(fd, SOL_SOCKET, SO_PEERCRED, out, &size) == 0;
	close(fd);
	return found;
}

bool
instance_taken(uint32_t digest)
{
	struct ucred holder;

	return find_holder(digest, &holder);
}

/* False: logged. */
static bool
take(int fd, uint32_t digest, uid_t user, const char *what)
{
	socklen_t len;
	struct sockaddr_un address = address_of(digest, &len);
	struct ucred holder;

	if (bind(fd, (struct sockaddr *)(void *)&address, len) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return true;
	if (errno != EADDRINUSE) {
		log_err("cannot make sure that no other vlbd serves %s", what);
		return false;
	}
	/* A vlbd answers those who ask; who does not is somebody else. */
	if (!find_holder(digest, &holder) ||
	    (holder.uid != 0 && holder.uid != geteuid() && holder.uid != user)) {
		log_warnx("a program that is no vlbd has taken the name (@vlbd/%08" PRIx32
			  ", unix(7)) that keeps a second vlbd from serving %s; going on "
			  "without",
		    digest, what);
		return true;
	}
	log_errx("another vlbd (process %ld) serves %s already; stop it, or give this "
		 "cluster another `name ='",
	    (long)holder.pid, what);
	return false;
}

struct instance *
instance_open(struct ev_loop *loop, uint32_t digest, uid_t user, const char *what)
{
	struct instance *instance = malloc(sizeof(*instance));

	if (instance == NULL) {
		log_err("out of memory");
		return NULL;
	}
	instance->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	instance->loop = loop;
	ev_io_init(&instance->io, on_asker, instance->fd, EV_READ);
	instance->io.data = instance;
	if (instance->fd >= 0 && take(instance->fd, digest, user, what)) {
		ev_io_start(loop, &instance->io);
		return instance;
	}
	instance_close(instance);
	return NULL;
}

void
instance_close(struct instance *instance)
{
	if (instance == NULL)
		return;
	ev_io_stop(instance->loop, &instance->io);
	if (instance->fd >= 0)
		close(instance->fd);
	free(instance);
}
