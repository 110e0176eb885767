# SPDX-License-Identifier: BSD-2-Clause
"""Runs inside a machine: obeys the tests, over a virtio serial port.

A line is a request, {"id": 7, "argv": [...], "stdin": "...", "seconds": 30}; its answer is
{"id": 7, "status": 0, "out": "..."}, standard error included. Requests run beside each
other. The identity of this boot goes with every answer, so that a reboot is seen."""

import json
import os
import select
import signal
import subprocess
import sys
import threading

PORT = "/dev/virtio-ports/vm.agent"
TIMED_OUT = 124  # as timeout(1)

with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
    BOOT = file.read().strip()


def perform(request):
    """Run one command; returns its exit status and what it said."""
    process = subprocess.Popen(request["argv"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True, cwd="/root",
                               env={**os.environ, "HOME": "/root", "LC_ALL": "C.UTF-8",
                                    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    try:
        out, _ = process.communicate(request.get("stdin", "").encode(), request["seconds"])
        return process.returncode, out
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return TIMED_OUT, process.communicate()[0]


def obey(request, port, lock):
    """Perform REQUEST, and answer."""
    try:
        status, out = perform(request)
    except OSError as error:
        status, out = 127, str(error).encode()
    answer = {"id": request["id"], "boot": BOOT, "status": status,
              "out": out.decode("utf-8", "replace")}
    data = json.dumps(answer).encode() + b"\n"
    with lock:
        while data:
            select.select([], [port], [])
            data = data[os.write(port, data):]


def main():
    """Until the machine goes down."""
    while not os.path.exists(PORT):
        select.select([], [], [], 0.1)
    port = os.open(PORT, os.O_RDWR)
    lock = threading.Lock()
    rest = b""
    while True:
        data = os.read(port, 65536)
        if not data:  # nobody listens at the other end
            select.select([], [], [], 0.1)
            continue
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            try:
                request = json.loads(line)
            except ValueError:  # the end of what was meant for the boot before this one
                continue
            threading.Thread(target=obey, args=(request, port, lock), daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
