/* SPDX-License-Identifier: BSD-2-Clause */
/* model.c - a snapshot, taken apart: lines of words with tabs between them. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = 8 };

/* Cut LINE into words; those that are missing are empty. */
static unsigned
cut(char *line, char *word[WORDS])
{
	static char nothing[1];
	unsigned count = 0;
	char *at = line;

	while (at != NULL && count < WORDS)
		word[count++] = strsep(&at, "\t");
	for (unsigned i = count; i < WORDS; i++)
		word[i] = nothing;
	return count;
}

static void
read_self(struct model *model, char *word[WORDS])
{
	model->self = word[1];
	model->cluster = word[2];
	model->interface = word[3];
	model->standing = word[4];
	model->drain_persists = strcmp(word[5], "persists") == 0;
	model->routers = (unsigned)strtoul(word[6], NULL, 10);
}

static bool
read_server(struct model *model, char *word[WORDS])
{
	if (model->servers == MODEL_SERVERS)
		return false;
	model->server[model->servers++] = (struct model_server){
		.name = word[1],
		.state = word[2],
		.silence_ms = word[3][0] == '-' ? MODEL_NONE : strtol(word[3], NULL, 10),
		.addresses = (unsigned)strtoul(word[4], NULL, 10),
		.unhealthy = strcmp(word[5], "unhealthy") == 0,
	};
	return true;
}

/* One more element, in steps of powers of two. NULL: out of memory. */
static void *
one_more(void *array, unsigned count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return array;
	return realloc(array, (count == 0 ? 1 : 2 * (size_t)count) * size);
}

static bool
read_address(struct model *model, char *word[WORDS])
{
	struct model_address *more =
	    one_more(model->address, model->addresses, sizeof(*more));
	if (more == NULL)
		return false;
	model->address = more;
	struct model_address *address = &more[model->addresses++];
	*address = (struct model_address){
		.address = word[1],
		.owner = (int)strtol(word[2], NULL, 10),
		.state = word[3],
		.confirmed = strcmp(word[4], "confirmed") == 0,
	};
	if (address->owner < 0 || address->owner >= (int)model->servers)
		address->owner = MODEL_NONE;
	unsigned char tier = 0;
	for (char *at = word[5]; at != NULL && *at != '\0';) {
		unsigned long server = strtoul(strsep(&at, ","), NULL, 10);
		if (server < MODEL_SERVERS)
			address->tier[server] = ++tier;
	}
	return true;
}

static bool
read_event(struct model *model, char *word[WORDS])
{
	struct model_event *more = one_more(model->event, model->events, sizeof(*more));

	if (more == NULL)
		return false;
	model->event = more;
	more[model->events++] = (struct model_event){
		.at = (time_t)(strtoull(word[1], NULL, 10) / 1000),
		.level = (int)strtol(word[2], NULL, 10),
		.text = word[3],
	};
	return true;
}

bool
model_read(struct model *model, char *snapshot)
{
	char *word[WORDS], *at = snapshot;
	bool good = true, end = false;

	*model = (struct model){ 0 };
	while (good && !end && at != NULL) {
		cut(strsep(&at, "\n"), word);
		if (strcmp(word[0], "self") == 0)
			read_self(model, word);
		else if (strcmp(word[0], "server") == 0)
			good = read_server(model, word);
		else if (strcmp(word[0], "address") == 0)
			good = read_address(model, word);
		else if (strcmp(word[0], "event") == 0)
			good = read_event(model, word);
		else
			end = strcmp(word[0], "end") == 0;
	}
	return good && end && model->self != NULL;
}

void
model_free(struct model *model)
{
	free(model->address);
	free(model->event);
	*model = (struct model){ 0 };
}
