"""Operators of ONNX one by one: each against ONNX's own reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support.imported import difference

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from sim.importing.onnx_model import imported_model  # noqa: E402

RANDOM = np.random.default_rng(7)
FLOATS = {
    "w": RANDOM.random(8) + 0.5,
    "W": RANDOM.standard_normal((8, 8)),
    "taps": RANDOM.standard_normal((8, 1, 3)),
    "third": np.array(3.0),
    "half": np.array(0.5),
    "zero": np.array(0.0),
    "half_more": np.array([0.0] * 3 + [9.0] * 5),
}
INTEGERS = {
    "two_four": [0, 0, 2, 4], "flat": [0, 0, 8], "last": [-1], "second": 1, "starts": [4], "ends": [2**31 - 1],
    "sizes": [3, 5], "all": [6, 8], "tiles": [1, 1, 2], "order": [7, 6, 5, 4, 3, 2, 1, 0], "minus": -1, "zeroth": [0],
    "before": [0, 2, 0, 0, 0, 0], "start": [0], "end": [-2], "time": [1], "three_wide": [1, 1, 8], "third_place": 3,
}  # fmt: skip


def model(text: str) -> Any:
    """A block from x to y, a node a line."""
    nodes = [onnx.parser.parse_node(line) for line in text.strip().splitlines()]
    used = {name for node in nodes for name in node.input}
    initializers = [numpy_helper.from_array(v.astype(np.float32), name) for name, v in FLOATS.items() if name in used]
    initializers += [
        numpy_helper.from_array(np.array(v, np.int64), name) for name, v in INTEGERS.items() if name in used
    ]
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 6, 8]) for name in "xy"]
    graph = helper.make_graph(nodes, "made", infos[:1], infos[1:], initializer=initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)], ir_version=11)


CASES = {
    "arithmetic": """
        a = Add(x, w)
        b = Sub(a, x)
        c = Mul(b, x)
        y = Div(c, w)
    """,
    "several operands": """
        a = Sum(x, w, x)
        b = Mean(a, x)
        c = Max(b, x, w)
        y = Min(c, w)
    """,
    "functions": """
        a = Exp(x)
        b = Tanh(a)
        c = Sigmoid(b)
        d = Neg(c)
        e = Abs(d)
        f = Log(e)
        g = Sqrt(e)
        h = Reciprocal(g)
        y = Add(f, h)
    """,
    "rectifiers": """
        a = Relu(x)
        b = Clip(x, "", half)
        c = HardSigmoid(x)
        y = Sum(a, b, c)
    """,
    "gates": """
        a = Softplus(x)
        b = Swish(x)
        c = Swish <alpha = 2.0> (x)
        d = Gelu <approximate = "tanh"> (x)
        y = Sum(a, b, c, d)
    """,
    "periodic": """
        a = Sin(x)
        y = Cos(a)
    """,
    "powers": """
        a = Pow(x, third)
        b = Pow(w, x)
        y = Add(a, b)
    """,
    "products": """
        a = MatMul(x, W)
        b = Einsum <equation = "btd,de->bte"> (a, W)
        c = Reshape(b, all)
        d = Gemm <transB = 1, alpha = 0.5, beta = 2.0> (c, W, w)
        y = Unsqueeze(d, zeroth)
    """,
    "reductions": """
        a = ReduceMean(x, last)
        b = ReduceSum <keepdims = 1> (x, last)
        c = ReduceL2(x, last)
        d = ReduceSumSquare(x, last)
        e = Sum(a, b, c, d)
        y = Mul(e, x)
    """,
    "norms": """
        a = LayerNormalization(x, w, w)
        b = RMSNormalization <epsilon = 0.001> (a, w)
        c = LpNormalization(b)
        y = Softmax(c)
    """,
    "heads": """
        a = Reshape(x, two_four)
        b = Transpose <perm = [0, 1, 3, 2]> (a)
        y = Reshape(b, flat)
    """,
    "parts": """
        a, b = Split <axis = -1> (x, sizes)
        c = Concat <axis = -1> (b, a)
        d, e = Split <axis = 2, num_outputs = 2> (c)
        y = Concat <axis = 2> (e, d)
    """,
    "slices": """
        a = Slice(x, starts, ends, last)
        b = Tile(a, tiles)
        y = Mul(b, x)
    """,
    "gathered": """
        a = Gather <axis = 2> (x, order)
        b = Gather <axis = 2> (x, third_place)
        c = Unsqueeze(b, last)
        y = Mul(a, c)
    """,
    "sums so far": """
        a = CumSum(x, second)
        b = CumSum(x, minus)
        y = Add(a, b)
    """,
    "shifted": """
        a = Pad(x, before, zero)
        b = Slice(a, start, end, time)
        y = Sub(x, b)
    """,
    "convolution": """
        a = Transpose <perm = [0, 2, 1]> (x)
        b = Conv <group = 8, pads = [2, 0]> (a, taps, w)
        y = Transpose <perm = [0, 2, 1]> (b)
    """,
    "masks": """
        a = Trilu <upper = 0> (W)
        b = MatMul(x, a)
        m = Less(w, half_more)
        n = Not(m)
        y = Where(n, b, x)
    """,
    "constants": """
        a = Constant <value_float = 0.25> ()
        s = Shape(x)
        o = ConstantOfShape(s)
        e = Expand(w, three_wide)
        y = Sum(x, a, o, e)
    """,
    "as they are": """
        a = Identity(x)
        b = Cast <to = 1> (a)
        c = Dropout(b)
        d = Flatten <axis = 2> (c)
        e = Unsqueeze(d, zeroth)
        f = Squeeze(e, zeroth)
        y = Unsqueeze(f, zeroth)
    """,
}


@pytest.mark.parametrize("name", CASES)
def test_the_equations_compute_what_the_reference_does(name: str) -> None:
    """Numbers that stand in operators are of float32."""
    made = model(CASES[name])
    assert difference(imported_model(made, "made.onnx"), tokens=6) < 1e-7
