/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl.c - requests in; who answers them. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl_internal.h"

enum { WORD = 16 }; /* longest word of a request, with its end */

static const char *const commands[CTL_COMMANDS] = {
	[CTL_STATUS] = "status",
	[CTL_ADDRESSES] = "addresses",
	[CTL_PEERS] = "peers",
	[CTL_EVENTS] = "events",
	[CTL_METRICS] = "metrics",
	[CTL_SNAPSHOT] = "snapshot",
	[CTL_DRAIN] = "drain",
	[CTL_RESUME] = "resume",
	[CTL_RELOAD] = "reload",
};

/* What each command takes, for the one that gives it something else. */
static const char *const options[CTL_COMMANDS] = {
	[CTL_STATUS] = "--json",
	[CTL_ADDRESSES] = "--json",
	[CTL_PEERS] = "--json",
	[CTL_EVENTS] = "--json, --follow and --lines NUMBER",
	[CTL_METRICS] = "--json",
	[CTL_SNAPSHOT] = "--lines NUMBER",
	[CTL_DRAIN] = "--json and --persist",
	[CTL_RESUME] = "--json",
	[CTL_RELOAD] = "--json",
};

/* The next word of *AT, which moves behind it. False: there is none, or it is too long
 * to be known. */
static bool
next_word(const char **at, char word[WORD])
{
	const char *begin = *at + strspn(*at, " ");
	size_t len = strcspn(begin, " ");

	*at = begin + len;
	if (len == 0)
		return false;
	snprintf(word, WORD, "%.*s", (int)(len < WORD ? len : 0), begin);
	return true;
}

static bool
read_number(const char **at, unsigned *out)
{
	char word[WORD];

	if (!next_word(at, word) || word[0] < '0' || word[0] > '9' || strlen(word) > 6)
		return false;
	char *end = NULL;
	*out = (unsigned)strtoul(word, &end, 10);
	return *end == '\0';
}

static bool
read_option(struct ctl_request *request, const char *word, const char **at)
{
	const enum ctl_command command = request->command;

	if (strcmp(word, "--json") == 0 && command != CTL_SNAPSHOT)
		return request->json = true;
	if (strcmp(word, "--follow") == 0 && command == CTL_EVENTS)
		return request->follow = true;
	if (strcmp(word, "--persist") == 0 && command == CTL_DRAIN)
		return request->persist = true;
	if (strcmp(word, "--lines") == 0 &&
	    (command == CTL_EVENTS || command == CTL_SNAPSHOT))
		return read_number(at, &request->lines);
	return false;
}

/* "vlb/1 " may stand first. False: it is another's. */
static bool
read_protocol(const char **line, const char *version, char *error, size_t size)
{
	char word[WORD], ours[WORD];
	const char *at = *line;

	if (strncmp(at, "vlb/", 4) != 0)
		return true;
	snprintf(ours, sizeof(ours), "vlb/%d", CTL_PROTOCOL);
	if (next_word(&at, word) && strcmp(word, ours) == 0) {
		*line = at;
		return true;
	}
	for (char *c = word; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	snprintf(error, size,
	    "version this is vlbd %s, which speaks %s, and was asked in %s: use the "
	    "vlbctl "
	    "that came with it, or restart vlbd after an upgrade",
	    version, ours, word[0] != '\0' ? word : "another language");
	return false;
}

bool
ctl_parse(const char *line, const char *version, struct ctl_request *out, char *error,
    size_t size)
{
	char word[WORD];

	*out = (struct ctl_request){ .lines = EVENTS_KEPT };
	if (!read_protocol(&line, version, error, size))
		return false;
	unsigned c = CTL_COMMANDS;
	if (next_word(&line, word))
		for (c = 0; c < CTL_COMMANDS && strcmp(commands[c], word) != 0;)
			c++;
	if (c == CTL_COMMANDS) {
		snprintf(error, size,
		    "error this daemon knows no such command; it knows status, "
		    "addresses, "
		    "peers, events, metrics, drain, resume and reload");
		return false;
	}
	out->command = (enum ctl_command)c;
	while (next_word(&line, word))
		if (!read_option(out, word, &line)) {
			snprintf(error, size, "error %s takes nothing but %s",
			    commands[c], options[c]);
			return false;
		}
	return true;
}

bool
ctl_steers(enum ctl_command command)
{
	return command >= CTL_DRAIN;
}

const char *
ctl_owner_name(const struct engine *engine, int owner)
{
	return owner == CONF_NONE ? NULL : engine_conf(engine)->server[owner].name;
}

const char *
ctl_self_name(const struct ctl_scene *scene)
{
	return ctl_owner_name(scene->engine, (int)engine_self(scene->engine)->server);
}

static void
answer_steered(
    struct out *out, const struct ctl_scene *scene, const struct ctl_request *request)
{
	if (!request->json)
		return;
	ctl_json_head(out, scene);
	put(out, ",\"done\":\"%s\",\"standing\":\"%s\",\"drain_persists\":%s}\n",
	    commands[request->command],
	    engine_standing_name(engine_standing(scene->engine)),
	    scene->drain_kept ? "true" : "false");
}

size_t
ctl_answer(const struct ctl_scene *scene, const struct ctl_request *request, char *text,
    size_t size)
{
	struct out out = { .text = text, .size = size };

	put(&out, "%s", ""); /* an answer may be empty, and ends all the same */
	switch (request->command) {
	case CTL_STATUS:
	case CTL_ADDRESSES:
	case CTL_PEERS:
		(request->json ? ctl_json : ctl_table)(&out, scene, request->command);
		break;
	case CTL_EVENTS:
		ctl_events(&out, scene, request);
		break;
	case CTL_METRICS:
		ctl_metrics_write(&out, scene, request->json);
		break;
	case CTL_SNAPSHOT:
		ctl_snapshot(&out, scene, request);
		break;
	case CTL_DRAIN:
	case CTL_RESUME:
	case CTL_RELOAD:
		answer_steered(&out, scene, request);
		break;
	case CTL_COMMANDS:
	default:
		assert(false && "no such command");
	}
	return out.len;
}
