# SPDX-License-Identifier: MIT
"""Debian packages for the test machine's disks: downloaded once, unpacked below build/cache.

Nothing here is installed; files are taken out of the packages. No version is pinned: apt
says which kernel is current, and the cache keeps that one until `make clean-cache`.
"""
import glob
import os
import re
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(TOP, "build", "cache")
DEBS = os.path.join(CACHE, "debs")
ROOT = os.path.join(CACHE, "root")

XEN_VERSION = "4.17"

BASE = ["busybox-static"]

# Debian's Xen with its own toolstack: the yardstick, and the other half in interoperation tests.
PEER = """
xen-hypervisor-4.17-amd64 xen-utils-4.17 xen-utils-common xenstore-utils grub-xen-bin
bash bridge-utils iproute2 util-linux mount kmod coreutils grep mawk sed procps
libxencall1 libxendevicemodel1 libxenevtchn1 libxenforeignmemory1 libxengnttab1 libxenhypfs1
libxenmisc4.17 libxenstore4 libxentoolcore1 libxentoollog1
libc6 libgcc-s1 libtinfo6 libncurses6 libyajl2 zlib1g libuuid1 libnl-3-200 libnl-route-3-200
libbz2-1.0 liblzma5 liblzo2-2 libzstd1 libgcrypt20 libgpg-error0 libfdt1 libmnl0 libbpf1 libelf1
libcap2 libdb5.3 libselinux1 libpcre2-8-0 libmount1 libblkid1 libsmartcols1 libkmod2 libssl3
libacl1 libattr1 libgmp10 libcap-ng0 libudev1 libsystemd0 liblz4-1 libtirpc3 libgssapi-krb5-2
libkrb5-3 libk5crypto3 libcom-err2 libkrb5support0 libkeyutils1 libbsd0 libmd0 libxtables12
libcrypt1 libproc2-0
""".split()


# QEMU's block tools, and what makes block devices as LVM does: for tests of disks. xz, which
# unpacks Debian's kernel.
BLOCK = """
qemu-utils libaio1 libfuse3-3 libglib2.0-0 libgnutls30 libhogweed6 libnettle8 libnuma1 liburing2
libp11-kit0 libidn2-0 libunistring2 libtasn1-6 libffi8 dmsetup libdevmapper1.02.1 xz-utils
""".split()


# Debian's libvirtd with its driver for Xen, and what these want beyond the above.
LIBVIRT = """
libvirt-daemon libvirt-daemon-driver-xen libvirt-clients libvirt0 libapparmor1 libaudit1 libbrotli1
libcurl3-gnutls libicu72 libldap-2.5-0 libnghttp2-14 libpsl5 libreadline8 librtmp1 libsasl2-2
libssh-4 libssh2-1 libstdc++6 libxml2
""".split()


class PackageError(Exception):
    """A package could not be found, fetched or unpacked; the text says which and why."""


def _cached(name):
    """The newest cached .deb of package `name`, or None."""
    found = glob.glob(os.path.join(DEBS, glob.escape(name) + "_*.deb"))
    return max(found, key=os.path.getmtime) if found else None


def kernel_package():
    """Name of Debian's current kernel package: the cached one, else what linux-image-amd64
    depends on today."""
    # Not the cloud and real-time kernels, which tests may have fetched.
    cached = [path for path in glob.glob(os.path.join(DEBS, "linux-image-[0-9]*_*.deb"))
              if re.search(r"linux-image-[\d.]+-\d+-amd64_", path)]
    if cached:
        return os.path.basename(max(cached, key=os.path.getmtime)).split("_")[0]
    text = subprocess.run(["apt-cache", "depends", "linux-image-amd64"],
                          capture_output=True, text=True, check=False).stdout
    match = re.search(r"Depends: (linux-image-[0-9]\S+)", text)
    if not match:
        refresh_lists()
        text = subprocess.run(["apt-cache", "depends", "linux-image-amd64"],
                              capture_output=True, text=True, check=False).stdout
        match = re.search(r"Depends: (linux-image-[0-9]\S+)", text)
    if not match:
        raise PackageError("apt knows no linux-image-amd64: add a Debian source and run "
                           "apt-get update")
    return match.group(1)


def refresh_lists():
    """Run apt-get update, with sudo when not root; errors surface in the following download."""
    command = ["apt-get", "update", "-q"]
    if os.getuid() != 0:
        command.insert(0, "sudo")
    print("packages: refreshing apt's lists", flush=True)
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)


def fetch(names):
    """Download the packages of `names` that are not cached yet."""
    os.makedirs(DEBS, exist_ok=True)
    missing = [name for name in names if not _cached(name)]
    if not missing:
        return
    print(f"packages: downloading {len(missing)} into build/cache (once): "
          + " ".join(missing), flush=True)
    command = ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root"] + missing
    done = subprocess.run(command, cwd=DEBS, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        refresh_lists()
        done = subprocess.run(command, cwd=DEBS, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PackageError(f"apt-get download failed: {done.stderr.strip()[-500:]}")


def unpack(names):
    """Unpack the cached packages into build/cache/root, each once."""
    stamps = os.path.join(CACHE, "unpacked")
    os.makedirs(stamps, exist_ok=True)
    os.makedirs(ROOT, exist_ok=True)
    for name in names:
        deb = _cached(name)
        stamp = os.path.join(stamps, os.path.basename(deb))
        if os.path.exists(stamp):
            continue
        done = subprocess.run(["dpkg-deb", "-x", deb, ROOT], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            os.unlink(deb)
            raise PackageError(f"{deb} is damaged and was removed, run again: "
                               f"{done.stderr.strip()}")
        open(stamp, "w", encoding="ascii").close()


def ensure(peer=False, libvirt=False):
    """Have the kernel and busybox (with `peer` Debian's Xen and its tools too, with `libvirt`
    libvirtd) unpacked.

    Returns the kernel's release, such as 6.1.0-40-amd64.
    """
    kernel = kernel_package()
    names = [kernel] + BASE + (PEER + BLOCK if peer else []) + \
        (LIBVIRT if libvirt else [])
    fetch(names)
    unpack(names)
    release = kernel[len("linux-image-"):]
    modules = os.path.join(ROOT, "lib/modules", release)
    if not os.path.exists(os.path.join(modules, "modules.dep")):
        subprocess.run(["/sbin/depmod", "-b", ROOT, release], check=True)
    return release
