/* SPDX-License-Identifier: BSD-2-Clause */
/* plan_hash.c - one number out of many plans and their balances, for check_plan_same.sh.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vlbd/balance.h"

enum { REQUESTS = 20 };

static uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

static void
mix(uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x100000001b3);
}

static unsigned
roll(unsigned sides)
{
	static uint32_t dice = 5;

	dice = dice * 1664525 + 1013904223;
	return (dice >> 16) % sides;
}

static void *
memory_of(size_t size)
{
	void *memory = malloc(size);

	if (memory == NULL)
		abort();
	return memory;
}

/* One is large; half have weights; a third have racks. */
static void
ask(struct plan_request *request, unsigned i)
{
	unsigned n = 2 + roll(i == 7 ? 40 : 8);

	memset(request, 0, sizeof(*request));
	request->servers = n;
	request->tiers = n > 12 ? 4 : n;
	request->addresses = n + roll(100);
	for (unsigned s = 0; s < n; s++) {
		request->server[s].weight = (uint16_t)(i % 2 ? 1 : 1 + roll(9));
		request->server[s].rack = (uint8_t)(i % 3 ? 0 : roll(4));
	}
}

static void
mix_balance(const struct plan_request *request, const struct plan_lists *lists)
{
	struct balance_request look = {
		.servers = request->servers, .lists = *lists, .failures = 9, .budget = 500
	};

	memcpy(look.server, request->server, sizeof(look.server));
	void *memory = memory_of(balance_memory(&look));
	struct balance *balance = balance_begin(memory, &look);
	while (balance_step(balance))
		;
	for (unsigned i = 0; i < balance_rows(balance); i++) {
		const struct balance_row *row = balance_row(balance, i);
		mix(row->failed);
		mix(row->excess);
		mix(row->mean_worst_milli);
	}
	free(memory);
}

int
main(void)
{
	for (unsigned i = 0; i < REQUESTS; i++) {
		struct plan_request request;
		ask(&request, i);
		void *memory = memory_of(plan_memory(&request));
		struct plan *plan = plan_begin(memory, &request);
		while (plan_step(plan))
			;
		struct plan_lists lists = plan_lists(plan);
		for (size_t e = 0; e < (size_t)lists.addresses * lists.tiers; e++)
			mix(lists.server[e]);
		mix_balance(&request, &lists);
		free(memory);
	}
	printf("%016" PRIx64 "\n", hash);
	return 0;
}
