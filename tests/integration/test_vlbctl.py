#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""vlbctl: events, the live view on a terminal, drains that survive, exit statuses."""

import contextlib
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
import screen  # noqa: E402
from harness import (Skip, Watch, check, check_equal, main, quiet, stays, test,  # noqa: E402
                     wait_until)

OK, REFUSED, USAGE, NO_DAEMON, OTHER_VERSION, DENIED, TIMED_OUT = range(7)
STRANGER = 4003


def vlbctl(cluster, *words, path=None, **options):
    """Run it against A. Returns its exit status, standard output and standard error."""
    done = subprocess.run([lab.find_program("vlbctl"), "-s", path or cluster.path("A.sock"), *words],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, timeout=40,
                          check=False, **options)
    return done.returncode, done.stdout, done.stderr


def refuse(cluster, wanted, *words, says="", **options):
    """It must end with the status WANTED and one line that says SAYS."""
    status, out, err = vlbctl(cluster, *words, **options)
    check_equal((status, out), (wanted, ""), f"vlbctl {' '.join(words)} ({err.strip()})")
    check(err.startswith("vlbctl: ") and err.count("\n") == 1, f"it says: {err}")
    check(says in err, f"`{says}' is not in: {err}")


def kept(cluster):
    """The file of A's drain."""
    return cluster.path("A", "state", "lab@eth1.drained")


def say(cluster, request):
    """Ask A over the bare socket; returns what it answers."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(cluster.path("A.sock"))
        client.send(request)
        return b"".join(iter(lambda: client.recv(65536), b""))


def is_calm(cluster, server):
    """SERVER has heard everybody, and waits for nothing."""
    status = cluster.status(server)
    return (all(peer["state"] == "ALIVE"
                and peer["addresses"] == len(cluster.primaries(peer["name"]))
                for peer in status["peers"])
            and all(one["state"] != "RELEASED" for one in status["addresses"]))


def calm(cluster):
    """Wait until a death would be believed at once."""
    for server in cluster.servers:
        wait_until(lambda name=server: is_calm(cluster, name), 5, f"{server} is calm")


@contextlib.contextmanager
def terminal(cluster, interval="0.2", **options):
    """vlbctl watch on A."""
    if screen.pyte is None:
        raise Skip("python3-pyte (a terminal emulator) is not installed")
    command = [lab.find_program("vlbctl"), "-s", cluster.path("A.sock"), "watch", "-i", interval]
    with screen.Terminal(command, **options) as opened:
        yield opened


@contextlib.contextmanager
def follower(cluster, *words):
    """vlbctl events --follow on A, with a list that its lines come into."""
    process = subprocess.Popen(
        [lab.find_program("vlbctl"), "-s", cluster.path("A.sock"), "events", "--follow", *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True)
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")))
    reader.start()
    try:
        yield process, lines
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        reader.join()
        process.stdout.close()
        process.stderr.close()


@test("events: what has happened, with reason and times, and as it happens", table=lab.THREE,
      web=False)
def events(cluster):
    with follower(cluster, "--json") as (process, lines), follower(cluster, "-n0") as (_, plain):
        wait_until(lambda: lines, 5, "the last ones come first")
        calm(cluster)
        cluster.crash("B")
        cluster.settle("AC")
        claimed = wait_until(lambda: [line for line in lines if '"CLAIMED","reason":"dead"' in line],
                             5, "a claim")
        event = json.loads(claimed[-1])
        check_equal((event["version"], event["server"], event["kind"], event["from"], event["to"],
                     event["reason"], event["peer"], event["probes"]),
                    (1, "A", "state", "WATCHING", "CLAIMED", "dead", "B", 5), "the event")
        check(100 < event["silent_ms"] < 2000, f"silent for {event['silent_ms']}ms")
        check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"]), event["time"])
        numbers = [json.loads(line)["event"] for line in lines]
        check_equal(numbers, list(range(numbers[0], numbers[0] + len(numbers))), "no gap")
        wait_until(lambda: [line for line in plain if event["text"] in line], 5, "the plain line")
        cluster.stop("A")
        check_equal(process.wait(10), NO_DAEMON, "exit status when the daemon stops")
        check("the daemon has ended it" in process.stderr.read(), "it says why")
    wait_until(lambda: any('"kind":"stop"' in line for line in lines), 5, "the stop is told")


@test("events: the past, bounded; and who does not read is cut off", table=lab.THREE, web=False)
def past(cluster):
    whole = json.loads(vlbctl(cluster, "events", "--json")[1])
    check_equal((whole["version"], whole["server"]), (1, "A"), "the head")
    check_equal(whole["events"][0]["kind"], "start", "the first one")
    check_equal(vlbctl(cluster, "events", "-n", "1")[1].count("\n"), 1, "lines of -n 1")
    silent = socket.socket(socket.AF_UNIX)
    silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    silent.connect(cluster.path("A.sock"))
    silent.send(b"vlb/1 events --follow --json\n")
    hung_up = select.poll()
    hung_up.register(silent, 0)
    for _ in range(30000):
        say(cluster, b"vlb/1 resume\n")
        if hung_up.poll(0):
            break
    check(hung_up.poll(0), "who does not read is not cut off")
    whole = json.loads(vlbctl(cluster, "events", "--json")[1])["events"]
    check_equal(len(whole), 1024, "events that are kept")
    check_equal(whole[-1]["event"] - whole[0]["event"], 1023, "their numbers")
    silent.close()
    check_equal(vlbctl(cluster, "status")[0], OK, "it still answers")


@test("watch: matrix, peers and transitions on 80x24; small updates; resizes; leaves no trace",
      web=False)
def watch(cluster):
    with terminal(cluster) as term:
        text = term.await_text(lambda text: text.count(" *0") == 30, 5, "30 addresses served")
        check(text.startswith("A of cluster lab on eth1: serving"), text)
        check("6 servers, 30 addresses: 5 served here, 0 not confirmed, 0 served by nobody" in text,
              text)
        check(re.search(r"^B +ALIVE +0\.\ds +5  1  \.  \.  \.  \. \*0 \*0", text, re.M), text)
        check(re.search(r"^\d\d:\d\d:\d\d 10\.77\.0\.\d+: ", text, re.M), text)
        check(all(len(line) <= 80 for line in text.split("\n")), text)
        calm(cluster)
        before = term.bytes
        term.look(2)  # nothing happens: ten pictures
        check(term.bytes - before < 1000, f"{term.bytes - before} bytes in 2s")
        cluster.crash("B")
        term.await_text("10.77.0.6: WATCHING -> CLAIMED (B dead: silent ")
        text = term.await_text(lambda text: re.search(r"^B +DEAD", text, re.M), 5, "B is dead")
        check(re.search(r"^A +self +6 \*0 \*0 \*0 \*0 \*0 \*1 ", text, re.M), text)
        term.resize(120, 40)
        term.await_text(lambda text: re.search(r"^10\.77\.0\. .* 28 29 30$", text, re.M), 5,
                        "one band at 120 columns")
        term.resize(60, 12)
        text = term.await_text("lines 1-5 of 21 (arrow keys)")
        check(all(len(line) <= 60 for line in text.split("\n")), text)
        term.type("\x1bOB")
        term.await_text("lines 2-6 of 21")
        term.resize(30, 5)
        term.await_text("needs 40x8; q quits")
        term.resize(80, 24)
        term.await_text("30 addresses")
        term.type("q")
        check_equal(term.await_end(), OK, "exit status")
        check(term.modes_restored(), "the terminal's modes are not as they were")
        check(b"\x1b[?1049l" in term.raw and b"\x1b[?25h" in term.raw[-200:], "screen and cursor")


@test("watch: signals, a daemon that goes, no terminal", table=lab.THREE, web=False)
def watch_ends(cluster):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with terminal(cluster) as term:
            term.await_text("q quits")
            term.kill(number)
            check_equal(term.await_end(), -number, "it ends by the signal")
            check(term.modes_restored(), f"the terminal's modes after signal {number}")
            check(b"\x1b[?1049l" in term.raw, f"the screen after signal {number}")
    with terminal(cluster) as term:
        term.await_text("q quits")
        cluster.stop("A")
        term.await_text("no answer since ")
        check("10.77.0.6" not in term.text() or "*0" in term.text(), "the picture stays")
        cluster.start("A")
        term.await_text(lambda text: "no answer since" not in text, 8, "it answers again")
        term.type("q")
        check_equal(term.await_end(), OK, "exit status")
    with terminal(cluster, interval="60") as term:  # keys and sizes do not wait for a look
        term.await_text("q quits")
        term.resize(60, 12)
        term.await_text(lambda text: text.split("\n")[0].endswith("q quits"), 5, "60 columns")
        term.resize(30, 5)
        term.await_text("needs 40x8; q quits")
        term.type("q")
        check_equal(term.await_end(), OK, "exit status")
    with terminal(cluster, term="no-such-terminal") as term:
        check_equal(term.await_end(), USAGE, "exit status without a known terminal")
        check("no-such-terminal" in term.text() and "vt100" in term.text(), term.text())
    refuse(cluster, USAGE, "watch", says="needs a terminal")
    cluster.stop("A")
    with terminal(cluster) as term:
        check_equal(term.await_end(), NO_DAEMON, "exit status without a daemon")


@test("watch --json is status, again and again", table=lab.THREE, web=False)
def watch_json(cluster):
    process = subprocess.Popen([lab.find_program("vlbctl"), "-s", cluster.path("A.sock"), "watch",
                                "--json", "-i", "0.1"], stdout=subprocess.PIPE)
    try:
        for _ in range(3):
            check_equal(json.loads(process.stdout.readline())["standing"], "serving", "standing")
    finally:
        process.stdout.close()
    check_equal(process.wait(5), OK, "exit status when nobody reads on")


def keys(thing):
    """All keys in there, but those of labels, which METRICS documents."""
    if isinstance(thing, list):
        return set().union(*(keys(one) for one in thing))
    if isinstance(thing, dict):
        return set(thing).union(*(keys(one) for key, one in thing.items() if key != "labels"))
    return set()


@test("every command answers in JSON of version 1, and vlbctl(8) has every key of it",
      table=lab.THREE, web=False)
def documented(cluster):
    calm(cluster)
    cluster.crash("B")
    cluster.settle("AC")
    with open(os.path.join(lab.TOP, "man", "vlbctl.8"), encoding="utf-8") as file:
        page = file.read()
    known = set(re.findall(r"\w+", page[page.index(".Sh JSON"):page.index(".Sh METRICS")]))
    for command in ("status", "addresses", "peers", "events", "metrics", "reload", "drain",
                    "resume"):
        status, out, err = vlbctl(cluster, command, "--json")
        check_equal((status, out.count("\n")), (OK, 1), f"{command} --json ({err})")
        answer = json.loads(out)
        check_equal((answer["version"], answer["server"]), (1, "A"), f"the head of {command}")
        check_equal(keys(answer) - known, set(), f"keys of {command} that vlbctl(8) lacks")


@test("drain --wait hands over without a lost probe, and resume takes back", table=lab.THREE,
      web=False)
def drain_and_wait(cluster):
    probe = cluster.probe()
    check_equal(vlbctl(cluster, "drain", "--wait"), (OK, "", ""), "drain --wait")
    check_equal(cluster.status("A")["standing"], "drained", "when it returns")
    cluster.settle("BC")
    status, out, _ = vlbctl(cluster, "resume", "--json")
    check_equal((status, json.loads(out)["done"]), (OK, "resume"), "resume --json")
    cluster.settle()
    quiet(probe.stop())
    # The others are frozen, so nobody takes over within two seconds.
    for other in "BC":
        cluster.freeze(other)
    refuse(cluster, TIMED_OUT, "drain", "--wait", "--timeout", "0.3", says="still serving")
    for other in "BC":
        cluster.resume(other)


@test("drain --persist survives a restart, until resume", table=lab.THREE, web=False)
def drain_persists(cluster):
    status, out, _ = vlbctl(cluster, "drain", "--persist", "--wait", "--json")
    answer = json.loads(out)
    check_equal((status, answer["version"], answer["done"], answer["drain_persists"]),
                (OK, 1, "drain", True), "the answer")
    check(os.path.exists(kept(cluster)), "there is no file")
    cluster.settle("BC")
    for how in (cluster.stop, cluster.kill):
        how("A")
        log = Watch(cluster)
        cluster.start("A")
        wait_until(lambda: cluster.try_status("A"), 5, "A answers")
        log.await_text("A", r"drained since an earlier run \(.*lab@eth1\.drained\)")
        stays(lambda: cluster.status("A")["standing"] == "drained", 1.5, "A is drained")
        check(not log.moved("A"), "it served something")
        check(cluster.status("A")["drain_persists"], "status does not say so")
    # A cluster's other name is looked for at the next start.
    cluster.write_config(cluster.config_text().replace("name = lab", "name = other"))
    cluster.control("A", "reload")
    wait_until(lambda: os.listdir(cluster.path("A", "state")) == ["other@eth1.drained"], 5,
               "the file has its new name")
    cluster.kill("A")
    cluster.start("A")
    wait_until(lambda: cluster.try_status("A"), 5, "A answers")
    check(cluster.status("A")["drain_persists"], "a drain under the new name")
    check_equal(vlbctl(cluster, "resume")[0], OK, "resume")
    check_equal(os.listdir(cluster.path("A", "state")), [], "the file is still there")
    cluster.settle()
    cluster.stop("A")
    cluster.start("A")
    cluster.settle()


@test("a drain that cannot be kept does not begin", table=lab.THREE, web=False)
def drain_cannot_persist(cluster):
    shutil.rmtree(cluster.path("A", "state"))
    refuse(cluster, REFUSED, "drain", "--persist", says="nothing is drained; make the directory")
    check_equal(cluster.status("A")["standing"], "serving", "standing")
    check_equal(vlbctl(cluster, "drain", "--wait")[0], OK, "without --persist")
    check_equal(vlbctl(cluster, "resume")[0], OK, "resume")
    os.mkdir(cluster.path("A", "state"))
    shutil.chown(cluster.path("A", "state"), cluster.user)
    check_equal(vlbctl(cluster, "drain", "--persist")[0], OK, "with the directory")
    os.unlink(kept(cluster))
    os.mkdir(kept(cluster))  # so that it cannot be removed
    refuse(cluster, REFUSED, "resume", says="still drained; remove it by hand")
    os.rmdir(kept(cluster))
    check_equal(vlbctl(cluster, "resume")[0], OK, "resume")
    cluster.settle()


def imitate(path, answer):
    """A daemon that gives this answer to one client, whatever it asks."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)

    def serve():
        client, _ = listener.accept()
        client.recv(1000)
        client.send(answer)
        client.close()
        listener.close()

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


@test("exit statuses, and one line that says what to do", table=lab.THREE, web=False)
def exit_statuses(cluster):
    refuse(cluster, USAGE, "evnts", says="did you mean `events'?")
    refuse(cluster, USAGE, "status", "--persist", says="status does not take --persist")
    refuse(cluster, USAGE, "drain", "--follow", says="drain does not take --follow")
    refuse(cluster, USAGE, "drain", "--timeout", "soon", says="--timeout takes a number")
    refuse(cluster, NO_DAEMON, "status", path=cluster.path("none.sock"), says="is vlbd running")
    for number, (answer, says) in enumerate((
            (b"version this is vlbd 9.9.9, which speaks vlb/9\n", "this is vlbd 9.9.9"),
            (b"error this daemon knows no such command; it knows status\n", "older than this vlbctl"),
            (b"HTTP/1.0 400 Bad Request\n", "as new as vlbctl"))):
        path = cluster.path(f"imitation{number}.sock")
        thread = imitate(path, answer)
        refuse(cluster, OTHER_VERSION, "events", path=path, says=says)
        thread.join()
    check(say(cluster, b"vlb/7 status\n").startswith(b"version this is vlbd "), "vlb/7")


@test("who may ask, and who may steer", table=lab.THREE, web=False)
def permitted(cluster):
    with open("/proc/self/uid_map", encoding="ascii") as file:
        if os.getuid() != 0 or int(file.read().split()[2]) < STRANGER:
            raise Skip("not root over all users: cannot be another one")

    def become():
        os.setgroups([])
        os.setgid(STRANGER)
        os.setuid(STRANGER)

    for place in (cluster.dir, os.path.dirname(cluster.dir)):
        os.chmod(place, 0o755)
    refuse(cluster, DENIED, "status", says="be root, or of the group vlbd", preexec_fn=become)
    os.chmod(cluster.path("A.sock"), 0o666)  # the daemon itself looks, too
    refuse(cluster, DENIED, "drain", says="be root, or of the group vlbd", preexec_fn=become)
    check_equal(cluster.status("A")["standing"], "serving", "standing")


@test("clients that are slow, silent, many or mad cost no probe", table=lab.THREE, web=False)
def mad_clients(cluster):
    probe = cluster.probe()
    watch_log = Watch(cluster)
    clients = []
    for number in range(60):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(0.2)
        clients.append(client)
        with contextlib.suppress(OSError):
            client.connect(cluster.path("A.sock"))
            client.send([b"vlb/1 status --json\n", b"x" * 1000000, b"\0\xff\n", b"stat",
                         b"vlb/1 events --follow\n"][number % 5])
    wait_until(lambda: vlbctl(cluster, "status")[0] == OK, 15, "somebody else is answered")
    for client in clients:
        client.close()
    report = probe.stop()
    quiet(report)
    check(not watch_log.moved(), "something moved")


main()
