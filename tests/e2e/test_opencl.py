#!/usr/bin/env python3
"""OpenCL: the devices in the daemon and in the commands, on whatever OpenCL this machine has.

Without a device the tests that need one are skipped, by name; those of a machine that has none run anywhere.
"""

import functools
import json
import os
import re
import shutil
import tempfile
import unittest

import nano
from harness import ALLOW_ENDLESS, DaemonTest, main, run_program, scaled, wait_until
from http_client import Closed

# PoCL would take every CPU there is. Its threads are there until the very end, which LeakSanitizer does not
# always survive ("Tracer caught signal 11"): leaks are looked for in the unit tests.
FEW_THREADS = {
    "POCL_MAX_PTHREAD_COUNT": "2",
    "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0",
}

# A driver takes seconds for what it compiles: most tests share one place for it, in place of each data directory.
CACHE = tempfile.TemporaryDirectory(prefix="workpeer-e2e-")
CACHED = {**FEW_THREADS, "POCL_CACHE_DIR": os.environ.pop("POCL_CACHE_DIR", CACHE.name)}

SEND_64TH = nano.from_multiplier(1 / 64, nano.LIVE.base)


def list_devices(environment=None):
    return run_program("--list_devices", environment={**FEW_THREADS, **(environment or {})})


LISTED = list_devices().stdout
DEVICES = re.findall(r'^    (?:# )?"(\d+:\d+)", #', LISTED, re.M)  # as opencl.select has them
BUILT = "this build of workpeer has no OpenCL" not in LISTED
needs_device = unittest.skipUnless(DEVICES, "no OpenCL device on this machine" if BUILT
                                   else "this build has no OpenCL")

# PoCL 3.1 counts the users of a kernel wrongly, now and then, where two contexts use one device: it aborts the
# process. No vendor's driver has two devices for one; our tests do.
POCL_FAULT = "pocl_release_dlhandle_cache"


def despite_pocl(test):
    """Has a test that opens a device twice begin again when PoCL has aborted the daemon."""

    @functools.wraps(test)
    def repeated(self):
        for _ in range(5):
            try:
                return test(self)
            except (OSError, AssertionError, ValueError, Closed):
                if not any(POCL_FAULT in daemon.log() for daemon in self.daemons):
                    raise
        return self.skipTest(f"PoCL aborts: {POCL_FAULT}")

    return repeated


# A batch that is long beside everything that a loaded machine may do meanwhile.
LONG_BATCH = 0.5


class OpenclTest(DaemonTest):
    def setUp(self):
        self.root = nano.random_root()
        self.daemons = []

    def start_opencl(self, config=None, select=None, **settings):
        settings.setdefault("environment", CACHED)
        daemon = self.start(
            config={
                "opencl.enable": "true",
                "opencl.select": select or f"[{DEVICES[0] if DEVICES else 'all'}]",
                "node.work_threads": "0",
                **ALLOW_ENDLESS,
                **(config or {}),
            },
            **settings,
        )
        self.daemons.append(daemon)
        return daemon

    def _stop(self, daemon):
        aborted = POCL_FAULT in daemon.log()
        faults = daemon.stop()
        if faults and not aborted:
            self.fail("; ".join(faults))

    def devices(self, daemon, kind="opencl"):
        return [device for device in daemon.status()["devices"] if device["kind"] == kind]

    def wait_up(self, daemon, count=1):
        """Until that many OpenCL devices are up; their kernels may have to be built."""

        def up():
            devices = self.devices(daemon)
            return len(devices) == count and all(each["state"] == "up" for each in devices)

        wait_until(up, "the OpenCL devices are up", 60)

    def jobs(self, daemon):
        return [device["job"] for device in self.devices(daemon)]


@needs_device
class Searching(OpenclTest):
    def test_work_without_cpu_threads(self):
        daemon = self.start_opencl(network="live")
        self.wait_up(daemon)
        with daemon.connect(seconds=60) as connection:
            answer = connection.ask({"action": "work_generate", "hash": self.root,
                                     "difficulty": nano.hex_u64(SEND_64TH)})
        self.assert_work(answer, self.root, SEND_64TH, nano.LIVE.base)
        wait_until(lambda: int(self.devices(daemon)[0]["hashes"]) > 0, "the last batch is counted")
        status = daemon.status()
        self.assertEqual([each["kind"] for each in status["devices"]], ["opencl"])
        device = status["devices"][0]
        self.assertEqual(device["name"], f"opencl {DEVICES[0]}")
        self.assertGreater(int(device["hash_rate"]), 0)
        self.assertEqual(device["reason"], "")
        self.assertIn(f"OpenCL device {DEVICES[0]}, ", daemon.log())
        self.assertIn("Work pool threads: 1 (OpenCL)", daemon.log())
        wait_until(lambda: re.search(r"Device opencl \S+ \(.*\) is up: \d+\.\d+ million", daemon.log()),
                   "the log says that the device is up")

    def test_cancel_frees_the_device(self):
        """Within two batches; a batch is LONG_BATCH here. A busy machine may be late at times."""
        daemon = self.start_opencl({"opencl.batch_time": LONG_BATCH})
        self.wait_up(daemon)

        def cancel():
            daemon.rpc("work_cancel", hash=self.root)
            wait_until(lambda: self.jobs(daemon) == [""], "the device is free")

        times = []
        for _ in range(3):
            connection = self.begin(daemon, self.root)
            wait_until(lambda: self.jobs(daemon) == [self.root], "the device has the job")
            times.append(self.assert_search_stops(daemon, cancel, 10))
            self.assert_cancelled(connection)
        self.assertLess(min(times), scaled(2 * LONG_BATCH))

    @despite_pocl
    def test_two_devices_share_a_long_job(self):
        daemon = self.start_opencl(select=f"[{DEVICES[0]},{DEVICES[0]}]")
        self.wait_up(daemon, 2)
        names = [device["name"] for device in self.devices(daemon)]
        self.assertEqual(names, [f"opencl {DEVICES[0]}", f"opencl {DEVICES[0]} #2"])
        connection = self.begin(daemon, self.root)
        wait_until(lambda: self.jobs(daemon) == [self.root] * 2, "both devices have the job")
        before = [int(device["hashes"]) for device in self.devices(daemon)]
        wait_until(
            lambda: all(int(device["hashes"]) > hashes
                        for device, hashes in zip(self.devices(daemon), before)),
            "both devices work on it",
        )
        daemon.rpc("work_cancel", hash=self.root)
        self.assert_cancelled(connection)

    @despite_pocl
    def test_two_devices_take_two_short_jobs(self):
        """Short beside a batch of a second, and long enough to be seen."""
        daemon = self.start_opencl({"opencl.batch_time": "1"},
                                   select=f"[{DEVICES[0]},{DEVICES[0]}]")
        self.wait_up(daemon, 2)

        def seen_at_once(roots):
            rate = min(int(device["hash_rate"]) for device in self.devices(daemon))
            difficulty = nano.hex_u64(2**64 - 2**64 // rate)  # a second of one device, or so
            both = self.begin(daemon, self.root)  # neither is to help with the first before the second is there
            wait_until(lambda: self.jobs(daemon) == [self.root] * 2, "both devices are busy")
            connections = [self.begin(daemon, root, difficulty) for root in roots]
            daemon.wait_for(waiters=3)
            daemon.rpc("work_cancel", hash=self.root)
            self.assert_cancelled(both)
            seen = False
            while int(daemon.status()["waiters"]) == 2:
                seen = seen or sorted(self.jobs(daemon)) == sorted(roots)
            for connection in connections:
                self.assertIn("work", connection.receive().json())
            return seen

        for _ in range(5):  # one of them may be found before anybody looks
            if seen_at_once([nano.random_root(), nano.random_root()]):
                return
        self.fail("the two jobs were never searched at the same time")

    def test_cpu_stands_by(self):
        daemon = self.start_opencl({"node.work_threads": None})
        self.wait_up(daemon)
        self.assertIn("Work pool threads: 0 (CPU), because node.work_threads is not set", daemon.log())
        wait_until(lambda: {each["state"] for each in self.devices(daemon, "cpu")} == {"standby"},
                   "the CPU stands by")
        for root in (nano.random_root() for _ in range(3)):
            self.assertIn("work", daemon.rpc("work_generate", hash=root))
        self.assertEqual({each["hashes"] for each in self.devices(daemon, "cpu")}, {"0"})

    def test_cpu_beside(self):
        daemon = self.start_opencl({"node.work_threads": "1"})
        self.wait_up(daemon)
        connection = self.begin(daemon, self.root)
        wait_until(lambda: all(int(device["hashes"]) > 0 for device in daemon.status()["devices"]),
                   "both work")
        daemon.rpc("work_cancel", hash=self.root)
        self.assert_cancelled(connection)

    def test_restart_uses_the_cache(self):
        daemon = self.start_opencl()
        self.wait_up(daemon)
        cache = os.path.join(daemon.data_path, "opencl")
        kernels = [name for name in os.listdir(cache) if name.startswith("kernel-")]
        self.assertEqual(len(kernels), 1)
        with tempfile.TemporaryDirectory(prefix="workpeer-e2e-") as path:
            shutil.copytree(cache, os.path.join(path, "opencl"))
            kernel = os.path.join(path, "opencl", kernels[0])
            before = os.stat(kernel).st_ino
            result = run_program("--debug_opencl", "--multiplier", "0.0001", "--count", "1",
                                 "--data_path", path, seconds=120, environment=CACHED)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(os.stat(kernel).st_ino, before)  # a rebuilt one is another file

    def test_home_that_cannot_be_written(self):
        """A service's often cannot: the driver's cache is in the data directory."""
        for home in ("/proc", "/dev/null"):
            with self.subTest(home):
                daemon = self.start_opencl(environment={**FEW_THREADS, "HOME": home})
                self.wait_up(daemon)
                self.assertIn("work", daemon.rpc("work_generate", hash=self.root))
                if "Portable Computing" in LISTED:
                    self.assertTrue(os.listdir(os.path.join(daemon.data_path, "opencl", "pocl")))

    def test_cache_that_the_operator_chose(self):
        with tempfile.TemporaryDirectory(prefix="workpeer-e2e-") as path:
            chosen = {"POCL_CACHE_DIR": path, "CUDA_CACHE_PATH": path}
            daemon = self.start_opencl(environment={**FEW_THREADS, **chosen, "HOME": "/proc"})
            self.wait_up(daemon)
            self.assertEqual(os.listdir(os.path.join(daemon.data_path, "opencl", "pocl")), [])
            self.assertTrue(os.listdir(path))

    def test_stop_in_flight(self):
        daemon = self.start_opencl({"opencl.batch_time": LONG_BATCH})
        self.wait_up(daemon)
        connection = self.begin(daemon, self.root)
        wait_until(lambda: self.jobs(daemon) == [self.root], "the device has the job")
        daemon.process.terminate()
        self.assertIn("error", connection.receive().json())
        self.assertEqual(daemon.wait(), 0)


class Absent(OpenclTest):
    """OpenCL is enabled and there is none, or none that works: the CPU does it."""

    def vendors(self, files):
        directory = tempfile.mkdtemp(prefix="workpeer-e2e-")
        self.addCleanup(shutil.rmtree, directory)
        for name, text in files.items():
            with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                file.write(text)
        return {"OCL_ICD_VENDORS": directory}

    def assert_served_by_cpu(self, environment, reason, config=None, select="[all]"):
        daemon = self.start_opencl({"node.work_threads": None, **(config or {})}, select,
                                   environment={**CACHED, **environment})
        self.assertRegex(daemon.log(),
                         rf"warn OpenCL is enabled \(opencl.enable\) but cannot be used: {reason}")
        self.assertIn("warn The CPU searches instead", daemon.log())
        self.assertIn("work", daemon.rpc("work_generate", hash=self.root))
        self.assertEqual({each["kind"] for each in daemon.status()["devices"]}, {"cpu"})
        wait_until(lambda: {each["state"] for each in daemon.status()["devices"]} == {"up"},
                   "every CPU thread works")
        return daemon

    def test_no_platform(self):
        reason = "no OpenCL (platform on|library on)" if BUILT else "this build"
        self.assert_served_by_cpu(self.vendors({}), reason)

    @needs_device
    def test_broken_drivers(self):
        """Vendors' files that name nothing, no driver, or nothing at all."""
        files = {"missing.icd": "/nowhere/libdriver.so\n", "other.icd": "libc.so.6\n", "empty.icd": ""}
        self.assert_served_by_cpu(self.vendors(files), "no OpenCL platform")

    @needs_device
    def test_crashing_library(self):
        """Debian's loader falls over this file; another may not."""
        self.assert_served_by_cpu(self.vendors({"binary.icd": "\0\1\2\n"}),
                                  "(the OpenCL library or a driver crashes|no OpenCL platform)")

    @needs_device
    def test_names_that_are_not_there(self):
        for select, reason in (
            ("[Voodoo]", r'opencl.select: "Voodoo" matches no OpenCL device; there is "\d+:\d+" '),
            ("[77:0]", r'opencl.select: "77:0" matches no OpenCL device; there is "\d+:\d+" '),
        ):
            with self.subTest(select=select):
                self.assert_served_by_cpu({}, reason, select=select)

    @needs_device
    def test_numbers_that_are_not_there(self):
        self.assert_served_by_cpu(
            {}, r"there is no OpenCL device 66:5 \(opencl.platform and opencl.device\)",
            config={"opencl.platform": "66", "opencl.device": "5"}, select="[]")

    def test_no_threads_either(self):
        daemon = self.start_opencl(environment={**FEW_THREADS, **self.vendors({})}, select="[all]")
        self.assertIn("Work generation is disabled", daemon.log())
        self.assertIn("disabled", daemon.rpc("work_generate", hash=self.root)["error"])

    def test_listing_none(self):
        result = list_devices(environment=self.vendors({}))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, "(?m)^OpenCL: (no OpenCL|this build)")

    def test_profiling_none(self):
        result = run_program("--debug_opencl", environment=self.vendors({}))
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout, "Error initializing OpenCL\n")
        self.assertRegex(result.stderr, "^Error initializing OpenCL: .")

    def test_measuring_none(self):
        result = run_program("--benchmark", "--duration", "0.2", "--device", "all",
                             environment=self.vendors({}))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("No OpenCL device: ", result.stderr)


@needs_device
class Commands(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="workpeer-e2e-")
        self.addCleanup(directory.cleanup)
        self.data_path = directory.name

    def run_here(self, *arguments, seconds=120):
        return run_program(*arguments, "--data_path", self.data_path, seconds=seconds,
                           environment=CACHED)

    def profile(self, *arguments):
        platform, device = DEVICES[0].split(":")
        return self.run_here("--debug_opencl", "--platform", platform, "--device", device,
                             *arguments)

    def test_list_can_be_pasted(self):
        listed = self.run_here("--list_devices").stdout
        table = listed[listed.index("[opencl]"):]
        with open(os.path.join(self.data_path, "config-node.toml"), "w", encoding="utf-8") as file:
            file.write(table)
        result = self.run_here("--check_config")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn(DEVICES[0], table)

    def test_check_config(self):
        """A warning where the device is not there; the daemon would start all the same."""
        for select, text in ((DEVICES[0], "^$"), ("Voodoo", '"Voodoo" matches no OpenCL device')):
            result = self.run_here("--check_config", "--config", "opencl.enable=true",
                                   f"opencl.select=[{select}]")
            self.assertEqual(result.returncode, 0)
            self.assertRegex(result.stderr, text)

    def test_list_with_rates(self):
        result = self.run_here("--list_devices", "--benchmark")
        self.assertEqual(result.returncode, 0, result.stderr)
        rates = re.findall(r'"\d+:\d+", # .*; (\d+\.\d+) million hashes a second$', result.stdout,
                           re.M)
        self.assertEqual(len(rates), len(DEVICES))
        self.assertTrue(all(float(rate) > 0 for rate in rates))
        self.assertRegex(result.stdout, r"(?m)^CPU, one thread: \d+\.\d\d million hashes a second$")

    def test_home_that_cannot_be_written(self):
        wanted = ("--list_devices", "--config", "opencl.enable=true", "--data_path")
        home = {**FEW_THREADS, "HOME": "/proc"}
        self.assertIn(DEVICES[0], run_program(*wanted, self.data_path, environment=home).stdout)
        if "Portable Computing" in LISTED:
            self.assertIn("can its driver write below HOME?",
                          run_program(*wanted, "/proc", environment=home).stdout)

    def test_diagnostics(self):
        result = self.run_here("--diagnostics")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout, rf"(?m)^    device {DEVICES[0]}, .*: correct$")

    def test_profile(self):
        result = self.profile("--multiplier", "0.0001", "--count", "3", "--threads", "4096")
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = result.stderr.splitlines()
        platform, device = DEVICES[0].split(":")
        difficulty = nano.from_multiplier(0.0001, nano.LIVE.base)
        multiplier = nano.to_multiplier(difficulty, nano.LIVE.base)
        self.assertEqual(
            lines[0],
            f"Starting OpenCL generation profiling. Platform: {platform}. Device: {device}. "
            f"Threads: 4096. Difficulty: 0x{difficulty:016x} "
            f"({multiplier:.4f}x from base difficulty 0xfffffff800000000)",
        )
        for line in lines[1:4]:
            self.assertRegex(line, r"^ {0,11}\d+$")
            self.assertGreaterEqual(len(line), 12)
        for what in ("Works: 3", "Mean", "median", "standard error", "hashes a second"):
            self.assertIn(what, "\n".join(lines[4:]))

    def test_profile_errors(self):
        for option, value, text in (
            ("--platform", "x", "Invalid platform id: "),
            ("--platform", "-1", "Invalid platform id: "),
            ("--device", "4294967296", "Invalid device: "),
            ("--threads", "0", "Invalid threads count: "),
            ("--multiplier", "-1", "Invalid multiplier: "),
            ("--difficulty", "z", "Invalid difficulty: "),
        ):
            with self.subTest(option=option, value=value):
                result = self.run_here("--debug_opencl", f"{option}={value}")
                self.assertEqual(result.returncode, 2)
                self.assertTrue(result.stderr.startswith(f"workpeer: {text}"), result.stderr)

    def test_profile_of_what_is_not_there(self):
        platform = DEVICES[0].split(":")[0]
        result = self.run_here("--debug_opencl", "--platform", "77")
        self.assertEqual((result.returncode, result.stdout), (1, "Not available platform id\n\n"))
        result = self.run_here("--debug_opencl", "--platform", platform, "--device", "77")
        self.assertEqual((result.returncode, result.stdout), (1, "Not available device id\n\n"))

    def test_benchmark(self):
        result = self.run_here("--benchmark", "--duration", "0.5", "--device", DEVICES[0], "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        devices = json.loads(result.stdout)["devices"]
        self.assertEqual([each["kind"] for each in devices], ["opencl"])
        self.assertEqual(devices[0]["scanner"], f"opencl {DEVICES[0]}")
        self.assertGreater(devices[0]["hashes_per_second"], 0)

    def test_benchmark_of_all(self):
        result = self.run_here("--benchmark", "--duration", "0.5", "--device", "all", "--threads",
                               "1", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        kinds = [each["kind"] for each in json.loads(result.stdout)["devices"]]
        self.assertEqual(kinds.count("opencl"), len(DEVICES))
        self.assertIn("cpu", kinds)

    def test_benchmark_of_what_is_not_there(self):
        result = self.run_here("--benchmark", "--device", "77:0")
        self.assertEqual(result.returncode, 1)
        self.assertIn("Invalid device 77:0: ", result.stderr)
        self.assertIn(f'"{DEVICES[0]}"', result.stderr)


if __name__ == "__main__":
    main()
