"""The command explain: what it prints and writes, and mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.explanation.findings import Explanation
from sim.presentation.markdown import explanation
from tests.support.command_line import call, check_refused
from tests.support.explanations import SMALL_MAMBA2, explained

SETS = [part for assignment in SMALL_MAMBA2 for part in ("--set", assignment)]


def test_explain_writes_markdown_and_json_to_standard_output_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "e.md"
    code, output, _ = call("explain", "mamba2", "--layers", "1", *SETS, "--json", "-", "--markdown", str(target))
    assert code == 0
    found = Explanation.model_validate_json(output)
    assert (found.result.simulated_layers, found.result.layers) == (1, 1)
    assert found.command.startswith("python -m sim explain mamba2 --hw edge --set dimensions.d_model=256")
    assert found.rungs == explained("prefill").rungs
    assert target.read_text() == explanation(found)
    for part in ("where the time goes", "From the roofline to the simulated time", "What would help", "Critical path"):
        assert part in target.read_text()


def test_experiments_simulate_two_layers_of_the_model() -> None:
    code, output, _ = call("explain", "mamba2", "--layers", "5", *SETS, "--json", "-")
    assert code == 0
    found = Explanation.model_validate_json(output)
    assert (found.result.simulated_layers, found.result.layers) == (2, 5)
    assert found.rungs[-1].cycles == found.result.makespan_cycles
    assert sum(part.cycles for part in found.result.critical_path or ()) == found.result.makespan_cycles
    assert "5 of the model's 48 layers, 2 of the 5 layers simulated" in explanation(found)


MISTAKES = [
    pytest.param(["explain", "nothing"], "nothing: no such file", id="explain-workload"),
    pytest.param(["explain", "mamba2", "--hw", "nothing"], "nothing: no such file", id="explain-machine"),
    pytest.param(["explain"], "WORKLOAD: is missing", id="explain-without-workload"),
    pytest.param(["explain", "mamba2", "--set", "simd.lane=3"], "did you mean 'lanes'?", id="explain-path"),
    pytest.param(
        ["explain", "mamba2", "--set", "ideal=[gravity]"], "expected 'dependencies', 'recurrence'", id="effect"
    ),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_a_mistake_is_one_line_and_exit_code_2(arguments: list[str], message: str) -> None:
    check_refused(arguments, message)


def test_sensitivities_are_those_of_the_run_explained(tmp_path: Path) -> None:
    target = tmp_path / "e.md"
    page = tmp_path / "e.html"
    options = ("--sensitivity", "--json", "-", "--markdown", str(target), "--report", str(page))
    code, output, _ = call("explain", "mamba2", "--layers", "3", *SETS, *options)
    assert code == 0
    found = Explanation.model_validate_json(output)
    assert found.sensitivities is not None
    assert found.command.endswith("--sensitivity")
    assert found.sensitivities.makespan_cycles == found.result.makespan_cycles
    assert (found.sensitivities.simulated_layers, found.sensitivities.lagging) == (2, 0)
    assert "## What a percent is worth" in target.read_text()
    assert "1% faster" in target.read_text()
    assert 'id="sensitivities-table"' in page.read_text()
