/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_plan.c - the section [plan]: addresses and tiers, of which the lists are made.
 *
 * What is given is read and checked here, and put into the planner's words. The work
 * itself takes memory and perhaps seconds; both are the caller's. */
#include "conf_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "vlbd/plan.h"

/* With more servers than that, lists of all of them are long and hardly used. */
enum { ALL_UP_TO = 16, OTHERWISE = 8, LEAST = 2 };

static_assert(CONF_SERVERS <= PLAN_SERVERS && CONF_ADDRESSES <= PLAN_ADDRESSES &&
		  CONF_WEIGHT <= PLAN_WEIGHT,
    "what a file may have the planner can plan");

bool
conf_read_tiers(struct conf_reader *reader, const char *value)
{
	reader->tiers_all = strcmp(value, "all") == 0;
	return reader->tiers_all ||
	       conf_read_number(reader, value, LEAST, CONF_TIERS, &reader->tiers);
}

bool
conf_is_planned(const struct conf_reader *reader)
{
	return reader->section_line[IN_PLAN] != 0;
}

/* The plan makes all lists, or none. */
static bool
is_mixed(struct conf_reader *reader)
{
	char name[CONF_NAME];

	for (enum conf_key at = KEY_PRIMARY; at <= KEY_TIER; at++) {
		if (reader->key_line[at] == 0)
			continue;
		if (at == KEY_TIER)
			snprintf(name, sizeof name, "a tier");
		else
			conf_tier_name(at - KEY_PRIMARY, name);
		conf_tell(reader, reader->key_line[at],
		    "%s is listed here, and [plan] (line %d) makes all lists; remove all "
		    "lists, or [plan]",
		    name, reader->section_line[IN_PLAN]);
		return true;
	}
	return false;
}

static void
check_servers(struct conf_reader *reader)
{
	const struct conf *conf = reader->conf;
	int line = reader->section_line[IN_PLAN];
	bool weight = false;

	for (unsigned s = 0; s < conf->servers; s++)
		weight = weight || conf->server[s].weight > 0;
	if (conf->servers == 1)
		conf_tell(reader, line,
		    "a plan of one server; write another section [server NAME]");
	else if (conf->servers > 1 && !weight)
		conf_tell(reader, line,
		    "every server has weight 0; write weight = 1 for one of them");
}

/* 0: they cannot be told. */
static unsigned
tiers_of(struct conf_reader *reader)
{
	unsigned servers = reader->conf->servers;

	if (reader->key_bad[KEY_TIERS])
		return 0;
	if (reader->tiers_all)
		return servers;
	if (reader->tiers == 0)
		return servers <= ALL_UP_TO ? servers : OTHERWISE;
	if (reader->tiers <= servers)
		return reader->tiers;
	conf_tell(reader, reader->key_line[KEY_TIERS],
	    "%u tiers need as many servers, and there are %u; write %u, or all",
	    reader->tiers, servers, servers);
	return 0;
}

void
conf_check_plan(struct conf_reader *reader)
{
	struct conf *conf = reader->conf;
	int line = reader->section_line[IN_PLAN];

	if (is_mixed(reader))
		return;
	check_servers(reader);
	if (conf->servers < LEAST)
		return;
	conf->planned = tiers_of(reader);
	if (reader->key_bad[KEY_ADDRESSES])
		return;
	if (reader->key_line[KEY_ADDRESSES] == 0)
		conf_tell(reader, line,
		    "[plan] has no addresses; write addresses = and a list such as "
		    "10.77.0.1-30");
	else if (reader->places < conf->servers)
		conf_tell(reader, reader->key_line[KEY_ADDRESSES],
		    "%u addresses for %u servers; write one for each server at least",
		    reader->places, conf->servers);
}

/* Racks by number, in the order in which the file names them; 0: none. */
static uint8_t
rack_of(const struct conf *conf, unsigned server)
{
	unsigned first = 0;

	if (conf->server[server].rack[0] == '\0')
		return 0;
	while (strcmp(conf->server[first].rack, conf->server[server].rack) != 0)
		first++;
	return (uint8_t)(first + 1);
}

void
conf_plan_request(const struct conf *conf, struct plan_request *out)
{
	*out = (struct plan_request){
		.servers = conf->servers,
		.addresses = conf->addresses,
		.tiers = conf->planned,
	};
	for (unsigned s = 0; s < conf->servers; s++)
		out->server[s] = (struct plan_server){
			.weight = (uint16_t)conf->server[s].weight,
			.rack = rack_of(conf, s),
		};
}

void
conf_plan_take(struct conf *conf, const struct plan_lists *lists)
{
	assert(lists->addresses == conf->addresses && lists->tiers <= CONF_TIERS);
	for (unsigned a = 0; a < conf->addresses; a++) {
		const uint8_t *list = lists->server + (size_t)a * lists->tiers;
		struct conf_address *address = &conf->address[a];

		address->tiers = 0;
		for (unsigned t = 0; t < lists->tiers && list[t] != PLAN_NONE; t++)
			address->server[address->tiers++] = list[t];
	}
}
