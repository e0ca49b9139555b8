"""ONNX's reference evaluator in float64.

Some of its operators compute in float32 whatever they are given: LinearAttention, and the SiLU of CausalConvWithState.
Their own functions are run here, with float64 in the place of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from types import FunctionType
from typing import Any

import numpy as np
from onnx.reference import ReferenceEvaluator
from onnx.reference.ops.op_loop import Loop as ReferenceLoop

from sim.importing.factors import TIME


class Loop(ReferenceLoop):  # type: ignore[misc]
    """Loop as the standard has it, where the reference of onnx 1.23 differs.

    Without a condition it goes on, and what the iterations give is stacked along a new axis.
    """

    op_domain = ""

    def _run(self, M: Any, cond: Any, *args: Any, **rest: Any) -> tuple[Any, ...]:
        (*found,) = super()._run(M, np.array(True) if cond is None else cond, *args, **rest)
        given = self.body.output_types[len(found) - self.K + 1 :] if self.K else []
        for place, kind in enumerate(given, start=len(found) - self.K):
            shape = [dim.dim_value for dim in kind.tensor_type.shape.dim]
            if len(shape) != 1:
                found[place] = found[place].reshape(-1, *shape)
        return tuple(found)


class _Numpy:
    """numpy, but for its float32."""

    float32 = np.float64

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


def _operators() -> Iterator[type]:
    """The operators that differ from those of the evaluator."""
    yield Loop
    for module, name in (
        ("op_linear_attention", "LinearAttention"),
        ("op_causal_conv_with_state", "CausalConvWithState"),
    ):
        with suppress(ModuleNotFoundError):  # of an onnx without opset 27
            known = getattr(import_module(f"onnx.reference.ops.{module}"), name)
            code = known._run
            run = FunctionType(code.__code__, code.__globals__ | {"np": _Numpy()}, name, code.__defaults__)
            yield type(name, (known,), {"op_domain": "", "_run": run})


def evaluator(model: Any, tokens: int | None, roles: Sequence[str]) -> ReferenceEvaluator:
    """The evaluator of *model* in float64; of a block, for so many *tokens*: *roles* says what its input's axes are."""
    return ReferenceEvaluator(doubled(model, tokens, roles), new_ops=list(_operators()))


def doubled(model: Any, tokens: int | None, roles: Sequence[str]) -> Any:
    """A copy of *model* in float64; of a block, for so many *tokens*: *roles* says what the axes of its input are."""
    import onnx

    own = onnx.ModelProto()
    own.CopyFrom(model)
    _double_graph(own.graph)
    if tokens is not None:
        own.graph.input[0].type.tensor_type.shape.dim[list(roles).index(TIME)].dim_value = tokens
    return own


def _double_graph(graph: Any) -> None:
    from onnx import TensorProto

    for each in graph.initializer:
        _double_tensor(each)
    for each in (*graph.input, *graph.output, *graph.value_info):
        if each.type.tensor_type.elem_type == TensorProto.FLOAT:
            each.type.tensor_type.elem_type = TensorProto.DOUBLE
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _double_graph(attribute.g)
            elif attribute.HasField("t"):
                _double_tensor(attribute.t)
            elif (node.op_type, attribute.name) == ("Cast", "to") or attribute.name == "stash_type":
                attribute.i = TensorProto.DOUBLE if attribute.i == TensorProto.FLOAT else attribute.i


def _double_tensor(tensor: Any) -> None:
    from onnx import TensorProto
    from onnx.numpy_helper import from_array, to_array

    if tensor.data_type == TensorProto.FLOAT:
        tensor.CopyFrom(from_array(to_array(tensor).astype(np.float64), tensor.name))
