/* SPDX-License-Identifier: BSD-2-Clause */
/* routes_dai.c - what a switch with dynamic ARP inspection must let through: who may say
 * which address, and how often. */
#include <inttypes.h>

#include "routes.h"
#include "vlbd/rate.h"

enum {
	MAC_DOTS = 15,
	MOST_LIMIT = 2048 /* of `ip arp inspection limit rate' */
};

/* 0200.0000.0001, as Cisco's switches write it. */
static const char *
with_dots(const struct mac *mac, char text[MAC_DOTS])
{
	const uint8_t *b = mac->byte;

	snprintf(text, MAC_DOTS, "%02x%02x.%02x%02x.%02x%02x", b[0], b[1], b[2], b[3],
	    b[4], b[5]);
	return text;
}

/* SERVER may say TEXT, an address, from each of its hardware addresses. */
static void
print_permit(FILE *out, const struct conf_server *server, const char *text)
{
	char dots[MAC_DOTS];

	for (unsigned m = 0; m < server->macs; m++)
		fprintf(out, " permit ip host %s mac host %s\n", text,
		    with_dots(&server->mac[m], dots));
	if (server->macs == 0)
		fprintf(
		    out, " permit ip host %s mac host <mac of %s>\n", text, server->name);
}

static void
print_list(FILE *out, const struct routes_wish *wish)
{
	const struct conf *conf = wish->conf;
	char text[IP_TEXT];

	fputs("arp access-list VLB\n", out);
	for (unsigned s = 0; s < conf->servers; s++) {
		const struct conf_server *server = &conf->server[s];
		if (ip_is_none(&wish->base[s]))
			snprintf(
			    text, sizeof(text), "<base address of %.20s>", server->name);
		else
			ip_format(&wish->base[s], text);
		print_permit(out, server, text);
		print_permit(out, server, "0.0.0.0"); /* ARP Probes (RFC 5227) */
	}
	for (unsigned a = 0; a < conf->addresses; a++) {
		const struct conf_address *address = &conf->address[a];
		for (unsigned t = 0; t < address->tiers; t++)
			print_permit(out, &conf->server[address->server[t]],
			    ip_format(&address->ip, text));
	}
	fputs("!\nip arp inspection filter VLB vlan <vlan>\n", out);
}

static uint64_t
in_tens(uint64_t frames)
{
	return (frames + 9) / 10 * 10;
}

/* max_rate of the file, or what it should be: one death passes without delay, and all
 * peers can be asked at once whether they live. */
static uint64_t
pace(const struct conf *conf)
{
	uint64_t most = 0;

	if (conf->timing.max_rate != 0)
		return conf->timing.max_rate;
	for (unsigned s = 0; s < conf->servers; s++) {
		struct rate rate = rate_worst(conf, s);
		uint64_t need = rate.silence + rate.frames - rate.hellos - rate.probes;
		most = need > most ? need : most;
	}
	return in_tens(most);
}

/* What a port must be allowed: as much again for what the kernel answers to peers, and
 * one answer to each router about each address. */
static uint64_t
limit(const struct conf *conf)
{
	uint64_t askers = conf->routers != 0 ? conf->routers : 1, most = 0;

	for (unsigned s = 0; s < conf->servers; s++) {
		uint64_t answers = rate_worst(conf, s).listed * askers;
		most = answers > most ? answers : most;
	}
	return in_tens(2 * pace(conf) + most);
}

void
routes_decide_dai(struct routes *routes)
{
	const struct conf *conf = routes->wish->conf;
	uint64_t most = 0;

	for (unsigned s = 0; s < conf->servers; s++) {
		uint64_t alone = rate_worst(conf, s).alone;
		most = alone > most ? alone : most;
	}
	if (conf->timing.max_rate == 0)
		routes_warn(routes,
		    "max_rate is off, and a server that starts before the others sends "
		    "about "
		    "%" PRIu64 " frames in a second: set `max_rate = %" PRIu64
		    "' in [timing], which the limit is for",
		    most, pace(conf));
}

static void
print_rates(FILE *out, const struct conf *conf)
{
	fputs("!\n! Frames within a second, without max_rate:\n", out);
	for (unsigned s = 0; s < conf->servers; s++) {
		struct rate rate = rate_worst(conf, s);
		fprintf(out,
		    "! %s: %" PRIu64 " after a death (%" PRIu64 " hellos, %" PRIu64
		    " probes, claims of %u address%s), about %" PRIu64
		    " when it starts first\n",
		    conf->server[s].name, rate.frames, rate.hellos, rate.probes,
		    rate.claims, rate.claims == 1 ? "" : "es", rate.alone);
	}
	fprintf(out, "! With max_rate = %" PRIu64 ", and what its kernel answers:\n",
	    pace(conf));
}

static void
print_limit(FILE *out, const struct conf *conf)
{
	fputs("interface range <ports of the servers>\n ip arp inspection limit ", out);
	if (limit(conf) <= MOST_LIMIT)
		fprintf(out, "rate %" PRIu64 " burst interval 1\n", limit(conf));
	else
		fputs("none\n", out);
	fputs(
	    "interface range <ports of the routers>\n ip arp inspection trust\n!\n", out);
}

static bool
bases_known(const struct routes_wish *wish)
{
	for (unsigned s = 0; s < wish->conf->servers; s++)
		if (ip_is_none(&wish->base[s]))
			return false;
	return true;
}

void
routes_print_dai(FILE *out, const struct routes *routes)
{
	const struct routes_wish *wish = routes->wish;

	fputs("! Dynamic ARP inspection (Cisco IOS, IOS-XE, NX-OS), by vlbplan.\n", out);
	routes_comment(out, "!",
	    "Not run by us: from documentation. `show ip arp inspection' counts what it "
	    "drops, "
	    "`show arp access-list' shows the list.");
	fputs("! Replace what stands in <angle brackets>.\n", out);
	for (unsigned w = 0; w < routes->warnings; w++)
		routes_comment(out, "!", "WARNING: %s.", routes->warning[w]);
	if (wish->conf->routers == 0)
		routes_comment(out, "!",
		    "No router is named (`router = ' in [cluster]): each makes a claim "
		    "one frame "
		    "longer, which is not counted here.");
	if (!bases_known(wish))
		routes_comment(out, "!",
		    "A server asks from its own address, too: --base NAME=ADDRESS tells "
		    "it.");
	print_list(out, wish);
	print_rates(out, wish->conf);
	print_limit(out, wish->conf);
	fputs("! A port that exceeds its limit (15 by default) is shut.\n", out);
	routes_comment(out, "!",
	    "Other hosts of the VLAN need a line, or a binding of DHCP snooping. "
	    "`validate "
	    "dst-mac' drops one of the forms of a claim, the others pass; `validate ip' "
	    "needs `allow zeros', for the ARP Probes by which servers ask each other.");
}
