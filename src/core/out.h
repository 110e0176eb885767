/* SPDX-License-Identifier: BSD-2-Clause */
/* out.h - text into memory that is counted to its end, also where it no longer fits.
 *
 * For the core's own files: what they say to people and programs is built with it. */
#ifndef VLBD_OUT_H
#define VLBD_OUT_H

#include <stddef.h>
#include <stdint.h>

struct out {
	char *text;
	size_t size;
	size_t len; /* of the whole, as snprintf(3) counts it */
};

/* Append as printf(3) does. */
void put(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Append TEXT, or NUMBER, as it is: what is said thousands of times. */
void put_text(struct out *out, const char *text);
void put_number(struct out *out, uint64_t number);
/* Append a JSON string, or null for NULL. It escapes what JSON wants escaped. */
void put_string(struct out *out, const char *text);
/* Append milliseconds with three decimals, or null for UINT64_MAX. */
void put_ms(struct out *out, uint64_t ns);
/* Append seconds with nine decimals. */
void put_seconds(struct out *out, uint64_t ns);
/* Append a time of day, UTC as ISO 8601 has it, of milliseconds since 1970. */
void put_time(struct out *out, uint64_t wall_ms);

#endif
