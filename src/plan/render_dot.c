/* SPDX-License-Identifier: BSD-2-Clause */
/* render_dot.c - who takes over from whom, for graphviz.
 *
 * An arrow from A to B with the number of addresses that B takes over when A alone fails.
 * Racks are boxes. In an even plan all arrows look alike. */
#include <string.h>

#include "planning.h"
#include "render.h"

static void
print_node(FILE *out, const struct conf *conf, unsigned s)
{
	unsigned primaries = 0;

	for (unsigned a = 0; a < conf->addresses; a++)
		primaries += conf->address[a].server[0] == s;
	fprintf(out, "\t\t\"%s\" [label=\"%s\\n%u\"];\n", conf->server[s].name,
	    conf->server[s].name, primaries);
}

/* Nodes of one rack, or (0) of none. */
static void
print_rack(FILE *out, const struct conf *conf, const struct plan_server *server,
    const struct racks *racks, unsigned rack)
{
	if (rack == 0)
		fputs("\t{\n", out);
	else
		fprintf(out,
		    "\tsubgraph \"cluster_%s\" {\n\t\tlabel=\"rack %s\";\n"
		    "\t\tcolor=\"#999999\"; fontname=\"sans-serif\";\n",
		    racks->name[rack], racks->name[rack]);
	for (unsigned s = 0; s < conf->servers; s++)
		if (server[s].rack == rack)
			print_node(out, conf, s);
	fputs("\t}\n", out);
}

/* How many addresses of each server each other one takes over. The largest and the least
 * of them, without none at all. */
static void
count_heirs(const struct conf *conf, unsigned heirs[CONF_SERVERS][CONF_SERVERS],
    unsigned *least, unsigned *most)
{
	memset(heirs, 0, CONF_SERVERS * sizeof heirs[0]);
	*least = CONF_ADDRESSES;
	*most = 1;
	for (unsigned a = 0; a < conf->addresses; a++)
		if (conf->address[a].tiers > 1)
			heirs[conf->address[a].server[0]][conf->address[a].server[1]]++;
	for (unsigned s = 0; s < conf->servers; s++)
		for (unsigned heir = 0; heir < conf->servers; heir++) {
			unsigned count = heirs[s][heir];
			if (count > *most)
				*most = count;
			if (count > 0 && count < *least)
				*least = count;
		}
}

/* Thicker for more. */
static void
print_arrows(FILE *out, const struct conf *conf)
{
	static unsigned heirs[CONF_SERVERS][CONF_SERVERS];
	unsigned least, most;

	count_heirs(conf, heirs, &least, &most);
	for (unsigned s = 0; s < conf->servers; s++)
		for (unsigned heir = 0; heir < conf->servers; heir++) {
			unsigned count = heirs[s][heir];
			if (count == 0)
				continue;
			fprintf(out,
			    "\t\"%s\" -> \"%s\" [label=\"%u\", penwidth=%.1f];\n",
			    conf->server[s].name, conf->server[heir].name, count,
			    least == most ? 1.2
					  : 0.8 + 2.4 * (count - least) / (most - least));
		}
}

int
render_dot(FILE *out, const struct conf *conf)
{
	struct plan_server server[PLAN_SERVERS];
	struct racks racks;

	planning_servers(conf, server, &racks);
	/* A ring shows best what is alike; but boxes around racks are not drawn in it. */
	fprintf(out,
	    "// An arrow from A to B: how many addresses B takes over when A fails.\n"
	    "// In a node: how many it has while nobody has failed.\n"
	    "digraph plan {\n"
	    "\t%s splines=true;\n"
	    "\tnode [shape=circle, style=filled, fillcolor=\"#cfe3f3\", "
	    "color=\"#0072b2\", fontname=\"sans-serif\"];\n"
	    "\tedge [color=\"#55555599\", fontname=\"sans-serif\", fontsize=10];\n",
	    racks.count > 0 ? "layout=fdp; K=1.8; sep=\"+16\";"
			    : "layout=circo; nodesep=0.6; mindist=1.6;");
	for (unsigned rack = 0; rack <= racks.count; rack++)
		print_rack(out, conf, server, &racks, rack);
	print_arrows(out, conf);
	fputs("}\n", out);
	return 0;
}
