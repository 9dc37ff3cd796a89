# SPDX-License-Identifier: MIT
"""`make run SCRIPT=file`: GRUB boots everything, the demo guest serves its page, and the script's
status is the command's."""
import os
import subprocess
import sys

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
