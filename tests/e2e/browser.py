"""A browser without a window, driven through ChromeDriver's HTTP interface (W3C WebDriver)."""

import base64
import json
import re
import shutil
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from harness import scaled, wait_until

DRIVER = "chromedriver"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the standard's name for a reference to one
ENTER = "\ue007"
TAB = "\ue004"


def skip_without():
    """Raises SkipTest where there is no browser to drive."""
    if shutil.which(DRIVER) is None or not any(map(shutil.which, BROWSERS)):
        raise unittest.SkipTest("chromium or chromedriver is not installed (Debian: chromium-driver)")


class BrowserError(Exception):
    """The driver could not do what it was told."""


class Browser:
    """One window, with a profile of its own."""

    def __init__(self, width=1280, height=900, dark=False, script=True, arguments=()):
        self._driver = subprocess.Popen(
            [DRIVER, "--port=0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True
        )
        self._session = None
        try:
            self._base = f"http://127.0.0.1:{self._read_port()}"
            self._begin(width, height, dark, script, arguments)
        except BaseException:
            self.close()
            raise

    def _read_port(self):
        for line in self._driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return found[1]
        raise BrowserError("chromedriver did not start")

    def _begin(self, width, height, dark, script, arguments):
        options = {
            "binary": next(filter(None, map(shutil.which, BROWSERS))),
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--no-first-run", "--disable-background-networking", "--lang=en-US",
                     f"--window-size={width},{height}",
                     *(["--force-dark-mode"] if dark else []), *arguments],
            "prefs": {} if script else {"profile.managed_default_content_settings.javascript": 2},
        }
        capabilities = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }
        answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self._session = f"/session/{answer['sessionId']}"
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=False)
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def _call(self, method, path, body=None):
        request = urllib.request.Request(
            self._base + path, method=method, headers={"Content-Type": "application/json"},
            data=None if body is None else json.dumps(body).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=scaled(60)) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise BrowserError(json.load(error)["value"]["message"]) from None

    def _do(self, method, path, body=None):
        return self._call(method, self._session + path, body)

    def devtools(self, command, **parameters):
        return self._do("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, url):
        self._do("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """What a function with this body returns in the page."""
        return self._do("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def text(self, selector):
        """What is seen of the first such element; "" when it is not there or hidden."""
        return self.run(
            "const found = document.querySelector (arguments[0]); "
            "return found && found.checkVisibility () ? found.innerText.trim () : '';", selector)

    def wait_for(self, selector, pattern, seconds=20):
        """Polls until the element's text has the pattern; returns the text."""

        def matching():
            text = self.text(selector)
            return text if re.search(pattern, text) else None

        try:
            return wait_until(matching, "", seconds)
        except AssertionError:
            raise AssertionError(f"{selector} never had {pattern!r}, but {self.text(selector)!r}") from None

    def _element(self, selector):
        found = self._do("POST", "/element", {"using": "css selector", "value": selector})
        return f"/element/{found[ELEMENT]}"

    def click(self, selector):
        self._do("POST", self._element(selector) + "/click", {})

    def type(self, selector, text):
        """Empties the field and types."""
        element = self._element(selector)
        self._do("POST", element + "/clear", {})
        self._do("POST", element + "/value", {"text": text})

    def press(self, key):
        """A key, where the focus is."""
        self._do("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": [
            {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]}]})

    def choose(self, selector, value):
        self.click(f"{selector} option[value='{value}']")

    def complaints(self):
        """What the console has had since the last call: warnings and errors."""
        entries = self._do("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("WARNING", "SEVERE")]

    def requests(self):
        """The addresses of everything that was fetched since the last call."""
        messages = [json.loads(entry["message"])["message"]
                    for entry in self._do("POST", "/se/log", {"type": "performance"})]
        return [message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"]

    def picture(self, path, full=True):
        """A picture of the page, as PNG."""
        if full:
            height = self.run("return document.documentElement.scrollHeight;")
            width = self.run("return window.innerWidth;")
            clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
            data = self.devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        else:
            data = self._do("GET", "/screenshot")
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        try:
            if self._session is not None:
                self._do("DELETE", "")
        finally:
            self._driver.terminate()
            self._driver.wait()
            self._driver.stdout.close()
