#!/usr/bin/env python3
"""The daemon under a service manager: readiness, watchdog and sockets that are handed over."""

import contextlib
import os
import secrets
import select
import signal
import socket
import sys
import tempfile
import time

import nano
from harness import Daemon, DaemonTest, main, scaled, wait_until

# Opens sockets, and becomes the daemon in argv[2:] with them, as a service manager does it.
HAND_OVER = """
import os, socket, sys
kinds, command = sys.argv[1].split(","), sys.argv[2:]
opened = []
for kind in kinds:
    if kind == "udp":
        opened.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    elif kind == "unix":
        opened.append(socket.socket(socket.AF_UNIX))
        opened[-1].bind("\\0workpeer-%d" % os.getpid())
        opened[-1].listen()
    elif kind == "idle":
        opened.append(socket.socket())
    else:
        family = socket.AF_INET6 if ":" in kind else socket.AF_INET
        opened.append(socket.create_server((kind, 0), family=family))
spare = [os.dup2(one.fileno(), 20 + number) for number, one in enumerate(opened)]
for number, fd in enumerate(spare):
    os.dup2(fd, 3 + number, inheritable=True)
os.environ.update(LISTEN_FDS=str(len(spare)),
                  LISTEN_PID=os.environ.get("LISTEN_PID", str(os.getpid())))
os.execv(command[0], command)
"""


class Manager:
    """The socket that a service manager is told things through."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name.replace("@", "\0"))
        self.name = name

    def told(self, seconds=10):
        """What is told next, or None."""
        if not select.select([self.socket], [], [], scaled(seconds))[0]:
            return None
        return self.socket.recv(4096).decode()

    def drain(self):
        while self.told(0) is not None:
            pass


class Service(DaemonTest):
    def manager(self, name=None):
        directory = tempfile.TemporaryDirectory(prefix="workpeer-service-")
        self.addCleanup(directory.cleanup)
        manager = Manager(name or os.path.join(directory.name, "notify"))
        self.addCleanup(manager.socket.close)
        return manager

    def test_ready_reload_stop(self):
        for manager in self.manager(), self.manager(f"@workpeer-{secrets.token_hex(8)}"):
            daemon = self.start(environment={"NOTIFY_SOCKET": manager.name})
            self.assertEqual(manager.told(), "READY=1")
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            daemon.signal(signal.SIGHUP)
            first, second = manager.told().split("\n")
            self.assertEqual(first, "RELOADING=1")
            self.assertRegex(second, r"^MONOTONIC_USEC=\d+$")
            now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            self.assertTrue(before <= int(second.split("=")[1]) <= now)
            self.assertEqual(manager.told(), "READY=1")
            daemon.signal(signal.SIGTERM)
            self.assertEqual(manager.told(), "STOPPING=1")
            self.assertEqual(daemon.wait(), 0)
            self.assertIsNone(manager.told(0))

    def test_not_ready_where_it_cannot_listen(self):
        manager = self.manager()
        with socket.create_server(("127.0.0.1", 0)) as server:
            daemon = Daemon(config={"rpc.port": str(server.getsockname()[1])},
                            environment={"NOTIFY_SOCKET": manager.name})
            with self.assertRaises(AssertionError):
                daemon.start()
            self.assertEqual(daemon.wait(), 1)
            daemon.stop()
        self.assertIsNone(manager.told(0))

    def test_watchdog(self):
        manager = self.manager()
        daemon = self.start(environment={"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "600000"})
        self.assertEqual(manager.told(), "READY=1")
        begin = time.monotonic()
        for _ in range(5):
            self.assertEqual(manager.told(), "WATCHDOG=1")
        took = time.monotonic() - begin
        self.assertGreater(took, 1.1, "not oftener than twice in that time")
        self.assertLess(took, scaled(4), "and not seldomer")
        daemon.signal(signal.SIGSTOP)
        time.sleep(0.01)
        manager.drain()
        self.assertIsNone(manager.told(1), "a daemon that hangs does not say that it lives")
        daemon.signal(signal.SIGCONT)
        self.assertEqual(manager.told(), "WATCHDOG=1")

    def test_watchdog_of_another(self):
        manager = self.manager()
        self.start(environment={"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "100000",
                                "WATCHDOG_PID": "1"})
        self.assertEqual(manager.told(), "READY=1")
        self.assertIsNone(manager.told(0.3))

    def test_manager_that_does_not_listen(self):
        manager = self.manager()
        environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "2000"}
        daemon = self.start(environment=environment)
        wait_until(lambda: "Cannot tell the service manager" in daemon.log(), "its queue is full")
        self.assertIn("work", daemon.rpc("work_generate", hash=nano.random_root()))
        for name in "/nowhere/notify", "relative", "", "/" + 200 * "x":
            daemon = self.start(environment={"NOTIFY_SOCKET": name})
            wait_until(lambda daemon=daemon: "NOTIFY_SOCKET" in daemon.log(), "the log says so")


class Sockets(DaemonTest):
    def hand_over(self, kinds, **settings):
        daemon = Daemon(**settings)
        daemon.command = [sys.executable, "-c", HAND_OVER, kinds, *daemon.command]
        self.addCleanup(self._stop, daemon)
        return daemon

    def test_sockets_are_used(self):
        daemon = self.hand_over("127.0.0.1,::1,127.0.0.2", config={"rpc.address": "192.0.2.1"}).start()
        self.assertEqual([host for host, _ in daemon.addresses], ["127.0.0.1", "::1", "127.0.0.2"])
        for address in daemon.addresses:
            root = nano.random_root()
            with daemon.connect(address=address) as connection:
                self.assert_work(connection.ask({"action": "work_generate", "hash": root}), root,
                                 nano.DEV.base)
        self.assertIn("rpc.address and rpc.port are ignored", daemon.log())

    def test_sockets_of_another_process(self):
        daemon = self.hand_over("127.0.0.2", environment={"LISTEN_PID": "1"}).start()
        self.assertNotIn("127.0.0.2", [host for host, _ in daemon.addresses])

    def test_what_is_no_listening_socket(self):
        for kind in "udp", "unix", "idle":
            with self.subTest(kind=kind), contextlib.ExitStack() as stack:
                daemon = Daemon()
                stack.callback(daemon.stop)
                daemon.command = [sys.executable, "-c", HAND_OVER, "127.0.0.1," + kind,
                                  *daemon.command]
                with self.assertRaises(AssertionError):
                    daemon.start()
                self.assertEqual(daemon.wait(), 1)
                self.assertIn("descriptor 4, which was handed over, is not a listening TCP socket",
                              daemon.log())


if __name__ == "__main__":
    main()
