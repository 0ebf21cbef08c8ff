"""What is found is there again: work_generate from the store, work_get and work_set, restarts and faults."""

import os
import re
import tempfile
import unittest

import nano
from harness import ALLOW_ENDLESS, Daemon, DaemonTest, LENGTHY, main, run_program, wait_until


class StoreTest(DaemonTest):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="workpeer-store-")
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "a", "store")
        self.config = {"store.enable": "true", "store.path": self.path}

    def start_storing(self, **config):
        return self.start(config={**self.config, **config})

    def statistics(self, daemon):
        return daemon.status()["store"]

    def wait_until_written(self, daemon, entries):
        def written():
            store = self.statistics(daemon)
            return store["pending"] == "0" and int(store["entries"]) >= entries

        wait_until(written, f"{entries} works are written")

    def generate(self, daemon, root, source, difficulty=nano.DEV.base, **fields):
        answer = daemon.rpc(
            "work_generate", hash=root, difficulty=nano.hex_u64(difficulty), **fields
        )
        self.assert_work(answer, root, difficulty, source=source)
        return answer

    def run_to_failure(self, *settings):
        """The log of a daemon that does not start."""
        with tempfile.TemporaryDirectory() as data_path:
            overrides = [part for setting in settings for part in ("--config", setting)]
            run = run_program(
                "--daemon", "--data_path", data_path, "--network", "dev",
                "--config", "rpc.port=0", "--config", f"store.path={self.path}", *overrides,
            )
        self.assertEqual(run.returncode, 1, run.stderr)
        return run.stderr


class Answers(StoreTest):
    def test_asked_again(self):
        daemon = self.start_storing(**ALLOW_ENDLESS)  # the work may reach more than the usual limit
        root = nano.random_root()
        first = self.generate(daemon, root, "local")
        again = self.generate(daemon, root, "cache")
        self.assertEqual({**again, "source": "local"}, first)
        self.generate(daemon, root, "cache", int(first["difficulty"], 16))
        store = self.statistics(daemon)
        self.assertEqual((store["hits"], store["misses"], store["puts"]), ("2", "1", "1"))

    def test_harder_is_searched_and_kept(self):
        daemon = self.start_storing(**ALLOW_ENDLESS)
        easy = 2**64
        while easy > int(LENGTHY, 16):  # or what is harder takes for ever
            root = nano.random_root()
            easy = int(self.generate(daemon, root, "local")["difficulty"], 16)
        puts = int(self.statistics(daemon)["puts"])
        harder = self.generate(daemon, root, "local", max(easy + 1, int(LENGTHY, 16) - 2**56))
        self.assertEqual(self.generate(daemon, root, "cache")["work"], harder["work"])
        self.assertEqual(self.statistics(daemon)["puts"], str(puts + 1))

    def test_another_root_is_another(self):
        daemon = self.start_storing()
        root = nano.random_root()
        self.generate(daemon, root, "local")
        self.generate(daemon, root[:-1] + ("0" if root[-1] != "0" else "1"), "local")

    def test_only_what_is_found_ahead(self):
        daemon = self.start_storing(**{"store.keep_all": "false"})
        root = nano.random_root()
        self.generate(daemon, root, "local")
        self.generate(daemon, root, "local")
        self.assertEqual(daemon.rpc("work_precache", hash=root)["queued"], "1")
        wait_until(lambda: daemon.rpc("precache_status")["found"] == "1", "the work is found")
        self.generate(daemon, root, "cache")

    def test_benchmark_leaves_nothing(self):
        daemon = self.start_storing()
        answer = daemon.rpc("benchmark", count="5")
        self.assertNotIn("error", answer)
        self.assertEqual(self.statistics(daemon)["puts"], "0")

    def test_without_a_store(self):
        daemon = self.start(config={"rpc.enable_control": "true"})
        account = nano.account(nano.random_root())
        root = nano.random_root()
        self.generate(daemon, root, "local", account=account)
        self.generate(daemon, root, "local", account=account)
        self.assertEqual(daemon.status()["store"], {})
        for action in ("work_precache", "precache_status", "precache_watch", "precache_unwatch"):
            answer = daemon.rpc(action, account=account)
            self.assertEqual(answer, {"error": "Pre-cache is disabled"})
        for action in ("work_get", "work_set"):
            answer = daemon.rpc(action, account=account)
            self.assertEqual(answer, {"error": "Store is disabled"})


class Restarts(StoreTest):
    def test_survives_a_restart(self):
        roots = [nano.random_root() for _ in range(20)]
        first = self.start_storing()
        works = {root: self.generate(first, root, "local")["work"] for root in roots}
        self.assertEqual(first.stop(), [])
        second = self.start_storing()
        self.assertIn("works: 20,", second.log())
        for root, work in works.items():
            self.assertEqual(self.generate(second, root, "cache")["work"], work)

    def test_survives_kill(self):
        """What was written, and the store opens; over and over, with requests under way."""
        known = []
        for _ in range(5):
            daemon = Daemon(config=self.config).start()
            try:
                for root in known:
                    self.generate(daemon, root, "cache")
                known += [nano.random_root() for _ in range(10)]
                for root in known[-10:]:
                    self.generate(daemon, root, "local")
                self.wait_until_written(daemon, len(known))
                for _ in range(20):
                    self.generate(daemon, nano.random_root(), "local")
            finally:
                daemon.process.kill()
                daemon.process.wait()
                self.assertEqual([f for f in daemon.stop() if "sanit" in f or "log has" in f], [])

    def test_age(self):
        daemon = self.start_storing(**{"store.max_age": "1"})
        root = nano.random_root()
        self.generate(daemon, root, "local")

        def is_too_old():
            return daemon.rpc("work_generate", hash=root)["source"] == "local"

        wait_until(is_too_old, "the work is too old")


class Faults(StoreTest):
    def goes_on(self, daemon, reason):
        self.assertRegex(daemon.log(), r"error Continuing without the store: .*\(store\.on_failure\)")
        self.assertRegex(daemon.log(), reason)
        self.assertEqual(daemon.status()["store"], {})
        root = nano.random_root()
        self.generate(daemon, root, "local")
        self.generate(daemon, root, "local")

    def refuses(self, reason, *settings):
        log = self.run_to_failure("store.on_failure=stop", *settings)
        self.assertRegex(log, r"error Cannot start without the store: .*\(store\.on_failure\)")
        self.assertRegex(log, reason)

    def test_two_daemons(self):
        root = nano.random_root()
        first = self.start_storing()
        self.generate(first, root, "local")
        reason = f"in use by process {first.process.pid}: each daemon needs its own store"
        self.goes_on(self.start_storing(), reason)
        self.refuses(reason)
        self.generate(first, root, "cache")

    def test_no_directory(self):
        os.mkdir(os.path.dirname(os.path.dirname(self.path)) + "/b")
        file = os.path.join(os.path.dirname(os.path.dirname(self.path)), "b", "file")
        with open(file, "w", encoding="utf-8"):
            pass
        self.path = os.path.join(file, "store")
        self.config["store.path"] = self.path
        self.goes_on(self.start_storing(), re.escape(file))
        self.refuses(re.escape(file))

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_unwritable(self):
        os.makedirs(self.path, mode=0o500)
        self.goes_on(self.start_storing(), "Permission denied")

    def test_foreign_file(self):
        os.makedirs(self.path)
        data = os.path.join(self.path, "data.mdb")
        foreign = b"This is no store. " * 1000
        with open(data, "wb") as file:
            file.write(foreign)
        self.goes_on(self.start_storing(), re.escape(self.path))
        self.refuses(re.escape(self.path))
        with open(data, "rb") as file:
            self.assertEqual(file.read(), foreign)

    def test_cut_off(self):
        daemon = self.start_storing()
        for _ in range(50):
            self.generate(daemon, nano.random_root(), "local")
        self.assertEqual(daemon.stop(), [])
        data = os.path.join(self.path, "data.mdb")
        os.truncate(data, os.path.getsize(data) // 2 // 4096 * 4096)
        second = self.start_storing(**{"store.on_failure": "stop"})
        message = f"error the store {data} is damaged (.*): the file was renamed to {data}.damaged, and a new store was started"
        self.assertRegex(second.log(), message)
        self.assertIn("works: 0,", second.log())
        root = nano.random_root()
        work = self.generate(second, root, "local")["work"]
        self.assertEqual(second.stop(), [])
        third = self.start_storing()
        self.assertNotIn("damaged", third.log())
        self.assertEqual(self.generate(third, root, "cache")["work"], work)


class GetAndSet(StoreTest):
    def start_with_account(self):
        """A daemon that knows the account by a request."""
        daemon = self.start_storing(**{"rpc.enable_control": "true"})
        self.account = nano.account(nano.random_root())
        self.root = nano.random_root()
        self.found = self.generate(daemon, self.root, "local", account=self.account)
        return daemon

    def test_get(self):
        daemon = self.start_with_account()
        for fields in ({}, {"wallet": "00" * 32}, {"wallet": "nonsense"}):
            answer = daemon.rpc("work_get", account=self.account, **fields)
            self.assertEqual(answer, {"work": self.found["work"]})
        legacy = self.account.replace("nano_", "xrb_")
        self.assertEqual(daemon.rpc("work_get", account=legacy), {"work": self.found["work"]})

    def test_errors(self):
        daemon = self.start_with_account()
        unknown = nano.account(nano.random_root())
        wrong = self.account[:-1] + ("1" if self.account[-1] != "1" else "3")
        for action in ("work_get", "work_set"):
            for fields, error in (
                ({"account": unknown}, "Account not found"),
                ({"account": wrong}, "Bad account number"),
                ({"account": "x"}, "Bad account number"),
                ({}, "Unable to parse JSON"),
            ):
                with self.subTest(action=action, fields=fields):
                    self.assertEqual(daemon.rpc(action, **fields), {"error": error})
        answer = daemon.rpc("work_set", account=self.account, work="nothing")
        self.assertEqual(answer, {"error": "Bad work"})

    def test_set_is_checked(self):
        daemon = self.start_with_account()
        weak = nano.find_work(self.root, 0, nano.DEV.receive)
        answer = daemon.rpc("work_set", account=self.account, work=weak)
        self.assertEqual(answer, {"error": "Invalid work"})
        if nano.work_value(self.root, "0" * 16) < nano.DEV.receive:  # an absent work is 0
            answer = daemon.rpc("work_set", account=self.account)
            self.assertEqual(answer, {"error": "Invalid work"})
        self.assertEqual(
            daemon.rpc("work_get", account=self.account), {"work": self.found["work"]}
        )

    def test_set_keeps_the_better(self):
        daemon = self.start_with_account()
        value = int(self.found["difficulty"], 16)
        worse = nano.find_work(self.root, nano.DEV.receive, min(value, nano.DEV.base))
        better = nano.find_work(self.root, value + 1)
        for work, kept in ((worse, self.found["work"]), (better, better), (worse, better)):
            answer = daemon.rpc("work_set", account=self.account, work=work)
            self.assertEqual(answer, {"success": ""})
            self.assertEqual(daemon.rpc("work_get", account=self.account), {"work": kept})
        self.assertEqual(self.generate(daemon, self.root, "cache")["work"], better)

    def test_frontier_moves(self):
        daemon = self.start_with_account()
        root = nano.random_root()
        found = self.generate(daemon, root, "local", account=self.account)
        self.assertEqual(daemon.rpc("work_get", account=self.account), {"work": found["work"]})
        self.generate(daemon, self.root, "local")  # the old one's work went

    def test_no_work_yet(self):
        daemon = self.start_storing(**{"rpc.enable_control": "true", "store.keep_all": "false"})
        account = nano.account(nano.random_root())
        self.generate(daemon, nano.random_root(), "local", account=account)
        self.assertEqual(daemon.rpc("work_get", account=account), {"work": "0" * 16})

    def test_control(self):
        daemon = self.start_storing()
        for action in ("work_get", "work_set"):
            answer = daemon.rpc(action, account=nano.account(nano.random_root()))
            self.assertEqual(answer, {"error": "RPC control is disabled"})


if __name__ == "__main__":
    main()
