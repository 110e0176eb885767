/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_internal.h - what netlink's files share.
 *
 *   netlink.c          sockets, notifications, links
 *   netlink_address.c  dumps and batches of addresses
 *   netlink_route.c    local routes of the external ranges */
#ifndef VLBD_NETLINK_INTERNAL_H
#define VLBD_NETLINK_INTERNAL_H

#include <libmnl/libmnl.h>
#include <stddef.h>

#include "netlink.h"

#define NETLINK_BUFFER (64 * 1024)

struct netlink {
	struct mnl_socket *ask;    /* requests and their answers */
	struct mnl_socket *listen; /* notifications */
	unsigned portid;           /* of `ask': our own changes bear it */
	unsigned seq;
	char *buffer; /* NETLINK_BUFFER bytes, for what `ask' sends and receives */
};

/* libmnl's mnl_attr_for_each(), without its narrowing. */
#define NETLINK_EACH(attr, message, offset)                                              \
	for (attr = mnl_nlmsg_get_payload_offset(message, offset);                       \
	     mnl_attr_ok(attr, (int)((const char *)mnl_nlmsg_get_payload_tail(message) - \
				     (const char *)attr));                               \
	     attr = mnl_attr_next(attr))

/* Send REQUEST and hand every message of the answer to SEE (NULL: only the
 * acknowledgement counts). 0, or -1 with errno. */
int netlink_ask(
    struct netlink *netlink, struct nlmsghdr *request, mnl_cb_t see, void *user);
/* A request for the dump that PREPARE writes; repeated when the kernel says that it was
 * interrupted by a change. */
int netlink_dump(struct netlink *netlink,
    void (*prepare)(struct nlmsghdr *request, int argument), int argument, mnl_cb_t see,
    void *user);
/* Read an RTM_NEWADDR or RTM_DELADDR. False: not of IPv4, or incomplete. */
bool netlink_parse_address(const struct nlmsghdr *message, struct netlink_address *out);

#endif
