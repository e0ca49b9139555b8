"""A trace as a table: the columns, and the rows; docs/traces.md explains them.

One row for each slice, and one for each step of a counter. A column that says nothing about a row is null.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sim.trace.slices import COUNTER, Column, Counter, Slices

WORD, WHOLE, REAL = "word", "whole", "real"

COLUMNS: dict[str, str] = {
    "kind": WORD, "id": WHOLE, "unit": WORD, "track": WORD, "name": WORD, "start_cycle": WHOLE, "end_cycle": WHOLE,
    "reason": WORD, "clocks": WHOLE, "layer": WHOLE, "first_token": WHOLE, "last_token": WHOLE, "tile": WHOLE,
    "block": WHOLE, "lane": WHOLE, "bytes": WHOLE, "operations": WORD, "ready_cycle": WHOLE, "cause": WHOLE,
    "request": WORD, "value": REAL,
}  # fmt: skip
"""What is in each column: first the kind of the row, then what slices have, last the value of a counter."""

FIELDS = {"start_cycle": "start", "end_cycle": "end", "ready_cycle": "ready"}  # of slices, where they differ

TraceRow = dict[str, Any]  # a row without the columns that say nothing


def slice_columns(slices: Slices) -> list[Column | None]:
    """The columns of *slices* in the order of :data:`COLUMNS`, without the first and the last: kind and value."""
    return [getattr(slices, FIELDS.get(name, name)) for name in list(COLUMNS)[1:-1]]


def counter_rows(counters: Iterable[Counter]) -> Iterator[TraceRow]:
    """A row for each stretch of equal values of each counter."""
    for counter in counters:
        for start, end, value in counter.steps():
            yield counter_row(counter.component, counter.unit, counter.name, start, value) | {"end_cycle": end}


def counter_row(component: str, unit: str, name: str, start: int, value: float) -> TraceRow:
    """A step of a counter from cycle *start* on, whose end is not known yet."""
    return {
        "kind": COUNTER, "unit": component, "track": unit, "name": name, "start_cycle": start, "end_cycle": start,
        "value": value,
    }  # fmt: skip
