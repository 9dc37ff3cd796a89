# SPDX-License-Identifier: MIT
"""Debian's other kernels of the same release: the cloud kernel (LZ4, no dom0 support) and the
real-time one. They are large downloads, so they are tried with FULL=1 only. KERNEL=path adds a
kernel of one's own, as a guest and as dom0."""
import os

import packages
import pytest
from conftest import FULL

OWN = os.environ.get("KERNEL", "")
FLAVOURS = (["cloud", "rt"] if FULL else []) + ([OWN] if OWN else [])

pytestmark = pytest.mark.skipif(not FLAVOURS, reason="downloads kernels: FULL=1, or KERNEL=path")


def kernel_release(path):
    """The release that a bzImage names: Linux/x86 boot protocol, field kernel_version."""
    with open(path, "rb") as file:
        head = file.read(0x10000)
    at = int.from_bytes(head[0x20e:0x210], "little") + 0x200
    return head[at:at + 200].split(b" ")[0].decode()


def kernel_path(flavour):
    """The flavour's kernel image, and its release."""
    if flavour == OWN:
        return OWN, kernel_release(OWN)
    release = packages.kernel_package()[len("linux-image-"):].replace("-amd64", f"-{flavour}-amd64")
    name = "linux-image-" + release
    packages.fetch([name])
    packages.unpack([name])
    return os.path.join(packages.ROOT, "boot/vmlinuz-" + release), release


def padded_copy(path, target):
    """A disk that holds the file: whole sectors."""
    with open(path, "rb") as file:
        data = file.read()
    with open(target, "wb") as file:
        file.write(data + b"\0" * (-len(data) % 512))
    return str(target)


@pytest.mark.border
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_as_guest(start, side, flavour, tmp_path):
    """The kernel boots as a guest to its first program."""
    path, release = kernel_path(flavour)
    disk = padded_copy(path, tmp_path / "kernel.img")
    drive = ("-drive", f"file={disk},if=none,id=kernel,format=raw,readonly=on",
             "-device", "virtio-blk-pci,drive=kernel")
    tool = "xl" if side.endswith("xl") else "domus"
    log = {"xl": "/var/log/xen/guest-ram.log", "domus": "/var/log/domus/ram.log"}[tool]
    with start(side, f"kernel-{release}", memory=1280, smp=2, extra=drive,
               deadline=900) as machine:
        machine.boot(400)
        machine.check("cat /dev/vdb >/run/vmlinuz", 120)
        machine.check("sed 's,/srv/vmlinuz,/run/vmlinuz,; s/^memory.*/memory=256/; "
                      "s/^vcpus.*/vcpus=2/' /srv/test/ram.cfg >/run/ram.cfg")
        machine.check(f"{tool} create /run/ram.cfg", 240)
        machine.check(f"until grep 'init of ram, {release}' {log}; do sleep 1; done", 240)
        machine.check(f"{tool} destroy ram", 60)
        assert machine.poweroff() == 0


@pytest.mark.sides("domus-domus", "xen-xl")
@pytest.mark.parametrize("flavour", [name for name in FLAVOURS if name != "cloud"])
@pytest.mark.parametrize("cpu", ["max,-smap", "Skylake-Client,-smap"])
def test_as_dom0(start, side, flavour, cpu):
    """The kernel boots as dom0 on several CPUs, without modules and so without tools."""
    path, release = kernel_path(flavour)
    with start(side, f"dom0-{release}-{cpu}", kernel=path, cpu=cpu, smp=4, store="none",
               deadline=900) as machine:
        machine.boot(600)
        assert machine.check("uname -r; nproc").split() == [release, "4"]
        assert machine.poweroff(120) == 0


@pytest.mark.sides("domus-domus", "xen-xl")
def test_lz4_kernel_starts(start, side):
    """The cloud kernel has no dom0 support, but it is unpacked and runs."""
    path, release = kernel_path("cloud")
    with start(side, "dom0-cloud", kernel=path, dom0_arguments="earlyprintk=xen",
               deadline=300) as machine:
        machine.expect(rf"Linux version {release} ", 120)
        machine.expect(r"Run /init as init process", 200)
