/* SPDX-License-Identifier: BSD-2-Clause */
/* svg.h - pieces of the picture of a plan; each draws itself below what is there.
 *
 * Colours are told apart by people who see red and green alike (Okabe and Ito's for the
 * tiers, one hue that darkens for load), and figures stand in the cells as well. */
#ifndef VLBD_PLAN_SVG_H
#define VLBD_PLAN_SVG_H

#include <stdio.h>

#include "vlbd/balance.h"
#include "vlbd/conf.h"

#define SVG_MARGIN 28.0
#define SVG_GRID 1080.0 /* widest grid of cells */
#define SVG_INK "#1a1a1a"
#define SVG_PALE_INK "#6b6b6b"
#define SVG_EMPTY "#f4f4f2" /* a cell with nothing in it */

struct svg {
	FILE *out;
	const struct conf *conf;
	double y;     /* the next free line */
	double label; /* width of the servers' names */
};

/* Text at X, Y (its base line). ANCHOR: start, middle, end. STYLE: attributes more. */
void svg_text(const struct svg *svg, double x, double y, const char *anchor, double size,
    const char *style, const char *format, ...) __attribute__((format(printf, 7, 8)));
void svg_box(const struct svg *svg, double x, double y, double width, double height,
    const char *fill);
/* A heading, and a line that says how to read what follows. */
void svg_heading(struct svg *svg, const char *title, const char *how);
/* Names of the servers, one for each row of HEIGHT, from Y down. */
void svg_names(const struct svg *svg, double y, double height);

void svg_tiers(struct svg *svg);  /* servers by addresses, coloured by tier */
int svg_loads(struct svg *svg);   /* servers by failures, coloured by load */
int svg_balance(struct svg *svg); /* the figures, against the best there can be */

#endif
