/* SPDX-License-Identifier: BSD-2-Clause */
/* draw.h - the live view on curses' screen. */
#ifndef VLBCTL_DRAW_H
#define VLBCTL_DRAW_H

#include "model.h"

struct view {
	int offset; /* lines of the matrix that are scrolled out above */
	int page;   /* lines of it that fit; draw() tells */
	const char
	    *notice; /* instead of the clock, or NULL: the daemon does not answer */
};

/* This host knows what TERM names. */
bool terminal_known(void);
/* Colours, where the terminal has them. After initscr(3). */
void draw_begin(void);
/* Draw it all, as far as the terminal is large enough. VIEW's offset is put right. */
void draw(const struct model *model, struct view *view);

#endif
