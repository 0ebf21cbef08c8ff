"""The page that a test shares with the program, by which it says what is to fail (fault.h)."""

import functools
import mmap
import os
import re
import struct
import subprocess
import tempfile
import time

# In the order of enum fault_class and enum fault_lane.
CLASSES = (
    "alloc", "map", "accept", "connect", "read", "write", "sync", "file", "descriptor", "epoll",
    "thread", "mdb", "opencl",
)
LANES = ("loop", "threads")

# struct fault_page.
HEAD = struct.Struct("=IIIII32s8192s")
COUNTS = struct.Struct(f"={len(LANES) * len(CLASSES)}I")
FIRED = struct.Struct("=I")
FIRED_AT = 16


class Page:
    """One page, a file until it is closed."""

    def __init__(self):
        self._file = tempfile.NamedTemporaryFile(prefix="workpeer-fault-")
        self._file.truncate(HEAD.size + COUNTS.size)
        self._map = mmap.mmap(self._file.fileno(), HEAD.size + COUNTS.size)
        self.environment = {"FAULT_PAGE": self._file.name}

    def arm(self, kind="alloc", lane="loop", number=0):
        """Counts from now on, and has that call fail; 0 is none."""
        self.disarm()
        self._map[:] = bytes(len(self._map))
        HEAD.pack_into(self._map, 0, 0, CLASSES.index(kind), LANES.index(lane), number, 0, b"", b"")
        FIRED.pack_into(self._map, 0, 1)

    def disarm(self):
        FIRED.pack_into(self._map, 0, 0)

    def settle(self):
        """Waits until a call that is failing just now is written down; not for ever, as that may be the end."""
        deadline = time.monotonic() + 5
        while self.call and not self.fired and time.monotonic() < deadline:
            time.sleep(0.001)

    @property
    def fired(self):
        return FIRED.unpack_from(self._map, FIRED_AT)[0] != 0

    @property
    def call(self):
        """The function that failed."""
        return self._text(5)

    @property
    def stack(self):
        """Where it was called: (object, offset, symbol) from the inside out."""
        return [tuple(line.split(" ", 2)) for line in self._text(6).splitlines()]

    def counts(self):
        """Calls since arm, by (lane, class)."""
        numbers = COUNTS.unpack_from(self._map, HEAD.size)
        keys = [(lane, kind) for lane in LANES for kind in CLASSES]
        return dict(zip(keys, numbers))

    def close(self):
        self._map.close()
        self._file.close()

    def _text(self, index):
        return HEAD.unpack_from(self._map, 0)[index].split(b"\0")[0].decode()


def named(stack, most=16):
    """The stack as lines, with the names of static functions where addr2line is installed."""
    lines = []
    for path, offset, symbol in stack[:most]:
        name = symbol
        if symbol == "?" or is_ours(path):
            name = re.sub(r"\S*/", "", line_of(path, offset) or symbol)
        lines.append(f"{os.path.basename(path)}+{offset} {name}")
    return lines


@functools.cache
def line_of(path, offset):
    """Function and line of a return address, the file with its folders, or None."""
    try:
        run = subprocess.run(
            ["addr2line", "-fe", path, hex(int(offset, 16) - 1)],
            capture_output=True, text=True, check=False, timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return " ".join(run.stdout.split()) or None


def is_ours(path):
    """Whether a stack's object is the program."""
    return os.path.basename(path) in ("workpeer", "lt-workpeer")
