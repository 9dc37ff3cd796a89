#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves our public headers against Xen's own, as Debian's libxen-dev installs them.

For each way of including them (hypervisor, tools, guest) every fact about every name of ours
is asked of Xen's headers by a compiled program, and the answers are asserted of ours with both
compilers. Also: each header stands alone, the ring macros behave alike, and the list of names
that we lack is up to date. Ends with "N passed, N failed". Writes below build/abi only, unless
--update asks for a fresh docs/abi/missing-names.md.
"""
import argparse
import os
import re
import subprocess
import sys

import cdecl
import facts

OURS = 'hypervisor/include/public'
OUT = 'build/abi'
LIST = 'docs/abi/missing-names.md'
VERSION = '-D__XEN_INTERFACE_VERSION__=0x00040e00'
MODES = {'hypervisor': ['-D__XEN__', '-D__XEN_TOOLS__'], 'tools': ['-D__XEN_TOOLS__'],
         'guest': [VERSION]}
CONTROL_ONLY = {'domctl.h', 'sysctl.h'} # an #error for guests, on both sides
PRELUDE = ('#include <stdint.h>\n#include <stddef.h>\n#include <string.h>\n#include <errno.h>\n'
           '#include <stdio.h>\n')
ASSEMBLER = ['xen-compat.h', 'xen.h', 'features.h', 'elfnote.h', 'errno.h', 'arch-x86_64.h',
             'arch-x86/basic.h', 'arch-x86/xen.h', 'arch-x86/xen-x86_64.h', 'arch-x86/cpuid.h',
             'arch-x86/xen-mca.h']
OURS_ALONE = {'arch-x86/basic.h'} # Xen has no such header; the names in it are in others

# Known and wanted differences: pattern of the fact -> reason. Printed with the result.
EXPECTED = [
    ('hypervisor', r'^(sizeof struct xen_domctl_assign_device|'
                   r'struct xen_domctl_assign_device\.u(\.dt)? size|'
                   r'struct xen_domctl\.u\.assign_device size)$',
     "Xen's hypervisor keeps a pointer of its own in the device-tree arm of this union"),
]


class Tally:
    def __init__(self):
        self.passed, self.failures, self.excused = 0, [], {}

    def add(self, ok, what):
        if ok:
            self.passed += 1
        else:
            self.failures.append(what)

    def excuse(self, reason, what):
        self.excused.setdefault(reason, []).append(what)


def run(args, **more):
    return subprocess.run(args, capture_output=True, text=True, **more)


def headers_of(root):
    found = []
    for folder, _, files in os.walk(root):
        found += [os.path.relpath(os.path.join(folder, f), root) for f in files
                  if f.endswith('.h')]
    return sorted(found)


def includes(headers, mode):
    """Xen's arch headers do not stand alone: those that include them go first."""
    order = sorted(set(headers) - OURS_ALONE, key=lambda h: (h.startswith('arch-x86/'), h))
    return ''.join(f'#include <xen/{h}>\n' for h in order
                   if mode != 'guest' or h not in CONTROL_ONLY)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write(text)
    return path


def bad_lines(compiler, flags, path):
    """{line: message} of the errors of a compilation, all attributed to lines of path."""
    limits = {'gcc': ['-fmax-errors=0', '-ftrack-macro-expansion=0'],
              'clang': ['-ferror-limit=0', '-fno-caret-diagnostics']}[compiler]
    result = run([compiler, '-std=gnu11', '-w', '-fsyntax-only', *limits, *flags, path])
    lines, name = {}, re.escape(path)
    for number, message in re.findall(rf'^{name}:(\d+):\d+: error: (.*)$', result.stderr, re.M):
        lines.setdefault(int(number), message)
    if result.returncode and not lines:
        raise RuntimeError(result.stderr[:2000])
    return lines


def constants(compiler, candidates, top, flags, path):
    """Those of the facts whose expression is an integer constant after the text top."""
    while True:
        lines = [f'_Static_assert((unsigned long long)({c[2]}) | 1, "");' for c in candidates]
        write(path, top + '\n'.join(lines) + '\n')
        first = top.count('\n') + 1
        bad = {n - first for n in bad_lines(compiler, flags, path)}
        if not bad:
            return candidates
        if not any(0 <= n < len(candidates) for n in bad):
            raise RuntimeError(f'{path}: errors outside the questions')
        candidates = [c for i, c in enumerate(candidates) if i not in bad]


def answers(theirs, top, flags, path):
    """Runs a program that prints the value of each expression; {name: value}."""
    body = ''.join(f'    printf("%llu\\n", (unsigned long long)({f[2]}));\n' for f in theirs)
    write(path, f'{top}int main(void)\n{{\n{body}    return 0;\n}}\n')
    program = path[:-2]
    built = run(['gcc', '-std=gnu11', '-w', '-O0', *flags, path, '-o', program])
    if built.returncode:
        raise RuntimeError(built.stderr[:2000])
    values = run([program]).stdout.split()
    return dict(zip((f[1] for f in theirs), values))


class Mode:
    """One way of including the headers."""

    def __init__(self, name, headers, xen, tally):
        self.name, self.tally, self.xen = name, tally, xen
        self.dir = f'{OUT}/{name}'
        self.top = PRELUDE + includes(headers, name)
        self.ours = ['-D_GNU_SOURCE', *MODES[name], '-I', OURS]
        # Xen's save.h wants the hypervisor's own lib.h; an empty stand-in does.
        self.theirs = ['-D_GNU_SOURCE', *MODES[name], '-I', f'{OUT}/stand-in',
                       '-I', os.path.dirname(xen)]

    def read(self, flags, root):
        text = cdecl.preprocess('gcc', flags, self.top)
        return cdecl.read_unit(text, root)

    def record(self, ok, name, text=''):
        for mode, pattern, reason in EXPECTED:
            if not ok and mode == self.name and re.search(pattern, name):
                self.tally.excuse(reason, f'{self.name}: {name}')
                return
        self.tally.add(ok, f'{self.name}: {name} {text}'.rstrip())

    def prove(self):
        """Returns the units (ours, theirs)."""
        ours = self.read(self.ours, f'{OURS}/xen')
        theirs = self.read(self.theirs, self.xen)
        fixed = list(facts.type_facts(ours))
        macros = list(facts.macro_facts(ours))
        for compiler in ('gcc', 'clang'):
            macros = constants(compiler, macros, self.top, self.ours, f'{self.dir}/constants.c')
        asked = fixed + macros
        known = constants('gcc', asked, self.top, self.theirs, f'{self.dir}/constants_xen.c')
        values = answers(known, self.top, self.theirs, f'{self.dir}/probe.c')
        for header, name, _ in asked:
            if name not in values:
                self.record(False, name, f"({header}: Xen's headers have no such constant)")
        for compiler in ('gcc', 'clang'):
            self.assert_values(compiler, known, values)
        self.exists(ours)
        self.at_run_time(ours)
        return ours, theirs

    def assert_values(self, compiler, known, values):
        lines = [f'_Static_assert((unsigned long long)({e}) == {values[n]}ULL, "{h}");'
                 for h, n, e in known]
        path = write(f'{self.dir}/assert.c', self.top + '\n'.join(lines) + '\n')
        bad = bad_lines(compiler, self.ours, path)
        first = self.top.count('\n') + 1
        for i, (header, name, _) in enumerate(known):
            self.record(first + i not in bad, name,
                        f'({header}, {compiler}: Xen has {values[name]})')
        for line in bad:
            if not first <= line < first + len(known):
                self.record(False, 'assert.c', f'{compiler}: {bad[line]}')

    def exists(self, ours):
        names = facts.existence(ours)
        lines = [f'#ifndef {n}\n#error\n#endif' for _, n in names]
        path = write(f'{self.dir}/exists.c', self.top + '\n'.join(lines) + '\n')
        bad = bad_lines('gcc', self.theirs, path)
        first = self.top.count('\n') + 1
        for i, (header, name) in enumerate(names):
            self.record(first + 3 * i + 1 not in bad, name,
                        f"({header}: Xen's headers have no such macro)")

    def at_run_time(self, ours):
        """What no constant expression can tell: strings, places of bit-fields."""
        strings = facts.string_macros(ours)
        fields = facts.bit_fields(ours)
        body = ''.join(f'    puts("{n} = " {n});\n' for _, n in strings)
        for _, record, field in fields:
            body += (f'    {{\n        {record} probe;\n        memset(&probe, 0, sizeof(probe));\n'
                     f'        probe.{field} = ~0;\n        printf("{record}.{field} =");\n'
                     '        for (size_t i = 0; i < sizeof(probe); i++)\n'
                     '            printf(" %02x", ((unsigned char *)&probe)[i]);\n'
                     '        puts("");\n    }\n')
        path = write(f'{self.dir}/run_time.c',
                     f'{self.top}int main(void)\n{{\n{body}    return 0;\n}}\n')
        outputs = []
        for flags, program in ((self.ours, 'ours'), (self.theirs, 'xen')):
            program = f'{self.dir}/run_time_{program}'
            built = run(['gcc', '-std=gnu11', '-w', *flags, path, '-o', program])
            outputs.append(run([program]).stdout.splitlines() if not built.returncode
                           else built.stderr.splitlines())
        self.record(len(outputs[0]) == len(outputs[1]) == len(strings) + len(fields),
                    'run_time.c', ' / '.join(o[0] if o else 'nothing' for o in outputs))
        for mine, xen in zip(*outputs):
            self.record(mine == xen, mine, f'(Xen: {xen})')


def stand_alone(headers, tally):
    """Each header compiles by itself, twice, in each mode, with every warning on."""
    for compiler in ('gcc', 'clang'):
        for mode, flags in MODES.items():
            for header in headers:
                if mode == 'guest' and header in CONTROL_ONLY:
                    continue
                result = run([compiler, '-std=gnu11', '-Wall', '-Wextra', '-Wshadow', '-Wvla',
                              '-Wundef', '-Werror', '-ffreestanding', '-fsyntax-only',
                              *(f for f in flags if f != VERSION), '-I', OURS, '-x', 'c', '-'],
                             input=f'#include <xen/{header}>\n' * 2)
                tally.add(not result.returncode,
                          f'{header} alone ({mode}, {compiler}): {result.stderr[:300]}')
    for header in ASSEMBLER:
        result = run(['gcc', '-D__ASSEMBLY__', '-D__XEN__', '-I', OURS, '-c', '-o', '/dev/null',
                      '-x', 'assembler-with-cpp', '-'], input=f'#include <xen/{header}>\n')
        tally.add(not result.returncode, f'{header} in assembler: {result.stderr[:300]}')


def rings_alike(xen, tally):
    """The ring macros of both sides, driven through the same script, print the same."""
    outputs = []
    for include, program in ((OURS, 'ours'), (os.path.dirname(xen), 'xen')):
        program = f'{OUT}/ring_{program}'
        warnings = ['-Wall', '-Wextra', '-Wshadow', '-Werror'] if include == OURS else ['-w']
        built = run(['gcc', '-std=gnu11', '-O1', *warnings, VERSION, '-I', include,
                     os.path.join(os.path.dirname(__file__), 'ring_behaviour.c'), '-o', program])
        outputs.append(built.stderr if built.returncode else run([program]).stdout)
    mine, theirs = (o.splitlines() for o in outputs)
    tally.add(len(mine) == len(theirs) > 20, f'ring_behaviour: {outputs[0][:500]}')
    for one, other in zip(mine, theirs):
        tally.add(one == other, f'ring: {one} (Xen: {other})')


def missing(units, ours, theirs_all):
    """{header: {(kind, name)}} that Xen has and we lack, in headers that we have. Members only
    of types that we have, and no types that macros made for the preprocessor's use alone."""
    result = {}
    for mine, xen in units:
        have = {(kind, name) for _, kind, name in facts.all_names(mine)}
        for header, kind, name in facts.all_names(xen):
            known = kind != 'member' or ('type', name.split('.')[0]) in have
            made = '__HVM_SAVE_TYPE_' in name
            if header in ours and (kind, name) not in have and known and not made:
                result.setdefault(header, set()).add((kind, name))
    return result, sorted(set(theirs_all) - set(ours))


def missing_page(lacking, absent):
    lines = ['# Names of the public ABI that our headers lack', '',
             'Generated by `tests/abi/run.sh --update`; do not edit. Compared with the headers of '
             'Xen 4.17', '(x86-64). Of a missing type only its name is listed.', '']
    for header in sorted(lacking):
        lines += [f'## {header}', '']
        lines += [f'- {kind} `{name}`' for kind, name in sorted(lacking[header])] + ['']
    lines += ['## Headers that we do not have', '']
    lines += [f'- `{header}`' for header in absent]
    return '\n'.join(lines) + '\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--xen', default='/usr/include/xen', help="where Xen's headers are")
    parser.add_argument('--update', action='store_true', help=f'write {LIST}')
    options = parser.parse_args()
    if not os.path.exists(f'{options.xen}/xen.h'):
        sys.exit(f'{options.xen}/xen.h is not there: install libxen-dev, or name the place '
                 'with --xen')
    write(f'{OUT}/stand-in/xen/lib.h', '#define BUG() __builtin_trap()\n')
    headers, tally = headers_of(f'{OURS}/xen'), Tally()
    units = [Mode(name, headers, options.xen, tally).prove() for name in MODES]
    stand_alone(headers, tally)
    rings_alike(options.xen, tally)
    lacking, absent = missing(units, headers, headers_of(options.xen))
    page = missing_page(lacking, absent)
    write(f'{OUT}/missing.txt', ''.join(
        f'{h}: {k} {n}\n' for h in sorted(lacking) for k, n in sorted(lacking[h])))
    if options.update:
        write(LIST, page)
    current = open(LIST).read() if os.path.exists(LIST) else ''
    tally.add(current == page, f'{LIST} is out of date: run tests/abi/run.sh --update')
    for reason, names in tally.excused.items():
        print(f'{len(names)} wanted differences: {reason}')
    for failure in tally.failures:
        print(f'FAIL {failure}')
    print(f'{tally.passed} passed, {len(tally.failures)} failed')
    sys.exit(bool(tally.failures))


if __name__ == '__main__':
    main()
