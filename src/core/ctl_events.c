/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_events.c - what has happened of late, for people and for programs. */
#include <inttypes.h>

#include "ctl_internal.h"

static const char *
level_name(enum report_level level)
{
	switch (level) {
	case REPORT_ERR:
		return "error";
	case REPORT_WARN:
		return "warning";
	case REPORT_INFO:
		return "info";
	case REPORT_DEBUG:
	default:
		return "debug";
	}
}

static void
put_key(struct out *out, const char *key, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	put(out, ",\"%s\":", key);
	put_string(out, value);
}

/* What does not apply is left out. */
static void
json_event(struct out *out, const struct event *event)
{
	put(out, "\"event\":%" PRIu64 ",\"time\":\"", event->number);
	put_time(out, event->wall_ms);
	put(out, "\"");
	put_key(out, "level", level_name(event->level));
	put_key(out, "kind", event->kind);
	put_key(out, "address", event->address);
	put_key(out, "from", event->from);
	put_key(out, "to", event->to);
	put_key(out, "reason", event->reason);
	put_key(out, "peer", event->server);
	put_key(out, "router", event->router);
	if (event->silent_ns != NEVER) {
		put(out, ",\"silent_ms\":");
		put_ms(out, event->silent_ns);
		put(out, ",\"probes\":%u", event->probes);
	}
	if (event->took_ns != NEVER) {
		put(out, ",\"took_ms\":");
		put_ms(out, event->took_ns);
	}
	put_key(out, "text", event->text);
}

static void
line_of_event(
    struct out *out, const struct ctl_scene *scene, const struct event *event, bool json)
{
	if (json) {
		ctl_json_head(out, scene);
		put(out, ",");
		json_event(out, event);
		put(out, "}\n");
	} else {
		put_time(out, event->wall_ms);
		put(out, " %s\n", event->text);
	}
}

void
ctl_events(
    struct out *out, const struct ctl_scene *scene, const struct ctl_request *request)
{
	uint64_t first = events_first(scene->events);
	uint64_t last = scene->events->last;
	bool whole = request->json && !request->follow; /* one object */

	if (last - first + 1 > request->lines)
		first = last - request->lines + 1;
	if (whole) {
		ctl_json_head(out, scene);
		put(out, ",\"events\":[");
	}
	for (uint64_t number = first; number <= last; number++) {
		const struct event *event = events_at(scene->events, number);
		if (!whole) {
			line_of_event(out, scene, event, request->json);
			continue;
		}
		put(out, "%s{", number > first ? "," : "");
		json_event(out, event);
		put(out, "}");
	}
	if (whole)
		put(out, "]}\n");
}

size_t
ctl_event(const struct ctl_scene *scene, const struct event *event, bool json, char *text,
    size_t size)
{
	struct out out = { .text = text, .size = size };

	line_of_event(&out, scene, event, json);
	return out.len;
}
