/* SPDX-License-Identifier: BSD-2-Clause */
/* render_table.c - the lists and what failures do, for people to read. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "planning.h"
#include "render.h"

enum {
	SHOWN_FAILURES = 3,
	SHOWN_SETS = 50000, /* in each row; more are sampled */
	TEXT = 4200
};

/* Names of the servers in SET, cut where TEXT ends. */
static const char *
set_names(const struct conf *conf, uint64_t set, char text[TEXT])
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned s = 0; s < conf->servers; s++)
		if ((set >> s & 1) != 0 && used < TEXT)
			used += (size_t)snprintf(text + used, TEXT - used, "%s%s",
			    used > 0 ? " " : "", conf->server[s].name);
	return text;
}

static void
kind_name(
    const struct balance_row *row, const struct racks *racks, char *text, size_t size)
{
	switch (row->kind) {
	case BALANCE_SERVERS:
		snprintf(text, size, "%u", row->failures);
		break;
	case BALANCE_RACK:
		snprintf(text, size, "rack %s", racks->name[row->rack]);
		break;
	case BALANCE_RACK_AND_ONE:
		snprintf(text, size, "rack + 1");
		break;
	}
}

static void
sets_text(const struct balance_row *row, char *text, size_t size)
{
	if (!row->sampled)
		snprintf(text, size, "%" PRIu64, row->sets);
	else if (row->of == UINT64_MAX)
		snprintf(text, size, "%" PRIu64 " of many", row->sets);
	else
		snprintf(text, size, "%" PRIu64 " of %" PRIu64, row->sets, row->of);
}

/* The case that is worst, in words. */
static void
print_case(FILE *out, const struct conf *conf, const struct balance_row *row)
{
	char text[TEXT];

	if (row->excess > 0)
		fprintf(out, "  (%s down: %s has %u)",
		    row->failed == 0 ? "nobody" : set_names(conf, row->failed, text),
		    conf->server[row->server].name, row->load);
	if (row->unserved > 0)
		fprintf(out, "  (%s down: %u unserved)",
		    set_names(conf, row->unserved_set, text), row->unserved);
}

void
table_balance(
    FILE *out, const struct conf *conf, const struct balance_row *row, unsigned rows)
{
	struct plan_server server[PLAN_SERVERS];
	char kind[CONF_NAME + 8], sets[64];
	int kind_width = 6, sets_width = 4;
	struct racks racks;
	bool weighted = false;

	planning_servers(conf, server, &racks);
	for (unsigned s = 0; s < conf->servers; s++)
		weighted = weighted || server[s].weight != server[0].weight;
	for (unsigned i = 0; i < rows; i++) {
		kind_name(&row[i], &racks, kind, sizeof kind);
		sets_text(&row[i], sets, sizeof sets);
		if ((int)strlen(kind) > kind_width)
			kind_width = (int)strlen(kind);
		if ((int)strlen(sets) > sets_width)
			sets_width = (int)strlen(sets);
	}
	fprintf(out, "%-*s %*s %6s %8s %6s %7s %9s\n", kind_width, "FAILED", sets_width,
	    "SETS", "WORST", "MEAN", "BOUND", "EXCESS", "UNSERVED");
	for (unsigned i = 0; i < rows; i++) {
		kind_name(&row[i], &racks, kind, sizeof kind);
		sets_text(&row[i], sets, sizeof sets);
		fprintf(out, "%-*s %*s %6u %4u.%03u %6u %7u %9u", kind_width, kind,
		    sets_width, sets, weighted ? row[i].load : row[i].worst,
		    row[i].mean_milli / 1000, row[i].mean_milli % 1000, row[i].bound,
		    row[i].excess, row[i].unserved);
		print_case(out, conf, &row[i]);
		fputc('\n', out);
	}
	if (racks.count > 0) {
		unsigned mates = planning_rack_mates(conf);
		fprintf(out, "%u address%s primary and secondary in one rack\n", mates,
		    mates == 1 ? " has its" : "es have their");
	}
}

static void
print_lists(FILE *out, const struct conf *conf, unsigned depth)
{
	int width = 9;
	char text[CONF_NAME];

	for (unsigned s = 0; s < conf->servers; s++)
		if ((int)strlen(conf->server[s].name) > width)
			width = (int)strlen(conf->server[s].name);
	fprintf(out, "%-15s", "ADDRESS");
	for (unsigned tier = 0; tier < depth; tier++) {
		conf_tier_name(tier, text);
		for (char *c = text; *c != '\0'; c++)
			*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
		fprintf(out, tier + 1 < depth ? " %-*s" : " %.*s",
		    tier + 1 < depth ? width : CONF_NAME, text);
	}
	fputc('\n', out);
	for (unsigned a = 0; a < conf->addresses; a++) {
		const struct conf_address *address = &conf->address[a];

		fprintf(out, "%-15s", ip_format(&address->ip, text));
		for (unsigned tier = 0; tier < address->tiers; tier++)
			fprintf(out, tier + 1 < address->tiers ? " %-*s" : " %.*s",
			    tier + 1 < address->tiers ? width : CONF_NAME,
			    conf->server[address->server[tier]].name);
		fputc('\n', out);
	}
}

int
render_table(FILE *out, const struct conf *conf)
{
	unsigned depth = plan_depth(conf), rows;
	struct balance_row *row =
	    planning_balance(conf, SHOWN_FAILURES, SHOWN_SETS, &rows);

	if (row == NULL)
		return EXIT_FAILURE;
	fprintf(out, "%u servers, %u addresses, %u tiers\n\n", conf->servers,
	    conf->addresses, depth);
	print_lists(out, conf, depth);
	fputc('\n', out);
	table_balance(out, conf, row, rows);
	free(row);
	return 0;
}
