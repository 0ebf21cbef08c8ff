#!/usr/bin/env python3
"""The commands that measure and report: --debug_*, --list_devices, --diagnostics."""

import re
import signal
import subprocess
import tempfile
import unittest

import nano
from harness import PROGRAM, main, run_program, scaled, wait_until

# Quick ones: some 54,000 hashes a work.
QUICK = ["--multiplier", "0.0001"]


def header(difficulty):
    """The line that the node writes before it measures; its base is always the live network's."""
    multiplier = nano.to_multiplier(difficulty, nano.LIVE.base)
    return (
        f"Starting generation profiling. Difficulty: 0x{difficulty:016x} "
        f"({multiplier:.4f}x from base difficulty 0xfffffff800000000)"
    )


class ProfileGenerate(unittest.TestCase):
    def assert_times(self, lines):
        for line in lines:
            self.assertRegex(line, r"^ {0,11}\d+$")
            self.assertGreaterEqual(len(line), 12)

    def assert_summary(self, text):
        for what in ("mean", "median", "standard error", "hash"):
            self.assertRegex(text, f"(?i){what}")
        self.assertRegex(text, r"(?i)works?(/s| a second| per second)")

    def start(self, *arguments):
        """The program and the path of what it writes to stderr."""
        errors = tempfile.NamedTemporaryFile(prefix="workpeer-e2e-")
        self.addCleanup(errors.close)
        process = subprocess.Popen(
            [PROGRAM, "--debug_profile_generate", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, errors.name

    def lines(self, path):
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()

    def test_count(self):
        result = run_program("--debug_profile_generate", "--count", "5", *QUICK, seconds=60)
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stderr.splitlines()
        self.assertEqual(lines[0], header(nano.from_multiplier(0.0001, nano.LIVE.base)))
        self.assert_times(lines[1:6])
        self.assert_summary("\n".join(lines[6:]) + result.stdout)
        times = [line for line in lines if re.fullmatch(r" *\d+", line)]
        self.assertEqual(len(times), 5)

    def test_threads_and_sleep(self):
        result = run_program("--debug_profile_generate", "--count", "3", "--threads", "2",
                             "--pow_sleep_interval", "1000", *QUICK, seconds=60)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_times(result.stderr.splitlines()[1:4])

    def test_difficulty(self):
        result = run_program("--debug_profile_generate", "--count", "1", "--difficulty",
                             "fffff00000000000")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr.splitlines()[0], header(0xFFFFF00000000000))

    def test_multiplier_overrides_difficulty(self):
        result = run_program("--debug_profile_generate", "--count", "1", "--difficulty",
                             "ffffffffffffffff", *QUICK)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr.splitlines()[0],
                         header(nano.from_multiplier(0.0001, nano.LIVE.base)))

    def test_default_difficulty(self):
        process, path = self.start()
        wait_until(lambda: "base difficulty" in " ".join(self.lines(path)), "the header is written")
        self.assertEqual(
            self.lines(path)[0],
            "Starting generation profiling. Difficulty: 0xfffffff800000000 "
            "(1.0000x from base difficulty 0xfffffff800000000)",
        )
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(scaled(5)), 0)

    def test_sigint_gives_the_summary(self):
        process, path = self.start(*QUICK)
        wait_until(lambda: len(self.lines(path)) > 5, "some works are found", 30)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=scaled(5))
        self.assertEqual(process.returncode, 0)
        self.assert_summary("\n".join(self.lines(path)[6:]) + output)

    def test_bad_values(self):
        for option, bad, text in (
            *(("--multiplier", bad, "Invalid multiplier") for bad in ("0", "-1", "nan", "inf", "x")),
            *(("--difficulty", bad, "Invalid difficulty") for bad in ("g", "fffffffffffffffff")),
            *(("--threads", bad, "threads") for bad in ("-1", "x", "1.5")),
            *(("--pow_sleep_interval", bad, "pow_sleep_interval") for bad in ("-1", "x")),
            *(("--count", bad, "count") for bad in ("0", "-1", "x", "1.5")),
        ):
            with self.subTest(option=option, bad=bad):
                result = run_program("--debug_profile_generate", f"{option}={bad}")
                self.assertEqual(result.returncode, 2)
                self.assertIn(text, result.stderr)
                self.assertNotIn("Starting", result.stderr)


class Others(unittest.TestCase):
    def test_profile_validate(self):
        result = run_program("--debug_profile_validate", seconds=120)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("Starting validation profile\n", result.stderr)
        self.assertRegex(result.stdout,
                         r"(?m)^Average validation time: \d+ ns \(\d+ validations/s\)$")

    def test_list_devices(self):
        result = run_program("--list_devices")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, "(?i)cpu")
        self.assertRegex(result.stdout, "portable|avx2|avx512|neon")

    def test_diagnostics(self):
        result = run_program("--diagnostics", seconds=60)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout, "(?i)cpu")


if __name__ == "__main__":
    main()
