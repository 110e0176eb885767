/* SPDX-License-Identifier: BSD-2-Clause */
/* routes_deal.c - one set of addresses for each part of an external range.
 *
 * The clients of a service use one external address, hence one part, hence one set of
 * failover addresses. So each set must be a little plan of its own: every server has its
 * share of it, and what a server serves there falls to different servers when it dies.
 *
 * The addresses of each server are dealt out in turn, as cards are: no part gets two
 * more of them than another. Which part gets which card is decided by the deeper tiers:
 * the one where the secondary would have least to do, then the one that has the fewest
 * with the same tertiary. */
#include "routes.h"

/* What a part holds already that is like the address to be dealt. Less is better. */
struct likeness {
	unsigned primary;  /* of the same server */
	unsigned inherits; /* what its secondary has to do there, once that is down */
	unsigned third; /* the same first two, in either order, and the same tertiary */
	unsigned size;
};

/* Whether both lists begin with the same two servers, in whatever order. */
static bool
same_pair(const struct conf_address *a, const struct conf_address *b)
{
	return (a->server[0] == b->server[0] && a->server[1] == b->server[1]) ||
	       (a->server[0] == b->server[1] && a->server[1] == b->server[0]);
}

static void
add_likeness(struct likeness *sum, const struct conf_address *one,
    const struct conf_address *other)
{
	bool primary = one->server[0] == other->server[0];
	bool two = one->tiers > 1 && other->tiers > 1;

	sum->size++;
	sum->primary += primary;
	if (!two)
		return;
	sum->inherits += one->server[1] == other->server[0] ||
			 (primary && one->server[1] == other->server[1]);
	if (one->tiers > 2 && other->tiers > 2)
		sum->third += same_pair(one, other) && one->server[2] == other->server[2];
}

/* The addresses by their lists: those of a server stand together. */
static int
compare_lists(const struct conf_address *a, const struct conf_address *b)
{
	unsigned both = a->tiers < b->tiers ? a->tiers : b->tiers;

	for (unsigned t = 0; t < both; t++)
		if (a->server[t] != b->server[t])
			return a->server[t] < b->server[t] ? -1 : 1;
	return 0;
}

static void
sort_addresses(const struct conf *conf, uint16_t order[CONF_ADDRESSES])
{
	/* Shell's sort, with the gaps (3^k - 1) / 2; equal lists by number. */
	for (unsigned a = 0; a < conf->addresses; a++)
		order[a] = (uint16_t)a;
	for (unsigned gap = 1093; gap > 0; gap /= 3)
		for (unsigned i = gap; i < conf->addresses; i++) {
			uint16_t card = order[i];
			unsigned at = i;
			for (; at >= gap; at -= gap) {
				uint16_t below = order[at - gap];
				int sign = compare_lists(
				    &conf->address[below], &conf->address[card]);
				if (sign < 0 || (sign == 0 && below < card))
					break;
				order[at] = below;
			}
			order[at] = card;
		}
}

/* Whether A is a better place than B. In a server's last round, where not every part
 * gets a card, the small parts get them, so that all end with the same size. */
static bool
better(const struct likeness *a, const struct likeness *b, bool last_round)
{
	if (a->primary != b->primary)
		return a->primary < b->primary;
	if (last_round && a->size != b->size)
		return a->size < b->size;
	if (a->inherits != b->inherits)
		return a->inherits < b->inherits;
	if (a->third != b->third)
		return a->third < b->third;
	return a->size < b->size;
}

static bool
in_last_round(const struct conf *conf, const uint16_t *order, unsigned i, unsigned parts)
{
	unsigned primary = conf->address[order[i]].server[0];
	unsigned first = i, end = i;

	while (first > 0 && conf->address[order[first - 1]].server[0] == primary)
		first--;
	while (end < conf->addresses && conf->address[order[end]].server[0] == primary)
		end++;
	return (i - first) / parts == (end - first) / parts;
}

void
routes_deal(const struct conf *conf, unsigned parts, uint8_t part[CONF_ADDRESSES])
{
	static uint16_t order[CONF_ADDRESSES];

	sort_addresses(conf, order);
	for (unsigned i = 0; i < conf->addresses; i++) {
		struct likeness likeness[ROUTES_PARTS] = { 0 };
		const struct conf_address *card = &conf->address[order[i]];
		bool last = in_last_round(conf, order, i, parts);
		unsigned best = 0;

		for (unsigned j = 0; j < i; j++)
			add_likeness(
			    &likeness[part[order[j]]], card, &conf->address[order[j]]);
		for (unsigned p = 1; p < parts; p++)
			if (better(&likeness[p], &likeness[best], last))
				best = p;
		part[order[i]] = (uint8_t)best;
	}
}

unsigned
routes_load(const struct conf *conf, const uint8_t *part_of, unsigned part, int dead,
    unsigned server)
{
	unsigned load = 0;

	for (unsigned a = 0; a < conf->addresses; a++) {
		const struct conf_address *address = &conf->address[a];
		unsigned tier = 0;

		if (part_of[a] != part)
			continue;
		if (tier < address->tiers && address->server[tier] == dead)
			tier++;
		load += tier < address->tiers && address->server[tier] == server;
	}
	return load;
}
