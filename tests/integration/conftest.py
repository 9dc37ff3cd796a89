# SPDX-License-Identifier: MIT
"""Fixtures of the integration tests, and their closing line.

A *side* is a hypervisor with a toolstack: domus-domus is ours alone, domus-xl is Debian's
toolstack on our hypervisor, xen-domus our toolstack on Debian's Xen, xen-xl the yardstick that
shows whether a test is right. Ours runs every test; the mixed sides run those marked `border`, and
with FULL=1 every test. SIDES="xen-xl ..." in the environment runs everything on those.
"""
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "machine"))

import images                   # noqa: E402
import machine                  # noqa: E402
from packages import TOP        # noqa: E402
from toolstack import Toolstack, Guest  # noqa: E402

BUILD = os.path.join(TOP, os.environ.get("BUILD") or "build")
SIDES = (os.environ.get("SIDES") or "domus-domus domus-xl xen-domus"
         + " xen-xl" * bool(os.environ.get("INTEROP"))).split()
FULL = bool(os.environ.get("FULL"))
INTEROP = bool(os.environ.get("INTEROP"))   # make check-interop


def pytest_configure(config):
    config.addinivalue_line("markers", "sides(*names): the sides that the test makes sense on")
    config.addinivalue_line("markers", "border: run it where our half meets Debian's, too")


def pytest_generate_tests(metafunc):
    """Run a test that takes `side` (itself or through a fixture) on each selected side."""
    if "side" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("sides")
        border = metafunc.definition.get_closest_marker("border")
        everywhere = border or FULL or INTEROP or os.environ.get("SIDES")
        names = [name for name in SIDES if not marker or name in marker.args]
        names = [name for name in names if everywhere or name == "domus-domus"]
        metafunc.parametrize("side", names, scope="module")


def settings(side):
    """Config fields of a side."""
    hypervisor, tools = side.split("-")
    owner = "debian" if tools == "xl" else "domus"
    return {"hypervisor": hypervisor, "build": BUILD, "store": owner, "tools": owner}


@pytest.fixture(scope="session")
def all_images():
    """Everything that machines boot from, up to date."""
    return images.build_images(BUILD, full=True)


@pytest.fixture(scope="session")
def start(all_images):
    """Function (side, log name, fields of Config...) that starts a Machine."""
    del all_images

    def make(side, name, **fields):
        log = os.path.join(BUILD, "logs", f"{name}-{side}.log")
        return machine.Machine(log=log, **{**settings(side), **fields})
    return make


@pytest.fixture(scope="module")
def dom0(start, side, request):
    """A booted machine with everything in it, shared by the tests of a file."""
    ports = [machine.free_port() for _ in range(2)]
    name = request.module.__name__
    with start(side, name, full=True, own_line=True, deadline=1200, memory=1280, dom0_memory=640,
               guest_ports=((ports[0], "10.0.2.100", 80), (ports[1], "10.0.2.101", 23))) as booted:
        booted.boot()
        booted.web_port, booted.shell_port = ports
        yield booted
        if booted.process.poll() is None:
            booted.poweroff()


@pytest.fixture(scope="module")
def tools(dom0, side):
    """The side's toolstack."""
    return Toolstack(dom0, side.split("-")[1])


@pytest.fixture
def guest(dom0):
    """The shell of the guest at 10.0.2.101 (configs with shell=23)."""
    return Guest(dom0.shell_port)


@pytest.fixture(autouse=True)
def no_guest_left(request):
    """Each test of a shared machine ends without guests."""
    yield
    if "tools" in request.fixturenames:
        toolstack = request.getfixturevalue("tools")
        for name in toolstack.names():
            toolstack.destroy(name)


def pytest_terminal_summary(terminalreporter):
    """The line by which `make check` counts."""
    stats = terminalreporter.stats
    bad = len(stats.get("failed", [])) + len(stats.get("error", []))
    terminalreporter.write_line(f"integration: {len(stats.get('passed', []))} passed, {bad} failed")
