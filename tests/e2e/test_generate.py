#!/usr/bin/env python3
"""Work itself: good for whoever asked, whatever others ask or take back at the same moment."""

import re

import nano
from harness import ENDLESS, LENGTHY, DaemonTest, main, scaled, wait_until
from http_client import post_bytes

EASY = "f000000000000000"
HARD = "ffff000000000000"


def generate_bytes(root, difficulty):
    return post_bytes({"action": "work_generate", "hash": root, "difficulty": difficulty})


def cancel_bytes(root):
    return post_bytes({"action": "work_cancel", "hash": root})


class ValidWork(DaemonTest):
    def assert_all_valid(self, daemon):
        for difficulty in (EASY, "ffc0000000000000", HARD):
            for _ in range(20):
                root = nano.random_root()
                answer = daemon.rpc("work_generate", hash=root, difficulty=difficulty)
                self.assert_work(answer, root, int(difficulty, 16))

    def test_random_roots(self):
        self.assert_all_valid(self.start())

    def test_every_cpu(self):
        self.assert_all_valid(self.start(config={"node.work_threads": None}))

    def test_scanner_of_a_trial(self):
        daemon = self.start()
        status = daemon.status()
        chosen, reason = status["scanner"], status["scanner_reason"]
        self.assertIn(f"Scanner {chosen}: {reason}", daemon.log())
        rates = dict(re.findall(r" (\w+) (\d+\.\d)(?:,|$)", reason.partition(":")[2]))
        if rates:
            self.assertEqual(float(rates[chosen]), max(map(float, rates.values())))
        else:
            self.assertEqual(reason, "the only one that this CPU can run")

    def test_portable_scanner(self):
        daemon = self.start(config={"work.scanner": "portable"})
        self.assertEqual(daemon.status()["scanner"], "portable")
        self.assertEqual(daemon.status()["scanner_reason"], "as configured")
        self.assert_all_valid(daemon)

    def test_sleeping_between_batches(self):
        self.assert_all_valid(self.start(config={"node.pow_sleep_interval": "1000"}))

    def test_many_roots_at_once(self):
        daemon = self.start(config={"node.work_threads": "2"})
        roots = [nano.random_root() for _ in range(200)]
        connections = [self.begin(daemon, root, HARD) for root in roots]
        for root, connection in zip(roots, connections):
            self.assert_work(connection.receive().json(), root, int(HARD, 16))
        daemon.wait_for(jobs=0, waiters=0, found=200)

    def test_answers_differ_from_time_to_time(self):
        """Each search starts anywhere, so that two servers never do the same work twice."""
        daemon = self.start()
        works = {daemon.rpc("work_generate", hash="1", difficulty=HARD)["work"] for _ in range(5)}
        self.assertGreater(len(works), 1)


class OneRootTwoDifficulties(DaemonTest):
    def setUp(self):
        self.daemon = self.start(config={"node.work_threads": "2"})

    def test_each_gets_at_least_its_own(self):
        with self.daemon.connect() as first, self.daemon.connect() as second:
            for number in range(200):
                root = nano.random_root()
                pairs = [(first, EASY), (second, HARD)]
                if number % 2:
                    pairs = [(first, HARD), (second, EASY)]
                for connection, difficulty in pairs:
                    connection.send(generate_bytes(root, difficulty))
                for connection, difficulty in pairs:
                    self.assert_work(connection.receive().json(), root, int(difficulty, 16))

    def test_many_difficulties_at_once(self):
        for _ in range(20):
            root = nano.random_root()
            difficulties = [EASY, HARD, "ffc0000000000000", "ff00000000000000", "fffe000000000000"]
            waiting = [(self.begin(self.daemon, root, each), each) for each in difficulties]
            for connection, difficulty in waiting:
                self.assert_work(connection.receive().json(), root, int(difficulty, 16))
        self.daemon.wait_for(jobs=0, waiters=0)


class OneRootManyClients(DaemonTest):
    def test_identical_roots_are_searched_once(self):
        daemon = self.start_endless()
        root = nano.random_root()
        waiting = self.begin_many(daemon, [root] * 50)
        daemon.wait_for(waiters=50, jobs=1, queue_size=0)
        self.assertEqual(daemon.rpc("work_cancel", hash=root.lower()), {"success": ""})
        for connection in waiting:
            self.assert_cancelled(connection)
        daemon.wait_for(jobs=0, waiters=0, generating=0)

    def test_all_get_the_work(self):
        daemon = self.start_endless()
        root = nano.random_root()
        waiting = [self.begin(daemon, root, LENGTHY) for _ in range(20)]
        answers = [connection.receive().json() for connection in waiting]
        for answer in answers:
            self.assert_work(answer, root, int(LENGTHY, 16))
        daemon.wait_for(jobs=0, waiters=0)

    def test_one_of_two_leaves(self):
        daemon = self.start_endless()
        root = nano.random_root()
        leaves, stays = self.begin_many(daemon, [root] * 2)
        leaves.close()
        daemon.wait_for(jobs=1, waiters=1, generating=1)
        before = daemon.count("hashes")
        wait_until(lambda: daemon.count("hashes") > before, "the search goes on")
        self.assertFalse(stays.readable_within(0), "answered although nothing was found")
        daemon.rpc("work_cancel", hash=root)
        self.assert_cancelled(stays)

    def test_the_one_who_stays_gets_the_work(self):
        daemon = self.start_endless()
        for _ in range(5):
            root = nano.random_root()
            leaves, stays = self.begin(daemon, root, LENGTHY), self.begin(daemon, root, LENGTHY)
            leaves.reset()
            self.assert_work(stays.receive().json(), root, int(LENGTHY, 16))

    def test_the_harder_one_leaves(self):
        daemon = self.start_endless()
        root = nano.random_root()
        leaves = self.begin_many(daemon, [root])[0]
        stays = self.begin(daemon, root, LENGTHY)
        leaves.close()
        self.assert_work(stays.receive().json(), root, int(LENGTHY, 16))
        daemon.wait_for(jobs=0, waiters=0, generating=0)

    def test_the_easier_one_does_not_wait_for_the_harder(self):
        daemon = self.start_endless()
        root = nano.random_root()
        harder = self.begin_many(daemon, [root])[0]
        self.assert_work(daemon.rpc("work_generate", hash=root, difficulty=EASY), root, int(EASY, 16))
        daemon.wait_for(waiters=1, generating=1)
        daemon.rpc("work_cancel", hash=root)
        self.assert_cancelled(harder)


class CancelAndAskAgain(DaemonTest):
    def setUp(self):
        self.daemon = self.start_endless({"node.work_threads": "2"})

    def test_back_to_back(self):
        """The old request is cancelled, the new one, right behind the cancel, gets its work."""
        root = nano.random_root()
        with self.daemon.connect() as old, self.daemon.connect() as new:
            for _ in range(100):
                old.send(generate_bytes(root, ENDLESS))
                self.daemon.wait_for(waiters=1)
                new.send(cancel_bytes(root) + generate_bytes(root, HARD))
                self.assertEqual(new.receive().json(), {"success": ""})
                self.assert_cancelled(old)
                self.assert_work(new.receive().json(), root, int(HARD, 16))

    def test_the_old_search_s_work_is_not_the_new_one_s(self):
        """The old search ends at any moment around the cancel; what it finds may be too weak."""
        root = nano.random_root()
        with self.daemon.connect() as old, self.daemon.connect() as new:
            for _ in range(200):
                old.send(generate_bytes(root, EASY))
                new.send(cancel_bytes(root) + generate_bytes(root, HARD))
                self.assertEqual(new.receive().json(), {"success": ""})
                self.assert_work(new.receive().json(), root, int(HARD, 16))
                answer = old.receive().json()
                if answer != {"error": "Cancelled"}:
                    self.assert_work(answer, root, int(EASY, 16))
        self.daemon.wait_for(jobs=0, waiters=0)

    def test_cancel_takes_nothing_else(self):
        roots = [nano.random_root() for _ in range(10)]
        waiting = self.begin_many(self.daemon, roots)
        self.daemon.rpc("work_cancel", hash=roots[3])
        self.assert_cancelled(waiting[3])
        status = self.daemon.wait_for(waiters=9, jobs=9)
        self.assertEqual(status["generating"], "1")
        for number, connection in enumerate(waiting):
            if number != 3:
                self.assertFalse(connection.readable_within(0), f"request {number} was answered")

    def test_cancel_is_answered_at_once(self):
        """Serial clients wait for the cancelled request's answer before they ask for more."""
        root = nano.random_root()
        waiting = self.begin_many(self.daemon, [root])[0]
        waiting.timeout = scaled(0.5)
        self.daemon.rpc("work_cancel", hash=root)
        self.assert_cancelled(waiting)


class Scheduling(DaemonTest):
    def test_a_short_request_overtakes_a_long_one(self):
        daemon = self.start_endless()
        long = self.begin_many(daemon, [nano.random_root()])[0]
        with daemon.connect(seconds=2) as connection:
            for _ in range(20):
                root = nano.random_root()
                connection.send(generate_bytes(root, HARD))
                self.assert_work(connection.receive().json(), root, int(HARD, 16))
        self.assertFalse(long.readable_within(0))
        daemon.wait_for(waiters=1, generating=1)


class AbsurdMultipliers(DaemonTest):
    """With no limit but the arithmetic's own."""

    def test_never_weak_work(self):
        daemon = self.start(config={"node.max_work_generate_multiplier": "1" + "0" * 300})
        for multiplier in ("inf", "nan", "-inf", "1e999"):
            with self.subTest(multiplier=multiplier):
                answer = daemon.rpc("work_generate", hash="1", multiplier=multiplier)
                self.assertIn("error", answer)
        for multiplier in ("4e10", "1e19", "1e300"):
            with self.subTest(multiplier=multiplier), daemon.connect() as connection:
                connection.post({"action": "work_generate", "hash": "1", "multiplier": multiplier})
                if connection.readable_within(scaled(0.3)):
                    self.assertIn("error", connection.receive().json())


class SmallestQueue(DaemonTest):
    """One root may be searched for: all who want it are served, at whatever thresholds."""

    def test_falling_thresholds(self):
        daemon = self.start(config={"work.max_queue": "1", "work.batch_time": "0.1"})
        thresholds = ("ffff000000000000", "fffe000000000000", "fff8000000000000", "ffe0000000000000",
                      "ffc0000000000000", "f000000000000000")
        for _ in range(20):
            root = nano.random_root()
            clients = [self.begin(daemon, root, threshold) for threshold in thresholds]
            for client, threshold in zip(clients, thresholds):
                self.assert_work(client.receive().json(), root, int(threshold, 16))
                client.close()


if __name__ == "__main__":
    main()
