"""The state updates as torch operations compute what the workloads' graphs do, and all their forms the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from bench.gpu.mamba1 import draw_mamba1, mamba1_scan, mamba1_sequential
from bench.gpu.mamba2 import draw_mamba2, mamba2_chunked, mamba2_sequential
from bench.gpu.mamba3 import Mamba3Inputs, draw_mamba3, mamba3_chunked, mamba3_sequential
from bench.gpu.recurrence import ScanInputs, drawing, in_double
from workloads.execute import execute, random_parameters
from workloads.models.mamba1 import Mamba1Dimensions
from workloads.models.mamba1 import mamba1_sequential as mamba1_graph
from workloads.models.mamba2 import Mamba2Dimensions
from workloads.models.mamba2 import mamba2_sequential as mamba2_graph
from workloads.models.mamba3 import Mamba3NaiveDimensions
from workloads.models.mamba3 import mamba3_naive_sequential as mamba3_graph

TOKENS = 12
Arrays = Mapping[str, np.ndarray[Any, np.dtype[np.float64]]]


def of_mamba1(v: Arrays, p: Arrays) -> ScanInputs:
    return ScanInputs(*tensors(v["xc"], v["dt_raw"], v["z"], v["B"], v["C"], p["A"], p["b_dt"], p["D"]))


def of_mamba2(v: Arrays, p: Arrays) -> ScanInputs:
    """The graph has one group, whose axis comes first."""
    own = [v[name][:, 0] for name in ("xc", "dt_raw", "z", "B", "C")]
    return ScanInputs(*tensors(*own, *(p[name][0] for name in ("A", "b_dt", "D"))))


def of_mamba3(v: Arrays, p: Arrays) -> Mamba3Inputs:
    own = [v[name] for name in ("x", "dt_raw", "trap", "z", "B_n", "C_n", "theta")]
    return Mamba3Inputs(*tensors(*own, *(p[name] for name in ("A", "b_dt", "D", "bias_B", "bias_C"))))


def tensors(*arrays: Any) -> list[torch.Tensor]:
    return [torch.from_numpy(np.ascontiguousarray(each)) for each in arrays]


@pytest.mark.parametrize(
    ("graph", "inputs", "update", "output"),
    [
        pytest.param(
            mamba1_graph(Mamba1Dimensions(d_model=6, d_state=4)), of_mamba1, mamba1_sequential, "g", id="mamba1"
        ),
        pytest.param(
            mamba2_graph(Mamba2Dimensions(d_model=8, d_state=4, head_dim=4)), of_mamba2, mamba2_sequential, "g",
            id="mamba2",
        ),
        pytest.param(
            mamba3_graph(Mamba3NaiveDimensions(d_model=8, d_state=4, head_dim=4, mimo_rank=2)), of_mamba3,
            mamba3_sequential, "gy", id="mamba3",
        ),
    ],
)  # fmt: skip
def test_torch_operations_are_the_workloads(
    graph: Any, inputs: Callable[[Arrays, Arrays], Any], update: Callable[[Any], torch.Tensor], output: str
) -> None:
    parameters = random_parameters(graph, seed=1)
    stream = np.random.default_rng(2).standard_normal((TOKENS, graph.sizes["d"]))
    values = execute(graph, parameters, stream).values
    found = update(inputs(values, parameters)).numpy()
    np.testing.assert_allclose(found, values[output].reshape(found.shape), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("inputs", "sequential", "other"),
    [
        pytest.param(lambda draw: draw_mamba1(draw, 32, 6, 4), mamba1_sequential, mamba1_scan, id="scan"),
        pytest.param(
            lambda draw: draw_mamba2(draw, 32, 3, 4, 8), mamba2_sequential, lambda i: mamba2_chunked(i, 8), id="mamba2"
        ),
        pytest.param(
            lambda draw: draw_mamba3(draw, 32, 3, 2, 4, 8), mamba3_sequential, lambda i: mamba3_chunked(i, 8),
            id="mamba3",
        ),
    ],
)  # fmt: skip
def test_all_forms_are_one(inputs: Any, sequential: Any, other: Any) -> None:
    drawn = inputs(drawing(3, torch.device("cpu"), torch.float64))
    both = [update(type(drawn)(*in_double(drawn))) for update in (sequential, other)]
    torch.testing.assert_close(*both, rtol=1e-9, atol=1e-11)
