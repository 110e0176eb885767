/* SPDX-License-Identifier: BSD-2-Clause */
/* rate.h - the most ARP frames that a server sends within one second.
 *
 * For those who must know it before it happens: `vlbd -t', and whoever sets the limit of
 * a switch that polices ARP. Pure arithmetic on the configuration; what the kernel
 * answers by itself is not in it, and max_rate is not looked at. */
#ifndef VLBD_RATE_H
#define VLBD_RATE_H

#include "vlbd/conf.h"

#define RATE_POLICED 15 /* the usual default of dynamic ARP inspection, a second */

/* Frames within one second, but `claims' and `listed'. */
struct rate {
	uint64_t hellos;
	uint64_t probes; /* of one death among the peers */
	unsigned claims; /* addresses that one death can bring */
	uint64_t frames; /* the second after a death: all of these */
	unsigned listed; /* addresses that it may come to serve, all others being gone */
	uint64_t alone; /* about: when it starts before all others, and asks and claims */
	uint64_t silence; /* when all peers fall silent at once, without the claims */
};

/* What the server of that index may send. */
struct rate rate_worst(const struct conf *conf, unsigned server);

#endif
