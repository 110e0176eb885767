/* SPDX-License-Identifier: BSD-2-Clause */
/* routers.c - the routers: how each is told equal-cost static routes, and what spoils
 * them. Knowledge only; routes.c puts it to use.
 *
 * What none of them may do is track a next hop's health (BFD, ping, IP SLA): a next hop
 * that is withdrawn moves the flows of all the others. vlbd keeps each one answered. */
#include "routers.h"

#include <string.h>

/* Measured, Linux 6.18: a route of 234 next hops is taken, but no longer fits into the
 * page in which the kernel shows it, so neither ip(8) nor a routing daemon sees it. Some
 * room is left for a metric and the like. */
#define LINUX_PATHS 230
#define LINUX_LIMIT "measured: above 233 next hops the kernel cannot show the route"

/* clang-format off */
const struct router routers[] = {
{
	.name = "linux", .title = "Linux, iproute2", .comment = "#",
	.paths = LINUX_PATHS, .limit = LINUX_LIMIT, .hard = true,
	.run = "the Linux kernel with iproute2 of Debian 12 and 13",
	.settings =
		"sysctl -w net.ipv4.fib_multipath_hash_policy=1\n"
		"sysctl -w net.ipv4.fib_multipath_use_neigh=0\n",
	.begin = "ip route replace {prefix}",
	.hop = " \\\n\tnexthop via {hop}{dev}",
	.end = "\n",
	.check = "`ip route show {prefix} | grep -c nexthop' prints {hops}\n",
	.notes =
		"fib_multipath_hash_policy 1 hashes the ports too; fib_multipath_use_neigh 1\n"
		"would move flows away from a next hop that is being taken over.\n"
		"None of this outlives a restart: it belongs into /etc/sysctl.d and your network\n"
		"configuration.\n",
},
{
	.name = "frr", .title = "FRRouting on Linux, Cumulus Linux", .comment = "!",
	.paths = LINUX_PATHS, .limit = LINUX_LIMIT, .hard = true,
	.run = "zebra and staticd of FRR 8.4 (Debian 12) and 10.3 (Debian 13)",
	.settings =
		"! Linux forwards; these belong into /etc/sysctl.d:\n"
		"!   net.ipv4.fib_multipath_hash_policy = 1\n"
		"!   net.ipv4.fib_multipath_use_neigh = 0\n",
	.hop = "ip route {prefix} {hop}{on}\n",
	.check =
		"`show ip route {prefix}' marks {hops} next hops with *\n"
		"`ip route show {prefix} | grep -c nexthop', in a shell, prints {hops}\n",
	.notes =
		"`show zebra' tells how many next hops this FRR was built for (ECMP Maximum).\n"
		"No `bfd' on these routes.\n",
},
{
	.name = "bird", .title = "BIRD 2 on Linux", .comment = "#",
	.paths = LINUX_PATHS, .limit = LINUX_LIMIT, .hard = true,
	.run = "BIRD 2.0.12 (Debian 12) and 2.17 (Debian 13)",
	.settings =
		"# To be included in bird.conf, which also needs:\n"
		"#   protocol device { }\n"
		"#   protocol kernel { ipv4 { export all; }; }    # or a filter that passes vlb\n"
		"# Linux forwards; these belong into /etc/sysctl.d:\n"
		"#   net.ipv4.fib_multipath_hash_policy = 1\n"
		"#   net.ipv4.fib_multipath_use_neigh = 0\n"
		"protocol static vlb {\n"
		"\tipv4;\n",
	.begin = "\troute {prefix}",
	.hop = "\n\t\tvia {hop}",
	.end = ";\n",
	.finish = "}\n",
	.check =
		"`birdc show route {prefix}' lists {hops} next hops\n"
		"`ip route show {prefix} | grep -c nexthop', in a shell, prints {hops}\n",
	.notes = "Neither `bfd' nor `check link' on these routes.\n",
},
{
	.name = "vyos", .title = "VyOS", .comment = "#",
	.paths = LINUX_PATHS, .limit = LINUX_LIMIT, .hard = true,
	.settings =
		"set system ip multipath layer4-hashing\n",
	.hop = "set protocols static route {prefix} next-hop {hop}\n",
	.check = "`show ip route {prefix}' marks {hops} next hops with *\n",
	.notes =
		"`set system ip multipath ignore-unreachable-nexthops' must not be there, nor\n"
		"`bfd' on these routes.\n",
},
{
	.name = "ios", .title = "Cisco IOS, IOS-XE", .comment = "!",
	.paths = 16, .limit = "documented as 6, 16 or 32, by platform and release",
	.settings =
		"ip cef\n"
		"ip cef load-sharing algorithm include-ports source destination\n",
	.hop = "ip route {network} {mask} {hop}\n",
	.check =
		"`show ip route {network}' lists {hops} next hops\n"
		"`show ip cef {prefix} internal' shows the buckets and who has them\n",
	.notes =
		"Many platforms spread a route over 16 buckets: with a number of next hops that\n"
		"does not divide 16 some get more than others, and beyond 16 some get none. 16, 8\n"
		"or 4 next hops are even.\n"
		"No `ip load-sharing per-packet' on the interface: it would tear connections\n"
		"apart. No `track' on these routes.\n",
},
{
	.name = "nxos", .title = "Cisco NX-OS", .comment = "!",
	.paths = 64, .limit = "usual; documented as 16 to 512, by platform",
	.settings =
		"ip load-sharing address source-destination port source-destination\n",
	.hop = "ip route {prefix} {hop}\n",
	.check =
		"`show ip route {prefix}' says ubest/mbest: {hops}/0\n"
		"`show forwarding route {prefix}' lists {hops} next hops: in hardware too\n",
	.notes =
		"A full ECMP table leaves a route with a single next hop, silently: look at the\n"
		"hardware. No `track' on these routes.\n",
},
{
	.name = "junos", .title = "Junos", .comment = "#",
	.paths = 64, .limit = "chassis maximum-ecmp; more on newer platforms",
	.settings =
		"set policy-options policy-statement VLB then load-balance per-packet\n"
		"set routing-options forwarding-table export VLB\n"
		"set forwarding-options hash-key family inet layer-3\n"
		"set forwarding-options hash-key family inet layer-4\n"
		"set chassis maximum-ecmp {ecmp}\n"
		"set interfaces {port} gratuitous-arp-reply\n",
	.hop = "set routing-options static route {prefix} next-hop {hop}\n",
	.check =
		"`show route forwarding-table destination {prefix}' lists {hops} next hops: one\n"
		"without the export policy, 16 without maximum-ecmp\n",
	.notes =
		"\"per-packet\" is a flow each on all but the oldest platforms. Where hash-key is not\n"
		"known, ports count already, or it is enhanced-hash-key.\n"
		"Junos ignores gratuitous ARP replies by default, hence gratuitous-arp-reply.\n"
		"One ARP policer is shared by all interfaces: mind many hellos.\n"
		"No `bfd-liveness-detection' on these routes.\n",
},
{
	.name = "eos", .title = "Arista EOS", .comment = "!",
	.paths = 128, .limit = "typical, by platform",
	.hop = "ip route {prefix} {hop}\n",
	.check = "`show ip route {prefix}' lists {hops} next hops\n",
	.notes =
		"Ports are part of the hash by default; `show load-balance' and `ip load-sharing'\n"
		"tell for your platform. No `track' on these routes.\n"
		"With VXLAN and ARP suppression, exempt the failover addresses: `router l2-vpn',\n"
		"`arp proxy prefix-list'.\n",
},
{
	.name = "routeros", .title = "MikroTik RouterOS 7", .comment = "#",
	.settings = "/ip settings set ipv4-multipath-hash-policy=l4\n",
	.hop = "/ip route add dst-address={prefix} gateway={hop}\n",
	.check = "`/ip route print count-only where dst-address={prefix} active' prints {hops}\n",
	.notes =
		"No check-gateway on these routes.\n"
		"RouterOS 6 takes one route, gateway=10.77.0.1,10.77.0.2,... and hashes\n"
		"addresses only.\n",
},
{
	.name = "fortios", .title = "FortiGate, FortiOS", .comment = "#",
	.paths = 255, .limit = "the greatest ecmp-max-paths", .hard = true,
	.settings =
		"config system settings\n"
		"    set v4-ecmp-mode source-dest-ip-based\n"
		"    set ecmp-max-paths 255\n"
		"end\n"
		"config router static\n",
	.hop =
		"    edit 0\n"
		"        set dst {network} {mask}\n"
		"        set gateway {hop}\n"
		"        set device \"{interface}\"\n"
		"    next\n",
	.finish = "end\n",
	.check = "`get router info routing-table details {network}' lists {hops} next hops\n",
	.notes =
		"FortiOS hashes addresses, by default only the source's, and never ports: a client\n"
		"behind one address, and all who share it, use one server for each external address.\n"
		"No link-monitor on these next hops. With SD-WAN its load-balance-mode counts instead\n"
		"of v4-ecmp-mode.\n",
},
{
	.name = "checkpoint", .title = "Check Point Gaia", .comment = "#",
	.paths = 8, .limit = "as far as we know; look it up for your release",
	.hop = "set static-route {prefix} nexthop gateway address {hop} on\n",
	.finish = "save config\n",
	.check = "`show route static' lists {hops} next hops for {prefix}\n",
	.notes = "No `ping' and no monitored address on these routes.\n",
},
};

const struct unfit unfit_routers[] = {
	{ "edgeos", "from release 1.7 on it sends the packets of one flow to its next hops in "
		"turn, which tears every TCP connection apart" },
	{ "asa", "it takes 3 next hops on an interface (8 in a zone): too few for a plan" },
	{ "ftd", "it takes 3 next hops on an interface (8 in a zone): too few for a plan" },
	{ "procurve", "it takes 4 next hops at most: too few for a plan" },
	{ "panos", "it takes 4 next hops at most, and turning them on restarts the virtual "
		"router" },
	{ "opnsense", "it has no equal-cost static routes" },
	{ "pfsense", "it has no equal-cost static routes" },
	{ "azure", "its network knows no ARP, so no server can take an address over" },
	{ "aws", "its network knows no ARP, so no server can take an address over" },
	{ "gcp", "its network knows no ARP, so no server can take an address over" },
};
/* clang-format on */

const unsigned routers_count = sizeof(routers) / sizeof(routers[0]);
const unsigned unfit_count = sizeof(unfit_routers) / sizeof(unfit_routers[0]);

const struct router *
router_by_name(const char *name)
{
	for (unsigned i = 0; i < routers_count; i++)
		if (strcmp(routers[i].name, name) == 0)
			return &routers[i];
	return NULL;
}

const struct unfit *
unfit_by_name(const char *name)
{
	for (unsigned i = 0; i < unfit_count; i++)
		if (strcmp(unfit_routers[i].name, name) == 0)
			return &unfit_routers[i];
	return NULL;
}
