/* SPDX-License-Identifier: BSD-2-Clause */
/* say_hello.c - the beat: one hello for all; and the routers asked when nobody speaks. */
#include "engine_internal.h"

enum {
	FORGET_SHIFT = 8 /* the loss estimate halves in some 180 hellos */
};

/* One hello for all: of the next address that self serves, so that they take turns and a
 * router's wrong entry is put right within one turn. A server that serves nothing says
 * that it is there, from its base address: it may be the next in line. */
static void
hello(struct engine *engine, uint64_t now_ns)
{
	const struct conf *conf = engine->conf;
	const struct ip *ip = NULL;

	for (unsigned i = 1; i <= conf->addresses && ip == NULL; i++) {
		unsigned a = (engine->hello_address + i) % conf->addresses;
		const struct engine_address *address = &engine->address[a];
		if (address->failover.phase != PHASE_SERVE || !address->holding.have)
			continue;
		engine->hello_address = a;
		ip = &conf->address[a].ip;
	}
	if (ip == NULL && decide_may_claim(engine) && !ip_is_none(&engine->self.base))
		ip = &engine->self.base;
	if (ip == NULL)
		return;
	struct arp word = say_audible_claim(engine, ip);
	say_emit(engine, FRAME_HELLO, &word, now_ns);
}

void
say_tick(struct engine *engine, uint64_t now_ns)
{
	uint64_t every_ns = engine->every_ns;

	if (every_ns == 0 || !engine->link)
		return;
	/* Whatever the reason for an early one, under max_rate no two come closer. */
	if (engine->pace.limit != 0 && engine->said_ns != 0 &&
	    engine->hello_ns < engine->said_ns + every_ns)
		engine->hello_ns = engine->said_ns + every_ns;
	if (now_ns >= engine->hello_ns) {
		hello(engine, now_ns);
		engine->loss -= engine->loss >> FORGET_SHIFT;
		/* Keep the beat; after a gap, start a new one. */
		engine->said_ns = now_ns;
		engine->hello_ns += every_ns;
		if (engine->hello_ns <= now_ns)
			engine->hello_ns = now_ns + every_ns;
	}
	/* When nobody is heard, the routers are asked whether it is self that is cut off.
	 */
	if (now_ns >= engine->witness_ns) {
		uint64_t quiet_ns =
		    engine->heard_ns == NEVER
			? now_ns
			: engine->heard_ns + engine->peer_timing.suspect_ns;
		if (now_ns < quiet_ns) {
			engine->witness_ns = quiet_ns;
			return;
		}
		say_witness(engine, now_ns);
		engine->witness_ns = now_ns + engine->ask_routers_ns;
		if (engine->isolated && engine->witness_ns < now_ns + every_ns)
			engine->witness_ns = now_ns + every_ns;
	}
}
