#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random hypercalls for as long as one likes: the test kernel hc_random with one seed after the
other, as dom0 and as a domU in turn, on a debug build. A machine that ends early, a kernel that
fails or a frame audit with faults is a finding; its console text is kept. Exit status: 0 none.
"""
import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "guest"))
import run  # noqa: E402 pylint: disable=wrong-import-position


class Options:
    """What run.boot() wants to know."""

    dumps = None

    def __init__(self, arguments, seed):
        self.hv, self.dir = arguments.hv, arguments.dir
        self.machine = ["timeout=600", f"args=seed={seed} calls={arguments.calls}"]


def trouble_of(text, trouble):
    """Why this run is a finding, or None."""
    if trouble:
        return trouble
    failed = [name for name, verdict, _ in run.RESULT.findall(text) if verdict in ("FAIL", "error")]
    if failed:
        return "failed: " + ", ".join(failed)
    audits = run.AUDIT.findall(text)
    if not audits or any(int(faults) for faults in audits):
        return "the frame audit found faults" if audits else "there was no frame audit"
    return None


def main():
    """Parses the command line, runs machines until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--hv", required=True)
    parser.add_argument("--dir", required=True, help="folder with the built kernels")
    parser.add_argument("--logs", required=True, help="folder for findings")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--calls", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    end, machines, findings, seed = time.monotonic() + arguments.seconds, 0, 0, arguments.seed
    while time.monotonic() < end:
        kernel = "hc_random@domu" if seed % 2 else "hc_random"
        text, trouble, _ = run.boot(kernel, Options(arguments, seed))
        trouble = trouble_of(text, trouble)
        machines += 1
        if trouble:
            findings += 1
            os.makedirs(arguments.logs, exist_ok=True)
            path = os.path.join(arguments.logs, f"{kernel}-{seed}.log")
            with open(path, "w", encoding="utf-8") as log:
                log.write(text)
            print(f"{kernel} seed={seed}: {trouble} ({path})", flush=True)
        seed += 1
    print(f"fuzz: {machines} machines, {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
