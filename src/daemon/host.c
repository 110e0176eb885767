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

void
host_base_see(struct host_base_search *search, const struct netlink_address *address)
{
	const struct conf_range network = { address->ip, address->prefix };
	bool reaches = search->conf->routers > 0 && address->prefix < 32 &&
		       conf_range_has(&network, &search->conf->router[0]);

	if (conf_address_by_ip(search->conf, &address->ip) != CONF_NONE)
		return;
	if (!ip_is_none(&search->best) && (search->reaches_router || !reaches))
		return;
	search->best = address->ip;
	search->prefix = address->prefix;
	search->reaches_router = reaches;
}

static void
see_base(void *user, const struct netlink_address *address)
{
	host_base_see(user, address);
}

int
host_base(struct netlink *netlink, int ifindex, const struct conf *conf, struct ip *base)
{
	struct host_base_search search = { .conf = conf };

	*base = search.best;
	if (netlink_dump_addresses(netlink, ifindex, see_base, &search) != 0)
		return -1;
	*base = search.best;
	return 0;
}
