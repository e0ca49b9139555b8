"""What a graph asks of hardware: its recurrences, the index along which they are parallel, and what is cut along it."""

from __future__ import annotations

import pytest

from sim.lowering.analysis import Analysis
from tests.support.layers import layer
from tests.support.mapped import costs_of
from workloads.builder import GraphBuilder
from workloads.graph import TimestepGraph


@pytest.mark.parametrize(
    ("model", "index", "recurrent"),
    [
        pytest.param("mamba1", "i", {"update"}, id="mamba1-channels"),
        pytest.param("mamba2", "h", {"update"}, id="mamba2-heads"),
        pytest.param("mamba3_mimo", "h", {"update", "angle"}, id="mamba3-heads"),
    ],
)
def test_recurrences_and_their_parallel_index_are_found(model: str, index: str, recurrent: set[str]) -> None:
    analysis = costs_of(model).analysis
    assert analysis.group_index == index
    assert analysis.recurrent == recurrent


@pytest.mark.parametrize(
    ("equations", "index", "grouped"),
    [
        pytest.param(["S[t,h,n] = 0.5 * S[t-1,h,n] + a[t,h]"], "h", {"a", "S", "y"}, id="by-heads"),
        pytest.param(
            ["S[t,h,n] = sum(d, W[h,d] * u[t-1,h]) * S[t-1,h,n] + a[t,h]"], "h", {"a", "S", "y"}, id="weights"
        ),
        pytest.param(["S[t,h,p] = sum(n, W[p,n] * S[t-1,h,n]) + a[t,h]"], "h", {"a", "S", "y"}, id="channels-mix"),
    ],
)
def test_what_is_cut_into_parts(equations: list[str], index: str, grouped: set[str]) -> None:
    name = "n" if "S[t,h,n]" in equations[0] else "p"
    analysis = Analysis(layer("y", "a[t,h] = u[t,h] + 1", *equations, f"y[t,h] = sum({name}, S[t,h,{name}])"))
    assert analysis.group_index == index
    assert {operation for operation in analysis.operations if analysis.grouped(operation)} == grouped


def linear_attention() -> TimestepGraph:
    b = GraphBuilder("linear attention", {"h": 4, "k": 16, "v": 32}, "u[t,h]")
    b.define("k", "any", "key[t,h,k] = W[k] * u[t,h]")
    b.define("v", "any", "val[t,h,v] = V[v] * u[t,h]")
    b.define("S", "any", "S[t,h,k,v] = S[t-1,h,k,v] + key[t,h,k] * val[t,h,v]")
    b.define("read", "any", "y[t,h,v] = sum(k, key[t,h,k] * S[t,h,k,v])")
    b.define("out", "any", "o[t,h] = sum(v, V[v] * y[t,h,v])")
    return b.build("o")


def test_a_layer_is_cut_by_heads_or_by_what_nobody_sums_over() -> None:
    assert Analysis(linear_attention()).group_index == "h"
    assert Analysis(linear_attention()).parallel_indices == ("h", "v")
    by_values = Analysis(linear_attention(), "v")
    assert by_values.group_index == "v"
    assert [name for name in by_values.operations if by_values.grouped(name)] == ["v", "S", "read"]


def test_what_a_layer_cannot_be_cut_along() -> None:
    with pytest.raises(ValueError, match="found 'k', expected one of h, v"):
        Analysis(linear_attention(), "k")


def mixing() -> TimestepGraph:
    b = GraphBuilder("mixing", {"h": 8, "g": 8, "n": 2, "c": 2}, "u[t,h]")
    b.define("S", "any", "S[t,h] = 0.5 * sum(g, W[h,g] * S[t-1,g]) + u[t,h]")
    b.define("R", "any", "R[t,c,n] = R[t-1,1-c,n] + sum(h, S[t,h])")
    return b.build("S")


def test_a_recurrence_that_reads_along_another_index_or_mirrored_is_not_parallel_along_it() -> None:
    """S reads the heads of the past as g; R turns c round, which leaves n."""
    analysis = Analysis(mixing())
    assert analysis.group_index == "n"
    assert [name for name in analysis.operations if analysis.grouped(name)] == ["R"]
