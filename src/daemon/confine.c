/* SPDX-License-Identifier: BSD-2-Clause */
/* confine.c - libseccomp, and nothing but libseccomp: an allow-list of system calls. */
#include "confine.h"

#include "config.h"

#include <errno.h>
#include <string.h>

#include "log.h"

#ifdef HAVE_LIBSECCOMP

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* clang-format off */
/* By name: an architecture has some of them only, and libseccomp knows which. */
static const char *const allowed[] = {
	/* files and descriptors; open(2) is below */
	"_llseek", "access", "close", "close_range", "dup", "dup3", "faccessat",
	"faccessat2", "fchmod", "fcntl", "fcntl64", "fdatasync", "flock", "fstat",
	"fstat64", "fstatat64", "fsync", "ftruncate", "ftruncate64", "getcwd",
	"getdents64", "ioctl", "lseek", "lstat", "lstat64", "mkdir", "mkdirat",
	"newfstatat", "pipe2", "pread64", "pwrite64", "read", "readlink",
	"readlinkat", "readv", "rename", "renameat", "renameat2", "stat", "stat64",
	"statx", "umask", "unlink", "unlinkat", "write", "writev",
	/* memory; mmap(2) and mprotect(2) are below */
	"brk", "madvise", "mremap", "munmap",
	/* waiting */
	"_newselect", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait",
	"epoll_pwait2", "epoll_wait", "eventfd2", "poll", "ppoll", "ppoll_time64",
	"pselect6", "pselect6_time64", "select", "signalfd4", "timerfd_create",
	"timerfd_gettime", "timerfd_gettime64", "timerfd_settime",
	"timerfd_settime64",
	/* sockets; socket(2) is below */
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname",
	"getsockopt", "listen", "recv", "recvfrom", "recvmmsg", "recvmmsg_time64",
	"recvmsg", "send", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
	"socketpair",
	/* time */
	"clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64",
	"clock_nanosleep", "clock_nanosleep_time64", "gettimeofday", "nanosleep",
	"time", "times",
	/* itself */
	"exit", "exit_group", "getegid", "getegid32", "geteuid", "geteuid32",
	"getgid", "getgid32", "getpgrp", "getpid", "getppid", "getrandom",
	"getrusage", "gettid", "getuid", "getuid32", "sysinfo", "ugetrlimit", "uname",
	/* signals, children, threads */
	"futex", "futex_time64", "get_robust_list", "membarrier", "restart_syscall",
	"rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn",
	"rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64",
	"sched_getaffinity", "sched_yield", "set_robust_list", "set_tid_address",
	"sigaltstack", "sigreturn", "wait4", "waitid", "waitpid",
	/* what some architectures have instead of an instruction */
	"arch_prctl", "arm_fadvise64_64", "cacheflush", "riscv_flush_icache",
	"riscv_hwprobe", "set_thread_area", "set_tls",
};

static const char *const deadly[] = {
	"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev",
	"kcmp", "pidfd_getfd", "bpf", "delete_module", "finit_module", "init_module",
	"kexec_file_load", "kexec_load", "perf_event_open", "userfaultfd", "chroot",
	"fsmount", "mount", "move_mount", "open_tree", "pivot_root", "setns",
	"umount", "umount2", "unshare", "capset", "setfsgid", "setfsuid", "setgid",
	"setgroups", "setregid", "setresgid", "setresuid", "setreuid", "setuid",
	"add_key", "keyctl", "request_key", "ioperm", "iopl", "reboot", "swapoff",
	"swapon",
};
/* clang-format on */

/* ARP, rtnetlink, the control socket, and what libpcap, libnet and checks of services
 * open. */
static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET };

static int
add_list(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count)
{
	int status = 0;

	for (size_t i = 0; i < count && status == 0; i++) {
		int call = seccomp_syscall_resolve_name(names[i]);
		if (call == __NR_SCMP_ERROR)
			continue; /* newer than this libseccomp: then it does not exist */
		status = seccomp_rule_add(filter, action, call, 0);
		if (status == -EDOM || status == -EOPNOTSUPP)
			status = 0; /* not on this architecture */
	}
	return status;
}

static int
add_if(
    scmp_filter_ctx filter, uint32_t action, const char *name, struct scmp_arg_cmp test)
{
	int call = seccomp_syscall_resolve_name(name);
	int status = call != __NR_SCMP_ERROR
			 ? seccomp_rule_add_array(filter, action, call, 1, &test)
			 : 0;

	return status == -EDOM || status == -EOPNOTSUPP ? 0 : status;
}

static struct scmp_arg_cmp
equals(unsigned argument, scmp_datum_t value)
{
	struct scmp_arg_cmp test = { .arg = argument, .op = SCMP_CMP_EQ };

	test.datum_a = value;
	return test;
}

static struct scmp_arg_cmp
has_bits(unsigned argument, scmp_datum_t mask, scmp_datum_t bits)
{
	struct scmp_arg_cmp test = { .arg = argument, .op = SCMP_CMP_MASKED_EQ };

	test.datum_a = mask;
	test.datum_b = bits;
	return test;
}

/* A file that exists is never opened for writing. */
static int
add_open(scmp_filter_ctx filter, const char *name, unsigned argument)
{
	const scmp_datum_t mask = O_ACCMODE | O_CREAT | O_EXCL;
	const scmp_datum_t anew = O_CREAT | O_EXCL;
	int status = 0;

	for (scmp_datum_t mode = 0; mode <= O_ACCMODE && status == 0; mode++)
		for (unsigned way = 0; way < 4 && status == 0; way++) {
			scmp_datum_t flags =
			    (way & 1 ? O_CREAT : 0) | (way & 2 ? O_EXCL : 0);
			bool good =
			    mode == O_RDONLY ? (flags & O_CREAT) == 0 : flags == anew;
			status =
			    add_if(filter, good ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM),
				name, has_bits(argument, mask, mode | flags));
		}
	return status;
}

/* Threads, but no processes: fork(2) would have to be followed by execve(2). */
static int
add_threads(scmp_filter_ctx filter, uint32_t arch)
{
	unsigned flags = arch == SCMP_ARCH_S390 || arch == SCMP_ARCH_S390X ? 1 : 0;

	return add_if(
	    filter, SCMP_ACT_ALLOW, "clone", has_bits(flags, CLONE_THREAD, CLONE_THREAD));
}

static int
add_conditions(scmp_filter_ctx filter, uint32_t arch)
{
	static const char *const memory[] = { "mmap", "mmap2", "mprotect" };
	static const int names[] = { PR_SET_NAME, 0x53564d41 /* PR_SET_VMA */ };
	static const char *const self[] = { "tgkill", "kill" };
	int status = add_open(filter, "open", 1);

	if (status == 0)
		status = add_open(filter, "openat", 2);
	for (size_t i = 0; i < COUNT(memory) && status == 0; i++)
		status =
		    add_if(filter, SCMP_ACT_ALLOW, memory[i], has_bits(2, PROT_EXEC, 0));
	for (size_t i = 0; i < COUNT(families) && status == 0; i++)
		status = add_if(filter, SCMP_ACT_ALLOW, "socket",
		    equals(0, (scmp_datum_t)families[i]));
	for (size_t i = 0; i < COUNT(names) && status == 0; i++)
		status = add_if(
		    filter, SCMP_ACT_ALLOW, "prctl", equals(0, (scmp_datum_t)names[i]));
	for (size_t i = 0; i < COUNT(self) && status == 0; i++)
		status = add_if(
		    filter, SCMP_ACT_ALLOW, self[i], equals(0, (scmp_datum_t)getpid()));
	return status == 0 ? add_threads(filter, arch) : status;
}

static int
set_arch(scmp_filter_ctx filter, uint32_t arch)
{
	int status = 0;

	if (arch != 0 && arch != seccomp_arch_native()) {
		status = seccomp_arch_add(filter, arch);
		if (status == 0)
			status = seccomp_arch_remove(filter, seccomp_arch_native());
	}
	return status;
}

int
confine_build(uint32_t arch, int load)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int status = filter != NULL ? 0 : -ENOMEM;

	if (status == 0)
		status = set_arch(filter, arch);
	/* There is one thread only; where the kernel cannot do it, it matters not. */
	if (status == 0)
		(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (status == 0)
		status = add_list(filter, SCMP_ACT_ALLOW, allowed, COUNT(allowed));
	if (status == 0)
		status = add_list(filter, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly));
	if (status == 0)
		status = add_conditions(filter, arch != 0 ? arch : seccomp_arch_native());
	if (status == 0 && load)
		status = seccomp_load(filter);
	seccomp_release(filter);
	return status;
}

#else

int
confine_build(uint32_t arch, int load)
{
	(void)arch, (void)load;
	return -ENOSYS;
}

#endif

int
confine_calls(void)
{
#ifdef HAVE_LIBSECCOMP
	int status = confine_build(0, 1);

	if (status == 0) {
		log_info("system calls are filtered");
		return 0;
	}
	log_warnx("going on without a filter of system calls: %s", strerror(-status));
#else
	log_debug("built without a filter of system calls");
#endif
	return 1;
}
