#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""symbols.py: from `nm -n` on stdin to assembly for common/symbols.c.

Offsets are relative to _stext. The table is made once more after the link that it was first part
of, since it moves the initialisation code behind it."""
import sys


def main():
    table, base = [], None
    for line in sys.stdin:
        addr, kind, name = line.split()[:3]
        if name == "_stext":
            base = int(addr, 16)
        if kind in "tT" and not name.startswith((".L", "_s", "_e")):
            table.append((int(addr, 16), name))
    if base is None:
        sys.exit("symbols.py: no _stext in the input")
    table.sort()
    unique = [t for i, t in enumerate(table) if t[0] >= base and (not i or table[i - 1][0] != t[0])]
    out = ['.section .symbols, "a"', ".balign 8", ".globl symbol_count, symbol_offsets",
           ".globl symbol_name_offsets, symbol_names", f"symbol_count: .long {len(unique)}",
           ".balign 8", "symbol_offsets:"]
    out += [f" .long {a - base}" for a, _ in unique]
    out.append("symbol_name_offsets:")
    at = 0
    for _, name in unique:
        out.append(f" .long {at}")
        at += len(name) + 1
    out.append("symbol_names:")
    out += [f' .asciz "{name}"' for _, name in unique]
    print("\n".join(out))


main()
