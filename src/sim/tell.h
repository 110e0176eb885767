/* SPDX-License-Identifier: BSD-2-Clause */
/* tell.h - faults, frames and sets of addresses as text for people. */
#ifndef VLBD_SIM_TELL_H
#define VLBD_SIM_TELL_H

#include "world.h"

#define TELL_TEXT 400
#define TELL_SET (CONF_ADDRESSES / 64) /* words of a set of addresses, a bit each */

/* Fill TEXT and return it: "crash A", "loss 12.5% on every cable". */
const char *tell_fault(
    const struct fault *fault, const struct conf *conf, char text[TELL_TEXT]);
/* Something is broken by it; what mends it is none. */
bool tell_is_injury(const struct fault *fault);
/* "A > all  10.77.0.1 is mine (reply)". */
const char *tell_frame(
    const struct arp *arp, const struct conf *conf, char text[TELL_TEXT]);
/* "10.77.0.1-3, .7", and how many more where TEXT is full. */
const char *tell_addresses(
    const uint64_t set[TELL_SET], const struct conf *conf, char *text, size_t size);

#endif
