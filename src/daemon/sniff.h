/* SPDX-License-Identifier: BSD-2-Clause */
/* sniff.h - the door to libpcap: ARP frames that arrive at one interface.
 *
 * Immediate mode, a small snap length, incoming frames only, and a kernel filter that
 * lets through ARP alone. What is in a frame is arp_parse()'s to judge. */
#ifndef VLBD_SNIFF_H
#define VLBD_SNIFF_H

#include <stddef.h>
#include <stdint.h>

struct sniff;

typedef void sniff_frame(void *user, const uint8_t *frame, size_t len);

/* Capture on INTERFACE. NULL: the reason is logged (missing rights and a missing
 * interface say what to do). */
struct sniff *sniff_open(const char *interface);
/* Readable when frames wait. */
int sniff_fd(const struct sniff *sniff);
/* Hand at most LIMIT waiting frames to HEAR, without waiting. The number handed over, or
 * -1 when the capture is over (interface gone; logged). A link that is down is no error.
 */
int sniff_read(struct sniff *sniff, int limit, sniff_frame *hear, void *user);
/* Frames that the kernel dropped because we read too slowly, since the start. */
uint64_t sniff_dropped(struct sniff *sniff);
/* NULL is fine. */
void sniff_close(struct sniff *sniff);

#endif
