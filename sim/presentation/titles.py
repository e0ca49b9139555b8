"""What the keys of a result are called for people: reasons and other things that cycles went to, units, classes."""

from __future__ import annotations

from typing import Final

from hw.reasons import Reason
from hw.unit_names import DMA, MAC_ARRAY, SIMD
from sim.accounting.taxonomy import IDLE, OTHER_TERMS, TAXONOMY, leaf_of

AHEAD: Final = "ahead"  # what people read where a transfer has no free buffer
QUIET = (AHEAD, *(leaf.key for leaf in TAXONOMY if leaf.path == IDLE))
"""Waits in which nobody waits for the unit: its loads are ahead of their use, or there is nothing for it to do."""
_TITLES = (
    {term.key: term.title for term in TAXONOMY if term.key not in QUIET}
    | {AHEAD: "ahead (waits for space)"}
    | {term.key: term.title for term in (*TAXONOMY, *OTHER_TERMS)}
    | {"useful": "useful work"}
)
"""What cycles went to, by key as shown, in the order of the tree of stalls; AHEAD stands before what is idle."""
KEYS = tuple(_TITLES)
_PLACES = {key: number for number, key in enumerate(KEYS)}


def shown(unit: str, key: str) -> str:
    """The key of TITLES under which *key* of the account of *unit* is shown.

    A load that has no free buffer has been done as far ahead as there is space: nobody waits for the DMA engine then.
    """
    return AHEAD if key == Reason.NO_BUFFER and (unit == DMA or unit.startswith("dram")) else key


def result_key(key: str) -> str:
    """The key of the result that is shown under *key*."""
    return Reason.NO_BUFFER if key == AHEAD else key


def known(key: str) -> bool:
    """Whether *key*, as shown, is something that a result has."""
    return key in _TITLES or leaf_of(key) is not None


def title(key: str) -> str:
    """What *key*, as shown, is called; what is not known keeps its name."""
    leaf = None if key in _TITLES else leaf_of(key)
    return _TITLES.get(key, key) if leaf is None else leaf.title


def place(key: str) -> tuple[int, str]:
    """Where *key*, as shown, stands among others: in the order of the tree of stalls, what is not known last."""
    leaf = None if key in _PLACES else leaf_of(key)
    if leaf is None:
        return _PLACES.get(key, len(_PLACES)), ""
    like = max((each for each in TAXONOMY if each.path == leaf.path), key=lambda each: _PLACES[each.key])
    return _PLACES[like.key], key


def unit_title(unit: str) -> str:
    """A unit's name for people."""
    if unit.startswith("dram.channel"):
        return f"DRAM channel {unit.removeprefix('dram.channel')}"
    if unit.startswith("sram.banks"):
        return f"SRAM banks {unit.removeprefix('sram.banks').replace('-', '–')}"
    return {MAC_ARRAY: "MAC array", SIMD: "SIMD", DMA: "DMA", "dram": "DRAM"}.get(unit, unit)


def busy_title(unit: str) -> str:
    """What the share of its time in which *unit* is busy is called; one channel stands for all."""
    return f"{'DRAM bus' if unit == 'dram.channel0' else unit_title(unit)} busy"


def class_title(kind: str) -> str:
    """A class of operations for people."""
    return kind.replace("_", " ")
