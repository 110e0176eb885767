/* SPDX-License-Identifier: BSD-2-Clause */
/* rate.h - the most ARP frames that a server sends within one second.
 *
 * For those who must know it before it happens: `vlbd -t', and whoever sets the limit of
 * a switch that polices ARP. Pure arithmetic on the configuration. */
#ifndef VLBD_RATE_H
#define VLBD_RATE_H

#include "vlbd/conf.h"

#define RATE_POLICED 15 /* the usual default of dynamic ARP inspection, a second */

/* All numbers are frames within one second, but `claims'. max_rate is not looked at. */
struct rate {
	uint64_t hellos;
	uint64_t probes; /* of one death among the peers */
	unsigned claims; /* addresses that one death can bring */
	uint64_t frames; /* of the daemon, all in all */
	/* The kernel answers too: the routers that ask for each of its addresses at once,
	 * and the peers that probe a server which they no longer hear. */
	uint64_t answers;
};

/* The worst second of the server of that index: the one after another's death. */
struct rate rate_worst(const struct conf *conf, unsigned server);

#endif
