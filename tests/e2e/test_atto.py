#!/usr/bin/env python3
"""Atto's work server: its API and its management port, beside the RPC on the same devices."""

import hashlib
import json
import os
import re
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import atto
import nano
from harness import (
    ALLOW_ENDLESS,
    ENDLESS,
    LENGTHY,
    DaemonTest,
    main,
    run_program,
    scaled,
    wait_until,
)
from http_client import chunked, post_bytes

ATTO = {"atto.enable": "true", "atto.port": "0", "atto.management_port": "0"}
SRCDIR = os.environ.get("srcdir", ".")
STARTED = r"info Atto (work server|management) started on port (\d+) \(http\), address (\S+)$"

STORE = {"store.enable": "true"}

# So slow that LIVE's work is not found while a test runs, and LOCAL's soon.
SLOW = {"node.pow_sleep_interval": "1000000"}

# All the CPUs that there are, and time, for what takes 2^25 hashes or more.
PATIENT = {"node.work_threads": None, "work.request_timeout": "3000"}

# A year whose thresholds were the easiest, and the hardest that may be asked for now.
EASIEST = atto.milliseconds(2024, 1, 1)


def now():
    return int(time.time() * 1000)


def this_year():
    return time.gmtime().tm_year


def head(method, path, *headers):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *headers]).encode() + b"\r\n\r\n"


def work_bytes(body, **options):
    return post_bytes(body, path="/works", **options)


class AttoTest(DaemonTest):
    def start_atto(self, config=None, **settings):
        daemon = self.start(config={**ATTO, **(config or {})}, **settings)
        ports = {}
        for what, port, address in re.findall(STARTED, daemon.log(), re.M):
            ports.setdefault(what, (address, int(port)))
        daemon.api = ports["work server"]
        daemon.management = ports["management"]
        return daemon

    def connect_to(self, address, seconds=30):
        connection = self.daemon.connect(seconds=seconds, address=address)
        self.addCleanup(connection.close)
        return connection

    def exchange(self, data, address=None, has_body=True, seconds=30):
        """The response to these bytes on a connection of their own, at the API."""
        with self.daemon.connect(seconds=seconds, address=address or self.daemon.api) as connection:
            connection.send(data)
            return connection.receive(has_body)

    def wanted(self, network="LOCAL", timestamp=None, target=None, **more):
        """The fields of a request."""
        return {
            "network": network,
            "timestamp": now() if timestamp is None else timestamp,
            "target": target or nano.random_root(),
            **more,
        }

    def begin_work(self, **fields):
        """A connection on which work has been asked for, and what was asked."""
        connection = self.connect_to(self.daemon.api)
        wanted = self.wanted(**fields)
        connection.send(work_bytes(wanted))
        return connection, wanted

    def assert_atto_work(self, response, wanted):
        """An answer with good work for the year of the request's timestamp, to the byte."""
        self.assertEqual(response.status, 200, response.body)
        self.assertEqual(response.header("Content-Type"), "application/json")
        self.assertRegex(response.body, rb'^\{"work":"[0-9A-F]{16}"\}$')
        value = atto.work_value(wanted["target"], response.json()["work"])
        year = time.gmtime(wanted["timestamp"] / 1000).tm_year
        self.assertLessEqual(value, atto.threshold(wanted["network"], year))
        return value

    def assert_error(self, response, status, error):
        self.assertEqual(response.status, status, response.body)
        self.assertEqual(response.header("Content-Type"), "application/json")
        answer = response.json()
        self.assertEqual(list(answer), ["error"])
        self.assertRegex(answer["error"], error)


class Thresholds(unittest.TestCase):
    def test_the_unit_tests_have_them_from_python(self):
        with open(f"{SRCDIR}/tests/unit/vectors_atto.h", encoding="ascii") as file:
            rows = re.findall(r"/\* (\d+) \*/ \{(\d+)U, (\d+)U, (\d+)U, (\d+)U\}", file.read())
        given = {int(year): [int(each) for each in row] for year, *row in rows}
        self.assertEqual(
            given,
            {year: [atto.threshold(name, year) for name in atto.EASE] for year in atto.YEARS},
        )

    def test_what_is_known(self):
        """Divisors and thresholds as they are published."""
        divisors = [1, 1, 2, 2, 4, 5, 8, 11, 16, 22, 32, 45, 64]
        for year, divisor in enumerate(divisors, 2024):
            self.assertEqual(atto.threshold("LIVE", year), 8589934591 // divisor)
        self.assertEqual(atto.threshold("LOCAL", 2033), 39045157231818)


class Works(AttoTest):
    """Found live, on the CPU."""

    def setUp(self):
        self.daemon = self.start_atto(config=PATIENT)

    def find(self, **fields):
        wanted = self.wanted(**fields)
        connection = self.connect_to(self.daemon.api, seconds=1500)
        connection.send(work_bytes(wanted))
        return self.assert_atto_work(connection.receive(), wanted)

    def test_local_and_dev(self):
        """What harder networks want takes long: unit/test_atto knows works for them."""
        for network, target in (("LOCAL", atto.ZEROS), ("LOCAL", atto.ASCENDING), ("LOCAL", nano.random_root()),
                                ("DEV", nano.random_root())):
            with self.subTest(network=network, target=target):
                self.find(network=network, target=target)

    def test_past_years(self):
        """Each has its own threshold: with an easier one some works lie between the two, soon."""
        for year in range(2024, this_year() + 1):
            with self.subTest(year=year):
                values = []
                harder = atto.threshold("LOCAL", year + 2)
                while len(values) < 50 and (not values or max(values) <= harder):
                    timestamp = atto.milliseconds(year, 7, 1)
                    values.append(self.find(network="LOCAL", timestamp=min(timestamp, now())))
                self.assertGreater(max(values), harder, "searched for more than was asked")

    def test_target_in_either_case(self):
        value = self.find(target="0123456789abcdef" * 4)
        self.assertGreater(value, 0)

    def test_what_json_allows(self):
        self.find(threshold=7, more={"deep": [1, None]}, account="x")
        self.find(timestamp=now() + 50000)
        wanted = self.wanted()
        text = json.dumps({**wanted, "timestamp": str(wanted["timestamp"])}, indent=4).encode()
        self.assert_atto_work(self.exchange(work_bytes(text)), wanted)

    def test_http(self):
        wanted = self.wanted()
        body = json.dumps(wanted).encode()
        for data in (
            head("POST", "/works", "Transfer-Encoding: chunked") + chunked(body[:10], body[10:]),
            head("POST", "/works?x=y", f"Content-Length: {len(body)}") + body,
            head("POST", "/works", f"Content-Length: {len(body)}", "Content-Type: text/plain",
                 "Authorization: Bearer x", "Expect: 100-continue") + body,
            work_bytes(body, version="1.0"),
        ):
            with self.subTest(data=data):
                self.assert_atto_work(self.exchange(data), wanted)

    def test_many_on_one_connection(self):
        connection = self.connect_to(self.daemon.api)
        requests = [self.wanted() for _ in range(20)]
        connection.send(b"".join(work_bytes(wanted) for wanted in requests))
        for wanted in requests:
            self.assert_atto_work(connection.receive(), wanted)


class KnownWorks(AttoTest):
    """What is known of works, LIVE's too, is what the daemon's own hash says of them."""

    def setUp(self):
        self.daemon = self.start_atto()

    def test_values_and_years(self):
        for target, work, value, good in atto.KNOWN_WORKS:
            with self.subTest(target=target, work=work):
                answer = self.daemon.rpc("work_validate", hash=target, work=atto.as_nano(work))
                self.assertEqual(answer["difficulty"], f"{value:016x}")
                self.assertEqual(atto.work_value(target, work), value)
                for network, years in good.items():
                    for year in range(2024, max([2024, *years]) + 2):
                        is_good = value <= atto.threshold(network, year)
                        if year in years:
                            self.assertTrue(is_good, (network, year))
                        elif network == "LIVE":
                            self.assertFalse(is_good, (network, year))


class BadRequests(AttoTest):
    def setUp(self):
        self.daemon = self.start_atto(config={"rpc.max_request_size": "2000"})

    def refused(self, error, body):
        with self.subTest(body=body):
            connection = self.connect_to(self.daemon.api)
            wanted = self.wanted()
            connection.send(work_bytes(body) + work_bytes(wanted))
            self.assert_error(connection.receive(), 400, error)
            # The connection is as good as before.
            self.assert_atto_work(connection.receive(), wanted)

    def test_json(self):
        good = json.dumps(self.wanted()).encode()
        for body in (b"", b"nonsense", b"[]", b"null", good[:-1], good + b"x", b"\xff" + good,
                     good[:-1] + b',"network":"DEV"}'):
            self.refused("^Unable to parse JSON$", body)
        self.refused("^Max JSON depth exceeded$", b"[" * 100)

    def test_missing_fields(self):
        for name, error in (("network", "LIVE, BETA, DEV or LOCAL"), ("timestamp", "whole number"),
                            ("target", "64 hexadecimal digits")):
            wanted = self.wanted()
            del wanted[name]
            self.refused(f"^The {name} must be .*{error}", wanted)
        self.refused("^The network must be", {})

    def test_networks(self):
        for network in ("UNKNOWN", "live", "", "LIVE ", "TEST", 0, None, True, ["LIVE"]):
            self.refused("^The network must be LIVE, BETA, DEV or LOCAL$", self.wanted(network=network))

    def test_timestamps(self):
        for timestamp in (0, -1, 1, EASIEST - 1, -EASIEST, 1.5, EASIEST + 0.5, "", "x", "1e12",
                          "2026-11-21T00:00:00Z", True, None, [EASIEST], 2**53, 2**63 - 1, 2**63,
                          2**64, 10**30, 1e300):
            self.refused("^The timestamp must be", self.wanted() | {"timestamp": timestamp})

    def test_ahead_of_the_clock(self):
        ahead = "^The timestamp is more than a minute ahead"
        for later in (62000, 3600000, 86400000 * 365):
            self.refused(ahead, self.wanted(timestamp=now() + later))
        for year in range(this_year() + 1, 2070):
            self.refused(ahead, self.wanted("LIVE", timestamp=atto.milliseconds(year, 1, 2)))

    def test_targets(self):
        target = nano.random_root()
        for bad in (target[1:], target + "0", target[:-1] + "g", "0x" + target[2:], " " + target[1:],
                    "0x" + target, "", "x" * 64, 0, 10**63, None, [target]):
            self.refused("^The target must be 64 hexadecimal digits$", self.wanted() | {"target": bad})

    def test_too_large(self):
        body = json.dumps(self.wanted(x="x" * 2000)).encode()
        for data in (work_bytes(body), head("POST", "/works", "Content-Length: 10000000000")):
            with self.subTest(data=data[:50]):
                connection = self.connect_to(self.daemon.api)
                connection.send(data)
                self.assert_error(connection.receive(), 413, "body limit exceeded")
                self.assertTrue(connection.closed_within(scaled(5)))

    def test_bad_http(self):
        for data in (b"nonsense\r\n\r\n", head("POST", "/works", "no colon"),
                     head("POST", "/works", "X: " + "x" * 9000)):
            with self.subTest(data=data[:50]):
                connection = self.connect_to(self.daemon.api)
                connection.send(data)
                self.assert_error(connection.receive(), 400, "^Invalid header")
                self.assertTrue(connection.closed_within(scaled(5)))

    def test_paths_and_methods(self):
        body = json.dumps(self.wanted()).encode()
        for path in ("/works/", "/Works", "/work", "/works/precache/", "/health", "/metrics", "//works"):
            with self.subTest(path=path):
                self.assert_error(self.exchange(post_bytes(body, path=path)), 404, "nothing")
        for method, path, allow in (("GET", "/works", "POST, OPTIONS"),
                                    ("HEAD", "/works", "POST, OPTIONS"),
                                    ("DELETE", "/works", "POST, OPTIONS"),
                                    ("POST", "/", "GET, HEAD, OPTIONS"),
                                    ("PUT", "/openapi.json", "GET, HEAD, OPTIONS")):
            with self.subTest(method=method, path=path):
                length = ("Content-Length: 0",) if method in ("POST", "PUT") else ()
                response = self.exchange(head(method, path, *length), has_body=method != "HEAD")
                self.assertEqual(response.status, 405)
                self.assertEqual(response.header("Allow"), allow)

    def test_the_rpc_is_not_there(self):
        for path in ("/", "/works"):
            response = self.exchange(post_bytes({"action": "stop"}, path=path))
            self.assertIn(response.status, (400, 405))


class Waiting(AttoTest):
    """Requests that wait, on a daemon that finds no work for LIVE in time."""

    def setUp(self):
        self.daemon = self.start_atto(config=SLOW)

    def begin_live(self, **fields):
        return self.begin_work(network="LIVE", timestamp=now(), **fields)

    def test_a_client_that_leaves_stops_its_search(self):
        connection, _ = self.begin_live()
        self.daemon.wait_for(waiters=1, jobs=1)
        self.assert_search_stops(self.daemon, connection.close, seconds=1)

    def test_one_target_is_one_search(self):
        target = nano.random_root()
        connections = [self.begin_live(target=target)[0] for _ in range(5)]
        self.daemon.wait_for(waiters=5, jobs=1)
        for connection in connections[:4]:
            connection.close()
        self.daemon.wait_for(waiters=1, jobs=1)

    def test_an_easier_network_is_answered_first(self):
        """Networks are searches of their own, and the harder of two goes on."""
        target = nano.random_root()
        waiting, _ = self.begin_live(target=target)
        self.daemon.wait_for(waiters=1)
        self.begin_work(network="BETA", target=target)
        self.daemon.wait_for(waiters=2, jobs=2)
        for timestamp in (now(), EASIEST):
            wanted = self.wanted("LOCAL", timestamp, target)
            self.assert_atto_work(self.exchange(work_bytes(wanted)), wanted)
        self.daemon.wait_for(waiters=2, jobs=2)
        self.assertFalse(waiting.readable_within(0))

    def test_clients_that_reconnect_and_retry(self):
        """A wallet whose connection breaks asks again; in the end it is answered, and nothing is left."""
        wanted = self.wanted("LIVE")
        for each in range(30):
            connection = self.connect_to(self.daemon.api)
            connection.send(work_bytes(wanted))
            if each % 3 == 0:
                self.daemon.wait_for(waiters=1, jobs=1)
            if each % 2 == 0:
                connection.reset()
            else:
                connection.close()
        wanted["network"] = "LOCAL"
        self.assert_atto_work(self.exchange(work_bytes(wanted)), wanted)
        self.daemon.wait_for(waiters=0, jobs=0, generating=0)

    def test_retries_of_one_that_still_waits(self):
        wanted = self.wanted("LIVE")
        first = self.connect_to(self.daemon.api)
        first.send(work_bytes(wanted))
        self.daemon.wait_for(waiters=1)
        for _ in range(10):
            with self.daemon.connect(address=self.daemon.api) as retry:
                retry.send(work_bytes(wanted))
                self.daemon.wait_for(waiters=2, jobs=1)
            self.daemon.wait_for(waiters=1, jobs=1)
        self.assertFalse(first.readable_within(0))

    def test_half_close(self):
        connection, wanted = self.begin_work()
        connection.half_close()
        self.assert_atto_work(connection.receive(), wanted)

    def test_stopping(self):
        connection, _ = self.begin_live()
        self.daemon.wait_for(waiters=1)
        self.daemon.process.terminate()
        self.assert_error(connection.receive(), 503, "^Cancelled$")
        self.assertEqual(self.daemon.wait(), 0)

    def test_a_probe_while_busy(self):
        self.begin_live()
        self.daemon.wait_for(generating=1)
        response = self.exchange(head("GET", "/health"), address=self.daemon.management)
        self.assertEqual((response.status, response.body), (200, b'{"status":"UP"}'))


class Bounds(AttoTest):
    def test_full_queue(self):
        self.daemon = self.start_atto(config={**SLOW, "work.max_queue": "1"})
        _, wanted = self.begin_work(network="LIVE", timestamp=now())
        self.daemon.wait_for(waiters=1)
        response = self.exchange(work_bytes(self.wanted()))
        self.assert_error(response, 503, "^Work queue is full$")
        self.assertEqual(response.header("Retry-After"), "1")
        # The target that is there needs no place more.
        self.begin_work(**wanted)
        self.daemon.wait_for(waiters=2, jobs=1)

    def test_deadline(self):
        self.daemon = self.start_atto(config={**SLOW, "work.request_timeout": "0.2"})
        wanted = self.wanted("LIVE")
        self.assert_error(self.exchange(work_bytes(wanted)), 503, "^No work was found in time$")

    def test_no_device(self):
        self.daemon = self.start_atto(config={"node.work_threads": "0"})
        response = self.exchange(work_bytes(self.wanted()))
        self.assert_error(response, 503, "^There is no device to search on$")
        response = self.exchange(head("GET", "/health"), address=self.daemon.management)
        self.assertEqual(response.status, 503)
        self.assertEqual(response.json()["status"], "DOWN")

    def test_a_crowd_at_the_api_keeps_nobody_else_out(self):
        self.daemon = self.start_atto(config={**SLOW, "rpc.max_connections": "4"})
        waiting = [self.begin_work(network="LIVE", timestamp=now())[0] for _ in range(4)]
        self.daemon.wait_for(waiters=4)
        idle = [self.connect_to(self.daemon.api) for _ in range(20)]
        response = self.exchange(head("GET", "/health"), address=self.daemon.management)
        self.assertEqual(response.status, 200)
        self.assertIn("work", self.daemon.rpc("work_generate", hash=nano.random_root()))
        for connection in idle:
            self.assertTrue(connection.closed_within(scaled(5)))
        self.assertEqual(self.daemon.count("waiters"), 4)
        for connection in waiting:
            self.assertFalse(connection.readable_within(0))

    def test_nanos_limits_are_nanos(self):
        """LIVE is far harder than any multiplier that this daemon allows on its own network."""
        self.daemon = self.start_atto(config={**SLOW, "node.max_work_generate_multiplier": "1"})
        self.begin_work(network="LIVE", timestamp=now())
        self.daemon.wait_for(waiters=1)
        answer = self.daemon.rpc("work_generate", hash=nano.random_root(), difficulty=ENDLESS)
        self.assertEqual(list(answer), ["error"])


class BesideNano(AttoTest):
    """The same 32 bytes for both, at once."""

    def setUp(self):
        self.daemon = self.start_atto(config={**ALLOW_ENDLESS, "node.work_threads": "2"})

    def ask_both(self, target):
        with self.daemon.connect(seconds=60) as rpc:
            api = self.connect_to(self.daemon.api, seconds=60)
            wanted = self.wanted("LOCAL", target=target)
            api.send(work_bytes(wanted))
            rpc.post({"action": "work_generate", "hash": target, "difficulty": LENGTHY})
            self.assert_work(rpc.receive().json(), target, int(LENGTHY, 16))
            self.assert_atto_work(api.receive(), wanted)

    def test_each_has_its_own_answer(self):
        targets = [atto.ZEROS, atto.ASCENDING] + [nano.random_root() for _ in range(30)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self.ask_both, targets))


class Precache(AttoTest):
    """Work that is found before it is asked for."""

    def precache(self, wanted):
        return self.exchange(post_bytes(wanted, path="/works/precache"))

    def assert_taken(self, response):
        self.assertEqual((response.status, response.body), (202, b"{}"))
        self.assertEqual(response.header("Content-Type"), "application/json")

    def test_it_is_there_when_it_is_asked_for(self):
        self.daemon = self.start_atto(config=STORE)
        wanted = self.wanted()
        self.assert_taken(self.precache(wanted))
        self.daemon.wait_for(found=1, jobs=0, generating=0)
        self.assert_atto_work(self.exchange(work_bytes(wanted)), wanted)
        self.assert_taken(self.precache(wanted))
        self.daemon.wait_for(jobs=0, found=1)

    def test_networks_and_years_are_kept_apart(self):
        """What is stored is served only where it is good enough for what is asked now."""
        self.daemon = self.start_atto(config={**STORE, **PATIENT})
        target = nano.random_root()
        for network, timestamp in (("LOCAL", EASIEST), ("LOCAL", now()), ("DEV", now()),
                                   ("LOCAL", now()), ("DEV", EASIEST)):
            for _ in range(2):
                wanted = self.wanted(network, timestamp, target)
                self.assert_atto_work(self.exchange(work_bytes(wanted), seconds=1500), wanted)
        answer = self.daemon.rpc("work_generate", hash=target)
        self.assert_work(answer, target, nano.DEV.base)

    def test_work_of_an_easier_year_is_not_served_for_a_harder(self):
        self.daemon = self.start_atto(config=STORE)
        for _ in range(20):
            target = nano.random_root()
            for timestamp in (EASIEST, now()):
                wanted = self.wanted("LOCAL", timestamp, target)
                self.assert_atto_work(self.exchange(work_bytes(wanted)), wanted)

    def test_it_gives_way(self):
        self.daemon = self.start_atto(config={**STORE, **SLOW})
        self.assert_taken(self.precache(self.wanted("LIVE")))
        self.daemon.wait_for(jobs=1)
        for _ in range(3):
            wanted = self.wanted()
            self.assert_atto_work(self.exchange(work_bytes(wanted)), wanted)
        self.daemon.wait_for(jobs=1)

    def test_the_client_need_not_wait(self):
        self.daemon = self.start_atto(config={**STORE, **SLOW})
        with self.daemon.connect(address=self.daemon.api) as connection:
            connection.send(post_bytes(self.wanted("LIVE"), path="/works/precache"))
            self.assert_taken(connection.receive())
        self.daemon.wait_for(jobs=1, generating=1)

    def test_bounds(self):
        self.daemon = self.start_atto(config={**STORE, **SLOW})
        for _ in range(64):
            self.assert_taken(self.precache(self.wanted("LIVE")))
        response = self.precache(self.wanted("LIVE"))
        self.assert_error(response, 503, "^Work queue is full$")
        self.assertEqual(response.header("Retry-After"), "1")
        wanted = self.wanted()
        self.assert_atto_work(self.exchange(work_bytes(wanted)), wanted)

    def test_bad_requests(self):
        self.daemon = self.start_atto(config=STORE)
        for wanted in ({}, self.wanted("MAIN"), self.wanted(timestamp=EASIEST - 1), self.wanted(target="x"),
                       self.wanted(timestamp=now() + 70000)):
            with self.subTest(wanted=wanted):
                self.assert_error(self.precache(wanted), 400, "^The ")

    def test_without_a_store(self):
        self.daemon = self.start_atto(config={"store.enable": "false"})
        self.assert_error(self.precache(self.wanted()), 503, "^There is no store to keep works in$")
        wanted = self.wanted()
        for _ in range(2):
            self.assert_atto_work(self.exchange(work_bytes(wanted)), wanted)

    def test_without_keeping_all(self):
        """What was found ahead of need is kept; what was asked for is not."""
        self.daemon = self.start_atto(config={**STORE, "store.keep_all": "false"})
        ahead, asked = self.wanted(), self.wanted()
        self.assert_taken(self.precache(ahead))
        self.daemon.wait_for(found=1)
        self.exchange(work_bytes(asked))
        self.daemon.wait_for(found=2)
        self.exchange(work_bytes(ahead))
        self.daemon.wait_for(found=2)
        self.exchange(work_bytes(asked))
        self.daemon.wait_for(found=3)


class CancelledNano(AttoTest):
    def test_it_leaves_attos(self):
        self.daemon = self.start_atto(config={**SLOW, **ALLOW_ENDLESS})
        target = nano.random_root()
        connection, _ = self.begin_work(network="LIVE", timestamp=now(), target=target)
        nanos = self.begin(self.daemon, target)
        self.daemon.wait_for(waiters=2, jobs=2)
        self.daemon.rpc("work_cancel", hash=target)
        self.assert_cancelled(nanos)
        self.daemon.wait_for(waiters=1, jobs=1)
        self.assertFalse(connection.readable_within(0))


class Management(AttoTest):
    def setUp(self):
        self.daemon = self.start_atto()

    def test_health(self):
        for path in ("/health", "/health?x"):
            response = self.exchange(head("GET", path), address=self.daemon.management)
            self.assertEqual((response.status, response.body), (200, b'{"status":"UP"}'))
            self.assertEqual(response.header("Content-Type"), "application/json")
        response = self.exchange(head("HEAD", "/health"), self.daemon.management, has_body=False)
        self.assertEqual((response.status, response.header("Content-Length")), (200, "15"))

    def test_ready(self):
        def ready():
            response = self.exchange(head("GET", "/ready"), address=self.daemon.management)
            return response if response.status == 200 else None

        self.assertEqual(wait_until(ready, "a device is open").body, b'{"status":"UP"}')

    def test_nothing_else(self):
        for data, status in (
            (work_bytes(self.wanted()), 404),
            (head("GET", "/"), 404),
            (head("GET", "/works"), 404),
            (post_bytes({"action": "stop"}), 404),
            (post_bytes(b"", path="/health"), 405),
            (post_bytes(b"x" * 5000, path="/health"), 413),
        ):
            with self.subTest(data=data[:40]):
                response = self.exchange(data, address=self.daemon.management)
                self.assertEqual(response.status, status)

    def test_probes_over_and_over(self):
        for _ in range(200):
            response = self.exchange(head("GET", "/health"), address=self.daemon.management)
            self.assertEqual(response.status, 200)


class Page(AttoTest):
    def setUp(self):
        self.daemon = self.start_atto()

    def fetch(self, path, kind):
        response = self.exchange(head("GET", path))
        self.assertEqual(response.status, 200)
        self.assertEqual(response.header("Content-Type"), kind)
        return response

    def files(self):
        return {
            path: self.fetch(path, f"text/{kind}; charset=utf-8")
            for path, kind in (("/", "html"), ("/page.js", "javascript"), ("/page.css", "css"))
        }

    def test_it_needs_nothing_from_elsewhere(self):
        for path, response in self.files().items():
            with self.subTest(path=path):
                text = response.body.decode()
                self.assertNotRegex(text, r"https?:|[\"'(]//|@import|url\(")
                policy = dict(
                    part.strip().split(" ", 1)
                    for part in response.header("Content-Security-Policy").split(";")
                )
                self.assertEqual(policy["default-src"], "'none'")
                for kind in ("script-src", "style-src", "connect-src"):
                    self.assertEqual(policy[kind], "'self'")
                self.assertNotIn("unsafe", str(policy))
                self.assertEqual(response.header("X-Content-Type-Options"), "nosniff")

    def test_what_it_refers_to_is_there(self):
        text = self.files()["/"].body.decode()
        references = re.findall(r'(?:src|href)="([^":]+)"', text)
        self.assertEqual(sorted(references), ["openapi.json", "page.css", "page.js"])
        for name in references:
            self.assertEqual(self.exchange(head("GET", "/" + name)).status, 200)
        # Nothing in the page is a script or a style, or the policy would forbid it.
        self.assertNotRegex(text, r"<style|<script(?! src)|\son\w+=|style=")
        ids = set(re.findall(r'\bid="(\w+)"', text))
        used = set(re.findall(r"field \('(\w+)'\)", self.files()["/page.js"].body.decode()))
        self.assertEqual(used - ids, set())

    def test_description(self):
        response = self.fetch("/openapi.json", "application/json")
        description = response.json()
        self.assertRegex(description["openapi"], r"^3\.0\.\d$")
        self.assertEqual(response.header("Access-Control-Allow-Origin"), "*")
        schemas = description["components"]["schemas"]
        request = schemas["WorkRequest"]
        self.assertEqual(sorted(request["required"]), sorted(self.wanted()))
        self.assertEqual(set(request["properties"]["network"]["enum"]), set(atto.EASE))
        self.assertEqual(request["properties"]["timestamp"]["minimum"], EASIEST)
        for reference in re.findall(r'"#/components/schemas/(\w+)"', response.body.decode()):
            self.assertIn(reference, schemas)

    def test_description_is_true(self):
        """Each path and method that it names is served, its example can be sent, and answers fit."""
        description = self.fetch("/openapi.json", "application/json").json()
        schemas = description["components"]["schemas"]
        for path, methods in description["paths"].items():
            allow = self.exchange(head("OPTIONS", path), has_body=False).header("Allow").split(", ")
            for method in methods:
                self.assertIn(method.upper(), allow)
        works = description["paths"]["/works"]["post"]
        example = works["requestBody"]["content"]["application/json"]["example"]
        wanted = {**example, "timestamp": min(example["timestamp"], now())}
        self.assertRegex(wanted["target"], schemas["WorkRequest"]["properties"]["target"]["pattern"])
        response = self.exchange(work_bytes(wanted))
        self.assert_atto_work(response, wanted)
        self.assertRegex(
            response.json()["work"], schemas["WorkResponse"]["properties"]["work"]["pattern"]
        )
        answer = works["responses"]["200"]["content"]["application/json"]["example"]
        value = atto.work_value(example["target"], answer["work"])
        year = time.gmtime(example["timestamp"] / 1000).tm_year
        self.assertLessEqual(value, atto.threshold(example["network"], year))

    def test_browsers_of_other_sites(self):
        """They may ask for work, as at the RPC, and read the description."""
        response = self.exchange(
            head("OPTIONS", "/works", "Origin: https://wallet.example", "Access-Control-Request-Method: POST",
                 "Access-Control-Request-Headers: content-type"), has_body=False)
        self.assertEqual(response.status, 204)
        self.assertEqual(response.header("Access-Control-Allow-Origin"), "*")
        self.assertIn("POST", response.header("Access-Control-Allow-Methods").split(", "))
        self.assertIn("Content-Type", response.header("Access-Control-Allow-Headers").split(", "))
        response = self.exchange(head("GET", "/", "Origin: https://wallet.example"))
        self.assertIsNone(response.header("Access-Control-Allow-Origin"))


class Starting(AttoTest):
    def test_off_by_default(self):
        daemon = self.start()
        self.assertNotIn("Atto", daemon.log())

    def test_the_line_that_others_wait_for(self):
        """A container's user waits for it, with the port that was asked for."""
        self.daemon = self.start_atto()
        port = self.daemon.api[1]
        self.assertRegex(self.daemon.log(), rf"(?m)^.*started on port {port} \(http\).*\n")

    def test_both_loopbacks(self):
        self.daemon = self.start_atto()
        found = re.findall(STARTED, self.daemon.log(), re.M)
        self.assertEqual({address for _, _, address in found}, {"127.0.0.1", "::1"})
        self.assertEqual(len(found), 4)
        for what, port, address in found:
            path = "/" if what == "work server" else "/health"
            response = self.exchange(head("GET", path), address=(address, int(port)))
            self.assertEqual(response.status, 200)

    def test_ports_as_they_were_given(self):
        first = self.start_atto()
        port, management = first.api[1], first.management[1]
        for key, taken in (("atto.port", port), ("atto.management_port", management)):
            with self.subTest(key=key):
                config = {**ATTO, "rpc.port": "0", "node.work_threads": "1", key: str(taken)}
                done = run_program(
                    "--daemon", "--data_path", first.data_path,
                    *(f"--config={name}={value}" for name, value in config.items()))
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"port {taken}: Address already in use", done.stderr)
                self.assertNotIn("Ready", done.stdout)

    def test_an_address_of_its_own(self):
        self.daemon = self.start_atto(config={"atto.address": "127.0.0.2"})
        self.assertEqual(self.daemon.api[0], "127.0.0.2")
        wanted = self.wanted()
        self.assert_atto_work(self.exchange(work_bytes(wanted)), wanted)


class Environment(AttoTest):
    def test_in_force(self):
        self.daemon = self.start_atto(
            environment={"ATTO_WORK_QUEUE_SIZE": "5000", "ATTO_WORK_DEVICE": "2"}
        )
        self.assertIn("info work.max_queue is 5000, by ATTO_WORK_QUEUE_SIZE\n", self.daemon.log())
        self.assertIn("info opencl.device is 2, by ATTO_WORK_DEVICE\n", self.daemon.log())

    def test_the_queue_is_never_shortened(self):
        """Atto's server works on four at once, and lets any number wait."""
        self.daemon = self.start_atto(config=SLOW, environment={"ATTO_WORK_QUEUE_SIZE": "4"})
        self.assertNotIn("ATTO_WORK", self.daemon.log())
        for _ in range(6):
            self.begin_work(network="LIVE", timestamp=now())
        self.daemon.wait_for(waiters=6)

    def test_a_file_wins(self):
        self.daemon = self.start_atto(
            config=SLOW,
            files={"config-node.toml": "[opencl]\ndevice = 0\n[work]\nmax_queue = 1\n"},
            environment={"ATTO_WORK_QUEUE_SIZE": "5000", "ATTO_WORK_DEVICE": "2"},
        )
        self.assertNotIn("ATTO_WORK", self.daemon.log())
        self.begin_work(network="LIVE", timestamp=now())
        self.daemon.wait_for(waiters=1)
        self.assert_error(self.exchange(work_bytes(self.wanted())), 503, "full")

    def check(self, *overrides, **environment):
        return run_program(
            "--check_config", "--data_path", "/nonexistent",
            *(f"--config={override}" for override in overrides), environment=environment)

    def test_what_is_no_number(self):
        for name, setting in (("ATTO_WORK_DEVICE", "opencl.device"),
                              ("ATTO_WORK_QUEUE_SIZE", "work.max_queue")):
            for value in ("x", "-1", "1.5", "99999999999", "["):
                with self.subTest(name=name, value=value):
                    done = self.check("atto.enable=true", **{name: value})
                    self.assertEqual(done.returncode, 1)
                    self.assertRegex(done.stderr, f"^{name}: .*expected")
                    # Not where nobody asks for Atto, or somebody says otherwise.
                    self.assertEqual(self.check(**{name: value}).returncode, 0)
                    self.assertEqual(
                        self.check("atto.enable=true", f"{setting}=3", **{name: value}).returncode, 0)
            self.assertEqual(self.check("atto.enable=true", **{name: ""}).returncode, 0)


class Rights(AttoTest):
    def test_work_needs_the_right_to_it(self):
        keys = []
        for key, right in (("first", "work"), ("second", "precache")):
            digest = hashlib.blake2b(key.encode(), digest_size=32, salt=bytes(16), person=b"workpeer api key")
            keys.append(f'{{hash = "blake2b:{"0" * 32}:{digest.hexdigest()}", rights = ["{right}"]}}')
        text = f"[access]\nkeys = [{', '.join(keys)}]\n"
        self.daemon = self.start_atto(files={"config-node.toml": text})
        wanted = self.wanted()
        response = self.exchange(work_bytes(wanted, headers=[("key", "second")]))
        self.assert_error(response, 403, "^This API key does not have the right to that$")
        self.assert_atto_work(self.exchange(work_bytes(wanted, headers=[("key", "first")])), wanted)


if __name__ == "__main__":
    main()
