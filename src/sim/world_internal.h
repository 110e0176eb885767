/* SPDX-License-Identifier: BSD-2-Clause */
/* world_internal.h - what the world's files share. */
#ifndef VLBD_SIM_WORLD_INTERNAL_H
#define VLBD_SIM_WORLD_INTERNAL_H

#include "world.h"

#define NEVER UINT64_MAX
#define US_NS UINT64_C(1000)

enum { PORT_ROUTER = CONF_SERVERS, PORT_STRANGER = CONF_SERVERS + WORLD_ROUTERS };

enum { WORLD_INBOX = 512 }; /* frames that a frozen daemon's capture ring holds */

enum event_kind { EVENT_FRAME, EVENT_CHANGE };

struct world_event {
	uint64_t at_ns;
	uint64_t sequence; /* ties go to the older one */
	enum event_kind kind;
	union {
		struct {
			uint64_t ports[2]; /* who gets it, a bit each */
			struct arp arp;
		} frame;
		struct {
			unsigned server;
			uint64_t birth; /* of the engine that asked: a dead one gets no
					   answer */
			enum holding_verb verb;
			struct ip ip;
			uint64_t lease_ns;
			bool done; /* and .error is what became of it */
			int error;
		} change;
	};
};

/* events.c: EVENT gets its number, and waits for its time. */
void world_push(struct world *world, struct world_event *event);

/* wire.c: PORT sends. */
void wire_send(struct world *world, unsigned port, const struct arp *arp);
void wire_reset(struct world *world);
/* Nothing stands between two ports, in that direction. */
bool wire_clear(const struct world *world, unsigned from, unsigned to);
void wire_port_up(struct world *world, unsigned port);

/* kernel.c: who it is. */
struct mac server_mac(unsigned server);
struct ip server_base(unsigned server);
/* On its own clock; and what the world's shows when its own shows LOCAL. */
uint64_t server_time(const struct world *world, unsigned server);
uint64_t server_world_time(const struct world *world, unsigned server, uint64_t local);
/* An address is lost, whether its lease has ended or somebody took it. */
void server_drop(struct world *world, unsigned server, unsigned address);
/* It looks at its leases. */
void kernel_sweep(struct world *world, unsigned server);
/* An address is added, or its lease renewed, or it is removed. An errno. */
int kernel_change(struct world *world, unsigned server, enum holding_verb verb,
    const struct ip *ip, uint64_t lease_ns);
/* It answers for what it has. */
void kernel_answer(struct world *world, unsigned server, const struct arp *arp);

/* ears.c: does SERVER's daemon hear ARP, which its kernel hears? */
bool ears_daemon_hears(const struct world *world, unsigned server, const struct arp *arp);
/* And everything that another server says? */
bool ears_clear(const struct world *world, unsigned from, unsigned to);

/* server.c: its daemon is there, and neither it nor its machine stands still. */
bool server_runs(const struct world_server *server);
/* A frame reaches SERVER. */
void server_hear(struct world *world, unsigned server, const struct arp *arp);
void server_start(struct world *world, unsigned server);
void server_kill(struct world *world, unsigned server);
void server_crash(struct world *world, unsigned server);
void server_perform(struct world *world, unsigned server);
/* A slow change is done; EVENT says which. */
void server_finish_change(struct world *world, struct world_event *event);
void server_link(struct world *world, unsigned server, bool up);
void server_reload(struct world *world, unsigned server, const struct conf *conf);
void server_wake(struct world *world, unsigned server);

/* world.c: for sentences; CONF_NONE is nobody. */
const char *server_name(const struct world *world, int server);

/* router.c */
void router_hear(struct world *world, unsigned router, const struct arp *arp);
void router_tick(struct world *world, unsigned router);
void router_reboot(struct world *world, unsigned router);

/* fault.c */
void fault_apply(struct world *world, const struct fault *fault);

/* promise.c */
void promise_report(struct world *world, unsigned server, const struct report *report);
void promise_holders(struct world *world, unsigned address);
/* SERVER's daemon sends a frame; it has just started. */
void promise_sent(struct world *world, unsigned server);
void promise_started(struct world *world, unsigned server);
/* Between two hellos, as max_rate allows. */
uint64_t promise_every_ns(const struct conf *conf);
/* How long a death may go unnoticed. */
uint64_t promise_detect_ns(const struct conf *conf);
__attribute__((format(printf, 6, 7))) void promise_broken(struct world *world,
    enum promise promise, int server, int other, int address, const char *format, ...);

/* promise_step.c: look at all of them, and say when to look again. */
void promise_step(struct world *world);

#endif
