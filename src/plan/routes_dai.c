/* SPDX-License-Identifier: BSD-2-Clause */
/* routes_dai.c - what a switch with dynamic ARP inspection must let through: who may say
 * which address, and how often. */
#include <inttypes.h>

#include "routes.h"
#include "vlbd/rate.h"

enum { MAC_DOTS = 15 };

/* 0200.0000.0001, as Cisco's switches write it. */
static const char *
with_dots(const struct mac *mac, char text[MAC_DOTS])
{
	const uint8_t *b = mac->byte;

	snprintf(text, MAC_DOTS, "%02x%02x.%02x%02x.%02x%02x", b[0], b[1], b[2], b[3],
	    b[4], b[5]);
	return text;
}

/* SERVER may say IP, from each of its hardware addresses. */
static void
print_permit(FILE *out, const struct conf_server *server, const struct ip *ip)
{
	char text[IP_TEXT], dots[MAC_DOTS];

	if (ip_is_none(ip))
		snprintf(text, sizeof(text), "<base address of %.20s>", server->name);
	else
		ip_format(ip, text);
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

	fputs("arp access-list VLB\n", out);
	for (unsigned s = 0; s < conf->servers; s++)
		print_permit(out, &conf->server[s], &wish->base[s]);
	for (unsigned a = 0; a < conf->addresses; a++) {
		const struct conf_address *address = &conf->address[a];
		for (unsigned t = 0; t < address->tiers; t++)
			print_permit(
			    out, &conf->server[address->server[t]], &address->ip);
	}
	fputs("!\nip arp inspection filter VLB vlan <vlan>\n", out);
}

/* What a port must be allowed: the worst of all servers, in round numbers. */
static uint64_t
print_rates(FILE *out, const struct conf *conf)
{
	uint64_t most = 0;

	fputs("!\n! The worst second of each server, the one after another's death:\n",
	    out);
	for (unsigned s = 0; s < conf->servers; s++) {
		struct rate rate = rate_worst(conf, s);
		uint64_t own = rate.frames;
		if (conf->timing.max_rate != 0 && own > conf->timing.max_rate)
			own = conf->timing.max_rate;
		fprintf(out,
		    "! %s: %" PRIu64 " frames by vlbd (%" PRIu64 " hellos, %" PRIu64
		    " probes, claims of %u address%s%s), %" PRIu64
		    " answers by its kernel\n",
		    conf->server[s].name, own, rate.hellos, rate.probes, rate.claims,
		    rate.claims == 1 ? "" : "es",
		    own < rate.frames ? "; held by max_rate" : "", rate.answers);
		if (own + rate.answers > most)
			most = own + rate.answers;
	}
	return (most + 9) / 10 * 10;
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

	fputs("! Dynamic ARP inspection (Cisco IOS, IOS-XE, NX-OS), by vlbplan.\n"
	      "! Not run by us: from documentation. `show ip arp inspection' counts what "
	      "it\n"
	      "! drops, `show arp access-list' shows the list.\n"
	      "! Replace <vlan>, and <ports...> by those of the servers and of the "
	      "routers.\n",
	    out);
	if (wish->conf->routers == 0)
		fputs("! No router is named (`router = ' in [cluster]): each makes a "
		      "claim one\n"
		      "! frame longer, which the rate below lacks.\n",
		    out);
	if (!bases_known(wish))
		fputs("! A server asks from its own address, too: replace <base "
		      "address...>, or\n"
		      "! say --base NAME=ADDRESS.\n",
		    out);
	print_list(out, wish);
	uint64_t rate = print_rates(out, wish->conf);
	fprintf(out,
	    "! A port that exceeds its limit (15 by default) is shut: one death would "
	    "shut\n"
	    "! the survivors' ports.\n"
	    "interface range <ports of the servers>\n"
	    " ip arp inspection limit rate %" PRIu64 " burst interval 1\n"
	    "interface range <ports of the routers>\n"
	    " ip arp inspection trust\n"
	    "!\n"
	    "! Other hosts of the VLAN need a line, or a binding of DHCP snooping.\n"
	    "! `validate dst-mac' drops one of the three forms of a claim, the others "
	    "pass;\n"
	    "! `validate ip' needs `allow zeros' where a server has no address of its "
	    "own.\n",
	    rate);
}
