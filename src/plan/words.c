/* SPDX-License-Identifier: BSD-2-Clause */
/* words.c - lists, pairs and numbers as they are given on the command line. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool
words_next(
    const struct words *words, unsigned *at, const char **rest, char *item, unsigned size)
{
	if (*rest == NULL) {
		if (*at == words->count)
			return false;
		*rest = words->word[(*at)++];
	}

	const char *from = *rest + strspn(*rest, " \t");
	const char *comma = strchr(from, ',');
	size_t len = comma != NULL ? (size_t)(comma - from) : strlen(from);

	*rest = comma != NULL ? comma + 1 : NULL;
	while (len > 0 && is_blank(from[len - 1]))
		len--;
	snprintf(item, size, "%.*s", (int)(len < size ? len : size), from);
	return true;
}

bool
word_split(char *item, const char **value)
{
	char *equals = strchr(item, '=');

	if (equals == NULL || equals == item || equals[1] == '\0')
		return false;
	*equals = '\0';
	*value = equals + 1;
	return true;
}

bool
word_number(const char *text, unsigned most, unsigned *out)
{
	unsigned value = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9' && at - text < 9; at++)
		value = value * 10 + (unsigned)(*at - '0');
	if (at == text || *at != '\0' || value > most)
		return false;
	*out = value;
	return true;
}
