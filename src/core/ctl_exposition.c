/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_exposition.c - how metrics are written: Prometheus' text format 0.0.4, or JSON. */
#include <assert.h>
#include <inttypes.h>

#include "ctl_internal.h"

/* Every sample has the cluster: several daemons of a host may be read together. */
static void
json_labels(struct exposition *exposition, const struct metric_label *labels)
{
	put(exposition->out, "{\"cluster\":\"%s\"", exposition->cluster);
	for (const struct metric_label *l = labels; l != NULL && l->name != NULL; l++)
		put(exposition->out, ",\"%s\":\"%s\"", l->name, l->value);
	put(exposition->out, "}");
}

static void
text_labels(struct exposition *exposition, const struct metric_label *labels)
{
	put(exposition->out, "{cluster=\"%s\"", exposition->cluster);
	for (const struct metric_label *l = labels; l != NULL && l->name != NULL; l++)
		put(exposition->out, ",%s=\"%s\"", l->name, l->value);
	put(exposition->out, "}");
}

/* All but the value; SUFFIX is a histogram's, or "". */
static void
begin_sample(
    struct exposition *exposition, const char *suffix, const struct metric_label *labels)
{
	struct out *out = exposition->out;

	if (!exposition->json) {
		put(out, "%s%s", exposition->name, suffix);
		text_labels(exposition, labels);
		put(out, " ");
		return;
	}
	put(out, "%s{\"name\":\"%s%s\",\"labels\":", exposition->samples++ > 0 ? "," : "",
	    exposition->name, suffix);
	json_labels(exposition, labels);
	put(out, ",\"value\":");
}

static void
end_sample(struct exposition *exposition)
{
	put(exposition->out, exposition->json ? "}" : "\n");
}

static void
count_sample(struct exposition *exposition, const char *suffix,
    const struct metric_label *labels, uint64_t value)
{
	begin_sample(exposition, suffix, labels);
	put(exposition->out, "%" PRIu64, value);
	end_sample(exposition);
}

void
metric_count(
    struct exposition *exposition, const struct metric_label *labels, uint64_t value)
{
	count_sample(exposition, "", labels, value);
}

void
metric_seconds(
    struct exposition *exposition, const struct metric_label *labels, uint64_t ns)
{
	begin_sample(exposition, "", labels);
	put_seconds(exposition->out, ns);
	end_sample(exposition);
}

void
metric_family(struct exposition *exposition, const char *name, enum metric_type type,
    const char *help)
{
	static const char *const types[] = {
		[METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram",
	};
	struct out *out = exposition->out;
	bool first = exposition->name == NULL;

	if (!exposition->json) {
		put(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
	} else {
		put(out,
		    "%s{\"name\":\"%s\",\"type\":\"%s\",\"help\":", first ? "" : "]},",
		    name, types[type]);
		put_string(out, help);
		put(out, ",\"samples\":[");
	}
	exposition->name = name;
	exposition->samples = 0;
}

void
metric_end(struct exposition *exposition)
{
	if (exposition->json && exposition->name != NULL)
		put(exposition->out, "]}");
}

void
metric_histogram(struct exposition *exposition, const struct metrics_histogram *histogram,
    const uint64_t bounds[METRICS_BUCKETS])
{
	uint64_t sum = 0;
	char bound[32];

	for (unsigned i = 0; i < METRICS_BUCKETS; i++) {
		struct out text = { .text = bound, .size = sizeof(bound) };
		put_seconds(&text, bounds[i]);
		/* 0.050000000 -> 0.05; 1.000000000 -> 1.0 */
		while (text.len > 3 && bound[text.len - 1] == '0' &&
		       bound[text.len - 2] != '.')
			bound[--text.len] = '\0';
		const struct metric_label labels[] = { { "le", bound }, { NULL, NULL } };
		sum += histogram->bucket[i];
		count_sample(exposition, "_bucket", labels, sum);
	}
	const struct metric_label labels[] = { { "le", "+Inf" }, { NULL, NULL } };
	count_sample(exposition, "_bucket", labels, histogram->count);
	begin_sample(exposition, "_sum", NULL);
	put_seconds(exposition->out, histogram->sum_ns);
	end_sample(exposition);
	count_sample(exposition, "_count", NULL, histogram->count);
}
