#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds up the counters that the hypervisor of a coverage build has left in memory, and writes them
as .gcda files for gcov.

gcc puts a pointer to each object's struct gcov_info between _sgcov_info and _egcov_info; from there
everything is found in the dump of the image. Layouts: gcc 12's gcov-io.h (struct gcov_info,
gcov_fn_info, gcov_ctr_info; records of a .gcda file).
"""
import argparse
import glob
import os
import struct
import subprocess
import sys

NR_COUNTERS = 8
ARCS = 0
TAG_FUNCTION, TAG_ARCS, MAGIC = 0x01000000, 0x01a10000, 0x67636461


def symbols(image):
    """{name: address} of the image."""
    done = subprocess.run(["nm", image], capture_output=True, text=True, check=True)
    words = [line.split() for line in done.stdout.splitlines()]
    return {w[2]: int(w[0], 16) for w in words if len(w) == 3}


class Dump:
    """The image's memory as it was when a machine stopped."""

    def __init__(self, path, start):
        with open(path, "rb") as file:
            self.bytes, self.start = file.read(), start

    def read(self, address, form):
        """The values at an address."""
        return struct.unpack_from("<" + form, self.bytes, address - self.start)

    def text(self, address):
        """The string at an address."""
        at = address - self.start
        return self.bytes[at:self.bytes.index(b"\0", at)].decode()

    def objects(self, table_start, table_end):
        """Yields (file, version, stamp, checksum, functions) of each object; a function is
        (ident, lineno checksum, cfg checksum, counters)."""
        for slot in range(table_start, table_end, 8):
            at, = self.read(slot, "Q")
            version, _, _, stamp, checksum, name = self.read(at, "IIQIIQ")
            merge = self.read(at + 32, f"{NR_COUNTERS}Q")
            count, _, table = self.read(at + 32 + 8 * NR_COUNTERS, "IIQ")
            # `merge` is 0 for all kinds: ours is the only kind, and its function is not linked.
            if any(merge):
                sys.exit(f"gcda: {self.text(name)} counts more than arcs")
            yield (self.text(name), version, stamp, checksum,
                   [self.function(self.read(table + 8 * i, "Q")[0], at) for i in range(count)])

    def function(self, address, owner):
        """One function's numbers and counters; another object's copy of it has none here."""
        if not address:
            return None
        key, ident, lineno, cfg = self.read(address, "QIII")
        if key != owner:
            return None
        number, values = self.read(address + 24, "I4xQ")
        return ident, lineno, cfg, self.read(values, f"{number}q")


def write(path, version, stamp, checksum, functions):
    """One .gcda file; lengths are in bytes."""
    out = struct.pack("<IIII", MAGIC, version, stamp, checksum)
    for ident, lineno, cfg, counters in functions:
        out += struct.pack("<IIIII", TAG_FUNCTION, 12, ident, lineno, cfg)
        out += struct.pack(f"<II{len(counters)}q", TAG_ARCS, 8 * len(counters), *counters)
    with open(path, "wb") as file:
        file.write(out + struct.pack("<I", 0))


def add(one, other):
    """Two lists of counters of the same function."""
    return [a + b for a, b in zip(one, other)]


def main():
    """Parses the command line, adds up, writes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--image", required=True, help="the ELF that has run")
    parser.add_argument("dumps", help="folder of dumps of its memory, from _start on")
    options = parser.parse_args()
    known, total = symbols(options.image), {}
    paths = sorted(glob.glob(os.path.join(options.dumps, "*.dump")))
    for path in paths:
        dump = Dump(path, known["_start"])
        for name, version, stamp, checksum, functions in dump.objects(known["_sgcov_info"],
                                                                      known["_egcov_info"]):
            head, sums = total.setdefault(name, ((version, stamp, checksum), {}))
            if head != (version, stamp, checksum):
                sys.exit(f"gcda: {path} is of another build")
            for found in filter(None, functions):
                key, counters = found[:3], found[3]
                sums[key] = add(sums[key], counters) if key in sums else list(counters)
    for name, (head, sums) in total.items():
        write(name, *head, [(*key, counters) for key, counters in sums.items()])
    print(f"gcda: {len(total)} objects from {len(paths)} machines")
    return 0 if total else 1


if __name__ == "__main__":
    sys.exit(main())
