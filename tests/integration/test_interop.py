# SPDX-License-Identifier: MIT
"""The same life of a guest in each combination of hypervisor, toolstack and store, ours and
Debian's. Each step ends in facts; they must be those of Debian's Xen with Debian's tools.

`make check-interop` runs all twelve cells. Every program of dom0
logs its hypercalls (hypercall_log.c), and a cell that fails names the first one whose answer
differs from the same cell on the other hypervisor, if that has run, or else the last refusals.
"""
import difflib
import os
import re
import time

import pytest
from conftest import BUILD, FULL, INTEROP
from machine import free_port, patience
from test_data import sha256
from toolstack import Guest, Toolstack

STORES = ("debian", "ocaml", "domus")
# Debian's hypervisor first: its logs are what ours are compared with.
CELLS = [f"{hypervisor}-{tools}-{store}" for hypervisor in ("xen", "domus")
         for tools in ("xl", "domus") for store in STORES]

FACTS = """\
create: life runs, 2 vCPUs, at least 150 MiB
console: the guest's last line is there
ping: 3 of 3
disk: what was written is read back
pause: paused, then running
mem-set: 128 MiB, the guest has less
vcpu-set: 1 vCPU, then 2
save: saved, and gone
restore: the counter goes on, the disk is unchanged
reboot: a new domain, the guest answers
shutdown: gone
destroy: gone
host: the disk has what the guest wrote
""".splitlines()

CONSOLES = {"xl": "/var/log/xen/guest-life.log", "domus": "/var/log/domus/life.log"}


class Life:
    """The steps; each returns its fact's text. A step named after a verb that the toolstack does
    not have is left out."""

    def __init__(self, machine, tools, guest):
        self.machine, self.tools, self.guest = machine, tools, guest
        self.hash = ""

    def has(self, verb):
        """Whether the toolstack has a verb."""
        return bool(re.search(rf"^\s+{verb}\s", self.machine.run(f"{self.tools.kind} help").output,
                              re.M))

    def verb(self, line, seconds=120):
        """Run a command of the toolstack that must succeed."""
        return self.machine.check(f"{self.tools.kind} {line}", seconds)

    def state(self):
        """The guest's state in the toolstack's list."""
        return self.tools.domains()["life"]["state"]

    def until(self, condition, what, seconds=60):
        """Wait for a condition."""
        end = time.monotonic() + seconds * patience()
        while not condition():
            assert time.monotonic() < end, f"no {what} within {seconds} s"
            time.sleep(1)

    def gone(self):
        """Wait until the domain is gone."""
        self.tools.wait(lambda domains: not domains, 60, "end of the domain")
        return "gone"

    def create(self):
        self.machine.check("truncate -s 8388608 /srv/life.img")
        self.tools.create("life")
        vcpus = self.guest.check("nproc", 180).strip()
        enough = self.tools.domains()["life"]["memory"] >= 150
        return f"life {'runs' if self.state() == 'running' else self.state()}, {vcpus} vCPUs, " \
               f"{'at least' if enough else 'less than'} 150 MiB"

    def console(self):
        log = CONSOLES[self.tools.kind]
        self.until(lambda: self.machine.run(f"grep -q 'life is ready' {log}").status == 0,
                   "line on the console")
        return "the guest's last line is there"

    def ping(self):
        answer = self.machine.check("ping -c 3 10.0.2.101")
        received = re.search(r"(\d+) packets received", answer)
        return f"{received.group(1)} of 3"

    def disk(self):
        self.guest.check("head -c 8388608 /dev/urandom >/tmp/data; dd if=/tmp/data of=/dev/xvda"
                         " bs=64k conv=fsync 2>/dev/null", 120)
        self.hash = sha256(self.guest.check("sha256sum /tmp/data; rm /tmp/data"))
        again = sha256(self.guest.check("echo 3 >/proc/sys/vm/drop_caches; sha256sum /dev/xvda"))
        return "what was written is read back" if again == self.hash else "differs"

    def pause(self):
        self.verb("pause life")
        during = self.state()
        self.verb("unpause life")
        self.guest.check("true")
        return f"{during}, then {self.state()}"

    def mem_set(self):
        before = int(self.guest.check("sed -n 's/MemTotal: *//p' /proc/meminfo").split()[0])
        self.verb("mem-set life 128")
        self.until(lambda: self.tools.domains()["life"]["memory"] == 128, "128 MiB")
        after = int(self.guest.check("sed -n 's/MemTotal: *//p' /proc/meminfo").split()[0])
        return "128 MiB, the guest has " + ("less" if after < before else "no less")

    def vcpu_set(self):
        for number in ("1", "2"):
            # xl wants to be told that a guest may have more vCPUs than the machine has CPUs.
            self.verb("vcpu-set " + "--ignore-host " * (self.tools.kind == "xl")
                      + f"life {number}")
            # Linux leaves it to udev, which this guest has not, to switch a CPU on that is new.
            plug = "echo 1 >/sys/devices/system/cpu/cpu1/online; " * (number == "2")
            self.until(lambda n=number, p=plug: self.guest.run(f"{p}[ $(nproc) = {n} ]")[1] == 0,
                       f"{number} vCPUs")
        return "1 vCPU, then 2"

    def save(self):
        self.guest.check("(n=0; while :; do n=$((n+1)); echo $n >/run/n; sleep 1; done)"
                         " >/dev/null 2>&1 & sleep 3")
        self.verb("save life /srv/life.save", 240)
        return "saved, and " + self.gone()

    def restore(self):
        self.verb("restore /srv/life.save", 240)
        self.machine.check("rm /srv/life.save")
        first = int(self.guest.check("cat /run/n", 120))
        self.until(lambda: int(self.guest.check("cat /run/n") or 0) > first > 1, "counting")
        again = sha256(self.guest.check("echo 3 >/proc/sys/vm/drop_caches; sha256sum /dev/xvda"))
        return f"the counter goes on, the disk is {'un' * (again == self.hash)}changed"

    def reboot(self):
        first = self.tools.domains()["life"]["id"]
        self.verb("reboot life")
        self.tools.wait(lambda domains: domains.get("life", {}).get("id", first) != first, 120,
                        "restart")
        self.guest.check("true", 120)
        return "a new domain, the guest answers"

    def shutdown(self):
        self.verb("shutdown life")
        return self.gone()

    def destroy(self):
        self.tools.create("life", "-p")
        self.verb("destroy life")
        return self.gone()

    def host(self):
        same = sha256(self.machine.check("sha256sum /srv/life.img", 60)) == self.hash
        return "the disk has what the guest wrote" if same else "the disk differs"


def log_path(cell):
    """Where a cell's hypercalls are kept on this host."""
    return os.path.join(BUILD, "logs", f"hypercalls-{cell}.log")


def calls(text):
    """[(program, call, command, refusal)]; of a result only whether and how it refused."""
    rows = [line.split() for line in text.splitlines() if line.count(" ") == 4]
    return [(row[0], row[1], row[2], min(int(row[4]), 0)) for row in rows]


def first_difference(ours, theirs):
    """The first hypercall that was answered otherwise, or after which the programs went other
    ways, of two logs of one step; program by program, since several write one log."""
    for program in sorted({row[0] for row in ours}):
        mine, his = ([row for row in rows if row[0] == program] for rows in (ours, theirs))
        matcher = difflib.SequenceMatcher(None, [row[1:3] for row in mine],
                                          [row[1:3] for row in his], autojunk=False)
        for tag, i1, i2, j1, _ in matcher.get_opcodes():
            if tag != "equal":
                continue
            for i, j in zip(range(i1, i2), range(j1, j1 + i2 - i1)):
                if mine[i][3] != his[j][3]:
                    return (f"{program}'s {mine[i][1]} {mine[i][2]} gave {mine[i][3]} here, "
                            f"{his[j][3]} there")
    return None


def explain(cell, step, text):
    """One sentence about a failing step's hypercalls."""
    hypervisor, rest = cell.split("-", 1)
    other = log_path(("xen" if hypervisor == "domus" else "domus") + "-" + rest)
    ours = calls(text)
    if os.path.exists(other):
        with open(other, encoding="utf-8") as file:
            parts = dict(re.findall(r"== (\S+)\n(.*?)(?=== |\Z)", file.read(), re.S))
        found = first_difference(ours, calls(parts.get(step, "")))
        if found:
            return f"first difference from {os.path.basename(other)}: {found}"
    refused = [row for row in ours if row[3] < 0 and row[1] != "xsm_op"][-8:]
    return "last refusals: " + ("; ".join(" ".join(map(str, row)) for row in refused) or "none")


def run_step(cell, machine, step, function):
    """Run one step with its hypercalls logged; returns its fact or what went wrong."""
    machine.run("rm -f /run/hypercalls.log")
    trouble = None
    try:
        fact = function()
    except Exception as error:          # pylint: disable=broad-except
        trouble = error
    # Daemons go on after the step: what they do counts towards the next.
    text = machine.run("cat /run/hypercalls.log 2>/dev/null", 120).output
    with open(log_path(cell), "a", encoding="utf-8") as file:
        file.write(f"== {step}\n{text}\n")
    if trouble is not None:
        pytest.fail(f"{cell}, {step}: {trouble}\n{explain(cell, step, text)}", pytrace=False)
    return fact, text


@pytest.fixture(params=CELLS)
def cell(request):
    """hypervisor-toolstack-store."""
    return request.param


@pytest.mark.skipif(not (FULL or INTEROP), reason="twelve machines: make check-interop")
def test_life(start, cell):
    """Each step's fact is that of Debian's Xen with Debian's toolstack and store."""
    hypervisor, kind, store = cell.split("-")
    port = free_port()
    with start("-".join((hypervisor, kind)), f"test_interop-{store}", store=store, full=True,
               memory=1280, dom0_memory=640, smp=1, deadline=1800, dom0_arguments="hypercalls",
               guest_ports=((port, "10.0.2.101", 23),)) as machine:
        machine.boot(400)
        life = Life(machine, Toolstack(machine, kind), Guest(port))
        if os.path.exists(log_path(cell)):
            os.unlink(log_path(cell))
        for expected in FACTS:
            step = expected.split(":")[0]
            if step in ("mem-set", "vcpu-set", "save", "restore") and not life.has(step):
                continue
            fact, text = run_step(cell, machine, step, getattr(life, step.replace("-", "_")))
            assert f"{step}: {fact}" == expected, explain(cell, step, text)
        machine.poweroff()
