# SPDX-License-Identifier: MIT
"""User instructions and system calls that one operation costs the store: ours beside Debian's.

Instructions are counted by valgrind, from the difference between many and few operations, so that
start-up does not count; system calls by strace. Both daemons run on the fake Xen."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import storewire

sys.path.insert(0, os.path.join(storewire.TOP, "tests", "machine"))
import packages     # noqa: E402

FEW, MANY = 20, 320
VIF = "/local/domain/0/backend/vif/1/0"


def transaction(dom0, guest):
    del guest
    t = dom0.start()
    dom0.write("/bench/k", "v", tx_id=t)
    dom0.ask("TRANSACTION_END", "T", tx_id=t)


OPERATIONS = {
    "read": lambda dom0, guest: dom0.ask("READ", f"{VIF}/k20"),
    "write": lambda dom0, guest: dom0.write("/local/domain/0/backend/vbd/1/0/x", "abc"),
    "write, watched": lambda dom0, guest: dom0.write(f"{VIF}/k2", "abc"),
    "directory of 40": lambda dom0, guest: dom0.ask("DIRECTORY", VIF),
    "get permissions": lambda dom0, guest: dom0.ask("GET_PERMS", VIF),
    "set permissions": lambda dom0, guest: dom0.ask("SET_PERMS", f"{VIF}/k3", "n0", "r1"),
    "mkdir": lambda dom0, guest: dom0.ask("MKDIR", "/local/domain/0/backend/z"),
    "mkdir, rm": lambda dom0, guest: (dom0.ask("MKDIR", "/local/domain/0/backend/z/1"),
                                      dom0.ask("RM", "/local/domain/0/backend/z")),
    "transaction of 3": transaction,
    "watch, unwatch": lambda dom0, guest: (dom0.ask("WATCH", "/foo/bar", "t"),
                                           dom0.ask("UNWATCH", "/foo/bar", "t")),
    "guest's read": lambda dom0, guest: guest.ask("READ", "device/vif/0/k20"),
    "guest's write": lambda dom0, guest: guest.write("device/vif/0/k20", "4"),
}


def set_up(store):
    """A store as it is with a guest or two."""
    dom0, guest = store.client(), store.guest(1)
    dom0.write("/local/domain/1", "")
    dom0.ask("SET_PERMS", "/local/domain/1", "n1")
    for i in range(40):
        dom0.write(f"{VIF}/k{i}", "v" * 10)
    for i in range(30):
        dom0.write(f"/local/domain/1/device/vif/0/k{i}", "v" * 10)
    for i in range(10):
        dom0.ask("WATCH", f"/local/domain/0/backend/vif/{i}", "tok")
    return dom0, guest


def start(which, wrapper, root):
    if which == "ours":
        return storewire.Daemon(wrapper + [os.path.join(storewire.BUILD, "bin", "bench-xenstored")])
    return storewire.Daemon(wrapper + [os.path.join(root, "usr/lib/xen-4.17/bin/xenstored")],
                            preload=os.path.join(storewire.BUILD, "bin", "xenstored-shim.so"),
                            libraries=os.path.join(root, "usr/lib/x86_64-linux-gnu"))


def total(which, wrapper, root, operation, count, result):
    """What `result` finds after `count` operations."""
    store = start(which, wrapper, root)
    try:
        dom0, guest = set_up(store)
        for _ in range(count):
            operation(dom0, guest)
        store.process.terminate()
        store.process.wait(60)
        time.sleep(0.2)     # strace -D ends after its child
        return result(store)
    finally:
        store.stop()


def per_operation(which, wrapper, root, operation, result):
    few, many = (total(which, wrapper, root, operation, n, result) for n in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def instructions(store):
    return int(re.search(r"Collected : (\d+)", store.log_text()).group(1))


def main():
    for tool in ("valgrind", "strace"):
        if not shutil.which(tool):
            print(f"bench-store: {tool} is not installed: apt-get install {tool}")
            return 1
    packages.ensure(peer=True)
    storewire.TIMEOUT = 60
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    worst = 0
    print(f"{'operation':18} {'instructions':>22}  {'':5} {'system calls':>14}")
    print(f"{'':18} {'ours':>10} {'Debian':>11}  {'ratio':5} {'ours':>6} {'Debian':>7}")
    with tempfile.TemporaryDirectory() as folder:
        calls = os.path.join(folder, "calls")

        def count_calls(_):
            with open(calls, encoding="ascii", errors="replace") as out:
                return sum(1 for _ in out)

        for name, operation in OPERATIONS.items():
            row = []
            for wrapper, result in ((valgrind, instructions),
                                    (["strace", "-D", "-o", calls], count_calls)):
                row += [per_operation(which, wrapper, packages.ROOT, operation, result)
                        for which in ("ours", "debian")]
            ratio = row[0] / row[1]
            worst = max(worst, ratio)
            print(f"{name:18} {row[0]:10.0f} {row[1]:11.0f}  {ratio:5.2f} {row[2]:6.1f} "
                  f"{row[3]:7.1f}", flush=True)
    print(f"worst ratio {worst:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
