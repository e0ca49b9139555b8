"""Operators of ONNX one by one: each against ONNX's own reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.support.imported import difference

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from sim.importing.onnx_model import imported_model  # noqa: E402

RANDOM = np.random.default_rng(7)
FLOATS = {
    "w": RANDOM.random(8) + 0.5, "W": RANDOM.standard_normal((8, 8)), "third": np.array(3.0), "half": np.array(0.5),
    "taps": RANDOM.standard_normal((8, 1, 3)), "zero": np.array(0.0), "half_more": np.array([0.0, 0.0, 0.0, 9.0, 9.0, 9.0, 9.0, 9.0]),
}  # fmt: skip
INTEGERS = {
    "two_four": [0, 0, 2, 4], "flat": [0, 0, 8], "last": [-1], "second": 1, "starts": [4], "ends": [2**31 - 1],
    "by_two": [2], "sizes": [3, 5], "all": [6, 8], "tiles": [1, 1, 2], "order": [7, 6, 5, 4, 3, 2, 1, 0], "axis": [1],
    "before": [0, 2, 0, 0, 0, 0], "start": [0], "end": [-2], "time": [1], "minus": -1, "three_wide": [1, 1, 8], "zeroth": [0],
    "third_place": 3,
}  # fmt: skip

Line = tuple[str, str, str, dict[str, Any]]


def line(operator: str, inputs: str, outputs: str, **attributes: Any) -> Line:
    """A node; names are separated by spaces, ``-`` is an operand that is left out."""
    return operator, inputs.replace("-", ""), outputs, attributes


def model(lines: Sequence[Line]) -> Any:
    """A block from x to y."""
    nodes = [helper.make_node(name, i.split(" ") if i else [], o.split(" "), **more) for name, i, o, more in lines]
    used = {name for node in nodes for name in node.input}
    initializers = [numpy_helper.from_array(v.astype(np.float32), name) for name, v in FLOATS.items() if name in used]
    initializers += [
        numpy_helper.from_array(np.array(v, np.int64), name) for name, v in INTEGERS.items() if name in used
    ]
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 6, 8]) for name in "xy"]
    graph = helper.make_graph(nodes, "made", infos[:1], infos[1:], initializer=initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)], ir_version=11)


CASES: dict[str, list[Line]] = {
    "arithmetic": [line("Add", "x w", "a"), line("Sub", "a x", "b"), line("Mul", "b x", "c"), line("Div", "c w", "y")],
    "several operands": [line("Sum", "x w x", "a"), line("Mean", "a x", "b"), line("Max", "b x w", "c"), line("Min", "c w", "y")],
    "functions": [line("Exp", "x", "a"), line("Tanh", "a", "b"), line("Sigmoid", "b", "c"), line("Neg", "c", "d"), line("Abs", "d", "e"), line("Log", "e", "f"), line("Sqrt", "e", "g"), line("Reciprocal", "g", "h"), line("Add", "f h", "y")],
    "rectifiers": [line("Relu", "x", "a"), line("Clip", "x - half", "b"), line("HardSigmoid", "x", "c"), line("Sum", "a b c", "y")],
    "gates": [line("Softplus", "x", "a"), line("Swish", "x", "b"), line("Swish", "x", "c", alpha=2.0), line("Gelu", "x", "d", approximate="tanh"), line("Sum", "a b c d", "y")],
    "periodic": [line("Sin", "x", "a"), line("Cos", "a", "y")],
    "powers": [line("Pow", "x third", "a"), line("Pow", "w x", "b"), line("Add", "a b", "y")],
    "products": [line("MatMul", "x W", "a"), line("Einsum", "a W", "b", equation="btd,de->bte"), line("Reshape", "b all", "c"), line("Gemm", "c W w", "d", transB=1, alpha=0.5, beta=2.0), line("Unsqueeze", "d zeroth", "y")],
    "reductions": [line("ReduceMean", "x last", "a"), line("ReduceSum", "x last", "b", keepdims=1), line("ReduceL2", "x last", "c"), line("ReduceSumSquare", "x last", "d"), line("Sum", "a b c d", "e"), line("Mul", "e x", "y")],
    "norms": [line("LayerNormalization", "x w w", "a"), line("RMSNormalization", "a w", "b", epsilon=1e-3), line("LpNormalization", "b", "c"), line("Softmax", "c", "y")],
    "heads": [line("Reshape", "x two_four", "a"), line("Transpose", "a", "b", perm=[0, 1, 3, 2]), line("Reshape", "b flat", "y")],
    "parts": [line("Split", "x sizes", "a b", axis=-1), line("Concat", "b a", "c", axis=-1), line("Split", "c", "d e", axis=2, num_outputs=2), line("Concat", "e d", "y", axis=2)],
    "slices": [line("Slice", "x starts ends last", "a"), line("Tile", "a tiles", "b"), line("Mul", "b x", "y")],
    "gathered": [line("Gather", "x order", "a", axis=2), line("Gather", "x third_place", "b", axis=2), line("Unsqueeze", "b last", "c"), line("Mul", "a c", "y")],
    "sums so far": [line("CumSum", "x second", "a"), line("CumSum", "x minus", "b"), line("Add", "a b", "y")],
    "shifted": [line("Pad", "x before zero", "a"), line("Slice", "a start end time", "b"), line("Sub", "x b", "y")],
    "convolution": [line("Transpose", "x", "a", perm=[0, 2, 1]), line("Conv", "a taps w", "b", group=8, pads=[2, 0]), line("Transpose", "b", "y", perm=[0, 2, 1])],
    "masks": [line("Trilu", "W", "a", upper=0), line("MatMul", "x a", "b"), line("Less", "w half_more", "m"), line("Not", "m", "n"), line("Where", "n b x", "y")],
    "constants": [line("Constant", "", "a", value_float=0.25), line("Shape", "x", "s"), line("ConstantOfShape", "s", "o"), line("Expand", "w three_wide", "e"), line("Sum", "x a o e", "y")],
    "as they are": [line("Identity", "x", "a"), line("Cast", "a", "b", to=TensorProto.FLOAT), line("Dropout", "b", "c"), line("Flatten", "c", "d", axis=2), line("Unsqueeze", "d zeroth", "e"), line("Squeeze", "e zeroth", "f"), line("Unsqueeze", "f zeroth", "y")],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_equations_compute_what_the_reference_does(name: str) -> None:
    """Numbers that stand in operators are of float32."""
    made = model(CASES[name])
    assert difference(imported_model(made, "made.onnx"), tokens=6) < 1e-7
