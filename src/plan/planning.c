/* SPDX-License-Identifier: BSD-2-Clause */
/* planning.c - the planner and the proof, run on a struct conf. */
#include "planning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "progress.h"

void
planning_servers(
    const struct conf *conf, struct plan_server out[PLAN_SERVERS], struct racks *racks)
{
	*racks = (struct racks){ .count = 0 };
	for (unsigned s = 0; s < conf->servers; s++) {
		const struct conf_server *server = &conf->server[s];
		unsigned rack = 0;

		if (*server->rack != '\0') {
			rack = 1;
			while (rack <= racks->count &&
			       strcmp(racks->name[rack], server->rack) != 0)
				rack++;
			racks->name[rack] = server->rack;
			if (rack > racks->count)
				racks->count = rack;
		}
		out[s] = (struct plan_server){ .weight = (uint16_t)server->weight,
			.rack = (uint8_t)rack };
	}
}

int
planning_lists(struct conf *conf, unsigned tiers, const uint8_t *primary)
{
	struct plan_request request;
	struct progress progress = PROGRESS("planning");

	/* As the daemon does for [plan], so that the lists are the same. */
	conf_plan_request(conf, &request);
	request.tiers = tiers;
	request.primary = primary;
	enum plan_verdict verdict = plan_check(&request);
	if (verdict != PLAN_OK)
		return usage_error("%s", plan_verdict_text(verdict));

	void *memory = malloc(plan_memory(&request));
	if (memory == NULL)
		return run_error("out of memory");
	struct plan *plan = plan_begin(memory, &request);
	while (plan_step(plan))
		progress_show(&progress, plan_permille(plan));
	progress_end(&progress);
	struct plan_lists lists = plan_lists(plan);
	conf_plan_take(conf, &lists);
	free(memory);
	return 0;
}

unsigned
planning_rack_mates(const struct conf *conf)
{
	unsigned count = 0;

	for (unsigned a = 0; a < conf->addresses; a++) {
		const struct conf_address *address = &conf->address[a];
		if (address->tiers < 2)
			continue;
		const char *first = conf->server[address->server[0]].rack;
		count += *first != '\0' &&
			 strcmp(first, conf->server[address->server[1]].rack) == 0;
	}
	return count;
}

struct plan_lists
planning_rows(const struct conf *conf, uint8_t **memory)
{
	struct plan_lists lists = { .addresses = conf->addresses, .tiers = 1 };

	for (unsigned a = 0; a < conf->addresses; a++)
		if (conf->address[a].tiers > lists.tiers)
			lists.tiers = conf->address[a].tiers;
	*memory = malloc((size_t)lists.addresses * lists.tiers);
	if (*memory == NULL) {
		run_error("out of memory");
		return lists;
	}
	memset(*memory, PLAN_NONE, (size_t)lists.addresses * lists.tiers);
	for (unsigned a = 0; a < conf->addresses; a++)
		memcpy(*memory + (size_t)a * lists.tiers, conf->address[a].server,
		    conf->address[a].tiers);
	lists.server = *memory;
	return lists;
}

static struct balance_row *
copy_rows(const struct balance *balance, unsigned *rows)
{
	*rows = balance_rows(balance);
	struct balance_row *copy = calloc(*rows, sizeof *copy);

	if (copy == NULL) {
		run_error("out of memory");
		return NULL;
	}
	for (unsigned i = 0; i < *rows; i++)
		copy[i] = *balance_row(balance, i);
	return copy;
}

struct balance_row *
planning_balance(
    const struct conf *conf, unsigned failures, uint64_t budget, unsigned *rows)
{
	struct balance_request request = { .servers = conf->servers,
		.failures = failures < conf->servers ? failures : conf->servers - 1,
		.budget = budget };
	struct progress progress = PROGRESS("checking");
	struct balance_row *result = NULL;
	struct racks racks;
	uint8_t *entries;

	planning_servers(conf, request.server, &racks);
	request.lists = planning_rows(conf, &entries);
	if (entries == NULL)
		return NULL;
	void *memory = malloc(balance_memory(&request));
	if (memory == NULL) {
		run_error("out of memory");
	} else {
		struct balance *balance = balance_begin(memory, &request);
		while (balance_step(balance))
			progress_show(&progress, balance_permille(balance));
		progress_end(&progress);
		result = copy_rows(balance, rows);
	}
	free(memory);
	free(entries);
	return result;
}
