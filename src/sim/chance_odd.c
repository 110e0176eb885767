/* SPDX-License-Identifier: BSD-2-Clause */
/* chance_odd.c - worlds that few sites have, and worlds in which nothing is wrong but a
 * few frames that are lost. */
#include "chance.h"

enum {
	SERVERS_MAX = 16,
	SERVERS_FEW = 6,
	TIERS_MAX = 6,
	FAULTS_MAX = 8,
	CHAOS_MIN_S = 3,
	CHAOS_MAX_S = 20,
	STEADY_S = 40, /* so long frames are lost */
	STEADY_GAPS = 120
};

/* --- odd ------------------------------------------------------------------------------
 */

/* A switch that shuts a port above some rate: three times what the file allows the
 * daemon, since the kernel's own ARP counts too. */
static uint32_t
roll_policer(const struct conf *conf, struct dice *dice)
{
	if (conf->timing.max_rate == 0 || !dice_chance(dice, 700000))
		return 0;
	return 3 * conf->timing.max_rate;
}

void
chance_odd(struct story *story, struct dice *dice)
{
	struct chance_file file = { .family = FAMILY_ODD };

	file.servers = (unsigned)(dice_chance(dice, 500000)
				      ? dice_between(dice, 2, SERVERS_FEW)
				      : dice_between(dice, SERVERS_FEW + 1, SERVERS_MAX));
	file.tiers = (unsigned)dice_between(
	    dice, 2, file.servers < TIERS_MAX ? file.servers : TIERS_MAX);
	unsigned each =
	    file.servers > SERVERS_FEW ? 1 : (unsigned)dice_between(dice, 1, 3);
	file.addresses = file.servers * each;
	file.routers = (unsigned)dice_below(dice, 3);
	file.timing_seed = dice_next(dice);
	file.checked = chance_checked(dice);
	chance_lists(&file, dice);
	story->conf = chance_conf(&file, false);
	chance_network(story, dice);
	if (story->conf->timing.hello_ns == 0 && dice_chance(dice, 700000))
		for (unsigned r = 0; r < file.routers; r++)
			story->kind[r] = ROUTER_LINUX; /* the others hardly ask */
	story->polices = roll_policer(story->conf, dice);

	uint64_t begin_ns = CHANCE_CALM_S * SEC_NS;
	uint64_t end_ns =
	    begin_ns + dice_between(dice, CHAOS_MIN_S, CHAOS_MAX_S) * SEC_NS;
	story->heal_ns = end_ns + SEC_NS;
	unsigned count = (unsigned)dice_between(dice, 1, FAULTS_MAX);
	for (unsigned i = 0; i < count; i++)
		chance_fault(story, dice, begin_ns, end_ns);
	if (file.checked)
		chance_sickness(story, dice, begin_ns, end_ns);
	chance_victims(story, dice);
}

/* --- steady ---------------------------------------------------------------------------
 */

static void
lose(struct story *story, struct dice *dice)
{
	struct fault fault = {
		.at_ns = story->steady_ns,
		.kind = FAULT_LOSS,
		.server = FAULT_ALL,
		.address = CONF_NONE,
		.amount = dice_between(dice, 1, story_steady_ppm(story->conf)),
	};

	if (dice_chance(dice, 500000))
		fault.amount = story_steady_ppm(story->conf);
	if (dice_chance(dice, 300000))
		fault.server = (int)dice_below(dice, story->conf->servers);
	if (dice_chance(dice, 300000))
		fault.way = dice_chance(dice, 500000) ? WAY_FROM : WAY_TO;
	chance_add(story, &fault);
}

/* As many frames are lost as by chance alone, but some at a time. */
static void
lose_in_bursts(struct story *story, struct dice *dice)
{
	uint32_t most = story->conf->timing.probes - 1;
	struct fault fault = {
		.at_ns = story->steady_ns,
		.kind = FAULT_BURSTS,
		.server = FAULT_ALL,
		.address = CONF_NONE,
		.frames = (uint32_t)dice_between(dice, 1, most - 1),
	};

	/* The frame with which a burst begins is lost too. */
	fault.amount = story_steady_burst_ppm(story->conf) / (fault.frames + 1);
	if (dice_chance(dice, 300000))
		fault.server = (int)dice_below(dice, story->conf->servers);
	if (dice_chance(dice, 300000))
		fault.way = dice_chance(dice, 500000) ? WAY_FROM : WAY_TO;
	chance_add(story, &fault);
}

/* One cable at a time is dead for a moment that is shorter than a burst of probes. */
static void
interrupt(struct story *story, struct dice *dice)
{
	uint64_t longest_ns = story_steady_gap_ns(story->conf);
	uint64_t hello_ns = story->conf->timing.hello_ns;
	uint64_t at_ns = story->steady_ns;

	for (unsigned i = 0; i < STEADY_GAPS; i++) {
		struct fault gap = {
			.at_ns = at_ns,
			.kind = FAULT_SILENCE,
			.server = (int)dice_below(dice, story->conf->servers),
			.address = CONF_NONE,
			.amount = dice_between(dice, 1, 3),
		};
		uint64_t long_ns = dice_chance(dice, 500000)
				       ? longest_ns
				       : dice_between(dice, MS_NS / 2, longest_ns);
		chance_add(story, &gap);
		gap.at_ns += long_ns;
		gap.amount = 0;
		chance_add(story, &gap);
		at_ns = gap.at_ns + hello_ns + dice_below(dice, hello_ns);
		if (at_ns + longest_ns >= story->heal_ns)
			break;
	}
}

void
chance_steady(struct story *story, struct dice *dice)
{
	static void (*const ways[])(struct story * story, struct dice * dice) = { lose,
		lose, lose_in_bursts, interrupt };
	struct chance_file file = { .family = FAMILY_STEADY };

	file.servers = (unsigned)dice_between(dice, 2, SERVERS_FEW);
	file.tiers = (unsigned)dice_between(dice, 2, file.servers < 4 ? file.servers : 4);
	file.addresses = file.servers * (unsigned)dice_between(dice, 1, 3);
	file.routers = (unsigned)dice_between(dice, 1, 2);
	file.timing_seed = dice_next(dice);
	chance_lists(&file, dice);
	story->conf = chance_conf(&file, false);
	chance_network(story, dice);
	story->steady_ns = CHANCE_CALM_S * SEC_NS + 2 * story->conf->timing.failback_ns;
	story->heal_ns = story->steady_ns + STEADY_S * SEC_NS;
	ways[dice_below(dice, 4)](story, dice);
	chance_victims(story, dice);
}
