"""What operations cost on a machine, by hand."""

from __future__ import annotations

import pytest

from tests.support.mapped import costs_of


@pytest.mark.parametrize(
    ("model", "operation", "unit", "cycles"),
    [
        pytest.param("mamba2", "update", "simd", 6144, id="a-pass-over-the-state"),
        pytest.param("mamba2", "outer", "simd", 6144, id="another-pass"),
        pytest.param("mamba2", "readout", "simd", 6144, id="readout-on-lanes"),
        pytest.param("mamba2", "readout", "mac_array", 50 * 64, id="readout-on-one-row-and-one-column"),
        pytest.param("mamba1", "decay", "simd", 6144 * 5, id="multiplication-and-exp-of-4"),
        pytest.param("mamba3_mimo", "outer", "mac_array", 48 * 2 * 32, id="rank-8-update-limited-by-its-results"),
        pytest.param("mamba3_mimo", "readout", "mac_array", 48 * 64, id="readout-of-4-rows"),
    ],
)
def test_costs_for_one_token_by_hand(model: str, operation: str, unit: str, cycles: int) -> None:
    assert costs_of(model).cost(operation, unit, 1, 1).cycles == cycles


@pytest.mark.parametrize(("model", "cycles"), [("mamba1", 14_784), ("mamba2", 14_112), ("mamba3_mimo", 10_848 + 4_608)])
def test_projections_for_one_token_by_hand(model: str, cycles: int) -> None:
    costs = costs_of(model)
    names = [name for name in costs.analysis.operations if costs.analysis.kind(name) == "projection"]
    assert sum(costs.cost(name, "mac_array", 32, 1).cycles for name in names) == cycles * 32


def test_elementwise_pes_do_a_skinny_contraction_their_own_way() -> None:
    plain, flexible = (costs_of("mamba2", name).cost("readout", "mac_array", 1, 1) for name in ("edge", "edge_flexpe"))
    assert flexible.cycles == 196_608 // 1024
    assert plain.cycles == 50 * 64  # 3072 results of one row, 62 to a fold
