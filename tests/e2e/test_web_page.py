#!/usr/bin/env python3
"""The status page in a real browser: what a person sees of the daemon, and can do."""

import http.server
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

import nano
from browser import ENTER, TAB, Browser, skip_without
from harness import ALLOW_ENDLESS, ENDLESS, DaemonTest, main, scaled, wait_until
from test_access import KEY, KEYS
from test_npm import UNREACHABLE
from test_routes import head
from test_web import ACCEPT, FILES, Events

AXE = "axe-core@4.10.3"
WIDTHS = (360, 1600)
HEIGHT = 900

# What Chromium writes into the console when the server refuses, or is not there: no page can keep it from that.
OF_THE_NETWORK = r"Failed to load resource|net::ERR_"


class PageTest(DaemonTest):
    width = 1280

    @classmethod
    def setUpClass(cls):
        skip_without()
        cls.browser = Browser(cls.width, HEIGHT)
        cls.addClassCleanup(cls.browser.close)

    def open(self, daemon, health="^Up"):
        self.origin = f"http://127.0.0.1:{daemon.address[1]}/"
        self.browser.open("about:blank")
        self.browser.complaints()
        self.browser.requests()
        self.browser.open(self.origin)
        if health is not None:
            self.browser.wait_for("#health", health)

    def assert_quiet(self, allowed=None):
        """Nothing in the console, and no request to anybody else."""
        complaints = [text for text in self.browser.complaints() if not (allowed and re.search(allowed, text))]
        self.assertEqual(complaints, [])
        elsewhere = [url for url in self.browser.requests()
                     if not url.startswith((self.origin, "data:", "about:"))]
        self.assertEqual(elsewhere, [])


class Now(PageTest):
    def streams(self, daemon):
        with daemon.connect() as connection:
            connection.send(head("GET", "/metrics"))
            text = connection.receive().body.decode()
        return int(re.search(r'^workpeer_requests_in_flight\{face="rpc"\} (\d+)', text, re.M)[1])

    def test_a_search_begins_and_ends(self):
        daemon = self.start_endless()
        self.open(daemon)
        self.assertEqual(self.browser.text("#searches-note"), "None at the moment.")
        root = nano.random_root()
        self.begin(daemon, root)
        text = self.browser.wait_for("#searches", re.escape(f"{root[:8]}...{root[-8:]}"))
        self.assertIn("asked for", text)
        self.browser.wait_for("#searches", r"\b0%")
        self.browser.wait_for("#devices-table", "up, busy")
        daemon.rpc("work_cancel", hash=root)
        self.browser.wait_for("#searches-note", "None at the moment")
        daemon.rpc("work_generate", hash=root)
        self.browser.wait_for("#works", "CPU")
        self.browser.wait_for("#times", "CPU")
        self.assert_quiet()

    def test_the_line_grows(self):
        daemon = self.start_endless()
        self.open(daemon)
        self.begin(daemon, nano.random_root())
        self.browser.wait_for("#line-text", r"Highest .* H/s|Highest .*[kMG]H/s", 30)
        points = self.browser.run("return document.querySelector ('#line-points').points.length;")
        self.assertGreater(points, 0)

    def test_a_peer_rests(self):
        daemon = self.start(config={"node.work_peers": '["127.0.0.1:1"]'})
        self.open(daemon)
        self.assertRegex(self.browser.text("#peers-table"), "127.0.0.1:1.*unknown")
        daemon.rpc("work_generate", hash=nano.random_root(), use_peers="true")
        self.browser.wait_for("#peers-table", "resting for .*refused")
        self.assert_quiet()

    def test_what_is_not_configured_is_not_shown(self):
        self.open(self.start())
        for part in ("#peers", "#ready", "#atto", "nav a[href='#peers']", "#key-form", "#connection"):
            self.assertEqual(self.browser.text(part), "", part)
        for part in ("#devices", "#try", "nav a[href='#devices']"):
            self.assertNotEqual(self.browser.text(part), "", part)

    def test_down_with_its_reason(self):
        self.open(self.start(config={"node.work_threads": "0"}), "^Down: There is no device to search on$")

    def test_kept_ready(self):
        daemon = self.start(config={"store.enable": None})
        root = nano.random_root()
        for _ in range(2):
            daemon.rpc("work_generate", hash=root)
        self.open(daemon)
        self.browser.wait_for("#ready-figures", r"Store hits\s+1\s+Hits of all requests\s+50%")
        self.assertIn("Accounts followed", self.browser.text("#ready-figures"))

    def test_the_management_port_has_no_forms(self):
        daemon = self.start(config={"management.port": "0"})
        port = re.search(r"^Management on http://127\.0\.0\.1:(\d+)$", daemon.output(), re.M)[1]
        self.browser.open(f"http://127.0.0.1:{port}/")
        self.browser.wait_for("#health", "^Up")
        self.assertEqual(self.browser.text("#try"), "")
        self.assertEqual(self.browser.complaints(), [])

    def test_restarted(self):
        daemon = self.start()
        self.open(daemon)
        port = str(daemon.address[1])
        self.assertEqual(daemon.stop(), [])
        self.browser.wait_for("#connection", "does not answer")
        self.assertEqual(self.browser.run("return document.body.className;"), "wide stale")
        self.start(config={"rpc.port": port, "node.work_peers": '["127.0.0.1:1"]'})
        self.browser.wait_for("#peers-table", "127.0.0.1:1")
        self.assertEqual(self.browser.text("#connection"), "")
        self.assert_quiet(OF_THE_NETWORK)

    def test_a_hidden_page_costs_nothing(self):
        daemon = self.start()
        self.open(daemon)
        self.browser.run("Object.defineProperty (document, 'hidden', {value: true, configurable: true});"
                         "document.dispatchEvent (new Event ('visibilitychange'));")
        wait_until(lambda: self.streams(daemon) == 0, "the stream has ended")
        self.browser.run("delete document.hidden; document.dispatchEvent (new Event ('visibilitychange'));")
        wait_until(lambda: self.streams(daemon) == 1, "it has begun again")
        self.assertEqual(self.browser.text("#connection"), "")
        self.assert_quiet()


class StandIn(PageTest):
    """A server with the daemon's own page and states that are the test's."""

    def serve(self, daemon):
        test = self
        self.state = {}
        files = {}
        for path, _ in FILES:
            with daemon.connect() as connection:
                connection.send(head("GET", path, ACCEPT))
                files[path] = connection.receive()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/events":
                    self.send_response(200)
                    self.send_header("Content-Type", "text/event-stream")
                    self.end_headers()
                    try:
                        while not test.over.wait(0.1):
                            self.wfile.write(f"data: {json.dumps(test.state)}\n\n".encode())
                    except OSError:
                        pass
                    return
                response = files[self.path]
                self.send_response(200)
                for name in ("Content-Type", "Content-Security-Policy"):
                    self.send_header(name, response.header(name))
                self.end_headers()
                self.wfile.write(response.body)

            def log_message(self, *unused):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.over = threading.Event()
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(self.over.set)
        return server.server_address

    def test_a_device_fails(self):
        daemon = self.start()
        events = Events(daemon.address)
        self.addCleanup(events.close)
        state = events.state()
        address = self.serve(daemon)
        self.state = state
        self.origin = f"http://127.0.0.1:{address[1]}/"
        self.browser.open(self.origin)
        self.browser.wait_for("#devices-table", r"\bup\b")
        device = {**state["devices"][0], "state": "resting", "reason": "<b>the driver</b> has gone"}
        self.state = {**state, "devices": [device], "health": {"state": "down", "reason": "No device is up"}}
        self.browser.wait_for("#devices-table", "resting.*<b>the driver</b> has gone")
        self.browser.wait_for("#health", "^Down: No device is up$")
        self.state = state
        self.browser.wait_for("#health", "^Up$")
        self.assertEqual(self.browser.complaints(), [])


class Key(PageTest):
    def test_refused_and_accepted(self):
        daemon = self.start(config=KEYS)
        self.open(daemon, None)
        self.browser.wait_for("#key-why", "^An API key is required$")
        self.assertEqual(self.browser.text("#now") + self.browser.text("#try"), "")
        self.assertEqual(self.browser.run("return document.activeElement.id;"), "key")
        self.browser.type("#key", "wrong" + ENTER)
        self.browser.wait_for("#key-why", "^Unknown API key$")
        self.browser.type("#key", KEY)
        self.browser.click("#key-form button")
        self.browser.wait_for("#health", "^Up")
        self.assertEqual(self.browser.text("#key-form"), "")
        self.browser.click("#find")
        self.browser.wait_for("#generate-answer", '"work"')
        curl = self.browser.text("#generate-curl")
        self.assertIn('-H "Authorization: Bearer $WORKPEER_KEY"', curl)
        self.assertNotIn(KEY, curl)
        self.assertEqual(self.browser.run("return localStorage.length;"), 0)
        self.browser.open(self.origin)  # the same tab
        self.browser.wait_for("#health", "^Up")
        self.assert_quiet(OF_THE_NETWORK)
        self.assertNotIn(KEY, daemon.log())


class Try(PageTest):
    def setUp(self):
        self.daemon = self.start(config=ALLOW_ENDLESS)
        self.open(self.daemon)

    def test_the_whole_way(self):
        first = self.browser.run("return document.querySelector ('#root').value;")
        self.browser.click("#random")
        root = self.browser.run("return document.querySelector ('#root').value;")
        self.assertNotEqual(root, first)
        self.browser.choose("#reach", "multiplier")
        self.browser.type("#reach-value", "2")
        curl = self.browser.text("#generate-curl")
        self.browser.click("#find")
        answer = json.loads(self.browser.wait_for("#generate-answer", '"work"'))
        self.assert_work(answer, root, nano.from_multiplier(2, nano.DEV.base))
        self.assertIn("Found within", self.browser.text("#progress-text"))
        self.browser.click("#validate button[type='submit']")
        valid = json.loads(self.browser.wait_for("#validate-answer", "valid_all"))
        self.assertEqual(valid["valid_all"], "1")
        # The line that is shown does the same.
        line = subprocess.run(["sh", "-c", curl.replace("curl", "printf '%s\\n'", 1)], check=True,
                              capture_output=True, text=True).stdout.split("\n")
        self.assertEqual(line[0], "-d")
        self.assertEqual(line[2], self.origin)
        self.assertEqual(json.loads(line[1]), {"action": "work_generate", "hash": root, "multiplier": "2"})
        self.assert_quiet()

    def test_progress_and_cancel(self):
        self.browser.choose("#reach", "difficulty")
        self.browser.type("#reach-value", ENDLESS)
        self.browser.click("#find")
        self.browser.wait_for("#progress-text", r"Searching for .*on average\. Odds so far: 0%\.")
        self.assertTrue(self.browser.run("return document.querySelector ('#find').disabled;"))
        self.assert_search_stops(self.daemon, lambda: self.browser.click("#cancel"), 10)
        self.browser.wait_for("#generate-answer", "^Cancelled.$")
        self.assertFalse(self.browser.run("return document.querySelector ('#find').disabled;"))
        self.assert_quiet()

    def test_errors(self):
        self.browser.choose("#reach", "difficulty")
        self.browser.type("#reach-value", "xyz")
        self.browser.click("#find")
        self.browser.wait_for("#generate-answer", '"error": "Bad difficulty"')
        self.assert_quiet()

    def test_by_keyboard(self):
        self.browser.run("document.querySelector ('#root').focus ();")
        visited = []
        while not visited or visited[-1] != "find":
            self.browser.press(TAB)
            visited.append(self.browser.run("return document.activeElement.id;"))
            self.assertLess(len(visited), 10, visited)
        self.assertEqual(visited, ["random", "reach", "find"])
        style = "return getComputedStyle (document.activeElement).outlineStyle;"
        self.assertEqual(self.browser.run(style), "solid")
        self.browser.press(ENTER)
        self.browser.wait_for("#generate-answer", '"work"')


class Atto(PageTest):
    def test_its_tab(self):
        daemon = self.start(config={"atto.enable": "true", "atto.port": "0", "atto.management_port": "0"})
        self.open(daemon)
        self.browser.click("#atto")
        self.browser.wait_for("h1 + p", "Atto's work server")
        self.browser.wait_for("#operations", "/works")
        self.assertEqual(self.browser.complaints(), [])


class WithoutScript(DaemonTest):
    def test_a_table(self):
        skip_without()
        daemon = self.start()
        browser = Browser(script=False)
        self.addCleanup(browser.close)
        browser.open(f"http://127.0.0.1:{daemon.address[1]}/")
        browser.wait_for("caption", "state")
        self.assertIn("cpu 0", browser.text("main"))


class Looks(PageTest):
    """At both widths, in light and dark, with something of everything."""

    axe = None

    @classmethod
    def setUpClass(cls):
        skip_without()

    def full_daemon(self):
        daemon = self.start_endless({
            "store.enable": None, "atto.enable": "true", "atto.port": "0", "atto.management_port": "0",
            "node.work_peers": '["127.0.0.1:1"]'})
        daemon.rpc("work_generate", hash=nano.random_root(), use_peers="true")
        self.begin_many(daemon, [nano.random_root() for _ in range(3)])
        return daemon

    def look(self, daemon, check):
        """Calls check (browser, width, dark) with each of the four."""
        for width in WIDTHS:
            for dark in (False, True):
                browser = Browser(width, HEIGHT, dark)
                try:
                    browser.open(f"http://127.0.0.1:{daemon.address[1]}/")
                    browser.wait_for("#searches", r"\.\.\.")
                    with self.subTest(width=width, dark=dark):
                        check(browser, width, dark)
                finally:
                    browser.close()

    def test_nothing_is_cut_off(self):
        """With PICTURES, a folder, in the environment there are pictures to look at."""

        def check(browser, width, dark):
            self.assertLessEqual(browser.run("return document.documentElement.scrollWidth;"), width)
            if folder := os.environ.get("PICTURES"):
                browser.picture(os.path.join(folder, f"{width}-{'dark' if dark else 'light'}.png"))

        self.look(self.full_daemon(), check)

    def test_axe(self):
        source = self.axe_source()
        daemon = self.full_daemon()
        atto = re.search(r"Atto work server started on port (\d+)", daemon.log())[1]

        def check(browser, *_):
            self.assertEqual(self.violations(browser, source), [])
            for url in (f"http://127.0.0.1:{daemon.address[1]}/table", f"http://127.0.0.1:{atto}/"):
                browser.open(url)
                browser.wait_for("h1", "Workpeer")
                self.assertEqual(self.violations(browser, source), [])

        self.look(daemon, check)

    def violations(self, browser, source):
        browser.run(source + "; window.axe = axe;")
        browser.run("window.found = null; axe.run ().then ((result) => { window.found = result; });")
        result = wait_until(lambda: browser.run("return window.found;"), "axe has looked", 30)
        return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in result["violations"]]

    def axe_source(self):
        if shutil.which("npm") is None:
            self.skipTest("npm is not installed")
        with tempfile.TemporaryDirectory() as directory:
            result = subprocess.run(
                ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--prefix", directory, AXE],
                capture_output=True, text=True, timeout=scaled(120), check=False)
            if result.returncode != 0 and re.search(UNREACHABLE, result.stdout + result.stderr):
                self.skipTest(f"the npm registry cannot be reached (asked for {AXE})")
            if result.returncode != 0:
                self.skipTest(f"{AXE} cannot be installed: {result.stderr[-500:]}")
            path = os.path.join(directory, "node_modules", "axe-core", "axe.min.js")
            with open(path, encoding="utf-8") as file:
                return file.read()


if __name__ == "__main__":
    main()
