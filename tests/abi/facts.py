# SPDX-License-Identifier: MIT
"""Turns the names of a cdecl.Unit into facts: expressions with one integer value each.

Owns: which questions are asked about a name. A fact is (header, name, expression); the value
is asked of one set of headers and asserted of the other. No files, no compiler.
"""
import re

# Arguments for macros with parameters; every macro is asked with each row, if it is constant.
SAMPLES = [['5', '3', '7', '2', '1', '4', '6', '8', '9', '10'],
           ['0x25', '0xff', '0x40', '0', '0x1000', '1', '2', '3', '4', '5']]
GUARD = re.compile(r'^(XEN_PUBLIC_\w+_H|_?_?\w+_H_{0,2})$')


def is_private(name):
    """Names that are no part of the interface: helpers end in an underscore."""
    return name.endswith('_') or bool(GUARD.match(name))


def member_facts(type_name, record, path=''):
    """Yields (suffix of the name, expression) for every member below a record."""
    for member in record.members:
        if member.name is None:
            yield from member_facts(type_name, member.record, path)
            continue
        full = path + member.name
        value = f'(({type_name} *)0)->{full}'
        if member.bits is not None: # has no address: see bit_fields()
            continue
        yield full, 'offset', f'__builtin_offsetof({type_name}, {full})'
        if not member.is_flexible():
            yield full, 'size', f'sizeof({value})'
        if member.type_name:
            dims = ''.join(f'[{d}]' for d in member.dims)
            yield full, f'is {member.type_name}{dims}', (
                f'__builtin_types_compatible_p(__typeof__({value}), {member.type_name}{dims})')
        if member.record:
            inner = full + '[0]' * len(member.dims) + '.'
            yield from member_facts(type_name, member.record, inner)


def type_facts(unit):
    for name, record in unit.records.items():
        yield from record_facts(name, record)
    for name, (header, target, record, dims) in unit.typedefs.items():
        if record and not record.tag:
            yield from record_facts(name, record, header)
        elif not record or not dims:
            dims_text = ''.join(f'[{d}]' for d in dims)
            yield header, f'sizeof {name}', f'sizeof({name})'
            if target:
                yield header, f'{name} is {target}', (
                    f'__builtin_types_compatible_p({name}, {target}{dims_text})')
    for name, header in unit.enums.items():
        yield header, f'sizeof {name}', f'sizeof({name})'
    for name, header in unit.enumerators.items():
        yield header, name, f'{name}'


def record_facts(name, record, header=None):
    header = header or record.header
    yield header, f'sizeof {name}', f'sizeof({name})'
    yield header, f'alignof {name}', f'_Alignof({name})'
    for path, what, expression in member_facts(name, record):
        yield header, f'{name}.{path} {what}', expression


def macro_facts(unit):
    """Candidates: whether a macro is an integer constant is the compiler's to say."""
    for name, macro in unit.macros.items():
        if is_private(name):
            continue
        if macro.params is None:
            if macro.body:
                yield macro.header, name, f'({name})'
                yield macro.header, f'{name} width', f'sizeof({name} + 0)'
                yield macro.header, f'{name} signed', f'((__typeof__({name} + 0))-1 < 0)'
        elif '...' not in macro.params:
            for row in SAMPLES:
                call = f'{name}({", ".join(row[:len(macro.params)])})'
                yield macro.header, call, f'({call})'


def existence(unit):
    """Every macro, constant or not: (header, name). Asked with #ifdef."""
    return [(m.header, n) for n, m in unit.macros.items() if not is_private(n)]


def bit_fields(unit):
    """(header, record, field) of every bit-field directly in a named record."""
    return [(r.header, n, m.name) for n, r in unit.records.items()
            for m in r.members if m.bits is not None and m.name]


def string_macros(unit):
    return [(m.header, n) for n, m in unit.macros.items()
            if m.params is None and m.body.startswith('"')]


def all_names(unit):
    """{(header, kind, name)} of everything that a program could refer to."""
    names = {(m.header, 'macro', n) for n, m in unit.macros.items() if not is_private(n)}
    names |= {(h, 'constant', n) for n, h in unit.enumerators.items()}
    names |= {(h, 'enum', n) for n, h in unit.enums.items()}
    names |= {(t[0], 'typedef', n) for n, t in unit.typedefs.items()}
    for name, record in unit.records.items():
        names.add((record.header, 'type', name))
        names |= {(record.header, 'member', f'{name}.{path}')
                  for path, _, _ in member_facts(name, record)}
        names |= {(record.header, 'member', f'{name}.{m.name}')
                  for m in record.members if m.bits is not None}
    return names
