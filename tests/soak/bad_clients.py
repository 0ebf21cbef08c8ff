"""Clients of every bad kind. What they send whole is in the ledger; what becomes of it they seldom wait to see."""

import time

from clients import ENDLESS, Client
from harness import scaled
from http_client import Closed, Connection, post_bytes
from place import PER_ADDRESS

FLOOD_ADDRESS = "127.0.0.66"
OVERSIZE = 1 << 24  # more than any setting allows

# What they ask who may be gone before the daemon reads it. Nobody else does: all other counts are exact.
DOUBTFUL = "precache_status"


class BadClient(Client):
    def __init__(self, place, ledger, rng):
        super().__init__(place, ledger, rng)
        self._kinds = (
            self.leaves, self.resets, self.stops_in_the_middle, self.half_closes, self.drips, self.oversize,
            self.garbage, self.pipelines, self.pipelines_and_leaves, self.floods, self.never_reads, self.gets,
        )

    def turn(self):
        self.rng.choice(self._kinds)()

    def endless(self):
        return post_bytes({"action": "work_generate", "hash": self.root(), "difficulty": ENDLESS})

    def wait(self, most):
        time.sleep(self.rng.uniform(0, most))

    def leaves(self):
        """Closes while a search for it goes on: the daemon has the request, as it came before the end."""
        with self.connect() as connection:
            connection.send(self.endless())
            self.wait(0.2)
        self.ledger.note_left("work_generate")

    def resets(self):
        """What was sent is lost with the connection, unless the daemon was quicker."""
        connection = self.connect()
        connection.send(self.endless())
        self.wait(0.05)
        connection.reset()
        self.ledger.note_doubtful("work_generate")

    def stops_in_the_middle(self):
        data = self.endless()
        with self.connect() as connection:
            connection.send(data[: self.rng.randrange(1, len(data) - 1)])
            self.wait(0.1)

    def half_closes(self):
        """Waits for its answer all the same."""
        with self.connect() as connection:
            connection.post({"action": "version"})
            connection.half_close()
            self.expect("rpc_version" in self.receive(connection, "version"), "no answer to one who half-closed")

    def drips(self):
        """A byte now and then, until that takes too long for the daemon or for this."""
        data = self.endless()
        with self.connect() as connection:
            try:
                for byte in data[:60]:
                    connection.send(bytes([byte]))
                    time.sleep(0.05)
                    if connection.readable_within(0):
                        break
            except OSError:
                pass

    def oversize(self):
        self.provoke(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % OVERSIZE)

    def garbage(self):
        """An odd byte at the start of a line that is no request's."""
        self.provoke(b"\x16" + self.rng.randbytes(40).replace(b"\n", b"") + b"\r\n\r\n")

    def provoke(self, data):
        """Sends what is refused before it is a request, and reads the refusal if it comes."""
        with self.connect() as connection:
            connection.send(data)
            try:
                answer = connection.receive().json()
                self.expect("error" in answer, f"{data[:20]!r} was answered with {answer}")
                self.ledger.note_refused(True)
            except (OSError, Closed):
                self.ledger.note_refused(False)

    def pipelines(self):
        count = self.rng.randint(2, 20)
        with self.connect() as connection:
            connection.send(post_bytes({"action": "version"}) * count)
            for _ in range(count):
                self.expect("rpc_version" in self.receive(connection, "version"), "no answer to one of a row")

    def pipelines_and_leaves(self):
        """The requests behind the first may be read, or not."""
        with self.connect() as connection:
            connection.send(self.endless() + post_bytes({"action": DOUBTFUL}) * 3)
            self.wait(0.1)
        self.ledger.note_left("work_generate")
        self.ledger.note_doubtful(DOUBTFUL, 3)

    def floods(self):
        """More connections than one address may have; all of this address, so that nobody else pays for it."""
        connections = []
        try:
            for _ in range(PER_ADDRESS + 20):
                connections.append(Connection(self.place.daemon.address, scaled(30), FLOOD_ADDRESS))
            self.wait(0.2)
        finally:
            for connection in connections:
                connection.close()

    def never_reads(self):
        """Asks and asks, and takes no answer."""
        count = 0
        request = post_bytes({"action": DOUBTFUL})
        connection = self.connect()
        try:
            for _ in range(200):
                count += 1
                if connection.send_without_waiting(request) < len(request):
                    break
        except OSError:
            pass
        self.wait(0.3)
        connection.reset()
        self.ledger.note_doubtful(DOUBTFUL, count)

    def gets(self):
        with self.connect() as connection:
            connection.send(b"GET / HTTP/1.0\r\n\r\n")
            self.expect("error" in self.receive(connection, "unknown"), "a GET was no mistake")
