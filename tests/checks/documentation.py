"""The manual pages, the example file and the program say the same.

Options, actions and error texts are taken from the program (or, where it does not tell, from its
source) and from the pages, and compared both ways; what the options table makes of the example file
and of config-node.toml(5) has to be in them. Each disagreement is one line.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

SRCDIR = Path(os.environ.get("srcdir", "."))
WORKPEER = os.environ.get("WORKPEER", "./workpeer")
MANUAL = "tests/checks/config_manual"  # made where the checks run

# Settings that may stand elsewhere than in their own table, and tables that are no settings.
OTHER_PATHS = {"node.secondary_work_peers", "node.experimental", "node.httpcallback"}

# Literals that look like a sentence, in files that have error texts, and are none.
NO_ERRORS = {
    "Accept, Accept-Language, Content-Language, Content-Type, Authorization, api-key, x-api-key, key",
    "Content Too Large",  # the reasons of statuses
    "Too Many Requests",
    "POST, OPTIONS",
    "Times in milliseconds",
}

PAGES = ("workpeer.1", "config-node.toml.5", "workpeer-rpc.7", "workpeer-atto.7")

disagreements = []


def disagree(text):
    disagreements.append(text)


def compare(names, wanted, given):
    """Reports what only one of two collections has; `names` says what these are and where."""
    what, source, page = names
    for name in sorted(set(wanted) - set(given)):
        disagree(f"{page}: {what} {name} is missing; {source} has it")
    for name in sorted(set(given) - set(wanted)):
        disagree(f"{page}: {what} {name} is unknown to {source}")


def run(*arguments):
    return subprocess.run(
        [WORKPEER, *arguments], stdout=subprocess.PIPE, check=True, encoding="utf-8"
    ).stdout


def source(path):
    return (SRCDIR / path).read_text(encoding="utf-8")


class Page:
    """A manual page, as far as the comparisons need it: its list entries by section."""

    def __init__(self, name):
        self.name = name
        self.text = source(f"man/{name}")
        self.entries = []  # (section, subsection, words after .It, what stands below)
        self.subsections = {}  # what stands below each, up to the next heading
        section = subsection = ""
        below = None
        for line in self.text.splitlines():
            heading = re.match(r"\.S([hs]) (.*)", line)
            entry = re.match(r"\.It (.*)", line)
            if heading:
                if heading[1] == "h":
                    section, subsection = heading[2], ""
                else:
                    subsection = heading[2]
                    self.subsections[subsection] = []
                below = None
                continue
            if entry:
                below = []
                self.entries.append((section, subsection, entry[1], below))
            elif below is not None:
                below.append(line)
            if subsection:
                self.subsections[subsection].append(line)


# Options.


def options_of_help():
    listed = re.findall(r"^  --(\w+)(?: ([A-Z]\S*))?", run("--help"), re.MULTILINE)
    return {name: argument for name, argument in listed}


# The section of the commands that have options of their own.
ASKING = "ASKING A DAEMON"


def commands_of_help():
    return re.findall(r"(?m)^  ([a-z]+)(?: [A-Z ]+)? {2,}\S", run("--help"))


def options_of_commands():
    listed = {}
    for command in commands_of_help():
        text = run(command, "--help")
        listed.update(re.findall(r"^  --(\w+)(?: ([A-Z]\S*))?", text, re.MULTILINE))
    return listed


def options_of_page(page, asking=False):
    options = {}
    for section, _, words, _ in page.entries:
        if (section == ASKING) != asking:
            continue
        entry = re.match(r"Fl -(\w+)(?: Ar (\S+))?", words)
        if entry:
            options[entry[1]] = entry[2] or ""
    return options


def check_options(pages):
    page = pages[0]
    for source_name, helped, documented in (
        ("--help", options_of_help(), options_of_page(page)),
        ("COMMAND --help", options_of_commands(), options_of_page(page, asking=True)),
    ):
        compare(("option", source_name, page.name), helped, documented)
        for name in sorted(helped.keys() & documented.keys()):
            if helped[name] != documented[name]:
                disagree(f"{page.name}: --{name} takes '{documented[name]}'; "
                         f"{source_name} says '{helped[name]}'")
    known = {**options_of_help(), **options_of_commands()}
    for each in pages:
        mentioned = set(re.findall(r"\bFl -([a-z]\w+)", each.text))
        for name in sorted(mentioned - known.keys()):
            disagree(f"{each.name}: --{name} is no option")


def check_commands(pages):
    documented = [
        words.split()[1] for section, _, words, _ in pages[0].entries
        if section == ASKING and words.startswith("Cm ")
    ]
    compare(("command", "--help", pages[0].name), commands_of_help(), documented)


# Settings.


def settings_of_program():
    """The paths in the generated file."""
    settings = set()
    table = ""
    for line in run("--generate_config", "node").splitlines():
        key = re.match(r"\s*# (\w+) = ", line)
        header = re.match(r"\[(.+)\]", line)
        if header:
            table = header[1] + "."
        elif key:
            settings.add(table + key[1])
    return settings


def check_settings(pages):
    known = settings_of_program() | OTHER_PATHS
    for each in pages:
        # Not those in an example of a misspelt one, nor host names.
        text = re.sub(r"\S+ is not a known key|\bwork\.example\.net\b", "", each.text)
        named = re.findall(r"(?<![\w./-])(?:node|opencl|rpc|access|work|store|precache|atto|log)(?:\.[a-z]\w*)+", text)
        for path in sorted(set(named) - known):
            disagree(f"{each.name}: {path} is no setting")


def check_generated(path, generated, behind=None):
    """`path` is what the options table makes, or has it in one piece before the line `behind`."""
    text = source(path)
    if text == generated or (behind and f"{generated}{behind}\n" in text):
        return
    lines = text.splitlines()
    wanted = generated.splitlines()
    start = lines.index(wanted[0]) if wanted[0] in lines else 0
    line = next(
        (i for i, (a, b) in enumerate(zip(wanted, lines[start:]), start + 1) if a != b),
        len(lines) + 1,
    )
    disagree(f"{path}:{line}: differs from what the options table makes; `make manual` writes it anew")


# Actions.


def check_actions(pages):
    page = pages[2]
    table = source("src/node/api/actions.c").partition("actions_table[] = {")[2].partition("};")[0]
    actions = dict(re.findall(r'\{"(\w+)", \w+, (true|false), (?:true|false),\s+\w+\}', table))
    if not actions:
        disagree("src/node/api/actions.c: no table of actions is found")
    documented = {name: lines for name, lines in page.subsections.items()
                  if re.fullmatch(r"[a-z_]+", name)}
    compare(("action", "src/node/api/actions.c", page.name), actions, documented)
    for name in sorted(actions.keys() & documented.keys()):
        said = "Needs control." in documented[name]
        if said != (actions[name] == "true"):
            disagree(
                f"{page.name}: {name} is said {'' if said else 'not '}to need control; "
                f"src/node/api/actions.c has it otherwise"
            )


# Errors.


def error_texts(paths):
    """
    Every literal that a client can be sent as an error: in files that send such, all that begin
    with a capital and have more than one word, log lines and the like left out, and whatever a
    request is failed with.
    """
    errors = {}
    for path in paths:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"\b(?:log_\w+|rpc_log_write) \(.*?\);", "", text, flags=re.DOTALL)
        text = re.sub(r'"\s*PRI\w+\s*"', "", text)  # "%" PRIu64 " jobs" is one literal
        text = re.sub(r'"\s*\n\s*"', "", text)
        found = re.findall(r'"([A-Z][^"\\]* [^"\\]*[^"\\ ])"', text)
        found += re.findall(r'request_(?:fail|refuse) \(\w+, "([^"\\]+)"', text)
        found += re.findall(r'\berror = "([^"\\]+)"', text)
        found += re.findall(r'#define FIELDS_\w+ "([^"\\]+)"', text)
        for literal in found:
            if literal not in NO_ERRORS:
                errors[re.sub(r"%\w*", "N", literal)] = path.name
    return errors


def rpc_sources():
    paths = [SRCDIR / "src/node/api/fields.h", SRCDIR / "src/node/api/fields.c"]
    paths += sorted((SRCDIR / "src/node/api").glob("action*.c")) + [SRCDIR / "src/node/api/callback.c", SRCDIR / "src/node/web/web.c"]
    return paths + [SRCDIR / "src/rpc/base/json.h"] + [
        SRCDIR / f"src/rpc/{name}.c" for name in ("base/json", "server/connection", "server/framing", "server/reply", "server/request", "server/server")
    ]


def check_errors(page, errors, shared):
    """`shared` are known as well, but are not this page's to explain."""
    documented = [words[len("Qq "):].removeprefix("\\&") for section, _, words, _ in page.entries
                  if section == "ERROR TEXTS" and words.startswith("Qq ")]
    for section, _, words, _ in page.entries:
        if section == "ERROR TEXTS" and re.match(r"Qq [A-Z][a-z] ", words):
            disagree(f"{page.name}: '{words}' begins with the name of a macro, expected \\& before it")
    for text in sorted(errors.keys() - set(documented)):
        disagree(f"{page.name}: the error \"{text}\" of {errors[text]} is missing")
    for text in sorted(set(documented) - errors.keys() - shared.keys()):
        disagree(f"{page.name}: the error \"{text}\" is in no source")


def main():
    if not os.access(WORKPEER, os.X_OK):
        print(f"{WORKPEER}: no such program")
        return 1
    try:
        pages = [Page(name) for name in PAGES]
        check_options(pages)
        check_commands(pages)
        check_settings(pages)
        check_generated("config-node.toml.example", run("--generate_config", "node"))
        check_generated("man/config-node.toml.5",
                        subprocess.run([MANUAL], stdout=subprocess.PIPE, check=True, encoding="utf-8").stdout,
                        ".Sh WORK PEERS")
        check_actions(pages)
        errors = error_texts(rpc_sources())
        check_errors(pages[2], errors, {})
        check_errors(pages[3], error_texts([SRCDIR / "src/node/atto/atto_works.c"]), errors)
    except (OSError, subprocess.CalledProcessError) as error:
        disagree(error)
    for text in disagreements:
        print(text)
    return 1 if disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
