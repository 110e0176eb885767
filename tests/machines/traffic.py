#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs inside machines: a service that tells which server it is on, and clients of it.

	traffic.py serve NAME		on each server
	traffic.py ask			behind the router; says `ready' when all flows are open,
					and on SIGTERM what it saw, as a line of JSON

The clients hold connections open, each to an external address of its own, say something on
each again and again, and want to hear it back; and they open short ones besides."""

import asyncio
import contextlib
import json
import signal
import sys

PORT = 7
FLOWS = 12
PAUSE_S = 0.5
ANSWER_S = 15  # a retransmission or two; the machines are slow


async def serve(name):
    """Say NAME, then send back what comes."""

    async def echo(reader, writer):
        with contextlib.suppress(OSError):
            writer.write(name.encode() + b"\n")
            while True:
                line = await reader.readline()
                if not line:
                    break
                writer.write(line)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "0.0.0.0", PORT)
    await server.serve_forever()


class Clients:
    """The connections, and what befell them."""

    def __init__(self):
        self.short = {"lost": 0}  # by server
        self.flows = {}  # number -> server
        self.cut = {}  # number of a long one -> why

    async def _line(self, reader):
        line = await asyncio.wait_for(reader.readline(), ANSWER_S)
        if not line.endswith(b"\n"):
            raise ConnectionError("it was closed")
        return line.decode().strip()

    async def flow(self, number):
        """A long one."""
        host = f"203.0.113.{number + 1}"
        try:
            reader, writer = await asyncio.wait_for(
                asyncio.open_connection(host, PORT), ANSWER_S)
            self.flows[number] = await self._line(reader)
            said = 0
            while True:
                said += 1
                writer.write(f"{said}\n".encode())
                if await self._line(reader) != str(said):
                    raise ConnectionError("something else came back")
                await asyncio.sleep(PAUSE_S)
        except (OSError, asyncio.TimeoutError) as error:
            self.cut[number] = f"{self.flows.get(number, 'nobody')}: {error!r}"

    async def short_ones(self):
        """One after the other."""
        number = 0
        while True:
            number = (number + 7) % 250
            try:
                reader, writer = await asyncio.wait_for(
                    asyncio.open_connection(f"203.0.113.{number + 1}", PORT), ANSWER_S)
                server = await self._line(reader)
                self.short[server] = self.short.get(server, 0) + 1
                writer.close()
            except (OSError, asyncio.TimeoutError):
                self.short["lost"] += 1
            await asyncio.sleep(PAUSE_S)

    async def run(self):
        """Until SIGTERM."""
        end = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
        tasks = [asyncio.create_task(self.flow(number)) for number in range(FLOWS)]
        tasks.append(asyncio.create_task(self.short_ones()))
        while len(self.flows) + len(self.cut) < FLOWS and not end.is_set():
            await asyncio.sleep(0.1)
        print("ready", flush=True)
        await end.wait()
        for task in tasks:
            task.cancel()
        print(json.dumps({"short": self.short, "flows": self.flows, "cut": self.cut}), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(sys.argv[2]))
    else:
        asyncio.run(Clients().run())
