#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`make analyze`: gcc -fanalyzer, clang-tidy and cppcheck over every C file that is built.

A finding is TOOL CHECK PATH:FUNCTION. A line `TOOL CHECK SUBJECT REASON...` of
tests/analyze/suppressions takes back the findings of one check in a function, in a file (PATH), in
a folder (PATH/) or everywhere (*); it must be needed. What a tool said of a file is kept until the
file, preprocessed, or the command changes.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys

SUPPRESSIONS = "tests/analyze/suppressions"
TIDY_CHECKS = ("-*,bugprone-*,clang-analyzer-*,cert-env33-c,cert-pos44-c,cert-flp30-c,"
               "misc-redundant-expression,misc-misplaced-const,misc-static-assert,"
               "misc-unused-parameters,misc-no-recursion,portability-*,"
               "readability-misleading-indentation,readability-redundant-control-flow,"
               "readability-duplicate-include")
CPPCHECK_OPTIONS = ("--quiet", "--std=c11", "--platform=unix64", "--inconclusive",
                    "--enable=warning,performance,portability", "-D__GNUC__=12", "-D__x86_64__=1",
                    "--template={file}:{line}:0: warning: {message} [{id}]")
GCC_ONLY = ("-mindirect-branch", "-fno-tree-loop-distribute-patterns", "-Werror")
FUNCTION = re.compile(r"^(?!static_assert|_Static_assert)[A-Za-z_][\w\s*,()]*?\b(\w+)\(")


def run(command):
    """Standard output and error of a command, as one text each."""
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    return done.returncode, done.stdout, done.stderr


def gcc(flags, path):
    """Findings of the path-sensitive analyzer in gcc."""
    command = ["gcc", *(f for f in flags if f != "-Werror"), "-fanalyzer",
               "-fdiagnostics-format=json", "-S", "-o", "/dev/null", path]
    status, _, err = run(command)
    if status:
        raise RuntimeError(f"{' '.join(command)}:\n{err}")
    for line in err.splitlines():
        for found in json.loads(line) if line.startswith("[") else []:
            places = [place["caret"] for place in found["locations"]]
            at = places[0] if places else {"file": path, "line": 1}
            yield found.get("option", "--note")[2:], at["file"], at["line"], found["message"]


def text_findings(text):
    """Findings in lines of the form FILE:LINE:COLUMN: KIND: MESSAGE [CHECK]."""
    for line in text.splitlines():
        found = re.match(r"(\S+?):(\d+):\d+: (?:warning|error): (.*) \[([\w.,-]+)\]$", line)
        if found:
            yield found[4].split(",")[0], found[1], int(found[2]), found[3]


def clang_tidy(flags, path):
    """Findings of clang-tidy, clang's own path-sensitive analyzer among them."""
    kept = [f for f in flags if not f.startswith(GCC_ONLY)]
    command = ["clang-tidy", "--quiet", "--checks=" + TIDY_CHECKS, "--header-filter=.*", path,
               "--", *kept]
    status, out, err = run(command)
    if status and "error:" in out + err:
        raise RuntimeError(f"{' '.join(command)}:\n{out}{err}")
    return text_findings(out)


def cppcheck(flags, path):
    """Findings of cppcheck."""
    kept, take = [], False
    for flag in flags:
        if take:
            kept.append("--include=" + flag)
        elif flag.startswith(("-D", "-I")):
            kept.append(flag)
        take = flag == "-include"
    command = ["cppcheck", *CPPCHECK_OPTIONS, *kept, path]
    status, out, err = run(command)
    if status:
        raise RuntimeError(f"{' '.join(command)}:\n{out}{err}")
    return text_findings(out + err)


TOOLS = {"gcc": gcc, "clang-tidy": clang_tidy, "cppcheck": cppcheck}


def join_pairs(words):
    """Flags as a list in which `-I x` is `-Ix`, so that each can be looked at by itself."""
    out, take = [], False
    for word in words:
        if take:
            out[-1] += word
        else:
            out.append(word)
        take = word == "-I"
    return out


def examine(tool, flags, path, cache):
    """The findings of one tool in one file, from the cache where nothing has changed."""
    status, text, err = run(["gcc", *flags, "-E", path])
    if status:
        raise RuntimeError(f"{path}: {err}")
    settings = CPPCHECK_OPTIONS if tool == "cppcheck" else TIDY_CHECKS
    key = hashlib.sha256(repr((tool, settings, flags, path)).encode() + text.encode())
    kept = os.path.join(cache, key.hexdigest())
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as file:
            return json.load(file)
    found = [[check, os.path.relpath(name), line, message]
             for check, name, line, message in TOOLS[tool](flags, path)]
    with open(kept, "w", encoding="utf-8") as file:
        json.dump(found, file)
    return found


def function_at(path, line):
    """The function in which a line is: the last one whose head starts at the margin above it."""
    with open(path, encoding="utf-8") as file:
        for text in reversed(file.read().split("\n")[:line]):
            head = FUNCTION.match(text)
            if head:
                return head[1]
    return "-"


def read_suppressions():
    """{(tool, check, subject): reason}"""
    found = {}
    with open(SUPPRESSIONS, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip() and not line.startswith("#"):
                parts = line.split(maxsplit=3)
                if len(parts) < 4:
                    sys.exit(f"{SUPPRESSIONS}:{number}: wants TOOL CHECK SUBJECT REASON")
                found[tuple(parts[:3])] = parts[3].strip()
    return found


def suppressed_by(finding, suppressions):
    """The entry that takes a finding back, or None."""
    tool, check, path, line, _ = finding
    subjects = [f"{path}:{function_at(path, line)}", path, "*"]
    folder = os.path.dirname(path)
    while folder:
        subjects.append(folder + "/")
        folder = os.path.dirname(folder)
    for subject in subjects:
        if (tool, check, subject) in suppressions:
            return tool, check, subject
    return None


def collect(options):
    """All findings, each once, however many files include the header it is in."""
    jobs, found = [], set()
    with open(options.commands, encoding="utf-8") as file:
        commands = [line.strip().split("|") for line in file if "|" in line]
    commands = [(flags, path) for flags, path in commands if options.only in path]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for flags, path in commands:
            flags = join_pairs(flags.split())
            jobs += [(tool, pool.submit(examine, tool, flags, path, options.cache))
                     for tool in TOOLS if options.tool in tool]
        for tool, job in jobs:
            found |= {(tool, *finding) for finding in job.result()
                      if not finding[1].startswith("..")}
    return sorted(found), len({path for _, path in commands})


def main():
    """Parses the command line, runs the tools, prints what is not taken back."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--commands", required=True, help="lines of FLAGS|SOURCE")
    parser.add_argument("--cache", required=True, help="folder for what is known already")
    parser.add_argument("--only", default="", help="files whose path holds this")
    parser.add_argument("--tool", default="", help="tools whose name holds this")
    options = parser.parse_args()
    findings, files = collect(options)
    suppressions, used, taken_back, bad = read_suppressions(), set(), 0, 0
    for finding in findings:
        entry = suppressed_by(finding, suppressions)
        if entry:
            used.add(entry)
            taken_back += 1
            continue
        bad += 1
        tool, check, path, line, message = finding
        print(f"{path}:{line}: {function_at(path, line)}: {message} [{tool} {check}]")
    if not options.only and not options.tool:
        for entry in sorted(set(suppressions) - used):
            bad += 1
            print(f"{SUPPRESSIONS}: {' '.join(entry)} is not needed any more")
    print(f"analyze: {files} files, {bad} findings; {taken_back} more suppressed by "
          f"{len(suppressions)} entries, each with its reason in {SUPPRESSIONS}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
