#!/usr/bin/env python3
"""The API key of the commands on the terminal: where it is from, whom it goes to, and what a refusal says."""

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import threading

import nano
from harness import PROGRAM, DaemonTest, main, run_program, wait_until
from test_access import KEY, KEYS, NO_NODES, OTHER_KEY, hash_of

DONE, FAILED, USAGE = 0, 1, 2
ADVICE = ": give one with --key_file FILE, or in the environment as WORKPEER_KEY"


@contextlib.contextmanager
def answering(status, headers=(), body=None):
    """A server that answers so, and the requests that it was sent."""
    requests = []
    text = json.dumps(body or {"error": "no"})
    head = "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(text)}", "", ""])
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    requests.append(connection.recv(65536).decode())
                    connection.sendall((head + text).encode())

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}", requests
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


class ClientKey(DaemonTest):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="workpeer-key-")
        self.addCleanup(directory.cleanup)
        self.file = os.path.join(directory.name, "key")
        self.write(KEY + "\n")

    def write(self, text, mode=0o600):
        with open(self.file, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(self.file, mode)

    def start_locked(self, config=None):
        """A daemon that lets in who has KEY, and its URL."""
        daemon = self.start(config={**KEYS, **NO_NODES, **(config or {})})
        return daemon, f"127.0.0.1:{daemon.address[1]}"

    def ask(self, *arguments, environment=None):
        return run_program(*arguments, environment={"WORKPEER_KEY": "", **(environment or {})})

    def assert_refused(self, result, text):
        self.assertEqual((result.returncode, result.stdout), (FAILED, ""))
        self.assertEqual(result.stderr, f"workpeer: {text}\n")

    def test_every_command(self):
        _, url = self.start_locked()
        root = nano.random_root()
        weak = nano.find_work(root, 0, nano.DEV.base)
        for command in (["status"], ["generate", root], ["validate", root, weak], ["cancel", root],
                        ["bench", "--count", "1"]):
            with self.subTest(command=command[0]):
                self.assert_refused(self.ask(*command, "--url", url), "status 401: An API key is required" + ADVICE)
                with_file = self.ask(*command, "--url", url, "--key_file", self.file)
                with_variable = self.ask(*command, "--url", url, environment={"WORKPEER_KEY": KEY})
                for result in with_file, with_variable:
                    self.assertEqual(result.stderr, "")
                    self.assertEqual(result.returncode, 3 if command[0] == "validate" else DONE)

    def test_file_wins(self):
        _, url = self.start_locked()
        other = {"WORKPEER_KEY": OTHER_KEY}
        self.assertEqual(self.ask("status", "--url", url, "--key_file", self.file, environment=other).returncode, DONE)
        self.assert_refused(self.ask("status", "--url", url, environment=other),
                            "status 401: Unknown API key: the key that was sent is none of the daemon's access.keys")

    def test_where_nodes_are(self):
        """There a refusal has status 200."""
        _, url = self.start_locked({"access.nodes": '["127.0.0.0/8"]'})
        self.assert_refused(self.ask("status", "--url", url), "An API key is required" + ADVICE)

    def test_other_refusals(self):
        daemon, _ = self.start_locked({"access.keys": None, "access.allow": '["192.0.2.0/24"]'})
        self.assert_refused(self.ask("status", "--url", f"127.0.0.1:{daemon.address[1]}"),
                            "status 403: Requests from this address are not allowed: the daemon's access.allow leaves "
                            "it out")
        _, url = self.start_locked({"access.max_multiplier": "1"})
        self.assert_refused(
            self.ask("generate", nano.random_root(), "--multiplier", "8", "--url", url, "--key_file", self.file),
            "status 403: Difficulty above the limit of this client: ask for less")
        _, url = self.start_locked({"access.rate": "0.001"})
        cancel = ("cancel", nano.random_root(), "--url", url, "--key_file", self.file)
        self.assertEqual(self.ask(*cancel).returncode, DONE)
        self.assertRegex(
            self.ask(*cancel).stderr,
            r"^workpeer: status 429: Too many requests in a short time: try again later, after \d{2,4} s\n$")

    def test_hostile_refusal(self):
        with answering("429 Slow", ["Retry-After: 1\x1b[2J"], {"error": "Too many requests in a short time"}) as (url, _):
            self.assert_refused(self.ask("status", "--url", url),
                                "status 429: Too many requests in a short time: try again later, after 1?[2J s")

    def test_key_is_sent_where_it_was_told(self):
        """And not where an answer leads to."""
        with answering("200 OK") as (other, of_other):
            for status in "301 Moved", "302 Found", "307 Temporary", "308 Permanent":
                with answering(status, [f"Location: {other}/"]) as (url, requests):
                    self.assertEqual(self.ask("status", "--url", url, "--key_file", self.file).returncode, FAILED)
                    self.assertEqual(len(requests), 1)
                    self.assertIn(f"\r\nAuthorization: Bearer {KEY}\r\n", requests[0])
            with answering("407 Proxy") as (proxy, of_proxy):
                self.ask("status", "--url", other, "--key_file", self.file,
                         environment={"http_proxy": proxy, "HTTP_PROXY": proxy})
                self.assertEqual(of_proxy, [])
            self.assertEqual(len(of_other), 1)

    def test_without_a_key_nothing_is_sent(self):
        with answering("200 OK") as (url, requests):
            self.ask("status", "--url", url)
            self.assertNotIn("Authorization", requests[0])

    def test_key_is_in_no_command_line(self):
        daemon = self.start_endless({**KEYS, **NO_NODES})
        process = subprocess.Popen(
            [PROGRAM, "generate", nano.random_root(), "--difficulty", "ffffffffffff0000", "--url",
             f"127.0.0.1:{daemon.address[1]}", "--key_file", self.file], stdout=subprocess.DEVNULL)
        try:
            def waits():
                with daemon.connect() as connection:
                    connection.post({"action": "status"}, headers=[("key", KEY)])
                    return connection.receive().json()["waiters"] == "1"

            wait_until(waits, "it is searched for")
            with open(f"/proc/{process.pid}/cmdline", "rb") as file:
                self.assertNotIn(KEY.encode(), file.read())
        finally:
            process.terminate()
            process.wait()

    def test_exposed_file(self):
        _, url = self.start_locked()
        self.write(KEY, 0o644)
        result = self.ask("status", "--url", url, "--key_file", self.file)
        self.assertEqual(result.returncode, DONE)
        self.assertEqual(result.stderr, f"workpeer: warning: every user can read {self.file}, expected mode 0600\n")
        self.write(KEY, 0o640)
        self.assertEqual(self.ask("status", "--url", url, "--key_file", self.file).stderr, "")

    def test_no_key(self):
        for text, reason in ("", f"cannot read the key in {self.file}: it is empty"), (
                "two words\n", f"there is no key in the first line of {self.file}, expected 1 to 1024 visible ASCII "
                               "characters without blanks"):
            self.write(text)
            self.assert_refused(self.ask("status", "--url", "127.0.0.1:1", "--key_file", self.file), reason)
        result = self.ask("status", "--url", "127.0.0.1:1", environment={"WORKPEER_KEY": "two words"})
        self.assertEqual(result.returncode, USAGE)
        self.assertIn("the environment's WORKPEER_KEY is no key", result.stderr)

    def test_of_make_key(self):
        """Its two lines can be kept in one file, and the second goes into the configuration."""
        made = run_program("--make_key").stdout
        self.write(made)
        daemon = self.start(config={"access.keys": f'["{made.splitlines()[1]}"]', **NO_NODES})
        url = f"127.0.0.1:{daemon.address[1]}"
        self.assertEqual(self.ask("status", "--url", url, "--key_file", self.file).returncode, DONE)
        self.assertNotEqual(hash_of(made.splitlines()[0]), made.splitlines()[1], "its salt is random")

    def test_local(self):
        root = nano.random_root()
        result = self.ask("generate", root, "--local", "--key_file", self.file)
        self.assertEqual(result.returncode, USAGE)
        self.assertIn("options '--local' and '--key_file' cannot be used together\n", result.stderr)
        result = self.ask("generate", root, "--local", "--subtype", "receive", "--network", "dev",
                          environment={"WORKPEER_KEY": KEY})
        self.assertEqual(result.returncode, DONE)


if __name__ == "__main__":
    main()
