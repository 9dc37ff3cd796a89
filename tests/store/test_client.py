# SPDX-License-Identifier: MIT
"""The client library, driven through a small program, also while the store is killed."""
import os
import signal
import subprocess
import threading
import time

import pytest

import storewire

BIN = os.path.join(storewire.BUILD, "bin")


class User:
    """The program; one line in, one line out."""

    def __init__(self, store, program="test-store-client"):
        self.process = subprocess.Popen([os.path.join(BIN, program)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=store.environment())
        assert self.process.stdout.readline() == "open\n"

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def result(self):
        return self.process.stdout.readline().rstrip("\n")

    def do(self, line):
        self.send(line)
        return self.result()

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


@pytest.fixture(name="store")
def fixture_store():
    daemon = storewire.ours()
    yield daemon
    daemon.stop()


@pytest.fixture(name="user")
def fixture_user(store):
    program = User(store)
    yield program
    program.close()


CALLS = [
    ("read /nope", "No such file or directory"),
    ("write /a/b value", "ok"),
    ("read /a/b", "=value"),
    ("write /a/b", "ok"),
    ("read /a/b", "="),
    ("mkdir /a/c", "ok"),
    ("list /a", "2 b c"),
    ("list /a/c", "0"),
    ("list /a/!", "Invalid argument"),
    ("perms /a", "0:0"),
    ("chmod /a 3", "ok"),
    ("perms /a", "0:0 3:1"),
    ("rm /a/c", "ok"),
    ("rm /a/x/y", "No such file or directory"),
    ("watch /a tok", "ok"),
    ("watch /a tok", "File exists"),
    ("poll", "/a tok"),
    ("check", "Resource temporarily unavailable"),
    ("write /a/b 2", "ok"),
    ("wait", "/a/b tok"),
    ("unwatch /a tok", "ok"),
    ("unwatch /a tok", "No such file or directory"),
    ("start", "ok"),
    ("write /t 1", "ok"),
    ("abort", "ok"),
    ("read /t", "No such file or directory"),
    ("start", "ok"),
    ("write /t 1", "ok"),
    ("end", "ok"),
    ("read /t", "=1"),
    ("path 7", "=/local/domain/7"),
    ("introduced 7", "0"),
    ("introduced 0", "1"),
    ("introduce 9", "Invalid argument"),
    ("release 9", "No such file or directory"),
    ("control check", "=OK"),
    ("write /local/domain/4/device/suspend/event-channel 17", "ok"),
    ("suspend 4", "17"),
    ("suspend 5", "-1"),
]


def test_calls(user):
    for line, result in CALLS:
        assert user.do(line) == result, line


def test_long_lists(store, user):
    names = [f"name-{i:03}-{'x' * 30}" for i in range(300)]
    dom0 = store.client()
    for name in names:
        dom0.write("/long/" + name, "")
    assert user.do("list /long") == " ".join(["300"] + names)


def restart(store):
    store.process.send_signal(signal.SIGKILL)
    store.process.wait()
    store.run()


def test_reconnection(store, user):
    assert user.do("write /a 1") == "ok"
    assert user.do("watch /a tok") == "ok"
    assert user.do("poll") == "/a tok"
    assert user.do("start") == "ok"
    assert user.do("write /b 1") == "ok"
    restart(store)
    assert user.do("poll") == "/a tok"          # each watch fires once
    assert user.do("check") == "Resource temporarily unavailable"
    assert user.do("read /a") == "Resource temporarily unavailable"     # the transaction is lost
    assert user.do("end") == "Resource temporarily unavailable"
    assert user.do("read /a") == "=1"
    restart(store)
    assert user.do("write /a 2") == "ok"
    assert user.do("poll") == "/a tok"
    restart(store)
    assert user.do("unwatch /a tok") == "ok"


def test_counting_through_restarts(store):
    users = [User(store) for _ in range(4)]
    assert users[0].do("write /n 0") == "ok"
    results = []

    def count(user):
        results.append(user.do("count /n 300").split()[0])

    threads = [threading.Thread(target=count, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    kills = 0
    while any(thread.is_alive() for thread in threads) and kills < 12:
        time.sleep(0.05)
        restart(store)
        kills += 1
    for thread in threads:
        thread.join(60)
    assert results == ["ok"] * 4
    # A commit whose answer was lost is made again, so that there may be more, but never fewer.
    assert 1200 <= int(users[0].do("read /n")[1:]) <= 1200 + 4 * kills
    for user in users:
        user.close()


def test_without_a_store():
    env = dict(os.environ, XENSTORED_RUNDIR="/nonexistent")
    done = subprocess.run([os.path.join(BIN, "test-store-client")], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, env=env, timeout=20, check=False)
    assert done.stdout == "No such file or directory\n"
