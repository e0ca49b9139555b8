"""ONNX models as equations.

A model computes one token (a *cell*: as many outputs as inputs, ``x_t`` ``[d]``, ``[B, d]`` or ``[B, 1, d]`` and its
states, which come back in their order) or a whole sequence (a *block*: ``x`` ``[L, d]`` or ``[B, L, d]``, whose first
output is taken; what it has as further inputs are states, zero at first). A block's recurrence is a Scan or a Loop over
the tokens, LinearAttention or CausalConvWithState. The batch is left out. An axis whose length is not fixed is one
sequence, or some tokens. Values are float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.files.errors import InputError, Problem
from sim.importing.building import (
    apply,
    chosen,
    evaluated,
    expand,
    is_static,
    joined,
    number,
    part,
    permute,
    reduced,
    reshape,
)
from sim.importing.composites import depthwise
from sim.importing.factors import BATCH, PLAIN, TIME
from sim.importing.imported import Imported, imported_from
from sim.importing.onnx_operators import OPERATORS, integers, linear_attention_step
from sim.importing.primitives import Array, Final, Input, Place, Program, Shape, Stack, Static, Step, Value
from sim.importing.sequence import timestep_of

TOKENS = 7  # of a sequence whose length is not fixed
_RECURRENT = {"Scan", "Loop", "LinearAttention", "CausalConvWithState", "CumSum", "Conv"}


def imported(path: str) -> Imported:
    """The equations of the ONNX model at *path*; raises InputError with the node."""
    import onnx

    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
    except FileNotFoundError:
        raise InputError(Problem("no such file", path)) from None
    except Exception as error:  # the parser and the checker raise many kinds
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise InputError(Problem(f"is no ONNX model: {reason}", path)) from error
    return imported_model(model, path)


def imported_model(model: Any, where: str) -> Imported:
    """The equations of an onnx.ModelProto; *where* says whose it is, in mistakes."""
    from onnx.inliner import inline_local_functions

    model = inline_local_functions(model) if model.functions else model
    kind = _kind(model, where)
    program = _Reader(model, kind, where).program()
    return imported_from(timestep_of(program, kind.roles), _run(model, kind))


@dataclass(frozen=True)
class _Kind:
    """Whether a model is a block; the shapes of its inputs, the first of which is x, and the roles of x's axes."""

    block: bool
    shapes: tuple[Shape, ...]
    roles: tuple[str, ...]


def _inputs(model: Any) -> list[Any]:
    given = {each.name for each in model.graph.initializer}
    return [each for each in model.graph.input if each.name not in given]


def _lengths(value: Any, unknown: Sequence[int]) -> Shape:
    """The shape of an input, *unknown* lengths where it is not fixed."""
    dims = value.type.tensor_type.shape.dim
    found = (unknown[axis] if axis < len(unknown) else 0 for axis in range(len(dims)))
    return tuple(dim.dim_value or other for dim, other in zip(dims, found, strict=True))


def _kind(model: Any, where: str) -> _Kind:
    inputs = _inputs(model)
    if not inputs or not model.graph.output:
        raise InputError(Problem("has no input or no output", where))
    rank = len(inputs[0].type.tensor_type.shape.dim)
    several = len(inputs) == len(model.graph.output) > 1
    first = _lengths(inputs[0], [1, TOKENS] if rank == 3 else [TOKENS])
    recurrent = any(node.op_type in _RECURRENT for node in model.graph.node)
    block = first[-2] > 1 and (rank == 3 or recurrent or not several) if rank in (2, 3) else False
    roles = {1: (PLAIN,), 2: (TIME if block else BATCH, PLAIN), 3: (BATCH, TIME if block else PLAIN, PLAIN)}.get(rank)
    others = tuple(_lengths(each, [1]) for each in inputs[1:])
    if roles is None or 0 in (*first, *(n for shape in others for n in shape)):
        expected = "expected x [L, d] or [B, L, d], or x_t [d], [B, d] or [B, 1, d], of a fixed number of channels"
        raise InputError(Problem(f"the first input has shape {list(first)}, {expected}", where))
    return _Kind(block, (first, *others), roles)


def _run(model: Any, kind: _Kind) -> Callable[[Array], Array]:
    """The model's own outputs by ONNX's reference, in float64 as far as onnx_reference.py can."""

    def run(inputs: Array) -> Array:
        from sim.importing.onnx_reference import evaluator

        own = evaluator(model, len(inputs) if kind.block else None, kind.roles)
        names = [each.name for each in _inputs(model)]
        tokens = np.asarray(inputs, dtype=np.float64).reshape(len(inputs), -1)
        states = [np.zeros(shape) for shape in kind.shapes[1:]]
        if kind.block:
            x = np.broadcast_to(tokens, (kind.shapes[0][0], *tokens.shape)) if len(kind.roles) == 3 else tokens
            found = own.run(None, dict(zip(names, [x, *states], strict=True)))[0]
            return np.asarray(found[0] if len(kind.roles) == 3 else found)
        outputs = []
        for token in tokens:
            given = np.broadcast_to(token, kind.shapes[0])
            found, *states = own.run(None, dict(zip(names, [given, *states], strict=True)))
            outputs.append(np.asarray(found if len(kind.roles) == 1 else found[0]).reshape(-1))
        return np.stack(outputs)

    return run


@dataclass(frozen=True)
class _Iteration:
    """The number of the iteration of a Loop, and what is added to it; an array of one element if ``rank`` is 1."""

    length: int
    offset: int = 0
    rank: int = 0


class _Reader:
    """Reads one model."""

    def __init__(self, model: Any, kind: _Kind, where: str) -> None:
        self._model, self._kind, self._where = model, kind, where

    def program(self) -> Program:
        """The program of primitives."""
        from onnx.numpy_helper import to_array

        graph, kind = self._model.graph, self._kind
        first, *others = _inputs(self._model)
        found: dict[str, Any] = {"": None}
        found[first.name] = Value(Input(), (), kind.shapes[0], Place(self._where, name=first.name))
        self._program = Program(found[first.name])
        carries = []
        for each, shape in zip(others, kind.shapes[1:], strict=True):
            if kind.block:
                found[each.name] = expand(number(0.0), shape)
            else:
                found[each.name] = self._program.carry(shape, Place(self._where, name=each.name))
                self._program.names.append((found[each.name], each.name))
                carries.append(found[each.name])
        for each in graph.initializer:
            array = np.asarray(to_array(each), dtype=np.float64)
            static = Static(array, each.name if array.ndim else "", array.ndim > 0)
            found[each.name] = Value(static, (), array.shape, Place(self._where, name=each.name))
        self._nodes(graph, found)
        outputs = [found[each.name] for each in graph.output]
        if not kind.block and len(outputs) != 1 + len(carries):
            message = f"has {len(outputs)} outputs, expected y and {len(carries)} new states, as many as it has inputs"
            raise InputError(Problem(message, self._where))
        self._program.output = outputs[0]
        for carry, following in zip(carries, outputs[1:], strict=False):
            self._program.becomes(carry, following)
        return self._program

    def _nodes(self, graph: Any, found: dict[str, Any]) -> None:
        """Give the results of all nodes of *graph* their values, in *found*."""
        for node in graph.node:
            place = self._place(node)
            results = self._results(node, found, place)
            for name, value in zip(node.output, results, strict=False):
                found[name] = value
                if isinstance(value, Value) and name.isidentifier() and not name.startswith("val_"):
                    self._program.names.append((value, name))

    def _place(self, node: Any) -> Place:
        name = node.name or next((each for each in node.output if each), "")
        module = ".".join(node.name.strip("/").split("/")[:-1]) if "/" in node.name else ""
        return Place(f"{self._where}: node {name!r}", node.op_type, module=module)

    def _results(self, node: Any, found: dict[str, Any], place: Place) -> Sequence[Any]:
        operands = [found[name] for name in node.input]
        attributes = _attributes(node)
        if node.domain not in ("", "ai.onnx"):
            raise place.mistake(f"of the domain {node.domain!r} has no equation")
        if node.op_type in _CALLS:
            return _CALLS[node.op_type](self, place, attributes, operands, found)
        if any(isinstance(each, _Iteration) for each in operands):
            return [_of_iteration(place, node.op_type, attributes, operands)]
        if node.op_type not in OPERATORS:
            raise place.mistake("has no equation")
        if node.op_type == "Split":
            attributes["outputs"] = len(node.output)
        result = OPERATORS[node.op_type](place, attributes, *operands)
        return result if isinstance(result, list) else [result]

    def _scan(
        self, place: Place, attributes: Mapping[str, Any], operands: list[Any], found: dict[str, Any]
    ) -> list[Value]:
        body, count = attributes["body"], attributes["num_scan_inputs"]
        backwards = [*attributes.get("scan_input_directions", []), *attributes.get("scan_output_directions", [])]
        if any(backwards):
            raise place.mistake("goes backwards")
        initial, over = operands[:-count], operands[-count:]
        axes = attributes.get("scan_input_axes") or [0] * count
        steps = [_stepped(value, axis, place) for value, axis in zip(over, axes, strict=True)]
        length = over[0].shape[axes[0]]
        following, outputs = self._body(place, body, initial, steps, found, len(initial))
        into = attributes.get("scan_output_axes") or [0] * len(outputs)
        return [*following, *(_stacked(v, axis, length, place) for v, axis in zip(outputs, into, strict=True))]

    def _loop(
        self, place: Place, attributes: Mapping[str, Any], operands: list[Any], found: dict[str, Any]
    ) -> list[Value]:
        body = attributes["body"]
        trips, condition, *initial = operands
        count = integers(trips, place)
        if count is None or (condition is not None and not all(integers(condition, place) or [])):
            raise place.mistake("ends by a condition, expected a number of trips, one for each token")
        iteration = _Iteration(count[0])
        inner = {**found, body.input[0].name: iteration, body.input[1].name: number(1.0)}
        following, outputs = self._body(place, body, initial, [], inner, len(initial), skip=2, ahead=1)
        return [*following, *(_stacked(value, 0, count[0], place) for value in outputs)]

    def _body(
        self, place: Place, body: Any, initial: Sequence[Value], steps: Sequence[Value], outer: Mapping[str, Any],
        count: int, skip: int = 0, ahead: int = 0,
    ) -> tuple[list[Value], list[Value]]:  # fmt: skip
        """What the body of a loop carries, after its last timestep, and what it gives at each.

        *skip* inputs and *ahead* outputs of it are for the loop itself.
        """
        from onnx.numpy_helper import to_array

        carries = [self._zero_carry(value, place) for value in initial]
        inner = {**outer}
        for each in body.initializer:
            array = np.asarray(to_array(each), dtype=np.float64)
            inner[each.name] = Value(Static(array, each.name, array.ndim > 0), (), array.shape, place)
        names = [each.name for each in body.input][skip:]
        for name, value in zip(names, [*carries, *steps], strict=True):
            inner[name] = value
            if name.isidentifier() and value in carries:
                self._program.names.append((value, name))
        self._nodes(body, inner)
        results = [inner[each.name] for each in body.output]
        if ahead and not (isinstance(results[0], Value) and is_static(results[0]) and evaluated(results[0]).all()):
            raise place.mistake("ends by a condition, expected a number of trips, one for each token")
        following, outputs = results[ahead : ahead + count], results[ahead + count :]
        for carry, value in zip(carries, following, strict=True):
            self._program.becomes(carry, value)
        return [Value(Final(), (value,), value.shape, place) for value in following], outputs

    def _zero_carry(self, initial: Value | None, place: Place, shape: Shape = ()) -> Value:
        if initial is not None and (not is_static(initial) or evaluated(initial).any()):
            raise place.mistake("begins with something else than zeros")
        return self._program.carry(shape if initial is None else initial.shape, place)

    def _linear_attention(
        self, place: Place, attributes: Mapping[str, Any], operands: list[Any], found: dict[str, Any]
    ) -> list[Value]:
        query, key, value, past, decay, beta = operands + [None] * (6 - len(operands))
        heads, tokens = attributes["kv_num_heads"], query.shape[1]
        widths = key.shape[-1] // heads, value.shape[-1] // heads
        if self._kind.block:
            state = self._zero_carry(past, place, (query.shape[0], heads, *widths))
            now = [each if each is None else _stepped(each, 1, place) for each in (query, key, value, decay, beta)]
        else:
            if past is None or tokens != 1:
                raise place.mistake("of a cell has a past state and one token")
            state = past
            now = [each if each is None else chosen(each, 1, 0, place) for each in (query, key, value, decay, beta)]
        output, following = linear_attention_step(place, attributes, state, now)
        self._program.names.append((following, "S"))
        if not self._kind.block:
            return [reshape(output, (output.shape[0], 1, output.shape[1]), place), following]
        self._program.becomes(state, following)
        return [_stacked(output, 1, tokens, place), Value(Final(), (following,), following.shape, place)]

    def _causal_conv(
        self, place: Place, attributes: Mapping[str, Any], operands: list[Any], found: dict[str, Any]
    ) -> list[Value]:
        value, weight, bias, past = operands + [None] * (4 - len(operands))
        taps = weight.shape[2]
        if self._kind.block:
            if past is not None and (not is_static(past) or evaluated(past).any()):
                raise place.mistake("begins with something else than zeros")
            output = depthwise(value, weight, bias, (taps - 1, 0), value.shape[1], place)
            state = Value(Final(), (value,), (*value.shape[:2], taps - 1), place)
        else:
            if past is None or value.shape[2] != 1:
                raise place.mistake("of a cell has a past state and one token")
            window = joined([past, value], 2, place)
            product = apply("mul", window, permute(weight, (1, 0, 2), place), place=place)
            output = reduced("sum", product, [2], True, place)
            output = output if bias is None else apply("add", output, reshape(bias, (-1, 1), place), place=place)
            state = part(window, 2, 1, taps, place)
        if attributes.get("activation", "none") != "none":
            output = apply("silu", output, place=place)
        return [output, state]


_CALLS = {
    "Scan": _Reader._scan,
    "Loop": _Reader._loop,
    "LinearAttention": _Reader._linear_attention,
    "CausalConvWithState": _Reader._causal_conv,
}


def _stepped(value: Value, axis: int, place: Place) -> Value:
    axis %= len(value.shape)
    return Value(Step(axis), (value,), (*value.shape[:axis], *value.shape[axis + 1 :]), place)


def _stacked(value: Value, axis: int, length: int, place: Place) -> Value:
    axis %= len(value.shape) + 1
    return Value(Stack(axis, length), (value,), (*value.shape[:axis], length, *value.shape[axis:]), place)


def _of_iteration(place: Place, operator: str, attributes: Mapping[str, Any], operands: list[Any]) -> Any:
    """What is computed of the number of an iteration: another such number, or this timestep's part of a value."""
    iteration = next(each for each in operands if isinstance(each, _Iteration))
    if operator in ("Identity", "Cast"):
        return iteration
    if operator in ("Unsqueeze", "Reshape", "Squeeze"):
        rank = {"Unsqueeze": 1, "Squeeze": 0}.get(operator, 1)
        return _Iteration(iteration.length, iteration.offset, rank)
    if operator == "Add" and any(isinstance(each, Value) for each in operands):
        other = next(each for each in operands if isinstance(each, Value))
        added = (integers(other, place) or [0])[0]
        return _Iteration(iteration.length, iteration.offset + added, max(iteration.rank, len(other.shape)))
    value = operands[0]
    if isinstance(value, Value) and iteration.offset == 0:
        if operator == "Gather":
            axis = attributes.get("axis", 0) % len(value.shape)
            return _now(value, axis, iteration, bool(iteration.rank), place)
        if operator == "Slice" and isinstance(operands[2], _Iteration) and operands[2].offset == 1:
            axis = (integers(operands[3], place) or [0])[0] if len(operands) > 3 else 0
            return _now(value, axis % len(value.shape), iteration, True, place)
    raise place.mistake("has no equation for the number of an iteration: Gather or Slice take this token's part")


def _now(value: Value, axis: int, iteration: _Iteration, keep: bool, place: Place) -> Value:
    if value.shape[axis] != iteration.length:
        raise place.mistake(f"takes {iteration.length} parts of an axis of {value.shape[axis]}")
    step = _stepped(value, axis, place)
    return reshape(step, (*step.shape[:axis], 1, *step.shape[axis:]), place) if keep else step


def _attributes(node: Any) -> dict[str, Any]:
    from onnx.helper import get_attribute_value
    from onnx.numpy_helper import to_array

    found = {}
    for each in node.attribute:
        value = get_attribute_value(each)
        if hasattr(value, "raw_data"):
            value = to_array(value)
        elif isinstance(value, bytes):
            value = value.decode()
        found[each.name] = value
    return found
