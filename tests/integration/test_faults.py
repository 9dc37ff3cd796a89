# SPDX-License-Identifier: MIT
"""Faults of the host, injected one by one: each gives one sentence that names its object, and an
operation by which domusd's log and the store's tell more; and when it is over, nothing is left."""
import re

import pytest
from conftest import FULL
from test_input import complaint

pytestmark = pytest.mark.sides("domus-domus", "xen-domus")

DISK = "domus create -p /run/disk.cfg"
CARD = "domus create -p /run/card.cfg"
ATTACH = "domus block-attach ram"
NETWORK = "domus network-attach ram"
TINY = "mount -t tmpfs -o size=4k none"
FILL = "! dd if=/dev/zero of=$D/fill bs=4k count=9 2>/dev/null"

KILL_WORKER = ("(until p=$(grep -l ^domusd:create /proc/[0-9]*/comm); do usleep 10000; done;"
               " p=${p#/proc/}; kill -9 ${p%/comm})")

# A loop device, an image, a bridge and two configs that the faults share.
PREPARE = """
truncate -s 4M /srv/f.img; cp /srv/f.img /srv/f2.img; mkdir -p /srv/folder /run/mnt
qemu-img create -q -f qcow2 /srv/f.qcow2 4M; truncate -s 64k /srv/bad.qcow2
ip link add plain type dummy 2>/dev/null || ip link add plain type bridge
sed '/^vif/d; s/"ram"/"f"/' /srv/test/ram.cfg >/run/disk.cfg
echo 'disk = [ "/srv/f.img,raw,xvda,w" ]' >>/run/disk.cfg
sed 's/"ram"/"f"/; s/00:65/00:77/' /srv/test/ram.cfg >/run/card.cfg
syslogd -O /run/messages 2>/dev/null
printf '#!/bin/sh\\nexit 3\\n' >/run/fails; printf '#!/bin/sh\\n' >/run/mute
chmod +x /run/fails /run/mute
domus create -p /srv/test/ram.cfg
"""

# name: (what goes wrong, what is asked, words of the answer, how it is put right)
FAULTS = {
    "no block backend": ("rmmod xen_blkback", DISK, ["xen-blkback", "module"],
                         "modprobe xen-blkback"),
    # Its threads end a moment after the card.
    "no network backend": ("domus network-detach --force ram 0; tries=0; until rmmod xen_netback;"
                           " do tries=$((tries + 1)); [ $tries -lt 20 ] || break; sleep 1; done;"
                           " [ ! -d /sys/module/xen_netback ]", CARD,
                           ["xen-netback", "module"],
                           "modprobe xen-netback; domus network-attach ram mac=00:16:3e:00:00:65"),
    "no loop driver": ("mv /dev/loop-control /dev/x", DISK, ["loop", "module"],
                       "mv /dev/x /dev/loop-control"),
    "no nbd driver": (f"rmmod nbd", f"{ATTACH} /srv/f.qcow2,qcow2,xvdb,w",
                      ["nbd", "/srv/f.qcow2", "module"], "modprobe nbd"),
    "no nbd device": (f"rmmod nbd; modprobe nbd nbds_max=1;"
                      f" {ATTACH} /srv/f.qcow2,qcow2,xvdb,r",
                      f"{ATTACH} /srv/f.qcow2,qcow2,xvdc,r", ["nbds_max", "1", "/srv/f.qcow2"],
                      "domus block-detach --force ram xvdb; rmmod nbd; modprobe nbd"),
    "no qemu-nbd": (f"mv /usr/bin/qemu-nbd /usr/bin/x",
                    f"{ATTACH} /srv/f.qcow2,qcow2,xvdb,w", ["qemu-nbd", "qemu-utils"],
                    "mv /usr/bin/x /usr/bin/qemu-nbd"),
    "qcow2 corrupt": ("", f"{ATTACH} /srv/bad.qcow2,qcow2,xvdb,w",
                      ["/srv/bad.qcow2", "qcow2"], ""),
    "nbd server silent": ("", f"{ATTACH} nbd://127.0.0.1:9/x,raw,xvdb,w",
                          ["nbd://127.0.0.1:9/x", "refused"], ""),
    "disk backend asleep": ("echo 0 >/sys/bus/xen-backend/drivers_autoprobe", DISK,
                            ["disk xvda", "backend Initialising(1)"],
                            "echo 1 >/sys/bus/xen-backend/drivers_autoprobe"),
    "card backend asleep": ("echo 0 >/sys/bus/xen-backend/drivers_autoprobe", CARD,
                            ["network card 0", "backend Initialising(1)"],
                            "echo 1 >/sys/bus/xen-backend/drivers_autoprobe"),
    "image gone": ("mv /srv/f.img /srv/x", DISK, ["/srv/f.img", "No such file", "disk="],
                   "mv /srv/x /srv/f.img"),
    "image a folder": ("", f"{ATTACH} /srv/folder,raw,xvdb,w", ["/srv/folder", "neither"], ""),
    "image empty": (f": >/srv/nil", f"{ATTACH} /srv/nil,raw,xvdb,w", ["/srv/nil", "0 bytes"],
                    "rm /srv/nil"),
    "image on a read-only file system": (
        f"{TINY} /run/mnt; truncate -s 4k /run/mnt/i; mount -o remount,ro /run/mnt",
        f"{ATTACH} /run/mnt/i,raw,xvdb,w", ["/run/mnt/i", "Read-only", "writing"],
        "umount /run/mnt"),
    "image in dom0's hands": (f"losetup /dev/loop6 /srv/f2.img",
                              f"{ATTACH} /srv/f2.img,raw,xvdb,w", ["/srv/f2.img", "/dev/loop6"],
                              "losetup -d /dev/loop6"),
    "device mounted": ("", f"{ATTACH} phy:/dev/vda,xvdb,w", ["/dev/vda", "unmount"], ""),
    "device no device": ("", f"{ATTACH} phy:/srv/f.img,xvdb,w", ["/srv/f.img", "phy:"], ""),
    "image cannot grow so much": (f"{ATTACH} /srv/f.img,raw,xvdb,w",
                                  "domus block-resize ram xvdb 16000T",
                                  ["/srv/f.img", "xvdb", "too large"],
                                  "domus block-detach --force ram xvdb"),
    "no bridge": ("ip link set xenbr0 down; ip link set xenbr0 name x", CARD, ["xenbr0", "bridge"],
                  "ip link set x name xenbr0; ip link set xenbr0 up;"
                  " ip route add default via 10.0.2.2"),
    "bridge no bridge": ("", f"{NETWORK} bridge=lo", ["lo", "not a bridge"], ""),
    "interface name taken": ("", f"{NETWORK} vifname=lo", ["lo", "vifname"], ""),
    "address taken": ("", "sed 's/\"ram\"/\"f\"/' /srv/test/ram.cfg >/run/same.cfg;"
                      " domus create -p /run/same.cfg", ["ram", "00:16:3e:00:00:65", "mac"], ""),
    "no default route": (f"ip route del default", f"{NETWORK} script=vif-route ip=10.9.0.2",
                         ["default route", "gatewaydev"], "ip route add default via 10.0.2.2"),
    "gateway without address": ("", f"{NETWORK} script=vif-route ip=10.9.0.2 gatewaydev=plain",
                                ["plain", "address"], ""),
    "no such gateway": ("", f"{NETWORK} script=vif-route ip=10.9.0.2 gatewaydev=none0",
                        ["none0", "gatewaydev"], ""),
    "route taken": (f"ip route add 10.9.0.2/32 dev xenbr0",
                    f"{NETWORK} script=vif-route ip=10.9.0.2", ["10.9.0.2", "routed elsewhere"],
                    "ip route del 10.9.0.2/32"),
    "vlan on a plain bridge": ("", f"{NETWORK} vlan=5", ["xenbr0", "vlan_filtering"], ""),
    "script fails": ("", f"{NETWORK} script=/run/fails", ["/run/fails", "status 3"], ""),
    "script says nothing": ("", f"{NETWORK} script=/run/mute",
                            ["/run/mute", "hotplug-status"], ""),
    "script missing": ("", f"{NETWORK} script=/run/none", ["/run/none", "script="], ""),
    "state folder full": (f"{TINY} /var/lib/domus; D=/var/lib/domus; {FILL}", DISK,
                          ["/var/lib/domus", "No space"], "umount /var/lib/domus"),
    "state folder read-only": (f"{TINY} /var/lib/domus; mount -o remount,ro /var/lib/domus", DISK,
                               ["/var/lib/domus", "Read-only"], "umount /var/lib/domus"),
    "state folder gone": ("mv /var/lib/domus /var/lib/x", DISK, ["/var/lib/domus", "No such"],
                          "mv /var/lib/x /var/lib/domus"),
    "store dead": ("kill -9 $(pidof xenstored)", DISK, ["xenstore", "start xenstored"],
                   "/usr/lib/domus/xenstored; usleep 300000"),
    "no privcmd": ("mv /dev/xen/privcmd /dev/x", DISK, ["/dev/xen/privcmd", "xen-privcmd"],
                   "mv /dev/x /dev/xen/privcmd"),
    "memory exhausted": ("sed 's/^memory.*/memory = 4000/' /run/disk.cfg >/run/big.cfg",
                         "domus create -p /run/big.cfg", ["'f'", "4000 MiB", "memory="], ""),
    "kernel gone": ("sed 's/vmlinuz/none/' /run/disk.cfg >/run/k.cfg", "domus create -p /run/k.cfg",
                    ["kernel", "/srv/none"], ""),
    "name taken": (f"sed 's/\"f\"/\"ram\"/' /run/card.cfg >/run/same.cfg",
                   "domus create -p /run/same.cfg", ["'ram'", "exists"], ""),
    "guest frozen": ("", "domus shutdown -w -t 2 ram", ["'ram'", "destroy"], ""),
    "guest frozen, disk wanted back": (f"{ATTACH} /srv/f.img,raw,xvdb,w",
                                       "domus block-detach ram xvdb", ["'ram'", "paused", "xvdb"],
                                       "domus block-detach --force ram xvdb"),
    "no descriptors": ("p=$(cat /run/domus/domusd.lock); n=$(ls /proc/$p/fd | wc -l); kill $p;"
                       " while [ -e /proc/$p ]; do usleep 100000; done;"
                       " (ulimit -n $((n + 2)); /usr/lib/domus/domusd)", "domus list",
                       ["list", "Too many open files", "descriptors"],
                       "kill -9 $(cat /run/domus/domusd.lock); usleep 300000;"
                       " /usr/lib/domus/domusd"),
    "no worker": (KILL_WORKER + " >/dev/null 2>&1 &",
                  DISK, ["create", "signal 9"], "sleep 1"),
    "no domusd": ("kill -9 $(cat /run/domus/domusd.lock); usleep 300000", "domus list",
                  ["domusd", "start it"], "/usr/lib/domus/domusd"),
    "two of domusd": ("", "/usr/lib/domus/domusd 2>&1 | sed 's/^domusd/domus/'; false",
                      ["another domusd"], ""),
}
# Told by domus itself, or by a program that was not asked through domusd.
WITHOUT_OPERATION = ["no domusd", "two of domusd"]

# What make check runs of them; FULL=1 runs all.
QUICK = ["no block backend", "no loop driver", "no nbd driver", "no nbd device", "no qemu-nbd",
         "nbd server silent"]

LEFT = ("echo $(xenstore-ls | wc -l) $(losetup -a | wc -l) $(ls /sys/class/net | wc -l)"
        " $(ls /var/lib/domus/*.state 2>/dev/null | wc -l) $(ls /run/domus/console | wc -l)"
        " $(grep -l qemu-nb[d] /proc/[0-9]*/cmdline 2>/dev/null | wc -l)"
        " $(xl list | wc -l) $(grep -c . /proc/mounts)")


@pytest.fixture(scope="module")
def prepared(dom0):
    """The machine with what the faults share, and a guest that stands still."""
    dom0.check("cat >/run/prepare <<'EOF'\n" + PREPARE + "EOF\nsh /run/prepare", 120)
    yield dom0
    dom0.check("domus destroy ram", 60)


@pytest.mark.parametrize("name", FAULTS if FULL else QUICK)
def test_fault(prepared, name):
    """A fault of the host."""
    wrong, asked, words, right = FAULTS[name]
    before = prepared.check(LEFT)
    try:
        prepared.check(wrong or "true", 90)
        line = complaint(prepared, asked, words)
    finally:
        prepared.run(f"{right or 'true'}; domus destroy f 2>/dev/null", 90)
    after = prepared.check(LEFT)
    if after != before:     # what goes a moment later is not left
        prepared.check("sleep 2")
        after = prepared.check(LEFT)
    assert after == before
    if name in WITHOUT_OPERATION:
        return
    match = re.search(r"\(operation ([0-9a-f]+-\d+)\)$", line)
    assert match, f"{line!r} names no operation"
    prepared.check(f"grep -q '\\[{match.group(1)}\\]' /var/log/domus/domusd.log")
