/* SPDX-License-Identifier: BSD-2-Clause */
/* check_http.c - does the service answer a request as expected?
 *
 * One request, and the first line of the answer (RFC 9112, section 4): the status is all
 * that is asked for, so the rest is not read. That is why no library stands here: libcurl
 * would bring name look-ups in threads, proxies from the environment, TLS and redirects,
 * of which a check must do nothing. */
#include "checks_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static bool
is_expected(const struct conf_check *conf, unsigned status)
{
	for (unsigned i = 0; i < conf->expects; i++)
		if (status >= conf->expect[i].low && status <= conf->expect[i].high)
			return true;
	return false;
}

/* "HTTP/1.1 200", and a blank or the line's end. 0: it is something else. */
static unsigned
status_of(const char *line, size_t len)
{
	static const char name[] = "HTTP/1.";
	const size_t at = sizeof(name) + 1; /* behind the minor version and a blank */
	unsigned status = 0;

	if (len < at + 3 || memcmp(line, name, sizeof(name) - 1) != 0 ||
	    line[at - 1] != ' ')
		return 0;
	for (size_t i = at; i < at + 3; i++) {
		if (line[i] < '0' || line[i] > '9')
			return 0;
		status = status * 10 + (unsigned)(line[i] - '0');
	}
	return len > at + 3 && line[at + 3] != ' ' && line[at + 3] != '\r' ? 0 : status;
}

/* The first line is whole, or will never be. */
static void
judge(struct check_run *run, size_t len)
{
	unsigned status = status_of(run->answer, len);

	if (status == 0)
		checks_fail(run, "the answer is not HTTP");
	else if (!is_expected(run->conf, status))
		checks_fail(run, "status %u", status);
	else
		checks_pass(run);
}

static void
on_answer(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct check_run *run = watcher->data;
	ssize_t got =
	    recv(run->fd, run->answer + run->got, sizeof(run->answer) - run->got, 0);

	(void)loop, (void)revents;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0) {
		checks_fail_errno(run, errno);
		return;
	}
	run->got += (unsigned)got;
	const char *end = memchr(run->answer, '\n', run->got);
	if (end != NULL)
		judge(run, (size_t)(end - run->answer));
	else if (run->got == sizeof(run->answer))
		judge(run, run->got);
	else if (got == 0)
		checks_fail(run, run->got == 0 ? "closed without an answer"
					       : "closed within the first line");
}

static void
on_writable(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct check_run *run = watcher->data;
	ssize_t sent =
	    send(run->fd, run->request + run->sent, run->len - run->sent, MSG_NOSIGNAL);

	(void)revents;
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent < 0) {
		checks_fail_errno(run, errno);
		return;
	}
	run->sent += (unsigned)sent;
	if (run->sent < run->len)
		return;
	ev_io_stop(loop, watcher);
	ev_io_init(&run->io, on_answer, run->fd, EV_READ);
	ev_io_start(loop, &run->io);
}

void
check_http_connected(struct check_run *run, struct ev_loop *loop)
{
	int len = snprintf(run->request, sizeof(run->request),
	    "GET %s HTTP/1.1\r\n"
	    "Host: %s\r\n"
	    "User-Agent: vlbd\r\n"
	    "Accept: */*\r\n"
	    "Connection: close\r\n\r\n",
	    run->conf->path, run->conf->host);

	run->len = (unsigned)len;
	ev_io_init(&run->io, on_writable, run->fd, EV_WRITE);
	run->io.data = run;
	ev_io_start(loop, &run->io);
}
