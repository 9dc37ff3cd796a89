# SPDX-License-Identifier: MIT
"""Creating and destroying guests leaves nothing behind."""
import pytest
from conftest import FULL

CYCLES = 20


def settled(tools):
    """The resources once two looks in a row agree, so that late releases are not leaks."""
    last = tools.resources()
    for _ in range(10):
        tools.machine.check("sleep 1")
        now = tools.resources()
        if now == last:
            break
        last = now
    return last


@pytest.mark.parametrize("config", ["disks", "ram"] if FULL else ["disks"])
def test_create_destroy(dom0, tools, guest, config):
    """After one cycle to warm up, twenty more leave memory, ports, nodes and descriptors flat."""
    dom0.check("truncate -s 4194304 /srv/read.img /srv/write.img")
    begin = None
    for cycle in range(CYCLES + 1):
        tools.create(config)
        if cycle % 5 == 0:
            guest.check("true")     # these are destroyed while they run, the others while booting
        tools.destroy(config)
        tools.wait(lambda domains: not domains, 30, "end of the domain")
        if cycle == 0:
            begin = settled(tools)
    end = settled(tools)
    grown = {name: (begin[name], end[name]) for name in end if end[name] > begin[name]}
    assert not grown, f"grown over {CYCLES} cycles: {grown}"
