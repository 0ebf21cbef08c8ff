#!/usr/bin/env python3
"""Clients behind trusted proxies: by X-Forwarded-For and Forwarded, and by the PROXY protocol.

127.0.0.1 is the proxy; what comes from 127.0.0.2 and beyond comes from anybody. Clients behind the proxy are in
192.0.2.0/24 and 2001:db8::/32. test_nginx.py and its kin do the same with real proxies.
"""

import ipaddress
import os
import re
import signal
import struct

import nano
from harness import DaemonTest, main, run_program, scaled, wait_until
from http_client import Closed, chunked, post_bytes
from test_access import KEY, NEEDED, NOT_HERE, TOO_FAST, TOO_MANY, hash_of

PROXIES = {"access.proxies": '["127.0.0.1", "10.0.0.0/8"]', "access.nodes": '["203.0.113.0/24"]'}
PROTOCOL = {**PROXIES, "access.proxy_protocol": "true"}
ELSEWHERE = "127.0.0.2"
VERSION = {"action": "version"}
NO_CLIENT = {"error": "Invalid header: Forwarded or X-Forwarded-For names no client"}


def for_client(client):
    return [("X-Forwarded-For", client)]


def proxy_v1(client):
    version = ipaddress.ip_address(client).version
    return f"PROXY TCP{version} {client} {client} 12345 443\r\n".encode()


def proxy_v2(client, command=1, rest=b""):
    """With a TLV of `rest` behind the addresses, if that is not empty."""
    address = ipaddress.ip_address(client)
    family = 0x11 if address.version == 4 else 0x21
    body = 2 * address.packed + struct.pack("!HH", 12345, 443)
    if rest:
        body += b"\x04" + struct.pack("!H", len(rest)) + rest
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes((0x20 | command, family)) + struct.pack("!H", len(body)) + body


class ProxyTest(DaemonTest):
    def ask(self, headers=(), source=None, body=None, start=b"", **options):
        """The response to one request on a connection of its own, which begins with `start`."""
        with self.daemon.connect(source=source, **options) as connection:
            connection.send(start + post_bytes(body or VERSION, headers))
            return connection.receive()

    def assert_let_in(self, *arguments, **options):
        response = self.ask(*arguments, **options)
        self.assertEqual(response.status, 200, response.body)
        self.assertIn("node_vendor", response.json())

    def assert_kept_out(self, status, error, *arguments, **options):
        response = self.ask(*arguments, **options)
        self.assertEqual((response.status, response.json()), (status, error))

    def assert_closed(self, connection):
        """Without a word."""
        with self.assertRaises((Closed, ConnectionError)):
            connection.receive()
        self.assertFalse(connection.cut)

    def wait_for_line(self, text):
        wait_until(lambda: text in self.daemon.log(), f"a line {text!r} in the log")

    def reload(self, text):
        before = self.daemon.log().count("Configuration reloaded")
        with open(os.path.join(self.daemon.data_path, "config-node.toml"), "w", encoding="utf-8") as file:
            file.write(text)
        self.daemon.signal(signal.SIGHUP)
        wait_until(lambda: self.daemon.log().count("Configuration reloaded") > before, "a reload")


class Fields(ProxyTest):
    def test_who_may_ask(self):
        self.daemon = self.start(config={**PROXIES, "access.allow": '["192.0.2.0/25", "2001:db8::/32"]'})
        for headers in (
            for_client("192.0.2.1"),
            for_client("2001:db8::1"),
            for_client("198.51.100.1, 192.0.2.1, 10.0.0.7"),
            for_client("198.51.100.1") + for_client("192.0.2.1:80") + for_client("10.0.0.7"),
            [("Forwarded", "for=192.0.2.1")],
            [("forwarded", 'for=198.51.100.1, For="[2001:db8::1]:80";proto=https')],
            [("Forwarded", "for=192.0.2.1"), *for_client("192.0.2.1")],
        ):
            with self.subTest(headers=headers):
                self.assert_let_in(headers)
        for headers in (
            (),
            for_client("192.0.2.129"),
            for_client("192.0.2.1, 198.51.100.1"),
            for_client("192.0.2.1, unknown"),
            for_client("10.0.0.7"),
            [("Forwarded", "for=192.0.2.1, for=_hidden")],
            [("X-Real-IP", "192.0.2.1")],
        ):
            with self.subTest(headers=headers):
                self.assert_kept_out(403, NOT_HERE, headers)

    def test_from_outside_they_do_not_count(self):
        self.daemon = self.start(config={**PROXIES, "access.allow": '["192.0.2.0/24", "127.0.0.1"]'})
        for value in ("192.0.2.1", "127.0.0.1", "nonsense", ""):
            self.assert_kept_out(403, NOT_HERE, for_client(value), ELSEWHERE)
            self.assert_kept_out(403, NOT_HERE, [("Forwarded", f"for={value}")], ELSEWHERE)
        self.assert_let_in()
        self.assert_let_in(for_client("192.0.2.1"))

    def test_without_the_setting_they_do_not_count(self):
        self.daemon = self.start(config={"access.allow": '["192.0.2.0/24"]', "access.nodes": '["192.0.2.0/24"]'})
        self.assert_kept_out(403, NOT_HERE, for_client("192.0.2.1"))
        self.assert_kept_out(403, NOT_HERE, for_client("nonsense"))

    def test_each_client_has_a_rate(self):
        """On one connection of the proxy, in turns; a key counts as itself, with a rate of its own."""
        key = f'[[access.keys]]\nhash = "{hash_of(KEY)}"\nburst = 5\n'
        self.daemon = self.start(files={"config-node.toml": key}, config={
            **PROXIES, "access.rate": "0.001", "access.burst": "2", "access.allow": '["0.0.0.0/0", "::/0"]'})
        with self.daemon.connect() as proxy:

            def statuses(headers, count=6):
                for _ in range(count):
                    proxy.post(VERSION, headers=headers)
                return [proxy.receive().status for _ in range(count)]

            self.assertEqual(statuses(for_client("192.0.2.1")), 2 * [200] + 4 * [429])
            self.assertEqual(statuses(for_client("192.0.2.2")), 2 * [200] + 4 * [429])
            self.assertEqual(statuses(for_client("2001:db8::1")), 2 * [200] + 4 * [429])
            self.assertEqual(statuses(for_client("2001:db8::2")), 6 * [429])  # of the same /64
            self.assertEqual(statuses([*for_client("192.0.2.1"), ("key", KEY)]), 5 * [200] + [429])
            self.assertEqual(statuses(()), 2 * [200] + 4 * [429])
        self.assert_kept_out(429, TOO_FAST, for_client("192.0.2.1"))
        self.assert_let_in(for_client("192.0.2.1"), ELSEWHERE)  # for which it counts

    def test_each_client_has_jobs(self):
        self.daemon = self.start_endless({**PROXIES, "access.max_jobs": "1"})

        def begin(client):
            connection = self.connect(self.daemon)
            connection.post({"action": "work_generate", "hash": nano.random_root(), "difficulty": "ffffffffffff0000"},
                            headers=for_client(client))
            return connection

        begin("192.0.2.1")
        self.daemon.wait_for(waiters=1)
        self.assertEqual(begin("192.0.2.1").receive().json(), TOO_MANY)
        begin("192.0.2.2")
        self.daemon.wait_for(waiters=2)

    def test_the_log_has_the_clients_address(self):
        self.daemon = self.start(config={**PROXIES, "access.keys": f'["{hash_of(KEY)}"]', "log.level": '"debug"'})
        self.assert_kept_out(401, NEEDED, for_client("192.0.2.9"))
        self.wait_for_line("Refused a request from 192.0.2.9: no API key")

    def test_the_log_has_it_without_limits_too(self):
        self.daemon = self.start(config={**PROXIES, "log.level": '"debug"'})
        self.ask(for_client("192.0.2.9"), body={"action": "work_generate", "hash": nano.random_root()})
        self.wait_for_line("begins: 192.0.2.9 asks for it")

    def test_nonsense(self):
        """The proxy keeps its connection."""
        self.daemon = self.start(config=PROXIES)
        with self.daemon.connect() as proxy:
            for headers in (
                for_client("nonsense"),
                for_client("nonsense, 192.0.2.1"),
                for_client("192.0.2.1") + for_client("x"),
                for_client("192.0.2.0/24"),
                [("Forwarded", "192.0.2.1")],
                [("Forwarded", "for=[2001:db8::1]")],
                [("Forwarded", 'for="x'), ("Forwarded", 'for="[2001:db8::1]"')],
                [("Forwarded", "for=192.0.2.1"), *for_client("192.0.2.2")],
            ):
                with self.subTest(headers=headers):
                    for body, path in ((VERSION, "/"), (b"{", "/"), (VERSION, "/callback")):
                        proxy.post(body, headers=headers, path=path)
                        response = proxy.receive()
                        self.assertEqual((response.status, response.json()), (400, NO_CLIENT))
            proxy.post(VERSION)
            self.assertEqual(proxy.receive().status, 200)
        self.wait_for_line("A request was refused with status 400: " + NO_CLIENT["error"])
        self.assert_let_in(for_client("nonsense"), ELSEWHERE)

    def test_no_trailer_counts(self):
        """A proxy may pass on a client's, behind what it has added itself."""
        self.daemon = self.start(config={**PROXIES, "access.allow": '["192.0.2.1"]'})
        for name in ("X-Forwarded-For", "forwarded", "x-FORWARDED-for"):
            value = "192.0.2.1" if "for" in name.lower()[-4:] else "for=192.0.2.1"
            body = chunked(b'{"action":"version"}')[:-2] + f"{name}: {value}\r\n\r\n".encode()
            with self.daemon.connect() as proxy:
                proxy.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                           b"X-Forwarded-For: 198.51.100.1\r\n\r\n" + body)
                self.assert_refused(proxy, "^Invalid body: a trailer that belongs in the head$", 400)

    def test_its_connections_have_no_bound_of_their_own(self):
        self.daemon = self.start(config={**PROXIES, "rpc.max_connections_per_address": "2"})
        proxy = [self.connect(self.daemon) for _ in range(5)]
        others = [self.connect(self.daemon, source=ELSEWHERE) for _ in range(3)]
        for connection in proxy:
            connection.post(VERSION, headers=for_client("192.0.2.1"))
            self.assertEqual(connection.receive().status, 200)
        self.assertTrue(others[0].closed_within(scaled(5)))

    def test_reload(self):
        self.daemon = self.start(files={"config-node.toml": ""}, config={"access.nodes": PROXIES["access.nodes"]})
        allow = '[access]\nallow = "192.0.2.1"\n'
        with self.daemon.connect() as proxy:

            def status(client):
                proxy.post(VERSION, headers=for_client(client))
                return proxy.receive().status

            self.assertEqual(status("nonsense"), 200)
            self.reload(allow + 'proxies = "127.0.0.1"\n')
            self.assertEqual([status("192.0.2.1"), status("192.0.2.2"), status("nonsense")], [200, 403, 400])
            self.reload(allow + 'proxies = "127.0.0.1"\nproxy_protocol = true\n')
            self.assertEqual([status("192.0.2.1"), status("nonsense")], [403, 403])
            self.assert_let_in(start=proxy_v1("192.0.2.1"))
            self.reload(allow)
            self.assertEqual([status("192.0.2.1"), status("nonsense")], [403, 403])
            self.reload("")
            self.assertEqual(status("nonsense"), 200)


class Protocol(ProxyTest):
    def test_who_may_ask(self):
        self.daemon = self.start(config={**PROTOCOL, "access.allow": '["192.0.2.0/25", "2001:db8::/32"]'})
        for start in (
            proxy_v1("192.0.2.1"),
            proxy_v1("2001:db8::1"),
            proxy_v2("192.0.2.1"),
            proxy_v2("2001:db8::1"),
            proxy_v2("192.0.2.1", rest=b"x" * 3000),
        ):
            self.assert_let_in(start=start)
        for start in (
            proxy_v1("192.0.2.129"),
            proxy_v2("2001:db9::1"),
            proxy_v2("192.0.2.1", command=0),
            b"PROXY UNKNOWN\r\n",
            b"PROXY UNKNOWN 192.0.2.1 192.0.2.1 1 2\r\n",
        ):
            self.assert_kept_out(403, NOT_HERE, start=start)
            self.assert_kept_out(403, NOT_HERE, for_client("192.0.2.1"), start=start)
            self.assert_kept_out(403, NOT_HERE, for_client("nonsense"), start=start)

    def test_in_pieces(self):
        self.daemon = self.start(config={**PROTOCOL, "access.allow": '["192.0.2.1"]'})
        for start in (proxy_v1("192.0.2.1"), proxy_v2("192.0.2.1")):
            with self.daemon.connect() as connection:
                for i in range(len(start)):
                    connection.send(start[i:i + 1])
                connection.send(b"\r\n" + post_bytes(VERSION) + post_bytes({"action": "status"}))
                self.assertEqual([connection.receive().status for _ in range(2)], [200, 200])

    def test_from_elsewhere_without(self):
        self.daemon = self.start(config={**PROTOCOL, "access.allow": f'["{ELSEWHERE}"]'})
        self.assert_let_in(for_client("192.0.2.1"), ELSEWHERE)
        for start in (proxy_v1("192.0.2.1"), proxy_v2("192.0.2.1")):
            with self.daemon.connect(source=ELSEWHERE) as connection:
                connection.send(start + post_bytes(VERSION))
                self.assert_refused(connection, "^Invalid header: ", 400)

    def test_malformed(self):
        self.daemon = self.start(config=PROTOCOL)
        good = proxy_v2("192.0.2.1")
        for start in (
            post_bytes(VERSION),
            b"\r\n" + proxy_v1("192.0.2.1"),
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
            b"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
            b"PROXY " + b"x" * 200,
            good.replace(b"\x21\x11", b"\x11\x11"),
            good.replace(b"\x21\x11", b"\x21\x41"),
            good[:14] + b"\xff\xff",
        ):
            with self.subTest(start=start[:40]), self.connect(self.daemon, source="127.0.0.1") as connection:
                connection.send(start)
                self.assert_closed(connection)
        self.wait_for_line("The proxy 127.0.0.1 did not begin a connection with a PROXY header: it is closed")
        with self.connect(self.daemon, source=ELSEWHERE) as connection:
            wait_until(lambda: connection.ask({"action": "status"})["connections"] == "1", "the others are gone")

    def test_each_client_has_a_rate(self):
        self.daemon = self.start(config={**PROTOCOL, "access.rate": "0.001"})
        for make in (proxy_v1, proxy_v2):
            client = {proxy_v1: "192.0.2.1", proxy_v2: "192.0.2.2"}[make]
            self.assert_let_in(start=make(client))
            self.assert_kept_out(429, TOO_FAST, start=make(client))

    def test_the_log_has_the_clients_address(self):
        self.daemon = self.start(config={**PROTOCOL, "access.allow": '["192.0.2.1"]'})
        self.assert_kept_out(403, NOT_HERE, start=proxy_v2("192.0.2.9"))
        self.wait_for_line("Refused a request from 192.0.2.9: an address that is not allowed")

    def test_each_client_has_connections(self):
        """One more makes room among those of its client, as it would without a proxy."""
        self.daemon = self.start_endless({**PROTOCOL, "rpc.max_connections_per_address": "2"})

        def connect(client):
            connection = self.connect(self.daemon)
            connection.send(proxy_v1(client) + post_bytes(VERSION))
            self.assertEqual(connection.receive().status, 200)
            return connection

        other = connect("192.0.2.2")
        mine = [connect("192.0.2.1") for _ in range(4)]
        for connection in mine[:2]:
            self.assertTrue(connection.closed_within(scaled(5)))
        for connection in (*mine[2:], other):
            connection.post(VERSION)
            self.assertEqual(connection.receive().status, 200)

    def test_those_that_wait_stay(self):
        """And it is the newcomer that goes, with its request, however fast that came."""
        self.daemon = self.start_endless({**PROTOCOL, "rpc.max_connections_per_address": "2"})

        def begin(client):
            connection = self.connect(self.daemon)
            connection.send(proxy_v2(client) + post_bytes(
                {"action": "work_generate", "hash": nano.random_root(), "difficulty": "ffffffffffff0000"}))
            return connection

        def wait_for(waiters):
            with self.daemon.connect(source=ELSEWHERE) as watch:
                wait_until(lambda: watch.ask({"action": "status"})["waiters"] == waiters, f"{waiters} waiters")

        waiting = [begin("192.0.2.1") for _ in range(2)]
        wait_for("2")
        for _ in range(3):
            self.assert_closed(begin("192.0.2.1"))
        waiting.append(begin("192.0.2.2"))
        wait_for("3")
        for connection in waiting:
            self.assertFalse(connection.readable_within(0))

    def test_a_header_alone_is_no_request(self):
        """Its connection may idle, and times out as an idle one does; half a header has the time of a request."""
        self.daemon = self.start(config={**PROTOCOL, "rpc.read_timeout": "0.2"})
        idle = self.connect(self.daemon)
        idle.send(proxy_v1("192.0.2.1"))
        late = self.connect(self.daemon)
        late.send(b"PROXY TCP4 192.0.2.1 ")
        self.assertTrue(late.closed_within(scaled(5)))
        idle.post(VERSION)
        self.assertEqual(idle.receive().status, 200)

    def test_every_port(self):
        self.daemon = self.start(config={
            **PROTOCOL, "management.port": "0", "atto.enable": "true", "atto.port": "0", "atto.management_port": "0",
            "atto.address": '["127.0.0.1"]', "access.allow": '["192.0.2.1"]'})
        log = wait_until(lambda: self.daemon.log() if "Atto work server started" in self.daemon.log() else None,
                         "Atto's server")
        management = int(re.search(r"Management on http://127.0.0.1:(\d+)", log)[1])
        atto = {name: int(port) for name, port in re.findall(r"Atto (.*) started on port (\d+)", log)}
        for port, path in ((management, "/health"), (management, "/metrics"), (atto["management"], "/health"),
                           (atto["work server"], "/"), (self.daemon.address[1], "/health")):
            with self.subTest(port=port, path=path):
                request = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
                with self.daemon.connect(address=("127.0.0.1", port)) as connection:
                    connection.send(proxy_v2("192.0.2.1") + request)
                    self.assertEqual(connection.receive().status, 200)
                with self.daemon.connect(address=("127.0.0.1", port)) as connection:
                    connection.send(request)
                    self.assert_closed(connection)


class Configuration(ProxyTest):
    def test_complaints(self):
        self.daemon = self.start()
        for text, complaint in (
            ("proxies = 1", "expected a network"),
            ('proxies = ["10.0.0.1/8"]', "expected a network"),
            ("proxy_protocol = 1", "expected true or false"),
        ):
            with open(os.path.join(self.daemon.data_path, "config-node.toml"), "w", encoding="utf-8") as file:
                file.write(f"[access]\n{text}\n")
            result = run_program("--check_config", "--data_path", self.daemon.data_path)
            self.assertEqual(result.returncode, 1)
            self.assertIn(complaint, result.stdout + result.stderr)


if __name__ == "__main__":
    main()
