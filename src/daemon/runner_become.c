/* SPDX-License-Identifier: BSD-2-Clause */
/* runner_become.c - a child of the runner becomes a command.
 *
 * Runs between fork() and execve(), and changes nothing but its own process. Whatever it
 * waits for (a directory of users on the network, say) is within the command's timeout.
 */
#include "runner_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* systemd protects the daemon from the out-of-memory killer; its commands shall not be.
 */
static void
give_up_comforts(void)
{
	const struct rlimit no_core = { 0, 0 };
	const struct sched_param ordinary = { 0 };
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, "0", 1) < 0)
			errno = 0;
		close(fd);
	}
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)sched_setscheduler(0, SCHED_OTHER, &ordinary);
}

static int
close_from(int first)
{
	if (close_range((unsigned)first, ~0u, 0) == 0)
		return 0;
	long most = sysconf(_SC_OPEN_MAX); /* before Linux 5.9 */
	for (int fd = first; fd < most; fd++)
		close(fd);
	return 0;
}

/* Its three files are /dev/null, *KEEP_FD becomes 3, and nothing else stays open. */
static int
settle_files(int *keep_fd)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0)
		return -1;
	/* Out of the way of 0 to 3, whatever is or is not open there. */
	int high = fcntl(*keep_fd, F_DUPFD, 10);
	int nothing = fcntl(null, F_DUPFD, 10);
	if (high < 0 || nothing < 0)
		return -1;
	*keep_fd = high;
	if (dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(nothing, 2) < 0 ||
	    dup2(high, 3) < 0 || fcntl(3, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	*keep_fd = 3;
	return close_from(4);
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int signal_ = 1; signal_ < NSIG; signal_++)
		(void)signal(signal_, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* RUNNER_EXITED: done. Without the right to change users it stays who it is, but without
 * the daemon's capabilities. */
static enum runner_outcome
change_user(const char *user, bool allow_root)
{
	errno = 0;
	const struct passwd *found = getpwnam(user);

	if (found == NULL)
		return errno != 0 && errno != ENOENT && errno != ESRCH && geteuid() == 0
			   ? RUNNER_NO_START
			   : RUNNER_NO_USER;
	if (found->pw_uid == 0 && !allow_root)
		return RUNNER_NO_ROOT;
	uid_t uid = found->pw_uid;
	gid_t gid = found->pw_gid;
	if (initgroups(user, gid) != 0) {
		if (errno != EPERM || geteuid() == 0)
			return RUNNER_NO_START;
		(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
		return RUNNER_EXITED;
	}
	if (setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
		return RUNNER_NO_START;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (uid != 0 && setuid(0) == 0)
		return RUNNER_NO_ROOT; /* must not happen */
	return RUNNER_EXITED;
}

struct runner_result
runner_become(
    const char *user, char *const *argv, char *const *env, bool allow_root, int *keep_fd)
{
	struct runner_result why = { .outcome = RUNNER_NO_START };

	setsid();
	if (settle_files(keep_fd) != 0 || chdir("/") != 0)
		goto out;
	umask(022);
	give_up_comforts();
	why.outcome = change_user(user, allow_root);
	if (why.outcome != RUNNER_EXITED)
		goto out;
	why.outcome = RUNNER_NO_START;
	/* A change of user takes this back, so it comes behind it. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		goto out;
	reset_signals();
	execve(argv[0], argv, env);
	why.outcome = RUNNER_NO_EXEC;
out:
	why.code = errno;
	return why;
}
