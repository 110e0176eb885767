/* SPDX-License-Identifier: BSD-2-Clause */
/* runner.c - the daemon's end: orders out, answers in. */
#include "runner_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

struct under_way {
	uint32_t id; /* 0: free */
	runner_done *done;
	void *user;
};

struct runner {
	pid_t pid;
	int fd; /* -1: the runner is gone */
	uint32_t last;
	struct under_way order[RUNNER_CHILDREN];
	struct ev_loop *loop;
	ev_io io;
};

struct runner *
runner_open(bool allow_root)
{
	struct runner *runner = calloc(1, sizeof(*runner));
	int pair[2] = { -1, -1 };

	if (runner == NULL ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		log_err("cannot start the runner of commands");
		free(runner);
		return NULL;
	}
	runner->fd = pair[0];
	runner->pid = fork();
	if (runner->pid < 0) {
		log_err("cannot start the runner of commands");
		close(pair[0]);
		close(pair[1]);
		free(runner);
		return NULL;
	}
	if (runner->pid == 0) {
		close(pair[0]);
		runner_serve(pair[1], allow_root);
	}
	close(pair[1]);
	return runner;
}

static void
finish(struct under_way *order, const struct runner_result *result)
{
	struct under_way was = *order;

	*order = (struct under_way){ .id = 0 };
	if (was.done != NULL)
		was.done(was.user, result);
}

static void
lose(struct runner *runner)
{
	struct runner_result lost = { .outcome = RUNNER_LOST };

	if (runner->fd < 0)
		return;
	log_errx("the process that runs commands is gone; restart vlbd to have checks "
		 "and notifications run again");
	if (runner->loop != NULL)
		ev_io_stop(runner->loop, &runner->io);
	close(runner->fd);
	runner->fd = -1;
	for (unsigned i = 0; i < RUNNER_CHILDREN; i++)
		if (runner->order[i].id != 0)
			finish(&runner->order[i], &lost);
}

static void
on_answer(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct runner *runner = watcher->data;
	struct runner_answer answer;

	(void)loop, (void)revents;
	while (runner->fd >= 0) {
		ssize_t len = recv(runner->fd, &answer, sizeof(answer), MSG_DONTWAIT);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0 && errno == EAGAIN)
			return;
		if (len <= 0) {
			lose(runner);
			return;
		}
		if (len != (ssize_t)sizeof(answer) ||
		    answer.result.outcome >= RUNNER_OUTCOMES)
			continue;
		for (unsigned i = 0; i < RUNNER_CHILDREN; i++)
			if (answer.id != 0 && runner->order[i].id == answer.id) {
				finish(&runner->order[i], &answer.result);
				break;
			}
	}
}

void
runner_watch(struct runner *runner, struct ev_loop *loop)
{
	if (runner->loop != NULL)
		ev_io_stop(runner->loop, &runner->io);
	runner->loop = loop;
	if (runner->fd < 0)
		return;
	ev_io_init(&runner->io, on_answer, runner->fd, EV_READ);
	runner->io.data = runner;
	ev_io_start(loop, &runner->io);
}

/* Append STRINGS behind LEN bytes of TEXT. False: they do not fit. */
static bool
pack(char *text, uint32_t *len, const char *const *strings, uint32_t *count)
{
	for (*count = 0; strings[*count] != NULL; ++*count) {
		size_t size = strlen(strings[*count]) + 1;
		if (*count == RUNNER_STRINGS || size > RUNNER_BYTES - *len)
			return false;
		memcpy(text + *len, strings[*count], size);
		*len += (uint32_t)size;
	}
	return true;
}

static struct under_way *
free_order(struct runner *runner)
{
	for (unsigned i = 0; i < RUNNER_CHILDREN; i++)
		if (runner->order[i].id == 0)
			return &runner->order[i];
	return NULL;
}

uint32_t
runner_start(struct runner *runner, const struct runner_order *order, runner_done *done,
    void *user)
{
	struct under_way *under_way = free_order(runner);
	struct {
		struct runner_packet head;
		char text[RUNNER_BYTES];
	} packet = { .head = { .timeout_ms = order->timeout_ms } };
	const char *const users[] = { order->user, NULL };
	uint32_t one;

	if (under_way == NULL || runner->fd < 0)
		return 0;
	if (!pack(packet.text, &packet.head.bytes, users, &one) ||
	    !pack(packet.text, &packet.head.bytes, order->argv, &packet.head.argc) ||
	    !pack(packet.text, &packet.head.bytes, order->env, &packet.head.envc) ||
	    packet.head.argc == 0)
		return 0;
	if (++runner->last == 0)
		runner->last = 1;
	packet.head.id = runner->last;
	ssize_t sent = send(runner->fd, &packet, sizeof(packet.head) + packet.head.bytes,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return 0; /* if it is gone, its end is heard from the loop */
	*under_way = (struct under_way){ packet.head.id, done, user };
	return packet.head.id;
}

void
runner_forget(struct runner *runner, uint32_t id)
{
	struct runner_packet kill = { .id = id };

	for (unsigned i = 0; id != 0 && i < RUNNER_CHILDREN; i++) {
		if (runner->order[i].id != id)
			continue;
		/* Its place is taken until the answer comes. */
		runner->order[i].done = NULL;
		if (runner->fd >= 0)
			(void)send(
			    runner->fd, &kill, sizeof(kill), MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

unsigned
runner_running(const struct runner *runner)
{
	unsigned count = 0;

	for (unsigned i = 0; i < RUNNER_CHILDREN; i++)
		count += runner->order[i].id != 0;
	return count;
}

void
runner_close(struct runner *runner)
{
	if (runner == NULL)
		return;
	if (runner->loop != NULL)
		ev_io_stop(runner->loop, &runner->io);
	if (runner->fd >= 0)
		close(runner->fd);
	while (waitpid(runner->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(runner);
}

const char *
runner_text(
    const struct runner_result *result, uint32_t order_ms, char *text, size_t size)
{
	switch (result->outcome) {
	case RUNNER_EXITED:
		snprintf(text, size, "exit status %d", result->code);
		break;
	case RUNNER_KILLED:
		snprintf(text, size, "killed by signal %d", result->code);
		break;
	case RUNNER_TIMED_OUT:
		snprintf(text, size, "still running after %u.%us; killed",
		    order_ms / 1000, order_ms % 1000 / 100);
		break;
	case RUNNER_NO_EXEC:
		snprintf(text, size, "cannot be executed: %s", strerror(result->code));
		break;
	case RUNNER_NO_USER:
		snprintf(text, size, "its user does not exist");
		break;
	case RUNNER_NO_ROOT:
		snprintf(text, size,
		    "user = root is new in the file; that takes a restart of vlbd");
		break;
	case RUNNER_NO_START:
		snprintf(text, size, "cannot be started: %s", strerror(result->code));
		break;
	case RUNNER_BUSY:
		snprintf(text, size, "too many commands at once");
		break;
	case RUNNER_LOST:
	case RUNNER_OUTCOMES:
	default:
		snprintf(text, size, "the process that runs commands is gone");
		break;
	}
	return text;
}
