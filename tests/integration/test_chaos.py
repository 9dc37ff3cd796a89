# SPDX-License-Identifier: MIT
"""domusd and the store are killed at random moments while clients are at work; nothing is lost."""
import random

import pytest
from conftest import FULL
from machine import PROMPT, patience
from test_leaks import settled

pytestmark = [pytest.mark.sides("domus-domus", "xen-domus"),
              pytest.mark.skipif(not FULL, reason="FULL=1 runs it")]

KILLS = 100
CLIENTS = 4

# One client: a domain that comes, gets a disk, is paused, loses it and goes, again and again. Each
# step may fail while something is dead; then the next one is tried.
CLIENT = """
while [ ! -e /run/stop ]; do
    domus create -p /run/c$1.cfg && echo created
    domus block-attach c$1 /srv/c$1.img,raw,xvdb,w
    domus unpause c$1
    domus mem-set c$1 120 2>/dev/null
    domus block-detach --force c$1 xvdb
    domus destroy c$1
done >/run/c$1.log 2>&1
"""

# What stands for an init system: whoever is dead is started again, the store first.
REVIVE = """
tries=0
until pidof xenstored >/dev/null && xenstore-exists / 2>/dev/null; do
    pidof xenstored >/dev/null || /usr/lib/domus/xenstored
    tries=$((tries + 1)); [ $tries -lt 200 ] || exit 1
    usleep 50000
done
until /usr/lib/domus/domusd 2>/run/domusd.err || grep -q another /run/domusd.err; do
    tries=$((tries + 1)); [ $tries -lt 200 ] || { cat /run/domusd.err; exit 1; }
    usleep 50000
done
"""

PREPARE = """
for i in 1 2 3 4; do
    truncate -s 1M /srv/c$i.img /srv/d$i.img
    sed '/^vif/d; s/"ram"/"c'$i'"/' /srv/test/ram.cfg >/run/c$i.cfg
    echo "disk = [ \\"/srv/d$i.img,raw,xvda,w\\" ]" >>/run/c$i.cfg
done
"""


def kill(dom0, chance):
    """Kill the one or the other after a random time, and start it again."""
    victim = chance.choice(["$(cat /run/domus/domusd.lock)", "$(cat /run/domus/domusd.lock)",
                            "$(pidof xenstored)"])
    dom0.check(f"usleep {chance.randrange(50000, 1500000)}; kill -9 {victim}")
    dom0.check("sh /run/revive", 90)


def test_kill_at_random(dom0, tools, guest):
    """Clients create, attach, detach and destroy while domusd and the store die again and again. A
    guest that runs meanwhile keeps its devices, console and owner; when the clients have stopped,
    every domain is whole or gone, and nothing is left."""
    for name, text in (("client", CLIENT), ("revive", REVIVE), ("prepare", PREPARE)):
        dom0.check(f"cat >/run/{name} <<'EOF'\n{text}EOF")
    dom0.check("sh /run/prepare; rm -f /run/stop")
    tools.create("ram")
    guest.check("true")
    number = tools.domains()["ram"]["id"]
    begin = settled(tools)
    for client in range(1, CLIENTS + 1):
        dom0.check(f"sh /run/client {client} &")
    chance = random.Random(20260101)
    for _ in range(KILLS):
        kill(dom0, chance)
    dom0.check("touch /run/stop; wait", 400)
    assert int(dom0.check("cat /run/c*.log | grep -c created")) > 0
    domains = tools.domains()
    assert domains["ram"]["id"] == number and domains["ram"]["state"] == "running"
    assert guest.check("echo alive").strip() == "alive"
    assert "not made by domus" not in dom0.check("domus list")
    for name in tools.names():
        if name != "ram":
            tools.destroy(name)
    dom0.check("domus block-attach ram /srv/c1.img,raw,xvdb,w; domus block-detach ram xvdb", 90)
    end = settled(tools)
    grown = {name: (begin[name], end[name]) for name in end if end[name] > begin[name]}
    assert not grown, f"grown over {KILLS} kills: {grown}"


def test_creates_do_not_wait(dom0, tools):
    """A create that hangs on a backend keeps no other one waiting."""
    dom0.check("cat >/run/prepare <<'EOF'\n" + PREPARE + "EOF\nsh /run/prepare")
    dom0.check("sed '/^vif/d' /srv/test/ram.cfg >/run/bare.cfg;"
               " echo 0 >/sys/bus/xen-backend/drivers_autoprobe;"
               " (domus create -p /run/c1.cfg; echo late >/run/late) >/dev/null 2>&1 &")
    try:
        dom0.check("rm -f /run/late; usleep 500000; domus create -p /run/bare.cfg;"
                   " [ ! -e /run/late ]")
    finally:
        dom0.check("wait; echo 1 >/sys/bus/xen-backend/drivers_autoprobe", 60)
    assert tools.names() == ["ram"]


def ask_on_console(dom0):
    """Enter the guest with Debian's console program, on dom0's own terminal, and leave it."""
    dom0.send("xl console ram\n")
    dom0.listen(2 * patience())
    dom0.send("\n")
    dom0.expect("guest# ", 60)
    dom0.send("echo got-$((40+2))\n")
    dom0.expect("got-42", 60)
    dom0.send("\x1d")
    dom0.expect(PROMPT, 60)


@pytest.mark.border
def test_debians_console(dom0, tools, guest):
    """Debian's `xl console` enters a guest of domusd through its terminal, also after domusd was
    killed."""
    tools.create("ram")
    guest.check("true")
    ask_on_console(dom0)
    dom0.check("kill -9 $(cat /run/domus/domusd.lock); usleep 300000; /usr/lib/domus/domusd")
    ask_on_console(dom0)
