"""What functions and operators mean in numpy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workloads.evaluate import MEANING
from workloads.expression import FUNCTIONS


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        pytest.param("add", (2.0, 3.0), 5.0, id="add"),
        pytest.param("sub", (2.0, 3.0), -1.0, id="sub"),
        pytest.param("mul", (2.0, 3.0), 6.0, id="mul"),
        pytest.param("div", (2.0, 4.0), 0.5, id="div"),
        pytest.param("max", (2.0, 3.0), 3.0, id="max"),
        pytest.param("min", (2.0, 3.0), 2.0, id="min"),
        pytest.param("exp", (1.5,), math.exp(1.5), id="exp"),
        pytest.param("tanh", (1.5,), math.tanh(1.5), id="tanh"),
        pytest.param("sin", (1.5,), math.sin(1.5), id="sin"),
        pytest.param("cos", (1.5,), math.cos(1.5), id="cos"),
        pytest.param("rsqrt", (16.0,), 0.25, id="rsqrt"),
        pytest.param("sigmoid", (-1.5,), 1 / (1 + math.exp(1.5)), id="sigmoid"),
        pytest.param("sigmoid", (-1e4,), 0.0, id="sigmoid far below"),
        pytest.param("silu", (-1.5,), -1.5 / (1 + math.exp(1.5)), id="silu"),
        pytest.param("silu", (1e4,), 1e4, id="silu far above"),
        pytest.param("softplus", (1.5,), math.log(1 + math.exp(1.5)), id="softplus"),
        pytest.param("softplus", (1e4,), 1e4, id="softplus far above"),
    ],
)
def test_functions(function: str, arguments: tuple[float, ...], expected: float) -> None:
    assert float(MEANING[function](*map(np.asarray, arguments))) == pytest.approx(expected, rel=1e-14)


def test_every_function_and_operator_has_a_meaning() -> None:
    assert set(MEANING) == {*FUNCTIONS, "add", "sub", "mul", "div"}
