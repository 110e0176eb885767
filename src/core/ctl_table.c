/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_table.c - status, addresses and peers as tables, for people. */
#include <inttypes.h>
#include <stdio.h>

#include "ctl_internal.h"

static const char *
age(uint64_t ns, char text[24])
{
	uint64_t s = ns / SEC_NS;

	if (ns == NEVER)
		snprintf(text, 24, "-");
	else if (s < 10)
		snprintf(text, 24, "%" PRIu64 ".%03" PRIu64 "s", s, ns % SEC_NS / MS_NS);
	else if (s < 600)
		snprintf(text, 24, "%" PRIu64 "s", s);
	else if (s < 36000)
		snprintf(text, 24, "%" PRIu64 "min", s / 60);
	else
		snprintf(text, 24, "%" PRIu64 "h", s / 3600);
	return text;
}

static void
table_addresses(struct out *out, const struct engine *engine, uint64_t now_ns)
{
	const struct conf *conf = engine_conf(engine);
	char ip[IP_TEXT], since[24];

	put(out, "%-15s %-12s %4s %-9s %-9s %s\n", "ADDRESS", "OWNER", "TIER", "STATE",
	    "CONFIRMED", "SINCE");
	for (unsigned a = 0; a < conf->addresses; a++) {
		struct engine_address_view view = engine_view_address(engine, a);
		const char *owner = ctl_owner_name(engine, view.owner);
		bool serves = failover_state_serves(view.state);
		bool listed = view.tier != CONF_NONE;
		put(out, "%-15s %-12s ", ip_format(&conf->address[a].ip, ip),
		    owner != NULL ? owner : "?");
		if (!listed && !serves) {
			put(out, "%4s %s\n", "-", "-");
			continue;
		}
		if (listed)
			put(out, "%4d ", view.tier);
		else
			put(out, "%4s ", "-"); /* while plans differ */
		put(out, "%-9s %-9s %s\n", failover_state_name(view.state),
		    !serves          ? "-"
		    : view.confirmed ? "yes"
				     : "no",
		    age(now_ns - view.since_ns, since));
	}
}

static void
table_peers(struct out *out, const struct engine *engine, uint64_t now_ns)
{
	const struct conf *conf = engine_conf(engine);
	char mac[MAC_TEXT], silence[24];

	put(out, "%-12s %-8s %-17s %9s %s\n", "PEER", "STATE", "MAC", "SILENCE",
	    "ADDRESSES");
	for (unsigned s = 0; s < conf->servers; s++) {
		if (s == engine_self(engine)->server)
			continue;
		struct engine_peer_view view = engine_view_peer(engine, s, now_ns);
		put(out, "%-12s %-8s %-17s %9s %u%s%s%s\n", conf->server[s].name,
		    peer_state_name(view.state), mac_format(&view.mac, mac),
		    age(view.silence_ns, silence), view.addresses,
		    view.unhealthy ? "  unhealthy" : "",
		    view.plan_differs ? "  plan differs" : "",
		    view.proxies ? "  answers for others" : "");
	}
}

/* Nothing where there are no checks. */
static void
table_checks(struct out *out, const struct engine *engine, uint64_t now_ns)
{
	const struct conf *conf = engine_conf(engine);
	char since[24];

	if (conf->checks == 0)
		return;
	put(out, "%-12s %-8s %-8s %s\n", "CHECK", "TYPE", "STATE", "SINCE");
	for (unsigned c = 0; c < conf->checks; c++) {
		const struct health *health = engine_view_check(engine, c);
		put(out, "%-12s %-8s %-8s %s%s%s\n", conf->check[c].name,
		    conf_check_kind_name(conf->check[c].kind),
		    health_state_name(health->state),
		    age(now_ns - health->since_ns, since),
		    health->why[0] != '\0' ? "  " : "", health->why);
	}
	put(out, "\n");
}

/* What is wrong with the host; nothing where all is right. */
static void
table_host(struct out *out, const struct requirement_findings *host)
{
	bool any = false;

	for (unsigned i = 0; host != NULL && i < host->count; i++) {
		const struct requirement_finding *finding = &host->finding[i];
		if (finding->level < REQUIREMENT_UNMET)
			continue;
		put(out, "host %s: %s\n", requirement_level_name(finding->level),
		    finding->text);
		any = true;
	}
	if (any)
		put(out, "\n");
}

static void
table_status(struct out *out, const struct ctl_scene *scene)
{
	const struct engine *engine = scene->engine;
	const struct conf *conf = engine_conf(engine);
	unsigned count[FAILOVER_STATES] = { 0 };
	unsigned confirmed = 0, differ = 0;
	char plan[CONF_DIGEST_TEXT];

	for (unsigned a = 0; a < conf->addresses; a++) {
		struct engine_address_view view = engine_view_address(engine, a);
		if (view.tier != CONF_NONE || failover_state_serves(view.state))
			count[view.state]++;
		confirmed += view.confirmed;
	}
	put(out, "%s of cluster %s on %s: %s%s\n",
	    conf->server[engine_self(engine)->server].name, conf->name, conf->interface,
	    engine_standing_name(engine_standing(engine)),
	    scene->drain_kept ? " (the drain survives a restart)" : "");
	put(out, "%u primary, %u claimed, %u watched, %u released; ", count[PRIMARY],
	    count[CLAIMED], count[WATCHING], count[RELEASED]);
	if (conf->routers == 0)
		put(out, "no router to confirm them\n");
	else
		put(out, "%u of %u confirmed by %s\n", confirmed,
		    count[PRIMARY] + count[CLAIMED],
		    conf->routers == 1 ? "the router" : "all routers");
	for (unsigned s = 0; s < conf->servers; s++)
		differ += engine_view_peer(engine, s, scene->now_ns).plan_differs;
	put(out, "plan %s", conf_digest_format(engine_view_plan(engine), plan));
	if (differ > 0)
		put(out, "; plan differs at %u peer%s", differ, differ == 1 ? "" : "s");
	put(out, "\n\n");
	table_host(out, scene->host);
	table_checks(out, engine, scene->now_ns);
	table_peers(out, engine, scene->now_ns);
	put(out, "\n");
	table_addresses(out, engine, scene->now_ns);
}

void
ctl_table(struct out *out, const struct ctl_scene *scene, enum ctl_command command)
{
	if (command == CTL_STATUS)
		table_status(out, scene);
	else if (command == CTL_ADDRESSES)
		table_addresses(out, scene->engine, scene->now_ns);
	else
		table_peers(out, scene->engine, scene->now_ns);
}
