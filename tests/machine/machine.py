# SPDX-License-Identifier: MIT
"""One virtual machine under QEMU: {Domus, Debian's Xen} x {lean, full dom0}, driven over its
serial line, or with own_line over a line that only dom0's shell writes to.

    with Machine(hypervisor="domus", tools="domus", smp=2) as machine:
        machine.boot()
        machine.check("domus create /etc/domus/demo.cfg")

Every wait has a deadline (stretched when the host is overcommitted), and so has the machine as
a whole; nothing here can hang. The serial line goes to a log with the seconds since power-on
before each line. Only the QEMU that this object started is ever killed.
"""
import dataclasses
import os
import re
import select
import shlex
import socket
import subprocess
import time

import images
from packages import TOP

PROMPT = "dom0# "
OVMF = "/usr/share/OVMF"
# Xen's console ring holds 128 bytes, and so may ours: type in small bites.
BITE = 40
# What is typed at once without waiting for the shell, and the pieces of what is longer.
LONGEST, PIECE = 80, 60
# A line of its own waits until it is read; only the shell's longest line is a limit: 1,023, and a
# quote mark is typed as five.
LONGEST_OWN, PIECE_OWN = 900, 180
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# The hypervisor writes whole lines to the serial line, possibly amid one of dom0's.
HYPERVISOR_LINES = re.compile(r"\((?:XEN|domusd)\) [^\n]*\n")
PANIC = re.compile(r"^(\(XEN\) |\(DOMUS\) )?(Panic on CPU|PANIC)", re.M)


class MachineError(Exception):
    """The machine did not do what was awaited; the text ends with its last output."""


@dataclasses.dataclass
class Result:
    """What a command in dom0 printed, its exit status and how long it took."""
    output: str
    status: int
    seconds: float


@dataclasses.dataclass
class Config:
    """How a machine is made. `boot` is direct (QEMU loads the modules), bios or uefi (GRUB)."""
    hypervisor: str = "domus"
    build: str = os.path.join(TOP, "build")
    full: bool = False
    store: str = "domus"
    tools: str = "domus"
    boot: str = "direct"
    cpu: str = ""
    smp: int = 1
    # Time goes by instructions, so that timeouts inside (10 s for a hotplug script) do not depend
    # on how busy this host is.
    counted: bool = False
    memory: int = 1024
    dom0_memory: int = 0
    hypervisor_arguments: str = ""
    dom0_arguments: str = ""
    port: int = 0
    guest_ports: tuple = ()
    extra: tuple = ()
    initrd: str = ""
    # dom0's shell is not on the serial line, where the hypervisor writes too, but on a virtual
    # console. Only the full dom0 can do it.
    own_line: bool = False
    screen: bool = False
    kernel: str = ""

    def resolved(self):
        """A copy with the defaults that depend on other fields filled in."""
        config = dataclasses.replace(self)
        config.full = self.full or bool({"debian", "ocaml"} & {self.store, self.tools})
        if not self.cpu:
            # Before 9.1 QEMU checks SMAP where hardware does not, which kills dom0 on Xen.
            config.cpu = "max,-smap" if self.hypervisor == "xen" else "max"
        if not self.dom0_memory:
            config.dom0_memory = 512 if self.memory >= 1024 else self.memory // 2
        return config


def patience():
    """By how much waits are stretched: how far this host is overcommitted right now."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def free_port(wanted=0):
    """A free TCP port of this host: `wanted` or one of the next hundred, else any."""
    for port in list(range(wanted, wanted + 100) if wanted else []) + [0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
            except OSError:
                continue
    raise MachineError("no free TCP port on 127.0.0.1")


def hypervisor_path(config):
    """The hypervisor's image."""
    if config.hypervisor == "xen":
        return os.path.join(config.build, "images/xen")
    return os.path.join(config.build, "domus")


def boot_arguments(config):
    """(hypervisor's command line, dom0's command line)."""
    size = f"{config.dom0_memory}M"
    # Xen's lazy FPU switching loses vector registers under QEMU's XSAVE when two domains run.
    workaround = "spec-ctrl=eager-fpu " if config.hypervisor == "xen" else ""
    hypervisor = (f"console=com1 com1=115200,8n1 dom0_mem={size},max:{size} loglvl=all "
                  f"guest_loglvl=all {workaround}{config.hypervisor_arguments}").strip()
    line = "line=hvc1 " if config.own_line else ""
    dom0 = (f"console=hvc0 quiet store={config.store} tools={config.tools} {line}"
            f"{config.dom0_arguments}").strip()
    return hypervisor, dom0


def loader_options(config, scratch):
    """QEMU's options that load hypervisor, dom0 kernel and initramfs; `scratch` takes an ISO."""
    folder = os.path.join(config.build, "images")
    initrd = config.initrd or os.path.join(
        folder, "dom0-full.cpio.gz" if config.full else "dom0-lean.cpio.gz")
    kernel = config.kernel or os.path.join(folder, "vmlinuz")
    hypervisor_line, dom0_line = boot_arguments(config)
    if config.boot == "direct":
        # A comma in an -initrd argument ends the module; two stand for one.
        module = f"{kernel} {dom0_line}".replace(",", ",,")
        return ["-kernel", hypervisor_path(config), "-append", hypervisor_line,
                "-initrd", f"{module},{initrd}"]
    iso = os.path.join(scratch, f"boot-{os.getpid()}-{config.boot}.iso")
    images.write_iso(iso, config.hypervisor, hypervisor_path(config), hypervisor_line, kernel,
                     dom0_line, initrd, config.screen)
    if config.boot == "bios":
        return ["-cdrom", iso, "-boot", "d"]
    if config.boot == "uefi":
        code, variables = (os.path.join(OVMF, name) for name in ("OVMF_CODE_4M.fd",
                                                                 "OVMF_VARS_4M.fd"))
        return ["-machine", "q35",
                "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}",
                "-drive", f"if=pflash,format=raw,unit=1,snapshot=on,file={variables}",
                "-drive", f"if=none,id=cd0,media=cdrom,format=raw,readonly=on,file={iso}",
                "-device", "ide-cd,drive=cd0,bootindex=1"]
    raise MachineError(f"boot must be direct, bios or uefi, not {config.boot}")


def qemu_command(config, scratch):
    """The whole QEMU command line, without the serial line."""
    # A thread a CPU is of use where the host has CPUs to spare; else they wait for each other.
    threads = "single" if config.smp == 1 or config.counted or patience() > 2 else "multi"
    forwards = "".join(f",hostfwd=tcp:127.0.0.1:{host}-{address}:{port}"
                       for host, address, port in config.guest_ports)
    command = ["qemu-system-x86_64", "-accel", f"tcg,thread={threads}", "-cpu", config.cpu,
               "-smp", str(config.smp), "-m", str(config.memory), "-no-reboot", "-nodefaults",
               "-display", "none", "-vga", "std" if config.screen else "none"]
    command += loader_options(config, scratch)
    data = os.path.join(config.build, "images/data.img")
    command += ["-drive", f"file={data},if=none,id=data,format=raw,snapshot=on",
                "-device", "virtio-blk-pci,drive=data",
                "-netdev", f"user,id=net{forwards}",
                "-device", "virtio-net-pci,netdev=net,romfile="]
    if config.counted:
        command += ["-icount", "shift=0"]
    return command + list(config.extra)


def line_options(config, console):
    """QEMU's options for its standard input and output and what else the machine has of lines;
    `console` is the file that takes the serial line when dom0 has a line of its own."""
    if not config.own_line:
        return ["-serial", "stdio", "-monitor", "none"]
    return ["-serial", f"file:{console}", "-monitor", "none", "-chardev", "stdio,id=line",
            "-device", "virtio-serial-pci", "-device", "virtconsole,chardev=line"]


class Machine:
    """A running machine. Use as a context manager: it is killed at the end of the block."""

    def __init__(self, log=None, echo=None, deadline=900, **settings):
        """`log`: file for the serial output; `echo`: called with each piece of output as it
        comes; `deadline`: seconds after which every wait fails; the rest as in Config."""
        self.config = Config(**settings).resolved()
        self.echo = echo
        self.start = time.monotonic()
        self.deadline = self.start + deadline * patience()
        self.pending = ""
        self.partial = ""
        self.transcript = []
        self.commands = 0
        self.scratch = os.path.join(self.config.build, "images")
        self.console = os.path.join(self.scratch, f"console-{os.getpid()}-{id(self)}")
        command = (qemu_command(self.config, self.scratch)
                   + line_options(self.config, self.console))
        self.log = None
        self.heard = 0          # bytes of the console's file that were read
        self.spoken = ""        # its line that has not ended
        self.panicked = False
        if log:
            os.makedirs(os.path.dirname(log) or ".", exist_ok=True)
            self.log = open(log, "w", encoding="utf-8")
            self.log.write(shlex.join(command) + "\n")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.output = self.process.stdout.fileno()
        os.set_blocking(self.output, False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def seconds(self):
        """Seconds since power-on."""
        return time.monotonic() - self.start

    def text(self):
        """Everything the serial line has said so far."""
        return "\n".join(self.transcript + [self.partial])

    def _record(self, lines):
        for line in lines:
            self.transcript.append(line)
            if self.log:
                self.log.write(f"{self.seconds():8.2f} {line}\n")
        if self.log:
            self.log.flush()

    def _listen(self):
        """Take in what the serial line says where dom0's shell has another one."""
        if not os.path.exists(self.console):
            return
        with open(self.console, "rb") as file:
            file.seek(self.heard)
            data = file.read()
        self.heard += len(data)
        text = self.spoken + ESCAPES.sub("", data.decode("utf-8", "replace")).replace("\r", "")
        *lines, self.spoken = text.split("\n")
        self.panicked = self.panicked or any(PANIC.match(line) for line in lines)
        self._record(lines)

    def _pump(self, seconds):
        """Take in what QEMU says, waiting at most `seconds`; False when QEMU has ended."""
        ready, _, _ = select.select([self.output], [], [], seconds)
        self._listen()
        if not ready:
            return True
        data = os.read(self.output, 65536)
        if not data:
            return False
        raw = data.decode("utf-8", "replace")
        if self.echo:
            self.echo(raw)
        text = ESCAPES.sub("", raw).replace("\r", "")
        self.pending += text
        *lines, self.partial = (self.partial + text).split("\n")
        self._record(lines)
        return True

    def listen(self, seconds):
        """Take in for some time what the machine says."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self._pump(left):
            pass

    def expect(self, pattern, seconds=60, dom0_only=False):
        """Wait for a regular expression in the output that was not consumed yet; returns the
        match and consumes up to its end. A panic of the hypervisor ends the wait at once.
        With dom0_only the hypervisor's lines, which may stand amid one of dom0's, are left out."""
        regex = re.compile(pattern)
        end = min(time.monotonic() + seconds * patience(), self.deadline)
        alive, shared = True, not self.config.own_line
        while True:
            if dom0_only and shared and not re.search(r"Panic on CPU|PANIC", self.pending):
                self.pending = HYPERVISOR_LINES.sub("", self.pending)
            match = regex.search(self.pending)
            if match:
                self.pending = self.pending[match.end():]
                return match
            tail = f"; last output:\n{self.text()[-1500:]}"
            if self.panicked or (shared and PANIC.search(self.pending)):
                self._pump(1)
                raise MachineError(f"the hypervisor panicked before {pattern!r}{tail}")
            if not alive:
                raise MachineError(f"QEMU ended before {pattern!r}{tail}")
            left = end - time.monotonic()
            if left <= 0:
                raise MachineError(f"no {pattern!r} within {seconds} s{tail}")
            alive = self._pump(min(left, 1))

    def send(self, text):
        """Type `text` on the line where dom0's shell is."""
        data = text.encode()
        if self.config.own_line:
            self.process.stdin.write(data)
            self.process.stdin.flush()
            return
        for i in range(0, len(data), BITE):
            self.process.stdin.write(data[i:i + BITE])
            self.process.stdin.flush()
            if i + BITE < len(data):
                self._pump(0)
                time.sleep(0.03 * patience())    # a busy host lets dom0 read less often

    def boot(self, seconds=240):
        """Wait until dom0 shows its prompt; returns the seconds that took."""
        self.expect(r"dom0: ready at", seconds)
        self.expect(PROMPT, 30)
        self.send("stty -echo; set +m\n")     # no echo, and no notes about jobs in the background
        self.expect(PROMPT, 30)
        return self.seconds()

    def _hand_over(self, command):
        """Give a long command to the shell piece by piece, each awaited, so that a dom0 that is
        late in reading loses none of it; returns what is left to type."""
        own = self.config.own_line
        longest, piece = (LONGEST_OWN, PIECE_OWN) if own else (LONGEST, PIECE)
        if len(command) <= longest and "\n" not in command:
            return command
        for i in range(0, len(command), piece):
            old = "${line}" if i else ""
            self.send(f"line={old}{shlex.quote(command[i:i + piece])}\n")
            self.expect(PROMPT, 60, dom0_only=True)
        return 'eval "$line"'

    def run(self, command, seconds=60):
        """Run a command line in dom0's shell and return its Result."""
        self.commands += 1
        mark = f"@{self.commands}@"
        command = self._hand_over(command)
        begin = time.monotonic()
        self.pending = ""
        # The quotes keep an echo of the command from looking like its end.
        self.send(f"{command}\necho {mark[0]}''{mark[1:]}$?@\n")
        match = self.expect(rf"(?s)^(.*?){mark}(\d+)@\n", seconds, dom0_only=True)
        self.expect(PROMPT, 20, dom0_only=True)
        output = match.group(1).replace(PROMPT, "")
        return Result(output, int(match.group(2)), time.monotonic() - begin)

    def check(self, command, seconds=60, status=0):
        """Run a command that must end with `status`; returns its output."""
        result = self.run(command, seconds)
        if result.status != status:
            raise MachineError(f"`{command}` ended with {result.status}, not {status}:\n"
                               f"{result.output}")
        return result.output

    def wait_end(self, seconds=60):
        """Wait until QEMU ends by itself; returns its exit status."""
        end = min(time.monotonic() + seconds * patience(), self.deadline)
        while self._pump(min(1, max(0, end - time.monotonic()))):
            if time.monotonic() >= end:
                raise MachineError(f"the machine still runs after {seconds} s; last output:\n"
                                   f"{self.text()[-1500:]}")
        return self.process.wait(10)

    def poweroff(self, seconds=60):
        """Ask dom0 to power the machine off and wait until it did."""
        self.send("poweroff -f\n")
        return self.wait_end(seconds)

    def kill(self):
        """End the machine now."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self._listen()
        if self.log:
            self.log.write(f"{self.spoken}{self.partial}\n")
            self.log.close()
            self.log = None
        iso = os.path.join(self.scratch, f"boot-{os.getpid()}-{self.config.boot}.iso")
        for path in (iso, self.console):
            if os.path.exists(path):
                os.unlink(path)
