/* SPDX-License-Identifier: BSD-2-Clause */
/* notify.c - a bounded queue in front of the runner. */
#include "notify.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checks_internal.h"
#include "log.h"

enum { VARIABLES = 24, QUIET_S = 1 };

struct news {
	char key[NOTIFY_KEY];
	char text[NOTIFY_BYTES]; /* each variable with its NUL, then one more */
};

struct turn {
	struct notify *notify;
	uint32_t order; /* 0: free */
	char key[NOTIFY_KEY];
};

struct notify {
	struct runner *runner;
	struct conf_command command;
	struct news *queue; /* a ring of NOTIFY_QUEUE; NULL: no command was ever given */
	unsigned first, count;
	struct turn turn[NOTIFY_AT_ONCE];
	struct ctl_notified counters;
	uint64_t unsaid; /* dropped, and not logged yet */
	time_t said_s, complained_s;
};

static time_t
now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static struct news *
at(struct notify *notify, unsigned i)
{
	return &notify->queue[(notify->first + i) % NOTIFY_QUEUE];
}

/* At most a line a second, and it says how many. */
static void
count_dropped(struct notify *notify)
{
	notify->counters.dropped++;
	notify->unsaid++;
	if (now_s() - notify->said_s < QUIET_S)
		return;
	log_warnx("[notify]: more news than %s can be told: %" PRIu64
		  " of the oldest dropped",
	    notify->command.text, notify->unsaid);
	notify->said_s = now_s();
	notify->unsaid = 0;
}

static bool
is_told(const struct notify *notify, const char *key)
{
	for (unsigned i = 0; i < NOTIFY_AT_ONCE; i++)
		if (notify->turn[i].order != 0 && strcmp(notify->turn[i].key, key) == 0)
			return true;
	return false;
}

static struct turn *
free_turn(struct notify *notify)
{
	for (unsigned i = 0; i < NOTIFY_AT_ONCE; i++)
		if (notify->turn[i].order == 0)
			return &notify->turn[i];
	return NULL;
}

/* Take the I-th out; those before it move up. */
static void
take_out(struct notify *notify, unsigned i)
{
	for (; i > 0; i--)
		*at(notify, i) = *at(notify, i - 1);
	notify->first = (notify->first + 1) % NOTIFY_QUEUE;
	notify->count--;
}

static void run_next(struct notify *notify);

static void
on_done(void *user, const struct runner_result *result)
{
	struct turn *turn = user;
	struct notify *notify = turn->notify;
	char why[CHECK_WHY];

	turn->order = 0;
	notify->counters.told++;
	if (result->outcome != RUNNER_EXITED || result->code != 0) {
		notify->counters.failed++;
		if (now_s() - notify->complained_s >= QUIET_S) {
			notify->complained_s = now_s();
			log_warnx("[notify]: %s%s%s: %s", notify->command.text,
			    turn->key[0] != '\0' ? " for " : "", turn->key,
			    runner_text(result,
				(uint32_t)(notify->command.timeout_ns / MS_NS), why,
				sizeof(why)));
		}
	}
	run_next(notify);
}

/* False: the runner does not take it. */
static bool
run(struct notify *notify, struct turn *turn, const struct news *news)
{
	const char *variables[VARIABLES + 1];
	unsigned count = 0;

	for (const char *text = news->text; *text != '\0' && count < VARIABLES;
	     text += strlen(text) + 1)
		variables[count++] = text;
	variables[count] = NULL;
	memcpy(turn->key, news->key, sizeof(turn->key));
	turn->order =
	    command_start(notify->runner, &notify->command, variables, on_done, turn);
	return turn->order != 0;
}

static void
run_next(struct notify *notify)
{
	for (unsigned i = 0; i < notify->count;) {
		struct turn *turn = free_turn(notify);
		if (turn == NULL)
			return;
		if (is_told(notify, at(notify, i)->key)) {
			i++;
			continue;
		}
		struct news news = *at(notify, i);
		take_out(notify, i);
		if (notify->command.arguments == 0 || !run(notify, turn, &news))
			count_dropped(notify);
	}
}

void
notify_tell(struct notify *notify, const char *key, const char *const *variables)
{
	if (notify->command.arguments == 0)
		return;
	if (notify->count == NOTIFY_QUEUE) {
		take_out(notify, 0);
		count_dropped(notify);
	}
	struct news *news = at(notify, notify->count++);
	size_t len = 0;
	memset(news->key, 0, sizeof(news->key));
	strncpy(news->key, key, sizeof(news->key) - 1);
	for (; *variables != NULL; variables++) {
		size_t size = strlen(*variables) + 1;
		if (size >= sizeof(news->text) - len)
			break; /* no variable is that long, and all together are not */
		memcpy(news->text + len, *variables, size);
		len += size;
	}
	news->text[len] = '\0';
	run_next(notify);
}

bool
notify_busy(const struct notify *notify)
{
	bool busy = notify->count > 0;

	for (unsigned i = 0; i < NOTIFY_AT_ONCE; i++)
		busy = busy || notify->turn[i].order != 0;
	return busy;
}

struct ctl_notified
notify_counters(const struct notify *notify)
{
	return notify->counters;
}

bool
notify_configure(struct notify *notify, const struct conf_command *command)
{
	if (command->arguments > 0 && notify->queue == NULL) {
		notify->queue = calloc(NOTIFY_QUEUE, sizeof(*notify->queue));
		if (notify->queue == NULL) {
			log_err("[notify]: no command will run");
			return false;
		}
	}
	notify->command = *command;
	if (command->arguments == 0)
		notify->count = 0;
	return true;
}

struct notify *
notify_open(struct runner *runner)
{
	struct notify *notify = calloc(1, sizeof(*notify));

	if (notify == NULL)
		return NULL;
	notify->runner = runner;
	/* So that the first complaint is not too soon after a boot. */
	notify->said_s = notify->complained_s = now_s() - QUIET_S;
	for (unsigned i = 0; i < NOTIFY_AT_ONCE; i++)
		notify->turn[i].notify = notify;
	return notify;
}

void
notify_close(struct notify *notify)
{
	if (notify == NULL)
		return;
	for (unsigned i = 0; i < NOTIFY_AT_ONCE; i++)
		if (notify->turn[i].order != 0)
			runner_forget(notify->runner, notify->turn[i].order);
	free(notify->queue);
	free(notify);
}
