"""What the RPC answers, written a second time: a model to hold the daemon against.

It says what nano_node's documents and man/workpeer-rpc.7 say, and is not to be mended by looking at what the
daemon does: where both differ, the manual decides, and where the manual is silent it is to be written first.

Model.answer takes the bytes of a request, and the answer that was seen. It returns the answer that is right,
and looks at the one that was seen only where the daemon may choose: at works, at counters, and at whether a
search ahead of need is over already. Everything else about `seen` comes out of the comparison.
"""

import ipaddress
import json
import re

import nano

MOST_COMMAS = 20000
UNREADABLE = "Unable to parse JSON"
LIMIT = "Difficulty above config limit or below publish threshold"
NO_WORK = "0" * 16
NO_SOURCE = "no device here, and no work peer that may be asked"


class Refused(Exception):
    """An error to answer."""

    def __init__(self, error, reason, detail=""):
        super().__init__(error)
        self.answer = {"error": error, "reason": reason}
        if detail:
            self.answer["detail"] = detail


def bad(name, error):
    return Refused(error, "bad_field", name)


# Reading.


class Number(float):
    """A JSON number. A whole one counts as its digits, however it was written; others as 17 of theirs."""

    def __str__(self):
        if abs(self) < 2**53:
            return "%.17g" % self
        return "%.16e" % self

    @staticmethod
    def read(text):
        number = Number(text)
        if abs(number) == float("inf"):
            raise ValueError(f"{text} is too large")
        return number


def refuse_constant(text):
    raise ValueError(f"{text} is no JSON")


def read_pairs(pairs):
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key is there twice")
    for key, value in pairs:
        check_text([key, value])
    return dict(pairs)


def check_text(value):
    """Text is Unicode, and has no U+0000."""
    if isinstance(value, list):
        for item in value:
            check_text(item)
    if isinstance(value, str):
        value.encode()
        if "\0" in value:
            raise ValueError("a zero in a text")


def read_json(text):
    """Raises ValueError."""
    return json.loads(
        text,
        object_pairs_hook=read_pairs,
        parse_int=Number.read,
        parse_float=Number.read,
        parse_constant=refuse_constant,
    )


def read_request(body, max_depth):
    if body.count(b"[") + body.count(b"{") > max_depth:
        raise Refused("Max JSON depth exceeded", "too_large", f"at most {max_depth} brackets (rpc.max_json_depth)")
    if body.count(b",") > MOST_COMMAS:
        raise Refused(UNREADABLE, "unreadable")
    try:
        fields = read_json(body.decode().removeprefix("\ufeff"))
    except ValueError as fault:
        raise Refused(UNREADABLE, "unreadable") from fault
    if not isinstance(fields, dict):
        raise Refused(UNREADABLE, "unreadable")
    return fields


def text_of(value):
    """Scalars are read as their text, anything else as an empty one."""
    if isinstance(value, (list, dict)):
        return ""
    if isinstance(value, (str, Number)):
        return str(value)
    return {True: "true", False: "false", None: "null"}[value]


def parse_hexadecimal(text, characters, prefix):
    """A number of 1 to `characters` characters, those of a prefix included; None where it is none."""
    if len(text) > characters or not re.fullmatch(f"(?:{prefix})?[0-9a-fA-F]+", text):
        return None
    return int(text, 16)


def parse_u64(text):
    return parse_hexadecimal(text, 16, "0[xX]")


def parse_root(text, prefix="0x"):
    number = parse_hexadecimal(text, 64, prefix)
    return None if number is None else f"{number:064X}"


def parse_count(text, most):
    if not re.fullmatch("[0-9]+", text) or int(text) > most:
        return None
    return int(text)


def parse_multiplier(text):
    if not re.fullmatch(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", text):
        return None
    number = float(text)
    return number if 0 < number < float("inf") else None


def parse_host(text):
    """A host as work_peers shows it, or None."""
    try:
        if ":" in text:
            literal = re.fullmatch(r"\[(.*)\]", text)
            ipaddress.IPv6Address(text if literal is None else literal[1])
            return None if "%" in text else text.strip("[]")
        ipaddress.IPv4Address(text)
        return text
    except ValueError:
        pass
    name = text.removesuffix(".")
    label = "[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?"
    if len(name) > 253 or not re.fullmatch(rf"(?:{label}\.)*{label}", name):
        return None
    return None if re.fullmatch(r"(?:.*\.)?[0-9]+", name) else text


class Block:
    """A state block, of which nothing but the form is verified."""

    def __init__(self, account, previous, work):
        self.is_first = int(previous, 16) == 0
        self.root = account if self.is_first else previous
        self.work = work


def parse_block(value):
    """The block, or None."""
    try:
        block = read_json(value) if isinstance(value, str) else value
    except ValueError:
        return None
    if not isinstance(block, dict) or block.get("type") != "state":
        return None
    link = "link" if "link" in block else "link_as_account"
    names = ("account", "previous", "representative", "balance", link, "signature", "work")
    if not all(isinstance(block.get(name), str) for name in names):
        return None
    account, previous = nano.account_key(block["account"]), parse_root(block["previous"], "")
    target = nano.account_key(block[link])
    if link == "link" and target is None:
        target = parse_root(block[link], "")
    balance = re.fullmatch("0|[1-9][0-9]*", block["balance"])
    work = parse_u64(block["work"])
    good = (
        None not in (account, previous, target, work)
        and nano.account_key(block["representative"]) is not None
        and balance is not None
        and int(block["balance"]) < 2**128
        and re.fullmatch("[0-9a-fA-F]{1,128}", block["signature"])
    )
    return Block(account, previous, work) if good else None


# Answering.


class Stored:
    """What the store has for a root. `sure` is False where a search ahead of need may add to it."""

    def __init__(self):
        self.sure = True
        self.clear()

    def clear(self):
        self.work = None
        self.value = -1

    def add(self, work, value):
        if value > self.value:
            self.work, self.value = work, value


def shaped(seen, keys):
    """The same values, with these keys in this order."""
    return {key: seen.get(key, "(missing)") if isinstance(seen, dict) else "(missing)" for key in keys}


class Model:
    """One daemon, alone: nobody else asks it, and no node tells it of blocks."""

    CONTROL = {
        "work_peers", "work_peer_add", "work_peers_clear", "work_get", "work_set", "precache_watch",
        "precache_unwatch", "stop",
    }
    ACTIONS = CONTROL | {
        "work_generate", "work_validate", "work_cancel", "work_precache", "precache_status", "benchmark",
        "status", "version",
    }

    def __init__(self, network="dev", control=False, store=True, devices=True, max_multiplier=64.0,
                 max_depth=20):
        self.network = network
        self.thresholds = nano.NETWORKS[network]
        self.control = control
        self.store = store
        self.devices = devices
        self.max_multiplier = max_multiplier
        self.hardest = nano.from_multiplier(max_multiplier, self.thresholds.base)
        self.max_depth = max_depth
        self.peers = []
        self.stored = {}  # by root
        self.frontiers = {}  # root by account
        self.followed = {}  # whether it is watched, by account; the one heard of last is the last

    def answer(self, body, seen, from_a_page=False):
        """The right answer. `from_a_page`: the request has an Origin header."""
        try:
            fields = read_request(body, self.max_depth)
            action = self.required(fields, "action")
            if action not in self.ACTIONS:
                raise Refused("Unknown command", "unknown_action")
            if action in self.CONTROL and (from_a_page or not self.control):
                raise Refused(
                    "RPC control is disabled", "forbidden",
                    "it takes rpc.enable_control, and a request that is no web page's",
                )
            return getattr(self, action)(fields, seen)
        except Refused as refused:
            return refused.answer

    # Fields. Each raises Refused.

    @staticmethod
    def required(fields, name):
        if name not in fields:
            raise Refused(UNREADABLE, "missing_field", name)
        return text_of(fields[name])

    @staticmethod
    def needed(fields, *names):
        """One of these, in an action that no node has."""
        if not any(name in fields for name in names):
            names = ", ".join(names[:-1]) + " or " * (len(names) > 1) + names[-1]
            raise Refused(f"Missing field: {names}", "missing_field", names)

    @staticmethod
    def parsed(parse, text, name, error):
        result = parse(text)
        if result is None:
            raise bad(name, error)
        return result

    def root(self, fields):
        return self.parsed(parse_root, self.required(fields, "hash"), "hash", "Invalid block hash")

    def account(self, text, name="account"):
        return nano.account(self.parsed(nano.account_key, text, name, "Bad account number"))

    def version_field(self, fields):
        if "version" in fields and text_of(fields["version"]) != "work_1":
            raise bad("version", "Bad work version")

    def work(self, fields):
        return self.parsed(parse_u64, text_of(fields.get("work", "0")), "work", "Bad work")

    @staticmethod
    def flag(fields, name):
        return text_of(fields.get(name, "")) in ("true", "1")

    def difficulty(self, fields):
        """The threshold by difficulty and multiplier, or None where neither is there."""
        threshold = None
        if "difficulty" in fields:
            threshold = self.parsed(parse_u64, text_of(fields["difficulty"]), "difficulty", "Bad difficulty")
        if "multiplier" in fields:
            number = self.parsed(
                parse_multiplier, text_of(fields["multiplier"]), "multiplier", "Bad multiplier"
            )
            threshold = nano.from_multiplier(number, self.thresholds.base)
        return threshold

    def threshold(self, fields):
        """The same, a subtype's too, within the limits."""
        threshold = None
        if "subtype" in fields:
            subtype = text_of(fields["subtype"])
            if subtype in ("send", "change"):
                threshold = self.thresholds.base
            elif subtype in ("receive", "open", "epoch"):
                threshold = self.thresholds.receive
            else:
                raise bad("subtype", "Bad subtype")
        explicit = self.difficulty(fields)
        threshold = threshold if explicit is None else explicit
        self.check_limits(threshold)
        return threshold

    def check_limits(self, threshold):
        if threshold is not None and threshold > self.hardest:
            raise Refused(
                LIMIT, "above_limit",
                f"at most {nano.hex_u64(self.hardest)}, multiplier {self.max_multiplier:g}"
                " (node.max_work_generate_multiplier)",
            )
        if threshold is not None and threshold < self.thresholds.receive:
            raise Refused(LIMIT, "below_threshold", f"at least {nano.hex_u64(self.thresholds.receive)}")

    @staticmethod
    def named(fields, one, several, read):
        """What one field names, or a list in the other."""
        if one in fields:
            return [read(text_of(fields[one]), one)]
        items = fields.get(several, [])
        if not isinstance(items, list):
            raise bad(several, "Not a list")
        return [read(item if isinstance(item, str) else "", several) for item in items]

    def accounts(self, fields):
        return self.named(fields, "account", "accounts", self.account)

    def hashes(self, fields):
        return self.named(
            fields, "hash", "hashes", lambda text, name: self.parsed(parse_root, text, name, "Invalid block hash")
        )

    # Answers with work in them.

    def known(self, root):
        return self.stored.setdefault(root, Stored())

    def measure(self, value):
        return {
            "difficulty": nano.hex_u64(value),
            "multiplier": nano.multiplier_text(value, self.thresholds.base),
        }

    def work_seen(self, root, seen):
        """The work that the daemon gave for a root, and its value: -1 where it gave none."""
        work = seen.get("work", "") if isinstance(seen, dict) else ""
        if not re.fullmatch("[0-9a-f]{16}", work):
            return "(a work)", -1
        return work, nano.work_value(root, work)

    def found(self, root, threshold, seen):
        known = self.known(root)
        source = "cache" if known.value >= threshold else "local"
        work, value = self.work_seen(root, seen)
        if not known.sure and seen.get("source") in ("cache", "local"):
            source = seen["source"] if known.value < threshold else "cache"
        elif source == "cache":
            work, value = known.work, known.value
        if value < threshold:
            work = f"(a work that reaches {nano.hex_u64(threshold)})"
        elif self.store:
            known.add(work, value)
        return {"hash": root, "work": work, **self.measure(max(value, 0)), "source": source}

    # Actions.

    def work_generate(self, fields, seen):
        self.version_field(fields)
        account = self.account(text_of(fields["account"])) if "account" in fields else None
        root = self.root(fields)
        threshold = self.threshold(fields)
        if "block" in fields:
            block = self.parsed(parse_block, fields["block"], "block", "Block is invalid")
            if block.root != root:
                raise bad("block", "Root mismatch for block")
            if threshold is None and block.is_first:
                threshold = self.thresholds.receive
        if threshold is None:
            threshold = self.thresholds.base
        if "block" in fields and nano.work_value(root, nano.hex_u64(block.work)) >= threshold:
            raise Refused("Provided work is already enough for given difficulty", "not_needed", "block")
        ready = self.is_ready(root, threshold, self.work_seen(root, seen)[1] >= threshold)
        if self.flag(fields, "cache_only") and not ready:
            raise Refused("Work is not ready", "not_ready", "cache_only")
        if not self.devices:
            raise Refused(
                "Work generation is disabled" if self.flag(fields, "use_peers")
                else "Local work generation is disabled", "no_source", NO_SOURCE,
            )
        if account is not None and self.store:
            self.follow(account)
            self.move(account, root)
        return self.found(root, threshold, seen)

    def work_validate(self, fields, unused):
        root = self.root(fields)
        value = nano.work_value(root, nano.hex_u64(self.work(fields)))
        self.version_field(fields)
        threshold = self.difficulty(fields)
        answer = {"valid": "01"[value >= threshold]} if "difficulty" in fields else {}
        answer["valid_all"] = "01"[value >= self.thresholds.base]
        answer["valid_receive"] = "01"[value >= self.thresholds.receive]
        return {**answer, **self.measure(value)}

    def work_cancel(self, fields, unused):
        self.root(fields)
        return {"success": ""}

    def benchmark(self, fields, seen):
        threshold = self.difficulty(fields)
        self.needed(fields, "count")
        count = self.parsed(
            lambda text: parse_count(text, 1000) or None, text_of(fields["count"]), "count", "Bad count"
        )
        self.check_limits(threshold)
        if not self.devices:
            raise Refused("Local work generation is disabled", "no_source", NO_SOURCE)
        threshold = self.thresholds.base if threshold is None else threshold
        keys = ("average", "count", "difficulty", "duration", "hash_rate", "hint", "multiplier")
        return {
            **shaped(seen, keys),
            "count": str(count),
            "hint": "Times in milliseconds",
            **self.measure(threshold),
        }

    def work_peer_add(self, fields, unused):
        address, port = self.required(fields, "address"), self.required(fields, "port")
        port = self.parsed(lambda text: parse_count(text, 65535), port, "port", "Invalid port")
        self.peers.append(f"{self.parsed(parse_host, address, 'address', 'Invalid address')}:{port}")
        return {"success": ""}

    def work_peers(self, unused, _):
        return {"work_peers": list(self.peers) or ""}

    def work_peers_clear(self, unused, _):
        self.peers.clear()
        return {"success": ""}

    def status(self, unused, seen):
        keys = (
            "generating", "queue_size", "jobs", "waiters", "hash_rate", "hashes", "found", "cancelled",
            "failed", "connections", "uptime", "version", "network", "scanner", "scanner_reason", "devices",
            "peers", "store",
        )
        if self.store:
            keys += ("precache",)
        answer = {**shaped(seen, keys), "network": self.network}
        if not self.devices:
            answer["devices"] = []
        names = [peer.get("name") for peer in answer["peers"]]
        if names != self.peers:
            answer["peers"] = f"(those of {self.peers})"
        if not self.store:
            answer["store"] = {}
        return answer

    def version(self, unused, seen):
        keys = ("rpc_version", "node_vendor", "network", "build_info")
        return {**shaped(seen, keys), "rpc_version": "1", "network": self.network}

    def stop(self, unused, _):
        raise AssertionError("nobody asks the model's daemon to stop")

    # Accounts, and work ahead of need.

    def follow(self, account, watched=False):
        self.followed[account] = self.followed.pop(account, False) or watched

    def move(self, account, root):
        """The account's frontier is this root from now on; work for the one before goes."""
        before = self.frontiers.get(account, root)
        if before != root:
            self.known(before).clear()
        self.frontiers[account] = root

    def need_precache(self):
        if not self.store:
            raise Refused("Pre-cache is disabled", "disabled", "store.enable and precache.enable")

    def is_ready(self, root, threshold, seen):
        """Whether work for a root is there; of one that may have been searched for, as the daemon says."""
        known = self.known(root)
        return known.value >= threshold or (not known.sure and seen)

    def work_precache(self, fields, seen):
        self.need_precache()
        threshold = self.threshold(fields)
        threshold = self.thresholds.base if threshold is None else threshold
        self.needed(fields, "hash", "hashes", "account", "accounts")
        seen = seen.get("ready") or []
        if "hash" in fields or "hashes" in fields:
            roots = self.hashes(fields)
            ready = [root for root in roots if self.is_ready(root, threshold, root in seen)]
            for root in roots:
                self.known(root).sure = False
            return {"queued": str(len(roots)), "unknown": "0", "ready": ready}
        accounts = self.accounts(fields)
        ready = []
        for account in accounts:
            self.follow(account)
            if account in self.frontiers:
                if self.is_ready(self.frontiers[account], threshold, account in seen):
                    ready.append(account)
                self.known(self.frontiers[account]).sure = False
        queued = sum(account in self.frontiers for account in accounts)
        return {"queued": str(queued), "unknown": str(len(accounts) - queued), "ready": ready}

    def precache_watch(self, fields, unused):
        self.need_precache()
        self.needed(fields, "account", "accounts")
        accounts = self.accounts(fields)
        for account in accounts:
            self.follow(account, watched=True)
        return {"watched": str(len(accounts))}

    def precache_unwatch(self, fields, unused):
        self.need_precache()
        self.needed(fields, "account", "accounts")
        accounts = self.accounts(fields)
        gone = 0
        for account in accounts:
            gone += self.followed.pop(account, None) is not None
            self.frontiers.pop(account, None)
        answer = {"unwatched": str(gone)}
        if gone < len(accounts):
            answer["unknown"] = str(len(accounts) - gone)
        return answer

    def precache_status(self, fields, seen):
        self.need_precache()
        if not fields.keys().isdisjoint(("hash", "hashes", "account", "accounts")):
            return self.states(fields, seen)
        count = self.parsed(
            lambda text: parse_count(text, 1000), text_of(fields.get("count", "100")), "count", "Bad count"
        )
        offset = self.parsed(
            lambda text: parse_count(text, 2**63 - 1), text_of(fields.get("offset", "0")), "offset", "Bad offset"
        )
        keys = (
            "accounts_followed", "accounts_watched", "ready", "queued", "searching", "found", "failed",
            "cancelled", "moved", "dropped", "accounts",
        )
        answer = shaped(seen, keys)
        answer["accounts_followed"] = str(len(self.followed))
        answer["accounts_watched"] = str(sum(self.followed.values()))
        listed = sorted(reversed(self.followed), key=lambda account: not self.followed[account])
        listed = listed[offset:offset + count]
        entries = answer["accounts"] if len(answer["accounts"]) == len(listed) else [{}] * len(listed)
        answer["accounts"] = [self.entry(*both) for both in zip(listed, entries)]
        return answer

    def states(self, fields, seen):
        """What is known of the hashes and the accounts that a request names."""
        hashes, accounts = self.hashes(fields), self.accounts(fields)
        answer = {}
        if "hash" in fields or "hashes" in fields:
            entries = seen.get("hashes", [])
            entries = entries if len(entries) == len(hashes) else [{}] * len(hashes)
            answer["hashes"] = [self.hash_entry(*both) for both in zip(hashes, entries)]
        if "account" in fields or "accounts" in fields:
            entries = seen.get("accounts", [])
            entries = entries if len(entries) == len(accounts) else [{}] * len(accounts)
            answer["accounts"] = [self.account_entry(*both) for both in zip(accounts, entries)]
        return answer

    def state(self, root, seen):
        """Of a root's work: what is stored is ready, unless better is searched for."""
        known, state = self.known(root), seen.get("state")
        if known.sure:
            return {"state": "unknown"} if known.work is None else {
                "state": "ready", "difficulty": nano.hex_u64(known.value)
            }
        if state == "ready" and int(seen.get("difficulty", "0"), 16) >= max(known.value, self.thresholds.receive):
            return {"state": "ready", "difficulty": seen["difficulty"]}
        return {"state": state if state in ("queued", "searching", "unknown") else "(a state)"}

    def hash_entry(self, root, seen):
        return {"hash": root, **self.state(root, seen)}

    def account_entry(self, account, seen):
        entry = {"account": account, "frontier": self.frontiers.get(account, "")}
        if account not in self.followed:
            return {**entry, "frontier": "", "state": "unknown", "watched": "0"}
        state = {"state": "waiting"}
        if account in self.frontiers:
            state = self.state(self.frontiers[account], seen)
            if seen.get("state") in ("waiting", "cancelled") and "difficulty" not in state:
                state["state"] = seen["state"]
        return {**entry, **state, "watched": "01"[self.followed[account]]}

    def entry(self, account, seen):
        state = seen.get("state")
        if account not in self.frontiers:
            state = "waiting"
        elif state not in ("waiting", "queued", "searching", "ready", "cancelled"):
            state = "(a state)"
        return {
            "account": account,
            "frontier": self.frontiers.get(account, ""),
            "state": state,
            "watched": "01"[self.followed[account]],
        }

    def frontier(self, fields):
        account = self.account(self.required(fields, "account"))
        if not self.store:
            raise Refused("Store is disabled", "disabled", "store.enable")
        if account not in self.frontiers:
            raise Refused("Account not found", "not_found", "account")
        return self.frontiers[account]

    def work_get(self, fields, seen):
        root = self.frontier(fields)
        known = self.known(root)
        work, value = self.work_seen(root, seen)
        if known.sure or work == NO_WORK or value < max(known.value, self.thresholds.receive):
            return {"work": known.work or NO_WORK}
        known.add(work, value)
        return {"work": work}

    def work_set(self, fields, unused):
        root = self.frontier(fields)
        work = nano.hex_u64(self.work(fields))
        value = nano.work_value(root, work)
        if value < self.thresholds.receive:
            raise Refused(
                "Invalid work", "below_threshold", f"at least {nano.hex_u64(self.thresholds.receive)}"
            )
        self.known(root).add(work, value)
        return {"success": ""}
