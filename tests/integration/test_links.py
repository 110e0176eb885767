#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Faults of the wire: no carrier, silence, one deaf ear, a switch in two halves."""

import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from harness import (Watch, check, check_equal, gaps_below, main, stays, test,  # noqa: E402
                     wait_until)

SHORT_LEASE = {"lease": "2s"}
ALL_BUT_A = "BCDEF"


def router_agrees(cluster):
    """The router sends each address to the server that should have it."""
    believes = cluster.router_believes()
    return all(believes.get(one, owner) == owner for one, owner in cluster.expected().items())


def back_to_normal(cluster):
    """Settled, and the router knows."""
    cluster.settle()
    wait_until(lambda: router_agrees(cluster), 5, "the router believes the owners")


@test("link cut: it gives up everything by itself, the others take over; and back")
def cut(cluster):
    cluster.cut("A")
    wait_until(lambda: not cluster.serves("A"), 3, "A has released everything")
    cluster.settle(ALL_BUT_A)
    check_equal(cluster.status("A")["standing"], "no carrier", "standing of A")
    cluster.restore("A")
    back_to_normal(cluster)
    check_equal(cluster.status("A")["standing"], "serving", "standing of A")


def silent_for(cluster, seconds):
    """Silence A that long; then its addresses must answer without a long gap."""
    probe = cluster.probe(cluster.primaries("A"))
    watch = Watch(cluster)
    cluster.silence("A")
    cluster.settle(ALL_BUT_A)
    stays(lambda: cluster.settled(ALL_BUT_A), seconds, "served by the others")
    check_equal(watch.moved("A") - set(cluster.primaries("A")), set(),
                "what A, hearing nothing, claimed")
    cluster.restore("A")
    back_to_normal(cluster)
    stays(lambda: cluster.settled() and router_agrees(cluster), 1, "settled")
    gaps_below(probe.stop(), 1000)


@test("silence with carrier, longer than the lease: others serve, and it comes back",
      timing=SHORT_LEASE)
def long_silence(cluster):
    silent_for(cluster, 4)
    check("isolated" in cluster.log("A"), "A does not say that it was isolated")


@test("silence with carrier, shorter than the lease: the winner speaks last")
def short_silence(cluster):
    silent_for(cluster, 2)


@test("a server that hears nothing claims nothing, and releases after a lease",
      timing=SHORT_LEASE)
def deaf(cluster):
    began = time.monotonic()
    probe = cluster.probe(cluster.primaries("A"))
    watch = Watch(cluster)
    cluster.silence("A", "in")
    wait_until(lambda: not cluster.serves("A"), 10, "A has released everything")
    check(time.monotonic() - began > 1.5, "A released before a lease had passed")
    cluster.settle(ALL_BUT_A)
    check_equal(cluster.status("A")["standing"], "isolated", "standing of A")
    check_equal(watch.moved("A"), set(cluster.primaries("A")), "addresses that A moved")
    cluster.restore("A")
    back_to_normal(cluster)
    probe.stop()


@test("a server that nobody hears: others serve; it claims nothing else; and back",
      timing=SHORT_LEASE)
def mute(cluster):
    probe = cluster.probe(cluster.primaries("A"))
    watch = Watch(cluster)
    cluster.silence("A", "out")
    cluster.settle(ALL_BUT_A)
    stays(lambda: cluster.settled(ALL_BUT_A), 3, "served by the others")
    check_equal(watch.moved("A") - set(cluster.primaries("A")), set(), "what A claimed")
    cluster.restore("A")
    back_to_normal(cluster)
    gaps_below(probe.stop(), 1000)


@test("the switch falls into 3 + 3, both with the router: each half serves what it can")
def halves(cluster):
    cluster.partition("ABC", "DEF")
    for half in ("ABC", "DEF"):
        cluster.settle(half)
    cluster.heal()
    back_to_normal(cluster)
    stays(lambda: cluster.settled() and router_agrees(cluster), 2, "settled")


@test("the switch falls into 3 + 3, the router with one half; it heals")
def halves_one_router(cluster):
    probe = cluster.probe()
    cluster.partition([*"ABC", "router"], "DEF")
    for half in ("ABC", "DEF"):
        cluster.settle(half)
    stays(lambda: cluster.settled("ABC") and cluster.settled("DEF"), 1, "settled in halves")
    cluster.heal()
    back_to_normal(cluster)
    stays(lambda: cluster.settled() and router_agrees(cluster), 2, "settled")
    report = probe.stop()
    for one in cluster.primaries("A") + cluster.primaries("B") + cluster.primaries("C"):
        check(report.longest_gap_ms(one) < 1000, report.describe())


def one_way(cluster, speaker, listener):
    """LISTENER does not hear SPEAKER, and must take it for dead. Both then claim what they
    share; nothing else may move, and somebody must answer all the while."""
    theirs = set(cluster.primaries(speaker)) & {
        one for one in cluster.addresses if cluster.order(one)[1] == listener}
    watch, probe = Watch(cluster), cluster.probe()
    cluster.one_way(speaker, listener)
    watch.await_text(listener, f"peer {speaker}: DEAD")
    stays(lambda: all(cluster.matrix()[one] for one in theirs), 2, "served by somebody")
    check(watch.moved() <= theirs, f"moved: {watch.moved()}")
    cluster.heal()
    back_to_normal(cluster)
    gaps_below(probe.stop(), 1000)


@test("B does not hear A: nothing moves but the address that A has and B is next for")
def one_way_down(cluster):
    one_way(cluster, "A", "B")


@test("A does not hear B: the same the other way round")
def one_way_up(cluster):
    one_way(cluster, "B", "A")


main()
