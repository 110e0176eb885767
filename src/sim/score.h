/* SPDX-License-Identifier: BSD-2-Clause */
/* score.h - who serves what, and how long addresses are out, in a world that is played.
 */
#ifndef VLBD_SIM_SCORE_H
#define VLBD_SIM_SCORE_H

#include "world.h"

struct score;

/* NULL: out of memory. */
struct score *score_new(const struct world *world);
void score_free(struct score *score);
/* Look at every address; between two looks STEP_NS have passed. */
void score_look(struct score *score, const struct world *world, uint64_t step_ns);
/* Every address is where it belongs, and every router knows it. */
bool score_in_place(const struct world *world);
/* A line per server: its addresses, and its share of the load. */
void score_print_servers(const struct world *world);
/* The outage of each address, and all together. OVER_NS: how long it was looked at. */
void score_print_outages(
    const struct score *score, const struct world *world, uint64_t over_ns);

#endif
