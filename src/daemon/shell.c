/* SPDX-License-Identifier: BSD-2-Clause */
/* shell.c - the engine on a real interface: start, signals, the one timer, stop.
 *
 * The shell carries events in and actions out, and decides nothing. Nothing in its loop
 * waits: no file, no name lookup, no child. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"
#include "exit.h"
#include "resident.h"
#include "shell_internal.h"

enum { STOP_PATIENCE_S = 10 };

uint64_t
shell_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * SEC_NS + (uint64_t)now.tv_nsec;
}

static void
on_timer(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct shell *shell = watcher->data;
	uint64_t expirations;

	(void)loop, (void)revents;
	if (read(shell->timer_fd, &expirations, sizeof(expirations)) < 0 &&
	    errno != EAGAIN)
		log_err("cannot read the timer");
	uint64_t now_ns = shell_now_ns();
	if (shell->armed_ns < now_ns)
		metrics_lag(shell->metrics, now_ns - shell->armed_ns);
	shell->armed_ns = NEVER; /* it has fired */
	listen_drain(shell);
	engine_tick(shell->engine, shell_now_ns());
	perform(shell);
}

static void
on_patience(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	(void)watcher, (void)revents;
	log_warnx("the handover took too long; leaving");
	ev_break(loop, EVBREAK_ALL);
}

static void
on_stop(struct ev_loop *loop, ev_signal *watcher, int revents)
{
	struct shell *shell = watcher->data;

	(void)revents;
	if (shell->leaving)
		return;
	if (++shell->stops > 1) {
		log_info("told to stop again: leaving at once");
		ev_break(loop, EVBREAK_ALL);
		return;
	}
	chronicle_note(shell, "stop", REPORT_INFO, "stopping: handing over");
	manager_stopping(shell->manager, "handing over");
	ev_timer_init(&shell->patience, on_patience, STOP_PATIENCE_S, 0.);
	ev_timer_start(loop, &shell->patience);
	engine_admin(shell->engine, ADMIN_STOP, shell_now_ns());
	perform(shell);
}

/* Nothing is handed over, nothing is taken out of the kernel: a successor that starts
 * within the lease adopts it all, and the network notices nothing. */
static void
on_leave(struct ev_loop *loop, ev_signal *watcher, int revents)
{
	struct shell *shell = watcher->data;

	(void)revents;
	if (shell->stops > 0) {
		log_info("told to leave everything to a successor, but the handover has "
			 "begun");
		return;
	}
	log_info("leaving everything as it is to a successor");
	manager_stopping(shell->manager, "leaving everything to a successor");
	shell->leaving = true;
	shell->status = EXIT_LEFT;
	ev_break(loop, EVBREAK_ALL);
}

static void
on_hangup(struct ev_loop *loop, ev_signal *watcher, int revents)
{
	(void)loop, (void)revents;
	steer_reload(watcher->data);
}

static void
adopt(void *user, const struct netlink_address *address)
{
	struct shell *shell = user;
	bool known = conf_address_by_ip(shell->conf, &address->ip) != CONF_NONE;
	/* Still there, so some of its last second is left; it is renewed at once. */
	uint64_t rest_s = address->valid_s > 0 ? address->valid_s : 1;

	if (address->prefix != 32 || (!known && address->proto != NETLINK_PROTO))
		return;
	/* Of an older file, or of another cluster on this interface: a lease ends by
	 * itself. */
	if (!known && !address->permanent)
		return;
	engine_adopt(shell->engine, &address->ip,
	    address->permanent ? NEVER : shell_now_ns() + rest_s * SEC_NS,
	    shell_now_ns());
}

static void
watch(struct shell *shell)
{
	ev_io_init(&shell->timer_io, on_timer, shell->timer_fd, EV_READ);
	ev_signal_init(&shell->term, on_stop, SIGTERM);
	ev_signal_init(&shell->interrupt, on_stop, SIGINT);
	ev_signal_init(&shell->hangup, on_hangup, SIGHUP);
	ev_signal_init(&shell->leave, on_leave, SIGUSR2);
	shell->timer_io.data = shell;
	shell->term.data = shell->interrupt.data = shell;
	shell->hangup.data = shell->leave.data = shell;
	ev_io_start(shell->loop, &shell->timer_io);
	ev_signal_start(shell->loop, &shell->term);
	ev_signal_start(shell->loop, &shell->interrupt);
	ev_signal_start(shell->loop, &shell->hangup);
	ev_signal_start(shell->loop, &shell->leave);
}

bool
shell_instance(struct shell *shell, const struct conf *conf, uint32_t *owner)
{
	char what[2 * CONF_NAME + 16];

	*owner = conf_instance_digest(conf, shell->link.name);
	if (shell->instance != NULL && *owner == shell->watch.owner)
		return true;
	snprintf(what, sizeof(what), "cluster %s on %s", conf->name, shell->link.name);
	struct instance *instance =
	    instance_open(shell->loop, *owner, shell->setup.privileges.uid, what);
	if (instance == NULL)
		return false;
	instance_close(shell->instance);
	shell->instance = instance;
	return true;
}

/* Everything that can fail, before anything is changed on this host. */
static int
start(struct shell *shell)
{
	if (tend_open_runner(shell) != 0)
		return EXIT_FAILURE;
	shell->memory = malloc(engine_size(shell->conf));
	shell->batch = calloc(SHELL_BATCH, sizeof(*shell->batch));
	shell->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	shell->loop = ev_default_loop(EVFLAG_AUTO);
	shell->scribe = shell->loop != NULL ? scribe_open(shell->loop) : NULL;
	if (shell->memory == NULL || shell->batch == NULL || shell->timer_fd < 0 ||
	    shell->scribe == NULL || chronicle_open(shell) != 0) {
		log_err("cannot start");
		return EXIT_FAILURE;
	}
	if (tend_open(shell) != 0 || herald_open(shell) != 0 || !keep_open(shell))
		return EXIT_FAILURE;
	if (listen_open(shell) != 0)
		return EXIT_NOT_READY;
	const struct ctlsock_rights rights = ctlsock_rights();
	shell->ctlsock =
	    ctlsock_open(shell->loop, shell->setup.socket, &rights, steer_answer, shell);
	if (shell->ctlsock == NULL || steer_open(shell) != 0)
		return EXIT_FAILURE;
	return shell_instance(shell, shell->conf, &shell->watch.owner) ? 0
								       : EXIT_NOT_READY;
}

/* What needs root has been done. */
static int
humble(struct shell *shell)
{
	const struct privileges *privileges = &shell->setup.privileges;

	resident_lock();
	privileges_give(privileges, shell->setup.socket, shell->setup.state);
	if (privileges_drop(privileges) != 0)
		return EXIT_NOT_READY;
	if (access(shell->setup.file, R_OK) != 0)
		log_warn("%s: cannot be read from now on, so not be reloaded; let %s "
			 "read it",
		    shell->setup.file, privileges->user);
	(void)confine_calls();
	return 0;
}

static void
begin(struct shell *shell)
{
	struct engine_self self = follow_self(shell, shell->conf, shell->setup.self);
	char mac[MAC_TEXT], base[IP_TEXT];

	shell->engine = engine_init(shell->memory, shell->conf, &self, shell_now_ns());
	chronicle_note(shell, "start", REPORT_INFO,
	    "server %s on %s (%s, %s): %u addresses, %u servers",
	    shell->conf->server[self.server].name, shell->conf->interface,
	    mac_format(&self.mac, mac), ip_format(&self.base, base),
	    shell->conf->addresses, shell->conf->servers);
	if (netlink_dump_addresses(shell->netlink, shell->link.ifindex, adopt, shell) !=
	    0)
		log_warn("cannot list the addresses of %s", shell->conf->interface);
	if (!shell->link.up || !shell->link.carrier)
		engine_link(shell->engine, false, shell_now_ns());
	watch(shell);
	follow_start(shell);
	keep_begin(shell);
	textfile_begin(shell);
	engine_tick(shell->engine, shell_now_ns());
	perform(shell);
	pulse_start(shell);
}

static void
finish(struct shell *shell)
{
	if (shell->engine != NULL && !shell->leaving) {
		perform_remove_all(shell);
		hostwatch_end(shell);
		log_info("stopped");
		textfile_end(shell);
	}
	steer_close(shell);
	scribe_close(shell->scribe);
	herald_close(shell);
	tend_close(shell);
	ctlsock_close(shell->ctlsock);
	listen_close(shell);
	instance_close(shell->instance);
	if (shell->timer_fd >= 0)
		close(shell->timer_fd);
	if (shell->loop != NULL)
		ev_loop_destroy(shell->loop);
	chronicle_close(shell);
	free(shell->batch);
	free(shell->memory);
	free(shell->conf);
}

int
shell_run(const struct shell_setup *setup)
{
	struct shell shell = {
		.setup = *setup,
		.conf = setup->conf,
		.netlink = setup->netlink,
		.link = setup->link,
		.manager = setup->manager,
		.timer_fd = -1,
		.armed_ns = NEVER,
	};

	shell.status = start(&shell);
	if (shell.status == 0)
		shell.status = humble(&shell);
	if (shell.status == 0) {
		begin(&shell);
		ev_run(shell.loop, 0);
	}
	finish(&shell);
	return shell.status;
}
