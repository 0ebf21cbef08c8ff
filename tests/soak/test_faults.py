#!/usr/bin/env python3
"""The soak's faults one by one, where one has to show what it does, and what a soak has found."""

import os
import socket
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

# pylint: disable=wrong-import-position
import nano
from harness import main, wait_until
from place import Place

MODULES = os.path.abspath("tests/soak/.libs")
EASY = "fff0000000000000"


class FaultTest(unittest.TestCase):
    def setUp(self):
        self.place = Place(MODULES)
        self.addCleanup(self.place.stop)
        self.addCleanup(self.stop_daemon)
        self.place.start()

    def stop_daemon(self):
        self.assertEqual(self.place.daemon.stop(), [])

    def generate(self, **fields):
        root = nano.random_root()
        answer = self.place.daemon.rpc("work_generate", hash=root, difficulty=EASY, **fields)
        self.assertIn("work", answer, answer)
        self.assertGreaterEqual(nano.work_value(root, answer["work"]), int(EASY, 16))

    def device(self):
        return next(each for each in self.place.daemon.status()["devices"] if each["kind"] == "opencl")


class Devices(FaultTest):
    def setUp(self):
        super().setUp()
        if not self.place.has_opencl:
            self.skipTest("no tests/soak/faulty_opencl.so in this build")
        self.wait_for("up")

    def wait_for(self, state):
        wait_until(lambda: self.device()["state"] == state, f"the device is {state}", 30)

    def break_device(self, word, reason):
        """Searches are many enough for the device to have some; they all succeed."""
        self.place.set_opencl(word)

        def failed():
            self.generate()
            return self.device()["state"] == "resting"

        wait_until(failed, "the device has failed", 30)
        self.assertIn(reason, self.device()["reason"])
        self.place.set_opencl("well")
        self.wait_for("up")
        self.generate()

    def test_refusing(self):
        self.break_device("refuse", "clEnqueueNDRangeKernel: CL_OUT_OF_RESOURCES")

    def test_breaking(self):
        self.break_device("break", "a launch: CL_OUT_OF_RESOURCES")

    def test_lying(self):
        self.break_device("lie", "does not reach the threshold")

    def test_absurd(self):
        self.break_device("absurd", "it returned item")

    def test_hanging_device_is_replaced_twice(self):
        """The loop waits for no device: its engine is stopped elsewhere, and so is the one before."""
        self.addCleanup(self.place.set_opencl, "well")
        self.place.set_opencl("hang")
        with self.place.daemon.connect() as connection:
            connection.post({"action": "work_generate", "hash": nano.random_root(), "difficulty": "ffffffffffff0000"})
            wait_until(lambda: self.device()["job"], "the device hangs at a job", 30)
            for scanner in ("portable", "auto", "portable"):
                self.place.reload(self.place.settings(scanner=scanner))
            # Its patience is 20 seconds, and it has the device's word only when this is over.
            before = time.monotonic()
            self.assertEqual(self.place.get("/health").status, 200)
            waited = time.monotonic() - before
        self.place.set_opencl("well")
        self.assertLess(waited, 10, "the loop waited for a device")


class Reloads(FaultTest):
    def test_memory_goes_back(self):
        """A reload that replaces the devices leaves nothing behind, on whichever thread."""
        for turn in range(30):
            self.place.reload(self.place.settings(scanner=("portable", "auto")[turn % 2]))
            if turn == 4:
                before = self.place.vitals()
        if "libasan" in self.loaded() or "libtsan" in self.loaded():
            self.skipTest("a sanitizer keeps what is freed")
        threads = before.threads
        wait_until(lambda: self.place.vitals().threads <= threads, "the replaced devices' threads have ended")
        # A pool is 4 MiB; there were 25.
        self.assertLess(self.place.vitals().own, before.own + (12 << 20))

    def loaded(self):
        with open(f"/proc/{self.place.daemon.process.pid}/maps", encoding="utf-8") as file:
            return file.read()


class Clock(FaultTest):
    def test_jumps(self):
        if not self.place.clock_jumps:
            self.skipTest("no tests/soak/jumping_clock.so in this build")
        for seconds in (3600.0 * 24 * 365 * 3, -3600.0 * 24 * 365 * 3):
            self.place.set_clock(seconds)
            self.generate()
            year = time.gmtime(time.time() + seconds).tm_year
            self.assertRegex(self.place.daemon.log().splitlines()[-1], f"^{year}-")


class Node(FaultTest):
    def test_away_and_back(self):
        def can_connect():
            with socket.socket() as sock:
                return sock.connect_ex(("127.0.0.1", self.place.node.port)) == 0

        port = self.place.node.port
        for _ in range(3):
            self.place.send_node_away()
            self.assertFalse(can_connect())
            self.place.bring_node_back()
            self.assertTrue(can_connect())
            self.assertEqual(self.place.node.port, port)


class FullDisk(FaultTest):
    def test_full_and_empty_again(self):
        if not self.place.disk.is_small:
            self.skipTest("this user may not mount a tmpfs")
        self.place.disk.fill()

        def told():
            self.generate()
            return "Cannot write to the store" in self.place.daemon.log()

        wait_until(told, "the store has no room", 30)
        self.assertEqual(self.place.log.look().unexplained, [])
        self.place.disk.empty()
        wait_until(lambda: self.place.daemon.status()["store"]["error"] == "", "the store is written again", 30)


if __name__ == "__main__":
    main()
