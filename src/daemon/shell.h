/* SPDX-License-Identifier: BSD-2-Clause */
/* shell.h - the engine on a real interface: events in, actions out, on one libev loop. */
#ifndef VLBD_SHELL_H
#define VLBD_SHELL_H

#include "manager.h"
#include "netlink.h"
#include "privileges.h"
#include "vlbd/conf.h"

struct shell_setup {
	const char *file;      /* to read again on SIGHUP */
	const char *interface; /* -i, or NULL: the file says */
	const char *socket;    /* of vlbctl */
	const char *state;     /* directory of what outlives the daemon */
	const char *version;   /* the daemon's, for vlbctl */
	struct conf *conf;     /* malloc()ed; the shell frees it */
	unsigned self;         /* index in conf */
	struct netlink *netlink;
	struct netlink_link link;     /* of the interface, as it was just now */
	struct manager *manager;      /* who started us */
	struct privileges privileges; /* whom to become */
};

/* Serve until told to stop. Exit status of the program: 0, 1, 75, or 77. */
int shell_run(const struct shell_setup *setup);

#endif
