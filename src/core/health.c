/* SPDX-License-Identifier: BSD-2-Clause */
/* health.c - rise and fall: one check's results become its state. */
#include "vlbd/health.h"

#include <assert.h>
#include <string.h>

#define NEVER UINT64_MAX

void
health_init(struct health *self, uint64_t now_ns)
{
	*self = (struct health){ .next_ns = now_ns, .since_ns = now_ns };
}

bool
health_begin(struct health *self, uint64_t now_ns)
{
	if (self->under_way || now_ns < self->next_ns)
		return false;
	self->under_way = true;
	self->began_ns = now_ns;
	self->next_ns = NEVER;
	return true;
}

/* Reasons end up in logs and JSON, and a part of them comes from strangers. */
static void
keep_why(struct health *self, const char *why)
{
	size_t len = 0;

	for (; len < HEALTH_WHY - 1 && why[len] != '\0'; len++) {
		char c = why[len];
		self->why[len] = c < 0x20 || c > 0x7e || c == '"' || c == '\\' ? '?' : c;
	}
	self->why[len] = '\0';
}

bool
health_result(struct health *self, const struct health_rule *rule, bool passed,
    const char *why, uint64_t now_ns)
{
	enum health_state speaks_for = passed ? HEALTH_GOOD : HEALTH_BAD;

	if (!self->under_way)
		return false;
	self->under_way = false;
	/* After a result that took longer, at once: but not for what was missed. */
	self->next_ns = self->began_ns + rule->interval_ns;
	if (self->next_ns < now_ns)
		self->next_ns = now_ns;
	self->passed += passed;
	self->failed += !passed;
	keep_why(self, passed ? "" : why);
	if (self->state == speaks_for) {
		self->against = 0;
		return false;
	}
	unsigned enough = self->state == HEALTH_UNKNOWN ? 1
			  : passed                      ? rule->rise
							: rule->fall;
	if (++self->against < enough)
		return false;
	self->against = 0;
	self->state = speaks_for;
	self->since_ns = now_ns;
	return true;
}

const char *
health_state_name(enum health_state state)
{
	static const char *const names[HEALTH_STATES] = {
		[HEALTH_UNKNOWN] = "unknown",
		[HEALTH_GOOD] = "good",
		[HEALTH_BAD] = "bad",
	};

	assert(state < HEALTH_STATES);
	return names[state];
}
