/* SPDX-License-Identifier: BSD-2-Clause */
/* balance.c - the figures of each row, set after set. */
#include "vlbd/balance.h"

#include <limits.h>
#include <string.h>

#include "balance_internal.h"

enum {
	MOST_RACKS = PLAN_SERVERS / 2, /* of two servers and more */
	MOST_ROWS = PLAN_SERVERS + MOST_RACKS + 1,
	STEP_LISTS = 1 << 18 /* lists that one step walks, about */
};

/* What a row is made of. */
struct sums {
	int over; /* load - bound, where it is largest */
	uint64_t draws, served, survivors, worst;
};

struct balance {
	struct balance_request request;
	bool even; /* equal weights */
	unsigned racks;
	uint64_t rack[MOST_RACKS];
	unsigned rows, row;
	struct balance_row figures[MOST_ROWS];
	struct balance_sets sets; /* of the row at hand */
	struct sums sums;
	uint64_t done, total;
	unsigned primaries[PLAN_SERVERS];
	uint32_t
	    first[PLAN_SERVERS + 2]; /* in .by_primary; without any server: the last */
	uint32_t by_primary[];       /* addresses */
};

size_t
balance_memory(const struct balance_request *request)
{
	return sizeof(struct balance) + request->lists.addresses * sizeof(uint32_t);
}

static unsigned
primary_of(const struct balance *balance, unsigned a)
{
	const struct plan_lists *lists = &balance->request.lists;
	unsigned s =
	    lists->tiers > 0 ? lists->server[(size_t)a * lists->tiers] : PLAN_NONE;

	return s < balance->request.servers ? s : PLAN_SERVERS;
}

/* So that only lists need to be walked whose primary is down. */
static void
sort_by_primary(struct balance *balance)
{
	uint32_t at = 0;

	for (unsigned s = 0; s <= PLAN_SERVERS; s++) {
		balance->first[s] = at;
		for (unsigned a = 0; a < balance->request.lists.addresses; a++)
			if (primary_of(balance, a) == s)
				balance->by_primary[at++] = a;
		if (s < PLAN_SERVERS)
			balance->primaries[s] = at - balance->first[s];
	}
	balance->first[PLAN_SERVERS + 1] = at;
}

static void
find_racks(struct balance *balance)
{
	const struct balance_request *request = &balance->request;
	uint64_t everybody = set_of(request->servers);

	for (unsigned rack = 1; rack <= UINT8_MAX; rack++) {
		uint64_t set = 0;
		for (unsigned s = 0; s < request->servers; s++)
			if (request->server[s].rack == rack)
				set |= set_bit(s);
		if ((set & (set - 1)) == 0 || set == everybody)
			continue;
		struct balance_row *row = &balance->figures[balance->rows++];
		row->kind = BALANCE_RACK;
		row->rack = rack;
		row->failures = set_count(set);
		balance->rack[balance->racks++] = set;
	}
}

/* A rack and one server more, where anybody is left then. */
static void
add_rack_and_one(struct balance *balance)
{
	struct balance_row *row = &balance->figures[balance->rows];
	unsigned most = 0;

	for (unsigned r = 0; r < balance->racks; r++) {
		unsigned size = set_count(balance->rack[r]);
		if (size > most)
			most = size;
	}
	if (balance->racks == 0 || most + 1 >= balance->request.servers)
		return;
	row->kind = BALANCE_RACK_AND_ONE;
	row->failures = most + 1;
	balance->rows++;
}

static void
begin_sets(struct balance *balance, unsigned row, struct balance_sets *sets)
{
	const struct balance_row *figures = &balance->figures[row];
	bool one = figures->kind == BALANCE_RACK;

	memset(sets, 0, sizeof(*sets));
	sets->kind = figures->kind;
	sets->servers = balance->request.servers;
	sets->failures = figures->failures;
	sets->lists = &balance->request.lists;
	sets->rack = balance->rack;
	if (one)
		sets->rack += row - (balance->request.failures + 1);
	sets->racks = one ? 1 : balance->racks;
	balance_sets_begin(
	    sets, figures->kind == BALANCE_SERVERS ? balance->request.budget : 0);
}

static void
begin_row(struct balance *balance)
{
	balance->sums = (struct sums){ .over = INT_MIN };
	begin_sets(balance, balance->row, &balance->sets);
}

struct balance *
balance_begin(void *memory, const struct balance_request *request)
{
	struct balance *balance = memory;
	struct balance_request *own = &balance->request;

	memset(balance, 0, sizeof(*balance));
	*own = *request;
	if (own->failures >= own->servers)
		own->failures = own->servers - 1;
	balance->even = true;
	for (unsigned s = 1; s < own->servers; s++)
		if (own->server[s].weight != own->server[0].weight)
			balance->even = false;
	for (unsigned f = 0; f <= own->failures; f++)
		balance->figures[balance->rows++].failures = f;
	find_racks(balance);
	add_rack_and_one(balance);
	sort_by_primary(balance);
	for (unsigned row = 0; row < balance->rows; row++) {
		struct balance_sets sets;
		begin_sets(balance, row, &sets);
		balance->figures[row].of = sets.of;
		balance->figures[row].sampled = sets.tries < sets.of;
		balance->total += sets.tries;
	}
	begin_row(balance);
	return balance;
}

/* As balance_load(), but walks only the lists of primaries that are down. */
static unsigned
quick_load(struct balance *balance, uint64_t failed, unsigned load[PLAN_SERVERS])
{
	const struct plan_lists *lists = &balance->request.lists;
	unsigned n = balance->request.servers;
	unsigned unserved =
	    balance->first[PLAN_SERVERS + 1] - balance->first[PLAN_SERVERS];

	memcpy(load, balance->primaries, sizeof(balance->primaries));
	for (uint64_t left = failed; left != 0; left &= left - 1) {
		unsigned down = set_first(left);
		load[down] = 0;
		for (uint32_t i = balance->first[down]; i < balance->first[down + 1];
		     i++) {
			const uint8_t *list =
			    lists->server + (size_t)balance->by_primary[i] * lists->tiers;
			unsigned t = 1;
			while (
			    t < lists->tiers && list[t] < n && set_has(failed, list[t]))
				t++;
			if (t < lists->tiers && list[t] < n)
				load[list[t]]++;
			else
				unserved++;
		}
	}
	return unserved;
}

static void
bounds(const struct balance *balance, uint64_t failed, unsigned bound[PLAN_SERVERS])
{
	const struct balance_request *request = &balance->request;
	unsigned left = request->servers - set_count(failed);

	if (!balance->even) {
		balance_bound(request->server, request->servers, request->lists.addresses,
		    failed, bound);
		return;
	}
	for (unsigned s = 0; s < request->servers; s++)
		bound[s] = (request->lists.addresses + left - 1) / left;
}

/* The loads of one set go into the row. */
static void
count_set(struct balance *balance, uint64_t failed, bool drawn)
{
	struct balance_row *row = &balance->figures[balance->row];
	unsigned load[PLAN_SERVERS], bound[PLAN_SERVERS], worst = 0;
	unsigned n = balance->request.servers;
	unsigned unserved = quick_load(balance, failed, load);

	bounds(balance, failed, bound);
	for (unsigned s = 0; s < n; s++) {
		int over = (int)load[s] - (int)bound[s];
		if (set_has(failed, s))
			continue;
		if (load[s] > worst)
			worst = load[s];
		if (over <= balance->sums.over)
			continue;
		balance->sums.over = over;
		row->excess = over > 0 ? (unsigned)over : 0;
		row->load = load[s];
		row->bound = bound[s];
		row->server = s;
		row->failed = failed;
	}
	if (worst > row->worst)
		row->worst = worst;
	if (unserved > row->unserved) {
		row->unserved = unserved;
		row->unserved_set = failed;
	}
	row->sets++;
	if (!drawn)
		return;
	balance->sums.draws++;
	balance->sums.served += balance->request.lists.addresses - unserved;
	balance->sums.survivors += n - set_count(failed);
	balance->sums.worst += worst;
}

static void
end_row(struct balance *balance)
{
	struct balance_row *row = &balance->figures[balance->row];
	const struct sums *sums = &balance->sums;

	if (sums->draws > 0) {
		row->mean_milli = (unsigned)(sums->served * 1000 / sums->survivors);
		row->mean_worst_milli = (unsigned)(sums->worst * 1000 / sums->draws);
	}
	if (++balance->row < balance->rows)
		begin_row(balance);
}

bool
balance_step(struct balance *balance)
{
	unsigned lists = balance->request.lists.addresses + balance->request.servers;

	for (unsigned work = 0; work < STEP_LISTS && balance->row < balance->rows;
	     work += lists) {
		uint64_t failed;
		bool drawn;
		if (balance_sets_next(&balance->sets, &failed, &drawn)) {
			count_set(balance, failed, drawn);
			balance->done++;
		} else {
			end_row(balance);
		}
	}
	return balance->row < balance->rows;
}

unsigned
balance_permille(const struct balance *balance)
{
	return (unsigned)(balance->done / (balance->total / 1000 + 1) < 999 &&
				  balance->row < balance->rows
			      ? balance->done / (balance->total / 1000 + 1)
			  : balance->row < balance->rows ? 999
							 : 1000);
}

unsigned
balance_rows(const struct balance *balance)
{
	return balance->rows;
}

const struct balance_row *
balance_row(const struct balance *balance, unsigned row)
{
	return &balance->figures[row];
}
