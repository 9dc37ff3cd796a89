#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs libFuzzer targets one after the other, each for some seconds on its corpus. A crash, a leak,
a hang or too much memory is a failure; the input stays in the build folder and is named. With
--keep, inputs that reach something new are kept there for the next time.
"""
import argparse
import os
import subprocess
import sys
import tempfile


def run_target(name, options, work):
    """(good, last lines) of one target."""
    command = [os.path.join(options.dir, name), f"-max_total_time={options.seconds}", "-timeout=10",
               "-rss_limit_mb=2048", "-max_len=16384", "-print_final_stats=1",
               f"-artifact_prefix={options.dir}/finding-{name}-", work,
               os.path.join(options.corpus, name)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode == 0, done.stdout.decode("utf-8", "replace").splitlines()


def executions(lines):
    """How many inputs a target has tried."""
    for line in lines:
        if "number_of_executed_units" in line:
            return int(line.split()[-1])
    return 0


def main():
    """Parses the command line, runs the targets, counts."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--dir", required=True, help="folder with the built targets")
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("targets", nargs="+")
    options = parser.parse_args()
    failed = 0
    for name in options.targets:
        with tempfile.TemporaryDirectory() as scratch:
            work = os.path.join(options.dir, "corpus", name) if options.keep else scratch
            os.makedirs(work, exist_ok=True)
            good, lines = run_target(name, options, work)
        failed += not good
        print(f"{name}: {'ok' if good else 'FAILED'}, {executions(lines)} inputs", flush=True)
        if not good:
            print("\n".join("  | " + line for line in lines[-25:]))
    print(f"{len(options.targets) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
