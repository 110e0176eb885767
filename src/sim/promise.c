/* SPDX-License-Identifier: BSD-2-Clause */
/* promise.c - what must hold while faults happen, looked at as they do. PROMISES.md says
 * it in words. What must hold after the last fault is in story.c. */
#include <stdarg.h>

#include "world_internal.h"

enum {
	STEP_MS = 50, /* between two looks at what takes time to go wrong */
	GIVE_WAY_CLAIMS = 10,
	SLACK_MS = 30 /* of clocks that drift and frames that travel */
};

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

uint32_t
promise_spare(const struct conf *conf)
{
	uint64_t every_ns = promise_every_ns(conf);
	uint32_t hellos =
	    every_ns == 0 ? 0 : (uint32_t)((SEC_NS + every_ns - 1) / every_ns);

	return conf->timing.max_rate > hellos ? conf->timing.max_rate - hellos : 1;
}

/* One and a half hellos, and a burst that the loss estimate may have stretched. */
static uint64_t
detect_ns(const struct conf *conf)
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

	return 2 * detect_ns(conf) + SLACK_MS * MS_NS +
	       (conf->timing.max_rate == 0 ? 0 : frames * SEC_NS / promise_spare(conf));
}

static const char *
name_of(const struct world *world, int server)
{
	return server == CONF_NONE ? "nobody" : world->conf->server[server].name;
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
	uint64_t bound_ns = detect_ns(world->conf) + SLACK_MS * MS_NS;
	if (world->conf->timing.max_rate != 0)
		bound_ns += SEC_NS + 6 * SEC_NS / promise_spare(world->conf);
	if (silent_ns > bound_ns)
		promise_broken(world, PROMISE_NOT_DEAF, (int)s, CONF_NONE, address,
		    "%s claims although it has heard nothing for %u ms",
		    name_of(world, (int)s), (unsigned)(silent_ns / MS_NS));
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
		    name_of(world, (int)s), name_of(world, (int)q));
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
		    name_of(world, (int)s), serves ? "takes" : "gives up");
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
			    name_of(world, (int)s));
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
		    "%s sends more than %u frames in a second", name_of(world, (int)s),
		    rate);
	server->sent_ns[server->sent_at] = now_ns;
	server->sent_at = (server->sent_at + 1) % rate;
}

static bool
serves_freely(const struct world *world, unsigned s)
{
	const struct world_server *server = &world->server[s];

	return server->power && server->halted_ns == NEVER && server->engine != NULL &&
	       !server->leaves && server->change_ns == 0 && server->change_fails_ppm == 0;
}

static bool
is_current(const struct world *world, unsigned s)
{
	return serves_freely(world, s) && world->server[s].conf == world->conf;
}

/* How long two that hear each other may both serve: until a hello of the one for it has
 * been heard by the other. */
static uint64_t
agree_ns(const struct world *world, unsigned a, unsigned b)
{
	unsigned most = 0;

	for (unsigned i = 0; i < 2; i++) {
		unsigned s = i == 0 ? a : b, has = 0;
		for (unsigned x = 0; x < world->conf->addresses; x++)
			has += world->server[s].lease_ns[x] != 0;
		most = has > most ? has : most;
	}
	return (most + 2) * promise_every_ns(world->conf) + detect_ns(world->conf) +
	       500 * MS_NS;
}

/* Since when nothing has changed about A, B, and their having ADDRESS. */
static uint64_t
both_since_ns(const struct world *world, unsigned a, unsigned b, unsigned address)
{
	uint64_t since_ns = world->server[a].got_ns[address];
	const uint64_t later[] = { world->server[b].got_ns[address],
		world->server[a].disturbed_ns, world->server[b].disturbed_ns,
		world->loss_ns, world->net.port[a].forwards_ns,
		world->net.port[b].forwards_ns };

	for (unsigned i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		since_ns = later[i] > since_ns ? later[i] : since_ns;
	return since_ns;
}

/* Nothing that FROM says reaches TO, but what TO says reaches FROM. */
static bool
hears_one_way(const struct world *world, unsigned from, unsigned to)
{
	bool blocked = world->from[from].cut || world->to[to].cut ||
		       (world->net.unheard[to] >> from & 1) != 0;

	return blocked && wire_clear(world, to, from);
}

/* Until so many claims were heard in spite of every defence, a burst was in vain, and one
 * more claim was heard. */
static uint64_t
give_way_ns(const struct world *world, unsigned a, unsigned b)
{
	const struct conf_timing *timing = &world->conf->timing;

	return GIVE_WAY_CLAIMS * agree_ns(world, a, b) +
	       4 * timing->probes * timing->probe_interval_ns;
}

static void
agree_two(struct world *world, unsigned a, unsigned b, unsigned address)
{
	enum promise promise = PROMISE_AGREE;
	uint64_t bound_ns = agree_ns(world, a, b);

	if (!world_hear_each_other(world, a, b)) {
		if ((!hears_one_way(world, a, b) && !hears_one_way(world, b, a)) ||
		    !is_current(world, a) || !is_current(world, b) ||
		    world->conf->timing.max_rate != 0)
			return;
		promise = PROMISE_GIVES_WAY;
		bound_ns = give_way_ns(world, a, b);
	}
	uint64_t since_ns = both_since_ns(world, a, b, address);
	world->checks++;
	if (world->now_ns > since_ns && world->now_ns - since_ns > bound_ns)
		promise_broken(world, promise, (int)a, (int)b, (int)address,
		    "%s and %s both serve it for %u ms, although %s",
		    name_of(world, (int)a), name_of(world, (int)b),
		    (unsigned)((world->now_ns - since_ns) / MS_NS),
		    promise == PROMISE_AGREE ? "they hear each other"
					     : "one of them hears the other");
}

static void
agree(struct world *world, unsigned address)
{
	uint64_t holders = world_holders(world, address);

	for (unsigned a = 0; a < world->conf->servers; a++) {
		if ((holders >> a & 1) == 0 || !serves_freely(world, a))
			continue;
		for (unsigned b = a + 1; b < world->conf->servers; b++)
			if ((holders >> b & 1) != 0 && serves_freely(world, b))
				agree_two(world, a, b, address);
	}
}

/* S could serve in the place of somebody unhealthy. */
static bool
is_well(const struct world *world, unsigned s)
{
	const struct world_server *server = &world->server[s];

	return is_current(world, s) && server->paused_ns == NEVER &&
	       engine_health(server->engine) == HEALTH_GOOD &&
	       engine_standing(server->engine) == STANDING_SERVING;
}

/* All of the list that have power can, and hear each other: none is waited for in vain,
 * and none does not know. The latest that any of them was disturbed; NEVER: not so. */
static uint64_t
undisturbed_ns(const struct world *world, unsigned address)
{
	const struct conf_address *listed = &world->conf->address[address];
	uint64_t last_ns = world->loss_ns;

	for (unsigned t = 0; t < listed->tiers; t++) {
		unsigned s = listed->server[t];
		if (!is_current(world, s) || world->server[s].paused_ns != NEVER)
			return NEVER;
		/* Its kernel refused when it was told last; it tries again later. */
		struct engine_address_view view =
		    engine_view_address(world->server[s].engine, address);
		if (failover_state_serves(view.state) && !view.configured)
			return NEVER;
		for (unsigned u = 0; u < t; u++)
			if (!world_hear_each_other(world, s, listed->server[u]))
				return NEVER;
		const uint64_t later[] = { world->server[s].disturbed_ns,
			world->net.port[s].forwards_ns };
		for (unsigned i = 0; i < sizeof(later) / sizeof(later[0]); i++)
			last_ns = later[i] > last_ns ? later[i] : last_ns;
	}
	return last_ns;
}

/* Who has it alone is unhealthy, and somebody of its list is well: CONF_NONE, or who. */
static int
could_relieve(const struct world *world, unsigned address, unsigned *owner)
{
	uint64_t holders = world_holders(world, address);
	const struct conf_address *listed = &world->conf->address[address];
	int well = CONF_NONE;

	if (holders == 0 || (holders & (holders - 1)) != 0)
		return CONF_NONE;
	for (*owner = 0; (holders >> *owner & 1) == 0;)
		++*owner;
	if (!is_current(world, *owner) ||
	    engine_health(world->server[*owner].engine) != HEALTH_BAD)
		return CONF_NONE;
	for (unsigned t = 0; t < listed->tiers && well == CONF_NONE; t++)
		if (is_well(world, listed->server[t]))
			well = listed->server[t];
	return well;
}

static void
relieved(struct world *world, unsigned address)
{
	unsigned owner = 0;
	int well = could_relieve(world, address, &owner);
	uint64_t since_ns = well != CONF_NONE ? undisturbed_ns(world, address) : NEVER;

	if (since_ns == NEVER) {
		world->unwell_ns[address] = NEVER;
		return;
	}
	if (world->unwell_ns[address] == NEVER)
		world->unwell_ns[address] = world->now_ns;
	if (world->unwell_ns[address] > since_ns)
		since_ns = world->unwell_ns[address];
	world->checks++;
	uint64_t within_ns =
	    agree_ns(world, owner, (unsigned)well) +
	    world->conf->timing.answer_timeout_ns * world->conf->address[address].tiers;
	if (world->now_ns > since_ns && world->now_ns - since_ns > within_ns)
		promise_broken(world, PROMISE_RELIEVED, (int)owner, well, (int)address,
		    "%s, which is unhealthy, has it for %u ms, and %s could",
		    name_of(world, (int)owner),
		    (unsigned)((world->now_ns - since_ns) / MS_NS), name_of(world, well));
}

void
promise_step(struct world *world)
{
	world->step_ns = world->now_ns + STEP_MS * MS_NS;
	if (!world->check || world->conf->timing.hello_ns == 0)
		return;
	for (unsigned a = 0; a < world->conf->addresses; a++)
		if (world->twin_ns[a] != NEVER)
			agree(world, a);
	/* With max_moves it may have to stay. */
	if (world->unwell_ns == NULL || world->conf->timing.max_moves != 0)
		return;
	for (unsigned a = 0; a < world->conf->addresses; a++)
		relieved(world, a);
}
