/* SPDX-License-Identifier: BSD-2-Clause */
/* instance.h - at most one daemon for a cluster on an interface.
 *
 * Two would take each other's addresses and routes for their own. The name of a socket in
 * the abstract namespace (unix(7)) stands for the right to be that daemon: it belongs to
 * the network namespace as interfaces do, and ends with the process. */
#ifndef VLBD_INSTANCE_H
#define VLBD_INSTANCE_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct instance;

/* Take the right for DIGEST (conf_instance_digest()). NULL: somebody has it, or it cannot
 * be taken (logged; WHAT says what it is for: "cluster web on eth1"). A process of a user
 * other than root, the caller and USER has no say: with a warning, the right is as good
 * as taken. */
struct instance *instance_open(
    struct ev_loop *loop, uint32_t digest, uid_t user, const char *what);
/* Somebody has it. */
bool instance_taken(uint32_t digest);
/* NULL is fine. */
void instance_close(struct instance *instance);

#endif
