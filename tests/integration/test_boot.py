# SPDX-License-Identifier: MIT
"""Stock Debian boots as dom0 to its prompt and powers the machine off, on machines that differ
pairwise in CPU model, number of CPUs, memory and loader."""
import pytest
from conftest import FULL

# (CPU model, CPUs, MiB, loader, in the short run too)
ROWS = [
    ("qemu64", 1, 1024, "bios", True),
    ("qemu64", 4, 2048, "uefi", False),
    ("max", 2, 1024, "uefi", True),
    ("max", 4, 8192, "direct", True),
    ("max,-smap", 1, 512, "direct", True),
    ("max,-smap", 2, 2048, "bios", False),
    ("Skylake-Client", 1, 8192, "uefi", False),
    ("Skylake-Client", 2, 2048, "direct", True),
    ("Skylake-Client", 4, 1024, "bios", False),
    ("core2duo", 1, 640, "direct", False),
    ("Nehalem", 3, 1536, "bios", False),
    ("Haswell", 1, 3333, "uefi", False),
    ("Icelake-Server", 2, 1024, "direct", False),
    ("Opteron_G3", 1, 768, "direct", True),
    ("EPYC-Milan", 3, 5000, "direct", True),
    ("max,-xsave", 1, 1024, "direct", False),
    ("kvm64", 8, 4096, "direct", False),
]


@pytest.mark.sides("domus-domus", "domus-xl", "xen-xl")
@pytest.mark.parametrize("cpu,cpus,memory,loader",
                         [row[:4] for row in ROWS if row[4] or FULL])
def test_boot(start, side, cpu, cpus, memory, loader):
    """dom0 has the CPUs and the memory that it was given, and ends when told."""
    if side == "domus-xl":
        pytest.skip("domus-domus boots the same hypervisor and kernel")
    if side == "xen-xl" and cpu in ("max", "Skylake-Client"):
        cpu += ",-smap"     # Xen does not work around QEMU's SMAP error
    with start(side, f"boot-{cpu}-{cpus}-{memory}-{loader}", cpu=cpu, smp=cpus, memory=memory,
               boot=loader, deadline=400) as machine:
        machine.boot(360)
        assert machine.check("nproc").strip() == str(cpus)
        assert machine.check("cat /sys/hypervisor/type").strip() == "xen"
        total = int(machine.check("sed -n 's/MemTotal: *//p' /proc/meminfo").split()[0])
        assert total > machine.config.dom0_memory * 1024 * 0.5
        if loader == "uefi":
            machine.check("[ -d /sys/firmware/efi ]")
        assert machine.poweroff() == 0


@pytest.mark.sides("domus-domus", "xen-xl")
def test_reboot(start, side):
    """A reboot of dom0 resets the machine, which ends QEMU here."""
    with start(side, "reboot", deadline=300) as machine:
        machine.boot()
        machine.send("reboot -f\n")
        assert machine.wait_end() == 0
