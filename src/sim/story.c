/* SPDX-License-Identifier: BSD-2-Clause */
/* story.c - let a story happen; then demand that everything is in its place. */
#include "story.h"

#include <string.h>

#include "world_internal.h"

enum {
	STILL_S = 3,       /* nothing moves for that long, once all is in place */
	DOUBLINGS = 5,     /* of the failback delay, at most */
	BURST_STRETCH = 4, /* of a burst, where probes were seen to be lost */
	OUTAGE_SLACK_MS = 25,
	CLAIM_FRAMES = 3, /* of one claim, and one for each router */
	PASSIVE_S = 60,   /* until a router as Linux is has asked again */
	UNSAID_S = 20     /* looked on, where nothing is demanded in the end */
};

struct run {
	const struct story *story;
	const struct story_listener *listener;
	struct story_result *result;
	uint64_t
	    touched[CONF_ADDRESSES / 64];  /* addresses that moved, since the last look */
	uint64_t own[CONF_ADDRESSES / 64]; /* that the dead had */
};

static void
mix(uint64_t *hash, uint64_t value)
{
	*hash = (*hash ^ value) * UINT64_C(0x100000001b3); /* FNV-1a, a word at a time */
}

static void
tell(void *user, const struct world *world, int server, const struct report *report)
{
	struct run *run = user;
	int address = conf_address_by_ip(world->conf, &report->ip);

	mix(&run->result->hash, world_time(world));
	mix(&run->result->hash, (uint64_t)report->kind << 32 | (uint64_t)server);
	mix(&run->result->hash, (uint64_t)report->from << 32 | report->to);
	if (report->kind == REPORT_STATE && address != CONF_NONE &&
	    (failover_state_serves(report->from) || failover_state_serves(report->to)))
		run->touched[address / 64] |= UINT64_C(1) << address % 64;
	if (run->listener != NULL && run->listener->tell != NULL)
		run->listener->tell(run->listener->user, world, server, report);
}

static void
saw(void *user, const struct world *world, const struct arp *arp)
{
	struct run *run = user;

	if (run->listener->saw != NULL)
		run->listener->saw(run->listener->user, world, arp);
}

static void
told_fault(void *user, const struct world *world, const struct fault *fault)
{
	struct run *run = user;

	run->result->faults++;
	if (run->listener != NULL && run->listener->fault != NULL)
		run->listener->fault(run->listener->user, world, fault);
}

/* --- the bounds, as PROMISES.md has them ----------------------------------------------
 */

/* What max_rate leaves for everything but hellos. */
static uint64_t
frames_ns(const struct conf *conf, uint64_t frames)
{
	return conf->timing.max_rate == 0
		   ? 0
		   : SEC_NS + 2 * frames * SEC_NS / conf->timing.max_rate;
}

static bool
passive(const struct story *story)
{
	return story->conf->timing.hello_ns == 0;
}

/* Purely passive servers learn only from routers that ask. */
static bool
nobody_asks(const struct story *story)
{
	for (unsigned r = 0; r < story->conf->routers; r++)
		if (story->kind[r] != ROUTER_LINUX)
			return true;
	return story->conf->routers == 0;
}

uint64_t
story_bound_ns(const struct story *story)
{
	const struct conf_timing *timing = &story->conf->timing;
	uint64_t bound_ns = 10 * SEC_NS + story->deaf_ns;

	if (passive(story) && nobody_asks(story))
		return NEVER;
	bound_ns += timing->lease_ns != 0 ? timing->lease_ns : 5 * SEC_NS;
	if (timing->failback_ns != CONF_NEVER)
		bound_ns += timing->failback_ns << DOUBLINGS;
	if (timing->max_moves != 0)
		bound_ns += CONF_MOVES_NS;
	for (unsigned c = 0; c < story->conf->checks; c++)
		bound_ns +=
		    story->conf->check[c].interval_ns * (story->conf->check[c].rise + 1);
	bound_ns += timing->answer_timeout_ns * story->conf->servers;
	bound_ns += frames_ns(story->conf,
	    (uint64_t)story->conf->addresses * (story->conf->routers + CLAIM_FRAMES));
	if (passive(story))
		bound_ns += PASSIVE_S * SEC_NS;
	/* Routers that ignore hellos are asked again from each address every 30 s. */
	for (unsigned r = 0; r < story->conf->routers; r++)
		if (story->belief[r] == BELIEVES_REQUESTS)
			return bound_ns + 31 * SEC_NS;
	return bound_ns;
}

uint64_t
story_outage_ns(const struct story *story, unsigned count)
{
	const struct conf *conf = story->conf;
	const struct conf_timing *timing = &conf->timing;
	uint64_t every_ns = promise_every_ns(conf);
	uint64_t burst_ns = timing->probes * timing->probe_interval_ns;

	if (passive(story) || conf->routers == 0)
		return NEVER;
	return every_ns + every_ns / 2 + BURST_STRETCH * burst_ns +
	       OUTAGE_SLACK_MS * MS_NS +
	       frames_ns(
		   conf, (uint64_t)count * BURST_STRETCH * timing->probes +
			     (uint64_t)conf->addresses * (conf->routers + CLAIM_FRAMES));
}

uint32_t
story_steady_ppm(const struct conf *conf)
{
	return conf->timing.probes >= 5 ? 5000 : 500;
}

uint32_t
story_steady_burst_ppm(const struct conf *conf)
{
	return conf->timing.probes >= 5 ? 100 : 50;
}

uint64_t
story_steady_gap_ns(const struct conf *conf)
{
	return (conf->timing.probes - 1) * conf->timing.probe_interval_ns - MS_NS / 10;
}

/* --- the world ------------------------------------------------------------------------
 */

static struct world *
build(const struct story *story, struct run *run)
{
	struct world *world = world_new(story->conf, story->seed ^ UINT64_C(0x5eed));

	world->old_conf = story->old_conf;
	world->tell = tell;
	world->fault_told = told_fault;
	world->saw = run->listener != NULL && run->listener->saw != NULL ? saw : NULL;
	world->user = run;
	world->net.suppresses = story->suppresses;
	world->net.deaf_ns = story->deaf_ns;
	world->net.polices = story->polices;
	world->late_sweeps = story->late_sweeps;
	for (unsigned r = 0; r < world->routers; r++) {
		world->router[r].kind = story->kind[r];
		world->router[r].belief = story->belief[r];
	}
	for (unsigned s = 0; s < story->conf->servers; s++)
		world->server[s].drift_ppm = story->drift_ppm[s];
	for (unsigned i = 0; i < story->faults; i++)
		world_fault(world, &story->fault[i]);
	return world;
}

/* Whatever is broken is mended, at once. */
static void
heal(const struct story *story, struct world *world)
{
	static const enum fault_kind network[] = { FAULT_LOSS, FAULT_BURSTS, FAULT_COPIES,
		FAULT_DELAY, FAULT_JITTER, FAULT_HEAL, FAULT_RETURN };

	for (unsigned i = 0; i < sizeof(network) / sizeof(network[0]); i++) {
		struct fault mend = { .at_ns = story->heal_ns,
			.kind = network[i],
			.server = FAULT_ALL,
			.address = CONF_NONE };
		world_fault(world, &mend);
	}
}

static const char *
server_name(const struct world *world, int server)
{
	return server == CONF_NONE ? "nobody" : world->conf->server[server].name;
}

/* Whoever of its list has it alone; else who should. */
static int
holder_or_best(const struct world *world, unsigned a)
{
	uint64_t holders = world_holders(world, a);

	for (unsigned s = 0; s < world->conf->servers; s++)
		if (holders == UINT64_C(1) << s && world_able(world, s) &&
		    conf_tier(world->conf, a, s) != CONF_NONE)
			return (int)s;
	return world_best(world, a);
}

/* Who should have it in the end. Where nobody takes anything back by himself, whoever has
 * it may keep it. */
static int
wanted(const struct world *world, unsigned a)
{
	return world->conf->timing.failback_ns == CONF_NEVER ? holder_or_best(world, a)
							     : world_best(world, a);
}

/* Who should take it over. With few frames to spend some know of a death sooner than
 * others, and whoever is further down may be first. */
static int
heir(const struct world *world, unsigned a)
{
	return world->conf->timing.max_rate != 0 ? holder_or_best(world, a)
						 : world_best(world, a);
}

static void
demand_place(struct world *world, unsigned a)
{
	uint64_t holders = world_holders(world, a);
	int best = wanted(world, a);
	uint64_t right = best == CONF_NONE ? 0 : UINT64_C(1) << best;

	world->checks++;
	if (holders != right)
		promise_broken(world, PROMISE_CONVERGE, best, CONF_NONE, (int)a,
		    "should be served by %s alone; holders %llx",
		    server_name(world, best), (unsigned long long)holders);
}

static void
demand_route(struct world *world, unsigned a, unsigned r, int best, enum promise promise)
{
	const struct router_entry *entry = &world->router[r].entry[a];

	world->checks++;
	if (best == CONF_NONE)
		return;
	struct mac mac = server_mac((unsigned)best);
	if (entry->state < ENTRY_REACHABLE || !mac_equal(&entry->mac, &mac))
		promise_broken(world, promise, best, (int)r, (int)a,
		    "router %u does not send to %s", r, server_name(world, best));
}

static bool
touched(const struct run *run, unsigned a)
{
	return (run->touched[a / 64] >> a % 64 & 1) != 0;
}

static void
demand_all(struct world *world)
{
	for (unsigned a = 0; a < world->conf->addresses; a++) {
		demand_place(world, a);
		for (unsigned r = 0; r < world->routers; r++)
			demand_route(world, a, r, wanted(world, a), PROMISE_ROUTED);
	}
}

static void
demand_stillness(struct run *run, struct world *world, uint64_t until_ns)
{
	memset(run->touched, 0, sizeof(run->touched));
	world_run(world, until_ns);
	for (unsigned a = 0; a < world->conf->addresses; a++) {
		world->checks++;
		if (touched(run, a))
			promise_broken(world, PROMISE_STILL, CONF_NONE, CONF_NONE, (int)a,
			    "moved although nothing had happened");
	}
}

/* Whatever the dead served, and nothing else, has moved to where it belongs. */
static void
demand_heirs(const struct run *run, struct world *world, int victim, uint64_t bound_ns)
{
	for (unsigned a = 0; a < world->conf->addresses; a++) {
		world->checks++;
		bool was_own = (run->own[a / 64] >> a % 64 & 1) != 0;
		if (touched(run, a) && !was_own)
			promise_broken(world, PROMISE_OWN_ONLY, victim, CONF_NONE, (int)a,
			    "moved although the server that died did not serve it");
		uint64_t holders = world_holders(world, a);
		int best = heir(world, a);
		if (!was_own || best == CONF_NONE || bound_ns == NEVER)
			continue;
		if (holders != UINT64_C(1) << best)
			promise_broken(world, PROMISE_OUTAGE, best, victim, (int)a,
			    "is not served by %s %u ms after the crash",
			    server_name(world, best), (unsigned)(bound_ns / MS_NS));
		for (unsigned r = 0; r < world->routers; r++)
			demand_route(world, a, r, best, PROMISE_OUTAGE);
	}
}

/* All is calm; COUNT servers crash at once, and nothing but their addresses may move. */
static void
demand_takeover(struct run *run, struct world *world, const int *victim, unsigned count)
{
	uint64_t bound_ns = story_outage_ns(run->story, count);
	uint64_t at_ns = world_time(world) + MS_NS;

	/* Where no time is promised, what was taken over before may still move. */
	if (bound_ns != NEVER)
		memset(run->own, 0, sizeof(run->own));
	memset(run->touched, 0, sizeof(run->touched));
	for (unsigned v = 0; v < count; v++) {
		struct fault crash = { .at_ns = at_ns,
			.kind = FAULT_CRASH,
			.server = victim[v],
			.address = CONF_NONE };
		for (unsigned a = 0; a < world->conf->addresses; a++)
			if ((world_holders(world, a) >> victim[v] & 1) != 0)
				run->own[a / 64] |= UINT64_C(1) << a % 64;
		world_fault(world, &crash);
	}
	world_run(world, at_ns + (bound_ns == NEVER ? STILL_S * SEC_NS : bound_ns));
	if (world->violation.promise == PROMISE_NONE)
		demand_heirs(run, world, victim[0], bound_ns);
}

static void
demand_takeovers(struct run *run, struct world *world)
{
	const struct story *story = run->story;
	unsigned each = story->together ? story->victims : 1;

	for (unsigned v = 0; v < story->victims; v += each)
		if (world->violation.promise == PROMISE_NONE)
			demand_takeover(run, world, &story->victim[v], each);
}

/* What must be true in the end, and how long it takes. */
static void
demand_end(struct run *run, struct world *world)
{
	uint64_t bound_ns = story_bound_ns(run->story);
	uint64_t at_ns = run->story->heal_ns + bound_ns;

	if (bound_ns == NEVER) {
		world_run(world, run->story->heal_ns + UNSAID_S * SEC_NS);
		return;
	}
	world_run(world, at_ns);
	if (world->violation.promise == PROMISE_NONE)
		demand_all(world);
	if (world->violation.promise == PROMISE_NONE)
		demand_stillness(run, world, at_ns + STILL_S * SEC_NS);
	if (world->violation.promise == PROMISE_NONE)
		demand_takeovers(run, world);
}

void
story_run(const struct story *story, const struct story_listener *listener,
    struct story_result *result)
{
	struct run run = { .story = story, .listener = listener, .result = result };

	memset(result, 0, sizeof(*result));
	result->hash = UINT64_C(0xcbf29ce484222325);
	struct world *world = build(story, &run);
	heal(story, world);
	if (story->steady_ns < story->heal_ns) {
		world_run(world, story->steady_ns);
		world->steady = true;
		world_run(world, story->heal_ns);
		world->steady = false;
	}
	world_run(world, story->heal_ns + 1);
	/* From here on everybody has the new file. Where it lists others, who is listed
	 * no more serves until they have taken over. */
	if (story->old_conf != NULL && story->old_conf->servers < story->conf->servers)
		world->old_conf = NULL;
	demand_end(&run, world);
	result->violation = world->violation;
	result->world_ns = world_time(world);
	result->events = world->events;
	result->frames = world->frames;
	result->checks = world->checks;
	result->moves = world->moves;
	world_free(world);
}

unsigned
story_shrink(struct story *story, enum promise promise)
{
	struct story_result result;
	unsigned runs = 0;
	bool shorter = true;

	while (shorter) {
		shorter = false;
		for (unsigned i = 0; i < story->faults; i++) {
			struct story less = *story;
			memmove(&less.fault[i], &less.fault[i + 1],
			    (less.faults - i - 1) * sizeof(less.fault[0]));
			less.faults--;
			story_run(&less, NULL, &result);
			runs++;
			if (result.violation.promise != promise)
				continue;
			memcpy(story->fault, less.fault, sizeof(less.fault));
			story->faults = less.faults;
			shorter = true;
			i--;
		}
	}
	return runs;
}
