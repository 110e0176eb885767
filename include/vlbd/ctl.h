/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl.h - the control protocol: what vlbctl asks, and the answers.
 *
 * Pure: requests and replies are text in memory. vlbctl(8) documents the JSON, which only
 * grows within its version. */
#ifndef VLBD_CTL_H
#define VLBD_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vlbd/engine.h"

#define CTL_JSON_VERSION 1

enum ctl_command {
	CTL_STATUS,
	CTL_ADDRESSES,
	CTL_PEERS,
	CTL_DRAIN,
	CTL_RESUME,
	CTL_RELOAD,
	CTL_COMMANDS
};

struct ctl_request {
	enum ctl_command command;
	bool json;
};

/* Read a request line (no line end). False: ERROR, of SIZE bytes, says why. */
bool ctl_parse(const char *line, struct ctl_request *out, char *error, size_t size);
/* Write the answer to a question (status, addresses, peers) as snprintf(3) does: at most
 * SIZE bytes with a final NUL, and return the length of the whole. */
size_t ctl_answer(const struct engine *engine, const struct ctl_request *request,
    uint64_t now_ns, char *text, size_t size);

#endif
