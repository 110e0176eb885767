/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - vlbsim: options common to all, and the table of subcommands; nothing else. */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "hunt", hunt_main },
	{ "replay", replay_main },
	{ "walk", walk_main },
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const char help[] =
    "usage: vlbsim hunt [--first SEED] [--count N] [--seeds FILE] [--jobs J]\n"
    "                   [--stop-at-first]\n"
    "       vlbsim replay SEED [--shrunk] [--frames] [--pcap FILE]\n"
    "       vlbsim walk [--servers 2|3] [--faults K] [--drops D]\n"
    "       vlbsim -c FILE [--EVENT NAME[@TIME]]... [--for TIME]\n"
    "       vlbsim -V | -h\n"
    "\n"
    "The cluster in virtual time: the daemon's own protocol, simulated servers, switch\n"
    "and routers, and everything that can go wrong with them.\n"
    "\n"
    "hunt: does any seed break a promise?\n"
    "      --first SEED    begin there (default 1)\n"
    "      --count N       so many seeds (default: until interrupted)\n"
    "      --seeds FILE    the seeds in FILE, one a line; # begins a comment\n"
    "      --jobs J        on so many cores (default: all)\n"
    "      --stop-at-first end with the first violation\n"
    "replay: what happens in SEED's story?\n"
    "      --shrunk        with as few faults as still break its promise\n"
    "      --frames        every frame too\n"
    "      --pcap FILE     and the frames as a capture file\n"
    "walk: every history of a small world, none left out\n"
    "      --servers N     2 (default) or 3, with two addresses\n"
    "      --faults K      at most so many faults (default 1, at most 3)\n"
    "      --drops D       and so many frames that go astray (default 1, at most 2)\n"
    "play, with the cluster of a configuration file of vlbd:\n"
    "  -c, --config FILE   the configuration (vlb.ini(5))\n"
    "      --for TIME      how long (default: 10 s after the last event)\n"
    "      --fail, --return, --cut, --mend, --kill, --start, --freeze, --thaw,\n"
    "      --drain, --resume, --sicken, --cure, --deafen, --hear, --arp-off,\n"
    "      --arp-on NAME[@TIME]   what happens to which server, and when (B@500ms, "
    "A@3s;\n"
    "                      default 0s)\n"
    "\n"
    "  -V, --version       print the version\n"
    "  -h, --help          print this\n"
    "\n"
    "Exit status: 0 ok, 1 a promise was broken or a run-time failure, 2 usage, 78 file\n"
    "wrong. The promises are in PROMISES.md.\n";

int
command_usage(const char *format, ...)
{
	va_list args;

	fputs("vlbsim: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; try `vlbsim --help'\n", stderr);
	return EXIT_USAGE;
}

bool
command_number(const char *what, const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0) {
		command_usage("%s is a whole number, not `%s'", what, text);
		return false;
	}
	*out = value;
	return true;
}

static bool
is_either(const char *word, const char *letter, const char *name)
{
	return strcmp(word, letter) == 0 || strcmp(word, name) == 0;
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return command_usage("say what to do");
	for (int i = 1; i < argc; i++) {
		if (is_either(argv[i], "-h", "--help")) {
			fputs(help, stdout);
			return EXIT_SUCCESS;
		}
		if (is_either(argv[i], "-V", "--version")) {
			printf("vlbsim %s\n", PACKAGE_VERSION);
			return EXIT_SUCCESS;
		}
	}
	for (unsigned i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0) {
			argv[1] = argv[0]; /* for what getopt has to say */
			return commands[i].run(argc - 1, argv + 1);
		}
	if (argv[1][0] == '-')
		return play_main(argc, argv);
	return command_usage("there is no command `%s'", argv[1]);
}
