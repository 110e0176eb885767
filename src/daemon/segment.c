/* SPDX-License-Identifier: BSD-2-Clause */
/* segment.c - what the wire tells: routers, other holders of failover addresses, tags. */
#include "segment.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <time.h>

#include "announce.h"
#include "log.h"
#include "sniff.h"

enum {
	LISTEN_MS = 1000, /* after the last question */
	ASK_MS = 3000,    /* for all questions */
	PAUSE_MS = 100,   /* between two of them .. */
	LIVE_MS =
	    250 /* .. where servers answer, twice each (their kernel, their daemon) */
};

struct asking {
	const struct netlink_link *link;
	const struct conf *conf;
	struct ip base;
	struct sniff *sniff;
	struct announce *announce;
	struct segment *out;
	unsigned routers; /* that have answered */
	bool live;        /* servers answer */
	bool failed;
};

static uint64_t
monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
note_holder(struct asking *asking, const struct ip *ip, const struct mac *mac)
{
	struct segment *out = asking->out;

	for (unsigned i = 0; i < out->holders; i++)
		if (ip_equal(&out->holder[i].ip, ip))
			return;
	if (out->holders == SEGMENT_HOLDERS)
		return;
	out->holder[out->holders].ip = *ip;
	out->holder[out->holders++].mac = *mac;
}

static void
hear_holder(struct asking *asking, const struct arp *arp)
{
	int address = conf_address_by_ip(asking->conf, &arp->spa);
	int server = conf_server_by_mac(asking->conf, &arp->sha);

	if (address == CONF_NONE || mac_equal(&arp->sha, &asking->link->mac))
		return;
	if (server == CONF_NONE ||
	    conf_tier(asking->conf, (unsigned)address, (unsigned)server) == CONF_NONE)
		note_holder(asking, &arp->spa, &arp->sha);
	else
		asking->live = true;
}

static void
hear(void *user, const uint8_t *frame, size_t len)
{
	struct asking *asking = user;
	struct arp arp;
	enum arp_verdict verdict = arp_parse(frame, len, &arp);

	asking->out->tagged += verdict == ARP_TAGGED;
	if (verdict != ARP_OK)
		return;
	hear_holder(asking, &arp);
	int router = conf_router_by_ip(asking->conf, &arp.spa);
	if (router == CONF_NONE || arp.op != ARP_REPLY ||
	    !mac_equal(&arp.dst, &asking->link->mac) ||
	    !mac_is_zero(&asking->out->router[router]))
		return;
	asking->out->router[router] = arp.sha;
	asking->routers++;
}

static void
listen_until(struct asking *asking, uint64_t end_ms)
{
	for (uint64_t ms = monotonic_ms(); !asking->failed && ms < end_ms;
	     ms = monotonic_ms()) {
		struct pollfd fd = { .fd = sniff_fd(asking->sniff), .events = POLLIN };
		asking->failed =
		    (poll(&fd, 1, (int)(end_ms - ms)) < 0 && errno != EINTR) ||
		    sniff_read(asking->sniff, 64, hear, asking) < 0;
	}
}

static void
ask(struct asking *asking, const struct ip *ip, const struct ip *from)
{
	struct arp request = {
		.dst = mac_broadcast,
		.src = asking->link->mac,
		.op = ARP_REQUEST,
		.sha = asking->link->mac,
		.spa = *from,
		.tpa = *ip,
	};

	if (announce_send(asking->announce, &request) == 0)
		return;
	log_errx("cannot send on %s: %s", asking->link->name,
	    announce_error(asking->announce));
	asking->failed = true;
}

static void
ask_routers(struct asking *asking)
{
	const struct ip none = ip_v4(0);

	for (unsigned r = 0; r < asking->conf->routers; r++)
		ask(asking, &asking->conf->router[r],
		    ip_is_none(&asking->base) ? &none : &asking->base);
}

/* As RFC 5227's probe, which claims nothing. Neighbours in the list belong to different
 * servers as a rule only where they are far apart: so with a stride. */
static void
ask_addresses(struct asking *asking)
{
	const struct ip none = ip_v4(0);
	const unsigned count = asking->conf->addresses;
	const uint64_t end_ms = monotonic_ms() + ASK_MS;
	unsigned stride =
	    count > asking->conf->servers ? count / asking->conf->servers : 1;

	for (unsigned from = 0; from < stride; from++)
		for (unsigned a = from; a < count; a += stride) {
			uint64_t now_ms = monotonic_ms();
			if (asking->failed || now_ms >= end_ms)
				return;
			ask(asking, &asking->conf->address[a].ip, &none);
			asking->out->asked++;
			listen_until(
			    asking, now_ms + (asking->live ? LIVE_MS : PAUSE_MS));
		}
}

int
segment_ask(const struct netlink_link *link, const struct ip *base,
    const struct conf *conf, struct segment *out)
{
	struct asking asking = { .link = link, .conf = conf, .base = *base, .out = out };

	*out = (struct segment){ .tagged = 0 };
	asking.sniff = sniff_open(link->name);
	asking.announce = asking.sniff != NULL ? announce_open(link->name) : NULL;
	if (asking.announce != NULL) {
		ask_routers(&asking);
		ask_addresses(&asking);
		uint64_t end_ms = monotonic_ms() + LISTEN_MS;
		while (!asking.failed && asking.routers < conf->routers &&
		       monotonic_ms() < end_ms)
			listen_until(&asking, monotonic_ms() + PAUSE_MS);
	} else {
		asking.failed = true;
	}
	announce_close(asking.announce);
	sniff_close(asking.sniff);
	return asking.failed ? -1 : 0;
}
