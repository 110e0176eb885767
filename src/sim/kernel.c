/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel.c - a server's kernel: its clock, its leases, what it answers; all of that goes
 * on whatever its daemon does. */
#include <errno.h>

#include "world_internal.h"

enum {
	EARLY_MS = 23,     /* the kernel was measured to drop leases that much early .. */
	LATE_MS = 1100,    /* .. and that much late */
	TOGETHER_MS = 150, /* where they end together */
	SELDOM_MS = 750,   /* the same, one time in eight */
	SELDOM_PPM = 125000,
	SWEEP_MS = 1000 /* they are looked at no more often */
};

struct mac
server_mac(unsigned server)
{
	return (struct mac){ { 2, 0, 0, 0, 0, (uint8_t)(server + 1) } };
}

struct ip
server_base(unsigned server)
{
	return ip_v4(0x0a4d8001u + server);
}

/* A server's own clock: it may run fast or slow, and stands still while the machine does.
 */
uint64_t
server_time(const struct world *world, unsigned s)
{
	const struct world_server *server = &world->server[s];
	uint64_t real = server->paused_ns != NEVER ? server->paused_ns : world->now_ns;
	uint64_t local = real - (uint64_t)server->offset_ns;

	if (server->drift_ppm == 0)
		return local;
	return local + (uint64_t)((int64_t)(local / 1000000) * server->drift_ppm);
}

/* When the world's clock shows what LOCAL is on the server's. */
uint64_t
server_world_time(const struct world *world, unsigned s, uint64_t local)
{
	const struct world_server *server = &world->server[s];
	uint64_t now = server_time(world, s);

	if (local == NEVER)
		return NEVER;
	if (local <= now)
		return world->now_ns;
	uint64_t wait = local - now;
	if (server->drift_ppm != 0)
		wait -= (uint64_t)((int64_t)(wait / 1000000) * server->drift_ppm);
	return world->now_ns + wait;
}

/* A kernel looks at its leases at once after every change, then when the first one has
 * ended, and at most once a second. Where they end together that is soon, as a rule. */
static uint64_t
lateness_ns(struct world *world)
{
	if (world->late_sweeps)
		return dice_below(&world->dice, LATE_MS * MS_NS);
	return dice_below(&world->dice, dice_chance(&world->dice, SELDOM_PPM)
					    ? SELDOM_MS * MS_NS
					    : TOGETHER_MS * MS_NS);
}

static void
set_sweep(struct world *world, unsigned s)
{
	struct world_server *server = &world->server[s];
	uint64_t first = NEVER;

	for (unsigned a = 0; a < world->conf->addresses; a++)
		if (server->lease_ns[a] != 0 && server->lease_ns[a] < first)
			first = server->lease_ns[a];
	if (first == NEVER) {
		server->sweep_ns = NEVER;
		return;
	}
	server->sweep_ns = first - EARLY_MS * MS_NS + lateness_ns(world);
	if (!world->late_sweeps && server->sweep_ns < world->now_ns + SWEEP_MS * MS_NS)
		server->sweep_ns = world->now_ns + SWEEP_MS * MS_NS;
}

void
server_drop(struct world *world, unsigned s, unsigned address)
{
	struct world_server *server = &world->server[s];

	if (server->lease_ns[address] == 0)
		return;
	server->lease_ns[address] = 0;
	promise_holders(world, address);
	if (server_runs(server)) {
		engine_gone(server->engine, &world->conf->address[address].ip,
		    server_time(world, s));
		server_perform(world, s);
	}
}

void
kernel_sweep(struct world *world, unsigned s)
{
	struct world_server *server = &world->server[s];

	for (unsigned a = 0; a < world->conf->addresses; a++)
		if (server->lease_ns[a] != 0 &&
		    server->lease_ns[a] <= world->now_ns + EARLY_MS * MS_NS)
			server_drop(world, s, a);
	set_sweep(world, s);
}

/* In the kernel. An errno. */
int
kernel_change(struct world *world, unsigned s, enum holding_verb verb,
    const struct ip *ip, uint64_t lease_ns)
{
	struct world_server *server = &world->server[s];
	int index = conf_address_by_ip(world->conf, ip);
	int error = dice_chance(&world->dice, server->change_fails_ppm) ? EIO : 0;

	if (error == 0 && index != CONF_NONE) {
		bool had = server->lease_ns[index] != 0;
		server->lease_ns[index] = verb == HOLDING_REMOVE ? 0
					  : lease_ns == 0        ? NEVER
							  : world->now_ns + lease_ns;
		if (had != (server->lease_ns[index] != 0))
			promise_holders(world, (unsigned)index);
		if (lease_ns == 0 || verb == HOLDING_REMOVE)
			; /* no lease begins */
		else if (!world->late_sweeps)
			server->sweep_ns = world->now_ns;
		else if (server->sweep_ns == NEVER)
			set_sweep(world, s);
	}
	return error;
}

/* Its kernel answers for what it has, whatever its daemon does. */
void
kernel_answer(struct world *world, unsigned s, const struct arp *arp)
{
	struct ip base = server_base(s);
	int index = conf_address_by_ip(world->conf, &arp->tpa);

	if (arp->op != ARP_REQUEST || ip_equal(&arp->spa, &arp->tpa) ||
	    world->server[s].ears.kernel_off)
		return;
	if (!ip_equal(&arp->tpa, &base) &&
	    (index == CONF_NONE || world->server[s].lease_ns[index] == 0))
		return;
	struct arp reply = {
		.dst = arp->sha,
		.src = server_mac(s),
		.op = ARP_REPLY,
		.sha = server_mac(s),
		.spa = arp->tpa,
		.tha = arp->sha,
		.tpa = arp->spa,
	};
	wire_send(world, s, &reply);
}
