"""What each group of comparisons is evidence for, and what no comparison is."""

from __future__ import annotations

_RECORDED = "recorded runs of RTL"
COVERS: tuple[tuple[str, str, str], ...] = (
    ("systolic", "RTL", f"{_RECORDED}: overlapped folds of stationary outputs, cycles taken and until the result"),
    ("systolic", "", "SCALE-Sim 3.0.0: serial folds of one product, 32 x 32, no memory"),
    ("dram", "whole-model transfers", "Ramulator 2.1: the channel as whole runs use it, transfer by transfer"),
    ("dram", "chunks", "Ramulator 2.1: chunks of transfers, standards beside LPDDR5"),
    ("dram", "", "Ramulator 2.1: bank states, turnaround and refresh of fixed streams of requests"),
    ("sram", "RTL", f"{_RECORDED}: word-level banks, in turns, two or three readers"),
    ("sram", "", "a fluid arbiter in Python, cycle by cycle: contention for clusters, made-up requests"),
    ("rtl", "array, 8 x 8, fewer", "live RTL: the same, rows left without work"),
    ("rtl", "array", "live RTL: overlapped folds of stationary outputs, every product checked"),
    ("rtl", "lanes with sums", "live RTL: sums and trees over lanes; the model leaves out the last addition's wait"),
    ("rtl", "lanes", "live RTL: chains of elementwise passes, scoreboard, both kinds of special functions"),
    ("rtl", "banks", "live RTL: word-level banks, in turns, two or three readers from any address"),
    ("rtl-program", "banks to spare: busy", "cycles in which a unit works: folds, passes, sums"),
    ("rtl-program", "banks to spare: stalls", "each stall of a unit above 2 % of the makespan, by reason"),
    (
        "rtl-program",
        "banks to spare, words",
        "the same RTL if each word comes a cycle late: registers the model has not",
    ),
    ("rtl-program", "banks to spare", "live RTL of array, lanes and banks: makespan of a layer, DRAM as recorded"),
    ("rtl-program", "scarce banks, read evenly: stalls", "its stalls above 2 %"),
    ("rtl-program", "scarce banks, read evenly", "the same RTL if requests of the lanes read evenly"),
    (
        "rtl-program",
        "scarce banks, turns by port",
        "the same RTL if the array's three ports and the lanes' two have turns",
    ),
    ("rtl-program", "scarce banks: stalls", "each stall above 2 %, where 8 banks are too few"),
    ("rtl-program", "scarce banks", "live RTL: makespan, where 8 banks are too few"),
)
"""(suite, beginning of a group's name, what that covers), the first that fits counts."""

UNCOVERED: tuple[str, ...] = (
    "a board or a chip of this kind: every reference is another simulator, or RTL that was written for this project "
    "from the same description, so what both leave out shows nowhere",
    "weight-stationary and input-stationary arrays whose folds overlap, dot products, narrow sides, two products in a "
    "fold, elementwise work on PEs, changing the dataflow (docs/arrays.md)",
    "units beside an array and lanes: several arrays, special functions, dequantisation of narrow weights",
    "whole programs on large machines: the RTL has 8 x 8 PEs, 8 lanes, up to 16 banks and one layer of small models",
    "DRAM, DMA engine and units in one clocked model: in programs on RTL transfers keep their recorded times",
    "clusters of fewer banks than there are, several ports a bank, and where each buffer begins in a bank",
    "the search for mappings, except by its bounds; generation, attention, experts and batches on RTL",
    "energy and area, which are tables of others' figures (docs/energy.md)",
    "numbers: that a graph computes what its model does is tested by itself (`python -m pytest tests/workloads`)",
)
"""What no group covers."""


def covers(suite: str, group: str) -> str:
    """What the *group* of a *suite* is evidence for; nothing if nobody has said."""
    return next((text for name, start, text in COVERS if name == suite and group.startswith(start)), "")
