/* SPDX-License-Identifier: BSD-2-Clause */
/* announce.h - the door to libnet: every frame that leaves. */
#ifndef VLBD_ANNOUNCE_H
#define VLBD_ANNOUNCE_H

#include "vlbd/arp.h"

struct announce;

/* NULL: the reason is logged. */
struct announce *announce_open(const char *interface);
/* Send ARP, as arp_build() lays it out, by libnet's link-layer injection. 0, or -1 when
 * it did not leave (no log line: the caller counts, and says so once per change). */
int announce_send(struct announce *announce, const struct arp *arp);
/* libnet's words for the last failure. */
const char *announce_error(struct announce *announce);
/* NULL is fine. */
void announce_close(struct announce *announce);

#endif
