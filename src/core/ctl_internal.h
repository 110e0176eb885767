/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_internal.h - what the files of the control protocol share, and nobody else.
 *
 *   ctl.c            requests in
 *   ctl_json.c       answers for programs
 *   ctl_table.c      answers for people
 *   ctl_events.c     what has happened, for both
 *   ctl_snapshot.c   answers for vlbctl itself
 *   ctl_metrics.c    which metrics there are: the daemon, and what is counted
 *   ctl_metrics_state.c  likewise addresses, peers, routers, host
 *   ctl_exposition.c how metrics are written */
#ifndef VLBD_CTL_INTERNAL_H
#define VLBD_CTL_INTERNAL_H

#include "out.h"
#include "vlbd/ctl.h"

#define NEVER UINT64_MAX

/* The name of a server, or NULL for CONF_NONE. */
const char *ctl_owner_name(const struct engine *engine, int owner);
/* The name of self. */
const char *ctl_self_name(const struct ctl_scene *scene);
/* The words of what is counted: "claim", "release". */
const char *ctl_frame_name(enum frame_kind kind);

/* {"version":1,"server":"A" - without a comma behind it. */
void ctl_json_head(struct out *out, const struct ctl_scene *scene);
void ctl_json(struct out *out, const struct ctl_scene *scene, enum ctl_command command);
void ctl_table(struct out *out, const struct ctl_scene *scene, enum ctl_command command);
void ctl_events(
    struct out *out, const struct ctl_scene *scene, const struct ctl_request *request);
void ctl_snapshot(
    struct out *out, const struct ctl_scene *scene, const struct ctl_request *request);
void ctl_metrics_write(struct out *out, const struct ctl_scene *scene, bool json);

/* --- metrics, one family after the other ------------------------------------------- */

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_label {
	const char *name;
	const char *value; /* needs no escaping */
};

struct exposition {
	struct out *out;
	bool json;
	const char *cluster;
	const char *name; /* of the family; NULL: none yet */
	unsigned samples; /* of the family */
};

/* Labels for one sample. */
/* clang-format off */
#define LABEL(name, value) \
	((const struct metric_label[]){ { name, value }, { NULL, NULL } })
#define LABELS(name, value, other, word) \
	((const struct metric_label[]){ { name, value }, { other, word }, { NULL, NULL } })
/* clang-format on */

void metrics_of_addresses(struct exposition *exposition, const struct ctl_scene *scene);
void metrics_of_peers(struct exposition *exposition, const struct ctl_scene *scene);
void metrics_of_routers(struct exposition *exposition, const struct ctl_scene *scene);
void metrics_of_host(struct exposition *exposition, const struct ctl_scene *scene);

/* Begin the family NAME; HELP is one sentence without quotes and backslashes. */
void metric_family(struct exposition *exposition, const char *name, enum metric_type type,
    const char *help);
/* One sample of it; LABELS end with a NULL name, NULL is none. */
void metric_count(
    struct exposition *exposition, const struct metric_label *labels, uint64_t value);
void metric_seconds(
    struct exposition *exposition, const struct metric_label *labels, uint64_t ns);
/* Its samples, with upper bounds BOUNDS. */
void metric_histogram(struct exposition *exposition,
    const struct metrics_histogram *histogram, const uint64_t bounds[METRICS_BUCKETS]);
void metric_end(struct exposition *exposition);

#endif
