/* SPDX-License-Identifier: BSD-2-Clause */
/* lines.h - the text of a vlb.ini(5), cut into lines, and what each of them is. */
#ifndef VLBD_PLAN_LINES_H
#define VLBD_PLAN_LINES_H

#include <stddef.h>

#include "vlbd/conf.h"

enum kind { LINE_HEAD, LINE_KEY, LINE_COMMENT, LINE_BLANK };

/* One line; pieces of it as offsets in the text. */
struct line {
	enum kind kind;
	size_t begin;   /* of the line */
	size_t value;   /* LINE_KEY: of the value */
	size_t comment; /* of the blanks in front of the comment, or of the line's end */
	size_t end;     /* of the line, without its line feed */
	size_t next;    /* of the line after it */
	char key[CONF_NAME];
	int server; /* whose section it stands in; CONF_NONE: another's */
	bool plan;  /* it stands in [plan] */
};

struct lines {
	unsigned count;
	struct line *line;
	const char *eol; /* how the first one ends */
};

/* Cut TEXT, a good file that says CONF. free(3) lines->line. 0; or -1: no memory. */
int lines_read(
    struct lines *lines, const char *text, size_t size, const struct conf *conf);
/* The tier that KEY is for, or CONF_NONE. */
int line_key_tier(const char *key);
bool is_blank(char c);

#endif
