# SPDX-License-Identifier: BSD-2-Clause
"""A whole cluster in network namespaces: switch, servers, router, client, prober.

    lab.enter()                         # private namespaces; before anything else
    with lab.Lab(lab.SIX) as cluster:
        cluster.settle()                # every address is served by its best server
        cluster.crash("A")
        ...

enter() puts this process into mount, network and process namespaces of its own (and a user
namespace, where it is not root). Everything that a lab is made of lives in there: its
namespaces and links, its daemons, its directory on a tmpfs. When the process ends, however
it ends, the kernel takes all of it away. That is why the stations can have short names, why
labs do not see each other, and why nothing has to be cleaned up after a crash.

The plan of the segment:

    router  10.77.255.254/16   02:00:00:00:ff:01   eth1; 198.51.100.1/24 on eth2
    client  198.51.100.2/24    behind the router
    A, B..  10.77.128.1, 2..   02:00:00:00:00:01, 02..   eth1
    probe   10.77.250.1/16     02:00:00:00:fa:01   a station that is no part of the cluster
    failover addresses 10.77.0.1 and up; external range 203.0.113.0/24
"""

import contextlib
import ctypes
import ipaddress
import json
import os
import random
import select
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

# Where ip, nft and nginx are, also for users whose shells do not look there.
os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/local/sbin:/usr/sbin:/sbin"

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROUTER = "10.77.255.254"
ROUTER_MAC = "02:00:00:00:ff:01"
PROBE = "10.77.250.1"
PROBE_MAC = "02:00:00:00:fa:01"
EXTERNAL = "203.0.113.0/24"
NETWORK = ipaddress.IPv4Network("10.77.0.0/16")
OTHER_NETWORKS = [ipaddress.IPv4Network(EXTERNAL), ipaddress.IPv4Network("198.51.100.0/24")]
OTHER_STATIONS = ("router", "client", "probe", "switch")
TIER_KEYS = ("primary", "secondary", "tertiary")
LINE_BYTES = 197  # vlb.ini(5)
NEXT_HOPS = 230  # Linux cannot show a route that has more
IFNAMSIZ = 16

# On a processor that is emulated (tests/vm) everything takes so many times as long: patience
# grows by it, and what counts as a long time without an answer.
SLOW = float(os.environ.get("VLB_SLOW", "1"))
PATIENCE = 3 * SLOW

# Server: its lists, primary first; 7 means 10.77.0.7.
SIX = {
    "A": [[1, 2, 3, 4, 5], [6, 11, 16, 21, 26]],
    "B": [[6, 7, 8, 9, 10], [1, 12, 17, 22, 27]],
    "C": [[11, 12, 13, 14, 15], [2, 7, 18, 23, 28]],
    "D": [[16, 17, 18, 19, 20], [3, 8, 13, 24, 29]],
    "E": [[21, 22, 23, 24, 25], [4, 9, 14, 19, 30]],
    "F": [[26, 27, 28, 29, 30], [5, 10, 15, 20, 25]],
}
THREE = {
    "A": [[1, 2], [3, 5], [4, 6]],
    "B": [[3, 4], [1, 6], [2, 5]],
    "C": [[5, 6], [2, 4], [1, 3]],
}


class Unavailable(Exception):
    """This machine cannot run a lab; the text says why."""


class LabError(Exception):
    """Something in the lab did not do what it was told."""


# ---- namespaces of our own ----

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
CLEAN_UP_S = 20  # after a signal; then the kernel does it

_libc = ctypes.CDLL(None, use_errno=True)
_entered = False


def _call(function, *arguments):
    if function(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _unshare():
    """Leave the namespaces we came with; a process that is not root becomes root of its own."""
    private = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        with contextlib.suppress(OSError):
            _call(_libc.unshare, private)
            return
    try:
        _call(_libc.unshare, private | CLONE_NEWUSER)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"0 {uid} 1")
        _write("/proc/self/gid_map", f"0 {gid} 1")
    except OSError as error:
        raise Unavailable(
            f"neither root nor user namespaces here (unshare: {error.strerror})") from error


def _die_with_parent(alive):
    """SIGKILL for us when the parent goes; ALIVE is a pipe that it holds open."""
    _call(_libc.prctl, PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if select.select([alive], [], [], 0)[0]:  # it went before we could say so
        os._exit(1)


def _private_mounts():
    """Our own /run for named namespaces, our own /proc for our own process numbers."""
    commands = (["mount", "--make-rprivate", "/"], ["mount", "-t", "tmpfs", "tmpfs", "/run"])
    for command in commands:
        if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode != 0:
            raise Unavailable(f"{' '.join(command)} is not allowed here")
    # A container may hide parts of /proc and then refuse this; the old one will do.
    subprocess.run(["mount", "-t", "proc", "proc", "/proc"], stderr=subprocess.DEVNULL,
                   check=False)


def _supervise(child):
    """Hand signals on to CHILD, bury orphans meanwhile, return its exit status."""

    def hand_on(number, _frame):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)
        signal.alarm(CLEAN_UP_S)

    def enough(_number, _frame):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, hand_on)
    signal.signal(signal.SIGALRM, enough)
    while True:
        pid, status = os.wait()
        if pid == child:
            status = os.waitstatus_to_exitcode(status)
            return status if status >= 0 else 128 - status


def _interrupted(number, _frame):
    """The first signal unwinds; more of them must not disturb the cleaning up."""
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)


def enter():
    """Go on in private namespaces, as a grandchild of this process, which only waits for it.

    Between them stands the first process of a process namespace: it buries orphans, all that
    is in the namespace dies with it, and it dies with this process, also by SIGKILL."""
    global _entered
    if _entered:
        return
    sys.stdout.flush()
    sys.stderr.flush()
    missing = [name for name in ("ip", "nft", "mount") if not shutil.which(name)]
    if missing:
        raise Unavailable(f"{', '.join(missing)} not found")
    _unshare()
    alive, held_open = os.pipe()
    child = os.fork()
    if child:
        os.close(alive)
        os._exit(_supervise(child))
    os.close(held_open)
    _die_with_parent(alive)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    _private_mounts()
    child = os.fork()
    if child:
        os._exit(_supervise(child))
    _entered = True


# ---- little helpers ----


def address(number):
    """7 -> 10.77.0.7"""
    return str(ipaddress.IPv4Address("10.77.0.0") + number)


def base(index):
    """The base address of the server of that INDEX, from 1."""
    return str(ipaddress.IPv4Address("10.77.128.0") + index)


def mac(index):
    """The hardware address of the server of that INDEX, from 1."""
    return f"02:00:00:00:{index >> 8:02x}:{index & 255:02x}"


def spans(numbers):
    """[1, 2, 3, 7] -> 10.77.0.1-10.77.0.3, 10.77.0.7"""
    runs = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(address(first) if first == last else f"{address(first)}-{address(last)}"
                     for first, last in runs)


def number(text):
    """10.77.0.7 -> 7"""
    return int(ipaddress.IPv4Address(text)) - int(ipaddress.IPv4Address("10.77.0.0"))


def list_lines(key, numbers):
    """The list as lines of vlb.ini(5), which bounds their length: a long list repeats KEY."""
    lines = []
    for span in spans(numbers).split(", "):
        if lines and len(lines[-1]) + len(", ") + len(span) <= LINE_BYTES:
            lines[-1] += f", {span}"
        else:
            lines.append(f"{key} = {span}")
    return lines


def read_table(path):
    """The table of a configuration file, with lists or with a section [plan].

    vlbplan reads it, by the code that vlbd reads it by: there is no second parser here that
    could understand less of vlb.ini(5), or something else."""
    vlbplan = find_program("vlbplan")
    if not vlbplan:
        raise Unavailable("vlbplan not found (VLB_BUILDDIR says where it was built)")
    done = subprocess.run([vlbplan, "-c", path, "--format", "json"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, check=False)
    if done.returncode != 0:
        raise LabError(f"cannot read {path}:\n{done.stderr.strip()}")
    plan = json.loads(done.stdout)
    table = {server["name"]: [[] for _ in range(plan["tiers"])] for server in plan["servers"]}
    for one in plan["addresses"]:
        if ":" in one["address"]:
            raise LabError(f"{path}: {one['address']}: the lab has IPv4 only")
        for tier, server in enumerate(one["servers"]):
            table[server][tier].append(number(one["address"]))
    return table


def wait_until(condition, seconds, what, every=0.02):
    """Ask CONDITION until it holds, and return what it said. LabError after SECONDS, which are
    those of an idle machine: a busy one may take PATIENCE times as long. How fast something must
    be is for a test to measure, not for this."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise LabError(f"after {seconds * PATIENCE}s still not: {what}")
        time.sleep(every)


def find_program(name):
    """Where the build left NAME: $VLB_BUILDDIR, here, the source tree, or installed."""
    places = [os.environ.get("VLB_BUILDDIR"), os.getcwd(), TOP, os.path.join(TOP, "build")]
    for place in places:
        for path in (name, os.path.join("tests", "lab", name)):
            full = os.path.join(place or "/nonexistent", path)
            if os.access(full, os.X_OK) and os.path.isfile(full):
                return full
    return shutil.which(name)


def built_with(library):
    """Does the build use LIBRARY, such as libseccomp?"""
    macro = "HAVE_" + library.upper().replace("-", "_")
    for place in (os.environ.get("VLB_BUILDDIR"), os.getcwd(), os.path.join(TOP, "build"), TOP):
        path = os.path.join(place or "/nonexistent", "config.h")
        if os.path.exists(path):
            with open(path, encoding="ascii") as file:
                return f"#define {macro} 1\n" in file
    return False


def _run(command, text=None):
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, check=False)
    if done.returncode != 0:
        raise LabError(f"{' '.join(command)}: {done.stdout.strip()}\n{text or ''}".rstrip())
    return done.stdout


# ---- what runs beside a lab ----


class Probe:
    """arpprobe, running. stop() ends it and returns a Report."""

    def __init__(self, process):
        self.process = process

    def stop(self):
        """The Report of everything since the start."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=30)
        if self.process.returncode != 0:
            raise LabError(f"arpprobe: {err.strip()}")
        return Report(json.loads(out))


class Report:
    """Who answered when, per address. Times are those of time.monotonic()."""

    def __init__(self, data):
        self.data = data
        self.addresses = {one["address"]: one for one in data["addresses"]}

    def lost(self):
        """How many probes nobody answered, over all addresses."""
        return sum(one["sent"] - one["answered"] for one in self.addresses.values())

    def gaps(self, name):
        """The times without an answer, in order."""
        return self.addresses[name]["gaps"]

    def longest_gap_ms(self, name=None):
        """The longest time without an answer, of one address or of all."""
        names = [name] if name else list(self.addresses)
        return max((gap["ms"] for one in names for gap in self.gaps(one)), default=0.0)

    def duplicates(self):
        """(address, when two servers answered for it), over all addresses."""
        return [(name, event) for name, one in self.addresses.items()
                for event in one["duplicates"]]

    def describe(self):
        """A line per address that had trouble, for diagnostics."""
        lines = []
        for name, one in self.addresses.items():
            for gap in one["gaps"]:
                lines.append(f"{name}: no answer for {gap['ms']:.1f}ms, "
                             f"{gap['lost']} of {one['sent']} probes lost")
            for event in one["duplicates"]:
                lines.append(f"{name}: answered by {' and '.join(event['macs'])} for "
                             f"{(event['end'] - event['begin']) * 1000:.1f}ms, "
                             f"{event['probes']} probes")
        lines.append(f"prober late by {self.data['late_ms']:.1f}ms at most")
        return "\n".join(lines)


class Traffic:
    """Requests from the client, each on a connection of its own, so that they are spread
    over all next hops. Runs in a process of its own; counts() is always up to date."""

    TIMEOUT_S = 1.0
    REPORT_S = 0.1

    def __init__(self, lab, rate=200):
        self.lines, writer = os.pipe()
        os.set_blocking(self.lines, False)
        self.buffer = b""
        self.latest = {}
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self.lines)
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_DFL)
                lab.go_inside("client")
                self._serve(writer, rate)
            finally:
                os._exit(1)
        os.close(writer)

    def _serve(self, writer, rate):
        """Start a request whenever one is due, read what comes, tell the sums."""
        ready = selectors.DefaultSelector()
        sums, open_since = {}, {}
        began = told = time.monotonic()
        started = 0
        while True:
            now = time.monotonic()
            while started < (now - began) * rate:
                started += 1
                self._ask(ready, open_since, now)
            for key, _ in ready.select(0.005):
                self._hear(ready, open_since, sums, key.fileobj, key.events)
            for stale in [s for s, since in open_since.items() if now - since > self.TIMEOUT_S]:
                self._end(ready, open_since, sums, stale, "lost")
            if now - told > self.REPORT_S:
                told = now
                os.write(writer, (json.dumps(sums) + "\n").encode())

    @staticmethod
    def _ask(ready, open_since, now):
        asker = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        asker.setblocking(False)
        asker.connect_ex((f"203.0.113.{random.randint(1, 254)}", 80))
        ready.register(asker, selectors.EVENT_WRITE)
        open_since[asker] = now

    def _hear(self, ready, open_since, sums, asker, events):
        try:
            if events == selectors.EVENT_WRITE:
                asker.send(b"GET / HTTP/1.0\r\n\r\n")
                ready.modify(asker, selectors.EVENT_READ)
                return
            answer = asker.recv(4096).decode("ascii", "replace").strip()
            self._end(ready, open_since, sums, asker,
                      answer.rpartition("\n")[2] if answer else "lost")
        except OSError:
            self._end(ready, open_since, sums, asker, "lost")

    @staticmethod
    def _end(ready, open_since, sums, asker, who):
        ready.unregister(asker)
        del open_since[asker]
        asker.close()
        sums[who] = sums.get(who, 0) + 1

    def counts(self):
        """Answers so far: {"A": 170, "B": 163, "lost": 2}"""
        with contextlib.suppress(BlockingIOError):
            while True:
                data = os.read(self.lines, 65536)
                if not data:
                    break
                self.buffer += data
        whole, _, self.buffer = self.buffer.rpartition(b"\n")
        if whole:
            self.latest = json.loads(whole.rpartition(b"\n")[2])
        return dict(self.latest)

    def stop(self):
        """End it; return the last counts()."""
        counts = self.counts()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.lines)
        return counts


# ---- the lab ----

# `user root`: the only user there is in a namespace of our own.
NGINX = """user root root; daemon off; master_process off;
pid {dir}/nginx.pid; error_log {dir}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off; keepalive_timeout 600; keepalive_requests 1000000;
    client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3;
    uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5; default_type text/plain;
    server {{
        listen 80 backlog=1024 reuseport;
        location / {{ return 200 "{name}\\n"; }}
        location /slow {{ root {dir}; limit_rate 20k; }}
        location /health {{ root {dir}; }}
    }}
}}
"""
SLOW_BYTES = 2000000  # 100 s of /slow

SWITCH_RULES = """
add table bridge lab
add set bridge lab deaf { type ifname; }
add set bridge lab mute { type ifname; }
add set bridge lab apart { type ifname . ifname; }
add chain bridge lab loss
add chain bridge lab forward { type filter hook forward priority 0; }
add rule bridge lab forward iifname @mute drop
add rule bridge lab forward oifname @deaf drop
add rule bridge lab forward iifname . oifname @apart drop
add rule bridge lab forward jump loss
"""


class Lab:
    """One cluster. A context manager: up() on entry, down() on the way out."""

    def __init__(self, table=None, name=None, timing=None, cluster=None, daemon="vlbd",
                 web=True, verbose=1, user=None, sections=""):
        """TABLE: as SIX. TIMING, CLUSTER: keys of those sections, {"hello": "10ms"}.
        DAEMON: the program, or None to assign addresses by hand. WEB: with nginx. USER: whom
        the daemons become ($VLB_LAB_USER, or root; a user namespace has no other). SECTIONS: more
        text for the file, of checks for example."""
        self.table = {server: [list(tier) for tier in tiers]
                      for server, tiers in (table or SIX).items()}
        self.name = name or str(os.getpid())
        self.timing = dict(timing or {})
        self.cluster = dict(cluster or {})
        self.daemon = daemon
        self.web = web
        self.verbose = verbose
        self.user = user or os.environ.get("VLB_LAB_USER", "root")
        self.sections = sections
        self.dir = f"/run/vlb-lab.{self.name}"
        self.processes = {}  # (server, program): Popen; only what we started
        self.probes = []
        self.loads = []
        self.suppressing = False
        self.is_up = False

    # -- names and numbers --

    @property
    def servers(self):
        """The names, in order."""
        return list(self.table)

    @property
    def addresses(self):
        """Every failover address, in order."""
        numbers = {n for tiers in self.table.values() for tier in tiers for n in tier}
        return [address(n) for n in sorted(numbers)]

    def index(self, server):
        """Its number in the plan, from 1."""
        if server not in self.table:
            raise LabError(f"no server {server}; there are {', '.join(self.servers)}")
        return self.servers.index(server) + 1

    def mac(self, server):
        """Its hardware address."""
        return mac(self.index(server))

    def base(self, server):
        """Its base address."""
        return base(self.index(server))

    def primaries(self, server):
        """The addresses that it serves when all is well."""
        return [address(n) for n in self.table[server][0]]

    def order(self, wanted):
        """Who may serve the address WANTED, the best first."""
        places = sorted((tier, server) for server, tiers in self.table.items()
                        for tier, numbers in enumerate(tiers) if number(wanted) in numbers)
        return [server for _, server in places]

    def expected(self, alive=None):
        """Who should serve each address when only ALIVE are there: {address: server or None}"""
        alive = self.servers if alive is None else alive
        return {one: next((s for s in self.order(one) if s in alive), None)
                for one in self.addresses}

    # -- life --

    def __enter__(self):
        try:
            self.up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_exception):
        self.down()

    def up(self):
        """Build everything and start every server."""
        enter()
        self.check_table()
        self._check_programs()
        os.mkdir(self.dir, 0o755)
        shutil.chown(self.dir, self.user)
        try:
            self._build_switch()
            for server in self.servers:
                self._build_server(server)
            self._build_router()
            self._build_probe()
        except LabError as error:
            raise Unavailable(f"cannot build a network here: {error}") from error
        self.is_up = True
        self.write_config()
        for server in self.servers:
            self.restore(server)

    def down(self):
        """Take everything away: what we started first, then what it stood on."""
        for probe in self.probes:
            probe.process.kill()
            probe.process.wait()
        for load in self.loads:
            with contextlib.suppress(OSError):
                load.stop()
        for process in self.processes.values():
            self._signal_group(process, signal.SIGKILL)
        for process in self.processes.values():
            process.wait()
        self.probes, self.loads, self.processes = [], [], {}
        keep = os.environ.get("VLB_LAB_KEEP")
        if keep and os.path.isdir(self.dir):
            shutil.copytree(self.dir, os.path.join(keep, os.path.basename(self.dir)),
                            dirs_exist_ok=True,
                            ignore=lambda _dir, names: [n for n in names if n == "slow"
                                                        or n.endswith(".sock")])
        for station in [*self.servers, "router", "client", "probe", "switch"]:
            if os.path.exists(f"/run/netns/{station}"):
                _run(["ip", "netns", "del", station])
        shutil.rmtree(self.dir, ignore_errors=True)
        self.is_up = False

    def check_table(self):
        """Names and addresses that the lab needs for itself."""
        taken = {ROUTER: "the router's", PROBE: "the prober's",
                 **{self.base(server): f"{server}'s base address" for server in self.servers}}
        for server in self.servers:
            if server in OTHER_STATIONS:
                raise LabError(f"no server can have the name {server} here: the lab has a "
                               "station of that name")
        for one in self.addresses:
            if one in taken:
                raise LabError(f"{one} cannot be a failover address here: it is {taken[one]} "
                               "in the lab")
            for network in OTHER_NETWORKS:
                if ipaddress.IPv4Address(one) in network:
                    raise LabError(f"{one} cannot be a failover address here: {network} is "
                                   "behind the router, or the servers'")

    def _check_programs(self):
        wanted = (["nginx"] if self.web else []) + ([self.daemon] if self.daemon else [])
        for program in wanted:
            if not find_program(program):
                raise Unavailable(f"{program} not found (VLB_BUILDDIR says where it was built)")

    # -- building --

    def _ip(self, station, lines):
        _run(["ip", "-n", station, "-batch", "-"], lines)

    def _sysctl(self, station, **values):
        """Set values under net, with __ for the dots: ipv4__conf__all__arp_ignore=1"""
        with self.inside(station):
            for key, value in values.items():
                _write("/proc/sys/net/" + key.replace("__", "/"), str(value))

    def _new_station(self, name):
        _run(["ip", "netns", "add", name])
        with self.inside(name):
            for which in ("all", "default"):
                path = f"/proc/sys/net/ipv6/conf/{which}/disable_ipv6"
                if os.path.exists(path):
                    _write(path, "1")

    def _plug_in(self, station, hardware):
        """A port of the switch, and STATION's eth1 at the other end of the cable."""
        port = self.link(station)
        self._ip("switch", f"""
link add {port} type veth peer name eth1 address {hardware} netns {station}
link set {port} master br0
link set {port} up
""")
        self._ip(station, "link set lo up\nlink set eth1 up\n")

    def _build_switch(self):
        self._new_station("switch")
        self._ip("switch", "link add br0 type bridge mcast_snooping 0 forward_delay 0\n"
                           "link set br0 up\n")
        self._nft("switch", SWITCH_RULES)

    def _build_server(self, server):
        self._new_station(server)
        self._plug_in(server, self.mac(server))
        self._ip(server, f"addr add {self.base(server)}/16 dev eth1\n"
                         f"route add default via {ROUTER}\n")
        self._sysctl(server, ipv4__conf__all__arp_ignore=1, ipv4__conf__all__arp_announce=2,
                     ipv4__conf__all__rp_filter=0, ipv4__conf__eth1__rp_filter=0)
        os.makedirs(self.path(server, "state"))
        shutil.chown(self.path(server, "state"), self.user)

    def _build_router(self):
        self._new_station("client")
        self._new_station("router")
        self._plug_in("router", ROUTER_MAC)
        self._ip("router", f"""
link add eth2 type veth peer name eth0 netns client
link set eth2 up
addr add 198.51.100.1/24 dev eth2
addr add {ROUTER}/16 dev eth1
""")
        self._ip("router", "".join(f"route add {one}/32 dev eth1\n" for one in self.addresses
                                   if ipaddress.IPv4Address(one) not in NETWORK))
        self._add_routes()
        self._ip("client", """
link set lo up
link set eth0 up
addr add 198.51.100.2/24 dev eth0
route add default via 198.51.100.1
""")
        self._sysctl("router", ipv4__ip_forward=1, ipv4__fib_multipath_hash_policy=1,
                     ipv4__fib_multipath_use_neigh=0, ipv4__conf__all__rp_filter=0,
                     ipv4__conf__eth1__rp_filter=0, ipv4__conf__all__send_redirects=0,
                     ipv4__conf__eth1__send_redirects=0)
        # A connection to a dead server must not keep one of the client's ports for minutes.
        self._sysctl("client", ipv4__tcp_syn_retries=2, ipv4__ip_local_port_range="1024 65000")

    def _add_routes(self):
        """The external range by way of all addresses; in halves, quarters... with a share each
        where they are too many for one route."""
        parts = 0
        while len(self.addresses) > NEXT_HOPS << parts:
            parts += 1
        for part, network in enumerate(ipaddress.IPv4Network(EXTERNAL).subnets(parts)):
            hops = [word for one in self.addresses[part::1 << parts]
                    for word in ("nexthop", "via", one)]
            # Not by -batch, which takes 100 words a line.
            _run(["ip", "-n", "router", "route", "add", str(network), *hops])

    def _build_probe(self):
        self._new_station("probe")
        self._plug_in("probe", PROBE_MAC)
        self._ip("probe", f"addr add {PROBE}/16 dev eth1\n")

    def path(self, *parts):
        """A path in the lab's directory."""
        return os.path.join(self.dir, *parts)

    def config_text(self):
        """The configuration file of this lab's table and timing."""
        cluster = {"name": "lab", "interface": "eth1", "router": ROUTER, "external": EXTERNAL}
        cluster.update(self.cluster)
        lines = ["[cluster]"] + [f"{key} = {value}" for key, value in cluster.items() if value]
        lines += ["", "[timing]"] + [f"{key} = {value}" for key, value in self.timing.items()]
        for server, tiers in self.table.items():
            lines += ["", f"[server {server}]", f"mac = {self.mac(server)}"]
            for tier, numbers in enumerate(tiers):
                key = TIER_KEYS[tier] if tier < len(TIER_KEYS) else f"tier{tier + 1}"
                if numbers:
                    lines += list_lines(key, numbers)
        return "\n".join(lines) + "\n" + self.sections

    def write_config(self, text=None):
        """Write the file that every daemon reads."""
        with open(self.path("vlb.ini"), "w", encoding="utf-8") as file:
            file.write(self.config_text() if text is None else text)

    # -- inside a station --

    def go_inside(self, station):
        """Sockets that this thread opens from now on are STATION's."""
        with open(f"/run/netns/{station}", "rb") as there:
            _call(_libc.setns, there.fileno(), CLONE_NEWNET)

    @contextlib.contextmanager
    def inside(self, station):
        """Sockets opened in here are STATION's for good, /proc/thread-self/net is too."""
        with open("/proc/thread-self/ns/net", "rb") as home:
            self.go_inside(station)
            try:
                yield
            finally:
                _call(_libc.setns, home.fileno(), CLONE_NEWNET)

    def spawn(self, station, command, **options):
        """Popen of COMMAND in STATION, in a process group of its own."""
        return subprocess.Popen(["ip", "netns", "exec", station, *command],
                                start_new_session=True, **options)

    def run(self, station, *command, check=True):
        """Run COMMAND in STATION and return what it printed."""
        done = subprocess.run(["ip", "netns", "exec", station, *command], check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True)
        if check and done.returncode != 0:
            raise LabError(f"{station}: {' '.join(command)}: {done.stdout.strip()}")
        return done.stdout

    def _nft(self, station, rules):
        _run(["ip", "netns", "exec", station, "nft", "-f", "-"], rules)

    # -- programs --

    @staticmethod
    def _signal_group(process, number):
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)

    def running(self, server, program=None):
        """Its process, if it runs."""
        process = self.processes.get((server, program or self.daemon))
        return process if process and process.poll() is None else None

    def pid(self, server):
        """The daemon's process number."""
        self.index(server)
        process = self.running(server)
        if not process:
            raise LabError(f"{server}: {self.daemon or 'a daemon'} does not run")
        return process.pid

    def daemon_command(self, server):
        """The daemon's command line."""
        return [find_program(self.daemon), "-c", self.path("vlb.ini"), "-n", server,
                "-s", self.path(f"{server}.sock"), "-S", self.path(server, "state"),
                "-u", self.user, *["-v"] * self.verbose]

    def start_program(self, server, program, command):
        """Run COMMAND as SERVER's PROGRAM until the lab ends, with a log of its own."""
        if self.running(server, program):
            return
        with open(self.path(f"{server}.{program}.log"), "ab") as log:
            self.processes[server, program] = self.spawn(
                server, command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.dir)

    def _start_web(self, server):
        home = self.path(server)
        _write(self.path(server, "nginx.conf"), NGINX.format(dir=home, name=server))
        if not os.path.exists(self.path(server, "slow")):
            _write(self.path(server, "slow"), f"{server}\n" * (SLOW_BYTES // (len(server) + 1)))
            _write(self.path(server, "health"), "well\n")
        self.start_program(server, "nginx", [
            find_program("nginx"), "-e", self.path(server, "error.log"), "-p", home,
            "-c", self.path(server, "nginx.conf")])

    def stop_web(self, server):
        """Its web server dies; kernel and daemon live on."""
        process = self.running(server, "nginx")
        if process:
            process.kill()
            process.wait()

    def start_web(self, server):
        """And comes back."""
        self._start_web(server)

    def log(self, server):
        """What its daemon has logged so far."""
        path = self.path(f"{server}.{self.daemon}.log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def control(self, server, *words):
        """Ask the daemon by vlbctl; returns what it said."""
        return _run([find_program("vlbctl"), "-s", self.path(f"{server}.sock"), *words])

    def status(self, server):
        """`vlbctl status --json`, read."""
        return json.loads(self.control(server, "status", "--json"))

    def try_status(self, server):
        """status(), or None where no daemon answers yet."""
        try:
            return self.status(server)
        except LabError:
            return None

    # -- verbs: what befalls a server --

    def start(self, server):
        """Start its daemon, if it does not run."""
        self.index(server)
        if self.daemon:
            self.start_program(server, self.daemon, self.daemon_command(server))

    def kill(self, server):
        """SIGKILL its daemon."""
        pid = self.pid(server)
        os.kill(pid, signal.SIGKILL)
        self.processes[server, self.daemon].wait()

    def stop(self, server, seconds=10):
        """SIGTERM its daemon, and wait until it has handed over. Returns its exit status."""
        os.kill(self.pid(server), signal.SIGTERM)
        process = self.processes[server, self.daemon]
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise LabError(f"{server}: still there {seconds}s after SIGTERM") from error

    def reload(self, server):
        """SIGHUP its daemon."""
        os.kill(self.pid(server), signal.SIGHUP)

    def freeze(self, server):
        """SIGSTOP its daemon."""
        os.kill(self.pid(server), signal.SIGSTOP)

    def resume(self, server):
        """SIGCONT its daemon."""
        os.kill(self.pid(server), signal.SIGCONT)

    def link(self, station, kind="p"):
        """The name of STATION's link of that KIND on the switch; p is its port."""
        name = f"{kind}{station}"
        return name if len(name) < IFNAMSIZ else f"{kind}.{self.index(station)}"

    def _port(self, station):
        if station not in (*self.servers, "router", "probe"):
            raise LabError(f"{station} is not on the switch")
        return self.link(station)

    def cut(self, server):
        """Its switch port goes down: both ends lose carrier."""
        self._ip("switch", f"link set {self._port(server)} down\n")

    def silence(self, server, direction="both"):
        """The switch drops its frames, its carrier stays. IN: it hears nothing; OUT: nobody
        hears it."""
        port = self._port(server)
        for chosen, where in (("in", "deaf"), ("out", "mute")):
            if direction in (chosen, "both"):
                self._nft("switch", f'add element bridge lab {where} {{ "{port}" }}\n')

    def crash(self, server):
        """As if its plug were pulled: link down, every process gone, its memory lost."""
        began = time.monotonic()
        self.cut(server)
        for (owner, _), process in self.processes.items():
            if owner == server:
                self._signal_group(process, signal.SIGKILL)
                process.wait()
        self.forget(server)
        return began

    def forget(self, server):
        """What its kernel had from the daemon is gone, as after a boot."""
        with contextlib.suppress(LabError):
            self._ip(server, "".join(f"addr del {one}/32 dev eth1\n"
                                     for one in sorted(self.serves(server))))
        with contextlib.suppress(LabError):
            self._ip(server, f"route del local {EXTERNAL} dev lo\n")
        self._ip(server, "neigh flush all\n")

    def restore(self, server):
        """Undo what was done to it, and start what does not run."""
        self.index(server)
        port = self.link(server)
        self._nft("switch", f'add element bridge lab deaf {{ "{port}" }}\n'
                            f'add element bridge lab mute {{ "{port}" }}\n'
                            f'delete element bridge lab deaf {{ "{port}" }}\n'
                            f'delete element bridge lab mute {{ "{port}" }}\n')
        self._ip("switch", f"link set {port} up\n")
        if self.daemon and self.running(server):
            self.resume(server)
        if self.web:
            self._start_web(server)
        self.start(server)

    # -- verbs: what befalls the segment --

    def loss(self, percent, every_kind=False):
        """The switch loses so many of a hundred ARP frames (or frames of EVERY_KIND), for
        each receiver on its own; 0 ends it."""
        rules = "flush chain bridge lab loss\n"
        if percent:
            kind = "" if every_kind else "ether type arp "
            rules += (f"add rule bridge lab loss {kind}numgen random mod 1000 < "
                      f"{round(percent * 10)} counter drop\n")
        self._nft("switch", rules)

    def partition(self, *groups):
        """Stations of different GROUPS (lists of names) no longer hear each other; a station
        that is in no group, such as the router, hears everybody."""
        ports = [[self.link(station, kind) for station in group for kind in "pu"]
                 for group in groups]
        pairs = [f'"{one}" . "{other}"' for i, group in enumerate(ports) for one in group
                 for j, others in enumerate(ports) if i != j for other in others]
        self._nft("switch", "flush set bridge lab apart\n"
                            f"add element bridge lab apart {{ {', '.join(pairs)} }}\n")

    def one_way(self, speaker, listener):
        """LISTENER no longer hears SPEAKER; all else goes on."""
        self._nft("switch", "".join(
            f'add element bridge lab apart {{ "{self.link(speaker, kind)}" . '
            f'"{self.link(listener, kind)}" }}\n'
            for kind in "pu"))

    def heal(self):
        """End a partition, or one_way()."""
        self._nft("switch", "flush set bridge lab apart\n")

    def suppress(self, on=True):
        """An ARP-suppressing fabric: each station on a leaf switch of its own (one trunk to
        br0), which answers who-has for the hosts it knows, the router and the servers' base
        addresses, and keeps gratuitous ARP off the trunk. Linux suppresses only from a port
        without neigh_suppress to one with it, hence the leaves."""
        stations = {**{s: (self.base(s), self.mac(s)) for s in self.servers},
                    "router": (ROUTER, ROUTER_MAC), "probe": (PROBE, PROBE_MAC)}
        if on and not self.suppressing:
            for station in stations:
                self._add_leaf(station, {k: v for k, v in stations.items() if k != station})
        if not on and self.suppressing:
            for station in stations:
                self._ip("switch", f"link set {self.link(station)} master br0\n"
                                   f"link del {self.link(station, 't')}\n"
                                   f"link del {self.link(station, 'leaf')}\n")
        self.suppressing = on

    def _add_leaf(self, station, known):
        port, leaf, trunk, other_end = (self.link(station, kind)
                                        for kind in ("p", "leaf", "t", "u"))
        self._ip("switch", f"""
link add {leaf} type bridge mcast_snooping 0 forward_delay 0
link add {trunk} type veth peer name {other_end}
link set {trunk} master {leaf}
link set {trunk} type bridge_slave neigh_suppress on
link set {other_end} master br0
link set {leaf} up
link set {trunk} up
link set {other_end} up
link set {port} master {leaf}
""" + "".join(f"neigh replace {ip} lladdr {hardware} dev {leaf} nud permanent\n"
              for ip, hardware in known.values()))
        for _, hardware in known.values():
            _run(["bridge", "-n", "switch", "fdb", "replace", hardware, "dev", trunk,
                  "master", "static"])

    # -- watching --

    def serves(self, server):
        """The failover addresses in its kernel, from the table of local routes."""
        with self.inside(server), open("/proc/thread-self/net/fib_trie", encoding="ascii") as fib:
            lines = fib.read().split("\n")
        found = {lines[i - 1].split()[-1] for i, line in enumerate(lines)
                 if "/32 host LOCAL" in line}
        return found & set(self.addresses)

    def matrix(self):
        """Who serves what: {address: [servers]}"""
        served = {server: self.serves(server) for server in self.servers}
        return {one: [s for s in self.servers if one in served[s]] for one in self.addresses}

    def router_believes(self):
        """The router's neighbour table: {address: server, or the hardware address}"""
        names = {self.mac(server): server for server in self.servers}
        believes = {}
        with self.inside("router"), open("/proc/thread-self/net/arp", encoding="ascii") as table:
            for line in table.read().split("\n")[1:]:
                fields = line.split()
                if fields and fields[5] == "eth1" and fields[2] != "0x0":
                    believes[fields[0]] = names.get(fields[3], fields[3])
        return believes

    def settled(self, alive=None):
        """Every address is served by the best of ALIVE, and by nobody else of them."""
        matrix = self.matrix()
        alive = self.servers if alive is None else alive
        return all([s for s in matrix[one] if s in alive] == ([owner] if owner else [])
                   for one, owner in self.expected(alive).items())

    def settle(self, alive=None, seconds=15):
        """Wait until it is settled."""
        try:
            wait_until(lambda: self.settled(alive), seconds, "settled")
        except LabError as error:
            matrix = self.matrix()
            wrong = [f"{one}: {'+'.join(matrix[one]) or 'nobody'}, not {owner or 'nobody'}"
                     for one, owner in self.expected(alive).items()
                     if [s for s in matrix[one] if s in (alive or self.servers)]
                     != ([owner] if owner else [])]
            raise LabError(f"{error}: {'; '.join(wrong)}") from error

    def show(self):
        """The matrix as text: the tier where a server serves, a dot where it could."""
        served = {server: self.serves(server) for server in self.servers}
        believes = self.router_believes()
        lines = [" " * 14 + "  ".join(f"{s:>2}" for s in self.servers) + "   router"]
        for one in self.addresses:
            cells = []
            for server in self.servers:
                tier = next((t for t, numbers in enumerate(self.table[server], 1)
                             if one in map(address, numbers)), None)
                mine = one in served[server]
                cells.append(f"{(tier or '!') if mine else '.' if tier else '':>2}")
            lines.append(f"{one:<14}" + "  ".join(cells) + f"   {believes.get(one, '-')}")
        return "\n".join(lines)

    # -- measuring --

    def _arpprobe(self):
        """The prober; compiled on the spot where the build did not make it."""
        found = find_program("arpprobe")
        if found:
            return found
        path = self.path("arpprobe")
        if not os.path.exists(path):
            _run(["cc", "-O2", "-o", path, os.path.join(TOP, "tests", "lab", "arpprobe.c")])
        return path

    def probe(self, addresses=None, mode="icmp", interval_ms=2, ask=()):
        """Start asking for ADDRESSES: `icmp` as the router's traffic does, `arp` as a third
        station, ASKing everybody or these servers by unicast. Returns a Probe."""
        command = [self._arpprobe(), "-j", "-i", f"{interval_ms * SLOW:g}"]
        if mode == "arp":
            command += ["-I", "eth1", "-s", PROBE]
        for server in ask:
            command += ["-u", self.mac(server)]
        station = "probe" if mode == "arp" else "router"
        probe = Probe(self.spawn(station, [*command, mode, *(addresses or self.addresses)],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, universal_newlines=True))
        self.probes.append(probe)
        return probe

    def traffic(self, rate=200):
        """Start requests through the router. Returns a Traffic."""
        load = Traffic(self, rate)
        self.loads.append(load)
        return load

    def connect(self, host="203.0.113.1", port=80, timeout=2):
        """A TCP connection from the client."""
        with self.inside("client"):
            return socket.create_connection((host, port), timeout)

    def send_arp(self, station, operation, sender, target, **fields):
        """Put one ARP frame on STATION's wire; see arp_frame()."""
        with self.inside(station):
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
                wire.bind(("eth1", 0))
                own = wire.getsockname()[4]
                fields.setdefault("source", own)
                wire.send(arp_frame(operation, sender, target, **fields))

    def send_frame(self, station, frame):
        """Put FRAME, whatever it is, on STATION's wire."""
        with self.inside(station):
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
                wire.bind(("eth1", 0))
                wire.send(frame)


def hardware(text):
    """02:00:00:00:00:01 -> six bytes"""
    return bytes(int(part, 16) for part in text.split(":"))


def arp_frame(operation, sender, target, source, sha=None, tha=bytes(6), to=b"\xff" * 6):
    """The bytes of an ARP packet: 1 asks, 2 answers. SOURCE and SHA differ only in lies."""
    return (to + source + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, operation)
            + (sha or source) + socket.inet_aton(sender) + tha + socket.inet_aton(target))
