"""Work ahead of need: accounts are followed, a node tells of frontiers, a wallet finds its work ready.

WALLET_ACCOUNTS (1000) and WALLET_ROUNDS (1) make the simulated wallet larger.
"""

import itertools
import json
import os
import random
import re
import tempfile
import time

import fake_node
import nano
from fake_node import FakeNode
from harness import ALLOW_ENDLESS, DaemonTest, ENDLESS, main, run_program, scaled, wait_until

WALLET_ACCOUNTS = int(os.environ.get("WALLET_ACCOUNTS", "1000"))
WALLET_ROUNDS = int(os.environ.get("WALLET_ROUNDS", "1"))

CONTROL = {"rpc.enable_control": "true"}


def new_account():
    return nano.account(nano.random_root())


class PrecacheTest(DaemonTest):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="workpeer-store-")
        self.addCleanup(directory.cleanup)
        self.config = {"store.enable": "true", "store.path": os.path.join(directory.name, "store")}

    def start_following(self, network="dev", **config):
        return self.start(config={**self.config, **CONTROL, **config}, network=network)

    def start_node(self):
        node = FakeNode().come()
        self.addCleanup(node.go)
        return node

    def wait_for_status(self, daemon, seconds=30, **expected):
        """Polls precache_status until its numbers are these."""
        wanted = {name: str(value) for name, value in expected.items()}

        def matching():
            status = daemon.rpc("precache_status", count="0")
            return status if wanted.items() <= status.items() else None

        return wait_until(matching, f"precache_status has {wanted}", seconds)

    def wait_until_done(self, daemon):
        self.wait_for_status(daemon, queued=0, searching=0)

    def account_status(self, daemon, account):
        accounts = daemon.rpc("precache_status")["accounts"]
        return next((entry for entry in accounts if entry["account"] == account), None)

    def tell(self, daemon, account, block_hash, previous=None):
        with daemon.connect() as connection:
            response = fake_node.tell(connection, account, block_hash, previous)
        self.assertEqual((response.status, response.body), (200, b"{}"))

    def assert_ready(self, daemon, root, **fields):
        answer = daemon.rpc("work_generate", hash=root, **fields)
        self.assert_work(answer, root, nano.DEV.base, source="cache")


class Asking(PrecacheTest):
    def test_by_hash(self):
        daemon = self.start_following()
        root = nano.random_root()
        self.assertEqual(daemon.rpc("work_precache", hash=root), {"queued": "1", "unknown": "0", "ready": []})
        self.wait_for_status(daemon, found=1, queued=0, searching=0, accounts_followed=0)
        self.assert_ready(daemon, root)

    def test_difficulty(self):
        daemon = self.start_following()
        for fields, least in (
            ({"difficulty": "fffe000000000000"}, 0xFFFE000000000000),
            ({"multiplier": "8"}, nano.from_multiplier(8, nano.DEV.base)),
            ({"subtype": "receive"}, nano.DEV.receive),
            ({}, nano.DEV.base),
        ):
            with self.subTest(fields=fields):
                root = nano.random_root()
                found = int(daemon.rpc("precache_status")["found"])
                daemon.rpc("work_precache", hash=root, **fields)
                self.wait_for_status(daemon, found=found + 1)
                answer = daemon.rpc("work_generate", hash=root, difficulty=nano.hex_u64(least))
                self.assert_work(answer, root, least, source="cache")

    def test_any_work_is_enough(self):
        """A threshold of 0 is one that was asked for, not the usual one."""
        daemon = self.start_following("banano")
        root = nano.random_root()
        daemon.rpc("work_precache", hash=root, subtype="receive")
        self.wait_for_status(daemon, found=1)
        answer = daemon.rpc("work_generate", hash=root, subtype="receive")
        self.assert_work(answer, root, 0, base=nano.BANANO.base, source="cache")
        self.assertLess(int(answer["difficulty"], 16), nano.BANANO.base)

    def test_by_account(self):
        daemon = self.start_following()
        accounts = [new_account() for _ in range(3)]
        roots = [nano.random_root() for _ in range(3)]
        self.assertEqual(
            daemon.rpc("work_precache", account=accounts[0]), {"queued": "0", "unknown": "1", "ready": []}
        )
        for account, root in zip(accounts, roots):
            daemon.rpc("work_generate", hash=root, account=account)
        answer = daemon.rpc(
            "work_precache", accounts=accounts + [new_account()], multiplier="16"
        )
        self.assertEqual({**answer, "ready": []}, {"queued": "3", "unknown": "1", "ready": []})
        self.wait_until_done(daemon)
        for account, root in zip(accounts, roots):
            least = nano.from_multiplier(16, nano.DEV.base)
            answer = daemon.rpc("work_generate", hash=root, difficulty=nano.hex_u64(least))
            self.assert_work(answer, root, least, source="cache")

    def test_errors(self):
        daemon = self.start_following()
        account = new_account()
        for fields, error in (
            ({}, "Missing field: hash, hashes, account or accounts"),
            ({"hashes": "x"}, "Not a list"),
            ({"hashes": [account]}, "Invalid block hash"),
            ({"hash": "x"}, "Invalid block hash"),
            ({"account": "nano_1"}, "Bad account number"),
            ({"accounts": account}, "Not a list"),
            ({"accounts": [account, "x"]}, "Bad account number"),
            ({"accounts": [account, 5]}, "Bad account number"),
            ({"account": account, "difficulty": "y"}, "Bad difficulty"),
            ({"account": account, "multiplier": "-1"}, "Bad multiplier"),
            (
                {"account": account, "difficulty": "f" * 16},
                "Difficulty above config limit or below publish threshold",
            ),
        ):
            with self.subTest(fields=fields):
                self.assertEqual(daemon.rpc("work_precache", **fields), {"error": error})
        for name, value in (("count", "-1"), ("count", "1001"), ("offset", "x")):
            with self.subTest(name=name, value=value):
                answer = daemon.rpc("precache_status", **{name: value})
                self.assertEqual(answer, {"error": f"Bad {name}"})
        self.assertEqual(daemon.rpc("precache_status")["accounts_followed"], "0")

    def test_watch(self):
        daemon = self.start_following()
        accounts = sorted(new_account() for _ in range(5))
        self.assertEqual(daemon.rpc("precache_watch", accounts=accounts), {"watched": "5"})
        status = daemon.rpc("precache_status")
        self.assertEqual((status["accounts_followed"], status["accounts_watched"]), ("5", "5"))
        self.assertEqual(sorted(entry["account"] for entry in status["accounts"]), accounts)
        self.assertEqual(
            status["accounts"][0],
            {**status["accounts"][0], "frontier": "", "state": "waiting", "watched": "1"},
        )
        pages = [
            daemon.rpc("precache_status", count="2", offset=str(offset))["accounts"]
            for offset in (0, 2, 4, 6)
        ]
        self.assertEqual([len(page) for page in pages], [2, 2, 1, 0])
        self.assertEqual(sum(pages, []), status["accounts"])
        answer = daemon.rpc("precache_unwatch", accounts=accounts[:2] + [new_account()])
        self.assertEqual(answer, {"unwatched": "2", "unknown": "1"})
        self.assertEqual(daemon.rpc("precache_status")["accounts_watched"], "3")

    def test_control(self):
        daemon = self.start(config=self.config)
        for action in ("precache_watch", "precache_unwatch"):
            answer = daemon.rpc(action, account=new_account())
            self.assertEqual(answer, {"error": "RPC control is disabled"})

    def test_configured_accounts(self):
        accounts = [new_account(), new_account()]
        daemon = self.start_following(**{"precache.accounts": json.dumps(accounts)})
        self.assertEqual(daemon.rpc("precache_status")["accounts_watched"], "2")
        self.assertEqual(daemon.stop(), [])
        with tempfile.TemporaryDirectory() as data_path:
            run = run_program(
                "--daemon", "--data_path", data_path, "--network", "dev", "--config", "rpc.port=0",
                "--config", "precache.max_accounts=1",
                "--config", f"precache.accounts={json.dumps(accounts)}",
            )
        self.assertEqual(run.returncode, 1)
        self.assertIn("More accounts in precache.accounts than precache.max_accounts", run.stderr)

    def test_nobody_tells_of_frontiers(self):
        watched = {"precache.accounts": f"[{new_account()}]"}
        asking = self.start_following(**watched, **{"precache.node": self.start_node().url})
        idle = self.start_following(**{"store.path": self.config["store.path"] + "2"})
        alone = self.start_following(**watched, **{"store.path": self.config["store.path"] + "3"})
        warning = "warn No block of a watched account is known, and no node is asked for it: set precache.node"
        wait_until(lambda: warning in alone.log(), "a warning")
        self.assertIn("/callback", alone.log())
        self.assertNotIn(warning, asking.log() + idle.log())
        idle.rpc("precache_watch", account=new_account())
        wait_until(lambda: warning in idle.log(), "a warning")


class Named(PrecacheTest):
    """What is asked about by name."""

    def test_states(self):
        """Searches that never end keep the rest in the queue."""
        daemon = self.start_following(**ALLOW_ENDLESS)
        ready, unknown = nano.random_root(), nano.random_root()
        daemon.rpc("work_precache", hash=ready, multiplier="2")
        self.wait_for_status(daemon, found=1)
        roots = [nano.random_root() for _ in range(40)]
        answer = daemon.rpc("work_precache", hashes=[ready] + roots[:1], multiplier="2")
        self.assertEqual(answer, {"queued": "2", "unknown": "0", "ready": [ready]})
        self.wait_for_status(daemon, found=2)
        answer = daemon.rpc("work_precache", hashes=[ready] + roots[1:], difficulty=ENDLESS)
        self.assertEqual(answer, {"queued": "40", "unknown": "0", "ready": []})
        answer = daemon.rpc("work_precache", hash=ready, multiplier="2")  # enough, whatever is searched for
        self.assertEqual(answer, {"queued": "1", "unknown": "0", "ready": [ready]})
        wait_until(lambda: int(daemon.rpc("precache_status")["searching"]) > 0, "some are searched for")
        status = daemon.rpc("precache_status", hashes=[ready, unknown] + roots[1:])
        self.assertEqual(list(status), ["hashes"])
        entries = {entry["hash"]: entry for entry in status["hashes"]}
        self.assertEqual([entry["hash"] for entry in status["hashes"]], [ready, unknown] + roots[1:])
        self.assertEqual(entries[unknown], {"hash": unknown, "state": "unknown"})
        states = [entry["state"] for entry in status["hashes"]]
        self.assertEqual({*states}, {"unknown", "searching", "queued"})
        (entry,) = daemon.rpc("precache_status", hash=roots[0])["hashes"]
        answer = daemon.rpc("work_generate", hash=roots[0], cache_only="true")
        self.assertEqual(entry, {"hash": roots[0], "state": "ready", "difficulty": answer["difficulty"]})
        answer = daemon.rpc("work_generate", hash=unknown, cache_only="true")
        self.assertEqual(answer, {"error": "Work is not ready"})
        self.assertEqual(daemon.status()["waiters"], "0")

    def test_searched_for_by_somebody(self):
        daemon = self.start_following(**ALLOW_ENDLESS)
        root = nano.random_root()
        self.begin(daemon, root)
        daemon.wait_for(waiters=1)
        (entry,) = daemon.rpc("precache_status", hash=root)["hashes"]
        self.assertEqual(entry, {"hash": root, "state": "searching"})

    def test_accounts(self):
        daemon = self.start_following()
        ready, waiting, stranger = sorted(new_account() for _ in range(3))
        root = nano.random_root()
        daemon.rpc("precache_watch", accounts=[ready, waiting])
        self.tell(daemon, ready, root)
        self.wait_for_status(daemon, ready=1)
        status = daemon.rpc("precache_status", accounts=[ready, waiting, stranger])
        work = daemon.rpc("work_generate", hash=root)
        self.assertEqual(status, {"accounts": [
            {"account": ready, "frontier": root, "state": "ready", "difficulty": work["difficulty"], "watched": "1"},
            {"account": waiting, "frontier": "", "state": "waiting", "watched": "1"},
            {"account": stranger, "frontier": "", "state": "unknown", "watched": "0"},
        ]})
        answer = daemon.rpc("work_precache", accounts=[ready, waiting])
        self.assertEqual(answer, {"queued": "1", "unknown": "1", "ready": [ready]})
        status = daemon.rpc("precache_status", account=ready, hash=root)
        self.assertEqual([len(status[name]) for name in ("hashes", "accounts")], [1, 1])

    def test_long_lists(self):
        daemon = self.start_following(**ALLOW_ENDLESS)
        roots = [nano.random_root() for _ in range(10000)]
        answer = daemon.rpc("work_precache", hashes=roots, difficulty=ENDLESS)
        self.assertEqual(answer, {"queued": "10000", "unknown": "0", "ready": []})
        status = daemon.rpc("precache_status", hashes=roots)
        self.assertEqual([entry["hash"] for entry in status["hashes"]], roots)
        self.assertLessEqual({entry["state"] for entry in status["hashes"]}, {"queued", "searching"})
        accounts = [new_account() for _ in range(10000)]
        body = json.dumps({"action": "precache_watch", "accounts": accounts}, indent=4).encode()
        self.assertEqual(daemon.post(body).json(), {"watched": "10000"})
        self.assertEqual(daemon.rpc("precache_unwatch", accounts=accounts), {"unwatched": "10000"})


class Callbacks(PrecacheTest):
    def test_work_is_begun(self):
        daemon = self.start_following()
        account, first, second = new_account(), nano.random_root(), nano.random_root()
        daemon.rpc("work_generate", hash=first, account=account)
        self.tell(daemon, account, second, first)
        self.wait_for_status(daemon, ready=1, queued=0, searching=0)
        self.assertEqual(
            self.account_status(daemon, account),
            {"account": account, "frontier": second, "state": "ready", "watched": "0"},
        )
        self.assert_ready(daemon, second, account=account)
        self.assertEqual(daemon.rpc("work_generate", hash=first)["source"], "local")

    def test_unknown_account_costs_nothing(self):
        daemon = self.start_following()
        before = daemon.status()
        for _ in range(50):
            self.tell(daemon, new_account(), nano.random_root())
        self.wait_for_status(daemon, accounts_followed=0, queued=0, searching=0, found=0)
        after = daemon.status()
        self.assertEqual(after["hashes"], before["hashes"])
        self.assertEqual(after["store"]["accounts"], "0")

    def test_every_subtype(self):
        daemon = self.start_following()
        account = new_account()
        daemon.rpc("precache_watch", account=account)
        for subtype in ("send", "receive", "change", "epoch"):
            root = nano.random_root()
            body = fake_node.callback(account, root, nano.random_root(), subtype)
            self.assertEqual(daemon.post(body, path="/callback").status, 200)
            self.wait_for_status(daemon, ready=1)
            self.assertEqual(self.account_status(daemon, account)["frontier"], root)

    def test_out_of_order(self):
        """Every order of four blocks, then three in order, with and without a frontier to begin with."""
        daemon = self.start_following()
        with daemon.connect(seconds=30) as connection:
            for order in itertools.permutations(range(1, 5)):
                for known in (True, False):
                    account = new_account()
                    chain = [nano.random_root() for _ in range(8)]
                    connection.ask({"action": "precache_watch", "account": account})
                    if known:
                        fake_node.tell(connection, account, chain[0])
                    for place in order:
                        fake_node.tell(connection, account, chain[place], chain[place - 1])
                    for place in range(4, 8):
                        fake_node.tell(connection, account, chain[place], chain[place - 1])
                        status = connection.ask({"action": "precache_status", "count": "1"})
                        told = {entry["account"]: entry["frontier"] for entry in status["accounts"]}
                        self.assertEqual(told, {account: chain[place]}, f"{order}, {known}")
                    connection.ask({"action": "precache_unwatch", "account": account})

    def test_gap(self):
        """Until it is known which block came last, there is work for both; then only for that one."""
        daemon = self.start_following()
        account = new_account()
        chain = [nano.random_root() for _ in range(5)]
        daemon.rpc("precache_watch", account=account)
        for place in (4, 2):
            self.tell(daemon, account, chain[place], chain[place - 1])
        self.wait_for_status(daemon, found=2, ready=1)
        self.tell(daemon, account, chain[3], chain[2])
        self.assertEqual(self.account_status(daemon, account)["frontier"], chain[4])
        self.assert_ready(daemon, chain[4])
        self.assertEqual(daemon.rpc("work_get", account=account)["work"],
                         daemon.rpc("work_generate", hash=chain[4])["work"])
        self.assertEqual(daemon.rpc("work_generate", hash=chain[2])["source"], "local")

    def test_store_that_makes_room(self):
        """Accounts whose work has made room for other work are not ready, and are not searched for again and again."""
        daemon = self.start_following(**{"store.max_entries": "5"})
        accounts = [new_account() for _ in range(20)]
        for account in accounts:
            daemon.rpc("precache_watch", account=account)
            self.tell(daemon, account, nano.random_root())
        self.wait_for_status(daemon, found=20, queued=0, searching=0)
        wait_until(lambda: int(daemon.rpc("precache_status")["ready"]) <= 5, "what is gone is not ready")
        states = [entry["state"] for entry in daemon.rpc("precache_status")["accounts"]]
        self.assertGreaterEqual(states.count("waiting"), 15)
        self.wait_for_status(daemon, found=20, queued=0, searching=0)

    def test_refused(self):
        daemon = self.start_following()
        account, root = new_account(), nano.random_root()
        daemon.rpc("precache_watch", account=account)
        good = fake_node.callback(account, root, nano.random_root())
        response = daemon.post(good, path="/callback", headers=[("Origin", "http://example.com")])
        self.assertEqual(response.status, 403)
        for body in (
            b"", b"{", b"[]", b"null", b'{"account": 1}', b"\xff\xfe",
            json.dumps({"account": account}).encode(),
            json.dumps({"hash": root}).encode(),
            json.dumps({**good, "hash": "x"}).encode(),
            json.dumps({**good, "account": "x"}).encode(),
            json.dumps({**good, "hash": [root]}).encode(),
            b'{"a":' * 70 + b"1" + b"}" * 70,
        ):
            with self.subTest(body=body[:40]):
                response = daemon.post(body, path="/callback")
                self.assertEqual(response.status, 400)
                self.assertEqual(list(response.json()), ["error"])
        self.assertEqual(self.account_status(daemon, account)["state"], "waiting")
        for block in ("", "{", "[]", "null", {"previous": 5}, {"previous": "x"}, 7, None):
            with self.subTest(block=block):
                body = {**good, "block": block, "hash": nano.random_root()}
                self.assertEqual(daemon.post(body, path="/callback").status, 200)
        self.wait_for_status(daemon, ready=1)

    def test_get_is_no_callback(self):
        daemon = self.start_following()
        with daemon.connect() as connection:
            connection.send(b"GET /callback HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(connection.receive().status, 405)

    def test_without_precache(self):
        daemon = self.start(config={**self.config, "precache.enable": "false"})
        body = fake_node.callback(new_account(), nano.random_root(), nano.random_root())
        self.assertEqual(daemon.post(body, path="/callback").status, 503)

    def test_flood(self):
        """One account's many blocks, and many accounts: bounded, and the newest of each counts."""
        daemon = self.start_following(**{"precache.max_accounts": "50"})
        account = new_account()
        daemon.rpc("precache_watch", account=account)
        with daemon.connect(seconds=30) as connection:
            previous = nano.random_root()
            for _ in range(500):
                root = nano.random_root()
                self.assertEqual(fake_node.tell(connection, account, root, previous).status, 200)
                previous = root
            for _ in range(500):
                connection.ask(
                    {"action": "work_generate", "hash": nano.random_root(),
                     "account": new_account(), "difficulty": nano.hex_u64(nano.DEV.receive)}
                )
        status = self.wait_for_status(daemon, queued=0, searching=0, accounts_followed=50)
        self.assertEqual(status["dropped"], "451")
        self.assertEqual(self.account_status(daemon, account)["frontier"], root)
        self.assert_ready(daemon, root)
        self.assertEqual(len(re.findall("More accounts than the limit of 50", daemon.log())), 1)
        store = daemon.status()["store"]
        wait_until(  # and the note that one of them is watched
            lambda: int(daemon.status()["store"]["accounts"]) <= 50 + 1, f"accounts dropped: {store}"
        )


class Polling(PrecacheTest):
    def start_polling(self, node, accounts, interval="0.1", **config):
        return self.start_following(
            **{
                "precache.node": node.url,
                "precache.poll_interval": interval,
                "precache.accounts": json.dumps(accounts),
                **config,
            }
        )

    def test_frontiers_are_asked_for(self):
        node = self.start_node()
        accounts = [new_account() for _ in range(450)]
        node.frontiers = {account: nano.random_root() for account in accounts[:400]}
        daemon = self.start_polling(node, accounts)
        self.wait_for_status(daemon, ready=400, queued=0, searching=0)
        self.assertLessEqual(node.largest, 200)
        for account in accounts[:20]:
            self.assert_ready(daemon, node.frontiers[account])
        node.frontiers[accounts[0]] = nano.random_root()
        node.frontiers[accounts[449]] = nano.random_root()
        self.wait_for_status(daemon, ready=401, found=402)
        self.assert_ready(daemon, node.frontiers[accounts[0]])
        self.assert_ready(daemon, node.frontiers[accounts[449]])

    def test_banano(self):
        """Where any work is enough to receive, and accounts are shown with the network's prefix."""
        node = self.start_node()
        key = nano.random_root()
        account = nano.account(key, "ban_")
        node.frontiers[account] = nano.random_root()
        daemon = self.start_polling(node, [nano.account(key, "nano-")], network="banano",
                                    **{"precache.subtype": "receive"})
        self.wait_for_status(daemon, ready=1, queued=0, searching=0)
        [shown] = daemon.rpc("precache_status")["accounts"]
        self.assertEqual((shown["account"], shown["frontier"]), (account, node.frontiers[account]))
        answer = daemon.rpc("work_get", account=account)
        self.assertIn("work", answer)
        self.assertEqual(daemon.rpc("precache_unwatch", account=account), {"unwatched": "1"})

    def test_node_goes_away_and_returns(self):
        node = self.start_node()
        account = new_account()
        node.frontiers[account] = nano.random_root()
        daemon = self.start_polling(node, [account])
        self.wait_for_status(daemon, ready=1)
        node.go()
        wait_until(lambda: "does not report frontiers" in daemon.log(), "the node is missed")
        root = nano.random_root()
        self.assertEqual(daemon.rpc("work_generate", hash=root, account=account)["source"], "local")
        node.frontiers[account] = nano.random_root()
        node.come()
        wait_until(lambda: "reports frontiers again" in daemon.log(), "the node is back")
        self.wait_for_status(daemon, found=2)
        self.assert_ready(daemon, node.frontiers[account])
        self.assertEqual(daemon.log().count("does not report frontiers"), 1)

    @staticmethod
    def counting(node, answer):
        def answer_to(unused):
            node.asked += 1
            return answer

        return answer_to

    def test_odd_answers(self):
        node = self.start_node()
        account = new_account()
        daemon = self.start_polling(node, [account])
        wait_until(lambda: node.asked > 1, "an empty answer is no fault")
        self.assertNotIn("does not report frontiers", daemon.log())
        for answer, reason in (
            ((500, b"{}"), "status 500, expected 200"),
            ((200, b"<html>"), "Unable to parse JSON"),
            ((200, b'{"error":"RPC control is disabled"}'), "RPC control is disabled"),
            ((200, b"{}"), "an answer without frontiers"),
            ((200, b'{"frontiers":{"a":1}}' + b" " * 70000), "more than 65536 bytes"),
        ):
            with self.subTest(answer=answer[1][:30]):
                node.answer = answer
                wait_until(lambda: reason in daemon.log(), reason)
                seen = daemon.log().count("reports frontiers again")
                node.answer = None
                wait_until(
                    lambda: daemon.log().count("reports frontiers again") > seen, "it is back"
                )
        for frontiers in ({account: 5}, {"x": nano.random_root()}, {account: "y"}, [], "text", 7):
            asked = node.asked
            node.answer_to = self.counting(node, {"frontiers": frontiers})
            wait_until(lambda: node.asked > asked + 1, f"{frontiers} was told")
            self.assertEqual(daemon.rpc("precache_status")["ready"], "0")
        del node.answer_to
        node.frontiers[account] = nano.random_root()
        self.wait_for_status(daemon, ready=1)

    def test_what_is_no_answer(self):
        node = self.start_node()
        daemon = self.start_polling(node, [new_account()])
        for raw, reason in (
            (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "an answer that is not HTTP"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", "closed before the end of the answer"),
            (b"", "closed before the end of the answer"),
        ):
            with self.subTest(raw=raw):
                seen = daemon.log().count(reason), daemon.log().count("reports frontiers again")
                node.raw = raw
                wait_until(lambda: daemon.log().count(reason) > seen[0], reason)
                node.raw = None
                wait_until(lambda: daemon.log().count("reports frontiers again") > seen[1], "it is back")

    def test_one_page_refused(self):
        """The accounts of the pages after it are told of all the same."""
        node = self.start_node()
        accounts = [new_account() for _ in range(300)]
        node.frontiers = {account: nano.random_root() for account in accounts}
        usual = node.answer_to
        first = []

        def refusing(question):
            if not first:
                first.extend(question["accounts"])
            if question["accounts"] == first:
                return {"error": "Account not found"}
            return usual(question)

        node.answer_to = refusing
        daemon = self.start_polling(node, accounts)
        # The next pages may be others: who has moved is asked for first, and the refused ones then get through.
        wait_until(lambda: int(daemon.rpc("precache_status")["ready"]) >= 100, "the second page was told", 30)

    def test_silent_node_holds_nobody_up(self):
        node = self.start_node()
        node.answer_to = lambda question: time.sleep(2) or {"frontiers": ""}
        daemon = self.start_polling(node, [new_account()])
        for _ in range(20):
            root = nano.random_root()
            begin = time.monotonic()
            self.assert_work(daemon.rpc("work_generate", hash=root), root, nano.DEV.base)
            self.assertLess(time.monotonic() - begin, scaled(1.5))

    def test_stops_while_it_asks(self):
        node = self.start_node()
        node.answer_to = lambda question: time.sleep(1) or {"frontiers": ""}
        daemon = self.start_polling(node, [new_account()])
        self.assertEqual(daemon.stop(), [])


class BesideOthers(PrecacheTest):
    def test_gives_way(self):
        daemon = self.start_following(**ALLOW_ENDLESS)
        for _ in range(5):
            daemon.rpc("work_precache", hash=nano.random_root(), difficulty=ENDLESS)
        self.wait_for_status(daemon, queued=1, searching=4)
        self.assertEqual(daemon.status()["waiters"], "0")
        for _ in range(20):
            root = nano.random_root()
            answer = daemon.rpc("work_generate", hash=root)
            self.assert_work(answer, root, nano.DEV.base)
        self.wait_for_status(daemon, queued=1, searching=4)

    def test_takes_no_place_in_the_queue(self):
        daemon = self.start_following(**ALLOW_ENDLESS, **{"work.max_queue": "1"})
        for _ in range(5):
            daemon.rpc("work_precache", hash=nano.random_root(), difficulty=ENDLESS)
        self.wait_for_status(daemon, searching=4)
        root = nano.random_root()
        self.assert_work(daemon.rpc("work_generate", hash=root), root, nano.DEV.base)

    def test_asked_request_lifts_its_root(self):
        """The root's own search answers, while others that were begun before still run."""
        daemon = self.start_following(**ALLOW_ENDLESS)
        roots = [nano.random_root() for _ in range(2)]
        for root in roots:
            daemon.rpc("work_precache", hash=root, difficulty=ENDLESS)
        self.wait_for_status(daemon, searching=2)
        answer = daemon.rpc("work_generate", hash=roots[1])
        self.assert_work(answer, roots[1], nano.DEV.base)
        self.wait_for_status(daemon, searching=2)
        self.assertEqual(daemon.rpc("work_cancel", hash=roots[1]), {"success": ""})
        self.wait_for_status(daemon, searching=1, cancelled=1)

    def test_stops_in_the_middle(self):
        daemon = self.start_following(**ALLOW_ENDLESS)
        for _ in range(50):
            daemon.rpc("work_precache", hash=nano.random_root(), difficulty=ENDLESS)
        connection = self.begin(daemon, nano.random_root())
        daemon.wait_for(waiters=1)
        daemon.process.terminate()
        self.assert_cancelled(connection)
        self.assertEqual(daemon.wait(), 0)
        self.assertIn("Stopping: 1 requests in flight", daemon.log())

    def test_restart(self):
        accounts = [new_account() for _ in range(50)]
        roots = [nano.random_root() for _ in range(50)]
        first = self.start_following()
        for account, root in zip(accounts, roots):
            first.rpc("precache_watch", account=account)
            self.tell(first, account, root)
        self.wait_for_status(first, ready=50, queued=0, searching=0)
        self.assertEqual(first.stop(), [])
        second = self.start_following()
        self.wait_for_status(second, ready=50, found=0, accounts_followed=50)
        for root in roots:
            self.assert_ready(second, root)
        following = nano.random_root()
        self.tell(second, accounts[0], following, roots[0])
        self.wait_for_status(second, found=1)
        self.assert_ready(second, following)


    def test_what_was_asked_for_survives_a_restart(self):
        """Accounts that are watched, though nothing is known of them, and roots that are queued."""
        accounts = sorted(new_account() for _ in range(3))
        roots = [nano.random_root() for _ in range(30)]
        first = self.start_following(**ALLOW_ENDLESS)
        first.rpc("precache_watch", accounts=accounts)
        first.rpc("precache_unwatch", account=accounts[2])
        done = nano.random_root()
        first.rpc("work_precache", hash=done)
        self.wait_for_status(first, found=1)
        first.rpc("work_precache", hashes=roots, difficulty=ENDLESS)
        self.assertEqual(first.stop(), [])
        second = self.start_following(**ALLOW_ENDLESS)
        status = second.rpc("precache_status")
        self.assertEqual(int(status["queued"]) + int(status["searching"]), 30)
        watched = sorted(entry["account"] for entry in status["accounts"] if entry["watched"] == "1")
        self.assertEqual(watched, accounts[:2])
        states = {entry["state"] for entry in second.rpc("precache_status", hashes=roots)["hashes"]}
        self.assertLessEqual(states, {"queued", "searching"})
        for root in roots:
            self.wait_for_search(second, root)
            second.rpc("work_cancel", hash=root)
        self.wait_for_status(second, queued=0, searching=0)
        self.assertEqual(second.stop(), [])
        third = self.start_following(**ALLOW_ENDLESS)
        status = third.rpc("precache_status")
        self.assertEqual((status["queued"], status["searching"]), ("0", "0"))
        self.assertEqual(third.rpc("precache_unwatch", accounts=accounts), {"unwatched": "2", "unknown": "1"})

    def wait_for_search(self, daemon, root):
        def state():
            return daemon.rpc("precache_status", hash=root)["hashes"][0]["state"] == "searching"

        wait_until(state, f"{root} is searched for")

    def test_no_room_for_what_was_watched(self):
        first = self.start_following()
        first.rpc("precache_watch", accounts=[new_account(), new_account()])
        self.assertEqual(first.stop(), [])
        listed = new_account()
        limits = {"precache.max_accounts": "1", "precache.accounts": json.dumps([listed])}
        second = self.start_following(**limits)
        (entry,) = second.rpc("precache_status")["accounts"]
        self.assertEqual(entry["account"], listed)
        self.assertIn("Not watched any more, for want of room: 1 accounts (precache.max_accounts)", second.log())


class Wallet(PrecacheTest):
    """Many accounts whose blocks come and go; every answer is checked by a BLAKE2b of its own."""

    def ask_all(self, daemon, accounts):
        """Asks for every account's frontier, and counts the answers that were there already."""
        hits = 0
        with daemon.connect(seconds=30) as connection:
            for account in accounts:
                root = self.node.frontiers[account]
                answer = connection.ask(
                    {"action": "work_generate", "hash": root, "account": account}
                )
                self.assert_work(answer, root, nano.DEV.base, source=answer["source"])
                hits += answer["source"] == "cache"
        self.asked += len(accounts)
        self.hits += hits
        return hits

    def move(self, account):
        previous, self.node.frontiers[account] = self.node.frontiers[account], nano.random_root()
        return previous

    def move_by_callback(self, daemon, accounts):
        with daemon.connect(seconds=30) as connection:
            for account in random.sample(accounts, len(accounts)):
                previous = self.move(account)
                response = fake_node.tell(
                    connection, account, self.node.frontiers[account], previous
                )
                self.assertEqual(response.status, 200)

    def wait_until_settled(self, daemon, accounts):
        """Every account's frontier is known, and its work found."""

        def settled():
            pages = [
                daemon.rpc("precache_status", count="1000", offset=str(offset))["accounts"]
                for offset in range(0, len(accounts), 1000)
            ]
            known = {entry["account"]: entry["frontier"] for page in pages for entry in page}
            status = daemon.rpc("precache_status", count="0")  # after them: what is not known is not queued
            return known == self.node.frontiers and (status["queued"], status["searching"]) == ("0", "0")

        wait_until(settled, "all work is ready", 60)

    def test_wallet(self):
        self.node = self.start_node()
        self.asked = self.hits = 0
        accounts = [new_account() for _ in range(WALLET_ACCOUNTS)]
        self.node.frontiers = {account: nano.random_root() for account in accounts}
        daemon = self.start_following(
            **{
                "precache.node": self.node.url,
                "precache.poll_interval": "0.2",
                "precache.max_accounts": str(WALLET_ACCOUNTS),
            }
        )
        self.assertEqual(self.ask_all(daemon, accounts), 0)
        for _ in range(WALLET_ROUNDS):
            self.move_by_callback(daemon, accounts)
            self.wait_until_settled(daemon, accounts)
            self.assertEqual(self.ask_all(daemon, accounts), len(accounts))
            for account in accounts:
                self.move(account)
            self.wait_until_settled(daemon, accounts)
            self.assertEqual(self.ask_all(daemon, accounts), len(accounts))
            self.node.go()
            away = random.sample(accounts, len(accounts) // 4)
            for account in away:
                self.move(account)
            self.assertEqual(self.ask_all(daemon, away), 0)
            for account in away:
                self.move(account)
            self.node.come()
            self.wait_until_settled(daemon, accounts)
            self.assertEqual(self.ask_all(daemon, accounts), len(accounts))
        rate = self.hits / self.asked
        print(f"{self.asked} asked, {self.hits} ready: {100 * rate:.1f} %", flush=True)
        self.assertGreater(rate, 0.6)


if __name__ == "__main__":
    main()
