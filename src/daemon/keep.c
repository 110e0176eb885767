/* SPDX-License-Identifier: BSD-2-Clause */
/* keep.c - a drain that outlives the daemon: a file in the state directory.
 *
 * It is on the disk before the drain begins, and gone before a resume begins: a crash in
 * between leaves a drained server, never one that serves where it was told not to. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell_internal.h"

bool
keep_open(struct shell *shell)
{
	struct keep *keep = &shell->keep;
	const char *directory = shell->setup.state;

	/* Its own name: several daemons of this host may share the directory. */
	if (snprintf(keep->path, sizeof(keep->path), "%s/%s@%s.drained", directory,
		shell->conf->name, shell->conf->interface) >= (int)sizeof(keep->path)) {
		log_errx("the state directory's path is too long: %s; -S takes another",
		    directory);
		return false;
	}
	keep->drained = access(keep->path, F_OK) == 0;
	if (!keep->drained && errno != ENOENT && errno != ENOTDIR)
		log_warn("cannot see whether %s is there, so this server is not drained",
		    keep->path);
	return true;
}

void
keep_begin(struct shell *shell)
{
	if (!shell->keep.drained)
		return;
	chronicle_note(shell, "drain", REPORT_WARN,
	    "drained since an earlier run (%s); `vlbctl resume' ends it",
	    shell->keep.path);
	engine_admin(shell->engine, ADMIN_DRAIN, shell_now_ns());
}

static void answer_error(struct shell *shell, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
answer_error(struct shell *shell, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	int len = vasprintf(&text, format, args);
	va_end(args);
	ctlsock_finish(
	    shell->ctlsock, shell->keep.ticket, len < 0 ? NULL : text, (size_t)len);
}

static void
on_written(void *user, int error)
{
	struct shell *shell = user;
	struct keep *keep = &shell->keep;

	keep->busy = false;
	if (error != 0) {
		log_errx("cannot write %s: %s; not drained", keep->path, strerror(error));
		answer_error(shell,
		    "error cannot write %s: %s; nothing is drained; make the directory, "
		    "writable for the daemon's user, or leave out --persist\n",
		    keep->path, strerror(error));
		return;
	}
	keep->drained = true;
	steer_perform(shell, &keep->request);
	steer_finish(shell, keep->ticket, &keep->request);
}

static void
on_removed(void *user, int error)
{
	struct shell *shell = user;
	struct keep *keep = &shell->keep;

	keep->busy = false;
	if (error != 0) {
		log_errx(
		    "cannot remove %s: %s; still drained", keep->path, strerror(error));
		answer_error(shell,
		    "error cannot remove %s: %s; still drained; remove it by hand, and "
		    "try again\n",
		    keep->path, strerror(error));
		return;
	}
	keep->drained = false;
	steer_perform(shell, &keep->request);
	steer_finish(shell, keep->ticket, &keep->request);
}

const char *
keep_steer(struct shell *shell, const struct ctl_request *request, unsigned long ticket)
{
	struct keep *keep = &shell->keep;
	static const char drained[] =
	    "drained by vlbctl; vlbctl resume removes this file\n";
	bool begun;

	if (keep->busy)
		return "another drain or resume is being written to the disk; try again";
	keep->request = *request;
	keep->ticket = ticket;
	if (request->command == CTL_DRAIN) {
		char *text = strdup(drained);
		begun = text != NULL && scribe_write(shell->scribe, keep->path, text,
					    sizeof(drained) - 1, true, on_written, shell);
	} else {
		begun = scribe_remove(shell->scribe, keep->path, on_removed, shell);
	}
	if (!begun)
		return "the daemon cannot write to the disk now; try again";
	keep->busy = true;
	return NULL;
}
