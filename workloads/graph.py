"""The per-timestep dependency graph of one layer: operations, the tensors between them, and dependence distances.

A :class:`TimestepGraph` wraps a ``networkx.MultiDiGraph``. A node is the name of an :class:`Operation`; an edge
``u -> v`` says that *v* reads a tensor of *u*, and carries ``tensor`` and ``distance``: 0 within the timestep, 1 from
the previous one, 1 to K-1 for a convolution window. Nothing here knows a model by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

import networkx as nx

from workloads.expression import TRANSCENDENTALS, Equation, Reference, parse_equation

INPUT = "input"  # the node that stands for the layer's input


@dataclass(frozen=True)
class Operation:
    """One equation under the name that tables and traces show; ``kind`` groups operations for reports."""

    name: str
    kind: str
    equation: Equation

    @property
    def tensor(self) -> str:
        """The tensor that this operation defines."""
        return self.equation.tensor


@dataclass(frozen=True)
class OperationCounts:
    """What one timestep of one sequence costs; ``ops`` counts a multiply-accumulate as 2, any other operation as 1."""

    macs: int
    ops: int
    transcendentals: int

    def __add__(self, other: OperationCounts) -> OperationCounts:
        return OperationCounts(
            self.macs + other.macs, self.ops + other.ops, self.transcendentals + other.transcendentals
        )


@dataclass(frozen=True)
class TimestepGraph:
    """One layer, one timestep.

    Invariants, checked by :class:`GraphBuilder`: every tensor has one definition; every index has a size; an
    operation reads a tensor of its own timestep only after its definition, so distance-0 edges form no cycle.
    ``parameters`` and ``constants`` map tensor -> indices; constants are not learned and not counted as parameters.
    """

    name: str
    sizes: Mapping[str, int]
    operations: tuple[Operation, ...]
    input_tensor: str
    output_tensor: str
    indices: Mapping[str, tuple[str, ...]]
    parameters: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, tuple[float, ...]]
    graph: nx.MultiDiGraph[str] = field(repr=False, compare=False)

    @cached_property
    def producer(self) -> dict[str, str]:
        """Tensor -> name of the operation that defines it (``INPUT`` for the layer's input)."""
        return {self.input_tensor: INPUT} | {op.tensor: op.name for op in self.operations}

    def operation(self, name: str) -> Operation:
        """The operation called *name*."""
        operation: Operation = self.graph.nodes[name]["operation"]
        return operation

    def elements(self, tensor: str) -> int:
        """Elements of *tensor* (for one timestep of one sequence, unless it is a parameter)."""
        return prod(self.sizes[index] for index in self.indices[tensor])

    @cached_property
    def recurrences(self) -> tuple[frozenset[str], ...]:
        """The loop-carried cycles: strongly connected components (Tarjan), in order of their first operation."""
        order = {op.name: position for position, op in enumerate(self.operations)}
        found = [
            frozenset(component)
            for component in nx.strongly_connected_components(self.graph)
            if len(component) > 1 or any(self.graph.has_edge(name, name) for name in component)
        ]
        return tuple(sorted(found, key=lambda component: min(order[name] for name in component)))

    @cached_property
    def carried(self) -> dict[str, int]:
        """Tensor -> how many timesteps back it is read, for every tensor that crosses a timestep border."""
        reach: dict[str, int] = {}
        for _, _, edge in self.graph.edges(data=True):
            if edge["distance"]:
                reach[edge["tensor"]] = max(reach.get(edge["tensor"], 0), edge["distance"])
        return reach

    @property
    def parameter_count(self) -> int:
        """Learned parameters of the layer."""
        return sum(self.elements(tensor) for tensor in self.parameters)

    def operation_counts(self, operation: Operation) -> OperationCounts:
        """Operations of *operation* for one timestep of one sequence."""
        scalar = operation.equation.scalar_operations(self.sizes)
        return OperationCounts(
            macs=scalar["mac"],
            ops=scalar.total() + scalar["mac"],
            transcendentals=sum(count for function, count in scalar.items() if function in TRANSCENDENTALS),
        )

    @cached_property
    def counts(self) -> OperationCounts:
        """Operations of the whole layer for one timestep of one sequence."""
        return sum((self.operation_counts(op) for op in self.operations), OperationCounts(0, 0, 0))


class GraphBuilder:
    """Collects equations into a :class:`TimestepGraph`; every mistake is a ValueError that quotes the equation.

    >>> b = GraphBuilder("leaky", {"d": 8}, "x[t,d]")
    >>> b.define("leak", "state", "h[t,d] = a[d] * h[t-1,d] + x[t,d]")
    >>> b.build("h").recurrences
    (frozenset({'leak'}),)
    """

    def __init__(self, name: str, sizes: Mapping[str, int], input_reference: str) -> None:
        self._name = name
        self._sizes = dict(sizes)
        source = parse_equation(f"{input_reference} = 0")
        self._input = source.tensor
        self._indices: dict[str, tuple[str, ...]] = {source.tensor: source.indices}
        self._parameters: dict[str, tuple[str, ...]] = {}
        self._constants: dict[str, tuple[float, ...]] = {}
        self._operations: list[Operation] = []

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

    def define(self, name: str, kind: str, text: str) -> None:
        """Add the operation *name*: one equation, which may read anything defined so far and the past of anything."""
        equation = parse_equation(text)
        if equation.tensor in self._indices or name in (INPUT, *(op.name for op in self._operations)):
            raise ValueError(f"{name}: defines {equation.tensor!r} or the name a second time: {text!r}")
        unknown = set(equation.all_indices) - set(self._sizes)
        if unknown:
            raise ValueError(f"{name}: no size is given for {', '.join(sorted(unknown))}: {text!r}")
        self._indices[equation.tensor] = equation.indices
        for reference in equation.references:
            self._admit(name, equation, reference)
        self._operations.append(Operation(name, kind, equation))

    def _admit(self, name: str, equation: Equation, reference: Reference) -> None:
        tensor = reference.tensor
        reads_now = reference.lag == 0 or isinstance(reference.lag, str)  # a window begins at lag 0
        if reference.lag is None and tensor not in self._constants:
            if tensor in self._indices and tensor not in self._parameters:
                raise ValueError(f"{name}: {tensor!r} is no parameter, subscript it with t: {equation.text!r}")
            self._parameters[tensor] = self._indices.setdefault(tensor, reference.indices)
        elif reads_now and (tensor not in self._indices or tensor == equation.tensor):
            raise ValueError(f"{name}: reads {tensor!r} before it is defined: {equation.text!r}")

    def _check_sizes(self, name: str, equation: Equation, reference: Reference) -> None:
        tensor, indices = reference.tensor, reference.indices
        if [self._sizes[i] for i in self._indices[tensor]] != [self._sizes[i] for i in indices]:
            raise ValueError(f"{name}: reads {tensor!r} with other sizes than it has: {equation.text!r}")
        if any(self._sizes[indices[axis]] != 2 for axis in reference.mirrored):
            raise ValueError(f"{name}: mirrors an index whose size is not 2: {equation.text!r}")

    def build(self, output_tensor: str) -> TimestepGraph:
        """The finished graph, whose layer output is *output_tensor*."""
        producer = {self._input: INPUT} | {op.tensor: op.name for op in self._operations}
        if output_tensor == self._input:
            raise ValueError(f"{self._name}: the output must be computed, not the input {output_tensor!r} itself")
        if output_tensor not in producer:
            raise ValueError(f"{self._name}: the output {output_tensor!r} is never defined")
        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(name=self._name)
        graph.add_node(INPUT)
        for op in self._operations:
            graph.add_node(op.name, operation=op)
        for op in self._operations:
            for reference in op.equation.references:
                if reference.lag is not None and reference.tensor not in producer:
                    raise ValueError(f"{op.name}: {reference.tensor!r} is never defined: {op.equation.text!r}")
                self._check_sizes(op.name, op.equation, reference)
                if reference.lag is None:
                    continue
                source = producer[reference.tensor]
                for distance in self._distances(reference.lag):
                    key = f"{reference.tensor}@{distance}"
                    graph.add_edge(source, op.name, key=key, tensor=reference.tensor, distance=distance)
        return TimestepGraph(
            self._name, self._sizes, tuple(self._operations), self._input, output_tensor,
            dict(self._indices), dict(self._parameters), dict(self._constants), graph,
        )  # fmt: skip

    def _distances(self, lag: int | str) -> Iterable[int]:
        return range(self._sizes[lag]) if isinstance(lag, str) else (lag,)
