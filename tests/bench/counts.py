# SPDX-License-Identifier: MIT
"""What a machine under QEMU has executed, as the plugin costs.c counts it."""
import os
import struct

NAMES = ("hypervisor", "kernel", "user", "cr3", "cr4", "wrmsr", "invlpg", "iret", "locked")
COSTLY = NAMES[3:]
ROW = struct.Struct(f"={len(NAMES)}Q")
# One instruction is one nanosecond of the machine's time: figures repeat to the digit.
CLOCK = ["-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01T00:00:00,clock=vm", "-seed", "1"]


class Counts:
    """The counts of one machine, kept in a file at `path` while it runs."""

    def __init__(self, plugin, path):
        self.plugin = plugin
        self.path = path

    def options(self):
        """QEMU's options: the plugin, and a clock that ticks with instructions."""
        return ["-plugin", f"{self.plugin},out={self.path}"] + CLOCK

    def _read(self):
        with open(self.path, "rb") as file:
            return file.read()

    def now(self):
        """{name: count} since power-on."""
        return dict(zip(NAMES, ROW.unpack_from(self._read())))

    def reports(self):
        """What the guest's marks have bracketed so far: [{name: count}]."""
        data = self._read()
        (count,) = struct.unpack_from("=Q", data, ROW.size)
        return [dict(zip(NAMES, ROW.unpack_from(data, ROW.size + 8 + i * ROW.size)))
                for i in range(count)]

    def remove(self):
        """Remove the file."""
        if os.path.exists(self.path):
            os.unlink(self.path)
