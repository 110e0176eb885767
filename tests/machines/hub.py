# SPDX-License-Identifier: BSD-2-Clause
"""A switch for the machines' network cards: UNIX sockets, in a thread of this process.

    with Switch(directory) as switch:
        options = switch.port("A0", lan="first")     # for qemu's -netdev
        switch.move("A0", "elsewhere")

Every card has a port, and every port is in a LAN. Within one, a frame goes to the port
where its destination was last heard, for each VLAN on its own, or to all; frames with tags
pass as they are. So a station that moves to another port is sought at the old one until it
speaks, as with a real switch. Carrier is qemu's matter (Machine.set_link)."""

import contextlib
import os
import select
import socket
import struct
import threading

FRAME_BYTES = 70000
BUFFER_BYTES = 1 << 20


class _Port:
    """One card: the socket that we have, and the name of the one that qemu has."""

    def __init__(self, name, lan, directory):
        self.name = name
        self.lan = lan
        self.ours = os.path.join(directory, f"{name}.hub")
        self.theirs = os.path.join(directory, f"{name}.nic")
        self.silent = False
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            self.socket.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
        self.socket.bind(self.ours)
        self.socket.setblocking(False)


class Switch:
    """All ports of a test."""

    def __init__(self, directory):
        self.directory = directory
        self.ports = {}
        self._lock = threading.Lock()
        self._learnt = {}  # (LAN, VLAN, hardware address) -> port
        self._wake, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exception):
        self._waker.close()
        self._thread.join()
        self._wake.close()
        for port in self.ports.values():
            port.socket.close()
            for path in (port.ours, port.theirs):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)

    def port(self, name, lan):
        """A new port; returns what qemu's -netdev needs, but for the identity."""
        port = _Port(name, lan, self.directory)
        with self._lock:
            self.ports[name] = port
        self._waker.send(b"x")
        return (f"dgram,local.type=unix,local.path={port.theirs},"
                f"remote.type=unix,remote.path={port.ours}")

    def move(self, name, lan):
        """The cable of this port goes into another switch."""
        with self._lock:
            self.ports[name].lan = lan
            self._learnt = {key: port for key, port in self._learnt.items()
                            if port is not self.ports[name]}

    def silence(self, name, silent=True):
        """Nothing gets through this port any more, in either direction; its carrier stays."""
        self.ports[name].silent = silent

    # -- the thread --

    def _run(self):
        poller = select.poll()
        poller.register(self._wake, select.POLLIN)
        known = {}
        while True:
            for number, _ in poller.poll():
                if number == self._wake.fileno():
                    if not self._wake.recv(4096):
                        return
                    with self._lock:
                        for port in self.ports.values():
                            if port.socket.fileno() not in known:
                                known[port.socket.fileno()] = port
                                poller.register(port.socket, select.POLLIN)
                else:
                    self._receive(known[number])

    def _receive(self, port):
        with contextlib.suppress(BlockingIOError):
            for _ in range(64):  # then the others' turn
                frame = port.socket.recv(FRAME_BYTES)
                if len(frame) >= 14 and not port.silent:
                    with self._lock:
                        self._forward(port, frame)

    def _forward(self, port, frame):
        vlan = 0
        if frame[12:14] == b"\x81\x00" and len(frame) >= 18:
            vlan = struct.unpack("!H", frame[14:16])[0] & 0xFFF
        self._learnt[port.lan, vlan, frame[6:12]] = port
        known = None if frame[0] & 1 else self._learnt.get((port.lan, vlan, frame[:6]))
        for to in [known] if known else self.ports.values():
            if to is not port and to.lan == port.lan and not to.silent:
                with contextlib.suppress(OSError):  # off, or its queue is full: as with switches
                    to.socket.sendto(frame, to.theirs)
