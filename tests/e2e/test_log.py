#!/usr/bin/env python3
"""The daemon's log: its formats, its file, the journal, and what it says at the start."""

import json
import os
import re
import signal
import tempfile

import nano
from harness import DaemonTest, main, run_program, wait_until

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


class Log(DaemonTest):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="workpeer-log-")
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "workpeer.log")

    def read(self, path=None):
        with open(path or self.path, encoding="ascii") as file:
            return file.read()

    def texts(self, daemon):
        return re.findall(f"^{STAMP} info (.*)$", daemon.log(), re.M)

    def test_start_says_what_is_in_force(self):
        daemon = self.start(config={"node.work_peers": '["127.0.0.1:1"]', "work.max_queue": "17"})
        texts = self.texts(daemon)
        self.assertRegex(texts[0], r"^Workpeer [0-9.]+ starting on the dev network$")
        settings = [text for text in texts if text.startswith("Setting")]
        self.assertIn('Setting: node.work_peers = ["127.0.0.1:1"]', settings)
        self.assertIn("Setting: rpc.port = 0", settings)
        self.assertIn("Setting: work.max_queue = 17", settings)
        self.assertFalse([text for text in settings if "max_connections" in text])
        self.assertTrue([text for text in texts if "scanner" in text], texts)
        for host, port in daemon.addresses:
            shown = f"[{host}]" if ":" in host else host
            self.assertIn(f"Listening on http://{shown}:{port}", texts)

    def test_json(self):
        daemon = self.start(config={"log.format": "json"})
        daemon.rpc("work_generate", hash=nano.random_root())
        lines = [json.loads(line) for line in daemon.log().splitlines()]
        self.assertGreater(len(lines), 5)
        for line in lines:
            self.assertEqual(list(line), ["time", "level", "message"])
            self.assertRegex(line["time"], f"^{STAMP}$")
            self.assertIn(line["level"], ("info", "warn"))
        self.assertRegex(lines[-1]["message"], "^Work generation for .* complete")

    def test_file_is_opened_again(self):
        daemon = self.start(config={"log.file": self.path})
        self.assertEqual(daemon.log(), "")
        self.assertIn(" info Workpeer ", self.read())
        os.rename(self.path, self.path + ".1")
        daemon.rpc("work_generate", hash=nano.random_root())
        wait_until(lambda: "complete" in self.read(self.path + ".1"), "the moved file is written to")
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: os.path.exists(self.path) and "SIGHUP" in self.read(), "a new file")
        daemon.rpc("work_generate", hash=nano.random_root())
        self.assertIn("complete", self.read())
        self.assertEqual(self.read(self.path + ".1").count("complete"), 1)

    def test_hang_up_without_a_file(self):
        daemon = self.start()
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: "SIGHUP" in daemon.log(), "it is logged")
        self.assertIn("work", daemon.rpc("work_generate", hash=nano.random_root()))

    def test_file_that_cannot_be_opened(self):
        result = run_program("--daemon", "--data_path", os.path.dirname(self.path), "--config",
                             "rpc.port=0", "log.file=/nowhere/workpeer.log")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr, "workpeer: cannot open the log file /nowhere/workpeer.log: "
                                        "No such file or directory (log.file)\n")

    def journal(self, stream=None, config=None):
        """What the daemon writes to a standard error that is the journal, or said to be."""
        with open(self.path, "wb") as errors:
            status = os.fstat(errors.fileno())
            daemon = self.start(
                config=config, stderr=errors,
                environment={"JOURNAL_STREAM": stream or f"{status.st_dev}:{status.st_ino}"})
        daemon.rpc("work_generate", hash=nano.random_root())
        return self.read().splitlines()

    def test_journal_is_found(self):
        for line in self.journal():
            self.assertRegex(line, r"^<[3-7]>[A-Z]")

    def test_journal_that_is_another_file(self):
        for line in self.journal(stream="1:1"):
            self.assertRegex(line, f"^{STAMP} ")

    def test_journal_by_order(self):
        for line in self.journal(stream="1:1", config={"log.target": "journal", "log.format": "json"}):
            level = json.loads(line[3:])["level"]
            self.assertEqual(line[:3], {"info": "<6>", "warn": "<4>"}[level])

    def test_no_journal_by_order(self):
        for line in self.journal(config={"log.target": "stderr"}):
            self.assertRegex(line, f"^{STAMP} ")


if __name__ == "__main__":
    main()
