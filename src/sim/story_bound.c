/* SPDX-License-Identifier: BSD-2-Clause */
/* story_bound.c - how long things may take, as PROMISES.md has it. */
#include "story.h"
#include "world_internal.h"

enum {
	DOUBLINGS = 5,     /* of the failback delay, at most */
	BURST_STRETCH = 4, /* of a burst, where probes were seen to be lost */
	OUTAGE_SLACK_MS = 25,
	CLAIM_FRAMES = 3, /* of one claim, and one for each router */
	PASSIVE_S = 60    /* until a router as Linux is has asked again */
};

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
