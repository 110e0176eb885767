/* SPDX-License-Identifier: BSD-2-Clause */
/* conf.c - the configuration as it is fed: the mistakes found, and the sections.
 *
 * It opens no file and allocates nothing. Mistakes are kept in the order of their lines,
 * wherever in the reading they are found. Keys are conf_key.c's business, what the whole
 * file means is conf_check.c's. */
#include "conf_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
const struct conf_heading conf_headings[] = {
	[IN_CLUSTER] = { "cluster", "name, interface, router or external" },
	[IN_TIMING]  = { "timing",  "hello, probes, probe_interval, answer_timeout, lease, "
	                            "failback, max_rate or max_moves" },
	[IN_PLAN]    = { "plan",    "addresses or tiers" },
	[IN_METRICS] = { "metrics", "textfile or interval" },
	[IN_NOTIFY]  = { "notify",  "command, timeout or user" },
	[IN_SERVER]  = { "server",  "mac, weight, rack, primary, secondary, tertiary or "
	                            "tier4 to tier64" },
	[IN_CHECK]   = { "check",   "type, target, interval, timeout, rise, fall, expect, "
	                            "host or user" },
};
/* clang-format on */

size_t
conf_reader_size(void)
{
	return sizeof(struct conf_reader);
}

void
conf_defaults(struct conf *conf)
{
	memset(conf, 0, sizeof *conf);
	snprintf(conf->name, sizeof conf->name, "vlb");
	conf->timing = (struct conf_timing){
		.hello_ns = 100 * MS_NS,
		.probes = 5,
		.answer_timeout_ns = 300 * MS_NS,
		.lease_ns = 5 * SEC_NS,
		.failback_ns = 5 * SEC_NS,
		.max_moves = 4,
	};
	conf->metrics.interval_ns = 15 * SEC_NS;
	snprintf(conf->notify.user, sizeof conf->notify.user, "nobody");
	conf->notify.timeout_ns = 10 * SEC_NS;
}

void
conf_begin(struct conf_reader *reader, struct conf *conf)
{
	memset(reader, 0, sizeof *reader);
	conf_defaults(conf);
	reader->conf = conf;
	reader->key = "";
}

void
conf_allow_placeholders(struct conf_reader *reader)
{
	reader->placeholders = true;
}

/* The text ends up on terminals and in journals, and quotes what anybody wrote. */
static void
make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
}

/* Keep a mistake in the order of lines; of too many, those of the first lines stay. */
static void
keep_mistake(struct conf_reader *reader, int line, const char *text)
{
	unsigned at = reader->kept;

	reader->total++;
	while (at > 0 && reader->error[at - 1].line > line)
		at--;
	if (at == CONF_ERRORS)
		return;
	if (reader->kept < CONF_ERRORS)
		reader->kept++;
	memmove(&reader->error[at + 1], &reader->error[at],
	    (reader->kept - 1 - at) * sizeof reader->error[0]);

	struct conf_error *error = &reader->error[at];
	error->line = line;
	snprintf(error->text, sizeof error->text, "%s", text);
	make_printable(error->text);
}

void
conf_tell(struct conf_reader *reader, int line, const char *format, ...)
{
	char text[sizeof reader->error[0].text];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	keep_mistake(reader, line, text);
}

void
conf_mistake(struct conf_reader *reader, int line, const char *format, ...)
{
	char text[sizeof reader->error[0].text];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	keep_mistake(reader, line, text);
	/* The caller could not read the line, and it may have been any list. */
	if (reader->where == IN_SERVER)
		conf_lose_tiers(reader, line);
	if (reader->where == IN_PLAN)
		reader->key_bad[KEY_ADDRESSES] = true;
}

void
conf_wrong(struct conf_reader *reader, const char *format, ...)
{
	char text[sizeof reader->error[0].text];
	va_list arguments;

	int used = snprintf(text, sizeof text, "%.20s: ", reader->key);
	va_start(arguments, format);
	vsnprintf(text + used, sizeof text - (size_t)used, format, arguments);
	va_end(arguments);
	keep_mistake(reader, reader->line, text);
}

const struct conf_error *
conf_errors(const struct conf_reader *reader, unsigned *kept, unsigned *total)
{
	*kept = reader->kept;
	*total = reader->total;
	return reader->error;
}

void
conf_lose_tier(struct conf_reader *reader, unsigned tier, int line)
{
	if (tier < CONF_TIERS && reader->tier_lost[tier] == 0)
		reader->tier_lost[tier] = line;
}

void
conf_lose_tiers(struct conf_reader *reader, int line)
{
	for (unsigned tier = 0; tier < CONF_TIERS; tier++)
		conf_lose_tier(reader, tier, line);
}

/* NAME of a [server NAME]. A server whose head is wrong is kept all the same, so that the
 * mistakes under it are found too. */
static void
begin_server(struct conf_reader *reader, const char *name)
{
	struct conf *conf = reader->conf;
	bool good = conf_is_name(name, strlen(name));
	int twin = good ? conf_server_by_name(conf, name) : CONF_NONE;

	if (*name == '\0')
		conf_tell(
		    reader, reader->line, "a server without a name; write [server NAME]");
	else if (!good)
		conf_tell(reader, reader->line,
		    "\"%.70s\" is not a server's name; write at most %d letters, digits, "
		    "dots, hyphens or underscores",
		    name, CONF_NAME - 1);
	if (twin != CONF_NONE)
		conf_tell(reader, reader->line,
		    "server %s is in line %d already; give this one another name, or put "
		    "all "
		    "of its keys in one section",
		    name, conf->server[twin].line);
	if (conf->servers == CONF_SERVERS) {
		if (!reader->full_servers)
			conf_tell(reader, reader->line,
			    "more than %d servers; make several clusters", CONF_SERVERS);
		reader->full_servers = true;
		conf_lose_tiers(reader, reader->line);
		reader->where = IN_UNKNOWN;
		return;
	}
	reader->where = IN_SERVER;
	reader->server = conf->servers++;
	struct conf_server *server = &conf->server[reader->server];
	server->line = reader->line;
	snprintf(server->name, sizeof server->name, "%s", good ? name : "?");
	server->weight = 1;
	/* Given once in each of these sections, not once in the file. */
	reader->key_line[KEY_WEIGHT] = 0;
	reader->key_line[KEY_RACK] = 0;
}

/* The others stand once and have no name. */
static void
begin_single(struct conf_reader *reader, enum conf_where where, const char *name)
{
	int *line = &reader->section_line[where];

	if (*name != '\0')
		conf_tell(reader, reader->line, "[%s] has no name; write [%s]",
		    conf_headings[where].name, conf_headings[where].name);
	if (*line != 0)
		conf_tell(reader, reader->line,
		    "[%s] is in line %d already; put all of its keys there",
		    conf_headings[where].name, *line);
	else
		*line = reader->line;
	reader->where = where;
}

/* Which section WORD is, or the one that it nearly is. IN_UNKNOWN: neither. */
static enum conf_where
section_by_word(const char *word, bool *exact)
{
	enum conf_where best = IN_UNKNOWN;
	unsigned best_distance = 0;

	*exact = false;
	for (enum conf_where at = IN_CLUSTER; at <= IN_CHECK; at++) {
		unsigned distance = conf_distance(word, conf_headings[at].name);

		if (strcmp(word, conf_headings[at].name) == 0) {
			*exact = true;
			return at;
		}
		if (conf_is_near(word, distance) &&
		    (best == IN_UNKNOWN || distance < best_distance)) {
			best = at;
			best_distance = distance;
		}
	}
	return best;
}

void
conf_section(struct conf_reader *reader, int line, const char *section)
{
	char text[2 * CONF_NAME];
	bool exact;

	reader->line = line;
	snprintf(text, sizeof text, "%s", section + strspn(section, " \t"));
	for (size_t len = strlen(text);
	     len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'); len--)
		text[len - 1] = '\0';

	char *name = text + strcspn(text, " \t");
	if (*name != '\0')
		*name++ = '\0';
	name += strspn(name, " \t");

	/* A near miss is read as what it was meant to be, lest all that the section says
	 * be missing and reported so. */
	enum conf_where where = section_by_word(text, &exact);
	if (where == IN_UNKNOWN) {
		conf_tell(reader, line,
		    "unknown section [%.40s]; write [cluster], [timing], [plan], "
		    "[server NAME], [check NAME], [notify] or [metrics]",
		    section);
		conf_lose_tiers(reader, line);
	} else if (!exact) {
		conf_tell(reader, line,
		    "unknown section [%.40s]; did you mean [%s%s%.63s]?", section,
		    conf_headings[where].name, where >= IN_SERVER ? " " : "",
		    where >= IN_SERVER ? name : "");
	}

	reader->where = where;
	if (where == IN_SERVER)
		begin_server(reader, name);
	else if (where == IN_CHECK)
		conf_begin_check(reader, name);
	else if (where != IN_UNKNOWN)
		begin_single(reader, where, name);
}
