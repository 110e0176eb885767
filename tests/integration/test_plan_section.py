#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""[plan] gives every server the same lists; plans that differ are seen and not fought over; a
reload keeps nobody waiting."""

import os
import re
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import (SERVES, Skip, Watch, check, check_equal, main, quiet, stays,  # noqa: E402
                     test, wait_until)

# The lab is built with these.
FIRST = {server: [list(range(1, 25)) if server == "A" else []] for server in "ABCDEF"}
PLAN = "[plan]\naddresses = 10.77.0.1-24\ntiers = 4\n"
HANDOVER_MS = 50  # in which both of two, or neither, may answer


def digest(cluster, server):
    """Of the plan, as SERVER's daemon says."""
    return cluster.status(server)["plan"]


def differing(cluster, server):
    """The peers that differ, as SERVER sees them."""
    return {peer["name"] for peer in cluster.status(server)["peers"] if peer["plan_differs"]}


def takeovers(watch):
    """[(server, address)]: who began to serve what."""
    return [(server, one) for server, one, old, new in watch.changes()
            if new in SERVES and old not in SERVES]


@test("[plan]: each server derives the same lists, and they serve", table=FIRST, web=False)
def derived(cluster):
    head, *sections = cluster.config_text().split("[server")
    cluster.write_config(head + PLAN + "\n".join(
        "[server" + "\n".join(text.split("\n")[:2]) for text in sections))
    for server in cluster.servers:
        cluster.control(server, "reload")
    digests = {digest(cluster, server) for server in cluster.servers}
    check_equal(len(digests), 1, f"digests {digests}")
    wanted = {lab.address(n) for n in range(1, 25)}
    tiers = {one: {} for one in wanted}
    for server in cluster.servers:
        for one in cluster.status(server)["addresses"]:
            if one["tier"] is not None:
                check(one["tier"] not in tiers[one["address"]], f"two in one tier: {one}")
                tiers[one["address"]][one["tier"]] = server
    for one, servers in tiers.items():
        check_equal(sorted(servers), [0, 1, 2, 3], f"tiers of {one}")
    primaries = [servers[0] for servers in tiers.values()]
    check_equal({server: primaries.count(server) for server in cluster.servers},
                {server: 4 for server in cluster.servers}, "primaries")
    wait_until(lambda: all(cluster.serves(server) ==
                           {one for one in wanted if tiers[one][0] == server}
                           for server in cluster.servers), 10, "each serves what it is first for")
    said = cluster.run("A", lab.find_program("vlbd"), "-t", "-c", cluster.path("vlb.ini"), "-n",
                       "A", check=False)
    check(f"plan {digests.pop()}: 24 addresses of 6 servers" in said, said)


@test("plans that differ: alarm, and nothing moves", web=False)
def differ(cluster):
    watch, probe = Watch(cluster), cluster.probe(interval_ms=5)
    good = cluster.config_text()
    cluster.table["A"], cluster.table["C"] = cluster.table["C"], cluster.table["A"]
    cluster.write_config()
    cluster.control("C", "reload")
    cluster.table["A"], cluster.table["C"] = cluster.table["C"], cluster.table["A"]
    for server in "ABDEF":
        watch.await_text(server, r"peer C: plan differs: it has \w{14}, this server \w{14};")
        wait_until(lambda: differing(cluster, server) == {"C"}, 5, f"{server} sees C")
    check_equal(differing(cluster, "C"), set("ABDEF"), "who differs from C")
    check("plan differs" in cluster.control("A", "peers"), cluster.control("A", "peers"))
    check("plan differs at 1 peer" in cluster.control("A", "status"),
          cluster.control("A", "status"))
    stays(cluster.settled, 2, "everything is where it was")
    for server in "ABDEF":
        check_equal(watch.text(server).count("plan differs"), 1, f"lines of {server}")
    check_equal(takeovers(watch), [], "takeovers")
    cluster.write_config(good)
    cluster.control("C", "reload")
    for server in "ABDEF":
        watch.await_text(server, r"peer C: has the same plan, \w{14}")
    check_equal(differing(cluster, "A"), set(), "who differs")
    cluster.settle()
    quiet(probe.stop())
    check_equal(takeovers(watch), [], "takeovers")


def shift(cluster):
    """A new file: the first address of each server changes to the next one, whose last one is
    now watched by somebody else; 30 goes and 31 comes."""
    table, servers = cluster.table, cluster.servers
    for at, server in enumerate(servers):
        to = servers[(at + 1) % 6]
        one = cluster.primaries(server)[0].rpartition(".")[2]
        one = int(one)
        second = cluster.order(lab.address(one))[1]
        table[server][0].remove(one)
        table[second][1].remove(one)
        table[to][0].append(one)
        # Half of them by exchange; who had the others is in their lists no more.
        table[server if at % 2 else servers[(at + 3) % 6]][1].append(one)
    owner, second = cluster.order(lab.address(30))
    table[owner][0].remove(30)
    table[second][1].remove(30)
    table["B"][0].append(31)
    table["D"][1].append(31)


@test("a rolling change of the file: each address moves once, and is never without an answer",
      timing={"failback": "1s"})
def rolling(cluster):
    stays_served = cluster.addresses[:29]
    before = cluster.expected()
    watch, probe = Watch(cluster), cluster.probe(stays_served, interval_ms=5)
    traffic = cluster.traffic()
    shift(cluster)
    cluster.write_config()
    for server in "CAFDBE":
        cluster.control(server, "reload")
        stays(lambda: all(cluster.matrix()[one] for one in stays_served), 0.3, "all are served")
    cluster.settle()
    stays(cluster.settled, 1, "settled")
    report, counts = probe.stop(), traffic.stop()
    after = cluster.expected()
    moved = {one for one in stays_served if before[one] != after[one]}
    check_equal(len(moved), 6, "addresses that are to move")
    for one in stays_served:
        check_equal([server for server, taken in takeovers(watch) if taken == one],
                    [after[one]] if one in moved else [], f"who took {one}")
    gaps = max((gap["ms"] for one in stays_served for gap in report.gaps(one)), default=0)
    twins = max(((event["end"] - event["begin"]) * 1000
                 for _, event in report.duplicates()), default=0)
    print(f"# longest gap {gaps:.1f}ms, longest time with two answers {twins:.1f}ms; "
          f"requests: {counts}")
    check(gaps <= HANDOVER_MS and twins <= HANDOVER_MS, report.describe())
    check(sum(counts.values()) - counts.get("lost", 0) > 100, f"traffic: {counts}")
    wait_until(lambda: all(cluster.router_believes().get(one) == after[one]
                           for one in stays_served), 5, "the router knows")


class Pipe:
    """The file is a pipe: whoever reads it waits for us."""

    def __init__(self, cluster):
        self.path, self.text = cluster.path("vlb.ini"), cluster.config_text()
        os.remove(self.path)
        os.mkfifo(self.path, 0o644)

    def feed(self):
        """One reader gets the file, as soon as there is one."""
        def write():
            with open(self.path, "w", encoding="ascii") as file:
                file.write(self.text)
        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        thread.join(5)
        check(not thread.is_alive(), "nobody reads the file")


@test("while a reload waits for its file, everything goes on", web=False)
def beside(cluster):
    watch, probe = Watch(cluster), cluster.probe(interval_ms=5)
    pipe = Pipe(cluster)
    asking = [subprocess.Popen([lab.find_program("vlbctl"), "-s", cluster.path("A.sock"),
                                "reload"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
              for _ in range(2)]
    cluster.reload("A")
    sent = cluster.status("A")["counters"]["sent"]["hellos"]
    stays(lambda: all(peer["state"] == "ALIVE" for peer in cluster.status("B")["peers"]), 2,
          "B hears everybody")
    check(cluster.status("A")["counters"]["sent"]["hellos"] >= sent + 15, "A said hello")
    check_equal([one.poll() for one in asking], [None, None], "vlbctl waits")
    pipe.feed()
    watch.await_text("A", r"vlb\.ini: reloaded")
    # What was asked for meanwhile is one more reading.
    pipe.feed()
    check_equal([one.wait(5) for one in asking], [0, 0], "vlbctl's exit status")
    stays(lambda: watch.text("A").count("vlb.ini: reloaded") == 2, 0.5, "two reloads")
    pipe.text = "[cluster]\nname = x\n"
    cluster.reload("A")
    pipe.feed()
    watch.await_text("A", r"not reloaded; everything goes on as before")
    cluster.reload("A")
    check_equal(cluster.stop("A"), 0, "exit status, with a reading under way")
    cluster.settle(alive="BCDEF")
    report = probe.stop()
    check(not report.lost(), report.describe())


@test("others read our frames as they always did", web=False)
def frames(cluster):
    try:
        said = cluster.run("router", "timeout", "5", "tcpdump", "-c", "40", "-nn", "-e", "-x",
                           "-i", "eth1", "arp", check=False)
    except OSError as error:
        raise Skip("tcpdump cannot be run") from error
    if "No such file" in said or "not found" in said:
        raise Skip("tcpdump is not installed")
    lines = [line for line in said.split("\n") if "ethertype ARP" in line]
    check(len(lines) >= 30, said)
    hellos = [line for line in lines if re.search(r"length 60: Reply 10\.77\.0\.\d+ is-at", line)]
    check(len(hellos) >= 20, said)
    check(not re.search(r"truncated|\[\||bad|unknown", said, re.I), said)
    noted = said.replace(" ", "").replace("\n", "")
    check("766c6201" in noted, f"no note in the padding: {said}")


main()
