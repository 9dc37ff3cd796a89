# SPDX-License-Identifier: MIT
"""Devices of running guests: attached, detached, revoked, listed, and kept over a restart."""
import time

import pytest
import schema
from machine import patience
from conftest import FULL
from test_input import complaint

pytestmark = pytest.mark.sides("domus-domus", "xen-domus")
long = pytest.mark.skipif(not FULL, reason="FULL=1 runs it")


def until(condition, seconds=30):
    """Wait until condition() is true."""
    end = time.monotonic() + seconds * patience()
    while not condition():
        assert time.monotonic() < end, "it has not happened in time"
        time.sleep(0.5)


def devices(dom0, kind, domain="ram"):
    """The devices that `domus block-list` or `network-list` shows, as objects."""
    return schema.parse(dom0.check(f"domus {kind}-list --json {domain}"), f"{kind}-list")


def image(dom0, name, mebibytes=4):
    """An empty image below /srv; returns its path."""
    dom0.check(f"rm -f /srv/{name}; truncate -s {mebibytes}M /srv/{name}")
    return f"/srv/{name}"


@pytest.mark.border
def test_disk_comes_and_goes(dom0, tools, guest):
    """A disk is attached to a running guest, used, and leaves when asked; another is revoked."""
    image(dom0, "hot1.img")
    image(dom0, "hot2.img")
    tools.create("ram")
    guest.check("true")
    before = tools.resources()
    out = schema.parse(dom0.check("domus block-attach --json ram /srv/hot1.img,raw,xvdb,w"),
                       "device")
    assert out["kind"] == "vbd" and out["id"] == 202 << 8 | 1 << 4
    guest.check("echo hello | dd of=/dev/xvdb bs=512 conv=sync,fsync 2>/dev/null")
    assert dom0.check("head -c 5 /srv/hot1.img") == "hello"
    complaint(dom0, "domus block-attach ram /srv/hot2.img,raw,xvdb,w", ["xvdb", "ram", "already"])

    dom0.check("domus block-attach ram file:/srv/hot2.img xvdc r")
    rows = devices(dom0, "block")
    assert [(row["vdev"], row["access"], row["frontend"]) for row in rows] == [
        ("xvdb", "w", "Connected(4)"), ("xvdc", "r", "Connected(4)")]
    dom0.check("domus block-detach --force ram xvdc")
    until(lambda: guest.run("test -e /sys/block/xvdc")[1] != 0)
    dom0.check("domus block-detach ram xvdb")
    until(lambda: guest.run("test -e /sys/block/xvdb")[1] != 0)
    assert devices(dom0, "block") == []
    after = tools.resources()
    grown = {name: (before[name], after[name]) for name in ("loop devices", "store nodes")
             if after[name] > before[name]}
    assert not grown


def test_disk_survives_restart(dom0, tools, guest):
    """The file of a domain follows its devices, so a reboot has those of before."""
    image(dom0, "hot1.img")
    tools.create("ram")
    guest.check("true")
    dom0.check("domus block-attach ram /srv/hot1.img,raw,xvdb,w")
    dom0.check("domus network-attach ram mac=00:16:3e:00:00:66 bridge=xenbr0")
    dom0.check("domus network-detach ram 0")
    first = tools.domains()["ram"]["id"]
    tools.machine.check("domus reboot ram")
    tools.wait(lambda domains: domains.get("ram", {}).get("id", first) != first, 90, "restart")
    until(lambda: all(row["frontend"] == "Connected(4)" for row in
                      devices(dom0, "block") + devices(dom0, "network")), 60)
    assert [row["vdev"] for row in devices(dom0, "block")] == ["xvdb"]
    assert [(row["id"], row["mac"]) for row in devices(dom0, "network")] \
        == [(1, "00:16:3e:00:00:66")]


@pytest.mark.border
def test_card_comes_and_goes(dom0, tools, guest):
    """A second network card is attached, found by its address, and detached by it."""
    tools.create("ram")
    guest.check("true")
    before = tools.resources()
    dom0.check("domus network-attach ram mac=00:16:3e:00:00:66,bridge=xenbr0")
    assert guest.check("cat /sys/class/net/eth1/address").strip() == "00:16:3e:00:00:66"
    rows = devices(dom0, "network")
    assert [(row["id"], row["frontend"], row["hotplug"]) for row in rows] == [
        (0, "Connected(4)", "connected"), (1, "Connected(4)", "connected")]
    complaint(dom0, "domus network-attach ram devid=0", ["network card 0", "already"])
    complaint(dom0, "domus network-attach ram bridge=nobr", ["nobr", "ram"])
    dom0.check("domus network-detach ram 00:16:3e:00:00:66")
    until(lambda: guest.run("test -e /sys/class/net/eth1")[1] != 0)
    guest.check("true")     # the first card still works
    after = tools.resources()
    assert after["network interfaces"] == before["network interfaces"]
    assert after["store nodes"] == before["store nodes"]


def test_guest_without_ears(dom0, tools):
    """A guest that never answers: the deadline tells both states, and nothing is left of a disk
    that did not come; one that does not go is revoked. A paused guest gets its disk without
    waiting, and loses it by force only."""
    image(dom0, "hot1.img")
    dom0.check("sed 's/^extra.*/extra = \"console=hvc0 quiet rdinit=\\/bin\\/sleep -- 1000\"/;"
               " /^vif/d' /srv/test/ram.cfg >/run/deaf.cfg; domus create --no-wait /run/deaf.cfg")
    before = tools.resources()
    complaint(dom0, "domus block-attach -t 3 ram /srv/hot1.img,raw,xvdb,w",
              ["ram", "xvdb", "frontend Initialising(1)", "backend InitWait(2)"])
    after = tools.resources()
    assert (after["loop devices"], after["store nodes"]) \
        == (before["loop devices"], before["store nodes"])
    dom0.check("domus block-attach --no-wait ram /srv/hot1.img,raw,xvdb,w")
    complaint(dom0, "domus block-detach -t 3 ram xvdb",
              ["xvdb", "frontend Initialising(1)", "Closing(5)", "--force"])
    dom0.check("domus block-detach --force ram xvdb")
    dom0.check("domus pause ram; domus block-attach ram /srv/hot1.img,raw,xvdb,w")
    complaint(dom0, "domus block-detach ram xvdb", ["paused", "xvdb"])
    dom0.check("domus block-detach --force ram xvdb")
    assert devices(dom0, "block") == []


@pytest.mark.parametrize("command, words", [
    ("block-attach ram /srv/nothing,raw,xvdb", ["/srv/nothing", "xvdb"]),
    ("block-attach ram /srv/demo.img,raw", ["xvda"]),
    ("block-attach nobody /srv/demo.img,raw,xvdb", ["nobody"]),
    ("block-detach ram xvdz", ["xvdz", "block-list"]),
    ("network-detach ram 7", ["7", "network-list"]),
    ("network-attach ram mac=01:00:00:00:00:01", ["multicast"]),
    ("block-list nobody", ["nobody"]),
    ("block-detach -t never ram xvda", ["never"]),
])
def test_refused(dom0, tools, command, words):
    """Mistyped changes get one sentence."""
    tools.create("ram", "-p")
    complaint(dom0, "domus " + command, words)


# ---- images ------------------------------------------------------------------------------------

def put(guest, device, text):
    """Write a text to the beginning of a disk, from the guest."""
    guest.check(f"echo {text} | dd of=/dev/{device} bs=512 conv=sync,fsync 2>/dev/null")


@long
@pytest.mark.border
def test_formats(dom0, tools, guest):
    """A qcow2 image and a disk served over NBD are written by a guest; what it wrote is there when
    they have been detached, and no process is left."""
    image(dom0, "far.img")
    dom0.check("rm -f /srv/a.qcow2; qemu-img create -q -f qcow2 /srv/a.qcow2 8M;"
               " qemu-nbd --fork -t -f raw -p 10900 -x far --pid-file=/run/far.pid /srv/far.img",
               60)
    tools.create("ram")
    guest.check("true")
    before = tools.resources()
    dom0.check("domus block-attach ram /srv/a.qcow2,qcow2,xvdb,w;"
               " domus block-attach ram nbd://127.0.0.1:10900/far,raw,xvdc,w", 90)
    assert guest.check("cat /sys/block/xvdb/size /sys/block/xvdc/size").split() == ["16384", "8192"]
    put(guest, "xvdb", "near")
    put(guest, "xvdc", "distant")
    complaint(dom0, "domus block-resize ram xvdb 16M", ["qemu-img resize", "xvdb"])
    dom0.check("domus block-detach ram xvdb; domus block-detach ram xvdc", 60)
    assert dom0.check("qemu-img dd -f qcow2 -O raw if=/srv/a.qcow2 of=/run/a.raw bs=512 count=1;"
                      " head -c 4 /run/a.raw; head -c 7 /srv/far.img") == "neardistant"
    assert tools.resources()["processes"] == before["processes"]
    dom0.check("domus block-attach ram /srv/a.qcow2,qcow2,xvdb,w", 60)
    tools.destroy("ram")
    until(lambda: dom0.run("grep -q description=domu[s] /proc/[0-9]*/cmdline").status != 0)
    dom0.check("kill $(cat /run/far.pid)")


@long
def test_one_writer(dom0, tools):
    """A writable image has one user, over all domains and dom0; by any name; unless `!` says so."""
    path = image(dom0, "one.img")
    dom0.check(f"ln -sf {path} /run/link.img; losetup -r /dev/loop6 {path};"
               " sed 's/\"ram\"/\"two\"/; /^vif/d' /srv/test/ram.cfg >/run/two.cfg;"
               " domus create -p /run/two.cfg")
    tools.create("ram", "-p")
    attach = "domus block-attach two"
    dom0.check(f"domus block-attach ram {path},raw,xvdb,r; {attach} {path},raw,xvdb,r")
    complaint(dom0, f"{attach} /run/link.img,raw,xvdc,w", ["/run/link.img", "ram", "xvdb"])
    dom0.check("domus block-detach --force two xvdb; domus block-detach --force ram xvdb")
    complaint(dom0, f"{attach} {path},raw,xvdc,w", ["dom0", "/dev/loop6"])
    dom0.check("losetup -d /dev/loop6")
    dom0.check(f"domus block-attach ram {path},raw,xvdb,w")
    for access in ("r", "w"):
        complaint(dom0, f"{attach} {path},raw,xvdc,{access}", ["ram", "xvdb", path])
    dom0.check(f"{attach} {path},raw,xvdc,w!")
    complaint(dom0, f"{attach} phy:/dev/vda,xvdd,w", ["/dev/vda", "in use", "dom0"])
    dom0.check(f"sed -i '$a disk = [ \"{path},raw,xvda,w\" ]' /run/two.cfg; domus destroy two")
    complaint(dom0, "domus create -p /run/two.cfg", ["two", "ram", path])


@long
@pytest.mark.border
def test_sizes_and_kinds(dom0, tools, guest):
    """Disks grow while they are used: an image, a device mapper's volume; a CD-ROM is read only."""
    path = image(dom0, "grow.img")
    dom0.check("losetup /dev/loop7 /srv/write.img 2>/dev/null ||"
               " { truncate -s 4M /srv/write.img; losetup /dev/loop7 /srv/write.img; };"
               " export DM_DISABLE_UDEV=1; echo 0 2048 linear /dev/loop7 0 | dmsetup create lv")
    tools.create("ram")
    guest.check("true")
    dom0.check(f"domus block-attach ram {path},raw,xvdb,w;"
               " domus block-attach ram phy:/dev/mapper/lv,xvdc,w", 60)
    complaint(dom0, "domus block-resize ram xvdb 1M", [path, "grow"])
    out = dom0.check("domus block-resize -t 1 ram xvdb 8M")
    assert out.startswith("disk xvdb has 8388608 bytes"), out
    put(guest, "xvdb", "more")
    until(lambda: guest.check("cat /sys/block/xvdb/size").strip() == "16384")
    dom0.check("dmsetup suspend lv; echo 0 4096 linear /dev/loop7 0 | dmsetup reload lv;"
               " dmsetup resume lv; domus block-resize -t 1 ram xvdc")
    complaint(dom0, "domus block-resize ram xvdc 4M", ["lvextend"])
    put(guest, "xvdc", "more")
    until(lambda: guest.check("cat /sys/block/xvdc/size").strip() == "4096")
    dom0.check("domus block-attach ram /srv/demo.img,raw,xvdd:cdrom,r", 60)
    disk = guest.check("cd /sys/block; for d in *; do [ $(cat $d/ro) = 1 ] && echo $d; done")
    assert len(disk.split()) == 1
    tools.destroy("ram")
    dom0.check("dmsetup remove lv; losetup -d /dev/loop7")


# ---- networks ----------------------------------------------------------------------------------

SCRIPT = """#!/bin/sh
echo "$1 $2 $vif $XENBUS_TYPE $XENBUS_BASE_PATH $(xenstore-read $XENBUS_PATH/mac)" >>/run/mine.log
[ -e /run/mine.fails ] && xenstore-write $XENBUS_PATH/hotplug-error "no luck today" && exit 1
[ $1 = offline ] && exit 0
ip link set $vif master xenbr0 up && xenstore-write $XENBUS_PATH/hotplug-status connected
"""


@long
def test_networks(dom0, tools, guest):
    """A card behind NAT reaches the world; MTU, VLANs and names arrive at the interface; an
    address is not given twice; `network-check` finds what is broken."""
    tools.create("ram")
    guest.check("true")
    attach = "domus network-attach ram"
    complaint(dom0, f"{attach} script=vif-nat", ["vif-nat", "ip="])
    complaint(dom0, f"{attach} vlan=10", ["xenbr0", "vlan_filtering"])
    dom0.check(f"{attach} script=vif-nat ip=10.9.0.2 mac=00:16:3e:00:00:66 vifname=nat0", 60)
    guest.check("ip addr add 10.9.0.2/32 dev eth1; ip link set eth1 up;"
                " ip route add 10.0.2.2 dev eth1 src 10.9.0.2")
    assert "0% packet loss" in guest.check("ping -c 2 -W 5 10.0.2.2")
    dom0.check("ip link set nat0 down")
    result = dom0.run("domus network-check --json")
    assert not schema.parse(result.output, "network-check")["ok"]
    assert result.status == 1 and "nat0" in result.output and "down" in result.output
    dom0.check("domus network-detach ram nat0;"      # busybox's own ip knows no such word
               " /bin/ip link add vbr type bridge vlan_filtering 1; ip link set vbr up")
    dom0.check(f"{attach} bridge=vbr vlan=10p/20-21 mtu=1400 devid=5 rate=10Mb/s", 60)
    number = tools.domains()["ram"]["id"]
    vlans = dom0.check(f"bridge vlan show dev vif{number}.5")
    assert "10 PVID Egress Untagged" in vlans and "21" in vlans and "\t1 " not in vlans
    # Linux's frontend does not read the node; others do.
    assert dom0.check(f"cat /sys/class/net/vif{number}.5/mtu;"
                      f" xenstore-read /local/domain/{number}/device/vif/5/mtu").split() \
        == ["1400", "1400"]
    dom0.check("domus network-detach ram 5; ip link del vbr; domus network-check")
    dom0.check("sed 's/\"ram\"/\"two\"/' /srv/test/ram.cfg >/run/two.cfg")
    complaint(dom0, "domus create -p /run/two.cfg", ["two", "ram", "00:16:3e:00:00:65"])


@long
@pytest.mark.border
def test_user_script(dom0, tools, guest):
    """A user's script is started on xl's contract, may fail with its reason, and is told of the
    end."""
    dom0.check("cat >/run/mine <<'EOF'\n" + SCRIPT + "EOF\nchmod +x /run/mine; rm -f /run/mine.log")
    tools.create("ram")
    guest.check("true")
    dom0.check("domus network-attach ram script=/run/mine mac=00:16:3e:00:00:66", 60)
    assert guest.check("cat /sys/class/net/eth1/address").strip() == "00:16:3e:00:00:66"
    dom0.check("domus network-detach ram 1", 60)
    lines = dom0.check("cat /run/mine.log").split("\n")
    name = f"vif{tools.domains()['ram']['id']}.1"
    assert lines[0] == f"online type_if=vif {name} vif backend 00:16:3e:00:00:66"
    assert lines[1] == f"offline type_if=vif {name} vif backend 00:16:3e:00:00:66"
    dom0.check("touch /run/mine.fails")
    before = tools.resources()
    complaint(dom0, "domus network-attach ram script=/run/mine", ["/run/mine", "no luck today"])
    after = tools.resources()
    assert (after["store nodes"], after["network interfaces"]) \
        == (before["store nodes"], before["network interfaces"])
    complaint(dom0, "domus network-attach ram script=/run/none", ["/run/none", "script"])
    dom0.check("cp /etc/xen/scripts/vif-bridge /etc/xen/scripts/vif-theirs; rm /run/mine.fails")
    dom0.check("domus network-attach ram script=vif-theirs", 90)
    dom0.check("domus network-detach ram 1", 90)
