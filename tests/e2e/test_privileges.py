#!/usr/bin/env python3
"""Whom the daemon runs as: root given up for a user, and the floor below either.

What it takes root to try is skipped without.
"""

import contextlib
import os
import pwd
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import nano
from harness import PROGRAM, Daemon, DaemonTest, main, run_program, scaled, wait_until
from test_opencl import DEVICES, FEW_THREADS, needs_device
from test_service import HAND_OVER

IS_ROOT = os.geteuid() == 0
NEEDS_ROOT = unittest.skipUnless(IS_ROOT, "only root can give up root")

# Whom the tests become: a user that is on every system and owns nothing.
USER = pwd.getpwnam("nobody")

# For who is not about drivers: OpenCL finds none.
NO_DRIVERS = {"OCL_ICD_VENDORS": "/nowhere/"}

NO_CAPABILITIES = dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), "0" * 16)


def thread_status(pid):
    """What the kernel says of each thread of a process: a dictionary each."""
    statuses = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8") as file:
            statuses.append(dict(re.findall(r"^(\w+):\t(.*?) ?$", file.read(), re.M)))
    return statuses


def owner(path):
    return os.stat(path).st_uid


def low_port():
    """A port that only root may have, and that is free now."""
    for port in range(1023, 600, -1):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise unittest.SkipTest("no free port below 1024")


class PrivilegesTest(DaemonTest):
    """Daemons whose data directory anybody may enter and USER owns."""

    def setUp(self):
        self.ended = []  # daemons that are stopped already

    def prepare(self, arguments=(), config=None, owned=True, **settings):
        daemon = Daemon(arguments, config=config, **settings)
        self.addCleanup(self.end, daemon)
        os.chmod(os.path.dirname(daemon.data_path), 0o755)
        if owned:
            os.chown(daemon.data_path, USER.pw_uid, USER.pw_gid)
        return daemon

    def start_as_user(self, config=None, **settings):
        return self.prepare(config={"daemon.user": USER.pw_name, **(config or {})}, **settings).start()

    def end(self, daemon):
        """As after any test, unless fail_to_start has seen to it."""
        if daemon not in self.ended:
            self._stop(daemon)

    def fail_to_start(self, daemon):
        """Its log, once it has ended with status 1."""
        with self.assertRaises(AssertionError):
            daemon.start()
        self.assertEqual(daemon.wait(), 1)
        log = daemon.log()
        self.assertEqual([fault for fault in daemon.stop() if not fault.startswith(("exit status 1", "the end of"))], [])
        self.ended.append(daemon)
        return log

    def directory(self):
        directory = tempfile.TemporaryDirectory(prefix="workpeer-privileges-")
        self.addCleanup(directory.cleanup)
        return directory.name


@NEEDS_ROOT
class Dropping(PrivilegesTest):
    def assert_dropped(self, daemon, groups=None):
        expected = {
            **NO_CAPABILITIES,
            "Uid": "\t".join([str(USER.pw_uid)] * 4),
            "Gid": "\t".join([str(USER.pw_gid)] * 4),
            "NoNewPrivs": "1",
        }
        statuses = thread_status(daemon.process.pid)
        self.assertGreater(len(statuses), 1, "devices have threads")
        for status in statuses:
            self.assertEqual({key: status[key] for key in expected}, expected)
            self.assertEqual({int(group) for group in status["Groups"].split()},
                             groups or set(os.getgrouplist(USER.pw_name, USER.pw_gid)))

    def test_nothing_of_root_is_left(self):
        port, management = low_port(), 0
        pid_file = os.path.join(self.directory(), "workpeer.pid")
        daemon = self.prepare(
            ["--pid_file", pid_file],
            config={"daemon.user": USER.pw_name, "rpc.port": str(port), "store.enable": "true",
                    "management.port": str(management)})
        log = os.path.join(daemon.data_path, "workpeer.log")
        daemon.command += ["--config", f"log.file={log}"]
        daemon.start()
        self.assertEqual(daemon.address[1], port)
        self.assert_dropped(daemon)
        root = nano.random_root()
        self.assert_work(daemon.rpc("work_generate", hash=root), root, nano.DEV.base)
        self.assertEqual(owner(log), USER.pw_uid)
        store = os.path.join(daemon.data_path, "work_store")
        self.assertEqual({owner(os.path.join(store, name)) for name in os.listdir(store)}, {USER.pw_uid})
        self.assertEqual(owner(f"/proc/{daemon.process.pid}/status"), 0, "it leaves no core and is not traced")
        with open(pid_file, encoding="ascii") as file:
            self.assertEqual(file.read(), f"{daemon.process.pid}\n")
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        self.assertEqual(os.path.getsize(pid_file), 0, "what it may not remove names no process")

    def test_pid_file_where_it_may_be_removed(self):
        directory = self.directory()
        os.chown(directory, USER.pw_uid, USER.pw_gid)
        path = os.path.join(directory, "workpeer.pid")
        daemon = self.prepare(["--pid_file", path], config={"daemon.user": USER.pw_name}).start()
        self.assertTrue(os.path.exists(path))
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        self.assertFalse(os.path.exists(path))

    def test_pid_file_that_is_a_link(self):
        directory = self.directory()
        victim, link = os.path.join(directory, "victim"), os.path.join(directory, "workpeer.pid")
        with open(victim, "w", encoding="ascii") as file:
            file.write("precious")
        os.symlink(victim, link)
        log = self.fail_to_start(self.prepare(["--pid_file", link], config={"daemon.user": USER.pw_name}))
        self.assertIn(f"cannot open the pid file {link}: Too many levels of symbolic links", log)
        with open(victim, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious")

    def test_all_listeners_have_low_ports(self):
        ports = {}
        for key in "rpc.port", "management.port", "atto.port", "atto.management_port":
            with contextlib.ExitStack() as taken:
                for port in ports.values():
                    taken.enter_context(socket.create_server(("127.0.0.1", port)))
                ports[key] = low_port()
        daemon = self.start_as_user({**{key: str(port) for key, port in ports.items()}, "atto.enable": "true"})
        self.assert_dropped(daemon)
        for port in ports.values():
            with socket.create_connection(("127.0.0.1", port), timeout=scaled(5)):
                pass
        # What the process knows of itself by /proc is still to be had.
        with urllib.request.urlopen(f"http://127.0.0.1:{ports['management.port']}/metrics", timeout=scaled(5)) as page:
            text = page.read().decode()
        for name in "process_open_fds", "process_max_fds", "process_resident_memory_bytes", "process_cpu_seconds_total":
            self.assertGreater(float(re.search(rf"^{name} (\S+)$", text, re.M)[1]), 0, name)

    def test_port_that_another_listens_on(self):
        port = low_port()
        with socket.create_server(("127.0.0.1", port)):
            log = self.fail_to_start(self.prepare(config={"daemon.user": USER.pw_name, "rpc.port": str(port)}))
        self.assertIn(f"cannot listen on 127.0.0.1 port {port}: Address already in use", log)

    def test_two_servers_on_one_port(self):
        port = low_port()
        log = self.fail_to_start(self.prepare(
            config={"daemon.user": USER.pw_name, "rpc.port": str(port), "management.port": str(port)}))
        self.assertIn(f"management.port is {port}, and so is rpc.port, expected two ports", log)

    def test_sockets_that_are_handed_over(self):
        daemon = self.prepare(config={"daemon.user": USER.pw_name, "rpc.address": "192.0.2.1"})
        daemon.command = [sys.executable, "-c", HAND_OVER, "127.0.0.1,127.0.0.2", *daemon.command]
        daemon.start()
        self.assert_dropped(daemon)
        self.assertEqual([host for host, _ in daemon.addresses], ["127.0.0.1", "127.0.0.2"])
        self.assertIn("version", daemon.status())

    def test_numbers_and_another_group(self):
        daemon = self.prepare(config={"daemon.user": "4200001", "daemon.group": "4200002"}, owned=False)
        daemon.start()
        for status in thread_status(daemon.process.pid):
            self.assertEqual(status["Uid"].split(), ["4200001"] * 4)
            self.assertEqual(status["Gid"].split(), ["4200002"] * 4)
            self.assertEqual(status["Groups"].split(), ["4200002"])
            self.assertEqual(status["CapBnd"], "0" * 16)

    def prepare_with_database(self, passwd=None, group="", **settings):
        """A daemon that sees a user database of its own: USER's line in passwd, and one more group."""
        directory = self.directory()
        script = 'mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/group" /etc/group && exec "$@"'
        command = ["unshare", "--mount", "sh", "-c", script, directory]
        for name in "passwd", "group":
            with open(f"/etc/{name}", encoding="utf-8") as file:
                text = file.read() + group * (name == "group")
            if passwd is not None and name == "passwd":
                text = re.sub(rf"(?m)^{USER.pw_name}:.*$", passwd, text)
            with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                file.write(text)
        os.chmod(directory, 0o755)
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("unshare and mount are not allowed here")
        daemon = self.prepare(**settings)
        daemon.command = [*command, *daemon.command]
        return daemon

    def test_groups_of_the_user_are_kept(self):
        daemon = self.prepare_with_database(group=f"workpeer-test-render:x:4200044:{USER.pw_name}\n",
                                            config={"daemon.user": USER.pw_name}).start()
        self.assert_dropped(daemon, {*os.getgrouplist(USER.pw_name, USER.pw_gid), 4200044})
        self.assertRegex(daemon.log(), rf"info Running as user {USER.pw_name} \({USER.pw_uid}\), group {USER.pw_gid}, "
                                       r"groups[ \d]* 4200044.*; root is dropped")

    @needs_device
    def test_opencl(self):
        """A driver that compiles with programs of its own, and keeps what it has compiled in the data directory, as the user."""
        home = self.directory()
        os.chown(home, USER.pw_uid, USER.pw_gid)
        daemon = self.prepare_with_database(
            f"{USER.pw_name}:x:{USER.pw_uid}:{USER.pw_gid}::{home}:/bin/sh",
            config={"daemon.user": USER.pw_name, "node.work_threads": "0", "opencl.enable": "true",
                    "opencl.select": f"[{DEVICES[0]}]"},
            environment={**FEW_THREADS, "HOME": "/root"})
        daemon.command = ["env", "-u", "POCL_CACHE_DIR", "-u", "XDG_CACHE_HOME", *daemon.command]
        daemon.start()
        wait_until(lambda: re.search(r"Device opencl .* is up: ", daemon.log()), "the device is up", 120)
        self.assert_dropped(daemon)
        root = nano.random_root()
        answer = daemon.rpc("work_generate", hash=root)
        self.assert_work(answer, root, nano.DEV.base)
        if "Portable Computing Language" in daemon.log():
            cache = os.path.join(daemon.data_path, "opencl", "pocl")
            self.assertNotEqual(os.listdir(cache), [])
            self.assertEqual(os.stat(cache).st_uid, USER.pw_uid)


@NEEDS_ROOT
class Files(PrivilegesTest):
    def test_store_that_is_roots(self):
        daemon = self.start_as_user({"store.enable": "true"}, owned=False)
        store = os.path.join(daemon.data_path, "work_store")
        self.assertIn(f"error Continuing without the store: cannot create the store's directory {store}: Permission "
                      f"denied; as root: install -o {USER.pw_name} -m 0700 -d {store} (store.on_failure)",
                      daemon.log())

    def test_store_that_root_made(self):
        for give_away in False, True:  # as it is, and its directory without its files
            with self.subTest(give_away=give_away):
                directory = self.directory()
                os.chmod(directory, 0o755)
                store = os.path.join(directory, "store")
                config = {"store.enable": "true", "store.path": store}
                self.assertIn("info Store: ", self.start_and_stop(self.prepare(config=config)))
                if give_away:
                    os.chown(store, USER.pw_uid, USER.pw_gid)
                config["daemon.user"] = USER.pw_name
                advice = re.search(r"Continuing without the store: .*Permission denied.*; as root: (.*) \(store.on_failure\)$",
                                   self.start_and_stop(self.prepare(config=config)), re.M)
                self.assertEqual(advice[1], f"chown -R {USER.pw_name}: {store}")
                subprocess.run(advice[1].split(), check=True)
                self.assertIn("info Store: ", self.start_and_stop(self.prepare(config=config)))

    def start_and_stop(self, daemon):
        """Its log."""
        daemon.start()
        log = daemon.log()
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(), 0)
        return log

    def test_log_file(self):
        directory = self.directory()
        os.chmod(directory, 0o755)
        path = os.path.join(directory, "workpeer.log")
        log = self.fail_to_start(self.prepare(config={"daemon.user": USER.pw_name, "log.file": path}))
        advice = f"install -o {USER.pw_name} -m 0640 /dev/null {path}"
        self.assertEqual(log, f"workpeer: cannot open the log file {path}: Permission denied (log.file); "
                              f"as root: {advice}\n")
        subprocess.run(advice.split(), check=True)
        daemon = self.start_as_user({"log.file": path})
        with open(path, encoding="ascii") as file:
            self.assertIn("root is dropped", file.read())
        os.rename(path, path + ".1")
        daemon.signal(signal.SIGHUP)

        def old_log():
            with open(path + ".1", encoding="ascii") as file:
                return file.read()

        wait_until(lambda: "The configuration is unchanged" in old_log(), "what it has is still written")
        self.assertIn(f"Cannot open the log file {path} again, still writing to the old one: Permission "
                      f"denied; as root: {advice}", old_log())
        subprocess.run(advice.split(), check=True)
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: os.path.getsize(path) > 0, "the new file is written")

    def test_log_file_in_no_directory(self):
        """No command is given that would fail."""
        log = self.fail_to_start(self.prepare(config={"daemon.user": USER.pw_name, "log.file": "/nowhere/log"}))
        self.assertEqual(log, "workpeer: cannot open the log file /nowhere/log: No such file or directory (log.file)\n")

    def test_configuration_that_the_user_may_not_read(self):
        daemon = self.prepare(files={"config-node.toml": f'[daemon]\nuser = "{USER.pw_name}"\n'})
        path = os.path.join(daemon.data_path, "config-node.toml")
        os.chmod(path, 0o600)
        daemon.start()
        self.assertEqual(thread_status(daemon.process.pid)[0]["Uid"].split(), [str(USER.pw_uid)] * 4)
        self.assertIn(f"warn {path} cannot be reloaded at SIGHUP: user {USER.pw_name} has no access; give the "
                      "file that user's group and mode 0640", daemon.log())
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: "The configuration is unchanged" in daemon.log(), "the reload has ended")
        self.assertIn(f"error {path}: Permission denied, expected a file that user {USER.pw_name} can read", daemon.log())
        os.chown(path, 0, USER.pw_gid)
        os.chmod(path, 0o640)
        with open(path, "a", encoding="ascii") as file:
            file.write("[work]\nmax_queue = 17\n")
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: "Setting: work.max_queue = 17" in daemon.log(), "the reload is good")

    def test_user_takes_a_restart(self):
        daemon = self.prepare(files={"config-node.toml": f'[daemon]\nuser = "{USER.pw_name}"\n'})
        daemon.start()
        with open(os.path.join(daemon.data_path, "config-node.toml"), "w", encoding="ascii") as file:
            file.write('[daemon]\nuser = "root"\nconfine = false\n')
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: "Configuration reloaded" in daemon.log(), "the reload has ended")
        self.assertIn('warn Setting: daemon.user = "root" requires a restart; the old value stays in force', daemon.log())
        self.assertIn("warn Setting: daemon.confine = false requires a restart; the old value stays in force", daemon.log())
        self.assertEqual(thread_status(daemon.process.pid)[0]["Uid"].split(), [str(USER.pw_uid)] * 4)


class Whom(PrivilegesTest):
    @NEEDS_ROOT
    def test_root_is_warned(self):
        warning = "warn The daemon runs as root and does not need to: set daemon.user"
        self.assertIn(warning, self.start().log())
        self.assertNotIn(warning, self.start(config={"daemon.user": "root"}).log())

    def start_as(self, uid, gid, config):
        """A daemon that somebody else starts; the program need not be where that user can see it."""
        daemon = self.prepare(config=config, owned=False)
        os.chown(daemon.data_path, uid, gid)
        program = os.open(PROGRAM, os.O_RDONLY)
        self.addCleanup(os.close, program)
        become = ("import os, sys; os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[1])); "
                  "os.set_inheritable(int(sys.argv[3]), True); os.execv(f'/proc/self/fd/{sys.argv[3]}', sys.argv[4:])")
        starter = ["sh", "-c", 'exec 9<"$0"; exec "$@"', PROGRAM, sys.executable, "-c", become, str(uid), str(gid), "9"]
        daemon.command = [*starter, *daemon.command]
        return daemon

    @NEEDS_ROOT
    def test_started_as_the_user(self):
        daemon = self.start_as(USER.pw_uid, USER.pw_gid, {"daemon.user": USER.pw_name}).start()
        self.assertNotIn("root", daemon.log())
        status = thread_status(daemon.process.pid)[0]
        self.assertEqual(status["Uid"].split(), [str(USER.pw_uid)] * 4)
        self.assertEqual(status["NoNewPrivs"], "1")

    @NEEDS_ROOT
    def test_started_as_another(self):
        self.assertEqual(
            self.fail_to_start(self.start_as(4200001, 4200001, {"daemon.user": USER.pw_name})),
            f"workpeer: only root can switch to {USER.pw_name} (daemon.user), and this is user 4200001: start the daemon "
            "as root or as that user, or remove daemon.user\n")
        self.assertIn("only root can change to the group 0 (daemon.group)", self.fail_to_start(self.start_as(
            USER.pw_uid, USER.pw_gid, {"daemon.user": USER.pw_name, "daemon.group": "0"})))

    @unittest.skipIf(IS_ROOT, "root may become anybody")
    def test_ourselves_and_others(self):
        self.assertIn("version", self.start(config={"daemon.user": str(os.getuid())}).status())
        self.assertIn("only root can switch to root", self.fail_to_start(Daemon(config={"daemon.user": "root"})))

    def test_who_is_not_there(self):
        for key, kind in ("daemon.user", "user"), ("daemon.group", "group"):
            result = run_program("--check_config", "--config", f"{key}=no-such-one")
            self.assertEqual(result.returncode, 1)
            self.assertEqual(result.stderr, f'--config: {key} is "no-such-one", expected a {kind} of this system, by '
                                            'name or number, or "" for none\n')
        daemon = Daemon(files={"config-node.toml": '[daemon]\n  user = "no-such-one"\n'})
        self.assertIn('config-node.toml:2:10: daemon.user is "no-such-one", expected', self.fail_to_start(daemon))

    def test_group_alone(self):
        self.assertEqual(self.fail_to_start(Daemon(config={"daemon.group": str(os.getgid())})),
                         "workpeer: daemon.group requires daemon.user: set both or neither\n")


class Floor(PrivilegesTest):
    def floor(self, daemon):
        """(whether new privileges are forbidden, whether system calls are refused) in all threads."""
        states = {(status["NoNewPrivs"], status.get("Seccomp", "0"))
                  for status in thread_status(daemon.process.pid)}
        self.assertEqual(len(states), 1)
        return states.pop()

    def test_on_by_default(self):
        daemon = self.start()
        if "built without the list" in daemon.log():
            self.assertEqual(self.floor(daemon)[0], "1")
            self.skipTest("built without libseccomp, or with sanitizers")
        self.assertEqual(self.floor(daemon), ("1", "2"))
        self.assertRegex(daemon.log(), r"info Confined: no new privileges, system calls blocked: \d+, no programs can be "
                                       r"started \(daemon.confine\)")
        root = nano.random_root()
        self.assert_work(daemon.rpc("work_generate", hash=root), root, nano.DEV.base)

    def test_programs_for_drivers(self):
        daemon = self.start(config={"opencl.enable": "true"}, environment=NO_DRIVERS)
        self.assertNotIn("no programs can be started", daemon.log())
        self.assertEqual(self.floor(daemon)[0], "1")

    def test_off(self):
        daemon = self.start(config={"daemon.confine": "false"})
        self.assertIn("info Not confined: daemon.confine is false", daemon.log())
        self.assertEqual(self.floor(daemon)[1], self.own_seccomp())

    def own_seccomp(self):
        """What this test itself runs under, as in a container, its children inherit."""
        return thread_status(os.getpid())[0].get("Seccomp", "0")

    def test_opencl_after_the_start(self):
        for confine in "true", "false":
            with self.subTest(confine=confine):
                daemon = self.start(config={"daemon.confine": confine}, files={"config-node.toml": ""},
                                    environment=NO_DRIVERS)
                no_programs = "no programs can be started" in daemon.log()
                with open(os.path.join(daemon.data_path, "config-node.toml"), "w", encoding="ascii") as file:
                    file.write('[work]\nmax_queue = 17\n[opencl]\nenable = true\n')
                daemon.signal(signal.SIGHUP)
                wait_until(lambda log=daemon.log: "Configuration reloaded" in log(), "the reload has ended", 60)
                self.assertIn("Setting: work.max_queue = 17", daemon.log())
                self.assertEqual("warn Setting: opencl.enable = true requires a restart" in daemon.log(), no_programs)
                self.assertEqual("info Setting: opencl.enable = true" in daemon.log(), not no_programs)


if __name__ == "__main__":
    main()
