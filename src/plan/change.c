/* SPDX-License-Identifier: BSD-2-Clause */
/* change.c - from one cluster to another with the fewest moves.
 *
 * An address whose primary stays where it is moves no traffic; deeper tiers may change at
 * will while nobody has failed. The address of a server that goes is best left with the
 * one that takes it over anyway: then it moves once, when the server stops, and not again
 * when the new lists come. */
#include "change.h"

#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "load.h"
#include "planning.h"

enum { ITEM = 3 * CONF_NAME, ENOUGH_FAILURES = 3, ENOUGH_SETS = 50000 };

/* --- the servers -------------------------------------------------------------------- */

static int
find_server(const struct conf *conf, const char *name)
{
	int s = conf_server_by_name(conf, name);

	if (s == CONF_NONE)
		usage_error("--remove: there is no server %s in the file; write one of "
			    "its servers",
		    name);
	return s;
}

/* Take server S out of CONF; the lists are the caller's to mend. */
static void
drop_server(struct conf *conf, unsigned s)
{
	conf->servers--;
	memmove(&conf->server[s], &conf->server[s + 1],
	    (conf->servers - s) * sizeof conf->server[0]);
}

static int
remove_servers(struct change *change, const struct options *options)
{
	char item[ITEM];
	const char *rest = NULL;
	unsigned at = 0;

	while (words_next(&options->removes, &at, &rest, item, sizeof item)) {
		int s = find_server(change->after, item);
		if (s == CONF_NONE)
			return EXIT_USAGE;
		drop_server(change->after, (unsigned)s);
		change->removed++;
	}
	return 0;
}

static int
add_servers(struct change *change, const struct options *options)
{
	char item[ITEM];
	const char *rest = NULL;
	unsigned at = 0;
	int status;

	while (words_next(&options->adds, &at, &rest, item, sizeof item)) {
		char *mac = strchr(item, '=');
		if (mac != NULL)
			*mac++ = '\0';
		if ((status = cluster_add_server(change->after, "add", item)) != 0)
			return status;
		if (conf_server_by_name(change->before, item) != CONF_NONE)
			return usage_error("--add: %s is removed by the same command; do "
					   "one after the other",
			    item);
		change->added++;
		if (mac != NULL && (status = cluster_add_mac(change->after,
					change->after->servers - 1, "--add", mac)) != 0)
			return status;
	}
	return 0;
}

/* --- the addresses ------------------------------------------------------------------ */

/* The addresses of the file and those of AFTER, which become those of AFTER. */
static int
merge_addresses(struct change *change)
{
	const struct conf *old = change->before;
	struct conf *new = change->after;
	struct conf_address *all =
	    calloc((size_t)old->addresses + new->addresses, sizeof *all);
	char text[IP_TEXT];
	unsigned count = 0;
	int status = 0;

	if (all == NULL)
		return run_error("out of memory");
	for (unsigned a = 0, b = 0; a < old->addresses || b < new->addresses;) {
		int order = a == old->addresses ? 1
			    : b == new->addresses
				? -1
				: ip_compare(&old->address[a].ip, &new->address[b].ip);
		if (order == 0) {
			status = usage_error(
			    "--addresses: the file has %s already; add others",
			    ip_format(&old->address[a].ip, text));
			goto out;
		}
		all[count++].ip = order < 0 ? old->address[a++].ip : new->address[b++].ip;
	}
	if (count > CONF_ADDRESSES) {
		status = usage_error("--addresses: more than %d addresses in all; add "
				     "fewer",
		    CONF_ADDRESSES);
		goto out;
	}
	memcpy(new->address, all, count * sizeof *all);
	new->addresses = count;
out:
	free(all);
	return status;
}

/* --addresses says which there shall be; with "+" in front it adds to those of the file.
 */
static int
set_addresses(struct change *change, const struct options *options)
{
	struct options copy = *options;
	struct words *words = &copy.addresses;
	unsigned adding = 0;
	int status;

	if (words->count == 0)
		return 0;
	for (unsigned i = 0; i < words->count; i++)
		if (*words->word[i] == '+') {
			words->word[i]++;
			adding++;
		}
	if (adding != 0 && adding != words->count)
		return usage_error("--addresses: write + in front of each list, to add "
				   "them all, or of none");
	status = cluster_set_addresses(change->after, &copy);
	return status == 0 && adding > 0 ? merge_addresses(change) : status;
}

/* --- the lists ---------------------------------------------------------------------- */

static int
index_after(const struct change *change, unsigned old)
{
	return conf_server_by_name(change->after, change->before->server[old].name);
}

/* Who would have the address if those who go were down: an index of AFTER, or PLAN_GONE.
 */
static uint8_t
heir_of(const struct change *change, const struct conf_address *old)
{
	for (unsigned tier = 0; tier < old->tiers; tier++) {
		int s = index_after(change, old->server[tier]);
		if (s != CONF_NONE)
			return (uint8_t)s;
	}
	return PLAN_GONE;
}

/* Each address's primary now, as plan_move() wants it. HEIRS: orphans count as being with
 * their heir already. */
static void
old_primaries(const struct change *change, bool heirs, uint8_t *primary)
{
	for (unsigned a = 0; a < change->after->addresses; a++) {
		int old =
		    conf_address_by_ip(change->before, &change->after->address[a].ip);
		if (old == CONF_NONE) {
			primary[a] = PLAN_NONE;
			continue;
		}
		const struct conf_address *address = &change->before->address[old];
		int s = index_after(change, address->server[0]);
		if (s != CONF_NONE)
			primary[a] = (uint8_t)s;
		else
			primary[a] = heirs ? heir_of(change, address) : PLAN_GONE;
	}
}

/* How many addresses that stay have another primary than now. */
static unsigned
count_moved(const struct change *change, const uint8_t *now, const uint8_t *then)
{
	unsigned moved = 0;

	for (unsigned a = 0; a < change->after->addresses; a++)
		moved += now[a] != PLAN_NONE && now[a] != then[a];
	return moved;
}

/* Primaries for AFTER into PRIMARY, and what that moves into CHANGE. */
static void
choose_primaries(
    struct change *change, const struct plan_request *request, uint8_t *primary)
{
	static uint8_t now[CONF_ADDRESSES], heirs[CONF_ADDRESSES];

	old_primaries(change, false, now);
	memcpy(primary, now, request->addresses);
	struct plan_moves moves = plan_move(request, primary);
	change->moved = count_moved(change, now, primary);
	change->orphaned = moves.orphans;
	change->least = moves.least;

	/* The heirs' way, where it costs no move. */
	old_primaries(change, true, heirs);
	plan_move(request, heirs);
	if (count_moved(change, now, heirs) <= change->moved)
		memcpy(primary, heirs, request->addresses);
}

static void
count_lists(struct change *change)
{
	for (unsigned a = 0; a < change->after->addresses; a++) {
		const struct conf_address *is = &change->after->address[a];
		int old = conf_address_by_ip(change->before, &is->ip);
		if (old == CONF_NONE) {
			change->new_addresses++;
			continue;
		}
		const struct conf_address *was = &change->before->address[old];
		if (index_after(change, was->server[0]) != is->server[0])
			continue;
		bool same = is->tiers == was->tiers;
		for (unsigned tier = 0; same && tier < is->tiers; tier++)
			same = index_after(change, was->server[tier]) == is->server[tier];
		change->deeper += !same;
	}
	change->dropped =
	    change->before->addresses + change->new_addresses - change->after->addresses;
}

static unsigned
depth_of(const struct conf *conf)
{
	unsigned depth = 0;

	for (unsigned a = 0; a < conf->addresses; a++)
		if (conf->address[a].tiers > depth)
			depth = conf->address[a].tiers;
	return depth;
}

/* --tiers; else all if the file has all, else as many as it has. */
static int
choose_tiers(const struct change *change, const struct options *options, unsigned *tiers)
{
	unsigned depth = depth_of(change->before);
	int status = cluster_tiers(change->after, options, tiers);

	if (status != 0 || options->tiers != NULL)
		return status;
	if (depth < change->before->servers || *tiers < change->after->servers)
		*tiers = depth < 2 ? 2 : depth;
	if (*tiers > change->after->servers)
		*tiers = change->after->servers;
	return 0;
}

/* --- is a change worth it? ---------------------------------------------------------- */

/* The same servers, weights, racks and addresses, in lists as long. */
static bool
is_alike(const struct change *change, unsigned tiers)
{
	const struct conf *a = change->before, *b = change->after;

	if (a->servers != b->servers || a->addresses != b->addresses)
		return false;
	for (unsigned s = 0; s < a->servers; s++)
		if (strcmp(a->server[s].name, b->server[s].name) != 0 ||
		    a->server[s].weight != b->server[s].weight ||
		    strcmp(a->server[s].rack, b->server[s].rack) != 0)
			return false;
	for (unsigned i = 0; i < a->addresses; i++)
		if (!ip_equal(&a->address[i].ip, &b->address[i].ip) ||
		    a->address[i].tiers != tiers)
			return false;
	return true;
}

/* The lists of BEFORE are no worse than those of AFTER after up to three failures and the
 * loss of a rack. Then to change them would only be a change. */
static bool
is_as_good(const struct change *change)
{
	unsigned rows, more_rows;
	struct balance_row *old =
	    planning_balance(change->before, ENOUGH_FAILURES, ENOUGH_SETS, &rows);
	struct balance_row *new =
	    planning_balance(change->after, ENOUGH_FAILURES, ENOUGH_SETS, &more_rows);
	bool good = old != NULL && new != NULL &&rows == more_rows;

	for (unsigned i = 0; good && i < rows; i++)
		good =
		    old[i].excess <= new[i].excess &&old[i].unserved <= new[i].unserved;
	free(old);
	free(new);
	return good;
}

static int
make_lists(struct change *change, const struct options *options)
{
	struct conf *after = change->after;
	struct plan_request request = { .servers = after->servers,
		.addresses = after->addresses };
	static uint8_t primary[CONF_ADDRESSES];
	struct racks racks;
	int status = choose_tiers(change, options, &request.tiers);

	if (status != 0)
		return status;
	if (after->addresses < after->servers)
		return usage_error(
		    "%u addresses for %u servers leave some without; add --addresses "
		    "with %u more at least, or fewer servers",
		    after->addresses, after->servers, after->servers - after->addresses);
	planning_servers(after, request.server, &racks);
	enum plan_verdict verdict = plan_check(&request);
	if (verdict != PLAN_OK)
		return usage_error("%s", plan_verdict_text(verdict));
	choose_primaries(change, &request, primary);
	bool alike = is_alike(change, request.tiers);
	status = planning_lists(after, request.tiers, primary);
	if (status != 0)
		return status;
	if (alike && change->moved == 0 && is_as_good(change))
		memcpy(after->address, change->before->address,
		    after->addresses * sizeof after->address[0]);
	count_lists(change);
	return 0;
}

int
change_make(struct change *change, const struct options *options, char *text, size_t size)
{
	FILE *file = fmemopen(text, size > 0 ? size : 1, "r");
	int status = 0;

	*change = (struct change){ .before = calloc(1, sizeof *change->before),
		.after = calloc(1, sizeof *change->after) };
	if (change->before == NULL || change->after == NULL || file == NULL)
		status = run_error("out of memory");
	else if (load_stream(file, options->config, true, change->before) != 0)
		status = EXIT_FILE_WRONG;
	if (file != NULL)
		fclose(file);
	if (status != 0)
		return status;
	*change->after = *change->before;
	/* A plan that is made anew from [plan] moves most primaries; lists need not. */
	change->after->planned = 0;
	if ((status = remove_servers(change, options)) != 0 ||
	    (status = add_servers(change, options)) != 0 ||
	    (status = cluster_set_servers(change->after, options)) != 0 ||
	    (status = set_addresses(change, options)) != 0 ||
	    (status = network_check(change->after, options)) != 0)
		return status;
	return make_lists(change, options);
}

void
change_free(struct change *change)
{
	free(change->before);
	free(change->after);
}
