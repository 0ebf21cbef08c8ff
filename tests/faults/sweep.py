#!/usr/bin/env python3
"""Fails every call of every journey once, and sees that nothing worse happens than must.

    sweep.py [--class CLASS] [--lane LANE] [--number N] [--sample] [JOURNEY ...]

For each journey one run without a fault counts the calls of each class. Then for each call there is
a daemon in which that call fails. Whatever happens:

- the process is not killed, and a sanitizer has nothing to report, no leak either;
- each request gets one answer, or its connection ends, within the deadline;
- the daemon does not start, with status 1 and the reason in its log; or it still works afterwards;
- where the outcome is another than without the fault, a line of the log says what happened.

What src/rpc, src/node, libevent or jansson allocate is another matter. Where that fails:

- the process ends, with status 1 and "Out of memory: the process ends" as the last line of its log;
- every answer that was begun is whole, and what it says is true;
- a daemon that is started on what the other has left behind has nothing to complain of, and works.
"""

import argparse
import collections
import concurrent.futures
import itertools
import os
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
os.environ["WORKPEER"] = os.path.abspath("tests/faults/workpeer")

# The rest needs both of them.
# pylint: disable=wrong-import-position
import control
import excuses
import journeys
from harness import Daemon, wait_until

# Most of a run is waiting.
AT_A_TIME = 4 * (os.cpu_count() or 1)

# A connection that libevent has lost sight of ends within the deadline. A start costs no trial of scanners.
BRISK = {"rpc.read_timeout": "2", "rpc.idle_timeout": "2", "work.scanner": "portable"}

# Where the store's writer fails, the loop looks for it every two seconds.
STORE_CLASSES = ("map", "write", "sync", "file", "mdb")

# Clients see nothing of these, but wait.
ALWAYS_TOLD = ("accept",)

COMPLAINT = r"(?m)^\S+ ((?:warn|error) .*)$"

OUT_OF_MEMORY = r"(?m)^.*Out of memory: the process ends\n\Z"

# Rooms that return errors, as src/work does.
RETURN_ERRORS = "node/(cli/|config/options)"

# What is not said to have allocated itself, but whoever has called it.
ALLOCATORS = ("malloc", "calloc", "realloc", "reallocarray", "strdup", "strndup")


class Refused(Exception):
    """The daemon has ended at its start."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


class FaultyDaemon(Daemon):
    def __init__(self, **settings):
        super().__init__(**settings)
        self.connections = []

    def connect(self, *arguments, **options):
        self.connections.append(super().connect(*arguments, **options))
        return self.connections[-1]

    def start_again(self):
        """On the same data."""
        self.addresses.clear()
        return self.start()

    def _is_ready(self):
        try:
            return super()._is_ready()
        except AssertionError as error:
            raise Refused(self.process.returncode) from error


class Run:
    """One daemon, in which one call may fail. `model` is the run in which none does."""

    def __init__(self, journey_class, kind="alloc", lane="loop", number=0, model=None):
        self.name = journey_class.__name__.lower()
        self.kind, self.lane, self.number = kind, lane, number
        self.expected = model.outcome if model else None
        self.usual = model.complaints if model else set()
        self.complaints = set()
        self.outcome = None
        self.findings = []
        self.excused = []
        self.fired = False
        self.counts = {}
        self.call = ""
        self.stack = []
        self.log = ""
        self._class = journey_class
        self._page = None

    def run(self):
        self._page = control.Page()
        journey = self._class()
        daemon = FaultyDaemon(
            config={**BRISK, **journey.settings()}, files=journey.files, environment=self._page.environment
        )
        try:
            self._go(daemon, journey)
        except Refused as refused:
            self._refused(refused.status, daemon.log())
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.findings.append(f"{type(error).__name__}: {error}")
        finally:
            self._note()
            self.log = daemon.log()
            self.complaints = complaints_in(self.log)
            if self.fired and self.kind == "alloc":
                self._judge_end(daemon, journey)
            self.findings += [end for end in daemon.stop() if self._is_finding(end)]
            journey.end()
            self._page.close()
        self._excuse()
        return self

    def _judge_end(self, daemon, journey):
        """Whether the process has ended if it had to; then what has come of the journey does not count."""
        self._page.disarm()
        has_to = has_to_end(self.stack)
        if ended_for_memory(daemon, 5 if has_to else 0.2):
            self.outcome = "ended"
            self.findings = [finding for finding in self.findings if finding.startswith("Wrong: ")]
            if any(connection.cut for connection in daemon.connections):
                self.findings.append("an answer was sent in part")
            self._look_at_next(daemon, journey)
        elif has_to:
            self.findings.append("it goes on, though it had no memory")

    def _look_at_next(self, daemon, journey):
        try:
            journey.daemon = daemon.start_again()
            journey.works_again()
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.findings.append(f"the next one: {type(error).__name__}: {error}")
        self.findings += [f"the next one: {line}" for line in complaints_in(daemon.log()) - self.usual]

    def _go(self, daemon, journey):
        before = 0
        if journey.from_start:
            self._arm()
        daemon.start()
        journey.prepare(daemon)
        if not journey.from_start:
            before = len(daemon.log())
            self._arm()
        self.outcome = journey.go()
        if journey.to_end and daemon.process.poll() is None:
            daemon.process.terminate()
            daemon.wait()
        self._page.disarm()
        self._note()
        if self.expected not in (None, self.outcome) or (self.fired and self.kind in ALWAYS_TOLD):
            self._look_for_complaint(daemon, before)
        if daemon.process.poll() is None:
            journey.works()

    def _look_for_complaint(self, daemon, before):
        """That of a store comes within two seconds, of what is not written."""
        finding = f"silent: nothing in the log of {self.outcome!r}"
        seconds = 3 if self.kind in STORE_CLASSES else 0.2
        if self._excuse_for(finding) is None and not complaint_within(daemon, before, self.usual, seconds):
            self.findings.append(finding)

    def _arm(self):
        self._page.arm(self.kind, self.lane, self.number)

    def _note(self):
        """What the page says; the calls are those of the journey, which ends at the first time."""
        self.counts = self.counts or self._page.counts()
        self._page.settle()
        self.fired = self._page.fired
        self.call = self._page.call
        self.stack = self._page.stack

    def _refused(self, status, log):
        self.outcome = "refused"
        if status != 1:
            self.findings.append(f"ended at its start with status {status}")
        if not log.strip():
            self.findings.append("silent: ended at its start without a word")

    def _is_finding(self, end):
        if self.outcome in ("refused", "ended") and end == "exit status 1":
            return False
        return not end.startswith("the end of its log")

    def _excuse(self):
        found = [(finding, self._excuse_for(finding)) for finding in self.findings]
        self.excused = [excuse for _, excuse in found if excuse]
        self.findings = [finding for finding, excuse in found if not excuse]

    def _excuse_for(self, finding):
        frames = [symbol for _, _, symbol in self.stack]
        return excuses.find(self.kind, [self.call, *frames], finding)

    def explain(self):
        """A finding, for people."""
        return "\n".join([
            f"{self.name}: {self.lane} {self.kind} {self.number}, {self.call}: {self.outcome!r}",
            *[f"    {finding}" for finding in self.findings],
            *[f"        {line}" for line in control.named(self.stack)],
            *[f"    | {line}" for line in self.log.splitlines()[-int(os.environ.get("FAULT_LOG_LINES", "5")):]],
        ])


def ended_for_memory(daemon, seconds):
    """Whether the process has ended, or does before long, as it should for want of memory."""
    try:
        wait_until(lambda: daemon.process.poll() is not None, "it has ended", seconds)
    except AssertionError:
        return False
    return daemon.process.returncode == 1 and re.search(OUT_OF_MEMORY, daemon.log()) is not None


def has_to_end(stack):
    """Whether what allocated is ours and not of src/work, or allocates through us, as libevent and jansson do."""
    callers = itertools.dropwhile(lambda frame: frame[2] in ALLOCATORS, stack)
    path, offset, _ = next(callers, ("", "0", ""))
    line = control.is_ours(path) and control.line_of(path, offset) or ""
    return re.search(rf"/src/(?!{RETURN_ERRORS})(rpc|node)/", line) is not None


def complaints_in(log):
    """The warnings and errors, without their times."""
    return set(re.findall(COMPLAINT, log))


def complaint_within(daemon, before, usual, seconds):
    """Whether the log has another complaint than the usual ones after `before`, before long."""
    try:
        wait_until(lambda: complaints_in(daemon.log()[before:]) - usual, "a complaint", seconds)
    except AssertionError:
        return False
    return True


class Row:
    """A line of the table: one journey, lane and class."""

    def __init__(self, calls):
        self.calls = calls
        self.count = collections.Counter()

    def add(self, run):
        self.count["failed"] += run.fired
        if not run.fired:
            return
        if run.findings:
            self.count["findings"] += 1
        elif run.outcome in ("refused", "ended"):
            self.count[run.outcome] += 1
        elif run.outcome == run.expected:
            self.count["same"] += 1
        else:
            self.count["other"] += 1
        self.count["excused"] += bool(run.excused)


class Sweep:
    def __init__(self, classes=control.CLASSES, lanes=control.LANES, sample=None, verbose=False):
        self.rows = collections.OrderedDict()
        self.bad = []
        self.outcomes = collections.Counter()
        self._classes = classes
        self._lanes = lanes
        self._sample = sample  # whether each journey's `sample` bounds the faults of a class
        self._verbose = verbose
        self._executor = concurrent.futures.ThreadPoolExecutor(AT_A_TIME)

    def journey(self, journey_class):
        """Every call of it, or as many as are wanted. Returns the run in which none failed."""
        first = Run(journey_class).run()
        if first.findings or first.outcome is None:
            self.bad.append(first)
            print(first.explain(), flush=True)
            return first
        if self._verbose:
            print(f"{first.name}: {first.outcome!r}", flush=True)
        orders = []
        for (lane, kind), calls in first.counts.items():
            if calls and journey_class.counts(lane, kind) and kind in self._classes and lane in self._lanes:
                self.rows[first.name, lane, kind] = Row(calls)
                orders += [(kind, lane, number) for number in self._numbers(journey_class, calls)]
        runs = [Run(journey_class, *order, first) for order in orders]
        for run in self._executor.map(Run.run, runs):
            self._take(run)
        if not self._sample:
            self._go_beyond(journey_class, first)
        return first

    def _go_beyond(self, journey_class, first):
        """How many calls there are is not the same each time: until the next one is not made."""
        for (name, lane, kind), row in self.rows.items():
            fired = name == first.name
            while fired:
                row.calls += 1
                run = Run(journey_class, kind, lane, row.calls, first).run()
                self._take(run)
                fired = run.fired
            row.calls -= name == first.name

    def _numbers(self, journey_class, calls):
        most = journey_class.sample
        if not self._sample or calls <= most:
            return range(1, calls + 1)
        return sorted({1 + index * (calls - 1) // (most - 1) for index in range(most)})

    def _take(self, run):
        self.rows[run.name, run.lane, run.kind].add(run)
        if run.fired:
            self.outcomes[run.name, str(run.outcome)] += 1
        if run.findings:
            self.bad.append(run)
            print(run.explain(), flush=True)

    def table(self):
        columns = ("failed", "same", "other", "ended", "refused", "excused", "findings")
        lines = [f"{'journey':<10} {'thread':<8} {'class':<11} {'calls':>6}"
                 + "".join(f" {column:>8}" for column in columns)]
        total = Row(0)
        for (name, lane, kind), row in self.rows.items():
            lines.append(f"{name:<10} {lane:<8} {kind:<11} {row.calls:>6}"
                         + "".join(f" {row.count[column]:>8}" for column in columns))
            total.calls += row.calls
            total.count += row.count
        lines.append(f"{'all':<31} {total.calls:>6}"
                     + "".join(f" {total.count[column]:>8}" for column in columns))
        return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--class", dest="kind", choices=control.CLASSES, action="append")
    parser.add_argument("--lane", choices=control.LANES, action="append")
    parser.add_argument("--sample", action="store_true", help="as many as make check tries")
    parser.add_argument("--number", type=int, help="only this call, of one class, lane and journey")
    parser.add_argument("journeys", nargs="*")
    options = parser.parse_args()
    known = {each.__name__.lower(): each for each in journeys.ALL}
    chosen = [known[name] for name in options.journeys] or list(journeys.ALL)
    if options.number is not None:
        run = Run(chosen[0], options.kind[0], options.lane[0], options.number, Run(chosen[0]).run()).run()
        print(run.explain())
        return bool(run.findings)
    sweep = Sweep(options.kind or control.CLASSES, options.lane or control.LANES, options.sample, True)
    started = time.monotonic()
    for journey_class in chosen:
        sweep.journey(journey_class)
    print(sweep.table())
    for (name, outcome), count in sorted(sweep.outcomes.items()):
        print(f"{name}: {count} times {outcome!r}")
    print(f"{time.monotonic() - started:.0f} seconds")
    return 1 if sweep.bad else 0


if __name__ == "__main__":
    sys.exit(main())
