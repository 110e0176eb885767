/* SPDX-License-Identifier: BSD-2-Clause */
/* routes_print.c - fill in a router's templates. */
#include <stdarg.h>
#include <string.h>

#include "routes.h"

enum { WORD = 64, LINE = 90 };

/* What stands for the words in braces. */
struct words {
	char prefix[WORD];
	char network[WORD];
	char mask[WORD];
	char hop[WORD];
	char hops[WORD];
	char ecmp[WORD];
	char interface[WORD];
	char port[WORD];
	char dev[WORD + 8];
	char on[WORD + 8];
};

static const char *
word_of(const struct words *words, const char *name, size_t len)
{
	const struct {
		const char *name;
		const char *text;
	} all[] = {
		{ "prefix", words->prefix },
		{ "network", words->network },
		{ "mask", words->mask },
		{ "hop", words->hop },
		{ "hops", words->hops },
		{ "ecmp", words->ecmp },
		{ "interface", words->interface },
		{ "port", words->port },
		{ "dev", words->dev },
		{ "on", words->on },
	};

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strlen(all[i].name) == len && memcmp(all[i].name, name, len) == 0)
			return all[i].text;
	return NULL;
}

/* TEMPLATE with its words; each line behind LEAD, if that is not NULL. A brace that
 * holds no word is text: several languages have them. */
static void
fill(FILE *out, const char *template, const struct words *words, const char *lead)
{
	bool at_line = true;

	if (template == NULL)
		return;
	for (const char *at = template; *at != '\0'; at++) {
		const char *end = *at == '{' ? strchr(at, '}') : NULL;
		const char *text =
		    end != NULL ? word_of(words, at + 1, (size_t)(end - at - 1)) : NULL;
		if (at_line && lead != NULL)
			fprintf(out, "%s ", lead);
		at_line = *at == '\n';
		if (text != NULL) {
			fputs(text, out);
			at = end;
		} else {
			fputc(*at, out);
		}
	}
}

static void
set_interface(struct words *words, const char *interface)
{
	snprintf(
	    words->interface, WORD, "%s", interface != NULL ? interface : "<interface>");
	snprintf(words->port, WORD, "%.*s", (int)strcspn(words->interface, "."),
	    words->interface);
	if (interface == NULL)
		return;
	snprintf(words->dev, sizeof(words->dev), " dev %s", words->interface);
	snprintf(words->on, sizeof(words->on), " %s", words->interface);
}

static void
set_range(struct words *words, const struct conf_range *range)
{
	struct ip mask =
	    ip_v4(range->prefix == 0 ? 0 : UINT32_MAX << (32 - range->prefix));
	char text[IP_TEXT];

	ip_format(&range->ip, text);
	/* ip_format() has a dash for 0.0.0.0; a router wants the number. */
	snprintf(words->network, WORD, "%s", ip_is_none(&range->ip) ? "0.0.0.0" : text);
	snprintf(words->prefix, WORD, "%.*s/%u", IP_TEXT, words->network, range->prefix);
	ip_format(&mask, text);
	snprintf(words->mask, WORD, "%s", ip_is_none(&mask) ? "0.0.0.0" : text);
}

static unsigned
set_hops(struct words *words, const struct routes *routes, unsigned part)
{
	unsigned addresses = routes->wish->conf->addresses;
	unsigned hops = 0, ecmp = 16;

	for (unsigned a = 0; a < addresses; a++)
		hops += routes->part[a] == part;
	while (ecmp * routes->parts < addresses)
		ecmp *= 2;
	snprintf(words->hops, WORD, "%u", hops);
	snprintf(words->ecmp, WORD, "%u", ecmp);
	return hops;
}

/* PART of RANGE: its halves, quarters... in order. */
static struct conf_range
cut(const struct conf_range *range, unsigned parts, unsigned part)
{
	struct conf_range piece = *range;

	while (parts > 1) {
		piece.prefix++;
		parts /= 2;
	}
	if (part > 0)
		piece.ip = ip_v4(
		    ip_v4_value(&range->ip) + ((uint32_t)part << (32 - piece.prefix)));
	return piece;
}

/* After one failure, the most that a survivor serves of PART. */
static unsigned
worst_load(const struct routes *routes, unsigned part)
{
	const struct conf *conf = routes->wish->conf;
	unsigned worst = 0;

	for (unsigned dead = 0; dead < conf->servers; dead++)
		for (unsigned s = 0; s < conf->servers; s++) {
			if (s == dead)
				continue;
			unsigned load =
			    routes_load(conf, routes->part, part, (int)dead, s);
			worst = load > worst ? load : worst;
		}
	return worst;
}

void
routes_comment(FILE *out, const char *lead, const char *format, ...)
{
	char text[ROUTES_TEXT + 200];
	size_t column = 0;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (const char *word = text; *word != '\0';) {
		size_t len = strcspn(word, " ");
		if (column == 0 || column + 1 + len > LINE) {
			fprintf(out, "%s%s", column == 0 ? "" : "\n", lead);
			column = strlen(lead);
		}
		fprintf(out, " %.*s", (int)len, word);
		column += 1 + len;
		word += len + strspn(word + len, " ");
	}
	fputc('\n', out);
}

/* What a part means for the servers, and for the ranges that are routed through it. */
static void
print_shares(FILE *out, const struct routes *routes, unsigned part, struct words *words)
{
	const struct conf *conf = routes->wish->conf;
	unsigned hops = set_hops(words, routes, part);
	unsigned least = CONF_ADDRESSES, most = 0;
	char shares[2 * WORD], ranges[CONF_EXTERNALS * 20 + 1] = "";
	size_t used = 0;

	for (unsigned s = 0; s < conf->servers; s++) {
		unsigned load = routes_load(conf, routes->part, part, CONF_NONE, s);
		if (conf->server[s].weight == 0)
			continue;
		least = load < least ? load : least;
		most = load > most ? load : most;
	}
	for (unsigned e = 0; e < routes->externals; e++) {
		struct conf_range piece = cut(&routes->external[e], routes->parts, part);
		set_range(words, &piece);
		used += (size_t)snprintf(ranges + used, sizeof(ranges) - used, "%s%s",
		    e == 0 ? "" : ", ", words->prefix);
	}
	if (least == most)
		snprintf(shares, sizeof(shares), "%u", most);
	else
		snprintf(shares, sizeof(shares), "%u to %u", least, most);
	routes_comment(out, routes->router->comment,
	    "%s: %u next hops; each server serves %s of them, after one failure %u at "
	    "most.",
	    ranges, hops, shares, worst_load(routes, part));
}

static void
print_hops(FILE *out, const struct routes *routes, unsigned part, struct words *words)
{
	const struct conf *conf = routes->wish->conf;

	for (unsigned a = 0; a < conf->addresses; a++) {
		if (routes->part[a] != part)
			continue;
		ip_format(&conf->address[a].ip, words->hop);
		fill(out, routes->router->hop, words, NULL);
	}
}

static void
print_part(FILE *out, const struct routes *routes, unsigned part, struct words *words)
{
	set_hops(words, routes, part);
	for (unsigned e = 0; e < routes->externals; e++) {
		struct conf_range piece = cut(&routes->external[e], routes->parts, part);
		set_range(words, &piece);
		fill(out, routes->router->begin, words, NULL);
		print_hops(out, routes, part, words);
		fill(out, routes->router->end, words, NULL);
	}
}

static void
print_checks(FILE *out, const struct routes *routes, struct words *words)
{
	const char *lead = routes->router->comment;

	fprintf(out, "%s\n%s To see that all of it is in:\n", lead, lead);
	for (unsigned part = 0; part < routes->parts; part++) {
		set_hops(words, routes, part);
		for (unsigned e = 0; e < routes->externals; e++) {
			struct conf_range piece =
			    cut(&routes->external[e], routes->parts, part);
			set_range(words, &piece);
			fill(out, routes->router->check, words, lead);
		}
	}
}

static bool
wants_interface(const struct router *router)
{
	return strstr(router->hop, "{interface}") != NULL ||
	       (router->settings != NULL && strstr(router->settings, "{port}") != NULL);
}

static void
print_head(FILE *out, const struct routes *routes, struct words *words)
{
	const struct router *router = routes->router;
	char limit[ROUTES_TEXT / 2];

	routes_comment(out, router->comment,
	    "Static equal-cost routes for %s, by vlbplan.", router->title);
	if (router->run != NULL)
		routes_comment(out, router->comment,
		    "Tried, in this project's tests, on %s.", router->run);
	else
		routes_comment(out, routes->router->comment,
		    "Not run by us: from documentation. Check it as said below.");
	for (unsigned part = 0; part < routes->parts; part++)
		print_shares(out, routes, part, words);
	for (unsigned w = 0; w < routes->warnings; w++)
		routes_comment(
		    out, routes->router->comment, "WARNING: %s.", routes->warning[w]);
	if (routes->paths != 0)
		routes_comment(out, routes->router->comment,
		    "A route has at most the %u next hops that %s.", routes->paths,
		    routes_limit(routes, limit));
	if (routes->wish->interface == NULL && wants_interface(router))
		routes_comment(out, routes->router->comment,
		    "Replace <interface> by that towards the servers.");
	routes_comment(out, routes->router->comment,
	    "The router needs an address of the next hops' network on its interface.");
	set_hops(words, routes, 0);
	fill(out, router->settings, words, NULL);
}

void
routes_print(FILE *out, const struct routes *routes)
{
	static const char immortal[] =
	    "Nothing may watch these next hops (BFD, ping, tracking): vlbd keeps each "
	    "one\n"
	    "answered, and a withdrawn one would move the flows of all the others.\n"
	    "Every router that serves the range needs the same routes.\n";
	struct words words = { 0 };

	if (routes->router == NULL) {
		routes_print_dai(out, routes);
		return;
	}
	set_interface(&words, routes->wish->interface);
	print_head(out, routes, &words);
	for (unsigned part = 0; part < routes->parts; part++)
		print_part(out, routes, part, &words);
	fill(out, routes->router->finish, &words, NULL);
	print_checks(out, routes, &words);
	fprintf(out, "%s\n", routes->router->comment);
	fill(out, immortal, &words, routes->router->comment);
	fill(out, routes->router->notes, &words, routes->router->comment);
}
