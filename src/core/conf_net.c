/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_net.c - one value at a time, continued: hardware addresses, addresses, ranges and
 * prefixes.
 *
 * Like conf_value.c, it looks at one text alone, and says what to write instead. What
 * the address stands for, and whether somebody else has it, is not known here. */
#include "conf_internal.h"

#include <stdio.h>
#include <string.h>

bool
conf_read_mac(struct conf_reader *reader, const char *item, struct mac *out)
{
	struct mac mac;
	const char *why = NULL;

	if (!mac_parse(item, &mac)) {
		conf_wrong(reader,
		    "\"%s\" is not a hardware address; write six pairs such as "
		    "02:00:00:00:00:01%s",
		    item,
		    strchr(item, ' ') != NULL ? ", with commas between addresses" : "");
		return false;
	}
	if (mac_is_zero(&mac))
		why = "zero";
	else if (mac_equal(&mac, &mac_broadcast))
		why = "the broadcast address";
	else if (mac_is_group(&mac))
		why = "a multicast address";
	if (why != NULL) {
		conf_wrong(reader,
		    "%s is %s, which no host has; write the interface's own address",
		    item, why);
		return false;
	}
	*out = mac;
	return true;
}

/* No host has it: this network, loopback, multicast and beyond (RFC 6890). */
static bool
is_no_host(const struct ip *ip)
{
	return ip->byte[0] == 0 || ip->byte[0] == 127 || ip->byte[0] >= 224;
}

bool
conf_read_address(struct conf_reader *reader, const char *item, struct ip *out)
{
	struct ip ip;

	if (!ip_parse(item, &ip)) {
		const char *hint = "";

		if (strchr(item, ' ') != NULL || strchr(item, '\t') != NULL)
			hint = ", with commas between addresses";
		else if (strchr(item, '/') != NULL)
			hint = " or a range such as 10.77.0.1-5";
		conf_wrong(reader,
		    "\"%s\" is not an IPv4 address; write one such as 10.77.0.7%s", item,
		    hint);
		return false;
	}
	if (is_no_host(&ip)) {
		conf_wrong(
		    reader, "%s is no host's address; write one such as 10.77.0.7", item);
		return false;
	}
	*out = ip;
	return true;
}

/* The end of a range that begins at FIRST: a last byte, or an address. */
static bool
read_range_end(struct conf_reader *reader, const char *item, const char *end,
    const struct ip *first, struct ip *last)
{
	size_t digits = strspn(end, "0123456789");

	if (digits == 0 || end[digits] != '\0')
		return conf_read_address(reader, end, last);

	/* The fourth byte alone: let ip_parse() judge it, so that there is one rule. */
	char text[IP_TEXT];
	snprintf(text, sizeof text, "%d.%d.%d.%.4s", first->byte[0], first->byte[1],
	    first->byte[2], end);
	if (ip_parse(text, last))
		return true;
	conf_wrong(reader,
	    "\"%s\" does not end in 0 to 255; write both addresses in full, such as "
	    "10.77.0.250-10.77.1.5",
	    item);
	return false;
}

bool
conf_read_range(
    struct conf_reader *reader, const char *item, uint32_t *first, uint32_t *last)
{
	struct ip from;
	struct ip to;
	char left[CONF_ITEM];
	const char *dash = strchr(item, '-');

	if (dash == NULL) {
		if (!conf_read_address(reader, item, &from))
			return false;
		*first = *last = ip_v4_value(&from);
		return true;
	}

	size_t len = (size_t)(dash - item);
	while (len > 0 && (item[len - 1] == ' ' || item[len - 1] == '\t'))
		len--;
	snprintf(left, sizeof left, "%.*s", (int)len, item);
	const char *right = dash + 1 + strspn(dash + 1, " \t");
	if (*left == '\0' || *right == '\0') {
		conf_wrong(reader,
		    "the range \"%s\" has only one end; write it as 10.77.0.1-5", item);
		return false;
	}
	if (!conf_read_address(reader, left, &from) ||
	    !read_range_end(reader, item, right, &from, &to))
		return false;

	uint32_t low = ip_v4_value(&from);
	uint32_t high = ip_v4_value(&to);
	if (low > high) {
		char a[IP_TEXT];
		char b[IP_TEXT];
		conf_wrong(reader, "the range \"%s\" runs backwards; write %s-%s", item,
		    ip_format(&to, a), ip_format(&from, b));
		return false;
	}
	if (high - low >= CONF_ADDRESSES) {
		conf_wrong(reader,
		    "the range \"%s\" has %u addresses; write at most %d in the whole "
		    "file",
		    item, (unsigned)(high - low) + 1, CONF_ADDRESSES);
		return false;
	}
	*first = low;
	*last = high;
	return true;
}

static uint32_t
prefix_mask(unsigned prefix)
{
	return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

bool
conf_range_has(const struct conf_range *range, const struct ip *ip)
{
	uint32_t differs = ip_v4_value(ip) ^ ip_v4_value(&range->ip);

	return ip->family == range->ip.family &&
	       (differs & prefix_mask(range->prefix)) == 0;
}

/* The number that TEXT is, or 0. */
static unsigned
prefix_length(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 2 || text[digits] != '\0' || *text == '0')
		return 0;
	return digits == 1 ? (unsigned)(text[0] - '0')
			   : (unsigned)((text[0] - '0') * 10 + text[1] - '0');
}

bool
conf_read_prefix(struct conf_reader *reader, const char *item, struct conf_range *out)
{
	struct ip ip;
	char text[CONF_ITEM];
	const char *slash = strchr(item, '/');
	size_t len = slash != NULL ? (size_t)(slash - item) : strlen(item);

	snprintf(text, sizeof text, "%.*s", (int)len, item);
	if (!ip_parse(text, &ip)) {
		conf_wrong(reader,
		    "\"%s\" is not a range; write one such as 203.0.113.0/24", item);
		return false;
	}
	if (slash == NULL) {
		conf_wrong(reader,
		    "\"%s\" has no length; write %s/32 for the one address", item, item);
		return false;
	}

	/* Shorter than /8 is a slip that would draw half the Internet to this host. */
	unsigned prefix = prefix_length(slash + 1);
	if (prefix < 8 || prefix > 32) {
		conf_wrong(reader, "\"%s\" has no good length; write /8 to /32", item);
		return false;
	}
	if (is_no_host(&ip)) {
		conf_wrong(reader,
		    "\"%s\" is no range of hosts; write one such as 203.0.113.0/24",
		    item);
		return false;
	}

	struct ip network = ip_v4(ip_v4_value(&ip) & prefix_mask(prefix));
	if (!ip_equal(&network, &ip)) {
		char right[IP_TEXT];
		conf_wrong(reader, "\"%s\" has bits set beyond its length; write %s/%u",
		    item, ip_format(&network, right), prefix);
		return false;
	}
	*out = (struct conf_range){ .ip = network, .prefix = (uint8_t)prefix };
	return true;
}
