/* SPDX-License-Identifier: BSD-2-Clause */
/* suggest.c - the word that was probably meant. */
#include <string.h>

#include "vlbctl.h"

enum { LONGEST = 32, FAR = 4 /* further away is no slip of the fingers */ };

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters are wrong, missing or too many in WORD (Levenshtein's distance). */
static unsigned
distance(const char *word, const char *name)
{
	unsigned row[LONGEST + 1];
	size_t len = strlen(name);

	for (unsigned n = 0; n <= len; n++)
		row[n] = n;
	for (unsigned w = 1; word[w - 1] != '\0'; w++) {
		unsigned corner = row[0];
		row[0] = w;
		for (size_t n = 1; n <= len; n++) {
			unsigned wrong = corner + (word[w - 1] != name[n - 1]);
			corner = row[n];
			row[n] = least(wrong, least(row[n], row[n - 1]) + 1);
		}
	}
	return row[len];
}

int
suggest(const char *word, const char *const *words, int count)
{
	unsigned best = FAR;
	int near = -1;

	for (int i = 0; i < count; i++) {
		unsigned away = distance(word, words[i]);
		if (away < best) {
			near = i;
			best = away;
		}
	}
	return near;
}
