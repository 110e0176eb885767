/* SPDX-License-Identifier: BSD-2-Clause */
/* host.c - who am I on this machine? Reads, changes nothing. */
#include "host.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

static int
self_by_host_name(const struct conf *conf)
{
	char name[256];

	if (gethostname(name, sizeof(name)) != 0)
		return CONF_NONE;
	name[sizeof(name) - 1] = '\0';
	int self = conf_server_by_name(conf, name);
	if (self != CONF_NONE)
		return self;
	name[strcspn(name, ".")] = '\0'; /* without the domain */
	return conf_server_by_name(conf, name);
}

int
host_self(const struct conf *conf, const char *name, const struct mac *mac)
{
	char text[MAC_TEXT];

	if (name != NULL) {
		int self = conf_server_by_name(conf, name);
		if (self == CONF_NONE)
			log_errx("there is no [server %s] in the file; -n takes one of "
				 "its servers",
			    name);
		return self;
	}
	int self = self_by_host_name(conf);
	if (self == CONF_NONE)
		self = conf_server_by_mac(conf, mac);
	if (self == CONF_NONE)
		log_errx("no server of the file has this host's name or %s's hardware "
			 "address %s; "
			 "say which one it is with -n NAME",
		    conf->interface, mac_format(mac, text));
	return self;
}

struct base_search {
	const struct conf *conf;
	struct ip best;
	bool reaches_router;
};

static bool
same_network(const struct ip *a, const struct ip *b, uint8_t prefix)
{
	uint32_t mask = prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);

	return ((ip_v4_value(a) ^ ip_v4_value(b)) & mask) == 0;
}

static void
see_base(void *user, const struct netlink_address *address)
{
	struct base_search *search = user;
	bool reaches =
	    search->conf->routers > 0 && address->prefix < 32 &&
	    same_network(&address->ip, &search->conf->router[0], address->prefix);

	if (conf_address_by_ip(search->conf, &address->ip) != CONF_NONE)
		return;
	if (!ip_is_none(&search->best) && (search->reaches_router || !reaches))
		return;
	search->best = address->ip;
	search->reaches_router = reaches;
}

int
host_base(struct netlink *netlink, int ifindex, const struct conf *conf, struct ip *base)
{
	struct base_search search = { .conf = conf };

	*base = search.best;
	if (netlink_dump_addresses(netlink, ifindex, see_base, &search) != 0)
		return -1;
	*base = search.best;
	return 0;
}
