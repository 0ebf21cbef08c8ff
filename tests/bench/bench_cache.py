"""Work from the store over loopback: how long one request takes, and how many a second one core answers.

    make bench && python3 .../tests/bench/bench_cache.py [ENTRIES [ROUNDS [SECONDS]]]

Run in the build directory. The daemon, whose works are answered by one thread, has one CPU to itself, and the
load another. 1000000 entries, 5 rounds of 5 seconds.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile

BENCH = "tests/bench/bench_cache"


def pinned(cpu):
    cpus = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, {cpus[cpu % len(cpus)]})


def start(command):
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=pinned(0)
    )
    for line in process.stdout:
        found = re.search(r"Listening on http://127\.0\.0\.1:(\d+)", line)
        if found:
            return process, found.group(1)
    raise SystemExit(f"{command[0]} did not start")


def measure(port, connections, seconds, entries):
    """Requests a second, median and 99th percentile in microseconds."""
    output = subprocess.run(
        [BENCH, "load", port, str(connections), str(seconds), str(entries)],
        check=True, capture_output=True, text=True, preexec_fn=pinned(1),
    ).stdout
    return [float(figure) for figure in output.split()]


def main():
    entries, rounds, seconds = [int(a) for a in sys.argv[1:4]] + [1000000, 5, 5][len(sys.argv) - 1 :]
    with tempfile.TemporaryDirectory() as directory:
        store = os.path.join(directory, "store")
        subprocess.run([BENCH, "fill", store, str(entries)], check=True)
        size = os.path.getsize(os.path.join(store, "data.mdb"))
        print(f"{entries} entries, {size / 2**20:.0f} MiB")
        daemon, port = start(
            ["./workpeer", "--daemon", "--data_path", directory, "--network", "dev", "--config",
             "rpc.port=0", "--config", f"store.path={store}", "--config", "node.work_threads=1",
             "--config", f"store.max_entries={entries}"]
        )
        try:
            for connections in (1, 16):
                figures = [measure(port, connections, seconds, entries) for _ in range(rounds)]
                rate, median, late = (statistics.median(column) for column in zip(*figures))
                least = min(figure[0] for figure in figures)
                print(
                    f"{connections:2} connections  {rate:8.0f} requests/s (least {least:.0f})"
                    f"  median {median:.0f} us  99 % within {late:.0f} us"
                )
        finally:
            daemon.terminate()
            daemon.wait()


if __name__ == "__main__":
    main()
