#!/usr/bin/env python3
"""A request's life: clients that leave, linger or flood, time limits, and the daemon's own end."""

import os
import re
import signal
import time

import nano
from harness import (
    ALLOW_ENDLESS,
    ENDLESS,
    LENGTHY,
    DaemonTest,
    main,
    raise_descriptor_limit,
    scaled,
    wait_until,
)
from http_client import Closed, chunked, post_bytes

EASY = "f000000000000000"
HARD = "ffff000000000000"
VERSION = post_bytes({"action": "version"})


def generate_bytes(root, difficulty=ENDLESS, **options):
    return post_bytes({"action": "work_generate", "hash": root, "difficulty": difficulty}, **options)


class Disconnect(DaemonTest):
    """A client that is gone is not searched for."""

    def setUp(self):
        self.daemon = self.start_endless()

    def assert_stops_at_once(self, leave):
        """A busy machine may be late at times, hardly ten times in a row."""
        times = []
        for _ in range(10):
            client = self.begin_many(self.daemon, [nano.random_root()])[0]
            self.daemon.wait_for(generating=1)
            times.append(self.assert_search_stops(self.daemon, getattr(client, leave)))
        self.assertLess(min(times), scaled(0.1))
        self.daemon.wait_for(cancelled=10)

    def test_close_stops_the_search(self):
        self.assert_stops_at_once("close")

    def test_reset_stops_the_search(self):
        self.assert_stops_at_once("reset")

    def test_the_last_of_many_stops_the_search(self):
        root = nano.random_root()
        clients = self.begin_many(self.daemon, [root] * 10)
        for client in clients[:-1]:
            client.close()
        self.daemon.wait_for(waiters=1, jobs=1, generating=1)
        self.assert_search_stops(self.daemon, clients[-1].close)

    def test_all_leave_at_once(self):
        clients = self.begin_many(self.daemon, [nano.random_root() for _ in range(100)])

        def leave():
            for client in clients:
                client.close()

        self.assert_search_stops(self.daemon, leave)

    def test_leaving_while_others_ask(self):
        """Requests that end and clients that leave, all mixed, leave nothing behind."""
        for number in range(200):
            client = self.begin(self.daemon, nano.random_root(), HARD if number % 2 else ENDLESS)
            if number % 3:
                client.close()
            else:
                client.reset()
        self.daemon.wait_for(jobs=0, waiters=0, generating=0)


class HalfClose(DaemonTest):
    def setUp(self):
        self.daemon = self.start_endless()

    def test_half_closed_client_gets_its_answer(self):
        for _ in range(5):
            root = nano.random_root()
            with self.daemon.connect(seconds=20) as client:
                client.send(generate_bytes(root, LENGTHY))
                client.half_close()
                self.assert_work(client.receive().json(), root, int(LENGTHY, 16))
                self.assertLessEqual(set(client.interim), {100})

    def test_half_closed_before_it_is_read(self):
        with self.daemon.connect() as client:
            client.send(VERSION)
            client.half_close()
            self.assert_answer(client.receive())
            self.assertTrue(client.closed_within(scaled(5)))

    def test_half_closed_client_waits_on(self):
        root = nano.random_root()
        with self.daemon.connect() as client:
            client.send(generate_bytes(root))
            client.half_close()
            self.daemon.wait_for(waiters=1, generating=1)
            self.daemon.rpc("work_cancel", hash=root)
            self.assert_cancelled(client)

    def test_half_closed_client_that_then_leaves(self):
        for leave in ("close", "reset"):
            with self.subTest(leave=leave), self.daemon.connect() as client:
                client.send(generate_bytes(nano.random_root()))
                client.half_close()
                self.daemon.wait_for(waiters=1, generating=1)
                getattr(client, leave)()
                self.daemon.wait_for(jobs=0, waiters=0, generating=0)

    def test_half_closed_after_several_requests(self):
        """The one in progress is answered; those behind it were promised nothing. No other harm is done."""
        roots = [nano.random_root() for _ in range(5)]
        with self.daemon.connect() as client:
            client.send(b"".join(generate_bytes(root, HARD) for root in roots))
            client.half_close()
            self.assert_work(client.receive().json(), roots[0], int(HARD, 16))
            for root in roots[1:]:
                try:
                    self.assert_work(client.receive().json(), root, int(HARD, 16))
                except (Closed, ConnectionError):
                    break
        self.daemon.wait_for(jobs=0, waiters=0)

    def test_http_1_0(self):
        """Cannot be asked whether it is still there: answered or treated as gone, never forgotten."""
        root = nano.random_root()
        with self.daemon.connect() as client:
            client.send(generate_bytes(root, LENGTHY, version="1.0"))
            client.half_close()
            try:
                answer = client.receive().json()
            except (Closed, ConnectionError):
                answer = {}
            if "work" in answer:
                self.assert_work(answer, root, int(LENGTHY, 16))
        self.daemon.wait_for(jobs=0, waiters=0, generating=0)


class Pipelining(DaemonTest):
    def setUp(self):
        self.daemon = self.start_endless()

    def test_answers_come_in_order(self):
        roots = [nano.random_root() for _ in range(20)]
        data = b""
        for root in roots:
            data += generate_bytes(root, HARD) + VERSION
        with self.daemon.connect() as client:
            client.send(data)
            for root in roots:
                self.assert_work(client.receive().json(), root, int(HARD, 16))
                self.assertNotIn("work", client.receive().json())

    def test_requests_of_different_forms(self):
        body = b'{"action": "work_validate", "hash": "1"}'
        head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        with self.daemon.connect() as client:
            client.send(
                head + chunked(body[:5], body[5:])
                + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                + post_bytes(b"nonsense")
                + b"OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n"
                + post_bytes(body)
            )
            self.assertIn("valid_all", client.receive().json())
            self.assertEqual(client.receive().json(), {"error": "Can only POST requests"})
            self.assertEqual(client.receive().json(), {"error": "Unable to parse JSON"})
            self.assertEqual(client.receive().body, b"")
            self.assertIn("valid_all", client.receive().json())

    def test_behind_a_pending_request(self):
        root = nano.random_root()
        with self.daemon.connect() as client:
            client.send(generate_bytes(root) + VERSION)
            self.daemon.wait_for(waiters=1)
            client.send(VERSION * 3)
            self.assertFalse(client.readable_within(0.05), "answered out of order")
            self.daemon.rpc("work_cancel", hash=root)
            self.assert_cancelled(client)
            for _ in range(4):
                self.assertNotIn("error", client.receive().json())

    def test_leaving_with_requests_behind_a_pending_one(self):
        for behind in (VERSION, VERSION[:20], VERSION * 3, generate_bytes(nano.random_root())):
            for leave in ("close", "reset"):
                with self.subTest(behind=behind, leave=leave):
                    client = self.connect(self.daemon)
                    client.send(generate_bytes(nano.random_root()) + behind)
                    self.daemon.wait_for(waiters=1, generating=1)
                    self.assert_search_stops(self.daemon, getattr(client, leave))

    def test_requests_that_come_later_behind_a_pending_one(self):
        client = self.begin_many(self.daemon, [nano.random_root()])[0]
        self.daemon.wait_for(generating=1)
        client.send(VERSION)
        client.send(VERSION)
        self.assertFalse(client.readable_within(0.05), "answered out of order")
        self.assert_search_stops(self.daemon, client.close)

    def test_a_thousand_behind_a_pending_one(self):
        root = nano.random_root()
        with self.daemon.connect(seconds=20) as client:
            client.send(generate_bytes(root))
            self.daemon.wait_for(waiters=1)
            client.send(VERSION * 1000)
            self.daemon.rpc("work_cancel", hash=root)
            self.assert_cancelled(client)
            for _ in range(1000):
                self.assertNotIn("error", client.receive().json())

    def test_a_client_that_never_reads(self):
        """Its answers pile up somewhere, but not in the daemon without a bound."""
        with self.daemon.connect() as client:
            sent = 0
            before = self.daemon.memory()
            deadline = time.monotonic() + scaled(5)
            while sent < 64 * 2**20 and time.monotonic() < deadline:
                taken = client.send_without_waiting(VERSION * 500)
                sent += taken
                if not taken and self.daemon.rpc("version") and not client.send_without_waiting(VERSION):
                    break
            self.assertLess(self.daemon.memory() - before, scaled(32 * 2**20))
            self.assertIn("version", self.daemon.status())


class SlowSenders(DaemonTest):
    SETTINGS = {"rpc.read_timeout": "0.5", "rpc.idle_timeout": "30"}

    def drip(self, client, data, piece=1):
        """Sends a piece every 50 ms until the daemon closes; returns the seconds that took, or None."""
        start = time.monotonic()
        for at in range(0, len(data), piece):
            try:
                client.send(data[at : at + piece])
                if client.closed_within(0.05):
                    return time.monotonic() - start
            except ConnectionError:
                return time.monotonic() - start
        return time.monotonic() - start if client.closed_within(scaled(5)) else None

    def test_drippers_are_cut_off(self):
        daemon = self.start(config=self.SETTINGS)
        chunked_head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        whole = post_bytes({"action": "version", "pad": "x" * 1000})
        head_end = whole.index(b"\r\n\r\n") + 4
        for what, first, rest, piece in (
            ("head", b"", b"POST / HTTP/1.1\r\n" + b"X-Slow: yes\r\n" * 100, 1),
            ("headers", b"POST / HTTP/1.1\r\n", b"X-Slow: yes\r\n" * 100, 13),
            ("body", whole[:head_end], whole[head_end:], 1),
            ("chunks", chunked_head, b"1\r\n \r\n" * 200, 6),
        ):
            with self.subTest(what=what), daemon.connect() as client:
                client.send(first)
                taken = self.drip(client, rest, piece)
                self.assertIsNotNone(taken, "never cut off")
                self.assertGreater(taken, 0.3)
                self.assertLess(taken, 0.5 + scaled(2))

    def test_the_time_counts_for_each_request(self):
        """A connection may live longer than one request may take."""
        daemon = self.start(config={**self.SETTINGS, "rpc.read_timeout": "2"})
        with daemon.connect() as client:
            for _ in range(6):
                client.send(VERSION[:30])
                self.assertFalse(client.readable_within(0.4))
                client.send(VERSION[30:])
                self.assertNotIn("error", client.receive().json())

    def test_silent_halfway(self):
        daemon = self.start(config=self.SETTINGS)
        clients = [self.connect(daemon) for _ in range(50)]
        for client in clients:
            client.send(VERSION[:40])
        self.assertIn("version", daemon.status())
        for client in clients:
            self.assertTrue(client.closed_within(0.5 + scaled(2)))
        daemon.wait_for(connections=1)

    def test_idle_connections_are_closed(self):
        daemon = self.start(config={"rpc.read_timeout": "30", "rpc.idle_timeout": "0.5"})
        unused, used = self.connect(daemon), self.connect(daemon)
        used.send(VERSION)
        used.receive()
        for client in (unused, used):
            self.assertTrue(client.closed_within(0.5 + scaled(2)))

    def test_pending_requests_are_not_idle(self):
        daemon = self.start_endless({"rpc.read_timeout": "1", "rpc.idle_timeout": "1"})
        root = nano.random_root()
        client = self.begin_many(daemon, [root])[0]
        self.assertFalse(client.readable_within(2), "cut off although its request is pending")
        daemon.wait_for(waiters=1)
        daemon.rpc("work_cancel", hash=root)
        self.assert_cancelled(client)


class Oversize(DaemonTest):
    LIMIT = 32768
    LISTS = 2**20  # of actions that take lists: which it is shows in the body
    BODY = "^Invalid header: body limit exceeded$"
    HEADER = "^Invalid header: header limit exceeded$"
    CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    def setUp(self):
        self.daemon = self.start()

    def body_of(self, size):
        body = b'{"action": "work_validate", "hash": "1", "x": "'
        return body + b"x" * (size - len(body) - 2) + b'"}'

    def assert_refused_as(self, error, data):
        with self.daemon.connect() as client:
            client.send(data)
            self.assert_refused(client, error)

    def test_largest_body(self):
        for body in (post_bytes(self.body_of(self.LIMIT)),
                     self.CHUNKED + chunked(self.body_of(self.LIMIT))):
            with self.daemon.connect() as client:
                client.send(body)
                self.assertIn("valid_all", client.receive().json())

    def test_one_byte_more(self):
        self.assert_refused_as(self.BODY, post_bytes(self.body_of(self.LIMIT + 1)))
        self.assert_refused_as(self.BODY, self.CHUNKED + chunked(self.body_of(self.LIMIT + 1)))
        halves = self.body_of(self.LIMIT + 1)
        self.assert_refused_as(self.BODY, self.CHUNKED + chunked(halves[:20000], halves[20000:]))

    def test_declared_and_not_sent(self):
        """Ten gigabytes are refused before their first byte."""
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
        self.assert_refused_as(self.BODY, head % (self.LISTS + 1))
        self.assert_refused_as(self.BODY, head % 10**10)
        self.assert_refused_as(self.BODY, self.CHUNKED + b"7fffffff\r\n")

    def test_declared_with_expect(self):
        head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        with self.daemon.connect() as client:
            client.send(head % 10**8)
            self.assert_refused(client, self.BODY)
            self.assertEqual(client.interim, [], "was asked to go on")

    def test_twenty_megabytes(self):
        before = self.daemon.memory()
        small_values = b'{"action": "version", "x": [' + b"0, " * 7_000_000 + b"0]}"
        for data in (post_bytes(small_values), self.CHUNKED + chunked(small_values)):
            with self.daemon.connect() as client:
                try:
                    client.send(data)
                    client.receive()
                except (Closed, ConnectionError):
                    pass  # cut off while it sent
                self.assertTrue(client.closed_within(scaled(5)))
        self.assertLess(self.daemon.memory() - before, scaled(32 * 2**20))
        self.assertIn("version", self.daemon.status())

    def test_headers(self):
        self.assertIn("version", self.daemon.post(b'{"action": "status"}',
                                                  headers=[("X-Long", "x" * 4000)]).json())
        self.assert_refused_as(self.HEADER, post_bytes(b"{}", headers=[("X-Long", "x" * 65536)]))
        self.assert_refused_as(self.HEADER, post_bytes(b"{}", headers=[("X-Many", "x" * 50)] * 2000))
        self.assert_refused_as(self.HEADER, b"POST /" + b"x" * 65536 + b" HTTP/1.1\r\n\r\n")

    def test_limit_is_a_setting(self):
        daemon = self.start(config={"rpc.max_request_size": "100"})
        with daemon.connect() as client:
            client.post(self.body_of(101))
            self.assert_refused(client, self.BODY)
        self.assertIn("valid_all", daemon.post(self.body_of(100)).json())

    def test_header_limit_is_a_setting(self):
        for limit in (1024, 65536):
            daemon = self.start(config={"rpc.max_header_size": str(limit)})
            fits = [("X-Long", "x" * (limit - 200))]
            self.assertIn("version", daemon.post(b'{"action": "status"}', headers=fits).json())
            with daemon.connect() as client:
                client.send(post_bytes(b"{}", headers=[("X-Long", "x" * limit)]))
                self.assert_refused(client, self.HEADER)


class Flooding(DaemonTest):
    """What a client may send beyond its requests is bounded, whatever it does not read."""

    MOST_MEMORY = 32 * 2**20  # what the daemon may grow by

    def setUp(self):
        self.daemon = self.start()

    def memory(self):
        with open(f"/proc/{self.daemon.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def flood(self, client, data, count):
        """Sends until that is done, or the daemon neither reads nor keeps the connection."""
        client._socket.settimeout(scaled(1))
        try:
            for _ in range(count):
                client._socket.sendall(data)
        except OSError:
            pass

    def assert_bounded(self, before):
        self.assertLess(self.memory() - before, scaled(self.MOST_MEMORY))
        self.assertIn("rpc_version", self.daemon.rpc("version"))

    def test_behind_answers_that_nobody_reads(self):
        before = self.memory()
        client = self.connect(self.daemon)
        self.flood(client, post_bytes({"action": "status"}) * 100, 500)
        self.flood(client, bytes(2**20), 100)
        self.assert_bounded(before)

    def test_a_chunk_size_without_end(self):
        before = self.memory()
        client = self.connect(self.daemon)
        client.send(Oversize.CHUNKED)
        self.flood(client, b"0" * 2**20, 100)
        self.assertTrue(client.closed_within(2))
        self.assert_bounded(before)

    def held(self):
        with self.daemon.connect() as client:
            client.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            text = client.receive().body.decode("ascii")
        return {name: int(float(value)) for name, value in re.findall(
            r'^workpeer_(held_bytes|connections_shed_total)\{face="rpc"\} (\S+)$', text, re.M)}

    def test_all_together(self):
        """Many clients that each stay within their bounds cannot take more than theirs together."""
        limit = 2 * 2**20
        self.daemon = self.start_endless({"rpc.max_memory": str(limit)})
        waiting = self.begin(self.daemon, nano.random_root())
        body = b" " * 32000
        clients = [self.connect(self.daemon) for _ in range(200)]
        for client in clients:
            client.send_without_waiting(post_bytes(body)[:-1])
        wait_until(lambda: self.held()["connections_shed_total"] >= 200 - limit // len(body),
                   "those too many are closed")
        self.assertLessEqual(self.held()["held_bytes"], limit)
        alive = [client for client in clients if not client.readable_within(0)]
        self.assertGreater(len(alive), 50)
        self.assertLess(len(alive), limit // len(body) + 1)
        alive[0].send(b" ")
        self.assertIn("error", alive[0].receive().json())
        self.assertFalse(waiting.readable_within(0))  # it holds little
        for client in clients:
            client.close()
        wait_until(lambda: self.held()["held_bytes"] < len(body), "nothing is held for nobody")

    def test_a_refused_client_that_goes_on(self):
        client = self.connect(self.daemon)
        client.send(b"GARBAGE\r\n\r\n")
        self.assert_refused(client, "^Invalid header", 400)

        def is_dropped():
            client.send_without_waiting(b"x")
            return self.daemon.status()["connections"] == "1"

        wait_until(is_dropped, "it is dropped though it sends", 10)

    def test_a_strange_version(self):
        client = self.connect(self.daemon)
        client.send(b"POST / HTTP/1.10\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n")
        self.assert_refused(client, "malformed request line", 400)

    def test_a_body_that_is_too_long(self):
        client = self.connect(self.daemon)
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n")
        self.assert_refused(client, "^Invalid header: body limit exceeded$")


class Crowding(DaemonTest):
    def test_no_answer_on_its_way_is_lost(self):
        """Clients that crowd in do not take the place of those that are being answered."""
        daemon = self.start_endless(config={"rpc.max_connections": "8"})
        for _ in range(20):
            root = nano.random_root()
            waiting = [self.begin(daemon, root) for _ in range(6)]
            daemon.wait_for(waiters=6)
            canceller = daemon.connect()
            canceller.post({"action": "work_cancel", "hash": root})
            crowd = [daemon.connect() for _ in range(8)]
            try:
                self.assertEqual(canceller.receive().json(), {"success": ""})
            except (Closed, ConnectionError):  # it may have had to go before its request was read
                for client in crowd:
                    client.close()
                daemon.rpc("work_cancel", hash=root)
            for client in waiting:
                self.assert_cancelled(client)
            for client in [canceller, *crowd, *waiting]:
                client.close()


class ManyConnections(DaemonTest):
    COUNT = 2000

    def need_descriptors(self):
        if not raise_descriptor_limit(2 * self.COUNT + 200):
            self.skipTest(f"needs a limit of {2 * self.COUNT + 200} descriptors (ulimit -n)")

    def assert_lets_others_in(self, daemon):
        pending = self.begin_many(daemon, [nano.random_root()])[0]
        for _ in range(self.COUNT):
            self.connect(daemon)
        for _ in range(20):
            root = nano.random_root()
            self.assert_work(daemon.rpc("work_generate", hash=root), root, nano.DEV.base)
        status = daemon.wait_for(waiters=1, generating=1)
        self.assertLessEqual(int(status["connections"]), 1024)
        self.assertFalse(pending.readable_within(0), "a request in progress was dropped")

    def test_idle_ones_make_room(self):
        self.need_descriptors()
        self.assert_lets_others_in(self.start_endless())

    def test_idle_ones_make_room_with_few_descriptors(self):
        self.need_descriptors()
        self.assert_lets_others_in(self.start_endless(descriptors=1024))

    def test_the_longest_idle_goes_first(self):
        daemon = self.start(config={"rpc.max_connections": "10"})
        clients = [self.connect(daemon) for _ in range(9)]
        for client in clients[1:]:
            client.send(VERSION)
            client.receive()
        extra = [self.connect(daemon) for _ in range(2)]
        for client in extra:
            client.send(VERSION)
            client.receive()
        self.assertTrue(clients[0].closed_within(scaled(5)))
        for client in clients[1:]:
            client.send(VERSION)
            self.assertNotIn("error", client.receive().json())

    def test_requests_in_progress_stay(self):
        daemon = self.start_endless({"rpc.max_connections": "5"})
        pending = self.begin_many(daemon, [nano.random_root() for _ in range(3)])
        for _ in range(30):
            self.connect(daemon)
        daemon.wait_for(waiters=3)
        for client in pending:
            self.assertFalse(client.readable_within(0), "a request in progress was dropped")

    def test_all_at_once(self):
        self.need_descriptors()
        daemon = self.start(
            config={"rpc.max_connections": "4000", "rpc.max_connections_per_address": "0"})
        roots = [nano.random_root() for _ in range(self.COUNT)]
        clients = [self.connect(daemon, seconds=30) for _ in roots]
        for root, client in zip(roots, clients):
            client.send(generate_bytes(root, "f000000000000000"))
        for root, client in zip(roots, clients):
            self.assert_work(client.receive().json(), root, nano.DEV.receive)
        daemon.wait_for(jobs=0, waiters=0, found=self.COUNT)


class Queue(DaemonTest):
    def test_500_jobs_cancelled_one_by_one(self):
        daemon = self.start_endless()
        roots = [nano.random_root() for _ in range(500)]
        clients = self.begin_many(daemon, roots)
        daemon.wait_for(jobs=500, waiters=500, queue_size=499)
        with daemon.connect() as control:
            for number, (root, client) in enumerate(zip(roots, clients)):
                self.assertEqual(control.ask({"action": "work_cancel", "hash": root}), {"success": ""})
                self.assert_cancelled(client)
                if number % 50 == 0:
                    status = control.ask({"action": "status"})
                    self.assertEqual(status["waiters"], str(499 - number))
        daemon.wait_for(jobs=0, waiters=0, generating=0, cancelled=500)

    def test_full(self):
        daemon = self.start_endless({"work.max_queue": "4"})
        roots = [nano.random_root() for _ in range(4)]
        clients = self.begin_many(daemon, roots)
        for _ in range(3):
            answer = daemon.rpc("work_generate", hash=nano.random_root(), difficulty=ENDLESS)
            self.assertIn("queue is full", answer["error"])
        joined = self.begin(daemon, roots[0])
        daemon.wait_for(waiters=5, jobs=4)
        daemon.rpc("work_cancel", hash=roots[0])
        self.assert_cancelled(joined)
        self.assert_cancelled(clients[0])
        self.begin(daemon, nano.random_root())
        daemon.wait_for(waiters=4, jobs=4)

    def test_deadline(self):
        limit = scaled(1)
        daemon = self.start_endless({"work.request_timeout": str(limit)})
        with daemon.connect() as client:
            start = time.monotonic()
            client.send(generate_bytes(nano.random_root()))
            answer = client.receive().json()
            taken = time.monotonic() - start
            self.assertEqual(answer, {"error": "Work generation cancellation or failure"})
            self.assertGreaterEqual(taken, 0.99 * limit)
            self.assertLess(taken, limit + scaled(1))
            root = nano.random_root()
            client.send(generate_bytes(root, EASY))
            self.assert_work(client.receive().json(), root, int(EASY, 16))
        daemon.wait_for(jobs=0, waiters=0, generating=0)

    def test_deadline_is_each_request_s_own(self):
        daemon = self.start_endless({"work.request_timeout": "2"})
        root = nano.random_root()
        first = self.begin_many(daemon, [root])[0]
        self.assertFalse(first.readable_within(0.5))
        second = self.begin(daemon, root)
        self.assertIn("error", first.receive().json())
        status = daemon.status()
        if second.readable_within(0):
            self.skipTest("the machine is too busy to see the two deadlines apart")
        self.assertEqual((status["waiters"], status["jobs"]), ("1", "1"))
        self.assertEqual(second.receive().json(), {"error": "Work generation cancellation or failure"})


class Benchmark(DaemonTest):
    def setUp(self):
        self.daemon = self.start_endless()

    def test_absurd_counts_harm_nothing(self):
        for count in ("0", "-1", "1001", "99999999999999999999999", 10**30, "1e9", "x"):
            with self.subTest(count=count):
                self.assertEqual(self.daemon.rpc("benchmark", count=count), {"error": "Bad count"})
        with self.daemon.connect(seconds=60) as client:
            answer = client.ask({"action": "benchmark", "count": "1000", "difficulty": EASY})
        self.assertEqual(answer["count"], "1000")

    def test_ends_with_its_client(self):
        for count in (1, 1000):
            client = self.connect(self.daemon)
            client.post({"action": "benchmark", "count": count, "difficulty": ENDLESS})
            self.daemon.wait_for(generating=1)
            self.assert_search_stops(self.daemon, client.close)

    def test_holds_up_nobody(self):
        client = self.connect(self.daemon)
        client.post({"action": "benchmark", "count": 1000, "difficulty": ENDLESS})
        self.daemon.wait_for(generating=1)
        for _ in range(10):
            root = nano.random_root()
            self.assert_work(self.daemon.rpc("work_generate", hash=root), root, nano.DEV.base)
        self.assertFalse(client.readable_within(0))


class TheEnd(DaemonTest):
    """However the daemon is ended, whoever waits is told."""

    def assert_ends(self, daemon, act):
        """act() ends the daemon: status 0 soon, though it waits 1.5 s for those who do not read."""
        start = time.monotonic()
        act()
        self.assertEqual(daemon.wait(), 0)
        self.assertLess(time.monotonic() - start, 2 + scaled(2))

    def assert_tells_everybody(self, daemon, act):
        root = nano.random_root()
        clients = self.begin_many(daemon, [root, root] + [nano.random_root() for _ in range(20)])
        half_sent = self.connect(daemon)
        half_sent.send(VERSION[:30])
        self.connect(daemon)  # idle
        self.assert_ends(daemon, act)
        for client in clients:
            self.assert_cancelled(client)
            self.assertTrue(client.closed_within(scaled(2)))

    def test_sigterm_in_flight(self):
        daemon = self.start_endless()
        self.assert_tells_everybody(daemon, lambda: daemon.signal(signal.SIGTERM))

    def test_sigint_in_flight(self):
        daemon = self.start_endless()
        self.assert_tells_everybody(daemon, lambda: daemon.signal(signal.SIGINT))

    def test_signals_for_other_daemons_end_nothing(self):
        daemon = self.start()
        for number in signal.SIGUSR1, signal.SIGUSR2:
            daemon.signal(number)
            self.assertIn("rpc_version", daemon.rpc("version"))

    def test_signals_in_a_row(self):
        daemon = self.start_endless()

        def signals():
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
                daemon.signal(number)

        self.assert_tells_everybody(daemon, signals)

    def test_sigterm_with_a_client_that_does_not_read(self):
        daemon = self.start_endless()
        client = self.connect(daemon)
        for _ in range(200):
            if not client.send_without_waiting(VERSION * 500) and daemon.rpc("version"):
                break
        self.assert_ends(daemon, lambda: daemon.signal(signal.SIGTERM))

    def test_sigterm_during_a_benchmark(self):
        daemon = self.start_endless()
        client = self.connect(daemon)
        client.post({"action": "benchmark", "count": 1000, "difficulty": ENDLESS})
        daemon.wait_for(generating=1)
        self.assert_ends(daemon, lambda: daemon.signal(signal.SIGTERM))
        self.assertIn("error", client.receive().json())

    def test_sigterm_with_requests_behind_a_pending_one(self):
        daemon = self.start_endless()
        client = self.connect(daemon)
        client.send(generate_bytes(nano.random_root()) + VERSION + generate_bytes(nano.random_root()))
        daemon.wait_for(waiters=1)
        self.assert_ends(daemon, lambda: daemon.signal(signal.SIGTERM))
        self.assert_cancelled(client)

    def test_sigterm_at_once(self):
        for _ in range(5):
            daemon = self.start()
            self.assert_ends(daemon, lambda: daemon.signal(signal.SIGTERM))

    def test_stop_action(self):
        daemon = self.start_endless({"rpc.enable_control": "true"})

        def stop():
            self.assertEqual(daemon.rpc("stop"), {"success": ""})

        self.assert_tells_everybody(daemon, stop)


class LogReaders(DaemonTest):
    """Who reads the log is no matter of life and death."""

    def start_with_pipe(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, writer)
        settings = {**ALLOW_ENDLESS, "log.level": "debug"}
        return self.start(config=settings, stderr=writer), reader, writer

    def assert_serves(self, daemon):
        for _ in range(200):
            root = nano.random_root()
            self.assert_work(daemon.rpc("work_generate", hash=root), root, nano.DEV.base)
            daemon.post(b"nonsense")
        client = self.begin_many(daemon, [nano.random_root()])[0]
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        self.assert_cancelled(client)

    def test_reader_is_gone(self):
        daemon, reader, _ = self.start_with_pipe()
        os.close(reader)
        self.assert_serves(daemon)

    def test_reader_does_not_read(self):
        daemon, reader, writer = self.start_with_pipe()
        self.addCleanup(os.close, reader)
        # A description of its own, so that only the test's end does not block.
        filler = os.open(f"/proc/self/fd/{writer}", os.O_WRONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, filler)

        def full():
            try:
                os.write(filler, b"x" * 4096)
                return False
            except BlockingIOError:
                return True

        wait_until(full, "the pipe is full")
        self.assert_serves(daemon)


if __name__ == "__main__":
    main()
