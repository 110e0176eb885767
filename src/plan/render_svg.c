/* SPDX-License-Identifier: BSD-2-Clause */
/* render_svg.c - a picture of a plan. */
#include "render.h"

int
render_svg(FILE *out, const struct conf *conf)
{
	(void)out;
	(void)conf;
	return run_error("this is not built yet");
}
