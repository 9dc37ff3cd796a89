# SPDX-License-Identifier: MIT
"""`make lint`: what the compiler does not check. Rules in includes.py, sizes.py, form.py, tested.py
and manual.py.

Each rule is a function that takes the Source and yields one Finding for each file (or folder,
or object) it looked at; a Finding with a complaint has failed. A line
`RULE PATH REASON...` (or `RULE PATH:NAME REASON...`) in tests/lint/exemptions turns a failure
into a pass and must be needed: a stale exemption fails too.
"""
import argparse
import os
import subprocess
import sys

import form
import includes
import manual
import sizes
import tested

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXEMPTIONS = "tests/lint/exemptions"


class Source:
    """The repository's files (tracked, or new and not ignored) and the build to look at."""

    def __init__(self, build):
        self.build = build
        done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"],
                              capture_output=True, text=True, check=False)
        if done.returncode == 0:
            names = done.stdout.split("\n")
        else:
            names = [os.path.relpath(os.path.join(folder, name))
                     for folder, _, files in os.walk(".") for name in files
                     if not folder.startswith(("./build", "./.git"))]
        self.files = sorted(name for name in set(names) if os.path.isfile(name))
        self.texts = {}

    def text(self, path):
        """The content of a file."""
        if path not in self.texts:
            with open(path, encoding="utf-8", errors="replace") as file:
                self.texts[path] = file.read()
        return self.texts[path]

    def ending(self, *suffixes):
        """The files with one of the suffixes."""
        return [path for path in self.files if path.endswith(suffixes)]


def read_exemptions():
    """{(rule, subject): reason}; a line without a reason is an error."""
    found = {}
    if not os.path.exists(EXEMPTIONS):
        return found
    with open(EXEMPTIONS, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip() and not line.startswith("#"):
                parts = line.split(maxsplit=2)
                if len(parts) < 3:
                    sys.exit(f"{EXEMPTIONS}:{number}: wants RULE SUBJECT REASON")
                found[parts[0], parts[1]] = parts[2].strip()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", default="build", help="folder with the .d files to check")
    parser.add_argument("--only", help="run the rules whose name contains this")
    arguments = parser.parse_args()
    os.chdir(TOP)
    source, exemptions, used = Source(arguments.build), read_exemptions(), set()
    passed = failed = 0
    for rule in includes.RULES + sizes.RULES + form.RULES + manual.RULES \
            + tested.RULES:
        name = rule.__name__.replace("_", "-")
        if arguments.only and arguments.only not in name:
            continue
        for subject, complaint in rule(source):
            if complaint and (name, subject) in exemptions:
                used.add((name, subject))
                complaint = None
            if complaint:
                failed += 1
                print(f"{subject}: {complaint} [{name}]")
            else:
                passed += 1
    if not arguments.only:
        for name, subject in sorted(set(exemptions) - used):
            failed += 1
            print(f"{EXEMPTIONS}: {name} {subject} is not needed any more")
    print(f"lint: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
