/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink.c - the door to libmnl: sockets, notifications, links. */
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"
#include "netlink_internal.h"

enum {
	/* A listener with the default buffer holds 256 messages; one takeover of many
	 * addresses is more. */
	LISTEN_BUFFER = 4 * 1024 * 1024,
	DUMPS = 5 /* attempts at one that is not interrupted */
};

static int
open_socket(struct mnl_socket **out, unsigned groups, int flags)
{
	*out = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);
	if (*out == NULL)
		return -1;
	return mnl_socket_bind(*out, groups, MNL_SOCKET_AUTOPID);
}

/* Of routes let none through but the removal of a local one that bears our mark: a host
 * may have a million others that come and go. netlink(7): what a program reads is in the
 * host's byte order, what a filter loads as more than a byte is taken for the network's.
 */
static int
filter_routes(struct mnl_socket *socket)
{
	enum {
		TYPE = offsetof(struct nlmsghdr, nlmsg_type),
		TABLE = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_table),
		PROTOCOL = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol)
	};
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 6, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, TABLE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RT_TABLE_LOCAL, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, PROTOCOL),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NETLINK_PROTO, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_ATTACH_FILTER,
	    &program, sizeof(program));
}

struct netlink *
netlink_open(void)
{
	struct netlink *netlink = calloc(1, sizeof(*netlink));
	int size = LISTEN_BUFFER;

	if (netlink == NULL)
		goto bad;
	netlink->buffer = malloc(NETLINK_BUFFER);
	if (netlink->buffer == NULL || open_socket(&netlink->ask, 0, 0) != 0 ||
	    open_socket(&netlink->listen,
		RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE,
		SOCK_NONBLOCK) != 0 ||
	    filter_routes(netlink->listen) != 0)
		goto bad;
	netlink->portid = mnl_socket_get_portid(netlink->ask);
#ifdef NETLINK_GET_STRICT_CHK
	/* So that the kernel (4.20 and later) picks the routes that are dumped: a host
	 * may have a million of others. Older ones hand out all. */
	(void)mnl_socket_setsockopt(
	    netlink->ask, NETLINK_GET_STRICT_CHK, &(int){ 1 }, sizeof(int));
#endif
	int fd = mnl_socket_get_fd(netlink->listen);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return netlink;
bad:
	log_err("cannot talk to the kernel's rtnetlink");
	netlink_close(netlink);
	return NULL;
}

void
netlink_close(struct netlink *netlink)
{
	if (netlink == NULL)
		return;
	if (netlink->ask != NULL)
		mnl_socket_close(netlink->ask);
	if (netlink->listen != NULL)
		mnl_socket_close(netlink->listen);
	free(netlink->buffer);
	free(netlink);
}

int
netlink_fd(const struct netlink *netlink)
{
	return mnl_socket_get_fd(netlink->listen);
}

/* --- questions -------------------------------------------------------------------- */

/* The last message of an answer is in these LEN bytes. */
static bool
is_end(const void *bytes, int len)
{
	const struct nlmsghdr *message = bytes;

	for (; mnl_nlmsg_ok(message, len); message = mnl_nlmsg_next(message, &len))
		if (message->nlmsg_type == NLMSG_DONE ||
		    message->nlmsg_type == NLMSG_ERROR)
			return true;
	return false;
}

int
netlink_ask(struct netlink *netlink, struct nlmsghdr *request, mnl_cb_t see, void *user)
{
	int more = MNL_CB_OK;
	bool spoilt = false;

	request->nlmsg_seq = ++netlink->seq;
	if (mnl_socket_sendto(netlink->ask, request, request->nlmsg_len) < 0)
		return -1;
	while (more > MNL_CB_STOP) {
		ssize_t len =
		    mnl_socket_recvfrom(netlink->ask, netlink->buffer, NETLINK_BUFFER);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return -1;
		more = mnl_cb_run(netlink->buffer, (size_t)len, request->nlmsg_seq,
		    netlink->portid, see, user);
		/* An answer to an earlier question that failed half-way. */
		if (more < 0 && errno == EPROTO)
			more = MNL_CB_OK;
		/* libmnl's word for NLM_F_DUMP_INTR: the list changed while it was read.
		 * Read on: until the end the kernel takes no other dump (EBUSY). */
		if (more < 0 && errno == EINTR) {
			spoilt = true;
			more =
			    is_end(netlink->buffer, (int)len) ? MNL_CB_STOP : MNL_CB_OK;
		}
	}
	if (more >= 0 && spoilt) {
		errno = EINTR;
		return -1;
	}
	return more < 0 ? -1 : 0;
}

int
netlink_dump(struct netlink *netlink,
    void (*prepare)(struct nlmsghdr *request, int argument), int argument, mnl_cb_t see,
    void *user)
{
	for (unsigned i = 0; i < DUMPS; i++) {
		_Alignas(struct nlmsghdr) char bytes[256] = { 0 };
		struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);
		prepare(request, argument);
		request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		if (netlink_ask(netlink, request, see, user) == 0)
			return 0;
		if (errno != EINTR)
			return -1;
	}
	return -1;
}

/* --- links ------------------------------------------------------------------------ */

/* A string of SIZE bytes at most, its end included. */
static void
get_name(const struct nlattr *attr, char name[NETLINK_NAME])
{
	size_t len = mnl_attr_get_payload_len(attr);

	memset(name, 0, NETLINK_NAME);
	memcpy(name, mnl_attr_get_payload(attr),
	    len < NETLINK_NAME ? len : NETLINK_NAME - 1);
	name[NETLINK_NAME - 1] = '\0';
}

static int
see_link_info(const struct nlattr *attr, void *user)
{
	struct netlink_link *out = user;

	if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_KIND)
		get_name(attr, out->master_kind);
	return MNL_CB_OK;
}

static bool
parse_link(const struct nlmsghdr *message, struct netlink_link *out)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;

	/* AF_BRIDGE speaks of ports: an interface that leaves its bridge is not gone. */
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*info) ||
	    info->ifi_family != AF_UNSPEC)
		return false;
	*out = (struct netlink_link){
		.ifindex = info->ifi_index,
		.up = (info->ifi_flags & IFF_UP) != 0,
		.carrier = (info->ifi_flags & IFF_LOWER_UP) != 0,
		.no_arp = (info->ifi_flags & IFF_NOARP) != 0,
	};
	NETLINK_EACH (attr, message, sizeof(*info)) {
		size_t len = mnl_attr_get_payload_len(attr);
		const void *payload = mnl_attr_get_payload(attr);
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			get_name(attr, out->name);
		if (mnl_attr_get_type(attr) == IFLA_ADDRESS && len == MAC_LEN)
			memcpy(out->mac.byte, payload, MAC_LEN);
		if (mnl_attr_get_type(attr) == IFLA_MASTER && len == sizeof(uint32_t))
			out->master = (int)mnl_attr_get_u32(attr);
		if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
			(void)mnl_attr_parse_nested(attr, see_link_info, out);
	}
	return true;
}

static int
see_link(const struct nlmsghdr *message, void *user)
{
	struct netlink_link *out = user;

	if (message->nlmsg_type == RTM_NEWLINK && !parse_link(message, out)) {
		errno = EPROTO;
		return MNL_CB_ERROR;
	}
	return MNL_CB_OK;
}

static int
get_link(struct netlink *netlink, const char *name, int ifindex, struct netlink_link *out)
{
	_Alignas(struct nlmsghdr) char bytes[256] = { 0 };
	struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);

	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	info->ifi_index = ifindex;
	if (name != NULL)
		mnl_attr_put_strz(request,
		    strlen(name) < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
	*out = (struct netlink_link){ 0 };
	if (netlink_ask(netlink, request, see_link, out) != 0)
		return -1;
	if (out->ifindex == 0) {
		errno = ENODEV;
		return -1;
	}
	return 0;
}

int
netlink_get_link(struct netlink *netlink, const char *name, struct netlink_link *out)
{
	if (name[0] == '\0' || strlen(name) >= ALTIFNAMSIZ) {
		errno = ENODEV;
		return -1;
	}
	return get_link(netlink, name, 0, out);
}

int
netlink_get_link_by_index(struct netlink *netlink, int ifindex, struct netlink_link *out)
{
	return get_link(netlink, NULL, ifindex, out);
}

/* --- notifications ---------------------------------------------------------------- */

struct notified {
	const struct netlink *netlink;
	const struct netlink_events *events;
};

static int
see_notification(const struct nlmsghdr *message, void *user)
{
	const struct notified *notified = user;
	const struct netlink_events *events = notified->events;
	struct netlink_address address;
	struct netlink_link link;

	/* What we did ourselves we know already, from its acknowledgement. */
	if (message->nlmsg_pid == notified->netlink->portid)
		return MNL_CB_OK;
	switch (message->nlmsg_type) {
	case RTM_NEWADDR:
	case RTM_DELADDR:
		if (netlink_parse_address(message, &address))
			events->address(
			    events->user, &address, message->nlmsg_type == RTM_DELADDR);
		break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		if (parse_link(message, &link))
			events->link(
			    events->user, &link, message->nlmsg_type == RTM_DELLINK);
		break;
	case RTM_DELROUTE: /* the filter lets none but ours through */
		events->route_gone(events->user);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

int
netlink_read(struct netlink *netlink, int limit, const struct netlink_events *events)
{
	struct notified notified = { netlink, events };
	/* Not the buffer of the questions: an event may lead to one. */
	_Alignas(struct nlmsghdr) char bytes[16 * 1024];

	for (int i = 0; i < limit; i++) {
		ssize_t len = mnl_socket_recvfrom(netlink->listen, bytes, sizeof(bytes));
		if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (len < 0 && errno == EINTR)
			continue;
		/* ENOSPC: one that is longer than our buffer, and so was cut. */
		if (len < 0 && (errno == ENOBUFS || errno == ENOSPC)) {
			events->overrun(events->user);
			continue;
		}
		if (len <= 0) {
			log_err("cannot read the kernel's notifications");
			return -1;
		}
		(void)mnl_cb_run(bytes, (size_t)len, 0, 0, see_notification, &notified);
	}
	return 0;
}
