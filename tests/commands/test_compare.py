"""The command compare: what it prints and writes, and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.explanation.compare import Comparison
from tests.support.command_line import call, check_refused
from tests.support.explanations import SMALL

SETS = [part for assignment in SMALL for part in ("--set", assignment)]
SETS_MAMBA2 = [*SETS, "--set", "dimensions.head_dim=32"]


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
    pytest.param(["compare", "mamba1", "nothing"], "nothing: no such file", id="compare-workload"),
    pytest.param(["compare", "mamba1", "--hw", "nothing"], "nothing: no such file", id="compare-machine"),
    pytest.param(["compare", "mamba1", "--json", "/nowhere/c.json"], "/nowhere", id="compare-target"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_a_mistake_is_one_line_and_exit_code_2(arguments: list[str], message: str) -> None:
    check_refused(arguments, message)
