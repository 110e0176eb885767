/* SPDX-License-Identifier: BSD-2-Clause */
/* manager.c - datagrams to the service manager, without ever waiting for it. */
#include "manager.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

/* "/path", or "@name" for an abstract one. */
static bool
find_socket(struct manager *manager, const char *name)
{
	size_t len = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || len < 2 ||
	    len >= sizeof(manager->to.sun_path))
		return false;
	manager->to.sun_family = AF_UNIX;
	memcpy(manager->to.sun_path, name, len + 1);
	manager->to_len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));
	if (name[0] == '@')
		manager->to.sun_path[0] = '\0';
	return true;
}

/* How often we must speak; meant for us only if the process number says so. */
static uint64_t
find_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	uintmax_t value;

	if (usec == NULL || sscanf(usec, "%" SCNuMAX, &value) != 1 ||
	    value > UINT64_MAX / 1000)
		return 0;
	if (pid != NULL && strtol(pid, NULL, 10) != (long)getpid())
		return 0;
	return (uint64_t)value * 1000;
}

void
manager_open(struct manager *manager)
{
	const char *name = getenv("NOTIFY_SOCKET");

	*manager = (struct manager){ .fd = -1 };
	if (name != NULL && find_socket(manager, name)) {
		manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (manager->fd < 0)
			log_warn("cannot speak to the service manager at %s", name);
	} else if (name != NULL) {
		log_warnx("cannot speak to the service manager: NOTIFY_SOCKET is %s, "
			  "which is no path",
		    name);
	}
	if (manager->fd >= 0)
		manager->watchdog_ns = find_watchdog();
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
}

void
manager_close(struct manager *manager)
{
	if (manager != NULL && manager->fd >= 0)
		close(manager->fd);
}

bool
manager_listens(const struct manager *manager)
{
	return manager->fd >= 0;
}

/* A manager that does not read, or is just being replaced, misses it. */
static bool
tell(const struct manager *manager, const char *words)
{
	if (manager->fd < 0)
		return false;
	return sendto(manager->fd, words, strlen(words), MSG_DONTWAIT | MSG_NOSIGNAL,
		   (const struct sockaddr *)(const void *)&manager->to,
		   manager->to_len) >= 0;
}

static bool
tell_status(struct manager *manager, const char *before, const char *status)
{
	char words[MANAGER_STATUS + 64];
	char line[MANAGER_STATUS];

	snprintf(line, sizeof(line), "%s", status);
	snprintf(words, sizeof(words), "%sSTATUS=%s", before, line);
	if (!tell(manager, words))
		return false;
	memcpy(manager->told, line, sizeof(line));
	return true;
}

void
manager_ready(struct manager *manager, const char *status)
{
	manager->owes_ready = !tell_status(manager, "READY=1\n", status);
}

void
manager_reloading(struct manager *manager)
{
	char words[96];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(words, sizeof(words), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	    (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	(void)tell(manager, words);
}

void
manager_stopping(struct manager *manager, const char *status)
{
	manager->owes_ready = false;
	(void)tell_status(manager, "STOPPING=1\n", status);
}

void
manager_status(struct manager *manager, const char *status)
{
	if (manager->owes_ready)
		manager_ready(manager, status);
	else if (strncmp(manager->told, status, sizeof(manager->told) - 1) != 0)
		(void)tell_status(manager, "", status);
}

void
manager_alive(struct manager *manager)
{
	(void)tell(manager, "WATCHDOG=1");
}
