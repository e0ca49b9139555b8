"""What a trace says in a page: of each unit the busy cycles and the stalls by reason, and the longest operations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from pydantic import BaseModel
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sim.trace.columns import TraceRow
from sim.trace.slices import STALL, WORK

TOP = 12  # operations in the page; the JSON has all


class OperationTotal(BaseModel):
    """All requests of one operation on one unit."""

    unit: str
    name: str
    requests: int
    cycles: int


class TraceSummary(BaseModel):
    """Cycles of every unit in the part of the run that the trace shows, by what they went to."""

    first_cycle: int
    last_cycle: int
    busy_cycles: dict[str, int]
    stalls: dict[str, dict[str, int]]
    operations: list[OperationTotal]

    def __rich__(self) -> RenderableType:
        return _render(self)


def summarise(rows: Iterable[TraceRow]) -> TraceSummary:
    """Add up the slices of a trace, one row after the other."""
    busy: defaultdict[str, int] = defaultdict(int)
    stalls: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    operations: dict[tuple[str, str], list[int]] = {}
    first, last = None, 0
    for row in rows:
        unit, cycles = row["unit"], row["end_cycle"] - row["start_cycle"]
        if row["kind"] == WORK:
            busy[unit] += cycles
            total = operations.setdefault((unit, row["name"]), [0, 0])
            total[0] += 1
            total[1] += cycles
        elif row["kind"] == STALL:
            stalls[unit][row["reason"]] += cycles
        else:
            continue
        first = row["start_cycle"] if first is None else min(first, row["start_cycle"])
        last = max(last, row["end_cycle"])
    units = sorted({*busy, *stalls})
    totals = [OperationTotal(unit=u, name=n, requests=r, cycles=c) for (u, n), (r, c) in operations.items()]
    return TraceSummary(
        first_cycle=first or 0,
        last_cycle=last,
        busy_cycles={unit: busy[unit] for unit in units},
        stalls={unit: dict(sorted(stalls[unit].items(), key=lambda item: (-item[1], item[0]))) for unit in units},
        operations=sorted(totals, key=lambda total: (-total.cycles, total.unit, total.name)),
    )


def _render(found: TraceSummary) -> Group:
    length = max(found.last_cycle - found.first_cycle, 1)
    units = Table("unit", "busy %", "stalls by reason", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    units.columns[1].justify = "right"
    for unit, busy in found.busy_cycles.items():
        reasons = ", ".join(
            f"{reason} {cycles / length:.1%}" for reason, cycles in found.stalls[unit].items() if cycles
        )
        units.add_row(Text(unit), f"{busy / length:.1%}", Text(reasons))
    top = Table("unit", "operation", "requests", "cycles", "%", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in top.columns[2:]:
        column.justify = "right"
    own = [total for total in found.operations if not total.unit.startswith("dram.")]
    for total in own[:TOP]:
        numbers = f"{total.requests:,}", f"{total.cycles:,}", f"{total.cycles / length:.1%}"
        top.add_row(Text(total.unit), Text(total.name), *numbers)
    return Group(
        f"cycles {found.first_cycle:,} to {found.last_cycle:,}", units, "Longest operations, all requests together", top
    )
