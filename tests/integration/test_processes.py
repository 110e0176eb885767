#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Faults of the daemon: killed, frozen, stopped, restarted. Its kernel lives on."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from harness import (Watch, check, check_equal, gaps_below, main, no_duplicates,  # noqa: E402
                     quiet, stays, test, wait_until)

SHORT_LEASE = {"lease": "2s"}
ALL_BUT_A = "BCDEF"


class Observed:
    """A's addresses seen from outside: as the router's traffic, and by whoever answers ARP."""

    def __init__(self, cluster):
        mine = cluster.primaries("A")
        self.traffic = cluster.probe(mine)
        self.owners = cluster.probe(mine, mode="arp", interval_ms=5, ask=cluster.servers)

    def stop(self):
        """Both reports."""
        return self.traffic.stop(), self.owners.stop()


def owns_all(cluster, server):
    """Its daemon says that it serves what it should."""
    status = cluster.try_status(server)
    if not status or status["standing"] != "serving":
        return False
    mine = {one["address"] for one in status["addresses"] if one["state"] == "PRIMARY"}
    return mine == set(cluster.primaries(server))


@test("SIGKILL and a restart within the lease: nothing lost, nothing moved")
def kill_and_restart(cluster):
    seen, watch = Observed(cluster), Watch(cluster)
    cluster.kill("A")
    stays(lambda: cluster.settled(), 1.5, "served by A's kernel")
    cluster.start("A")
    wait_until(lambda: owns_all(cluster, "A"), 5, "A serves again")
    stays(lambda: cluster.settled(), 6, "settled, also when the old lease would have ended")
    for report in seen.stop():
        quiet(report)
    check_equal(watch.changes(*ALL_BUT_A), [], "changes at the others")


@test("SIGKILL without a restart: the lease ends, the others take over, nobody answers twice",
      timing=SHORT_LEASE)
def kill_for_good(cluster):
    seen, watch = Observed(cluster), Watch(cluster)
    cluster.kill("A")
    stays(lambda: cluster.settled(), 1, "served by A's kernel within the lease")
    cluster.settle(ALL_BUT_A)
    wait_until(lambda: not cluster.serves("A"), 5, "A's kernel has dropped them")
    traffic, owners = seen.stop()
    gaps_below(traffic, 1000)
    no_duplicates(owners)
    check_equal(watch.moved(*ALL_BUT_A), set(cluster.primaries("A")), "addresses that moved")
    cluster.start("A")
    cluster.settle()


@test("SIGSTOP shorter than the lease: nothing lost, nothing moved")
def short_freeze(cluster):
    seen, watch = Observed(cluster), Watch(cluster)
    cluster.freeze("A")
    stays(lambda: cluster.settled(), 2, "served by A's kernel")
    cluster.resume("A")
    stays(lambda: cluster.settled(), 2, "settled")
    for report in seen.stop():
        quiet(report)
    check_equal(watch.changes(), [], "changes")


@test("SIGSTOP longer than the lease: others take over; it wakes and takes nothing by surprise",
      timing=SHORT_LEASE)
def long_freeze(cluster):
    seen = Observed(cluster)
    cluster.freeze("A")
    cluster.settle(ALL_BUT_A)
    stays(lambda: cluster.settled(ALL_BUT_A) and not cluster.serves("A"), 1,
          "served by the others alone")
    traffic, owners = seen.stop()
    gaps_below(traffic, 1000)
    no_duplicates(owners)
    back = cluster.probe(cluster.primaries("A"))
    cluster.resume("A")
    cluster.settle()
    gaps_below(back.stop(), 500)


@test("SIGTERM: handed over without a lost probe; and the return")
def stop(cluster):
    probe = cluster.probe()
    watch = Watch(cluster)
    check_equal(cluster.stop("A"), 0, "exit status")
    check_equal(cluster.serves("A"), set(), "addresses left at A")
    cluster.settle(ALL_BUT_A)
    stays(lambda: cluster.settled(ALL_BUT_A), 0.5, "served by the others")
    report = probe.stop()
    check(report.lost() == 0, report.describe())
    check_equal(watch.moved(*ALL_BUT_A), set(cluster.primaries("A")), "addresses that moved")

    back = cluster.probe()
    cluster.start("A")
    cluster.settle()
    stays(lambda: cluster.settled(), 0.5, "settled")
    report = back.stop()
    check(report.lost() == 0, report.describe())


@test("each server in turn is restarted in an orderly way: no probe lost")
def rolling_restart(cluster):
    probe = cluster.probe(interval_ms=5)
    for server in cluster.servers:
        check_equal(cluster.stop(server), 0, f"exit status of {server}")
        cluster.start(server)
        cluster.settle()
    report = probe.stop()
    check(report.lost() == 0, report.describe())


@test("SIGTERM to all at once: all exit, no address is left, nor the external route")
def stop_all(cluster):
    processes = [cluster.processes[server, "vlbd"] for server in cluster.servers]
    for process in processes:
        process.terminate()
    for process in processes:
        check_equal(process.wait(10), 0, "exit status")
    for server in cluster.servers:
        check_equal(cluster.serves(server), set(), f"addresses left at {server}")
        check_equal(cluster.run(server, "ip", "route", "show", "table", "local", "type",
                                "local", "203.0.113.0/24"), "", f"local route left at {server}")
        check(not os.path.exists(cluster.path(f"{server}.sock")), f"{server} left its socket")


@test("a second SIGTERM ends it at once, and it still leaves nothing", timing=SHORT_LEASE)
def stop_twice(cluster):
    for server in ALL_BUT_A:
        cluster.freeze(server)  # nobody will take over
    process, watch = cluster.processes["A", "vlbd"], Watch(cluster)
    process.terminate()
    watch.await_text("A", "stopping: handing over")  # else both may be one signal
    check(process.poll() is None, "A did not wait for anybody to take over")
    process.terminate()
    check_equal(process.wait(10), 0, "exit status")
    check("told to stop again" in watch.text("A"), "it waited for them all the same")
    check_equal(cluster.serves("A"), set(), "addresses left at A")


main()
