# SPDX-License-Identifier: BSD-2-Clause
"""The project's own tests, in one machine of another kernel: each test counts as one.

Their labs are made of namespaces inside the machine. What they tell is TAP."""

import os
import re

from machine import Machine

MEMORY = 2048
SUITE_S = 3600
SLOW = 5  # see tests/lab/lab.py
TAP = re.compile(r"^(not ok|ok) \d+(?: -)? ?(.*)$")

# Programs of `make check` that ask the kernel for something.
UNIT_TESTS = ("check_netlink", "check_wire", "check_confine", "check_ctlsock", "check_runner")


def names(source):
    """All suites: integration tests, then unit tests that touch the kernel."""
    directory = os.path.join(source, "tests", "integration")
    return sorted(one[:-3] for one in os.listdir(directory)
                  if re.fullmatch(r"test_\w+\.py", one)) + list(UNIT_TESTS)


def machine(image, payload, directory):
    """The machine that they run in."""
    os.makedirs(directory, exist_ok=True)
    return Machine("lab", image, payload, directory, memory=MEMORY, processors=2)


def run(inside, name, tally):
    """One suite. Its tests are counted in TALLY."""
    program = (f"python3 ../src/tests/integration/{name}.py" if name.startswith("test_")
               else f"tests/{name}")
    status, out = inside.try_run(
        "sh", "-c", "cd /vlbd/build && mkdir -p /tmp/work && exec env TMPDIR=/tmp/work "
        f"VLB_SLOW={SLOW} CK_TIMEOUT_MULTIPLIER={4 * SLOW} VLB_BUILD=/vlbd/build "
        "VLB_BUILDDIR=/vlbd/build srcdir=/vlbd/src "
        + program,
        seconds=SUITE_S)
    count(name, status, out, tally)


def count(name, status, out, tally):
    """Read TAP: each line a result, with what was said before it as its reason."""
    said, seen, planned = [], 0, None
    for line in out.splitlines():
        plan = re.match(r"1\.\.(\d+)(?: # SKIP (.*))?$", line)
        found = TAP.match(line)
        if plan:
            planned = int(plan[1])
            if plan[2] is not None:
                tally.skip(name, plan[2])
        elif not found:
            said.append(line)
        else:
            seen += 1
            text, _, reason = found[2].partition(" # SKIP ")
            text = re.sub(r"^\S*/check_\w+\.c:", "", text)  # Check says where it is
            if found[1] == "not ok":
                tally.not_ok(f"{name}: {text}", "\n".join(said[-150:]))
            elif reason:
                tally.skip(f"{name}: {text}", reason)
            else:
                for again in (one for one in said if "FAILED ONCE" in one):
                    tally.comment(again.lstrip("# "))
                tally.ok(f"{name}: {text}")
            said = []
    if planned is None or seen < planned or status:
        tally.not_ok(f"{name}: it runs to its end",
                     f"exit status {status}, {seen} of {planned} tests\n"
                     + "\n".join(said[-60:]))
