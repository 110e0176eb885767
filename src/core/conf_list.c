/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_list.c - the keys that hold lists: routers, external ranges, hardware addresses
 * and the tiers.
 *
 * A list key that is given again adds to its list, since a line has a limit. Here it is
 * noticed that something stands twice, because both lines are known then; holes and
 * absences are noticed in conf_check.c, because the whole file must be known. */
#include "conf_internal.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Cut the next item off *REST, which is NULL after the last one. False: no good item,
 * told; go on while *REST is not NULL. */
static bool
next_item(struct conf_reader *reader, const char **rest, char item[CONF_ITEM])
{
	const char *from = *rest + strspn(*rest, " \t");
	const char *comma = strchr(from, ',');
	size_t len = comma != NULL ? (size_t)(comma - from) : strlen(from);

	*rest = comma != NULL ? comma + 1 : NULL;
	while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '\t'))
		len--;
	if (len == 0) {
		conf_wrong(reader,
		    comma == NULL
			? "the list ends in a comma; remove it, or add the address that "
			  "is "
			  "missing (to go on in another line, write the key again)"
			: "nothing stands before a comma; remove the comma, or add the "
			  "address that is missing");
		return false;
	}
	if (len >= CONF_ITEM) {
		conf_wrong(reader,
		    "\"%.40s...\" is too long for an address; put commas between "
		    "addresses",
		    from);
		return false;
	}
	snprintf(item, CONF_ITEM, "%.*s", (int)len, from);
	return true;
}

bool
conf_read_routers(struct conf_reader *reader, const char *value)
{
	struct conf *conf = reader->conf;
	char item[CONF_ITEM];
	struct ip ip;
	bool good = true;

	for (const char *rest = value; rest != NULL;) {
		if (!next_item(reader, &rest, item) ||
		    !conf_read_address(reader, item, &ip)) {
			good = false;
			continue;
		}
		int twin = conf_router_by_ip(conf, &ip);
		if (twin != CONF_NONE) {
			conf_wrong(reader,
			    "%s is listed already, in line %d; remove one of them", item,
			    reader->router_line[twin]);
		} else if (conf->routers == CONF_ROUTERS) {
			conf_wrong(
			    reader, "more than %d routers; remove some", CONF_ROUTERS);
			return false;
		} else {
			reader->router_line[conf->routers] = reader->line;
			conf->router[conf->routers++] = ip;
		}
	}
	return good;
}

bool
conf_read_externals(struct conf_reader *reader, const char *value)
{
	struct conf *conf = reader->conf;
	char item[CONF_ITEM];
	struct conf_range range;
	bool good = true;

	for (const char *rest = value; rest != NULL;) {
		if (!next_item(reader, &rest, item) ||
		    !conf_read_prefix(reader, item, &range)) {
			good = false;
			continue;
		}
		unsigned i = 0;
		while (i < conf->externals &&
		       !(conf->external[i].prefix == range.prefix &&
			   ip_equal(&conf->external[i].ip, &range.ip)))
			i++;
		if (i < conf->externals) {
			conf_wrong(reader,
			    "%s is listed already, in line %d; remove one of them", item,
			    reader->external_line[i]);
		} else if (i == CONF_EXTERNALS) {
			conf_wrong(
			    reader, "more than %d ranges; remove some", CONF_EXTERNALS);
			return false;
		} else {
			reader->external_line[i] = reader->line;
			conf->external[conf->externals++] = range;
		}
	}
	return good;
}

/* Tell which server has MAC already. */
static bool
mac_is_taken(struct conf_reader *reader, const char *item, const struct mac *mac)
{
	const struct conf *conf = reader->conf;
	int owner = conf_server_by_mac(conf, mac);

	if (owner == CONF_NONE)
		return false;

	unsigned i = 0;
	while (!mac_equal(&conf->server[owner].mac[i], mac))
		i++;
	conf_wrong(reader,
	    "%s belongs to server %s already, in line %d; write this server's own", item,
	    conf->server[owner].name, reader->mac_line[owner][i]);
	return true;
}

/* ITEM is what vlbplan wrote because it was not told better. Told, unless it is taken. */
static bool
is_placeholder(struct conf_reader *reader, const char *item, bool *good)
{
	if (strcmp(item, CONF_PLACEHOLDER) != 0)
		return false;
	if (!reader->placeholders) {
		conf_wrong(reader,
		    "the mac of server %s is still the placeholder of vlbplan; write the "
		    "hardware address of its interface, such as 02:00:00:00:00:01",
		    reader->conf->server[reader->server].name);
		*good = false;
	}
	return true;
}

bool
conf_read_macs(struct conf_reader *reader, const char *value)
{
	struct conf_server *server = &reader->conf->server[reader->server];
	char item[CONF_ITEM];
	struct mac mac;
	bool good = true;

	reader->mac_given[reader->server] = true;
	for (const char *rest = value; rest != NULL;) {
		if (!next_item(reader, &rest, item)) {
			good = false;
			continue;
		}
		if (is_placeholder(reader, item, &good))
			continue;
		if (!conf_read_mac(reader, item, &mac)) {
			good = false;
			continue;
		}
		if (mac_is_taken(reader, item, &mac))
			continue;
		if (server->macs == CONF_MACS) {
			conf_wrong(reader, "more than %d hardware addresses; remove some",
			    CONF_MACS);
			return false;
		}
		reader->mac_line[reader->server][server->macs] = reader->line;
		server->mac[server->macs++] = mac;
	}
	return good;
}

/* The place of IP, made when there is none yet. NULL: no room, told once. */
static struct conf_place *
place_of(struct conf_reader *reader, const struct ip *ip)
{
	unsigned low = 0;
	unsigned high = reader->places;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		struct conf_place *place = &reader->place[reader->order[middle]];
		int order = ip_compare(&place->ip, ip);

		if (order == 0)
			return place;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (reader->places == CONF_ADDRESSES) {
		if (!reader->full_places)
			conf_wrong(reader,
			    "more than %d failover addresses in the file; "
			    "remove some",
			    CONF_ADDRESSES);
		reader->full_places = true;
		return NULL;
	}
	memmove(&reader->order[low + 1], &reader->order[low],
	    (reader->places - low) * sizeof reader->order[0]);
	reader->order[low] = (uint16_t)reader->places;

	struct conf_place *place = &reader->place[reader->places++];
	place->ip = *ip;
	memset(place->server, CONF_NOBODY, sizeof place->server);
	memset(place->line, 0, sizeof place->line);
	place->plan_line = 0;
	return place;
}

/* Neighbours in a range that cannot have what the file says, all for one reason. */
struct clash {
	enum { CLASH_NONE, CLASH_REPEATED, CLASH_TAKEN, CLASH_ELSEWHERE } why;
	uint8_t server; /* who has the tier */
	unsigned tier;  /* where the server is already */
	int line;       /* that says so */
	struct ip first;
	unsigned more;
};

static void
tell_clash(struct conf_reader *reader, const struct clash *clash, unsigned tier)
{
	const struct conf *conf = reader->conf;
	const char *self = conf->server[reader->server].name;
	char address[IP_TEXT];
	char count[32] = "";
	char word[CONF_NAME];
	char other[CONF_NAME];

	ip_format(&clash->first, address);
	if (clash->more > 0)
		snprintf(count, sizeof count, " (and %u more)", clash->more);
	conf_tier_name(tier, word);
	conf_tier_name(clash->tier, other);
	switch (clash->why) {
	case CLASH_NONE:
		break;
	case CLASH_REPEATED:
		conf_wrong(reader, "%s%s is in this list already, in line %d; remove one",
		    address, count, clash->line);
		break;
	case CLASH_TAKEN:
		conf_wrong(reader,
		    "%s%s has the %s %s already, in line %d; leave it to one server",
		    address, count, word, conf->server[clash->server].name, clash->line);
		break;
	case CLASH_ELSEWHERE:
		conf_wrong(reader,
		    "%s%s has %s as its %s already, in line %d; a server stands in an "
		    "address's list once, so remove one",
		    address, count, self, other, clash->line);
		break;
	}
}

/* Put the server that is being read at TIER of PLACE, or say why not. */
static struct clash
take_tier(const struct conf_reader *reader, struct conf_place *place, unsigned tier)
{
	struct clash clash = { .why = CLASH_NONE, .tier = tier, .first = place->ip };
	uint8_t self = (uint8_t)reader->server;

	if (place->server[tier] != CONF_NOBODY) {
		clash.why = place->server[tier] == self ? CLASH_REPEATED : CLASH_TAKEN;
		clash.server = place->server[tier];
		clash.line = place->line[tier];
		return clash;
	}
	for (unsigned other = 0; other < CONF_TIERS; other++) {
		if (place->server[other] != self)
			continue;
		clash.why = CLASH_ELSEWHERE;
		clash.tier = other;
		clash.line = place->line[other];
		return clash;
	}
	place->server[tier] = self;
	place->line[tier] = reader->line;
	return clash;
}

/* Take every address from FIRST to LAST. A range that clashes as a whole is one mistake,
 * not one for each address. */
static void
take_range(struct conf_reader *reader, unsigned tier, uint32_t first, uint32_t last)
{
	struct clash told = { .why = CLASH_NONE };

	for (uint32_t value = first;; value++) {
		struct ip ip = ip_v4(value);
		struct conf_place *place = place_of(reader, &ip);
		if (place == NULL) {
			conf_lose_tier(reader, tier, reader->line);
			break;
		}
		struct clash clash = take_tier(reader, place, tier);

		if (clash.why != CLASH_NONE && clash.why == told.why &&
		    clash.server == told.server && clash.tier == told.tier &&
		    clash.line == told.line) {
			told.more++;
		} else if (clash.why != CLASH_NONE) {
			tell_clash(reader, &told, tier);
			told = clash;
		}
		if (value == last)
			break;
	}
	tell_clash(reader, &told, tier);
}

bool
conf_read_tier(struct conf_reader *reader, const char *value, unsigned tier)
{
	char item[CONF_ITEM];
	uint32_t first;
	uint32_t last;
	bool good = true;

	assert(tier < CONF_TIERS);
	for (const char *rest = value; rest != NULL;) {
		if (next_item(reader, &rest, item) &&
		    conf_read_range(reader, item, &first, &last)) {
			take_range(reader, tier, first, last);
		} else {
			good = false;
			conf_lose_tier(reader, tier, reader->line);
		}
	}
	return good;
}

/* Let [plan] have every address from FIRST to LAST. */
static void
plan_range(struct conf_reader *reader, uint32_t first, uint32_t last)
{
	struct ip twin = { 0 };
	int line = 0;
	unsigned twins = 0;
	char text[IP_TEXT];
	char count[32] = "";

	for (uint32_t value = first;; value++) {
		struct ip ip = ip_v4(value);
		struct conf_place *place = place_of(reader, &ip);

		if (place == NULL)
			break;
		if (place->plan_line != 0 && twins++ == 0) {
			twin = ip;
			line = place->plan_line;
		}
		place->plan_line = reader->line;
		if (value == last)
			break;
	}
	if (twins == 0)
		return;
	if (twins > 1)
		snprintf(count, sizeof count, " (and %u more)", twins - 1);
	conf_wrong(reader, "%s%s is in this list already, in line %d; remove one",
	    ip_format(&twin, text), count, line);
}

bool
conf_read_planned(struct conf_reader *reader, const char *value)
{
	char item[CONF_ITEM];
	uint32_t first;
	uint32_t last;
	bool good = true;

	for (const char *rest = value; rest != NULL;) {
		if (next_item(reader, &rest, item) &&
		    conf_read_range(reader, item, &first, &last))
			plan_range(reader, first, last);
		else
			good = false;
	}
	return good;
}
