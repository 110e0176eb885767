/* SPDX-License-Identifier: BSD-2-Clause */
/* peer.c - one peer's failure detector.
 *
 * Silence alone buries nobody: a suspect's kernel is asked first, since it answers also
 * when its daemon is frozen, starved or restarting, and holds the addresses as long as
 * their lease runs. */
#include "vlbd/peer.h"

#include <assert.h>
#include <stddef.h>

static uint64_t
after(uint64_t now_ns, uint64_t wait_ns)
{
	return wait_ns >= NEVER - now_ns ? NEVER : now_ns + wait_ns;
}

void
peer_init(struct peer *peer, const struct peer_timing *timing, uint64_t now_ns)
{
	*peer = (struct peer){
		.state = PEER_SUSPECT,
		.heard_ns = now_ns,
		.burst_ns = NEVER,
		.deadline_ns = after(now_ns, timing->suspect_ns),
	};
}

void
peer_heard(struct peer *peer, const struct peer_timing *timing, uint64_t now_ns)
{
	peer->state = PEER_ALIVE;
	peer->heard_ns = now_ns;
	peer->burst_ns = NEVER;
	peer->doubted = false;
	peer->deadline_ns = after(now_ns, timing->suspect_ns);
}

unsigned
peer_answered(struct peer *peer, const struct peer_timing *timing, uint64_t now_ns)
{
	unsigned lost = peer->burst_ns != NEVER && peer->sent > 0 ? peer->sent - 1 : 0;

	peer->heard_ns = now_ns;
	peer->burst_ns = NEVER;
	peer->doubted = false;
	if (peer->state == PEER_ALIVE)
		return 0; /* late, after a hello: the hello's deadline is the nearer */
	peer->state = PEER_SUSPECT;
	peer->deadline_ns =
	    timing->suspect_ns == NEVER ? NEVER : after(now_ns, timing->again_ns);
	return lost;
}

void
peer_left(struct peer *peer)
{
	peer->state = PEER_DEAD;
	peer->burst_ns = NEVER;
	peer->doubted = false;
	peer->deadline_ns = NEVER;
}

void
peer_excuse(struct peer *peer, const struct peer_timing *timing, uint64_t now_ns)
{
	if (peer->state == PEER_DEAD)
		return;
	peer->burst_ns = NEVER;
	peer->doubted = false;
	peer->deadline_ns = after(now_ns, timing->suspect_ns);
}

static unsigned
bury(struct peer *peer)
{
	peer_left(peer);
	return PEER_DO_BURY;
}

unsigned
peer_tick(struct peer *peer, const struct peer_timing *timing, uint64_t now_ns,
    unsigned probes, uint64_t others_ns)
{
	unsigned todo = 0;

	/* The burst is over and went unheard by everybody; now somebody else speaks: it
	 * was not self that is cut off. */
	if (peer->doubted && others_ns != NEVER && others_ns >= peer->burst_ns)
		return bury(peer);
	if (peer->state == PEER_DEAD || now_ns < peer->deadline_ns)
		return 0;
	if (peer->state == PEER_ALIVE) {
		peer->state = PEER_SUSPECT;
		todo = PEER_DO_SUSPECT;
	}
	if (peer->burst_ns == NEVER || peer->doubted) {
		peer->burst_ns = now_ns;
		peer->doubted = false;
		peer->sent = 0;
	}
	if (peer->sent < probes) {
		peer->sent++;
		peer->deadline_ns = after(now_ns, timing->interval_ns);
		return todo | PEER_DO_PROBE;
	}
	if (others_ns != NEVER && others_ns >= peer->burst_ns)
		return todo | bury(peer);
	peer->doubted = true;
	peer->deadline_ns = after(now_ns, timing->again_ns);
	return todo;
}

const char *
peer_state_name(enum peer_state state)
{
	static const char *const names[PEER_STATES] = {
		[PEER_ALIVE] = "ALIVE",
		[PEER_SUSPECT] = "SUSPECT",
		[PEER_DEAD] = "DEAD",
	};

	assert(state < PEER_STATES);
	return names[state];
}
