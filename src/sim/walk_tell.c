/* SPDX-License-Identifier: BSD-2-Clause */
/* walk_tell.c - how many histories there were, and the one that broke a promise. */
#include <inttypes.h>

#include "tell.h"
#include "walk_internal.h"

static void
tell_choice(const struct walk *walk, const struct choice *choice)
{
	static const char *const lucks[] = {
		[LUCK_LOST] = "lost",
		[LUCK_LATE] = "late",
		[LUCK_SECOND] = "overtaken",
		[LUCK_TURN] = "heard after the turn of the same instant",
	};
	char text[TELL_TEXT];

	fprintf(walk->out, "%12.6f  !! ", (double)choice->at_ns / 1e9);
	if (choice->luck == LUCK_FAULT) {
		fprintf(walk->out, "%s", tell_fault(&choice->fault, walk->conf, text));
		if (choice->blink)
			fprintf(walk->out, " (for %u ms)", (unsigned)BLINK_MS);
		fprintf(walk->out, "\n");
		return;
	}
	fprintf(walk->out, "%s: %s", lucks[choice->luck],
	    tell_frame(&choice->arp, walk->conf, text));
	for (unsigned s = 0; choice->luck == LUCK_LOST && s < walk->conf->servers; s++)
		if ((choice->ports[0] >> s & 1) != 0)
			fprintf(walk->out, " (for %s)", walk->conf->server[s].name);
	if (choice->luck == LUCK_LOST &&
	    choice->ports[PORT_ROUTER / 64] >> PORT_ROUTER % 64)
		fprintf(walk->out, " (for the router)");
	fprintf(walk->out, "\n");
}

static void
tell_report(
    void *user, const struct world *world, int server, const struct report *report)
{
	const struct walk *walk = user;
	char text[300];

	report_format(report, world->conf, text, sizeof(text));
	fprintf(walk->out, "%12.6f  %s  %s\n", (double)world_time(world) / 1e9,
	    world->conf->server[server].name, text);
}

/* The broken history once more, with all that was said. */
static void
tell_history(struct walk *walk)
{
	struct world *world = walk_calm(walk);
	uint64_t steps = 0;
	bool mended = false;

	world->tell = tell_report;
	world->user = walk;
	for (unsigned i = 0; i < walk->broken_choices; i++) {
		struct choice *choice = &walk->broken[i];
		while (steps < choice->step && walk_step(walk, world))
			steps++;
		tell_choice(walk, choice);
		if (choice->luck == LUCK_FAULT) {
			walk_apply_fault(walk, world, choice);
		} else {
			walk_apply_luck(world, choice);
		}
	}
	while (world_time(world) < walk->broken_ns && walk_step(walk, world)) {
		if (mended || walk->mended_ns == 0 || world_time(world) < walk->mended_ns)
			continue;
		struct fault mend = { .at_ns = world_time(world),
			.kind = FAULT_RETURN,
			.server = FAULT_ALL,
			.address = CONF_NONE };
		fprintf(walk->out, "%12.6f  -- everything is mended\n",
		    (double)world_time(world) / 1e9);
		fault_apply(world, &mend);
		mended = true;
	}
	world_free(world);
}

void
walk_tell_result(struct walk *walk)
{
	char ip[IP_TEXT];

	fprintf(walk->out,
	    "%u servers, %u addresses, at most %u faults and %u frames with bad luck: "
	    "%" PRIu64 " histories (%" PRIu64
	    " of them ended in one walked before), %zu abstract "
	    "states, %" PRIu64 " events, %" PRIu64 " violations\n",
	    walk->options->servers, walk->conf->addresses, walk->options->faults,
	    walk->options->drops, walk->histories, walk->merged, walk->abstracts.count,
	    walk->events, walk->violations);
	if (walk->violations == 0)
		return;
	const struct violation *violation = &walk->violation;
	fprintf(walk->out, "BROKEN: %s, at %.6f", promise_name(violation->promise),
	    (double)walk->broken_ns / 1e9);
	if (violation->address != CONF_NONE)
		fprintf(walk->out, ", %s",
		    ip_format(&walk->conf->address[violation->address].ip, ip));
	fprintf(walk->out, ": %s\n", violation->text);
	for (unsigned i = 0; i < walk->broken_choices; i++)
		tell_choice(walk, &walk->broken[i]);
	fprintf(walk->out, "The same with all that was said:\n");
	tell_history(walk);
}
