/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_address.c - addresses: dumps, and batches of changes. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink_internal.h"

#ifndef IFA_F_NOPREFIXROUTE
#define IFA_F_NOPREFIXROUTE 0x200
#endif

enum {
	/* IFA_PROTO, which headers before Linux 5.18 do not name. */
	ATTR_PROTO = 11,
	/* Messages in one sendto(2): their acknowledgements, an errno and a header each,
	 * must all fit into the default receive buffer. */
	BATCH = 128,
	MESSAGE = 128 /* bytes, more than any of ours has */
};

bool
netlink_parse_address(const struct nlmsghdr *message, struct netlink_address *out)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;
	bool complete = false;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*info) ||
	    info->ifa_family != AF_INET)
		return false;
	*out = (struct netlink_address){
		.ifindex = (int)info->ifa_index,
		.prefix = info->ifa_prefixlen,
		.permanent = true,
		.valid_s = UINT32_MAX,
	};
	NETLINK_EACH (attr, message, sizeof(*info)) {
		size_t len = mnl_attr_get_payload_len(attr);
		const void *payload = mnl_attr_get_payload(attr);
		int type = mnl_attr_get_type(attr);
		if (type == IFA_LOCAL && len == sizeof(uint32_t)) {
			uint32_t value;
			memcpy(&value, payload, sizeof(value));
			out->ip = ip_v4(ntohl(value));
			complete = true;
		} else if (type == IFA_CACHEINFO && len >= sizeof(struct ifa_cacheinfo)) {
			struct ifa_cacheinfo life;
			memcpy(&life, payload, sizeof(life));
			out->valid_s = life.ifa_valid;
			out->permanent = life.ifa_valid == UINT32_MAX;
		} else if (type == ATTR_PROTO && len == 1) {
			memcpy(&out->proto, payload, 1);
		}
	}
	return complete;
}

/* --- dump ------------------------------------------------------------------------- */

struct dump {
	int ifindex;
	void (*see)(void *user, const struct netlink_address *address);
	void *user;
};

static void
prepare_dump(struct nlmsghdr *request, int ifindex)
{
	struct ifaddrmsg *info;

	(void)ifindex; /* kernels without strict checking dump every interface's anyway */
	request->nlmsg_type = RTM_GETADDR;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifa_family = AF_INET;
}

static int
see_address(const struct nlmsghdr *message, void *user)
{
	const struct dump *dump = user;
	struct netlink_address address;

	if (message->nlmsg_type == RTM_NEWADDR &&
	    netlink_parse_address(message, &address) &&
	    (dump->ifindex == 0 || address.ifindex == dump->ifindex))
		dump->see(dump->user, &address);
	return MNL_CB_OK;
}

int
netlink_dump_addresses(struct netlink *netlink, int ifindex,
    void (*see)(void *user, const struct netlink_address *address), void *user)
{
	struct dump dump = { ifindex, see, user };

	return netlink_dump(netlink, prepare_dump, ifindex, see_address, &dump);
}

/* --- changes ---------------------------------------------------------------------- */

static size_t
put_change(void *at, int ifindex, const struct netlink_change *change, unsigned seq)
{
	uint32_t ip = htonl(ip_v4_value(&change->ip));
	struct nlmsghdr *message;
	struct ifaddrmsg *info;

	memset(at, 0, MESSAGE); /* libmnl leaves the padding as it was */
	message = mnl_nlmsg_put_header(at);
	message->nlmsg_seq = seq;
	message->nlmsg_type = change->verb == NETLINK_REMOVE ? RTM_DELADDR : RTM_NEWADDR;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (change->verb != NETLINK_REMOVE)
		message->nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	info->ifa_family = AF_INET;
	info->ifa_prefixlen = 32;
	info->ifa_scope = RT_SCOPE_LINK; /* never chosen as a source */
	info->ifa_index = (unsigned)ifindex;
	mnl_attr_put_u32(message, IFA_LOCAL, ip);
	mnl_attr_put_u32(message, IFA_ADDRESS, ip);
	if (change->verb != NETLINK_REMOVE) {
		struct ifa_cacheinfo life = { 0 };
		life.ifa_valid = change->lease_s == 0 ? UINT32_MAX : change->lease_s;
		life.ifa_prefered = life.ifa_valid;
		mnl_attr_put(message, IFA_CACHEINFO, sizeof(life), &life);
		mnl_attr_put_u32(message, IFA_FLAGS, IFA_F_NOPREFIXROUTE);
		mnl_attr_put_u8(message, ATTR_PROTO, NETLINK_PROTO);
	}
	return message->nlmsg_len;
}

struct acks {
	struct netlink_change *changes;
	unsigned count;
	unsigned first_seq;
	unsigned answered;
};

/* One datagram of acknowledgements. mnl_cb_run() would stop at the first error. */
static void
take_acks(struct acks *acks, const void *bytes, int len)
{
	const struct nlmsghdr *message = bytes;

	for (; mnl_nlmsg_ok(message, len); message = mnl_nlmsg_next(message, &len)) {
		unsigned index = message->nlmsg_seq - acks->first_seq;
		struct nlmsgerr error;
		if (message->nlmsg_type != NLMSG_ERROR || index >= acks->count ||
		    mnl_nlmsg_get_payload_len(message) < sizeof(error))
			continue;
		memcpy(&error, mnl_nlmsg_get_payload(message), sizeof(error));
		struct netlink_change *change = &acks->changes[index];
		change->error = -error.error;
		/* It is gone, which is all that was wanted. */
		if (change->verb == NETLINK_REMOVE && change->error == EADDRNOTAVAIL)
			change->error = 0;
		acks->answered++;
	}
}

static int
change_some(
    struct netlink *netlink, int ifindex, struct netlink_change *changes, unsigned count)
{
	struct acks acks = { changes, count, netlink->seq + 1, 0 };
	size_t len = 0;

	_Static_assert(BATCH * MESSAGE <= NETLINK_BUFFER, "a batch fits the buffer");
	for (unsigned i = 0; i < count; i++) {
		changes[i].error = EIO;
		len += put_change(
		    netlink->buffer + len, ifindex, &changes[i], ++netlink->seq);
	}
	if (mnl_socket_sendto(netlink->ask, netlink->buffer, len) < 0)
		return -1;
	while (acks.answered < count) {
		ssize_t got =
		    mnl_socket_recvfrom(netlink->ask, netlink->buffer, NETLINK_BUFFER);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		take_acks(&acks, netlink->buffer, (int)got);
	}
	return 0;
}

int
netlink_change(
    struct netlink *netlink, int ifindex, struct netlink_change *changes, unsigned count)
{
	for (unsigned at = 0; at < count; at += BATCH) {
		unsigned some = count - at < BATCH ? count - at : BATCH;
		if (change_some(netlink, ifindex, changes + at, some) == 0)
			continue;
		int error = errno;
		for (unsigned i = at; i < count; i++)
			if (i >= at + some || changes[i].error == EIO)
				changes[i].error = error;
		errno = error;
		return -1;
	}
	return 0;
}
