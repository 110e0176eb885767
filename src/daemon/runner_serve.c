/* SPDX-License-Identifier: BSD-2-Clause */
/* runner_serve.c - the runner's own life: children started, watched, killed, collected.
 *
 * One loop over two descriptors: the daemon's orders, and a signalfd that tells of
 * children. The only other thing that wakes it is the next timeout. */
#include "runner_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LAST_WAIT_MS = 1000 }; /* for what was killed at the end */

struct child {
	uint32_t id; /* 0: free */
	pid_t pid;
	uint64_t began_ms, until_ms;
	bool late; /* its time is up, and it was killed */
	int why;   /* the pipe on which it says why it could not begin; CLOEXEC */
};

struct server {
	int fd;
	int signals;
	bool allow_root;
	struct child child[RUNNER_CHILDREN];
};

struct order {
	struct runner_packet head;
	char text[RUNNER_BYTES];
};

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
answer(const struct server *server, uint32_t id, const struct runner_result *result)
{
	struct runner_answer answer = { .id = id, .result = *result };

	/* There are never more orders than fit, so it does not wait for long. */
	while (
	    send(server->fd, &answer, sizeof(answer), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void
answer_failed(const struct server *server, uint32_t id, enum runner_outcome outcome)
{
	struct runner_result result = { .outcome = outcome, .code = errno };

	answer(server, id, &result);
}

static void
kill_group(const struct child *child)
{
	/* It may not have become a group yet. */
	if (kill(-child->pid, SIGKILL) != 0)
		kill(child->pid, SIGKILL);
}

/* COUNT strings from *AT on, before END, as a vector that ends in NULL. */
static bool
unpack(char **at, const char *end, uint32_t count, char *out[RUNNER_STRINGS + 1])
{
	if (count > RUNNER_STRINGS)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		char *string = *at;
		char *nul = memchr(string, '\0', (size_t)(end - string));
		if (nul == NULL)
			return false;
		out[i] = string;
		*at = nul + 1;
	}
	out[count] = NULL;
	return true;
}

static _Noreturn void
be_child(struct server *server, struct order *order, int why)
{
	char *user[RUNNER_STRINGS + 1], *argv[RUNNER_STRINGS + 1],
	    *env[RUNNER_STRINGS + 1];
	char *at = order->text;
	const char *end = order->text + order->head.bytes;
	struct runner_result result = { .outcome = RUNNER_NO_START, .code = EINVAL };

	if (unpack(&at, end, 1, user) && unpack(&at, end, order->head.argc, argv) &&
	    unpack(&at, end, order->head.envc, env))
		result = runner_become(user[0], argv, env, server->allow_root, &why);
	(void)!write(why, &result, sizeof(result));
	_exit(127);
}

static void
start(struct server *server, struct order *order)
{
	struct child *child = NULL;
	int why[2];

	for (unsigned i = 0; i < RUNNER_CHILDREN && child == NULL; i++)
		if (server->child[i].id == 0)
			child = &server->child[i];
	if (child == NULL) {
		answer_failed(server, order->head.id, RUNNER_BUSY);
		return;
	}
	if (pipe2(why, O_CLOEXEC | O_NONBLOCK) != 0) {
		answer_failed(server, order->head.id, RUNNER_NO_START);
		return;
	}
	pid_t pid = fork();
	if (pid == 0)
		be_child(server, order, why[1]);
	int error = errno;
	close(why[1]);
	if (pid < 0) {
		close(why[0]);
		errno = error;
		answer_failed(server, order->head.id, RUNNER_NO_START);
		return;
	}
	*child = (struct child){
		.id = order->head.id,
		.pid = pid,
		.began_ms = now_ms(),
		.until_ms = now_ms() + order->head.timeout_ms,
		.why = why[0],
	};
}

static struct runner_result
result_of(const struct child *child, int status)
{
	struct runner_result result;

	if (read(child->why, &result, sizeof(result)) != (ssize_t)sizeof(result) ||
	    result.outcome >= RUNNER_OUTCOMES) {
		result.outcome = WIFEXITED(status) ? RUNNER_EXITED : RUNNER_KILLED;
		result.code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
	}
	if (child->late)
		result.outcome = RUNNER_TIMED_OUT;
	result.took_ms = (uint32_t)(now_ms() - child->began_ms);
	return result;
}

static void
collect_one(struct server *server, pid_t pid)
{
	int status = 0;

	/* What it started and left; while it is a zombie nobody else has its number. */
	kill(-pid, SIGKILL);
	if (waitpid(pid, &status, WNOHANG) != pid)
		return;
	for (unsigned i = 0; i < RUNNER_CHILDREN; i++) {
		struct child *child = &server->child[i];
		if (child->id == 0 || child->pid != pid)
			continue;
		struct runner_result result = result_of(child, status);
		close(child->why);
		answer(server, child->id, &result);
		child->id = 0;
	}
}

/* Whatever has ended: commands, and what they left behind (the runner is its heir). */
static void
collect(struct server *server)
{
	struct signalfd_siginfo told;
	siginfo_t info = { .si_pid = 0 };

	while (read(server->signals, &told, sizeof(told)) > 0)
		;
	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid != 0) {
		collect_one(server, info.si_pid);
		info.si_pid = 0;
	}
}

static void
kill_late(struct server *server)
{
	for (unsigned i = 0; i < RUNNER_CHILDREN; i++) {
		struct child *child = &server->child[i];
		if (child->id == 0 || child->late || now_ms() < child->until_ms)
			continue;
		child->late = true;
		kill_group(child);
	}
}

static int
next_timeout(const struct server *server)
{
	uint64_t now = now_ms();
	uint64_t wait = 3600 * 1000;

	for (unsigned i = 0; i < RUNNER_CHILDREN; i++) {
		const struct child *child = &server->child[i];
		if (child->id == 0 || child->late)
			continue;
		uint64_t rest = child->until_ms > now ? child->until_ms - now : 0;
		wait = rest < wait ? rest : wait;
	}
	return (int)wait;
}

/* False: the daemon is gone. */
static bool
take_order(struct server *server)
{
	static struct order order;
	ssize_t len = recv(server->fd, &order, sizeof(order), MSG_DONTWAIT);

	if (len < 0)
		return errno == EINTR || errno == EAGAIN;
	if (len == 0)
		return false;
	if ((size_t)len < sizeof(order.head) || order.head.id == 0 ||
	    order.head.bytes != (size_t)len - sizeof(order.head))
		return true;
	if (order.head.argc > 0) {
		start(server, &order);
		return true;
	}
	for (unsigned i = 0; i < RUNNER_CHILDREN; i++)
		if (server->child[i].id == order.head.id)
			kill_group(&server->child[i]);
	return true;
}

static _Noreturn void
end(struct server *server)
{
	uint64_t until_ms = now_ms() + LAST_WAIT_MS;

	for (unsigned i = 0; i < RUNNER_CHILDREN; i++)
		if (server->child[i].id != 0)
			kill_group(&server->child[i]);
	while (now_ms() < until_ms && waitpid(-1, NULL, WNOHANG) >= 0)
		(void)poll(NULL, 0, 5);
	_exit(0);
}

/* Whatever the daemon, or who started it, has left open is no business of commands. */
static void
close_others(int mine)
{
	DIR *list = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (list != NULL && (entry = readdir(list)) != NULL) {
		int fd = atoi(entry->d_name);
		if (fd > STDERR_FILENO && fd != mine && fd != dirfd(list))
			close(fd);
	}
	if (list != NULL)
		closedir(list);
}

static void
set_up(struct server *server)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1,
		SIGUSR2, SIGTSTP };
	sigset_t children;

	/* Nothing of the daemon's stays open here. */
	if (server->fd != 3 && dup2(server->fd, 3) == 3)
		server->fd = 3;
	if (server->fd == 3)
		(void)close_range(4, ~0u, 0);
	(void)fcntl(server->fd, F_SETFD, FD_CLOEXEC);
	/* It ends when the daemon does, not when a terminal or an init says so to all. */
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	close_others(server->fd);
	(void)prctl(PR_SET_NAME, "vlbd-runner");
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	server->signals = signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC);
	if (server->signals < 0)
		_exit(1); /* which the daemon hears */
}

void
runner_serve(int fd, bool allow_root)
{
	struct server server = { .fd = fd, .allow_root = allow_root };

	set_up(&server);
	for (;;) {
		struct pollfd fds[2] = {
			{ .fd = server.fd, .events = POLLIN },
			{ .fd = server.signals, .events = POLLIN },
		};
		(void)poll(fds, 2, next_timeout(&server));
		collect(&server);
		kill_late(&server);
		if (fds[0].revents != 0 && !take_order(&server))
			end(&server);
	}
}
