#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Floods: what a stranger, or another program, causes again and again fills neither the log nor
the ring of events, is counted, and hides nothing that matters."""

import contextlib
import glob
import json
import os
import re
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import Watch, check, check_equal, main, test, wait_until  # noqa: E402

BUDGET, GROWS_S = 30, 30  # vlbd(8): so many lines, and one more each so many seconds
ADDRESSES = 201
PARTS = [list(range(first, first + 67)) for first in (1, 68, 135)]
MANY = {"A": [PARTS[0], PARTS[2], PARTS[1]], "B": [PARTS[1], PARTS[0], PARTS[2]],
        "C": [PARTS[2], PARTS[1], PARTS[0]]}
NEWS = "/run/vlb-flood-news"
NOTIFY = f"\n[notify]\ncommand = {NEWS}\nuser = root\n"
MORE = re.compile(r"(\d+) more like it in [\d.]+m?s, the last: (.*)")
FOREIGN = "which is no server of the cluster"
GONE = "removed by another program; putting it back"


@contextlib.contextmanager
def again_and_again(act, pause):
    """ACT all the while, with so many seconds in between."""
    stop = threading.Event()

    def repeat():
        while not stop.wait(pause):
            act()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def stranger(cluster):
    """What claims every address, once each time that it is called."""
    with cluster.inside("probe"):
        wire = lab.socket.socket(lab.socket.AF_PACKET, lab.socket.SOCK_RAW, 0)
        wire.bind(("eth1", 0))
    own = wire.getsockname()[4]
    frames = [lab.arp_frame(1, one, one, source=own) for one in cluster.addresses]

    def claim():
        for frame in frames:
            wire.send(frame)

    return claim


def begin(cluster):
    """Everybody serves what it should, and has all of its budget: servers that start together
    spend it on claims of each other, so they are started anew, and adopt what they have."""
    cluster.settle(seconds=30)
    for server in cluster.servers:
        log = Watch(cluster)
        cluster.kill(server)
        cluster.start(server)
        log.await_text(server, "taking part")
    cluster.settle()


def metric(cluster, server, sample):
    """The value of a metric of its daemon."""
    found = re.search(rf"^{re.escape(sample)} (\S+)$", cluster.control(server, "metrics"), re.M)
    check(found, f"no metric {sample}")
    return int(found[1])


def reported(cluster, server, kind):
    """How often its daemon had reason to write such a line."""
    return metric(cluster, server, f'vlbd_events_total{{cluster="lab",kind="{kind}"}}')


def written(text, what):
    """(lines about WHAT, how many more were left out, lines that say so)"""
    lines = [line for line in text.split("\n") if what in line]
    ends = [MORE.search(line) for line in lines]
    return (len([end for end in ends if not end]), sum(int(end[1]) for end in ends if end),
            len([end for end in ends if end]))


def adds_up(cluster, watch, server, kind, what, before):
    """Each one is written or counted in a line that tells of those that are not."""
    lines, more, _ = written(watch.text(server), what)
    return lines + more == reported(cluster, server, kind) - before


def write_news():
    """A command that keeps what it is told, from now on."""
    for path in glob.glob(f"{NEWS}.?"):
        os.remove(path)
    with open(NEWS, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n"
                   f'echo "$VLBD_EVENT $VLBD_ADDRESS $VLBD_TO" >>{NEWS}.$VLBD_SERVER\n')
    os.chmod(NEWS, 0o755)


def news(server, event):
    """What it was told about such events."""
    try:
        with open(f"{NEWS}.{server}", encoding="utf-8") as file:
            return [line for line in file.read().split("\n") if line.startswith(event + " ")]
    except FileNotFoundError:
        return []


@test("a stranger claims 201 addresses all the time: some lines, their number, and every takeover",
      table=MANY, web=False, settle=False, sections=NOTIFY)
def claims(cluster):
    write_news()
    begin(cluster)
    watch, began = Watch(cluster), time.monotonic()
    before = {server: reported(cluster, server, "foreign") for server in "ABC"}
    with again_and_again(stranger(cluster), 0.5):
        # Far more than the ring of events could hold.
        wait_until(lambda: all(reported(cluster, server, "foreign") - before[server] > 1500
                               for server in "ABC"), 20, "a flood")
        mine = cluster.primaries("A")
        cluster.crash("A")
        cluster.settle("BC")
        for server in "BC":
            watch.await_text(server, r"peer A: DEAD \(silent ")
        for one in mine:
            heir = cluster.order(one)[1]
            for line in (r": WATCHING -> CLAIMED \(", r": confirmed by "):
                watch.await_text(heir, re.escape(one) + line)
    for server in "BC":
        wait_until(lambda s=server: adds_up(cluster, watch, s, "foreign", FOREIGN, before[s]),
                   3 * GROWS_S, f"{server} tells how many it has left out", every=0.5)
        seconds = time.monotonic() - began
        lines, more, ends = written(watch.text(server), FOREIGN)
        print(f"# {server}: {lines} lines and {ends} that tell of {more} more in {seconds:.0f}s")
        check(lines + ends <= BUDGET + 2 + seconds / GROWS_S, f"{lines} + {ends} lines")
        check(more > 1000, f"it left out {more} only")
        # The ring: neither the start nor a takeover was pushed out.
        events = json.loads(cluster.control(server, "events", "--json", "-n", "1024"))["events"]
        check_equal(events[0]["kind"], "start", "the first event that is kept")
        check(any(one["kind"] == "more" and MORE.fullmatch(one["text"]) for one in events),
              "no event tells how many were left out")
        taken = {one["address"] for one in events if one.get("to") == "CLAIMED"}
        told = {one.split()[1] for one in news(server, "state")}
        heirs = {one for one in mine if cluster.order(one)[1] == server}
        check(heirs <= taken, f"events lack {heirs - taken}")
        # The command too.
        check(heirs <= told, f"news lack {heirs - told}")
        check(len(news(server, "foreign")) <= BUDGET + 2 + seconds / GROWS_S, "foreign news")
        check_equal(cluster.status(server)["notifications"]["dropped"], 0, "news dropped")


@test("another program flushes all addresses again and again", table=MANY, web=False,
      settle=False)
def flushes(cluster):
    begin(cluster)
    watch, began = Watch(cluster), time.monotonic()
    before = reported(cluster, "A", "gone")
    with again_and_again(lambda: cluster.run("A", "ip", "addr", "flush", "dev", "eth1", "scope",
                                             "link", check=False), 0.3):
        wait_until(lambda: reported(cluster, "A", "gone") - before > 300, 20, "a flood")
    cluster.settle()
    wait_until(lambda: adds_up(cluster, watch, "A", "gone", GONE, before), 3 * GROWS_S,
               "A tells how many it has left out", every=0.5)
    lines, more, ends = written(watch.text("A"), GONE)
    seconds = time.monotonic() - began
    print(f"# {lines} lines and {ends} that tell of {more} more in {seconds:.0f}s")
    check(lines + ends <= BUDGET + 2 + seconds / GROWS_S, f"{lines} + {ends} lines")


@test("what is left out when the daemon stops is told then", table=lab.THREE, web=False)
def stops(cluster):
    begin(cluster)
    watch, before = Watch(cluster), reported(cluster, "A", "foreign")
    with again_and_again(stranger(cluster), 0.2):
        wait_until(lambda: reported(cluster, "A", "foreign") - before > 50, 20, "a flood")
    count = reported(cluster, "A", "foreign") - before
    cluster.stop("A")
    lines, more, _ = written(watch.text("A"), FOREIGN)
    check_equal(lines + more, count, "lines, and how many it says it left out")
    check(more > 0, "it left out nothing")


main()
