/* SPDX-License-Identifier: BSD-2-Clause */
/* follow.c - the kernel's notifications: of the interface and of addresses to the engine,
 * of anything else that the daemon needs of its host to hostwatch.c. And since they do
 * not tell of all, everything is looked at now and then. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "shell_internal.h"

enum {
	MESSAGES_A_TURN = 256,
	LOOPBACK = 1 /* lo's index, in every network namespace */
};
#define AGAIN_S 0.1     /* until the kernel is asked again what it could not tell */
#define LOOK_S 5.       /* now and then */
#define PAUSE_NS SEC_NS /* at least, between two looks at the host for a notification */

static void catch_up(struct shell *shell);

static void
refresh_identity(struct shell *shell)
{
	struct ip base;

	shell->refresh = shell->link.ifindex != 0;
	if (!shell->refresh)
		return;
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
	bool known = conf_address_by_ip(shell->conf, &address->ip) != CONF_NONE;

	if (address->ifindex != shell->link.ifindex) {
		/* It should be nowhere else; and with the last address of lo go its local
		 * routes, of which the kernel says nothing. */
		shell->look = shell->look || known || address->ifindex == LOOPBACK;
		return;
	}
	if (!known)
		shell->refresh = true;
	else if (gone && address->prefix == 32)
		engine_gone(shell->engine, &address->ip, shell_now_ns());
	shell->look = shell->look || address->prefix != 32;
}

/* An interface with another name is another instance: a second daemon that is told the
 * new name is kept out, and what self leaves should it be killed is found again under it.
 */
static void
follow_name(struct shell *shell)
{
	uint32_t owner;

	if (shell_instance(shell, shell->conf, &owner) && owner != shell->watch.owner)
		hostwatch_reload(shell, owner);
}

/* The interface is this one from now on, and is as LINK says. */
static void
apply_link(struct shell *shell, const struct netlink_link *link)
{
	bool another = link->ifindex != shell->link.ifindex ||
		       strcmp(link->name, shell->link.name) != 0;

	shell->link = *link;
	if (another) {
		listen_close(shell); /* libnet sends by name */
		follow_name(shell);
	}
	if (shell->sniff == NULL && link->up)
		(void)listen_open(shell);
	refresh_identity(shell);
	engine_link(shell->engine, shell->sniff != NULL && link->up && link->carrier,
	    shell_now_ns());
}

static void
lose_link(struct shell *shell)
{
	log_warnx(
	    "interface %s is gone; waiting for it to come back", shell->conf->interface);
	listen_close(shell);
	shell->link.ifindex = 0;
	engine_link(shell->engine, false, shell_now_ns());
}

/* The name belongs to another interface now. Nothing may stay behind on the old one. */
static void
switch_link(struct shell *shell, const struct netlink_link *link)
{
	if (shell->link.ifindex != 0) {
		chronicle_note(shell, "link", REPORT_WARN,
		    "interface %s is another one now, and what it was is called %s; "
		    "releasing what that one has",
		    shell->conf->interface, shell->link.name);
		engine_link(shell->engine, false, shell_now_ns());
		perform(shell);
		perform_remove_all(shell);
	}
	apply_link(shell, link);
}

/* An interface is known by its index. Its name may be taken from it: self goes on with it
 * as long as the name belongs to nobody else. */
static int
find_link(struct shell *shell)
{
	const char *name = shell->conf->interface;
	struct netlink_link link;

	if (netlink_get_link(shell->netlink, name, &link) == 0) {
		shell->renamed = false;
		if (link.ifindex != shell->link.ifindex)
			switch_link(shell, &link);
		return 0;
	}
	if (errno != ENODEV)
		return -1;
	if (shell->link.ifindex != 0 && !shell->renamed)
		chronicle_note(shell, "link", REPORT_WARN,
		    "interface %s is called %s now; going on with it; write `interface = "
		    "%s' before the next start",
		    name, shell->link.name, shell->link.name);
	shell->renamed = shell->link.ifindex != 0;
	return 0;
}

void
follow_find(struct shell *shell)
{
	shell->find = true;
	shell->renamed = false; /* tell it again */
	catch_up(shell);
}

static void
saw_link(void *user, const struct netlink_link *link, bool gone)
{
	struct shell *shell = user;
	const char *name = shell->conf->interface;

	if (strcmp(link->name, "lo") == 0)
		shell->look = true; /* its routes go with it */
	if (shell->link.ifindex != 0 && link->ifindex == shell->link.ifindex) {
		shell->look = true;
		shell->find = shell->find || gone || strcmp(link->name, name) != 0 ||
			      shell->renamed;
		if (gone)
			lose_link(shell);
		else
			apply_link(shell, link);
	} else if (shell->link.ifindex == 0 || strcmp(shell->link.name, name) != 0 ||
		   strcmp(link->name, name) == 0) {
		shell->find = true;
	}
}

static void
saw_route_gone(void *user)
{
	struct shell *shell = user;

	shell->look = true;
}

static int
look_at_host(struct shell *shell)
{
	shell->looked_ns = shell_now_ns();
	return hostwatch_look(shell);
}

/* For a notification; but another program may change things as often as it likes. */
static int
look_soon(struct shell *shell)
{
	uint64_t since_ns = shell_now_ns() - shell->looked_ns;

	if (since_ns >= PAUSE_NS)
		return look_at_host(shell);
	ev_timer_stop(shell->loop, &shell->look_on);
	ev_timer_set(&shell->look_on, (double)(PAUSE_NS - since_ns) / SEC_NS, LOOK_S);
	ev_timer_start(shell->loop, &shell->look_on);
	return 0;
}

/* Compare the kernel's truth with the engine's. 0, or -1 with errno: it cannot be had
 * now. */
static int
look_anew(struct shell *shell)
{
	struct netlink_link link;

	if (shell->link.ifindex == 0)
		return 0;
	if (netlink_get_link_by_index(shell->netlink, shell->link.ifindex, &link) == 0)
		apply_link(shell, &link);
	else if (errno == ENODEV)
		lose_link(shell);
	else
		return -1;
	return look_at_host(shell);
}

static void
saw_overrun(void *user)
{
	struct shell *shell = user;

	if (!shell->overrun)
		chronicle_repeat(shell, REPEAT_OVERRUN, REPORT_WARN,
		    "the kernel's notifications overran; reading everything anew");
	shell->metrics->resyncs++;
	shell->overrun = true;
}

/* What notifications did not tell is asked for; and again, should the kernel not say. */
static void
catch_up(struct shell *shell)
{
	if (shell->overrun) {
		shell->find = true;
		shell->overrun = look_anew(shell) != 0;
	}
	if (shell->find)
		shell->find = find_link(shell) != 0;
	if (shell->refresh)
		refresh_identity(shell);
	if (shell->look)
		shell->look = look_soon(shell) != 0;
	bool failed = shell->overrun || shell->find || shell->refresh || shell->look;
	if (failed && !shell->ask_failed)
		log_warn("cannot ask the kernel about %s; trying again",
		    shell->conf->interface);
	shell->ask_failed = failed;
	if (!failed || ev_is_active(&shell->look_again))
		return;
	ev_timer_set(&shell->look_again, AGAIN_S, 0.);
	ev_timer_start(shell->loop, &shell->look_again);
}

static void
on_again(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	struct shell *shell = watcher->data;

	(void)loop, (void)revents;
	catch_up(shell);
	perform(shell);
}

/* As after an overrun: there may be something that no notification tells. */
static void
on_look(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	struct shell *shell = watcher->data;

	(void)loop, (void)revents;
	shell->find = find_link(shell) != 0;
	if (look_anew(shell) != 0)
		shell->look = true;
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
		.route_gone = saw_route_gone,
		.overrun = saw_overrun,
		.user = shell,
	};

	(void)loop, (void)revents;
	(void)netlink_read(shell->netlink, MESSAGES_A_TURN, &events);
	catch_up(shell);
	perform(shell);
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
	ev_init(&shell->look_again, on_again);
	ev_timer_init(&shell->look_on, on_look, LOOK_S, LOOK_S);
	shell->look_again.data = shell->look_on.data = shell;
	ev_timer_start(shell->loop, &shell->look_on);
	(void)look_at_host(shell);
}
