# SPDX-License-Identifier: BSD-2-Clause
"""One emulated machine: a qemu process, its monitor, and the agent inside it.

    with Machine("A", image, payload, directory, [Card("e1000", mac, netdev)]) as machine:
        machine.wait_boot()
        machine.run("ip", "link")
        machine.set_link(0, False)

qemu emulates the processor too, so no /dev/kvm is needed. The disk is a copy, which stays
over reboots, and no longer. A machine that reboots, or is reset, ends its qemu, and
wait_boot() starts another one: a second boot in the same process takes five times as long.
A machine dies with the process that has started it, however that ends."""

import collections
import contextlib
import ctypes
import json
import os
import shlex
import signal
import socket
import subprocess
import threading
import time

PR_SET_PDEATHSIG = 1
BOOT_S = 180
RUN_S = 60
PING_S = 1
MONITOR_S = 30
FIRST_SLOT = 4  # of the cards on the PCI bus: ens4, ens5, ...

Card = collections.namedtuple("Card", "model mac netdev")
_libc = ctypes.CDLL(None, use_errno=True)


class MachineError(Exception):
    """A machine did not do what it was told."""


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Machine:
    """See above. Names of its cards are those of slots: ens4 is the first."""

    def __init__(self, name, image, payload, directory, cards=(), memory=640, processors=1):
        self.name = name
        self.image = image
        self.directory = directory
        self.cards = [f"ens{FIRST_SLOT + number}" for number in range(len(cards))]
        self.console = os.path.join(directory, f"{name}.console")
        self.process = None
        self.boot = None  # the identity of the boot that answered last
        self._monitor = self._monitor_lines = None
        self._agent = None
        self._answers = {}
        self._changed = threading.Condition()
        self._next = 0
        self._disk = os.path.join(directory, f"{name}.disk")
        self._unplugged = set()
        self._command = self._qemu(payload, cards, memory, processors)

    def _socket(self, kind):
        return os.path.join(self.directory, f"{self.name}.{kind}")

    def _qemu(self, payload, cards, memory, processors):
        words = ("root=/dev/vda rw rootfstype=ext4 console=ttyS0 loglevel=5 fsck.mode=skip "
                 "mitigations=off random.trust_cpu=on systemd.show_status=false "
                 "systemd.log_level=notice panic=-1 "
                 f"systemd.hostname={self.name}")
        command = [
            "qemu-system-x86_64", "-no-reboot", "-machine", "pc,usb=off,vmport=off",
            "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "qemu64",
            "-smp", str(processors), "-m", str(memory), "-nodefaults", "-no-user-config",
            "-display", "none", "-serial", f"file:{self.console}",
            "-kernel", self.image.kernel, "-initrd", self.image.initrd, "-append", words,
            "-drive", f"file={self._disk},format=qcow2,if=virtio,cache=unsafe",
            "-drive", f"file={payload},format=raw,if=virtio,snapshot=on,cache=unsafe",
            "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=agent,path={self._socket('agent')},server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=vm.agent",
            "-qmp", f"unix:{self._socket('monitor')},server=on,wait=off"]
        for number, card in enumerate(cards):
            command += ["-netdev", f"{card.netdev},id=net{number}", "-device",
                        f"{card.model},netdev=net{number},id=card{number},mac={card.mac},"
                        f"addr={FIRST_SLOT + number:#x},romfile="]
        return command

    # -- life --

    def __enter__(self):
        try:
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw",
                            "-b", self.image.disk, self._disk], check=True)
            self.start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_exception):
        self.end()

    def start(self):
        """Switch it on."""
        with open(self._socket("log"), "wb") as log:
            self.process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=_die_with_parent, env={**os.environ, "TMPDIR": self.directory})
        self._monitor = self._connect("monitor")
        self._monitor.settimeout(MONITOR_S)
        self._monitor_lines = self._monitor.makefile("r", encoding="utf-8")
        self._monitor_lines.readline()
        self.ask("qmp_capabilities")
        self._agent = self._connect("agent")
        for number in self._unplugged:
            self.ask("set_link", name=f"card{number}", up=False)
        threading.Thread(target=self._listen, daemon=True).start()

    def _connect(self, kind):
        end = time.monotonic() + MONITOR_S
        while True:
            there = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                there.connect(self._socket(kind))
                return there
            except OSError as error:
                there.close()
                if self.process.poll() is not None or time.monotonic() > end:
                    with open(self._socket("log"), encoding="utf-8", errors="replace") as log:
                        raise MachineError(f"{self.name}: qemu: {log.read().strip() or error}"
                                           ) from error
            time.sleep(0.05)

    def end(self):
        """Switch it off, as pulling its plug does."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
        for one in (self._agent, self._monitor_lines, self._monitor):
            if one:
                with contextlib.suppress(OSError):
                    one.close()
        self._agent = self._monitor_lines = self._monitor = None
        for kind in ("agent", "monitor"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._socket(kind))

    # -- the monitor --

    def ask(self, command, **arguments):
        """Have qemu obey; returns what it answers."""
        request = {"execute": command}
        if arguments:
            request["arguments"] = arguments
        try:
            self._monitor.sendall(json.dumps(request).encode() + b"\n")
        except (OSError, AttributeError) as error:
            raise MachineError(f"{self.name} is off") from error
        while True:
            answer = json.loads(self._monitor_lines.readline() or '{"error": "it is off"}')
            if "error" in answer:
                raise MachineError(f"{self.name}: {command}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def set_link(self, number, up):
        """Plug in, or pull, the cable of a card."""
        (self._unplugged.discard if up else self._unplugged.add)(number)
        self.ask("set_link", name=f"card{number}", up=up)

    def pause(self):
        """Its processors stop, and its clocks."""
        self.ask("stop")

    def go_on(self):
        """And go on."""
        self.ask("cont")

    def reset(self):
        """As its reset button does; wait_boot() switches it on again."""
        with contextlib.suppress(MachineError):  # it goes before it answers
            self.ask("system_reset")

    # -- the agent --

    def _listen(self):
        rest = b""
        agent = self._agent
        while True:
            try:
                data = agent.recv(65536)
            except OSError:
                data = b""
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            with self._changed:
                for line in lines:
                    with contextlib.suppress(ValueError):  # cut short by a reset
                        answer = json.loads(line)
                        self.boot = answer["boot"]
                        self._answers[answer["id"]] = answer
                self._changed.notify_all()

    def _request(self, **fields):
        """Send a request; returns its number."""
        with self._changed:
            self._next += 1
            number = self._next
        try:
            self._agent.sendall(json.dumps({"id": number, **fields}).encode() + b"\n")
        except OSError as error:
            raise MachineError(f"{self.name} is gone") from error
        return number

    def _answer(self, numbers, seconds):
        """The first answer to one of NUMBERS, or None."""
        with self._changed:
            self._changed.wait_for(lambda: any(n in self._answers for n in numbers), seconds)
            for number in numbers:
                if number in self._answers:
                    return self._answers.pop(number)
        return None

    def wait_boot(self, other_than=None, seconds=BOOT_S):
        """Wait until the agent answers, of another boot than that. Returns the boot."""
        numbers = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                self.end()
                self.start()
            with contextlib.suppress(MachineError):  # it is just going down
                numbers.append(self._request(argv=["true"], seconds=10))
            answer = self._answer(numbers, PING_S)
            if answer and answer["boot"] != other_than:
                return answer["boot"]
        raise MachineError(f"{self.name} does not boot within {seconds}s: {self.console_end()}")

    def wait_up(self, other_than=None, seconds=BOOT_S):
        """Wait until all that belongs to a boot has started. Returns how it is, and the boot."""
        end = time.monotonic() + seconds
        boot = self.wait_boot(other_than, seconds)
        status, out = self.try_run("systemctl", "is-system-running", "--wait",
                                   seconds=max(end - time.monotonic(), 1))
        if status == 124:
            jobs = self.try_run("systemctl", "list-jobs", "--no-pager")[1]
            raise MachineError(f"{self.name} is not up after {seconds}s: {jobs}")
        return out.strip(), boot

    def try_run(self, *argv, stdin="", seconds=RUN_S):
        """(exit status, output) of a command."""
        number = self._request(argv=list(argv), stdin=stdin, seconds=seconds)
        answer = self._answer([number], seconds + 30)
        if answer is None:
            raise MachineError(f"{self.name}: no answer after {seconds + 30:.0f}s: "
                               f"{shlex.join(argv)}{self.console_end()}")
        return answer["status"], answer["out"]

    def run(self, *argv, stdin="", seconds=RUN_S):
        """The output of a command, which must succeed."""
        status, out = self.try_run(*argv, stdin=stdin, seconds=seconds)
        if status:
            raise MachineError(f"{self.name}: {shlex.join(argv)}: exit status {status}: "
                               + out.strip())
        return out

    def shell(self, script, seconds=RUN_S):
        """The output of a script, which ends at the first command that fails."""
        return self.run("sh", "-e", "-c", script, seconds=seconds)

    def write(self, path, text):
        """A file."""
        self.run("sh", "-c", 'mkdir -p "${1%/*}" && cat >"$1"', "sh", path, stdin=text)

    def console_end(self):
        """The end of what it has printed."""
        with contextlib.suppress(OSError):
            with open(self.console, encoding="utf-8", errors="replace") as file:
                return "\n" + "".join(file.readlines()[-25:])
        return ""
