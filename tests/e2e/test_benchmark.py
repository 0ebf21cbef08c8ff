#!/usr/bin/env python3
"""--benchmark: what it prints, and what it refuses. Nothing here asserts a speed."""

import json
import math
import re
import unittest

import nano
from harness import main, run_program

SHORT = ["--duration", "0.1"]


def benchmark(*arguments):
    return run_program("--benchmark", *SHORT, *arguments, seconds=60)


class Json(unittest.TestCase):
    def measure(self, *arguments):
        result = benchmark("--json", *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, "")  # no terminal, no progress
        return json.loads(result.stdout)

    def assert_thresholds(self, answer):
        fastest = max(device["hashes_per_second"] for device in answer["devices"])
        for threshold in answer["thresholds"]:
            self.assertEqual(set(threshold),
                             {"threshold", "works_per_second", "mean_seconds", "p95_seconds"})
            text = threshold["threshold"]
            passing = int(text[2:], 16) + 1 if text.startswith("<=") else 2**64 - int(text, 16)
            mean = 2**64 / passing / fastest
            self.assertTrue(math.isclose(threshold["mean_seconds"], mean, rel_tol=1e-6))
            self.assertTrue(math.isclose(threshold["works_per_second"], 1 / mean, rel_tol=1e-6))
            self.assertTrue(
                math.isclose(threshold["p95_seconds"], mean * math.log(20), rel_tol=1e-6))

    def test_shape(self):
        answer = self.measure("--threads", "1")
        self.assertEqual(list(answer), ["machine", "devices", "thresholds"])
        self.assertEqual(set(answer["machine"]), {"cpu", "cpus", "version", "build_info"})
        (device,) = answer["devices"]
        self.assertEqual(
            set(device),
            {"kind", "name", "scanner", "threads", "hashes_per_second", "stddev", "batch_seconds"},
        )
        self.assertEqual(device["kind"], "cpu")
        self.assertEqual(device["name"], answer["machine"]["cpu"])
        self.assertEqual(device["threads"], 1)
        self.assertGreater(device["hashes_per_second"], 1000)
        self.assertLess(device["hashes_per_second"], 1e12)
        self.assertGreaterEqual(device["stddev"], 0)
        self.assertGreater(device["batch_seconds"], 0)
        self.assert_thresholds(answer)

    def test_thresholds_of_today(self):
        texts = [entry["threshold"] for entry in self.measure()["thresholds"]]
        self.assertEqual(texts[:2], ["fffffff800000000", "fffffe0000000000"])
        self.assertRegex(texts[2], "^<=00000000[0-9a-f]{8}$")
        texts = [entry["threshold"] for entry in self.measure("--network", "dev")["thresholds"]]
        self.assertEqual(texts[:2], ["ffc0000000000000", "f000000000000000"])

    def test_thresholds_asked_for(self):
        answer = self.measure("--difficulty", "ff00000000000000", "--difficulty", "0")
        self.assertEqual([entry["threshold"] for entry in answer["thresholds"]],
                         ["ff00000000000000", nano.hex_u64(0)])
        self.assert_thresholds(answer)


class Text(unittest.TestCase):
    def test_default(self):
        result = benchmark("--device", "cpu")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, "")
        for line in (r"^Machine: .+, CPUs: \d+$", r"^Device: cpu, threads: \d+, slices",
                     r"^(avx512|avx2|neon|neon-sha3|portable) +\d+\.\d\d +\d+\.\d\d +\d+\.\d\d ms$",
                     r"^send +fffffff800000000 ", r"^receive +fffffe0000000000 ",
                     r"^Atto LIVE 20\d\d +<=00000000[0-9a-f]{8} "):
            self.assertRegex(result.stdout, f"(?m){line}")

    def test_all_scanners(self):
        result = benchmark("--scanner", "all")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"(?m)^portable ")

    def test_configured_scanner(self):
        result = benchmark("--config", "work.scanner=portable")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertFalse(re.search(r"(?m)^(avx|neon)", result.stdout))


class Errors(unittest.TestCase):
    def assert_refused(self, text, *arguments, status):
        result = run_program("--benchmark", *arguments)
        self.assertEqual(result.returncode, status)
        self.assertEqual(result.stdout, "")
        self.assertIn(text, result.stderr)

    def test_bad_values(self):
        for option, text, values in (
            ("--duration", "Invalid duration", ("0", "-1", "nan", "inf", "x", "86401", "1e999")),
            ("--device", "Invalid device: expected", ("gpu", "0", ":", "0:", ":1", "0:x", "CPU")),
            ("--threads", "Invalid threads count", ("0", "-1", "x", "1.5")),
            ("--difficulty", "Invalid difficulty", ("g", "fffffffffffffffff")),
        ):
            for value in values:
                with self.subTest(option=option, value=value):
                    self.assert_refused(text, f"{option}={value}", status=2)

    def test_what_is_not_here(self):
        for option, text, value in (
            ("--device", "Invalid device 4294967295:0: ", "4294967295:0"),
            ("--threads", "Invalid threads count", "100000"),
            ("--scanner", "Invalid scanner: nothing", "nothing"),
        ):
            with self.subTest(option=option):
                self.assert_refused(text, f"{option}={value}", status=1)

    def test_one_bad_difficulty_of_several(self):
        self.assert_refused("Invalid difficulty", "--difficulty", "ff", "--difficulty", "z", status=2)

    def test_no_threads(self):
        self.assert_refused("Work generation is disabled", "--config", "node.work_threads=0", status=1)


if __name__ == "__main__":
    main()
