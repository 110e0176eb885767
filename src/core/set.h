/* SPDX-License-Identifier: BSD-2-Clause */
/* set.h - sets of servers as bit masks, for the planner and the balance. */
#ifndef SET_H
#define SET_H

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t
set_bit(unsigned server)
{
	return UINT64_C(1) << server;
}

/* The first SIZE > 0 servers. */
static inline uint64_t
set_of(unsigned size)
{
	return ~UINT64_C(0) >> (64 - size);
}

static inline bool
set_has(uint64_t set, unsigned server)
{
	return (set >> server & 1) != 0;
}

/* By hand: without special instructions the builtin is a call. */
static inline unsigned
set_count(uint64_t set)
{
	set -= set >> 1 & UINT64_C(0x5555555555555555);
	set = (set & UINT64_C(0x3333333333333333)) +
	      (set >> 2 & UINT64_C(0x3333333333333333));
	set = (set + (set >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned)(set * UINT64_C(0x0101010101010101) >> 56);
}

/* The lowest member; SET is not empty. */
static inline unsigned
set_first(uint64_t set)
{
	return (unsigned)__builtin_ctzll(set);
}

#endif
