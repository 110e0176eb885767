/* SPDX-License-Identifier: BSD-2-Clause */
/* host_facts.h - what this host is like, for requirement.h to judge. Reads, changes
 * nothing. */
#ifndef VLBD_HOST_FACTS_H
#define VLBD_HOST_FACTS_H

#include "netlink.h"
#include "vlbd/requirement.h"

/* Also which failover addresses the kernel has on the interface as vlbd sets them: bit
 * per address of the configuration. */
struct host_census {
	uint8_t present[CONF_ADDRESSES];
};

/* Gather OUT for CONF on LINK, and CENSUS if it is not NULL. 0, or -1 with errno where
 * the kernel could not be asked. */
int host_facts(struct netlink *netlink, const struct netlink_link *link,
    const struct conf *conf, struct host_facts *out, struct host_census *census);

#endif
