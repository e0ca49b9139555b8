"""The tree of everything that a cycle of a unit can go to: the leaves are the keys of a result's accounts.

Every cycle of a unit is in exactly one leaf, so the leaves of a unit sum to the makespan. docs/stalls.md explains them,
docs/stalls.svg is the picture. Waits for a unit have a leaf each: in the tree are those of the units that a machine's
file has keys for, and :func:`leaf_of` knows those of any other. Terms of a result that are no cycles of a unit stand
apart, in :data:`OTHER_TERMS`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from hw.effects import Effect
from hw.reasons import Reason
from hw.unit_names import DMA, MAC_ARRAY, SIMD

UnitKind = Literal["mac_array", "simd", "special_functions", "dma", "dram.channel", "sram.banks"]

ROOT = "every cycle of a unit = makespan"
BUSY = ("busy",)
DRAM, SRAM, CAPACITY = (("waiting", "memory", name) for name in ("DRAM", "SRAM", "capacity"))
ORDINARY, RECURRENCE = (("waiting", "dependency", name) for name in ("ordinary", "recurrence"))
IDLE = ("waiting", "idle")

ALL: tuple[UnitKind, ...] = ("mac_array", "simd", "special_functions", "dma", "dram.channel", "sram.banks")
SERVERS = ALL[:5]
COMPUTE = ALL[:3]


@dataclass(frozen=True)
class Term:
    """A key of a result; ``remedy`` is the effect without which there would be none of it, if there is such a one."""

    key: str
    title: str
    meaning: str
    remedy: Effect | None


@dataclass(frozen=True)
class Leaf(Term):
    """What a cycle of a unit can go to.

    ``path`` leads to it from the root. ``units`` can have it. ``settings`` of the machine's file are what can make it
    less; an empty tuple says that no single one does.
    """

    path: tuple[str, ...]
    units: tuple[UnitKind, ...]
    settings: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where the cycles stand in an account of the result."""
        return f"{self.key}_cycles" if self.path == BUSY else f"stalls.{self.key}"


TAXONOMY: tuple[Leaf, ...] = (
    Leaf(
        "useful", "useful",
        "The unit worked at its full rate.",
        None, BUSY, ALL, ("mac_array.columns", "mac_array.elementwise", "simd.lanes", "simd.cycles"),
    ),
    Leaf(
        "edge", "edges (idle PEs)",
        "The unit worked, but PEs or lanes had no work.",
        "edges", BUSY, COMPUTE, ("mac_array.rows", "mac_array.columns", "mac_array.packing", "mac_array.edges"),
    ),
    Leaf(
        "fill_drain", "fill and drain",
        "The array's pipeline filled or emptied, and nothing else could start.",
        "fill_drain", BUSY, (MAC_ARRAY,), ("mac_array.folds",),
    ),
    Leaf(
        Reason.DRAM_BANDWIDTH, "DRAM bandwidth",
        "The transfer moved its data, or was ready and had to let others go first.",
        "dram_bandwidth", DRAM, SERVERS, ("dram.channels", "sram.capacity"),
    ),
    Leaf(
        Reason.DRAM_LATENCY, "DRAM latency",
        "The transfer's CAS latency, as far as earlier data did not hide it.",
        "dram_latency", DRAM, SERVERS, ("dma.outstanding", "sram.capacity"),
    ),
    Leaf(
        Reason.DRAM_ROW_MISS, "DRAM row miss",
        "A row was opened for the transfer, and another closed before it, as far as earlier data did not hide it.",
        "dram_latency", DRAM, SERVERS, ("dma.outstanding", "sram.capacity"),
    ),
    Leaf(
        Reason.DRAM_TURNAROUND, "DRAM turnaround",
        "The bus changed between reading and writing for the transfer.",
        "dram_turnaround", DRAM, SERVERS, ("sram.capacity",),
    ),
    Leaf(
        Reason.DRAM_REFRESH, "DRAM refresh",
        "The channel refreshed its rows when the transfer's data were due.",
        "dram_refresh", DRAM, SERVERS, ("dram.refresh",),
    ),
    Leaf(
        Reason.BANK_CONFLICT, "bank conflict",
        "The request took longer because the SRAM banks gave it less than it asked for.",
        "bank_conflicts", SRAM, COMPUTE, ("sram.bank_width", "sram.ports"),
    ),
    Leaf(
        Reason.NO_BUFFER, "no free buffer",
        "The request had nowhere to write: the readers of what the buffer holds had not finished.",
        "buffers", CAPACITY, SERVERS, ("sram.capacity",),
    ),
    Leaf(
        Reason.waits_for(MAC_ARRAY), "waits for MAC array",
        "A result of the MAC array came last.",
        "dependencies", ORDINARY, SERVERS, ("mac_array.rows", "mac_array.columns"),
    ),
    Leaf(
        Reason.waits_for(SIMD), "waits for SIMD",
        "A result of the SIMD unit came last.",
        "dependencies", ORDINARY, SERVERS, ("simd.lanes", "simd.cycles", "mac_array.elementwise"),
    ),
    Leaf(
        Reason.waits_for(DMA), "waits for DMA",
        "A result of the DMA engine came last; no program has such a wait so far.",
        "dependencies", ORDINARY, SERVERS, (),
    ),
    Leaf(
        Reason.recurrence_on(MAC_ARRAY), "recurrence (MAC array)",
        "The operand of an earlier timestep, inside a recurrence, came last, from the MAC array.",
        "recurrence", RECURRENCE, COMPUTE, ("mac_array.rows", "mac_array.columns"),
    ),
    Leaf(
        Reason.recurrence_on(SIMD), "recurrence (SIMD)",
        "The operand of an earlier timestep, inside a recurrence, came last, from the SIMD unit.",
        "recurrence", RECURRENCE, COMPUTE, ("simd.lanes", "simd.cycles", "simd.pipeline_depth"),
    ),
    Leaf(
        Reason.START, "start",
        "Nothing was missing when the request was first looked at, at cycle 0.",
        None, IDLE, SERVERS, (),
    ),
    Leaf(
        Reason.NOTHING_LEFT, "nothing left",
        "The unit had done all its work, and the run went on.",
        None, IDLE, SERVERS, (),
    ),
    Leaf(
        Reason.NO_ACCESS, "no access",
        "No compute unit used the ports of the banks.",
        None, IDLE, ("sram.banks",), (),
    ),
)  # fmt: skip
"""The leaves of the tree, in the order of the picture."""

OTHER_TERMS: tuple[Term, ...] = (
    Term(
        "work_elsewhere", "work not on the array",
        "In above_roofline: useful cycles of the array less the paper's roofline, mostly negative.",
        None,
    ),
    Term(
        Reason.PIPELINE_LATENCY, "pipeline latency",
        "On the critical path: a request had ended, but its result was still in the pipeline.",
        "fill_drain",
    ),
    Term(Reason.UNIT_BUSY, "unit busy", "On the critical path: the next request waited for the unit.", None),
    Term(Reason.DRAM, "DRAM", "On the critical path: the next request waited for this transfer.", None),
)  # fmt: skip
"""Keys of a result that are not cycles of a unit: they stand beside the tree."""

_LEAVES = {leaf.key: leaf for leaf in TAXONOMY}


def leaf_of(key: str) -> Leaf | None:
    """The leaf of *key*, also where it is a wait for a unit that the machine's file names itself; None for no leaf."""
    if key in _LEAVES:
        return _LEAVES[key]
    unit = Reason.unit_of(key)
    if not unit:
        return None
    recurrence = Reason.is_recurrence(key)
    like = _LEAVES[Reason.recurrence_on(SIMD) if recurrence else Reason.waits_for(SIMD)]
    title = f"recurrence ({unit})" if recurrence else f"waits for {unit}"
    meaning = like.meaning.replace("the SIMD unit", f"the unit {unit}")
    return replace(like, key=key, title=title, meaning=meaning, settings=())
