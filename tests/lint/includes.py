# SPDX-License-Identifier: MIT
"""Who may include whom. What an object really saw comes from the compiler's .d files, so
indirect includes count; who asked for it comes from the #include lines."""
import concurrent.futures
import functools
import glob
import os
import re
import subprocess

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"]+)"|<([^>]+)>)', re.M)
FOLDERS = ["hypervisor/include", "hypervisor/include/public", "hypervisor/arch/x86/include",
           "hypervisor/image/include", "toolstack/lib", "toolstack", "toolstack/include",
           "xenstore/client/include", "xenstore", "guest-sdk/include", "tests/unit/include"]

PUBLIC = "hypervisor/include/public/"
HV = "hypervisor/include/hv/"
ARCH = "hypervisor/arch/"
ASM = "hypervisor/arch/x86/include/asm/"
PV, SVM = "hypervisor/arch/x86/pv", "hypervisor/arch/x86/svm"
IMAGE = "hypervisor/image/"
LIB = "hypervisor/lib/"
SYS, CLIENT = "toolstack/lib/sys/", "xenstore/client/"
DAEMON, CLI = "toolstack/daemon/", "toolstack/cli/"

# Objects of the folder on the left may see these folders of the repository and nothing else.
# The longest matching folder counts. hv/ holds the hypervisor's own types, so its lower layers
# see hv/ too, but only arch/ sees all of arch/.
ALLOWED = {
    LIB: [LIB, HV, PUBLIC, ASM],
    IMAGE: [IMAGE, HV + "types.h", HV + "config.h", PUBLIC],
    "hypervisor/common/": ["hypervisor/common/", LIB, IMAGE, HV, PUBLIC, ASM],
    ARCH: [ARCH, "hypervisor/common/", LIB, IMAGE, HV, PUBLIC],
    SYS: [SYS, PUBLIC],
    "xenstore/": ["xenstore/", SYS, PUBLIC],
    CLIENT: [CLIENT, "xenstore/include/", PUBLIC],
    "xenstore/cli/": ["xenstore/cli/", CLIENT, "xenstore/include/", PUBLIC],
    "toolstack/lib/": ["toolstack/lib/", "toolstack/include/", CLIENT, IMAGE, PUBLIC],
    DAEMON: [DAEMON, "toolstack/lib/", "toolstack/include/", CLIENT, IMAGE, PUBLIC],
    CLI: [CLI, "toolstack/lib/", "toolstack/include/", PUBLIC],
    "guest-sdk/": ["guest-sdk/", PUBLIC],
}


def folder_rule(path):
    """The entry of ALLOWED that governs a source file, or None."""
    matches = [folder for folder in ALLOWED if path.startswith(folder)]
    return max(matches, key=len) if matches else None


@functools.lru_cache(maxsize=None)
def objects(build):
    """{object's .d file: (source file, [headers of the repository])}"""
    found = {}
    for path in glob.glob(os.path.join(build, "obj/**/*.d"), recursive=True):
        with open(path, encoding="utf-8") as file:
            first = file.read().replace("\\\n", " ").split("\n", 1)[0]
        names = [os.path.normpath(name) for name in first.split(":", 1)[-1].split()]
        sources = [name for name in names if name.endswith((".c", ".S"))]
        if sources and os.path.exists(sources[0]):
            found[path] = (sources[0], [name for name in names if name != sources[0]])
    return found


def direct(source, path):
    """The repository's files that `path` includes by its own lines, resolved."""
    found = []
    for quoted, angled in INCLUDE.findall(source.text(path)):
        folders = ([os.path.dirname(path)] if quoted else []) + FOLDERS
        for folder in folders:
            target = os.path.normpath(os.path.join(folder, quoted or angled))
            if os.path.isfile(target):
                found.append(target)
                break
    return found


def layers(source):
    """An object sees only the folders below its own."""
    for path, (name, headers) in sorted(objects(source.build).items()):
        rule = folder_rule(name)
        if not rule or "/obj/unit/" in path or "/obj/fuzz" in path:
            continue
        # A generated header below build/ belongs to whoever generates it.
        bad = [header for header in headers
               if not header.startswith(("/", "..", source.build, "build/"))
               and not header.startswith(tuple(ALLOWED[rule]))]
        if rule == LIB or rule == IMAGE:
            bad += [header for header in headers if header == HV + "arch.h"]
        yield name, f"may not see {', '.join(bad)}" if bad else None


def public_is_a_leaf(source):
    """ABI headers include only each other and the compiler's headers."""
    for path in source.files:
        if path.startswith(PUBLIC) and path.endswith(".h"):
            asked = [quoted or angled for quoted, angled in INCLUDE.findall(source.text(path))]
            bad = [name for name in asked if not name.startswith("std")
                   and not any(os.path.isfile(os.path.join(folder, name))
                               for folder in (PUBLIC, os.path.dirname(path)))]
            yield path, f"includes {', '.join(bad)} from outside the ABI" if bad else None


def arch_contract(source):
    """common/ and hv/ name only the asm/ headers that hv/arch.h grants."""
    contract = HV + "arch.h"
    if contract not in source.files:
        return
    granted = set(re.findall(r"<asm/([\w/]+\.h)>", source.text(contract)))
    for path in source.ending(".c", ".h"):
        if path.startswith(("hypervisor/common/", HV, LIB)):
            asked = {name[len(ASM):] for name in direct(source, path) if name.startswith(ASM)}
            bad = sorted(asked - granted)
            yield path, f"includes asm/{', asm/'.join(bad)}, which hv/arch.h does not grant" \
                if bad else None


def guest_kinds_apart(source):
    """pv/ and svm/ see neither each other nor are they seen from outside."""
    for path in source.ending(".c", ".h", ".S"):
        if path.startswith("hypervisor/"):
            bad = [name for name in direct(source, path) for kind in (PV, SVM)
                   if name.startswith(kind) and not path.startswith(kind)]
            yield path, f"includes {', '.join(bad)}; use struct guest_ops" if bad else None


def hypervisor_is_freestanding(source):
    """Hypervisor objects take from the system only what the compiler brings and, for
    unpacking, the headers of the compression libraries."""
    libraries = re.compile(r"^/usr/include/(zlib|zconf|zstd\w*|lz4|lzma)\.h$|^/usr/include/lzma/")
    for path, (name, headers) in sorted(objects(source.build).items()):
        if "/obj/hv/" not in path:
            continue
        uses_library = any(libraries.match(header) for header in headers)
        bad = [header for header in headers if header.startswith("/usr/include")
               and not libraries.match(header) and not uses_library]
        yield name, f"sees the host's {', '.join(bad[:3])}" if bad else None


def no_c_in_c(source):
    """A .c file is compiled, never included."""
    for path in source.ending(".c", ".h", ".S"):
        bad = [name for name in direct(source, path) if name.endswith(".c")]
        yield path, f"includes {', '.join(bad)}" if bad else None


def no_cycles(source):
    """Headers do not include each other in a circle."""
    state = {}

    def visit(path, trail):
        if state.get(path) == "open":
            return trail[trail.index(path):] + [path]
        if path in state:
            return None
        state[path] = "open"
        for name in direct(source, path):
            cycle = visit(name, trail + [path])
            if cycle:
                state[path] = "done"
                return cycle
        state[path] = "done"
        return None

    for path in source.ending(".h"):
        cycle = visit(path, [])
        yield path, "include cycle " + " -> ".join(cycle) if cycle else None


def compile_flags(path):
    """Make variable with the flags for a header of this folder, or None for one that is not
    meant to be compiled alone."""
    if path.startswith(PUBLIC) or path.startswith("tests/"):
        return None
    if path.startswith("hypervisor/"):
        return "hv-flags"
    if path.startswith("guest-sdk/"):
        return "sdk-all-flags"
    return "host-flags"


def headers_stand_alone(source):
    """Each header compiles when it is the first one included."""
    text = subprocess.run(["make", "-s", "print-flags"], capture_output=True, text=True,
                          check=True).stdout
    flags = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)

    def attempt(path):
        assembler = re.search(r"^\.macro\b", source.text(path), re.M)
        language = ["-D__ASSEMBLY__", "-c", "-o", "/dev/null", "-x", "assembler-with-cpp", "-"] \
            if assembler else ["-fsyntax-only", "-x", "c", "-"]
        command = flags["CC"].split() + flags[compile_flags(path)].split() + language
        done = subprocess.run(command, input=f'#include "{path}"\n', capture_output=True,
                              text=True, check=False)
        return path, done.stderr.strip().replace("\n", "\n    ")[:800] or None

    headers = [path for path in source.ending(".h") if flags.get(compile_flags(path) or "")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from pool.map(attempt, headers)


RULES = [layers, public_is_a_leaf, arch_contract, guest_kinds_apart, hypervisor_is_freestanding,
         no_c_in_c, no_cycles, headers_stand_alone]
