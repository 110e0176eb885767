/* SPDX-License-Identifier: BSD-2-Clause */
/* render.h - a plan on paper: one function per format, each in its own file.
 *
 * CONF has lists. They return 0, or an exit status with the reason told. What could not
 * be written shows in ferror(OUT). */
#ifndef VLBD_PLAN_RENDER_H
#define VLBD_PLAN_RENDER_H

#include <stdio.h>

#include "options.h"
#include "vlbd/balance.h"
#include "vlbd/conf.h"

#define RENDER_LINE 197 /* bytes that vlb.ini(5) allows */

int render_ini(FILE *out, const struct conf *conf);   /* the [server] sections */
int render_csv(FILE *out, const struct conf *conf);   /* address,server0,server1,... */
int render_json(FILE *out, const struct conf *conf);  /* everything, for programs */
int render_table(FILE *out, const struct conf *conf); /* everything, for people */
int render_dot(FILE *out, const struct conf *conf);   /* who takes over from whom */
int render_svg(FILE *out, const struct conf *conf);   /* a picture */

/* Pieces of vlb.ini. What SERVER has in TIER, as lines of "HEAD list", each ended by EOL;
 * COMMENT goes behind the first. Nothing if it has nothing. */
void ini_tier(FILE *out, const struct conf *conf, unsigned server, unsigned tier,
    const char *head, const char *comment, const char *eol);
/* "02:00:00:00:00:01, ..." or the placeholder. */
void ini_macs(FILE *out, const struct conf_server *server);
/* A whole section [server NAME]. */
void ini_server(FILE *out, const struct conf *conf, unsigned server, const char *eol);
/* The deepest tier of any address, and 1. */
unsigned plan_depth(const struct conf *conf);

/* The table of what failures do; the rows are those of planning_balance(). */
void table_balance(
    FILE *out, const struct conf *conf, const struct balance_row *row, unsigned rows);

#endif
