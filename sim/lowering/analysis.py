"""What a timestep graph asks of hardware, before any mapping: GEMM shapes, choices of unit, parallel parts.

An operation is a *projection* (a contraction with a parameter: tokens can share one pass over the weights), a
*contraction* of two activations (such as the read-out C h), or *vector* work. A recurrence is parallel along every
index that all its tensors have and that none of its operations sums over; such an index of the largest recurrence is
the one along which the layer is cut into groups, the first one unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Literal

from hw.requests import VectorPass
from workloads.contractions import matrices, shape_of
from workloads.digraph import after, reach
from workloads.expression import Equation, Reference, ScalarPass, Subscript
from workloads.graph import TimestepGraph, is_given

Kind = Literal["projection", "contraction", "vector"]
LARGEST_PART = 32_768  # elements of a state's part that is still fine: several have to be in SRAM at once


class Analysis:
    """Facts about one graph that every candidate mapping needs, if it is cut along the index *parallel*.

    Raises ValueError if it cannot be.
    """

    def __init__(self, graph: TimestepGraph, parallel: str | None = None) -> None:
        self.graph = graph
        self.operations = {op.name: op for op in graph.operations}
        self.shapes = {op.name: shape_of(op) for op in graph.operations}
        self.recurrent = frozenset().union(*graph.recurrences) if graph.recurrences else frozenset[str]()
        self.parallel_indices = self._find_parallel_indices()
        if parallel is not None and parallel not in self.parallel_indices:
            expected = f"one of {', '.join(self.parallel_indices)}" if self.parallel_indices else "none"
            raise ValueError(f"found {parallel!r}, expected {expected}")
        self.group_index = parallel or next(iter(self.parallel_indices), None)
        self._grouped = self._find_grouped()
        self._passes: dict[tuple[str, int], tuple[ScalarPass, ...]] = {}  # by (operation, groups)

    @cached_property
    def edges(self) -> tuple[tuple[str, str, int], ...]:
        """(source, reader, distance) of every tensor that an operation reads."""
        return tuple(dict.fromkeys((edge.source, edge.reader, edge.distance) for edge in self.graph.edges))

    @cached_property
    def readers(self) -> dict[str, tuple[tuple[str, int], ...]]:
        """Tensor -> (operation, distance) of everyone who reads it."""
        found: dict[str, list[tuple[str, int]]] = {tensor: [] for tensor in self.graph.producer}
        for edge in self.graph.edges:
            found[edge.tensor].append((edge.reader, edge.distance))
        return {tensor: tuple(readers) for tensor, readers in found.items()}

    @cached_property
    def projections(self) -> list[str]:
        """Every projection."""
        return [name for name in self.operations if self.kind(name) == "projection"]

    @cached_property
    def batched(self) -> list[str]:
        """Projections that no recurrence runs through: they are done for all timesteps of a tile at once."""
        return [name for name in self.projections if name not in self.recurrent]

    @cached_property
    def contracted(self) -> list[str]:
        """Projections and contractions of activations."""
        return [name for name, shape in self.shapes.items() if shape is not None]

    @cached_property
    def predecessors(self) -> dict[str, tuple[str, ...]]:
        """Operation -> operations whose result of the same timestep it reads."""
        return {
            name: tuple(dict.fromkeys(e.source for e in edges if e.distance == 0 and not is_given(e.source)))
            for name, edges in self.graph.reads.items()
        }

    @cached_property
    def operands(self) -> dict[str, tuple[tuple[str, int, bool], ...]]:
        """Operation -> (source, distance, whether they are in one recurrence) of what it reads, be it given."""
        return {
            name: tuple(
                dict.fromkeys(
                    (edge.source, edge.distance, any({name, edge.source} <= among for among in self.graph.recurrences))
                    for edge in edges
                )
            )
            for name, edges in self.graph.reads.items()
        }

    @cached_property
    def sources(self) -> dict[str, frozenset[str]]:
        """Operation -> operations whose result it reads, of whatever timestep."""
        return {
            name: frozenset(edge.source for edge in edges if not is_given(edge.source))
            for name, edges in self.graph.reads.items()
        }

    @cached_property
    def ancestors(self) -> dict[str, frozenset[str]]:
        """Operation -> every operation of the same timestep that it depends on."""
        result: dict[str, frozenset[str]] = {}
        for name in self.operations:
            before = self.predecessors[name]
            result[name] = frozenset(before).union(*(result[source] for source in before))
        return result

    @cached_property
    def upstream(self) -> dict[str, frozenset[str]]:
        """Operation -> every operation that it depends on, in this or an earlier timestep."""
        back = after((edge.reader, edge.source) for edge in self.graph.edges)
        return {name: frozenset(reach(back, name)) - {name} for name in self.operations}

    def final(self, name: str) -> bool:
        """Whether the operation is done once, at the end of a run."""
        return self.operations[name].final

    def kind(self, name: str) -> Kind:
        """Whether *name* is a projection, a contraction or vector work."""
        if self.shapes[name] is None:
            return "vector"
        return "projection" if self.weights[name] else "contraction"

    @cached_property
    def weights(self) -> dict[str, tuple[str, ...]]:
        """Operation -> parameters that it reads."""
        known = self.graph.parameters
        return {
            name: tuple(dict.fromkeys(r.tensor for r in op.equation.references if r.tensor in known))
            for name, op in self.operations.items()
        }

    @cached_property
    def matrices(self) -> frozenset[str]:
        """The parameters that projections multiply by."""
        return matrices(self.graph)

    def width(self, tensor: str, element_bytes: int, state_bytes: int) -> int:
        """Bytes of an element: states have a width of their own, and so has all of the recurrence that makes them."""
        return state_bytes if self.graph.producer[tensor] in self.recurrent else element_bytes

    def operands_of(
        self, names: Collection[str], together: Collection[str] | None = None
    ) -> list[tuple[str, tuple[str, ...]]]:
        """(tensor, indices) of every activation that *names* take from memory, each once.

        That is what none of those makes that are done *together* in a request, *names* unless given, and what they made
        in an earlier timestep. Of a tensor that is read more than once, the reference that reads the most.
        """
        taken: dict[str, tuple[str, ...]] = {}
        for name, reference in self.references_of(names):
            if reference.lag is not None and self.comes_from_outside(reference.tensor, name, together or names):
                known = taken.get(reference.tensor, ())
                taken[reference.tensor] = max(known, reference.indices, key=self.size)
        return list(taken.items())

    def references_of(self, names: Iterable[str]) -> list[tuple[str, Reference]]:
        """(operation, what it accesses) of *names*, in order of appearance."""
        return [(name, each) for name in names for each in self.operations[name].equation.references]

    def comes_from_outside(self, tensor: str, reader: str, names: Collection[str]) -> bool:
        """Whether *reader*, one of *names* in one request, needs of *tensor* what none of them makes meanwhile."""
        ever = any(distance for name, distance in self.readers[tensor] if name == reader)
        return ever or self.graph.producer[tensor] not in names

    def results_of(self, names: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
        """(tensor, indices) of every result of *names*, done in one request, that others or a later timestep need.

        What they hand on to each other within the request is not among them.
        """
        equations = [self.operations[name].equation for name in names]
        return [
            (equation.tensor, equation.indices)
            for equation in equations
            if equation.tensor in self.graph.outputs
            or any(reader not in names or distance for reader, distance in self.readers[equation.tensor])
        ]

    def parameters_of(self, name: str) -> list[tuple[str, tuple[str, ...]]]:
        """(parameter, indices) of what *name* reads of its layer's parameters."""
        references = self.operations[name].equation.references
        return [(each.tensor, each.indices) for each in references if each.lag is None]

    def grouped(self, name: str) -> bool:
        """Whether the operation is cut along the group index: each part needs only that part of its operands."""
        return name in self._grouped

    def sums_over_groups(self, name: str) -> bool:
        """Whether the operation needs all groups to make its result."""
        indices = self.operations[name].equation.all_indices
        return self.group_index is not None and self.group_index in indices and not self.grouped(name)

    def size(self, indices: Iterable[str], groups: int = 1) -> int:
        """Points of an index space at which a token is worked on, or of one of *groups* parts along the group index."""
        sizes = self.graph.worked
        return prod(sizes[i] // groups if i == self.group_index else sizes[i] for i in indices)

    def whole_size(self, indices: Iterable[str], groups: int = 1) -> int:
        """All points of an index space, as parameters have them, or of one of *groups* parts along the group index."""
        sizes = self.graph.sizes
        return prod(sizes[i] // groups if i == self.group_index else sizes[i] for i in indices)

    def share(self, name: str) -> Fraction:
        """Of all that an operation could do for a token, how much is done."""
        return self.graph.share(self.operations[name])

    def passes(self, name: str, scale: int, groups: int = 1) -> list[VectorPass]:
        """Vector passes of the operation for *scale* tokens (over the batch), or for one of *groups* parts of it."""
        if (name, groups) not in self._passes:
            sizes: Mapping[str, int] = self.graph.worked
            if groups > 1 and self.group_index is not None:
                sizes = {**sizes, self.group_index: sizes[self.group_index] // groups}
            self._passes[name, groups] = self.operations[name].equation.scalar_passes(sizes)
        steps = self._passes[name, groups]
        return [VectorPass(step.function, step.points * scale, step.outputs * scale, step.chain) for step in steps]

    def _find_parallel_indices(self) -> tuple[str, ...]:
        """The indices of the largest recurrence's largest tensor along which that recurrence is parallel.

        The first of them, and of the others those over which nobody who reads that tensor sums: they cut a state that
        the first one, of few heads say, leaves in large parts.
        """
        size = self.graph.sizes
        best: tuple[int, tuple[str, ...]] = 0, ()
        for recurrence in self.graph.recurrences:
            equations = [self.operations[name].equation for name in recurrence]
            summed = {i for equation in equations for i in set(equation.all_indices) - set(equation.indices)}
            largest = max(equations, key=lambda e: (prod(size[i] for i in e.indices), e.tensor))
            elements = prod(size[i] for i in largest.indices)
            parallel = [
                index
                for index in largest.indices
                if size[index] > 1
                and index not in summed
                and all(index in e.indices and self._stays_in_part(e, index) for e in equations)
            ]
            if parallel and elements > best[0]:
                readers = (self.operations[name].equation for name, _ in self.readers[largest.tensor])
                reduced = {index for equation in readers for index in equation.summed}
                first, *others = parallel
                best = elements, (first, *(index for index in others if index not in reduced))
        return best[1]

    @cached_property
    def coarse(self) -> bool:
        """Whether the parts along the first parallel index are large, as those of few large heads are."""
        sizes, first = self.graph.sizes, self.parallel_indices[:1]
        states = [self.operations[name].equation.indices for each in self.graph.recurrences for name in each]
        largest = max((prod(sizes[i] for i in indices if i not in first) for indices in states), default=0)
        return bool(first) and largest > LARGEST_PART

    def _find_grouped(self) -> frozenset[str]:
        """The operations that can be done part by part; of a recurrence all or none."""
        index = self.group_index
        if index is None:
            return frozenset()
        equations = {name: op.equation for name, op in self.operations.items()}
        grouped = {name for name, e in equations.items() if index in e.indices and self._stays_in_part(e, index)}
        for recurrence in self.graph.recurrences:
            if not recurrence <= grouped:
                grouped -= recurrence
        return frozenset(grouped)

    def _stays_in_part(self, equation: Equation, index: str) -> bool:
        """Whether a part of the result along *index* needs only that part of each operand that has the index."""
        if index in equation.ordered_indices:
            return False
        for reference in equation.references:
            stored = self.graph.indices[reference.tensor]
            if reference.lag is None or index not in stored:
                continue
            if reference.subscripts[stored.index(index)] != Subscript(index):
                return False
        return True
