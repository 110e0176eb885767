/* SPDX-License-Identifier: BSD-2-Clause */
/* checks_internal.h - what the kinds of checks share.
 *
 *   checks.c      begin, timeout, end
 *   check_tcp.c   a connection, for tcp and http
 *   check_http.c  a request, and the first line of its answer
 *   command.c     a command, for checks and notifications */
#ifndef VLBD_CHECKS_INTERNAL_H
#define VLBD_CHECKS_INTERNAL_H

#include "checks.h"

enum { CHECK_REQUEST = 1024, CHECK_ANSWER = 128, CHECK_WHY = 128 };

/* One check that is under way. */
struct check_run {
	struct checks *checks;
	const struct conf_check *conf; /* NULL: none is */
	unsigned index;
	int fd; /* -1: none */
	ev_io io;
	ev_timer timeout;
	uint32_t order; /* the runner's; 0: none */
	unsigned sent, len, got;
	char request[CHECK_REQUEST];
	char answer[CHECK_ANSWER];
};

/* It is over. Everything of RUN is closed by then. */
void checks_pass(struct check_run *run);
void checks_fail(struct check_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* strerror(3) as the end of a sentence. */
void checks_fail_errno(struct check_run *run, int error);

/* check_tcp.c: connect; check_http_connected() follows for http, or the end. */
void check_tcp_begin(struct check_run *run, struct ev_loop *loop);
/* check_http.c */
void check_http_connected(struct check_run *run, struct ev_loop *loop);

/* command.c: order CONF's command, with ENV (ends in NULL) besides what is fixed. 0: it
 * was not taken. */
uint32_t command_start(struct runner *runner, const struct conf_command *conf,
    const char *const *env, runner_done *done, void *user);

#endif
