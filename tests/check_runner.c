/* SPDX-License-Identifier: BSD-2-Clause */
/* check_runner.c - real commands, run by the real runner. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "runner.h"

/* LONG_MS: of a command that is expected to end by itself, however busy the machine. */
enum { PATIENCE_S = 60, LONG_MS = 60000 };

static struct ev_loop *loop;
static struct runner *runner;
static char dir[64];
static unsigned answers;
static struct runner_result last;

static void
set_up_with(bool allow_root)
{
	log_open(0);
	runner = runner_open(allow_root);
	ck_assert_ptr_nonnull(runner);
	loop = ev_loop_new(EVFLAG_AUTO);
	runner_watch(runner, loop);
	strcpy(dir, "/tmp/check_runner.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0777), 0);
	answers = 0;
}

static void
set_up(void)
{
	set_up_with(false);
}

static void
tear_down(void)
{
	char command[128];

	runner_close(runner);
	ev_loop_destroy(loop);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void
done(void *user, const struct runner_result *result)
{
	(void)user;
	answers++;
	last = *result;
}

static const char *
some_user(void)
{
	return geteuid() == 0 ? "nobody" : getpwuid(geteuid())->pw_name;
}

static uint32_t
order(const char *user, const char *const *argv, uint32_t timeout_ms)
{
	static const char *const env[] = { "ONE=1", "TWO=a b", NULL };
	struct runner_order order = { user, argv, env, timeout_ms };

	return runner_start(runner, &order, done, NULL);
}

static uint32_t
shell(const char *script, uint32_t timeout_ms)
{
	const char *const argv[] = { "/bin/sh", "-c", script, "sh", dir, NULL };

	return order(some_user(), argv, timeout_ms);
}

static void
on_patience(struct ev_loop *at, ev_timer *watcher, int revents)
{
	(void)at, (void)watcher, (void)revents;
	ck_abort_msg("nothing came within %d s", PATIENCE_S);
}

static void
await(unsigned count)
{
	ev_timer patience;

	ev_timer_init(&patience, on_patience, PATIENCE_S, 0.);
	ev_timer_start(loop, &patience);
	while (answers < count)
		ev_run(loop, EVRUN_ONCE);
	ev_timer_stop(loop, &patience);
}

static void
expect(enum runner_outcome outcome, int code)
{
	await(1);
	ck_assert_int_eq(last.outcome, outcome);
	ck_assert_int_eq(last.code, code);
}

/* The text of a file in DIR that a command wrote, once it is there. */
static const char *
text_of(const char *name)
{
	static char text[4096];
	char path[128];
	FILE *file = NULL;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	for (int i = 0; i < PATIENCE_S * 100 && file == NULL; i++) {
		file = fopen(path, "r");
		if (file == NULL)
			usleep(10000);
	}
	ck_assert_ptr_nonnull(file);
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

/* Processes that still are there; also zombies. */
static bool
exists(pid_t pid)
{
	return kill(pid, 0) == 0 || errno == EPERM;
}

static void
await_end_of(pid_t pid)
{
	for (int i = 0; i < PATIENCE_S * 100 && exists(pid); i++)
		usleep(10000);
	ck_assert_msg(!exists(pid), "process %d is still there", (int)pid);
}

START_TEST(an_exit_status_comes_back)
{
	ck_assert_uint_ne(shell("exit 0", LONG_MS), 0);
	expect(RUNNER_EXITED, 0);
	answers = 0;
	shell("exit 7", LONG_MS);
	expect(RUNNER_EXITED, 7);
	answers = 0;
	shell("kill -11 $$", LONG_MS);
	expect(RUNNER_KILLED, 11);
	ck_assert_uint_eq(runner_running(runner), 0);
}
END_TEST

START_TEST(arguments_are_no_shell_s_business)
{
	const char *const argv[] = { "/bin/sh", "-c", "test \"$1\" = '$(reboot); *'",
		"sh", "$(reboot); *", NULL };

	order(some_user(), argv, LONG_MS);
	expect(RUNNER_EXITED, 0);
}
END_TEST

START_TEST(the_environment_is_the_order_s_and_nothing_else)
{
	const char *const argv[] = { "/usr/bin/env", "sh", "-c",
		"cat /proc/self/environ | tr '\\0' '\\n' | grep -v ^_= | grep -v ^PWD= | "
		"sort >$0/env",
		dir, NULL };

	setenv("SECRET", "1", 1);
	order(some_user(), argv, LONG_MS);
	expect(RUNNER_EXITED, 0);
	/* sh itself may add OLDPWD, PWD, SHLVL: what is read is cat's. */
	ck_assert_str_eq(text_of("env"), "ONE=1\nTWO=a b\n");
}
END_TEST

START_TEST(files_directory_group_and_privileges)
{
	char want[64];
	const char *text;

	/* A subshell looks at the shell, which only waits for it: its descriptors are
	 * those that it was started with, and no end of a pipe to whoever looks. */
	shell("(f=$(ls /proc/$$/fd | tr '\\n' ' '); for n in 0 1 2; do "
	      "f=\"$f $(readlink /proc/$$/fd/$n)\"; done; "
	      "f=\"$f $(pwd) $(id -un) $(sed -n "
	      "'s/^NoNewPrivs:.//p;s/^SigBlk:.//p;s/^SigIgn:.//p;s/^CapEff:.//p;"
	      "s/^CapPrm:.//p' /proc/$$/status | tr '\\n' ' ')\"; "
	      "echo \"$f\" >$1/facts.new); mv $1/facts.new $1/facts",
	    LONG_MS);
	expect(RUNNER_EXITED, 0);
	text = text_of("facts");
	snprintf(want, sizeof(want), "0 1 2  /dev/null /dev/null /dev/null / %s ",
	    some_user());
	ck_assert_mem_eq(text, want, strlen(want));
	text += strlen(want);
	/* Signals 32 and 33 are the C library's: whoever started this may ignore them. */
	const char *rest = strchr(text, ' ');
	ck_assert_ptr_nonnull(rest);
	ck_assert_uint_eq(strtoull(text, NULL, 16), 0);
	ck_assert_uint_eq(strtoull(rest, NULL, 16) & ~(UINT64_C(3) << 31), 0);
	rest = strchr(rest + 1, ' ');
	ck_assert_ptr_nonnull(rest);
	ck_assert_str_eq(rest, " 0000000000000000 0000000000000000 1 \n");
}
END_TEST

START_TEST(what_cannot_be_executed_says_why)
{
	const char *const missing[] = { "/no/such/command", NULL };
	const char *const no_file[] = { "/etc", NULL };
	char text[100];

	order(some_user(), missing, LONG_MS);
	expect(RUNNER_NO_EXEC, ENOENT);
	runner_text(&last, LONG_MS, text, sizeof(text));
	ck_assert_str_eq(text, "cannot be executed: No such file or directory");
	answers = 0;
	order(some_user(), no_file, LONG_MS);
	expect(RUNNER_NO_EXEC, EACCES);
}
END_TEST

START_TEST(users_must_exist_and_not_be_root)
{
	const char *const argv[] = { "/bin/true", NULL };

	order("no-such-user", argv, LONG_MS);
	await(1);
	ck_assert_int_eq(last.outcome, RUNNER_NO_USER);
	answers = 0;
	order("root", argv, LONG_MS);
	await(1);
	ck_assert_int_eq(last.outcome, RUNNER_NO_ROOT);
	if (geteuid() != 0)
		return;
	tear_down();
	set_up_with(true);
	order("root", argv, LONG_MS);
	expect(RUNNER_EXITED, 0);
}
END_TEST

/* Killed after TIMEOUT_MS. False: the machine is too busy to tell, since the command did
 * not come so far as to hang, or the end came late. */
static bool
hangs_and_is_killed(uint32_t timeout_ms)
{
	char path[128];

	answers = 0;
	ck_assert_uint_ne(shell("trap '' TERM INT HUP; sleep 1000 & echo $! >$1/one.new; "
				"mv $1/one.new $1/one; sleep 1000; sleep 1000",
			      timeout_ms),
	    0);
	expect(RUNNER_TIMED_OUT, SIGKILL);
	ck_assert_uint_ge(last.took_ms, timeout_ms - 1);
	snprintf(path, sizeof(path), "%s/one", dir);
	if (access(path, F_OK) != 0)
		return false;
	await_end_of((pid_t)atoi(text_of("one")));
	return last.took_ms < 2 * timeout_ms;
}

START_TEST(who_hangs_is_killed_with_all_its_children)
{
	uint32_t timeout_ms = 300;
	char text[100];

	while (!hangs_and_is_killed(timeout_ms)) {
		timeout_ms *= 2;
		ck_assert_uint_lt(timeout_ms, PATIENCE_S * 1000 / 2);
	}
	runner_text(&last, 300, text, sizeof(text));
	ck_assert_str_eq(text, "still running after 0.3s; killed");
}
END_TEST

START_TEST(what_a_command_leaves_behind_is_killed_too)
{
	shell(
	    "sleep 1000 & echo $! >$1/left.new; mv $1/left.new $1/left; exit 0", LONG_MS);
	expect(RUNNER_EXITED, 0);
	await_end_of((pid_t)atoi(text_of("left")));
}
END_TEST

START_TEST(who_flees_into_a_session_of_its_own_leaves_no_zombie)
{
	shell("setsid sh -c 'echo $$ >'$1'/fled.new; mv '$1'/fled.new '$1'/fled; "
	      "sleep 0.2' & while ! test -e $1/fled; do sleep 0.02; done; exit 0",
	    LONG_MS);
	expect(RUNNER_EXITED, 0);
	await_end_of((pid_t)atoi(text_of("fled")));
}
END_TEST

START_TEST(only_so_many_run_at_once)
{
	for (unsigned i = 0; i < RUNNER_CHILDREN; i++)
		ck_assert_uint_ne(shell("sleep 0.3", LONG_MS), 0);
	ck_assert_uint_eq(shell("exit 0", LONG_MS), 0);
	ck_assert_uint_eq(runner_running(runner), RUNNER_CHILDREN);
	await(RUNNER_CHILDREN);
	ck_assert_uint_eq(runner_running(runner), 0);
	ck_assert_uint_ne(shell("exit 0", LONG_MS), 0);
	await(RUNNER_CHILDREN + 1);
}
END_TEST

START_TEST(what_is_too_long_is_not_taken)
{
	static char much[RUNNER_BYTES];
	const char *argv[RUNNER_STRINGS + 2] = { "/bin/true", much };

	memset(much, 'a', sizeof(much) - 1);
	ck_assert_uint_eq(order(some_user(), argv, LONG_MS), 0);
	for (unsigned i = 0; i <= RUNNER_STRINGS; i++)
		argv[i] = "/bin/true";
	ck_assert_uint_eq(order(some_user(), argv, LONG_MS), 0);
	argv[RUNNER_STRINGS] = NULL;
	ck_assert_uint_ne(order(some_user(), argv, LONG_MS), 0);
	expect(RUNNER_EXITED, 0);
}
END_TEST

START_TEST(who_is_forgotten_is_killed_and_not_heard_of)
{
	uint32_t id =
	    shell("echo $$ >$1/pid.new; mv $1/pid.new $1/pid; sleep 1000", 60000);
	pid_t pid = (pid_t)atoi(text_of("pid"));

	runner_forget(runner, id);
	await_end_of(pid);
	while (runner_running(runner) > 0)
		ev_run(loop, EVRUN_ONCE);
	ck_assert_uint_eq(answers, 0);
}
END_TEST

/* A hundred commands leave no descriptor and no process behind. */
START_TEST(nothing_leaks)
{
	char path[64], line[256];

	for (unsigned i = 0; i < 100; i++) {
		answers = 0;
		ck_assert_uint_ne(shell("exit 3", LONG_MS), 0);
		expect(RUNNER_EXITED, 3);
	}
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)getpid(),
	    (int)getpid());
	FILE *list = fopen(path, "r");
	if (list == NULL || fgets(line, sizeof(line), list) == NULL) {
		if (list != NULL)
			fclose(list);
		return; /* a kernel without CONFIG_PROC_CHILDREN */
	}
	fclose(list);
	int pid = atoi(line);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	list = fopen(path, "r");
	ck_assert_ptr_nonnull(list);
	ck_assert_ptr_null(fgets(line, sizeof(line), list));
	fclose(list);
	int fds = 0;
	for (int fd = 0; fd < 256; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		char target[64];
		fds += readlink(path, target, sizeof(target)) > 0;
	}
	ck_assert_int_le(fds, 8);
}
END_TEST

/* A daemon that is killed takes its runner, and what that runs, with it. */
START_TEST(what_runs_ends_with_the_daemon)
{
	pid_t daemon = fork();

	if (daemon == 0) {
		runner = runner_open(false);
		runner_watch(runner, loop);
		shell("echo $$ >$1/pid.new; mv $1/pid.new $1/pid; sleep 1000", 60000);
		for (;;)
			pause();
	}
	pid_t command = (pid_t)atoi(text_of("pid"));
	kill(daemon, SIGKILL);
	waitpid(daemon, NULL, 0);
	await_end_of(command);
}
END_TEST

START_TEST(a_runner_that_is_gone_is_told)
{
	shell("echo $PPID >$1/runner.new; mv $1/runner.new $1/runner; sleep 1000", 60000);
	pid_t pid = (pid_t)atoi(text_of("runner"));
	kill(pid, SIGTERM); /* which it does not hear */
	kill(pid, SIGKILL);
	await(1);
	ck_assert_int_eq(last.outcome, RUNNER_LOST);
	ck_assert_uint_eq(shell("exit 0", LONG_MS), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("runner");
	TCase *tc = tcase_create("commands");
	SRunner *tests = srunner_create(suite);

	tcase_set_timeout(tc, 2 * PATIENCE_S);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, an_exit_status_comes_back);
	tcase_add_test(tc, arguments_are_no_shell_s_business);
	tcase_add_test(tc, the_environment_is_the_order_s_and_nothing_else);
	tcase_add_test(tc, files_directory_group_and_privileges);
	tcase_add_test(tc, what_cannot_be_executed_says_why);
	tcase_add_test(tc, users_must_exist_and_not_be_root);
	tcase_add_test(tc, who_hangs_is_killed_with_all_its_children);
	tcase_add_test(tc, what_a_command_leaves_behind_is_killed_too);
	tcase_add_test(tc, who_flees_into_a_session_of_its_own_leaves_no_zombie);
	tcase_add_test(tc, only_so_many_run_at_once);
	tcase_add_test(tc, what_is_too_long_is_not_taken);
	tcase_add_test(tc, who_is_forgotten_is_killed_and_not_heard_of);
	tcase_add_test(tc, nothing_leaks);
	tcase_add_test(tc, what_runs_ends_with_the_daemon);
	tcase_add_test(tc, a_runner_that_is_gone_is_told);
	suite_add_tcase(suite, tc);
	srunner_set_tap(tests, "-");
	srunner_run_all(tests, CK_SILENT);
	srunner_free(tests);
	return 0;
}
