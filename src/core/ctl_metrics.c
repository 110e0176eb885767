/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_metrics.c - which metrics there are: their names, types and words. vlbctl(8) lists
 * them; names, labels and units are part of the contract. */
#include "ctl_internal.h"

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
	metric_count(e, LABEL("version", scene->version), 1);
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
	metric_count(e, LABEL("result", "ok"), metrics->reloads[1]);
	metric_count(e, LABEL("result", "refused"), metrics->reloads[0]);
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
		metric_count(e, LABEL("check", conf->check[c].name),
		    engine_view_check(engine, c)->state == HEALTH_GOOD);
	metric_family(e, "vlbd_check_failures_total", METRIC_COUNTER,
	    "Single results of the check that were failures.");
	for (unsigned c = 0; c < conf->checks; c++)
		metric_count(e, LABEL("check", conf->check[c].name),
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
		    LABEL("standing", engine_standing_name((enum engine_standing)s)),
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

/* --- what is counted -------------------------------------------------------------- */

static void
by_reason(struct exposition *e, const char *name, const char *help,
    const uint64_t counts[REASONS])
{
	metric_family(e, name, METRIC_COUNTER, help);
	for (unsigned r = 0; r < REASONS; r++)
		if (counts[r] > 0 || r == REASON_DEAD)
			metric_count(e, LABEL("reason", reason_name((enum reason_kind)r)),
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
		metric_count(e, LABEL("kind", report_kind_name((enum report_kind)k)),
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
		    LABELS(
			"direction", "in", "kind", arp_verdict_name((enum arp_verdict)v)),
		    c->received[v]);
	for (unsigned k = 0; k < FRAME_KINDS; k++)
		metric_count(e,
		    LABELS(
			"direction", "out", "kind", ctl_frame_name((enum frame_kind)k)),
		    c->sent[k]);
	metric_family(e, "vlbd_frames_dropped_total", METRIC_COUNTER,
	    "Frames that were never let out.");
	metric_count(e, LABEL("reason", "max_rate"), c->dropped);
	single(e, "vlbd_frames_delayed_total", METRIC_COUNTER,
	    "Times that max_rate held a frame back.", c->delayed);
}

static void
heard(struct exposition *e, const struct engine_counters *c)
{
	metric_family(
	    e, "vlbd_heard_total", METRIC_COUNTER, "What was heard, by what it meant.");
	metric_count(e, LABEL("kind", "claim"), c->claims);
	metric_count(e, LABEL("kind", "answer"), c->answers);
	metric_count(e, LABEL("kind", "solicitation"), c->solicitations);
	metric_count(e, LABEL("kind", "release"), c->releases);
	metric_count(e, LABEL("kind", "probe"), c->probes);
	metric_count(e, LABEL("kind", "echo"), c->echoes);
	metric_count(e, LABEL("kind", "late_claim"), c->late_claims);
	metric_family(e, "vlbd_conflicts_total", METRIC_COUNTER,
	    "Claims by others of addresses that they may not have: foreign, by no server "
	    "of "
	    "the cluster; worse_tier, of what this server serves.");
	metric_count(e, LABEL("kind", "foreign"), c->foreign_claims);
	metric_count(e, LABEL("kind", "worse_tier"), c->conflicts);
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
	single(e, "vlbd_route_put_backs_total", METRIC_COUNTER,
	    "Local routes of external ranges that others had removed, put back.",
	    metrics->route_put_backs);
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
	metrics_of_addresses(e, scene);
	metrics_of_peers(e, scene);
	metrics_of_routers(e, scene);
	metrics_of_host(e, scene);
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
