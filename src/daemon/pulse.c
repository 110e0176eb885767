/* SPDX-License-Identifier: BSD-2-Clause */
/* pulse.c - what the service manager is told while the loop turns.
 *
 * The watchdog is fed from a timer of the loop, and only while the engine is called when
 * it wants to be: a loop that turns without keeping the engine's time is as good as one
 * that hangs. */
#include <stdio.h>

#include "shell_internal.h"

#define PULSE_NS SEC_NS   /* at most between two status lines */
#define OVERDUE_NS SEC_NS /* an engine that waits longer is forgotten, not delayed */

static void
describe(const struct shell *shell, char *line, size_t size)
{
	const struct engine *engine = shell->engine;
	const struct conf *conf = shell->conf;
	unsigned serves = 0, primary = 0, confirmed = 0, alive = 0;

	for (unsigned a = 0; a < conf->addresses; a++) {
		struct engine_address_view view = engine_view_address(engine, a);
		serves += view.state == PRIMARY || view.state == CLAIMED;
		primary += view.state == PRIMARY;
		confirmed += view.confirmed;
	}
	for (unsigned s = 0; s < conf->servers; s++)
		alive += s != engine_self(engine)->server &&
			 engine_view_peer(engine, s, shell_now_ns()).state == PEER_ALIVE;
	int len = snprintf(line, size,
	    "%s on %s: %s; %u primary, %u claimed; %u of %u peers alive",
	    conf->server[engine_self(engine)->server].name, conf->interface,
	    engine_standing_name(engine_standing(engine)), primary, serves - primary,
	    alive, conf->servers - 1);
	if (conf->routers > 0 && len > 0 && (size_t)len < size)
		snprintf(line + len, size - (size_t)len, "; %u of %u confirmed",
		    confirmed, serves);
}

static bool
engine_is_kept(const struct shell *shell)
{
	uint64_t deadline_ns = engine_deadline(shell->engine);

	return deadline_ns == NEVER || deadline_ns + OVERDUE_NS > shell_now_ns();
}

static void
on_pulse(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	struct shell *shell = watcher->data;
	char line[MANAGER_STATUS];

	(void)loop, (void)revents;
	if (shell->manager->watchdog_ns != 0 && engine_is_kept(shell))
		manager_alive(shell->manager);
	if (shell->stops > 0)
		return; /* it says so already */
	describe(shell, line, sizeof(line));
	manager_status(shell->manager, line);
}

void
pulse_ready(struct shell *shell)
{
	char line[MANAGER_STATUS];

	if (!manager_listens(shell->manager))
		return;
	describe(shell, line, sizeof(line));
	manager_ready(shell->manager, line);
}

void
pulse_start(struct shell *shell)
{
	uint64_t watchdog_ns = shell->manager->watchdog_ns;
	uint64_t lease_ns = shell->conf->timing.lease_ns;
	uint64_t every_ns = PULSE_NS;

	if (!manager_listens(shell->manager))
		return;
	if (watchdog_ns != 0 && watchdog_ns / 4 < every_ns)
		every_ns = watchdog_ns / 4;
	if (watchdog_ns != 0 && lease_ns != 0 && watchdog_ns > lease_ns / 2)
		log_warnx(
		    "the service manager notices a hung daemon after %.3gs only, "
		    "and the lease is %.3gs; make WatchdogSec= less than half of it",
		    (double)watchdog_ns / SEC_NS, (double)lease_ns / SEC_NS);
	ev_timer_init(&shell->pulse, on_pulse, 0., (double)every_ns / SEC_NS);
	shell->pulse.data = shell;
	ev_timer_start(shell->loop, &shell->pulse);
	pulse_ready(shell);
}
