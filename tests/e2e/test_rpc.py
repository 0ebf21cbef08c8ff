#!/usr/bin/env python3
"""Every action and every error string of the RPC, and the form of its answers."""

import json
import os
import re

import nano
from harness import ALLOW_ENDLESS, ENDLESS, DaemonTest, main, wait_until

ROOT = "718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2"
OWNER = nano.account("5" * 64)
SOURCES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONTROL = {"rpc.enable_control": "true"}


class RpcTest(DaemonTest):
    """Asks one daemon and compares."""

    config = None
    network = "dev"

    def setUp(self):
        self.daemon = self.start(config=self.config, network=self.network)

    def ask(self, action, **fields):
        """The answer to an action; its form is checked on the way."""
        return self.assert_answer(self.daemon.post({"action": action, **fields}))

    def assert_error(self, error, action, **fields):
        with self.subTest(action=action, **fields):
            self.assertEqual(self.ask(action, **fields), {"error": error})

    def assert_body_error(self, error, body):
        with self.subTest(body=body):
            self.assertEqual(self.assert_answer(self.daemon.post(body)), {"error": error})

    def generate(self, root=ROOT, at_least=nano.DEV.base, **fields):
        """The answer to a work_generate that must succeed."""
        answer = self.ask("work_generate", hash=root, **fields)
        self.assert_work(answer, root.upper().rjust(64, "0"), at_least, self.daemon.base)
        return answer


class Envelope(RpcTest):
    def test_answer_to_the_byte(self):
        response = self.daemon.post({"action": "work_cancel", "hash": ROOT})
        self.assertEqual(response.version, "HTTP/1.1")
        self.assertEqual(response.status, 200)
        self.assertEqual(response.body, b'{\n    "success": ""\n}\n')

    def test_headers(self):
        for body in (b'{"action": "version"}', b'{"action": "nonsense"}', b"nonsense"):
            with self.subTest(body=body):
                response = self.daemon.post(body)
                self.assertEqual(response.header("Content-Type"), "application/json")
                self.assertEqual(response.header("Allow"), "POST, OPTIONS")
                self.assertEqual(response.header("Access-Control-Allow-Origin"), "*")
                self.assertEqual(response.header("Access-Control-Allow-Methods"), "POST, OPTIONS")
                allowed = response.header("Access-Control-Allow-Headers").split(", ")
                self.assertEqual(
                    set(allowed),
                    {"Accept", "Accept-Language", "Content-Language", "Content-Type", "Authorization",
                     "api-key", "x-api-key", "key"},
                )

    def test_both_loopbacks_are_served(self):
        self.assertEqual({host for host, _ in self.daemon.addresses}, {"127.0.0.1", "::1"})
        for address in self.daemon.addresses:
            with self.subTest(address=address), self.daemon.connect(address=address) as connection:
                self.assertIn("error", connection.ask({"action": "nonsense"}))

    def test_connection_is_kept(self):
        with self.daemon.connect() as connection:
            for _ in range(100):
                self.assertIn("valid_all", connection.ask({"action": "work_validate", "hash": ROOT}))

    def test_json_that_cannot_be_parsed(self):
        for body in (
            b"",
            b" ",
            b"nonsense",
            b"{",
            b'{"action": "version"',
            b'{"action": "version"} {}',
            b'{"action": "version"}x',
            b'{"action": "version",}',
            b"{'action': 'version'}",
            b'{"action": "version", "action": "status"}',
            b'{"action": "version", "x": 1, "x": 2}',
            b'{"action": "version", "x": "\xff"}',
            b'{"action": "version", "x": NaN}',
            b"[]",
            b'"version"',
            b"7",
            b"null",
            b"{}",
            b'{"hash": "00"}',
        ):
            self.assert_body_error("Unable to parse JSON", body)

    def test_missing_mandatory_fields(self):
        self.assert_error("Unable to parse JSON", "work_generate")
        self.assert_error("Unable to parse JSON", "work_validate")
        self.assert_error("Unable to parse JSON", "work_cancel")
        self.assert_error("Missing field: count", "benchmark")

    def test_unknown_actions(self):
        for action in ("invalid", "", "work_generate ", "WORK_GENERATE", "process", 7, True, {}, []):
            self.assert_error("Unknown command", action)

    def test_depth_is_counted_by_bytes(self):
        for filling in ("[" * 19, "{" * 19, "[{" * 9 + "["):
            self.assertIn("valid_all", self.ask("work_validate", hash=ROOT, x=filling))
            self.assert_error("Max JSON depth exceeded", "work_validate", hash=ROOT, x=filling + "[")
        nested = b'{"action": "work_validate", "hash": "00", "x": ' + b"[" * 19 + b"]" * 19 + b"}"
        self.assertIn("valid_all", self.assert_answer(self.daemon.post(nested)))
        # Depth goes before everything else: this is no JSON at all.
        self.assert_body_error("Max JSON depth exceeded", b"[" * 21)

    def test_zero_bytes_in_strings(self):
        """A text with U+0000 in it is not the text before it."""
        self.assertEqual(list(self.ask("version\x00")), ["error"])
        for fields in ({"hash": ROOT + "\x00"}, {"hash": ROOT, "version": "work_1\x00"}):
            self.assertEqual(list(self.ask("work_generate", **fields)), ["error"])

    def test_unknown_fields_are_ignored(self):
        self.generate(user="me", api_key="secret", timeout=30, reward=True, nothing=None,
                      deep={"list": [1, {"x": "y"}]})


class Numbers(RpcTest):
    """Whole numbers are read as what was written, or refused."""

    def test_what_a_double_holds(self):
        for number in (0, 1, 12345678, 9007199254740991):
            answer = self.ask("work_generate", hash=number)
            self.assertEqual(answer["hash"], str(number).rjust(64, "0"))

    def test_what_it_does_not(self):
        for number in (9007199254740992, 12345678901234567, 10**30):
            self.assert_error("Invalid block hash", "work_generate", hash=number)
            self.assert_error("Bad difficulty", "work_generate", hash=ROOT, difficulty=number)

    def test_more_values_than_anybody_needs(self):
        padding = ",".join('"%d":""' % number for number in range(20001))
        self.assert_body_error("Unable to parse JSON", b'{"action":"version",%s}' % padding.encode())

    config = {"rpc.max_request_size": "33554432"}

    def test_a_node_s_request_size_does_not_stall_the_loop(self):
        body = b'{"action":"version","x":"' + b"x" * 2**20 + b'"}'
        self.assert_body_error("Invalid header: body limit exceeded", body)


class Reasons(RpcTest):
    """An error says in one word, beside the node's text, what a program should do, and what would help."""

    config = {"rpc.enable_control": "true", "store.enable": "false"}

    def assert_reason(self, reason, detail, action, **fields):
        with self.subTest(action=action, **fields):
            response = self.daemon.post({"action": action, **fields})
            self.assert_pretty(response.body)
            self.assertEqual(next(iter(json.loads(response.body))), "error")
            self.assertEqual(response.fault(), (reason, detail))

    def test_of_fields(self):
        for action, fields, missing in (
            ("work_generate", {}, "hash"),
            ("work_validate", {}, "hash"),
            ("work_cancel", {}, "hash"),
            ("work_get", {}, "account"),
            ("work_peer_add", {"address": "::1"}, "port"),
            ("work_peer_add", {"port": "1"}, "address"),
            ("benchmark", {}, "count"),
        ):
            self.assert_reason("missing_field", missing, action, **fields)
        for name, bad in (
            ("hash", "x"), ("version", "work_2"), ("account", "x"), ("difficulty", "x"), ("multiplier", "x"),
            ("subtype", "x"), ("block", "x"),
        ):
            self.assert_reason("bad_field", name, "work_generate", **{"hash": ROOT, name: bad})

    def test_of_limits(self):
        highest = nano.hex_u64(nano.from_multiplier(64, nano.DEV.base))
        self.assert_reason(
            "above_limit", f"at most {highest}, multiplier 64 (node.max_work_generate_multiplier)",
            "work_generate", hash=ROOT, multiplier="65",
        )
        self.assert_reason(
            "below_threshold", f"at least {nano.hex_u64(nano.DEV.receive)}",
            "work_generate", hash=ROOT, difficulty="1",
        )

    def test_of_the_request(self):
        for body, reason, detail in (
            (b"nonsense", "unreadable", ""),
            (b"{}", "missing_field", "action"),
            (b"[" * 21, "too_large", "at most 20 brackets (rpc.max_json_depth)"),
            (b'{"action": "x"}', "unknown_action", ""),
        ):
            with self.subTest(body=body):
                response = self.daemon.post(body)
                self.assertEqual(response.fault(), (reason, detail))
        with self.daemon.connect() as connection:
            connection.post({"action": "stop"}, headers=[("Origin", "http://example.org")])
            self.assertEqual(connection.receive().fault()[0], "forbidden")

    def test_of_what_is_off(self):
        self.assert_reason("disabled", "store.enable", "work_get", account=OWNER)
        self.assert_reason("disabled", "store.enable and precache.enable", "work_precache", hash=ROOT)
        self.assert_reason("not_ready", "cache_only", "work_generate", hash=ROOT, cache_only=True)

    def test_of_bodies_that_are_too_large(self):
        detail = "at most 32768 bytes (rpc.max_request_size), and 1048576 for actions that take lists"
        for size in (40000, 2**20):
            with self.subTest(size=size), self.daemon.connect() as connection:
                connection.post({"action": "work_generate", "hash": ROOT, "x": "x" * size})
                response = connection.receive()
                self.assertEqual(response.json(), {"error": "Invalid header: body limit exceeded"})
                self.assertEqual(response.fault(), ("too_large", detail))
                self.assertTrue(connection.closed_within(5))

    def test_every_one_is_in_the_manual(self):
        with open(os.path.join(SOURCES, "src/rpc/base/fault.c"), encoding="ascii") as source:
            reasons = re.findall(r'\[REASON_\w+\] = "(\w+)"', source.read())
        with open(os.path.join(SOURCES, "man/workpeer-rpc.7"), encoding="utf-8") as manual:
            listed = re.search(r"\.Sh REASONS\n(.*?)\n\.Sh ", manual.read(), re.S)[1]
        self.assertGreater(len(reasons), 20)
        items = re.findall(r"^\.It Cm (.*)$", listed, re.M)
        self.assertEqual(sorted(" , ".join(items).split(" , ")), sorted(reasons))


class ReasonsOfTheSearch(RpcTest):
    config = {**ALLOW_ENDLESS, "work.max_queue": "1", "work.request_timeout": "1"}

    def begin(self, root):
        connection = self.daemon.connect(seconds=30)
        self.addCleanup(connection.close)
        connection.post({"action": "work_generate", "hash": root, "difficulty": ENDLESS})
        return connection

    def test_time_out_and_full_queue(self):
        first = self.begin(ROOT)
        self.daemon.wait_for(waiters=1)
        refused = self.daemon.post({"action": "work_generate", "hash": "1", "difficulty": ENDLESS})
        self.assertEqual(refused.fault(), ("queue_full", "1 (work.max_queue)"))
        self.assertEqual(first.receive().fault(), ("timeout", "1 s (work.request_timeout)"))

    def test_cancelled_and_stopping(self):
        first = self.begin(ROOT)
        self.daemon.wait_for(waiters=1)
        self.ask("work_cancel", hash=ROOT)
        response = first.receive()
        self.assertEqual((response.json(), response.fault()), ({"error": "Cancelled"}, ("cancelled", "")))
        second = self.begin("2")
        self.daemon.wait_for(waiters=1)
        self.assertEqual(self.daemon.stop(), [])
        response = second.receive()
        self.assertEqual((response.json(), response.fault()), ({"error": "Cancelled"}, ("stopping", "")))


class Depth(RpcTest):
    config = {"rpc.max_json_depth": "3"}

    def test_max_json_depth(self):
        self.assertIn("valid_all", self.ask("work_validate", hash=ROOT, x=[[]]))
        self.assert_error("Max JSON depth exceeded", "work_validate", hash=ROOT, x=[[[]]])


class WorkGenerate(RpcTest):
    def test_default_difficulty(self):
        self.generate()

    def test_difficulty(self):
        for difficulty in ("f000000000000000", "FFFE000000000000", "ffff000000000000"):
            with self.subTest(difficulty=difficulty):
                self.generate(at_least=int(difficulty, 16), difficulty=difficulty)

    def test_multiplier(self):
        for multiplier in (1, 1.5, 64, 0.015625, "2", "1.394646887337492", "64.000000000000000", "1e1"):
            with self.subTest(multiplier=multiplier):
                at_least = nano.from_multiplier(float(multiplier), nano.DEV.base)
                self.generate(at_least=at_least, multiplier=multiplier)

    def test_multiplier_overrides_difficulty(self):
        at_least = nano.from_multiplier(32, nano.DEV.base)
        self.generate(at_least=at_least, difficulty="f000000000000000", multiplier="32")
        self.generate(difficulty="ffffffffffffffff", multiplier="1")

    def test_hash_forms(self):
        self.generate(root=ROOT.lower())
        self.generate(root="1")
        self.generate(root="0" * 64)
        self.generate(root="F" * 64)
        answer = self.ask("work_generate", hash=1)
        self.assert_work(answer, "1".rjust(64, "0"), nano.DEV.base)

    def test_accounts(self):
        for prefix in ("nano_", "xrb_", "node_", "nano-", "xrb-"):
            with self.subTest(prefix=prefix):
                self.generate(account=nano.account("5" * 64, prefix))
        for bad in ("", "nano_", "Ban_" + OWNER[5:], OWNER + "1", OWNER[:-1], OWNER[:-1] + "0",
                    OWNER[:-1] + ("1" if OWNER[-1] != "1" else "3"), "nano_8" + OWNER[6:],
                    OWNER.upper()):
            self.assert_error("Bad account number", "work_generate", hash=ROOT, account=bad)

    def test_optional_booleans(self):
        for value in (True, False, "true", "false", "1", "0", 1, 0, "maybe", "", None, {}, []):
            with self.subTest(value=value):
                self.generate(use_peers=value, secondary_work_peers=value)

    def test_versions(self):
        self.generate(version="work_1")
        for bad in ("work_2", "WORK_1", "", 1):
            self.assert_error("Bad work version", "work_generate", hash=ROOT, version=bad)

    def test_subtypes(self):
        """Each chooses its threshold: with the lower one some works lie between the two, soon."""
        for subtype in ("send", "change"):
            for _ in range(10):
                self.generate(root=nano.random_root(), subtype=subtype)
        for subtype in ("receive", "open", "epoch"):
            with self.subTest(subtype=subtype):
                values = []
                while len(values) < 50 and (not values or min(values) >= nano.DEV.base):
                    answer = self.generate(nano.random_root(), nano.DEV.receive, subtype=subtype)
                    values.append(int(answer["difficulty"], 16))
                self.assertLess(min(values), nano.DEV.base, "searched for more than was asked")
        for bad in ("", "state", "Send"):
            self.assert_error("Bad subtype", "work_generate", hash=ROOT, subtype=bad)

    def test_difficulty_and_multiplier_win_over_a_subtype(self):
        for _ in range(10):
            root = nano.random_root()
            self.generate(root, 0xFFF0000000000000, subtype="open", difficulty="fff0000000000000")
            self.generate(root, nano.from_multiplier(4, nano.DEV.base), subtype="open", multiplier="4")

    def test_bad_hashes(self):
        for bad in ("", "g" * 64, ROOT + "0", ROOT[:-1] + "g", " " + ROOT[1:], "-1", "+1", "nano_1"):
            self.assert_error("Invalid block hash", "work_generate", hash=bad)

    def test_bad_difficulties(self):
        for bad in ("", "g", "ffc000000000000g", "fffffffffffffffff", "0x", "f f", "1.5"):
            self.assert_error("Bad difficulty", "work_generate", hash=ROOT, difficulty=bad)

    def test_bad_multipliers(self):
        for bad in ("", "x", "-1.5", "0", -1, 0, "nan", "-inf", "1,5", "1.5x", "0x2", " 2"):
            self.assert_error("Bad multiplier", "work_generate", hash=ROOT, multiplier=bad)

    def test_limits(self):
        error = "Difficulty above config limit or below publish threshold"
        for outside in ("ffff000000000001", "ffffffffffffffff", "efffffffffffffff", "0", "ffc0"):
            self.assert_error(error, "work_generate", hash=ROOT, difficulty=outside)
        for outside in ("64.1", 65, "0.015", "1e-9", 1e9):
            self.assert_error(error, "work_generate", hash=ROOT, multiplier=outside)

    def test_order_of_checks(self):
        """A request with every fault from one on is told of that one."""
        faults = [
            ("Bad work version", {"version": "work_2"}),
            ("Bad account number", {"account": "nano_1"}),
            ("Invalid block hash", {"hash": "nonsense"}),
            ("Bad subtype", {"subtype": "nonsense"}),
            ("Bad difficulty", {"difficulty": "nonsense"}),
            ("Bad multiplier", {"multiplier": "-1"}),
            ("Difficulty above config limit or below publish threshold", {"multiplier": "65"}),
            ("Block is invalid", {"block": "nonsense"}),
        ]
        for first, (error, _) in enumerate(faults):
            fields = {"hash": ROOT}
            for _, fault in reversed(faults[first:]):
                fields.update(fault)
            self.assert_error(error, "work_generate", **fields)

    def test_no_multiplier_makes_weak_work(self):
        for multiplier in ("inf", "nan", "1e300", "4e10", "1e999", "1e19", 1e300, 4e10, 2.0**64):
            with self.subTest(multiplier=multiplier):
                error = self.ask("work_generate", hash=ROOT, multiplier=multiplier)["error"]
                self.assertIn(
                    error,
                    ("Bad multiplier", "Difficulty above config limit or below publish threshold"),
                )


class WorkGenerateBlock(RpcTest):
    def setUp(self):
        super().setUp()
        self.root = nano.random_root()
        self.weak = nano.state_block(self.root, nano.find_work(self.root, 0, nano.DEV.receive))
        self.strong = nano.state_block(self.root, nano.find_work(self.root, nano.DEV.base))

    def test_weak_block(self):
        self.generate(self.root, block=self.weak, json_block=True, difficulty="ffc0000000000000")
        self.generate(self.root, block=self.weak, json_block="true", multiplier="1")
        self.generate(self.root, block=json.dumps(self.weak), difficulty="ffc0000000000000")
        self.generate(self.root, nano.DEV.receive, block=self.weak, json_block=True)

    def test_block_that_is_good_already(self):
        error = "Provided work is already enough for given difficulty"
        for fields in (
            {"block": self.strong, "json_block": True},
            {"block": self.strong, "json_block": "1"},
            {"block": json.dumps(self.strong)},
            {"block": json.dumps(self.strong), "json_block": "false"},
            {"block": json.dumps(self.strong), "difficulty": "f000000000000000"},
            {"block": json.dumps(self.strong), "multiplier": "1"},
        ):
            self.assert_error(error, "work_generate", hash=self.root, **fields)

    def test_good_block_and_more_asked(self):
        value = nano.work_value(self.root, self.strong["work"])
        if value >= 0xFFFF000000000000:
            self.skipTest("the block's work is by chance beyond the limit already")
        self.generate(self.root, value + 1, block=json.dumps(self.strong),
                      difficulty=nano.hex_u64(value + 1))

    def test_other_root(self):
        self.assert_error("Root mismatch for block", "work_generate", hash=ROOT, block=self.weak,
                          json_block=True)
        self.assert_error("Root mismatch for block", "work_generate", hash=ROOT,
                          block=json.dumps(self.strong))

    def test_first_block_of_an_account(self):
        key = nano.random_root()
        block = nano.state_block("0" * 64, nano.find_work(key, 0, nano.DEV.receive), key)
        self.generate(key, block=block, json_block=True, difficulty="ffc0000000000000")
        self.assert_error("Root mismatch for block", "work_generate", hash="0", block=block,
                          json_block=True)

    def test_first_block_needs_a_receive_s_work(self):
        key = nano.random_root()
        work = nano.find_work(key, nano.DEV.receive, nano.DEV.base)
        block = nano.state_block("0" * 64, work, key)
        error = "Provided work is already enough for given difficulty"
        self.assert_error(error, "work_generate", hash=key, block=block)
        self.generate(key, block=block, subtype="send")

    def test_invalid_blocks(self):
        for bad in ("", "{}", "[]", "nonsense", json.dumps({**self.weak, "type": "vote"}),
                    json.dumps({**self.weak, "account": "nano_1"}), json.dumps(self.weak)[:-1]):
            self.assert_error("Block is invalid", "work_generate", hash=self.root, block=bad)
        for bad in ({}, "nonsense", 7, {**self.weak, "work": "g"}):
            self.assert_error("Block is invalid", "work_generate", hash=self.root, block=bad,
                              json_block=True)


class WorkGenerateDisabled(RpcTest):
    config = {"node.work_threads": "0"}

    def test_nothing_to_search_on(self):
        self.assert_error("Local work generation is disabled", "work_generate", hash=ROOT)
        self.assert_error("Local work generation is disabled", "work_generate", hash=ROOT,
                          use_peers="false")
        self.assert_error("Work generation is disabled", "work_generate", hash=ROOT, use_peers="true")
        # What is wrong with a request comes first; what needs no search still works.
        self.assert_error("Bad difficulty", "work_generate", hash=ROOT, difficulty="x")
        self.assertEqual(self.ask("work_cancel", hash=ROOT), {"success": ""})
        self.assertIn("valid_all", self.ask("work_validate", hash=ROOT))
        self.assertEqual(self.ask("status")["devices"], [])


class WorkGenerateLimited(RpcTest):
    config = {"node.max_work_generate_multiplier": "2"}

    def test_the_setting_is_the_limit(self):
        self.generate(at_least=nano.from_multiplier(2, nano.DEV.base), multiplier="2")
        self.assert_error("Difficulty above config limit or below publish threshold",
                          "work_generate", hash=ROOT, multiplier="2.1")


class WorkValidate(RpcTest):
    KEYS = ["valid_all", "valid_receive", "difficulty", "multiplier"]

    def validate(self, root, work, **fields):
        return self.ask("work_validate", hash=root, work=work, **fields)

    def test_thresholds(self):
        for at_least, below, valid_all, valid_receive in (
            (0, nano.DEV.receive, "0", "0"),
            (nano.DEV.receive, nano.DEV.base, "0", "1"),
            (nano.DEV.base, 2**64, "1", "1"),
        ):
            root = nano.random_root()
            work = nano.find_work(root, at_least, below)
            value = nano.work_value(root, work)
            with self.subTest(value=nano.hex_u64(value)):
                answer = self.validate(root, work)
                self.assertEqual(list(answer), self.KEYS)
                self.assertEqual(answer["valid_all"], valid_all)
                self.assertEqual(answer["valid_receive"], valid_receive)
                self.assertEqual(answer["difficulty"], nano.hex_u64(value))
                self.assertEqual(answer["multiplier"], nano.multiplier_text(value, nano.DEV.base))

    def test_valid_needs_a_difficulty(self):
        root = nano.random_root()
        work = nano.find_work(root, nano.DEV.base)
        value = nano.work_value(root, work)
        answer = self.validate(root, work, difficulty=nano.hex_u64(value))
        self.assertEqual(list(answer), ["valid", *self.KEYS])
        self.assertEqual(answer["valid"], "1")
        harder = nano.hex_u64(value + 1)
        self.assertEqual(self.validate(root, work, difficulty=harder)["valid"], "0")
        self.assertEqual(self.validate(root, work, difficulty="0")["valid"], "1")
        self.assertEqual(self.validate(root, work, difficulty="ffffffffffffffff")["valid"], "0")
        self.assertNotIn("valid", self.validate(root, work, multiplier="1"))
        self.assertEqual(self.validate(root, work, difficulty=harder, multiplier="1")["valid"], "1")
        self.assertEqual(self.validate(root, work, difficulty="0", multiplier="1e9")["valid"], "0")

    def test_work_forms(self):
        root = nano.random_root()
        zero = nano.hex_u64(nano.work_value(root, "0"))
        self.assertEqual(self.ask("work_validate", hash=root)["difficulty"], zero)
        self.assertEqual(self.validate(root, "0")["difficulty"], zero)
        value = nano.hex_u64(nano.work_value(root, "abcdef"))
        for work in ("abcdef", "ABCDEF", "0000000000abcdef", "0xabcdef"):
            self.assertEqual(self.validate(root, work)["difficulty"], value)
        self.assertEqual(self.validate(root, 10)["difficulty"],
                         nano.hex_u64(nano.work_value(root, "10")))

    def test_errors_and_their_order(self):
        faults = [
            ("Invalid block hash", {"hash": "nonsense"}),
            ("Bad work", {"work": "nonsense"}),
            ("Bad work version", {"version": "work_2"}),
            ("Bad difficulty", {"difficulty": "nonsense"}),
            ("Bad multiplier", {"multiplier": "0"}),
        ]
        for first, (error, _) in enumerate(faults):
            fields = {"hash": ROOT, "work": "0"}
            for _, fault in faults[first:]:
                fields.update(fault)
            self.assert_error(error, "work_validate", **fields)
        for bad in ("", "11112222333344445", "-1"):
            self.assert_error("Bad work", "work_validate", hash=ROOT, work=bad)

    def test_absurd_multipliers_are_never_met(self):
        root = nano.random_root()
        work = nano.find_work(root, nano.DEV.base)
        for multiplier in ("inf", "nan", "1e300", "4e10", 1e300):
            with self.subTest(multiplier=multiplier):
                answer = self.validate(root, work, difficulty="0", multiplier=multiplier)
                if "error" in answer:
                    self.assertEqual(answer, {"error": "Bad multiplier"})
                else:
                    self.assertEqual(answer["valid"], "0")


class WorkValidateLive(RpcTest):
    network = "live"

    def test_known_works(self):
        for (root, work, value), valid_all in zip(nano.KNOWN_WORKS, ("0", "1")):
            answer = self.ask("work_validate", hash=root, work=work)
            self.assertEqual(answer["valid_all"], valid_all)
            self.assertEqual(answer["valid_receive"], "1")
            self.assertEqual(answer["difficulty"], nano.hex_u64(value))
            self.assertEqual(answer["multiplier"], nano.multiplier_text(value, nano.LIVE.base))

    def test_multipliers_of_the_known_works(self):
        for (_, _, value), text in zip(nano.KNOWN_WORKS, ("0.174330860917187", "1.092464694958584")):
            self.assertEqual(nano.multiplier_text(value, nano.LIVE.base), text)

    def test_limits(self):
        error = "Difficulty above config limit or below publish threshold"
        for outside in ("ffffffffe0000001", "fffffdffffffffff"):
            self.assert_error(error, "work_generate", hash=ROOT, difficulty=outside)
        self.assert_error(error, "work_generate", hash=ROOT, multiplier="64.01")
        self.assert_error(error, "work_generate", hash=ROOT, multiplier="0.0156")


class WorkValidateBeta(RpcTest):
    network = "beta"

    def test_thresholds(self):
        root = nano.random_root()
        work = nano.find_work(root, 0xFFF0000000000000, nano.BETA.receive)
        answer = self.ask("work_validate", hash=root, work=work)
        self.assertEqual((answer["valid_all"], answer["valid_receive"]), ("0", "0"))
        value = nano.work_value(root, work)
        self.assertEqual(answer["multiplier"], nano.multiplier_text(value, nano.BETA.base))


class Banano(RpcTest):
    network = "banano"

    def test_known_works(self):
        for (root, work, value), valid_all in zip(nano.KNOWN_WORKS, ("0", "1")):
            answer = self.ask("work_validate", hash=root, work=work)
            self.assertEqual((answer["valid_all"], answer["valid_receive"]), (valid_all, "1"))
            self.assertEqual(answer["multiplier"], nano.multiplier_text(value, nano.BANANO.base))

    def test_any_work_is_enough_to_receive(self):
        answer = self.ask("work_validate", hash=ROOT, work="0", difficulty="0")
        self.assertEqual((answer["valid"], answer["valid_all"], answer["valid_receive"]), ("1", "0", "1"))
        for fields in ({"subtype": "receive"}, {"subtype": "open"}, {"difficulty": "0"}, {"difficulty": "1"}):
            self.generate(nano.random_root(), 0, **fields)
        self.assertIn("(multiplier 0.00x)", self.daemon.log())
        answer = self.ask("benchmark", count="1", difficulty="0")
        self.assertEqual(answer["multiplier"], nano.multiplier_text(0, nano.BANANO.base))

    def test_limits(self):
        error = "Difficulty above config limit or below publish threshold"
        self.assert_error(error, "work_generate", hash=ROOT, difficulty="ffffffffc0000001")
        self.assert_error(error, "work_generate", hash=ROOT, multiplier="64.01")

    def test_accounts_of_any_prefix(self):
        for prefix in ("ban_", "ban-", "nano_", "xrb_", "paw_"):
            account = nano.account(nano.random_root(), prefix)
            self.generate(nano.random_root(), 0, account=account, difficulty="0")
        self.assert_error("Bad account number", "work_generate", hash=ROOT, difficulty="0", account=account[:-1] + "2")


class WorkCancel(RpcTest):
    def test_always_succeeds(self):
        self.assertEqual(self.ask("work_cancel", hash=ROOT), {"success": ""})
        self.assertEqual(self.ask("work_cancel", hash="0"), {"success": ""})

    def test_bad_hash(self):
        self.assert_error("Invalid block hash", "work_cancel", hash="nonsense")


class WithoutControl(RpcTest):
    def test_refusal_comes_before_the_fields(self):
        for action in ("work_peer_add", "work_peers", "work_peers_clear", "stop"):
            self.assert_error("RPC control is disabled", action)
        self.assert_error("RPC control is disabled", "work_peer_add", address="::1", port="7000")
        self.assertIn("version", self.ask("status"))


class Control(RpcTest):
    config = CONTROL

    def test_work_peers(self):
        self.assertEqual(self.ask("work_peers"), {"work_peers": ""})
        self.assertEqual(self.ask("work_peer_add", address="::1", port="0"), {"success": ""})
        self.assertEqual(self.ask("work_peer_add", address="example.org", port=7000), {"success": ""})
        self.assertEqual(self.ask("work_peers"), {"work_peers": ["::1:0", "example.org:7000"]})
        self.assertEqual(self.ask("work_peers_clear"), {"success": ""})
        self.assertEqual(self.ask("work_peers"), {"work_peers": ""})

    def test_bad_ports(self):
        for bad in ("", "x", "-1", "65536", 65536, -1, 1.5, "7000x"):
            self.assert_error("Invalid port", "work_peer_add", address="::1", port=bad)
        self.assertEqual(self.ask("work_peers"), {"work_peers": ""})

    def test_bad_addresses(self):
        for bad in ("", "a b", "-x-", "[::1", "1.2.3.4.5"):
            self.assert_error("Invalid address", "work_peer_add", address=bad, port="7000")

    def test_a_web_page_controls_nothing(self):
        for action in ("work_peers", "work_peers_clear", "stop"):
            answer = self.daemon.post({"action": action}, headers=[("Origin", "http://example.org")])
            self.assertEqual(answer.json(), {"error": "RPC control is disabled"})
        work = {"action": "work_generate", "hash": ROOT}
        answer = self.daemon.post(work, headers=[("Origin", "http://example.org")])
        self.assert_work(answer.json(), ROOT, nano.DEV.base)

    def test_missing_fields(self):
        self.assert_error("Unable to parse JSON", "work_peer_add")
        self.assert_error("Unable to parse JSON", "work_peer_add", address="::1")
        self.assert_error("Unable to parse JSON", "work_peer_add", port="7000")


class ConfiguredPeers(RpcTest):
    config = {**CONTROL, "node.work_peers": '["[::1]:7001", "127.0.0.1:7002", "::ffff:1.2.3.4:7003"]'}

    def test_configured_peers_are_shown(self):
        self.assertEqual(
            self.ask("work_peers"),
            {"work_peers": ["::1:7001", "127.0.0.1:7002", "::ffff:1.2.3.4:7003"]},
        )

    def test_work_is_found_with_and_without_peers(self):
        self.generate(use_peers="true")
        self.generate(use_peers=False)


class Status(RpcTest):
    config = {**ALLOW_ENDLESS, "node.work_threads": "2"}
    KEYS = {
        "generating", "queue_size", "jobs", "waiters", "hash_rate", "hashes", "uptime", "version",
        "network", "scanner", "scanner_reason", "connections", "found", "cancelled", "failed", "devices",
    }
    DEVICE_KEYS = {"name", "kind", "scanner", "state", "reason", "hashes", "hash_rate", "job"}

    def test_idle(self):
        status = self.ask("status")
        self.assertLessEqual(self.KEYS, set(status))
        for name in ("generating", "queue_size", "jobs", "waiters", "found", "cancelled", "failed"):
            self.assertEqual(status[name], "0", name)
        self.assertEqual(status["network"], "dev")
        self.assertEqual(status["connections"], "1")

    def test_devices(self):
        devices = self.ask("status")["devices"]
        self.assertEqual(len(devices), 2)
        self.assertEqual(len({device["name"] for device in devices}), 2)
        for device in devices:
            self.assertLessEqual(self.DEVICE_KEYS, set(device))
            self.assertEqual(device["kind"], "cpu")
            self.assertIn(device["state"], ("up", "opening"))
            self.assertEqual(device["reason"], "")

    def test_hash_rate(self):
        """No device has one until it has been measured."""
        status = self.ask("status")
        self.assertEqual([device["hash_rate"] for device in status["devices"]], ["", ""])
        self.assertEqual(status["hash_rate"], "0")
        root = nano.random_root()
        pending = self.begin(self.daemon, root, ENDLESS)

        def measured():
            status = self.ask("status")
            rates = [int(device["hash_rate"] or 0) for device in status["devices"]]
            return min(rates) > 0 and int(status["hash_rate"]) > 0

        wait_until(measured, "both rates are measured")
        self.daemon.rpc("work_cancel", hash=root)
        self.assert_cancelled(pending)

    def test_counters(self):
        for _ in range(5):
            self.generate(nano.random_root())
        status = self.daemon.wait_for(found=5, jobs=0, waiters=0)
        self.assertGreater(int(status["hashes"]), 0)
        root = nano.random_root()
        pending = self.begin(self.daemon, root, ENDLESS)
        self.daemon.wait_for(generating=1, jobs=1, waiters=1, queue_size=0)
        self.daemon.rpc("work_cancel", hash=root)
        self.assert_cancelled(pending)
        self.daemon.wait_for(generating=0, jobs=0, waiters=0, cancelled=1, found=5)


class Version(RpcTest):
    def test_version(self):
        answer = self.ask("version")
        version = self.daemon.status()["version"]
        self.assertTrue(any(version in value for value in answer.values()), answer)


class Benchmark(RpcTest):
    def test_answer(self):
        answer = self.ask("benchmark", count="10")
        self.assertEqual(
            list(answer),
            ["average", "count", "difficulty", "duration", "hash_rate", "hint", "multiplier"],
        )
        self.assertEqual(answer["count"], "10")
        self.assertEqual(answer["difficulty"], nano.hex_u64(nano.DEV.base))
        self.assertEqual(answer["multiplier"], "1.000000000000000")
        self.assertGreaterEqual(float(answer["duration"]), 0)
        self.assertGreaterEqual(float(answer["average"]), 0)

    def test_hash_rate(self):
        # 2^20 hashes are expected of these; fewer than a thousandth of it would be a wonder.
        answer = self.ask("benchmark", count="16", difficulty="ffff000000000000")
        rate, seconds = float(answer["hash_rate"]), float(answer["duration"]) / 1000
        self.assertGreater(rate * seconds, 1000)
        self.assertLess(rate, 1e12)

    def test_difficulty_and_multiplier(self):
        answer = self.ask("benchmark", count=1, difficulty="f000000000000000")
        self.assertEqual(answer["difficulty"], "f000000000000000")
        self.assertEqual(answer["multiplier"], "0.015625000000000")
        answer = self.ask("benchmark", count=1, difficulty="f000000000000000", multiplier=2)
        self.assertEqual(answer["difficulty"], nano.hex_u64(nano.from_multiplier(2, nano.DEV.base)))

    def test_absurd_counts(self):
        for bad in ("0", 0, "-1", -1, "1001", 1001, "x", "", "1.5", 1.5, "1e3", 10**18, str(2**64),
                    str(2**64 + 1), True, {}):
            self.assert_error("Bad count", "benchmark", count=bad)

    def test_other_errors(self):
        limit = "Difficulty above config limit or below publish threshold"
        self.assert_error("Bad difficulty", "benchmark", count="1", difficulty="g")
        self.assert_error("Bad multiplier", "benchmark", count="1", multiplier="-1")
        self.assert_error(limit, "benchmark", count="1", difficulty="ffffffffffffffff")
        self.assert_error(limit, "benchmark", count="1", multiplier="1e10")
        for multiplier in ("inf", "nan", "1e300"):
            self.assertIn("error", self.ask("benchmark", count="1", multiplier=multiplier))


if __name__ == "__main__":
    main()
