"""Clients that mean well. Whatever faults there are, each of their requests has one answer, and the right one."""

import collections

import nano
from fake_node import tell
from harness import scaled
from http_client import Closed
from ledger import end_of
from place import REQUEST_TIMEOUT

EASY = 0xFFF0000000000000  # 2^12 hashes
EASIER = 0xFF00000000000000  # for peers in Python
ENDLESS = "ffffffffffff0000"  # 2^48
KNOWN_ROOT, KNOWN_WORK, KNOWN_VALUE = nano.KNOWN_WORKS[0]


class Client:
    """One client's life: turns, each on a connection of its own."""

    def __init__(self, place, ledger, rng):
        self.place = place
        self.ledger = ledger
        self.rng = rng
        self.found = collections.deque(maxlen=200)  # roots that have had work
        self.accounts = [nano.account(self.root()) for _ in range(4)]
        self._turns = (
            (12, self.validate), (20, self.fresh), (20, self.again), (4, self.twins), (4, self.cancel),
            (8, self.by_peers), (6, self.status), (4, self.version), (3, self.precache), (3, self.account),
            (3, self.callback), (1, self.benchmark), (3, self.mistakes),
        )

    def root(self):
        return f"{self.rng.getrandbits(256):064X}"

    def turn(self):
        """Some requests of some kinds, one after another."""
        with self.connect() as connection:
            for _ in range(self.rng.randint(1, 6)):
                weights, turns = zip(*self._turns)
                self.rng.choices(turns, weights)[0](connection)
            self.expect(not connection.readable_within(0), "a second answer, or the end, after the last answer")

    def connect(self):
        return self.place.daemon.connect(REQUEST_TIMEOUT + 30)

    def expect(self, condition, text):
        if not condition:
            self.ledger.fault(f"{type(self).__name__}: {text}")

    def ask(self, connection, action, **fields):
        connection.post({"action": action, **fields})
        return self.receive(connection, action)

    def receive(self, connection, name):
        """The answer to a request that was sent."""
        try:
            response = connection.receive()
            answer = response.json()
        except (OSError, Closed, ValueError) as error:
            self.ledger.fault(f"no answer to {name}: {error!r}")
            raise
        self.ledger.note_answer(name, end_of(answer))
        self.expect(response.status == 200, f"{name} was answered with status {response.status}")
        return answer

    def check_work(self, answer, root, difficulty):
        if "work" not in answer:
            self.ledger.fault(f"no work for {root} of {difficulty:x}, but {answer}")
            return
        value = nano.work_value(root, answer["work"])
        good = value >= difficulty and answer["difficulty"] == nano.hex_u64(value) and answer["hash"] == root
        self.expect(good, f"bad work for {root} of {difficulty:x}: {answer}")
        self.ledger.note_work()

    # Turns.

    def validate(self, connection):
        answer = self.ask(connection, "work_validate", hash=KNOWN_ROOT, work=KNOWN_WORK)
        self.expect(answer.get("difficulty") == nano.hex_u64(KNOWN_VALUE), f"work_validate: {answer}")

    def generate(self, connection, root, difficulty=EASY, **fields):
        answer = self.ask(connection, "work_generate", hash=root, difficulty=nano.hex_u64(difficulty), **fields)
        self.check_work(answer, root, difficulty)

    def fresh(self, connection):
        root = self.root()
        self.generate(connection, root)
        self.found.append(root)

    def again(self, connection):
        self.generate(connection, self.rng.choice(self.found) if self.found else self.root())

    def twins(self, connection):
        """Two ask for one root, one of them for more."""
        root = self.root()
        asked = (EASY, EASY + (EASY >> 13))
        with self.connect() as other:
            for each, difficulty in zip((connection, other), asked):
                each.post({"action": "work_generate", "hash": root, "difficulty": nano.hex_u64(difficulty)})
            for each, difficulty in zip((connection, other), asked):
                self.check_work(self.receive(each, "work_generate"), root, difficulty)

    def cancel(self, connection):
        """A cancel may overtake what it is to cancel: it is repeated until that is answered."""
        root = self.root()
        with self.connect() as other:
            other.post({"action": "work_generate", "hash": root, "difficulty": ENDLESS})
            for _ in range(1000):
                self.ask(connection, "work_cancel", hash=root)
                if other.readable_within(scaled(0.2)):
                    break
            answer = self.receive(other, "work_generate")
            self.expect(answer == {"error": "Cancelled"}, f"what was cancelled was answered with {answer}")

    def by_peers(self, connection):
        fields = {"use_peers": "true"}
        if self.rng.random() < 0.2:
            fields["secondary_work_peers"] = "true"
        self.generate(connection, self.root(), EASIER, **fields)

    def status(self, connection):
        self.expect("devices" in self.ask(connection, "status"), "a status without devices")

    def version(self, connection):
        self.expect("rpc_version" in self.ask(connection, "version"), "a version without one")

    def precache(self, connection):
        self.ask(connection, "work_precache", hash=self.root(), difficulty=nano.hex_u64(EASY))

    def account(self, connection):
        account = self.rng.choice(self.accounts)
        self.generate(connection, self.root(), account=account)
        self.ask(connection, "precache_watch", account=account)
        self.ask(connection, "work_get", account=account)
        self.ask(connection, "precache_unwatch", account=account)

    def callback(self, connection):
        """A node tells of a block, whose work is then found ahead."""
        frontier = self.root()
        account = self.rng.choice(self.accounts)
        self.place.node.frontiers[account] = frontier
        response = tell(connection, account, frontier, self.root())
        self.ledger.note_answer("/callback", end_of(response.json()))
        self.expect(response.status == 200, f"a callback was answered with status {response.status}")

    def benchmark(self, connection):
        answer = self.ask(connection, "benchmark", count="2", difficulty=nano.hex_u64(EASY))
        self.expect("average" in answer, f"benchmark: {answer}")

    def mistakes(self, connection):
        """Errors, as the node words them."""
        answer = self.ask(connection, "work_generate", hash="no root")
        self.expect("error" in answer, f"work for no root: {answer}")
        connection.post({"action": "nonsense"})
        self.expect(self.receive(connection, "unknown") == {"error": "Unknown command"}, "nonsense was understood")
        connection.post(b'{"action":')
        self.expect(self.receive(connection, "unknown") == {"error": "Unable to parse JSON"}, "no JSON was read")
