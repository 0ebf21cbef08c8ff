#!/usr/bin/env python3
"""Metrics and readiness: /metrics, /prometheus, /ready, and the management port."""

import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import fake_peer
import nano
from fake_peer import FakePeer
from harness import DaemonTest, main, run_program, scaled, wait_until
from http_client import Connection, post_bytes

try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
EASY = "fff0000000000000"
MANAGEMENT = {"management.port": "0"}

# What a sample looks like, in either format: name, labels, value.
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? ([0-9.e+-]+|\+Inf|NaN)')


def head(method, path, *headers):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *headers]).encode() + b"\r\n\r\n"


def parse(text):
    """The values by name and labels, each a set of pairs. Every line must be well-formed."""
    values = {}
    for line in text.splitlines():
        if line.startswith("# "):
            continue
        match = SAMPLE.fullmatch(line)
        if match is None:
            raise AssertionError(f"no sample: {line!r}")
        labels = frozenset(re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
        if (match[1], labels) in values:
            raise AssertionError(f"twice: {line!r}")
        values[match[1], labels] = float(match[3])
    return values


class Metrics(dict):
    """What one scrape found."""

    def value(self, name, **labels):
        """Of the one series with that name and at least those labels."""
        found = [value for (key, have), value in self.items() if key == name and labels.items() <= have]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} series {name} with {labels}")
        return found[0]

    def labels(self, name, label):
        return {dict(have)[label] for key, have in self if key == name}


class MetricsTest(DaemonTest):
    def exchange(self, address, data):
        with Connection(address, scaled(10)) as connection:
            connection.send(data)
            return connection.receive()

    def get(self, daemon, path="/metrics", *headers, address=None):
        return self.exchange(address or daemon.address, head("GET", path, *headers))

    def scrape(self, daemon, **options):
        response = self.get(daemon, **options)
        self.assertEqual((response.status, response.header("Content-Type")), (200, PROMETHEUS))
        return Metrics(parse(response.body.decode()))

    def management(self, daemon):
        """The address of the management port."""
        host, port = re.search(r"^Management on http://(\S+):(\d+)$", daemon.output(), re.M).groups()
        return host.strip("[]"), int(port)

    def atto(self, daemon):
        """The address of Atto's work server."""
        started = r"Atto work server started on port (\d+) \(http\), address (\S+)$"
        port, host = re.search(started, daemon.log(), re.M).groups()
        return host.strip("[]"), int(port)

    def wait_ready(self, daemon):
        wait_until(lambda: self.get(daemon, "/ready").status == 200, "a device is up")

    def wait_for(self, daemon, name, value, **labels):
        """Until a series has that value; returns the scrape."""

        def matching():
            metrics = self.scrape(daemon)
            return metrics if metrics.value(name, **labels) == value else None

        return wait_until(matching, f"{name} {labels} is {value}")

    def generate(self, daemon, root=None, difficulty=EASY, **fields):
        return daemon.rpc("work_generate", hash=root or nano.random_root(), difficulty=difficulty, **fields)


class Formats(MetricsTest):
    def test_negotiation(self):
        daemon = self.start()
        for accept, wanted in (
            (None, PROMETHEUS),
            ("*/*", PROMETHEUS),
            ("application/openmetrics-text; version=1.0.0", OPENMETRICS),
            ("application/openmetrics-text;q=0.4,text/plain;q=0.5", PROMETHEUS),
        ):
            for path in ("/metrics", "/prometheus"):
                with self.subTest(accept=accept, path=path):
                    headers = [f"Accept: {accept}"] if accept else []
                    response = self.get(daemon, path, *headers)
                    self.assertEqual(response.status, 200)
                    self.assertEqual(response.header("Content-Type"), wanted)
                    self.assertEqual(response.header("Vary"), "Accept")
                    ended = response.body.endswith(b"\n# EOF\n")
                    self.assertEqual(ended, wanted == OPENMETRICS)
                    parse(response.body.decode())

    def test_both_have_the_same_series(self):
        daemon = self.start(config={"store.enable": None})
        self.wait_ready(daemon)
        self.scrape(daemon)
        plain = self.get(daemon).body.decode()
        openmetrics = self.get(daemon, "/metrics", "Accept: application/openmetrics-text").body.decode()
        self.assertEqual(set(parse(plain)), set(parse(openmetrics)))

    def test_methods(self):
        daemon = self.start()
        self.assertEqual(self.exchange(daemon.address, post_bytes({}, path="/metrics")).status, 405)
        with daemon.connect() as connection:
            connection.send(head("HEAD", "/metrics"))
            response = connection.receive(has_body=False)
            self.assertEqual(response.status, 200)
            self.assertGreater(int(response.header("Content-Length")), 1000)

    def load(self, daemon, stopped):
        """Requests of several kinds until the event is set."""
        root = nano.random_root()
        while not stopped.is_set():
            self.generate(daemon, root)
            self.generate(daemon)
            daemon.rpc("work_validate", hash=root, work="0")
            daemon.rpc("nonsense")
            daemon.post(b"{")

    def under_load(self, check):
        """Calls check(text) with several outputs of each format while requests come."""
        peer = FakePeer(fake_peer.good)
        self.addCleanup(peer.stop)
        daemon = self.start(config={
            "store.enable": None,
            "node.work_peers": f'["{peer.name}","{peer.name}","127.0.0.1:1"]',
        })
        stopped = threading.Event()
        clients = [threading.Thread(target=self.load, args=(daemon, stopped)) for _ in range(3)]
        for client in clients:
            client.start()
        try:
            self.generate(daemon, use_peers="true")
            for _ in range(5):
                check(daemon)
        finally:
            stopped.set()
            for client in clients:
                client.join()

    @unittest.skipUnless(shutil.which("promtool"), "no promtool (Debian: prometheus)")
    def test_promtool(self):
        def check(daemon):
            text = self.get(daemon).body
            result = subprocess.run(
                ["promtool", "check", "metrics"], input=text, capture_output=True, check=False, timeout=60
            )
            output = (result.stdout + result.stderr).decode()
            self.assertEqual((result.returncode, output), (0, ""))

        self.under_load(check)

    @unittest.skipUnless(text_string_to_metric_families, "no Python module prometheus_client")
    def test_openmetrics_parser(self):
        def check(daemon):
            text = self.get(daemon, "/metrics", "Accept: application/openmetrics-text").body.decode()
            names = {family.name for family in text_string_to_metric_families(text)}
            self.assertLessEqual({"workpeer_requests", "workpeer_build", "process_open_fds"}, names)

        self.under_load(check)


class Series(MetricsTest):
    def test_requests_by_action_and_result(self):
        daemon = self.start_endless()
        before = self.scrape(daemon)
        for action in ("work_generate", "work_validate", "work_cancel", "status", "version"):
            for result in ("ok", "error", "cancelled", "refused", "left"):
                value = before.value("workpeer_requests_total", action=action, result=result)
                self.assertEqual(value, 0, (action, result))
        self.generate(daemon)
        self.generate(daemon, root="short")
        daemon.rpc("nonsense")
        daemon.rpc("other nonsense")
        daemon.post(b"{")
        daemon.rpc("work_peers")
        self.get(daemon, "/health")
        root = nano.random_root()
        cancelled = self.begin_many(daemon, [root])[0]
        daemon.rpc("work_cancel", hash=root)
        self.assert_cancelled(cancelled)
        self.begin_many(daemon, [nano.random_root()])[0].close()
        after = self.wait_for(daemon, "workpeer_requests_total", 1, action="work_generate", result="left")
        for result in ("ok", "error", "cancelled"):
            self.assertEqual(after.value("workpeer_requests_total", action="work_generate", result=result), 1)
        for action, result, count in (
            ("unknown", "refused", 3),
            ("work_peers", "refused", 1),
            ("work_cancel", "ok", 1),
            ("work_validate", "ok", 0),
            ("/health", "ok", 1),
        ):
            value = after.value("workpeer_requests_total", action=action, result=result)
            self.assertEqual(value, count, (action, result))
        self.assertGreaterEqual(after.value("workpeer_requests_total", action="/metrics", result="ok"), 1)

    def test_a_full_queue_refuses(self):
        daemon = self.start_endless({"work.max_queue": "2"})
        self.begin_many(daemon, [nano.random_root() for _ in range(2)])
        self.assertEqual(self.generate(daemon), {"error": "Work queue is full"})
        self.assertEqual(
            self.scrape(daemon).value("workpeer_requests_total", action="work_generate", result="refused"), 1
        )

    def test_names_are_bounded(self):
        """No client makes a series: what is unknown counts as one."""
        daemon = self.start()
        self.wait_ready(daemon)
        self.scrape(daemon)
        series = set(self.scrape(daemon))
        for index in range(50):
            daemon.rpc(f"nonsense {index}")
            self.get(daemon, f"/nonsense/{index}")
        metrics = self.scrape(daemon)
        self.assertEqual(set(metrics), series)
        self.assertEqual(metrics.value("workpeer_requests_total", action="unknown", result="refused"), 100)
        self.assertNotIn("127.0.0.1\"", str(metrics.keys()))

    def durations(self, metrics):
        return {
            source: metrics.value("workpeer_work_duration_seconds_count", source=source)
            for source in ("cache", "cpu", "gpu", "peer")
        }

    def test_durations_by_source(self):
        peer = FakePeer(fake_peer.slow(0.3))
        self.addCleanup(peer.stop)
        daemon = self.start(config={"store.enable": None, "node.work_peers": f'["{peer.name}"]'})
        self.assertEqual(self.durations(self.scrape(daemon)), {"cache": 0, "cpu": 0, "gpu": 0, "peer": 0})
        root = nano.random_root()
        self.assertEqual(self.generate(daemon, root)["source"], "local")
        for _ in range(3):
            self.assertEqual(self.generate(daemon, root)["source"], "cache")
        self.assertEqual(self.generate(daemon, use_peers="true")["source"], peer.name)
        metrics = self.scrape(daemon)
        self.assertEqual(self.durations(metrics), {"cache": 3, "cpu": 1, "gpu": 0, "peer": 1})
        # The peer took at least 0.3 seconds: in sum, and in none of the buckets below.
        self.assertGreaterEqual(metrics.value("workpeer_work_duration_seconds_sum", source="peer"), 0.3)
        bucket = "workpeer_work_duration_seconds_bucket"
        self.assertEqual(metrics.value(bucket, source="peer", le="0.25"), 0)
        self.assertEqual(metrics.value(bucket, source="peer", le="+Inf"), 1)
        self.assertLess(metrics.value("workpeer_work_duration_seconds_sum", source="cache"), scaled(0.3))

    def test_works_found_ahead_were_not_waited_for(self):
        """Nor is looking whether Atto's work is there already a use of the cache."""
        daemon = self.start(
            config={"store.enable": "true", "atto.enable": "true", "atto.port": "0", "atto.management_port": "0"}
        )
        host, port = self.atto(daemon)
        wanted = {"network": "LOCAL", "timestamp": int(time.time() * 1000), "target": nano.random_root()}
        for _ in range(3):
            request = post_bytes(wanted, path="/works/precache")
            self.assertEqual(self.exchange((host, port), request).status, 202)
            metrics = self.wait_for(daemon, "workpeer_cache_puts_total", 1)
        self.assertEqual(self.durations(metrics), {"cache": 0, "cpu": 0, "gpu": 0, "peer": 0})
        self.assertEqual(metrics.value("workpeer_cache_hits_total"), 0)
        self.assertEqual(self.exchange((host, port), post_bytes(wanted, path="/works")).status, 200)
        metrics = self.scrape(daemon)
        self.assertEqual(self.durations(metrics), {"cache": 1, "cpu": 0, "gpu": 0, "peer": 0})
        self.assertEqual(metrics.value("workpeer_cache_hits_total"), 1)

    def test_queue_and_jobs(self):
        daemon = self.start_endless()
        metrics = self.scrape(daemon)
        for name in ("workpeer_queue_jobs", "workpeer_queue_age_seconds"):
            self.assertEqual(metrics.labels(name, "class"), {"asked", "ahead"})
            self.assertEqual(metrics.value(name, **{"class": "asked"}), 0)
        self.begin_many(daemon, [nano.random_root() for _ in range(5)])
        self.wait_for(daemon, "workpeer_jobs_in_flight", 1)
        metrics = self.wait_for(daemon, "workpeer_queue_jobs", 4, **{"class": "asked"})
        self.assertEqual(metrics.value("workpeer_jobs_in_flight"), 1)
        self.assertEqual(metrics.value("workpeer_queue_jobs", **{"class": "ahead"}), 0)
        self.assertEqual(metrics.value("workpeer_waiters"), 5)
        self.assertEqual(metrics.value("workpeer_requests_in_flight", face="rpc"), 5)
        age = metrics.value("workpeer_queue_age_seconds", **{"class": "asked"})
        self.assertGreater(age, 0)
        wait_until(
            lambda: self.scrape(daemon).value("workpeer_queue_age_seconds", **{"class": "asked"}) > age + 0.1,
            "what waits grows older",
        )
        self.assertEqual(self.scrape(daemon).value("workpeer_jobs_ended_total", outcome="found"), 0)
        self.generate(daemon)
        self.assertEqual(self.scrape(daemon).value("workpeer_jobs_ended_total", outcome="found"), 1)

    def test_devices(self):
        daemon = self.start_endless()
        self.wait_for(daemon, "workpeer_device_up", 1, device="cpu 0", kind="cpu")
        rate = "workpeer_device_hashes_per_second"
        self.assertEqual(self.scrape(daemon).labels(rate, "device"), set(), "nothing has been measured")
        root = nano.random_root()
        pending = self.begin(daemon, root)

        def measured():
            metrics = self.scrape(daemon)
            return metrics if metrics.labels(rate, "device") else None

        metrics = wait_until(measured, "the rate has been measured")
        daemon.rpc("work_cancel", hash=root)
        self.assert_cancelled(pending)
        self.assertGreater(metrics.value("workpeer_device_hashes_total", device="cpu 0"), 0)
        self.assertGreater(metrics.value("workpeer_device_hashes_per_second", device="cpu 0"), 0)
        scanner = daemon.status()["scanner"]
        self.assertEqual(
            metrics.value("workpeer_device_info", device="cpu 0", state="up", reason="", scanner=scanner), 1
        )

    def test_cache(self):
        daemon = self.start()
        metrics = self.scrape(daemon)
        self.assertEqual(metrics.value("workpeer_cache_up"), 0)
        self.assertNotIn("workpeer_cache_hits_total", {name for name, _ in metrics})
        daemon = self.start(config={"store.enable": None})
        metrics = self.scrape(daemon)
        self.assertEqual(metrics.value("workpeer_cache_up"), 1)
        self.assertEqual(metrics.value("workpeer_cache_entries"), 0)
        root = nano.random_root()
        self.generate(daemon, root)
        self.generate(daemon, root)
        metrics = self.wait_for(daemon, "workpeer_cache_entries", 1)
        self.assertEqual(metrics.value("workpeer_cache_hits_total"), 1)
        self.assertEqual(metrics.value("workpeer_cache_misses_total"), 1)
        self.assertEqual(metrics.value("workpeer_cache_puts_total"), 1)
        self.assertGreater(metrics.value("workpeer_cache_file_bytes"), 0)

    def test_peers(self):
        good, bad = FakePeer(fake_peer.good), FakePeer(fake_peer.html)
        for peer in (good, bad):
            self.addCleanup(peer.stop)
        daemon = self.start(config={
            "node.work_threads": "0",
            "node.work_peers": f'["{bad.name}","{good.name}","{good.name}"]',
            "node.experimental.secondary_work_peers": "[]",
        })
        metrics = self.scrape(daemon)
        self.assertEqual(metrics.labels("workpeer_peer_up", "peer"), {good.name, bad.name})
        self.assertEqual(metrics.value("workpeer_peer_up", peer=bad.name, list="primary"), 1)
        self.generate(daemon)
        metrics = self.scrape(daemon)
        self.assertEqual(metrics.value("workpeer_peer_up", peer=bad.name), 0)
        self.assertEqual(metrics.value("workpeer_peer_up", peer=good.name), 1)
        self.assertEqual(metrics.value("workpeer_peer_wins_total", peer=good.name), 1)
        self.assertEqual(metrics.value("workpeer_peer_wins_total", peer=bad.name), 0)
        self.assertEqual(metrics.value("workpeer_peer_failures_total", peer=bad.name, kind="not_json"), 1)
        self.assertEqual(metrics.value("workpeer_peer_failures_total", peer=good.name, kind="not_json"), 0)
        self.assertEqual(metrics.value("workpeer_peer_in_flight", peer=good.name), 0)
        self.assertEqual(metrics.value("workpeer_peer_dropped_total", peer=good.name), 0)

    def test_bytes_and_connections(self):
        daemon = self.start(config={"rpc.max_request_size": "1000"})
        with daemon.connect() as connection:

            def scrape():
                connection.send(head("GET", "/metrics"))
                response = connection.receive()
                size = sum(len(name) + len(value) + 4 for name, value in response.headers)
                size += len("HTTP/1.1 200 OK\r\n") + 2 + len(response.body)
                return size, Metrics(parse(response.body.decode()))

            size, first = scrape()
            self.assertEqual(first.value("workpeer_connections", face="rpc"), 1)
            self.assertEqual(first.value("workpeer_connections_accepted_total", face="rpc"), 1)
            self.assertEqual(first.value("workpeer_received_bytes_total", face="rpc"), len(head("GET", "/metrics")))
            self.assertEqual(first.value("workpeer_sent_bytes_total", face="rpc"), 0)
            _, second = scrape()
            self.assertEqual(second.value("workpeer_sent_bytes_total", face="rpc"), size)
            with daemon.connect() as other:
                other.send(post_bytes(b"x" * (2**20 + 1)))
                self.assert_refused(other, "^Invalid header")
            _, third = scrape()
            self.assertEqual(third.value("workpeer_connections_accepted_total", face="rpc"), 2)
            self.assertEqual(third.value("workpeer_requests_unreadable_total", face="rpc"), 1)

    def test_build_and_process(self):
        daemon = self.start()
        metrics = self.scrape(daemon)
        status = daemon.status()
        self.assertEqual(
            metrics.value(
                "workpeer_build_info",
                version=status["version"], network=status["network"], scanner=status["scanner"],
            ),
            1,
        )
        self.assertLess(abs(metrics.value("process_resident_memory_bytes") / daemon.memory() - 1), 0.5)
        with open("/proc/uptime", encoding="ascii") as file:
            uptime = float(file.read().split()[0])
        with open(f"/proc/{daemon.process.pid}/stat", encoding="ascii") as file:
            ticks = int(file.read().rsplit(")", 1)[1].split()[19])
        with open("/proc/stat", encoding="ascii") as file:
            boot = int(re.search(r"^btime (\d+)$", file.read(), re.M)[1])
        self.assertGreater(uptime, 0)
        self.assertLess(abs(metrics.value("process_start_time_seconds") - boot - ticks / 100), 5)
        cpu = metrics.value("process_cpu_seconds_total")
        self.assertIn("work", self.generate(daemon))
        self.assertGreater(self.scrape(daemon).value("process_cpu_seconds_total"), cpu)
        descriptors = metrics.value("process_open_fds")
        idle = [self.connect(daemon) for _ in range(7)]
        self.wait_for(daemon, "process_open_fds", descriptors + len(idle))
        self.assertGreater(metrics.value("process_max_fds"), descriptors)


class Management(MetricsTest):
    def test_metrics_move_there(self):
        daemon = self.start(config=MANAGEMENT)
        there = self.management(daemon)
        metrics = self.scrape(daemon, address=there)
        self.assertEqual(metrics.labels("workpeer_connections", "face"), {"rpc", "management"})
        self.assertEqual(self.get(daemon, "/prometheus", address=there).status, 200)
        for path in ("/metrics", "/prometheus"):
            response = self.get(daemon, path)
            self.assertEqual((response.status, response.json()), (404, {"error": "Can only POST requests"}))
        self.wait_ready(daemon)
        for path in ("/health", "/ready"):
            for address in (daemon.address, there):
                response = self.get(daemon, path, address=address)
                self.assertEqual((response.status, response.body), (200, b'{"status":"UP"}'))

    def test_no_rpc_there(self):
        daemon = self.start(config=MANAGEMENT)
        there = self.management(daemon)
        response = self.exchange(there, post_bytes({"action": "version"}))
        self.assertEqual(response.status, 404)
        self.assertEqual(self.exchange(there, post_bytes({"action": "stop"}, path="/metrics")).status, 405)
        response = self.exchange(there, post_bytes(b"x" * 5000))
        self.assertEqual(response.status, 413)

    def test_address(self):
        daemon = self.start(config={**MANAGEMENT, "management.address": '["127.0.0.2"]'})
        self.assertEqual(self.management(daemon)[0], "127.0.0.2")
        wait_until(lambda: self.get(daemon, "/ready", address=self.management(daemon)).status == 200,
                   "it is ready, once its devices are open")

    def test_a_crowd_at_the_rpc_keeps_no_probe_out(self):
        daemon = self.start_endless({**MANAGEMENT, "rpc.max_connections": "2"})
        there = self.management(daemon)
        for _ in range(2):
            self.begin(daemon, nano.random_root())
        wait_until(
            lambda: self.scrape(daemon, address=there).value("workpeer_waiters") == 2, "both wait"
        )
        self.assertEqual(self.get(daemon, "/health", address=there).status, 200)

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken, tempfile.TemporaryDirectory() as data_path:
            port = taken.getsockname()[1]
            settings = ["rpc.port=0", f"management.port={port}", 'management.address=["127.0.0.1"]']
            arguments = [word for setting in settings for word in ("--config", setting)]
            result = run_program("--daemon", "--data_path", data_path, "--network", "dev", *arguments)
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stderr, f"cannot listen on 127.0.0.1 port {port}: .*management.port")


class Ready(MetricsTest):
    def test_not_ready_without_a_source(self):
        daemon = self.start(config={"node.work_threads": "0"})
        response = self.get(daemon, "/ready")
        self.assertEqual(response.status, 503)
        self.assertEqual(response.json(), {"status": "DOWN", "reason": "There is no device to search on"})
        metrics = self.scrape(daemon)
        self.assertEqual((metrics.value("workpeer_ready"), metrics.value("workpeer_healthy")), (0, 0))

    def test_ready_with_a_peer(self):
        daemon = self.start(config={"node.work_threads": "0", "node.work_peers": '["127.0.0.1:1"]'})
        self.assertEqual(self.get(daemon, "/ready").json(), {"status": "UP"})

    def test_ready(self):
        daemon = self.start_endless()
        wait_until(lambda: self.get(daemon, "/ready").status == 200, "the device is open")
        metrics = self.scrape(daemon)
        self.assertEqual((metrics.value("workpeer_ready"), metrics.value("workpeer_healthy")), (1, 1))
        self.begin_many(daemon, [nano.random_root() for _ in range(10)])
        self.assertEqual(self.get(daemon, "/ready").status, 200)

    def test_stopping(self):
        """While the last answers leave, the management port says that nothing more should come."""
        daemon = self.start(config=MANAGEMENT)
        there = self.management(daemon)
        with socket.socket() as slow, Connection(there, scaled(10)) as probe:
            # Answers that nobody reads hold the end up, as long as the daemon lets them.
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.settimeout(scaled(10))
            slow.connect(daemon.address)
            slow.setblocking(False)
            self.fill(slow)
            daemon.signal(signal.SIGTERM)
            response = self.ask_until_down(probe)
            self.assertEqual(response.status, 503)
            self.assertEqual(response.json(), {"status": "DOWN", "reason": "The daemon is stopping"})
            probe.send(head("GET", "/health"))
            self.assertEqual(probe.receive().status, 200)
        self.assertEqual(daemon.wait(), 0)

    def ask_until_down(self, probe):
        """The first answer to /ready that is not 200; without a pause, as the daemon waits a little only."""

        def down():
            probe.send(head("GET", "/ready"))
            response = probe.receive()
            return response if response.status != 200 else None

        return wait_until(down, "it stops")

    def fill(self, sock):
        """Asks until nothing more is taken: the daemon waits to send."""
        request = post_bytes({"action": "status"})
        pending = b""

        def full():
            nonlocal pending
            try:
                for _ in range(100):
                    pending = pending or request
                    pending = pending[sock.send(pending) :]
            except BlockingIOError:
                return True
            return False

        wait_until(full, "no more is taken")


if __name__ == "__main__":
    main()
