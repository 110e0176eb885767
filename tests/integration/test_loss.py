#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A switch that loses ARP frames."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from harness import Watch, check, check_equal, main, stays, test  # noqa: E402


@test("5 % of all ARP frames lost for a minute at hello = 10ms: nothing moves",
      timing={"hello": "10ms"}, web=False)
def minute_of_loss(cluster):
    watch = Watch(cluster)
    cluster.loss(5)
    stays(lambda: cluster.settled(), 60, "settled", every=0.25)
    check_equal(watch.changes(), [], "changes")
    rules = cluster.run("switch", "nft", "list", "chain", "bridge", "lab", "loss")
    check(int(rules.split("packets ")[1].split()[0]) > 1000, f"hardly anything lost: {rules}")


@test("a crash under 5 % loss is still noticed, and nothing else moves")
def crash_under_loss(cluster):
    cluster.loss(5)
    watch = Watch(cluster)
    cluster.crash("A")
    cluster.settle("BCDEF")
    check_equal(watch.moved(*"BCDEF"), set(cluster.primaries("A")), "addresses that moved")
    cluster.restore("A")
    cluster.settle()


main()
