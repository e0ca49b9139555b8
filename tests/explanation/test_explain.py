"""Explanations and comparisons: the ladder, what-ifs, words, sums, and the two commands."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.accounting.result import Result
from sim.commands.cli import app
from sim.explanation.compare import Comparison, compare
from sim.explanation.experiments import LADDER, Laboratory
from sim.explanation.explain import Explanation, WhatIf, explain, path_shares
from sim.files.resolve import build_workload, read_inputs
from sim.presentation.markdown import comparison, explanation
from sim.simulation import prepare, run

PINNED = ("mapping.blocks=2", "mapping.lanes=1", "mapping.weight_slot_kib=32", "mapping.placement=simd")
SMALL = ("dimensions.d_model=256", "sequence_length=32", "mapping.token_tile=16", *PINNED)
SMALL_MAMBA2 = (*SMALL, "dimensions.head_dim=32")
DECODE = ("phase=decode", "mapping.token_tile=1", *PINNED)
EXPLAINED = {  # with mappings that leave nothing to choose, so that no time goes into trials
    "prefill": ("mamba2", "edge", SMALL_MAMBA2),
    "decode": ("mamba3_mimo-d192", "edge", DECODE),
    "wide-decode": ("mamba1-d192", "edge", (*DECODE, "mac_array.rows=8", "mac_array.columns=128")),
    "already-ideal": ("mamba1-d96", "edge_flexpe", (*SMALL[1:], "ideal=[dram_refresh, edges]")),
}


@cache
def laboratory(name: str) -> Laboratory:
    workload, machine = read_inputs(*EXPLAINED[name][:2], [*EXPLAINED[name][2], "layers=1"])
    return Laboratory(build_workload(workload), machine, workload)


@cache
def explained_with_progress(name: str) -> tuple[Explanation, list[tuple[int, int]]]:
    """The explanation, and what its progress was called with."""
    calls: list[tuple[int, int]] = []
    return explain(laboratory(name), progress=lambda done, total: calls.append((done, total))), calls


def explained(name: str) -> Explanation:
    return explained_with_progress(name)[0]


@pytest.mark.parametrize("name", EXPLAINED)
class TestExplanation:
    def test_ladder_ends_at_the_simulated_time(self, name: str) -> None:
        found = explained(name)
        assert found.rungs[-1].cycles == found.result.makespan_cycles
        assert sum(rung.added_cycles for rung in found.rungs) == found.result.makespan_cycles
        for before, rung in zip(found.rungs, found.rungs[1:], strict=False):
            assert rung.cycles == before.cycles + rung.added_cycles

    def test_ladder_begins_at_the_roofline_and_at_the_busiest_unit(self, name: str) -> None:
        found = explained(name)
        roofline, first = found.rungs[:2]
        result = found.result
        assert roofline.cycles == result.bounds.paper_roofline_cycles
        busiest = max(result.units[unit].useful_cycles for unit in ("mac_array", "simd"))
        assert busiest <= first.cycles <= 1.02 * busiest
        assert [rung.effect for rung in found.rungs] == ["roofline", "placement", *LADDER]

    def test_explains_what_a_plain_run_does(self, name: str) -> None:
        workload, machine, assignments = EXPLAINED[name]
        plain = run(prepare(workload, machine, [*assignments, "layers=1"]), critical_path=True)
        assert explained(name).result == plain

    def test_what_ifs_come_best_first_and_can_be_repeated(self, name: str) -> None:
        found = explained(name)
        bests = [what_if.best for what_if in found.what_ifs]
        assert bests == sorted(bests, reverse=True)
        assert len({what_if.name for what_if in found.what_ifs}) == len(bests)
        workload, machine, assignments = EXPLAINED[name]
        lanes = next(what_if for what_if in found.what_ifs if what_if.name == "2x SIMD lanes")
        again = run(prepare(workload, machine, [*assignments, "layers=1", *lanes.assignments]))
        assert lanes.new_schedule == found.result.makespan_cycles / again.makespan_cycles

    def test_words_name_the_largest_rung_and_the_best_what_if(self, name: str) -> None:
        found = explained(name)
        largest = max(found.rungs[1:], key=lambda rung: abs(rung.added_cycles))
        assert largest.description in found.words
        if found.what_ifs[0].best >= 1.01:
            assert f"What would help most: {found.what_ifs[0].name} ({found.what_ifs[0].best:.2f}x)" in found.words
        (unit, kind), _ = next(iter(path_shares(found.result).items()))
        assert f"The critical path is {kind} on {unit}" in found.words

    def test_json_round_trips_and_markdown_shows_every_rung_and_change(self, name: str) -> None:
        found = explained(name)
        assert Explanation.model_validate_json(found.to_json()) == found
        text = explanation(found)
        for row in [rung.description for rung in found.rungs] + [what_if.name for what_if in found.what_ifs]:
            assert f"| {row} |" in text


def test_progress_counts_every_experiment() -> None:
    _, calls = explained_with_progress("prefill")
    total = len(calls)
    assert calls == [(number, total) for number in range(1, total + 1)]


def test_what_is_ideal_already_is_no_what_if() -> None:
    names = {what_if.name for what_if in explained("already-ideal").what_ifs}
    assert not {"no DRAM refresh", "no edges"} & names
    assert "no pipeline latency" in names


BESTS = [
    pytest.param(1.5, None, 1.5, id="one-schedule"),
    pytest.param(0.9, 1.2, 1.2, id="new-one-better"),
    pytest.param(None, None, 0.0, id="fits-neither"),
]


@pytest.mark.parametrize(("same", "new", "best"), BESTS)
def test_best_of_a_what_if(same: float | None, new: float | None, best: float) -> None:
    assert WhatIf(name="x", assignments=[], same_schedule=same, new_schedule=new).best == best


def test_a_schedule_that_does_not_fit_a_machine_is_no_run() -> None:
    assert laboratory("prefill").same_schedule(("sram.capacity=64KiB",)) is None


# ------------------------------------------------------------------------------------------------------- compare


@cache
def compared() -> tuple[Comparison, tuple[Result, ...]]:
    jobs = [("mamba1", SMALL, 1), ("mamba2", SMALL_MAMBA2, 2), ("mamba3_mimo-d192", SMALL[1:], 1)]
    results = tuple(
        run(prepare(name, "edge", [*small, f"layers={layers}"]), critical_path=True) for name, small, layers in jobs
    )
    return compare(results), results


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


# ------------------------------------------------------------------------------------------------------ commands


def call(*arguments: str) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of the command."""
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


SETS = [part for assignment in SMALL for part in ("--set", assignment)]
SETS_MAMBA2 = [*SETS, "--set", "dimensions.head_dim=32"]


def test_explain_writes_markdown_and_json_to_standard_output_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "e.md"
    code, output, _ = call("explain", "mamba2", "--layers", "1", *SETS_MAMBA2, "--json", "-", "--markdown", str(target))
    assert code == 0
    found = Explanation.model_validate_json(output)
    assert (found.result.simulated_layers, found.result.layers) == (1, 1)
    assert found.command.startswith("python -m sim explain mamba2 --hw edge --set dimensions.d_model=256")
    assert found.rungs == explained("prefill").rungs
    assert target.read_text() == explanation(found)
    for part in ("where the time goes", "From the roofline to the simulated time", "What would help", "Critical path"):
        assert part in target.read_text()


def test_experiments_simulate_two_layers_of_the_model() -> None:
    code, output, _ = call("explain", "mamba2", "--layers", "5", *SETS_MAMBA2, "--json", "-")
    assert code == 0
    found = Explanation.model_validate_json(output)
    assert (found.result.simulated_layers, found.result.layers) == (2, 5)
    assert found.rungs[-1].cycles == found.result.makespan_cycles
    assert sum(part.cycles for part in found.result.critical_path or ()) == found.result.makespan_cycles
    assert "2 of 5 layers simulated" in explanation(found)


def test_compare_writes_json_to_standard_output_and_nothing_else() -> None:
    code, output, _ = call("compare", "mamba1", "mamba1-d192", "--simulate-layers", "1", *SETS, "--json", "-")
    assert code == 0
    found = Comparison.model_validate_json(output)
    assert [(run.workload, run.simulated_layers, run.layers) for run in found.runs] == [
        ("mamba1", 1, 48), ("mamba1-d192", 1, 48),
    ]  # fmt: skip


def test_compare_runs_every_workload_on_every_machine_and_shows_and_writes_tables(tmp_path: Path) -> None:
    target = tmp_path / "c.md"
    machines = ["--hw", "edge", "--hw", "edge_flexpe"]
    code, output, _ = call("compare", "mamba2", *machines, "--layers", "1", *SETS_MAMBA2, "--markdown", str(target))
    assert code == 0
    for part in (
        "mamba2 on edge",
        "mamba2 on edge_flexpe",
        "Side by side",
        "cycles a token and layer",
        "Fastest first",
    ):
        assert part in output
        assert part in target.read_text()


MISTAKES = [
    pytest.param(["explain", "nothing"], "nothing: no such file", id="explain-workload"),
    pytest.param(["explain", "mamba2", "--hw", "nothing"], "nothing: no such file", id="explain-machine"),
    pytest.param(["explain"], "WORKLOAD: is missing", id="explain-without-workload"),
    pytest.param(["explain", "mamba2", "--set", "simd.lane=3"], "did you mean 'lanes'?", id="explain-path"),
    pytest.param(["compare", "mamba1", "nothing"], "nothing: no such file", id="compare-workload"),
    pytest.param(["compare", "mamba1", "--hw", "nothing"], "nothing: no such file", id="compare-machine"),
    pytest.param(["compare", "mamba1", "--json", "/nowhere/c.json"], "/nowhere", id="compare-target"),
    pytest.param(
        ["explain", "mamba2", "--set", "ideal=[gravity]"], "expected 'dependencies', 'recurrence'", id="effect"
    ),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_a_mistake_is_one_line_and_exit_code_2(arguments: list[str], message: str) -> None:
    code, output, error = call(*arguments)
    assert (code, output) == (2, "")
    assert message in error
    assert error.startswith("stallscope: ")
    assert error.count("\n") == 1
