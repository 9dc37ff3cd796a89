# SPDX-License-Identifier: MIT
"""Bad input gets one sentence that names its object and cause, a status, and leaves nothing."""
import pytest

pytestmark = pytest.mark.sides("domus-domus", "xen-domus")

# name: (preparation in dom0, edit of ram.cfg by sed, words that the answer must have)
CASES = {
    "misspelt key": ("", "s/^memory/memry/", ["bad.cfg:5", "memry", "memory"]),
    "wrong type": ("", 's/^memory.*/memory = "lots"/', ["bad.cfg:5", "memory"]),
    "syntax error": ("", "s/^memory.*/memory = [/", ["bad.cfg:"]),
    "kernel missing": ("", "s|/srv/vmlinuz|/srv/nothing|", ["kernel", "/srv/nothing"]),
    "kernel truncated": ("head -c 4000000 /srv/vmlinuz >/run/cut", "s|/srv/vmlinuz|/run/cut|",
                         ["/run/cut"]),
    "kernel corrupt": ("cp /srv/vmlinuz /run/bent; dd if=/dev/zero of=/run/bent bs=1000"
                       " seek=3000 count=9 conv=notrunc 2>/dev/null",
                       "s|/srv/vmlinuz|/run/bent|", ["/run/bent"]),
    "kernel is no kernel": ("head -c 9000 /dev/urandom >/run/noise", "s|/srv/vmlinuz|/run/noise|",
                            ["/run/noise"]),
    "ramdisk missing": ("", "s|/srv/guest.cpio.gz|/srv/nothing|", ["ramdisk", "/srv/nothing"]),
    "more memory than there is": ("", "s/^memory.*/memory = 99999/", ["memory", "99999"]),
    "too little memory for the kernel": ("", "s/^memory.*/memory = 64/", ["64", "MiB"]),
    "disk image missing": ("", '$a disk = [ "file:/srv/no.img,xvda,w" ]', ["/srv/no.img"]),
    "bridge missing": ("", "s/bridge=xenbr0/bridge=nobr/", ["nobr", "bridge"]),
    "bad mac": ("", "s/mac=[0-9a-f:]*/mac=00:16:3e:zz/", ["mac"]),
    "bad disk": ("", '$a disk = [ "file:/srv/demo.img,nodev,w" ]', ["nodev"]),
}


def complaint(dom0, command, words):
    """Run a command that must fail; its answer is one line with the words. Returns it."""
    result = dom0.run(command + " 2>&1", 120)
    assert result.status != 0, f"`{command}` succeeded: {result.output}"
    lines = result.output.strip().split("\n")
    assert len(lines) == 1 and lines[0].startswith("domus: "), result.output
    missing = [word for word in words if word not in lines[0]]
    assert not missing, f"{lines[0]!r} does not name {missing}"
    return lines[0]


@pytest.mark.parametrize("case", CASES)
def test_bad_file(dom0, tools, case):
    """A config that cannot be started is refused, and nothing is left of the attempt."""
    preparation, edit, words = CASES[case]
    dom0.check(f"{preparation or 'true'}; sed '{edit}' /srv/test/ram.cfg >/run/bad.cfg")
    before = tools.resources()
    complaint(dom0, "domus create /run/bad.cfg", words)
    after = tools.resources()
    assert after == before


def test_missing_file(dom0, tools):
    """A config that is not there."""
    del tools
    complaint(dom0, "domus create /run/none.cfg", ["/run/none.cfg", "No such file"])


def test_duplicate_name(dom0, tools):
    """A second domain of the same name; the first one stays."""
    tools.create("ram", "-p")
    before = tools.resources()
    complaint(dom0, "domus create -p /srv/test/ram.cfg", ["ram", "exists"])
    assert tools.resources() == before
    assert tools.names() == ["ram"]


@pytest.mark.parametrize("verb", ["destroy", "pause", "unpause", "shutdown", "reboot"])
def test_no_such_domain(dom0, tools, verb):
    """Verbs on a domain that is not there."""
    del tools
    complaint(dom0, f"domus {verb} nobody", ["nobody"])


def test_unknown_verb(dom0, tools):
    """A misspelt verb."""
    del tools
    complaint(dom0, "domus destory ram", ["destory"])


def test_guest_dies_at_once(dom0, tools):
    """A guest whose kernel panics before its devices are up: its last lines are shown."""
    dom0.check("sed '/^ramdisk/d' /srv/test/panicd.cfg >/run/bad.cfg;"
               " echo 'vif = [ \"bridge=xenbr0\" ]' >>/run/bad.cfg")
    result = dom0.run("domus create /run/bad.cfg 2>&1", 120)
    assert result.status != 0
    assert "Unable to mount root fs" in result.output and "crash" in result.output
    tools.wait(lambda domains: not domains, 30, "end of the domain")
