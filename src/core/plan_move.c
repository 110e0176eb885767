/* SPDX-License-Identifier: BSD-2-Clause */
/* plan_move.c - servers or addresses come and go: the fewest primaries that move.
 *
 * Balanced are primaries if every server has its share, rounded up or down; LOW and HIGH
 * say between what. A server above HIGH must give, one below LOW must take, and nothing
 * else needs to move. */
#include <string.h>

#include "plan_internal.h"
#include "vlbd/balance.h"

struct shares {
	unsigned have[PLAN_SERVERS]; /* primaries now */
	unsigned low[PLAN_SERVERS], high[PLAN_SERVERS];
	unsigned goal[PLAN_SERVERS];
};

/* HIGH is what the bound allows; only those whom it allows most for their weight may have
 * one less. */
static void
find_shares(const struct plan_request *request, struct shares *shares)
{
	const struct plan_server *server = request->server;
	unsigned top = 0;

	balance_bound(server, request->servers, request->addresses, 0, shares->high);
	while (server[top].weight == 0)
		top++;
	for (unsigned s = top + 1; s < request->servers; s++)
		if (shares->high[s] * server[top].weight >
		    shares->high[top] * server[s].weight)
			top = s;
	for (unsigned s = 0; s < request->servers; s++) {
		bool least =
		    server[s].weight > 0 && shares->high[s] * server[top].weight ==
						shares->high[top] * server[s].weight;
		shares->low[s] = shares->high[s] - least;
	}
}

/* As near to what each has as LOW and HIGH allow, and all addresses in total. */
static void
find_goals(const struct plan_request *request, struct shares *shares)
{
	unsigned total = 0;

	for (unsigned s = 0; s < request->servers; s++) {
		unsigned have = shares->have[s];
		shares->goal[s] = have < shares->low[s]    ? shares->low[s]
				  : have > shares->high[s] ? shares->high[s]
							   : have;
		total += shares->goal[s];
	}
	for (unsigned s = 0; s < request->servers && total < request->addresses; s++)
		if (shares->goal[s] < shares->high[s]) {
			shares->goal[s]++;
			total++;
		}
	for (unsigned s = request->servers; s-- > 0 && total > request->addresses;)
		if (shares->goal[s] > shares->low[s]) {
			shares->goal[s]--;
			total--;
		}
}

static unsigned
fewest_moves(const struct plan_request *request, const struct shares *shares,
    const struct plan_moves *moves)
{
	unsigned give = 0, take = 0, waiting = moves->orphans + moves->added;

	for (unsigned s = 0; s < request->servers; s++) {
		if (shares->have[s] > shares->high[s])
			give += shares->have[s] - shares->high[s];
		if (shares->have[s] < shares->low[s])
			take += shares->low[s] - shares->have[s];
	}
	take = take > waiting ? take - waiting : 0;
	return moves->orphans + (give > take ? give : take);
}

/* Who lacks the most? */
static unsigned
taker(const struct plan_request *request, const struct shares *shares)
{
	unsigned best = 0;
	int most = 0;

	for (unsigned s = 0; s < request->servers; s++) {
		int lacks = (int)shares->goal[s] - (int)shares->have[s];
		if (lacks > most) {
			most = lacks;
			best = s;
		}
	}
	return best;
}

struct plan_moves
plan_move(const struct plan_request *request, uint8_t *primary)
{
	struct plan_moves moves = { 0, 0, 0, 0 };
	struct shares shares;

	memset(&shares, 0, sizeof(shares));
	for (unsigned a = 0; a < request->addresses; a++) {
		if (primary[a] < request->servers)
			shares.have[primary[a]]++;
		else if (primary[a] == PLAN_NONE)
			moves.added++;
		else
			moves.orphans++;
	}
	find_shares(request, &shares);
	find_goals(request, &shares);
	moves.least = fewest_moves(request, &shares, &moves);
	moves.moved = moves.orphans;
	for (unsigned a = request->addresses; a-- > 0;) {
		uint8_t s = primary[a];
		if (s < request->servers && shares.have[s] > shares.goal[s]) {
			primary[a] = PLAN_NONE;
			shares.have[s]--;
			moves.moved++;
		}
	}
	for (unsigned a = 0; a < request->addresses; a++)
		if (primary[a] >= request->servers) {
			primary[a] = (uint8_t)taker(request, &shares);
			shares.have[primary[a]]++;
		}
	return moves;
}
