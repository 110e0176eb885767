/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - the command line, as words. It refuses what cannot go together, so that no
 * option is ever quietly without effect. */
#include "options.h"

#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What getopt_long(3) returns for options without a letter. */
enum {
	OPT_SERVERS = 256,
	OPT_ADDRESSES,
	OPT_TIERS,
	OPT_WEIGHT,
	OPT_RACK,
	OPT_MAC,
	OPT_MACS,
	OPT_NETWORK,
	OPT_FORMAT,
	OPT_ADVISE,
	OPT_PATHS,
	OPT_UPDATE,
	OPT_ADD,
	OPT_REMOVE,
	OPT_MAX_EXCESS,
	OPT_ROUTES,
	OPT_EXTERNAL,
	OPT_SPLIT,
	OPT_ROUTER_INTERFACE,
	OPT_BASE
};

/* clang-format off */
static const struct option long_options[] = {
	{ "config",     required_argument, NULL, 'c' },
	{ "servers",    required_argument, NULL, OPT_SERVERS },
	{ "addresses",  required_argument, NULL, OPT_ADDRESSES },
	{ "tiers",      required_argument, NULL, OPT_TIERS },
	{ "weight",     required_argument, NULL, OPT_WEIGHT },
	{ "rack",       required_argument, NULL, OPT_RACK },
	{ "mac",        required_argument, NULL, OPT_MAC },
	{ "macs",       required_argument, NULL, OPT_MACS },
	{ "network",    required_argument, NULL, OPT_NETWORK },
	{ "format",     required_argument, NULL, OPT_FORMAT },
	{ "advise",     no_argument,       NULL, OPT_ADVISE },
	{ "paths",      required_argument, NULL, OPT_PATHS },
	{ "update",     no_argument,       NULL, OPT_UPDATE },
	{ "add",        required_argument, NULL, OPT_ADD },
	{ "remove",     required_argument, NULL, OPT_REMOVE },
	{ "dry-run",    no_argument,       NULL, 'n' },
	{ "max-excess", required_argument, NULL, OPT_MAX_EXCESS },
	{ "routes",     required_argument, NULL, OPT_ROUTES },
	{ "external",   required_argument, NULL, OPT_EXTERNAL },
	{ "split",      required_argument, NULL, OPT_SPLIT },
	{ "router-interface", required_argument, NULL, OPT_ROUTER_INTERFACE },
	{ "base",       required_argument, NULL, OPT_BASE },
	{ "version",    no_argument,       NULL, 'V' },
	{ "help",       no_argument,       NULL, 'h' },
	{ NULL,         0,                 NULL, 0 },
};

static const char *const formats[FORMATS] = {
	[FORMAT_INI] = "ini",     [FORMAT_CSV] = "csv", [FORMAT_JSON] = "json",
	[FORMAT_TABLE] = "table", [FORMAT_DOT] = "dot", [FORMAT_SVG] = "svg",
};
/* clang-format on */

__attribute__((format(printf, 1, 0))) static void
complain(const char *format, va_list arguments)
{
	fputs("vlbplan: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

int
usage_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
	return EXIT_USAGE;
}

int
run_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
	return EXIT_FAILURE;
}

int
output_end(void)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return EXIT_SUCCESS;
	return run_error("the output cannot be written: %s", strerror(errno));
}

static bool
take_format(struct options *options, const char *text)
{
	for (enum format at = FORMAT_NONE + 1; at < FORMATS; at++)
		if (strcmp(formats[at], text) == 0) {
			options->format = at;
			return true;
		}
	usage_error(
	    "--format: there is no `%s'; write ini, csv, json, table, dot or svg", text);
	return false;
}

static bool
take_paths(struct options *options, const char *text)
{
	if (word_number(text, 4096, &options->paths) && options->paths >= 2)
		return true;
	usage_error("--paths: `%s' is out of bounds; write a number from 2 to 4096, of "
		    "next hops",
	    text);
	return false;
}

static bool
take_split(struct options *options, const char *text)
{
	if (word_number(text, 4096, &options->split) && options->split >= 1)
		return true;
	usage_error("--split: `%s' is out of bounds; write 1, 2, 4, 8...", text);
	return false;
}

static bool
set_action(struct options *options, enum action action)
{
	if (options->action != ACTION_MAKE && options->action != action) {
		usage_error(
		    "choose one of check, --advise, --update and --routes, not two");
		return false;
	}
	options->action = action;
	return true;
}

/* The list that the option adds to, or NULL. */
static struct words *
words_of(struct options *options, int option)
{
	switch (option) {
	case OPT_SERVERS:
		return &options->servers;
	case OPT_ADDRESSES:
		return &options->addresses;
	case OPT_WEIGHT:
		return &options->weights;
	case OPT_RACK:
		return &options->racks;
	case OPT_MAC:
		return &options->macs;
	case OPT_ADD:
		return &options->adds;
	case OPT_REMOVE:
		return &options->removes;
	case OPT_MAX_EXCESS:
		return &options->max_excess;
	case OPT_EXTERNAL:
		return &options->external;
	case OPT_BASE:
		return &options->bases;
	default:
		return NULL;
	}
}

/* Where the option's one value goes, or NULL. */
static const char **
word_of(struct options *options, int option)
{
	switch (option) {
	case 'c':
		return &options->config;
	case OPT_MACS:
		return &options->macs_file;
	case OPT_NETWORK:
		return &options->network;
	case OPT_TIERS:
		return &options->tiers;
	case OPT_ROUTES:
		return &options->routes;
	case OPT_ROUTER_INTERFACE:
		return &options->router_interface;
	default:
		return NULL;
	}
}

static const char *
name_of(int option)
{
	const struct option *at = long_options;

	while (at->name != NULL && at->val != option)
		at++;
	return at->name;
}

static bool
take_word(struct options *options, int option, const char *text)
{
	struct words *words = words_of(options, option);
	const char **word = word_of(options, option);

	if (words != NULL) {
		if (words->count == OPTION_WORDS) {
			usage_error("--%s: given more than %d times; write lists, with "
				    "commas",
			    name_of(option), OPTION_WORDS);
			return false;
		}
		words->word[words->count++] = text;
	} else if (word != NULL) {
		if (*word != NULL) {
			usage_error("--%s: given twice; remove one", name_of(option));
			return false;
		}
		*word = text;
	}
	return true;
}

static bool
take_option(struct options *options, int option, const char *text)
{
	switch (option) {
	case OPT_FORMAT:
		return take_format(options, text);
	case OPT_PATHS:
		return take_paths(options, text);
	case OPT_SPLIT:
		return take_split(options, text);
	case OPT_ADVISE:
		return set_action(options, ACTION_ADVISE);
	case OPT_UPDATE:
		return set_action(options, ACTION_UPDATE);
	case OPT_ROUTES:
		return set_action(options, ACTION_ROUTES) &&
		       take_word(options, option, text);
	case 'n':
		options->dry_run = true;
		return true;
	default:
		return take_word(options, option, text);
	}
}

#define ON(action) (1u << (action))

/* Options that would have no effect with this action are refused. */
static bool
has_effect(const struct options *options)
{
	unsigned fresh = ON(ACTION_MAKE) | ON(ACTION_UPDATE);
	unsigned any = fresh | ON(ACTION_SHOW) | ON(ACTION_CHECK) | ON(ACTION_ROUTES);

	if (options->config == NULL)
		fresh |= ON(ACTION_CHECK) | ON(ACTION_ROUTES);
	const struct {
		bool given;
		unsigned actions;
		const char *name, *where;
	} rules[] = {
		{ options->adds.count > 0, ON(ACTION_UPDATE), "--add", "--update" },
		{ options->removes.count > 0, ON(ACTION_UPDATE), "--remove", "--update" },
		{ options->dry_run, ON(ACTION_UPDATE), "--dry-run", "--update" },
		{ options->max_excess.count > 0, ON(ACTION_CHECK), "--max-excess",
		    "check" },
		{ options->external.count > 0, ON(ACTION_ROUTES), "--external",
		    "--routes" },
		{ options->split > 0, ON(ACTION_ROUTES), "--split", "--routes" },
		{ options->router_interface != NULL, ON(ACTION_ROUTES),
		    "--router-interface", "--routes" },
		{ options->bases.count > 0, ON(ACTION_ROUTES), "--base", "--routes dai" },
		{ options->paths > 0, ON(ACTION_ROUTES) | ON(ACTION_ADVISE), "--paths",
		    "--advise or --routes" },
		{ options->format != FORMAT_NONE, ON(ACTION_MAKE) | ON(ACTION_SHOW),
		    "--format", "--servers or -c alone" },
		{ options->addresses.count > 0, fresh, "--addresses",
		    "--servers or --update" },
		{ options->tiers != NULL, fresh, "--tiers", "--servers or --update" },
		{ options->weights.count > 0, fresh, "--weight",
		    "--servers or --update" },
		{ options->racks.count > 0,
		    fresh | (options->config == NULL ? ON(ACTION_ADVISE) : 0), "--rack",
		    "--servers or --update" },
		{ options->macs.count > 0, fresh, "--mac", "--servers or --update" },
		{ options->macs_file != NULL, fresh, "--macs", "--servers or --update" },
		{ options->network != NULL, any, "--network",
		    "lists, not with --advise" },
	};

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		if (!rules[i].given || (rules[i].actions & ON(options->action)) != 0)
			continue;
		usage_error("%s goes with %s; add that, or remove %s", rules[i].name,
		    rules[i].where, rules[i].name);
		return false;
	}
	return true;
}

static bool
fits_together(struct options *options)
{
	if (options->action == ACTION_MAKE && options->config != NULL)
		options->action = ACTION_SHOW;
	if (options->config != NULL && options->servers.count > 0) {
		usage_error("the servers are those of -c %s or those of --servers; "
			    "remove one of the two",
		    options->config);
		return false;
	}
	if (options->action == ACTION_UPDATE && options->config == NULL) {
		usage_error("--update needs the file to change; add -c FILE");
		return false;
	}
	return has_effect(options);
}

/* The words that are no options. */
static bool
take_rest(struct options *options, int argc, char **argv)
{
	for (int i = optind; i < argc; i++) {
		if (strcmp(argv[i], "check") == 0) {
			if (!set_action(options, ACTION_CHECK))
				return false;
			continue;
		}
		usage_error("`%s' is no option and no command; the command is check, and "
			    "`vlbplan --help' lists the options",
		    argv[i]);
		return false;
	}
	return true;
}

bool
options_parse(struct options *options, int argc, char **argv, int *status)
{
	int option;

	memset(options, 0, sizeof *options);
	*status = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "c:nVh", long_options, NULL)) != -1) {
		if (option == 'h' || option == 'V') {
			if (option == 'h')
				fputs(options_help, stdout);
			else
				printf("vlbplan %s\n", PACKAGE_VERSION);
			*status = EXIT_SUCCESS;
			return false;
		}
		if (option == '?') {
			fputs("Try `vlbplan --help'.\n", stderr);
			return false;
		}
		if (!take_option(options, option, optarg))
			return false;
	}
	if (argc < 2) {
		fputs(options_help, stderr);
		return false;
	}
	return take_rest(options, argc, argv) && fits_together(options);
}
