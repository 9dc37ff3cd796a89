# SPDX-License-Identifier: MIT
"""A domain that Debian's xl has made, in a dom0 that domusd manages: it is listed as foreign, and
left alone unless --force is given."""
import json
import re

import pytest
from conftest import FULL, INTEROP
from test_input import complaint
from toolstack import Toolstack

pytestmark = pytest.mark.sides("domus-domus", "xen-domus")

# Every verb that changes a domain, and what would take it for one of domus.
VERBS = """
pause ram; unpause ram; shutdown ram; shutdown -w ram; reboot ram; destroy ram; rename ram other
mem-set ram 100; mem-max ram 200; vcpu-set ram 1; vcpu-pin ram 0 0; sched -w 300 ram
sysrq ram h; trigger ram nmi; dump-core ram /run/core
block-attach ram file:/srv/demo.img,xvdc,r; block-detach ram xvda; block-resize ram xvda
network-attach ram bridge=xenbr0; network-detach ram 0
save ram /run/ram.save; save -c ram /run/ram.save; console ram; config ram
diff ram /srv/test/ram.cfg
"""
VERBS = [verb.strip() for verb in re.split(r"[;\n]", VERBS) if verb.strip()]


def shown(dom0):
    """What the store, the hypervisor and xl know of the domain, but for what goes on by itself."""
    number = dom0.check("xl domid ram").strip()
    text = dom0.check(f"xenstore-ls -f /local/domain/{number}; xenstore-ls -f /libxl/{number};"
                      " xl list -l ram; xl sched-credit2 -d ram; xl vcpu-list ram |"
                      " awk '{print $1, $2, $3, $7, $8, $9}'; xl list ram |"
                      " awk '{print $1, $2, $3, $4}'; losetup -a; ls /sys/class/net /run /srv")
    return text


@pytest.fixture(name="xl")
def make_xl(dom0, guest):
    """Debian's toolstack beside domusd, and its guest, with a disk, running."""
    dom0.check("pidof xenconsoled || { xen-init-dom0; xenconsoled --log=guest"
               " --log-dir=/var/log/xen --pid-file /run/xenconsoled.pid; }")
    dom0.check("{ cat /srv/test/ram.cfg; echo 'disk = [ \"file:/srv/demo.img,xvda,r\" ]'; }"
               " >/run/xl.cfg; xl create /run/xl.cfg", 120)
    guest.check("true", 120)
    yield Toolstack(dom0, "xl")
    dom0.run("xl destroy ram 2>/dev/null || xl destroy other 2>/dev/null", 60)


def test_listed(dom0, xl):
    """`domus list` shows it with a mark, and what it shows is what xl shows."""
    row, = (row for row in json.loads(dom0.check("domus list --json")) if row["domid"])
    ours = xl.domains()["ram"]
    assert row["foreign"] and row["name"] == "ram" and row["domid"] == ours["id"]
    assert row["memory_kib"] // 1024 == ours["memory"]
    line, = re.findall("^ram .*", dom0.check("domus list"), re.M)
    assert line.endswith("not made by domus")
    assert not json.loads(dom0.check("domus list Domain-0 --json"))["foreign"]
    dom0.check("domus vcpu-list ram; domus uptime ram; domus sched ram; domus block-list ram;"
               " domus network-list ram; domus domid ram; domus why ram; domus top -b -n 1")


def test_left_alone(dom0, xl, guest):
    """No verb changes it, and domusd's own ends and starts do not touch it."""
    guest.check("(n=0; while :; do n=$((n+1)); echo $n >/run/n; sleep 1; done) >/dev/null 2>&1 &")
    before = shown(dom0)
    for verb in VERBS:
        complaint(dom0, f"domus {verb}", ["ram", "made"])
    complaint(dom0, "domus create /srv/test/ram.cfg", ["ram", "exists"])
    assert json.loads(dom0.check("domus shutdown --all -w --json", 120)) == []
    dom0.check("kill -9 $(pidof domusd); /usr/lib/domus/domusd; domus list")
    dom0.check("kill $(pidof domusd); while pidof domusd; do sleep 1; done; /usr/lib/domus/domusd")
    complaint(dom0, "domus destroy ram", ["ram", "--force"])
    assert shown(dom0) == before
    first = int(guest.check("cat /run/n"))
    guest.check(f"sleep 2; [ $(cat /run/n) -gt {first} ]")
    assert xl.domains()["ram"]["state"] == "running"


def test_forced(dom0, xl, guest):
    """With --force it is changed, and ended without a trace."""
    dom0.check("domus pause --force ram")
    assert xl.domains()["ram"]["state"] == "paused"
    dom0.check("domus unpause --force ram; domus sched --force -w 300 -c 50 ram")
    assert dom0.check("xl sched-credit2 -d ram").split()[-2:] == ["300", "50"]
    dom0.check("domus mem-set --force -w ram 100", 120)
    assert xl.domains()["ram"]["memory"] == 100
    dom0.check("domus rename --force ram other")
    assert xl.names() == ["other"]
    guest.check("true")
    number = xl.domains()["other"]["id"]
    dom0.check("domus destroy --force other", 60)
    xl.wait(lambda domains: not domains, 60, "end of the domain")
    left = dom0.run(f"xenstore-ls -f | grep -E '/(domain|vm|libxl|vbd|vif|console)/{number}(/|$| )'"
                    "; losetup -a; ls /sys/class/net | grep vif").output
    assert left.strip() == ""
