#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks: a service dies while its server's kernel goes on answering."""

import os
import re
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from lab import Traffic  # noqa: E402
from harness import (Watch, check, check_equal, main, quiet, stays, test,  # noqa: E402
                     wait_until)

FAST = "interval = 100ms\ntimeout = 300ms\nrise = 2\nfall = 2\n"
TCP = "\n[check web]\ntype = tcp\ntarget = 127.0.0.1:80\n" + FAST
HTTP = "\n[check web]\ntype = http\ntarget = http://127.0.0.1/health\n" + FAST
FAILBACK = {"failback": "300ms"}
OTHERS = "BCDEF"


def health(cluster, server):
    """(overall, state of its first check, why it failed last)"""
    status = cluster.status(server)
    first = status["checks"][0]
    return status["health"], first["state"], first["last_failure"]


def children_of(pid):
    """The numbers of its children, and of theirs."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            found = [int(number) for number in file.read().split()]
    except OSError:  # it has ended meanwhile
        return []
    return found + [grandchild for child in found for grandchild in children_of(child)]


def is_zombie(pid):
    """It has ended, and nobody has waited for it."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(") ")[2].startswith("Z")
    except OSError:
        return False


def no_zombies(cluster):
    """What the daemons started, and theirs."""
    return not any(is_zombie(one) for server in cluster.servers
                   for one in children_of(cluster.pid(server)))


@test("a web server dies, its kernel lives: no probe is lost, nor on the way back", sections=TCP,
      timing=FAILBACK)
def tcp(cluster):
    mine = set(cluster.primaries("A"))
    check_equal(health(cluster, "A"), ("good", "good", None), "health at first")
    load = cluster.traffic(rate=150)
    wait_until(lambda: set(load.counts()) >= set(cluster.servers), 10, "everybody answers")
    watch = Watch(cluster)
    probe = cluster.probe()
    cluster.stop_web("A")
    cluster.settle(OTHERS)
    watch.await_text("A", r"unhealthy: check web: connection refused")
    time.sleep(Traffic.TIMEOUT_S + 2 * Traffic.REPORT_S)  # what was under way is counted by then
    before = load.counts()
    check_equal(cluster.serves("A"), set(), "what A still serves")
    for server in OTHERS:
        wait_until(lambda server=server: any(
            peer["name"] == "A" and peer["unhealthy"] and peer["state"] == "ALIVE"
            for peer in cluster.status(server)["peers"]), 2, f"{server} knows that A is unhealthy")
    check_equal(cluster.status("A")["standing"], "unhealthy", "A's standing")
    check("unhealthy" in cluster.control("B", "peers"), "vlbctl peers does not say it")
    check("connection refused" in cluster.control("A", "status"), "vlbctl status: no reason")
    check(re.search(r"WATCHING -> CLAIMED \(A is unhealthy\)", watch.text("B")),
          "B does not say why it took it")
    wait_until(lambda: sum(load.counts().values()) > sum(before.values()) + 50, 5, "traffic")
    after = load.counts()
    check_equal(after.get("lost", 0), before.get("lost", 0), "requests lost after the handover")
    check_equal(after.get("A", 0), before.get("A", 0), "answers of the dead web server")
    cluster.start_web("A")
    watch.await_text("A", r"check web passes: healthy")
    cluster.settle()
    check_equal(watch.moved(), mine, "addresses that moved")
    quiet(probe.stop())


@test("http: another status, a hang, and a server that answers something else", sections=HTTP,
      timing=FAILBACK)
def http(cluster):
    watch = Watch(cluster)
    probe = cluster.probe()
    os.rename(cluster.path("A", "health"), cluster.path("A", "away"))
    watch.await_text("A", r"unhealthy: check web: status 404")
    cluster.settle(OTHERS)
    os.rename(cluster.path("A", "away"), cluster.path("A", "health"))
    cluster.settle()
    os.kill(cluster.processes["B", "nginx"].pid, 19)
    watch.await_text("B", r"unhealthy: check web: no answer within 300ms")
    cluster.settle("ACDEF")
    os.kill(cluster.processes["B", "nginx"].pid, 18)
    cluster.settle()
    quiet(probe.stop())


@test("all fail everywhere: those that served go on serving, and say so", sections=TCP,
      timing=FAILBACK)
def everywhere(cluster):
    watch = Watch(cluster)
    probe = cluster.probe()
    for server in cluster.servers:
        cluster.stop_web(server)
    wait_until(lambda: all(health(cluster, s)[0] == "bad" for s in cluster.servers), 5,
               "all are unhealthy")
    wait_until(lambda: all("serving on" in watch.text(s) for s in cluster.servers
                           if cluster.serves(s)), 5, "they say that they serve on")
    where = cluster.matrix()
    check(all(len(owners) == 1 for owners in where.values()), f"not one owner each: {where}")
    stays(lambda: cluster.matrix() == where, 1, "nothing moves")
    cluster.start_web("C")
    cluster.settle("C")
    for server in cluster.servers:
        cluster.start_web(server)
    cluster.settle()
    quiet(probe.stop())


def command(script, more=""):
    """The section of a check that runs SCRIPT."""
    return ("\n[check app]\ntype = command\ntarget = " + script + "\nuser = root\n" + FAST + more)


SCRIPT = "/run/vlb-health-test"  # in the lab's own file system


def write_script(text):
    """What the check runs; it takes the server's name from its environment."""
    with open(SCRIPT + ".new", "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(SCRIPT + ".new", 0o755)
    os.rename(SCRIPT + ".new", SCRIPT)


@test("command: an exit status, its environment, and what hangs is killed", settle=False,
      sections=command(SCRIPT + " 'an argument' $HOME"), timing=FAILBACK)
def commands(cluster):
    facts = cluster.path("facts")
    # It runs again and again: whoever reads the file must find a whole one.
    write_script(f'f="{facts}.$VLBD_SERVER"; {{ env | sort; echo "$1|$2"; }} >"$f.new"\n'
                 'mv "$f.new" "$f"\n')
    cluster.settle(seconds=20)
    with open(f"{facts}.A", encoding="utf-8") as file:
        lines = [line for line in file.read().split("\n")
                 if line and not line.startswith(("PWD=", "_=", "OLDPWD=", "SHLVL="))]
    check_equal(lines, [
        "LANG=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "VLBD_CHECK=app", "VLBD_CLUSTER=lab", "VLBD_SERVER=A", "an argument|$HOME"], "environment")
    probe = cluster.probe()
    watch = Watch(cluster)
    write_script('test "$VLBD_SERVER" != A || exit 3\n')
    watch.await_text("A", r"unhealthy: check app: exit status 3")
    cluster.settle(OTHERS)
    write_script('test "$VLBD_SERVER" != B || { trap "" TERM; sleep 1000; }\n')
    watch.await_text("B", r"unhealthy: check app: still running after 0\.3s; killed")
    cluster.settle("ACDEF")
    for _ in range(5):  # one at a time may have ended just now
        wait_until(lambda: no_zombies(cluster), 2, "no zombies")
    write_script("exit 0\n")
    cluster.settle()
    os.unlink(SCRIPT)
    watch.await_text("A", r"unhealthy: check app: cannot be executed: No such file or directory")
    write_script("exit 0\n")
    cluster.settle()
    quiet(probe.stop())
    # The runner has a command at most, and goes with its daemon.
    pid = cluster.pid("A")
    runner = children_of(pid)
    check(1 <= len(runner) <= 3, f"processes of A's daemon: {runner}")
    cluster.kill("A")
    wait_until(lambda: not any(os.path.exists(f"/proc/{one}") for one in runner), 3,
               "the runner ends with its daemon")


NEWS = "/run/vlb-health-news"


@test("notify: every transition, in order, with its variables; also the last ones of a stop",
      settle=False, sections=TCP + f"\n[notify]\ncommand = {NEWS}\ntimeout = 2s\nuser = root\n",
      timing=FAILBACK)
def notify(cluster):
    with open(NEWS, "w", encoding="utf-8") as file:
        # In one write: those of other addresses run beside it.
        file.write('#!/bin/sh\nline=$(env | grep ^VLBD_ | grep -v _TIME | sort | tr "\\n" ";")\n'
                   f'echo "$line" >>"{cluster.path("news")}.$VLBD_SERVER"\n')
    os.chmod(NEWS, 0o755)

    def news(server):
        try:
            with open(cluster.path(f"news.{server}"), encoding="utf-8") as file:
                return [dict(pair.split("=", 1) for pair in line.split(";") if "=" in pair)
                        for line in file.read().split("\n") if line]
        except FileNotFoundError:
            return []

    cluster.settle(seconds=20)
    one = cluster.primaries("A")[0]
    cluster.stop_web("A")
    cluster.settle(OTHERS)
    wait_until(lambda: any(n.get("VLBD_ADDRESS") == one and n.get("VLBD_TO") == "CLAIMED"
                           for n in news("B")), 5, "B's news of the takeover")
    taken = next(n for n in news("B") if n.get("VLBD_ADDRESS") == one
                 and n["VLBD_TO"] == "CLAIMED" and n["VLBD_REASON"] == "unhealthy")
    text = taken.pop("VLBD_TEXT")
    check_equal(taken, {
        "VLBD_EVENT": "state", "VLBD_ADDRESS": one, "VLBD_FROM": "WATCHING",
        "VLBD_TO": "CLAIMED", "VLBD_REASON": "unhealthy", "VLBD_PEER": "A", "VLBD_OWNER": "B",
        "VLBD_TIER": "1", "VLBD_SERVER": "B", "VLBD_CLUSTER": "lab", "VLBD_INTERFACE": "eth1"},
        "variables")
    check_equal(text, f"{one}: WATCHING -> CLAIMED (A is unhealthy)", "VLBD_TEXT")
    wait_until(lambda: any(n["VLBD_EVENT"] == "health" and n["VLBD_TO"] == "failing"
                           and n["VLBD_REASON"] == "connection refused" for n in news("A")), 5,
               "A's news of its health")
    cluster.start_web("A")
    cluster.settle()
    check(cluster.status("B")["notifications"]["told"] > 0, "the counter of what was told")
    check_equal(cluster.status("B")["notifications"]["dropped"], 0, "what was dropped")
    check_equal(cluster.stop("A"), 0, "exit status")
    last = {n["VLBD_ADDRESS"]: n["VLBD_TO"] for n in news("A") if n["VLBD_EVENT"] == "state"}
    check_equal({last[a] for a in cluster.primaries("A")}, {"RELEASED"}, "A's last words")
    # A command that hangs holds up nobody who leaves everything to a successor.
    with open(NEWS + ".new", "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nsleep 1000\n")
    os.chmod(NEWS + ".new", 0o755)
    os.rename(NEWS + ".new", NEWS)
    watch = Watch(cluster)
    cluster.stop_web("C")
    watch.await_text("C", r"unhealthy")
    began = time.monotonic()
    os.kill(cluster.pid("C"), signal.SIGUSR2)
    check_equal(cluster.processes["C", "vlbd"].wait(10), 75, "exit status on SIGUSR2")
    check(time.monotonic() - began < 2, f"it took {time.monotonic() - began:.1f} s")
    # In order: each begins where the one before ended.
    for server in cluster.servers:
        state = {}
        for item in news(server):
            if item["VLBD_EVENT"] != "state":
                continue
            where = item["VLBD_ADDRESS"]
            check_equal(item["VLBD_FROM"], state.get(where, item["VLBD_FROM"]),
                        f"{server}, {where}")
            state[where] = item["VLBD_TO"]


@test("a machine that keeps rebooting cannot make an address bounce",
      timing={"failback": "200ms", "max_moves": "4"})
def rebooting(cluster):
    watch = Watch(cluster)
    mine = cluster.primaries("A")

    def waits():
        status = cluster.try_status("A")
        return status and all(
            one["state"] == "RELEASED" and one["left_ms"] and one["left_ms"] > 100000
            for one in status["addresses"] if one["address"] in mine)

    for turn in (1, 2):
        cluster.crash("A")
        cluster.settle(OTHERS)
        cluster.restore("A")
        if turn == 1:
            cluster.settle()
    # A third move each already: another return, and another failure, would make five.
    wait_until(waits, 5, "A, which remembers nothing, was told to wait")
    check_equal(cluster.serves("A"), set(), "what it serves")
    begun = [change for change in watch.changes() if change[1] == mine[0]
             and change[3] in ("PRIMARY", "CLAIMED")]
    check_equal(len(begun), 3, f"moves so far ({begun})")
    cluster.control("A", "resume")
    cluster.settle()


main()
