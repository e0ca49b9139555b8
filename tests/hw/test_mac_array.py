"""The MAC array: how its dataflow is written, and elementwise work on PEs, at its edges or not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hw.mac_array import MacArraySpec, at_the_edges
from hw.requests import Cost, VectorPass


def array(**more: Any) -> MacArraySpec:
    data = {"rows": 32, "columns": 32, "dataflow": "output_stationary", "folds": "serial", **more}
    return MacArraySpec.model_validate(data)


def with_pes(**more: Any) -> MacArraySpec:
    edges = more.pop("edges", {})
    unit = {"pipeline_depth": 4, "fma": True, "cycles": {"add": 1, "exp": 4}, **more}
    return array(elementwise=unit, edges=edges)


def test_one_dataflow_or_several() -> None:
    assert array().dataflow == array(dataflow=["output_stationary"]).dataflow
    both = ["weight_stationary", "dot_product"]
    assert array(dataflow=both).dataflow == both


@pytest.mark.parametrize("found", [[], "rows", ["rows"], 3, None, ["output_stationary"] * 5])
def test_what_is_no_dataflow(found: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        array(dataflow=found)
    (mistake,) = caught.value.errors()
    assert mistake["loc"] == ("dataflow",)
    assert mistake["msg"] == (
        "'weight_stationary', 'output_stationary', 'input_stationary' or 'dot_product', or a list of them"
    )


def test_a_plain_array_refuses_elementwise_work() -> None:
    with pytest.raises(ValueError) as caught:
        array().passes_cost([VectorPass("add", 10, 10)])
    assert str(caught.value) == "this MAC array does no elementwise operations"


def test_an_array_that_does_elementwise_work_is_as_many_lanes() -> None:
    # 8 x 1024 additions, then 6 x 1024 exponentials of 4 cycles, which is as long as the pipeline
    passes = [VectorPass("add", 8 * 1024, 8 * 1024), VectorPass("exp", 6 * 1024, 6 * 1024)]
    assert with_pes().passes_cost(passes) == Cost(8 + 24, tail_cycles=0, useful_cycles=8 + 24)


# 64 operands and 32 results a cycle on 32 x 32 PEs unless the edges say otherwise.
@pytest.mark.parametrize(
    ("spec", "moved", "cycles"),
    [
        pytest.param(with_pes(), (64, 32), 10, id="hidden behind ten cycles of work"),
        pytest.param(with_pes(), (641, 0), 11, id="an operand more than ten cycles take"),
        pytest.param(with_pes(), (0, 321), 11, id="a result more"),
        pytest.param(with_pes(edges={"rows": 4, "columns": 4}), (641, 0), 81, id="eight a cycle"),
        pytest.param(with_pes(edges={"results": 1}), (0, 321), 321, id="one a cycle"),
        pytest.param(with_pes(edges={"rows": 100, "columns": 300}), (4001, 0), 11, id="more than there are PEs"),
        pytest.param(with_pes(fed_by="sram"), (10**9, 10**9), 10, id="PEs that reach the SRAM by themselves"),
    ],
)
def test_elementwise_work_takes_as_long_as_its_edges(spec: MacArraySpec, moved: tuple[int, int], cycles: int) -> None:
    assert at_the_edges(spec, Cost(10, 3, 7), *moved) == Cost(cycles, 3, 7)


@given(rows=st.integers(1, 90), columns=st.integers(1, 90), results=st.integers(1, 90), moved=st.integers(0, 10**4))
def test_wider_edges_are_never_slower(rows: int, columns: int, results: int, moved: int) -> None:
    narrow = with_pes(edges={"rows": rows, "columns": columns, "results": results})
    wide = with_pes(edges={"rows": rows + 1, "columns": columns, "results": results + 1})
    assert at_the_edges(wide, Cost(1), moved, moved).cycles <= at_the_edges(narrow, Cost(1), moved, moved).cycles
