#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Log lines are a contract: what the core reports is in vlbd(8), word by word, and what
RUNBOOK.md lets people look for is what the core reports."""

import os
import re
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LITERAL = re.compile(r'(?:"(?:[^"\\]|\\.)*"\s*)+')
CONVERSION = re.compile(r'%(?:" PRI\w+ ")?[-0-9.*]*[a-z]?')
WORDS = 7  # a shorter piece proves nothing


def read(*path):
    """The text of a file of the tree."""
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def flat(text):
    """One blank between words, and plain quotes."""
    for quote in "‘’“”":
        text = text.replace(quote, "'")
    return re.sub(r"\s+", " ", text.replace("`", "'"))


def reported():
    """Every text in report.c, as the pieces between what is filled in."""
    code = re.sub(r"/\*.*?\*/", "", read("src", "core", "report.c"), flags=re.S)
    code = re.sub(r"^#.*$|assert\([^;]*;", "", code, flags=re.M)
    for match in LITERAL.finditer(code):
        text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', match.group()))
        yield [flat(piece).strip(" ()") for piece in CONVERSION.split(text)]


def manual():
    """LOG LINES of vlbd(8), flat."""
    if not shutil.which("mandoc"):
        print("1..0 # SKIP mandoc is not installed")
        sys.exit(0)
    page = subprocess.run(["mandoc", "-Tutf8", "-Owidth=900",
                           os.path.join(TOP, "man", "vlbd.8")],
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    page = re.sub(".\b", "", page)
    return flat(page[page.index("\nLOG LINES"):])


def looked_for():
    """What the runbook's table of messages quotes."""
    table = read("RUNBOOK.md").rpartition("## Log messages")[2]
    for line in re.findall(r"^\| \w+ \| `([^`]*(?:`[^`|]*)?)` \|", table, flags=re.M):
        yield line, [flat(piece).strip(" ():;,") for piece in re.split(
            r"\.\.\.|\b(?:MAC|ADDRESS|ROUTER|N|B|[A-Z]{4,})\b|\d[\d.]*m?s?", line)]


def main():
    """TAP: one line for each text."""
    page, texts = manual(), list(reported())
    everything = " | ".join(piece for pieces in texts for piece in pieces)
    results = [(f"vlbd(8) has: {piece}", piece in page)
               for pieces in texts for piece in pieces if len(piece) >= WORDS]
    results += [(f"the core says: {line}",
                 all(piece in everything for piece in pieces if len(piece) >= WORDS))
                for line, pieces in looked_for()]
    print(f"1..{len(results)}")
    for number, (text, good) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {text.replace('#', '')}")


main()
