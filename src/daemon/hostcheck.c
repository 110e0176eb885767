/* SPDX-License-Identifier: BSD-2-Clause */
/* hostcheck.c - `vlbd -t`: is this host fit to serve? Looks, asks the routers, changes
 * nothing. */
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"
#include "host_facts.h"
#include "instance.h"
#include "log.h"
#include "segment.h"
#include "vlbd/rate.h"

struct check {
	const struct conf *conf;
	const struct netlink_link *link;
	unsigned self;
	struct host_facts facts;
	struct requirement_findings findings;
	bool running; /* a daemon, which makes the routes of the external ranges */
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
	char mac[MAC_TEXT];

	if (check->link->up && check->link->carrier)
		say_ok("%s has carrier, and %s's hardware address %s",
		    check->conf->interface, check->conf->server[check->self].name,
		    mac_format(&check->link->mac, mac));
	else
		say_wrong(check, "%s %s", check->conf->interface,
		    check->link->up
			? "has no carrier; look at the cable or the switch's port"
			: "is down; ip link set it up");
}

/* What the daemon looks at again and again while it runs. The daemon itself adds the
 * routes of external ranges: without it, that they are missing is not wrong. */
static void
check_requirements(struct check *check)
{
	struct requirement_findings *findings = &check->findings;

	requirements_judge(check->conf, &check->facts, findings);
	for (unsigned i = 0; i < findings->count; i++) {
		const struct requirement_finding *finding = &findings->finding[i];
		if (finding->kind == REQUIREMENT_EXTERNAL &&
		    finding->level != REQUIREMENT_MET && !check->running)
			continue;
		if (finding->level == REQUIREMENT_MET)
			say_ok("%s", finding->text);
		else if (finding->level == REQUIREMENT_NOTE)
			say_note("%s", finding->text);
		else
			say_wrong(check, "%s", finding->text);
	}
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

static void
check_routers(struct check *check, const struct segment *segment)
{
	char ip[IP_TEXT], mac[MAC_TEXT];

	for (unsigned r = 0; r < check->conf->routers; r++) {
		ip_format(&check->conf->router[r], ip);
		if (mac_is_zero(&segment->router[r]))
			say_wrong(check,
			    "router %s does not answer ARP on %s; is it the right "
			    "address "
			    "and the right segment?",
			    ip, check->conf->interface);
		else
			say_ok("router %s answers, from %s", ip,
			    mac_format(&segment->router[r], mac));
	}
}

/* Who answers for a failover address, and is in no position to. */
static void
check_holders(struct check *check, const struct segment *segment)
{
	char ip[IP_TEXT], mac[MAC_TEXT];

	for (unsigned i = 0; i < segment->holders; i++) {
		ip_format(&segment->holder[i].ip, ip);
		mac_format(&segment->holder[i].mac, mac);
		int server = conf_server_by_mac(check->conf, &segment->holder[i].mac);
		if (server == CONF_NONE)
			say_wrong(check,
			    "the failover address %s is in use by %s, which is no server "
			    "of the file; take another address, or add the server",
			    ip, mac);
		else
			say_wrong(check,
			    "the failover address %s is in use by %s, which is not in "
			    "its "
			    "list; take another address, or look at that server's file",
			    ip, check->conf->server[server].name);
	}
	if (segment->asked > 0 && segment->asked < check->conf->addresses)
		say_note("asked who has %u of the %u failover addresses, so as not to "
			 "flood the segment",
		    segment->asked, check->conf->addresses);
}

/* What can only be found out on the wire. */
static void
check_segment(struct check *check)
{
	struct segment segment;

	if (check->conf->routers == 0)
		say_note("no router is named: the last server that lives cannot tell "
			 "whether it is cut off, and no takeover is confirmed; write "
			 "`router = ' into [cluster]");
	if (!check->link->up || !check->link->carrier)
		return;
	if (segment_ask(check->link, &check->facts.base, check->conf, &segment) != 0) {
		check->wrong++; /* it has said why */
		return;
	}
	check_routers(check, &segment);
	check_holders(check, &segment);
	if (segment.tagged > 0)
		say_note("%s hears frames with VLAN tags, which belong to other "
			 "interfaces: is the switch's port a trunk?",
		    check->conf->interface);
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

	check_plan(&check);
	check_link(&check);
	check.running = instance_taken(conf_instance_digest(conf, link->name));
	if (host_facts(netlink, link, conf, &check.facts, NULL) != 0)
		say_wrong(&check, "the kernel cannot be asked about this host: %s",
		    strerror(errno));
	else
		check_requirements(&check);
	check_commands(&check);
	check_rate(&check);
	fflush(stdout);
	check_segment(&check);
	fflush(stdout);
	return check.wrong;
}
