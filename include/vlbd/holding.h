/* SPDX-License-Identifier: BSD-2-Clause */
/* holding.h - what self wants of the kernel for one address, and what the kernel has.
 *
 * Wishes and results meet here: the engine says what it wants, the shell tells what
 * became of each attempt, and holding_next() is the difference. It retries with back-off.
 */
#ifndef VLBD_HOLDING_H
#define VLBD_HOLDING_H

#include <stdbool.h>
#include <stdint.h>

enum holding_verb { HOLDING_NONE, HOLDING_ADD, HOLDING_RENEW, HOLDING_REMOVE };

struct holding {
	bool want;
	bool have;
	enum holding_verb pending; /* asked for, result not yet known */
	unsigned failures;         /* in a row, of adding or of keeping it */
	uint64_t troubled_ns;      /* the last of them */
	uint64_t asked_ns;         /* when the pending change was asked for */
	uint64_t expires_ns;       /* the lease's end, if we have it; UINT64_MAX: none */
	uint64_t retry_ns;         /* not before; UINT64_MAX: no retry is due */
};

void holding_init(struct holding *holding);
/* The kernel has it already, from an earlier run; its lease ends at EXPIRES_NS. */
void holding_adopt(struct holding *holding, uint64_t expires_ns);
/* What to ask of the kernel now, which is then pending. */
enum holding_verb holding_next(struct holding *holding, uint64_t now_ns);
/* Renew if we have it and nothing is pending. False: not to be renewed. The caller has
 * looked at the clock (holding_lapsed) before. */
bool holding_renew(struct holding *holding, uint64_t now_ns);
/* The pending VERB was carried out, or not (OK). LEASE_NS 0: no lease. False: a renewal
 * that came back later than the old lease's end: the kernel may have added it anew after
 * somebody else took over (there is no "renew only"), so it is no longer ours. */
bool holding_done(struct holding *holding, enum holding_verb verb, bool ok,
    uint64_t now_ns, uint64_t lease_ns);
/* The kernel says that it is gone. True: against our will (somebody removed it). */
bool holding_gone(struct holding *holding, uint64_t now_ns);
/* We have it and want it, but its lease has run out by the clock. */
bool holding_lapsed(const struct holding *holding, uint64_t now_ns);

#endif
