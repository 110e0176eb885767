/* SPDX-License-Identifier: BSD-2-Clause */
/* metrics.h - what a monitoring system wants to know that nobody else counts.
 *
 * Pure. The engine counts frames; here reports become counters by reason and a histogram
 * of takeovers, and the shell's loop tells how late it was. ctl_metrics() writes them. */
#ifndef VLBD_METRICS_H
#define VLBD_METRICS_H

#include "vlbd/engine.h"

#define METRICS_BUCKETS 14

struct metrics_histogram {
	uint64_t
	    bucket[METRICS_BUCKETS]; /* not cumulative; what exceeds all is in none */
	uint64_t count;
	uint64_t sum_ns;
};

/* Upper bounds in nanoseconds, ascending; a histogram has METRICS_BUCKETS of them. */
extern const uint64_t metrics_takeover_bounds[METRICS_BUCKETS];
extern const uint64_t metrics_lag_bounds[METRICS_BUCKETS];

struct metrics {
	uint64_t start_ms; /* time of day when the daemon started, since 1970 */
	uint64_t claims[REASONS];
	uint64_t releases[REASONS];
	uint64_t reports[REPORTS];
	struct metrics_histogram takeover; /* last sign of the dead to the confirmation */
	struct metrics_histogram lag;      /* of the loop, behind its timer */
	uint64_t resyncs;                  /* kernel notifications that overran */
	uint64_t route_put_backs;          /* local routes that others had removed */
	uint64_t reloads[2];               /* that failed, that went well */
	bool reload_ok;                    /* the last one, or the start */
	uint64_t reload_ms; /* time of day of the last good one, or the start */
	/* When the dead owner was last heard, until all routers have confirmed our claim;
	 * UINT64_MAX: no such takeover is under way. */
	uint64_t since_ns[CONF_ADDRESSES];
};

void metrics_init(struct metrics *metrics, uint64_t wall_ms);
/* ENGINE reports it, at NOW_NS of its clock. */
void metrics_report(struct metrics *metrics, const struct engine *engine,
    const struct report *report, uint64_t now_ns);
/* The loop woke LAG_NS after the time that its timer was armed for. */
void metrics_lag(struct metrics *metrics, uint64_t lag_ns);
/* The configuration was read again; addresses may have other indexes now. */
void metrics_reload(struct metrics *metrics, bool ok, uint64_t wall_ms);

#endif
