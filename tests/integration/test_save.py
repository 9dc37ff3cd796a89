# SPDX-License-Identifier: MIT
"""Guests are saved to files and go on from them: on one machine, and from one hypervisor and
toolstack to the other, on a disk that both machines see."""
import contextlib
import os
import subprocess

import pytest
from conftest import BUILD, FULL, INTEROP
from machine import free_port
from test_leaks import settled
from toolstack import Guest, Toolstack

COUNT = ("{ i=0; while :; do i=$((i + 1)); echo $i >/tmp/new; mv /tmp/new /tmp/count;"
         " usleep 100000; done; } >/dev/null 2>&1 </dev/null &"
         " head -c 3000000 /dev/urandom >/tmp/blob; sha256sum /tmp/blob")
SUMS = "echo 3 >/proc/sys/vm/drop_caches; sha256sum /tmp/blob /dev/xvda /dev/xvdb | cut -c1-64"


class Life:
    """A guest with a counter and data in memory and on disks, which must survive."""

    def __init__(self, machine, tools, guest):
        self.machine, self.tools, self.guest = machine, tools, guest
        self.sums = self.last = None

    def begin(self, config):
        """Start it and what it must keep."""
        self.machine.check("head -c 4194304 /dev/urandom >/srv/read.img; "
                           "truncate -s 4194304 /srv/write.img", 60)
        self.tools.create(config)
        self.guest.check(COUNT, 120)
        self.guest.check("head -c 4194304 /dev/urandom | dd of=/dev/xvdb bs=64k conv=fsync "
                         "2>/dev/null", 120)
        self.sums = self.guest.check(SUMS, 120)
        self.last = self.count()

    def count(self):
        """Where its counter is."""
        return int(self.guest.check("cat /tmp/count", 120))

    def check(self):
        """It has gone on: the counter where it was or further, and moving; the data unchanged."""
        now = self.count()
        assert now >= self.last
        self.guest.check("sleep 1")
        self.last = self.count()
        assert self.last > now
        assert self.guest.check(SUMS, 120) == self.sums


def with_disks(machine, config):
    """Write /srv/test/`config`d.cfg: the same guest with the two disks of disks.cfg."""
    machine.check(f"{{ cat /srv/test/{config}.cfg; grep ^disk /srv/test/disks.cfg; }}"
                  f" >/srv/test/{config}d.cfg")
    return config + "d"


@pytest.mark.border
@pytest.mark.parametrize("config", ["ram", "ram2"] if FULL else ["ram2"])
def test_save_restore(dom0, tools, guest, config):
    """A guest is saved and restored, saved while it goes on, and nothing is left of it."""
    life = Life(dom0, tools, guest)
    life.begin(with_disks(dom0, config))
    # A guest that has given memory back has pages beyond what is left of it.
    dom0.check(f"{tools.kind} mem-set {config} 112")
    tools.wait(lambda domains: domains[config]["memory"] == 112, 60, "smaller guest")
    for _ in range(5 if FULL else 1):
        tools.save(config, "/srv/it.save")
        assert tools.names() == []
        tools.restore("/srv/it.save")
        life.check()
        assert tools.domains()[config]["memory"] == 112
    tools.save(config, "/srv/it.save", "-c")
    life.check()
    assert tools.domains()[config]["state"] == "running"
    tools.destroy(config)
    dom0.check("rm /srv/it.save")


OVERWRITE = "dd of=/srv/bad.save bs=1 conv=notrunc 2>/dev/null seek="
# What is done to a copy, and what the answer says. (busybox's head and tail copy byte by byte.)
DAMAGES = {
    "truncate -s 50000000 /srv/bad.save": "incomplete",
    "truncate -s 20 /srv/bad.save": "not a saved domain",
    f"printf xm | {OVERWRITE}18": "not a saved domain",     # of "Xen saved domain, xl format"
    f"printf damaged | {OVERWRITE}60000000": "checksum",
}


def refuse(dom0, path, words):
    """Restoring must fail with one sentence that has the words."""
    answer = dom0.run(f"domus restore {path} 2>&1", 180)
    assert answer.status != 0 and words in answer.output, answer.output
    assert answer.output.startswith("domus: ") and answer.output.count("\n") == 1, answer.output


@pytest.mark.sides("domus-domus")
def test_refusals(dom0, tools, guest):
    """What cannot be saved or restored is refused with one sentence; file, guest and host stay."""
    tools.create("ram")
    guest.check("true")
    dom0.check("domus pause ram")
    answer = dom0.run("domus save ram /srv/it.save 2>&1", 120)
    assert answer.status != 0 and "paused" in answer.output
    dom0.check("domus unpause ram; mkdir -p /run/small; mount -t tmpfs -o size=20m none /run/small;"
               " echo old >/run/small/it.save")
    answer = dom0.run("domus save ram /run/small/it.save 2>&1", 240)
    assert answer.status != 0 and "No space" in answer.output
    assert dom0.check("ls /run/small; cat /run/small/it.save").split() == ["it.save", "old"]
    guest.check("true")     # it goes on
    tools.save("ram", "/srv/it.save")
    digest = dom0.check("umount /run/small; md5sum </srv/it.save")
    before = settled(tools)
    for damage, words in DAMAGES.items():
        dom0.check(f"cp /srv/it.save /srv/bad.save; {damage}")
        refuse(dom0, "/srv/bad.save", words)
    free = -before["used memory"]
    dom0.check(f"rm /srv/bad.save; sed 's/^memory.*/memory = {free - 64}/; s/\"ram\"/\"big\"/;"
               " /^vif/d' /srv/test/ram.cfg >/run/big.cfg; domus create -p /run/big.cfg", 120)
    refuse(dom0, "/srv/it.save", "not enough memory")
    tools.destroy("big")
    tools.wait(lambda domains: not domains, 60, "end of the big domain")
    assert settled(tools) == before
    assert dom0.check("md5sum </srv/it.save") == digest
    tools.restore("/srv/it.save")
    guest.check("true")
    tools.destroy("ram")
    dom0.check("rm /srv/it.save")


@pytest.mark.sides("domus-domus")
def test_killed(dom0, tools, guest):
    """domusd is killed while it saves: the guest goes on, and no file is left."""
    dom0.check("rm -f /srv/*.save")
    tools.create("ram")
    guest.check("true")
    dom0.check("domus save ram /srv/it.save >/dev/null 2>&1 &"
               " until domus list | grep -q 'ram .*shutdown'; do usleep 20000; done;"
               " kill -9 $(pidof domusd); wait; /usr/lib/domus/domusd", 120)
    guest.check("true", 120)
    tools.wait(lambda domains: domains["ram"]["state"] == "running", 60, "running guest")
    assert "save" not in dom0.check("ls /srv")
    tools.save("ram", "/srv/it.save")
    tools.restore("/srv/it.save")
    guest.check("true")
    tools.destroy("ram")
    dom0.check("rm /srv/it.save")


# ---- from one machine to another --------------------------------------------------------

@pytest.fixture(name="exchange", scope="module")
def make_exchange():
    """An ext4 image that two machines see one after the other."""
    path = os.path.join(BUILD, "images", f"exchange-{os.getpid()}.img")
    with open(path, "wb") as file:
        file.truncate(480 << 20)
    subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext4", path], check=True)
    yield path
    os.unlink(path)


@contextlib.contextmanager
def machine_with(start, exchange, side, name, **fields):
    """A machine of a side with the exchange image at /mnt; yields (machine, tools, guest)."""
    port = free_port()
    drive = ("-drive", f"file={exchange},if=none,id=exchange,format=raw",
             "-device", "virtio-blk-pci,drive=exchange")
    with start(side, name, full=True, own_line=True, deadline=1500, memory=1280, dom0_memory=640,
               extra=drive, guest_ports=((port, "10.0.2.101", 23),), **fields) as machine:
        machine.boot()
        machine.check("mkdir -p /mnt; mount -t ext4 /dev/vdb /mnt")
        yield machine, Toolstack(machine, side.split("-")[1]), Guest(port)
        machine.check("umount /mnt", 120)
        machine.poweroff()


def bring_disks(machine, config, way):
    """Copy a guest's disks to ("out") or from ("in") the exchange image."""
    for disk in ("read.img", "write.img"):
        here, there = f"/srv/{disk}", f"/mnt/{config}-{disk}"
        machine.check(f"cp {here} {there}" if way == "out" else f"rm -f {here}; cp {there} {here}",
                      60)


def stay(parts, life, config, is_last):
    """What a guest does in one of the machines: it begins there or is restored, is looked at, and
    is saved unless this is its last."""
    machine, tools, _ = parts
    image = f"/mnt/{config}.save"
    if not life:
        life = Life(*parts)
        life.begin(with_disks(machine, config))
    else:
        life.machine, life.tools, life.guest = parts
        bring_disks(machine, config, "in")
        tools.restore(image)
        machine.check(f"rm {image}")
        life.check()
    if is_last:
        tools.destroy(config)
    else:
        tools.save(config, image)
    tools.wait(lambda domains: not domains, 60, "end of the domain")
    if not is_last:
        bring_disks(machine, config, "out")
    return life


def swap(start, exchange, configs, route):
    """Take guests from side to side along a route of sides."""
    lives = {}
    for stop, side in enumerate(route):
        with machine_with(start, exchange, side, f"swap-{stop}") as parts:
            for config in configs:
                lives[config] = stay(parts, lives.get(config), config, stop + 1 == len(route))


ROUTES = {
    "from Xen": ["xen-xl", "domus-domus"],
    "to Xen": ["domus-domus", "xen-xl"],
    "five round trips": ["xen-xl", "domus-domus"] * 5 + ["xen-xl"],
    "mixed pairs": ["xen-xl", "domus-xl", "xen-domus", "domus-domus", "xen-xl"],
}


@pytest.mark.sides("domus-domus")
@pytest.mark.parametrize("route", list(ROUTES)[2:] if INTEROP else ROUTES if FULL else ["from Xen"])
def test_swap(start, side, exchange, route):
    """Guests saved by one hypervisor's toolstack go on under the other's, with one vCPU and two."""
    del side
    swap(start, exchange, ["ram", "ram2"] if FULL or INTEROP else ["ram"], ROUTES[route])


@pytest.mark.sides("domus-domus")
@pytest.mark.skipif(not FULL, reason="two machines for one sentence: FULL=1")
def test_missing_feature(start, side, exchange):
    """A guest that was told of a CPU feature is not restored where it is missing."""
    with machine_with(start, exchange, side, "feature-from", cpu="max") as parts:
        machine, tools, guest = parts
        tools.create("ram")
        guest.check("true")
        tools.save("ram", "/mnt/it.save")
    with machine_with(start, exchange, side, "feature-to", cpu="max,-sse4.2") as parts:
        machine, tools, _ = parts
        before = settled(tools)
        refuse(machine, "/mnt/it.save", "sse4.2")
        assert settled(tools) == before
        machine.check("rm /mnt/it.save")
