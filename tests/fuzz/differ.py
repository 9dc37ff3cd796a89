#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same random hypercalls on two hypervisors: which calls get another answer?

Runs the test kernel hc_random with a seed on each, as the initial domain on one CPU, and compares
the logged results call by call. Numbers of frames differ from machine to machine and are not
compared; neither is what a reason in tests/fuzz/differences explains. Once an answer differs, what
follows from it may differ too, so seeds are short and many. Exit status: 0 no difference.
"""
import argparse
import collections
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "guest"))
import run  # noqa: E402 pylint: disable=wrong-import-position

CALL = re.compile(r"^CALL (\d+) (.*?) ([0-9a-f]+ [0-9a-f]+ [0-9a-f]+ [0-9a-f]+) = (-?\d+)$", re.M)
Call = collections.namedtuple("Call", "name arguments result")


class Options:
    """What run.boot() wants to know."""

    dumps = None

    def __init__(self, hypervisor, folder, seed, calls):
        self.hv, self.dir = hypervisor, folder
        self.machine = ["smp=1", "accel=tcg,thread=single", "timeout=300",
                        f"args=seed={seed} calls={calls} log alone"]


def calls_of(options):
    """{number: Call} of one run."""
    text, trouble, _ = run.boot("hc_random", options)
    if trouble:
        sys.exit(f"{options.hv}: {trouble}; the last of it:\n{text[-2000:]}")
    return {int(number): Call(name, arguments, int(result))
            for number, name, arguments, result in CALL.findall(text)}


def explanations():
    """[(pattern, reason)] from the file of differences."""
    found = []
    with open(os.path.join(HERE, "differences"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                pattern, _, reason = line.partition("  ")
                found.append((re.compile(pattern), reason.strip()))
    return found


def compare(ours, theirs, explained, seen):
    """Yields the unexplained differences; counts the others in `seen`."""
    for number in sorted(ours.keys() & theirs.keys()):
        a, b = ours[number], theirs[number]
        if a.result == b.result or (a.result > 0 and b.result > 0):
            continue
        line = f"{a.name} {a.arguments} = {a.result} here, {b.result} there"
        for pattern, reason in explained:
            if pattern.search(line):
                seen[reason] += 1
                break
        else:
            yield number, line


def main():
    """Parses the command line, compares seed by seed, prints what differs."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--hv", required=True)
    parser.add_argument("--other", required=True, help="the hypervisor to compare with")
    parser.add_argument("--dir", required=True, help="folder with the built kernels")
    parser.add_argument("--calls", type=int, default=600)
    parser.add_argument("seeds", nargs="+", type=int)
    options = parser.parse_args()
    explained, seen, total, calls = explanations(), collections.Counter(), 0, 0
    for seed in options.seeds:
        ours = calls_of(Options(options.hv, options.dir, seed, options.calls))
        theirs = calls_of(Options(options.other, options.dir, seed, options.calls))
        calls += len(ours)
        for number, line in compare(ours, theirs, explained, seen):
            total += 1
            print(f"seed {seed} call {number}: {line}", flush=True)
    for reason, count in seen.most_common():
        print(f"{count} times: {reason}")
    print(f"differ: {calls} calls, {total} unexplained differences")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
