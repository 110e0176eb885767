/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_internal.h - the engine's inside, shared by its files and by nobody else.
 *
 *   engine.c           what its caller tells: frames, links, results, the administrator
 *   engine_init.c      an engine out of a configuration
 *   engine_queue.c     actions out, and when to come again
 *   engine_tick.c      what time brings
 *   hear.c             what a frame means
 *   hear_claim.c       somebody claims an address
 *   hear_peer.c        signs of life
 *   hear_router.c      a router is heard
 *   decide.c           evidence becomes events, and what follows
 *   decide_turn.c      whose turn it is, by the list and what is known
 *   decide_ask.c       asking before a claim
 *   decide_failback.c  taking an address back, and how long to wait before
 *   decide_all.c       self as a whole: start over, give up, take part
 *   demote.c           self's checks, and who is unhealthy
 *   differ.c           servers whose plans differ
 *   deaf.c             who does not hear self
 *   arp_probe.c        how a peer's kernel is asked, and which answers prove something
 *   moves.c            addresses that have moved too often
 *   say.c              the way out of every frame
 *   say_claim.c        claims, repeated and defended
 *   say_probe.c        questions, answers, releases
 *   say_hello.c        the beat
 *   view.c             what self believes, for others to read
 *   carry.c            what outlives a change of configuration */
#ifndef VLBD_ENGINE_INTERNAL_H
#define VLBD_ENGINE_INTERNAL_H

#include "vlbd/engine.h"
#include "vlbd/failover.h"
#include "vlbd/holding.h"
#include "vlbd/pace.h"
#include "vlbd/peer.h"

/* Where the next announcement of an address stands. */
struct announcing {
	uint64_t claimed_ns; /* when the first one of this claim left; NEVER: no claim */
	uint64_t next_ns;    /* the next repetition; NEVER: none */
	unsigned sent;       /* repetitions so far */
	uint8_t confirmed;   /* bit per router */
	uint8_t told;        /* confirmations that the log has, of this takeover */
	uint64_t took_ns[CONF_ROUTERS];
	uint64_t defended_ns; /* the last defence; 0: none yet */
	uint64_t pause_ns;    /* least time to the next one */
	uint64_t defend_ns;   /* one that the rate limit held back; NEVER: none */
	uint64_t answered_ns; /* the last answer to a solicitation */
};

struct engine_address {
	struct failover failover;
	struct holding holding;
	struct announcing announcing;
	int tier;             /* self's, or CONF_NONE */
	int owner;            /* server index as heard, or CONF_NONE */
	uint64_t owner_ns;    /* when it was last heard to claim it; 0: never */
	bool vacant;          /* it is known that nobody serves it .. */
	uint64_t vacant_ns;   /* .. and since when */
	bool hurried;         /* told not to wait out its failback delay */
	uint64_t silent;      /* bit per tier: that server is not known to serve it */
	uint64_t asked_ns;    /* when the ask under way began */
	unsigned ask_tier;    /* the server that is asked next */
	int released_by;      /* its claims are late news until .. */
	uint64_t released_ns; /* .. then */
	uint64_t since_ns;    /* of the state */
	uint64_t left_ns;     /* when self last stopped serving it; 0: never did */
	uint64_t alarmed_ns;  /* last log line about a foreign claim or a conflict */
	unsigned unheeded; /* claims of worse tiers in a row, in spite of our defence */
	uint64_t conflict_ns; /* the last of them */
	uint64_t unheard_ns;  /* last log line about them */
	struct reason reason;
	int last_owner;                /* who served it last, as far as self knows */
	uint64_t moved_ns[CONF_MOVES]; /* when that changed, the newest first; 0: never */
	int stay_by;                   /* who told stay_ns, or CONF_NONE */
	uint64_t
	    stay_ns; /* until when it should stay, as its owner tells; 0: never told */
};

struct engine_peer {
	struct peer peer;
	struct mac mac;   /* last heard from, else the first configured */
	struct ip base;   /* its own address, once heard */
	bool heard;       /* ever, since self began to listen */
	unsigned next;    /* the address that the next probe is about */
	uint64_t plan;    /* the digest that its daemon told last; 0: none yet */
	uint64_t plan_ns; /* when it told another one than before; 0: never */
	bool plan_told;   /* the log has it that it differs */
	uint64_t plan_told_ns;
	bool demoted;        /* its daemon says that it is unhealthy */
	uint64_t demoted_ns; /* when it last said otherwise than before; 0: never */
	bool deaf;           /* it does not hear self, though self hears it */
	bool kernel_hears;   /* it is deaf, but its kernel answers */
	uint64_t ear_ns;     /* the next question whether it hears; NEVER: no doubt */
	unsigned ear_asked;
	unsigned ear_address;  /* that it claims in spite of self's defence */
	uint64_t ear_heard_ns; /* its last answer; 0: none yet */
	/* arp_probe.c's */
	enum { PROBES_UNTRIED, PROBES_ANSWERED, PROBES_UNANSWERED } probes;
	bool other_form;        /* the last question had a sender address */
	uint64_t trial_ns;      /* the next trial; NEVER: none */
	unsigned trials;        /* that were not answered, in a row */
	unsigned decoy;         /* address that another server has, asked for last .. */
	uint64_t decoy_ns;      /* .. then; 0: answered, or never */
	unsigned silent_decoys; /* in a row */
	bool proxies;           /* it answers for what it does not have; told */
};

struct engine_router {
	struct mac mac;    /* zero: not known */
	uint64_t heard_ns; /* NEVER: not yet */
	uint64_t news_ns;  /* when its last change was answered; 0: never */
	unsigned unanswered;
};

struct engine {
	const struct conf *conf;
	struct engine_self self;
	uint64_t plan;    /* conf_digest() */
	uint32_t cluster; /* conf_cluster_digest() */
	struct peer_timing peer_timing;
	struct failover_timing timing;
	uint64_t detect_ns; /* a whole detection time */
	uint64_t every_ns;  /* between hellos; 0: passive */
	uint64_t late_ns;   /* a turn that much late is a stop */

	/* How self stands. */
	bool link;
	bool mac_ok;
	bool drained;
	bool stopping;
	bool stopped;
	bool isolated;
	bool starting;
	bool cut; /* addresses were given up: no carrier, isolation, wrong MAC */
	uint64_t listen_ns; /* starting until then; NEVER: nothing heard yet */
	uint64_t
	    woke_ns; /* the last late turn; 0: none. What was known then may be old */
	uint64_t heard_ns;   /* anything from anybody; NEVER: nothing yet */
	uint64_t alone_ns;   /* silence counts from then for isolation */
	uint64_t setback_ns; /* the last time self lost its addresses against its will */
	unsigned setbacks;   /* in a row, less than three minutes apart */
	unsigned loss;       /* probes lost of living peers, in 1/1024 */

	bool unfit;               /* the host, as the caller says */
	enum health_state health; /* of all checks together, and of the host */
	bool serves_on; /* unhealthy, and nobody healthy could serve in its place; told */
	struct health check[CONF_CHECKS];

	uint64_t hello_ns;      /* the next one */
	uint64_t said_ns;       /* the last one; 0: none yet */
	unsigned hello_address; /* the last one's */
	uint64_t renew_ns;
	uint64_t witness_ns; /* the next question to the routers when nothing is heard */
	uint64_t witnessed_ns;   /* the last one */
	uint64_t ask_routers_ns; /* least time between two */
	unsigned witness;        /* the router that is asked next, one by one */
	uint64_t owed_ns; /* since when max_rate has held back a claim; NEVER: it has not
			   */
	uint64_t cloned_ns;
	uint64_t deadline_ns;
	uint64_t addresses_ns; /* the earliest that any address waits for, or sooner */

	struct engine_address *address; /* as many as conf->addresses */
	struct engine_peer peer[CONF_SERVERS];
	struct engine_router router[CONF_ROUTERS];
	struct engine_counters counters;
	struct pace pace;

	struct action *actions; /* a queue; both ends back to 0 when it is empty */
	unsigned action_limit, action_head, action_tail;
};

/* engine.c */
/* Has everything been handed over, as ADMIN_STOP asked? */
void engine_check_stopped(struct engine *engine);

/* engine_queue.c */
void engine_push(struct engine *engine, const struct action *action);
void engine_report(struct engine *engine, const struct report *report);
/* Wake up at AT_NS, if nothing earlier is due. */
void engine_wake(struct engine *engine, uint64_t at_ns);
/* The same, for something that an address waits for. */
void engine_wake_addresses(struct engine *engine, uint64_t at_ns);

/* engine_tick.c */
/* First of all, in every call: was self away? */
void engine_begin(struct engine *engine, uint64_t now_ns);
/* Every peer's silence counts from now, and asks begin anew. */
void engine_excuse_all(struct engine *engine, uint64_t now_ns);

/* How many probes make a burst: more where probes of living peers are seen to be lost, so
 * that a burst stays as unlikely to be lost as a whole. */
unsigned engine_burst_probes(const struct engine *engine);

/* decide.c */
/* Feed EVENT to an address and do what follows; the set of enum failover_todo is returned
 * for what the caller knows more about. REASON goes into the log line. */
unsigned decide_step(struct engine *engine, unsigned address, enum failover_event event,
    const struct reason *reason, uint64_t now_ns);
/* Whose is the address, as far as self knows? To be called when an answer may have
 * changed. */
void decide_consider(struct engine *engine, unsigned address, const struct reason *reason,
    uint64_t now_ns);
/* SERVER is heard only through its kernel from now on. What it was not last heard to
 * serve it may have left, unheard by self; if it has it all the same, its next answer
 * says so. */
void decide_doubt(
    struct engine *engine, unsigned address, unsigned server, uint64_t now_ns);
/* SERVER serves it no longer, as everybody may know. */
void decide_lost(struct engine *engine, unsigned address, unsigned server,
    const struct reason *reason, uint64_t now_ns);
/* Its deadlines. */
void decide_tick(struct engine *engine, unsigned address, uint64_t now_ns);
/* Bring the kernel where it should be. */
void decide_hold(struct engine *engine, unsigned address, uint64_t now_ns);

/* decide_all.c */
/* Forget who owns what and listen; addresses that are served stay. */
void decide_start_over(struct engine *engine, uint64_t now_ns);
/* Give up everything at once. */
void decide_cut(struct engine *engine, const struct reason *reason, uint64_t now_ns);
/* Self may take part again. */
void decide_resume(struct engine *engine, const struct reason *reason, uint64_t now_ns);
/* Look at the clock: leases that ran out are no longer ours. */
void decide_lapsed(struct engine *engine, uint64_t now_ns);
bool decide_may_claim(const struct engine *engine);

/* decide_turn.c */
/* No hellos: silent at rest. */
bool decide_is_passive(const struct engine *engine);
enum peer_state decide_peer_state(const struct engine *engine, unsigned server);
/* SERVER is before self in ADDRESS's list, or self is not in it. */
bool decide_is_better(const struct engine *engine, unsigned address, unsigned server);
/* Somebody better is known to serve it. */
bool decide_better_serves(const struct engine *engine, unsigned address);
/* How many better ones live, do not serve it, and may therefore be about to. */
unsigned decide_candidates(
    const struct engine *engine, unsigned address, uint64_t now_ns);
/* How many are before self, whatever is known of them. */
unsigned decide_places_before(const struct engine *engine, unsigned address);
/* Somebody may have it without being able to say so. */
bool decide_silent_holder(const struct engine *engine, unsigned address, uint64_t now_ns);
/* Anybody else who may be there. */
bool decide_anybody_else(const struct engine *engine, unsigned address);

/* decide_ask.c */
/* One round of an ask: everybody in the list, as far as max_rate lets it. */
void decide_ask(struct engine *engine, unsigned address, uint64_t now_ns);
/* Has every server been asked often enough? */
bool decide_asked_enough(const struct engine *engine, const struct engine_address *a);
/* Nobody answered: what follows. */
void decide_conclude(struct engine *engine, unsigned address, uint64_t now_ns);

/* decide_failback.c */
/* How long self waits before it takes ADDRESS back; NEVER: the file says so. */
uint64_t decide_failback_ns(
    const struct engine *engine, unsigned address, uint64_t now_ns);
/* Self lost addresses against its will: the next failback takes longer. */
void decide_setback(struct engine *engine, uint64_t now_ns);
/* It has waited: take it back, or wait on. */
void decide_return(struct engine *engine, unsigned address, uint64_t now_ns);

/* demote.c */
bool demote_is(const struct engine *engine, unsigned server);
/* The place of the server of TIER in ADDRESS's list, with the unhealthy ones behind. */
unsigned demote_rank(const struct engine *engine, unsigned address, unsigned tier);
void demote_init(struct engine *engine, uint64_t now_ns);
/* What FROM knew of checks that TO has too. demote_settle() must follow. */
void demote_carry(struct engine *to, const struct engine *from, uint64_t now_ns);
/* Self's health may be another one now. */
void demote_settle(struct engine *engine, uint64_t now_ns);
/* Does self serve on although it is unhealthy? Told when that begins. */
void demote_look(struct engine *engine);
void demote_tick(struct engine *engine, uint64_t now_ns);
uint64_t demote_deadline(const struct engine *engine);
/* SERVER's daemon spoke, with NOTE. */
void demote_hear(
    struct engine *engine, unsigned server, const struct arp_note *note, uint64_t now_ns);

/* moves.c */
/* SERVER serves ADDRESS. */
void moves_note(
    struct engine *engine, unsigned address, unsigned server, uint64_t now_ns);
/* How long self should wait before it takes it back, by what it has seen and was told. */
uint64_t moves_wait_ns(const struct engine *engine, unsigned address, uint64_t now_ns);
/* Its owner may know of moves that self does not, and has not spoken for it yet: until
 * when to wait for that. 0: no longer. */
uint64_t moves_unheard_ns(const struct engine *engine, unsigned address, uint64_t now_ns);
/* May it be taken from an unhealthy owner? */
bool moves_may_relieve(const struct engine *engine, unsigned address, uint64_t now_ns);
/* For the note: so many seconds ADDRESS should stay. */
uint8_t moves_tell(const struct engine *engine, unsigned address, uint64_t now_ns);
/* Its owner spoke for it, with NOTE. */
void moves_told(struct engine *engine, unsigned address, unsigned server,
    const struct arp_note *note, uint64_t now_ns);

/* differ.c */
/* SERVER is not dead, and is known to have another plan than self. */
bool differ_peer(const struct engine *engine, unsigned server);
bool differ_any(const struct engine *engine);
/* Both serve: SERVER, whose plan differs, keeps the address. */
bool differ_wins(const struct engine *engine, unsigned server);
/* ADDRESS stays with its owner for now: plans differ. */
bool differ_holds_back(const struct engine *engine, unsigned address, uint64_t now_ns);
/* Perhaps nobody differs any more: hand over what self serves without being listed. */
void differ_settle(struct engine *engine, uint64_t now_ns);
/* SERVER's daemon spoke, with NOTE. */
void differ_hear(
    struct engine *engine, unsigned server, const struct arp_note *note, uint64_t now_ns);
/* Self's own plan may be another one now. */
void differ_reload(struct engine *engine, uint64_t now_ns);

/* deaf.c */
bool deaf_is(const struct engine *engine, unsigned server);
/* SERVER goes on claiming ADDRESS, which self serves and is better for. */
void deaf_doubt(
    struct engine *engine, unsigned server, unsigned address, uint64_t now_ns);
/* Its kernel has answered self. */
void deaf_answered(struct engine *engine, unsigned server, uint64_t now_ns);
/* It is about to be told so, since its kernel has answered for ADDRESS. */
void deaf_answered_for(
    struct engine *engine, unsigned server, unsigned address, uint64_t now_ns);
/* Its daemon has answered self. */
void deaf_heeded(struct engine *engine, unsigned server, uint64_t now_ns);
/* It is gone, or self starts over. */
void deaf_forget(struct engine *engine, unsigned server);
void deaf_tick(struct engine *engine, unsigned server, uint64_t now_ns);

/* arp_probe.c */
/* SPA of the next question to SERVER's kernel. */
struct ip arp_probe_sender(struct engine *engine, unsigned server);
/* An ANSWER of SERVER's kernel to self: does it prove that the kernel has the address? */
bool arp_probe_proves(
    struct engine *engine, unsigned server, const struct arp *answer, uint64_t now_ns);
/* SERVER's daemon is heard: trials begin, unless they have. */
void arp_probe_begin(struct engine *engine, unsigned server, uint64_t now_ns);
/* The segment may be another one. */
void arp_probe_forget(struct engine *engine, unsigned server);
void arp_probe_tick(struct engine *engine, unsigned server, uint64_t now_ns);

/* hear.c */
void hear_frame(struct engine *engine, const struct arp *arp, uint64_t now_ns);

/* hear_claim.c */
/* A stranger claims ADDRESS. */
void hear_foreign(
    struct engine *engine, unsigned address, const struct arp *arp, uint64_t now_ns);
/* SERVER does. */
void hear_claim(
    struct engine *engine, unsigned address, unsigned server, uint64_t now_ns);

/* hear_peer.c */
/* Anything from anybody proves that self is not cut off. */
void hear_something(struct engine *engine, uint64_t now_ns);
/* Peers whose last burst nobody could have heard are judged now. */
void hear_wake_doubted(struct engine *engine, uint64_t now_ns);
/* SERVER's daemon spoke. */
void hear_peer(
    struct engine *engine, unsigned server, const struct arp *arp, uint64_t now_ns);
/* Its kernel answered. */
void hear_peer_answer(struct engine *engine, unsigned server, uint64_t now_ns);

/* hear_router.c */
/* Router R speaks: it may have moved, or confirm a claim. */
void hear_router(
    struct engine *engine, unsigned r, const struct arp *arp, uint64_t now_ns);

/* say.c */
/* Who goes first under max_rate: a frame may leave if it leaves that much room for those
 * that matter more. A claim takes all it needs; hellos have a share of their own. */
enum say_rank {
	SAY_WITNESS = 1,
	SAY_PROBE = 2,
	SAY_ASK = 3,
	SAY_ANSWER = 4,
	SAY_ASK_BEHIND = 5
};
/* A claim that max_rate holds back longer goes first. */
enum { OWED_MS = 1000 };
/* FRAME leaves, with self's note; everything but hellos counts for max_rate. */
void say_emit(
    struct engine *engine, enum frame_kind frame, const struct arp *arp, uint64_t now_ns);
/* A broadcast from self; SPA and TPA are both SPA. */
struct arp say_frame_from(const struct engine *engine, uint16_t op, const struct ip *spa);
/* The sender of what claims nothing: self's base address, or 0.0.0.0. */
struct ip say_base(const struct engine *engine);
/* May one of RANK (enum say_rank, or more) leave now? If not, it is counted as delayed.
 */
bool say_room(struct engine *engine, unsigned rank, uint64_t now_ns);
/* When it may. */
uint64_t say_when(const struct engine *engine, unsigned rank, uint64_t now_ns);

/* say_claim.c */
void say_claim(struct engine *engine, unsigned address, uint64_t now_ns);
void say_defence(struct engine *engine, unsigned address, uint64_t now_ns);
/* A claim that every switch lets through to the peers; hellos have this form too. */
struct arp say_audible_claim(const struct engine *engine, const struct ip *ip);
/* The request to one router from every address that still waits for its confirmation. */
void say_confirm_all(struct engine *engine, unsigned router, uint64_t now_ns);
/* Due dates of ADDRESS's announcements. */
void say_tick_address(struct engine *engine, unsigned address, uint64_t now_ns);
uint64_t say_deadline_address(const struct engine *engine, unsigned address);

/* say_probe.c */
void say_answer(
    struct engine *engine, unsigned address, const struct ip *asker, uint64_t now_ns);
/* False: max_rate let none out; to be tried again. */
bool say_release(struct engine *engine, unsigned address, uint64_t now_ns);
void say_release_to(
    struct engine *engine, unsigned address, unsigned server, uint64_t now_ns);
/* The same for any address, such as one that self's new file no longer has. */
void say_release_of(
    struct engine *engine, const struct ip *ip, unsigned server, uint64_t now_ns);
/* Ask SERVER's kernel for IP, in the form that it answers. */
void say_probe(
    struct engine *engine, unsigned server, const struct ip *ip, uint64_t now_ns);
/* The same with SPA FROM. */
void say_probe_from(struct engine *engine, unsigned server, const struct ip *from,
    const struct ip *ip, uint64_t now_ns);
/* The next address that SERVER's kernel should have; NULL: none is known. */
const struct ip *say_target(struct engine *engine, unsigned server);
void say_probe_next(struct engine *engine, unsigned server, uint64_t now_ns);
void say_witness(struct engine *engine, uint64_t now_ns);
/* Nobody was heard since SINCE_NS (NEVER: not known), when the first of SENT questions
 * left. With few frames to spend the first one waits for its answer: routers that are
 * asked each time would leave no room for the questions themselves. */
bool say_needs_witness(const struct engine *engine, uint64_t since_ns, unsigned sent);

/* say_hello.c */
/* What is due by now: the hello, and a question to the routers. */
void say_tick(struct engine *engine, uint64_t now_ns);

#endif
