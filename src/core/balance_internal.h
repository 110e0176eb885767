/* SPDX-License-Identifier: BSD-2-Clause */
/* balance_internal.h - what the files of the balance share, and nobody else. */
#ifndef BALANCE_INTERNAL_H
#define BALANCE_INTERNAL_H

#include "set.h"
#include "vlbd/balance.h"

/* The sets of one row, one after the other. */
struct balance_sets {
	enum balance_kind kind;
	unsigned servers, failures;
	const uint64_t *rack; /* of BALANCE_RACK one, of BALANCE_RACK_AND_ONE all */
	unsigned racks;
	uint64_t of;    /* that there are */
	uint64_t tries; /* that will be tried */
	uint64_t given; /* so far */
	/* If fewer are tried than there are: the heads of so many lists, then draws. */
	const struct plan_lists *lists;
	unsigned heads;
	uint64_t dice;
	uint64_t now; /* the last one of them in numeric order */
};

/* BUDGET 0: no limit. */
void balance_sets_begin(struct balance_sets *sets, uint64_t budget);
/* False: that was all. DRAWN: chosen without regard to the lists. */
bool balance_sets_next(struct balance_sets *sets, uint64_t *set, bool *drawn);

#endif
