#!/usr/bin/env python3
"""The status page as it comes over HTTP: its files, /events, /table, who may have them."""

import http.client
import json
import re
import signal
import socket
import time

import nano
from harness import DaemonTest, main, scaled, wait_until
from test_access import KEY, KEYS, NEEDED, NOT_HERE, UNKNOWN
from test_routes import head

ACCEPT = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
MOST_BYTES = 60 * 1024
MOST_SUBSCRIBERS = 16
CANNOT = {"error": "Can only POST requests"}
MANAGEMENT = {"management.port": "0"}
FILES = (("/", "html"), ("/page.js", "javascript"), ("/page.css", "css"))


class Events:
    """One subscriber."""

    def __init__(self, address, headers=None):
        self._client = http.client.HTTPConnection(*address, timeout=scaled(10))
        self._client.request("GET", "/events", headers=headers or {})
        self.response = self._client.getresponse()

    def next(self):
        """The name and the data of the next event; None at the end of the stream."""
        name, data = "message", None
        while line := self.response.readline():
            text = line.decode().rstrip("\n")
            if text == "":
                return name, data
            key, value = text.split(": ", 1)
            if key == "event":
                name = value
            else:
                data = value
        return None

    def state(self):
        """The next state."""
        event = self.next()
        while event is not None and event[0] != "message":
            event = self.next()
        return None if event is None else json.loads(event[1])

    def close(self):
        self.response.close()
        self._client.close()


class WebTest(DaemonTest):
    def management(self):
        host, port = re.search(r"^Management on http://(\S+):(\d+)$", self.daemon.output(), re.M).groups()
        return host.strip("[]"), int(port)

    def exchange(self, data, address=None, has_body=True, source=None):
        with self.daemon.connect(address=address, source=source) as connection:
            connection.send(data)
            return connection.receive(has_body)

    def page(self, address=None, path="/"):
        return self.exchange(head("GET", path, ACCEPT), address)

    def subscribe(self, address=None, headers=None):
        events = Events(address or self.daemon.address, headers)
        self.addCleanup(events.close)
        return events


class Files(WebTest):
    def setUp(self):
        self.daemon = self.start(config=MANAGEMENT)

    def test_headers(self):
        for address in (self.daemon.address, self.management()):
            for path, kind in FILES:
                with self.subTest(path=path, address=address):
                    response = self.page(address, path)
                    self.assertEqual(response.status, 200)
                    self.assertEqual(response.header("Content-Type"), f"text/{kind}; charset=utf-8")
                    policy = dict(
                        part.strip().split(" ", 1)
                        for part in response.header("Content-Security-Policy").split(";")
                    )
                    self.assertEqual(policy.pop("img-src"), "data:")
                    self.assertLessEqual(set(policy.values()), {"'none'", "'self'"})
                    self.assertEqual(policy["default-src"], "'none'")
                    self.assertEqual(response.header("X-Content-Type-Options"), "nosniff")
                    self.assertIsNone(response.header("Access-Control-Allow-Origin"))

    def test_size(self):
        self.assertLess(sum(len(self.page(path=path).body) for path, _ in FILES), MOST_BYTES)

    def test_nothing_inline_and_nothing_from_elsewhere(self):
        for path, _ in FILES:
            text = self.page(path=path).body.decode()
            self.assertNotRegex(text, r"https?:|[\"'(]//|@import|url\(")
        text = self.page().body.decode()
        self.assertNotRegex(text, r"<style|<script(?! src)|\son\w+=|style=")
        references = set(re.findall(r'(?:src|href)="([^":#]+)"', text))
        self.assertEqual(references, {"page.css", "page.js", "table"})
        ids = set(re.findall(r'\bid="([\w-]+)"', text))
        script = self.page(path="/page.js").body.decode()
        used = set(re.findall(r"(?:field|fillTable|fillFigures|ask|showAnswer|showCurl|copy) \('([\w-]+)'", script))
        self.assertEqual(used - ids, set())
        pointed = set(re.findall(r'(?:labelledby|describedby|for|data-with)="([^"]+)"', text))
        self.assertEqual({name for names in pointed for name in names.split()} - ids, set())

    def test_head_has_headers_only(self):
        with self.daemon.connect() as connection:
            connection.send(head("HEAD", "/", ACCEPT) + head("HEAD", "/events") + head("GET", "/health"))
            response = connection.receive(has_body=False)
            self.assertEqual(int(response.header("Content-Length")), len(self.page().body))
            self.assertEqual(connection.receive(has_body=False).header("Content-Type"), "text/event-stream")
            self.assertEqual(connection.receive().body, b'{"status":"UP"}')


class BesideTheRpc(WebTest):
    def test_clients_of_the_rpc_see_no_page(self):
        self.daemon = self.start()
        self.assertIn(b"<!DOCTYPE", self.page().body)
        for headers in ((), ("Accept: */*",), ("Accept: application/json",), ("Accept: text/htmlx, xtext/html",)):
            with self.subTest(headers=headers):
                response = self.exchange(head("GET", "/", *headers))
                self.assertEqual((response.status, response.json()), (200, CANNOT))
                self.assertEqual(response.header("Access-Control-Allow-Origin"), "*")
        for method in ("PUT", "DELETE"):
            response = self.exchange(head(method, "/", ACCEPT, "Content-Length: 0"))
            self.assertEqual((response.status, response.json()), (200, CANNOT))
        response = self.exchange(head("OPTIONS", "/", ACCEPT), has_body=False)
        self.assertEqual(response.header("Allow"), "POST, OPTIONS")
        body = b'{"action":"version"}'
        response = self.exchange(head("POST", "/", ACCEPT, f"Content-Length: {len(body)}") + body)
        self.assertIn("node_vendor", response.json())

    def test_accept_in_other_words(self):
        self.daemon = self.start()
        for accept in ("text/html", "TEXT/HTML;q=0.8", "application/json, text/html"):
            self.assertIn(b"<!DOCTYPE", self.exchange(head("GET", "/", f"Accept: {accept}")).body)

    def test_other_paths(self):
        self.daemon = self.start(config=MANAGEMENT)
        for address in (self.daemon.address, self.management()):
            for path in ("/index.html", "/page", "/page.html", "/events/"):
                self.assertEqual(self.page(address, path).status, 404)
        self.assertEqual(self.exchange(head("GET", "/"), self.management()).status, 404)
        self.assertEqual(self.page(self.management(), "/health").status, 200)

    def test_off(self):
        self.daemon = self.start(config={**MANAGEMENT, "web.enable": "false"})
        response = self.page()
        self.assertEqual((response.status, response.json()), (200, CANNOT))
        self.assertEqual(self.page(self.management()).status, 404)
        for path in ("/page.js", "/events", "/table"):
            self.assertEqual(self.page(path=path).status, 404)


class Stream(WebTest):
    def test_a_search_begins_and_ends(self):
        self.daemon = self.start_endless(MANAGEMENT)
        for address, face in ((self.daemon.address, "rpc"), (self.management(), "management")):
            events = self.subscribe(address)
            self.assertEqual(events.response.status, 200)
            self.assertEqual(events.response.getheader("Content-Type"), "text/event-stream")
            self.assertIsNone(events.response.getheader("Access-Control-Allow-Origin"))
            self.assertEqual(events.next(), ("face", face))
            self.assertEqual(events.state()["searches"], [])
            root = nano.random_root()
            waiting = self.begin(self.daemon, root)
            digits = f"{root[:8]}...{root[-8:]}"

            def until(found):
                state = events.state()
                while not found(state):
                    state = events.state()
                return state

            state = until(lambda state: state["searches"] and float(state["searches"][0]["tried"]) > 0)
            search = state["searches"][0]
            self.assertEqual((search["root"], search["class"], search["source"]), (digits, "asked", "devices"))
            self.assertEqual(search["expected"], str(2**48))
            self.assertEqual((state["search_count"], state["health"]), ("1", {"state": "up", "reason": ""}))
            self.daemon.rpc("work_cancel", hash=root)
            self.assert_cancelled(waiting)
            self.assertEqual(until(lambda state: not state["searches"])["search_count"], "0")

    def test_works_and_times(self):
        self.daemon = self.start()
        self.daemon.rpc("work_generate", hash=nano.random_root())
        state = self.subscribe().state()
        self.assertEqual([work["source"] for work in state["works"]], ["cpu"])
        self.assertLess(abs(float(state["works"][0]["at"]) - time.time()), scaled(30))
        self.assertEqual([times["source"] for times in state["times"]], ["cpu"])
        self.assertGreater(float(state["times"][0]["p95"]), 0)
        self.assertEqual((state["store"], state.get("precache")), ({}, None))
        self.assertNotIn("atto_port", state)

    def test_health_has_a_reason(self):
        self.daemon = self.start(config={"node.work_threads": "0"})
        self.assertEqual(self.subscribe().state()["health"],
                         {"state": "down", "reason": "There is no device to search on"})

    def test_as_many_as_there_may_be(self):
        self.daemon = self.start(config=MANAGEMENT)
        faces = (self.daemon.address, self.management())
        subscribed = [self.subscribe(faces[index % 2]) for index in range(MOST_SUBSCRIBERS)]
        for events in subscribed:
            self.assertIsNotNone(events.state())
        refused = self.exchange(head("GET", "/events"))
        self.assertEqual((refused.status, refused.json()), (503, {"error": "Too many pages are open"}))
        self.assertEqual(refused.header("Retry-After"), "5")
        self.assertEqual(self.exchange(head("GET", "/health"), faces[1]).status, 200)
        subscribed[0].close()

        def again():
            events = self.subscribe()
            return events.response.status == 200

        wait_until(again, "there is room again")

    def test_leaving_in_every_way(self):
        self.daemon = self.start()
        for leave in ("close", "reset", "half_close"):
            for pipelined in (b"", head("GET", "/health") * 3, b"GET /eve"):
                with self.subTest(leave=leave, pipelined=pipelined):
                    connection = self.connect(self.daemon)
                    connection.send(head("GET", "/events") + pipelined)
                    wait_until(lambda: connection.readable_within(0.1), "the stream has begun")
                    getattr(connection, leave)()
        wait_until(lambda: self.daemon.count("connections") == 1, "all have left", 20)

    def test_http_1_0(self):
        """It knows no chunks: its stream ends with the connection."""
        self.daemon = self.start()
        with self.daemon.connect() as connection:
            connection.send(b"GET /events HTTP/1.0\r\n\r\n")
            wait_until(lambda: connection.readable_within(0.1), "the stream has begun")
            self.daemon.signal(signal.SIGTERM)
            response = connection.receive()
        self.assertIsNone(response.header("Transfer-Encoding"))
        self.assertTrue(response.body.startswith(b"event: face\ndata: rpc\n\ndata: {"))

    def test_idle_clients_stay(self):
        """A stream is no idle connection: each state that it takes begins the time anew."""
        self.daemon = self.start(config={"rpc.idle_timeout": "3"})
        events = self.subscribe()
        for _ in range(6):
            self.assertIsNotNone(events.state())

    def test_stopping_ends_it(self):
        """The chunks to the last, whatever the client has sent meanwhile; and nobody is waited for."""
        self.daemon = self.start(config=MANAGEMENT)
        events = self.subscribe(self.management())
        connection = self.connect(self.daemon)
        connection.send(head("GET", "/events"))
        wait_until(lambda: connection.readable_within(0.1), "the stream has begun")
        connection.send(head("GET", "/health"))
        for _ in range(3):
            self.assertIsNotNone(events.state())
        self.daemon.signal(signal.SIGTERM)
        body = connection.receive().body
        self.assertTrue(body.startswith(b"event: face\ndata: rpc\n\ndata: {"))
        self.assertGreater(body.count(b"\n\n"), 2)
        self.assertTrue(body.endswith(b"}\n\n"))
        self.assertEqual(connection.interim, [])
        self.assertEqual(self.daemon.wait(), 0)

    def test_a_slow_reader_misses_states_and_costs_no_memory(self):
        peers = ", ".join(f'"127.0.0.1:{port}"' for port in range(1, 121))
        self.daemon = self.start(config={**MANAGEMENT, "node.work_peers": f"[{peers}]"})
        slow = socket.socket()
        self.addCleanup(slow.close)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(self.daemon.address)
        slow.sendall(head("GET", "/events"))
        events = self.subscribe(self.management())
        size = len(json.dumps(events.state()))

        def held():
            text = self.exchange(head("GET", "/metrics"), self.management()).body.decode()
            return int(re.search(r'^workpeer_held_bytes\{face="rpc"\} (\d+)', text, re.M)[1])

        wait_until(lambda: events.state() and held() > 500, "its buffers are full", 30)
        for _ in range(4):
            self.assertIsNotNone(events.state())
            self.assertLess(held(), 2 * size)
        times = self.uptimes(slow)
        self.assertGreater(max(after - before for before, after in zip(times, times[1:])), 2)

    def uptimes(self, slow):
        """Of the states that it reads from now on, until one has missed others before it."""
        slow.settimeout(scaled(10))
        received = b""
        times = []
        while len(times) < 2 or times[-1] - times[-2] < 2:
            received += slow.recv(65536)
            times = [float(found) for found in re.findall(rb'"uptime":"([\d.]+)"', received)]
        return times


class Table(WebTest):
    def test_it_shows_the_state(self):
        self.daemon = self.start_endless({"node.work_peers": '["127.0.0.1:1"]'})
        root = nano.random_root()
        self.begin_many(self.daemon, [root])
        response = self.page(path="/table")
        self.assertEqual(response.header("Content-Type"), "text/html; charset=utf-8")
        self.assertIn("default-src 'none'", response.header("Content-Security-Policy"))
        text = response.body.decode()
        for part in (f"<td>{root[:8]}...{root[-8:]}</td>", "<td>cpu 0</td>", "<td>127.0.0.1:1</td>",
                     '<th scope="row">version</th>', "<caption>health</caption>"):
            self.assertIn(part, text)
        self.assertNotRegex(text, r"<style|<script|\son\w+=|style=")


class Access(WebTest):
    def statuses(self, address=None, headers=(), source=None):
        """Of the page, which tells nothing, and of what it shows."""
        return [
            self.exchange(head("GET", path, *headers), address, source=source).status
            for path in ("/page.js", "/table")
        ]

    def test_a_key(self):
        self.daemon = self.start(config={**KEYS, **MANAGEMENT})
        for address in (self.daemon.address, self.management()):
            self.assertIn(b"<!DOCTYPE", self.page(address).body)
            self.assertEqual(self.statuses(address), [200, 401])
            self.assertEqual(self.statuses(address, ["Authorization: Bearer wrong"]), [200, 401])
            self.assertEqual(self.statuses(address, [f"Authorization: Bearer {KEY}"]), [200, 200])
            self.assertEqual(self.exchange(head("GET", "/events"), address).json(), NEEDED)
            response = self.exchange(head("GET", "/events", "Authorization: Bearer x"), address)
            self.assertEqual((response.status, response.json()), (401, UNKNOWN))
            self.assertEqual(response.header("WWW-Authenticate"), 'Bearer realm="workpeer"')
            self.assertIsNotNone(self.subscribe(address, {"Authorization": f"Bearer {KEY}"}).state())
        for path in ("/health", "/metrics"):  # open as ever
            self.assertEqual(self.exchange(head("GET", path), self.management()).status, 200)

    def test_networks(self):
        self.daemon = self.start(config={"access.allow": '["127.0.0.1"]'})
        self.assertEqual(self.statuses(), [200, 200])
        self.assertEqual(self.statuses(source="127.0.0.2"), [200, 403])
        self.assertEqual(self.exchange(head("GET", "/events"), source="127.0.0.2").json(), NOT_HERE)

    def test_rates(self):
        self.daemon = self.start(config={"access.rate": "0.001", "access.burst": "2"})
        self.assertEqual([self.statuses()[1] for _ in range(3)], [200, 200, 429])

    def test_open_to_other_machines(self):
        for name in ("rpc", "management"):
            wide = {**MANAGEMENT, f"{name}.address": '"0.0.0.0"'}
            with self.subTest(name=name):
                self.daemon = self.start(config=wide)
                faces = {"rpc": ("127.0.0.1", self.daemon.address[1]),
                         "management": ("127.0.0.1", self.management()[1])}
                self.assertIn(f"No status page on the {name} port", self.daemon.log())
                for face, address in faces.items():
                    self.assertEqual(self.page(address, "/table").status, 404 if face == name else 200)
                self.daemon = self.start(config={**wide, **KEYS})
                address = (self.daemon.address if name == "rpc" else self.management())[1]
                self.assertEqual(self.statuses(("127.0.0.1", address)), [200, 401])
                self.assertNotIn("No status page", self.daemon.log())


if __name__ == "__main__":
    main()
