/* SPDX-License-Identifier: BSD-2-Clause */
/* balance.c - the figures, set after set. */
#include "vlbd/balance.h"

#include <string.h>

struct balance {
	struct balance_request request;
	struct balance_row row[PLAN_SERVERS];
	unsigned done;
};

size_t
balance_memory(const struct balance_request *request)
{
	(void)request;
	return sizeof(struct balance);
}

struct balance *
balance_begin(void *memory, const struct balance_request *request)
{
	struct balance *balance = memory;

	memset(balance, 0, sizeof(*balance));
	balance->request = *request;
	return balance;
}

bool
balance_step(struct balance *balance)
{
	unsigned load[PLAN_SERVERS], n = balance->request.servers;
	struct balance_row *row = &balance->row[balance->done];
	uint64_t failed = (UINT64_C(1) << balance->done) - 1;

	row->kind = BALANCE_SERVERS;
	row->failures = balance->done;
	row->failed = failed;
	row->sets = row->of = 1;
	row->unserved = balance_load(&balance->request.lists, n, failed, load);
	for (unsigned s = 0; s < n; s++)
		if (load[s] > row->worst)
			row->worst = load[s];
	return ++balance->done <= balance->request.failures;
}

unsigned
balance_permille(const struct balance *balance)
{
	return balance->done * 1000 / (balance->request.failures + 1);
}

unsigned
balance_rows(const struct balance *balance)
{
	return balance->request.failures + 1;
}

const struct balance_row *
balance_row(const struct balance *balance, unsigned row)
{
	return &balance->row[row];
}
