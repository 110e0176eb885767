/* SPDX-License-Identifier: BSD-2-Clause */
/* check_notify.c - news for a real command, by the real runner. The command appends a
 * line for its beginning and one for its end to a file, and so shows what ran beside
 * what. */
#include <check.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "notify.h"

enum { PATIENCE_S = 300, KEYS = 50 }; /* under valgrind a thousand take long */
#define LONG_NS (60 * SEC_NS)         /* for a command that ends by itself */

static struct ev_loop *loop;
static struct runner *runner;
static struct notify *notify;
static char dir[64];

static void
configure(const char *script, uint64_t timeout_ns)
{
	struct conf_command command = { .arguments = 4, .timeout_ns = timeout_ns };
	const char *const words[] = { "/bin/sh", "-c", script, dir };
	char *at = command.text;

	for (unsigned i = 0; i < 4; i++)
		at += snprintf(at, sizeof(command.text) - (size_t)(at - command.text),
			  "%s", words[i]) +
		      1;
	snprintf(command.user, sizeof(command.user), "%s",
	    geteuid() == 0 ? "nobody" : getpwuid(geteuid())->pw_name);
	ck_assert(notify_configure(notify, &command));
}

static void
set_up(void)
{
	log_open(0);
	runner = runner_open(false);
	loop = ev_loop_new(EVFLAG_AUTO);
	runner_watch(runner, loop);
	notify = notify_open(runner);
	strcpy(dir, "/tmp/check_notify.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0777), 0);
}

static void
tear_down(void)
{
	char command[128];

	notify_close(notify);
	runner_close(runner);
	ev_loop_destroy(loop);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void
tell(unsigned key, unsigned number)
{
	char address[40], count[40], name[16];
	const char *const variables[] = { address, count, NULL };

	snprintf(name, sizeof(name), "10.77.0.%u", key);
	snprintf(address, sizeof(address), "VLBD_ADDRESS=%s", name);
	snprintf(count, sizeof(count), "NUMBER=%u", number);
	notify_tell(notify, name, variables);
}

static void
on_patience(struct ev_loop *at, ev_timer *watcher, int revents)
{
	(void)at, (void)watcher, (void)revents;
	ck_abort_msg("not told within %d s", PATIENCE_S);
}

/* Turn the loop until IS_IT. */
static void
await(bool (*is_it)(void))
{
	ev_timer patience;

	ev_timer_init(&patience, on_patience, PATIENCE_S, 0.);
	ev_timer_start(loop, &patience);
	while (!is_it())
		ev_run(loop, EVRUN_ONCE);
	ev_timer_stop(loop, &patience);
}

static bool
is_idle(void)
{
	return !notify_busy(notify);
}

static void
settle(void)
{
	await(is_idle);
}

static bool
is_forty_told(void)
{
	return notify_counters(notify).told >= 40;
}

static const char script[] =
    "echo \"begin $VLBD_ADDRESS $NUMBER\" >>$0/log; echo \"end $VLBD_ADDRESS $NUMBER\" "
    ">>$0/log";

/* Of each key the numbers rise, one begins when the one before has ended, and never do
 * more than NOTIFY_AT_ONCE run. Returns how many were told. */
static unsigned
look_at_log(unsigned last[KEYS])
{
	char path[128], what[16];
	unsigned key, number, running = 0, most = 0, told = 0;
	bool runs[KEYS] = { false };

	snprintf(path, sizeof(path), "%s/log", dir);
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fscanf(file, "%15s 10.77.0.%u %u", what, &key, &number) == 3) {
		ck_assert_uint_lt(key, KEYS);
		if (strcmp(what, "begin") == 0) {
			ck_assert_msg(!runs[key], "two at once for one address");
			ck_assert_uint_gt(number, last[key]);
			last[key] = number;
			runs[key] = true;
			running++;
			told++;
		} else {
			ck_assert_uint_eq(number, last[key]);
			runs[key] = false;
			running--;
		}
		most = running > most ? running : most;
	}
	fclose(file);
	ck_assert_uint_le(most, NOTIFY_AT_ONCE);
	ck_assert_uint_eq(running, 0);
	return told;
}

START_TEST(a_thousand_at_once_are_told_in_order_and_a_few_at_a_time)
{
	unsigned last[KEYS] = { 0 };

	configure(script, LONG_NS);
	for (unsigned i = 0; i < 1000; i++) {
		tell(i % KEYS, i + 1);
		ck_assert_uint_le(runner_running(runner), NOTIFY_AT_ONCE);
	}
	settle();
	ck_assert_uint_eq(look_at_log(last), 1000);
	for (unsigned key = 0; key < KEYS; key++)
		ck_assert_uint_eq(last[key], 1000 - KEYS + key + 1);
	ck_assert_uint_eq(notify_counters(notify).told, 1000);
	ck_assert_uint_eq(notify_counters(notify).failed, 0);
	ck_assert_uint_eq(notify_counters(notify).dropped, 0);
}
END_TEST

START_TEST(of_too_many_the_oldest_are_dropped_and_counted)
{
	const unsigned many = NOTIFY_QUEUE + 300;

	configure("test $NUMBER -le 4 || test $NUMBER -gt 300", LONG_NS);
	for (unsigned i = 0; i < many; i++)
		tell(i % 4, i + 1);
	ck_assert_uint_eq(
	    notify_counters(notify).dropped, many - NOTIFY_QUEUE - NOTIFY_AT_ONCE);
	/* The oldest of those that waited are gone: none with such a number fails. */
	await(is_forty_told);
	ck_assert_uint_eq(notify_counters(notify).failed, 0);
}
END_TEST

static bool
has_written(unsigned number)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%u", dir, number);
	return access(path, F_OK) == 0;
}

static void
forget_written(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -f %s/[0-9]", dir);
	ck_assert_int_eq(system(command), 0);
}

/* The first hangs until TIMEOUT_NS have passed, the second waits for it, and the third,
 * of another address, does not. False: the machine is too busy to tell, since one that
 * does not hang took as long. */
static bool
one_hangs(uint64_t timeout_ns)
{
	const struct ctl_notified before = notify_counters(notify);

	configure("case $NUMBER in 1) sleep 1000;; *) echo $NUMBER >$0/$NUMBER;; esac",
	    timeout_ns);
	tell(1, 1);
	tell(1, 2);
	tell(2, 3);
	while (notify_counters(notify).told == before.told)
		ev_run(loop, EVRUN_ONCE);
	bool beside = notify_counters(notify).failed == before.failed;
	if (beside)
		ck_assert(has_written(3) && !has_written(2));
	settle();
	ck_assert_uint_eq(notify_counters(notify).told, before.told + 3);
	return beside && notify_counters(notify).failed == before.failed + 1 &&
	       has_written(2);
}

START_TEST(who_hangs_is_killed_and_holds_up_its_own_address_only)
{
	uint64_t timeout_ns = 300 * MS_NS;

	while (!one_hangs(timeout_ns)) {
		timeout_ns *= 2;
		ck_assert_uint_lt(timeout_ns, PATIENCE_S * SEC_NS / 4);
		forget_written();
	}
}
END_TEST

START_TEST(a_command_that_does_not_exist_fails)
{
	struct conf_command command = { .arguments = 1,
		.text = "/no/such/command",
		.user = "nobody",
		.timeout_ns = SEC_NS };

	notify_configure(notify, &command);
	tell(1, 1);
	tell(1, 2);
	settle();
	ck_assert_uint_eq(notify_counters(notify).failed, 2);
}
END_TEST

START_TEST(without_a_command_nothing_happens)
{
	struct conf_command none = { .arguments = 0 };

	tell(1, 1);
	ck_assert(!notify_busy(notify));
	configure("sleep 0.1", LONG_NS);
	tell(1, 1);
	tell(1, 2);
	notify_configure(notify, &none);
	settle();
	ck_assert_uint_eq(notify_counters(notify).told, 1);
	ck_assert_uint_eq(notify_counters(notify).dropped, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("notify");
	TCase *tc = tcase_create("commands");
	SRunner *tests = srunner_create(suite);

	tcase_set_timeout(tc, 2 * PATIENCE_S);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_thousand_at_once_are_told_in_order_and_a_few_at_a_time);
	tcase_add_test(tc, of_too_many_the_oldest_are_dropped_and_counted);
	tcase_add_test(tc, who_hangs_is_killed_and_holds_up_its_own_address_only);
	tcase_add_test(tc, a_command_that_does_not_exist_fails);
	tcase_add_test(tc, without_a_command_nothing_happens);
	suite_add_tcase(suite, tc);
	srunner_set_tap(tests, "-");
	srunner_run_all(tests, CK_SILENT);
	srunner_free(tests);
	return 0;
}
