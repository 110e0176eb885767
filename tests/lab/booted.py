# SPDX-License-Identifier: BSD-2-Clause
"""A real systemd as the init of one station of a lab, with vlbd's own units.

    with booted.Systemd(cluster, "A") as init:
        init.systemctl("start", "vlbd")

It gets process, mount and control-group namespaces of its own and the station's network, and
knows no unit but vlbd's (and empty targets that those refer to). /run is the lab's."""

import contextlib
import os
import re
import shutil
import signal
import subprocess

import lab
from lab import Unavailable, wait_until

SYSTEMD = "/lib/systemd/systemd"
TARGETS = ("basic", "multi-user", "network", "shutdown", "sysinit")

# As the first process of its namespace; $1: a control group, of a cgroup2 mounted at $2;
# $3: the lab's directory, with the files that take the places of the host's.
BOOT = r"""
echo $$ >"$2/$1/cgroup.procs" || exit 1
exec unshare --mount --cgroup --pid --fork --kill-child sh -c '
	mount --make-rprivate / && mount -t proc proc /proc &&
	{ umount -R /sys/fs/cgroup 2>/dev/null || true; } &&
	mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
	mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group &&
	mount -t tmpfs tmpfs /var/lib -o mode=755 &&
	mount -t tmpfs tmpfs /tmp && mount -t tmpfs tmpfs /var/tmp &&
	exec '"$4"' --system --unit=multi-user.target
' sh "$3"
"""


def _text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Systemd:
    """systemd as SERVER's init; the lab's own daemon there must not run."""

    def __init__(self, cluster, server):
        self.cluster = cluster
        self.server = server
        self.dir = cluster.path(f"{server}.systemd")
        self.units = os.path.join(self.dir, "units")
        self.cgroups = os.path.join(self.dir, "cgroup")
        self.group = f"vlb-lab.{os.getpid()}.{server}"
        self.process = None
        nothing = os.path.join(self.dir, "none")
        self.environment = {**os.environ, "SYSTEMD_UNIT_PATH": self.units,
                            "SYSTEMD_GENERATOR_PATH": nothing,
                            "SYSTEMD_ENVIRONMENT_GENERATOR_PATH": nothing,
                            "SYSTEMD_LOG_TARGET": "console", "SYSTEMD_LOG_LEVEL": "warning",
                            "container": "lab"}

    def __enter__(self):
        try:
            self._prepare()
            self._boot()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_exception):
        self.down()

    # -- building --

    def _prepare(self):
        missing = [one for one in (SYSTEMD, "systemctl", "systemd-sysusers", "nsenter")
                   if not shutil.which(one)]
        if missing or os.geteuid() != 0:
            raise Unavailable(f"{missing[0]} not found" if missing else "not root")
        for one in (self.dir, self.units, self.cgroups, os.path.join(self.dir, "none")):
            os.mkdir(one)
        self._make_group()
        self._make_users()
        for name in TARGETS:
            with open(f"{self.units}/{name}.target", "w", encoding="ascii") as unit:
                unit.write("[Unit]\nDefaultDependencies=no\n")

    def _make_group(self):
        done = subprocess.run(["mount", "-t", "cgroup2", "cgroup2", self.cgroups],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        try:
            if done.returncode:
                raise OSError(done.stdout.decode().strip())
            os.mkdir(os.path.join(self.cgroups, self.group))
        except OSError as error:
            raise Unavailable(f"no control groups to give to a systemd here ({error})") from error

    def _make_users(self):
        """The host's users, and what the sysusers.d fragment adds."""
        root = os.path.join(self.dir, "root")
        os.makedirs(os.path.join(root, "etc"))
        for name in ("passwd", "group"):
            shutil.copy(f"/etc/{name}", os.path.join(root, "etc", name))
        for name in ("shadow", "gshadow"):
            with open(os.path.join(root, "etc", name), "w", encoding="ascii"):
                pass
        lab._run(["systemd-sysusers", f"--root={root}", built("vlbd.sysusers")])
        for name in ("passwd", "group"):
            shutil.copy(os.path.join(root, "etc", name), os.path.join(self.dir, name))

    def install(self, name="vlbd.service", edit=""):
        """The unit that was built, with the paths of this lab, and with EDIT as a drop-in."""
        bins = os.path.join(self.dir, "bin")
        if not os.path.isdir(bins):
            os.mkdir(bins)
            for program in ("vlbd", "vlbctl"):
                shutil.copy(lab.find_program(program), bins)
            shutil.copy(os.path.join(lab.TOP, "contrib", "systemd", "vlbd-stop"), bins)
        text = re.sub(r"(?<=[=+ ])/\S*/(vlbd|vlbctl|vlbd-stop)(?= )", rf"{bins}/\1",
                      _text(built(name)))
        text = re.sub(r"/\S*/vlb\.ini", self.cluster.path("vlb.ini"), text)
        text = re.sub(r"(?<=[= ])/(?!run/)\S*/vlbd/%i\.ini", self.cluster.path("%i.ini"), text)
        with open(os.path.join(self.units, name), "w", encoding="utf-8") as unit:
            unit.write(text)
        dropins = os.path.join(self.units, name + ".d")
        os.makedirs(dropins, exist_ok=True)
        with open(os.path.join(dropins, "lab.conf"), "w", encoding="utf-8") as unit:
            unit.write(f"[Service]\nStandardError=append:{self.log_path()}\n{edit}")

    def log_path(self):
        """Where the service's standard error goes."""
        return self.cluster.path(f"{self.server}.vlbd.log")

    # -- life --

    def _boot(self):
        with open(os.path.join(self.dir, "log"), "wb") as log:
            self.process = self.cluster.spawn(
                self.server, ["sh", "-c", BOOT, "sh", self.group, self.cgroups, self.dir, SYSTEMD],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until(self._is_up, 10, "systemd answers")
        except lab.LabError as error:
            raise Unavailable("systemd does not boot in a namespace here: "
                              + _text(os.path.join(self.dir, "log"))[-300:]) from error

    def _is_up(self):
        if self.process.poll() is not None:
            raise lab.LabError("it ended")
        with contextlib.suppress(lab.LabError):
            return self.systemctl("is-active", "multi-user.target", check=False) == "active"
        return False

    def down(self):
        """It ends, and all that is in its namespaces."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        group = os.path.join(self.cgroups, self.group)
        with contextlib.suppress(lab.LabError):
            wait_until(lambda: self._empty(group), 5, "its control groups are empty")
        subprocess.run(["umount", self.cgroups], stderr=subprocess.DEVNULL, check=False)

    @staticmethod
    def _empty(group):
        for path, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(path)
        return not os.path.exists(group)

    # -- asking --

    def init_pid(self):
        """systemd's number out here: the only child of unshare."""
        pid = self.process.pid
        children = _text(f"/proc/{pid}/task/{pid}/children").split()
        if not children:
            raise lab.LabError("systemd does not run")
        return int(children[0])

    def systemctl(self, *words, check=True):
        """Run it; returns what it printed. CHECK: LabError when it fails."""
        done = self._enter("systemctl", "--no-pager", *words)
        if check and done.returncode:
            raise lab.LabError(f"systemctl {' '.join(words)}: {done.stdout.strip()}")
        return done.stdout.strip()

    def inside(self, *words):
        """Run a command in its namespaces; returns what it printed."""
        return self._enter(*words).stdout

    def _enter(self, *words):
        return subprocess.run(["nsenter", f"--target={self.init_pid()}", "--mount", "--pid",
                               *words], env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True, check=False, timeout=30)

    def show(self, unit, *names):
        """The values of its properties NAMES, in that order."""
        lines = self.systemctl("show", "-p", ",".join(names), unit).split("\n")
        values = dict(line.split("=", 1) for line in lines)
        return [values[name] for name in names]


def built(name):
    """A file that the build made for systemd."""
    for place in (os.environ.get("VLB_BUILDDIR"), os.getcwd(), os.path.join(lab.TOP, "build"),
                  lab.TOP):
        path = os.path.join(place or "/nonexistent", "contrib", "systemd", name)
        if os.path.exists(path):
            return path
    raise Unavailable(f"the build made no {name}")
