/* SPDX-License-Identifier: BSD-2-Clause */
/* dice.h - seeded chance: the same numbers on every machine and compiler. */
#ifndef VLBD_SIM_DICE_H
#define VLBD_SIM_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state[4];
};

/* xoshiro256** (Blackman and Vigna 2018), seeded by splitmix64. */
void dice_seed(struct dice *dice, uint64_t seed);
uint64_t dice_next(struct dice *dice);
/* 0 .. BELOW-1; 0 when BELOW is 0. */
uint64_t dice_below(struct dice *dice, uint64_t below);
/* LOW .. HIGH, both included. */
uint64_t dice_between(struct dice *dice, uint64_t low, uint64_t high);
/* True with a chance of PPM in a million. */
bool dice_chance(struct dice *dice, uint32_t ppm);

#endif
