/* SPDX-License-Identifier: BSD-2-Clause */
/* chance.c - a random world and its faults, out of a seed. The dice of the common family
 * fall as they always did, or old seeds would tell other stories. */
#include <stdlib.h>
#include <string.h>

#include "chance.h"

enum {
	SERVERS_MIN = 2,
	SERVERS_MAX = 6,
	TIERS_MAX = 4,
	ADDRESSES_EACH = 3,
	FAULTS_MAX = 10,
	CHAOS_MIN_S = 3,
	CHAOS_MAX_S = 25,
	SICK_MAX = 4
};

enum story_family
story_family(uint64_t seed)
{
	return (enum story_family)(seed / FAMILY_SEEDS % FAMILIES);
}

/* --- faults ---------------------------------------------------------------------------
 */

void
chance_add(struct story *story, const struct fault *fault)
{
	if (story->faults < WORLD_FAULTS)
		story->fault[story->faults++] = *fault;
}

static const struct {
	enum fault_kind kind, end; /* FAULTS: it has no end of its own */
	uint64_t low, high;        /* of the amount */
	bool everybody;            /* may befall all servers at once */
} menu[] = {
	{ FAULT_CRASH, FAULT_RETURN, 0, 0, false },
	{ FAULT_CRASH, FAULT_RETURN, 0, 0, false },
	{ FAULT_CUT, FAULT_MEND, 0, 0, false },
	{ FAULT_SILENCE, FAULT_SILENCE, 1, 3, false },
	{ FAULT_KILL, FAULT_START, 0, 0, false },
	{ FAULT_STOP, FAULT_START, 0, 0, false },
	{ FAULT_DRAIN, FAULT_RESUME, 0, 0, false },
	{ FAULT_FREEZE, FAULT_THAW, 0, 0, false },
	{ FAULT_FREEZE, FAULT_THAW, 0, 0, false },
	{ FAULT_PAUSE, FAULT_UNPAUSE, 0, 0, false },
	{ FAULT_STEAL, FAULTS, 0, 0, false },
	{ FAULT_FLUSH, FAULTS, 0, 0, false },
	{ FAULT_SLOW, FAULT_SLOW, 100, 200000, false },
	{ FAULT_FAIL, FAULT_FAIL, 100000, 1000000, false },
	{ FAULT_LOSS, FAULT_LOSS, 1000, 300000, true },
	{ FAULT_BURSTS, FAULT_BURSTS, 100, 20000, true },
	{ FAULT_COPIES, FAULT_COPIES, 1000, 500000, true },
	{ FAULT_DELAY, FAULT_DELAY, 10, 3000, true },
	{ FAULT_JITTER, FAULT_JITTER, 10, 3000, true },
	{ FAULT_PARTITION, FAULT_HEAL, 0, 0, false },
	{ FAULT_FOREIGN, FAULTS, 0, 0, false },
	{ FAULT_ROUTER, FAULTS, 0, 0, false },
	{ FAULT_OLDFILE, FAULT_NEWFILE, 0, 0, false },
};

/* Only the odd family has cables that are bad in one direction. */
static enum fault_way
roll_way(const struct story *story, struct dice *dice, enum fault_kind kind)
{
	bool cable = kind == FAULT_LOSS || kind == FAULT_BURSTS || kind == FAULT_COPIES ||
		     kind == FAULT_DELAY || kind == FAULT_JITTER;

	if (story->family != FAMILY_ODD || !cable)
		return WAY_BOTH;
	return (enum fault_way)dice_below(dice, 3);
}

void
chance_fault(struct story *story, struct dice *dice, uint64_t begin_ns, uint64_t end_ns)
{
	const unsigned i = (unsigned)dice_below(dice, sizeof(menu) / sizeof(menu[0]));
	struct fault fault = { .kind = menu[i].kind };

	fault.at_ns = dice_between(dice, begin_ns, end_ns);
	uint64_t until_ns = fault.at_ns + dice_between(dice, 10 * MS_NS, 8 * SEC_NS);
	fault.server = (int)dice_below(dice, story->conf->servers);
	fault.address = (int)dice_below(dice, story->conf->addresses);
	fault.amount = dice_between(dice, menu[i].low, menu[i].high);
	if (menu[i].everybody && dice_chance(dice, 500000))
		fault.server = FAULT_ALL;
	if (fault.kind == FAULT_PARTITION)
		fault.amount = dice_below(dice, UINT64_C(1) << story->conf->servers);
	if (fault.kind == FAULT_ROUTER)
		fault.server = 0;
	if (fault.kind == FAULT_OLDFILE && story->old_conf == NULL)
		return;
	fault.way = roll_way(story, dice, fault.kind);
	chance_add(story, &fault);
	if (menu[i].end == FAULTS || until_ns >= story->heal_ns)
		return;
	fault.at_ns = until_ns;
	fault.kind = menu[i].end;
	fault.amount = 0;
	chance_add(story, &fault);
}

bool
chance_checked(struct dice *dice)
{
	return dice_chance(dice, 300000);
}

void
chance_sickness(
    struct story *story, struct dice *dice, uint64_t begin_ns, uint64_t end_ns)
{
	unsigned count = (unsigned)dice_between(dice, 1, SICK_MAX);

	for (unsigned i = 0; i < count; i++) {
		struct fault fault = { .kind = FAULT_SICKEN, .address = CONF_NONE };
		fault.at_ns = dice_between(dice, begin_ns, end_ns);
		uint64_t until_ns =
		    fault.at_ns + dice_between(dice, 10 * MS_NS, 10 * SEC_NS);
		fault.server = (int)dice_below(dice, story->conf->servers);
		if (dice_chance(dice, 150000))
			fault.server = FAULT_ALL;
		chance_add(story, &fault);
		fault.at_ns = until_ns;
		fault.kind = FAULT_CURE;
		if (until_ns < story->heal_ns)
			chance_add(story, &fault);
	}
}

void
chance_victims(struct story *story, struct dice *dice)
{
	const unsigned servers = story->conf->servers;

	story->victims = 0;
	if (!dice_chance(dice, 500000))
		return;
	story->victim[story->victims++] = (int)dice_below(dice, servers);
	unsigned count = (unsigned)dice_between(dice, 1, STORY_VICTIMS);
	while (story->victims < count && story->victims + 1 < servers) {
		int next = (int)dice_below(dice, servers);
		for (unsigned v = 0; v < story->victims; v++)
			if (story->victim[v] == next) {
				next = (next + 1) % (int)servers;
				v = UINT32_MAX;
			}
		story->victim[story->victims++] = next;
	}
	story->together = dice_chance(dice, 500000);
}

/* --- the world ------------------------------------------------------------------------
 */

void
chance_network(struct story *story, struct dice *dice)
{
	for (unsigned r = 0; r < story->conf->routers; r++) {
		story->kind[r] = (enum router_kind)dice_below(dice, ROUTER_KINDS);
		story->belief[r] = (enum router_belief)dice_below(dice, ROUTER_BELIEFS);
	}
	story->suppresses = dice_chance(dice, 200000);
	story->deaf_ns =
	    dice_chance(dice, 200000) ? dice_between(dice, 1, 3) * SEC_NS : 0;
	for (unsigned s = 0; s < story->conf->servers; s++)
		story->drift_ppm[s] =
		    dice_chance(dice, 300000) ? (int64_t)dice_below(dice, 400) - 200 : 0;
}

/* Without the last server, or with other lists. */
static struct conf *
roll_old_file(const struct chance_file *file, uint64_t seed)
{
	struct chance_file old = *file;
	struct dice other;

	dice_seed(&other, seed ^ UINT64_C(0x01df));
	if (dice_chance(&other, 300000))
		return chance_conf(file, true);
	old.tiers = (unsigned)dice_between(
	    &other, 2, file->servers < TIERS_MAX ? file->servers : TIERS_MAX);
	chance_lists(&old, &other);
	return chance_conf(&old, false);
}

void
chance_common(struct story *story, struct dice *dice)
{
	struct chance_file file = { .family = FAMILY_COMMON };
	struct dice sick;

	/* From dice of its own: all else of a seed's story is as it would be without. */
	dice_seed(&sick, story->seed ^ UINT64_C(0x51c4));
	file.checked = chance_checked(&sick);
	file.servers = (unsigned)dice_between(dice, SERVERS_MIN, SERVERS_MAX);
	file.tiers = (unsigned)dice_between(
	    dice, 2, file.servers < TIERS_MAX ? file.servers : TIERS_MAX);
	file.addresses = file.servers * (unsigned)dice_between(dice, 1, ADDRESSES_EACH);
	file.routers = (unsigned)dice_between(dice, 1, 2);
	file.timing_seed = dice_next(dice);
	chance_lists(&file, dice);
	story->conf = chance_conf(&file, false);
	if (file.servers > 2 && dice_chance(dice, 100000))
		story->old_conf = roll_old_file(&file, story->seed);
	chance_network(story, dice);
	story->late_sweeps = true;

	uint64_t begin_ns = CHANCE_CALM_S * SEC_NS;
	uint64_t end_ns =
	    begin_ns + dice_between(dice, CHAOS_MIN_S, CHAOS_MAX_S) * SEC_NS;
	story->heal_ns = end_ns + SEC_NS;
	unsigned count = (unsigned)dice_between(dice, 1, FAULTS_MAX);
	for (unsigned i = 0; i < count; i++)
		chance_fault(story, dice, begin_ns, end_ns);
	if (file.checked)
		chance_sickness(story, &sick, begin_ns, end_ns);
	chance_victims(story, dice);
}

/* Servers that do not hear one other. */
static void
roll_one_way(struct story *story, struct dice *dice)
{
	const unsigned servers = story->conf->servers;
	uint64_t end_ns = story->heal_ns - SEC_NS;
	unsigned count = (unsigned)dice_between(dice, 1, 3);

	for (unsigned i = 0; i < count; i++) {
		struct fault fault = { .kind = FAULT_DEAF, .address = CONF_NONE };
		fault.server = (int)dice_below(dice, servers);
		fault.amount =
		    (unsigned)fault.server + dice_between(dice, 1, servers - 1);
		fault.amount %= servers;
		fault.at_ns = dice_between(dice, CHANCE_CALM_S * SEC_NS, end_ns);
		chance_add(story, &fault);
		if (dice_chance(dice, 500000))
			continue;
		fault.kind = FAULT_HEARS;
		fault.at_ns = dice_between(dice, fault.at_ns, end_ns);
		chance_add(story, &fault);
	}
}

static void
roll_common_one_way(struct story *story, struct dice *dice)
{
	chance_common(story, dice);
	roll_one_way(story, dice);
	/* Half of them with nothing else wrong. */
	if (!dice_chance(dice, 500000))
		return;
	unsigned kept = 0;
	for (unsigned i = 0; i < story->faults; i++)
		if (story->fault[i].kind == FAULT_DEAF ||
		    story->fault[i].kind == FAULT_HEARS)
			story->fault[kept++] = story->fault[i];
	story->faults = kept;
}

bool
story_roll(struct story *story, uint64_t seed)
{
	static void (*const roll[FAMILIES])(struct story * story, struct dice * dice) = {
		[FAMILY_COMMON] = chance_common,
		[FAMILY_ODD] = chance_odd,
		[FAMILY_STEADY] = chance_steady,
		[FAMILY_ONE_WAY] = roll_common_one_way,
		[FAMILY_EARS] = chance_ears,
	};
	struct dice dice;

	memset(story, 0, sizeof(*story));
	dice_seed(&dice, seed);
	story->seed = seed;
	story->family = story_family(seed);
	story->steady_ns = UINT64_MAX;
	roll[story->family](story, &dice);
	return true;
}

void
story_free(struct story *story)
{
	free(story->conf);
	free(story->old_conf);
	story->conf = story->old_conf = NULL;
}
