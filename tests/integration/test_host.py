#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What befalls a server's host: load, filters, managers, lost notifications, echoes."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import (LabError, Skip, Watch, check, check_equal, gaps_below,  # noqa: E402
                     main, no_duplicates, quiet, stays, test, wait_until)

SMALL = {"table": lab.THREE, "web": False}
# 240 addresses, 80 of each server's its own, and each other one next for half of them.
LARGE = {"A": [[*range(1, 81)], [*range(81, 121), *range(161, 201)]],
         "B": [[*range(81, 161)], [*range(1, 41), *range(201, 241)]],
         "C": [[*range(161, 241)], [*range(41, 81), *range(121, 161)]]}
BURNERS = 4  # on the processor that the daemon may use


@contextlib.contextmanager
def load_on(core):
    """So many processes that want all of that CORE."""
    burners = []
    try:
        for _ in range(BURNERS):
            burners.append(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            os.sched_setaffinity(burners[-1].pid, {core})
        yield
    finally:
        for one in burners:
            one.kill()
            one.wait()


def metric(cluster, server, name):
    """The value of a metric of its daemon that has one sample."""
    found = re.search(rf"^{name}(?:{{.*}})? (\S+)$", cluster.control(server, "metrics"), re.M)
    check(found, f"no metric {name}")
    return float(found[1])


def lag_ms(cluster, server):
    """How late its loop has been, in all, since it started."""
    return 1000 * metric(cluster, server, "vlbd_loop_lag_seconds_sum")


def believed(cluster, server, peer):
    """What SERVER believes of its PEER."""
    return next(one["state"] for one in cluster.status(server)["peers"] if one["name"] == peer)


@test("hello = 10ms on a host without time to run it: nothing is claimed wrongly",
      timing={"hello": "10ms"}, **SMALL)
def starved(cluster):
    core = min(os.sched_getaffinity(0))
    watch, probe = Watch(cluster), cluster.probe()
    before = lag_ms(cluster, "A")
    pid = cluster.pid("A")
    with load_on(core):
        os.sched_setaffinity(pid, {core})
        os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))  # when nobody else wants to
        time.sleep(3)
    os.sched_setaffinity(pid, os.sched_getaffinity(0))
    cluster.settle()
    check(lag_ms(cluster, "A") - before > 50, "A was not starved: the test shows nothing")
    check_equal(watch.moved("A") - set(cluster.primaries("A")), set(),
                "what A, starved, claimed of others")
    check_equal(watch.moved("B", "C") - set(cluster.primaries("A")), set(),
                "what moved between others")
    report = probe.stop()
    if not watch.changes():  # else A took its own back, and both answered for a moment
        no_duplicates(report)


@test("stopped again and again for nine tenths of the time: nothing moves",
      timing={"hello": "10ms"}, **SMALL)
def stuttering(cluster):
    watch, probe = Watch(cluster), cluster.probe()
    end = time.monotonic() + 2
    while time.monotonic() < end:
        for number, seconds in ((signal.SIGSTOP, 0.09), (signal.SIGCONT, 0.01)):
            os.kill(cluster.pid("A"), number)
            time.sleep(seconds)
    cluster.settle()
    check_equal(watch.changes(), [], "changes")
    quiet(probe.stop())


@test("80 addresses at once change hands: no hello is late, nothing else moves; and back",
      table=LARGE, web=False)
def many(cluster):
    probe = cluster.probe(cluster.primaries("A"), interval_ms=20)
    watch = Watch(cluster)
    cluster.crash("A")
    cluster.settle("BC")
    gaps_below(probe.stop(), 1000)
    stays(lambda: cluster.settled("BC"), 1, "settled")
    check_equal(watch.moved("B", "C"), set(cluster.primaries("A")), "addresses that moved")
    cluster.restore("A")
    cluster.settle()
    stays(cluster.settled, 1, "settled")
    check_equal(watch.moved("B", "C"), set(cluster.primaries("A")), "addresses that moved")
    for server, peer in ("BC", "CB"):
        check(f"peer {peer}: DEAD" not in watch.text(server), f"{server} buried {peer}")


@test("a packet filter refuses what it sends: told once, not fatal, and nothing moves", **SMALL)
def refused(cluster):
    watch, probe = Watch(cluster), cluster.probe()
    try:  # its hellos; what the kernel says still leaves
        cluster._nft("A", "table netdev lab { chain out { type filter hook egress device eth1 "
                          "priority 0; ether daddr ff:ff:ff:ff:ff:ff arp operation reply drop; "
                          "}; }")
    except LabError as error:
        raise Skip(f"no egress hook here: {str(error).splitlines()[-1]}") from error
    watch.await_text("A", "cannot send on eth1: .*")
    wait_until(lambda: believed(cluster, "B", "A") == "SUSPECT", 2, "B asks A's kernel")
    stays(cluster.settled, 2, "settled")
    cluster._nft("A", "delete table netdev lab")
    watch.await_text("A", "sending on eth1 works again")
    stays(cluster.settled, 0.5, "settled")
    check_equal(watch.text("A").count("cannot send"), 1, "lines about it")
    check_equal(watch.changes(), [], "changes")
    quiet(probe.stop())


# Without a lease, since renewals would put it right too.
@test("the kernel's notifications overrun: what was lost in them is put right",
      timing={"lease": "off"}, **SMALL)
def overrun(cluster):
    watch = Watch(cluster)
    gone = cluster.primaries("A")[0]
    many = "".join(f"addr {{}} 10.9.{n >> 8}.{n & 255}/32 dev lo\n" for n in range(3000))
    cluster.freeze("A")
    for verb in ("add", "del", "add", "del"):  # 12,000, and the buffer holds fewer
        cluster._ip("A", many.replace("{}", verb))
    cluster._ip("A", f"addr del {gone}/32 dev eth1\n")
    cluster.resume("A")
    watch.await_text("A", "notifications overran; reading everything anew")
    watch.await_text("A", f"{gone}: removed by another program; putting it back")
    cluster.settle()
    check(metric(cluster, "A", "vlbd_netlink_resyncs_total") > 0, "not counted")
    check_equal(watch.changes("B", "C"), [], "changes at the others")


@test("base address deleted with promote_secondaries 0 and 1: no failover address goes", **SMALL)
def secondaries(cluster):
    probe = cluster.probe(mode="arp")
    for promote in (0, 1):
        cluster._sysctl("A", ipv4__conf__all__promote_secondaries=promote,
                        ipv4__conf__eth1__promote_secondaries=promote)
        for one in (f"{cluster.base('A')}/16", f"{cluster.primaries('A')[0]}/32"):
            watch = Watch(cluster)
            cluster._ip("A", f"addr del {one} dev eth1\n")
            if one.endswith("/16"):
                stays(cluster.settled, 0.5, f"settled without {one}", every=0.01)
                cluster._ip("A", f"addr add {one} dev eth1\n")
            else:
                watch.await_text("A", "putting it back")
            cluster.settle()
            lost = watch.text("A").count("removed by another program")
            check_equal(lost, 0 if one.endswith("/16") else 1, f"lost with {one}")
    report = probe.stop()
    gaps_below(report, 200)
    no_duplicates(report)


@test("a switch that sends frames back to where they came from: dropped, nothing moves", **SMALL)
def echoes(cluster):
    watch, probe = Watch(cluster), cluster.probe()
    before = cluster.status("A")["counters"]["echoes"]
    cluster.run("switch", "bridge", "link", "set", "dev", "pA", "hairpin", "on")
    wait_until(lambda: cluster.status("A")["counters"]["echoes"] > before + 20, 5,
               "A counts its echoes")
    stays(cluster.settled, 1, "settled")
    check_equal(watch.changes(), [], "changes")
    check("another station" not in watch.text("A"), "A takes its echo for a clone")
    quiet(probe.stop())
    cluster.crash("B")
    cluster.settle("AC")
    check_equal(watch.moved("A", "C"), set(cluster.primaries("B")), "addresses that moved")


@test("a manager changes the hardware address: all is given up, loudly; and back", **SMALL)
def another_mac(cluster):
    watch, probe = Watch(cluster), cluster.probe(mode="arp")
    cluster._ip("A", "link set eth1 address 02:00:00:00:aa:01\n")
    watch.await_text("A", "hardware address is now 02:00:00:00:aa:01")
    cluster.settle("BC")
    check_equal(cluster.serves("A"), set(), "what A still has")
    check_equal(cluster.status("A")["standing"], "wrong mac", "standing of A")
    no_duplicates(probe.stop())  # on the way back both answer for a moment
    cluster._ip("A", f"link set eth1 address {cluster.mac('A')}\n")
    cluster.settle()
    check_equal(watch.moved("B", "C"), set(cluster.primaries("A")), "addresses that moved")


def full_pipe():
    """A pipe that takes nothing more: (to read from, to write to)."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    return reader, writer


@test("nobody reads what it logs: no line is waited for, and what is lost is counted", **SMALL)
def unread(cluster):
    cluster.stop("A")
    reader, writer = full_pipe()
    cluster.processes["A", "vlbd"] = cluster.spawn(
        "A", cluster.daemon_command("A"), cwd=cluster.dir, stdin=subprocess.DEVNULL,
        stdout=writer, stderr=writer)
    os.close(writer)
    cluster.settle()
    probe = cluster.probe(cluster.primaries("A") + cluster.primaries("B"))
    cluster.crash("B")
    cluster.settle("AC")
    cluster.restore("B")
    cluster.settle()
    check(probe.stop().longest_gap_ms() < 1000, "A does not take over in time")
    os.set_blocking(reader, False)
    with contextlib.suppress(BlockingIOError):
        while os.read(reader, 65536):
            pass
    cluster.crash("B")
    said = b""

    def counted():
        nonlocal said
        with contextlib.suppress(BlockingIOError):
            said += os.read(reader, 65536)
        return b" lines lost) " in said

    wait_until(counted, 5, "A says how many lines are lost")
    os.close(reader)


def may_lock():
    """CAP_IPC_LOCK, as the daemons had at their start, and not only in a user namespace."""
    with open("/proc/self/status", encoding="ascii") as file:
        effective = int(re.search(r"^CapEff:\s*(\w+)", file.read(), re.M)[1], 16)
    with open("/proc/self/uid_map", encoding="ascii") as file:
        return effective >> 14 & 1 == 1 and int(file.read().split()[2]) > 1


@test("memory that was used stays in memory", **SMALL)
def resident(cluster):
    with open(f"/proc/{cluster.pid('A')}/maps", encoding="utf-8") as file:
        if "libasan" in file.read():
            raise Skip("the address sanitizer locks no memory")
    with open(f"/proc/{cluster.pid('A')}/status", encoding="ascii") as file:
        sizes = {line.split()[0]: int(line.split()[1]) for line in file
                 if line.startswith("Vm")}
    if sizes["VmLck:"] == 0 and not may_lock():
        raise Skip("not even root may lock memory here")
    check(sizes["VmLck:"] > 1000, f"not locked: {sizes}")
    check(sizes["VmRSS:"] < 8192, f"more than 8 MB: {sizes}")


main()
