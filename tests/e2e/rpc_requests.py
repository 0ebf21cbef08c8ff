"""Random requests for the RPC: such as clients send, and such with something wrong with them.

A request is kept as the texts of its keys and values, so that what no writer of JSON writes can be asked as
well: a key twice, a number as long as a line, an end that is missing.
"""

import json

import nano


class Request:
    def __init__(self, fields, before="", after="}", from_a_page=False):
        self.fields = fields  # pairs of JSON texts
        self.before = before
        self.after = after
        self.from_a_page = from_a_page  # it has the header Origin

    @property
    def body(self):
        inside = ", ".join(f"{key}: {value}" for key, value in self.fields)
        return (self.before + "{" + inside + self.after).encode("utf-8", "surrogateescape")

    def __str__(self):
        return f"{self.body!r}{' from a web page' if self.from_a_page else ''}"

    def smaller(self):
        """The same with one thing less, each in turn."""
        for index in range(len(self.fields)):
            left = self.fields[:index] + self.fields[index + 1:]
            yield Request(left, self.before, self.after, self.from_a_page)
        if (self.before, self.after) != ("", "}"):
            yield Request(self.fields, "", "}", self.from_a_page)
        if self.from_a_page:
            yield Request(self.fields, self.before, self.after)


def minimised(request, differs):
    """The smallest request to be had by leaving things out for which differs(request) is still true."""
    for smaller in request.smaller():
        if differs(smaller):
            return minimised(smaller, differs)
    return request


# Values of the wrong kind, as JSON texts.
ODD = (
    "null", "true", "false", "0", "1", "-1", "-0", "1.0", "1.5", "1e3", "1E2", "0.015625", "64", "65", "7000",
    "65535", "65536", "1e-7", "9007199254740991", "9007199254740992", "12345678901234567890", "1e22", "1e300",
    "1.7976931348623157e308", "1.8e308", "1e400", "-1e400", "1" * 400, "01", "+1", ".5", "1.", "0x1", "NaN",
    "Infinity", "nonsense", "", "[]", "{}", '[""]', '{"a": {"a": [1, [2]]}}', '{"a": 1, "a": 2}', "[1,]",
    '[{"a": "\\u0000"}]', '""', '"0"', '"1"', '"true"', '"false"', '"0x"', '"0x1"', '"0X1"', '"-1"', '"+1"',
    '" 1"', '"1 "', '"\\t1"', '"1\\n"', '"1.5"', '"1e1"', '"inf"', '"nan"', '"-inf"', '"1e999"', '"1e-999"',
    '"1e-320"', '"4e10"', '"1e19"', '"1."', '".5"', '"."', '"1,5"', '"0x1p3"', '"+2"', '"00"', '"007"', '"1e3"',
    '"\\u0031"', '"\\u0000"', '"1\\u0000"', '"\\ud800"', '"\\ud83d\\ude00"', '"\\/"', '"\\x"', '"\x01"',
    '"\u0661"', '"\uff11"', '"\udcff"', '"\u00e9"', '"work_1"', '"work_2"', '"send"', '"open"', "'1'",
    '"' + "[" * 19 + '"', '"' + "[{" * 10 + '"', "[" * 19 + "]" * 19, "[" * 20 + "]" * 20,
)
NAMES = (
    "action", "hash", "work", "version", "account", "accounts", "difficulty", "multiplier", "subtype", "block",
    "json_block", "use_peers", "secondary_work_peers", "cache_only", "hashes", "address", "port", "wallet", "count", "offset", "x",
)
HOSTS = (
    "::1", "[::1]", "2001:db8::7", "[2001:DB8::7]", "::ffff:192.0.2.1", "192.0.2.1", "localhost", "a", "A-b.example",
    "work_server", "7zip.example", "example.org.", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "[1.2.3.4]",
    "[a]", "[", "]", "[]", "[::1", "::1]", "[[::1]]", "::1%lo", "fe80::1%1", ":::", "1::2::3", "::1.2.3", "-a", "a-",
    "a..b", ".", ".a", "a b", "a/b", "a:1", "h\u00e9", "a.1", "1", "a" * 63, "a" * 64, "a." * 126 + "a",
    "a." * 127, "a." * 127 + "a", "http://a",
)


def quoted(value):
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return text


def unquoted(text):
    """The text that a JSON text stands for; itself where it stands for none."""
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def is_many(name, value):
    """Whether this is a count of works that take long to find."""
    try:
        return name == "count" and 2 < float(value) <= 1000
    except ValueError:
        return False


class Requests:
    """Makes requests from random numbers, with what the model of the daemon knows."""

    def __init__(self, random, model):
        self.random = random
        self.model = model
        self.roots = [self.hexadecimal(64).upper() for _ in range(40)] + ["0" * 64, "F" * 64]
        self.accounts = [nano.account(self.random.choice(self.roots)) for _ in range(20)]
        self.actions = {
            "work_generate": self.work_generate,
            "work_validate": self.work_validate,
            "work_cancel": lambda: {"hash": self.root()},
            "benchmark": lambda: {"count": self.random.choice(("1", 1, "2")), **self.threshold(0.3)},
            "work_precache": self.work_precache,
            "precache_status": self.precache_status,
            "precache_watch": self.some_accounts,
            "precache_unwatch": self.some_accounts,
            "work_get": lambda: {"wallet": "0", "account": self.account()},
            "work_set": self.work_set,
            "work_peer_add": self.work_peer_add,
            "work_peers": dict,
            "work_peers_clear": dict,
            "status": dict,
            "version": dict,
            "stop": dict,
            "process": dict,
        }
        self.weights = [20, 20, 4, 2, 4, 2, 2, 2, 3, 5, 4, 1, 1, 0.2, 0.2, 0.1, 0.2]

    def next(self):
        action = self.random.choices(list(self.actions), self.weights)[0]
        fields = [(quoted("action"), quoted(action))]
        for name, value in self.actions[action]().items():
            fields.append((quoted(name), quoted(value)))
        if self.chance(0.1):
            self.random.shuffle(fields)
        request = Request(fields, from_a_page=self.chance(0.03))
        for _ in range(self.random.choices((0, 1, 2, 3), (4, 4, 3, 2))[0]):
            self.random.choices(
                (self.damage_value, self.replace_value, self.change_fields, self.damage_frame), (8, 8, 4, 1)
            )[0](request)
        return self.harmless(request)

    def harmless(self, request):
        """Without what would end the daemon or the connection, take long, or have peers asked."""
        while len(request.body) > 32000:
            del request.fields[-1]
        if b"benchmark" in request.body:
            request.fields = [field for field in request.fields if not is_many(*map(unquoted, field))]
        if self.model.control:
            banned = {"use_peers"} if request.from_a_page else {"use_peers", "stop"}
            request.fields = [field for field in request.fields if banned.isdisjoint(map(unquoted, field))]
        return request

    def chance(self, probability):
        return self.random.random() < probability

    # Good fields.

    def hexadecimal(self, digits):
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def root(self):
        root = self.random.choice(self.roots) if self.chance(0.7) else self.hexadecimal(64)
        if self.chance(0.1):
            root = root[: self.random.randint(1, 64)]
        return root.lower() if self.chance(0.3) else root

    def account(self):
        account = self.random.choice(self.accounts) if self.chance(0.8) else nano.account(self.hexadecimal(64))
        prefix = self.random.choice(("xrb_", "nano-", "xrb-", "node_", "ban_", "paw-")) if self.chance(0.2) else "nano_"
        return prefix + account[5:]

    def some_accounts(self):
        if self.chance(0.5):
            return {"account": self.account()}
        return {"accounts": [self.account() for _ in range(self.random.randint(0, 4))]}

    def some_hashes(self):
        if self.chance(0.5):
            return {"hash": self.root()}
        return {"hashes": [self.root() for _ in range(self.random.randint(0, 4))]}

    def fullness(self):
        """How probable it is that an optional field is there."""
        return 0.9 if self.chance(0.2) else 0.2

    def version(self):
        return "work_2" if self.chance(0.1) else "work_1"

    def subtype(self):
        return self.random.choice(("send", "change", "receive", "open", "epoch"))

    def threshold(self, full):
        fields = {}
        if self.chance(full):
            fields["difficulty"] = self.difficulty()
        if self.chance(full):
            fields["multiplier"] = self.multiplier()
        return fields

    def difficulty(self):
        edges = (self.model.thresholds.receive, self.model.thresholds.base, self.model.hardest)
        if self.chance(0.5):
            value = self.random.choice(edges) + self.random.choice((-1, 0, 0, 0, 1))
        else:
            value = self.random.randint(edges[0], edges[2])
        return f"{value:x}" if self.chance(0.8) else f"{value:X}"

    def multiplier(self):
        kind = self.random.randrange(4)
        if kind == 0:
            return self.random.choice(("1", "1.0", "64", "0.015625", "2", "1.394646887337492", "1e1", 2, 0.5, 64))
        if kind == 1:
            return self.random.uniform(0.01, 2)
        if kind == 2:
            return f"{self.random.uniform(0.01, 70):.15f}"
        return repr(2 ** self.random.uniform(-7, 7))

    def some_work(self, root):
        """Any, a good one, or one that the daemon gave."""
        known = self.model.stored.get(root)
        if known is not None and known.work is not None and self.chance(0.5):
            return known.work
        if self.chance(0.2) and self.model.thresholds is nano.DEV:
            return self.good_work(root)
        return self.hexadecimal(self.random.choice((16, 16, 16, 1, 5)))

    def good_work(self, root):
        nonce = self.random.getrandbits(64)
        least = self.model.thresholds.base if self.chance(0.1) else self.model.thresholds.receive
        while nano.work_value(root, nano.hex_u64(nonce)) < least:
            nonce = (nonce + 1) & nano.LARGEST
        return nano.hex_u64(nonce)

    def block(self, root):
        key = root if self.chance(0.3) else self.random.choice(self.roots)
        previous = "0" * 64 if self.chance(0.3) else root
        block = nano.state_block(previous, self.some_work(root), key)
        block["link"] = self.random.choice((self.hexadecimal(64), self.account(), "0"))
        if self.chance(0.1):
            block["link_as_account"] = block.pop("link")
        if self.chance(0.3):
            self.damage_block(block)
        return json.dumps(block) if self.chance(0.5) else block

    def damage_block(self, block):
        name = self.random.choice(list(block))
        kind = self.random.randrange(4)
        if kind == 0:
            del block[name]
        elif kind == 1:
            block[name] = self.random.choice((7, None, True, [], {}, "", "0", "x", "-1", "0x1", "00", str(2**128)))
        elif kind == 2:
            block[name] = self.damaged(block[name])
        else:
            block["extra"] = [1, {"type": "send"}]

    # Good requests.

    def work_generate(self):
        root = self.root()
        full = self.fullness()
        fields = {"hash": root, **self.threshold(full)}
        if self.chance(full):
            fields["version"] = self.version()
        if self.chance(full):
            fields["account"] = self.account()
        if self.chance(full):
            fields["subtype"] = self.subtype()
        if self.chance(full):
            fields["block"] = self.block(root.upper().rjust(64, "0"))
        for name in ("json_block", "use_peers", "secondary_work_peers", "cache_only"):
            if self.chance(full / 2):
                fields[name] = self.random.choice((True, False, "true", "false", "1", "0", 1, 0))
        return fields

    def work_validate(self):
        root = self.root()
        full = self.fullness()
        fields = {"hash": root, "work": self.some_work(root.upper().rjust(64, "0")), **self.threshold(full)}
        if self.chance(full):
            fields["version"] = self.version()
        return fields

    def work_precache(self):
        full = self.fullness()
        fields = self.some_hashes() if self.chance(0.5) else self.some_accounts()
        if self.chance(full):
            fields["subtype"] = self.subtype()
        return {**fields, **self.threshold(full)}

    def precache_status(self):
        fields = self.some_hashes() if self.chance(0.3) else self.some_accounts() if self.chance(0.3) else {}
        if self.chance(0.5):
            fields["count"] = self.random.choice((0, 1, "2", "5", 1000, "1001"))
        if self.chance(0.5):
            fields["offset"] = self.random.choice((0, 1, "2", "5", 1000, "100000000000"))
        return fields

    def work_set(self):
        account = self.random.choice(list(self.model.frontiers) or self.accounts)
        return {"account": account, "work": self.some_work(self.model.frontiers.get(account, "0" * 64))}

    def work_peer_add(self):
        port = self.random.choice((0, 1, "7000", 65535, "65536", "080", "+80"))
        return {"address": self.random.choice(HOSTS), "port": port}

    # What is wrong with them. Each changes a request.

    def damaged(self, text):
        place = self.random.randint(0, len(text))
        letters = 'g0Ff1 -+.xX_"\\/\t\n\x00\u00e9\u0661\U0001f600[{'
        kind = self.random.randrange(8)
        if kind == 0:
            return text[:place] + text[place + 1:]
        if kind == 1:
            return text[:place] + self.random.choice(letters) + text[place:]
        if kind == 2:
            return text[:place] + self.random.choice(letters) + text[place + 1:]
        if kind == 3:
            return self.random.choice((" ", "-", "+", "0x", "0X", "0", "\ufeff")) + text
        if kind == 4:
            return text + self.random.choice((" ", "0", "g", "\n", text))
        if kind == 5:
            return text.swapcase()
        if kind == 6:
            return text[:place]
        return text[::-1]

    def damage_value(self, request):
        index = self.random.randrange(len(request.fields))
        key, value = request.fields[index]
        if not value.startswith('"') or self.chance(0.1):
            value = self.damaged(value)
        elif self.chance(0.1):
            value = value.strip('"')
        else:
            try:
                value = quoted(self.damaged(json.loads(value)))
            except ValueError:
                value = self.damaged(value)
        request.fields[index] = (key, value)

    def replace_value(self, request):
        index = self.random.randrange(len(request.fields))
        request.fields[index] = (request.fields[index][0], self.random.choice(ODD))

    def change_fields(self, request):
        fields = request.fields
        index = self.random.randrange(len(fields))
        key, value = fields[index]
        kind = self.random.randrange(6)
        if kind == 0 and len(fields) > 1:
            del fields[index]
        elif kind == 1:
            fields.insert(self.random.randint(0, len(fields)), (key, self.random.choice((value, *ODD))))
        elif kind == 2:
            fields[index] = (quoted(self.damaged(json.loads(key))), value)
        elif kind == 3:
            fields.append((quoted(self.random.choice(NAMES)), self.random.choice(ODD)))
        elif kind == 4:
            other = self.random.randrange(len(fields))
            fields[index] = (key, fields[other][1])
            fields[other] = (fields[other][0], value)
        else:
            fields[index] = ("".join(f"\\u{ord(letter):04x}" for letter in key[1:-1]).join('""'), value)

    def damage_frame(self, request):
        kind = self.random.randrange(20)
        if kind < 8:
            request.before = self.random.choice(
                (" ", "\n\t\r ", "\ufeff", "\ufeff\ufeff", "\f", "[", "x", "\x00", "{", "\udcef\udcbb")
            )
        elif kind < 18:
            request.after = self.random.choice(("", "} ", "}\r\n", "}}", "},", "} {}", "}x", "}\x00", ",}", "]"))
        elif kind == 18:
            request.fields.append(('"x"', quoted("," * self.random.choice((9970, 10010)))))
        else:
            request.fields.append(('"x"', f"[{','.join('0' * self.random.choice((9970, 10010)))}]"))
