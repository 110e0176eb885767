/* SPDX-License-Identifier: BSD-2-Clause */
/* events.h - what has happened of late: a bounded ring of reports, with their times.
 *
 * Pure: the caller brings the memory and the time of day. An event keeps names, not
 * indexes, so that it outlives a reload. */
#ifndef VLBD_EVENTS_H
#define VLBD_EVENTS_H

#include "vlbd/report.h"

#define EVENTS_KEPT 1024 /* the oldest one goes when another comes */

struct event {
	uint64_t number;  /* counted from 1 */
	uint64_t wall_ms; /* milliseconds since 1970, UTC */
	enum report_level level;
	const char *kind;       /* one word, report_kind_name() or the caller's */
	const char *from;       /* states, or NULL */
	const char *to;         /* state of an address or of a peer, or NULL */
	const char *reason;     /* one word, or NULL */
	uint64_t silent_ns;     /* UINT64_MAX: does not apply */
	uint64_t took_ns;       /* UINT64_MAX: does not apply */
	unsigned probes;        /* with .silent_ns */
	char server[CONF_NAME]; /* that it is about, or "" */
	char address[IP_TEXT];  /* or "" */
	char router[IP_TEXT];   /* or "" */
	char text[256];         /* the log line */
};

struct events {
	uint64_t last; /* number of the newest; 0: none yet */
	struct event ring[EVENTS_KEPT];
};

/* Bytes are zero: empty. Keep what the engine reports; CONF names the servers. Reports
 * that are for debugging only are not kept: NULL. */
const struct event *events_report(struct events *events, const struct report *report,
    const struct conf *conf, uint64_t wall_ms);
/* Keep what the caller itself has to tell: KIND, one word that lives for ever, and TEXT.
 */
const struct event *events_note(struct events *events, const char *kind,
    enum report_level level, const char *text, uint64_t wall_ms);
/* Number of the oldest one that is kept; last + 1 where there is none. */
uint64_t events_first(const struct events *events);
/* The event of that NUMBER, which is kept. */
const struct event *events_at(const struct events *events, uint64_t number);

#endif
