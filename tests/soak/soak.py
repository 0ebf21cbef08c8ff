#!/usr/bin/env python3
"""A soak: the daemon for a while with clients good and bad, and with faults at random; then its accounts.

    make soak SOAK_SECONDS=3600 SOAK_SEED=7

Devices fail, lie and hang; peers lie and die; files are read again, good ones and bad ones; the disk fills; the
clock jumps; the node goes; clients leave, drip, flood and never read. At the end every request has had exactly
one answer, or a client that left, and the daemon has counted the same; each work is work; memory, descriptors
and threads are where they were after the first part, which has no faults; the log complains of nothing that no
fault explains; and the daemon ends with status 0.

SOAK_REQUESTS=100000 ends it after so many requests in place of a time. SOAK_FAULTS=none has no faults, only
clients. The same seed has the same faults and clients, in the order that threads happen to take. A run that
fails prints its seed and keeps the daemon's files.
"""

import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

# pylint: disable=wrong-import-position
from bad_clients import BadClient
from clients import Client
from faults import Faults, kinds
from harness import PROGRAM, scaled, wait_until
from ledger import Ledger, value_of
from place import Place

GOOD_CLIENTS = 4
BAD_CLIENTS = 2
ROWS = 10

# Of a run, before anything is measured or fails: allocators and caches have what they want by then.
WARM_PART = 0.15

# What the process's own memory may grow by from then on: its allocator's arenas are filled unevenly. Under a
# sanitizer, whose quarantine and shadow grow, there is no such bound to hold.
MEMORY_BOUND = 8 << 20

# Longer than a daemon that is not stuck takes for /health, on a machine that does much else.
STUCK = 20


class Soak:
    def __init__(self, seconds, requests, seed, with_faults):
        self.seconds = seconds
        self.requests = requests  # None where time counts
        self.seed = seed
        self.ledger = Ledger()
        self.place = Place(os.path.abspath("tests/soak/.libs"), with_faults)
        chosen, missing = kinds(self.place) if with_faults else ([], [])
        self.faults = Faults(self.place, self.rng("faults"), chosen, self.ledger.fault)
        self.missing = missing
        self.stopped = threading.Event()
        self.slowest = 0.0
        self.rows = 0
        self.begun = time.monotonic()

    def rng(self, name):
        return random.Random(f"{self.seed}/{name}")

    # Threads.

    def client(self, kind, number):
        client = kind(self.place, self.ledger, self.rng(f"{kind.__name__}/{number}"))
        while not self.stopped.is_set():
            try:
                client.turn()
            except Exception as error:  # pylint: disable=broad-except
                self.ledger.fault(f"{kind.__name__} {number}: {error!r}")
                time.sleep(0.1)

    def probe(self):
        """The daemon's loop always turns."""
        while not self.stopped.wait(0.1):
            before = time.monotonic()
            try:
                if self.place.get("/health").status not in (200, 503):
                    self.ledger.fault("/health has another status than 200 and 503")
            except Exception as error:  # pylint: disable=broad-except
                self.ledger.fault(f"/health: {error!r}")
            self.slowest = max(self.slowest, time.monotonic() - before)

    def start_clients(self):
        self.stopped.clear()
        threads = [threading.Thread(target=self.client, args=(Client, number)) for number in range(GOOD_CLIENTS)]
        threads += [threading.Thread(target=self.client, args=(BadClient, number)) for number in range(BAD_CLIENTS)]
        threads.append(threading.Thread(target=self.probe))
        for thread in threads:
            thread.start()
        return threads

    def stop_clients(self, threads):
        self.stopped.set()
        for thread in threads:
            thread.join()

    # The course of a run.

    def part_done(self):
        """From 0 to 1, and beyond."""
        if self.requests is not None:
            return self.ledger.requests() / self.requests
        return (time.monotonic() - self.begun) / self.seconds

    def row(self):
        print(
            f"{time.monotonic() - self.begun:8.0f} s {self.ledger.requests():9} requests"
            f" {self.ledger.works:9} works checked  {self.place.vitals()}", flush=True)

    def run_until(self, part):
        while self.part_done() < part and not self.ledger.faults:
            if self.place.daemon.process.poll() is not None:
                self.ledger.fault(f"the daemon ended with {self.place.daemon.process.returncode}")
                return
            self.place.log.look()
            if self.part_done() * ROWS >= self.rows + 1:
                self.rows += 1
                self.row()
            time.sleep(0.05)

    def settle(self):
        """Until nobody waits for anything any more; returns the metrics then."""

        def settled():
            metrics = self.place.scrape()
            quiet = (
                value_of(metrics, "workpeer_requests_in_flight", face="rpc"),
                value_of(metrics, "workpeer_connections", face="rpc"),
                value_of(metrics, "workpeer_waiters"),
                value_of(metrics, "workpeer_jobs_in_flight"),
                value_of(metrics, "workpeer_queue_jobs", **{"class": "asked"}),
                value_of(metrics, "workpeer_queue_jobs", **{"class": "ahead"}),
                value_of(metrics, "workpeer_cache_pending"),
                1 - value_of(metrics, "workpeer_cache_up"),
            )
            return metrics if not any(quiet) else None

        return wait_until(settled, "nothing is in flight and the store is written", 60)

    def vitals_at_rest(self, threads):
        """Once all that is still to end has ended: with them the threads of devices that were replaced."""
        self.place.calm()
        self.settle()
        wait_until(lambda: self.place.vitals().threads <= threads, f"there are {threads} threads again", 60)
        return self.place.vitals()

    def run(self):
        self.place.start()
        threads_at_start = self.place.vitals().threads
        self.begun = time.monotonic()
        threads = self.start_clients()
        self.run_until(WARM_PART)
        self.stop_clients(threads)
        before = self.vitals_at_rest(threads_at_start)
        self.row()
        threads = self.start_clients()
        self.faults.start()
        self.run_until(1)
        self.faults.stop()
        self.stop_clients(threads)
        self.check(before)

    def check(self, before):
        bound = MEMORY_BOUND if "asan" not in self.loaded() else float("inf")
        last = []

        def back():
            last[:] = self.place.vitals().faults(before, bound)
            return not last

        self.vitals_at_rest(before.threads)
        try:
            wait_until(back, "memory, descriptors and threads are where they were", 30)
        except AssertionError:
            self.ledger.faults += last
        self.row()
        self.ledger.faults += self.ledger.compare(self.settle())
        if self.slowest > scaled(STUCK):
            self.ledger.fault(f"/health took {self.slowest:.1f} s")

    def loaded(self):
        with open(f"/proc/{self.place.daemon.process.pid}/maps", encoding="utf-8") as file:
            return file.read()

    # The end.

    def end(self):
        """Stops everything; returns all that was wrong."""
        self.stopped.set()
        self.faults.stop()
        process = self.place.daemon.process
        if process.poll() is None:
            process.terminate()
            process.wait(scaled(60))
        faults = self.ledger.faults
        if self.place.log is not None:
            faults += [f"the log has {line!r}" for line in self.place.log.look().unexplained[:20]]
        if faults or process.returncode != 0:
            self.keep()
        # The last of them is the end of the log, which is kept.
        faults += [fault.partition("\n")[0] for fault in self.place.daemon.stop()]
        self.place.stop()
        return faults

    def keep(self):
        directory = os.path.abspath(f"tests/soak/failed-{self.seed}")
        self.place.keep(directory)
        print(f"the daemon's files are kept in {directory}")

    def tell(self):
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.counts.items()))
        print(f"faults: {counts or 'none'}")
        for what in self.missing:
            print(f"not tried: {what}")
        ends = ", ".join(f"{name} {end} {count}" for (name, end), count in sorted(self.ledger.answered.items()))
        print(f"answers: {ends}")
        print(f"clients that left: {dict(self.ledger.left)}; in doubt: {dict(self.ledger.doubtful)}")
        complaints = self.place.log.complaints if self.place.log is not None else 0
        print(f"slowest /health: {self.slowest * 1000:.0f} ms; warnings and errors in the log: {complaints}")


def number(name):
    text = os.environ.get(name, "")
    return int(text) if text else None


def main():
    if not os.access(PROGRAM, os.X_OK):
        print(f"no program at {PROGRAM}: build it, or name it with WORKPEER=", file=sys.stderr)
        return 1
    seed = number("SOAK_SEED")
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    soak = Soak(
        number("SOAK_SECONDS") or 12, number("SOAK_REQUESTS"), seed, os.environ.get("SOAK_FAULTS") != "none")
    print(f"SOAK_SEED={seed}", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is mounted is to be unmounted
    try:
        soak.run()
    except (Exception, KeyboardInterrupt) as error:  # pylint: disable=broad-except
        soak.ledger.fault(f"the soak itself: {error!r}")
    faults = soak.end()
    soak.tell()
    for fault in faults[:40]:
        print(f"FAULT: {fault}")
    print(f"{'FAILED' if faults else 'good'}: SOAK_SEED={seed}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
