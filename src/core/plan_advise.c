/* SPDX-License-Identifier: BSD-2-Clause */
/* plan_advise.c - how many addresses a cluster should have. */
#include <string.h>

#include "vlbd/plan.h"

/* Routers take so many paths at most, as a rule. */
static const unsigned usual_limits[] = { 16, 32, 64, 128, 256, 512 };

static unsigned
ceil_div(unsigned a, unsigned b)
{
	return (a + b - 1) / b;
}

/* Of how many addresses at most can a server be secondary that is primary of HAVE, so
 * that one failure costs it ONE at most and two failures TWO? */
static unsigned
secondaries(unsigned servers, unsigned have, unsigned one, unsigned two)
{
	unsigned each = one - have, both = two - have;

	if (2 * each <= both)
		return (servers - 1) * each;
	return (servers - 1) * (both / 2) + (both % 2 == 1 && each > both / 2);
}

/* The excess after two failures that no plan with balanced primaries avoids. */
static unsigned
excess_of_two(unsigned n, unsigned m)
{
	unsigned one = ceil_div(m, n - 1), two = ceil_div(m, n - 2);
	unsigned more = m % n; /* so many servers have one address more */

	for (unsigned excess = 0;; excess++) {
		unsigned room =
		    more == 0 ? 0 : more * secondaries(n, m / n + 1, one, two + excess);
		room += (n - more) * secondaries(n, m / n, one, two + excess);
		if (room >= m)
			return excess;
	}
}

/* The same after three, as far as it is known. */
static unsigned
excess_of_three(unsigned n, unsigned m)
{
	unsigned copies = m % (n * (n - 2)) == 0 ? m / (n * (n - 2)) : 0;
	unsigned peak = copies < 3 ? copies : 3, bound = ceil_div(3 * copies, n - 3);

	if (copies > 0)
		return peak > bound ? peak - bound : 0;
	return n >= 9 && m == n * (n - 1);
}

static void
fill_in(unsigned n, struct plan_choice *choice)
{
	unsigned m = choice->addresses;

	if (n > 3)
		choice->excess[3] = excess_of_three(n, m);
	if (n > 2)
		choice->excess[2] = excess_of_two(n, m);
	for (unsigned f = 0; f < PLAN_FAILURES && f < n; f++) {
		choice->bound[f] = ceil_div(m, n - f);
		choice->overload[f] =
		    ceil_div((choice->bound[f] + choice->excess[f]) * (n - f) * 1000, m);
	}
}

/* Keeps OUT in ascending order. Of two equal numbers the first one's reason stays. */
static unsigned
add(struct plan_choice *out, unsigned count, unsigned n, unsigned m,
    enum plan_reason reason, unsigned flat)
{
	unsigned at = 0;

	while (at < count && out[at].addresses < m)
		at++;
	if ((at < count && out[at].addresses == m) || count == PLAN_CHOICES)
		return count;
	memmove(out + at + 1, out + at, (count - at) * sizeof(*out));
	memset(out + at, 0, sizeof(*out));
	out[at].addresses = m;
	out[at].reason = reason;
	out[at].flat = flat;
	fill_in(n, out + at);
	return count + 1;
}

/* The smallest number that N, N-1, ... N-FAILURES divide; 0: more than MOST. */
static unsigned
flat_number(unsigned n, unsigned failures, unsigned most)
{
	unsigned m = n;

	for (unsigned f = 1; f <= failures && f < n; f++) {
		unsigned step = m;
		while (m % (n - f) != 0)
			if ((m += step) > most)
				return 0;
	}
	return m <= most ? m : 0;
}

/* Largest overload after up to two failures. */
static unsigned
overload_of(unsigned n, unsigned m)
{
	struct plan_choice choice = { .addresses = m };
	unsigned most = 0;

	fill_in(n, &choice);
	for (unsigned f = 0; f < 3; f++)
		if (choice.overload[f] > most)
			most = choice.overload[f];
	return most;
}

/* The number near LIMIT and not above it with the smallest overload, the largest of them.
 */
static unsigned
best_near(unsigned n, unsigned limit)
{
	unsigned best = limit, least = overload_of(n, limit);

	for (unsigned m = limit - 1; m >= n && m >= limit - limit / 8; m--)
		if (overload_of(n, m) < least) {
			best = m;
			least = overload_of(n, m);
		}
	return best;
}

static unsigned
add_near(struct plan_choice *out, unsigned count, unsigned n, unsigned limit)
{
	unsigned m = best_near(n, limit);

	return add(out, count, n, m, m == limit ? PLAN_LIMIT : PLAN_BEST, 0);
}

static void
advise(struct plan_choice *out, unsigned count, unsigned m)
{
	for (unsigned i = 0; i < count; i++)
		out[i].advised = out[i].addresses == m;
}

unsigned
plan_advise(unsigned servers, unsigned paths, struct plan_choice out[PLAN_CHOICES])
{
	unsigned n = servers, sweet = n * (n - 2), count = 0;
	unsigned most = paths == 0 || paths > PLAN_ADDRESSES ? PLAN_ADDRESSES : paths;
	unsigned all = n <= 4 ? flat_number(n, n - 1, most) : 0;

	if (most < n)
		return 0;
	for (unsigned f = 3; f >= 1; f--) {
		unsigned m = flat_number(n, f, most);
		if (m != 0)
			count = add(out, count, n, m, PLAN_FLAT, f < n ? f : n - 1);
	}
	if (n > 3 && sweet <= most)
		count = add(out, count, n, sweet, PLAN_SWEET, 0);
	if (n > 3 && 2 * sweet <= most)
		count = add(out, count, n, 2 * sweet, PLAN_MULTIPLE, 0);
	for (unsigned i = 0; i < sizeof(usual_limits) / sizeof(usual_limits[0]); i++)
		if (usual_limits[i] >= n && usual_limits[i] <= most)
			count = add_near(out, count, n, usual_limits[i]);
	if (paths != 0)
		count = add_near(out, count, n, most);
	count = add(out, count, n, n, PLAN_LEAST, 0);
	advise(out, count,
	    all != 0                 ? all
	    : n > 3 && sweet <= most ? sweet
				     : best_near(n, most));
	return count;
}
