"""What has to go to memory whatever shares a request, by hand."""

from __future__ import annotations

import pytest

from sim.lowering.analysis import Analysis
from sim.lowering.forced import Forced
from tests.support.layers import layer

LAYER = Analysis(
    layer(
        "y",
        "a[t,h,p] = u[t,h] * w[h,p]",
        "s[t,h,p] = 0.5 * s[t-1,h,p] + a[t,h,p]",
        "b[t,h] = sum(p, s[t,h,p]) + u[t,h]",
        "y[t,h] = b[t,h] * u[t,h]",
    )
)


@pytest.mark.parametrize(
    ("together", "name", "operands", "results"),
    [
        pytest.param("a s b y", "a", ["u"], [], id="the input, which others read as well, counts once"),
        pytest.param("a s b y", "s", ["s"], ["s"], id="a state comes from the step before and goes to the next"),
        pytest.param("a s b y", "b", [], [], id="what all of them hand on to each other"),
        pytest.param("a s b y", "y", [], ["y"], id="the output"),
        pytest.param("s b y", "s", ["s", "a"], ["s"], id="what another request makes"),
        pytest.param("a b y", "b", ["s"], [], id="a state that another request makes"),
        pytest.param("a s b", "b", [], ["b"], id="what another request needs"),
    ],
)
def test_what_has_to_go_to_memory(together: str, name: str, operands: list[str], results: list[str]) -> None:
    forced = Forced(LAYER, together.split())
    assert sorted(tensor for tensor, _ in forced.operands(name)) == sorted(operands)
    assert [tensor for tensor, _ in forced.results(name)] == results
