/* SPDX-License-Identifier: BSD-2-Clause */
/* peer.h - is one peer alive? ALIVE -> SUSPECT -> DEAD.
 *
 * Pure: the caller brings what was heard and the time, and sends the probes that
 * peer_tick() asks for. Time is nanoseconds on any clock that does not run backwards. */
#ifndef VLBD_PEER_H
#define VLBD_PEER_H

#include <stdbool.h>
#include <stdint.h>

#define NEVER UINT64_MAX

enum peer_state {
	PEER_ALIVE,   /* its claims are heard */
	PEER_SUSPECT, /* silent; its kernel is being asked, or answered when last asked */
	PEER_DEAD, /* silent, and its kernel does not answer; or it said that it leaves */
	PEER_STATES
};

struct peer_timing {
	uint64_t suspect_ns;  /* silence that makes a peer SUSPECT; NEVER: passive */
	uint64_t again_ns;    /* between bursts while it answers */
	uint64_t interval_ns; /* between the probes of a burst */
};

struct peer {
	enum peer_state state;
	uint64_t heard_ns;    /* the last word of it */
	uint64_t burst_ns;    /* when the burst under way began; NEVER: there is none */
	unsigned sent;        /* probes of that burst */
	bool doubted;         /* a burst went unanswered while nothing else was heard */
	uint64_t deadline_ns; /* call peer_tick() then; earlier or later is harmless */
};

enum peer_todo {
	PEER_DO_PROBE = 1 << 0,  /* send one probe */
	PEER_DO_BURY = 1 << 1,   /* it has just become DEAD */
	PEER_DO_SUSPECT = 1 << 2 /* it has just become SUSPECT */
};

/* Begin to listen: SUSPECT until heard, and judged after a full detection time. */
void peer_init(struct peer *peer, const struct peer_timing *timing, uint64_t now_ns);
/* A claim (any claim counts as a hello). */
void peer_heard(struct peer *peer, const struct peer_timing *timing, uint64_t now_ns);
/* An answer of its kernel: it serves, but its daemon may be starved: stays SUSPECT. The
 * number of probes that this burst had lost before (for the loss estimate). */
unsigned peer_answered(
    struct peer *peer, const struct peer_timing *timing, uint64_t now_ns);
/* It said itself that it leaves all it has. */
void peer_left(struct peer *peer);
/* Self was late, deaf or cut off: silence counts from now on. DEAD stays DEAD. */
void peer_excuse(struct peer *peer, const struct peer_timing *timing, uint64_t now_ns);
/* Time has passed. PROBES make a burst. OTHERS_NS: when anything at all was last heard
 * from somebody else; a burst that began later than that proves nothing about the peer,
 * since self may be the one who is cut off. Returns a set of enum peer_todo. */
unsigned peer_tick(struct peer *peer, const struct peer_timing *timing, uint64_t now_ns,
    unsigned probes, uint64_t others_ns);

const char *peer_state_name(enum peer_state state);

#endif
