# SPDX-License-Identifier: MIT
"""The life of stock Debian guests: created, reached, paused, shut down, crashed, destroyed."""
import time
import urllib.request

import pytest
from machine import patience


def fetch_page(port, seconds=60):
    """GET / of the demo guest, from this host."""
    end = time.monotonic() + seconds * patience()
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                return answer.read().decode()
        except OSError:
            assert time.monotonic() < end, "the guest's page cannot be fetched"
            time.sleep(0.5)


@pytest.mark.border
def test_page_from_guest(dom0, tools):
    """The host fetches a page from a guest's disk through its network card."""
    dom0.check(f"{tools.kind} create /etc/domus/demo.cfg", 120)
    assert "Hello from a guest" in fetch_page(dom0.web_port)
    row = tools.domains()["demo"]
    assert row["memory"] == 128 and row["state"] == "running"


def test_guest_sees_its_machine(tools, guest):
    """A guest has the vCPUs, memory and devices of its config."""
    tools.create("ram2")
    assert guest.check("nproc").strip() == "2"
    assert guest.check("cat /sys/class/net/eth0/address").strip() == "00:16:3e:00:00:65"
    total = int(guest.check("sed -n 's/MemTotal: *//p' /proc/meminfo").split()[0])
    assert 128 * 1024 < total < 192 * 1024


def test_pause(tools, guest):
    """A paused guest stands still, and goes on afterwards."""
    tools.create("ram")
    guest.check("true")
    tools.machine.check(f"{tools.kind} pause ram")
    assert tools.domains()["ram"]["state"] == "paused"
    tools.machine.check(f"{tools.kind} unpause ram")
    guest.check("true")
    assert tools.domains()["ram"]["state"] == "running"


def test_create_paused(tools, guest):
    """`create -p` does not let the guest run before it is unpaused."""
    tools.create("ram", "-p")
    assert tools.domains()["ram"]["state"] == "paused"
    tools.machine.check(f"{tools.kind} unpause ram")
    guest.check("true")


@pytest.mark.border
def test_shutdown(tools, guest):
    """A shutdown request powers the guest off, and the domain is gone."""
    tools.create("ram")
    guest.check("true")
    tools.machine.check(f"{tools.kind} shutdown ram")
    tools.wait(lambda domains: not domains, 60, "end of the domain")


def test_reboot_request(tools, guest):
    """A reboot request starts the guest again as another domain."""
    tools.create("ram")
    guest.check("true")
    first = tools.domains()["ram"]["id"]
    tools.machine.check(f"{tools.kind} reboot ram")
    tools.wait(lambda domains: domains.get("ram", {}).get("id", first) != first, 60, "restart")
    assert guest.check("hostname").strip() == "ram"


def test_poweroff_by_guest(tools):
    """on_poweroff=destroy: a guest that powers itself off is gone."""
    tools.create("poweroff")
    tools.wait(lambda domains: not domains, 60, "end of the domain")


@pytest.mark.border
def test_reboot_by_guest(tools):
    """on_reboot=restart: a guest that reboots comes back with a new id."""
    tools.create("reboot")
    tools.wait(lambda domains: domains.get("reboot", {}).get("id", 0) > 0, 30, "domain")
    first = tools.domains()["reboot"]["id"]
    tools.wait(lambda domains: domains.get("reboot", {}).get("id", first) > first, 90, "restart")


@pytest.mark.border
def test_panic_preserved(tools):
    """on_crash=preserve: the domain of a guest that panics stays, as crashed."""
    tools.create("panic")
    tools.wait(lambda domains: domains.get("panic", {}).get("state") == "crashed", 60, "crash")


def test_panic_destroyed(tools):
    """on_crash=destroy: the domain of a guest that panics is gone."""
    tools.create("panicd")
    tools.wait(lambda domains: not domains, 60, "end of the domain")


def test_two_guests(dom0, tools, guest):
    """Two guests run beside each other."""
    tools.create("ram")
    dom0.check(f"{tools.kind} create /etc/domus/demo.cfg", 120)
    guest.check("true")
    assert "Hello from a guest" in fetch_page(dom0.web_port)
    assert guest.check("ping -c 3 10.0.2.100 | grep -c 'bytes from'").strip() == "3"
