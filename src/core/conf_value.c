/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_value.c - one value at a time: a duration, a number, a name.
 *
 * A function here looks at its text alone. It says what is wrong with it and what to
 * write, quoting the text; whether the value goes with the rest of the file is for
 * others to find out. Values that are addresses have conf_net.c. */
#include "conf_internal.h"

#include <stdio.h>
#include <string.h>

enum { INTERFACE_MAX = 15 }; /* IFNAMSIZ - 1, linux/if.h */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

enum { UNIT_MS, UNIT_S }; /* the two that are proposed */

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	[UNIT_MS] = { "ms", MS_NS },
	[UNIT_S] = { "s", SEC_NS },
	{ "us", 1000 },
	{ "m", 60 * SEC_NS },
	{ "min", 60 * SEC_NS },
	{ "h", 3600 * SEC_NS },
};

static const struct unit *
unit_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

/* A number such as 15 or 1.5, as NUMBER / SCALE. */
struct decimal {
	uint64_t number;
	uint64_t scale;
	const char *rest; /* what follows */
};

/* At most nine digits in front of the point and six behind it: nobody means more, and no
 * sum below overflows. */
static bool
read_decimal(const char *text, struct decimal *out)
{
	const char *at = text;
	int whole = 0;
	int behind = 0;

	*out = (struct decimal){ .scale = 1 };
	for (; is_digit(*at); at++, whole++)
		if (whole < 9)
			out->number = out->number * 10 + (uint64_t)(*at - '0');
	if (*at == '.') {
		for (at++; is_digit(*at); at++, behind++) {
			if (behind >= 6)
				continue;
			out->number = out->number * 10 + (uint64_t)(*at - '0');
			out->scale *= 10;
		}
		if (behind == 0)
			return false;
	}
	out->rest = at;
	return whole > 0 && whole <= 9 && behind <= 6;
}

static uint64_t
decimal_ns(const struct decimal *decimal, const struct unit *unit)
{
	uint64_t whole = decimal->number / decimal->scale;
	uint64_t rest = decimal->number % decimal->scale;

	if (whole >= UINT64_MAX / unit->ns)
		return UINT64_MAX; /* beyond every rule's bounds */
	return whole * unit->ns + rest * unit->ns / decimal->scale;
}

static bool
fits(const struct conf_duration *rule, uint64_t ns)
{
	return ns >= rule->least_ns && ns <= rule->most_ns &&
	       (!rule->whole_seconds || ns % SEC_NS == 0);
}

/* Propose the units that give a legal value: "100" is 100ms or 100s. */
static void
tell_no_unit(struct conf_reader *reader, const struct conf_duration *rule,
    const char *text, const struct decimal *decimal)
{
	bool ms_fits = fits(rule, decimal_ns(decimal, &units[UNIT_MS]));
	bool s_fits = fits(rule, decimal_ns(decimal, &units[UNIT_S]));

	if (ms_fits && s_fits && decimal->number != 0)
		conf_wrong(
		    reader, "\"%s\" has no unit; write %sms or %ss", text, text, text);
	else if (ms_fits && !s_fits)
		conf_wrong(reader, "\"%s\" has no unit; write %sms", text, text);
	else if (s_fits)
		conf_wrong(reader, "\"%s\" has no unit; write %ss", text, text);
	else
		conf_wrong(reader, "\"%s\" has no unit; write %s", text, rule->write);
}

bool
conf_read_duration(struct conf_reader *reader, const struct conf_duration *rule,
    const char *text, uint64_t *out)
{
	struct decimal decimal;

	if (rule->word != NULL && strcmp(text, rule->word) == 0) {
		*out = rule->word_ns;
		return true;
	}
	if (!read_decimal(text, &decimal)) {
		conf_wrong(
		    reader, "\"%.40s\" is not a duration; write %s", text, rule->write);
		return false;
	}

	const char *name = decimal.rest + strspn(decimal.rest, " \t");
	if (*name == '\0') {
		tell_no_unit(reader, rule, text, &decimal);
		return false;
	}
	const struct unit *unit = unit_by_name(name);
	if (unit == NULL) {
		conf_wrong(reader,
		    "\"%.40s\" has the unknown unit \"%.20s\"; write us, ms, s, min or h",
		    text, name);
		return false;
	}

	uint64_t ns = decimal_ns(&decimal, unit);
	if (ns < rule->least_ns || ns > rule->most_ns) {
		conf_wrong(
		    reader, "\"%.40s\" is out of bounds; write %s", text, rule->write);
		return false;
	}
	if (!fits(rule, ns)) {
		unsigned seconds = (unsigned)(ns / SEC_NS);
		conf_wrong(reader, "\"%.40s\" is not whole seconds; write %us or %us",
		    text, seconds, seconds + 1);
		return false;
	}
	*out = ns;
	return true;
}

bool
conf_read_number(struct conf_reader *reader, const char *text, unsigned least,
    unsigned most, unsigned *out)
{
	unsigned value = 0;
	const char *at = text;

	/* One digit more than any limit has is enough to see that it is too large. */
	for (; is_digit(*at) && at - text < 9; at++)
		value = value * 10 + (unsigned)(*at - '0');
	if (at == text || *at != '\0' || value < least || value > most) {
		conf_wrong(reader,
		    "\"%.40s\" is out of bounds; write a number from %u to %u", text,
		    least, most);
		return false;
	}
	*out = value;
	return true;
}

bool
conf_is_name(const char *text, size_t len)
{
	if (len == 0 || len >= CONF_NAME)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !is_digit(c) && c != '.' && c != '_' && c != '-')
			return false;
	}
	return true;
}

bool
conf_read_interface(struct conf_reader *reader, const char *text, char out[CONF_NAME])
{
	/* What the kernel's dev_valid_name() allows, so not our own names' letters. */
	bool ok = strlen(text) <= INTERFACE_MAX && text[strcspn(text, "/: \t")] == '\0' &&
		  strcmp(text, ".") != 0 && strcmp(text, "..") != 0;

	if (!ok) {
		conf_wrong(reader,
		    "\"%.40s\" is no interface's name; write one interface, such as eth1",
		    text);
		return false;
	}
	snprintf(out, CONF_NAME, "%s", text);
	return true;
}
