/* SPDX-License-Identifier: BSD-2-Clause */
/* fault.c - what can go wrong, by name. */
#include <inttypes.h>
#include <stdio.h>

#include "world_internal.h"

static const char *const names[FAULTS] = {
	[FAULT_CRASH] = "crash",
	[FAULT_RETURN] = "return",
	[FAULT_CUT] = "cut",
	[FAULT_MEND] = "mend",
	[FAULT_SILENCE] = "silence",
	[FAULT_KILL] = "kill",
	[FAULT_START] = "start",
	[FAULT_STOP] = "stop",
	[FAULT_DRAIN] = "drain",
	[FAULT_RESUME] = "resume",
	[FAULT_FREEZE] = "freeze",
	[FAULT_THAW] = "thaw",
	[FAULT_PAUSE] = "pause",
	[FAULT_UNPAUSE] = "unpause",
	[FAULT_STEAL] = "steal",
	[FAULT_FLUSH] = "flush",
	[FAULT_SLOW] = "slow",
	[FAULT_FAIL] = "fail-changes",
	[FAULT_LOSS] = "loss",
	[FAULT_BURSTS] = "bursts",
	[FAULT_COPIES] = "copies",
	[FAULT_DELAY] = "delay",
	[FAULT_JITTER] = "jitter",
	[FAULT_PARTITION] = "partition",
	[FAULT_HEAL] = "heal",
	[FAULT_FOREIGN] = "foreign",
	[FAULT_ROUTER] = "router-reboot",
	[FAULT_OLDFILE] = "old-file",
	[FAULT_NEWFILE] = "new-file",
	[FAULT_SICKEN] = "sicken",
	[FAULT_CURE] = "cure",
};

const char *
fault_name(enum fault_kind kind)
{
	return kind < FAULTS ? names[kind] : "?";
}

int
fault_format(const struct fault *fault, const struct conf *conf, char *text, size_t size)
{
	const char *who = fault->server >= 0 && fault->kind != FAULT_ROUTER
			      ? conf->server[fault->server].name
			      : "";
	char ip[IP_TEXT] = "";

	if (fault->address != CONF_NONE)
		ip_format(&conf->address[fault->address].ip, ip);
	return snprintf(text, size, "%s%s%s%s%s (%" PRIu64 ")", fault_name(fault->kind),
	    *who != '\0' ? " " : "", who, *ip != '\0' ? " " : "", ip, fault->amount);
}

static void
set_cables(struct world *world, const struct fault *fault)
{
	for (unsigned port = 0; port < WORLD_PORTS; port++) {
		if (fault->server != FAULT_ALL && port != (unsigned)fault->server)
			continue;
		struct world_cable *both[] = { &world->from[port], &world->to[port] };
		for (unsigned i = 0; i < 2; i++) {
			if (fault->kind == FAULT_LOSS)
				both[i]->loss_ppm = (uint32_t)fault->amount;
			if (fault->kind == FAULT_BURSTS) {
				both[i]->burst_ppm = (uint32_t)fault->amount;
				both[i]->burst_frames = 8;
				both[i]->in_burst = 0;
			}
			if (fault->kind == FAULT_COPIES)
				both[i]->copies_ppm = (uint32_t)fault->amount;
			if (fault->kind == FAULT_DELAY)
				both[i]->delay_ns = fault->amount * US_NS;
			if (fault->kind == FAULT_JITTER)
				both[i]->jitter_ns = fault->amount * US_NS;
		}
	}
}

static void
foreign(struct world *world, unsigned address)
{
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

static void
apply_to_server(struct world *world, const struct fault *fault)
{
	unsigned s = (unsigned)fault->server;
	struct world_server *server = &world->server[s];

	server->disturbed_ns = world->now_ns;
	switch (fault->kind) {
	case FAULT_CRASH:
		pause_machine(world, s, false);
		server_crash(world, s);
		break;
	case FAULT_RETURN:
		bring_back(world, s);
		break;
	case FAULT_CUT:
		server_link(world, s, false);
		break;
	case FAULT_MEND:
		server_link(world, s, true);
		break;
	case FAULT_SILENCE:
		world->from[s].cut = (fault->amount & 1) != 0;
		world->to[s].cut = (fault->amount & 2) != 0;
		break;
	case FAULT_KILL:
		server_kill(world, s);
		break;
	case FAULT_START:
		server_start(world, s);
		break;
	case FAULT_STOP:
		admin(world, s, ADMIN_STOP);
		break;
	case FAULT_DRAIN:
		admin(world, s, ADMIN_DRAIN);
		break;
	case FAULT_RESUME:
		admin(world, s, ADMIN_RESUME);
		break;
	case FAULT_FREEZE:
		if (server->engine != NULL) {
			server->frozen = true;
			if (server->halted_ns == NEVER)
				server->halted_ns = world->now_ns;
		}
		break;
	case FAULT_THAW:
		server->frozen = false;
		server_wake(world, s);
		break;
	case FAULT_PAUSE:
	case FAULT_UNPAUSE:
		pause_machine(world, s, fault->kind == FAULT_PAUSE);
		break;
	case FAULT_STEAL:
		if (server->power && fault->address != CONF_NONE)
			server_drop(world, s, (unsigned)fault->address);
		break;
	case FAULT_FLUSH:
		for (unsigned a = 0; server->power && a < world->conf->addresses; a++)
			server_drop(world, s, a);
		break;
	case FAULT_SLOW:
		server->change_ns = fault->amount * US_NS;
		break;
	case FAULT_FAIL:
		server->change_fails_ppm = (uint32_t)fault->amount;
		break;
	case FAULT_OLDFILE:
		if (world->old_conf != NULL && s < world->old_conf->servers)
			server_reload(world, s, world->old_conf);
		break;
	case FAULT_NEWFILE:
		server_reload(world, s, world->conf);
		break;
	case FAULT_SICKEN:
	case FAULT_CURE:
		server->sick = fault->kind == FAULT_SICKEN;
		break;
	case FAULT_LOSS:
	case FAULT_BURSTS:
	case FAULT_COPIES:
	case FAULT_DELAY:
	case FAULT_JITTER:
	case FAULT_PARTITION:
	case FAULT_HEAL:
	case FAULT_FOREIGN:
	case FAULT_ROUTER:
	case FAULTS:
	default:
		break;
	}
}

void
fault_apply(struct world *world, const struct fault *fault)
{
	if (world->fault_told != NULL)
		world->fault_told(world->user, world, fault);
	switch (fault->kind) {
	case FAULT_LOSS:
	case FAULT_BURSTS:
	case FAULT_COPIES:
	case FAULT_DELAY:
	case FAULT_JITTER:
		set_cables(world, fault);
		world->loss_ns = world->now_ns;
		break;
	case FAULT_PARTITION:
		for (unsigned s = 0; s < world->conf->servers; s++)
			world->net.group[s] = (fault->amount >> s) & 1;
		world->loss_ns = world->now_ns;
		break;
	case FAULT_HEAL:
		for (unsigned s = 0; s < world->conf->servers; s++)
			world->net.group[s] = 0;
		world->loss_ns = world->now_ns;
		break;
	case FAULT_FOREIGN:
		foreign(world, (unsigned)fault->address);
		break;
	case FAULT_ROUTER:
		if (fault->server >= 0 && (unsigned)fault->server < world->routers)
			router_reboot(world, (unsigned)fault->server);
		break;
	case FAULT_CRASH:
	case FAULT_RETURN:
	case FAULT_CUT:
	case FAULT_MEND:
	case FAULT_SILENCE:
	case FAULT_KILL:
	case FAULT_START:
	case FAULT_STOP:
	case FAULT_DRAIN:
	case FAULT_RESUME:
	case FAULT_FREEZE:
	case FAULT_THAW:
	case FAULT_PAUSE:
	case FAULT_UNPAUSE:
	case FAULT_STEAL:
	case FAULT_FLUSH:
	case FAULT_SLOW:
	case FAULT_FAIL:
	case FAULT_OLDFILE:
	case FAULT_NEWFILE:
	case FAULT_SICKEN:
	case FAULT_CURE:
	case FAULTS:
	default:
		for (unsigned s = 0; s < world->conf->servers; s++) {
			struct fault one = *fault;
			one.server = (int)s;
			if (fault->server == FAULT_ALL || fault->server == (int)s)
				apply_to_server(world, &one);
		}
		break;
	}
}
