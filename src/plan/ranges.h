/* SPDX-License-Identifier: BSD-2-Clause */
/* ranges.h - lists of addresses, as vlb.ini(5) writes them: 10.77.0.1-5, 10.77.0.9. */
#ifndef VLBD_PLAN_RANGES_H
#define VLBD_PLAN_RANGES_H

#include "options.h"
#include "vlbd/conf.h"

#define RANGE_TEXT 32 /* "255.255.255.255-255.255.255.255" and its end */

struct range {
	uint32_t first, last; /* host order */
};

/* One item. False: *out is as it was, and WHY says what is wrong and what to write. */
bool range_parse(const char *item, struct range *out, char *why, size_t size);
/* The shortest way to write it: an address, a short range, a full range. */
const char *range_format(const struct range *range, char text[RANGE_TEXT]);

/* All addresses of the option called OPTION, ascending, into OUT. How many, or -1: told.
 */
int ranges_read(
    const struct words *words, const char *option, uint32_t out[CONF_ADDRESSES]);

/* "10.77.0.0/16" to a network. False: told, as what is wrong with OPTION. */
bool network_parse(const char *text, const char *option, struct conf_range *out);

#endif
