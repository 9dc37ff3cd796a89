# SPDX-License-Identifier: MIT
"""Reads C headers, as far as public ABI headers need it.

Owns: turning the output of `gcc -E -dD` into macros, types and enumerators, each with the
header that it comes from. Touches nothing but its arguments and the compiler it is told to run.
No knowledge of Xen. Unknown syntax raises CdeclError: a fact that is not seen is not proved.
"""
import os
import re
import subprocess

TOKEN = re.compile(r'[A-Za-z_]\w*|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\d\w*|\S')
QUALIFIERS = {'const', 'volatile'}
STORAGE = {'static', 'inline', 'extern', '__inline', '__inline__'}
BASIC = {'unsigned', 'signed', 'int', 'char', 'short', 'long', 'void', 'float', 'double'}


class CdeclError(Exception):
    pass


class Macro:
    """params is None for an object-like macro, else the list of parameter names."""

    def __init__(self, header, params, body):
        self.header, self.params, self.body = header, params, body


class Record:
    """A struct or union. tag is None if it has none."""

    def __init__(self, kind, tag, header):
        self.kind, self.tag, self.header, self.members = kind, tag, header, []


class Member:
    """type_name is spelled in C without the dimensions; record is set for an inline definition."""

    def __init__(self, name, type_name, record, dims, bits):
        self.name, self.type_name, self.record = name, type_name, record
        self.dims, self.bits = dims, bits

    def is_flexible(self):
        return '' in self.dims


class Unit:
    """All names of one translation unit."""

    def __init__(self):
        self.macros = {}      # name -> Macro
        self.records = {}     # 'struct x' -> Record
        self.typedefs = {}    # name -> (header, type_name or None, record or None, dims)
        self.enumerators = {} # name -> header
        self.enums = {}       # 'enum x' -> header


def preprocess(compiler, flags, source):
    """Output of the preprocessor, with #define lines and line markers."""
    run = subprocess.run([compiler, '-std=gnu11', '-E', '-dD', *flags, '-'], input=source,
                         capture_output=True, text=True)
    if run.returncode:
        raise CdeclError(run.stderr)
    return run.stdout


def read_unit(text, root):
    """Unit of preprocessed text. Only names from files below root count; they are named
    relative to it."""
    unit, tokens, header = Unit(), [], None
    for line in text.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            path = marker.group(1)
            below = path.startswith(root)
            header = os.path.normpath(path[len(root):].lstrip('/')) if below else None
        elif header and line.startswith('#define '):
            name, params, body = re.match(
                r'#define (\w+)(\([^)]*\))?(?: (.*))?$', line).groups()
            params = None if params is None else [
                p.strip() for p in params[1:-1].split(',') if p.strip()]
            unit.macros[name] = Macro(header, params, (body or '').strip())
        elif line.startswith('#undef '):
            unit.macros.pop(line.split()[1], None)
        elif header and not line.startswith('#'):
            tokens += [(t, header) for t in TOKEN.findall(line)]
    Parser(tokens, unit).run()
    return unit


class Parser:
    def __init__(self, tokens, unit):
        self.tokens, self.unit, self.at = tokens, unit, 0

    def peek(self, ahead=0):
        return self.tokens[self.at + ahead][0] if self.at + ahead < len(self.tokens) else ''

    def next(self):
        self.at += 1
        return self.tokens[self.at - 1][0]

    def expect(self, token):
        if self.peek() != token:
            where = self.tokens[min(self.at, len(self.tokens) - 1)][1]
            near = ' '.join(t for t, _ in self.tokens[max(0, self.at - 8):self.at + 4])
            raise CdeclError(f'{where}: expected {token!r} near: {near}')
        return self.next()

    def header(self):
        return self.tokens[self.at][1]

    def skip_balanced(self, opening, closing):
        """Skips from an opening bracket past its partner; returns what stood between."""
        self.expect(opening)
        depth, inner = 1, []
        while depth:
            token = self.next()
            depth += (token == opening) - (token == closing)
            inner.append(token)
        return ' '.join(inner[:-1])

    def skip_attributes(self):
        while self.peek() in ('__attribute__', '__extension__'):
            if self.next() == '__attribute__':
                self.skip_balanced('(', ')')

    def run(self):
        while self.at < len(self.tokens):
            self.external()

    def external(self):
        if self.peek() == ';':
            self.next()
            return
        header = self.header()
        is_typedef = self.peek() == 'typedef'
        if is_typedef:
            self.next()
        type_name, record = self.specifiers()
        while self.peek() != ';':
            name, suffix, dims, _ = self.declarator()
            if is_typedef:
                named = None if type_name is None else type_name + suffix
                self.unit.typedefs[name] = (header, named, record, dims)
            elif self.peek() == '(':
                self.skip_balanced('(', ')')
                if self.peek() == '{':
                    self.skip_balanced('{', '}')
                    return
            elif self.peek() == '=':
                while self.peek() != ';':
                    self.skip_balanced('{', '}') if self.peek() == '{' else self.next()
            if self.peek() == ',':
                self.next()
        self.expect(';')

    def specifiers(self):
        """(type_name, None) for a named type, (name or None, Record) for an inline one."""
        words, record = [], None
        while True:
            self.skip_attributes()
            token = self.peek()
            if token in STORAGE:
                self.next()
            elif token in QUALIFIERS or token in BASIC:
                words.append(self.next())
            elif token in ('struct', 'union'):
                name, record = self.record()
                if name is None:
                    return None, record
                words.append(name)
            elif token == 'enum':
                words.append(self.enum())
            elif re.match(r'[A-Za-z_]', token) and not set(words) - QUALIFIERS:
                words.append(self.next())
            else:
                break
        if not words:
            self.expect('a type')
        return ' '.join(words), record

    def record(self):
        """Parses `struct x`, `struct x {...}` or `struct {...}`."""
        header, kind = self.header(), self.next()
        self.skip_attributes()
        tag = self.next() if self.peek() != '{' else None
        name = f'{kind} {tag}' if tag else None
        if self.peek() != '{':
            return name, None
        self.next()
        record = Record(kind, tag, header)
        while self.peek() != '}':
            self.member(record)
        self.next()
        self.skip_attributes()
        if name:
            self.unit.records[name] = record
        return name, record

    def member(self, record):
        type_name, inner = self.specifiers()
        if self.peek() == ';': # no declarator: the members belong to the outer record
            if inner:
                record.members.append(Member(None, None, inner, [], None))
        while self.peek() != ';':
            name, suffix, dims, bits = self.declarator()
            named = None if type_name is None else type_name + suffix
            record.members.append(Member(name, named, None if suffix else inner, dims, bits))
            if self.peek() == ',':
                self.next()
        self.expect(';')

    def declarator(self):
        """(name, ' *'..., dimensions, width of a bit-field or None)."""
        suffix, dims, bits = '', [], None
        while self.peek() in ('*', 'const'):
            suffix += ' ' + self.next()
        name = self.next()
        if not re.match(r'[A-Za-z_]\w*$', name):
            self.at -= 1
            self.expect('a name')
        while self.peek() == '[':
            dims.append(self.skip_balanced('[', ']'))
        if self.peek() == ':':
            self.next()
            bits = self.next()
        self.skip_attributes()
        return name, suffix, dims, bits

    def enum(self):
        header = self.header()
        self.next()
        tag = self.next() if self.peek() != '{' else None
        if self.peek() == '{':
            self.next()
            while self.peek() != '}':
                self.unit.enumerators[self.next()] = header
                while self.peek() not in (',', '}'):
                    self.next()
                if self.peek() == ',':
                    self.next()
            self.next()
            if tag:
                self.unit.enums[f'enum {tag}'] = header
        return f'enum {tag}' if tag else 'int'
