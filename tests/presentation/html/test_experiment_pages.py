"""Pages of explanations and comparisons: their numbers are those of the experiments."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.explanation.compare import Comparison
from sim.explanation.findings import Explanation
from tests.support.reports import Report


def test_ladder_sums_to_the_difference(explained: tuple[Path, Explanation]) -> None:
    report, found = Report(explained[0].read_text()), explained[1]
    steps = {mark["data-key"]: int(mark["data-cycles"] or 0) for mark in report.of("waterfall")}
    start, end = steps.pop("start"), steps.pop("end")
    assert steps == {rung.effect: rung.added_cycles for rung in found.rungs[1:]}
    assert start + sum(steps.values()) == end == found.result.makespan_cycles
    gains = {(m["data-change"], m["data-schedule"]): float(m["data-gain"] or 0) for m in report.of("what-ifs")}
    told = {
        (what_if.name, kind): getattr(what_if, kind)
        for what_if in found.what_ifs
        for kind in ("same_schedule", "new_schedule")
    }
    assert gains == {key: gain for key, gain in told.items() if gain is not None}
    assert found.words in report.text
    assert float(report.headline["throughput"]) == found.result.tokens_per_second
    assert "1 of the 48 layers simulated, the time of the others scaled from it" in report.text


def test_comparison_has_the_parts_of_the_critical_paths(compared: tuple[Path, Comparison]) -> None:
    report, found = Report(compared[0].read_text()), compared[1]
    rows = report.tables["comparison-table"][1:-1]
    assert [[float(cell or 0) for cell in row[1:3]] for row in rows] == [row.cycles for row in found.rows]
    for each in found.runs:
        drawn = [
            float(m["data-cycles"] or 0) for m in report.of("comparison") if m["data-run"] == f"{each.workload} on edge"
        ]
        assert sum(drawn) == pytest.approx(each.cycles_per_token_layer)
    assert {"run1-units-table", "run2-units-table", "run1-waterfall-table"} <= set(report.tables)
