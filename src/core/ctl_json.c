/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_json.c - status, addresses and peers as JSON. vlbctl(8) is the contract. */
#include <inttypes.h>

#include "ctl_internal.h"

static void
json_routers_of(struct out *out, const struct engine *engine, unsigned address)
{
	const struct conf *conf = engine_conf(engine);
	char ip[IP_TEXT];

	for (unsigned r = 0; r < conf->routers; r++) {
		struct engine_confirmation c =
		    engine_view_confirmation(engine, address, r);
		put(out, "%s{\"router\":\"%s\",\"confirmed\":%s,\"took_ms\":",
		    r > 0 ? "," : "", ip_format(&conf->router[r], ip),
		    c.confirmed ? "true" : "false");
		put_ms(out, c.took_ns);
		put(out, "}");
	}
}

static void
json_servers_of(struct out *out, const struct engine *engine, unsigned address)
{
	const struct conf_address *list = &engine_conf(engine)->address[address];

	for (unsigned t = 0; t < list->tiers; t++) {
		put_text(out, t > 0 ? ",\"" : "\"");
		put_text(out, ctl_owner_name(engine, list->server[t]));
		put_text(out, "\"");
	}
}

static void
json_address(struct out *out, const struct engine *engine, unsigned a, uint64_t now_ns)
{
	struct engine_address_view view = engine_view_address(engine, a);
	bool listed = view.tier != CONF_NONE;
	char ip[IP_TEXT];

	put(out, "{\"address\":\"%s\",\"tier\":",
	    ip_format(&engine_conf(engine)->address[a].ip, ip));
	if (listed)
		put(out, "%d", view.tier);
	else
		put(out, "null");
	put(out, ",\"state\":");
	/* It may serve it all the same, while plans differ. */
	listed = listed || failover_state_serves(view.state);
	put_string(out, listed ? failover_state_name(view.state) : NULL);
	put(out, ",\"phase\":");
	put_string(out, listed ? failover_phase_name(view.phase) : NULL);
	put(out, ",\"owner\":");
	put_string(out, ctl_owner_name(engine, view.owner));
	put(out, ",\"configured\":%s,\"confirmed\":%s,\"since_ms\":",
	    view.configured ? "true" : "false", view.confirmed ? "true" : "false");
	put_ms(out, now_ns - view.since_ns);
	put(out, ",\"left_ms\":");
	put_ms(out, view.deadline_ns == NEVER || view.deadline_ns < now_ns
			? NEVER
			: view.deadline_ns - now_ns);
	put(out, ",\"lease_left_ms\":");
	put_ms(out, view.expires_ns == NEVER || view.expires_ns < now_ns
			? NEVER
			: view.expires_ns - now_ns);
	put(out, ",\"stay_ms\":");
	put_ms(out, engine_view_stay_ns(engine, a, now_ns));
	put(out, ",\"routers\":[");
	json_routers_of(out, engine, a);
	put(out, "],\"servers\":[");
	json_servers_of(out, engine, a);
	put(out, "]}");
}

static void
json_addresses(struct out *out, const struct engine *engine, uint64_t now_ns)
{
	put(out, "\"addresses\":[");
	for (unsigned a = 0; a < engine_conf(engine)->addresses; a++) {
		if (a > 0)
			put(out, ",");
		json_address(out, engine, a, now_ns);
	}
	put(out, "]");
}

/* A string: more bits than some readers of JSON have for a number. */
static void
json_plan(struct out *out, uint64_t plan)
{
	char text[CONF_DIGEST_TEXT];

	put_string(out, plan == 0 ? NULL : conf_digest_format(plan, text));
}

static void
json_peers(struct out *out, const struct engine *engine, uint64_t now_ns)
{
	const struct conf *conf = engine_conf(engine);
	const char *comma = "";
	char mac[MAC_TEXT];

	put(out, "\"peers\":[");
	for (unsigned s = 0; s < conf->servers; s++) {
		if (s == engine_self(engine)->server)
			continue;
		struct engine_peer_view view = engine_view_peer(engine, s, now_ns);
		put(out,
		    "%s{\"name\":\"%s\",\"state\":\"%s\",\"mac\":\"%s\",\"silence_ms\":",
		    comma, conf->server[s].name, peer_state_name(view.state),
		    mac_format(&view.mac, mac));
		put_ms(out, view.silence_ns);
		put(out, ",\"addresses\":%u,\"plan\":", view.addresses);
		json_plan(out, view.plan);
		put(out, ",\"plan_differs\":%s,\"unhealthy\":%s,\"proxies\":%s}",
		    view.plan_differs ? "true" : "false",
		    view.unhealthy ? "true" : "false", view.proxies ? "true" : "false");
		comma = ",";
	}
	put(out, "]");
}

static void
json_checks(struct out *out, const struct engine *engine, uint64_t now_ns)
{
	const struct conf *conf = engine_conf(engine);

	put(out, "\"health\":");
	put_string(out, health_state_name(engine_health(engine)));
	put(out, ",\"checks\":[");
	for (unsigned c = 0; c < conf->checks; c++) {
		const struct health *health = engine_view_check(engine, c);
		const struct conf_check *check = &conf->check[c];
		put(out,
		    "%s{\"name\":\"%s\",\"type\":\"%s\",\"target\":", c > 0 ? "," : "",
		    check->name, conf_check_kind_name(check->kind));
		put_string(out, check->target);
		put(out,
		    ",\"state\":\"%s\",\"since_ms\":", health_state_name(health->state));
		put_ms(out, now_ns - health->since_ns);
		put(out,
		    ",\"passed\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"last_failure\":",
		    health->passed, health->failed);
		put_string(out, health->why[0] != '\0' ? health->why : NULL);
		put(out, "}");
	}
	put(out, "]");
}

static void
json_host(struct out *out, const struct requirement_findings *host)
{
	put(out, "\"host\":[");
	for (unsigned i = 0; host != NULL && i < host->count; i++) {
		const struct requirement_finding *finding = &host->finding[i];
		put(out, "%s{\"requirement\":\"%s\",\"level\":\"%s\",\"text\":",
		    i > 0 ? "," : "", requirement_name(finding->kind),
		    requirement_level_name(finding->level));
		put_string(out, finding->text);
		put(out, "}");
	}
	put(out, "]");
}

static void
json_routers(struct out *out, const struct engine *engine, uint64_t now_ns)
{
	const struct conf *conf = engine_conf(engine);
	char ip[IP_TEXT], mac[MAC_TEXT];

	put(out, "\"routers\":[");
	for (unsigned r = 0; r < conf->routers; r++) {
		struct engine_router_view view = engine_view_router(engine, r);
		put(out, "%s{\"router\":\"%s\",\"mac\":", r > 0 ? "," : "",
		    ip_format(&conf->router[r], ip));
		put_string(
		    out, mac_is_zero(&view.mac) ? NULL : mac_format(&view.mac, mac));
		put(out, ",\"heard_ms\":");
		put_ms(out, view.heard_ns == NEVER ? NEVER : now_ns - view.heard_ns);
		put(out, "}");
	}
	put(out, "]");
}

const char *
ctl_frame_name(enum frame_kind kind)
{
	static const char *const names[FRAME_KINDS] = {
		[FRAME_CLAIM] = "claim",
		[FRAME_RELEASE] = "release",
		[FRAME_PROBE] = "probe",
		[FRAME_WITNESS] = "witness_probe",
		[FRAME_HELLO] = "hello",
		[FRAME_ANSWER] = "answer",
	};

	return names[kind] != NULL ? names[kind] : "other";
}

static void
json_counters(struct out *out, const struct engine *engine)
{
	const struct engine_counters *c = engine_counters(engine);

	put(out, "\"counters\":{\"received\":{");
	for (unsigned v = 0; v < ARP_VERDICTS; v++)
		put(out, "%s\"%s\":%" PRIu64, v > 0 ? "," : "",
		    arp_verdict_name((enum arp_verdict)v), c->received[v]);
	put(out, "},\"sent\":{");
	for (unsigned k = 0; k < FRAME_KINDS; k++)
		put(out, "%s\"%ss\":%" PRIu64, k > 0 ? "," : "",
		    ctl_frame_name((enum frame_kind)k), c->sent[k]);
	put(out, "}");
	const struct {
		const char *name;
		uint64_t value;
	} plain[] = {
		{ "claims", c->claims },
		{ "answers", c->answers },
		{ "solicitations", c->solicitations },
		{ "releases", c->releases },
		{ "probes", c->probes },
		{ "echoes", c->echoes },
		{ "foreign_claims", c->foreign_claims },
		{ "conflicts", c->conflicts },
		{ "plan_differs", c->plan_differs },
		{ "late_claims", c->late_claims },
		{ "takeovers", c->takeovers },
		{ "yields", c->yields },
		{ "confirmations", c->confirmations },
		{ "put_backs", c->put_backs },
		{ "failed_changes", c->failed_changes },
		{ "late_turns", c->late_turns },
		{ "lapses", c->lapses },
		{ "isolations", c->isolations },
		{ "demotions", c->demotions },
		{ "frames_delayed", c->delayed },
		{ "frames_dropped", c->dropped },
	};
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		put(out, ",\"%s\":%" PRIu64, plain[i].name, plain[i].value);
	put(out, "}");
}

void
ctl_json_head(struct out *out, const struct ctl_scene *scene)
{
	put(out, "{\"version\":%d,\"server\":\"%s\"", CTL_JSON_VERSION,
	    ctl_self_name(scene));
}

static void
json_status(struct out *out, const struct ctl_scene *scene)
{
	const struct engine *engine = scene->engine;
	const struct conf *conf = engine_conf(engine);

	put(out, ",\"cluster\":\"%s\",\"interface\":\"%s\",\"standing\":\"%s\",",
	    conf->name, conf->interface, engine_standing_name(engine_standing(engine)));
	put(out, "\"drain_persists\":%s,\"vlbd\":\"%s\",",
	    scene->drain_kept ? "true" : "false", scene->version);
	put(out, "\"plan\":");
	json_plan(out, engine_view_plan(engine));
	put(out, ",");
	json_host(out, scene->host);
	put(out, ",");
	json_checks(out, engine, scene->now_ns);
	put(out,
	    ",\"notifications\":{\"told\":%" PRIu64 ",\"failed\":%" PRIu64
	    ",\"dropped\":%" PRIu64 "},",
	    scene->notified.told, scene->notified.failed, scene->notified.dropped);
	json_addresses(out, engine, scene->now_ns);
	put(out, ",");
	json_peers(out, engine, scene->now_ns);
	put(out, ",");
	json_routers(out, engine, scene->now_ns);
	put(out, ",");
	json_counters(out, engine);
}

void
ctl_json(struct out *out, const struct ctl_scene *scene, enum ctl_command command)
{
	ctl_json_head(out, scene);
	if (command == CTL_STATUS) {
		json_status(out, scene);
	} else {
		put(out, ",");
		if (command == CTL_ADDRESSES)
			json_addresses(out, scene->engine, scene->now_ns);
		else
			json_peers(out, scene->engine, scene->now_ns);
	}
	put(out, "}\n");
}
