"""What a process holds: memory, descriptors, threads."""

import os
import re


class Vitals:
    def __init__(self, pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            status = file.read()
        self.resident = _kilobytes(status, "VmRSS")
        self.own = _kilobytes(status, "RssAnon")  # without the store's file and the program's
        self.threads = int(re.search(r"^Threads:\s+(\d+)$", status, re.M).group(1))
        self.descriptors = len(os.listdir(f"/proc/{pid}/fd"))

    def __str__(self):
        return (f"{self.resident / 2**20:7.1f} MiB resident, {self.own / 2**20:7.1f} its own,"
                f" {self.descriptors:4} descriptors, {self.threads:3} threads")

    def faults(self, before, memory_bound):
        """What has grown since `before`, where nothing may have but memory by that many bytes."""
        wrong = []
        if self.own > before.own + memory_bound:
            wrong.append(f"memory grew from {before.own / 2**20:.1f} to {self.own / 2**20:.1f} MiB")
        if self.descriptors > before.descriptors:
            wrong.append(f"descriptors: {before.descriptors} before, {self.descriptors} after")
        if self.threads > before.threads:
            wrong.append(f"threads: {before.threads} before, {self.threads} after")
        return wrong


def _kilobytes(status, name):
    return int(re.search(rf"^{name}:\s+(\d+) kB$", status, re.M).group(1)) * 1024
