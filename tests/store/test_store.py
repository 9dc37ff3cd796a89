# SPDX-License-Identifier: MIT
"""The store daemon on a fake Xen: what the protocol promises, what hostile guests may not do, and
what survives kill -9."""
import os
import random
import signal
import struct
import subprocess
import time

import pytest

import storewire
from storewire import HEADER, OP, Lost, RingClient

OK = b"OK\0"


@pytest.fixture(name="store")
def fixture_store():
    daemon = storewire.ours()
    yield daemon
    alive = daemon.process.poll() is None
    text = daemon.log_text()
    daemon.stop()
    assert alive, f"the daemon died: {text}"


def home(client, domid):
    """Give a guest its home."""
    path = f"/local/domain/{domid}"
    client.write(path, "")
    assert client.ask("SET_PERMS", path, f"n{domid}") == ("SET_PERMS", OK)
    return path


def error(reply):
    """The name of the error, or None."""
    return reply[1].rstrip(b"\0").decode() if reply[0] == "ERROR" else None


def tree(client, path=""):
    """{path: (value, permissions)}"""
    nodes = {path: (client.ask("READ", path or "/")[1], client.ask("GET_PERMS", path or "/")[1])}
    for name in client.ask("DIRECTORY", path or "/")[1].split(b"\0")[:-1]:
        nodes.update(tree(client, path + "/" + name.decode()))
    return nodes


# ---- nodes ---------------------------------------------------------------------------------

def test_a_new_store_has_little_in_it(store):
    assert tree(store.client()) == {"": (b"", b"n0\0"), "/tool": (b"", b"n0\0"),
                                    "/tool/xenstored": (b"", b"n0\0")}


def test_children_are_listed_in_order_of_creation(store):
    dom0 = store.client()
    names = [f"k{(i * 37) % 100}" for i in range(100)]
    for name in names:
        dom0.write(f"/d/{name}", "x")
    for name in names[10:60]:
        dom0.ask("RM", f"/d/{name}")
    dom0.write("/d/last", "")
    expected = names[:10] + names[60:] + ["last"]
    assert dom0.ask("DIRECTORY", "/d")[1].decode().split("\0")[:-1] == expected


def test_a_long_list_comes_in_parts(store):
    dom0 = store.client()
    names = [f"a-rather-long-name-{i}" for i in range(400)]
    for name in names:
        dom0.write(f"/d/{name}", "")
    assert error(dom0.ask("DIRECTORY", "/d")) == "E2BIG"
    gathered, generations = b"", set()
    while not gathered.endswith(b"\0\0"):
        name, payload = dom0.ask("DIRECTORY_PART", "/d", str(len(gathered)))
        assert name == "DIRECTORY_PART" and len(payload) <= 4096
        generation, part = payload.split(b"\0", 1)
        generations.add(generation)
        gathered += part
    assert gathered[:-2].decode().split("\0") == names
    assert len(generations) == 1


@pytest.mark.parametrize("path", ["", "//", "/a/", "/a//b", "/a b", "/a!", "/\x7f",
                                  "/" + "x" * 2049, "@nothing"])
def test_bad_paths_are_refused(store, path):
    dom0 = store.client()
    for op in ("READ", "MKDIR", "RM", "DIRECTORY", "GET_PERMS"):
        assert error(dom0.ask(op, path)) == "EINVAL"


def test_malformed_payloads_are_refused(store):
    dom0, guest = store.client(), store.guest(1)
    for client in (dom0, guest):
        for op in storewire.OPS:
            if op in ("WATCH_EVENT", "ERROR", "RESET_WATCHES", "TRANSACTION_START", "RESTRICT"):
                continue
            for raw in (b"", b"/a", b"\0", b"\xff" * 100):
                assert client.ask(op, raw=raw)[0] == "ERROR", (op, raw)
        for kind in (15, 16, 20, 23, 1000, 0xffff, 0xffffffff):
            assert error(client.ask(kind, raw=b"/\0")) == "ENOSYS"


def test_special_paths_are_nodes_for_permissions_only(store):
    dom0 = store.client()
    assert dom0.ask("GET_PERMS", "@releaseDomain") == ("GET_PERMS", b"n0\0")
    assert dom0.ask("SET_PERMS", "@releaseDomain", "n0", "r1") == ("SET_PERMS", OK)
    assert error(dom0.ask("READ", "@releaseDomain")) == "EINVAL"
    assert error(dom0.ask("RM", "@releaseDomain")) == "EINVAL"
    assert b"@" not in dom0.ask("DIRECTORY", "/")[1]


# ---- access --------------------------------------------------------------------------------

def test_a_guest_sees_only_what_it_may(store):
    dom0, one, two = store.client(), store.guest(1), store.guest(2)
    home(dom0, 1)
    home(dom0, 2)
    assert one.write("mine", "1") == ("WRITE", OK)
    assert one.ask("GET_PERMS", "mine") == ("GET_PERMS", b"n1\0")
    assert error(two.ask("READ", "/local/domain/1/mine")) == "EACCES"
    assert error(two.ask("READ", "/local/domain/1/nothing")) == "EACCES"
    assert error(one.ask("READ", "nothing")) == "ENOENT"
    assert one.ask("SET_PERMS", "mine", "n1", "r2") == ("SET_PERMS", OK)
    assert two.ask("READ", "/local/domain/1/mine") == ("READ", b"1")
    assert error(two.write("/local/domain/1/mine", "2")) == "EACCES"
    assert error(two.ask("SET_PERMS", "/local/domain/1/mine", "n2")) == "EACCES"
    assert error(one.ask("SET_PERMS", "mine", "n2")) == "EPERM"
    for op in ("CONTROL", "INTRODUCE", "RELEASE", "RESUME", "SET_TARGET"):
        assert error(one.ask(op, "1", "2", "3")) == "EACCES"


def test_a_target_lends_its_rights(store):
    dom0, one, two = store.client(), store.guest(1), store.guest(2)
    home(dom0, 1)
    one.write("x", "1")
    assert error(two.ask("READ", "/local/domain/1/x")) == "EACCES"
    assert dom0.ask("SET_TARGET", "2", "1") == ("SET_TARGET", OK)
    assert two.ask("READ", "/local/domain/1/x") == ("READ", b"1")
    assert dom0.ask("RELEASE", "1") == ("RELEASE", OK)
    dom0.write("/local/domain/1/y", "")
    dom0.ask("SET_PERMS", "/local/domain/1/y", "n1")
    assert error(two.ask("READ", "/local/domain/1/y")) == "EACCES"


def test_what_a_dead_domain_owned_goes(store):
    dom0 = store.client()
    store.guest(1).close()
    store.clients.pop()
    home(dom0, 1)
    dom0.write("/shared", "x")
    dom0.ask("SET_PERMS", "/shared", "n0", "b1", "r2")
    dom0.ask("SET_PERMS", "@releaseDomain", "n0", "r1")
    dom0.ask("WATCH", "/local", "w")
    dom0.ask("WATCH", "@releaseDomain", "r")
    dom0.take_events()
    store.set_domain(1, None)
    events = dom0.take_events()
    assert (b"@releaseDomain", b"r") in events and (b"/local/domain/1", b"w") in events
    assert error(dom0.ask("READ", "/local/domain/1")) == "ENOENT"
    assert dom0.ask("GET_PERMS", "/shared") == ("GET_PERMS", b"n0\0r2\0")
    assert dom0.ask("GET_PERMS", "@releaseDomain") == ("GET_PERMS", b"n0\0")
    assert dom0.ask("IS_DOMAIN_INTRODUCED", "1") == ("IS_DOMAIN_INTRODUCED", b"F\0")
    assert dom0.ask("CONTROL", "check") == ("CONTROL", OK)


def test_a_shutdown_is_told_once(store):
    dom0 = store.client()
    store.guest(1)
    dom0.ask("WATCH", "@releaseDomain", "r")
    dom0.take_events()
    store.set_domain(1, "s")
    assert dom0.take_events() == [(b"@releaseDomain", b"r")]
    store.set_domain(1, "s")
    assert dom0.take_events() == []
    dom0.ask("RESUME", "1")
    store.set_domain(1, "s")
    assert dom0.take_events() == [(b"@releaseDomain", b"r")]
    assert dom0.ask("IS_DOMAIN_INTRODUCED", "1") == ("IS_DOMAIN_INTRODUCED", b"T\0")


def test_introduce_checks_its_arguments(store):
    dom0 = store.client()
    store.new_ring(3)
    for args in (("3",), ("3", "1"), ("3", "x", "5"), ("3", "1", "0"), ("3", "1", "-2"),
                 ("0", "1", "5"), ("32752", "1", "5"), ("99999", "1", "5"), ("3", "1", "5000"),
                 ("4", "1", "5")):
        assert dom0.ask("INTRODUCE", *args)[0] == "ERROR", args
    assert dom0.ask("INTRODUCE", "3", "-1", "5") == ("INTRODUCE", OK)


# ---- transactions --------------------------------------------------------------------------

def test_isolation_and_conflict(store):
    a, b = store.client(), store.client()
    a.write("/x", "1")
    t = a.start()
    assert a.ask("READ", "/x", tx_id=t) == ("READ", b"1")
    b.write("/x", "2")
    assert a.ask("READ", "/x", tx_id=t) == ("READ", b"1")
    a.write("/y", "1", tx_id=t)
    assert error(b.ask("READ", "/y")) == "ENOENT"
    assert error(a.ask("TRANSACTION_END", "T", tx_id=t)) == "EAGAIN"
    assert error(a.ask("READ", "/y")) == "ENOENT"
    assert error(a.ask("READ", "/x", tx_id=t)) == "ENOENT"


@pytest.mark.parametrize("mine, theirs, conflict", [
    (("READ", "/d/a"), ("WRITE", "/d/a"), True),
    (("READ", "/d/a"), ("WRITE", "/d/b"), False),
    (("READ", "/d/a"), ("RM", "/d/a"), True),
    (("READ", "/d/a"), ("SET_PERMS", "/d/a", "n0", "r1"), True),
    (("READ", "/d/new"), ("WRITE", "/d/new"), True),
    (("DIRECTORY", "/d"), ("WRITE", "/d/new"), True),
    (("DIRECTORY", "/d"), ("WRITE", "/d/a"), False),
    (("DIRECTORY", "/d"), ("WRITE", "/d"), True),
    (("GET_PERMS", "/d"), ("WRITE", "/d/new"), False),
    (("WRITE", "/d/a"), ("WRITE", "/d/a"), True),
    (("WRITE", "/d/mine"), ("WRITE", "/d/theirs"), False),
    (("WRITE", "/d/mine"), ("SET_PERMS", "/d", "n0", "r1"), True),
    (("MKDIR", "/d/same"), ("MKDIR", "/d/same"), True),
    (("RM", "/d"), ("WRITE", "/d/c/deep"), True),
    (("RM", "/d"), ("WRITE", "/e"), False),
    (("WRITE", "/d/a"), ("RM", "/d"), True),
    (("SET_PERMS", "/d/a", "n0", "r1"), ("WRITE", "/d/a"), True),
])
def test_only_conflicting_changes_conflict(store, mine, theirs, conflict):
    a, b = store.client(), store.client()
    for path in ("/d/a", "/d/b", "/d/c/deep"):
        a.write(path, "0")

    def run(client, request, tx_id=0):
        if request[0] == "WRITE":
            return client.write(request[1], "new", tx_id=tx_id)
        return client.ask(*request, tx_id=tx_id)

    t = a.start()
    run(a, mine, t)
    assert run(b, theirs)[0] != "ERROR"
    after = tree(b)
    reply = a.ask("TRANSACTION_END", "T", tx_id=t)
    if conflict:
        assert error(reply) == "EAGAIN"
        assert tree(b) == after
    else:
        assert reply == ("TRANSACTION_END", OK)
    assert a.ask("CONTROL", "check") == ("CONTROL", OK)


def test_parallel_transactions_lose_nothing(store):
    clients = [store.client() for _ in range(50)]
    clients[0].write("/counter", "0")
    left = {client: 4 for client in clients}
    while left:
        started = [(client, client.start()) for client in left]
        for client, t in started:
            value = int(client.ask("READ", "/counter", tx_id=t)[1])
            client.write("/counter", str(value + 1), tx_id=t)
        for client, t in started:
            if client.ask("TRANSACTION_END", "T", tx_id=t) == ("TRANSACTION_END", OK):
                left[client] -= 1
                if not left[client]:
                    del left[client]
    assert clients[0].ask("READ", "/counter") == ("READ", b"200")


def test_events_of_a_transaction_come_with_its_end(store):
    a, b = store.client(), store.client()
    a.write("/d/c/deep", "")
    for path in ("/d", "/d/c/deep", "/new"):
        b.ask("WATCH", path, "t" + path)
    b.take_events()
    t = a.start()
    a.write("/new/x", "1", tx_id=t)
    a.ask("RM", "/d", tx_id=t)
    assert b.take_events() == []
    a.ask("TRANSACTION_END", "T", tx_id=t)
    assert sorted(b.take_events()) == [(b"/d", b"t/d"), (b"/d/c/deep", b"t/d/c/deep"),
                                       (b"/new/x", b"t/new")]


# ---- quotas --------------------------------------------------------------------------------

def test_quotas_hold_for_guests_only(store):
    dom0, guest = store.client(), store.guest(1)
    home(dom0, 1)
    replies = [guest.write(f"n{i}", "") for i in range(1001)]
    assert [error(reply) for reply in replies].count("ENOSPC") == 2     # its home counts as well
    assert guest.ask("RM", "n0") == ("RM", OK)
    assert guest.write("again", "") == ("WRITE", OK)
    assert error(guest.write("n1", "x" * 2049)) == "ENOSPC"
    assert guest.write("n1", "x" * 2048) == ("WRITE", OK)
    assert dom0.write("/big", "x" * 4000) == ("WRITE", OK)
    replies = [guest.ask("WATCH", f"w{i}", "t") for i in range(129)]
    assert [error(reply) for reply in replies].count("E2BIG") == 1
    starts = [guest.ask("TRANSACTION_START", "") for _ in range(11)]
    assert error(starts[-1]) == "ENOSPC" and starts[-2][0] == "TRANSACTION_START"
    assert guest.ask("RESET_WATCHES", "") == ("RESET_WATCHES", OK)
    assert guest.ask("TRANSACTION_START", "")[0] == "TRANSACTION_START"
    perms = ["n1"] + [f"r{i}" for i in range(2, 8)]
    assert error(guest.ask("SET_PERMS", "n1", *perms)) == "ENOSPC"
    assert guest.ask("SET_PERMS", "n1", *perms[:5]) == ("SET_PERMS", OK)
    assert dom0.ask("CONTROL", "check") == ("CONTROL", OK)


def test_a_transaction_is_held_to_the_quotas(store):
    dom0, guest = store.client(), store.guest(1)
    home(dom0, 1)
    t = guest.start()
    replies = [guest.write(f"n{i}", "", tx_id=t) for i in range(1030)]
    assert "ENOSPC" in [error(reply) for reply in replies]
    assert guest.ask("TRANSACTION_END", "T", tx_id=t) == ("TRANSACTION_END", OK)
    t = guest.start()
    for i in range(20000):
        if error(guest.write("n1", str(i), tx_id=t)):
            break
        if error(guest.ask("RM", "n1", tx_id=t)):
            break
    else:
        pytest.fail("a transaction grows without end")
    guest.ask("TRANSACTION_END", "F", tx_id=t)
    assert dom0.ask("CONTROL", "check") == ("CONTROL", OK)


def test_memory_is_limited(store):
    dom0, guest = store.client(), store.guest(1)
    home(dom0, 1)
    dom0.ask("CONTROL", "quota", "set", "memory", "100000")
    replies = [error(guest.write(f"n{i}", "x" * 2000)) for i in range(60)]
    assert replies[0] is None and replies[-1] == "ENOSPC"


# ---- hostile rings -------------------------------------------------------------------------

def test_impossible_indexes_cost_the_guest_its_ring(store):
    dom0, guest, other = store.client(), store.guest(1), store.guest(2)
    home(dom0, 1)
    home(dom0, 2)
    guest.set_field(RingClient.REQ_PROD, guest.field(RingClient.REQ_CONS) + 1025)
    guest.notify()
    with pytest.raises(Lost):
        guest.receive()
    assert guest.field(RingClient.ERROR) == 2
    assert other.write("x", "1") == ("WRITE", OK)
    guest.set_field(RingClient.CONNECTION, 1)
    guest.notify()
    end = time.monotonic() + 5
    while guest.field(RingClient.CONNECTION) and time.monotonic() < end:
        guest.wait()
    assert guest.field(RingClient.CONNECTION) == 0 and guest.field(RingClient.ERROR) == 0
    assert guest.write("x", "1") == ("WRITE", OK)


def test_impossible_response_indexes(store):
    dom0, guest = store.client(), store.guest(1)
    guest.set_field(RingClient.RSP_CONS, guest.field(RingClient.RSP_PROD) + 7)
    guest.submit("READ", b"/\0")
    end = time.monotonic() + 5
    while not guest.field(RingClient.ERROR) and time.monotonic() < end:
        guest.wait()
    assert guest.field(RingClient.ERROR) == 2
    assert dom0.ask("READ", "/") == ("READ", b"")


def test_too_long_a_request(store):
    guest = store.guest(1)
    guest.send(HEADER.pack(OP["WRITE"], 1, 0, 4097))
    with pytest.raises(Lost):
        guest.receive()
    assert guest.field(RingClient.ERROR) == 3
    dom0 = store.client()
    dom0.send(HEADER.pack(OP["WRITE"], 1, 0, 0x7fffffff))
    with pytest.raises(Lost):
        dom0.receive()


def test_requests_in_pieces(store):
    dom0, guest = store.client(), store.guest(1)
    home(dom0, 1)
    payload = b"big\0" + bytes(i % 251 for i in range(2000))
    data = HEADER.pack(OP["WRITE"], 77, 0, len(payload)) + payload
    for byte in data[:40]:
        guest.send(bytes([byte]))
        time.sleep(0.001)
    guest.send(data[40:])
    assert guest.reply(77) == ("WRITE", OK)
    assert guest.ask("READ", "big") == ("READ", payload[4:])


def test_the_page_may_lie_about_our_indexes(store):
    dom0, guest = store.client(), store.guest(1)
    home(dom0, 1)
    guest.write("x", "1")
    guest.set_field(RingClient.REQ_CONS, 12345)
    prod = guest.field(RingClient.REQ_PROD)
    request = HEADER.pack(OP["READ"], 5, 0, 2) + b"x\0"
    for i, byte in enumerate(request):
        guest.page[(prod + i) % 1024] = byte
    guest.set_field(RingClient.REQ_PROD, prod + len(request))
    guest.notify()
    assert guest.reply(5) == ("READ", b"1")
    assert dom0.ask("READ", "/") == ("READ", b"")


def test_a_guest_that_never_reads_costs_little(store):
    dom0, guest, other = store.client(), store.guest(1), store.guest(2)
    home(dom0, 1)
    home(dom0, 2)
    for i in range(20):
        guest.ask("WATCH", "/local/domain/1", f"token{i}" * 20)
    guest.take_events()
    for i in range(3000):
        dom0.write(f"/local/domain/1/n{i % 7}", str(i))
    assert other.write("x", "1") == ("WRITE", OK)
    status = open(f"/proc/{store.process.pid}/status", encoding="ascii").read()
    assert int(status.split("VmRSS:")[1].split()[0]) < 20000
    events = guest.take_events()
    assert {path for path, _ in events} == {f"/local/domain/1/n{i}".encode() for i in range(7)}


def test_a_flood_of_events_stops_its_source(store):
    """A guest that causes events which another does not take has to wait; the others do not."""
    dom0, source, sink = store.client(), store.guest(1), store.guest(2)
    home(dom0, 1)
    dom0.ask("SET_PERMS", "/local/domain/1", "n1", "r2")
    sink.ask("WATCH", "/local/domain/1", "t" * 900)
    sink.take_events()
    sent = []
    for i in range(100):
        payload = f"n{i}\0".encode()
        source.req_id += 1
        data = HEADER.pack(OP["MKDIR"], source.req_id, 0, len(payload)) + payload
        if source.put(data) < len(data):
            break
        sent.append(source.req_id)
        source.notify()
        time.sleep(0.005)
        assert dom0.ask("READ", "/tool") == ("READ", b"")
    line = dom0.ask("CONTROL", "memreport")[1].decode()
    outstanding = int(line.split("domain 1:")[1].split("outstanding ")[1].split(",")[0])
    assert outstanding == 20
    seen = len(sink.take_events())
    for req_id in sent:
        assert source.reply(req_id) == ("MKDIR", OK)
        seen += len(sink.take_events())
    assert seen + len(sink.take_events()) == len(sent)


def test_random_bytes_in_a_ring(store):
    pick = random.Random(5)
    dom0 = store.client()
    for round_number in range(30):
        guest = store.guest(1)
        for _ in range(20):
            prod = guest.field(RingClient.REQ_PROD)
            count = pick.randint(1, 1024)
            for i in range(count):
                guest.page[(prod + i) % 1024] = pick.choice([0, 1, 2, 11, 12, 47,
                                                             pick.randrange(256)])
            guest.set_field(RingClient.REQ_PROD, prod + pick.choice([count, count, 2000]))
            guest.set_field(RingClient.RSP_CONS,
                            pick.choice([guest.field(RingClient.RSP_PROD), 99]))
            guest.notify()
        assert dom0.ask("READ", "/tool") == ("READ", b""), round_number
        assert dom0.ask("RELEASE", "1") == ("RELEASE", OK)
        store.clients.remove(guest)
        guest.close()
    assert dom0.ask("CONTROL", "check") == ("CONTROL", OK)


# ---- kill -9 -------------------------------------------------------------------------------

def kill(store):
    store.process.send_signal(signal.SIGKILL)
    store.process.wait()
    for client in list(store.clients):
        if not isinstance(client, RingClient):
            client.close()
            store.clients.remove(client)
    store.run()
    return store.client()


def test_the_tree_survives(store):
    dom0 = store.client()
    home(dom0, 1)
    for i in range(300):
        dom0.write(f"/d/k{i}", f"v{i}")
    dom0.ask("RM", "/d/k7")
    dom0.ask("RM", "/tool/xenstored")
    dom0.ask("SET_PERMS", "/d/k8", "b0", "r1")
    dom0.ask("SET_PERMS", "@releaseDomain", "n0", "r3")
    t = dom0.start()
    dom0.write("/d/committed", "yes", tx_id=t)
    dom0.ask("TRANSACTION_END", "T", tx_id=t)
    t = dom0.start()
    dom0.write("/d/lost", "no", tx_id=t)
    before = tree(dom0)
    order = dom0.ask("DIRECTORY", "/d")
    for _ in range(3):
        dom0 = kill(store)
        assert tree(dom0) == before
        assert dom0.ask("DIRECTORY", "/d") == order
        assert dom0.ask("GET_PERMS", "@releaseDomain") == ("GET_PERMS", b"n0\0r3\0")
        assert dom0.ask("CONTROL", "check") == ("CONTROL", OK)


def test_a_guest_goes_on(store):
    dom0, guest = store.client(), store.guest(1)
    home(dom0, 1)
    guest.ask("WATCH", "dev", "relative")
    guest.ask("WATCH", "/local/domain/1/dev", "absolute")
    guest.ask("WATCH", "gone", "gone")
    guest.ask("UNWATCH", "gone", "gone")
    open_tx, closed_tx = guest.start(), guest.start()
    guest.write("in-tx", "1", tx_id=open_tx)
    guest.ask("TRANSACTION_END", "F", tx_id=closed_tx)
    guest.take_events()
    dom0 = kill(store)
    assert guest.write("dev/x", "1") == ("WRITE", OK)
    events = guest.take_events()
    assert sorted(events) == [(b"/local/domain/1/dev", b"absolute"),
                              (b"/local/domain/1/dev/x", b"absolute"), (b"dev", b"relative"),
                              (b"dev/x", b"relative")]
    assert guest.ask("READ", "dev/x", tx_id=open_tx)[0] in ("READ", "ERROR")
    assert guest.write("more", "1", tx_id=open_tx) == ("WRITE", OK)
    assert error(guest.ask("TRANSACTION_END", "T", tx_id=open_tx)) == "EAGAIN"
    assert error(guest.ask("READ", "more")) == "ENOENT"
    assert error(guest.ask("TRANSACTION_END", "T", tx_id=closed_tx)) == "ENOENT"
    assert dom0.ask("IS_DOMAIN_INTRODUCED", "1") == ("IS_DOMAIN_INTRODUCED", b"T\0")


def test_a_domain_that_dies_meanwhile_is_released(store):
    dom0 = store.client()
    store.guest(1)
    store.guest(2)
    home(dom0, 1)
    home(dom0, 2)
    store.process.send_signal(signal.SIGSTOP)
    store.domains.pop(1)
    os.unlink(os.path.join(store.folder, "ring-1"))
    store.domains[2] = "d"
    store.write_domains()
    dom0 = kill(store)
    for domid in (1, 2):
        assert error(dom0.ask("READ", f"/local/domain/{domid}")) == "ENOENT"
        assert dom0.ask("IS_DOMAIN_INTRODUCED", str(domid))[1] == b"F\0"


def test_waiting_output_survives(store):
    dom0, guest = store.client(), store.guest(1)
    home(dom0, 1)
    guest.ask("WATCH", "/local/domain/1", "t" * 200)
    guest.take_events()
    paths = [f"/local/domain/1/n{i}" for i in range(30)]
    for path in paths:
        dom0.write(path, "")
    kill(store)
    kill(store)
    seen = [path.decode() for path, _ in guest.take_events()]
    assert [path for path in seen if path in paths] == paths


def run_traffic(store, seed, kills):
    """Requests of a guest, several under way at a time, with kills in between. Every request gets
    exactly one answer, in order; returns the answers."""
    pick = random.Random(seed)
    guest = [c for c in store.clients if isinstance(c, RingClient)][0]
    requests = []
    for i in range(400):
        path = f"p{pick.randrange(20)}/q{pick.randrange(3)}"
        op, payload = pick.choice([
            ("WRITE", f"{path}\0{i}"), ("WRITE", f"{path}\0{'z' * pick.randrange(1900)}"),
            ("READ", f"{path}\0"), ("RM", f"{path}\0"), ("DIRECTORY", "\0p1\0"[1:]),
            ("MKDIR", f"fresh{i}\0"), ("GET_PERMS", f"{path}\0")])
        requests.append((op, payload.encode()))
    at, answers, pending = 0, [], []
    rest, end = b"", time.monotonic() + storewire.TIMEOUT
    kill_at = sorted(pick.sample(range(20, 380), kills))
    while len(answers) < len(requests):
        while not rest and at < len(requests) and len(pending) < 8:
            op, payload = requests[at]
            guest.req_id += 1
            rest += HEADER.pack(OP[op], guest.req_id, 0, len(payload)) + payload
            pending.append(guest.req_id)
            at += 1
        if rest:
            rest = rest[guest.put(rest[:pick.randint(1, 1200)]):]
            guest.notify()
        if kill_at and at >= kill_at[0]:
            kill_at.pop(0)
            time.sleep(pick.random() * 0.003)
            kill(store)
        data = guest.get()
        guest.buffer += data
        while pending and len(guest.buffer) >= HEADER.size:
            length = HEADER.unpack_from(guest.buffer)[3]
            if len(guest.buffer) < HEADER.size + length:
                break
            kind, req_id, _, payload = guest.message()
            if kind == OP["WATCH_EVENT"]:
                continue
            assert req_id == pending.pop(0), f"answer {req_id} of {at}: one was lost or came twice"
            answers.append((kind, payload))
        if data or rest:
            end = time.monotonic() + storewire.TIMEOUT
        else:
            assert time.monotonic() < end, f"no answer to {pending}"
            guest.wait()
    return answers


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_random_moments(seed):
    results = []
    for kills in (0, 8):
        store = storewire.ours()
        try:
            dom0 = store.client()
            store.guest(1)
            home(dom0, 1)
            answers = run_traffic(store, seed, kills)
            dom0 = store.client()
            results.append((answers, tree(dom0)))
            assert dom0.ask("CONTROL", "check") == ("CONTROL", OK)
        finally:
            store.stop()
    assert results[0] == results[1]


def test_a_second_store_keeps_out(store):
    env = store.environment()
    other = subprocess.run(store.command + ["-N"], env=env, capture_output=True, text=True,
                           timeout=20, check=False)
    assert other.returncode != 0 and "another xenstored" in other.stderr
    assert store.client().ask("READ", "/") == ("READ", b"")


def test_a_damaged_journal_is_not_believed(store):
    dom0 = store.client()
    for i in range(50):
        dom0.write(f"/d/k{i}", "v" * 50)
    for cut in (40, 16, 3000, 8):
        store.process.kill()
        store.process.wait()
        path = os.path.join(store.folder, "journal")
        with open(path, "r+b") as journal:
            committed = struct.unpack("<QQ", journal.read(16))[1]
            journal.seek(cut)
            journal.write(os.urandom(64) if cut != 16 else b"\xff" * 64)
            journal.seek(8)
            if cut != 8:
                journal.write(struct.pack("<Q", committed))
        store.run()
        assert store.client().ask("READ", "/")[0] == "READ"


def test_the_journal_does_not_grow_for_ever(store):
    dom0 = store.client()
    for i in range(1500):
        batch = b""
        for j in range(20):
            payload = b"/d/k%d\0" % j + b"v" * 300
            batch += HEADER.pack(OP["WRITE"], i * 20 + j, 0, len(payload)) + payload
        dom0.send(batch)
        for j in range(20):
            assert dom0.message()[0] == OP["WRITE"]
    assert os.path.getsize(os.path.join(store.folder, "journal")) < 16 << 20
    dom0 = kill(store)
    assert len(tree(dom0)) == 24
