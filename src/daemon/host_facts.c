/* SPDX-License-Identifier: BSD-2-Clause */
/* host_facts.c - what this host is like: sysctls, addresses, its way to the external
 * ranges.
 *
 * Files of /proc/sys are memory of the kernel: reading them does not wait. */
#include "host_facts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

static int
read_number(const char *scope, const char *name)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", scope, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return -1;
	text[len] = '\0';
	return (int)strtol(text, NULL, 10);
}

static struct host_setting
setting(const char *interface, const char *name)
{
	return (struct host_setting){ read_number("all", name),
		read_number(interface, name) };
}

static void
read_settings(struct host_facts *out)
{
	out->arp_ignore = setting(out->interface, "arp_ignore");
	out->arp_announce = setting(out->interface, "arp_announce");
	out->rp_filter = setting(out->interface, "rp_filter");
	out->proxy_arp = setting(out->interface, "proxy_arp");
	out->pvlan = setting(out->interface, "proxy_arp_pvlan");
	out->forwarding = setting(out->interface, "forwarding");
}

struct survey {
	struct netlink *netlink;
	const struct netlink_link *link;
	const struct conf *conf;
	struct host_facts *out;
	struct host_census *census;
	struct host_base_search base;
	int ifindex[REQUIREMENT_STRAYS]; /* of each stray */
};

static void
note_stray(struct survey *survey, const struct netlink_address *address)
{
	struct host_facts *out = survey->out;

	if (out->strays == REQUIREMENT_STRAYS)
		return;
	survey->ifindex[out->strays] = address->ifindex;
	out->stray[out->strays++] = (struct host_stray){
		.ip = address->ip,
		.prefix = address->prefix,
		.own = address->ifindex == survey->link->ifindex,
		.marked = address->proto == NETLINK_PROTO,
	};
}

static void
see_address(void *user, const struct netlink_address *address)
{
	struct survey *survey = user;
	int index = conf_address_by_ip(survey->conf, &address->ip);
	bool own = address->ifindex == survey->link->ifindex;

	if (own)
		host_base_see(&survey->base, address);
	if (index == CONF_NONE)
		return;
	if (!own || address->prefix != 32)
		note_stray(survey, address);
	else if (survey->census != NULL)
		survey->census->present[index] = 1;
}

static void
name_strays(struct survey *survey)
{
	struct netlink_link link;

	for (unsigned i = 0; i < survey->out->strays; i++)
		if (netlink_get_link_by_index(
			survey->netlink, survey->ifindex[i], &link) == 0)
			memcpy(survey->out->stray[i].interface, link.name,
			    sizeof(link.name));
}

/* The first and the last address of a range stand for all of it. */
static bool
delivers(struct netlink *netlink, const struct netlink_link *link,
    const struct conf *conf, const struct conf_range *range, int *error)
{
	const struct ip *source = conf->routers > 0 ? &conf->router[0] : NULL;
	uint32_t hosts =
	    range->prefix == 0 ? UINT32_MAX : (1u << (32 - range->prefix)) - 1;
	struct ip last = ip_v4(ip_v4_value(&range->ip) | hosts);
	/* What arrives needs an interface that is up, and a sender. */
	int ifindex = source != NULL && link->up ? link->ifindex : 0;

	return netlink_delivers(netlink, &range->ip, source, ifindex, error) &&
	       netlink_delivers(netlink, &last, source, ifindex, error);
}

int
host_facts(struct netlink *netlink, const struct netlink_link *link,
    const struct conf *conf, struct host_facts *out, struct host_census *census)
{
	struct survey survey = { .netlink = netlink,
		.link = link,
		.conf = conf,
		.out = out,
		.census = census,
		.base = { .conf = conf } };
	struct netlink_link master;

	*out = (struct host_facts){ .no_arp = link->no_arp };
	memcpy(out->interface, link->name, sizeof(out->interface));
	memcpy(out->master_kind, link->master_kind, sizeof(out->master_kind));
	if (link->master != 0 &&
	    netlink_get_link_by_index(netlink, link->master, &master) == 0)
		memcpy(out->master, master.name, sizeof(out->master));
	if (census != NULL)
		memset(census, 0, sizeof(*census));
	if (netlink_dump_addresses(netlink, 0, see_address, &survey) != 0)
		return -1;
	out->base = survey.base.best;
	out->base_prefix = survey.base.prefix;
	name_strays(&survey);
	read_settings(out);
	for (unsigned i = 0; i < conf->externals; i++)
		out->external[i] = delivers(
		    netlink, link, conf, &conf->external[i], &out->external_error[i]);
	return 0;
}
