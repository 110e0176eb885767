/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_snapshot.c - everything that vlbctl's live view draws, in lines of words with tabs
 * between them: it need not read JSON for it. vlbctl(8), CONTROL PROTOCOL, has the words.
 */
#include <inttypes.h>

#include "ctl_internal.h"

static void
put_age(struct out *out, uint64_t ns)
{
	if (ns == NEVER)
		put(out, "\t-");
	else
		put(out, "\t%" PRIu64, ns / MS_NS);
}

static void
put_servers(struct out *out, const struct ctl_scene *scene)
{
	const struct conf *conf = engine_conf(scene->engine);
	const unsigned self = engine_self(scene->engine)->server;

	for (unsigned s = 0; s < conf->servers; s++) {
		struct engine_peer_view view =
		    engine_view_peer(scene->engine, s, scene->now_ns);
		put(out, "server\t%s\t%s", conf->server[s].name,
		    s == self ? "self" : peer_state_name(view.state));
		put_age(out, s == self ? NEVER : view.silence_ns);
		bool unhealthy = s == self ? engine_health(scene->engine) == HEALTH_BAD
					   : view.unhealthy;
		put(out, "\t%u\t%s\n", view.addresses, unhealthy ? "unhealthy" : "-");
	}
}

static void
put_address(struct out *out, const struct ctl_scene *scene, unsigned a)
{
	const struct conf *conf = engine_conf(scene->engine);
	const struct conf_address *address = &conf->address[a];
	struct engine_address_view view = engine_view_address(scene->engine, a);
	char ip[IP_TEXT];

	put(out, "address\t%s\t%d\t%s\t%s\t", ip_format(&address->ip, ip), view.owner,
	    view.tier == CONF_NONE ? "-" : failover_state_name(view.state),
	    view.confirmed ? "confirmed" : "-");
	for (unsigned t = 0; t < address->tiers; t++) {
		if (t > 0)
			put_text(out, ",");
		put_number(out, address->server[t]);
	}
	put_text(out, "\n");
}

void
ctl_snapshot(
    struct out *out, const struct ctl_scene *scene, const struct ctl_request *request)
{
	const struct conf *conf = engine_conf(scene->engine);
	uint64_t first = events_first(scene->events);
	uint64_t last = scene->events->last;

	put(out, "self\t%s\t%s\t%s\t%s\t%s\t%u\n", ctl_self_name(scene), conf->name,
	    conf->interface, engine_standing_name(engine_standing(scene->engine)),
	    scene->drain_kept ? "persists" : "-", conf->routers);
	put_servers(out, scene);
	for (unsigned a = 0; a < conf->addresses; a++)
		put_address(out, scene, a);
	if (last - first + 1 > request->lines)
		first = last - request->lines + 1;
	for (uint64_t number = first; number <= last; number++) {
		const struct event *event = events_at(scene->events, number);
		put(out, "event\t%" PRIu64 "\t%d\t%s\n", event->wall_ms,
		    (int)event->level, event->text);
	}
	put(out, "end\n");
}
