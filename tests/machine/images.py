# SPDX-License-Identifier: MIT
"""The disks of the test machine: dom0's initramfs (two of them), the guests', the data disk,
and ISO images that GRUB boots.

    images.py [--build DIR] [--full]    make them by hand; run.py and the tests do it themselves

`lean` dom0 holds our programs only; `full` holds Debian's Xen toolstack beside them, so each half
can meet its real counterpart.
"""
import argparse
import glob
import gzip
import os
import shutil
import subprocess
import tempfile

import packages
from packages import ROOT, TOP, XEN_VERSION
from tree import Tree, write_if_changed

FILES = os.path.join(TOP, "tests/machine/files")
TEST_CONFIGS = os.path.join(TOP, "tests/integration/cfg")

DOM0_MODULES = ["xenfs", "xen-privcmd", "xen-evtchn", "xen-gntdev", "xen-gntalloc", "xen-blkback",
                "xen-netback", "bridge", "loop", "virtio_pci", "virtio_blk", "virtio_net", "e1000",
                "crc32c_generic", "ext4"]
# Only where the tests want them.
FULL_MODULES = ["nbd", "dm_mod", "nf_tables", "nft_chain_nat", "nft_masq", "virtio_console"]
GUEST_MODULES = ["xen-blkfront", "xen-netfront", "crc32c_generic", "ext4"]

OUR_PROGRAMS = {"domus": "usr/sbin", "domusd": "usr/lib/domus", "xenstored": "usr/lib/domus",
                "xenstore": "usr/bin", "xenstore-control": "usr/bin"}
XENSTORE_VERBS = ["exists", "list", "ls", "read", "write", "rm", "chmod", "watch"]
PEER_PROGRAMS = ["xl", "xenstored", "oxenstored", "xenconsoled", "xenconsole", "xen-init-dom0",
                 "libxl-save-helper", "xentop", "xen-cpuid", "lsevtchn", "xenctx", "xenpm",
                 "xenlockprof", "xenperf", "xentrace", "xentrace_setsize", "xencov", "xen-hptool",
                 "xen-diag", "xen-ucode", "xen-mfndump", "xen-livepatch", "xen-mceinj",
                 "xen-memshare", "xen-lowmemd", "xen-vmtrace", "xen-hvmctx", "flask-getenforce",
                 "test-resource", "test-cpu-policy", "test-tsx", "test-paging-mempool"]
# The hotplug scripts want these programs, not busybox's.
SCRIPT_PROGRAMS = ["bin/bash", "usr/bin/stat", "usr/bin/flock", "bin/readlink", "bin/mount",
                   "sbin/ip", "sbin/losetup", "sbin/bridge", "sbin/brctl"]


def busybox_root():
    """A tree with busybox, its names, and the directories that a Linux wants to find."""
    tree = Tree()
    tree.directory("proc", "sys", "dev", "run", "tmp", "root", "mnt", "srv", "etc", "sbin",
                   "usr/bin", "usr/sbin", "var/log")
    tree.link("var/run", "/run")
    tree.link("var/lock", "/run/lock")
    busybox = os.path.join(ROOT, "bin/busybox")
    tree.file("bin/busybox", busybox, 0o755)
    names = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    for name in names.stdout.split():
        if name != "busybox":
            tree.link("bin/" + name, "busybox")
    # The kernel runs these by their full names, for example when a toolstack asks for shutdown.
    for name in ("poweroff", "reboot"):
        tree.text("sbin/" + name, f"#!/bin/sh\nexec /bin/busybox {name} -f\n", 0o755)
        tree.link("bin/" + name, "../sbin/" + name)
    tree.link("sbin/modprobe", "../bin/busybox")
    tree.file("usr/share/blob/cgi-bin/blob", os.path.join(FILES, "blob"), 0o755)
    tree.text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    tree.text("etc/group", "root:x:0:\n")
    return tree


def add_modules(tree, release, names):
    """Add kernel modules with what they depend on, and a modules.dep of just these."""
    base = f"lib/modules/{release}"
    dependencies, by_name = {}, {}
    with open(os.path.join(ROOT, base, "modules.dep"), encoding="ascii") as file:
        for line in file:
            path, _, rest = line.partition(":")
            dependencies[path] = rest.split()
            by_name[os.path.basename(path).split(".")[0].replace("-", "_")] = path
    wanted = [by_name[name.replace("-", "_")] for name in names
              if name.replace("-", "_") in by_name]
    chosen = sorted({path for top in wanted for path in [top] + dependencies[top]})
    for path in chosen:
        tree.file(f"{base}/{path}", os.path.join(ROOT, base, path))
    lines = [f"{path}: {' '.join(dependencies[path])}\n" for path in chosen]
    tree.text(f"{base}/modules.dep", "".join(lines))
    tree.text("etc/modules", "\n".join(name for name in names
                                       if name.replace("-", "_") in by_name) + "\n")


def add_ours(tree, build, full):
    """Add the programs that were built here, where `make install` puts them."""
    for name, folder in OUR_PROGRAMS.items():
        tree.program(f"{folder}/{name}", os.path.join(build, "bin", name), [ROOT, "/"])
    for verb in XENSTORE_VERBS:
        tree.link("usr/bin/xenstore-" + verb, "xenstore")
    builder = os.path.join(build, "bin/domus-build")
    if full and os.path.exists(builder):
        tree.program("usr/lib/domus/domus-build", builder, [ROOT, "/"])
    log = os.path.join(build, "hypercall-log.so")
    if full and os.path.exists(log):
        tree.file("usr/lib/domus/hypercall-log.so", log)


def add_peer(tree):
    """Add Debian's Xen toolstack with its hotplug scripts."""
    for name in PEER_PROGRAMS:
        path = f"usr/lib/xen-{XEN_VERSION}/bin/{name}"
        tree.program(path, os.path.join(ROOT, path), [ROOT])
    for path in glob.glob(os.path.join(ROOT, "usr/bin/xenstore*")):
        if os.path.isfile(path):
            target = f"usr/lib/xen-{XEN_VERSION}/bin/{os.path.basename(path)}"
            tree.program(target, os.path.realpath(path), [ROOT])
    tree.program("usr/sbin/xenhypfs", os.path.join(ROOT, "usr/sbin/xenhypfs"), [ROOT])
    for path in SCRIPT_PROGRAMS:
        tree.program("bin/" + os.path.basename(path), os.path.join(ROOT, path), [ROOT])
    tree.library("libgcc_s.so.1", [ROOT])   # loaded by pthread_cancel() at run time
    for path in glob.glob(os.path.join(ROOT, "etc/xen/**"), recursive=True):
        if os.path.isfile(path):
            tree.file(os.path.relpath(path, ROOT), path)
    for name in ("xen-dir", "xen-version"):
        path = "usr/lib/xen-common/bin/" + name
        tree.file(path, os.path.join(ROOT, path))
    tree.directory("var/lib/xen", "var/lib/xenstored", "var/log/xen", "etc/default")


def add_qemu(tree):
    """Add QEMU's block tools, which serve images that are not raw, the device mapper's, and xz."""
    for path in ("usr/bin/qemu-nbd", "usr/bin/qemu-img", "sbin/dmsetup", "usr/bin/xz"):
        tree.program(path, os.path.join(ROOT, path), [ROOT])


def add_libvirt(tree):
    """Add Debian's libvirtd with its driver for Xen, and virsh."""
    libraries = "usr/lib/x86_64-linux-gnu/"
    for path in ("usr/sbin/libvirtd", "usr/bin/virsh",
                 libraries + "libvirt/connection-driver/libvirt_driver_libxl.so"):
        tree.program(path, os.path.join(ROOT, path), [ROOT])
    for path in glob.glob(os.path.join(ROOT, "usr/share/libvirt/cpu_map/*")):
        tree.file(os.path.relpath(path, ROOT), path)
    # Without a policy daemon in this dom0, root needs no other word than its own.
    tree.text("etc/libvirt/libvirtd.conf", 'auth_unix_rw = "none"\n')
    tree.directory("var/lib/libvirt", "var/log/libvirt", "var/cache/libvirt")


PV_GRUB_CONFIG = """\
set root=(xen/xvda)
configfile /boot/grub/grub.cfg
"""
PV_GRUB_MODULES = "configfile normal linux ext2 xzio gzio echo".split()


def write_pv_grub(path):
    """Write Debian's GRUB as a paravirtualized kernel, which starts what the guest's disk names."""
    modules = os.path.join(ROOT, "usr/lib/grub/x86_64-xen")

    def write(target):
        with tempfile.NamedTemporaryFile("w", suffix=".cfg") as config:
            config.write(PV_GRUB_CONFIG)
            config.flush()
            done = subprocess.run(["grub-mkimage", "-d", modules, "-O", "x86_64-xen", "-c",
                                   config.name, "-p", "/boot/grub", "-o", target]
                                  + PV_GRUB_MODULES, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise packages.PackageError(f"grub-mkimage failed: {done.stderr[-500:]}")
    stamp = os.stat(os.path.join(modules, "kernel.img")).st_mtime_ns
    write_if_changed(path, f"{stamp} {PV_GRUB_CONFIG} {PV_GRUB_MODULES}", write)


def dom0_tree(release, build, full):
    """Tree of dom0's initramfs."""
    tree = busybox_root()
    add_modules(tree, release, DOM0_MODULES + (FULL_MODULES if full else []))
    add_ours(tree, build, full)
    if full:
        add_peer(tree)
        add_qemu(tree)
        tree.file("usr/lib/grub/grub-x86_64-xen.bin", os.path.join(build, "images/pv-grub"), 0o644)
    tree.directory("var/log/domus", "var/lib/domus")
    tree.file("etc/domus/demo.cfg", os.path.join(FILES, "demo.cfg"))
    tree.file("init", os.path.join(FILES, "dom0-init"), 0o755)
    return tree


def guest_tree(release):
    """Tree of the guests' initramfs."""
    tree = busybox_root()
    add_modules(tree, release, GUEST_MODULES)
    tree.file("init", os.path.join(FILES, "guest-init"), 0o755)
    return tree


def demo_tree():
    """Tree of the demo guest's disk."""
    tree = busybox_root()
    tree.file("sbin/init", os.path.join(FILES, "disk-init"), 0o755)
    tree.file("srv/www/index.html", os.path.join(FILES, "index.html"))
    return tree


def data_tree(images, release):
    """Tree of dom0's data disk, /srv: guest kernel, initramfs, disk image, test configs."""
    tree = Tree()
    tree.directory("lost+found")
    tree.file("vmlinuz", os.path.join(ROOT, "boot/vmlinuz-" + release), 0o644)
    for name in ("guest.cpio.gz", "demo.img"):
        tree.file(name, os.path.join(images, name))
    for path in sorted(glob.glob(os.path.join(TEST_CONFIGS, "*"))):
        tree.file("test/" + os.path.basename(path), path)
    return tree


def build_images(build, full=False, libvirt=False):
    """Bring everything below `build`/images up to date; returns that folder.

    With `full` also the dom0 with Debian's toolstack, Debian's Xen and its PV GRUB; with `libvirt`
    that dom0 with libvirtd.
    """
    images = os.path.join(build, "images")
    os.makedirs(images, exist_ok=True)
    release = packages.ensure(full, libvirt)
    kernel = os.path.join(images, "vmlinuz")
    source = os.path.join(ROOT, "boot/vmlinuz-" + release)
    if not os.path.exists(kernel) or not os.path.samefile(kernel, source):
        if os.path.lexists(kernel):
            os.unlink(kernel)
        os.symlink(os.path.relpath(source, images), kernel)
    guest_tree(release).write_initramfs(os.path.join(images, "guest.cpio.gz"))
    demo_tree().write_ext4(os.path.join(images, "demo.img"), 16)
    data_tree(images, release).write_ext4(os.path.join(images, "data.img"), 512)
    dom0_tree(release, build, False).write_initramfs(os.path.join(images, "dom0-lean.cpio.gz"))
    if full:
        write_pv_grub(os.path.join(images, "pv-grub"))
        dom0_tree(release, build, True).write_initramfs(os.path.join(images, "dom0-full.cpio.gz"))
        write_xen(os.path.join(images, "xen"))
    if libvirt:
        tree = dom0_tree(release, build, True)
        add_libvirt(tree)
        tree.write_initramfs(os.path.join(images, "dom0-libvirt.cpio.gz"))
    return images


def write_xen(path):
    """Write Debian's Xen, unpacked so that QEMU can load it."""
    source = os.path.join(ROOT, f"boot/xen-{XEN_VERSION}-amd64.gz")

    def write(target):
        with gzip.open(source) as packed, open(target, "wb") as file:
            shutil.copyfileobj(packed, file)
    write_if_changed(path, str(os.stat(source).st_mtime_ns), write)


GRUB_CONFIG = """\
set timeout=0
serial --unit=0 --speed=115200
terminal_input serial
terminal_output serial
menuentry "{title}" {{
    multiboot2 /boot/hypervisor.gz {hypervisor_arguments}
    module2 --nounzip /boot/vmlinuz {dom0_arguments}
    module2 --nounzip /boot/initrd
}}
"""


# For a machine with a screen: in a graphics mode, as installed systems have it.
GRUB_SCREEN = """\
insmod all_video
set gfxpayload=1024x768x32
"""


def write_iso(path, title, hypervisor, hypervisor_arguments, kernel, dom0_arguments, initrd,
              screen=False):
    """Write a GRUB image that boots from BIOS and from UEFI."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        os.makedirs(os.path.join(folder, "boot/grub"))
        for source, name in ((hypervisor, "hypervisor.gz"), (kernel, "vmlinuz"),
                             (initrd, "initrd")):
            shutil.copyfile(source, os.path.join(folder, "boot", name))
        with open(os.path.join(folder, "boot/grub/grub.cfg"), "w", encoding="ascii") as file:
            if screen:
                file.write(GRUB_SCREEN)
            file.write(GRUB_CONFIG.format(title=title, hypervisor_arguments=hypervisor_arguments,
                                          dom0_arguments=dom0_arguments))
        done = subprocess.run(["grub-mkrescue", "-o", path, folder], capture_output=True,
                              text=True, check=False)
    if done.returncode != 0:
        raise packages.PackageError(f"grub-mkrescue failed: {done.stderr[-500:]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--build", default=os.path.join(TOP, "build"))
    parser.add_argument("--full", action="store_true")
    arguments = parser.parse_args()
    images = build_images(arguments.build, arguments.full)
    for path in sorted(glob.glob(os.path.join(images, "*"))):
        if not path.endswith(".digest"):
            print(f"{os.stat(path).st_size:12} {os.path.relpath(path, TOP)}")


if __name__ == "__main__":
    main()
