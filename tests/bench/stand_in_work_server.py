#!/usr/bin/env python3
"""Stands in for nano-work-server in a test: its options, its actions and the shape of its answers, in Python.

STAND_IN=lie has it answer with works that are none; STAND_IN=stall has it do nothing at all for STALL_SECONDS
after its first request.
"""

import argparse
import asyncio
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

import nano  # pylint: disable=wrong-import-position

STALL_SECONDS = 2
TOO_HARD = 0xFFFFF00000000000


class Server:
    def __init__(self, manner):
        self.manner = manner
        self.stalled = False
        self.cancels = {}  # an event for each root that is searched

    async def answer(self, fields):
        if self.manner == "stall" and not self.stalled:
            self.stalled = True
            time.sleep(STALL_SECONDS)
        action = fields["action"]
        if action == "work_generate":
            return await self.generate(fields["hash"], int(fields["difficulty"], 16))
        if action == "work_validate":
            return {"valid": "1", **self.worth(fields["hash"], fields["work"])}
        if action == "work_cancel":
            self.cancels.setdefault(fields["hash"], asyncio.Event()).set()
            return {}
        return {"generating": "0", "queue_size": "0"}

    async def generate(self, root, difficulty):
        if difficulty > TOO_HARD:
            await self.cancels.setdefault(root, asyncio.Event()).wait()
            return {"error": "Cancelled"}
        bounds = (0, difficulty) if self.manner == "lie" else (difficulty,)
        work = nano.find_work(root, *bounds)
        return {"work": work, **self.worth(root, work)}

    @staticmethod
    def worth(root, work):
        """Difficulties without leading zeros, multipliers as Rust prints them."""
        value = nano.work_value(root, work)
        return {"difficulty": f"{value:x}", "multiplier": str(nano.to_multiplier(value, nano.LIVE.base))}

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
                body = json.dumps(await self.answer(json.loads(await reader.readexactly(length)))).encode()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                             % (len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen-address", default="[::1]:7076")
    parser.add_argument("--cpu-threads", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.cpu_threads == 0:
        sys.exit("No workers specified.")
    host, _, port = arguments.listen_address.rpartition(":")
    server = await asyncio.start_server(
        Server(os.environ.get("STAND_IN")).serve, host.strip("[]"), int(port), backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
