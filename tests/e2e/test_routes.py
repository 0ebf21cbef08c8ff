#!/usr/bin/env python3
"""What is asked for by its path, on the RPC's port: /health, and how it lives beside the RPC."""

import nano
from harness import DaemonTest, main, scaled, wait_until
from http_client import Closed, post_bytes

ROOT = "718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2"


def head(method, path, *headers):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *headers]).encode() + b"\r\n\r\n"


class RouteTest(DaemonTest):
    def exchange(self, daemon, data, has_body=True):
        with daemon.connect() as connection:
            connection.send(data)
            return connection.receive(has_body)


class Health(RouteTest):
    def test_up(self):
        daemon = self.start()
        for path in ("/health", "/health?verbose", "http://127.0.0.1:7000/health"):
            with self.subTest(path=path):
                response = self.exchange(daemon, head("GET", path))
                self.assertEqual((response.status, response.body), (200, b'{"status":"UP"}'))
                self.assertEqual(response.header("Content-Type"), "application/json")
                self.assertIsNone(response.header("Access-Control-Allow-Origin"))

    def test_busy_is_healthy(self):
        daemon = self.start_endless()
        self.begin_many(daemon, [nano.random_root() for _ in range(10)])
        self.assertEqual(self.exchange(daemon, head("GET", "/health")).status, 200)

    def test_down_without_a_device(self):
        daemon = self.start(config={"node.work_threads": "0"})
        response = self.exchange(daemon, head("GET", "/health"))
        self.assertEqual(response.status, 503)
        self.assertEqual(response.header("Content-Type"), "application/json")
        self.assertEqual(
            response.json(), {"status": "DOWN", "reason": "There is no device to search on"}
        )
        # It says so over and over, on one connection.
        with daemon.connect() as connection:
            connection.send(head("GET", "/health") * 20)
            for _ in range(20):
                self.assertEqual(connection.receive().json()["status"], "DOWN")


class Methods(RouteTest):
    def setUp(self):
        self.daemon = self.start()

    def test_head_has_headers_only(self):
        with self.daemon.connect() as connection:
            connection.send(head("HEAD", "/health") + head("GET", "/health"))
            response = connection.receive(has_body=False)
            self.assertEqual((response.status, response.header("Content-Length")), (200, "15"))
            self.assertEqual(connection.receive().body, b'{"status":"UP"}')

    def test_other_methods(self):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            with self.subTest(method=method), self.daemon.connect() as connection:
                length = () if method == "DELETE" else ("Content-Length: 0",)
                connection.send(head(method, "/health", *length) + head("GET", "/health"))
                response = connection.receive()
                self.assertEqual(response.status, 405)
                self.assertEqual(response.header("Allow"), "GET, HEAD, OPTIONS")
                self.assertEqual(list(response.json()), ["error"])
                self.assertEqual(connection.receive().status, 200)

    def test_options(self):
        response = self.exchange(self.daemon, head("OPTIONS", "/health"), has_body=False)
        self.assertEqual(response.status, 204)
        self.assertEqual(response.header("Allow"), "GET, HEAD, OPTIONS")
        self.assertIsNone(response.header("Access-Control-Allow-Origin"))


class BesideTheRpc(RouteTest):
    def test_other_paths_are_the_rpc(self):
        daemon = self.start()
        for path in ("/", "/Health", "/health/", "//health", "/health/x", "/%68ealth"):
            with self.subTest(path=path):
                body = {"action": "work_generate", "hash": ROOT}
                response = self.exchange(daemon, post_bytes(body, path=path))
                self.assert_work(self.assert_answer(response), ROOT, nano.DEV.base)
                response = self.exchange(daemon, head("GET", path))
                self.assertEqual(response.status, 200 if path == "/" else 404)
                self.assertEqual(response.json(), {"error": "Can only POST requests"})

    def test_pipelined_behind_a_pending_request(self):
        """In turn: the probe's answer waits for the work's."""
        daemon = self.start_endless()
        connection = self.begin(daemon, ROOT)
        daemon.wait_for(waiters=1)
        connection.send(head("GET", "/health") * 3)
        self.assertFalse(connection.readable_within(0.1))
        self.assertEqual(self.exchange(daemon, head("GET", "/health")).status, 200)
        daemon.rpc("work_cancel", hash=ROOT)
        self.assert_cancelled(connection)
        for _ in range(3):
            self.assertEqual(connection.receive().body, b'{"status":"UP"}')

    def test_leaving_behind_a_pending_request(self):
        daemon = self.start_endless()
        connection = self.begin(daemon, ROOT)
        daemon.wait_for(waiters=1)
        connection.send(head("GET", "/health"))
        self.assert_search_stops(daemon, connection.close, seconds=1)

    def test_refused_requests_answer_as_the_rpc_does(self):
        """What cannot be read has no path: it may have been a node's."""
        daemon = self.start(config={"rpc.max_request_size": "100"})
        for data in (
            post_bytes(b"x" * 101, path="/health"),
            head("GET", "/health", "X: " + "x" * 9000),
        ):
            with self.subTest(data=data[:40]):
                connection = self.connect(daemon)
                connection.send(data)
                self.assert_refused(connection, "^Invalid header")

    def test_probes_make_room(self):
        """Probes beyond the bound on connections are served: those that are idle go."""
        daemon = self.start_endless(config={"rpc.max_connections": "4"})
        connections = self.begin_many(daemon, [nano.random_root() for _ in range(2)])
        for _ in range(50):
            response = self.exchange(daemon, head("GET", "/health"))
            self.assertEqual(response.status, 200)
        idle = [self.connect(daemon) for _ in range(8)]
        for connection in idle:
            try:
                connection.send(head("GET", "/health"))
                connection.receive()
            except (Closed, ConnectionError):
                pass
        wait_until(lambda: daemon.count("connections") <= 5, "the rest were closed")
        self.assertEqual(daemon.count("waiters"), 2)
        for connection in connections:
            self.assertFalse(connection.closed_within(scaled(0.01)))


if __name__ == "__main__":
    main()
