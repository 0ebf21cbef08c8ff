"""What is in packaging agrees with itself, with the tree and with the daemon.

Images, compose file and manifests: files, stages, users, ports, volumes, probes and commands are there
where another part names them, the daemon takes their arguments and configurations, and a running one
answers their probes. No container is started here. Each disagreement is one line.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

try:
    import yaml
except ImportError:
    yaml = None

SRCDIR = Path(os.environ.get("srcdir", ".")).resolve()
sys.path.insert(0, str(SRCDIR / "tests" / "e2e"))

from harness import PROGRAM, Daemon, run_program, wait_until  # noqa: E402

PACKAGING = SRCDIR / "packaging"
DOCKERFILES = ("Dockerfile", "Dockerfile.rocm")
KEYS = f'[[access.keys]]\nname = "wallet"\nhash = "blake2b:{"0" * 32}:{"0" * 64}"\n'
MANIFESTS = ("cpu.yaml", "gpu.yaml")
DATA_PATH = "/var/lib/workpeer"

# The fields of Kubernetes' API that the manifests may use, by the path to the object that has them; "*" stands
# for the names that are the writer's own.
META = {"name": None, "labels": {"*": None}}
PROBE = {
    "httpGet": {"path": None, "port": None},
    "exec": {"command": None},
    "periodSeconds": None,
    "timeoutSeconds": None,
    "failureThreshold": None,
}
CONTAINER = {
    "name": None,
    "image": None,
    "args": None,
    "ports": {"name": None, "containerPort": None},
    "securityContext": {
        "allowPrivilegeEscalation": None,
        "readOnlyRootFilesystem": None,
        "capabilities": {"drop": None},
    },
    "resources": {"requests": {"*": None}, "limits": {"*": None}},
    "startupProbe": PROBE,
    "readinessProbe": PROBE,
    "livenessProbe": PROBE,
    "volumeMounts": {"name": None, "mountPath": None, "subPath": None, "readOnly": None},
}
POD = {
    "automountServiceAccountToken": None,
    "terminationGracePeriodSeconds": None,
    "securityContext": {
        "runAsNonRoot": None,
        "runAsUser": None,
        "runAsGroup": None,
        "fsGroup": None,
        "seccompProfile": {"type": None},
    },
    "containers": CONTAINER,
    "volumes": {"name": None, "emptyDir": {"sizeLimit": None}, "configMap": {"name": None}},
}
SELECTOR = {"matchLabels": {"*": None}}
FIELDS = {
    "v1/ConfigMap": {"data": {"*": None}},
    "v1/Service": {"spec": {"selector": {"*": None}, "ports": {"name": None, "port": None, "targetPort": None}}},
    "apps/v1/Deployment": {
        "spec": {"replicas": None, "selector": SELECTOR, "template": {"metadata": META, "spec": POD}},
    },
    "networking.k8s.io/v1/NetworkPolicy": {
        "spec": {
            "podSelector": SELECTOR,
            "policyTypes": None,
            "ingress": {"from": {"podSelector": SELECTOR}, "ports": {"port": None}},
        },
    },
}

faults = []


def expect(where, what, wanted, given):
    if wanted != given:
        faults.append(f"{where}: {what} is {given!r}, expected {wanted!r}")


def default_ports():
    """The daemon's own, by their keys."""
    example = re.sub(r"(?m)^\t# ", "", (SRCDIR / "config-node.toml.example").read_text(encoding="utf-8"))
    return {
        f"{table}.{key}": int(number)
        for table, body in re.findall(r"(?ms)^\[(\w+)\]\n(.*?)(?=^\[|\Z)", example)
        for key, number in re.findall(r"(?m)^(port|management_port) = (\d+)$", body)
    }


def check_configuration(where, arguments, files=None):
    """The daemon would start with these arguments and these files in its data directory."""
    with tempfile.TemporaryDirectory(prefix="workpeer-packaging-") as directory:
        for name, text in (files or {}).items():
            Path(directory, name).write_text(text, encoding="utf-8")
        words = [directory if word == DATA_PATH else word for word in arguments]
        expect(where, "the data directory", DATA_PATH, arguments[arguments.index("--data_path") + 1])
        result = run_program(*["--check_config" if word == "--daemon" else word for word in words])
        # The packages' build and machine have OpenCL; this build, or this machine, may be without.
        without = re.compile("this build of workpeer has no OpenCL|no OpenCL library on this machine")
        warned = any("warning" in line and not without.search(line) for line in result.stderr.splitlines())
        if result.returncode != 0 or warned:
            faults.append(f"{where}: the daemon does not take it: {result.stdout}{result.stderr}")


class Stage:
    """One stage of a Dockerfile, with what it has from the stage that it is made from."""

    def __init__(self, base):
        self.user = base.user if base else "0"
        self.ports = set(base.ports) if base else set()
        self.volumes = set(base.volumes) if base else set()
        self.command = base.command if base else []
        self.entry = base.entry if base else []
        self.health = base.health if base else ""


def instructions(path):
    """(instruction, the rest of its line) of a Dockerfile."""
    text = re.sub(r"(?m)^#.*\n", "", path.read_text(encoding="utf-8")).replace("\\\n", " ")
    return [line.split(None, 1) for line in text.splitlines() if line.strip()]


def read_dockerfile(path):
    """Its stages by name, the last as None too; complains of files and stages that are not there."""
    stages = {}
    for instruction, rest in instructions(path):
        where = f"{path.name}: {instruction} {rest}"
        if instruction == "FROM":
            origin, _, name = rest.partition(" AS ")
            if ":" not in origin and origin not in stages:
                faults.append(f"{where}: no such stage")
            stage = stages[None] = stages[name or None] = Stage(stages.get(origin))
        elif instruction == "COPY":
            check_copy(where, rest.split(), stages)
        elif instruction == "USER":
            stage.user = rest
        elif instruction == "EXPOSE":
            stage.ports |= {int(port) for port in rest.split()}
        elif instruction == "VOLUME":
            stage.volumes.add(rest)
        elif instruction == "CMD":
            stage.command = json.loads(rest)
        elif instruction == "ENTRYPOINT":
            stage.entry = json.loads(rest)
        elif instruction == "HEALTHCHECK":
            stage.health = rest[rest.index("CMD") + 3 :]
        elif instruction not in ("RUN", "ENV", "ARG", "ADD", "STOPSIGNAL"):
            faults.append(f"{where}: no instruction that is known here")
    return stages


def check_copy(where, words, stages):
    if words[0].startswith("--from="):
        if words[0].removeprefix("--from=") not in stages:
            faults.append(f"{where}: no such stage")
    elif not all((SRCDIR / word).exists() for word in words[:-1]):
        faults.append(f"{where}: no such file in the tree")


def check_image(where, stage, ports):
    expect(where, "the entry point", ["/usr/bin/workpeer"], stage.entry)
    expect(where, "the user", "7000", stage.user)
    expect(where, "volumes", {DATA_PATH}, stage.volumes)
    wanted = {ports["rpc.port"]}
    if "atto.enable=true" in stage.command:
        wanted |= {ports["atto.port"], ports["atto.management_port"]}
        expect(where, "Atto's address is for all", True, "atto.address=0.0.0.0" in stage.command)
    expect(where, "ports", wanted, stage.ports)
    expect(where, "the address is for all", True, "rpc.address=0.0.0.0" in stage.command)
    check_configuration(where, stage.command)
    check_asking(where, stage.health)


def check_asking(where, probe):
    """The probe asks for the health of the daemon that process 1 is, or one behind an init, on its own port."""
    port = running.daemon.address[1]
    for first, on, healthy in ((), port, True), (("/sbin/docker-init", "--"), port, True), ((), 1, False):
        words = [f"rpc.port={on}" if word == "rpc.port=0" else word for word in running.daemon.command[1:]]
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("".join(f"{word}\0" for word in (*first, "/usr/bin/workpeer", *words)))
            file.flush()
            command = probe.replace("/proc/1/cmdline", file.name).replace("/usr/bin/workpeer", PROGRAM)
            result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
        expect(where, f"the probe succeeds on port {on}", healthy, result.returncode == 0)


def check_compose(stages, ports):
    compose = yaml.safe_load((PACKAGING / "docker" / "compose.yaml").read_text(encoding="utf-8"))
    service = compose["services"]["workpeer"]
    where = "compose.yaml"
    context = (PACKAGING / "docker" / service["build"]["context"]).resolve()
    expect(where, "the context", SRCDIR, context)
    expect(where, "the Dockerfile is there", True, (context / service["build"]["dockerfile"]).exists())
    expect(where, "the root file system is read-only", True, service["read_only"])
    for name, one in compose["services"].items():
        for volume in one["volumes"]:
            expect(where, f"{name}: {volume} is declared", True, volume.split(":")[0] in compose["volumes"])
    expect(where, "the mount", stages[None].volumes, {one.split(":")[1] for one in service["volumes"]})
    text = (PACKAGING / "docker" / "compose.yaml").read_text(encoding="utf-8")
    expect(where, "what the node names", ["workpeer", str(ports["rpc.port"])],
           re.search(r'work_peers = \["(.*)"\]', text)[1].split(":"))
    check_compose_additions(stages, ports)


def check_compose_additions(stages, ports):
    """The files that go on top of compose.yaml."""
    def service(name):
        text = (PACKAGING / "docker" / name).read_text(encoding="utf-8")
        expect(name, "its head names itself", True, f"-f packaging/docker/compose.yaml -f packaging/docker/{name} up" in text)
        return yaml.safe_load(text)["services"]["workpeer"], text

    gpu, _ = service("compose.gpu.yaml")
    expect("compose.gpu.yaml", "the target turns OpenCL on", True,
           "opencl.enable=true" in stages[gpu["build"]["target"]].command)
    [device] = gpu["deploy"]["resources"]["reservations"]["devices"]
    expect("compose.gpu.yaml", "the devices", {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}, device)
    own, text = service("compose.config.yaml")
    expect("compose.config.yaml", "ports", [f"{ports['rpc.port']}:{ports['rpc.port']}"], own["ports"])
    expect("compose.config.yaml", "the file's place", [f"./config-node.toml:{DATA_PATH}/config-node.toml:ro"], own["volumes"])
    example = "\n".join(re.findall(r"(?m)^#     ([\[a-z].*)$", text)[2:]).replace("blake2b:...", f"blake2b:{'0' * 32}:{'0' * 64}")
    with tempfile.TemporaryDirectory() as path:
        Path(path, "config-node.toml").write_text(example, encoding="utf-8")
        result = run_program("--check_config", "--data_path", path)
    expect("compose.config.yaml", "the daemon takes the file in its head", (0, ""), (result.returncode, result.stderr))


def check_fields(where, value, fields):
    """Every field is one of the API's."""
    if isinstance(value, list):
        for one in value:
            check_fields(where, one, fields)
    elif isinstance(value, dict) and fields is not None:
        for name, inner in value.items():
            if name in fields or "*" in fields:
                check_fields(f"{where}.{name}", inner, fields.get(name, fields.get("*")))
            else:
                faults.append(f"{where}: no field {name}; there are {', '.join(sorted(fields))}")


def check_manifest(name, images):
    documents = list(yaml.safe_load_all((PACKAGING / "kubernetes" / name).read_text(encoding="utf-8")))
    for one in documents:
        kind = f"{one['apiVersion']}/{one['kind']}"
        common = {"apiVersion": None, "kind": None, "metadata": META}
        check_fields(f"{name}: {one['kind']}", one, {**common, **FIELDS.get(kind, {})})
    kinds = {one["kind"]: one for one in documents}
    template = kinds["Deployment"]["spec"]["template"]
    labels = template["metadata"]["labels"]
    expect(name, "the deployment's selector", labels, kinds["Deployment"]["spec"]["selector"]["matchLabels"])
    expect(name, "the service's selector", labels, kinds["Service"]["spec"]["selector"])
    expect(name, "the policy's selector", labels, kinds["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"])
    container = template["spec"]["containers"][0]
    image = images.get(container["image"])
    if image is None:
        faults.append(f"{name}: nothing builds the image {container['image']}; there are {', '.join(images)}")
        return
    check_pod(name, template["spec"], image)
    check_ports(name, container, kinds)
    check_volumes(name, template["spec"], container, kinds["ConfigMap"])
    files = kinds["ConfigMap"]["data"]
    check_configuration(name, container["args"], files)
    used = tomllib.loads(files["config-node.toml"]).get("opencl", {}).get("enable", False)
    expect(name, "it uses a GPU as its image does", "opencl.enable=true" in image.command, used)


def check_pod(name, pod, image):
    security = pod["securityContext"]
    for field in "runAsUser", "runAsGroup", "fsGroup":
        expect(name, field, image.user, str(security[field]))
    expect(name, "runAsNonRoot", True, security["runAsNonRoot"])
    expect(name, "what the container may", {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }, pod["containers"][0]["securityContext"])


def check_ports(name, container, kinds):
    [port] = container["ports"]
    config = tomllib.loads(kinds["ConfigMap"]["data"]["config-node.toml"])["rpc"]
    expect(name, "rpc.port", port["containerPort"], config.get("port"))
    expect(name, "rpc.address", "0.0.0.0", config.get("address"))
    expect(name, "the service's target", port["name"], kinds["Service"]["spec"]["ports"][0]["targetPort"])
    expect(name, "the policy's port", port["name"], kinds["NetworkPolicy"]["spec"]["ingress"][0]["ports"][0]["port"])
    for probe, path in ("startupProbe", "/health"), ("readinessProbe", "/ready"):
        expect(name, probe, {"path": path, "port": port["name"]}, container[probe]["httpGet"])
    [shell, option, command] = container["livenessProbe"]["exec"]["command"]
    for url, alive in (running.url, True), ("http://127.0.0.1:1", False):
        asking = command.replace("/usr/bin/workpeer", PROGRAM).replace(f"--data_path {DATA_PATH}", f"--url {url}")
        result = subprocess.run([shell, option, asking], capture_output=True, timeout=60, check=False)
        expect(name, f"the liveness probe succeeds on {url}", alive, result.returncode == 0)


def check_volumes(name, pod, container, config_map):
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    expect(name, "mounts", {DATA_PATH, f"{DATA_PATH}/config-node.toml"}, set(mounts))
    expect(name, "volumes", set(volumes), {mount["name"] for mount in mounts.values()})
    mount = mounts[f"{DATA_PATH}/config-node.toml"]
    expect(name, "the configuration", config_map["metadata"]["name"], volumes[mount["name"]]["configMap"]["name"])
    expect(name, f"{mount['subPath']} is in the ConfigMap", True, mount["subPath"] in config_map["data"])


def check_systemd(ports):
    systemd = PACKAGING / "systemd"
    listening = re.findall(r"(?m)^ListenStream=(\S+)$", (systemd / "workpeer.socket").read_text(encoding="utf-8"))
    expect("workpeer.socket", "addresses", [f"127.0.0.1:{ports['rpc.port']}", f"[::1]:{ports['rpc.port']}"], listening)
    unit = (systemd / "workpeer.service").read_text(encoding="utf-8")
    check_configuration("workpeer.service", re.search(r"(?m)^ExecStart=/usr/bin/workpeer (.*)$", unit)[1].split())
    expect("workpeer.service", "StateDirectory", Path(DATA_PATH).name, re.search(r"StateDirectory=(.*)", unit)[1])
    logs = Path("/var/log", re.search(r"LogsDirectory=(.*)", unit)[1])
    rotated = (PACKAGING / "logrotate" / "workpeer").read_text(encoding="utf-8")
    expect("logrotate", f"{logs} is rotated", True, f"\n{logs}/*.log {{" in rotated)
    link = (SRCDIR / "debian" / "workpeer.links").read_text(encoding="utf-8").split()
    expect("workpeer.links", "where the daemon finds its configuration", f"{DATA_PATH}/config-node.toml", "/" + link[1])


def built_images(dockerfiles):
    """What `docker build` makes, by the names that the heads of the Dockerfiles give."""
    images = {}
    for name, stages in dockerfiles.items():
        head = (PACKAGING / "docker" / name).read_text(encoding="utf-8")
        command = rf"docker build -f packaging/docker/{name} (?:--target (\S+) )?-t (\S+) \."
        for target, image in re.findall(command, head):
            if target and target not in stages:
                faults.append(f"{name}: its head names the target {target}, which it lacks")
            images[image if ":" in image else f"{image}:latest"] = stages.get(target or None, stages[None])
    return images


class Running:
    """A daemon, whose probes' paths answer, also to who has no key."""

    def __init__(self):
        self.daemon = Daemon(files={"config-node.toml": KEYS}).start()
        host, port = self.daemon.address
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        for path in "/health", "/ready":
            wait_until(lambda path=path: self.status(path) == 200, f"{path} has status 200")

    def status(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code  # a device is still opening


def check(ports):
    dockerfiles = {name: read_dockerfile(PACKAGING / "docker" / name) for name in DOCKERFILES}
    images = built_images(dockerfiles)
    for name, stage in images.items():
        check_image(name, stage, ports)
    check_systemd(ports)
    if yaml:
        check_compose(dockerfiles["Dockerfile"], ports)
        for name in MANIFESTS:
            check_manifest(name, images)


running = Running()
try:
    check(default_ports())
finally:
    faults.extend(running.daemon.stop())
for fault in faults:
    print(fault)
if not faults and not yaml:
    print("skipped: the compose file and the manifests, for want of Python's yaml")
    sys.exit(77)
sys.exit(bool(faults))
