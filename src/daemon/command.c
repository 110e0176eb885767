/* SPDX-License-Identifier: BSD-2-Clause */
/* command.c - a command of the configuration becomes an order for the runner.
 *
 * The environment is fixed, whatever the daemon's own is: PATH and LANG, and what the
 * caller adds. */
#include "checks_internal.h"

#include <string.h>

uint32_t
command_start(struct runner *runner, const struct conf_command *conf,
    const char *const *env, runner_done *done, void *user)
{
	const char *argv[CONF_ARGUMENTS + 1];
	const char *all[RUNNER_STRINGS + 1] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LANG=C",
	};
	const char *at = conf->text;
	size_t count = 2;

	for (unsigned i = 0; i < conf->arguments; i++, at += strlen(at) + 1)
		argv[i] = at;
	argv[conf->arguments] = NULL;
	for (; *env != NULL && count < RUNNER_STRINGS; env++)
		all[count++] = *env;
	all[count] = NULL;
	const struct runner_order order = {
		.user = conf->user,
		.argv = argv,
		.env = all,
		.timeout_ms = (uint32_t)(conf->timeout_ns / MS_NS),
	};
	return runner_start(runner, &order, done, user);
}
