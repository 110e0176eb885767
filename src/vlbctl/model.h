/* SPDX-License-Identifier: BSD-2-Clause */
/* model.h - what the daemon said, for the live view. */
#ifndef VLBCTL_MODEL_H
#define VLBCTL_MODEL_H

#include <stdbool.h>
#include <time.h>

enum { MODEL_SERVERS = 64, MODEL_NONE = -1 };

struct model_server {
	const char *name;
	const char *state; /* "self" for the one that was asked */
	long silence_ms;   /* MODEL_NONE: not heard yet, or self */
	unsigned addresses;
	bool unhealthy;
};

struct model_address {
	const char *address;
	int owner;         /* index of a server, or MODEL_NONE */
	const char *state; /* on self; "-": it is not in the list */
	bool confirmed;
	unsigned char
	    tier[MODEL_SERVERS]; /* of each server, from 1; 0: not in the list */
};

struct model_event {
	time_t at;
	int level; /* as syslog(3) has it */
	const char *text;
};

/* All text points into the snapshot. */
struct model {
	const char *self, *cluster, *interface, *standing;
	bool drain_persists;
	unsigned routers;
	unsigned servers, addresses, events;
	struct model_server server[MODEL_SERVERS];
	struct model_address *address; /* malloc()ed, as is .event */
	struct model_event *event;
};

/* Read a snapshot, which is taken apart in place and must outlive the model. False: it is
 * none. */
bool model_read(struct model *model, char *snapshot);
void model_free(struct model *model);

#endif
