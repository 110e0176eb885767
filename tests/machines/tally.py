# SPDX-License-Identifier: BSD-2-Clause
"""Tests one after the other on what stands already, and a count of what really ran.

    @test("a cable is pulled", quick=True)
    def cable(segment): ...

The words are those of tests/all: `ok:`, `not ok:`, `skipped:`, each with what it is about,
and for a skipped one why. What explains a failure follows as lines with a `#`."""

import signal
import time
import traceback

TEST_S = 900  # emulated, on a machine that others may be using


class Skip(Exception):
    """This test cannot be made here; the text says why."""


class Failure(Exception):
    """Something is not as it should be."""


def check(condition, text):
    """Failure with TEXT unless CONDITION."""
    if not condition:
        raise Failure(text)


def check_equal(got, wanted, what):
    """Failure that shows both."""
    check(got == wanted, f"{what}: got {got!r}, wanted {wanted!r}")


def wait_until(condition, seconds, what, every=0.5):
    """Ask CONDITION until it holds, and return what it said."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        check(time.monotonic() < end, f"after {seconds}s still not: {what}")
        time.sleep(every)


def test(name, quick=False):
    """Declare a test. QUICK ones are part of tests/all."""

    def declare(function):
        function.title = name
        function.quick = quick
        return function

    return declare


def _out_of_time(_number, _frame):
    raise Failure(f"not done after {TEST_S}s")


class Tally:
    """What has been found out so far, in all."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.prefix = ""  # such as "Debian 12: "
        signal.signal(signal.SIGALRM, _out_of_time)

    @staticmethod
    def say(text):
        """A line, at once."""
        print(text, flush=True)

    @staticmethod
    def comment(text):
        """Lines that count nothing."""
        for line in text.rstrip().split("\n"):
            print(f"# {line}", flush=True)

    def ok(self, name, seconds=None):
        """It passed."""
        self.passed += 1
        self.say(f"ok: {self.prefix}{name}" + ("" if seconds is None else f" ({seconds:.0f}s)"))

    def not_ok(self, name, text):
        """It failed, since TEXT."""
        self.failed += 1
        self.say(f"not ok: {self.prefix}{name}")
        self.comment(text)

    def skip(self, name, reason):
        """It was not made, for a REASON."""
        self.skipped += 1
        self.say(f"skipped: {self.prefix}{name}: {' '.join(str(reason).split())}")

    def make(self, function, segment):
        """One test. False: it failed."""
        began = time.monotonic()
        signal.alarm(TEST_S)
        try:
            function(segment)
            signal.alarm(0)
            self.ok(function.title, time.monotonic() - began)
        except Skip as reason:
            signal.alarm(0)
            self.skip(function.title, reason)
        except Exception as error:  # whatever it is, the other tests must be made
            signal.alarm(0)
            steps = traceback.extract_tb(error.__traceback__)
            where = " > ".join(f"{step.filename.rpartition('/')[2]}:{step.lineno}"
                               for step in steps[1:])
            self.not_ok(function.title, f"{error or type(error).__name__}\n"
                        f"({type(error).__name__}: {where})")
            return False
        finally:
            signal.alarm(0)
        return True

    def last_word(self):
        """The line that others read."""
        self.say(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
