# SPDX-License-Identifier: MIT
"""What the hypervisor says stands on a graphics screen, as UEFI and VBE leave one, too."""
import os
import re
import socket
import time

import pytest
from conftest import FULL
from machine import patience
from packages import TOP

FONT = os.path.join(TOP, "hypervisor/arch/x86/platform/font.h")
CELL_WIDTH, CELL_HEIGHT, COLUMNS = 6, 8, 80


def glyphs():
    """{bytes of a glyph's columns: character}."""
    with open(FONT, encoding="ascii") as file:
        rows = re.findall(r"\{((?:0x[0-9a-f]{2},? ?){5})\}", file.read())
    return {bytes(int(byte, 16) for byte in row.split(",")): chr(0x20 + i)
            for i, row in enumerate(rows)}


def take_picture(monitor, path):
    """Have QEMU write its screen to a file; returns (width, height, bytes of RGB)."""
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(monitor)
        link.sendall(f"screendump {path}\n".encode())
        end = time.monotonic() + 20 * patience()
        while time.monotonic() < end:
            time.sleep(0.5)
            if not os.path.exists(path):
                continue
            with open(path, "rb") as file:
                data = file.read()
            head = re.match(rb"P6\n(\d+) (\d+)\n255\n", data)
            if head and len(data) == head.end() + 3 * int(head[1]) * int(head[2]):
                os.unlink(path)
                return int(head[1]), int(head[2]), data[head.end():]
    raise AssertionError("QEMU wrote no picture")


def read_text(picture):
    """The text on a picture of the screen."""
    width, height, pixels = picture
    scale = 2 if width >= 2 * CELL_WIDTH * COLUMNS else 1
    known = glyphs()
    lines = []
    for top in range(0, height - CELL_HEIGHT * scale + 1, CELL_HEIGHT * scale):
        line = ""
        for left in range(0, width - CELL_WIDTH * scale + 1, CELL_WIDTH * scale):
            columns = bytes(sum(1 << y for y in range(CELL_HEIGHT) if pixels[
                3 * ((top + y * scale) * width + left + x * scale)]) for x in range(5))
            line += known.get(columns, "\ufffd")
        lines.append(line.rstrip())
    return "\n".join(lines)


def wanted(text):
    """The first and the last of the boot messages are there."""
    return "(XEN) Boot loader: GRUB" in text and \
        re.search(r"^\(XEN\) [1-9] CPUs, .* starting dom0$", text, re.M)


def await_text(machine, monitor, picture):
    """The text on the screen once it has what is wanted: what stands on the serial line may still
    be being drawn. Later pictures are taken only until then."""
    end = time.monotonic() + 30 * patience()
    while True:
        text = read_text(take_picture(monitor, picture))
        if wanted(text) or time.monotonic() >= end:
            return text
        machine.listen(0.5)


@pytest.mark.parametrize("loader", ["uefi", "bios"] if FULL else ["uefi"])
@pytest.mark.sides("domus-domus")
def test_screen(start, side, loader, tmp_path):
    """The boot messages can be read on the screen."""
    monitor, picture = str(tmp_path / "monitor"), str(tmp_path / "picture")
    with start(side, f"screen-{loader}", boot=loader, screen=True, deadline=400,
               hypervisor_arguments="console=vga,com1 vga=keep",
               extra=("-chardev", f"socket,id=monitor,path={monitor},server=on,wait=off",
                      "-mon", "chardev=monitor")) as machine:
        machine.expect("starting dom0", 300)
        text = await_text(machine, monitor, picture)
    assert wanted(text), text
