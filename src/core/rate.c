/* SPDX-License-Identifier: BSD-2-Clause */
/* rate.c - the most ARP frames that a server sends within one second: its hellos, the
 * probes of one death among its peers, and the claims of as many addresses as one death
 * can bring it; and more, when it finds itself alone. */
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

struct rate
rate_worst(const struct conf *conf, unsigned server)
{
	const struct conf_timing *timing = &conf->timing;
	uint64_t claim = conf->routers + CLAIM_FRAMES;
	struct rate rate = { 0 };

	if (timing->hello_ns != 0) {
		rate.hellos = SEC_NS / timing->hello_ns;
		rate.probes = timing->probes + timing->probes / 2 + 1;
	}
	for (unsigned dead = 0; dead < conf->servers; dead++) {
		unsigned claims = inherited(conf, server, dead);
		rate.claims = claims > rate.claims ? claims : rate.claims;
	}
	rate.frames = rate.hellos + rate.probes + rate.claims * claim;
	rate.silence = rate.hellos + (conf->servers - 1) * rate.probes;
	rate.alone = rate.silence;
	for (unsigned a = 0; a < conf->addresses; a++) {
		if (conf_tier(conf, a, server) == CONF_NONE)
			continue;
		rate.listed++;
		rate.alone += claim;
		if (timing->hello_ns != 0)
			rate.alone += (conf->address[a].tiers - 1u) * timing->probes;
	}
	return rate;
}
