"""What runs step by step, and which unit does what."""

from __future__ import annotations

import pytest

from sim.lowering.analysis import Analysis
from sim.lowering.costs import CostModel
from sim.lowering.mapping import Mapping
from sim.lowering.placement import stepped_operations
from tests.support.layers import layer
from tests.support.mapped import MODELS, costs_of, mapping_of


@pytest.mark.parametrize(
    ("model", "stepped", "batched"),
    [
        # exp(dt A) is 393 KB a token; the convolution's result is needed by x_proj for a whole tile
        pytest.param("mamba1", {"decay", "outer", "readout", "gate"}, {"conv", "x_proj.B", "residual"}, id="mamba1"),
        # the norm behind the gate needs all heads
        pytest.param("mamba2", {"conv.x", "outer", "readout", "gate"}, {"gate_norm.apply", "conv.B"}, id="mamba2"),
        # B and C of each head are larger than before their bias; dt has one element a head
        pytest.param("mamba3_mimo", {"bias_B", "rotate_C", "outer", "gate"}, {"norm_B.apply", "dt"}, id="mamba3"),
    ],
)
def test_neighbours_of_a_recurrence_are_stepped_where_it_saves_a_buffer(
    model: str, stepped: set[str], batched: set[str]
) -> None:
    found = stepped_operations(costs_of(model).analysis, 8, 128)
    assert stepped <= found
    assert not batched & found


def test_what_comes_behind_a_recurrence_that_is_not_cut_is_stepped_all_the_same() -> None:
    built = layer(
        "y",
        "position[t] = position[t-1] + 1",
        "turn[t,n] = cos(position[t] * angle[n])",  # of no head, so not step by step
        "key[t,h,n] = turn[t,n] * u[t,h]",
        "S[t,h,p,n] = S[t-1,h,p,n] + key[t,h,n] * W[p]",
        "s[t,h] = sum(p, n, S[t,h,p,n])",
        "all[t] = sum(h, s[t,h])",
        "y[t,h] = s[t,h] * all[t]",  # needs all heads
    )
    assert stepped_operations(Analysis(built), 8, 1) == {"position", "key", "S", "s"}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("wish", "unit"), [("simd", "simd"), ("mac_array", "mac_array")])
def test_wished_placement_moves_all_that_can(model: str, wish: str, unit: str) -> None:
    costs = costs_of(model)
    placement = mapping_of(costs, 32, (4, 2), wish).placement
    for name, where in placement.items():
        options = costs.units(name)
        assert where == (unit if unit in options else options[0]), name


def loads(costs: CostModel, mapping: Mapping) -> dict[str, int]:
    total = {"mac_array": 0, "simd": 0}
    for name, unit in mapping.placement.items():
        total[unit] += costs.cost(name, unit, 32, 1).cycles
    return total


@pytest.mark.parametrize("hardware", ["edge", "edge_flexpe"])
@pytest.mark.parametrize("model", MODELS)
def test_auto_placement_is_no_worse_than_either_extreme(model: str, hardware: str) -> None:
    costs = costs_of(model, hardware)
    auto, *extremes = (
        max(loads(costs, mapping_of(costs, 32, (1, 1), wish)).values()) for wish in ("auto", "mac_array", "simd")
    )
    assert auto <= 1.02 * min(extremes)
