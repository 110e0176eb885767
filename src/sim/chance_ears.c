/* SPDX-License-Identifier: BSD-2-Clause */
/* chance_ears.c - common and odd worlds in which some daemons do not hear what their
 * kernels hear, or kernels what their daemons hear. */
#include "chance.h"

enum { FAULTS_MAX = 3 };

/* What a daemon loses: all, what is broadcast, what is not, or what one station says. */
static void
roll_daemon(const struct story *story, struct dice *dice, struct fault *fault)
{
	const unsigned stations = story->conf->servers + story->conf->routers;

	fault->kind = FAULT_EAR;
	if (dice_chance(dice, 400000)) {
		fault->amount = EARS_BROADCAST | EARS_UNICAST;
	} else if (dice_chance(dice, 500000)) {
		fault->amount = dice_between(dice, EARS_BROADCAST, EARS_UNICAST);
	} else {
		fault->kind = FAULT_EAR_FROM;
		fault->amount =
		    (unsigned)fault->server + dice_between(dice, 1, stations - 1);
		fault->amount %= stations;
	}
}

void
chance_ears(struct story *story, struct dice *dice)
{
	if (dice_chance(dice, 250000))
		chance_odd(story, dice);
	else
		chance_common(story, dice);
	/* Half of them with nothing else wrong. */
	if (dice_chance(dice, 500000))
		story->faults = 0;

	uint64_t end_ns = story->heal_ns - SEC_NS;
	unsigned count = (unsigned)dice_between(dice, 1, FAULTS_MAX);
	for (unsigned i = 0; i < count; i++) {
		struct fault fault = { .kind = FAULT_ARP_OFF, .address = CONF_NONE };
		fault.server = (int)dice_below(dice, story->conf->servers);
		fault.at_ns = dice_between(dice, CHANCE_CALM_S * SEC_NS, end_ns);
		if (!dice_chance(dice, 300000))
			roll_daemon(story, dice, &fault);
		chance_add(story, &fault);
		if (dice_chance(dice, 500000))
			continue; /* for as long as the story lasts */
		fault.kind = fault.kind == FAULT_ARP_OFF ? FAULT_ARP_ON : FAULT_EAR;
		fault.amount = 0;
		fault.at_ns = dice_between(dice, fault.at_ns, end_ns);
		chance_add(story, &fault);
	}
}
