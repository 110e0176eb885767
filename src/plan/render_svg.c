/* SPDX-License-Identifier: BSD-2-Clause */
/* render_svg.c - the page: paper, headings, names; and the pieces in their order.
 *
 * Names are letters, digits, '.', '_' and '-', so no text needs escapes. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "render.h"
#include "svg.h"

void
svg_text(const struct svg *svg, double x, double y, const char *anchor, double size,
    const char *style, const char *format, ...)
{
	va_list arguments;

	fprintf(svg->out,
	    "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%.1f\" %s>", x, y,
	    anchor, size, style);
	va_start(arguments, format);
	vfprintf(svg->out, format, arguments);
	va_end(arguments);
	fputs("</text>\n", svg->out);
}

void
svg_box(const struct svg *svg, double x, double y, double width, double height,
    const char *fill)
{
	fprintf(svg->out,
	    "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\"/>\n",
	    x, y, width, height, fill);
}

void
svg_heading(struct svg *svg, const char *title, const char *how)
{
	svg->y += 34;
	svg_text(
	    svg, SVG_MARGIN, svg->y, "start", 17, "font-weight=\"bold\"", "%s", title);
	svg->y += 19;
	svg_text(svg, SVG_MARGIN, svg->y, "start", 12.5, "fill=\"" SVG_PALE_INK "\"",
	    "%s", how);
	svg->y += 14;
}

void
svg_names(const struct svg *svg, double y, double height)
{
	double size = height < 13 ? height * 0.95 : height > 18 ? 13 : 12;

	for (unsigned s = 0; s < svg->conf->servers; s++)
		svg_text(svg, SVG_MARGIN + svg->label - 8,
		    y + height * (s + 0.5) + size * 0.35, "end", size, "", "%.24s",
		    svg->conf->server[s].name);
}

static double
label_width(const struct conf *conf)
{
	size_t longest = 2;

	for (unsigned s = 0; s < conf->servers; s++)
		if (strlen(conf->server[s].name) > longest)
			longest = strlen(conf->server[s].name);
	return 14 + 7.6 * (double)(longest < 24 ? longest : 24);
}

static int
draw(struct svg *svg)
{
	svg->y = 46;
	svg_text(svg, SVG_MARGIN, svg->y, "start", 24, "font-weight=\"bold\"",
	    "%u servers, %u addresses, %u tiers", svg->conf->servers,
	    svg->conf->addresses, plan_depth(svg->conf));
	svg_tiers(svg);
	int status = svg_loads(svg);
	return status == 0 ? svg_balance(svg) : status;
}

int
render_svg(FILE *out, const struct conf *conf)
{
	char *body = NULL;
	size_t size = 0;
	struct svg svg = { .conf = conf, .label = label_width(conf) };

	svg.out = open_memstream(&body, &size);
	if (svg.out == NULL)
		return run_error("out of memory");
	int status = draw(&svg);
	if (fclose(svg.out) != 0 && status == 0)
		status = run_error("out of memory");
	if (status == 0) {
		/* The names over the last columns lean to the right. */
		double width = SVG_MARGIN + svg.label + SVG_GRID + 80;
		double height = svg.y + SVG_MARGIN;

		fprintf(out,
		    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
		    "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" fill=\"" SVG_INK
		    "\" font-family=\"DejaVu Sans, Verdana, Helvetica, Arial, "
		    "sans-serif\">\n"
		    "<title>%u servers, %u addresses</title>\n"
		    "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
		    width, height, width, height, conf->servers, conf->addresses);
		fwrite(body, 1, size, out);
		fputs("</svg>\n", out);
	}
	free(body);
	return status;
}
