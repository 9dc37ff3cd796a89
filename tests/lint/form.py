# SPDX-License-Identifier: MIT
"""The outward form of files: licence line, width, white space, words that do not belong."""
import os
import re
import subprocess

WIDTH = 100
SOURCES = (".c", ".h", ".S", ".py", ".sh", ".mk")
# Spelled in pieces, so that this file does not find itself.
WORDS = ["/" + "work/", "/var" + "/tmp", "peer" + "-lab", "peer" + " lab", "TO" + "DO",
         "FIX" + "ME", "X" + "XX:"]


def text_files(source):
    """Files that people read as text."""
    for path in source.files:
        with open(path, "rb") as file:
            if b"\0" not in file.read(4096):
                yield path


def licence(source):
    """Each source file names its licence at its top."""
    for path in source.files:
        script = source.text(path).startswith("#!")
        if path.endswith(SOURCES) or script or os.path.basename(path) == "GNUmakefile":
            head = "\n".join(source.text(path).split("\n")[:4])
            yield path, None if "SPDX-License-Identifier: MIT" in head \
                else "no SPDX-License-Identifier: MIT at its top"


def words(source):
    """Nothing of the machine on which this was written, and no notes to self."""
    for path in text_files(source):
        found = [word for word in WORDS if word in source.text(path)]
        yield path, f"holds {', '.join(found)}" if found else None


def lines(source):
    """No tabs, no line wider than WIDTH, no white space at line ends, one newline at the end."""
    for path in source.ending(".c", ".h", ".S", ".py", ".sh"):
        text, complaints = source.text(path), []
        for number, line in enumerate(text.split("\n"), 1):
            if "\t" in line:
                complaints.append(f"line {number} has a tab")
            if len(line) > WIDTH:
                complaints.append(f"line {number} has {len(line)} columns")
            if line != line.rstrip():
                complaints.append(f"line {number} ends in white space")
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            complaints.append("does not end in exactly one newline")
        yield path, "; ".join(complaints[:5]) or None


def header_guards(source):
    """Each C header can be included twice; one that only forwards to others always can."""
    for path in source.ending(".h"):
        code = re.sub(r"/\*.*?\*/|^\s*#\s*include[^\n]*", "", source.text(path), flags=re.S | re.M)
        if not code.strip():
            continue
        guarded = re.search(r"^#ifndef (\w+)\n#define \1\b", source.text(path), re.M) \
            or "#pragma once" in source.text(path)
        yield path, None if guarded else "has no include guard"


def shell_syntax(source):
    """Shell scripts parse."""
    for path in source.files:
        match = re.match(r"#! ?(?:/usr)?/bin/(?:env )?(ba)?sh\b", source.text(path))
        if match or path.endswith(".sh"):
            shell = "bash" if not match or match.group(1) else "sh"
            done = subprocess.run([shell, "-n", path], capture_output=True, text=True,
                                  check=False)
            yield path, done.stderr.strip() or None


def python_syntax(source):
    """Python files compile."""
    for path in source.ending(".py"):
        try:
            compile(source.text(path), path, "exec")
            yield path, None
        except SyntaxError as error:
            yield path, str(error)


RULES = [licence, words, lines, header_guards, shell_syntax, python_syntax]
