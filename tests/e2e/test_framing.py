#!/usr/bin/env python3
"""Requests that a proxy in front could read otherwise: refused on every listener, and the connection ends.

Each carries a `stop`, or a /health, where a lenient reader would find a second request."""

import re

from harness import DaemonTest, main, wait_until
from http_client import Closed, post_bytes

STOP = post_bytes({"action": "stop"})
HELD = b"Host: a\r\n"


def message(line, fields=b"", body=b""):
    return line + b"\r\n" + HELD + fields + b"\r\n" + body


def with_length(method, path=b"/"):
    return message(method + b" " + path + b" HTTP/1.1", b"Content-Length: %d\r\n" % len(STOP), STOP)


REFUSED = {
    "HEAD with a length": (with_length(b"HEAD", b"/health"), 400),
    "TRACE with a length": (with_length(b"TRACE"), 400),
    "PROPFIND with a length": (with_length(b"PROPFIND"), 400),
    "an unknown method with a length": (with_length(b"QUERY"), 400),
    "HEAD in chunks": (message(b"HEAD / HTTP/1.1", b"Transfer-Encoding: chunked\r\n", STOP), 400),
    "two lengths": (message(b"POST / HTTP/1.1", b"Content-Length: 0\r\nContent-Length: 5\r\n", STOP), 400),
    "a blank before the colon": (message(b"POST / HTTP/1.1", b"Content-Length : 5\r\n", STOP), 400),
    "a blank before the coding's colon": (
        message(b"POST / HTTP/1.1", b"Transfer-Encoding : chunked\r\nContent-Length: 0\r\n", STOP), 400),
    "length and chunks": (
        message(b"POST / HTTP/1.1", b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", STOP), 400),
    "an unknown coding": (message(b"POST / HTTP/1.1", b"Transfer-Encoding: xchunked\r\n", STOP), 501),
    "two codings": (message(b"POST / HTTP/1.1", b"Transfer-Encoding: gzip, chunked\r\n", STOP), 501),
    "a length of -0": (message(b"POST / HTTP/1.1", b"Content-Length: -0\r\n", STOP), 400),
    "a length of +20": (message(b"POST / HTTP/1.1", b"Content-Length: +20\r\n", STOP), 400),
    "a list of lengths": (message(b"POST / HTTP/1.1", b"Content-Length: 0, 0\r\n", STOP), 400),
    "a chunk of 0x0": (message(b"POST / HTTP/1.1", b"Transfer-Encoding: chunked\r\n", b"0x0\r\n\r\n" + STOP), 400),
    "a chunk's extension": (
        message(b"POST / HTTP/1.1", b"Transfer-Encoding: chunked\r\n", b"0;a\r\n\r\n" + STOP), 400),
    "a folded field": (message(b"POST / HTTP/1.1", b"X: a\r\n Content-Length: 5\r\n", STOP), 400),
    "a bare line feed": (message(b"POST / HTTP/1.1", b"X: a\nContent-Length: 0\r\n", STOP), 400),
    "a bare return": (message(b"POST / HTTP/1.1", b"X: a\rContent-Length: 0\r\n", STOP), 400),
    "chunks in HTTP/1.0": (message(b"POST / HTTP/1.0", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n" + STOP), 400),
    "no version": (b"GET /\r\n\r\n" + STOP, 400),
}


class Framing(DaemonTest):
    def try_all(self, daemon, connect):
        for name, (data, status) in REFUSED.items():
            for pieces in ([data], [bytes([byte]) for byte in data]):
                with self.subTest(case=name, pieces=len(pieces)), connect() as connection:
                    try:
                        for piece in pieces:
                            connection.send(piece)
                    except OSError:
                        pass  # closed before all was sent
                    self.assert_refused(connection, "^Invalid ", status)
        self.assertIn("node_vendor", daemon.rpc("version"))  # it was not stopped

    def test_rpc(self):
        daemon = self.start(config={"rpc.enable_control": "true"})
        self.try_all(daemon, daemon.connect)
        wait_until(lambda: "A request was refused with status 501: Invalid header: Transfer-Encoding other than chunked"
                   in daemon.log(), "the log tells")

    def test_management_and_atto(self):
        daemon = self.start(config={"management.port": "0", "atto.enable": "true", "atto.port": "0",
                                    "atto.management_port": "0"})
        faces = re.findall(r"^Management on http://(\S+):(\d+)$", daemon.output(), re.M)
        faces += [(host, port) for port, host in
                  re.findall(r"started on port (\d+) \(http\), address (\S+)$", daemon.log(), re.M)]
        self.assertGreaterEqual(len(faces), 3, faces)
        for host, port in faces:
            self.try_all(daemon, lambda: daemon.connect(address=(host.strip("[]"), int(port))))

    def test_what_came_before_is_answered_first(self):
        daemon = self.start(config={"rpc.enable_control": "true"})
        with daemon.connect() as connection:
            connection.send(post_bytes({"action": "version"}) + REFUSED["an unknown coding"][0])
            self.assertIn("node_vendor", connection.receive().json())
            self.assert_refused(connection, "^Invalid header", 501)

    def test_empty_lines_between_requests(self):
        daemon = self.start()
        with daemon.connect() as connection:
            for data in (b"\r\n\r\n", post_bytes({"action": "version"}), b"\r", b"\n",
                         post_bytes({"action": "version"}) + b"\r\n"):
                connection.send(data)
            for _ in range(2):
                self.assertIn("node_vendor", connection.receive().json())

    def test_bodies_of_other_methods_are_read(self):
        daemon = self.start(config={"rpc.enable_control": "true"})
        for method in (b"GET", b"PUT", b"DELETE", b"OPTIONS", b"PATCH"):
            with self.subTest(method=method), daemon.connect() as connection:
                connection.send(with_length(method) + post_bytes({"action": "version"}))
                connection.receive()
                self.assertIn("node_vendor", connection.receive().json())

    def test_close_anywhere_in_the_list(self):
        daemon = self.start()
        for value in ("close", "TE, close", "keep-alive,close", "\tCLOSE , te"):
            with self.subTest(value=value), daemon.connect() as connection:
                connection.send(post_bytes({"action": "version"}, headers=[("Connection", value)]))
                self.assertIn("node_vendor", connection.receive().json())
                with self.assertRaises(Closed):
                    connection.receive()
        with daemon.connect() as connection:
            connection.send(post_bytes({"action": "version"},
                                       headers=[("Connection", "keep-alive"), ("Connection", "close")]))
            self.assertIn("node_vendor", connection.receive().json())
            with self.assertRaises(Closed):
                connection.receive()
        with daemon.connect() as connection:
            connection.send(post_bytes({"action": "version"}, headers=[("Connection", "TE, closed")]) * 2)
            for _ in range(2):
                self.assertIn("node_vendor", connection.receive().json())

    def test_mistyped_paths(self):
        daemon = self.start()
        for path in ("//health", "/health/", "/healthz", "/Health", "/metric"):
            for method in ("GET", "HEAD"):
                with self.subTest(path=path, method=method), daemon.connect() as connection:
                    connection.send(f"{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                    response = connection.receive(method == "GET")
                    self.assertEqual(response.status, 404)
                    if method == "GET":
                        self.assertEqual(response.json(), {"error": "Can only POST requests"})
        with daemon.connect() as connection:
            connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(connection.receive().status, 200)


if __name__ == "__main__":
    main()
