/* SPDX-License-Identifier: BSD-2-Clause */
/* chronicle.c - what has happened: to the log, to the ring that `vlbctl events' shows, to
 * those who follow it, and into the counters. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

void
chronicle_report(struct shell *shell, const struct report *report)
{
	char text[400];

	report_format(report, shell->conf, text, sizeof(text));
	log_line(report_level(report), text);
	metrics_report(shell->metrics, shell->engine, report, shell_now_ns());
	herald_report(shell, report, text);
	const struct event *event =
	    events_report(shell->events, report, shell->conf, wall_ms());
	if (event != NULL)
		publish(shell, event);
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
	if (shell->events == NULL || shell->metrics == NULL)
		return -1;
	metrics_init(shell->metrics, wall_ms());
	return 0;
}

void
chronicle_close(struct shell *shell)
{
	free(shell->events);
	free(shell->metrics);
}
