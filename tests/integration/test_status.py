#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What other people's scripts rely on: JSON, tables and log lines, word for word."""

import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from harness import Watch, check, check_equal, main, test, wait_until  # noqa: E402

NUMBER = (int, float)


def has(thing, **kinds):
    """THING has these keys, of these types."""
    for key, kind in kinds.items():
        check(key in thing, f"no {key} in {thing}")
        check(isinstance(thing[key], kind), f"{key} is {thing[key]!r}")


def all_alive(cluster):
    """A's daemon has heard every primary serve its addresses (a turn of hellos), and all peers."""
    status = cluster.try_status("A")
    return (status
            and all(one["owner"] == cluster.order(one["address"])[0]
                    for one in status["addresses"])
            and all(peer["state"] == "ALIVE" for peer in status["peers"]) and status)


@test("vlbctl status --json keeps its contract", web=False)
def status_json(cluster):
    status = wait_until(lambda: all_alive(cluster), 5, "A knows everybody")
    has(status, version=int, server=str, cluster=str, interface=str, standing=str,
        addresses=list, peers=list, counters=dict)
    check_equal((status["version"], status["server"], status["interface"], status["standing"]),
                (1, "A", "eth1", "serving"), "the head")
    check_equal([one["address"] for one in status["addresses"]], cluster.addresses, "addresses")
    for one in status["addresses"]:
        order = cluster.order(one["address"])
        has(one, confirmed=bool, since_ms=NUMBER, routers=list)
        check_equal(one["tier"], order.index("A") if "A" in order else None, one["address"])
        check_equal(one["owner"], order[0], one["address"])
        wanted = {0: "PRIMARY", 1: ("WATCHING", "RELEASED"), None: (None,)}[one["tier"]]
        check(one["state"] in wanted, f"{one['address']}: {one['state']}")
        if one["state"] == "PRIMARY":
            check(one["confirmed"], f"{one['address']} is not confirmed")
            has(one["routers"][0], router=str, confirmed=bool, took_ms=NUMBER)
    check_equal([peer["name"] for peer in status["peers"]], list("BCDEF"), "peers")
    for peer in status["peers"]:
        has(peer, state=str, mac=str, silence_ms=NUMBER, addresses=int)
        check_equal((peer["mac"], peer["addresses"]), (cluster.mac(peer["name"]), 5), "peer")
    has(status["counters"], received=dict, foreign_claims=int)


@test("addresses and peers, as JSON and as tables", web=False)
def tables(cluster):
    whole = wait_until(lambda: all_alive(cluster), 5, "A knows everybody")
    for word in ("addresses", "peers"):
        part = json.loads(cluster.control("A", word, "--json"))
        check_equal((part["version"], part["server"]), (1, "A"), "the head")
        check_equal(len(part[word]), len(whole[word]), word)
        table = cluster.control("A", word)
        for one in whole[word]:
            name = one.get("address") or one["name"]
            check(re.search(rf"\b{re.escape(name)}\b", table), f"no {name} in: {table}")
    check("10.77.0.30" in cluster.control("A", "status"), "status shows no addresses")


def at_rest(cluster):
    """A knows everybody, and no hold-down of its start runs any more."""
    status = all_alive(cluster)
    return status and all(one["phase"] in ("watch", "serve", None)
                          for one in status["addresses"])


@test("log lines of a takeover, its confirmation and the return", web=False)
def log_lines(cluster):
    wait_until(lambda: at_rest(cluster), 5, "A is at rest")
    watch = Watch(cluster)
    cluster.crash("B")
    cluster.settle("ACDEF")
    one = cluster.primaries("B")[0]
    watch.await_text("A", re.escape(one) + r": WATCHING -> CLAIMED "
                     r"\(B dead: silent \d+ms, 5 probes unanswered\)\n")
    watch.await_text("A", re.escape(one) + r": confirmed by 10\.77\.255\.254 after [\d.]+m?s\n")
    cluster.restore("B")
    cluster.settle()
    watch.await_text("A", re.escape(one) + r": CLAIMED -> RELEASED \(B claims it\)\n")
    check_equal(watch.moved("C", "D", "E", "F") & {one}, set(), "changes elsewhere")
    wait_until(lambda: all_alive(cluster), 5, "A knows everybody again")


main()
