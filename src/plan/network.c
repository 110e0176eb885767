/* SPDX-License-Identifier: BSD-2-Clause */
/* network.c - are the failover addresses ones that the segment's network can have?
 *
 * What that network is, only a server of the cluster knows: this host counts as one if
 * the interface that the file names is there and has the hardware address of a server. On
 * any other machine nothing is assumed, and --network can say it. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <string.h>

#include "cluster.h"
#include "ranges.h"

struct network {
	struct conf_range range;
	struct ip host; /* this host's own address; none: not known */
	char what[2 * CONF_NAME];
};

static uint32_t
host_part(const struct network *network)
{
	return network->range.prefix == 32 ? 0 : UINT32_MAX >> network->range.prefix;
}

static bool
has(const struct network *network, uint32_t value)
{
	return ((value ^ ip_v4_value(&network->range.ip)) & ~host_part(network)) == 0;
}

static int
refuse_address(
    const struct network *network, const struct ip *ip, const char *why, const char *what)
{
	char address[IP_TEXT], range[IP_TEXT];

	return usage_error("%s %s %s/%u of %s; write %s", ip_format(ip, address), why,
	    ip_format(&network->range.ip, range), network->range.prefix, network->what,
	    what);
}

static int
check_address(const struct network *network, const struct ip *ip)
{
	uint32_t value = ip_v4_value(ip), mask = host_part(network);

	if (!has(network, value))
		return refuse_address(network, ip, "is outside the network",
		    "an address within, or mend the network");
	if (ip_equal(ip, &network->host))
		return refuse_address(network, ip,
		    "is this host's own address in the network", "another one");
	if (network->range.prefix >= 31)
		return 0;
	if ((value & mask) == 0)
		return refuse_address(
		    network, ip, "is the name of the network", "another one");
	if ((value & mask) == mask)
		return refuse_address(network, ip,
		    "is the broadcast address of the network", "another one");
	return 0;
}

static bool
is_member(const struct conf *conf, const struct ifaddrs *list)
{
	for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next) {
		struct sockaddr_ll link;
		struct mac mac;

		if (at->ifa_addr == NULL || at->ifa_addr->sa_family != AF_PACKET ||
		    strcmp(at->ifa_name, conf->interface) != 0)
			continue;
		memcpy(&link, at->ifa_addr, sizeof link);
		if (link.sll_halen != MAC_LEN)
			continue;
		memcpy(mac.byte, link.sll_addr, MAC_LEN);
		if (conf_server_by_mac(conf, &mac) != CONF_NONE)
			return true;
	}
	return false;
}

/* The widest network that the interface is in, failover addresses (/32) aside. */
static bool
of_interface(const struct conf *conf, const struct ifaddrs *list, struct network *network)
{
	bool found = false;

	for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next) {
		struct sockaddr_in address, mask;

		if (at->ifa_addr == NULL || at->ifa_netmask == NULL ||
		    at->ifa_addr->sa_family != AF_INET ||
		    strcmp(at->ifa_name, conf->interface) != 0)
			continue;
		memcpy(&address, at->ifa_addr, sizeof address);
		memcpy(&mask, at->ifa_netmask, sizeof mask);
		uint32_t bits = ntohl(mask.sin_addr.s_addr);
		uint8_t prefix = (uint8_t)__builtin_popcount(bits);
		if (prefix == 32 || (found && prefix >= network->range.prefix))
			continue;
		network->host = ip_v4(ntohl(address.sin_addr.s_addr));
		network->range.ip = ip_v4(ntohl(address.sin_addr.s_addr) & bits);
		network->range.prefix = prefix;
		found = true;
	}
	if (found)
		snprintf(network->what, sizeof network->what, "%.15s", conf->interface);
	return found;
}

static bool
of_host(const struct conf *conf, struct network *network)
{
	struct ifaddrs *list;

	if (*conf->interface == '\0' || getifaddrs(&list) != 0)
		return false;
	bool found = is_member(conf, list) && of_interface(conf, list, network);
	freeifaddrs(list);
	return found;
}

int
network_check(const struct conf *conf, const struct options *options)
{
	struct network network = { .what = "--network" };
	int status = 0;

	if (options->network != NULL) {
		if (!network_parse(options->network, "network", &network.range))
			return EXIT_USAGE;
	} else if (!of_host(conf, &network)) {
		return 0;
	}
	for (unsigned a = 0; status == 0 && a < conf->addresses; a++)
		status = check_address(&network, &conf->address[a].ip);
	return status;
}
