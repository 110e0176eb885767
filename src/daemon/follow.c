/* SPDX-License-Identifier: BSD-2-Clause */
/* follow.c - the kernel's side: notifications of links and addresses to the engine, and
 * the external ranges that this host accepts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "shell_internal.h"

enum { MESSAGES_A_TURN = 256 };
#define AGAIN_S 0.1 /* until the kernel is asked again what it could not tell */

static void
refresh_identity(struct shell *shell)
{
	struct ip base;

	shell->refresh = true;
	if (host_base(shell->netlink, shell->link.ifindex, shell->conf, &base) != 0) {
		/* Gone; a new one will be told of. */
		if (errno == ENODEV)
			shell->refresh = false;
		return;
	}
	shell->refresh = false;
	engine_identity(shell->engine, &shell->link.mac, &base, shell_now_ns());
}

static void
saw_address(void *user, const struct netlink_address *address, bool gone)
{
	struct shell *shell = user;

	if (address->ifindex != shell->link.ifindex)
		return;
	if (conf_address_by_ip(shell->conf, &address->ip) == CONF_NONE)
		shell->refresh = true;
	else if (gone && address->prefix == 32)
		engine_gone(shell->engine, &address->ip, shell_now_ns());
}

static void
apply_link(struct shell *shell, const struct netlink_link *link)
{
	bool another = link->ifindex != shell->link.ifindex;

	shell->link = *link;
	if (another || shell->sniff == NULL) {
		/* It was deleted and made anew. */
		listen_close(shell);
		if (listen_open(shell) != 0)
			return;
	}
	refresh_identity(shell);
	engine_link(shell->engine, link->up && link->carrier, shell_now_ns());
}

static void
lose_link(struct shell *shell)
{
	log_warnx(
	    "interface %s is gone; waiting for it to come back", shell->conf->interface);
	listen_close(shell);
	engine_link(shell->engine, false, shell_now_ns());
}

static void
saw_link(void *user, const struct netlink_link *link, bool gone)
{
	struct shell *shell = user;

	if (strcmp(link->name, shell->conf->interface) != 0)
		return;
	if (gone)
		lose_link(shell);
	else
		apply_link(shell, link);
}

struct census {
	const struct conf *conf;
	uint8_t present[CONF_ADDRESSES];
};

static void
count_address(void *user, const struct netlink_address *address)
{
	struct census *census = user;
	int index = conf_address_by_ip(census->conf, &address->ip);

	if (index != CONF_NONE && address->prefix == 32)
		census->present[index] = 1;
}

/* Notifications were lost: compare the kernel's truth with the engine's. 0, or -1 with
 * errno: it cannot be had now. */
static int
look_anew(struct shell *shell)
{
	struct netlink_link link;

	if (netlink_get_link(shell->netlink, shell->conf->interface, &link) == 0)
		apply_link(shell, &link);
	else if (errno == ENODEV && shell->sniff != NULL)
		lose_link(shell);
	else if (errno != ENODEV)
		return -1;
	struct census *census = calloc(1, sizeof(*census));
	if (census == NULL)
		return -1;
	census->conf = shell->conf;
	int failed = netlink_dump_addresses(
	    shell->netlink, shell->link.ifindex, count_address, census);
	if (failed != 0 && errno == ENODEV)
		failed = 0; /* gone meanwhile, and all addresses with it */
	for (unsigned a = 0; failed == 0 && a < shell->conf->addresses; a++)
		if (!census->present[a])
			engine_gone(
			    shell->engine, &shell->conf->address[a].ip, shell_now_ns());
	free(census);
	return failed;
}

static void
saw_overrun(void *user)
{
	struct shell *shell = user;

	if (!shell->overrun)
		log_warnx("the kernel's notifications overran; reading everything anew");
	shell->metrics->resyncs++;
	shell->overrun = true;
}

/* What notifications did not tell is asked for; and again, should the kernel not say. */
static void
catch_up(struct shell *shell)
{
	if (shell->overrun && look_anew(shell) == 0)
		shell->overrun = false;
	if (shell->refresh)
		refresh_identity(shell);
	bool failed = shell->overrun || shell->refresh;
	if (failed && !shell->ask_failed)
		log_warn("cannot ask the kernel about %s; trying again",
		    shell->conf->interface);
	shell->ask_failed = failed;
	if (!failed || ev_is_active(&shell->again))
		return;
	ev_timer_set(&shell->again, AGAIN_S, 0.);
	ev_timer_start(shell->loop, &shell->again);
}

static void
on_again(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	struct shell *shell = watcher->data;

	(void)loop, (void)revents;
	catch_up(shell);
	perform(shell);
}

static void
on_netlink(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct shell *shell = watcher->data;
	const struct netlink_events events = {
		.address = saw_address,
		.link = saw_link,
		.overrun = saw_overrun,
		.user = shell,
	};

	(void)loop, (void)revents;
	(void)netlink_read(shell->netlink, MESSAGES_A_TURN, &events);
	catch_up(shell);
	perform(shell);
}

static bool
has_range(const struct conf *conf, const struct conf_range *range)
{
	for (unsigned i = 0; i < conf->externals; i++)
		if (conf->external[i].prefix == range->prefix &&
		    ip_equal(&conf->external[i].ip, &range->ip))
			return true;
	return false;
}

struct stray_ranges {
	const struct conf *keep;
	struct conf_range range[2 * CONF_EXTERNALS];
	unsigned count;
};

static void
collect_stray(void *user, const struct conf_range *range)
{
	struct stray_ranges *stray = user;

	if ((stray->keep == NULL || !has_range(stray->keep, range)) &&
	    stray->count < 2 * CONF_EXTERNALS)
		stray->range[stray->count++] = *range;
}

/* Make the local routes those of CONF: ours that are not in it go, new ones come. */
void
follow_ranges(struct shell *shell, const struct conf *conf)
{
	struct stray_ranges stray = { .keep = conf };
	char ip[IP_TEXT];

	if (netlink_local_dump(shell->netlink, collect_stray, &stray) != 0)
		log_warn("cannot list the local routes");
	for (unsigned i = 0; i < stray.count; i++)
		if (netlink_local_remove(shell->netlink, &stray.range[i]) != 0)
			log_warn("cannot remove the local route of %s/%u",
			    ip_format(&stray.range[i].ip, ip), stray.range[i].prefix);
	for (unsigned i = 0; conf != NULL && i < conf->externals; i++)
		if (netlink_local_add(shell->netlink, &conf->external[i]) != 0)
			log_err("cannot accept %s/%u locally",
			    ip_format(&conf->external[i].ip, ip),
			    conf->external[i].prefix);
}

struct engine_self
follow_self(struct shell *shell, const struct conf *conf, unsigned server)
{
	struct engine_self self = { .server = server, .mac = shell->link.mac };

	(void)host_base(shell->netlink, shell->link.ifindex, conf, &self.base);
	return self;
}

void
follow_start(struct shell *shell)
{
	ev_io_init(&shell->netlink_io, on_netlink, netlink_fd(shell->netlink), EV_READ);
	shell->netlink_io.data = shell;
	ev_io_start(shell->loop, &shell->netlink_io);
	ev_init(&shell->again, on_again);
	shell->again.data = shell;
}
