#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Beside others: network managers on the same interface, a second cluster, other kinds of link."""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from harness import (Skip, check, check_equal, gaps_below, main, quiet, stays, test,  # noqa: E402
                     wait_until)
from lab import EXTERNAL, ROUTER, SLOW, THREE, LabError, find_program  # noqa: E402
from managers import NetworkManager, Networkd  # noqa: E402

ROUND_MS = 200  # removed, told by the kernel, put back


def undisturbed(cluster, what, act):
    """ACT on A's interface; A's addresses answer again after one notification round, nobody
    else claims them, and in the end everything is where it was."""
    probe = cluster.probe(cluster.primaries("A"))
    act()
    wait_until(cluster.settled, 2, f"settled after {what}")
    stays(cluster.settled, 0.5, f"settled after {what}", every=0.1)
    report = probe.stop()
    check(report.longest_gap_ms() < ROUND_MS * SLOW, f"{what}: {report.describe()}")
    check(not report.duplicates(), f"{what}: {report.describe()}")


@test("systemd-networkd manages the interface: reconfiguration and restart", table=THREE)
def networkd(cluster):
    with Networkd(cluster, "A") as manager:
        cluster.settle()
        undisturbed(cluster, "networkctl reconfigure", manager.reconfigure)
        undisturbed(cluster, "a restart of networkd", manager.restart)


@test("NetworkManager manages the interface: reapply, reactivation, restart", table=THREE)
def network_manager(cluster):
    with NetworkManager(cluster, "A") as manager:
        cluster.settle()
        undisturbed(cluster, "nmcli device reapply", manager.reapply)
        check("putting it back" in cluster.log("A"), "A does not say that it puts addresses back")
        undisturbed(cluster, "nmcli connection up", manager.reactivate)
        undisturbed(cluster, "a restart of NetworkManager", manager.restart)


# What stands between the cable and the addresses. {mac} is the station's.
LINKS = {
    "vlan": "link add link eth1 name {name} type vlan id 5",
    "bridge": "link add {name} address {mac} type bridge mcast_snooping 0 forward_delay 0\n"
              "link set eth1 master {name}",
    "bond": "link set eth1 down\nlink add {name} type bond mode active-backup miimon 50\n"
            "link set eth1 master {name}",
    "macvlan": "link set eth1 down\nlink set eth1 address 02:00:00:00:aa:{number:02x}\n"
               "link set eth1 up\nlink add {name} link eth1 address {mac} type macvlan mode bridge",
}


def stand_on(cluster, kind):
    """Every server's and the router's addresses move from eth1 to a link of that KIND on it."""
    name = f"{kind}0"
    stations = {**{one: (cluster.base(one), cluster.mac(one)) for one in cluster.servers},
                "router": (ROUTER, "02:00:00:00:ff:01")}
    for number, (station, (base, mac)) in enumerate(stations.items()):
        try:
            for line in LINKS[kind].format(name=name, mac=mac, number=number).split("\n"):
                cluster.run(station, "ip", *line.split())
        except LabError as error:
            raise Skip(f"no {kind} here: {str(error).rpartition(': ')[2]}") from error
        for line in (f"addr del {base}/16 dev eth1", "link set eth1 up", f"link set {name} up",
                     f"addr add {base}/16 dev {name}"):
            cluster.run(station, "ip", *line.split())
    hops = [word for one in cluster.addresses for word in ("nexthop", "via", one)]
    cluster.run("router", "ip", "route", "replace", EXTERNAL, *hops)
    for server in cluster.servers:
        cluster.run(server, "ip", "route", "replace", "default", "via", ROUTER)
    cluster.cluster["interface"] = name
    cluster.write_config()


def on_a(kind):
    """The main job on links of that KIND: a crash, a return, an orderly stop."""

    @test(f"on a {kind}: a death, a return, an orderly stop", table=THREE, daemon=None)
    def main_job(cluster):
        stand_on(cluster, kind)
        cluster.daemon = "vlbd"
        for server in cluster.servers:
            cluster.start(server)
        cluster.settle()
        probe = cluster.probe()
        cluster.crash("A")
        cluster.settle("BC")
        gaps_below(probe.stop(), 1000)
        cluster.restore("A")
        cluster.settle()
        probe = cluster.probe()
        check_equal(cluster.stop("A"), 0, "exit status")
        cluster.settle("BC")
        quiet(probe.stop())


for each in LINKS:
    on_a(each)


def again_a(kind):
    """A link of that KIND goes and comes, with another index."""

    @test(f"a {kind} is deleted, and made anew: others serve meanwhile, and it comes back",
          table=THREE, daemon=None)
    def made_anew(cluster):
        stand_on(cluster, kind)
        cluster.daemon = "vlbd"
        for server in cluster.servers:
            cluster.start(server)
        cluster.settle()
        probe = cluster.probe()
        name = f"{kind}0"
        cluster.run("A", "ip", "link", "del", name)
        cluster.settle("BC")
        lines = LINKS[kind].format(name=name, mac=cluster.mac("A"), number=1).split("\n")
        for line in (*lines, f"link set {name} up", f"addr add {cluster.base('A')}/16 dev {name}"):
            cluster.run("A", "ip", *line.split())
        cluster.settle()
        stays(cluster.settled, 0.5, "settled")
        check(f"interface {name} is gone" in cluster.log("A"), "A does not say that it is gone")
        gaps_below(probe.stop(), 1000)


for each in ("vlan", "bridge"):
    again_a(each)


def second_cluster(cluster):
    """The same servers, other addresses, other files and sockets, on the same interface."""
    text = cluster.config_text().replace("10.77.0.", "10.77.1.").replace("= lab", "= second")
    path = cluster.path("second.ini")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(f"external = {EXTERNAL}\n", ""))
    for server in cluster.servers:
        with open(cluster.path(f"{server}.second.log"), "ab") as log:
            cluster.processes[server, "second"] = cluster.spawn(server, [
                find_program("vlbd"), "-c", path, "-n", server, "-s",
                cluster.path(f"{server}.second.sock")], cwd=cluster.dir,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def second_serves(cluster, server):
    """How many addresses of the second cluster SERVER has."""
    return cluster.run(server, "ip", "-o", "addr", "show", "to", "10.77.1.0/24").count("inet ")


@test("two clusters on one host and one interface do not touch each other", table=THREE)
def two_clusters(cluster):
    probe = cluster.probe()
    second_cluster(cluster)
    wait_until(lambda: [second_serves(cluster, one) for one in "ABC"] == [2, 2, 2], 10,
               "the second cluster serves")
    stays(cluster.settled, 1, "the first is settled")
    quiet(probe.stop())
    cluster.kill("A")
    cluster.start("A")
    wait_until(lambda: "taking part" in cluster.log("A").rpartition("server A on")[2], 5,
               "A listened, after a restart")
    cluster.settle()
    for server in "ABC":
        with open(cluster.path(f"{server}.second.log"), encoding="utf-8") as file:
            second = file.read()
        for complaint in ("another program", "another station"):
            check(complaint not in second, second)
            check(complaint not in cluster.log(server), cluster.log(server))
    cluster.crash("A")
    cluster.settle("BC")
    wait_until(lambda: second_serves(cluster, "B") + second_serves(cluster, "C") == 6, 5,
               "the second cluster's survivors serve")


main()
