# SPDX-License-Identifier: BSD-2-Clause
"""One frame, two judges: the kernel of a server, and the daemon on it.

The frames are sent from the switch's end of the server's cable, byte by byte, so that no
bridge refuses them. The kernel is judged by what it does: it answers, or its neighbour table
has another hardware address than before. The daemon is judged by its counters."""

import contextlib
import os
import socket
import struct
import time

import lab
from lab import LabError, hardware

OWN = "10.77.0.1"    # a failover address that the receiver serves
OTHERS = "10.77.0.2"  # one that only the speaker's server lists
RECEIVER, SPEAKER = lab.base(1), lab.base(2)
RECEIVER_MAC, SPEAKER_MAC = hardware(lab.mac(1)), hardware(lab.mac(2))
STRANGER_MAC = hardware(lab.PROBE_MAC)
VIRTUAL_MAC = hardware("00:00:5e:00:01:07")
BROADCAST, ZERO = b"\xff" * 6, bytes(6)
NOBODY = hardware("02:00:00:00:ee:01")  # what the neighbour table has before each frame
ELSEWHERE = hardware("02:00:00:00:ee:02")  # no station's
BEHIND_S = 0.001  # a macvlan hears broadcasts from a queue of its own
BARRIER_S = 2
TRIES = 20  # on a machine so busy that the daemon is late

REQUEST, REPLY = 1, 2
FORMS = {
    "ask": {"op": REQUEST, "spa": SPEAKER, "tpa": OWN},
    "announcement": {"op": REQUEST, "spa": OTHERS, "tpa": OTHERS},
    "gratuitous reply": {"op": REPLY, "spa": OTHERS, "tpa": OTHERS, "tha": SPEAKER_MAC},
    "unicast reply": {"op": REPLY, "spa": OTHERS, "tpa": RECEIVER, "tha": RECEIVER_MAC,
                      "dst": RECEIVER_MAC},
    "unicast request": {"op": REQUEST, "spa": OTHERS, "tpa": RECEIVER, "dst": RECEIVER_MAC},
}
PLAIN = {"dst": BROADCAST, "src": SPEAKER_MAC, "tags": b"", "type": 0x0806, "llc": b"", "hrd": 1,
         "pro": 0x0800, "hln": 6, "pln": 4, "sha": SPEAKER_MAC, "tha": ZERO, "tail": b"",
         "length": None}
REFUSED = ("short", "tagged", "other", "bad_hardware", "bad_protocol", "bad_op", "other_station")
MEANT = ("claims", "answers", "solicitations", "releases", "probes", "echoes", "foreign_claims")


def build(form, changes):
    """The bytes of FORM with CHANGES; `length` cuts or, with `tail` as padding, fills it."""
    one = {**PLAIN, **FORMS[form], **changes}
    body = (struct.pack("!HHBBH", one["hrd"], one["pro"], one["hln"], one["pln"], one["op"])
            + one["sha"] + socket.inet_aton(one["spa"]) + one["tha"]
            + socket.inet_aton(one["tpa"]))
    frame = (one["dst"] + one["src"] + one["tags"] + struct.pack("!H", one["type"]) + one["llc"]
             + body)
    if one["length"] is None:
        return frame + one["tail"]
    return (frame + (one["tail"] or b"\0") * one["length"])[:one["length"]]


def speaker_of(form, changes):
    """The sender hardware and protocol addresses of that frame."""
    one = {**PLAIN, **FORMS[form], **changes}
    return one["sha"], one["spa"]


class Neighbours:
    """The neighbour table of SERVER's INTERFACE."""

    RTM_NEWNEIGH, RTM_DELNEIGH = 28, 29
    REQUEST_ACK, CREATE_REPLACE = 0x5, 0x500
    STALE = 0x04

    def __init__(self, cluster, server, interface):
        self.cluster, self.server = cluster, server
        with cluster.inside(server):
            self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
            self.index = socket.if_nametoindex(interface)

    def close(self):
        """Let go of the socket."""
        self.netlink.close()

    def _tell(self, kind, flags, ip, lladdr=None):
        body = struct.pack("=BxxxiHBB", socket.AF_INET, self.index, self.STALE, 0, 0)
        body += struct.pack("=HH4s", 8, 1, socket.inet_aton(ip))
        if lladdr:
            body += struct.pack("=HH6sxx", 10, 2, lladdr)
        self.netlink.send(struct.pack("=IHHII", 16 + len(body), kind,
                                      self.REQUEST_ACK | flags, 0, 0) + body)
        return struct.unpack_from("=i", self.netlink.recv(4096), 16)[0]

    def put(self, ip):
        """IP is at NOBODY's, says the table; some addresses it does not take."""
        self._tell(self.RTM_NEWNEIGH, self.CREATE_REPLACE, ip, NOBODY)

    def remove(self, ip):
        """The table says nothing of IP."""
        self._tell(self.RTM_DELNEIGH, 0, ip)

    def get(self, ip):
        """The hardware address of IP in the table, or None."""
        with self.cluster.inside(self.server), \
                open("/proc/thread-self/net/arp", encoding="ascii") as table:
            for line in table.read().split("\n")[1:]:
                fields = line.split()
                if fields and fields[0] == ip and fields[2] != "0x0":
                    return hardware(fields[3])
        return None


class Ears:
    """Both ears of A. A context manager."""

    def __init__(self, cluster, interface="eth1"):
        self.cluster = cluster
        self.neighbours = Neighbours(cluster, "A", interface)
        with cluster.inside("switch"):
            self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
            self.wire.bind(("pA", 0x0003))
        self.wire.setblocking(False)
        self.entry = True  # there is one for SPA before the frame
        self.own_tags = b""  # what a frame needs to come to this interface
        # By default a reply does not change what is younger than a second.
        cluster.run("A", "sysctl", "-q", f"net.ipv4.neigh.{interface}.locktime=-100")
        # So that one frame has been through before the next.
        self.cpus = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(self.cpus)})

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        os.sched_setaffinity(0, self.cpus)
        self.wire.close()
        self.neighbours.close()

    def _counters(self):
        return self.cluster.status("A")["counters"]

    def _drain(self):
        frames = []
        with contextlib.suppress(BlockingIOError):
            while True:
                frames.append(self.wire.recv(2048))
        return frames

    def _barrier(self, before):
        """Wait until the daemon has read everything up to a frame of ours that has no known
        operation; returns its counters then, without that frame. None: it was late, and may
        have thrown away what had waited."""
        self.wire.send(build("ask", {"op": 0x7777, "tags": self.own_tags}))
        end = time.monotonic() + BARRIER_S
        while time.monotonic() < end:
            time.sleep(BEHIND_S)
            now = self._counters()
            if now["received"]["bad_op"] > before["received"]["bad_op"]:
                time.sleep(BEHIND_S)
                now = self._counters()
                now["received"]["bad_op"] -= 1
                return now if now["late_turns"] == before["late_turns"] else None
        return None

    @staticmethod
    def _daemon_says(before, now):
        """How it counted the frame, in a word."""
        for verdict in REFUSED:
            if now["received"][verdict] > before["received"][verdict]:
                return verdict
        for meaning in MEANT:
            if now[meaning] > before[meaning]:
                return meaning
        return "ok" if now["received"]["ok"] > before["received"]["ok"] else "-"

    def judge(self, form, changes):
        """(what the kernel made of that frame, what the daemon made of it)"""
        for _ in range(TRIES):
            with contextlib.suppress(LabError):  # it did not answer in time
                verdict = self._try(form, changes)
                if verdict:
                    return verdict
            time.sleep(0.1)
        raise LabError("the daemon does not read its frames")

    def _try(self, form, changes):
        sha, spa = speaker_of(form, changes)
        if self.entry:
            self.neighbours.put(spa)
        else:
            self.neighbours.remove(spa)
        had = self.neighbours.get(spa)
        before = self._counters()
        self._drain()
        tags = self.own_tags + changes.get("tags", b"")
        self.wire.send(build(form, {**changes, "tags": tags}))
        after = self._barrier(before)
        has = self.neighbours.get(spa)
        if after is None:
            return None
        effects = ["answers" for frame in self._drain() if self._answers(frame, sha, spa)][:1]
        if has not in (had, None):
            effects.append("learns" if has == sha else "learns another")
        return " ".join(effects) or "-", self._daemon_says(before, after)

    @staticmethod
    def _answers(frame, sha, spa):
        """FRAME is the kernel's answer to that speaker; a daemon's frame would be longer."""
        return (len(frame) == 42 and frame[:14] == sha + RECEIVER_MAC + b"\x08\x06"
                and frame[20:22] == b"\0\x02" and frame[32:42] == sha + socket.inet_aton(spa))


def needed(form, changes):
    """What a kernel that hears that frame does, if it takes SPA and TPA as it should."""
    effects = set()
    if form in ("ask", "unicast request") and "tpa" not in changes:
        effects.add("answers")
    if "spa" not in changes:
        effects.add("learns")
    return effects


def hears(daemon):
    """It takes the frame as somebody's word."""
    return daemon not in ("-", "echoes", *REFUSED)


def differ(form, changes, kernel, daemon):
    """Do the two ears hear different things?"""
    if not hears(daemon):
        return kernel != "-"
    sha = {**PLAIN, **changes}["sha"]
    if daemon in MEANT and daemon != "solicitations" and "learns" in kernel.split():
        if (daemon == "foreign_claims") != (sha != SPEAKER_MAC):
            return True
    return kernel == "-" or not needed(form, changes) <= set(kernel.split())
