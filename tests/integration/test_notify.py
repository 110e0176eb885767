#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the daemon tells its service manager, sd_notify(3), and its journal: heard by sockets of
our own, in the environment that systemd would make."""

import os
import re
import socket
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

from harness import check, check_equal, main, quiet, stays, test, wait_until  # noqa: E402

TWO = {"A": [[1, 2], [3]], "B": [[3], [1, 2]]}


class Manager:
    """What systemd is to a service: a socket that hears it."""

    def __init__(self, cluster, name=None):
        self.cluster = cluster
        self.name = name or cluster.path("notify.sock")
        with cluster.inside("A"):  # abstract names belong to a network
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.name.replace("@", "\0", 1))
        if not self.name.startswith("@"):
            os.chmod(self.name, 0o777)  # as systemd's
        self.socket.setblocking(False)
        self.heard = []

    def start(self, server="A", watchdog_ms=400, **environment):
        """Start SERVER's daemon as systemd would."""
        environment = {**os.environ, "NOTIFY_SOCKET": self.name,
                       "WATCHDOG_USEC": str(watchdog_ms * 1000), **environment}
        with open(self.cluster.path(f"{server}.vlbd.log"), "ab") as log:
            process = self.cluster.spawn(server, self.cluster.daemon_command(server), stdin=log,
                                         stdout=log, stderr=log, env=environment)
        self.cluster.processes[server, "vlbd"] = process
        return process

    def listen(self):
        """All that was said so far, one (time, text) for each word."""
        try:
            while True:
                text = self.socket.recv(4096).decode()
                self.heard += [(time.monotonic(), word) for word in text.split("\n")]
        except BlockingIOError:
            return self.heard

    def words(self, begin=""):
        """The words that BEGIN so."""
        return [word for _, word in self.listen() if word.startswith(begin)]

    def wait_for(self, word):
        """Until something was said that begins with WORD; what came before is forgotten."""
        wait_until(lambda: self.words(word), 5, f"{word} is said")
        said = [word for _, word in self.heard]
        self.heard = []
        return said


@test("sd_notify: ready, status, reloading, stopping", table=TWO, web=False)
def notify(cluster):
    cluster.stop("A")
    manager = Manager(cluster)
    manager.start()
    said = manager.wait_for("READY=1")
    check(not any(word.startswith("STOPPING") for word in said), f"it said {said}")
    check(cluster.try_status("A"), "ready, but it does not answer")
    wait_until(lambda: any("A on eth1: serving; 2 primary, 0 claimed; 1 of 1 peers alive; "
                           "2 of 2 confirmed" in word for word in manager.words("STATUS=")), 5,
               f"the status line; it said {manager.words('STATUS=')}")
    manager.heard = []
    cluster.reload("A")
    said = manager.wait_for("READY=1")
    check_equal([re.sub("=.*", "", word) for word in said if "WATCHDOG" not in word][:3],
                ["RELOADING", "MONOTONIC_USEC", "READY"], "the words of a reload")
    cluster.write_config("nonsense\n")
    cluster.reload("A")
    said = manager.wait_for("READY=1")
    check("RELOADING=1" in said, f"a reload that fails is none: {said}")
    cluster.kill("B")
    cluster.write_config()
    manager.heard = []
    os.kill(cluster.pid("A"), 15)
    manager.wait_for("STOPPING=1")
    check_equal(cluster.processes["A", "vlbd"].wait(10), 0, "exit status")


@test("sd_notify: the watchdog is fed while the loop turns, and no longer", table=TWO, web=False)
def feed(cluster):
    cluster.stop("A")
    manager = Manager(cluster, f"@vlb-lab.{os.getpid()}")
    manager.start(watchdog_ms=400)
    manager.wait_for("READY=1")
    wait_until(lambda: len(manager.words("WATCHDOG=1")) >= 11, 3, "it is fed")
    times = [at for at, word in manager.heard if word == "WATCHDOG=1"][:11]
    usual = statistics.median(later - at for at, later in zip(times, times[1:]))
    check(0.07 < usual < 0.15, f"fed every {usual:.3f}s, not every 0.1s: {times}")
    cluster.freeze("A")
    time.sleep(0.1)
    manager.listen()
    manager.heard = []
    time.sleep(0.5)
    check_equal(manager.listen(), [], "what a hung daemon says")
    cluster.resume("A")
    manager.wait_for("WATCHDOG=1")
    check(re.search(r"notices a hung daemon after 3s only", cluster.log("A")) is None, "a warning")
    cluster.stop("A")
    manager.start(watchdog_ms=3000)
    manager.wait_for("READY=1")
    wait_until(lambda: re.search(r"notices a hung daemon after 3s only, and the lease is 5s",
                                 cluster.log("A")), 2, "a watchdog too slow for the lease is told")


@test("sd_notify: a watchdog for another process, a manager that never reads, or that is gone",
      table=TWO, web=False)
def deaf_manager(cluster):
    cluster.stop("A")
    manager = Manager(cluster)
    manager.start(watchdog_ms=100, WATCHDOG_PID="1")
    manager.wait_for("READY=1")
    time.sleep(0.5)
    check_equal(manager.words("WATCHDOG=1"), [], "words for another's watchdog")
    cluster.stop("A")
    manager.start(watchdog_ms=4)  # its queue is full at once
    cluster.settle()
    probe = cluster.probe()
    stays(cluster.settled, 1, "serving beside a manager that does not read")
    wait_until(lambda: cluster.status("A")["standing"] == "serving", 2, "A says so")
    manager.socket.close()
    stays(cluster.settled, 0.5, "serving without its manager")
    quiet(probe.stop())
    check_equal(cluster.stop("A"), 0, "exit status")


@test("journal: each line begins with its priority, and no time", table=TWO, web=False)
def journal(cluster):
    cluster.stop("A")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    found = os.fstat(theirs.fileno())
    process = cluster.spawn("A", cluster.daemon_command("A"), stdin=subprocess.DEVNULL,
                            stdout=theirs, stderr=theirs,
                            env={**os.environ, "JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
    cluster.processes["A", "vlbd"] = process
    theirs.close()
    ours.setblocking(False)
    text = bytearray()

    def wrote(what):
        try:
            text.extend(ours.recv(65536))
        except BlockingIOError:
            pass
        return what in text

    wait_until(lambda: wrote(b"10.77.0.1: confirmed"), 5, "it serves")
    cluster.write_config("nonsense\n")
    cluster.reload("A")
    wait_until(lambda: wrote(b"not reloaded"), 5, "a reload that fails")
    cluster.write_config()
    cluster.stop("A")
    wait_until(lambda: wrote(b"stopped"), 5, "its last word")
    lines = text.decode().rstrip().split("\n")
    check(all(re.match(r"<[3467]>(?!\d{4}-)", line) for line in lines), f"it wrote {lines}")
    check(any(line.startswith("<6>10.77.0.1: ") for line in lines), f"no change of owner: {lines}")
    check(any(line.startswith("<3>") and "not reloaded" in line for line in lines), f"{lines}")
    check(any(re.match(r"<3>/.*vlb.ini:\d+: ", line) for line in lines), f"no mistake: {lines}")


main()
