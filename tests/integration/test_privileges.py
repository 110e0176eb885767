#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Less than root: who the daemon is once it has started, and that it can still do all that it
must: each test runs every daemon of its cluster as nobody."""

import os
import pwd
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import (Skip, Watch, check, check_equal, main, quiet, stays, test,  # noqa: E402
                     wait_until)

USER = "nobody"
ALL_BUT_A = "BC"
NET_ADMIN_AND_RAW = "0000000000003000"
NONE = "0000000000000000"
NOT_READY = 77
options = {"table": lab.THREE, "web": False, "user": USER}
alone = {**options, "daemon": None}


def needs_another_user():
    """Skip, unless there is libcap-ng and a user to become."""
    if not lab.built_with("libcap-ng"):
        raise Skip("built without libcap-ng")
    with open("/proc/self/uid_map", encoding="ascii") as file:
        if int(file.read().split()[2]) < 65536:
            raise Skip("a user namespace with root alone")


def facts_of(pid):
    """/proc/PID/status of each of its threads."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
            yield dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def check_humble(pid):
    """It is nobody, with the two capabilities, and will never be more."""
    entry = pwd.getpwnam(USER)
    for facts in facts_of(pid):
        check_equal(set(facts["Uid"].split()), {str(entry.pw_uid)}, "user")
        check_equal(set(facts["Gid"].split()), {str(entry.pw_gid)}, "group")
        check_equal(facts["Groups"].strip(), "", "supplementary groups")
        check_equal([facts["Cap" + one] for one in ("Inh", "Prm", "Eff", "Bnd", "Amb")],
                    [NONE, NET_ADMIN_AND_RAW, NET_ADMIN_AND_RAW, NONE, NONE],
                    "capabilities: inheritable, permitted, effective, bounding, ambient")
        check_equal(facts["NoNewPrivs"], "1", "no new privileges")
        if lab.built_with("libseccomp"):
            check_equal(facts["Seccomp"], "2", "seccomp")


# A user namespace has no such user: the lab could not even settle.
try:
    lab.enter()
    needs_another_user()
    WHY_NOT = None
except (Skip, lab.Unavailable) as reason:
    WHY_NOT = str(reason)


def humble_test(name, **more):
    """As test(), with the reason to skip it looked at before the lab is built."""
    def declare(function):
        if WHY_NOT is None:
            return test(name, **{**options, **more})(function)

        def skip(_cluster):
            raise Skip(WHY_NOT)
        return test(name, table=lab.THREE, web=False, daemon=None)(skip)
    return declare


@humble_test("user, capabilities, no new privileges, filter; reload, drain, resume, stop")
def steer(cluster):
    for server in cluster.servers:
        check_humble(cluster.pid(server))
    watch = Watch(cluster)
    cluster.table["A"][0].append(9)
    cluster.table["B"][1].append(9)
    cluster.write_config()
    for server in cluster.servers:
        cluster.reload(server)
    cluster.settle()
    check_equal(watch.moved(), {lab.address(9)}, "addresses that moved")
    probe = cluster.probe()
    cluster.control("A", "drain")
    wait_until(lambda: not cluster.serves("A"), 5, "A is drained")
    cluster.control("A", "resume")
    cluster.settle()
    check_equal(cluster.stop("A"), 0, "exit status")
    check_equal(cluster.serves("A"), set(), "addresses left at A")
    check_equal(cluster.run("A", "ip", "route", "show", "table", "local", "203.0.113.0/24"), "",
                "external route left at A")
    cluster.start("A")
    cluster.settle()
    report = probe.stop()
    check(report.lost() == 0, report.describe())
    for server in cluster.servers:
        check_humble(cluster.pid(server))


@humble_test("what is opened later: carrier lost, the interface down, gone, and made anew")
def interface(cluster):
    cluster.cut("A")
    cluster.settle(ALL_BUT_A)
    cluster.restore("A")
    cluster.settle()
    cluster.run("A", "ip", "link", "set", "eth1", "down")
    cluster.settle(ALL_BUT_A)
    cluster.run("A", "ip", "link", "set", "eth1", "up")
    cluster.settle()
    cluster.run("A", "ip", "link", "del", "eth1")
    cluster.settle(ALL_BUT_A)
    cluster._plug_in("A", cluster.mac("A"))
    cluster.run("A", "ip", "addr", "add", f"{cluster.base('A')}/16", "dev", "eth1")
    cluster.settle()
    stays(cluster.settled, 0.5, "settled")
    check_humble(cluster.pid("A"))


@humble_test("an address removed by another program is put back; a killed daemon's are adopted")
def adopt(cluster):
    one = cluster.primaries("A")[0]
    cluster.run("A", "ip", "addr", "del", f"{one}/32", "dev", "eth1")
    cluster.settle()
    watch, probe = Watch(cluster), cluster.probe()
    cluster.kill("A")
    cluster.start("A")
    watch.await_text("A", r"adopted from an earlier run")
    os.kill(cluster.pid("A"), 12)  # SIGUSR2
    check_equal(cluster.processes["A", "vlbd"].wait(5), 75, "exit status after SIGUSR2")
    check_equal(cluster.serves("A"), set(cluster.primaries("A")), "what it left")
    cluster.start("A")
    wait_until(lambda: len(re.findall("adopted", watch.text("A"))) == 2 * len(
        cluster.primaries("A")), 5, "adopted again")
    stays(cluster.settled, 0.5, "settled")
    quiet(probe.stop())
    check_equal(watch.changes(*ALL_BUT_A), [], "changes at the others")


@humble_test("a file that the user cannot read: told at the start, and refused later")
def unreadable(cluster):
    cluster.stop("A")
    tested = [lab.find_program("vlbd"), "-t", "-c", cluster.path("vlb.ini"), "-n", "A", "-u", USER]
    check("are right" in cluster.run("A", *tested), "-t finds something wrong")
    os.chmod(cluster.path("vlb.ini"), 0o600)
    told = cluster.run("A", *tested, check=False)
    check(f"wrong:   {USER}, as whom the daemon runs, cannot read" in told, f"-t says {told}")
    watch = Watch(cluster)
    cluster.start("A")
    watch.await_text("A", f"vlb.ini: cannot be read from now on.*let {USER} read it")
    cluster.settle()
    cluster.reload("A")
    watch.await_text("A", "vlb.ini: cannot be opened: Permission denied")
    watch.await_text("A", "not reloaded; everything goes on as before")
    stays(cluster.settled, 0.3, "settled")


def refuse(cluster, says, *words, before=()):
    """It must not start, and say why in one line."""
    process = cluster.spawn(
        "A", [*before, lab.find_program("vlbd"), "-c", cluster.path("vlb.ini"), "-n", "A", "-s",
              cluster.path("A.sock"), *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        universal_newlines=True)
    _, err = process.communicate(timeout=10)
    check_equal(process.returncode, NOT_READY, f"exit status ({err.strip()})")
    check(says in err and len(err.strip().split("\n")) == 1, f"it says: {err}")
    check(not os.path.exists(cluster.path("A.sock")), "it left its socket behind")


@test("rights that are missing, and users that are not there", **{**alone, "user": "root"})
def refusals(cluster):
    refuse(cluster, "there is no user nosuchuser on this host", "-u", "nosuchuser")
    if not shutil.which("setpriv"):
        raise Skip("setpriv not found")
    if not lab.built_with("libcap-ng"):
        raise Skip("built without libcap-ng")
    refuse(cluster, "run as root, or with CAP_NET_ADMIN", "-u", "root",
           before=("setpriv", "--inh-caps=-all", "--bounding-set=-net_admin"))
    if WHY_NOT is None:
        refuse(cluster, "only root can become root", "-u", "root",
               before=("setpriv", f"--reuid={USER}", f"--regid={pwd.getpwnam(USER).pw_gid}",
                       "--clear-groups"))


@test("started by another user who has the two capabilities", **{**alone, "user": "root"})
def ambient(cluster):
    if WHY_NOT:
        raise Skip(WHY_NOT)
    if not shutil.which("setpriv"):
        raise Skip("setpriv not found")
    entry = pwd.getpwnam(USER)
    os.chown(cluster.path("A"), entry.pw_uid, entry.pw_gid)
    both = "+net_admin,+net_raw"
    with open(cluster.path("A.None.log"), "wb") as log:
        process = cluster.spawn(
            "A", ["setpriv", f"--reuid={USER}", f"--regid={entry.pw_gid}", "--clear-groups",
                  f"--inh-caps={both}", f"--ambient-caps={both}", lab.find_program("vlbd"), "-c",
                  cluster.path("vlb.ini"), "-n", "A", "-s", cluster.path("A", "A.sock")],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_until(lambda: cluster.serves("A") == set(cluster.addresses), 5, "it serves")
        facts = next(facts_of(process.pid))
        check_equal((facts["CapPrm"], facts["CapEff"], facts["CapAmb"], facts["NoNewPrivs"]),
                    (NET_ADMIN_AND_RAW, NET_ADMIN_AND_RAW, NONE, "1"), "its rights")
        process.terminate()
        check_equal(process.wait(10), 0, "exit status")
        check(not os.path.exists(cluster.path("A", "A.sock")), "it left its socket behind")
    finally:
        process.kill()
        process.wait()


main()
