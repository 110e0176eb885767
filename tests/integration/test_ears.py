#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Do a daemon and its kernel hear the same frames?

Every field of an ARP frame is changed, one at a time and in the pairs that occur in the field,
in each of the forms in which servers and routers speak; then the receiver's settings, and what
its interface stands on. Where the two do not hear the same, tests/data/ears.tsv says why; what
is not there fails, and so does what is there and is not seen."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import ears  # noqa: E402
from harness import Skip, check, main, test, wait_until  # noqa: E402
from lab import TOP, LabError, find_program, hardware  # noqa: E402

TABLE = os.path.join(TOP, "tests", "data", "ears.tsv")
TWO = {"A": [[1]], "B": [[2]]}  # B only lends its name
QUIET = {"hello": "off"}  # nothing but our frames is to be counted
AGAIN = 3  # a difference that the table does not have may be a busy machine's


def tags(*pairs):
    """(0x8100, 7), (0x8100, 0x2007) -> the bytes between source and ethertype"""
    return b"".join(tpid.to_bytes(2, "big") + tci.to_bytes(2, "big") for tpid, tci in pairs)


Q, AD, OLD = 0x8100, 0x88A8, 0x9100
PRIORITY = tags((Q, 0))
SNAP = b"\xaa\xaa\x03\x00\x00\x00\x08\x06"
GARBAGE = b"\xa5"


def addresses():
    """Ethernet destination and source, SHA, THA, SPA, TPA."""
    stations = {
        "zero": ears.ZERO, "broadcast": ears.BROADCAST, "group": hardware("01:00:5e:00:00:01"),
        "link-local group": hardware("01:80:c2:00:00:00"), "own": ears.RECEIVER_MAC,
        "another's": ears.ELSEWHERE, "VRRP": ears.VIRTUAL_MAC,
    }
    for name, value in stations.items():
        yield f"destination {name}", {"dst": value}
        yield f"source {name}", {"src": value}
        yield f"SHA {name}", {"sha": value}
        yield f"source and SHA {name}", {"src": value, "sha": value}
        yield f"THA {name}", {"tha": value}
    yield "THA = SHA", {"tha": ears.SPEAKER_MAC}
    for name, value in {
            "0.0.0.0": "0.0.0.0", "255.255.255.255": "255.255.255.255",
            "of the subnet's broadcast": "10.77.255.255", "multicast": "224.0.0.1",
            "loopback": "127.0.0.1", "of class E": "240.0.0.1", "off the subnet": "192.0.2.9",
            "own base": ears.RECEIVER, "own failover": ears.OWN, "another's base": ears.SPEAKER,
            "another's failover": ears.OTHERS}.items():
        yield f"SPA {name}", {"spa": value}
        yield f"TPA {name}", {"tpa": value}


def tagged():
    """802.1Q and 802.1ad, outermost first."""
    for name, pairs in {
            "0x8100:0": ((Q, 0),), "0x8100:0 PCP 7": ((Q, 0xE000),), "0x8100:0 DEI": ((Q, 0x1000),),
            "0x88a8:0": ((AD, 0),), "0x9100:0": ((OLD, 0),), "0x8100:7": ((Q, 7),),
            "0x8100:7 PCP 7 DEI": ((Q, 0xF007),), "0x88a8:7": ((AD, 7),), "0x9100:7": ((OLD, 7),),
            "0x8100:1": ((Q, 1),), "0x8100:4095": ((Q, 4095),),
            "0x8100:0 0x8100:0": ((Q, 0), (Q, 0)), "0x88a8:0 0x8100:0": ((AD, 0), (Q, 0)),
            "0x8100:0 0x88a8:0": ((Q, 0), (AD, 0)), "0x8100:0 0x8100:7": ((Q, 0), (Q, 7)),
            "0x8100:7 0x8100:0": ((Q, 7), (Q, 0)), "0x88a8:7 0x8100:0": ((AD, 7), (Q, 0)),
            "0x88a8:7 0x8100:8": ((AD, 7), (Q, 8)), "0x8100:0 0x9100:0": ((Q, 0), (OLD, 0)),
            "0x8100:0 three times": ((Q, 0),) * 3, "0x8100:0 four times": ((Q, 0),) * 4,
            "0x8100:0 eight times": ((Q, 0),) * 8,
            "0x8100:0 twice, 0x8100:7": ((Q, 0), (Q, 0), (Q, 7)),
            "0x8100:7, 0x8100:0 twice": ((Q, 7), (Q, 0), (Q, 0))}.items():
        yield f"tags {name}", {"tags": tags(*pairs)}
    for length in (14, 15, 16, 17, 18, 45):
        yield f"tags 0x8100:0, cut at {length}", {"tags": PRIORITY, "length": length}
        yield f"tags 0x8100:7, cut at {length}", {"tags": tags((Q, 7)), "length": length}
    yield "tags 0x8100:0 twice, cut at 20", {"tags": PRIORITY * 2, "length": 20}


def words():
    """The numbers of the header."""
    for value in (0x0800, 0x0805, 0x0807, 0x8035, 0x86DD, 0x0608, 0, 46, 1500, 0xFFFF):
        yield f"ethertype {value:#06x}", {"type": value}
    for value in (0, 2, 6, 7, 15, 24, 32, 0x0100, 0x0600, 0xFFFF):
        yield f"hardware type {value}", {"hrd": value}
    for value in (0, 0x0008, 0x0801, 0x0806, 0x86DD, 0xFFFF):
        yield f"protocol type {value:#06x}", {"pro": value}
    for value in (0, 5, 7, 8, 20, 255):
        yield f"hardware length {value}", {"hln": value}
    for value in (0, 3, 5, 16, 255):
        yield f"protocol length {value}", {"pln": value}
    for value in (*range(26), 0x0100, 0x0200, 0xFFFF):
        if value not in (ears.REQUEST, ears.REPLY):
            yield f"operation {value}", {"op": value}


def lengths():
    """Truncations, and padding."""
    for length in range(14, 42):
        yield f"cut at {length}", {"length": length}
    for length in (*range(43, 62), 64, 68, 128, 129, 1514):
        yield f"zeroes up to {length}", {"length": length}
        yield f"garbage up to {length}", {"length": length, "tail": GARBAGE}


def pairs():
    """What occurs together in the field."""
    for name, hrd in (("", 1), (", hardware type 6", 6)):
        for what, llc in (("LLC/SNAP", SNAP), ("LLC 0x98", b"\x98\x98\x03"),
                          ("LLC/SNAP of an 802.1H bridge", b"\xaa\xaa\x03\x00\x00\xf8\x08\x06")):
            yield f"802.3, {what}{name}", {"type": len(llc) + 28, "llc": llc, "hrd": hrd}
    yield "802.3, LLC/SNAP, tags 0x8100:0", {"type": 36, "llc": SNAP, "tags": PRIORITY}
    yield "ethertype 0x8035, tags 0x8100:0 twice", {"type": 0x8035, "tags": PRIORITY * 2}
    yield "hardware type 6, tags 0x8100:0", {"hrd": 6, "tags": PRIORITY}
    yield "hardware type 6, garbage up to 60", {"hrd": 6, "length": 60, "tail": GARBAGE}
    yield "SHA VRRP, tags 0x8100:0", {"sha": ears.VIRTUAL_MAC, "tags": PRIORITY}
    yield "SHA a stranger's", {"sha": ears.STRANGER_MAC}
    yield "source a stranger's", {"src": ears.STRANGER_MAC}
    yield "source a stranger's, tags 0x8100:0", {"src": ears.STRANGER_MAC, "tags": PRIORITY}
    for length in (46, 60, 64, 1518):
        yield f"tags 0x8100:0, zeroes up to {length}", {"tags": PRIORITY, "length": length}
        yield f"tags 0x8100:0, garbage up to {length}", {"tags": PRIORITY, "length": length,
                                                         "tail": GARBAGE}
    yield "tags 0x8100:0, destination another's", {"tags": PRIORITY, "dst": ears.ELSEWHERE}
    yield "THA broadcast, destination own", {"tha": ears.BROADCAST, "dst": ears.RECEIVER_MAC}
    yield "THA zero, destination broadcast", {"tha": ears.ZERO, "dst": ears.BROADCAST}


# What is tried where the frame is not what is in question.
FEW = (("as it is", {}), ("tags 0x8100:0", {"tags": PRIORITY}),
       ("tags 0x8100:7", {"tags": tags((Q, 7))}), ("SHA a stranger's", {"sha": ears.STRANGER_MAC}),
       ("destination another's", {"dst": ears.ELSEWHERE}),
       ("destination broadcast", {"dst": ears.BROADCAST}),
       ("destination own", {"dst": ears.RECEIVER_MAC}))


class Row:
    """One of the table's: differences, and why they stay."""

    def __init__(self, where, forms, variants, kernel, daemon, why):
        self.where = where
        self.forms = list(ears.FORMS) if forms == "any" else forms.split("; ")
        self.variants = variants.split("; ")
        self.kernel = kernel
        self.daemon = daemon
        self.text = " | ".join((where, forms, variants, kernel, daemon))
        check(why and set(self.forms) <= set(ears.FORMS), f"{TABLE}: {self.text}")

    def unseen(self, seen):
        """What the row says, and was not SEEN: it stands for each of its pairs of form and
        variant; for one at least, where it says any."""
        if self.variants == ["any"]:
            return [] if any(map(self.fits, seen)) else [self.text]
        told = {(form, variant) for form, variant, *_ in filter(self.fits, seen)}
        return [f"{self.text}: {form}, {variant}" for form in self.forms
                for variant in self.variants if (form, variant) not in told]

    def fits(self, difference):
        """Is DIFFERENCE one of the row's?"""
        form, variant, kernel, daemon = difference
        if self.daemon == "heard":
            daemon = "heard" if ears.hears(daemon) else daemon
        return (form in self.forms and (kernel, daemon) == (self.kernel, self.daemon)
                and (variant in self.variants or self.variants == ["any"]))


def justified(place):
    """The table's rows for PLACE."""
    with open(TABLE, encoding="utf-8") as table:
        lines = [line.rstrip("\n") for line in table]
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    for row in rows:
        check(len(row) == 6, f"{TABLE}: not six columns: {row}")
    return [one for one in (Row(*row) for row in rows) if one.where == place]


def compare(place, judges, variants):
    """Judge all forms of VARIANTS; the differences must be those of the table."""
    rows = justified(place)
    seen, frames = {}, 0
    for variant, changes in variants:
        for form in ears.FORMS:
            for _ in range(AGAIN):
                frames += 1
                kernel, daemon = judges.judge(form, changes)
                difference = (form, variant, kernel, daemon)
                if not ears.differ(form, changes, kernel, daemon):
                    break
                if any(row.fits(difference) for row in rows):
                    break
            if ears.differ(form, changes, kernel, daemon):
                seen[difference] = True
    print(f"# {place}: {frames} frames. What the kernel and vlbd heard differently:")
    tell(place, seen)
    new = [f"not in the table: {' | '.join(one)}" for one in seen
           if not any(row.fits(one) for row in rows)]
    gone = [f"only in the table: {one}" for row in rows for one in row.unseen(seen)]
    check(not new + gone, "\n".join(new + gone))


def tell(place, seen):
    """The differences as rows, the forms of one in one."""
    rows = {}
    for form, *rest in seen:
        rows.setdefault(tuple(rest), []).append(form)
    for (variant, kernel, daemon), forms in rows.items():
        text = "any" if len(forms) == len(ears.FORMS) else "; ".join(forms)
        print("\t".join(("#", place, text, variant, kernel, daemon)))


def alone(cluster):
    """Only A's daemon runs, and serves."""
    cluster.stop("B")
    cluster.forget("B")
    wait_until(lambda: cluster.serves("A") == {ears.OWN}, 10, "A serves")


@test("frames: every field, and pairs", table=TWO, web=False, timing=QUIET)
def fields(cluster):
    alone(cluster)
    with ears.Ears(cluster) as judges:
        variants = [("as it is", {}), *addresses(), *tagged(), *words(), *lengths(), *pairs()]
        names = [name for name, _ in variants]
        check(len(set(names)) == len(names), "two variants of one name")
        compare("any host", judges, variants)


def setting(name, *commands, entry=True):
    """A's kernel is told COMMANDS; with an ENTRY for the speaker, or without."""

    @test(f"settings: {name}", table=TWO, web=False, timing=QUIET)
    def other_settings(cluster):
        alone(cluster)
        for command in commands:
            cluster.run("A", *command.split())
        with ears.Ears(cluster) as judges:
            judges.entry = entry
            compare(name, judges, FEW)


def sysctl(**values):
    """The commands that set VALUES for A's interface and for all."""
    return [f"sysctl -q net.ipv4.conf.{which}.{key}={value}"
            for key, value in values.items() for which in ("all", "eth1")]


setting("no neighbour entry", entry=False)
setting("no neighbour entry, arp_accept=1", *sysctl(arp_accept=1), entry=False)
setting("arp_filter=1", *sysctl(arp_filter=1))
ELSEWHERE = ("ip link add br8 type bridge", "ip link set br8 up",
             f"ip route add {ears.SPEAKER}/32 dev br8")
setting("arp_filter=1, the way back is another", *ELSEWHERE, *sysctl(arp_filter=1))
setting("rp_filter=1, the way back is another", *ELSEWHERE, *sysctl(rp_filter=1))
setting("rp_filter=2, the way back is another", *ELSEWHERE, *sysctl(rp_filter=2))
setting("arp_ignore=0", *sysctl(arp_ignore=0))
setting("arp_ignore=2", *sysctl(arp_ignore=2))
setting("arp_ignore=8", *sysctl(arp_ignore=8))
setting("drop_gratuitous_arp=1", *sysctl(drop_gratuitous_arp=1))
setting("arp off", "ip link set eth1 arp off")
setting("promiscuous", "ip link set eth1 promisc on")
setting("all multicast", "ip link set eth1 allmulticast on")
setting("filter: arp input", "nft add table arp f",
        "nft add chain arp f in { type filter hook input priority 0 ; }",
        "nft add rule arp f in drop")
setting("filter: ingress", "nft add table netdev f",
        "nft add chain netdev f in { type filter hook ingress device eth1 priority 0 ; }",
        "nft add rule netdev f in ether type arp drop")


# ---- what the interface stands on, or what stands on it ----

ON_TOP = "addr add 10.77.128.99/16 dev {name}"  # so that it is in use


def stacked(name, lines, interface="eth1", vid=None, after=()):
    """LINES for `ip` first; then A's daemon starts on INTERFACE, whose frames have VID; then
    the lines AFTER."""

    @test(f"links: {name}", table=TWO, web=False, daemon=None, timing=QUIET)
    def other_links(cluster):
        if not find_program("vlbd"):
            raise Skip("vlbd not found (VLB_BUILDDIR says where it was built)")
        try:
            for line in lines:
                cluster.run("A", "ip", *line.split())
        except LabError as error:
            raise Skip(f"this kernel has none: {str(error).rpartition(': ')[2]}") from error
        if interface != "eth1":
            for line in (f"addr del {cluster.base('A')}/16 dev eth1", f"link set {interface} up",
                         f"addr add {cluster.base('A')}/16 dev {interface}"):
                cluster.run("A", "ip", *line.split())
            cluster.cluster["interface"] = interface
        cluster.cluster["router"] = None  # it may stand on something else
        cluster.write_config()
        cluster.daemon = "vlbd"
        cluster.start("A")
        wait_until(lambda: cluster.serves("A") == {ears.OWN}, 10, "A serves")
        for line in after:
            cluster.run("A", "ip", *line.split())
        with ears.Ears(cluster, interface) as judges:
            judges.own_tags = tags((Q, vid)) if vid is not None else b""
            compare(name, judges, FEW)


BRIDGE = ("link add br9 address 02:00:00:00:00:01 type bridge mcast_snooping 0 forward_delay 0",
          "link set eth1 master br9", "link set br9 up")
stacked("the bridge of a port", BRIDGE, interface="br9")
stacked("a port of a bridge", BRIDGE)
stacked("a bridge that filters VLANs", (*BRIDGE, "link set br9 type bridge vlan_filtering 1"),
        interface="br9")
stacked("beside a macvlan", ("link add mv9 link eth1 address 02:00:00:00:ee:02 type macvlan "
                             "mode bridge", "link set mv9 up", ON_TOP.format(name="mv9")))
stacked("a macvlan", ("link set eth1 address 02:00:00:00:aa:01",
                      "link add mv9 link eth1 address 02:00:00:00:00:01 type macvlan mode bridge"),
        interface="mv9")
stacked("beside VLAN 7", ("link add link eth1 name v9 type vlan id 7", "link set v9 up",
                          ON_TOP.format(name="v9")))
stacked("beside VLAN 0", ("link add link eth1 name v9 type vlan id 0", "link set v9 up",
                          ON_TOP.format(name="v9")))
stacked("VLAN 7", ("link add link eth1 name v9 type vlan id 7",), interface="v9", vid=7)
stacked("in a VRF", ("link add vrf9 type vrf table 9", "link set vrf9 up",
                     "link set eth1 master vrf9"))
BOND = ("link add bond9 type bond mode active-backup miimon 50", "link set eth1 down",
        "link set eth1 master bond9")
stacked("a bond", BOND, interface="bond9")
stacked("a link of a bond", ("link add bond9 type bond mode active-backup miimon 50",),
        after=("link set eth1 down", "link set eth1 master bond9", "link set bond9 up"))

main()
