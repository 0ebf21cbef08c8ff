"""Atto's work arithmetic, written a second time so that the daemon's can be held against it."""

import hashlib
import math
from datetime import datetime, timezone

EASE = {"LIVE": 1, "BETA": 10, "DEV": 100, "LOCAL": 100000}
YEARS = range(2024, 2064)

ZEROS = "0" * 64
ASCENDING = "0123456789ABCDEF" * 4

# Known works: target, work, the value that it has, and the networks and years that it is good for.
KNOWN_WORKS = [
    (ZEROS, "576887B000000000", 0x12BCC6E82, {"LIVE": range(2024, 2026)}),
    (ZEROS, "0582489800000000", 0x37ACFB57, {"LIVE": range(2024, 2031)}),
    (ZEROS, "A7E077E02E3E759F", 0x6317C8C88, {"LIVE": range(0), "BETA": range(2024, 2028)}),
    (ZEROS, "2D7E000000000000", 0xC8C8DD6DCA22, {"LOCAL": range(2024, 2028)}),
    (ASCENDING, "2F32000000000000", 0x12F4B6C1E6383, {"LOCAL": range(2024, 2028)}),
    (ASCENDING, "E09F240300000000", 0x265F33ABDE, {"DEV": range(2024, 2028)}),
    (ASCENDING, "BA1EDB0800000000", 0x6820DC415, {"BETA": range(2024, 2028)}),
    (ASCENDING, "FAA7C08901010000", 0xE667CA81, {"LIVE": range(2024, 2028)}),
]


def threshold(network, year):
    """The highest value that a work may have."""
    return 8589934591 * EASE[network] // math.isqrt(2 ** (year - 2024))


def milliseconds(*date):
    """A time in UTC, as a timestamp."""
    return int(datetime(*date, tzinfo=timezone.utc).timestamp() * 1000)


def work_value(target, work):
    """The value of `work`, 16 digits in the order in which their bytes are hashed."""
    message = bytes.fromhex(work) + bytes.fromhex(target)
    return int.from_bytes(hashlib.blake2b(message, digest_size=8).digest(), "little")


def as_nano(work):
    """The same work as Nano writes it."""
    return bytes.fromhex(work)[::-1].hex()
