#!/usr/bin/env python3
"""The command line and the configuration, as an operator meets them."""

import json
import os
import re
import shlex
import socket
import subprocess
import tempfile
import tomllib

import nano
from harness import PROGRAM, DaemonTest, main, run_program, scaled, wait_until

# What a node of version 28 writes for itself, in force.
NODE_FILE = """\
[node]
\tallow_local_peers = true
\tbackground_threads = 8
\tbackup_before_upgrade = false
\tbandwidth_limit = 10485760
\tbandwidth_limit_burst_ratio = 3.000000000000000
\tenable_voting = false
\texternal_address = ""
\texternal_port = 0
\tio_threads = 8
\tmax_work_generate_multiplier = 64.000000000000000
\tnetwork_threads = 8
\tonline_weight_minimum = "60000000000000000000000000000000000000"
\tpeering_port = 7075
\tpow_sleep_interval = 0
\tpreconfigured_peers = ["peering.nano.org"]
\tpreconfigured_representatives = []
\treceive_minimum = "1000000000000000000000000"
\tuse_memory_pools = true
\twork_peers = ["::ffff:127.0.0.1:7000", "::1:7001", "[::1]:7002", "example.org:7003"]
\twork_threads = 1

\t[node.bootstrap_ascending]
\t\tenable = true
\t\tdatabase_rate_limit = 256

\t[node.diagnostics.txn_tracking]
\t\tenable = false

\t[node.experimental]
\t\tmax_pruning_age = 300
\t\tsecondary_work_peers = ["127.0.0.1:8076"]

\t[node.httpcallback]
\t\taddress = ""
\t\tport = 0

\t[node.ipc.tcp]
\t\tenable = false
\t\tport = 7077

\t[node.lmdb]
\t\tmap_size = 274877906944

\t[node.statistics.log]
\t\tfilename_counters = "counters.stat"

\t[node.websocket]
\t\taddress = "::1"
\t\tenable = false
\t\tport = 7078

[opencl]
\tdevice = 0
\tenable = false
\tplatform = 0
\tthreads = 1048576

[rpc]
\tenable = true
\tenable_sign_hash = false

\t[rpc.child_process]
\t\tenable = false
\t\trpc_path = "/usr/bin/nano_rpc"
"""

NODE_RPC_FILE = """\
address = "::1"
enable_control = true
max_json_depth = 20
max_request_size = 33554432
port = 0

[logging]
\tlog_rpc = true

[process]
\tio_threads = 8
\tipc_address = "::1"
\tipc_port = 7077
\tnum_ipc_connections = 8
"""


def read_text(path):
    """What is in the file; nothing where there is none yet."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


class CommandLine(DaemonTest):
    def assert_usage_error(self, text, *arguments):
        """Status 2, and on stderr what is wrong and where to find help."""
        result = run_program(*arguments)
        with self.subTest(arguments=arguments):
            self.assertEqual(result.returncode, 2)
            self.assertEqual(result.stdout, "")
            self.assertIn(text, result.stderr)
            self.assertIn("--help", result.stderr)
        return result

    def test_version(self):
        result = run_program("--version")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, r"\d+\.\d+")

    def test_help(self):
        for option in ("--help", "-h"):
            result = run_program(option)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            for name in ("daemon", "data_path", "network", "config", "rpcconfig", "check_config",
                         "generate_config", "use_defaults", "pid_file", "list_devices", "version",
                         "help", "diagnostics", "debug_profile_generate", "debug_profile_validate",
                         "debug_opencl", "difficulty", "multiplier", "threads", "count",
                         "pow_sleep_interval"):
                self.assertIn(f"--{name}", result.stdout)

    def test_no_command(self):
        self.assert_usage_error("command")
        self.assert_usage_error("command", "--network", "dev")

    def test_unknown_option(self):
        result = self.assert_usage_error("unrecognised option '--demon'", "--demon")
        self.assertIn("--daemon", result.stderr)
        self.assert_usage_error("unrecognised option '--zzzzzzzz'", "--daemon", "--zzzzzzzz")

    def test_missing_value(self):
        error = "the required argument for option '--network' is missing"
        self.assert_usage_error(error, "--daemon", "--network")
        self.assert_usage_error(error, "--network", "--daemon")

    def test_bad_network(self):
        for bad in ("main", "LIVE", "0"):
            self.assert_usage_error("Invalid network. Valid values are live, test, beta, dev and banano.",
                                    "--daemon", "--network", bad)

    def test_two_commands(self):
        self.assert_usage_error("", "--daemon", "--list_devices")

    def test_bad_overrides(self):
        for bad in ("node.work_threads", "node.work_threads=", "=4"):
            self.assert_usage_error(f"the argument ('{bad}') for option '--config' is invalid",
                                    "--check_config", "--config", bad)

    def test_bad_generate_config(self):
        self.assert_usage_error("Invalid configuration type log. Must be node or rpc.",
                                "--generate_config", "log")

    def test_output_that_cannot_be_written(self):
        for arguments in (["--help"], ["--version"], ["--generate_config", "node"]):
            with self.subTest(arguments=arguments), open("/dev/full", "wb") as full:
                result = subprocess.run([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE,
                                        timeout=scaled(30), check=False)
                self.assertEqual(result.returncode, 1)


class ConfigTest(DaemonTest):
    """Has a data directory to write files into."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="workpeer-e2e-config-")
        self.addCleanup(directory.cleanup)
        self.data_path = directory.name

    def path(self, name):
        return os.path.join(self.data_path, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def check(self, *arguments):
        return run_program("--check_config", "--data_path", self.data_path, *arguments)

    def assert_good(self, result, warnings=False):
        self.assertEqual(result.returncode, 0, result.stderr)
        if not warnings:
            self.assertNotRegex(result.stdout + result.stderr, "(?i)warning|unknown|did you mean")

    def assert_error_at(self, result, name, line, text=""):
        """One line of the errors is at that line of that file."""
        self.assertEqual(result.returncode, 1)
        pattern = rf"(?mi)^.*{re.escape(name)}:{line}:[1-9]\d*: .*{text}.*$"
        self.assertRegex(result.stderr, pattern)


class CheckConfig(ConfigTest):
    def test_no_files(self):
        self.assert_good(self.check())

    def test_every_error_is_listed(self):
        self.write("config-node.toml", "\n".join([
            "[node]",
            "work_threads = -1",
            'work_peers = ["[::1]:7000", "nonsense", "a:70000", 7]',
            "max_work_generate_multiplier = nan",
            "pow_sleep_interval = 1.5",
            "[opencl]",
            'enable = "perhaps"',
            "[rpc]",
            "port = 70000",
            'address = "300.1.1.1"',
            "[work]",
            'scanner = "sse9"',
            "max_queue = 0",
        ]))
        self.write("config-rpc.toml", "enable_control = 7\nmax_json_depth = 999\n")
        result = self.check()
        for line, text in ((2, ""), (3, ""), (4, ""), (5, ""), (7, ""), (9, "70000|65535"),
                           (10, ""), (12, "avx2|portable"), (13, "")):
            with self.subTest(line=line):
                self.assert_error_at(result, "config-node.toml", line, f"(?:{text})")
        self.assert_error_at(result, "config-rpc.toml", 1)
        self.assert_error_at(result, "config-rpc.toml", 2, "255")
        on_peers = re.findall(r"config-node\.toml:3:(\d+):", result.stderr)
        self.assertEqual(len(set(on_peers)), 3, "each bad work peer has its own place")

    def test_bad_numbers(self):
        for key, values in {
            "work_threads": ("-1", "1.5", "4.0", "65536", "nan", "true", '"four"', "[4]", "1e3"),
            "max_work_generate_multiplier": ("nan", "inf", "-inf", "0.5", "-1", "0", '"x"', "true"),
            "pow_sleep_interval": ("-1", "0.5", "nan", '""'),
        }.items():
            for value in values:
                with self.subTest(key=key, value=value):
                    self.write("config-node.toml", f"# first line\n[node]\n{key} = {value}\n")
                    self.assert_error_at(self.check(), "config-node.toml", 3)

    def test_good_numbers(self):
        for line in ('work_threads = 0\nwork_peers = ["a:1"]', "work_threads = 64", 'work_threads = "4"',
                     "max_work_generate_multiplier = 1", "max_work_generate_multiplier = 64.5",
                     "max_work_generate_multiplier = 1e6", "pow_sleep_interval = 1_000"):
            with self.subTest(line=line):
                self.write("config-node.toml", f"[node]\n{line}\n")
                self.assert_good(self.check())

    def test_wrong_shapes(self):
        for line, text in ((1, "node = 3\n"), (2, "[node]\nwork_peers = 7\n"),
                           (1, "[[node]]\nwork_threads = 1\n"), (2, "[node]\nwork_threads = {}\n")):
            with self.subTest(text=text):
                self.write("config-node.toml", text)
                self.assert_error_at(self.check(), "config-node.toml", line)

    def test_syntax_errors(self):
        for line, text in ((1, "[node\n"), (2, "[node]\nwork_threads =\n"),
                           (3, "[node]\nwork_threads = 1\nwork_threads = 2\n"),
                           (2, '[node]\nwork_peers = ["a:1"\n'), (2, "[node]\nwork_threads 4\n"),
                           (2, "[node]\nx = \"\\q\"\n")):
            with self.subTest(text=text):
                self.write("config-node.toml", text)
                result = self.check()
                self.assertEqual(result.returncode, 1)
                self.assertRegex(result.stderr, rf"config-node\.toml:(?:{line}|{line + 1}):\d+: ")

    def test_what_is_there_twice_names_the_first_line(self):
        for first, text in ((2, "x = 1\n[node]\nwork_threads = 1\n[rpc]\n[node]\n"),
                            (3, "# node\n[node]\nwork_threads = 1\nwork_threads = 2\n"),
                            (3, "x = 1\n[node]\nwork_peers = [\n\"a:1\"]\nx = 2\n work_peers = []\n"),
                            (4, '[[access.keys]]\nname = "a"\n[[access.keys]]\nname = "b"\nname = "c"\n'),
                            (1, "[node.experimental]\n[node]\n[node.experimental]\n"),
                            (1, "x = 1\nx = 2\n")):
            with self.subTest(text=text):
                self.write("config-node.toml", text)
                result = self.check()
                self.assertEqual(result.returncode, 1)
                self.assertIn(f"expected it once: it is in line {first} already", result.stderr)

    def test_peers_that_are_the_daemon_itself(self):
        here = ("127.0.0.1:7000", "localhost:7000", "::1:7000", "::ffff:127.0.0.1:7000", "0.0.0.0:7000")
        for address, own, others in (("127.0.0.1", here[:2] + here[3:], ("::1:7000", "127.0.0.1:7001", "a:7000")),
                                     ("::", (*here, "127.9.9.9:7000"), ("192.0.2.1:7000",)),
                                     ("0.0.0.0", here[:2], ("::1:7000", "127.0.0.1:1")),
                                     ("192.0.2.1", ("192.0.2.1:7000",), here)):
            for peer in own + others:
                with self.subTest(address=address, peer=peer):
                    self.write("config-node.toml", f'[rpc]\naddress = "{address}"\n[node]\nwork_threads = 0\n'
                                                   f'work_peers = ["{peer}"]\n')
                    result = self.check()
                    self.assertEqual(result.returncode, 1 if peer in own else 0)
                    self.assertEqual("Nothing can find work: " in result.stderr, peer in own)
                    self.assertEqual(f'warning: "{peer}" in node.work_peers is this daemon itself' in result.stderr,
                                     peer in own)

    def test_lists_of_peers_keep_the_others(self):
        self.write("config-node.toml", '[node]\nwork_threads = 0\nwork_peers = ["localhost:7000"]\n'
                                       'secondary_work_peers = ["127.0.0.1:7000", "b:1"]\n[[peers.peer]]\n'
                                       'url = "http://[::1]:7000/x"\nkey = "k"\n[[peers.peer]]\nurl = "http://c:1/"\n')
        result = self.check()
        self.assert_good(result, warnings=True)
        for path in "node.work_peers", "node.experimental.secondary_work_peers", "peers.peer":
            self.assertIn(f"in {path} is this daemon itself", result.stderr)

    def test_peers_written_wrong(self):
        for peers, expected in (('["http://a:1"]', 'expected "host:port" alone; a URL goes into [[peers.peer]], as url'),
                                ('"a:1"', 'expected a list of "host:port", as ["host:port"]')):
            with self.subTest(peers=peers):
                self.write("config-node.toml", f"[node]\nwork_peers = {peers}\n")
                self.assert_error_at(self.check(), "config-node.toml", 2, re.escape(expected))

    def test_two_listeners_on_one_port(self):
        atto = "[atto]\nenable = true\n"
        for text, first, second in (("[management]\nport = 7000\n", "rpc.port", "management.port"),
                                    (atto + "port = 7000\n", "rpc.port", "atto.port"),
                                    (atto + "port = 8081\n", "atto.port", "atto.management_port"),
                                    (atto + 'address = "::"\n[management]\nport = 8080\n', "management.port", "atto.port")):
            with self.subTest(text=text):
                self.write("config-node.toml", text)
                result = self.check()
                self.assertEqual(result.returncode, 1)
                self.assertRegex(result.stderr, rf"^{second} is \d+, and so is {first}, expected two ports$")
        for text in ('[management]\nport = 7000\naddress = "192.0.2.1"\n', "[rpc]\nport = 0\n[management]\nport = 0\n",
                     "[atto]\nport = 7000\n"):
            with self.subTest(text=text):
                self.write("config-node.toml", text)
                self.assert_good(self.check())

    def test_both_files_are_read(self):
        self.write("config-node.toml", "[node\n")
        self.write("config-rpc.toml", "port = \n")
        result = self.check()
        self.assert_error_at(result, "config-node.toml", 1)
        self.assert_error_at(result, "config-rpc.toml", 1)

    def test_unknown_key_is_a_warning(self):
        self.write("config-node.toml", "[node]\nwork_thread = 2\n[work]\nqwertyuiop = 1\n[wrok]\nmax_queue = 1\n")
        result = self.check()
        self.assert_good(result, warnings=True)
        messages = result.stdout + result.stderr
        self.assertRegex(messages, r"config-node\.toml:2:\d+: .*work_thread\b.*work_threads")
        self.assertRegex(messages, r"config-node\.toml:4:\d+: .*qwertyuiop")
        self.assertRegex(messages, r"config-node\.toml:5:\d+: .*wrok.*work")

    def test_a_table_of_ours_in_a_node_s_is_a_warning(self):
        self.write("config-node.toml", "[node.opencl]\nenable = true\n[node.websocket]\nenable = true\n")
        result = self.check()
        self.assert_good(result, warnings=True)
        messages = result.stdout + result.stderr
        self.assertIn("node.opencl is not read here: the table is [opencl] of config-node.toml", messages)
        self.assertNotIn("websocket", messages)

    def test_a_table_in_a_wrong_place(self):
        self.write("config-node.toml", "[node.access]\nrate = 1\n[rpc.store]\nenable = false\n"
                                       "[experimental]\nsecondary_work_peers = []\n")
        self.write("config-rpc.toml", "[rpc]\nport = 1\n[opencl]\nenable = true\n")
        result = self.check()
        self.assert_good(result, warnings=True)
        messages = result.stdout + result.stderr
        for wrong, right in (("node.access", "access"), ("rpc.store", "store"), ("opencl", "opencl"),
                             ("experimental", "node.experimental")):
            self.assertIn(f": {wrong} is not read here: the table is [{right}] of config-node.toml", messages)
        self.assertIn(": rpc is not read here: its keys belong at the top level of this file", messages)

    def test_windows_line_ends_and_a_byte_order_mark(self):
        self.write("config-node.toml", "\ufeff[node]\r\nwork_threads = 1\r\n")
        self.assert_good(self.check())

    def test_unreadable_files(self):
        for name in ("config-node.toml", "config-rpc.toml"):
            with self.subTest(name=name):
                os.mkdir(self.path(name))
                for command in (self.check(), run_program("--daemon", "--data_path", self.data_path)):
                    self.assertEqual(command.returncode, 1)
                    self.assertIn(name, command.stderr)
                    self.assertNotIn("Listening", command.stdout)
                os.rmdir(self.path(name))

    def test_a_file_that_is_no_text(self):
        with open(self.path("config-node.toml"), "wb") as file:
            file.write(bytes(range(256)) * 100)
        self.assert_error_at(self.check(), "config-node.toml", r"\d+")

    def test_the_daemon_does_not_start_on_errors(self):
        self.write("config-node.toml", '[node]\nwork_threads = "many"\nwork_peers = ["x"]\n')
        result = run_program("--daemon", "--data_path", self.data_path, "--config", "rpc.port=0")
        self.assert_error_at(result, "config-node.toml", 2)
        self.assert_error_at(result, "config-node.toml", 3)
        self.assertNotIn("Listening", result.stdout)

    def test_default_data_path(self):
        home = {"XDG_DATA_HOME": self.data_path}
        self.assertEqual(run_program("--check_config", environment=home).returncode, 0)
        os.mkdir(self.path("workpeer"))
        self.write("workpeer/config-node.toml", "[node]\nwork_threads = -1\n")
        self.assert_error_at(run_program("--check_config", environment=home), "config-node.toml", 2)


class NodeFiles(ConfigTest):
    def test_a_node_s_own_files_are_accepted(self):
        self.write("config-node.toml", NODE_FILE)
        self.write("config-rpc.toml", NODE_RPC_FILE)
        result = self.check()
        self.assert_good(result)
        self.assertEqual(result.stderr, "")

    def test_a_node_s_generated_files_are_accepted(self):
        """As --generate_config of the node writes them: every line commented out but the tables."""
        commented = re.sub(r"(?m)^(\t+)(?=[a-z])", r"\1# ", NODE_FILE)
        self.write("config-node.toml", commented)
        self.write("config-rpc.toml", re.sub(r"(?m)^(\t*)(?=[a-z])", r"\1# ", NODE_RPC_FILE))
        self.assert_good(self.check())

    def test_they_take_effect(self):
        daemon = self.start(
            config={"rpc.port": None, "node.work_threads": None},
            files={"config-node.toml": NODE_FILE, "config-rpc.toml": NODE_RPC_FILE},
        )
        self.assertEqual([host for host, _ in daemon.addresses], ["::1"])
        self.assertEqual(len(daemon.status()["devices"]), 1)
        self.assertEqual(
            daemon.rpc("work_peers")["work_peers"],
            ["::ffff:127.0.0.1:7000", "::1:7001", "::1:7002", "example.org:7003"],
        )
        body = {"action": "work_validate", "hash": "1", "pad": "x" * 100_000}
        self.assertIn("valid_all", daemon.post(body).json())

    def test_the_node_file_s_rpc_table_wins(self):
        daemon = self.start(
            config={"rpc.port": None},
            files={
                "config-node.toml": '[rpc]\nenable_control = false\naddress = "127.0.0.1"\nport = 0\n',
                "config-rpc.toml": 'enable_control = true\naddress = "::1"\nport = 1\n',
            },
        )
        self.assertEqual([host for host, _ in daemon.addresses], ["127.0.0.1"])
        self.assertEqual(daemon.rpc("work_peers"), {"error": "RPC control is disabled"})


class GenerateConfig(ConfigTest):
    def generate(self, *arguments):
        result = run_program("--generate_config", *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def test_round_trip(self):
        for kind in ("node", "rpc"):
            for arguments in ([kind], [kind, "--use_defaults"]):
                with self.subTest(arguments=arguments):
                    self.write(f"config-{kind}.toml", self.generate(*arguments))
                    self.assert_good(self.check())

    def test_defaults(self):
        node = tomllib.loads(self.generate("node", "--use_defaults"))
        self.assertEqual(node["node"]["max_work_generate_multiplier"], 64)
        self.assertEqual(node["node"]["work_peers"], [])
        self.assertEqual(node["opencl"]["threads"], 1048576)
        self.assertEqual(node["rpc"]["port"], 7000)
        self.assertEqual(node["work"]["max_queue"], 4096)
        rpc = tomllib.loads(self.generate("rpc", "--use_defaults"))
        self.assertEqual(rpc["port"], 7000)
        self.assertIs(rpc["enable_control"], False)
        self.assertEqual(rpc["max_json_depth"], 20)

    def test_commented_out_until_asked_for(self):
        for kind in ("node", "rpc"):
            plain = tomllib.loads(self.generate(kind))
            self.assertTrue(all(table == {} or isinstance(table, dict) for table in plain.values()))
            leaves = [value for table in plain.values() for value in table.values()]
            self.assertTrue(all(isinstance(value, dict) for value in leaves), plain)

    def test_uncommenting_gives_the_defaults(self):
        """Whoever takes the marks from the keys gets a file that is accepted."""
        text = self.generate("node")
        uncommented = re.sub(r"(?m)^(\s*)#\s*([a-z_]+ = )", r"\1\2", text)
        self.assertNotEqual(uncommented, text)
        self.write("config-node.toml", uncommented)
        self.assert_good(self.check())


class Overrides(ConfigTest):
    def test_override_beats_the_file(self):
        daemon = self.start(config={"node.work_threads": "2"},
                            files={"config-node.toml": "[node]\nwork_threads = 1\n"})
        self.assertEqual(len(daemon.status()["devices"]), 2)

    def test_arrays(self):
        for text, peers in (
            ("[127.0.0.1:7000]", ["127.0.0.1:7000"]),
            ("[127.0.0.1:7000,\"128.0.0.1:50000\"]", ["127.0.0.1:7000", "128.0.0.1:50000"]),
            ('["::1:7000","example.org:7001"]', ["::1:7000", "example.org:7001"]),
            ("[]", ""),
        ):
            with self.subTest(text=text):
                daemon = self.start(
                    config={"node.work_peers": text, "rpc.enable_control": "true"},
                    files={"config-node.toml": '[node]\nwork_peers = ["other.example:1"]\n'},
                )
                self.assertEqual(daemon.rpc("work_peers")["work_peers"], peers)

    def test_several_after_one_option(self):
        daemon = self.start("--config", "node.work_threads=2", "rpc.enable_control=true",
                            config={"node.work_threads": None})
        self.assertEqual(len(daemon.status()["devices"]), 2)
        self.assertEqual(daemon.rpc("work_peers"), {"work_peers": ""})

    def test_rpcconfig(self):
        daemon = self.start("--rpcconfig", "enable_control=true")
        self.assertEqual(daemon.rpc("work_peers"), {"work_peers": ""})

    def test_bad_values(self):
        for key, value in (("node.work_threads", "-1"), ("node.work_threads", "1.5"),
                           ("node.max_work_generate_multiplier", "nan"),
                           ("node.max_work_generate_multiplier", "inf"),
                           ("node.work_peers", "[nonsense]"), ("rpc.port", "65536"),
                           ("work.scanner", "fast"), ("rpc.enable_control", "yes")):
            with self.subTest(key=key, value=value):
                result = self.check("--config", f"{key}={value}")
                self.assertEqual(result.returncode, 1)
                self.assertIn(key.rpartition(".")[2], result.stderr)

    def test_unknown_key(self):
        result = self.check("--config", "node.work_thread=1")
        self.assert_good(result, warnings=True)
        self.assertIn("work_threads", result.stdout + result.stderr)


class Starting(ConfigTest):
    def test_a_key_s_last_part_finds_its_table(self):
        for key, wanted in (("port", "rpc.port"), ("work_threads", "node.work_threads"), ("nod", "node")):
            result = self.check("--config", f"{key}=1")
            self.assertIn(f"{key} is not a known key and is ignored; did you mean {wanted}?", result.stderr)

    def test_log_level_by_its_other_name(self):
        for level in "warn", "warning":
            self.assert_good(self.check("--config", f"log.level={level}"))
        daemon = self.start(config={"log.level": "warning"})
        self.assertNotIn(" info ", daemon.log())

    def test_networks(self):
        for network, thresholds in nano.NETWORKS.items():
            with self.subTest(network=network):
                daemon = self.start(network=network)
                self.assertEqual(daemon.status()["network"], network)
                root, work, value = nano.KNOWN_WORKS[0]
                answer = daemon.rpc("work_validate", hash=root, work=work)
                self.assertEqual(answer["multiplier"], nano.multiplier_text(value, thresholds.base))

    def test_the_line_to_try_works(self):
        daemon = self.start(network="dev")
        line = re.search(r"^Try it: (.*)$", daemon.output(), re.M).group(1)
        command, option, body, url = shlex.split(line)
        self.assertEqual([command, option, url], ["curl", "-d", "http://%s:%d" % daemon.address])
        answer = daemon.post(body.encode()).json()
        self.assert_work(answer, json.loads(body)["hash"], nano.DEV.base)

    def test_a_daemon_that_names_itself_only_is_not_ready(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        daemon = self.start(config={"rpc.port": str(port), "rpc.address": "127.0.0.1", "node.work_threads": "0",
                                    "node.work_peers": f"[localhost:{port}]"})
        with daemon.connect() as client:
            for path in "/ready", "/health":
                client.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                self.assertEqual(client.receive().status, 503)
        self.assertEqual(daemon.rpc("work_generate", hash=nano.random_root(), use_peers="true"),
                         {"error": "Work generation is disabled"})

    def test_work_threads_leave_the_cpu_to_others(self):
        """Linux knows their scheduling policy, batch, as number 3."""
        daemon = self.start(config={"node.work_threads": "1"})
        wait_until(lambda: self.policies(daemon.process.pid).count(3) == 1, "one thread is at batch", 5)
        self.assertIn(0, self.policies(daemon.process.pid), "the loop is not")

    @staticmethod
    def policies(pid):
        """The scheduling policy of each thread: field 41 of its stat, of which two come before ')'."""
        found = []
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii", errors="replace") as stat:
                found.append(int(stat.read().rpartition(")")[2].split()[38]))
        return found

    def test_wildcards_together(self):
        daemon = self.start(config={"rpc.address": '["0.0.0.0", "::"]'})
        port = daemon.address[1]
        for host in ("127.0.0.1", "::1"):
            with self.connect(daemon, address=(host, port)) as client:
                client.post({"action": "version"})
                self.assertIn("rpc_version", client.receive().json())

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            result = run_program("--daemon", "--data_path", self.data_path, "--config", f"rpc.port={port}")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, rf"port {port}: Address already in use \(rpc\.address, rpc\.port\)")
        self.assertNotIn("Ready", result.stdout)

    def test_address_that_is_not_here(self):
        result = run_program("--daemon", "--data_path", self.data_path, "--config", "rpc.port=0",
                             "--config", "rpc.address=192.0.2.1")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"192\.0\.2\.1 .*\(rpc\.address, rpc\.port\)")
        result = run_program("--daemon", "--data_path", self.data_path, "--config", "rpc.port=0", "atto.enable=true",
                             "atto.address=192.0.2.1", "atto.port=0", "atto.management_port=0")
        self.assertRegex(result.stderr, r"192\.0\.2\.1 .*\(atto\.address, atto\.port, atto\.management_port\)")

    def test_addresses(self):
        for text, hosts in (("127.0.0.1", ["127.0.0.1"]), ("::1", ["::1"]),
                            ("[127.0.0.1,::1]", ["127.0.0.1", "::1"]),
                            ("localhost", ["127.0.0.1", "::1"]),
                            ("::ffff:127.0.0.1", ["127.0.0.1"]),
                            ("[::ffff:7f00:5]", ["127.0.0.5"]),
                            ("[::FFFF:127.0.0.1,127.0.0.1]", ["127.0.0.1"]),
                            ("::ffff:0.0.0.0", ["0.0.0.0"])):
            with self.subTest(text=text):
                daemon = self.start(config={"rpc.address": text})
                self.assertEqual([host for host, _ in daemon.addresses], hosts)
                for address in daemon.addresses:
                    with daemon.connect(address=address) as connection:
                        self.assertIn("version", connection.ask({"action": "status"}))
                self.assertEqual(daemon.stop(), [])

    def test_pid_file(self):
        path = self.path("workpeer.pid")
        daemon = self.start("--pid_file", path)
        with open(path, encoding="ascii") as file:
            self.assertEqual(file.read(), f"{daemon.process.pid}\n")
        daemon.process.terminate()
        self.assertEqual(daemon.wait(), 0)
        self.assertFalse(os.path.exists(path), "the pid file is still there")

    def test_standard_descriptors_that_are_closed(self):
        """As some init scripts do: no file that is opened later may take their places."""
        for closed in (">&-", "2>&-", "<&-", "<&- >&- 2>&-"):
            with self.subTest(closed=closed):
                pid_file, log_file = self.path("workpeer.pid"), self.path("log")
                command = [PROGRAM, "--daemon", "--data_path", self.data_path, "--config", "rpc.port=0",
                           "--config", f"log.file={log_file}", "--pid_file", pid_file]
                with subprocess.Popen(["sh", "-c", f'exec "$@" {closed}', "sh", *command],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL) as process:
                    try:
                        wait_until(lambda: "Listening" in read_text(log_file), "it listens")
                        self.assertEqual({os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in range(3)},
                                         {"/dev/null"})
                        self.assertEqual(read_text(pid_file), f"{process.pid}\n")
                        process.terminate()
                        self.assertEqual(process.wait(scaled(10)), 0)
                        os.remove(log_file)
                    finally:
                        process.kill()

    def test_result_without_standard_output(self):
        result = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", PROGRAM, "--version"],
                                stderr=subprocess.PIPE, text=True, timeout=scaled(10), check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("standard output cannot be written", result.stderr)

    def test_pid_file_of_a_daemon_that_runs(self):
        path = self.path("workpeer.pid")
        daemon = self.start("--pid_file", path)
        result = run_program("--daemon", "--data_path", self.data_path, "--config", "rpc.port=0",
                             "--pid_file", path)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"the pid file {path} is held by another running daemon", result.stderr)
        with open(path, encoding="ascii") as file:
            self.assertEqual(file.read(), f"{daemon.process.pid}\n")

    def test_pid_file_left_by_a_daemon_that_is_gone(self):
        self.write("workpeer.pid", "999999999\n")
        daemon = self.start("--pid_file", self.path("workpeer.pid"))
        with open(self.path("workpeer.pid"), encoding="ascii") as file:
            self.assertEqual(file.read().strip(), str(daemon.process.pid))

    def test_pid_file_that_cannot_be_written(self):
        path = self.path("nowhere/workpeer.pid")
        result = run_program("--daemon", "--data_path", self.data_path, "--config", "rpc.port=0",
                             "--pid_file", path)
        self.assertEqual(result.returncode, 1)
        self.assertIn(path, result.stderr)

    def test_log_level(self):
        self.assertNotEqual(self.start().log(), "")
        self.assertEqual(self.start(config={"log.level": "off"}).log(), "")

    def test_ready_comes_once_and_after_the_listeners(self):
        lines = self.start().output().splitlines()
        listeners = [at for at, line in enumerate(lines) if line.startswith("Listening on ")]
        self.assertEqual(len(listeners), 2)
        self.assertEqual(lines.count("Ready"), 1)
        self.assertLess(listeners[-1], lines.index("Ready"))


if __name__ == "__main__":
    main()
