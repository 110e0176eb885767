/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_key.c - which keys there are, where each belongs, and what reads its value.
 *
 * One table says it all. A key that is not in it is met with the one that was probably
 * meant. What a value means is conf_value.c's, conf_net.c's and conf_list.c's business.
 */
#include "conf_internal.h"

#include <stdio.h>
#include <string.h>

static bool
read_name_into(struct conf_reader *reader, const char *value, char out[CONF_NAME])
{
	if (!conf_is_name(value, strlen(value))) {
		conf_wrong(reader,
		    "\"%.40s\" is not a name; write at most %d letters, digits, dots, "
		    "hyphens or underscores",
		    value, CONF_NAME - 1);
		return false;
	}
	snprintf(out, CONF_NAME, "%s", value);
	return true;
}

static bool
read_name(struct conf_reader *reader, const char *value)
{
	return read_name_into(reader, value, reader->conf->name);
}

static bool
read_interface(struct conf_reader *reader, const char *value)
{
	return conf_read_interface(reader, value, reader->conf->interface);
}

static bool
read_hello(struct conf_reader *reader, const char *value)
{
	static const struct conf_duration rule = { "off", 0, MS_NS, 60 * SEC_NS, false,
		"1ms to 60s, or off" };

	return conf_read_duration(reader, &rule, value, &reader->conf->timing.hello_ns);
}

static bool
read_probes(struct conf_reader *reader, const char *value)
{
	return conf_read_number(reader, value, 1, 20, &reader->conf->timing.probes);
}

static bool
read_probe_interval(struct conf_reader *reader, const char *value)
{
	/* 0 stands for auto until conf_finish() knows hello. */
	static const struct conf_duration rule = { "auto", 0, MS_NS / 10, 10 * SEC_NS,
		false, "100us to 10s, or auto" };

	return conf_read_duration(
	    reader, &rule, value, &reader->conf->timing.probe_interval_ns);
}

static bool
read_answer_timeout(struct conf_reader *reader, const char *value)
{
	static const struct conf_duration rule = { NULL, 0, MS_NS, 60 * SEC_NS, false,
		"1ms to 60s" };

	return conf_read_duration(
	    reader, &rule, value, &reader->conf->timing.answer_timeout_ns);
}

static bool
read_lease(struct conf_reader *reader, const char *value)
{
	/* The kernel counts lifetimes in seconds. */
	static const struct conf_duration rule = { "off", 0, SEC_NS, 3600 * SEC_NS, true,
		"whole seconds from 1s to 1h, or off" };

	return conf_read_duration(reader, &rule, value, &reader->conf->timing.lease_ns);
}

static bool
read_failback(struct conf_reader *reader, const char *value)
{
	static const struct conf_duration rule = { "manual", CONF_NEVER, 0,
		24 * 3600 * SEC_NS, false, "0s to 24h, or manual" };

	return conf_read_duration(
	    reader, &rule, value, &reader->conf->timing.failback_ns);
}

static bool
read_max_rate(struct conf_reader *reader, const char *value)
{
	if (strcmp(value, "off") == 0) {
		reader->conf->timing.max_rate = 0;
		return true;
	}
	if (strcmp(value, "0") == 0) {
		conf_wrong(reader,
		    "0 would let self send nothing; write off, or frames a "
		    "second from 1 to 1000000");
		return false;
	}
	return conf_read_number(
	    reader, value, 1, 1000000, &reader->conf->timing.max_rate);
}

static bool
read_max_moves(struct conf_reader *reader, const char *value)
{
	if (strcmp(value, "off") == 0) {
		reader->conf->timing.max_moves = 0;
		return true;
	}
	return conf_read_number(
	    reader, value, 2, CONF_MOVES, &reader->conf->timing.max_moves);
}

static bool
read_weight(struct conf_reader *reader, const char *value)
{
	return conf_read_number(
	    reader, value, 0, CONF_WEIGHT, &reader->conf->server[reader->server].weight);
}

static bool
read_rack(struct conf_reader *reader, const char *value)
{
	return read_name_into(reader, value, reader->conf->server[reader->server].rack);
}

static bool
read_primary(struct conf_reader *reader, const char *value)
{
	return conf_read_tier(reader, value, 0);
}

static bool
read_secondary(struct conf_reader *reader, const char *value)
{
	return conf_read_tier(reader, value, 1);
}

static bool
read_tertiary(struct conf_reader *reader, const char *value)
{
	return conf_read_tier(reader, value, 2);
}

/* The number of a key "tier4", from 1; 0: it is none. */
static unsigned
tier_number(const char *key)
{
	unsigned number = 0;

	if (strncmp(key, "tier", 4) != 0 || key[4] == '0')
		return 0;
	const char *digit = key + 4;
	for (; *digit >= '0' && *digit <= '9' && digit - key < 8; digit++)
		number = number * 10 + (unsigned)(*digit - '0');
	return *digit == '\0' && number <= CONF_TIERS ? number : 0;
}

static bool
read_tier(struct conf_reader *reader, const char *value)
{
	return conf_read_tier(reader, value, tier_number(reader->key) - 1);
}

/* The keys of checks and notifications are understood in conf_health.c. */
#define HEALTH_KEY(function, what, key)                                                  \
	static bool function(struct conf_reader *reader, const char *value)              \
	{                                                                                \
		return what(reader, key, value);                                         \
	}
HEALTH_KEY(read_notify_command, conf_read_notify, KEY_NOTIFY_COMMAND)
HEALTH_KEY(read_notify_timeout, conf_read_notify, KEY_NOTIFY_TIMEOUT)
HEALTH_KEY(read_notify_user, conf_read_notify, KEY_NOTIFY_USER)
HEALTH_KEY(read_type, conf_read_check, KEY_TYPE)
HEALTH_KEY(read_target, conf_read_check, KEY_TARGET)
HEALTH_KEY(read_check_interval, conf_read_check, KEY_CHECK_INTERVAL)
HEALTH_KEY(read_timeout, conf_read_check, KEY_TIMEOUT)
HEALTH_KEY(read_rise, conf_read_check, KEY_RISE)
HEALTH_KEY(read_fall, conf_read_check, KEY_FALL)
HEALTH_KEY(read_expect, conf_read_check, KEY_EXPECT)
HEALTH_KEY(read_host, conf_read_check, KEY_HOST)
HEALTH_KEY(read_user, conf_read_check, KEY_USER)
#undef HEALTH_KEY

/* Every key there is. A list may be given more than once and adds up. */
/* clang-format off */
static const struct key {
	const char *name;
	enum conf_where where;
	bool list;
	bool (*read)(struct conf_reader *reader, const char *value);
} keys[CONF_KEYS] = {
	[KEY_NAME]           = { "name",           IN_CLUSTER, false, read_name },
	[KEY_INTERFACE]      = { "interface",      IN_CLUSTER, false, read_interface },
	[KEY_ROUTER]         = { "router",         IN_CLUSTER, true,  conf_read_routers },
	[KEY_EXTERNAL]       = { "external",       IN_CLUSTER, true,  conf_read_externals },
	[KEY_HELLO]          = { "hello",          IN_TIMING,  false, read_hello },
	[KEY_PROBES]         = { "probes",         IN_TIMING,  false, read_probes },
	[KEY_PROBE_INTERVAL] = { "probe_interval", IN_TIMING,  false, read_probe_interval },
	[KEY_ANSWER_TIMEOUT] = { "answer_timeout", IN_TIMING,  false, read_answer_timeout },
	[KEY_LEASE]          = { "lease",          IN_TIMING,  false, read_lease },
	[KEY_FAILBACK]       = { "failback",       IN_TIMING,  false, read_failback },
	[KEY_MAX_RATE]       = { "max_rate",       IN_TIMING,  false, read_max_rate },
	[KEY_ADDRESSES]      = { "addresses",      IN_PLAN,    true,  conf_read_planned },
	[KEY_TIERS]          = { "tiers",          IN_PLAN,    false, conf_read_tiers },
	[KEY_TEXTFILE]       = { "textfile",       IN_METRICS, false, conf_read_textfile },
	[KEY_INTERVAL]       = { "interval",       IN_METRICS, false, conf_read_metrics_interval },
	[KEY_MAX_MOVES]      = { "max_moves",      IN_TIMING,  false, read_max_moves },
	[KEY_NOTIFY_COMMAND] = { "command",        IN_NOTIFY,  false, read_notify_command },
	[KEY_NOTIFY_TIMEOUT] = { "timeout",        IN_NOTIFY,  false, read_notify_timeout },
	[KEY_NOTIFY_USER]    = { "user",           IN_NOTIFY,  false, read_notify_user },
	[KEY_TYPE]           = { "type",           IN_CHECK,   false, read_type },
	[KEY_TARGET]         = { "target",         IN_CHECK,   false, read_target },
	[KEY_CHECK_INTERVAL] = { "interval",       IN_CHECK,   false, read_check_interval },
	[KEY_TIMEOUT]        = { "timeout",        IN_CHECK,   false, read_timeout },
	[KEY_RISE]           = { "rise",           IN_CHECK,   false, read_rise },
	[KEY_FALL]           = { "fall",           IN_CHECK,   false, read_fall },
	[KEY_EXPECT]         = { "expect",         IN_CHECK,   false, read_expect },
	[KEY_HOST]           = { "host",           IN_CHECK,   false, read_host },
	[KEY_USER]           = { "user",           IN_CHECK,   false, read_user },
	[KEY_MAC]            = { "mac",            IN_SERVER,  true,  conf_read_macs },
	[KEY_WEIGHT]         = { "weight",         IN_SERVER,  false, read_weight },
	[KEY_RACK]           = { "rack",           IN_SERVER,  false, read_rack },
	[KEY_PRIMARY]        = { "primary",        IN_SERVER,  true,  read_primary },
	[KEY_SECONDARY]      = { "secondary",      IN_SERVER,  true,  read_secondary },
	[KEY_TERTIARY]       = { "tertiary",       IN_SERVER,  true,  read_tertiary },
	[KEY_TIER]           = { "tierN",          IN_SERVER,  true,  read_tier },
};
/* clang-format on */

const char *
conf_tier_name(unsigned tier, char text[CONF_NAME])
{
	if (tier < 3)
		snprintf(text, CONF_NAME, "%s", keys[KEY_PRIMARY + tier].name);
	else
		snprintf(text, CONF_NAME, "tier%u", tier + 1);
	return text;
}

/* The row of KEY in this section, or CONF_KEYS. */
static enum conf_key
find_key(enum conf_where where, const char *key)
{
	if (where == IN_SERVER && tier_number(key) != 0)
		return KEY_TIER;
	for (enum conf_key at = 0; at < KEY_TIER; at++)
		if (keys[at].where == where && strcmp(keys[at].name, key) == 0)
			return at;
	return CONF_KEYS;
}

/* The row of the section's key that KEY nearly is, or CONF_KEYS. TEXT gets its name: for
 * "teir4" that is tier4. */
static enum conf_key
nearest_key(enum conf_where where, const char *key, char text[CONF_NAME])
{
	enum conf_key best = CONF_KEYS;
	unsigned best_distance = 0;
	char word[CONF_NAME];

	size_t stem = strlen(key);
	while (stem > 0 && key[stem - 1] >= '0' && key[stem - 1] <= '9')
		stem--;
	if (stem >= CONF_NAME - 1)
		return CONF_KEYS;
	snprintf(
	    word, sizeof word, "%.*s%s", (int)stem, key, key[stem] != '\0' ? "N" : "");

	for (enum conf_key at = 0; at < CONF_KEYS; at++) {
		unsigned distance = conf_distance(word, keys[at].name);

		if (keys[at].where != where || !conf_is_near(word, distance))
			continue;
		if (best == CONF_KEYS || distance < best_distance) {
			best = at;
			best_distance = distance;
		}
	}
	if (best == CONF_KEYS)
		return best;
	snprintf(text, CONF_NAME, "%s", keys[best].name);
	if (best == KEY_TIER)
		snprintf(text, CONF_NAME, "tier%.2s", key + stem);
	return best;
}

/* What was meant for a list that is now short of it: holes may follow. */
static void
lose_guess(struct conf_reader *reader, enum conf_key guess, const char *name)
{
	if (guess == KEY_ADDRESSES || guess == KEY_TIERS)
		reader->key_bad[guess] = true;
	else if (guess == KEY_MAC)
		reader->mac_given[reader->server] = true;
	else if (guess >= KEY_TYPE && guess <= KEY_USER)
		reader->check_bad[reader->check] = true;
	else if (guess == KEY_TIER)
		conf_lose_tier(reader, tier_number(name) - 1, reader->line);
	else if (guess >= KEY_PRIMARY && guess <= KEY_TERTIARY)
		conf_lose_tier(reader, guess - KEY_PRIMARY, reader->line);
}

static void
tell_unknown_key(struct conf_reader *reader, const char *key)
{
	const struct conf_heading *here = &conf_headings[reader->where];
	char name[CONF_NAME];

	for (enum conf_where at = IN_CLUSTER; at <= IN_CHECK; at++) {
		if (find_key(at, key) == CONF_KEYS)
			continue;
		conf_tell(reader, reader->line,
		    "%.40s does not belong in [%s]; move it to [%s]", key, here->name,
		    at == IN_SERVER  ? "server NAME"
		    : at == IN_CHECK ? "check NAME"
				     : conf_headings[at].name);
		return;
	}
	enum conf_key guess = nearest_key(reader->where, key, name);
	if (guess == CONF_KEYS) {
		conf_tell(reader, reader->line, "unknown key %.40s in [%s]; write %s",
		    key, here->name, here->keys);
		if (reader->where == IN_SERVER)
			conf_lose_tiers(reader, reader->line);
		return;
	}
	if (guess == KEY_TIER && tier_number(name) == 0)
		conf_tell(reader, reader->line, "%.40s is no tier; write tier1 to tier%d",
		    key, CONF_TIERS);
	else
		conf_tell(reader, reader->line, "unknown key %.40s; did you mean %s?",
		    key, name);
	lose_guess(reader, guess, name);
}

void
conf_set(struct conf_reader *reader, int line, const char *key, const char *value)
{
	reader->line = line;
	reader->key = key;
	if (reader->where == IN_UNKNOWN)
		return;
	if (reader->where == IN_NOTHING) {
		conf_tell(reader, line,
		    "%.40s stands before any section; write [cluster], [timing], [plan] "
		    "or [server NAME] above it",
		    key);
		return;
	}

	enum conf_key at = find_key(reader->where, key);
	if (at == CONF_KEYS) {
		tell_unknown_key(reader, key);
		return;
	}
	if (!keys[at].list && reader->key_line[at] != 0) {
		conf_wrong(reader, "given already, in line %d; remove one of them",
		    reader->key_line[at]);
		return;
	}
	reader->key_line[at] = line;
	if (*value == '\0')
		conf_wrong(reader, "the value is missing; write one, or remove the line");
	else if (keys[at].read(reader, value))
		return;
	reader->key_bad[at] = true;
	lose_guess(reader, at, key);
}
