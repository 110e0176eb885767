/* SPDX-License-Identifier: BSD-2-Clause */
/* mac.h - Ethernet hardware addresses as values. */
#ifndef VLBD_MAC_H
#define VLBD_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAC_LEN 6
#define MAC_TEXT 18 /* "02:00:00:00:00:01" and its end */

struct mac {
	uint8_t byte[MAC_LEN];
};

extern const struct mac mac_zero;      /* 00:00:00:00:00:00 */
extern const struct mac mac_broadcast; /* ff:ff:ff:ff:ff:ff */

bool mac_equal(const struct mac *a, const struct mac *b);
bool mac_is_zero(const struct mac *mac);
/* The group bit: multicast and broadcast (IEEE 802). No host has such an address. */
bool mac_is_group(const struct mac *mac);

/* Six pairs of hexadecimal digits with colons, all of TEXT. False: not a MAC; *out is
 * as it was. */
bool mac_parse(const char *text, struct mac *out);
/* Fill TEXT and return it. */
const char *mac_format(const struct mac *mac, char text[MAC_TEXT]);

#endif
