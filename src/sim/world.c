/* SPDX-License-Identifier: BSD-2-Clause */
/* world.c - the queue of events, and servers with their kernels. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "world_internal.h"

enum {
	EARLY_MS = 23,     /* the kernel was measured to drop leases that much early .. */
	LATE_MS = 1100,    /* .. and that much late */
	TOGETHER_MS = 150, /* where they end together */
	SELDOM_MS = 750,   /* the same, one time in eight */
	SELDOM_PPM = 125000,
	SWEEP_MS = 1000, /* they are looked at no more often */
	START_SPREAD_MS = 1000
};

/* --- the queue: a binary heap
 * ------------------------------------------------------------ */

static bool
before(const struct world_event *a, const struct world_event *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->sequence < b->sequence;
}

void
world_push(struct world *world, struct world_event *event)
{
	if (world->queued == world->queue_limit) {
		unsigned limit = world->queue_limit == 0 ? 1024 : 2 * world->queue_limit;
		struct world_event *more = realloc(world->queue, limit * sizeof(*more));
		if (more == NULL)
			abort();
		world->queue = more;
		world->queue_limit = limit;
	}
	event->sequence = world->sequence++;
	unsigned at = world->queued++;
	while (at > 0 && before(event, &world->queue[(at - 1) / 2])) {
		world->queue[at] = world->queue[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	world->queue[at] = *event;
}

static struct world_event
pop(struct world *world)
{
	struct world_event first = world->queue[0];
	const struct world_event *last = &world->queue[--world->queued];
	unsigned at = 0;

	for (;;) {
		unsigned child = 2 * at + 1;
		if (child >= world->queued)
			break;
		if (child + 1 < world->queued &&
		    before(&world->queue[child + 1], &world->queue[child]))
			child++;
		if (!before(&world->queue[child], last))
			break;
		world->queue[at] = world->queue[child];
		at = child;
	}
	world->queue[at] = *last;
	return first;
}

/* --- servers
 * ------------------------------------------------------------------------------ */

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
static uint64_t
world_time_of(const struct world *world, unsigned s, uint64_t local)
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

static bool
runs(const struct world_server *server)
{
	return server->engine != NULL && !server->frozen && server->paused_ns == NEVER;
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
	if (runs(server)) {
		engine_gone(server->engine, &world->conf->address[address].ip,
		    server_time(world, s));
		server_perform(world, s);
	}
}

static void
sweep(struct world *world, unsigned s)
{
	struct world_server *server = &world->server[s];

	for (unsigned a = 0; a < world->conf->addresses; a++)
		if (server->lease_ns[a] != 0 &&
		    server->lease_ns[a] <= world->now_ns + EARLY_MS * MS_NS)
			server_drop(world, s, a);
	set_sweep(world, s);
}

/* In the kernel. An errno. */
static int
change(struct world *world, unsigned s, enum holding_verb verb, const struct ip *ip,
    uint64_t lease_ns)
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

static void
perform_change(struct world *world, unsigned s, const struct action *action)
{
	struct world_server *server = &world->server[s];

	if (server->change_ns == 0) {
		int error = change(world, s, action->address.verb, &action->address.ip,
		    action->address.lease_ns);
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

/* Its kernel answers for what it has, whatever its daemon does. */
static void
kernel_answer(struct world *world, unsigned s, const struct arp *arp)
{
	struct ip base = server_base(s);
	int index = conf_address_by_ip(world->conf, &arp->tpa);

	if (arp->op != ARP_REQUEST || ip_equal(&arp->spa, &arp->tpa))
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

void
server_hear(struct world *world, unsigned s, const struct arp *arp)
{
	struct world_server *server = &world->server[s];

	if (!server->power || !server->carrier || server->paused_ns != NEVER)
		return;
	server->heard_ns = server_time(world, s);
	kernel_answer(world, s, arp);
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

	if (!runs(server) || server->halted_ns == NEVER)
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
	if (!runs(server)) {
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

	if (!runs(server)) {
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

/* --- the world
 * ---------------------------------------------------------------------------- */

static void
add_router(struct world *world, unsigned r)
{
	struct world_router *router = &world->router[r];

	router->ip = world->conf->router[r];
	router->mac = (struct mac){ { 2, 0, 0, 0, 1, (uint8_t)(r + 1) } };
	router->entry = calloc(world->conf->addresses, sizeof(*router->entry));
	if (router->entry == NULL)
		abort();
	router_reboot(world, r);
}

struct world *
world_new(const struct conf *conf, uint64_t seed)
{
	struct world *world = calloc(1, sizeof(*world));

	if (world == NULL)
		return NULL;
	world->conf = conf;
	dice_seed(&world->dice, seed);
	world->now_ns = world->started_ns = 1000 * SEC_NS;
	world->check = true;
	world->step_ns = world->now_ns;
	wire_reset(world);
	world->twin_ns = malloc(conf->addresses * sizeof(*world->twin_ns));
	world->untwin_ns = calloc(conf->addresses, sizeof(*world->untwin_ns));
	if (conf->checks > 0)
		world->unwell_ns = malloc(conf->addresses * sizeof(*world->unwell_ns));
	if (world->twin_ns == NULL || world->untwin_ns == NULL ||
	    (conf->checks > 0 && world->unwell_ns == NULL))
		abort();
	for (unsigned a = 0; conf->checks > 0 && a < conf->addresses; a++)
		world->unwell_ns[a] = NEVER;
	memset(world->twin_ns, 0xff, conf->addresses * sizeof(*world->twin_ns));
	world->routers = conf->routers < WORLD_ROUTERS ? conf->routers : WORLD_ROUTERS;
	for (unsigned r = 0; r < world->routers; r++)
		add_router(world, r);
	for (unsigned s = 0; s < conf->servers; s++) {
		struct world_server *server = &world->server[s];
		server->conf = conf;
		server->power = server->carrier = true;
		server->paused_ns = server->sweep_ns = NEVER;
		server->heard_ns = 0;
		server->halted_ns = world->now_ns;
		server->lease_ns = calloc(conf->addresses, sizeof(*server->lease_ns));
		server->inbox = malloc(WORLD_INBOX * sizeof(*server->inbox));
		server->sent_ns =
		    calloc(conf->timing.max_rate + 1u, sizeof(*server->sent_ns));
		server->got_ns = calloc(conf->addresses, sizeof(*server->got_ns));
		if (server->lease_ns == NULL || server->got_ns == NULL ||
		    server->inbox == NULL || server->sent_ns == NULL)
			abort();
		struct fault start = {
			.at_ns = dice_below(&world->dice, START_SPREAD_MS * MS_NS),
			.kind = FAULT_START,
			.server = (int)s,
			.address = CONF_NONE,
		};
		world_fault(world, &start);
	}
	return world;
}

void
world_free(struct world *world)
{
	if (world == NULL)
		return;
	for (unsigned s = 0; s < world->conf->servers; s++) {
		free(world->server[s].memory);
		free(world->server[s].lease_ns);
		free(world->server[s].got_ns);
		free(world->server[s].inbox);
		free(world->server[s].sent_ns);
	}
	for (unsigned r = 0; r < world->routers; r++)
		free(world->router[r].entry);
	free(world->queue);
	free(world->twin_ns);
	free(world->untwin_ns);
	free(world->unwell_ns);
	free(world);
}

bool
world_fault(struct world *world, const struct fault *fault)
{
	unsigned at = world->faults;

	if (world->faults == WORLD_FAULTS)
		return false;
	while (at > world->fault_at && world->fault[at - 1].at_ns > fault->at_ns) {
		world->fault[at] = world->fault[at - 1];
		at--;
	}
	world->fault[at] = *fault;
	world->faults++;
	return true;
}

uint64_t
world_time(const struct world *world)
{
	return world->now_ns - world->started_ns;
}

static void
deliver(struct world *world, const struct world_event *event)
{
	for (unsigned word = 0; word < 2; word++) {
		uint64_t bits = event->frame.ports[word];
		while (bits != 0) {
			unsigned port = word * 64 + (unsigned)__builtin_ctzll(bits);
			bits &= bits - 1;
			if (port < CONF_SERVERS)
				server_hear(world, port, &event->frame.arp);
			else if (port < PORT_STRANGER)
				router_hear(world, port - PORT_ROUTER, &event->frame.arp);
		}
	}
}

/* A slow change is done; its daemon hears of it once it runs. */
static void
finish_change(struct world *world, struct world_event *event)
{
	unsigned s = event->change.server;
	struct world_server *server = &world->server[s];

	if (event->change.birth != server->birth || !server->power)
		return;
	if (!event->change.done)
		event->change.error = change(world, s, event->change.verb,
		    &event->change.ip, event->change.lease_ns);
	event->change.done = true;
	if (server->engine == NULL)
		return;
	if (!runs(server)) {
		event->at_ns = world->now_ns + MS_NS;
		world_push(world, event);
		return;
	}
	engine_done(server->engine, event->change.verb, &event->change.ip,
	    event->change.error, server_time(world, s));
	server_perform(world, s);
}

static void
handle(struct world *world)
{
	struct world_event event = pop(world);

	world->events++;
	if (event.kind == EVENT_FRAME)
		deliver(world, &event);
	else
		finish_change(world, &event);
}

/* Who is next? Ties go to faults, then frames, then servers by number: always the same.
 */
enum turn {
	TURN_END,
	TURN_FAULT,
	TURN_EVENT,
	TURN_TICK,
	TURN_SWEEP,
	TURN_ROUTER,
	TURN_STEP
};

static enum turn
next_turn(const struct world *world, uint64_t end_ns, uint64_t *at_ns, unsigned *who)
{
	enum turn turn = TURN_END;

#define SOONER(when, what, number)                                                       \
	do {                                                                             \
		uint64_t when_ns = (when);                                               \
		if (when_ns < *at_ns) {                                                  \
			*at_ns = when_ns;                                                \
			turn = (what);                                                   \
			*who = (number);                                                 \
		}                                                                        \
	} while (0)

	*at_ns = end_ns;
	*who = 0;
	if (world->fault_at < world->faults)
		SOONER(world->started_ns + world->fault[world->fault_at].at_ns,
		    TURN_FAULT, 0);
	if (world->queued > 0)
		SOONER(world->queue[0].at_ns, TURN_EVENT, 0);
	for (unsigned s = 0; s < world->conf->servers; s++) {
		const struct world_server *server = &world->server[s];
		if (runs(server))
			SOONER(world_time_of(world, s, engine_deadline(server->engine)),
			    TURN_TICK, s);
		SOONER(server->sweep_ns, TURN_SWEEP, s);
	}
	for (unsigned r = 0; r < world->routers; r++)
		SOONER(world->router[r].tick_ns, TURN_ROUTER, r);
	SOONER(world->step_ns, TURN_STEP, 0);
#undef SOONER
	return turn;
}

bool
world_step(struct world *world, uint64_t until_ns)
{
	uint64_t at_ns;
	unsigned who;

	if (world->violation.promise != PROMISE_NONE)
		return false;
	enum turn turn = next_turn(world, world->started_ns + until_ns, &at_ns, &who);
	if (at_ns > world->now_ns)
		world->now_ns = at_ns;
	switch (turn) {
	case TURN_FAULT:
		fault_apply(world, &world->fault[world->fault_at++]);
		break;
	case TURN_EVENT:
		handle(world);
		break;
	case TURN_TICK:
		world->events++;
		engine_tick(world->server[who].engine, server_time(world, who));
		server_perform(world, who);
		break;
	case TURN_SWEEP:
		sweep(world, who);
		break;
	case TURN_ROUTER:
		router_tick(world, who);
		break;
	case TURN_STEP:
		promise_step(world);
		break;
	case TURN_END:
	default:
		return false;
	}
	return true;
}

void
world_run(struct world *world, uint64_t until_ns)
{
	while (world_step(world, until_ns))
		;
}

uint64_t
world_holders(const struct world *world, unsigned address)
{
	uint64_t holders = 0;

	for (unsigned s = 0; s < world->conf->servers; s++)
		if (world->server[s].lease_ns[address] != 0)
			holders |= UINT64_C(1) << s;
	return holders;
}

bool
world_able(const struct world *world, unsigned s)
{
	const struct world_server *server = &world->server[s];

	return server->power && server->carrier && server->engine != NULL &&
	       !server->leaves;
}

int
world_best(const struct world *world, unsigned address)
{
	const struct conf_address *listed = &world->conf->address[address];
	int sick = CONF_NONE;

	for (unsigned t = 0; t < listed->tiers; t++) {
		if (!world_able(world, listed->server[t]))
			continue;
		if (!world->server[listed->server[t]].sick)
			return listed->server[t];
		if (sick == CONF_NONE)
			sick = listed->server[t];
	}
	return sick;
}

bool
world_hear_each_other(const struct world *world, unsigned a, unsigned b)
{
	return wire_clear(world, a, b) && wire_clear(world, b, a);
}
