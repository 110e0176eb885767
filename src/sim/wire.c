/* SPDX-License-Identifier: BSD-2-Clause */
/* wire.c - the switch: learning, ageing, groups, suppression, policing; and its cables.
 */
#include <string.h>

#include "world_internal.h"

enum { CABLE_US = 15, AGE_S = 300, SLOW_US = 200 };

void
wire_reset(struct world *world)
{
	memset(world->from, 0, sizeof(world->from));
	memset(world->to, 0, sizeof(world->to));
	memset(world->net.group, 0, sizeof(world->net.group));
	memset(world->net.unheard, 0, sizeof(world->net.unheard));
}

static bool
port_works(const struct world *world, unsigned port)
{
	if (world->net.port[port].shut ||
	    world->net.port[port].forwards_ns > world->now_ns)
		return false;
	if (port < CONF_SERVERS)
		return world->server[port].power && world->server[port].carrier;
	if (port < PORT_STRANGER)
		return !world->router[port - PORT_ROUTER].down;
	return true;
}

/* Servers of another group are not heard; routers and strangers are on every side. */
static bool
same_side(const struct world *world, unsigned a, unsigned b)
{
	return a >= CONF_SERVERS || b >= CONF_SERVERS ||
	       world->net.group[a] == world->net.group[b];
}

/* A fault between just two servers, in one direction. */
static bool
unheard(const struct world *world, unsigned from, unsigned to)
{
	return from < CONF_SERVERS && to < CONF_SERVERS &&
	       (world->net.unheard[to] >> from & 1) != 0;
}

bool
wire_clear(const struct world *world, unsigned from, unsigned to)
{
	const struct world_cable *out = &world->from[from], *in = &world->to[to];

	/* A segment so slow that a burst of probes ends before its answers is none. */
	if (out->delay_ns + out->jitter_ns + in->delay_ns + in->jitter_ns >
	    SLOW_US * US_NS)
		return false;
	return port_works(world, from) && port_works(world, to) &&
	       same_side(world, from, to) && !unheard(world, from, to) && !out->cut &&
	       !in->cut && out->loss_ppm == 0 && in->loss_ppm == 0 &&
	       out->burst_ppm == 0 && in->burst_ppm == 0;
}

void
wire_port_up(struct world *world, unsigned port)
{
	world->net.port[port].forwards_ns = world->now_ns + world->net.deaf_ns;
	world->net.port[port].shut = false;
}

static bool
loses(struct world *world, struct world_cable *cable)
{
	if (cable->cut)
		return true;
	if (cable->in_burst > 0) {
		cable->in_burst--;
		return true;
	}
	if (dice_chance(&world->dice, cable->burst_ppm)) {
		cable->in_burst = cable->burst_frames;
		return true;
	}
	return dice_chance(&world->dice, cable->loss_ppm);
}

/* False: the port has exceeded its rate, and is shut. */
static bool
police(struct world *world, unsigned port)
{
	if (world->net.polices == 0 || port >= CONF_SERVERS)
		return true;
	if (world->now_ns - world->net.port[port].window_ns >= SEC_NS) {
		world->net.port[port].window_ns = world->now_ns;
		world->net.port[port].in_window = 0;
	}
	if (++world->net.port[port].in_window <= world->net.polices)
		return true;
	world->net.port[port].shut = true;
	return false;
}

static void
learn(struct world *world, unsigned port, const struct mac *mac)
{
	for (unsigned i = 0; i < world->net.learnts; i++) {
		if (!mac_equal(&world->net.learnt[i].mac, mac))
			continue;
		world->net.learnt[i].port = (uint16_t)port;
		world->net.learnt[i].seen_ns = world->now_ns;
		return;
	}
	if (world->net.learnts == 2 * WORLD_PORTS)
		world->net.learnts = 0; /* a full table is flushed */
	world->net.learnt[world->net.learnts].mac = *mac;
	world->net.learnt[world->net.learnts].port = (uint16_t)port;
	world->net.learnt[world->net.learnts++].seen_ns = world->now_ns;
}

/* The port behind which MAC was heard; WORLD_PORTS: unknown, so everywhere. */
static unsigned
port_of(const struct world *world, const struct mac *mac)
{
	for (unsigned i = 0; i < world->net.learnts; i++)
		if (mac_equal(&world->net.learnt[i].mac, mac) &&
		    world->now_ns - world->net.learnt[i].seen_ns < AGE_S * SEC_NS)
			return world->net.learnt[i].port;
	return WORLD_PORTS;
}

static void
arrive(struct world *world, const uint64_t ports[2], const struct arp *arp,
    uint64_t delay_ns)
{
	struct world_event event = { .at_ns = world->now_ns + delay_ns,
		.kind = EVENT_FRAME };

	event.frame.ports[0] = ports[0];
	event.frame.ports[1] = ports[1];
	event.frame.arp = *arp;
	world_push(world, &event);
}

/* ARP suppression (the Linux bridge's, by peers' measurements): gratuitous frames are
 * swallowed; a broadcast question for a router is answered by the switch in its place. */
static bool
suppressed(struct world *world, unsigned port, const struct arp *arp)
{
	if (!world->net.suppresses || !mac_equal(&arp->dst, &mac_broadcast))
		return false;
	if (ip_equal(&arp->spa, &arp->tpa))
		return true;
	if (arp->op != ARP_REQUEST)
		return false;
	for (unsigned r = 0; r < world->routers; r++) {
		if (!ip_equal(&arp->tpa, &world->router[r].ip) || world->router[r].down)
			continue;
		uint64_t back[2] = { 0, 0 };
		struct arp reply = {
			.dst = arp->sha,
			.src = world->router[r].mac,
			.op = ARP_REPLY,
			.sha = world->router[r].mac,
			.spa = arp->tpa,
			.tha = arp->sha,
			.tpa = arp->spa,
		};
		back[port / 64] |= UINT64_C(1) << port % 64;
		arrive(world, back, &reply, 2 * CABLE_US * US_NS);
		return true;
	}
	return false;
}

static void
send_one(struct world *world, unsigned from, unsigned to, const struct arp *arp,
    uint64_t together[2])
{
	struct world_cable *out = &world->from[from], *in = &world->to[to];
	uint64_t delay_ns = 2 * CABLE_US * US_NS;

	if (to == from || !port_works(world, to) || !same_side(world, from, to) ||
	    unheard(world, from, to) || loses(world, in))
		return;
	uint64_t extra_ns = out->delay_ns + in->delay_ns;
	uint64_t jitter_ns = out->jitter_ns + in->jitter_ns;
	if (jitter_ns != 0)
		extra_ns += dice_below(&world->dice, jitter_ns);
	unsigned copies =
	    dice_chance(&world->dice, out->copies_ppm + in->copies_ppm) ? 2 : 1;
	if (extra_ns == 0 && copies == 1) {
		together[to / 64] |= UINT64_C(1) << to % 64;
		return;
	}
	uint64_t alone[2] = { 0, 0 };
	alone[to / 64] |= UINT64_C(1) << to % 64;
	for (unsigned i = 0; i < copies; i++)
		arrive(world, alone, arp, delay_ns + extra_ns + i * CABLE_US * US_NS);
}

void
wire_send(struct world *world, unsigned port, const struct arp *arp)
{
	uint64_t together[2] = { 0, 0 };
	struct arp bare = *arp;

	if (world->net.pads) {
		bare.note = (struct arp_note){ .present = false };
		arp = &bare;
	}
	world->frames++;
	if (world->saw != NULL)
		world->saw(world->user, world, arp);
	if (!port_works(world, port) || loses(world, &world->from[port]) ||
	    !police(world, port))
		return;
	learn(world, port, &arp->sha);
	if (suppressed(world, port, arp))
		return;
	unsigned to = mac_is_group(&arp->dst) ? WORLD_PORTS : port_of(world, &arp->dst);
	if (to < WORLD_PORTS) {
		send_one(world, port, to, arp, together);
	} else {
		for (unsigned s = 0; s < world->conf->servers; s++)
			send_one(world, port, s, arp, together);
		for (unsigned r = 0; r < world->routers; r++)
			send_one(world, port, PORT_ROUTER + r, arp, together);
	}
	/* A card takes only what is for it: the switch's flooding of unknown addresses
	 * costs the receivers nothing. */
	if (!mac_is_group(&arp->dst) && to == WORLD_PORTS)
		for (unsigned s = 0; s < world->conf->servers; s++) {
			struct mac mac = server_mac(s);
			if (!mac_equal(&mac, &arp->dst))
				together[0] &= ~(UINT64_C(1) << s);
		}
	if (together[0] != 0 || together[1] != 0)
		arrive(world, together, arp, 2 * CABLE_US * US_NS);
}
