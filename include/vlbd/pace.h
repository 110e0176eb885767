/* SPDX-License-Identifier: BSD-2-Clause */
/* pace.h - no more than so many frames in any one second.
 *
 * For switches that police ARP and shut a port that exceeds their limit. It remembers
 * when the last frames left, so the promise holds for every rolling second, not on
 * average. */
#ifndef VLBD_PACE_H
#define VLBD_PACE_H

#include <stdint.h>

#define PACE_FRAMES 1024 /* remembered; a faster rate is kept over a shorter window */
#define PACE_UNLIMITED UINT32_MAX

struct pace {
	uint32_t limit; /* frames in a window; 0: no limit at all */
	uint64_t window_ns;
	uint32_t at; /* the slot of the oldest frame */
	uint64_t sent_ns[PACE_FRAMES];
};

/* RATE in frames a second; 0: no limit. */
void pace_init(struct pace *pace, uint32_t rate);
/* How many frames may leave now; PACE_UNLIMITED without a limit. */
uint32_t pace_room(const struct pace *pace, uint64_t now_ns);
/* One frame leaves now. */
void pace_spend(struct pace *pace, uint64_t now_ns);
/* The frames that left under OLD count on under PACE. */
void pace_carry(struct pace *pace, const struct pace *old);
/* When there will be room for FRAMES (more than the limit: for the limit). */
uint64_t pace_when(const struct pace *pace, uint32_t frames, uint64_t now_ns);

#endif
