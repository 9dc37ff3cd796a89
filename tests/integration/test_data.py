# SPDX-License-Identifier: MIT
"""What goes through block and network frontends arrives unchanged."""
import re

MEGABYTES = 100


def sha256(text):
    """The first SHA-256 in a text."""
    match = re.search(r"\b[0-9a-f]{64}\b", text)
    assert match, f"no hash in {text!r}"
    return match.group(0)


def test_disk(dom0, tools, guest):
    """A guest reads what dom0 wrote, dom0 reads what the guest wrote; a disk that was given
    read-only cannot be written."""
    dom0.check("head -c 33554432 /dev/urandom >/srv/read.img", 60)
    dom0.check("rm -f /srv/write.img; truncate -s 33554432 /srv/write.img")
    expected = sha256(dom0.check("sha256sum /srv/read.img"))
    tools.create("disks")
    assert sha256(guest.check("sha256sum /dev/xvda", 120)) == expected
    written = sha256(guest.check(
        "mkfifo /tmp/f && { sha256sum /tmp/f & } &&"
        " head -c 33554432 /dev/urandom | tee /tmp/f | dd of=/dev/xvdb bs=64k 2>/dev/null"
        " && sync && wait", 120))
    assert sha256(guest.check("echo 3 >/proc/sys/vm/drop_caches; sha256sum /dev/xvdb", 120)) \
        == written
    _, status = guest.run("dd if=/dev/zero of=/dev/xvda bs=4k count=1 conv=fsync 2>/dev/null")
    assert status != 0
    tools.destroy("disks")
    tools.wait(lambda domains: not domains, 30, "end of the domain")
    assert sha256(dom0.check("sha256sum /srv/write.img", 60)) == written
    assert sha256(dom0.check("sha256sum /srv/read.img", 60)) == expected


def test_network(dom0, tools, guest):
    """100 MB to a guest and 100 MB back arrive intact."""
    count = MEGABYTES * 1000000
    tools.create("ram")
    guest.check("(nc -l -p 5000 | sha256sum >/tmp/got; touch /tmp/done) >/dev/null 2>&1 &")
    sent = sha256(dom0.check(
        f"mkfifo /run/f; sha256sum /run/f >/run/sum & head -c {count} /dev/urandom |"
        " tee /run/f | nc -w 60 10.0.2.101 5000; wait; cat /run/sum", 200))
    guest.check("n=0; until [ -e /tmp/done ] || [ $n -ge 100 ]; do n=$((n+1)); usleep 100000; done")
    assert sha256(guest.check("cat /tmp/got")) == sent

    dom0.check("(nc -l -p 5001 | sha256sum >/run/got; touch /run/done) >/dev/null 2>&1 &")
    sent = sha256(guest.check(
        f"mkfifo /tmp/f; sha256sum /tmp/f >/tmp/sum & head -c {count} /dev/urandom |"
        " tee /tmp/f | nc 10.0.2.15 5001 >/dev/null; wait; cat /tmp/sum", 200))
    dom0.check("n=0; until [ -e /run/done ] || [ $n -ge 100 ]; do n=$((n+1)); usleep 100000; done")
    assert sha256(dom0.check("cat /run/got")) == sent
