/* SPDX-License-Identifier: BSD-2-Clause */
/* svg_tiers.c - servers by addresses, coloured by tier.
 *
 * A row is a server, a column an address. Many addresses are cut into bands, one below
 * the other. */
#include <stdlib.h>

#include "render.h"
#include "svg.h"

enum {
	COLORS = 7,
	FEW = 300, /* up to so many addresses, cells are large enough for a figure */
	BAND = 60, /* of those, in one band */
	NARROW_BAND = 240
};

/* Primary, secondary, tertiary, tier 4; what is deeper hardly ever serves, and fades. */
static const char *const fills[COLORS] = { "#0072b2", "#e69f00", "#009e73", "#cc79a7",
	"#b9b9b9", "#d2d2d2", "#e6e6e6" };
static const char *const inks[COLORS] = { "#ffffff", "#1a1a1a", "#ffffff", "#1a1a1a",
	"#1a1a1a", "#4d4d4d", "#6b6b6b" };

static unsigned
color_of(unsigned tier)
{
	return tier < COLORS ? tier : COLORS - 1;
}

static void
draw_legend(struct svg *svg)
{
	unsigned depth = plan_depth(svg->conf);
	double x = SVG_MARGIN;
	char name[CONF_NAME];

	svg->y += 4;
	for (unsigned tier = 0; tier < depth && tier < COLORS; tier++) {
		bool last = tier == COLORS - 1 && depth > COLORS;
		svg_box(svg, x, svg->y, 20, 16, fills[tier]);
		svg_text(svg, x + 10, svg->y + 12, "middle", 10,
		    inks[tier][1] == 'f' ? "fill=\"#ffffff\"" : "", "%u", tier + 1);
		svg_text(svg, x + 26, svg->y + 12.5, "start", 12.5, "", "%s%s",
		    conf_tier_name(tier, name), last ? " and deeper" : "");
		x += tier < 3 ? 116 : 78;
	}
	svg->y += 16;
}

/* The addresses of one column, as long as the column is wide enough. */
static void
draw_column_names(const struct svg *svg, unsigned first, unsigned count, double width)
{
	char text[IP_TEXT];
	double x = SVG_MARGIN + svg->label;

	for (unsigned i = 0; i < count; i++) {
		uint32_t value = ip_v4_value(&svg->conf->address[first + i].ip);
		/* Three digits are as wide as a narrow column: every second one then. */
		if (width >= 21 || (width >= 17 && i % 2 == 0))
			svg_text(svg, x + width * (i + 0.5), svg->y - 4, "middle",
			    width < 21 ? 8.5 : 10, "fill=\"" SVG_PALE_INK "\"", ".%u",
			    value & 0xff);
	}
	svg_text(svg, x, svg->y - (width >= 17 ? 18 : 5), "start", 11, "", "%s",
	    ip_format(&svg->conf->address[first].ip, text));
	svg_text(svg, x + width * count, svg->y - (width >= 17 ? 18 : 5), "end", 11, "",
	    "%s", ip_format(&svg->conf->address[first + count - 1].ip, text));
}

static void
draw_cell(const struct svg *svg, unsigned a, unsigned tier, double x, double y,
    double width, double height)
{
	const struct conf_address *address = &svg->conf->address[a];
	unsigned color = color_of(tier);
	double gap = width >= 17 ? 1 : width >= 4 ? 0.4 : 0;

	svg_box(svg, x + gap / 2, y + gap / 2, width - gap, height - gap, fills[color]);
	if (width < 17)
		return;
	fprintf(svg->out,
	    "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" font-size=\"10\" "
	    "fill=\"%s\">%u",
	    x + width / 2, y + height / 2 + 3.6, inks[color], tier + 1);
	char text[IP_TEXT], name[CONF_NAME];
	fprintf(svg->out, "<title>%s: %s %s</title></text>\n",
	    ip_format(&address->ip, text), conf_tier_name(tier, name),
	    svg->conf->server[address->server[tier]].name);
}

static void
draw_band(struct svg *svg, unsigned first, unsigned count, double width, double height)
{
	double x = SVG_MARGIN + svg->label;

	svg->y += width >= 17 ? 40 : 24;
	draw_column_names(svg, first, count, width);
	svg_box(svg, x, svg->y, width * count, height * svg->conf->servers, SVG_EMPTY);
	svg_names(svg, svg->y, height);
	for (unsigned i = 0; i < count; i++) {
		const struct conf_address *address = &svg->conf->address[first + i];
		for (unsigned tier = 0; tier < address->tiers; tier++)
			draw_cell(svg, first + i, tier, x + width * i,
			    svg->y + height * address->server[tier], width, height);
	}
	svg->y += height * svg->conf->servers;
}

void
svg_tiers(struct svg *svg)
{
	unsigned addresses = svg->conf->addresses;
	unsigned most = addresses <= FEW ? BAND : NARROW_BAND;
	/* Bands of one length, rather than a short one at the end. */
	unsigned bands = (addresses + most - 1) / most;
	unsigned columns = (addresses + bands - 1) / bands;
	double width = SVG_GRID / columns;
	double height = addresses <= FEW ? 18 : 7;

	if (width > 34)
		width = 34;
	svg_heading(svg, "Who serves what",
	    "A column is an address, a row a server. The address is served by its "
	    "primary; if that fails, by its secondary; and so on.");
	draw_legend(svg);
	for (unsigned first = 0; first < addresses; first += columns)
		draw_band(svg, first,
		    addresses - first < columns ? addresses - first : columns, width,
		    height);
}
