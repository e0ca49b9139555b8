"""Comparisons of runs: sums, headline figures, words."""

from __future__ import annotations

from functools import cache

import pytest

from sim.accounting.result import Result
from sim.explanation.compare import Comparison, compare
from sim.presentation.markdown import comparison
from sim.simulation import prepare, run
from tests.support.explanations import SMALL, SMALL_MAMBA2

# ------------------------------------------------------------------------------------------------------- compare


@cache
def compared() -> tuple[Comparison, tuple[Result, ...]]:
    jobs = [("mamba1", SMALL, 1), ("mamba2", SMALL_MAMBA2, 2), ("mamba3_mimo-d192", SMALL[1:], 1)]
    results = tuple(
        run(prepare(name, "edge", [*small, f"layers={layers}"]), critical_path=True) for name, small, layers in jobs
    )
    labels = [f"{result.workload} on edge" for result in results]
    return compare(results, labels), results


def test_columns_sum_to_the_times_and_differences_to_the_difference() -> None:
    found, _ = compared()
    times = [run.cycles_per_token_layer for run in found.runs]
    for number, time in enumerate(times):
        assert sum(row.cycles[number] for row in found.rows) == pytest.approx(time, rel=1e-9)
        difference = sum(row.cycles[number] - row.cycles[0] for row in found.rows)
        assert difference == pytest.approx(time - times[0], rel=1e-9, abs=1e-9 * time)
    largest = [max(row.cycles) for row in found.rows]
    assert largest == sorted(largest, reverse=True)
    assert len({(row.unit, row.operation_class) for row in found.rows}) == len(found.rows)


def test_headline_figures_are_those_of_the_runs() -> None:
    found, results = compared()
    for compared_run, result in zip(found.runs, results, strict=True):
        assert compared_run.cycles_per_token_layer == result.makespan_cycles / 32 / result.layers
        assert compared_run.tokens_per_second == result.tokens_per_second
        assert compared_run.energy_mj_per_token == result.energy_mj_per_token
        assert (compared_run.layers, compared_run.simulated_layers) == (result.layers, result.layers)
        assert compared_run.mac_array_busy == result.utilisation("mac_array")


def test_words_rank_the_runs_and_name_the_largest_difference() -> None:
    found, _ = compared()
    ranked = sorted(found.runs, key=lambda run: -run.tokens_per_second)
    assert found.words.startswith(f"Fastest first: {ranked[0].workload} on edge")
    row = max(found.rows, key=lambda row: abs(row.cycles[1] - row.cycles[0]))
    assert f": {row.operation_class} on {row.unit} {row.cycles[1] - row.cycles[0]:+,.0f}" in found.words


def test_comparison_round_trips_and_its_markdown_has_a_column_for_each_run_and_difference() -> None:
    found, _ = compared()
    assert Comparison.model_validate_json(found.to_json()) == found
    last = next(line for line in comparison(found).splitlines() if line.startswith("| **all**"))
    assert last.count("**") == 2 * (1 + 3 + 2)
