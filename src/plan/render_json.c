/* SPDX-License-Identifier: BSD-2-Clause */
/* render_json.c - the plan for programs. Names are letters, digits, '.', '_' and '-', so
 * no text needs escapes. */
#include <inttypes.h>
#include <stdlib.h>

#include "planning.h"
#include "render.h"

enum { SHOWN_FAILURES = 3, SHOWN_SETS = 50000 };

static void
print_server(FILE *out, const struct conf_server *server)
{
	char text[MAC_TEXT];

	fprintf(out, "{\"name\":\"%s\",\"weight\":%u,\"rack\":", server->name,
	    server->weight);
	if (*server->rack != '\0')
		fprintf(out, "\"%s\"", server->rack);
	else
		fputs("null", out);
	fputs(",\"mac\":[", out);
	for (unsigned i = 0; i < server->macs; i++)
		fprintf(
		    out, "%s\"%s\"", i > 0 ? "," : "", mac_format(&server->mac[i], text));
	fputs("]}", out);
}

static void
print_address(FILE *out, const struct conf *conf, const struct conf_address *address)
{
	char text[IP_TEXT];

	fprintf(out, "{\"address\":\"%s\",\"servers\":[", ip_format(&address->ip, text));
	for (unsigned tier = 0; tier < address->tiers; tier++)
		fprintf(out, "%s\"%s\"", tier > 0 ? "," : "",
		    conf->server[address->server[tier]].name);
	fputs("]}", out);
}

static void
print_set(FILE *out, const struct conf *conf, const char *key, uint64_t set)
{
	const char *comma = "";

	fprintf(out, ",\"%s\":[", key);
	for (unsigned s = 0; s < conf->servers; s++) {
		if ((set >> s & 1) == 0)
			continue;
		fprintf(out, "%s\"%s\"", comma, conf->server[s].name);
		comma = ",";
	}
	fputc(']', out);
}

static void
print_row(FILE *out, const struct conf *conf, const struct racks *racks,
    const struct balance_row *row)
{
	static const char *const kinds[] = { [BALANCE_SERVERS] = "servers",
		[BALANCE_RACK] = "rack",
		[BALANCE_RACK_AND_ONE] = "rack and one" };

	fprintf(out, "{\"kind\":\"%s\",\"failures\":%u,\"rack\":", kinds[row->kind],
	    row->failures);
	if (row->kind == BALANCE_RACK)
		fprintf(out, "\"%s\"", racks->name[row->rack]);
	else
		fputs("null", out);
	fprintf(out,
	    ",\"sets\":%" PRIu64 ",\"sampled\":%s,\"worst\":%u,\"mean\":%u.%03u,"
	    "\"bound\":%u,\"excess\":%u,\"load\":%u,\"server\":\"%s\"",
	    row->sets, row->sampled ? "true" : "false", row->worst,
	    row->mean_milli / 1000, row->mean_milli % 1000, row->bound, row->excess,
	    row->load, conf->server[row->server].name);
	print_set(out, conf, "failed", row->failed);
	fprintf(out, ",\"unserved\":%u", row->unserved);
	print_set(out, conf, "unserved_set", row->unserved_set);
	fputc('}', out);
}

static void
print_rows(
    FILE *out, const struct conf *conf, const struct balance_row *row, unsigned rows)
{
	struct plan_server server[PLAN_SERVERS];
	struct racks racks;

	planning_servers(conf, server, &racks);
	for (unsigned i = 0; i < rows; i++) {
		fputs(i > 0 ? ",\n  " : "\n  ", out);
		print_row(out, conf, &racks, &row[i]);
	}
}

int
render_json(FILE *out, const struct conf *conf)
{
	char digest[CONF_DIGEST_TEXT];
	unsigned rows;
	struct balance_row *row =
	    planning_balance(conf, SHOWN_FAILURES, SHOWN_SETS, &rows);

	if (row == NULL)
		return EXIT_FAILURE;
	fprintf(out, "{\"version\":1,\n \"digest\":\"%s\",\n \"servers\":[",
	    conf_digest_format(conf_digest(conf), digest));
	for (unsigned s = 0; s < conf->servers; s++) {
		fputs(s > 0 ? ",\n  " : "\n  ", out);
		print_server(out, &conf->server[s]);
	}
	fprintf(out, "],\n \"tiers\":%u,\n \"addresses\":[", plan_depth(conf));
	for (unsigned a = 0; a < conf->addresses; a++) {
		fputs(a > 0 ? ",\n  " : "\n  ", out);
		print_address(out, conf, &conf->address[a]);
	}
	fprintf(
	    out, "],\n \"rack_mates\":%u,\n \"balance\":[", planning_rack_mates(conf));
	print_rows(out, conf, row, rows);
	fputs("]}\n", out);
	free(row);
	return 0;
}
