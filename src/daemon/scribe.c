/* SPDX-License-Identifier: BSD-2-Clause */
/* scribe.c - a thread that writes files for the loop. */
#include "scribe.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { JOBS = 8, CLOSE_S = 1 };

struct job {
	enum { FREE, WAITING, AT_WORK, DONE } state;
	char path[PATH_MAX];
	char *text; /* NULL: remove it */
	size_t len;
	bool sync;
	int error;
	scribe_done *done;
	void *user;
};

struct scribe {
	struct ev_loop *loop;
	ev_async async;
	bool started;
	pthread_t thread;
	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t work, idle;
	bool closing;
	unsigned long next, first; /* jobs are a ring: first <= number < next */
	struct job jobs[JOBS];
};

/* --- the thread ------------------------------------------------------------------- */

static int
write_whole(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t written = write(fd, text, len);
		if (written < 0 && errno != EINTR)
			return -1;
		if (written > 0) {
			text += written;
			len -= (size_t)written;
		}
	}
	return 0;
}

/* The name in its directory is on the disk. */
static int
sync_directory(const char *path)
{
	char copy[PATH_MAX];

	strcpy(copy, path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int status = fsync(fd);
	close(fd);
	return status;
}

static int
write_file(const struct job *job, const char *temporary)
{
	(void)unlink(temporary); /* of one who was killed */
	int fd =
	    open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	int status = write_whole(fd, job->text, job->len);
	/* Root's umask may forbid what node_exporter needs. */
	if (status == 0)
		status = fchmod(fd, 0644);
	if (status == 0 && job->sync)
		status = fsync(fd);
	if (close(fd) != 0)
		status = -1;
	if (status == 0)
		status = rename(temporary, job->path);
	if (status != 0) {
		int error = errno;
		(void)unlink(temporary);
		errno = error;
	}
	return status;
}

static int
carry_out(const struct job *job)
{
	char temporary[PATH_MAX];
	int status;

	if (job->text == NULL) {
		status = unlink(job->path);
		if (status != 0 && errno == ENOENT)
			status = 0;
	} else {
		if (snprintf(temporary, sizeof(temporary), "%s.tmp", job->path) >=
		    (int)sizeof(temporary))
			return ENAMETOOLONG;
		status = write_file(job, temporary);
	}
	if (status == 0 && job->sync)
		status = sync_directory(job->path);
	return status == 0 ? 0 : errno;
}

static struct job *
next_waiting(struct scribe *scribe)
{
	for (unsigned long n = scribe->first; n != scribe->next; n++)
		if (scribe->jobs[n % JOBS].state == WAITING)
			return &scribe->jobs[n % JOBS];
	return NULL;
}

static void *
work(void *user)
{
	struct scribe *scribe = user;
	struct job *job;

	pthread_mutex_lock(&scribe->mutex);
	while ((job = next_waiting(scribe)) != NULL || !scribe->closing) {
		if (job == NULL) {
			pthread_cond_wait(&scribe->work, &scribe->mutex);
			continue;
		}
		job->state = AT_WORK;
		pthread_mutex_unlock(&scribe->mutex);
		int error = carry_out(job);
		pthread_mutex_lock(&scribe->mutex);
		job->error = error;
		job->state = DONE;
		if (!scribe->closing)
			ev_async_send(scribe->loop, &scribe->async);
	}
	scribe->started = false;
	pthread_cond_signal(&scribe->idle);
	pthread_mutex_unlock(&scribe->mutex);
	return NULL;
}

/* --- the loop ---------------------------------------------------------------------- */

static void
on_async(struct ev_loop *loop, ev_async *watcher, int revents)
{
	struct scribe *scribe = watcher->data;

	(void)loop, (void)revents;
	pthread_mutex_lock(&scribe->mutex);
	while (scribe->first != scribe->next &&
	       scribe->jobs[scribe->first % JOBS].state == DONE) {
		struct job *job = &scribe->jobs[scribe->first++ % JOBS];
		scribe_done *done = job->done;
		void *told = job->user;
		int error = job->error;
		free(job->text);
		job->text = NULL;
		job->state = FREE;
		pthread_mutex_unlock(&scribe->mutex);
		if (done != NULL)
			done(told, error); /* it may bring another job */
		pthread_mutex_lock(&scribe->mutex);
	}
	pthread_mutex_unlock(&scribe->mutex);
}

struct scribe *
scribe_open(struct ev_loop *loop)
{
	struct scribe *scribe = calloc(1, sizeof(*scribe));

	if (scribe == NULL)
		return NULL;
	scribe->loop = loop;
	pthread_mutex_init(&scribe->mutex, NULL);
	pthread_cond_init(&scribe->work, NULL);
	pthread_cond_init(&scribe->idle, NULL);
	ev_async_init(&scribe->async, on_async);
	scribe->async.data = scribe;
	ev_async_start(loop, &scribe->async);
	return scribe;
}

/* Signals are the loop's. 0 or errno. */
static int
start(struct scribe *scribe)
{
	sigset_t all, before;

	if (scribe->started)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&scribe->thread, NULL, work, scribe);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	scribe->started = error == 0;
	return error;
}

static bool
add(struct scribe *scribe, const char *path, char *text, size_t len, bool sync,
    scribe_done *done, void *user)
{
	int error = strlen(path) >= PATH_MAX ? ENAMETOOLONG : 0;

	pthread_mutex_lock(&scribe->mutex);
	if (error == 0)
		error = start(scribe);
	if (error == 0 && scribe->next - scribe->first == JOBS)
		error = EBUSY;
	if (error == 0) {
		struct job *job = &scribe->jobs[scribe->next++ % JOBS];
		*job = (struct job){
			.state = WAITING,
			.text = text,
			.len = len,
			.sync = sync,
			.done = done,
			.user = user,
		};
		strcpy(job->path, path);
		pthread_cond_signal(&scribe->work);
	}
	pthread_mutex_unlock(&scribe->mutex);
	if (error == 0)
		return true;
	free(text);
	errno = error;
	return false;
}

bool
scribe_write(struct scribe *scribe, const char *path, char *text, size_t len, bool sync,
    scribe_done *done, void *user)
{
	return add(scribe, path, text, len, sync, done, user);
}

bool
scribe_remove(struct scribe *scribe, const char *path, scribe_done *done, void *user)
{
	return add(scribe, path, NULL, 0, true, done, user);
}

/* The thread has ended. False: it hangs in a disk; then its memory must stay. */
static bool
wait_for_the_end(struct scribe *scribe)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += CLOSE_S;
	pthread_mutex_lock(&scribe->mutex);
	bool was_started = scribe->started;
	scribe->closing = true;
	pthread_cond_signal(&scribe->work);
	int error = 0;
	while (scribe->started && error == 0)
		error = pthread_cond_timedwait(&scribe->idle, &scribe->mutex, &end);
	bool ended = !scribe->started;
	pthread_mutex_unlock(&scribe->mutex);
	if (was_started && ended)
		pthread_join(scribe->thread, NULL);
	else if (was_started)
		pthread_detach(scribe->thread);
	return ended;
}

void
scribe_close(struct scribe *scribe)
{
	if (scribe == NULL)
		return;
	ev_async_stop(scribe->loop, &scribe->async);
	if (!wait_for_the_end(scribe))
		return;
	for (unsigned i = 0; i < JOBS; i++)
		free(scribe->jobs[i].text);
	pthread_mutex_destroy(&scribe->mutex);
	pthread_cond_destroy(&scribe->work);
	pthread_cond_destroy(&scribe->idle);
	free(scribe);
}
