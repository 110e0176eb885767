/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h - the command line of vlbplan, as words; what they mean is found out later.
 *
 * Options may come in any order, so a value that names a server or an address is only
 * kept here. cluster.h makes a cluster of them. */
#ifndef VLBD_PLAN_OPTIONS_H
#define VLBD_PLAN_OPTIONS_H

#include <stdbool.h>

#include "exit.h"

#define OPTION_WORDS 256 /* how often one option may be given */

enum action {
	ACTION_MAKE,   /* lists for the servers and addresses of the command line */
	ACTION_SHOW,   /* the lists of a file, in another format */
	ACTION_CHECK,  /* how well lists are balanced */
	ACTION_ADVISE, /* how many addresses */
	ACTION_UPDATE, /* change a file in place */
	ACTION_ROUTES  /* what a router needs */
};

enum format {
	FORMAT_NONE, /* not given */
	FORMAT_INI,
	FORMAT_CSV,
	FORMAT_JSON,
	FORMAT_TABLE,
	FORMAT_DOT,
	FORMAT_SVG,
	FORMATS
};

/* The values of an option that may be given more than once. Each may be a list. */
struct words {
	unsigned count;
	const char *word[OPTION_WORDS];
};

struct options {
	enum action action;
	enum format format;
	const char *config; /* NULL: no file */
	struct words servers;
	struct words addresses;
	struct words weights;
	struct words racks;
	struct words macs;
	const char *macs_file;
	const char *network; /* NULL: not given */
	const char *tiers;   /* NULL: not given */
	struct words adds;
	struct words removes;
	bool dry_run;
	struct words max_excess;
	const char *routes; /* the router's name; NULL: not given */
	struct words external;
	struct words bases;
	const char *router_interface; /* NULL: not given */
	unsigned split;               /* parts of each external range; 0: not given */
	unsigned paths; /* equal-cost next hops that the router takes; 0: not given */
};

extern const char options_help[];

/* Fill *options. False: *status is how to exit; all is told (help and version are
 * printed). */
bool options_parse(struct options *options, int argc, char **argv, int *status);

/* "vlbplan: " and what is wrong, on stderr; returns EXIT_USAGE. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for what is not the command line's fault; returns EXIT_FAILURE. */
int run_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The end of standard output: EXIT_SUCCESS, or EXIT_FAILURE when not all was written. */
int output_end(void);

/* Walk the items of lists that are separated by commas. *AT begins as 0, REST as NULL.
 * The next item, without blanks around it, into ITEM. False: there is none. Too long an
 * item is cut, which no name and no address survives. */
bool words_next(const struct words *words, unsigned *at, const char **rest, char *item,
    unsigned size);
/* Cut "NAME=VALUE" in two, in place. False: there is no "=", or nothing on a side. */
bool word_split(char *item, const char **value);
/* All of TEXT is a whole number up to MOST. */
bool word_number(const char *text, unsigned most, unsigned *out);

#endif
