/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - vlbctl: carry one question to a running vlbd and its answer back.
 *
 * The daemon writes both the tables and the JSON; this program knows neither. Its live
 * view alone draws by itself (watch.c). */
#include "config.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vlbctl.h"

/* A reload and a drain that persists wait for the disk. */
enum { PATIENCE_MS = 3000, DISK_MS = 32000 };

/* Which options a command takes. */
enum {
	TAKES_JSON = 1 << 0,
	TAKES_FOLLOW = 1 << 1,  /* and --lines */
	TAKES_PERSIST = 1 << 2, /* and --wait, --timeout */
	TAKES_INTERVAL = 1 << 3,
};

enum command { STATUS, ADDRESSES, PEERS, WATCH, EVENTS, METRICS, DRAIN, RESUME, RELOAD };
enum { COMMANDS = RELOAD + 1 };

static const char *const names[COMMANDS] = {
	[STATUS] = "status",
	[ADDRESSES] = "addresses",
	[PEERS] = "peers",
	[WATCH] = "watch",
	[EVENTS] = "events",
	[METRICS] = "metrics",
	[DRAIN] = "drain",
	[RESUME] = "resume",
	[RELOAD] = "reload",
};

static const struct {
	unsigned takes;
	const char *help;
} commands[COMMANDS] = {
	[STATUS] = { TAKES_JSON, "how this server, its peers and all addresses are" },
	[ADDRESSES] = { TAKES_JSON, "who serves which address" },
	[PEERS] = { TAKES_JSON, "how the other servers are" },
	[WATCH] = { TAKES_JSON | TAKES_INTERVAL, "all of that, live; q quits" },
	[EVENTS] = { TAKES_JSON | TAKES_FOLLOW, "what has happened of late, and why" },
	[METRICS] = { TAKES_JSON, "numbers for Prometheus" },
	[DRAIN] = { TAKES_JSON | TAKES_PERSIST, "hand everything over and stay away" },
	[RESUME] = { TAKES_JSON, "take part again; end a failback delay" },
	[RELOAD] = { TAKES_JSON, "read the configuration again" },
};

static void
help(void)
{
	puts(
	    "usage: vlbctl [-s SOCKET] COMMAND [OPTION]...\n"
	    "\n"
	    "Ask or steer a running vlbd.\n"
	    "\n"
	    "  -s, --socket SOCKET  its control socket (default /run/vlbd/control.sock)\n"
	    "  -j, --json           answer in JSON\n"
	    "  -f, --follow         events: go on with what happens from now on\n"
	    "  -n, --lines NUMBER   events: only the last so many\n"
	    "  -p, --persist        drain: also after a restart, until resume\n"
	    "  -w, --wait           drain: until everything is handed over\n"
	    "  -t, --timeout TIME   drain: wait so many seconds at most (default 30)\n"
	    "  -i, --interval TIME  watch: seconds between two looks (default 1)\n"
	    "  -V, --version        print the version\n"
	    "  -h, --help           print this\n");
	for (unsigned i = 0; i < COMMANDS; i++)
		printf("  %-10s %s\n", names[i], commands[i].help);
	puts(
	    "\n"
	    "Exit status: 0 done, 1 refused or failed, 2 usage, 3 no daemon answers, 4 a "
	    "daemon\n"
	    "of another version, 5 not permitted, 6 --wait has run out of time.");
}

static int
find_command(const char *name)
{
	for (int i = 0; i < COMMANDS; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	int near = suggest(name, names, COMMANDS);
	fprintf(stderr, "vlbctl: there is no command `%s'", name);
	if (near >= 0)
		fprintf(stderr, "; did you mean `%s'?", names[near]);
	else
		fputc(';', stderr);
	fputs(" `vlbctl --help' lists them\n", stderr);
	return -1;
}

/* A number of seconds from LEAST to a day. */
static bool
read_seconds(const char *option, const char *text, double least, double *out)
{
	char *end = NULL;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= least && value <= 86400)) {
		fprintf(stderr,
		    "vlbctl: --%s takes a number of seconds from %g to 86400, and not "
		    "`%s'\n",
		    option, least, text);
		return false;
	}
	*out = value;
	return true;
}

static bool
read_lines(const char *text, struct options *options)
{
	char *end = NULL;
	long value = strtol(text, &end, 10);

	if (end == text || *end != '\0' || value < 0 || value > 999999) {
		fprintf(stderr, "vlbctl: --lines takes a number, and not `%s'\n", text);
		return false;
	}
	options->lines = (unsigned)value;
	return options->lines_given = true;
}

/* What the options given need of a command. False: told. */
static bool
check_options(enum command command, unsigned given)
{
	static const struct {
		unsigned takes;
		const char *what;
	} rows[] = {
		{ TAKES_JSON, "--json" },
		{ TAKES_FOLLOW, "--follow and --lines" },
		{ TAKES_PERSIST, "--persist, --wait and --timeout" },
		{ TAKES_INTERVAL, "--interval" },
	};
	unsigned wrong = given & ~commands[command].takes;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((wrong & rows[i].takes) != 0)
			fprintf(stderr, "vlbctl: %s does not take %s\n", names[command],
			    rows[i].what);
	return wrong == 0;
}

static int
question(const struct options *options, enum command command)
{
	char request[100];
	size_t len = 0;

	len += (size_t)snprintf(request, sizeof(request), "%s", names[command]);
	if (options->json)
		len += (size_t)snprintf(request + len, sizeof(request) - len, " --json");
	if (options->follow)
		len +=
		    (size_t)snprintf(request + len, sizeof(request) - len, " --follow");
	if (options->persist)
		len +=
		    (size_t)snprintf(request + len, sizeof(request) - len, " --persist");
	if (options->lines_given || options->follow)
		snprintf(
		    request + len, sizeof(request) - len, " --lines %u", options->lines);
	if (options->follow)
		return ask_and_follow(options->socket, request);
	struct answer answer =
	    ask(options->socket, request, command >= DRAIN ? DISK_MS : PATIENCE_MS);
	int status = answer.status;
	if (status == EXIT_SUCCESS)
		status = put_out(answer.text, answer.len);
	else
		fprintf(stderr, "vlbctl: %s\n", answer.problem);
	free(answer.text);
	if (status == EXIT_SUCCESS && options->wait)
		status = wait_until_drained(options);
	return status;
}

/* 0: go on; 1: leave, all is said; 2: leave, usage. */
static int
parse(int argc, char **argv, struct options *options, unsigned *given)
{
	static const struct option longs[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "follow", no_argument, NULL, 'f' },
		{ "lines", required_argument, NULL, 'n' },
		{ "persist", no_argument, NULL, 'p' },
		{ "wait", no_argument, NULL, 'w' },
		{ "timeout", required_argument, NULL, 't' },
		{ "interval", required_argument, NULL, 'i' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool good = true;
	int option;

	while (good &&
	       (option = getopt_long(argc, argv, "s:jfn:pwt:i:Vh", longs, NULL)) != -1) {
		switch (option) {
		case 's':
			options->socket = optarg;
			break;
		case 'j':
			options->json = true;
			*given |= TAKES_JSON;
			break;
		case 'f':
			options->follow = true;
			*given |= TAKES_FOLLOW;
			break;
		case 'n':
			good = read_lines(optarg, options);
			*given |= TAKES_FOLLOW;
			break;
		case 'p':
			options->persist = true;
			*given |= TAKES_PERSIST;
			break;
		case 'w':
			options->wait = true;
			*given |= TAKES_PERSIST;
			break;
		case 't':
			good = read_seconds("timeout", optarg, 0, &options->timeout_s);
			*given |= TAKES_PERSIST;
			break;
		case 'i':
			good =
			    read_seconds("interval", optarg, 0.1, &options->interval_s);
			*given |= TAKES_INTERVAL;
			break;
		case 'V':
			printf("vlbctl %s\n", PACKAGE_VERSION);
			return 1;
		case 'h':
			help();
			return 1;
		default:
			fputs("try `vlbctl --help'\n", stderr);
			good = false;
		}
	}
	return good ? 0 : STATUS_USAGE;
}

int
main(int argc, char **argv)
{
	struct options options = {
		.socket = "/run/vlbd/control.sock",
		.timeout_s = 30,
		.interval_s = 1,
		.lines = 10,
	};
	unsigned given = 0;

	signal(SIGPIPE, SIG_IGN);
	int leave = parse(argc, argv, &options, &given);
	if (leave != 0)
		return leave == 1 ? EXIT_SUCCESS : STATUS_USAGE;
	if (optind + 1 != argc) {
		fputs(optind == argc ? "vlbctl: which command? "
				     : "vlbctl: one command at a time; ",
		    stderr);
		fputs("`vlbctl --help' lists them\n", stderr);
		return STATUS_USAGE;
	}
	int command = find_command(argv[optind]);
	if (command < 0 || !check_options((enum command)command, given))
		return STATUS_USAGE;
	if (command == WATCH)
		return options.json ? watch_json(&options) : watch(&options);
	return question(&options, (enum command)command);
}
