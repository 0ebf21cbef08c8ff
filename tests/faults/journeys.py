"""What the daemon is for, one journey a class: each is gone through while one of its calls fails.

A journey says how things went in words that are the same each time: its outcome. What it cannot
finish within its deadline raises TimeoutError: nothing may hang.
"""

import json
import os
import re
import signal
import time

import fake_node
import nano
from fake_peer import FakePeer
from harness import ALLOW_ENDLESS, ENDLESS, scaled, wait_until
from http_client import Closed

# What an answer takes at the most. A daemon that has lost an answer never gives one.
PATIENCE = 6

CONTROL = {"rpc.enable_control": "true"}
STORE = {"store.enable": "true"}


class Wrong(AssertionError):
    """An answer that nothing excuses."""


def judge(answer, root):
    """An answer to work_generate in a few words; its work is checked."""
    if "error" in answer:
        return f"error: {answer['error']}"
    if nano.work_value(root, answer["work"]) < nano.DEV.base:
        raise Wrong(f"weak work: {answer}")
    source = answer["source"]
    return "work: " + (source if source in ("local", "cache") else "peer")


def receive(connection):
    """The JSON of an answer, or "closed"."""
    try:
        response = connection.receive()
        return response.json() if response.body else {"status": str(response.status)}
    except (Closed, ConnectionError):
        return "closed"


def ask(daemon, body):
    """The JSON that a request on a connection of its own is answered with, or "closed"."""
    try:
        with daemon.connect(PATIENCE) as connection:
            connection.post(body)
            return receive(connection)
    except ConnectionError:
        return "closed"


def generate(daemon, root=None, **fields):
    """The outcome of one work_generate."""
    root = root or nano.random_root()
    answer = ask(daemon, {"action": "work_generate", "hash": root, **fields})
    return answer if answer == "closed" else judge(answer, root)


def brief(answer):
    """An answer that is good if it has no error."""
    if answer == "closed":
        return answer
    return f"error: {answer['error']}" if "error" in answer else "answered"


class Journey:
    """By default: a work_generate that a CPU thread meets, without a store."""

    config = {}
    files = {}
    from_start = False  # calls count from the process's first
    to_end = False  # and to its last
    needs = None  # a class that a build may not have
    sample = 6  # faults of each class that `make check` tries

    @staticmethod
    def counts(_lane, _kind):
        """Whether those calls are this journey's to fail, and not another's."""
        return True

    def __init__(self):
        self.daemon = None

    @property
    def name(self):
        return type(self).__name__.lower()

    def poll(self, condition, what):
        """Asks now and then: what is asked is a part of the journey, and is counted."""
        deadline = time.monotonic() + scaled(PATIENCE)
        while not (result := condition()):
            if self.daemon.process.poll() is not None:
                raise ConnectionError(f"the daemon has ended before {what}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {scaled(PATIENCE)} s: {what}")
            time.sleep(0.1)
        return result

    def settings(self):
        """The daemon's, once helpers are there."""
        return self.config

    def prepare(self, daemon):
        """Before anything fails."""
        self.daemon = daemon

    def go(self):
        """The journey; returns its outcome."""
        return generate(self.daemon)

    def works(self):
        """Raises AssertionError unless the daemon still does what it is for. Nothing fails any more."""
        outcome = generate(self.daemon)
        if not outcome.startswith("work: "):
            raise AssertionError(f"afterwards work_generate gave {outcome!r}")

    def works_again(self):
        """The same of a daemon on the same data, that was started when the one before had ended for want of memory."""
        Journey.works(self)

    def end(self):
        """Helpers go."""


class Generate(Journey):
    """Client, server, broker, pool, and back; what is found is kept."""

    config = STORE


class Cached(Journey):
    """The second one is met from the store."""

    config = STORE

    def prepare(self, daemon):
        super().prepare(daemon)
        self.root = nano.random_root()
        generate(daemon, self.root)
        wait_until(lambda: daemon.status()["store"]["pending"] == "0", "it is written")

    def go(self):
        return generate(self.daemon, self.root)

    def works_again(self):
        super().works_again()
        outcome = generate(self.daemon, self.root)
        if outcome != "work: cache":
            raise Wrong(f"what was stored is lost: {outcome}")


class Keep(Journey):
    """What is found is written, and there again after it."""

    config = STORE

    @staticmethod
    def counts(lane, _kind):
        """The loop only waits for it."""
        return lane == "threads"

    def go(self):
        root = nano.random_root()
        outcomes = [generate(self.daemon, root)]
        self.poll(self._written, "it is written")
        outcomes.append(generate(self.daemon, root))
        return "; ".join(outcomes)

    def _written(self):
        answer = ask(self.daemon, {"action": "status"})
        return answer != "closed" and answer.get("store", {}).get("pending", "0") == "0"


class Cancel(Journey):
    """work_cancel ends a search, and who waited for it is told."""

    config = ALLOW_ENDLESS

    def prepare(self, daemon):
        super().prepare(daemon)
        self.root = nano.random_root()
        self.waiting = daemon.connect(PATIENCE)
        self.waiting.post({"action": "work_generate", "hash": self.root, "difficulty": ENDLESS})
        daemon.wait_for(generating=1)

    def go(self):
        outcome = brief(ask(self.daemon, {"action": "work_cancel", "hash": self.root}))
        if outcome != "answered":
            ask(self.daemon, {"action": "work_cancel", "hash": self.root})
        answer = receive(self.waiting)
        self.waiting.close()
        return f"{outcome}; {answer if answer == 'closed' else answer['error']}"


class Leave(Journey):
    """A client that is gone is not searched for."""

    config = ALLOW_ENDLESS

    def prepare(self, daemon):
        super().prepare(daemon)
        self.waiting = daemon.connect(PATIENCE)
        self.waiting.post({"action": "work_generate", "hash": nano.random_root(), "difficulty": ENDLESS})
        daemon.wait_for(generating=1)

    def go(self):
        self.waiting.close()
        self.poll(self._gone, "the search has stopped")
        return "stopped"

    def _gone(self):
        answer = ask(self.daemon, {"action": "status"})
        return answer != "closed" and (answer.get("waiters"), answer.get("generating")) == ("0", "0")


class Peer(Journey):
    """Before a work peer, and without devices."""

    def __init__(self):
        super().__init__()
        self.peer = FakePeer()

    def settings(self):
        return {
            "node.work_threads": "0",
            "node.work_peers": json.dumps([self.peer.name]),
            "peers.connect_timeout": "1",
            "peers.response_timeout": "2",
            "work.request_timeout": "4",
        }

    def works(self):
        """A peer that failed is left alone for a while."""
        wait_until(lambda: generate(self.daemon) == "work: peer", "the peer is asked again", 20)

    def works_again(self):
        self.works()

    def end(self):
        self.peer.stop()


class Fallback(Peer):
    """Before a work peer, with a thread for when that fails."""

    def settings(self):
        return {**super().settings(), "node.work_threads": "1"}

    def go(self):
        return generate(self.daemon, use_peers="true")

    def works(self):
        Journey.works(self)


class Reload(Journey):
    """SIGHUP, with another engine, peers and keys."""

    config = {**STORE, "rpc.port": None, "node.work_threads": None}
    files = {"config-node.toml": "[node]\nwork_threads = 1\n[rpc]\nport = 0\n"}
    after = (
        '[node]\nwork_threads = 1\nwork_peers = ["127.0.0.1:1"]\n[rpc]\nport = 0\n'
        "[work]\nbatch_time = 0.01\n[precache]\nmax_accounts = 10\n[peers]\nlocal = \"beside\"\n"
    )

    def prepare(self, daemon):
        super().prepare(daemon)
        with open(os.path.join(daemon.data_path, "config-node.toml"), "w", encoding="utf-8") as file:
            file.write(self.after)

    def go(self):
        ended = r"Configuration reloaded|The configuration is unchanged|Cannot reload"
        self.daemon.signal(signal.SIGHUP)
        return self.poll(lambda: re.search(ended, self.daemon.log()), "it is read again").group(0)


class Precache(Journey):
    """Work is found ahead of need, at the word of a client."""

    config = {**STORE, **CONTROL}

    def go(self):
        root = nano.random_root()
        outcome = brief(ask(self.daemon, {"action": "work_precache", "hash": root}))
        if outcome != "answered":
            return outcome
        self.poll(self._done, "it is searched")
        return f"{outcome}; {generate(self.daemon, root)}"

    def _done(self):
        answer = ask(self.daemon, {"action": "precache_status", "count": "0"})
        if answer == "closed":
            return False
        return "error" in answer or (answer["queued"], answer["searching"]) == ("0", "0")


class Callback(Precache):
    """A node tells of a frontier of an account that is followed."""

    def prepare(self, daemon):
        super().prepare(daemon)
        self.account = nano.account(nano.random_root())
        daemon.rpc("precache_watch", accounts=[self.account])

    def go(self):
        root = nano.random_root()
        try:
            with self.daemon.connect(PATIENCE) as connection:
                response = fake_node.tell(connection, self.account, root)
        except (Closed, ConnectionError):
            return "closed"
        if response.status != 200:
            return f"status {response.status}"
        self.poll(self._done, "it is searched")
        return generate(self.daemon, root)


class Inspect(Journey):
    """Status and metrics."""

    config = STORE

    def go(self):
        outcome = brief(ask(self.daemon, {"action": "status"}))
        try:
            with self.daemon.connect(PATIENCE) as connection:
                connection.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                response = connection.receive()
        except (Closed, ConnectionError):
            return f"{outcome}; closed"
        if response.status == 200 and b"workpeer_" not in response.body:
            raise AssertionError(f"not metrics: {response.body!r}")
        return f"{outcome}; status {response.status}"


class Start(Journey):
    """With everything on."""

    from_start = True
    sample = 12

    config = {
        **STORE,
        **CONTROL,
        "atto.enable": "true",
        "atto.port": "0",
        "atto.management_port": "0",
        "management.port": "0",
        "node.work_peers": '["127.0.0.1:1"]',
        "precache.accounts": json.dumps([nano.account("01" * 32)]),
        "precache.node": "http://127.0.0.1:1",
    }
    files = {"config-node.toml": "[rpc]\nmax_connections = 50\n[access]\nrate = 1000.5\n"}

    def go(self):
        log = self.daemon.log()
        faces = len(re.findall("info (?:Listening|Management|Atto)", log))
        status = ask(self.daemon, {"action": "status"})
        if status == "closed" or "error" in status:
            return f"ready; {status}"
        return (
            f"ready; faces: {faces}, peers: {len(status['peers'])}, store: {bool(status.get('store'))}, "
            f"accounts: {''.join(re.findall('Pre-caching: ([0-9]+)', log))}"
        )


class Stop(Journey):
    """SIGTERM, with a client that waits and works that are not written yet."""

    config = {**STORE, **ALLOW_ENDLESS}
    to_end = True

    def prepare(self, daemon):
        super().prepare(daemon)
        self.waiting = daemon.connect(PATIENCE)
        self.waiting.post({"action": "work_generate", "hash": nano.random_root(), "difficulty": ENDLESS})
        daemon.wait_for(generating=1)
        generate(daemon)

    def go(self):
        self.daemon.signal(signal.SIGTERM)
        answer = receive(self.waiting)
        self.waiting.close()
        self.daemon.wait(PATIENCE)
        return answer if answer == "closed" else answer["error"]

    def works(self):
        """It has stopped."""


class Device(Journey):
    """An OpenCL device from its finding to its end; a thread stands by."""

    from_start = True
    to_end = True
    needs = "opencl"
    sample = 40
    config = {"opencl.enable": "true", "node.work_threads": None}

    @staticmethod
    def counts(lane, kind):
        """The loop's others are those of a start."""
        return lane == "threads" or kind == "opencl"

    def go(self):
        outcome = generate(self.daemon)
        self.poll(self._is_open, "the device is open, or is not going to be")
        return f"{outcome}; {self._device()}"

    def works(self):
        """It has stopped."""

    def _is_open(self):
        return not self._device().endswith(" opening")

    def _device(self):
        status = ask(self.daemon, {"action": "status"})
        if status == "closed" or "error" in status:
            return brief(status)
        device = status["devices"][0]
        return f"{device['name']} {device['state']}"


ALL = (
    Start, Generate, Cached, Keep, Cancel, Leave, Peer, Fallback, Reload, Precache, Callback, Inspect,
    Stop, Device,
)  # fmt: skip
