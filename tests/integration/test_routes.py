#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What vlbplan --routes prints, loaded into the real programs: Linux, FRR, BIRD.

The lab's router loses its own routes and settings. It gets what vlbplan says, word for word,
and nothing else; then real connections must find every server, by every next hop. The list
for switches that inspect ARP is carried over into the lab's switch: a model of one."""

import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from guard import PortGuard  # noqa: E402
from harness import Skip, check, check_equal, main, test, wait_until  # noqa: E402

MOST = 230  # next hops; the kernel does not show a route of 234
CONNECTIONS = 600  # over 30 next hops: each is missed once in a hundred million runs
SETTING = re.compile(r"^. +(net\.[a-z0-9_.]+) = (\d+)$", re.MULTILINE)
CHECK = re.compile(r"^. `(ip route .*)'.* prints (\d+)$", re.MULTILINE)
FRR_PLACES = "/usr/lib/frr:/usr/libexec/frr:/usr/sbin"
BY_HAND = {"daemon": None}


def serve_by_hand(cluster):
    """Each server has its primaries and the external range, as vlbd would give them."""
    for server in cluster.servers:
        commands = [f"addr add {one}/32 dev eth1" for one in cluster.primaries(server)]
        commands.append(f"route add local {lab.EXTERNAL} dev lo")
        subprocess.run(["ip", "-n", server, "-batch", "-"], input="\n".join(commands) + "\n",
                       text=True, check=True)


def forget_routes(cluster):
    """The router as it comes out of the box; whom it has met is forgotten too."""
    cluster.run("router", "ip", "route", "flush", "root", lab.EXTERNAL, check=False)
    cluster.run("router", "sysctl", "-qw", "net.ipv4.fib_multipath_hash_policy=0",
                "net.ipv4.fib_multipath_use_neigh=1")
    forget_neighbours(cluster)


def forget_neighbours(cluster):
    """So that the neighbour table tells which next hops are used from now on."""
    cluster.run("router", "ip", "neigh", "flush", "dev", "eth1")
    cluster.run("router", "ip", "neigh", "flush", "nud", "stale", "dev", "eth1", check=False)


def vlbplan(cluster, router, *options, warning=""):
    """What it prints for ROUTER, for the lab's file unless OPTIONS have servers; its warnings
    must be about WARNING."""
    source = [] if "--servers" in options else ["-c", cluster.path("vlb.ini")]
    done = subprocess.run(
        [lab.find_program("vlbplan"), "--routes", router, *source, "--router-interface", "eth1",
         *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    check(done.returncode == 0 and warning in done.stderr, f"vlbplan: {done.stderr}")
    check_equal(done.stderr.count("\n"), 1 if warning else 0, "warnings")
    return done.stdout


def set_as_told(cluster, text):
    """The settings of Linux that stand in the comments of TEXT."""
    settings = [f"{key}={value}" for key, value in SETTING.findall(text)]
    check_equal(len(settings), 2, "settings in the comments")
    cluster.run("router", "sysctl", "-qw", *settings)


def write(cluster, name, text):
    """A file in the lab's directory; returns its path."""
    path = cluster.path(name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def all_in(cluster, text):
    """Whether the commands that TEXT names print what TEXT says they print."""
    promised = CHECK.findall(text)
    check(promised, "the output names no command to check it with")
    return all(cluster.run("router", "sh", "-c", command, check=False).strip() == number
               for command, number in promised)


def connect(cluster, host, connections=CONNECTIONS):
    """Connections from one client to one external address: {server: how many}"""
    found = {}
    with cluster.inside("client"):
        for _ in range(connections):
            with lab.socket.create_connection((host, 80), 2) as wire:
                wire.sendall(b"GET / HTTP/1.0\r\n\r\n")
                answer = wire.makefile().read().split()[-1]
                found[answer] = found.get(answer, 0) + 1
    return found


def used(cluster):
    """The failover addresses that the router has had to ask for."""
    return set(cluster.router_believes()) & set(cluster.addresses)


def spreads(cluster, host="203.0.113.9", addresses=None):
    """Connections to HOST find every server, fairly, by every one of ADDRESSES, no other."""
    forget_neighbours(cluster)
    found = connect(cluster, host)
    fair = CONNECTIONS / len(cluster.servers)
    check_equal(sorted(found), cluster.servers, "servers found")
    check(all(fair / 2 < count < fair * 2 for count in found.values()), f"uneven: {found}")
    check_equal(used(cluster), set(addresses or cluster.addresses), "next hops used")


def without(text, address):
    """TEXT without the next hop ADDRESS, as one forgets it."""
    lines = [line for line in text.split("\n") if not re.search(rf"\b{re.escape(address)}\b", line)]
    check_equal(len(lines), text.count("\n"), "lines left")
    return "\n".join(lines)


def whole_and_broken(cluster, router, load):
    """LOAD puts a text into ROUTER: what vlbplan says, then that with a next hop forgotten,
    and then as many next hops as vlbplan says that it can have."""
    text = vlbplan(cluster, router)
    forget_routes(cluster)
    check(not all_in(cluster, text), "the checks are content with a router without routes")
    load(text)
    wait_until(lambda: all_in(cluster, text), 5, "the router says that all is in")
    check_equal(cluster.run("router", "sysctl", "-n", "net.ipv4.fib_multipath_use_neigh"), "0\n",
                "use_neigh")
    spreads(cluster)
    broken = without(text, "10.77.0.8")
    load(broken)
    wait_until(lambda: not all_in(cluster, text), 5, "the checks notice what is missing")
    spreads(cluster, addresses=set(cluster.addresses) - {"10.77.0.8"})
    most = vlbplan(cluster, router, "--servers", "A,B", "--external", lab.EXTERNAL,
                   "--addresses", f"10.77.1.1-{MOST}")
    load(most)
    wait_until(lambda: all_in(cluster, most), 5, f"{MOST} next hops are in")
    return text


@test("Linux: the routes are taken, and spread over every server", **BY_HAND)
def linux(cluster):
    def load(text):
        cluster.run("router", "sh", "-e", write(cluster, "routes.sh", text))

    serve_by_hand(cluster)
    text = whole_and_broken(cluster, "linux", load)
    load(text)
    cluster.run("router", "sysctl", "-qw", "net.ipv4.fib_multipath_hash_policy=0")
    check_equal(len(connect(cluster, "203.0.113.9", 20)), 1,
                "servers that one client finds where ports do not count")


@test("Linux: halves of the range have addresses of their own, and every server", **BY_HAND)
def halves(cluster):
    serve_by_hand(cluster)
    forget_routes(cluster)
    text = vlbplan(cluster, "linux", "--split", "2", "--external", "203.0.113.0/24",
                   warning="2 to 3 next hops a server")
    cluster.run("router", "sh", "-e", write(cluster, "routes.sh", text))
    check(all_in(cluster, text), text)
    sets = [set(re.findall(r"via (\S+)", part)) for part in text.split("ip route replace")[1:]]
    check_equal([len(one) for one in sets], [15, 15], "next hops of each half")
    check_equal(sets[0] | sets[1], set(cluster.addresses), "next hops of both halves")
    spreads(cluster, "203.0.113.9", sets[0])
    spreads(cluster, "203.0.113.209", sets[1])


class Frr:
    """zebra, staticd and, in newer releases, mgmtd, in the router. Their sockets are in
    /run/frr/lab, which is ours alone: the lab has a /run of its own. Configuration files of
    this host are not read: they are not in /etc/frr/lab."""

    def __init__(self, cluster):
        self.cluster = cluster
        programs = {name: shutil.which(name, path=FRR_PLACES)
                    for name in ("zebra", "mgmtd", "staticd")}
        if not programs["zebra"] or not programs["staticd"] or not shutil.which("vtysh"):
            raise Skip("FRR is not installed (Debian: frr)")
        os.makedirs("/run/frr/lab", exist_ok=True)
        try:
            shutil.chown("/run/frr", "frr", "frr")
            shutil.chown("/run/frr/lab", "frr", "frr")
        except (LookupError, OSError) as error:
            raise Skip(f"FRR's user cannot be used here: {error}") from error
        for name, path in programs.items():
            if path:
                self.start(name, path)
        self.version = re.search("^FRRouting [0-9.]+", self.ask("show version"), re.MULTILINE)[0]
        self.loaded = ""

    def start(self, name, path):
        """One of the daemons. A client of zebra that comes too early tries again only after
        ten seconds, so each must answer before the next one comes. What they leave in
        /var/tmp is for their own eyes."""
        self.cluster.start_program("router", name, [
            "sh", "-c", 'mount -t tmpfs tmpfs /var/tmp && exec "$@"', "sh", path, "-N", "lab"])
        wait_until(lambda: name in self.ask("show daemons").split(), 10, f"{name} answers")
        if name == "zebra":
            wait_until(lambda: os.path.exists("/run/frr/lab/zserv.api"), 10, "zebra's socket")

    def ask(self, *commands):
        """What vtysh says."""
        words = [word for command in commands for word in ("-c", command)]
        return self.cluster.run("router", "vtysh", "-N", "lab", *words, check=False)

    def load(self, text):
        """What stands no longer in TEXT goes, as a person would do it; the rest is read."""
        gone = set(self.loaded.split("\n")) - set(text.split("\n"))
        removals = "".join(f"no {line}\n" for line in gone if line.startswith("ip route"))
        self.cluster.run("router", "vtysh", "-N", "lab", "-f",
                         write(self.cluster, "frr.conf", removals + text))
        self.loaded = text


@test("FRR: the routes are taken, and spread over every server", **BY_HAND)
def frr(cluster):
    serve_by_hand(cluster)
    router = Frr(cluster)
    print(f"# {router.version}")

    def load(lines):
        router.load(lines)
        set_as_told(cluster, lines)

    whole_and_broken(cluster, "frr", load)
    shown = router.ask(f"show ip route {lab.EXTERNAL}")
    check_equal(shown.count(" * "), MOST, "next hops that FRR marks")


@test("BIRD: the routes are taken, and spread over every server", **BY_HAND)
def bird(cluster):
    if not shutil.which("bird") or not shutil.which("birdc"):
        raise Skip("BIRD is not installed (Debian: bird2)")
    serve_by_hand(cluster)
    write(cluster, "vlb.conf", "")
    socket = cluster.path("bird.ctl")
    text = vlbplan(cluster, "bird")
    # What else bird.conf needs, as the output says.
    needs = re.findall(r"^#   (protocol .*)$", text, re.MULTILINE)
    check_equal(len(needs), 2, "protocols that the output asks for")
    path = write(cluster, "bird.conf", "\n".join(
        ["router id 10.77.255.254;", *needs, f'include "{cluster.path("vlb.conf")}";', ""]))
    cluster.start_program("router", "bird", [
        "bird", "-f", "-c", path, "-s", socket, "-P", cluster.path("bird.pid")])

    def ask(*words):
        return cluster.run("router", "birdc", "-s", socket, *words, check=False)

    def load(lines):
        write(cluster, "vlb.conf", lines)
        check("Reconfigured" in ask("configure"), ask("configure", "check"))
        set_as_told(cluster, lines)

    wait_until(lambda: "BIRD" in ask("show", "status"), 10, "BIRD answers")
    print(f"# {ask('show', 'status').split(chr(10))[0]}")
    whole_and_broken(cluster, "bird", load)
    check_equal(ask("show", "route", "for", "203.0.113.9").count("\tvia "), MOST,
                "next hops that BIRD lists")


def inspect_arp(cluster, text):
    """The switch drops what servers say in ARP unless a line of TEXT permits it."""
    permits = re.findall(r"permit ip host (\S+) mac host (\w+)\.(\w+)\.(\w+)$", text, re.MULTILINE)
    check(permits, "the output permits nothing")
    pairs = [f"{ip} . " + ":".join(re.findall("..", "".join(parts))) for ip, *parts in permits]
    ports = ", ".join(f'"p{server}"' for server in cluster.servers)
    cluster.run("switch", "nft", f"""
        table bridge inspection {{
            set permitted {{
                type ipv4_addr . ether_addr; elements = {{ {", ".join(pairs)} }};
            }}
            chain arrival {{
                type filter hook prerouting priority 0;
                iifname {{ {ports} }} ether type arp \\
                    arp saddr ip . arp saddr ether != @permitted counter drop
            }}
        }}""")


def dropped(cluster):
    """How many frames the inspection has dropped."""
    return int(re.search(r"counter packets (\d+)",
                         cluster.run("switch", "nft", "list", "table", "bridge", "inspection"))[1])


def list_for_switch(cluster, **options):
    """What vlbplan prints for it, with the base addresses."""
    bases = [f"{server}={cluster.base(server)}" for server in cluster.servers]
    return vlbplan(cluster, "dai", *[word for base in bases for word in ("--base", base)], **options)


@test("ARP inspection: the list and the rate let a cluster live", table=lab.THREE, web=False,
      timing={"max_rate": "30"})
def inspected(cluster):
    text = list_for_switch(cluster)
    inspect_arp(cluster, text)
    limit = int(re.search(r"limit rate (\d+)", text)[1])
    for server in cluster.servers:
        cluster.crash(server)
    with PortGuard(cluster, limit) as guard:
        for server in cluster.servers:
            cluster.restore(server)
        cluster.settle()
        cluster.crash("A")
        cluster.settle("BC")
        cluster.restore("A")
        cluster.settle()
        check_equal(cluster.stop("A"), 0, "exit status")
        cluster.settle("BC")
        print(f"# limit {limit}; most frames within a second: {guard.busiest()}")
        check_equal(guard.shut, {}, "shut ports")
    check_equal(dropped(cluster), 0, "frames that the inspection dropped")
    # The limit is for a max_rate; without one in the file vlbplan names this one.
    cluster.timing.clear()
    cluster.write_config()
    check("max_rate = 30" in list_for_switch(cluster, warning="max_rate = 30"), "no max_rate")


@test("ARP inspection: a line that is missing is noticed", table=lab.THREE, web=False,
      timing={"max_rate": "30"})
def inspected_badly(cluster):
    heir = cluster.order(cluster.primaries("A")[0])[1]
    line = (f" permit ip host {cluster.primaries('A')[0]} mac host "
            f"0200.0000.{cluster.index(heir):04x}\n")
    text = list_for_switch(cluster)
    check(line in text, f"no line {line} in {text}")
    inspect_arp(cluster, text.replace(line, ""))
    cluster.crash("A")
    wait_until(lambda: dropped(cluster) > 0, 5, "a claim is dropped")


main()
