/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_metrics_state.c - metrics of what is: addresses, peers, routers, the
 * host. */
#include "ctl_internal.h"

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
		metric_count(e, LABEL("address", ip_format(&conf->address[a].ip, ip)),
		    tell(&view));
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
			    LABELS("address", ip, "state",
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
			    LABEL("address", ip_format(&conf->address[a].ip, ip)),
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
			    LABELS("address", ip, "router",
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
		metric_seconds(e, LABEL("address", ip_format(&conf->address[a].ip, ip)),
		    view.expires_ns > scene->now_ns ? view.expires_ns - scene->now_ns
						    : 0);
	}
}

void
metrics_of_addresses(struct exposition *e, const struct ctl_scene *scene)
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
			    LABELS("peer", conf->server[s].name, "state",
				peer_state_name((enum peer_state)i)),
			    view[s].state == (enum peer_state)i);
}

void
metrics_of_peers(struct exposition *e, const struct ctl_scene *scene)
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
			metric_count(e, LABEL("peer", conf->server[s].name),
			    view[s].state != PEER_DEAD);
	peer_states(e, conf, self, view);
	metric_family(e, "vlbd_peer_silence_seconds", METRIC_GAUGE,
	    "Time since the peer was last heard; absent where it was not heard yet.");
	for (unsigned s = 0; s < conf->servers; s++)
		if (s != self && view[s].silence_ns != NEVER)
			metric_seconds(
			    e, LABEL("peer", conf->server[s].name), view[s].silence_ns);
	metric_family(e, "vlbd_plan_digest_mismatch", METRIC_GAUGE,
	    "Whether the peer has told that its lists differ from this server's.");
	for (unsigned s = 0; s < conf->servers; s++)
		if (s != self)
			metric_count(
			    e, LABEL("peer", conf->server[s].name), view[s].plan_differs);
	metric_family(e, "vlbd_peer_unhealthy", METRIC_GAUGE,
	    "Whether the peer says that a check of its fails.");
	for (unsigned s = 0; s < conf->servers; s++)
		if (s != self)
			metric_count(
			    e, LABEL("peer", conf->server[s].name), view[s].unhealthy);
	metric_family(e, "vlbd_peer_proxies_arp", METRIC_GAUGE,
	    "Whether the peer answers ARP for addresses that other servers have.");
	for (unsigned s = 0; s < conf->servers; s++)
		if (s != self)
			metric_count(
			    e, LABEL("peer", conf->server[s].name), view[s].proxies);
	metric_family(e, "vlbd_peer_addresses", METRIC_GAUGE,
	    "How many addresses the peer serves, as this server hears it.");
	for (unsigned s = 0; s < conf->servers; s++)
		if (s != self)
			metric_count(
			    e, LABEL("peer", conf->server[s].name), view[s].addresses);
}

void
metrics_of_routers(struct exposition *e, const struct ctl_scene *scene)
{
	const struct conf *conf = engine_conf(scene->engine);
	char ip[IP_TEXT];

	metric_family(e, "vlbd_router_silence_seconds", METRIC_GAUGE,
	    "Time since the router last answered; absent where it has not yet.");
	for (unsigned r = 0; r < conf->routers; r++) {
		struct engine_router_view view = engine_view_router(scene->engine, r);
		if (view.heard_ns != NEVER)
			metric_seconds(e,
			    LABEL("router", ip_format(&conf->router[r], ip)),
			    scene->now_ns - view.heard_ns);
	}
}

/* --- the host --------------------------------------------------------------------- */

void
metrics_of_host(struct exposition *e, const struct ctl_scene *scene)
{
	const struct requirement_findings *host = scene->host;

	if (host == NULL)
		return;
	metric_family(e, "vlbd_host_requirement_met", METRIC_GAUGE,
	    "Whether the host meets what the server needs of it (vlbd -t lists it).");
	for (unsigned k = 0; k < REQUIREMENTS; k++) {
		enum requirement_kind kind = (enum requirement_kind)k;
		metric_count(e, LABEL("requirement", requirement_name(kind)),
		    requirements_worst_of(host, kind) < REQUIREMENT_UNMET);
	}
	metric_family(e, "vlbd_host_fit", METRIC_GAUGE,
	    "Whether the host can serve; while it cannot, others do.");
	metric_count(e, NULL, requirements_worst(host) < REQUIREMENT_UNFIT);
}
