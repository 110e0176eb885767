/* SPDX-License-Identifier: BSD-2-Clause */
/* routes_command.c - `vlbplan --routes': the command line's wishes, and the answer. */
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "commands.h"
#include "ranges.h"
#include "routes.h"

enum { ITEM = 128, INTERFACE = 60 };

static bool
overlap(const struct conf_range *a, const struct conf_range *b)
{
	uint8_t prefix = a->prefix < b->prefix ? a->prefix : b->prefix;
	uint32_t mask = prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);

	return ((ip_v4_value(&a->ip) ^ ip_v4_value(&b->ip)) & mask) == 0;
}

/* A router that reached its next hops through themselves would reach nobody. */
static int
check_external(const struct conf *conf, const struct conf_range *range)
{
	char a[IP_TEXT], b[IP_TEXT];

	if (range->prefix == 0)
		return 0; /* the default route: more specific ones win */
	for (unsigned i = 0; i < conf->addresses; i++) {
		struct conf_range hop = { conf->address[i].ip, 32 };
		if (overlap(range, &hop))
			return usage_error("--external: %s/%u contains the failover "
					   "address %s; write the range that clients use",
			    ip_format(&range->ip, a), range->prefix,
			    ip_format(&hop.ip, b));
	}
	return 0;
}

static int
read_externals(struct routes_wish *wish, const struct options *options)
{
	char item[ITEM], a[IP_TEXT], b[IP_TEXT];
	const char *rest = NULL;
	unsigned at = 0;
	int status;

	while (words_next(&options->external, &at, &rest, item, sizeof item)) {
		if (wish->externals == CONF_EXTERNALS)
			return usage_error(
			    "--external: more than %d ranges; write fewer, larger ones",
			    CONF_EXTERNALS);
		struct conf_range *range = &wish->external[wish->externals];
		if (!network_parse(item, "external", range))
			return EXIT_USAGE;
		if ((status = check_external(wish->conf, range)) != 0)
			return status;
		for (unsigned e = 0; e < wish->externals; e++)
			if (overlap(range, &wish->external[e]))
				return usage_error(
				    "--external: %s/%u and %s/%u overlap; remove one",
				    ip_format(&wish->external[e].ip, a),
				    wish->external[e].prefix, ip_format(&range->ip, b),
				    range->prefix);
		wish->externals++;
	}
	return 0;
}

/* --base NAME=ADDRESS: what a server's interface has of its own. */
static int
read_bases(struct routes_wish *wish, const struct options *options)
{
	char item[ITEM];
	const char *rest = NULL, *value;
	unsigned at = 0;
	struct ip ip;

	while (words_next(&options->bases, &at, &rest, item, sizeof item)) {
		if (!word_split(item, &value) || !ip_parse(value, &ip))
			return usage_error(
			    "--base: `%s' is incomplete; write NAME=ADDRESS, "
			    "such as A=10.77.128.1",
			    item);
		int s = conf_server_by_name(wish->conf, item);
		if (s == CONF_NONE)
			return usage_error(
			    "--base: there is no server %s; write one of the servers",
			    item);
		if (conf_address_by_ip(wish->conf, &ip) != CONF_NONE)
			return usage_error("--base: %s is a failover address; write the "
					   "one that %s has of its own",
			    value, item);
		wish->base[s] = ip;
	}
	return 0;
}

static int
read_interface(struct routes_wish *wish, const struct options *options)
{
	const char *name = options->router_interface;

	if (name != NULL && (*name == '\0' || strlen(name) > INTERFACE ||
				strpbrk(name, " \t\r\n\"'\\{}") != NULL))
		return usage_error(
		    "--router-interface: `%.70s' is no interface; write its "
		    "name on the router, such as eth1 or ge-0/0/1.0",
		    name);
	wish->interface = name;
	return 0;
}

static int
answer(const struct routes_wish *wish)
{
	static struct routes routes;

	if (!routes_decide(&routes, wish))
		return usage_error("--routes: %s", routes.error);
	routes_print(stdout, &routes);
	for (unsigned w = 0; w < routes.warnings; w++)
		fprintf(stderr, "vlbplan: warning: %s\n", routes.warning[w]);
	return output_end();
}

int
routes_main(const struct options *options)
{
	struct routes_wish wish = {
		.router = options->routes,
		.paths = options->paths,
		.split = options->split,
	};
	struct conf *conf;
	int status;

	if (strcmp(wish.router, "help") == 0) {
		routes_help(stdout);
		return output_end();
	}
	if ((conf = cluster_open(options, &status)) == NULL)
		return status;
	wish.conf = conf;
	if ((status = read_externals(&wish, options)) == 0 &&
	    (status = read_bases(&wish, options)) == 0 &&
	    (status = read_interface(&wish, options)) == 0)
		status = answer(&wish);
	free(conf);
	return status;
}
