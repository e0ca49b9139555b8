"""The per-timestep dependency graph of one layer: operations, the tensors between them, and dependence distances.

A node is the name of an :class:`Operation`; an :class:`Edge` says that one operation reads another's tensor, at a
distance: 0 within the timestep, 1 from the previous one, 1 to K-1 for a convolution window. Nothing here knows a model
by name.

A timestep is one token, or, in a graph with a *token axis*, a chunk of as many tokens as that axis is long. A tensor
that has the token axis holds something for each token of the chunk, and its lags count tokens: ``x[t-1,q]`` is the
token before, which for the first one of a chunk is the last one of the chunk before. The lags of any other tensor
count timesteps: ``S[t-1,h]`` is what the chunk before left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from math import ceil, prod
from typing import TYPE_CHECKING, NamedTuple

from workloads.digraph import circles
from workloads.expression import TRANSCENDENTALS, Equation, Reference, Subscript

if TYPE_CHECKING:
    import networkx as nx

INPUT = "input"  # the node that stands for the layer's input


def is_given(name: str) -> bool:
    """Whether the node *name* stands for something that no operation makes."""
    return name == INPUT or name.startswith(f"{INPUT}.")


def different(count: int, chosen: int, tokens: int) -> int:
    """How many of *count* values so many *tokens* choose between them on average, each of them so many, rounded up.

    E (1 - (1 - k/E)^T) for T tokens that choose k of E, if all are equally likely.

    >>> [different(16, 2, tokens) for tokens in (1, 4, 1024)]
    [2, 7, 16]
    """
    missed = (1 - chosen / count) ** tokens
    return min(count, max(chosen, ceil(count * (1 - missed) - 1e-9)))


def given_as(tensor: str, first: bool) -> str:
    """The node that stands for *tensor*, which no operation makes; whether it is the residual stream."""
    return INPUT if first else f"{INPUT}.{tensor}"


@dataclass(frozen=True)
class Operation:
    """One equation under the name that tables and traces show; ``kind`` groups operations for reports.

    The result of a ``masked`` operation is zero at the tokens that pad a last chunk (a predicated write). A ``final``
    one is done once, after the last timestep of a run.
    """

    name: str
    kind: str
    equation: Equation
    masked: bool = False
    final: bool = False

    @property
    def tensor(self) -> str:
        """The tensor that this operation defines."""
        return self.equation.tensor


class Edge(NamedTuple):
    """*reader* reads *tensor*, the result of *source*, of *distance* timesteps ago."""

    source: str
    reader: str
    tensor: str
    distance: int


@dataclass(frozen=True)
class OperationCounts:
    """What one timestep of one sequence costs; ``ops`` counts a multiply-accumulate as 2, any other operation as 1."""

    macs: int
    ops: int
    transcendentals: int

    def __mul__(self, times: int) -> OperationCounts:
        return OperationCounts(self.macs * times, self.ops * times, self.transcendentals * times)

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
    ``edges`` are in the order of their readers, and for one reader in the order in which it reads its sources.
    ``token_index`` names the token axis, if there is one. ``more_inputs`` and ``more_outputs`` are what is read and
    written of every timestep beside ``input_tensor`` and ``output_tensor``. What is ``held`` is given once and is the
    same in all timesteps, as queries are while keys go by. ``initial`` has the value of what a run begins with, where
    that is not zero. Without a token axis a timestep may still be so many tokens, its ``span``, each of which an index
    of the graph counts. Parameters have all values of an index that is ``chosen``, but a token is worked on at only so
    many of them, as by 2 of 8 experts: which ones depends on the token. Where a tile of tokens reads only those that it
    chooses, others in each tile, they are read ``anew``: what is read in one tile does not stay for the next.
    """

    name: str
    sizes: Mapping[str, int]
    operations: tuple[Operation, ...]
    input_tensor: str
    output_tensor: str
    indices: Mapping[str, tuple[str, ...]]
    parameters: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, tuple[float, ...]]
    edges: tuple[Edge, ...] = field(repr=False, compare=False)
    token_index: str | None = None
    more_inputs: tuple[str, ...] = ()
    more_outputs: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    initial: Mapping[str, float] = field(default_factory=dict)
    span: int = 1
    chosen: Mapping[str, int] = field(default_factory=dict)
    anew: bool = False

    @cached_property
    def worked(self) -> Mapping[str, int]:
        """Index -> at how many of its values a token is worked on."""
        return {**self.sizes, **self.chosen}

    def share(self, operation: Operation) -> Fraction:
        """Of all that *operation* could do for a token, how much is done; 1 but for what has a chosen index."""
        among = self.chosen.keys() & set(operation.equation.all_indices)
        return Fraction(prod(self.chosen[index] for index in among), prod(self.sizes[index] for index in among))

    def read_by(self, tokens: int, *, anew: bool) -> TimestepGraph:
        """The same where so many *tokens* read what they choose between them, and others *anew* in each tile."""
        read = {index: different(self.sizes[index], number, tokens) for index, number in self.chosen.items()}
        sizes = {**self.sizes, **read}
        return self if (sizes, anew) == (self.sizes, self.anew) else replace(self, sizes=sizes, anew=anew)

    @property
    def read_of_chosen(self) -> int | None:
        """Of what tokens choose, say experts, how much is read at once; None where they choose nothing."""
        return prod(self.sizes[index] for index in self.chosen) if self.chosen else None

    @property
    def inputs(self) -> tuple[str, ...]:
        """What is read of every timestep, the residual stream first."""
        return self.input_tensor, *self.more_inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """What is written, the residual stream first."""
        return self.output_tensor, *self.more_outputs

    @cached_property
    def given(self) -> frozenset[str]:
        """What no operation makes: inputs, and what is held."""
        return frozenset((*self.inputs, *self.held))

    @cached_property
    def final(self) -> frozenset[str]:
        """The tensors that are made once, when the last timestep of a run is done."""
        return frozenset(op.tensor for op in self.operations if op.final)

    @property
    def tokens(self) -> int:
        """Tokens of one timestep."""
        return self.sizes[self.token_index] if self.token_index else self.span

    @cached_property
    def producer(self) -> dict[str, str]:
        """Tensor -> name of the operation that defines it, or of the node that stands for what is given."""
        return self.sources | {op.tensor: op.name for op in self.operations}

    @cached_property
    def sources(self) -> dict[str, str]:
        """Tensor -> the node that stands for it, of all that no operation makes."""
        tensors = (*self.inputs, *self.held)
        return {tensor: given_as(tensor, tensor == self.input_tensor) for tensor in tensors}

    def operation(self, name: str) -> Operation:
        """The operation called *name*."""
        return self._operation[name]

    @cached_property
    def _operation(self) -> dict[str, Operation]:
        return {op.name: op for op in self.operations}

    @cached_property
    def reads(self) -> dict[str, tuple[Edge, ...]]:
        """Operation -> its edges from what it reads."""
        found: dict[str, list[Edge]] = {op.name: [] for op in self.operations}
        for edge in self.edges:
            found[edge.reader].append(edge)
        return {name: tuple(edges) for name, edges in found.items()}

    @cached_property
    def graph(self) -> nx.MultiDiGraph[str]:
        """The same as a networkx graph: nodes carry ``operation``, edges ``tensor`` and ``distance``."""
        import networkx as nx  # takes longer than a short run

        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(name=self.name)
        graph.add_nodes_from(self.sources.values())
        for op in self.operations:
            graph.add_node(op.name, operation=op)
        for source, reader, tensor, distance in self.edges:
            graph.add_edge(source, reader, key=f"{tensor}@{distance}", tensor=tensor, distance=distance)
        return graph

    def elements(self, tensor: str) -> int:
        """Elements of *tensor* (for one timestep of one sequence, unless it is a parameter)."""
        return self._elements[tensor]

    @cached_property
    def _elements(self) -> dict[str, int]:
        found = {tensor: prod(self.worked[index] for index in axes) for tensor, axes in self.indices.items()}
        return found | {tensor: prod(self.sizes[index] for index in axes) for tensor, axes in self.parameters.items()}

    @cached_property
    def recurrences(self) -> tuple[frozenset[str], ...]:
        """The loop-carried cycles: strongly connected components, in order of their first operation."""
        order = {op.name: position for position, op in enumerate(self.operations)}
        found = circles((edge.source, edge.reader) for edge in self.edges)
        return tuple(sorted(found, key=lambda component: min(order[name] for name in component)))

    @cached_property
    def lookback(self) -> dict[str, int]:
        """Tensor -> how many timesteps back it is read, for every tensor that crosses a timestep border."""
        reach: dict[str, int] = {}
        for edge in self.edges:
            if edge.distance:
                reach[edge.tensor] = max(reach.get(edge.tensor, 0), edge.distance)
        return {tensor: reach[tensor] for tensor in self.producer if tensor in reach}

    @cached_property
    def carried(self) -> dict[str, int]:
        """Tensor -> how many of its rows the next timestep needs, for every tensor that crosses a timestep border.

        A row is what a tensor with the token axis holds for one token, any other for one timestep.
        """
        rows = {tensor: 0 for tensor in self.lookback}
        for op in self.operations:
            for reference in op.equation.references:
                if reference.tensor in rows and reference.lag is not None:
                    token = token_subscript(reference, self.indices[reference.tensor], self.token_index)
                    back = -rows_read(reference, token, self.tokens, self.sizes)[0]
                    rows[reference.tensor] = max(rows[reference.tensor], back)
        return rows

    def has_token_axis(self, tensor: str) -> bool:
        """Whether *tensor* holds something for each token of a chunk."""
        return self.token_index is not None and self.token_index in self.indices[tensor]

    def row_elements(self, tensor: str) -> int:
        """Elements of one row of *tensor*: of a token if it has the token axis, else of a timestep."""
        return self.elements(tensor) // (self.tokens if self.has_token_axis(tensor) else 1)

    @property
    def parameter_count(self) -> int:
        """Learned parameters of the layer."""
        return sum(self.elements(tensor) for tensor in self.parameters)

    def operation_counts(self, operation: Operation) -> OperationCounts:
        """Operations of *operation* for one timestep of one sequence."""
        scalar = operation.equation.scalar_operations(self.worked)
        return OperationCounts(
            macs=scalar["mac"],
            ops=scalar.total() + scalar["mac"],
            transcendentals=sum(count for function, count in scalar.items() if function in TRANSCENDENTALS),
        )

    @cached_property
    def counts(self) -> OperationCounts:
        """Operations of the whole layer for one timestep of one sequence, without final ones."""
        return sum((self.operation_counts(op) for op in self.operations if not op.final), OperationCounts(0, 0, 0))


def token_subscript(reference: Reference, axes: tuple[str, ...], token_index: str | None) -> Subscript | None:
    """The subscript of *reference* along the token axis, if the tensor, which has *axes*, has one."""
    return reference.subscripts[axes.index(token_index)] if token_index is not None and token_index in axes else None


def rows_read(reference: Reference, token: Subscript | None, axis: int, sizes: Mapping[str, int]) -> tuple[int, int]:
    """The first and the last row that *reference* reads of its tensor, counted from the timestep's first row.

    *token* is the subscript along the token axis of length *axis*, if the tensor has one. Rows below zero are of
    earlier timesteps.
    """
    first, last = 0, 0
    if token is not None:
        first, last = token.span(sizes)
        first, last = max(first, 0), min(last, axis - 1)
    if isinstance(reference.lag, str):
        return first - (sizes[reference.lag] - 1), last
    assert reference.lag is not None
    return first - reference.lag, last - reference.lag
