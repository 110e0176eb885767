/* SPDX-License-Identifier: BSD-2-Clause */
/* plan_check.c - requests that cannot be planned, and what to say about them. */
#include "vlbd/plan.h"

static enum plan_verdict
check_counts(const struct plan_request *request)
{
	if (request->servers < 2)
		return PLAN_FEW_SERVERS;
	if (request->servers > PLAN_SERVERS)
		return PLAN_MANY_SERVERS;
	if (request->addresses < request->servers)
		return PLAN_FEW_ADDRESSES;
	if (request->addresses > PLAN_ADDRESSES)
		return PLAN_MANY_ADDRESSES;
	if (request->tiers < 2)
		return PLAN_FEW_TIERS;
	if (request->tiers > request->servers)
		return PLAN_MANY_TIERS;
	return PLAN_OK;
}

static enum plan_verdict
check_weights(const struct plan_request *request)
{
	unsigned total = 0;

	for (unsigned s = 0; s < request->servers; s++) {
		if (request->server[s].weight > PLAN_WEIGHT)
			return PLAN_HEAVY;
		total += request->server[s].weight;
	}
	return total > 0 ? PLAN_OK : PLAN_NO_WEIGHT;
}

enum plan_verdict
plan_check(const struct plan_request *request)
{
	enum plan_verdict verdict = check_counts(request);

	if (verdict == PLAN_OK)
		verdict = check_weights(request);
	if (verdict != PLAN_OK || request->primary == NULL)
		return verdict;
	for (unsigned a = 0; a < request->addresses; a++)
		if (request->primary[a] >= request->servers &&
		    request->primary[a] != PLAN_NONE)
			return PLAN_NO_SUCH_PRIMARY;
	return PLAN_OK;
}

const char *
plan_verdict_text(enum plan_verdict verdict)
{
	static const char *const text[PLAN_VERDICTS] = {
		[PLAN_OK] = "the plan can be made",
		[PLAN_FEW_SERVERS] =
		    "a cluster needs two servers at least: name another one",
		[PLAN_MANY_SERVERS] = "a cluster has 64 servers at most: name fewer",
		[PLAN_FEW_ADDRESSES] =
		    "there are fewer addresses than servers: give each "
		    "server one address at least",
		[PLAN_MANY_ADDRESSES] =
		    "a cluster has 4096 addresses at most: give fewer",
		[PLAN_FEW_TIERS] = "with fewer than two tiers nobody takes over: ask for "
				   "two at least",
		[PLAN_MANY_TIERS] = "there are more tiers than servers: ask for as many "
				    "tiers as there are servers at most",
		[PLAN_HEAVY] = "a weight is 1000 at most: divide all weights by the same "
			       "number",
		[PLAN_NO_WEIGHT] =
		    "every server has weight 0: give one of them 1 at least",
		[PLAN_NO_SUCH_PRIMARY] = "a primary is not one of the servers",
	};

	return (unsigned)verdict < PLAN_VERDICTS ? text[verdict] : "?";
}
