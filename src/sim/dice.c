/* SPDX-License-Identifier: BSD-2-Clause */
/* dice.c - integers only, so that no floating point unit has a say. */
#include "dice.h"

static uint64_t
splitmix(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void
dice_seed(struct dice *dice, uint64_t seed)
{
	for (unsigned i = 0; i < 4; i++)
		dice->state[i] = splitmix(&seed);
}

static uint64_t
rotate(uint64_t value, unsigned by)
{
	return value << by | value >> (64 - by);
}

uint64_t
dice_next(struct dice *dice)
{
	uint64_t *s = dice->state;
	uint64_t result = rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

uint64_t
dice_below(struct dice *dice, uint64_t below)
{
	/* The bias is below 2^-32 for what is asked here. */
	return below == 0 ? 0 : dice_next(dice) % below;
}

uint64_t
dice_between(struct dice *dice, uint64_t low, uint64_t high)
{
	return low + dice_below(dice, high - low + 1);
}

bool
dice_chance(struct dice *dice, uint32_t ppm)
{
	return ppm != 0 && dice_below(dice, 1000000) < ppm;
}
