/* SPDX-License-Identifier: BSD-2-Clause */
/* shell_internal.h - what the shell's files share.
 *
 *   shell.c    start, signals, stop
 *   perform.c  actions out: the kernel, the wire, the log
 *   listen.c   frames in
 *   follow.c   the kernel's notifications, and the external ranges
 *   steer.c    vlbctl's requests, and reload
 *   pulse.c    what the service manager is told */
#ifndef VLBD_SHELL_INTERNAL_H
#define VLBD_SHELL_INTERNAL_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "announce.h"
#include "ctlsock.h"
#include "log.h"
#include "manager.h"
#include "netlink.h"
#include "shell.h"
#include "sniff.h"
#include "vlbd/engine.h"

#define SHELL_BATCH 1024 /* address changes in one batch */

struct shell {
	struct shell_setup setup;
	struct conf *conf;
	void *memory; /* the engine's */
	struct engine *engine;
	struct ev_loop *loop;
	struct netlink *netlink;
	struct sniff *sniff;
	struct announce *announce;
	struct ctlsock *ctlsock;
	struct steer *steer;
	struct manager *manager;
	struct netlink_link link;
	struct netlink_change *batch;
	unsigned batched;
	int timer_fd;
	uint64_t armed_ns; /* what it is armed for */
	bool send_failed;  /* said so already */
	bool refresh;      /* the interface's own addresses may have changed */
	int stops;         /* how often we were told to */
	bool leaving;      /* without a handover: a successor adopts everything */
	int status;
	ev_io sniff_io, netlink_io, timer_io;
	ev_signal term, interrupt, hangup, leave;
	ev_timer patience, pulse;
};

/* Nanoseconds of CLOCK_BOOTTIME: suspended time counts, so that a sleep past the lease is
 * seen. */
uint64_t shell_now_ns(void);

/* perform.c: do what the engine wants, until it wants nothing more, and arm the timer. */
void perform(struct shell *shell);
/* Take every address out of the kernel now. */
void perform_remove_all(struct shell *shell);

/* listen.c: open capture and injection on the interface. 0, or -1 (logged). */
int listen_open(struct shell *shell);
void listen_close(struct shell *shell);
/* Hear what waits, a bounded number of frames. */
void listen_drain(struct shell *shell);

/* follow.c */
void follow_start(struct shell *shell);
/* Self as CONF's SERVER, on the interface as it is now. */
struct engine_self follow_self(
    struct shell *shell, const struct conf *conf, unsigned server);
/* Make the local routes those of CONF; NULL: none. */
void follow_ranges(struct shell *shell, const struct conf *conf);

/* pulse.c: tell the service manager that self is ready, and go on telling what it does;
 * keep its watchdog quiet for as long as the loop turns and the engine's time is kept. */
void pulse_start(struct shell *shell);
/* The start, or a reload, is over. */
void pulse_ready(struct shell *shell);

/* steer.c: answers for ctlsock_open(). */
struct ctlsock_reply steer_answer(
    void *user, const struct ctlsock_asker *asker, const char *line);
/* Be ready to read the file again, beside the loop. 0, or -1 (logged). */
int steer_open(struct shell *shell);
void steer_close(struct shell *shell);
/* Read it again. When it is wrong that is logged, and nothing changes. */
void steer_reload(struct shell *shell);

#endif
