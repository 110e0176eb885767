/* SPDX-License-Identifier: BSD-2-Clause */
/* walk_calm.c - the small world that histories begin in: its file, its dice, its calm. */
#include <stdlib.h>

#include "walk_internal.h"

/* A backs B up and B backs A up; with three, the other two in turn. */
struct conf *
walk_conf(unsigned servers)
{
	static const char *const two[][2] = { { "1", "2" }, { "2", "1" } };
	static const char *const three[][3] = { { "1", NULL, "2" }, { "2", "1", NULL },
		{ NULL, "2", "1" } };
	struct conf *conf = malloc(sizeof(*conf));
	struct conf_reader *reader = malloc(conf_reader_size());
	int line = 1;

	if (conf == NULL || reader == NULL)
		abort();
	conf_begin(reader, conf);
	conf_section(reader, line++, "cluster");
	conf_set(reader, line++, "interface", "eth1");
	conf_set(reader, line++, "router", "10.77.255.254");
	conf_section(reader, line++, "timing");
	conf_set(reader, line++, "lease", "1s");
	conf_set(reader, line++, "failback", "100ms");
	conf_set(reader, line++, "answer_timeout", "100ms");
	conf_set(reader, line++, "max_moves", "off"); /* returns would take minutes */
	for (unsigned s = 0; s < servers; s++) {
		char text[64];
		snprintf(text, sizeof(text), "server %c", (char)('A' + s));
		conf_section(reader, line++, text);
		snprintf(text, sizeof(text), "02:00:00:00:00:%02x", s + 1);
		conf_set(reader, line++, "mac", text);
		for (unsigned t = 0; t < servers; t++) {
			const char *number = servers == 2 ? two[s][t] : three[s][t];
			if (number == NULL)
				continue;
			char key[16];
			snprintf(key, sizeof(key), "tier%u", t + 1);
			snprintf(text, sizeof(text), "10.77.0.%s", number);
			conf_set(reader, line++, key, text);
		}
	}
	if (!conf_finish(reader))
		abort();
	free(reader);
	return conf;
}

/* A world in which all is calm. */
struct world *
walk_calm(struct walk *walk)
{
	struct world *world = world_new(walk->conf, walk->dice);

	if (world == NULL)
		abort();
	world->late_sweeps = true;
	/* Not in step: real servers never are. */
	for (unsigned s = 0; s < walk->conf->servers; s++) {
		world->fault[s].at_ns = s * 37 * MS_NS;
		world->fault[s].server = (int)s;
	}
	while (world_time(world) < CALM_MS * MS_NS && walk_step(walk, world))
		;
	return world;
}

/* Dice that end leases soon, whatever they are rolled for first. */
uint64_t
walk_dice(void)
{
	for (uint64_t seed = 1;; seed++) {
		struct dice dice;
		dice_seed(&dice, seed);
		if (dice_below(&dice, 1100 * MS_NS) < SWEEP_MS * MS_NS)
			return seed;
	}
}
