#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What is whose: two daemons on one host, interfaces that change their names, sockets and
addresses that others left."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import (LabError, Skip, Watch, check, check_equal, gaps_below,  # noqa: E402
                     main, no_duplicates, stays, test, wait_until)
from lab import EXTERNAL, ROUTER, find_program  # noqa: E402

NOT_READY = 77
OTHER_RANGE = "198.18.0.0/24"
# Also a machine that others use finds the time for these.
CALM = {"hello": "300ms", "probes": "10", "probe_interval": "60ms"}
SMALL = {"table": lab.THREE, "web": False, "timing": CALM}
ALONE = {"table": {"A": [[1, 2]], "B": [[3], [1]]}, "daemon": None, "web": False}

# ---- a second daemon on a server ----

SECOND = """[cluster]
name = {name}
interface = {interface}
{externals}
[timing]
failback = 0s
[server A]
mac = {mac}
primary = {address}
[server B]
mac = 02:00:00:00:01:02
secondary = {address}
"""


def add_interface(cluster, name="eth2", hardware="02:00:00:00:01:01", bridge=None):
    """One more interface of A: on a cable of its own, or on the BRIDGE."""
    cluster._ip("switch", f"link add w{name} type veth peer name {name} address {hardware} "
                          f"netns A\nlink set w{name} up\n" +
                (f"link set w{name} master {bridge}\n" if bridge else ""))
    cluster._ip("A", f"link set {name} up\n")


def write_second(cluster, interface="eth2", ranges=(OTHER_RANGE,), name="second"):
    """The second daemon's file."""
    own = interface != "eth1"
    with open(cluster.path("second.ini"), "w", encoding="utf-8") as file:
        file.write(SECOND.format(
            name=name, interface=interface, mac="02:00:00:00:01:01" if own else cluster.mac("A"),
            externals="".join(f"external = {one}\n" for one in ranges),
            address="10.78.0.1" if own else "10.77.1.1"))


def second_command(cluster, file="second.ini", server="A"):
    """A daemon beside the lab's, with a socket of its own."""
    return [find_program("vlbd"), "-c", cluster.path(file), "-n", server, "-u", cluster.user,
            "-S", cluster.path(server, "state"), "-s", cluster.path(f"{server}.second.sock"), "-v"]


def ask_second(cluster, server="A"):
    """vlbctl status of the second daemon; None: it does not answer."""
    with contextlib.suppress(LabError):
        return lab._run([find_program("vlbctl"), "-s", cluster.path(f"{server}.second.sock"),
                         "status"])
    return None


def start_second(cluster, server="A", file="second.ini"):
    """Start it, and wait until it has begun."""
    cluster.start_program(server, "second", second_command(cluster, file, server))
    wait_until(lambda: ask_second(cluster, server), 10, "the second daemon answers")


def second_log(cluster, server="A"):
    """What it has logged."""
    with open(cluster.path(f"{server}.second.log"), encoding="utf-8") as file:
        return file.read()


def signal_second(cluster, number, server="A"):
    """Where it is to end, wait for that."""
    process = cluster.running(server, "second")
    os.kill(process.pid, number)
    if number != signal.SIGHUP:
        process.wait(15)


def reload_second(cluster):
    """Let it read its file again."""
    before = second_log(cluster).count("reloaded")
    signal_second(cluster, signal.SIGHUP)
    wait_until(lambda: second_log(cluster).count("reloaded") > before, 10, "reloaded")


def begun(cluster, server="A"):
    """Its own daemon, just started, answers."""
    wait_until(lambda: cluster.try_status(server), 10, f"{server}'s daemon answers")


# ---- local routes ----


def routes(cluster):
    """The daemons' local routes on A, as `ip route' shows them, sorted."""
    text = cluster.run("A", "ip", "route", "show", "table", "local", "proto", "108")
    return sorted(line.strip() for line in text.split("\n") if line.strip())


def ranges(cluster):
    """The ranges of these routes."""
    return [line.split()[1] for line in routes(cluster)]


def await_ranges(cluster, wanted, what):
    """They become these."""
    with contextlib.suppress(LabError):  # check_equal() says it better
        wait_until(lambda: ranges(cluster) == sorted(wanted), 5, what)
    check_equal(ranges(cluster), sorted(wanted), f"local routes {what}")


def delivered(cluster, address, interface="eth1"):
    """Would A deliver what the router sends to ADDRESS?"""
    return cluster.run("A", "ip", "route", "get", address, "from", ROUTER, "iif", interface,
                       check=False).startswith("local")


class Removed:
    """Which local routes of daemons A's kernel says are removed, from now on."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.path = cluster.path("routes")
        with open(self.path, "w", encoding="utf-8") as out:
            self.process = cluster.spawn("A", ["ip", "monitor", "route"], stdout=out)
        cluster.processes["A", "monitor"] = self.process
        mark = "unreachable 192.0.2.1"
        cluster._ip("A", f"route add {mark}\nroute del {mark}\n")

        def ready():
            with contextlib.suppress(LabError):
                cluster._ip("A", f"route add {mark}\nroute del {mark}\n")
            return mark in self._text()

        wait_until(ready, 5, "ip monitor tells")

    def _text(self):
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def count(self, wanted):
        """How often the route WANTED, a line of routes(), was removed."""
        words = set(wanted.split()) - {"dev", "lo", "scope", "host", "proto", "108"}
        return sum(1 for line in self._text().split("\n")
                   if line.startswith("Deleted local") and words <= set(line.split()))


def answers(cluster, load, server="A"):
    """Requests that SERVER answers from now on."""
    before = load.counts().get(server, 0)
    wait_until(lambda: load.counts().get(server, 0) > before + 10, 10, f"{server} answers requests")


@test("two daemons on two interfaces: starts, reloads, kills and stops leave the other's route",
      table=lab.THREE, timing=CALM)
def two_interfaces(cluster):
    add_interface(cluster)
    load = cluster.traffic(rate=100)
    write_second(cluster)
    first = routes(cluster)
    check_equal(ranges(cluster), [EXTERNAL], "local routes at first")
    removed = Removed(cluster)
    both = [OTHER_RANGE, EXTERNAL]
    start_second(cluster)
    await_ranges(cluster, both, "with the second daemon")
    second = [one for one in routes(cluster) if one not in first][0]
    watch = Watch(cluster)
    cluster.reload("A")
    watch.await_text("A", "reloaded", 10)
    reload_second(cluster)
    answers(cluster, load)
    signal_second(cluster, signal.SIGKILL)
    await_ranges(cluster, both, "when the second was killed")
    start_second(cluster)
    cluster.kill("A")
    await_ranges(cluster, both, "when the first was killed")
    cluster.start("A")
    begun(cluster)
    await_ranges(cluster, both, "when the first has started again")
    cluster.settle()
    check_equal([removed.count(first[0]), removed.count(second)], [0, 0], "routes removed so far")
    signal_second(cluster, signal.SIGTERM)
    await_ranges(cluster, [EXTERNAL], "when the second was stopped")
    answers(cluster, load)
    start_second(cluster)
    cluster.stop("A")
    await_ranges(cluster, [OTHER_RANGE], "when the first was stopped")
    cluster.start("A")
    begun(cluster)
    await_ranges(cluster, both, "with both again")
    cluster.settle()
    answers(cluster, load)
    check_equal([removed.count(first[0]), removed.count(second)], [1, 1], "routes removed in all")
    check("put back" not in cluster.log("A") + second_log(cluster), "one puts the other's back")


@test("two daemons accept equal, overlapping or no ranges: each range stays while one needs it",
      **SMALL)
def equal_ranges(cluster):
    add_interface(cluster)
    first, part = EXTERNAL, "203.0.113.128/25"

    def accepts(wanted, what):
        with contextlib.suppress(LabError):  # check_equal() says it better
            wait_until(lambda: set(ranges(cluster)) == set(wanted), 5, what)
        check_equal(set(ranges(cluster)), set(wanted), f"ranges {what}")
        check_equal(delivered(cluster, "203.0.113.200"), bool({first, part} & set(wanted)),
                    f"203.0.113.200 is accepted {what}")

    for interface, also in (("eth2", [first]), ("eth1", [first]), ("eth1", []), ("eth2", [part]),
                            ("eth1", [part, OTHER_RANGE])):
        what = f"(on {interface}, with {also})"
        write_second(cluster, interface, also)
        start_second(cluster)
        accepts([first, *also], f"with the second {what}")
        signal_second(cluster, signal.SIGTERM)
        accepts([first], f"without the second {what}")
        start_second(cluster)
        check_equal(cluster.stop("A"), 0, "exit status")
        accepts(also, f"with only the second {what}")
        signal_second(cluster, signal.SIGTERM)
        accepts([], f"with neither {what}")
        cluster.start("A")
        begun(cluster)
    cluster.settle()


@test("a reload that drops a range removes its own route; one that renames the cluster, none",
      **SMALL)
def reloads(cluster):
    add_interface(cluster)
    first = routes(cluster)
    write_second(cluster, ranges=[OTHER_RANGE, EXTERNAL])
    start_second(cluster)
    await_ranges(cluster, [OTHER_RANGE, EXTERNAL, EXTERNAL], "with both")
    write_second(cluster)
    reload_second(cluster)
    await_ranges(cluster, [OTHER_RANGE, EXTERNAL], "after the second has dropped one")
    check(set(first) <= set(routes(cluster)), f"it was the first's: {routes(cluster)}")

    before = routes(cluster)
    write_second(cluster, name="renamed")
    with open(cluster.path("third.ini"), "w", encoding="utf-8") as file, \
            open(cluster.path("second.ini"), encoding="utf-8") as second:
        file.write(second.read())
    reload_second(cluster)
    await_ranges(cluster, [OTHER_RANGE, EXTERNAL], "after the second got another name")
    check_equal(set(first), set(routes(cluster)) & set(before), "routes that are the same")
    check(delivered(cluster, "198.18.0.7", "eth2"), "the second's range is not accepted")
    third = second_command(cluster, "third.ini")
    third[third.index("-s") + 1] = cluster.path("third.sock")
    refused(cluster, third, cluster.running("A", "second").pid, "cluster renamed on eth2")
    # The name that it had is free, and the name of another one cannot be had.
    write_second(cluster, name="second")
    os.rename(cluster.path("second.ini"), cluster.path("third.ini"))
    cluster.start_program("A", "third", third)
    await_ranges(cluster, [OTHER_RANGE, OTHER_RANGE, EXTERNAL], "with a third daemon")
    write_second(cluster, name="second", ranges=[])
    signal_second(cluster, signal.SIGHUP)
    wait_until(lambda: "not reloaded" in second_log(cluster), 5, "the reload is refused")
    check(re.search(r"another vlbd \(process \d+\) serves cluster second on eth2 already",
                    second_log(cluster)), second_log(cluster))
    await_ranges(cluster, [OTHER_RANGE, OTHER_RANGE, EXTERNAL], "after a refused reload")
    signal_second(cluster, signal.SIGTERM)
    await_ranges(cluster, [OTHER_RANGE, EXTERNAL], "when the second was stopped")
    check(set(first) <= set(routes(cluster)), f"the first's is gone: {routes(cluster)}")


# ---- the same cluster twice ----


def complete(cluster, command, seconds=15):
    """Run COMMAND on A: (exit status, standard error)."""
    process = cluster.spawn("A", command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, universal_newlines=True)
    try:
        error = process.communicate(timeout=seconds)[1]
    except subprocess.TimeoutExpired as late:
        os.killpg(process.pid, signal.SIGKILL)
        raise AssertionError(f"it goes on: {process.communicate()[1]}") from late
    return process.returncode, error


def refused(cluster, command, pid, what):
    """It must end at once, name the process PID and WHAT that serves, and say what to do."""
    status, error = complete(cluster, command)
    check_equal(status, NOT_READY, f"exit status ({error})")
    check(f"another vlbd (process {pid}) serves {what} already; stop it, or give this cluster "
          "another `name ='" in error, f"it says: {error}")


def digest(name, interface):
    """conf_instance_digest()"""
    number = 0xcbf29ce484222325
    for byte in f"{name}\0{interface}".encode():
        number = (number ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return number >> 32 ^ number & 0xffffffff


def squat(cluster, listening):
    """A process that has the name which keeps others out; LISTENING only as somebody else, since
    nobody can tell root's from a daemon."""
    program = ("import os, socket, time\n"
               "s = socket.socket(socket.AF_UNIX)\n"
               f"if {listening}: os.setgid(65534); os.setuid(65534)\n"
               f"s.bind('\\0vlbd/{digest('lab', 'eth1'):08x}')\n"
               f"if {listening}: s.listen(1)\n"
               "print('ready', flush=True)\ntime.sleep(600)\n")
    process = cluster.spawn("A", [sys.executable, "-c", program], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    cluster.processes["A", "squatter"] = process
    return process.stdout.readline() == b"ready\n"


@test("the same cluster again, on another socket: refused, by whatever name of the interface",
      **SMALL)
def twice(cluster):
    pid = cluster.pid("A")
    cluster.run("A", "ip", "link", "property", "add", "dev", "eth1", "altname", "enp3s0")
    traces = routes(cluster)
    for interface in ("eth1", "enp3s0"):
        with open(cluster.path("second.ini"), "w", encoding="utf-8") as file:
            file.write(cluster.config_text().replace("interface = eth1",
                                                     f"interface = {interface}"))
        refused(cluster, second_command(cluster), pid, "cluster lab on eth1")
    check_equal(routes(cluster), traces, "local routes")
    # Those who only ask do not fill it up.
    with cluster.inside("A"):
        for _ in range(200):
            with socket.socket(socket.AF_UNIX) as asker:
                asker.connect(f"\0vlbd/{digest('lab', 'eth1'):08x}")
    check(not os.path.exists(cluster.path("A.second.sock")), "its socket is still there")
    stays(cluster.settled, 0.5, "settled")
    # On another server, and under another name, it is another one.
    write_second(cluster, "enp3s0", [])
    with open(cluster.path("second.ini"), "r+", encoding="utf-8") as file:
        text = file.read().replace("02:00:00:00:01:01", cluster.mac("A"))
        file.seek(0)
        file.write(text)
    start_second(cluster)
    check_equal(cluster.stop("A"), 0, "exit status")
    begin = len(cluster.log("A"))
    cluster.start("A")
    begun(cluster)
    check("another vlbd" not in cluster.log("A")[begin:], cluster.log("A")[begin:])


@test("a program that has taken the name for itself costs a warning, not the service", **SMALL)
def squatters(cluster):
    for listening in (False, True):
        cluster.stop("A")
        if not squat(cluster, listening):
            check(listening, "cannot bind")
            raise Skip("there is no other user here")
        watch = Watch(cluster)
        cluster.start("A")
        watch.await_text("A", "a program that is no vlbd has taken the name .@vlbd/")
        cluster.settle()
        cluster.processes["A", "squatter"].kill()
        cluster.processes["A", "squatter"].wait()


# ---- the interface by an alternative name, and under new ones ----


def on_altname(cluster, name="enp3s0"):
    """Every daemon's file names its interface so."""
    for server in cluster.servers:
        cluster.run(server, "ip", "link", "property", "add", "dev", "eth1", "altname", name)
    cluster.cluster["interface"] = name
    cluster.write_config(cluster.config_text().replace(
        f"mac = {cluster.mac('A')}", f"mac = {cluster.mac('A')}, 02:00:00:00:aa:01"))
    cluster.daemon = "vlbd"
    for server in cluster.servers:
        cluster.start(server)
    cluster.settle()


def set_mac(cluster, hardware):
    """A's eth1 has another hardware address."""
    cluster._ip("A", f"link set eth1 address {hardware}\n")


def plug_in_again(cluster, *also):
    """A's eth1, deleted, is made anew."""
    cluster._plug_in("A", cluster.mac("A"))
    cluster._ip("A", "".join(f"{line}\n" for line in also) +
                f"addr add {cluster.base('A')}/16 dev eth1\nroute add default via {ROUTER}\n")


@test("the file has an alternative name of the interface: carrier, hardware address, made anew",
      settle=False, daemon=None, **SMALL)
def altname(cluster):
    on_altname(cluster)
    watch = Watch(cluster)
    mine = set(cluster.primaries("A"))
    cluster.cut("A")
    cluster.settle("BC")
    wait_until(lambda: not cluster.serves("A"), 2, "A gives up, without carrier")
    cluster.restore("A")
    cluster.settle()
    set_mac(cluster, "02:00:00:00:77:77")
    watch.await_text("A", "hardware address is now 02:00:00:00:77:77")
    cluster.settle("BC")
    check_equal(cluster.status("A")["standing"], "wrong mac", "A's standing")
    set_mac(cluster, cluster.mac("A"))
    cluster.settle()

    watch, probe = Watch(cluster), cluster.probe(cluster.primaries("A"))
    set_mac(cluster, "02:00:00:00:aa:01")  # listed, too
    wait_until(lambda: all(cluster.router_believes().get(one) == "02:00:00:00:aa:01"
                           for one in mine), 5, "the router follows A")
    stays(cluster.settled, 0.5, "settled")
    report = probe.stop()
    no_duplicates(report)
    gaps_below(report, 1000)
    check_equal(watch.changes("B", "C"), [], "changes at the others")
    set_mac(cluster, cluster.mac("A"))
    cluster.settle()

    rename(cluster, "eth1", "lan0")
    works(cluster)
    check("is called" not in cluster.log("A"), "a name is told that the file does not have")
    rename(cluster, "lan0", "eth1")
    cluster.settle()

    cluster._ip("A", "link del eth1\n")
    cluster.settle("BC")
    watch.await_text("A", "interface enp3s0 is gone")
    plug_in_again(cluster, "link property add dev eth1 altname enp3s0")
    cluster.settle()
    cluster.crash("B")
    cluster.settle("AC")


def rename(cluster, old, new, live=False):
    """A's interface gets another name, down for that or LIVE."""
    if live:
        try:
            cluster._ip("A", f"link set {old} name {new}\n")
        except LabError as error:
            raise Skip(f"this kernel renames no interface that is up: {error}") from error
        return
    cluster._ip("A", f"link set {old} down\nlink set {old} name {new}\nlink set {new} up\n"
                     f"route replace default via {ROUTER}\n")


def write_interface(cluster, interface):
    """The file of A, whose interface alone has another name than the others'."""
    cluster.write_config(cluster.config_text().replace("interface = eth1",
                                                       f"interface = {interface}"))


def reload_as(cluster, interface):
    """A reloads a file that names its interface so; what it logs."""
    watch = Watch(cluster)
    write_interface(cluster, interface)
    cluster.reload("A")
    watch.await_text("A", "reloaded", 10)
    cluster.write_config()
    return watch


def works(cluster):
    """A takes over from a peer, and notices that its own cable is out; and back."""
    watch = Watch(cluster)
    probe = cluster.probe(cluster.primaries("B"))
    cluster.crash("B")
    cluster.settle("AC")
    gaps_below(probe.stop(), 3000)
    cluster.restore("B")
    cluster.settle()
    cluster.cut("A")
    wait_until(lambda: not cluster.serves("A"), 2, "A gives up, without carrier")
    cluster.settle("BC")
    cluster.restore("A")
    cluster.settle()
    check("host un" not in watch.text("A"), watch.text("A"))


HINT = r"interface eth1 is called lan0 now; going on with it; write `interface = lan0' before"


def renamed(live):
    """The interface of A is renamed."""
    how = "live" if live else "down, rename, up"

    @test(f"the interface is renamed ({how}): it goes on, says so, and takes the new name",
          **SMALL)
    def story(cluster):
        watch = Watch(cluster)
        rename(cluster, "eth1", "lan0", live)
        if live:
            stays(cluster.settled, 0.5, "settled")
            check_equal(watch.changes(), [], "changes")
        works(cluster)
        watch.await_text("A", HINT)
        check_equal(len(re.findall(HINT, watch.text("A"))), 1, "lines about it")
        reload_as(cluster, "eth1").await_text("A", HINT)  # still wrong: told again
        watch = Watch(cluster)
        rename(cluster, "lan0", "eth1", live)
        cluster.settle()
        works(cluster)
        reload_as(cluster, "eth1")
        check("is called" not in watch.text("A"), watch.text("A"))

        watch = Watch(cluster)
        rename(cluster, "eth1", "lan0", live)
        watch.await_text("A", HINT)
        watch = reload_as(cluster, "lan0")
        cluster.settle()
        check("is called" not in watch.text("A"), watch.text("A"))
        rename(cluster, "lan0", "eth1", live)
        watch.await_text("A", "interface lan0 is called eth1 now")
        reload_as(cluster, "eth1")
        cluster.settle()
        cluster.stop("A")
        check_equal((cluster.serves("A"), routes(cluster)), (set(), []), "what A has, stopped")


for each in (False, True):
    renamed(each)


@test("a renamed interface is still the same cluster's: a second daemon is refused, a killed "
      "one's route found again", **SMALL)
def renamed_twice(cluster):
    watch = Watch(cluster)
    rename(cluster, "eth1", "lan0")
    watch.await_text("A", HINT)
    cluster.settle()
    write_interface(cluster, "lan0")
    refused(cluster, second_command(cluster, "vlb.ini"), cluster.pid("A"), "cluster lab on lan0")
    reload_as(cluster, "lan0")
    cluster.kill("A")
    write_interface(cluster, "lan0")
    cluster.start("A")
    begun(cluster)
    await_ranges(cluster, [EXTERNAL], "after the restart")
    cluster.stop("A")
    await_ranges(cluster, [], "after the stop")


def on_interface(cluster, name):
    """The failover addresses on that interface of A."""
    text = cluster.run("A", "ip", "-o", "addr", "show", "dev", name)
    return set(re.findall(r"inet (10\.77\.0\.\d+)/", text))


def name_taken(**timing):
    """Another interface gets the name."""
    what = "; without leases" if timing else ""

    @test(f"the interface's name goes to another one: nothing stays on the old one{what}",
          table=lab.THREE, web=False, timing={**CALM, **timing})
    def story(cluster):
        add_interface(cluster, "eth9")
        watch = Watch(cluster)
        rename(cluster, "eth1", "lan0")
        works(cluster)
        rename(cluster, "eth9", "eth1")
        wait_until(lambda: not cluster.serves("A"), 5, "nothing is left on lan0")
        cluster.settle("BC")
        watch.await_text("A", "interface eth1 is another one now, and what it was is called lan0")
        check_equal(on_interface(cluster, "eth1"), set(), "what the new eth1 has")
        rename(cluster, "eth1", "eth9")
        rename(cluster, "lan0", "eth1")
        cluster.settle()
        rename(cluster, "eth1", "lan0")
        cluster.settle()
        check_equal(cluster.stop("A"), 0, "exit status")
        check_equal((on_interface(cluster, "lan0"), routes(cluster)), (set(), []),
                    "what lan0 has, stopped")


for each in ({}, {"lease": "off"}):
    name_taken(**each)


# ---- two clusters on one interface ----


def two_clusters(cluster, sections=""):
    """A second one of the same servers, with other addresses."""
    text = cluster.config_text().replace("10.77.0.", "10.77.1.").replace("= lab", "= second")
    with open(cluster.path("second.ini"), "w", encoding="utf-8") as file:
        # Other lists, too: the last of A's is not in it.
        file.write(text.replace("tertiary = 10.77.1.4, 10.77.1.6", "tertiary = 10.77.1.4") +
                   sections)
    for server in cluster.servers:
        start_second(cluster, server)
    wait_until(lambda: second_matrix(cluster) == {"A": {1, 2}, "B": {3, 4}, "C": {5, 6}}, 10,
               "the second cluster is settled")


def second_matrix(cluster):
    """Which addresses of the second cluster each server has: {"A": {1, 2}}"""
    return {server: {int(number) for number in re.findall(
        r"inet 10\.77\.1\.(\d+)/", cluster.run(server, "ip", "-o", "addr", "show"))}
            for server in cluster.servers}


def stays_settled(cluster, seconds):
    """Both."""
    stays(lambda: cluster.settled() and second_matrix(cluster)["A"] == {1, 2}, seconds, "settled",
          every=0.2)


def state_of(cluster, server, peer):
    """What SERVER believes of its PEER."""
    return next(one["state"] for one in cluster.status(server)["peers"] if one["name"] == peer)


def took_over(cluster, began, server="A"):
    """B and C take over from SERVER, whose daemon is silent since then; after so many seconds."""
    others = [one for one in cluster.servers if one != server]
    cluster.settle(others, 30)
    wait_until(lambda: "ALIVE" not in [state_of(cluster, one, server) for one in others], 5,
               f"{server} counts as dead")
    return time.monotonic() - began


@test("two clusters on one interface: a dead daemon is noticed though its sister lives, and "
      "nothing is said at rest", table=lab.THREE, web=False, timing={**CALM, "lease": "3s"})
def sisters(cluster):
    times = {}
    for sister in (False, True):
        if sister:
            two_clusters(cluster)
        for what, silence in (("killed", cluster.kill), ("frozen", cluster.freeze)):
            began = time.monotonic()
            silence("A")
            times[sister, what] = took_over(cluster, began)
            if sister:
                check_equal(second_matrix(cluster), {"A": {1, 2}, "B": {3, 4}, "C": {5, 6}},
                            "the second cluster's addresses")
            if what == "frozen":
                cluster.resume("A")
            else:
                cluster.start("A")
            cluster.settle()
    time.sleep(2)  # echoes of one's own words
    watch = Watch(cluster)
    begin = {server: len(second_log(cluster, server)) for server in cluster.servers}
    stays_settled(cluster, 3)
    for server in cluster.servers:
        said = watch.text(server) + second_log(cluster, server)[begin[server]:]
        check(not re.search("plan|clone|another station|another program|DEAD", said), said)
    for what in ("killed", "frozen"):
        check(times[True, what] < times[False, what] + 3,
              f"{what}: {times[True, what]:.1f}s with a sister, {times[False, what]:.1f}s without")


CHECK = """
[check web]
type = tcp
target = 127.0.0.1:80
interval = 100ms
timeout = 300ms
rise = 2
fall = 2
"""


@test("two clusters on one interface: one's failed check is not the other's", table=lab.THREE,
      timing=CALM)
def healths(cluster):
    two_clusters(cluster, CHECK)
    watch = Watch(cluster)
    cluster.stop_web("A")
    wait_until(lambda: not second_matrix(cluster)["A"], 10, "the second cluster has moved away")
    stays(cluster.settled, 1.5, "the first is settled", every=0.2)
    for server in "BC":
        check(not any(one["unhealthy"] for one in cluster.status(server)["peers"]),
              f"{server} takes a peer for unhealthy")
        check("unhealthy" in ask_second(cluster, server), f"{server} does not show A unhealthy")
    check_equal(watch.changes(), [], "changes in the first")
    cluster.start_web("A")
    wait_until(lambda: second_matrix(cluster)["A"] == {1, 2}, 10, "it has come back")
    check_equal(watch.changes(), [], "changes in the first")


# ---- sockets ----


@test("a control socket that another program has is left to it; a dead one's is replaced",
      **ALONE)
def sockets(cluster):
    path = cluster.path("A.second.sock")
    command = second_command(cluster, "vlb.ini")
    for kind in (socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_STREAM):
        with socket.socket(socket.AF_UNIX, kind) as other:
            other.bind(path)
            if kind != socket.SOCK_DGRAM:
                other.listen(1)
            status, error = complete(cluster, command)
            check(status != 0, f"exit status {status} ({kind!r})")
            check(f"has the socket {path}; stop it, or use -s for another one" in error,
                  f"{kind!r}: {error}")
            with socket.socket(socket.AF_UNIX, kind) as asker:
                asker.connect(path)  # it is still there
                if kind == socket.SOCK_DGRAM:
                    asker.send(b"well?")
                    check_equal(other.recv(16), b"well?", "what it receives")
        check(os.path.exists(path), "Python has removed it")
        cluster.start_program("A", "second", command)
        wait_until(lambda: ask_second(cluster), 10, "a daemon starts over a dead one's socket")
        signal_second(cluster, signal.SIGKILL)
        check(os.path.exists(path), "SIGKILL cannot have removed it")
        cluster.start_program("A", "second", command)
        wait_until(lambda: ask_second(cluster), 10, "a daemon starts over a killed one's socket")
        signal_second(cluster, signal.SIGTERM)
        check(not os.path.exists(path), "it has left its socket")


# ---- addresses left behind ----


@test("addresses that an earlier run left on another interface: -t names them, a start removes "
      "them", **ALONE)
def left_behind(cluster):
    add_interface(cluster, "eth9", "02:00:00:00:aa:01", bridge="br0")
    cluster.timing["lease"] = "off"
    cluster.write_config(cluster.config_text().replace(
        f"mac = {cluster.mac('A')}", f"mac = {cluster.mac('A')}, 02:00:00:00:aa:01"))
    command = second_command(cluster, "vlb.ini")
    cluster.start_program("A", "second", [*command, "-i", "eth9"])
    mine = set(cluster.addresses[:2])
    wait_until(lambda: on_interface(cluster, "eth9") >= mine, 10, "it serves on eth9")
    signal_second(cluster, signal.SIGKILL)
    cluster._ip("A", "addr add 10.77.0.3/32 dev lo\n")  # somebody else's
    check(on_interface(cluster, "eth9") >= mine, "SIGKILL cannot have removed them")
    told = cluster.run("A", *command, "-t", check=False)
    for one in mine:
        check(re.search(rf"wrong: +the failover address {re.escape(one)} is on eth9 too, left by "
                        rf"an earlier run; ip addr del {re.escape(one)}/32 dev eth9", told), told)
    check(re.search(r"10\.77\.0\.3 is on lo too; ip addr del 10\.77\.0\.3/32 dev lo", told), told)
    check(on_interface(cluster, "eth9") >= mine, "-t changes something")
    cluster.start_program("A", "second", command)
    wait_until(lambda: on_interface(cluster, "eth1") >= mine, 10, "it serves on eth1")
    check_equal(on_interface(cluster, "eth9"), set(), "what eth9 has")
    check(f"{cluster.addresses[0]}: left on eth9 by an earlier run; removed" in
          second_log(cluster), second_log(cluster))
    check_equal(on_interface(cluster, "lo"), {"10.77.0.3"}, "what lo has")
    told = cluster.run("A", *command, "-t", check=False)
    check("eth9" not in told, told)


main()
