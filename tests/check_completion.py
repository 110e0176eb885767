#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Completion in bash and zsh: typed into real shells, and compared with vlbctl --help."""

import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lab"))

import screen  # noqa: E402

COMPLETIONS = os.path.join(os.path.dirname(HERE), "contrib", "completions")
BASH = os.path.join(COMPLETIONS, "vlbctl.bash")
VLBCTL = os.path.join(os.environ.get("VLB_BUILD", "."), "vlbctl")
TAKES = {"watch": {"--json", "--interval"}, "events": {"--json", "--follow", "--lines"},
         "drain": {"--json", "--persist", "--wait", "--timeout"}}
NO_PYTE = "python3-pyte (a terminal emulator) is not installed"


class Skip(Exception):
    """It cannot be tested here; the text says why."""


def vlbctl_help():
    """Its commands, and its long options."""
    text = subprocess.run([VLBCTL, "--help"], stdout=subprocess.PIPE, check=True,
                          universal_newlines=True).stdout
    return (re.findall(r"^  ([a-z]+) ", text, re.M),
            set(re.findall(r"^  -\w, (--[a-z]+)", text, re.M)))


def in_bash(*words):
    """What bash offers for the last one of these words after vlbctl."""
    if not shutil.which("bash"):
        raise Skip("no bash here")
    script = ('. "$1"; shift; COMP_WORDS=(vlbctl "$@"); COMP_CWORD=$#; _vlbctl; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    out = subprocess.run(["bash", "-c", script, "bash", BASH, *words], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, universal_newlines=True, check=True).stdout
    return set(out.split())


def equal(got, wanted, what):
    """AssertionError that shows both."""
    assert got == wanted, f"{what}: got {got!r}, wanted {wanted!r}"


def offers_what_help_lists():
    commands, options = vlbctl_help()
    equal(in_bash(""), set(commands), "commands")
    offered = in_bash("-")
    for command in commands:
        offered |= in_bash(command, "--")
        equal(in_bash(command, "--"), TAKES.get(command, {"--json"}), command)
        equal(in_bash("-s", "/run/x", command, "--"), TAKES.get(command, {"--json"}), command)
    equal(offered, options, "options")
    equal(in_bash("drain", "--timeout", ""), set(), "a number is nobody's guess")
    equal(in_bash("--socket", COMPLETIONS + "/vlb"), {BASH}, "the socket is a file")
    equal(in_bash("stat"), {"status"}, "stat")


def typed(command, begin):
    """Complete in an interactive shell, as people do."""
    if screen.pyte is None:
        raise Skip(NO_PYTE)
    if not shutil.which(command[0]):
        raise Skip(f"no {command[0]} here")
    with screen.Terminal(command) as shell:
        shell.type(f"PS1='> '; {begin}; clear; echo ready\r")
        shell.await_text(lambda text: text.startswith("ready"), 60, "the shell is ready")
        shell.type("vlbctl dra\t")
        shell.await_text("> vlbctl drain")
        shell.type("--per\t")
        shell.await_text("> vlbctl drain --persist")
        shell.type("\x15vlbctl --sock\t")
        shell.await_text("> vlbctl --socket")


def completes_in_bash():
    typed(["bash", "--norc", "-i"], f". {BASH}")


def completes_in_zsh():
    typed(["zsh", "-f", "-i"],
          f"fpath=({COMPLETIONS} $fpath); autoload -Uz compinit; compinit -u -D; vlbctl() {{ :; }}")


def zsh_offers_what_help_lists():
    commands, options = vlbctl_help()
    with open(os.path.join(COMPLETIONS, "_vlbctl"), encoding="utf-8") as file:
        text = file.read()
    equal(set(re.findall(r"^\t\t'([a-z]+):", text, re.M)), set(commands), "commands")
    equal(set(re.findall(r"--[a-z]+", text)), options, "options")


def main():
    """Run them all."""
    tests = (offers_what_help_lists, completes_in_bash, zsh_offers_what_help_lists,
             completes_in_zsh)
    print(f"1..{len(tests)}", flush=True)
    for number, function in enumerate(tests, 1):
        name, verdict, tail = function.__name__.replace("_", " "), "ok", ""
        try:
            function()
        except Skip as reason:
            tail = f" # SKIP {reason}"
        except (AssertionError, subprocess.CalledProcessError) as error:
            verdict = "not ok"
            print("# " + str(error).replace("\n", "\n# "))
        print(f"{verdict} {number} - {name}{tail}", flush=True)


main()
