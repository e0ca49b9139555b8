"""What kind of operation an equation is: the word by which results group operations."""

from __future__ import annotations

from collections.abc import Iterator

from sim.importing.equations import Definition, System
from sim.importing.fusing import NORMS, is_outer
from sim.importing.primitives import Contract, Reduce, Value, Window
from workloads.expression import Apply, Expression, Reference, Sum, walk

_LINEAR = {"linear", "addmm", "Gemm"}
_GATES = {"silu", "sigmoid", "relu"}
_RATES = {"exp", "softplus", "sigmoid"}


def kinds_of(system: System) -> dict[str, str]:
    """Tensor -> the kind of the operation that defines it."""
    before = _upstream(system.recurrent)
    kinds: dict[str, str] = {}
    for definition in system.definitions:
        kinds[definition.tensor] = _kind(definition, system, before, kinds)
    return kinds


def _upstream(recurrent: set[Value]) -> set[Value]:
    """The values that a recurrence reads, directly or not."""
    found: set[Value] = set()
    wanted = list(recurrent)
    while wanted:
        for operand in wanted.pop().operands:
            if operand not in found:
                found.add(operand)
                wanted.append(operand)
    return found - recurrent


def _kind(definition: Definition, system: System, before: set[Value], kinds: dict[str, str]) -> str:
    value, rhs = definition.value, definition.rhs
    read = [node for node in walk(rhs) if isinstance(node, Reference)]
    functions = {node.function for node in walk(rhs) if isinstance(node, Apply)}
    if any(isinstance(reference.lag, str) for reference in read) or isinstance(value.operation, Window):
        return "convolution"
    if isinstance(value.operation, Contract):
        return "projection" if any(reference.lag is None for reference in read) else "state"
    if value in system.recurrent or is_outer(value):
        return "state"
    if _is_product(rhs):
        return "projection" if any(reference.lag is None for reference in read) else "state"
    if value.place.operator in _LINEAR:
        return "projection"
    reduced = any(isinstance(node, Sum) for node in walk(rhs)) or isinstance(value.operation, Reduce)
    normed = functions & {"rsqrt", "sqrt", "div"} and any(kinds.get(reference.tensor) == "norm" for reference in read)
    if reduced or value.place.operator in NORMS or normed:
        return "norm"
    if _is_residual(rhs, system, kinds):
        return "residual"
    if isinstance(rhs, Apply) and rhs.function == "mul" and any(map(_is_gate, rhs.arguments)):
        return "gate"
    if value in before:
        return "discretisation" if functions & _RATES else "input_scale"
    if isinstance(rhs, Apply) and rhs.function == "add" and any(map(_is_scaled, rhs.arguments)):
        return "skip"
    return "gate"


def _is_product(rhs: Expression) -> bool:
    """Whether it is a sum of products of two different tensors."""
    body = rhs.body if isinstance(rhs, Sum) else None
    if not (isinstance(body, Apply) and body.function == "mul"):
        return False
    left, right = body.arguments
    return isinstance(left, Reference) and isinstance(right, Reference) and left.tensor != right.tensor


def _is_residual(rhs: Expression, system: System, kinds: dict[str, str]) -> bool:
    """Whether it adds what is computed to what comes in, or to what has come of that so far."""
    stream = {system.input.tensor, *(tensor for tensor, kind in kinds.items() if kind == "residual")}
    addends = list(_addends(rhs))
    plain = [each.tensor for each in addends if isinstance(each, Reference) and each.lag == 0]
    return len(plain) > 1 and any(tensor in stream for tensor in plain)


def _addends(node: Expression) -> Iterator[Expression]:
    if isinstance(node, Apply) and node.function == "add":
        for side in node.arguments:
            yield from _addends(side)
    else:
        yield node


def _is_gate(node: Expression) -> bool:
    return isinstance(node, Apply) and node.function in _GATES


def _is_scaled(node: Expression) -> bool:
    """Whether it is a product with a parameter."""
    if not (isinstance(node, Apply) and node.function == "mul"):
        return False
    return any(isinstance(side, Reference) and side.lag is None for side in node.arguments)
