/* SPDX-License-Identifier: BSD-2-Clause */
/* events.c - the ring of what has happened of late. */
#include "vlbd/events.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define NEVER UINT64_MAX

static struct event *
next(struct events *events, const char *kind, enum report_level level, uint64_t wall_ms)
{
	struct event *event = &events->ring[events->last++ % EVENTS_KEPT];

	*event = (struct event){
		.number = events->last,
		.wall_ms = wall_ms,
		.level = level,
		.kind = kind,
		.silent_ns = NEVER,
		.took_ns = NEVER,
	};
	return event;
}

static void
keep_name(char name[CONF_NAME], const struct conf *conf, int server)
{
	if (server >= 0 && (unsigned)server < conf->servers)
		snprintf(name, CONF_NAME, "%s", conf->server[server].name);
}

static bool
has_address(enum report_kind kind)
{
	return kind == REPORT_STATE || kind == REPORT_CONFIRMED ||
	       kind == REPORT_FOREIGN || kind == REPORT_CONFLICT ||
	       kind == REPORT_UNLISTED || kind == REPORT_UNHEARD || kind == REPORT_GONE ||
	       kind == REPORT_FAILED;
}

static void
keep_reason(struct event *event, const struct reason *reason, const struct conf *conf)
{
	if (reason->kind == REASON_NONE)
		return;
	event->reason = reason_name(reason->kind);
	keep_name(event->server, conf, reason->server);
	if (reason->kind == REASON_DEAD || reason->kind == REASON_ISOLATED)
		event->silent_ns = reason->silent_ns;
	if (reason->kind == REASON_DEAD)
		event->probes = reason->probes;
}

const struct event *
events_report(struct events *events, const struct report *report, const struct conf *conf,
    uint64_t wall_ms)
{
	enum report_level level = report_level(report);

	if (level == REPORT_DEBUG)
		return NULL;
	struct event *event =
	    next(events, report_kind_name(report->kind), level, wall_ms);
	report_format(report, conf, event->text, sizeof(event->text));
	if (has_address(report->kind))
		ip_format(&report->ip, event->address);
	if (report->kind == REPORT_STATE) {
		event->from = failover_state_name(report->from);
		event->to = failover_state_name(report->to);
		keep_reason(event, &report->reason, conf);
	} else if (report->kind == REPORT_PEER) {
		event->to = peer_state_name(report->peer);
		keep_reason(event, &report->reason, conf);
		keep_name(event->server, conf, report->server);
	} else if (report->kind == REPORT_CONFLICT || report->kind == REPORT_UNLISTED ||
		   report->kind == REPORT_UNHEARD || report->kind == REPORT_PLAN ||
		   report->kind == REPORT_PEER_HEALTH || report->kind == REPORT_PROXY) {
		keep_name(event->server, conf, report->server);
	} else if (report->kind == REPORT_CONFIRMED) {
		ip_format(&report->router, event->router);
	}
	if (report->kind == REPORT_CONFIRMED || report->kind == REPORT_LATE ||
	    report->kind == REPORT_ISOLATED)
		event->took_ns = report->took_ns;
	return event;
}

const struct event *
events_note(struct events *events, const char *kind, enum report_level level,
    const char *text, uint64_t wall_ms)
{
	struct event *event = next(events, kind, level, wall_ms);

	snprintf(event->text, sizeof(event->text), "%s", text);
	return event;
}

uint64_t
events_first(const struct events *events)
{
	return events->last > EVENTS_KEPT ? events->last - EVENTS_KEPT + 1 : 1;
}

const struct event *
events_at(const struct events *events, uint64_t number)
{
	assert(number >= events_first(events) && number <= events->last);
	return &events->ring[(number - 1) % EVENTS_KEPT];
}
