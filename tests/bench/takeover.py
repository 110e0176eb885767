#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How long addresses are unreachable, measured at the router every 2 ms.

Prints a table of figures: what is wanted, what vlbd does, and with --keepalived what
keepalived does on the same lab in the same run (a VRRP instance per address, priorities
from the same tier lists). Nothing here passes or fails: numbers depend on the machine, and
a line says how late the prober itself was."""

import argparse
import os
import statistics
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))

import lab  # noqa: E402

REST_S = 20
PRIORITIES = (200, 150, 100, 50)


class Keepalived(lab.Lab):
    """The same lab under keepalived. HELLO becomes the advertisement interval."""

    def __init__(self, table=None, timing=None, **options):
        super().__init__(table, timing=timing, daemon="keepalived", **options)
        hello = (timing or {}).get("hello", "100ms")
        self.advert_s = int(hello[:-2]) / 1000

    def keepalived_conf(self, server):
        """One VRRP version 3 instance per address in whose list SERVER is."""
        parts = [f"global_defs {{ router_id {server}\n vrrp_version 3 }}"]
        for tier, numbers in enumerate(self.table[server]):
            for number in numbers:
                parts.append(f"""vrrp_instance v{number} {{
    state BACKUP
    interface eth1
    virtual_router_id {number}
    priority {PRIORITIES[tier]}
    advert_int {self.advert_s}
    virtual_ipaddress {{ {lab.address(number)}/32 dev eth1 scope link }}
}}""")
        return "\n".join(parts) + "\n"

    def daemon_command(self, server):
        with open(self.path(f"{server}.conf"), "w", encoding="ascii") as file:
            file.write(self.keepalived_conf(server))
        return [lab.find_program("keepalived"), "--dont-fork", "--log-console", "--vrrp",
                "--use-file", self.path(f"{server}.conf"), "--pid", self.path(f"{server}.pid"),
                "--vrrp_pid", self.path(f"{server}.vrrp.pid")]

    # It is two processes; what befalls the daemon befalls both.

    def kill(self, server):
        self._signal_group(self.processes[server, self.daemon], lab.signal.SIGKILL)
        self.processes[server, self.daemon].wait()

    def crash(self, server):
        began = super().crash(server)
        for path in (f"{server}.pid", f"{server}.vrrp.pid"):  # a boot empties /run
            if os.path.exists(self.path(path)):
                os.unlink(self.path(path))
        return began

    def freeze(self, server):
        self._signal_group(self.processes[server, self.daemon], lab.signal.SIGSTOP)

    def resume(self, server):
        self._signal_group(self.processes[server, self.daemon], lab.signal.SIGCONT)


class Result:
    """One figure: values with a unit, or a remark."""

    def __init__(self, values, unit="ms", remark=""):
        self.values = values
        self.unit = unit
        self.remark = remark

    @property
    def median(self):
        """The middle of the values."""
        return statistics.median(self.values)

    def __str__(self):
        if not self.values:
            return self.remark or "-"
        median, worst = self.median, max(self.values)
        text = f"{median:.3g} {self.unit}"
        if worst != median:
            text += f" (worst {worst:.3g})"
        return f"{text}, {self.remark}" if self.remark else text


class Bench:
    """One kind of lab (vlbd's or keepalived's), and the figures as methods."""

    def __init__(self, kind, runs):
        self.kind = kind
        self.runs = runs
        self.late_ms = 0.0

    def cluster(self, **timing):
        """A lab without web servers: they are not measured here."""
        return self.kind(timing={"failback": "0s", **timing}, web=False)

    def end(self, probe):
        """Its report; notes how late the prober was."""
        report = probe.stop()
        self.late_ms = max(self.late_ms, report.data["late_ms"])
        return report

    @staticmethod
    def others(cluster, dead):
        """The servers that are left."""
        return [server for server in cluster.servers if server != dead]

    def crash(self, hello):
        """Crash to first answered probe, each of the five addresses of each dead server."""
        values = []
        with self.cluster(hello=hello) as cluster:
            cluster.settle(seconds=30)
            for run in range(self.runs):
                dead = cluster.servers[run % len(cluster.servers)]
                probe = cluster.probe(cluster.primaries(dead))
                time.sleep(0.3)
                cluster.crash(dead)
                cluster.settle(self.others(cluster, dead), seconds=30)
                time.sleep(0.5)
                report = self.end(probe)
                values += [max((gap["ms"] for gap in report.gaps(one)), default=0.0)
                           for one in cluster.primaries(dead)]
                cluster.restore(dead)
                cluster.settle(seconds=60)
                time.sleep(0.5)
        return Result(values)

    def orderly(self, which):
        """SIGTERM, or the return after it: time without an answer, per address."""
        values = []
        with self.cluster() as cluster:
            cluster.settle(seconds=30)
            for run in range(self.runs):
                server = cluster.servers[run % len(cluster.servers)]
                mine = cluster.primaries(server)
                probe = cluster.probe(mine)
                time.sleep(0.3)
                cluster.stop(server)
                cluster.settle(self.others(cluster, server), seconds=30)
                time.sleep(0.5)
                leaving = self.end(probe)
                probe = cluster.probe(mine)
                cluster.start(server)
                cluster.settle(seconds=60)
                time.sleep(0.5)
                coming = self.end(probe)
                report = leaving if which == "stop" else coming
                values += [report.longest_gap_ms(one) for one in mine]
        return Result(values)

    def observed(self, event, seconds):
        """Longest silence, and who answered twice, while EVENT(cluster) befalls A."""
        values, twice = [], 0
        with self.cluster() as cluster:
            cluster.settle(seconds=30)
            for _ in range(self.runs):
                mine = cluster.primaries("A")
                traffic = cluster.probe(mine)
                owners = cluster.probe(mine, mode="arp", interval_ms=5, ask=cluster.servers)
                event(cluster)
                time.sleep(seconds)
                report, who = self.end(traffic), owners.stop()
                values += [report.longest_gap_ms(one) for one in mine]
                twice += len({name for name, _ in who.duplicates()})
                cluster.settle(seconds=60)
        return Result(values, remark=f"{twice} of {len(values)} answered twice")

    def kill_restart(self):
        """SIGKILL, and a restart a second later."""

        def event(cluster):
            cluster.kill("A")
            time.sleep(1)
            cluster.start("A")

        return self.observed(event, 4)

    def stopped(self):
        """SIGSTOP for two seconds."""

        def event(cluster):
            cluster.freeze("A")
            time.sleep(2)
            cluster.resume("A")

        return self.observed(event, 3)

    def silence(self, lease):
        """Silent for 8 s with carrier: longest time without an answer, per address."""
        values = []
        with self.cluster(lease=lease) as cluster:
            cluster.settle(seconds=30)
            for _ in range(max(1, self.runs // 2)):
                probe = cluster.probe(cluster.primaries("A"))
                time.sleep(0.3)
                cluster.silence("A")
                time.sleep(8)
                cluster.restore("A")
                time.sleep(15)
                report = self.end(probe)
                values += [report.longest_gap_ms(one) for one in cluster.primaries("A")]
                cluster.settle(seconds=60)
        return Result(values)

    def lossy_minute(self):
        """5 % loss of what the daemons say (ARP, or VRRP) for a minute at 10 ms: how often
        an address was not with its owner."""
        astray = set()
        moves = 0
        with self.cluster(hello="10ms") as cluster:
            cluster.settle(seconds=60)
            before = cluster.matrix()
            cluster.loss(5, every_kind=self.kind is not lab.Lab)
            end = time.monotonic() + 60
            while time.monotonic() < end:
                now = cluster.matrix()
                changed = {one for one in now if now[one] != before[one]}
                moves += len(changed)
                astray |= {one for one in now if len(now[one]) != 1}
                before = now
                time.sleep(0.05)
        return Result([moves], "changes", f"{len(astray)} of 30 addresses astray")

    def rest(self, what):
        """CPU or memory of one daemon (all its processes) when nothing happens."""
        values = []
        with self.cluster() as cluster:
            cluster.settle(seconds=30)
            time.sleep(2)
            groups = {s: cluster.processes[s, cluster.daemon].pid for s in cluster.servers}
            if what == "memory":
                values = [sum(resident_mb(pid) for pid in group_pids(group))
                          for group in groups.values()]
                return Result(values, "MB")
            before = {s: sum(map(cpu_s, group_pids(group))) for s, group in groups.items()}
            began = time.monotonic()
            time.sleep(REST_S)
            lasted = time.monotonic() - began
            values = [(sum(map(cpu_s, group_pids(group))) - before[s]) / lasted * 100
                      for s, group in groups.items()]
        return Result(values, "%")


def group_pids(group):
    """The processes of a process group."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.getpgid(int(name)) == group:
                    found.append(int(name))
            except ProcessLookupError:
                continue
    return found


def cpu_s(pid):
    """Seconds of processor time that a process has used, finer than in clock ticks."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9


def resident_mb(pid):
    """Resident memory of a process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


# Name, what is measured, what is wanted of vlbd.
FIGURES = (
    ("crash", "crash, hello 100 ms", "median 150, worst 200 ms", lambda b: b.crash("100ms")),
    ("crash10", "crash, hello 10 ms", "median 20 ms", lambda b: b.crash("10ms")),
    ("stop", "SIGTERM", "0 ms", lambda b: b.orderly("stop")),
    ("return", "the return after it", "0 ms", lambda b: b.orderly("return")),
    ("kill", "SIGKILL, restart after 1 s", "0 ms, nobody twice", Bench.kill_restart),
    ("freeze", "SIGSTOP for 2 s", "0 ms, nobody twice", Bench.stopped),
    ("silence", "silent for 8 s, lease 5 s", "1000 ms", lambda b: b.silence("5s")),
    ("silence12", "silent for 8 s, lease 12 s", "1000 ms", lambda b: b.silence("12s")),
    ("loss", "5 % loss, a minute at 10 ms", "0 changes", Bench.lossy_minute),
    ("cpu", "processor time at rest", "0.5 %", lambda b: b.rest("cpu")),
    ("memory", "resident memory", "8 MB", lambda b: b.rest("memory")),
)


def measure(bench, figure):
    """A Result also when the lab did not come to rest in time."""
    try:
        return figure(bench)
    except lab.LabError as error:
        return Result([], remark=str(error).split(";", maxsplit=1)[0][:60])


def ratio(ours, theirs):
    """How many times longer, larger, more."""
    if theirs is None or not ours.values or not theirs.values:
        return ""
    if ours.median == 0:
        return "" if theirs.median == 0 else "inf"
    return f"x {theirs.median / ours.median:.1f}"


def main():
    """Measure and print, line by line as it comes."""
    names = [figure[0] for figure in FIGURES]
    parser = argparse.ArgumentParser(description="figures of takeovers, as seen by the router")
    parser.add_argument("-r", "--runs", type=int, default=5, help="runs per figure (5)")
    parser.add_argument("--keepalived", action="store_true", help="measure keepalived as well")
    parser.add_argument("figure", nargs="*", metavar="FIGURE",
                        help=f"of {', '.join(names)}; none: all")
    args = parser.parse_args()
    unknown = set(args.figure) - set(names)
    if unknown:
        parser.error(f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    lab.enter()
    ours = Bench(lab.Lab, args.runs)
    theirs = Bench(Keepalived, args.runs) if args.keepalived else None
    widths = "{:28} {:26} {:34} {:34} {}"
    print(widths.format("time without an answer", "wanted", "vlbd",
                        "keepalived" if theirs else "", "").rstrip(), flush=True)
    for name, what, wanted, figure in FIGURES:
        if args.figure and name not in args.figure:
            continue
        mine = measure(ours, figure)
        other = measure(theirs, figure) if theirs else None
        print(widths.format(what, wanted, str(mine), str(other or ""),
                            ratio(mine, other)).rstrip(), flush=True)
    late = max([ours.late_ms] + ([theirs.late_ms] if theirs else []))
    print(f"the prober itself was late by {late:.1f} ms at most; "
          f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    try:
        main()
    except lab.Unavailable as reason:
        sys.exit(f"takeover: {reason}")
