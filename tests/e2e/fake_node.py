"""A node as far as pre-caching sees one: it answers accounts_frontiers, and tells of its blocks."""

import http.server
import json
import threading

import nano
from fake_peer import closed_port
from http_client import post_bytes


class FakeNode:
    """Knows accounts and their frontiers. While it is away its port refuses connections."""

    def __init__(self):
        self.port = closed_port()  # which nobody takes while it is away
        self.frontiers = {}  # by account
        self.asked = 0  # questions answered
        self.largest = 0  # accounts in one question
        self.answer = None  # what to say instead: a status and bytes
        self.raw = None  # what to say instead, not made to an answer, before the connection ends
        self.presence = threading.Lock()  # held while a question is answered
        self._lock = threading.Lock()
        self._server = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def come(self):
        node = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with node.presence:
                    if node.is_away():
                        self.close_connection = True
                        return
                    self.answer(question)

            def answer(self, question):
                if node.raw is not None:
                    self.wfile.write(node.raw)
                    self.close_connection = True
                    return
                status, body = node.answer or (200, json.dumps(node.answer_to(question)).encode())
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *unused):
                pass

        class Server(http.server.ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *unused):
                """Who leaves in the middle is no fault of the test's."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def go(self):
        """No question is answered once this has returned."""
        with self.presence:
            server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def is_away(self):
        return self._server is None

    def answer_to(self, question):
        """As nano_node: an empty object is an empty text, and who is unknown stands under errors."""
        assert question["action"] == "accounts_frontiers", question
        with self._lock:
            self.asked += 1
            self.largest = max(self.largest, len(question["accounts"]))
            known = {a: self.frontiers[a] for a in question["accounts"] if a in self.frontiers}
            errors = {a: "Account not found" for a in question["accounts"] if a not in known}
        answer = {"frontiers": known or ""}
        if errors:
            answer["errors"] = errors
        return answer


def callback(account, block_hash, previous, subtype="send"):
    """What a node's [node.httpcallback] posts of a confirmed block; the block is text."""
    block = {
        "type": "state",
        "account": account,
        "previous": previous,
        "representative": account,
        "balance": "1000000000000000000000000000000",
        "link": nano.random_root(),
        "link_as_account": nano.account(nano.random_root()),
        "signature": "00" * 64,
        "work": "0000000000000000",
    }
    fields = {
        "account": account,
        "hash": block_hash,
        "block": json.dumps(block, indent=4) + "\n",
        "amount": "1",
        "is_send": "true" if subtype == "send" else "",
        "subtype": subtype,
    }
    if subtype != "send":
        del fields["is_send"]
    return fields


def tell(connection, account, block_hash, previous=None, **options):
    """Posts a callback on a connection; returns the response."""
    body = callback(account, block_hash, previous or nano.random_root())
    connection.send(post_bytes(body, path="/callback", **options))
    return connection.receive()
