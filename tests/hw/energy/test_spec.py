"""What a machine's file may say about energy, and how it is changed."""

from __future__ import annotations

from typing import Any

import pytest

from sim.files.errors import InputError
from sim.files.resolve import resolve

PAPER = {"operation": 2_000, "dram": 15_000}  # femtojoules


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param([], PAPER, id="what edge says"),
        pytest.param(["energy=paper"], PAPER, id="a word"),
        pytest.param(["energy={operation: 2pJ/op, dram: 15pJ/bit}"], PAPER, id="both constants"),
        pytest.param(["energy.dram=8pJ/bit"], PAPER | {"dram": 8_000}, id="one of them, the other is the paper's"),
        pytest.param(["energy.operation=1pJ/op"], PAPER | {"operation": 1_000}, id="the other one"),
        pytest.param(
            ["energy={operation: 1pJ/op, dram: null}"], PAPER | {"operation": 1_000}, id="nothing is left out"
        ),
        pytest.param(["energy={node: null, level: low}"], {"node": "22nm", "level": "low"}, id="nor is no node"),
        pytest.param(["energy=components"], {"node": "22nm"}, id="by component"),
        pytest.param(["energy.node=7nm"], {"node": "7nm"}, id="a node is by component"),
        pytest.param(["energy=components", "energy.node=7nm"], {"node": "7nm"}, id="a word and a key"),
        pytest.param(["energy.level=high"], {"node": "22nm", "level": "high"}, id="a level is by component"),
        pytest.param(["energy={node: 16nm, dram: 4pJ/bit}"], {"node": "16nm", "dram": 4_000}, id="a bit's own figure"),
    ],
)
def test_forms(settings: list[str], said: dict[str, Any]) -> None:
    found = resolve("mamba2", "edge", settings).machine.energy
    assert found.model_dump(exclude_defaults=True) == said


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        pytest.param("energy=wattch", "found 'wattch', expected 'paper', 'components', or a mapping", id="a word"),
        pytest.param("energy={operation: 2pJ/op, node: 7nm}", "one of them", id="both"),
        pytest.param("energy={}", "one of them", id="neither"),
        pytest.param("energy.node=5nm", "found '5nm', expected '7nm', '12nm'", id="a node without figures"),
        pytest.param("energy.level=worst", "expected 'low', 'typical' or 'high'", id="a level"),
        pytest.param("energy.operation=2", "expected a quantity with a unit", id="without a unit"),
        pytest.param("energy.nod=7nm", "unknown key, expected one of operation, dram, node", id="a wrong key"),
    ],
)
def test_mistakes_are_one_line(setting: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve("mamba2", "edge", [setting])
    (problem,) = caught.value.problems
    assert message in str(problem) and "\n" not in str(problem)
