/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_check.c - conf_finish(): what only the whole file can tell.
 *
 * Holes in an address's list, servers without hardware addresses, failover addresses that
 * are somebody else's, timings that do not go together. Then, and only when nothing at
 * all was wrong, the addresses are laid out in their order. A check whose ground could
 * not be read keeps silent or says so: one slip should not look like ten. */
#include "conf_internal.h"

#include <stdio.h>
#include <string.h>

enum { PROBES_PER_HELLO = 20 };

/* The later of two lines: the one more likely to be the new mistake. */
static int
later_line(const struct conf_reader *reader, enum conf_key a, enum conf_key b)
{
	int x = reader->key_line[a];
	int y = reader->key_line[b];

	return x > y ? x : y;
}

static void
check_burst(struct conf_reader *reader)
{
	const struct conf_timing *timing = &reader->conf->timing;
	uint64_t longest =
	    timing->hello_ns > 10 * SEC_NS ? timing->hello_ns : 10 * SEC_NS;
	uint64_t burst = timing->probes * timing->probe_interval_ns;

	if (reader->key_bad[KEY_PROBES] || reader->key_bad[KEY_PROBE_INTERVAL] ||
	    reader->key_bad[KEY_HELLO] || burst <= longest)
		return;
	conf_tell(reader, later_line(reader, KEY_PROBES, KEY_PROBE_INTERVAL),
	    "probes x probe_interval is %ums, longer than %ums; write fewer probes or a "
	    "shorter probe_interval",
	    (unsigned)(burst / MS_NS), (unsigned)(longest / MS_NS));
}

static void
check_lease(struct conf_reader *reader)
{
	const struct conf_timing *timing = &reader->conf->timing;
	uint64_t need = 3 * timing->hello_ns;

	if (reader->key_bad[KEY_LEASE] || reader->key_bad[KEY_HELLO] ||
	    timing->lease_ns == 0 || timing->lease_ns >= need)
		return;
	conf_tell(reader, later_line(reader, KEY_LEASE, KEY_HELLO),
	    "a lease of %us is shorter than three hellos; write lease = %us or more, or "
	    "a "
	    "shorter hello",
	    (unsigned)(timing->lease_ns / SEC_NS),
	    (unsigned)((need + SEC_NS - 1) / SEC_NS));
}

static void
finish_timing(struct conf_reader *reader)
{
	struct conf_timing *timing = &reader->conf->timing;

	if (timing->probe_interval_ns == 0) {
		uint64_t interval = timing->hello_ns / PROBES_PER_HELLO;

		if (timing->hello_ns == 0)
			interval = 5 * MS_NS;
		else if (interval < MS_NS)
			interval = MS_NS;
		timing->probe_interval_ns = interval;
	}
	check_burst(reader);
	check_lease(reader);
}

static void
check_servers(struct conf_reader *reader)
{
	const struct conf *conf = reader->conf;

	if (conf->servers == 0)
		conf_tell(reader, 0,
		    "no server at all; write a section [server NAME] for each server");
	for (unsigned i = 0; i < conf->servers; i++)
		if (!reader->mac_given[i])
			conf_tell(reader, conf->server[i].line,
			    "server %s has no mac; write mac = and the hardware address "
			    "of "
			    "its interface",
			    conf->server[i].name);
}

static void
check_any_address(struct conf_reader *reader)
{
	if (conf_is_planned(reader))
		return;
	/* Where any list was unreadable, that is the reason and told already. */
	for (unsigned tier = 0; tier < CONF_TIERS; tier++)
		if (reader->tier_lost[tier] != 0)
			return;
	if (reader->conf->servers == 0 || reader->places > 0)
		return;
	conf_tell(reader, 0,
	    "no failover address at all; write primary = and addresses in the sections "
	    "[server NAME], or a section [plan]");
}

/* Addresses that lack the same tier: one mistake where one line, or one unreadable list,
 * is the reason. */
struct hole {
	int line; /* of the first address's next tier; 0: no hole */
	struct ip first;
	unsigned deeper; /* the tier that stands in that line */
	uint8_t server;
	unsigned more;
};

static void
tell_hole(struct conf_reader *reader, const struct hole *hole, unsigned tier)
{
	char address[IP_TEXT];
	char count[32] = "";
	char missing[CONF_NAME];
	char deeper[CONF_NAME];
	char perhaps[64] = "";

	if (hole->line == 0)
		return;
	if (hole->more > 0)
		snprintf(count, sizeof count, " (and %u more)", hole->more);
	if (reader->tier_lost[tier] != 0)
		snprintf(perhaps, sizeof perhaps,
		    " (perhaps because of the mistake in line %d)",
		    reader->tier_lost[tier]);
	conf_tell(reader, hole->line,
	    "%s%s has the %s %s but no %s%s; write it in one server's %s list",
	    ip_format(&hole->first, address), count, conf_tier_name(hole->deeper, deeper),
	    reader->conf->server[hole->server].name, conf_tier_name(tier, missing),
	    perhaps, missing);
}

static void
note_hole(struct conf_reader *reader, struct hole *hole, unsigned tier, unsigned deeper,
    const struct conf_place *place)
{
	if (hole->line == place->line[deeper] ||
	    (hole->line != 0 && reader->tier_lost[tier] != 0)) {
		hole->more++;
		return;
	}
	tell_hole(reader, hole, tier);
	*hole = (struct hole){
		.line = place->line[deeper],
		.first = place->ip,
		.deeper = deeper,
		.server = place->server[deeper],
	};
}

static void
check_holes(struct conf_reader *reader)
{
	struct hole hole[CONF_TIERS] = { 0 };

	if (conf_is_planned(reader))
		return; /* whatever is listed, should not be */
	for (unsigned i = 0; i < reader->places; i++) {
		const struct conf_place *place = &reader->place[reader->order[i]];
		unsigned filled =
		    0; /* the tiers before this have somebody, or were told */

		for (unsigned tier = 0; tier < CONF_TIERS; tier++) {
			if (place->server[tier] == CONF_NOBODY)
				continue;
			for (; filled < tier; filled++)
				note_hole(reader, &hole[filled], filled, tier, place);
			filled = tier + 1;
		}
	}
	for (unsigned tier = 0; tier < CONF_TIERS; tier++)
		tell_hole(reader, &hole[tier], tier);
}

/* The line that gives the address its first server. */
static int
line_of(const struct conf_place *place)
{
	unsigned tier = 0;

	if (place->plan_line != 0)
		return place->plan_line;
	while (tier < CONF_TIERS - 1 && place->server[tier] == CONF_NOBODY)
		tier++;
	return place->line[tier];
}

static void
check_external(struct conf_reader *reader, unsigned external)
{
	const struct conf_range *range = &reader->conf->external[external];
	const struct conf_place *first = NULL;
	char address[IP_TEXT];
	char network[IP_TEXT];
	char count[32] = "";
	unsigned found = 0;

	for (unsigned i = 0; i < reader->places; i++) {
		const struct conf_place *place = &reader->place[reader->order[i]];

		if (!conf_range_has(range, &place->ip))
			continue;
		if (found++ == 0)
			first = place;
	}
	if (first == NULL)
		return;
	if (found > 1)
		snprintf(count, sizeof count, " (and %u more)", found - 1);
	conf_tell(reader, line_of(first),
	    "%s%s lies in external %s/%u (line %d), which every server has; write an "
	    "address "
	    "outside it",
	    ip_format(&first->ip, address), count, ip_format(&range->ip, network),
	    range->prefix, reader->external_line[external]);
}

static void
check_router(struct conf_reader *reader, unsigned router)
{
	const struct conf *conf = reader->conf;
	const struct ip *ip = &conf->router[router];
	char address[IP_TEXT];
	char network[IP_TEXT];

	ip_format(ip, address);
	for (unsigned i = 0; i < reader->places; i++)
		if (ip_equal(&reader->place[i].ip, ip))
			conf_tell(reader, line_of(&reader->place[i]),
			    "%s is a router (line %d); write another failover address",
			    address, reader->router_line[router]);
	for (unsigned i = 0; i < conf->externals; i++)
		if (conf_range_has(&conf->external[i], ip))
			conf_tell(reader, reader->router_line[router],
			    "router %s lies in external %s/%u (line %d), which every "
			    "server "
			    "has; write an address outside it",
			    address, ip_format(&conf->external[i].ip, network),
			    conf->external[i].prefix, reader->external_line[i]);
}

static void
lay_out(struct conf_reader *reader)
{
	struct conf *conf = reader->conf;

	for (unsigned i = 0; i < reader->places; i++) {
		const struct conf_place *place = &reader->place[reader->order[i]];
		struct conf_address *address = &conf->address[i];

		address->ip = place->ip;
		while (address->tiers < CONF_TIERS &&
		       place->server[address->tiers] != CONF_NOBODY) {
			address->server[address->tiers] = place->server[address->tiers];
			address->tiers++;
		}
	}
	conf->addresses = reader->places;
}

bool
conf_finish(struct conf_reader *reader)
{
	const struct conf *conf = reader->conf;

	finish_timing(reader);
	check_servers(reader);
	conf_finish_health(reader);
	check_any_address(reader);
	check_holes(reader);
	if (conf_is_planned(reader))
		conf_check_plan(reader);
	for (unsigned i = 0; i < conf->externals; i++)
		check_external(reader, i);
	for (unsigned i = 0; i < conf->routers; i++)
		check_router(reader, i);
	if (reader->total > 0)
		return false;
	lay_out(reader);
	return true;
}
