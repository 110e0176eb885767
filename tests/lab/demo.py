#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The demo: six servers, thirty addresses, real requests; one server dies and returns, and
of another the web server dies while its kernel lives.

tests/demo installs what is missing, builds, and runs this. On a terminal of 80 x 24 or more
it shows a live matrix of who serves what; elsewhere it prints plain lines. It ends by
itself, and whatever ends it earlier, the lab leaves nothing behind (see lab.enter())."""

import collections
import contextlib
import os
import re
import shutil
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import lab  # noqa: E402
from harness import Watch  # noqa: E402

VICTIM = "A"
SICK = "D"
CHECK = """
[check web]
type = http
target = http://127.0.0.1/
interval = 200ms
timeout = 500ms
rise = 2
fall = 2
"""
RATE = 300  # requests a second
FAILBACK_S = 3
FRAME_S = 0.05
FRESH_S = 1.5  # so long a change stands out
CANNOT = 77

STEADY_S = 5.0
DEAD_S = 4.0
RETURNED_S = 1.5
SICK_S = 2.0
TAKEOVER_S = 5  # more than enough; then the demo has failed

WIDTH, HEIGHT = 80, 24
LABEL, CELL = 8, 2
LOG_LINES = 7
LOOKS = re.compile(r"\033\[[0-9;]*m")


class Palette:
    """Names of looks, as escape sequences, or as nothing where there is no colour."""

    RICH = {"title": "1;38;5;231;48;5;24", "primary": "38;5;16;48;5;78",
            "secondary": "38;5;16;48;5;214", "tertiary": "38;5;16;48;5;177",
            "fresh": "1;38;5;16;48;5;226", "nobody": "1;38;5;231;48;5;160",
            "down": "1;38;5;203", "dim": "38;5;242", "bold": "1", "plain": "",
            "by primary": "38;5;78", "by secondary": "1;38;5;214",
            "by tertiary": "1;38;5;177", "by nobody": "1;38;5;203"}
    BASIC = {"title": "1;37;44", "primary": "30;42", "secondary": "30;43",
             "tertiary": "30;45", "fresh": "1;30;103", "nobody": "1;37;41", "down": "1;31",
             "dim": "90", "bold": "1", "plain": "", "by primary": "32",
             "by secondary": "1;33", "by tertiary": "1;35", "by nobody": "1;31"}

    def __init__(self, coloured):
        many = "256" in os.environ.get("TERM", "") or os.environ.get("COLORTERM")
        self.looks = (self.RICH if many else self.BASIC) if coloured else {}

    def __call__(self, look, text):
        code = self.looks.get(look)
        return f"\033[{code}m{text}\033[0m" if code else text


TIERS = ("primary", "secondary", "tertiary")


class View:
    """What there is to see at one moment."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.order = {one: cluster.order(one) for one in cluster.addresses}
        self.matrix = {one: [] for one in cluster.addresses}
        self.changed = {}
        self.believes = {}
        self.down = set()
        self.sick = set()
        self.counts = {}
        self.samples = collections.deque()

    def look(self, load):
        """Ask every kernel who serves what, and the client who answered."""
        now = time.monotonic()
        matrix = self.cluster.matrix()
        for one, owners in matrix.items():
            if owners != self.matrix[one]:
                self.changed[one] = now
        self.matrix = matrix
        self.believes = self.cluster.router_believes()
        if load:
            self.counts = load.counts()
            self.samples.append((now, self.counts))
            while now - self.samples[0][0] > 1.2:
                self.samples.popleft()

    def rate(self, who):
        """Requests a second, of the last second."""
        if len(self.samples) < 2:
            return 0
        (before, old), (now, new) = self.samples[0], self.samples[-1]
        return round((new.get(who, 0) - old.get(who, 0)) / (now - before))

    def tier(self, one, server):
        """The place of SERVER in the list of the address ONE, from 0, or None."""
        order = self.order[one]
        return order.index(server) if server in order else None

    @property
    def failed(self):
        """Requests that nobody answered."""
        return self.counts.get("lost", 0)

    @property
    def answered(self):
        """Requests that somebody answered."""
        return sum(self.counts.values()) - self.failed


class Painter:
    """Turns a View into lines of text."""

    def __init__(self, view, palette):
        self.view = view
        self.paint = palette

    def _groups(self, cell):
        """CELL(address) for every address, in groups by primary, as one line's middle."""
        groups = collections.OrderedDict()
        for one, order in self.view.order.items():
            groups.setdefault(order[0], []).append(cell(one))
        return " ".join("".join(cells) for cells in groups.values())

    def _cell(self, server, one):
        view, tier = self.view, self.view.tier(one, server)
        if tier is None:
            return " " * CELL
        if server not in view.matrix[one]:
            return self.paint("dim", f"{'.':>{CELL}}")
        fresh = tier and time.monotonic() - view.changed.get(one, 0) < FRESH_S
        return self.paint("fresh" if fresh else TIERS[min(tier, 2)], f"{tier + 1:>{CELL}}")

    def _number(self, one, divisor):
        number = int(one.rpartition(".")[2])
        digit = str(number // divisor % 10) if number >= divisor else ""
        text = f"{digit:>{CELL}}"
        return text if self.view.matrix[one] else self.paint("nobody", text)

    def _belief(self, one):
        name = self.view.believes.get(one, "-")
        tier = self.view.tier(one, name)
        look = "by nobody" if tier is None or name in self.view.down else f"by {TIERS[tier]}"
        return self.paint(look, f"{name[:1]:>{CELL}}")

    def _server(self, server):
        row = self._groups(lambda one: self._cell(server, one))
        if server in self.view.down:
            return self.paint("down", f"{server:>5}   ") + row + self.paint("down", f"{'down':>6}")
        if server in self.view.sick:
            return self.paint("bold", f"{server:>5}   ") + row + self.paint("down", f"{'sick':>6}")
        return self.paint("bold", f"{server:>5}   ") + row + f"{self.view.rate(server):>6}"

    def matrix(self):
        """The servers' rows, with the numbers above and the router's row below."""
        lines = [" " * LABEL + self._groups(lambda one: self._number(one, 10)),
                 self.paint("dim", f"{'10.77.0.':<{LABEL}}")
                 + self._groups(lambda one: self._number(one, 1)) + self.paint("dim", " req/s")]
        lines += [self._server(server) for server in self.view.cluster.servers]
        return lines + ["", self.paint("dim", f"{'router:':<{LABEL}}")
                        + self._groups(self._belief)]

    def legend(self):
        """What the cells mean."""
        paint = self.paint
        return (f"{' ' * LABEL}{paint('primary', ' 1')} primary serves   "
                f"{paint('secondary', ' 2')} secondary serves   "
                f"{paint('dim', '.')} would be next   {paint('nobody', ' 7')} nobody")

    def traffic(self):
        """What the client has seen so far."""
        view = self.view
        failed = self.paint("down" if view.failed else "plain", f"{view.failed:,} failed")
        return (f"{' ' * LABEL}{RATE} requests/s through the router: "
                f"{view.answered:,} answered, {failed}")


class Live:
    """The screen: many frames a second, on the terminal's other page."""

    def __init__(self, view, palette):
        self.paint = palette
        self.painter = Painter(view, palette)
        self.log = collections.deque(maxlen=LOG_LINES)
        self.next = ""

    def __enter__(self):
        # The other page, no cursor, no wrapping of lines that are too long.
        self._write("\033[?1049h\033[?25l\033[?7l")
        return self

    def __exit__(self, *_exception):
        with contextlib.suppress(OSError, ValueError):  # the terminal may be gone
            self._write("\033[?7h\033[?25h\033[?1049l")

    @staticmethod
    def _write(text):
        sys.stdout.write(text)
        sys.stdout.flush()

    def say(self, elapsed, text):
        """A line of the story."""
        self.log.append(f"{elapsed:6.1f}s  {text}" if elapsed is not None else " " * 9 + text)

    def snapshot(self):
        """Nothing: the matrix is in view all the time."""

    def frame(self, elapsed):
        """Draw everything anew."""
        title = "  vlbd   six servers, thirty addresses, no load balancer"
        lines = [self.paint("title", f"{title:<{WIDTH - 8}}{elapsed:5.0f}s  "), "",
                 *self.painter.matrix(), "", self.painter.legend(), self.painter.traffic(),
                 self.paint("dim", "-" * WIDTH), *self.log,
                 *[""] * (LOG_LINES - len(self.log)),
                 self.paint("dim", f"  {self.next:<49}Ctrl-C ends it at any time")]
        rows = shutil.get_terminal_size((WIDTH, HEIGHT)).lines
        self._write("\033[H" + "\r\n".join(map(self._whole, lines[:rows])))

    @staticmethod
    def _whole(line):
        """LINE, and nothing of what was there before. (To clear to the end of a line that is
        full would take its last character away.)"""
        return line if len(LOOKS.sub("", line)) >= WIDTH else line + "\033[K"


class Lines:
    """The same story as plain lines, with the matrix where it matters."""

    def __init__(self, view, palette):
        self.painter = Painter(view, palette)
        self.next = ""

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        pass

    def say(self, elapsed, text):
        """A line of the story."""
        start = f"{elapsed:6.1f}s  " if elapsed is not None else " " * 9
        print(start + text, flush=True)

    def snapshot(self):
        """The matrix as it is now."""
        print("\n".join(["", *self.painter.matrix(), ""]), flush=True)

    def frame(self, _elapsed):
        """Nothing: these lines stay where they are."""


class Failure(Exception):
    """The cluster did not do what this demo is there to show."""


class Story:
    """What happens, and the figures that come of it."""

    def __init__(self, cluster, view, screen):
        self.cluster = cluster
        self.view = view
        self.screen = screen
        self.began = time.monotonic()
        self.load = None
        self.mine = cluster.primaries(VICTIM)
        self.others = [one for one in cluster.addresses if one not in self.mine]
        self.survivors = [one for one in cluster.servers if one != VICTIM]

    def elapsed(self):
        """Seconds since the beginning."""
        return time.monotonic() - self.began

    def say(self, text, more=False):
        """A line of the story; MORE: it belongs to the line before."""
        self.screen.say(None if more else self.elapsed(), text)

    def watch(self, seconds, until=None, then=""):
        """Draw for SECONDS, or UNTIL something holds. THEN says what comes next."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            self.screen.next = f"{then} in {max(left, 0):.0f}s" if then else ""
            self.view.look(self.load)
            self.screen.frame(self.elapsed())
            if left <= 0 or (until and until()):
                return left > 0 or not until
            time.sleep(FRAME_S)

    def settle(self, alive, seconds, what):
        """Draw until every address is served by the best of ALIVE."""
        if not self.watch(seconds, lambda: self.cluster.settled(alive)):
            raise Failure(f"after {seconds}s still not: {what}\n{self.cluster.show()}")

    def tell(self):
        """From the start to the end. Returns the summary's lines."""
        self.begin()
        watch = Watch(self.cluster)
        steady = self.cluster.probe(self.others, interval_ms=20)
        lines = self.crash() + self.back()
        moved = len(watch.moved().intersection(self.others))
        lines += [f"The other {len(self.others)} addresses: {moved} of them moved, "
                  f"{self.lost(steady.stop())} lost."]
        return lines + self.sicken()

    def begin(self):
        """Everybody has started; wait for order, then for traffic."""
        self.say("Six servers start. Each is the primary of five addresses.")
        self.settle(None, 20, "every address is served by its primary")
        self.say("Every address is served by its primary. The router, whose view is the")
        self.say("last row, spreads requests over all thirty.", more=True)
        self.load = self.cluster.traffic(RATE)
        self.watch(1.5)
        self.screen.snapshot()
        self.watch(STEADY_S - 1.5, then=f"{VICTIM} crashes")

    def crash(self):
        """VICTIM dies; who takes over, and how soon."""
        paint = self.screen.painter.paint
        probe = self.cluster.probe(self.mine)
        self.watch(0.3)
        before = self.view.counts
        self.say(paint("down", f"CRASH: {VICTIM}'s cable is pulled, all its processes are gone."))
        began = self.cluster.crash(VICTIM)
        self.view.down.add(VICTIM)
        self.settle(self.survivors, TAKEOVER_S, f"the others serve what {VICTIM} served")
        self.watch(0.5)
        times = self.takeover_times(probe.stop(), began)
        self.say("From the crash until the router had an answer from each address again:")
        self.say(paint("by secondary", "   ".join(
            f".{one.rpartition('.')[2]} {self.view.matrix[one][0]} {ms:.0f}ms"
            for one, ms in times.items())), more=True)
        self.screen.snapshot()
        self.watch(DEAD_S, then=f"{VICTIM} returns")
        takers = {owner for one in times for owner in self.view.matrix[one]}
        return [f"{VICTIM} crashed. Its {len(times)} addresses went to {len(takers)} servers and "
                f"answered after {self.span(times.values())};",
                f"{self.failed_since(before)} failed."]

    def back(self):
        """VICTIM is plugged in again, waits, and takes what is its own."""
        before = self.view.counts
        probe = self.cluster.probe(self.mine)
        self.cluster.restore(VICTIM)
        self.view.down.discard(VICTIM)
        self.say(f"{VICTIM} is back. It listens for {FAILBACK_S}s (failback), then asks for its "
                 "addresses.")
        self.settle(None, FAILBACK_S + 10, f"{VICTIM} serves its addresses again")
        self.watch(1.3)  # by then the last unanswered request has been counted
        lost = self.lost(probe.stop())
        self.say(f"{VICTIM} has them again. Lost: {lost}, {self.failed_since(before)}.")
        self.screen.snapshot()
        self.watch(RETURNED_S, then=f"the web server of {SICK} dies")
        return [f"{VICTIM} returned and took them back; lost: {lost}, "
                f"{self.failed_since(before)}."]

    def sicken(self):
        """The web server of SICK dies, its kernel lives and answers ARP as before."""
        paint = self.screen.painter.paint
        mine = self.cluster.primaries(SICK)
        others = [one for one in self.cluster.servers if one != SICK]
        watch = Watch(self.cluster)
        probe = self.cluster.probe(mine)
        before = self.view.counts
        began = time.monotonic()
        self.say(paint("down", f"SICK: {SICK}'s web server dies; its kernel answers as before."))
        self.cluster.stop_web(SICK)
        self.view.sick.add(SICK)
        self.settle(others, TAKEOVER_S, f"the others serve what {SICK} served")
        took = (time.monotonic() - began) * 1000
        why = watch.await_text(SICK, r"unhealthy: check web: (.*)").group(1)
        self.watch(1.3)  # as above
        failed = self.failed_since(before)
        self.say(f"Its check says: {why}. Handed over after {took:.0f} ms.")
        self.screen.snapshot()
        self.watch(SICK_S, then="it is started again")
        self.cluster.start_web(SICK)
        self.view.sick.discard(SICK)
        self.settle(None, FAILBACK_S + 10, f"{SICK} serves its addresses again")
        lost = self.lost(probe.stop())
        self.say(f"It has them again. Lost there and back: {lost}.")
        self.watch(1.0, then="the end")
        return [f"{SICK}'s web server died, its kernel lived. Its addresses were handed over after "
                f"{took:.0f} ms;", f"{failed} failed; lost there and back: {lost}."]

    def failed_since(self, before):
        """How many requests failed since the counts were BEFORE."""
        failed = self.view.failed - before.get("lost", 0)
        asked = sum(self.view.counts.values()) - sum(before.values())
        return f"{failed} of {asked:,} requests"

    @staticmethod
    def lost(report):
        """How many probes got no answer."""
        sent = sum(one["sent"] for one in report.addresses.values())
        return f"{report.lost()} of {sent:,} probes"

    @staticmethod
    def span(times):
        """121 ms, or 121 to 130 ms"""
        first, last = f"{min(times):.0f}", f"{max(times):.0f}"
        return f"{first} ms" if first == last else f"{first} to {last} ms"

    @staticmethod
    def takeover_times(report, began):
        """{address: ms from the crash to the first answered probe}"""
        times = {}
        for one in report.addresses:
            ends = [gap["end"] for gap in report.gaps(one) if gap["end"] > began]
            if not ends:
                raise Failure(f"{one}: no gap at all was measured\n{report.describe()}")
            times[one] = (max(ends) - began) * 1000
        return times


def is_live():
    """Whether the output is a terminal on which a picture can be drawn."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return False
    size = shutil.get_terminal_size((0, 0))
    return size.columns >= WIDTH and size.lines >= HEIGHT


def run():
    """The demo proper. Returns the summary's lines."""
    coloured = is_live() and not os.environ.get("NO_COLOR")
    palette = Palette(coloured)
    with lab.Lab(lab.SIX, timing={"failback": f"{FAILBACK_S}s", "max_moves": "off"},
                 sections=CHECK) as cluster:
        view = View(cluster)
        with (Live if is_live() else Lines)(view, palette) as screen:
            return Story(cluster, view, screen).tell()


def main():
    """Exit status 0, 1 when the cluster failed, 77 where there can be no lab."""
    try:
        lab.enter()
        summary = run()
    except lab.Unavailable as reason:
        print(f"demo: {reason}" + ("" if os.geteuid() == 0 else "; try it as root"))
        return CANNOT
    except (Failure, lab.LabError) as failure:
        print(f"demo: {failure}")
        return 1
    print("\n".join(summary))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is something to clean up
    try:
        sys.exit(main())
    except BrokenPipeError:  # as in `tests/demo | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
