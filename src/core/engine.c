/* SPDX-License-Identifier: BSD-2-Clause */
/* engine.c - one server: what its caller tells.
 *
 * Frames, the link, the kernel's results, the administrator's words. What frames mean is
 * in hear.c, what follows from it in decide.c, what is said in say.c; what time brings is
 * in engine_tick.c, and what the caller takes away in engine_queue.c. */
#include <assert.h>

#include "engine_internal.h"

/* Has everything been handed over, as ADMIN_STOP asked? */
void
engine_check_stopped(struct engine *engine)
{
	if (!engine->stopping || engine->stopped)
		return;
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		const struct engine_address *address = &engine->address[a];
		if (failover_serves(&address->failover) || address->holding.have ||
		    address->holding.pending != HOLDING_NONE)
			return;
	}
	struct action action = { .kind = ACTION_STOPPED };
	engine->stopped = true;
	engine_push(engine, &action);
}

void
engine_frame(struct engine *engine, const uint8_t *frame, size_t len, uint64_t now_ns)
{
	struct arp arp;
	enum arp_verdict verdict = arp_parse(frame, len, &arp);

	if (verdict != ARP_OK) {
		engine->counters.received[verdict]++;
		return;
	}
	engine_hear(engine, &arp, now_ns);
}

void
engine_hear(struct engine *engine, const struct arp *arp, uint64_t now_ns)
{
	engine_begin(engine, now_ns);
	/* A flooded frame for another station, on an interface in promiscuous mode:
	 * self's kernel does not read it either, and a kernel's answer to a peer would be
	 * taken for a daemon's claim. */
	if (!mac_is_group(&arp->dst) && !mac_equal(&arp->dst, &engine->self.mac)) {
		engine->counters.received[ARP_OTHER_STATION]++;
		return;
	}
	engine->counters.received[ARP_OK]++;
	if (!engine->link)
		return; /* from before the carrier was lost */
	hear_frame(engine, arp, now_ns);
}

void
engine_link(struct engine *engine, bool up, uint64_t now_ns)
{
	engine_begin(engine, now_ns);
	if (engine->link == up)
		return;
	struct report report = { .kind = REPORT_CARRIER, .up = up };
	struct reason reason = { .kind = REASON_CARRIER, .server = CONF_NONE };

	engine_report(engine, &report);
	engine->link = up;
	if (!up) {
		decide_cut(engine, &reason, now_ns);
		return;
	}
	/* A switch may forward nothing yet: listen as at the start. */
	decide_start_over(engine, now_ns);
	engine->witness_ns = now_ns;
	if (engine->every_ns != 0)
		engine->hello_ns = now_ns;
}

void
engine_identity(
    struct engine *engine, const struct mac *mac, const struct ip *base, uint64_t now_ns)
{
	engine_begin(engine, now_ns);
	bool known = conf_server_by_mac(engine->conf, mac) == (int)engine->self.server;
	struct reason reason = { .kind = REASON_MAC, .server = CONF_NONE };

	engine->self.base = *base;
	if (mac_equal(mac, &engine->self.mac) && known == engine->mac_ok)
		return;
	engine->self.mac = *mac;
	if (!known) {
		struct report report = { .kind = REPORT_WRONG_MAC, .mac = *mac };
		engine_report(engine, &report);
		engine->mac_ok = false;
		decide_cut(engine, &reason, now_ns);
		return;
	}
	if (!engine->mac_ok) {
		engine->mac_ok = true;
		decide_start_over(engine, now_ns);
		return;
	}
	/* Another of self's own (a bond): the routers must learn it. */
	for (unsigned a = 0; a < engine->conf->addresses; a++)
		if (failover_serves(&engine->address[a].failover) &&
		    engine->address[a].holding.have)
			say_claim(engine, a, now_ns);
}

void
engine_done(struct engine *engine, enum holding_verb verb, const struct ip *ip, int error,
    uint64_t now_ns)
{
	int index = conf_address_by_ip(engine->conf, ip);
	struct report failed = {
		.kind = REPORT_FAILED, .ip = *ip, .verb = verb, .error = error
	};

	if (error != 0) {
		engine->counters.failed_changes++;
		engine_report(engine, &failed);
	}
	if (index == CONF_NONE)
		return;
	struct engine_address *a = &engine->address[index];
	bool had = a->holding.have;
	if (!holding_done(
		&a->holding, verb, error == 0, now_ns, engine->conf->timing.lease_ns)) {
		struct reason reason = { .kind = REASON_LAPSED, .server = CONF_NONE };
		engine->counters.lapses++;
		decide_step(engine, (unsigned)index, ON_LAPSED, &reason, now_ns);
		decide_start_over(engine, now_ns);
	}
	if (!had && a->holding.have && failover_serves(&a->failover)) {
		say_claim(engine, (unsigned)index, now_ns);
		/* All leases end together, or a peer's probes might ask for those that
		 * have ended, and take a later one for ended too. */
		if (engine->conf->timing.lease_ns != 0) {
			engine->renew_ns = now_ns;
			engine_wake(engine, now_ns);
		}
	}
	decide_hold(engine, (unsigned)index, now_ns);
	engine_check_stopped(engine);
}

void
engine_gone(struct engine *engine, const struct ip *ip, uint64_t now_ns)
{
	int index = conf_address_by_ip(engine->conf, ip);

	engine_begin(engine, now_ns);
	if (index == CONF_NONE)
		return;
	struct engine_address *a = &engine->address[index];
	if (holding_gone(&a->holding, now_ns)) {
		struct report report = { .kind = REPORT_GONE, .ip = *ip };
		engine->counters.put_backs++;
		engine_report(engine, &report);
		decide_hold(engine, (unsigned)index, now_ns);
	}
	engine_check_stopped(engine);
}

void
engine_adopt(
    struct engine *engine, const struct ip *ip, uint64_t expires_ns, uint64_t now_ns)
{
	int index = conf_address_by_ip(engine->conf, ip);
	struct action stray = { .kind = ACTION_ADDRESS,
		.address = { HOLDING_REMOVE, *ip, 0 } };

	if (index == CONF_NONE || engine->address[index].tier == CONF_NONE) {
		engine_push(engine, &stray);
		/* A new file has come with a new daemon. Whoever has the old one takes
		 * self for the owner. */
		for (unsigned s = 0; index != CONF_NONE && s < engine->conf->servers; s++)
			if (s != engine->self.server)
				say_release_of(engine, ip, s, now_ns);
		return;
	}
	struct engine_address *a = &engine->address[index];
	struct reason reason = { .kind = REASON_ADOPTED, .server = CONF_NONE };
	holding_adopt(&a->holding, expires_ns);
	decide_step(engine, (unsigned)index, ON_VACANT, &reason, now_ns);
	engine->renew_ns = now_ns;
}

static void
drain(struct engine *engine, const struct reason *reason, uint64_t now_ns)
{
	for (unsigned a = 0; a < engine->conf->addresses; a++)
		decide_step(engine, a, ON_LEAVE, reason, now_ns);
}

static void
resume(struct engine *engine, uint64_t now_ns)
{
	struct reason reason = { .kind = REASON_RESUME, .server = CONF_NONE };

	engine->drained = false;
	engine->setbacks = 0;
	/* Also while isolated or listening: whether it may claim is asked later. */
	for (unsigned a = 0; a < engine->conf->addresses; a++) {
		/* A drained server stays as it is when its link comes back. */
		if (!engine->cut || engine->address[a].failover.phase != PHASE_CUT)
			decide_step(engine, a, ON_RESUME, &reason, now_ns);
		decide_consider(engine, a, &reason, now_ns);
	}
	/* Nor does it wait any longer; at the latest when whoever serves it can be heard.
	 */
	for (unsigned a = 0; a < engine->conf->addresses; a++)
		if (engine->address[a].failover.phase == PHASE_RETURN) {
			engine->address[a].failover.deadline_ns = now_ns;
			engine->address[a].hurried = true;
		}
	engine_wake_addresses(engine, now_ns);
}

void
engine_admin(struct engine *engine, enum engine_admin admin, uint64_t now_ns)
{
	struct reason reason = { .kind = REASON_DRAIN, .server = CONF_NONE };

	engine_begin(engine, now_ns);
	if (engine->stopping && admin != ADMIN_STOP)
		return; /* it is on its way out */
	switch (admin) {
	case ADMIN_DRAIN:
		engine->drained = true;
		drain(engine, &reason, now_ns);
		break;
	case ADMIN_STOP:
		engine->stopping = true;
		drain(engine, &reason, now_ns);
		break;
	case ADMIN_RESUME:
		resume(engine, now_ns);
		break;
	default:
		assert(false && "no such admin request");
	}
	engine_check_stopped(engine);
	engine_wake(engine, now_ns);
}
