# SPDX-License-Identifier: MIT
"""A file tree in memory, and the two forms in which machines take it: initramfs and ext4.

Building in memory needs no root (device nodes and owners exist only in the archive) and
leaves no stale files. Archives are reproducible: sorted names, no time stamps, owner root.
"""
import gzip
import hashlib
import os
import re
import stat
import subprocess
import tempfile

LIBRARY_DIRS = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"]


class TreeError(Exception):
    """The tree cannot be built; the text names the file."""


def needed_libraries(path):
    """Names in the DT_NEEDED entries of an ELF file; empty for anything else."""
    with open(path, "rb") as file:
        if file.read(4) != b"\x7fELF":
            return []
    text = subprocess.run(["readelf", "-d", path], capture_output=True, text=True,
                          check=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.+)\]", text)


class Tree:
    """Entries by path without a leading slash: ("dir",), ("link", target),
    ("data", mode, bytes) or ("file", mode, source path)."""

    def __init__(self):
        self.entries = {}

    def directory(self, *paths):
        """Add directories and their parents."""
        for path in paths:
            parts = path.strip("/").split("/")
            for i in range(1, len(parts) + 1):
                self.entries.setdefault("/".join(parts[:i]), ("dir",))

    def _add(self, path, entry):
        path = path.strip("/")
        if "/" in path:
            self.directory(os.path.dirname(path))
        self.entries[path] = entry

    def link(self, path, target):
        """Add a symbolic link."""
        self._add(path, ("link", target))

    def text(self, path, content, mode=0o644):
        """Add a file with the given text."""
        self._add(path, ("data", mode, content.encode()))

    def file(self, path, source, mode=None):
        """Add a file of the host; its mode is kept unless one is given."""
        if not os.path.isfile(source):
            raise TreeError(f"{source} is missing, wanted as /{path.strip('/')}")
        if mode is None:
            mode = 0o755 if os.stat(source).st_mode & 0o111 else 0o644
        self._add(path, ("file", mode, source))

    def program(self, path, source, roots):
        """Add a program and every shared library it needs, looked up below `roots`.

        Libraries all land in the dynamic linker's first directory, so that the machine
        needs no ld.so.cache.
        """
        self.file(path, source, 0o755)
        for name in needed_libraries(source):
            self.library(name, roots)

    def library(self, name, roots):
        """Add a shared library by name, with what it needs."""
        path = "lib64/" + name if name.startswith("ld-linux") else LIBRARY_DIRS[0] + "/" + name
        if path in self.entries:
            return
        for root in roots:
            for folder in LIBRARY_DIRS:
                source = os.path.realpath(os.path.join(root, folder, name))
                if os.path.isfile(source):
                    self.program(path, source, roots)
                    return
        raise TreeError(f"shared library {name} is in none of {', '.join(roots)}")

    def digest(self):
        """A hash that changes when the tree would: names, texts, sizes and times of files."""
        total = hashlib.sha256()
        for path, entry in sorted(self.entries.items()):
            total.update(repr((path, entry)).encode())
            if entry[0] == "file":
                status = os.stat(entry[2])
                total.update(repr((status.st_size, status.st_mtime_ns)).encode())
        return total.hexdigest()

    def _records(self):
        """Yield (path, mode, content) in archive order."""
        for path, entry in sorted(self.entries.items()):
            if entry[0] == "dir":
                yield path, stat.S_IFDIR | 0o755, b""
            elif entry[0] == "link":
                yield path, stat.S_IFLNK | 0o777, entry[1].encode()
            elif entry[0] == "data":
                yield path, stat.S_IFREG | entry[1], entry[2]
            else:
                with open(entry[2], "rb") as file:
                    yield path, stat.S_IFREG | entry[1], file.read()

    def cpio(self):
        """The tree as a "newc" archive with /dev/console in it."""
        out = bytearray()

        def record(inode, path, mode, content, rdev=(0, 0)):
            name = path.encode() + b"\0"
            links = 2 if stat.S_ISDIR(mode) else 1
            fields = [inode, mode, 0, 0, links, 0, len(content), 0, 0, rdev[0], rdev[1],
                      len(name), 0]
            out.extend(b"070701" + b"".join(b"%08X" % value for value in fields) + name)
            out.extend(b"\0" * (-len(out) % 4) + content)
            out.extend(b"\0" * (-len(out) % 4))

        self.directory("dev")
        for inode, (path, mode, content) in enumerate(self._records(), 1):
            record(inode, path, mode, content)
        record(0xffff, "dev/console", stat.S_IFCHR | 0o600, b"", (5, 1))
        record(0, "TRAILER!!!", 0, b"")
        return bytes(out)

    def write_initramfs(self, path, compress=True):
        """Write the archive at `path` unless it is there already, unchanged."""
        def write(target):
            data = self.cpio()
            if compress:
                data = gzip.compress(data, 6, mtime=0)
            with open(target, "wb") as file:
                file.write(data)
        write_if_changed(path, self.digest() + str(compress), write)

    def write_ext4(self, path, size_mib):
        """Write a sparse ext4 image of `size_mib` MiB at `path` unless it is unchanged."""
        def write(target):
            with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
                self.write_folder(folder)
                with open(target, "wb") as file:
                    file.truncate(size_mib << 20)
                subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-L", "domus",
                                "-E", "root_owner=0:0", "-d", folder, target], check=True)
        write_if_changed(path, self.digest() + str(size_mib), write)

    def write_folder(self, folder):
        """Write the tree into a directory of the host."""
        for path, mode, content in self._records():
            target = os.path.join(folder, path)
            if stat.S_ISDIR(mode):
                os.makedirs(target, exist_ok=True)
            elif stat.S_ISLNK(mode):
                os.symlink(content.decode(), target)
            else:
                with open(target, "wb") as file:
                    file.write(content)
                os.chmod(target, stat.S_IMODE(mode))


def write_if_changed(path, digest, write):
    """Call write(temporary name) and move the result to `path`, unless `path` is of `digest`.

    The move keeps a machine that runs on the old image intact.
    """
    stamp = path + ".digest"
    try:
        with open(stamp, encoding="ascii") as file:
            if file.read() == digest and os.path.exists(path):
                return
    except OSError:
        pass
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.{os.getpid()}"
    try:
        write(temporary)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)
    with open(stamp, "w", encoding="ascii") as file:
        file.write(digest)
