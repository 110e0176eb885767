#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""HTTP through the router: the death of one server is nobody else's business."""

import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from harness import check, check_equal, main, test, wait_until  # noqa: E402

CONNECTIONS = 60


class Flow:
    """One TCP connection, kept open."""

    def __init__(self, cluster, number):
        self.tcp = cluster.connect(f"203.0.113.{number % 250 + 1}")
        self.file = self.tcp.makefile("rb")
        self.server = self.ask()

    def ask(self):
        """A request; returns the name of the server that answers."""
        self.tcp.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        length = 0
        while True:
            line = self.file.readline()
            if not line:
                raise ConnectionError("closed by the server")
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            if line == b"\r\n":
                return self.file.read(length).decode("ascii").strip()


class Stream:
    """A long answer that is on its way."""

    def __init__(self, cluster, number):
        self.tcp = cluster.connect(f"203.0.113.{number % 250 + 1}")
        self.tcp.sendall(b"GET /slow HTTP/1.0\r\n\r\n")
        first = self.tcp.recv(65536)
        self.server = first.rstrip().rpartition(b"\n")[2].decode("ascii")
        self.received = len(first)

    def read(self):
        """More of it; raises when the connection is broken."""
        data = self.tcp.recv(65536)
        check(data, f"the stream from {self.server} ended")
        check(set(data.decode("ascii")) <= {self.server, "\n"}, "another server's bytes")
        self.received += len(data)


@test("requests are spread over all servers, and each flow stays where it is")
def spread(cluster):
    flows = [Flow(cluster, n) for n in range(CONNECTIONS)]
    check_equal({flow.server for flow in flows}, set(cluster.servers), "servers that answer")
    for flow in flows:
        check_equal(flow.ask(), flow.server, "the same connection")


@test("a server dies: the connections to all others go on, before, during and after")
def others_go_on(cluster):
    flows = [Flow(cluster, n) for n in range(CONNECTIONS)]
    streams = [Stream(cluster, n) for n in range(20)]
    dead = "A"
    living = [flow for flow in flows if flow.server != dead]
    streaming = [stream for stream in streams if stream.server != dead]
    check(living and streaming and len(living) < len(flows), "the flows are not spread")
    cluster.crash(dead)
    end = time.monotonic() + 3
    while time.monotonic() < end:
        for flow in living:
            check_equal(flow.ask(), flow.server, "the same connection after the crash")
    cluster.settle("BCDEF")
    for stream in streaming:
        stream.read()
    cluster.restore(dead)
    cluster.settle()
    for flow in living:
        check_equal(flow.ask(), flow.server, "the same connection after the return")
    for stream in streaming:
        stream.read()


@test("new requests reach the survivors as soon as they have taken over")
def new_requests(cluster):
    load = cluster.traffic(rate=150)
    wait_until(lambda: set(load.counts()) >= set(cluster.servers), 10, "everybody answers")
    cluster.crash("A")
    cluster.settle("BCDEF")
    time.sleep(1.2)  # requests that were on their way to A have timed out by then
    before = load.counts()
    time.sleep(2)
    after = load.counts()
    gained = {name: after.get(name, 0) - before.get(name, 0) for name in after}
    check_equal(gained.get("lost", 0), 0, "requests lost after the takeover")
    check_equal(gained.get("A", 0), 0, "answers of the dead")
    check(all(gained[name] > 0 for name in "BCDEF"), f"answers: {gained}")
    cluster.restore("A")
    cluster.settle()
    back = load.counts().get("A", 0)
    wait_until(lambda: load.counts().get("A", 0) > back, 5, "A answers again")


@test("an orderly stop: requests that begin later are all answered")
def orderly_stop(cluster):
    load = cluster.traffic(rate=150)
    wait_until(lambda: set(load.counts()) >= set(cluster.servers), 10, "everybody answers")
    check_equal(cluster.stop("A"), 0, "exit status")
    time.sleep(1.2)
    before = load.counts()
    time.sleep(1)
    after = load.counts()
    check_equal(after.get("lost", 0), before.get("lost", 0), "requests lost later")
    check_equal(after.get("A", 0), before.get("A", 0), "answers of the one that left")


main()
