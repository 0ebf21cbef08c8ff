"""Reads a daemon's log as it grows: which reloads it tells of, and which complaints no fault explains."""

import re
import threading

READ_AGAIN = "Configuration reloaded"
REFUSED = "The configuration is unchanged"

LINE = re.compile(r"^\S+ (warn|error) (.*)$")

# What it says without any fault: of who started it, of accounts that made room for others, of clients that speak no HTTP.
ALWAYS = (
    r"A request was refused with status \d+: Invalid ",
    r"last message repeated \d+ times",
    r"The daemon runs as root and does not need to: ",
    r"More accounts than the limit of \d+",
)

# What faults make it say besides.
BY_FAULTS = (
    # Devices.
    r"Device \S+.* failed and rests: ",
    r"OpenCL is enabled \(opencl\.enable\) but cannot be used: ",
    r"The CPU searches instead$",
    # Peers and nodes.
    r"Work peer .* failed to find work for ",
    r"Work peer .*: ",
    r"The node at .* does not report frontiers: ",
    # Files with mistakes, and settings that take a restart.
    r"\S*config-node\.toml:\d+",
    REFUSED,
    # A full disk.
    r"Cannot write to the store, retrying: .*(No space left|full)",
)


class LogWatch:
    """`with_faults` is whether there are to be any. Any thread may look."""

    def __init__(self, path, with_faults):
        self._path = path
        self._explained = ALWAYS + (BY_FAULTS if with_faults else ())
        self._lock = threading.Lock()
        self._at = 0
        self._rest = b""
        self.read_again = 0
        self.refused = 0
        self.complaints = 0
        self.unexplained = []

    def look(self):
        """Reads what is new; returns itself."""
        with self._lock, open(self._path, "rb") as file:
            file.seek(self._at)
            data = file.read()
            self._at += len(data)
            lines = (self._rest + data).split(b"\n")
            self._rest = lines.pop()
            for line in lines:
                self._take(line.decode(errors="replace"))
        return self

    def _take(self, line):
        self.read_again += READ_AGAIN in line
        self.refused += REFUSED in line
        match = LINE.match(line)
        if match is None:
            if not re.match(r"^\S+ (info|debug) ", line):
                self.unexplained.append(line)
            return
        self.complaints += 1
        if not any(re.match(pattern, match.group(2)) for pattern in self._explained):
            self.unexplained.append(line)
