/* SPDX-License-Identifier: BSD-2-Clause */
/* resident.h - the daemon's memory stays in memory, so that a takeover does not wait for
 * a busy disk. */
#ifndef VLBD_RESIDENT_H
#define VLBD_RESIDENT_H

/* Whatever is used once stays in memory (mlockall(2), MCL_ONFAULT), as far as this
 * process may; what is allocated later too, where RLIMIT_MEMLOCK is, or can be made,
 * unlimited. Else nothing is done. Not inherited by children. Before privileges are
 * dropped and system calls filtered. */
void resident_lock(void);

#endif
