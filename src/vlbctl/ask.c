/* SPDX-License-Identifier: BSD-2-Clause */
/* ask.c - one question to the daemon, and its answer; or a stream to follow. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "vlbctl.h"

enum { CHUNK = 64 * 1024, FIRST_MS = 3000 /* for the first line of a stream */ };

static const char out_of_patience[] = "the daemon does not answer in time";

long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

__attribute__((format(printf, 3, 4))) static void
fail(struct answer *answer, int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(answer->problem, sizeof(answer->problem), format, args);
	va_end(args);
	answer->status = status;
	free(answer->text);
	answer->text = NULL;
}

static void
cannot_connect(struct answer *answer, const char *path)
{
	if (errno == EACCES || errno == EPERM)
		fail(answer, STATUS_DENIED,
		    "you may not use %s: be root, or of the group vlbd", path);
	else if (errno == ENOENT || errno == ECONNREFUSED)
		fail(answer, STATUS_NO_DAEMON,
		    "no daemon answers at %s: is vlbd running there? "
		    "(systemctl status vlbd; -s takes another socket)",
		    path);
	else if (errno == EAGAIN)
		fail(answer, STATUS_NO_DAEMON, "%s", out_of_patience);
	else
		fail(answer, STATUS_NO_DAEMON, "cannot reach %s: %s", path,
		    strerror(errno));
}

/* A daemon that is stopped may have a full queue: connect(2) waits for a place. */
static int
connect_to(struct answer *answer, const char *path, long patience_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { patience_ms / 1000, patience_ms % 1000 * 1000 };

	if (strlen(path) >= sizeof(address.sun_path)) {
		fail(answer, STATUS_USAGE, "%s is longer than a socket's path may be",
		    path);
		return -1;
	}
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
	    connect(fd, (struct sockaddr *)(void *)&address, sizeof(address)) == 0)
		return fd;
	cannot_connect(answer, path);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Send "vlb/1 REQUEST". False: it does not listen. */
static bool
send_request(struct answer *answer, int fd, const char *request)
{
	char line[128];
	int size = snprintf(line, sizeof(line), "vlb/1 %s\n", request);

	/* EPIPE: it may have said why it does not listen. */
	if (write(fd, line, (size_t)size) == size || errno == EPIPE)
		return true;
	fail(answer, STATUS_NO_DAEMON, "the daemon does not listen: %s", strerror(errno));
	return false;
}

static bool
grow(struct answer *answer, size_t *size)
{
	char *more =
	    answer->len < *size ? answer->text : realloc(answer->text, 2 * *size + 1);

	if (more == NULL) {
		fail(answer, STATUS_REFUSED, "out of memory");
		return false;
	}
	if (answer->len == *size)
		*size *= 2;
	answer->text = more;
	return true;
}

/* Read on, to the end of the stream or, LINE, of its first line. False: it broke off. */
static bool
read_more(struct answer *answer, int fd, long end_ms, bool line)
{
	size_t size = CHUNK;

	answer->text = malloc(size + 1);
	if (answer->text == NULL) {
		fail(answer, STATUS_REFUSED, "out of memory");
		return false;
	}
	while (grow(answer, &size)) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		long left_ms = end_ms - now_ms();
		if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) == 0) {
			fail(answer, STATUS_NO_DAEMON, "%s", out_of_patience);
			return false;
		}
		ssize_t got =
		    read(fd, answer->text + answer->len, line ? 1 : size - answer->len);
		if (got < 0 && errno == EINTR)
			continue;
		/* ECONNRESET is an end too: it left before it had read our question. */
		bool end =
		    got == 0 || (got < 0 && errno == ECONNRESET && answer->len > 0);
		if (got < 0 && !end) {
			fail(answer, STATUS_NO_DAEMON, "the daemon broke off: %s",
			    strerror(errno));
			return false;
		}
		answer->len += got > 0 ? (size_t)got : 0;
		answer->text[answer->len] = '\0';
		if (end || (line && answer->text[answer->len - 1] == '\n'))
			return true;
	}
	return false;
}

/* The first line says whether the rest is the answer. */
static void
judge(struct answer *answer)
{
	static const struct {
		const char *word;
		int status;
	} verdicts[] = {
		{ "error ", STATUS_REFUSED },
		{ "version ", STATUS_OTHER_VERSION },
		{ "denied ", STATUS_DENIED },
	};
	static const char older[] = "error this daemon knows no such command";
	char head[400];
	char *end = strchr(answer->text, '\n');

	if (end == NULL || answer->text[answer->len - 1] != '\n') {
		fail(answer, STATUS_NO_DAEMON,
		    "the daemon went away before it had answered");
		return;
	}
	snprintf(head, sizeof(head), "%.*s", (int)(end - answer->text), answer->text);
	/* We ask for nothing that we do not know ourselves. */
	if (strncmp(head, older, sizeof(older) - 1) == 0) {
		fail(answer, STATUS_OTHER_VERSION,
		    "the daemon is older than this vlbctl and does not know the "
		    "question: "
		    "restart vlbd, or use the vlbctl that came with it");
		return;
	}
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		size_t len = strlen(verdicts[i].word);
		if (strncmp(head, verdicts[i].word, len) != 0)
			continue;
		fail(answer, verdicts[i].status, "%s", head + len);
		return;
	}
	if (strcmp(head, "ok") != 0) {
		fail(answer, STATUS_OTHER_VERSION,
		    "this is no answer of a vlbd that this vlbctl knows: is the socket "
		    "right, and "
		    "is the daemon as new as vlbctl?");
		return;
	}
	answer->len -= (size_t)(end + 1 - answer->text);
	memmove(answer->text, end + 1, answer->len + 1);
}

struct answer
ask(const char *socket, const char *request, long patience_ms)
{
	struct answer answer = { .status = EXIT_SUCCESS };
	const long end_ms = now_ms() + patience_ms;
	int fd = connect_to(&answer, socket, patience_ms);

	if (fd < 0)
		return answer;
	if (send_request(&answer, fd, request) && read_more(&answer, fd, end_ms, false))
		judge(&answer);
	close(fd);
	return answer;
}

int
put_out(const char *text, size_t len)
{
	/* EPIPE: head(1) has seen enough. */
	if ((fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0) ||
	    errno == EPIPE)
		return EXIT_SUCCESS;
	fprintf(stderr, "vlbctl: cannot write the answer: %s\n", strerror(errno));
	return STATUS_REFUSED;
}

/* What comes from now on, until the daemon ends it, or our reader has seen enough. */
static int
copy_out(int fd)
{
	static char chunk[CHUNK];
	struct pollfd ready[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = STDOUT_FILENO, .events = 0 }, /* it tells when nobody reads it */
	};

	for (;;) {
		if (poll(ready, 2, -1) < 0 && errno != EINTR)
			break;
		if ((ready[1].revents & (POLLERR | POLLHUP)) != 0)
			return EXIT_SUCCESS;
		if (ready[0].revents == 0)
			continue;
		ssize_t got = read(fd, chunk, sizeof(chunk));
		if (got <= 0)
			break;
		errno = 0;
		int status = put_out(chunk, (size_t)got);
		if (status != EXIT_SUCCESS || errno == EPIPE)
			return status;
	}
	fputs("vlbctl: the daemon has ended it: stopped, or we were too slow for it\n",
	    stderr);
	return STATUS_NO_DAEMON;
}

int
ask_and_follow(const char *socket, const char *request)
{
	struct answer answer = { .status = EXIT_SUCCESS };
	int fd = connect_to(&answer, socket, FIRST_MS);
	bool begun = fd >= 0 && send_request(&answer, fd, request) &&
		     read_more(&answer, fd, now_ms() + FIRST_MS, true);

	if (begun)
		judge(&answer);
	int status = answer.status;
	if (status != EXIT_SUCCESS)
		fprintf(stderr, "vlbctl: %s\n", answer.problem);
	else
		status = copy_out(fd);
	free(answer.text);
	if (fd >= 0)
		close(fd);
	return status;
}
