/* SPDX-License-Identifier: BSD-2-Clause */
/* hear_router.c - a router is heard: where it is, and that it has believed a claim. */
#include "engine_internal.h"

enum {
	NEWS_MS = 100 /* between two rounds of claims to a router that moved */
};

void
hear_router(struct engine *engine, unsigned r, const struct arp *arp, uint64_t now_ns)
{
	struct engine_router *router = &engine->router[r];
	bool news = !mac_equal(&router->mac, &arp->sha);
	bool to_self = mac_equal(&arp->dst, &engine->self.mac);

	if (arp->op == ARP_REPLY && to_self) {
		router->heard_ns = now_ns;
		router->unanswered = 0;
	}
	router->mac = arp->sha;
	/* Claims went out without it, or to another one. */
	if (news &&
	    (router->news_ns == 0 || now_ns - router->news_ns > NEWS_MS * MS_NS)) {
		router->news_ns = now_ns;
		say_confirm_all(engine, r, now_ns);
	}
	if (arp->op != ARP_REPLY || !to_self)
		return;

	int index = conf_address_by_ip(engine->conf, &arp->tpa);
	if (index == CONF_NONE)
		return;
	struct engine_address *a = &engine->address[index];
	uint8_t bit = (uint8_t)(1u << r);
	/* An answer in the same turn in which the router became known is to the
	 * broadcast, which a switch may have answered in its place. */
	if (news || a->announcing.claimed_ns == NEVER ||
	    (a->announcing.confirmed & bit) != 0)
		return;
	a->announcing.confirmed |= bit;
	a->announcing.took_ns[r] = now_ns - a->announcing.claimed_ns;
	engine->counters.confirmations++;
	if ((a->announcing.told & bit) != 0)
		return; /* confirmed again, after a defence */
	a->announcing.told |= bit;
	struct report report = {
		.kind = REPORT_CONFIRMED,
		.ip = arp->tpa,
		.router = arp->spa,
		.took_ns = a->announcing.took_ns[r],
	};
	engine_report(engine, &report);
}
