/* SPDX-License-Identifier: BSD-2-Clause */
/* pace.c - a rolling window over the times of the last frames. */
#include "vlbd/pace.h"

#include <string.h>

#include "vlbd/conf.h"

void
pace_init(struct pace *pace, uint32_t rate)
{
	memset(pace, 0, sizeof(*pace));
	if (rate == 0)
		return;
	pace->limit = rate < PACE_FRAMES ? rate : PACE_FRAMES;
	pace->window_ns = SEC_NS * pace->limit / rate;
}

/* The time of the I-th oldest frame of the window; 0: none was sent. */
static uint64_t
sent_ns(const struct pace *pace, uint32_t i)
{
	return pace->sent_ns[(pace->at + i) % pace->limit];
}

uint32_t
pace_room(const struct pace *pace, uint64_t now_ns)
{
	uint32_t room = 0;

	if (pace->limit == 0)
		return PACE_UNLIMITED;
	while (room < pace->limit && (sent_ns(pace, room) == 0 ||
					 sent_ns(pace, room) + pace->window_ns <= now_ns))
		room++;
	return room;
}

void
pace_spend(struct pace *pace, uint64_t now_ns)
{
	if (pace->limit == 0)
		return;
	pace->sent_ns[pace->at] = now_ns;
	pace->at = (pace->at + 1) % pace->limit;
}

void
pace_carry(struct pace *pace, const struct pace *old)
{
	for (uint32_t i = 0; i < old->limit; i++)
		if (sent_ns(old, i) != 0)
			pace_spend(pace, sent_ns(old, i));
}

uint64_t
pace_when(const struct pace *pace, uint32_t frames, uint64_t now_ns)
{
	if (pace->limit == 0 || frames == 0)
		return now_ns;
	if (frames > pace->limit)
		frames = pace->limit;

	uint64_t last_ns = sent_ns(pace, frames - 1);
	uint64_t when_ns = last_ns == 0 ? now_ns : last_ns + pace->window_ns;
	return when_ns > now_ns ? when_ns : now_ns;
}
