/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_metrics.c - which metrics there are: their names, types and words. vlbctl(8) lists
 * them; names, labels and units are part of the contract. */
#include "ctl_internal.h"

#define ONE(name, value)                                                                 \
	(const struct metric_label[])                                                    \
	{                                                                                \
		{ name, value },                                                         \
		{                                                                        \
			NULL, NULL                                                       \
		}                                                                        \
	}
#define TWO(name, value, other, word)                                                    \
	(const struct metric_label[])                                                    \
	{                                                                                \
		{ name, value }, { other, word },                                        \
		{                                                                        \
			NULL, NULL                                                       \
		}                                                                        \
	}

/* One family with one sample. */
static void
single(struct exposition *e, const char *name, enum metric_type type, const char *help,
    uint64_t value)
{
	metric_family(e, name, type, help);
	metric_count(e, NULL, value);
}

static void
about_the_daemon(struct exposition *e, const struct ctl_scene *scene)
{
	single(e, "vlbd_up", METRIC_GAUGE,
	    "Whether the daemon runs. A file that it no longer writes is told by its "
	    "age.",
	    scene->engine != NULL);
	metric_family(
	    e, "vlbd_build_info", METRIC_GAUGE, "The daemon's version; always 1.");
	metric_count(e, ONE("version", scene->version), 1);
	metric_family(e, "vlbd_time_seconds", METRIC_GAUGE,
	    "Time of day when these metrics were written, since 1970.");
	metric_seconds(e, NULL, scene->wall_ms * MS_NS);
	metric_family(e, "vlbd_start_time_seconds", METRIC_GAUGE,
	    "Time of day when the daemon started, since 1970.");
	metric_seconds(e, NULL, scene->metrics->start_ms * MS_NS);
}

static void
about_the_file(struct exposition *e, const struct ctl_scene *scene)
{
	const struct metrics *metrics = scene->metrics;

	single(e, "vlbd_config_reload_success", METRIC_GAUGE,
	    "Whether the configuration was right when it was last read.",
	    metrics->reload_ok);
	metric_family(e, "vlbd_config_reload_timestamp_seconds", METRIC_GAUGE,
	    "Time of day when the configuration in force was read, since 1970.");
	metric_seconds(e, NULL, metrics->reload_ms * MS_NS);
	metric_family(e, "vlbd_config_reloads_total", METRIC_COUNTER,
	    "How often the configuration was read again.");
	metric_count(e, ONE("result", "ok"), metrics->reloads[1]);
	metric_count(e, ONE("result", "refused"), metrics->reloads[0]);
}

static void
checks(struct exposition *e, const struct engine *engine)
{
	const struct conf *conf = engine_conf(engine);

	single(e, "vlbd_healthy", METRIC_GAUGE,
	    "Whether no check of this server's fails; also 1 without any check.",
	    engine_health(engine) != HEALTH_BAD);
	if (conf->checks == 0)
		return;
	metric_family(e, "vlbd_check_passing", METRIC_GAUGE,
	    "Whether the check passes, after rise and fall.");
	for (unsigned c = 0; c < conf->checks; c++)
		metric_count(e, ONE("check", conf->check[c].name),
		    engine_view_check(engine, c)->state == HEALTH_GOOD);
	metric_family(e, "vlbd_check_failures_total", METRIC_COUNTER,
	    "Single results of the check that were failures.");
	for (unsigned c = 0; c < conf->checks; c++)
		metric_count(e, ONE("check", conf->check[c].name),
		    engine_view_check(engine, c)->failed);
}

static void
about_self(struct exposition *e, const struct ctl_scene *scene)
{
	const struct conf *conf = engine_conf(scene->engine);
	const struct metric_label info[] = {
		{ "server", ctl_self_name(scene) },
		{ "interface", conf->interface },
		{ NULL, NULL },
	};

	metric_family(e, "vlbd_server_info", METRIC_GAUGE,
	    "Which server of which cluster this is; always 1.");
	metric_count(e, info, 1);
	metric_family(e, "vlbd_standing", METRIC_GAUGE,
	    "How this server stands: 1 for the standing that it has, 0 for all others.");
	for (unsigned s = 0; s < STANDINGS; s++)
		metric_count(e,
		    ONE("standing", engine_standing_name((enum engine_standing)s)),
		    engine_standing(scene->engine) == (enum engine_standing)s);
	single(e, "vlbd_drain_persistent", METRIC_GAUGE,
	    "Whether this server is drained also after a restart.", scene->drain_kept);
	checks(e, scene->engine);
	single(e, "vlbd_notifications_total", METRIC_COUNTER,
	    "Commands of [notify] that ended, well or not.", scene->notified.told);
	single(e, "vlbd_notifications_failed_total", METRIC_COUNTER,
	    "Of them, those that did not end with status 0.", scene->notified.failed);
	single(e, "vlbd_notifications_dropped_total", METRIC_COUNTER,
	    "News that were never told: more than the command could take.",
	    scene->notified.dropped);
}

/* --- addresses -------------------------------------------------------------------- */

/* A sample for each address, of what TELL says about it. */
static void
each_address(struct exposition *e, const struct engine *engine, const char *name,
    const char *help, uint64_t (*tell)(const struct engine_address_view *))
{
	const struct conf *conf = engine_conf(engine);
	char ip[IP_TEXT];

	metric_family(e, name, METRIC_GAUGE, help);
	for (unsigned a = 0; a < conf->addresses; a++) {
		struct engine_address_view view = engine_view_address(engine, a);
		metric_count(
		    e, ONE("address", ip_format(&conf->address[a].ip, ip)), tell(&view));
	}
}

static uint64_t
is_owned(const struct engine_address_view *view)
{
	return view->tier != CONF_NONE && failover_state_serves(view->state);
}

static uint64_t
is_served(const struct engine_address_view *view)
{
	return view->owner != CONF_NONE;
}

static void
states(struct exposition *e, const struct engine *engine)
{
	const struct conf *conf = engine_conf(engine);
	char ip[IP_TEXT];

	metric_family(e, "vlbd_address_state", METRIC_GAUGE,
	    "State of the address on this server: 1 for the one it has, 0 for the "
	    "others.");
	for (unsigned a = 0; a < conf->addresses; a++) {
		struct engine_address_view view = engine_view_address(engine, a);
		if (view.tier == CONF_NONE)
			continue;
		ip_format(&conf->address[a].ip, ip);
		for (unsigned s = 0; s < FAILOVER_STATES; s++)
			metric_count(e,
			    TWO("address", ip, "state",
				failover_state_name((enum failover_state)s)),
			    view.state == (enum failover_state)s);
	}
}

static void
tiers(struct exposition *e, const struct engine *engine)
{
	const struct conf *conf = engine_conf(engine);
	char ip[IP_TEXT];

	metric_family(e, "vlbd_address_tier", METRIC_GAUGE,
	    "Place of this server in the list of the address, from 0.");
	for (unsigned a = 0; a < conf->addresses; a++) {
		struct engine_address_view view = engine_view_address(engine, a);
		if (view.tier != CONF_NONE)
			metric_count(e,
			    ONE("address", ip_format(&conf->address[a].ip, ip)),
			    (uint64_t)view.tier);
	}
}

/* For the addresses that self serves. */
static void
confirmations(struct exposition *e, const struct engine *engine)
{
	const struct conf *conf = engine_conf(engine);
	char ip[IP_TEXT], router[IP_TEXT];

	metric_family(e, "vlbd_address_confirmed", METRIC_GAUGE,
	    "Whether the router has learnt that this server serves the address.");
	for (unsigned a = 0; a < conf->addresses; a++) {
		struct engine_address_view view = engine_view_address(engine, a);
		if (!is_owned(&view))
			continue;
		ip_format(&conf->address[a].ip, ip);
		for (unsigned r = 0; r < conf->routers; r++)
			metric_count(e,
			    TWO("address", ip, "router",
				ip_format(&conf->router[r], router)),
			    engine_view_confirmation(engine, a, r).confirmed);
	}
}

static void
leases(struct exposition *e, const struct ctl_scene *scene)
{
	const struct conf *conf = engine_conf(scene->engine);
	char ip[IP_TEXT];

	metric_family(e, "vlbd_lease_remaining_seconds", METRIC_GAUGE,
	    "When the kernel would drop the address if the daemon no longer renewed it.");
	for (unsigned a = 0; a < conf->addresses; a++) {
		struct engine_address_view view = engine_view_address(scene->engine, a);
		if (view.expires_ns == NEVER)
			continue;
		metric_seconds(e, ONE("address", ip_format(&conf->address[a].ip, ip)),
		    view.expires_ns > scene->now_ns ? view.expires_ns - scene->now_ns
						    : 0);
	}
}

static void
about_addresses(struct exposition *e, const struct ctl_scene *scene)
{
	each_address(e, scene->engine, "vlbd_address_owned",
	    "Whether this server serves the address.", is_owned);
	each_address(e, scene->engine, "vlbd_address_served",
	    "Whether any server is known to serve the address, as this one hears it.",
	    is_served);
	states(e, scene->engine);
	tiers(e, scene->engine);
	confirmations(e, scene->engine);
	leases(e, scene);
}

/* --- peers and routers ------------------------------------------------------------ */

static void
peer_states(struct exposition *e, const struct conf *conf, unsigned self,
    const struct engine_peer_view *view)
{
	metric_family(e, "vlbd_peer_state", METRIC_GAUGE,
	    "What the failure detector says: 1 for the state it has, 0 for the others.");
	for (unsigned s = 0; s < conf->servers; s++)
		for (unsigned i = 0; s != self && i < PEER_STATES; i++)
			metric_count(e,
			    TWO("peer", conf->server[s].name, "state",
				peer_state_name((enum peer_state)i)),
			    view[s].state == (enum peer_state)i);
}

static void
about_peers(struct exposition *e, const struct ctl_scene *scene)
{
	const struct conf *conf = engine_conf(scene->engine);
	unsigned self = engine_self(scene->engine)->server;
	struct engine_peer_view view[CONF_SERVERS];

	for (unsigned s = 0; s < conf->servers; s++)
		view[s] = engine_view_peer(scene->engine, s, scene->now_ns);
	metric_family(e, "vlbd_peer_alive", METRIC_GAUGE,
	    "Whether the peer is not held for dead: it, or its kernel, answers.");
	for (unsigned s = 0; s < conf->servers; s++)
		if (s != self)
			metric_count(e, ONE("peer", conf->server[s].name),
			    view[s].state != PEER_DEAD);
	peer_states(e, conf, self, view);
	metric_family(e, "vlbd_peer_silence_seconds", METRIC_GAUGE,
	    "Time since the peer was last heard; absent where it was not heard yet.");
	for (unsigned s = 0; s < conf->servers; s++)
		if (s != self && view[s].silence_ns != NEVER)
			metric_seconds(
			    e, ONE("peer", conf->server[s].name), view[s].silence_ns);
	metric_family(e, "vlbd_plan_digest_mismatch", METRIC_GAUGE,
	    "Whether the peer has told that its lists differ from this server's.");
	for (unsigned s = 0; s < conf->servers; s++)
		if (s != self)
			metric_count(
			    e, ONE("peer", conf->server[s].name), view[s].plan_differs);
	metric_family(e, "vlbd_peer_unhealthy", METRIC_GAUGE,
	    "Whether the peer says that a check of its fails.");
	for (unsigned s = 0; s < conf->servers; s++)
		if (s != self)
			metric_count(
			    e, ONE("peer", conf->server[s].name), view[s].unhealthy);
	metric_family(e, "vlbd_peer_addresses", METRIC_GAUGE,
	    "How many addresses the peer serves, as this server hears it.");
	for (unsigned s = 0; s < conf->servers; s++)
		if (s != self)
			metric_count(
			    e, ONE("peer", conf->server[s].name), view[s].addresses);
}

static void
about_routers(struct exposition *e, const struct ctl_scene *scene)
{
	const struct conf *conf = engine_conf(scene->engine);
	char ip[IP_TEXT];

	metric_family(e, "vlbd_router_silence_seconds", METRIC_GAUGE,
	    "Time since the router last answered; absent where it has not yet.");
	for (unsigned r = 0; r < conf->routers; r++) {
		struct engine_router_view view = engine_view_router(scene->engine, r);
		if (view.heard_ns != NEVER)
			metric_seconds(e, ONE("router", ip_format(&conf->router[r], ip)),
			    scene->now_ns - view.heard_ns);
	}
}

/* --- what is counted -------------------------------------------------------------- */

static void
by_reason(struct exposition *e, const char *name, const char *help,
    const uint64_t counts[REASONS])
{
	metric_family(e, name, METRIC_COUNTER, help);
	for (unsigned r = 0; r < REASONS; r++)
		if (counts[r] > 0 || r == REASON_DEAD)
			metric_count(e, ONE("reason", reason_name((enum reason_kind)r)),
			    counts[r]);
}

static void
transitions(struct exposition *e, const struct metrics *metrics)
{
	by_reason(e, "vlbd_claims_total",
	    "Addresses that this server began to serve, by why.", metrics->claims);
	by_reason(e, "vlbd_releases_total",
	    "Addresses that this server ceased to serve, by why.", metrics->releases);
	metric_family(e, "vlbd_takeover_seconds", METRIC_HISTOGRAM,
	    "Takeovers from the dead: from their last sign of life until every router "
	    "had "
	    "confirmed this server.");
	metric_histogram(e, &metrics->takeover, metrics_takeover_bounds);
	metric_family(e, "vlbd_events_total", METRIC_COUNTER,
	    "What the daemon had to tell, by kind.");
	for (unsigned k = 0; k < REPORTS; k++)
		metric_count(e, ONE("kind", report_kind_name((enum report_kind)k)),
		    metrics->reports[k]);
}

static void
frames(struct exposition *e, const struct engine_counters *c)
{
	metric_family(e, "vlbd_frames_total", METRIC_COUNTER,
	    "ARP frames; those that came in by what reading them found, those that went "
	    "out by what they were for.");
	for (unsigned v = 0; v < ARP_VERDICTS; v++)
		metric_count(e,
		    TWO("direction", "in", "kind", arp_verdict_name((enum arp_verdict)v)),
		    c->received[v]);
	for (unsigned k = 0; k < FRAME_KINDS; k++)
		metric_count(e,
		    TWO("direction", "out", "kind", ctl_frame_name((enum frame_kind)k)),
		    c->sent[k]);
	metric_family(e, "vlbd_frames_dropped_total", METRIC_COUNTER,
	    "Frames that were never let out.");
	metric_count(e, ONE("reason", "max_rate"), c->dropped);
	single(e, "vlbd_frames_delayed_total", METRIC_COUNTER,
	    "Times that max_rate held a frame back.", c->delayed);
}

static void
heard(struct exposition *e, const struct engine_counters *c)
{
	metric_family(
	    e, "vlbd_heard_total", METRIC_COUNTER, "What was heard, by what it meant.");
	metric_count(e, ONE("kind", "claim"), c->claims);
	metric_count(e, ONE("kind", "answer"), c->answers);
	metric_count(e, ONE("kind", "solicitation"), c->solicitations);
	metric_count(e, ONE("kind", "release"), c->releases);
	metric_count(e, ONE("kind", "probe"), c->probes);
	metric_count(e, ONE("kind", "echo"), c->echoes);
	metric_count(e, ONE("kind", "late_claim"), c->late_claims);
	metric_family(e, "vlbd_conflicts_total", METRIC_COUNTER,
	    "Claims by others of addresses that they may not have: foreign, by no server "
	    "of "
	    "the cluster; worse_tier, of what this server serves.");
	metric_count(e, ONE("kind", "foreign"), c->foreign_claims);
	metric_count(e, ONE("kind", "worse_tier"), c->conflicts);
	single(e, "vlbd_confirmations_total", METRIC_COUNTER,
	    "Answers of routers that confirmed an address.", c->confirmations);
}

static void
troubles(
    struct exposition *e, const struct engine_counters *c, const struct metrics *metrics)
{
	single(e, "vlbd_address_put_backs_total", METRIC_COUNTER,
	    "Addresses that another program removed, and that were put back.",
	    c->put_backs);
	single(e, "vlbd_address_failures_total", METRIC_COUNTER,
	    "Changes of addresses that the kernel refused.", c->failed_changes);
	single(e, "vlbd_leases_lapsed_total", METRIC_COUNTER,
	    "Leases that ran out while the daemon did not run.", c->lapses);
	single(e, "vlbd_isolations_total", METRIC_COUNTER,
	    "Times that this server heard nobody.", c->isolations);
	single(e, "vlbd_demotions_total", METRIC_COUNTER,
	    "Times that this server became unhealthy.", c->demotions);
	single(e, "vlbd_late_turns_total", METRIC_COUNTER,
	    "Times that the daemon found itself stopped, and listened anew.",
	    c->late_turns);
	single(e, "vlbd_netlink_resyncs_total", METRIC_COUNTER,
	    "Times that the kernel's notifications overran and everything was read anew.",
	    metrics->resyncs);
	metric_family(e, "vlbd_loop_lag_seconds", METRIC_HISTOGRAM,
	    "How long after the time that it had set itself the daemon's loop woke.");
	metric_histogram(e, &metrics->lag, metrics_lag_bounds);
}

static void
write_all(struct exposition *e, const struct ctl_scene *scene)
{
	about_the_daemon(e, scene);
	if (scene->engine == NULL)
		return;
	const struct engine_counters *counters = engine_counters(scene->engine);
	about_self(e, scene);
	about_the_file(e, scene);
	about_addresses(e, scene);
	about_peers(e, scene);
	about_routers(e, scene);
	transitions(e, scene->metrics);
	frames(e, counters);
	heard(e, counters);
	troubles(e, counters, scene->metrics);
}

void
ctl_metrics_write(struct out *out, const struct ctl_scene *scene, bool json)
{
	struct exposition e = { .out = out, .json = json, .cluster = scene->cluster };

	if (json) {
		ctl_json_head(out, scene);
		put(out, ",\"metrics\":[");
	}
	write_all(&e, scene);
	metric_end(&e);
	if (json)
		put(out, "]}\n");
}

size_t
ctl_metrics(const struct ctl_scene *scene, char *text, size_t size)
{
	struct out out = { .text = text, .size = size };

	ctl_metrics_write(&out, scene, false);
	return out.len;
}
