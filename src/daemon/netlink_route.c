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
put_route(struct nlmsghdr *request, const struct conf_range *range)
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
}

int
netlink_local_add(struct netlink *netlink, const struct conf_range *range)
{
	_Alignas(struct nlmsghdr) char bytes[256] = { 0 };
	struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);

	request->nlmsg_type = RTM_NEWROUTE;
	/* Not NLM_F_REPLACE, which would take over an administrator's: beside it, and
	 * only one that bears our mark already exists. */
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
	put_route(request, range);
	if (netlink_ask(netlink, request, NULL, NULL) == 0 || errno == EEXIST)
		return 0;
	return -1;
}

int
netlink_local_remove(struct netlink *netlink, const struct conf_range *range)
{
	_Alignas(struct nlmsghdr) char bytes[256] = { 0 };
	struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);

	request->nlmsg_type = RTM_DELROUTE;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	put_route(request, range);
	if (netlink_ask(netlink, request, NULL, NULL) == 0 || errno == ESRCH)
		return 0;
	return -1;
}

struct dump {
	void (*see)(void *user, const struct conf_range *range);
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

	if (message->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*route) ||
	    route->rtm_protocol != NETLINK_PROTO || route->rtm_type != RTN_LOCAL)
		return MNL_CB_OK;
	range.prefix = route->rtm_dst_len;
	NETLINK_EACH (attr, message, sizeof(*route)) {
		uint32_t value;
		if (mnl_attr_get_type(attr) != RTA_DST ||
		    mnl_attr_get_payload_len(attr) != sizeof(value))
			continue;
		memcpy(&value, mnl_attr_get_payload(attr), sizeof(value));
		range.ip = ip_v4(ntohl(value));
		dump->see(dump->user, &range);
	}
	return MNL_CB_OK;
}

int
netlink_local_dump(struct netlink *netlink,
    void (*see)(void *user, const struct conf_range *range), void *user)
{
	struct dump dump = { see, user };

	return netlink_dump(netlink, prepare_dump, 0, see_route, &dump);
}
