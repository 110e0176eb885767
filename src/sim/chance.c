/* SPDX-License-Identifier: BSD-2-Clause */
/* chance.c - a random world and its faults, out of a seed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "story.h"

enum {
	SERVERS_MIN = 2,
	SERVERS_MAX = 6,
	TIERS_MAX = 4,
	ADDRESSES_EACH = 3,
	FAULTS_MAX = 10,
	CALM_S = 6, /* before the first fault */
	CHAOS_MIN_S = 3,
	CHAOS_MAX_S = 25,
	SICK_MAX = 4
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

static void
roll_timing(struct feed *feed, struct dice *dice)
{
	static const char *const hellos[] = { "10ms", "50ms", "100ms", "100ms", "200ms" };
	static const char *const leases[] = { "1s", "2s", "5s", "5s", "10s" };
	static const char *const failbacks[] = { "0s", "0s", "500ms", "2s" };

	conf_section(feed->reader, feed->line++, "timing");
	set(feed, "hello", hellos[dice_below(dice, 5)]);
	set(feed, "probes", dice_chance(dice, 700000) ? "5" : "3");
	set(feed, "lease", leases[dice_below(dice, 5)]);
	set(feed, "failback", failbacks[dice_below(dice, 4)]);
	set(feed, "answer_timeout", dice_chance(dice, 500000) ? "300ms" : "100ms");
	/* Rarely: returns may take minutes then. */
	set(feed, "max_moves", dice_chance(dice, 950000) ? "off" : "4");
}

/* What it does is the world's business. */
static void
set_check(struct feed *feed, struct dice *dice)
{
	static const char *const counts[] = { "1", "2", "3" };

	conf_section(feed->reader, feed->line++, "check web");
	set(feed, "type", "tcp");
	set(feed, "target", "127.0.0.1:80");
	set(feed, "interval", dice_chance(dice, 500000) ? "100ms" : "500ms");
	set(feed, "rise", counts[dice_below(dice, 3)]);
	set(feed, "fall", counts[dice_below(dice, 3)]);
}

/* Each address has a random list; the first servers come round in turn. */
static void
roll_lists(uint8_t list[][CONF_TIERS], unsigned addresses, unsigned servers,
    unsigned tiers, struct dice *dice)
{
	for (unsigned a = 0; a < addresses; a++) {
		uint8_t left[CONF_SERVERS];
		unsigned count = 0;
		for (unsigned s = 0; s < servers; s++)
			if (s != a % servers)
				left[count++] = (uint8_t)s;
		list[a][0] = (uint8_t)(a % servers);
		for (unsigned t = 1; t < tiers; t++) {
			unsigned pick = (unsigned)dice_below(dice, count);
			list[a][t] = left[pick];
			left[pick] = left[--count];
		}
	}
}

/* The same lists without the last server: what an older file may look like. */
static struct conf *
make_conf(uint8_t list[][CONF_TIERS], unsigned addresses, unsigned servers,
    unsigned tiers, unsigned routers, bool without_last, bool checked,
    uint64_t timing_seed)
{
	struct feed feed = { malloc(conf_reader_size()), 1 };
	struct conf *conf = malloc(sizeof(*conf));
	unsigned kept = without_last ? servers - 1 : servers;
	struct dice dice;

	if (feed.reader == NULL || conf == NULL)
		abort();
	dice_seed(&dice, timing_seed);
	conf_begin(feed.reader, conf);
	conf_section(feed.reader, feed.line++, "cluster");
	set(&feed, "interface", "eth1");
	if (routers > 0)
		set(&feed, "router",
		    routers == 1 ? "10.77.255.254" : "10.77.255.254, 10.77.255.253");
	roll_timing(&feed, &dice);
	if (checked)
		set_check(&feed, &dice);
	for (unsigned s = 0; s < kept; s++) {
		char text[64];
		snprintf(text, sizeof(text), "server %c", (char)('A' + s));
		conf_section(feed.reader, feed.line++, text);
		snprintf(text, sizeof(text), "02:00:00:00:00:%02x", s + 1);
		set(&feed, "mac", text);
		for (unsigned t = 0; t < tiers; t++)
			for (unsigned a = 0; a < addresses; a++) {
				unsigned place = 0, at;
				for (at = 0; at < tiers && list[a][at] != s; at++)
					place += list[a][at] < kept;
				if (at == tiers || place != t)
					continue;
				char key[16];
				snprintf(key, sizeof(key), "tier%u", t + 1);
				snprintf(text, sizeof(text), "10.77.0.%u", a + 1);
				set(&feed, key, text);
			}
	}
	if (!conf_finish(feed.reader)) {
		unsigned count, total;
		const struct conf_error *errors =
		    conf_errors(feed.reader, &count, &total);
		for (unsigned i = 0; i < count; i++)
			fprintf(stderr, "rolled a bad file: %d: %s\n", errors[i].line,
			    errors[i].text);
		abort();
	}
	free(feed.reader);
	return conf;
}

/* --- faults
 * ------------------------------------------------------------------------------ */

static void
add(struct story *story, uint64_t at_ns, enum fault_kind kind, int server, int address,
    uint64_t amount)
{
	if (story->faults < WORLD_FAULTS)
		story->fault[story->faults++] =
		    (struct fault){ at_ns, kind, server, address, amount };
}

static const struct {
	enum fault_kind kind, end; /* FAULTS: it has no end of its own */
	uint64_t low, high;        /* of the amount */
	bool everybody;            /* may befall all servers at once */
} menu[] = {
	{ FAULT_CRASH, FAULT_RETURN, 0, 0, false },
	{ FAULT_CRASH, FAULT_RETURN, 0, 0, false },
	{ FAULT_CUT, FAULT_MEND, 0, 0, false },
	{ FAULT_SILENCE, FAULT_SILENCE, 1, 3, false },
	{ FAULT_KILL, FAULT_START, 0, 0, false },
	{ FAULT_STOP, FAULT_START, 0, 0, false },
	{ FAULT_DRAIN, FAULT_RESUME, 0, 0, false },
	{ FAULT_FREEZE, FAULT_THAW, 0, 0, false },
	{ FAULT_FREEZE, FAULT_THAW, 0, 0, false },
	{ FAULT_PAUSE, FAULT_UNPAUSE, 0, 0, false },
	{ FAULT_STEAL, FAULTS, 0, 0, false },
	{ FAULT_FLUSH, FAULTS, 0, 0, false },
	{ FAULT_SLOW, FAULT_SLOW, 100, 200000, false },
	{ FAULT_FAIL, FAULT_FAIL, 100000, 1000000, false },
	{ FAULT_LOSS, FAULT_LOSS, 1000, 300000, true },
	{ FAULT_BURSTS, FAULT_BURSTS, 100, 20000, true },
	{ FAULT_COPIES, FAULT_COPIES, 1000, 500000, true },
	{ FAULT_DELAY, FAULT_DELAY, 10, 3000, true },
	{ FAULT_JITTER, FAULT_JITTER, 10, 3000, true },
	{ FAULT_PARTITION, FAULT_HEAL, 0, 0, false },
	{ FAULT_FOREIGN, FAULTS, 0, 0, false },
	{ FAULT_ROUTER, FAULTS, 0, 0, false },
	{ FAULT_OLDFILE, FAULT_NEWFILE, 0, 0, false },
};

static void
roll_fault(struct story *story, struct dice *dice, uint64_t begin_ns, uint64_t end_ns)
{
	const unsigned i = (unsigned)dice_below(dice, sizeof(menu) / sizeof(menu[0]));
	uint64_t at_ns = dice_between(dice, begin_ns, end_ns);
	uint64_t until_ns = at_ns + dice_between(dice, 10 * MS_NS, 8 * SEC_NS);
	int server = (int)dice_below(dice, story->conf->servers);
	int address = (int)dice_below(dice, story->conf->addresses);
	uint64_t amount = dice_between(dice, menu[i].low, menu[i].high);

	if (menu[i].everybody && dice_chance(dice, 500000))
		server = FAULT_ALL;
	if (menu[i].kind == FAULT_PARTITION)
		amount = dice_below(dice, UINT64_C(1) << story->conf->servers);
	if (menu[i].kind == FAULT_ROUTER)
		server = 0;
	if (menu[i].kind == FAULT_OLDFILE && story->old_conf == NULL)
		return;
	add(story, at_ns, menu[i].kind, server, address, amount);
	if (menu[i].end != FAULTS && until_ns < story->heal_ns)
		add(story, until_ns, menu[i].end, server, address, 0);
}

/* Services that fail while their servers live. Everything else of a seed's story is as it
 * would be without. */
static void
roll_sickness(struct story *story, struct dice *dice, uint64_t begin_ns, uint64_t end_ns)
{
	unsigned count = (unsigned)dice_between(dice, 1, SICK_MAX);

	for (unsigned i = 0; i < count; i++) {
		uint64_t at_ns = dice_between(dice, begin_ns, end_ns);
		uint64_t until_ns = at_ns + dice_between(dice, 10 * MS_NS, 10 * SEC_NS);
		int server = (int)dice_below(dice, story->conf->servers);
		if (dice_chance(dice, 150000))
			server = FAULT_ALL;
		add(story, at_ns, FAULT_SICKEN, server, CONF_NONE, 0);
		if (until_ns < story->heal_ns)
			add(story, until_ns, FAULT_CURE, server, CONF_NONE, 0);
	}
}

bool
story_roll(struct story *story, uint64_t seed)
{
	uint8_t list[SERVERS_MAX * ADDRESSES_EACH][CONF_TIERS];
	struct dice dice, sick;

	memset(story, 0, sizeof(*story));
	dice_seed(&dice, seed);
	dice_seed(&sick, seed ^ UINT64_C(0x51c4));
	bool checked = dice_chance(&sick, 300000);
	story->seed = seed;
	unsigned servers = (unsigned)dice_between(&dice, SERVERS_MIN, SERVERS_MAX);
	unsigned tiers =
	    (unsigned)dice_between(&dice, 2, servers < TIERS_MAX ? servers : TIERS_MAX);
	unsigned addresses = servers * (unsigned)dice_between(&dice, 1, ADDRESSES_EACH);
	unsigned routers = (unsigned)dice_between(&dice, 1, 2);
	uint64_t timing_seed = dice_next(&dice);
	roll_lists(list, addresses, servers, tiers, &dice);
	story->conf = make_conf(
	    list, addresses, servers, tiers, routers, false, checked, timing_seed);
	if (servers > 2 && dice_chance(&dice, 100000))
		story->old_conf = make_conf(
		    list, addresses, servers, tiers, routers, true, checked, timing_seed);
	for (unsigned r = 0; r < routers; r++) {
		story->kind[r] = (enum router_kind)dice_below(&dice, ROUTER_KINDS);
		story->belief[r] = (enum router_belief)dice_below(&dice, ROUTER_BELIEFS);
	}
	story->suppresses = dice_chance(&dice, 200000);
	story->deaf_ns =
	    dice_chance(&dice, 200000) ? dice_between(&dice, 1, 3) * SEC_NS : 0;
	for (unsigned s = 0; s < servers; s++)
		story->drift_ppm[s] = dice_chance(&dice, 300000)
					  ? (int64_t)dice_below(&dice, 400) - 200
					  : 0;

	uint64_t begin_ns = CALM_S * SEC_NS;
	uint64_t end_ns =
	    begin_ns + dice_between(&dice, CHAOS_MIN_S, CHAOS_MAX_S) * SEC_NS;
	story->heal_ns = end_ns + SEC_NS;
	unsigned count = (unsigned)dice_between(&dice, 1, FAULTS_MAX);
	for (unsigned i = 0; i < count; i++)
		roll_fault(story, &dice, begin_ns, end_ns);
	if (checked)
		roll_sickness(story, &sick, begin_ns, end_ns);
	story->victim =
	    dice_chance(&dice, 500000) ? (int)dice_below(&dice, servers) : CONF_NONE;
	return true;
}

void
story_free(struct story *story)
{
	free(story->conf);
	free(story->old_conf);
	story->conf = story->old_conf = NULL;
}
