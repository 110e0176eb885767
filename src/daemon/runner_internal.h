/* SPDX-License-Identifier: BSD-2-Clause */
/* runner_internal.h - what the two ends of the runner's socket pair share. */
#ifndef VLBD_RUNNER_INTERNAL_H
#define VLBD_RUNNER_INTERNAL_H

#include "runner.h"

struct runner_packet {
	uint32_t id;
	uint32_t timeout_ms;
	uint32_t argc; /* 0: kill ID */
	uint32_t envc;
	uint32_t bytes; /* of the strings that follow */
};

struct runner_answer {
	uint32_t id;
	struct runner_result result;
};

/* The runner's life: serve orders from FD until its other end is closed. */
_Noreturn void runner_serve(int fd, bool allow_root);

/* In a child: become USER, and execute. Returns only when that fails: why. *KEEP_FD stays
 * open until then, perhaps under another number. */
struct runner_result runner_become(
    const char *user, char *const *argv, char *const *env, bool allow_root, int *keep_fd);

#endif
