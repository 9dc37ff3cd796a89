#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hypercall_names.py hypercall.c: C source of hypercall_name() on standard output."""
import re
import sys

CALL = re.compile(r"^\s*CALL\((\w+), \d+\)|\[__HYPERVISOR_(\w+)\] = \{\w+, \"(\w+)\"", re.M)

text = open(sys.argv[1], encoding="utf-8").read()
rows = [(m[1], m[1]) if m[1] else (m[2], m[3]) for m in CALL.finditer(text)]
if len(rows) < 30:
    sys.exit(f"{sys.argv[1]}: only {len(rows)} hypercalls found: has the table's form changed?")
print("#include <xen/xen.h>\n#include \"toolstack/cli/hypercall_names.h\"\n")
print("const char *hypercall_name(unsigned int number)\n{\n    switch (number) {")
for number, name in rows:
    print(f"    case __HYPERVISOR_{number}: return \"{name}\";")
print("    default: return \"?\";\n    }\n}")
