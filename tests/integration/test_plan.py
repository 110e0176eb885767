#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""vlbplan at its command line: every option, every complaint, and a file that stays whole.

Needs no network and no rights; what only root can show (a full disk) is skipped."""

import collections
import csv
import io
import itertools
import json
import os
import pty
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("VLB_BUILD") or os.environ.get("VLB_BUILDDIR") or os.path.join(TOP, "build")
FAILED, USAGE, NOT_READY, FILE_WRONG = 1, 2, 77, 78
SIX = ("--servers", "A,B,C,D,E,F", "--addresses", "10.77.0.1-30")
EXAMPLE = os.path.join(TOP, "contrib", "examples", "six-servers.ini")

_tests = []
_work = None


class Skip(Exception):
    """This test cannot be made here; the text says why."""


def test(name):
    """Declare a test. It gets an empty directory to work in."""
    def declare(function):
        _tests.append((name, function))
        return function
    return declare


def check(condition, text):
    """AssertionError with TEXT unless CONDITION."""
    if not condition:
        raise AssertionError(text)


def check_equal(got, wanted, what):
    """AssertionError that shows both."""
    check(got == wanted, f"{what}: got {got!r}, wanted {wanted!r}")


# --- the programs -----------------------------------------------------------------------

def run(*words, program="vlbplan", **options):
    """Run a program. Returns its exit status, standard output and standard error."""
    done = subprocess.run([os.path.join(BUILD, program), *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                          encoding="utf-8", check=False, cwd=_work, **options)
    return done.returncode, done.stdout, done.stderr


def plan(*words):
    """It must succeed; its output."""
    status, out, err = run(*words)
    check_equal((status, err), (0, ""), f"vlbplan {' '.join(words)}")
    return out


def refuse(wanted, says, *words, **options):
    """It must end with the status WANTED and one line that matches SAYS."""
    status, out, err = run(*words, **options)
    check_equal((status, out), (wanted, ""), f"vlbplan {' '.join(words)} ({err.strip()})")
    check(re.search(says, err), f"/{says}/ is not in: {err}")
    check_equal(err.count("\n"), 1, f"lines of: {err}")


def write(name, text):
    """A file in the test's directory."""
    path = os.path.join(_work, name)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    return path


def read(path):
    """All of it, line ends included."""
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def daemon_takes(path, name="A"):
    """vlbd -t finds nothing wrong with the file (the host may not be ready)."""
    status, out, err = run("-t", "-c", path, "-n", name, program="vlbd")
    check(status in (0, NOT_READY) and path not in err, f"{path}: {status} {out}{err}")


def lists(*words):
    """{address: [servers]}, in order."""
    rows = list(csv.reader(io.StringIO(plan(*words, "--format", "csv"))))
    return {row[0]: [name for name in row[1:] if name] for row in rows}


def load(table, failed=()):
    """{server: how many addresses}, and how many nobody serves."""
    count, unserved = collections.Counter(), 0
    for servers in table.values():
        for server in servers:
            if server not in failed:
                count[server] += 1
                break
        else:
            unserved += 1
    return count, unserved


def worst(table, names, failures):
    """The largest load of one server after so many failures, and the most unserved."""
    cases = [load(table, failed) for failed in itertools.combinations(names, failures)]
    return max(max(count.values()) for count, _ in cases), max(lost for _, lost in cases)


# --- making ------------------------------------------------------------------------------

@test("help, version, no word at all, and a word too many")
def usage():
    check("--servers" in plan("--help") and "Exit status" in plan("-h"), "help")
    check(re.match(r"vlbplan \d", plan("-V")), "version")
    status, out, err = run()
    check((status, out) == (USAGE, "") and "--servers" in err, f"without a word: {err}")
    refuse(USAGE, "`surplus' is no option and no command", *SIX, "surplus")
    status, _, err = run("--nonsense")
    check(status == USAGE and "nonsense" in err and "--help" in err, err)


@test("sections for vlb.ini: what is known is written, compact, and vlbd takes it")
def sections():
    macs = [f"--mac={name}=02:00:00:00:00:0{i}" for i, name in enumerate("ABCDEF", 1)]
    text = plan(*SIX, *macs, "--weight", "B=2", "--rack", "A=r1,B=r1")
    for line in ("[server A]", "mac       = 02:00:00:00:00:01", "weight    = 2", "rack      = r1",
                 "[server F]"):
        check(line + "\n" in text, f"`{line}' is not in: {text}")
    check_equal(text.count("rack "), 2, "racks")
    check(re.search(r"^primary   = 10\.77\.0\.1-\d$", text, re.M), f"no compact range: {text}")
    check(max(len(line) for line in text.split("\n")) <= 197, "a line is too long")
    daemon_takes(write("vlb.ini", "[cluster]\ninterface = eth1\n" + text))
    again = lists("-c", "vlb.ini")
    check_equal(again, lists(*SIX, "--weight", "B=2", "--rack", "A=r1,B=r1"), "read back")


@test("long lists go on in another line, over the border of a subnet")
def long_lists():
    names = ",".join(f"server-{i}" for i in range(8))
    text = plan("--servers", names, "--addresses", "10.77.0.200-10.77.3.199")
    check(max(len(line) for line in text.split("\n")) <= 197, "a line is too long")
    for name in names.split(","):
        text = text.replace(f"[server {name}]\nmac       = FILL-IN",
                            f"[server {name}]\nmac = 02:00:00:00:01:0{name[-1]}")
    daemon_takes(write("vlb.ini", "[cluster]\ninterface = eth1\n" + text), "server-0")
    check_equal(len(lists("-c", "vlb.ini")), 768, "addresses")


@test("a placeholder for an unknown hardware address, which vlbd refuses helpfully")
def placeholder():
    path = write("vlb.ini", "[cluster]\ninterface = eth1\n" + plan(*SIX, "--mac",
                                                                  "A=02:00:00:00:00:01"))
    status, _, err = run("-t", "-c", path, "-n", "A", program="vlbd")
    check_equal(status, FILE_WRONG, f"exit status ({err})")
    lines = err.strip().split("\n")
    check_equal(len(lines), 5, f"lines of {err}")
    number = read(path).split("\n").index("[server B]") + 2
    check_equal(lines[0], f"{path}:{number}: mac: the mac of server B is still the placeholder of "
                "vlbplan; write the hardware address of its interface, such as 02:00:00:00:00:01",
                "the first one")


@test("hardware addresses from a list, in either order, with more hosts than servers")
def mac_list():
    write("macs", "# ours\nA 02:00:00:00:00:0a\n\n02:00:00:00:00:0b\tB  ; ethers(5)\n"
          "C = 02:00:00:00:00:0c, 02:00:00:00:01:0c\nother 02:00:00:00:00:0a\n")
    text = plan("--servers", "A,B,C", "--addresses", "10.77.0.1-6", "--macs", "macs")
    for line in ("0a", "0b", "0c, 02:00:00:00:01:0c"):
        check(f"mac       = 02:00:00:00:00:{line}\n" in text, text)
    three = ("--servers", "A,B,C", "--addresses", "10.77.0.1-6", "--macs")
    refuse(FILE_WRONG, "none cannot be opened: No such file", *three, "none")
    write("bad", "A 02:00:00:00:00:0a\nB\n")
    refuse(FILE_WRONG, "bad:2: write a server's name and its hardware addresses", *three, "bad")
    write("bad", "A 02:00:00:00:00:0a\nB 02:00:00:00:00:0a\n")
    refuse(FILE_WRONG, "bad:2: 02:00:00:00:00:0a is that of server A already", *three, "bad")
    write("bad", "A 2:0:0:0:0:a\n")
    refuse(FILE_WRONG, "bad:1: `2:0:0:0:0:a' is no hardware address of a host", *three, "bad")
    write("bad", "A" * 2000)
    refuse(FILE_WRONG, "bad:1: the line is too long", *three, "bad")


@test("the load is as even as can be: 0, 1, 2 and 3 failures, counted here")
def balance():
    for servers, addresses, wanted in ((6, 24, (4, 5, 6, 8)), (6, 30, (5, 6, 8, 10)),
                                       (5, 15, (3, 4, 5, 8)), (8, 48, (6, 7, 8, 10))):
        names = [chr(ord("A") + i) for i in range(servers)]
        table = lists("--servers", ",".join(names), "--addresses", f"10.77.0.1-{addresses}")
        check_equal(len(table), addresses, "addresses")
        check(all(sorted(one) == names for one in table.values()), "a list has everybody")
        got = tuple(worst(table, names, failures)[0] for failures in range(4))
        check_equal(got, wanted, f"{servers} servers, {addresses} addresses")


@test("tiers: a number, all, and what is usual")
def tiers():
    def depth(*words):
        return {len(servers) for servers in lists(*words).values()}
    many = ("--servers", ",".join(f"s{i}" for i in range(17)), "--addresses", "10.77.0.1-34")
    check_equal(depth(*SIX), {6}, "six servers")
    check_equal(depth(*SIX, "--tiers", "3"), {3}, "--tiers 3")
    check_equal(depth(*many), {8}, "17 servers")
    check_equal(depth(*many, "--tiers", "all"), {17}, "--tiers all")


@test("weights share out, and 0 drains; racks stand apart")
def weights():
    table = lists(*SIX, "--weight", "A=2,B=0", "--weight", "C=3")
    count, _ = load(table)
    for name, shares in zip("ABCDEF", ((7, 8), (0,), (11, 12), (3, 4), (3, 4), (3, 4))):
        check(count[name] in shares, f"{name}'s primaries, by weight: {count}")
    check_equal(load(table, "ACDEF")[0], {"B": 30}, "the drained one is the last resort")
    racks = dict(zip("ABCDEF", (1, 1, 2, 2, 3, 3)))
    table = lists("--servers", "A,B,C,D,E,F", "--addresses", "10.77.0.1-24", "--rack",
                  "A=r1,B=r1,C=r2,D=r2,E=r3,F=r3")
    check(all(racks[one[0]] != racks[one[1]] for one in table.values()),
          f"a secondary is in its primary's rack: {table}")
    two = ("--servers", "A,B,C", "--addresses", "10.77.0.1-6", "--rack", "A=x,B=x")
    mates = sum({"A", "B"} == set(one[:2]) for one in lists(*two).values())
    check(f"\n{mates} addresses have their primary and secondary in one rack\n" in
          plan("check", *two), "how many are in one rack")
    check_equal(json.loads(plan(*two, "--format", "json"))["rack_mates"], mates, "the same")


@test("everything that is wrong with the servers is told in one line")
def wrong_servers():
    addresses = ("--addresses", "10.77.0.1-30")
    refuse(USAGE, "no cluster; write --servers", *addresses)
    refuse(USAGE, "no addresses; write --addresses", "--servers", "A,B")
    refuse(USAGE, "1 server is no cluster; name two", "--servers", "A", *addresses)
    refuse(USAGE, "there is a server B already; write another name", "--servers", "A,B,B",
           *addresses)
    refuse(USAGE, "--servers: a name is missing", "--servers", "A,,B", *addresses)
    refuse(USAGE, "`A!' is not a server's name; write at most 63", "--servers", "A!,B", *addresses)
    refuse(USAGE, "is not a server's name", "--servers", "A" * 64 + ",B", *addresses)
    refuse(USAGE, "more than 64 servers; make several clusters", "--servers",
           ",".join(f"s{i}" for i in range(65)), *addresses)
    refuse(USAGE, "29 addresses for 30 servers leave some without; write 30 at least",
           "--servers", ",".join(f"s{i}" for i in range(30)), "--addresses", "10.77.0.1-29")
    for what, says in (("tiers=1", "`1' is out of bounds; write 2 to 6, or all"),
                       ("tiers=x", "`x' is out of bounds"),
                       ("tiers=7", "7 tiers need as many servers, and there are 6"),
                       ("weight=A", "`A' is incomplete; write NAME=VALUE"),
                       ("weight=X=1", "there is no server X; write one of the servers"),
                       ("weight=A=1001", "`1001' is out of bounds; write A=N, from 0 to 1000"),
                       ("weight=A=-1", "`-1' is out of bounds"),
                       ("rack=A=r 1", "`r 1' is not a name"),
                       ("mac=A=02", "`02' is no hardware address of a host; write six pairs"),
                       ("mac=A=ff:ff:ff:ff:ff:ff", "is no hardware address of a host"),
                       ("mac=A=02:00:00:00:00:01,B=02:00:00:00:00:01", "that of server A already"),
                       ("weight=A=0,B=0,C=0,D=0,E=0,F=0", "weight")):
        refuse(USAGE, re.escape(says), *SIX, "--" + what)


@test("everything that is wrong with the addresses is told in one line")
def wrong_addresses():
    servers = ("--servers", "A,B")
    for what, says in (("10.77.0.1-5,10.77.0.4-9",
                        "10.77.0.1-5 and 10.77.0.4-9 overlap (10.77.0.4 is in both)"),
                       ("10.77.0.4-9,10.77.0.1-5", "overlap (10.77.0.4 is in both)"),
                       ("10.77.0.7,10.77.0.7", "overlap (10.77.0.7 is in both)"),
                       ("10.77.0.9-5", "`10.77.0.9-5' ends before it begins"),
                       ("10.77.0.1-256", "has no good end; write its last byte (10.77.0.1-30)"),
                       ("10.77.0.1-", "has no good end"),
                       ("10.77.0", "`10.77.0' is no address; write one such as 10.77.0.7"),
                       ("10.77.0.1,", "`' is no address"),
                       ("10.77.0.0/24", "is no address; write one such as"),
                       ("127.0.0.1-5", "has addresses that no host can have"),
                       ("224.0.0.1-5", "has addresses that no host can have"),
                       ("10.0.0.1-10.0.16.1", "more than 4096 addresses; write fewer")):
        refuse(USAGE, re.escape(says), *servers, "--addresses", what)
    check_equal(len(lists(*servers, "--addresses", "10.0.0.1-10.0.16.0")), 4096, "the most")


@test("addresses outside the interface's network, as far as that is known")
def network():
    refuse(USAGE, r"10\.77\.0\.30 is outside the network 10\.77\.0\.16/28|"
           r"10\.77\.0\.1 is outside the network 10\.77\.0\.16/28", *SIX, "--network",
           "10.77.0.16/28")
    refuse(USAGE, r"10\.77\.0\.15 is the broadcast address of the network 10\.77\.0\.0/28",
           "--servers", "A,B", "--addresses", "10.77.0.14-15", "--network", "10.77.0.0/28")
    refuse(USAGE, r"10\.77\.0\.0 is the name of the network 10\.77\.0\.0/28", "--servers", "A,B",
           "--addresses", "10.77.0.0-2", "--network", "10.77.0.0/28")
    refuse(USAGE, "`10.77.0.0' is no range", *SIX, "--network", "10.77.0.0")
    plan(*SIX, "--network", "10.77.0.0/16")
    refuse(FILE_WRONG, "is outside the network", "-c", EXAMPLE, "--network", "10.78.0.0/16")


@test("options that have no effect are refused, and so are contradictions")
def combinations():
    for words, says in ((("--add", "G"), "--add goes with --update"),
                        (("--remove", "A"), "--remove goes with --update"),
                        (("-n",), "--dry-run goes with --update"),
                        (("--max-excess", "1=0"), "--max-excess goes with check"),
                        (("--external", "203.0.113.0/24"), "--external goes with --routes"),
                        (("--paths", "16"), "--paths goes with --advise or --routes"),
                        (("--format", "pdf"), "there is no `pdf'; write ini, csv, json, table"),
                        (("--advise", "--format", "csv"), "--format goes with"),
                        (("--advise", "--update"), "choose one of check"),
                        (("check", "--advise"), "choose one of check"),
                        (("--update",), "--update needs the file to change; add -c FILE"),
                        (("-c", EXAMPLE), "those of -c .* or those of --servers"),
                        (("--tiers", "2", "--tiers", "3"), "--tiers: given twice")):
        refuse(USAGE, says, *SIX, *words)
    for words, says in ((("--addresses", "10.77.0.1-30"), "--addresses goes with"),
                        (("--tiers", "2"), "--tiers goes with"),
                        (("--weight", "A=2"), "--weight goes with"),
                        (("--rack", "A=r"), "--rack goes with"),
                        (("--mac", "A=02:00:00:00:00:01"), "--mac goes with"),
                        (("--macs", "x"), "--macs goes with")):
        refuse(USAGE, says, "-c", EXAMPLE, *words)
    for words, says in ((("--addresses", "10.77.0.1-30"), "--addresses goes with"),
                        (("--weight", "A=2"), "--weight goes with"),
                        (("--network", "10.0.0.0/8"), "--network goes with lists")):
        refuse(USAGE, says, "--advise", "--servers", "A,B,C", *words)
    for paths in ("1", "x", "4097"):
        refuse(USAGE, "--paths: .* is out of bounds", "--advise", "--servers", "6", "--paths",
               paths)


@test("routes: every complaint names what to write")
def routes_refused():
    status, out, err = run("--routes", "help")
    check_equal((status, err), (0, ""), "--routes help")
    check(all(name in out for name in ("linux", "junos", "dai", "edgeos")), out)
    for words, says in ((("junoss",), "there is no router `junoss'; known are linux, frr"),
                        (("edgeos",), "no routes for edgeos: .* packets of one flow"),
                        (("linux", "--external", "203.0.113.0"), "`203.0.113.0' is no range"),
                        (("linux", "--external", "10.77.0.0/16"),
                         "10.77.0.0/16 contains the failover address 10.77.0.1"),
                        (("linux", "--external", "203.0.113.0/24,203.0.113.128/25"),
                         "203.0.113.0/24 and 203.0.113.128/25 overlap; remove one"),
                        (("linux", "--split", "0"), "--split: `0' is out of bounds"),
                        (("linux", "--split", "3"), "--split is 1, 2, 4, 8"),
                        (("linux", "--router-interface", "a b"), "`a b' is no interface"),
                        (("linux", "--paths", "231"), "takes no more than 230"),
                        (("checkpoint", "--paths", "4"), "too few next hops: in 8 parts"),
                        (("dai", "--base", "A"), "`A' is incomplete; write NAME=ADDRESS"),
                        (("dai", "--base", "Z=10.77.128.1"), "there is no server Z"),
                        (("dai", "--base", "A=10.77.0.1"), "10.77.0.1 is a failover address"),
                        (("linux", "--tiers", "2"), "--tiers goes with")):
        refuse(USAGE, says, "-c", EXAMPLE, "--routes", *words)
    refuse(USAGE, "what should the router send to the servers.* --external", *SIX, "--routes",
           "linux")
    for option in (("--split", "2"), ("--router-interface", "eth1"), ("--base", "A=10.0.0.1")):
        refuse(USAGE, f"{option[0]} goes with --routes", *SIX, *option)


@test("a file that is missing or wrong is told as vlbd tells it")
def wrong_file():
    refuse(FILE_WRONG, "none.ini: cannot be opened", "-c", "none.ini")
    write("bad.ini", read(EXAMPLE).replace("primary ", "primry "))
    status, out, err = run("-c", "bad.ini")
    check_equal((status, out), (FILE_WRONG, ""), err)
    check("bad.ini:20: unknown key primry; did you mean primary?" in err, err)
    for words in (("check",), ("--advise",), ("--update", "--add", "G")):
        check_equal(run(*words, "-c", "bad.ini")[0], FILE_WRONG, f"{words}")


# --- formats -----------------------------------------------------------------------------

@test("the same plan twice is the same to the last byte, in every format")
def deterministic():
    for form in ("ini", "csv", "json", "table", "dot", "svg"):
        check(plan(*SIX, "--format", form) == plan(*SIX, "--format", form), form)


@test("csv is one line per address, json has it all, and both agree")
def data():
    rows = list(csv.reader(io.StringIO(plan(*SIX, "--format", "csv"))))
    check_equal([row[0] for row in rows], [f"10.77.0.{i}" for i in range(1, 31)], "addresses")
    check(all(sorted(row[1:]) == list("ABCDEF") for row in rows), "servers")
    value = json.loads(plan(*SIX, "--rack", "A=r1,B=r1", "--mac", "A=02:00:00:00:00:01",
                            "--format", "json"))
    check_equal(value["servers"][0], {"name": "A", "weight": 1, "rack": "r1",
                                      "mac": ["02:00:00:00:00:01"]}, "A")
    check_equal(value["servers"][2]["rack"], None, "C's rack")
    table = {one["address"]: one["servers"] for one in value["addresses"]}
    for row in value["balance"]:
        if row["kind"] == "servers" and not row["sampled"]:
            got = worst(table, "ABCDEF", row["failures"])
            check_equal((row["worst"], row["unserved"]), got, f"{row['failures']} failures")
            count, _ = load(table, row["failed"])
            check_equal(count[row["server"]], row["load"], "the worst case")
    check_equal([row["rack"] for row in value["balance"] if row["kind"] == "rack"], ["r1"], "racks")
    check_equal(json.loads(plan("-c", EXAMPLE, "--format", "json"))["tiers"], 2, "tiers")
    check(re.fullmatch("[0-9a-f]{14}", value["digest"]), value["digest"])


@test("the picture is XML, has every server and address, and stays on the page")
def picture():
    for servers, last in ((6, "10.77.0.30"), (16, "10.77.0.240"), (26, "10.77.1.200"), (2, "10.77.0.2")):
        names = [f"web-{i:02}" for i in range(servers)]
        text = plan("--servers", ",".join(names), "--addresses", f"10.77.0.1-{last}", "--format",
                    "svg")
        root = xml.etree.ElementTree.fromstring(text)
        width, height = float(root.get("width")), float(root.get("height"))
        texts = ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]
        for name in names:
            check(texts.count(name) >= 2, f"{name} is missing")
        check("10.77.0.1" in texts and last in texts, "the first and last address")
        for one in root.iter("{http://www.w3.org/2000/svg}rect"):
            if one.get("width") != "100%":
                x, y = float(one.get("x")), float(one.get("y"))
                check(x >= 0 and x + float(one.get("width")) <= width and
                      y + float(one.get("height")) <= height, f"off the page: {one.attrib}")
        for one in root.iter("{http://www.w3.org/2000/svg}text"):
            check(0 <= float(one.get("x")) <= width and 0 < float(one.get("y")) < height,
                  f"off the page: {one.attrib}")


@test("the picture that ships is what the README says, and so is its proof")
def shipped():
    words = ("--servers", "A,B,C,D,E,F", "--addresses", "10.77.0.1-24")
    shown = read(os.path.join(TOP, "contrib", "examples", "plan.svg"))
    check(plan(*words, "--format", "svg") == shown, "contrib/examples/plan.svg is another one; "
          f"vlbplan {' '.join(words)} --format svg >contrib/examples/plan.svg")
    text = read(os.path.join(TOP, "README.md"))
    for part in (plan("check", *words), plan("--advise", "--servers", "6", "--paths", "64")):
        lines = part.split("\n")[:8]
        check("\n".join(lines) in text, "not in README.md:\n" + part)


@test("[plan] in the file and the same on the command line are the same lists")
def same_as_plan():
    write("vlb.ini", "[plan]\naddresses = 10.77.0.1-40\n" + "".join(
        f"[server {name}]\nmac = 02:00:00:00:00:0{i}\nweight = {i}\nrack = {rack}\n"
        for i, (name, rack) in enumerate(zip("ABCDEF", "zzyyxx"), 1)))
    given = lists("--servers", "A,B,C,D,E,F", "--addresses", "10.77.0.1-40", "--weight",
                  "B=2,C=3,D=4,E=5,F=6", "--rack", "A=z,B=z,C=y,D=y,E=x,F=x")
    check_equal(lists("-c", "vlb.ini"), given, "lists")


@test("over the columns of the picture names are short, and tell the servers apart")
def column_names():
    for names, short in ((("web-01", "web-02", "web-13"), ("01", "02", "13")),
                         (("a", "ab", "abc"), ("a", "ab", "abc")),
                         (("x1y", "x1", "x12"), ("1y", "1", "12")),
                         (("left.example", "right.example"), ("left.examp", "right.exam"))):
        text = plan("--servers", ",".join(names), "--addresses", "10.77.0.1-9", "--format", "svg")
        found = re.findall(r"rotate.*>([^<]+)</text>", text)
        check_equal(found[:1 + len(names)], ["none", *short], f"columns of {names}")


@test("a cell that has more than it should is framed in the picture")
def framed():
    even = plan(*SIX[:3], "10.77.0.1-24", "--format", "svg")
    tables = [["primary = 10.77.0.1-2\nsecondary = 10.77.0.3"], ["primary = 10.77.0.3\n"
              "secondary = 10.77.0.1-2"], ["tertiary = 10.77.0.1-3"]]
    write("odd.ini", "".join(f"[server {name}]\nmac = 02:00:00:00:00:0{i}\n{keys[0]}\n" for
                             i, (name, keys) in enumerate(zip("ABC", tables), 1)))
    odd = plan("-c", "odd.ini", "--format", "svg")
    frames = 'fill="none" stroke="#000000"'
    check_equal(even.count(frames), 0, "frames in an even plan")
    check(odd.count(frames) > 0, "no frame in an odd one")


@test("graphviz draws the graph")
def graph():
    text = plan(*SIX, "--rack", "A=r1,B=r1", "--format", "dot")
    check_equal(text.count(" -> "), 30, "arrows")
    if not shutil.which("dot"):
        raise Skip("dot (graphviz) not found")
    done = subprocess.run(["dot", "-Tplain"], input=text, stdout=subprocess.PIPE, check=True,
                          stderr=subprocess.PIPE, universal_newlines=True)
    check_equal(done.stderr, "", "what dot says")
    drawn = subprocess.run(["dot", "-Tsvg"], input=text, stdout=subprocess.PIPE, check=True,
                           encoding="utf-8").stdout
    check_equal(drawn.count('class="cluster"'), 1, "boxes around racks")
    check_equal(sum(line.startswith("node ") for line in done.stdout.split("\n")), 6, "nodes")
    check_equal(sum(line.startswith("edge ") for line in done.stdout.split("\n")), 30, "edges")


@test("the table is for people: lists, and what failures do")
def table_format():
    out = plan("-c", EXAMPLE, "--format", "table")
    check("ADDRESS         PRIMARY   SECONDARY\n10.77.0.1       A         B\n" in out, out)
    check(re.search(r"^1 +6 +6 +6\.000 +6 +0 +0$", out, re.M), out)


@test("output that cannot be written is a failure")
def full_output():
    if not os.path.exists("/dev/full"):
        raise Skip("no /dev/full")
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([os.path.join(BUILD, "vlbplan"), *SIX], stdout=full, check=False,
                              stderr=subprocess.PIPE, universal_newlines=True)
    check_equal(done.returncode, FAILED, "exit status")
    check("the output cannot be written: No space left" in done.stderr, done.stderr)


# --- check and advise --------------------------------------------------------------------

def proof(*words, status=0):
    """The rows of check: {failed: (sets, worst, mean, bound, excess, unserved)}."""
    got, out, err = run("check", *words)
    check_equal(got, status, f"check {' '.join(words)} ({err})")
    rows = {}
    for line in out.split("\n")[2:]:
        found = re.match(r"(\d+|rack \+ 1|rack \S+) +(\d+(?: of \S+)?) +(\d+) +([\d.]+) +(\d+) "
                         r"+(\d+) +(\d+)", line)
        if found:
            rows[found[1]] = (found[2], int(found[3]), float(found[4]), *map(int, found.groups()[4:]))
    return rows, out, err


@test("check: the article's tables, by hand, against what is counted here")
def article():
    for name in ("six-servers.ini", "three-servers.ini"):
        path = os.path.join(TOP, "contrib", "examples", name)
        rows, out, _ = proof("-c", path)
        table = lists("-c", path)
        names = sorted({server for one in table.values() for server in one})
        check_equal(len(rows), len(names), f"rows of {out}")
        for failures in range(len(names)):
            most, lost = worst(table, names, failures)
            left = len(names) - failures
            bound = -(-len(table) // left)
            row = rows[str(failures)]
            check_equal(row[1:], (most, row[2], bound, max(0, most - bound), lost),
                        f"{name}, {failures} failures")
    # One death costs each survivor one address; two deaths cost addresses their last server.
    check_equal(proof("-c", EXAMPLE)[0]["1"], ("6", 6, 6.0, 6, 0, 0), "one of six fails")
    check_equal(proof("-c", EXAMPLE)[0]["2"], ("15", 7, 7.0, 8, 0, 2), "two of six fail")


@test("check: limits on the excess, for servers and racks")
def limits():
    lopsided = write("lop.ini", "[server A]\nmac = 02:00:00:00:00:01\nprimary = 10.77.0.1-4\n"
                     "rack = left\n[server B]\nmac = 02:00:00:00:00:02\nprimary = 10.77.0.5-8\n"
                     "secondary = 10.77.0.1-4\nrack = left\n[server C]\nmac = 02:00:00:00:00:03\n"
                     "primary = 10.77.0.9-12\nsecondary = 10.77.0.5-8\n")
    rows, _, _ = proof("-c", lopsided)
    check_equal((rows["1"][4], rows["2"][5]), (2, 8), "excess and unserved")
    check("rack left" in rows, f"racks: {rows}")
    proof("-c", lopsided, "--max-excess", "0=0", "--max-excess", "1=2")
    _, out, err = proof("-c", lopsided, "--max-excess", "0=0,1=1", status=FAILED)
    check_equal(err, "vlbplan: limit exceeded: after 1 failure B has 8 addresses, 2 more than the "
                "best there can be; the limit is 1\n", "what is told")
    check("FAILED" in out, "the table comes all the same")
    check("rack" in proof("--servers", "A,B,C,D", "--addresses", "10.77.0.1-8", "--rack",
                          "A=x,B=x", "--max-excess", "rack=0")[1], "racks")
    for limit, says in (("1", "`1' is no limit; write FAILURES=EXCESS"), ("x=1", "`x' of 3 servers"),
                        ("3=0", "`3' of 3 servers cannot fail and leave one; write 0 to 2"),
                        ("1=x", "is no limit")):
        refuse(USAGE, re.escape(says), "check", "-c", lopsided, "--max-excess", limit)


@test("check: a large cluster is sampled, and says of how many")
def sampled():
    rows, _, _ = proof("--servers", ",".join(f"s{i:02}" for i in range(30)), "--addresses",
                       "10.77.0.1-10.77.3.72", "--tiers", "6")
    check_equal(rows["2"][0], "435", "pairs")
    check(re.fullmatch(r"\d+ of 2035800", rows["7"][0]), f"seven: {rows['7']}")


@test("advice: how many addresses, and why")
def advice():
    out = plan("--advise", "--servers", "10")
    check(re.search(r"^> +80 ", out, re.M), f"not 80: {out}")
    check("Use 80 addresses: 10 x 8, the fewest" in out, out)
    out = plan("--advise", "--servers", "10", "--paths", "64")
    check(re.search(r"^> +60 ", out, re.M) and "80 would be the sweet spot" in out, out)
    check(not re.search(r"^. +80 ", out, re.M), "more than the router takes")
    check_equal(plan("--advise", "--servers", "A,B,C,D,E,F"), plan("--advise", "-c", EXAMPLE),
                "names, a file")
    refuse(USAGE, "8 next hops are too few for 16 servers", "--advise", "--servers", "16",
           "--paths", "8")
    refuse(USAGE, "advice is for 2 to 64 servers", "--advise", "--servers", "65")
    refuse(USAGE, "advice is for 2 to 64 servers", "--advise", "--servers", "A")
    for line in out.split("\n"):
        found = re.match(r". +(\d+) +(\d+) \+([\d.]+)% +(\d+) \+", line)
        if found:
            check(int(found[2]) == -(-int(found[1]) // 10), f"the bound: {line}")


@test("advice knows racks, and says when weights differ")
def advice_racks():
    nine = ("--advise", "--servers", "A,B,C,D,E,F,G,H,I", "--rack",
            "A=x,B=x,C=x,D=y,E=y,F=y,G=z,H=z,I=z")
    check("With racks of 3, 54 addresses (9 x 6)" in plan(*nine), plan(*nine))
    check("With racks" not in plan(*nine, "--paths", "53"), "more than the router takes")
    check("With racks" not in plan(*nine[:-1], "A=x,B=x"), "not all are in racks")
    path = write("vlb.ini", plan(*SIX, "--weight", "A=2"))
    check("for servers of equal weight" in plan("--advise", "-c", path), "weights")
    check("weight" not in plan("--advise", "-c", EXAMPLE), "equal weights")
    # What it says of racks is so.
    table = lists(*nine[1:3], "--addresses", "10.77.0.1-54", *nine[3:])
    racks = dict(zip("ABCDEFGHI", "xxxyyyzzz"))
    check(all(racks[one[0]] != racks[one[1]] for one in table.values()), "secondaries")
    check_equal(set(load(table, "ABC")[0].values()), {9}, "the load when a rack is lost")


# --- updates -----------------------------------------------------------------------------

OWN = """\
# Ours, since 2019.  Do not touch.
[cluster]
name = web   ; the name
interface=eth1

# --- the servers ---

[server A]
; the oldest one
mac = 02:00:00:00:00:01
  primary   = 10.77.0.1 ; comes first
# and also
primary = 10.77.0.2
secondary : 10.77.0.3-4   # deputy

[ server B ]
mac=02:00:00:00:00:02
primary=10.77.0.3-4
secondary=10.77.0.1,10.77.0.5-6

# the new one
[server C]
mac = 02:00:00:00:00:03
# inside C
primary = 10.77.0.5-6
secondary = 10.77.0.2
# after C

[timing]
hello = 200ms
"""

def comments(text):
    """Every comment."""
    return re.findall(r"[;#].*", text)


def update(*words, path="vlb.ini"):
    """--update must succeed; what it says."""
    return plan("--update", "-c", path, *words)


@test("--update keeps comments, other sections, and the manner of each line")
def kept():
    path = write("vlb.ini", OWN)
    update("--add", "D=02:00:00:00:00:04", "--tiers", "all")
    text = read(path)
    daemon_takes(path)
    check_equal(comments(text)[:len(comments(OWN))], comments(OWN), f"comments of {text}")
    for line in ("# Ours, since 2019.  Do not touch.", "name = web   ; the name", "interface=eth1",
                 "[timing]\nhello = 200ms", "[ server B ]\nmac=02:00:00:00:00:02",
                 "; the oldest one\nmac = 02:00:00:00:00:01\n"):
        check(line in text, f"`{line}' is not in: {text}")
    check(re.search(r"^  primary   = 10\.77\.0\.\S.* ; comes first$", text, re.M), text)
    check(re.search(r"^primary=10\.77", text, re.M), f"B's manner: {text}")
    check(re.search(r"^tier4=10\.77", text, re.M), f"B's manner, new keys: {text}")
    check(text.index("# after C") < text.index("[server D]") < text.index("[timing]"), text)
    check_equal({len(one) for one in lists("-c", path).values()}, {4}, "tiers")
    check("nothing is changed" in update(), "a second time is no change")
    check_equal(read(path), text, "the file")


def messy(dice, table):
    """TABLE as a file that many hands have been at."""
    def comment():
        return dice.choice(("", "", f" ; c{dice.randrange(99)}", f"\t# d{dice.randrange(99)}"))

    def between():
        return dice.choice(("", "", "", "\n", f"# e{dice.randrange(99)}\n", "  ; f\n", "   \n"))

    sections = [f"[cluster]{comment()}\nname=x\n", "[timing]\nhello = 200ms # slow\n"]
    for number, server in enumerate(sorted({one for row in table.values() for one in row}), 1):
        keys = [("mac", f"02:00:00:00:00:{number:02x}")]
        for tier in range(max(map(len, table.values()))):
            name = ("primary", "secondary", "tertiary")[tier:tier + 1] or (f"tier{tier + 1}",)
            for one, row in table.items():
                if row[tier:tier + 1] == [server]:
                    if keys[-1][0] in (name[0], f"tier{tier + 1}") and dice.random() < 0.7:
                        keys[-1] = keys[-1][0], keys[-1][1] + "," + one
                    else:
                        keys.append((dice.choice((name[0], f"tier{tier + 1}")), one))
        if dice.random() < 0.3:
            dice.shuffle(keys)
        mark = dice.choice((" = ", "=", "   =  ", ": "))
        sections.append(between() + dice.choice(("[server {}]", "[server   {} ]")).format(server) +
                        comment() + "\n" + "".join(
                            f"{between()}{key}{mark}{value}{comment()}\n" for key, value in keys))
    dice.shuffle(sections)
    text = dice.choice(("", "\n")).join(sections) + between()
    return dice.choice((text, text.rstrip("\n"), text.replace("\n", "\r\n")))


@test("messy files, made by chance, stay what they are but for servers and lists")
def chance():
    for seed in range(40):
        dice = random.Random(seed)
        names = list("ABCDEFG"[:dice.randint(2, 6)])
        table = lists("--servers", ",".join(names), "--addresses",
                      f"10.77.0.1-{dice.randint(len(names) + 1, 14)}")
        text = messy(dice, table)
        path = write("vlb.ini", text)
        check_equal(lists("-c", path), table, f"seed {seed}: the test's own file")
        words = dice.choice((("--add", "Z=02:00:00:00:00:99"), ("--tiers", "2"),
                             ("--addresses", "+10.77.3.1-9"), ("--weight", "A=3", "--rack", "A=r"),
                             ("--mac", "A=02:00:00:00:01:01")))
        update(*words)
        new = read(path)
        check_equal(sorted(comments(new.replace("\r", ""))),
                    sorted(comments(text.replace("\r", ""))), f"seed {seed}, {words}: comments")
        check("hello = 200ms # slow" in new and "name=x" in new, f"seed {seed}: other sections")
        check(new.count("\n") == new.count("\r\n") or "\r" not in new, f"seed {seed}: line ends")
        daemon_takes_lists(path, seed)
        check("nothing is changed" in update(), f"seed {seed}, {words}: a second time")


def daemon_takes_lists(path, seed):
    """The loader of the daemon has no complaint."""
    status, _, err = run("-t", "-c", path, "-n", "A", "-i", "lo", program="vlbd")
    check(status in (0, NOT_READY) and path not in err, f"seed {seed}: {status} {err}")


@test("--update of what already holds changes not one byte")
def unchanged():
    path = write("vlb.ini", plan(*SIX).replace("\n", "\r\n"))
    before = read(path), os.stat(path)
    check("nothing is changed" in update(), "it says")
    check_equal((read(path), os.stat(path).st_ino), (before[0], before[1].st_ino), "the file")
    update("--weight", "A=3")
    text = read(path)
    check(text.count("\n") == text.count("\r\n"), "line ends are mixed")
    check("weight    = 3\r\n" in text, text)


def moved(before, after):
    """Addresses in both whose primary is another."""
    return [one for one in before if one in after and before[one][0] != after[one][0]]


@test("--add moves its fair share and nothing else")
def add():
    path = write("vlb.ini", read(EXAMPLE))
    before = lists("-c", path)
    out = update("--add", "G=02:00:00:00:00:07")
    after = lists("-c", path)
    check_equal(len(moved(before, after)), 30 // 7, "moved")
    check(all(after[one][0] == "G" for one in moved(before, after)), "to whom")
    check("4 of 30 addresses get another primary, and no fewer can:" in out, out)
    check("share of primaries (4 or 5)" in out, out)
    check(re.search(r"1\. Wait until every server is up.*2\. On G: .*3\. Copy .*4\. On G: .*"
                    r"vlbctl resume", out, re.S), out)
    daemon_takes(path, "G")
    for failures, most in ((0, 5), (1, 5)):
        check_equal(worst(after, "ABCDEFG", failures)[0], most, f"{failures} failures")


@test("--remove leaves each orphan with the deputy that takes it over anyway")
def remove():
    path = write("vlb.ini", plan(*SIX))
    before = lists("-c", path)
    orphans = [one for one in before if before[one][0] == "C"]
    out = update("--remove", "C")
    after = lists("-c", path)
    check_equal(moved(before, after), orphans, "moved")
    for one in orphans:
        check_equal(after[one][0], before[one][1], f"{one}'s new primary is its old secondary")
    check("5 of 30 addresses get another primary, and no fewer can:" in out and
          "5 lose theirs" in out and "On C: systemctl disable --now vlbd" in out, out)
    check("[server C]" not in read(path), "its section")
    check_equal(worst(after, "ABDEF", 1)[0], 8, "after another failure")
    check_equal({len(one) for one in after.values()}, {5}, "all had all, and have all")


@test("whichever server goes, its addresses move once: to the deputies that have them then")
def remove_any():
    names = "ABCDEFGH"
    for gone in names:
        path = write("vlb.ini", plan("--servers", ",".join(names), "--addresses", "10.77.0.1-48"))
        before = lists("-c", path)
        update("--remove", gone)
        after = lists("-c", path)
        for one in before:
            wanted = before[one][0] if before[one][0] != gone else before[one][1]
            check_equal(after[one][0], wanted, f"{one} without {gone}")


@test("addresses: more, and others; servers: one for another; weights and racks")
def other_changes():
    path = write("vlb.ini", plan(*SIX))
    before = lists("-c", path)
    out = update("--addresses", "+10.77.0.101-112")
    after = lists("-c", path)
    check_equal((moved(before, after), len(after)), ([], 42), "moved, in all")
    check("12 addresses are new" in out and "no traffic moves" in out, out)
    check_equal(set(load(after)[0].values()), {7}, "primaries")
    out = update("--addresses", "10.77.0.1-30")
    check("12 addresses go away" in out and "On the routers: take out" in out, out)
    check_equal(len(lists("-c", path)), 30, "addresses")
    out = update("--remove", "A", "--add", "G")
    check("G have no hardware address yet: replace FILL-IN" in out, out)
    update("--mac", "G=02:00:00:00:00:07", "--rack", "G=r1,B=r1", "--weight", "G=2")
    check(re.search(r"\[server G\]\nmac       = 02:00:00:00:00:07.*\n(?:.*\n)*?weight    = 2\n"
                    r"rack      = r1\n", read(path)), read(path))
    count, _ = load(lists("-c", path))
    check(count["G"] in (8, 9), f"G's share: {count}")
    update("--tiers", "3")
    check_equal({len(one) for one in lists("-c", path).values()}, {3}, "tiers")
    check("tier4" not in read(path), read(path))


@test("a file with [plan] gets lists, of which as few as can be move")
def from_plan():
    path = write("vlb.ini", "[cluster]\ninterface = eth1\n[plan]   ; all of it\naddresses = 10.77.0.1-30\n# five will do\n"
                 "tiers = 5\n\n# who\n" + "".join(
                     f"[server {name}]\nmac = 02:00:00:00:00:0{i}\n\n"
                     for i, name in enumerate("ABCDEF", 1)))
    before = lists("-c", path)
    out = update("--add", "G=02:00:00:00:00:07")
    after = lists("-c", path)
    check_equal(len(moved(before, after)), 4, "moved")
    check("[plan] is gone" in out, out)
    check("[plan]" not in read(path) and "eth1\n\n# who\n" in read(path), read(path))
    daemon_takes(path)


@test("-n prints the new file, and leaves the old one")
def dry_run():
    path = write("vlb.ini", read(EXAMPLE))
    status, out, err = run("--update", "-c", path, "--remove", "B", "-n")
    check_equal((status, read(path)), (0, read(EXAMPLE)), err)
    check("5 of 30 addresses" in err and "[server B]" not in out and "[server A]" in out, err)
    update("--remove", "B")
    check_equal(read(path), out, "what it would have written")


@test("what --update refuses leaves the file as it was")
def refused():
    path = write("vlb.ini", read(EXAMPLE))
    for words, says in ((("--remove", "X"), "there is no server X in the file"),
                        (("--add", "A"), "there is a server A already"),
                        (("--remove", "A", "--add", "A"), "A is removed by the same command"),
                        (("--add", "G=02:00:00:00:00:01"), "that of server A already"),
                        (("--remove", "A,B,C,D,E"), "1 server is no cluster"),
                        (("--addresses", "10.77.0.1-5"), "5 addresses for 6 servers"),
                        (("--addresses", "+10.77.0.30-31"), "the file has 10.77.0.30 already"),
                        (("--addresses", "+10.77.0.31", "--addresses", "10.77.0.40"),
                         "write + in front of each list"),
                        (("--tiers", "7"), "7 tiers need as many servers"),
                        (("--weight", "X=1"), "there is no server X"),
                        (("--addresses", "10.78.0.1-30", "--network", "10.77.0.0/16"),
                         "is outside the network")):
        refuse(USAGE, re.escape(says), "--update", "-c", path, *words)
    status, out, err = run("--update", "-c", path, "--addresses", "10.77.255.220-254")
    check_equal((status, out), (FAILED, ""), "a router's address")
    check("is a router" in err and "would be wrong" in err, err)
    check_equal(read(path), read(EXAMPLE), "the file")
    check_equal(os.listdir(_work), ["vlb.ini"], "what is left")


@test("mode, owner and links of the file stay")
def attributes():
    path = write("real.ini", read(EXAMPLE))
    os.mkdir(os.path.join(_work, "etc"))
    link = os.path.join(_work, "etc", "vlb.ini")
    os.symlink("../real.ini", link)
    os.chmod(path, 0o640)
    try:
        os.setxattr(path, "user.label", b"ours")
        labels = ["user.label"]
    except OSError:
        labels = []  # not on this file system
    if os.geteuid() == 0:
        os.chown(path, 4711, 4712)
    before = os.stat(path)
    update("--remove", "B", path=link)
    after = os.stat(path)
    check(os.path.islink(link) and "[server B]" not in read(link), "the link, and what it shows")
    check_equal((after.st_mode, after.st_uid, after.st_gid),
                (before.st_mode, before.st_uid, before.st_gid), "mode and owner")
    check(set(labels) <= set(os.listxattr(path)), "labels")
    check_equal((sorted(os.listdir(_work)), os.listdir(os.path.join(_work, "etc"))),
                (["etc", "real.ini"], ["vlb.ini"]), "what is left")


def as_nobody():
    """For subprocess: without root's rights."""
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)


@test("a file that cannot be written, and one that is none")
def unwritable():
    path = write("vlb.ini", read(EXAMPLE))
    os.chmod(_work, 0o777)
    os.chmod(path, 0o444)
    refuse(FAILED, "vlb.ini cannot be written: Permission denied; the file is as it was",
           "--update", "-c", path, "--remove", "B", preexec_fn=as_nobody)
    os.chmod(path, 0o666)
    os.chmod(_work, 0o755)
    if os.geteuid() == 0:
        refuse(FAILED, "vlb.ini cannot be replaced, as no new file can be made beside it: "
               "Permission denied", "--update", "-c", path, "--remove", "B", preexec_fn=as_nobody)
    check_equal(read(path), read(EXAMPLE), "the file")
    refuse(FAILED, "is no regular file", "--update", "-c", "/dev/null")
    refuse(FAILED, "cannot be opened: No such file", "--update", "-c", "none.ini")
    refuse(FAILED, "is no regular file|directory", "--update", "-c", _work)


@test("a full disk leaves the old file whole")
def disk_full():
    if os.geteuid() != 0:
        raise Skip("needs root, to mount a small file system")
    disk = os.path.join(_work, "disk")
    os.mkdir(disk)
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "vlbplan", disk]
    if subprocess.run(mount, check=False, stderr=subprocess.DEVNULL).returncode != 0:
        raise Skip("mount is not allowed here")
    try:
        path = os.path.join(disk, "vlb.ini")
        shutil.copy(EXAMPLE, path)
        with open(os.path.join(disk, "ballast"), "wb", buffering=0) as ballast:
            try:
                while ballast.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        refuse(FAILED, "vlb.ini cannot be replaced, as its new contents cannot be written: No "
               "space left on device; the file is as it was", "--update", "-c", path, "--add", "G")
        check_equal(read(path), read(EXAMPLE), "the file")
        check_equal(sorted(os.listdir(disk)), ["ballast", "vlb.ini"], "what is left")
    finally:
        subprocess.run(["umount", disk], check=False)


@test("killed while it writes: the old file is whole")
def killed_writing():
    path = write("vlb.ini", read(EXAMPLE))
    # SIGXFSZ comes in the middle of write(2), wherever the limit says.
    for most in (0, 1, 100, 1000):
        done = subprocess.run(["prlimit", f"--fsize={most}", os.path.join(BUILD, "vlbplan"),
                               "--update", "-c", path, "--add", "G"], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) \
            if shutil.which("prlimit") else None
        if done is None:
            raise Skip("prlimit not found")
        check(done.returncode != 0, f"a limit of {most} bytes did not stop it")
        check_equal(read(path), read(EXAMPLE), f"after {most} bytes")


@test("killed at any moment: the old file or the new one, and nothing between")
def killed():
    path = write("vlb.ini", read(EXAMPLE))
    old = read(EXAMPLE)
    new = run("--update", "-c", path, "--add", "G", "-n")[1]
    dice = random.Random(1)
    seen = collections.Counter()
    begin = time.monotonic()
    run("--update", "-c", path, "--add", "G")
    late = 1.3 * (time.monotonic() - begin)
    # The time within which it is killed follows what it finds, so that half of the kills are
    # early on any machine, however its load changes meanwhile.
    while seen["old"] + seen["new"] < 60 or not (seen["old"] and seen["new"]):
        write("vlb.ini", old)
        process = subprocess.Popen([os.path.join(BUILD, "vlbplan"), "--update", "-c", path,
                                    "--add", "G"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0, late))
        process.send_signal(signal.SIGKILL)
        process.wait()
        text = read(path)
        check(text in (old, new), f"neither the old nor the new file: {text}")
        seen["new" if text == new else "old"] += 1
        late *= 0.9 if text == new else 1.1
    print(f"# killed: {dict(seen)}")


@test("a file that somebody else saves meanwhile is not overwritten")
def raced():
    if not shutil.which("prlimit"):
        raise Skip("prlimit not found")
    # A named pipe for standard output would not stop it in between, so the program is
    # stopped by a debugger's means: a library that changes the file before rename(2).
    compiler = os.environ.get("CC", "cc").split()
    source = write("race.c", "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <stdio.h>\n"
                   "#include <stdlib.h>\n#include <unistd.h>\n"
                   "int fsync(int fd) { FILE *f = fopen(getenv(\"RACE\"), \"a\");\n"
                   "fputs(\"# mine\\n\", f); fclose(f); (void)fd; return 0; }\n")
    library = os.path.join(_work, "race.so")
    try:
        made = subprocess.run([*compiler, "-shared", "-fPIC", "-o", library, source], check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError:
        raise Skip("no compiler") from None
    if made.returncode != 0:
        raise Skip("no compiler")
    path = write("vlb.ini", read(EXAMPLE))
    environment = {**os.environ, "LD_PRELOAD": library, "RACE": path}
    status, _, err = run("--update", "-c", path, "--add", "G", env=environment)
    if "ASan runtime" in err:
        raise Skip("the sanitizers want to be first")
    check_equal(status, FAILED, f"exit status ({err})")
    check("was changed by somebody else meanwhile" in err, err)
    check_equal(read(path), read(EXAMPLE) + "# mine\n", "the file")


@test("long work shows on a terminal how far it is, and nowhere else")
def progress():
    words = [os.path.join(BUILD, "vlbplan"), "check", "--servers",
             ",".join(f"s{i}" for i in range(64)), "--addresses", "10.77.0.1-10.77.15.128",
             "--tiers", "8"]
    parent, child = pty.openpty()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=child)
    os.close(child)
    seen = b""
    try:
        while b"%" not in seen:
            seen += os.read(parent, 1000)
    except OSError:
        pass
    finally:
        process.kill()
        process.wait()
        os.close(parent)
    check(re.search(rb"(planning|checking): \d+ %", seen), f"on the terminal: {seen}")


# --- the runner --------------------------------------------------------------------------

def run_one(function):
    """Whether it passed, and the end of its line."""
    global _work
    _work = tempfile.mkdtemp(prefix="vlbplan.")
    os.chmod(_work, 0o755)
    try:
        function()
        return True, ""
    except Skip as reason:
        return True, f" # SKIP {reason}"
    except Exception as error:  # whatever it is, the other tests must be made
        where = traceback.extract_tb(error.__traceback__)[1:]
        text = f"{error}\n" + " > ".join(f"{step.name}:{step.lineno}" for step in where)
        print("\n".join(f"# {line}" for line in text.split("\n")))
        return False, ""
    finally:
        shutil.rmtree(_work, ignore_errors=True)


def main():
    """All, or those whose names contain a word of the command line."""
    words = sys.argv[1:]
    chosen = [one for one in _tests if not words or any(word in one[0] for word in words)]
    print(f"1..{len(chosen)}", flush=True)
    for number, (name, function) in enumerate(chosen, 1):
        good, tail = run_one(function)
        print(f"{'ok' if good else 'not ok'} {number} - {name}{tail}", flush=True)


main()
