# SPDX-License-Identifier: MIT
"""Random requests to our store and to Debian's: every reply and every event must be the same.

usage: compare.py ROOT [SEED [STEPS]], ROOT being a folder with Debian's packages unpacked.
What is known to differ, and why, is told at is_expected(); domids that no domain can have are not
tried, since we refuse them and Debian's takes them for numbers."""
import random
import sys

import storewire

NAMES = ["a", "b", "c", "dd", "x1"]
HOMES = ["/local/domain/1", "/local/domain/2", "/local/domain/0"]
LONG = "/".join(["n" * 99] * 25)
BAD = ["", "/", "//", "/a/", "/a//b", "a b", "/a!", "/" + LONG[:2047], "/" + LONG[:2048],
       "/local/domain/1/" + LONG[:2048], "/local/domain/1/" + LONG[:2049], "@releaseDomain",
       "@foo", LONG[:2048], LONG[:2049], "/.", "/a/./b", "/-_@", "/@x"]
TOKENS = ["t1", "t2", "", "a/b", "t" * 300]
PERMS = ["n0", "r0", "b1", "n1", "w2", "b2", "r1", "r2", "n2", "w0", "b0"]
BAD_PERMS = ["", "x0", "b", "n5x", "0", "rr1"]


class Script:
    """Makes requests: the client's number, the operation, its raw payload."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.malformed = False

    def path(self):
        pick = self.random
        if pick.random() < 0.03:
            return pick.choice(BAD)
        names = "/".join(pick.choice(NAMES) for _ in range(pick.randint(1, 4)))
        return pick.choice(["/" + names, pick.choice(HOMES) + "/" + names, names,
                            pick.choice(HOMES)])

    def value(self):
        pick = self.random
        return pick.choice([b"", b"1", b"value", b"with\0nul", b"z" * 100, b"q" * 1000])

    def perms(self):
        pick = self.random
        items = [pick.choice(PERMS) for _ in range(pick.randint(1, 3))]
        if pick.random() < 0.05:
            items[pick.randrange(len(items))] = pick.choice(BAD_PERMS)
        return items

    def strings(self, *items):
        return b"".join(item.encode() + b"\0" for item in items)

    def request(self):
        """(operation, payload). Payloads of the wrong form are not tried: several end Debian's
        daemon."""
        pick = self.random
        op = pick.choices(["READ", "WRITE", "MKDIR", "RM", "DIRECTORY", "GET_PERMS", "SET_PERMS",
                           "WATCH", "UNWATCH", "DIRECTORY_PART", "GET_DOMAIN_PATH",
                           "IS_DOMAIN_INTRODUCED", "RESET_WATCHES", "TRANSACTION_END", "RESUME",
                           "SET_TARGET", "odd"],
                          [20, 30, 8, 8, 12, 8, 14, 12, 6, 3, 1, 1, 0.3, 0.3, 0.3, 0.2, 0.5])[0]
        self.malformed = False
        if op == "odd":
            return pick.choice([15, 16, 20, 23, 99, 0xffff]), b"/a\0"
        payload = self.payload(op)
        if payload.startswith(b"@foo"):
            self.malformed = True
        return op, payload

    def payload(self, op):
        pick = self.random
        if op == "WRITE":
            return self.strings(self.path()) + self.value()
        if op == "SET_PERMS":
            return self.strings(self.path(), *self.perms())
        if op in ("WATCH", "UNWATCH"):
            return self.strings(self.path(), pick.choice(TOKENS))
        if op == "DIRECTORY_PART":
            return self.strings(self.path(), str(pick.choice([0, 1, 2, 5, 1000])))
        if op in ("GET_DOMAIN_PATH", "IS_DOMAIN_INTRODUCED", "RESUME"):
            return self.strings(str(pick.choice([0, 1, 2, 5, 32752, 65535])))
        if op == "SET_TARGET":
            return self.strings(*pick.choice([("1", "2"), ("1", "9"), ("0", "1"), ("9", "1")]))
        if op == "RESET_WATCHES":
            return b"\0"
        if op == "TRANSACTION_END":
            return pick.choice([b"T\0", b"F\0", b"X\0"])
        return self.strings(self.path())


class Side:
    """One daemon with two clients in dom0 and two guests."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.clients = [daemon.client(), daemon.client(), daemon.guest(1), daemon.guest(2)]
        dom0 = self.clients[0]
        for domid in (1, 2):
            home = f"/local/domain/{domid}"
            dom0.write(home, "")
            dom0.ask("SET_PERMS", home, f"n{domid}")
        dom0.write("/a", "")
        dom0.ask("SET_PERMS", "/a", "n0", "b1", "r2")

    def step(self, number, op, payload, tx_id):
        client = self.clients[number]
        reply = client.ask(op, raw=payload, tx_id=tx_id)
        if op == "DIRECTORY_PART" and reply[0] == "DIRECTORY_PART":
            reply = reply[0], reply[1].split(b"\0", 1)[1]
        return reply

    def events(self):
        """New events of each client. Debian's store merges equal ones that it has not sent yet."""
        return [sorted(set(client.take_events())) for client in self.clients]

    def tree(self):
        """All nodes with value and permissions, as dom0 sees them."""
        nodes, dom0 = {}, self.clients[1]

        def visit(path):
            nodes[path] = dom0.ask("READ", path or "/")[1], dom0.ask("GET_PERMS", path or "/")[1]
            for name in dom0.ask("DIRECTORY", path or "/")[1].split(b"\0")[:-1]:
                visit(path + "/" + name.decode())
        visit("")
        return nodes


def is_expected(script, one, two):
    """Answers that differ for a known reason (one is ours): to a special path that does not exist
    Debian's answers with whatever error came last."""
    return script.malformed and (one[0], two[0]) == ("ERROR", "ERROR")


def without_exact(events):
    """After a transaction Debian's store does not tell watches below a removed node, nor who could
    read a node before and cannot any more, though the protocol says so; ours does. Only what both
    tell is compared."""
    ours = [[event for event in one if event in two] for one, two in zip(*events)]
    return [ours, events[1]]


def compare(root, seed, steps):
    script = Script(seed)
    sides = [Side(storewire.ours()), Side(storewire.debian(root))]
    differences, history = [], []
    try:
        open_tx = None      # (client, [our id, their id], steps left)
        removed = False     # something in the open transaction
        for step in range(steps):
            number = script.random.choices(range(4), [3, 1, 3, 3])[0]
            op, payload = script.request()
            if open_tx:
                number = open_tx[0]     # others wait, so that isolation does not show
            elif script.random.random() < 0.05 and op != "TRANSACTION_END":
                ids = [side.clients[number].start() for side in sides]
                open_tx = [number, ids, script.random.randint(1, 8)]
            if open_tx and op == "RESET_WATCHES":
                continue
            tx = open_tx[1] if open_tx and op != "TRANSACTION_END" else (0, 0)
            removed = removed or bool(tx[0] and op == "RM")
            history.append((number, op, payload[:60], bool(tx[0])))
            replies = [side.step(number, op, payload, tx[i]) for i, side in enumerate(sides)]
            if replies[0] != replies[1] and not is_expected(script, *replies):
                differences.append((step, number, op, payload[:90], tx[0], replies))
            if open_tx:
                open_tx[2] -= 1
                if open_tx[2] <= 0:
                    end = script.random.choice([b"T\0", b"T\0", b"F\0"])
                    replies = [side.step(number, "TRANSACTION_END", end, open_tx[1][i])
                               for i, side in enumerate(sides)]
                    if replies[0] != replies[1]:
                        differences.append((step, number, "END", end, open_tx[1], replies))
                    open_tx = None
            events = [side.events() for side in sides]
            if (removed or tx[0]) and not open_tx:
                removed, events = False, without_exact(events)
            if events[0] != events[1]:
                differences.append((step, number, op, payload[:90], "events", [
                    (sorted(set(one) - set(two)), sorted(set(two) - set(one)))
                    for one, two in zip(*events)]))
            if differences:
                break
        if not differences:
            trees = [side.tree() for side in sides]
            for path in sorted(set(trees[0]) | set(trees[1])):
                if trees[0].get(path) != trees[1].get(path):
                    differences.append((path, trees[0].get(path), trees[1].get(path)))
    except Exception:
        print("after", history[-3:], [side.daemon.process.poll() for side in sides])
        print(sides[0].daemon.log_text()[-500:])
        raise
    finally:
        for side in sides:
            side.daemon.stop()
    return differences, history


def main():
    root = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    steps = int(sys.argv[3]) if len(sys.argv) > 3 else 2000
    differences, history = compare(root, seed, steps)
    for difference in differences[:5]:
        print("differs:", difference)
    print(f"seed {seed}: {len(history)} steps, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
