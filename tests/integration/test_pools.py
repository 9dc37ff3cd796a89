# SPDX-License-Identifier: MIT
"""CPU pools, made by Debian's xl, hold the domains that domus creates in them."""
import pytest
from conftest import FULL
from test_input import complaint
from toolstack import Toolstack


@pytest.mark.sides("domus-domus", "xen-domus")
@pytest.mark.skipif(not FULL, reason="a machine for one key: FULL=1")
def test_pool(start, side):
    """pool= is followed, over a restart and a move by xl; a pool that cannot be used is named."""
    with start(side, "pools", full=True, own_line=True, smp=2, memory=1280, dom0_memory=640,
               deadline=1200) as dom0:
        dom0.boot()
        tools = Toolstack(dom0, "domus")
        dom0.check("xl cpupool-create 'name=\"fast\"' 'sched=\"credit2\"'")
        create = "domus create -p /srv/test/ram.cfg"
        complaint(dom0, f"{create} pool=quick", ["'ram'", "'quick'", "pool="])
        complaint(dom0, f"{create} 'pool=\"77\"'", ["ram", "77", "not there", "pool"])
        complaint(dom0, f"{create} pool=fast", ["ram", "pool", "has no CPU"])
        dom0.check("xl cpupool-cpu-remove Pool-0 1; xl cpupool-cpu-add fast 1")
        complaint(dom0, f"{create} pool=fast cpus=0", ["'ram'", "CPU pool"])
        dom0.check(f"{create} pool=fast")
        assert dom0.check("xl list -c ram").split()[-1] == "fast"
        dom0.check("domus unpause ram; xl cpupool-migrate ram Pool-0")
        assert "pool = " not in dom0.check("domus config ram")
        dom0.check("xl cpupool-migrate ram fast")
        assert 'pool = "fast"\n' in dom0.check("domus config ram")
        first = tools.domains()["ram"]["id"]
        dom0.check("until domus reboot -w ram; do sleep 1; done", 180)
        tools.wait(lambda domains: domains.get("ram", {}).get("id", first) != first, 90, "restart")
        assert dom0.check("xl list -c ram").split()[-1] == "fast"
        dom0.check("domus destroy ram; xl cpupool-destroy fast")
        dom0.poweroff()
