/* SPDX-License-Identifier: BSD-2-Clause */
/* ip.h - network addresses as values, of either family.
 *
 * The protocol core never looks inside one, so that an IPv6 twin can speak to the same
 * state machines; only the wire formats and the configuration know families. */
#ifndef VLBD_IP_H
#define VLBD_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP_TEXT 46 /* longest text of either family, and its end */

enum ip_family { IP_NONE = 0, IP_V4 = 4, IP_V6 = 6 };

struct ip {
	uint8_t family;   /* enum ip_family */
	uint8_t byte[16]; /* network order; bytes that the family does not use are 0 */
};

struct ip ip_v4(uint32_t host_order);
/* Host order; 0 when it is no IPv4 address. */
uint32_t ip_v4_value(const struct ip *ip);

bool ip_equal(const struct ip *a, const struct ip *b);
/* Order by family, then by number: below, equal to or above 0, as memcmp(3). */
int ip_compare(const struct ip *a, const struct ip *b);
/* No family, or every byte 0. */
bool ip_is_none(const struct ip *ip);

/* A dotted quad, all of TEXT. False: not an address; *out is as it was. */
bool ip_parse(const char *text, struct ip *out);
/* Fill TEXT and return it ("-" for none). */
const char *ip_format(const struct ip *ip, char text[IP_TEXT]);

#endif
