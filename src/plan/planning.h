/* SPDX-License-Identifier: BSD-2-Clause */
/* planning.h - the planner and the proof, run on a struct conf, with progress shown. */
#ifndef VLBD_PLAN_PLANNING_H
#define VLBD_PLAN_PLANNING_H

#include "vlbd/balance.h"
#include "vlbd/conf.h"
#include "vlbd/plan.h"

/* Racks as the planner counts them. Number 0 is no rack. */
struct racks {
	unsigned count; /* the highest number */
	const char *name[CONF_SERVERS + 1];
};

/* The servers of CONF, with their weights and racks, into OUT. */
void planning_servers(
    const struct conf *conf, struct plan_server out[PLAN_SERVERS], struct racks *racks);

/* Make new lists of TIERS servers for the addresses of CONF. PRIMARY: NULL, or each
 * address's primary (see plan.h). What is wrong is told as the command line's fault.
 * 0, or an exit status. */
int planning_lists(struct conf *conf, unsigned tiers, const uint8_t *primary);

/* How many addresses have their primary and their secondary in one rack. */
unsigned planning_rack_mates(const struct conf *conf);

/* The lists of CONF as the planner wants them; *memory is the caller's to free. NULL
 * memory: there was none, told. */
struct plan_lists planning_rows(const struct conf *conf, uint8_t **memory);

/* The load after 0 to FAILURES failures. The rows are the caller's to free; NULL: no
 * memory, told. Sets of servers that are too many are sampled, BUDGET a row. */
struct balance_row *planning_balance(
    const struct conf *conf, unsigned failures, uint64_t budget, unsigned *rows);

#endif
