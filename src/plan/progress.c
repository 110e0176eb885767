/* SPDX-License-Identifier: BSD-2-Clause */
/* progress.c - one line on the terminal, overwritten and taken away in the end. */
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { QUIET_MS = 500 };

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + 1;
}

void
progress_show(struct progress *progress, unsigned permille)
{
	unsigned percent = permille / 10;

	if (progress->begin_ms == 0)
		progress->begin_ms = now_ms();
	if (progress->visible && progress->shown == percent)
		return;
	if (now_ms() - progress->begin_ms < QUIET_MS || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r%s: %u %%\033[K", progress->what, percent);
	fflush(stderr);
	progress->visible = true;
	progress->shown = percent;
}

void
progress_end(struct progress *progress)
{
	if (!progress->visible)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	progress->visible = false;
}
