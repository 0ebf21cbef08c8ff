#!/usr/bin/env python3
"""An open-loop load on the daemon, many connections kept open, and on nano-work-server where that is installed.

    make bench && python3 .../tests/bench/bench_load.py [--rates N,N,...] [--runs N] [-- OPTION of tests/bench/load]

Run in the build directory. Each server is started anew for each run, one after the other, and gets the same
plan. Printed are, for each rate, the medians over the runs: answers a second, the times from when a request was
due to its answer, the CPU time that the server took for all of it, its searches and the opening of the connections
among it, and its memory once it has started, at its peak, and at its end, when every connection is closed. --table prints what became of each kind of request in each run.
"""

import argparse
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

LOAD = "tests/bench/load"
CONNECTIONS = 10000
START_SECONDS = 30
FIGURES = (
    ("answers_per_second", "answers/s", 0),
    ("p50_ms", "p50 ms", 2),
    ("p99_ms", "p99 ms", 2),
    ("p999_ms", "p99.9 ms", 2),
    ("max_ms", "max ms", 2),
)
TAKEN = (("cpu", "CPU s", 2), ("start", "MiB start", 1), ("peak", "peak", 1), ("end", "end", 1))


def free_port():
    """A port of none that the system gives to clients, who may be ten thousand here."""
    while True:
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", random.randrange(10240, 32768)))
                return sock.getsockname()[1]
            except OSError:
                pass


def wait_for(condition, what):
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {START_SECONDS} s: {what}")
        time.sleep(0.01)


def is_listening(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


class Server:
    """One run's server, started and listening."""

    def __init__(self, command, port):
        self.port = port
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._is_up, f"{command[0]} listens")
        self.start = self._memory("VmRSS")

    def _is_up(self):
        listening = is_listening(self.port)
        if self.process.poll() is not None:
            raise SystemExit(f"{self.process.args[0]} ended with {self.process.returncode} at its start")
        return listening

    def _memory(self, name):
        """MiB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(rf"^{name}:\s+(\d+) kB$", file.read(), re.M).group(1)) / 1024

    def _cpu(self):
        """Seconds, of all threads."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """What it has taken: CPU seconds, and MiB at the start, at the peak and now."""
        taken = {
            "cpu": self._cpu(), "start": self.start, "peak": self._memory("VmHWM"), "end": self._memory("VmRSS"),
        }
        self.process.terminate()
        self.process.wait()
        return taken


def start_workpeer(directory, threads):
    port = free_port()
    settings = {
        "rpc.port": port,
        "rpc.address": '["127.0.0.1"]',
        "rpc.max_connections": 2 * CONNECTIONS,
        "rpc.max_connections_per_address": 0,
        "rpc.idle_timeout": 3600,
        "node.work_threads": threads,
        "node.max_work_generate_multiplier": 1e12,
    }
    command = ["./workpeer", "--daemon", "--data_path", directory, "--network", "dev"]
    for key, value in settings.items():
        command += ["--config", f"{key}={value}"]
    return Server(command, port)


def start_nano_work_server(_, threads):
    port = free_port()
    command = ["nano-work-server", "--listen-address", f"127.0.0.1:{port}", "--cpu-threads", str(threads)]
    return Server(command, port)


def measure(start, threads, options):
    with tempfile.TemporaryDirectory(prefix="workpeer-load-") as directory:
        server = start(directory, threads)
        try:
            result = subprocess.run(
                [LOAD, "--port", str(server.port), "--json", *options], stdout=subprocess.PIPE, check=False
            )
        finally:
            taken = server.stop()
    if result.returncode not in (0, 2):
        raise SystemExit(f"{LOAD} ended with {result.returncode}")
    return {**json.loads(result.stdout), "taken": taken}


def print_kinds(name, rate, run):
    print(f"\n{name}, {rate} a second:")
    columns = ("sent", "answered", "stored", "refused", "wrong", "lost", "left")
    print(f"{'':9}" + "".join(f"{column:>9}" for column in columns))
    for kind, row in run["kinds"].items():
        print(f"{kind:9}" + "".join(f"{row[column]:9}" for column in columns))


def row_of(runs):
    """The medians of a server's runs at one rate."""

    def median(of):
        return statistics.median(map(of, runs))

    cells = [f"{median(lambda run: run['all'][key]):10.{digits}f}" for key, _, digits in FIGURES]
    cells += [f"{median(lambda run: run['taken'][key]):10.{digits}f}" for key, _, digits in TAKEN]
    return "".join(cells) + f"{failures(runs):8}"


def failures(runs):
    """Requests without a good answer, in all of the runs."""
    rows = [row for run in runs for row in run["kinds"].values()]
    return sum(row[end] for row in rows for end in ("refused", "wrong", "lost"))


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rates", default="1000,4000,16000", help="arrivals a second, a row for each")
    parser.add_argument("--runs", type=int, default=3, help="of each server at each rate")
    parser.add_argument("--threads", type=int, default=1, help="that each server searches with")
    parser.add_argument("--table", action="store_true", help="print each kind of request of each run")
    parser.add_argument("load", nargs="*", help="options of tests/bench/load, after --")
    return parser.parse_args()


def main():
    arguments = parse()
    servers = {"workpeer": start_workpeer}
    if shutil.which("nano-work-server"):
        servers["nano-work-server"] = start_nano_work_server
    # Listed first, so that whoever calls can say otherwise.
    usual = ["--connections", str(CONNECTIONS)]
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start; medians of {arguments.runs} runs")
    titles = [title for _, title, _ in FIGURES + TAKEN]
    print(f"{'server':17}{'rate':>7}" + "".join(f"{title:>10}" for title in titles) + f"{'failed':>8}")
    sound = True
    for rate in arguments.rates.split(","):
        for name, start in servers.items():
            runs = []
            for seed in range(1, arguments.runs + 1):
                options = [*usual, "--rate", rate, "--seed", str(seed), *arguments.load]
                runs.append(measure(start, arguments.threads, options))
            print(f"{name:17}{rate:>7}{row_of(runs)}", flush=True)
            sound = sound and (name != "workpeer" or failures(runs) == 0)
            if arguments.table:
                for run in runs:
                    print_kinds(name, rate, run)
    if "nano-work-server" not in servers:
        print("nano-work-server is not installed: no comparison")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
