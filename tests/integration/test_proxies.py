#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Servers that answer ARP for addresses of others, and switches that drop ARP Probes."""

import contextlib
import os
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import (Watch, check, check_equal, gaps_below, main, stays,  # noqa: E402
                     test, wait_until)

LEASE_S = 3
LEFT_S = 3  # so long after a lease a kernel is not asked for what it may still have
# Also a machine that others use finds the time for these.
CALM = {"hello": "300ms", "probes": "10", "probe_interval": "60ms", "lease": f"{LEASE_S}s"}
LATER = {"table": lab.THREE, "web": False, "timing": CALM, "daemon": None}
TOLD = r"peer B: answers ARP for (10\.77\.0\.\d+), which another server has; set proxy_arp and " \
       "proxy_arp_pvlan to 0 there"


def peer(cluster, server, name):
    """What SERVER knows of the peer of that NAME."""
    return next(one for one in cluster.status(server)["peers"] if one["name"] == name)


def start_all(cluster):
    """Start the daemons, and wait until all is settled."""
    cluster.daemon = "vlbd"
    for server in cluster.servers:
        cluster.start(server)
    cluster.settle()


def proxy(cluster, how):
    """B answers for other servers' addresses: out of the same interface, or since it has a route
    to them by another one."""
    if how == "proxy_arp_pvlan":
        cluster._sysctl("B", ipv4__conf__eth1__forwarding=1, ipv4__conf__eth1__proxy_arp_pvlan=1)
        return
    cluster._ip("B", "link add vpn0 type veth peer name vpn1\nlink set vpn0 up\n"
                     "link set vpn1 up\nroute add 10.77.0.0/24 dev vpn0\n")
    cluster._sysctl("B", ipv4__conf__eth1__forwarding=1, ipv4__conf__all__proxy_arp=1)


def no_proxy(cluster):
    """It no longer does."""
    cluster._sysctl("B", ipv4__conf__all__proxy_arp=0, ipv4__conf__eth1__proxy_arp_pvlan=0)


def returns(cluster):
    """B is away for a moment: its peers try its kernel anew."""
    cluster.cut("B")
    cluster.settle("AC")
    cluster.restore("B")
    cluster.settle()


def believe_that_b_proxies(cluster):
    """What A and C say of B: [True, True]"""
    return [peer(cluster, server, "B").get("proxies") for server in "AC"]


def outlived(how):
    """A server answers for others, and its daemon is dead."""

    @test(f"a server that answers for others ({how}) is taken over from when its daemon is killed",
          settle=False, **LATER)
    def story(cluster):
        proxy(cluster, how)
        start_all(cluster)
        stays(cluster.settled, 1, "settled", every=0.1)
        cluster.kill("B")  # and nobody starts it again
        wait_until(lambda: cluster.settled("AC"), LEASE_S + 15, "A and C take over")
        stays(lambda: cluster.settled("AC") and not cluster.serves("B"), 5, "one owner each",
              every=0.1)
        cluster.start("B")
        cluster.settle()


for each in ("proxy_arp_pvlan", "proxy_arp, a route by a VPN"):
    outlived(each)


@test("a server that answers for others is told of by its peers, and so is its end", settle=False,
      **LATER)
def told(cluster):
    proxy(cluster, "proxy_arp_pvlan")
    start_all(cluster)
    time.sleep(LEASE_S + LEFT_S)
    returns(cluster)
    watch = Watch(cluster)
    wait_until(lambda: believe_that_b_proxies(cluster) == [True, True], 15, "A and C know it")
    for server in "AC":
        found = re.search(TOLD, cluster.log(server))
        check(found and found[1] not in cluster.serves("B"), cluster.log(server))
        check("answers for others" in cluster.control(server, "status"),
              cluster.control(server, "status"))
        check(re.search('^vlbd_peer_proxies_arp{.*peer="B".*} 1$',
                        cluster.control(server, "metrics"), re.M), "no metric")
    check("host unmet: proxy_arp" in cluster.control("B", "status"),
          cluster.control("B", "status"))
    check_equal(watch.changes(), [], "changes")
    no_proxy(cluster)
    deadline = time.monotonic() + 60
    while believe_that_b_proxies(cluster) != [False, False]:
        check(time.monotonic() < deadline, "A and C still say that B answers for others")
        returns(cluster)
        with contextlib.suppress(lab.LabError):
            wait_until(lambda: believe_that_b_proxies(cluster) == [False, False], 3, "noticed")
    for server in "AC":
        check("peer B: answers ARP only for its own addresses again" in cluster.log(server),
              cluster.log(server))
        check("answers for others" not in cluster.control(server, "status"),
              cluster.control(server, "status"))


def no_reports(cluster):
    """Nobody has said that another answers for others."""
    for server in cluster.servers:
        check("answers ARP for" not in cluster.log(server), cluster.log(server))
        check(not any(one.get("proxies") for one in cluster.status(server)["peers"]), "proxies")


@test("in a cluster without proxies nobody is told of in a minute, whatever moves",
      table=lab.THREE, web=False, timing={"lease": "2s", "hello": "10ms"})
def none(cluster):
    end = time.monotonic() + 66
    verbs = {"crash": cluster.crash, "cut": cluster.cut, "stop": cluster.stop,
             "kill": cluster.kill}
    turn = 0
    while time.monotonic() < end:
        server, verb = "ABC"[turn % 3], list(verbs)[turn % 4]
        others = [one for one in "ABC" if one != server]
        verbs[verb](server)
        cluster.settle(others)
        cluster.restore(server)
        cluster.settle()
        wait_until(lambda: all(cluster.try_status(one) for one in "ABC"), 5, "they answer")
        no_reports(cluster)
        if turn == 6:
            cluster.timing["hello"] = "100ms"
            cluster.write_config()
            for one in "ABC":
                cluster.reload(one)
        turn += 1
        time.sleep(1.5)
    no_reports(cluster)


@test("a switch drops ARP Probes: a frozen daemon keeps its addresses, a dead server does not",
      settle=False, **{**LATER, "timing": {**CALM, "lease": "10s"}})
def dropped(cluster):
    cluster._nft("switch", "add rule bridge lab forward ether type arp arp saddr ip 0.0.0.0 "
                           "counter drop\n")
    start_all(cluster)
    # Before its peers have found out how to ask A, and afterwards.
    for pause in (0, 8):
        time.sleep(pause)
        watch = Watch(cluster)
        cluster.freeze("A")
        wait_until(lambda: all(peer(cluster, server, "A")["state"] == "SUSPECT"
                               for server in "BC"), 5, "A is suspected")
        stays(cluster.settled, 2, "settled", every=0.05)
        cluster.resume("A")
        cluster.settle()
        check_equal(watch.changes("B", "C"), [], "changes at the others")
    rules = cluster.run("switch", "nft", "list", "chain", "bridge", "lab", "forward")
    check("counter packets 0 " not in rules, f"none dropped: {rules}")
    probe = cluster.probe(cluster.primaries("A"))
    cluster.crash("A")
    cluster.settle("BC")
    gaps_below(probe.stop(), 3000)


main()
