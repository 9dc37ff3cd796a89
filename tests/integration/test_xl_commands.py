# SPDX-License-Identifier: MIT
"""Debian's xl and the other commands of its xen-utils, and virsh, print on Domus what they print on
Debian's Xen: xl-commands.txt and virsh-commands.txt hold commands and answers. `make check-interop`
runs them on Debian's Xen too, which shows that the answers are Xen's.

What may differ is frozen in FIELDS and OURS.
"""
import difflib
import os
import re

import images
import pytest
from conftest import BUILD, FULL, INTEROP
from machine import PROMPT, MachineError

HERE = os.path.dirname(os.path.abspath(__file__))

INFO = ("cpu_mhz|hw_caps|virt_caps|total_memory|free_memory|xen_extra|xen_version|xen_caps|"
        "xen_changeset|xen_commandline|cc_compiler|cc_compile_by|cc_compile_domain|"
        "cc_compile_date|build_id|release|version")
# What may differ, and what stands for it: versions, times, free memory, who runs just now.
FIELDS = [
    (rf"^({INFO}) *:.*", r"\1 : *"),
    (r"^( *0: +)\d+ +\d+ ( *10)$", r"\1MEM FREE \2"),          # xl info -n: memory of node 0
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"^(.* \d+ +\d+ +\d+\s+)[r-][b-]----\s+\d+\.\d", r"\1LIVE TIME"),  # xl list
    (r"^(.* \d+ +\d+ +\d+\s+)[r-][b-]p---\s+\d+\.\d", r"\1PAUSED TIME"),
    (r"^(.* \d+ +\d+ +)(?:\d+|-) +[r-][b-][p-] +\d+\.\d", r"\1CPU STATE TIME"),  # xl vcpu-list
    (r"^(\S+ +\d+ +)(?:\d+ days?, +)?\d+:\d\d:\d\d$", r"\1UPTIME"),
    (r"^(\d+ +0 +\d+ +\d +)-?\d+ +-?\d+ ", r"\1PORT REF "),    # xl block-list
    (r"^(\d+ +0 +\S+:\S+ +\d+ +\d +)-?\d+ +-?\d+/-?\d+ ", r"\1PORT REFS "),
    (r"\d+( ms\])", r"N\1"),
    (r"^(idle time\(ms\) +:) \d+", r"\1 N"),
    (r"\bdom(?:id)? \d+\b", "dom N"),
    (r"\bdomain \d+\b", "domain N"),
    (r"^(CPU frequency|Memory size|CPU time): .*", r"\1: *"),   # virsh
    (r"^(State: +)(?:running|blocked|no state)$", r"\1LIVE"),
    (r"^(CPU: +)\d+$", r"\1N"),
    (r"^( *(?:0|Total)): +\d+ KiB", r"\1: FREE"),
    (r" +\n", "\n"),
]
# Commands that may print something else on Domus, each with the reason and a regular expression
# that must match what it prints there.
OURS = {
    "xenhypfs ls /": ("no settings that change at run time", r"buildinfo\n.*cpupool"),
    "xenhypfs tree": ("no settings, no configuration", r"sched-gran"),
    "xenhypfs ls /buildinfo": ("no configuration", r"compileinfo\n.*version"),
    "xen-hptool mem-status 0": ("memory is not taken offline", r"error 5f"),
    "xen-livepatch list": ("no live patches, as in a Xen built without", r"not implemented"),
    "xen-livepatch unload x": ("no live patches", r"not implemented"),
    "test-tsx": ("no HVM guests; dom0 does not read TSX's MSRs", r"doesn't support HVM"),
    "test-paging-mempool": ("no HVM guests", r"Skip: 22"),
}


def replaced(text):
    """The text with what may differ replaced."""
    lines = []
    for line in text.strip("\n").split("\n"):
        for pattern, new in FIELDS:
            line = re.sub(pattern, new, line)
        lines.append(re.sub(r"[ \t]+", " ", line).rstrip())
    return "\n".join(lines)


def read_script(name):
    """[(kind, command, expected output, expected status)] of the script NAME-commands.txt."""
    with open(os.path.join(HERE, f"{name}-commands.txt"), encoding="utf-8") as file:
        blocks = re.split(r"^(?=[$!>] )", file.read(), flags=re.M)[1:]
    steps = []
    for block in blocks:
        head, _, rest = block.partition("\n")
        body = re.search(r"^(.*?)^= (\d+)$", rest, re.S | re.M)
        steps.append((head[0], head[2:], body.group(1).strip("\n") if body else "",
                      int(body.group(2)) if body else 0))
    return steps


AWAIT = ('await() { n=$1; until eval "$2" >/dev/null 2>&1; do n=$((n-1)); [ $n -gt 0 ] ||'
         ' return 1; sleep 1; done; }')


def talk(machine, command):
    """Enter a guest's console by a command, have the guest's shell answer, and leave it."""
    machine.send(f"{command}\n")
    for _ in range(10):     # what is typed before the program listens is lost
        machine.send("\n")
        try:
            machine.expect("guest# ", 5, dom0_only=True)
            break
        except MachineError:
            continue
    machine.send("echo $((6 * 7))''@\n")
    machine.expect("42@", 60, dom0_only=True)
    machine.send("\x1d")
    machine.expect(PROMPT, 30, dom0_only=True)


def run_all(machine, name, record):
    """Run a script; writes what was printed in the script's own form to `record`, and returns
    [(command, expected, printed)] of those that differ."""
    different = []
    for kind, command, expected, status in read_script(name):
        if kind == "!":
            machine.check(command, 180)
            record.write(f"! {command}\n")
            continue
        if kind == ">":
            talk(machine, command)
            record.write(f"> {command}\n")
            continue
        result = machine.run(f"{command} 2>&1", 120)
        printed = replaced(result.output)
        record.write(f"$ {command}\n{printed}{chr(10) * bool(printed)}= {result.status}\n")
        record.flush()
        if (printed, result.status) != (expected, status):
            different.append((command, f"{expected}\n= {status}", f"{printed}\n= {result.status}"))
    return different


def compare(machine, side, name):
    """Run a script on a machine that is to be booted; fails on what must not differ."""
    path = os.path.join(BUILD, "logs", f"{name}-commands-{side}.txt")
    with open(path, "w", encoding="utf-8") as record:
        machine.boot(400)
        machine.check(AWAIT)
        different = run_all(machine, name, record)
        machine.poweroff(120)
    if side == "domus-xl":
        for command, (_, pattern) in OURS.items():
            printed = [row[2] for row in different if row[0] == command]
            assert all(re.search(pattern, text) for text in printed), printed
        different = [row for row in different if row[0] not in OURS]
    report = []
    for command, expected, printed in different:
        lines = difflib.unified_diff(expected.split("\n"), printed.split("\n"), "expected",
                                     "printed", lineterm="", n=0)
        report += [f"$ {command}"] + ["    " + line for line in lines]
    assert not different, f"{len(different)} commands differ:\n" + "\n".join(report)


@pytest.mark.border
@pytest.mark.skipif(not (FULL or INTEROP), reason="half an hour: make check-interop")
@pytest.mark.sides("domus-xl", "xen-xl")
def test_commands(start, side):
    """Every command prints what it prints on Debian's Xen, but for what is frozen above."""
    with start(side, "test_xl_commands", full=True, memory=1280, dom0_memory=640, smp=2,
               counted=True, deadline=3000) as machine:
        compare(machine, side, "xl")


@pytest.mark.border
@pytest.mark.skipif(not INTEROP, reason="make check-interop")
@pytest.mark.sides("domus-xl", "xen-xl")
def test_virsh(start, side):
    """Debian's libvirt gives a guest its life as on Debian's Xen."""
    folder = images.build_images(BUILD, full=True, libvirt=True)
    # libvirt must find a model for the CPU, and finds none for AMD's of QEMU on Xen, which hides
    # SEP there.
    with start(side, "test_virsh", full=True, memory=1280, dom0_memory=704, smp=2, counted=True,
               cpu="Nehalem", deadline=2400,
               initrd=os.path.join(folder, "dom0-libvirt.cpio.gz")) as machine:
        compare(machine, side, "virsh")
