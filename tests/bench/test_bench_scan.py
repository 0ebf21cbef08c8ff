#!/usr/bin/env python3
"""bench_scan: that it runs, and what it prints. Nothing here asserts a speed."""

import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

# pylint: disable=wrong-import-position
from harness import main, run_program, scaled

BENCH_SCAN = "tests/bench/bench_scan"
NUMBER = r" +(\d+\.\d+)"


def bench_scan(*arguments):
    return subprocess.run([BENCH_SCAN, *arguments], capture_output=True, text=True,
                          timeout=scaled(60), check=False)


class BenchScan(unittest.TestCase):
    def rows(self, *arguments):
        """Of the table, by scanner: rate, times libb2, the port limit, how much of it."""
        result = bench_scan("--rounds", "1", *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        lines = result.stdout.splitlines()
        self.assertRegex(lines[0], r"^.+, one thread, 1 rounds?, slices of 50 ms of CPU time$")
        self.assertRegex(lines[2], "^Scanner +rate +x libb2 +port limit +of limit +MH/s, medians$")
        rows = {}
        for line in lines[3:]:
            found = re.fullmatch(rf"(\S+){NUMBER}{NUMBER}(?:{NUMBER}{NUMBER})?", line)
            self.assertIsNotNone(found, line)
            rows[found[1]] = [float(number) for number in found.groups()[1:] if number is not None]
        return rows

    def test_all(self):
        """Every scanner that this CPU can run, and libb2; of one round the ratios are exact."""
        listed = run_program("--list_devices").stdout
        rows = self.rows()
        self.assertEqual(list(rows),
                         ["libb2", *re.findall(r"(?m)^    scanner (\S+) +usable", listed)])
        self.assertEqual(rows["libb2"][1:], [1.0])
        for rate, times_libb2, *limit in rows.values():
            self.assert_ratio(times_libb2, rate, rows["libb2"][0])
            if limit:
                self.assert_ratio(limit[1], rate, limit[0])

    def assert_ratio(self, ratio, rate, other):
        """As far as two decimals of each tell."""
        self.assertGreater(min(rate, other), 0)
        error = 0.006 + ratio * 0.006 * (1 / rate + 1 / other)
        self.assertAlmostEqual(ratio, rate / other, delta=error)

    def test_one(self):
        self.assertEqual(list(self.rows("--scanner", "portable")), ["libb2", "portable"])

    def test_bad_options(self):
        for arguments in (["--rounds", "0"], ["--rounds", "x"], ["--scanner", "abacus"], ["more"],
                          ["--compare"]):
            with self.subTest(arguments=arguments):
                result = bench_scan(*arguments)
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn("usage: bench_scan", result.stderr)


if __name__ == "__main__":
    main()
