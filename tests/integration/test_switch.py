#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Switches that swallow ARP, and routers that believe only some of it."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from harness import Watch, check, check_equal, gaps_below, main, test, wait_until  # noqa: E402

ALL_BUT_A = "BCDEF"


def router_agrees(cluster, alive):
    """The router sends each address to the server that should have it."""
    believes = cluster.router_believes()
    return all(believes.get(one, owner) == owner
               for one, owner in cluster.expected(alive).items())


def confirmed(cluster, server):
    """Everything that SERVER serves has been confirmed by the router."""
    served = [one for one in cluster.status(server)["addresses"]
              if one["state"] in ("PRIMARY", "CLAIMED")]
    return served and all(one["confirmed"] for one in served)


def filter_router(cluster, rule):
    """The router's network card drops what matches RULE."""
    cluster.run("router", "nft", f"""
        add table netdev deaf
        add chain netdev deaf in {{ type filter hook ingress device eth1 priority 0; }}
        add rule netdev deaf in ether type arp {rule} drop""")


def move_and_return(cluster, patience=5):
    """A crash, a return, an orderly stop, a return; the router follows each time."""
    cluster.crash("A")
    cluster.settle(ALL_BUT_A)
    wait_until(lambda: router_agrees(cluster, ALL_BUT_A), patience, "the router follows")
    cluster.restore("A")
    cluster.settle()
    wait_until(lambda: router_agrees(cluster, None), patience, "the router returns")
    check_equal(cluster.stop("A"), 0, "exit status")
    cluster.settle(ALL_BUT_A)
    wait_until(lambda: router_agrees(cluster, ALL_BUT_A), patience, "the router follows again")
    cluster.start("A")
    cluster.settle()
    wait_until(lambda: router_agrees(cluster, None), patience, "the router returns again")


@test("ARP suppression: the lab's switch really swallows gratuitous ARP", daemon=None, web=False)
def suppression_is_real(cluster):
    def believed():
        return cluster.router_believes().get("10.77.0.1")

    for server in "AB":
        cluster.run(server, "ip", "addr", "add", "10.77.0.1/32", "dev", "eth1")
    cluster.suppress(True)
    cluster.send_arp("A", 1, "10.77.0.1", "10.77.255.254",
                     to=bytes.fromhex("02000000ff01"))
    check_equal(believed(), "A", "after a unicast request, the router believes")
    cluster.send_arp("B", 1, "10.77.0.1", "10.77.0.1")
    check_equal(believed(), "A", "after B's swallowed announcement, the router believes")
    cluster.suppress(False)
    cluster.send_arp("B", 1, "10.77.0.1", "10.77.0.1")
    wait_until(lambda: believed() == "B", 2, "an ordinary switch lets it through")


@test("ARP suppression: takeover, handover and confirmation work")
def suppression(cluster):
    cluster.suppress(True)
    wait_until(lambda: cluster.settled(), 5, "settled behind leaves")
    probe, watch = cluster.probe(), Watch(cluster)
    cluster.crash("A")
    cluster.settle(ALL_BUT_A)
    for server, wanted in zip(ALL_BUT_A, cluster.primaries("A")):
        watch.await_text(server, rf"{wanted}: confirmed by 10\.77\.255\.254 after")
    gaps_below(probe.stop(), 1000)
    cluster.restore("A")
    cluster.settle()
    wait_until(lambda: confirmed(cluster, "A"), 5, "A's claims are confirmed")
    handover = cluster.probe(cluster.primaries("A"))
    check_equal(cluster.stop("A"), 0, "exit status")
    cluster.settle(ALL_BUT_A)
    report = handover.stop()
    check(report.lost() == 0, report.describe())
    check(router_agrees(cluster, ALL_BUT_A), "the router does not follow the handover")


@test("ARP suppression from the start: the cluster comes up", settle=False)
def suppression_at_start(cluster):
    cluster.suppress(True)
    cluster.settle()
    wait_until(lambda: all(confirmed(cluster, server) for server in cluster.servers), 5,
               "everything is confirmed")


@test("a router that ignores gratuitous replies follows")
def requests_only(cluster):
    filter_router(cluster, "arp operation reply ether daddr ff:ff:ff:ff:ff:ff")
    probe = cluster.probe()
    move_and_return(cluster)
    gaps_below(probe.stop(), 1000)


@test("a router that ignores requests from failover addresses follows")
def replies_only(cluster):
    filter_router(cluster, "arp operation request arp saddr ip 10.77.0.0/24")
    probe = cluster.probe()
    move_and_return(cluster)
    gaps_below(probe.stop(), 1000)
    check(not confirmed(cluster, "A"), "A says confirmed although the router cannot answer")


main()
