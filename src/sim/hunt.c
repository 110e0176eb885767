/* SPDX-License-Identifier: BSD-2-Clause */
/* hunt.c - seed after seed: is any promise broken? It deals out the seeds and prints what
 * was found; crew.c does the running. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "crew.h"
#include "tell.h"

enum { PROGRESS_S = 1, PROGRESS_LOG_S = 10 };

struct hunt {
	struct seeds seeds;
	uint64_t *list;
	uint64_t jobs;
	const char *file;
	bool stop_at_first;
	struct crew *crew;
	bool terminal; /* stderr is one */
	uint64_t began_ns, told_ns;
	uint64_t violations;
};

static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
	interrupted = 1;
	signal(number, SIG_DFL); /* the second one ends all at once */
}

static uint64_t
wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SEC_NS + (uint64_t)now.tv_nsec;
}

/* --- what was found ----------------------------------------------------------------- */

static double
server_hours(const struct tally *tally)
{
	return (double)tally->server_ns / 3.6e12;
}

static void
print_tally(const struct hunt *hunt, const struct tally *tally, FILE *file)
{
	double seconds = (double)(wall_ns() - hunt->began_ns) / 1e9;

	fprintf(file,
	    "%" PRIu64 " seeds, %.0f seeds/s, %.1f server-hours, %" PRIu64
	    " faults injected, %" PRIu64 " promises checked, %" PRIu64 " violations",
	    tally->seeds, (double)tally->seeds / seconds, server_hours(tally),
	    tally->faults, tally->checks, hunt->violations);
}

static void
print_progress(struct hunt *hunt)
{
	uint64_t now_ns = wall_ns();
	struct tally tally;

	if (now_ns - hunt->told_ns <
	    (hunt->terminal ? PROGRESS_S : PROGRESS_LOG_S) * SEC_NS)
		return;
	hunt->told_ns = now_ns;
	crew_sum(hunt->crew, &tally);
	print_tally(hunt, &tally, stderr);
	fputs(hunt->terminal ? "\033[K\r" : "\n", stderr);
}

static void
print_death(const struct finding *finding)
{
	if (finding->hung)
		printf("seed %" PRIu64 ": it does not come to an end\n", finding->seed);
	else if (WIFSIGNALED(finding->status))
		printf("seed %" PRIu64 ": the program died: %s\n", finding->seed,
		    strsignal(WTERMSIG(finding->status)));
	else
		printf("seed %" PRIu64 ": the program ended with status %d\n",
		    finding->seed, WEXITSTATUS(finding->status));
}

static void
print_scenario(const struct finding *finding, const struct conf *conf)
{
	char text[TELL_TEXT];

	printf("  the shortest scenario: %u fault%s\n", finding->faults,
	    finding->faults == 1 ? "" : "s");
	for (unsigned i = 0; i < finding->faults && i < FINDING_FAULTS; i++)
		printf("  %12.6f  %s\n", (double)finding->fault[i].at_ns / 1e9,
		    tell_fault(&finding->fault[i], conf, text));
	if (finding->faults > FINDING_FAULTS)
		printf("                and %u more\n", finding->faults - FINDING_FAULTS);
}

static void
print_finding(struct hunt *hunt, const struct finding *finding)
{
	const struct violation *broken = &finding->violation;
	struct story story;
	char ip[IP_TEXT];

	hunt->violations++;
	if (hunt->terminal)
		fputs("\033[K", stderr);
	if (broken->promise == PROMISE_NONE) {
		print_death(finding);
	} else if (story_roll(&story, finding->seed)) {
		printf("seed %" PRIu64 ": %s, at %.6fs", finding->seed,
		    promise_name(broken->promise), (double)finding->world_ns / 1e9);
		if (broken->address != CONF_NONE)
			printf(", %s",
			    ip_format(&story.conf->address[broken->address].ip, ip));
		printf(": %s\n", broken->text);
		print_scenario(finding, story.conf);
		story_free(&story);
	}
	printf("  to see it: vlbsim replay %" PRIu64 "%s\n", finding->seed,
	    broken->promise == PROMISE_NONE ? "" : " --shrunk");
	fflush(stdout);
}

static void
print_totals(const struct hunt *hunt)
{
	struct tally tally;
	struct rusage usage;

	crew_sum(hunt->crew, &tally);
	getrusage(RUSAGE_CHILDREN, &usage);
	double cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	if (hunt->terminal)
		fputs("\033[K", stderr);
	print_tally(hunt, &tally, stdout);
	printf(", %.0f server-hours per core-minute\n",
	    cpu_s > 0 ? server_hours(&tally) * 60 / cpu_s : 0);
}

/* --- the command -------------------------------------------------------------------- */

/* One seed a line; # begins a comment. */
static int
read_seeds(struct hunt *hunt)
{
	FILE *file = fopen(hunt->file, "r");
	char line[512];
	unsigned number = 0;
	size_t room = 0;

	if (file == NULL) {
		fprintf(stderr, "vlbsim: %s: %s\n", hunt->file, strerror(errno));
		return -1;
	}
	hunt->seeds.count = 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		char *text = line + strspn(line, " \t");
		number++;
		text[strcspn(text, "#\n")] = '\0';
		for (size_t len = strlen(text);
		     len > 0 && isspace((unsigned char)text[len - 1]); len--)
			text[len - 1] = '\0';
		if (*text == '\0')
			continue;
		if (hunt->seeds.count == room) {
			room = room == 0 ? 256 : 2 * room;
			hunt->list = realloc(hunt->list, room * sizeof(*hunt->list));
			if (hunt->list == NULL)
				abort();
		}
		if (!command_number("a seed", text, &hunt->list[hunt->seeds.count++])) {
			fprintf(stderr, "%s:%u: here\n", hunt->file, number);
			fclose(file);
			return -1;
		}
	}
	fclose(file);
	hunt->seeds.list = hunt->list;
	return 0;
}

enum { FIRST = 256, COUNT, SEEDS, JOBS, STOP_AT_FIRST };

static const struct option names[] = {
	{ "first", required_argument, NULL, FIRST },
	{ "count", required_argument, NULL, COUNT },
	{ "seeds", required_argument, NULL, SEEDS },
	{ "jobs", required_argument, NULL, JOBS },
	{ "stop-at-first", no_argument, NULL, STOP_AT_FIRST },
	{ NULL, 0, NULL, 0 },
};

static bool
parse(int argc, char **argv, struct hunt *hunt)
{
	bool right = true, ranged = false;
	int option;

	while (right && (option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		ranged = ranged || option == FIRST || option == COUNT;
		switch (option) {
		case FIRST:
			right = command_number("a seed", optarg, &hunt->seeds.first);
			break;
		case COUNT:
			right = command_number("--count", optarg, &hunt->seeds.count);
			break;
		case JOBS:
			right = command_number("--jobs", optarg, &hunt->jobs);
			break;
		case SEEDS:
			hunt->file = optarg;
			break;
		case STOP_AT_FIRST:
			hunt->stop_at_first = true;
			break;
		default:
			fputs("try `vlbsim --help'\n", stderr);
			return false;
		}
	}
	if (right && optind < argc)
		return command_usage("hunt does not know `%s'", argv[optind]), false;
	if (right && hunt->file != NULL && ranged)
		return command_usage("either --seeds, or --first and --count"), false;
	if (right && (hunt->jobs == 0 || hunt->jobs > CREW_JOBS))
		return command_usage("--jobs goes from 1 to %d", CREW_JOBS), false;
	return right;
}

static void
catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void
follow(struct hunt *hunt)
{
	struct finding finding;
	enum crew_news news;

	while ((news = crew_wait(hunt->crew, 250, &finding)) != CREW_DONE) {
		if (news == CREW_FOUND)
			print_finding(hunt, &finding);
		if (interrupted || (hunt->stop_at_first && hunt->violations > 0))
			crew_stop(hunt->crew);
		print_progress(hunt);
	}
}

int
hunt_main(int argc, char **argv)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct hunt hunt = {
		.seeds = { .first = 1, .count = UINT64_MAX },
		.jobs = cores < 1           ? 1
			: cores < CREW_JOBS ? (uint64_t)cores
					    : CREW_JOBS,
	};

	if (!parse(argc, argv, &hunt))
		return EXIT_USAGE;
	if (hunt.file != NULL && read_seeds(&hunt) != 0) {
		free(hunt.list);
		return EXIT_USAGE;
	}
	catch_signals();
	hunt.terminal = isatty(STDERR_FILENO) == 1;
	hunt.began_ns = hunt.told_ns = wall_ns();
	hunt.crew = crew_start(&hunt.seeds, (unsigned)hunt.jobs);
	if (hunt.crew == NULL) {
		free(hunt.list);
		return EXIT_FAILURE;
	}
	follow(&hunt);
	print_totals(&hunt);
	crew_end(hunt.crew);
	free(hunt.list);
	return hunt.violations == 0 ? EXIT_SUCCESS : EXIT_BROKEN;
}
