/* SPDX-License-Identifier: BSD-2-Clause */
/* segment.h - what the wire tells `vlbd -t': which routers answer, who has failover
 * addresses that it should not have, whether frames are tagged. */
#ifndef VLBD_SEGMENT_H
#define VLBD_SEGMENT_H

#include "netlink.h"

enum { SEGMENT_HOLDERS = 16 };

struct segment {
	struct mac router[CONF_ROUTERS]; /* zero: did not answer */
	unsigned tagged;                 /* frames of VLANs that were heard */
	unsigned asked;                  /* failover addresses that were asked for */
	unsigned holders;
	struct {
		struct ip ip;
		struct mac mac; /* of no server, or of one that is not in its list */
	} holder[SEGMENT_HOLDERS];
};

/* Ask on LINK, as BASE (IP_NONE: as nobody), for some seconds at most; few frames a
 * second, for switches that police ARP. 0, or -1 (logged): cannot listen or send there.
 */
int segment_ask(const struct netlink_link *link, const struct ip *base,
    const struct conf *conf, struct segment *out);

#endif
