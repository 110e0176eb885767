/* SPDX-License-Identifier: BSD-2-Clause */
/* check_failover.c - every phase x event pair, against a matrix written from the design.
 */
#include <check.h>
#include <stdlib.h>

#include "vlbd/failover.h"

#define NEVER UINT64_MAX
#define NOW UINT64_C(1000000)

static const struct failover_timing timing = {
	.answer_ns = 300,
	.ask_ns = 5,
	.leave_ns = 50,
	.hold_ns = 200,
	.failback_ns = 5000,
};

/* What the design says of each pair: the next phase, and what to do. SAME and 0: nothing.
 */
enum { SAME = -1 };
struct expect {
	int to;
	unsigned todo;
};
#define NOTHING                                                                          \
	{                                                                                \
		SAME, 0                                                                  \
	}
/* clang-format off */
static const struct expect matrix[PHASES][EVENTS] = {
	[PHASE_WATCH] = {
		[ON_VACANT] = { PHASE_SERVE, DO_ADD }, [ON_TURN] = { PHASE_ASK, DO_PROBE },
		[ON_LATER] = NOTHING, [ON_BEHIND] = { PHASE_RETURN, 0 },
		[ON_BETTER] = NOTHING, [ON_WORSE] = NOTHING, [ON_FOREIGN] = { SAME, DO_ALARM },
		[ON_SOLICITED] = NOTHING, [ON_TIMEOUT] = { PHASE_ASK, DO_PROBE },
		[ON_GIVE_UP] = NOTHING, [ON_LEAVE] = { PHASE_DRAINED, 0 },
		[ON_CUT] = { PHASE_CUT, 0 }, [ON_LAPSED] = NOTHING, [ON_RESUME] = NOTHING,
	},
	[PHASE_ASK] = {
		[ON_VACANT] = { PHASE_SERVE, DO_ADD }, [ON_TURN] = NOTHING,
		[ON_LATER] = { PHASE_WATCH, 0 }, [ON_BEHIND] = { PHASE_RETURN, 0 },
		[ON_BETTER] = { PHASE_WATCH, 0 }, [ON_WORSE] = { PHASE_WATCH, 0 },
		[ON_FOREIGN] = { SAME, DO_ALARM }, [ON_SOLICITED] = NOTHING,
		[ON_TIMEOUT] = { SAME, DO_PROBE }, [ON_GIVE_UP] = NOTHING,
		[ON_LEAVE] = { PHASE_DRAINED, 0 }, [ON_CUT] = { PHASE_CUT, 0 },
		[ON_LAPSED] = NOTHING, [ON_RESUME] = NOTHING,
	},
	[PHASE_SERVE] = {
		[ON_VACANT] = NOTHING, [ON_TURN] = NOTHING, [ON_LATER] = NOTHING, [ON_BEHIND] = NOTHING,
		[ON_BETTER] = { PHASE_YIELDED, DO_REMOVE }, [ON_WORSE] = { SAME, DO_DEFEND },
		[ON_FOREIGN] = { SAME, DO_DEFEND | DO_ALARM }, [ON_SOLICITED] = { SAME, DO_ANSWER },
		[ON_TIMEOUT] = NOTHING, [ON_GIVE_UP] = { PHASE_DRAINED, DO_REMOVE },
		[ON_LEAVE] = { PHASE_LEAVE, DO_RELEASE },
		[ON_CUT] = { PHASE_CUT, DO_REMOVE | DO_RELEASE },
		[ON_LAPSED] = { PHASE_WATCH, DO_REMOVE }, [ON_RESUME] = NOTHING,
	},
	[PHASE_LEAVE] = {
		[ON_VACANT] = NOTHING, [ON_TURN] = NOTHING, [ON_LATER] = NOTHING, [ON_BEHIND] = NOTHING,
		[ON_BETTER] = { PHASE_DRAINED, DO_REMOVE }, [ON_WORSE] = { PHASE_DRAINED, DO_REMOVE },
		[ON_FOREIGN] = { SAME, DO_DEFEND | DO_ALARM }, [ON_SOLICITED] = NOTHING,
		[ON_TIMEOUT] = { SAME, DO_RELEASE }, [ON_GIVE_UP] = { PHASE_DRAINED, DO_REMOVE },
		[ON_LEAVE] = NOTHING, [ON_CUT] = { PHASE_DRAINED, DO_REMOVE | DO_RELEASE },
		[ON_LAPSED] = { PHASE_WATCH, DO_REMOVE }, [ON_RESUME] = { PHASE_SERVE, DO_DEFEND },
	},
	[PHASE_YIELDED] = {
		[ON_VACANT] = NOTHING, [ON_TURN] = NOTHING, [ON_LATER] = NOTHING, [ON_BEHIND] = NOTHING,
		[ON_BETTER] = NOTHING, [ON_WORSE] = NOTHING, [ON_FOREIGN] = { SAME, DO_ALARM },
		[ON_SOLICITED] = NOTHING, [ON_TIMEOUT] = { PHASE_WATCH, 0 }, [ON_GIVE_UP] = NOTHING,
		[ON_LEAVE] = { PHASE_DRAINED, 0 }, [ON_CUT] = { PHASE_CUT, 0 },
		[ON_LAPSED] = NOTHING, [ON_RESUME] = NOTHING,
	},
	[PHASE_RETURN] = {
		[ON_VACANT] = { PHASE_SERVE, DO_ADD }, [ON_TURN] = { PHASE_ASK, DO_PROBE }, [ON_LATER] = NOTHING,
		[ON_BEHIND] = NOTHING, [ON_BETTER] = { PHASE_WATCH, 0 }, [ON_WORSE] = NOTHING,
		[ON_FOREIGN] = { SAME, DO_ALARM }, [ON_SOLICITED] = NOTHING,
		[ON_TIMEOUT] = { PHASE_SERVE, DO_ADD }, [ON_GIVE_UP] = NOTHING,
		[ON_LEAVE] = { PHASE_DRAINED, 0 }, [ON_CUT] = { PHASE_CUT, 0 },
		[ON_LAPSED] = NOTHING, [ON_RESUME] = NOTHING,
	},
	[PHASE_DRAINED] = {
		[ON_VACANT] = NOTHING, [ON_TURN] = NOTHING, [ON_LATER] = NOTHING, [ON_BEHIND] = NOTHING,
		[ON_BETTER] = NOTHING, [ON_WORSE] = NOTHING, [ON_FOREIGN] = { SAME, DO_ALARM },
		[ON_SOLICITED] = NOTHING, [ON_TIMEOUT] = NOTHING, [ON_GIVE_UP] = NOTHING,
		[ON_LEAVE] = NOTHING, [ON_CUT] = NOTHING, [ON_LAPSED] = NOTHING,
		[ON_RESUME] = { PHASE_WATCH, 0 },
	},
	[PHASE_CUT] = {
		[ON_VACANT] = NOTHING, [ON_TURN] = NOTHING, [ON_LATER] = NOTHING, [ON_BEHIND] = NOTHING,
		[ON_BETTER] = NOTHING, [ON_WORSE] = NOTHING, [ON_FOREIGN] = { SAME, DO_ALARM },
		[ON_SOLICITED] = NOTHING, [ON_TIMEOUT] = NOTHING, [ON_GIVE_UP] = NOTHING,
		[ON_LEAVE] = { PHASE_DRAINED, 0 }, [ON_CUT] = NOTHING, [ON_LAPSED] = NOTHING,
		[ON_RESUME] = { PHASE_WATCH, 0 },
	},
};
/* clang-format on */

START_TEST(every_pair_is_decided)
{
	enum failover_phase phase = (enum failover_phase)(_i / EVENTS);
	enum failover_event event = (enum failover_event)(_i % EVENTS);
	struct failover failover = { .phase = phase, .deadline_ns = NOW };
	const struct expect *expect = &matrix[phase][event];
	enum failover_phase to =
	    expect->to == SAME ? phase : (enum failover_phase)expect->to;

	unsigned todo = failover_step(&failover, event, NOW, &timing, 1);
	ck_assert_msg(failover.phase == to && todo == expect->todo,
	    "%s on %s: %s, todo %x", failover_phase_name(phase),
	    failover_event_name(event), failover_phase_name(failover.phase), todo);
}
END_TEST

START_TEST(a_timeout_before_its_time_is_harmless)
{
	struct failover failover = { .phase = PHASE_RETURN, .deadline_ns = NOW + 1 };

	ck_assert_uint_eq(failover_step(&failover, ON_TIMEOUT, NOW, &timing, 0), 0);
	ck_assert_int_eq(failover.phase, PHASE_RETURN);
}
END_TEST

START_TEST(the_answer_timer_counts_tiers_and_does_not_start_twice)
{
	struct failover failover;

	failover_init(&failover);
	failover_step(&failover, ON_SOLICITED, NOW, &timing, 2);
	ck_assert_uint_eq(failover.deadline_ns, NOW + 600);
	failover_step(&failover, ON_SOLICITED, NOW + 100, &timing, 2);
	ck_assert_uint_eq(failover.deadline_ns, NOW + 600);
	failover_step(&failover, ON_WORSE, NOW + 200, &timing, 0);
	ck_assert_uint_eq(failover.deadline_ns, NEVER);
}
END_TEST

START_TEST(manual_failback_has_no_deadline)
{
	struct failover_timing manual = timing;
	struct failover failover;

	manual.failback_ns = NEVER;
	failover_init(&failover);
	failover_step(&failover, ON_BEHIND, NOW, &manual, 0);
	ck_assert_int_eq(failover.phase, PHASE_RETURN);
	ck_assert_uint_eq(failover.deadline_ns, NEVER);
}
END_TEST

START_TEST(the_four_states_follow_from_phase_and_tier)
{
	for (int p = 0; p < PHASES; p++) {
		struct failover failover = { .phase = (enum failover_phase)p };
		bool serves = p == PHASE_SERVE || p == PHASE_LEAVE;
		bool watches = p == PHASE_WATCH || p == PHASE_ASK;
		ck_assert_int_eq(failover_state(&failover, true), serves    ? PRIMARY
								  : watches ? WATCHING
									    : RELEASED);
		ck_assert_int_eq(failover_state(&failover, false), serves    ? CLAIMED
								   : watches ? WATCHING
									     : RELEASED);
		ck_assert_int_eq(failover_serves(&failover), serves);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("failover");
	TCase *tc = tcase_create("table");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, every_pair_is_decided, 0, PHASES * EVENTS);
	tcase_add_test(tc, a_timeout_before_its_time_is_harmless);
	tcase_add_test(tc, the_answer_timer_counts_tiers_and_does_not_start_twice);
	tcase_add_test(tc, manual_failback_has_no_deadline);
	tcase_add_test(tc, the_four_states_follow_from_phase_and_tier);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
