# SPDX-License-Identifier: MIT
"""`make run SCRIPT=file`: GRUB boots everything, the demo guest serves its page, and the script's
status is the command's."""
import os
import subprocess
import sys

import pexpect
import pytest
from conftest import BUILD
from packages import TOP

SCRIPT = """\
domus list
tries=0
until wget -qO- http://10.0.2.100/ >/run/page; do
    tries=$((tries + 1)); [ $tries -lt 100 ] || exit 1
    sleep 1
done
grep -q 'Hello from a guest' /run/page && exit 7
"""


@pytest.mark.parametrize("loader", ["bios", "uefi"])
def test_script(all_images, tmp_path, loader):
    """The script finds the guest running, and its status comes out."""
    del all_images
    path = tmp_path / "script"
    path.write_text(SCRIPT)
    environment = dict(os.environ, BUILD=BUILD, BOOT=loader, SCRIPT=str(path))
    done = subprocess.run([sys.executable, os.path.join(TOP, "tests/machine/run.py")],
                          env=environment, capture_output=True, text=True, errors="replace",
                          timeout=900, check=False)
    assert done.returncode == 7, done.stdout[-2000:] + done.stderr[-500:]
    assert "demo" in done.stdout and "runs as 1" in done.stdout


def test_debug(all_images, tmp_path):
    """`make debug`: gdb stops the hypervisor where one asks, and shows domains, vCPUs, frames."""
    del all_images
    gdb = pexpect.spawn("make", ["debug", f"B={BUILD}"], cwd=TOP, encoding="utf-8", timeout=300,
                        env=dict(os.environ, TERM="dumb"))
    with open(tmp_path / "gdb", "w", encoding="utf-8") as gdb.logfile_read:
        for command, shown in (("continue", "start_hypervisor"), ("tbreak pv_syscall", "Temporary"),
                               ("continue", "pv_syscall"), ("domains", r"\n +0 +\d+ +\d+ .* alive"),
                               ("vcpus", r"d0v0 cpu 0 running .* rip 0x[0-9a-f]+"),
                               ("cpus", r"cpu 0: d0v0 cr3 0x[0-9a-f]+"),
                               ("frame-of $cr3 >> 12",
                                "owner domain 0, .* uses as L4, pinned validated"),
                               ("bt 1", "pv_syscall")):
            gdb.expect(r"\(gdb\) ")
            gdb.sendline(command)
            gdb.expect(shown)
        gdb.expect(r"\(gdb\) ")
        gdb.sendline("kill")
        gdb.expect("y or n")
        gdb.sendline("y")
        gdb.expect("killed")    # QEMU's last words may stand amid the next prompt
        gdb.sendline("quit")
        gdb.expect(pexpect.EOF)
    gdb.close()
    assert gdb.exitstatus == 0
