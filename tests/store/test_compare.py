# SPDX-License-Identifier: MIT
"""Our daemon and clients beside Debian's own, taken from its packages."""
import os
import subprocess
import sys

import pytest

import compare
import storewire

sys.path.insert(0, os.path.join(storewire.TOP, "tests", "machine"))
import packages     # noqa: E402

COMMANDS = r"""
xenstore-ls
xenstore-ls -f
xenstore-ls -fp
xenstore-ls -p
xenstore-ls -s
xenstore-write /a/b 1 /a/c "x\ny\\\\z" /a/c/d/e f
xenstore-write /v "$(printf 'a\tb\001\002\007\010\017\020\033\037\177\200\377"q"\\z end')"
xenstore-write -R /raw "$(printf 'a\tb\001\002\007\010\017\020\033\037\177\200\377"q"\\z end')"
xenstore-read /v /raw; xenstore-read -R /raw | od -c; xenstore-read -R /v | od -c
xenstore-write /esc 'a\x41\n\\b\q\101\1\08\xg\x4'; xenstore-read -R /esc | od -c
for i in $(seq 1 7 130); do xenstore-write /l/v$i $(printf %${i}s | tr ' ' x); done
xenstore-ls -p /l; xenstore-ls /l; xenstore-ls -fp
for i in $(seq 55 84); do xenstore-write /n/d/$(printf %${i}s | tr ' ' k) 123456; done
xenstore-ls -p /n; xenstore-ls /n; xenstore-ls; xenstore-ls -p
xenstore-chmod /l/v1 n0 r1 w2 b3 n4 r5 w6 b7; xenstore-ls -p /l
xenstore-ls /nope
xenstore-ls /a /l
xenstore-ls bad!
xenstore-read
xenstore-read -q
xenstore-read -h
xenstore-write
xenstore-write /a
xenstore-write /a 1 /b
xenstore-write -h
xenstore-write /bad! 1
xenstore-write rel 5; xenstore-read /local/domain/0/rel; xenstore-read rel; xenstore-read -p rel
xenstore-list
xenstore-list -h
xenstore-list -p / /a
xenstore-list /
xenstore-list /nope
xenstore-exists
xenstore-exists -h
xenstore-exists -p /a
xenstore-exists /a /nope /l
xenstore-exists /a /l
xenstore-chmod
xenstore-chmod -h
xenstore-chmod -u /a/c/d n0; xenstore-ls -fp /a
xenstore-chmod -r -u /a/c/d r0 b4; xenstore-ls -fp
xenstore-chmod -r /a n0 r3; xenstore-ls -fp
xenstore-chmod /a
xenstore-chmod /a n
xenstore-chmod /a nx
xenstore-chmod /a x0
xenstore-chmod /nope n0
xenstore-chmod -r /nope n0
xenstore-chmod -u /nope/a n0
xenstore-rm
xenstore-rm -h
xenstore-rm -t /a/c/d/e; xenstore-ls -f
xenstore-rm -t /n/d; xenstore-ls -f
xenstore-rm -t /nope; xenstore-rm /nope/nope; xenstore-rm /; xenstore-rm -t /
xenstore-rm /a /nope/nope; xenstore-ls -f /a
xenstore-watch
xenstore-watch -h
xenstore-watch -n 1 bad!
xenstore-watch -n 1 /
xenstore-watch -n 2 / /a
xenstore-watch -n 1 @releaseDomain
xenstore-watch -n 1 @bogus
xenstore
xenstore foo
xenstore -h
xenstore read /v
xenstore ls
xenstore read
xenstore write /zz 1; xenstore rm /zz
xenstore-control
xenstore-control help | grep ^quota
xenstore-control bogus 2>&1 | head -2
xenstore-control check
xenstore-control log
xenstore-control quota
xenstore-control quota 77
"""
NAMES = ["-" + name for name in "chmod exists list ls read rm watch write".split()] + [""]


@pytest.fixture(scope="module", name="root")
def fixture_root():
    """Where Debian's packages are unpacked."""
    names = """xen-utils-4.17 xenstore-utils libxenstore4 libxenmisc4.17 libxenevtchn1
               libxengnttab1 libxentoollog1 libxentoolcore1 libxencall1 libxenforeignmemory1
               libxendevicemodel1""".split()
    packages.fetch(names)
    packages.unpack(names)
    return packages.ROOT


@pytest.fixture(scope="module", name="bins")
def fixture_bins(root, tmp_path_factory):
    """Two folders with the same names: our commands and Debian's."""
    ours, theirs = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("theirs")
    for name in NAMES:
        (ours / f"xenstore{name}").symlink_to(os.path.join(storewire.BUILD, "bin", "xenstore"))
        (theirs / f"xenstore{name}").symlink_to(os.path.join(root, "usr/bin", f"xenstore{name}"))
    (ours / "xenstore-control").symlink_to(
        os.path.join(storewire.BUILD, "bin", "xenstore-control"))
    (theirs / "xenstore-control").symlink_to(
        os.path.join(root, "usr/lib/xen-4.17/bin/xenstore-control"))
    return ours, theirs


def run(store, folder, root, command):
    env = store.environment()
    env["PATH"] = f"{folder}:{env['PATH']}"
    env["LD_LIBRARY_PATH"] = os.path.join(root, "usr/lib/x86_64-linux-gnu")
    env.pop("LD_PRELOAD", None)
    done = subprocess.run(["bash", "-c", command], env=env, capture_output=True, timeout=60,
                          stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("seed", range(1, 5))
def test_same_answers(root, seed):
    differences, _ = compare.compare(root, seed, 500)
    assert not differences


def test_clients_print_the_same(root, bins):
    """Our commands and Debian's, each with our daemon."""
    stores = [storewire.ours(), storewire.ours()]
    try:
        for command in COMMANDS.strip().split("\n"):
            results = [run(stores[i], bins[i], root, command) for i in (0, 1)]
            assert results[0] == results[1], command
    finally:
        for store in stores:
            store.stop()


def test_their_clients_on_both_daemons(root, bins):
    """Debian's commands with our daemon and with Debian's."""
    stores = [storewire.ours(), storewire.debian(root)]
    try:
        for command in COMMANDS.strip().split("\n"):
            if "control" in command and command not in ("xenstore-control check",
                                                        "xenstore-control quota"):
                continue    # control commands are each daemon's own
            results = [run(store, bins[1], root, command) for store in stores]
            assert results[0] == results[1], command
    finally:
        for store in stores:
            store.stop()


def test_our_library_on_their_daemon(root):
    import test_client      # pylint: disable=import-outside-toplevel
    store = storewire.debian(root)
    try:
        user = test_client.User(store)
        for line, result in test_client.CALLS:
            assert user.do(line) == result, line
        user.close()
    finally:
        store.stop()
