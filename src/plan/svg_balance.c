/* SPDX-License-Identifier: BSD-2-Clause */
/* svg_balance.c - the busiest server after so many failures, against the best there can
 * be, as bars. */
#include <inttypes.h>
#include <stdlib.h>

#include "options.h"
#include "planning.h"
#include "render.h"
#include "svg.h"

enum { FAILURES = 3, SETS = 50000 };

static void
row_name(
    const struct balance_row *row, const struct racks *racks, char *text, size_t size)
{
	switch (row->kind) {
	case BALANCE_SERVERS:
		snprintf(text, size, "%u failed", row->failures);
		break;
	case BALANCE_RACK:
		snprintf(text, size, "rack %.12s", racks->name[row->rack]);
		break;
	case BALANCE_RACK_AND_ONE:
		snprintf(text, size, "a rack and one");
		break;
	}
}

static bool
is_weighted(const struct conf *conf)
{
	for (unsigned s = 1; s < conf->servers; s++)
		if (conf->server[s].weight != conf->server[0].weight)
			return true;
	return false;
}

/* With weights the busiest one is whose load exceeds its share by most. */
static void
row_text(const struct conf *conf, const struct balance_row *row, char *text, size_t size)
{
	char who[CONF_NAME + 8] = "", sets[60];

	if (is_weighted(conf))
		snprintf(who, sizeof who, "%s has ", conf->server[row->server].name);
	snprintf(sets, sizeof sets, "%s%" PRIu64 " set%s",
	    row->sampled ? "a sample of " : "", row->sets, row->sets == 1 ? "" : "s");
	if (row->unserved > 0)
		snprintf(text, size, "%s%u, and up to %u addresses have nobody left (%s)",
		    who, row->load, row->unserved, sets);
	else
		snprintf(text, size, "%s%u, where %u is the best (%s)", who, row->load,
		    row->bound, sets);
}

static void
draw_row(struct svg *svg, const struct racks *racks, const struct balance_row *row,
    double scale)
{
	char name[40], text[200];
	double x = SVG_MARGIN + 110, y = svg->y;

	row_name(row, racks, name, sizeof name);
	svg_text(svg, x - 10, y + 13, "end", 12.5, "", "%s", name);
	svg_box(svg, x, y, scale * (row->load - row->excess), 18, "#fec44f");
	if (row->excess > 0)
		svg_box(svg, x + scale * (row->load - row->excess), y,
		    scale * row->excess, 18, "#a63d07");
	row_text(svg->conf, row, text, sizeof text);
	svg_text(svg, x + scale * row->load + 8, y + 13, "start", 12.5, "", "%s", text);
	svg->y += 24;
}

int
svg_balance(struct svg *svg)
{
	struct plan_server server[PLAN_SERVERS];
	struct racks racks;
	unsigned rows, most = 1;
	struct balance_row *row = planning_balance(svg->conf, FAILURES, SETS, &rows);

	if (row == NULL)
		return EXIT_FAILURE;
	planning_servers(svg->conf, server, &racks);
	for (unsigned i = 0; i < rows; i++)
		if (row[i].load > most)
			most = row[i].load;
	svg_heading(svg, "The busiest server",
	    "How many addresses it has in the worst case. Yellow is what no plan can "
	    "avoid, dark what this plan has above it.");
	svg->y += 8;
	for (unsigned i = 0; i < rows; i++)
		draw_row(svg, &racks, &row[i], 560.0 / most);
	free(row);
	return 0;
}
