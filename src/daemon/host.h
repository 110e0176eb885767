/* SPDX-License-Identifier: BSD-2-Clause */
/* host.h - this machine, as the configuration sees it: who am I, and am I fit to serve?
 */
#ifndef VLBD_HOST_H
#define VLBD_HOST_H

#include "netlink.h"
#include "vlbd/engine.h"

/* Self's index in CONF: the server named NAME if it is given (-n), else the one with this
 * host's name, else the one with the interface's MAC. CONF_NONE: the reason is logged. */
int host_self(const struct conf *conf, const char *name, const struct mac *mac);

/* Looks for self's own address on the segment among those that a dump hands over: not a
 * failover address, and in the routers' subnet if there is one. */
struct host_base_search {
	const struct conf *conf;
	struct ip best; /* IP_NONE: none seen yet */
	uint8_t prefix;
	bool reaches_router;
};
void host_base_see(
    struct host_base_search *search, const struct netlink_address *address);

/* Self's own address on the segment: IP_NONE when there is none. 0, or -1 with errno. */
int host_base(
    struct netlink *netlink, int ifindex, const struct conf *conf, struct ip *base);

/* `vlbd -t`: look at the host, the segment and frame rates, and say to stdout what is
 * right and what is wrong, with how to mend it. How many things are wrong. */
unsigned host_check(struct netlink *netlink, const struct netlink_link *link,
    const struct conf *conf, unsigned self);

#endif
