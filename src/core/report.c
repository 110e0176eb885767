/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - reports as lines of text. The format is a contract: see vlbd(8), LOG LINES.
 */
#include "vlbd/report.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { REASON_TEXT = 160 };

static const char *
server_name(const struct conf *conf, int server)
{
	return server >= 0 && (unsigned)server < conf->servers ? conf->server[server].name
							       : "nobody";
}

/* 1.2ms, 175ms, 12.3s: three digits at most, and a unit. */
static const char *
duration(uint64_t ns, char text[24])
{
	if (ns < 10 * MS_NS)
		snprintf(text, 24, "%" PRIu64 ".%" PRIu64 "ms", ns / MS_NS,
		    ns % MS_NS / (MS_NS / 10));
	else if (ns < 10 * SEC_NS)
		snprintf(text, 24, "%" PRIu64 "ms", ns / MS_NS);
	else
		snprintf(text, 24, "%" PRIu64 ".%" PRIu64 "s", ns / SEC_NS,
		    ns % SEC_NS / (SEC_NS / 10));
	return text;
}

static const char *
reason_text(const struct reason *reason, const struct conf *conf, char text[REASON_TEXT])
{
	const char *who = server_name(conf, reason->server);
	char silent[24];

	text[0] = '\0';
	switch (reason->kind) {
	case REASON_UNSERVED:
		snprintf(text, REASON_TEXT, "nobody answers for it");
		break;
	case REASON_DEAD:
		snprintf(text, REASON_TEXT, "%s dead: silent %s, %u probes unanswered",
		    who, duration(reason->silent_ns, silent), reason->probes);
		break;
	case REASON_LEFT:
		snprintf(text, REASON_TEXT, "%s released it", who);
		break;
	case REASON_SOLICITED:
		snprintf(text, REASON_TEXT, "asked for, and nobody claimed it");
		break;
	case REASON_FAILBACK:
		if (reason->server < 0)
			snprintf(text, REASON_TEXT, "failback delay is over");
		else
			snprintf(text, REASON_TEXT,
			    "failback delay is over; %s served it", who);
		break;
	case REASON_WORSE:
		/* What nobody can know beforehand is how long it will be. */
		snprintf(text, REASON_TEXT,
		    "%s serves it; waiting out the failback delay%s", who,
		    reason->silent_ns == 0 ? "" : ", longer because it moved too often");
		break;
	case REASON_BETTER:
		snprintf(text, REASON_TEXT, "%s claims it", who);
		break;
	case REASON_TAKEN:
		snprintf(text, REASON_TEXT, "handed over to %s", who);
		break;
	case REASON_NOBODY:
		snprintf(text, REASON_TEXT, "nobody took it over");
		break;
	case REASON_DRAIN:
		snprintf(text, REASON_TEXT, "drained");
		break;
	case REASON_RESUME:
		snprintf(text, REASON_TEXT, "resumed");
		break;
	case REASON_CARRIER:
		snprintf(text, REASON_TEXT, "no carrier");
		break;
	case REASON_ISOLATED:
		snprintf(text, REASON_TEXT, "isolated: nothing heard for %s",
		    duration(reason->silent_ns, silent));
		break;
	case REASON_MAC:
		snprintf(text, REASON_TEXT, "wrong hardware address");
		break;
	case REASON_LAPSED:
		snprintf(text, REASON_TEXT, "lease ran out while vlbd was not running");
		break;
	case REASON_ADOPTED:
		snprintf(text, REASON_TEXT, "adopted from an earlier run");
		break;
	case REASON_RELOAD:
		snprintf(text, REASON_TEXT, "configuration changed");
		break;
	case REASON_LISTEN:
		snprintf(text, REASON_TEXT, "listening again");
		break;
	case REASON_UNHEALTHY:
		snprintf(text, REASON_TEXT, "%s is unhealthy", who);
		break;
	case REASON_NONE:
	case REASONS:
	default:
		break;
	}
	return text;
}

static int
format_state(const struct report *report, const struct conf *conf, const char *ip,
    char *text, size_t size)
{
	char reason[REASON_TEXT];

	reason_text(&report->reason, conf, reason);
	return snprintf(text, size, "%s: %s -> %s%s%s%s", ip,
	    failover_state_name(report->from), failover_state_name(report->to),
	    reason[0] != '\0' ? " (" : "", reason, reason[0] != '\0' ? ")" : "");
}

static int
format_peer(const struct report *report, const struct conf *conf, char *text, size_t size)
{
	const struct reason *reason = &report->reason;
	const char *who = server_name(conf, report->server);
	char silent[24];

	if (reason->kind == REASON_DEAD)
		return snprintf(text, size,
		    "peer %s: DEAD (silent %s, %u probes unanswered)", who,
		    duration(reason->silent_ns, silent), reason->probes);
	return snprintf(text, size, "peer %s: %s", who, peer_state_name(report->peer));
}

static int
format_plan(const struct report *report, const struct conf *conf, char *text, size_t size)
{
	const char *who = server_name(conf, report->server);
	char plan[CONF_DIGEST_TEXT], other[CONF_DIGEST_TEXT];

	conf_digest_format(report->plan, plan);
	if (report->up)
		return snprintf(text, size, "peer %s: has the same plan, %s", who, plan);
	return snprintf(text, size,
	    "peer %s: plan differs: it has %s, this server %s; give all servers the same "
	    "file, and reload",
	    who, conf_digest_format(report->peer_plan, other), plan);
}

static int
format_proxy(
    const struct report *report, const struct conf *conf, char *text, size_t size)
{
	const char *who = server_name(conf, report->server);
	char ip[IP_TEXT];

	if (report->up)
		return snprintf(text, size,
		    "peer %s: answers ARP only for its own addresses again", who);
	return snprintf(text, size,
	    "peer %s: answers ARP for %s, which another server has; set proxy_arp and "
	    "proxy_arp_pvlan to 0 there",
	    who, ip_format(&report->ip, ip));
}

static int
format_failed(const struct report *report, const char *ip, char *text, size_t size)
{
	static const char *const verbs[] = {
		[HOLDING_NONE] = "change",
		[HOLDING_ADD] = "add",
		[HOLDING_RENEW] = "renew",
		[HOLDING_REMOVE] = "remove",
	};

	return snprintf(text, size, "%s: cannot %s it: %s; trying again", ip,
	    verbs[report->verb], strerror(report->error));
}

static int
format_conflict(const struct report *report, const struct conf *conf, const char *ip,
    char *text, size_t size)
{
	const char *who = server_name(conf, report->server);

	if (report->kind == REPORT_CONFLICT)
		return snprintf(text, size,
		    "%s: claimed by %s, a worse tier; announced again", ip, who);
	if (report->kind == REPORT_UNLISTED)
		return snprintf(text, size,
		    "%s: claimed by %s, which is not in its list; do all servers have "
		    "the same file?",
		    ip, who);
	return snprintf(text, size,
	    "%s: %s goes on claiming it: it does not hear this server; check the link "
	    "towards it",
	    ip, who);
}

/* Checks, and who is healthy. */
static int
format_health(
    const struct report *report, const struct conf *conf, char *text, size_t size)
{
	const char *who = server_name(conf, report->server);
	const char *check = report->count < conf->checks && report->kind == REPORT_CHECK
				? conf->check[report->count].name
				: "?";

	if (report->kind == REPORT_PEER_HEALTH)
		return snprintf(text, size, "peer %s: %s", who,
		    report->up ? "healthy again" : "unhealthy");
	if (report->kind == REPORT_SERVES_ON)
		return snprintf(text, size,
		    "unhealthy, but so is everybody who could take over: serving on, %u "
		    "address%s",
		    report->count, report->count == 1 ? "" : "es");
	if (!report->up)
		return snprintf(
		    text, size, "unhealthy: check %s: %s", check, report->text);
	return snprintf(text, size, "check %s passes: %s", check,
	    report->healthy ? "healthy" : "still unhealthy");
}

/* What concerns self as a whole. */
static int
format_self(const struct report *report, char *text, size_t size)
{
	char mac[MAC_TEXT], ip[IP_TEXT], took[24];

	mac_format(&report->mac, mac);
	ip_format(&report->ip, ip);
	duration(report->took_ns, took);
	switch (report->kind) {
	case REPORT_CLONE:
		return snprintf(text, size,
		    "another station uses this server's hardware address %s (it speaks "
		    "for %s); "
		    "give one of them another",
		    mac, ip);
	case REPORT_WRONG_MAC:
		return snprintf(text, size,
		    "the interface's hardware address is now %s, which is not this "
		    "server's in the "
		    "configuration; released everything; add it to `mac =' and reload",
		    mac);
	case REPORT_LATE:
		return snprintf(text, size,
		    "was stopped for %s; listening before judging anyone", took);
	case REPORT_LAPSED:
		return snprintf(text, size, "%u leases ran out meanwhile", report->count);
	case REPORT_ISOLATED:
		return snprintf(
		    text, size, "isolated: nothing heard for %s; claiming nothing", took);
	case REPORT_HEARING:
		return snprintf(text, size, "hearing others again");
	case REPORT_CARRIER:
		return snprintf(
		    text, size, "link: %s", report->up ? "carrier" : "no carrier");
	case REPORT_READY:
		return snprintf(text, size, "listened long enough; taking part");
	case REPORT_STATE:
	case REPORT_CONFIRMED:
	case REPORT_PEER:
	case REPORT_FOREIGN:
	case REPORT_CONFLICT:
	case REPORT_UNLISTED:
	case REPORT_UNHEARD:
	case REPORT_GONE:
	case REPORT_FAILED:
	case REPORT_PLAN:
	case REPORT_PROXY:
	case REPORT_CHECK:
	case REPORT_SERVES_ON:
	case REPORT_PEER_HEALTH:
	case REPORTS:
	default:
		assert(false && "no such report");
		return 0;
	}
}

int
report_format(
    const struct report *report, const struct conf *conf, char *text, size_t size)
{
	char ip[IP_TEXT], router[IP_TEXT], mac[MAC_TEXT], took[24];

	ip_format(&report->ip, ip);
	switch (report->kind) {
	case REPORT_STATE:
		return format_state(report, conf, ip, text, size);
	case REPORT_CONFIRMED:
		return snprintf(text, size, "%s: confirmed by %s after %s", ip,
		    ip_format(&report->router, router), duration(report->took_ns, took));
	case REPORT_PEER:
		return format_peer(report, conf, text, size);
	case REPORT_FOREIGN:
		return snprintf(text, size,
		    "%s: claimed by %s, which is no server of the cluster%s", ip,
		    mac_format(&report->mac, mac), report->up ? "; announced again" : "");
	case REPORT_CONFLICT:
	case REPORT_UNLISTED:
	case REPORT_UNHEARD:
		return format_conflict(report, conf, ip, text, size);
	case REPORT_GONE:
		return snprintf(
		    text, size, "%s: removed by another program; putting it back", ip);
	case REPORT_FAILED:
		return format_failed(report, ip, text, size);
	case REPORT_CHECK:
	case REPORT_SERVES_ON:
	case REPORT_PEER_HEALTH:
		return format_health(report, conf, text, size);
	case REPORT_PLAN:
		return format_plan(report, conf, text, size);
	case REPORT_PROXY:
		return format_proxy(report, conf, text, size);
	case REPORT_CLONE:
	case REPORT_WRONG_MAC:
	case REPORT_LATE:
	case REPORT_LAPSED:
	case REPORT_ISOLATED:
	case REPORT_HEARING:
	case REPORT_CARRIER:
	case REPORT_READY:
	case REPORTS:
	default:
		return format_self(report, text, size);
	}
}

int
report_format_more(
    unsigned count, uint64_t within_ns, const char *last, char *text, size_t size)
{
	char within[24];

	return snprintf(text, size, "%u more like it in %s, the last: %s", count,
	    duration(within_ns, within), last);
}

enum report_level
report_level(const struct report *report)
{
	switch (report->kind) {
	case REPORT_CLONE:
	case REPORT_WRONG_MAC:
		return REPORT_ERR;
	case REPORT_FOREIGN:
	case REPORT_CONFLICT:
	case REPORT_UNLISTED:
	case REPORT_UNHEARD:
	case REPORT_GONE:
	case REPORT_FAILED:
	case REPORT_LATE:
	case REPORT_LAPSED:
	case REPORT_ISOLATED:
	case REPORT_SERVES_ON:
		return REPORT_WARN;
	case REPORT_CHECK:
	case REPORT_PEER_HEALTH:
	case REPORT_PLAN:
	case REPORT_PROXY:
		return report->up ? REPORT_INFO : REPORT_WARN;
	case REPORT_STATE:
		/* One line per change of owner; a watcher that goes on watching is none.
		 */
		return failover_state_serves(report->from) ||
			       failover_state_serves(report->to) ||
			       report->reason.kind == REASON_WORSE
			   ? REPORT_INFO
			   : REPORT_DEBUG;
	case REPORT_CONFIRMED:
	case REPORT_PEER:
	case REPORT_HEARING:
	case REPORT_CARRIER:
	case REPORT_READY:
	case REPORTS:
	default:
		return REPORT_INFO;
	}
}
