#!/usr/bin/env python3
"""The RPC's speed against that of a bare evhttp handler, in turn in one run.

    make bench && python3 tests/bench/bench_rpc.py [ROUNDS [SECONDS [PAGES]]]

Run it in the build directory. Each round measures work_validate on both, in slices of SECONDS
(default 1), in alternating order; printed are the medians of ROUNDS (default 20) and the median of the
rounds' ratios. With PAGES the daemon with so many subscribers of /events, as many open status pages are, is
compared with itself.
"""

import contextlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading

BENCH = "tests/bench/bench_http"
CONNECTIONS = "16"


def start(command, pattern):
    """Starts a server and returns it with the port that its output names."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in process.stdout:
        found = re.search(pattern, line)
        if found:
            return process, found.group(1)
    raise SystemExit(f"{command[0]} did not start")


def measure(port, seconds):
    output = subprocess.run(
        [BENCH, "load", port, CONNECTIONS, seconds], check=True, capture_output=True, text=True
    ).stdout
    return float(output)


def read_on(page):
    with contextlib.suppress(ConnectionError):
        while page.recv(65536):
            pass


def measure_with(port, seconds, count):
    """The same while so many pages are open."""
    pages = [socket.create_connection(("127.0.0.1", int(port))) for _ in range(count)]
    readers = [threading.Thread(target=read_on, args=(page,)) for page in pages]
    for page, reader in zip(pages, readers):
        page.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        reader.start()
    try:
        return measure(port, seconds)
    finally:
        for page, reader in zip(pages, readers):
            page.shutdown(socket.SHUT_RDWR)
            reader.join()
            page.close()


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    seconds = sys.argv[2] if len(sys.argv) > 2 else "1"
    pages = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    with tempfile.TemporaryDirectory() as data_path:
        bare, bare_port = start([BENCH, "serve"], r"^(\d+)$")
        daemon, port = start(
            ["./workpeer", "--daemon", "--data_path", data_path, "--config", "rpc.port=0"],
            r"http://127\.0\.0\.1:(\d+)",
        )
        base, ours = ("workpeer", f"{pages} pages") if pages else ("bare evhttp", "workpeer")
        ports = {base: port if pages else bare_port, ours: port}
        rates = {name: [] for name in ports}
        try:
            for index in range(rounds):
                order = sorted(ports, reverse=index % 2 == 1)
                for name in order:
                    rates[name].append(measure_with(ports[name], seconds, pages if name == ours else 0))
        finally:
            for process in (bare, daemon):
                process.terminate()
                process.wait()
    for name, figures in rates.items():
        print(
            f"{name:12}  median {statistics.median(figures):8.0f} requests/s"
            f"  (min {min(figures):.0f}, max {max(figures):.0f})"
        )
    ratios = [mine / theirs for mine, theirs in zip(rates[ours], rates[base])]
    print(f"ratio         median {statistics.median(ratios):.3f} of {rounds} rounds")


if __name__ == "__main__":
    main()
