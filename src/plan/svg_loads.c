/* SPDX-License-Identifier: BSD-2-Clause */
/* svg_loads.c - servers by failures: who has how much when these have failed.
 *
 * A column is a set of failed servers: none, each one, each two. Colour is load against
 * the server's share while nobody has failed, darker for more; a cell with more than the
 * best plan could have is framed. In an even plan every column has one colour, and no
 * frame is seen. */
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "planning.h"
#include "render.h"
#include "svg.h"

enum {
	PAIRS_UP_TO = 24, /* servers; with more, pairs are too many to draw */
	COLUMNS = 1 + PLAN_SERVERS + PAIRS_UP_TO * (PAIRS_UP_TO - 1) / 2,
	BAND = 60,
	SHADES = 7
};

/* One hue, from pale to dark (after ColorBrewer's YlOrBr). */
static const unsigned char shades[SHADES][3] = { { 255, 249, 219 }, { 254, 227, 145 },
	{ 254, 196, 79 }, { 254, 153, 41 }, { 217, 95, 14 }, { 166, 61, 7 },
	{ 102, 37, 6 } };

struct heat {
	struct plan_server server[PLAN_SERVERS];
	unsigned columns;
	uint64_t failed[COLUMNS];
	unsigned load[COLUMNS][PLAN_SERVERS];
	unsigned bound[COLUMNS][PLAN_SERVERS];
	double share[PLAN_SERVERS]; /* with nobody failed */
	double most;                /* times its share, of any cell */
};

/* --- reckoning ---------------------------------------------------------------------- */

static void
list_sets(struct heat *heat, unsigned servers)
{
	heat->failed[heat->columns++] = 0;
	for (unsigned a = 0; a < servers && servers > 1; a++)
		heat->failed[heat->columns++] = UINT64_C(1) << a;
	if (servers < 3 || servers > PAIRS_UP_TO)
		return;
	for (unsigned a = 0; a < servers; a++)
		for (unsigned b = a + 1; b < servers; b++)
			heat->failed[heat->columns++] = UINT64_C(1) << a | UINT64_C(1)
									       << b;
}

/* How many times its share; a server without one counts as the fullest. */
static double
heat_of(const struct heat *heat, unsigned column, unsigned s)
{
	unsigned load = heat->load[column][s];

	if (heat->share[s] > 0)
		return load / heat->share[s];
	return load > 0 ? heat->most : 0;
}

static int
reckon(struct heat *heat, const struct conf *conf)
{
	struct racks racks;
	unsigned weight = 0;
	uint8_t *memory;

	planning_servers(conf, heat->server, &racks);
	struct plan_lists lists = planning_rows(conf, &memory);
	if (memory == NULL)
		return EXIT_FAILURE;
	list_sets(heat, conf->servers);
	for (unsigned s = 0; s < conf->servers; s++)
		weight += heat->server[s].weight;
	for (unsigned s = 0; s < conf->servers; s++)
		heat->share[s] = weight == 0 ? 0
					     : (double)conf->addresses *
						   heat->server[s].weight / weight;
	heat->most = 1.5; /* else a tiny difference would look like a large one */
	for (unsigned c = 0; c < heat->columns; c++) {
		balance_load(&lists, conf->servers, heat->failed[c], heat->load[c]);
		balance_bound(heat->server, conf->servers, conf->addresses,
		    heat->failed[c], heat->bound[c]);
		for (unsigned s = 0; s < conf->servers; s++)
			if (heat->share[s] > 0 && heat_of(heat, c, s) > heat->most)
				heat->most = heat_of(heat, c, s);
	}
	free(memory);
	return 0;
}

/* --- drawing ------------------------------------------------------------------------ */

/* LEVEL 0..1 as a colour; the level of a share is 0. */
static void
shade(double level, char fill[8])
{
	double at = level <= 0 ? 0 : level >= 1 ? SHADES - 1 : level * (SHADES - 1);
	unsigned low = (unsigned)at < SHADES - 1 ? (unsigned)at : SHADES - 2;
	double part = at - low;
	unsigned rgb[3];

	for (unsigned i = 0; i < 3; i++)
		rgb[i] = (unsigned)(shades[low][i] * (1 - part) +
				    shades[low + 1][i] * part + 0.5);
	snprintf(fill, 8, "#%02x%02x%02x", rgb[0] & 0xff, rgb[1] & 0xff, rgb[2] & 0xff);
}

static double
level_of(const struct heat *heat, double times)
{
	return (times - 1) / (heat->most - 1);
}

static void
draw_legend(struct svg *svg, const struct heat *heat)
{
	double x = SVG_MARGIN, y = svg->y + 4;
	char fill[8];

	fputs("<defs><linearGradient id=\"heat\">", svg->out);
	for (unsigned i = 0; i < SHADES; i++) {
		shade((double)i / (SHADES - 1), fill);
		fprintf(svg->out, "<stop offset=\"%.3f\" stop-color=\"%s\"/>",
		    (double)i / (SHADES - 1), fill);
	}
	fputs("</linearGradient></defs>\n", svg->out);
	svg_box(svg, x, y, 180, 16, "url(#heat)");
	svg_text(svg, x + 190, y + 12.5, "start", 12.5, "",
	    "its share while all are up, to %.2f times that", heat->most);
	x += 500;
	fprintf(svg->out,
	    "<rect x=\"%.1f\" y=\"%.1f\" width=\"18\" height=\"14\" fill=\"#fee391\" "
	    "stroke=\"#000000\" stroke-width=\"2.2\"/>\n",
	    x + 1, y + 1);
	svg_text(svg, x + 28, y + 12.5, "start", 12.5, "", "more than the best there is");
	x += 226;
	svg_box(svg, x, y, 20, 16, SVG_EMPTY);
	svg_text(
	    svg, x + 10, y + 12, "middle", 11, "fill=\"" SVG_PALE_INK "\"", "\xc3\x97");
	svg_text(svg, x + 28, y + 12.5, "start", 12.5, "", "failed");
	svg->y += 20;
}

static void
draw_cell(const struct svg *svg, const struct heat *heat, unsigned c, unsigned s,
    double x, double y, double width, double height)
{
	char fill[8];
	double size = width >= 17 ? 10 : width * 0.5;

	if ((heat->failed[c] >> s & 1) != 0) {
		svg_text(svg, x + width / 2, y + height / 2 + 4, "middle", 11,
		    "fill=\"" SVG_PALE_INK "\"", "\xc3\x97");
		return;
	}
	double level = level_of(heat, heat_of(heat, c, s));
	bool above = heat->load[c][s] > heat->bound[c][s];
	shade(level, fill);
	svg_box(svg, x + 0.5, y + 0.5, width - 1, height - 1, fill);
	if (above)
		fprintf(svg->out,
		    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
		    "fill=\"none\" stroke=\"#000000\" stroke-width=\"2.2\"/>\n",
		    x + 1.6, y + 1.6, width - 3.2, height - 3.2);
	svg_text(svg, x + width / 2, y + height / 2 + size * 0.36, "middle", size,
	    level > 0.62 ? "fill=\"#ffffff\"" : "", "%u", heat->load[c][s]);
}

/* How many letters all names begin with; they tell nobody apart, and the rows have the
 * whole names. A number is not cut in two, and something is left of each name. */
static size_t
common_letters(const struct conf *conf)
{
	const char *first = conf->server[0].name;
	size_t same = strlen(first);

	for (unsigned s = 1; s < conf->servers; s++) {
		const char *name = conf->server[s].name;
		size_t at = 0;
		while (at < same && name[at] == first[at])
			at++;
		same = name[at] == '\0' && at > 0 ? at - 1 : at;
	}
	if (first[same] == '\0' && same > 0)
		same--;
	while (same > 0 && first[same - 1] >= '0' && first[same - 1] <= '9')
		same--;
	return same;
}

/* The names of those that failed, upwards. */
static void
draw_column_name(const struct svg *svg, const struct heat *heat, unsigned c, double x)
{
	char text[4 * CONF_NAME], style[80];
	size_t used = 0, skip = common_letters(svg->conf);

	text[0] = '\0';
	for (unsigned s = 0; s < svg->conf->servers; s++)
		if ((heat->failed[c] >> s & 1) != 0)
			used +=
			    (size_t)snprintf(text + used, sizeof text - used, "%s%.10s",
				used > 0 ? " " : "", svg->conf->server[s].name + skip);
	if (used == 0)
		snprintf(text, sizeof text, "none");
	snprintf(
	    style, sizeof style, "transform=\"rotate(-60 %.1f %.1f)\"", x, svg->y - 5);
	svg_text(svg, x, svg->y - 5, "start", 10, style, "%s", text);
}

/* How far the names reach up, at most ten letters of each. */
static double
names_height(const struct conf *conf)
{
	size_t longest = 1, skip = common_letters(conf);

	for (unsigned s = 0; s < conf->servers; s++)
		if (strlen(conf->server[s].name) > longest + skip)
			longest = strlen(conf->server[s].name) - skip;
	size_t letters = longest < 10 ? longest : 10;
	if (conf->servers <= PAIRS_UP_TO)
		letters = 2 * letters + 1;
	return 12 + 5.6 * (double)(letters > 4 ? letters : 4);
}

static void
draw_band(struct svg *svg, const struct heat *heat, unsigned first, unsigned count,
    double width)
{
	unsigned servers = svg->conf->servers;
	double height = 18, x = SVG_MARGIN + svg->label;

	svg->y += names_height(svg->conf) + 8;
	svg_names(svg, svg->y, height);
	svg_box(svg, x, svg->y, width * count, height * servers, SVG_EMPTY);
	for (unsigned i = 0; i < count; i++) {
		unsigned c = first + i;

		/* Lines between none, one and two failures. */
		if (c == 1 || c == 1 + servers)
			svg_box(svg, x + width * i - 1.5, svg->y, 3, height * servers,
			    SVG_INK);
		draw_column_name(svg, heat, c, x + width * (i + 0.5));
		for (unsigned s = 0; s < servers; s++)
			draw_cell(svg, heat, c, s, x + width * i, svg->y + height * s,
			    width, height);
	}
	svg->y += height * servers;
}

int
svg_loads(struct svg *svg)
{
	struct heat *heat = calloc(1, sizeof *heat);

	if (heat == NULL)
		return run_error("out of memory");
	int status = reckon(heat, svg->conf);
	if (status == 0) {
		unsigned bands = (heat->columns + BAND - 1) / BAND;
		unsigned columns = (heat->columns + bands - 1) / bands;
		double width = SVG_GRID / columns;

		svg_heading(svg, "Load after failures",
		    "A column is who has failed, a row a server; the figure is how many "
		    "addresses it then serves. Evenly coloured columns are an even "
		    "load.");
		draw_legend(svg, heat);
		for (unsigned first = 0; first < heat->columns; first += columns)
			draw_band(svg, heat, first,
			    heat->columns - first < columns ? heat->columns - first
							    : columns,
			    width > 34 ? 34 : width);
	}
	free(heat);
	return status;
}
