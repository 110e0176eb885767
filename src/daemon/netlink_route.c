/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_route.c - local routes: the external ranges that this host accepts as its own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink_internal.h"

static void
put_route(struct nlmsghdr *request, const struct conf_range *range, uint32_t owner)
{
	struct rtmsg *route = mnl_nlmsg_put_extra_header(request, sizeof(*route));

	route->rtm_family = AF_INET;
	route->rtm_dst_len = range->prefix;
	route->rtm_table = RT_TABLE_LOCAL;
	route->rtm_protocol = NETLINK_PROTO;
	route->rtm_scope = RT_SCOPE_HOST;
	route->rtm_type = RTN_LOCAL;
	mnl_attr_put_u32(request, RTA_DST, htonl(ip_v4_value(&range->ip)));
	mnl_attr_put_u32(request, RTA_OIF, if_nametoindex("lo"));
	/* The metric: routes that differ in it stand beside each other, and each is
	 * removed by its own. Any of them has its packets delivered. */
	mnl_attr_put_u32(request, RTA_PRIORITY, owner);
}

int
netlink_local_add(struct netlink *netlink, const struct conf_range *range, uint32_t owner)
{
	_Alignas(struct nlmsghdr) char bytes[256] = { 0 };
	struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);

	request->nlmsg_type = RTM_NEWROUTE;
	/* Not NLM_F_REPLACE, which would take over an administrator's: beside it, and
	 * only one that bears our mark already exists. */
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
	put_route(request, range, owner);
	if (netlink_ask(netlink, request, NULL, NULL) == 0 || errno == EEXIST)
		return 0;
	return -1;
}

int
netlink_local_remove(
    struct netlink *netlink, const struct conf_range *range, uint32_t owner)
{
	_Alignas(struct nlmsghdr) char bytes[256] = { 0 };
	struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);

	request->nlmsg_type = RTM_DELROUTE;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	put_route(request, range, owner);
	if (netlink_ask(netlink, request, NULL, NULL) == 0 || errno == ESRCH)
		return 0;
	return -1;
}

struct dump {
	void (*see)(void *user, const struct conf_range *range, uint32_t owner);
	void *user;
};

static void
prepare_dump(struct nlmsghdr *request, int argument)
{
	struct rtmsg *route;

	(void)argument;
	request->nlmsg_type = RTM_GETROUTE;
	route = mnl_nlmsg_put_extra_header(request, sizeof(*route));
	route->rtm_family = AF_INET;
	route->rtm_table = RT_TABLE_LOCAL;
	route->rtm_protocol = NETLINK_PROTO;
	route->rtm_type = RTN_LOCAL;
}

static int
see_route(const struct nlmsghdr *message, void *user)
{
	const struct dump *dump = user;
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;
	struct conf_range range = { .prefix = 0 };
	uint32_t owner = 0;

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*route) ||
	    route->rtm_protocol != NETLINK_PROTO || route->rtm_type != RTN_LOCAL)
		return MNL_CB_OK;
	range.prefix = route->rtm_dst_len;
	NETLINK_EACH (attr, message, sizeof(*route)) {
		if (mnl_attr_get_payload_len(attr) != sizeof(uint32_t))
			continue;
		if (mnl_attr_get_type(attr) == RTA_DST)
			range.ip = ip_v4(ntohl(mnl_attr_get_u32(attr)));
		if (mnl_attr_get_type(attr) == RTA_PRIORITY)
			owner = mnl_attr_get_u32(attr);
	}
	if (!ip_is_none(&range.ip))
		dump->see(dump->user, &range, owner);
	return MNL_CB_OK;
}

int
netlink_local_dump(struct netlink *netlink,
    void (*see)(void *user, const struct conf_range *range, uint32_t owner), void *user)
{
	struct dump dump = { see, user };

	return netlink_dump(netlink, prepare_dump, 0, see_route, &dump);
}

static int
see_result(const struct nlmsghdr *message, void *user)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	bool *local = user;

	if (message->nlmsg_type == RTM_NEWROUTE &&
	    mnl_nlmsg_get_payload_len(message) >= sizeof(*route))
		*local = route->rtm_type == RTN_LOCAL;
	return MNL_CB_OK;
}

bool
netlink_delivers(struct netlink *netlink, const struct ip *ip, const struct ip *source,
    int ifindex, int *error)
{
	_Alignas(struct nlmsghdr) char bytes[256] = { 0 };
	struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);
	bool local = false;

	request->nlmsg_type = RTM_GETROUTE;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	struct rtmsg *route = mnl_nlmsg_put_extra_header(request, sizeof(*route));
	route->rtm_family = AF_INET;
	route->rtm_dst_len = 32;
	mnl_attr_put_u32(request, RTA_DST, htonl(ip_v4_value(ip)));
	if (ifindex != 0) {
		route->rtm_src_len = 32;
		mnl_attr_put_u32(request, RTA_SRC, htonl(ip_v4_value(source)));
		mnl_attr_put_u32(request, RTA_IIF, (uint32_t)ifindex);
	}
	*error = netlink_ask(netlink, request, see_result, &local) != 0 ? errno : 0;
	return *error == 0 && local;
}
