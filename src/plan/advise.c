/* SPDX-License-Identifier: BSD-2-Clause */
/* advise.c - `vlbplan --advise': how many addresses, and why. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "commands.h"
#include "load.h"
#include "vlbd/plan.h"

/* How many servers: "10", "A,B,C" or those of a file. CONF gets those that are named. */
static int
count_servers(const struct options *options, struct conf *conf, unsigned *servers)
{
	char item[2 * CONF_NAME];
	const char *rest = NULL;
	unsigned at = 0;
	int status = 0;

	if (options->config != NULL && load_draft(options->config, conf) != 0)
		return EXIT_FILE_WRONG;
	while (
	    status == 0 && words_next(&options->servers, &at, &rest, item, sizeof item))
		status = cluster_add_server(conf, "servers", item);
	*servers = conf->servers;
	if (options->servers.count == 1 &&
	    word_number(options->servers.word[0], UINT16_MAX, servers)) {
		conf->servers = 0; /* only a number of them */
		status = 0;
	}
	if (status != 0)
		return status;
	if (*servers < 2 || *servers > PLAN_SERVERS)
		return usage_error("--servers: advice is for 2 to %d servers; write so "
				   "many names, or --servers and the number",
		    PLAN_SERVERS);
	return cluster_set_servers(conf, options);
}

/* What the servers have in common: the weight; the number of servers in each rack, 0 if
 * that differs, or is one, or all. */
static bool
same_weight(const struct conf *conf)
{
	for (unsigned s = 1; s < conf->servers; s++)
		if (conf->server[s].weight != conf->server[0].weight)
			return false;
	return true;
}

static unsigned
rack_size(const struct conf *conf)
{
	unsigned size = 0;

	for (unsigned s = 0; s < conf->servers; s++) {
		unsigned mates = 0;
		for (unsigned other = 0; other < conf->servers; other++)
			mates +=
			    *conf->server[s].rack != '\0' &&
			    strcmp(conf->server[s].rack, conf->server[other].rack) == 0;
		if (mates < 2 || mates == conf->servers || (size != 0 && mates != size))
			return 0;
		size = mates;
	}
	return size;
}

static void
print_notes(const struct conf *conf, unsigned paths)
{
	unsigned size = rack_size(conf),
		 addresses = conf->servers * (conf->servers - size);

	if (size != 0 && (paths == 0 || addresses <= paths))
		printf("With racks of %u, %u addresses (%u x %u) also keep every "
		       "secondary out "
		       "of its primary's\nrack, and the load even when a whole rack "
		       "fails.\n",
		    size, addresses, conf->servers, conf->servers - size);
	if (!same_weight(conf))
		printf("This is for servers of equal weight. Those of the file differ: "
		       "see what "
		       "`vlbplan check'\nsays of a plan.\n");
}

/* The usual limits of routers are powers of two. */
static unsigned
limit_above(unsigned addresses, unsigned paths)
{
	unsigned limit = 16;

	while (limit < addresses)
		limit *= 2;
	return paths != 0 && limit > paths ? paths : limit;
}

static void
reason_text(unsigned servers, unsigned paths, const struct plan_choice *choice,
    char *text, size_t size)
{
	switch (choice->reason) {
	case PLAN_SWEET:
		snprintf(text, size,
		    "%u x %u, the fewest that are even after 1, 2 and 3 failures",
		    servers, servers - 2);
		break;
	case PLAN_MULTIPLE:
		snprintf(text, size, "%u times %u x %u, even after 1 and 2 failures",
		    choice->addresses / (servers * (servers - 2)), servers, servers - 2);
		break;
	case PLAN_FLAT:
		snprintf(text, size,
		    "every survivor has the same after up to %u failure%s", choice->flat,
		    choice->flat == 1 ? "" : "s");
		break;
	case PLAN_LIMIT:
		snprintf(text, size,
		    choice->addresses == paths ? "as many as the router takes"
					       : "as many as some routers take");
		break;
	case PLAN_BEST:
		snprintf(text, size, "the smallest overload for a router that takes %u",
		    limit_above(choice->addresses, paths));
		break;
	case PLAN_LEAST:
		snprintf(text, size, "one for each server");
		break;
	}
}

static void
print_choice(unsigned servers, unsigned paths, const struct plan_choice *choice)
{
	char text[200];

	printf("%c %9u", choice->advised ? '>' : ' ', choice->addresses);
	for (unsigned f = 0; f < PLAN_FAILURES; f++) {
		if (f >= servers) {
			printf(" %12s", "-");
			continue;
		}
		unsigned over =
		    choice->overload[f] > 1000 ? choice->overload[f] - 1000 : 0;
		char cell[40];
		snprintf(cell, sizeof cell, "%u +%u.%u%%",
		    choice->bound[f] + choice->excess[f], over / 10, over % 10);
		printf(" %12s", cell);
	}
	reason_text(servers, paths, choice, text, sizeof text);
	printf("  %s\n", text);
}

static void
print_advice(unsigned servers, unsigned paths, const struct plan_choice *choice)
{
	char text[200];

	reason_text(servers, paths, choice, text, sizeof text);
	printf("\nUse %u addresses: %s.\n", choice->addresses, text);
	if (paths != 0 && servers * (servers - 2) > paths)
		printf("(%u would be the sweet spot, if the router took so many.)\n",
		    servers * (servers - 2));
}

static int
advise(const struct options *options, const struct conf *conf, unsigned servers)
{
	struct plan_choice choice[PLAN_CHOICES];
	unsigned count = plan_advise(servers, options->paths, choice);

	if (count == 0)
		return usage_error(
		    "--paths: %u next hops are too few for %u servers, of "
		    "which some would have none; use fewer servers, split "
		    "the external range over several sets of them, or take "
		    "another router",
		    options->paths, servers);
	printf("%u servers", servers);
	if (options->paths != 0)
		printf(", and a router that takes %u next hops", options->paths);
	printf(".\nEach cell: the addresses of the busiest server when so many have "
	       "failed, and how much\nthat is above a perfect split.\n\n"
	       "  ADDRESSES %12s %12s %12s %12s  WHY\n",
	    "NONE FAILED", "1 FAILED", "2 FAILED", "3 FAILED");
	for (unsigned i = 0; i < count; i++)
		print_choice(servers, options->paths, &choice[i]);
	for (unsigned i = 0; i < count; i++)
		if (choice[i].advised)
			print_advice(servers, options->paths, &choice[i]);
	print_notes(conf, options->paths);
	return output_end();
}

int
advise_main(const struct options *options)
{
	struct conf *conf = calloc(1, sizeof *conf);
	unsigned servers;

	if (conf == NULL)
		return run_error("out of memory");
	int status = count_servers(options, conf, &servers);
	if (status == 0)
		status = advise(options, conf, servers);
	free(conf);
	return status;
}
