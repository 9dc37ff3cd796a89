#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots guest-side test kernels as the initial domain under QEMU and judges what they print.

A kernel announces `PLAN n`, prints one `TEST name: ok|FAIL|skip|error ...` line a test and
ends with `DONE`. A test that the plan promised and that did not report has failed; so has a
kernel that goes past its deadline. `name@domu` runs a kernel as an unprivileged domain, built by
the initial domain as_domu. Exit status: 0 all passed, 1 something failed, 2 usage.
"""
import argparse
import concurrent.futures
import json
import os
import re
import selectors
import socket
import subprocess
import sys
import time

HYPERVISOR_OPTIONS = ("console=com1 com1=115200,8n1 dom0_mem=64M,max:64M loglvl=all "
                      "guest_loglvl=all dom0_max_vcpus=1")
QEMU = ["qemu-system-x86_64", "-nodefaults", "-no-reboot", "-display", "none", "-vga", "none",
        "-serial", "stdio", "-monitor", "none"]
QUICK_END = ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
LOAD_BASE = 0x200000  # where QEMU puts the hypervisor's image
GRACE = 5  # seconds from DONE to the end of the machine
AUDIT = re.compile(r"audit: \d+ frames, (\d+) faults")
RESULT = re.compile(r"TEST (\S+): (ok|FAIL|skip|error)\b ?(.*)")


def machine_options(kernel):
    """What one test wants of its machine: lines `//! key=value` of its main.c, by key."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), kernel, "main.c")
    wanted = {"smp": "1", "cpu": "max,-smap", "accel": "tcg,thread=single", "mem": "256",
              "xen": "", "args": "", "timeout": "60", "module": "",
              "as": ""}
    if os.path.exists(source):
        with open(source, encoding="utf-8") as text:
            for key, value in re.findall(r"^//! (\w+)=(.*)$", text.read(), re.M):
                wanted[key] = value.strip()
    return wanted


def read_until_done(process, deadline):
    """The serial output up to the end of QEMU, which comes soon after `DONE`, or the deadline."""
    output, done = b"", False
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                break
            part = os.read(process.stdout.fileno(), 65536)
            if not part:
                return output, None if done else "QEMU ended"
            output += part
            if b"\nDONE" in output and not done:
                done = True
                deadline = min(deadline, time.monotonic() + GRACE)
    return output, None if done else "deadline passed"


def image_bytes(image):
    """The size of the hypervisor in memory."""
    done = subprocess.run(["nm", image], capture_output=True, text=True, check=True)
    at = {line.split()[-1]: int(line.split()[0], 16) for line in done.stdout.splitlines()}
    return at["_end"] - at["_start"]


def dump_memory(socket_path, image, path):
    """Stops a machine and writes the hypervisor's memory to a file."""
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.settimeout(30)
        monitor.connect(socket_path)
        with monitor.makefile("rw") as talk:
            for command, arguments in (
                    ("qmp_capabilities", {}), ("stop", {}),
                    ("pmemsave", {"val": LOAD_BASE, "size": image_bytes(image),
                                  "filename": path})):
                talk.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
                talk.flush()
                for line in talk:
                    answer = json.loads(line)
                    if "error" in answer:
                        raise RuntimeError(f"{command}: {answer['error']}")
                    if "return" in answer:
                        break


def boot(kernel, options):
    """Runs one kernel; returns its console text, why it ended early, and the seconds."""
    name, _, as_domu = kernel.partition("@")
    wanted = machine_options(name)
    for override in options.machine:
        key, _, value = override.partition("=")
        wanted[key] = value
    module = os.path.join(options.dir, name + ".elf")
    second = f",{module}" if wanted["module"] == "self" else ""
    if as_domu or wanted["as"] == "domu":
        second, module = f",{module}", os.path.join(options.dir, "as_domu.elf")
    command = QEMU + ["-accel", wanted["accel"], "-cpu", wanted["cpu"], "-m", wanted["mem"],
                      "-smp", wanted["smp"], "-kernel", options.hv,
                      "-append", f"{HYPERVISOR_OPTIONS} {wanted['xen']}",
                      "-initrd", f"{module} {name} {wanted['args']}".rstrip() + second]
    monitor = os.path.join(options.dumps or "", kernel + ".qmp")
    command += ["-no-shutdown", "-qmp", f"unix:{monitor},server=on,wait=off"] if options.dumps \
        else QUICK_END
    start = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        try:
            output, trouble = read_until_done(process, start + float(wanted["timeout"]))
            if options.dumps:
                dump_memory(monitor, options.image,
                            os.path.join(os.path.abspath(options.dumps), kernel + ".dump"))
        finally:
            process.kill()
    return output.decode("utf-8", "replace").replace("\r", ""), trouble, time.monotonic() - start


class Totals:
    """Counts of a run."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0


def judge(kernel, text, trouble, seconds, totals, options):
    """Prints the results of one kernel and adds them up."""
    plan = re.search(r"^PLAN (\d+)", text, re.M)
    results = RESULT.findall(text)
    lines = []
    for name, verdict, rest in results:
        if verdict == "ok":
            totals.passed += 1
        elif verdict == "skip":
            totals.skipped += 1
        else:
            totals.failed += 1
        if verdict != "ok" or options.verbose:
            lines.append(f"  {name}: {verdict} {rest}".rstrip())
    audits = [int(faults) for faults in AUDIT.findall(text)]
    if any(audits):
        totals.failed += 1
        lines.append("  frame audit: FAIL")
        lines += ["    | " + line for line in text.splitlines() if "audit:" in line]
    missing = int(plan.group(1)) - len(results) if plan else 1
    if missing > 0 or trouble:
        totals.failed += max(missing, 1)
        what = f"{missing} tests did not report" if plan else "the kernel did not start"
        lines.append(f"  FAIL {what}{f' ({trouble})' if trouble else ''}; last lines:")
        lines += ["    | " + line for line in text.splitlines()[-options.tail:]]
    bad = any(v in ("FAIL", "error") for _, v, _ in results) or missing > 0 \
        or trouble or any(audits)
    print(f"{kernel}: {'FAILED' if bad else 'ok'}, {len(results)} tests, {seconds:.1f} s")
    print("\n".join(lines) + "\n" if lines else "", end="", flush=True)
    if options.logs:
        os.makedirs(options.logs, exist_ok=True)
        with open(os.path.join(options.logs, kernel + ".log"), "w", encoding="utf-8") as log:
            log.write(text)


def main():
    """Parses the command line, runs the kernels, prints the sum."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hv", required=True, help="hypervisor image for QEMU -kernel")
    parser.add_argument("--dir", required=True, help="folder with the built kernels")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--machine", action="append", default=[], metavar="KEY=VALUE",
                        help="override of a machine option for all kernels (cpu, smp, accel, ...)")
    parser.add_argument("--dumps", help="folder for the hypervisor's memory after each kernel")
    parser.add_argument("--image", help="the hypervisor's ELF, for --dumps")
    parser.add_argument("--logs", help="folder for the console texts")
    parser.add_argument("--tail", type=int, default=12, help="console lines shown on trouble")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("kernels", nargs="+")
    options = parser.parse_args()
    if not os.path.exists(options.hv):
        print(f"{options.hv}: no such hypervisor image; build it, or name one with HV=path")
        return 2
    totals = Totals()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = {pool.submit(boot, kernel, options): kernel for kernel in options.kernels}
        for run in concurrent.futures.as_completed(runs):
            judge(runs[run], *run.result(), totals, options)
    print(f"{totals.passed} passed, {totals.failed} failed, {totals.skipped} skipped")
    return 1 if totals.failed or not totals.passed else 0


if __name__ == "__main__":
    sys.exit(main())
