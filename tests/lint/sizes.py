# SPDX-License-Identifier: MIT
"""How long functions and files may be, and how many files a folder may hold."""
import ast
import collections
import os
import re

FUNCTION_LINES = 100
FILE_LINES = 1000
FOLDER_FILES = 30

TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
FUNCTION = re.compile(r"([A-Za-z_]\w*)\s*\(")


def blank(match):
    """Comments and literals become nothing, but their lines stay."""
    return "\n" * match.group(0).count("\n") or " "


def c_functions(text):
    """Yield (name, lines) of each function of C source: from its signature to its brace."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group(0).count("\n"),
                  TOKENS.sub(blank, text), flags=re.M)
    depth, start, line = 0, 0, 1
    for position, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == "{":
            if depth == 0:
                header = code[start:position].strip()
                begin = line - header.count("\n")
                names = FUNCTION.findall(header)
                name = names[0] if names and header.endswith(")") and "=" not in header else None
            depth += 1
        elif char == "}":
            depth = max(0, depth - 1)
            if depth == 0:
                if name:
                    yield name, line - begin + 1
                start = position + 1
        elif char == ";" and depth == 0:
            start = position + 1


def function_size(source):
    """No function is longer than FUNCTION_LINES."""
    for path in source.ending(".c", ".h", ".py"):
        text = source.text(path)
        if path.endswith(".py"):
            found = [(node.name, node.end_lineno - node.lineno + 1)
                     for node in ast.walk(ast.parse(text))
                     if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
        else:
            found = c_functions(text)
        for name, lines in found:
            yield f"{path}:{name}", f"{lines} lines, the limit is {FUNCTION_LINES}" \
                if lines > FUNCTION_LINES else None


def file_size(source):
    """No source file is longer than FILE_LINES."""
    for path in source.ending(".c", ".h", ".S", ".py", ".sh", ".mk"):
        lines = source.text(path).count("\n")
        yield path, f"{lines} lines, the limit is {FILE_LINES}" if lines > FILE_LINES else None


def folder_size(source):
    """No folder holds more than FOLDER_FILES files."""
    count = collections.Counter(os.path.dirname(path) or "." for path in source.files)
    for folder, files in sorted(count.items()):
        yield folder, f"{files} files, the limit is {FOLDER_FILES}" \
            if files > FOLDER_FILES else None


RULES = [function_size, file_size, folder_size]
