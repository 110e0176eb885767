# SPDX-License-Identifier: BSD-2-Clause
"""Network managers in one server of a lab, each with a message bus of its own.

    with Networkd(cluster, "A") as manager:
        manager.reconfigure()

They run as on a real host, on the server's eth1, which they take over; what they keep on disk
stays in the lab's directory."""

import os
import shutil
import signal
import subprocess
import time

from harness import Skip, wait_until

PROGRAM_S = 10


class _Manager:
    """A manager and its bus. `ip netns exec` gives each command mounts of its own, so that
    /sys can be read-only (no udev is expected then) and state directories can be hidden."""

    prepare = ""  # shell, before the program

    def __init__(self, cluster, server):
        self.cluster = cluster
        self.server = server
        self.home = cluster.path(server, type(self).__name__.lower())
        self.processes = []
        for wanted in self.programs:
            if not shutil.which(wanted) and not os.access(wanted, os.X_OK):
                raise Skip(f"{os.path.basename(wanted)} is not installed")

    def __enter__(self):
        os.makedirs(self.home, exist_ok=True)
        os.makedirs("/run/dbus", exist_ok=True)
        self.configure()
        self._spawn("bus", "exec dbus-daemon --system --nofork --nopidfile")
        wait_until(lambda: os.path.exists("/run/dbus/system_bus_socket"), PROGRAM_S, "a bus")
        self.start()
        return self

    def __exit__(self, *_exception):
        for process in reversed(self.processes):
            self._end(process)

    @staticmethod
    def _end(process):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _spawn(self, name, script):
        with open(os.path.join(self.home, name + ".log"), "ab") as log:
            process = self.cluster.spawn(
                self.server, ["sh", "-c", "mount -o remount,ro /sys\n" + script],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def start(self):
        """Start the manager, and wait until it has taken eth1."""
        self.process = self._spawn("manager", self.prepare + self.command())
        self.settled()

    def restart(self):
        """As `systemctl restart` does."""
        self._end(self.process)
        self.processes.remove(self.process)
        self.start()

    def ask(self, *words):
        """Run the manager's client in the server."""
        return self.cluster.run(self.server, *words)

    def say(self, *words, seconds=PROGRAM_S):
        """Ask until the client's words are obeyed."""
        end = time.monotonic() + seconds
        while True:
            done = subprocess.run(["ip", "netns", "exec", self.server, *words], check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, universal_newlines=True)
            if done.returncode == 0:
                return done.stdout
            if time.monotonic() > end:
                raise AssertionError(f"{' '.join(words)}: {done.stdout.strip()}")
            time.sleep(0.1)


class Networkd(_Manager):
    """systemd-networkd."""

    programs = ("/lib/systemd/systemd-networkd", "networkctl", "dbus-daemon", "setpriv")
    capabilities = "+net_admin,+net_raw,+net_bind_service,+net_broadcast"
    prepare = """
mkdir -p /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
chown -R systemd-network:systemd-network /run/systemd/netif
"""

    def configure(self):
        """The file that gives eth1 its base address."""
        os.makedirs("/run/systemd/network", exist_ok=True)
        with open("/run/systemd/network/10-eth1.network", "w", encoding="ascii") as file:
            file.write("[Match]\nName=eth1\n[Network]\n"
                       f"Address={self.cluster.base(self.server)}/16\n"
                       "Gateway=10.77.255.254\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n")
        # As it would have set it itself; over one without a broadcast address it stumbles.
        base = f"{self.cluster.base(self.server)}/16"
        self.ask("ip", "addr", "del", base, "dev", "eth1")
        self.ask("ip", "addr", "add", base, "brd", "+", "dev", "eth1")

    def command(self):
        """It owns its name on the bus only as its own user."""
        return ("exec setpriv --reuid systemd-network --regid systemd-network --clear-groups "
                f"--inh-caps={self.capabilities} --ambient-caps={self.capabilities} "
                "/lib/systemd/systemd-networkd")

    def settled(self):
        """It has configured eth1."""
        wait_until(lambda: "configured" in self.say("networkctl", "list", "eth1")
                   and "configuring" not in self.say("networkctl", "list", "eth1"),
                   PROGRAM_S, "networkd has configured eth1")

    def reconfigure(self):
        """What an administrator does after a change of the file."""
        self.say("networkctl", "reload")
        self.say("networkctl", "reconfigure", "eth1")
        self.settled()


class NetworkManager(_Manager):
    """NetworkManager."""

    programs = ("NetworkManager", "nmcli", "dbus-daemon")
    prepare = """
mkdir -p /var/lib/NetworkManager
mount -t tmpfs tmpfs /var/lib/NetworkManager
[ ! -d /etc/NetworkManager ] || mount -t tmpfs tmpfs /etc/NetworkManager
"""

    def configure(self):
        """One connection for eth1; every other device is left alone."""
        os.makedirs(os.path.join(self.home, "connections"), exist_ok=True)
        path = os.path.join(self.home, "connections", "eth1.nmconnection")
        with open(path, "w", encoding="ascii") as file:
            file.write("[connection]\nid=eth1\ntype=ethernet\ninterface-name=eth1\n"
                       f"[ipv4]\nmethod=manual\naddress1={self.cluster.base(self.server)}/16\n"
                       "gateway=10.77.255.254\n[ipv6]\nmethod=disabled\n")
        os.chmod(path, 0o600)
        with open(os.path.join(self.home, "nm.conf"), "w", encoding="ascii") as file:
            file.write("[main]\nplugins=keyfile\ndhcp=internal\ndns=none\nauth-polkit=false\n"
                       f"[keyfile]\npath={self.home}/connections\n"
                       "[device-others]\nmatch-device=except:interface-name:eth1\nmanaged=0\n")

    def command(self):
        """In the foreground, with nothing of the host's."""
        return (f"exec NetworkManager -n --config {self.home}/nm.conf "
                f"--config-dir {self.home}/conf.d --state-file {self.home}/state "
                f"--intern-config {self.home}/intern --log-level=WARN")

    def settled(self):
        """It has configured eth1."""
        wait_until(lambda: "eth1:connected" in
                   self.say("nmcli", "-t", "-f", "DEVICE,STATE", "device"),
                   PROGRAM_S, "NetworkManager has configured eth1")

    def reapply(self):
        """It puts eth1 as its connection says, and removes what it does not know."""
        self.say("nmcli", "device", "reapply", "eth1")

    def reactivate(self):
        """The connection, once more from the beginning."""
        self.say("nmcli", "connection", "up", "eth1")
        self.settled()
