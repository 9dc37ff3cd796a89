# SPDX-License-Identifier: MIT
"""What the tests ask of a toolstack, in the words of `domus` and of `xl`; and of a guest."""
import json
import re
import socket
import time

from machine import patience


class Toolstack:
    """The toolstack called `kind` ("domus" or "xl") in the dom0 of a Machine."""

    def __init__(self, machine, kind):
        self.machine = machine
        self.kind = kind

    def create(self, config, extra="", seconds=120):
        """Start the domain of the config at /srv/test/`config`.cfg."""
        return self.machine.check(f"{self.kind} create {extra} /srv/test/{config}.cfg", seconds)

    def destroy(self, name):
        """End a domain at once."""
        return self.machine.check(f"{self.kind} destroy {name}", 60)

    def save(self, name, path, extra="", seconds=180):
        """Save a domain to a file of dom0; without -c in `extra` it ends."""
        return self.machine.check(f"{self.kind} save {extra} {name} {path}", seconds)

    def restore(self, path, seconds=180):
        """Let a saved domain go on."""
        return self.machine.check(f"{self.kind} restore {path}", seconds)

    def domains(self):
        """{name: {"id", "memory" in MiB, "state"}} of all domains but dom0. `state` is one of
        running, paused, shutdown, crashed, dying."""
        if self.kind == "xl":
            return self._xl_domains()
        rows = json.loads(self.machine.check("domus list --json"))
        return {row["name"]: {"id": row["domid"], "memory": row["memory_kib"] // 1024,
                              "state": row["state"].replace("blocked", "running")}
                for row in rows if row["domid"] != 0}

    def _xl_domains(self):
        found = {}
        letters = {"d": "dying", "c": "crashed", "s": "shutdown", "p": "paused"}
        pattern = r"^(\S+)\s+(\d+)\s+(\d+)\s+(\d+)\s+([-rbpscd]{6})\s"
        for name, domid, memory, _, flags in re.findall(pattern, self.machine.check("xl list"),
                                                        re.M):
            state = next((word for letter, word in letters.items() if letter in flags), "running")
            if domid != "0":
                found[name] = {"id": int(domid), "memory": int(memory), "state": state}
        return found

    def names(self):
        """Names of all domains but dom0."""
        return list(self.domains())

    def wait(self, condition, seconds=60, what="condition"):
        """Wait until condition(domains()) is true; returns those domains."""
        end = time.monotonic() + seconds * patience()
        while True:
            domains = self.domains()
            if condition(domains):
                return domains
            assert time.monotonic() < end, f"no {what} within {seconds} s: {domains}"
            time.sleep(0.5)

    def resources(self):
        """What must not grow: {name: count}. Asks the hypervisor through Debian's tools, which
        work on either side."""
        free = int(re.search(r"free_memory\s*: (\d+)", self.machine.check("xl info")).group(1))
        count = {"used memory": -free}
        for name, command in (
                ("event channels", "lsevtchn 0 | wc -l"),
                ("store nodes", "xenstore-ls | wc -l"),
                ("loop devices", "losetup -a | wc -l"),
                ("network interfaces", "ls /sys/class/net | wc -l"),
                ("mounts", "wc -l < /proc/mounts"),
                ("descriptors",
                 "for p in $(pidof xenstored domusd); do ls /proc/$p/fd; done | wc -l"),
                # Not the kernel's threads, which come and go: they have no command line. Counted
                # by the shell alone, since programs of a pipeline are there or not yet.
                ("processes", "n=0; for f in /proc/[0-9]*/cmdline; do x=;"
                              " read -r x 2>/dev/null <$f; [ -z \"$x\" ] || n=$((n+1)); done;"
                              " echo $n")):
            count[name] = int(self.machine.check(command).split()[0])
        return count


class Guest:
    """A shell in a guest (nc -e sh), reached over the network from this host."""

    def __init__(self, port):
        self.port = port

    def run(self, command, seconds=60):
        """Run a command line in the guest; returns (output, exit status)."""
        end = time.monotonic() + seconds * patience()
        while True:
            try:
                return self._attempt(command, end)
            except ConnectionError as error:
                assert time.monotonic() < end, f"guest does not answer: {error}"
                time.sleep(0.5)

    def _attempt(self, command, end):
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as link:
            link.settimeout(max(1, end - time.monotonic()))
            link.sendall(f"({command}) 2>&1; echo @$?@; exit\n".encode())
            data = b""
            while True:
                part = link.recv(65536)
                data += part
                match = re.search(rb"@(\d+)@\n", data)
                if match:
                    return data[:match.start()].decode(), int(match.group(1))
                if not part:
                    # QEMU accepts before the guest listens: an early end means try again.
                    raise ConnectionError(f"ended after {data!r}")

    def check(self, command, seconds=60):
        """Run a command that must succeed; returns its output."""
        output, status = self.run(command, seconds)
        assert status == 0, f"`{command}` in the guest ended with {status}: {output}"
        return output
