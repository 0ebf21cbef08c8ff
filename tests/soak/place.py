"""Where a soak happens: the daemon, its disk, peers, node, clock and OpenCL device, all of which faults can reach."""

import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

import fake_peer
from fake_node import FakeNode
from fake_peer import FakePeer
from harness import Daemon, raise_descriptor_limit, scaled, wait_until
from http_client import Connection
from log_watch import LogWatch
from test_metrics import head, parse
from vitals import Vitals

PEERS = 4
DISK_BYTES = 12 << 20
STORE_BYTES = 4 << 20
ACCOUNTS = 20

# What a client may hold of one address; who floods comes from another.
PER_ADDRESS = 64

# Longer than any fault lasts.
REQUEST_TIMEOUT = 120


class Disk:
    """A small file system, where this user may mount one; else a directory, that cannot be filled."""

    def __init__(self, directory):
        self.path = directory
        os.mkdir(directory)
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "none", directory]
        self.is_small = os.geteuid() == 0 and subprocess.run(
            command, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def fill(self):
        with open(self._ballast, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def empty(self):
        if os.path.exists(self._ballast):
            os.unlink(self._ballast)

    def close(self):
        if self.is_small:
            subprocess.run(["umount", self.path], check=True)

    @property
    def _ballast(self):
        return os.path.join(self.path, "ballast")


class Place:
    """Everything around one daemon. `modules` is where the build has tests/soak's."""

    def __init__(self, modules, with_faults=True):
        self._with_faults = with_faults
        self._directory = tempfile.TemporaryDirectory(prefix="workpeer-soak-")
        self.path = self._directory.name
        self.disk = Disk(os.path.join(self.path, "disk"))
        self.peers = [FakePeer(fake_peer.good) for _ in range(PEERS)]
        self.node = FakeNode().come()
        self._node_port = None  # kept while it is away
        self.daemon = None
        self.log = None
        self.management = None
        self._clock = os.path.join(self.path, "clock")
        self._opencl = os.path.join(self.path, "opencl")
        self.set_clock(0)
        self.set_opencl("well")
        self.clock_jumps = os.path.exists(os.path.join(modules, "jumping_clock.so"))
        self.has_opencl = os.path.exists(os.path.join(modules, "faulty_opencl.so"))
        self._environment = self._make_environment(modules)

    def _make_environment(self, modules):
        environment = {"JUMPING_CLOCK": self._clock, "FAULTY_OPENCL": self._opencl}
        # The first of what is loaded has to be ours.
        environment["ASAN_OPTIONS"] = (
            os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0:quarantine_size_mb=16")
        if self.clock_jumps:
            environment["LD_PRELOAD"] = os.path.join(modules, "jumping_clock.so")
        if self.has_opencl:
            os.symlink(os.path.join(modules, "faulty_opencl.so"), os.path.join(self.path, "libOpenCL.so.1"))
            environment["LD_LIBRARY_PATH"] = self.path
        return environment

    # The daemon.

    def start(self):
        raise_descriptor_limit(4096)
        self.daemon = Daemon(
            files={"config-node.toml": self.settings()},
            config={
                "rpc.port": "0", "management.port": "0", "node.work_threads": None, "store.enable": None,
                "store.path": os.path.join(self.disk.path, "store"),
            },
            environment=self._environment,
        )
        self.daemon.start()
        self.log = LogWatch(self.daemon.log_path, self._with_faults)
        host, port = re.search(r"^Management on http://(\S+):(\d+)$", self.daemon.output(), re.M).groups()
        self.management = (host.strip("[]"), int(port))
        wait_until(self._devices_are_open, "the devices are open", 60)
        return self

    def _devices_are_open(self):
        """By the metrics: a question to the RPC would be counted."""
        return all(value for (name, _), value in self.scrape().items() if name == "workpeer_device_up")

    def settings(self, threads=1, scanner="auto", mode="serial", batch=0.005, size=32768, peers=None):
        """The text of config-node.toml."""
        names = [peer.name for peer in (self.peers if peers is None else peers)]
        opencl = 'enable = true\nselect = ["all"]\n' if self.has_opencl else "enable = false\n"
        return f"""
[node]
work_threads = {threads}
max_work_generate_multiplier = 1000000000000
work_peers = {names}
[node.experimental]
secondary_work_peers = {names[:1]}
[opencl]
{opencl}[rpc]
enable_control = true
max_connections = 1024
max_connections_per_address = {PER_ADDRESS}
max_request_size = {size}
read_timeout = 2
idle_timeout = 30
[work]
request_timeout = {REQUEST_TIMEOUT}
scanner = "{scanner}"
batch_time = {batch}
[peers]
mode = "{mode}"
connect_timeout = 1
response_timeout = 1
[store]
max_bytes = {STORE_BYTES}
[precache]
node = "{self.node.url}"
poll_interval = 0.5
max_accounts = {ACCOUNTS}
subtype = "receive"
"""

    def reload(self, text, is_good=True):
        """Has the daemon read that file, and waits until it says that it has, or has refused it."""
        path = os.path.join(self.daemon.data_path, "config-node.toml")
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)
        seen = self.log.look()
        before = seen.read_again if is_good else seen.refused
        self.daemon.signal(signal.SIGHUP)

        def dealt_with():
            now = self.log.look()
            return (now.read_again if is_good else now.refused) > before

        wait_until(dealt_with, f"a {'good' if is_good else 'bad'} configuration is dealt with", 60)

    def scrape(self):
        """Every series of /metrics, by name and labels."""
        return parse(self.get("/metrics").body.decode())

    def get(self, path):
        with Connection(self.management, scaled(60)) as connection:
            connection.send(head("GET", path))
            return connection.receive()

    def vitals(self):
        return Vitals(self.daemon.process.pid)

    # What faults change.

    def set_clock(self, seconds):
        """How far the daemon's wall clock is ahead."""
        mode = "r+b" if os.path.exists(self._clock) else "wb"
        with open(self._clock, mode) as file:
            file.write(struct.pack("=q", int(seconds * 10**9)))

    def set_opencl(self, word):
        """What the OpenCL device does: see faulty_opencl.c."""
        with open(self._opencl + ".new", "w", encoding="ascii") as file:
            file.write(word)
        os.rename(self._opencl + ".new", self._opencl)

    def replace_peer(self, index):
        """A peer dies, and another comes, elsewhere; the daemon learns of it with the next reload."""
        self.peers[index].stop()
        self.peers[index] = FakePeer(fake_peer.good)

    def send_node_away(self):
        """Its port refuses connections, and stays its own: bound, without a listener."""
        self.node.go()
        self._node_port = socket.socket()
        self._node_port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._node_port.bind(("127.0.0.1", self.node.port))

    def bring_node_back(self):
        if self._node_port is not None:
            self.node.come()
            self._node_port.close()
            self._node_port = None

    def calm(self):
        """Ends whatever faults have left behind, and gives the devices a fresh start."""
        self.disk.empty()
        self.set_clock(0)
        self.set_opencl("well")
        self.bring_node_back()
        self.node.answer = None
        for peer in self.peers:
            peer.behaviour = fake_peer.good
        self.reload(self.settings(scanner="portable"))
        self.reload(self.settings())

    # The end.

    def keep(self, directory):
        """Copies what tells of a failure."""
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(os.path.dirname(self.daemon.data_path), directory)

    def stop(self):
        """Everything but the daemon, which its caller has stopped."""
        for peer in self.peers:
            peer.stop()
        self.node.go()
        self.disk.close()
        self._directory.cleanup()
