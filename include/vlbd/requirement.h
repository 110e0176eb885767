/* SPDX-License-Identifier: BSD-2-Clause */
/* requirement.h - what a server needs of its host beside its interface's carrier, as one
 * declared list.
 *
 * Pure: the caller gathers facts (src/daemon/host_facts.c), here they are judged.
 * `vlbd -t' prints every finding, the daemon looks again at each of the kernel's
 * notifications and now and then, and tells what has changed. */
#ifndef VLBD_REQUIREMENT_H
#define VLBD_REQUIREMENT_H

#include "vlbd/conf.h"

#define REQUIREMENT_NAME 16 /* longest name of an interface, with its end */
#define REQUIREMENT_TEXT 320
#define REQUIREMENT_STRAYS 16 /* addresses in the wrong place, one by one */
#define REQUIREMENT_FINDINGS 64

enum requirement_kind {
	REQUIREMENT_ARP,          /* the interface answers ARP at all */
	REQUIREMENT_MASTER,       /* it is no port of a bridge or a bond */
	REQUIREMENT_BASE_ADDRESS, /* it has an address of its own */
	REQUIREMENT_ARP_IGNORE,
	REQUIREMENT_ARP_ANNOUNCE,
	REQUIREMENT_RP_FILTER,
	REQUIREMENT_PROXY_ARP,
	REQUIREMENT_EXTERNAL,  /* packets to the external ranges are delivered here */
	REQUIREMENT_ADDRESSES, /* no failover address where it should not be */
	REQUIREMENTS
};

enum requirement_level {
	REQUIREMENT_MET,
	REQUIREMENT_NOTE,  /* worth knowing, and perhaps right */
	REQUIREMENT_UNMET, /* wrong; self can serve all the same */
	REQUIREMENT_UNFIT  /* wrong, and self cannot serve: others should */
};

/* A setting of net.ipv4.conf, of `all' and of the interface; -1: cannot be read. */
struct host_setting {
	int all, own;
};

/* A failover address that the kernel has, but not as vlbd sets them. */
struct host_stray {
	struct ip ip;
	uint8_t prefix;
	char interface[REQUIREMENT_NAME];
	bool own;    /* it is on the cluster's interface */
	bool marked; /* an earlier run of vlbd set it */
};

struct host_facts {
	char interface[REQUIREMENT_NAME]; /* its name in the kernel */
	bool no_arp;
	char master[REQUIREMENT_NAME];      /* its bridge, bond or VRF; "": none */
	char master_kind[REQUIREMENT_NAME]; /* "bridge", "bond", "vrf".. */
	struct ip base;                     /* IP_NONE: none */
	uint8_t base_prefix;
	struct host_setting arp_ignore, arp_announce, rp_filter, proxy_arp, pvlan,
	    forwarding;
	bool external[CONF_EXTERNALS];      /* its packets are delivered here */
	int external_error[CONF_EXTERNALS]; /* else an errno value; 0: they are sent on */
	unsigned strays;                    /* how many of .stray */
	struct host_stray stray[REQUIREMENT_STRAYS];
};

struct requirement_finding {
	enum requirement_kind kind;
	enum requirement_level level;
	char
	    text[REQUIREMENT_TEXT]; /* what was found, and what to do where it is wrong */
};

struct requirement_findings {
	unsigned count;
	struct requirement_finding finding[REQUIREMENT_FINDINGS];
};

/* Every requirement that CONF has of the host, in their order; one at least of each that
 * could be judged. */
void requirements_judge(const struct conf *conf, const struct host_facts *facts,
    struct requirement_findings *out);
/* The worst level of all, or of those of KIND. */
enum requirement_level requirements_worst(const struct requirement_findings *findings);
enum requirement_level requirements_worst_of(
    const struct requirement_findings *findings, enum requirement_kind kind);
/* One word for programs: "arp_ignore", "external".. */
const char *requirement_name(enum requirement_kind kind);
/* "met", "note", "unmet", "unfit" */
const char *requirement_level_name(enum requirement_level level);

#endif
