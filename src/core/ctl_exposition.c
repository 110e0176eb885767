/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_exposition.c - how metrics are written: Prometheus' text format 0.0.4, or JSON. */

#include "ctl_internal.h"

/* Every sample has the cluster: several daemons of a host may be read together. */
static void
put_label(struct out *out, const char *before, const struct metric_label *label,
    const char *between)
{
	put_text(out, before);
	put_text(out, label->name);
	put_text(out, between);
	put_text(out, label->value);
	put_text(out, "\"");
}

static void
json_labels(struct exposition *exposition, const struct metric_label *labels)
{
	const struct metric_label cluster = { "cluster", exposition->cluster };

	put_label(exposition->out, "{\"", &cluster, "\":\"");
	for (const struct metric_label *l = labels; l != NULL && l->name != NULL; l++)
		put_label(exposition->out, ",\"", l, "\":\"");
	put_text(exposition->out, "}");
}

static void
text_labels(struct exposition *exposition, const struct metric_label *labels)
{
	const struct metric_label cluster = { "cluster", exposition->cluster };

	put_label(exposition->out, "{", &cluster, "=\"");
	for (const struct metric_label *l = labels; l != NULL && l->name != NULL; l++)
		put_label(exposition->out, ",", l, "=\"");
	put_text(exposition->out, "}");
}

/* All but the value; SUFFIX is a histogram's, or "". */
static void
begin_sample(
    struct exposition *exposition, const char *suffix, const struct metric_label *labels)
{
	struct out *out = exposition->out;

	if (!exposition->json) {
		put_text(out, exposition->name);
		put_text(out, suffix);
		text_labels(exposition, labels);
		put_text(out, " ");
		return;
	}
	put_text(out, exposition->samples++ > 0 ? ",{\"name\":\"" : "{\"name\":\"");
	put_text(out, exposition->name);
	put_text(out, suffix);
	put_text(out, "\",\"labels\":");
	json_labels(exposition, labels);
	put_text(out, ",\"value\":");
}

static void
end_sample(struct exposition *exposition)
{
	put_text(exposition->out, exposition->json ? "}" : "\n");
}

static void
count_sample(struct exposition *exposition, const char *suffix,
    const struct metric_label *labels, uint64_t value)
{
	begin_sample(exposition, suffix, labels);
	put_number(exposition->out, value);
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
