/* SPDX-License-Identifier: BSD-2-Clause */
/* shell_internal.h - what the shell's files share.
 *
 *   shell.c    start, signals, stop
 *   perform.c  actions out: the kernel, the wire, the log
 *   chronicle.c  what happened: the log, the ring of events, counters, followers
 *   keep.c     a drain that outlives the daemon
 *   textfile.c metrics for node_exporter
 *   listen.c   frames in
 *   follow.c   the kernel's notifications
 *   hostwatch.c  what the daemon needs of its host
 *   instance.h   one daemon for a cluster on an interface
 *   steer.c    vlbctl's requests, and reload
 *   pulse.c    what the service manager is told
 *   tend.c     checks of services
 *   herald.c   news for the operator's command */
#ifndef VLBD_SHELL_INTERNAL_H
#define VLBD_SHELL_INTERNAL_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "announce.h"
#include "checks.h"
#include "ctlsock.h"
#include "instance.h"
#include "log.h"
#include "manager.h"
#include "netlink.h"
#include "notify.h"
#include "runner.h"
#include "scribe.h"
#include "shell.h"
#include "sniff.h"
#include "vlbd/ctl.h"
#include "vlbd/engine.h"
#include "vlbd/repeat.h"

#define SHELL_BATCH 1024 /* address changes in one batch */

/* keep.c's */
enum { KEEP_PATH = 4096 };
struct keep {
	char path[KEEP_PATH];
	bool drained; /* the file is there */
	bool busy;    /* a change of it is under way, for .request of .ticket */
	struct ctl_request request;
	unsigned long ticket;
};

/* textfile.c's */
struct textfile {
	char path[CONF_PATH]; /* "": none */
	ev_timer timer;
	bool busy;   /* one is being written */
	bool failed; /* said so already */
	size_t last; /* bytes */
};

/* hostwatch.c's */
struct hostwatch {
	uint32_t owner; /* of self's local routes: conf_instance_digest() */
	bool has_route[CONF_EXTERNALS]; /* what is missing then was removed by others */
	bool route_failed;              /* said so already */
	bool strays_removed;            /* of an earlier run */
	struct requirement_findings found;
};

struct shell {
	struct shell_setup setup;
	struct conf *conf;
	void *memory; /* the engine's */
	struct engine *engine;
	struct ev_loop *loop;
	struct netlink *netlink;
	struct sniff *sniff;
	struct announce *announce;
	struct ctlsock *ctlsock;
	struct steer *steer;
	struct manager *manager;
	struct scribe *scribe;
	struct events *events;
	struct metrics *metrics;
	struct repeat *repeat;
	struct keep keep;
	struct hostwatch watch;
	struct instance *instance;
	struct textfile textfile;
	struct runner *runner;
	struct checks *checks;
	struct notify *notify;
	bool tending; /* a check is just beginning */
	struct netlink_link link;
	struct netlink_change *batch;
	unsigned batched;
	int timer_fd;
	uint64_t armed_ns;       /* what it is armed for */
	uint64_t send_failed_ns; /* the last time; 0: it works, as the log has it */
	bool refresh;            /* the interface's own addresses may have changed */
	bool find;               /* which interface bears the name may have changed */
	bool renamed; /* none does, and self goes on with the one that did; told */
	bool look;    /* something else that self needs of the host may have changed */
	uint64_t looked_ns; /* when the host was looked at */
	bool ask_failed;    /* said so already */
	bool overrun; /* notifications were lost, and the kernel was not asked yet */
	int stops;    /* how often we were told to */
	bool leaving; /* without a handover: a successor adopts everything */
	int status;
	ev_io sniff_io, netlink_io, timer_io;
	ev_signal term, interrupt, hangup, leave;
	ev_timer patience, pulse, look_again, look_on, more;
};

/* Nanoseconds of CLOCK_BOOTTIME: suspended time counts, so that a sleep past the lease is
 * seen. */
uint64_t shell_now_ns(void);
/* Have the right to serve CONF on the interface as it is called now, in place of what
 * self had; *OWNER is its digest. False: somebody else has it (logged), and all is as
 * before. */
bool shell_instance(struct shell *shell, const struct conf *conf, uint32_t *owner);

/* perform.c: do what the engine wants, until it wants nothing more, and arm the timer. */
void perform(struct shell *shell);
/* Take every address out of the kernel now. */
void perform_remove_all(struct shell *shell);

/* listen.c: open capture and injection on the interface. 0, or -1 (logged). */
int listen_open(struct shell *shell);
void listen_close(struct shell *shell);
/* Hear what waits, a bounded number of frames. */
void listen_drain(struct shell *shell);

/* follow.c */
void follow_start(struct shell *shell);
/* Self as CONF's SERVER, on the interface as it is now. */
struct engine_self follow_self(
    struct shell *shell, const struct conf *conf, unsigned server);
/* Look which interface bears the configured name, and tell where none does. */
void follow_find(struct shell *shell);

/* hostwatch.c: look at the host now, put back what is self's, and tell what is wrong. 0,
 * or -1 with errno where the kernel could not be asked. */
int hostwatch_look(struct shell *shell);
/* The configuration is another one, and OWNER is the owner of self's routes. */
void hostwatch_reload(struct shell *shell, uint32_t owner);
/* Remove self's local routes. */
void hostwatch_end(struct shell *shell);

/* pulse.c: tell the service manager that self is ready, and go on telling what it does;
 * keep its watchdog quiet for as long as the loop turns and the engine's time is kept. */
void pulse_start(struct shell *shell);
/* The start, or a reload, is over. */
void pulse_ready(struct shell *shell);

/* chronicle.c: 0, or -1 with errno. */
int chronicle_open(struct shell *shell);
void chronicle_close(struct shell *shell);
/* Count it; log it, keep it, tell it, unless it is left out as one of too many alike. */
void chronicle_report(struct shell *shell, const struct report *report);
/* A line for the log alone that may come again and again; KIND is one of repeat.h. */
void chronicle_repeat(struct shell *shell, unsigned kind, enum report_level level,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Likewise what the shell itself has to tell; KIND is one word of vlbctl(8). */
void chronicle_note(struct shell *shell, const char *kind, enum report_level level,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
void chronicle_reload(struct shell *shell, bool ok);
/* What there is to tell, now. */
struct ctl_scene chronicle_scene(const struct shell *shell);
/* Channels of ctlsock_publish(). */
enum { CHRONICLE_TEXT = 1, CHRONICLE_JSON };

/* keep.c: look for the file of an earlier run. False: its path is too long (logged). */
bool keep_open(struct shell *shell);
/* After a reload: the file's name may have to change. */
void keep_reload(struct shell *shell);
/* Drain, if there is one. */
void keep_begin(struct shell *shell);
/* Write or remove the file, and then do what REQUEST asks and answer TICKET. NULL: that
 * has begun; else what is wrong. */
const char *keep_steer(
    struct shell *shell, const struct ctl_request *request, unsigned long ticket);

/* textfile.c: begin to write the file that the configuration names, if any; again after a
 * reload. */
void textfile_begin(struct shell *shell);
/* Write it a last time. */
void textfile_end(struct shell *shell);

/* steer.c: do what REQUEST, a drain or a resume, asks; answer it by TICKET. */
void steer_perform(struct shell *shell, const struct ctl_request *request);
void steer_finish(
    struct shell *shell, unsigned long ticket, const struct ctl_request *request);
/* Answers for ctlsock_open(). */
/* tend.c: fork the runner, before anything else. 0, or -1 (logged). */
int tend_open_runner(struct shell *shell);
/* Be ready for checks. 0, or -1 (logged). */
int tend_open(struct shell *shell);
/* Begin check INDEX. */
void tend_check(struct shell *shell, unsigned index);
/* The configuration is about to be another one. */
void tend_forget(struct shell *shell);
void tend_close(struct shell *shell);

/* herald.c: 0, or -1 (logged). Before tend_close(): */
int herald_open(struct shell *shell);
/* Tell the operator's command, if REPORT is news; LINE is how the log has it. */
void herald_report(struct shell *shell, const struct report *report, const char *line);
/* The configuration is another one. */
void herald_reload(struct shell *shell);
/* Wait a little for what is still to be told. */
void herald_close(struct shell *shell);

struct ctlsock_reply steer_answer(
    void *user, const struct ctlsock_asker *asker, const char *line);
/* Be ready to read the file again, beside the loop. 0, or -1 (logged). */
int steer_open(struct shell *shell);
void steer_close(struct shell *shell);
/* Read it again. When it is wrong that is logged, and nothing changes. */
void steer_reload(struct shell *shell);

#endif
