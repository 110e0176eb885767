#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The simulator against the lab: the same file and the same faults, and the same moves.

Each script below is played by vlbsim and made in a lab. What must agree:

  exactly   who serves what in the end, by the kernels; and every beginning and end of
            service on the way: server, address, reason, and which fault it follows
  in time   when that was, since the fault, within these bands

What chance decides (where between two hellos the fault falls, how old the leases are) spreads
the times. So vlbsim plays each script PLAYS times, a bit later each time, which covers the
hellos and the renewals of the leases. The lab's time must lie between the earliest and the
latest of those, give or take the band; and both must lie in the window that the timing in the
file leaves them, all of vlbsim's and the lab's give or take the band:

  a death     from 0.5 to 1.5 hellos, and a burst of probes                band  60 ms
  a lease     0.75 to 1 lease, 23 ms earlier to 1.1 s later (the kernel),
              a burst, and up to a hello to notice                         band 150 ms
  a return    1.5 hellos and a burst to listen, from the first frame,
              and failback, or a burst to ask who has it                   band  60 ms
  at once     handed over, cut off, adopted, resumed                       band  60 ms

(Leases that end together, as these do, a kernel drops at most 0.15 s late as a rule, seldom up to
0.75 s; so does the simulated one.)

The lab does nothing in no time, as the simulator does: an instant there is a span, from before
the command until it was done, and the bands begin at its ends. A run in which a daemon noticed
that it was starved, or a time was outside, is made once more in a new lab: noise passes, a
model that is wrong does not."""

import collections
import datetime
import os
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402
from harness import SERVES, Watch, check, check_equal, main, test, wait_until  # noqa: E402

# All times are milliseconds.
HELLO, PROBES, INTERVAL, LEASE, FAILBACK = 100, 5, 5, 2000, 500
TIMING = {"hello": f"{HELLO}ms", "probes": str(PROBES), "probe_interval": f"{INTERVAL}ms",
          "lease": f"{LEASE // 1000}s", "failback": f"{FAILBACK}ms"}
BURST = PROBES * INTERVAL
LISTEN = 1.5 * HELLO + BURST
RENEWAL = LEASE / 4  # so old is a lease at most
EARLY, LATE = 23, 1100  # the kernel, at its end
LEASE_OVER = LEASE + LATE + HELLO + BURST  # by then it has ended and everybody knows

PLAYS = 40
SHIFT = 337  # its multiples fall everywhere between two hellos, and between two renewals
ROUNDING = 2  # vlbsim and the logs have milliseconds, and vlbsim looks every millisecond
RUNS = 2
CALM_S = 0.3  # nothing else may happen for that long in the end
PATIENCE_S = 4

Window = collections.namedtuple("Window", "earliest latest band")
AT_ONCE = Window(0, 0, 60)
DEATH = Window(0.5 * HELLO + BURST, 1.5 * HELLO + BURST, 60)
LEASE_END = Window(LEASE - RENEWAL - EARLY + BURST, LEASE_OVER, 150)
ASKED = Window(LISTEN, LISTEN + HELLO + BURST, 60)
TAKEN_BACK = Window(LISTEN + FAILBACK, LISTEN + FAILBACK + HELLO, 60)

# After which fault, for which reason.
WINDOWS = {
    ("fail", "dead"): DEATH,
    ("cut", "dead"): DEATH,
    ("cut", "no carrier"): AT_ONCE,
    ("kill", "dead"): LEASE_END,
    ("freeze", "dead"): LEASE_END,
    ("thaw", "lease ran out"): AT_ONCE,
    ("start", "adopted"): AT_ONCE,
    ("drain", "handed over"): AT_ONCE,
    ("drain", "released it"): AT_ONCE,
    ("resume", "resumed"): AT_ONCE,
    ("resume", "claims it"): AT_ONCE,
    ("return", "nobody answers"): ASKED,
    **{(verb, why): TAKEN_BACK for verb in ("mend", "return", "start", "thaw")
       for why in ("failback delay is over", "claims it")},
}
REASONS = sorted({why for _, why in WINDOWS})

Event = collections.namedtuple("Event", "at verb server")
# The fault that it follows (its place in the script), who, what, and why.
Move = collections.namedtuple("Move", "after server address verb why")
# When that was since the fault, at least and at most.
Span = collections.namedtuple("Span", "low high")
Story = collections.namedtuple("Story", "moves owners")  # {Move: [Span]}, {address: [server]}


def reason_of(text):
    """What is the same in all reasons of a kind."""
    return next((why for why in REASONS if why in (text or "")), text)


def tell(text):
    """A line of diagnostics."""
    print(f"# {text}", flush=True)


# ---- the simulator ----

SIM_MOVE = re.compile(r" *([\d.]+)s  (\S+) (takes|gives up) (\d+): ([^(]*?)(?: \((.*)\))?")
SIM_SERVES = re.compile(r"  (\S+) .*?(\d+) +[\d.]+%  (.*)")


def sim_addresses(count, text):
    """10.77.0.1-2, .7 -> [10.77.0.1, 10.77.0.2, 10.77.0.7], which must be COUNT."""
    found, net = [], ""
    for part in [] if text == "-" else text.split(", "):
        first, _, last = part.partition("-")
        net = first.rpartition(".")[0] or net
        first = int(first.rpartition(".")[2])
        found += [f"{net}.{number}" for number in range(first, int(last or first) + 1)]
    check_equal(len(found), int(count), f"addresses that vlbsim told in `{text}'")
    return found


def sim_owners(text, addresses):
    """The last of the tables of who serves what."""
    owners = {one: [] for one in addresses}
    table = text.rpartition("who serves what\n")[2].partition("\n\n")[0]
    for line in table.split("\n")[1:]:
        match = SIM_SERVES.fullmatch(line)
        check(match, f"vlbsim says `{line}', which is no line of its table")
        for one in sim_addresses(match[2], match[3]):
            owners[one] += [match[1]] if match[1] != "(nobody)" else []
    return owners


def play(cluster, script, shift):
    """One Story of vlbsim, in which SCRIPT begins SHIFT later."""
    command = [lab.find_program("vlbsim"), "-c", cluster.path("vlb.ini")]
    for event in script:
        command += [f"--{event.verb}", f"{event.server}@{event.at + shift}ms"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, check=False)
    check_equal(done.returncode, 0, f"exit status of {' '.join(command)}\n{done.stdout}")
    moves = {}
    for match in filter(None, map(SIM_MOVE.fullmatch, done.stdout.split("\n"))):
        now = float(match[1]) * 1000 - shift
        after = max(i for i, event in enumerate(script) if event.at <= now + ROUNDING)
        for one in sim_addresses(match[4], match[5]):
            move = Move(after, match[2], one, match[3], reason_of(match[6]))
            since = now - script[after].at
            moves.setdefault(move, []).append(Span(since, since))
    return Story(moves, sim_owners(done.stdout, cluster.addresses))


def simulate(cluster, script):
    """All of vlbsim's Stories of SCRIPT as one. Only its times may depend on chance."""
    first, *others = [play(cluster, script, n * SHIFT) for n in range(PLAYS)]
    for other in others:
        check_same(first, other, "some plays of vlbsim", "others", script)
    moves = {}
    for move in first.moves:
        times = [sorted(story.moves[move]) for story in (first, *others)]
        moves[move] = [Span(min(one.low for one in same), max(one.high for one in same))
                       for same in zip(*times)]
    return Story(moves, first.owners)


# ---- the lab ----

LAB_MOVE = re.compile(r"(\S+ \S+) (10\.77\.\d+\.\d+): (\w+) -> (\w+)(?: \((.*)\))?")
STARTED = re.compile(r"^(\S+ \S+) server \S+ on ", re.MULTILINE)


def clock(stamp):
    """The milliseconds that a line of a log begins with."""
    return datetime.datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S.%f").timestamp() * 1000


def now_ms():
    """On the clock of the logs."""
    return time.time() * 1000


def befall(cluster, event):
    """Let it happen. Returns the Span of clock time in which it did."""
    server = event.server
    verbs = {"fail": cluster.cut, "return": cluster.restore, "cut": cluster.cut,
             "mend": cluster.restore, "kill": cluster.kill, "start": cluster.start,
             "freeze": cluster.freeze, "thaw": cluster.resume,
             "drain": lambda one: cluster.control(one, "drain"),
             "resume": lambda one: cluster.control(one, "resume")}
    watch, began = Watch(cluster), now_ms()
    verbs[event.verb](server)
    done = now_ms()
    if event.verb == "fail":
        cluster.crash(server)  # nobody hears it any more; that takes a while
    if event.verb in ("return", "start"):  # it is there when it says so
        done = clock(watch.await_text(server, STARTED)[1])
    return Span(began, done)


def lab_moves(cluster, watch, script, instants):
    """{Move: [Span]} of what the daemons have logged so far."""
    moves = {}
    for server in cluster.servers:
        for match in filter(None, map(LAB_MOVE.fullmatch, watch.text(server).split("\n"))):
            served, serves = match[3] in SERVES, match[4] in SERVES
            now = clock(match[1])
            before = [i for i, span in enumerate(instants) if span.low <= now + ROUNDING]
            own = [script[i].verb for i in before if script[i].server == server]
            # Without power it has no log: these are its last words before the plug was out.
            if served == serves or not before or own[-1:] == ["fail"]:
                continue
            move = Move(before[-1], server, match[2], "takes" if serves else "gives up",
                        reason_of(match[5]))
            instant = instants[before[-1]]
            moves.setdefault(move, []).append(Span(now - instant.high, now - instant.low))
    return moves


def wait_for(begin, milliseconds):
    """Until so much later than BEGIN."""
    time.sleep(max(0.0, (begin + milliseconds - now_ms()) / 1000))


def count(moves):
    """How many there are."""
    return sum(map(len, moves.values()))


def enact(cluster, script, wanted):
    """SCRIPT's Story in the lab, which ends when WANTED moves were made and all is calm."""
    watch, instants = Watch(cluster), []
    begin = now_ms()
    for event in script:
        wait_for(begin, event.at)
        instants.append(befall(cluster, event))
    end = time.monotonic() + PATIENCE_S
    while (count(lab_moves(cluster, watch, script, instants)) < wanted
           and time.monotonic() < end):
        time.sleep(0.02)
    for event, instant in zip(script, instants):
        if event.verb in ("kill", "freeze"):  # what if its lease did not end?
            wait_for(instant.high, LEASE_OVER)
    time.sleep(CALM_S)
    frozen = {event.server for event in script if event.verb == "freeze"}
    starved = any("was stopped for" in watch.text(server)
                  for server in cluster.servers if server not in frozen)
    return Story(lab_moves(cluster, watch, script, instants), cluster.matrix()), starved


# ---- both ----


def describe(script, move):
    """A Move in words."""
    return (f"after {script[move.after].verb} {script[move.after].server}: {move.server} "
            f"{move.verb} {move.address} ({move.why})")


def check_same(one, other, name, other_name, script):
    """The same moves and the same owners; else it says which only one of them has."""
    lines = []
    for here, there, who in ((one, other, name), (other, one, other_name)):
        lines += [f"only {who}: {describe(script, move)}" for move in sorted(here.moves)
                  if len(here.moves[move]) > len(there.moves.get(move, []))]
    lines += [f"in the end {address} is served by {one.owners[address]} ({name}), "
              f"{other.owners[address]} ({other_name})"
              for address in one.owners if one.owners[address] != other.owners[address]]
    check(not lines, "\n".join(lines))


def short(addresses):
    """[10.77.0.1, 10.77.0.2, 10.77.0.7] -> 1-2 7"""
    numbers = sorted({int(one.rpartition(".")[2]) for one in addresses})
    return lab.spans(numbers).replace("10.77.0.", "").replace(",", "")


def show(spans):
    """From the beginning of the first to the end of the last."""
    low, high = round(min(one[0] for one in spans)), round(max(one[1] for one in spans))
    return str(low) if low == high else f"{low}..{high}"


def distance(span, window):
    """How far SPAN is outside of WINDOW: 0, or more (too late), or less (too early)."""
    if span.low > window[1]:
        return span.low - window[1]
    return min(0, span.high - window[0])


def outside(script, move, simulated, real):
    """(how far the lab is from the simulator, what is wrong) of one move."""
    fault = script[move.after]
    window = WINDOWS.get((fault.verb, move.why))
    if not window:
        return 0, [f"no window for {describe(script, move)}"]
    difference = distance(real, simulated)
    wrong = []
    if abs(difference) > window.band:
        wrong.append(f"{difference:+.0f} ms from vlbsim")
    if abs(distance(real, window)) > window.band:
        wrong.append(f"the lab {distance(real, window):+.0f} ms from the window")
    if (simulated.low < window.earliest - ROUNDING or
            simulated.high > window.latest + ROUNDING):
        wrong.append(f"vlbsim's {show([simulated])} ms not in {show([window])}")
    return difference, wrong


def compare_times(name, script, simulated, real):
    """Prints the table, and returns what is outside."""
    rows, wrong = {}, []
    for move in sorted(simulated.moves):
        for sim, true in zip(simulated.moves[move], sorted(real.moves[move])):
            difference, faults = outside(script, move, sim, true)
            wrong += [f"{describe(script, move)}: {fault}" for fault in faults]
            rows.setdefault((move.after, move.verb, move.why), []).append(
                (move.address, true, sim, difference))
    tell(f"{name}: " + ", ".join(f"{one.verb} {one.server} at {one.at} ms" for one in script))
    columns = "{:<10}{:<34}{:<14}{:>12}{:>12}{:>6}"
    tell(columns.format("after", "what", "address", "lab ms", "vlbsim ms", "off"))
    for (after, verb, why), found in rows.items():
        addresses, reals, sims, differences = zip(*found)
        tell(columns.format(f"{script[after].verb} {script[after].server}", f"{verb} ({why})",
                            short(addresses), show(reals), show(sims),
                            round(max(differences, key=abs))))
    if not rows:
        tell("nothing moves, in either")
    return wrong


def calm(cluster):
    """Everything is in its place, and nobody waits for anything any more."""
    cluster.settle()
    wait_until(lambda: all(one["state"] != "RELEASED" for server in cluster.servers
                           for one in cluster.status(server)["addresses"]),
               5, "nobody waits for anything")


def compare(name, cluster, script):
    """One script in both."""
    simulated = simulate(cluster, script)
    for run in range(1, RUNS + 1):
        calm(cluster)
        real, starved = enact(cluster, script, count(simulated.moves))
        if not starved or run == RUNS:
            check_same(simulated, real, "vlbsim", "the lab", script)
            wrong = compare_times(name, script, simulated, real)
            if not wrong:
                return
            check(run < RUNS, "\n".join(wrong))
            tell("\n# ".join(wrong))
        tell("once more: " + ("a daemon was starved" if starved else "times were outside"))
        cluster.down()  # what happened before would change what happens next
        cluster.up()


def script_test(name, table, *events):
    """A test of EVENTS: (milliseconds, verb of vlbsim, server)."""
    script = [Event(*event) for event in events]
    test(name, table=table, timing=TIMING, web=False)(
        lambda cluster: compare(name, cluster, script))


script_test("one server dies", lab.SIX, (0, "fail", "A"))
script_test("two servers die, half a second apart, and one returns", lab.SIX,
            (0, "fail", "A"), (500, "fail", "B"), (1200, "return", "A"))
script_test("a cable is cut, and mended", lab.SIX, (0, "cut", "A"), (600, "mend", "A"))
script_test("a server is drained, and resumed", lab.SIX,
            (0, "drain", "A"), (500, "resume", "A"))
script_test("a daemon is killed and stays dead, until its lease runs out", lab.SIX,
            (0, "kill", "A"))
script_test("a daemon is killed, and started when its lease has run out", lab.THREE,
            (0, "kill", "A"), (3500, "start", "A"))
script_test("a daemon is killed, and started within its lease", lab.THREE,
            (0, "kill", "A"), (500, "start", "A"))
script_test("a daemon hangs for less than its lease", lab.THREE,
            (0, "freeze", "A"), (700, "thaw", "A"))
script_test("a daemon hangs for longer than its lease", lab.THREE,
            (0, "freeze", "A"), (3500, "thaw", "A"))
script_test("three tiers: two servers die, one returns", lab.THREE,
            (0, "fail", "A"), (700, "fail", "B"), (1500, "return", "A"))

if lab.find_program("vlbsim"):
    main()
else:
    print("1..0 # SKIP vlbsim not found (VLB_BUILDDIR says where it was built)")
