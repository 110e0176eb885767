# SPDX-License-Identifier: BSD-2-Clause
"""vlbd on what may stand between a card and the addresses: VLANs, bonds, VRFs, macvlans, on
kernels that have them, with cards that have cables."""

import contextlib
import re
import time

from machine import MachineError
from segment import BASES, EXTERNAL, LAN, MACS, ROUTER, Log, spare_mac
from tally import Skip, check, check_equal, test, wait_until

OF_A = {"10.77.0.1", "10.77.0.2"}
BONDED = "ens5 ens6"
RENAMED = "link0"  # what has one name everywhere: a bond here, a card there


def clear(segment):
    """No vlbd, no link but the cards, no address on them."""
    for server in segment.servers:
        segment[server].try_run("systemctl", "stop", "vlbd")
    for name, machine in segment.machines.items():
        machine.shell(f"""
for kind in macvlan vlan bridge bond vrf; do
	ip -br link show type $kind | while read -r name _; do ip link del "${{name%%@*}}"; done
done
for card in {RENAMED} ens4 ens5 ens6; do
	[ ! -e /sys/class/net/$card ] || {{ ip -4 addr flush dev $card; ip link set $card down; }}
done
[ ! -e /sys/class/net/{RENAMED} ] || {{
	# udev has made its old name another one that it has.
	ip link property del dev {RENAMED} altname ens4 2>/dev/null || true
	ip link set {RENAMED} name ens4
}}
ip link set ens4 address {MACS[name]}
""")


def stand_on(segment, interface, scripts, macs=None, tables=None):
    """SCRIPTS, by machine, build INTERFACE; it gets the base addresses, and vlbd starts. What
    is in a VRF has its default route in a table of TABLES. Whoever comes next builds anew."""
    clear(segment)
    segment.interface, segment.macs, segment.on_cards = interface, macs or dict(MACS), False
    for name, machine in segment.machines.items():
        try:
            machine.shell(scripts.get(name) or scripts["all"])
        except MachineError as error:
            if "Unknown device type" in str(error) or "not supported" in str(error):
                raise Skip(f"no such link on this kernel: {error}") from error
            raise
        machine.shell(f"ip link set {interface} up; ip addr add {BASES[name]}/16 dev {interface}")
    hops = " ".join(f"nexthop via {one}" for one in segment.addresses)
    segment["router"].shell(f"ip route replace {EXTERNAL} {hops}")
    for server in segment.servers:
        table = (tables or {}).get(server, "main")
        segment[server].shell(f"ip route replace default via {ROUTER} table {table}")
    segment.write_config()
    for server in segment.servers:
        segment[server].run("systemctl", "start", "vlbd")
    segment.settle()


def stand_on_cards(segment):
    """As at the beginning."""
    stand_on(segment, "ens4", {"all": "ip link set ens4 up"})
    segment.on_cards = True


def cable_of_a(segment, number=0):
    """Pulled, and put back: B serves meanwhile."""
    segment["A"].set_link(number, False)
    segment.settle("B")
    segment["A"].set_link(number, True)
    segment.settle()


def external_answers(segment):
    """The client's ping to the external range comes back."""
    return segment["router"].try_run("ip", "netns", "exec", "client", "ping", "-q", "-c3", "-W5",
                                     "203.0.113.1")[0] == 0


VLAN = "ip link set ens4 up; ip link add link ens4 name ens4.5 type vlan id 5"


@test("on a VLAN: the cable pulled and put back, and the external range answers", quick=True)
def vlan(segment):
    stand_on(segment, "ens4.5", {"all": VLAN})
    check(external_answers(segment), "the external range does not answer")
    cable_of_a(segment)


@test("on a VLAN beside the untagged segment: what goes on there does not matter")
def vlan_and_untagged(segment):
    stand_on(segment, "ens4.5", {"all": VLAN})
    log = Log(segment["A"])
    # The same addresses, untagged, at a stranger.
    segment["router"].shell("ip link add mv0 link ens4 type macvlan mode bridge\n"
                            "ip link set mv0 up\n"
                            "ip addr add 10.77.0.1/32 dev mv0\n"
                            "for i in 1 2 3; do ping -c1 -W1 -I mv0 10.77.0.99 || true; done")
    time.sleep(3)
    segment["router"].shell("ip link del mv0")
    segment.settle()
    check_equal(log.moved(), set(), "what moved at A")


def plug_in(segment, *lans):
    """A's ens5 and ens6 go into those LANs."""
    for number, lan in zip((5, 6), lans):
        segment.switch.move(f"A{number}", lan)


@contextlib.contextmanager
def bond(segment, options, macs=None, lans=(LAN, LAN), router=None, address=MACS["A"]):
    """A stands on a bond of ens5 and ens6, the others on cards of that name."""
    plain = f"ip link set ens4 down; ip link set ens4 name {RENAMED}"
    plug_in(segment, *lans)
    segment.switch.move("A4", "nowhere")
    build = f"ip link add {RENAMED} type bond {options}\n"
    if address:
        build += f"ip link set {RENAMED} address {address}\n"
    build += "".join(f"ip link set {card} down; ip link set {card} master {RENAMED}\n"
                     for card in BONDED.split())
    build += f"ip link set {RENAMED} up\nip link set ens5 up\nip link set ens6 up\n"
    try:
        stand_on(segment, RENAMED, {"A": build, "B": plain, "router": router or plain}, macs)
        yield
    finally:
        clear(segment)
        segment.switch.move("A4", LAN)
        plug_in(segment, "A5", "A6")


def active_slave(segment):
    """Of A's bond: ens5, say."""
    return segment["A"].run("cat", f"/sys/class/net/{RENAMED}/bonding/active_slave").strip()


def pull_active(segment):
    """The cable of the active slave; returns (its number among A's cards, its name)."""
    before = active_slave(segment)
    number = segment["A"].cards.index(before)
    segment["A"].set_link(number, False)
    wait_until(lambda: active_slave(segment) not in ("", before), 30, "another slave is active")
    return number, before


@test("on an active-backup bond: the active slave's cable is pulled, and nothing moves", quick=True)
def active_backup(segment):
    with bond(segment, "mode active-backup miimon 100"):
        logs = [Log(segment[server]) for server in segment.servers]
        number, _ = pull_active(segment)
        time.sleep(5)
        segment.settle()
        segment["A"].set_link(number, True)
        time.sleep(3)
        for log in logs:
            check_equal(log.moved(), set(), f"what moved at {log.machine.name}")


@test("on an active-backup bond: both cables are pulled, and the other server serves")
def both_cables(segment):
    with bond(segment, "mode active-backup miimon 100"):
        for card in (1, 2):
            segment["A"].set_link(card, False)
        segment.settle("B")
        for card in (1, 2):
            segment["A"].set_link(card, True)
        segment.settle()


@test("on a bond with fail_over_mac=active: another address is not the server's any more; and back")
def fail_over_mac(segment):
    macs = {**MACS, "A": spare_mac("A", 5)}
    with bond(segment, "mode active-backup miimon 100 fail_over_mac active primary ens5", macs,
              address=None):
        log = Log(segment["A"])
        segment["A"].set_link(1, False)
        segment.settle("B")
        wait_until(lambda: not segment.serves("A"), 30, "A has let go of its addresses")
        check_equal(segment.status("A")["standing"], "wrong mac", "A")
        check(spare_mac("A", 6) in log.text(), f"A does not say why: {log.text()}")
        segment["A"].set_link(1, True)
        wait_until(lambda: active_slave(segment) == "ens5", 30, "the first slave is active again")
        segment.settle()


def aggregated(segment):
    """How many ports A's bond has in its active aggregator."""
    state = segment["A"].run("cat", "/proc/net/bonding/" + RENAMED)
    return int(re.search(r"Number of ports: (\d+)", state)[1])


@test("on an 802.3ad bond: a link of two fails and comes back, and nothing moves")
def lacp(segment):
    options = "mode 802.3ad miimon 100 lacp_rate fast"
    router = (f"ip link add bond0 type bond {options}\n"
              + "".join(f"ip link set {card} down; ip link set {card} master bond0\n"
                        for card in BONDED.split())
              + f"ip link add {RENAMED} type bridge forward_delay 0 mcast_snooping 0\n"
              f"ip link set {RENAMED} address {MACS['router']}\n"
              f"ip link set ens4 up; ip link set ens4 master {RENAMED}\n"
              f"ip link set bond0 up; ip link set bond0 master {RENAMED}\n")
    for number, lan in ((5, "first"), (6, "second")):
        segment.switch.move(f"router{number}", lan)
    try:
        with bond(segment, options, lans=("first", "second"), router=router):
            wait_until(lambda: aggregated(segment) == 2, 60, "both links are aggregated")
            logs = [Log(segment[server]) for server in segment.servers]
            segment.start_traffic()
            for card in (1, 2):
                for name in ("A", "router"):
                    segment[name].set_link(card, False)
                time.sleep(4)
                segment.settle()
                for name in ("A", "router"):
                    segment[name].set_link(card, True)
                wait_until(lambda: aggregated(segment) == 2, 60, "both are aggregated again")
            clients, _ = segment.stop_traffic()
            check(not clients["cut"], f"flows that were cut: {clients['cut']}")
            for log in logs:
                check_equal(log.moved(), set(), f"what moved at {log.machine.name}")
    finally:
        for number in (5, 6):
            segment.switch.move(f"router{number}", f"router{number}")


@test("on a macvlan on a VLAN")
def macvlan_on_vlan(segment):
    scripts = {name: f"{VLAN}; ip link set ens4.5 up; ip link set ens4 address 02:00:00:00:aa:0{n}"
                     f"; ip link add mv0 link ens4.5 address {mac} type macvlan mode bridge"
               for n, (name, mac) in enumerate(MACS.items())}
    stand_on(segment, "mv0", scripts)
    cable_of_a(segment)


VRF_TABLE = 77
# As the kernel's documentation on VRFs advises: what is local is looked up after a VRF's table.
LOCAL_LAST = "ip rule add pref 32765 table local; ip rule del pref 0 table local"
LOCAL_FIRST = "ip rule add pref 0 table local; ip rule del pref 32765 table local"


@test("in a VRF: addresses and range are answered; with `local' looked up last, by one route more")
def vrf(segment):
    script = (f"ip link add vrf0 type vrf table {VRF_TABLE}; ip link set vrf0 up\n"
              "ip link set ens4 up; ip link set ens4 master vrf0")
    a = segment["A"]
    stand_on(segment, "ens4", {"A": script, "all": "ip link set ens4 up"},
             tables={"A": VRF_TABLE})
    cable_of_a(segment)
    a.shell(f"ip route replace default via {ROUTER} table {VRF_TABLE}")  # gone with the cable
    segment["B"].run("vlbctl", "drain", "--wait", seconds=100)
    check(external_answers(segment), "the range, with the rules that the kernel comes with")
    a.shell(LOCAL_LAST)
    try:
        check(not external_answers(segment),
              "the range is answered without a route in the VRF's table: say so in the text")
        a.shell(f"ip route add local {EXTERNAL} dev vrf0 table {VRF_TABLE}")
        check(external_answers(segment), "the range, with a route in the VRF's table")
    finally:
        a.shell(LOCAL_FIRST)
        a.try_run("ip", "route", "flush", "table", str(VRF_TABLE))
        segment["B"].run("vlbctl", "resume")


TESTS = [vlan, vlan_and_untagged, active_backup, both_cables, fail_over_mac, lacp,
         macvlan_on_vlan, vrf]
