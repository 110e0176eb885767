#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Bad input at the command line: one clear line, the right exit status, nothing left."""

import json
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import Skip, check, check_equal, main, test, wait_until  # noqa: E402

RUN_FAILED, USAGE, NOT_READY, FILE_WRONG = 1, 2, 77, 78
ONE = {"A": [[1, 2]], "B": [[3], [1]]}
options = {"table": ONE, "daemon": None, "web": False}


def program():
    """The daemon."""
    found = lab.find_program("vlbd")
    if not found:
        raise Skip("vlbd not found")
    return found


def vlbd(cluster, *words, before=()):
    """Run it in station A. Returns its exit status, standard output and standard error."""
    process = cluster.spawn("A", [*before, program(), *words], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            universal_newlines=True)
    try:
        out, err = process.communicate(timeout=10)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise AssertionError(f"vlbd {' '.join(words)} goes on: {process.communicate()}") from error
    return process.returncode, out, err


def kernel(cluster):
    """What a daemon could leave behind in A's kernel."""
    return cluster.run("A", "ip", "addr", "show"), cluster.run("A", "ip", "route", "show", "table",
                                                               "all")


def refuse(cluster, wanted, *words, says="", lines=1, before=()):
    """It must end with the status WANTED, LINES on stderr that say SAYS, and no traces."""
    traces = kernel(cluster)
    status, _, err = vlbd(cluster, *words, before=before)
    check_equal(status, wanted, f"exit status of vlbd {' '.join(words)} ({err.strip()})")
    check_equal(len(err.strip().split("\n")), lines, f"lines on stderr: {err}")
    check(says in err, f"`{says}' is not in: {err}")
    check_equal(kernel(cluster), traces, "what the kernel has")


def usual(cluster):
    """The words that would start it."""
    return "-c", cluster.path("vlb.ini"), "-n", "A", "-u", "root", "-s", cluster.path("A.sock")


@test("help, version and wrong usage", **options)
def usage(cluster):
    for word, says in (("-h", "usage"), ("-V", "vlbd")):
        status, out, err = vlbd(cluster, word)
        check_equal((status, err), (0, ""), f"vlbd {word}")
        check(says in out, f"vlbd {word} says {out}")
    refuse(cluster, USAGE, says="-c")
    refuse(cluster, USAGE, "-c", cluster.path("vlb.ini"), "surplus", says="surplus")
    refuse(cluster, USAGE, "--nonsense", says="nonsense", lines=2)


@test("a file that is missing, empty, or wrong in several places", **options)
def files(cluster):
    refuse(cluster, FILE_WRONG, "-c", cluster.path("none.ini"), says="none.ini")
    refuse(cluster, FILE_WRONG, "-c", cluster.dir, says=cluster.dir)
    good = cluster.config_text()
    cluster.write_config(good.replace("primary", "primry").replace("10.77.0.3", "10.77.0.333"))
    status, _, err = vlbd(cluster, *usual(cluster))
    check_equal(status, FILE_WRONG, "exit status")
    located = [line for line in err.strip().split("\n") if "vlb.ini:" in line]
    check(len(located) >= 3, f"two wrong keys and a wrong address, but: {err}")
    check("primary" in err, f"the nearest known key is not named: {err}")
    status, _, tested = vlbd(cluster, "-t", *usual(cluster))
    check_equal((status, tested), (FILE_WRONG, err), "the same with -t")
    cluster.write_config("")
    check_equal(vlbd(cluster, *usual(cluster))[0], FILE_WRONG, "exit status with an empty file")


@test("a missing interface, a wrong hardware address, an unknown name", **options)
def interface(cluster):
    refuse(cluster, NOT_READY, *usual(cluster), "-i", "eth9", says="eth9")
    cluster.write_config(cluster.config_text().replace("interface = eth1", "interface = eth8"))
    refuse(cluster, NOT_READY, *usual(cluster), says="eth8")
    cluster.write_config(cluster.config_text().replace(cluster.mac("A"), "02:00:00:00:00:77"))
    refuse(cluster, NOT_READY, *usual(cluster), says=cluster.mac("A"))
    cluster.write_config()
    refuse(cluster, FILE_WRONG, "-c", cluster.path("vlb.ini"), "-n", "nobody", "-s",
           cluster.path("A.sock"), says="nobody")


@test("without the rights it needs", **options)
def rights(cluster):
    if not shutil.which("setpriv"):
        raise Skip("setpriv not found")
    refuse(cluster, NOT_READY, *usual(cluster),
           before=("setpriv", "--inh-caps=-all", "--bounding-set=-all"))
    check(not os.path.exists(cluster.path("A.sock")), "it left its socket behind")


@test("a socket path that is busy, or cannot be", **options)
def busy_socket(cluster):
    first = cluster.spawn("A", [program(), *usual(cluster)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    control = [lab.find_program("vlbctl"), "-s", cluster.path("A.sock"), "status", "--json"]

    def lives():
        done = subprocess.run(control, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              check=False)
        return done.returncode == 0 and json.loads(done.stdout)["server"] == "A"

    try:
        wait_until(lives, 5, "the first daemon answers")
        status, _, err = vlbd(cluster, *usual(cluster))
        check(status in (RUN_FAILED, NOT_READY), f"exit status {status}")
        check("A.sock" in err and len(err.strip().split("\n")) == 1, f"it says: {err}")
        check(lives(), "the first daemon no longer answers")
    finally:
        first.kill()
        first.wait()
    check(os.path.exists(cluster.path("A.sock")), "SIGKILL cannot have removed the socket")
    again = cluster.spawn("A", [program(), *usual(cluster)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lives, 5, "a daemon starts over the socket of a dead one")
        again.terminate()
        check_equal(again.wait(10), 0, "exit status")
    finally:
        again.kill()
        again.wait()
    nowhere = cluster.path("no", "such", "A.sock")
    status, _, err = vlbd(cluster, *usual(cluster)[:-1], nowhere)
    check(status in (RUN_FAILED, NOT_READY), f"exit status {status}")
    check(nowhere in err, f"it says: {err}")
    check_equal(cluster.serves("A"), set(), "addresses left")
    status, _, err = vlbd(cluster, *usual(cluster)[:-1], cluster.path("vlb.ini"))
    check(status in (RUN_FAILED, NOT_READY), f"exit status {status} with a file for a socket")
    check(os.path.getsize(cluster.path("vlb.ini")) > 0, "it has removed what was no socket")


@test("vlbctl without a daemon, with a wrong command", **options)
def control_alone(cluster):
    tool = lab.find_program("vlbctl")
    if not tool:
        raise Skip("vlbctl not found")
    for words in (["-s", cluster.path("none.sock"), "status"],
                  ["-s", cluster.path("none.sock"), "nonsense"], []):
        done = subprocess.run([tool, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, check=False)
        check(done.returncode != 0 and done.stderr.strip(), f"vlbctl {words}: {done}")


@test("-t finds the host right, and its sysctls wrong where they are", **options)
def host(cluster):
    status, out, err = vlbd(cluster, "-t", *usual(cluster))
    check_equal(status, 0, f"exit status ({out}{err})")
    cluster.run("A", "sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=0")
    status, out, err = vlbd(cluster, "-t", *usual(cluster))
    check_equal(status, NOT_READY, "exit status with arp_ignore=0")
    check("arp_ignore" in out + err, f"it says: {out}{err}")


@test("-t finds commands that could not run", **options)
def commands(cluster):
    good, loose = cluster.path("good"), cluster.path("loose")
    for path, mode in ((good, 0o755), (loose, 0o757)):
        with open(path, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\n")
        os.chmod(path, mode)

    def checked(command, user="root"):
        cluster.write_config(cluster.config_text() + "\n[check app]\ntype = command\n"
                             f"target = {command}\nuser = {user}\n"
                             f"[notify]\ncommand = {good}\nuser = root\n")
        return vlbd(cluster, "-t", *usual(cluster))

    status, out, err = checked(good + " -x")
    check_equal(status, 0, f"exit status ({out}{err})")
    check(f"check app: {good}, as root" in out and f"[notify]: {good}, as root" in out, out)
    for command, user, says in (
            ("/no/such", "root", "check app: /no/such cannot be executed: No such file"),
            ("/etc/passwd", "root", "check app: /etc/passwd cannot be executed: Permission"),
            ("/etc", "root", "check app: /etc is no file"),
            (loose, "root", f"check app: anybody may change {loose}; `chmod o-w"),
            (good, "no-such-user", "check app: there is no user no-such-user on this host")):
        status, out, err = checked(command, user)
        check_equal(status, NOT_READY, f"exit status with {command}, {user}")
        check(says in out + err, f"`{says}' is not in: {out}{err}")


@test("the example files that ship are right", **options)
def examples(cluster):
    folder = os.path.join(lab.TOP, "contrib", "examples")
    names = [name for name in sorted(os.listdir(folder)) if name.endswith(".ini")]
    check(names, f"no examples in {folder}")
    for name in names:
        path = os.path.join(folder, name)
        status, out, err = vlbd(cluster, "-t", "-c", path, "-n", "A")
        check(status in (0, NOT_READY), f"{name}: {status} {out}{err}")
        lab.read_table(path)
    check_equal(lab.read_table(os.path.join(folder, "six-servers.ini")), lab.SIX, "six servers")
    check_equal(lab.read_table(os.path.join(folder, "three-servers.ini")), lab.THREE, "three")


main()
