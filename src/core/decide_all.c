/* SPDX-License-Identifier: BSD-2-Clause */
/* decide_all.c - self as a whole: may it claim at all, and what befalls all addresses at
 * once: to start over, to give everything up, to take part again. */
#include "engine_internal.h"

bool
decide_may_claim(const struct engine *engine)
{
	return engine->link && engine->mac_ok && !engine->drained && !engine->stopping &&
	       !engine->isolated && !engine->starting && !engine->cut;
}

void
decide_start_over(struct engine *engine, uint64_t now_ns)
{
	for (unsigned s = 0; s < engine->conf->servers; s++) {
		peer_init(&engine->peer[s].peer, &engine->peer_timing, now_ns);
		engine->peer[s].heard = false;
		deaf_forget(engine, s);
		arp_probe_forget(engine, s);
	}
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		struct engine_address *address = &engine->address[a];
		address->silent = UINT64_MAX;
		address->vacant = false;
		if (!failover_serves(&address->failover))
			address->owner = CONF_NONE;
		address->released_by = CONF_NONE;
	}
	engine->heard_ns = NEVER;
	engine->alone_ns = now_ns;
	engine->isolated = false;
	engine->starting = true;
	engine->listen_ns = decide_is_passive(engine) ? now_ns : NEVER;
	engine_wake_addresses(engine, now_ns);
}

void
decide_cut(struct engine *engine, const struct reason *reason, uint64_t now_ns)
{
	bool lost = false;

	engine->cut = true;
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		lost = lost || failover_serves(&engine->address[a].failover);
		decide_step(engine, a, ON_CUT, reason, now_ns);
	}
	if (lost)
		decide_setback(engine, now_ns);
}

void
decide_resume(struct engine *engine, const struct reason *reason, uint64_t now_ns)
{
	if (!engine->link || !engine->mac_ok)
		return;
	engine->cut = false;
	if (engine->drained || engine->stopping)
		return;
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		decide_step(engine, a, ON_RESUME, reason, now_ns);
		decide_consider(engine, a, reason, now_ns);
	}
}

void
decide_lapsed(struct engine *engine, uint64_t now_ns)
{
	struct reason reason = { .kind = REASON_LAPSED, .server = CONF_NONE };
	struct report report = { .kind = REPORT_LAPSED };

	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		if (!holding_lapsed(&engine->address[a].holding, now_ns))
			continue;
		report.count++;
		decide_step(engine, a, ON_LAPSED, &reason, now_ns);
	}
	if (report.count == 0)
		return;
	engine->counters.lapses += report.count;
	engine_report(engine, &report);
	decide_setback(engine, now_ns);
	decide_start_over(engine, now_ns);
}
