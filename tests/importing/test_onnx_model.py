"""ONNX models made node by node: their equations against ONNX's own reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.files.errors import InputError
from tests.support.imported import difference, texts

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from sim.importing.onnx_model import imported, imported_model  # noqa: E402

Shapes = dict[str, Sequence[int | str]]


def weights(**shapes: Sequence[int]) -> list[Any]:
    """Initializers of random numbers."""
    random = np.random.default_rng(5)
    return [numpy_helper.from_array(random.standard_normal(s).astype(np.float32), name) for name, s in shapes.items()]


def integers(name: str, values: Sequence[int]) -> Any:
    """An initializer of integers."""
    return numpy_helper.from_array(np.array(values, dtype=np.int64), name)


def model(nodes: list[Any], inputs: Shapes, outputs: Shapes, initializers: Sequence[Any] = (), opset: int = 27) -> Any:
    """A model of *nodes*."""
    graph = helper.make_graph(nodes, "made", _infos(inputs), _infos(outputs), initializer=list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def _infos(shapes: Shapes) -> list[Any]:
    return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]


def node(operator: str, inputs: str, outputs: str, **attributes: Any) -> Any:
    """A node; names are separated by spaces, ``-`` is an operand that is left out."""
    return helper.make_node(
        operator, inputs.replace("-", "").split(" "), outputs.split(), name=f"the {operator}", **attributes
    )


def leaky_body() -> Any:
    """h = sigmoid(a) * h + x, and twice that."""
    nodes = [
        node("Sigmoid", "a", "decay"),
        node("Mul", "decay h", "kept"),
        node("Add", "kept x_t", "h_next"),
        node("Add", "h_next h_next", "y_t"),
    ]
    return helper.make_graph(nodes, "body", _infos({"h": [8], "x_t": [8]}), _infos({"h_next": [8], "y_t": [8]}))


def scan() -> Any:
    """A projection, a Scan, and a residual."""
    nodes = [
        node("MatMul", "x in_proj.weight", "v"),
        node("Scan", "zero v", "last ys", body=leaky_body(), num_scan_inputs=1),
        node("Add", "ys x", "y"),
    ]
    zero = numpy_helper.from_array(np.zeros(8, dtype=np.float32), "zero")
    return model(nodes, {"x": [6, 8]}, {"y": [6, 8]}, [*weights(**{"in_proj.weight": (8, 8), "a": (8,)}), zero])


def loop() -> Any:
    """The same recurrence as a Loop that takes its token by its number, with a length that is not fixed."""
    body = helper.make_graph(
        [
            node("Gather", "x i", "x_t", axis=1),
            node("Mul", "a h", "kept"),
            node("Add", "kept x_t", "h_next"),
            node("Tanh", "h_next", "y_t"),
            node("Identity", "go", "go_on"),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            *_infos({"h": [1, 8]}),
        ],
        [helper.make_tensor_value_info("go_on", TensorProto.BOOL, []), *_infos({"h_next": [1, 8], "y_t": [1, 8]})],
    )
    nodes = [
        node("Shape", "x", "shape"),
        node("Gather", "shape one", "trips"),
        node("Loop", "trips - zero", "last ys", body=body),
        node("Transpose", "ys", "y", perm=[1, 0, 2]),
    ]
    zero = numpy_helper.from_array(np.zeros((1, 8), dtype=np.float32), "zero")
    one = numpy_helper.from_array(np.array(1, dtype=np.int64), "one")
    return model(nodes, {"x": ["batch", "tokens", 8]}, {"y": ["batch", "tokens", 8]}, [*weights(a=(8,)), zero, one])


def attention(rule: str, per_head: bool = True, past: bool = False, tokens: int = 5) -> Any:
    """Projections, LinearAttention with four query and two key heads, and an output projection."""
    shapes = {
        "W_q": (8, 16),
        "W_k": (8, 8),
        "W_v": (8, 6),
        "W_o": (12, 8),
        "W_g": (8, 2 if per_head else 8),
        "W_b": (8, 2),
    }
    nodes = [node("MatMul", f"x W_{name}", name) for name in "qkv"]
    if "gated" in rule:
        nodes += [node("MatMul", "x W_g", "g_raw"), node("Softplus", "g_raw", "g_up"), node("Neg", "g_up", "g")]
    if "delta" in rule:
        nodes += [
            node("MatMul", "x W_b", "b_raw"),
            node("Sigmoid", "b_raw", "beta"),
            node("LpNormalization", "k", "k_unit", axis=-1, p=2),
        ]
    key, decay, beta = (
        "k_unit" if "delta" in rule else "k",
        "g" if "gated" in rule else "-",
        "beta" if "delta" in rule else "-",
    )
    nodes += [
        node(
            "LinearAttention", f"q {key} v {'S' if past else '-'} {decay} {beta}", "o S_next",
            q_num_heads=4, kv_num_heads=2, update_rule=rule,
        ),
        node("MatMul", "o W_o", "y"),
    ]  # fmt: skip
    state: Shapes = {"S": [1, 2, 4, 3]} if past else {}
    after: Shapes = {"S_next": [1, 2, 4, 3]} if past else {}
    used = {name: shape for name, shape in shapes.items() if any(name in each.input for each in nodes)}
    return model(nodes, {"x": [1, tokens, 8], **state}, {"y": [1, tokens, 8], **after}, weights(**used))


def convolution(tokens: int = 6, past: bool = False) -> Any:
    """CausalConvWithState along the tokens."""
    state: Shapes = {"before": [1, 8, 3]} if past else {}
    after: Shapes = {"after": [1, 8, 3]} if past else {}
    nodes = [
        node("Transpose", "x", "xt", perm=[0, 2, 1]),
        node("CausalConvWithState", f"xt W_conv b_conv {'before' if past else '-'}", "c after", activation="silu"),
        node("Transpose", "c", "y", perm=[0, 2, 1]),
    ]
    shapes: Shapes = {"x": [1, tokens, 8], **state}
    return model(nodes, shapes, {"y": [1, tokens, 8], **after}, weights(W_conv=(8, 1, 4), b_conv=(8,)))


def cell() -> Any:
    """A gated cell of one token, its fused projection cut in three."""
    nodes = [
        node("Gemm", "x in_proj.weight in_proj.bias", "fused", transB=1),
        node("Split", "fused sizes", "a_raw c z", axis=-1),
        node("Sigmoid", "a_raw", "a"),
        node("Mul", "a h", "kept"),
        node("Add", "kept c", "h_next"),
        node("Swish", "z", "gate"),
        node("Mul", "h_next gate", "g"),
        node("RMSNormalization", "g norm.weight", "n"),
        node("Add", "n x", "y"),
    ]
    shapes = {"in_proj.weight": (24, 8), "in_proj.bias": (24,), "norm.weight": (8,)}
    initializers = [*weights(**shapes), integers("sizes", [8, 8, 8])]
    return model(nodes, {"x": [2, 8], "h": [2, 8]}, {"y": [2, 8], "h_next": [2, 8]}, initializers)


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(scan(), id="Scan"),
        pytest.param(loop(), id="Loop"),
        pytest.param(cell(), id="cell"),
        pytest.param(convolution(), id="CausalConvWithState"),
        pytest.param(convolution(1, past=True), id="CausalConvWithState as a cell"),
        pytest.param(attention("linear"), id="linear"),
        pytest.param(attention("gated"), id="gated"),
        pytest.param(attention("gated", per_head=False), id="gated, for each channel"),
        pytest.param(attention("delta"), id="delta"),
        pytest.param(attention("gated_delta"), id="gated delta"),
        pytest.param(attention("gated_delta", past=True), id="gated delta, with a state"),
        pytest.param(attention("gated_delta", past=True, tokens=1), id="gated delta as a cell"),
    ],
)
def test_equations_compute_what_the_reference_does(made: Any) -> None:
    onnx.checker.check_model(made)
    assert difference(imported_model(made, "made.onnx")) < 1e-10


def test_a_scan_reads_as_it_is_written() -> None:
    assert list(texts(imported_model(scan(), "made.onnx")).values()) == [
        "v[t,d] = sum(i, W_in_proj[i,d] * u[t,i])",
        "h_next[t,d] = decay[d] * h_next[t-1,d] + v[t,d]",
        "y[t,d] = h_next[t,d] + h_next[t,d] + u[t,d]",
    ]


def test_linear_attention_has_the_state_that_its_formula_has() -> None:
    """Four query heads and two key heads: two groups (h) of two (i), keys of four channels (p), values of three (n)."""
    found = imported_model(attention("gated_delta"), "made.onnx")
    assert found.equations["sizes"] == {"d": 8, "h": 2, "i": 2, "p": 4, "n": 3}
    recurrence = {name: text for name, text in texts(found).items() if name.startswith(("S", "o"))}
    assert list(recurrence.values()) == [
        "S_decay[t,h] = exp(-softplus(g_raw[t,h]))",
        "S_decayed[t,h,p,n] = S_decay[t,h] * S[t-1,h,p,n]",
        "S_product[t,h,n] = sum(p, S_decayed[t,h,p,n] * k_unit[t,h,p])",
        "S_correction[t,h,n] = beta[t,h] * (v[t,h,n] - S_product[t,h,n])",
        "S_outer[t,h,p,n] = k_unit[t,h,p] * S_correction[t,h,n]",
        "S[t,h,p,n] = S_decayed[t,h,p,n] + S_outer[t,h,p,n]",
        "o_product[t,h,i,n] = sum(p, q[t,h,i,p] * S[t,h,p,n])",
        "o[t,h,i,n] = o_product[t,h,i,n] * 0.5",
    ]


def test_a_convolution_with_a_state_is_one_of_the_past() -> None:
    whole, cell_of_it = (
        texts(imported_model(made, "made.onnx")) for made in (convolution(), convolution(1, past=True))
    )
    assert whole == {"c": "c[t,d] = silu(sum(k, W_conv[k,d] * u[t-k,d]) + b_conv[d])"}
    assert cell_of_it["c_sum"] == "c_sum[t,d] = sum(k, W_conv[k,d] * u[t-k,d])"


def sequence(*nodes: Any, initializers: Sequence[Any] = ()) -> Any:
    """A block of *nodes*, from x to y."""
    return model(list(nodes), {"x": [5, 8]}, {"y": [5, 8]}, initializers)


def beginning() -> Any:
    """A Scan that does not begin with zeros."""
    nodes = [node("Scan", "one x", "last y", body=leaky_body(), num_scan_inputs=1)]
    return sequence(
        *nodes, initializers=[*weights(a=(8,)), numpy_helper.from_array(np.ones(8, dtype=np.float32), "one")]
    )


def backwards() -> Any:
    """A Scan from the last token on."""
    body = leaky_body()
    nodes = [node("Scan", "zero x", "last y", body=body, num_scan_inputs=1, scan_input_directions=[1])]
    zero = numpy_helper.from_array(np.zeros(8, dtype=np.float32), "zero")
    return sequence(*nodes, initializers=[*weights(a=(8,)), zero])


@pytest.mark.parametrize(
    ("made", "message"),
    [
        pytest.param(sequence(node("Erf", "x", "y")), "node 'the Erf': Erf: has no equation", id="operator"),
        pytest.param(
            sequence(node("Softmax", "x", "y", axis=0)),
            "node 'the Softmax': Softmax: reduces along the time, for which there is no equation",
            id="softmax over time",
        ),
        pytest.param(
            sequence(node("Gemm", "x x", "s", transB=1), node("MatMul", "s x", "y")),
            "node 'the MatMul': MatMul: sums along the time, for which there is no equation",
            id="attention",
        ),
        pytest.param(beginning(), "node 'the Scan': Scan: begins with something else than zeros", id="beginning"),
        pytest.param(backwards(), "node 'the Scan': Scan: goes backwards", id="backwards"),
        pytest.param(
            sequence(node("CumSum", "x axis", "y", reverse=1), initializers=[integers("axis", [0])]),
            "node 'the CumSum': CumSum: is exclusive or goes backwards",
            id="cumulative sum",
        ),
        pytest.param(
            model([node("Add", "x h", "y")], {"x": [8], "h": [8]}, {"y": [8]}),
            "has 1 outputs, expected y and 1 new states, as many as it has inputs",
            id="states",
        ),
        pytest.param(
            model([node("Relu", "x", "y")], {"x": [2, 2, 2, 2]}, {"y": [2, 2, 2, 2]}),
            "the first input has shape [2, 2, 2, 2], expected x [L, d] or [B, L, d], or x_t [d], [B, d] or [B, 1, d], "
            "of a fixed number of channels",
            id="shape",
        ),
    ],
)
def test_what_has_no_equation_is_named(made: Any, message: str) -> None:
    with pytest.raises(InputError) as error:
        imported_model(made, "made.onnx")
    assert str(error.value) == f"made.onnx: {message}"


def test_a_file_is_read(tmp_path: Path) -> None:
    onnx.save(scan(), tmp_path / "made.onnx")
    assert imported(str(tmp_path / "made.onnx")).equations == imported_model(scan(), "made.onnx").equations


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(InputError, match=r"nothing\.onnx: no such file"):
        imported(str(tmp_path / "nothing.onnx"))
    with pytest.raises(InputError, match=r"text\.onnx: is no ONNX model: "):
        imported(str(tmp_path / "text.onnx"))
