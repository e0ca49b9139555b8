"""Equations into the graph of one timestep; every mistake is a ValueError that quotes the equation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from workloads.expression import Equation, Reference
from workloads.notation import parse_equation

if TYPE_CHECKING:
    pass
from workloads.graph import Edge, Operation, TimestepGraph, given_as, is_given, rows_read, token_subscript


class GraphBuilder:
    """Collects equations into a :class:`TimestepGraph`; every mistake is a ValueError that quotes the equation.

    ``tokens`` names the token axis of a graph whose timestep is a chunk.

    >>> b = GraphBuilder("leaky", {"d": 8}, "x[t,d]")
    >>> b.define("leak", "state", "h[t,d] = a[d] * h[t-1,d] + x[t,d]")
    >>> b.build("h").recurrences
    (frozenset({'leak'}),)
    """

    def __init__(self, name: str, sizes: Mapping[str, int], input_reference: str, tokens: str | None = None) -> None:
        self._name = name
        self._sizes = dict(sizes)
        self._tokens = tokens
        self._indices: dict[str, tuple[str, ...]] = {}
        self._inputs: list[str] = []
        self._held: list[str] = []
        self._initial: dict[str, float] = {}
        self._span = 1
        self._chosen: dict[str, int] = {}
        self.input(input_reference)
        self._parameters: dict[str, tuple[str, ...]] = {}
        self._constants: dict[str, tuple[float, ...]] = {}
        self._operations: list[Operation] = []

    def input(self, reference: str) -> None:
        """Another tensor of which there is a row for every timestep (or token), such as ``x0[t,d]``."""
        self._inputs.append(self._give(reference))

    def hold(self, reference: str) -> None:
        """A tensor that is the same in all timesteps of a run, such as ``Q[t,h,e]``; the ``t`` marks no row."""
        self._held.append(self._give(reference))

    def _give(self, reference: str) -> str:
        source = parse_equation(f"{reference} = 0")
        if source.tensor in self._indices:
            raise ValueError(f"{source.tensor!r} is given or defined before")
        if unknown := [index for index in source.indices if index not in self._sizes]:
            raise ValueError(f"no size is given for {', '.join(unknown)}")
        self._indices[source.tensor] = source.indices
        return source.tensor

    def initial(self, tensor: str, value: float) -> None:
        """What *tensor* is before the first timestep of a run, if that is not zero."""
        self._initial[tensor] = value

    def spans(self, tokens: int) -> None:
        """A timestep is so many *tokens*, which no axis of their own counts."""
        self._span = tokens

    def choose(self, index: str, values: int) -> None:
        """A token is worked on at so many *values* of *index*, though parameters have all of them."""
        if index not in self._sizes or not 0 < values <= self._sizes[index]:
            raise ValueError(f"{values} of {index} cannot be chosen: it has {self._sizes.get(index, 0)}")
        self._chosen[index] = values

    def constant(self, tensor: str, index: str, values: Sequence[float]) -> None:
        """A fixed vector over *index*, such as the signs of a rotation."""
        if tensor in self._indices:
            raise ValueError(f"the constant {tensor!r} is defined or read before")
        if index not in self._sizes:
            raise ValueError(f"the constant {tensor!r}: no size is given for {index}")
        if len(values) != self._sizes[index]:
            raise ValueError(f"the constant {tensor!r} must have {self._sizes[index]} values, not {len(values)}")
        self._constants[tensor] = tuple(values)
        self._indices[tensor] = (index,)

    def define(self, name: str, kind: str, text: str, masked: bool = False, final: bool = False) -> None:
        """Add the operation *name*: one equation, which may read anything defined so far and the past of anything."""
        equation = parse_equation(text, self._sizes)
        if is_given(name) or name in (op.name for op in self._operations):
            raise ValueError(f"{name}: is the name of another operation: give each a name of its own: {text!r}")
        if equation.tensor in self._indices:
            others = [op.name for op in self._operations if op.tensor == equation.tensor]
            first = f"which {others[0]} defines" if others else "which is there"
            message = f"defines {equation.tensor!r}, {first} already: give the result another name"
            raise ValueError(f"{name}: {message}: {text!r}")
        unknown = (set(equation.all_indices) | equation.ordered_indices) - set(self._sizes)
        if unknown:
            indices, known = ", ".join(sorted(unknown)), ", ".join(self._sizes)
            raise ValueError(f"{name}: no size is given for {indices}, only for {known}: {text!r}")
        self._indices[equation.tensor] = equation.indices
        for reference in equation.references:
            if reference.lag is None and reference.tensor not in (*self._constants, *self._parameters):
                self._admit_parameter(name, equation, reference)
        self._operations.append(Operation(name, kind, equation, masked, final))

    def _admit_parameter(self, name: str, equation: Equation, reference: Reference) -> None:
        """A parameter has no definition: where it is read first says which indices it has."""
        tensor = reference.tensor
        if tensor in self._indices:
            raise ValueError(f"{name}: {tensor!r} is no parameter, subscript it with t: {equation.text!r}")
        if any(not subscript.plain and subscript.scale > 0 for subscript in reference.subscripts):  # mirrored is whole
            raise ValueError(f"{name}: reads a part of {tensor!r}, whose size is not known: {equation.text!r}")
        self._indices[tensor] = self._parameters[tensor] = reference.indices

    def _check_subscripts(self, name: str, equation: Equation, reference: Reference) -> None:
        """Refuse a reference that does not fit the axes of its tensor."""
        tensor, sizes = reference.tensor, self._sizes
        axes = [sizes[index] for index in self._indices[tensor]]
        if len(axes) != len(reference.subscripts):
            raise ValueError(f"{name}: reads {tensor!r} with other sizes than it has: {equation.text!r}")
        for size, subscript in zip(axes, reference.subscripts, strict=True):
            if subscript.plain and sizes[str(subscript.index)] != size:
                raise ValueError(f"{name}: reads {tensor!r} with other sizes than it has: {equation.text!r}")
            if subscript.scale < 0 and sizes[str(subscript.index)] != 2:
                raise ValueError(f"{name}: mirrors an index whose size is not 2: {equation.text!r}")
            first, last = subscript.span(sizes)
            if not subscript.shift and not 0 <= first <= last < size:
                raise ValueError(f"{name}: reads outside of {tensor!r}: {equation.text!r}")

    def build(self, output_tensor: str, *more: str) -> TimestepGraph:
        """The finished graph, whose layer output is *output_tensor*; it hands on *more* beside that."""
        producer = {tensor: given_as(tensor, tensor == self._inputs[0]) for tensor in self._given}
        producer |= {op.tensor: op.name for op in self._operations}
        for output in (output_tensor, *more):
            if output in self._given:
                raise ValueError(f"{self._name}: the output must be computed, not the input {output!r} itself")
            if output not in producer:
                raise ValueError(f"{self._name}: the output {output!r} is never defined")
        return TimestepGraph(
            self._name, self._sizes, tuple(self._operations), self._inputs[0], output_tensor,
            dict(self._indices), dict(self._parameters), dict(self._constants), tuple(self._edges(producer)),
            self._tokens, tuple(self._inputs[1:]), more, tuple(self._held), dict(self._initial), self._span,
            dict(self._chosen),
        )  # fmt: skip

    @property
    def _given(self) -> tuple[str, ...]:
        return *self._inputs, *self._held

    def _edges(self, producer: Mapping[str, str]) -> Iterator[Edge]:
        """The edges in order, once each; *producer* maps tensor -> operation."""
        defined: set[str] = {*self._given}
        for op in self._operations:
            by_source: dict[str, dict[Edge, None]] = {}
            for reference in op.equation.references:
                tensor = reference.tensor
                if reference.lag is not None and tensor not in producer:
                    raise ValueError(self._undefined(op, reference))
                self._check_subscripts(op.name, op.equation, reference)
                if reference.lag is None:
                    continue
                for distance in self._distances(reference):
                    if distance == 0 and tensor not in defined:
                        raise ValueError(self._too_early(op, tensor, producer))
                    edge = Edge(producer[tensor], op.name, tensor, distance)
                    by_source.setdefault(edge.source, {})[edge] = None
            for edges in by_source.values():
                yield from edges
            defined.add(op.tensor)

    def _undefined(self, op: Operation, reference: Reference) -> str:
        """What is wrong with *reference* to a tensor that no operation defines."""
        tensor, text = reference.tensor, op.equation.text
        if tensor in self._parameters or tensor in self._constants:
            kind = "parameter" if tensor in self._parameters else "constant"
            inside = ",".join(self._indices[tensor])
            return f"{op.name}: {tensor!r} is a {kind}, which has no timestep: write {tensor}[{inside}]: {text!r}"
        hint = "define it, or leave the t out if it is a parameter"
        return f"{op.name}: {tensor!r} is never defined: {hint}: {text!r}"

    def _too_early(self, op: Operation, tensor: str, producer: Mapping[str, str]) -> str:
        """What is wrong with *op*, which reads what *tensor* is at the same timestep before it is defined."""
        circle = self._way(op, producer[tensor], producer)
        earlier = f"read that of an earlier timestep, such as {tensor}[t-1"
        earlier += "".join(f",{index}" for index in self._indices[tensor]) + "]"
        if circle is None:
            message = f"reads {tensor!r} before {producer[tensor]} defines it: move it behind that, or {earlier}"
        else:
            loop = " -> ".join((*circle, op.name))
            message = f"reads {tensor!r} of the same timestep, a loop ({loop}): {earlier}"
        return f"{op.name}: {message}: {op.equation.text!r}"

    def _way(self, first: Operation, last: str, producer: Mapping[str, str]) -> list[str] | None:
        """Operations from *first* to *last*, each of which reads the one before at the same timestep, if any do."""
        found: dict[str, list[str]] = {first.name: [first.name]}
        fresh = [first.name]
        while fresh and last not in found:
            source = fresh.pop(0)
            for op in self._operations:
                now = (each for each in op.equation.references if each.lag is not None and each.tensor in producer)
                reads = (producer[each.tensor] for each in now if 0 in self._distances(each))
                if op.name not in found and source in reads:
                    found[op.name] = [*found[source], op.name]
                    fresh.append(op.name)
        return found.get(last)

    def _distances(self, reference: Reference) -> Iterable[int]:
        """How many timesteps back the rows lie that *reference* reads."""
        token = token_subscript(reference, self._indices[reference.tensor], self._tokens)
        tokens = self._sizes[self._tokens] if self._tokens else 1
        first, last = rows_read(reference, token, tokens, self._sizes)
        rows = tokens if token is not None else 1
        return range(max(0, -(last // rows)), -(first // rows) + 1)
