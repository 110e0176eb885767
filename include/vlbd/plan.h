/* SPDX-License-Identifier: BSD-2-Clause */
/* plan.h - who is in which tier of which address, so that load stays even after failures.
 *
 * Pure: integers only, no allocation, no clock, no chance. The same request gives the
 *same lists on every machine, whatever built the program. Work is done in steps, so that
 *the caller can show progress or give up between two of them:
 *
 *	memory = malloc(plan_memory(&request));
 *	plan = plan_begin(memory, &request);
 *	while (plan_step(plan))
 *		show(plan_permille(plan));
 *	use(plan_lists(plan));
 *	free(memory);
 *
 * Words: an address's list says who serves it, tier by tier; its first server is its
 * primary. balance.h tells how good lists are. */
#ifndef VLBD_PLAN_H
#define VLBD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_SERVERS 64     /* most servers */
#define PLAN_ADDRESSES 4096 /* most addresses */
#define PLAN_WEIGHT 1000    /* largest weight */
#define PLAN_NONE 0xff      /* no server */

struct plan_server {
	uint16_t weight; /* share of the load; 0: serves only when all others are gone */
	uint8_t rack;    /* servers of one number > 0 fail together; 0: in no rack */
};

struct plan_request {
	unsigned servers;
	struct plan_server server[PLAN_SERVERS];
	unsigned addresses;
	unsigned tiers; /* servers in each list, 2 at least */
	/* NULL, or for each address the server that must be its primary; PLAN_NONE: the
	 * planner chooses. See plan_move(). Read by plan_begin() only. */
	const uint8_t *primary;
};

/* Lists, of this planner or of anybody. SERVER has ADDRESSES rows of TIERS entries, each
 * a server's index; a list that is shorter is filled up with PLAN_NONE. */
struct plan_lists {
	unsigned addresses;
	unsigned tiers;
	const uint8_t *server; /* list of address A, tier T: server[A * tiers + T] */
};

enum plan_verdict {
	PLAN_OK,
	PLAN_FEW_SERVERS,    /* < 2 */
	PLAN_MANY_SERVERS,   /* > PLAN_SERVERS */
	PLAN_FEW_ADDRESSES,  /* fewer than servers */
	PLAN_MANY_ADDRESSES, /* > PLAN_ADDRESSES */
	PLAN_FEW_TIERS,      /* < 2 */
	PLAN_MANY_TIERS,     /* more than servers */
	PLAN_HEAVY,          /* a weight > PLAN_WEIGHT */
	PLAN_NO_WEIGHT,      /* every weight is 0 */
	PLAN_NO_SUCH_PRIMARY,
	PLAN_VERDICTS
};

/* How the best plan was found. */
enum plan_shape {
	PLAN_FILLED, /* tier by tier, each entry where it hurts least, then polished */
	PLAN_CLOSED, /* N(N-2) addresses, or a multiple: the closed form */
	PLAN_RACKED  /* N(N-r) addresses, racks of r: tier 2 never in tier 1's rack */
};

struct plan;

/* What is wrong with a request, and words for it that say what to change. */
enum plan_verdict plan_check(const struct plan_request *request);
const char *plan_verdict_text(enum plan_verdict verdict);

/* Bytes that planning REQUEST (which is PLAN_OK) needs, aligned as malloc(3) does: less
 * than 8 MB, with unequal weights less than 16 MB; up to 12 servers less than 1 MB. */
size_t plan_memory(const struct plan_request *request);
/* Begin in MEMORY. The request is copied, and may go. */
struct plan *plan_begin(void *memory, const struct plan_request *request);
/* Some milliseconds of work. False: that was the last of it, the plan is ready. */
bool plan_step(struct plan *plan);
/* How far it is, 0..1000. It never goes back. */
unsigned plan_permille(const struct plan *plan);
/* The lists, once plan_step() said false. They live in MEMORY, in the order of their
 * first two servers, unless some primaries were given. */
/* Where no primary was given, a server's lists follow each other. */
struct plan_lists plan_lists(const struct plan *plan);
enum plan_shape plan_shape(const struct plan *plan);

/* --- Changes ---------------------------------------------------------------------------
 * Servers or addresses come and go; addresses whose primary changes are live traffic that
 * moves. So primaries stay where they can, and only deeper tiers are planned anew. */

struct plan_moves {
	unsigned moved; /* addresses with a new primary, orphans included */
	unsigned
	    orphans;    /* those whose primary is gone: they must move whatever is done */
	unsigned added; /* addresses that had no primary before (not counted as moved) */
	/* No assignment with balanced primaries moves fewer: servers have so many
	 * addresses more than their share in total, or others so many fewer. moved is the
	 * larger one, or orphans plus that which remains. */
	unsigned least;
};

#define PLAN_GONE 0xfe /* the primary is no longer a server */

/* The new primaries with the fewest moves. PRIMARY has request->addresses entries: the
 * primary now, as an index into the new servers; PLAN_GONE if that server is leaving;
 * PLAN_NONE for an address that is new. It is overwritten with the new primaries, ready
 * for request->primary (which is not read here, nor is request->tiers). */
struct plan_moves plan_move(const struct plan_request *request, uint8_t *primary);

/* --- How many addresses? ---------------------------------------------------------------
 */

#define PLAN_FAILURES 4 /* advice looks at 0..3 failures */
#define PLAN_CHOICES 32

enum plan_reason {
	PLAN_SWEET,    /* N(N-2): the closed form */
	PLAN_MULTIPLE, /* of N(N-2) */
	PLAN_FLAT,     /* every survivor has exactly the same, up to .flat failures */
	PLAN_LIMIT,    /* as many as the paths allow */
	PLAN_BEST,     /* the smallest overload near the limit */
	PLAN_LEAST     /* one for each server */
};

struct plan_choice {
	unsigned addresses;
	enum plan_reason reason;
	bool advised;  /* one of the choices is */
	unsigned flat; /* PLAN_FLAT: the number of failures */
	/* After F failures: the bound ceil(M/(N-F)), the excess over it that cannot be
	 * avoided as far as is known (a plan may have more after three), and the largest
	 * load against a perfect split in thousandths: 1000 is perfect, 1125 is one
	 * eighth too much. */
	unsigned bound[PLAN_FAILURES];
	unsigned excess[PLAN_FAILURES];
	unsigned overload[PLAN_FAILURES];
};

/* Sensible numbers of addresses for SERVERS (2..PLAN_SERVERS, of equal weight) where a
 * router takes PATHS paths at most (0: no limit), ascending. Fills in OUT, returns how
 * many; 0: PATHS < SERVERS, there is none. */
unsigned plan_advise(
    unsigned servers, unsigned paths, struct plan_choice out[PLAN_CHOICES]);

#endif
