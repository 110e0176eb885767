/* SPDX-License-Identifier: BSD-2-Clause */
/* vlbctl.h - what the files of vlbctl share.
 *
 *   main.c     options and commands
 *   ask.c      one question to the daemon, and its answer; or a stream to follow
 *   suggest.c  the command that was probably meant
 *   wait.c     drain --wait
 *   watch.c    the live view: the terminal, keys, when to ask again
 *   model.c    the live view: what the daemon said
 *   draw.c     the live view: what is where on the screen */
#ifndef VLBCTL_H
#define VLBCTL_H

#include <stdbool.h>
#include <stddef.h>

/* Part of the contract: vlbctl(8), EXIT STATUS. */
enum {
	STATUS_REFUSED = 1,
	STATUS_USAGE = 2,
	STATUS_NO_DAEMON = 3,
	STATUS_OTHER_VERSION = 4,
	STATUS_DENIED = 5,
	STATUS_TIMED_OUT = 6,
};

struct options {
	const char *socket;
	bool json, follow, persist, wait;
	double timeout_s;  /* of wait */
	double interval_s; /* of watch */
	unsigned lines;    /* of events */
	bool lines_given;
};

/* An answer, without its first line. TEXT is malloc()ed, or NULL with STATUS, an exit
 * status, and PROBLEM, one line that says what to do. */
struct answer {
	int status;
	char *text;
	size_t len;
	char problem[400];
};

/* Ask "drain --json" of the daemon at SOCKET, for PATIENCE_MS at most. */
struct answer ask(const char *socket, const char *request, long patience_ms);
/* Copy what the daemon sends to stdout until it ends. Exit status; what is wrong is
 * told. */
int ask_and_follow(const char *socket, const char *request);
/* Write TEXT to stdout. Exit status; a reader that has seen enough is fine. */
int put_out(const char *text, size_t len);
/* Milliseconds of a clock that only goes forward. */
long now_ms(void);

/* Index of the one of COUNT words that WORD probably means, or -1. */
int suggest(const char *word, const char *const *words, int count);

/* Wait until the daemon serves nothing more. Exit status; what is wrong is told. */
int wait_until_drained(const struct options *options);

/* The live view. Exit status; what is wrong is told. */
int watch(const struct options *options);
int watch_json(const struct options *options);

#endif
