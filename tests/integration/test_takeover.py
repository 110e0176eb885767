#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The article's tables on a real network stack: who takes over what, and who does not."""

import itertools
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import Watch, check_equal, main, test  # noqa: E402


def others(cluster, *dead):
    """The servers that are left."""
    return [server for server in cluster.servers if server not in dead]


@test("A dies: 1 goes to B, 2 to C, 3 to D, 4 to E, 5 to F; it returns, they go back")
def first_dies(cluster):
    watch = Watch(cluster)
    cluster.crash("A")
    cluster.settle(others(cluster, "A"))
    owners = {one: [s for s in served if s != "A"] for one, served in cluster.matrix().items()}
    for number, server in enumerate("BCDEF", 1):
        check_equal(owners[lab.address(number)], [server], lab.address(number))
    check_equal(watch.moved(*"BCDEF"), set(cluster.primaries("A")), "addresses that moved")
    cluster.restore("A")
    cluster.settle()
    check_equal(watch.moved(*"BCDEF"), set(cluster.primaries("A")), "addresses that moved")


@test("every server in turn dies and returns; no address but its own moves")
def each_dies(cluster):
    for dead in cluster.servers:
        alive = others(cluster, dead)
        watch = Watch(cluster)
        cluster.crash(dead)
        cluster.settle(alive)
        cluster.restore(dead)
        cluster.settle()
        check_equal(watch.moved(*alive), set(cluster.primaries(dead)), f"moved when {dead} died")


@test("two servers die: what has a second tier alive is served, the rest by nobody")
def two_die(cluster):
    cluster.crash("A")
    cluster.crash("B")
    alive = others(cluster, "A", "B")
    cluster.settle(alive)
    unserved = {one for one, served in cluster.matrix().items() if not served}
    check_equal(unserved, {lab.address(1), lab.address(6)}, "addresses that nobody serves")
    cluster.restore("B")
    cluster.settle(others(cluster, "A"))
    cluster.restore("A")
    cluster.settle()


@test("three servers die one after the other, and return in another order")
def three_die(cluster):
    alive = list(cluster.servers)
    for dead in "BDF":
        cluster.crash(dead)
        alive.remove(dead)
        cluster.settle(alive)
    for back in "DBF":
        cluster.restore(back)
        alive.append(back)
        cluster.settle(alive)


@test("five servers die at once: the last one has its own and its second tier")
def five_die(cluster):
    for dead in "ABDEF":
        cluster.crash(dead)
    cluster.settle("C")
    check_equal(len(cluster.serves("C")), 10, "addresses at C")
    for back in "ABDEF":
        cluster.restore(back)
    cluster.settle()


@test("three tiers: each server alone, then each pair, then all back", table=lab.THREE)
def three_tiers(cluster):
    for dead in cluster.servers:
        cluster.crash(dead)
        cluster.settle(others(cluster, dead))
        cluster.restore(dead)
        cluster.settle()
    for pair in itertools.combinations(cluster.servers, 2):
        for dead in pair:
            cluster.crash(dead)
        cluster.settle(others(cluster, *pair))
        check_equal(len(cluster.serves(others(cluster, *pair)[0])), 6, "addresses at the last")
        for dead in pair:
            cluster.restore(dead)
        cluster.settle()


@test("a tertiary claims only when primary and secondary are gone", table=lab.THREE)
def tertiary(cluster):
    wanted = lab.address(1)  # A, B, C
    cluster.crash("A")
    cluster.settle("BC")
    check_equal(cluster.matrix()[wanted], ["B"], "with A dead")
    check_equal(Watch(cluster).cluster.log("C").count(f"{wanted}: WATCHING -> CLAIMED"), 0,
                "claims of C")
    cluster.crash("B")
    cluster.settle("C")
    cluster.restore("B")
    cluster.settle("BC")
    check_equal(cluster.matrix()[wanted], ["B"], "with B back")
    cluster.restore("A")
    cluster.settle()


main()
