/* SPDX-License-Identifier: BSD-2-Clause */
/* check_tcp.c - can one connect? Never waits: the loop tells when it is known. */
#include "checks_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static void
connected(struct check_run *run, struct ev_loop *loop)
{
	if (run->conf->kind == CHECK_HTTP)
		check_http_connected(run, loop);
	else
		checks_pass(run);
}

static void
on_connected(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct check_run *run = watcher->data;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)revents;
	ev_io_stop(loop, watcher);
	if (getsockopt(run->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0)
		checks_fail_errno(run, error);
	else
		connected(run, loop);
}

void
check_tcp_begin(struct check_run *run, struct ev_loop *loop)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(run->conf->port),
		.sin_addr.s_addr = htonl(ip_v4_value(&run->conf->ip)),
	};

	run->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (run->fd < 0) {
		checks_fail_errno(run, errno);
		return;
	}
	if (connect(run->fd, (const struct sockaddr *)&to, sizeof(to)) == 0) {
		connected(run, loop);
		return;
	}
	if (errno != EINPROGRESS) {
		checks_fail_errno(run, errno);
		return;
	}
	ev_io_init(&run->io, on_connected, run->fd, EV_WRITE);
	run->io.data = run;
	ev_io_start(loop, &run->io);
}
