#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Strangers, liars, noise, and administrators who delete things."""

import contextlib
import os
import random
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import (LabError, Watch, check, check_equal, main, stays, test,  # noqa: E402
                     wait_until)

FIRST = "10.77.0.1"
STRANGER = lab.hardware(lab.PROBE_MAC)
BROADCAST = b"\xff" * 6


def counter(cluster, server, name):
    """A counter of its daemon."""
    return cluster.status(server)["counters"][name]


@test("a stranger claims an address: logged, counted, answered; the router returns at once")
def stranger(cluster):
    watch = Watch(cluster)
    forms = ({"operation": 1, "target": FIRST},
             {"operation": 2, "target": FIRST, "tha": STRANGER},
             {"operation": 1, "target": lab.ROUTER})
    probe = cluster.probe([FIRST])
    for form in forms:
        before = counter(cluster, "A", "foreign_claims")
        cluster.send_arp("probe", sender=FIRST, **form)
        wait_until(lambda: counter(cluster, "A", "foreign_claims") > before, 2, "A counts it")
        wait_until(lambda: cluster.router_believes().get(FIRST) == "A", 2,
                   "the router returns to A")
        time.sleep(1.1)  # defences are rate-limited; each form gets a fresh start
    check_equal(watch.changes(), [], "changes")
    watch.await_text("A", lab.PROBE_MAC)
    check(probe.stop().longest_gap_ms() < 1000, "the router was away for a second")


@test("a stranger that goes on claiming is never yielded to")
def stubborn_stranger(cluster):
    watch = Watch(cluster)
    end = time.monotonic() + 3
    while time.monotonic() < end:
        cluster.send_arp("probe", 1, FIRST, FIRST)
        time.sleep(0.05)
    wait_until(lambda: cluster.router_believes().get(FIRST) == "A", 3, "the router returns to A")
    check_equal(watch.changes(), [], "changes")
    lines = watch.text("A").count(lab.PROBE_MAC)
    check(1 <= lines <= 10, f"{lines} log lines about 60 claims")


@test("a stranger with the hardware address of a server is loud, and nothing moves")
def stolen_mac(cluster):
    watch = Watch(cluster)
    stolen = lab.hardware(cluster.mac("A"))
    time.sleep(2)  # for as long after a change it could be an echo of A's own words
    cluster.send_arp("probe", 1, "10.77.0.29", "10.77.0.29", source=stolen)
    watch.await_text("A", cluster.mac("A"))
    stays(lambda: cluster.settled(), 1, "settled")
    wait_until(lambda: cluster.router_believes().get("10.77.0.29") == "F", 3,
               "the router returns to F")


def variants(good):
    """GOOD is a stranger's claim of FIRST; one fault in each of these. What Linux would believe
    all the same is in test_ears.py."""
    yield "cut in the header", good[:30]
    yield "cut in the body", good[:41]
    yield "hardware length 8", good[:18] + b"\x08" + good[19:]
    yield "protocol length 16", good[:19] + b"\x10" + good[20:]
    yield "hardware type 7", good[:14] + b"\x00\x07" + good[16:]
    yield "protocol IPv6", good[:16] + b"\x86\xdd" + good[18:]
    yield "operation 9", good[:20] + b"\x00\x09" + good[22:]
    yield "VLAN tag", good[:12] + b"\x81\x00\x00\x07" + good[12:]
    yield "two VLAN tags", good[:12] + b"\x88\xa8\x00\x07\x81\x00\x00\x08" + good[12:]


@test("malformed frames are counted, and change nothing")
def malformed(cluster):
    watch = Watch(cluster)
    good = lab.arp_frame(1, FIRST, FIRST, source=STRANGER)
    foreign = counter(cluster, "A", "foreign_claims")
    before = counter(cluster, "A", "received")
    for _, frame in variants(good):
        cluster.send_frame("probe", frame)
    wanted = {"short": 2, "bad_hardware": 2, "bad_protocol": 2, "bad_op": 1, "tagged": 2}

    def grown():
        now = counter(cluster, "A", "received")
        return {name: now[name] - before[name] for name in wanted}

    with contextlib.suppress(LabError):  # check_equal() says it better
        wait_until(lambda: grown() == wanted, 2, "counted")
    check_equal(grown(), wanted, "bad frames counted")
    check_equal(counter(cluster, "A", "foreign_claims"), foreign, "foreign claims")
    check_equal(watch.changes(), [], "changes")
    stays(lambda: cluster.settled(), 0.5, "settled")


@test("a claim with a long tail is a claim like any other")
def oversized(cluster):
    before = counter(cluster, "A", "foreign_claims")
    frame = lab.arp_frame(1, FIRST, FIRST, source=STRANGER)
    cluster.send_frame("probe", frame + b"\xa5" * (1514 - len(frame)))
    wait_until(lambda: counter(cluster, "A", "foreign_claims") == before + 1, 2, "A counts it")
    wait_until(lambda: cluster.router_believes().get(FIRST) == "A", 2, "the router returns")


@test("a flood of noise and of claims moves nothing")
def flood(cluster):
    watch = Watch(cluster)
    dice = random.Random(1)
    with cluster.inside("probe"):
        wire = lab.socket.socket(lab.socket.AF_PACKET, lab.socket.SOCK_RAW, 0)
        wire.bind(("eth1", 0))
    with wire:
        for _ in range(20000):
            length = dice.randrange(0, 60)
            noise = bytes(dice.getrandbits(8) for _ in range(length))
            wire.send(BROADCAST + STRANGER + b"\x08\x06" + noise)
            one = lab.address(dice.randint(1, 30))
            wire.send(lab.arp_frame(1, one, one, source=STRANGER))
    check_equal(watch.changes(), [], "changes")
    wait_until(lambda: all(cluster.router_believes().get(one, owner) == owner
                           for one, owner in cluster.expected().items()), 10,
               "the router returns")
    stays(lambda: cluster.settled(), 1, "settled")


@test("an address deleted by hand comes back, with a log line")
def deleted(cluster):
    watch = Watch(cluster)
    cluster.run("A", "ip", "addr", "del", f"{FIRST}/32", "dev", "eth1")
    wait_until(lambda: FIRST in cluster.serves("A"), 5, "it is back")
    watch.await_text("A", FIRST)
    check_equal(watch.changes(*"BCDEF"), [], "changes at the others")
    check(counter(cluster, "A", "put_backs") >= 1, "not counted")


@test("all addresses flushed by hand come back")
def flushed(cluster):
    cluster.run("A", "ip", "addr", "flush", "dev", "eth1", "scope", "link")
    cluster.settle()


@test("addresses are leased /32s of scope link without a prefix route")
def leased(cluster):
    text = cluster.run("A", "ip", "-d", "addr", "show", "dev", "eth1")
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if " 10.77.0." not in line:
            continue
        check("/32 scope link" in line and "noprefixroute" in line, line)
        lifetime = int(lines[number + 1].split("valid_lft")[1].split("sec")[0])
        check(0 < lifetime <= 5, lines[number + 1])


main()
