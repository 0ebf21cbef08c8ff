"""Starts the real daemon for a test, talks to it and sees that it ends well.

The program is named by the environment variable WORKPEER (default ./workpeer). Every daemon has its own
data directory and lets the kernel choose its ports, so any number of tests run side by side. None has a
store unless its test says so: most tests are about searching.
E2E_SLOW_FACTOR stretches every time limit, for builds with sanitizers and for slow machines.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import unittest

import nano
from http_client import Connection

PROGRAM = os.path.abspath(os.environ.get("WORKPEER", "./workpeer"))
SLOW_FACTOR = float(os.environ.get("E2E_SLOW_FACTOR", "1"))

# What a sanitizer writes when it has found something.
SANITIZER_REPORTS = (
    "ERROR: AddressSanitizer",
    "ERROR: LeakSanitizer",
    "WARNING: ThreadSanitizer",
    "runtime error:",
)

# How libevent's own complaints begin.
LIBEVENT_REPORT = r"(?m)^\[(?:warn|err)\].*$"

# A difficulty that no CPU reaches while a test runs (2^48 hashes), and the setting that lets it be asked.
ENDLESS = "ffffffffffff0000"
ALLOW_ENDLESS = {"node.max_work_generate_multiplier": "1000000000000"}

# 2^20 hashes: long enough to be caught in the act, short enough to wait for.
LENGTHY = "fffff00000000000"


def scaled(seconds):
    """A time limit for this build and machine."""
    return seconds * SLOW_FACTOR


def wait_until(condition, what, seconds=10):
    """Polls until condition() is true, and returns what it returned."""
    deadline = time.monotonic() + scaled(seconds)
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {scaled(seconds)} s: {what}")
        time.sleep(0.002)
    return result


def run_program(*arguments, seconds=30, environment=None):
    """Runs the program to its end; output as text."""
    return subprocess.run(
        [PROGRAM, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=scaled(seconds),
        env={**os.environ, **(environment or {})},
        check=False,
    )


def raise_descriptor_limit(wanted):
    """Lets this process, and so the daemons it starts, have that many descriptors; False if it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        return False
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return True


def pretty(value, indent=0):
    """JSON as the daemon prints it. Raises ValueError for what it would not print: no value is but text."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("/", "\\/") + '"'
    inner = " " * (indent + 4)
    if isinstance(value, dict) and value:
        parts = [f"{inner}{pretty(key)}: {pretty(item, indent + 4)}" for key, item in value.items()]
        return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
    if isinstance(value, list) and value:
        parts = [inner + pretty(item, indent + 4) for item in value]
        return "[\n" + ",\n".join(parts) + "\n" + " " * indent + "]"
    if value in ([], {}):
        return str(value)
    raise ValueError(f"the daemon never prints {value!r}: every value is a string")


class Daemon:
    """One running daemon and its files."""

    def __init__(self, arguments=(), config=None, network="dev", files=None, stderr=None,
                 descriptors=None, environment=None):
        self._directory = tempfile.TemporaryDirectory(prefix="workpeer-e2e-")
        self.data_path = os.path.join(self._directory.name, "data")
        os.mkdir(self.data_path)
        for name, text in (files or {}).items():
            with open(os.path.join(self.data_path, name), "w", encoding="utf-8") as file:
                file.write(text)
        self.command = [PROGRAM, "--daemon", "--data_path", self.data_path, "--network", network]
        usual = {"rpc.port": "0", "node.work_threads": "1", "store.enable": "false"}
        for key, value in {**usual, **(config or {})}.items():
            if value is not None:
                self.command += ["--config", f"{key}={value}"]
        self.command += arguments
        self.base = nano.NETWORKS[network].base
        self.addresses = []  # of the listeners, in the order in which the daemon printed them
        self.process = None
        self._stderr = stderr
        self._descriptors = descriptors
        self._environment = {**os.environ, **(environment or {})}

    def start(self):
        for tries in (3, 2, 1, 0):
            self._launch()
            if self._has_settled(tries):
                break
        for host, port in re.findall(r"^Listening on http://(\S+):(\d+)$", self.output(), re.M):
            self.addresses.append((host.strip("[]"), int(port)))
        if not self.addresses:
            raise AssertionError(f"no address in what the daemon printed: {self.output()!r}")
        return self

    def _launch(self):
        with open(self._path("stdout"), "wb") as output, open(self._path("stderr"), "wb") as errors:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors if self._stderr is None else self._stderr,
                env=self._environment,
                preexec_fn=self._limit_descriptors if self._descriptors else None,
            )

    def _has_settled(self, tries):
        """Waits until it is ready; False, with tries left, if a port that was free at one address is taken at another."""
        try:
            wait_until(self._is_ready, f"the daemon is ready: {self.command}", 20)
        except AssertionError:
            if tries > 0 and "rpc.port=0" in self.command and "Address already in use" in self.log():
                return False
            raise
        return True

    @property
    def address(self):
        return self.addresses[0]

    def output(self):
        return self._read("stdout")

    def log(self):
        return self._read("stderr")

    @property
    def log_path(self):
        return self._path("stderr")

    def connect(self, seconds=10, address=None, source=None):
        """A connection, from the address `source` if it is given."""
        return Connection(address or self.address, scaled(seconds), source)

    def post(self, body, **options):
        """The response to one POST on a connection of its own."""
        with self.connect() as connection:
            connection.post(body, **options)
            return connection.receive()

    def rpc(self, action, **fields):
        """The JSON that one action is answered with."""
        return self.post({"action": action, **fields}).json()

    def status(self):
        return self.rpc("status")

    def count(self, name):
        """One of the status's numbers."""
        return int(self.status()[name])

    def wait_for(self, seconds=10, **expected):
        """Polls the status on one connection until it has these values; returns it."""
        wanted = {name: str(value) for name, value in expected.items()}
        with self.connect() as connection:

            def matching():
                status = connection.ask({"action": "status"})
                return status if wanted.items() <= status.items() else None

            return wait_until(matching, f"status has {wanted}", seconds)

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=10):
        """The exit status, once the process has ended."""
        return self.process.wait(scaled(seconds))

    def stop(self):
        """Ends the daemon if it still runs, and returns everything that is wrong with how it ended."""
        faults = []
        if self.process is not None:
            if self.process.poll() is None:
                self.process.terminate()
            try:
                self.process.wait(scaled(10))
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                faults.append("did not end on SIGTERM")
            if self.process.returncode != 0:
                faults.append(f"exit status {self.process.returncode}")
        log = self.log()
        faults += [f"its log has {report!r}" for report in SANITIZER_REPORTS if report in log]
        faults += [f"libevent was misused: {line}" for line in re.findall(LIBEVENT_REPORT, log)]
        if faults:
            faults.append(f"the end of its log:\n{log[-8000:]}")
        self._directory.cleanup()
        return faults

    def _path(self, name):
        return os.path.join(self._directory.name, name)

    def _read(self, name):
        try:
            with open(self._path(name), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def _is_ready(self):
        if "Ready" in self.output().splitlines():
            return True
        if self.process.poll() is not None:
            raise AssertionError(f"ended with {self.process.returncode} at its start:\n{self.log()}")
        return False

    def _limit_descriptors(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (self._descriptors, self._descriptors))


class DaemonTest(unittest.TestCase):
    """A test that starts daemons; each must end with status 0 and without a sanitizer's report."""

    maxDiff = None

    def start(self, *arguments, **settings):
        daemon = Daemon(arguments, **settings)
        self.addCleanup(self._stop, daemon)
        return daemon.start()

    def start_endless(self, config=None, **settings):
        """A daemon that takes requests which no search can satisfy in time."""
        return self.start(config={**ALLOW_ENDLESS, **(config or {})}, **settings)

    def connect(self, daemon, **options):
        """A connection that is closed when the test is over."""
        connection = daemon.connect(**options)
        self.addCleanup(connection.close)
        return connection

    def begin(self, daemon, root, difficulty=ENDLESS, **fields):
        """A connection on which work_generate has been asked and its answer not read."""
        connection = self.connect(daemon)
        connection.post({"action": "work_generate", "hash": root, "difficulty": difficulty, **fields})
        return connection

    def begin_many(self, daemon, roots, **fields):
        """The same for several roots, once all of them are being waited for."""
        connections = [self.begin(daemon, root, **fields) for root in roots]
        daemon.wait_for(waiters=len(connections))
        return connections

    def assert_pretty(self, body):
        """The body is JSON as the node prints it, to the byte."""
        self.assertEqual(pretty(json.loads(body)) + "\n", body.decode())

    def assert_answer(self, response):
        """A response that a node's client understands."""
        self.assertEqual(response.status, 200)
        self.assertEqual(response.header("Content-Type"), "application/json")
        self.assert_pretty(response.body)
        return response.json()

    def assert_work(self, answer, root, difficulty, base=nano.DEV.base, source="local"):
        """A work_generate answer whose work is good for `root` and at least `difficulty`."""
        self.assertEqual(list(answer), ["hash", "work", "difficulty", "multiplier", "source"], answer)
        value = nano.work_value(root, answer["work"])
        self.assertGreaterEqual(value, difficulty, f"weak work for {root}")
        self.assertEqual(answer["hash"], root)
        self.assertRegex(answer["work"], "^[0-9a-f]{16}$")
        self.assertEqual(answer["difficulty"], nano.hex_u64(value))
        self.assertEqual(answer["multiplier"], nano.multiplier_text(value, base))
        self.assertEqual(answer["source"], source)

    def assert_cancelled(self, connection):
        self.assertEqual(connection.receive().json(), {"error": "Cancelled"})

    def assert_refused(self, connection, error, status=200):
        """The HTTP layer's refusal: an error, with status 400 where readers could differ, and the connection is closed."""
        response = connection.receive()
        self.assertEqual(response.status, status)
        self.assertEqual(response.header("Content-Type"), "application/json")
        self.assert_pretty(response.body)
        self.assertRegex(response.json()["error"], error)
        self.assertTrue(connection.closed_within(scaled(5)), "closed after a refusal")

    def assert_search_stops(self, daemon, act, seconds=2):
        """After act() no device searches any more, as the status tells it; returns the seconds that took."""
        with daemon.connect() as watch:
            seen = {"hashes": None}

            def still():
                before = seen["hashes"]
                status = watch.ask({"action": "status"})
                seen.update(status)
                return status["generating"] == "0" and status["hashes"] == before

            begun = time.monotonic()
            act()
            wait_until(still, "the search has stopped", seconds)
            taken = time.monotonic() - begun
            self.assertEqual((seen["jobs"], seen["waiters"]), ("0", "0"))
            return taken

    def _stop(self, daemon):
        faults = daemon.stop()
        if faults:
            self.fail("; ".join(faults))


def main():
    """Runs the calling script's tests: exit status 0, 1, or 77 when all were skipped."""
    if not os.access(PROGRAM, os.X_OK):
        print(f"no program at {PROGRAM}: build it, or name it with WORKPEER=", file=sys.stderr)
        sys.exit(1)
    result = unittest.main(module="__main__", exit=False, verbosity=2).result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.skipped and len(result.skipped) >= result.testsRun:
        print("skipped: " + "; ".join(sorted({reason for _, reason in result.skipped})))
        sys.exit(77)
    sys.exit(0)
