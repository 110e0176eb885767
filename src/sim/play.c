/* SPDX-License-Identifier: BSD-2-Clause */
/* play.c - a failure played against the user's own file, in a world where nothing else
 * goes wrong: what happens when, who serves what then, and what it costs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "load.h"
#include "score.h"
#include "script.h"
#include "tell.h"
#include "world_internal.h"

enum {
	STEP_MS = 1, /* between two looks at the routers */
	SETTLE_STEP_MS = 100,
	SETTLE_S = 3,      /* everything is in place for that long before it begins .. */
	SETTLE_MAX_S = 300 /* .. and is not waited for any longer */
};

struct play {
	struct script script;
	struct conf *conf;
	struct world *world;
	struct score *score;
	uint64_t start_ns; /* of the play, in the world's time */
	/* Moves of the same moment and server make one line. */
	uint64_t taken[CONF_SERVERS][TELL_SET], left[CONF_SERVERS][TELL_SET];
	char why_taken[CONF_SERVERS][160], why_left[CONF_SERVERS][160];
	uint64_t moved_ns[CONF_SERVERS]; /* the first of them; 0: none */
	bool buried[CONF_SERVERS];       /* somebody's death is told once */
};

/* --- the timeline ------------------------------------------------------------------- */

static void
print_time(const struct play *play, uint64_t at_ns)
{
	printf("%9.3fs  ", (double)(at_ns - play->start_ns) / 1e9);
}

/* The reason is what stands in brackets. */
static void
note_move(struct play *play, int server, const struct report *report)
{
	bool served = failover_state_serves(report->from);
	bool serves = failover_state_serves(report->to);
	int address = conf_address_by_ip(play->conf, &report->ip);
	char text[300];

	if (served == serves || address == CONF_NONE)
		return;
	uint64_t *set = serves ? play->taken[server] : play->left[server];
	char *why = serves ? play->why_taken[server] : play->why_left[server];
	set[address / 64] |= UINT64_C(1) << address % 64;
	if (play->moved_ns[server] == 0)
		play->moved_ns[server] = world_time(play->world);
	report_format(report, play->conf, text, sizeof(text));
	const char *reason = strstr(text, " (");
	if (*why == '\0' && reason != NULL)
		snprintf(why, sizeof(play->why_left[0]), "%s", reason);
}

static void
print_set(
    struct play *play, unsigned s, const char *verb, uint64_t set[TELL_SET], char *why)
{
	unsigned count = 0;
	char text[100];

	for (unsigned i = 0; i < TELL_SET; i++)
		count += (unsigned)__builtin_popcountll(set[i]);
	if (count > 0) {
		print_time(play, play->moved_ns[s]);
		printf("%s %s %u: %s%s\n", play->conf->server[s].name, verb, count,
		    tell_addresses(set, play->conf, text, sizeof(text)), why);
	}
	memset(set, 0, TELL_SET * sizeof(set[0]));
	*why = '\0';
}

static void
print_moves(struct play *play)
{
	for (unsigned s = 0; s < play->conf->servers; s++) {
		if (play->moved_ns[s] == 0)
			continue;
		print_set(play, s, "takes", play->taken[s], play->why_taken[s]);
		print_set(play, s, "gives up", play->left[s], play->why_left[s]);
		play->moved_ns[s] = 0;
	}
}

static void
on_report(void *user, const struct world *world, int server, const struct report *report)
{
	struct play *play = user;
	char text[300];

	if (report->kind == REPORT_STATE) {
		note_move(play, server, report);
		return;
	}
	if (report->kind == REPORT_PEER) {
		bool dead = report->peer == PEER_DEAD;
		if (dead == play->buried[report->server])
			return;
		play->buried[report->server] = dead;
	} else if (report_level(report) > REPORT_WARN) {
		return;
	}
	report_format(report, play->conf, text, sizeof(text));
	print_time(play, world_time(world));
	printf("%s: %s\n", play->conf->server[server].name, text);
}

static void
on_fault(void *user, const struct world *world, const struct fault *fault)
{
	const struct play *play = user;
	char text[TELL_TEXT];

	print_time(play, world_time(play->world));
	printf("** %s\n", tell_fault(fault, world->conf, text));
}

/* --- the play ----------------------------------------------------------------------- */

/* Simulated servers have hardware addresses of their own. */
static int
adapt(struct conf *conf, const char *file)
{
	char text[IP_TEXT];

	if (conf->routers > WORLD_ROUTERS) {
		printf("only the first %d of %u routers are simulated\n", WORLD_ROUTERS,
		    conf->routers);
		conf->routers = WORLD_ROUTERS;
	}
	for (unsigned s = 0; s < conf->servers; s++) {
		struct ip base = server_base(s);
		conf->server[s].macs = 1;
		conf->server[s].mac[0] = server_mac(s);
		if (conf_address_by_ip(conf, &base) == CONF_NONE &&
		    conf_router_by_ip(conf, &base) == CONF_NONE)
			continue;
		fprintf(stderr,
		    "%s: %s is what server %s has itself in the simulation; play with a "
		    "copy that has another address in its place\n",
		    file, ip_format(&base, text), conf->server[s].name);
		return -1;
	}
	return 0;
}

/* All start at once, and everything finds its place. */
static void
settle(struct play *play)
{
	struct world *world = play->world;
	uint64_t calm_ns = 0;

	for (unsigned i = 0; i < world->faults; i++)
		world->fault[i].at_ns = i;
	for (uint64_t at_ns = 0;
	     at_ns < SETTLE_MAX_S * SEC_NS && calm_ns < SETTLE_S * SEC_NS;
	     at_ns += SETTLE_STEP_MS * MS_NS) {
		world_run(world, at_ns);
		calm_ns = score_in_place(world) ? calm_ns + SETTLE_STEP_MS * MS_NS : 0;
	}
	if (calm_ns == 0)
		printf(
		    "even after %d s not every address is in its place\n", SETTLE_MAX_S);
	play->start_ns = world_time(world);
	world->tell = on_report;
	world->fault_told = on_fault;
	world->user = play;
}

static void
print_servers(const struct play *play)
{
	printf("\n");
	print_time(play, world_time(play->world));
	printf("who serves what\n");
	score_print_servers(play->world);
	printf("\n");
}

static int
run(struct play *play)
{
	struct world *world = play->world;
	uint64_t end_ns = script_length(&play->script, &play->conf->timing),
		 step_ns = STEP_MS * MS_NS;

	settle(play);
	for (unsigned i = 0; i < play->script.events; i++) {
		struct fault fault = play->script.event[i];
		fault.at_ns += play->start_ns;
		if (!world_fault(world, &fault))
			return command_usage("that is too much to happen");
	}
	print_servers(play);
	for (uint64_t at_ns = 0; at_ns < end_ns; at_ns += step_ns) {
		if (at_ns > 0 && script_has(&play->script, at_ns, at_ns + step_ns))
			print_servers(play);
		world_run(world, play->start_ns + at_ns + step_ns);
		print_moves(play);
		if (world->violation.promise != PROMISE_NONE)
			break;
		score_look(play->score, world, step_ns);
	}
	print_servers(play);
	if (world->violation.promise != PROMISE_NONE) {
		printf("BROKEN: %s: %s\nThat must not happen; please report it, with the "
		       "file.\n",
		    promise_name(world->violation.promise), world->violation.text);
		return EXIT_BROKEN;
	}
	score_print_outages(play->score, world, end_ns);
	return EXIT_SUCCESS;
}

/* --- the command -------------------------------------------------------------------- */

static int
perform(struct play *play)
{
	play->conf = malloc(sizeof(*play->conf));
	if (play->conf == NULL)
		return EXIT_FAILURE;
	if (load_draft(play->script.file, play->conf) != 0 ||
	    adapt(play->conf, play->script.file) != 0)
		return EXIT_FILE_WRONG;
	if (!script_bind(&play->script, play->conf))
		return EXIT_USAGE;
	play->world = world_new(play->conf, 1);
	if (play->world == NULL || (play->score = score_new(play->world)) == NULL)
		return EXIT_FAILURE;
	return run(play);
}

int
play_main(int argc, char **argv)
{
	struct play *play = calloc(1, sizeof(*play));
	int status = EXIT_USAGE;

	if (play == NULL)
		return EXIT_FAILURE;
	if (script_parse(&play->script, argc, argv))
		status = perform(play);
	if (status == EXIT_FAILURE)
		fputs("vlbsim: out of memory\n", stderr);
	score_free(play->score);
	world_free(play->world);
	free(play->conf);
	free(play);
	return status;
}
