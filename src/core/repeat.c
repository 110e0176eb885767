/* SPDX-License-Identifier: BSD-2-Clause */
/* repeat.c - a budget for lines that others can cause again and again. */
#include "vlbd/repeat.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define NEVER UINT64_MAX

void
repeat_init(struct repeat *repeat, uint64_t now_ns)
{
	*repeat = (struct repeat){ .lines = REPEAT_LINES, .grown_ns = now_ns };
}

bool
repeat_covers(enum report_kind kind)
{
	switch (kind) {
	case REPORT_FOREIGN:
	case REPORT_CONFLICT:
	case REPORT_UNLISTED:
	case REPORT_UNHEARD:
	case REPORT_CLONE:
	case REPORT_WRONG_MAC:
	case REPORT_GONE:
	case REPORT_FAILED:
	case REPORT_LATE:
	case REPORT_READY: /* follows the line before */
	case REPORT_PLAN:
	case REPORT_SERVES_ON:
	case REPORT_PEER_HEALTH:
	case REPORT_PROXY:
		return true;
	case REPORT_STATE:
	case REPORT_CONFIRMED:
	case REPORT_PEER:
	case REPORT_LAPSED:
	case REPORT_ISOLATED:
	case REPORT_HEARING:
	case REPORT_CARRIER:
	case REPORT_CHECK:
	case REPORTS:
	default:
		return false;
	}
}

static void
grow(struct repeat *repeat, uint64_t now_ns)
{
	uint64_t more = (now_ns - repeat->grown_ns) / REPEAT_GROWS_NS;

	if (repeat->lines + more >= REPEAT_LINES) {
		repeat->lines = REPEAT_LINES;
		repeat->grown_ns = now_ns;
		return;
	}
	repeat->lines += (unsigned)more;
	repeat->grown_ns += more * REPEAT_GROWS_NS;
}

/* It was told just now how many lines of that KIND were left out, and here is another. */
static bool
goes_on(const struct repeat *repeat, unsigned kind, uint64_t now_ns)
{
	return repeat->kind[kind].wait_ns > 0 &&
	       now_ns - repeat->kind[kind].told_ns < REPEAT_GROWS_NS;
}

/* A line of that KIND is left out, and none was since it was told how many. */
static void
begin(struct repeat *repeat, unsigned kind, uint64_t now_ns)
{
	uint64_t wait_ns = REPEAT_GROWS_NS;

	if (goes_on(repeat, kind, now_ns))
		wait_ns = 2 * repeat->kind[kind].wait_ns;
	repeat->kind[kind].wait_ns = wait_ns < REPEAT_LONG_NS ? wait_ns : REPEAT_LONG_NS;
	repeat->kind[kind].since_ns = now_ns;
	repeat->pending++;
}

bool
repeat_line(struct repeat *repeat, unsigned kind, enum report_level level,
    const char *text, uint64_t now_ns)
{
	assert(kind < REPEAT_KINDS);
	grow(repeat, now_ns);
	if (repeat->kind[kind].count == 0) {
		bool paid =
		    repeat->lines > repeat->pending && !goes_on(repeat, kind, now_ns);
		if (paid)
			repeat->lines--;
		if (paid || !repeat->kind[kind].shown ||
		    now_ns - repeat->kind[kind].shown_ns >= REPEAT_RESERVE_NS) {
			repeat->kind[kind].shown = true;
			repeat->kind[kind].shown_ns = now_ns;
			return true;
		}
		begin(repeat, kind, now_ns);
	}
	repeat->kind[kind].count++;
	repeat->kind[kind].last_ns = now_ns;
	repeat->kind[kind].level = level;
	snprintf(repeat->kind[kind].last, sizeof(repeat->kind[kind].last), "%s", text);
	return false;
}

/* When it is to be told how many of that KIND were left out. */
static uint64_t
due_ns(const struct repeat *repeat, unsigned kind)
{
	uint64_t quiet_ns = repeat->kind[kind].last_ns + REPEAT_GROWS_NS;
	uint64_t long_ns = repeat->kind[kind].since_ns + repeat->kind[kind].wait_ns;

	if (repeat->kind[kind].count == 0)
		return NEVER;
	return quiet_ns < long_ns ? quiet_ns : long_ns;
}

/* The kind that is due first. */
static unsigned
first_due(const struct repeat *repeat)
{
	unsigned first = 0;

	for (unsigned kind = 1; kind < REPEAT_KINDS; kind++)
		if (due_ns(repeat, kind) < due_ns(repeat, first))
			first = kind;
	return first;
}

uint64_t
repeat_deadline(const struct repeat *repeat)
{
	uint64_t due = due_ns(repeat, first_due(repeat));
	uint64_t line_ns = repeat->grown_ns + REPEAT_GROWS_NS;

	return due == NEVER || repeat->lines > 0 || due > line_ns ? due : line_ns;
}

bool
repeat_next(struct repeat *repeat, bool last, struct repeat_end *end, uint64_t now_ns)
{
	unsigned kind = first_due(repeat);

	grow(repeat, now_ns);
	if (repeat->kind[kind].count == 0 ||
	    (!last && (repeat->lines == 0 || due_ns(repeat, kind) > now_ns)))
		return false;
	*end = (struct repeat_end){
		.kind = kind,
		.level = repeat->kind[kind].level,
		.count = repeat->kind[kind].count,
		.within_ns = now_ns - repeat->kind[kind].since_ns,
	};
	memcpy(end->last, repeat->kind[kind].last, sizeof(end->last));
	repeat->kind[kind].count = 0;
	repeat->kind[kind].told_ns = repeat->kind[kind].shown_ns = now_ns;
	repeat->pending--;
	if (repeat->lines > 0)
		repeat->lines--;
	return true;
}
