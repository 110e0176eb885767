/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_queue.c - actions out, in order; and when the caller should come again. */
#include <assert.h>
#include <string.h>

#include "engine_internal.h"

/* The limit holds for everything that self does of its own accord. What comes from the
 * wire is rate-limited, but a flood within one turn may still ask for more: then words
 * are lost, deeds never. */
void
engine_push(struct engine *engine, const struct action *action)
{
	if (engine->action_tail == engine->action_limit) {
		engine->action_tail -= engine->action_head;
		memmove(engine->actions, engine->actions + engine->action_head,
		    engine->action_tail * sizeof(*engine->actions));
		engine->action_head = 0;
	}
	if (engine->action_tail >= engine->action_limit - engine->conf->addresses &&
	    (action->kind == ACTION_SEND || action->kind == ACTION_REPORT)) {
		engine->counters.dropped++;
		return;
	}
	assert(engine->action_tail < engine->action_limit);
	engine->actions[engine->action_tail++] = *action;
}

bool
engine_action(struct engine *engine, struct action *out)
{
	if (engine->action_head == engine->action_tail) {
		engine->action_head = engine->action_tail = 0;
		return false;
	}
	*out = engine->actions[engine->action_head++];
	return true;
}

void
engine_report(struct engine *engine, const struct report *report)
{
	struct action action = { .kind = ACTION_REPORT, .report = *report };

	engine_push(engine, &action);
}

void
engine_wake(struct engine *engine, uint64_t at_ns)
{
	if (at_ns < engine->deadline_ns)
		engine->deadline_ns = at_ns;
}

void
engine_wake_addresses(struct engine *engine, uint64_t at_ns)
{
	if (at_ns < engine->addresses_ns)
		engine->addresses_ns = at_ns;
	engine_wake(engine, at_ns);
}

uint64_t
engine_deadline(const struct engine *engine)
{
	return engine->deadline_ns;
}
