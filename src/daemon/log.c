/* SPDX-License-Identifier: BSD-2-Clause */
/* log.c - lines to stderr, without ever waiting for whoever reads them. */
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 1024 };

static int verbosity;
static bool journal; /* stderr is the journal's: priorities, no time stamps */
static unsigned dropped;

/* JOURNAL_STREAM names the stream by device and inode; it is also inherited by those
 * whose stderr goes elsewhere (systemd.exec(5)). */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat found;

	return stream != NULL &&
	       sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &found) == 0 && found.st_dev == device &&
	       found.st_ino == inode;
}

void
log_open(int verbose)
{
	verbosity = verbose;
	journal = is_journal();
}

const char *
log_mark(enum log_level level)
{
	static const char *const marks[] = {
		[LOG_LEVEL_ERR] = "<3>",
		[LOG_LEVEL_WARN] = "<4>",
		[LOG_LEVEL_INFO] = "<6>",
		[LOG_LEVEL_DEBUG] = "<7>",
	};

	return journal ? marks[level] : "";
}

static bool
writable(void)
{
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&fd, 1, 0) == 1 && (fd.revents & POLLOUT) != 0;
}

static int
head(char *line, size_t size, enum log_level level)
{
	struct timespec now;
	struct tm when;
	char stamp[32];

	if (journal)
		return snprintf(line, size, "<%d>", (int)level);
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &when);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &when);
	return snprintf(line, size, "%s.%03ld ", stamp, now.tv_nsec / 1000000);
}

__attribute__((format(printf, 3, 0))) static void
put(enum log_level level, int error, const char *format, va_list args)
{
	char line[LINE];
	size_t len;

	if (!writable()) {
		dropped++;
		return;
	}
	len = (size_t)head(line, sizeof(line), level);
	if (dropped > 0) {
		len += (size_t)snprintf(
		    line + len, sizeof(line) - len, "(%u lines lost) ", dropped);
		dropped = 0;
	}
	int more = vsnprintf(line + len, sizeof(line) - len, format, args);
	if (more > 0)
		len += (size_t)more;
	if (error != 0 && len < sizeof(line))
		len += (size_t)snprintf(
		    line + len, sizeof(line) - len, ": %s", strerror(error));
	if (len > sizeof(line) - 1)
		len = sizeof(line) - 1;
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		dropped++;
}

/* clang-format off */
#define LOGGER(name, level, error)                                    \
	void                                                          \
	name(const char *format, ...)                                 \
	{                                                             \
		int saved = errno;                                    \
		va_list args;                                         \
                                                                      \
		va_start(args, format);                               \
		put(level, (error) ? saved : 0, format, args);        \
		va_end(args);                                         \
		errno = saved;                                        \
	}
/* clang-format on */

LOGGER(log_err, LOG_LEVEL_ERR, true)
LOGGER(log_errx, LOG_LEVEL_ERR, false)
LOGGER(log_warn, LOG_LEVEL_WARN, true)
LOGGER(log_warnx, LOG_LEVEL_WARN, false)
LOGGER(log_info, LOG_LEVEL_INFO, false)

void
log_debug(const char *format, ...)
{
	int saved = errno;
	va_list args;

	if (verbosity == 0)
		return;
	va_start(args, format);
	put(LOG_LEVEL_DEBUG, 0, format, args);
	va_end(args);
	errno = saved;
}
