#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A cluster changes while it serves, by the steps that `vlbplan --update' prints: what it says
moves is what moves, once, and nobody is without an answer."""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import Skip, Watch, check, check_equal, main, quiet, stays, test  # noqa: E402

# Three tiers of 18 addresses. The lists are vlbplan's; the lab is built with these.
SERVERS = "ABCDEF"
FIRST = {server: [list(range(1, 19)) if server == "A" else []] for server in SERVERS + "G"}
options = {"table": FIRST, "web": False, "settle": False, "timing": {"failback": "2s"}}


def vlbplan(cluster, *words):
    """Run it in the lab's directory; what it says."""
    program = lab.find_program("vlbplan")
    if not program:
        raise Skip("vlbplan not found")
    done = subprocess.run([program, *words], cwd=cluster.dir, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, encoding="utf-8", check=False)
    check_equal((done.returncode, done.stderr), (0, ""), f"vlbplan {words}")
    return done.stdout


def read_lists(cluster):
    """The table of the lab becomes that of the file."""
    cluster.table = {server: [[], [], []] for server in FIRST}
    for row in vlbplan(cluster, "-c", "vlb.ini", "--format", "csv").split():
        one, *servers = row.split(",")
        for tier, server in enumerate(servers):
            cluster.table[server][tier].append(int(one.rpartition(".")[2]))


def begin(cluster, servers):
    """SERVERS serve, with lists of their own; the daemons of the others are stopped."""
    for server in FIRST:
        lab.wait_until(lambda: cluster.try_status(server), 5, f"{server} answers")
        if server not in servers:
            cluster.stop(server)
    head = cluster.config_text().split("[server")[0]
    macs = ",".join(f"{server}={cluster.mac(server)}" for server in servers)
    cluster.write_config(head + vlbplan(
        cluster, "--servers", ",".join(servers), "--addresses", "10.77.0.1-18", "--tiers", "3",
        "--mac", macs))
    read_lists(cluster)
    for server in servers:
        cluster.reload(server)
    cluster.settle(alive=servers)
    return cluster.expected()


def change(cluster, *words):
    """--update; how many addresses it says will move."""
    out = vlbplan(cluster, "--update", "-c", "vlb.ini", *words)
    read_lists(cluster)
    return int(re.match(r"(\d+) of 18 addresses get another primary, and no fewer can", out)[1])


def moves(watch, before, after):
    """Only what has another primary moved, from the old one to the new one."""
    planned = {one for one in before if before[one] != after[one]}
    check_equal(watch.moved(), planned, "addresses that moved")
    for server, one, _, _ in watch.changes():
        check(server in (before[one], after[one]), f"{one} was at {server} meanwhile")
    return planned


@test("a new server, by the steps that are printed: each address that moves, moves once",
      **options)
def added(cluster):
    before = begin(cluster, SERVERS)
    watch, probe = Watch(cluster), cluster.probe(interval_ms=5)
    told = change(cluster, "--add", f"G={cluster.mac('G')}")
    for server in SERVERS:
        cluster.reload(server)
    cluster.start("G")
    lab.wait_until(lambda: cluster.try_status("G"), 5, "G answers")
    cluster.control("G", "resume")
    cluster.settle()
    stays(cluster.settled, 3, "settled, beyond every failback delay")
    quiet(probe.stop())
    planned = moves(watch, before, cluster.expected())
    check_equal((len(planned), told), (18 // 7, 18 // 7), "how many, and how many it said")


@test("a server that goes, by the steps that are printed: only its addresses move, once",
      **options)
def removed(cluster):
    before = begin(cluster, SERVERS)
    watch, probe = Watch(cluster), cluster.probe(interval_ms=5)
    told = change(cluster, "--remove", "C")
    check_equal(cluster.stop("C"), 0, "exit status")
    for server in SERVERS.replace("C", ""):
        cluster.reload(server)
    cluster.settle(alive=SERVERS.replace("C", ""))
    stays(lambda: cluster.settled(alive=SERVERS.replace("C", "")), 3, "settled")
    quiet(probe.stop())
    planned = moves(watch, before, cluster.expected())
    check_equal((len(planned), told), (3, 3), "how many, and how many it said")


@test("on a server of the cluster, and only there, its interface's network is known",
      table=lab.SIX, web=False, settle=False, daemon=None)
def network(cluster):
    program = lab.find_program("vlbplan")
    if not program:
        raise Skip("vlbplan not found")
    far, own = cluster.path("far.ini"), cluster.path("own.ini")
    for path, wrong in ((far, "10.99.0.30"), (own, cluster.base("A"))):
        with open(path, "w", encoding="utf-8") as file:
            file.write(cluster.config_text().replace("10.77.0.26-10.77.0.30",
                                                     "10.77.0.26-10.77.0.29, " + wrong)
                       .replace("10.77.0.30", wrong))
    for station, path, status, says in (
            ("A", far, 78, "10.99.0.30 is outside the network 10.77.0.0/16 of eth1"),
            ("A", own, 78, "10.77.128.1 is this host's own address in the network"),
            ("probe", far, 0, ""), ("A", cluster.path("vlb.ini"), 0, "")):
        process = cluster.spawn(station, [program, "-c", path], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, encoding="utf-8")
        _, err = process.communicate(timeout=10)
        check_equal(process.returncode, status, f"exit status at {station} ({err})")
        check(says in err, f"at {station}: {err}")


main()
