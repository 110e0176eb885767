/* SPDX-License-Identifier: BSD-2-Clause */
/* ears.c - a frame reaches a server's kernel and its daemon by two ways, and may be lost
 * on one of them. */
#include "world_internal.h"

static bool
from_unheard(
    const struct world *world, const struct world_ears *ears, const struct mac *src)
{
	for (unsigned s = 0; s < world->conf->servers; s++) {
		struct mac mac = server_mac(s);
		if ((ears->daemon_unheard >> s & 1) != 0 && mac_equal(src, &mac))
			return true;
	}
	for (unsigned r = 0; r < world->routers; r++)
		if ((ears->daemon_unrouted >> r & 1) != 0 &&
		    mac_equal(src, &world->router[r].mac))
			return true;
	return false;
}

bool
ears_daemon_hears(const struct world *world, unsigned s, const struct arp *arp)
{
	const struct world_ears *ears = &world->server[s].ears;
	uint8_t way = mac_is_group(&arp->dst) ? EARS_BROADCAST : EARS_UNICAST;

	return (ears->daemon_loses & way) == 0 && !from_unheard(world, ears, &arp->src);
}

bool
ears_clear(const struct world *world, unsigned from, unsigned to)
{
	const struct world_ears *ears = &world->server[to].ears;

	return ears->daemon_loses == 0 && (ears->daemon_unheard >> from & 1) == 0;
}
