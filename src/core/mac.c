/* SPDX-License-Identifier: BSD-2-Clause */
/* mac.c - hardware addresses: compare, read, print.
 *
 * Values only: whether an address belongs to the cluster is conf's business. */
#include "vlbd/mac.h"

#include <stdio.h>
#include <string.h>

const struct mac mac_zero = { { 0, 0, 0, 0, 0, 0 } };
const struct mac mac_broadcast = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

bool
mac_equal(const struct mac *a, const struct mac *b)
{
	return memcmp(a->byte, b->byte, MAC_LEN) == 0;
}

bool
mac_is_zero(const struct mac *mac)
{
	return mac_equal(mac, &mac_zero);
}

bool
mac_is_group(const struct mac *mac)
{
	return (mac->byte[0] & 1) != 0;
}

/* The digit's value, or -1. Not isxdigit(3): that asks the locale. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
mac_parse(const char *text, struct mac *out)
{
	struct mac mac;

	for (int i = 0; i < MAC_LEN; i++, text += 3) {
		int high = hex_value(text[0]);
		/* A text that ends here must not be read beyond its end. */
		int low = high < 0 ? -1 : hex_value(text[1]);
		if (low < 0 || text[2] != (i < MAC_LEN - 1 ? ':' : '\0'))
			return false;
		mac.byte[i] = (uint8_t)(high << 4 | low);
	}
	*out = mac;
	return true;
}

const char *
mac_format(const struct mac *mac, char text[MAC_TEXT])
{
	const uint8_t *b = mac->byte;

	snprintf(text, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3],
	    b[4], b[5]);
	return text;
}
