#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""SIGHUP: what the new file changes changes, and nothing else sees anything."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import Watch, check, check_equal, main, quiet, stays, test, wait_until  # noqa: E402


def reload_all(cluster):
    """The new file, to everybody."""
    cluster.write_config()
    for server in cluster.servers:
        cluster.reload(server)


def owner_known(cluster, server, wanted, owner):
    """SERVER's daemon knows the address WANTED and OWNER as its owner."""
    return any(one["address"] == wanted and one["owner"] == owner
               for one in cluster.status(server)["addresses"])


@test("a reload that adds an address touches nothing else")
def added(cluster):
    untouched = cluster.addresses
    probe, watch = cluster.probe(untouched, interval_ms=5), Watch(cluster)
    cluster.table["A"][0].append(31)
    cluster.table["B"][1].append(31)
    reload_all(cluster)
    cluster.settle()
    wait_until(lambda: owner_known(cluster, "F", lab.address(31), "A"), 5, "F knows the owner")
    stays(lambda: cluster.settled(), 1, "settled")
    quiet(probe.stop())
    check(watch.moved() <= {lab.address(31)}, f"moved: {watch.moved()}")


@test("a reload that removes addresses touches nothing else")
def removed(cluster):
    gone = cluster.table["A"][0].pop(), cluster.table["C"][0].pop()
    for tiers in cluster.table.values():
        tiers[1] = [n for n in tiers[1] if n not in gone]
    probe, watch = cluster.probe(cluster.addresses, interval_ms=5), Watch(cluster)
    reload_all(cluster)
    wait_until(lambda: len(cluster.serves("A")) == 4 and len(cluster.serves("C")) == 4, 5,
               "only what is left is served")
    for server, number in zip("AC", gone):
        wait_until(lambda: f" {lab.address(number)}/32" not in
                   cluster.run(server, "ip", "addr", "show", "dev", "eth1"), 5, "it is gone")
    cluster.settle()
    quiet(probe.stop())
    check(watch.moved() <= set(map(lab.address, gone)), f"moved: {watch.moved()}")


@test("a reload that moves an address to another server hands it over, and only it")
def moved(cluster):
    wanted = lab.address(1)
    for server, there in (("A", 0), ("B", 1)):
        cluster.table[server][there].remove(1)
        cluster.table[server][1 - there].append(1)
    probe, watch = cluster.probe(interval_ms=5), Watch(cluster)
    reload_all(cluster)
    wait_until(lambda: cluster.matrix()[wanted] == ["B"], 10, "B serves it alone")
    cluster.settle()
    stays(lambda: cluster.settled(), 1, "settled")
    report = probe.stop()
    check_equal(watch.moved(), {wanted}, "addresses that moved")
    for one in cluster.addresses:
        check(not report.gaps(one), report.describe())


@test("a reload at one server after the other agrees in the end")
def one_by_one(cluster):
    for server, there in (("A", 0), ("B", 1)):
        cluster.table[server][there].remove(1)
        cluster.table[server][1 - there].append(1)
    cluster.write_config()
    for server in reversed(cluster.servers):
        cluster.reload(server)
        stays(lambda: all(cluster.matrix()[lab.address(n)] for n in range(2, 31)), 0.3,
              "everything else is served")
    cluster.settle()


@test("a bad file is reported by file and line, and changes nothing")
def bad_file(cluster):
    probe, watch = cluster.probe(interval_ms=5), Watch(cluster)
    cluster.write_config(cluster.config_text() + "\n[server A]\nprimry = 10.77.0.400\n")
    cluster.reload("A")
    watch.await_text("A", r"vlb\.ini:\d+: ")
    cluster.write_config("")
    cluster.reload("A")
    os.remove(cluster.path("vlb.ini"))
    cluster.reload("A")
    stays(lambda: cluster.settled() and cluster.running("A"), 1, "nothing changes")
    quiet(probe.stop())
    check_equal(watch.changes(), [], "changes")
    cluster.table["A"][0].append(31)
    cluster.table["B"][1].append(31)
    reload_all(cluster)
    cluster.settle()


@test("a reload that changes the timing is taken over")
def timing(cluster):
    watch = Watch(cluster)
    cluster.timing["hello"] = "50ms"
    cluster.timing["lease"] = "2s"
    reload_all(cluster)
    stays(lambda: cluster.settled(), 3, "settled")
    check_equal(watch.changes(), [], "changes")
    text = cluster.run("A", "ip", "addr", "show", "dev", "eth1")
    lifetimes = [int(part.split("sec")[0]) for part in text.split("10.77.0.")[1].split(
        "valid_lft ")[1:2]]
    check(lifetimes and lifetimes[0] <= 2, f"lease of A: {lifetimes}")


main()
