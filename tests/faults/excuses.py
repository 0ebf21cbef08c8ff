"""Faults whose effect is rightly silent, or is another's, each with its reason.

An excuse names the class, a function that must have failed or be on its stack, what is excused, and
why. Nothing is excused by a class alone.
"""

import collections
import re

Excuse = collections.namedtuple("Excuse", "classes frames finding reason")

ALL = (
    Excuse(
        ("read", "write"),
        "evbuffer_read|evbuffer_write_atmost",
        "silent: nothing in the log of '.*closed",
        "a client that is gone has no answer to lose, and clients go all the time",
    ),
    Excuse(
        ("connect",),
        "getpeername",
        "silent: nothing in the log of .*not allowed",
        "the system tells no address of a client that is gone; who is not known is not let in",
    ),
    Excuse(
        ("opencl",),
        "clSetEventCallback",
        "exit status|LeakSanitizer",
        "nobody will say when the driver has stopped writing: what it may still write to is left to "
        "it for good (opencl_session.h)",
    ),
    Excuse(
        ("write",),
        "log_write",
        "not within .*: it is read again",
        "the line that is waited for is the one that could not be written: the next one counts it",
    ),
    Excuse(
        ("epoll",),
        "event_base_loop",
        "TimeoutError|not within|TimeoutExpired|did not end on SIGTERM|exit status -9",
        "libevent adds and changes what it listens to when the loop turns, and tells nobody but the "
        "log that the kernel refused: such a descriptor is heard no more",
    ),
)


def find(kind, frames, finding):
    """The excuse for a finding, or None. `frames` are the names on the stack."""
    for excuse in ALL:
        if (
            kind in excuse.classes
            and re.search(excuse.finding, finding)
            and any(re.fullmatch(excuse.frames, frame) for frame in frames)
        ):
            return excuse
    return None
