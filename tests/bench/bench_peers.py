#!/usr/bin/env python3
"""How long a request waits for work peers, by peers.mode.

    bench_peers.py [requests]

Starts a daemon without devices for each mode before the same two peers. The first answers in 10 ms, but one
time in ten it takes a second; the second always takes 30 ms. The modes take turns, request by request, in one
run. Also asks the peers themselves: what no mode can beat. WORKPEER names the program.
"""

import os
import random
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

import fake_peer  # noqa: E402
import nano  # noqa: E402
from harness import Daemon  # noqa: E402
from http_client import Connection  # noqa: E402

EASY = "f000000000000000"
MODES = ("serial", "race", "hedge")


class Latency:
    """A behaviour whose latency is the same for every daemon that asks about one root."""

    def __init__(self, usual, rare=None):
        self.usual = usual
        self.rare = rare

    def __call__(self, exchange):
        seconds = self.usual
        if self.rare and random.Random(exchange.body["hash"]).random() < 0.1:
            seconds = self.rare
        if exchange.peer.stopped.wait(seconds):
            return False
        return fake_peer.good(exchange)


def ask(connection, root):
    begun = time.perf_counter()
    answer = connection.ask({"action": "work_generate", "hash": root, "difficulty": EASY})
    if "work" not in answer or nano.work_value(root, answer["work"]) < int(EASY, 16):
        raise AssertionError(answer)
    return time.perf_counter() - begun


def start(mode, peers):
    names = ",".join(f'"{peer.name}"' for peer in peers)
    return Daemon(
        config={"node.work_threads": "0", "node.work_peers": f"[{names}]", "peers.mode": mode}
    ).start()


def report(name, times):
    times = sorted(times)
    print(
        f"{name:<16} median {statistics.median(times) * 1e3:8.1f} ms   "
        f"95 % within {times[len(times) * 95 // 100] * 1e3:8.1f} ms   mean {statistics.mean(times) * 1e3:8.1f} ms"
    )


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    peers = [fake_peer.FakePeer(Latency(0.010, 1.0)), fake_peer.FakePeer(Latency(0.030))]
    daemons = {mode: start(mode, peers) for mode in MODES}
    ways = {f"peer {i + 1} alone": ("127.0.0.1", peer.port) for i, peer in enumerate(peers)}
    ways.update({mode: daemon.address for mode, daemon in daemons.items()})
    connections = {way: Connection(address, 30) for way, address in ways.items()}
    times = {way: [] for way in ways}
    for _ in range(count):
        root = nano.random_root()
        for way, connection in connections.items():
            times[way].append(ask(connection, root))
    for way in ways:
        report(way, times[way])
    for daemon in daemons.values():
        for fault in daemon.stop():
            print(fault, file=sys.stderr)
    for peer in peers:
        peer.stop()


if __name__ == "__main__":
    main()
