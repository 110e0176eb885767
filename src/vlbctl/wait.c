/* SPDX-License-Identifier: BSD-2-Clause */
/* wait.c - drain --wait: until everything is handed over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vlbctl.h"

enum { AGAIN_MS = 100, PATIENCE_MS = 3000 };

/* The standing in the first line of a snapshot, or NULL. */
static char *
standing_of(char *snapshot)
{
	char *line = strtok(snapshot, "\n"), *at = line, *word = NULL;

	if (line == NULL)
		return NULL;
	for (unsigned i = 0; i < 5; i++)
		word = strsep(&at, "\t");
	return word;
}

/* Go on waiting; else an exit status, and the reason is told. */
enum { GO_ON = -1 };

static int
judge(const char *standing)
{
	if (standing == NULL) {
		fputs("vlbctl: the daemon does not say how it stands\n", stderr);
		return STATUS_OTHER_VERSION;
	}
	/* Without a carrier, or with a wrong hardware address, nothing is served. */
	if (strcmp(standing, "drained") == 0 || strcmp(standing, "no carrier") == 0 ||
	    strcmp(standing, "wrong mac") == 0)
		return EXIT_SUCCESS;
	if (strcmp(standing, "leaving") == 0)
		return GO_ON;
	fprintf(stderr, "vlbctl: the server is %s: somebody has told it to resume\n",
	    standing);
	return STATUS_REFUSED;
}

int
wait_until_drained(const struct options *options)
{
	const struct timespec pause = { 0, AGAIN_MS * 1000000L };
	const long end_ms = now_ms() + (long)(options->timeout_s * 1000);

	for (;;) {
		struct answer answer =
		    ask(options->socket, "snapshot --lines 0", PATIENCE_MS);
		if (answer.status != EXIT_SUCCESS) {
			fprintf(stderr, "vlbctl: %s\n", answer.problem);
			return answer.status;
		}
		int status = judge(standing_of(answer.text));
		free(answer.text);
		if (status != GO_ON)
			return status;
		if (now_ms() >= end_ms) {
			fputs("vlbctl: still serving when --timeout was over; the drain "
			      "goes "
			      "on, `vlbctl status' shows it\n",
			    stderr);
			return STATUS_TIMED_OUT;
		}
		nanosleep(&pause, NULL);
	}
}
