/* SPDX-License-Identifier: BSD-2-Clause */
/* report_name.c - reports and reasons as single words, for programs. vlbctl(8) lists
 * them. */
#include <assert.h>

#include "vlbd/report.h"

const char *
report_kind_name(enum report_kind kind)
{
	static const char *const names[REPORTS] = {
		[REPORT_STATE] = "state",
		[REPORT_CONFIRMED] = "confirmed",
		[REPORT_PEER] = "peer",
		[REPORT_FOREIGN] = "foreign",
		[REPORT_CONFLICT] = "conflict",
		[REPORT_UNLISTED] = "unlisted",
		[REPORT_UNHEARD] = "unheard",
		[REPORT_CLONE] = "clone",
		[REPORT_WRONG_MAC] = "wrong_mac",
		[REPORT_GONE] = "gone",
		[REPORT_FAILED] = "failed",
		[REPORT_LATE] = "late",
		[REPORT_LAPSED] = "lapsed",
		[REPORT_ISOLATED] = "isolated",
		[REPORT_HEARING] = "hearing",
		[REPORT_CARRIER] = "carrier",
		[REPORT_PLAN] = "plan",
		[REPORT_READY] = "ready",
		[REPORT_CHECK] = "check",
		[REPORT_SERVES_ON] = "serves_on",
		[REPORT_PEER_HEALTH] = "peer_health",
		[REPORT_PROXY] = "proxy",
	};

	assert(kind < REPORTS);
	return names[kind] != NULL ? names[kind] : "other";
}

const char *
reason_name(enum reason_kind kind)
{
	static const char *const names[REASONS] = {
		[REASON_NONE] = "none",
		[REASON_UNSERVED] = "unserved",
		[REASON_DEAD] = "dead",
		[REASON_LEFT] = "left",
		[REASON_SOLICITED] = "solicited",
		[REASON_FAILBACK] = "failback",
		[REASON_WORSE] = "worse",
		[REASON_BETTER] = "better",
		[REASON_TAKEN] = "taken",
		[REASON_NOBODY] = "nobody",
		[REASON_DRAIN] = "drain",
		[REASON_RESUME] = "resume",
		[REASON_CARRIER] = "carrier",
		[REASON_ISOLATED] = "isolated",
		[REASON_MAC] = "wrong_mac",
		[REASON_LAPSED] = "lapsed",
		[REASON_ADOPTED] = "adopted",
		[REASON_RELOAD] = "reload",
		[REASON_LISTEN] = "listen",
		[REASON_UNHEALTHY] = "unhealthy",
	};

	assert(kind < REASONS);
	return names[kind] != NULL ? names[kind] : "other";
}
