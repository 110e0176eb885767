/* SPDX-License-Identifier: BSD-2-Clause */
/* manager.h - the service manager that started us, told in the words of sd_notify(3).
 *
 * A door of its own and not libsystemd: sd_notify() waits while the manager's queue is
 * full, and the loop waits for nobody; and a daemon that holds privileges links no
 * libraries for compression. The words are a stable interface, meant to be spoken
 * without the library. Where no manager listens (NOTIFY_SOCKET is not set) every call
 * does nothing. */
#ifndef VLBD_MANAGER_H
#define VLBD_MANAGER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { MANAGER_STATUS = 160 };

struct manager {
	int fd; /* -1: nobody listens */
	struct sockaddr_un to;
	socklen_t to_len;
	uint64_t watchdog_ns;      /* 0: it does not watch us */
	char told[MANAGER_STATUS]; /* the last STATUS= */
	bool owes_ready;           /* it has not got our READY=1 yet */
};

/* From the environment, which is cleared: children are no part of it. */
void manager_open(struct manager *manager);
/* NULL is fine. */
void manager_close(struct manager *manager);
bool manager_listens(const struct manager *manager);

/* The start is over, or a reload is. STATUS: what to show, one line. */
void manager_ready(struct manager *manager, const char *status);
void manager_reloading(struct manager *manager);
void manager_stopping(struct manager *manager, const char *status);
/* Only what differs from the last time is sent; and a READY=1 that got lost. */
void manager_status(struct manager *manager, const char *status);
/* The loop turns. */
void manager_alive(struct manager *manager);

#endif
