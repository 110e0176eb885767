/* SPDX-License-Identifier: BSD-2-Clause */
/* score.c - outages, as traffic sees them: an address is out while a router's entry
 * points at nobody who lives and has it. Where there is no router, while nobody has it.
 */
#include "score.h"

#include <inttypes.h>
#include <stdlib.h>

#include "tell.h"
#include "world_internal.h"

enum { LINE = 120 };

struct outage {
	uint64_t total_ns;
	bool out; /* now */
};

struct score {
	unsigned addresses;
	struct outage outage[];
};

struct score *
score_new(const struct world *world)
{
	unsigned addresses = world->conf->addresses;
	struct score *score =
	    calloc(1, sizeof(*score) + addresses * sizeof(score->outage[0]));

	if (score != NULL)
		score->addresses = addresses;
	return score;
}

void
score_free(struct score *score)
{
	free(score);
}

static bool
lives(const struct world_server *server)
{
	return server->power && server->carrier && server->paused_ns == NEVER;
}

static bool
served_by(const struct world *world, unsigned s, unsigned a)
{
	return lives(&world->server[s]) && world->server[s].lease_ns[a] != 0;
}

/* Traffic that router R sends to address A arrives. */
static bool
routed(const struct world *world, unsigned r, unsigned a)
{
	const struct router_entry *entry = &world->router[r].entry[a];
	unsigned s = entry->mac.byte[MAC_LEN - 1] - 1u;

	if (entry->state < ENTRY_REACHABLE || s >= world->conf->servers)
		return false;
	struct mac mac = server_mac(s);
	return mac_equal(&entry->mac, &mac) && served_by(world, s, a);
}

static bool
arrives(const struct world *world, unsigned a)
{
	for (unsigned r = 0; r < world->routers; r++)
		if (!routed(world, r, a))
			return false;
	if (world->routers > 0)
		return true;
	for (unsigned s = 0; s < world->conf->servers; s++)
		if (served_by(world, s, a))
			return true;
	return false;
}

void
score_look(struct score *score, const struct world *world, uint64_t step_ns)
{
	for (unsigned a = 0; a < score->addresses; a++) {
		score->outage[a].out = !arrives(world, a);
		if (score->outage[a].out)
			score->outage[a].total_ns += step_ns;
	}
}

bool
score_in_place(const struct world *world)
{
	for (unsigned a = 0; a < world->conf->addresses; a++) {
		int best = world_best(world, a);
		if (best == CONF_NONE)
			continue;
		if (world_holders(world, a) != UINT64_C(1) << best || !arrives(world, a))
			return false;
	}
	return true;
}

/* --- who serves what ---------------------------------------------------------------- */

static unsigned
gather(const struct world *world, int server, uint64_t set[TELL_SET])
{
	unsigned count = 0;

	for (unsigned i = 0; i < TELL_SET; i++)
		set[i] = 0;
	for (unsigned a = 0; a < world->conf->addresses; a++) {
		bool mine = server == CONF_NONE;
		for (unsigned s = 0; s < world->conf->servers; s++)
			if (server == CONF_NONE)
				mine = mine && !served_by(world, s, a);
			else if ((unsigned)server == s)
				mine = served_by(world, s, a);
		if (!mine)
			continue;
		set[a / 64] |= UINT64_C(1) << a % 64;
		count++;
	}
	return count;
}

static const char *
condition(const struct world_server *server)
{
	if (!server->power)
		return "down";
	if (!server->carrier)
		return "no carrier";
	if (server->engine == NULL)
		return "no daemon";
	if (server->frozen)
		return "frozen";
	return server->leaves ? "drained" : "";
}

static void
print_row(const struct world *world, const char *name, const char *how, unsigned count,
    const uint64_t set[TELL_SET])
{
	char text[LINE];

	printf("  %-10s %-10s %4u  %5.1f%%  %s\n", name, how, count,
	    100.0 * count / world->conf->addresses,
	    tell_addresses(set, world->conf, text, sizeof(text)));
}

void
score_print_servers(const struct world *world)
{
	uint64_t set[TELL_SET];

	printf("  %-10s %-10s addresses, share of the load\n", "server", "");
	for (unsigned s = 0; s < world->conf->servers; s++) {
		unsigned count = gather(world, (int)s, set);
		print_row(world, world->conf->server[s].name,
		    condition(&world->server[s]), count, set);
	}
	unsigned count = gather(world, CONF_NONE, set);
	if (count > 0)
		print_row(world, "(nobody)", "", count, set);
}

/* --- outages ------------------------------------------------------------------------ */

/* The longest outage shorter than BELOW_NS; 0: none. */
static uint64_t
next_outage(const struct score *score, uint64_t below_ns)
{
	uint64_t most_ns = 0;

	for (unsigned a = 0; a < score->addresses; a++)
		if (score->outage[a].total_ns < below_ns &&
		    score->outage[a].total_ns > most_ns)
			most_ns = score->outage[a].total_ns;
	return most_ns;
}

static void
print_group(const struct score *score, const struct world *world, uint64_t outage_ns)
{
	uint64_t set[TELL_SET] = { 0 };
	bool out = false;
	char text[LINE];

	for (unsigned a = 0; a < score->addresses; a++)
		if (score->outage[a].total_ns == outage_ns) {
			set[a / 64] |= UINT64_C(1) << a % 64;
			out = out || score->outage[a].out;
		}
	printf("  %9" PRIu64 "ms  %s%s\n", outage_ns / MS_NS,
	    tell_addresses(set, world->conf, text, sizeof(text)),
	    out ? " (still out)" : "");
}

void
score_print_outages(
    const struct score *score, const struct world *world, uint64_t over_ns)
{
	uint64_t worst_ns = next_outage(score, UINT64_MAX), sum_ns = 0;
	unsigned hit = 0;

	for (unsigned a = 0; a < score->addresses; a++) {
		hit += score->outage[a].total_ns > 0;
		sum_ns += score->outage[a].total_ns;
	}
	if (world->routers == 0)
		printf("outage: how long nobody had the address; the file names no "
		       "router, so what routers\nmake of it is not known\n");
	else
		printf("outage: how long a router sent the address's traffic to nobody "
		       "who has it\n");
	for (uint64_t at_ns = worst_ns; at_ns > 0; at_ns = next_outage(score, at_ns))
		print_group(score, world, at_ns);
	printf("total: %u of %u addresses out, the longest for %" PRIu64
	       "ms; %.3f%% of all traffic in %.1fs\n",
	    hit, score->addresses, worst_ns / MS_NS,
	    100.0 * (double)sum_ns / ((double)over_ns * score->addresses),
	    (double)over_ns / 1e9);
}
