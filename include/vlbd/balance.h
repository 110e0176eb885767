/* SPDX-License-Identifier: BSD-2-Clause */
/* balance.h - how even the load is under failures, for any lists.
 *
 * An address is served by the first server of its list that has not failed. For each
 * number of failures every set of servers is tried, or so many of them as a budget
 * allows, drawn by a fixed rule: the same lists give the same figures everywhere. Pure,
 * and in steps, like plan.h. */
#ifndef VLBD_BALANCE_H
#define VLBD_BALANCE_H

#include "vlbd/plan.h"

struct balance_request {
	unsigned servers;
	struct plan_server server[PLAN_SERVERS];
	/* Any lists: of different lengths, with a server in none or in all of them. They
	 * must stay until the last step. */
	struct plan_lists lists;
	unsigned failures; /* look at 0..failures failed servers; at most servers - 1 */
	uint64_t budget;   /* most sets per row, 0: all, however many */
};

enum balance_kind {
	BALANCE_SERVERS,      /* any .failures servers */
	BALANCE_RACK,         /* one whole rack, .rack (only racks of two and more) */
	BALANCE_RACK_AND_ONE, /* any whole rack, and one server of another */
};

/* One kind of failure. */
struct balance_row {
	enum balance_kind kind;
	unsigned failures; /* servers that fail; BALANCE_RACK_AND_ONE: the most */
	unsigned rack;     /* BALANCE_RACK: its number */
	uint64_t sets;     /* tried so far; all of them once balance_step() said false */
	uint64_t of;       /* sets that there are (UINT64_MAX: that or more) */
	bool sampled;      /* fewer are tried than there are */
	unsigned worst;    /* largest load of one server in any set */
	/* Loads of survivors in thousandths: the mean of them all, and the mean over the
	 * sets of the most loaded one. */
	unsigned mean_milli, mean_worst_milli;
	/* Where load exceeds what must be by most: in set .failed, server .server has
	 * .load addresses, and with the best possible split would have .bound at most. In
	 * the row of equal weights .load is .worst and .bound is ceil(addresses /
	 * survivors). */
	unsigned excess; /* load - bound; never below 0 */
	unsigned load, bound;
	unsigned server;
	uint64_t failed;       /* bit S: server S is down */
	unsigned unserved;     /* most addresses without any server, in one set */
	uint64_t unserved_set; /* that set */
};

struct balance;

/* Bytes to bring, aligned as malloc(3) does. */
size_t balance_memory(const struct balance_request *request);
/* Begin in MEMORY. The request is copied, the lists are not. */
struct balance *balance_begin(void *memory, const struct balance_request *request);
/* Some milliseconds of work. False: that was the last of it. */
bool balance_step(struct balance *balance);
/* How far it is, 0..1000. */
unsigned balance_permille(const struct balance *balance);
/* Rows: 0..failures servers first, then racks in the order of their numbers, then a rack
 * and one. Complete once balance_step() said false. */
unsigned balance_rows(const struct balance *balance);
const struct balance_row *balance_row(const struct balance *balance, unsigned row);

/* How many addresses each of SERVERS serves while those in FAILED (bit S: server S) are
 * down. Returns how many addresses nobody serves. */
unsigned balance_load(const struct plan_lists *lists, unsigned servers, uint64_t failed,
    unsigned load[PLAN_SERVERS]);
/* The most that each server should have of ADDRESSES while those in FAILED are down: its
 * share by weight, rounded as the least possible maximum needs. 0 for the failed. */
void balance_bound(const struct plan_server *server, unsigned servers, unsigned addresses,
    uint64_t failed, unsigned bound[PLAN_SERVERS]);

#endif
