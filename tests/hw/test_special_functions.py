"""A unit of special functions: what it can do, and how long that takes, by hand arithmetic."""

from __future__ import annotations

from typing import Any

import pytest

from hw.requests import Cost, VectorPass
from hw.special_functions import SpecialFunctionsSpec


def unit(**more: Any) -> SpecialFunctionsSpec:
    return SpecialFunctionsSpec.model_validate(
        {"lanes": 8, "pipeline_depth": 6, "cycles": {"exp": 1, "div": 4}, **more}
    )


@pytest.mark.parametrize(
    ("passes", "missing"),
    [
        pytest.param([VectorPass("exp", 8, 8)], (), id="its function"),
        pytest.param([VectorPass("mul", 8, 8), VectorPass("exp", 8, 8), VectorPass("add", 8, 8)], (), id="on the way"),
        pytest.param([VectorPass("mul", 8, 8)], ("mul",), id="none of its functions"),
        pytest.param([VectorPass("silu", 8, 8), VectorPass("mul", 8, 8)], ("silu", "mul"), id="another unit's"),
        pytest.param([VectorPass("exp", 8, 8), VectorPass("tanh", 8, 8)], ("tanh",), id="one of two"),
        pytest.param([VectorPass("exp", 8, 8), VectorPass("fma", 8, 2)], ("sum",), id="a sum"),
        pytest.param([VectorPass("exp", 8, 8), VectorPass("add", 8, 8, 4)], ("sum",), id="a running sum"),
    ],
)
def test_what_it_can_do(passes: list[VectorPass], missing: tuple[str, ...]) -> None:
    assert unit().cannot(passes) == missing


@pytest.mark.parametrize(
    ("passes", "cost"),
    [
        pytest.param([VectorPass("exp", 80, 80)], Cost(10, 6, 10), id="an element a lane and cycle"),
        pytest.param([VectorPass("exp", 81, 81)], Cost(11, 6, 11), id="a part of a vector"),
        pytest.param([VectorPass("mul", 80, 80), VectorPass("exp", 80, 80)], Cost(10, 12, 10), id="scaled on the way"),
        pytest.param(
            [VectorPass("exp", 8, 8), VectorPass("mul", 80, 80)], Cost(10, 12, 10), id="more to pass than to do"
        ),
        pytest.param([VectorPass("exp", 80, 80), VectorPass("div", 8, 8)], Cost(14, 12, 14), id="one after the other"),
    ],
)
def test_what_it_takes(passes: list[VectorPass], cost: Cost) -> None:
    assert unit().passes_cost(passes) == cost


def test_operations_of_one_request_pass_one_after_the_other() -> None:
    operation = [VectorPass("mul", 80, 80), VectorPass("exp", 8, 8)]
    assert unit().fused_cost([operation, operation]) == Cost(20, 24, 20)


def test_a_function_without_a_pipeline_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        unit().passes_cost([VectorPass("sin", 8, 8)])
