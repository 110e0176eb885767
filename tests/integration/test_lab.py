#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The lab itself: several side by side, and nothing left of any of them."""

import glob
import os
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import check, check_equal, main, test, wait_until  # noqa: E402

LAB = os.path.join(lab.TOP, "tests", "lab", "lab")
BY_HAND = {"daemon": None, "web": True, "table": lab.THREE}
CHILD = """
import sys, time
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import lab
lab.enter()
with lab.Lab(lab.THREE, name=sys.argv[2], daemon=None) as cluster:
    cluster.traffic(50), cluster.probe()
    print("up", flush=True)
    time.sleep(60)
"""


def processes(marker):
    """The numbers of the processes whose command line contains MARKER."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                if marker.encode() in file.read():
                    found.append(path)
        except OSError:
            continue
    return found


def child(name):
    """A lab in a process of its own."""
    return subprocess.Popen([sys.executable, "-c", CHILD, os.path.dirname(LAB), name],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


@test("a lab leaves nothing behind, whatever signal ends it, and when", **BY_HAND)
def interrupted(_cluster):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
        process = child("doomed")
        check_equal(process.stdout.read(3), b"up\n", "the lab comes up")
        # A process in the middle of exec(2) has no command line for a moment.
        wait_until(lambda: len(processes("vlb-lab.doomed")) >= 3, 5, "its web servers run")
        process.send_signal(number)
        process.wait(15)
        wait_until(lambda: not processes("doomed"), 5, f"nothing left after signal {number}")
        process.stdout.close()
    for delay in (0.05, 0.15, 0.25, 0.35):
        process = child("doomed")
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait(15)
        wait_until(lambda: not processes("doomed"), 5, f"nothing left after {delay}s")
        process.stdout.close()
    check(not glob.glob("/tmp/vlb-lab*") and not glob.glob("/run/vlb-lab.doomed*"), "files left")


@test("two labs from the command line do not see each other", **BY_HAND)
def side_by_side(_cluster):
    def tool(name, *words, status=0):
        done = subprocess.run([LAB, "--name", name, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True, check=False)
        check_equal(done.returncode, status, f"lab {' '.join(words)}: {done.stdout}")
        return done.stdout

    first, second = f"one{os.getpid()}", f"two{os.getpid()}"
    for name in (first, second):
        tool(name, "up", "--table", "three", "--no-daemon", "--no-web")
    try:
        tool(first, "up", "--no-daemon", status=1)
        listed = tool(first, "list").split()
        check(first in listed and second in listed, f"listed: {listed}")
        tool(first, "exec", "A", "ip", "addr", "add", "10.77.0.1/32", "dev", "eth1")
        check(" 1 " in tool(first, "show"), "the address does not show")
        check(" 1 " not in tool(second, "show"), "it shows in the other lab")
        tool(first, "cut", "A")
        check("NO-CARRIER" in tool(first, "exec", "A", "ip", "link", "show", "eth1"), "carrier")
        tool(first, "restore", "A")
        check("NO-CARRIER" not in tool(first, "exec", "A", "ip", "link", "show", "eth1"), "none")
        tool(first, "cut", "Z", status=1)
    finally:
        tool(first, "down")
        tool(second, "down")
    tool(first, "show", status=1)
    check(not processes(first) and not processes(second), "a keeper is left")


@test("the prober tells gaps and duplicates", **BY_HAND)
def prober(cluster):
    def give(server, verb, number):
        cluster.run(server, "ip", "addr", verb, f"{lab.address(number)}/32", "dev", "eth1")

    give("A", "add", 1)
    give("B", "add", 2)
    wanted = [lab.address(1), lab.address(2)]
    traffic = cluster.probe(wanted)
    owners = cluster.probe(wanted, mode="arp", interval_ms=5, ask=cluster.servers)
    time.sleep(0.5)
    began = time.monotonic()
    give("A", "del", 1)
    time.sleep(0.2)
    give("C", "add", 1)
    cluster.send_arp("C", 1, lab.address(1), lab.ROUTER)
    ended = time.monotonic()
    give("A", "add", 2)
    time.sleep(0.3)
    give("A", "del", 2)
    time.sleep(0.3)
    seen, who = traffic.stop(), owners.stop()
    check_equal(len(seen.gaps(lab.address(1))), 1, "gaps of the first")
    gap = seen.gaps(lab.address(1))[0]
    check(began - 0.01 < gap["begin"] < gap["end"] < ended + 0.05 and gap["ms"] >= 190, gap)
    check_equal(seen.gaps(lab.address(2)), [], "gaps of the second")
    check_equal([one["mac"] for one in who.addresses[lab.address(1)]["owners"]],
                [cluster.mac("A"), cluster.mac("C")], "owners of the first")
    check_equal({name for name, _ in who.duplicates()}, {lab.address(2)}, "duplicates")
    lasted = who.duplicates()[0][1]
    check(0.2 < lasted["end"] - lasted["begin"] < 0.6, lasted)


main()
