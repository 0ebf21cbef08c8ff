"""A real proxy in front of a daemon, with the configuration that docs/operations.md gives for it.

A test of a proxy is a file of its own, so that it is skipped by its name where the proxy is missing.
"""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

import nano
from harness import ALLOW_ENDLESS, ENDLESS, DaemonTest, scaled, wait_until
from test_access import KEY, NEEDED, TOO_FAST, hash_of

DOCS = os.path.join(os.environ.get("srcdir", os.path.join(os.path.dirname(__file__), "../..")), "docs/operations.md")

# Whom the proxy asks for is who comes from here; the proxy itself asks from 127.0.0.1.
CLIENT, OTHER = "127.0.0.2", "127.0.0.3"


def configuration(name):
    """The block in the page that begins with a comment of this file's name."""
    with open(DOCS, encoding="utf-8") as file:
        block = re.search(rf"^    # \S*/{re.escape(name)}\n(?:    .*\n)*", file.read(), re.M)
    return "".join(line[4:] for line in block[0].splitlines(keepends=True))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class ProxyTest(DaemonTest):
    PROGRAM = None  # the proxy's
    ACCESS = {}

    def setUp(self):
        for program in (self.PROGRAM, "openssl"):
            if shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin") is None:
                self.skipTest(f"no {program}")
        directory = tempfile.TemporaryDirectory(prefix="workpeer-proxy-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.make_certificate()

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def make_certificate(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", self.path("key.pem"), "-out", self.path("cert.pem")],
            check=True, capture_output=True, timeout=scaled(60))
        self.write("both.pem", self.read("cert.pem") + self.read("key.pem"))
        self.context = ssl.create_default_context(cafile=self.path("cert.pem"))

    def changed(self, text, *changes):
        """The configuration with this test's ports and files in the place of the page's."""
        for before, after in changes:
            self.assertIn(before, text)
            text = text.replace(before, after)
        return text

    def command(self, port):
        """Writes the proxy's configuration, and returns what starts it."""
        raise NotImplementedError

    def start_both(self, **config):
        self.daemon = self.start(config={
            "access.proxies": '["127.0.0.1"]', "access.nodes": '["192.0.2.0/24"]', **ALLOW_ENDLESS, **self.ACCESS,
            **config})
        wait_until(self.start_proxy, f"{self.PROGRAM} takes connections", 60)

    def start_proxy(self):
        """False: another program had the port."""
        self.port = free_port()
        with open(self.path("log"), "ab") as log:
            process = subprocess.Popen(
                self.command(self.port), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
                env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin", "HOME": self.directory,
                     "XDG_DATA_HOME": self.directory, "XDG_CONFIG_HOME": self.directory})
        wait_until(lambda: process.poll() is not None or self.takes_connections(), "it starts or ends", 30)
        if process.poll() is None:
            self.addCleanup(self.end, process)
            return True
        self.assertIn("in use", self.read("log"))
        return False

    def takes_connections(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def end(self, process):
        process.terminate()
        try:
            process.wait(scaled(10))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def connect_from(self, source):
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=scaled(30), context=self.context,
                                                 source_address=(source, 0))
        self.addCleanup(connection.close)
        return connection

    def ask(self, source, headers=(), body='{"action": "version"}', connection=None):
        """The status and the text of an answer."""
        connection = connection or self.connect_from(source)
        connection.request("POST", "/", body, dict(headers))
        response = connection.getresponse()
        return response.status, response.read().decode()


class ProxyTests:
    """What has to hold behind any of them; a class of tests is this and ProxyTest."""

    def test_each_client_has_a_rate(self):
        self.start_both(**{"access.rate": "0.001", "access.burst": "2"})
        connections = {source: self.connect_from(source) for source in (CLIENT, OTHER)}
        for status in (200, 200, 429):
            for source, connection in connections.items():
                answer = self.ask(source, connection=connection)
                self.assertEqual(answer[0], status, answer)
        self.assertIn(TOO_FAST["error"], answer[1])
        wait_until(lambda: f"Refused a request from {CLIENT}: more" in self.daemon.log(), "the client in the log")

    def test_what_a_client_writes_does_not_count(self):
        self.start_both(**{"access.allow": f'["{CLIENT}", "127.0.0.1"]'})
        self.assertEqual(self.ask(CLIENT)[0], 200)
        for value in (CLIENT, "127.0.0.1", "nonsense", "unknown"):
            for headers in ({"X-Forwarded-For": value}, {"Forwarded": f"for={value}"},
                            {"X-Forwarded-For": value, "Forwarded": f"for={value}"},
                            {"Connection": "close, X-Forwarded-For, Forwarded", "X-Forwarded-For": value}):
                with self.subTest(headers=headers):
                    self.assertEqual(self.ask(OTHER, headers)[0], 403)
                    self.assertEqual(self.ask(CLIENT, headers)[0], 200)

    def test_keys_are_passed_on(self):
        self.start_both(**{"access.keys": f'["{hash_of(KEY)}"]'})
        for headers in ({"Authorization": f"Bearer {KEY}"}, {"api-key": KEY}, {"x-api-key": KEY}, {"key": KEY}):
            self.assertEqual(self.ask(CLIENT, headers)[0], 200)
        status, text = self.ask(CLIENT)
        self.assertEqual(status, 401)
        self.assertIn(NEEDED["error"], text)

    def leave(self):
        """Seconds from a client's leaving to the end of its search."""
        connection = self.connect_from(CLIENT)
        connection.request("POST", "/", '{"action": "work_generate", "hash": "%s", "difficulty": "%s"}' %
                           (nano.random_root(), ENDLESS))
        self.wait_for_waiters(1)
        begun = time.monotonic()
        connection.close()
        self.wait_for_waiters(0)
        return time.monotonic() - begun

    def wait_for_waiters(self, count):
        with self.daemon.connect(source="127.0.0.9") as watch:
            wait_until(lambda: watch.ask({"action": "status"})["waiters"] == str(count), f"{count} waiters")

    def test_a_client_that_leaves_ends_its_search(self):
        """Within 50 ms, if nothing else holds the machine up."""
        self.start_both()
        wait_until(lambda: self.leave() < scaled(0.05), "a departure is seen within 50 ms", 30)
