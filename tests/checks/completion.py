"""Each shell's completion offers every option of the program and of its commands, and every key.

A shell that is not here is skipped, and said so.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(os.environ.get("srcdir", ".")).resolve() / "packaging" / "completion"
WORKPEER = os.path.abspath(os.environ.get("WORKPEER", "./workpeer"))

# The functions are asked as the shell asks them; the words are in the arguments.
BASH = """
source "$1"; shift
compopt () { :; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_workpeer "$WORKPEER" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""

# What zsh's own functions would do with what they are given: say it.
ZSH = """
script=$1; shift
_describe () { print -rl -- ${${(P)4}%%:*} }
compadd () { while [[ $1 == -* ]]; do [[ $1 == -S ]] && shift; shift; done; print -rl -- "$@" }
_files () { print -r -- FILES }
compset () { : }
source $script
words=("$WORKPEER" "${@:2}") CURRENT=$#
_workpeer
"""

FISH = """
set -x PATH (path dirname $WORKPEER) $PATH
source $argv[1]
complete -C (string join -- ' ' $argv[2..-1]) | string replace -r '\\t.*' ''
true
"""

wrong = []

# fish leaves files there, as root even where there is no such directory.
HOME = tempfile.TemporaryDirectory(prefix="workpeer-completion-")


def offered(shell, words):
    """What the shell offers after these words, the last of which is being typed."""
    file = {"bash": "workpeer.bash", "zsh": "_workpeer", "fish": "workpeer.fish"}[shell]
    script = {"bash": BASH, "zsh": ZSH, "fish": FISH}[shell]
    command = {
        "bash": ["bash", "--norc", "-c", script, "bash"],
        "zsh": ["zsh", "-f", "-c", script, "zsh"],
        "fish": ["fish", "--no-config", "-c", script],
    }[shell]
    result = subprocess.run(
        [*command, str(FOLDER / file), "workpeer", *words], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, encoding="utf-8", check=False, timeout=60,
        env={**os.environ, "WORKPEER": WORKPEER, "HOME": HOME.name})
    if result.returncode != 0 or result.stderr:
        wrong.append(f"{shell}: {words}: status {result.returncode}: {result.stderr}")
    return set(result.stdout.split("\n")) - {""}


def run(*arguments):
    return subprocess.run([WORKPEER, *arguments], stdout=subprocess.PIPE, check=True,
                          encoding="utf-8").stdout


def options_in(text):
    return set(re.findall(r"(?m)^  (--\w+)", text))


def expect(shell, words, wanted, exactly=True):
    given = offered(shell, words)
    for name in sorted(wanted - given):
        wrong.append(f"{shell}: after {words} there is no {name}")
    for name in sorted(given - wanted) if exactly else ():
        wrong.append(f"{shell}: after {words} there is {name}, which is none")


def check(shell):
    text = run("--help")
    commands = set(re.findall(r"(?m)^  ([a-z]+)(?: [A-Z ]+)? {2,}\S", text))
    # fish and bash offer what begins like the word; options begin with a dash.
    expect(shell, ["--"], options_in(text), exactly=shell != "zsh")
    expect(shell, [""], commands, exactly=False)
    for command in commands:
        expect(shell, [command, "--"], options_in(run(command, "--help")))
    expect(shell, ["--daemon", "--network", ""], {"live", "beta", "test", "dev", "banano"})
    expect(shell, ["generate", "--subtype", ""], {"send", "receive", "open", "change", "epoch"})
    # What is offered where a file is wanted; in zsh that is its own function's to say.
    files = {"FILES"} if shell == "zsh" else {str(FOLDER / "workpeer.bash")}
    for words in ["status", "--key_file"], ["--daemon", "--pid_file"]:
        expect(shell, [*words, str(FOLDER / "workpeer.ba")], files)
    for option, file in (("--config", "node"), ("--rpcconfig", "rpc")):
        keys = set()
        table = ""
        for line in run("--generate_config", file).splitlines():
            if heading := re.match(r"\[(.*)\]", line):
                table = heading[1] + "."
            if key := re.match(r"\t?# ([a-z_]+) = ", line):
                keys.add(f"{table}{key[1]}=")
        if len(keys) < 5:
            wrong.append(f"--generate_config {file} has keys {keys} only")
        for words in [option, ""], [option, "x=1", ""] if shell != "bash" else [option, "x", "=", "1", ""]:
            expect(shell, ["--daemon", *words], keys)
    # "log.level=w" is three words to bash, which replaces the last one.
    for option, key, values in (("--config", "log.level", {"debug", "info", "warn", "error", "off"}),
                                ("--config", "opencl.enable", {"true", "false"}),
                                ("--config", "rpc.port", set()), ("--rpcconfig", "enable_control", {"true", "false"})):
        words = [option, key, "="] if shell == "bash" else [option, f"{key}="]
        expect(shell, ["--daemon", *words], {f"{key}={value}" for value in values} if shell == "fish" else values)
    expect(shell, ["--benchmark", "--device", ""], {"cpu", "all", *DEVICES})
    for words in ["generate"], ["generate", "--timeout"], ["status", "--url"], ["--benchmark", "--duration"]:
        expect(shell, [*words, ""], set())


DEVICES = re.findall(r'(?m)^ *"([0-9]+:[0-9]+)"', run("--list_devices"))


def main():
    there = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)]
    for shell in there:
        check(shell)
    for line in wrong:
        print(line)
    missing = sorted({"bash", "zsh", "fish"} - set(there))
    if missing:
        print(f"not tried, as it is not here: {', '.join(missing)}")
    return 1 if wrong else 0 if there else 77


if __name__ == "__main__":
    sys.exit(main())
