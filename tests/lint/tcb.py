#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`make tcb`: how large the hypervisor is that guests have to trust. Lines of code by folder
(without comments and blank lines), the longest functions, the largest stack frames as the compiler
reports them (-fstack-usage), and how many of the entries that a guest can call have a test.
"""
import argparse
import collections
import glob
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lint  # noqa: E402 pylint: disable=wrong-import-position
import sizes  # noqa: E402 pylint: disable=wrong-import-position
import tested  # noqa: E402 pylint: disable=wrong-import-position

STACK_BYTES = 0x8000
SHOWN = 8


def code_lines(text):
    """Lines that hold more than comment and space."""
    return sum(1 for line in sizes.TOKENS.sub(sizes.blank, text).split("\n") if line.strip())


def print_lines(source):
    """Lines by folder and their sum; the ABI's headers apart."""
    count = collections.Counter()
    for path in source.ending(".c", ".h", ".S"):
        if path.startswith("hypervisor/"):
            public = path.startswith("hypervisor/include/public")
            folder = "hypervisor/include/public" if public else os.path.dirname(path)
            count[folder] += code_lines(source.text(path))
    public = count.pop("hypervisor/include/public")
    for folder, lines in sorted(count.items()):
        print(f"{lines:6} {folder}")
    print(f"{sum(count.values()):6} lines of code in all, and {public} of the ABI's headers")


def print_functions(source):
    """The longest functions."""
    found = []
    for path in source.ending(".c"):
        if path.startswith("hypervisor/"):
            found += [(lines, f"{path}:{name}")
                      for name, lines in sizes.c_functions(source.text(path))]
    found.sort(reverse=True)
    lengths = sorted(lines for lines, _ in found)
    print(f"functions: {len(found)}, median {lengths[len(lengths) // 2]} lines, "
          f"95th percentile {lengths[len(lengths) * 95 // 100]}, longest:")
    for lines, name in found[:SHOWN]:
        print(f"{lines:6} {name}")


def print_stack(build):
    """The largest frames."""
    frames = []
    for path in glob.glob(os.path.join(build, "obj/hv/**/*.su"), recursive=True):
        with open(path, encoding="utf-8") as file:
            for line in file:
                place, size, kind = line.rstrip("\n").split("\t")
                parts = place.split("/")[-1].split(":")
                frames.append((int(size), f"{parts[0]}:{parts[-1]}", kind))
    frames.sort(reverse=True)
    print(f"stack: {len(frames)} frames, a CPU's stack has {STACK_BYTES} bytes, largest:")
    for size, name, _ in frames[:SHOWN]:
        print(f"{size:6} {name}")
    print(f"{sum(kind != 'static' for _, _, kind in frames):6} of no fixed size")


def print_entries(source):
    """What a guest can call."""
    found = list(tested.judged(source))
    good = sum(1 for _, _, is_tested in found if is_tested)
    print(f"entries that a guest can call: {len(found)}, {good} with a test of their own, "
          f"{len(found) - good} without ({tested.UNTESTED})")


def main():
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", required=True, help="folder of a build with -fstack-usage")
    arguments = parser.parse_args()
    os.chdir(lint.TOP)
    source = lint.Source(arguments.build)
    print_lines(source)
    print_functions(source)
    print_stack(arguments.build)
    print_entries(source)


if __name__ == "__main__":
    main()
