/* SPDX-License-Identifier: BSD-2-Clause */
/* hunt.c - the first seeds, one after another, until a promise is broken: what the
 * mutants are shown to when no unit test has objected. One line says which promise, and
 * exit status 1. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "story.h"
#include "walk.h"

static uint64_t seed; /* 0: a small world */

/* An assertion is an objection too. */
static void
aborted(int number)
{
	printf("seed %" PRIu64 " ends the program by signal %d\n", seed, number);
	fflush(stdout);
	_Exit(EXIT_FAILURE);
}

/* Every history of a small world. False: one broke a promise. */
static bool
walk_all(const struct walk_options *options)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		return false;
	int status = walk(out, options);
	fclose(out);
	const char *broken = status == 0 ? NULL : strstr(text, "BROKEN: ");
	if (broken != NULL)
		printf("promise %.*s (in a world of %u servers)\n",
		    (int)strcspn(broken + 8, "\n"), broken + 8, options->servers);
	free(text);
	return status == 0;
}

/* False: SEED's story broke a promise. */
static bool
run_seed(void)
{
	struct story story;
	struct story_result result;

	if (!story_roll(&story, seed))
		return false;
	story_run(&story, NULL, &result);
	story_free(&story);
	if (result.violation.promise == PROMISE_NONE)
		return true;
	printf("promise %s, seed %" PRIu64 ": %s\n",
	    promise_name(result.violation.promise), seed, result.violation.text);
	return false;
}

int
main(int argc, char **argv)
{
	static const struct walk_options walks[] = { { 2, 0, 2 }, { 2, 1, 1 },
		{ 3, 1, 1 } };
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;

	signal(SIGABRT, aborted);
	signal(SIGSEGV, aborted);
	for (unsigned i = 0; i < sizeof(walks) / sizeof(walks[0]); i++)
		if (!walk_all(&walks[i]))
			return EXIT_FAILURE;
	for (uint64_t i = 1; i <= count; i++) {
		seed = i;
		if (!run_seed())
			return EXIT_FAILURE;
		/* What is odd takes longer. */
		seed = FAMILY_ODD * FAMILY_SEEDS + i;
		if (i % 4 == 0 && !run_seed())
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
