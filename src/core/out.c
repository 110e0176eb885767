/* SPDX-License-Identifier: BSD-2-Clause */
/* out.c - text into memory, for those who answer questions. */
#include "out.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vlbd/conf.h"

void
put(struct out *out, const char *format, ...)
{
	va_list args;
	size_t room = out->len < out->size ? out->size - out->len : 0;

	va_start(args, format);
	int len = vsnprintf(room > 0 ? out->text + out->len : NULL, room, format, args);
	va_end(args);
	if (len > 0)
		out->len += (size_t)len;
}

void
put_text(struct out *out, const char *text)
{
	size_t len = strlen(text);

	/* One byte is for the end. */
	if (out->len + 1 < out->size) {
		size_t room = out->size - out->len - 1;
		size_t part = len < room ? len : room;
		memcpy(out->text + out->len, text, part);
		out->text[out->len + part] = '\0';
	}
	out->len += len;
}

void
put_number(struct out *out, uint64_t number)
{
	char digits[24];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	put_text(out, digits + at);
}

void
put_string(struct out *out, const char *text)
{
	if (text == NULL) {
		put(out, "null");
		return;
	}
	put(out, "\"");
	while (*text != '\0') {
		size_t plain = 0; /* as a rule all of it */
		while ((unsigned char)text[plain] >= 0x20 && text[plain] != '"' &&
		       text[plain] != '\\')
			plain++;
		put(out, "%.*s", (int)plain, text);
		text += plain;
		if (*text == '"' || *text == '\\')
			put(out, "\\%c", *text++);
		else if (*text != '\0')
			put(out, "\\u%04x", (unsigned)(unsigned char)*text++);
	}
	put(out, "\"");
}

void
put_ms(struct out *out, uint64_t ns)
{
	if (ns == UINT64_MAX)
		put(out, "null");
	else
		put(out, "%" PRIu64 ".%03" PRIu64, ns / MS_NS, ns % MS_NS / 1000);
}

void
put_seconds(struct out *out, uint64_t ns)
{
	put(out, "%" PRIu64 ".%09" PRIu64, ns / SEC_NS, ns % SEC_NS);
}

/* The calendar by hand, since gmtime(3) reads the environment. Years are counted from
 * March, so that the leap day is the last one; an era is 400 of them. */
void
put_time(struct out *out, uint64_t wall_ms)
{
	enum { ERA_DAYS = 146097, TO_1970 = 719468 /* days from 0000-03-01 */ };
	uint64_t ms = wall_ms % (86400 * UINT64_C(1000));
	uint64_t days = wall_ms / (86400 * UINT64_C(1000)) + TO_1970;
	uint64_t era = days / ERA_DAYS;
	uint64_t day = days % ERA_DAYS;
	uint64_t year = (day - day / 1460 + day / 36524 - day / (ERA_DAYS - 1)) / 365;
	uint64_t of_year = day - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153; /* from March */
	uint64_t date = of_year - (153 * month + 2) / 5 + 1;

	put(out,
	    "%04" PRIu64 "-%02" PRIu64 "-%02" PRIu64 "T%02" PRIu64 ":%02" PRIu64
	    ":%02" PRIu64 ".%03" PRIu64 "Z",
	    era * 400 + year + (month >= 10), month < 10 ? month + 3 : month - 9, date,
	    ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}
