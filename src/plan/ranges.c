/* SPDX-License-Identifier: BSD-2-Clause */
/* ranges.c - lists of addresses in and out. */
#include "ranges.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEM = 64 };

/* This network, loopback, multicast and what is reserved: no host has these. */
static bool
is_host(uint32_t value)
{
	uint32_t first = value >> 24;

	return first != 0 && first != 127 && first < 224;
}

/* "5" as the last byte. */
static bool
short_end(const char *text, uint32_t first, uint32_t *last)
{
	unsigned value;

	if (strlen(text) > 3 || !word_number(text, 255, &value))
		return false;
	*last = (first & 0xffffff00u) | value;
	return true;
}

bool
range_parse(const char *item, struct range *out, char *why, size_t size)
{
	char text[ITEM];
	struct ip ip;

	snprintf(text, sizeof text, "%s", item);
	char *dash = strchr(text, '-');
	if (dash != NULL)
		*dash++ = '\0';
	if (!ip_parse(text, &ip)) {
		snprintf(why, size,
		    "`%s' is no address; write one such as 10.77.0.7, or a range such as "
		    "10.77.0.1-30 or 10.77.0.250-10.77.1.5",
		    item);
		return false;
	}

	struct range range = { ip_v4_value(&ip), ip_v4_value(&ip) };
	if (dash != NULL && ip_parse(dash, &ip)) {
		range.last = ip_v4_value(&ip);
	} else if (dash != NULL && !short_end(dash, range.first, &range.last)) {
		snprintf(why, size,
		    "`%s' has no good end; write its last byte (%s-30) or its last "
		    "address",
		    item, text);
		return false;
	}
	if (range.last < range.first) {
		snprintf(why, size,
		    "`%s' ends before it begins; write the lower address first", item);
		return false;
	}
	if (!is_host(range.first) || !is_host(range.last)) {
		snprintf(why, size,
		    "`%s' has addresses that no host can have; write others", item);
		return false;
	}
	*out = range;
	return true;
}

const char *
range_format(const struct range *range, char text[RANGE_TEXT])
{
	struct ip first = ip_v4(range->first), last = ip_v4(range->last);
	char a[IP_TEXT], b[IP_TEXT];

	ip_format(&first, a);
	ip_format(&last, b);
	if (range->first == range->last)
		snprintf(text, RANGE_TEXT, "%.15s", a);
	else if (range->first >> 8 == range->last >> 8)
		snprintf(text, RANGE_TEXT, "%.15s-%u", a, range->last & 0xffu);
	else
		snprintf(text, RANGE_TEXT, "%.15s-%.15s", a, b);
	return text;
}

static int
compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* RANGES, ascending: no two may have an address in common. */
static bool
are_apart(const struct range *range, unsigned count, const char *option)
{
	char a[RANGE_TEXT], b[RANGE_TEXT];

	for (unsigned i = 1; i < count; i++) {
		if (range[i].first > range[i - 1].last)
			continue;
		struct ip ip = ip_v4(range[i].first);
		char text[IP_TEXT];
		usage_error("--%s: %s and %s overlap (%s is in both); write each address "
			    "once",
		    option, range_format(&range[i - 1], a), range_format(&range[i], b),
		    ip_format(&ip, text));
		return false;
	}
	return true;
}

static int
unfold(const struct range *range, unsigned ranges, const char *option,
    uint32_t out[CONF_ADDRESSES])
{
	unsigned count = 0;

	if (!are_apart(range, ranges, option))
		return -1;
	for (unsigned i = 0; i < ranges; i++) {
		uint32_t more = range[i].last - range[i].first + 1;
		if (more > CONF_ADDRESSES - count) {
			usage_error("--%s: more than %d addresses; write fewer", option,
			    CONF_ADDRESSES);
			return -1;
		}
		for (uint32_t j = 0; j < more; j++)
			out[count++] = range[i].first + j;
	}
	return (int)count;
}

int
ranges_read(const struct words *words, const char *option, uint32_t out[CONF_ADDRESSES])
{
	struct range *range = calloc(CONF_ADDRESSES, sizeof *range);
	char item[ITEM], why[200];
	const char *rest = NULL;
	unsigned at = 0, ranges = 0;
	int result = -1;

	if (range == NULL) {
		run_error("out of memory");
		return -1;
	}
	while (words_next(words, &at, &rest, item, sizeof item)) {
		if (ranges == CONF_ADDRESSES) {
			usage_error("--%s: more than %d ranges; write fewer", option,
			    CONF_ADDRESSES);
			goto out;
		}
		if (!range_parse(item, &range[ranges++], why, sizeof why)) {
			usage_error("--%s: %s", option, why);
			goto out;
		}
	}
	qsort(range, ranges, sizeof *range, compare);
	result = unfold(range, ranges, option, out);
out:
	free(range);
	return result;
}

bool
network_parse(const char *text, const char *option, struct conf_range *out)
{
	char item[ITEM];
	unsigned prefix = 0;
	struct ip ip;

	snprintf(item, sizeof item, "%s", text);
	char *slash = strchr(item, '/');
	if (slash != NULL)
		*slash++ = '\0';
	if (slash == NULL || !ip_parse(item, &ip) || !word_number(slash, 32, &prefix) ||
	    prefix < 8) {
		usage_error("--%s: `%s' is no range; write one such as 10.77.0.0/16",
		    option, text);
		return false;
	}
	uint32_t mask = UINT32_MAX << (32 - prefix);
	struct ip network = ip_v4(ip_v4_value(&ip) & mask);
	*out = (struct conf_range){ .ip = network, .prefix = (uint8_t)prefix };
	return true;
}
