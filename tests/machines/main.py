# SPDX-License-Identifier: BSD-2-Clause
"""What tests/vm runs: see there. Works in the current directory, and leaves nothing running."""

import argparse
import fnmatch
import os
import signal
import sys
import traceback

sys.dont_write_bytecode = True

import faults  # noqa: E402
import image  # noqa: E402
import links  # noqa: E402
import payload  # noqa: E402
import service  # noqa: E402
import suites  # noqa: E402
from segment import Segment  # noqa: E402
from tally import Tally  # noqa: E402

# In this order, on the same machines; the first one is what all others need.
TESTS = service.TESTS[:1] + faults.TESTS + links.TESTS + service.TESTS[1:]


def chosen(args):
    """The tests on joined machines that the command line wants."""
    tests = [one for one in TESTS if one.quick or not args.quick]
    if args.words:
        tests = [one for one in tests
                 if one is service.install or matches(one.title, args.words)]
        if tests == [service.install] and not matches(service.install.title, args.words):
            return []
    return tests


def chosen_suites(args):
    """And the suites of tests in a machine by itself."""
    if args.quick:
        return []
    return [one for one in suites.names(args.source) if not args.words or matches(one, args.words)]


def matches(title, words):
    """One of WORDS, which may have wildcards, is in TITLE."""
    return any(fnmatch.fnmatch(title, f"*{word}*") for word in words)


def on_joined_machines(release, disk, tests, tally):
    """Three machines on a switch."""
    with Segment(release, disk, "joined") as segment:
        tally.comment(f"{tally.prefix}kernel "
                      + segment["A"].run("uname", "-r").strip())
        for number, one in enumerate(tests):
            if one not in links.TESTS and not segment.on_cards:
                links.stand_on_cards(segment)
            if tally.make(one, segment):
                continue
            tally.comment(segment.show())
            try:
                if one is service.install:
                    raise AssertionError("vlbd is not in service")
                segment.repair()
            except Exception as error:  # what is left cannot be made, and says so
                for other in tests[number + 1:]:
                    tally.skip(other.title, f"after \"{one.title}\" had failed: {error}")
                return


def in_one_machine(release, disk, names, tally):
    """The project's own tests."""
    with suites.machine(release, disk, "alone") as inside:
        inside.wait_up(seconds=600)
        for name in names:
            suites.run(inside, name, tally)


def on(release, args, tally):
    """Everything on a Debian of RELEASE."""
    tests, names = chosen(args), chosen_suites(args)
    made = image.of(release, tally.say)
    os.mkdir(release)
    os.chdir(release)  # the sockets' names have to be short
    try:
        parts = ["deb"] + (["tests"] if names else [])
        disk = payload.make(made, args.source, os.getcwd(), parts)
        if tests:
            on_joined_machines(made, disk, tests, tally)
        if names:
            in_one_machine(made, disk, names, tally)
    finally:
        os.chdir("..")


def main():
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="tests/vm", description="vlbd on real machines, "
                                     "emulated, with kernels of their own")
    parser.add_argument("--quick", action="store_true",
                        help="boot, install, VLAN, bond, cable, reboot, on Debian 12")
    parser.add_argument("--release", action="append", choices=sorted(image.RELEASES),
                        help="only this one (may be repeated)")
    parser.add_argument("--source", required=True, help=argparse.SUPPRESS)
    parser.add_argument("words", nargs="*", metavar="WORD",
                        help="only tests, and suites such as test_links, with it in their names")
    args = parser.parse_args()
    tally = Tally()

    def interrupted(number, _frame):
        tally.not_ok("all of it", f"interrupted: {signal.Signals(number).name}")
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        for release in args.release or (["bookworm"] if args.quick else list(image.RELEASES)):
            tally.prefix = f"{image.RELEASES[release]}: "
            try:
                on(release, args, tally)
            except image.Unavailable as reason:
                tally.skip("all of it", reason)
            except Exception as error:  # the other release may do
                tally.not_ok("the machines", f"{error}\n{traceback.format_exc()}")
    finally:
        tally.last_word()
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
