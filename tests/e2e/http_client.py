"""HTTP by hand: what goes over the wire is what a test wrote, and what came back is all visible."""

import json
import select
import socket
import struct
import time


class Closed(Exception):
    """The server closed the connection before its answer was whole."""


class Response:
    def __init__(self, version, status, headers, body):
        self.version = version
        self.status = status
        self.headers = headers  # (name, value) pairs in their order
        self.body = body

    def header(self, name):
        """The value of a header, or None; several of one name are joined."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None

    def json(self):
        """What it says; of an error of the RPC the node's field alone, which the node's clients read."""
        answer = json.loads(self.body)
        return {"error": answer["error"]} if isinstance(answer, dict) and {"error", "reason"} <= answer.keys() else answer

    def fault(self):
        """An error's reason and its detail, "" without one."""
        answer = json.loads(self.body)
        return answer["reason"], answer.get("detail", "")


def post_bytes(body, headers=(), version="1.1", path="/"):
    """A POST as a plain client sends it. `body` is bytes, or something to write as JSON."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/{version}", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(*chunks):
    """A body in chunks, with its end."""
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


class Connection:
    """One TCP connection; every wait ends at `timeout` seconds."""

    def __init__(self, address, timeout, source=None):
        self.timeout = timeout
        self.interim = []  # the status of every 1xx response seen
        self.cut = False  # whether the server closed within an answer
        self._received = b""
        self._socket = socket.create_connection(address, timeout, source and (source, 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def send(self, data):
        self._socket.sendall(data)

    def send_without_waiting(self, data):
        """Sends what fits into the buffers now; returns how many bytes that was."""
        self._socket.setblocking(False)
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        finally:
            self._socket.settimeout(self.timeout)

    def post(self, body, **options):
        self.send(post_bytes(body, **options))

    def ask(self, body, **options):
        """Posts and returns the answer's JSON."""
        self.post(body, **options)
        return self.receive().json()

    def receive(self, has_body=True):
        """The next response, interim ones passed over. Raises Closed or TimeoutError."""
        deadline = time.monotonic() + self.timeout
        response = None
        try:
            while True:
                version, status, headers = self._head(deadline)
                if status >= 200:
                    break
                self.interim.append(status)
            response = Response(version, status, headers, b"")
            if has_body:
                response.body = self._body(response, deadline)
        except (Closed, ConnectionError):
            self.cut = response is not None or bool(self._received)
            raise
        return response

    def receive_interim(self):
        """The status of the next response, which must be an interim one."""
        status = self._head(time.monotonic() + self.timeout)[1]
        assert status < 200, f"{status} is no interim status"
        return status

    def readable_within(self, seconds):
        """Whether anything, the end included, can be read within that time."""
        return bool(select.select([self._socket], [], [], seconds)[0])

    def closed_within(self, seconds):
        """Whether the server closes the connection within that time; what it still says is dropped."""
        deadline = time.monotonic() + seconds
        try:
            while self.readable_within(max(0, deadline - time.monotonic())):
                if not self._socket.recv(65536):
                    return True
        except ConnectionError:
            return True
        return False

    def half_close(self):
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes the hard way: the server gets a RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def close(self):
        self._socket.close()

    def _more(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no whole answer in time, only {self._received!r}")
        self._socket.settimeout(left)
        try:
            data = self._socket.recv(65536)
        finally:
            self._socket.settimeout(self.timeout)
        if not data:
            raise Closed(f"closed after {self._received!r}")
        self._received += data

    def _until(self, mark, deadline):
        while mark not in self._received:
            self._more(deadline)
        before, _, self._received = self._received.partition(mark)
        return before

    def _exactly(self, count, deadline):
        while len(self._received) < count:
            self._more(deadline)
        taken, self._received = self._received[:count], self._received[count:]
        return taken

    def _head(self, deadline):
        lines = self._until(b"\r\n\r\n", deadline).decode("latin-1").split("\r\n")
        version, status = lines[0].split(" ", 2)[:2]
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        return version, int(status), headers

    def _body(self, response, deadline):
        if (response.header("Transfer-Encoding") or "").lower() == "chunked":
            return self._chunks(deadline)
        length = response.header("Content-Length")
        if length is not None:
            return self._exactly(int(length), deadline)
        try:
            while True:
                self._more(deadline)
        except Closed:
            body, self._received = self._received, b""
            return body

    def _chunks(self, deadline):
        body = b""
        while size := int(self._until(b"\r\n", deadline).split(b";")[0], 16):
            body += self._exactly(size, deadline)
            self._until(b"\r\n", deadline)
        self._until(b"\r\n", deadline)
        return body
