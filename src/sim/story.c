/* SPDX-License-Identifier: BSD-2-Clause */
/* story.c - let a story happen, and listen; leave out of it what does not matter. */
#include "story.h"

#include <string.h>

#include "story_internal.h"

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
	story_demand_end(&run, world);
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
