/* SPDX-License-Identifier: BSD-2-Clause */
/* ip.c - network addresses: compare, read, print.
 *
 * Values only. It reads IPv4, the family that the wire format speaks today, and prints
 * both. It does without inet_pton(3), which belongs to the socket library: the core is
 * pure. */
#include "vlbd/ip.h"

#include <stdio.h>
#include <string.h>

struct ip
ip_v4(uint32_t host_order)
{
	struct ip ip = { .family = IP_V4 };

	for (int i = 0; i < 4; i++)
		ip.byte[i] = (uint8_t)(host_order >> (24 - 8 * i));
	return ip;
}

uint32_t
ip_v4_value(const struct ip *ip)
{
	uint32_t value = 0;

	if (ip->family != IP_V4)
		return 0;
	for (int i = 0; i < 4; i++)
		value = value << 8 | ip->byte[i];
	return value;
}

bool
ip_equal(const struct ip *a, const struct ip *b)
{
	return ip_compare(a, b) == 0;
}

int
ip_compare(const struct ip *a, const struct ip *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->byte, b->byte, sizeof a->byte);
}

bool
ip_is_none(const struct ip *ip)
{
	if (ip->family == IP_NONE)
		return true;
	for (size_t i = 0; i < sizeof ip->byte; i++)
		if (ip->byte[i] != 0)
			return false;
	return true;
}

/* Read one number 0..255 at *AT and step over it. A leading zero is refused: to
 * inet_aton(3) and the tools built on it, 010 is eight. */
static bool
read_octet(const char **at, uint32_t *out)
{
	const char *digit = *at;
	uint32_t value = 0;

	while (*digit >= '0' && *digit <= '9' && digit - *at < 4)
		value = value * 10 + (uint32_t)(*digit++ - '0');
	if (digit == *at || value > 255 || (**at == '0' && digit - *at > 1))
		return false;
	*at = digit;
	*out = value;
	return true;
}

bool
ip_parse(const char *text, struct ip *out)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++) {
		uint32_t octet;

		if (!read_octet(&text, &octet))
			return false;
		if (*text != (i < 3 ? '.' : '\0'))
			return false;
		text++;
		value = value << 8 | octet;
	}
	*out = ip_v4(value);
	return true;
}

const char *
ip_format(const struct ip *ip, char text[IP_TEXT])
{
	const uint8_t *b = ip->byte;

	if (ip_is_none(ip)) {
		snprintf(text, IP_TEXT, "-");
	} else if (ip->family == IP_V4) {
		snprintf(text, IP_TEXT, "%d.%d.%d.%d", b[0], b[1], b[2], b[3]);
	} else {
		/* All eight groups: correct, and nobody reads these yet. */
		int used = 0;

		for (int i = 0; i < 16; i += 2)
			used += snprintf(text + used, IP_TEXT - (size_t)used, "%s%x",
			    i == 0 ? "" : ":", (unsigned)(b[i] << 8 | b[i + 1]));
	}
	return text;
}
