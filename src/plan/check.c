/* SPDX-License-Identifier: BSD-2-Clause */
/* check.c - `vlbplan check': the load after so many failures, and limits on it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "commands.h"
#include "planning.h"
#include "render.h"

enum {
	ALL_SERVERS = 16,  /* up to so many, every number of failures is looked at */
	FEW_FAILURES = 8,  /* else up to this one */
	WORK = 1000000000, /* addresses looked at for each row, some seconds in all */
	ANY_RACK = CONF_SERVERS /* "rack=E" as an index of limits */
};

/* The most excess that is allowed, for each number of failures. */
struct limits {
	bool given[CONF_SERVERS + 1];
	unsigned most[CONF_SERVERS + 1];
	unsigned failures; /* the highest with a limit */
};

static int
read_limits(const struct options *options, const struct conf *conf, struct limits *limits)
{
	char item[32];
	const char *rest = NULL, *value;
	unsigned at = 0, failures, most;

	*limits = (struct limits){ .failures = 0 };
	while (words_next(&options->max_excess, &at, &rest, item, sizeof item)) {
		if (!word_split(item, &value) ||
		    !word_number(value, CONF_ADDRESSES, &most))
			return usage_error("--max-excess: `%s' is no limit; write "
					   "FAILURES=EXCESS, such as 2=0, or rack=1",
			    item);
		if (strcmp(item, "rack") == 0)
			failures = ANY_RACK;
		else if (!word_number(item, conf->servers - 1, &failures))
			return usage_error("--max-excess: `%s' of %u servers cannot fail "
					   "and leave one; write 0 to %u, or rack",
			    item, conf->servers, conf->servers - 1);
		limits->given[failures] = true;
		limits->most[failures] = most;
		if (failures != ANY_RACK && failures > limits->failures)
			limits->failures = failures;
	}
	return 0;
}

static bool
is_within(
    const struct conf *conf, const struct limits *limits, const struct balance_row *row)
{
	unsigned index = row->kind == BALANCE_SERVERS ? row->failures : ANY_RACK;
	char what[CONF_NAME + 16];

	if (row->kind == BALANCE_RACK_AND_ONE || !limits->given[index] ||
	    row->excess <= limits->most[index])
		return true;
	if (row->kind == BALANCE_RACK)
		snprintf(what, sizeof what, "the loss of a rack");
	else
		snprintf(what, sizeof what, "%u failure%s", row->failures,
		    row->failures == 1 ? "" : "s");
	run_error("%s: after %s %s has %u addresses, %u more than the best there can be; "
		  "the limit is %u",
	    "limit exceeded", what, conf->server[row->server].name, row->load,
	    row->excess, limits->most[index]);
	return false;
}

static int
check(const struct options *options, const struct conf *conf)
{
	unsigned failures = conf->servers <= ALL_SERVERS ? conf->servers : FEW_FAILURES;
	struct limits limits;
	unsigned rows;
	int status = read_limits(options, conf, &limits);

	if (status != 0)
		return status;
	if (limits.failures > failures)
		failures = limits.failures;
	struct balance_row *row =
	    planning_balance(conf, failures, WORK / conf->addresses, &rows);
	if (row == NULL)
		return EXIT_FAILURE;
	char digest[CONF_DIGEST_TEXT];
	printf("%u servers, %u addresses, %u tiers, digest %s\n", conf->servers,
	    conf->addresses, plan_depth(conf),
	    conf_digest_format(conf_digest(conf), digest));
	table_balance(stdout, conf, row, rows);
	status = output_end();
	for (unsigned i = 0; i < rows; i++)
		if (!is_within(conf, &limits, &row[i]))
			status = EXIT_FAILURE;
	free(row);
	return status;
}

int
check_main(const struct options *options)
{
	int status;
	struct conf *conf = cluster_open(options, &status);

	if (conf == NULL)
		return status;
	status = check(options, conf);
	free(conf);
	return status;
}
