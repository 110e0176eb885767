/* SPDX-License-Identifier: BSD-2-Clause */
/* check_confine.c - the door to libseccomp: what is left to a daemon, and what kills it.
 *
 * Each deed is done by a process of its own that has put the filter into force. */
#include "config.h"

#include "confine.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef HAVE_LIBSECCOMP
#include <seccomp.h>

enum { GOOD = 0, NO_FILTER = 200, NO_CHILD = 299, SIGNALLED = 300 };

static char there[] = "/tmp/check_confine.XXXXXX"; /* a file that exists */

/* DEED's return value, or SIGNALLED and the signal that killed it. */
static int
confined(int (*deed)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(NO_FILTER);
		_exit(confine_calls() == 0 ? deed() : NO_FILTER);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return NO_CHILD;
	if (WIFSIGNALED(status))
		return SIGNALLED + WTERMSIG(status);
	return WEXITSTATUS(status);
}

/* --- what is left ------------------------------------------------------------------ */

static void *
nothing(void *user)
{
	void *memory = malloc(1 << 20); /* an arena of its own */

	free(memory);
	return user;
}

static int
make_threads(void)
{
	pthread_t thread[4];

	for (size_t i = 0; i < 4; i++)
		if (pthread_create(&thread[i], NULL, nothing, thread) != 0)
			return 1;
	for (size_t i = 0; i < 4; i++)
		if (pthread_join(thread[i], NULL) != 0)
			return 2;
	return GOOD;
}

/* As a metrics file is written. */
static int
replace_file(void)
{
	char anew[sizeof(there) + 4];

	snprintf(anew, sizeof(anew), "%s.tmp", there);
	int fd = open(anew, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return 1;
	if (write(fd, "x", 1) != 1 || fchmod(fd, 0644) != 0 || fsync(fd) != 0 ||
	    close(fd) != 0)
		return 2;
	return rename(anew, there) == 0 ? GOOD : 3;
}

static int
read_file(void)
{
	FILE *file = fopen(there, "re");

	if (file == NULL)
		return 1;
	fclose(file);
	return GOOD;
}

static int
open_sockets(void)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		int fd = socket(families[i], SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd < 0 && errno != EAFNOSUPPORT)
			return 1;
		close(fd);
	}
	return GOOD;
}

static int
end_itself(void)
{
	abort();
}

START_TEST(left)
{
	ck_assert_int_eq(confined(make_threads), GOOD);
	ck_assert_int_eq(confined(replace_file), GOOD);
	ck_assert_int_eq(confined(read_file), GOOD);
	ck_assert_int_eq(confined(open_sockets), GOOD);
	ck_assert_int_eq(confined(end_itself), SIGNALLED + SIGABRT);
}
END_TEST

/* --- what kills -------------------------------------------------------------------- */

static int
run_program(void)
{
	char *const argv[] = { "true", NULL };

	execv("/bin/true", argv);
	return 1;
}

static int
run_program_by_descriptor(void)
{
	char *const argv[] = { "true", NULL };
	int fd = open("/bin/true", O_RDONLY | O_CLOEXEC);

	syscall(SYS_execveat, fd, "", argv, NULL, AT_EMPTY_PATH);
	return 1;
}

static int
trace(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	return 1;
}

static int
become_root(void)
{
	(void)!setuid(0);
	return 1;
}

static int
write_into_another(void)
{
	syscall(SYS_process_vm_writev, getppid(), NULL, 0, NULL, 0, 0);
	return 1;
}

static int
leave_namespace(void)
{
	syscall(SYS_unshare, 0);
	return 1;
}

static int
load_program_into_kernel(void)
{
	syscall(SYS_bpf, 0, NULL, 0);
	return 1;
}

START_TEST(deadly)
{
	static int (*const deeds[])(void) = { run_program, run_program_by_descriptor,
		trace, become_root, write_into_another, leave_namespace,
		load_program_into_kernel };

	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		ck_assert_msg(confined(deeds[i]) == SIGNALLED + SIGSYS,
		    "deed %zu ended with %d", i, confined(deeds[i]));
}
END_TEST

/* --- what is refused --------------------------------------------------------------- */

static int
refused_with(int wanted, int result)
{
	if (result >= 0)
		return 1;
	return errno == wanted ? GOOD : 2;
}

static int
open_to_write(void)
{
	return refused_with(EPERM, open(there, O_WRONLY | O_CLOEXEC));
}

static int
open_to_change(void)
{
	return refused_with(EPERM, open(there, O_RDWR | O_CLOEXEC));
}

static int
open_to_truncate(void)
{
	return refused_with(
	    EPERM, open(there, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
}

static int
open_nameless(void)
{
	return refused_with(EPERM, open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

static int
make_process(void)
{
	return refused_with(ENOSYS, fork());
}

static int
make_code(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return refused_with(ENOSYS, memory == MAP_FAILED ? -1 : 0);
}

static int
turn_into_code(void)
{
	void *memory =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return refused_with(ENOSYS, mprotect(memory, 4096, PROT_READ | PROT_EXEC));
}

static int
open_odd_socket(void)
{
	return refused_with(ENOSYS, socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int
signal_another(void)
{
	return refused_with(ENOSYS, kill(getppid(), SIGCONT));
}

static int
call_what_is_not_there(void)
{
	return refused_with(ENOSYS, (int)syscall(1999));
}

START_TEST(refused)
{
	static int (*const deeds[])(void) = { open_to_write, open_to_change,
		open_to_truncate, open_nameless, make_process, make_code, turn_into_code,
		open_odd_socket, signal_another, call_what_is_not_there };

	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
		ck_assert_msg(confined(deeds[i]) == GOOD, "deed %zu ended with %d", i,
		    confined(deeds[i]));
}
END_TEST

/* --- elsewhere --------------------------------------------------------------------- */

/* Of this byte order: libseccomp mixes no two. */
START_TEST(architectures)
{
	static const uint32_t archs[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86,
		SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, SCMP_ARCH_PPC64LE, SCMP_ARCH_MIPSEL64,
		SCMP_ARCH_RISCV64 };

	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++)
		ck_assert_msg(confine_build(archs[i], 0) == 0, "architecture %zu: %s", i,
		    strerror(-confine_build(archs[i], 0)));
}
END_TEST

static void
make_file(void)
{
	strcpy(there + sizeof(there) - 7, "XXXXXX");
	int fd = mkstemp(there);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void
remove_file(void)
{
	unlink(there);
}

static int
just_be(void)
{
	return GOOD;
}

int
main(void)
{
	if (confined(just_be) == NO_FILTER) {
		puts("1..0 # SKIP this kernel, or this container, takes no filter");
		return 0;
	}
	Suite *suite = suite_create("confine");
	TCase *filter = tcase_create("filter");

	tcase_set_timeout(filter, 60);
	tcase_add_checked_fixture(filter, make_file, remove_file);
	tcase_add_test(filter, left);
	tcase_add_test(filter, deadly);
	tcase_add_test(filter, refused);
	tcase_add_test(filter, architectures);
	suite_add_tcase(suite, filter);
	SRunner *runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	srunner_free(runner);
	return 0;
}

#else

int
main(void)
{
	puts("1..0 # SKIP built without libseccomp");
	return 0;
}

#endif
