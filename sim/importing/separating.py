"""Elementwise operations on a whole that is read only in separate parts become one for each part.

``x, z = f(in_proj(u)).chunk(2)`` is then two operations, each of which is read once and can be fused on its own.
"""

from __future__ import annotations

from itertools import pairwise

from sim.importing.primitives import Carry, Elementwise, Program, Slice, Value


def separated(program: Program) -> Program:
    """*program* with its elementwise operations cut as their readers cut them."""
    while True:
        values = program.values()
        readers: dict[Value, list[Value]] = {value: [] for value in values}
        for value in values:
            for operand in value.operands:
                readers[operand].append(value)
        kept = {program.output, *(program.following(value) for value in values if isinstance(value.operation, Carry))}
        cut = {value for value in values if value not in kept and _is_cut(value, readers[value])}
        if not cut:
            return program
        program = _rebuilt(program, values, cut)


def _is_cut(value: Value, readers: list[Value]) -> bool:
    """Whether *value* is elementwise and every reader takes a part of one axis, no position twice."""
    if not isinstance(value.operation, Elementwise) or not value.operands:
        return False
    parts = []
    for reader in readers:
        if not isinstance(reader.operation, Slice):
            return False
        axis, start = reader.operation.axis, reader.operation.start
        parts.append((axis, start, start + reader.shape[axis]))
    parts.sort()
    follow = pairwise(parts)
    return len({axis for axis, _, _ in parts}) == 1 and all(first[2] <= second[1] for first, second in follow)


def _rebuilt(program: Program, values: tuple[Value, ...], cut: set[Value]) -> Program:
    new: dict[Value, Value] = {program.input: program.input}
    result = Program(program.input)
    for value in values:
        if isinstance(value.operation, Carry):
            new[value] = result.carry(value.shape, value.place)
        elif value.operands and value.operands[0] in cut and isinstance(value.operation, Slice):
            new[value] = _part_of(value.operands[0], value, value.operation, new)
        elif value not in new and value not in cut:
            operands = tuple(new[operand] for operand in value.operands)
            changed = any(one is not other for one, other in zip(operands, value.operands, strict=True))
            new[value] = Value(value.operation, operands, value.shape, value.place) if changed else value
    for value in values:
        if isinstance(value.operation, Carry):
            result.becomes(new[value], new[program.following(value)])
    assert program.output is not None
    result.output = new[program.output]
    result.names = [(new[value], name) for value, name in program.names if value in new]
    return result


def _part_of(whole: Value, part: Value, cutting: Slice, new: dict[Value, Value]) -> Value:
    """The operation of *whole* on the parts of its operands that *part*, which *cutting* made, needs."""
    rank, length = len(whole.shape), part.shape[cutting.axis]
    operands = []
    for operand in whole.operands:
        axis = cutting.axis - rank + len(operand.shape)
        found = new[operand]
        if axis >= 0 and operand.shape[axis] > 1:
            shape = (*operand.shape[:axis], length, *operand.shape[axis + 1 :])
            found = Value(Slice(axis, cutting.start), (found,), shape, part.place)
        operands.append(found)
    return Value(whole.operation, tuple(operands), part.shape, whole.place)
