/* SPDX-License-Identifier: BSD-2-Clause */
/* tend.c - the engine's checks, between the engine and the loop. */
#include <string.h>

#include "shell_internal.h"

static bool
wants_root(const struct conf *conf)
{
	for (unsigned c = 0; c < conf->checks; c++)
		if (conf->check[c].kind == CHECK_COMMAND &&
		    strcmp(conf->check[c].command.user, "root") == 0)
			return true;
	return conf->notify.arguments > 0 && strcmp(conf->notify.user, "root") == 0;
}

int
tend_open_runner(struct shell *shell)
{
	/* Also without any command: a reload may bring one, and then it is too late. */
	shell->runner = runner_open(wants_root(shell->conf));
	return shell->runner != NULL ? 0 : -1;
}

static void
on_done(void *user, unsigned index, bool passed, const char *why)
{
	struct shell *shell = user;

	if (!passed)
		log_debug("check %s: %s", shell->conf->check[index].name, why);
	engine_checked(shell->engine, index, passed, why, shell_now_ns());
	/* Some end while they begin, in the midst of what is being performed. */
	if (!shell->tending)
		perform(shell);
}

int
tend_open(struct shell *shell)
{
	runner_watch(shell->runner, shell->loop);
	shell->checks = checks_open(shell->loop, shell->runner, on_done, shell);
	if (shell->checks == NULL)
		log_err("cannot start");
	return shell->checks != NULL ? 0 : -1;
}

void
tend_check(struct shell *shell, unsigned index)
{
	shell->tending = true;
	checks_run(shell->checks, shell->conf, engine_self(shell->engine)->server, index);
	shell->tending = false;
}

void
tend_forget(struct shell *shell)
{
	checks_forget(shell->checks);
}

void
tend_close(struct shell *shell)
{
	checks_close(shell->checks);
	runner_close(shell->runner);
}
