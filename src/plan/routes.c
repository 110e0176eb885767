/* SPDX-License-Identifier: BSD-2-Clause */
/* routes.c - can this router spread the range, and in how many parts? */
#include "routes.h"

#include <stdarg.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static bool
fail(struct routes *routes, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(routes->error, sizeof(routes->error), format, args);
	va_end(args);
	return false;
}

void
routes_warn(struct routes *routes, const char *format, ...)
{
	va_list args;

	if (routes->warnings == ROUTES_WARNINGS)
		return;
	va_start(args, format);
	vsnprintf(routes->warning[routes->warnings++], ROUTES_TEXT, format, args);
	va_end(args);
}

void
routes_help(FILE *out)
{
	for (unsigned i = 0; i < routers_count; i++)
		fprintf(out, "  %-11s %s%s\n", routers[i].name, routers[i].title,
		    routers[i].run != NULL ? "" : " (not run by us)");
	fprintf(out, "  %-11s %s\n", "dai",
	    "the access list of a switch that inspects ARP (not run by us)");
	fputs("These cannot, and --routes says why:", out);
	for (unsigned i = 0; i < unfit_count; i++)
		fprintf(out, "%s %s", i == 0 ? "" : ",", unfit_routers[i].name);
	fputc('\n', out);
}

static bool
find_router(struct routes *routes)
{
	const char *name = routes->wish->router;
	const struct unfit *unfit = unfit_by_name(name);
	char known[ROUTES_TEXT / 2] = "";
	size_t used = 0;

	routes->router = router_by_name(name);
	if (routes->router != NULL || strcmp(name, "dai") == 0)
		return true;
	if (unfit != NULL)
		return fail(routes, "no routes for %s: %s", name, unfit->why);
	for (unsigned i = 0; i < routers_count && used < sizeof(known); i++)
		used += (size_t)snprintf(
		    known + used, sizeof(known) - used, "%s, ", routers[i].name);
	return fail(routes, "there is no router `%s'; known are %sdai", name, known);
}

static bool
find_externals(struct routes *routes)
{
	const struct routes_wish *wish = routes->wish;

	routes->externals =
	    wish->externals != 0 ? wish->externals : wish->conf->externals;
	memcpy(routes->external,
	    wish->externals != 0 ? wish->external : wish->conf->external,
	    sizeof(routes->external));
	if (routes->externals == 0)
		return fail(routes, "what should the router send to the servers? "
				    "--external 203.0.113.0/24, "
				    "or `external = ' in [cluster]");
	return true;
}

/* How many next hops the router takes: what the user says, else what we know. */
static bool
find_paths(struct routes *routes)
{
	const struct router *router = routes->router;
	unsigned wanted = routes->wish->paths;

	if (router->hard && wanted > router->paths)
		return fail(routes, "--paths %u: %s takes no more than %u (%s)", wanted,
		    router->title, router->paths, router->limit);
	routes->paths = wanted != 0 ? wanted : router->paths;
	if (routes->paths == 0)
		routes_warn(routes,
		    "how many next hops a route may have is not documented for %s: check "
		    "it, "
		    "or say --paths",
		    router->title);
	return true;
}

const char *
routes_limit(const struct routes *routes, char text[ROUTES_TEXT / 2])
{
	if (routes->wish->paths != 0)
		snprintf(text, ROUTES_TEXT / 2, "--paths allows");
	else if (routes->router->hard)
		snprintf(
		    text, ROUTES_TEXT / 2, "it can have (%s)", routes->router->limit);
	else
		snprintf(text, ROUTES_TEXT / 2,
		    "are taken for granted (%s; --paths says otherwise)",
		    routes->router->limit);
	return text;
}

static unsigned
round_up(unsigned numerator, unsigned denominator)
{
	return (numerator + denominator - 1) / denominator;
}

static unsigned
log2_of(unsigned power)
{
	unsigned exponent = 0;

	while (power > 1) {
		power /= 2;
		exponent++;
	}
	return exponent;
}

/* As few parts as the router's next hops allow, or as many as the user says. A range is
 * cut in halves, so it is a power of two. */
static bool
find_parts(struct routes *routes)
{
	unsigned addresses = routes->wish->conf->addresses;
	unsigned split = routes->wish->split;
	char limit[ROUTES_TEXT / 2];
	unsigned need = 1;

	while (routes->paths != 0 && round_up(addresses, need) > routes->paths &&
	       need <= ROUTES_PARTS)
		need *= 2;
	if (split != 0 && (split > ROUTES_PARTS || (split & (split - 1)) != 0))
		return fail(routes, "--split is 1, 2, 4, 8... up to %u, not %u",
		    ROUTES_PARTS, split);
	if (need > ROUTES_PARTS)
		return fail(routes,
		    "%u addresses with %u next hops a route are more than %u parts: use "
		    "fewer "
		    "addresses (vlbplan --advise --paths %u)",
		    addresses, routes->paths, ROUTES_PARTS, routes->paths);
	if (split != 0 && split < need)
		return fail(routes,
		    "--split %u makes routes of %u next hops, and the router takes %u: "
		    "--split %u",
		    split, round_up(addresses, split), routes->paths, need);
	routes->parts = split != 0 ? split : need;
	if (split == 0 && need > 1)
		routes_warn(routes,
		    "%u addresses are more than the %u next hops that %s: each external "
		    "range "
		    "is cut into %u parts, with addresses of its own each",
		    addresses, routes->paths, routes_limit(routes, limit), need);
	return true;
}

static bool
check_ranges(struct routes *routes)
{
	char text[IP_TEXT];

	for (unsigned e = 0; e < routes->externals; e++) {
		const struct conf_range *range = &routes->external[e];
		if (range->prefix + log2_of(routes->parts) > 32)
			return fail(routes,
			    "%s/%u cannot be cut into %u parts: use at most %u addresses "
			    "(vlbplan --advise --paths %u), or a larger range",
			    ip_format(&range->ip, text), range->prefix, routes->parts,
			    routes->paths != 0 ? routes->paths : CONF_ADDRESSES,
			    routes->paths != 0 ? routes->paths : CONF_ADDRESSES);
	}
	return true;
}

/* Every server that is a primary at all must be one in every part. */
static bool
check_parts(struct routes *routes)
{
	const struct conf *conf = routes->wish->conf;

	for (unsigned s = 0; s < conf->servers; s++) {
		unsigned least = CONF_ADDRESSES, most = 0;
		for (unsigned p = 0; p < routes->parts; p++) {
			unsigned load = routes_load(conf, routes->part, p, CONF_NONE, s);
			least = load < least ? load : least;
			most = load > most ? load : most;
		}
		if (most > 0 && least == 0)
			return fail(routes,
			    "too few next hops: in %u parts, %s would get nothing of "
			    "some part "
			    "of the external range; %s",
			    routes->parts, conf->server[s].name,
			    routes->wish->split != 0
				? "cut it into fewer"
				: "use a router that takes more, or fewer servers");
	}
	return true;
}

/* The least and the most that a living server serves of PART. */
static void
spread(
    const struct routes *routes, unsigned part, int dead, unsigned *least, unsigned *most)
{
	const struct conf *conf = routes->wish->conf;

	*least = CONF_ADDRESSES;
	*most = 0;
	for (unsigned s = 0; s < conf->servers; s++) {
		unsigned load = routes_load(conf, routes->part, part, dead, s);
		if ((int)s == dead || conf->server[s].weight == 0)
			continue;
		*least = load < *least ? load : *least;
		*most = load > *most ? load : *most;
	}
}

static void
note_unevenness(struct routes *routes)
{
	unsigned servers = 0;

	for (unsigned s = 0; s < routes->wish->conf->servers; s++) {
		if (routes->wish->conf->server[s].weight > 1)
			return; /* meant to be uneven */
		servers += routes->wish->conf->server[s].weight;
	}
	for (unsigned p = 0; p < routes->parts; p++) {
		unsigned least, most;
		spread(routes, p, CONF_NONE, &least, &most);
		if (least < most) {
			routes_warn(routes,
			    "some external addresses are shared unevenly, %u to %u next "
			    "hops a "
			    "server: a multiple of %u addresses would be even",
			    least, most, servers * routes->parts);
			return;
		}
	}
}

bool
routes_decide(struct routes *routes, const struct routes_wish *wish)
{
	memset(routes, 0, sizeof(*routes));
	routes->wish = wish;
	routes->parts = 1;
	if (!find_router(routes))
		return false;
	if (wish->conf->addresses == 0)
		return fail(routes, "there are no failover addresses to route through");
	if (routes->router == NULL) {
		routes_decide_dai(routes);
		return true;
	}
	if (!find_externals(routes) || !find_paths(routes) || !find_parts(routes) ||
	    !check_ranges(routes))
		return false;
	routes_deal(wish->conf, routes->parts, routes->part);
	if (!check_parts(routes))
		return false;
	note_unevenness(routes);
	return true;
}
