/* SPDX-License-Identifier: BSD-2-Clause */
/* engine.h - one server: its addresses, its peers, its words.
 *
 * Pure: it is told what happened and what time it is, and hands back actions. The daemon
 * performs them on a real interface, the simulator in a simulated world; both link these
 * objects. It allocates nothing: the caller brings engine_size() bytes. Time is
 * nanoseconds on a clock that counts suspended time too (CLOCK_BOOTTIME), and never runs
 * backwards.
 *
 * After each call that takes a time, perform everything engine_action() has, feed the
 * results back with engine_done(), until nothing is left; then sleep until
 * engine_deadline() or the next event. */
#ifndef VLBD_ENGINE_H
#define VLBD_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vlbd/arp.h"
#include "vlbd/conf.h"
#include "vlbd/health.h"
#include "vlbd/report.h"

struct engine;

enum frame_kind {
	FRAME_CLAIM,   /* an announcement, or a request to a router from a claimed address
			*/
	FRAME_RELEASE, /* "I am leaving" */
	FRAME_PROBE,   /* a question to a peer's kernel */
	FRAME_WITNESS, /* a question to a router, from the base address */
	FRAME_HELLO,
	FRAME_ANSWER, /* a broadcast reply to a solicitation */
	FRAME_KINDS
};

enum action_kind {
	ACTION_ADDRESS, /* .verb the failover address .ip; answer with engine_done() */
	ACTION_SEND,    /* .arp; .frame says what it is */
	ACTION_REPORT,  /* .report, for the log */
	ACTION_CHECK,   /* run check .check; answer with engine_checked() */
	ACTION_STOPPED  /* everything is handed over after ADMIN_STOP */
};

struct action {
	enum action_kind kind;
	union {
		struct {
			enum holding_verb verb;
			struct ip ip;
			uint64_t lease_ns; /* 0: none */
		} address;
		struct {
			enum frame_kind frame;
			struct arp arp;
		} send;
		struct report report;
		unsigned check; /* index in the configuration */
	};
};

enum engine_admin {
	ADMIN_DRAIN,  /* hand everything over and stay away */
	ADMIN_RESUME, /* take part again; end a failback delay at once */
	ADMIN_STOP    /* hand everything over; ACTION_STOPPED follows */
};

/* Self as the network sees it. */
struct engine_self {
	unsigned server; /* index in the configuration */
	struct mac mac;  /* of the interface */
	struct ip base;  /* self's own address on the segment; IP_NONE: none */
};

enum engine_standing {
	STANDING_STARTING, /* listens before it judges */
	STANDING_SERVING,
	STANDING_UNHEALTHY, /* a check fails, or the host is not fit; serves only what
			       nobody healthy can */
	STANDING_DRAINED,
	STANDING_LEAVING,
	STANDING_ISOLATED,
	STANDING_NO_CARRIER,
	STANDING_WRONG_MAC,
	STANDINGS
};

struct engine_counters {
	uint64_t received[ARP_VERDICTS]; /* by what arp_parse() said */
	uint64_t sent[FRAME_KINDS];
	uint64_t delayed; /* frames that max_rate held back */
	uint64_t dropped; /* frames that max_rate never let out */
	uint64_t claims, answers, solicitations, releases, probes, echoes;
	uint64_t foreign_claims, conflicts, late_claims;
	uint64_t plan_differs; /* frames of peers that told another plan */
	uint64_t takeovers, yields, confirmations, put_backs, failed_changes;
	uint64_t late_turns, lapses, isolations;
	uint64_t demotions; /* how often self became unhealthy */
};

/* Bytes that an engine for CONF needs, aligned as malloc(3) does. */
size_t engine_size(const struct conf *conf);
/* Begin in MEMORY, with the link as engine_link() will tell. CONF must outlive it. */
struct engine *engine_init(void *memory, const struct conf *conf,
    const struct engine_self *self, uint64_t now_ns);
/* Between engine_init() and the first event: the kernel has IP from an earlier run, with
 * a lease that ends at EXPIRES_NS (UINT64_MAX: none). An address that is not self's is
 * taken away, and released to the others where the file has it. */
void engine_adopt(
    struct engine *engine, const struct ip *ip, uint64_t expires_ns, uint64_t now_ns);
/* Bytes that engine_reload() needs: room to give up everything that OLD has, too. */
size_t engine_reload_size(const struct conf *conf, const struct engine *old);
/* A new engine in MEMORY under CONF, which goes on where OLD was: addresses and peers
 * that both know see nothing; addresses that self lost are handed over or removed. OLD is
 * done with afterwards (its actions must have been performed before). */
struct engine *engine_reload(void *memory, const struct conf *conf,
    const struct engine_self *self, struct engine *old, uint64_t now_ns);

/* Bytes from the wire, from the Ethernet header on. */
void engine_frame(
    struct engine *engine, const uint8_t *frame, size_t len, uint64_t now_ns);
/* A frame that has been read already. */
void engine_hear(struct engine *engine, const struct arp *arp, uint64_t now_ns);
/* Time has passed. */
void engine_tick(struct engine *engine, uint64_t now_ns);
/* The link: UP with carrier or not. */
void engine_link(struct engine *engine, bool up, uint64_t now_ns);
/* The interface's own addresses, as they are now. */
void engine_identity(
    struct engine *engine, const struct mac *mac, const struct ip *base, uint64_t now_ns);
/* What became of an ACTION_ADDRESS. ERROR 0: done. */
void engine_done(struct engine *engine, enum holding_verb verb, const struct ip *ip,
    int error, uint64_t now_ns);
/* The kernel no longer has IP, and it was not engine_action() that asked for it. */
void engine_gone(struct engine *engine, const struct ip *ip, uint64_t now_ns);
/* What became of an ACTION_CHECK: it PASSED, or WHY not, in one line. */
void engine_checked(
    struct engine *engine, unsigned check, bool passed, const char *why, uint64_t now_ns);
/* Whether this host is FIT to serve (requirement.h). While it is not, self counts as
 * unhealthy, as if a check failed. At the start it is. */
void engine_fitness(struct engine *engine, bool fit, uint64_t now_ns);
void engine_admin(struct engine *engine, enum engine_admin admin, uint64_t now_ns);

/* The next action, in order. False: none is left. */
bool engine_action(struct engine *engine, struct action *out);
/* Has self been away (stopped, starved, suspended)? Ask before handing over what waits in
 * a capture ring: it is old news, and better thrown away. */
bool engine_late(const struct engine *engine, uint64_t now_ns);
/* When to call engine_tick() at the latest. */
uint64_t engine_deadline(const struct engine *engine);

/* For status and tests: what self believes. */
const struct conf *engine_conf(const struct engine *engine);
const struct engine_self *engine_self(const struct engine *engine);
const struct engine_counters *engine_counters(const struct engine *engine);
enum engine_standing engine_standing(const struct engine *engine);
const char *engine_standing_name(enum engine_standing standing);

struct engine_address_view {
	int tier; /* CONF_NONE: self is not in its list */
	enum failover_state state;
	enum failover_phase phase;
	int owner;       /* server index as heard, or CONF_NONE */
	bool configured; /* the kernel has it */
	bool
	    confirmed; /* self serves it, and every router has learnt it (one at least) */
	uint64_t since_ns;    /* of the state */
	uint64_t deadline_ns; /* NEVER, or when the phase ends */
	uint64_t expires_ns;  /* of the lease; NEVER: none, or not configured */
};
struct engine_confirmation {
	bool confirmed;
	uint64_t took_ns; /* NEVER: not since the last claim */
};
struct engine_peer_view {
	enum peer_state state;
	struct mac mac;
	uint64_t silence_ns; /* NEVER: not heard yet */
	unsigned addresses;  /* that it owns, as heard */
	uint64_t plan;       /* conf_digest() as it told; 0: it has not */
	bool plan_differs;   /* from self's, and it is not dead */
	bool unhealthy;      /* as it says */
	bool proxies;        /* its kernel answers for addresses that it does not have */
};
struct engine_router_view {
	struct mac mac;    /* zero: not known */
	uint64_t heard_ns; /* time of its last answer; NEVER: none */
};
struct engine_address_view engine_view_address(
    const struct engine *engine, unsigned address);
struct engine_confirmation engine_view_confirmation(
    const struct engine *engine, unsigned address, unsigned router);
struct engine_peer_view engine_view_peer(
    const struct engine *engine, unsigned server, uint64_t now_ns);
struct engine_router_view engine_view_router(
    const struct engine *engine, unsigned router);
/* All checks together, and the host's fitness; good if there is no check. */
enum health_state engine_health(const struct engine *engine);
const struct health *engine_view_check(const struct engine *engine, unsigned check);
/* How long nobody of a better tier should take ADDRESS back, since it moved so often; 0:
 * one may. */
uint64_t engine_view_stay_ns(
    const struct engine *engine, unsigned address, uint64_t now_ns);
/* conf_digest() of self's lists. */
uint64_t engine_view_plan(const struct engine *engine);

#endif
