# SPDX-License-Identifier: BSD-2-Clause
"""vlbd as a service of a whole system: the package, reboots, the order at boot, upgrades."""

import re

from segment import BASES, MACS, ROUTER, Log, ifupdown, unmoved
from tally import check, check_equal, test, wait_until

DEB = "/vlbd/debs/vlbd.deb"
LATER = "/vlbd/later/vlbd.deb"
REBOOT_S = 400


@test("the package, a file, `systemctl enable --now vlbd`: both serve, and clients get through",
      quick=True)
def install(segment):
    """As the README says, in its order."""
    for server in segment.servers:
        machine = segment[server]
        machine.run("dpkg", "-i", DEB, seconds=200)
        check_equal(machine.run("sysctl", "-n", "net.ipv4.conf.all.arp_ignore",
                                "net.ipv4.conf.all.arp_announce").split(), ["1", "2"],
                    f"{server}: sysctls, after the package and nothing else")
        # Enabled by the package, and not failed for want of its file.
        check_equal(machine.try_run("systemctl", "is-enabled", "vlbd")[1].strip(), "enabled",
                    f"{server}: the unit")
        check("failed" not in machine.run("systemctl", "show", "-P", "ActiveState", "vlbd"),
              f"{server}: the unit has failed without a file")
    segment.write_config()
    for server in segment.servers:
        told = segment[server].try_run("vlbd", "-t", "-c", "/etc/vlb.ini")
        check(told[0] == 0 and "wrong:" not in told[1], f"{server}: vlbd -t: {told[1]}")
    for server in segment.servers:
        segment[server].run("systemctl", "enable", "--now", "vlbd")
    segment.installed = True
    segment.settle()
    status = segment.status("A")
    check_equal(status["standing"], "serving", "A")
    wait_until(lambda: all(one["confirmed"] for one in segment.status("A")["addresses"]
                           if one["state"] == "PRIMARY"), 30, "the router confirms to A")
    segment.start_traffic()
    report = segment.stop_traffic()
    unmoved(segment, [], report)


def reboot(segment, server):
    """`systemctl reboot`, and wait until it is up again."""
    boot = segment[server].wait_boot()
    segment[server].try_run("systemctl", "--no-block", "reboot")
    state, _ = segment[server].wait_up(boot, REBOOT_S)
    check_equal(state, "running", f"{server} after the reboot, of systemd")


def at_boot(machine):
    """{what: when, in seconds of the boot}, of what vlbd's place in the order shows."""
    units = {"vlbd": "vlbd.service", "network.target": "network.target",
             "sysctl": "systemd-sysctl.service", "ifupdown": "networking.service",
             "networkd": "systemd-networkd.service"}
    found = {}
    for name, unit in units.items():
        microseconds = int(machine.run("systemctl", "show", "-P", "ActiveEnterTimestampMonotonic",
                                       unit).strip() or 0)
        if microseconds:
            found[name] = microseconds / 1e6
    return found


def serves_after_boot(segment, server):
    """It came up by itself, with its sysctls, user and directory, and no restart."""
    segment.settle()
    machine = segment[server]
    check_equal(sorted(machine.run("systemctl", "show", "-p", "ActiveState", "-p", "NRestarts",
                                   "vlbd").split()), ["ActiveState=active", "NRestarts=0"],
                "the unit")
    check_equal(machine.run("sysctl", "-n", "net.ipv4.conf.all.arp_ignore").strip(), "1",
                "arp_ignore after a boot")


@test("a reboot: addresses are handed over before it goes down, and come home", quick=True)
def orderly_reboot(segment):
    log = Log(segment["B"])
    reboot(segment, "A")
    serves_after_boot(segment, "A")
    text = log.text()
    check_equal(log.moved(), {"10.77.0.1", "10.77.0.2"}, "what moved at B")
    check("WATCHING -> CLAIMED (A released it" in text or "released" in text,
          f"B was not handed A's addresses: {text}")
    check("peer A: DEAD" not in text[:text.find("CLAIMED")], f"A died: {text}")
    order = at_boot(segment["A"])
    check(order["sysctl"] <= order["vlbd"], f"vlbd starts before its sysctls are set: {order}")
    check(order["ifupdown"] <= order["network.target"] <= order["vlbd"],
          f"with ifupdown the interface is there first: {order}")


@test("at boot with systemd-networkd, which may be later than vlbd")
def boot_with_networkd(segment):
    machine = segment["A"]
    machine.write("/etc/systemd/network/10-ens4.network",
                  f"[Match]\nName=ens4\n[Network]\nAddress={BASES['A']}/16\n"
                  f"Gateway={ROUTER}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n")
    machine.shell("rm /etc/network/interfaces.d/ens4; systemctl enable systemd-networkd")
    try:
        reboot(segment, "A")
        serves_after_boot(segment, "A")
        order = at_boot(machine)
        check(order["networkd"] <= order["network.target"] <= order["vlbd"],
              f"not in order: {order}")
        check("configured" in machine.run("networkctl", "status", "ens4", "--no-pager"),
              "networkd has not configured ens4")
        logs = [Log(segment["B"])]
        segment.start_traffic()
        machine.shell("networkctl reload; networkctl reconfigure ens4; sleep 5")
        check_equal(logs[0].moved(), set(), "what moved when networkd was told to reconfigure")
        segment.stop_traffic()
        segment.settle()
    finally:
        machine.shell("systemctl disable systemd-networkd; "
                      "rm -f /etc/systemd/network/10-ens4.network")
        machine.write("/etc/network/interfaces.d/ens4", ifupdown("A"))
        reboot(segment, "A")
    serves_after_boot(segment, "A")


@test("an interface that is down long after the boot: vlbd is started until it is up, and serves")
def late_interface(segment):
    machine = segment["A"]
    machine.shell("mv /etc/network/interfaces.d/ens4 /root/ens4")
    try:
        boot = machine.wait_boot()
        machine.try_run("systemctl", "--no-block", "reboot")
        machine.wait_boot(boot, REBOOT_S)
        segment.settle("B")
        wait_until(lambda: "it is down" in machine.run("journalctl", "-b", "-u", "vlbd", "-o",
                                                       "cat", "--no-pager"),
                   REBOOT_S, "vlbd says that its interface is down")
        # Restart=on-failure and no limit: "an interface may appear late".
        wait_until(lambda: int(machine.run("systemctl", "show", "-P", "NRestarts", "vlbd")) > 2,
                   60, "systemd starts it again and again")
        machine.shell("mv /root/ens4 /etc/network/interfaces.d/ens4; ifup ens4")
        segment.settle()
    finally:
        machine.shell("[ ! -e /root/ens4 ] || mv /root/ens4 /etc/network/interfaces.d/ens4")


@test("`drain --persist` lasts over a reboot, and ends with `resume`")
def drained(segment):
    log = Log(segment["B"])
    segment["A"].run("vlbctl", "drain", "--persist", "--wait", seconds=100)
    check_equal(segment.serves("A"), set(), "what A serves when `drain --wait` has returned")
    check_equal(log.moved(), {"10.77.0.1", "10.77.0.2"}, "what moved at B")
    reboot(segment, "A")
    wait_until(lambda: segment.status("A")["standing"] == "drained", 60, "A is drained")
    check_equal(segment.serves("A"), set(), "what A serves after the reboot")
    check_equal(segment.serves("B"), set(segment.addresses), "what B serves")
    segment["A"].run("vlbctl", "resume")
    segment.settle()
    reboot(segment, "A")
    serves_after_boot(segment, "A")
    check_equal(segment.status("A")["standing"], "serving", "A after a reboot without a drain")


@test("an upgrade of the package under traffic: nothing moves, no flow is cut, no ping is lost")
def upgrade(segment):
    logs = [Log(segment[server]) for server in segment.servers]
    before = segment["A"].run("systemctl", "show", "-P", "MainPID", "vlbd")
    segment.start_traffic()
    segment["A"].run("dpkg", "-i", LATER, seconds=200)
    segment["A"].shell("sleep 25")  # longer than the lease that the old one has left
    unmoved(segment, logs[1:], segment.stop_traffic())
    check("+later" in segment["A"].run("dpkg-query", "-W", "vlbd"), "it is not the later version")
    check(segment["A"].run("systemctl", "show", "-P", "MainPID", "vlbd") != before,
          "the old process runs on")
    segment.settle()
    check_equal(re.findall(r"DEAD", logs[1].text()), [], "deaths that B saw")
    check_equal(MACS["A"], segment.router_believes().get("10.77.0.1"), "whom the router has")


TESTS = [install, orderly_reboot, boot_with_networkd, late_interface, drained, upgrade]
