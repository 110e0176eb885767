/* SPDX-License-Identifier: BSD-2-Clause */
/* sim.c - how fast worlds run: server-hours of simulated time per minute of one core, and
 * how long the largest cluster takes. Figures are printed and never judged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "story.h"

enum {
	SMALL = 6,      /* servers, as the target is stated */
	SMALL_S = 1800, /* simulated seconds of a world */
	LARGE = 64,
	LARGE_S = 10
};

struct feed {
	struct conf_reader *reader;
	int line;
};

static void
set(struct feed *feed, const char *key, const char *value)
{
	conf_set(feed->reader, feed->line++, key, value);
}

/* Who is tier TIER of address A? Each ordered pair of servers is the head of one list. */
static unsigned
lists(unsigned servers, unsigned a, unsigned tier)
{
	unsigned primary = a / (servers - 1), step = a % (servers - 1);

	if (tier == 0)
		return primary;
	return (primary + 1 + (step + tier - 1) % (servers - 1)) % servers;
}

static void
set_server(struct feed *feed, unsigned s, unsigned servers, unsigned tiers)
{
	unsigned addresses = servers * (servers - 1);
	char text[64], key[32];

	snprintf(text, sizeof(text), "server S%u", s + 1);
	conf_section(feed->reader, feed->line++, text);
	snprintf(text, sizeof(text), "02:00:00:00:00:%02x", s + 1);
	set(feed, "mac", text);
	for (unsigned t = 0; t < tiers; t++)
		for (unsigned a = 0; a < addresses; a++) {
			if (lists(servers, a, t) != s)
				continue;
			snprintf(key, sizeof(key), "tier%u", t + 1);
			snprintf(text, sizeof(text), "10.77.%u.%u", a / 250, a % 250 + 1);
			set(feed, key, text);
		}
}

/* N servers, N(N-1) addresses in so many tiers, hello = 100ms. */
static struct conf *
make_conf(unsigned servers, unsigned tiers)
{
	struct feed feed = { malloc(conf_reader_size()), 1 };
	struct conf *conf = malloc(sizeof(*conf));
	unsigned kept, total;

	if (feed.reader == NULL || conf == NULL)
		abort();
	conf_begin(feed.reader, conf);
	conf_section(feed.reader, feed.line++, "cluster");
	set(&feed, "router", "10.77.255.254");
	conf_section(feed.reader, feed.line++, "timing");
	set(&feed, "hello", "100ms");
	for (unsigned s = 0; s < servers; s++)
		set_server(&feed, s, servers, tiers);
	if (!conf_finish(feed.reader)) {
		fprintf(
		    stderr, "sim: %s\n", conf_errors(feed.reader, &kept, &total)->text);
		exit(EXIT_FAILURE);
	}
	free(feed.reader);
	return conf;
}

static double
cpu_s(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* A third of the frames of one cable lost, servers that come and go, a partition. */
static void
disturb(struct world *world)
{
	unsigned servers = world->conf->servers;

	for (unsigned i = 0; i < 200; i++) {
		uint64_t at_ns = (10 + i * (SMALL_S - 20) / 200) * SEC_NS;
		int who = (int)(i % servers);
		struct fault begin = { .at_ns = at_ns,
			.kind = i % 2 ? FAULT_CRASH : FAULT_FREEZE,
			.server = who,
			.address = CONF_NONE };
		struct fault end = { .at_ns = at_ns + 4 * SEC_NS,
			.kind = i % 2 ? FAULT_RETURN : FAULT_THAW,
			.server = who,
			.address = CONF_NONE };
		struct fault loss = { .at_ns = at_ns,
			.kind = FAULT_LOSS,
			.server = (who + 1) % (int)servers,
			.address = CONF_NONE,
			.amount = i % 3 == 0 ? 300000 : 0 };
		world_fault(world, &begin);
		if (i % 4 == 2)
			world_fault(world, &loss);
		else
			world_fault(world, &end);
	}
}

static void
measure(const char *name, const struct conf *conf, unsigned seconds, bool chaos)
{
	struct world *world = world_new(conf, 1);

	if (world == NULL)
		abort();
	world->check = !chaos; /* it would end the run */
	if (chaos)
		disturb(world);
	double begin_s = cpu_s();
	world_run(world, seconds * SEC_NS);
	double took_s = cpu_s() - begin_s;
	double hours = (double)world_time(world) / 3.6e12 * conf->servers;
	printf("%-10s %2u servers %4u addresses %6.0f s simulated in %7.2f s: %8.0f "
	       "server-hours per core-minute, %5.0f ns an event, %.0f events and %.0f "
	       "frames a server-second\n",
	    name, conf->servers, conf->addresses, (double)world_time(world) / 1e9, took_s,
	    hours * 60 / took_s, took_s * 1e9 / (double)world->events,
	    (double)world->events / hours / 3600, (double)world->frames / hours / 3600);
	if (world->violation.promise != PROMISE_NONE)
		printf("  broken: %s: %s\n", promise_name(world->violation.promise),
		    world->violation.text);
	world_free(world);
}

static void
stories(uint64_t first, unsigned count)
{
	uint64_t server_ns = 0;
	double begin_s = cpu_s();

	for (unsigned i = 0; i < count; i++) {
		struct story story;
		struct story_result result;
		if (!story_roll(&story, first + i))
			abort();
		story_run(&story, NULL, &result);
		server_ns += result.world_ns * story.conf->servers;
		story_free(&story);
	}
	double took_s = cpu_s() - begin_s;
	printf("%-10s %u seeds from %llu on in %.2f s: %.0f a second, %.0f server-hours "
	       "per core-minute\n",
	    "stories", count, (unsigned long long)first, took_s, count / took_s,
	    (double)server_ns / 3.6e12 * 60 / took_s);
}

int
main(void)
{
	struct conf *small = make_conf(SMALL, 3), *large = make_conf(LARGE, 2);

	measure("calm", small, SMALL_S, false);
	measure("chaotic", small, SMALL_S, true);
	stories(1, 300);
	measure("largest", large, LARGE_S, false);
	free(small);
	free(large);
	return 0;
}
