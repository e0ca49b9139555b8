"""Which values of a program become tensors of their own, and which are written inside the equation that reads them.

Matrix products, reductions and what is read more than once or by a later timestep are tensors; so are the operands of
matrix and outer products, which an array of MACs takes only plain, and what enters a recurrence from outside of it.
Views are never tensors: they say how others are read.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.importing.primitives import (
    Carry,
    Concatenate,
    Contract,
    Cumulate,
    Delay,
    Elementwise,
    Expand,
    Operation,
    Permute,
    Program,
    Reduce,
    Reshape,
    Slice,
    Value,
    Window,
)

LONGEST = 8  # operations in one equation
NORMS = frozenset({"rms_norm", "layer_norm", "group_norm", "RMSNormalization", "LayerNormalization"})
VIEWS = (Permute, Reshape, Expand, Slice, Concatenate)


class Fusing:
    """The decision for each value of *program*; ``recurrent`` are those in a circle through a carry."""

    def __init__(self, program: Program) -> None:
        self._program = program
        values = program.values()
        self._readers: dict[Value, list[Value | None]] = {value: [] for value in values}
        self.tensors: set[Value] = set()
        for value in values:
            if not isinstance(value.operation, VIEWS):
                for operand in value.operands:
                    self._note(operand, value)
            if isinstance(value.operation, Carry):
                self.tensors |= {root for root, _ in self.roots(program.following(value)) if _may_be(root.operation)}
        assert program.output is not None
        self._note(program.output, None)
        self.recurrent = _recurrent(program, values)
        self._length: dict[Value, int] = {}
        for value in values:
            if _may_be(value.operation) and (value in self.tensors or self._must(value)):
                self.tensors.add(value)
            else:
                self._length[value] = 1 + sum(self._inlined(root) for root, _ in self._operands(value))

    def roots(self, value: Value) -> Iterator[tuple[Value, bool]]:
        """The values that *value* is a view of, and whether in an earlier timestep."""
        yield from self._roots(value, False, set())

    def _roots(self, value: Value, earlier: bool, seen: set[Value]) -> Iterator[tuple[Value, bool]]:
        match value.operation:
            case Carry():
                if value not in seen:
                    yield from self._roots(self._program.following(value), True, seen | {value})
            case Delay():
                yield from self._roots(value.operands[0], True, seen)
            case operation if isinstance(operation, VIEWS):
                for operand in value.operands:
                    yield from self._roots(operand, earlier, seen)
            case _:
                yield value, earlier

    def _operands(self, value: Value) -> Iterator[tuple[Value, bool]]:
        if not isinstance(value.operation, VIEWS):
            for operand in value.operands:
                yield from self.roots(operand)

    def _note(self, operand: Value, reader: Value | None) -> None:
        for root, earlier in self.roots(operand):
            self._readers.setdefault(root, []).append(reader)
            if earlier and _may_be(root.operation):
                self.tensors.add(root)

    def _is_summed(self, value: Value) -> bool:
        """Whether *value* is a product of two others that is read only to be summed, as a matrix product is."""
        readers = self._readers[value]
        product = value.operation == Elementwise("mul") and value.operands[0] is not value.operands[1]
        return product and len(readers) == 1 and readers[0] is not None and isinstance(readers[0].operation, Reduce)

    def _inlined(self, root: Value) -> int:
        return 0 if root in self.tensors else self._length.get(root, 0)

    def _must(self, value: Value) -> bool:
        """Whether *value* has to be a tensor, as far as its operands and readers say."""
        readers = self._readers[value]
        if isinstance(value.operation, Contract | Reduce | Cumulate) or len(readers) != 1 or readers[0] is None:
            return True
        reader = readers[0]
        if value.place.operator in NORMS and reader.place is not value.place:
            return True
        if isinstance(reader.operation, Contract | Window | Cumulate):
            return True
        if is_outer(value) or is_outer(reader) or self._is_summed(reader):
            return True
        if isinstance(value.operation, Window) and not isinstance(reader.operation, Elementwise):
            return True
        if reader in self.recurrent and value not in self.recurrent:
            return True
        return sum(self._inlined(root) for root, _ in self._operands(value)) >= LONGEST


def _may_be(operation: Operation) -> bool:
    return isinstance(operation, Contract | Reduce | Cumulate | Elementwise | Window)


def is_outer(value: Value) -> bool:
    """Whether *value* is a product of two operands each of which has an axis that the other lacks."""
    if value.operation != Elementwise("mul"):
        return False
    left, right = (_axes(operand, len(value.shape)) for operand in value.operands)
    return bool(left - right) and bool(right - left)


def _axes(value: Value, rank: int) -> set[int]:
    """The axes, of *rank*, along which *value* changes, as far as its shape and an expansion say."""
    source = value.operands[0] if isinstance(value.operation, Expand) else value
    lead = rank - len(source.shape)
    return {lead + axis for axis, length in enumerate(source.shape) if length > 1}


def _recurrent(program: Program, values: tuple[Value, ...]) -> set[Value]:
    """The values that read a carry and that the same carry becomes, in the end."""
    found: set[Value] = set()
    readers: dict[Value, list[Value]] = {value: [] for value in values}
    for value in values:
        for operand in value.operands:
            readers[operand].append(value)
    for carry in values:
        if isinstance(carry.operation, Carry):
            after, before = {carry}, {program.following(carry)}
            _close(after, readers)
            _close(before, {value: list(value.operands) for value in values})
            found |= after & before
    return found


def _close(found: set[Value], following: dict[Value, list[Value]]) -> None:
    """Add to *found* what follows from it."""
    wanted = list(found)
    while wanted:
        for value in following[wanted.pop()]:
            if value not in found:
                found.add(value)
                wanted.append(value)
