/* SPDX-License-Identifier: BSD-2-Clause */
/* fault.c - what can go wrong, by name. */
#include "world_internal.h"

static void
set_cable(struct world_cable *cable, const struct fault *fault)
{
	if (fault->kind == FAULT_LOSS)
		cable->loss_ppm = (uint32_t)fault->amount;
	if (fault->kind == FAULT_BURSTS) {
		cable->burst_ppm = (uint32_t)fault->amount;
		cable->burst_frames =
		    fault->frames != 0 ? fault->frames : FAULT_BURST_FRAMES;
		cable->in_burst = 0;
	}
	if (fault->kind == FAULT_COPIES)
		cable->copies_ppm = (uint32_t)fault->amount;
	if (fault->kind == FAULT_DELAY)
		cable->delay_ns = fault->amount * US_NS;
	if (fault->kind == FAULT_JITTER)
		cable->jitter_ns = fault->amount * US_NS;
}

static void
set_cables(struct world *world, const struct fault *fault)
{
	for (unsigned port = 0; port < WORLD_PORTS; port++) {
		if (fault->server != FAULT_ALL && port != (unsigned)fault->server)
			continue;
		if (fault->way != WAY_TO)
			set_cable(&world->from[port], fault);
		if (fault->way != WAY_FROM)
			set_cable(&world->to[port], fault);
	}
	world->loss_ns = world->now_ns;
}

static void
partition(struct world *world, const struct fault *fault)
{
	for (unsigned s = 0; s < world->conf->servers; s++)
		world->net.group[s] = (fault->amount >> s) & 1;
	world->loss_ns = world->now_ns;
}

static void
heal(struct world *world, const struct fault *fault)
{
	(void)fault;
	for (unsigned s = 0; s < world->conf->servers; s++)
		world->net.group[s] = 0;
	world->loss_ns = world->now_ns;
}

static void
reboot(struct world *world, const struct fault *fault)
{
	if (fault->server >= 0 && (unsigned)fault->server < world->routers)
		router_reboot(world, (unsigned)fault->server);
}

static void
foreign(struct world *world, const struct fault *fault)
{
	unsigned address = (unsigned)fault->address;
	struct mac stranger = { { 2, 0x66, 0, 0, 0, 1 } };
	struct arp claim = {
		.dst = mac_broadcast,
		.src = stranger,
		.op = ARP_REQUEST,
		.sha = stranger,
		.spa = world->conf->address[address].ip,
		.tpa = world->conf->address[address].ip,
	};

	wire_send(world, PORT_STRANGER, &claim);
}

static void
pause_machine(struct world *world, unsigned s, bool pause)
{
	struct world_server *server = &world->server[s];

	if (pause && server->paused_ns == NEVER) {
		server->paused_ns = world->now_ns;
		if (server->halted_ns == NEVER)
			server->halted_ns = world->now_ns;
	} else if (!pause && server->paused_ns != NEVER) {
		uint64_t slept_ns = world->now_ns - server->paused_ns;
		server->offset_ns += (int64_t)slept_ns;
		/* Its kernel's leases stood still too. */
		for (unsigned a = 0; a < world->conf->addresses; a++)
			if (server->lease_ns[a] != 0 && server->lease_ns[a] != NEVER)
				server->lease_ns[a] += slept_ns;
		if (server->sweep_ns != NEVER)
			server->sweep_ns += slept_ns;
		server->paused_ns = NEVER;
		server->unpaused_ns = world->now_ns;
		server_wake(world, s);
	}
}

static void
admin(struct world *world, unsigned s, enum engine_admin request)
{
	struct world_server *server = &world->server[s];

	if (server->engine == NULL || server->frozen || server->paused_ns != NEVER)
		return;
	server->leaves = server->leaves || request != ADMIN_RESUME;
	server->stops = server->stops || request == ADMIN_STOP;
	if (request == ADMIN_RESUME && !server->stops)
		server->leaves = false;
	engine_admin(server->engine, request, server_time(world, s));
	server_perform(world, s);
}

/* Everything about it is as new. */
static void
bring_back(struct world *world, unsigned s)
{
	struct world_server *server = &world->server[s];

	server->power = true;
	server->change_ns = 0;
	server->change_fails_ppm = 0;
	server->sick = false;
	server->ears = (struct world_ears){ .kernel_off = false };
	world->net.unheard[s] = 0;
	world->from[s] = world->to[s] = (struct world_cable){ .cut = false };
	pause_machine(world, s, false);
	if (server->stops)
		server_kill(world, s); /* who restarts it does not wait */
	server_link(world, s, true);
	wire_port_up(world, s);
	server->frozen = false;
	server_wake(world, s);
	server_start(world, s);
	server_reload(world, s, world->conf);
	admin(world, s, ADMIN_RESUME);
}

/* --- what befalls one server ---------------------------------------------------------
 */

static void
do_crash(struct world *world, unsigned s, const struct fault *fault)
{
	(void)fault;
	pause_machine(world, s, false);
	server_crash(world, s);
}

static void
do_return(struct world *world, unsigned s, const struct fault *fault)
{
	(void)fault;
	bring_back(world, s);
}

static void
do_link(struct world *world, unsigned s, const struct fault *fault)
{
	server_link(world, s, fault->kind == FAULT_MEND);
}

static void
do_silence(struct world *world, unsigned s, const struct fault *fault)
{
	world->from[s].cut = (fault->amount & 1) != 0;
	world->to[s].cut = (fault->amount & 2) != 0;
}

static void
do_kill(struct world *world, unsigned s, const struct fault *fault)
{
	(void)fault;
	server_kill(world, s);
}

static void
do_start(struct world *world, unsigned s, const struct fault *fault)
{
	(void)fault;
	server_start(world, s);
}

static void
do_admin(struct world *world, unsigned s, const struct fault *fault)
{
	admin(world, s,
	    fault->kind == FAULT_STOP    ? ADMIN_STOP
	    : fault->kind == FAULT_DRAIN ? ADMIN_DRAIN
					 : ADMIN_RESUME);
}

static void
do_freeze(struct world *world, unsigned s, const struct fault *fault)
{
	struct world_server *server = &world->server[s];

	(void)fault;
	if (server->engine == NULL)
		return;
	server->frozen = true;
	if (server->halted_ns == NEVER)
		server->halted_ns = world->now_ns;
}

static void
do_thaw(struct world *world, unsigned s, const struct fault *fault)
{
	(void)fault;
	world->server[s].frozen = false;
	server_wake(world, s);
}

static void
do_pause(struct world *world, unsigned s, const struct fault *fault)
{
	pause_machine(world, s, fault->kind == FAULT_PAUSE);
}

static void
do_steal(struct world *world, unsigned s, const struct fault *fault)
{
	if (world->server[s].power && fault->address != CONF_NONE)
		server_drop(world, s, (unsigned)fault->address);
}

static void
do_flush(struct world *world, unsigned s, const struct fault *fault)
{
	(void)fault;
	for (unsigned a = 0; world->server[s].power && a < world->conf->addresses; a++)
		server_drop(world, s, a);
}

static void
do_spoil(struct world *world, unsigned s, const struct fault *fault)
{
	if (fault->kind == FAULT_SLOW)
		world->server[s].change_ns = fault->amount * US_NS;
	else
		world->server[s].change_fails_ppm = (uint32_t)fault->amount;
}

static void
do_reload(struct world *world, unsigned s, const struct fault *fault)
{
	if (fault->kind == FAULT_NEWFILE)
		server_reload(world, s, world->conf);
	else if (world->old_conf != NULL && s < world->old_conf->servers)
		server_reload(world, s, world->old_conf);
}

static void
do_deafen(struct world *world, unsigned s, const struct fault *fault)
{
	if (fault->kind == FAULT_HEARS)
		world->net.unheard[s] = 0;
	else if (fault->amount < world->conf->servers && fault->amount != s)
		world->net.unheard[s] |= UINT64_C(1) << fault->amount;
	world->loss_ns = world->now_ns;
}

static void
do_ears(struct world *world, unsigned s, const struct fault *fault)
{
	struct world_ears *ears = &world->server[s].ears;
	uint64_t router = fault->amount - world->conf->servers;

	if (fault->kind == FAULT_EAR) {
		ears->daemon_loses = fault->amount & (EARS_BROADCAST | EARS_UNICAST);
		if (fault->amount == 0)
			ears->daemon_unheard = ears->daemon_unrouted = 0;
	} else if (fault->kind != FAULT_EAR_FROM) {
		ears->kernel_off = fault->kind == FAULT_ARP_OFF;
	} else if (fault->amount < world->conf->servers) {
		ears->daemon_unheard |= UINT64_C(1) << fault->amount;
	} else if (router < world->routers) {
		ears->daemon_unrouted |= (uint8_t)(1u << router);
	}
	world->loss_ns = world->now_ns;
}

static void
do_service(struct world *world, unsigned s, const struct fault *fault)
{
	world->server[s].sick = fault->kind == FAULT_SICKEN;
}

/* --- all of them ---------------------------------------------------------------------
 */

static const struct {
	void (*network)(struct world *world, const struct fault *fault);
	void (*server)(struct world *world, unsigned s, const struct fault *fault);
} deeds[FAULTS] = {
	[FAULT_CRASH] = { .server = do_crash },
	[FAULT_RETURN] = { .server = do_return },
	[FAULT_CUT] = { .server = do_link },
	[FAULT_MEND] = { .server = do_link },
	[FAULT_SILENCE] = { .server = do_silence },
	[FAULT_KILL] = { .server = do_kill },
	[FAULT_START] = { .server = do_start },
	[FAULT_STOP] = { .server = do_admin },
	[FAULT_DRAIN] = { .server = do_admin },
	[FAULT_RESUME] = { .server = do_admin },
	[FAULT_FREEZE] = { .server = do_freeze },
	[FAULT_THAW] = { .server = do_thaw },
	[FAULT_PAUSE] = { .server = do_pause },
	[FAULT_UNPAUSE] = { .server = do_pause },
	[FAULT_STEAL] = { .server = do_steal },
	[FAULT_FLUSH] = { .server = do_flush },
	[FAULT_SLOW] = { .server = do_spoil },
	[FAULT_FAIL] = { .server = do_spoil },
	[FAULT_LOSS] = { .network = set_cables },
	[FAULT_BURSTS] = { .network = set_cables },
	[FAULT_COPIES] = { .network = set_cables },
	[FAULT_DELAY] = { .network = set_cables },
	[FAULT_JITTER] = { .network = set_cables },
	[FAULT_PARTITION] = { .network = partition },
	[FAULT_HEAL] = { .network = heal },
	[FAULT_FOREIGN] = { .network = foreign },
	[FAULT_ROUTER] = { .network = reboot },
	[FAULT_OLDFILE] = { .server = do_reload },
	[FAULT_NEWFILE] = { .server = do_reload },
	[FAULT_DEAF] = { .server = do_deafen },
	[FAULT_HEARS] = { .server = do_deafen },
	[FAULT_SICKEN] = { .server = do_service },
	[FAULT_CURE] = { .server = do_service },
	[FAULT_EAR] = { .server = do_ears },
	[FAULT_EAR_FROM] = { .server = do_ears },
	[FAULT_ARP_OFF] = { .server = do_ears },
	[FAULT_ARP_ON] = { .server = do_ears },
};

void
fault_apply(struct world *world, const struct fault *fault)
{
	if (world->fault_told != NULL)
		world->fault_told(world->user, world, fault);
	if (deeds[fault->kind].network != NULL) {
		deeds[fault->kind].network(world, fault);
		return;
	}
	for (unsigned s = 0; s < world->conf->servers; s++) {
		if (fault->server != FAULT_ALL && fault->server != (int)s)
			continue;
		world->server[s].disturbed_ns = world->now_ns;
		deeds[fault->kind].server(world, s, fault);
	}
}
