"""Nano's work arithmetic, written a second time so that the daemon's can be held against it."""

import hashlib
import re
import secrets

BASE32 = "13456789abcdefghijkmnopqrstuwxyz"
LARGEST = 2**64 - 1


class Thresholds:
    """One network's difficulties. `base` is what a request gets that asks for none."""

    def __init__(self, epoch_1, epoch_2, epoch_2_receive):
        self.epoch_1 = epoch_1
        self.base = epoch_2
        self.receive = epoch_2_receive


LIVE = Thresholds(0xFFFFFFC000000000, 0xFFFFFFF800000000, 0xFFFFFE0000000000)
BETA = Thresholds(0xFFFFF00000000000, 0xFFFFF00000000000, 0xFFFFE00000000000)
DEV = Thresholds(0xFE00000000000000, 0xFFC0000000000000, 0xF000000000000000)
BANANO = Thresholds(0xFFFFFE0000000000, 0xFFFFFFF000000000, 0)
NETWORKS = {"live": LIVE, "beta": BETA, "test": LIVE, "dev": DEV, "banano": BANANO}

# Known works, and the difficulty that each reaches.
KNOWN_WORKS = [
    (
        "718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2",
        "2bf29ef00786a6bc",
        0xFFFFFFD21C3933F4,
    ),
    (
        "DDDA8C4CB5825FF4F5D00C5F923BC6F632414F67D17039228325392671C50FA2",
        "bbe869e32c992096",
        0xFFFFFFF8AD570225,
    ),
]


def hex_u64(value):
    return f"{value:016x}"


def random_root():
    return secrets.token_hex(32).upper()


def work_value(root, work):
    """The difficulty that `work` (hexadecimal) reaches for `root` (hexadecimal)."""
    message = int(work, 16).to_bytes(8, "little") + bytes.fromhex(root)
    return int.from_bytes(hashlib.blake2b(message, digest_size=8).digest(), "little")


def find_work(root, at_least, below=2**64):
    """A work, found by trying, whose difficulty lies in at_least..below-1."""
    nonce = secrets.randbits(64)
    while not at_least <= work_value(root, hex_u64(nonce)) < below:
        nonce = (nonce + 1) & LARGEST
    return hex_u64(nonce)


def to_multiplier(difficulty, base):
    return float(2**64 - base) / float(2**64 - difficulty)


def from_multiplier(multiplier, base):
    """The threshold `multiplier`, above 0, times as hard as `base`; 0 is as easy as can be."""
    distance = float(2**64 - base) / multiplier
    if distance >= 2**64:
        return 0
    if int(distance) == 0:
        return LARGEST if multiplier >= 1 else 0
    return 2**64 - int(distance)


def multiplier_text(difficulty, base):
    return f"{to_multiplier(difficulty, base):.15f}"


def account(key, prefix="nano_"):
    """The account number of a public key (hexadecimal)."""
    raw = bytes.fromhex(key)
    checksum = hashlib.blake2b(raw, digest_size=5).digest()[::-1]
    return prefix + _base32(raw, 52) + _base32(checksum, 8)


def account_key(text):
    """The public key (hexadecimal) of an account number, or None where it is none."""
    digits = re.fullmatch(f"[a-z0-9]{{1,7}}[_-]([13][{BASE32}]{{59}})", text)
    if digits is None:
        return None
    number = 0
    for digit in digits[1][:52]:
        number = number << 5 | BASE32.index(digit)
    key = f"{number:064X}"
    return key if account(key)[5:] == digits[1] else None


def _base32(raw, digits):
    number = int.from_bytes(raw, "big")
    return "".join(BASE32[number >> 5 * place & 31] for place in reversed(range(digits)))


def state_block(previous, work, key=None):
    """A state block that has `previous` as its root and carries `work`; its signature is nonsense."""
    owner = account(key or random_root())
    return {
        "type": "state",
        "account": owner,
        "previous": previous,
        "representative": owner,
        "balance": "340282366920938463463374607431768211455",
        "link": random_root(),
        "signature": "00" * 64,
        "work": work,
    }
