#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Under systemd: the units as they were built, in a systemd that is the init of one server of
the lab. What the daemon tells it is looked at more closely in test_notify.py."""

import os
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import booted  # noqa: E402
import lab  # noqa: E402
from harness import (Skip, Watch, check, check_equal, main, quiet, stays, test,  # noqa: E402
                     wait_until)

ALL_BUT_A = "BCDEF"
TWO = {"A": [[1, 2], [3]], "B": [[3], [1, 2]]}
NET_ADMIN_AND_RAW = "0000000000003000"
EXPOSURE = 20  # tenths


def serving(init, unit="vlbd.service"):
    """systemd knows that it serves."""
    return "serving; 5 primary" in init.show(unit, "StatusText")[0]


def start(init, unit="vlbd.service"):
    """Install and start UNIT instead of the lab's own daemon."""
    cluster = init.cluster
    cluster.stop("A")
    init.install(unit.replace("@x", "@"))
    init.systemctl("daemon-reload")
    init.systemctl("start", unit)
    cluster.settle()
    wait_until(lambda: serving(init, unit), 5, "the status line says that it serves")


def process_status(init, unit="vlbd.service"):
    """/proc/PID/status of its main process, from within."""
    pid = init.show(unit, "MainPID")[0]
    text = init.inside("cat", f"/proc/{pid}/status")
    return dict(line.split(":\t", 1) for line in text.split("\n") if ":\t" in line)


@test("systemd: start is ready, restart moves nothing and cuts nothing, stop hands over",
      timing={"lease": "2s"})
def restart(cluster):
    with booted.Systemd(cluster, "A") as init:
        start(init)
        facts = process_status(init)
        check(facts["Uid"].split()[0] != "0", f"it runs as root: {facts['Uid']}")
        check_equal({facts[key] for key in ("CapPrm", "CapEff", "CapBnd")}, {NET_ADMIN_AND_RAW},
                    "its capabilities")
        check_equal(facts["NoNewPrivs"], "1", "no new privileges")
        if lab.built_with("libcap-ng"):
            check_equal(facts["CapAmb"].strip("0"), "", "ambient capabilities")
        if lab.built_with("libseccomp"):
            check_equal(facts["Seccomp"], "2", "seccomp")
            check(int(facts["Seccomp_filters"]) >= 2, "its own filter beside systemd's")

        flow = open_flow(cluster, "A")
        watch, probe = Watch(cluster), cluster.probe()
        owners = cluster.probe(cluster.primaries("A"), mode="arp", interval_ms=5,
                               ask=cluster.servers)
        before = init.show("vlbd.service", "MainPID")
        init.systemctl("restart", "vlbd.service")
        wait_until(lambda: serving(init), 5, "it serves again")
        stays(cluster.settled, 3.2, "settled, also when the old lease would have ended")
        check(init.show("vlbd.service", "MainPID") != before, "it is the same process")
        quiet(probe.stop())
        quiet(owners.stop())
        check_equal(watch.changes(*ALL_BUT_A), [], "changes at the others")
        check(flow.recv(4096), "a flow through A was cut")
        flow.close()

        probe = cluster.probe()
        init.systemctl("stop", "vlbd.service")
        cluster.settle(ALL_BUT_A)
        check_equal(cluster.serves("A"), set(), "addresses left at A")
        check_equal(init.show("vlbd.service", "ActiveState", "Result"), ["inactive", "success"],
                    "the unit")
        report = probe.stop()
        check(report.lost() == 0, report.describe())


def open_flow(cluster, server):
    """A download from the client that goes on for as long as it is read, through SERVER."""
    for _ in range(200):
        flow = cluster.connect()
        flow.sendall(b"GET /slow HTTP/1.0\r\n\r\n")
        text = b""
        while b"\r\n\r\n" not in text or len(text.partition(b"\r\n\r\n")[2]) < 2:
            text += flow.recv(200)
        if text.partition(b"\r\n\r\n")[2].startswith(server.encode()):
            return flow
        flow.close()
    raise lab.LabError(f"no flow through {server} in 200 attempts")


@test("systemd: a hung daemon is started anew within the lease, and nothing moves")
def watchdog(cluster):
    with booted.Systemd(cluster, "A") as init:
        start(init)
        watch, probe = Watch(cluster), cluster.probe()
        hung = time.monotonic()
        init.systemctl("kill", "--kill-who=main", "--signal=STOP", "vlbd.service")
        wait_until(lambda: init.show("vlbd.service", "NRestarts", "ActiveState") == ["1", "active"],
                   5, "systemd has started it anew")
        check(time.monotonic() - hung < 3.7, f"it took {time.monotonic() - hung:.1f}s")
        wait_until(lambda: serving(init), 5, "it serves again")
        stays(cluster.settled, 3, "settled, also when the old lease would have ended")
        quiet(probe.stop())
        check_equal(watch.changes(*ALL_BUT_A), [], "changes at the others")
        # Left to a successor by hand, in place of a restart.
        probe = cluster.probe()
        init.systemctl("kill", "--kill-who=main", "--signal=USR2", "vlbd.service")
        wait_until(lambda: init.show("vlbd.service", "NRestarts", "ActiveState") == ["2", "active"],
                   5, "systemd has started the successor")
        wait_until(lambda: serving(init), 5, "it serves again")
        quiet(probe.stop())
        check_equal(watch.changes(*ALL_BUT_A), [], "changes at the others")


@test("systemd: an instance of the template; its commands; reload, with a right and a wrong file")
def template(cluster):
    shutil.copy(cluster.path("vlb.ini"), cluster.path("x.ini"))
    with open(cluster.path("x.ini"), "a", encoding="ascii") as file:
        file.write("[check who]\ntype = command\ntarget = /bin/cp /proc/self/status /run/vlbd/who\n")
    with booted.Systemd(cluster, "A") as init:
        start(init, "vlbd@x.service")
        check(os.path.exists("/run/vlbd/x.sock"), "there is no /run/vlbd/x.sock")
        check("A of cluster lab" in cluster.run("A", lab.find_program("vlbctl"), "-s",
                                                "/run/vlbd/x.sock", "status"), "vlbctl status")
        with open("/run/vlbd/who", encoding="ascii") as file:
            who = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        check("0" not in who["Uid"].split(), f"a command runs as root: {who['Uid']}")
        check_equal((who["CapPrm"].strip("0"), who["NoNewPrivs"]), ("", "1"), "a command's rights")
        init.systemctl("reload", "vlbd@x.service")
        with open(cluster.path("x.ini"), "a", encoding="ascii") as file:
            file.write("nonsense = 1\n")
        told = init.systemctl("reload", "vlbd@x.service", check=False)
        check("failed" in told, f"systemctl reload says nothing about a wrong file: {told}")
        stays(lambda: cluster.settled() and serving(init, "vlbd@x.service"), 0.3, "serving")
        check_equal(init.show("vlbd@x.service", "ActiveState", "NRestarts"), ["active", "0"],
                    "the unit")
        with open("/run/vlbd/y.sock", "w", encoding="ascii"):  # another instance's
            init.systemctl("stop", "vlbd@x.service")
        left = set(os.listdir("/run/vlbd"))
        check("x.sock" not in left and "y.sock" in left, f"left in /run/vlbd: {left}")


@test("the units are right, and exposed by 2.0 at most", table=TWO, daemon=None, web=False)
def exposure(cluster):
    if not shutil.which("systemd-analyze"):
        raise Skip("systemd-analyze not found")
    for name in ("vlbd.service", "vlbd@.service"):
        unit = cluster.path(name)
        shutil.copy(booted.built(name), unit)
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                               f"--threshold={EXPOSURE}", unit], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True, check=False)
        if "unrecognized option" in done.stdout:
            raise Skip("this systemd-analyze cannot rate a file")
        check("Overall exposure" in done.stdout and done.returncode == 0, done.stdout)
        verify = subprocess.run(["systemd-analyze", "verify", "--man=no",
                                 unit.replace("@.", "@x.")], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, universal_newlines=True, check=False)
        wrong = [line for line in verify.stdout.split("\n")
                 if "vlbd" in line and "is not executable" not in line]
        check_equal(wrong, [], f"what systemd-analyze verify says about {name}")


main()
