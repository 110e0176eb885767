# SPDX-License-Identifier: BSD-2-Clause
"""TAP for tests on the lab.

    from harness import main, test

    @test("a cut link gives up everything", timing={"lease": "2s"})
    def cut_link(cluster):
        cluster.cut("A")
        cluster.settle(alive="BCDEF")

    main()

Every test gets a cluster of its own, built as the decorator says and settled. A failed one
is followed by who served what and the end of each daemon's log. Words on the command line
choose the tests whose names contain them. The exit status is 0 also when tests fail: the
verdict is in the TAP."""

import fnmatch
import os
import re
import signal
import sys
import time
import traceback

import lab
from lab import LabError, Unavailable, wait_until  # noqa: F401 (for the tests)

LOG_LINES = 20
TEST_SECONDS = 150  # a test that hangs fails
CHANGE = re.compile(r"(10\.77\.\d+\.\d+): (PRIMARY|WATCHING|CLAIMED|RELEASED) -> (\w+)")
SERVES = {"PRIMARY", "CLAIMED"}

_tests = []


class Skip(Exception):
    """This test cannot be made here; the text says why."""


def test(name, settle=True, **options):
    """Declare a test. OPTIONS go to Lab(); failback is 0s, and addresses may move as often
    as they must, unless they say otherwise."""

    def declare(function):
        timing = {"failback": "0s", "max_moves": "off", **options.pop("timing", {})}
        _tests.append((name, settle, {**options, "timing": timing}, function))
        return function

    return declare


def check(condition, text):
    """AssertionError with TEXT unless CONDITION."""
    if not condition:
        raise AssertionError(text)


def check_equal(got, wanted, what):
    """AssertionError that shows both."""
    check(got == wanted, f"{what}: got {got!r}, wanted {wanted!r}")


def stays(condition, seconds, what, every=0.05):
    """CONDITION must hold all the while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        check(condition(), f"no longer: {what}")
        time.sleep(every)


class Watch:
    """What the daemons log from now on."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.begin = {server: len(cluster.log(server)) for server in cluster.servers}

    def text(self, server):
        """The new part of SERVER's log."""
        return self.cluster.log(server)[self.begin[server]:]

    def changes(self, *servers):
        """[(server, address, old state, new state)] in the logs of SERVERS, or of all, where
        the server began or ceased to serve. (RELEASED and WATCHING differ only inside.)"""
        return [(server, *found) for server in servers or self.cluster.servers
                for found in CHANGE.findall(self.text(server))
                if SERVES.intersection(found[1:])]

    def moved(self, *servers):
        """The addresses that began or ceased to be served there."""
        return {change[1] for change in self.changes(*servers)}

    def await_text(self, server, pattern, seconds=5):
        """Wait until SERVER has logged what matches PATTERN; returns the match."""
        return wait_until(lambda: re.search(pattern, self.text(server)), seconds,
                          f"{server} logs /{pattern}/")


def quiet(report):
    """Every probe was answered, by one server each. Where the processor is emulated frames get
    lost in its own queues: there nobody was silent for a tenth of a second of a usual one."""
    lost = report.lost() if lab.SLOW == 1 else report.longest_gap_ms() >= 100 * lab.SLOW
    check(not lost and not report.duplicates(), report.describe())


def no_duplicates(report):
    """Nobody else answered beside the owner."""
    check(not report.duplicates(), report.describe())


def gaps_below(report, milliseconds):
    """No address was silent for longer."""
    check(report.longest_gap_ms() < milliseconds * lab.SLOW, report.describe())


def _comment(text):
    for line in text.rstrip().split("\n"):
        print(f"# {line}")


def _diagnose(cluster):
    """What a reader of a failed run needs to see."""
    if cluster is None:
        return
    _comment(cluster.show())
    for server in cluster.servers:
        lines = cluster.log(server).rstrip().split("\n")[-LOG_LINES:]
        _comment(f"---- {server}\n" + "\n".join(lines))


def _out_of_time(_number, _frame):
    raise AssertionError(f"not done after {TEST_SECONDS * lab.SLOW:.0f}s")


def _explain(name, error, cluster):
    """Say what failed and where."""
    steps = traceback.extract_tb(error.__traceback__)
    _comment(f"{name}: {error or type(error).__name__}\n({type(error).__name__}: " +
             " > ".join(f"{step.filename.rpartition('/')[2]}:{step.lineno}"
                        for step in steps[1:]) + ")")
    _diagnose(cluster)


def _make(name, settle, cluster, function):
    """One test in its lab. True: it passed."""
    with cluster:
        try:
            if settle and cluster.daemon:
                cluster.settle()
            function(cluster)
            return True
        except (Skip, Unavailable):
            raise
        except Exception as error:  # whatever it is, the other tests must be made
            signal.alarm(0)
            _explain(name, error, cluster)
            return False


def _run(name, settle, options, function):
    """One test. Returns whether it passed, and the end of its TAP line."""
    signal.alarm(round(TEST_SECONDS * lab.SLOW))
    try:
        return _make(name, settle, lab.Lab(**options), function), ""
    except (Skip, Unavailable) as reason:
        return True, f" # SKIP {reason}"
    except (LabError, AssertionError, OSError) as error:  # building it, or taking it away
        signal.alarm(0)
        _explain(name, error, None)
        return False, ""
    finally:
        signal.alarm(0)


def main():
    """Run the tests that the command line chooses, or all."""
    words = sys.argv[1:]
    chosen = [one for one in _tests
              if not words or any(fnmatch.fnmatch(one[0], f"*{word}*") for word in words)]
    try:
        lab.enter()
    except Unavailable as reason:
        print(f"1..0 # SKIP {reason}")
        return
    signal.signal(signal.SIGALRM, _out_of_time)
    print(f"1..{len(chosen)}", flush=True)
    for number, (name, settle, options, function) in enumerate(chosen, 1):
        began = time.monotonic()
        good, tail = _run(name, settle, options, function)
        if not good and not os.environ.get("VLB_STRICT"):
            # Deadlines of milliseconds, on a machine that others may be using: a failure
            # counts when it comes back in a fresh lab. The first one stays in the log.
            _comment(f"{name}: FAILED ONCE, made again")
            good, tail = _run(name, settle, options, function)
        _comment(f"{name}: {time.monotonic() - began:.1f}s")
        print(f"{'ok' if good else 'not ok'} {number} - {name}{tail}", flush=True)
