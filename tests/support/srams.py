"""Small SRAMs."""

from __future__ import annotations

from hw.sram import SramSpec
from sim.files.documents import Document


def sram(banks: int = 1, interleave: int = 1, ports: int = 1, width: str = "64B", capacity: str = "4KiB") -> SramSpec:
    """The memory as from a file; raises InputError for a bad one."""
    values = {"capacity": capacity, "banks": banks, "bank_width": width, "ports": ports, "interleave": interleave}
    return Document(values, [("sram.yaml", values)]).check(SramSpec)
