#!/usr/bin/env python3
"""SIGHUP: what the files say is put in force, and no request is dropped for it."""

import json
import os
import re
import signal
import tempfile
import threading

import fake_node
import fake_peer
import nano
from harness import ALLOW_ENDLESS, ENDLESS, DaemonTest, main, scaled, wait_until
from http_client import post_bytes

EASY = "fff0000000000000"

# 2^21 hashes: of sixteen such requests one at least still waits when the files have been read.
LONG = "fffff80000000000"


def blocked_signals(status):
    """What the kernel says that a thread does not take."""
    with open(status, encoding="ascii", errors="replace") as file:
        mask = next(int(line.split()[1], 16) for line in file if line.startswith("SigBlk:"))
    return {number for number in signal.valid_signals() if mask >> (number - 1) & 1}


def get(path, *headers):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", *headers, "", ""]).encode()


class ReloadTest(DaemonTest):
    def start_with(self, text, **settings):
        """A daemon whose settings are in its file."""
        config = {"rpc.port": "0", "node.work_threads": None, **settings.pop("config", {})}
        return self.start(files={"config-node.toml": text}, config=config, **settings)

    def rewrite(self, daemon, text, name="config-node.toml"):
        path = os.path.join(daemon.data_path, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def count(self, daemon, text):
        return daemon.log().count(text)

    def reload(self, daemon, text, outcome="Configuration reloaded"):
        """Writes the file, signals, and waits until that has been dealt with."""
        before = self.count(daemon, outcome)
        self.rewrite(daemon, text)
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: self.count(daemon, outcome) > before, f"the log says: {outcome}")


class Signals(ReloadTest):
    def test_the_first_thread_takes_them(self):
        """So none of them interrupts a search, the disk, or a driver."""
        text = "[node]\nwork_threads = 2\n"
        daemon = self.start_with(text, config={"store.enable": "true"})
        daemon.rpc("work_generate", hash=nano.random_root(), difficulty=EASY)
        self.reload(daemon, text, "reloaded: settings changed: 0")
        pid = daemon.process.pid
        threads = [thread for thread in os.listdir(f"/proc/{pid}/task") if thread != str(pid)]
        self.assertGreaterEqual(len(threads), 1 + min(2, os.cpu_count()))
        for thread in threads:
            blocked = blocked_signals(f"/proc/{pid}/task/{thread}/status")
            self.assertLessEqual({signal.SIGHUP, signal.SIGINT, signal.SIGTERM}, blocked)


class Changes(ReloadTest):
    def test_nothing(self):
        daemon = self.start_with("[node]\nwork_threads = 1\n")
        self.reload(daemon, "[node]\nwork_threads = 1\n", "reloaded: settings changed: 0")

    def test_threads(self):
        daemon = self.start_with("[node]\nwork_threads = 1\n")
        self.assertEqual(len(daemon.status()["devices"]), 1)
        self.reload(daemon, "[node]\nwork_threads = 2\n")
        expected = min(2, os.cpu_count())
        self.assertEqual(len(daemon.status()["devices"]), expected)
        self.assertIn("Setting: node.work_threads = 2", daemon.log())
        root = nano.random_root()
        self.assert_work(daemon.rpc("work_generate", hash=root, difficulty=EASY), root, int(EASY, 16))
        self.reload(daemon, "[node]\nwork_threads = 0\n")
        self.assertEqual(
            daemon.rpc("work_generate", hash=root, difficulty=EASY),
            {"error": "Local work generation is disabled"},
        )

    def test_waiting_requests_go_on_with_other_devices(self):
        endless = "max_work_generate_multiplier = 1000000000000\n"
        daemon = self.start_with(f"[node]\nwork_threads = 1\n{endless}")
        stuck = self.begin(daemon, nano.random_root(), ENDLESS)
        roots = [nano.random_root() for _ in range(16)]
        connections = [self.begin(daemon, root, LONG) for root in roots]

        def all_are_known():
            answered = sum(connection.readable_within(0) for connection in connections)
            return daemon.count("waiters") + answered > len(roots)

        wait_until(all_are_known, "each is being waited for, or answered")
        self.reload(daemon, f"[node]\nwork_threads = 1\n{endless}[work]\nscanner = \"portable\"\n")
        self.assertEqual(daemon.status()["scanner"], "portable")
        self.assertGreaterEqual(daemon.count("waiters"), 2)
        self.reload(daemon, f"[node]\nwork_threads = 1\n{endless}")
        for root, connection in zip(roots, connections):
            self.assert_work(connection.receive().json(), root, int(LONG, 16))
        stuck.close()
        daemon.wait_for(waiters=0, generating=0)

    def test_tables(self):
        """What stands in tables is compared as well, each field of it."""
        hashed = "blake2b:" + "00" * 16 + ":" + "11" * 32
        lines = {
            "peers.peer": ['url = "http://127.0.0.1:1/work"', 'key = "one"', 'header = "api-key"'],
            "access.keys": [f'hash = "{hashed}"', "rate = 1", "burst = 2", "max_jobs = 3", "max_multiplier = 4"],
        }

        def text():
            tables = ["\n".join([f"[[{name}]]", *table, ""]) for name, table in lines.items()]
            return "[node]\nwork_threads = 1\n" + "".join(tables)

        daemon = self.start_with(text())
        self.reload(daemon, text(), "reloaded: settings changed: 0")
        for name, index, line in (
            ("peers.peer", 0, 'url = "http://127.0.0.1:2/work"'),
            ("peers.peer", 0, 'url = "http://127.0.0.1:2/other"'),
            ("peers.peer", 1, 'key = "two"'),
            ("peers.peer", 2, 'header = "Authorization"'),
            ("access.keys", 0, f'hash = "{hashed[:-1]}2"'),
            ("access.keys", 1, "rate = 9"),
            ("access.keys", 2, "burst = 9"),
            ("access.keys", 3, "max_jobs = 9"),
            ("access.keys", 4, "max_multiplier = 9"),
        ):
            with self.subTest(line=line):
                lines[name][index] = line
                self.reload(daemon, text(), "reloaded: settings changed: 1")
        lines["access.keys"].append('color = "red"')
        self.reload(daemon, text(), "reloaded: settings changed: 0")
        self.assertIn("is not a known key and is ignored; known keys are hash, name, rights, rate, burst", daemon.log())

    def test_peers(self):
        peers = [fake_peer.FakePeer(), fake_peer.FakePeer()]
        for peer in peers:
            self.addCleanup(peer.stop)
        text = '[node]\nwork_threads = 0\nwork_peers = ["{}"]\n'
        daemon = self.start_with(text.format(peers[0].name), config={"rpc.enable_control": "true"})

        def source():
            return daemon.rpc("work_generate", hash=nano.random_root(), difficulty=EASY)["source"]

        self.assertEqual(source(), peers[0].name)
        self.reload(daemon, text.format(peers[1].name))
        self.assertEqual(source(), peers[1].name)
        self.assertEqual(daemon.rpc("work_peers"), {"work_peers": [peers[1].name]})
        both = f'{peers[1].name}", "{peers[0].name}'
        self.reload(daemon, text.format(both))
        known = {entry["name"]: entry["found"] for entry in daemon.status()["peers"]}
        self.assertEqual((known[peers[1].name], known[peers[0].name]), ("1", "0"), "what is known stays")
        daemon.rpc("work_peer_add", address="127.0.0.1", port="1")
        self.reload(daemon, text.format(peers[0].name))
        self.assertEqual(daemon.rpc("work_peers"), {"work_peers": [peers[0].name, "127.0.0.1:1"]})

    def test_request_that_is_with_a_peer(self):
        peer = fake_peer.FakePeer(fake_peer.slow(0.5))
        self.addCleanup(peer.stop)
        daemon = self.start_with(f'[node]\nwork_threads = 0\nwork_peers = ["{peer.name}"]\n')
        connection = self.begin(daemon, nano.random_root(), EASY)
        wait_until(lambda: peer.asked, "the peer is asked")
        self.reload(daemon, "[node]\nwork_threads = 0\n")
        self.assertEqual(connection.receive().json()["source"], peer.name)

    def test_log(self):
        daemon = self.start_with("[node]\nwork_threads = 1\n")
        self.reload(daemon, '[node]\nwork_threads = 1\n[log]\nlevel = "debug"\nformat = "json"\n')
        daemon.rpc("work_generate", hash=nano.random_root(), difficulty=EASY)
        wait_until(lambda: '"level":"debug"' in daemon.log(), "a line of debugging in JSON")

    def test_control(self):
        daemon = self.start_with("[node]\nwork_threads = 1\n")
        self.assertEqual(daemon.rpc("work_peers"), {"error": "RPC control is disabled"})
        self.reload(daemon, "[node]\nwork_threads = 1\n[rpc]\nenable_control = true\n")
        self.assertEqual(daemon.rpc("work_peers"), {"work_peers": ""})


class Followed(ReloadTest):
    """What pre-caching follows, has queued and knows is no setting, and stays."""

    SETTINGS = {
        "precache.subtype": ('"send"', '"receive"'),
        "precache.poll_interval": ("30", "20"),
        "precache.node": ('""', '"http://127.0.0.1:1"'),
        "precache.accounts": ("[]", f'["{nano.account(nano.random_root())}"]'),
        "peers.stand_in": ("false", "true"),
        "precache.enable": ("true", "false"),
    }

    @staticmethod
    def text(settings):
        lines = [f"{name} = {value}" for name, value in settings.items()]
        return "\n".join(["node.work_threads = 1", *lines]) + "\n"

    def start_following(self, settings):
        directory = tempfile.TemporaryDirectory(prefix="workpeer-store-")
        self.addCleanup(directory.cleanup)
        config = {
            **ALLOW_ENDLESS,
            "rpc.enable_control": "true",
            "store.enable": "true",
            "store.path": os.path.join(directory.name, "store"),
        }
        return self.start_with(self.text(settings), config=config)

    def tell(self, daemon, account, block_hash, previous):
        with daemon.connect() as connection:
            self.assertEqual(fake_node.tell(connection, account, block_hash, previous).status, 200)

    def known(self, daemon):
        """What is followed, by account, and the roots that were answered as queued."""
        status = daemon.rpc("precache_status")
        accounts = {
            entry["account"]: (entry["frontier"], entry["watched"]) for entry in status["accounts"]
        }
        return accounts, int(status["queued"]) + int(status["searching"])

    def test_each_setting(self):
        settings = {name: values[0] for name, values in self.SETTINGS.items()}
        daemon = self.start_following(settings)
        watched, told, named = (nano.account(nano.random_root()) for _ in range(3))
        chain = [nano.random_root() for _ in range(5)]
        daemon.rpc("precache_watch", account=watched)
        daemon.rpc("work_generate", hash=chain[0], account=told, difficulty=EASY)
        for place in (1, 2, 4):
            self.tell(daemon, told, chain[place], chain[place - 1])
        daemon.rpc("work_generate", hash=chain[0], account=named, difficulty=EASY)
        for _ in range(6):  # more than are searched for at a time
            daemon.rpc("work_precache", hash=nano.random_root(), difficulty=ENDLESS)
        wait_until(lambda: self.known(daemon)[1] == 6, "what can be found has been")
        expected = self.known(daemon)
        self.assertEqual(expected[0], {watched: ("", "1"), told: (chain[4], "0"), named: (chain[0], "0")})
        for name, values in self.SETTINGS.items():
            with self.subTest(name=name):
                settings[name] = values[1]
                self.reload(daemon, self.text(settings), "reloaded: settings changed: 1")
                settings[name] = values[0]
                if name == "precache.accounts":
                    self.assertEqual(daemon.rpc("precache_status")["accounts_watched"], "2")
                self.reload(daemon, self.text(settings), "reloaded: settings changed: 1")
                if name == "precache.accounts":
                    listed = json.loads(values[1])[0]
                    self.assertEqual(self.known(daemon)[0][listed], ("", "0"), "it is watched no more")
                    daemon.rpc("precache_unwatch", account=listed)
                wait_until(lambda: self.known(daemon) == expected, f"{expected} is known")
        # A block that was told of before is known to be old, and clients do not move what a node told of.
        self.tell(daemon, told, chain[1], chain[0])
        self.tell(daemon, told, chain[3], chain[2])
        daemon.rpc("work_generate", hash=nano.random_root(), account=told, difficulty=EASY)
        self.assertEqual(self.known(daemon)[0][told], (chain[4], "0"))

    def test_subtype(self):
        """Work that is ready for a receive is not for a send, and is searched for."""
        daemon = self.start_following({"precache.subtype": '"receive"'})
        account, root = nano.account(nano.random_root()), nano.random_root()
        daemon.rpc("precache_watch", account=account)
        self.tell(daemon, account, root, nano.random_root())
        wait_until(lambda: daemon.rpc("precache_status")["ready"] == "1", "work for a receive")
        self.reload(daemon, self.text({"precache.subtype": '"send"'}))
        wait_until(lambda: daemon.rpc("precache_status")["ready"] == "1", "work for a send")
        answer = daemon.rpc("work_generate", hash=root)
        self.assert_work(answer, root, nano.DEV.base, source="cache")

    def test_more_accounts_than_there_is_room_for(self):
        settings = {"precache.max_accounts": "2"}
        daemon = self.start_following(settings)
        watched = nano.account(nano.random_root())
        daemon.rpc("precache_watch", account=watched)
        settings["precache.accounts"] = json.dumps([nano.account(nano.random_root()) for _ in range(2)])
        self.reload(daemon, self.text(settings))
        self.assertIn("More accounts in precache.accounts than precache.max_accounts allows: 2", daemon.log())
        accounts, _ = self.known(daemon)
        self.assertEqual((len(accounts), accounts[watched]), (2, ("", "1")))


class Limits(ReloadTest):
    """Every listener goes by what the file says now, each for those who come from then on."""

    # A listener, how the log names it, and a path at which there is something.
    LISTENERS = {
        "rpc": (r"Listening on http://127\.0\.0\.1:(\d+)", "/health"),
        "management": (r"Management on http://127\.0\.0\.1:(\d+)", "/health"),
        "atto": (r"Atto work server started on port (\d+) \(http\), address 127\.0\.0\.1", "/openapi.json"),
        "atto management": (r"Atto management started on port (\d+) \(http\), address 127\.0\.0\.1", "/health"),
    }
    WITH_BODIES = ("rpc", "atto")
    FILE = (
        '[node]\nwork_threads = 1\n[atto]\nenable = true\naddress = "127.0.0.1"\nport = 0\nmanagement_port = 0\n'
        '[management]\naddress = "127.0.0.1"\nport = 0\n[rpc]\naddress = "127.0.0.1"\n'
    )

    def reloaded(self, **settings):
        """A daemon that was started with others than these of [rpc], with a listener of each kind."""
        daemon = self.start_with(self.FILE + "max_header_size = 65536\n")
        lines = "".join(f"{name} = {value}\n" for name, value in {"max_header_size": 65536, **settings}.items())
        self.reload(daemon, self.FILE + lines, f"settings changed: {len(settings)}")
        return daemon

    def on_each(self, daemon, check, names=tuple(LISTENERS)):
        """Calls check(connect, path) for each listener."""
        for name in names:
            pattern, path = self.LISTENERS[name]
            address = ("127.0.0.1", int(re.search(pattern, daemon.log()).group(1)))
            with self.subTest(listener=name):
                check(lambda to=address: self.connect(daemon, address=to), path)

    def refusal_of(self, connect, request):
        client = connect()
        client.send(request)
        return client.receive().json()["error"]

    def assert_one_is_closed(self, clients):
        wait_until(lambda: any(client.readable_within(0) for client in clients), "one of them is closed")

    def test_idle_timeout(self):
        def check(connect, path):
            client = connect()
            client.send(get(path))
            self.assertEqual(client.receive().status, 200)
            self.assertTrue(client.closed_within(scaled(10)))

        self.on_each(self.reloaded(idle_timeout=0.2), check)

    def test_read_timeout(self):
        def check(connect, path):
            client = connect()
            client.send(get(path)[:-1])
            self.assertTrue(client.closed_within(scaled(10)))

        self.on_each(self.reloaded(read_timeout=0.2), check)

    def test_header(self):
        def check(connect, path):
            self.assertIn("header", self.refusal_of(connect, get(path, "X-Long: " + 2000 * "x")))

        self.on_each(self.reloaded(max_header_size=1024), check)

    def test_body(self):
        def check(connect, _):
            request = post_bytes({"action": "version", "padding": "x" * 2000}, path="/works")
            self.assertIn("body limit exceeded", self.refusal_of(connect, request))

        self.on_each(self.reloaded(max_request_size=1000), check, self.WITH_BODIES)

    def test_json_depth(self):
        def check(connect, _):
            request = post_bytes({"action": "version", "deep": [[[]]]}, path="/works")
            self.assertEqual(self.refusal_of(connect, request), "Max JSON depth exceeded")

        self.on_each(self.reloaded(max_json_depth=2), check, self.WITH_BODIES)

    def test_connections(self):
        def check(connect, _):
            self.assert_one_is_closed([connect() for _ in range(3)])

        self.on_each(self.reloaded(max_connections=2), check, self.WITH_BODIES)

    def test_connections_of_an_address(self):
        def check(connect, _):
            self.assert_one_is_closed([connect() for _ in range(3)])

        self.on_each(self.reloaded(max_connections_per_address=2), check)

    def test_memory(self):
        """Of requests that are nearly there: 31 of them, as many as a management port takes, are more than 2 MiB."""
        request = post_bytes(b"x" * 4096, headers=[("X-Long", "x" * 64000)], path="/works")[:-1]

        def check(connect, _):
            clients = [connect() for _ in range(31)]
            for client in clients:
                client.send_without_waiting(request)
            self.assert_one_is_closed(clients)

        self.on_each(self.reloaded(max_memory=2 * 2**20), check)


class Refusals(ReloadTest):
    def test_bad_file_changes_nothing(self):
        daemon = self.start_with("[node]\nwork_threads = 1\n")
        stays = "The configuration is unchanged"
        self.reload(daemon, "[node]\nwork_threads = -1\n[log]\nlevel = \"debug\"\n", stays)
        self.assertIn("node.work_threads is -1, expected a whole number from 0 to 65535", daemon.log())
        self.assertEqual(len(daemon.status()["devices"]), 1)
        self.reload(daemon, "[node\n", stays)
        self.reload(daemon, '[node]\nwork_threads = 1\n[log]\nfile = "/no/such/folder/log"\n', stays)
        self.assertNotIn(" debug ", daemon.log())
        self.reload(daemon, "[node]\nwork_threads = 1\n", "settings changed: 0")

    def test_scanner_that_is_not_there(self):
        daemon = self.start_with("[node]\nwork_threads = 1\n")
        stays = "The configuration is unchanged"
        absent = "neon" if os.uname().machine == "x86_64" else "avx2"
        self.reload(daemon, f'[node]\nwork_threads = 1\n[work]\nscanner = "{absent}"\n', stays)
        root = nano.random_root()
        self.assert_work(daemon.rpc("work_generate", hash=root, difficulty=EASY), root, int(EASY, 16))

    def test_what_takes_a_restart(self):
        daemon = self.start_with("[node]\nwork_threads = 1\n[store]\nmax_age = 1000\n")
        self.reload(daemon, "[node]\nwork_threads = 1\n[store]\nmax_age = 2000\n")
        line = "Setting: store.max_age = 2000 requires a restart; the old value stays in force"
        self.assertEqual(self.count(daemon, line), 1)
        self.reload(daemon, "[node]\nwork_threads = 1\n[store]\nmax_age = 2000\n")
        self.assertEqual(self.count(daemon, line), 2)


class Crowd(ReloadTest):
    def test_signals_while_requests_come(self):
        daemon = self.start_with("[node]\nwork_threads = 1\n")
        texts = ["[node]\nwork_threads = 1\n", '[node]\nwork_threads = 2\n[work]\nscanner = "portable"\n']
        answers = []

        def ask():
            with daemon.connect(20) as connection:
                for _ in range(60):
                    root = nano.random_root()
                    answers.append((root, connection.ask(
                        {"action": "work_generate", "hash": root, "difficulty": "ffff000000000000"})))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for index in range(20):
            self.rewrite(daemon, texts[index % 2])
            daemon.signal(signal.SIGHUP)
            wait_until(lambda: self.count(daemon, "Configuration reloaded") > 0, "it is read again")
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), 240)
        for root, answer in answers:
            self.assert_work(answer, root, 0xFFFF000000000000)

    def test_stopping_meanwhile(self):
        daemon = self.start_with("[node]\nwork_threads = 1\n")
        self.rewrite(daemon, "[node]\nwork_threads = 2\n")
        daemon.signal(signal.SIGHUP)
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        log = daemon.log()
        self.assertNotIn("Configuration reloaded", log[log.index("Stopping"):])


if __name__ == "__main__":
    main()
