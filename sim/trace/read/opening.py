"""How the Perfetto UI opens a trace: the compute units on top, their tracks and counters to be seen, a few steps large.

The UI sorts processes by how many slices they have, whatever a trace says about their order, and shows all of them
closed. So the address has commands for it: they make a workspace with the processes in our order, and open some.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import quote, urlencode

from hw.unit_names import DMA, MAC_ARRAY, SIMD, compute_units
from sim.trace.columns import TraceRow
from sim.trace.slices import NANOSECONDS, WORK

WORKSPACE = "stallscope"
FIRST = (MAC_ARRAY, SIMD)
LAST = (DMA, "sram", "dram", r"dram\.channel\d+")  # as regular expressions
ENOUGH, MOST = 2_000, 100_000  # slices of compute units, and rows, that are looked at
STEPS = 2


def opening_of(rows: Iterable[TraceRow], clock_hz: int) -> str:
    """The part of an address, from its #, that opens a trace of these *rows* of a machine with this clock."""
    starts, units = looked_at(rows)
    commands = [
        ("CreateWorkspace", WORKSPACE),
        *(("CopyTracksToWorkspaceByRegex", rf"^{unit} \d+$", WORKSPACE) for unit in (*units, *LAST)),
        ("SwitchWorkspace", WORKSPACE),
        ("ExpandTracksByRegex", rf"^({'|'.join((*units, 'sram', 'dram'))}) \d+$"),
    ]
    listed = [{"id": f"dev.perfetto.{name}", "args": arguments} for name, *arguments in commands]
    said = {"startupCommands": json.dumps(listed, separators=(",", ":"))}
    shown = steps(starts)
    if shown is not None:
        first, last = (cycle * NANOSECONDS // clock_hz for cycle in shown)
        said |= {"visStart": str(first), "visEnd": str(last)}
    return f"#!/?{urlencode(said, quote_via=quote)}"


Starts = dict[tuple[bool, str, str], list[int]]
"""(whether it is done for one token, unit, operation) -> the cycles in which it starts."""


def looked_at(rows: Iterable[TraceRow]) -> tuple[Starts, tuple[str, ...]]:
    """When operations start, and the compute units that there are, as far as the first of *rows* tell."""
    starts: defaultdict[tuple[bool, str, str], list[int]] = defaultdict(list)
    units = dict.fromkeys(FIRST)
    seen = 0
    for number, row in enumerate(rows):
        if row["kind"] == WORK and compute_units([row["unit"]]):
            one_token = "first_token" in row and row["first_token"] == row.get("last_token")
            starts[one_token, row["unit"], row["name"]].append(row["start_cycle"])
            units[row["unit"]] = None
            seen += 1
        if seen == ENOUGH or number == MOST:
            break
    return starts, tuple(units)


def steps(starts: Starts) -> tuple[int, int] | None:
    """The cycles of a few steps of the recurrence, from the middle of what is seen of it.

    That is the operation which is done most often for one token, or for whole tiles if none is. None where there is
    nothing of that kind among what *starts*.
    """
    if not starts:
        return None
    repeated = max(starts, key=lambda place: (place[0], len(starts[place])))
    begin = max(0, (len(starts[repeated]) - STEPS) // 2)
    chosen = starts[repeated][begin : begin + STEPS + 1]
    return (chosen[0], chosen[-1]) if chosen[-1] > chosen[0] else None
