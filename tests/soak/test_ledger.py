#!/usr/bin/env python3
"""That a soak's accounts tell what does not add up."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

# pylint: disable=wrong-import-position
from harness import main
from ledger import Ledger, end_of
from log_watch import READ_AGAIN, REFUSED, LogWatch
from vitals import Vitals

RESULTS = ("ok", "error", "cancelled", "refused", "left")


def metrics(unreadable=0, **names):
    """A scrape in which each action ended as its dictionary says."""
    values = {("workpeer_requests_unreadable_total", frozenset({("face", "rpc")})): float(unreadable)}
    for name, counts in names.items():
        for result in RESULTS:
            labels = frozenset({("action", name), ("result", result)})
            values["workpeer_requests_total", labels] = float(counts.get(result, 0))
    return values


class LedgerTest(unittest.TestCase):
    def setUp(self):
        self.ledger = Ledger()

    def had(self, name="status", **ends):
        for end, count in ends.items():
            for _ in range(count):
                self.ledger.note_answer(name, end)

    def assert_good(self, **names):
        self.assertEqual(self.ledger.compare(metrics(**names)), [])

    def assert_wrong(self, **names):
        self.assertNotEqual(self.ledger.compare(metrics(**names)), [])

    def test_ends(self):
        self.assertEqual(end_of({"work": "0"}), "ok")
        self.assertEqual(end_of({"error": "Cancelled"}), "cancelled")
        self.assertEqual(end_of({"error": "Unknown command"}), "error")

    def test_nothing(self):
        self.assert_good()
        self.assert_wrong(status={"ok": 1})

    def test_one_answer_each(self):
        self.had(ok=3, error=2, cancelled=1)
        self.assert_good(status={"ok": 3, "error": 1, "refused": 1, "cancelled": 1})
        self.assert_good(status={"ok": 3, "error": 2, "left": 1})
        self.assert_wrong(status={"ok": 2, "error": 2, "cancelled": 1})  # one was answered twice
        self.assert_wrong(status={"ok": 4, "error": 2, "cancelled": 1})  # one was answered to nobody
        self.assert_wrong(status={"ok": 2, "error": 3, "cancelled": 1})  # told otherwise than counted
        self.assert_wrong(status={"ok": 4, "error": 1, "cancelled": 1})
        self.assert_wrong(status={"ok": 3, "error": 2, "cancelled": 1}, version={"ok": 1})

    def test_who_left(self):
        self.had(ok=1)
        self.ledger.note_left("status", 2)
        self.assert_good(status={"ok": 1, "left": 2})
        self.assert_good(status={"ok": 2, "left": 1})  # it was answered before it was seen to have left
        self.assert_wrong(status={"ok": 1, "left": 1})
        self.assert_wrong(status={"ok": 1, "left": 3})

    def test_who_is_in_doubt(self):
        self.ledger.note_doubtful("status", 2)
        for count in range(3):
            self.assert_good(status={"left": count})
        self.assert_wrong(status={"left": 3})

    def test_unreadable(self):
        self.ledger.note_refused(True)
        self.ledger.note_refused(False)
        self.assert_good(unreadable=1)
        self.assert_good(unreadable=2)
        self.assert_wrong(unreadable=0)
        self.assert_wrong(unreadable=3)

    def test_requests(self):
        self.had(ok=2)
        self.ledger.note_left("status")
        self.ledger.note_doubtful("status")
        self.assertEqual(self.ledger.requests(), 3)


class LogWatchTest(unittest.TestCase):
    def setUp(self):
        file = tempfile.NamedTemporaryFile("w", encoding="utf-8")
        self.addCleanup(file.close)
        self.file = file

    def write(self, text):
        self.file.write(text)
        self.file.flush()

    def test_reloads_as_the_log_grows(self):
        watch = LogWatch(self.file.name, True)
        self.write(f"2026 info {READ_AGAIN}: settings changed: 0\n2026 error The confi")
        self.assertEqual((watch.look().read_again, watch.refused), (1, 0))
        self.write(f"{REFUSED[9:]}\n")
        self.assertEqual((watch.look().read_again, watch.refused), (1, 1))
        self.assertEqual(watch.unexplained, [])

    def test_complaints(self):
        """What a fault explains is unexplained where there is none, and what is no line of a log always is."""
        lines = ["2026 warn Device opencl 0:0 (faulty) failed and rests: it lies", "2026 warn Something else",
                 "ERROR: AddressSanitizer: heap-use-after-free", "2026 info all is well"]
        self.write("\n".join(lines) + "\n")
        self.assertEqual(LogWatch(self.file.name, True).look().unexplained, lines[1:3])
        watch = LogWatch(self.file.name, False).look()
        self.assertEqual((watch.unexplained, watch.complaints), (lines[:3], 2))


class VitalsTest(unittest.TestCase):
    def test_growth(self):
        before = Vitals(os.getpid())
        self.assertEqual(before.faults(before, 0), [])
        after = Vitals(os.getpid())
        after.own, after.descriptors, after.threads = before.own + 2, before.descriptors + 1, before.threads + 1
        self.assertEqual(len(after.faults(before, 1)), 3)
        self.assertEqual(len(after.faults(before, 2)), 2)

    def test_what_is_held(self):
        before = Vitals(os.getpid())
        with open(os.devnull, "rb"):
            self.assertEqual(Vitals(os.getpid()).descriptors, before.descriptors + 1)


if __name__ == "__main__":
    main()
