/* SPDX-License-Identifier: BSD-2-Clause */
/* chronicle.c - what has happened: to the log, to the ring that `vlbctl events' shows, to
 * those who follow it, to the operator's command, and into the counters. These count all;
 * the others are spared what repeat.h leaves out. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shell_internal.h"
#include "vlbd/ctl.h"

static uint64_t
wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / MS_NS;
}

struct ctl_scene
chronicle_scene(const struct shell *shell)
{
	return (struct ctl_scene){
		.engine = shell->engine,
		.events = shell->events,
		.metrics = shell->metrics,
		.version = shell->setup.version,
		.cluster = shell->conf->name,
		.drain_kept = shell->keep.drained,
		.now_ns = shell_now_ns(),
		.wall_ms = wall_ms(),
		.notified = shell->notify != NULL ? notify_counters(shell->notify)
						  : (struct ctl_notified){ 0 },
		.host = &shell->watch.found,
	};
}

static void
log_line(enum report_level level, const char *text)
{
	switch (level) {
	case REPORT_ERR:
		log_errx("%s", text);
		break;
	case REPORT_WARN:
		log_warnx("%s", text);
		break;
	case REPORT_INFO:
		log_info("%s", text);
		break;
	case REPORT_DEBUG:
	default:
		log_debug("%s", text);
		break;
	}
}

static void
publish(struct shell *shell, const struct event *event)
{
	const struct ctl_scene scene = chronicle_scene(shell);
	char line[1200];

	for (unsigned channel = CHRONICLE_TEXT; channel <= CHRONICLE_JSON; channel++) {
		if (!ctlsock_followed(shell->ctlsock, channel))
			continue;
		size_t len = ctl_event(
		    &scene, event, channel == CHRONICLE_JSON, line, sizeof(line));
		if (len < sizeof(line))
			ctlsock_publish(shell->ctlsock, channel, line, len);
	}
}

static void on_more(struct ev_loop *loop, ev_timer *watcher, int revents);

/* Come again when something that was left out can be told. */
static void
arm_more(struct shell *shell)
{
	if (ev_is_active(&shell->more))
		return;
	uint64_t at_ns = repeat_deadline(shell->repeat), now_ns = shell_now_ns();
	if (at_ns == NEVER)
		return;
	ev_timer_init(&shell->more, on_more,
	    at_ns > now_ns ? (double)(at_ns - now_ns) / SEC_NS : 0., 0.);
	shell->more.data = shell;
	ev_timer_start(shell->loop, &shell->more);
}

static bool
may_be_told(struct shell *shell, unsigned kind, enum report_level level, const char *text)
{
	if (repeat_line(shell->repeat, kind, level, text, shell_now_ns()))
		return true;
	arm_more(shell);
	return false;
}

/* How many were left out. LAST: there will be no other time to tell it. */
static void
tell_more(struct shell *shell, bool last)
{
	struct repeat_end end;
	char text[400];

	while (repeat_next(shell->repeat, last, &end, shell_now_ns())) {
		report_format_more(
		    end.count, end.within_ns, end.last, text, sizeof(text));
		log_line(end.level, text);
		if (!last)
			publish(shell, events_note(shell->events, "more", end.level, text,
					   wall_ms()));
	}
}

static void
on_more(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	struct shell *shell = watcher->data;

	(void)loop, (void)revents;
	tell_more(shell, false);
	arm_more(shell);
}

void
chronicle_repeat(
    struct shell *shell, unsigned kind, enum report_level level, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (may_be_told(shell, kind, level, text))
		log_line(level, text);
}

void
chronicle_report(struct shell *shell, const struct report *report)
{
	enum report_level level = report_level(report);
	char text[400];

	report_format(report, shell->conf, text, sizeof(text));
	metrics_report(shell->metrics, shell->engine, report, shell_now_ns());
	if (repeat_covers(report->kind) && !may_be_told(shell, report->kind, level, text))
		return;
	log_line(level, text);
	herald_report(shell, report, text);
	const struct event *event =
	    events_report(shell->events, report, shell->conf, wall_ms());
	if (event != NULL)
		publish(shell, event);
}

/* Which of the daemon's own notes are under the budget; REPEAT_KINDS: this is not. */
static unsigned
repeat_kind(const char *kind)
{
	if (strcmp(kind, "host") == 0)
		return REPEAT_HOST;
	return strcmp(kind, "link") == 0 ? REPEAT_LINK : REPEAT_KINDS;
}

void
chronicle_note(struct shell *shell, const char *kind, enum report_level level,
    const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	unsigned repeat = repeat_kind(kind);
	if (repeat < REPEAT_KINDS && !may_be_told(shell, repeat, level, text))
		return;
	log_line(level, text);
	publish(shell, events_note(shell->events, kind, level, text, wall_ms()));
}

void
chronicle_reload(struct shell *shell, bool ok)
{
	metrics_reload(shell->metrics, ok, wall_ms());
	if (ok)
		chronicle_note(
		    shell, "reload", REPORT_INFO, "%s: reloaded", shell->setup.file);
	else
		chronicle_note(shell, "reload", REPORT_ERR,
		    "%s: not reloaded; everything goes on as before", shell->setup.file);
}

int
chronicle_open(struct shell *shell)
{
	shell->events = calloc(1, sizeof(*shell->events));
	shell->metrics = malloc(sizeof(*shell->metrics));
	shell->repeat = malloc(sizeof(*shell->repeat));
	if (shell->events == NULL || shell->metrics == NULL || shell->repeat == NULL)
		return -1;
	repeat_init(shell->repeat, shell_now_ns());
	metrics_init(shell->metrics, wall_ms());
	return 0;
}

void
chronicle_close(struct shell *shell)
{
	if (shell->engine != NULL)
		tell_more(shell, true);
	free(shell->repeat);
	free(shell->events);
	free(shell->metrics);
}
