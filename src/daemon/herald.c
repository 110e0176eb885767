/* SPDX-License-Identifier: BSD-2-Clause */
/* herald.c - which reports are news for the operator's command, and in what words.
 * vlb.ini(5) is the contract. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shell_internal.h"

/* For what is still to be told when the daemon ends: 3 s in all, and the watchdog of the
 * service manager is fed meanwhile. */
#define LAST_TURN_S 0.25
enum { LAST_TURNS = 12 };

struct words {
	char text[16][160];
	const char *all[17];
	unsigned count;
};

__attribute__((format(printf, 2, 3))) static void
add(struct words *words, const char *format, ...)
{
	va_list args;

	if (words->count == 16)
		return;
	char *text = words->text[words->count];
	va_start(args, format);
	vsnprintf(text, sizeof(words->text[0]), format, args);
	va_end(args);
	words->all[words->count++] = text;
	words->all[words->count] = NULL;
}

static const char *
name_of(const struct conf *conf, int server)
{
	return server >= 0 && (unsigned)server < conf->servers ? conf->server[server].name
							       : "";
}

static void
add_address(struct words *words, const struct shell *shell, const struct report *report)
{
	int address = conf_address_by_ip(shell->conf, &report->ip);
	char ip[IP_TEXT];

	add(words, "VLBD_ADDRESS=%s", ip_format(&report->ip, ip));
	if (address == CONF_NONE)
		return; /* a reload has taken it away */
	const struct engine_address_view view =
	    engine_view_address(shell->engine, (unsigned)address);
	add(words, "VLBD_OWNER=%s", name_of(shell->conf, view.owner));
	if (view.tier != CONF_NONE)
		add(words, "VLBD_TIER=%d", view.tier);
}

/* False: it is no news. */
static bool
describe(struct words *words, const struct shell *shell, const struct report *report)
{
	char mac[MAC_TEXT];

	switch ((int)report->kind) {
	case REPORT_STATE:
		add(words, "VLBD_EVENT=state");
		add_address(words, shell, report);
		add(words, "VLBD_FROM=%s", failover_state_name(report->from));
		add(words, "VLBD_TO=%s", failover_state_name(report->to));
		add(words, "VLBD_REASON=%s", reason_name(report->reason.kind));
		add(words, "VLBD_PEER=%s", name_of(shell->conf, report->reason.server));
		return true;
	case REPORT_FOREIGN:
		add(words, "VLBD_EVENT=foreign");
		add_address(words, shell, report);
		add(words, "VLBD_MAC=%s", mac_format(&report->mac, mac));
		return true;
	case REPORT_CHECK:
		add(words, "VLBD_EVENT=health");
		add(words, "VLBD_CHECK=%s", shell->conf->check[report->count].name);
		add(words, "VLBD_TO=%s", report->up ? "passing" : "failing");
		add(words, "VLBD_HEALTHY=%s", report->healthy ? "yes" : "no");
		add(words, "VLBD_REASON=%s", report->up ? "" : report->text);
		return true;
	default:
		return false;
	}
}

void
herald_report(struct shell *shell, const struct report *report, const char *line)
{
	const struct conf *conf = shell->conf;
	struct words words = { .count = 0 };
	char key[IP_TEXT] = "";

	if (conf->notify.arguments == 0 || !describe(&words, shell, report))
		return;
	add(&words, "VLBD_CLUSTER=%s", conf->name);
	add(&words, "VLBD_SERVER=%s",
	    name_of(conf, (int)engine_self(shell->engine)->server));
	add(&words, "VLBD_INTERFACE=%s", conf->interface);
	add(&words, "VLBD_TIME=%lld", (long long)time(NULL));
	add(&words, "VLBD_TEXT=%s", line);
	if (report->kind != REPORT_CHECK)
		ip_format(&report->ip, key);
	notify_tell(shell->notify, key, words.all);
}

int
herald_open(struct shell *shell)
{
	shell->notify = notify_open(shell->runner);
	if (shell->notify == NULL) {
		log_err("cannot start");
		return -1;
	}
	(void)notify_configure(shell->notify, &shell->conf->notify);
	return 0;
}

void
herald_reload(struct shell *shell)
{
	(void)notify_configure(shell->notify, &shell->conf->notify);
}

struct farewell {
	struct shell *shell;
	ev_timer timer;
	unsigned turns;
};

static void
on_turn(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	struct farewell *farewell = watcher->data;

	(void)revents;
	manager_alive(farewell->shell->manager);
	if (++farewell->turns >= LAST_TURNS)
		ev_timer_stop(loop, watcher);
}

/* The last news are of the handover itself. On a loop of their own: nothing else shall
 * happen any more. */
static void
tell_the_last(struct shell *shell)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	struct farewell farewell = { .shell = shell };

	if (loop == NULL)
		return;
	runner_watch(shell->runner, loop);
	ev_timer_init(&farewell.timer, on_turn, LAST_TURN_S, LAST_TURN_S);
	farewell.timer.data = &farewell;
	ev_timer_start(loop, &farewell.timer);
	while (notify_busy(shell->notify) && ev_is_active(&farewell.timer))
		ev_run(loop, EVRUN_ONCE);
	if (notify_busy(shell->notify))
		log_warnx("[notify]: not everything was told before the end");
	runner_watch(shell->runner, shell->loop);
	ev_loop_destroy(loop);
}

void
herald_close(struct shell *shell)
{
	/* A successor must be in time for the leases: it waits for nobody. */
	if (shell->notify != NULL && !shell->leaving && notify_busy(shell->notify))
		tell_the_last(shell);
	notify_close(shell->notify);
	shell->notify = NULL;
}
