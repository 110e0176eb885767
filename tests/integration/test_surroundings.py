#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Routers, fabrics and hosts that are not as usual: virtual routers, priority tags, routes and
settings that somebody changes, and what -t finds."""

import contextlib
import os
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import (LabError, Skip, Watch, check, check_equal, gaps_below,  # noqa: E402
                     main, no_duplicates, stays, test, wait_until)
from lab import EXTERNAL, ROUTER, ROUTER_MAC, find_program  # noqa: E402

NOT_READY = 77
# Also a machine that others use finds the time for these.
CALM = {"hello": "300ms", "probes": "10", "probe_interval": "60ms"}
SMALL = {"table": lab.THREE, "web": False, "timing": CALM}
LATER = {"daemon": None, **SMALL}  # the daemons are started in the test
LOOK_S = 15  # what the kernel does not tell is looked at every five seconds


def start_all(cluster):
    """Start the daemons, and wait until all is settled."""
    cluster.daemon = "vlbd"
    for server in cluster.servers:
        cluster.start(server)
    cluster.settle()


def serving(cluster, server="A"):
    """SERVER takes part."""
    wait_until(lambda: (cluster.try_status(server) or {}).get("standing") == "serving", 10,
               f"{server} takes part")


def check_host(cluster, server="A"):
    """vlbd -t on SERVER: (exit status, what it prints)."""
    process = cluster.spawn(server, [
        find_program("vlbd"), "-t", "-c", cluster.path("vlb.ini"), "-n", server, "-u",
        cluster.user], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, universal_newlines=True)
    try:
        out = process.communicate(timeout=30)[0]
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise AssertionError(f"vlbd -t goes on: {process.communicate()}") from error
    return process.returncode, out


# ---- routers and servers whose frames have another source ----

PHYSICAL = "10.77.255.253"
VIRTUAL_MAC = "00:00:5e:00:01:0a"
# Answers for the virtual address as RFC 5798 8.1.2 has it, and CARP does: in SHA the virtual
# MAC, while the frame comes from the physical one.
RESPONDER = """
import socket, sys
ip, sha, src = socket.inet_aton(sys.argv[1]), *(bytes.fromhex(a.replace(":", ""))
                                                for a in sys.argv[2:])
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
wire.bind(("eth1", 0x0806))
print("ready", flush=True)
while True:
    f = wire.recv(200)
    if f[20:22] == b"\\0\\1" and f[38:42] == ip:
        f = f[6:12] + src + f[12:20] + b"\\0\\2" + sha + ip + f[22:32]
        wire.send(f + bytes(60 - len(f)))
"""


def spawn_python(cluster, station, program, *words, **options):
    """Run the PROGRAM there until the lab ends; it has said that it is ready."""
    process = cluster.spawn(station, [sys.executable, "-c", program, *words],
                            stdout=subprocess.PIPE, **options)
    cluster.processes[station, f"python {len(cluster.processes)}"] = process
    check_equal(process.stdout.readline(), b"ready\n", f"what a program on {station} says")
    return process


def become_virtual(cluster):
    """The router has a physical address, and the configured one by VRRP."""
    cluster._ip("router", f"addr del {ROUTER}/16 dev eth1\naddr add {PHYSICAL}/16 dev eth1\n"
                          "link set eth1 promisc on\n")
    spawn_python(cluster, "router", RESPONDER, ROUTER, VIRTUAL_MAC, ROUTER_MAC)


def confirmed(cluster, routers):
    """Each of ROUTERS has confirmed each address to the daemon that serves it."""
    for server in cluster.servers:
        for one in cluster.status(server)["addresses"]:
            if one["owner"] == server and [r for r in one["routers"] if r["confirmed"]] != \
                    [r for r in one["routers"] if r["router"] in routers]:
                return False
    return True


@test("a router with VRRP or CARP: -t is right, claims are confirmed, the last server goes on",
      settle=False, **LATER)
def virtual_router(cluster):
    become_virtual(cluster)
    status, told = check_host(cluster)
    check(status == 0 and f"router {ROUTER} answers, from {VIRTUAL_MAC}" in told, told)
    start_all(cluster)
    wait_until(lambda: confirmed(cluster, [ROUTER]), 10, "all are confirmed")
    cluster.crash("B")
    cluster.crash("C")
    cluster.settle("A")
    stays(lambda: cluster.settled("A"), 3, "A serves all", every=0.2)
    serving(cluster)
    check("isolated" not in cluster.log("A"), cluster.log("A"))


@test("a virtual router's address and its physical one: both confirm", settle=False,
      cluster={"router": f"{ROUTER}, {PHYSICAL}"}, **LATER)
def two_routers(cluster):
    become_virtual(cluster)
    start_all(cluster)
    wait_until(lambda: confirmed(cluster, [ROUTER, PHYSICAL]), 10, "all are confirmed by both")
    cluster.crash("C")
    cluster.settle("AB")
    for server in "AB":
        for one in set(cluster.primaries("C")) & cluster.serves(server):
            for router in (ROUTER, PHYSICAL):
                wait_until(lambda s=server, i=one, r=router: f"{i}: confirmed by {r}" in
                           cluster.log(s), 5, f"{one} is confirmed by {router}")


@test("without hellos, a virtual router's questions have a dead server's addresses taken over",
      settle=False, table=lab.THREE, web=False, daemon=None,
      timing={"hello": "off", "answer_timeout": "1s"})
def virtual_router_asks(cluster):
    become_virtual(cluster)

    def asked(alive):
        for one in cluster.addresses:
            cluster.send_arp("router", 1, ROUTER, one, sha=lab.hardware(VIRTUAL_MAC))
        return cluster.settled(alive)

    cluster.daemon = "vlbd"
    for server in cluster.servers:
        cluster.start(server)
    wait_until(lambda: asked("ABC"), 20, "settled", every=0.2)
    stays(lambda: asked("ABC"), 3, "settled", every=0.2)
    cluster.crash("A")
    wait_until(lambda: asked("BC"), 20, "B and C take over", every=0.2)


@test("a server's frames get another Ethernet source on their way: it has its addresses alone",
      **SMALL)
def rewritten(cluster):
    watch, probe = Watch(cluster), cluster.probe(mode="arp", interval_ms=10)
    try:
        cluster._nft("A", "table netdev lab { chain out { type filter hook egress device eth1 "
                          "priority 0; ether saddr set 02:00:00:00:ee:01; }; }")
    except LabError as error:
        raise Skip(f"no egress hook here: {str(error).splitlines()[-1]}") from error
    stays(cluster.settled, 3, "settled", every=0.1)
    check_equal(watch.changes(), [], "changes")
    no_duplicates(probe.stop())
    cluster.kill("A")
    cluster.start("A")
    serving(cluster)
    stays(cluster.settled, 1, "settled", every=0.1)
    check_equal(watch.changes("B", "C"), [], "changes at the others")
    cluster.crash("C")
    cluster.settle("AB")


# ---- priority tags ----

# Between each server's port and the bridge; what goes to the server gets the tag that the
# standard input names for it, in hexadecimal.
TAGGER = """
import select, socket, sys
pairs, tags = {}, {}
for name in sys.argv[1:]:
    server, net = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) for _ in "pw")
    server.bind((f"p{name}", 3))
    net.bind((f"w{name}", 3))
    pairs[server], pairs[net] = (net, None), (server, name)
print("ready", flush=True)
while True:
    for one in select.select([sys.stdin, *pairs], [], [])[0]:
        if one is sys.stdin:
            name, _, tag = sys.stdin.readline().strip().partition(" ")
            tags[name] = bytes.fromhex(tag)
            print("ready", flush=True)
            continue
        try:
            frame, address = one.recvfrom(70000)
            other, name = pairs[one]
            if address[2] != socket.PACKET_OUTGOING:
                other.send(frame[:12] + tags.get(name, b"") + frame[12:])
        except OSError:
            pass  # a port is down
"""


class Tagger:
    """A fabric that puts tags into the frames to servers."""

    def __init__(self, cluster):
        for one in cluster.servers:
            cluster._ip("switch", f"link set p{one} nomaster\n"
                                  f"link add w{one} type veth peer name v{one}\n"
                                  f"link set v{one} master br0\nlink set v{one} up\n"
                                  f"link set w{one} up\nlink set p{one} promisc on\n"
                                  f"link set w{one} promisc on\n")
        self.process = spawn_python(cluster, "switch", TAGGER, *cluster.servers,
                                    stdin=subprocess.PIPE)

    def tag(self, servers, tag):
        """From now on frames to SERVERS have this TAG; "": none."""
        for one in servers:
            self.process.stdin.write(f"{one} {tag}\n".encode())
            self.process.stdin.flush()
            check_equal(self.process.stdout.readline(), b"ready\n", "what the fabric says")


@test("frames have priority tags: from the start, at run time, one server's only", settle=False,
      **LATER)
def priority_tags(cluster):
    fabric = Tagger(cluster)
    fabric.tag("ABC", "81006000")  # 802.1Q, PCP 3, VID 0
    status, told = check_host(cluster)
    check(status == 0 and f"router {ROUTER} answers" in told and "VLAN" not in told, told)
    start_all(cluster)
    cluster.crash("C")
    cluster.settle("AB")
    cluster.restore("C")
    cluster.settle()
    wait_until(lambda: confirmed(cluster, [ROUTER]), 10, "all are confirmed")
    watch = Watch(cluster)
    for servers, tag in (("ABC", ""), ("A", "81000000"), ("BC", "88a8e000"), ("A", "88a80000"),
                         ("BC", ""), ("A", "81001000")):
        fabric.tag(servers, tag)
        stays(cluster.settled, 1.5, f"settled with {tag or 'no tag'} for {servers}", every=0.1)
    check_equal(watch.changes(), [], "changes")
    for server in cluster.servers:
        check_equal(cluster.status(server)["counters"]["received"]["tagged"], 0, "tagged frames")
    cluster.crash("B")
    cluster.settle("AC")


# ---- what the daemon needs of its host ----


def delivered(cluster, server="A"):
    """Does SERVER deliver what the router sends to the external range?"""
    return cluster.run(server, "ip", "route", "get", "203.0.113.7", "from", ROUTER, "iif", "eth1",
                       check=False).startswith("local")


def metric(cluster, server, name, requirement=""):
    """The value of a metric, of one REQUIREMENT perhaps."""
    label = f'.*requirement="{requirement}"' if requirement else ""
    found = re.search(rf"^{name}\{{{label}.*\}} (\S+)$", cluster.control(server, "metrics"), re.M)
    check(found, f"no metric {name}")
    return float(found[1])


def answers(cluster, load, servers):
    """Each of SERVERS answers requests from now on; what LOAD had counted before."""
    before = load.counts()
    wait_until(lambda: all(load.counts().get(one, 0) > before.get(one, 0) + 10
                           for one in servers), 15, f"{', '.join(servers)} answer requests")
    return before


@test("somebody removes the external range's route: put back, told once, counted",
      table=lab.THREE, timing=CALM)
def put_back(cluster):
    load = cluster.traffic(rate=100)
    answers(cluster, load, "ABC")
    # `flush' goes on until it finds none, so it may find the one that was put back.
    acts = {"ip route flush table local proto 108": (1, 2),
            "ip addr flush dev lo; ip addr add 127.0.0.1/8 dev lo": (1,),
            "ip link set lo down; ip link set lo up": (0, 1),  # as the kernel likes
            f"ip route del local {EXTERNAL} dev lo table local": (1,)}
    total = 0
    for act, wanted in acts.items():
        watch = Watch(cluster)
        cluster.run("A", "sh", "-c", act)
        wait_until(lambda: delivered(cluster), 3, f"put back after {act}")
        if 0 not in wanted:
            watch.await_text("A", f"external {EXTERNAL}: the local route was removed by another "
                                  "program; put back")
        answers(cluster, load, "A")
        stays(lambda: delivered(cluster), 1.2, f"delivered after {act}", every=0.1)
        lines = watch.text("A").count("put back")
        check(lines in wanted, f"{lines} lines after {act}: {watch.text('A')}")
        total += lines
        check_equal(metric(cluster, "A", "vlbd_route_put_backs_total"), total, "put-backs")
    serving(cluster)


RULES = (  # where packets to the range go before the table local is looked up
    ("prohibit", "", ""),
    ("lookup 100", f"ip route add {EXTERNAL} via {ROUTER} table 100; ",
     "ip route flush table 100; "),
)


def misroute(cluster, server, rule, before=""):
    """SERVER no longer delivers what goes to the external range."""
    cluster.run(server, "sh", "-ec", f"{before}ip rule add pref 10 lookup local; "
                                     f"ip rule add pref 5 to {EXTERNAL} {rule}; ip rule del pref 0")
    check(not delivered(cluster, server), "the rule has no effect")


def route_right(cluster, server, after=""):
    """It does again."""
    cluster.run(server, "sh", "-ec", f"{after}ip rule add pref 0 lookup local; "
                                     "ip rule del pref 5; ip rule del pref 10")
    check(delivered(cluster, server), "it is not right again")


def shows(cluster, server, requirement, level, text):
    """vlbctl and metrics show what is wrong with SERVER's host."""
    check(f"host {level}: " in cluster.control(server, "status") and
          re.search(text, cluster.control(server, "status")), cluster.control(server, "status"))
    found = [one for one in cluster.status(server)["host"]
             if one["requirement"] == requirement and one["level"] == level]
    check(len(found) == 1 and re.search(text, found[0]["text"]), f"{found}")
    check_equal(metric(cluster, server, "vlbd_host_requirement_met", requirement), 0,
                f"metric of {requirement}")
    check_equal(metric(cluster, server, "vlbd_host_fit"), 0 if level == "unfit" else 1, "fit")


def hands_over(cluster, requirement, text, server="A", others="BC"):
    """SERVER cannot serve: it says why, and the others serve its addresses."""
    wait_until(lambda: (cluster.try_status(server) or {}).get("standing") == "unhealthy", LOOK_S,
               f"{server} is unhealthy", every=0.1)
    cluster.settle(others)
    wait_until(lambda: not cluster.serves(server), 5, f"{server} lets go")
    wait_until(lambda: "unhealthy" in cluster.control(server, "status").split("\n")[0], 5,
               "vlbctl status says so")
    shows(cluster, server, requirement, "unfit", text)


def takes_part(cluster, watch, requirement, server="A"):
    """It can serve again."""
    watch.await_text(server, f"host: {requirement} is right again", LOOK_S)
    cluster.settle()
    check_equal(metric(cluster, server, "vlbd_host_fit"), 1, "fit")
    check("host unfit" not in cluster.control(server, "status"), cluster.control(server, "status"))


@test("the external range is not delivered: others serve meanwhile, nobody where nobody can",
      table=lab.THREE, timing=CALM)
def not_delivered(cluster):
    load = cluster.traffic(rate=100)
    answers(cluster, load, "ABC")
    for rule, before, after in RULES:
        watch = Watch(cluster)
        misroute(cluster, "A", rule, before)
        hands_over(cluster, "external", f"packets to external {EXTERNAL} .* not delivered here")
        for server in "BC":
            check(cluster.status(server)["peers"][0]["unhealthy"], f"A is not, to {server}")
        time.sleep(load.TIMEOUT_S + 0.5)  # those that A had got are counted
        counts = answers(cluster, load, "BC")
        check_equal(load.counts().get("lost", 0), counts.get("lost", 0), "requests lost since")
        route_right(cluster, "A", after)
        takes_part(cluster, watch, "external")
        check_equal(watch.text("A").count("host unfit"), 1, "lines about it")
        answers(cluster, load, "ABC")
    watch, probe = Watch(cluster), cluster.probe()
    for server in cluster.servers:
        misroute(cluster, server, "prohibit")
        cluster.run(server, "ip", "link", "set", "lo", "up")  # something to look for
    for server in cluster.servers:
        wait_until(lambda s=server: (cluster.try_status(s) or {}).get("health") == "bad", LOOK_S,
                   f"{server} is unhealthy", every=0.1)
    wait_until(lambda: all("serving on" in watch.text(server) for server in cluster.servers
                           if cluster.serves(server)), 10, "they serve on")
    matrix = cluster.matrix()
    check(all(len(owners) == 1 for owners in matrix.values()), f"{matrix}")
    stays(lambda: cluster.matrix() == matrix, 2, "nobody lets go", every=0.1)
    gaps_below(probe.stop(), 1000)
    for server in cluster.servers:
        route_right(cluster, server)
    for server in cluster.servers:
        watch.await_text(server, "host: external is right again", LOOK_S)
    cluster.settle()


@test("the interface becomes a bridge's port, ARP is switched off, arp_ignore is 8: hands over",
      **SMALL)
def unfit(cluster):
    faults = (
        ("master", "ip link add br9 type bridge; ip link set br9 up; ip link set eth1 master br9",
         "ip link set eth1 nomaster; ip link del br9", "eth1 is a port of the bridge br9"),
        ("arp", "ip link set eth1 arp off", "ip link set eth1 arp on",
         "ARP is switched off on eth1"),
        ("arp_ignore", "sysctl -qw net.ipv4.conf.eth1.arp_ignore=8",
         "sysctl -qw net.ipv4.conf.eth1.arp_ignore=0",
         r"arp_ignore is 8 \(net.ipv4.conf.eth1\): this host answers ARP for no"),
    )
    for requirement, fault, cure, text in faults:
        watch = Watch(cluster)
        cluster.run("A", "sh", "-ec", fault)
        hands_over(cluster, requirement, text)
        stays(lambda: cluster.settled("BC"), 1, "B and C serve", every=0.1)
        cluster.run("A", "sh", "-ec", cure)
        takes_part(cluster, watch, requirement)
        check_equal(watch.text("A").count("host unfit"), 1, "lines about it")
        probe = cluster.probe(cluster.primaries("A"))
        stays(cluster.settled, 0.5, "settled", every=0.1)
        gaps_below(probe.stop(), 500)


@test("sysctls are set wrong at run time: told once, and once more when they are right again",
      **SMALL)
def unmet(cluster):
    wrong = {"arp_ignore": ("arp_ignore is 0: ", 0, 1),
             "arp_announce": ("arp_announce is 0: ", 0, 2),
             "proxy_arp": ("proxy_arp is 1: this host answers ARP", 1, 0)}
    cluster._sysctl("A", ipv4__conf__eth1__forwarding=1)
    watch = Watch(cluster)
    for name, (_, value, _) in wrong.items():
        cluster._sysctl("A", **{f"ipv4__conf__all__{name}": value})
    for name, (text, _, _) in wrong.items():
        watch.await_text("A", f"host unmet: {text}", LOOK_S)
        shows(cluster, "A", name, "unmet", text)
    stays(cluster.settled, 6, "settled", every=0.2)  # it has looked again
    check_equal(watch.text("A").count("host unmet"), len(wrong), "lines about it")
    serving(cluster)
    for name, (_, _, value) in wrong.items():
        cluster._sysctl("A", **{f"ipv4__conf__all__{name}": value})
    for name in wrong:
        watch.await_text("A", f"host: {name} is right again", LOOK_S)
        check_equal(metric(cluster, "A", "vlbd_host_requirement_met", name), 1,
                    f"metric of {name}")
    check("host un" not in cluster.control("A", "status"), cluster.control("A", "status"))
    check_equal(watch.changes(), [], "changes")


# ---- what -t finds ----

WRONG = (  # what to change, how to undo it, what is found wrong or noted
    ("sysctl -qw net.ipv4.conf.eth1.arp_ignore=8", "sysctl -qw net.ipv4.conf.eth1.arp_ignore=0",
     r"wrong: .*arp_ignore is 8 \(net\.ipv4\.conf\.eth1\): this host answers ARP for no address at "
     r"all; sysctl -w net\.ipv4\.conf\.eth1\.arp_ignore=1"),
    ("sysctl -qw net.ipv4.conf.all.arp_ignore=8", "sysctl -qw net.ipv4.conf.all.arp_ignore=1",
     r"wrong: .*arp_ignore is 8 \(net\.ipv4\.conf\.all\).* net\.ipv4\.conf\.all\.arp_ignore=1"),
    ("sysctl -qw net.ipv4.conf.all.arp_ignore=0", "sysctl -qw net.ipv4.conf.all.arp_ignore=1",
     r"wrong: .*arp_ignore is 0: .* sysctl -w net\.ipv4\.conf\.all\.arp_ignore=1"),
    ("sysctl -qw net.ipv4.conf.all.arp_announce=0",
     "sysctl -qw net.ipv4.conf.all.arp_announce=2",
     r"wrong: .*arp_announce is 0: .* sysctl -w net\.ipv4\.conf\.all\.arp_announce=2"),
    ("sysctl -qw net.ipv4.conf.eth1.proxy_arp=1 net.ipv4.conf.eth1.forwarding=1",
     "sysctl -qw net.ipv4.conf.eth1.proxy_arp=0 net.ipv4.conf.eth1.forwarding=0",
     r"wrong: .*proxy_arp is 1: this host answers ARP .*net\.ipv4\.conf\.eth1\.proxy_arp=0"),
    ("sysctl -qw net.ipv4.conf.eth1.proxy_arp_pvlan=1",
     "sysctl -qw net.ipv4.conf.eth1.proxy_arp_pvlan=0",
     r"note: .*proxy_arp_pvlan is 1: as soon as it forwards .*conf\.eth1\.proxy_arp_pvlan=0"),
    ("ip link set eth1 arp off", "ip link set eth1 arp on",
     r"wrong: .*ARP is switched off on eth1.*; ip link set eth1 arp on"),
    ("ip link add br9 type bridge; ip link set eth1 master br9", "ip link del br9",
     r"wrong: .*eth1 is a port of the bridge br9.*write `interface = br9', or ip link set eth1 "
     "nomaster"),
    ("ip addr add 10.77.0.2/24 dev eth1", "ip addr del 10.77.0.2/24 dev eth1",
     r"wrong: .*10\.77\.0\.2 is configured by hand as 10\.77\.0\.2/24; ip addr del 10\.77\.0\.2/24 "
     "dev eth1"),
    ("ip addr add 10.77.0.2/32 dev lo", "ip addr del 10.77.0.2/32 dev lo",
     r"wrong: .*10\.77\.0\.2 is on lo too; ip addr del 10\.77\.0\.2/32 dev lo"),
)
RIGHT = (  # each is enough
    ("sysctl -qw net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.eth1.arp_ignore=2",
     "sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.eth1.arp_ignore=0",
     "ok: .*arp_ignore is 2"),
    ("sysctl -qw net.ipv4.conf.all.arp_announce=0 net.ipv4.conf.eth1.arp_announce=1",
     "sysctl -qw net.ipv4.conf.all.arp_announce=2 net.ipv4.conf.eth1.arp_announce=0",
     "ok: .*arp_announce is 1"),
)
FEW = {"table": {"A": [[1, 2]], "B": [[3], [1]]}, "daemon": None, "web": False}


@test("-t: this host's settings, each by its name and scope", **FEW)
def host_settings(cluster):
    status, told = check_host(cluster)
    check(status == 0 and not re.search("^wrong", told, re.M), told)
    for act, undo, wanted in (*WRONG, *RIGHT):
        cluster.run("A", "sh", "-ec", act)
        status, told = check_host(cluster)
        lines = re.findall(f"^{wanted}", told, re.M)
        check_equal(len(lines), 1, f"lines like {wanted} in {told}")
        check_equal(status, NOT_READY if wanted.startswith("wrong") else 0, f"status of {told}")
        cluster.run("A", "sh", "-ec", undo)


@contextlib.contextmanager
def file_of(cluster, *changes):
    """The file has other words for a while."""
    text = cluster.config_text()
    for old, new in changes:
        check(old in text, f"{old} is not in {text}")
        text = text.replace(old, new)
    cluster.write_config(text)
    yield
    cluster.write_config()


@test("-t: failover addresses and ranges that cannot be, with this host's own", **FEW)
def host_addresses(cluster):
    base, first = cluster.base("A"), "primary = 10.77.0.1-10.77.0.2"
    with file_of(cluster, (EXTERNAL, "10.77.128.0/24")):
        status, told = check_host(cluster)
        check(status == NOT_READY and re.search(
            rf"wrong: .*{base} of eth1 lies in external 10\.77\.128\.0/24", told), told)
    for one, what in (("10.77.0.0", "network"), ("10.77.255.255", "broadcast")):
        with file_of(cluster, (first, f"{first}, {one}")):
            status, told = check_host(cluster)
            check(status == NOT_READY and re.search(
                rf"wrong: .*{one} is the {what} address of eth1's network 10\.77\.0\.0/16",
                told), told)
    with file_of(cluster, (first, f"{first}, {base}")):
        status, told = check_host(cluster)
        check(status == NOT_READY and re.search(
            rf"wrong: .*{base} is the only address that eth1 has of its own", told), told)


TALKER = """
import socket, sys, time
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
wire.bind(("eth1", 0))
print("ready", flush=True)
while True:
    wire.send(bytes.fromhex(sys.argv[1]))
    time.sleep(.1)
"""


@test("-t: what the segment tells, a stranger's addresses and VLAN tags", **FEW)
def segment(cluster):
    cluster._ip("probe", "addr add 10.77.0.2/32 dev eth1\n")
    status, told = check_host(cluster)
    check(status == NOT_READY and f"10.77.0.2 is in use by {lab.PROBE_MAC}, which is no server" in
          told, told)
    cluster._ip("probe", "addr del 10.77.0.2/32 dev eth1\n")
    cluster._ip("B", "addr add 10.77.0.2/32 dev eth1\n")  # not in its list
    status, told = check_host(cluster)
    check(status == NOT_READY and "10.77.0.2 is in use by B, which is not in its list" in told,
          told)
    cluster._ip("B", "addr del 10.77.0.2/32 dev eth1\n")
    frame = lab.arp_frame(1, "10.99.0.1", "10.99.0.2", source=lab.hardware(lab.PROBE_MAC))
    talker = spawn_python(cluster, "probe", TALKER, (frame[:12] + b"\x81\x00\x00\x07" +
                                                     frame[12:]).hex())
    status, told = check_host(cluster)
    check(status == 0 and "note:    eth1 hears frames with VLAN tags" in told, told)
    talker.kill()
    cluster.silence("router", "in")
    status, told = check_host(cluster)
    check(status == NOT_READY and f"router {ROUTER} does not answer ARP on eth1" in told, told)


@test("-t: the external range's route is the running daemon's business", table=lab.THREE,
      web=False, timing=CALM)
def route_of_the_running(cluster):
    status, told = check_host(cluster)
    check(status == 0 and f"packets to external {EXTERNAL} are delivered here" in told, told)
    misroute(cluster, "A", "prohibit")
    status, told = check_host(cluster)
    check(status == NOT_READY and re.search(f"wrong: .*external {EXTERNAL} .* are not delivered "
                                            r"here \(", told), told)
    route_right(cluster, "A")
    cluster.stop("A")
    check(not delivered(cluster), "the route is still there")
    status, told = check_host(cluster)
    check(status == 0 and "delivered" not in told, told)


main()
