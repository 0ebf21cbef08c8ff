#!/usr/bin/env python3
"""Real clients from npm get work, each at the version that it was tried with."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

import nano
from harness import DaemonTest, main, scaled

INSTALL_SECONDS = 120

# npm's words for a registry that does not answer.
UNREACHABLE = "ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH"

CLIENTS = {
    "@dev-ptera/nano-node-rpc@2.1.0": """
        const {NanoClient} = require ('@dev-ptera/nano-node-rpc');
        const answer = await new NanoClient ({url}).work_generate (root);
        return answer.work;
    """,
    "@bananocoin/bananojs@2.10.10": """
        const api = require ('@bananocoin/bananojs').bananodeApi;
        api.setUrl (url);
        return await api.getGeneratedWork (root);
    """,
    "nano-node-rpc@0.3.1": """
        const Client = require ('nano-node-rpc');
        const answer = await new Client ({url})._send ('work_generate', {hash: root});
        return answer.work;
    """,
    "@nanobox/nano-client@2.0.1": """
        const {NanoClient} = require ('@nanobox/nano-client');
        return await new NanoClient ({url}).nano.generateWork (root, difficulty);
    """,
}

SCRIPT = """
    const [url, root, difficulty] = process.argv.slice (-3);
    (async () => { %s }) ().then (
        (work) => { console.log (work); process.exit (0); },
        (error) => { console.error (error); process.exit (1); });
"""


class Npm(DaemonTest):
    offline = None

    @classmethod
    def setUpClass(cls):
        for tool in ("npm", "node"):
            if shutil.which(tool) is None:
                raise unittest.SkipTest(f"{tool} is not installed")
    def skip_offline(self, package):
        """No other test waits for a registry that did not answer this one."""
        type(self).offline = f"the npm registry cannot be reached (asked for {package})"
        self.skipTest(self.offline)

    def install(self, package):
        """A directory with the package in it."""
        if self.offline:
            self.skipTest(self.offline)
        directory = tempfile.TemporaryDirectory(prefix="workpeer-e2e-npm-")
        self.addCleanup(directory.cleanup)
        with open(os.path.join(directory.name, "package.json"), "w", encoding="ascii") as file:
            file.write('{"private": true}\n')
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund",
                   "--fetch-retries=1", package]
        try:
            result = subprocess.run(
                command,
                cwd=directory.name,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=scaled(INSTALL_SECONDS),
                check=False,
            )
        except subprocess.TimeoutExpired:
            self.skip_offline(package)
        if result.returncode != 0:
            if re.search(UNREACHABLE, result.stderr):
                self.skip_offline(package)
            self.skipTest(f"{package} cannot be installed: {result.stderr[-500:]}")
        return directory.name

    def get_work(self, package, daemon, root):
        host, port = daemon.address
        result = subprocess.run(
            ["node", "-e", SCRIPT % CLIENTS[package], "--", f"http://{host}:{port}", root,
             nano.hex_u64(nano.DEV.base)],
            cwd=self.install(package),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=scaled(30),
            check=False,
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.strip()

    def assert_gets_work(self, package):
        daemon = self.start(config={"rpc.address": "127.0.0.1"})
        root = nano.random_root()
        work = self.get_work(package, daemon, root)
        self.assertRegex(work, "^[0-9a-f]{16}$")
        self.assertGreaterEqual(nano.work_value(root, work), nano.DEV.base)

    def test_dev_ptera_nano_node_rpc(self):
        self.assert_gets_work("@dev-ptera/nano-node-rpc@2.1.0")

    def test_bananocoin_bananojs(self):
        self.assert_gets_work("@bananocoin/bananojs@2.10.10")

    def test_nano_node_rpc(self):
        self.assert_gets_work("nano-node-rpc@0.3.1")

    def test_nanobox_nano_client(self):
        self.assert_gets_work("@nanobox/nano-client@2.0.1")


if __name__ == "__main__":
    main()
