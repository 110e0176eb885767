/* SPDX-License-Identifier: BSD-2-Clause */
/* confine.h - the door to libseccomp: the system calls that are left to a running daemon.
 *
 * Three kinds. What the daemon and its libraries do is allowed. What only an intruder
 * would do (run a program, trace or write into another process, load code into the
 * kernel, become another user, mount) kills the process: whoever supervises it starts it
 * anew, within the lease. Everything else does not exist (ENOSYS), so that a newer C
 * library that tries a newer call falls back to an older one. Opening a file for writing
 * is refused (EPERM) but for files that are made anew (O_CREAT with O_EXCL). */
#ifndef VLBD_CONFINE_H
#define VLBD_CONFINE_H

#include <stdint.h>

/* From now on, for every thread, for ever. 0: in force. 1: not to be had (logged): built
 * without libseccomp or with a sanitizer, or a kernel without seccomp. */
int confine_calls(void);

/* For tests: build the filter for ARCH (SCMP_ARCH_...; 0: this machine's), and put it
 * into force on LOAD. 0, or a negative errno; -ENOSYS: built without libseccomp. */
int confine_build(uint32_t arch, int load);

#endif
