"""A page of a trace of any format has the accounts of the result."""

from __future__ import annotations

from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from sim.accounting.result import Result
from sim.trace.read.rows import rows
from sim.trace.read.summary import summarise
from tests.support.traces import ACCOUNTED, SUFFIXES, Written, expected


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_summary_has_the_accounts(written: Written, reference: tuple[Result, Path], suffix: str) -> None:
    result, _ = reference
    found = summarise(rows(written(suffix)))
    assert found.last_cycle - found.first_cycle == result.makespan_cycles
    for unit in ACCOUNTED:
        assert Counter({"busy": found.busy_cycles[unit], **found.stalls[unit]}) == expected(result, unit)
    requests = {stream.name: stream for stream in result.streams}
    update = next(total for total in found.operations if (total.unit, total.name) == ("simd", "update"))
    assert (update.requests, update.cycles) == (requests["update"].requests, requests["update"].busy_cycles)


def test_markup_in_names_means_nothing() -> None:
    row = {"unit": "[red]u", "start_cycle": 0, "end_cycle": 1}
    found = summarise(
        [row | {"kind": "work", "name": "[/x]name"}, row | {"kind": "stall", "name": "r", "reason": "[bold]r"}]
    )
    console = Console(width=100, record=True, file=StringIO())
    console.print(found)
    text = console.export_text()
    assert all(name in text for name in ("[red]u", "[/x]name", "[bold]r"))
