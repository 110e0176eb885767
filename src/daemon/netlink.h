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
#define NETLINK_NAME 16    /* IFNAMSIZ */

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
	char name[NETLINK_NAME]; /* the kernel's, never an alternative name */
	struct mac mac;
	bool up;      /* administratively */
	bool carrier; /* IFF_LOWER_UP */
	bool no_arp;  /* IFF_NOARP: the kernel neither answers nor asks */
	int master;   /* ifindex of its bridge, bond or VRF; 0: none */
	char master_kind[NETLINK_NAME]; /* what .master is: "bridge", "bond", "vrf".. */
};

struct netlink_events {
	/* GONE: deleted; else added or changed. */
	void (*address)(void *user, const struct netlink_address *address, bool gone);
	void (*link)(void *user, const struct netlink_link *link, bool gone);
	/* Somebody else removed a local route that bears our mark. The kernel does not
	 * tell when it removes routes itself, as with the last address of lo. */
	void (*route_gone)(void *user);
	/* The kernel dropped notifications (ENOBUFS): read everything anew. */
	void (*overrun)(void *user);
	void *user;
};

/* Two sockets: one for requests, one for notifications of links, IPv4 addresses and local
 * routes of ours (with a large receive buffer). NULL: the reason is logged. */
struct netlink *netlink_open(void);
/* Readable when notifications wait. */
int netlink_fd(const struct netlink *netlink);
/* Hand out waiting notifications without waiting for more, at most LIMIT messages. 0, or
 * -1 (logged). */
int netlink_read(struct netlink *netlink, int limit, const struct netlink_events *events);
/* NULL is fine. */
void netlink_close(struct netlink *netlink);

/* Link state now of the interface of that NAME, which may be an alternative one
 * (ip-link(8), altname). 0, or -1 with errno (ENODEV: no such interface); not logged. */
int netlink_get_link(struct netlink *netlink, const char *name, struct netlink_link *out);
/* The same by interface index. */
int netlink_get_link_by_index(
    struct netlink *netlink, int ifindex, struct netlink_link *out);
/* Hand every IPv4 address of IFINDEX (0: of every interface) to SEE. 0, or -1 with errno;
 * an interrupted dump (NLM_F_DUMP_INTR) is repeated. */
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

/* Accept RANGE locally: `ip route add local RANGE dev lo metric OWNER`, marked with
 * NETLINK_PROTO as its rtm_protocol, beside what others have there. OWNER, which is not
 * 0, tells the routes of one cluster's daemon from those of another's, also where both
 * accept the same range. One that is there already counts as done. 0, or -1 with errno.
 */
int netlink_local_add(
    struct netlink *netlink, const struct conf_range *range, uint32_t owner);
/* Take such a route away again, only if it bears our mark and has that OWNER (0: one of a
 * version that told no owners). Absent counts as done. */
int netlink_local_remove(
    struct netlink *netlink, const struct conf_range *range, uint32_t owner);
/* Hand every range that bears our mark to SEE, with its owner. */
int netlink_local_dump(struct netlink *netlink,
    void (*see)(void *user, const struct conf_range *range, uint32_t owner), void *user);
/* Would a packet from SOURCE to IP that arrives on interface IFINDEX be delivered on this
 * host? IFINDEX 0: a packet of this host's own. False with *ERROR: an errno value, of the
 * kernel's refusal (EXDEV: by rp_filter); 0: it would be sent on. */
bool netlink_delivers(struct netlink *netlink, const struct ip *ip,
    const struct ip *source, int ifindex, int *error);

#endif
