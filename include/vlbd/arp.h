/* SPDX-License-Identifier: BSD-2-Clause */
/* arp.h - the wire format: RFC 826 over Ethernet, IPv4 only.
 *
 * What is accepted is what Linux accepts (net/ipv4/arp.c), since self's kernel, its
 * peers' and most routers' learn from it: a station is known by SHA, whatever the
 * Ethernet source (RFC 5798 8.1.2 lets a VRRP router send its virtual MAC as SHA from
 * another source). tests/integration/test_ears.py compares the two; ARCHITECTURE.md has
 * the differences.
 *
 * Bytes behind the 28-byte body are padding, which kernels and routers do not look at.
 * There a daemon puts a note to the daemons of its peers; a frame without one is an older
 * daemon's, or was made by a kernel. */
#ifndef VLBD_ARP_H
#define VLBD_ARP_H

#include "vlbd/ip.h"
#include "vlbd/mac.h"

#define ARP_FRAME_LEN 60 /* what arp_build() makes: Ethernet's least, without the FCS */
#define ARP_REQUEST 1
#define ARP_REPLY 2

/* The note, from byte 42 of the frame on: "vlb", a version (1), the length of the whole
 * note in bytes, flags (bit 0: demoted), stay_s, plan (7 bytes, the highest first),
 * cluster (4 bytes, the highest first). It fills the least frame. Later versions of the
 * program may append to it, and the length grows. */
struct arp_note {
	bool present;   /* else the rest says nothing */
	bool demoted;   /* the sender is unhealthy: whoever is healthy goes before it */
	uint8_t stay_s; /* so long the address that is spoken for should stay where it is
			 */
	uint64_t plan;  /* conf_digest() of the sender's lists; 0: not told */
	uint32_t cluster; /* conf_cluster_digest() of the sender's; 0: not told */
};

struct arp {
	struct mac dst; /* Ethernet destination */
	struct mac src; /* Ethernet source */
	uint16_t op;    /* ARP_REQUEST or ARP_REPLY */
	struct mac sha; /* sender hardware address */
	struct ip spa;  /* sender protocol address; family IP_V4 */
	struct mac tha; /* target hardware address */
	struct ip tpa;  /* target protocol address; family IP_V4 */
	struct arp_note note;
};

/* Why a frame is not for us. */
enum arp_verdict {
	ARP_OK,
	ARP_SHORT,         /* fewer bytes than headers and body need */
	ARP_TAGGED,        /* has an 802.1Q or 802.1ad tag with a VLAN identifier: belongs
			    * to another interface. A priority tag (VID 0) is skipped */
	ARP_OTHER,         /* another ethertype */
	ARP_BAD_HARDWARE,  /* ar$hrd is neither Ethernet nor IEEE 802, or ar$hln is not 6
			    */
	ARP_BAD_PROTOCOL,  /* ar$pro is not IPv4, or ar$pln is not 4 */
	ARP_BAD_OP,        /* neither request nor reply */
	ARP_OTHER_STATION, /* the Ethernet destination is another station's (engine.h) */
	ARP_VERDICTS
};

/* Read LEN bytes that begin at the Ethernet header. *out is whole if ARP_OK, else not
 * to be used. */
enum arp_verdict arp_parse(const uint8_t *frame, size_t len, struct arp *out);
/* A word for counters and logs: "short", "tagged"... */
const char *arp_verdict_name(enum arp_verdict verdict);

/* The bytes of ARP, with its note, zero-padded to ARP_FRAME_LEN. */
void arp_build(const struct arp *arp, uint8_t frame[ARP_FRAME_LEN]);

#endif
