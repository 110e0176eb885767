/* SPDX-License-Identifier: BSD-2-Clause */
/* reader.c - the file read anew, in a thread beside the loop.
 *
 * Disks and terminals may keep a reader waiting, and making a plan takes up to seconds;
 * meanwhile hellos must go on. The thread has a job of its own and touches nothing else.
 * A job outlives its reader when the daemon stops in the middle of it. */
#include "reader.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "log.h"

struct job {
	pthread_mutex_t lock;
	struct reader *reader; /* NULL: nobody waits for it */
	bool finished;
	const char *file;
	struct conf *conf; /* NULL in the end: wrong */
};

struct reader {
	struct ev_loop *loop;
	const char *file;
	reader_done *done;
	void *user;
	ev_async finished;
	pthread_t thread;
	struct job *job; /* NULL: none under way */
};

static void
free_job(struct job *job)
{
	pthread_mutex_destroy(&job->lock);
	free(job->conf);
	free(job);
}

static void *
work(void *user)
{
	struct job *job = user;

	if (load_file(job->file, job->conf) != 0) {
		free(job->conf);
		job->conf = NULL;
	}
	pthread_mutex_lock(&job->lock);
	job->finished = true;
	bool forgotten = job->reader == NULL;
	if (!forgotten)
		ev_async_send(job->reader->loop, &job->reader->finished);
	pthread_mutex_unlock(&job->lock);
	if (forgotten)
		free_job(job);
	return NULL;
}

static void
on_finished(struct ev_loop *loop, ev_async *watcher, int revents)
{
	struct reader *reader = watcher->data;
	struct job *job = reader->job;

	(void)loop, (void)revents;
	if (job == NULL)
		return;
	pthread_join(reader->thread, NULL);
	reader->job = NULL;
	struct conf *conf = job->conf;
	job->conf = NULL;
	free_job(job);
	reader->done(reader->user, conf);
}

struct reader *
reader_open(struct ev_loop *loop, const char *file, reader_done *done, void *user)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL) {
		log_err("out of memory");
		return NULL;
	}
	reader->loop = loop;
	reader->file = file;
	reader->done = done;
	reader->user = user;
	ev_async_init(&reader->finished, on_finished);
	reader->finished.data = reader;
	ev_async_start(loop, &reader->finished);
	return reader;
}

/* Signals are the loop's. */
static int
start_thread(struct reader *reader, struct job *job)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&reader->thread, NULL, work, job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

bool
reader_start(struct reader *reader)
{
	struct job *job = calloc(1, sizeof(*job));
	int error = ENOMEM;

	if (job != NULL) {
		pthread_mutex_init(&job->lock, NULL);
		job->reader = reader;
		job->file = reader->file;
		job->conf = malloc(sizeof(*job->conf));
		if (job->conf != NULL)
			error = start_thread(reader, job);
	}
	if (error == 0) {
		reader->job = job;
		return true;
	}
	log_errx(
	    "%s: cannot be read beside other work: %s", reader->file, strerror(error));
	if (job != NULL)
		free_job(job);
	return false;
}

bool
reader_busy(const struct reader *reader)
{
	return reader->job != NULL;
}

void
reader_close(struct reader *reader)
{
	if (reader == NULL)
		return;
	ev_async_stop(reader->loop, &reader->finished);
	struct job *job = reader->job;
	if (job != NULL) {
		pthread_mutex_lock(&job->lock);
		job->reader = NULL;
		bool finished = job->finished;
		pthread_mutex_unlock(&job->lock);
		if (finished) {
			pthread_join(reader->thread, NULL);
			free_job(job);
		} else {
			pthread_detach(reader->thread);
		}
	}
	free(reader);
}
