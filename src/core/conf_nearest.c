/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_nearest.c - how far a misspelt word is from a known one.
 *
 * Knows letters, not keys: which words are known is the caller's business. */
#include "conf_internal.h"

#include <string.h>

enum { LONGEST = 24 };

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned
conf_distance(const char *a, const char *b)
{
	/* Optimal string alignment, by the book: cost[i][j] turns the first i letters of
	 * A into the first j of B. */
	unsigned cost[LONGEST + 1][LONGEST + 1];
	size_t rows = strlen(a);
	size_t columns = strlen(b);

	if (rows > LONGEST || columns > LONGEST)
		return LONGEST;
	for (size_t i = 0; i <= rows; i++)
		cost[i][0] = (unsigned)i;
	for (size_t j = 0; j <= columns; j++)
		cost[0][j] = (unsigned)j;
	for (size_t i = 1; i <= rows; i++) {
		for (size_t j = 1; j <= columns; j++) {
			char x = lower(a[i - 1]);
			char y = lower(b[j - 1]);
			unsigned best = cost[i - 1][j - 1] + (x != y);

			best = least(best, cost[i - 1][j] + 1);
			best = least(best, cost[i][j - 1] + 1);
			if (i > 1 && j > 1 && x == lower(b[j - 2]) &&
			    lower(a[i - 2]) == y)
				best = least(best, cost[i - 2][j - 2] + 1);
			cost[i][j] = best;
		}
	}
	return cost[rows][columns];
}

bool
conf_is_near(const char *word, unsigned distance)
{
	/* One slip in every three letters; more is another word. */
	return distance <= (strlen(word) + 2) / 3 && distance <= 3;
}
