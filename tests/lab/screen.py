# SPDX-License-Identifier: BSD-2-Clause
"""A program on a terminal: a pseudo-terminal, and an emulator that knows what is on its screen.

    with Terminal(["vlbctl", "watch"], columns=80, lines=24) as terminal:
        terminal.await_text("q quits")
        terminal.type("q")
        status = terminal.await_end()
"""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

try:
    import pyte
except ImportError:  # another python3 may come first in PATH than the distribution's
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import pyte
    except ImportError:
        pyte = None


class Terminal:
    """COMMAND on a terminal of that size. BYTES counts what it has sent."""

    def __init__(self, command, columns=80, lines=24, term="xterm", prefix=()):
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.bytes = 0
        self.raw = b""
        self.ours, theirs = pty.openpty()
        self.resize(columns, lines, tell=False)
        self.modes = termios.tcgetattr(theirs)
        self.theirs = theirs  # so that the modes can be looked at in the end
        self.process = subprocess.Popen(
            [*prefix, *command], stdin=theirs, stdout=theirs, stderr=theirs,
            env={**os.environ, "TERM": term, "TZ": "UTC"}, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)

    def resize(self, columns, lines, tell=True):
        """Another size; the kernel tells the program by SIGWINCH."""
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if tell:
            self.screen.resize(lines, columns)

    def type(self, text):
        """Press keys."""
        os.write(self.ours, text.encode())

    def look(self, seconds=0.0):
        """Take in what comes within SECONDS. Returns the lines of the screen."""
        end = time.monotonic() + seconds
        while select.select([self.ours], [], [], max(0.0, end - time.monotonic()))[0]:
            data = os.read(self.ours, 65536)
            self.bytes += len(data)
            self.raw += data
            self.stream.feed(data)
        return self.screen.display

    def text(self):
        """The screen as one text, without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def await_text(self, condition, seconds=30, what=None):
        """Wait until CONDITION (a text, or a function of the text) is on the screen."""
        holds = condition if callable(condition) else lambda text: condition in text
        end = time.monotonic() + seconds
        while not holds(self.text()):
            if time.monotonic() > end:
                raise AssertionError(f"not on the screen: {what or condition}\n{self.text()}")
            self.look(0.05)
        return self.text()

    def await_end(self, seconds=30):
        """Wait for the program to end. Returns its exit status, as subprocess has it."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f"it goes on:\n{self.text()}")
            self.look(0.05)
        self.look()
        return self.process.returncode

    def modes_restored(self):
        """The terminal is as it was."""
        return termios.tcgetattr(self.theirs) == self.modes

    def kill(self, number):
        """Send the program a signal."""
        self.process.send_signal(signal.Signals(number))
