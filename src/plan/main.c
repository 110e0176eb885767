/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - vlbplan: which action the command line asks for; nothing else. */
#include <stdlib.h>

#include "commands.h"

static int
perform(const struct options *options)
{
	switch (options->action) {
	case ACTION_MAKE:
	case ACTION_SHOW:
		return show_main(options);
	case ACTION_CHECK:
		return check_main(options);
	case ACTION_ADVISE:
		return advise_main(options);
	case ACTION_UPDATE:
		return update_main(options);
	case ACTION_ROUTES:
		return routes_main(options);
	}
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	static struct options options;
	int status;

	if (!options_parse(&options, argc, argv, &status))
		return status;
	return perform(&options);
}
