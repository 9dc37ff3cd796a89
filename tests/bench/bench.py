#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Single operations in instructions: ours beside another hypervisor, in one run.

The bench kernel boots as the initial domain under `-icount shift=0`, where one instruction is
one tick of the time-stamp counter, so figures repeat to the digit and wall clocks do not matter.
An operation that did not do its work ends the run. Exit status: 0 fine, 1 one of ours costs more
than the peer's or a kernel failed, 2 usage.
"""
import argparse
import os
import re
import subprocess
import sys

QEMU = ["qemu-system-x86_64", "-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off",
        "-rtc", "base=2026-01-01T00:00:00,clock=vm", "-seed", "1", "-m", "256", "-smp", "1",
        "-nodefaults", "-no-reboot", "-display", "none", "-vga", "none", "-serial", "stdio",
        "-monitor", "none", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
OPTIONS = "console=com1 com1=115200,8n1 dom0_mem=64M,max:64M dom0_max_vcpus=2"


def measure(image, options):
    """Boots the bench kernel on one image: name to cost, in the order of the run."""
    command = QEMU + ["-cpu", options.cpu, "-kernel", image, "-append",
                      f"{OPTIONS} {options.xen}", "-initrd", f"{options.kernel} bench"]
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, timeout=options.timeout, check=False)
        text = run.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode("utf-8", "replace")
    text = text.replace("\r", "")
    costs = {name: float(cost) for cost, name in re.findall(r"^BENCH ([\d.]+) (.+)$", text, re.M)}
    failure = re.search(r"^BENCH-FAIL (.+)$", text, re.M)
    if failure or "\nDONE" not in text:
        why = failure.group(1) if failure else "no end seen; last lines:\n    " + \
            "\n    ".join(text.splitlines()[-10:])
        print(f"{image}: {why}")
        return costs, False
    return costs, True


def table(columns, good):
    """Prints the costs side by side; False if ours is above the peer's anywhere."""
    (_, ours), *rest = columns
    peer = rest[0][1] if rest else {}
    names = list(dict.fromkeys(name for _, costs in columns for name in costs))
    print(f"{'instructions':42}" + "".join(f"{title:>12}" for title, _ in columns)
          + ("       ratio" if peer else ""))
    for name in names:
        row = "".join(f"{costs[name]:12.1f}" if name in costs else f"{'-':>12}"
                      for _, costs in columns)
        if name in ours and peer.get(name):
            ratio = ours[name] / peer[name]
            good &= ratio <= 1.0
            row += f"{ratio:12.2f}{'  above' if ratio > 1.0 else ''}"
        print(f"{name:42}{row}")
    return good


def main():
    """Parses the command line and measures one or two images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hv", help="our image")
    parser.add_argument("--peer", help="the other image")
    parser.add_argument("--kernel", required=True, help="the bench kernel")
    parser.add_argument("--cpu", default="max,-smap")
    parser.add_argument("--xen", default="", help="more options for the hypervisor")
    parser.add_argument("--timeout", type=float, default=300)
    options = parser.parse_args()
    images = [(title, path) for title, path in (("domus", options.hv), ("peer", options.peer))
              if path]
    for _, path in images:
        if not os.path.exists(path):
            print(f"{path}: no such hypervisor image")
            return 2
    if not images:
        parser.error("name an image with --hv or --peer")
    columns, good = [], True
    for title, path in images:
        costs, ended = measure(path, options)
        columns.append((title, costs))
        good &= ended
    return 0 if table(columns, good) else 1


if __name__ == "__main__":
    sys.exit(main())
