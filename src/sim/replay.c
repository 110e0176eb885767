/* SPDX-License-Identifier: BSD-2-Clause */
/* replay.c - one seed's story as a timeline for people, and its frames as a capture. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "record.h"
#include "story.h"
#include "tell.h"

struct replay {
	uint64_t seed;
	bool shrunk, frames;
	const char *capture;
	struct record *record;
	const struct story *story;
	bool healed; /* that was told */
	bool ended;  /* and that all must be in its place */
};

/* --- what the world is made of ------------------------------------------------------ */

static const char *
duration(uint64_t ns, char text[32])
{
	if (ns == CONF_NEVER)
		snprintf(text, 32, "manual");
	else if (ns != 0 && ns < SEC_NS)
		snprintf(text, 32, "%.4gms", (double)ns / 1e6);
	else
		snprintf(text, 32, "%.4gs", (double)ns / 1e9);
	return text;
}

static void
print_timing(const struct conf_timing *timing)
{
	char hello[32], probe[32], answer[32], lease[32], failback[32];

	printf("  timing    hello %s, %u probes %s apart, answer_timeout %s, lease %s, "
	       "failback %s",
	    timing->hello_ns == 0 ? "off" : duration(timing->hello_ns, hello),
	    timing->probes, duration(timing->probe_interval_ns, probe),
	    duration(timing->answer_timeout_ns, answer),
	    timing->lease_ns == 0 ? "off" : duration(timing->lease_ns, lease),
	    duration(timing->failback_ns, failback));
	if (timing->max_rate != 0)
		printf(", max_rate %u", timing->max_rate);
	printf("\n");
}

static void
print_network(const struct story *story)
{
	static const char *const kinds[ROUTER_KINDS] = { "ages entries as Linux does",
		"keeps entries for four hours" };
	static const char *const beliefs[ROUTER_BELIEFS] = { "",
		", ignores gratuitous replies", ", ignores gratuitous requests" };
	char ip[IP_TEXT], deaf[32];

	for (unsigned r = 0; r < story->conf->routers; r++)
		printf("  router %u  %s %s%s\n", r + 1,
		    ip_format(&story->conf->router[r], ip), kinds[story->kind[r]],
		    beliefs[story->belief[r]]);
	if (story->suppresses)
		printf("  switch    suppresses ARP\n");
	if (story->polices != 0)
		printf("  switch    shuts a port on more than %" PRIu32
		       " frames a second\n",
		    story->polices);
	if (story->deaf_ns != 0)
		printf("  switch    a port that comes up is deaf for %s\n",
		    duration(story->deaf_ns, deaf));
}

static void
print_lists(const struct conf *conf)
{
	char ip[IP_TEXT];

	for (unsigned a = 0; a < conf->addresses; a++) {
		printf("%s%s:", a % 4 == 0 ? "  address   " : "   ",
		    ip_format(&conf->address[a].ip, ip));
		for (unsigned t = 0; t < conf->address[a].tiers; t++)
			printf(" %s", conf->server[conf->address[a].server[t]].name);
		if (a % 4 == 3 || a + 1 == conf->addresses)
			printf("\n");
	}
}

/* UINT64_MAX: nothing is demanded in the end. */
static uint64_t
end_ns(const struct story *story)
{
	uint64_t bound_ns = story_bound_ns(story);

	return bound_ns == UINT64_MAX ? UINT64_MAX : story->heal_ns + bound_ns;
}

static void
print_victims(const struct story *story)
{
	for (unsigned v = 0; v < story->victims; v++)
		printf("%s%s",
		    v == 0            ? "; then crash: "
		    : story->together ? " and at once "
				      : ", later ",
		    story->conf->server[story->victim[v]].name);
}

static void
print_header(const struct story *story)
{
	const struct conf *conf = story->conf;
	unsigned injuries = 0;

	for (unsigned i = 0; i < story->faults; i++)
		injuries += tell_is_injury(&story->fault[i]);
	printf("seed %" PRIu64 ": %u servers, %u addresses, %u routers, %u faults\n",
	    story->seed, conf->servers, conf->addresses, conf->routers, injuries);
	print_timing(&conf->timing);
	print_network(story);
	for (unsigned s = 0; s < conf->servers; s++)
		if (story->drift_ppm[s] != 0)
			printf("  clock     %s's runs %+" PRId64 " ppm\n",
			    conf->server[s].name, story->drift_ppm[s]);
	if (story->old_conf != NULL && story->old_conf->servers < conf->servers)
		printf("  old file  the same without %s\n",
		    conf->server[conf->servers - 1].name);
	print_lists(conf);
	if (story->old_conf != NULL && story->old_conf->servers == conf->servers) {
		printf("the old file's:\n");
		print_lists(story->old_conf);
	}
	printf("  all is mended at %.3fs", (double)story->heal_ns / 1e9);
	if (end_ns(story) != UINT64_MAX)
		printf(", and in its place at %.3fs", (double)end_ns(story) / 1e9);
	print_victims(story);
	printf("\n\n");
}

/* --- the timeline ------------------------------------------------------------------- */

static void
print_time(struct replay *replay, const struct world *world)
{
	uint64_t now_ns = world_time(world);
	uint64_t at_ns = end_ns(replay->story);

	if (!replay->ended && now_ns >= at_ns) {
		printf("%12.6f  -- from here on all must be in its place\n",
		    (double)at_ns / 1e9);
		replay->ended = true;
	}
	printf("%12.6f  ", (double)now_ns / 1e9);
}

static void
on_report(void *user, const struct world *world, int server, const struct report *report)
{
	char text[300];

	report_format(report, world->conf, text, sizeof(text));
	print_time(user, world);
	printf("%-3s %s\n", world->conf->server[server].name, text);
}

static void
on_fault(void *user, const struct world *world, const struct fault *fault)
{
	struct replay *replay = user;
	char text[TELL_TEXT];

	if (world_time(world) == replay->story->heal_ns && fault->server == FAULT_ALL) {
		if (!replay->healed) {
			print_time(replay, world);
			printf("-- everything is mended\n");
		}
		replay->healed = true;
		return;
	}
	print_time(replay, world);
	printf("%s %s\n", tell_is_injury(fault) ? "!!" : "++",
	    tell_fault(fault, world->conf, text));
}

static void
on_frame(void *user, const struct world *world, const struct arp *arp)
{
	struct replay *replay = user;
	char text[TELL_TEXT];

	if (replay->record != NULL)
		record_frame(replay->record, arp, world_time(world));
	if (replay->frames) {
		print_time(replay, world);
		printf("    %s\n", tell_frame(arp, world->conf, text));
	}
}

static void
print_verdict(const struct story *story, const struct story_result *result)
{
	const struct violation *broken = &result->violation;
	char ip[IP_TEXT];

	printf("\n%.3fs, %" PRIu64 " frames, %" PRIu64 " moves, %" PRIu64
	       " promises looked at, hash %016" PRIx64 "\n",
	    (double)result->world_ns / 1e9, result->frames, result->moves, result->checks,
	    result->hash);
	if (broken->promise == PROMISE_NONE) {
		printf("every promise was kept\n");
		return;
	}
	printf("BROKEN: %s, at %.6fs", promise_name(broken->promise),
	    (double)result->world_ns / 1e9);
	if (broken->address != CONF_NONE)
		printf(", %s", ip_format(&story->conf->address[broken->address].ip, ip));
	printf(": %s\n", broken->text);
}

/* --- the command -------------------------------------------------------------------- */

static bool
parse(int argc, char **argv, struct replay *replay)
{
	enum { SHRUNK = 256, FRAMES, PCAP };
	static const struct option names[] = {
		{ "shrunk", no_argument, NULL, SHRUNK },
		{ "frames", no_argument, NULL, FRAMES },
		{ "pcap", required_argument, NULL, PCAP },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (option) {
		case SHRUNK:
			replay->shrunk = true;
			break;
		case FRAMES:
			replay->frames = true;
			break;
		case PCAP:
			replay->capture = optarg;
			break;
		default:
			fputs("try `vlbsim --help'\n", stderr);
			return false;
		}
	}
	if (optind + 1 != argc) {
		command_usage(
		    optind == argc ? "replay which seed?" : "one seed at a time");
		return false;
	}
	return command_number("a seed", argv[optind], &replay->seed);
}

int
replay_main(int argc, char **argv)
{
	struct replay replay = { .seed = 0 };
	struct story_listener listener = {
		.tell = on_report, .fault = on_fault, .user = &replay
	};
	struct story story;
	struct story_result result;

	if (!parse(argc, argv, &replay))
		return EXIT_USAGE;
	if (replay.capture != NULL &&
	    (replay.record = record_open(replay.capture)) == NULL)
		return EXIT_FAILURE;
	if (!story_roll(&story, replay.seed)) {
		fputs("vlbsim: out of memory\n", stderr);
		record_close(replay.record);
		return EXIT_FAILURE;
	}
	if (replay.shrunk) {
		story_run(&story, NULL, &result);
		if (result.violation.promise != PROMISE_NONE)
			story_shrink(&story, result.violation.promise);
	}
	replay.story = &story;
	if (replay.frames || replay.record != NULL)
		listener.saw = on_frame;
	print_header(&story);
	story_run(&story, &listener, &result);
	print_verdict(&story, &result);
	story_free(&story);
	if (record_close(replay.record) != 0)
		return EXIT_FAILURE;
	return result.violation.promise == PROMISE_NONE ? EXIT_SUCCESS : EXIT_BROKEN;
}
