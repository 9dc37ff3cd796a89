# SPDX-License-Identifier: MIT
"""The store's wire protocol for tests: daemons started on a fake Xen, clients on the socket and
pretended guests on rings. A client returns what came over the wire and interprets nothing."""
import mmap
import os
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("BUILD", "build"))

OPS = """CONTROL DIRECTORY READ GET_PERMS WATCH UNWATCH TRANSACTION_START TRANSACTION_END INTRODUCE
RELEASE GET_DOMAIN_PATH WRITE MKDIR RM SET_PERMS WATCH_EVENT ERROR IS_DOMAIN_INTRODUCED RESUME
SET_TARGET RESTRICT RESET_WATCHES DIRECTORY_PART""".split()
OP = {name: number for number, name in enumerate(OPS)}
HEADER = struct.Struct("<4I")
PORT_BASE, PORT_DEATH = 100, 99     # as in fake_xen.h
RING = 1024
TIMEOUT = 10


class Lost(Exception):
    """The daemon has ended the connection or the ring."""


class Client:
    """Requests and replies; subclasses move the bytes."""

    def __init__(self):
        self.buffer = b""
        self.events = []
        self.req_id = 0

    def message(self):
        """The next whole message as (type, req_id, tx_id, payload)."""
        while True:
            if len(self.buffer) >= HEADER.size:
                kind, req, tx_id, length = HEADER.unpack_from(self.buffer)
                if len(self.buffer) >= HEADER.size + length:
                    payload = self.buffer[HEADER.size:HEADER.size + length]
                    self.buffer = self.buffer[HEADER.size + length:]
                    return kind, req, tx_id, payload
            self.buffer += self.receive()

    def submit(self, op, payload=b"", tx_id=0):
        """Send a request without waiting."""
        self.req_id += 1
        kind = OP[op] if isinstance(op, str) else op
        self.send(HEADER.pack(kind, self.req_id, tx_id, len(payload)) + payload)
        return self.req_id

    def reply(self, req_id):
        """Wait for the reply to a request; events that come first are kept."""
        while True:
            kind, req, _, payload = self.message()
            if kind == OP["WATCH_EVENT"]:
                self.events.append(tuple(payload.split(b"\0")[:2]))
            elif req == req_id:
                name = OPS[kind] if kind < len(OPS) else str(kind)
                return name, payload

    def ask(self, op, *strings, tx_id=0, raw=None):
        """Send strings, each with its NUL (or raw bytes), and return (type name, payload)."""
        payload = raw if raw is not None else b"".join(
            (s if isinstance(s, bytes) else s.encode()) + b"\0" for s in strings)
        return self.reply(self.submit(op, payload, tx_id))

    def write(self, path, value, tx_id=0):
        """WRITE, whose value has no NUL."""
        value = value if isinstance(value, bytes) else value.encode()
        return self.ask("WRITE", raw=path.encode() + b"\0" + value, tx_id=tx_id)

    def start(self):
        """A new transaction's number."""
        name, payload = self.ask("TRANSACTION_START", "")
        assert name == "TRANSACTION_START", payload
        return int(payload.rstrip(b"\0"))

    def take_events(self):
        """Events that have arrived by now (a request in between makes sure of the order)."""
        self.ask("GET_DOMAIN_PATH", "0")
        events, self.events = self.events, []
        return events


class SocketClient(Client):
    """A client of dom0."""

    def __init__(self, path):
        super().__init__()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(path)
        self.sock.settimeout(TIMEOUT)

    def send(self, data):
        self.sock.sendall(data)

    def receive(self):
        data = self.sock.recv(65536)
        if not data:
            raise Lost("the socket was closed")
        return data

    def close(self):
        self.sock.close()


class RingClient(Client):
    """A guest behind a shared page, with events as datagrams."""

    REQ_CONS, REQ_PROD, RSP_CONS, RSP_PROD, FEATURES, CONNECTION, ERROR = range(2048, 2076, 4)

    def __init__(self, folder, domid):
        super().__init__()
        self.domid, self.folder = domid, folder
        with open(os.path.join(folder, f"ring-{domid}"), "r+b") as ring:
            self.page = mmap.mmap(ring.fileno(), 4096)
        self.words = memoryview(self.page).cast("I")
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = os.path.join(folder, f"guest-{domid}")
        if os.path.exists(path):
            os.unlink(path)
        self.sock.bind(path)

    def field(self, at):
        return self.words[at // 4]

    def set_field(self, at, value):
        self.words[at // 4] = value & 0xffffffff    # one store: never half a number

    def notify(self):
        self.sock.sendto(struct.pack("<I", PORT_BASE + self.domid),
                         os.path.join(self.folder, "store"))

    def wait(self):
        """Wait for an event from the store."""
        if not select.select([self.sock], [], [], 0.2)[0]:
            return
        self.sock.recv(16)

    def put(self, data):
        """Put bytes into the request ring as far as there is room; returns how many."""
        prod, cons = self.field(self.REQ_PROD), self.field(self.REQ_CONS)
        room = RING - ((prod - cons) & 0xffffffff)
        data = data[:room]
        for i, byte in enumerate(data):
            self.page[(prod + i) % RING] = byte
        self.set_field(self.REQ_PROD, prod + len(data))
        return len(data)

    def send(self, data):
        end = time.monotonic() + TIMEOUT
        while data:
            done = self.put(data)
            data = data[done:]
            self.notify()
            if data and not done:
                if time.monotonic() > end or self.field(self.ERROR):
                    raise Lost(f"ring error {self.field(self.ERROR)}")
                self.wait()

    def get(self):
        """What is in the response ring."""
        prod, cons = self.field(self.RSP_PROD), self.field(self.RSP_CONS)
        count = (prod - cons) & 0xffffffff
        assert count <= RING, "the store broke the ring"
        data = bytes(self.page[1024 + (cons + i) % RING] for i in range(count))
        self.set_field(self.RSP_CONS, prod)
        # Was it full when we made room? What was read before may be old, and the store waits.
        if (self.field(self.RSP_PROD) - cons) & 0xffffffff >= RING:
            self.notify()
        return data

    def receive(self):
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            data = self.get()
            if data:
                return data
            if self.field(self.ERROR):
                raise Lost(f"ring error {self.field(self.ERROR)}")
            self.wait()
        raise Lost("no answer")

    def close(self):
        self.sock.close()
        self.words.release()
        self.page.close()


class Daemon:
    """A store daemon on a fake Xen in a folder of its own."""

    def __init__(self, command, preload=None, libraries=None, options=()):
        self.folder = tempfile.mkdtemp(prefix="store-")
        self.command, self.preload, self.libraries = list(command), preload, libraries
        self.options = list(options)
        self.clients, self.process, self.domains = [], None, {0: "-"}
        self.new_ring(0)
        with open(os.path.join(self.folder, "xsd_port"), "w", encoding="ascii") as port:
            port.write("7")
        self.write_domains()
        self.run()

    def environment(self):
        env = dict(os.environ, XENSTORE_FAKE_XEN=self.folder, XENSTORED_RUNDIR=self.folder,
                   XENSTORED_ROOTDIR=self.folder)
        if self.libraries:
            env["LD_LIBRARY_PATH"] = self.libraries
        if self.preload:
            env["LD_PRELOAD"] = self.preload
        return env

    def run(self):
        """Start the process and wait until it answers."""
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen(self.command + ["-N"] + self.options, stdout=self.log,
                                        stderr=self.log, env=self.environment())
        end = time.monotonic() + TIMEOUT
        while True:
            try:
                client = SocketClient(self.socket)
                client.ask("READ", "/")
                client.close()
                return
            except (OSError, Lost):
                assert self.process.poll() is None, f"the daemon ended: {self.log_text()}"
                assert time.monotonic() < end, f"the daemon does not answer: {self.log_text()}"
                time.sleep(0.02)

    def log_text(self):
        with open(os.path.join(self.folder, "log"), "rb") as log:
            return log.read().decode(errors="replace")

    @property
    def socket(self):
        return os.path.join(self.folder, "socket")

    def new_ring(self, domid):
        with open(os.path.join(self.folder, f"ring-{domid}"), "wb") as ring:
            ring.write(bytes(4096))

    def write_domains(self):
        path = os.path.join(self.folder, "domains")
        with open(path + ".new", "w", encoding="ascii") as out:
            out.writelines(f"{domid} {flags}\n" for domid, flags in self.domains.items())
        os.rename(path + ".new", path)

    def set_domain(self, domid, flags):
        """Change what the hypervisor says about a domain (None: gone) and raise the interrupt."""
        if flags is None:
            self.domains.pop(domid, None)
        else:
            self.domains[domid] = flags
        self.write_domains()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(struct.pack("<I", PORT_DEATH), os.path.join(self.folder, "store"))
        time.sleep(0.05)

    def client(self):
        """A new client on the socket."""
        client = SocketClient(self.socket)
        self.clients.append(client)
        return client

    def guest(self, domid, introduce=True):
        """A guest with a ring, introduced by a client of dom0."""
        self.new_ring(domid)
        self.domains[domid] = "-"
        self.write_domains()
        guest = RingClient(self.folder, domid)
        self.clients.append(guest)
        if introduce:
            dom0 = SocketClient(self.socket)
            reply = dom0.ask("INTRODUCE", str(domid), "1234", str(domid + 10))
            dom0.close()
            assert reply == ("INTRODUCE", b"OK\0"), reply
        return guest

    def stop(self):
        for client in self.clients:
            client.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder)


def ours(options=()):
    """Our daemon."""
    return Daemon([os.path.join(BUILD, "bin", "test-xenstored")], options=options)


def debian(root, options=()):
    """Debian's daemon out of a folder with unpacked packages."""
    libraries = os.path.join(root, "usr/lib/x86_64-linux-gnu")
    return Daemon([os.path.join(root, "usr/lib/xen-4.17/bin/xenstored")],
                  preload=os.path.join(BUILD, "bin", "xenstored-shim.so"), libraries=libraries,
                  options=options)
