#!/usr/bin/env python3
"""The HTTP that Workpeer's clients speak, byte for byte, and HTTP that nobody should speak."""

import json
import subprocess

import nano
from harness import DaemonTest, main, pretty, scaled
from http_client import chunked, post_bytes

ROOT = "718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2"
BASE = "ffc0000000000000"

PLAIN = b'{"action":"work_generate","hash":"%s"}' % ROOT.encode()
WITH_DIFFICULTY = b'{"action":"work_generate","hash":"%s","difficulty":"%s"}' % (
    ROOT.encode(),
    BASE.encode(),
)
NODE_BODY = pretty({"action": "work_generate", "hash": ROOT, "difficulty": BASE}).encode() + b"\n"


def request(*head, body):
    """A request from its header lines; "%d" in them becomes the body's length."""
    text = "\r\n".join(head).replace("%d", str(len(body)))
    return text.encode() + b"\r\n\r\n" + body


# What each client sends for work.
REQUESTS = {
    "nano_node": request(
        "POST / HTTP/1.1",
        "Content-Type: application/json",
        "Host: 127.0.0.1",
        "Content-Length: %d",
        body=NODE_BODY,
    ),
    "nano_node with an account": request(
        "POST / HTTP/1.1",
        "Content-Type: application/json",
        "Host: ::1",
        "Content-Length: %d",
        body=pretty(
            {
                "action": "work_generate",
                "hash": ROOT,
                "difficulty": BASE,
                "account": nano.account(ROOT),
            }
        ).encode(),
    ),
    "Cake Wallet": request(
        "POST / HTTP/1.1",
        "user-agent: Dart/3.2 (dart:io)",
        "content-type: application/json",
        "accept-encoding: gzip",
        "content-length: %d",
        "host: 127.0.0.1:7000",
        "api-key: secret",
        body=PLAIN,
    ),
    "Stack Wallet": request(
        "POST / HTTP/1.1",
        "user-agent: Dart/3.2 (dart:io)",
        "content-type: application/json; charset=utf-8",
        "accept-encoding: gzip",
        "content-length: %d",
        "host: 127.0.0.1:7000",
        body=PLAIN,
    ),
    "Nault": request(
        "POST / HTTP/1.1",
        "Host: localhost:7000",
        "Connection: keep-alive",
        "Content-Length: %d",
        "Accept: application/json, text/plain, */*",
        "Content-Type: application/json",
        "Authorization: secret",
        "Origin: https://nault.cc",
        "Sec-Fetch-Mode: cors",
        "Referer: https://nault.cc/",
        "Accept-Encoding: gzip, deflate, br",
        body=WITH_DIFFICULTY,
    ),
    "NanoRPCProxy": request(
        "POST / HTTP/1.1",
        "Accept: application/json",
        "Content-Type: application/json",
        "Host: 127.0.0.1:7000",
        "Content-Length: %d",
        "Connection: close",
        body=json.dumps(
            {
                "action": "work_generate",
                "hash": ROOT,
                "user": "someone",
                "api_key": "secret",
                "timeout": 15,
                "use_peers": "true",
                "multiplier": "1.0",
            }
        ).encode(),
    ),
    "Pippin": request(
        "POST / HTTP/1.1",
        "Host: 127.0.0.1:7000",
        "Accept: */*",
        "Accept-Encoding: gzip, deflate",
        "User-Agent: Python/3.11 aiohttp/3.8.4",
        "Content-Length: %d",
        "Content-Type: application/json",
        body=json.dumps({"action": "work_generate", "hash": ROOT, "difficulty": BASE}).encode(),
    ),
    "Betsy": request(
        "POST / HTTP/1.1",
        "Host: 127.0.0.1:7000",
        "Content-Type: application/json",
        "Content-Length: %d",
        body=json.dumps(
            {"action": "work_generate", "hash": ROOT, "reward": True, "difficulty": BASE}
        ).encode(),
    ),
    "nanopy": request(
        "POST / HTTP/1.1",
        "Host: localhost:7000",
        "User-Agent: python-requests/2.31.0",
        "Accept-Encoding: gzip, deflate",
        "Accept: */*",
        "Connection: keep-alive",
        "Content-Length: %d",
        "Content-Type: application/json",
        body=json.dumps(
            {
                "action": "work_generate",
                "hash": ROOT,
                "use_peers": False,
                "multiplier": 1.0,
                "version": "work_1",
            }
        ).encode(),
    ),
    "curl": request(
        "POST / HTTP/1.1",
        "Host: localhost:7000",
        "User-Agent: curl/7.88.1",
        "Accept: */*",
        "Content-Length: %d",
        "Content-Type: application/x-www-form-urlencoded",
        body=PLAIN,
    ),
    "ows-lib": request(
        "POST / HTTP/1.1",
        "Host: localhost:7000",
        "User-Agent: curl/7.88.1",
        "Accept: */*",
        "Content-Type: application/json",
        "Content-Length: %d",
        body=WITH_DIFFICULTY,
    ),
    "nano-node-rpc": (
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1:7000\r\nConnection: keep-alive\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" + chunked(PLAIN)
    ),
    "@dev-ptera/nano-node-rpc": request(
        "POST / HTTP/1.1",
        "Accept: application/json, text/plain, */*",
        "Content-Type: application/json",
        "User-Agent: axios/0.21.4",
        "Content-Length: %d",
        "Host: 127.0.0.1:7000",
        "Connection: keep-alive",
        body=PLAIN,
    ),
    "@bananocoin/bananojs": request(
        "POST / HTTP/1.1",
        "Content-Type: application/json",
        "Content-Length: %d",
        "Host: 127.0.0.1:7000",
        "Connection: keep-alive",
        body=PLAIN,
    ),
    "@nanobox/nano-client": request(
        "POST / HTTP/1.1",
        "Accept: application/json, */*;q=0.8",
        "Content-Type: application/json",
        "Content-Length: %d",
        "User-Agent: node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
        "Accept-Encoding: gzip,deflate",
        "Host: 127.0.0.1:7000",
        "Connection: keep-alive",
        body=WITH_DIFFICULTY,
    ),
    "HTTP/1.0": request("POST / HTTP/1.0", "Content-Length: %d", body=PLAIN),
    "HTTP/1.0 kept alive": request(
        "POST / HTTP/1.0", "Connection: keep-alive", "Content-Length: %d", body=PLAIN
    ),
    "HTTP/1.1 without a Host": request("POST / HTTP/1.1", "Content-Length: %d", body=PLAIN),
}


class Clients(DaemonTest):
    def setUp(self):
        self.daemon = self.start()

    def exchange(self, data):
        with self.daemon.connect() as connection:
            connection.send(data)
            return connection.receive()

    def test_every_client_gets_work(self):
        for name, data in REQUESTS.items():
            with self.subTest(client=name):
                answer = self.assert_answer(self.exchange(data))
                self.assert_work(answer, ROOT, nano.DEV.base)

    def test_every_client_a_byte_at_a_time(self):
        for name in ("nano_node", "nano-node-rpc", "curl"):
            with self.subTest(client=name), self.daemon.connect() as connection:
                for byte in REQUESTS[name]:
                    connection.send(bytes([byte]))
                self.assert_work(connection.receive().json(), ROOT, nano.DEV.base)

    def test_node_gives_up(self):
        """The node closes when another peer was faster, and cancels without reading the answer."""
        cancel = pretty({"action": "work_cancel", "hash": ROOT}).encode() + b"\n"
        for _ in range(50):
            with self.daemon.connect() as connection:
                connection.send(REQUESTS["nano_node"])
            with self.daemon.connect() as connection:
                connection.send(
                    request(
                        "POST / HTTP/1.1",
                        "Content-Type: application/json",
                        "Host: 127.0.0.1",
                        "Content-Length: %d",
                        body=cancel,
                    )
                )
        self.daemon.wait_for(jobs=0, waiters=0)

    def test_dpow_client(self):
        """Probes with an unknown action, then asks and cancels, one after the other."""
        with self.daemon.connect(seconds=2) as connection:
            connection.post({"action": "invalid"})
            answer = connection.receive()
            self.assertIn("error", self.assert_answer(answer))
            for _ in range(10):
                root = nano.random_root()
                work = connection.ask({"hash": root, "action": "work_generate", "difficulty": BASE})
                self.assert_work(work, root, nano.DEV.base)
                cancelled = connection.ask({"hash": root, "action": "work_cancel"})
                self.assertEqual(cancelled, {"success": ""})

    def test_shell_script(self):
        """Scripts pick the work out with grep and cut."""
        response = self.exchange(REQUESTS["curl"])
        picked = subprocess.run(
            ["sh", "-c", "grep work | cut -d'\"' -f4"],
            input=response.body,
            capture_output=True,
            timeout=scaled(10),
            check=True,
        )
        self.assertEqual(picked.stdout.decode(), response.json()["work"] + "\n")

    def test_expect_100_continue(self):
        body = json.dumps({"action": "work_generate", "hash": ROOT, "pad": "x" * 2000}).encode()
        head = (
            b"POST / HTTP/1.1\r\nHost: localhost:7000\r\nUser-Agent: curl/7.64.0\r\nAccept: */*\r\n"
            b"Content-Length: %d\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Expect: 100-continue\r\n\r\n" % len(body)
        )
        with self.daemon.connect() as connection:
            connection.send(head)
            self.assertEqual(connection.receive_interim(), 100)
            connection.send(body)
            self.assert_work(connection.receive().json(), ROOT, nano.DEV.base)
        with self.daemon.connect() as connection:  # some do not wait for it
            connection.send(head + body)
            self.assert_work(connection.receive().json(), ROOT, nano.DEV.base)

    def test_chunks_of_every_size(self):
        head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        for size in (1, 2, 7, 64, 4096):
            pieces = [PLAIN[at : at + size] for at in range(0, len(PLAIN), size)]
            with self.subTest(size=size):
                self.assert_work(self.exchange(head + chunked(*pieces)).json(), ROOT, nano.DEV.base)

    def test_http_1_0_is_closed_after_the_answer(self):
        with self.daemon.connect() as connection:
            connection.send(REQUESTS["HTTP/1.0"])
            self.assertIn("work", connection.receive().json())
            self.assertTrue(connection.closed_within(scaled(5)))

    def test_connection_close_is_obeyed(self):
        with self.daemon.connect() as connection:
            connection.post(PLAIN, headers=[("Connection", "close")])
            self.assertIn("work", connection.receive().json())
            self.assertTrue(connection.closed_within(scaled(5)))

    def test_any_path(self):
        for path in ("/", "/rpc", "/a/b?c=d", "/api/v2", "/%2e%2e/", "http://127.0.0.1:7000/", "*"):
            with self.subTest(path=path):
                response = self.exchange(post_bytes(PLAIN, path=path))
                self.assert_work(self.assert_answer(response), ROOT, nano.DEV.base)

    def test_any_content_type(self):
        for kind in ("text/plain", "multipart/form-data; boundary=x", "application/json", ""):
            with self.subTest(kind=kind):
                response = self.exchange(post_bytes(PLAIN, headers=[("Content-Type", kind)]))
                self.assert_work(response.json(), ROOT, nano.DEV.base)


class OtherMethods(DaemonTest):
    def setUp(self):
        self.daemon = self.start()

    def test_preflight(self):
        preflight = (
            b"OPTIONS / HTTP/1.1\r\nHost: localhost:7000\r\nConnection: keep-alive\r\n"
            b"Accept: */*\r\nAccess-Control-Request-Method: POST\r\n"
            b"Access-Control-Request-Headers: authorization,content-type\r\n"
            b"Origin: https://nault.cc\r\nSec-Fetch-Mode: cors\r\n\r\n"
        )
        with self.daemon.connect() as connection:
            connection.send(preflight)
            response = connection.receive()
            self.assertEqual((response.status, response.body), (200, b""))
            self.assertEqual(response.header("Access-Control-Allow-Origin"), "*")
            self.assertIn("POST", response.header("Access-Control-Allow-Methods"))
            for name in ("Authorization", "Content-Type"):
                self.assertIn(name, response.header("Access-Control-Allow-Headers").split(", "))
            # A browser goes on with the request itself, here or on another connection.
            connection.send(REQUESTS["Nault"])
            response = connection.receive()
            self.assertEqual(response.header("Access-Control-Allow-Origin"), "*")
            self.assert_work(response.json(), ROOT, nano.DEV.base)

    def test_can_only_post(self):
        for method in ("GET", "PUT", "DELETE", "PATCH", "BREW"):
            with self.subTest(method=method), self.daemon.connect() as connection:
                body = "Content-Length: 0\r\n" if method in ("PUT", "PATCH") else ""
                connection.send(f"{method} / HTTP/1.1\r\nHost: x\r\n{body}\r\n".encode())
                answer = self.assert_answer(connection.receive())
                self.assertEqual(answer, {"error": "Can only POST requests"})

    def test_head(self):
        """Whether a HEAD's answer has a body is the server's choice; its status and end are not."""
        with self.daemon.connect() as connection:
            connection.send(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            response = connection.receive(has_body=False)
            self.assertEqual(response.status, 200)
            self.assertEqual(response.header("Content-Type"), "application/json")
            self.assertTrue(connection.closed_within(scaled(5)))


class BadHttp(DaemonTest):
    def setUp(self):
        self.daemon = self.start()

    def assert_answered_and_closed(self, data):
        with self.daemon.connect() as connection:
            connection.send(data)
            self.assert_refused(connection, "^Invalid (header|body)", 400)

    def test_malformed_requests(self):
        for data in (
            b"nonsense\r\n\r\n",
            b"POST\r\n\r\n",
            b"POST / HTTP/1.1\r\nno colon here\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"POST / HTTP/9.9\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        ):
            with self.subTest(data=data):
                self.assert_answered_and_closed(data)
        self.assertIn("work", self.daemon.post(PLAIN).json())

    def test_no_http_at_all(self):
        """A TLS hello, a request for another protocol: answered or not, but closed and forgotten."""
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n"
        for data in (hello, b"\r\n" * 5000):
            with self.daemon.connect() as connection:
                connection.send(data)
                try:
                    connection.half_close()
                except OSError:
                    pass  # closed already
                self.assertTrue(connection.closed_within(scaled(5)))
        self.assertIn("work", self.daemon.post(PLAIN).json())


if __name__ == "__main__":
    main()
