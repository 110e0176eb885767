# SPDX-License-Identifier: BSD-2-Clause
"""A Debian of a release with its own kernel, as a disk that qemu boots: made once, then kept.

    made = image.of("bookworm", say)
    made.kernel, made.initrd, made.disk     # what qemu gets
    made.root                               # the same as a directory, to build in

It comes from the archive that this machine's apt uses, and is kept outside the checkout,
in $XDG_CACHE_HOME/vlbd/vm/<release>-<hash of what it is made of>. It is written under
another name first, so that what has the right name is whole."""

import contextlib
import fcntl
import glob
import hashlib
import os
import shutil
import signal
import subprocess
import time

RELEASES = {"bookworm": "Debian 12", "trixie": "Debian 13"}
MAKE_S = 1500  # also over a slow line
DISK_MB = 4096  # sparse; what is used is a third
UNUSED_S = 86400  # since when others' images are not used, and so deleted
ROOM_MB = 6000  # tree, disk and what the making needs besides

# What the machines need: a system that boots, what vlbd is built of, what the labs use.
PACKAGES = """
linux-image-amd64 initramfs-tools systemd-sysv udev dbus kmod procps
ifupdown iproute2 iputils-ping nftables ethtool tcpdump python3 python3-pyte
nginx network-manager frr bird2
build-essential debhelper dpkg-dev fakeroot autoconf automake pkg-config check
libcap-ng-dev libev-dev libinih-dev libmnl-dev libncurses-dev libnet1-dev libpcap-dev
libseccomp-dev
""".split()

# The initial RAM disk finds the root disk, and nothing else: it is unpacked in emulation.
INITRD_MODULES = "virtio_pci virtio_blk ext4 crc32c_generic"

# Not wanted at boot: it costs time that is emulated, or would take the interfaces.
MASKED = """
apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer
e2scrub_reap.service fstrim.timer logrotate.timer man-db.timer systemd-timesyncd.service
getty@tty1.service serial-getty@ttyS0.service systemd-update-utmp.service
systemd-binfmt.service proc-sys-fs-binfmt_misc.automount systemd-pcrphase.service
dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount
sys-kernel-config.mount sys-fs-fuse-connections.mount modprobe@configfs.service
modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service
modprobe@fuse.service modprobe@loop.service
NetworkManager.service NetworkManager-wait-online.service NetworkManager-dispatcher.service
ModemManager.service wpa_supplicant.service frr.service bird.service nginx.service
""".split()

# The agent, which does what the tests ask, comes on a disk of its own (payload.py).
AGENT_UNIT = """[Unit]
Description=what the tests ask
DefaultDependencies=no
RequiresMountsFor=/vlbd
After=systemd-remount-fs.service systemd-udevd.service
Before=shutdown.target
Conflicts=shutdown.target
[Service]
ExecStart=/usr/bin/python3 -I -S /vlbd/agent.py
KillMode=process
Restart=on-failure
[Install]
WantedBy=sysinit.target
"""

HOOK = r"""#!/bin/sh
set -eu
root=$1
rm -f "$root"/etc/dpkg/dpkg.cfg.d/99mmdebstrap "$root"/etc/machine-id
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
echo vm >"$root/etc/hostname"
printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
printf '/dev/vdb /vlbd ext4 defaults 0 0\n' >"$root/etc/fstab"
printf 'auto lo\niface lo inet loopback\nsource /etc/network/interfaces.d/*\n' >"$root/etc/network/interfaces"
mkdir "$root/vlbd"
for unit in $MASKED; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
printf '%s' "$AGENT_UNIT" >"$root/etc/systemd/system/vm-agent.service"
chroot "$root" systemctl enable vm-agent.service
chroot "$root" systemctl set-default multi-user.target
chroot "$root" passwd -d root
"""


class Unavailable(Exception):
    """No such image can be made here; the text says why."""


class Image:
    """Where the parts of one image are."""

    def __init__(self, release, directory):
        self.release = release
        self.name = RELEASES[release]
        self.directory = directory
        self.root = os.path.join(directory, "root")
        self.disk = os.path.join(directory, "disk")
        self.kernel = os.path.join(directory, "kernel")
        self.initrd = os.path.join(directory, "initrd")

    def kernel_version(self):
        """6.1.0-37-amd64, say."""
        return sorted(os.listdir(os.path.join(self.root, "lib", "modules")))[-1]


def cache():
    """The directory of all images."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(home, "vlbd", "vm")


def _hash():
    with open(__file__, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:12]


def archives(release):
    """[(URI, suite)]: RELEASE and its security updates in the archives that apt uses here.

    They are asked for by what apt calls them: Debian, and this machine's own codename."""
    with open("/etc/os-release", encoding="utf-8") as file:
        own = dict(line.rstrip("\n").replace('"', "").partition("=")[::2] for line in file)
    own = own.get("VERSION_CODENAME", "")
    try:
        listed = subprocess.run(
            ["apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)",
             "Created-By: Packages"], stdout=subprocess.PIPE, universal_newlines=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"apt does not tell its archive: {error}") from error
    found = []
    for line in listed.stdout.splitlines():
        origin, codename, uri = line.split(None, 2)
        suffix = codename[len(own):]
        if origin == "Debian" and codename.startswith(own) and suffix in ("", "-security"):
            found.append((uri, release + suffix))
    if not any(suite == release for _, suite in found):
        raise Unavailable("apt's sources here name no archive of Debian")
    return sorted(set(found), key=lambda one: one[1])


def of(release, say):
    """The Image of RELEASE, made if need be; SAY is told of what takes long."""
    image = Image(release, os.path.join(cache(), f"{release}-{_hash()}"))
    with contextlib.suppress(FileNotFoundError):
        os.utime(image.directory)  # used: see _forget_others()
        return image
    os.makedirs(cache(), exist_ok=True)
    with open(os.path.join(cache(), f"{release}.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at once make one image
        if not os.path.isdir(image.directory):
            say(f"making {image.name} with mmdebstrap, once ...")
            _make(image)
            _forget_others(image)
    return image


def _make(image):
    """All of it, under a name of this process."""
    for stale in glob.glob(f"{image.directory}.part.*"):
        shutil.rmtree(stale)
    part = Image(image.release, f"{image.directory}.part.{os.getpid()}")
    free = os.statvfs(cache())
    if free.f_bavail * free.f_frsize < ROOM_MB << 20:
        raise Unavailable(f"less than {ROOM_MB} MB are free in {cache()}")
    os.mkdir(part.directory, 0o755)
    try:
        _debootstrap(part)
        _make_disk(part)
        os.rename(part.directory, image.directory)
    except BaseException:
        shutil.rmtree(part.directory, ignore_errors=True)
        raise


def _run(command, what, log, **options):
    with open(log, "ab") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   start_new_session=True, **options)
        try:
            status = process.wait(MAKE_S)
        except BaseException as error:
            # mmdebstrap takes its mounts away when it is asked to end.
            os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise Unavailable(f"{what}: not done after {MAKE_S}s") from error
            raise
    if status:
        with open(log, encoding="utf-8", errors="replace") as file:
            last = " / ".join(file.read().strip().split("\n")[-3:])
        raise Unavailable(f"{what} failed: {last}")


def _debootstrap(part):
    # debian-archive-keyring of the release before knows a new release's keys too.
    sources = "\n".join(f"deb {uri} {suite} main" for uri, suite in archives(part.release))
    listing = os.path.join(part.directory, "sources.list")
    with open(listing, "w", encoding="ascii") as file:
        file.write(sources + "\n")
    hook = os.path.join(part.directory, "hook")
    with open(hook, "w", encoding="ascii") as file:
        file.write(HOOK)
    os.chmod(hook, 0o755)
    before = ('mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d"'
              ' && printf "MODULES=list\\nCOMPRESS=gzip\\n" >"$1/etc/initramfs-tools/conf.d/vm"'
              f' && printf "%s\\n" {INITRD_MODULES}'
              ' >"$1/usr/share/initramfs-tools/modules.d/vm"')
    command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=apt",
               "--include=" + ",".join(PACKAGES),
               '--aptopt=APT::Install-Recommends "false"',
               "--setup-hook=" + before, "--customize-hook=" + hook]
    for excluded in ("man", "locale", "info"):
        command.append(f"--dpkgopt=path-exclude=/usr/share/{excluded}/*")
    _run([*command, part.release, part.root, listing], "mmdebstrap",
         os.path.join(part.directory, "log"),
         env={**os.environ, "MASKED": " ".join(MASKED), "AGENT_UNIT": AGENT_UNIT,
              "TMPDIR": part.directory})


def _make_disk(part):
    version = part.kernel_version()
    shutil.copy(os.path.join(part.root, "boot", f"vmlinuz-{version}"), part.kernel)
    shutil.copy(os.path.join(part.root, "boot", f"initrd.img-{version}"), part.initrd)
    _run(["mke2fs", "-q", "-t", "ext4", "-O", "^metadata_csum_seed,^orphan_file", "-m", "0",
          "-d", part.root, part.disk, f"{DISK_MB}M"], "mke2fs",
         os.path.join(part.directory, "log"))


def _forget_others(image):
    """Images of this release that were made of something else, and that nobody uses."""
    for path in glob.glob(os.path.join(cache(), f"{image.release}-*")):
        if path != image.directory and os.path.getmtime(path) < time.time() - UNUSED_S:
            shutil.rmtree(path, ignore_errors=True)
