/* SPDX-License-Identifier: BSD-2-Clause */
/* repeat.h - lines that something on the wire, or another program, can cause again and
 * again share one budget, so that no flood of them fills a disk, or hides what matters.
 *
 * When the budget is spent, lines are left out and counted, each kind for itself. One
 * line tells how many they were, when nothing more of the kind has come for a while or it
 * has gone on for long, and the budget has a line for it. While it goes on nothing else
 * of the kind is written, and the times between such lines double. Two things keep one
 * kind from hiding another: each has one line in reserve, and a kind of which nothing is
 * left out may not take what others wait for.
 *
 * Pure: time is an argument, in nanoseconds. */
#ifndef VLBD_REPEAT_H
#define VLBD_REPEAT_H

#include "vlbd/report.h"

#define REPEAT_LINES 30                  /* the budget at most, and at first */
#define REPEAT_GROWS_NS (30 * SEC_NS)    /* by one line each */
#define REPEAT_LONG_NS (600 * SEC_NS)    /* at most until it is told how many */
#define REPEAT_RESERVE_NS (600 * SEC_NS) /* after which a kind has its own line again */

/* Kinds are those of reports, and what the daemon itself may have to say repeatedly. */
enum {
	REPEAT_SENDING = REPORTS,
	REPEAT_OVERRUN,
	REPEAT_HOST, /* what is not as it should be, and put right */
	REPEAT_LINK,
	REPEAT_KINDS
};

/* Lines of one kind that were left out. */
struct repeat_end {
	unsigned kind;
	enum report_level level;
	unsigned count;
	uint64_t within_ns; /* since the first of them */
	char last[256];     /* the last of them */
};

struct repeat {
	unsigned lines; /* what is left of the budget */
	uint64_t grown_ns;
	unsigned pending; /* kinds of which lines are left out */
	struct {
		bool shown; /* at .shown_ns for the last time */
		uint64_t shown_ns;
		unsigned count;             /* left out */
		uint64_t since_ns, last_ns; /* the first and the last of these */
		uint64_t wait_ns, told_ns;  /* how long at most; how many, last time */
		enum report_level level;
		char last[256];
	} kind[REPEAT_KINDS];
};

void repeat_init(struct repeat *repeat, uint64_t now_ns);
/* Reports of that kind are under the budget. State changes of addresses, deaths of peers,
 * confirmations and the like never are. */
bool repeat_covers(enum report_kind kind);
/* May this line be written? False: it is left out, and counted. */
bool repeat_line(struct repeat *repeat, unsigned kind, enum report_level level,
    const char *text, uint64_t now_ns);
/* When repeat_next() has something, at the earliest; UINT64_MAX: nothing is left out. */
uint64_t repeat_deadline(const struct repeat *repeat);
/* How many lines of one kind were left out, if it is time to tell, or anyway when it is
 * the LAST chance. False: nothing to tell. */
bool repeat_next(
    struct repeat *repeat, bool last, struct repeat_end *end, uint64_t now_ns);

#endif
