#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads with gcov what the tests have reached, prints it by folder, and lists the functions that
nothing has called. Code that several programs share counts as reached when one has reached it.
"""
import argparse
import collections
import concurrent.futures
import glob
import json
import os
import subprocess
import sys

FOLDERS = ("hypervisor/", "xenstore/core", "xenstore/daemon", "xenstore/client", "toolstack/lib")


def gcov(note):
    """What gcov says of one object, as a list of files."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", note], capture_output=True,
                          text=True, check=False)
    if done.returncode or not done.stdout:
        raise RuntimeError(f"gcov {note}: {done.stderr}")
    found = []
    for line in done.stdout.splitlines():
        found += json.loads(line)["files"]
    return found


def collect(build):
    """({(file, line): count}, {(file, function): (count, line)})"""
    lines, functions = collections.Counter(), {}
    notes = [path for kind in ("hv", "unit")
             for path in glob.glob(f"{build}/obj/{kind}/**/*.gcno", recursive=True)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for files in pool.map(gcov, sorted(notes)):
            for file in files:
                name = os.path.relpath(file["file"]) if os.path.isabs(file["file"]) \
                    else file["file"]
                if not name.startswith(FOLDERS) or not name.endswith(".c"):
                    continue
                for line in file["lines"]:
                    lines[name, line["line_number"]] += line["count"]
                for function in file["functions"]:
                    key = name, function["name"].split(".")[0]
                    count = functions.get(key, (0, 0))[0] + function["execution_count"]
                    functions[key] = count, function["start_line"]
    return lines, functions


def table(lines, functions):
    """Prints lines and functions by folder."""
    rows = collections.defaultdict(lambda: [0, 0, 0, 0])
    for (name, _), count in lines.items():
        for folder in (os.path.dirname(name), "all"):
            rows[folder][0] += 1
            rows[folder][1] += count > 0
    for (name, _), (count, _) in functions.items():
        for folder in (os.path.dirname(name), "all"):
            rows[folder][2] += 1
            rows[folder][3] += count > 0
    print(f"{'folder':40} {'lines':>6} {'reached':>8} {'':>5} {'functions':>10} {'called':>7}")
    for folder in sorted(rows, key=lambda f: (f == "all", f)):
        total, hit, calls, called = rows[folder]
        print(f"{folder:40} {total:6} {hit:8} {hit / total:5.0%} {calls:10} {called:7}")


def main():
    """Parses the command line, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("build", help="the folder of the coverage build")
    lines, functions = collect(parser.parse_args().build)
    if not any(lines.values()):
        sys.exit("cover: nothing was reached, so nothing was measured")
    missed = collections.defaultdict(list)
    for (name, function), (count, line) in functions.items():
        if not count:
            missed[name].append((line, function))
    print("functions that no test has called:")
    for name in sorted(missed):
        print(f"  {name}: {', '.join(function for _, function in sorted(missed[name]))}")
    table(lines, functions)
    return 0


if __name__ == "__main__":
    sys.exit(main())
