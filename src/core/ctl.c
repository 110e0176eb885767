/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl.c - requests in, tables and JSON out. */
#include "vlbd/ctl.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NEVER UINT64_MAX

/* Text that is counted to its end, also where it no longer fits. */
struct out {
	char *text;
	size_t size;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void
put(struct out *out, const char *format, ...)
{
	va_list args;
	size_t room = out->len < out->size ? out->size - out->len : 0;

	va_start(args, format);
	int len = vsnprintf(room > 0 ? out->text + out->len : NULL, room, format, args);
	va_end(args);
	if (len > 0)
		out->len += (size_t)len;
}

static const char *const commands[CTL_COMMANDS] = {
	[CTL_STATUS] = "status",
	[CTL_ADDRESSES] = "addresses",
	[CTL_PEERS] = "peers",
	[CTL_DRAIN] = "drain",
	[CTL_RESUME] = "resume",
	[CTL_RELOAD] = "reload",
};

bool
ctl_parse(const char *line, struct ctl_request *out, char *error, size_t size)
{
	size_t len = strcspn(line, " ");
	const char *rest = line + len + strspn(line + len, " ");

	for (unsigned c = 0; c < CTL_COMMANDS; c++) {
		if (strlen(commands[c]) != len || strncmp(commands[c], line, len) != 0)
			continue;
		out->command = (enum ctl_command)c;
		out->json = strcmp(rest, "--json") == 0;
		if (*rest == '\0' || out->json)
			return true;
		snprintf(error, size, "%s takes nothing but --json", commands[c]);
		return false;
	}
	snprintf(error, size,
	    "this daemon knows no such command; it knows status, addresses, peers, "
	    "drain, "
	    "resume and reload");
	return false;
}

static const char *
owner_name(const struct engine *engine, int owner)
{
	return owner == CONF_NONE ? NULL : engine_conf(engine)->server[owner].name;
}

/* --- JSON ------------------------------------------------------------------------- */

/* Names are letters, digits, dots, dashes and underscores (vlb.ini(5)): nothing needs
 * escaping. */
static void
put_string(struct out *out, const char *text)
{
	if (text == NULL)
		put(out, "null");
	else
		put(out, "\"%s\"", text);
}

/* Milliseconds, three decimals. */
static void
put_ms(struct out *out, uint64_t ns)
{
	if (ns == NEVER)
		put(out, "null");
	else
		put(out, "%" PRIu64 ".%03" PRIu64, ns / MS_NS, ns % MS_NS / 1000);
}

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
	put_string(out, listed ? failover_state_name(view.state) : NULL);
	put(out, ",\"phase\":");
	put_string(out, listed ? failover_phase_name(view.phase) : NULL);
	put(out, ",\"owner\":");
	put_string(out, owner_name(engine, view.owner));
	put(out, ",\"configured\":%s,\"confirmed\":%s,\"since_ms\":",
	    view.configured ? "true" : "false", view.confirmed ? "true" : "false");
	put_ms(out, now_ns - view.since_ns);
	put(out, ",\"left_ms\":");
	put_ms(out, view.deadline_ns == NEVER || view.deadline_ns < now_ns
			? NEVER
			: view.deadline_ns - now_ns);
	put(out, ",\"routers\":[");
	json_routers_of(out, engine, a);
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
		put(out, ",\"addresses\":%u}", view.addresses);
		comma = ",";
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

static void
json_counters(struct out *out, const struct engine *engine)
{
	static const char *const sent[FRAME_KINDS] = {
		[FRAME_CLAIM] = "claims",
		[FRAME_RELEASE] = "releases",
		[FRAME_PROBE] = "probes",
		[FRAME_WITNESS] = "witness_probes",
		[FRAME_HELLO] = "hellos",
		[FRAME_ANSWER] = "answers",
	};
	const struct engine_counters *c = engine_counters(engine);

	put(out, "\"counters\":{\"received\":{");
	for (unsigned v = 0; v < ARP_VERDICTS; v++)
		put(out, "%s\"%s\":%" PRIu64, v > 0 ? "," : "",
		    arp_verdict_name((enum arp_verdict)v), c->received[v]);
	put(out, "},\"sent\":{");
	for (unsigned k = 0; k < FRAME_KINDS; k++)
		put(out, "%s\"%s\":%" PRIu64, k > 0 ? "," : "", sent[k], c->sent[k]);
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
		{ "late_claims", c->late_claims },
		{ "takeovers", c->takeovers },
		{ "yields", c->yields },
		{ "confirmations", c->confirmations },
		{ "put_backs", c->put_backs },
		{ "failed_changes", c->failed_changes },
		{ "late_turns", c->late_turns },
		{ "lapses", c->lapses },
		{ "isolations", c->isolations },
		{ "frames_delayed", c->delayed },
		{ "frames_dropped", c->dropped },
	};
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		put(out, ",\"%s\":%" PRIu64, plain[i].name, plain[i].value);
	put(out, "}");
}

static void
json(struct out *out, const struct engine *engine, enum ctl_command command,
    uint64_t now_ns)
{
	const struct conf *conf = engine_conf(engine);

	put(out, "{\"version\":%d,\"server\":\"%s\",", CTL_JSON_VERSION,
	    conf->server[engine_self(engine)->server].name);
	if (command == CTL_STATUS) {
		put(out, "\"cluster\":\"%s\",\"interface\":\"%s\",\"standing\":\"%s\",",
		    conf->name, conf->interface,
		    engine_standing_name(engine_standing(engine)));
		json_addresses(out, engine, now_ns);
		put(out, ",");
		json_peers(out, engine, now_ns);
		put(out, ",");
		json_routers(out, engine, now_ns);
		put(out, ",");
		json_counters(out, engine);
	} else if (command == CTL_ADDRESSES) {
		json_addresses(out, engine, now_ns);
	} else {
		json_peers(out, engine, now_ns);
	}
	put(out, "}\n");
}

/* --- tables ----------------------------------------------------------------------- */

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
		const char *owner = owner_name(engine, view.owner);
		bool serves = failover_state_serves(view.state);
		bool listed = view.tier != CONF_NONE;
		put(out, "%-15s %-12s ", ip_format(&conf->address[a].ip, ip),
		    owner != NULL ? owner : "?");
		if (!listed) {
			put(out, "%4s %s\n", "-", "-");
			continue;
		}
		put(out, "%4d %-9s %-9s %s\n", view.tier, failover_state_name(view.state),
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
		put(out, "%-12s %-8s %-17s %9s %u\n", conf->server[s].name,
		    peer_state_name(view.state), mac_format(&view.mac, mac),
		    age(view.silence_ns, silence), view.addresses);
	}
}

static void
table_status(struct out *out, const struct engine *engine, uint64_t now_ns)
{
	const struct conf *conf = engine_conf(engine);
	unsigned count[FAILOVER_STATES] = { 0 };
	unsigned confirmed = 0;

	for (unsigned a = 0; a < conf->addresses; a++) {
		struct engine_address_view view = engine_view_address(engine, a);
		if (view.tier != CONF_NONE)
			count[view.state]++;
		confirmed += view.confirmed;
	}
	put(out, "%s of cluster %s on %s: %s\n",
	    conf->server[engine_self(engine)->server].name, conf->name, conf->interface,
	    engine_standing_name(engine_standing(engine)));
	put(out, "%u primary, %u claimed, %u watched, %u released; ", count[PRIMARY],
	    count[CLAIMED], count[WATCHING], count[RELEASED]);
	if (conf->routers == 0)
		put(out, "no router to confirm them\n\n");
	else
		put(out, "%u of %u confirmed by %s\n\n", confirmed,
		    count[PRIMARY] + count[CLAIMED],
		    conf->routers == 1 ? "the router" : "all routers");
	table_peers(out, engine, now_ns);
	put(out, "\n");
	table_addresses(out, engine, now_ns);
}

size_t
ctl_answer(const struct engine *engine, const struct ctl_request *request,
    uint64_t now_ns, char *text, size_t size)
{
	struct out out = { .text = text, .size = size };

	assert(request->command <= CTL_PEERS);
	if (request->json)
		json(&out, engine, request->command, now_ns);
	else if (request->command == CTL_STATUS)
		table_status(&out, engine, now_ns);
	else if (request->command == CTL_ADDRESSES)
		table_addresses(&out, engine, now_ns);
	else
		table_peers(&out, engine, now_ns);
	return out.len;
}
