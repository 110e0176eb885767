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

static const char content[] = "drained by vlbctl; vlbctl resume removes this file\n";

/* Its own name: several daemons of this host may share the directory. */
static bool
make_path(const struct shell *shell, char path[KEEP_PATH])
{
	return snprintf(path, KEEP_PATH, "%s/%s@%s.drained", shell->setup.state,
		   shell->conf->name, shell->conf->interface) < KEEP_PATH;
}

/* The file, whole on the disk. */
static bool
write_file(struct shell *shell, const char *path, scribe_done *done)
{
	char *text = strdup(content);

	return text != NULL && scribe_write(shell->scribe, path, text,
				   sizeof(content) - 1, true, done, shell);
}

bool
keep_open(struct shell *shell)
{
	struct keep *keep = &shell->keep;

	if (!make_path(shell, keep->path)) {
		log_errx("the state directory's path is too long: %s; -S takes another",
		    shell->setup.state);
		return false;
	}
	keep->drained = access(keep->path, F_OK) == 0;
	if (!keep->drained && errno != ENOENT && errno != ENOTDIR)
		log_warn("cannot see whether %s is there, so this server is not drained",
		    keep->path);
	return true;
}

void
keep_reload(struct shell *shell)
{
	struct keep *keep = &shell->keep;
	char path[KEEP_PATH];

	/* The cluster may have another name now, which a later start will look for. */
	if (!make_path(shell, path) || strcmp(path, keep->path) == 0)
		return;
	if (keep->drained && (!write_file(shell, path, NULL) ||
				 !scribe_remove(shell->scribe, keep->path, NULL, NULL)))
		log_warn("cannot rename %s to %s: a restart will forget the drain",
		    keep->path, path);
	strcpy(keep->path, path);
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
	bool begun;

	if (keep->busy)
		return "another drain or resume is being written to the disk; try again";
	keep->request = *request;
	keep->ticket = ticket;
	if (request->command == CTL_DRAIN)
		begun = write_file(shell, keep->path, on_written);
	else
		begun = scribe_remove(shell->scribe, keep->path, on_removed, shell);
	if (!begun)
		return "the daemon cannot write to the disk now; try again";
	keep->busy = true;
	return NULL;
}
