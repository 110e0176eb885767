/* SPDX-License-Identifier: BSD-2-Clause */
/* checks.c - a check's life: begun, watched, timed out, ended. */
#include "checks_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct checks {
	struct ev_loop *loop;
	struct runner *runner;
	checks_done *done;
	void *user;
	struct check_run run[CONF_CHECKS];
};

static const char *
duration(uint64_t ns, char text[24])
{
	uint64_t ms = ns / MS_NS;

	if (ms < 1000)
		snprintf(text, 24, "%ums", (unsigned)ms);
	else if (ms % 1000 == 0)
		snprintf(text, 24, "%us", (unsigned)(ms / 1000));
	else
		snprintf(text, 24, "%u.%us", (unsigned)(ms / 1000),
		    (unsigned)(ms % 1000 / 100));
	return text;
}

static void
clear(struct check_run *run)
{
	ev_timer_stop(run->checks->loop, &run->timeout);
	ev_io_stop(run->checks->loop, &run->io);
	if (run->fd >= 0)
		close(run->fd);
	if (run->order != 0)
		runner_forget(run->checks->runner, run->order);
	run->fd = -1;
	run->order = 0;
	run->conf = NULL;
}

void
checks_pass(struct check_run *run)
{
	clear(run);
	run->checks->done(run->checks->user, run->index, true, "");
}

void
checks_fail(struct check_run *run, const char *format, ...)
{
	char why[CHECK_WHY];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	clear(run);
	run->checks->done(run->checks->user, run->index, false, why);
}

void
checks_fail_errno(struct check_run *run, int error)
{
	char why[CHECK_WHY];

	snprintf(why, sizeof(why), "%s", strerror(error));
	if (why[0] >= 'A' && why[0] <= 'Z' && !(why[1] >= 'A' && why[1] <= 'Z'))
		why[0] = (char)(why[0] - 'A' + 'a');
	checks_fail(run, "%s", why);
}

static void
on_timeout(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	struct check_run *run = watcher->data;
	char text[24];

	(void)loop, (void)revents;
	checks_fail(run, "no answer within %s", duration(run->conf->timeout_ns, text));
}

static void
command_done(void *user, const struct runner_result *result)
{
	struct check_run *run = user;
	char text[CHECK_WHY];

	run->order = 0;
	if (result->outcome == RUNNER_EXITED && result->code == 0)
		checks_pass(run);
	else
		checks_fail(run, "%s",
		    runner_text(result, (uint32_t)(run->conf->timeout_ns / MS_NS), text,
			sizeof(text)));
}

static void
begin_command(struct check_run *run, const struct conf *conf, unsigned server)
{
	char cluster[CONF_NAME + 16], name[CONF_NAME + 16], check[CONF_NAME + 16];
	const char *const env[] = { cluster, name, check, NULL };

	snprintf(cluster, sizeof(cluster), "VLBD_CLUSTER=%s", conf->name);
	snprintf(name, sizeof(name), "VLBD_SERVER=%s", conf->server[server].name);
	snprintf(check, sizeof(check), "VLBD_CHECK=%s", run->conf->name);
	if (run->checks->runner != NULL)
		run->order = command_start(
		    run->checks->runner, &run->conf->command, env, command_done, run);
	if (run->order == 0)
		checks_fail(run, "cannot be run: the process that runs commands is busy "
				 "or gone");
}

void
checks_run(
    struct checks *checks, const struct conf *conf, unsigned server, unsigned index)
{
	struct check_run *run = &checks->run[index];

	if (run->conf != NULL)
		clear(run); /* must not happen; its result would be the wrong one's */
	run->conf = &conf->check[index];
	run->index = index;
	run->sent = run->got = 0;
	/* The runner kills what it runs in time by itself, and tells. */
	if (run->conf->kind == CHECK_COMMAND) {
		begin_command(run, conf, server);
		return;
	}
	ev_timer_init(
	    &run->timeout, on_timeout, (double)run->conf->timeout_ns / SEC_NS, 0.);
	run->timeout.data = run;
	/* Of the moment, not of when the loop last looked. */
	ev_now_update(checks->loop);
	ev_timer_start(checks->loop, &run->timeout);
	check_tcp_begin(run, checks->loop);
}

struct checks *
checks_open(struct ev_loop *loop, struct runner *runner, checks_done *done, void *user)
{
	struct checks *checks = calloc(1, sizeof(*checks));

	if (checks == NULL)
		return NULL;
	checks->loop = loop;
	checks->runner = runner;
	checks->done = done;
	checks->user = user;
	for (unsigned i = 0; i < CONF_CHECKS; i++) {
		checks->run[i].checks = checks;
		checks->run[i].fd = -1;
		ev_init(&checks->run[i].io, NULL);
		ev_init(&checks->run[i].timeout, NULL);
	}
	return checks;
}

void
checks_forget(struct checks *checks)
{
	for (unsigned i = 0; i < CONF_CHECKS; i++)
		if (checks->run[i].conf != NULL)
			clear(&checks->run[i]);
}

void
checks_close(struct checks *checks)
{
	if (checks == NULL)
		return;
	checks_forget(checks);
	free(checks);
}
