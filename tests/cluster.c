/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const six[] = { "A|1-5|6,11,16,21,26", "B|6-10|1,12,17,22,27",
	"C|11-15|2,7,18,23,28", "D|16-20|3,8,13,24,29", "E|21-25|4,9,14,19,30",
	"F|26-30|5,10,15,20,25", NULL };
static const char *const three[] = { "A|1,2|3,5|4,6", "B|3,4|1,6|2,5", "C|5,6|2,4|1,3",
	NULL };

struct mac
cluster_mac(unsigned server)
{
	return (struct mac){ { 2, 0, 0, 0, 0, (uint8_t)(server + 1) } };
}

struct ip
cluster_ip(unsigned number)
{
	return ip_v4(0x0a4d0000u + number);
}

static struct ip
base_ip(unsigned server)
{
	return ip_v4(0x0a4d8000u + server + 1);
}

static struct ip
router_ip(void)
{
	return ip_v4(0x0a4dfffeu);
}

/* "1-5,7" to "10.77.0.1-5, 10.77.0.7" */
static void
expand(const char *list, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (const char *at = list; *at != '\0' && *at != '|';) {
		size_t word = strcspn(at, ",|");
		len += (size_t)snprintf(text + len, size - len, "%s10.77.0.%.*s",
		    len > 0 ? ", " : "", (int)word, at);
		at += word + (at[word] == ',');
	}
}

static void
feed_server(struct conf_reader *reader, int *line, const char *row, unsigned index)
{
	static const char *const tiers[] = { "primary", "secondary", "tertiary" };
	char text[200], mac[MAC_TEXT];
	struct mac address = cluster_mac(index);

	snprintf(text, sizeof(text), "server %c", row[0]);
	conf_section(reader, (*line)++, text);
	conf_set(reader, (*line)++, "mac", mac_format(&address, mac));
	const char *at = row + 1;
	for (unsigned t = 0; *at == '|'; t++) {
		expand(at + 1, text, sizeof(text));
		conf_set(reader, (*line)++, tiers[t], text);
		at += 1 + strcspn(at + 1, "|");
	}
}

static void
feed_timing(struct conf_reader *reader, int *line, const char *timing)
{
	char text[400];
	char *save = NULL;

	conf_section(reader, (*line)++, "timing");
	snprintf(text, sizeof(text), "%s", timing);
	for (char *word = strtok_r(text, ";", &save); word != NULL;
	     word = strtok_r(NULL, ";", &save)) {
		char key[40], value[40];
		if (sscanf(word, " %39[a-z_] = %39s", key, value) == 2 &&
		    strcmp(key, "check") != 0)
			conf_set(reader, (*line)++, key, value);
	}
}

struct conf *
cluster_conf(unsigned servers, const char *timing, bool router)
{
	struct conf *conf = calloc(1, sizeof(*conf));
	struct conf_reader *reader = calloc(1, conf_reader_size());
	const char *const *rows = servers == 3 ? three : six;
	int line = 1;

	conf_begin(reader, conf);
	conf_section(reader, line++, "cluster");
	conf_set(reader, line++, "interface", "eth1");
	if (router)
		conf_set(reader, line++, "router", "10.77.255.254");
	if (timing != NULL)
		feed_timing(reader, &line, timing);
	if (timing != NULL && strstr(timing, "check") != NULL) {
		conf_section(reader, line++, "check web");
		conf_set(reader, line++, "type", "tcp");
		conf_set(reader, line++, "target", "127.0.0.1:80");
	}
	for (unsigned s = 0; rows[s] != NULL; s++)
		feed_server(reader, &line, rows[s], s);
	if (!conf_finish(reader)) {
		unsigned kept, total;
		const struct conf_error *errors = conf_errors(reader, &kept, &total);
		for (unsigned i = 0; i < kept; i++)
			fprintf(stderr, "%d: %s\n", errors[i].line, errors[i].text);
		abort();
	}
	free(reader);
	return conf;
}

struct cluster *
cluster_new(unsigned servers, const char *timing)
{
	struct cluster *cluster = calloc(1, sizeof(*cluster));

	cluster->conf = cluster_conf(servers, timing, true);
	cluster->now_ns = 1000 * SEC_NS;
	cluster->router_mac = (struct mac){ { 2, 0, 0, 0, 0, 0xfe } };
	return cluster;
}

void
cluster_free(struct cluster *cluster)
{
	for (unsigned s = 0; s < cluster->conf->servers; s++)
		free(cluster->server[s].memory);
	free(cluster->conf);
	free(cluster);
}

static bool reaches(
    const struct cluster *cluster, const struct arp *arp, unsigned server);
static void deliver(struct cluster *cluster, unsigned from, const struct arp *arp);

static unsigned
index_of(const struct cluster *cluster, const struct ip *ip)
{
	int index = conf_address_by_ip(cluster->conf, ip);

	return index == CONF_NONE ? UINT32_MAX : (unsigned)index;
}

static void
change(struct cluster *cluster, unsigned s, const struct action *action)
{
	struct cluster_server *server = &cluster->server[s];
	unsigned a = index_of(cluster, &action->address.ip);

	if (server->hold_results)
		return;
	if (server->fail == 0 && a != UINT32_MAX) {
		uint64_t lease_ns = action->address.lease_ns;
		server->has[a] = action->address.verb != HOLDING_REMOVE;
		server->lease_ns[a] =
		    lease_ns == 0 ? UINT64_MAX : cluster->now_ns + lease_ns;
	}
	engine_done(server->engine, action->address.verb, &action->address.ip,
	    server->fail, cluster->now_ns);
}

static void
perform(struct cluster *cluster, unsigned s)
{
	struct cluster_server *server = &cluster->server[s];
	struct action action;

	while (server->engine != NULL && engine_action(server->engine, &action)) {
		switch (action.kind) {
		case ACTION_ADDRESS:
			change(cluster, s, &action);
			break;
		case ACTION_SEND:
			cluster->sents %= CLUSTER_LOG;
			cluster->sent[cluster->sents].from = s;
			cluster->sent[cluster->sents].frame = action.send.frame;
			cluster->sent[cluster->sents].at_ns = cluster->now_ns;
			cluster->sent[cluster->sents++].arp = action.send.arp;
			deliver(cluster, s, &action.send.arp);
			break;
		case ACTION_REPORT:
			cluster->tolds %= CLUSTER_LOG;
			cluster->told[cluster->tolds].from = s;
			cluster->told[cluster->tolds].at_ns = cluster->now_ns;
			cluster->told[cluster->tolds++].report = action.report;
			if (getenv("CLUSTER_TRACE") != NULL) {
				char text[300];
				report_format(
				    &action.report, cluster->conf, text, sizeof(text));
				fprintf(stderr, "# %8.1fms %c %s\n",
				    (double)(cluster->now_ns - 1000 * SEC_NS) / 1e6,
				    'A' + s, text);
			}
			break;
		case ACTION_CHECK:
			if (!server->hangs)
				engine_checked(server->engine, action.check,
				    !server->sick, "refused", cluster->now_ns);
			break;
		case ACTION_STOPPED:
		default:
			server->stopped = true;
			break;
		}
	}
}

/* A kernel's answer is heard by its asker only: it is unicast. */
static void
kernel_answer(struct cluster *cluster, unsigned s, const struct arp *request)
{
	unsigned a = index_of(cluster, &request->tpa);
	struct ip base = base_ip(s);
	struct arp reply = {
		.dst = request->sha,
		.src = cluster_mac(s),
		.op = ARP_REPLY,
		.sha = cluster_mac(s),
		.spa = request->tpa,
		.tha = request->sha,
		.tpa = request->spa,
	};

	if (request->op != ARP_REQUEST || cluster->server[s].crashed)
		return;
	bool has = a != UINT32_MAX && cluster->server[s].has[a];
	bool proxied =
	    a != UINT32_MAX && cluster->server[s].proxies && !ip_is_none(&request->spa);
	/* An announcement of its own address is no question (Linux: a martian source),
	 * but one to a host that has a route to the address on another interface. */
	if (ip_equal(&request->spa, &request->tpa) && (has || !proxied))
		return;
	if (ip_equal(&request->tpa, &base) || has || proxied)
		deliver(cluster, s, &reply);
}

static void
router_hears(struct cluster *cluster, const struct arp *arp)
{
	struct ip self = router_ip();
	unsigned a = index_of(cluster, &arp->spa);
	bool to_router = mac_equal(&arp->dst, &cluster->router_mac) ||
			 mac_equal(&arp->dst, &mac_broadcast);

	if (cluster->router_down || !to_router)
		return;
	if (a != UINT32_MAX)
		cluster->router_entry[a] = arp->sha;
	if (arp->op != ARP_REQUEST ||
	    (conf_router_by_ip(cluster->conf, &arp->tpa) == CONF_NONE &&
		!ip_equal(&arp->tpa, &self)))
		return;
	struct arp reply = {
		.dst = arp->sha,
		.src = cluster->router_mac,
		.op = ARP_REPLY,
		.sha = cluster->router_mac,
		.spa = arp->tpa,
		.tha = arp->sha,
		.tpa = arp->spa,
	};
	deliver(cluster, UINT32_MAX, &reply);
}

static bool
reaches(const struct cluster *cluster, const struct arp *arp, unsigned server)
{
	struct mac mac = cluster_mac(server);

	return !cluster->server[server].deaf &&
	       (mac_equal(&arp->dst, &mac) || mac_equal(&arp->dst, &mac_broadcast));
}

static void
deliver(struct cluster *cluster, unsigned from, const struct arp *arp)
{
	if (from < CLUSTER_SERVERS && cluster->server[from].mute)
		return;
	if (cluster->lose == NULL || !cluster->lose(cluster, from, -1, arp))
		router_hears(cluster, arp);
	for (unsigned s = 0; s < cluster->conf->servers; s++) {
		struct cluster_server *server = &cluster->server[s];
		if (s == from || !reaches(cluster, arp, s))
			continue;
		if (cluster->lose != NULL && cluster->lose(cluster, from, (int)s, arp))
			continue;
		if (!server->no_arp)
			kernel_answer(cluster, s, arp);
		if (cluster->unheard != NULL &&
		    cluster->unheard(cluster, from, (int)s, arp))
			continue;
		if (server->frozen && server->ringed < 512) {
			server->ring[server->ringed++] = *arp;
		} else if (server->engine != NULL && !server->frozen) {
			engine_hear(server->engine, arp, cluster->now_ns);
			perform(cluster, s);
		}
	}
}

void
cluster_start(struct cluster *cluster, unsigned s)
{
	struct cluster_server *server = &cluster->server[s];
	struct engine_self self = {
		.server = s, .mac = cluster_mac(s), .base = base_ip(s)
	};

	free(server->memory);
	server->memory = malloc(engine_size(cluster->conf));
	server->engine =
	    engine_init(server->memory, cluster->conf, &self, cluster->now_ns);
	server->frozen = server->stopped = server->crashed = false;
	server->ringed = 0;
	for (unsigned a = 0; a < cluster->conf->addresses; a++)
		if (server->has[a])
			engine_adopt(server->engine, &cluster->conf->address[a].ip,
			    server->lease_ns[a], cluster->now_ns);
	engine_tick(server->engine, cluster->now_ns);
	perform(cluster, s);
}

void
cluster_start_all(struct cluster *cluster)
{
	/* Not in step: real servers never are. */
	for (unsigned s = 0; s < cluster->conf->servers; s++) {
		cluster_start(cluster, s);
		cluster_run(cluster, 13 * MS_NS);
	}
	cluster_run(cluster, 500 * MS_NS);
	/* The first to start has taken what was nobody's; the others need not wait for
	 * it. */
	for (unsigned s = 0; s < cluster->conf->servers; s++)
		cluster_admin(cluster, s, ADMIN_RESUME);
	cluster_settle(cluster);
}

void
cluster_reload(
    struct cluster *cluster, unsigned s, const struct conf *conf, unsigned self_index)
{
	struct cluster_server *server = &cluster->server[s];
	struct engine_self self = *engine_self(server->engine);
	void *memory = malloc(engine_reload_size(conf, server->engine));

	self.server = self_index;
	server->engine =
	    engine_reload(memory, conf, &self, server->engine, cluster->now_ns);
	free(server->memory);
	server->memory = memory;
}

void
cluster_kill(struct cluster *cluster, unsigned s)
{
	free(cluster->server[s].memory);
	cluster->server[s].memory = NULL;
	cluster->server[s].engine = NULL;
}

void
cluster_crash(struct cluster *cluster, unsigned s)
{
	cluster_kill(cluster, s);
	memset(cluster->server[s].has, 0, sizeof(cluster->server[s].has));
	cluster->server[s].crashed = true;
}

void
cluster_freeze(struct cluster *cluster, unsigned s)
{
	cluster->server[s].frozen = true;
}

void
cluster_thaw(struct cluster *cluster, unsigned s)
{
	struct cluster_server *server = &cluster->server[s];

	server->frozen = false;
	for (unsigned i = 0; i < server->ringed; i++)
		engine_hear(server->engine, &server->ring[i], cluster->now_ns);
	server->ringed = 0;
	engine_tick(server->engine, cluster->now_ns);
	perform(cluster, s);
}

void
cluster_admin(struct cluster *cluster, unsigned s, enum engine_admin admin)
{
	engine_admin(cluster->server[s].engine, admin, cluster->now_ns);
	perform(cluster, s);
}

void
cluster_checked(struct cluster *cluster, unsigned s, bool passed)
{
	cluster->server[s].hangs = false;
	cluster->server[s].sick = !passed;
	engine_checked(cluster->server[s].engine, 0, passed, "refused", cluster->now_ns);
	perform(cluster, s);
}

void
cluster_steal(struct cluster *cluster, unsigned s, unsigned number)
{
	struct ip ip = cluster_ip(number);

	cluster->server[s].has[cluster_address(cluster, number)] = false;
	engine_gone(cluster->server[s].engine, &ip, cluster->now_ns);
	perform(cluster, s);
}

void
cluster_link(struct cluster *cluster, unsigned s, bool up)
{
	cluster->server[s].mute = cluster->server[s].deaf = !up;
	engine_link(cluster->server[s].engine, up, cluster->now_ns);
	perform(cluster, s);
}

void
cluster_inject(struct cluster *cluster, const struct arp *arp)
{
	deliver(cluster, UINT32_MAX, arp);
}

void
cluster_solicit(struct cluster *cluster, unsigned number)
{
	struct arp request = {
		.dst = mac_broadcast,
		.src = cluster->router_mac,
		.op = ARP_REQUEST,
		.sha = cluster->router_mac,
		.spa = router_ip(),
		.tpa = cluster_ip(number),
	};

	deliver(cluster, UINT32_MAX, &request);
}

/* Leases end by themselves, and the kernel says so. */
static void
expire(struct cluster *cluster)
{
	for (unsigned s = 0; s < cluster->conf->servers; s++) {
		struct cluster_server *server = &cluster->server[s];
		for (unsigned a = 0; a < cluster->conf->addresses; a++) {
			if (!server->has[a] || server->lease_ns[a] > cluster->now_ns)
				continue;
			server->has[a] = false;
			if (server->engine != NULL && !server->frozen)
				engine_gone(server->engine, &cluster->conf->address[a].ip,
				    cluster->now_ns);
		}
	}
}

void
cluster_run(struct cluster *cluster, uint64_t ns)
{
	uint64_t end_ns = cluster->now_ns + ns;

	for (;;) {
		uint64_t next_ns = end_ns;
		unsigned who = UINT32_MAX;
		for (unsigned s = 0; s < cluster->conf->servers; s++) {
			struct cluster_server *server = &cluster->server[s];
			if (server->engine == NULL || server->frozen)
				continue;
			if (engine_deadline(server->engine) < next_ns) {
				next_ns = engine_deadline(server->engine);
				who = s;
			}
		}
		if (next_ns > cluster->now_ns)
			cluster->now_ns = next_ns;
		expire(cluster);
		if (who == UINT32_MAX)
			return;
		engine_tick(cluster->server[who].engine, cluster->now_ns);
		perform(cluster, who);
	}
}

void
cluster_settle(struct cluster *cluster)
{
	cluster_run(cluster, 3 * SEC_NS);
}

unsigned
cluster_address(const struct cluster *cluster, unsigned number)
{
	struct ip ip = cluster_ip(number);
	unsigned index = index_of(cluster, &ip);

	assert(index != UINT32_MAX);
	return index;
}

char
cluster_holder(const struct cluster *cluster, unsigned number)
{
	unsigned a = cluster_address(cluster, number);
	char holder = '-';

	for (unsigned s = 0; s < cluster->conf->servers; s++)
		if (cluster->server[s].has[a])
			holder = holder == '-' ? (char)('A' + s) : '*';
	return holder;
}

char
cluster_router_thinks(const struct cluster *cluster, unsigned number)
{
	int s = conf_server_by_mac(
	    cluster->conf, &cluster->router_entry[cluster_address(cluster, number)]);

	return s == CONF_NONE ? '-' : (char)('A' + s);
}

enum failover_state
cluster_state(const struct cluster *cluster, unsigned server, unsigned number)
{
	return engine_view_address(
	    cluster->server[server].engine, cluster_address(cluster, number))
	    .state;
}

const char *
cluster_map(const struct cluster *cluster)
{
	static char map[CONF_ADDRESSES + 1];
	unsigned a;

	for (a = 0; a < cluster->conf->addresses; a++)
		map[a] = cluster_holder(cluster, a + 1);
	map[a] = '\0';
	return map;
}

unsigned
cluster_count_sent(const struct cluster *cluster, unsigned from, enum frame_kind frame)
{
	unsigned count = 0;

	for (unsigned i = 0; i < cluster->sents; i++)
		count += cluster->sent[i].from == from && cluster->sent[i].frame == frame;
	return count;
}

unsigned
cluster_count_told(const struct cluster *cluster, unsigned from, enum report_kind kind)
{
	unsigned count = 0;

	for (unsigned i = 0; i < cluster->tolds; i++)
		count +=
		    cluster->told[i].from == from && cluster->told[i].report.kind == kind;
	return count;
}

void
cluster_forget(struct cluster *cluster)
{
	cluster->sents = cluster->tolds = 0;
}
