"""Work peers that do what a test says: a server on loopback, one thread a connection."""

import contextlib
import json
import random
import socket
import threading

import nano


class Exchange:
    """One request that a peer has read, and the connection that it came on."""

    def __init__(self, peer, sock, head, body):
        self.peer = peer
        self.socket = sock
        self.head = head
        self.raw_body = body
        self.request_line, *lines = head.decode().split("\r\n")
        self.headers = [tuple(line.split(": ", 1)) for line in lines if line]
        self.body = json.loads(body)

    def header(self, name):
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return values[0] if values else None

    def send(self, data):
        self.socket.sendall(data)

    def answer(self, body, status="200 OK", headers=("Content-Type: application/json",), length=None):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        length = len(body) if length is None else length
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {length}"]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def work(self):
        """Good work for what was asked."""
        return nano.find_work(self.body["hash"], int(self.body["difficulty"], 16))

    def wait_for_leaving(self):
        """Until the other side closes, or the peer is stopped."""
        self.socket.settimeout(0.05)
        while not self.peer.stopped.is_set():
            try:
                if not self.socket.recv(65536):
                    return
            except TimeoutError:
                pass
            except OSError:
                return


# Behaviours: each gets the exchange of a work_generate; the connection is closed when it returns False.


def good(exchange):
    exchange.answer({"work": exchange.work()})
    return True


def good_as_nano_node(exchange):
    """nano_node never keeps a connection."""
    work = exchange.work()
    body = {"hash": exchange.body["hash"], "work": work, "difficulty": "0", "multiplier": "0"}
    exchange.answer(body, headers=("Content-Type: application/json", "Connection: close"))
    return False


def slow(seconds):
    def behaviour(exchange):
        if exchange.peer.stopped.wait(seconds):
            return False
        return good(exchange)

    return behaviour


def silent(exchange):
    exchange.wait_for_leaving()
    return False


def half_head(exchange):
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-Le")
    exchange.wait_for_leaving()
    return False


def half_body(exchange):
    exchange.answer(b'{"work": "', length=100)
    exchange.wait_for_leaving()
    return False


def cut_body(exchange):
    exchange.answer(b'{"work": "', length=100)
    return False


def dripping(exchange):
    """A byte a second, for ever."""
    try:
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n" + b" " * 60:
            exchange.send(bytes([byte]))
            if exchange.peer.stopped.wait(1):
                return False
    except OSError:
        pass
    return False


def for_another_root(exchange):
    asked = int(exchange.body["difficulty"], 16)
    work = nano.find_work(nano.random_root(), asked)
    while nano.work_value(exchange.body["hash"], work) >= asked:  # by luck good for this one, too
        work = nano.find_work(nano.random_root(), asked)
    exchange.answer({"work": work})
    return True


def below_threshold(exchange):
    asked = int(exchange.body["difficulty"], 16)
    exchange.answer({"work": nano.find_work(exchange.body["hash"], 0, asked)})
    return True


def answering(body, status="200 OK"):
    def behaviour(exchange):
        exchange.answer(body, status)
        return False

    return behaviour


def html(exchange):
    exchange.answer(b"<html><body>It works!</body></html>", headers=("Content-Type: text/html",))
    return True


def declaring_a_gigabyte(exchange):
    exchange.answer(b'{"work": "', length=2**30)
    exchange.wait_for_leaving()
    return False


def endless_chunks(exchange):
    """Never ends; counts what could be sent."""
    exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    try:
        while not exchange.peer.stopped.is_set() and exchange.peer.bytes_sent < 2**30:
            exchange.send(chunk)
            exchange.peer.bytes_sent += len(chunk)
    except OSError:
        pass
    return False


def closing(exchange):
    return False


class FakePeer:
    """Listens at once. `behaviour` may be changed at any time."""

    def __init__(self, behaviour=good, address="127.0.0.1", tls=None):
        self.behaviour = behaviour
        self._tls = tls  # an ssl.SSLContext
        self.refusals = []  # why handshakes failed
        self.stopped = threading.Event()
        self.bytes_sent = 0
        self.connections = 0  # accepted
        self._lock = threading.Lock()
        self._asked = []
        self._cancelled = []
        self._sockets = set()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((address, 0))
        self._listener.listen(512)
        self.port = self._listener.getsockname()[1]
        self.name = f"{address}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def asked(self):
        """The exchanges of every work_generate, in their order."""
        with self._lock:
            return list(self._asked)

    @property
    def cancelled(self):
        """The exchanges of every work_cancel."""
        with self._lock:
            return list(self._cancelled)

    def stop(self):
        self.stopped.set()
        with self._lock:
            sockets = [self._listener, *self._sockets]
        for sock in sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def _accept(self):
        while not self.stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._sockets.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _secure(self, sock):
        with self._lock:
            self._sockets.discard(sock)
        try:
            secured = self._tls.wrap_socket(sock, server_side=True)
        except OSError as error:
            self.refusals.append(str(error))
            raise
        with self._lock:
            self._sockets.add(secured)
        return secured

    def _serve(self, sock):
        try:
            if self._tls is not None:
                sock = self._secure(sock)
            buffered = b""
            while True:
                exchange, buffered = self._read(sock, buffered)
                if exchange is None or not self._dispatch(exchange):
                    return
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._sockets.discard(sock)
            sock.close()

    def _dispatch(self, exchange):
        if exchange.body["action"] == "work_cancel":
            with self._lock:
                self._cancelled.append(exchange)
            exchange.answer({"success": ""})
            return True
        with self._lock:
            self._asked.append(exchange)
        return self.behaviour(exchange)

    def _read(self, sock, buffered):
        while b"\r\n\r\n" not in buffered:
            data = sock.recv(65536)
            if not data:
                return None, b""
            buffered += data
        head, _, rest = buffered.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(rest) < length:
            data = sock.recv(65536)
            if not data:
                return None, b""
            rest += data
        return Exchange(self, sock, head, rest[:length]), rest[length:]


def closed_ports(count):
    """Ports on loopback where nobody listens. The kernel gives them to nobody who asks for any, if there are such."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        first = int(file.read().split()[0])
    below = range(max(1024, first // 2), first)
    ports = []
    with contextlib.ExitStack() as held:
        for port in [*random.sample(below, len(below)), *[0] * count]:
            if len(ports) == count:
                break
            sock = held.enter_context(socket.socket())
            try:
                sock.bind(("127.0.0.1", port))
                ports.append(sock.getsockname()[1])
            except OSError:
                pass  # somebody's
    return ports


def closed_port():
    """One of those."""
    return closed_ports(1)[0]

