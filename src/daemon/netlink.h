/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink.h - the door to libmnl: addresses, links and local routes (rtnetlink(7)).
 *
 * Failover addresses are /32, scope link, without a prefix route, marked as ours
 * (IFA_PROTO, ignored by kernels before 5.18), with a lease as their valid lifetime. */
#ifndef VLBD_NETLINK_H
#define VLBD_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "vlbd/conf.h"
#include "vlbd/ip.h"
#include "vlbd/mac.h"

/* IFA_PROTO of our addresses, so that leftovers can be told from an administrator's. */
#define NETLINK_PROTO 0x6c /* 'l' */

struct netlink;

/* What the kernel told, by notification or by dump. */
struct netlink_address {
	int ifindex;
	struct ip ip;
	uint8_t prefix;
	uint8_t proto; /* IFA_PROTO; 0 when the kernel has none */
	bool permanent;
	uint32_t valid_s; /* rest of its life; UINT32_MAX when permanent */
};

struct netlink_link {
	int ifindex;
	char name[16];
	struct mac mac;
	bool up;      /* administratively */
	bool carrier; /* IFF_LOWER_UP */
};

struct netlink_events {
	/* GONE: deleted; else added or changed. */
	void (*address)(void *user, const struct netlink_address *address, bool gone);
	void (*link)(void *user, const struct netlink_link *link, bool gone);
	/* The kernel dropped notifications (ENOBUFS): read everything anew. */
	void (*overrun)(void *user);
	void *user;
};

/* Two sockets: one for requests, one for notifications of links and IPv4 addresses (with
 * a large receive buffer). NULL: the reason is logged. */
struct netlink *netlink_open(void);
/* Readable when notifications wait. */
int netlink_fd(const struct netlink *netlink);
/* Hand out waiting notifications without waiting for more, at most LIMIT messages. 0, or
 * -1 (logged). */
int netlink_read(struct netlink *netlink, int limit, const struct netlink_events *events);
/* NULL is fine. */
void netlink_close(struct netlink *netlink);

/* Link state of INTERFACE now. 0, or -1 with errno (ENODEV: no such interface); not
 * logged. */
int netlink_get_link(
    struct netlink *netlink, const char *interface, struct netlink_link *out);
/* Hand every IPv4 address of IFINDEX to SEE. 0, or -1 with errno; an interrupted dump
 * (NLM_F_DUMP_INTR) is repeated. */
int netlink_dump_addresses(struct netlink *netlink, int ifindex,
    void (*see)(void *user, const struct netlink_address *address), void *user);

enum netlink_verb { NETLINK_ADD, NETLINK_RENEW, NETLINK_REMOVE };

/* One change of an address in a batch. ADD and RENEW both are RTM_NEWADDR with
 * NLM_F_CREATE | NLM_F_REPLACE (the kernel has no renew-only). ERROR is filled in: 0 or
 * an errno value; EADDRNOTAVAIL of a REMOVE counts as 0. */
struct netlink_change {
	enum netlink_verb verb;
	struct ip ip;
	uint32_t lease_s; /* 0: permanent */
	int error;
};

/* Perform CHANGES in order, in as few sendto(2) as message batches allow, and read every
 * acknowledgement. 0 when all were asked and answered (each with its own error); -1 with
 * errno when the socket failed (what was not answered has that error too). */
int netlink_change(
    struct netlink *netlink, int ifindex, struct netlink_change *changes, unsigned count);

/* Accept RANGE locally: `ip route prepend local RANGE dev lo`, marked with
 * NETLINK_PROTO as its rtm_protocol, beside what others have there. One that is ours
 * already counts as done. 0, or -1 with errno. */
int netlink_local_add(struct netlink *netlink, const struct conf_range *range);
/* Take such a route away again, only if it bears our mark. Absent counts as done. */
int netlink_local_remove(struct netlink *netlink, const struct conf_range *range);
/* Hand every range that bears our mark to SEE (routes left by an earlier run). */
int netlink_local_dump(struct netlink *netlink,
    void (*see)(void *user, const struct conf_range *range), void *user);

#endif
