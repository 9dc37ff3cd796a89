# SPDX-License-Identifier: MIT
"""The verbs that change and watch a running domain, on stock Debian guests."""
import os
import re
import struct
import time

import pytest
import schema
from conftest import FULL
from machine import patience
from packages import TOP
from test_input import complaint

pytestmark = pytest.mark.sides("domus-domus", "xen-domus")


def ask(dom0, command, name):
    """What `domus command --json` prints, checked against a schema."""
    return schema.parse(dom0.check(f"domus {command} --json", 120), name)


def eventually(test, what, seconds=60):
    """Wait until test() is true."""
    end = time.monotonic() + seconds * patience()
    while not test():
        assert time.monotonic() < end, f"no {what} within {seconds} s"
        time.sleep(0.5)


def memory_kib(guest):
    """MemTotal of the guest."""
    return int(guest.check("sed -n 's/MemTotal: *//p' /proc/meminfo").split()[0])


def test_memory(dom0, tools, guest):
    """mem-set moves the guest's balloon down and up, within what its file allows."""
    tools.create("tune")
    before = memory_kib(guest)
    assert ask(dom0, "mem-set -w tune 100", "mem")["target_kib"] == 100 * 1024
    eventually(lambda: memory_kib(guest) < before - 20 * 1024, "smaller guest")
    assert dom0.check("domus mem-set -w -t 100 tune 163840k", 120) == \
        "domain 'tune' has 160 MiB\n"
    eventually(lambda: memory_kib(guest) > before + 20 * 1024, "larger guest")
    complaint(dom0, "domus mem-set tune 161", ["tune", "160", "maxmem"])
    complaint(dom0, "domus mem-set tune 8", ["tune", "8 MiB", "32"])
    complaint(dom0, "domus mem-set tune 1x", ["1x", "size"])
    complaint(dom0, "domus mem-max tune 150", ["tune", "160", "mem-set"])
    dom0.check("domus mem-set -w tune 128", 120)
    ask(dom0, "mem-max tune 150", "mem")


def test_vcpus(dom0, tools, guest):
    """vcpu-set plugs a CPU into the guest and out again; vcpu-list and vcpu-pin agree."""
    tools.create("tune")
    assert guest.check("nproc").strip() == "1"
    dom0.check("domus vcpu-set tune 2")
    # Linux leaves it to udev, which this guest has not, to switch a CPU on that is new.
    eventually(lambda: guest.run("echo 1 >/sys/devices/system/cpu/cpu1/online; [ $(nproc) = 2 ]")
               [1] == 0, "second CPU")
    rows = ask(dom0, "vcpu-list tune", "vcpu-list")
    assert [row["vcpu"] for row in rows] == [0, 1]
    assert all(row["hard"] == "all" and row["cpu"] == 0 for row in rows)
    dom0.check("domus vcpu-pin tune 1 0 all; domus vcpu-pin tune all - 0")
    assert "tune" in dom0.check("domus vcpu-list Domain-0 tune")
    dom0.check("domus vcpu-set tune 1")
    eventually(lambda: guest.run("[ $(nproc) = 1 ]")[1] == 0, "single CPU")
    eventually(lambda: ask(dom0, "vcpu-list tune", "vcpu-list")[1]["state"] == "offline",
               "offline state")
    complaint(dom0, "domus vcpu-set tune 3", ["tune", "2", "maxvcpus"])
    complaint(dom0, "domus vcpu-set tune 0", ["0", "number of virtual CPUs"])
    complaint(dom0, "domus vcpu-pin tune 5 0", ["tune", "5", "0 to 1"])
    complaint(dom0, "domus vcpu-pin tune 0 7", ["tune", "online"])
    complaint(dom0, "domus vcpu-pin tune 0 3-1", ["3-1", "smaller"])


def test_shares(dom0, tools):
    """sched shows and sets weight and cap."""
    tools.create("ram", "-p")
    dom0.check("domus sched -w 512 -c 50 ram")
    row, = ask(dom0, "sched ram", "sched")
    assert (row["weight"], row["cap"]) == (512, 50)
    dom0.check("domus sched -c 0 ram")
    assert {row["domid"]: row["weight"] for row in ask(dom0, "sched", "sched")}[0] == 256
    assert dom0.check("domus sched ram").split()[-2:] == ["512", "0"]
    complaint(dom0, "domus sched -w 0 ram", ["weight", "0"])


def test_names(dom0, tools, guest):
    """rename, domid, domname and uptime."""
    tools.create("ram")
    number = dom0.check("domus domid ram").strip()
    assert ask(dom0, f"domname {number}", "domid")["name"] == "ram"
    assert guest.check("hostname").strip() == "ram"
    dom0.check("domus rename ram hall")
    assert dom0.check(f"domus domname {number}") == "hall\n"
    assert dom0.check(f"xenstore-read /local/domain/{number}/name") == "hall\n"
    complaint(dom0, "domus domid ram", ["ram", "list"])
    complaint(dom0, "domus rename hall 7", ["7", "number"])
    complaint(dom0, "domus rename hall Domain-0", ["Domain-0", "exists"])
    row, = ask(dom0, "uptime hall", "uptime")
    assert 0 < row["uptime_s"] < 1200
    assert "Domain-0" in dom0.check("domus uptime")
    # The new name is the one that the domain is restarted under, and its log's.
    dom0.check("domus reboot -w hall", 120)
    tools.wait(lambda domains: domains.get("hall", {}).get("id", 0) > int(number), 60, "restart")
    dom0.check("[ -s /var/log/domus/hall.log ]")


def test_signals(dom0, tools):
    """sysrq and trigger reach the guest's kernel."""
    tools.create("ram")
    eventually(lambda: "ram is ready" in dom0.check("cat /var/log/domus/ram.log"), "guest")
    dom0.check("domus sysrq ram h")
    eventually(lambda: "sysrq: HELP" in dom0.check("cat /var/log/domus/ram.log"), "SysRq help")
    dom0.check("domus trigger ram nmi")
    eventually(lambda: "NMI" in dom0.check("cat /var/log/domus/ram.log"), "NMI message")
    complaint(dom0, "domus sysrq ram help", ["help", "SysRq"])
    complaint(dom0, "domus trigger ram sleep", ["ram", "sleep", "paravirtualized"])
    complaint(dom0, "domus trigger ram nap", ["nap", "nmi"])
    complaint(dom0, "domus trigger ram nmi 7", ["ram", "7"])


def test_watching(dom0, tools):
    """top counts what guests do; debug-keys show the hypervisor's state."""
    tools.create("tune")
    stats = ask(dom0, "top -n 1", "top")
    row = next(row for row in stats["domains"] if row["name"] == "tune")
    assert row["cpu_ns"] > 0 and len(row["networks"]) == len(row["disks"]) == 1
    assert row["disks"][0]["reads"] >= 0 and "sent_bytes" in row["networks"][0]
    table = dom0.check("domus top -b -d 1 -n 2", 120)
    assert table.count("NAME") == 2 and table.count("tune") == 2
    assert "'h' pressed" in ask(dom0, "debug-keys h", "dmesg")["text"]
    ask(dom0, "list", "list")
    ask(dom0, "list tune", "list-one")
    ask(dom0, "info", "info")
    ask(dom0, "dmesg", "dmesg")
    ask(dom0, "pause tune", "none")
    result = dom0.run("domus pause nobody --json 2>/dev/null")
    assert result.status == 1 and schema.parse(result.output, "error")


@pytest.mark.parametrize("command", [
    "mem-set nobody 100", "mem-max nobody 100", "vcpu-list nobody", "vcpu-set nobody 1",
    "vcpu-pin nobody 0 0", "sched nobody", "sched -w 1 nobody", "rename nobody somebody",
    "domid nobody", "domname 3000", "uptime nobody", "sysrq nobody h", "trigger nobody nmi"])
def test_nobody(dom0, tools, command):
    """Each verb says that there is no such domain."""
    del tools
    complaint(dom0, f"domus {command}", ["there is no domain '", "see domus list"])


def test_events_and_deaths(dom0, tools):
    """events tells what happens to a domain; list --dead remembers how it ended, and where."""
    dom0.check("domus events --json -s 600 panic >/run/events & sleep 1")
    tools.create("panic")
    tools.wait(lambda domains: domains.get("panic", {}).get("state") == "crashed", 60, "crash")
    eventually(lambda: "preserved" in dom0.check("cat /run/events"), "event")
    number = tools.domains()["panic"]["id"]
    seen = [schema.parse(line, "event") for line in dom0.check("cat /run/events").splitlines()]
    assert [row["event"] for row in seen] == ["created", "started", "ended", "preserved"]
    assert seen[2]["reason"] == "crashed" and seen[2]["domid"] == number
    death = ask(dom0, "list --dead panic", "dead")[-1]
    assert (death["reason"], death["action"]) == ("crashed", "preserve")
    assert death["rip"].startswith("0xffffffff8") and "sysrq" in death["details"]
    dom0.check("domus destroy panic")
    # With a map beside the kernel, the place has a name.
    dom0.check(f"echo {int(death['rip'], 16) - 16:x} T where_it_was >/srv/vmlinuz.map")
    tools.create("panicd")
    tools.wait(lambda domains: not domains, 60, "end of the domain")
    eventually(lambda: ask(dom0, "list --dead panicd", "dead"), "death")
    assert ask(dom0, "list --dead panicd", "dead")[-1]["symbol"] == "where_it_was+0x10"
    dom0.check("rm /srv/vmlinuz.map; kill %1; wait")
    assert "was destroyed on request" in dom0.check("domus list --dead panic")


def sections(dom0, path):
    """{name: (offset, bytes)} of an ELF file in dom0, and its (vCPUs, pages) by its header note."""
    def read(offset, count):
        text = dom0.check(f"dd if={path} bs=1 skip={offset} count={count} 2>/dev/null |"
                          " hexdump -v -e '1/1 \"%02x\"'", 120)
        return bytes.fromhex(text.strip())
    header = read(0, 64)
    assert header[:5] == b"\x7fELF\x02" and header[16] == 4
    table, (size, count, strings) = struct.unpack_from("<Q", header, 40)[0], \
        struct.unpack_from("<HHH", header, 58)
    rows = [struct.unpack_from("<II4Q", read(table, size * count), i * size)
            for i in range(count)]
    names = read(rows[strings][4], rows[strings][5])
    found = {names[row[0]:names.index(b"\0", row[0])].decode(): row[4:6] for row in rows}
    note = read(found[".note.Xen"][0], 64)
    assert note[12:16] == b"Xen\0"
    magic, vcpus, pages, page_bytes = struct.unpack_from("<4Q", note, 32)
    assert magic == 0xf00febed and page_bytes == 4096
    return found, vcpus, pages


def test_dump_core(dom0, tools):
    """dump-core writes the format that Debian's xl writes, with the same pages."""
    tools.create("ram")
    eventually(lambda: "ram is ready" in dom0.check("cat /var/log/domus/ram.log"), "guest")
    dom0.check("domus pause ram")
    result = ask(dom0, "dump-core ram /run/ours.core", "dump-core")
    found, vcpus, pages = sections(dom0, "/run/ours.core")
    assert vcpus == 1 and pages == result["pages"] > 30000
    assert found[".xen_pages"][1] == pages * 4096 and found[".xen_p2m"][1] == pages * 16
    assert int(dom0.check("grep -a -c 'Linux version 6' /run/ours.core")) > 0
    complaint(dom0, "domus dump-core ram /run/ours.core", ["/run/ours.core", "exists"])
    complaint(dom0, "domus dump-core ram /run/no/core", ["/run/no/core", "No such"])
    dom0.check("rm /run/ours.core; xl dump-core ram /run/theirs.core; domus unpause ram", 300)
    theirs, their_vcpus, their_pages = sections(dom0, "/run/theirs.core")
    assert (their_vcpus, their_pages) == (vcpus, pages) and set(found) == set(theirs)
    assert theirs[".xen_prstatus"][1] == found[".xen_prstatus"][1]
    dom0.check("rm /run/theirs.core; cd /run; domus dump-core --live ram live.core", 120)
    assert tools.domains()["ram"]["state"] == "running"
    dom0.check("rm /run/live.core")


def is_ready(dom0, name):
    """True once the guest's shell has said that it is up."""
    return "is ready" in dom0.run(f"cat /var/log/domus/{name}.log").output


def test_config(dom0, tools):
    """create takes settings and shows its plan; config and diff show what has become of them."""
    plan = dom0.check("domus create -n /srv/test/ram.cfg memory=144 cpus=0 cpu_weight=300")
    assert "'ram' would be created" in plan and "144 MiB" in plan and "weight 300" in plan
    assert not tools.names()
    dom0.check("domus create -p /srv/test/ram.cfg memory=144 maxmem=160 cpus=0 cpu_weight=300"
               " 'on_crash=preserve'", 120)
    row, = ask(dom0, "sched ram", "sched")
    assert row["weight"] == 300
    dom0.check("domus mem-set ram 132; domus sched -w 301 -c 77 ram")
    shown = ask(dom0, "config ram", "config")
    assert shown["file"] == "/srv/test/ram.cfg"
    for line in ("memory = 132", "maxmem = 160", "cpu_weight = 301", "cap = 77", 'cpus = "0"',
                 'on_crash = "preserve"'):
        assert line + "\n" in shown["config"]
    differences = dom0.run("domus diff ram")
    assert differences.status == 3
    assert "- memory = 128\n+ memory = 132\n" in differences.output
    assert "mac" not in differences.output and "uuid" not in differences.output
    dom0.check("domus config ram >/run/now.cfg; domus diff ram /run/now.cfg")
    text = dom0.run("domus diff ram --json").output
    assert {row["key"] for row in schema.parse(text, "diff")} == \
        {"memory", "maxmem", "cpu_weight", "cap", "cpus", "on_crash"}
    ask(dom0, "check /run/now.cfg", "check")
    complaint(dom0, "domus create /srv/test/ram.cfg 'cpuid=host,sse9=0'", ["sse9", "cpuid"])
    complaint(dom0, "domus create /srv/test/ram.cfg memry=3", ["memry", "memory"])
    complaint(dom0, "domus create /srv/test/ram.cfg 7", ["7", "key=value"])
    complaint(dom0, "domus create /srv/test/tune.cfg cpus=99 name=other", ["other", "CPU"])
    complaint(dom0, "domus diff ram /run/none.cfg", ["/run/none.cfg"])
    complaint(dom0, "domus config Domain-0", ["Domain-0", "not made by domus"])
    assert tools.names() == ["ram"]


def test_cpuid(dom0, tools, guest):
    """cpuid= hides a feature from the guest's kernel."""
    assert "rdrand" in dom0.check("grep flags /proc/cpuinfo")
    dom0.check("domus create /srv/test/ram.cfg 'cpuid=host,rdrand=0,rdseed=0'", 120)
    flags = guest.check("grep flags /proc/cpuinfo").split()
    assert "sse2" in flags and "rdrand" not in flags and "rdseed" not in flags
    del tools


def test_crash_loop(dom0, tools):
    """A domain that crashes again and again leaves cores and is given up."""
    dom0.check("rm -rf /var/lib/domus/cores; domus create --no-wait /srv/test/panicd.cfg"
               " on_crash=coredump-restart restart_limit=1", 120)
    eventually(lambda: len(dom0.run("ls /var/lib/domus/cores").output.split()) == 2, "cores", 240)
    tools.wait(lambda domains: not domains, 60, "end of the domain")
    log = dom0.check("cat /var/log/domus/domusd.log")
    assert "has crashed 2 times within 300 s (restart_limit=1)" in log
    actions = [row["action"] for row in ask(dom0, "list --dead panicd", "dead")[-2:]]
    assert actions == ["coredump-restart"] * 2
    dom0.check("rm -rf /var/lib/domus/cores")


def test_host(dom0, tools):
    """autostart creates a list in its order; shutdown --all ends everything for good."""
    dom0.check("domus create /srv/test/ram.cfg on_poweroff=restart", 120)
    dom0.check("printf '%s\\n' '# the list' /srv/test/ram.cfg '/srv/none.cfg delay=1'"
               " '/srv/test/tune.cfg delay=3 # last' '' >/run/list")
    result = dom0.run("domus autostart /run/list 2>&1", 180)
    assert result.status == 1 and "'ram' is there already" in result.output
    assert "/srv/none.cfg" in result.output and "'tune' runs as" in result.output
    complaint(dom0, "domus autostart /run/nolist", ["/run/nolist", "No such"])
    dom0.check("echo '/srv/test/ram.cfg soon' >/run/list")
    complaint(dom0, "domus autostart /run/list", ["/run/list:1", "soon", "delay=SECONDS"])
    for name in ("ram", "tune"):
        eventually(lambda name=name: is_ready(dom0, name), "guest", 120)
    ended = ask(dom0, "shutdown --all --wait --timeout 200", "shutdown-all")
    assert sorted(row["name"] for row in ended) == ["ram", "tune"]
    assert all(row["asked"] and row["ended"] for row in ended)
    assert not tools.names()


def test_why(dom0, tools):
    """why names those who hold a domain: of one that runs, and of one that cannot vanish."""
    tools.create("ram", "-p")
    answer = ask(dom0, "why ram", "why")
    assert answer["pages"] > 30000 and answer["state"] == "paused"
    assert any(row["user"] == 0 for row in answer["grants"])
    assert [row["kind"] for row in answer["backends"]] == ["vif"]
    dom0.check("domus destroy ram")
    # A builder that stands still keeps the console ring of its guest mapped.
    dom0.check("(/usr/lib/domus/domus-build kernel=/srv/vmlinuz ramdisk=/srv/guest.cpio.gz"
               " memory=128 cmdline=console=hvc0 until=never seconds=900 >/run/built 2>&1 &"
               " echo $! >/run/builder)")
    found = tools.wait(lambda domains: domains, 120, "domain")
    number = next(iter(found.values()))["id"]
    eventually(lambda: "guest: init" in dom0.check("cat /run/built"), "guest", 120)
    dom0.check("kill -STOP $(cat /run/builder)")
    result = dom0.run(f"domus destroy --force {number} 2>&1", 120)
    assert result.status == 1 and f"domus why {number}" in result.output
    answer = ask(dom0, f"why {number}", "why")
    assert answer["state"] == "dying" and answer["pages"] > 0
    assert "domus-build" in [row["name"] for row in answer["processes"]]
    assert {row["user"] for row in answer["grants"]} == {0}
    text = dom0.check(f"domus why {number}")
    assert "is dying" in text and "(domus-build) maps" in text
    dom0.check("kill -KILL $(cat /run/builder)")
    tools.wait(lambda domains: not domains, 60, "end of the domain")
    complaint(dom0, "domus why nobody", ["nobody", "list"])


def test_examples(dom0, tools):
    """Every example of domus(1) does what it should."""
    with open(os.path.join(TOP, "docs/man/domus.1"), encoding="utf-8") as file:
        lines = re.search(r"\.SH EXAMPLES\n\.nf\n(.*?)\.fi", file.read(), re.S).group(1)
    for line in lines.splitlines():
        # Nobody types at a console here; and a difference is what diff is to find.
        result = dom0.run(line.replace("create -c ", "create ") + " 2>&1", 300)
        assert result.status in ((0, 3) if " diff " in line else (0,)), (line, result.output)
    assert not tools.names()
    dom0.check("rm -f /srv/demo.save")
