/* SPDX-License-Identifier: BSD-2-Clause */
/* rate.c - the most ARP frames that a server sends within one second: its hellos, the
 * probes of one death among its peers, and the claims of as many addresses as one death
 * can bring it. */
#include "vlbd/rate.h"

/* So many frames claim one address, without those to the routers. */
enum { CLAIM_FRAMES = 3 };

/* The addresses that SERVER takes over when DEAD dies, all others being alive. */
static unsigned
inherited(const struct conf *conf, unsigned server, unsigned dead)
{
	unsigned count = 0;

	for (unsigned a = 0; a < conf->addresses; a++) {
		const struct conf_address *address = &conf->address[a];
		count += address->tiers > 1 && address->server[0] == dead &&
			 address->server[1] == server;
	}
	return count;
}

static unsigned
primaries(const struct conf *conf, unsigned server)
{
	unsigned count = 0;

	for (unsigned a = 0; a < conf->addresses; a++)
		count +=
		    conf->address[a].tiers > 0 && conf->address[a].server[0] == server;
	return count;
}

struct rate
rate_worst(const struct conf *conf, unsigned server)
{
	const struct conf_timing *timing = &conf->timing;
	struct rate rate = { 0 };

	if (timing->hello_ns != 0) {
		rate.hellos = SEC_NS / timing->hello_ns;
		rate.probes = timing->probes + timing->probes / 2 + 1;
	}
	for (unsigned dead = 0; dead < conf->servers; dead++) {
		unsigned claims = inherited(conf, server, dead);
		rate.claims = claims > rate.claims ? claims : rate.claims;
	}
	rate.frames = rate.hellos + rate.probes +
		      (uint64_t)rate.claims * (conf->routers + CLAIM_FRAMES);

	uint64_t routers = conf->routers != 0 ? conf->routers : 1;
	uint64_t peers = conf->servers > 1 ? conf->servers - 1 : 0;
	rate.answers = (primaries(conf, server) + rate.claims) * routers;
	if (timing->hello_ns != 0)
		rate.answers += peers * timing->probes;
	return rate;
}
