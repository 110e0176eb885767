/* SPDX-License-Identifier: BSD-2-Clause */
/* script.c - the options of a play: which file, what happens to whom and when. */
#include "script.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "tell.h"

enum { AFTER_S = 10 /* played after the last event */, LONGEST_H = 24 };

static const struct {
	const char *name;
	enum fault_kind kind;
	uint64_t amount;
} verbs[] = {
	{ "fail", FAULT_CRASH, 0 },
	{ "return", FAULT_RETURN, 0 },
	{ "cut", FAULT_CUT, 0 },
	{ "mend", FAULT_MEND, 0 },
	{ "kill", FAULT_KILL, 0 },
	{ "start", FAULT_START, 0 },
	{ "freeze", FAULT_FREEZE, 0 },
	{ "thaw", FAULT_THAW, 0 },
	{ "drain", FAULT_DRAIN, 0 },
	{ "resume", FAULT_RESUME, 0 },
	{ "sicken", FAULT_SICKEN, 0 },
	{ "cure", FAULT_CURE, 0 },
	{ "deafen", FAULT_EAR, EARS_BROADCAST | EARS_UNICAST },
	{ "hear", FAULT_EAR, 0 },
	{ "arp-off", FAULT_ARP_OFF, 0 },
	{ "arp-on", FAULT_ARP_ON, 0 },
};
enum { VERBS = sizeof(verbs) / sizeof(verbs[0]) };

/* "500ms", "3s", "1.5s", "2m". */
static bool
parse_time(const char *text, uint64_t *out)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 } };
	size_t digits = strspn(text, "0123456789.");
	char *end;
	double number = strtod(text, &end);

	for (unsigned i = 0;
	     digits > 0 && end == text + digits && i < sizeof(units) / sizeof(units[0]);
	     i++)
		if (strcmp(end, units[i].name) == 0 &&
		    number * units[i].ns <= LONGEST_H * 3600e9) {
			*out = (uint64_t)(number * units[i].ns + 0.5);
			return true;
		}
	command_usage("`%s' is not a time; write 500ms, 3s, 1.5s or 2m, %dh at most",
	    text, LONGEST_H);
	return false;
}

static int
find_server(
    const struct script *script, const struct conf *conf, const char *name, size_t len)
{
	for (unsigned s = 0; s < conf->servers; s++)
		if (strlen(conf->server[s].name) == len &&
		    memcmp(conf->server[s].name, name, len) == 0)
			return (int)s;
	fprintf(stderr, "vlbsim: there is no server `%.*s' in %s; there are", (int)len,
	    name, script->file);
	for (unsigned s = 0; s < conf->servers; s++)
		fprintf(stderr, "%s %s", s == 0 ? "" : ",", conf->server[s].name);
	fputs("\n", stderr);
	return CONF_NONE;
}

/* NAME[@TIME]. */
static bool
parse_event(const struct script *script, const struct conf *conf, const char *text,
    struct fault *event)
{
	const char *at = strrchr(text, '@');
	size_t len = at != NULL ? (size_t)(at - text) : strlen(text);

	event->at_ns = 0;
	if (at != NULL && !parse_time(at + 1, &event->at_ns))
		return false;
	event->server = find_server(script, conf, text, len);
	if (event->kind == FAULT_SICKEN && conf->checks == 0) {
		fprintf(stderr,
		    "vlbsim: %s has no [check NAME], so nobody would notice that a "
		    "service "
		    "fails; add one\n",
		    script->file);
		return false;
	}
	return event->server != CONF_NONE;
}

static void
list_options(struct option names[VERBS + 3])
{
	memset(names, 0, (VERBS + 3) * sizeof(names[0]));
	for (unsigned i = 0; i < VERBS; i++)
		names[i] = (struct option){ verbs[i].name, required_argument, NULL,
			256 + (int)i };
	names[VERBS] = (struct option){ "config", required_argument, NULL, 'c' };
	names[VERBS + 1] = (struct option){ "for", required_argument, NULL, 'f' };
}

bool
script_parse(struct script *script, int argc, char **argv)
{
	struct option names[VERBS + 3];
	int option;

	list_options(names);
	while ((option = getopt_long(argc, argv, "c:", names, NULL)) != -1) {
		if (option == 'c') {
			script->file = optarg;
		} else if (option == 'f') {
			if (!parse_time(optarg, &script->for_ns))
				return false;
		} else if (option == '?') {
			fputs("try `vlbsim --help'\n", stderr);
			return false;
		} else if (script->events == SCRIPT_EVENTS) {
			return command_usage("%d events are too many", SCRIPT_EVENTS),
			       false;
		} else {
			script->text[script->events] = optarg;
			script->event[script->events++] = (struct fault){
				.kind = verbs[option - 256].kind,
				.address = CONF_NONE,
				.amount = verbs[option - 256].amount,
			};
		}
	}
	if (optind < argc)
		return command_usage("`%s' is not an option", argv[optind]), false;
	if (script->file == NULL)
		return command_usage("which file? write `vlbsim -c vlb.ini --fail A'"),
		       false;
	return true;
}

bool
script_bind(struct script *script, const struct conf *conf)
{
	for (unsigned i = 0; i < script->events; i++)
		if (!parse_event(script, conf, script->text[i], &script->event[i]))
			return false;
	return true;
}

uint64_t
script_length(const struct script *script, const struct conf_timing *timing)
{
	uint64_t last_ns = 0, more_ns = AFTER_S * SEC_NS;
	bool back = false, hangs = false;

	if (script->for_ns != 0)
		return script->for_ns;
	for (unsigned i = 0; i < script->events; i++) {
		enum fault_kind kind = script->event[i].kind;
		if (script->event[i].at_ns > last_ns)
			last_ns = script->event[i].at_ns;
		back = back || !tell_is_injury(&script->event[i]);
		hangs = hangs || kind == FAULT_KILL || kind == FAULT_FREEZE ||
			kind == FAULT_EAR;
	}
	if (back && timing->failback_ns != CONF_NEVER)
		more_ns += timing->failback_ns;
	return last_ns + more_ns + (hangs ? timing->lease_ns : 0);
}

bool
script_has(const struct script *script, uint64_t from_ns, uint64_t until_ns)
{
	for (unsigned i = 0; i < script->events; i++)
		if (script->event[i].at_ns >= from_ns &&
		    script->event[i].at_ns < until_ns)
			return true;
	return false;
}
