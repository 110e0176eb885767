#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""hello = off: the daemons say nothing by themselves, the router's requests are all there is."""

import os
import socket
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from harness import Watch, check, check_equal, main, test, wait_until  # noqa: E402

PASSIVE = {"hello": "off", "answer_timeout": "100ms"}


def hurry_router(cluster):
    """A router asks again after seconds, not after half a minute."""
    with cluster.inside("router"):
        for key, value in (("base_reachable_time_ms", 1000), ("delay_first_probe_time", 1),
                           ("retrans_time_ms", 200)):
            with open(f"/proc/sys/net/ipv4/neigh/eth1/{key}", "w", encoding="ascii") as file:
                file.write(str(value))


def broadcasts(cluster, seconds):
    """How many ARP frames of servers a bystander hears in that time."""
    ours = {bytes.fromhex(cluster.mac(s).replace(":", "")) for s in cluster.servers}
    with cluster.inside("probe"):
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
        wire.bind(("eth1", 0x0806))
    count, end = 0, time.monotonic() + seconds
    with wire:
        while time.monotonic() < end:
            wire.settimeout(max(0.01, end - time.monotonic()))
            try:
                count += wire.recv(2048)[6:12] in ours
            except socket.timeout:
                break
    return count


@test("passive: silence at rest, takeover on the router's request, and the return",
      timing=PASSIVE, settle=False)
def passive(cluster):
    hurry_router(cluster)
    probe = cluster.probe(interval_ms=50)  # the traffic that makes the router ask
    cluster.settle(seconds=20)
    wait_until(lambda: broadcasts(cluster, 1) == 0, 10, "the daemons fall silent")
    watch = Watch(cluster)
    cluster.crash("A")
    cluster.settle("BCDEF", seconds=30)
    check_equal(watch.moved(*"BCDEF"), set(cluster.primaries("A")), "addresses that moved")
    cluster.restore("A")
    cluster.settle(seconds=30)
    report = probe.stop()
    for server in "BCDEF":
        for one in cluster.primaries(server):
            check(report.longest_gap_ms(one) < 3000, report.describe())


main()
