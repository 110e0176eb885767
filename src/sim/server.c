/* SPDX-License-Identifier: BSD-2-Clause */
/* server.c - the daemon on a server: it starts, hears, asks its kernel for what its
 * engine wants, hangs, wakes, dies. */
#include <stdlib.h>

#include "world_internal.h"

bool
server_runs(const struct world_server *server)
{
	return server->engine != NULL && !server->frozen && server->paused_ns == NEVER;
}

static void
perform_change(struct world *world, unsigned s, const struct action *action)
{
	struct world_server *server = &world->server[s];

	if (server->change_ns == 0) {
		int error = kernel_change(world, s, action->address.verb,
		    &action->address.ip, action->address.lease_ns);
		engine_done(server->engine, action->address.verb, &action->address.ip,
		    error, server_time(world, s));
		return;
	}
	struct world_event event = { .at_ns = world->now_ns + server->change_ns,
		.kind = EVENT_CHANGE };
	event.change.server = s;
	event.change.birth = server->birth;
	event.change.verb = action->address.verb;
	event.change.ip = action->address.ip;
	event.change.lease_ns = action->address.lease_ns;
	world_push(world, &event);
}

/* A slow change is done; its daemon hears of it once it runs. */
void
server_finish_change(struct world *world, struct world_event *event)
{
	unsigned s = event->change.server;
	struct world_server *server = &world->server[s];

	if (event->change.birth != server->birth || !server->power)
		return;
	if (!event->change.done)
		event->change.error = kernel_change(world, s, event->change.verb,
		    &event->change.ip, event->change.lease_ns);
	event->change.done = true;
	if (server->engine == NULL)
		return;
	if (!server_runs(server)) {
		event->at_ns = world->now_ns + MS_NS;
		world_push(world, event);
		return;
	}
	engine_done(server->engine, event->change.verb, &event->change.ip,
	    event->change.error, server_time(world, s));
	server_perform(world, s);
}

void
server_perform(struct world *world, unsigned s)
{
	struct world_server *server = &world->server[s];
	struct action action;
	bool stopped = false;

	while (server->engine != NULL && engine_action(server->engine, &action)) {
		switch (action.kind) {
		case ACTION_ADDRESS:
			perform_change(world, s, &action);
			break;
		case ACTION_SEND:
			promise_sent(world, s);
			wire_send(world, s, &action.send.arp);
			break;
		case ACTION_REPORT:
			promise_report(world, s, &action.report);
			if (world->tell != NULL)
				world->tell(world->user, world, (int)s, &action.report);
			break;
		case ACTION_CHECK:
			engine_checked(server->engine, action.check, !server->sick,
			    "sick", server_time(world, s));
			break;
		case ACTION_STOPPED:
		default:
			stopped = true;
			break;
		}
	}
	if (stopped)
		server_kill(world, s);
}

void
server_hear(struct world *world, unsigned s, const struct arp *arp)
{
	struct world_server *server = &world->server[s];

	if (!server->power || !server->carrier || server->paused_ns != NEVER)
		return;
	kernel_answer(world, s, arp);
	if (!ears_daemon_hears(world, s, arp))
		return;
	server->heard_ns = server_time(world, s);
	if (server->engine == NULL)
		return;
	if (server->frozen) {
		if (server->inbox_len < WORLD_INBOX)
			server->inbox[server->inbox_len++] = *arp;
		return;
	}
	engine_hear(server->engine, arp, server_time(world, s));
	server_perform(world, s);
}

void
server_start(struct world *world, unsigned s)
{
	struct world_server *server = &world->server[s];
	struct engine_self self = {
		.server = s, .mac = server_mac(s), .base = server_base(s)
	};

	if (server->engine != NULL || !server->power || server->paused_ns != NEVER)
		return;
	uint64_t local = server_time(world, s);
	free(server->memory);
	server->memory = malloc(engine_size(server->conf));
	if (server->memory == NULL)
		abort();
	server->birth++;
	server->frozen = false;
	server->leaves = server->stops = false;
	server->halted_ns = NEVER;
	server->inbox_len = 0;
	server->flapped = false;
	promise_started(world, s);
	server->engine = engine_init(server->memory, server->conf, &self, local);
	for (unsigned a = 0; a < world->conf->addresses; a++) {
		uint64_t lease_ns = server->lease_ns[a];
		if (lease_ns != 0)
			engine_adopt(server->engine, &world->conf->address[a].ip,
			    lease_ns == NEVER ? NEVER
					      : local + (lease_ns - world->now_ns),
			    local);
	}
	if (!server->carrier)
		engine_link(server->engine, false, local);
	engine_tick(server->engine, local);
	server_perform(world, s);
}

void
server_kill(struct world *world, unsigned s)
{
	struct world_server *server = &world->server[s];

	server->engine = NULL;
	server->frozen = false;
	if (server->halted_ns == NEVER)
		server->halted_ns = world->now_ns;
}

void
server_crash(struct world *world, unsigned s)
{
	struct world_server *server = &world->server[s];

	server_kill(world, s);
	server->power = false;
	for (unsigned a = 0; a < world->conf->addresses; a++)
		if (server->lease_ns[a] != 0) {
			server->lease_ns[a] = 0;
			promise_holders(world, a);
		}
	server->sweep_ns = NEVER;
}

/* Frozen no longer, or its machine stands still no longer: what waited is looked at now.
 */
void
server_wake(struct world *world, unsigned s)
{
	struct world_server *server = &world->server[s];

	if (!server_runs(server) || server->halted_ns == NEVER)
		return;
	server->halted_ns = NEVER;
	if (engine_late(server->engine, server_time(world, s)))
		server->inbox_len = 0; /* as the daemon's shell does */
	for (unsigned i = 0; i < server->inbox_len; i++)
		engine_hear(server->engine, &server->inbox[i], server_time(world, s));
	server->inbox_len = 0;
	/* What happened to its kernel meanwhile it is told now. */
	if (server->flapped) {
		engine_link(server->engine, false, server_time(world, s));
		engine_link(server->engine, server->carrier, server_time(world, s));
	}
	server->flapped = false;
	for (unsigned a = 0; a < world->conf->addresses; a++)
		if (server->lease_ns[a] == 0)
			engine_gone(server->engine, &world->conf->address[a].ip,
			    server_time(world, s));
	engine_tick(server->engine, server_time(world, s));
	server_perform(world, s);
}

void
server_link(struct world *world, unsigned s, bool up)
{
	struct world_server *server = &world->server[s];

	if (server->carrier == up)
		return;
	server->carrier = up;
	if (up)
		wire_port_up(world, s);
	if (!server_runs(server)) {
		server->flapped = true;
		return;
	}
	engine_link(server->engine, up, server_time(world, s));
	server_perform(world, s);
}

void
server_reload(struct world *world, unsigned s, const struct conf *conf)
{
	struct world_server *server = &world->server[s];

	if (!server_runs(server)) {
		server->conf = server->engine == NULL ? conf : server->conf;
		return;
	}
	struct engine_self self = *engine_self(server->engine);
	void *memory = malloc(engine_reload_size(conf, server->engine));
	if (memory == NULL)
		abort();
	server->engine =
	    engine_reload(memory, conf, &self, server->engine, server_time(world, s));
	free(server->memory);
	server->memory = memory;
	server->conf = conf;
	server_perform(world, s);
}
