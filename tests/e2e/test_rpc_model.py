#!/usr/bin/env python3
"""Random requests to the daemon, and every answer held against the model in rpc_model.py, to the byte.

MODEL_REQUESTS (2000) is the number for each daemon. MODEL_SEED repeats a run, but for the works that the daemon
finds.
"""

import json
import os
import random
import tempfile

from harness import DaemonTest, main, pretty
from http_client import Closed, post_bytes
from rpc_model import Model
from rpc_requests import Requests, minimised

COUNT = int(os.environ.get("MODEL_REQUESTS", "2000"))
SEED = int(os.environ.get("MODEL_SEED", "0")) or random.SystemRandom().getrandbits(32)

# So many are sent before the first answer is read.
AHEAD = 16


def print_as_node(answer):
    try:
        return (pretty(answer) + "\n").encode()
    except ValueError as fault:
        return f"(not to be printed: {fault})".encode()


class RpcModel(DaemonTest):
    """Each test is one configuration."""

    def start_both(self, network="dev", **facts):
        """A daemon, and the model of it."""
        config = {"node.experimental.secondary_work_peers": "[]"}
        if facts.get("control"):
            config["rpc.enable_control"] = "true"
        if facts.get("store", True):
            directory = tempfile.TemporaryDirectory(prefix="workpeer-store-")
            self.addCleanup(directory.cleanup)
            config.update({"store.enable": "true", "store.path": os.path.join(directory.name, "store")})
        if not facts.get("devices", True):
            config.update({"node.work_threads": "0", "peers.stand_in": "false"})
        if "max_multiplier" in facts:
            config["node.max_work_generate_multiplier"] = str(facts["max_multiplier"])
        if "max_depth" in facts:
            config["rpc.max_json_depth"] = str(facts["max_depth"])
        self.model = Model(network, **facts)
        self.connection = self.connect(self.start(config=config, network=network), seconds=60)

    def send(self, *requests):
        page = [("Origin", "http://example.org")]
        self.connection.send(
            b"".join(post_bytes(request.body, page if request.from_a_page else []) for request in requests)
        )

    def compare(self, request):
        """Reads the answer. Returns it, and the model's; both as they are printed."""
        try:
            response = self.connection.receive()
            answer = json.loads(response.body)
        except (Closed, TimeoutError, ValueError) as fault:
            raise AssertionError(f"MODEL_SEED={SEED}: no answer to {request}") from fault
        self.assertEqual((response.status, response.header("Content-Type")), (200, "application/json"))
        right = self.model.answer(request.body, answer, request.from_a_page)
        return response.body, print_as_node(right)

    def differs(self, request):
        self.send(request)
        seen, right = self.compare(request)
        return seen != right

    def explain(self, request, seen, right, behind):
        """Fails, with the request made small. The answers to those behind it have yet to be read."""
        for other in behind:
            self.compare(other)
        small = minimised(request, self.differs)
        self.fail(
            f"MODEL_SEED={SEED}: the daemon and the model differ\n"
            f"request: {request}\ndaemon: {seen!r}\nmodel:  {right!r}\n"
            f"smallest request that differs: {small}"
        )

    def ask_at_random(self, **facts):
        self.start_both(**facts)
        requests = Requests(random.Random(f"{SEED} {self.id()}"), self.model)
        errors = 0
        for begin in range(0, COUNT, AHEAD):
            batch = [requests.next() for _ in range(min(AHEAD, COUNT - begin))]
            self.send(*batch)
            for place, request in enumerate(batch):
                seen, right = self.compare(request)
                if seen != right:
                    self.explain(request, seen, right, batch[place + 1:])
                errors += right.startswith(b'{\n    "error"')
        print(f"{COUNT} requests, {errors} of them answered with an error", flush=True)

    def test_without_control(self):
        self.ask_at_random()

    def test_with_control(self):
        self.ask_at_random(control=True)

    def test_without_a_store(self):
        self.ask_at_random(store=False, control=True)

    def test_lowest_limit(self):
        self.ask_at_random(max_multiplier=1, max_depth=3)

    def test_high_limit(self):
        self.ask_at_random(max_multiplier=256)

    def test_live_without_devices(self):
        self.ask_at_random(network="live", devices=False, store=False, control=True)

    def test_beta_without_devices(self):
        self.ask_at_random(network="beta", devices=False, store=False)

    def test_banano_without_devices(self):
        self.ask_at_random(network="banano", devices=False, store=False)


if __name__ == "__main__":
    print(f"MODEL_SEED={SEED}", flush=True)
    main()
