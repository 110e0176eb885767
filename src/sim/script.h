/* SPDX-License-Identifier: BSD-2-Clause */
/* script.h - what is to be played, as the command line says. */
#ifndef VLBD_SIM_SCRIPT_H
#define VLBD_SIM_SCRIPT_H

#include "world.h"

#define SCRIPT_EVENTS 100

struct script {
	const char *file;                  /* the configuration */
	const char *text[SCRIPT_EVENTS];   /* "B@500ms" */
	struct fault event[SCRIPT_EVENTS]; /* since the beginning of the play */
	unsigned events;
	uint64_t for_ns; /* 0: not told */
};

/* Read the command line into an empty *script. False: what is wrong was told. */
bool script_parse(struct script *script, int argc, char **argv);
/* Find the servers and times of its events. False: what is wrong was told. */
bool script_bind(struct script *script, const struct conf *conf);
/* How long it is. */
uint64_t script_length(const struct script *script, const struct conf_timing *timing);
/* Something happens in [FROM_NS, UNTIL_NS). */
bool script_has(const struct script *script, uint64_t from_ns, uint64_t until_ns);

#endif
