/* SPDX-License-Identifier: BSD-2-Clause */
/* failover.c - the protocol of one address, as one table.
 *
 * What events mean (who is better, who is alive, whose turn it is) is the engine's
 * business; what follows from them is here, and nowhere else. */
#include "vlbd/failover.h"

#include <assert.h>
#include <stddef.h>

#define NEVER UINT64_MAX
#define IN(phase) (1u << (phase))

enum timer {
	KEEP,  /* as it is */
	START, /* the new phase's own wait, from now */
	ARM,   /* START, unless one runs already */
	STOP
};

enum {
	UNSERVED = IN(PHASE_WATCH) | IN(PHASE_ASK) | IN(PHASE_RETURN),
	SERVED = IN(PHASE_SERVE) | IN(PHASE_LEAVE),
	IDLE = IN(PHASE_WATCH) | IN(PHASE_ASK) | IN(PHASE_YIELDED) | IN(PHASE_RETURN),
	AWAY = IN(PHASE_DRAINED) | IN(PHASE_CUT)
};

/* The whole protocol. A pair that is not listed is ignored on purpose. */
/* clang-format off */
static const struct rule {
	unsigned in; enum failover_event on; enum failover_phase to; enum timer timer; unsigned todo;
} rules[] = {
	/* Whose is it? */
	{ UNSERVED,              ON_VACANT,    PHASE_SERVE,   STOP,  DO_ADD },
	{ IN(PHASE_WATCH),       ON_TURN,      PHASE_ASK,     START, DO_PROBE },
	{ IN(PHASE_RETURN),      ON_TURN,      PHASE_ASK,     START, DO_PROBE },
	{ IN(PHASE_WATCH),       ON_LATER,     PHASE_WATCH,   ARM,   0 },
	{ IN(PHASE_ASK),         ON_LATER,     PHASE_WATCH,   START, 0 },
	{ IN(PHASE_WATCH),       ON_BEHIND,    PHASE_RETURN,  START, 0 },
	{ IN(PHASE_ASK),         ON_BEHIND,    PHASE_RETURN,  START, 0 },
	{ IN(PHASE_WATCH),       ON_SOLICITED, PHASE_WATCH,   ARM,   0 },
	{ IN(PHASE_WATCH),       ON_TIMEOUT,   PHASE_ASK,     START, DO_PROBE },
	{ IN(PHASE_ASK),         ON_TIMEOUT,   PHASE_ASK,     START, DO_PROBE },
	{ IN(PHASE_RETURN),      ON_TIMEOUT,   PHASE_SERVE,   STOP,  DO_ADD },
	{ IN(PHASE_YIELDED),     ON_TIMEOUT,   PHASE_WATCH,   STOP,  0 },
	/* Somebody else speaks for it. */
	{ IN(PHASE_WATCH),       ON_BETTER,    PHASE_WATCH,   STOP,  0 },
	{ IN(PHASE_WATCH),       ON_WORSE,     PHASE_WATCH,   STOP,  0 },
	{ IN(PHASE_ASK),         ON_BETTER,    PHASE_WATCH,   STOP,  0 },
	{ IN(PHASE_ASK),         ON_WORSE,     PHASE_WATCH,   STOP,  0 },
	{ IN(PHASE_RETURN),      ON_BETTER,    PHASE_WATCH,   STOP,  0 },
	{ IN(PHASE_SERVE),       ON_BETTER,    PHASE_YIELDED, START, DO_REMOVE },
	{ IN(PHASE_SERVE),       ON_WORSE,     PHASE_SERVE,   KEEP,  DO_DEFEND },
	{ SERVED,                ON_FOREIGN,   PHASES,        KEEP,  DO_DEFEND | DO_ALARM },
	{ IDLE | AWAY,           ON_FOREIGN,   PHASES,        KEEP,  DO_ALARM },
	{ IN(PHASE_SERVE),       ON_SOLICITED, PHASE_SERVE,   KEEP,  DO_ANSWER },
	/* A planned handover: serve until the next owner is heard. */
	{ IN(PHASE_SERVE),       ON_LEAVE,     PHASE_LEAVE,   START, DO_RELEASE },
	{ IN(PHASE_LEAVE),       ON_TIMEOUT,   PHASE_LEAVE,   START, DO_RELEASE },
	{ IN(PHASE_LEAVE),       ON_BETTER,    PHASE_DRAINED, STOP,  DO_REMOVE },
	{ IN(PHASE_LEAVE),       ON_WORSE,     PHASE_DRAINED, STOP,  DO_REMOVE },
	{ SERVED,                ON_GIVE_UP,   PHASE_DRAINED, STOP,  DO_REMOVE },
	{ IN(PHASE_LEAVE),       ON_RESUME,    PHASE_SERVE,   STOP,  DO_DEFEND },
	{ IDLE | IN(PHASE_CUT),  ON_LEAVE,     PHASE_DRAINED, STOP,  0 },
	/* Self is cut off, or slept. */
	{ IN(PHASE_SERVE),       ON_CUT,       PHASE_CUT,     STOP,  DO_REMOVE | DO_RELEASE },
	{ IN(PHASE_LEAVE),       ON_CUT,       PHASE_DRAINED, STOP,  DO_REMOVE | DO_RELEASE },
	{ IDLE,                  ON_CUT,       PHASE_CUT,     STOP,  0 },
	{ SERVED,                ON_LAPSED,    PHASE_WATCH,   STOP,  DO_REMOVE },
	{ AWAY,                  ON_RESUME,    PHASE_WATCH,   STOP,  0 },
};
/* clang-format on */

static const struct rule *
rule_for(enum failover_phase phase, enum failover_event event)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].on == event && (rules[i].in & IN(phase)) != 0)
			return &rules[i];
	return NULL;
}

static uint64_t
wait_in(enum failover_phase phase, const struct failover_timing *timing, unsigned steps)
{
	switch (phase) {
	case PHASE_WATCH:
		/* A primary that is asked for has nobody before it, but lets whoever
		 * serves it now speak first. */
		return steps > 0 ? timing->answer_ns * steps : timing->answer_ns / 2;
	case PHASE_ASK:
		return timing->ask_ns;
	case PHASE_LEAVE:
		return timing->leave_ns;
	case PHASE_YIELDED:
		return timing->hold_ns;
	case PHASE_RETURN:
		return timing->failback_ns;
	case PHASE_SERVE:
	case PHASE_DRAINED:
	case PHASE_CUT:
	case PHASES:
	default:
		return NEVER;
	}
}

void
failover_init(struct failover *self)
{
	*self = (struct failover){ .phase = PHASE_WATCH, .deadline_ns = NEVER };
}

unsigned
failover_step(struct failover *self, enum failover_event event, uint64_t now_ns,
    const struct failover_timing *timing, unsigned steps)
{
	assert(self->phase < PHASES && event < EVENTS);
	if (event == ON_TIMEOUT && now_ns < self->deadline_ns)
		return 0;

	const struct rule *rule = rule_for(self->phase, event);
	if (rule == NULL)
		return 0;

	if (rule->to != PHASES && rule->to != self->phase) {
		self->phase = rule->to;
		self->tries = 0;
	}
	if (rule->timer == STOP)
		self->deadline_ns = NEVER;
	if (rule->timer == START || (rule->timer == ARM && self->deadline_ns == NEVER)) {
		uint64_t wait_ns = wait_in(self->phase, timing, steps);
		self->deadline_ns = wait_ns >= NEVER - now_ns ? NEVER : now_ns + wait_ns;
	}
	if (rule->todo & (DO_PROBE | DO_RELEASE))
		self->tries++;
	return rule->todo;
}

enum failover_state
failover_state(const struct failover *self, bool primary_tier)
{
	switch (self->phase) {
	case PHASE_WATCH:
	case PHASE_ASK:
		return WATCHING;
	case PHASE_SERVE:
	case PHASE_LEAVE:
		return primary_tier ? PRIMARY : CLAIMED;
	case PHASE_YIELDED:
	case PHASE_RETURN:
	case PHASE_DRAINED:
	case PHASE_CUT:
	case PHASES:
	default:
		return RELEASED;
	}
}

bool
failover_serves(const struct failover *self)
{
	return self->phase == PHASE_SERVE || self->phase == PHASE_LEAVE;
}

bool
failover_state_serves(enum failover_state state)
{
	return state == PRIMARY || state == CLAIMED;
}

const char *
failover_state_name(enum failover_state state)
{
	static const char *const names[FAILOVER_STATES] = {
		[PRIMARY] = "PRIMARY",
		[WATCHING] = "WATCHING",
		[CLAIMED] = "CLAIMED",
		[RELEASED] = "RELEASED",
	};

	assert(state < FAILOVER_STATES);
	return names[state];
}

const char *
failover_phase_name(enum failover_phase phase)
{
	static const char *const names[PHASES] = {
		[PHASE_WATCH] = "watch",
		[PHASE_ASK] = "ask",
		[PHASE_SERVE] = "serve",
		[PHASE_LEAVE] = "leave",
		[PHASE_YIELDED] = "yielded",
		[PHASE_RETURN] = "return",
		[PHASE_DRAINED] = "drained",
		[PHASE_CUT] = "cut",
	};

	assert(phase < PHASES);
	return names[phase];
}

const char *
failover_event_name(enum failover_event event)
{
	static const char *const names[EVENTS] = {
		[ON_VACANT] = "vacant",
		[ON_TURN] = "turn",
		[ON_LATER] = "later",
		[ON_BEHIND] = "behind",
		[ON_BETTER] = "better",
		[ON_WORSE] = "worse",
		[ON_FOREIGN] = "foreign",
		[ON_SOLICITED] = "solicited",
		[ON_TIMEOUT] = "timeout",
		[ON_GIVE_UP] = "give up",
		[ON_LEAVE] = "leave",
		[ON_CUT] = "cut",
		[ON_LAPSED] = "lapsed",
		[ON_RESUME] = "resume",
	};

	assert(event < EVENTS);
	return names[event];
}
