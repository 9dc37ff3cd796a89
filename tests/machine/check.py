# SPDX-License-Identifier: MIT
"""`make check`: run the suites one after the other, each to its end, and sum up.

A suite is a make target whose last line holds "N passed, N failed". All of them run even when
one fails, so that one call shows everything that is wrong; without a build nothing else is run.
"""
import os
import re
import subprocess
import sys
import time

JOBS = f"-j{os.cpu_count() or 1}"
BUILDS = {"build with gcc": [JOBS, "all"], "build with clang": [JOBS, "CC=clang", "all"]}
SUITES = ["lint", "check-abi", "check-unit", "check-fuzz", "check-store",
          "check-guest", "check-integration"]


def run_suite(name, command):
    """Run a command, showing its output; returns (status, its counting line, seconds)."""
    begin, counts = time.monotonic(), ""
    print(f"==== {name}", flush=True)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace") as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            found = re.search(r"\b\d+ (passed|failed)\b.*", line)
            counts = found.group(0) if found else counts
    return process.returncode, counts, time.monotonic() - begin


def main():
    full, make = sys.argv[1] == "check-full", sys.argv[2].split()
    todo = list(BUILDS.items()) + [(name, [name] + ["FULL=1"] * full) for name in SUITES]
    summary, failed = [], 0
    for name, arguments in todo:
        status, counts, seconds = run_suite(name, make + arguments)
        if name in SUITES and status == 0 and not counts:
            status, counts = 1, "the suite reported nothing"
        failed += status != 0
        summary.append(f"{'FAIL' if status else 'ok  '} {name:18} {seconds:6.0f} s  {counts}")
        if name == "build with gcc" and status:
            break
    print("==== summary")
    print("\n".join(summary))
    print(f"check: {len(summary) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
