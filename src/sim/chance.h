/* SPDX-License-Identifier: BSD-2-Clause */
/* chance.h - what the files that roll stories share. */
#ifndef VLBD_SIM_CHANCE_H
#define VLBD_SIM_CHANCE_H

#include "story.h"

enum {
	CHANCE_SERVERS = 16,      /* at most */
	CHANCE_ADDRESSES = 3 * 8, /* at most */
	CHANCE_CALM_S = 6         /* before the first fault */
};

/* What a configuration is made of. */
struct chance_file {
	unsigned servers, tiers, addresses, routers;
	uint8_t list[CHANCE_ADDRESSES][CONF_TIERS]; /* of each address: servers by tier */
	enum story_family family;
	bool checked; /* its file has a check */
	uint64_t timing_seed;
};

/* Each address has a random list; the first servers come round in turn. */
void chance_lists(struct chance_file *file, struct dice *dice);
/* The configuration, malloc()ed; WITHOUT_LAST: the same lists without the last server, as
 * an older file may look. */
struct conf *chance_conf(const struct chance_file *file, bool without_last);
/* The routers, the switch, the clocks. */
void chance_network(struct story *story, struct dice *dice);

void chance_add(struct story *story, const struct fault *fault);
/* One of anything, between the two times, and its end, if that is before all is mended.
 */
void chance_fault(
    struct story *story, struct dice *dice, uint64_t begin_ns, uint64_t end_ns);
/* Does the file have a check? */
bool chance_checked(struct dice *dice);
/* Services that fail while their servers live. */
void chance_sickness(
    struct story *story, struct dice *dice, uint64_t begin_ns, uint64_t end_ns);
/* A story of the common family. */
void chance_common(struct story *story, struct dice *dice);
/* Who dies when all is calm again. */
void chance_victims(struct story *story, struct dice *dice);

/* chance_ears.c */
void chance_ears(struct story *story, struct dice *dice);

/* chance_odd.c */
void chance_odd(struct story *story, struct dice *dice);
void chance_steady(struct story *story, struct dice *dice);

#endif
