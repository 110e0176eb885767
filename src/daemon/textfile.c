/* SPDX-License-Identifier: BSD-2-Clause */
/* textfile.c - the metrics as a file for node_exporter's textfile collector, every now
 * and then, if the configuration names one. The loop makes the text; the scribe writes
 * it. */
#include <stdlib.h>
#include <string.h>

#include "shell_internal.h"
#include "vlbd/ctl.h"

enum { ROOM = 16 * 1024 }; /* for what comes into it from one time to the next */

static void
on_written(void *user, int error)
{
	struct shell *shell = user;
	struct textfile *textfile = &shell->textfile;

	textfile->busy = false;
	if (error == 0 && textfile->failed)
		log_info("metrics are written to %s again", textfile->path);
	else if (error != 0 && !textfile->failed)
		log_warnx(
		    "cannot write the metrics to %s: %s; make its directory writable "
		    "for this daemon, or write another `textfile =' into [metrics]",
		    textfile->path, strerror(error));
	textfile->failed = error != 0;
}

/* The metrics as text, or NULL. It is as long as last time, as a rule, so that they are
 * written once and not twice. */
static char *
compose(struct textfile *textfile, const struct ctl_scene *scene, size_t *len)
{
	for (;;) {
		size_t size = textfile->last + ROOM;
		char *text = malloc(size);
		if (text == NULL)
			return NULL;
		*len = ctl_metrics(scene, text, size);
		textfile->last = *len;
		if (*len < size)
			return text;
		free(text);
	}
}

static void
write_now(struct shell *shell, const struct ctl_scene *scene, scribe_done *done)
{
	struct textfile *textfile = &shell->textfile;
	size_t len;
	char *text = compose(textfile, scene, &len);

	if (text != NULL &&
	    scribe_write(shell->scribe, textfile->path, text, len, false, done, shell))
		textfile->busy = true;
}

static void
on_time(struct ev_loop *loop, ev_timer *watcher, int revents)
{
	struct shell *shell = watcher->data;

	(void)loop, (void)revents;
	if (shell->textfile.busy)
		return; /* the disk is slower than we are */
	const struct ctl_scene scene = chronicle_scene(shell);
	write_now(shell, &scene, on_written);
}

void
textfile_begin(struct shell *shell)
{
	const struct conf_metrics *metrics = &shell->conf->metrics;
	struct textfile *textfile = &shell->textfile;

	if (textfile->timer.data == NULL) {
		ev_init(&textfile->timer, on_time);
		textfile->timer.data = shell;
	}
	if (strcmp(textfile->path, metrics->textfile) != 0)
		textfile->failed = false;
	strcpy(textfile->path, metrics->textfile);
	ev_timer_stop(shell->loop, &textfile->timer);
	if (textfile->path[0] == '\0')
		return;
	ev_timer_set(&textfile->timer, 0., (double)metrics->interval_ns / (double)SEC_NS);
	ev_timer_start(shell->loop, &textfile->timer);
}

/* The file stays, and says that nobody is up. */
void
textfile_end(struct shell *shell)
{
	struct ctl_scene scene = chronicle_scene(shell);

	if (shell->textfile.timer.data == NULL || shell->textfile.path[0] == '\0')
		return;
	ev_timer_stop(shell->loop, &shell->textfile.timer);
	scene.engine = NULL;
	write_now(shell, &scene, NULL);
}
