"""The dashboard and the alerts in a real Prometheus: it scrapes a running daemon, and answers every expression.

No expression fails, none is empty that has something to show, and each legend's labels are there. The
dashboard's own structure is held against what Grafana documents of its JSON model. Skipped without Prometheus.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

SRCDIR = Path(os.environ.get("srcdir", ".")).resolve()
sys.path.insert(0, str(SRCDIR / "tests" / "e2e"))

import nano  # noqa: E402
from harness import Daemon, scaled, wait_until  # noqa: E402

ALERTS = SRCDIR / "packaging" / "prometheus" / "alerts.yml"
DASHBOARD = SRCDIR / "packaging" / "grafana" / "dashboard.json"

# A peer that refuses connections, all that can be stored, and the faces that have series of their own.
CONFIG = {
    "store.enable": None,
    "node.work_peers": '["127.0.0.1:1"]',
    "atto.enable": "true",
    "atto.port": "0",
    "atto.management_port": "0",
}

# What Grafana puts into an expression.
VARIABLES = {"$__rate_interval": "1m", "$instance": ".*"}

# What a panel of each kind must have, beside what all have.
PANELS = {
    "row": {"collapsed": bool, "panels": list},
    "stat": {"fieldConfig": dict, "options": dict, "targets": list},
    "timeseries": {"fieldConfig": dict, "options": dict, "targets": list},
    "heatmap": {"fieldConfig": dict, "options": dict, "targets": list},
    "table": {"fieldConfig": dict, "options": dict, "targets": list},
}
EVERY_PANEL = {"id": int, "type": str, "title": str, "gridPos": dict}
TOP = {
    "title": str, "uid": str, "tags": list, "schemaVersion": int, "editable": bool, "refresh": str, "time": dict,
    "templating": dict, "annotations": dict, "panels": list,
}
COLUMNS = 24  # of Grafana's grid

# Those of Grafana's names for units that the dashboard may use.
UNITS = {"none", "short", "percentunit", "s", "bytes", "Bps", "Hs", "ops", "reqps"}

faults = []


def expect(good, fault):
    if not good:
        faults.append(fault)


# The structure.


def check_fields(where, value, fields):
    for name, kind in fields.items():
        right = isinstance(value.get(name), kind) and not (kind is int and isinstance(value.get(name), bool))
        expect(right, f"{where}: {name} is {value.get(name)!r}, expected {kind.__name__}")


def check_target(where, target, variables):
    check_fields(where, target, {"refId": str, "expr": str, "datasource": dict})
    source = target["datasource"]
    expect(source.get("type") == "prometheus", f"{where}: its data source is {source}")
    expect(source.get("uid") == "${%s}" % variables.get("datasource"), f"{where}: no variable gives {source}")
    for name in re.findall(r"\$(\w+)", target["expr"]):
        expect(f"${name}" in VARIABLES, f"{where}: nobody gives ${name}")


def check_panel(panel, variables):
    where = f"panel {panel.get('id')} ({panel.get('title')})"
    check_fields(where, panel, EVERY_PANEL)
    expect(panel["type"] in PANELS, f"{where}: {panel['type']} is no kind of panel that is known here")
    check_fields(where, panel, PANELS.get(panel["type"], {}))
    check_fields(where, panel["gridPos"], dict.fromkeys("hwxy", int))
    at = panel["gridPos"]
    expect(0 <= at["x"] and at["x"] + at["w"] <= COLUMNS and at["h"] > 0 and at["w"] > 0, f"{where}: out of the grid")
    unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit", "none")
    expect(unit in UNITS, f"{where}: {unit} is no unit that is known here")
    targets = panel.get("targets", [])
    references = [target.get("refId") for target in targets]
    expect(len(set(references)) == len(references), f"{where}: queries share a refId")
    for target in targets:
        check_target(where, target, variables)


def overlap(a, b):
    return a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


def check_structure(dashboard):
    check_fields("dashboard", dashboard, TOP)
    expect("id" not in dashboard, "dashboard: its id is another Grafana's")
    variables = {item["type"]: item["name"] for item in dashboard["templating"]["list"]}
    expect(variables.get("query") == "instance" and "datasource" in variables, f"dashboard: its variables: {variables}")
    panels = dashboard["panels"]
    for panel in panels:
        check_panel(panel, variables)
    for number, panel in enumerate(panels):
        for other in panels[:number]:
            expect(not overlap(panel["gridPos"], other["gridPos"]), f"{panel['title']} lies on {other['title']}")
    ids = [panel["id"] for panel in panels]
    expect(len(set(ids)) == len(ids), "dashboard: panels share an id")


# The expressions.


class Prometheus:
    """One that scrapes one daemon, on a loopback port and in a directory of its own."""

    def __init__(self, directory, target):
        self.configuration = os.path.join(directory, "prometheus.json")  # JSON is YAML, too
        with open(self.configuration, "w", encoding="utf-8") as file:
            json.dump({
                "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
                "rule_files": [str(ALERTS)],
                "scrape_configs": [{"job_name": "workpeer", "static_configs": [{"targets": [target]}]}],
            }, file)
        self.storage = os.path.join(directory, "data")
        self.log_path = os.path.join(directory, "log")
        self.process = None
        self.url = None

    def start(self):
        """On a port that was free a moment ago; should another have taken it, on the next."""
        for _ in range(3):
            with socket.create_server(("127.0.0.1", 0)) as server:
                address = f"127.0.0.1:{server.getsockname()[1]}"
            with open(self.log_path, "wb") as log:
                self.process = subprocess.Popen(
                    ["prometheus", f"--config.file={self.configuration}", f"--storage.tsdb.path={self.storage}",
                     f"--web.listen-address={address}", "--log.level=warn"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            self.url = f"http://{address}"
            if wait_until(lambda: self.process.poll() is not None or self.is_ready(), "Prometheus is ready", 60) == "ready":
                return
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            raise AssertionError(f"Prometheus does not start: {file.read()}")

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5):
                return "ready"
        except OSError:
            return None

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=scaled(30))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, path, **parameters):
        """What the API answers: its data, or a text that says what was wrong."""
        try:
            query = urllib.parse.urlencode(parameters)
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=scaled(30)) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def series(self, expression):
        for variable, value in VARIABLES.items():
            expression = expression.replace(variable, value)
        data = self.ask("query", query=expression)
        if isinstance(data, str):
            faults.append(f"{expression}: {data}")
            return []
        return data["result"]

    def wait_for_scrapes(self, count):
        """That many more than there are, and good ones."""

        def scrapes():
            result = self.series('sum_over_time(up{job="workpeer"}[1h])')
            return int(result[0]["value"][1]) if result else 0

        until = scrapes() + count
        wait_until(lambda: scrapes() >= until, f"{until} scrapes", 60)


def keep_busy(daemon):
    """Something of everything that has a panel: works from devices and the cache, peers that fail, a queue."""
    root = nano.random_root()
    for _ in range(2):
        expect("work" in daemon.rpc("work_generate", hash=root), "no work")
    expect("work" in daemon.rpc("work_generate", hash=nano.random_root(), use_peers="true"), "no work beside peers")
    daemon.rpc("work_precache", hash=nano.random_root())


def check_target_answers(prometheus, panel, target):
    series = prometheus.series(target["expr"])
    where = f"{panel['title']}: {target['expr']}"
    expect(series, f"{where}: there is nothing to show")
    for name in re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")):
        expect(all(name in one["metric"] for one in series), f"{where}: series without the legend's {name}")


def check_rules(prometheus):
    groups = prometheus.ask("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    expect(len(rules) == ALERTS.read_text(encoding="utf-8").count("- alert:"), f"Prometheus has {len(rules)} alerts")
    for rule in rules:
        expect(rule["health"] == "ok", f"alert {rule['name']}: {rule['health']}, {rule.get('lastError')}")
        expect(prometheus.series(f"count({first_metric(rule['query'])})"), f"alert {rule['name']}: nothing to look at")
    firing = [rule["name"] for rule in rules if rule["state"] == "firing"]
    expect(firing == [], f"a daemon that is well sets off {firing}")
    return len(rules)


def first_metric(expression):
    return re.search(r"\b(?:up|(?:workpeer|process)_\w+)\b", expression)[0]


def check_answers(prometheus, dashboard):
    count = 0
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            check_target_answers(prometheus, panel, target)
            count += 1
    instances = prometheus.ask("label/instance/values", **{"match[]": "workpeer_build_info"})
    expect(len(instances) == 1, f"instances to choose from: {instances}")
    return count


def check_in_prometheus(dashboard):
    daemon = Daemon(config=CONFIG).start()
    try:
        host, port = daemon.address
        with tempfile.TemporaryDirectory(prefix="workpeer-prometheus-") as directory:
            prometheus = Prometheus(directory, f"{host}:{port}")
            prometheus.start()
            try:
                prometheus.wait_for_scrapes(2)
                keep_busy(daemon)
                prometheus.wait_for_scrapes(3)
                count = check_answers(prometheus, dashboard)
                alerts = check_rules(prometheus)
            finally:
                prometheus.stop()
    finally:
        faults.extend(daemon.stop())
    print(f"{count} expressions of the dashboard and {alerts} alerts answered by Prometheus")


def main():
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    check_structure(dashboard)
    if shutil.which("prometheus") is not None:
        check_in_prometheus(dashboard)
    for fault in faults:
        print(fault)
    if faults:
        return 1
    if shutil.which("prometheus") is None:
        print("skipped: no prometheus (Debian: prometheus); the dashboard's structure is good")
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
