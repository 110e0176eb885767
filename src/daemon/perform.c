/* SPDX-License-Identifier: BSD-2-Clause */
/* perform.c - actions out: addresses to the kernel, frames to the wire, reports to the
 * log, and what became of them back to the engine. */
#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>

#include "shell_internal.h"

#define MENDED_NS (2 * SEC_NS) /* without a failure, until sending works again */

static void
flush_batch(struct shell *shell)
{
	static const enum holding_verb verbs[] = {
		[NETLINK_ADD] = HOLDING_ADD,
		[NETLINK_RENEW] = HOLDING_RENEW,
		[NETLINK_REMOVE] = HOLDING_REMOVE,
	};
	unsigned count = shell->batched;

	if (count == 0)
		return;
	shell->batched = 0;
	(void)netlink_change(shell->netlink, shell->link.ifindex, shell->batch, count);
	for (unsigned i = 0; i < count; i++) {
		struct netlink_change *change = &shell->batch[i];
		/* What has no interface any more has no address either. */
		if (change->verb == NETLINK_REMOVE && change->error == ENODEV)
			change->error = 0;
		engine_done(shell->engine, verbs[change->verb], &change->ip,
		    change->error, shell_now_ns());
	}
}

static void
add_to_batch(struct shell *shell, const struct action *action)
{
	static const enum netlink_verb verbs[] = {
		[HOLDING_ADD] = NETLINK_ADD,
		[HOLDING_RENEW] = NETLINK_RENEW,
		[HOLDING_REMOVE] = NETLINK_REMOVE,
	};

	if (shell->batched == SHELL_BATCH)
		flush_batch(shell);
	shell->batch[shell->batched++] = (struct netlink_change){
		.verb = verbs[action->address.verb],
		.ip = action->address.ip,
		.lease_s = (uint32_t)(action->address.lease_ns / SEC_NS),
	};
}

static void
send_frame(struct shell *shell, const struct action *action)
{
	if (shell->announce == NULL)
		return;
	uint64_t failed_ns = shell->send_failed_ns;
	if (announce_send(shell->announce, &action->send.arp) == 0) {
		/* A filter may refuse some frames and not others. */
		if (failed_ns == 0 || shell_now_ns() - failed_ns < MENDED_NS)
			return;
		chronicle_repeat(shell, REPEAT_SENDING, REPORT_INFO,
		    "sending on %s works again", shell->conf->interface);
		shell->send_failed_ns = 0;
		return;
	}
	if (failed_ns == 0)
		chronicle_repeat(shell, REPEAT_SENDING, REPORT_WARN,
		    "cannot send on %s: %s", shell->conf->interface,
		    announce_error(shell->announce));
	shell->send_failed_ns = shell_now_ns();
}

static void
arm_timer(struct shell *shell)
{
	uint64_t at_ns = engine_deadline(shell->engine);
	struct itimerspec at = { .it_value = { 0 } };

	if (at_ns == shell->armed_ns)
		return;
	shell->armed_ns = at_ns;
	if (at_ns != NEVER) {
		at.it_value.tv_sec = (time_t)(at_ns / SEC_NS);
		at.it_value.tv_nsec = (long)(at_ns % SEC_NS);
	}
	timerfd_settime(shell->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static void
perform_actions(struct shell *shell)
{
	struct action action;

	for (;;) {
		while (engine_action(shell->engine, &action)) {
			/* Address changes that follow each other go to the kernel in one
			 * batch, before the words that follow them. */
			if (action.kind == ACTION_ADDRESS) {
				add_to_batch(shell, &action);
				continue;
			}
			flush_batch(shell);
			if (action.kind == ACTION_SEND)
				send_frame(shell, &action);
			else if (action.kind == ACTION_REPORT)
				chronicle_report(shell, &action.report);
			else if (action.kind == ACTION_CHECK)
				tend_check(shell, action.check);
			else
				ev_break(shell->loop, EVBREAK_ALL);
		}
		if (shell->batched == 0)
			return;
		flush_batch(shell); /* its results may ask for more */
	}
}

void
perform(struct shell *shell)
{
	perform_actions(shell);
	if (engine_deadline(shell->engine) <= shell_now_ns()) {
		engine_tick(shell->engine, shell_now_ns());
		perform_actions(shell);
	}
	arm_timer(shell);
}

void
perform_remove_all(struct shell *shell)
{
	for (unsigned a = 0; a < shell->conf->addresses; a++) {
		struct action remove = {
			.kind = ACTION_ADDRESS,
			.address = { HOLDING_REMOVE, shell->conf->address[a].ip, 0 },
		};
		if (engine_view_address(shell->engine, a).configured)
			add_to_batch(shell, &remove);
	}
	flush_batch(shell);
}
