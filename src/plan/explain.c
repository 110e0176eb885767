/* SPDX-License-Identifier: BSD-2-Clause */
/* explain.c - a change in words: what moves and why no less, and what to do in which
 * order on a cluster that serves. */
#include <string.h>

#include "change.h"
#include "planning.h"

enum { NAMES = 600 };

/* Names of servers in A that B lacks. */
static const char *
names_only_in(const struct conf *a, const struct conf *b, char text[NAMES])
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned s = 0; s < a->servers; s++)
		if (conf_server_by_name(b, a->server[s].name) == CONF_NONE &&
		    used < NAMES)
			used += (size_t)snprintf(text + used, NAMES - used, "%s%s",
			    used > 0 ? ", " : "", a->server[s].name);
	return text;
}

/* Shares of primaries: the least and the most that a server should have. */
static void
print_shares(FILE *out, const struct conf *after)
{
	struct plan_server server[PLAN_SERVERS];
	unsigned bound[PLAN_SERVERS];
	struct racks racks;

	planning_servers(after, server, &racks);
	bool even = true;
	for (unsigned s = 0; s < after->servers; s++)
		even = even && server[s].weight == server[0].weight;
	if (even) {
		unsigned least = after->addresses / after->servers;
		unsigned most = (after->addresses + after->servers - 1) / after->servers;
		if (least == most)
			fprintf(out, "%u", least);
		else
			fprintf(out, "%u or %u", least, most);
		return;
	}
	balance_bound(server, after->servers, after->addresses, 0, bound);
	for (unsigned s = 0; s < after->servers; s++)
		fprintf(out, "%s%s %u", s > 0 ? ", " : "at most ", after->server[s].name,
		    bound[s]);
}

static void
explain_moves(FILE *out, const struct change *change)
{
	unsigned even = change->moved - change->orphaned;

	fprintf(out, "%u of %u addresses get another primary", change->moved,
	    change->before->addresses - change->dropped);
	if (change->moved == 0) {
		fputs(": no traffic moves.\n", out);
	} else {
		fputs(change->moved <= change->least ? ", and no fewer can:\n" : ":\n",
		    out);
		if (change->orphaned > 0)
			fprintf(out, "  %u lose theirs with the server that goes;\n",
			    change->orphaned);
		if (even > 0) {
			fprintf(out,
			    "  %u must move so that every server has its share of "
			    "primaries (",
			    even);
			print_shares(out, change->after);
			fputs(").\n", out);
		}
	}
	if (change->deeper > 0)
		fprintf(out,
		    "%u more keep their primary and get other deputies, which moves "
		    "nothing while no server is down.\n",
		    change->deeper);
	if (change->new_addresses > 0)
		fprintf(out, "%u address%s new.\n", change->new_addresses,
		    change->new_addresses == 1 ? " is" : "es are");
	if (change->dropped > 0)
		fprintf(out, "%u address%s away.\n", change->dropped,
		    change->dropped == 1 ? " goes" : "es go");
}

static void
explain_placeholders(FILE *out, const struct change *change, const char *file)
{
	const char *comma = "";
	unsigned count = 0;

	for (unsigned s = 0; s < change->after->servers; s++) {
		if (change->after->server[s].macs > 0)
			continue;
		fprintf(out, "%s%s", comma, change->after->server[s].name);
		comma = ", ";
		count++;
	}
	if (count > 0)
		fprintf(out, " %s no hardware address yet: replace %s in %s first.\n",
		    count == 1 ? "has" : "have", CONF_PLACEHOLDER, file);
}

/* What comes before the new file does. */
static unsigned
explain_before(FILE *out, const struct change *change, const char *file, unsigned step)
{
	char names[NAMES];

	fprintf(out,
	    "%u. Wait until every server is up and nothing is claimed (vlbctl status): "
	    "with a\n   server down, other deputies would move addresses.\n",
	    ++step);
	if (change->dropped > 0)
		fprintf(out,
		    "%u. On the routers: take out the next hops that go away. Do not go "
		    "on before: a\n   next hop that nobody serves loses its flows.\n",
		    ++step);
	if (change->removed > 0)
		fprintf(out,
		    "%u. On %s: systemctl disable --now vlbd. It hands its addresses "
		    "over before it stops.\n",
		    ++step, names_only_in(change->before, change->after, names));
	if (change->added > 0)
		fprintf(out,
		    "%u. On %s: prepare the host, copy %s there, and see what vlbd -t "
		    "-c says of it.\n   Do not start vlbd yet: those with the old file "
		    "would take it for a stranger.\n",
		    ++step, names_only_in(change->after, change->before, names), file);
	return step;
}

/* What comes after it. */
static void
explain_after(FILE *out, const struct change *change, unsigned step)
{
	char names[NAMES];
	unsigned reload = step;

	if (change->added > 0)
		fprintf(out,
		    "%u. On %s: systemctl enable --now vlbd, then vlbctl resume, which "
		    "takes its\n   addresses at once. If that is within the failback "
		    "delay "
		    "of step %u, each moves once;\n   later, some move by way of a "
		    "deputy.\n",
		    ++step, names_only_in(change->after, change->before, names), reload);
	if (change->added > 0 && change->removed > 0)
		fprintf(out,
		    "   What %s had is with deputies in between, and so moves twice.\n",
		    names_only_in(change->before, change->after, names));
	if (change->new_addresses > 0)
		fprintf(out,
		    "%u. When vlbctl status shows an owner for every new address: add "
		    "them to the routers\n   as next hops (vlbplan --routes). A router "
		    "that has more or fewer next hops spreads\n   all flows anew.\n",
		    ++step);
	fprintf(out,
	    "%u. vlbctl status: after the failback delay everything is with its "
	    "primary.\n",
	    ++step);
}

void
change_explain(FILE *out, const struct change *change, const char *file)
{
	explain_moves(out, change);
	if (change->before->planned != 0)
		fprintf(out,
		    "The lists are written out now, and [plan] is gone from %s: a plan "
		    "made anew from it\nwould move far more addresses.\n",
		    file);
	explain_placeholders(out, change, file);
	fputs("\nOn the cluster that runs:\n", out);
	unsigned step = explain_before(out, change, file, 0);
	fprintf(out,
	    "%u. Copy %s to every other server, then systemctl reload vlbd on each, one "
	    "after\n   the other. Nothing moves before the last one has it, and then not "
	    "within the\n   failback delay (5 s unless the file says otherwise).\n",
	    ++step, file);
	explain_after(out, change, step);
}
