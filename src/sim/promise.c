/* SPDX-License-Identifier: BSD-2-Clause */
/* promise.c - what must hold while faults happen: the names, and what is looked at as
 * things happen. PROMISES.md says it in words. What may not last is in promise_step.c,
 * what must hold after the last fault in story_demand.c. */
#include <stdarg.h>

#include "world_internal.h"

enum { SLACK_MS = 30 /* of clocks that drift and frames that travel */ };

static const char *const names[PROMISES] = {
	[PROMISE_NONE] = "none",
	[PROMISE_LISTED] = "listed",
	[PROMISE_NOT_DEAF] = "not-deaf",
	[PROMISE_NO_TWIN] = "no-twin",
	[PROMISE_AGREE] = "agree",
	[PROMISE_GIVES_WAY] = "gives-way",
	[PROMISE_STEADY] = "steady",
	[PROMISE_PACED] = "paced",
	[PROMISE_RELIEVED] = "relieved",
	[PROMISE_CONVERGE] = "converge",
	[PROMISE_ROUTED] = "routed",
	[PROMISE_STILL] = "still",
	[PROMISE_OWN_ONLY] = "own-only",
	[PROMISE_OUTAGE] = "outage",
};

const char *
promise_name(enum promise promise)
{
	return promise < PROMISES ? names[promise] : "?";
}

void
promise_broken(struct world *world, enum promise promise, int server, int other,
    int address, const char *format, ...)
{
	va_list args;

	if (world->violation.promise != PROMISE_NONE)
		return;
	world->violation =
	    (struct violation){ promise, world->now_ns, server, other, address, "" };
	va_start(args, format);
	vsnprintf(world->violation.text, sizeof(world->violation.text), format, args);
	va_end(args);
}

uint64_t
promise_every_ns(const struct conf *conf)
{
	uint64_t every_ns = conf->timing.hello_ns;
	uint32_t rate = conf->timing.max_rate;

	if (every_ns != 0 && rate != 0 && every_ns < 2 * SEC_NS / rate)
		every_ns = 2 * SEC_NS / rate;
	return every_ns;
}

/* Frames a second that hellos leave of max_rate. */
static uint32_t
spare(const struct conf *conf)
{
	uint64_t every_ns = promise_every_ns(conf);
	uint32_t hellos =
	    every_ns == 0 ? 0 : (uint32_t)((SEC_NS + every_ns - 1) / every_ns);

	return conf->timing.max_rate > hellos ? conf->timing.max_rate - hellos : 1;
}

/* One and a half hellos, and a burst that the loss estimate may have stretched. */
uint64_t
promise_detect_ns(const struct conf *conf)
{
	const struct conf_timing *timing = &conf->timing;
	uint64_t every_ns = promise_every_ns(conf);

	return every_ns + every_ns / 2 + timing->probes * timing->probe_interval_ns;
}

/* As long as it takes to ask everybody, and be told: with few frames to spend bursts of
 * probes take turns. */
static uint64_t
patience_ns(const struct conf *conf)
{
	uint64_t frames = 2 * conf->servers * conf->timing.probes;

	return 2 * promise_detect_ns(conf) + SLACK_MS * MS_NS +
	       (conf->timing.max_rate == 0 ? 0 : frames * SEC_NS / spare(conf));
}

static void
not_deaf(struct world *world, unsigned s, int address)
{
	const struct world_server *server = &world->server[s];
	uint64_t silent_ns = server_time(world, s) - server->heard_ns;

	world->checks++;
	if (world->conf->timing.hello_ns == 0 || server->paused_ns != NEVER)
		return;
	/* With few frames to spend the routers are asked seldom. */
	uint64_t bound_ns = promise_detect_ns(world->conf) + SLACK_MS * MS_NS;
	if (world->conf->timing.max_rate != 0)
		bound_ns += SEC_NS + 6 * SEC_NS / spare(world->conf);
	if (silent_ns > bound_ns)
		promise_broken(world, PROMISE_NOT_DEAF, (int)s, CONF_NONE, address,
		    "%s claims although it has heard nothing for %u ms",
		    server_name(world, (int)s), (unsigned)(silent_ns / MS_NS));
}

/* The kernel of a daemon that does not run has the address, can be asked, and had been
 * undisturbed for long enough to be known. */
static void
no_twin(struct world *world, unsigned s, unsigned address)
{
	uint64_t long_ns = patience_ns(world->conf);

	/* Of two that have it already nobody can tell which one hangs. */
	uint64_t holders = world_holders(world, address);
	if ((holders & (holders - 1)) != 0)
		return;
	for (unsigned q = 0; q < world->conf->servers; q++) {
		const struct world_server *other = &world->server[q];
		if (q == s || other->halted_ns == NEVER || !other->power ||
		    other->paused_ns != NEVER || other->leaves ||
		    other->ears.kernel_off ||
		    world->untwin_ns[address] >= other->halted_ns ||
		    other->lease_ns[address] <= world->now_ns + SLACK_MS * MS_NS)
			continue;
		world->checks++;
		if (world->conf->timing.hello_ns == 0 ||
		    world->server[s].conf != world->conf ||
		    !world_hear_each_other(world, s, q))
			continue;
		/* Who slept without knowing believes what was true before. */
		if (world->server[s].unpaused_ns >= other->halted_ns)
			continue;
		if (world->now_ns - other->halted_ns < long_ns ||
		    world->now_ns - other->disturbed_ns < long_ns ||
		    world->now_ns - world->server[s].disturbed_ns < long_ns ||
		    (world->loss_ns != 0 && world->now_ns - world->loss_ns < long_ns))
			continue;
		promise_broken(world, PROMISE_NO_TWIN, (int)s, (int)q, (int)address,
		    "%s claims what %s's kernel has and answers for, although its daemon "
		    "hangs",
		    server_name(world, (int)s), server_name(world, (int)q));
	}
}

void
promise_report(struct world *world, unsigned s, const struct report *report)
{
	if (report->kind != REPORT_STATE)
		return;
	bool served = report->from == PRIMARY || report->from == CLAIMED;
	bool serves = report->to == PRIMARY || report->to == CLAIMED;
	if (served != serves)
		world->moves++;
	if (served != serves && world->steady)
		promise_broken(world, PROMISE_STEADY, (int)s, CONF_NONE,
		    conf_address_by_ip(world->conf, &report->ip),
		    "%s %s it although nothing is wrong but a few frames",
		    server_name(world, (int)s), serves ? "takes" : "gives up");
	if (!world->check || served || !serves || report->reason.kind == REASON_ADOPTED)
		return;
	int address = conf_address_by_ip(world->conf, &report->ip);
	not_deaf(world, s, address);
	if (address != CONF_NONE)
		no_twin(world, s, (unsigned)address);
}

void
promise_holders(struct world *world, unsigned address)
{
	uint64_t holders = world_holders(world, address);

	bool twins = (holders & (holders - 1)) != 0;
	if (!twins && world->twin_ns[address] != NEVER)
		world->untwin_ns[address] = world->now_ns;
	if (!twins)
		world->twin_ns[address] = NEVER;
	else if (world->twin_ns[address] == NEVER)
		world->twin_ns[address] = world->now_ns;
	for (unsigned s = 0; s < world->conf->servers; s++) {
		uint64_t *got_ns = &world->server[s].got_ns[address];
		if ((holders >> s & 1) == 0)
			*got_ns = 0;
		else if (*got_ns == 0)
			*got_ns = world->now_ns;
	}
	if (!world->check)
		return;
	for (unsigned s = 0; s < world->conf->servers; s++) {
		if ((holders & UINT64_C(1) << s) == 0)
			continue;
		world->checks++;
		/* Old files grant what they list. */
		if (conf_tier(world->conf, address, s) == CONF_NONE &&
		    world->old_conf == NULL)
			promise_broken(world, PROMISE_LISTED, (int)s, CONF_NONE,
			    (int)address, "%s has an address that is not in its lists",
			    server_name(world, (int)s));
	}
}

void
promise_started(struct world *world, unsigned s)
{
	struct world_server *server = &world->server[s];

	for (uint32_t i = 0; i < world->conf->timing.max_rate; i++)
		server->sent_ns[i] = 0;
}

void
promise_sent(struct world *world, unsigned s)
{
	struct world_server *server = &world->server[s];
	uint32_t rate = world->conf->timing.max_rate;
	uint64_t now_ns = server_time(world, s);

	if (rate == 0 || !world->check)
		return;
	world->checks++;
	uint64_t oldest_ns = server->sent_ns[server->sent_at];
	if (oldest_ns != 0 && now_ns - oldest_ns < SEC_NS - MS_NS)
		promise_broken(world, PROMISE_PACED, (int)s, CONF_NONE, CONF_NONE,
		    "%s sends more than %u frames in a second",
		    server_name(world, (int)s), rate);
	server->sent_ns[server->sent_at] = now_ns;
	server->sent_at = (server->sent_at + 1) % rate;
}
