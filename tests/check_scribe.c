/* SPDX-License-Identifier: BSD-2-Clause */
/* check_scribe.c - files written beside the loop: whole, in order, or told why not. */
#include "scribe.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_S 60.

static char directory[80];
static char path[100];
static struct ev_loop *loop;
static struct scribe *scribe;
static ev_timer patience;
static int errors[16];
static unsigned told;

static void
on_patience(struct ev_loop *on, ev_timer *watcher, int revents)
{
	(void)on, (void)watcher, (void)revents;
	ck_abort_msg("the scribe does not answer");
}

static void
done(void *user, int error)
{
	ck_assert_ptr_eq(user, &told);
	ck_assert_uint_lt(told, 16);
	errors[told++] = error;
	ev_break(loop, EVBREAK_ALL);
}

static void
begin(void)
{
	strcpy(directory, "/tmp/check_scribe.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/file", directory);
	loop = ev_loop_new(EVFLAG_AUTO);
	ck_assert_ptr_nonnull(loop);
	ev_timer_init(&patience, on_patience, PATIENCE_S, 0.);
	ev_timer_start(loop, &patience);
	told = 0;
	scribe = scribe_open(loop);
	ck_assert_ptr_nonnull(scribe);
}

static void
end(void)
{
	scribe_close(scribe);
	scribe_close(NULL);
	ev_loop_destroy(loop);
	unlink(path);
	rmdir(directory);
}

static bool
put(const char *where, const char *text, bool sync)
{
	return scribe_write(scribe, where, strdup(text), strlen(text), sync, done, &told);
}

static void
wait_for(unsigned jobs)
{
	while (told < jobs)
		ev_run(loop, 0);
}

static void
check_file(const char *text)
{
	char found[100] = "";
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(file);
	found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
	fclose(file);
	ck_assert_str_eq(found, text);
}

START_TEST(a_file_is_written_and_replaced)
{
	struct stat first, second;

	ck_assert(put(path, "one\n", true));
	wait_for(1);
	ck_assert_int_eq(errors[0], 0);
	check_file("one\n");
	ck_assert_int_eq(stat(path, &first), 0);
	ck_assert_uint_eq(first.st_mode & 07777, 0644);
	int reader = open(path, O_RDONLY);
	mode_t mask = umask(0077);
	ck_assert(put(path, "second\n", false));
	wait_for(2);
	umask(mask);
	ck_assert_int_eq(errors[1], 0);
	check_file("second\n");
	/* Another file in its place: who has the old one open reads it to its end. */
	ck_assert_int_eq(stat(path, &second), 0);
	ck_assert_uint_ne(first.st_ino, second.st_ino);
	ck_assert_uint_eq(second.st_mode & 07777, 0644);
	char old[10];
	ck_assert_int_eq(read(reader, old, sizeof(old)), 4);
	close(reader);
}
END_TEST

START_TEST(a_file_is_removed_once_and_again)
{
	ck_assert(put(path, "one\n", true));
	ck_assert(scribe_remove(scribe, path, done, &told));
	ck_assert(scribe_remove(scribe, path, done, &told));
	wait_for(3);
	ck_assert_int_eq(errors[0] | errors[1] | errors[2], 0);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(what_cannot_be_written_says_why)
{
	char deep[200];

	snprintf(deep, sizeof(deep), "%s/none/file", directory);
	ck_assert(put(deep, "one\n", false));
	ck_assert(scribe_remove(scribe, deep, done, &told));
	ck_assert(put(directory, "one\n", false)); /* a directory is there */
	wait_for(3);
	ck_assert_int_eq(errors[0], ENOENT);
	ck_assert_int_eq(errors[1], ENOENT); /* nothing to make sure of */
	ck_assert_int_eq(errors[2], EISDIR);
	snprintf(deep, sizeof(deep), "%s.tmp", directory);
	ck_assert_int_eq(access(deep, F_OK), -1); /* nothing is left behind */
}
END_TEST

/* A link in its place is replaced, and not followed: so is one in the temporary's. */
START_TEST(links_are_not_followed)
{
	char victim[120], temporary[120], text[10] = "";

	snprintf(victim, sizeof(victim), "%s/victim", directory);
	snprintf(temporary, sizeof(temporary), "%s.tmp", path);
	int fd = open(victim, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_eq(write(fd, "mine", 4), 4);
	close(fd);
	ck_assert_int_eq(symlink(victim, path), 0);
	ck_assert_int_eq(symlink(victim, temporary), 0);
	ck_assert(put(path, "one\n", false));
	wait_for(1);
	ck_assert_int_eq(errors[0], 0);
	check_file("one\n");
	fd = open(victim, O_RDONLY);
	ck_assert_int_eq(read(fd, text, sizeof(text)), 4);
	ck_assert_str_eq(text, "mine");
	close(fd);
	unlink(victim);
}
END_TEST

/* The loop is never made to wait: what is too much is refused. */
START_TEST(too_much_at_once_is_refused)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < 100 && put(path, "again\n", true); i++)
		taken++;
	ck_assert_int_eq(errno, EBUSY);
	ck_assert_uint_eq(taken, 8);
	wait_for(taken);
	for (unsigned i = 0; i < taken; i++)
		ck_assert_int_eq(errors[i], 0);
	ck_assert(put(path, "last\n", false));
	wait_for(taken + 1);
	check_file("last\n");
}
END_TEST

/* Not synced: closing waits for a second, and a busy disk may take longer. */
START_TEST(closing_finishes_what_waits)
{
	for (unsigned i = 0; i < 5; i++)
		ck_assert(put(path, i < 4 ? "early\n" : "late\n", false));
	scribe_close(scribe);
	scribe = NULL;
	check_file("late\n");
	ck_assert_uint_eq(told, 0);
}
END_TEST

START_TEST(a_path_that_is_too_long_is_refused)
{
	char *long_path = malloc(5001);

	memset(long_path, 'p', 5000);
	long_path[5000] = '\0';
	ck_assert(!put(long_path, "one\n", false));
	ck_assert_int_eq(errno, ENAMETOOLONG);
	free(long_path);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("scribe");
	TCase *tc = tcase_create("scribe");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tc, 2 * PATIENCE_S);
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, a_file_is_written_and_replaced);
	tcase_add_test(tc, a_file_is_removed_once_and_again);
	tcase_add_test(tc, what_cannot_be_written_says_why);
	tcase_add_test(tc, links_are_not_followed);
	tcase_add_test(tc, too_much_at_once_is_refused);
	tcase_add_test(tc, closing_finishes_what_waits);
	tcase_add_test(tc, a_path_that_is_too_long_is_refused);
	suite_add_tcase(suite, tc);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}
