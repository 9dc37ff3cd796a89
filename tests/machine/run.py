# SPDX-License-Identifier: MIT
"""`make run`, `make debug` and `make iso`: the demonstration machine on this terminal.

The settings come as environment variables, as make hands them on: UEFI=1, BOOT=direct|bios|uefi,
CPU=, SMP=, MEM= (MiB), SCRIPT=file (runs in dom0; its status is ours), XEN=1 (Debian's Xen
instead of Domus), XL=1 (Debian's toolstack instead of ours), PORT= (of the host), ARGS= (more
arguments for the hypervisor).
"""
import os
import subprocess
import sys

import images
import machine
from packages import PackageError, TOP
from tree import TreeError

QUIT_KEY = 20   # ctrl-t: ctrl-a belongs to the hypervisor's console


def note(text):
    """A line of progress."""
    print(f"run: {text}", flush=True)


def settings(environment, build, verb):
    """The machine's Config from make's variables."""
    xen, xl = environment.get("XEN"), environment.get("XL")
    has_ours = os.path.exists(os.path.join(build, "bin/domusd"))
    if not has_ours and not xl:
        note("build/bin/domusd is not there: using Debian's toolstack, as with XL=1")
        xl = "1"
    owner = "debian" if xl else "domus"
    # To debug, QEMU loads the modules itself: no firmware and no GRUB before our first instruction.
    default = "direct" if verb == "debug" else "bios"
    boot = environment.get("BOOT") or ("uefi" if environment.get("UEFI") else default)
    port = machine.free_port(int(environment.get("PORT") or 8080))
    url = f"http://127.0.0.1:{port}/"
    config = machine.Config(
        hypervisor="xen" if xen else "domus", build=build, store=owner, tools=owner, boot=boot,
        cpu=environment.get("CPU") or "", smp=int(environment.get("SMP") or 1),
        memory=int(environment.get("MEM") or 1024),
        hypervisor_arguments=environment.get("ARGS") or "",
        dom0_arguments=f"demo url={url}", port=port,
        guest_ports=((port, "10.0.2.100", 80),))
    return config, url


def fields(config):
    """The Config as keyword arguments."""
    return {name: getattr(config, name) for name in config.__dataclass_fields__}


def run_script(config, path):
    """Boot, run the host's file `path` in dom0, power off; returns the script's status."""
    # The script rides on a second disk: typing it would be slow and limited.
    with open(path, "rb") as file:
        script = file.read()
    disk = os.path.join(config.build, "images", f"script-{os.getpid()}.img")
    with open(disk, "wb") as file:
        file.write(script + b"\n" * (-len(script) % 512 or 512))
    config.extra = ("-drive", f"file={disk},if=none,id=script,format=raw,readonly=on",
                    "-device", "virtio-blk-pci,drive=script")

    def echo(text):
        sys.stdout.write(text)
        sys.stdout.flush()

    try:
        with machine.Machine(echo=echo, deadline=3600, **fields(config)) as run:
            run.boot()
            result = run.run("cat /dev/vdb >/run/script; sh /run/script", 3000)
            run.poweroff()
    finally:
        os.unlink(disk)
    print(f"\nrun: {path} ended with status {result.status}", flush=True)
    return result.status


def run_terminal(config, url, debug):
    """Replace this process by QEMU on the terminal (stopped, with a gdb port, for `debug`)."""
    config = config.resolved()
    command = machine.qemu_command(config, os.path.join(config.build, "images"))
    command += ["-serial", "mon:stdio", "-echr", str(QUIT_KEY)]
    if debug:
        port = machine.free_port(1234)
        command += ["-S", "-gdb", f"tcp:127.0.0.1:{port}"]
        return debug_session(config, command, port)
    note(f"the guest's page will be at {url}; ctrl-t x ends the machine at any time")
    os.execvp(command[0], command)
    return 1


def debug_session(config, command, port):
    """Run QEMU with its serial line in a log, and gdb on this terminal; `continue` there goes to
    the hypervisor's first C function."""
    log = os.path.join(config.build, "debug-serial.log")
    command[command.index("mon:stdio")] = f"file:{log}"
    note(f"serial output goes to {os.path.relpath(log, TOP)}; the machine ends with gdb")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as qemu:
        try:
            return subprocess.call([
                "gdb", "-q", os.path.join(config.build, "domus-syms"),
                "-ex", f"target remote 127.0.0.1:{port}",
                "-ex", "thbreak start_hypervisor",
                "-x", os.path.join(TOP, "hypervisor/arch/x86/tools/gdb.py")])
        finally:
            qemu.kill()


def main():
    build = os.path.join(TOP, os.environ.get("BUILD") or "build")
    verb = sys.argv[1] if len(sys.argv) > 1 else "run"
    try:
        config, url = settings(os.environ, build, verb)
        note("preparing the images")
        images.build_images(build, full=config.resolved().full or config.hypervisor == "xen")
        if verb == "iso":
            path = os.path.join(build, "domus.iso")
            hypervisor, dom0 = machine.boot_arguments(config)
            folder = os.path.join(build, "images")
            name = "dom0-full.cpio.gz" if config.resolved().full else "dom0-lean.cpio.gz"
            images.write_iso(path, "Domus", machine.hypervisor_path(config), hypervisor,
                             os.path.join(folder, "vmlinuz"), dom0, os.path.join(folder, name))
            note(f"wrote {os.path.relpath(path, TOP)}")
            return 0
        if os.environ.get("SCRIPT"):
            return run_script(config, os.environ["SCRIPT"])
        return run_terminal(config, url, verb == "debug")
    except (PackageError, TreeError, machine.MachineError, OSError) as error:
        print(f"run: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
