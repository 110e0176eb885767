/* SPDX-License-Identifier: BSD-2-Clause */
/* hostcheck.c - `vlbd -t`: is this host fit to serve? Looks, asks the routers, changes
 * nothing. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "announce.h"
#include "host.h"
#include "log.h"
#include "sniff.h"
#include "vlbd/rate.h"

enum { ROUTER_WAIT_MS = 1000 };

struct check {
	const struct conf *conf;
	const struct netlink_link *link;
	unsigned self;
	struct ip base;
	unsigned wrong;
};

__attribute__((format(printf, 1, 2))) static void
say_ok(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("ok:      ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
}

__attribute__((format(printf, 1, 2))) static void
say_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("note:    ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
}

__attribute__((format(printf, 2, 3))) static void
say_wrong(struct check *check, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("wrong:   ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	check->wrong++;
}

/* An IPv4 setting counts as the greater of `all' and the interface's own (the kernel's
 * Documentation/networking/ip-sysctl.rst). -1: cannot be read. */
static int
sysctl_of(const char *interface, const char *name)
{
	const char *const scopes[] = { "all", interface };
	int greatest = -1;

	for (unsigned i = 0; i < 2; i++) {
		char path[200];
		int value;
		snprintf(
		    path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s", scopes[i], name);
		FILE *file = fopen(path, "re");
		if (file == NULL)
			continue;
		if (fscanf(file, "%d", &value) == 1 && value > greatest)
			greatest = value;
		fclose(file);
	}
	return greatest;
}

static void
check_sysctls(struct check *check)
{
	int ignore = sysctl_of(check->conf->interface, "arp_ignore");
	int announce = sysctl_of(check->conf->interface, "arp_announce");

	if (ignore == 1 || ignore == 2)
		say_ok("arp_ignore is %d", ignore);
	else
		say_wrong(check,
		    "arp_ignore is %d: this host would answer for addresses that are "
		    "not its own to answer for; sysctl -w net.ipv4.conf.all.arp_ignore=1",
		    ignore);
	if (announce == 1 || announce == 2)
		say_ok("arp_announce is %d", announce);
	else
		say_wrong(check,
		    "arp_announce is %d: this host would ask for its router in the name "
		    "of an external address; sysctl -w net.ipv4.conf.all.arp_announce=2",
		    announce);
	if (sysctl_of(check->conf->interface, "rp_filter") == 1)
		say_note("rp_filter is 1: answers must leave by %s, or clients' packets "
			 "are dropped",
		    check->conf->interface);
}

static void
check_plan(const struct check *check)
{
	char digest[CONF_DIGEST_TEXT];

	say_ok("plan %s: %u addresses of %u servers; every server's must be the same",
	    conf_digest_format(conf_digest(check->conf), digest), check->conf->addresses,
	    check->conf->servers);
}

static void
check_link(struct check *check)
{
	char mac[MAC_TEXT], base[IP_TEXT];

	if (check->link->up && check->link->carrier)
		say_ok("%s has carrier, and %s's hardware address %s",
		    check->conf->interface, check->conf->server[check->self].name,
		    mac_format(&check->link->mac, mac));
	else
		say_wrong(check, "%s %s", check->conf->interface,
		    check->link->up
			? "has no carrier; look at the cable or the switch's port"
			: "is down; ip link set it up");
	if (ip_is_none(&check->base))
		say_wrong(check,
		    "%s has no address of its own on the segment; give it one",
		    check->conf->interface);
	else
		say_ok("%s speaks from %s", check->conf->interface,
		    ip_format(&check->base, base));
}

static void
see_by_hand(void *user, const struct netlink_address *address)
{
	struct check *check = user;
	char ip[IP_TEXT];

	if (conf_address_by_ip(check->conf, &address->ip) == CONF_NONE ||
	    address->prefix == 32)
		return;
	ip_format(&address->ip, ip);
	say_wrong(check,
	    "the failover address %s is configured by hand as %s/%u; ip addr del %s/%u "
	    "dev %s",
	    ip, ip, address->prefix, ip, address->prefix, check->conf->interface);
}

static void
check_rate(struct check *check)
{
	struct rate worst = rate_worst(check->conf, check->self);

	if (check->conf->timing.max_rate != 0)
		say_ok("max_rate holds this server to %u ARP frames a second",
		    check->conf->timing.max_rate);
	else if (worst.frames <= RATE_POLICED && worst.alone <= RATE_POLICED)
		say_ok("at most %" PRIu64 " ARP frames in a second",
		    worst.frames > worst.alone ? worst.frames : worst.alone);
	else
		say_note(
		    "up to %" PRIu64 " ARP frames in the second after a death (%" PRIu64
		    " hellos, %" PRIu64
		    " probes, claims of %u address%s), and about %" PRIu64
		    " when this server starts before the others; a switch that inspects "
		    "ARP "
		    "may shut a port above %u: set max_rate, or raise its limit (vlbplan "
		    "--routes dai)",
		    worst.frames, worst.hellos, worst.probes, worst.claims,
		    worst.claims == 1 ? "" : "es", worst.alone, RATE_POLICED);
}

static uint64_t
monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct router_answers {
	const struct conf *conf;
	struct mac self;
	struct mac mac[CONF_ROUTERS];
	unsigned heard;
};

static void
hear_router(void *user, const uint8_t *frame, size_t len)
{
	struct router_answers *answers = user;
	struct arp arp;

	if (arp_parse(frame, len, &arp) != ARP_OK || arp.op != ARP_REPLY ||
	    !mac_equal(&arp.dst, &answers->self))
		return;
	int router = conf_router_by_ip(answers->conf, &arp.spa);
	if (router == CONF_NONE || !mac_is_zero(&answers->mac[router]))
		return;
	answers->mac[router] = arp.sha;
	answers->heard++;
}

static void
ask_routers(struct check *check, struct sniff *sniff, struct announce *announce,
    struct router_answers *answers)
{
	uint64_t end_ms = monotonic_ms() + ROUTER_WAIT_MS;

	for (unsigned r = 0; r < check->conf->routers; r++) {
		struct arp request = {
			.dst = mac_broadcast,
			.src = check->link->mac,
			.op = ARP_REQUEST,
			.sha = check->link->mac,
			.spa = ip_is_none(&check->base) ? ip_v4(0) : check->base,
			.tpa = check->conf->router[r],
		};
		if (announce_send(announce, &request) != 0)
			say_wrong(check, "cannot send on %s: %s", check->conf->interface,
			    announce_error(announce));
	}
	for (uint64_t ms = monotonic_ms();
	     answers->heard < check->conf->routers && ms < end_ms; ms = monotonic_ms()) {
		struct pollfd fd = { .fd = sniff_fd(sniff), .events = POLLIN };
		if (poll(&fd, 1, (int)(end_ms - ms)) < 0 && errno != EINTR)
			return;
		if (sniff_read(sniff, 64, hear_router, answers) < 0)
			return;
	}
}

static void
check_routers(struct check *check)
{
	struct router_answers answers = { .conf = check->conf, .self = check->link->mac };
	struct announce *announce = NULL;
	struct sniff *sniff = NULL;
	char ip[IP_TEXT], mac[MAC_TEXT];

	if (check->conf->routers == 0)
		say_note("no router is named: the last server that lives cannot tell "
			 "whether it is "
			 "cut off, and no takeover is confirmed; write `router = ' into "
			 "[cluster]");
	if (!check->link->up || !check->link->carrier)
		return;
	sniff = sniff_open(check->conf->interface);
	announce = sniff != NULL ? announce_open(check->conf->interface) : NULL;
	if (announce == NULL) {
		check->wrong++; /* it has said why */
		goto out;
	}
	ask_routers(check, sniff, announce, &answers);
	for (unsigned r = 0; r < check->conf->routers; r++) {
		ip_format(&check->conf->router[r], ip);
		if (mac_is_zero(&answers.mac[r]))
			say_wrong(check,
			    "router %s does not answer ARP on %s; is it the right "
			    "address "
			    "and the right segment?",
			    ip, check->conf->interface);
		else
			say_ok("router %s answers, from %s", ip,
			    mac_format(&answers.mac[r], mac));
	}
out:
	announce_close(announce);
	sniff_close(sniff);
}

/* What would only be found out when it is to run. */
static void
check_command(struct check *check, const char *what, const struct conf_command *command)
{
	struct stat found;
	const char *path = command->text;

	if (stat(path, &found) != 0 || access(path, X_OK) != 0)
		say_wrong(
		    check, "%s: %s cannot be executed: %s", what, path, strerror(errno));
	else if (!S_ISREG(found.st_mode))
		say_wrong(check, "%s: %s is no file", what, path);
	else if ((found.st_mode & S_IWOTH) != 0)
		say_wrong(
		    check, "%s: anybody may change %s; `chmod o-w %s'", what, path, path);
	else if (getpwnam(command->user) == NULL)
		say_wrong(check,
		    "%s: there is no user %s on this host; write another "
		    "one to user =",
		    what, command->user);
	else
		say_ok("%s: %s, as %s", what, path,
		    geteuid() == 0 ? command->user : "this user");
}

static void
check_commands(struct check *check)
{
	const struct conf *conf = check->conf;
	char what[CONF_NAME + 16];

	for (unsigned c = 0; c < conf->checks; c++) {
		if (conf->check[c].kind != CHECK_COMMAND)
			continue;
		snprintf(what, sizeof(what), "check %s", conf->check[c].name);
		check_command(check, what, &conf->check[c].command);
	}
	if (conf->notify.arguments > 0)
		check_command(check, "[notify]", &conf->notify);
}

unsigned
host_check(struct netlink *netlink, const struct netlink_link *link,
    const struct conf *conf, unsigned self)
{
	struct check check = { .conf = conf, .link = link, .self = self };

	if (host_base(netlink, link->ifindex, conf, &check.base) != 0)
		log_err("cannot list the addresses of %s", conf->interface);
	check_plan(&check);
	check_link(&check);
	check_sysctls(&check);
	if (netlink_dump_addresses(netlink, link->ifindex, see_by_hand, &check) != 0)
		log_err("cannot list the addresses of %s", conf->interface);
	check_commands(&check);
	check_rate(&check);
	fflush(stdout);
	check_routers(&check);
	fflush(stdout);
	return check.wrong;
}
