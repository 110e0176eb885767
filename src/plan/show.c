/* SPDX-License-Identifier: BSD-2-Clause */
/* show.c - print a plan, a new one or that of a file, in the format asked for. */
#include <stdlib.h>

#include "cluster.h"
#include "commands.h"
#include "render.h"

static int
render(const struct conf *conf, enum format format)
{
	switch (format) {
	case FORMAT_NONE:
	case FORMATS:
	case FORMAT_INI:
		return render_ini(stdout, conf);
	case FORMAT_CSV:
		return render_csv(stdout, conf);
	case FORMAT_JSON:
		return render_json(stdout, conf);
	case FORMAT_TABLE:
		return render_table(stdout, conf);
	case FORMAT_DOT:
		return render_dot(stdout, conf);
	case FORMAT_SVG:
		return render_svg(stdout, conf);
	}
	return EXIT_FAILURE;
}

int
show_main(const struct options *options)
{
	int status;
	struct conf *conf = cluster_open(options, &status);

	if (conf == NULL)
		return status;
	status = render(conf, options->format);
	free(conf);
	return status == 0 ? output_end() : status;
}
