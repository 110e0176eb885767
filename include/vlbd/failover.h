/* SPDX-License-Identifier: BSD-2-Clause */
/* failover.h - one failover address as a state machine.
 *
 * Pure: no I/O, no clock, no memory. The caller brings events and the time, and performs
 * what failover_step() hands back. The four states of the protocol are what users see;
 * a phase says why the address is in its state. */
#ifndef VLBD_FAILOVER_H
#define VLBD_FAILOVER_H

#include <stdbool.h>
#include <stdint.h>

enum failover_state { PRIMARY, WATCHING, CLAIMED, RELEASED, FAILOVER_STATES };

enum failover_phase {
	PHASE_WATCH, /* WATCHING: somebody serves it, or the answer timer runs */
	PHASE_ASK,   /* WATCHING: whoever may hold it is asked, before self claims */
	PHASE_SERVE, /* PRIMARY or CLAIMED */
	PHASE_LEAVE, /* PRIMARY or CLAIMED: released, served until a new owner is heard */
	PHASE_YIELDED, /* RELEASED: a better tier is back; a short hold-down */
	PHASE_RETURN,  /* RELEASED: a worse tier serves it; self waits out its failback
			  delay */
	PHASE_DRAINED, /* RELEASED: given up on purpose, until told to resume */
	PHASE_CUT,     /* RELEASED: no carrier, or nothing is heard */
	PHASES
};

enum failover_event {
	ON_VACANT,    /* nobody serves it, and it is self's turn */
	ON_TURN,      /* nobody better is known to serve it, but that is not yet proved */
	ON_LATER,     /* nobody serves it; somebody better is expected to claim first */
	ON_BEHIND,    /* somebody worse serves it, and nobody better is there */
	ON_BETTER,    /* a better tier claims it */
	ON_WORSE,     /* a worse tier claims it, or a server that is not in its list */
	ON_FOREIGN,   /* a station that is no server of the cluster claims it */
	ON_SOLICITED, /* somebody asks who has it */
	ON_TIMEOUT,   /* failover's deadline has passed */
	ON_GIVE_UP,   /* no new owner was heard in time after a release, or one who is
			 listed while self is not */
	ON_LEAVE,     /* hand over: self is drained, stopped, or no longer in the list */
	ON_CUT,       /* no carrier, or nothing heard for a whole lease */
	ON_LAPSED,    /* the lease ran out while self was not looking */
	ON_RESUME,    /* self may serve again */
	EVENTS
};

/* What the caller must now do. */
enum failover_todo {
	DO_ADD = 1 << 0,    /* put it into the kernel; its announcement follows that */
	DO_REMOVE = 1 << 1, /* take it out of the kernel */
	DO_DEFEND =
	    1 << 2, /* announce again (rate-limited), so that the owner speaks last */
	DO_ANSWER =
	    1 << 3, /* a broadcast reply (rate-limited), so that watchers hear it */
	DO_PROBE = 1 << 4,   /* ask those who may hold it */
	DO_RELEASE = 1 << 5, /* tell the servers in its list */
	DO_ALARM = 1 << 6    /* log and count a foreign claim */
};

struct failover_timing {
	uint64_t answer_ns;   /* one step of waiting for somebody better */
	uint64_t ask_ns;      /* between the probes of an ask */
	uint64_t leave_ns;    /* between repeated releases */
	uint64_t hold_ns;     /* hold-down after yielding */
	uint64_t failback_ns; /* NEVER: manual */
};

struct failover {
	enum failover_phase phase;
	unsigned tries;       /* probes or releases sent since the phase began */
	uint64_t deadline_ns; /* NEVER: nothing to wait for */
};

void failover_init(struct failover *self);
/* Take EVENT in. STEPS: how many servers are before self (its tier, or those of them
 * that live), for the answer timer. Returns a set of enum failover_todo. An ON_TIMEOUT
 * before its time is harmless. */
unsigned failover_step(struct failover *self, enum failover_event event, uint64_t now_ns,
    const struct failover_timing *timing, unsigned steps);

/* The state that users see; PRIMARY_TIER: self is tier 0 of the address. */
enum failover_state failover_state(const struct failover *self, bool primary_tier);
/* The address belongs into the kernel. */
bool failover_serves(const struct failover *self);
bool failover_state_serves(enum failover_state state);

const char *failover_state_name(enum failover_state state);
const char *failover_phase_name(enum failover_phase phase);
const char *failover_event_name(enum failover_event event);

#endif
