/* SPDX-License-Identifier: BSD-2-Clause */
/* cluster.h - the cluster that the command line means, as a struct conf.
 *
 * Every action works on a struct conf, be it read from a file or made of options: the
 * servers with their hardware addresses, weights and racks, and the addresses with their
 * lists. A server without a hardware address (.macs = 0) is one whose line is still the
 * placeholder. */
#ifndef VLBD_PLAN_CLUSTER_H
#define VLBD_PLAN_CLUSTER_H

#include "options.h"
#include "vlbd/conf.h"

/* The cluster of OPTIONS with its lists, those of -c FILE or freshly planned for
 * --servers and --addresses. NULL: *status is how to exit, and all is told. free(3) it.
 */
struct conf *cluster_open(const struct options *options, int *status);

#endif
