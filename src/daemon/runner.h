/* SPDX-License-Identifier: BSD-2-Clause */
/* runner.h - commands for checks and notifications, run by a process of their own.
 *
 * The runner is forked at the very start, before the daemon gives up its privileges and
 * before it has opened anything. From then on the daemon neither forks nor executes: it
 * writes orders to a socket pair, and reads from the same what became of them. So its
 * seccomp filter need allow neither, and a slow fork() costs the loop nothing.
 *
 * A command is executed without a shell, as the user that the order names, in a session
 * and process group of its own, with the order's environment and nothing else, / as its
 * directory, /dev/null as its three files and no other descriptor, and without a way to
 * new privileges. Its whole group is killed (SIGKILL) when its time is up, and when its
 * first process has ended. The runner collects whatever it is the parent of by then: no
 * zombie stays. When the daemon ends, in whatever way, the runner kills what runs, and
 * ends; when the runner ends, what runs is killed by the kernel.
 *
 * The protocol, SOCK_SEQPACKET, one packet for each:
 *   order   struct runner_packet, then strings, each with its NUL: the user, ARGC
 *           arguments, ENVC variables. ARGC 0: kill order ID, its answer still comes.
 *   answer  struct runner_answer, one for each order that was a command.
 *
 * The runner keeps the privileges that the daemon gives up, so it does not trust it: it
 * executes nothing as root unless runner_open() was told so, and checks every length. */
#ifndef VLBD_RUNNER_H
#define VLBD_RUNNER_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUNNER_CHILDREN 24 /* most at once; an order beyond that is refused */
#define RUNNER_STRINGS 64  /* most arguments, and most variables */
#define RUNNER_BYTES 8192  /* most bytes of all strings of an order */

enum runner_outcome {
	RUNNER_EXITED,    /* with status .code */
	RUNNER_KILLED,    /* by signal .code */
	RUNNER_TIMED_OUT, /* and was killed for that */
	RUNNER_NO_EXEC,   /* the file cannot be executed: errno .code */
	RUNNER_NO_USER,   /* there is no such user */
	RUNNER_NO_ROOT,   /* it would be root, which was not allowed at the start */
	RUNNER_NO_START,  /* fork() and the like failed: errno .code */
	RUNNER_BUSY,      /* too many run already */
	RUNNER_LOST,      /* the runner itself is gone */
	RUNNER_OUTCOMES
};

struct runner_result {
	enum runner_outcome outcome;
	int code;
	uint32_t took_ms;
};

struct runner_order {
	const char *user;
	const char *const *argv; /* ends in NULL; argv[0] is an absolute path */
	const char *const *env;  /* ends in NULL */
	uint32_t timeout_ms;
};

struct runner;

/* Called once for every order that was taken, from the loop. */
typedef void runner_done(void *user, const struct runner_result *result);

/* Fork the runner. ALLOW_ROOT: it may execute commands as root. NULL: logged. */
struct runner *runner_open(bool allow_root);
/* Hear its answers on LOOP, and no longer on the one before. */
void runner_watch(struct runner *runner, struct ev_loop *loop);
/* Have a command run. Its number, or 0: it was not taken (too many, too long, or the
 * runner is gone); DONE is not called then. Never waits. */
uint32_t runner_start(struct runner *runner, const struct runner_order *order,
    runner_done *done, void *user);
/* Kill order ID, if it still runs. DONE is not called any more. */
void runner_forget(struct runner *runner, uint32_t id);
/* How many orders are under way. */
unsigned runner_running(const struct runner *runner);
/* End the runner and wait for its end. NULL is fine. */
void runner_close(struct runner *runner);

/* "exit status 1", "killed by signal 9", "still running after 2s; killed"... without an
 * end. ORDER_MS: the timeout that it had. */
const char *runner_text(
    const struct runner_result *result, uint32_t order_ms, char *text, size_t size);

#endif
