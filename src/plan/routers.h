/* SPDX-License-Identifier: BSD-2-Clause */
/* routers.h - what is known of the routers, as data.
 *
 * A router is described by templates of its own configuration language. In them
 *
 *	{prefix}     203.0.113.0/24        {network} {mask}  203.0.113.0 255.255.255.0
 *	{hop}        10.77.0.1             {hops}    how many there are for this range
 *	{interface}  eth1, or <interface>  {port}    the same without its unit: ge-0/0/1
 *	{dev}        " dev eth1", or nothing         {on} " eth1", or nothing
 *	{ecmp}       16, 32, 64...: the least of them that is not below {hops}
 *
 * are replaced. */
#ifndef VLBD_PLAN_ROUTERS_H
#define VLBD_PLAN_ROUTERS_H

#include <stdbool.h>

struct router {
	const char *name;    /* for --routes */
	const char *title;   /* for people */
	const char *comment; /* what begins a comment */
	unsigned paths;      /* most next hops of one route; 0: not known */
	const char *limit;   /* where that number comes from */
	bool hard;           /* --paths cannot raise it */
	const char *run;     /* where this output was tried; NULL: nowhere, by us */

	const char *settings; /* once, at the beginning */
	const char *begin;    /* for each external range, */
	const char *hop;      /* for each of its next hops, */
	const char *end;      /* and after them */
	const char *finish;   /* once, at the end */

	const char *check; /* how to see on it that all is in; for each external range */
	const char *notes; /* what else to know, and what to keep switched off */
};

/* A router that cannot do it. */
struct unfit {
	const char *name;
	const char *why;
};

extern const struct router routers[];
extern const unsigned routers_count;
extern const struct unfit unfit_routers[];
extern const unsigned unfit_count;

/* NULL: there is none of that name. */
const struct router *router_by_name(const char *name);
const struct unfit *unfit_by_name(const char *name);

#endif
