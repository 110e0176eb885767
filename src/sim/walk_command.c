/* SPDX-License-Identifier: BSD-2-Clause */
/* walk_command.c - `vlbsim walk': its options; the walking is walk.c's. */
#include <getopt.h>
#include <stdio.h>

#include "commands.h"
#include "walk.h"

int
walk_main(int argc, char **argv)
{
	static const struct option names[] = {
		{ "servers", required_argument, NULL, 's' },
		{ "faults", required_argument, NULL, 'f' },
		{ "drops", required_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t servers = 2, faults = 1, drops = 1;
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 's' && !command_number("--servers", optarg, &servers))
			return EXIT_USAGE;
		if (option == 'f' && !command_number("--faults", optarg, &faults))
			return EXIT_USAGE;
		if (option == 'd' && !command_number("--drops", optarg, &drops))
			return EXIT_USAGE;
		if (option == '?')
			return EXIT_USAGE;
	}
	if (optind < argc)
		return command_usage("`%s' is one word too many", argv[optind]);
	if (servers < 2 || servers > 3 || faults > 3 || drops > 2)
		return command_usage(
		    "walk takes 2 or 3 servers, at most 3 faults and 2 drops");
	struct walk_options options = { (unsigned)servers, (unsigned)faults,
		(unsigned)drops };
	return walk(stdout, &options);
}
