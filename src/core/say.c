/* SPDX-License-Identifier: BSD-2-Clause */
/* say.c - the way out of every frame: its note, its sender, and its turn under max_rate.
 *
 * The frames themselves are in say_claim.c (whose address it is), say_probe.c (questions
 * and releases) and say_hello.c. */
#include "engine_internal.h"

void
say_emit(
    struct engine *engine, enum frame_kind frame, const struct arp *arp, uint64_t now_ns)
{
	struct action action = { .kind = ACTION_SEND, .send = { frame, *arp } };
	int claimed = conf_address_by_ip(engine->conf, &arp->spa);

	action.send.arp.note.present = true;
	action.send.arp.note.plan = engine->plan;
	action.send.arp.note.cluster = engine->cluster;
	action.send.arp.note.demoted = demote_is(engine, engine->self.server);
	if (claimed != CONF_NONE)
		action.send.arp.note.stay_s =
		    moves_tell(engine, (unsigned)claimed, now_ns);
	if (frame != FRAME_HELLO)
		pace_spend(&engine->pace, now_ns);
	engine->counters.sent[frame]++;
	engine_push(engine, &action);
}

/* A limit so low that nothing would be left over is shared by all. */
static uint32_t
reserve(const struct engine *engine, unsigned rank)
{
	return rank < engine->pace.limit ? rank : engine->pace.limit - 1;
}

/* A claim has waited for so long that everything else waits for it: with a limit of a few
 * frames it needs them all, and questions that trickle out would never leave it as many.
 * But not for ever, in case it has become needless. */
static bool
owing(const struct engine *engine, uint64_t now_ns)
{
	return engine->owed_ns != NEVER && now_ns >= engine->owed_ns + OWED_MS * MS_NS &&
	       now_ns < engine->owed_ns + 3 * OWED_MS * MS_NS;
}

bool
say_room(struct engine *engine, unsigned rank, uint64_t now_ns)
{
	if (!engine->link)
		return false;
	if (engine->pace.limit == 0)
		return true;
	if (!owing(engine, now_ns) &&
	    pace_room(&engine->pace, now_ns) > reserve(engine, rank))
		return true;
	engine->counters.delayed++;
	return false;
}

uint64_t
say_when(const struct engine *engine, unsigned rank, uint64_t now_ns)
{
	if (engine->pace.limit == 0)
		return now_ns;
	if (owing(engine, now_ns))
		return now_ns + engine->pace.window_ns / engine->pace.limit;
	return pace_when(&engine->pace, reserve(engine, rank) + 1, now_ns);
}

struct arp
say_frame_from(const struct engine *engine, uint16_t op, const struct ip *spa)
{
	return (struct arp){
		.dst = mac_broadcast,
		.src = engine->self.mac,
		.op = op,
		.sha = engine->self.mac,
		.spa = *spa,
		.tpa = *spa,
	};
}

struct ip
say_base(const struct engine *engine)
{
	/* RFC 5227's probe: 0.0.0.0 asks without claiming anything. */
	return ip_is_none(&engine->self.base) ? ip_v4(0) : engine->self.base;
}
