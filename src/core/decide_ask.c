/* SPDX-License-Identifier: BSD-2-Clause */
/* decide_ask.c - asking before a claim: whoever may have an address is asked for it.
 *
 * Silence proves something only when self is heard. */
#include "engine_internal.h"

enum {
	ASK_PROBES_PACED = 2 /* of an ask under max_rate */
};

void
decide_ask(struct engine *engine, unsigned address, uint64_t now_ns)
{
	const struct conf_address *listed = &engine->conf->address[address];
	struct engine_address *a = &engine->address[address];
	/* With few frames to spend, self's own turns go first: whoever is better asks
	 * too. */
	enum say_rank rank =
	    decide_candidates(engine, address, now_ns) > 0 ? SAY_ASK_BEHIND : SAY_ASK;

	if (a->failover.tries == 1)
		a->asked_ns = now_ns;
	for (; a->ask_tier < listed->tiers; a->ask_tier++) {
		unsigned server = listed->server[a->ask_tier];
		/* The dead too: loss may have buried somebody alive. */
		if (server == engine->self.server)
			continue;
		if (!say_room(engine, rank, now_ns)) {
			/* Not asked is not unanswered: the round goes on when there is
			 * room. */
			a->failover.tries--;
			a->failover.deadline_ns =
			    say_when(engine, rank, now_ns) + engine->timing.ask_ns;
			return;
		}
		say_probe(engine, server, &listed->ip, now_ns);
	}
	a->ask_tier = 0;
	if (say_needs_witness(engine, a->asked_ns, a->failover.tries))
		say_witness(engine, now_ns);
}

/* With few frames to spend, a second of silence counts for more than a fifth question. */
bool
decide_asked_enough(const struct engine *engine, const struct engine_address *a)
{
	unsigned enough =
	    engine->pace.limit != 0 ? ASK_PROBES_PACED : engine_burst_probes(engine);

	return a->failover.tries >= enough;
}

/* Asked often enough, and nobody answered: what does that prove? */
void
decide_conclude(struct engine *engine, unsigned address, uint64_t now_ns)
{
	struct engine_address *a = &engine->address[address];
	struct reason reason = { .kind = REASON_UNSERVED, .server = CONF_NONE };

	if (engine->heard_ns == NEVER || engine->heard_ns < a->asked_ns) {
		/* Nothing: perhaps nobody can hear self. Whatever is heard within a hello
		 * interval proves the opposite; else it is asked again. */
		uint64_t again_ns = engine->peer_timing.again_ns;
		if (now_ns - a->asked_ns >= again_ns)
			a->failover.tries = 0;
		a->failover.deadline_ns = now_ns + again_ns;
		return;
	}
	a->owner = CONF_NONE;
	a->vacant = true;
	a->silent = UINT64_MAX;
	decide_step(engine, address, ON_VACANT, &reason, now_ns);
}
