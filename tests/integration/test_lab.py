#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The lab itself: several side by side, and nothing left of any of them."""

import glob
import json
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
        process.wait(60)
        wait_until(lambda: not processes("doomed"), 5, f"nothing left after signal {number}")
        process.stdout.close()
    for delay in (0.05, 0.15, 0.25, 0.35):
        process = child("doomed")
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        wait_until(lambda: not processes("doomed"), 5, f"nothing left after {delay}s")
        process.stdout.close()
    check(not glob.glob("/tmp/vlb-lab.doomed*") and not glob.glob("/run/vlb-lab.doomed*"), "files left")


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
    added = time.monotonic()
    time.sleep(0.3)
    removing = time.monotonic()
    give("A", "del", 2)
    removed = time.monotonic()
    time.sleep(0.3)
    seen, who = traffic.stop(), owners.stop()
    check_equal(len(seen.gaps(lab.address(1))), 1, "gaps of the first")
    gap = seen.gaps(lab.address(1))[0]
    slack = 0.05 + seen.data["late_ms"] / 1000  # it may be starved, and says so
    check(began - slack < gap["begin"] < gap["end"] < ended + slack and gap["ms"] >= 190, gap)
    check_equal(seen.gaps(lab.address(2)), [], "gaps of the second")
    check_equal([one["mac"] for one in who.addresses[lab.address(1)]["owners"]],
                [cluster.mac("A"), cluster.mac("C")], "owners of the first")
    check_equal({name for name, _ in who.duplicates()}, {lab.address(2)}, "duplicates")
    event = who.duplicates()[0][1]
    lasted, slack = event["end"] - event["begin"], 0.05 + who.data["late_ms"] / 1000
    check(removing - added - slack < lasted < removed - ended + slack, event)


# ---- files that the lab is given ----


def vlbplan(*words):
    """What vlbplan prints."""
    done = subprocess.run([lab.find_program("vlbplan"), *words], stdout=subprocess.PIPE,
                          universal_newlines=True, check=True)
    return done.stdout


def digest(path):
    """Of the lists of a file: who serves which address in which order."""
    return json.loads(vlbplan("-c", path, "--format", "json"))["digest"]


def same_lists(cluster, path):
    """A lab that is given the file at PATH writes a file with the same lists. Returns the
    table."""
    table = lab.read_table(path)
    own = cluster.path("own.ini")
    with open(own, "w", encoding="ascii") as file:
        file.write(lab.Lab(table, daemon=None).config_text())
    check_equal(digest(own), digest(path), "digest of the lab's own file")
    return table


def write_file(cluster, text):
    """TEXT in a file; its path."""
    path = cluster.path("given.ini")
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    return path


@test("it reads lists that go over several lines, as vlbplan writes them", **BY_HAND)
def long_lists(cluster):
    names = [f"s{number}" for number in range(1, 21)]
    text = vlbplan("--servers", ",".join(names), "--addresses", "10.77.0.1-10.77.1.100")
    check("secondary = " in text.replace("\nsecondary", "", 1).split("[server s2]")[0],
          "no list is long enough to repeat its key")
    table = same_lists(cluster, write_file(cluster, text))
    check_equal(list(table), names, "servers")
    check_equal(sum(len(tiers[0]) for tiers in table.values()), 356, "addresses")


@test("it reads comments, blanks and colons as vlbd does", **BY_HAND)
def comments(cluster):
    table = same_lists(cluster, write_file(
        cluster,
        "; a comment\r\n[cluster]  # another\r\n  interface = eth0 ; not the lab's\r\n\r\n"
        "[server B]\r\nmac = 02:00:00:00:09:02 ; a % sign = is no key\r\n"
        "secondary: 10.77.0.1-10.77.0.2 ; both\r\nprimary = 10.77.0.3 # first\r\n"
        "primary = 10.77.0.4, 10.77.0.5-5\r\n"
        "[server A]\r\nmac = 02:00:00:00:09:01\r\n\tprimary = 10.77.0.1,10.77.0.2 #3\r\n"
        "secondary = 10.77.0.3-5\r\n"))
    check_equal(table, {"B": [[3, 4, 5], [1, 2]], "A": [[1, 2], [3, 4, 5]]}, "table")


@test("it makes the lists of a section [plan] as vlbd does", **BY_HAND)
def plan_section(cluster):
    path = os.path.join(lab.TOP, "contrib", "examples", "six-servers-plan.ini")
    table = same_lists(cluster, path)
    check_equal({server: len(tiers[0]) for server, tiers in table.items()},
                dict.fromkeys("ABCDEF", 4), "primaries")


@test("what vlbd would not take, or the lab has not room for, it says", **BY_HAND)
def refused(cluster):
    good = ("[cluster]\ninterface = eth1\n[server A]\nmac = 02:00:00:00:09:01\n"
            "primary = 10.77.0.1\n[server B]\nmac = 02:00:00:00:09:02\n"
            "secondary = 10.77.0.1\n")
    lab.read_table(write_file(cluster, good))
    for text, says in ((good.replace("secondary", "primary"), "given.ini:8: "),
                       (good.replace("[server B]", "[sever B]"), "given.ini:6: "),
                       (good.replace("0.1", "128.1"), "10.77.128.1 cannot be"),
                       (good.replace("10.77.0.1", "198.51.100.1"), "198.51.100.1 cannot be"),
                       (good.replace("server A", "server router"), "the name router")):
        try:
            lab.Lab(lab.read_table(write_file(cluster, text))).check_table()
            check(False, f"taken: {text}")
        except lab.LabError as error:
            check(says in str(error), f"`{says}' is not in: {error}")


@test("a cluster of a file that vlbplan wrote comes up", **BY_HAND)
def up_with_file(cluster):
    # Names that are longer than a link's may be, and another network than the lab's.
    names = [f"web-server-number-{number}" for number in (1, 2, 3)]
    text = vlbplan("--servers", ",".join(names), "--addresses", "192.0.2.1-120")
    path = write_file(cluster, text)
    table = lab.read_table(path)
    name = f"file{os.getpid()}"

    def tool(*words):
        done = subprocess.run([LAB, "--name", name, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True, check=False)
        check_equal(done.returncode, 0, f"lab {' '.join(words)}: {done.stdout}")
        return done.stdout

    tool("up", "--no-web", "--config", path)
    try:
        tool("settle", "--seconds", "60")
        first = lab.address(table[names[0]][0][0])
        check(" 1 " in next(line for line in tool("show").split("\n")
                            if line.startswith(first + " ")), "the first address")
        tool("crash", names[0])
        tool("silence", names[1])
        tool("restore", names[1])
        tool("restore", names[0])
    finally:
        tool("down")


main()
