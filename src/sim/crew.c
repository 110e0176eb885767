/* SPDX-License-Identifier: BSD-2-Clause */
/* crew.c - a process per core, so that a seed that kills the program kills one of them
 * only. A counter in shared memory deals the seeds; findings come back through one pipe.
 */
#include "crew.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tell.h"

static_assert(sizeof(struct finding) <= PIPE_BUF, "a finding is written in one piece");

enum {
	HUNG_S = 120, /* of a core's time, for one seed */
	LOOK_MS = 200 /* between two looks at whether all still live */
};

/* What one process tells of itself; a cache line's worth apart from the next. */
struct slot {
	_Alignas(128) atomic_ullong seed;
	atomic_ullong began_ns; /* by its own CPU clock */
	atomic_ullong seeds, server_ns, faults, checks, frames, moves;
};

struct shared {
	atomic_ullong dealt;
	atomic_bool stop;
	struct slot slot[];
};

struct crew {
	struct seeds seeds;
	struct shared *shared;
	size_t size; /* of it */
	int pipe[2];
	unsigned jobs, alive;
	pid_t pid[CREW_JOBS]; /* 0: done */
};

static uint64_t
cpu_ns(clockid_t clock)
{
	struct timespec now = { 0, 0 };

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * SEC_NS + (uint64_t)now.tv_nsec;
}

/* --- in a worker -------------------------------------------------------------------- */

static void
count_fault(void *user, const struct world *world, const struct fault *fault)
{
	struct slot *slot = user;

	(void)world;
	if (tell_is_injury(fault))
		atomic_fetch_add_explicit(&slot->faults, 1, memory_order_relaxed);
}

static void
add(atomic_ullong *sum, uint64_t value)
{
	atomic_fetch_add_explicit(sum, value, memory_order_relaxed);
}

static void
send(const struct crew *crew, const struct finding *finding)
{
	ssize_t done;

	do
		done = write(crew->pipe[1], finding, sizeof(*finding));
	while (done < 0 && errno == EINTR);
}

static void
report(const struct crew *crew, struct story *story, const struct story_result *result)
{
	struct finding finding = {
		.seed = story->seed,
		.violation = result->violation,
		.world_ns = result->world_ns,
	};

	finding.runs = story_shrink(story, result->violation.promise);
	finding.faults = story->faults;
	for (unsigned i = 0; i < story->faults && i < FINDING_FAULTS; i++)
		finding.fault[i] = story->fault[i];
	send(crew, &finding);
}

static void
run_seed(const struct crew *crew, struct slot *slot, uint64_t seed)
{
	struct story_listener listener = { .fault = count_fault, .user = slot };
	struct story story;
	struct story_result result;

	atomic_store(&slot->began_ns, cpu_ns(CLOCK_PROCESS_CPUTIME_ID));
	atomic_store(&slot->seed, seed);
	if (!story_roll(&story, seed))
		abort();
	story_run(&story, &listener, &result);
	add(&slot->seeds, 1);
	add(&slot->server_ns, result.world_ns * story.conf->servers);
	add(&slot->checks, result.checks);
	add(&slot->frames, result.frames);
	add(&slot->moves, result.moves);
	if (result.violation.promise != PROMISE_NONE)
		report(crew, &story, &result);
	story_free(&story);
}

static void
work(const struct crew *crew, unsigned job)
{
	struct shared *shared = crew->shared;

	while (!atomic_load(&shared->stop)) {
		uint64_t turn = atomic_fetch_add(&shared->dealt, 1);
		if (turn >= crew->seeds.count)
			break;
		run_seed(crew, &shared->slot[job],
		    crew->seeds.list != NULL ? crew->seeds.list[turn]
					     : crew->seeds.first + turn);
	}
}

/* --- in the parent ------------------------------------------------------------------ */

static int
hire(struct crew *crew, unsigned job)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (pid == 0) {
		/* A terminal's interrupt reaches all; the parent says what it means. */
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EXIT_FAILURE);
		work(crew, job);
		_exit(EXIT_SUCCESS);
	}
	crew->pid[job] = pid;
	crew->alive++;
	return 0;
}

struct crew *
crew_start(const struct seeds *seeds, unsigned jobs)
{
	struct crew *crew = calloc(1, sizeof(*crew));

	if (crew == NULL || pipe(crew->pipe) != 0) {
		perror("vlbsim");
		free(crew);
		return NULL;
	}
	crew->seeds = *seeds;
	crew->jobs = jobs < CREW_JOBS ? jobs : CREW_JOBS;
	crew->size = sizeof(*crew->shared) + crew->jobs * sizeof(crew->shared->slot[0]);
	crew->shared = mmap(
	    NULL, crew->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (crew->shared == MAP_FAILED)
		crew->shared = NULL;
	for (unsigned job = 0; crew->shared != NULL && job < crew->jobs; job++)
		if (hire(crew, job) != 0)
			break;
	if (crew->alive == crew->jobs)
		return crew;
	perror("vlbsim");
	crew_end(crew);
	return NULL;
}

/* A process that died of its seed is a finding; another one takes its place. */
static bool
look_after(struct crew *crew, unsigned job, struct finding *out)
{
	struct slot *slot = &crew->shared->slot[job];
	clockid_t clock;
	int status;
	bool hung = clock_getcpuclockid(crew->pid[job], &clock) == 0 &&
		    cpu_ns(clock) > atomic_load(&slot->began_ns) + HUNG_S * SEC_NS;

	if (hung)
		kill(crew->pid[job], SIGKILL);
	if (waitpid(crew->pid[job], &status, hung ? 0 : WNOHANG) != crew->pid[job])
		return false;
	crew->pid[job] = 0;
	crew->alive--;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return false;
	memset(out, 0, sizeof(*out));
	out->seed = atomic_load(&slot->seed);
	out->status = status;
	out->hung = hung;
	add(&slot->seeds, 1);
	if (hire(crew, job) != 0)
		perror("vlbsim");
	return true;
}

enum crew_news
crew_wait(struct crew *crew, int ms, struct finding *out)
{
	for (;;) {
		struct pollfd wait = { crew->pipe[0], POLLIN, 0 };
		int step = crew->alive == 0 ? 0 : ms < LOOK_MS ? ms : LOOK_MS;
		int ready = poll(&wait, 1, step);
		if (ready > 0 && read(wait.fd, out, sizeof(*out)) == sizeof(*out))
			return CREW_FOUND;
		if (crew->alive == 0)
			return CREW_DONE;
		for (unsigned job = 0; job < crew->jobs; job++)
			if (crew->pid[job] != 0 && look_after(crew, job, out))
				return CREW_FOUND;
		ms -= step;
		if ((ms <= 0 || ready < 0) && crew->alive > 0)
			return CREW_BUSY;
	}
}

void
crew_stop(struct crew *crew)
{
	atomic_store(&crew->shared->stop, true);
}

void
crew_sum(const struct crew *crew, struct tally *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned job = 0; job < crew->jobs; job++) {
		const struct slot *slot = &crew->shared->slot[job];
		out->seeds += atomic_load(&slot->seeds);
		out->server_ns += atomic_load(&slot->server_ns);
		out->faults += atomic_load(&slot->faults);
		out->checks += atomic_load(&slot->checks);
		out->frames += atomic_load(&slot->frames);
		out->moves += atomic_load(&slot->moves);
	}
}

void
crew_end(struct crew *crew)
{
	if (crew == NULL)
		return;
	for (unsigned job = 0; job < crew->jobs; job++)
		if (crew->pid[job] != 0) {
			kill(crew->pid[job], SIGKILL);
			waitpid(crew->pid[job], NULL, 0);
		}
	close(crew->pipe[0]);
	close(crew->pipe[1]);
	if (crew->shared != NULL)
		munmap(crew->shared, crew->size);
	free(crew);
}
