/* SPDX-License-Identifier: BSD-2-Clause */
/* chance_file.c - a random configuration: lists, and what the file says of time. */
#include <stdio.h>
#include <stdlib.h>

#include "chance.h"

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
roll_usual_timing(struct feed *feed, struct dice *dice)
{
	static const char *const hellos[] = { "10ms", "50ms", "100ms", "100ms", "200ms" };
	static const char *const leases[] = { "1s", "2s", "5s", "5s", "10s" };
	static const char *const failbacks[] = { "0s", "0s", "500ms", "2s" };

	set(feed, "hello", hellos[dice_below(dice, 5)]);
	set(feed, "probes", dice_chance(dice, 700000) ? "5" : "3");
	set(feed, "lease", leases[dice_below(dice, 5)]);
	set(feed, "failback", failbacks[dice_below(dice, 4)]);
	set(feed, "answer_timeout", dice_chance(dice, 500000) ? "300ms" : "100ms");
}

/* What few sites have: no hellos, no failback, a limit on the rate. */
static void
roll_odd_timing(struct feed *feed, struct dice *dice)
{
	static const char *const hellos[] = { "off", "off", "50ms", "100ms", "200ms",
		"1s" };
	static const char *const leases[] = { "off", "5s", "5s", "10s" };
	static const char *const failbacks[] = { "manual", "manual", "0s", "500ms",
		"2s" };
	static const char *const rates[] = { "off", "off", "10", "15", "30", "100" };

	set(feed, "hello", hellos[dice_below(dice, 6)]);
	set(feed, "probes", dice_chance(dice, 700000) ? "5" : "3");
	set(feed, "lease", leases[dice_below(dice, 4)]);
	set(feed, "failback", failbacks[dice_below(dice, 5)]);
	set(feed, "answer_timeout", dice_chance(dice, 500000) ? "300ms" : "100ms");
	set(feed, "max_rate", rates[dice_below(dice, 6)]);
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

void
chance_lists(struct chance_file *file, struct dice *dice)
{
	for (unsigned a = 0; a < file->addresses; a++) {
		uint8_t left[CONF_SERVERS];
		unsigned count = 0;
		for (unsigned s = 0; s < file->servers; s++)
			if (s != a % file->servers)
				left[count++] = (uint8_t)s;
		file->list[a][0] = (uint8_t)(a % file->servers);
		for (unsigned t = 1; t < file->tiers; t++) {
			unsigned pick = (unsigned)dice_below(dice, count);
			file->list[a][t] = left[pick];
			left[pick] = left[--count];
		}
	}
}

/* Server S's addresses, of the servers before KEPT. */
static void
set_server(struct feed *feed, const struct chance_file *file, unsigned s, unsigned kept)
{
	char text[64];

	snprintf(text, sizeof(text), "server %c", (char)('A' + s));
	conf_section(feed->reader, feed->line++, text);
	snprintf(text, sizeof(text), "02:00:00:00:00:%02x", s + 1);
	set(feed, "mac", text);
	for (unsigned t = 0; t < file->tiers; t++)
		for (unsigned a = 0; a < file->addresses; a++) {
			unsigned place = 0, at;
			for (at = 0; at < file->tiers && file->list[a][at] != s; at++)
				place += file->list[a][at] < kept;
			if (at == file->tiers || place != t)
				continue;
			char key[16];
			snprintf(key, sizeof(key), "tier%u", t + 1);
			snprintf(text, sizeof(text), "10.77.0.%u", a + 1);
			set(feed, key, text);
		}
}

static void
must_finish(const struct feed *feed)
{
	if (conf_finish(feed->reader))
		return;
	unsigned count, total;
	const struct conf_error *errors = conf_errors(feed->reader, &count, &total);
	for (unsigned i = 0; i < count; i++)
		fprintf(stderr, "rolled a bad file: %d: %s\n", errors[i].line,
		    errors[i].text);
	abort();
}

struct conf *
chance_conf(const struct chance_file *file, bool without_last)
{
	struct feed feed = { malloc(conf_reader_size()), 1 };
	struct conf *conf = malloc(sizeof(*conf));
	unsigned kept = without_last ? file->servers - 1 : file->servers;
	struct dice dice;

	if (feed.reader == NULL || conf == NULL)
		abort();
	dice_seed(&dice, file->timing_seed);
	conf_begin(feed.reader, conf);
	conf_section(feed.reader, feed.line++, "cluster");
	set(&feed, "interface", "eth1");
	if (file->routers > 0)
		set(&feed, "router",
		    file->routers == 1 ? "10.77.255.254"
				       : "10.77.255.254, 10.77.255.253");
	conf_section(feed.reader, feed.line++, "timing");
	if (file->family == FAMILY_ODD)
		roll_odd_timing(&feed, &dice);
	else
		roll_usual_timing(&feed, &dice);
	/* Rarely: returns may take minutes then. */
	set(&feed, "max_moves", dice_chance(&dice, 950000) ? "off" : "4");
	if (file->checked)
		set_check(&feed, &dice);
	for (unsigned s = 0; s < kept; s++)
		set_server(&feed, file, s, kept);
	must_finish(&feed);
	free(feed.reader);
	return conf;
}
