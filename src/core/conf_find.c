/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_find.c - look-ups in a finished configuration.
 *
 * They need nothing of the reader and change nothing, so they serve a const struct conf
 * from the daemon's loop and from the simulator alike. */
#include "vlbd/conf.h"

#include <assert.h>
#include <string.h>

int
conf_server_by_name(const struct conf *conf, const char *name)
{
	for (unsigned i = 0; i < conf->servers; i++)
		if (strcmp(conf->server[i].name, name) == 0)
			return (int)i;
	return CONF_NONE;
}

int
conf_server_by_mac(const struct conf *conf, const struct mac *mac)
{
	/* Runs once a frame, so not mac_equal(): this memcmp() is two comparisons in
	 * place, and a scan of 64 servers stays far below the cost of receiving the
	 * frame. */
	for (unsigned i = 0; i < conf->servers; i++) {
		const struct conf_server *server = &conf->server[i];

		for (unsigned j = 0; j < server->macs; j++)
			if (memcmp(&server->mac[j], mac, sizeof *mac) == 0)
				return (int)i;
	}
	return CONF_NONE;
}

int
conf_address_by_ip(const struct conf *conf, const struct ip *ip)
{
	unsigned low = 0;
	unsigned high = conf->addresses;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		int order = ip_compare(&conf->address[middle].ip, ip);

		if (order == 0)
			return (int)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return CONF_NONE;
}

int
conf_tier(const struct conf *conf, unsigned address, unsigned server)
{
	assert(address < conf->addresses);

	const struct conf_address *at = &conf->address[address];
	for (unsigned tier = 0; tier < at->tiers; tier++)
		if (at->server[tier] == server)
			return (int)tier;
	return CONF_NONE;
}

int
conf_router_by_ip(const struct conf *conf, const struct ip *ip)
{
	for (unsigned i = 0; i < conf->routers; i++)
		if (ip_equal(&conf->router[i], ip))
			return (int)i;
	return CONF_NONE;
}

int
conf_check_by_name(const struct conf *conf, const char *name)
{
	for (unsigned i = 0; i < conf->checks; i++)
		if (strcmp(conf->check[i].name, name) == 0)
			return (int)i;
	return CONF_NONE;
}
