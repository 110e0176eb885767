#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Metrics: Prometheus' own promtool likes them, the alert rules and the dashboard use only what
there is, and the file for node_exporter is whole, fresh, and never in the way."""

import contextlib
import ctypes
import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import Skip, Watch, check, check_equal, main, quiet, test, wait_until  # noqa: E402

RULES = os.path.join(lab.TOP, "contrib", "prometheus", "vlbd.rules.yml")
RULES_TEST = os.path.join(lab.TOP, "tests", "data", "vlbd.rules.test.yml")
DASHBOARD = os.path.join(lab.TOP, "contrib", "grafana", "vlbd.json")
NAME = re.compile(r"\bvlbd_[a-z_]+")
SUFFIX = re.compile(r"_(bucket|sum|count)$")
PTRACE_ATTACH, PTRACE_DETACH, WALL = 16, 17, 0x40000000
few = {"table": lab.THREE, "web": False}


def promtool(*words, text=None):
    """Run it; AssertionError with what it says unless it is content."""
    found = shutil.which("promtool")
    if not found:
        raise Skip("promtool is not installed (Debian: prometheus)")
    done = subprocess.run([found, *words], input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, check=False)
    check_equal(done.returncode, 0, f"promtool {' '.join(words)}: {done.stdout}")
    return done.stdout


def families(text):
    """{name: type} of what a text in Prometheus' format declares."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))


def value(text, sample):
    """The value of that sample."""
    found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.M)
    check(found, f"no {sample} in: {text}")
    return float(found[1])


def used(text):
    """The families that a text names."""
    return {SUFFIX.sub("", name) for name in NAME.findall(text)}


@test("promtool check metrics has nothing to say, and vlbctl(8) has every name", **few)
def metrics(cluster):
    text = cluster.control("A", "metrics")
    check_equal(promtool("check", "metrics", text=text), "", "promtool's remarks")
    known = families(text)
    with open(os.path.join(lab.TOP, "man", "vlbctl.8"), encoding="utf-8") as page:
        check_equal(set(known) - used(page.read()), set(), "families that vlbctl(8) lacks")
    check_equal(len(re.findall(r"^# HELP ", text, re.M)), len(known), "HELP lines")
    samples = [line for line in text.split("\n") if line and not line.startswith("#")]
    check_equal(len({line.rpartition(" ")[0] for line in samples}), len(samples), "no sample twice")
    answer = json.loads(cluster.control("A", "metrics", "--json"))
    check_equal((answer["version"], answer["server"]), (1, "A"), "the head")
    check_equal({one["name"]: one["type"] for one in answer["metrics"]}, known, "JSON's families")


@test("a takeover is in the metrics: owner, peer, reason, and how long it took", **few)
def takeover(cluster):
    cluster.crash("B")
    cluster.settle("AC")
    text = wait_until(
        lambda: (lambda text: 'peer="B",state="DEAD"} 1' in text and text)(
            cluster.control("A", "metrics")), 5, "B is dead in A's metrics")
    check_equal(value(text, 'vlbd_address_owned{cluster="lab",address="10.77.0.3"}'), 1, "owned")
    check_equal(value(text, 'vlbd_peer_alive{cluster="lab",peer="B"}'), 0, "B's life")
    both = [cluster.control(server, "metrics") for server in "AC"]
    deaths = sum(value(text, 'vlbd_claims_total{cluster="lab",reason="dead"}') for text in both)
    took = sum(value(text, 'vlbd_takeover_seconds_count{cluster="lab"}') for text in both)
    check_equal(took, deaths, "takeovers in the histogram")
    if deaths:  # a death in the turmoil of the start may have another reason
        mean = sum(value(text, 'vlbd_takeover_seconds_sum{cluster="lab"}')
                   for text in both) / took
        check(0.1 < mean < 2, f"a takeover took {mean}s")


@test("alert rules: checked, and each comes when it should", **few)
def rules(cluster):
    check("SUCCESS" in promtool("check", "rules", RULES), "check rules")
    for path in (RULES, RULES_TEST):
        shutil.copy(path, cluster.dir)
    promtool("test", "rules", cluster.path("vlbd.rules.test.yml"))
    known = families(cluster.control("A", "metrics"))
    with open(RULES, encoding="utf-8") as file:
        text = file.read()
    check_equal(used(text) - set(known), set(), "metrics that the rules use and nobody writes")
    with open(RULES_TEST, encoding="utf-8") as file:
        tested = file.read()
    with open(os.path.join(lab.TOP, "RUNBOOK.md"), encoding="utf-8") as file:
        runbook = file.read()
    for alert in re.findall(r"- alert: (\w+)", text):
        check(alert in tested, f"no test of {alert}")
        check(f"`{alert}`" in runbook, f"the runbook does not know {alert}")


@test("the dashboard is JSON, and uses only what there is", **few)
def dashboard(cluster):
    known = families(cluster.control("A", "metrics"))
    with open(DASHBOARD, encoding="utf-8") as file:
        board = json.load(file)
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    check(len(expressions) > 10, "it is empty")
    check_equal(used(" ".join(expressions)) - set(known), set(),
                "metrics that the dashboard uses and nobody writes")
    places = [tuple(panel["gridPos"].values()) for panel in board["panels"]]
    check_equal(len(set(places)), len(places), "panels in the same place")
    for expression in expressions:
        plain = (expression.replace("$cluster", "lab").replace("$__rate_interval", "1m")
                 .replace("$__range", "1h"))
        shutil.copy(RULES, cluster.dir)
        with open(cluster.path("one.yml"), "w", encoding="utf-8") as file:
            json.dump({"groups": [{"name": "one", "rules": [
                {"record": "one", "expr": plain}]}]}, file)  # JSON is YAML too
        promtool("check", "rules", cluster.path("one.yml"))


def with_textfile(cluster, path):
    """A's file names PATH, once a second."""
    cluster.write_config(cluster.config_text() + f"[metrics]\ntextfile = {path}\ninterval = 1s\n")
    cluster.control("A", "reload")


@test("the file for node_exporter: whole, fresh, and the last one says stopped", **few)
def textfile(cluster):
    path = cluster.path("A", "state", "vlbd.prom")
    probe = cluster.probe()
    with_textfile(cluster, path)
    wait_until(lambda: os.path.exists(path), 3, "the file is there")
    seen = set()

    def four_seen():
        with open(path, encoding="utf-8") as file:
            text = file.read()
        check(text.endswith("\n") and 'vlbd_loop_lag_seconds_count{cluster="lab"}' in text,
              f"half a file: {text[-100:]}")
        seen.add(value(text, 'vlbd_time_seconds{cluster="lab"}'))
        return len(seen) == 4 and text

    # Whoever reads it at any moment reads all of it.
    text = wait_until(four_seen, 10, "four files", every=0)
    times = sorted(seen)
    check(times[-1] - times[0] > 2, f"more than one a second: {times}")
    check(min(late - soon for soon, late in zip(times, times[1:])) < 1.5, f"too seldom: {times}")
    check_equal(promtool("check", "metrics", text=text), "", "promtool's remarks")
    check_equal(os.stat(path).st_mode & 0o777, 0o644, "others may read it")
    check_equal(sorted(os.listdir(cluster.path("A", "state"))), ["vlbd.prom"], "nothing else")
    quiet(probe.stop())
    cluster.stop("A")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    check_equal(value(text, 'vlbd_up{cluster="lab"}'), 0, "vlbd_up after the stop")
    check("address" not in text, f"stale metrics: {text}")


@contextlib.contextmanager
def held_up(pid):
    """All threads of the process but the first one stand still, as in a disk that hangs."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    threads = [int(name) for name in os.listdir(f"/proc/{pid}/task") if int(name) != pid]
    check(threads, "it has no other thread")
    for thread in threads:
        if libc.ptrace(PTRACE_ATTACH, thread, None, None) != 0:
            raise Skip(f"ptrace: {os.strerror(ctypes.get_errno())}")
        os.waitpid(thread, WALL)
    try:
        yield
    finally:
        for thread in threads:
            libc.ptrace(PTRACE_DETACH, thread, None, None)


@test("a disk that hangs delays what is written, and no hello", **few)
def hanging_disk(cluster):
    path = cluster.path("A", "state", "vlbd.prom")
    with_textfile(cluster, path)
    wait_until(lambda: os.path.exists(path), 3, "the file is there")
    log = Watch(cluster)
    probe = cluster.probe()
    with held_up(cluster.pid("A")):
        written = os.stat(path).st_mtime_ns
        drain = subprocess.Popen([lab.find_program("vlbctl"), "-s", cluster.path("A.sock"),
                                  "drain", "--persist"])
        time.sleep(2.5)
        check_equal(os.stat(path).st_mtime_ns, written, "the file is not written meanwhile")
        check_equal(cluster.status("A")["standing"], "serving", "it acts when it is written")
        check_equal(drain.poll(), None, "the drain waits")
        quiet(probe.stop())
        check(not log.moved(), "something moved")
        check("was stopped for" not in log.text("A"), "the loop was held up, too")
    check_equal(drain.wait(5), 0, "the drain, when the disk goes on")
    wait_until(lambda: cluster.status("A")["standing"] == "drained", 5, "A is drained")
    wait_until(lambda: os.stat(path).st_mtime_ns != written, 3, "the file is written again")


@test("a path that cannot be written is told once; the daemon goes on, and tries again", **few)
def unwritable(cluster):
    log = Watch(cluster)
    folder = cluster.path("A", "none")
    with_textfile(cluster, os.path.join(folder, "vlbd.prom"))
    log.await_text("A", r"cannot write the metrics to .*/none/vlbd\.prom: No such file or "
                   r"directory; make its directory writable .*`textfile =' .*\[metrics\]")
    time.sleep(2.2)
    check_equal(log.text("A").count("cannot write the metrics"), 1, "how often it is told")
    check_equal(cluster.status("A")["standing"], "serving", "standing")
    os.mkdir(folder)
    shutil.chown(folder, cluster.user)
    log.await_text("A", r"metrics are written to .* again")
    # What is not a path for node_exporter is a mistake in the file, and changes nothing.
    for wrong, says in (("vlbd.prom", "absolute path"), ("/tmp/vlbd.txt", r"end in \.prom")):
        cluster.write_config(cluster.config_text() + f"[metrics]\ntextfile = {wrong}\n")
        try:
            cluster.control("A", "reload")
            check(False, f"{wrong} is taken")
        except lab.LabError:
            log.await_text("A", says)
    cluster.write_config()
    cluster.control("A", "reload")


main()
