/* SPDX-License-Identifier: BSD-2-Clause */
/* record.h - the door to libpcap: frames into a capture file. */
#ifndef VLBD_SIM_RECORD_H
#define VLBD_SIM_RECORD_H

#include "vlbd/arp.h"

struct record;

/* Begin PATH ("-": standard output). NULL: why was told to stderr. */
struct record *record_open(const char *path);
/* ARP left a station at AT_NS. */
void record_frame(struct record *record, const struct arp *arp, uint64_t at_ns);
/* 0, or -1 with the reason told: it could not be written. NULL is legal. */
int record_close(struct record *record);

#endif
