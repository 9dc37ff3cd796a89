# SPDX-License-Identifier: MIT
"""Every entry of a table of hypercalls or sub-operations is named by a guest-side test. Random
calls (hc_random) do not count: they check nothing of an answer. Entries that have no test yet are
listed in tests/lint/untested; a new one fails, and so does a listed one that has got its test.
"""
import re

UNTESTED = "tests/lint/untested"

TABLE = "hypervisor/common/hypercall.c"
CALL = re.compile(r"^\s+CALL\((\w+), \d\)", re.M)
SUB_OP = re.compile(r"\[((?:XENMEM|GNTTABOP|EVTCHNOP|MMUEXT|VCPUOP|SCHEDOP|XENVER|XEN_SYSCTL|"
                    r"XEN_DOMCTL|XENPF|HVMOP|PHYSDEVOP|CALLBACKOP|XENNMI)_\w+)\]\s*=")
DOMCTL = re.compile(r"^\s+OP\((\w+), [\w| ]+\),", re.M)
PHYSDEV = re.compile(r"^\s+(?:OLD|NEW)\((\w+), \w+, \w+\),", re.M)


def entries(source):
    """Yields (file, name) of each entry of each table."""
    for path in source.ending(".c"):
        if not path.startswith("hypervisor/"):
            continue
        text = source.text(path)
        names = set(SUB_OP.findall(text))
        if path == TABLE:
            names |= {"__HYPERVISOR_" + name for name in CALL.findall(text)}
        if path.endswith("/domctl.c"):
            names |= {"XEN_DOMCTL_" + name for name in DOMCTL.findall(text)}
        if path.endswith("/physdev_op.c"):
            names |= {"PHYSDEVOP_" + name for name in PHYSDEV.findall(text)}
        for name in sorted(names):
            yield path, name


def judged(source):
    """Yields (file, name, whether a test names it)."""
    words = set()
    for path in source.ending(".c", ".S"):
        if path.startswith(("tests/guest/", "guest-sdk/lib/", "guest-sdk/x86/")) and \
                "hc_random" not in path:
            words |= set(re.findall(r"\w+", source.text(path)))
    for path, name in entries(source):
        wrapper = "hc_" + name.replace("__HYPERVISOR_", "")
        yield path, name, name in words or wrapper in words


def operation_tested(source):
    """Each hypercall and sub-operation has a test, or is listed as having none."""
    listed = set(source.text(UNTESTED).split()) if UNTESTED in source.files else set()
    for path, name, tested in judged(source):
        complaint = None
        if not tested and name not in listed:
            complaint = "no guest-side test names it"
        elif tested and name in listed:
            complaint = f"has a test now: take it out of {UNTESTED}"
        yield f"{path}:{name}", complaint


RULES = [operation_tested]
