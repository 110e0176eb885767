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

/* The steps of it, for who changes a cluster. Each returns 0 or how to exit, having told.
 * A new server of that NAME, which OPTION gave. */
int cluster_add_server(struct conf *conf, const char *option, const char *name);
/* --weight, --rack, --mac and --macs, for servers of CONF. */
int cluster_set_servers(struct conf *conf, const struct options *options);
/* A hardware address of server S, which WHAT (an option, or FILE:LINE) gave. */
int cluster_add_mac(struct conf *conf, unsigned s, const char *what, const char *text);
/* --addresses replaces the addresses of CONF. Their lists are empty. */
int cluster_set_addresses(struct conf *conf, const struct options *options);
/* --tiers, or what is usual for so many servers. */
int cluster_tiers(
    const struct conf *conf, const struct options *options, unsigned *tiers);

/* "mac = ..." in a file: the name and the hardware addresses of each server. */
int macs_read(struct conf *conf, const char *path);

/* Every address of CONF must be one that the servers' network can have: that of
 * --network, or that of this host's interface if it is one of the servers. */
int network_check(const struct conf *conf, const struct options *options);

#endif
