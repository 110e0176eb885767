# SPDX-License-Identifier: BSD-2-Clause
"""Servers A and B and a router, three machines on one switch, as the README has them.

    A       10.77.128.1/16    ens4, an emulated e1000; ens5 and ens6, virtio, unplugged
    B       10.77.128.2/16    ens4, virtio
    router  10.77.255.254/16  ens4, virtio; ens5 and ens6, unplugged; a client behind it
                              in a namespace, 198.51.100.2
    failover addresses 10.77.0.1 to 10.77.0.4; external range 203.0.113.0/24

Hellos are rare and patience is long, since emulated machines stall: these tests judge what
happens and in which order, and no milliseconds."""

import contextlib
import json
import os
import re

from hub import Switch
from machine import Card, Machine, MachineError
from tally import Failure, check, check_equal, wait_until

LAN = "lan"
TABLE = {"A": [[1, 2], [3, 4]], "B": [[3, 4], [1, 2]]}
BASES = {"A": "10.77.128.1", "B": "10.77.128.2", "router": "10.77.255.254"}
MACS = {"A": "02:00:00:00:00:01", "B": "02:00:00:00:00:02", "router": "02:00:00:00:ff:01"}
MODELS = {"A": "e1000", "B": "virtio-net-pci", "router": "virtio-net-pci"}
SPARE = ("A", "router")  # who has two cards more
SPARE_MODEL = "virtio-net-pci,speed=1000,duplex=full"  # 802.3ad wants to know
ROUTER = BASES["router"]
EXTERNAL = "203.0.113.0/24"
# A death takes 1.75 + 1 s to be noticed, and nobody dies of a second without a processor.
TIMING = {"hello": "1s", "probe_interval": "200ms", "answer_timeout": "2s", "lease": "20s",
          "failback": "3s", "max_moves": "off"}
SETTLE_S = 120
CHANGE = re.compile(r"(10\.77\.0\.\d+): (\w+) -> (\w+)")
TRAFFIC = "/usr/bin/python3 /vlbd/src/tests/machines/traffic.py"


def address(number):
    """7 -> 10.77.0.7"""
    return f"10.77.0.{number}"


class Log:
    """What vlbd logs on a machine from now on, in this boot."""

    def __init__(self, machine):
        self.machine = machine
        self.seen = len(self._all())

    def _all(self):
        return self.machine.run("journalctl", "-b", "-u", "vlbd", "-o", "cat",
                                "--no-pager").splitlines()

    def text(self):
        """The new lines."""
        return "\n".join(self._all()[self.seen:])

    def moved(self):
        """The addresses that this server began or ceased to serve."""
        serving = {"PRIMARY", "CLAIMED"}
        return {one for one, old, new in CHANGE.findall(self.text())
                if (old in serving) != (new in serving)}


class Segment:
    """The three machines. They stand for many tests: each leaves all well, or repair() does."""

    def __init__(self, image, payload, directory):
        self.image = image
        self.payload = payload
        self.directory = directory
        self.servers = list(TABLE)
        self.addresses = [address(n) for lists in TABLE.values() for n in lists[0]]
        self.macs = dict(MACS)
        self.interface = "ens4"
        self.installed = False
        self.on_cards = True  # or on what links.py has built on them
        self._open = contextlib.ExitStack()
        self.switch = None
        self.machines = {}

    def __enter__(self):
        os.makedirs(self.directory)
        try:
            self.switch = self._open.enter_context(Switch(self.directory))
            for name in BASES:
                self.machines[name] = self._open.enter_context(self._machine(name))
            for machine in self.machines.values():
                machine.wait_up(seconds=600)
            self._set_up_router()
            for server in self.servers:
                self._set_up_server(server)
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_exception):
        self._open.close()

    # -- building --

    def _machine(self, name):
        cards = [Card(MODELS[name], MACS[name], self.switch.port(f"{name}4", LAN))]
        if name in SPARE:
            cards += [Card(SPARE_MODEL, spare_mac(name, number),
                           self.switch.port(f"{name}{number}", f"{name}{number}"))
                      for number in (5, 6)]
        return Machine(name, self.image, self.payload, self.directory, cards)

    def _set_up_router(self):
        hops = " ".join(f"nexthop via {one}" for one in self.addresses)
        # Client and router are one kernel here, so the router takes the client's own hash of
        # a flow; without txrehash=0 it changes when the client sends something again.
        self["router"].shell(f"""
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.fib_multipath_hash_policy=1
ip link set ens4 up
ip addr add {ROUTER}/16 dev ens4
ip netns add client
ip link add inner type veth peer name eth0 netns client
ip addr add 198.51.100.1/24 dev inner
ip link set inner up
ip netns exec client sysctl -qw net.core.txrehash=0
ip -n client addr add 198.51.100.2/24 dev eth0
ip -n client link set eth0 up
ip -n client link set lo up
ip -n client route add default via 198.51.100.1
ip route add {EXTERNAL} {hops}
""")

    def _set_up_server(self, name):
        """As an administrator of Debian has it, with ifupdown, so that a reboot keeps it."""
        self[name].write("/etc/network/interfaces.d/ens4", ifupdown(name))
        self[name].write("/etc/hosts", f"127.0.0.1 localhost {name}\n")
        self[name].write("/etc/hostname", f"{name}\n")
        self[name].write("/etc/systemd/system/echo.service", "[Unit]\nDescription=a service\n"
                         f"[Service]\nExecStart={TRAFFIC} serve {name}\n"
                         "[Install]\nWantedBy=multi-user.target\n")
        self[name].shell("ifup ens4; systemctl enable --now echo.service")

    def __getitem__(self, name):
        return self.machines[name]

    def config(self):
        """/etc/vlb.ini"""
        lines = ["[cluster]", f"interface = {self.interface}", f"router = {ROUTER}",
                 f"external = {EXTERNAL}", "[timing]"]
        lines += [f"{key} = {value}" for key, value in TIMING.items()]
        for server, lists in TABLE.items():
            lines += [f"[server {server}]", f"mac = {self.macs[server]}"]
            lines += [f"{key} = {', '.join(map(address, numbers))}"
                      for key, numbers in zip(("primary", "secondary"), lists)]
        return "\n".join(lines) + "\n"

    def write_config(self):
        """On both servers."""
        for server in self.servers:
            self[server].write("/etc/vlb.ini", self.config())

    # -- who serves --

    def serves(self, server):
        """The failover addresses that its kernel has."""
        out = self[server].run("ip", "-4", "-o", "addr", "show", "to", "10.77.0.0/24")
        return set(re.findall(r"inet (10\.77\.0\.\d+)/32", out))

    def expected(self, alive):
        """{address: its best living server}"""
        return {address(n): next(s for lists in zip(*TABLE.values())
                                 for s, numbers in zip(TABLE, lists)
                                 if n in numbers and s in alive)
                for lists in TABLE.values() for n in lists[0]} if alive else {}

    def wrong(self, alive):
        """What is not as it should be, or ''."""
        expected = self.expected(alive)
        serves = {server: self.serves(server) for server in alive}
        told = []
        for one in self.addresses:
            owners = [server for server in alive if one in serves[server]]
            if owners != [expected[one]]:
                told.append(f"{one}: {'+'.join(owners) or 'nobody'}, not {expected[one]}")
        if not told:
            believes = self.router_believes()
            told = [f"{one}: the router has {believes.get(one, 'nothing')}, not {owner}'s"
                    for one, owner in expected.items()
                    if believes.get(one) != self.macs[owner]]
        return "; ".join(told)

    def router_believes(self):
        """{address: hardware address}; who was forgotten is asked for anew."""
        router = self["router"]
        router.try_run("sh", "-c", "for a; do ping -c1 -W5 -q $a & done; wait", "sh",
                       *self.addresses)
        return dict(re.findall(r"^(10\.77\.0\.\d+) .*lladdr (\S+)",
                               router.run("ip", "-4", "neigh", "show"), re.M))

    def settle(self, alive="AB", seconds=SETTLE_S):
        """Wait until each address is with its best living server, and the router knows."""
        try:
            wait_until(lambda: not self.wrong(alive), seconds, "settled", every=1)
        except Failure as failure:
            raise Failure(f"{failure}: {self.wrong(alive)}") from failure

    def status(self, server):
        """`vlbctl status --json`, read."""
        return json.loads(self[server].run("vlbctl", "status", "--json"))

    # -- traffic --

    def start_traffic(self):
        """Long flows and short ones, from the client; and pings of every address."""
        self["router"].shell(f"""
rm -f /run/traffic /run/probe
systemctl reset-failed traffic probe 2>/dev/null || true
systemd-run -q --unit=traffic -p StandardOutput=file:/run/traffic \\
	ip netns exec client {TRAFFIC} ask
systemd-run -q --unit=probe -p StandardOutput=file:/run/probe /vlbd/arpprobe -j -i 200 -w 10000 icmp {
    " ".join(self.addresses)}
for i in $(seq 100); do
	! grep -qs ready /run/traffic || exit 0
	sleep 0.5
done
echo "the client's flows are not open"
exit 1
""", seconds=150)

    def stop_traffic(self):
        """(what the clients saw, what the pings saw)"""
        router = self["router"]
        router.try_run("systemctl", "stop", "traffic", "probe")
        return (json.loads(router.run("tail", "-n", "1", "/run/traffic")),
                {one["address"]: one for one in json.loads(router.run("cat", "/run/probe"))
                 ["addresses"]})

    # -- after a test --

    def repair(self):
        """What a failed test has left undone: everything is as at the beginning, or Failure."""
        self.interface, self.macs = "ens4", dict(MACS)
        for name, machine in self.machines.items():
            with contextlib.suppress(MachineError):
                machine.go_on()
            machine.wait_boot()
            for number in range(len(machine.cards)):
                machine.set_link(number, True)
            for card in machine.cards:
                at_home = LAN if card == "ens4" else f"{name}{card[3:]}"
                self.switch.move(f"{name}{card[3:]}", at_home)
                self.switch.silence(f"{name}{card[3:]}", False)
            machine.wait_up()
        with contextlib.suppress(MachineError, ValueError):
            self.stop_traffic()
        if self.installed:
            from links import stand_on_cards  # it knows what links there may be
            stand_on_cards(self)
            for server in self.servers:
                self[server].try_run("vlbctl", "resume")
            self.settle()

    def show(self):
        """What a reader of a failed run needs to see."""
        lines = []
        for name, machine in self.machines.items():
            lines.append(f"---- {name}")
            commands = ["ip -br link; ip -br addr; ip -4 neigh"]
            if name in self.servers:
                commands.append("journalctl -b -u vlbd -o short-monotonic --no-pager | tail -n 25")
            for command in commands:
                try:
                    lines.append(machine.try_run("sh", "-c", command)[1].rstrip())
                except (MachineError, AttributeError) as error:
                    lines.append(f"{error}{machine.console_end()}")
        return "\n".join(lines)


def spare_mac(name, number):
    """Of ens5 and ens6."""
    return f"02:00:00:00:{number:02x}:{ord(name[0]):02x}"


def ifupdown(name):
    """/etc/network/interfaces.d/ens4 of a server."""
    return (f"auto ens4\niface ens4 inet static\n\taddress {BASES[name]}/16\n"
            f"\tgateway {ROUTER}\n")


def unmoved(segment, logs, report):
    """Nothing moved, all pings were answered, no flow was cut. REPORT: of stop_traffic()."""
    clients, pings = report
    for log in logs:
        check_equal(log.moved(), set(), f"what moved at {log.machine.name}")
    lost = {one: gap for one, probe in pings.items() for gap in probe["gaps"]
            if probe["sent"] > probe["answered"]}
    check(not lost, f"addresses that did not answer: {lost}")
    check(not clients["cut"], f"flows that were cut: {clients['cut']}")
    check(clients["short"]["lost"] == 0, f"connections lost: {clients['short']}")
    check(set(clients["flows"].values()) == set(segment.servers),
          f"not both servers had flows: {clients['flows']}")
