# SPDX-License-Identifier: BSD-2-Clause
"""What befalls a machine as a whole, or its cable: from outside, in qemu's monitor."""

import time

from segment import Log
from tally import check, check_equal, test, wait_until

OF_A = {"10.77.0.1", "10.77.0.2"}
OF_B = {"10.77.0.3", "10.77.0.4"}
PAUSE_S = 15


def cable(segment, server, other, addresses):
    """Its cable is pulled, and put back."""
    log = Log(segment[other])
    segment[server].set_link(0, False)
    segment.settle(other)
    wait_until(lambda: not segment.serves(server), 30, f"{server} has let go of its addresses")
    check_equal(segment.status(server)["standing"], "no carrier", server)
    check_equal(log.moved(), addresses, f"what moved at {other}")
    segment[server].set_link(0, True)
    segment.settle()
    check_equal(log.moved(), addresses, f"what moved at {other}")


@test("the cable of an e1000 is pulled: the other one serves; and back", quick=True)
def e1000(segment):
    cable(segment, "A", "B", OF_A)


@test("the cable of a virtio card is pulled: the other one serves; and back", quick=True)
def virtio(segment):
    cable(segment, "B", "A", OF_B)


@test("the switch takes nothing from a machine whose carrier stays: dead for others; and back")
def silent(segment):
    segment.switch.silence("A4")
    segment.settle("B")
    wait_until(lambda: segment.status("A")["standing"] == "isolated", 60, "A knows it")
    segment.switch.silence("A4", False)
    segment.settle()


@test("a machine is paused and goes on: others serve meanwhile, and in the end one each")
def paused(segment):
    log, own = Log(segment["B"]), Log(segment["A"])
    segment["A"].pause()
    try:
        segment.settle("B")
        time.sleep(PAUSE_S)
    finally:
        segment["A"].go_on()
    segment.settle()
    check_equal(log.moved(), OF_A, "what moved at B")
    check_equal(own.moved() - OF_A, set(), "what A took of B's")


@test("a machine is paused for less than it takes to die: nothing moves")
def paused_briefly(segment):
    logs = [Log(segment[server]) for server in segment.servers]
    segment["A"].pause()
    time.sleep(0.3)
    segment["A"].go_on()
    time.sleep(5)
    segment.settle()
    for log in logs:
        check_equal(log.moved(), set(), f"what moved at {log.machine.name}")


@test("a machine is reset: the other one claims its addresses; they come home after its boot")
def reset(segment):
    log = Log(segment["B"])
    boot = segment["A"].wait_boot()
    segment["A"].reset()
    segment.settle("B")
    text = log.text()
    check("A dead" in text, f"B does not say that A is dead: {text}")
    segment["A"].wait_up(boot, 400)
    segment.settle()
    check_equal(log.moved(), OF_A, "what moved at B")


TESTS = [e1000, virtio, silent, paused, paused_briefly, reset]
