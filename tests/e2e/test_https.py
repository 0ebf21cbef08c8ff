#!/usr/bin/env python3
"""https: every peer behaves over TLS as it does without, and who cannot be trusted is sent nothing."""

import contextlib
import functools
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import unittest

import fake_peer
import nano
import test_peers
from fake_node import FakeNode
from harness import main, run_program, scaled, wait_until
from test_peers import HASTY, PeerTest

OPENSSL = shutil.which("openssl")
NGINX = shutil.which("nginx", path="/usr/sbin:" + os.environ.get("PATH", ""))
NAMES = "DNS:localhost,IP:127.0.0.1,IP:::1"


def setUpModule():  # pylint: disable=invalid-name
    if OPENSSL is None:
        raise unittest.SkipTest("no openssl here")
    refused = run_program("--check_config", "--config", 'peers.peer=["https://localhost"]').stderr
    if "this build of workpeer has no TLS" in refused:
        raise unittest.SkipTest("this build has no TLS")


class Authority:
    """A certificate authority in a directory, and what it signs."""

    def __init__(self, directory, name="authority"):
        self._directory = directory
        self.certificate = os.path.join(directory, f"{name}.pem")
        self._key = os.path.join(directory, f"{name}.key")
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                  "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.certificate)

    def _run(self, *arguments):
        subprocess.run([OPENSSL, *arguments], check=True, capture_output=True, timeout=60)

    def issue(self, name, names=NAMES, days=30, rsa=False):
        """The paths of a certificate for those names, and of its key."""
        key, request, certificate, extensions = (
            os.path.join(self._directory, f"{name}.{ending}") for ending in ("key", "csr", "pem", "ext"))
        kind = ["rsa:2048"] if rsa else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self._run("req", "-newkey", *kind, "-nodes", "-subj", "/CN=workpeer test", "-keyout", key, "-out", request)
        with open(extensions, "w", encoding="ascii") as file:
            file.write(f"subjectAltName={names}\n")
        self._run("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-CAcreateserial",
                  "-days", str(days), "-extfile", extensions, "-out", certificate)
        return certificate, key


DIRECTORY = tempfile.TemporaryDirectory(prefix="workpeer-https-")


@functools.cache
def authority():
    """Whom the daemons trust."""
    return Authority(DIRECTORY.name)


@functools.cache
def issued(name, **options):
    return authority().issue(name, **options)


def server_context(paths=None, least=ssl.TLSVersion.TLSv1_2, most=ssl.TLSVersion.TLSv1_3):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*(paths or issued("good")))
    context.maximum_version = most
    context.minimum_version = least
    return context


def urls(peers):
    return "[" + ",".join(f'"https://{peer if isinstance(peer, str) else peer.name}"' for peer in peers) + "]"


class HttpsTest(PeerTest):
    """Every peer has a good certificate unless a test gives it another."""

    def peer(self, behaviour=fake_peer.good, **options):
        options.setdefault("tls", server_context())
        return super().peer(behaviour, **options)

    def start_before(self, peers, config=None, **settings):
        return super().start_before([], {"peers.peer": urls(peers), "tls.authorities": authority().certificate,
                                         **(config or {})}, **settings)


# All that a peer can do, over TLS: the same outcomes.


class BadPeers(HttpsTest, test_peers.BadPeers):
    pass


class Leaving(HttpsTest, test_peers.Leaving):
    test_one_daemon_in_both_lists = None  # the secondary list has no https


class Modes(HttpsTest, test_peers.Modes):
    pass


class Asking(HttpsTest):
    test_connection_is_used_again = test_peers.Asking.test_connection_is_used_again
    test_connection_that_the_peer_has_closed = test_peers.Asking.test_connection_that_the_peer_has_closed
    test_identical_requests_are_asked_once = test_peers.Asking.test_identical_requests_are_asked_once
    test_names_and_families = test_peers.Asking.test_names_and_families
    test_ipv6 = test_peers.Asking.test_ipv6

    def test_versions_and_keys(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            for name, rsa in (("good", False), ("rsa", True)):
                with self.subTest(version=version, rsa=rsa):
                    peer = self.peer(tls=server_context(issued(name, rsa=rsa), version, version))
                    daemon = self.start_before([f"{peer.name}/work?net=nano"])
                    self.assert_from(self.generate(daemon), peer)
                    self.assertEqual(peer.asked[0].request_line, "POST /work?net=nano HTTP/1.1")
                    self.assertEqual(peer.asked[0].header("Host"), peer.name)

    def test_connection_that_has_gone_stale(self):
        """The peer closes what was kept, with and without a word: the next request goes out again."""
        for leave in (lambda sock: sock.unwrap(), lambda sock: sock.shutdown(socket.SHUT_RDWR)):
            peer = self.peer()
            daemon = self.start_before([peer])
            self.assert_from(self.generate(daemon), peer)
            with contextlib.suppress(OSError):
                leave(peer.asked[0].socket)
            self.assert_from(self.generate(daemon), peer)
            self.assertEqual(self.peer_status(daemon, peer)["failures"], {})
            self.assertEqual(peer.connections, 2)

    def test_body_that_ends_with_the_connection(self):
        """Whole with close_notify, cut without."""

        def until_close(unwrap):
            def behaviour(exchange):
                exchange.send(b"HTTP/1.1 200 OK\r\n\r\n" + b'{"work": "%s"}' % exchange.work().encode())
                if unwrap:
                    with contextlib.suppress(OSError):
                        exchange.socket.unwrap()
                return False

            return behaviour

        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                context = server_context(None, version, version)
                cut, whole = self.peer(until_close(False), tls=context), self.peer(until_close(True), tls=context)
                daemon = self.start_before([cut, whole])
                self.assert_from(self.generate(daemon), whole)
                self.assertEqual(self.peer_status(daemon, cut)["failures"], {"cut": "1"})

    def test_environment_changes_nothing(self):
        keys = os.path.join(DIRECTORY.name, "keys.log")
        nowhere = f"http://127.0.0.1:{fake_peer.closed_port()}"
        peer = self.peer()
        daemon = self.start_before([peer], environment={"SSLKEYLOGFILE": keys, "https_proxy": nowhere,
                                                        "HTTPS_PROXY": nowhere, "ALL_PROXY": nowhere})
        self.assert_from(self.generate(daemon), peer)
        self.assertFalse(os.path.exists(keys))

    def test_no_redirect_is_followed(self):
        other = self.peer()
        peer = self.peer(lambda exchange: exchange.answer(b"", "302 Found", (f"Location: https://{other.name}/",)))
        daemon = self.start_before([peer])
        self.assertEqual(self.generate(daemon), test_peers.CANCELLATION_OR_FAILURE)
        self.assertEqual((self.peer_status(daemon, peer)["failures"], other.connections), ({"bad_status": "1"}, 0))


class Untrusted(HttpsTest):
    """Not a byte of the request is sent to whom the daemon does not trust."""

    def assert_untrusted(self, peer, reason, url=None, **config):
        good = self.peer()
        daemon = self.start_before([url or peer, good], config)
        self.assert_from(self.generate(daemon), good)
        status = next(entry for entry in daemon.status()["peers"] if entry["name"] != good.name)
        self.assertEqual(status["failures"], {"untrusted": "1"}, status)
        self.assertRegex(status["reason"], reason)
        self.assertIn(status["reason"], daemon.log())
        self.assertEqual(getattr(peer, "asked", []), [])

    def test_certificates(self):
        other = Authority(DIRECTORY.name, "stranger")
        for name, paths, reason in (
            ("expired", issued("expired", days=-1), "certificate has expired"),
            ("for another name", issued("other", names="DNS:peer.example.net,IP:127.0.0.2"),
             "(IP address|[Hh]ostname) mismatch"),
            ("of an unknown authority", other.issue("unknown"), "unable to get local issuer certificate"),
            ("self-signed", (other.certificate, other.certificate.replace(".pem", ".key")), "self.signed certificate"),
        ):
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                with self.subTest(name, version=version):
                    peer = self.peer(tls=server_context(paths, version, version))
                    self.assert_untrusted(peer, "its certificate is not trusted: .*" + reason)
                    wait_until(lambda peer=peer: peer.refusals, "the peer sees its certificate refused")

    def test_name_and_address_are_not_the_same(self):
        """A certificate for the name alone, asked for by its address."""
        peer = self.peer(tls=server_context(issued("name", names="DNS:localhost")))
        self.assert_untrusted(peer, "IP address mismatch")

    def test_version_1_1(self):
        context = server_context()
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        self.assert_untrusted(self.peer(tls=context), "no TLS connection: .*(version|protocol)")

    def test_plain_http(self):
        peer = RawPeer(speaking_plainly)
        self.addCleanup(peer.stop)
        self.assert_untrusted(peer, "no TLS connection: wrong version number")

    def test_certificate_of_ours_is_wanted(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                context = server_context(None, version, version)
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(authority().certificate)
                self.assert_untrusted(self.peer(tls=context), "no TLS connection: .*(certificate|handshake failure)")

    def test_systems_authorities(self):
        """Without tls.authorities ours is unknown, unless the system is told of it."""
        peer = self.peer()
        self.assert_untrusted_alone(peer, {})
        daemon = super().start_before([peer], {"tls.authorities": '""'},
                                      environment={"SSL_CERT_FILE": authority().certificate})
        self.assert_from(self.generate(daemon), peer)

    def assert_untrusted_alone(self, peer, environment):
        daemon = super().start_before([peer], {"tls.authorities": '""'}, environment=environment)
        self.assertEqual(self.generate(daemon), test_peers.CANCELLATION_OR_FAILURE)
        self.assertEqual(self.peer_status(daemon, peer)["failures"], {"untrusted": "1"})
        self.assertEqual(peer.asked, [])


class RawPeer:
    """A listener whose connections are handed to `behaviour`, raw."""

    def __init__(self, behaviour):
        self._behaviour = behaviour
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.name = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._stopped = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self._stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, sock):
        with sock, contextlib.suppress(OSError):
            self._behaviour(sock, self._stopped)


def silent(_, stopped):
    stopped.wait(30)


def dripped(sock, stopped):
    for byte in b"\x16\x03\x03\x10\x00" + b"\x02" * 4096:
        sock.sendall(bytes([byte]))
        if stopped.wait(0.1):
            return


def cut(sock, _):
    sock.recv(4096)


def cut_within(sock, _):
    sock.recv(4096)
    sock.sendall(b"\x16\x03\x03\x10\x00\x02\x00")


def reset(sock, _):
    sock.recv(1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def speaking_plainly(sock, _):
    sock.recv(4096)
    sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def garbage(sock, _):
    sock.recv(4096)
    sock.sendall(os.urandom(4096))


class Handshakes(HttpsTest):
    def test_all_end(self):
        """Within connect_timeout, and without a descriptor left."""
        for behaviour, kind in ((silent, "connect_timeout"), (dripped, "connect_timeout"), (cut, "closed"),
                                (cut_within, "closed"), (reset, "closed"), (garbage, "untrusted")):
            with self.subTest(behaviour.__name__):
                bad, good = RawPeer(behaviour), self.peer()
                self.addCleanup(bad.stop)
                daemon = self.start_before([bad, good], HASTY)
                self.assert_from(self.generate(daemon), good)
                before = self.descriptors(daemon)
                begun = time.monotonic()
                self.assert_from(self.generate(daemon), good)
                self.assertLess(time.monotonic() - begun, scaled(3))
                self.assertEqual(list(self.peer_status(daemon, bad)["failures"]), [kind])
                wait_until(lambda before=before, daemon=daemon: self.descriptors(daemon) <= before,
                           "every descriptor is closed")

    def test_a_client_that_leaves_ends_a_handshake(self):
        bad = RawPeer(silent)
        self.addCleanup(bad.stop)
        daemon = self.start_before([bad], {"peers.connect_timeout": "60", "work.request_timeout": "60"})
        before = self.descriptors(daemon)
        connection = self.begin(daemon, nano.random_root(), test_peers.EASY)
        wait_until(lambda: self.descriptors(daemon) >= before + 2, "the peer is being asked")
        connection.close()
        wait_until(lambda: self.descriptors(daemon) <= before, "the handshake is given up")


class Settings(HttpsTest):
    def test_authorities_are_read_again(self):
        peer = self.peer()
        path = os.path.join(DIRECTORY.name, "changing.pem")
        shutil.copy(Authority(DIRECTORY.name, "former").certificate, path)
        daemon = self.start_before([peer], {"tls.authorities": path})
        self.assertEqual(self.generate(daemon), test_peers.CANCELLATION_OR_FAILURE)
        shutil.copy(authority().certificate, path)
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "Configuration reloaded" in daemon.log(), "the reload")
        wait_until(lambda: self.generate(daemon).get("source") == peer.name, "the peer is trusted, and rests no more")
        with open(path, "w", encoding="ascii") as file:
            file.write("nonsense\n")
        daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "The configuration is unchanged" in daemon.log(), "the reload is refused")
        self.assertIn(f"tls.authorities: {path} is not a PEM file of certificates", daemon.log())
        self.assert_from(self.generate(daemon), peer)

    def test_authorities_that_are_none(self):
        for config in (("--check_config",), ("--daemon",)):
            result = run_program(*config, "--data_path", DIRECTORY.name, "--config", 'peers.peer=["https://localhost"]',
                                 "tls.authorities=/nowhere/at.pem")
            self.assertEqual(result.returncode, 1)
            self.assertIn("tls.authorities: /nowhere/at.pem is not a PEM file of certificates: ",
                          result.stderr + result.stdout)

    def test_authorities_are_not_read_without_https(self):
        result = run_program("--check_config", "--config", "tls.authorities=/nowhere/at.pem")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_no_openssl_without_https(self):
        """Its memory is that of a daemon that was built without."""
        plain = super(HttpsTest, self).start_before([])
        secure = self.start_before([self.peer()])
        self.assertLess(plain.memory() + 2**20, secure.memory())

    def test_command_line(self):
        context = server_context()
        daemon = self.start()
        proxy = TlsProxy(context, daemon.addresses[0][1])
        self.addCleanup(proxy.stop)
        url = f"https://localhost:{proxy.port}"
        good = run_program("status", "--json", "--url", url, environment={"SSL_CERT_FILE": authority().certificate})
        self.assertEqual(good.returncode, 0, good.stderr)
        bad = run_program("status", "--json", "--url", url)
        self.assertEqual(bad.returncode, 4)
        self.assertIn("its certificate is not trusted: unable to get local issuer certificate", bad.stderr)

    def test_followed_node(self):
        node = FakeNode().come()
        self.addCleanup(node.go)
        proxy = TlsProxy(server_context(), node.port)
        self.addCleanup(proxy.stop)
        account, frontier = nano.account(nano.random_root()), nano.random_root()
        node.frontiers[account] = frontier
        config = {"store.enable": "true", "precache.accounts": f'["{account}"]', "precache.node": f"https://localhost:{proxy.port}",
                  "precache.poll_interval": "0.1", "rpc.enable_control": "true"}
        refused = self.start(config=config)
        wait_until(lambda: "does not report frontiers: its certificate is not trusted" in refused.log(), "the node is refused")
        daemon = self.start(config={**config, "tls.authorities": authority().certificate})
        wait_until(lambda: daemon.rpc("work_get", account=account).get("work", "0" * 16) != "0" * 16, "work for the frontier")
        self.assertGreaterEqual(nano.work_value(frontier, daemon.rpc("work_get", account=account)["work"]),
                                nano.DEV.base)

    @unittest.skipIf(NGINX is None, "no nginx here")
    def test_nginx(self):
        """A real server in front of a daemon, as hosted services have it."""
        worker, port = self.start(), fake_peer.closed_port()
        certificate, key = issued("rsa", rsa=True)
        with tempfile.TemporaryDirectory(prefix="workpeer-nginx-") as path:
            with open(os.path.join(path, "nginx.conf"), "w", encoding="ascii") as file:
                file.write(f"""
daemon off; pid {path}/pid; error_log {path}/error.log; worker_processes 1;
events {{}}
http {{
    access_log off; client_body_temp_path {path}/a; proxy_temp_path {path}/b; fastcgi_temp_path {path}/c;
    uwsgi_temp_path {path}/d; scgi_temp_path {path}/e;
    server {{
        listen 127.0.0.1:{port} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};
        location / {{ proxy_pass http://127.0.0.1:{worker.addresses[0][1]}; proxy_http_version 1.1; }}
    }}
}}
""")
            with subprocess.Popen([NGINX, "-e", f"{path}/error.log", "-c", f"{path}/nginx.conf"]) as nginx:
                self.addCleanup(nginx.terminate)
                wait_until(lambda: socket.create_connection(("127.0.0.1", port)).close() is None
                           if os.path.exists(f"{path}/pid") else False, "nginx listens")
                daemon = self.start_before([f"127.0.0.1:{port}"])
                for _ in range(5):
                    self.assert_from(self.generate(daemon), f"127.0.0.1:{port}")
                nginx.terminate()
                nginx.wait(10)


class TlsProxy:
    """Ends TLS in front of a port of this machine, a connection at a time."""

    def __init__(self, context, port):
        self._context = context
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with contextlib.suppress(OSError), self._context.wrap_socket(sock, server_side=True) as secured, \
                socket.create_connection(("127.0.0.1", self._to)) as plain:
            thread = threading.Thread(target=pump, args=(plain, secured), daemon=True)
            thread.start()
            pump(secured, plain)
            thread.join()


def pump(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
