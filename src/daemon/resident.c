/* SPDX-License-Identifier: BSD-2-Clause */
/* resident.c - the daemon's memory stays in memory. */
#include "resident.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "log.h"

#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4 /* Linux 4.4 */
#endif

static bool
is_unlimited(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
		return false;
	return limit.rlim_cur == RLIM_INFINITY ||
	       setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0;
}

void
resident_lock(void)
{
	/* On fault: what was used once, as by the claims of the start, stays, and what
	 * never is, such as most of a thread's stack, takes no room. What comes later is
	 * only locked where no limit can make an allocation fail. */
	int what = MCL_CURRENT | MCL_ONFAULT | (is_unlimited() ? MCL_FUTURE : 0);

	if (mlockall(what) != 0)
		log_debug("memory is not locked: RLIMIT_MEMLOCK (LimitMEMLOCK=) is too "
			  "small, or the kernel too old");
}
