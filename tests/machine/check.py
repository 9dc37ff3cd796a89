# SPDX-License-Identifier: MIT
"""`make check`: run the suites one after the other, each to its end, and sum up.

A suite is a make target whose last line holds "N passed, N failed". All of them run even when
one fails, so that one call shows everything that is wrong.
"""
import re
import subprocess
import sys
import time

SUITES = ["all", "lint", "check-abi", "check-unit", "check-store", "check-guest",
          "check-integration"]


def run_suite(make, suite, full):
    """Run one target, showing its output; returns (status, its counting line, seconds)."""
    begin, counts = time.monotonic(), ""
    print(f"==== {suite}", flush=True)
    command = make.split() + [suite] + (["FULL=1"] if full else [])
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace") as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            found = re.search(r"\d+ passed, \d+ failed.*", line)
            counts = found.group(0) if found else counts
    return process.returncode, counts, time.monotonic() - begin


def main():
    full, make = sys.argv[1] == "check-full", sys.argv[2]
    summary, failed = [], 0
    for suite in SUITES:
        status, counts, seconds = run_suite(make, suite, full)
        if suite != "all" and status == 0 and not counts:
            status, counts = 1, "the suite reported nothing"
        failed += status != 0
        summary.append(f"{'ok  ' if status == 0 else 'FAIL'} {suite:18} {seconds:6.0f} s  {counts}")
        if suite == "all" and status:
            break
    print("==== summary")
    print("\n".join(summary))
    print(f"check: {len(summary) - failed} suites passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
