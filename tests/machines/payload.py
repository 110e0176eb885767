# SPDX-License-Identifier: BSD-2-Clause
"""The second disk of every machine: vlbd, as built inside the image's own Debian, and the
agent. Building runs on this machine's processor, in a chroot; only running is emulated."""

import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD_S = 600
DISK_MB = 1024  # sparse

# $1: the image's tree, which stays as it is; $2: what becomes /vlbd in it.
ENTER = r"""
set -eu
mount --bind "$1" "$1"
mount --bind "$2" "$1/vlbd"
mount -o remount,bind,ro "$1"
mount -t tmpfs tmpfs "$1/tmp"
mount -t tmpfs tmpfs "$1/run"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
root=$1
shift 2
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 \
	timeout %d "$@"
""" % BUILD_S


class BuildError(Exception):
    """It cannot be built there; the text is the end of the log."""


def make(image, source, directory, parts):
    """The disk for IMAGE, in DIRECTORY, of SOURCE (a copy that nobody else writes to).
    PARTS are `build`'s: deb, tests. Returns its path."""
    tree = os.path.join(directory, "payload")
    disk = os.path.join(directory, "payload.disk")
    os.makedirs(tree)
    shutil.copy(os.path.join(HERE, "agent.py"), tree)
    shutil.copytree(source, os.path.join(tree, "src"), symlinks=True)
    for part in parts:
        log = os.path.join(directory, f"build-{part}.log")
        with open(log, "wb") as out:
            # The namespaces, and all that runs in them, end with the first process of them.
            status = subprocess.call(
                ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child",
                 "--propagation", "private", "sh", "-c", ENTER, "sh", image.root, tree,
                 "/vlbd/src/tests/machines/build", part],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        if status:
            with open(log, encoding="utf-8", errors="replace") as file:
                raise BuildError(f"build {part}: exit status {status}:\n"
                                 + "".join(file.readlines()[-30:]))
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-O", "^metadata_csum_seed,^orphan_file",
                    "-m", "0", "-d", tree, disk, f"{DISK_MB}M"],
                   stdout=subprocess.DEVNULL, check=True)
    shutil.rmtree(tree)
    return disk
