"""The alerts, the dashboard and the manual page name metrics that there are, and the page all of them.

The metrics are those of running daemons. Where promtool is, it reads every expression, too.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

SRCDIR = Path(os.environ.get("srcdir", ".")).resolve()
sys.path.insert(0, str(SRCDIR / "tests" / "e2e"))

from harness import Daemon  # noqa: E402

ALERTS = SRCDIR / "packaging" / "prometheus" / "alerts.yml"
DASHBOARD = SRCDIR / "packaging" / "grafana" / "dashboard.json"
PAGE = SRCDIR / "man" / "workpeer-rpc.7"

# What Prometheus itself knows of each target.
PROMETHEUS_OWN = {"up"}

# What stands in expressions like a metric's name.
WORDS = {
    "and", "or", "unless", "by", "without", "on", "ignoring", "sum", "min", "max", "rate", "increase", "time",
    "histogram_quantile", "label_values",
}

# With all that there can be: a store, pre-caching, peers, a management port.
FULL = {
    "store.enable": None,
    "node.work_peers": '["127.0.0.1:1"]',
    "atto.enable": "true",
    "atto.port": "0",
    "atto.management_port": "0",
}

faults = []


def scrape():
    """The samples' names with the names of their labels, and the families' names as they are documented."""
    daemon = Daemon(config=FULL).start()
    try:
        host, port = daemon.address
        host = f"[{host}]" if ":" in host else host
        with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=30) as response:
            text = response.read().decode()
    finally:
        faults.extend(daemon.stop())
    labels = {}
    for name, inside in re.findall(r"^(\w+)(?:\{(.*)\})? ", text, re.M):
        labels.setdefault(name, set()).update(re.findall(r'(\w+)="', inside))
    labels.pop("#", None)
    return labels, set(re.findall(r"^# TYPE (\w+) ", text, re.M))


def alert_expressions():
    text = ALERTS.read_text(encoding="utf-8")
    found = re.findall(r"^( +)expr: (?:\|\n((?:\1 +.*\n)+)|(.*)\n)", text, re.M)
    if len(found) != text.count("- alert:"):
        faults.append(f"{ALERTS.name}: {len(found)} expressions, {text.count('- alert:')} alerts")
    return [block or line for _, block, line in found]


def dashboard_expressions():
    found = []

    def look(value):
        if isinstance(value, dict):
            if "expr" in value:
                found.append(value["expr"])
            for item in value.values():
                look(item)
        elif isinstance(value, list):
            for item in value:
                look(item)

    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    look(dashboard)
    found += [item["query"]["query"] for item in dashboard["templating"]["list"] if item["type"] == "query"]
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(ids) != len(set(ids)):
        faults.append(f"{DASHBOARD.name}: panels share an id")
    return found


def check_expression(where, expression, labels):
    """Each name is a metric's, with labels that it has."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    selectors = re.findall(r"\b([a-zA-Z_]\w*)\{([^}]*)\}", bare)
    plain = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring) *\([^)]*\)", " ", bare)
    names = {name for name in re.findall(r"(?<![\w$])[a-zA-Z_]\w*", plain) if name not in WORDS}
    names -= {"instance"} if "label_values" in expression else set()
    if not names:
        faults.append(f"{where}: no metric in {expression!r}")
    for name in sorted(names - set(labels) - PROMETHEUS_OWN):
        faults.append(f"{where}: there is no metric {name}, in {expression!r}")
    for name, inside in selectors:
        asked = set(re.findall(r"(\w+) *(?:=|!=|=~|!~)", inside)) - {"instance", "job"}
        for label in sorted(asked - labels.get(name, asked)):
            faults.append(f"{where}: {name} has no label {label}, in {expression!r}")


def check_page(families):
    text = PAGE.read_text(encoding="utf-8")
    section = re.search(r"^\.Ss GET /metrics.*?(?=^\.S[sh] )", text, re.M | re.S)
    listed = re.findall(r"^\.It Ic ((?:workpeer|process)_.*)$", section[0] if section else "", re.M)
    names = {name for line in listed for name in line.replace(",", " ").split()}
    for name in sorted(families - names):
        faults.append(f"{PAGE.name}: the metric {name} is missing")
    for name in sorted(names - families):
        faults.append(f"{PAGE.name}: there is no metric {name}")


def check_with_promtool(expressions):
    if shutil.which("promtool") is None:
        print("no promtool (Debian: prometheus): what it would say of the expressions is not known")
        return
    rules = [
        {"record": "a:b", "expr": e.replace("$__rate_interval", "5m").replace("$instance", ".*")}
        for e in expressions
        if "label_values" not in e
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump({"groups": [{"name": str(i), "rules": [rule]} for i, rule in enumerate(rules)]}, file)
        file.flush()
        for path in (file.name, str(ALERTS)):
            result = subprocess.run(
                ["promtool", "check", "rules", "--lint=none", path], capture_output=True, text=True, check=False
            )
            if result.returncode != 0:
                faults.append(f"promtool: {result.stdout}{result.stderr}")


def main():
    labels, families = scrape()
    alerts, panels = alert_expressions(), dashboard_expressions()
    for where, expressions in ((ALERTS.name, alerts), (DASHBOARD.name, panels)):
        for expression in expressions:
            check_expression(where, expression, labels)
    check_page(families)
    check_with_promtool(panels)
    for fault in faults:
        print(fault)
    print(f"{len(families)} metrics, {len(alerts)} alerts, {len(panels)} expressions of the dashboard")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
