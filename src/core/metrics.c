/* SPDX-License-Identifier: BSD-2-Clause */
/* metrics.c - counting what reports say. */
#include "vlbd/metrics.h"

#include <string.h>

#define NEVER UINT64_MAX

const uint64_t metrics_takeover_bounds[METRICS_BUCKETS] = {
	50 * MS_NS,
	100 * MS_NS,
	150 * MS_NS,
	200 * MS_NS,
	250 * MS_NS,
	300 * MS_NS,
	400 * MS_NS,
	500 * MS_NS,
	750 * MS_NS,
	1 * SEC_NS,
	1500 * MS_NS,
	2500 * MS_NS,
	5 * SEC_NS,
	10 * SEC_NS,
};

const uint64_t metrics_lag_bounds[METRICS_BUCKETS] = {
	MS_NS / 10,
	MS_NS / 4,
	MS_NS / 2,
	1 * MS_NS,
	2 * MS_NS + MS_NS / 2,
	5 * MS_NS,
	10 * MS_NS,
	25 * MS_NS,
	50 * MS_NS,
	100 * MS_NS,
	250 * MS_NS,
	500 * MS_NS,
	1 * SEC_NS,
	5 * SEC_NS,
};

static void
observe(struct metrics_histogram *histogram, const uint64_t bounds[METRICS_BUCKETS],
    uint64_t ns)
{
	histogram->count++;
	histogram->sum_ns += ns;
	for (unsigned i = 0; i < METRICS_BUCKETS; i++)
		if (ns <= bounds[i]) {
			histogram->bucket[i]++;
			return;
		}
}

static void
forget_deaths(struct metrics *metrics)
{
	memset(metrics->since_ns, 0xff, sizeof(metrics->since_ns)); /* NEVER */
}

void
metrics_init(struct metrics *metrics, uint64_t wall_ms)
{
	*metrics = (struct metrics){
		.start_ms = wall_ms,
		.reload_ok = true,
		.reload_ms = wall_ms,
	};
	forget_deaths(metrics);
}

/* The outage, as the clients of the dead server see it, ends when the last router has
 * learnt; or with the claim, where none is configured. */
static void
end_takeover(
    struct metrics *metrics, const struct engine *engine, int address, uint64_t now_ns)
{
	uint64_t *since_ns = &metrics->since_ns[address];

	if (*since_ns == NEVER)
		return;
	if (engine_conf(engine)->routers > 0 &&
	    !engine_view_address(engine, (unsigned)address).confirmed)
		return;
	observe(&metrics->takeover, metrics_takeover_bounds, now_ns - *since_ns);
	*since_ns = NEVER;
}

static void
count_state(struct metrics *metrics, const struct engine *engine,
    const struct report *report, int address, uint64_t now_ns)
{
	bool served = failover_state_serves(report->from);
	bool serves = failover_state_serves(report->to);

	if (served == serves)
		return;
	if (!serves) {
		metrics->releases[report->reason.kind]++;
		metrics->since_ns[address] = NEVER;
		return;
	}
	metrics->claims[report->reason.kind]++;
	if (report->reason.kind != REASON_DEAD)
		return;
	metrics->since_ns[address] = now_ns - report->reason.silent_ns;
	if (engine_conf(engine)->routers == 0)
		end_takeover(metrics, engine, address, now_ns);
}

void
metrics_report(struct metrics *metrics, const struct engine *engine,
    const struct report *report, uint64_t now_ns)
{
	metrics->reports[report->kind]++;
	if (report->kind != REPORT_STATE && report->kind != REPORT_CONFIRMED)
		return;
	int address = conf_address_by_ip(engine_conf(engine), &report->ip);
	if (address == CONF_NONE)
		return; /* a reload has taken it away */
	if (report->kind == REPORT_STATE)
		count_state(metrics, engine, report, address, now_ns);
	else
		end_takeover(metrics, engine, address, now_ns);
}

void
metrics_lag(struct metrics *metrics, uint64_t lag_ns)
{
	observe(&metrics->lag, metrics_lag_bounds, lag_ns);
}

void
metrics_reload(struct metrics *metrics, bool ok, uint64_t wall_ms)
{
	metrics->reloads[ok]++;
	metrics->reload_ok = ok;
	if (!ok)
		return;
	metrics->reload_ms = wall_ms;
	forget_deaths(metrics);
}
