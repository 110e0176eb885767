/* SPDX-License-Identifier: BSD-2-Clause */
/* requirement.c - what a server needs of its host, judged from facts.
 *
 * How the kernel combines `all' and the interface's own setting, and what the values
 * mean, is in Documentation/networking/ip-sysctl.rst. */
#include "vlbd/requirement.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ARP_IGNORE_ALL = 8 };

struct judge {
	const struct conf *conf;
	const struct host_facts *facts;
	struct requirement_findings *out;
};

__attribute__((format(printf, 4, 5))) static void
find(const struct judge *judge, enum requirement_kind kind, enum requirement_level level,
    const char *format, ...)
{
	struct requirement_findings *out = judge->out;
	va_list args;

	if (out->count == REQUIREMENT_FINDINGS)
		return;
	struct requirement_finding *finding = &out->finding[out->count++];
	finding->kind = kind;
	finding->level = level;
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

static int
greater(const struct host_setting *setting)
{
	return setting->all > setting->own ? setting->all : setting->own;
}

static bool
either(const struct host_setting *setting)
{
	return setting->all > 0 || setting->own > 0;
}

/* Whose value it is that counts: net.ipv4.conf.WHERE. */
static const char *
where(const struct host_facts *facts, const struct host_setting *setting)
{
	return setting->all >= setting->own ? "all" : facts->interface;
}

/* The master takes the packets, and so the ARP, of its port. A VRF does not: it is a
 * routing domain. */
static bool
is_port(const struct host_facts *facts)
{
	return facts->master[0] != '\0' && strcmp(facts->master_kind, "vrf") != 0;
}

static void
judge_arp(const struct judge *judge)
{
	const char *interface = judge->facts->interface;

	if (judge->facts->no_arp)
		find(judge, REQUIREMENT_ARP, REQUIREMENT_UNFIT,
		    "ARP is switched off on %s: its kernel answers nobody; ip link set "
		    "%s "
		    "arp on",
		    interface, interface);
	else
		find(judge, REQUIREMENT_ARP, REQUIREMENT_MET, "ARP is on");
}

static void
judge_master(const struct judge *judge)
{
	const struct host_facts *facts = judge->facts;

	if (is_port(facts))
		find(judge, REQUIREMENT_MASTER, REQUIREMENT_UNFIT,
		    "%s is a port of the %s %s, which takes its packets: ARP for the "
		    "failover addresses is not answered; write `interface = %s', or ip "
		    "link "
		    "set %s nomaster",
		    facts->interface, facts->master_kind, facts->master, facts->master,
		    facts->interface);
	else if (facts->master[0] != '\0')
		find(judge, REQUIREMENT_MASTER, REQUIREMENT_NOTE,
		    "%s is in the VRF %s: services must listen there", facts->interface,
		    facts->master);
	else
		find(judge, REQUIREMENT_MASTER, REQUIREMENT_MET,
		    "%s is no port of a bridge or bond", facts->interface);
}

static void
judge_base(const struct judge *judge)
{
	const struct host_facts *facts = judge->facts;
	const struct conf *conf = judge->conf;
	char base[IP_TEXT], network[IP_TEXT];

	ip_format(&facts->base, base);
	if (is_port(facts))
		return; /* its address belongs to the master */
	if (ip_is_none(&facts->base)) {
		find(judge, REQUIREMENT_BASE_ADDRESS, REQUIREMENT_UNMET,
		    "%s has no address of its own on the segment; give it one",
		    facts->interface);
		return;
	}
	for (unsigned i = 0; i < conf->externals; i++)
		if (conf_range_has(&conf->external[i], &facts->base)) {
			find(judge, REQUIREMENT_BASE_ADDRESS, REQUIREMENT_UNMET,
			    "%s of %s lies in external %s/%u, so that this server takes "
			    "the addresses of its neighbours for its own; write another "
			    "range",
			    base, facts->interface,
			    ip_format(&conf->external[i].ip, network),
			    conf->external[i].prefix);
			return;
		}
	find(judge, REQUIREMENT_BASE_ADDRESS, REQUIREMENT_MET, "%s speaks from %s",
	    facts->interface, base);
}

static void
judge_arp_ignore(const struct judge *judge)
{
	const struct host_setting *setting = &judge->facts->arp_ignore;
	const char *scope = where(judge->facts, setting);
	int value = greater(setting);

	if (value < 0)
		find(judge, REQUIREMENT_ARP_IGNORE, REQUIREMENT_NOTE,
		    "arp_ignore cannot be read; it should be 1");
	else if (value == ARP_IGNORE_ALL)
		find(judge, REQUIREMENT_ARP_IGNORE, REQUIREMENT_UNFIT,
		    "arp_ignore is 8 (net.ipv4.conf.%s): this host answers ARP for no "
		    "address at all; sysctl -w net.ipv4.conf.%s.arp_ignore=1",
		    scope, scope);
	else if (value >= 1 && value <= 3)
		find(judge, REQUIREMENT_ARP_IGNORE, REQUIREMENT_MET, "arp_ignore is %d",
		    value);
	else
		find(judge, REQUIREMENT_ARP_IGNORE, REQUIREMENT_UNMET,
		    "arp_ignore is %d: this host would answer for addresses that are not "
		    "its own to answer for; sysctl -w net.ipv4.conf.%s.arp_ignore=1",
		    value, value == 0 ? "all" : scope);
}

static void
judge_arp_announce(const struct judge *judge)
{
	int value = greater(&judge->facts->arp_announce);

	if (value < 0)
		find(judge, REQUIREMENT_ARP_ANNOUNCE, REQUIREMENT_NOTE,
		    "arp_announce cannot be read; it should be 2");
	else if (value == 1 || value == 2)
		find(judge, REQUIREMENT_ARP_ANNOUNCE, REQUIREMENT_MET,
		    "arp_announce is %d", value);
	else
		find(judge, REQUIREMENT_ARP_ANNOUNCE, REQUIREMENT_UNMET,
		    "arp_announce is %d: this host would ask for its router in the name "
		    "of an external address; sysctl -w net.ipv4.conf.all.arp_announce=2",
		    value);
}

static void
judge_rp_filter(const struct judge *judge)
{
	int value = greater(&judge->facts->rp_filter);

	if (value == 1)
		find(judge, REQUIREMENT_RP_FILTER, REQUIREMENT_NOTE,
		    "rp_filter is 1: answers must leave by %s, or clients' packets are "
		    "dropped",
		    judge->facts->interface);
	else if (value >= 0)
		find(judge, REQUIREMENT_RP_FILTER, REQUIREMENT_MET, "rp_filter is %d",
		    value);
}

/* A proxy answers for whatever it would forward to another interface (proxy_arp) or back
 * out of this one (proxy_arp_pvlan), and only where it forwards. */
static void
judge_proxy_arp(const struct judge *judge)
{
	const struct host_facts *facts = judge->facts;
	bool pvlan = either(&facts->pvlan);
	const struct host_setting *setting = pvlan ? &facts->pvlan : &facts->proxy_arp;
	const char *name = pvlan ? "proxy_arp_pvlan" : "proxy_arp";

	if (!either(setting))
		find(judge, REQUIREMENT_PROXY_ARP, REQUIREMENT_MET, "proxy_arp is 0");
	else
		find(judge, REQUIREMENT_PROXY_ARP,
		    facts->forwarding.own > 0 ? REQUIREMENT_UNMET : REQUIREMENT_NOTE,
		    "%s is 1: %s for addresses that other servers have, also when this "
		    "daemon is dead; sysctl -w net.ipv4.conf.%s.%s=0",
		    name,
		    facts->forwarding.own > 0
			? "this host answers ARP"
			: "as soon as it forwards (ip_forward), this host answers ARP",
		    setting->all > 0 ? "all" : facts->interface, name);
}

static void
judge_external(const struct judge *judge)
{
	const struct conf *conf = judge->conf;
	char network[IP_TEXT];

	for (unsigned i = 0; i < conf->externals; i++) {
		int error = judge->facts->external_error[i];
		ip_format(&conf->external[i].ip, network);
		if (judge->facts->external[i])
			find(judge, REQUIREMENT_EXTERNAL, REQUIREMENT_MET,
			    "packets to external %s/%u are delivered here", network,
			    conf->external[i].prefix);
		else
			find(judge, REQUIREMENT_EXTERNAL, REQUIREMENT_UNFIT,
			    "packets to external %s/%u that arrive on %s are not "
			    "delivered here (%s); look at `ip route show table local', "
			    "`ip "
			    "rule' and `ip route get %s iif %s from %s'",
			    network, conf->external[i].prefix, judge->facts->interface,
			    error == 0 ? "they would be sent on" : strerror(error),
			    network, judge->facts->interface,
			    conf->routers > 0 ? "ROUTER" : "CLIENT");
	}
}

static void
judge_stray(const struct judge *judge, const struct host_stray *stray)
{
	char ip[IP_TEXT];

	ip_format(&stray->ip, ip);
	if (stray->own && ip_is_none(&judge->facts->base))
		find(judge, REQUIREMENT_ADDRESSES, REQUIREMENT_UNMET,
		    "the failover address %s is the only address that %s has of its own, "
		    "%s/%u; take another failover address, or give %s another",
		    ip, stray->interface, ip, stray->prefix, stray->interface);
	else if (stray->own)
		find(judge, REQUIREMENT_ADDRESSES, REQUIREMENT_UNMET,
		    "the failover address %s is configured by hand as %s/%u; ip addr del "
		    "%s/%u dev %s",
		    ip, ip, stray->prefix, ip, stray->prefix, stray->interface);
	else
		find(judge, REQUIREMENT_ADDRESSES, REQUIREMENT_UNMET,
		    "the failover address %s is on %s too%s; ip addr del %s/%u dev %s",
		    ip, stray->interface, stray->marked ? ", left by an earlier run" : "",
		    ip, stray->prefix, stray->interface);
}

/* The network's own address and its broadcast address belong to nobody. */
static void
judge_ends(const struct judge *judge)
{
	const struct host_facts *facts = judge->facts;
	const struct conf *conf = judge->conf;

	if (ip_is_none(&facts->base) || facts->base_prefix >= 31 ||
	    facts->base_prefix == 0)
		return;
	uint32_t hosts = UINT32_MAX >> facts->base_prefix;
	uint32_t network = ip_v4_value(&facts->base) & ~hosts;
	const struct ip ends[] = { ip_v4(network), ip_v4(network | hosts) };
	for (unsigned i = 0; i < 2; i++) {
		char ip[IP_TEXT], of[IP_TEXT];
		if (conf_address_by_ip(conf, &ends[i]) == CONF_NONE)
			continue;
		find(judge, REQUIREMENT_ADDRESSES, REQUIREMENT_UNMET,
		    "the failover address %s is the %s address of %s's network %s/%u; "
		    "take another",
		    ip_format(&ends[i], ip), i == 0 ? "network" : "broadcast",
		    facts->interface, ip_format(&ends[0], of), facts->base_prefix);
	}
}

static void
judge_addresses(const struct judge *judge)
{
	unsigned before = judge->out->count;

	judge_ends(judge);
	for (unsigned i = 0; i < judge->facts->strays; i++)
		judge_stray(judge, &judge->facts->stray[i]);
	if (judge->out->count == before)
		find(judge, REQUIREMENT_ADDRESSES, REQUIREMENT_MET,
		    "no failover address is set by others, or elsewhere");
}

void
requirements_judge(const struct conf *conf, const struct host_facts *facts,
    struct requirement_findings *out)
{
	const struct judge judge = { conf, facts, out };

	out->count = 0;
	judge_arp(&judge);
	judge_master(&judge);
	judge_base(&judge);
	judge_arp_ignore(&judge);
	judge_arp_announce(&judge);
	judge_rp_filter(&judge);
	judge_proxy_arp(&judge);
	judge_external(&judge);
	judge_addresses(&judge);
}

enum requirement_level
requirements_worst_of(
    const struct requirement_findings *findings, enum requirement_kind kind)
{
	enum requirement_level worst = REQUIREMENT_MET;

	for (unsigned i = 0; i < findings->count; i++)
		if (findings->finding[i].kind == kind &&
		    findings->finding[i].level > worst)
			worst = findings->finding[i].level;
	return worst;
}

enum requirement_level
requirements_worst(const struct requirement_findings *findings)
{
	enum requirement_level worst = REQUIREMENT_MET;

	for (unsigned i = 0; i < findings->count; i++)
		if (findings->finding[i].level > worst)
			worst = findings->finding[i].level;
	return worst;
}

const char *
requirement_name(enum requirement_kind kind)
{
	static const char *const names[REQUIREMENTS] = {
		[REQUIREMENT_ARP] = "arp",
		[REQUIREMENT_MASTER] = "master",
		[REQUIREMENT_BASE_ADDRESS] = "base_address",
		[REQUIREMENT_ARP_IGNORE] = "arp_ignore",
		[REQUIREMENT_ARP_ANNOUNCE] = "arp_announce",
		[REQUIREMENT_RP_FILTER] = "rp_filter",
		[REQUIREMENT_PROXY_ARP] = "proxy_arp",
		[REQUIREMENT_EXTERNAL] = "external",
		[REQUIREMENT_ADDRESSES] = "addresses",
	};

	assert(kind < REQUIREMENTS);
	return names[kind];
}

const char *
requirement_level_name(enum requirement_level level)
{
	static const char *const names[] = {
		[REQUIREMENT_MET] = "met",
		[REQUIREMENT_NOTE] = "note",
		[REQUIREMENT_UNMET] = "unmet",
		[REQUIREMENT_UNFIT] = "unfit",
	};

	return names[level];
}
