/* SPDX-License-Identifier: BSD-2-Clause */
/* report.h - what the engine has to tell people: one fact, the reason, the time. */
#ifndef VLBD_REPORT_H
#define VLBD_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vlbd/conf.h"
#include "vlbd/failover.h"
#include "vlbd/holding.h"
#include "vlbd/peer.h"

enum reason_kind {
	REASON_NONE,
	REASON_UNSERVED,  /* nobody answers for it */
	REASON_DEAD,      /* .server dead: silent .silent_ns, .probes unanswered */
	REASON_LEFT,      /* .server released it */
	REASON_SOLICITED, /* asked for, and nobody claimed it */
	REASON_FAILBACK,  /* the failback delay is over; .server served it */
	REASON_WORSE,  /* .server, a worse tier, serves it: the failback delay begins */
	REASON_BETTER, /* .server, a better tier, claims it */
	REASON_TAKEN,  /* .server has taken it over after our release */
	REASON_NOBODY, /* nobody took it over after our release */
	REASON_DRAIN,
	REASON_RESUME,
	REASON_CARRIER,  /* no carrier, or the link is down */
	REASON_ISOLATED, /* nothing heard for .silent_ns */
	REASON_MAC,     /* the interface's hardware address is not in the configuration */
	REASON_LAPSED,  /* the lease ran out while the daemon was not running */
	REASON_ADOPTED, /* the kernel had it from an earlier run */
	REASON_RELOAD,  /* its list has changed */
	REASON_LISTEN,  /* listening again */
	REASON_UNHEALTHY, /* .server, which serves it, is unhealthy */
	REASONS
};

struct reason {
	enum reason_kind kind;
	int server; /* index, or CONF_NONE */
	uint64_t silent_ns;
	unsigned probes;
};

enum report_kind {
	REPORT_STATE,     /* .ip: .from -> .to (.reason) */
	REPORT_CONFIRMED, /* .router has learnt that .ip is ours, .took_ns after the claim
			   */
	REPORT_PEER,      /* .server is now .peer (.reason) */
	REPORT_FOREIGN,   /* .mac, no server of the cluster, claims .ip */
	REPORT_CONFLICT,  /* .server, a worse tier, claims .ip which self serves */
	REPORT_UNLISTED,  /* .server claims .ip and is not in its list */
	REPORT_UNHEARD,   /* .server goes on claiming .ip: it does not hear us */
	REPORT_CLONE,     /* another station uses our hardware address .mac */
	REPORT_WRONG_MAC, /* our interface has .mac now, which is not in the configuration
			   */
	REPORT_GONE,      /* .ip was removed by another program; it is put back */
	REPORT_FAILED,    /* .verb of .ip failed with .error */
	REPORT_LATE,      /* the loop was .took_ns late: listening anew */
	REPORT_LAPSED,    /* .count leases ran out meanwhile */
	REPORT_ISOLATED,  /* nothing heard for .took_ns: self claims nothing */
	REPORT_HEARING,   /* something is heard again */
	REPORT_CARRIER,   /* .up */
	REPORT_PLAN,  /* .server's .peer_plan differs from self's .plan; .up: no longer */
	REPORT_READY, /* listened long enough; self takes part */
	REPORT_CHECK, /* check .count passes (.up) or fails, and .text says why; all in
			 all self is .healthy */
	REPORT_SERVES_ON,   /* unhealthy, and so is everybody who could serve .count
			     * addresses
			     */
	REPORT_PEER_HEALTH, /* .server says that it is healthy again (.up) or not */
	REPORT_PROXY, /* .server's kernel answers for .ip, which another has (.up: no
		       * longer)
		       */
	REPORTS
};

struct report {
	enum report_kind kind;
	struct ip ip;
	struct ip router;
	struct mac mac;
	enum failover_state from, to;
	enum peer_state peer;
	enum holding_verb verb;
	int server;
	int error; /* errno of the caller's platform; 0: none told */
	int up;
	unsigned count;
	uint64_t took_ns;
	bool healthy;
	const char *text;         /* the engine's, true until it is called again */
	uint64_t plan, peer_plan; /* conf_digest() */
	struct reason reason;
};

enum report_level { REPORT_ERR = 3, REPORT_WARN = 4, REPORT_INFO = 6, REPORT_DEBUG = 7 };

/* One word each, for programs: "state", "dead". */
const char *report_kind_name(enum report_kind kind);
const char *reason_name(enum reason_kind kind);
enum report_level report_level(const struct report *report);
/* One line without an end, as snprintf(3). CONF names the servers. */
int report_format(
    const struct report *report, const struct conf *conf, char *text, size_t size);
/* Likewise of lines that were left out (repeat.h): how many, within what time, the LAST.
 */
int report_format_more(
    unsigned count, uint64_t within_ns, const char *last, char *text, size_t size);

#endif
