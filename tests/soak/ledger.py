"""What the clients of a soak did and were told, to be held against what the daemon counted."""

import collections
import threading

# Ends that a client sees, and the results that the daemon counts them under. Who half-closes may be told
# "Cancelled" as one who has left.
ENDS = {"ok": ("ok",), "cancelled": ("cancelled", "left"), "error": ("error", "refused")}


def end_of(answer):
    """What an answer's JSON says of how the request went."""
    if not isinstance(answer, dict) or "error" not in answer:
        return "ok"
    return "cancelled" if answer["error"] == "Cancelled" else "error"


class Ledger:
    """Any thread may write."""

    def __init__(self):
        self._lock = threading.Lock()
        self.answered = collections.Counter()  # by (name, end): one answer each
        self.left = collections.Counter()  # by name: the daemon has the request, its client waited for nothing
        self.doubtful = collections.Counter()  # by name: sent and torn down, the daemon may never have read it
        self.refused = 0  # no HTTP, or over a limit, and told so
        self.torn = 0  # the same, but the answer was not seen
        self.works = 0  # checked
        self.faults = []  # what must not have happened

    def note_answer(self, name, end):
        with self._lock:
            self.answered[name, end] += 1

    def note_left(self, name, count=1):
        with self._lock:
            self.left[name] += count

    def note_doubtful(self, name, count=1):
        with self._lock:
            self.doubtful[name] += count

    def note_refused(self, seen):
        with self._lock:
            self.refused += seen
            self.torn += not seen

    def note_work(self):
        with self._lock:
            self.works += 1

    def fault(self, text):
        with self._lock:
            self.faults.append(text)

    def requests(self):
        """How many there were, those in doubt not among them."""
        with self._lock:
            return sum(self.answered.values()) + sum(self.left.values())

    def compare(self, metrics):
        """What does not add up; `metrics` is a scrape by name and labels once nothing is in flight."""
        wrong = []
        names = {name for name, _ in self.answered} | set(self.left) | set(self.doubtful)
        for name in sorted(names | counted_names(metrics)):
            wrong += self._compare_name(name, counts_of(metrics, name))
        unreadable = value_of(metrics, "workpeer_requests_unreadable_total", face="rpc")
        if not self.refused <= unreadable <= self.refused + self.torn:
            wrong.append(
                f"unreadable: the daemon counted {unreadable:.0f}, clients were told of {self.refused}"
                f" and did not wait for {self.torn}"
            )
        return wrong

    def _compare_name(self, name, counts):
        told = {end: self.answered[name, end] for end in ENDS}
        left, doubtful = self.left[name], self.doubtful[name]
        least = sum(told.values()) + left
        total = sum(counts.values())
        wrong = []
        if not least <= total <= least + doubtful:
            wrong.append(
                f"{name}: the daemon counted {total:.0f} requests {counts}, clients had {told}, {left} left,"
                f" {doubtful} in doubt"
            )
        for end, results in ENDS.items():
            most = sum(counts[result] for result in results)
            if told[end] > most:
                wrong.append(f"{name}: {told[end]} clients were told {end}, the daemon counted {counts}")
        if counts["ok"] > told["ok"] + left + doubtful:
            wrong.append(f"{name}: {counts['ok']:.0f} were answered, clients had {told['ok']}")
        return wrong


def value_of(metrics, name, **labels):
    """Of the one series with that name and at least those labels."""
    found = [value for (key, have), value in metrics.items() if key == name and labels.items() <= have]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} series {name} with {labels}")
    return found[0]


def counted_names(metrics):
    """Actions and paths that were asked for; those of probes and scrapes are nobody's."""
    names = {dict(have)["action"] for (key, have), value in metrics.items()
             if key == "workpeer_requests_total" and value > 0}
    return names - {"/metrics", "/health", "/ready"}


def counts_of(metrics, name):
    results = ("ok", "error", "cancelled", "refused", "left")
    known = {dict(have)["result"]: value for (key, have), value in metrics.items()
             if key == "workpeer_requests_total" and ("action", name) in have}
    return {result: known.get(result, 0) for result in results}
