/* SPDX-License-Identifier: BSD-2-Clause */
/* log.h - one line per fact, to stderr.
 *
 * Under systemd (JOURNAL_STREAM names our stderr) a line begins with its priority as
 * sd-daemon(3) has it, "<3>"; on a terminal or in a file with a time stamp. A write that
 * would block is dropped and counted: the loop never waits for a reader. */
#ifndef VLBD_LOG_H
#define VLBD_LOG_H

enum log_level {
	LOG_LEVEL_ERR = 3,
	LOG_LEVEL_WARN = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/* VERBOSE 0: up to info; 1 and more: debug too. Makes stderr's writes non-blocking in
 * effect (poll before write). */
void log_open(int verbose);

/* What a line that is written elsewhere begins with: the priority for the journal, else
 * nothing. */
const char *log_mark(enum log_level level);

/* The plain forms add ": " and strerror(errno); those with an x do not. */
void log_err(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_errx(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warnx(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
