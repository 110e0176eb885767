/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_metrics.c - the keys of [metrics]. */
#include <stdio.h>
#include <string.h>

#include "conf_internal.h"

bool
conf_read_textfile(struct conf_reader *reader, const char *value)
{
	size_t len = strlen(value);

	if (value[0] != '/' || len >= CONF_PATH) {
		conf_wrong(reader,
		    "\"%.40s\" is not an absolute path of at most %d bytes; write one "
		    "such as "
		    "/var/lib/prometheus/node-exporter/vlbd.prom",
		    value, CONF_PATH - 1);
		return false;
	}
	/* node_exporter would pass over it without a word. */
	if (len < 6 || strcmp(value + len - 5, ".prom") != 0 || value[len - 6] == '/') {
		conf_wrong(reader,
		    "node_exporter reads only files whose names end in .prom; write one "
		    "such as vlbd.prom");
		return false;
	}
	snprintf(reader->conf->metrics.textfile, CONF_PATH, "%s", value);
	return true;
}

bool
conf_read_metrics_interval(struct conf_reader *reader, const char *value)
{
	static const struct conf_duration rule = { NULL, 0, SEC_NS, 3600 * SEC_NS, false,
		"1s to 1h" };

	return conf_read_duration(
	    reader, &rule, value, &reader->conf->metrics.interval_ns);
}
