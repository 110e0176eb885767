/* SPDX-License-Identifier: BSD-2-Clause */
/* world.h - a whole cluster in virtual time: servers with a kernel each, a switch,
 * routers.
 *
 * The engines are the daemon's own objects. Everything else is a model of what was
 * measured on real kernels; its chance comes from one seeded source, so that a seed is a
 * history.
 *
 *   world.c        a world made, and asked who has what and who should
 *   events.c       the queue of events, and whose turn is next
 *   kernel.c       a server's kernel: clock, leases, answers
 *   server.c       the daemon on a server, and what it asks its kernel for
 *   ears.c         which frames its kernel hears, and which its daemon
 *   wire.c         the switch and its ports
 *   router.c       a router's neighbour table
 *   fault.c        what can go wrong, by name
 *   promise.c      what must hold, by name, looked at as things happen
 *   promise_step.c and what must not last
 *   chance.c       a random world and its faults, out of a seed */
#ifndef VLBD_SIM_WORLD_H
#define VLBD_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "dice.h"
#include "vlbd/engine.h"

#define WORLD_ROUTERS 4
#define WORLD_PORTS (CONF_SERVERS + WORLD_ROUTERS + 1)
#define WORLD_FAULTS 256

/* --- the pieces ------------------------------------------------------------------------
 */

enum router_kind {
	ROUTER_LINUX, /* ages and probes as Linux does, 1 s lock time */
	ROUTER_LONG,  /* keeps an entry for four hours */
	ROUTER_KINDS
};

enum router_belief {
	BELIEVES_ALL,
	BELIEVES_REQUESTS, /* ignores gratuitous replies */
	BELIEVES_REPLIES, /* ignores gratuitous requests; answers and learns from requests
			   * to itself, as RFC 826 obliges it */
	ROUTER_BELIEFS
};

enum entry_state {
	ENTRY_NONE,
	ENTRY_INCOMPLETE,
	ENTRY_FAILED,
	ENTRY_REACHABLE,
	ENTRY_STALE,
	ENTRY_DELAY,
	ENTRY_PROBE
};

struct router_entry {
	enum entry_state state;
	struct mac mac;
	uint64_t changed_ns;  /* for the lock time */
	uint64_t deadline_ns; /* of the state */
	unsigned probes;
	uint64_t
	    wrong_ns; /* since when it points at nobody who serves; NEVER: it is right */
};

struct world_router {
	struct ip ip;
	struct mac mac;
	enum router_kind kind;
	enum router_belief belief;
	bool down;
	uint64_t tick_ns;           /* the earliest deadline of its entries */
	struct router_entry *entry; /* one per address of the configuration */
};

/* A frame that reaches a server is heard twice: by its kernel, which answers, and by its
 * daemon. Each may lose what the other hears. */
struct world_ears {
	uint8_t daemon_loses;    /* EARS_BROADCAST, EARS_UNICAST */
	uint64_t daemon_unheard; /* a bit per server whose frames it loses */
	uint8_t daemon_unrouted; /* the same for routers */
	bool kernel_off; /* it answers nobody: ARP is off, or a packet filter drops
			  * it */
};
enum { EARS_BROADCAST = 1, EARS_UNICAST = 2 };

struct world_server {
	/* The daemon. */
	struct engine *engine; /* NULL: not running */
	void *memory;
	const struct conf *conf; /* the file it has read */
	uint64_t birth;          /* which daemon of this server's it is */
	bool frozen;
	uint64_t halted_ns; /* since when no daemon of its runs freely; NEVER: one does */
	bool leaves;        /* told to stop or drain */
	bool stops;         /* told to stop: no other word reaches it */
	int64_t drift_ppm;  /* its clock against the world's */
	int64_t offset_ns;  /* a paused machine's clock falls behind */
	uint64_t paused_ns; /* since when; NEVER: it runs */
	uint64_t unpaused_ns; /* when it last went on after a pause; 0: never */
	unsigned inbox_len;   /* frames in the capture ring while frozen */
	struct arp *inbox;
	/* Its kernel. */
	bool power;
	bool carrier;
	bool flapped;       /* it lost carrier while its daemon did not look */
	uint64_t *lease_ns; /* per address: until when it has it; 0: it has not */
	uint64_t *got_ns;   /* and since when; 0: it has not */
	uint64_t sweep_ns;  /* the next time that leases are looked at */
	uint64_t change_ns; /* how long a change of an address takes */
	uint32_t change_fails_ppm;
	bool sick; /* its checks fail */
	struct world_ears ears;
	/* For the promises. */
	uint64_t *sent_ns;     /* its daemon's last frames, as many as max_rate allows */
	uint32_t sent_at;      /* the oldest of them */
	uint64_t heard_ns;     /* the last frame that was delivered to its daemon */
	uint64_t disturbed_ns; /* the last fault that touched it */
};

/* One direction of one cable. */
struct world_cable {
	uint32_t loss_ppm;
	uint32_t burst_ppm;    /* chance that a burst of losses begins */
	uint32_t burst_frames; /* how long one is */
	uint32_t in_burst;     /* what is left of it */
	uint32_t copies_ppm;   /* chance of a duplicate */
	uint64_t delay_ns;
	uint64_t jitter_ns; /* up to that much more; reorders */
	bool cut;
};

struct world_switch {
	bool pads; /* puts zeros behind the body of ARP, in place of what was there */
	bool suppresses; /* ARP suppression, as EVPN/VXLAN bridges do */
	uint32_t
	    polices; /* frames a second that a port may send before it is shut; 0: any */
	uint64_t
	    deaf_ns; /* how long a port that comes up forwards nothing (spanning tree) */
	uint64_t unheard[CONF_SERVERS]; /* a bit per server that this one does not hear */
	uint8_t group[WORLD_PORTS]; /* ports of different groups do not hear each other */
	struct {
		uint64_t forwards_ns;
		bool shut;
		uint64_t window_ns;
		uint32_t in_window;
	} port[WORLD_PORTS];
	struct {
		struct mac mac;
		uint16_t port;
		uint64_t seen_ns;
	} learnt[2 * WORLD_PORTS];
	unsigned learnts;
};

/* --- faults ----------------------------------------------------------------------------
 */

enum fault_kind {
	FAULT_CRASH,   /* SERVER loses power */
	FAULT_RETURN,  /* SERVER has power, cable and daemon again, and is undisturbed */
	FAULT_CUT,     /* SERVER's link goes down, with carrier */
	FAULT_MEND,    /* and comes back */
	FAULT_SILENCE, /* the switch drops its frames; AMOUNT 1: from it, 2: to it, 3:
			  both */
	FAULT_KILL,    /* SIGKILL */
	FAULT_START,   /* the daemon starts */
	FAULT_STOP,    /* SIGTERM */
	FAULT_DRAIN,
	FAULT_RESUME,
	FAULT_FREEZE, /* SIGSTOP */
	FAULT_THAW,
	FAULT_PAUSE, /* the whole machine stands still, its clock too */
	FAULT_UNPAUSE,
	FAULT_STEAL,     /* another program deletes ADDRESS on SERVER */
	FAULT_FLUSH,     /* or all that SERVER has */
	FAULT_SLOW,      /* address changes on SERVER take AMOUNT microseconds */
	FAULT_FAIL,      /* and fail with a chance of AMOUNT ppm */
	FAULT_LOSS,      /* AMOUNT ppm on every cable, or on SERVER's */
	FAULT_BURSTS,    /* bursts of losses begin with a chance of AMOUNT ppm */
	FAULT_COPIES,    /* AMOUNT ppm of the frames arrive twice */
	FAULT_DELAY,     /* AMOUNT microseconds */
	FAULT_JITTER,    /* up to AMOUNT microseconds: reorders */
	FAULT_PARTITION, /* servers whose bit is set in AMOUNT hear only each other */
	FAULT_HEAL,
	FAULT_FOREIGN,  /* a stranger claims ADDRESS */
	FAULT_ROUTER,   /* router SERVER reboots: its table is empty */
	FAULT_OLDFILE,  /* SERVER reloads an older file, without the last server */
	FAULT_NEWFILE,  /* SERVER reloads the file of all others */
	FAULT_DEAF,     /* SERVER hears nothing from server AMOUNT */
	FAULT_HEARS,    /* but everybody again */
	FAULT_SICKEN,   /* SERVER's checks begin to fail */
	FAULT_CURE,     /* and pass again */
	FAULT_EAR,      /* SERVER's kernel hears what its daemon does not; AMOUNT 1:
			   broadcasts, 2: unicasts, 3: all; 0: it hears the same again */
	FAULT_EAR_FROM, /* the same, but all from server AMOUNT; behind the servers come
			   the routers */
	FAULT_ARP_OFF,  /* SERVER's daemon hears what its kernel does not, which answers
			   nobody */
	FAULT_ARP_ON,   /* it does again */
	FAULTS
};

#define FAULT_ALL (-1) /* every server */

enum { FAULT_BURST_FRAMES = 8 };

/* Which of a cable's directions a fault befalls. */
enum fault_way { WAY_BOTH, WAY_FROM, WAY_TO };

struct fault {
	uint64_t at_ns; /* since the start of the world */
	enum fault_kind kind;
	int server;  /* index, or FAULT_ALL */
	int address; /* index, or CONF_NONE */
	uint64_t amount;
	enum fault_way way;
	uint32_t frames; /* a burst's length; 0: FAULT_BURST_FRAMES */
};

/* --- promises --------------------------------------------------------------------------
 */

enum promise {
	PROMISE_NONE,
	PROMISE_LISTED,   /* no server serves an address that is not in its lists */
	PROMISE_NOT_DEAF, /* a server that hears nothing claims nothing */
	PROMISE_NO_TWIN,  /* the address of a daemon that hangs is not taken while its
			     lease runs */
	PROMISE_AGREE,    /* two servers that hear each other do not both serve an address
			     for long */
	PROMISE_GIVES_WAY, /* nor two of which only one hears the other */
	PROMISE_STEADY,   /* where few frames are lost, and nothing else is wrong, nothing
			     moves */
	PROMISE_PACED,    /* no daemon sends more frames in a second than max_rate allows
			   */
	PROMISE_RELIEVED, /* where somebody healthy could, no unhealthy server serves for
			     long */
	PROMISE_CONVERGE, /* after the last fault everything is where it belongs, in time
			   */
	PROMISE_ROUTED,   /* and every router knows it */
	PROMISE_STILL,    /* then nothing moves any more */
	PROMISE_OWN_ONLY, /* the death of one server moves its own addresses only */
	PROMISE_OUTAGE,   /* from a crash to the routers being right, within the bound */
	PROMISES
};

struct violation {
	enum promise promise; /* PROMISE_NONE: all kept */
	uint64_t at_ns;
	int server, other, address;
	char text[200];
};

/* --- the world -------------------------------------------------------------------------
 */

struct world_event;

struct world {
	const struct conf *conf;
	struct conf *old_conf; /* what FAULT_OLDFILE reads; NULL: none */
	bool late_sweeps; /* kernels drop each lease anything up to 1.1 s late; else as
			   * was measured, together where they end together */
	struct dice dice;
	uint64_t now_ns;
	uint64_t started_ns;
	struct world_server server[CONF_SERVERS];
	struct world_router router[WORLD_ROUTERS];
	unsigned routers;
	struct world_switch net;
	struct world_cable from[WORLD_PORTS], to[WORLD_PORTS];
	/* The queue. */
	struct world_event *queue;
	unsigned queued, queue_limit;
	uint64_t sequence;
	/* Faults to come. */
	struct fault fault[WORLD_FAULTS];
	unsigned faults, fault_at;
	/* What is watched. */
	struct violation violation; /* the first one */
	bool check;                 /* promises are checked */
	bool steady;       /* nothing may move, since nothing is wrong but a few frames */
	uint64_t quiet_ns; /* since when no fault has been active; NEVER: one is */
	uint64_t *
	    twin_ns; /* per address: since when two servers have it; NEVER: they do not */
	uint64_t *untwin_ns; /* and when that was last over */
	uint64_t
	    *unwell_ns;   /* per address, with checks: since when an unhealthy server
			     has it although a healthy one could; NEVER: it is not so */
	uint64_t step_ns; /* when the promises are looked at next */
	uint64_t loss_ns; /* when frames were last being lost at random */
	uint64_t checks;  /* promises looked at */
	uint64_t moves;   /* changes of an address's server */
	/* What is told. */
	void (*tell)(void *user, const struct world *world, int server,
	    const struct report *report);
	void (*saw)(void *user, const struct world *world, const struct arp *arp);
	void (*fault_told)(
	    void *user, const struct world *world, const struct fault *fault);
	void *user;
	uint64_t events; /* handled */
	uint64_t frames; /* that left a station */
};

/* A world with CONF's servers, its routers of KIND and BELIEF, all powered and starting
 * within a second of each other. Frees nothing of CONF. NULL: out of memory. */
struct world *world_new(const struct conf *conf, uint64_t seed);
void world_free(struct world *world);
/* Add a fault; keeps the list in order. False: too many. */
bool world_fault(struct world *world, const struct fault *fault);
/* Run until UNTIL_NS (since the start), or the first violation. */
void world_run(struct world *world, uint64_t until_ns);
/* One turn of it. False: none is left before UNTIL_NS, or a promise is broken. */
bool world_step(struct world *world, uint64_t until_ns);
uint64_t world_time(const struct world *world); /* since the start */

/* Who has an address in its kernel: a bit per server. */
uint64_t world_holders(const struct world *world, unsigned address);
/* Who should have it: the best server of its list that lives, is undrained and reachable;
 * CONF_NONE: nobody. */
int world_best(const struct world *world, unsigned address);
/* It has power, a carrier and a daemon, and does not leave. */
bool world_able(const struct world *world, unsigned server);
/* Is server A heard by B, and B by A, with nothing lost? */
bool world_hear_each_other(const struct world *world, unsigned a, unsigned b);

const char *promise_name(enum promise promise);

#endif
