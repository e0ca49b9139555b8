"""What the keys of a result are called for people: reasons and other things that cycles went to, units, classes."""

from __future__ import annotations

from hw.unit_names import DMA, MAC_ARRAY, SIMD
from sim.accounting.taxonomy import OTHER_TERMS, TAXONOMY

TITLES = {term.key: term.title for term in (*TAXONOMY, *OTHER_TERMS)} | {"useful": "useful work"}
"""What cycles went to, by key, in the order of the tree of stalls."""


def unit_title(unit: str) -> str:
    """A unit's name for people."""
    if unit.startswith("dram.channel"):
        return f"DRAM channel {unit.removeprefix('dram.channel')}"
    if unit.startswith("sram.banks"):
        return f"SRAM banks {unit.removeprefix('sram.banks').replace('-', '–')}"
    return {MAC_ARRAY: "MAC array", SIMD: "SIMD", DMA: "DMA", "dram": "DRAM"}.get(unit, unit)


def class_title(kind: str) -> str:
    """A class of operations for people."""
    return kind.replace("_", " ")
