/* SPDX-License-Identifier: BSD-2-Clause */
/* cluster.h - engines on a perfect wire in virtual time, for tests that read as stories.
 *
 * Each server has an engine and a kernel that holds addresses and answers ARP for them.
 * One router answers for itself and believes what Linux routers were measured to believe.
 * A frame arrives at once, unless its sender or receiver is mute, deaf or down. */
#ifndef VLBD_TESTS_CLUSTER_H
#define VLBD_TESTS_CLUSTER_H

#include <stdbool.h>

#include "vlbd/engine.h"

#define CLUSTER_SERVERS 6
#define CLUSTER_LOG 20000

struct cluster_server {
	struct engine *engine; /* NULL: no daemon */
	bool crashed;          /* nor a kernel */
	void *memory;
	bool mute;                         /* what it sends is lost */
	bool deaf;                         /* what is sent to it is lost */
	bool no_arp;                       /* its kernel answers nobody */
	bool frozen;                       /* the daemon does not run; its kernel does */
	bool hold_results;                 /* changes stay pending */
	int fail;                          /* changes fail with this errno */
	bool has[CONF_ADDRESSES];          /* its kernel's */
	uint64_t lease_ns[CONF_ADDRESSES]; /* until when */
	struct arp ring[512];              /* what arrived while it was frozen */
	unsigned ringed;
	bool stopped;
	bool proxies; /* its kernel answers for others too, but no ARP Probe (RFC 5227) */
	bool sick;    /* its checks fail */
	bool hangs;   /* its checks come to no end */
};

struct cluster {
	struct conf *conf;
	uint64_t now_ns;
	struct cluster_server server[CLUSTER_SERVERS];
	struct mac router_entry[CONF_ADDRESSES]; /* the router's neighbour table */
	struct mac router_mac;
	bool router_down;
	/* What was said and told, for tests to look at. */
	struct {
		unsigned from;
		enum frame_kind frame;
		struct arp arp;
		uint64_t at_ns;
	} sent[CLUSTER_LOG];
	unsigned sents;
	struct {
		unsigned from;
		struct report report;
		uint64_t at_ns;
	} told[CLUSTER_LOG];
	unsigned tolds;
	/* Return true to lose the frame. */
	bool (*lose)(
	    struct cluster *cluster, unsigned from, int to, const struct arp *arp);
	/* The same, but TO's kernel hears it. */
	bool (*unheard)(
	    struct cluster *cluster, unsigned from, int to, const struct arp *arp);
};

/* The article's tables: SERVERS 6 (two tiers, 30 addresses) or 3 (three tiers, 6).
 * TIMING: lines such as "failback = 0s", or NULL; "check = web" adds a check of each
 * server's, with the defaults. */
struct cluster *cluster_new(unsigned servers, const char *timing);
void cluster_free(struct cluster *cluster);
/* A configuration of the same table. malloc()ed. */
struct conf *cluster_conf(unsigned servers, const char *timing, bool router);

void cluster_start(struct cluster *cluster, unsigned server);
void cluster_start_all(struct cluster *cluster);
/* The daemon reads CONF, in which its server has the index SELF. CONF stays the caller's,
 * and must outlive the daemon. */
void cluster_reload(
    struct cluster *cluster, unsigned server, const struct conf *conf, unsigned self);
/* The daemon is gone, its kernel lives. */
void cluster_kill(struct cluster *cluster, unsigned server);
/* Everything of it is gone. */
void cluster_crash(struct cluster *cluster, unsigned server);
void cluster_freeze(struct cluster *cluster, unsigned server);
void cluster_thaw(struct cluster *cluster, unsigned server);
void cluster_admin(struct cluster *cluster, unsigned server, enum engine_admin admin);
/* A check of SERVER's that hung comes to an end, and the others will. */
void cluster_checked(struct cluster *cluster, unsigned server, bool passed);
/* Another program removes 10.77.0.NUMBER from the server's kernel. */
void cluster_steal(struct cluster *cluster, unsigned server, unsigned number);
void cluster_link(struct cluster *cluster, unsigned server, bool up);
/* A frame from a station that is no server, or forged. */
void cluster_inject(struct cluster *cluster, const struct arp *arp);
/* The router asks who has ADDRESS. */
void cluster_solicit(struct cluster *cluster, unsigned address);
void cluster_run(struct cluster *cluster, uint64_t ns);
/* Run until everybody has settled after a start. */
void cluster_settle(struct cluster *cluster);

/* Index of 10.77.0.NUMBER. */
unsigned cluster_address(const struct cluster *cluster, unsigned number);
/* The one server whose kernel has 10.77.0.NUMBER: 'A'...; '-': nobody; '*': several. */
char cluster_holder(const struct cluster *cluster, unsigned number);
/* The server that the router would send to. */
char cluster_router_thinks(const struct cluster *cluster, unsigned number);
enum failover_state cluster_state(
    const struct cluster *cluster, unsigned server, unsigned number);
/* Holders of all addresses in order, as one string. */
const char *cluster_map(const struct cluster *cluster);
unsigned cluster_count_sent(
    const struct cluster *cluster, unsigned from, enum frame_kind frame);
unsigned cluster_count_told(
    const struct cluster *cluster, unsigned from, enum report_kind kind);
void cluster_forget(struct cluster *cluster);

struct mac cluster_mac(unsigned server);
struct ip cluster_ip(unsigned number);

#endif
