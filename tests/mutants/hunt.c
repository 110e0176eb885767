/* SPDX-License-Identifier: BSD-2-Clause */
/* hunt.c - the first seeds, one after another, until a promise is broken: what the
 * mutants are shown to when no unit test has objected. One line says which promise, and
 * exit status 1. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "story.h"

static uint64_t seed;

/* An assertion is an objection too. */
static void
aborted(int number)
{
	printf("seed %" PRIu64 " ends the program by signal %d\n", seed, number);
	fflush(stdout);
	_Exit(EXIT_FAILURE);
}

int
main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;

	signal(SIGABRT, aborted);
	signal(SIGSEGV, aborted);
	for (seed = 1; seed <= count; seed++) {
		struct story story;
		struct story_result result;

		if (!story_roll(&story, seed))
			return EXIT_FAILURE;
		story_run(&story, NULL, &result);
		story_free(&story);
		if (result.violation.promise == PROMISE_NONE)
			continue;
		printf("promise %s, seed %" PRIu64 ": %s\n",
		    promise_name(result.violation.promise), seed, result.violation.text);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
