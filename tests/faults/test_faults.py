#!/usr/bin/env python3
"""A sample of sweep.py's faults, the same each time: some calls of each class in each journey."""

import sys
import unittest

# In this order: sweep says where the others are.
import sweep
import control
import journeys


class Faults(unittest.TestCase):
    """One test a journey: see the end of this file."""


def test_of(journey_class):
    def test(self):
        sample = sweep.Sweep(sample=True)
        first = sample.journey(journey_class)
        needs = journey_class.needs
        if needs and not any(first.counts[lane, needs] for lane in control.LANES):
            self.skipTest(f"this program makes no call of {needs}")
        self.assertEqual([run.explain() for run in sample.bad], [])
        self.assertGreater(sum(row.count["failed"] for row in sample.rows.values()), 0, "nothing failed")

    test.__doc__ = journey_class.__doc__
    return test


for each in journeys.ALL:
    setattr(Faults, f"test_{each.__name__.lower()}", test_of(each))

if __name__ == "__main__":
    sys.exit(0 if unittest.main(exit=False, verbosity=2).result.wasSuccessful() else 1)
