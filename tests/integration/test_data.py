# SPDX-License-Identifier: MIT
"""What goes through block and network frontends arrives unchanged, whichever kernel sends it:
Debian's own, started by the toolstack or by GRUB, with either version of grant tables."""
import hashlib
import os
import re

import pytest
from packages import ROOT

SIZE = 100000000


def sha256(text):
    """The first SHA-256 in a text."""
    match = re.search(r"\b[0-9a-f]{64}\b", text)
    assert match, f"no hash in {text!r}"
    return match.group(0)


@pytest.mark.border
def test_disk(dom0, tools, guest):
    """A guest reads what dom0 wrote, dom0 reads what the guest wrote; a disk that was given
    read-only cannot be written."""
    dom0.check("head -c 16777216 /dev/urandom >/srv/read.img", 60)
    dom0.check("rm -f /srv/write.img; truncate -s 16777216 /srv/write.img")
    expected = sha256(dom0.check("sha256sum /srv/read.img"))
    tools.create("disks")
    assert sha256(guest.check("sha256sum /dev/xvda", 120)) == expected
    written = sha256(guest.check(
        "mkfifo /tmp/f && { sha256sum /tmp/f & } &&"
        " head -c 16777216 /dev/urandom | tee /tmp/f | dd of=/dev/xvdb bs=64k 2>/dev/null"
        " && sync && wait", 120))
    assert sha256(guest.check("echo 3 >/proc/sys/vm/drop_caches; sha256sum /dev/xvdb", 120)) \
        == written
    _, status = guest.run("dd if=/dev/zero of=/dev/xvda bs=4k count=1 conv=fsync 2>/dev/null")
    assert status != 0
    tools.destroy("disks")
    tools.wait(lambda domains: not domains, 30, "end of the domain")
    assert sha256(dom0.check("sha256sum /srv/write.img", 60)) == written
    assert sha256(dom0.check("sha256sum /srv/read.img", 60)) == expected


SERVE = "httpd -p 8000 -h /usr/share/blob"


def expected_hash():
    """MD5 of what the CGI program tests/machine/files/blob sends."""
    with open(os.path.join(ROOT, "bin/busybox"), "rb") as file:
        program = file.read()
    data = b"".join(b"%d\n" % i + program for i in range(1, 61))
    assert len(data) >= SIZE
    return hashlib.md5(data[:SIZE]).hexdigest()


def receive(address):
    """Shell line that fetches those bytes and prints their hash."""
    return f"wget -qO- http://{address}:8000/cgi-bin/blob | md5sum"


def test_network(dom0, tools, guest):
    """100 MB to a guest and 100 MB back arrive intact."""
    tools.create("ram")
    expected = expected_hash()
    dom0.check(SERVE)
    assert guest.check(receive("10.0.2.15"), 300).split()[0] == expected
    guest.check(SERVE)
    assert dom0.check(receive("10.0.2.101"), 300).split()[0] == expected


GRUB_CONFIG = """\
linux /boot/vmlinuz console=hvc0 quiet name=grub net=10.0.2.101 shell=23
initrd /boot/guest.cpio.gz
boot
"""


def make_grub_disk(dom0):
    """A guest's disk with a kernel, an initramfs and GRUB's list of what to start."""
    dom0.check("rm -f /srv/grub.img; truncate -s 64M /srv/grub.img; mke2fs -F /srv/grub.img"
               " >/dev/null 2>&1")
    dom0.check("mount -o loop /srv/grub.img /mnt; mkdir -p /mnt/boot/grub")
    dom0.check("cp /srv/vmlinuz /srv/guest.cpio.gz /mnt/boot/", 60)
    for line in GRUB_CONFIG.splitlines():
        dom0.check(f"echo '{line}' >>/mnt/boot/grub/grub.cfg")
    dom0.check("umount /mnt", 60)


@pytest.mark.border
def test_grub(dom0, tools, guest):
    """Debian's GRUB, as the guest's kernel, starts Debian's Linux from the guest's disk."""
    make_grub_disk(dom0)
    tools.create("grub")
    assert "name=grub" in guest.check("cat /proc/cmdline", 240)
    assert "Hypervisor detected: Xen PV" in guest.check("dmesg")
    guest.check("dd if=/dev/xvda of=/dev/null bs=64k", 60)
    tools.destroy("grub")


def test_second_version_of_grants(dom0, tools, guest):
    """Linux, told to use version 2 of grant tables, has its disk and its network."""
    dom0.check("rm -f /srv/read.img /srv/write.img; truncate -s 16M /srv/read.img /srv/write.img")
    tools.create("grants2")
    assert "Grant tables using version 2 layout" in guest.check("dmesg", 120)
    written = guest.check("head -c 4000000 /dev/urandom >/tmp/r; dd if=/tmp/r of=/dev/xvdb bs=64k"
                          " conv=fsync 2>/dev/null; md5sum </tmp/r", 60)
    assert guest.check("echo 3 >/proc/sys/vm/drop_caches; head -c 4000000 /dev/xvdb | md5sum",
                       60) == written
    tools.destroy("grants2")
