"""What operations cost on a machine, by hand."""

from __future__ import annotations

import pytest

from hw.mac_array import MacArraySpec
from sim.lowering.analysis import Analysis
from sim.lowering.costs import CostModel
from tests.support.layers import layer
from tests.support.mapped import costs_of, machine


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


@pytest.mark.parametrize(("hardware", "units"), [("edge", ("simd",)), ("edge_flexpe", ("simd", "mac_array"))])
def test_what_takes_no_operation_is_done_where_elementwise_work_is(hardware: str, units: tuple[str, ...]) -> None:
    built = layer("y", "x[t,h] = 2 * u[t,h]", "y[t,h] = where(h < 4, x[t,h], 0)")
    costs = CostModel(Analysis(built), machine(hardware), 2)
    assert costs.units("y") == units
    assert [costs.cost("y", unit, 1, 1).useful_cycles for unit in units] == [0] * len(units)


def test_elementwise_pes_do_a_skinny_contraction_their_own_way() -> None:
    plain, flexible = (costs_of("mamba2", name).cost("readout", "mac_array", 1, 1) for name in ("edge", "edge_flexpe"))
    assert flexible.cycles == 196_608 // 1024
    assert plain.cycles == 50 * 64  # 3072 results of one row, 62 to a fold


def fused(names: str, unit: dict[str, object], edges: dict[str, int], ideal: tuple[str, ...] = ()) -> tuple[int, int]:
    """(cycles, useful ones) of 64 timesteps of *names* in one request, on 4 x 4 PEs that do elementwise work."""
    built = layer(
        "y",
        "a[t,h,p] = u[t,h] * w[h,p]",
        "b[t,h,p] = exp(a[t,h,p])",
        "y[t,h] = D[h] * u[t,h] + sum(p, b[t,h,p])",
    )
    cycles = dict.fromkeys(("add", "mul", "exp"), 1)
    array = {"rows": 4, "columns": 4, "dataflow": "output_stationary", "folds": "overlapped", "edges": edges}
    array["elementwise"] = {"pipeline_depth": 0, "fma": True, "cycles": cycles, **unit}
    spec = MacArraySpec.model_validate(array)
    small = machine("edge").model_copy(update={"mac_array": spec, "ideal": list(ideal)})
    cost = CostModel(Analysis(built), small, 2).fused_cost(names.split(), "mac_array", 64, 1)
    return cost.cycles, cost.useful_cycles


# Eight heads of four channels, 64 timesteps, 16 PEs. u has 512 elements, a and b 2048, y 512; w 32 and D 8, once.
# a and b take 2048 / 16 cycles each, y as many for its sum and 32 for its multiply-add, all of them useful.
@pytest.mark.parametrize(
    ("names", "unit", "edges", "cycles"),
    [
        pytest.param("a", {}, {}, 2048 // 4, id="results, four a cycle"),
        pytest.param("b", {}, {}, 2048 // 4, id="as many operands as results, eight a cycle"),
        pytest.param("b", {}, {"rows": 1, "columns": 1}, 2048 // 2, id="two operands a cycle"),
        pytest.param("a b", {}, {}, 2048 // 4, id="a stays within the PEs"),
        pytest.param("a b y", {}, {}, 128 + 128 + 160, id="so does b: its sums are few"),
        pytest.param("y", {}, {}, (512 + 2048 + 8) // 8, id="operands and parameters, eight a cycle"),
        pytest.param("a y", {}, {"results": 16}, (512 + 2048 + 40) // 8, id="u is read once, though both read it"),
        pytest.param("a b y", {}, {"results": 1}, 512, id="y goes out"),
        pytest.param("a", {"fed_by": "sram"}, {}, 128, id="PEs that reach the SRAM"),
    ],
)
def test_elementwise_requests_take_as_long_as_what_passes_the_edges(
    names: str, unit: dict[str, object], edges: dict[str, int], cycles: int
) -> None:
    found, useful = fused(names, unit, edges)
    assert found == cycles
    assert fused(names, unit, edges, ("edges",)) == (useful, useful)


@pytest.mark.parametrize(
    ("name", "cycles"),
    [
        pytest.param("a", 8 * 2 / 64, id="the input"),
        pytest.param("s", 2 * 32 * 4 / 64, id="a state of four bytes an element, in and out"),
        pytest.param("y", 8 * 2 / 64, id="the output"),
    ],
)
def test_what_has_to_go_to_memory_crosses_the_ports_of_the_sram(name: str, cycles: float) -> None:
    """Eight heads of four channels, one bank of 64 bytes a cycle."""
    built = layer(
        "y",
        "a[t,h,p] = u[t,h] * w[h,p]",
        "s[t,h,p] = 0.5 * s[t-1,h,p] + a[t,h,p]",
        "y[t,h] = sum(p, s[t,h,p])",
    )
    plain = machine("edge_flexpe")
    sram = plain.sram.model_copy(update={"banks": 1, "interleave": 1})
    for ideal, expected in ([], cycles), (["bank_conflicts"], 0.0):
        small = plain.model_copy(update={"sram": sram, "ideal": ideal})
        costs = CostModel(Analysis(built), small, 2, state_bytes=4)
        assert costs.sram_cycles(name, 1, costs.forced(costs.analysis.operations)) == expected
        assert costs.busy_cycles(name, "mac_array", 1000, 1) == max(
            costs.cost(name, "mac_array", 1000, 1).cycles, 1000 * expected
        )
