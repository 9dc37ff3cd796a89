#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Single operations in instructions: ours beside another hypervisor, in one run.

The bench kernel boots as the initial domain under `-icount shift=0`, where one instruction is
one tick of the time-stamp counter, so figures repeat to the digit and wall clocks do not matter.
Beside each figure stand the hypervisor's instructions that cost far more than a tick, counted by
a QEMU plugin: ours/the peer's, of one operation. An operation that did not do its work ends the
run. Exit status: 0 fine, 1 one of ours costs more than the peer's or a kernel failed, 2 usage.
"""
import argparse
import dataclasses
import os
import re
import subprocess
import sys

from counts import COSTLY, Counts

QEMU = ["qemu-system-x86_64", "-accel", "tcg,thread=single", "-m", "256", "-smp", "1",
        "-nodefaults", "-no-reboot", "-display", "none", "-vga", "none", "-serial", "stdio",
        "-monitor", "none", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
OPTIONS = "console=com1 com1=115200,8n1 dom0_mem=64M,max:64M dom0_max_vcpus=2"
ROUNDS = 5  # as in ops/main.c

# (title, CPU model, options): an AMD and an Intel model, the latter with page-table isolation,
# and once more with all defences off.
SETTINGS = [
    ("max, defences at their defaults", "max,-smap", ""),
    ("Skylake-Client, defences at their defaults", "Skylake-Client,-smap", ""),
    ("Skylake-Client, defences off", "Skylake-Client,-smap", "spec-ctrl=no xpti=no"),
]


@dataclasses.dataclass
class Cost:
    """One operation's: ticks, and {class: how many} of the costly instructions."""
    ticks: float
    costly: dict


def costs_of(text, reports):
    """{name: Cost} from the kernel's lines and the plugin's reports."""
    costs, first = {}, 0
    for ticks, operations, best, name in re.findall(r"^BENCH ([\d.]+) (\d+) (\d+) (.+)$", text,
                                                    re.M):
        costly = {}
        if int(operations):
            if first + ROUNDS <= len(reports):
                report = reports[first + int(best)]
                costly = {kind: report[kind] / int(operations) for kind in COSTLY}
            first += ROUNDS
        costs[name] = Cost(float(ticks), costly)
    return costs


def measure(image, cpu, arguments, options):
    """Boots the bench kernel on one image: ({name: Cost} in the order of the run, whether it
    came to its end)."""
    counts = Counts(options.plugin, f"{options.plugin}.{os.getpid()}")
    command = QEMU + counts.options() + [
        "-cpu", cpu, "-kernel", image, "-append", f"{OPTIONS} {arguments} {options.xen}",
        "-initrd", f"{options.kernel} bench"]
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, timeout=options.timeout, check=False)
        text = run.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode("utf-8", "replace")
    text = text.replace("\r", "")
    try:
        costs = costs_of(text, counts.reports())
    finally:
        counts.remove()
    failure = re.search(r"^BENCH-FAIL (.+)$", text, re.M)
    if failure or "\nDONE" not in text:
        why = failure.group(1) if failure else "no end seen; last lines:\n    " + \
            "\n    ".join(text.splitlines()[-10:])
        print(f"{image}: {why}")
        return costs, False
    return costs, True


def number(value):
    """A count of one operation, short: 0.25, 3, 12.5."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def above(ours, peer):
    """What of one operation costs more here than there."""
    found = ["ticks"] if ours.ticks > peer.ticks else []
    # A timer interrupt that falls into one round and not the other is no difference.
    return found + [kind for kind in ours.costly if ours.costly[kind] >
                    peer.costly.get(kind, 0) + 0.02]


def table(title, columns, good):
    """Prints the costs side by side; False if ours is above the peer's anywhere."""
    (_, ours), *rest = columns
    peer = rest[0][1] if rest else {}
    print(f"\n{title}\n{'instructions':42}" + "".join(f"{name:>12}" for name, _ in columns)
          + ("  ratio" if peer else "") + "".join(f"{kind:>10}" for kind in COSTLY))
    for name in dict.fromkeys(name for _, costs in columns for name in costs):
        present = [costs.get(name) for _, costs in columns]
        row = "".join(f"{cost.ticks:12.1f}" if cost else f"{'-':>12}" for cost in present)
        notes = ""
        if name in ours and name in peer:
            row += f"{ours[name].ticks / peer[name].ticks:7.2f}"
            notes = " ".join(above(ours[name], peer[name]))
        for kind in COSTLY:
            cell = "/".join(number(cost.costly[kind]) for cost in present
                            if cost and cost.costly)
            row += f"{'' if set(cell) <= set('0/') else cell:>10}"
        good &= not notes
        print(f"{name:42}{row}{'  above: ' + notes if notes else ''}")
    return good


def main():
    """Parses the command line and measures one or two images on each machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hv", help="our image")
    parser.add_argument("--peer", help="the other image")
    parser.add_argument("--kernel", required=True, help="the bench kernel")
    parser.add_argument("--plugin", required=True, help="the counting plugin")
    parser.add_argument("--cpu", help="one CPU model only, defences at their defaults")
    parser.add_argument("--xen", default="", help="more options for the hypervisor")
    parser.add_argument("--timeout", type=float, default=600)
    options = parser.parse_args()
    images = [(title, path) for title, path in (("domus", options.hv), ("peer", options.peer))
              if path]
    for _, path in images:
        if not os.path.exists(path):
            print(f"{path}: no such hypervisor image")
            return 2
    if not images:
        parser.error("name an image with --hv or --peer")
    settings = [(options.cpu, options.cpu, "")] if options.cpu else SETTINGS
    good = True
    for title, cpu, arguments in settings:
        columns = []
        for name, path in images:
            costs, ended = measure(path, cpu, arguments, options)
            columns.append((name, costs))
            good &= ended
        good = table(title, columns, good)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
