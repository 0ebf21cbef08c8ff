#!/usr/bin/env python3
"""The load generator and its driver, on the daemon and on a server that stands in for nano-work-server."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
sys.path.insert(0, HERE)

# pylint: disable=wrong-import-position
from bench_load import LOAD, Server, free_port, start_workpeer
from harness import main, scaled
from stand_in_work_server import STALL_SECONDS

STAND_IN = os.path.join(HERE, "stand_in_work_server.py")
SMALL = ["--connections", "40", "--rate", "100", "--seconds", "1", "--cached", "20"]


class LoadTest(unittest.TestCase):
    def setUp(self):
        if not os.access(LOAD, os.X_OK):
            self.fail(f"no program at {LOAD}: run this in the build directory, after make check has built it")

    def start_stand_in(self, manner=None):
        port = free_port()
        os.environ["STAND_IN"] = manner or ""
        command = [sys.executable, STAND_IN, "--listen-address", f"127.0.0.1:{port}", "--cpu-threads", "1"]
        server = Server(command, port)
        self.addCleanup(server.stop)
        return port

    def load(self, port, *options):
        """The exit status, and the figures."""
        result = subprocess.run(
            [LOAD, "--port", str(port), "--json", *options],
            capture_output=True, text=True, check=False, timeout=scaled(120),
        )
        self.assertIn(result.returncode, (0, 2), result.stderr)
        return result.returncode, json.loads(result.stdout)

    def test_daemon(self):
        """Every kind of request, several at once on few connections, all of them answered well."""
        with tempfile.TemporaryDirectory() as directory:
            server = start_workpeer(directory, 1)
            try:
                status, figures = self.load(server.port, *SMALL)
            finally:
                server.stop()
        self.assertEqual(status, 0, figures)
        self.assertEqual(
            set(figures["kinds"]),
            {"validate", "cached", "fresh", "status", "cancel", "leave", "half", "pipeline", "doomed"})
        for kind, row in figures["kinds"].items():
            ends = row["left"] if kind in ("leave", "half") else row["answered"]
            self.assertEqual(ends, row["sent"], kind)
        self.assertEqual(figures["kinds"]["cached"]["stored"], figures["kinds"]["cached"]["sent"])
        self.assertEqual(figures["kinds"]["fresh"]["stored"], 0)
        self.assertGreaterEqual(figures["reconnects"], figures["kinds"]["leave"]["sent"])

    def test_bad_works_are_seen(self):
        port = self.start_stand_in("lie")
        status, figures = self.load(port, *SMALL, "--mix", "fresh=1,validate=1", "--easy", "ff00000000000000")
        self.assertEqual(status, 2)
        fresh, validate = figures["kinds"]["fresh"], figures["kinds"]["validate"]
        self.assertEqual((fresh["wrong"], fresh["answered"]), (fresh["sent"], 0))
        self.assertEqual(validate["answered"], validate["sent"])

    def test_a_stall_is_counted_for_all_who_waited(self):
        """The server stands still while nearly all of the requests become due; few of them could be sent."""
        port = self.start_stand_in("stall")
        options = ["--connections", "2", "--rate", "200", "--seconds", str(STALL_SECONDS), "--mix", "validate=1"]
        status, figures = self.load(port, *options)
        self.assertEqual(status, 0)
        self.assertGreater(figures["all"]["p50_ms"], 1000 * STALL_SECONDS / 4)
        self.assertGreater(figures["all"]["max_ms"], 1000 * STALL_SECONDS * 0.9)

    def test_what_never_comes_is_lost(self):
        """A search that nobody cancels, on a server that would search for ever."""
        port = self.start_stand_in()
        options = ["--connections", "2", "--rate", "50", "--seconds", "0.2", "--mix", "fresh=1", "--seed", "2"]
        status, figures = self.load(port, *options, "--easy", "ffffffffffffffff", "--patience", "0.5")
        self.assertEqual(status, 2)
        fresh = figures["kinds"]["fresh"]
        self.assertGreater(fresh["sent"], 2)
        self.assertEqual(fresh["lost"], fresh["sent"])
        self.assertGreater(fresh["p50_ms"], 450)

    def test_driver(self):
        """Both servers side by side, the second by its name in PATH."""
        with tempfile.TemporaryDirectory() as directory:
            name = os.path.join(directory, "nano-work-server")
            with open(name, "w", encoding="utf-8") as file:
                file.write(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "$@"\n')
            os.chmod(name, 0o755)
            result = subprocess.run(
                [sys.executable, os.path.join(HERE, "bench_load.py"), "--rates", "50,100", "--runs", "1", "--table",
                 "--", *SMALL[:2], "--seconds", "1", "--cached", "20", "--easy", "ff00000000000000"],
                env={**os.environ, "PATH": f"{directory}:{os.environ['PATH']}", "STAND_IN": ""},
                capture_output=True, text=True, check=False, timeout=scaled(120),
            )
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        rows = re.findall(r"^(workpeer|nano-work-server) +(\d+) .* (\d+)$", result.stdout, re.M)
        self.assertEqual(rows, [
            ("workpeer", "50", "0"), ("nano-work-server", "50", "0"),
            ("workpeer", "100", "0"), ("nano-work-server", "100", "0"),
        ], result.stdout)
        self.assertNotIn("not installed", result.stdout)


if __name__ == "__main__":
    main()
