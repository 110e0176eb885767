/* SPDX-License-Identifier: BSD-2-Clause */
/* routes.h - what a router needs to spread an external range over the failover addresses.
 *
 * First decide, then print: routes_decide() finds out whether this router can do it and
 * cuts the external ranges into parts if it must; routes_print() writes what it decided
 * as that router's own configuration. */
#ifndef VLBD_PLAN_ROUTES_H
#define VLBD_PLAN_ROUTES_H

#include <stdio.h>

#include "routers.h"
#include "vlbd/conf.h"

#define ROUTES_PARTS 64 /* most parts of an external range */
#define ROUTES_WARNINGS 8
#define ROUTES_TEXT 400

/* What is asked for. */
struct routes_wish {
	const struct conf *conf; /* servers, addresses, their lists */
	const char *router;      /* a name from routers.c, or "dai" */
	unsigned externals;      /* 0: those of *conf */
	struct conf_range external[CONF_EXTERNALS];
	const char *interface; /* the router's, on the segment; NULL: not known */
	unsigned paths;        /* next hops that it takes; 0: what is known of it */
	unsigned split;        /* parts of each external range; 0: as few as need be */
	struct ip
	    base[CONF_SERVERS]; /* for dai: base addresses, as far as they are known */
};

/* What came of it. Large: not for the stack. */
struct routes {
	const struct routes_wish *wish;
	const struct router *router; /* NULL: dai */
	unsigned externals;
	struct conf_range external[CONF_EXTERNALS];
	unsigned paths; /* 0: no limit is known */
	unsigned parts;
	uint8_t part[CONF_ADDRESSES]; /* of each address */
	unsigned warnings;
	char warning[ROUTES_WARNINGS][ROUTES_TEXT];
	char error[ROUTES_TEXT];
};

/* Decide. False: it cannot be done; routes->error says why, and what to do instead. WISH
 * must live as long as ROUTES. */
bool routes_decide(struct routes *routes, const struct routes_wish *wish);
/* The configuration, its warnings among the comments. */
void routes_print(FILE *out, const struct routes *routes);
/* The names of the routers, and what they are: for `--routes help'. */
void routes_help(FILE *out);

/* A message for the user, who gets all of them. */
void routes_warn(struct routes *routes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Where the limit of routes->paths comes from, behind "N next hops that"; returns TEXT.
 */
const char *routes_limit(const struct routes *routes, char text[ROUTES_TEXT / 2]);
/* Text as comment lines of a readable length, each behind LEAD. */
void routes_comment(FILE *out, const char *lead, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Share the addresses out among the parts: each part gets as many as any other, and in
 * it every server as many as in any other part, within one; the secondaries likewise.
 * Deterministic. */
void routes_deal(const struct conf *conf, unsigned parts, uint8_t part[CONF_ADDRESSES]);
/* Addresses of PART that SERVER serves when DEAD (or CONF_NONE: nobody) is down. */
unsigned routes_load(const struct conf *conf, const uint8_t *part_of, unsigned part,
    int dead, unsigned server);
/* Warns of what no limit of such a switch allows. */
void routes_decide_dai(struct routes *routes);
/* The access list for a switch that inspects ARP. */
void routes_print_dai(FILE *out, const struct routes *routes);

#endif
