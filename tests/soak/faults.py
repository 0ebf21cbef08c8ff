"""Faults: each begins, lasts a while, and ends. A thread has them come at random, several at once."""

import signal
import threading
import time

import fake_peer
from harness import scaled

OPENCL_WORDS = ("refuse", "break", "lie", "absurd", "hang", "absent")

PEER_BEHAVIOURS = (
    fake_peer.good, fake_peer.good_as_nano_node, fake_peer.slow(0.3), fake_peer.silent, fake_peer.closing,
    fake_peer.half_head, fake_peer.half_body, fake_peer.cut_body, fake_peer.for_another_root,
    fake_peer.below_threshold, fake_peer.html, fake_peer.answering({"error": "Cancelled"}),
    fake_peer.answering(b"nonsense", "500 Internal Server Error"),
)

# Seconds: some hours, a leap backwards, years.
CLOCK_JUMPS = (3600.0, -3600.0, -86400.0 * 400, 86400.0 * 3000, 0.5, -0.5)

BAD_FILES = (
    "[node]\nwork_threads = \n",
    "[node]\nwork_threads = -1\n",
    '[node]\nwork_peers = ["nonsense"]\n',
    "\x00",
)

MOST_AT_ONCE = 3


class Fault:
    """`seconds` is how long it lasts at the most; `begin` and `end` are called on one thread."""

    seconds = 2.0

    def __init__(self, place, rng):
        self.place = place
        self.rng = rng

    def begin(self):
        raise NotImplementedError

    def end(self):
        pass


class Device(Fault):
    """It fails, lies, hangs, or is not there."""

    def begin(self):
        self.place.set_opencl(self.rng.choice(OPENCL_WORDS))

    def end(self):
        self.place.set_opencl("well")


class Peers(Fault):
    """Each behaves in a way of its own; one may die for good."""

    def begin(self):
        for peer in self.place.peers:
            peer.behaviour = self.rng.choice(PEER_BEHAVIOURS)
        if self.rng.random() < 0.3:
            self.place.replace_peer(self.rng.randrange(len(self.place.peers)))

    def end(self):
        for peer in self.place.peers:
            peer.behaviour = fake_peer.good


class Reload(Fault):
    """Other threads, another scanner, other peers, other limits; and it stays so."""

    seconds = 0.0

    def begin(self):
        self.place.reload(self.place.settings(
            threads=self.rng.randint(1, 3),
            scanner=self.rng.choice(("auto", "portable")),
            mode=self.rng.choice(("serial", "race", "hedge")),
            batch=self.rng.choice((0.001, 0.005, 0.02)),
            size=self.rng.choice((8192, 32768)),
            peers=self.rng.sample(self.place.peers, self.rng.randint(0, len(self.place.peers))),
        ))


class BadReload(Fault):
    """A file with a mistake; the daemon goes on as it was."""

    seconds = 0.0

    def begin(self):
        self.place.reload(self.rng.choice(BAD_FILES), is_good=False)


class FullDisk(Fault):
    def begin(self):
        self.place.disk.fill()

    def end(self):
        self.place.disk.empty()


class Clock(Fault):
    """The wall clock jumps, and jumps back."""

    def begin(self):
        self.place.set_clock(self.rng.choice(CLOCK_JUMPS))

    def end(self):
        self.place.set_clock(0)


class Node(Fault):
    """The node goes away, or talks nonsense."""

    def begin(self):
        if self.rng.random() < 0.5:
            self.place.send_node_away()
        else:
            self.place.node.answer = (500, b"nonsense")

    def end(self):
        self.place.node.answer = None
        self.place.bring_node_back()


class Pause(Fault):
    """The whole daemon stands still, as on a machine that is suspended."""

    seconds = 0.5

    def begin(self):
        self.place.daemon.signal(signal.SIGSTOP)

    def end(self):
        self.place.daemon.signal(signal.SIGCONT)


def kinds(place):
    """The faults that this place can have, and in words those that it cannot."""
    chosen, missing = [Peers, Reload, BadReload, Node, Pause], []
    for kind, possible, what in (
        (Device, place.has_opencl, "no failing devices: no tests/soak/faulty_opencl.so"),
        (FullDisk, place.disk.is_small, "no full disk: this user may not mount a tmpfs"),
        (Clock, place.clock_jumps, "no jumping clock: no tests/soak/jumping_clock.so"),
    ):
        if possible:
            chosen.append(kind)
        else:
            missing.append(what)
    return chosen, missing


class Faults:
    """The thread that has them come and go. One of a kind at a time; `counts` is how many there were."""

    def __init__(self, place, rng, chosen, on_error):
        self._rng = rng
        self._idle = [kind(place, rng) for kind in chosen]
        self._active = []  # (when it ends, fault)
        self._on_error = on_error
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.counts = {type(fault).__name__: 0 for fault in self._idle}

    def start(self):
        self._thread.start()

    def stop(self):
        """Ends all of them, if they have begun."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self):
        try:
            while not self._stopped.wait(self._rng.uniform(0.05, 0.5)):
                self._end_due(time.monotonic())
                if self._idle and len(self._active) < MOST_AT_ONCE:
                    self._begin(self._idle.pop(self._rng.randrange(len(self._idle))))
        except Exception as error:  # pylint: disable=broad-except
            self._on_error(f"a fault could not be had: {error!r}")
        finally:
            self._end_due(float("inf"))

    def _begin(self, fault):
        # A daemon that stands still deals with no reload.
        if any(isinstance(active, Pause) for _, active in self._active) and fault.seconds == 0:
            self._idle.append(fault)
            return
        fault.begin()
        self.counts[type(fault).__name__] += 1
        self._active.append((time.monotonic() + self._rng.uniform(0, scaled(fault.seconds)), fault))

    def _end_due(self, now):
        for ending in [each for each in self._active if each[0] <= now]:
            self._active.remove(ending)
            ending[1].end()
            self._idle.append(ending[1])
