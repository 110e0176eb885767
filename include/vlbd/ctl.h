/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl.h - the control protocol: what vlbctl asks, and the answers.
 *
 * Pure: requests and replies are text in memory. vlbctl(8) documents the JSON, which only
 * grows within its version. */
#ifndef VLBD_CTL_H
#define VLBD_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vlbd/engine.h"
#include "vlbd/events.h"
#include "vlbd/metrics.h"
#include "vlbd/requirement.h"

#define CTL_JSON_VERSION 1
/* A request may begin with "vlb/1 ". Another number is refused in words, so that programs
 * of different versions need not guess. */
#define CTL_PROTOCOL 1

/* Questions first. */
enum ctl_command {
	CTL_STATUS,
	CTL_ADDRESSES,
	CTL_PEERS,
	CTL_EVENTS,
	CTL_METRICS,
	CTL_SNAPSHOT, /* for vlbctl itself: watch, drain --wait */
	CTL_DRAIN,
	CTL_RESUME,
	CTL_RELOAD,
	CTL_COMMANDS
};

struct ctl_request {
	enum ctl_command command;
	bool json;
	bool follow;    /* events */
	bool persist;   /* drain */
	unsigned lines; /* events: the last so many */
};

/* What became of notifications. */
struct ctl_notified {
	uint64_t told;    /* commands that ended, well or not */
	uint64_t failed;  /* of them: not with status 0 */
	uint64_t dropped; /* never told */
};

/* What there is to tell. */
struct ctl_scene {
	const struct engine *engine;
	const struct events *events;
	const struct metrics *metrics;
	const char *version; /* the daemon's */
	const char *cluster; /* its name */
	bool drain_kept;     /* a drain that survives a restart is in force */
	uint64_t now_ns;     /* the engine's time */
	uint64_t wall_ms;    /* time of day, milliseconds since 1970 */
	struct ctl_notified notified;
	const struct requirement_findings *host; /* NULL: not looked at yet */
};

/* Read a request line (no line end). False: ERROR, of SIZE bytes, is the first line of
 * the reply, without its end: "error TEXT" or "version TEXT". */
bool ctl_parse(const char *line, const char *version, struct ctl_request *out,
    char *error, size_t size);
/* It changes something. */
bool ctl_steers(enum ctl_command command);
/* Write the answer to a question as snprintf(3) does: at most SIZE bytes with a final
 * NUL, and return the length of the whole. For events, the kept ones; for what was
 * steered, the JSON that says so, or nothing. */
size_t ctl_answer(const struct ctl_scene *scene, const struct ctl_request *request,
    char *text, size_t size);
/* Likewise one event as one line, for those who follow. */
size_t ctl_event(const struct ctl_scene *scene, const struct event *event, bool json,
    char *text, size_t size);
/* Likewise the metrics, in Prometheus' text format. SCENE->engine NULL: only that the
 * daemon is no longer up. */
size_t ctl_metrics(const struct ctl_scene *scene, char *text, size_t size);

#endif
