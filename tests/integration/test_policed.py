#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A switch that shuts the port of who sends more than 15 ARP frames a second, and max_rate."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from guard import PortGuard  # noqa: E402
from harness import check, check_equal, main, stays, test, wait_until  # noqa: E402
from lab import THREE  # noqa: E402

LIMIT = 15  # of dynamic ARP inspection, by default
MAX_RATE = 12  # the kernel answers questions too, and nobody can hold it back
ALL_BUT_A = "BC"


@test("without max_rate the survivors of a death are shut: the guard of this lab is real",
      table=THREE)
def unpaced(cluster):
    with PortGuard(cluster, LIMIT) as guard:
        cluster.crash("A")
        wait_until(lambda: guard.shut, 5, "a port is shut")


@test("with max_rate nobody is shut: a death, a return, an orderly stop", table=THREE,
      timing={"max_rate": str(MAX_RATE)})
def paced(cluster):
    with PortGuard(cluster, LIMIT) as guard:
        def nobody_shut():
            check(not guard.shut, f"shut: {guard.shut}")
            return True

        cluster.crash("A")
        wait_until(lambda: nobody_shut() and cluster.settled(ALL_BUT_A), 10, "A's are served")
        stays(nobody_shut, 2, "nobody shut")
        cluster.restore("A")
        wait_until(lambda: nobody_shut() and cluster.settled(), 15, "A is back")
        stays(nobody_shut, 2, "nobody shut")
        check_equal(cluster.stop("A"), 0, "exit status")
        wait_until(lambda: nobody_shut() and cluster.settled(ALL_BUT_A), 10, "handed over")
        stays(nobody_shut, 2, "nobody shut")
        print(f"# most frames within a second: {guard.busiest()}")


main()
