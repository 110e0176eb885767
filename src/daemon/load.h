/* SPDX-License-Identifier: BSD-2-Clause */
/* load.h - the door to inih: vlb.ini to struct conf. */
#ifndef VLBD_LOAD_H
#define VLBD_LOAD_H

#include <stdio.h>

#include "vlbd/conf.h"

/* Read PATH into *conf. 0, or -1 with every mistake already told to stderr, one line
 * each, as "PATH:LINE: what is wrong; what to write" (or "PATH: ..." where no line is to
 * blame). *conf is only complete after 0. Plain lines, no log prefix: editors parse
 * them. */
int load_file(const char *path, struct conf *conf);
/* The same, and a hardware address may still be the placeholder (conf.h). */
int load_draft(const char *path, struct conf *conf);
/* The same from an open FILE, which is called PATH in what is told. */
int load_stream(FILE *file, const char *path, bool draft, struct conf *conf);

#endif
