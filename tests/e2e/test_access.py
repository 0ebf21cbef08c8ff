#!/usr/bin/env python3
"""Who may ask, how often and for how much: keys, networks, rates, jobs, difficulties, connections.

All of 127.0.0.0/8 is this machine, so that clients have addresses to choose from. Loopback is where nodes are,
unless a test says otherwise with NO_NODES.
"""

import base64
import hashlib
import os
import pty
import re
import select
import signal
import subprocess
import time

import nano
from harness import PROGRAM, DaemonTest, main, run_program, scaled, wait_until
from http_client import Closed, post_bytes

ROOT = "718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2"
KEY = "0123456789abcdef-first"
OTHER_KEY = "0123456789abcdef-second"
NO_NODES = {"access.nodes": '["192.0.2.0/24"]'}

NEEDED = {"error": "An API key is required"}
UNKNOWN = {"error": "Unknown API key"}
NOT_HERE = {"error": "Requests from this address are not allowed"}
TOO_FAST = {"error": "Too many requests in a short time"}
TOO_MANY = {"error": "Too many requests for work at once"}
TOO_DIFFICULT = {"error": "Difficulty above the limit of this client"}


def hash_of(key, salt=bytes(range(16))):
    """As --hash_key prints it."""
    digest = hashlib.blake2b(key.encode(), digest_size=32, salt=salt, person=b"workpeer api key")
    return f"blake2b:{salt.hex()}:{digest.hexdigest()}"


def basic(text):
    return ("Authorization", "Basic " + base64.b64encode(text.encode()).decode())


KEYS = {"access.keys": f'["{hash_of(KEY)}"]'}


class AccessTest(DaemonTest):
    def ask(self, body=None, headers=(), source=None, path="/", method=None):
        """The response to one request on a connection of its own."""
        data = post_bytes(body or {"action": "version"}, headers=headers, path=path)
        if method is not None:
            data = f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        with self.daemon.connect(source=source) as connection:
            connection.send(data)
            return connection.receive(has_body=method not in ("HEAD", "OPTIONS"))

    def assert_let_in(self, headers=(), source=None):
        response = self.ask(headers=headers, source=source)
        self.assertEqual(response.status, 200)
        self.assertIn("node_vendor", response.json())

    def assert_kept_out(self, status, error, headers=(), source=None, body=None):
        response = self.ask(body, headers, source)
        self.assertEqual((response.status, response.json()), (status, error))
        self.assertEqual(response.header("Content-Type"), "application/json")
        self.assert_pretty(response.body)
        self.assertIsNone(response.header("Connection"))
        return response

    def begin_from(self, source, root=None):
        connection = self.daemon.connect(source=source)
        self.addCleanup(connection.close)
        connection.post({"action": "work_generate", "hash": root or nano.random_root(),
                         "difficulty": "ffffffffffff0000"})
        return connection


class Keys(AccessTest):
    def setUp(self):
        self.daemon = self.start(config={**KEYS, **NO_NODES})

    def test_every_header(self):
        for header in (
            ("Authorization", f"Bearer {KEY}"),
            ("authorization", f"bearer {KEY}"),
            basic(f"anybody:{KEY}"),
            basic(f":{KEY}"),
            ("api-key", KEY),
            ("key", KEY),
            ("Api-Key", KEY),
            ("X-API-Key", KEY),
            ("Authorization", KEY),
            ("Authorization", f"Token {KEY}"),
            ("Authorization", f"ApiKey {KEY}"),
        ):
            with self.subTest(header=header):
                self.assert_let_in([header])

    def test_no_key(self):
        response = self.assert_kept_out(401, NEEDED)
        self.assertEqual(response.header("WWW-Authenticate"), 'Bearer realm="workpeer"')

    def test_wrong_keys(self):
        for header in (
            ("Authorization", f"Bearer {KEY}x"),
            ("Authorization", f"Bearer {KEY[:-1]}"),
            basic(f"{KEY}:"),
            basic(f"user:{OTHER_KEY}"),
            ("api-key", OTHER_KEY),
            ("x-api-key", OTHER_KEY),
            ("Authorization", f"{KEY}x"),
            ("key", hash_of(KEY)),
            ("key", "x" * 5000),
        ):
            with self.subTest(header=header):
                error = NEEDED if header == basic(f"{KEY}:") else UNKNOWN
                self.assert_kept_out(401, error, [header])

    def test_an_error_says_which_headers_are_read(self):
        for headers, reason in (((), "no_key"), ([("key", "x")], "wrong_key")):
            response = self.ask(headers=headers)
            self.assertEqual(response.fault()[0], reason)
            for name in ("Authorization", "Bearer", "Token", "ApiKey", "Basic", "api-key", "x-api-key", " key"):
                self.assertIn(name, response.fault()[1])

    def test_what_is_no_key(self):
        for header in (("Authorization", "Basic x"), ("Authorization", f"Digest {KEY}"), ("key", "")):
            with self.subTest(header=header):
                self.assert_kept_out(401, NEEDED, [header])

    def test_one_good_key_among_others(self):
        self.assert_let_in([("api-key", "wrong"), ("Authorization", "Bearer wrong"), ("key", KEY)])

    def test_the_body_is_not_read(self):
        """What it holds does not matter: not JSON, no action, control."""
        for body in (b"", b"{", b'{"action":"stop"}', b'{"action":"none"}', b"[" * 30000):
            with self.subTest(body=body[:20]):
                self.assert_kept_out(401, NEEDED, body=body or b" ")

    def test_many_on_one_connection(self):
        with self.daemon.connect() as connection:
            for _ in range(50):
                connection.post({"action": "version"})
                connection.post({"action": "version"}, headers=[("key", KEY)])
            for _ in range(50):
                self.assertEqual(connection.receive().status, 401)
                self.assertEqual(connection.receive().status, 200)

    def test_browsers(self):
        """A page may ask whether it may ask, and may read why not."""
        response = self.ask(method="OPTIONS")
        self.assertEqual(response.status, 200)
        allowed = response.header("Access-Control-Allow-Headers").lower().split(", ")
        for name in ("authorization", "api-key", "x-api-key", "key", "content-type"):
            self.assertIn(name, allowed)
        response = self.assert_kept_out(401, NEEDED, [("Origin", "http://example.org")])
        self.assertEqual(response.header("Access-Control-Allow-Origin"), "*")

    def test_other_methods(self):
        response = self.ask(method="GET")
        self.assertEqual(response.json(), {"error": "Can only POST requests"})

    def test_probes_need_no_key(self):
        self.assertEqual(self.ask(method="GET", path="/health").json(), {"status": "UP"})
        self.assertIn(self.ask(method="GET", path="/ready").status, (200, 503))

    def test_metrics_need_one(self):
        self.assertEqual(self.ask(method="GET", path="/metrics").status, 401)
        with self.daemon.connect() as connection:
            connection.send(f"GET /metrics HTTP/1.1\r\nHost: x\r\nkey: {KEY}\r\n\r\n".encode())
            response = connection.receive()
        self.assertEqual(response.status, 200)
        refused = re.search(r'(?m)^workpeer_requests_total\{[^}]*refused[^}]*\} ([1-9]\d*)$',
                            response.body.decode())
        self.assertIsNotNone(refused, response.body.decode()[:2000])

    def test_callbacks_need_one(self):
        for headers, status in (((), 401), ([("key", KEY)], 503)):  # 503: there is no store
            response = self.ask({"account": "x"}, headers, path="/callback")
            self.assertEqual((response.status, list(response.json())), (status, ["error"]))

    def test_nothing_secret_is_logged(self):
        self.ask(headers=[("key", KEY)])
        self.ask(headers=[("key", OTHER_KEY)])
        wait_until(lambda: "Refused a request from 127.0.0.1: an unknown API key" in self.daemon.log(),
                   "the refusal is logged")
        for secret in (KEY, OTHER_KEY, hash_of(KEY), hash_of(KEY)[-64:]):
            self.assertNotIn(secret, self.daemon.log())
        self.assertIn("access.keys = (hidden)", self.daemon.log())



class Rights(AccessTest):
    """A key with rights may do what they name, and nothing else; one without, what rpc.enable_control allows."""

    ACTIONS = {
        "work": ("work_generate", "work_validate", "work_cancel", "benchmark"),
        "precache": ("work_precache", "precache_status", "precache_watch", "precache_unwatch"),
        "store": ("work_get", "work_set"),
        "peers": ("work_peers", "work_peer_add", "work_peers_clear"),
        "control": ("stop",),
        None: ("version", "status"),
    }
    REFUSED = {"error": "This API key does not have the right to that"}
    DISABLED = {"error": "RPC control is disabled"}

    def start_with(self, *rights, **config):
        keys = [f'{{hash = "{hash_of(right, os.urandom(16))}", rights = ["{right}"]}}' for right in rights]
        keys.append(f'"{hash_of(KEY)}"')
        text = f"[access]\nkeys = [{', '.join(keys)}]\n"
        self.daemon = self.start(
            files={"config-node.toml": text}, config={**NO_NODES, "store.enable": "false", **config}
        )

    def ask_as(self, key, action, **fields):
        return self.ask({"action": action, **fields}, [("key", key)])

    def test_each(self):
        rights = [right for right in self.ACTIONS if right not in (None, "control")]
        self.start_with(*rights)
        for key in rights:
            for right, actions in self.ACTIONS.items():
                for action in actions:
                    with self.subTest(key=key, action=action):
                        response = self.ask_as(key, action)
                        if right in (key, None):
                            self.assertNotIn(response.json(), (self.REFUSED, self.DISABLED))
                            continue
                        self.assertEqual((response.status, response.json()), (403, self.REFUSED))
                        self.assertEqual(response.fault(), ("forbidden", f'it needs the right "{right}"'))

    def test_as_today_without(self):
        self.start_with("store")
        self.assertEqual(self.ask_as(KEY, "work_get").json(), self.DISABLED)
        self.assertEqual(self.ask_as(KEY, "work_validate", hash=ROOT).status, 200)

    def test_control(self):
        """It needs no rpc.enable_control, but no page of the web has it."""
        self.start_with("control")
        page = [("key", "control"), ("Origin", "http://example.org")]
        self.assertEqual(self.ask({"action": "stop"}, page).json(), self.DISABLED)
        self.assertEqual(self.ask_as("control", "stop").json(), {"success": ""})

    def test_control_does_not_give_rights(self):
        self.start_with("work", **{"rpc.enable_control": "true"})
        self.assertEqual(self.ask_as("work", "stop").json(), self.REFUSED)

    def test_callback(self):
        self.start_with("work", "precache")
        for key, status in (("work", 403), ("precache", 503)):
            response = self.ask(b"{}", [("key", key)], path="/callback")
            self.assertEqual(response.status, status, response.body)

    def test_nodes_wait_for_200(self):
        self.start_with("work", **{"access.nodes": '["127.0.0.0/8"]'})
        response = self.ask_as("work", "work_get")
        self.assertEqual((response.status, response.json()), (200, self.REFUSED))


class Nodes(AccessTest):
    """nano_node waits for ever after any status but 200."""

    def test_loopback_is_where_nodes_are(self):
        self.daemon = self.start(config=KEYS)
        response = self.ask()
        self.assertEqual(self.assert_answer(response), NEEDED)
        self.assert_let_in([("key", KEY)])

    def test_other_paths_keep_their_status(self):
        self.daemon = self.start(config=KEYS)
        self.assertEqual(self.ask({"account": "x"}, path="/callback").status, 401)

    def test_networks_without_a_key_are_nodes_too(self):
        self.daemon = self.start(
            config={"access.allow": '["127.0.0.2"]', "access.rate": "0.001", "access.nodes": "[]"})
        self.assert_let_in(source="127.0.0.2")
        self.assertEqual(self.assert_answer(self.ask(source="127.0.0.2")), TOO_FAST)

    def test_as_configured(self):
        self.daemon = self.start(config={**KEYS, "access.nodes": '["127.0.0.2/31"]'})
        self.assert_kept_out(401, NEEDED)
        self.assertEqual(self.assert_answer(self.ask(source="127.0.0.3")), NEEDED)
        self.assert_kept_out(401, NEEDED, source="127.0.0.4")


class Networks(AccessTest):
    def test_without_keys(self):
        self.daemon = self.start(
            config={"access.allow": '["127.0.0.2/31", "2001:db8::/32"]', **NO_NODES})
        self.assert_let_in(source="127.0.0.2")
        self.assert_let_in(source="127.0.0.3")
        self.assert_kept_out(403, NOT_HERE, source="127.0.0.4")
        self.assert_kept_out(403, NOT_HERE, [("key", KEY)], source="127.0.0.1")

    def test_or_keys(self):
        self.daemon = self.start(config={**KEYS, "access.allow": '["127.0.0.2"]', **NO_NODES})
        self.assert_let_in(source="127.0.0.2")
        self.assert_let_in([("key", "wrong")], source="127.0.0.2")
        self.assert_let_in([("key", KEY)], source="127.0.0.3")
        self.assert_kept_out(401, NEEDED, source="127.0.0.3")

    def test_ipv4_that_comes_as_ipv6(self):
        """A listener on "::" sees IPv4 mapped."""
        self.daemon = self.start(
            config={"rpc.address": '"::"', "access.allow": '["127.0.0.2"]', **NO_NODES})
        for source, status in (("127.0.0.2", 200), ("127.0.0.3", 403)):
            with self.daemon.connect(
                address=("127.0.0.1", self.daemon.address[1]), source=source
            ) as connection:
                connection.post({"action": "version"})
                self.assertEqual(connection.receive().status, status)

    def test_ipv6(self):
        self.daemon = self.start(
            config={"rpc.address": '["::1"]', "access.allow": '["::1"]', **NO_NODES})
        self.assert_let_in()
        self.daemon = self.start(
            config={"rpc.address": '["::1"]', "access.allow": '["::2/127"]', **NO_NODES})
        self.assert_kept_out(403, NOT_HERE)


class Rates(AccessTest):
    def test_too_fast(self):
        self.daemon = self.start(config={"access.rate": "1", "access.burst": "20", **NO_NODES})
        with self.daemon.connect() as connection:
            for _ in range(40):
                connection.post({"action": "version"})
            responses = [connection.receive() for _ in range(40)]
        statuses = [response.status for response in responses]
        self.assertEqual(statuses[:20], [200] * 20)
        self.assertGreaterEqual(statuses.count(429), 15)
        refused = responses[statuses.index(429)]
        self.assertEqual((refused.json(), refused.header("Retry-After")), (TOO_FAST, "1"))
        self.assert_let_in(source="127.0.0.2")
        wait_until(lambda: self.ask().status == 200, "there is one more")

    def test_a_long_wait(self):
        self.daemon = self.start(config={"access.rate": "0.01", **NO_NODES})
        self.assert_let_in()
        response = self.assert_kept_out(429, TOO_FAST)
        self.assertAlmostEqual(int(response.header("Retry-After")), 100, delta=scaled(5))

    def test_probes_are_not_counted(self):
        self.daemon = self.start(config={"access.rate": "0.001", **NO_NODES})
        for _ in range(5):
            self.assertEqual(self.ask(method="GET", path="/health").status, 200)
        self.assert_let_in()
        self.assert_kept_out(429, TOO_FAST)
        self.assertEqual(self.ask(method="GET", path="/health").status, 200)

    def test_guessing_keys(self):
        self.daemon = self.start(
            config={**KEYS, "access.rate": "0.001", "access.burst": "3", **NO_NODES})
        statuses = [self.ask(headers=[("key", f"guess {i}")]).status for i in range(6)]
        self.assertEqual(statuses, [401] * 3 + [429] * 3)
        self.assert_let_in([("key", KEY)])

    def test_gathered_in_the_log(self):
        self.daemon = self.start(config={"access.rate": "0.001", **NO_NODES})
        for _ in range(30):
            self.ask()
        wait_until(lambda: "Refused 28 more requests within 10 s" in self.daemon.log(),
                   "the refusals are summed up", 30)
        self.assertEqual(self.daemon.log().count("Refused a request"), 1)


class Jobs(AccessTest):
    LIMIT = {"access.max_jobs": "2"}

    def start_limited(self, config=None):
        self.daemon = self.start_endless({**self.LIMIT, **NO_NODES, **(config or {})})

    def assert_refused_job(self, source=None):
        connection = self.begin_from(source)
        response = connection.receive()
        self.assertEqual((response.status, response.json()), (429, TOO_MANY))
        self.assertEqual(response.header("Retry-After"), "1")

    def test_one_too_many(self):
        self.start_limited()
        for _ in range(2):
            self.begin_from("127.0.0.2")
        self.daemon.wait_for(waiters=2)
        self.assert_refused_job("127.0.0.2")
        self.begin_from("127.0.0.3")
        self.daemon.wait_for(waiters=3)

    def test_others_are_no_jobs(self):
        """At the limit a client may still cancel, validate and ask how it is."""
        self.start_limited()
        roots = [nano.random_root() for _ in range(2)]
        waiting = [self.begin_from("127.0.0.2", root) for root in roots]
        self.daemon.wait_for(waiters=2)
        self.assert_let_in(source="127.0.0.2")
        response = self.ask({"action": "work_cancel", "hash": roots[0]}, source="127.0.0.2")
        self.assertEqual(response.json(), {"success": ""})
        self.assert_cancelled(waiting[0])
        self.begin_from("127.0.0.2")
        self.daemon.wait_for(waiters=2)
        self.assert_refused_job("127.0.0.2")

    def test_every_end_counts(self):
        """However a request ends, its job ends with it: found, cancelled, its client gone, refused."""
        self.start_limited({"work.request_timeout": str(scaled(2))})
        for _ in range(20):
            easy = {"action": "work_generate", "hash": nano.random_root()}
            self.assertIn("work", self.ask(easy, source="127.0.0.2").json())
            self.begin_from("127.0.0.2").close()
            bad = {"action": "work_generate", "hash": "x"}
            self.assertEqual(self.ask(bad, source="127.0.0.2").json(), {"error": "Invalid block hash"})
            self.daemon.wait_for(waiters=0)
        expiring = [self.begin_from("127.0.0.2") for _ in range(2)]
        for connection in expiring:
            self.assertIn("error", connection.receive().json())
        for _ in range(2):
            self.begin_from("127.0.0.2")
        self.assert_refused_job("127.0.0.2")

    def test_benchmarks_are_jobs(self):
        self.start_limited({"access.max_jobs": "1"})
        self.begin_from("127.0.0.2")
        self.daemon.wait_for(waiters=1)
        response = self.ask({"action": "benchmark", "count": "1"}, source="127.0.0.2")
        self.assertEqual((response.status, response.json()), (429, TOO_MANY))
        self.assertIn("average", self.ask({"action": "benchmark", "count": "1"}).json())

    def test_stopping_with_jobs(self):
        self.start_limited()
        waiting = [self.begin_from("127.0.0.2") for _ in range(2)]
        self.daemon.wait_for(waiters=2)
        self.daemon.process.terminate()
        for connection in waiting:
            self.assert_cancelled(connection)
        self.assertEqual(self.daemon.wait(), 0)


class Difficulties(AccessTest):
    def generate(self, multiplier, headers=(), action="work_generate", **fields):
        body = {"action": action, "hash": nano.random_root(), "multiplier": multiplier, **fields}
        return self.ask(body, headers)

    def test_above(self):
        self.daemon = self.start(config={"access.max_multiplier": "2", **NO_NODES})
        self.assertIn("work", self.generate("2").json())
        for response in (self.generate("2.1"),
                         self.generate("2.1", action="benchmark", count="1")):
            self.assertEqual((response.status, response.json()), (403, TOO_DIFFICULT))
        # Beyond everybody's limit it is the RPC's own error.
        self.assertEqual(self.generate("65").status, 200)

    def test_a_key_s_own(self):
        text = f"""
[access]
max_multiplier = 1
allow = ["127.0.0.0/8"]
nodes = ["192.0.2.0/24"]
[[access.keys]]
name = "a wallet"
hash = "{hash_of(KEY)}"
max_multiplier = 8
rate = 0.001
burst = 4
"""
        self.daemon = self.start(files={"config-node.toml": text}, config={"log.level": "debug"})
        self.assertEqual(self.generate("2").status, 403)
        headers = [("key", KEY)]
        self.assertIn("work", self.generate("8", headers).json())
        self.assertEqual(self.generate("8.1", headers).status, 403)
        self.generate("1", headers)
        self.generate("1", headers)
        self.assertEqual(self.generate("1", headers).json(), TOO_FAST)
        self.assertRegex(self.daemon.log(), "begins: a wallet asks for it")
        self.assertIn("work", self.generate("1").json())
        self.assertIn("Refused a request from 127.0.0.1", self.daemon.log())


class Atto(AccessTest):
    WANTED = {"network": "LOCAL", "timestamp": int(time.time() * 1000), "target": ROOT}

    def start_atto(self, config):
        self.daemon = self.start(config={
            "atto.enable": "true", "atto.port": "0", "atto.management_port": "0",
            "atto.address": '["127.0.0.1"]', **config})
        log = wait_until(lambda: self.daemon.log() if "Atto work server started" in self.daemon.log()
                         else None, "Atto's server")
        ports = {line.split(" started")[0].split("Atto ")[1]: int(line.split("port ")[1].split()[0])
                 for line in log.splitlines() if "started on port" in line}
        self.api, self.management = ports["work server"], ports["management"]

    def to(self, port, data):
        with self.daemon.connect(address=("127.0.0.1", port)) as connection:
            connection.send(data)
            return connection.receive()

    def test_works_need_a_key(self):
        self.start_atto(KEYS)
        response = self.to(self.api, post_bytes(self.WANTED, path="/works"))
        self.assertEqual((response.status, response.json()), (401, NEEDED))
        response = self.to(self.api, post_bytes(self.WANTED, [("key", KEY)], path="/works"))
        self.assertEqual((response.status, list(response.json())), (200, ["work"]))

    def test_its_page_and_probes_do_not(self):
        self.start_atto(KEYS)
        for port, path in ((self.api, "/"), (self.api, "/openapi.json"), (self.management, "/health")):
            response = self.to(port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            self.assertEqual(response.status, 200)

    def test_one_caller_on_both(self):
        self.start_atto({"access.rate": "0.001", **NO_NODES})
        self.assert_let_in()
        response = self.to(self.api, post_bytes(self.WANTED, path="/works"))
        self.assertEqual((response.status, response.json()), (429, TOO_FAST))


class Reload(AccessTest):
    def reload(self, text):
        before = self.daemon.log().count("Configuration reloaded")
        with open(os.path.join(self.daemon.data_path, "config-node.toml"), "w",
                  encoding="utf-8") as file:
            file.write(text)
        self.daemon.signal(signal.SIGHUP)
        wait_until(lambda: self.daemon.log().count("Configuration reloaded") > before, "a reload")

    def test_keys_come_and_go(self):
        self.daemon = self.start(files={"config-node.toml": ""}, config=NO_NODES)
        self.assert_let_in()
        with self.daemon.connect() as connection:
            connection.post({"action": "version"})
            self.assertEqual(connection.receive().status, 200)
            self.reload(f'[access]\nkeys = ["{hash_of(KEY)}"]\n')
            connection.post({"action": "version"})
            self.assertEqual(connection.receive().json(), NEEDED)
        self.assert_let_in([("key", KEY)])
        self.reload(f'[access]\nkeys = ["{hash_of(OTHER_KEY)}"]\n')
        self.assert_kept_out(401, UNKNOWN, [("key", KEY)])
        self.assert_let_in([("key", OTHER_KEY)])
        self.reload("")
        self.assert_let_in()
        for secret in (KEY, hash_of(KEY), OTHER_KEY, hash_of(OTHER_KEY)):
            self.assertNotIn(secret, self.daemon.log())

    def test_requests_in_progress_keep_their_place(self):
        jobs = {"config-node.toml": "[access]\nmax_jobs = 1\n"}
        self.daemon = self.start_endless(NO_NODES, files=jobs)
        root = nano.random_root()
        waiting = self.begin_from("127.0.0.2", root)
        self.daemon.wait_for(waiters=1)
        self.reload("[access]\nmax_jobs = 1\nrate = 1000\n")
        self.assertEqual(self.begin_from("127.0.0.2").receive().json(), TOO_MANY)
        self.reload("")  # nothing is bounded any more
        self.begin_from("127.0.0.2").close()
        self.daemon.rpc("work_cancel", hash=root)
        self.assert_cancelled(waiting)


class Warnings(AccessTest):
    LOUD = "ANYBODY WHO CAN REACH THIS MACHINE CAN REQUEST WORK"

    def log_with(self, config):
        return self.start(config=config).log()

    def test_open_to_all(self):
        for address in ("0.0.0.0", "::"):
            self.assertIn(self.LOUD, self.log_with({"rpc.address": f'"{address}"'}))
        self.assertIn(self.LOUD, self.log_with({
            "atto.enable": "true", "atto.port": "0", "atto.management_port": "0",
            "atto.address": '["0.0.0.0"]'}))
        self.assertIn(self.LOUD, self.log_with({"access.proxies": '"127.0.0.1"'}))

    def test_not_open(self):
        for config in ({}, {"rpc.address": '"127.0.0.5"'}, {"rpc.address": '"0.0.0.0"', **KEYS},
                       {"rpc.address": '"0.0.0.0"', "access.allow": '["127.0.0.1"]'},
                       {"access.proxies": '"127.0.0.1"', **KEYS}):
            self.assertNotIn(self.LOUD, self.log_with(config))


class ConnectionsOfOneAddress(AccessTest):
    def setUp(self):
        self.daemon = self.start_endless({"rpc.max_connections_per_address": "3"})

    def connect_from(self, source):
        connection = self.daemon.connect(source=source)
        self.addCleanup(connection.close)
        return connection

    def test_idle_ones_make_room_for_their_own(self):
        other = self.connect_from("127.0.0.3")
        mine = [self.connect_from("127.0.0.2") for _ in range(8)]
        for connection in mine[:5]:
            self.assertTrue(connection.closed_within(scaled(5)))
        for connection in [*mine[5:], other]:
            connection.post({"action": "version"})
            self.assertEqual(connection.receive().status, 200)

    def test_those_that_wait_stay(self):
        waiting = [self.begin_from("127.0.0.2") for _ in range(3)]
        self.daemon.wait_for(waiters=3)
        for _ in range(5):
            self.assertTrue(self.connect_from("127.0.0.2").closed_within(scaled(5)))
        self.assert_let_in(source="127.0.0.3")
        for connection in waiting:
            self.assertFalse(connection.readable_within(0))
        self.daemon.wait_for(waiters=3)
        waiting[0].close()
        self.daemon.wait_for(waiters=2)
        self.assert_let_in(source="127.0.0.2")

    def test_it_may_be_unbounded(self):
        daemon = self.start(config={"rpc.max_connections_per_address": "0"})
        connections = [self.connect(daemon) for _ in range(600)]
        for connection in connections:
            connection.post({"action": "version"})
            self.assertEqual(connection.receive().status, 200)

    def test_the_default(self):
        daemon = self.start()
        connections = [self.connect(daemon) for _ in range(600)]
        wait_until(lambda: daemon.count("connections") <= 512, "those too many are closed")
        alive = 0
        for connection in connections:
            try:
                connection.post({"action": "version"})
                alive += connection.receive().status == 200
            except (Closed, ConnectionError):
                pass
        self.assertIn(alive, (510, 511, 512))


class Commands(AccessTest):
    def run_with(self, text, *arguments):
        return subprocess.run([PROGRAM, *arguments], input=text, capture_output=True, text=True,
                              timeout=scaled(30), check=False)

    def test_hash_key(self):
        for text in (KEY, KEY + "\n", "x" * 1024, "x" * 1024 + "\n"):
            result = self.run_with(text, "--hash_key")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            printed = result.stdout.strip()
            self.assertEqual(printed, hash_of(text.strip(), bytes.fromhex(printed.split(":")[1])))

    def test_what_can_be_no_key(self):
        for text in ("", "\n", "two words", "tab\there", "x" * 1025, "schlüssel"):
            with self.subTest(text=text[:20]):
                result = self.run_with(text, "--hash_key")
                self.assertEqual((result.returncode, result.stdout), (1, ""))
                self.assertIn("key", result.stderr)
                self.assertNotIn("x" * 20, result.stderr)

    def test_a_short_key(self):
        result = self.run_with("password", "--hash_key")
        self.assertEqual(result.returncode, 0)
        self.assertIn("so short a key may be guessed", result.stderr)

    def test_make_key(self):
        result = run_program("--make_key")
        key, hashed = result.stdout.split()
        self.assertRegex(key, "^[0-9a-f]{64}$")
        self.assertEqual(hashed, hash_of(key, bytes.fromhex(hashed.split(":")[1])))
        self.daemon = self.start(config={"access.keys": f'["{hashed}"]'})
        self.assert_let_in([("key", key)])
        self.assertNotEqual(run_program("--make_key").stdout.split()[0], key)

    def test_a_terminal_shows_no_key(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        with subprocess.Popen([PROGRAM, "--hash_key"], stdin=slave, stdout=subprocess.PIPE,
                              stderr=slave, text=True) as process:
            os.close(slave)
            shown = b""
            while b"Key: " not in shown:
                self.assertTrue(select.select([master], [], [], scaled(10))[0])
                shown += os.read(master, 1000)
            os.write(master, KEY.encode() + b"\n")
            printed = process.communicate(timeout=scaled(10))[0].strip()
            while select.select([master], [], [], 0)[0]:
                try:
                    shown += os.read(master, 1000)
                except OSError:  # the other end is closed
                    break
        self.assertEqual(printed, hash_of(KEY, bytes.fromhex(printed.split(":")[1])))
        self.assertNotIn(KEY.encode(), shown)


class Configuration(AccessTest):
    def complaints(self, text):
        """What --check_config says of an [access] table."""
        daemon = self.start()  # for its directory
        with open(os.path.join(daemon.data_path, "config-node.toml"), "w", encoding="utf-8") as file:
            file.write(text)
        return run_program("--check_config", "--data_path", daemon.data_path)

    def test_wrong_ones(self):
        for text, expected in (
            ('keys = ["my secret key"]', "is not the hash of a key, expected the output of workpeer --hash_key"),
            ('keys = [7]', "is not the hash of a key"),
            ('keys = "x"', "expected a list of tables with a hash"),
            ('keys = [{name = "x"}]', "has no hash"),
            (f'keys = [{{hash = "{hash_of(KEY)}", name = ""}}]', "expected a string of 1 to 63"),
            (f'keys = [{{hash = "{hash_of(KEY)}", rate = -1}}]', "expected a number from 0"),
            (f'keys = [{{hash = "{hash_of(KEY)}", max_jobs = 0.5}}]', "expected a whole number"),
            (f'keys = [{", ".join(["%r" % hash_of(KEY)] * 257)}]', "expected at most 256"),
            ('allow = ["10.0.0.0/33"]', "expected a network"),
            ('allow = ["10.0.0.1/8"]', "with no bits set beyond its length"),
            ('nodes = [1]', "expected a network"),
            ('rate = -1', "expected a number from 0"),
            ('max_jobs = 1.5', "expected a whole number"),
        ):
            with self.subTest(text=text[:60]):
                result = self.complaints("[access]\n" + text + "\n")
                self.assertEqual(result.returncode, 1)
                self.assertIn(expected, result.stderr)
                self.assertNotIn("secret", result.stderr)

    def test_right_ones(self):
        result = self.complaints(f"""
[access]
allow = "10.0.0.0/8"
nodes = ["::1", "192.0.2.0/24"]
rate = 0.5
keys = [{{hash = "{hash_of(KEY)}", name = "x", rate = 1, burst = 2.5, max_jobs = 3, max_multiplier = 0}}]
""")
        self.assertEqual((result.returncode, result.stderr), (0, ""))


if __name__ == "__main__":
    main()
