#!/usr/bin/env python3
"""The commands on the terminal: against a daemon, in the process, and against what is no daemon."""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import unittest

import nano
from harness import ENDLESS, PROGRAM, DaemonTest, main, run_program, scaled, wait_until

DONE, FAILED, USAGE, INVALID, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 4, 130
ESCAPE = "\x1b"


@contextlib.contextmanager
def answering(body, status="200 OK", asked=None):
    """A server that answers every request with `body`, or with silence where that is None, and notes it in `asked`."""
    if not isinstance(body, (bytes, type(None))):
        body = json.dumps(body).encode()
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                request = connection.recv(65536)
                if asked is not None:
                    asked.append(request)
                held.append(connection)
                if body is not None:
                    connection.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s"
                                       % (status.encode(), len(body), body))
                    connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in held:
                connection.close()


@contextlib.contextmanager
def keeping(asked):
    """A server that keeps its connections: it answers a status with {}, and no work_generate. `asked` has a list of
    requests for each connection."""
    def converse(connection, requests):
        while request := connection.recv(65536):
            requests.append(request)
            if b'"work_generate"' not in request:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                asked.append([])
                threads.append(threading.Thread(target=converse, args=(connection, asked[-1])))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threads = [threading.Thread(target=serve)]
        threads[0].start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, *arguments, columns=80, lines=24):
        try:
            self.master, slave = pty.openpty()
        except OSError as error:
            raise unittest.SkipTest(f"no terminal to be had: {error}") from error
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.process = subprocess.Popen([PROGRAM, *arguments], stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True)
        os.close(slave)
        self.text = ""

    def read(self, seconds=0.0):
        """All that it has written."""
        while select.select([self.master], [], [], seconds)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            if not data:
                break
            self.text += data.decode()
        return self.text

    def wait_for(self, pattern):
        wait_until(lambda: re.search(pattern, self.read(0.01)), f"{pattern!r} in {self.text!r}")

    def end(self, number=None):
        """Its exit status, after a signal if one is given."""
        if number is not None:
            self.process.send_signal(number)
        status = self.process.wait(scaled(10))
        self.read(0.1)
        os.close(self.master)
        return status


class CommandTest(DaemonTest):
    def run_command(self, *arguments, status=DONE, **settings):
        result = run_program(*arguments, **settings)
        self.assertEqual(result.returncode, status, result)
        self.assertNotIn(ESCAPE, result.stdout + result.stderr)
        return result

    def url(self, daemon):
        host, port = daemon.address
        return f"--url=http://{f'[{host}]' if ':' in host else host}:{port}"


class Status(CommandTest):
    def test_table(self):
        daemon = self.start()
        root = nano.random_root()
        daemon.rpc("work_generate", hash=root)
        text = self.run_command("status", self.url(daemon)).stdout
        self.assertRegex(text, r"(?m)^version \S+   network dev   uptime ")
        self.assertRegex(text, r"\bfound 1\b")
        self.assertRegex(text, r"(?m)^name +kind +scanner +state +reason +hashes +hash rate +job$")
        self.assertRegex(text, r"(?m)^cpu 0 +cpu +\w+ +up +- ")

    def test_json(self):
        daemon = self.start()
        shown = json.loads(self.run_command("status", "--json", self.url(daemon)).stdout)
        self.assertEqual((shown["jobs"], shown["network"], shown["devices"][0]["hashes"]), (0, "dev", 0))
        self.assertEqual(list(shown), list(daemon.status()))

    def test_daemon_is_found_by_the_configuration(self):
        daemon = self.start(config={"rpc.address": "::1"})
        with tempfile.TemporaryDirectory() as path:
            with open(os.path.join(path, "config-node.toml"), "w", encoding="ascii") as file:
                file.write(f'[rpc]\naddress = "::"\nport = {daemon.address[1]}\n')
            text = self.run_command("status", "--data_path", path).stdout
            self.assertIn(f"http://[::1]:{daemon.address[1]}\n", text)
            text = self.run_command("status", "--data_path", path, "--config",
                                    "rpc.address=0.0.0.0", "--config", "rpc.port=1",
                                    status=UNREACHABLE).stderr
            self.assertIn("http://127.0.0.1:1:", text)
            text = self.run_command("status", "--data_path", path, "--config", "rpc.port=0",
                                    status=FAILED).stderr
            self.assertIn("--url", text)
            text = self.run_command("status", "--data_path", path, "--config", "rpc.port=x",
                                    status=FAILED).stderr
            self.assertIn("rpc.port", text)

    def test_older_and_newer_daemons(self):
        with answering({"generating": "0", "queue_size": "3"}) as url:
            self.assertIn("queue size 3\n", self.run_command("status", "--url", url).stdout)
        with answering({"version": 7, "peers": [{"url": "a", "wins": 3}], "x": {"y": None}}) as url:
            self.assertRegex(self.run_command("status", "--url", url).stdout,
                             r"(?s)version 7\n.*url +wins\na +3\n")

    def test_hostile_daemon(self):
        evil = {"version": "\x1b[2J", "devices": [{"name": "\x1b]0;x\x07"}]}
        with answering(evil) as url:
            self.run_command("status", "--url", url)
            self.run_command("status", "--url", url, "--json")
        with answering({"error": "\x1b[2Jno\n"}) as url:
            result = self.run_command("status", "--url", url, status=FAILED)
            self.assertEqual(result.stderr, "workpeer: ?[2Jno?\n")
        with answering({"error": "Unauthorized"}, "401 Unauthorized") as url:
            result = self.run_command("status", "--url", url, status=FAILED)
            self.assertEqual(result.stderr, "workpeer: status 401: Unauthorized\n")
        for body in (b"", b"[]", b"<html>", b"{", b'"text"', b"\xff" * 5000):
            with answering(body) as url:
                self.run_command("status", "--url", url, status=UNREACHABLE)
        with answering(b" " * (5 << 20)) as url:
            self.run_command("status", "--url", url, status=UNREACHABLE)

    def test_silence(self):
        with answering(None) as url:
            result = self.run_command("status", "--url", url, "--timeout", "0.2", status=UNREACHABLE)
            self.assertIn("did not answer in time", result.stderr)

    def test_nobody(self):
        with socket.socket() as nobody:  # has a port, and does not listen
            nobody.bind(("127.0.0.1", 0))
            port = nobody.getsockname()[1]
            result = self.run_command("status", "--url", f"127.0.0.1:{port}", status=UNREACHABLE)
        self.assertIn(f"no daemon answers at http://127.0.0.1:{port}", result.stderr)

    def test_watch(self):
        daemon = self.start()
        terminal = Terminal("status", "--watch", "--interval", "0.1", self.url(daemon), columns=50)
        terminal.wait_for(r"(?s)(\x1b\[H\x1b\[JWorkpeer at.*){3}")
        self.assertEqual(terminal.end(signal.SIGINT), DONE)
        for line in re.sub(r"\x1b\[[HJ]", "", terminal.text).splitlines():
            self.assertLessEqual(len(line), 50)

    def test_watch_of_a_pipe(self):
        daemon = self.start()
        for extra, wanted in ((), b"Workpeer at"), (("--json",), b'{"'):
            with subprocess.Popen([PROGRAM, "status", "--watch", "--interval", "0.1", *extra,
                                   self.url(daemon)], stdout=subprocess.PIPE) as process:
                seen = b""
                while seen.count(wanted) < 3:
                    seen += os.read(process.stdout.fileno(), 65536)
                process.send_signal(signal.SIGINT)
                self.assertEqual(process.wait(scaled(10)), DONE)
            self.assertNotIn(ESCAPE.encode(), seen)

    def test_watch_outlives_the_daemon(self):
        daemon = self.start()
        terminal = Terminal("status", "--watch", "--interval", "0.1", self.url(daemon))
        terminal.wait_for("Workpeer at")
        daemon.stop()
        terminal.wait_for(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d workpeer: no daemon answers")
        self.assertEqual(terminal.end(signal.SIGINT), UNREACHABLE)

    def test_watch_has_a_screen_of_its_own(self):
        daemon = self.start()
        for number in signal.SIGINT, signal.SIGTERM:
            terminal = Terminal("status", "--watch", "--interval", "0.1", self.url(daemon))
            terminal.wait_for("Workpeer at")
            self.assertEqual(terminal.end(number), DONE)
            self.assertTrue(terminal.text.startswith(ESCAPE + "[?1049h"), terminal.text)
            self.assertTrue(terminal.text.endswith(ESCAPE + "[?1049l"), terminal.text)

    def test_watch_fits_the_height(self):
        daemon = self.start()
        for lines, cut in ((8, True), (60, False)):
            terminal = Terminal("status", "--watch", "--interval", "0.1", self.url(daemon), lines=lines)
            wait_until(lambda: terminal.read(0.01).count(ESCAPE + "[H") >= 3, "two whole screens")
            terminal.end(signal.SIGINT)
            screen = terminal.text.split(ESCAPE + "[H" + ESCAPE + "[J")[1]
            self.assertEqual(bool(re.search(r"\.\.\. \d+ more lines$", screen)), cut, screen)
            self.assertLess(screen.count("\n"), lines)
            if cut:
                self.assertEqual(screen.count("\n"), lines - 2)

    def test_watch_of_a_full_disk(self):
        daemon = self.start()
        with open("/dev/full", "wb") as full:
            result = subprocess.run([PROGRAM, "status", "--watch", self.url(daemon)], stdout=full,
                                    stderr=subprocess.PIPE, timeout=scaled(30), check=False)
        self.assertEqual((result.returncode, result.stderr), (FAILED, b"workpeer: standard output cannot be written\n"))

    def test_many_threads_are_one_row(self):
        threads = [{"name": f"cpu {i}", "kind": "cpu", "state": "up", "hashes": "1000", "hash_rate": "2000000",
                    "job": "AB" * 32 if i else ""} for i in range(9)]
        with answering({"jobs": "1", "devices": threads}) as url:
            text = self.run_command("status", "--url", url).stdout
            shown = json.loads(self.run_command("status", "--json", "--url", url).stdout)
        self.assertEqual(len(shown["devices"]), 9)
        self.assertEqual(re.findall(r"(?m)^cpu.*$", text)[0].split(), "cpu cpu up 1.00 k - - 1".split())
        self.assertEqual(re.findall(r"(?m)^cpu.*$", text)[1].split(), "cpu cpu up 8.00 k 16.0 MH/s ABABABAB.. 8".split())

    def test_an_idle_daemon_has_no_rate(self):
        device = {"name": "cpu 0", "kind": "cpu", "hash_rate": "2000000"}
        for jobs, job, rate in ("0", "", "-"), ("1", "AB" * 32, "2.00 MH/s"):
            with answering({"jobs": jobs, "hash_rate": "2000000", "devices": [{**device, "job": job}]}) as url:
                text = self.run_command("status", "--url", url).stdout
            self.assertIn(f"hash rate {rate}   ", text)
            self.assertRegex(text, rf"cpu 0 +cpu +{rate} ")

    def test_pre_caching(self):
        with tempfile.TemporaryDirectory() as directory:
            daemon = self.start(config={"store.enable": "true", "store.path": directory, "rpc.enable_control": "true"})
            daemon.rpc("precache_watch", account=nano.account(nano.random_root()))
            text = self.run_command("status", self.url(daemon)).stdout
            daemon.stop()
        self.assertIn("\nprecache\naccounts followed 1   accounts watched 1   ready 0   queued 0   searching 0\n", text)


class Health(CommandTest):
    def test_up(self):
        daemon = self.start(files={"config-node.toml": '[[access.keys]]\nname = "a"\nhash = "blake2b:'
                                                       f'{"0" * 32}:{"0" * 64}"\n'})
        self.run_command("status", self.url(daemon), status=FAILED)
        self.assertEqual(self.run_command("health", self.url(daemon)).stdout, "UP\n")
        self.assertEqual(json.loads(self.run_command("health", "--json", self.url(daemon)).stdout), {"status": "UP"})

    def test_down(self):
        daemon = self.start(config={"node.work_threads": "0"})
        result = self.run_command("health", self.url(daemon), status=FAILED)
        self.assertEqual(result.stderr, "workpeer: status 503: There is no device to search on\n")

    def test_nobody(self):
        self.run_command("health", "--url", "127.0.0.1:1", status=UNREACHABLE)


class Generate(CommandTest):
    def test_work_alone_is_printed(self):
        daemon = self.start()
        for where in (self.url(daemon),), ("--local", "--network", "dev"):
            root = nano.random_root()
            result = self.run_command("generate", *where, root)
            self.assertRegex(result.stdout, r"^[0-9a-f]{16}\n$")
            self.assertGreaterEqual(nano.work_value(root, result.stdout), nano.DEV.base)
            self.assertEqual(result.stderr, "")

    def test_thresholds(self):
        daemon = self.start()
        for where in (self.url(daemon),), ("--local", "--network", "dev"):
            for option, threshold in (
                (("--difficulty", "fff0000000000000"), 0xFFF0000000000000),
                (("--multiplier", "2.5"), nano.from_multiplier(2.5, nano.DEV.base)),
                (("--subtype", "send"), nano.DEV.base),
                (("--subtype", "open"), nano.DEV.receive),
            ):
                root = nano.random_root()
                answer = json.loads(
                    self.run_command("generate", *where, root, *option, "--json").stdout)
                self.assertEqual(list(answer), ["hash", "work", "difficulty", "multiplier", "source",
                                                "seconds"])
                value = nano.work_value(root, answer["work"])
                self.assertGreaterEqual(value, threshold)
                self.assertEqual(answer["hash"], root)
                self.assertEqual(answer["difficulty"], nano.hex_u64(value))
                self.assertAlmostEqual(answer["multiplier"], float(nano.multiplier_text(value, nano.DEV.base)), 9)

    def test_threshold_is_what_is_asked_for(self):
        """The log has the threshold: a work may by luck reach a higher one."""
        daemon = self.start()
        self.run_command("generate", self.url(daemon), nano.random_root(), "--subtype", "receive")
        wait_until(lambda: "threshold difficulty of f000000000000000" in daemon.log(), "it is logged")

    def test_refusals(self):
        daemon = self.start()
        result = self.run_command("generate", self.url(daemon), nano.random_root(),
                                  "--difficulty", "1", status=FAILED)
        self.assertEqual(result.stderr, "workpeer: Difficulty above config limit or below publish threshold\n")

    def test_lying_daemon(self):
        root = nano.random_root()
        with answering({"work": "0000000000000000"}) as url:
            result = self.run_command("generate", "--url", url, root, status=FAILED)
            self.assertEqual(result.stdout, "")
            self.assertIn(nano.hex_u64(nano.work_value(root, "0")), result.stderr)
        with answering({"work": "beef\x1b"}) as url:
            self.run_command("generate", "--url", url, root, status=FAILED)

    def interrupt(self, daemon, *arguments):
        terminal = Terminal("generate", *arguments, nano.random_root(), "--difficulty", ENDLESS,
                            columns=100)
        terminal.wait_for(r"odds so far +\d+\.\d %  (about )?[1-9][0-9.]* [kMG] hashes  \d")
        if daemon is not None:
            daemon.wait_for(waiters=1)
        self.assertEqual(terminal.end(signal.SIGINT), INTERRUPTED)
        self.assertTrue(terminal.text.endswith("\r\x1b[K"), "the progress is taken away")

    def test_ctrl_c_cancels(self):
        daemon = self.start_endless()
        self.interrupt(daemon, self.url(daemon))
        daemon.wait_for(waiters=0, jobs=0, generating=0)

    def test_ctrl_c_of_a_local_search(self):
        self.interrupt(None, "--local", "--network", "dev", "--threads", "1")

    def test_time_limit_leaves(self):
        daemon = self.start_endless()
        self.run_command("generate", self.url(daemon), nano.random_root(), "--difficulty", ENDLESS,
                         "--timeout", "0.3", status=UNREACHABLE)
        daemon.wait_for(waiters=0, jobs=0)

    def test_time_limit_of_a_local_search(self):
        result = self.run_command("generate", "--local", nano.random_root(), "--difficulty", ENDLESS,
                                  "--threads", "1", "--timeout", "0.3", status=UNREACHABLE)
        self.assertEqual(result.stderr,
                         "workpeer: no work was found in time (--timeout gives it longer)\n")

    def test_progress_is_asked_for_where_it_is_drawn(self):
        asked = []
        with answering(None, asked=asked) as url:
            self.run_command("generate", "--url", url, "--network", "dev", nano.random_root(),
                             "--timeout", "0.8", status=UNREACHABLE)
        self.assertEqual(len(asked), 1)
        self.assertIn(b'"work_generate"', asked[0])

    def test_progress_takes_one_connection(self):
        asked = []
        with keeping(asked) as url:
            terminal = Terminal("generate", "--url", url, "--network", "dev", nano.random_root())
            wait_until(lambda: sum(map(len, asked)) >= 5, "it has asked four times")
            terminal.end(signal.SIGINT)
        self.assertEqual(len(asked), 2, asked)

    def test_progress_does_not_count(self):
        daemon = self.start(config={"access.rate": "0.001", "access.burst": "3"})
        with daemon.connect() as client:
            for _ in range(10):
                self.assertIn("devices", client.ask({"action": "status"}))
            answers = [client.ask({"action": "version"}) for _ in range(4)]
        self.assertEqual(["error" in answer for answer in answers], [False] * 3 + [True])

    def test_daemon_goes_away(self):
        daemon = self.start_endless()
        with subprocess.Popen([PROGRAM, "generate", self.url(daemon), nano.random_root(),
                               "--difficulty", ENDLESS], stderr=subprocess.PIPE) as process:
            daemon.wait_for(waiters=1)
            daemon.stop()
            self.assertEqual(process.stderr.read(), b"workpeer: Cancelled\n")
            self.assertEqual(process.wait(scaled(10)), FAILED)

    def test_cancel(self):
        daemon = self.start_endless()
        root = nano.random_root()
        with subprocess.Popen([PROGRAM, "generate", self.url(daemon), root, "--difficulty", ENDLESS],
                              stderr=subprocess.PIPE) as process:
            daemon.wait_for(waiters=1)
            self.assertEqual(self.run_command("cancel", self.url(daemon), root.lower()).stdout, "")
            self.assertEqual(process.stderr.read(), b"workpeer: Cancelled\n")
            self.assertEqual(process.wait(scaled(10)), FAILED)
        answer = json.loads(self.run_command("cancel", "--json", self.url(daemon), root).stdout)
        self.assertEqual(answer, {"success": ""})


class Validate(CommandTest):
    def test_verdicts(self):
        daemon = self.start(network="live")
        root, work = nano.KNOWN_WORKS[1][:2]
        old_root, old_work = nano.KNOWN_WORKS[0][:2]
        for where in (self.url(daemon),), ("--local",):
            text = self.run_command("validate", *where, root, work).stdout
            self.assertEqual(text, "valid       yes, for fffffff800000000\nto send     yes\n"
                                   "to receive  yes\ndifficulty  fffffff8ad570225\n"
                                   "multiplier  1.09 on live\n")
            text = self.run_command("validate", *where, old_root, old_work, status=INVALID).stdout
            self.assertIn("valid       no, for fffffff800000000\nto send     no\nto receive  yes\n", text)
            self.run_command("validate", *where, old_root, old_work, "--subtype", "receive")
            self.run_command("validate", *where, root, work, "--multiplier", "1.1", status=INVALID)
            answer = json.loads(self.run_command(
                "validate", *where, root, work, "--difficulty", "fffffff8ad570226", "--json",
                status=INVALID).stdout)
            self.assertEqual((answer["valid"], answer["valid_all"], answer["valid_receive"]),
                             (False, True, True))
            self.assertEqual(answer["difficulty"], "fffffff8ad570225")
            self.run_command("validate", *where, root, work, "--difficulty", "fffffff8ad570225")

    def test_network_is_the_daemons(self):
        daemon = self.start()
        root = nano.random_root()
        work = nano.find_work(root, nano.DEV.base, 0xFFFFFFF800000000)
        self.assertIn("on dev", self.run_command("validate", self.url(daemon), root, work).stdout)
        text = self.run_command("validate", self.url(daemon), root, work, "--network", "live",
                                status=INVALID).stdout
        self.assertIn("on live", text)


class Bench(CommandTest):
    def test_table(self):
        daemon = self.start()
        for where in (self.url(daemon),), ("--local", "--network", "dev"):
            text = self.run_command("bench", *where, "--count", "5").stdout
            self.assertRegex(text, r"^works       5 of difficulty ffc0000000000000 \(1 times dev's base\)\n"
                                   r"mean        \S+ m?s\nmedian      \S+ m?s\nshortest    \S+ m?s\n"
                                   r"longest     \S+ m?s\namounts to  \S+ \w*H/s, give or take 45 %\n$")
        daemon.wait_for(found=5)

    def test_json(self):
        answer = json.loads(self.run_command("bench", "--local", "--network", "dev", "--subtype",
                                             "receive", "--count", "3", "--json").stdout)
        self.assertEqual((answer["works"], answer["network"], answer["difficulty"]),
                         (3, "dev", "f000000000000000"))
        self.assertLessEqual(answer["shortest"], answer["median"])
        self.assertLessEqual(answer["median"], answer["longest"])
        self.assertGreater(answer["hash_rate"], 0)

    def test_ctrl_c_reports(self):
        daemon = self.start_endless()
        terminal = Terminal("bench", self.url(daemon), "--difficulty", ENDLESS)
        terminal.wait_for(r"1/10 \[-+\] odds so far")
        self.assertEqual(terminal.end(signal.SIGINT), INTERRUPTED)
        self.assertIn("works       0 of difficulty", terminal.text)
        daemon.wait_for(waiters=0)


class Usage(CommandTest):
    def test_wrong_usage(self):
        root = "AB" * 32
        for line, expected in (
            ("statsu", "workpeer: unexpected argument 'statsu'"),
            ("gen", "unexpected argument 'gen'"),
            ("help", "unexpected argument 'help'"),
            ("version", "unexpected argument 'version'"),
            ("--json status", "'status' must be the first word"),
            ("--key_file f generate", "'generate' must be the first word"),
            ("status --urll=x", "unrecognised option '--urll'"),
            ("status -x", "unrecognised option '-x'"),
            ("status word", "unexpected argument 'word'"),
            ("status --local", "option '--local' makes no sense with 'status'"),
            ("status --interval 2", "option '--interval' makes no sense without '--watch'"),
            ("status --watch --interval 0", "Invalid interval: expected 0.1 to 86400 seconds"),
            ("status --timeout 0", "Invalid timeout: expected seconds, above 0 and up to 604800"),
            ("status --json=1", "option '--json' does not take any arguments"),
            ("status --json --json", "option '--json' cannot be specified more than once"),
            ("status --network main", "Invalid network. Valid values are live, test, beta, dev and banano."),
            ("generate", "'generate' takes HASH"),
            (f"generate --local --url x {root}", "options '--local' and '--url' cannot be used together"),
            (f"generate --local {root} --difficulty x", "Invalid difficulty"),
            (f"generate --local {root} --multiplier 0", "Invalid multiplier"),
            (f"generate --local {root} --multiplier inf", "Invalid multiplier"),
            (f"generate --local {root} --subtype burn", "Invalid subtype"),
            (f"generate --local {root} --subtype send --multiplier 1", "cannot be used together"),
            (f"validate {root}", "'validate' takes HASH WORK"),
            (f"cancel --local {root}", "option '--local' makes no sense with 'cancel'"),
            ("bench --local --count 0", "Invalid count"),
            ("bench --count", "the required argument for option '--count' is missing"),
        ):
            with self.subTest(line=line):
                result = self.run_command(*line.split(), status=USAGE)
                self.assertEqual(result.stdout, "")
                self.assertIn(expected, result.stderr.splitlines()[0])
                self.assertRegex(result.stderr.splitlines()[1], r"Try 'workpeer .*--help'\.$")

    def test_hints(self):
        for word, meant in (("gen", "generate"), ("statsu", "status"), ("help", "--help"),
                            ("version", "--version"), ("daemon", "--daemon")):
            result = self.run_command(word, status=USAGE)
            self.assertIn(f"Did you mean '{meant}'?", result.stderr)

    def test_bad_words(self):
        root = "AB" * 32
        for line, expected in (
            ("status --url ftp://127.0.0.1/", "cannot be asked, expected"),
            ("status --url http://127.0.0.1:0", "expected a port from 1 to 65535"),
            ("status --url http://u:p@127.0.0.1", "cannot be asked, expected"),
            ("status --url :7000", "cannot be asked, expected"),
            ("generate --local xyz", "'xyz' is no hash, expected 64 hexadecimal digits"),
            (f"validate --local {root} xyz", "'xyz' is no work"),
        ):
            with self.subTest(line=line):
                self.assertIn(expected, self.run_command(*line.split(), status=USAGE).stderr)

    def test_a_hash_has_all_its_digits(self):
        """A digit too few is a slip, and not a number to be padded."""
        for command in ["generate", "--local", "--network", "dev"], ["cancel", "--url", "127.0.0.1:1"]:
            for root in "AB" * 31, "0x" + "AB" * 31, "AB" * 32 + "A":
                result = self.run_command(*command, root, status=USAGE)
                self.assertIn("is no hash, expected 64 hexadecimal digits", result.stderr)
        result = self.run_command("validate", "--local", "AB" * 31, "0", status=USAGE)
        self.assertIn("is no hash", result.stderr)

    def test_help(self):
        listed = re.findall(r"(?m)^  ([a-z]+)(?: [A-Z ]+)? {2,}\S", run_program("--help").stdout)
        self.assertEqual(listed, ["status", "health", "generate", "validate", "cancel", "bench"])
        for name in listed:
            text = self.run_command(name, "--help").stdout
            self.assertTrue(text.startswith(f"Usage: workpeer {name} [OPTION]..."))
            self.assertIn("--url URL", text)
            self.assertEqual(text, self.run_command(name, "-h", "word").stdout)

    def test_full_output(self):
        daemon = self.start()
        root, work = nano.KNOWN_WORKS[1][:2]
        local = ["--local", "--network", "dev"]
        for arguments in (
            ["validate", "--local", root, work], ["validate", "--local", root, work, "--json"],
            ["generate", *local, root], ["generate", *local, root, "--json"],
            ["bench", *local, "--count", "1"], ["bench", *local, "--count", "1", "--json"],
            ["status", self.url(daemon)], ["status", self.url(daemon), "--json"],
            ["status", self.url(daemon), "--watch"], ["status", "--help"], ["--help"], ["--version"],
            ["--generate_config", "node"], ["--check_config"], ["--list_devices"], ["--make_key"],
            ["--benchmark", "--duration", "0.1", "--threads", "1", "--scanner", "portable"],
        ):
            with self.subTest(arguments=arguments), open("/dev/full", "wb") as full:
                result = subprocess.run([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE,
                                        check=False, timeout=scaled(30), encoding="utf-8")
                self.assertEqual(result.returncode, FAILED)
                self.assertTrue(result.stderr.endswith("workpeer: standard output cannot be written\n"),
                                result.stderr)


if __name__ == "__main__":
    main()
