# SPDX-License-Identifier: BSD-2-Clause
"""A switch that guards its ports: more ARP frames than so many within a second, and the port
is shut, as with dynamic ARP inspection (15 a second by default, and nobody opens it again).

    with PortGuard(cluster, limit=15) as guard:
        ...
        guard.shut                  # {"A": 16, ...}: the servers cut off, and what they sent
        guard.busiest()             # {"A": 12, ...}: most frames within any one second
"""

import collections
import contextlib
import selectors
import socket
import threading
import time

ETH_P_ALL = 0x0003
ETH_P_ARP = 0x0806
PACKET_OUTGOING = 4
WINDOW_S = 1.0


class PortGuard:
    """Counts what each server sends, whoever in it does: its daemon or its kernel."""

    def __init__(self, cluster, limit=15):
        self.cluster = cluster
        self.limit = limit
        self.shut = {}
        self._most = dict.fromkeys(cluster.servers, 0)
        self._recent = {server: collections.deque() for server in cluster.servers}
        self._ports = selectors.DefaultSelector()
        with cluster.inside("switch"):
            for server in cluster.servers:
                # Of all protocols: a bridge takes frames away before those of one are told.
                port = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
                port.bind((f"p{server}", ETH_P_ALL))
                port.setblocking(False)
                self._ports.register(port, selectors.EVENT_READ, server)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exception):
        self._stop.set()
        self._thread.join()
        for key in list(self._ports.get_map().values()):
            key.fileobj.close()

    def busiest(self):
        """The most frames of each server within any one second so far."""
        return dict(self._most)

    def _watch(self):
        while not self._stop.is_set():
            for key, _ in self._ports.select(0.05):
                with contextlib.suppress(OSError):  # nothing more, or the port went down
                    while True:
                        _, sender = key.fileobj.recvfrom(64)
                        if sender[1] == ETH_P_ARP and sender[2] != PACKET_OUTGOING:
                            self._count(key.data)

    def _count(self, server):
        now = time.monotonic()
        recent = self._recent[server]
        recent.append(now)
        while recent[0] <= now - WINDOW_S:
            recent.popleft()
        self._most[server] = max(self._most[server], len(recent))
        if len(recent) > self.limit and server not in self.shut:
            self.shut[server] = len(recent)
            self.cluster.cut(server)
