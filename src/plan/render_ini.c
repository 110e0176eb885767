/* SPDX-License-Identifier: BSD-2-Clause */
/* render_ini.c - [server] sections of vlb.ini(5). */
#include <string.h>

#include "ranges.h"
#include "render.h"

unsigned
plan_depth(const struct conf *conf)
{
	unsigned depth = 0;

	for (unsigned a = 0; a < conf->addresses; a++)
		if (conf->address[a].tiers > depth)
			depth = conf->address[a].tiers;
	return depth;
}

/* The next run of addresses that have SERVER in TIER, from index *A on. */
static bool
next_run(const struct conf *conf, unsigned server, unsigned tier, unsigned *a,
    struct range *run)
{
	bool open = false;

	for (; *a < conf->addresses; (*a)++) {
		const struct conf_address *address = &conf->address[*a];
		uint32_t value = ip_v4_value(&address->ip);

		bool mine = tier < address->tiers && address->server[tier] == server;
		if (mine && !open)
			*run = (struct range){ value, value };
		else if (mine && value == run->last + 1)
			run->last = value;
		else if (open)
			return true;
		open = open || mine;
	}
	return open;
}

void
ini_tier(FILE *out, const struct conf *conf, unsigned server, unsigned tier,
    const char *head, const char *comment, const char *eol)
{
	size_t used = 0;
	unsigned a = 0;
	char text[RANGE_TEXT];
	struct range run;

	while (next_run(conf, server, tier, &a, &run)) {
		size_t len = strlen(range_format(&run, text));
		if (used > 0 && used + 2 + len > RENDER_LINE) {
			fprintf(out, "%s%s", comment, eol);
			comment = "";
			used = 0;
		}
		if (used == 0) {
			fprintf(out, "%s%s", head, text);
			used = strlen(head) + len;
		} else {
			fprintf(out, ", %s", text);
			used += 2 + len;
		}
	}
	if (used > 0)
		fprintf(out, "%s%s", comment, eol);
}

void
ini_macs(FILE *out, const struct conf_server *server)
{
	char text[MAC_TEXT];

	if (server->macs == 0)
		fputs(CONF_PLACEHOLDER, out);
	for (unsigned i = 0; i < server->macs; i++)
		fprintf(
		    out, "%s%s", i > 0 ? ", " : "", mac_format(&server->mac[i], text));
}

void
ini_server(FILE *out, const struct conf *conf, unsigned s, const char *eol)
{
	const struct conf_server *server = &conf->server[s];
	unsigned depth = plan_depth(conf);
	char key[CONF_NAME], head[CONF_NAME + 8];

	fprintf(out, "[server %s]%smac       = ", server->name, eol);
	ini_macs(out, server);
	if (server->macs == 0)
		fputs("    ; replace it by that of the server's interface", out);
	fputs(eol, out);
	if (server->weight != 1)
		fprintf(out, "weight    = %u%s", server->weight, eol);
	if (*server->rack != '\0')
		fprintf(out, "rack      = %s%s", server->rack, eol);
	for (unsigned tier = 0; tier < depth; tier++) {
		snprintf(head, sizeof head, "%-9s = ", conf_tier_name(tier, key));
		ini_tier(out, conf, s, tier, head, "", eol);
	}
}

int
render_ini(FILE *out, const struct conf *conf)
{
	for (unsigned s = 0; s < conf->servers; s++) {
		if (s > 0)
			fputc('\n', out);
		ini_server(out, conf, s, "\n");
	}
	return 0;
}
