/* SPDX-License-Identifier: BSD-2-Clause */
/* router.c - a router's neighbour table, with traffic for every address all the time.
 *
 * What it believes follows measurements of Linux; other routers differ in which of the
 * two gratuitous forms they take, and in how long they keep an entry. */
#include <string.h>

#include "world_internal.h"

enum {
	LOCK_MS = 1000,
	REACHABLE_MIN_S = 15,
	REACHABLE_MAX_S = 45,
	DELAY_S = 5,
	PROBE_MS = 1024,
	PROBES = 3,
	LONG_S = 4 * 3600
};

static void
send_request(struct world *world, unsigned r, unsigned a, const struct mac *to)
{
	struct world_router *router = &world->router[r];
	struct arp request = {
		.dst = *to,
		.src = router->mac,
		.op = ARP_REQUEST,
		.sha = router->mac,
		.spa = router->ip,
		.tpa = world->conf->address[a].ip,
	};

	wire_send(world, PORT_ROUTER + r, &request);
}

static void
set_tick(struct world_router *router, unsigned addresses)
{
	router->tick_ns = NEVER;
	for (unsigned a = 0; a < addresses; a++)
		if (router->entry[a].deadline_ns < router->tick_ns)
			router->tick_ns = router->entry[a].deadline_ns;
}

static void
set_state(
    struct world *world, unsigned r, unsigned a, enum entry_state state, uint64_t wait_ns)
{
	struct world_router *router = &world->router[r];

	router->entry[a].state = state;
	router->entry[a].deadline_ns = wait_ns == NEVER ? NEVER : world->now_ns + wait_ns;
	if (router->entry[a].deadline_ns < router->tick_ns)
		router->tick_ns = router->entry[a].deadline_ns;
}

void
router_reboot(struct world *world, unsigned r)
{
	struct world_router *router = &world->router[r];

	router->tick_ns = NEVER;
	for (unsigned a = 0; a < world->conf->addresses; a++) {
		router->entry[a] = (struct router_entry){ .wrong_ns = NEVER };
		/* Traffic arrives: it will ask. */
		set_state(
		    world, r, a, ENTRY_INCOMPLETE, dice_below(&world->dice, SEC_NS));
	}
}

static void
reachable(struct world *world, unsigned r, unsigned a)
{
	uint64_t wait_ns = world->router[r].kind == ROUTER_LONG
			       ? LONG_S * SEC_NS
			       : dice_between(&world->dice, REACHABLE_MIN_S * SEC_NS,
				     REACHABLE_MAX_S * SEC_NS);

	set_state(world, r, a, ENTRY_REACHABLE, wait_ns);
}

/* Taken, but not proved: traffic makes it ask in DELAY_S seconds. */
static void
stale(struct world *world, unsigned r, unsigned a)
{
	set_state(world, r, a, ENTRY_DELAY,
	    world->router[r].kind == ROUTER_LONG ? LONG_S * SEC_NS : DELAY_S * SEC_NS);
}

static bool
has_mac(const struct router_entry *entry)
{
	return entry->state >= ENTRY_REACHABLE;
}

void
router_tick(struct world *world, unsigned r)
{
	struct world_router *router = &world->router[r];

	for (unsigned a = 0; a < world->conf->addresses; a++) {
		struct router_entry *entry = &router->entry[a];
		if (world->now_ns < entry->deadline_ns)
			continue;
		switch (entry->state) {
		case ENTRY_REACHABLE:
		case ENTRY_STALE:
			stale(world, r, a);
			break;
		case ENTRY_DELAY:
			entry->probes = 0;
			set_state(world, r, a, ENTRY_PROBE, 0);
			break;
		case ENTRY_PROBE:
			if (entry->probes++ < PROBES) {
				set_state(world, r, a, ENTRY_PROBE, PROBE_MS * MS_NS);
				send_request(world, r, a, &entry->mac);
				break;
			}
			set_state(world, r, a, ENTRY_FAILED, 0);
			break;
		case ENTRY_NONE:
		case ENTRY_FAILED:
		case ENTRY_INCOMPLETE:
		default:
			set_state(world, r, a, ENTRY_INCOMPLETE, PROBE_MS * MS_NS);
			send_request(world, r, a, &mac_broadcast);
			break;
		}
	}
	set_tick(router, world->conf->addresses);
}

static void
answer(struct world *world, unsigned r, const struct arp *arp)
{
	struct world_router *router = &world->router[r];
	struct arp reply = {
		.dst = arp->sha,
		.src = router->mac,
		.op = ARP_REPLY,
		.sha = router->mac,
		.spa = router->ip,
		.tha = arp->sha,
		.tpa = arp->spa,
	};

	wire_send(world, PORT_ROUTER + r, &reply);
}

/* Does the router take this claim for its entry? (kernel-facts: the table of forms.) */
static bool
believes(const struct world *world, const struct world_router *router,
    const struct router_entry *entry, const struct arp *arp, bool to_router)
{
	bool gratuitous = ip_equal(&arp->spa, &arp->tpa);
	bool unicast = !mac_is_group(&arp->dst);
	bool locked = router->kind == ROUTER_LINUX && has_mac(entry) &&
		      world->now_ns - entry->changed_ns < LOCK_MS * MS_NS;

	if (arp->op == ARP_REQUEST && to_router)
		return true; /* RFC 826: merged whatever comes */
	if (router->belief == BELIEVES_REQUESTS && arp->op == ARP_REPLY && !unicast)
		return false;
	if (router->belief == BELIEVES_REPLIES && arp->op == ARP_REQUEST)
		return false;
	if (entry->state == ENTRY_NONE)
		return false;
	if (!has_mac(entry))
		return true; /* it waits for any word */
	if (gratuitous && (arp->op == ARP_REQUEST || mac_equal(&arp->tha, &arp->sha)))
		return true;
	return !locked;
}

void
router_hear(struct world *world, unsigned r, const struct arp *arp)
{
	struct world_router *router = &world->router[r];
	bool to_router = ip_equal(&arp->tpa, &router->ip);
	int a = conf_address_by_ip(world->conf, &arp->spa);

	if (router->down ||
	    (!mac_is_group(&arp->dst) && !mac_equal(&arp->dst, &router->mac)))
		return;
	if (a != CONF_NONE) {
		struct router_entry *entry = &router->entry[a];
		bool proof = arp->op == ARP_REPLY && !mac_is_group(&arp->dst);
		bool same = has_mac(entry) && mac_equal(&entry->mac, &arp->sha);
		if (same && proof) {
			reachable(world, r, (unsigned)a);
		} else if (!same && believes(world, router, entry, arp, to_router)) {
			entry->mac = arp->sha;
			entry->changed_ns = world->now_ns;
			if (proof)
				reachable(world, r, (unsigned)a);
			else
				stale(world, r, (unsigned)a);
		}
	}
	if (arp->op == ARP_REQUEST && to_router)
		answer(world, r, arp);
}
