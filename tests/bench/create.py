#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the tools' work costs in instructions: our hypervisor with our tools beside Debian's Xen
with xl, each with its own store, the same guest, the same stock kernel in dom0.

Exit status: 0 fine, 1 one of ours costs more than theirs or a machine failed.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "machine"))

import images                   # noqa: E402
import machine                  # noqa: E402
from counts import COSTLY, NAMES, Counts  # noqa: E402
from packages import TOP        # noqa: E402

BUILD = os.path.join(TOP, os.environ.get("BUILD") or "build")
GUEST = "/srv/test/ram.cfg"
# (title, command): each is run twice, and the second time counts: caches of dom0 are warm then.
STEPS = [
    ("create a paused guest of 128 MiB", "{tool} create -p " + GUEST),
    ("pause and unpause", "{tool} pause ram; {tool} unpause ram; {tool} pause ram"),
    ("list", "{tool} list"),
    ("destroy", "{tool} destroy ram"),
]


def measure(hypervisor, tool, plugin):
    """{title: {name: count}} of the steps on one machine."""
    owner = "debian" if tool == "xl" else "domus"
    counts = Counts(plugin, f"{plugin}.create-{os.getpid()}")
    costs = {}
    with machine.Machine(hypervisor=hypervisor, build=BUILD, store=owner, tools=owner, full=True,
                         cpu="max,-smap", memory=1280, dom0_memory=640, deadline=3000,
                         log=os.path.join(BUILD, "logs", f"bench-create-{hypervisor}.log"),
                         extra=tuple(counts.options())) as booted:
        try:
            booted.boot(2000)
            for _ in range(2):
                for title, command in STEPS:
                    before = counts.now()
                    booted.check(command.format(tool=tool) + " >/dev/null", 900)
                    after = counts.now()
                    costs[title] = {name: after[name] - before[name] for name in NAMES}
        finally:
            counts.remove()
    return costs


def show(columns):
    """Prints the costs side by side; False if ours is above theirs anywhere."""
    good = True
    print(f"\n{'million instructions, all of the machine':42}{'hypervisor':>20}{'dom0 kernel':>20}"
          f"{'programs':>20}{'ratio':>7}" + "".join(f"{kind:>16}" for kind in COSTLY))
    ours, theirs = columns
    for title, _ in STEPS:
        total = [sum(side[title][name] for name in ("hypervisor", "kernel", "user"))
                 for side in columns]
        row = f"{title:42}"
        for name in ("hypervisor", "kernel", "user"):
            row += f"{ours[title][name] / 1e6:10.1f}/{theirs[title][name] / 1e6:<9.1f}"
        row += f"{total[0] / total[1]:7.2f}"
        row += "".join(f"{ours[title][kind]:>8}/{theirs[title][kind]:<7}" for kind in COSTLY)
        above = total[0] > total[1] or ours[title]["hypervisor"] > theirs[title]["hypervisor"]
        good &= not above
        print(row + ("  above" if above else ""))
    return good


def main():
    """Measures both machines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plugin", required=True, help="the counting plugin")
    options = parser.parse_args()
    images.build_images(BUILD, full=True)
    plugin = os.path.abspath(options.plugin)
    try:
        columns = [measure("domus", "domus", plugin), measure("xen", "xl", plugin)]
    except machine.MachineError as error:
        print(f"bench: {error}")
        return 1
    return 0 if show(columns) else 1


if __name__ == "__main__":
    sys.exit(main())
