#!/usr/bin/env python3
"""Work peers, from both sides of the wire: asked, checked, told to stop, and never waited for in vain."""

import concurrent.futures
import os
import re
import signal
import socket
import tempfile
import threading
import time
import unittest

import fake_peer
import nano
from fake_peer import FakePeer, closed_port, closed_ports
from harness import ALLOW_ENDLESS, ENDLESS, LENGTHY, DaemonTest, main, run_program, scaled, wait_until

EASY = "fff0000000000000"

# What is asked of good peers takes milliseconds, but for a machine that is busy.
PATIENT = {
    "peers.connect_timeout": str(scaled(2)),
    "peers.response_timeout": str(scaled(10)),
    "work.request_timeout": str(scaled(20)),
}

# For peers that use their time up.
HASTY = {"peers.connect_timeout": "0.5", "peers.response_timeout": "1", "work.request_timeout": "10"}

CANCELLATION_OR_FAILURE = {"error": "Work generation cancellation or failure"}


def peers_setting(peers):
    return "[" + ",".join(f'"{peer}"' for peer in peers) + "]"


class PeerTest(DaemonTest):
    """A daemon without devices of its own, before peers."""

    def peer(self, behaviour=fake_peer.good, **options):
        peer = FakePeer(behaviour, **options)
        self.addCleanup(peer.stop)
        return peer

    def start_before(self, peers, config=None, **settings):
        names = [peer if isinstance(peer, str) else peer.name for peer in peers]
        return self.start(
            config={
                "node.work_threads": "0",
                "node.work_peers": peers_setting(names),
                **PATIENT,
                **(config or {}),
            },
            **settings,
        )

    def generate(self, daemon, difficulty=EASY, root=None, **fields):
        with daemon.connect(seconds=60) as connection:
            return connection.ask({"action": "work_generate", "hash": root or nano.random_root(),
                                   "difficulty": difficulty, **fields})

    def assert_from(self, answer, source):
        self.assertEqual(answer.get("source"), source if isinstance(source, str) else source.name, answer)
        value = nano.work_value(answer["hash"], answer["work"])
        self.assertGreaterEqual(value, int(EASY, 16))
        self.assertEqual(answer["difficulty"], nano.hex_u64(value))

    def wait_for(self, condition, what, seconds=10):
        return wait_until(condition, what, seconds)

    def peer_status(self, daemon, peer):
        name = peer if isinstance(peer, str) else peer.name
        return next(entry for entry in daemon.status()["peers"] if entry["name"] == name)

    def descriptors(self, daemon):
        return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


class Asking(PeerTest):
    def test_plain_request_goes_to_the_peers(self):
        peer = self.peer()
        daemon = self.start_before([peer])
        answer = self.generate(daemon)
        self.assert_from(answer, peer)
        self.assertEqual(list(answer), ["hash", "work", "difficulty", "multiplier", "source"])
        self.assertRegex(daemon.log(), f"complete: \\d+ ms \\({re.escape(peer.name)}\\)")

    def test_plain_request_stays_here_when_told(self):
        peer = self.peer()
        daemon = self.start_before([peer], {"peers.stand_in": "false"})
        self.assertEqual(self.generate(daemon), {"error": "Local work generation is disabled"})
        self.assert_from(self.generate(daemon, use_peers="true"), peer)
        self.assertEqual(len(peer.asked), 1)

    def test_plain_request_is_worked_on_here_if_it_can_be(self):
        peer = self.peer()
        daemon = self.start_before([peer], {"node.work_threads": "1"})
        self.assert_from(self.generate(daemon), "local")
        self.assertEqual(peer.asked, [])

    def test_use_peers_without_peers(self):
        self.assert_from(self.generate(self.start(), use_peers="true"), "local")
        daemon = self.start(config={"node.work_threads": "0"})
        self.assertEqual(
            self.generate(daemon, use_peers="true"), {"error": "Work generation is disabled"}
        )
        self.assertEqual(self.generate(daemon), {"error": "Local work generation is disabled"})

    def test_secondary_peers(self):
        primary, secondary = self.peer(), self.peer()
        daemon = self.start_before(
            [primary], {"node.experimental.secondary_work_peers": peers_setting([secondary.name])}
        )
        self.assert_from(self.generate(daemon, use_peers="true", secondary_work_peers="true"), secondary)
        self.assert_from(self.generate(daemon, use_peers="true"), primary)
        self.assert_from(self.generate(daemon, secondary_work_peers="true"), primary)

    def test_identical_requests_are_asked_once(self):
        all_ask = threading.Event()
        peer = self.peer(lambda exchange: all_ask.wait(scaled(10)) and fake_peer.good(exchange))
        daemon = self.start_before([peer])
        root = nano.random_root()
        connections = [self.begin(daemon, root, EASY) for _ in range(20)]
        daemon.wait_for(waiters=20)
        all_ask.set()
        for connection in connections:
            self.assert_from(connection.receive().json(), peer)
        self.assertEqual(len(peer.asked), 1)

    def test_connection_is_used_again(self):
        peer = self.peer()
        daemon = self.start_before([peer])
        for _ in range(5):
            self.assert_from(self.generate(daemon), peer)
        self.assertEqual(peer.connections, 1)

    def test_connection_that_the_peer_has_closed(self):
        peer = self.peer(fake_peer.good_as_nano_node)
        daemon = self.start_before([peer])
        for _ in range(5):
            self.assert_from(self.generate(daemon), peer)
        self.assertEqual(self.peer_status(daemon, peer)["failures"], {})

    def test_names_and_families(self):
        try:
            socket.getaddrinfo("localhost", None)
        except OSError as error:
            self.skipTest(f"nobody knows localhost here: {error}")
        peer = self.peer()
        daemon = self.start_before([f"localhost:{peer.port}"])
        self.assert_from(self.generate(daemon), f"localhost:{peer.port}")

    @unittest.skipUnless(socket.has_ipv6, "no IPv6")
    def test_ipv6(self):
        try:
            peer = self.peer(address="::1")
        except OSError:
            self.skipTest("no ::1 here")
        daemon = self.start_before([f"[::1]:{peer.port}"])
        self.assert_from(self.generate(daemon), f"::1:{peer.port}")
        self.assertEqual(peer.asked[0].header("Host"), f"[::1]:{peer.port}")


class Bytes(PeerTest):
    """What nano_node and nano-work-server read, to the byte."""

    def test_work_generate(self):
        peer = self.peer()
        daemon = self.start_before([peer])
        root = nano.random_root()
        account = nano.account(nano.random_root())
        given = nano.account(nano.account_key(account), "ban-")
        self.generate(daemon, root=root, account=given, use_peers="true")
        (exchange,) = peer.asked
        self.assertEqual(exchange.request_line, "POST / HTTP/1.1")
        hops = exchange.header("Workpeer-Hops")
        self.assertRegex(hops, "^[0-9a-f]{16}$")
        self.assertEqual(
            exchange.headers,
            [
                ("Content-Type", "application/json"),
                ("Host", peer.name),
                ("Content-Length", str(len(exchange.raw_body))),
                ("Workpeer-Hops", hops),
            ],
        )
        self.assertEqual(
            exchange.raw_body.decode(),
            "{\n"
            '    "action": "work_generate",\n'
            f'    "hash": "{root}",\n'
            f'    "difficulty": "{EASY}",\n'
            f'    "account": "{account}"\n'
            "}\n",
        )

    def test_work_cancel(self):
        peer = self.peer(fake_peer.silent)
        daemon = self.start_before([peer])
        root = nano.random_root()
        connection = self.begin(daemon, root, EASY)
        self.wait_for(lambda: peer.asked, "the peer is asked")
        connection.close()
        self.wait_for(lambda: peer.cancelled, "the peer is told to stop")
        (exchange,) = peer.cancelled
        self.assertEqual(exchange.body, {"action": "work_cancel", "hash": root})
        self.assertIsNot(exchange.socket, peer.asked[0].socket)
        self.assertEqual(exchange.header("Content-Type"), "application/json")

    def test_url_and_key(self):
        peer = self.peer()
        text = (
            "[[peers.peer]]\n"
            f'url = "http://{peer.name}/v1/work?net=nano"\n'
            'key = "secret-of-ours"\n'
            "[[peers.peer]]\n"
            f'url = "http://{peer.name}"\n'
            'key = "second-key"\n'
            'header = "Authorization"\n'
        )
        daemon = self.start_before([], files={"config-node.toml": text})
        peer.behaviour = lambda exchange: (
            fake_peer.good(exchange)
            if exchange.header("Authorization")
            else fake_peer.answering({"error": "no"})(exchange)
        )
        self.assert_from(self.generate(daemon), peer)
        first, second = peer.asked
        self.assertEqual(first.request_line, "POST /v1/work?net=nano HTTP/1.1")
        self.assertEqual(first.header("api-key"), "secret-of-ours")
        self.assertEqual(second.request_line, "POST / HTTP/1.1")
        self.assertEqual(second.header("Authorization"), "Bearer second-key")
        log = daemon.log() + str(daemon.status())
        self.assertNotIn("secret-of-ours", log)
        self.assertNotIn("second-key", log)


GOOD_URL = 'url = "http://peer.example.net:7000/work"'

BAD_TABLES = (
    ('key = "k"', "has no url, expected url ="),
    ('url = 7', 'expected a string with "http://host:port/path" in it'),
    ('url = "ftp://peer.example.net/"', 'expected "http://host:port/path" or "https://...", with IPv6'),
    (f'{GOOD_URL}\nkey = ""', "expected a string of 1 to 1024 visible ASCII characters"),
    (f'{GOOD_URL}\nkey = " secret"', "is not valid in a header"),
    (f'{GOOD_URL}\nkey = "secret\\n"', "is not valid in a header"),
    (f'{GOOD_URL}\nkey = "{"x" * 1025}"', "is not valid in a header"),
    (f'{GOOD_URL}\nkey = ["secret"]', "is not valid in a header"),
    (f'{GOOD_URL}\nkey = "k"\nheader = "a key"', "expected the name of a header that can carry a key"),
    (f'{GOOD_URL}\nkey = "k"\nheader = ""', "expected the name of a header"),
    (f'{GOOD_URL}\nkey = "k"\nheader = "content-length"', "expected the name of a header"),
    (f'{GOOD_URL}\nheader = "api-key"', "is set without a key, expected both"),
)


class Tables(unittest.TestCase):
    """[[peers.peer]] as --check_config sees it."""

    def check(self, text):
        with tempfile.TemporaryDirectory(prefix="workpeer-peers-") as directory:
            with open(os.path.join(directory, "config-node.toml"), "w", encoding="utf-8") as file:
                file.write("[[peers.peer]]\n" + text + "\n")
            return run_program("--check_config", "--data_path", directory)

    def test_wrong_ones(self):
        for text, expected in BAD_TABLES:
            with self.subTest(text[:80]):
                result = self.check(text)
                self.assertEqual(result.returncode, 1)
                self.assertIn(expected, result.stderr)
                self.assertIn("config-node.toml:", result.stderr)
                self.assertNotIn("secret", result.stderr)

    def test_unknown_key(self):
        result = self.check(f"{GOOD_URL}\nsecret = 1")
        self.assertEqual(result.returncode, 0)
        self.assertIn("is not a known key and is ignored; known keys are url, key and header", result.stderr)


BAD_PEERS = {
    "silent": (fake_peer.silent, "response_timeout"),
    "half a head": (fake_peer.half_head, "response_timeout"),
    "half a body": (fake_peer.half_body, "response_timeout"),
    "cut body": (fake_peer.cut_body, "cut"),
    "dripping": (fake_peer.dripping, "response_timeout"),
    "work for another root": (fake_peer.for_another_root, "wrong_work"),
    "work below the threshold": (fake_peer.below_threshold, "wrong_work"),
    "status 400": (fake_peer.answering({"error": "Bad"}, "400 Bad Request"), "bad_status"),
    "status 500": (fake_peer.answering(b"", "500 Oops"), "bad_status"),
    "html": (fake_peer.html, "not_json"),
    "empty": (fake_peer.answering(b""), "empty"),
    "no work": (fake_peer.answering({"hash": "00"}), "no_work"),
    "work that is no number": (fake_peer.answering({"work": "xyz"}), "bad_work"),
    "error": (fake_peer.answering({"error": "Out of order"}), "error"),
    "cancelled by others": (fake_peer.answering({"error": "Cancelled"}), "cancelled"),
    "a gigabyte declared": (fake_peer.declaring_a_gigabyte, "too_large"),
    "a gigabyte sent": (fake_peer.endless_chunks, "too_large"),
    "closing": (fake_peer.closing, "closed"),
}


class BadPeers(PeerTest):
    def fail_before_a_good_one(self, behaviour):
        """Returns the peers, their daemon, its answer and how long it took."""
        bad, good = self.peer(behaviour), self.peer()
        daemon = self.start_before([bad, good], HASTY)
        begun = time.monotonic()
        return bad, good, daemon, self.generate(daemon), time.monotonic() - begun

    def test_next_peer_is_asked(self):
        """The kinds that end by a time limit are waited for together."""
        slow = [behaviour for behaviour, kind in BAD_PEERS.values() if kind == "response_timeout"]
        with concurrent.futures.ThreadPoolExecutor(len(slow)) as pool:
            waited = dict(zip(slow, pool.map(self.fail_before_a_good_one, slow)))
        for name, (behaviour, kind) in BAD_PEERS.items():
            with self.subTest(name):
                bad, good, daemon, answer, seconds = waited.get(behaviour) or self.fail_before_a_good_one(behaviour)
                self.assert_from(answer, good)
                self.assertLess(seconds, scaled(5))
                self.assertEqual(self.peer_status(daemon, bad)["failures"], {kind: "1"})
                lines = [line for line in daemon.log().splitlines() if bad.name in line and "failed" in line]
                self.assertEqual(len(lines), 1, lines)
                self.assertIn(self.peer_status(daemon, bad)["reason"], lines[0])

    def test_memory_of_a_gigabyte(self):
        bad = self.peer(fake_peer.endless_chunks)
        daemon = self.start_before([bad])
        before = daemon.memory()
        self.assertEqual(self.generate(daemon), CANCELLATION_OR_FAILURE)
        self.assertLess(daemon.memory() - before, 32 * 2**20)
        self.wait_for(lambda: bad.bytes_sent < 2**30, "the peer could not send it all")

    def test_absent_and_unknown(self):
        good = self.peer()
        absent = f"127.0.0.1:{closed_port()}"
        daemon = self.start_before([absent, "no-such-host.invalid:7000", good])
        self.assert_from(self.generate(daemon), good)
        self.assertEqual(self.peer_status(daemon, absent)["failures"], {"refused": "1"})
        unknown = self.peer_status(daemon, "no-such-host.invalid:7000")["failures"]
        self.assertIn(list(unknown)[0], ("unresolved", "connect_timeout"))

    def test_failure_is_told_in_time(self):
        daemon = self.start_before([self.peer(fake_peer.silent), self.peer(fake_peer.closing)], HASTY)
        begun = time.monotonic()
        self.assertEqual(self.generate(daemon), CANCELLATION_OR_FAILURE)
        self.assertLess(time.monotonic() - begun, scaled(4))

    def test_deadline_of_the_request_counts(self):
        peers = [self.peer(fake_peer.silent) for _ in range(4)]
        daemon = self.start_before(
            peers, {"peers.response_timeout": "60", "work.request_timeout": "2"}
        )
        begun = time.monotonic()
        self.assertEqual(self.generate(daemon), CANCELLATION_OR_FAILURE)
        self.assertLess(time.monotonic() - begun, 2 + scaled(3))
        self.wait_for(lambda: all(peer.asked for peer in peers), "each had its share of the time")

    def test_local_work_takes_over(self):
        daemon = self.start_before([self.peer(fake_peer.closing)], {"node.work_threads": "1"})
        self.assert_from(self.generate(daemon, use_peers="true"), "local")

    def test_local_work_never(self):
        daemon = self.start_before(
            [self.peer(fake_peer.closing)], {"node.work_threads": "1", "peers.local": "never"}
        )
        self.assertEqual(self.generate(daemon, use_peers="true"), CANCELLATION_OR_FAILURE)
        self.assert_from(self.generate(daemon), "local")

    def test_local_work_beside(self):
        peer = self.peer(fake_peer.silent)
        daemon = self.start_before(
            [peer],
            {**ALLOW_ENDLESS, "node.work_threads": "1", "peers.local": "beside",
             "peers.response_timeout": "30"},
        )

        def asked_beside():
            self.assert_from(self.generate(daemon, LENGTHY, use_peers="true"), "local")
            return peer.asked

        self.wait_for(asked_beside, "the peer is reached before work is found")
        self.wait_for(lambda: peer.cancelled, "the peer is told that it lost")
        self.assertIn(peer.cancelled[0].body["hash"], [question.body["hash"] for question in peer.asked])

    def test_resting_peer_is_passed_over_and_probed(self):
        bad, good = self.peer(fake_peer.closing), self.peer()
        daemon = self.start_before([bad, good])
        self.assert_from(self.generate(daemon), good)
        self.assert_from(self.generate(daemon), good)
        self.assertEqual(len(bad.asked), 1)
        self.assertEqual(self.peer_status(daemon, bad)["state"], "resting")
        bad.behaviour = fake_peer.good
        self.wait_for(
            lambda: self.generate(daemon)["source"] == bad.name, "the peer is tried again after its rest"
        )
        self.assertEqual(self.peer_status(daemon, bad)["state"], "up")

    def test_least_bad_is_tried_when_all_rest(self):
        peers = [self.peer(fake_peer.closing) for _ in range(3)]
        daemon = self.start_before(peers)
        self.assertEqual(self.generate(daemon), CANCELLATION_OR_FAILURE)
        for peer in peers:
            peer.behaviour = fake_peer.good
        self.assertIn(self.generate(daemon)["source"], [peer.name for peer in peers])


class Leaving(PeerTest):
    """A client's leaving, a cancel, a deadline and the end of the daemon call every peer off."""

    def start_silent(self, mode="race"):
        peers = [self.peer(fake_peer.silent) for _ in range(3)]
        daemon = self.start_before(
            peers, {"peers.mode": mode, "peers.response_timeout": "30", "work.request_timeout": "30"}
        )
        return daemon, peers

    def assert_called_off(self, peers, root):
        for peer in peers:
            self.wait_for(lambda peer=peer: peer.cancelled, "the peer is told to stop")
            self.assertEqual([each.body["hash"] for each in peer.cancelled], [root])

    def test_disconnect(self):
        daemon, peers = self.start_silent()
        root = nano.random_root()
        connection = self.begin(daemon, root, EASY)
        self.wait_for(lambda: all(peer.asked for peer in peers), "all are asked")
        connection.close()
        self.assert_called_off(peers, root)
        daemon.wait_for(waiters=0)

    def test_cancel(self):
        daemon, peers = self.start_silent()
        root = nano.random_root()
        connection = self.begin(daemon, root, EASY)
        self.wait_for(lambda: all(peer.asked for peer in peers), "all are asked")
        self.assertEqual(daemon.rpc("work_cancel", hash=root), {"success": ""})
        self.assert_cancelled(connection)
        self.assert_called_off(peers, root)

    def test_stop(self):
        daemon, peers = self.start_silent()
        root = nano.random_root()
        connection = self.begin(daemon, root, EASY)
        self.wait_for(lambda: all(peer.asked for peer in peers), "all are asked")
        daemon.process.terminate()
        self.assert_cancelled(connection)
        self.assert_called_off(peers, root)
        self.assertEqual(daemon.wait(), 0)

    def test_one_of_two_leaves(self):
        daemon, (peer, *_) = self.start_silent("serial")
        root = nano.random_root()
        first = self.begin(daemon, root, EASY)
        second = self.begin(daemon, root, EASY)
        daemon.wait_for(waiters=2)
        first.close()
        daemon.wait_for(waiters=1)
        self.assertEqual(peer.cancelled, [])
        self.wait_for(lambda: peer.asked, "the peer is asked")
        second.close()
        self.assert_called_off([peer], root)

    def test_one_daemon_in_both_lists(self):
        """A work_cancel ends all work for a root there: it waits for the one who still wants it."""

        first_has_left = threading.Event()

        def as_nano_node(exchange):
            while not first_has_left.wait(0.05):
                if exchange.peer.cancelled:
                    exchange.answer({"error": "Cancelled"})
                    return False
                if exchange.peer.stopped.is_set():
                    return False
            return fake_peer.good(exchange)

        peer = self.peer(as_nano_node)
        daemon = self.start_before(
            [peer, peer], {"node.experimental.secondary_work_peers": peers_setting([peer.name])}
        )
        root = nano.random_root()
        first = self.begin(daemon, root, EASY, use_peers="true")
        second = self.begin(daemon, root, EASY, use_peers="true", secondary_work_peers="true")
        self.wait_for(lambda: len(peer.asked) == 2, "it is asked twice")
        first.close()
        daemon.wait_for(waiters=1)
        first_has_left.set()
        self.assert_from(second.receive().json(), peer)
        self.assertEqual(peer.cancelled, [])

    def test_half_asked_peer_is_dropped_without_a_word(self):
        """Nothing has reached it, so there is nothing to cancel."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            name = f"127.0.0.1:{listener.getsockname()[1]}"
            fillers = []
            for _ in range(8):  # fill the backlog, so that a connection stays half open
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(listener.getsockname())
                fillers.append(filler)
            daemon = self.start_before([name], {"peers.connect_timeout": "30"})
            connection = self.begin(daemon, nano.random_root(), EASY)
            daemon.wait_for(waiters=1)
            connection.close()
            daemon.wait_for(waiters=0)
            self.assertEqual(self.peer_status(daemon, name)["cancels"], "0")
            for filler in fillers:
                filler.close()


class Modes(PeerTest):
    def test_race(self):
        slow, fast = self.peer(fake_peer.slow(5)), self.peer()
        daemon = self.start_before(
            [slow, fast], {"peers.mode": '"race"', "peers.response_timeout": "30"}
        )
        begun = time.monotonic()
        root = nano.random_root()
        self.assert_from(self.generate(daemon, root=root), fast)
        self.assertLess(time.monotonic() - begun, scaled(2.5))
        self.wait_for(lambda: slow.cancelled, "the loser is told to stop")
        self.assertEqual(slow.cancelled[0].body["hash"], root)
        self.assertEqual(fast.cancelled, [])

    def test_serial_asks_one_at_a_time(self):
        first, second = self.peer(fake_peer.slow(0.3)), self.peer()
        daemon = self.start_before([first, second])
        self.assert_from(self.generate(daemon), first)
        self.assertEqual(second.asked, [])

    def test_hedge(self):
        first, second = self.peer(), self.peer(fake_peer.slow(20))
        daemon = self.start_before(
            [first, second], {"peers.mode": '"hedge"', "peers.response_timeout": "30"}
        )
        for _ in range(10):
            self.assert_from(self.generate(daemon), first)
        usual = float(self.peer_status(daemon, first)["p95"])
        self.assertGreater(usual, 0)
        asked = len(second.asked)
        first.behaviour, second.behaviour = second.behaviour, first.behaviour
        begun = time.monotonic()
        self.assert_from(self.generate(daemon), second)
        self.assertLess(time.monotonic() - begun, scaled(10))
        self.assertGreater(len(second.asked), asked)
        self.wait_for(lambda: first.cancelled, "the slow one is told to stop")

    def test_hedge_against_a_peer_that_is_always_slow(self):
        first, second = self.peer(fake_peer.slow(4)), self.peer()
        daemon = self.start_before(
            [first, second], {"peers.mode": '"hedge"', "peers.response_timeout": "30"}
        )
        self.assert_from(self.generate(daemon), second)
        begun = time.monotonic()
        self.assert_from(self.generate(daemon), second)
        self.assertLess(time.monotonic() - begun, scaled(1.5))

    def test_hedge_moves_on_at_once_from_a_failure(self):
        bad, good = self.peer(fake_peer.closing), self.peer()
        daemon = self.start_before([bad, good], {"peers.mode": '"hedge"'})
        begun = time.monotonic()
        self.assert_from(self.generate(daemon), good)
        self.assertLess(time.monotonic() - begun, scaled(1.5))


class Chains(PeerTest):
    def name_of(self, daemon):
        host, port = daemon.address
        return f"{host}:{port}"

    def test_three_daemons(self):
        last = self.start()
        middle = self.start_before([self.name_of(last)])
        first = self.start_before([self.name_of(middle)])
        root = nano.random_root()
        self.assert_from(self.generate(first, root=root), self.name_of(middle))
        self.assertIn(root, last.log())

    def test_cancel_reaches_the_last(self):
        last = self.start_endless()
        endless = {**ALLOW_ENDLESS, "work.request_timeout": "60", "peers.response_timeout": "60"}
        middle = self.start_before([self.name_of(last)], endless)
        first = self.start_before([self.name_of(middle)], endless)
        connection = self.begin(first, nano.random_root(), ENDLESS)
        last.wait_for(waiters=1, generating=1)
        connection.close()
        for daemon in (first, middle, last):
            daemon.wait_for(waiters=0)
        last.wait_for(generating=0)

    def start_before_itself(self, **config):
        """Added while it runs: of the configuration's peers it leaves itself out."""
        daemon = self.start_before([], {"rpc.enable_control": "true", **config})
        port = daemon.address[1]
        self.assertEqual(daemon.rpc("work_peer_add", address="127.0.0.1", port=str(port)), {"success": ""})
        return daemon, port

    def test_peer_of_itself(self):
        daemon, port = self.start_before_itself()
        begun = time.monotonic()
        self.assertEqual(self.generate(daemon), CANCELLATION_OR_FAILURE)
        self.assertLess(time.monotonic() - begun, scaled(3))
        self.assertIn("loop", self.peer_status(daemon, f"127.0.0.1:{port}")["reason"])

    def test_peer_of_itself_that_can_work(self):
        daemon, port = self.start_before_itself(**{"node.work_threads": "1"})
        answer = self.generate(daemon, use_peers="true")
        self.assertIn(answer["source"], ("local", f"127.0.0.1:{port}"))
        self.assertEqual(daemon.status()["found"], "1")

    def test_gateways_of_each_other(self):
        """Both are asked for one root at once, and list each other before the one that can work."""
        worker = self.peer()
        ports = closed_ports(2)
        daemons = [
            self.start_before(
                [f"127.0.0.1:{ports[1 - i]}", worker],
                {"rpc.port": str(ports[i]), "peers.response_timeout": "30", "work.request_timeout": "30"},
            )
            for i in range(2)
        ]
        root = nano.random_root()
        connections = [self.connect(daemon) for daemon in daemons]
        for daemon, connection in zip(daemons, connections):
            connection.ask({"action": "version"})
            daemon.signal(signal.SIGSTOP)
        for connection in connections:
            connection.post({"action": "work_generate", "hash": root, "difficulty": EASY})
        begun = time.monotonic()
        for daemon in daemons:
            daemon.signal(signal.SIGCONT)
        for connection in connections:
            answer = connection.receive().json()
            self.assertGreaterEqual(nano.work_value(root, answer["work"]), int(EASY, 16))
        self.assertLess(time.monotonic() - begun, scaled(5))

    def test_loop_of_three(self):
        ports = closed_ports(3)
        daemons = [
            self.start_before([f"127.0.0.1:{ports[(i + 1) % 3]}"], {"rpc.port": str(ports[i])})
            for i in range(3)
        ]
        begun = time.monotonic()
        self.assertEqual(self.generate(daemons[0]), CANCELLATION_OR_FAILURE)
        self.assertLess(time.monotonic() - begun, scaled(3))
        for daemon in daemons:
            daemon.wait_for(waiters=0)


class Health(PeerTest):
    """GET /health of a daemon that has only its peers."""

    def health(self, daemon):
        with daemon.connect() as connection:
            connection.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            response = connection.receive()
            return response.status, response.json()

    def test_up_and_down(self):
        peer = self.peer(fake_peer.closing)
        daemon = self.start_before([peer])
        self.assertEqual(self.health(daemon), (200, {"status": "UP"}))
        self.assertEqual(self.generate(daemon), CANCELLATION_OR_FAILURE)
        status, body = self.health(daemon)
        self.assertEqual((status, body["status"]), (503, "DOWN"))
        self.assertEqual(body["reason"], "Every work peer is resting after a failure")


class Control(PeerTest):
    def test_added_and_cleared(self):
        configured, added = self.peer(), self.peer()
        daemon = self.start_before([configured], {"rpc.enable_control": "true"})
        self.assertEqual(
            daemon.rpc("work_peer_add", address="127.0.0.1", port=str(added.port)), {"success": ""}
        )
        self.assertEqual(daemon.rpc("work_peers"), {"work_peers": [configured.name, added.name]})
        configured.behaviour = fake_peer.closing
        self.assert_from(self.generate(daemon), added)
        self.assertEqual(daemon.rpc("work_peers_clear"), {"success": ""})
        self.assertEqual(daemon.rpc("work_peers"), {"work_peers": ""})
        self.assertEqual(self.generate(daemon), {"error": "Local work generation is disabled"})

    def test_cleared_while_asked(self):
        peer = self.peer(fake_peer.slow(0.5))
        daemon = self.start_before([peer], {"rpc.enable_control": "true"})
        connection = self.begin(daemon, nano.random_root(), EASY)
        self.wait_for(lambda: peer.asked, "the peer is asked")
        self.assertEqual(daemon.rpc("work_peers_clear"), {"success": ""})
        self.assert_from(connection.receive().json(), peer)

    def test_guarded(self):
        daemon = self.start_before([self.peer()])
        refused = {"error": "RPC control is disabled"}
        self.assertEqual(daemon.rpc("work_peer_add", address="127.0.0.1", port="1"), refused)
        self.assertEqual(daemon.rpc("work_peers_clear"), refused)
        self.assertEqual(daemon.rpc("work_peers"), refused)


class Crowd(PeerTest):
    def test_a_hundred_requests_before_every_kind_of_peer(self):
        peers = [self.peer(behaviour) for behaviour, _ in BAD_PEERS.values()]
        peers[3:3] = [self.peer(fake_peer.slow(0.2)) for _ in range(3)]
        names = [peer.name for peer in peers] + [f"127.0.0.1:{closed_port()}"]
        daemon = self.start_before(names, {**HASTY, "work.request_timeout": "8", "rpc.max_connections": "500"})
        self.generate(daemon)
        before = self.descriptors(daemon)
        answers = []

        def one():
            begun = time.monotonic()
            answer = self.generate(daemon)
            answers.append((time.monotonic() - begun, answer))

        threads = [threading.Thread(target=one) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(scaled(30))
        self.assertEqual(len(answers), 100)
        for seconds, answer in answers:
            self.assertLess(seconds, 8 + scaled(5))
            if "error" in answer:
                self.assertEqual(answer, CANCELLATION_OR_FAILURE)
            else:
                self.assert_from(answer, answer["source"])
        self.assertTrue(any("work" in answer for _, answer in answers))
        for peer in peers:
            peer.stop()
        daemon.wait_for(waiters=0)
        self.wait_for(
            lambda: self.descriptors(daemon) <= before, f"descriptors are back at {before}", 20
        )


if __name__ == "__main__":
    main()
