"""SIMD lanes: passes, fused multiply-add, pipeline bubbles, reduction trees, by hand arithmetic."""

from __future__ import annotations

import csv
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.integers import ceil_div
from hw.requests import Cost, VectorPass
from hw.simd import Function, SimdSpec, vector_cost
from tests.support.folders import DATA

LANES = 32


def simd(depth: int = 0, fma: bool = True, lanes: int = LANES) -> SimdSpec:
    return SimdSpec(lanes=lanes, pipeline_depth=depth, fma=fma, cycles={"add": 1, "mul": 2, "exp": 4, "max": 1})


def cost(spec: SimdSpec, *passes: VectorPass) -> Cost:
    return vector_cost(spec, spec.lanes, passes)


def elementwise(function: str, points: int) -> VectorPass:
    return VectorPass(function, points, points)


@pytest.mark.parametrize(
    ("step", "cycles", "useful"),
    [
        pytest.param(elementwise("add", 320), 10, 10, id="full vectors"),
        pytest.param(elementwise("add", 321), 11, 11, id="one element over"),
        pytest.param(elementwise("add", 1), 1, 1, id="one element takes a whole cycle"),
        pytest.param(elementwise("exp", 64), 2 * 4, 8, id="four cycles an element"),
        pytest.param(elementwise("exp", 33), 2 * 4, 5, id="4 x 33 / 32 rounded up is useful"),
        pytest.param(elementwise("fma", 64), 2, 2, id="multiply-add in one pass"),
        pytest.param(VectorPass("add", 320, 32), 10, 10, id="as many sums as lanes: no tree"),
        pytest.param(VectorPass("add", 320, 64), 10, 10, id="more sums than lanes: no tree"),
        pytest.param(VectorPass("add", 320, 1), 10 + 5, 10, id="one sum: tree of log2(32) steps"),
        pytest.param(VectorPass("add", 320, 4), 10 + 3, 10, id="four sums of eight lanes: log2(8) steps"),
        pytest.param(VectorPass("add", 320, 20), 10 + 1, 10, id="twenty sums: some have two lanes, one step"),
        pytest.param(VectorPass("max", 64, 1), 2 + 5, 2, id="the tree of a maximum"),
        pytest.param(VectorPass("fma", 64, 2), 2 + 4, 2, id="the tree of a dot product"),
    ],
)
def test_a_pass(step: VectorPass, cycles: int, useful: int) -> None:
    assert cost(simd(), step) == Cost(cycles, tail_cycles=0, useful_cycles=useful)


def test_without_fused_multiply_add_both_are_paid() -> None:
    assert cost(simd(fma=False), elementwise("fma", 64)).cycles == 2 * (2 + 1)


@pytest.mark.parametrize(
    ("lanes", "steps"),
    [
        pytest.param(1, 0, id="one lane has no tree"),
        pytest.param(2, 1, id="two"),
        pytest.param(3, 2, id="three"),
        pytest.param(64, 6, id="64"),
        pytest.param(65, 7, id="one lane over a power of two"),
    ],
)
def test_the_tree_is_as_deep_as_the_lanes_need(lanes: int, steps: int) -> None:
    points = 4 * lanes
    assert cost(simd(lanes=lanes), VectorPass("add", points, 1)).cycles == 4 + steps


@pytest.mark.parametrize(
    ("passes", "cycles"),
    [
        pytest.param([elementwise("add", 32)], 1, id="a single pass has no bubble"),
        pytest.param([elementwise("add", 32)] * 2, 6 + 1, id="one vector: the next pass waits for the depth"),
        pytest.param([elementwise("add", 5 * 32)] * 2, 6 + 5, id="five vectors: one bubble"),
        pytest.param([elementwise("add", 6 * 32)] * 2, 6 + 6, id="as many vectors as stages: none"),
        pytest.param([elementwise("add", 7 * 32)] * 2, 7 + 7, id="more: none"),
        pytest.param([elementwise("exp", 32), elementwise("add", 32)], 6 + 1, id="four cycles of six, two bubbles"),
        pytest.param([elementwise("add", 32)] * 4, 3 * 6 + 1, id="a chain pays for each link"),
    ],
)
def test_a_pass_waits_for_the_pipeline_of_the_one_before(passes: list[VectorPass], cycles: int) -> None:
    result = cost(simd(depth=6), *passes)
    assert (result.cycles, result.tail_cycles) == (cycles, 5)  # the last vector starts a cycle before the last


def test_nothing_to_do() -> None:
    assert cost(simd(depth=6)) == Cost(0)


@pytest.mark.parametrize(
    ("function", "missing"),
    [pytest.param("tanh", "tanh", id="elementwise"), pytest.param("fma", "mul", id="what a multiply-add is made of")],
)
def test_a_function_without_a_figure_is_named(function: str, missing: str) -> None:
    spec = SimdSpec(lanes=LANES, pipeline_depth=0, fma=False, cycles={"add": 1})
    with pytest.raises(KeyError) as caught:
        cost(spec, elementwise(function, 1))
    assert caught.value.args == (missing,)


passes = st.builds(
    lambda function, outputs, each: VectorPass(function, outputs * each, outputs),
    st.sampled_from(["add", "mul", "exp", "fma"]),
    st.integers(1, 100),
    st.integers(1, 20),
)


@settings(deadline=None)
@given(chain=st.lists(passes, min_size=1, max_size=6), depth=st.integers(0, 12), lanes=st.integers(1, 80))
def test_no_unit_does_more_than_its_peak(chain: list[VectorPass], depth: int, lanes: int) -> None:
    spec = simd(depth, lanes=lanes)
    result = cost(spec, *chain)
    work = sum(step.points * {"add": 1, "mul": 2, "exp": 4, "fma": 1}[step.function] for step in chain)
    assert result.useful_cycles == ceil_div(work, lanes) <= result.cycles
    assert result.cycles <= sum(depth + cost(simd(lanes=lanes), step).cycles for step in chain)


FUNCTIONS: dict[int, Function] = {1: "add", 2: "mul", 4: "exp", 5: "sigmoid", 8: "tanh"}


@pytest.mark.parametrize("special_functions", ["iterative", "behind_pipeline"])
def test_chains_take_what_rtl_takes(special_functions: Literal["iterative", "behind_pipeline"]) -> None:
    """Cycles until the lane is free again, and until the last result can be read, of every chain, on one lane."""
    with (DATA / "rtl_simd.csv").open(encoding="utf-8") as lines:
        chains = list(csv.DictReader(lines))
    assert len(chains) == 340
    kind = "rtl" if special_functions == "iterative" else "rtl_deep"
    for chain in chains:
        spec = SimdSpec(
            lanes=1,
            pipeline_depth=int(chain["depth"]),
            fma=True,
            special_functions=special_functions,
            cycles={function: cycles for cycles, function in FUNCTIONS.items()},
        )
        parts = [tuple(map(int, part.split("x"))) for part in chain["chain"].split(";")]
        found = cost(spec, *(elementwise(FUNCTIONS[cycles], vectors) for vectors, cycles in parts))
        assert found.cycles == int(chain[f"{kind}_taken"])
        assert found.cycles + found.tail_cycles == int(chain[f"{kind}_result"])


# A depth of six: vectors of the second pass wait for their own of the first, each of which takes four cycles.
@pytest.mark.parametrize(
    ("vectors", "cycles"),
    [
        pytest.param(1, 6 + 1, id="the only one can be read after six"),
        pytest.param(2, 4 + 6 + 1, id="the second starts after four"),
        pytest.param(3, 8 + 6 + 1, id="the third after eight"),
        pytest.param(4, 16 + 4, id="the fourth can be read before its turn comes"),
    ],
)
def test_a_fast_pass_waits_for_each_vector_of_a_slow_one(vectors: int, cycles: int) -> None:
    assert (
        cost(simd(depth=6), elementwise("exp", vectors * LANES), elementwise("add", vectors * LANES)).cycles == cycles
    )


@settings(deadline=None)
@given(chain=st.lists(passes, min_size=1, max_size=6), depth=st.integers(0, 12))
def test_special_functions_behind_the_pipeline_are_never_earlier(chain: list[VectorPass], depth: int) -> None:
    iterative = cost(simd(depth), *chain)
    behind = cost(simd(depth).model_copy(update={"special_functions": "behind_pipeline"}), *chain)
    assert behind.cycles >= iterative.cycles
    assert behind.cycles + behind.tail_cycles >= iterative.cycles + iterative.tail_cycles


@settings(deadline=None)
@given(step=passes, parts=st.integers(3, 40), depth=st.integers(0, 12))
def test_parts_that_follow_one_another_are_as_many_passes(step: VectorPass, parts: int, depth: int) -> None:
    part = VectorPass(step.function, step.outputs, step.outputs)
    whole = VectorPass(step.function, parts * step.outputs, parts * step.outputs, chain=parts)
    assert cost(simd(depth), whole).cycles == cost(simd(depth), *[part] * parts).cycles
