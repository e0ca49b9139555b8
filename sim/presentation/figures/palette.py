"""Colours and hatches: what a cycle went to, and classes of operations.

A cycle's colour is that of its branch of the tree (accounting/taxonomy.py), in the palette of Okabe and Ito and lighter
shades of it. Cycles in which a unit worked are plain, those in which it waited are hatched, so that the two can be told
apart in grey; within a bar the order is that of the tree. Where nobody waits for a unit it is pale and plain as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hw.reasons import Reason
from hw.unit_names import DMA, MAC_ARRAY, SIMD
from sim.accounting.taxonomy import BUSY, IDLE, leaf_of
from sim.presentation.graph.colours import KIND_COLOURS
from sim.presentation.titles import AHEAD

INK, FAINT, GRID, PAPER = "#1a1a1a", "#595959", "#d9d9d9", "#ffffff"
ON_FILL, HALO = "#111111", "#fdfdfd"  # text on coloured areas, which stays dark where the page is dark
MORE, LESS, TOTAL = "#d55e00", "#009e73", "#4d4d4d"  # a step of a waterfall up, down, and its two ends

QUIET_COLOURS = {
    AHEAD: "#f3efe2",
    Reason.START: "#8c8c8c",
    Reason.NOTHING_LEFT: "#bfbfbf",
    Reason.NO_ACCESS: "#e3e3e3",
}  # near to the paper's, so a dark page has others
_LEAF_COLOURS = {
    "useful": "#009e73",
    "edge": "#7fceb9",
    "fill_drain": "#cdebe3",
    Reason.DRAM_BANDWIDTH: "#d55e00",
    Reason.DRAM_LATENCY: "#e28e4d",
    Reason.DRAM_ROW_MISS: "#eab68a",
    Reason.DRAM_TURNAROUND: "#f2d3b8",
    Reason.DRAM_REFRESH: "#b5622a",
    Reason.BANK_CONFLICT: "#cc79a7",
    Reason.NO_BUFFER: "#f0c808",
    Reason.waits_for(MAC_ARRAY): "#5aa5d6",
    Reason.waits_for(SIMD): "#a8d8f5",
    Reason.waits_for(DMA): "#dceffa",
    Reason.recurrence_on(MAC_ARRAY): "#8576c4",
    Reason.recurrence_on(SIMD): "#c3bae6",
    **QUIET_COLOURS,
    Reason.PIPELINE_LATENCY: "#b3de69",
}
_HATCHES = {
    "DRAM": "////",
    "SRAM": "xxxx",
    "capacity": "\\\\\\\\",
    "ordinary": "||||",
    "recurrence": "+++",
    "idle": "",
}
_MOVED_COLOURS = {"weights": "#c9b18f", "parameters": "#e3d7c3", "activations": "#9fc5c9"}
_SPARE_COLOURS = ("#c7d3f2", "#f3d9b8", "#d9e2b0", "#e8d3d3")
ROLE_COLOURS = {
    "weights": "#c9b18f",
    "parameters": "#e3d7c3",
    "state": "#fdcb98",
    "tile": "#a6cee3",
    "step": "#dcc9ec",
    "free": "#ffffff",
}
SERIES_COLOURS = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")

_WAIT_COLOURS = {"ordinary": ("#7fbfe0", "#3d8fc2", "#bfe3f7", "#2f77a8"), "recurrence": ("#a79ad6", "#6a5bb0")}


@dataclass(frozen=True)
class Fill:
    """How an area is filled."""

    colour: str
    hatch: str = ""


def leaf_fill(key: str) -> Fill:
    """The fill of what a cycle went to, by its key as shown."""
    leaf = leaf_of(key)
    path = leaf.path if leaf is not None else IDLE if key == AHEAD else BUSY
    colour = _LEAF_COLOURS.get(key) or _spare(_WAIT_COLOURS.get(path[-1], ("#999999",)), key)
    return Fill(colour, "" if path == BUSY else _HATCHES[path[-1]])


def _spare(colours: Sequence[str], key: str) -> str:
    """One of *colours*, always the same for a *key*."""
    return colours[sum(map(ord, key)) % len(colours)]


def class_colour(kind: str) -> str:
    """The colour of a class of operations, or of what is moved; that of the timestep graph where it is drawn there."""
    known = KIND_COLOURS | _MOVED_COLOURS
    return known.get(kind) or _spare(_SPARE_COLOURS, kind)
