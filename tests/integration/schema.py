# SPDX-License-Identifier: MIT
"""Checks what `domus ... --json` prints against docs/schema: as much of JSON Schema as that uses.

A keyword that is not known here is an error, so a schema never promises what nobody checks.
"""
import json
import os
import re

from packages import TOP

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool,
         "number": (int, float), "null": type(None)}


def load(name):
    """The schema docs/schema/`name`.json."""
    with open(os.path.join(TOP, "docs/schema", name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def _is(value, name):
    if isinstance(value, bool) and name != "boolean":
        return False
    return isinstance(value, TYPES[name])


def _type(value, names, _schema, path):
    names = [names] if isinstance(names, str) else names
    if not any(_is(value, name) for name in names):
        yield f"{path} is {value!r}, not {' or '.join(names)}"


def _properties(value, properties, _schema, path):
    for key in sorted(set(value) & set(properties)) if isinstance(value, dict) else ():
        yield from complaints(value[key], properties[key], f"{path}.{key}")


def _required(value, keys, _schema, path):
    for key in keys:
        if isinstance(value, dict) and key not in value:
            yield f"{path} lacks {key}"


def _additional(value, allowed, schema, path):
    if isinstance(value, dict) and not allowed:
        for key in sorted(set(value) - set(schema.get("properties", ()))):
            yield f"{path} has {key}, of which the schema does not know"


def _items(value, schema, _schema, path):
    for i, item in enumerate(value if isinstance(value, list) else ()):
        yield from complaints(item, schema, f"{path}[{i}]")


def _enum(value, values, _schema, path):
    if value not in values:
        yield f"{path} is {value!r}, none of {values}"


def _pattern(value, pattern, _schema, path):
    if isinstance(value, str) and not re.search(pattern, value):
        yield f"{path} is {value!r}, not {pattern}"


KEYWORDS = {"type": _type, "properties": _properties, "required": _required, "items": _items,
            "additionalProperties": _additional, "enum": _enum, "pattern": _pattern}


def complaints(value, schema, path="$"):
    """Yield what is wrong with a value."""
    for keyword, argument in schema.items():
        if keyword not in ("$schema", "title", "description"):
            yield from KEYWORDS[keyword](value, argument, schema, path)


def parse(text, name):
    """The value that a text holds, after checking it against a schema."""
    value = json.loads(text)
    wrong = list(complaints(value, load(name)))
    assert not wrong, f"{name}: {'; '.join(wrong[:5])}"
    return value
